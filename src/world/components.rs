//! Sites, components and groups as one graph of what stands on what; how its nodes fail and who repairs them.

use super::hours::Hours;
use super::ids::{CrewId, GroupId, NodeId, ServiceId, SiteId};
use crate::dist::Sampler;
use crate::units::{Duration, Time};

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeKind {
    /// A hosting site.
    Site(SiteId),
    /// A component.
    Component,
    /// A redundant group: works while its active member works.
    Group(GroupId),
}

/// A gate over nodes: at least `needed` of `of` must work.
#[derive(Debug, Clone, PartialEq)]
pub struct Gate {
    /// How many must work.
    pub needed: u32,
    /// Of which.
    pub of: Vec<NodeId>,
}

/// Something that works or does not.
#[derive(Debug, Clone)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: NodeKind,
    /// The site it is in, or is.
    pub site: Option<SiteId>,
    /// Members.
    pub count: u64,
    /// Members that must work.
    pub needs: u64,
    /// All of these must hold.
    pub gates: Vec<Gate>,
    /// How it works on for a time though one of them does not hold.
    pub reserve: Option<Reserve>,
    /// Who looks at this node when it changes: nodes, stations, queues, stores.
    pub watched_by: Vec<NodeId>,
    /// How members fail by themselves.
    pub fails: Option<Sampler>,
    /// Whether the ages at the start are those of a long life.
    pub stationary_start: bool,
    /// How it is repaired.
    pub repair: Option<Repair>,
    /// Failures stay hidden.
    pub hidden: bool,
    /// Time between proof tests.
    pub tested_every: Option<Duration>,
    /// How long before the start it was last known to work.
    pub last_tested: Duration,
    /// Whether single members are worth a line in a timeline.
    pub told: bool,
}

/// What a node lives on while a gate is open: batteries, cold water, a lease.
#[derive(Debug, Clone)]
pub struct Reserve {
    /// Which of its gates.
    pub gate: usize,
    /// How long it lasts when it is full.
    pub holds_for: Sampler,
    /// Time from empty to full.
    pub recharges_in: Duration,
}

/// How a member is repaired.
#[derive(Debug, Clone)]
pub struct Repair {
    /// Hands-on time.
    pub takes: Sampler,
    /// The crew.
    pub crew: Option<CrewId>,
    /// Time until the vendor comes.
    pub vendor: Option<Sampler>,
    /// Within which time it is promised to come.
    pub vendor_promises: Option<Duration>,
    /// Parts on the shelf and time to restock one.
    pub spares: Option<(u32, Sampler)>,
    /// Temporary fix: hands-on time, and time to failure on it.
    pub temporary: Option<(Sampler, Sampler)>,
    /// Probability that it has not succeeded when the hands are done.
    pub fails: f64,
}

/// A repair crew.
#[derive(Debug, Clone)]
pub struct Crew {
    /// Its name.
    pub name: String,
    /// Repairs at once, at the start.
    pub at_once: u32,
    /// Repairs at once from these times on, in order.
    pub hands: Vec<(Time, u32)>,
    /// When they begin repairs.
    pub hours: Option<Hours>,
    /// Whose repairs come before those of others, in this order.
    pub first: Vec<NodeId>,
    /// Time until hands are there.
    pub arrives: Option<Sampler>,
    /// Services that they work through.
    pub needs: Vec<ServiceId>,
    /// Time until they can do without.
    pub without: Option<Sampler>,
}

impl Crew {
    /// Repairs at once from a time on, in their hours.
    pub fn hands_at(&self, at: Time) -> u32 {
        let begun = self.hands.partition_point(|(from, _)| *from <= at);
        begun.checked_sub(1).map_or(self.at_once, |last| self.hands[last].1)
    }

    /// In which order the repairs of a node come, lowest first.
    pub fn rank(&self, of: NodeId) -> usize {
        self.first.iter().position(|first| *first == of).unwrap_or(self.first.len())
    }
}

/// A shock that hits several nodes.
#[derive(Debug, Clone)]
pub struct Shock {
    /// Its name.
    pub name: String,
    /// The nodes.
    pub of: Vec<NodeId>,
    /// Time between shocks.
    pub every: Sampler,
}
