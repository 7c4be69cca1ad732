//! From a scenario to a world: resolve, check, lay out. Every mistake is collected; nothing stops at the first.

use super::calendar::Calendar;
use super::resolve::{Names, Problems};
use super::*;
use crate::scenario::{self, Code, Scenario};
use jiff::tz::TimeZone;
use petgraph::algo::{tarjan_scc, toposort};
use petgraph::graph::{DiGraph, NodeIndex};
use xxhash_rust::xxh3::xxh3_128;

/// Every name of the file by kind.
pub(super) struct Tables {
    pub nodes: Names,
    pub sites: Names,
    pub groups: Names,
    pub crews: Names,
    pub services: Names,
    pub queues: Names,
    pub stores: Names,
    pub features: Names,
    pub people: Names,
}

pub(super) fn compile(scenario: &Scenario) -> Result<World, Diagnostics> {
    let mut problems = Problems::new(scenario);
    let p = &mut problems;
    if scenario.format != scenario::FORMAT {
        p.add(Code::Format, "format", format!("format {} is not known", scenario.format), "write format: 1");
    }
    check::sizes(scenario, p);
    if p.found.iter().any(|d| d.code == Code::TooMany) {
        return Err(Diagnostics(problems.found));
    }
    let tables = Tables {
        nodes: Names::of(
            &[
                ("sites", scenario.sites.names().collect()),
                ("components", scenario.components.names().collect()),
                ("groups", scenario.groups.names().collect()),
            ],
            p,
        ),
        sites: Names::section("sites", &scenario.sites, &mut Problems::new(scenario)),
        groups: Names::section("groups", &scenario.groups, &mut Problems::new(scenario)),
        crews: Names::section("crews", &scenario.crews, p),
        services: Names::section("services", &scenario.services, p),
        queues: Names::section("queues", &scenario.queues, p),
        stores: Names::section("stores", &scenario.stores, p),
        features: Names::section("features", &scenario.features, p),
        people: Names::section("people", &scenario.people, p),
    };
    for (section, names) in [
        ("common_cause", scenario.common_cause.names().collect::<Vec<_>>()),
        ("weeks", scenario.weeks.names().collect()),
        ("transfers", scenario.transfers.names().collect()),
        ("strategies", scenario.strategies.names().collect()),
        ("maintenance", scenario.maintenance.names().collect()),
        ("variants", scenario.variants.names().collect()),
        ("providers", scenario.providers.names().collect()),
        ("teams", scenario.teams.names().collect()),
        ("recordings", Vec::new()),
    ] {
        Names::of(&[(section, names)], p);
    }
    let calendar = calendar(scenario, p);
    let horizon = Time::ZERO.after(scenario.clock.horizon);
    let links = links(scenario, &tables, p);
    let uplinks = uplinks(&links, tables.sites.len());
    let providers = measures::providers(scenario, &calendar, horizon, p);
    let teams = measures::teams(scenario, &calendar, horizon, p);
    let routes = Routes::new(tables.sites.len(), &links, |_| true);
    let mut nodes = nodes::nodes(scenario, &tables, p);
    let node_order = nodes::order(scenario, &nodes, p);
    nodes::watchers(&mut nodes);
    let sites = sorted(&scenario.sites)
        .map(|(name, site)| Site {
            name: name.to_owned(),
            node: NodeId::new(tables.nodes.get(name).unwrap_or(0)),
            provider: site.provider.clone(),
            provider_id: site.provider.as_ref().and_then(|name| providers.iter().position(|p| &p.name == name)),
        })
        .collect();
    let shocks = nodes::shocks(scenario, &tables, &mut nodes, p);
    let crews = sorted(&scenario.crews)
        .map(|(name, crew)| {
            p.range(
                format!("crews.{name}.at_once"),
                crew.at_once > 0,
                "a crew that does no repair at once never repairs anything",
                "write at least 1",
            );
            Crew {
                name: name.to_owned(),
                at_once: crew.at_once.max(1),
                arrives: crew.arrives.as_ref().and_then(|d| nodes::sampler(d, &format!("crews.{name}.arrives"), p)),
            }
        })
        .collect();
    let groups = response::groups(scenario, &tables, &calendar, &nodes, p);
    let mut services = demand::services(scenario, &tables, p);
    let stations = demand::stations(scenario, &tables, &groups, &routes, &mut services, p);
    let station_order = demand::order(&services, &stations, p);
    let queues = demand::queues(scenario, &tables, p);
    let stores = demand::stores(scenario, &tables, p);
    let features = demand::features(scenario, &tables, &groups, &routes, &stations, &services, p);
    demand::at_once(&services, &stations, &station_order, &features, p);
    let people = people::people(scenario, &tables, &calendar, horizon, &groups, &features, p);
    let transfers = transfers(scenario, &tables, &routes, p);
    let maintenance = response::maintenance(scenario, &tables, &calendar, horizon, p);
    let known = measures::Known {
        scenario,
        tables: &tables,
        calendar: &calendar,
        horizon,
        links: &links,
        uplinks: &uplinks,
        services: &services,
        stations: &stations,
        people: &people,
    };
    let (drill, triggers) = response::drill(&known, &nodes, p);
    let procedures = measures::procedures(&known, p);
    let autoscale = measures::autoscale(&known, p);
    response::strategies(scenario, &tables, &calendar, &nodes, p);
    response::expectations(scenario, &tables, &calendar, horizon, p);
    goals::objectives(scenario, &tables, p);
    let costs = goals::costs(scenario, p);
    if !problems.found.is_empty() {
        return Err(Diagnostics(problems.found));
    }
    // A pool gives what servers it has: it works while one of them does, unless the file says otherwise.
    for pool in stations.iter().filter_map(|s| s.pool) {
        if scenario.components.get(&nodes[pool.at()].name).is_some_and(|c| c.needs.is_none()) {
            nodes[pool.at()].needs = 1;
        }
    }
    let mut node_rank = vec![0; nodes.len()];
    for (rank, id) in node_order.iter().enumerate() {
        node_rank[id.at()] = rank as u32;
    }
    let mut stations_on = vec![Vec::new(); nodes.len()];
    for (i, station) in stations.iter().enumerate() {
        for id in station.gates.iter().flat_map(|g| &g.of).chain(&station.pool) {
            stations_on[id.at()].push(StationId::new(i));
        }
    }
    let mut groups_of = vec![Vec::new(); nodes.len()];
    for (i, group) in groups.iter().enumerate() {
        for member in &group.members {
            groups_of[member.at()].push(GroupId::new(i));
            nodes[member.at()].watched_by.push(group.node);
        }
    }
    let mut felt = vec![false; nodes.len()];
    for id in queues.iter().flat_map(|q| &q.gates).flat_map(|g| &g.of) {
        felt[id.at()] = true;
    }
    for (i, node) in nodes.iter().enumerate() {
        felt[i] |= !matches!(node.kind, NodeKind::Component);
    }
    Ok(World {
        title: scenario.title.clone(),
        scenario_hash: hash(scenario),
        pick: scenario.run.clone(),
        costs,
        horizon,
        measured_from: Time::ZERO.after(scenario.clock.warm_up),
        calendar,
        nodes,
        node_order,
        node_rank,
        stations_on,
        groups_of,
        felt,
        sites,
        links,
        routes,
        shocks,
        crews,
        groups,
        services,
        stations,
        station_order,
        queues,
        stores,
        features,
        people,
        transfers,
        maintenance,
        drill,
        triggers,
        muted: BTreeSet::new(),
        uplinks,
        providers,
        teams,
        procedures,
        autoscale,
        latencies: LatencyCache::default(),
        steady: SteadyCache::default(),
        delays: DelayCache::default(),
        flow_limits: beyond::flow_limits(scenario),
        assumptions: scenario
            .assumptions
            .iter()
            .filter(|(path, _)| is_taken(path, scenario))
            .map(|(path, why)| Assumption { path: path.to_owned(), why: why.clone() })
            .collect(),
    })
}

