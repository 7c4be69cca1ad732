//! The design: places, failure domains, services, data.

use super::defaults::{is_default, is_zero};
use super::{Balancer, Breaker, ClientPreset, Hedge, Named, Retries, Throttle};
use crate::dist::Dist;
use crate::units::{Bandwidth, Bytes, Duration, Factor, Rate, Ratio, Worth};
use serde::{Deserialize, Serialize};

/// A hosting site.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Site {
    /// Latitude and longitude in degrees.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<(f64, f64)>,
    /// Who runs the place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The network on which all users of the site come in; without it that never saturates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uplink: Option<Bandwidth>,
    /// What the whole site needs: power, cooling, uplinks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stands_on: Option<Gate>,
    /// What the place itself costs: `"3/h"`, in the scenario's `currency`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub costs: Option<Rate>,
}

/// A network link between two sites.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// The two sites.
    pub between: (String, String),
    /// Round-trip time.
    pub rtt: Duration,
    /// Capacity in each direction together; without it the link never saturates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bandwidth: Option<Bandwidth>,
    /// Share of requests that cross the link and are lost.
    #[serde(default, skip_serializing_if = "is_default")]
    pub loss: Ratio,
    /// Mean of an extra delay in each direction, exponentially distributed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub jitter: Duration,
    /// What it costs: `"12/h"`, in the scenario's `currency`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub costs: Option<Rate>,
}

/// What has to work for something to work. A k-of-n gate expresses redundancy: 2N feeds, N+1 chillers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Gate {
    /// Every one of them.
    All(Vec<String>),
    /// At least one of them.
    Any(Vec<String>),
    /// At least this many of them.
    KOfN(u32, Vec<String>),
}

/// Something that can fail, or that only stands on others.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Component {
    /// The site it is in. It stands on that site too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// How many like members; members fail and are repaired one by one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// How many members must work for the component to work; by default all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needs: Option<u64>,
    /// What else must work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stands_on: Option<Gate>,
    /// Time to failure of one member. Members fail also while what they stand on is down.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fails: Option<Dist>,
    /// How old the members are when the run starts.
    #[serde(skip_serializing_if = "is_default")]
    pub starts: Age,
    /// How it is repaired. Without it, what fails stays failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repair: Option<Repair>,
    /// A failure stays hidden until a proof test or a demand finds it.
    #[serde(skip_serializing_if = "is_default")]
    pub hidden: bool,
    /// Proof tests at this interval; the first one interval after the start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tested_every: Option<Duration>,
    /// How long before the start it was last known to work; with a failure distribution, it may have failed since.
    #[serde(skip_serializing_if = "is_zero")]
    pub last_tested: Duration,
    /// What each member costs, in use or standing by: `"3/h"`, in the scenario's `currency`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub costs: Option<Rate>,
}

/// The age of a component at the start of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Age {
    /// As new: a Weibull with a shape below 1 then fails early more often.
    #[default]
    New,
    /// As met at a random moment of a long life.
    Stationary,
}

/// How something is repaired.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repair {
    /// Hands-on time.
    pub takes: Dist,
    /// Which crew does it; without one there are always hands free.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crew: Option<String>,
    /// Time until the vendor is there, by contract. Runs from the failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor: Option<Dist>,
    /// Spare parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spares: Option<Spares>,
    /// A temporary fix first; the real repair then waits for a maintenance that replaces the component.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temporary: Option<Temporary>,
}

/// A stock of spare parts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spares {
    /// Parts on the shelf at the start.
    pub stock: u32,
    /// Time until a used part is replaced.
    pub restock: Dist,
}

/// A fix that holds for a while.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Temporary {
    /// How long the temporary fix takes.
    pub takes: Dist,
    /// Time to the next failure while on the temporary fix: the raised hazard.
    pub fails: Dist,
}

/// Who repairs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Crew {
    /// How many repairs they do at once; others wait in the order of failure.
    pub at_once: u32,
    /// Time until hands are there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrives: Option<Dist>,
}

