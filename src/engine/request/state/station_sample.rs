//! What is seen of a station from outside.

/// What was seen of a station the last time that anybody looked.
#[derive(Debug, Clone, Copy, Default)]
pub struct StationSample {
    pub inflow: f64,
    pub held_s: f64,
    /// How long it computes for a request now.
    pub computes_s: f64,
    pub wait_s: f64,
    pub block: f64,
}

/// What has been counted of a station since anybody looked.
#[derive(Debug, Clone, Copy, Default)]
pub struct SampleWindow {
    pub since: u64,
    pub arrived: u64,
    pub served: u64,
    pub lost: u64,
    pub busy_ns: u128,
    pub wait_ns: u64,
}
