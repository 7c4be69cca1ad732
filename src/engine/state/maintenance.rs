//! The maintenance: whether it is under way, and what it holds down.

use crate::observe::ObservationId;
use crate::rng::{Luck, Stream};
use crate::units::Time;
use crate::world::{NodeId, World};

/// A maintenance's state.
#[derive(Debug, Clone)]
pub struct MaintenanceState {
    pub token: u32,
    /// How often it has come round again.
    pub repeated: u64,
    pub under_way: bool,
    pub began: Time,
    /// Nodes that it holds down now.
    pub holds: Vec<NodeId>,
    pub rolling: usize,
    pub aborted: bool,
    pub why: Option<ObservationId>,
    pub durations: Stream,
    pub rollbacks: Stream,
}

impl MaintenanceState {
    /// It has not begun.
    pub fn new(world: &World, luck: Luck) -> MaintenanceState {
        let plan = world.maintenance.as_ref().map_or("", |m| m.name.as_str());
        MaintenanceState {
            token: 0,
            repeated: 0,
            under_way: false,
            began: Time::ZERO,
            holds: Vec::new(),
            rolling: 0,
            aborted: false,
            why: None,
            durations: Stream::new(luck, plan, "maintenance takes"),
            rollbacks: Stream::new(luck, plan, "rollback takes"),
        }
    }
}
