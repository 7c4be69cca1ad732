//! The maintenance: whether it is under way, and what it holds down.

use crate::observe::ObservationId;
use crate::rng::{Luck, Stream};
use crate::units::{Duration, Time};
use crate::world::{GroupId, NodeId, World};

/// A maintenance's state.
#[derive(Debug, Clone)]
pub struct MaintenanceState {
    pub token: u32,
    /// How often it has come round again.
    pub repeated: u64,
    pub under_way: bool,
    pub began: Time,
    /// When hands got to work.
    pub hands_on: Time,
    /// Nodes that it holds down now.
    pub holds: Vec<NodeId>,
    pub rolling: usize,
    /// How long the work takes, once it begins.
    pub takes: Duration,
    pub aborted: bool,
    /// Groups that are being drained, before anything is taken down.
    pub drains: Vec<Drain>,
    /// When it will be done, once that is known.
    pub ends_at: Time,
    pub why: Option<ObservationId>,
    pub durations: Stream,
    pub rollbacks: Stream,
}

/// A group that is being drained.
#[derive(Debug, Clone, Copy)]
pub struct Drain {
    pub group: GroupId,
    pub ordered: bool,
    /// It has left what goes, as far as its active member is concerned.
    pub left: bool,
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
            hands_on: Time::ZERO,
            holds: Vec::new(),
            rolling: 0,
            takes: Duration::ZERO,
            aborted: false,
            drains: Vec::new(),
            ends_at: Time::NEVER,
            why: None,
            durations: Stream::new(luck, plan, "maintenance takes"),
            rollbacks: Stream::new(luck, plan, "rollback takes"),
        }
    }
}
