//! The world as a whole.

use super::autoscale::Autoscale;
use super::cache::{DelayCache, LatencyCache, PassedCache, SteadyCache};
use super::calendar::{Calendar, civil_label};
use super::components::{Crew, Node, Shock};
use super::data::{Queue, Store};
use super::drill::Action;
use super::failover::Group;
use super::features::Feature;
use super::ids::{GroupId, LinkId, NodeId, PopId, QueueId, StationId, StoreId};
use super::maintenance::Maintenance;
use super::money::Money;
use super::populations::Population;
use super::routes::Routes;
use super::runbook::{Awaited, BurnRate, Condition, Procedure};
use super::services::{Service, Station};
use super::sites::{Link, Provider, Site, Spread, Transfer};
use super::teams::Team;
use crate::scenario::Pick;
use crate::units::{Duration, Time};
use std::collections::BTreeSet;

/// A compiled scenario, ready to simulate.
///
/// It is opaque: whoever runs it needs its [horizon](World::horizon), whoever reads observations the names of what they are
/// about. Everything else is for the engine, and changes with it.
#[derive(Debug, Clone)]
pub struct World {
    /// The scenario's title.
    #[doc(hidden)]
    pub title: String,
    /// Hash of the scenario as data: the same for the same content however it is laid out.
    #[doc(hidden)]
    pub scenario_hash: String,
    /// Which strategy, maintenance plan and variant this is.
    #[doc(hidden)]
    pub pick: Pick,
    /// Civil time.
    #[doc(hidden)]
    pub calendar: Calendar,
    /// The end of the run.
    #[doc(hidden)]
    pub horizon: Time,
    /// What the design costs, where the file says so.
    #[doc(hidden)]
    pub costs: Option<Costs>,
    /// By what it is counted in money, where the file gives anything a price, a worth or a penalty.
    #[doc(hidden)]
    pub money: Option<Money>,
    /// From here on it is measured.
    #[doc(hidden)]
    pub measured_from: Time,
    /// Sites, components and groups: everything that works or does not.
    #[doc(hidden)]
    pub nodes: Vec<Node>,
    /// Node ids so that what stands on something comes after it.
    #[doc(hidden)]
    pub node_order: Vec<NodeId>,
    /// The rank of each node in that order.
    #[doc(hidden)]
    pub node_rank: Vec<u32>,
    /// The stations that stand on each node or have it as their pool.
    #[doc(hidden)]
    pub stations_on: Vec<Vec<StationId>>,
    /// The groups of which each node is a member.
    #[doc(hidden)]
    pub groups_of: Vec<Vec<GroupId>>,
    /// Whether a change of the node can be felt by traffic, queues or stores at once.
    #[doc(hidden)]
    pub felt: Vec<bool>,
    /// Sites.
    #[doc(hidden)]
    pub sites: Vec<Site>,
    /// Links between sites.
    #[doc(hidden)]
    pub links: Vec<Link>,
    /// Routes with every link up.
    #[doc(hidden)]
    pub routes: Routes,
    /// Shocks.
    #[doc(hidden)]
    pub shocks: Vec<Shock>,
    /// Repair crews.
    #[doc(hidden)]
    pub crews: Vec<Crew>,
    /// Redundant groups and how they fail over.
    #[doc(hidden)]
    pub groups: Vec<Group>,
    /// Services.
    #[doc(hidden)]
    pub services: Vec<Service>,
    /// Services at sites.
    #[doc(hidden)]
    pub stations: Vec<Station>,
    /// Station ids so that callers come before callees.
    #[doc(hidden)]
    pub station_order: Vec<StationId>,
    /// Background queues.
    #[doc(hidden)]
    pub queues: Vec<Queue>,
    /// Stores.
    #[doc(hidden)]
    pub stores: Vec<Store>,
    /// Features.
    #[doc(hidden)]
    pub features: Vec<Feature>,
    /// Sites that serve people at the same time.
    #[doc(hidden)]
    pub spreads: Vec<Spread>,
    /// Populations.
    #[doc(hidden)]
    pub people: Vec<Population>,
    /// Whether any call goes by a policy of its caller.
    #[doc(hidden)]
    pub has_call_clients: bool,
    /// Whether queues of impatient users are taken to be settled at once: somebody tries again, waits for answers or keeps a session.
    #[doc(hidden)]
    pub impatience_settles_at_once: bool,
    /// Whether any health check looks at something else too.
    pub has_deep_checks: bool,
    /// Bulk transfers.
    #[doc(hidden)]
    pub transfers: Vec<Transfer>,
    /// The maintenance plan of this run.
    #[doc(hidden)]
    pub maintenance: Option<Maintenance>,
    /// The drill, in order of time. Steps that wait for a condition stand at its end, at no time.
    #[doc(hidden)]
    pub drill: Vec<(Time, Action)>,
    /// Conditions, and the steps of the drill that wait for them.
    #[doc(hidden)]
    pub triggers: Vec<(Condition, usize)>,
    /// What conditions ask for of error budgets.
    #[doc(hidden)]
    pub burn_rates: Vec<BurnRate>,
    /// Steps of the drill that are left out of this run, to see what they are worth.
    #[doc(hidden)]
    pub muted: BTreeSet<usize>,
    /// From then on people decide while it runs: vendors come when they are called, and the maintenance begins when somebody says so.
    #[doc(hidden)]
    pub people_decide: Option<Time>,
    /// The uplink of each site.
    #[doc(hidden)]
    pub uplinks: Vec<Option<LinkId>>,
    /// Who runs sites, and has more servers or not.
    #[doc(hidden)]
    pub providers: Vec<Provider>,
    /// People who carry out procedures.
    #[doc(hidden)]
    pub teams: Vec<Team>,
    /// The procedures in the runbook of the strategy that this run takes.
    #[doc(hidden)]
    pub procedures: Vec<Procedure>,
    /// Its automation.
    #[doc(hidden)]
    pub autoscale: Vec<Autoscale>,
    /// Latencies that runs of this world have worked out.
    #[doc(hidden)]
    pub latencies: LatencyCache,
    /// What is lived through at stations, worked out before.
    #[doc(hidden)]
    pub passed: PassedCache,
    /// Steady states that they have worked out.
    #[doc(hidden)]
    pub steady: SteadyCache,
    /// Waits that have been worked out before.
    #[doc(hidden)]
    pub delays: DelayCache,
    /// What the flow engine leaves out or takes by its mean only: a path of the scenario and a sentence each, sorted.
    #[doc(hidden)]
    pub flow_limits: Vec<String>,
    /// What is assumed: path, value as written, and why.
    #[doc(hidden)]
    pub assumptions: Vec<Assumption>,
}

