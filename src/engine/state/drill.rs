//! What the drill has set going and is not over yet.

use crate::observe::ObservationId;
use crate::units::{Duration, Time};

/// A passing condition of the drill.
#[derive(Debug, Clone)]
pub struct Condition {
    /// The step of the drill.
    pub step: usize,
    pub active: bool,
    pub why: ObservationId,
}

/// A surge: the factor rises over a ramp and stays.
#[derive(Debug, Clone)]
pub struct Surge {
    pub step: usize,
    pub people: usize,
    pub feature: Option<usize>,
    pub by: f64,
    pub from: Time,
    pub ramp: Duration,
    /// When it begins to fall, how long that takes, or how fast it decays.
    pub falls_from: Time,
    pub falls: Duration,
    pub decays: Duration,
}
