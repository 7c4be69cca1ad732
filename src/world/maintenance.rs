//! Maintenance: what is taken down, when, in which order, and for what.

use super::ids::{GroupId, NodeId};
use crate::dist::Sampler;
use crate::scenario::Order;
use crate::units::{Duration, Time};

/// A maintenance plan.
#[derive(Debug, Clone)]
pub struct Maintenance {
    /// Its name.
    pub name: String,
    /// When users are told.
    pub told_at: Option<Time>,
    /// When it starts.
    pub starts: Time,
    /// The promise.
    pub announced: Duration,
    /// How long it takes.
    pub takes: Sampler,
    /// The interval at which it repeats.
    pub repeats_every: Option<Duration>,
    /// What is down meanwhile.
    pub takes_down: Vec<NodeId>,
    /// How.
    pub order: Order,
    /// As new afterwards.
    pub replaces: Vec<NodeId>,
    /// New probabilities of failing on demand.
    pub improves: Vec<(GroupId, f64)>,
    /// Raised hazard.
    pub hazard: Vec<NodeId>,
    /// How much.
    pub hazard_by: f64,
    /// Go/no-go.
    pub only_if_healthy: bool,
    /// Give up after, and roll back.
    pub abort: Option<(Duration, Sampler)>,
}
