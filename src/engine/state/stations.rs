//! Stations: whether they serve, and with how much.

use crate::observe::ObservationId;
use crate::units::Time;

/// A station's state.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StationState {
    pub phase: StationPhase,
    pub token: u32,
    /// When it last served; `None`: it has not yet, or serves.
    pub down_since: Option<Time>,
    /// It was stopped by maintenance, which starts it again.
    pub planned: Option<Planned>,
    /// The observation of its last change.
    pub why: Option<ObservationId>,
    /// It is cold since then; `None`: warm.
    pub cold_since: Option<Time>,
    /// The same, when it last served: what is ridden out warms nobody.
    pub cold_before: Option<Time>,
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
            down_since: None,
            planned: None,
            why: None,
            cold_since: None,
            cold_before: None,
            slow: 1.0,
            takes: 1.0,
            extra: 0,
            broken: 0,
        }
    }
}

/// What a station that maintenance has stopped waits for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Planned {
    /// Until when something lacked that no maintenance gives back; `Time::NEVER`: it still does.
    pub lacked_until: Option<Time>,
    /// Since when all that it stands on is there again.
    pub back_since: Option<Time>,
}

/// Whether a station serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StationPhase {
    Down,
    Starting,
    Serving,
}
