//! What users could not do and will make up for.

/// That of one use.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct MadeUp {
    /// So many requests will come again.
    pub owed: f64,
    /// So many of them come per second in the span that is open.
    pub per_s: f64,
    /// The share of the use that failed when that was worked out.
    pub failing: f64,
}
