//! Automation that follows the load of a station.

use super::ids::{ServiceId, StationId};
use crate::units::Duration;

/// Automation that follows the load of a station.
#[derive(Debug, Clone)]
pub struct Autoscale {
    /// Its name.
    pub name: String,
    /// The station.
    pub station: StationId,
    /// Whether it looks at computing only.
    pub cpu: bool,
    /// Adds above, takes away below.
    pub above: f64,
    /// Takes away below.
    pub below: f64,
    /// How often it looks.
    pub every: Duration,
    /// The factor of a step.
    pub by: f64,
    /// Time until new servers serve.
    pub takes: Duration,
    /// Time after a step in which it does nothing.
    pub cool_down: Duration,
    /// How long the load has to be low before it takes servers away.
    pub stable_for: Duration,
    /// Services that must serve for it to do anything.
    pub needs: Vec<ServiceId>,
    /// Fewest and most servers.
    pub least: u64,
    /// Most servers.
    pub most: u64,
    /// Left out of this run.
    pub muted: bool,
}
