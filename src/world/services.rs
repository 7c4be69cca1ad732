//! Services, their stations at sites, and the calls between them.

use super::balancer::{Balancer, Dependency};
use super::clients::{Client, Retries};
use super::components::Gate;
use super::ids::{GroupId, NodeId, QueueId, ServiceId, SiteId, StationId, StoreId};
use crate::dist::Sampler;
use crate::queueing::{Popularity, Residual, Strata};
pub use crate::scenario::Misses;
use crate::units::Duration;
use std::sync::Arc;

/// A service, wherever it runs.
#[derive(Debug, Clone)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// Its stations, by site.
    pub stations: Vec<StationId>,
    /// Service time without calls.
    pub takes: Sampler,
    /// The same as equally probable points.
    pub strata: Strata,
    /// What is left of it when somebody comes.
    pub residual: Residual,
    /// Mean of the service time in seconds.
    pub takes_mean_s: f64,
    /// Its squared coefficient of variation.
    pub takes_scv: f64,
    /// Waiting places at one site, or at one server behind a balancer.
    pub waiting_max: Option<u64>,
    /// Waiting and worked on at one site, or at one server behind a balancer, at most.
    pub in_flight_max: Option<u64>,
    /// The token bucket at the door of each site.
    pub rate_limit: Option<RateLimit>,
    /// Which of those who wait is served next.
    pub discipline: Discipline,
    /// Sheds by priority, and dims optional features so that it stays below this share of its capacity.
    pub sheds: Option<f64>,
    /// The load balancer in front of its servers; without it they have one queue at each site.
    pub balancer: Option<Balancer>,
    /// All calls, and all their `times`, are made at the same time.
    pub at_once: bool,
    /// A cache at each site that is asked before the calls.
    pub cache: Option<Cache>,
    /// How often its keys are asked for.
    pub popularity: Option<Arc<Popularity>>,
    /// Whether a worker is held during calls.
    pub holds: bool,
    /// Writes per request.
    pub writes: Vec<(StoreId, f64)>,
    /// Items per request.
    pub feeds: Vec<(QueueId, f64)>,
    /// Time to start.
    pub starts_in: Duration,
    /// Services that must serve first.
    pub starts_after: Vec<ServiceId>,
    /// Interruptions up to this long need no new start.
    pub rides_out: Duration,
    /// Probability that a start does not succeed.
    pub start_fails: f64,
    /// Cold cache: how long, and how much slower at first.
    pub warms: Option<(Duration, f64)>,
    /// Contention and coherency of its servers at a site.
    pub scales: Option<(f64, f64)>,
}

/// Which of those who wait is served next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Discipline {
    /// Who came first.
    Fifo,
    /// Who came last.
    Lifo,
    /// By the class of the feature, lowest first; within a class who came first. Nobody is interrupted.
    Priority,
    /// All are worked on at once and share the workers evenly.
    ProcessorSharing,
    /// Who came first, with drops at the head (RFC 8289).
    Codel {
        /// The wait that is acceptable, above zero.
        target: Duration,
        /// How long waits may be above it, at least `target`.
        interval: Duration,
    },
}

/// A token bucket; full at the start.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RateLimit {
    /// Tokens per second, above zero.
    pub per_s: f64,
    /// What it holds, at least 1.
    pub burst: u64,
}

/// A cache of least recently used keys; empty after a start.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cache {
    /// How many keys there are, at least 1.
    pub keys: u64,
    /// The exponent of the Zipf law, 0 to 3: key i of 1, 2, .. is wanted in proportion to i^-zipf.
    pub zipf: f64,
    /// How many keys it holds, 1 to `keys`.
    pub holds: u64,
    /// What those do who miss what another is already asking for.
    pub misses: Misses,
}

/// A service at a site.
#[derive(Debug, Clone)]
pub struct Station {
    /// `"web@oslo"`.
    pub name: String,
    /// The service.
    pub service: ServiceId,
    /// The site.
    pub site: SiteId,
    /// Servers, where no pool says it.
    pub servers: u64,
    /// The component whose working members are the servers.
    pub pool: Option<NodeId>,
    /// Workers per server.
    pub workers: u32,
    /// All of these must hold.
    pub gates: Vec<Gate>,
    /// The calls it makes.
    pub calls: Vec<Call>,
    /// What else health checks of its servers look at.
    pub deep: Vec<Dependency>,
}

/// Where a call goes.
#[derive(Debug, Clone, PartialEq)]
pub enum Callee {
    /// Always this station.
    Station(StationId),
    /// The station at the active member's site; `None` for members without one.
    Active(GroupId, Vec<Option<StationId>>),
}

/// A call to another service.
#[derive(Debug, Clone)]
pub struct Call {
    /// The callee's service.
    pub service: ServiceId,
    /// Which of its stations.
    pub callee: Callee,
    /// Whether the caller fails without it.
    pub hard: bool,
    /// Calls per request.
    pub times: f64,
    /// How long a dead callee holds the caller, in seconds.
    pub gives_up_s: f64,
    /// What the caller does when it fails; `None`: nothing, and it waits for ever.
    pub client: Option<Arc<CallClient>>,
}

/// How a caller behaves.
#[derive(Debug, Clone, PartialEq)]
pub struct CallClient {
    /// How, call by call.
    pub client: Client,
    /// How long an attempt waits for its answer, in seconds.
    pub timeout_s: Option<f64>,
    /// What it does about a failure, as means.
    pub retries: Option<Retries>,
    /// The connections of the caller at a site, and how long an attempt waits for one.
    pub connections: Option<(u64, Option<Duration>)>,
    /// Nothing is tried for a request that its user has given up.
    pub passes_deadline: bool,
}
