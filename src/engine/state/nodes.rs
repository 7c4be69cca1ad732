//! Components, their repairs and the crews that do them.

use crate::observe::ObservationId;
use crate::rng::{Luck, Stream};
use crate::units::{Duration, Time};
use crate::world::{Node, NodeId};
use std::collections::VecDeque;

/// A node's state.
#[derive(Debug, Clone)]
pub struct NodeState {
    /// Members that have visibly failed.
    pub failed: u64,
    /// Members that have failed unnoticed.
    pub hidden: u64,
    /// Members that run on a temporary fix.
    pub temporary: u64,
    /// Takedowns by maintenance that hold it down.
    pub taken: u32,
    /// Whether it works.
    pub up: bool,
    /// The observation of its going down or of what took it down.
    pub why: Option<ObservationId>,
    /// Last change.
    pub since: Time,
    /// Times to failure.
    pub failures: Option<Stream>,
    /// Invalidates pending failures.
    pub token: u32,
    /// Hazard factor.
    pub hazard: f64,
    pub spares: u32,
    /// Luck in repairing; made when first needed.
    pub repairs: Option<Box<RepairStreams>>,
    /// Repairs that wait for a spare part.
    pub waiting_for_spare: VecDeque<u32>,
}

impl NodeState {
    /// All its members work.
    pub fn new(node: &Node, luck: Luck) -> NodeState {
        NodeState {
            failed: 0,
            hidden: 0,
            temporary: 0,
            taken: 0,
            up: true,
            why: None,
            since: Time::ZERO,
            failures: (node.fails.is_some() || node.repair.as_ref().is_some_and(|r| r.temporary.is_some()))
                .then(|| Stream::new(luck, &node.name, "time to failure")),
            token: 0,
            hazard: 1.0,
            spares: node.repair.as_ref().and_then(|r| r.spares.as_ref()).map_or(0, |s| s.0),
            repairs: None,
            waiting_for_spare: VecDeque::new(),
        }
    }

    /// Members that work.
    pub fn working(&self, count: u64) -> u64 {
        count.saturating_sub(self.failed).saturating_sub(self.hidden)
    }
}

/// A node's luck in repairing, one stream for each purpose.
#[derive(Debug, Clone)]
pub struct RepairStreams {
    pub takes: Stream,
    pub vendor: Stream,
    pub restock: Stream,
    pub arrives: Stream,
}

impl RepairStreams {
    pub fn new(luck: Luck, node: &str) -> RepairStreams {
        RepairStreams {
            takes: Stream::new(luck, node, "repair takes"),
            vendor: Stream::new(luck, node, "vendor comes"),
            restock: Stream::new(luck, node, "restock takes"),
            arrives: Stream::new(luck, node, "crew arrives"),
        }
    }
}

/// A crew's state.
#[derive(Debug, Clone, Default)]
pub struct CrewState {
    pub busy: u32,
    pub waiting: VecDeque<u32>,
}

/// A repair.
#[derive(Debug, Clone)]
pub struct Job {
    pub node: NodeId,
    /// How many members it repairs.
    pub members: u64,
    pub temporary: bool,
    /// Hands-on time.
    pub takes: Duration,
    pub why: Option<ObservationId>,
    /// Done, or done already by maintenance.
    pub moot: bool,
    /// Somebody is at it.
    pub hands_on: bool,
}
