//! Compiled services, queues, stores, features and people.

use super::{Balancer, Curve, FeatureId, Gate, GroupId, NodeId, QueueId, ServiceId, SiteId, StationId, StoreId};
use crate::dist::Sampler;
use crate::queueing::{Residual, Strata};
use crate::units::Duration;
use jiff::tz::TimeZone;

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
    /// Cold cache: how long, and how much slower at first.
    pub warms: Option<(Duration, f64)>,
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
}

/// A site or a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Always this site.
    Site(SiteId),
    /// The active member's site.
    Group(GroupId),
}

/// A background queue.
#[derive(Debug, Clone)]
pub struct Queue {
    /// Its name.
    pub name: String,
    /// Where its workers are.
    pub place: Place,
    /// Items per second that its workers do.
    pub capacity: f64,
    /// All of these must hold.
    pub gates: Vec<Gate>,
    /// Services that must serve.
    pub needs: Vec<ServiceId>,
    /// Stale beyond this age, in seconds.
    pub fresh_within_s: f64,
    /// Items per second that arrive anyway.
    pub also_fed: f64,
}

/// How a replica is kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ReplicaKind {
    /// Nothing is lost.
    Sync,
    /// Synchronous while it keeps up; writes per second when catching up.
    SemiSync(f64),
    /// Writes per second.
    Async(f64),
    /// Interval and transfer time, in seconds.
    Shipped(f64, f64),
}

/// A store.
#[derive(Debug, Clone)]
pub struct Store {
    /// Its name.
    pub name: String,
    /// Where the writes go.
    pub primary: Place,
    /// Replicas by site.
    pub replicas: Vec<(SiteId, ReplicaKind)>,
    /// Writes per second that arrive anyway.
    pub also_written: f64,
}

/// A feature.
#[derive(Debug, Clone)]
pub struct Feature {
    /// Its name.
    pub name: String,
    /// Its calls from each site: `calls[site]`; `None` where a service cannot be reached from there at all.
    pub calls: Vec<Vec<Call>>,
    /// All calls, and all their `times`, are made at the same time.
    pub at_once: bool,
    /// How long an attempt waits for its answer, in seconds; with what a preset says.
    pub timeout_s: Option<f64>,
    /// What the client does about a failure, as means.
    pub retries: Option<Retries>,
    /// How the client behaves, request by request.
    pub client: Client,
    /// Its class where a service sheds: 0 critical, 1 normal, 2 optional.
    pub class: usize,
    /// Degraded when p95 is above this, in seconds.
    pub slow_over_s: Option<f64>,
    /// Bits per request over links.
    pub bits: f64,
    /// Queues it waits for.
    pub fresh: Vec<QueueId>,
    /// Stores it reads locally, with the age that is still fresh, in seconds.
    pub reads: Vec<(StoreId, f64)>,
}

/// How the client of a feature behaves, request by request. [`Feature::retries`] has the same as means.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Client {
    /// Attempts in all, the first included: at least 1.
    pub attempts: u32,
    /// Whether an attempt that got no answer in time is tried again too.
    pub retries_timeouts: bool,
    /// The wait before a retry: see [`Backoff::wait`].
    pub backoff: Backoff,
    /// Retries at most, as a share of first attempts; infinite without a budget.
    pub budget: f64,
    /// The tokens that retries need; one bucket for each population.
    pub tokens: Option<Tokens>,
    /// Giving up ends the work wherever it is.
    pub cancels: bool,
    /// More attempts while the first is under way.
    pub hedge: Option<Hedge>,
    /// A circuit breaker; one for each population.
    pub breaker: Option<Breaker>,
    /// Turning its own requests away; one window for each population.
    pub throttle: Option<Throttle>,
}