/// A shock that takes several components down at once. State `beta` or `every`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommonCause {
    /// The components hit.
    pub of: Vec<String>,
    /// The beta factor: this share of each component's failure rate is the shared shock, the rest stays its own. For
    /// exponential failures of one and the same mean (Fleming 1975).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beta: Option<Ratio>,
    /// Time between shocks, on top of the components' own failures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<Dist>,
}

/// Redundant members of which one is active. Everything that stands on the group, is served by it or has its primary
/// there follows the active member; the strategy says how the active member changes.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Sites or components, in order of preference; the first is active at the start.
    pub members: Vec<String>,
}

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
    /// Services that must serve before this one begins to start: at the same site, or wherever they run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub starts_after: Vec<String>,
    /// An interruption this short of what it stands on is ridden out: it fails meanwhile, but need not start again.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rides_out: Duration,
    /// The cold cache after a start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warms: Option<Warm>,
    /// What each of its servers costs: `"0.4/h"`, in the scenario's `currency`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub costs: Option<Rate>,
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
    #[serde(default = "once", skip_serializing_if = "is_once")]
    pub times: f64,
    /// A site or a group: where the callee is asked. By default at the caller's site, or at the nearest where it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// How long the caller waits for a callee that is dead before it gives up; by default it is refused at once.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub gives_up_after: Duration,
}

fn ten_seconds() -> Duration {
    Duration(10_000_000_000)
}

fn is_ten_seconds(value: &Duration) -> bool {
    *value == ten_seconds()
}

fn once() -> f64 {
    1.0
}

fn is_once(value: &f64) -> bool {
    *value == 1.0
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

/// Background work in a durable queue. Nothing is lost; what waits gets stale.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Queue {
    /// The site or group where its workers are.
    pub at: String,
    /// How many items are worked on at once.
    pub workers: u64,
    /// Time for one item.
    pub takes: Dist,
    /// What else must work for the workers to work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stands_on: Option<Gate>,
    /// Services that must serve for its workers to work.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<String>,
    /// Items older than this are stale for the people who wait for them.
    pub fresh_within: Duration,
    /// Items that arrive whatever people do.
    #[serde(default, skip_serializing_if = "is_default")]
    pub also_fed: Rate,
}

/// Data with one primary and replicas.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Store {
    /// The site or group that takes the writes.
    pub primary: String,
    /// Replicas by site.
    #[serde(default, skip_serializing_if = "Named::is_empty")]
    pub replicas: Named<Replica>,
    /// Writes that arrive whatever people do.
    #[serde(default, skip_serializing_if = "is_default")]
    pub also_written: Rate,
}

/// How a replica is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Replica {
    /// A write is done when the replica has it; while the replica does not answer, it waits.
    Sync,
    /// Synchronous while the replica answers; when it does not, a write waits for it for a while, and from then on writes go on
    /// without it until it has caught up.
    SemiSync {
        /// How fast the replica applies when it has to catch up.
        applies: Rate,
        /// How long writes wait for a replica that does not answer: ten seconds by default, as MySQL's
        /// `rpl_semi_sync_master_timeout`.
        #[serde(default = "ten_seconds", skip_serializing_if = "is_ten_seconds")]
        waits: Duration,
    },
    /// Writes follow as fast as the replica applies them.
    Async {
        /// How fast the replica applies, in writes.
        applies: Rate,
    },
    /// The log is shipped in batches.
    Shipped {
        /// Time between batches.
        every: Duration,
        /// Time that a batch is under way.
        takes: Duration,
    },
}

/// A bulk flow between two sites; it takes what its links leave it, max-min fairly.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transfer {
    /// Where it starts.
    pub from: String,
    /// Where it ends.
    pub to: String,
    /// What it would take alone.
    pub demand: Bandwidth,
    /// Its share against others, 1 by default.
    #[serde(default = "once", skip_serializing_if = "is_once")]
    pub weight: f64,
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
