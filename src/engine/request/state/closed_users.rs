//! Users who wait for answers.

use crate::rng::Stream;

/// Users of a population who wait for answers.
#[derive(Debug, Clone)]
pub struct ClosedUsers {
    pub present: u64,
    pub target: u64,
    pub thinks_ns: f64,
    /// Sources, and the sum of the rates up to there.
    pub uses: Vec<(u32, f64)>,
    pub luck: Stream,
}
