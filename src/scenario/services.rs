//! Services, the calls between them, and the features that are ways through them.

use super::defaults::{is_default, is_zero};
use super::{Balancer, Breaker, ClientPreset, Gate, Hedge, Named, Retries, Throttle};
use crate::dist::Dist;
use crate::units::{Bytes, Duration, Factor, Rate, Ratio, Worth};
use serde::{Deserialize, Serialize};

/// What answers requests: per site a shared pool of servers with workers, one queue in front of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Where it runs, and with how much.
    pub runs_at: Named<Placement>,
    /// The service time of one request on one worker, without the calls it makes.
    pub takes: Dist,
    /// How many requests may wait at one site, or at one server behind a balancer; more are shed. Without it all wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<u64>,
    /// How many requests may wait or be worked on at one site, or at one server behind a balancer; more are refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_flight_max: Option<u64>,
    /// How many requests are let in at one site; more are refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<RateLimit>,
    /// Which of those who wait is served next.
    #[serde(default, skip_serializing_if = "is_default")]
    pub discipline: Discipline,
    /// What an overloaded service turns away first.
    #[serde(default, skip_serializing_if = "is_default")]
    pub sheds: Sheds,
    /// A load balancer in front of its servers: each of them has a queue of its own then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub balancer: Option<Balancer>,
    /// What else must work, at every site where it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stands_on: Option<Gate>,
    /// The services it calls for each request.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<Call>,
    /// Whether the calls are made at the same time instead of one after the other; it goes on when all have answered.
    #[serde(default, skip_serializing_if = "is_default")]
    pub at_once: bool,
    /// A cache that is asked before the calls: who is found there makes none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache: Option<Cache>,
    /// Whether the worker is held while the calls are under way.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub holds: bool,
    /// Writes to stores, per request.
    #[serde(default, skip_serializing_if = "Named::is_empty")]
    pub writes: Named<f64>,
    /// Items put into background queues, per request.
    #[serde(default, skip_serializing_if = "Named::is_empty")]
    pub feeds: Named<f64>,
    /// Time from the moment that all it stands on works until it serves.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub starts_in: Duration,
    /// Probability that a start does not succeed: it begins again.
    #[serde(default, skip_serializing_if = "is_default")]
    pub start_fails: Ratio,
    /// Services that must serve before this one begins to start: at the same site, or wherever they run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub starts_after: Vec<String>,
    /// An interruption this short of what it stands on is ridden out: it fails meanwhile, but need not start again.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rides_out: Duration,
    /// The cold cache after a start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warms: Option<Warm>,
    /// How much slower requests get the more servers there are at a site: by default no bit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scales: Option<Scaling>,
    /// What each of its servers costs: `"0.4/h"`, in the scenario's `currency`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub costs: Option<Rate>,
    /// What each costs instead at a site that stands by: where groups have members, and none of them is active there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub costs_standing_by: Option<Rate>,
}

fn yes() -> bool {
    true
}

fn is_yes(value: &bool) -> bool {
    *value
}

/// Which of those who wait is served next.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Discipline {
    /// Who came first.
    #[default]
    Fifo,
    /// Who came last.
    Lifo,
    /// Requests of critical features first, then of normal ones, then of optional ones; each in the order in which they
    /// came. Nobody is interrupted.
    Priority,
    /// Nobody waits: all are worked on at once, and share the workers evenly.
    ProcessorSharing,
    /// Who came first; but while waits stay long, some of those at the head are dropped (Nichols & Jacobson, Controlling
    /// Queue Delay, ACM Queue 10(5), 2012; RFC 8289).
    Codel {
        /// The wait that is acceptable.
        #[serde(default = "five_milliseconds", skip_serializing_if = "is_five_milliseconds")]
        target: Duration,
        /// How long waits may be above it before the first is dropped.
        #[serde(default = "hundred_milliseconds", skip_serializing_if = "is_hundred_milliseconds")]
        interval: Duration,
    },
}

fn five_milliseconds() -> Duration {
    Duration(5_000_000)
}

fn is_five_milliseconds(duration: &Duration) -> bool {
    *duration == five_milliseconds()
}

fn hundred_milliseconds() -> Duration {
    Duration(100_000_000)
}

fn is_hundred_milliseconds(duration: &Duration) -> bool {
    *duration == hundred_milliseconds()
}

/// A token bucket at the door of a service.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    /// How fast tokens come back: the requests that are let in in the long run.
    pub rate: Rate,
    /// What the bucket holds: the requests that are let in at one moment.
    pub burst: u64,
}

/// A look-aside cache of least recently used keys, one at each site. It is empty after a start.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cache {
    /// How many keys there are.
    pub keys: u64,
    /// The exponent of the Zipf law by which requests want them; 0 is evenly.
    pub zipf: f64,
    /// How many keys it holds.
    pub holds: u64,
    /// What requests do that miss a key for which another is already asking.
    #[serde(default, skip_serializing_if = "is_default")]
    pub misses: Misses,
}

/// What requests do that miss a key for which another is already asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Misses {
    /// Each makes its calls.
    #[default]
    EachCalls,
    /// They wait for the first one's answer; if that fails, the next of them asks.
    OneCalls,
}

