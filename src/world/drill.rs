//! The drill: what is injected into a run.

use super::automation::Automation;
use super::ids::{FeatureId, GroupId, LinkId, NodeId, PopId, SpreadId, StationId, StoreId};
use crate::units::Duration;

/// What a drill does.
#[derive(Debug, Clone)]
pub enum Action {
    /// Members of a node fail: which node, when they are back if not by its repair, and how many if not all.
    Crash(NodeId, Option<Duration>, Option<u64>),
    /// A node fails unnoticed.
    FailHidden(NodeId),
    /// A share of requests and checks fails.
    Gray {
        /// The node.
        node: NodeId,
        /// The share.
        loses: f64,
        /// How long.
        lasts: Option<Duration>,
        /// Checks see nothing.
        probes_pass: bool,
    },
    /// Stations take longer.
    Slow(Vec<StationId>, f64, Option<Duration>),
    /// The first servers of stations take longer, or health checks see nothing of it.
    SlowServers {
        /// The stations; they have a balancer.
        stations: Vec<StationId>,
        /// How many servers of each.
        servers: u64,
        /// How much longer.
        by: f64,
        /// How long.
        lasts: Option<Duration>,
        /// Health checks see nothing.
        checks_pass: bool,
    },
    /// A link is cut.
    Cut(LinkId, Option<Duration>),
    /// A site of a spread, by its place, is announced no more.
    Withdraw(SpreadId, usize, Option<Duration>),
    /// More people.
    Surge {
        /// The population.
        people: PopId,
        /// One feature, or all.
        feature: Option<FeatureId>,
        /// How many times.
        by: f64,
        /// Time to get there.
        ramp: Duration,
        /// How long it stays.
        lasts: Option<Duration>,
        /// Then back evenly over this time.
        falls: Duration,
        /// Or by a factor of e in this time.
        decays: Duration,
    },
    /// A switchover.
    FailOver(GroupId, usize),
    /// Automation is switched off, for so long; nothing, where the run has no such automation.
    SwitchOff(Option<Automation>, Option<Duration>),
    /// Automation is switched on.
    SwitchOn(Option<Automation>),
    /// Caches of stations are emptied.
    Flush(Vec<StationId>),
    /// The data of a store is deleted.
    Destroy(StoreId),
    /// A decision.
    Decide(String),
    /// A word to the users.
    Tell(String),
    /// A procedure of the runbook is ordered, by index.
    Order(usize),
    /// A procedure is taken back, by index.
    TakeBack(usize),
    /// Users are told of the maintenance that the run has a plan for.
    AnnounceMaintenance,
    /// The maintenance begins, whatever its plan says about when.
    BeginMaintenance,
    /// The maintenance that is under way is given up, and rolled back.
    CallOffMaintenance,
    /// The vendor of a component is called, for all of its members that wait for one.
    CallVendor(NodeId),
    /// Members that wait for a temporary fix are repaired for good instead.
    RepairForGood(NodeId),
}
