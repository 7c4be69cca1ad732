//! What came of a set of faults.

/// What came of a set at one onset, over all draws of luck.
#[derive(Debug, Clone, Default)]
pub(super) struct Came {
    /// In how many draws each objective was broken.
    pub broken: Vec<u64>,
    /// The first of them.
    pub first: Vec<Option<u64>>,
    /// What each objective showed at worst.
    pub seen: Vec<Option<f64>>,
    pub users_hit: f64,
    pub longest_s: f64,
    pub lost_min: f64,
    pub shows: bool,
}
