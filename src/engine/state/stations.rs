//! Stations: whether they serve, and with how much.

use crate::observe::ObservationId;
use crate::units::Time;

/// A station's state.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StationState {
    pub phase: StationPhase,
    pub token: u32,
    /// When it stopped.
    pub down_since: Time,
    /// It was stopped by maintenance, which starts it again.
    pub planned: bool,
    /// The observation of its last change.
    pub why: Option<ObservationId>,
    /// It is cold since then; `None`: warm.
    pub cold_since: Option<Time>,
    /// Slowness by the drill.
    pub slow: f64,
    /// Slowness by releases.
    pub takes: f64,
    /// Servers more than the design has, or fewer.
    pub extra: i64,
    /// Servers that a procedure has broken.
    pub broken: u64,
}

impl StationState {
    /// It does not serve yet.
    pub fn new() -> StationState {
        StationState {
            phase: StationPhase::Down,
            token: 0,
            down_since: Time::ZERO,
            planned: false,
            why: None,
            cold_since: None,
            slow: 1.0,
            takes: 1.0,
            extra: 0,
            broken: 0,
        }
    }
}

/// Whether a station serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StationPhase {
    Down,
    Starting,
    Serving,
}