/// What an overloaded service turns away.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Sheds {
    /// Whoever comes when the queue is full.
    #[default]
    Alike,
    /// Requests of optional features first, then of normal ones, critical ones last.
    ByPriority {
        /// Optional features are dimmed so that the service stays below this share of what it can do.
        #[serde(default = "whole", skip_serializing_if = "is_whole")]
        optional_up_to: Ratio,
    },
}

fn whole() -> Ratio {
    Ratio(1.0)
}

fn is_whole(ratio: &Ratio) -> bool {
    ratio.0 == 1.0
}

/// How much a feature matters to a service that has to turn requests away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Priority {
    /// Turned away last.
    Critical,
    /// Turned away when critical requests need the room.
    #[default]
    Normal,
    /// Turned away first.
    Optional,
}

/// A service at one site.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Placement {
    /// How many servers. Leave it out where `pool` says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub servers: Option<u64>,
    /// The component whose working members are the servers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<String>,
    /// Requests that one server works on at once.
    #[serde(default = "one_worker", skip_serializing_if = "is_one")]
    pub workers: u32,
    /// What else must work, at this site only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stands_on: Option<Gate>,
}

fn one_worker() -> u32 {
    1
}

fn is_one(value: &u32) -> bool {
    *value == 1
}

/// A call to another service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Call {
    /// Without it the request fails.
    Hard(CallTo),
    /// Without it the request succeeds, degraded.
    Soft(CallTo),
}

/// Which service is called, where and how often.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallTo {
    /// The service.
    pub to: String,
    /// Calls for each request, one after the other.
    #[serde(default = "super::defaults::once", skip_serializing_if = "super::defaults::is_once")]
    pub times: f64,
    /// A site or a group: where the callee is asked. By default at the caller's site, or at the nearest where it runs, up or down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// How long the caller waits for a callee that is dead before it gives up; by default it is refused at once.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub gives_up_after: Duration,
    /// A client library whose defaults stand in for what is not said here of `timeout`, `retries` and `breaker`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<ClientPreset>,
    /// How long an attempt waits for its answer. The work is done all the same, unless the call `cancels`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// Giving up ends the work wherever it is.
    #[serde(default, skip_serializing_if = "is_default")]
    pub cancels: bool,
    /// What the caller does about a failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retries: Option<Retries>,
    /// More attempts while the first is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hedge: Option<Hedge>,
    /// A circuit breaker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breaker: Option<Breaker>,
    /// Turning its own calls away while too few are accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttle: Option<Throttle>,
    /// The connections that the caller has, all its servers at a site together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connections: Option<Connections>,
    /// Nothing is tried any more for a request that its user has given up: the deadline is passed on.
    #[serde(default, skip_serializing_if = "is_default")]
    pub passes_deadline: bool,
}

/// A pool of connections: an attempt needs one until it is over.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Connections {
    /// How many there are.
    pub most: u64,
    /// How long an attempt waits for one before it fails; by default as long as it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits: Option<Duration>,
}

/// What servers of one site cost each other (the universal scalability law: Gunther, Guerrilla Capacity Planning, 2007, chapter 4).
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Scaling {
    /// What each waits for what they share, of its time, for each other server: locks, a log.
    #[serde(skip_serializing_if = "is_default")]
    pub contention: Ratio,
    /// What each pair spends on agreeing, of a server's time.
    #[serde(skip_serializing_if = "is_default")]
    pub coherency: Ratio,
}

/// A cold cache: service times start this much longer and come down evenly.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Warm {
    /// How long it takes to be warm.
    pub takes: Duration,
    /// How much slower a cold request is.
    pub slower: Factor,
}

/// What people do.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feature {
    /// The services that a request enters, one after the other.
    pub calls: Vec<Call>,
    /// Whether the calls are made at the same time instead of one after the other.
    #[serde(default, skip_serializing_if = "is_default")]
    pub at_once: bool,
    /// A client library whose defaults stand in for what is not said below.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<ClientPreset>,
    /// After this the user's side gives up; the work is done all the same, unless it `cancels`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// Giving up ends the work wherever it is.
    #[serde(default, skip_serializing_if = "is_default")]
    pub cancels: bool,
    /// What the client does about a failure; without it, nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retries: Option<Retries>,
    /// A second attempt while the first is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hedge: Option<Hedge>,
    /// A circuit breaker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breaker: Option<Breaker>,
    /// Turning its own requests away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttle: Option<Throttle>,
    /// How much it matters where a service sheds by priority.
    #[serde(default, skip_serializing_if = "is_default")]
    pub priority: Priority,
    /// Slower than this for one request in twenty (p95) counts as degraded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slow_over: Option<Duration>,
    /// Bytes per request over uplinks and over the links between sites.
    #[serde(default, skip_serializing_if = "is_default")]
    pub size: Bytes,
    /// Queues whose items the user waits for: stale while they are behind.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fresh: Vec<String>,
    /// Stores that are read at the user's site, and how old a read may be.
    #[serde(default, skip_serializing_if = "Named::is_empty")]
    pub reads: Named<Duration>,
    /// What it is worth while it is served, in the scenario's `currency`: `"0.40/request"`, or `"900/h"` for all its users together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worth: Option<Worth>,
}
