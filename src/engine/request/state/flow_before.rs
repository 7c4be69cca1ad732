//! What flowed before requests were followed.

use crate::engine::state::disposition::Feeling;
use crate::engine::state::flow::AtStation;
use crate::rng::Stream;

/// What flowed before the handoff.
#[derive(Debug, Clone)]
pub struct FlowBefore {
    /// Requests per second of every path, attempts included.
    pub rates: Vec<f64>,
    pub stations: Vec<AtStation>,
    /// What was felt of every use, beyond what everybody could see.
    pub felt: Vec<Feeling>,
    pub luck: Stream,
}
