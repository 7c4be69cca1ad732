//! From a scenario to a world: resolve, check, lay out. Every mistake is collected; nothing stops at the first.

mod actions;
mod autoscale;
mod backups;
mod balancer;
mod calendar;
mod calls;
mod clients;
mod compiler;
mod components;
mod conditions;
mod costs;
mod crews;
mod data;
mod deep_checks;
mod detection;
mod drill;
mod expectations;
mod failover;
mod features;
mod flow_limits;
mod limits;
mod maintenance;
mod mentions;
mod menu;
mod money;
mod objectives;
mod order;
mod populations;
mod profiles;
mod recorded;
mod rehearsal;
mod resolve;
mod runbook;
mod services;
mod sites;
mod spreads;
mod stations;
mod strategies;
mod teams;

use self::compiler::Compiler;
use self::flow_limits::{flow_limits, impatience_settles_at_once};
pub use self::recorded::not_recorded;
use crate::scenario::{Diagnostics, Pick, Scenario};
use crate::units::Time;
use crate::world::balancer::Dependency;
use crate::world::cache::{DelayCache, LatencyCache, PassedCache, SteadyCache};
use crate::world::components::NodeKind;
use crate::world::data::{Queue, Store};
use crate::world::ids::{GroupId, NodeId, StationId};
use crate::world::model::{Assumption, World};
use crate::world::routes::Routes;
use crate::world::runbook::{Condition, Procedure};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_128;

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
    ///
    /// # Errors
    ///
    /// Every mistake of the scenario, with its place and the way to mend it.
    pub fn compile(scenario: &Scenario) -> Result<Arc<World>, Diagnostics> {
        let picked = picked(scenario);
        let scenario = picked.as_ref();
        let mut c = Compiler::new(scenario)?;
        c.links = c.compile_links();
        c.uplinks = sites::uplinks(&c.links, c.names.sites.len());
        let providers = c.compile_providers();
        let teams = c.compile_teams();
        c.routes = Routes::new(c.names.sites.len(), &c.links, |_| true);
        c.nodes = c.compile_nodes();
        let node_order = c.order_nodes();
        components::watch(&mut c.nodes);
        let sites = c.compile_sites(&providers);
        let shocks = c.compile_shocks();
        let crews = c.compile_crews();
        c.groups = c.compile_groups();
        c.services = c.compile_services();
        c.stations = c.compile_stations();
        c.connect_stations();
        c.connect_deep_checks();
        let station_order = c.order_stations();
        let queues = c.compile_queues();
        let stores = c.compile_stores();
        c.features = c.compile_features();
        c.find_needed_data(&stores, &station_order);
        c.check_calls_at_once(&station_order);
        c.spreads = c.compile_spreads();
        c.people = c.compile_people();
        let transfers = c.compile_transfers();
        let maintenance = c.compile_maintenance();
        let (drill, triggers) = c.compile_drill();
        let procedures = c.compile_procedures();
        let autoscale = c.compile_autoscale();
        c.check_strategies();
        c.check_expectations();
        c.check_objectives();
        c.check_menu();
        c.check_rehearsal();
        let costs = c.compile_costs();
        if c.problems.count() > 0 {
            return Err(Diagnostics(c.problems.into_found()));
        }
        c.finish_nodes();
        let of_features = c.features.iter().flat_map(|feature| feature.calls.iter().flatten());
        let mut calls = of_features.chain(c.stations.iter().flat_map(|station| &station.calls));
        let has_call_clients = calls.any(|call| call.client.is_some());
        Ok(Arc::new(World {
            has_call_clients,
            has_deep_checks: has_deep_checks(&c),
            impatience_settles_at_once: impatience_settles_at_once(scenario, has_call_clients),
            title: scenario.title.clone(),
            scenario_hash: hash(scenario),
            pick: scenario.run.clone(),
            money: c.compile_money(costs.as_ref()),
            costs,
            horizon: c.horizon,
            measured_from: Time::ZERO.after(scenario.clock.warm_up),
            node_rank: ranks(&node_order),
            node_order,
            stations_on: stations_on(&c),
            groups_of: groups_of(&c),
            felt: felt(&c, &queues, &stores, &procedures, &triggers),
            calendar: c.calendar,
            nodes: c.nodes,
            sites,
            links: c.links,
            routes: c.routes,
            shocks,
            crews,
            groups: c.groups,
            services: c.services,
            stations: c.stations,
            station_order,
            queues,
            stores,
            features: c.features,
            people: c.people,
            spreads: c.spreads,
            transfers,
            maintenance,
            drill,
            triggers,
            muted: BTreeSet::new(),
            people_decide: None,
            uplinks: c.uplinks,
            providers,
            teams,
            procedures,
            burn_rates: c.burn_rates.into_inner(),
            autoscale,
            latencies: LatencyCache::default(),
            passed: PassedCache::of_large(),
            steady: SteadyCache::default(),
            delays: DelayCache::default(),
            flow_limits: flow_limits(scenario, has_call_clients),
            assumptions: assumptions(scenario),
        }))
    }
}

