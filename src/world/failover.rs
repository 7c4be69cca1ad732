//! Redundant groups, and how they fail over.

use super::balancer::Dependency;
use super::hours::Hours;
use super::ids::{NodeId, SiteId};
use crate::dist::Sampler;
use crate::scenario::Steer;
use crate::units::Duration;

/// A redundant group.
#[derive(Debug, Clone)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// Its node.
    pub node: NodeId,
    /// Its members, most preferred first.
    pub members: Vec<NodeId>,
    /// The site of each member, where it has one.
    pub sites: Vec<Option<SiteId>>,
    /// How it fails over; `None`: it does not.
    pub failover: Option<Failover>,
    /// What else checks of it look at, for each member; empty: nothing.
    pub deep: Vec<Vec<Dependency>>,
}

/// The phases of a failover, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PhaseKind {
    /// Notice the failure.
    Detect,
    /// Decide to fail over.
    Decide,
    /// Stop the old member.
    Fence,
    /// Make the new member primary.
    Promote,
    /// Start what runs there.
    Start,
    /// Warm it up.
    Warm,
    /// Lead users there.
    Steer,
    /// Make sure that it works.
    Verify,
    /// People do what the mechanism did not.
    ByHand,
    /// Nobody is there who could decide.
    WaitForPeople,
    /// No member is there that could take over.
    WaitForMember,
    /// Writes stop until the new member has all that the old one has.
    CatchUp,
}

impl PhaseKind {
    /// What a report calls it.
    pub fn name(self) -> &'static str {
        match self {
            PhaseKind::Detect => "detect",
            PhaseKind::Decide => "decide",
            PhaseKind::Fence => "fence",
            PhaseKind::Promote => "promote",
            PhaseKind::Start => "start",
            PhaseKind::Warm => "warm",
            PhaseKind::Steer => "steer",
            PhaseKind::Verify => "verify",
            PhaseKind::ByHand => "by hand",
            PhaseKind::WaitForPeople => "wait for people",
            PhaseKind::WaitForMember => "wait for a member",
            PhaseKind::CatchUp => "catch up",
        }
    }
}

/// How a group fails over.
#[derive(Debug, Clone)]
pub struct Failover {
    /// Detection.
    pub detect: Detect,
    /// Decision.
    pub decide: Decide,
    /// The phases between the decision and the change of the active member, in order.
    pub before: Vec<Phase>,
    /// The check afterwards.
    pub verify: Option<Phase>,
    /// Whether the old member is fenced.
    pub fences: bool,
    /// Steering.
    pub steer: Steer,
    /// Probability of failing on demand.
    pub fails_on_demand: f64,
    /// The mechanism's node.
    pub mechanism: Option<NodeId>,
    /// Time to do it by hand when it failed.
    pub by_hand: Option<Sampler>,
    /// Fail back after this long.
    pub failback_after: Option<Duration>,
    /// The first member back takes over.
    pub first_back_takes_over: bool,
}

/// One phase.
#[derive(Debug, Clone)]
pub struct Phase {
    /// Which.
    pub kind: PhaseKind,
    /// How long.
    pub takes: Sampler,
    /// Probability of failing.
    pub fails: f64,
}

/// How a failure is noticed.
#[derive(Debug, Clone)]
pub enum Detect {
    /// At once.
    Instant,
    /// Health checks.
    Probe {
        /// Interval.
        every: Duration,
        /// Failures in a row.
        fails: u32,
        /// How long a check waits for its answer.
        timeout: Duration,
        /// The next check comes after the end of the last.
        in_turn: bool,
        /// Sites of the checkers; empty: they reach everything.
        from: Vec<SiteId>,
        /// How many checkers.
        checkers: u32,
        /// How many must agree.
        quorum: u32,
        /// Share of checks of a healthy member that fail.
        loss: f64,
    },
    /// Heartbeats, or advertisements: down when none came for a time.
    Heartbeat {
        /// Interval, of phi accrual the mean.
        every: Duration,
        /// That time.
        grace: Duration,
    },
    /// An election.
    Raft {
        /// Followers.
        followers: u32,
        /// Shortest and longest timeout.
        timeout: (Duration, Duration),
        /// Interval of the leader's heartbeats; `None`: it fails right after one.
        heartbeat: Option<Duration>,
        /// Time to gather votes.
        votes: Duration,
        /// Sites of the followers; empty: they are the other members, and who is left over is nowhere in particular.
        from: Vec<SiteId>,
    },
}

/// Who decides.
#[derive(Debug, Clone)]
pub enum Decide {
    /// Nobody.
    Automatic,
    /// People: the time, and the office hours.
    People(Sampler, Option<Hours>),
    /// People in a share of cases.
    Sometimes(f64, Sampler),
}