/// Things in the order of their names; of two with one name the first.
pub(super) fn sorted<T>(named: &scenario::Named<T>) -> impl Iterator<Item = (&str, &T)> {
    let mut pairs: Vec<(&str, &T)> = named.iter().collect();
    pairs.sort_by_key(|(name, _)| *name);
    pairs.dedup_by_key(|(name, _)| *name);
    pairs.into_iter()
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
pub(crate) fn hash(scenario: &Scenario) -> String {
    let text = serde_json::to_string(scenario).unwrap_or_default();
    format!("{:032x}", xxh3_128(text.as_bytes()))
}

fn calendar(scenario: &Scenario, p: &mut Problems) -> Calendar {
    let zone = zone(&scenario.clock.zone, "clock.zone", p);
    match Calendar::new(&scenario.clock.from, &scenario.clock.zone, zone) {
        Ok(calendar) => calendar,
        Err((reason, fix)) => {
            p.add(Code::Time, "clock.from", reason, fix);
            Calendar { start: jiff::Timestamp::UNIX_EPOCH, zone: TimeZone::UTC, zone_name: "UTC".to_owned() }
        }
    }
}

/// A time zone of the bundled database.
pub(super) fn zone(name: &str, path: &str, p: &mut Problems) -> TimeZone {
    TimeZone::get(name).unwrap_or_else(|_| {
        let known: Vec<String> = jiff::tz::db().available().map(|n| n.to_string()).collect();
        let fix = match scenario::diagnostics::did_you_mean(name, known.iter().map(String::as_str)) {
            Some(close) => format!("did you mean \"{close}\"?"),
            None => "write a zone of the IANA database like \"Europe/Oslo\"".to_owned(),
        };
        p.add(Code::Zone, path, format!("there is no time zone called \"{name}\""), fix);
        TimeZone::UTC
    })
}

fn links(scenario: &Scenario, tables: &Tables, p: &mut Problems) -> Vec<Link> {
    let mut links = Vec::new();
    for (i, link) in scenario.links.iter().enumerate() {
        let path = format!("links.{i}");
        let from = tables.sites.find(&link.between.0, "site", format!("{path}.between.0"), p);
        let to = tables.sites.find(&link.between.1, "site", format!("{path}.between.1"), p);
        if link.between.0 == link.between.1 {
            p.add(
                Code::Contradiction,
                format!("{path}.between"),
                "a link joins two sites, not one to itself",
                "name two sites",
            );
        }
        if let Some(bandwidth) = link.bandwidth {
            p.range(
                format!("{path}.bandwidth"),
                bandwidth.0 > 0.0,
                "a link without capacity carries nothing",
                "write a bandwidth above zero, or cut the link in the drill",
            );
        }
        if let (Some(from), Some(to)) = (from, to) {
            let (from, to, first, second) = if link.between.0 <= link.between.1 {
                (from, to, &link.between.0, &link.between.1)
            } else {
                (to, from, &link.between.1, &link.between.0)
            };
            links.push(Link {
                name: format!("{first}–{second}"),
                ends: (SiteId::new(from), SiteId::new(to)),
                rtt: link.rtt,
                bandwidth_bps: link.bandwidth.map_or(f64::INFINITY, |b| b.0),
                loss: link.loss.0,
                jitter: link.jitter,
            });
        }
    }
    for (name, site) in sorted(&scenario.sites) {
        let Some(uplink) = site.uplink else { continue };
        p.range(
            format!("sites.{name}.uplink"),
            uplink.0 > 0.0,
            "an uplink without capacity lets nobody in",
            "write a bandwidth above zero",
        );
        let id = SiteId::new(tables.sites.get(name).unwrap_or(0));
        links.push(Link {
            name: format!("{name} uplink"),
            ends: (id, id),
            rtt: Duration::ZERO,
            bandwidth_bps: uplink.0,
            loss: 0.0,
            jitter: Duration::ZERO,
        });
    }
    links.sort_by(|a, b| (&a.name, a.rtt).cmp(&(&b.name, b.rtt)).then(a.bandwidth_bps.total_cmp(&b.bandwidth_bps)));
    links
}

/// The uplink of each site.
fn uplinks(links: &[Link], sites: usize) -> Vec<Option<LinkId>> {
    let mut found = vec![None; sites];
    for (i, link) in links.iter().enumerate().filter(|(_, link)| link.ends.0 == link.ends.1) {
        found[link.ends.0.at()] = Some(LinkId::new(i));
    }
    found
}

fn transfers(scenario: &Scenario, tables: &Tables, routes: &Routes, p: &mut Problems) -> Vec<Transfer> {
    let mut found = Vec::new();
    for (name, transfer) in sorted(&scenario.transfers) {
        let path = format!("transfers.{name}");
        p.range(
            format!("{path}.weight"),
            transfer.weight.is_finite() && transfer.weight > 0.0,
            "a weight must be above zero",
            "write a weight like 1",
        );
        let from = tables.sites.find(&transfer.from, "site", format!("{path}.from"), p);
        let to = tables.sites.find(&transfer.to, "site", format!("{path}.to"), p);
        if let (Some(from), Some(to)) = (from, to) {
            let ends = (SiteId::new(from), SiteId::new(to));
            if ends.0 == ends.1 {
                p.add(
                    Code::Contradiction,
                    format!("{path}.to"),
                    "a transfer from a site to itself crosses no link",
                    "name two sites",
                );
            } else if routes.between(ends.0, ends.1).is_none() {
                no_route(p, &format!("{path}.to"), &transfer.from, &transfer.to);
            }
            found.push(Transfer {
                name: name.to_owned(),
                ends,
                demand_bps: transfer.demand.0,
                weight: transfer.weight,
            });
        }
    }
    found
}

pub(super) fn no_route(p: &mut Problems, path: &str, from: &str, to: &str) {
    p.add(
        Code::NoRoute,
        path,
        format!("there is no route from \"{from}\" to \"{to}\""),
        format!("add a link, like (between: (\"{from}\", \"{to}\"), rtt: \"20ms\")"),
    );
}

/// A topological order of a graph over `0..n`, or the members of each of its circles.
pub(super) fn cycle(n: usize, edges: impl Iterator<Item = (usize, usize)>) -> Result<Vec<usize>, Vec<Vec<usize>>> {
    let mut graph = DiGraph::<(), ()>::new();
    for _ in 0..n {
        graph.add_node(());
    }
    for (from, to) in edges {
        graph.update_edge(NodeIndex::new(from), NodeIndex::new(to), ());
    }
    match toposort(&graph, None) {
        Ok(order) => Ok(order.into_iter().map(NodeIndex::index).collect()),
        Err(_) => {
            let looped = tarjan_scc(&graph).into_iter().filter(|c| c.len() > 1 || graph.contains_edge(c[0], c[0]));
            let mut circles: Vec<Vec<usize>> = looped.map(|c| c.into_iter().map(NodeIndex::index).collect()).collect();
            circles.iter_mut().for_each(|members| members.sort_unstable());
            circles.sort_unstable();
            Err(circles)
        }
    }
}

/// "a, b and c", cut off where it gets long.
pub(super) fn listed<'n>(names: impl Iterator<Item = &'n str>) -> String {
    const NAMES_MAX: usize = 12;
    let names: Vec<String> = names.map(|n| format!("\"{n}\"")).collect();
    match names.len() {
        0 => "none".to_owned(),
        1 => names[0].clone(),
        n if n > NAMES_MAX => format!("{} and {} more", names[..NAMES_MAX].join(", "), n - NAMES_MAX),
        n => format!("{} and {}", names[..n - 1].join(", "), names[n - 1]),
    }
}
