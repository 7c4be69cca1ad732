//! The design: places, failure domains, data.

use super::Named;
use super::backups::{Backup, StorePart};
use super::defaults::{is_default, is_zero};
use crate::dist::Dist;
use crate::units::{Bandwidth, Bytes, Duration, Rate, Ratio};
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
    /// How long it works on without what it stands on: batteries, generators, cooling inertia.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holds_for: Option<Dist>,
    /// Time in which what has been used up of that is there again, from empty to full.
    #[serde(skip_serializing_if = "is_zero")]
    pub recharges_in: Duration,
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
    /// What it needs: fibres, routers, a carrier. Without that it is cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stands_on: Option<Gate>,
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
    /// How long it works on without what it stands on: batteries, leases, cached configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holds_for: Option<Dist>,
    /// Time in which what has been used up of that is there again, from empty to full.
    #[serde(skip_serializing_if = "is_zero")]
    pub recharges_in: Duration,
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
    /// What each member costs: `"3/h"`, in the scenario's `currency`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub costs: Option<Rate>,
    /// What each costs instead while it stands by: while other members of its groups are active, or those of its site.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub costs_standing_by: Option<Rate>,
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
    /// Within which time the contract promises that the vendor is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor_promises: Option<Duration>,
    /// Spare parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spares: Option<Spares>,
    /// A temporary fix first; the real repair then waits for a maintenance that replaces the component.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temporary: Option<Temporary>,
    /// Probability that a repair has not succeeded when its hands are done; then they begin again.
    #[serde(default, skip_serializing_if = "is_default")]
    pub repair_fails: Ratio,
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
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Crew {
    /// How many repairs they do at once, at the start; others wait in the order of failure.
    pub at_once: u32,
    /// How many they do at once from these times on: times as in the drill. What is under way is finished by whoever is at it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hands: Vec<(String, u32)>,
    /// Civil hours, in the clock's zone, in which they begin repairs; by default around the clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<(String, String)>,
    /// Whether they begin repairs at weekends. Counts only with `hours`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub weekends: bool,
    /// Components whose repairs come before those of others, in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub first: Vec<String>,
    /// Time until hands are there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrives: Option<Dist>,
    /// Services that they work through: doors, consoles, the network to a site. While one of these does not serve, no repair begins.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<String>,
    /// Time until they can do without those, for each repair, from when it would have begun; by default they wait as long as it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub without: Option<Dist>,
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
    /// Its backups.
    #[serde(default, skip_serializing_if = "Named::is_empty")]
    pub backups: Named<Backup>,
    /// How large it is, for backups that say how fast they are read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<Bytes>,
    /// What is restored first, in order; everything else comes last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<StorePart>,
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

fn ten_seconds() -> Duration {
    Duration(10_000_000_000)
}

fn is_ten_seconds(value: &Duration) -> bool {
    *value == ten_seconds()
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
    #[serde(default = "super::defaults::once", skip_serializing_if = "super::defaults::is_once")]
    pub weight: f64,
    /// It takes only what requests, and transfers that do not yield, leave of its links.
    #[serde(default, skip_serializing_if = "super::defaults::is_default")]
    pub yields: bool,
}
