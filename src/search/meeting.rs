//! Which faults have something in common: what they hit, what stands on that, whom it calls, and who repairs it.

use crate::world::{Action, Callee, Gate, LinkId, NodeId, Place, PopId, StationId, World};
use std::collections::BTreeSet;

/// Something in a design that a fault can reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Thing {
    Node(usize),
    Service(usize),
    Queue(usize),
    Store(usize),
    Crew(usize),
}

/// For each fault, the faults that it has something in common with.
pub(super) struct Meeting(Vec<Vec<bool>>);

impl Meeting {
    /// `named` are the names that each fault hits beside what its steps say: those of crews, groups and plans.
    pub fn new(world: &World, acts: &[Vec<Action>], named: &[&[String]]) -> Meeting {
        let reached: Vec<BTreeSet<Thing>> =
            acts.iter().zip(named).map(|(acts, named)| reach(world, hit(world, acts, named))).collect();
        let meets = |a: &BTreeSet<Thing>| reached.iter().map(|b| !a.is_disjoint(b)).collect();
        Meeting(reached.iter().map(meets).collect())
    }

    /// Whether a fault of a set has something in common with another of it.
    pub fn of(&self, fault: usize, set: &[usize]) -> bool {
        set.iter().any(|other| *other != fault && self.0[fault][*other])
    }
}

/// What a fault hits itself.
fn hit(world: &World, acts: &[Action], named: &[String]) -> Vec<Thing> {
    let mut found = Vec::new();
    for action in acts {
        match action {
            Action::Crash(node, ..) | Action::FailHidden(node) | Action::Gray { node, .. } => {
                found.push(Thing::Node(node.at()));
            }
            Action::Slow(stations, ..) | Action::SlowServers { stations, .. } => {
                found.extend(stations.iter().map(|station| service_of(world, *station)));
            }
            Action::Withdraw(spread, place, _) => {
                let site = world.spreads[spread.at()].over[*place].0;
                found.push(Thing::Node(world.sites[site.at()].node.at()));
            }
            Action::Cut(link, _) => found.extend(ends(world, *link)),
            Action::Surge { people, .. } => found.extend(used_by(world, *people)),
            _ => {}
        }
    }
    if acts.is_empty() {
        for name in named {
            found.extend(world.node(name).map(|node| Thing::Node(node.at())));
            found.extend(world.crews.iter().position(|crew| crew.name == *name).map(Thing::Crew));
            if let Some(plan) = world.maintenance.iter().find(|plan| plan.name == *name) {
                found.extend(plan.takes_down.iter().map(|node| Thing::Node(node.at())));
            }
        }
    }
    found
}

fn service_of(world: &World, station: StationId) -> Thing {
    Thing::Service(world.stations[station.at()].service.at())
}

/// A cut moves routes: it hits every site that has a link.
fn ends(world: &World, _: LinkId) -> Vec<Thing> {
    let sites = world.links.iter().flat_map(|link| [link.ends.0, link.ends.1]);
    sites.map(|site| Thing::Node(world.sites[site.at()].node.at())).collect()
}

fn used_by(world: &World, people: PopId) -> Vec<Thing> {
    let uses = &world.people[people.at()].uses;
    let calls = uses.iter().flat_map(|(feature, _)| world.features[feature.at()].calls.iter().flatten());
    calls.map(|call| Thing::Service(call.service.at())).collect()
}

/// Everything that hangs on these.
fn reach(world: &World, from: Vec<Thing>) -> BTreeSet<Thing> {
    let mut reached = BTreeSet::new();
    let mut next = from;
    while let Some(thing) = next.pop() {
        if reached.insert(thing) {
            next.extend(hangs_on(world, thing));
        }
    }
    reached
}