impl World {
    /// When a run of it ends.
    pub fn horizon(&self) -> Time {
        self.horizon
    }

    /// From when on a run is measured: after its warm-up.
    pub fn measured_from(&self) -> Time {
        self.measured_from
    }

    /// A time of the run as a civil time in the file's zone: `Mon 10 Oct 14:31:00`.
    pub fn civil(&self, time: Time) -> String {
        civil_label(&self.calendar, time)
    }

    /// A civil time of the file, or one after the start, as the drill writes it.
    ///
    /// # Errors
    ///
    /// What is no time, or one that the clocks skip.
    pub fn time(&self, text: &str) -> Result<Time, String> {
        self.calendar.read(text).map_err(|(reason, fix)| format!("{reason}: {fix}"))
    }

    /// The name of a site, a component or a group.
    pub fn name_of_node(&self, id: NodeId) -> &str {
        &self.nodes[id.at()].name
    }

    /// The name of a redundant group.
    pub fn name_of_group(&self, id: GroupId) -> &str {
        &self.groups[id.at()].name
    }

    /// The name of a service at a site: `"web@oslo"`.
    pub fn name_of_station(&self, id: StationId) -> &str {
        &self.stations[id.at()].name
    }

    /// The name of a population.
    pub fn name_of_people(&self, id: PopId) -> &str {
        &self.people[id.at()].name
    }

    /// The name of a link: `"oslo–bergen"`.
    pub fn name_of_link(&self, id: LinkId) -> &str {
        &self.links[id.at()].name
    }

