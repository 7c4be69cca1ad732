//! What the drill has set going and is not over yet.

use crate::observe::ObservationId;
use crate::units::{Duration, Time};

/// Something passing that a step of the drill has set going: a slow service, a cut, what is hidden.
#[derive(Debug, Clone)]
pub struct Disturbance {
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