/// The wait from a failure to the next attempt.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Backoff {
    /// None.
    None,
    /// Always this long.
    After(Duration),
    /// Around a wait that grows from retry to retry.
    Growing {
        /// The wait before the first retry, above zero.
        base: Duration,
        /// How many times longer the next one is, at least 1.
        factor: f64,
        /// The longest of them, at least `base`.
        at_most: Duration,
        /// The least and the most of that wait that is drawn, evenly: 0 and 1 for full jitter.
        jitter: (f64, f64),
    },
}

/// A bucket of tokens, full at the start: a retry needs more than `stops_at` and at least `retry_costs`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tokens {
    /// What it holds, above zero.
    pub most: f64,
    /// What a retry takes out when it is sent.
    pub retry_costs: f64,
    /// What an attempt that fails takes out; never below zero.
    pub failure_costs: f64,
    /// What an attempt that succeeds puts in; never above `most`.
    pub success_earns: f64,
    /// No retries at this many or fewer.
    pub stops_at: f64,
    /// A retry that succeeds puts in `retry_costs` instead of `success_earns`.
    pub gives_back: bool,
}

/// More attempts while the first is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hedge {
    /// Time without an answer before each of them.
    pub after: Duration,
    /// How many, on top of the first: at least 1.
    pub at_most: u32,
}

/// A circuit breaker.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Breaker {
    /// It opens when this share of the requests in the window failed, above 0.
    pub fails: f64,
    /// And there were at least so many, at least 1.
    pub of_at_least: u64,
    /// The rolling window, above zero.
    pub over: Duration,
    /// Time until one request is let through.
    pub opens_for: Duration,
}

/// Adaptive throttling: of r requests of which a were accepted, it turns max(0, (r - k a)/(r + 1)) away.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Throttle {
    /// Requests for each that is accepted, at least 1.
    pub k: f64,
    /// The rolling window, above zero.
    pub over: Duration,
}

/// How failures are retried, as means.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Retries {
    /// Attempts in all, at least 2.
    pub attempts: u32,
    /// Mean time from a failure to the next attempt, in seconds.
    pub after_s: f64,
    /// Retries at most, as a share of first attempts; infinite without a budget.
    pub budget: f64,
}

/// How users come and go.
#[derive(Debug, Clone, PartialEq)]
pub struct Sessions {
    /// Mean length in seconds.
    pub mean_s: f64,
    /// The use that every log-in makes once, as an index.
    pub log_in: Option<usize>,
    /// Mean time of failing requests after which a user leaves, in seconds; infinite: never.
    pub gives_up_s: f64,
    /// Share of those who come back.
    pub comes_back: f64,
    /// Mean time after which they look again, in seconds.
    pub looks_again_s: f64,
}

/// A population.
#[derive(Debug, Clone)]
pub struct Population {
    /// Its name.
    pub name: String,
    /// How many users.
    pub users: f64,
    /// Their zone.
    pub zone: TimeZone,
    /// Share active over time.
    pub active: Curve,
    /// Share that would be active if sessions had no length: with sessions, who logs in.
    pub log_ins: Curve,
    /// How they come and go.
    pub sessions: Option<Sessions>,
    /// They wait for an answer before the next click.
    pub waits: bool,
    /// Mean patience in a queue, in seconds.
    pub patience_s: Option<f64>,
    /// Requests per second and active user, by feature.
    pub uses: Vec<(FeatureId, f64)>,
    /// Who serves them.
    pub served_by: Place,
    /// Round trip to their site, in seconds.
    pub rtt_s: f64,
    /// Share of intended requests still sent when all fail.
    pub keeps_trying: f64,
    /// Squared coefficient of variation of the arrivals: 1 Poisson, 0 smooth.
    pub arrival_scv: f64,
}

/// A bulk transfer.
#[derive(Debug, Clone)]
pub struct Transfer {
    /// Its name.
    pub name: String,
    /// From and to.
    pub ends: (SiteId, SiteId),
    /// Bits per second that it would take.
    pub demand_bps: f64,
    /// Its weight.
    pub weight: f64,
}
