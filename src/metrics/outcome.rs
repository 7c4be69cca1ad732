//! The outcome of a run: plain data, with the shape that `--json` prints. Units are last in a name; civil times are in the
//! zone of the file.

mod hours;
mod money;
mod people;
mod response;
mod systems;

pub use hours::*;
pub use money::*;
pub use people::*;
pub use response::*;
pub use systems::*;

use crate::world::Assumption;
use serde::Serialize;
use std::collections::BTreeMap;

/// Everything that a run has to say.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Outcome {
    /// The version of this shape: 1. A field is never renamed or removed within a version.
    pub format: u32,
    /// The scenario's title.
    pub title: String,
    /// Where this comes from, and how to get it again.
    pub provenance: Provenance,
    /// The run's clock.
    pub clock: ClockOutcome,
    /// What each population lived through.
    pub people: BTreeMap<String, PeopleOutcome>,
    /// Every failover, in order of time.
    pub failovers: Vec<FailoverOutcome>,
    /// Every group.
    pub groups: BTreeMap<String, GroupOutcome>,
    /// Every site, component and group as something that works or does not.
    pub components: BTreeMap<String, ComponentOutcome>,
    /// Every service at every site.
    pub services: BTreeMap<String, ServiceOutcome>,
    /// Every background queue.
    pub queues: BTreeMap<String, QueueOutcome>,
    /// Every store.
    pub stores: BTreeMap<String, StoreOutcome>,
    /// Every maintenance, in order of time.
    pub maintenance: Vec<MaintenanceOutcome>,
    /// What vendors have promised, against what they did, by component.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub contracts: BTreeMap<String, ContractOutcome>,
    /// When the users heard.
    pub communication: CommunicationOutcome,
    /// Every link.
    pub links: BTreeMap<String, LinkOutcome>,
    /// Every bulk transfer.
    pub transfers: BTreeMap<String, TransferOutcome>,
    /// The run in equal bins: users, load, latency, bottleneck.
    pub hours: HoursOutcome,
    /// How many people were there at once, day by day.
    pub concurrency: ConcurrencyOutcome,
    /// Seconds in which some population was degraded or down.
    pub felt_s: f64,
    /// What it cost and what was lost, where the file gives anything a price, a worth or a penalty.
    pub money: Option<MoneyOutcome>,
    /// Every procedure of the runbook, in order of name.
    #[serde(rename = "measures")]
    pub procedures: BTreeMap<String, ProcedureOutcome>,
    /// Overload that outlived what set it off, in order of time.
    pub metastable: Vec<MetastableOutcome>,
    /// How traffic was worked out.
    pub traffic: TrafficOutcome,
    /// Where the run was ended before its horizon, how far it had come.
    pub partial: Option<PartialOutcome>,
    /// What the numbers leave out or only approach: read them with that in mind.
    pub warnings: Vec<String>,
    /// Lists that are cut short; sums and percentiles count what they leave out.
    pub cut_short: Vec<CutShort>,
    /// How often each random failure of [`World::random_failures`](crate::world::World::random_failures) struck, in its order.
    #[serde(skip)]
    pub struck: Vec<u64>,
}

impl Outcome {
    /// Of nothing that has been measured.
    pub(super) fn nothing(provenance: Provenance, clock: ClockOutcome) -> Outcome {
        Outcome {
            format: 1,
            title: String::new(),
            provenance,
            clock,
            people: BTreeMap::new(),
            failovers: Vec::new(),
            groups: BTreeMap::new(),
            components: BTreeMap::new(),
            services: BTreeMap::new(),
            queues: BTreeMap::new(),
            stores: BTreeMap::new(),
            maintenance: Vec::new(),
            contracts: BTreeMap::new(),
            communication: CommunicationOutcome::default(),
            links: BTreeMap::new(),
            transfers: BTreeMap::new(),
            hours: HoursOutcome::default(),
            concurrency: ConcurrencyOutcome::default(),
            felt_s: 0.0,
            money: None,
            procedures: BTreeMap::new(),
            metastable: Vec::new(),
            traffic: TrafficOutcome::default(),
            partial: None,
            warnings: Vec::new(),
            cut_short: Vec::new(),
            struck: Vec::new(),
        }
    }
}

/// A list that is cut short.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CutShort {
    /// Which: its path in the outcome, or `timeline`.
    pub list: String,
    /// Entries that it has: the first.
    pub kept: u64,
    /// Entries that it leaves out.
    pub left_out: u64,
}

impl CutShort {
    /// A list that keeps so many of them.
    pub fn new(list: impl Into<String>, kept: usize, left_out: u64) -> CutShort {
        CutShort { list: list.into(), kept: kept as u64, left_out }
    }
}

/// How traffic was worked out.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TrafficOutcome {
    /// `"flow"`, or `"request"` where requests were followed one by one.
    pub engine: String,
    /// Where they were, from here.
    pub from_s: Option<f64>,
    /// To here.
    pub to_s: Option<f64>,
    /// Civil time of the start.
    pub from: Option<String>,
    /// Civil time of the end.
    pub to: Option<String>,
    /// Events of single requests: arrivals, departures, timeouts.
    pub events: u64,
}

/// A run that was ended before its horizon.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PartialOutcome {
    /// Seconds of the run that were run.
    pub reached_s: f64,
    /// Civil time of that.
    pub reached: String,
}

/// Where an outcome comes from.
#[derive(Debug, Clone, Default, Serialize)]
#[non_exhaustive]
pub struct Provenance {
    /// Hash of the scenario's content.
    pub scenario_hash: String,
    /// Version of firedrill.
    pub firedrill_version: String,
    /// The seed.
    pub seed: u64,
    /// The replication.
    pub replication: u64,
    /// The strategy.
    pub strategy: Option<String>,
    /// The maintenance plan.
    pub maintenance: Option<String>,
    /// The variant.
    pub variant: Option<String>,
    /// Version of the time-zone database.
    pub tz_database: String,
    /// Digest over everything observed.
    pub digest: String,
    /// How many observations that is over.
    pub observations: u64,
    /// Values that no source states.
    pub assumptions: Vec<Assumption>,
}

/// The run's clock.
#[derive(Debug, Clone, Default, Serialize)]
#[non_exhaustive]
pub struct ClockOutcome {
    /// The instant of the start, with offset and zone: `2016-10-10T00:00:00-04:00[America/New_York]`.
    pub starts: String,
    /// Civil time of the start.
    pub from: String,
    /// Civil time of the end.
    pub to: String,
    /// The zone of all civil times.
    pub zone: String,
    /// Seconds from start to end.
    pub horizon_s: f64,
    /// Seconds from the start that are not measured.
    pub warm_up_s: f64,
}