    /// The name of a store.
    pub fn name_of_store(&self, id: StoreId) -> &str {
        &self.stores[id.at()].name
    }

    /// The name of a background queue.
    pub fn name_of_queue(&self, id: QueueId) -> &str {
        &self.queues[id.at()].name
    }

    /// This world with its people left to people from a time on: nobody carries out what a team does or what was ordered for a time,
    /// tells the users, decides, orders a switchover, calls a vendor or begins a maintenance, but whoever
    /// [acts](crate::engine::Engine::act). Faults and automation are as they were, and so is what was done before.
    pub fn for_people(&self, from: Time) -> World {
        let mut world = World { people_decide: Some(from), ..self.clone() };
        for procedure in &mut world.procedures {
            // What waits for something to be seen may be seen before.
            procedure.muted |= procedure.when.is_none() && procedure.at.is_none_or(|at| at >= from);
        }
        for (step, (at, action)) in world.drill.iter().enumerate() {
            let by_people = matches!(action, Action::Tell(_) | Action::Decide(_) | Action::FailOver(..));
            if by_people && *at >= from {
                world.muted.insert(step);
            }
        }
        world
    }

    /// Whether a procedure waits for people: not what automation does by itself, and not what was done before they came.
    pub(crate) fn is_left_to_people(&self, procedure: &Procedure) -> bool {
        let automatic = procedure.by.is_none() && procedure.when.is_some();
        self.people_decide.is_some_and(|from| !automatic && procedure.at.is_none_or(|at| at >= from))
    }

    /// Every condition that is looked at, and what it sets off, by its number: that of the procedure which it starts; after those of
    /// the drill; after those that of a procedure which it takes back.
    pub(crate) fn awaited(&self, index: usize) -> Option<(&Condition, Awaited)> {
        let (procedures, steps) = (self.procedures.len(), self.triggers.len());
        if index < procedures {
            return Some((self.procedures[index].when.as_ref()?, Awaited::Order(index)));
        }
        match self.triggers.get(index - procedures) {
            Some((when, step)) => Some((when, Awaited::Step(*step))),
            None => {
                let procedure = index - procedures - steps;
                Some((self.procedures.get(procedure)?.back_when.as_ref()?, Awaited::TakeBack(procedure)))
            }
        }
    }

    /// The crash of a component or a site, for [`Engine::act`](crate::engine::Engine::act); back after a time, or as its
    /// repair says. Nothing of that name: `None`.
    pub fn crash(&self, of: &str, repaired_after: Option<Duration>) -> Option<Action> {
        Some(Action::Crash(self.node(of)?, repaired_after, None))
    }

    /// A switchover of a group to one of its members.
    pub fn switchover(&self, group: &str, to: &str) -> Option<Action> {
        let index = self.groups.iter().position(|g| g.name == group)?;
        let member = self.groups[index].members.iter().position(|m| self.nodes[m.at()].name == to)?;
        Some(Action::FailOver(GroupId::new(index), member))
    }

    /// The order to carry out a procedure of the runbook.
    pub fn order(&self, procedure: &str) -> Option<Action> {
        self.procedures.iter().position(|p| p.name == procedure).map(Action::Order)
    }

    /// The order to take a procedure back.
    pub fn take_back(&self, procedure: &str) -> Option<Action> {
        self.procedures.iter().position(|p| p.name == procedure).map(Action::TakeBack)
    }

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

impl World {
    /// Whether anything is lost in money where it is not served.
    #[doc(hidden)]
    pub fn is_anything_at_stake(&self) -> bool {
        self.features.iter().any(|feature| feature.worth.is_some())
    }
}

impl Costs {
    /// Hours of a year; a month is its twelfth part.
    const HOURS_PER_YEAR: f64 = 8_760.0;

    /// Per month.
    pub fn per_month(&self) -> f64 {
        self.per_year() / 12.0
    }

    /// Per year.
    pub fn per_year(&self) -> f64 {
        self.per_hour * Costs::HOURS_PER_YEAR
    }
}

/// A value that no source states.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Assumption {
    /// Its path in the scenario.
    pub path: String,
    /// Why it was chosen.
    pub why: String,
}
