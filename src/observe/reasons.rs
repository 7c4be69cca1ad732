//! How and why: what an observation says beside what happened.

use crate::world::{GroupId, LinkId, NodeId, PhaseKind, QueueId, SiteId, SpreadId, StationId, StoreId};

/// How a member failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FailedBy {
    /// The drill said so.
    Drill,
    /// By itself, of old age or bad luck.
    Itself,
    /// While on a temporary fix.
    OnTemporaryFix,
    /// A shock that hit several; its index in the world.
    Shock(usize),
}

/// Why a failover failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FailoverFailure {
    /// The mechanism had failed unnoticed.
    Mechanism(NodeId),
    /// The mechanism was known to have failed.
    MechanismDown(NodeId),
    /// The mechanism did not work when called upon.
    OnDemand,
    /// A phase failed.
    Phase(PhaseKind),
    /// There is no working member to go to.
    NoTarget,
}

/// Why a switchover that was ordered is not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// A failover or a switchover is under way already.
    UnderWay,
    /// The member is active already.
    ActiveAlready,
    /// The member is down.
    Down,
    /// The active member cannot reach it any more.
    OutOfReach,
    /// No other member works.
    NobodyElse,
    /// It has been ordered already.
    OrderedAlready,
    /// It was ordered and taken back, and is not done twice.
    TakenBack,
    /// It has not been ordered, or is over.
    NotOrdered,
    /// There is nothing of that kind to do.
    NothingToDo,
    /// There is no such thing in this world.
    Unknown,
    /// The run is over.
    Over,
}

/// How a population or a feature feels to its users, from good to bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ServiceLevel {
    /// As it should be.
    Fine,
    /// Served, but what is shown is old.
    Stale,
    /// Served worse: slow, or something is missing, or some requests fail.
    Degraded,
    /// Most requests fail.
    Down,
}

/// What a mood is due to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Why {
    /// Nothing.
    Nothing,
    /// The site that serves them is down.
    Site(SiteId),
    /// A station that they need does not serve.
    Station(StationId),
    /// A station that would be nice to have does not serve.
    Missing(StationId),
    /// A station is overloaded: a queue is full or long.
    Overload(StationId),
    /// A link is full.
    Link(LinkId),
    /// There is no route.
    NoRoute,
    /// A share of requests gets lost on the way.
    Loss,
    /// Requests are turned away on purpose.
    Shed,
    /// Something gray.
    Gray(NodeId),
    /// A queue is behind.
    Queue(QueueId),
    /// A replica is old.
    Store(StoreId),
    /// What is written waits for a replica that is away.
    Replica(StoreId, SiteId),
    /// The data of a store is gone.
    Data(StoreId),
    /// It takes long, without a queue.
    Slow,
    /// No member of a group does its work.
    Nobody(GroupId),
    /// All servers of a station fail their health checks, and get nothing.
    NoneHealthy(StationId),
    /// All sites of a spread fail their health checks, or are announced no more, and get nothing.
    NoSite(SpreadId),
}

/// What became of writes that a new primary has not got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// Nothing yet: the primary is down, and a replica lacks them.
    #[default]
    AtRisk,
    /// Nobody has them.
    Lost,
    /// The old primary works and has them: kept aside, and in conflict with what is written since.
    KeptAside,
    /// No copy is left: everything is lost, from the beginning.
    Everything,
    /// At the end of the run it has not been got back yet.
    NotBack,
}

/// Why commits go on after they have waited for a replica.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GoesOn {
    /// It answers.
    Answered,
    /// It was waited for for long enough: from now on what is written can be lost.
    Alone,
    /// The primary is down: nobody writes.
    Nobody,
}