/// The scenario with what this run takes: where it does not say, the first strategy, and the plan of that or the first. A
/// scenario that was read from a text says it already.
fn picked(scenario: &Scenario) -> Cow<'_, Scenario> {
    let known = |plan: &&String| scenario.maintenance.get(plan.as_str()).is_some();
    let run = &scenario.run;
    let strategy = run.strategy.clone().or_else(|| scenario.strategies.names().next().map(str::to_owned));
    let own = strategy.as_ref().and_then(|name| scenario.strategies.get(name)?.maintenance.as_ref());
    let own = own.filter(|plan| *plan == "none" || known(plan));
    let first = || scenario.maintenance.names().next().map(str::to_owned);
    let maintenance = run.maintenance.clone().or_else(|| own.cloned()).or_else(first);
    let maintenance = maintenance.filter(|plan| plan != "none" || known(&plan));
    let pick = Pick { strategy, maintenance, variant: run.variant.clone() };
    // What was read has written out its patterns; what was built in Rust may not have.
    let is_like = scenario.strategies.iter().any(|(_, strategy)| strategy.like.is_some());
    if pick == *run && !is_like {
        return Cow::Borrowed(scenario);
    }
    let mut whole = Scenario { run: pick, ..scenario.clone() };
    whole.expand_patterns();
    Cow::Owned(whole)
}

/// The rank of each node in an order of all of them.
fn ranks(order: &[NodeId]) -> Vec<u32> {
    let mut ranks = vec![0; order.len()];
    for (rank, id) in order.iter().enumerate() {
        ranks[id.at()] = rank as u32;
    }
    ranks
}

fn stations_on(c: &Compiler) -> Vec<Vec<StationId>> {
    let mut found = vec![Vec::new(); c.nodes.len()];
    for (i, station) in c.stations.iter().enumerate() {
        for id in station.gates.iter().flat_map(|g| &g.of).chain(&station.pool) {
            found[id.at()].push(StationId::new(i));
        }
    }
    found
}

fn groups_of(c: &Compiler) -> Vec<Vec<GroupId>> {
    let mut found = vec![Vec::new(); c.nodes.len()];
    for (i, group) in c.groups.iter().enumerate() {
        for member in &group.members {
            found[member.at()].push(GroupId::new(i));
        }
    }
    found
}

fn has_deep_checks(c: &Compiler) -> bool {
    let of_groups = c.groups.iter().flat_map(|group| &group.deep);
    let of_spreads = c.spreads.iter().flat_map(|spread| &spread.deep);
    c.stations.iter().map(|station| &station.deep).chain(of_groups).chain(of_spreads).any(|deep| !deep.is_empty())
}

/// What is felt, or looked at, as soon as it changes.
fn felt(
    c: &Compiler,
    queues: &[Queue],
    stores: &[Store],
    procedures: &[Procedure],
    triggers: &[(Condition, usize)],
) -> Vec<bool> {
    let mut felt: Vec<bool> = c.nodes.iter().map(|node| !matches!(node.kind, NodeKind::Component)).collect();
    for id in queues.iter().flat_map(|q| &q.gates).flat_map(|g| &g.of) {
        felt[id.at()] = true;
    }
    for keeper in stores.iter().flat_map(|store| &store.backups).filter_map(|backup| backup.keeper) {
        felt[keeper.at()] = true;
    }
    let of_procedures = procedures.iter().flat_map(|procedure| [&procedure.when, &procedure.back_when]).flatten();
    for part in of_procedures.chain(triggers.iter().map(|(when, _)| when)).flat_map(Condition::parts) {
        if let Condition::Out(id, _) = part {
            felt[id.at()] = true;
        }
    }
    let of_groups = c.groups.iter().flat_map(|group| &group.deep);
    let of_spreads = c.spreads.iter().flat_map(|spread| &spread.deep);
    let deep = c.stations.iter().map(|station| &station.deep).chain(of_groups).chain(of_spreads);
    for of in deep.flatten() {
        if let Dependency::Works(id) = of {
            felt[id.at()] = true;
        }
    }
    felt
}

/// The assumptions that bear on this run.
fn assumptions(scenario: &Scenario) -> Vec<Assumption> {
    let taken = scenario.assumptions.iter().filter(|(path, _)| is_taken(path, scenario));
    taken.map(|(path, why)| Assumption { path: path.to_owned(), why: why.clone() }).collect()
}

/// Whether an assumption bears on this run: not if it is about a strategy, plan or variant that the run does not take.
fn is_taken(path: &str, scenario: &Scenario) -> bool {
    let run = &scenario.run;
    [("strategies", &run.strategy), ("maintenance", &run.maintenance), ("variants", &run.variant)].iter().all(
        |(section, taken)| {
            let Some(rest) = path.strip_prefix(section).and_then(|p| p.strip_prefix('.')) else { return true };
            let name = rest.split('.').next().unwrap_or(rest);
            taken.as_deref() == Some(name)
        },
    )
}

/// The scenario's hash: over its content, not its layout.
fn hash(scenario: &Scenario) -> String {
    let text = serde_json::to_string(scenario).unwrap_or_default();
    format!("{:032x}", xxh3_128(text.as_bytes()))
}
