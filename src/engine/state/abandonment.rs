//! Users who have given up.

/// Users of a population who should be there and are not.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Away {
    /// They will look again.
    pub waiting: f64,
    /// They have stopped trying, for this session.
    pub gone: f64,
    /// Change of both per second in the span that is open.
    pub waiting_slope: f64,
    pub gone_slope: f64,
    /// Log-ins per second of those who come back.
    pub returns: f64,
}