fn hangs_on(world: &World, thing: Thing) -> Vec<Thing> {
    match thing {
        Thing::Node(node) => on_node(world, NodeId::new(node)),
        Thing::Service(service) => on_service(world, service),
        Thing::Crew(crew) => {
            let repaired = |repair: &crate::world::Repair| repair.crew.is_some_and(|known| known.at() == crew);
            let nodes = world.nodes.iter().enumerate();
            nodes.filter(|(_, node)| node.repair.as_ref().is_some_and(repaired)).map(|(i, _)| Thing::Node(i)).collect()
        }
        Thing::Queue(_) | Thing::Store(_) => Vec::new(),
    }
}

fn on_node(world: &World, id: NodeId) -> Vec<Thing> {
    let node = &world.nodes[id.at()];
    let stands_on = |gates: &[Gate]| gates.iter().any(|gate| gate.of.contains(&id));
    let mut found: Vec<Thing> = node.watched_by.iter().map(|above| Thing::Node(above.at())).collect();
    found.extend(world.stations_on[id.at()].iter().map(|station| service_of(world, *station)));
    let here = |place: &Place| match place {
        Place::Site(site) => world.sites[site.at()].node == id,
        Place::Group(group) => world.groups[group.at()].node == id,
        Place::Spread(spread) => {
            let mut over = world.spreads[spread.at()].over.iter();
            over.any(|(site, _)| world.sites[site.at()].node == id)
        }
    };
    for group in &world.groups_of[id.at()] {
        found.push(Thing::Node(world.groups[group.at()].node.at()));
    }
    // Who is led by a group comes to the sites of its other members.
    if let Some(group) = world.groups.iter().find(|group| group.node == id) {
        let sites = || group.sites.iter().flatten();
        let stations = world.stations.iter().filter(|station| sites().any(|site| *site == station.site));
        found.extend(stations.map(|station| Thing::Service(station.service.at())));
        let mechanism = group.failover.as_ref().and_then(|failover| failover.mechanism);
        found.extend(mechanism.map(|node| Thing::Node(node.at())));
    }
    // What a mechanism does, its group needs.
    let moved = |group: &&crate::world::Group| group.failover.as_ref().is_some_and(|f| f.mechanism == Some(id));
    found.extend(world.groups.iter().filter(moved).map(|group| Thing::Node(group.node.at())));
    for (i, queue) in world.queues.iter().enumerate() {
        if here(&queue.place) || stands_on(&queue.gates) {
            found.push(Thing::Queue(i));
        }
    }
    for (i, store) in world.stores.iter().enumerate() {
        let replica = store.replicas.iter().any(|(site, _)| world.sites[site.at()].node == id);
        if here(&store.primary) || replica {
            found.push(Thing::Store(i));
        }
    }
    found.extend(node.repair.as_ref().and_then(|repair| repair.crew).map(|crew| Thing::Crew(crew.at())));
    found
}

fn on_service(world: &World, id: usize) -> Vec<Thing> {
    let service = &world.services[id];
    let mut found: Vec<Thing> = service.feeds.iter().map(|(queue, _)| Thing::Queue(queue.at())).collect();
    found.extend(service.writes.iter().map(|(store, _)| Thing::Store(store.at())));
    let to_it = |callee: &Callee| match callee {
        Callee::Station(station) => world.stations[station.at()].service.at() == id,
        Callee::Active(_, stations) => stations.iter().flatten().any(|s| world.stations[s.at()].service.at() == id),
    };
    // Who calls it waits for it; whom it calls gets its load, or does not.
    for station in &world.stations {
        if station.calls.iter().any(|call| to_it(&call.callee)) {
            found.push(Thing::Service(station.service.at()));
        }
        if station.service.at() == id {
            found.extend(station.calls.iter().map(|call| Thing::Service(call.service.at())));
        }
    }
    let after = world.services.iter().enumerate().filter(|(_, s)| s.starts_after.iter().any(|other| other.at() == id));
    found.extend(after.map(|(i, _)| Thing::Service(i)));
    let needed = world.queues.iter().enumerate().filter(|(_, queue)| queue.needs.iter().any(|s| s.at() == id));
    found.extend(needed.map(|(i, _)| Thing::Queue(i)));
    found
}
