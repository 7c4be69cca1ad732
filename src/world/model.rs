//! The world as a whole.

use super::autoscale::Autoscale;
use super::cache::{DelayCache, LatencyCache, SteadyCache};
use super::calendar::Calendar;
use super::components::{Crew, Node, Shock};
use super::data::{Queue, Store};
use super::drill::Act;
use super::failover::Group;
use super::features::Feature;
use super::ids::{GroupId, LinkId, NodeId, StationId};
use super::maintenance::Maintenance;
use super::populations::Population;
use super::routes::Routes;
use super::runbook::{Condition, Procedure};
use super::services::{Service, Station};
use super::sites::{Link, Provider, Site, Transfer};
use super::teams::Team;
use crate::scenario::Pick;
use crate::units::Time;
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

impl World {
    /// The node of this name.
    pub fn node(&self, name: &str) -> Option<NodeId> {
        self.nodes.binary_search_by(|n| n.name.as_str().cmp(name)).ok().map(NodeId::new)
    }
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
