//! The world: a scenario with every name resolved, every structure checked, every curve laid out.
//!
//! A [`World`] that exists can be simulated: [`World::compile`] finds every mistake, all at once. Entities have dense
//! ids in the order of their *names*, so that the order of declarations in a file changes no number.

mod balancer;
mod beyond;
mod calendar;
mod check;
mod client;
mod compile;
mod curve;
mod demand;
mod goals;
mod hours;
mod ids;
mod lag;
mod measures;
mod memo;
mod nodes;
mod people;
mod plan;
mod recorded;
mod resolve;
mod response;
mod routes;
mod runbook;
mod steer;
mod traffic;

pub use balancer::{Balancer, HealthChecks, Picks};
pub use calendar::{Calendar, civil_label};
pub use curve::Curve;
pub use hours::Hours;
pub use ids::*;
pub use memo::{DelayCache, LatencyCache, ResultCache, SteadyCache};
pub use plan::*;
pub use routes::{Route, Routes};
pub use runbook::*;
pub use steer::Tail;
pub use traffic::*;

use crate::dist::Sampler;
use crate::scenario::{Diagnostics, Pick, Scenario};
use crate::units::{Duration, Time};
use std::collections::BTreeSet;

/// A compiled scenario, ready to simulate.
#[derive(Debug, Clone)]
pub struct World {
    /// The scenario's title.
    pub title: String,
    /// Hash of the scenario as data: the same for the same content however it is laid out.
    pub scenario_hash: String,
    /// Which strategy, maintenance plan and variant this is.
    pub pick: Pick,
    /// Civil time.
    pub calendar: Calendar,
    /// The end of the run.
    pub horizon: Time,
    /// What the design costs, where the file says so.
    pub costs: Option<Costs>,
    /// From here on it is measured.
    pub measured_from: Time,
    /// Sites, components and groups: everything that works or does not.
    pub nodes: Vec<Node>,
    /// Node ids so that what stands on something comes after it.
    pub node_order: Vec<NodeId>,
    /// The rank of each node in that order.
    pub node_rank: Vec<u32>,
    /// The stations that stand on each node or have it as their pool.
    pub stations_on: Vec<Vec<StationId>>,
    /// The groups of which each node is a member.
    pub groups_of: Vec<Vec<GroupId>>,
    /// Whether a change of the node can be felt by traffic, queues or stores at once.
    pub felt: Vec<bool>,
    /// Sites.
    pub sites: Vec<Site>,
    /// Links between sites.
    pub links: Vec<Link>,
    /// Routes with every link up.
    pub routes: Routes,
    /// Shocks.
    pub shocks: Vec<Shock>,
    /// Repair crews.
    pub crews: Vec<Crew>,
    /// Redundant groups and how they fail over.
    pub groups: Vec<Group>,
    /// Services.
    pub services: Vec<Service>,
    /// Services at sites.
    pub stations: Vec<Station>,
    /// Station ids so that callers come before callees.
    pub station_order: Vec<StationId>,
    /// Background queues.
    pub queues: Vec<Queue>,
    /// Stores.
    pub stores: Vec<Store>,
    /// Features.
    pub features: Vec<Feature>,
    /// Populations.
    pub people: Vec<Population>,
    /// Bulk transfers.
    pub transfers: Vec<Transfer>,
    /// The maintenance plan of this run.
    pub maintenance: Option<Maintenance>,
    /// The drill, in order of time. Steps that wait for a condition stand at its end, at no time.
    pub drill: Vec<(Time, Act)>,
    /// Conditions, and the steps of the drill that wait for them.
    pub triggers: Vec<(Condition, usize)>,
    /// Steps of the drill that are left out of this run, to see what they are worth.
    pub muted: BTreeSet<usize>,
    /// The uplink of each site.
    pub uplinks: Vec<Option<LinkId>>,
    /// Who runs sites, and has more servers or not.
    pub providers: Vec<Provider>,
    /// People who carry out procedures.
    pub teams: Vec<Team>,
    /// The procedures in the runbook of the strategy that this run takes.
    pub procedures: Vec<Procedure>,
    /// Its automation.
    pub autoscale: Vec<Autoscale>,
    /// Latencies that runs of this world have worked out.
    pub latencies: LatencyCache,
    /// Steady states that they have worked out.
    pub steady: SteadyCache,
    /// Waits that have been worked out before.
    pub delays: DelayCache,
    /// What the flow engine leaves out or takes by its mean only: a path of the scenario and a sentence each, sorted.
    pub flow_limits: Vec<String>,
    /// What is assumed: path, value as written, and why.
    pub assumptions: Vec<Assumption>,
}

/// What a design costs: its servers, links, standby and contracts, whether or not they are used.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Costs {
    /// Per hour.
    pub per_hour: f64,
    /// In what.
    pub currency: String,
}

/// A value that no source states.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Assumption {
    /// Its path in the scenario.
    pub path: String,
    /// Why it was chosen.
    pub why: String,
}

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

/// How a member is repaired.
#[derive(Debug, Clone)]
pub struct Repair {
    /// Hands-on time.
    pub takes: Sampler,
    /// The crew.
    pub crew: Option<CrewId>,
    /// Time until the vendor comes.
    pub vendor: Option<Sampler>,
    /// Parts on the shelf and time to restock one.
    pub spares: Option<(u32, Sampler)>,
    /// Temporary fix: hands-on time, and time to failure on it.
    pub temporary: Option<(Sampler, Sampler)>,
}

/// A repair crew.
#[derive(Debug, Clone)]
pub struct Crew {
    /// Its name.
    pub name: String,
    /// Repairs at once.
    pub at_once: u32,
    /// Time until hands are there.
    pub arrives: Option<Sampler>,
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

/// A hosting site.
#[derive(Debug, Clone)]
pub struct Site {
    /// Its name.
    pub name: String,
    /// Its node.
    pub node: NodeId,
    /// Who runs it.
    pub provider: Option<String>,
    /// The same where the provider is described, as an index.
    pub provider_id: Option<usize>,
}

/// A link between two sites, or the uplink of one.
#[derive(Debug, Clone)]
pub struct Link {
    /// `"a–b"`, or `"a uplink"`.
    pub name: String,
    /// Its ends; both the same for an uplink.
    pub ends: (SiteId, SiteId),
    /// Round-trip time.
    pub rtt: Duration,
    /// Capacity in bits per second; infinite where the file says nothing.
    pub bandwidth_bps: f64,
    /// Share of requests lost.
    pub loss: f64,
    /// Mean of the exponential extra delay in each direction.
    pub jitter: Duration,
}

impl World {
    /// Compiles a scenario, or says everything that is wrong with it.
    ///
    /// ```
    /// use firedrill::{scenario::{Choice, Source}, world::World};
    /// let text = r#"Scenario(
    ///     format: 1,
    ///     title: "one site",
    ///     clock: (from: "2024-01-01T00:00", zone: "UTC", horizon: "1h"),
    ///     sites: {"a": ()},
    /// )"#;
    /// let scenario = Source::new("one.ron", text).read(&Choice::default()).scenario.unwrap();
    /// let world = World::compile(&scenario).unwrap();
    /// assert_eq!(world.sites[0].name, "a");
    /// ```
    pub fn compile(scenario: &Scenario) -> Result<World, Diagnostics> {
        compile::compile(scenario)
    }

    /// The node of this name.
    pub fn node(&self, name: &str) -> Option<NodeId> {
        self.nodes.binary_search_by(|n| n.name.as_str().cmp(name)).ok().map(NodeId::new)
    }
}
