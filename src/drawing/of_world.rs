//! What is drawn of a world.

use super::model::{
    Call, Crowd, Drawing, GroupDrawn, LinkDrawn, Moves, Part, Person, QueueDrawn, Role, ServiceDrawn, SiteDrawn,
    StoreDrawn, Thing,
};
use super::single_points::single_points;
use super::spread::SpreadDrawn;
use crate::world::{
    Callee, Decide, Effect, Gate, Group, GroupId, LinkId, NodeId, NodeKind, Place, PopId, QueueId, ReplicaKind, SiteId,
    SpreadId, StationId, StoreId, World,
};
use std::collections::{BTreeMap, BTreeSet};

impl Drawing {
    /// A design as it is at the start of its runs.
    pub fn new(world: &World) -> Drawing {
        let depths = depths(world);
        let pick = &world.pick;
        let named = |what: &str, name: &Option<String>| name.as_ref().map(|name| format!("{what} {name}"));
        let picked = [
            named("strategy", &pick.strategy),
            named("maintenance", &pick.maintenance),
            named("variant", &pick.variant),
        ];
        Drawing {
            title: world.title.clone(),
            pick: picked.into_iter().flatten().collect(),
            sites: (0..world.sites.len()).map(|site| drawn_site(world, SiteId::new(site), &depths)).collect(),
            elsewhere: parts(world, None),
            groups: (0..world.groups.len()).map(|group| drawn_group(world, GroupId::new(group))).collect(),
            crowds: crowds(world),
            links: links(world),
            calls: calls(world),
            stands_on: stands_on(world),
            single_points: single_points(world),
        }
    }
}

/// Where something is at the start.
fn site_of(world: &World, place: Place) -> Option<SiteId> {
    match place {
        Place::Site(site) => Some(site),
        Place::Group(group) => world.groups[group.at()].sites[0],
        // Only people are spread.
        Place::Spread(_) => None,
    }
}

/// For each service how many calls there are on the way to it, at most.
fn depths(world: &World) -> Vec<usize> {
    let mut depths = vec![0; world.services.len()];
    for id in &world.station_order {
        let station = &world.stations[id.at()];
        for call in &station.calls {
            let below = depths[station.service.at()] + 1;
            depths[call.service.at()] = below.max(depths[call.service.at()]);
        }
    }
    depths
}

fn drawn_site(world: &World, id: SiteId, depths: &[usize]) -> SiteDrawn {
    let site = &world.sites[id.at()];
    let mut services: Vec<ServiceDrawn> = (world.stations.iter().enumerate())
        .filter(|(_, station)| station.site == id)
        .map(|(index, station)| ServiceDrawn {
            id: StationId::new(index),
            name: world.services[station.service.at()].name.clone(),
            servers: station.pool.map_or(station.servers, |pool| world.nodes[pool.at()].count),
            workers: station.workers,
            depth: depths[station.service.at()],
        })
        .collect();
    services.sort_by_key(|service| service.depth);
    let queues = world.queues.iter().enumerate().filter(|(_, queue)| site_of(world, queue.place) == Some(id));
    let uplink = world.uplinks[id.at()].map(|link| (link, world.links[link.at()].bandwidth_bps));
    SiteDrawn {
        id,
        node: site.node,
        name: site.name.clone(),
        provider: site.provider.clone(),
        uplink: uplink.filter(|(_, bandwidth)| bandwidth.is_finite()),
        services,
        parts: parts(world, Some(id)),
        stores: stores(world, id),
        queues: queues.map(|(i, queue)| QueueDrawn { id: QueueId::new(i), name: queue.name.clone() }).collect(),
    }
}

fn parts(world: &World, at: Option<SiteId>) -> Vec<Part> {
    let here = world.nodes.iter().enumerate().filter(|(_, node)| node.kind == NodeKind::Component && node.site == at);
    here.map(|(index, node)| Part {
        node: NodeId::new(index),
        name: node.name.clone(),
        count: node.count,
        needs: node.needs,
    })
    .collect()
}

fn stores(world: &World, at: SiteId) -> Vec<StoreDrawn> {
    let role = |kind: ReplicaKind| match kind {
        ReplicaKind::Sync => Role::Sync,
        ReplicaKind::SemiSync(..) => Role::SemiSync,
        ReplicaKind::Async(..) => Role::Async,
        ReplicaKind::Shipped(..) => Role::Shipped,
    };
    let has = |store: &crate::world::Store| match site_of(world, store.primary) == Some(at) {
        true => Some(Role::Primary),
        false => store.replicas.iter().find(|(site, _)| *site == at).map(|(_, kind)| role(*kind)),
    };
    let all = world.stores.iter().enumerate();
    all.filter_map(|(index, store)| {
        let role = has(store)?;
        let group = match store.primary {
            Place::Group(group) => Some(group),
            Place::Site(_) | Place::Spread(_) => None,
        };
        Some(StoreDrawn { id: StoreId::new(index), name: store.name.clone(), role, group })
    })
    .collect()
}

fn drawn_group(world: &World, id: GroupId) -> GroupDrawn {
    let group = &world.groups[id.at()];
    let is_part = |member: &NodeId| world.nodes[member.at()].kind == NodeKind::Component;
    let alike = group.sites.iter().all(|site| *site == group.sites[0]);
    GroupDrawn {
        id,
        node: group.node,
        name: group.name.clone(),
        members: group.members.iter().map(|member| (*member, world.name_of_node(*member).to_owned())).collect(),
        sites: group.sites.clone(),
        moves: moves(world, id, group),
        inside: group.sites[0].filter(|_| alike && group.members.iter().all(is_part)),
    }
}

fn moves(world: &World, id: GroupId, group: &Group) -> Moves {
    let waiting = world.procedures.iter().filter(|procedure| procedure.at.is_none());
    let mut orders = waiting.flat_map(|procedure| &procedure.actions);
    let ordered = orders.any(|effect| matches!(effect, Effect::SwitchOver(of, _) if *of == id));
    let Some(policy) = &group.failover else {
        return if ordered { Moves::People } else { Moves::Nobody };
    };
    let in_vain =
        policy.fails_on_demand >= 1.0 || policy.before.iter().chain(&policy.verify).any(|phase| phase.fails >= 1.0);
    match (&policy.decide, in_vain, &policy.by_hand) {
        (_, true, Some(_)) | (Decide::People(..), false, _) => Moves::People,
        (_, true, None) if ordered => Moves::People,
        (_, true, None) => Moves::InVain,
        (_, false, _) => Moves::Automatic,
    }
}

/// Who serves people: kinds of places, in the order of the drawing.
const OF_SITE: u8 = 0;
const OF_GROUP: u8 = 1;
const OF_SPREAD: u8 = 2;

/// People by who serves them: the larger crowds first.
fn crowds(world: &World) -> Vec<Crowd> {
    let mut by_place: BTreeMap<(u8, usize), Vec<Person>> = BTreeMap::new();
    for (index, population) in world.people.iter().enumerate() {
        let key = match population.served_by {
            Place::Site(site) => (OF_SITE, site.at()),
            Place::Group(group) => (OF_GROUP, group.at()),
            Place::Spread(spread) => (OF_SPREAD, spread.at()),
        };
        let person = Person { id: PopId::new(index), name: population.name.clone(), users: population.users };
        by_place.entry(key).or_default().push(person);
    }
    let crowd = |((of, at), mut people): ((u8, usize), Vec<Person>)| {
        people.sort_by(|a, b| b.users.total_cmp(&a.users));
        if of == OF_SPREAD {
            let spread = &world.spreads[at];
            let drawn = SpreadDrawn::new(world, SpreadId::new(at));
            let mut sites = spread.over.iter().map(|(site, _)| *site);
            return Crowd {
                served_by: spread.name.clone(),
                group: None,
                spread: Some(drawn),
                site: sites.next(),
                others: sites.collect(),
                people,
            };
        }
        if of == OF_SITE {
            let site = &world.sites[at];
            return Crowd {
                served_by: site.name.clone(),
                group: None,
                spread: None,
                site: Some(SiteId::new(at)),
                others: Vec::new(),
                people,
            };
        }
        let group = &world.groups[at];
        let can_move = matches!(moves(world, GroupId::new(at), group), Moves::Automatic | Moves::People);
        let others: BTreeSet<SiteId> = group.sites.iter().skip(1).flatten().copied().filter(|_| can_move).collect();
        Crowd {
            served_by: group.name.clone(),
            group: Some(GroupId::new(at)),
            spread: None,
            site: group.sites[0],
            others: others.into_iter().filter(|site| Some(*site) != group.sites[0]).collect(),
            people,
        }
    };
    by_place.into_iter().map(crowd).collect()
}

fn links(world: &World) -> Vec<LinkDrawn> {
    let between = world.links.iter().enumerate().filter(|(_, link)| link.ends.0 != link.ends.1);
    between
        .map(|(index, link)| LinkDrawn {
            id: LinkId::new(index),
            ends: link.ends,
            rtt: link.rtt,
            bandwidth_bps: link.bandwidth_bps,
        })
        .collect()
}

/// Calls, each pair once: hard where one of them is.
fn calls(world: &World) -> Vec<Call> {
    let mut found: BTreeMap<(StationId, StationId), bool> = BTreeMap::new();
    for (index, station) in world.stations.iter().enumerate() {
        for call in &station.calls {
            let callee = match &call.callee {
                Callee::Station(to) => Some(*to),
                Callee::Active(_, by_member) => by_member.first().copied().flatten(),
            };
            if let Some(to) = callee {
                *found.entry((StationId::new(index), to)).or_default() |= call.hard;
            }
        }
    }
    found.into_iter().map(|((from, to), hard)| Call { from, to, hard }).collect()
}

fn stands_on(world: &World) -> Vec<(Thing, NodeId)> {
    let mut found = BTreeSet::new();
    let below = |gates: &[Gate]| -> Vec<NodeId> {
        let all = gates.iter().flat_map(|gate| &gate.of).copied();
        all.filter(|id| !matches!(world.nodes[id.at()].kind, NodeKind::Site(_))).collect()
    };
    for (index, station) in world.stations.iter().enumerate() {
        let on = below(&station.gates).into_iter().chain(station.pool);
        found.extend(on.map(|id| (Thing::Station(StationId::new(index)), id)));
    }
    for (index, node) in world.nodes.iter().enumerate().filter(|(_, node)| node.kind == NodeKind::Component) {
        found.extend(below(&node.gates).into_iter().map(|id| (Thing::Node(NodeId::new(index)), id)));
    }
    for (index, queue) in world.queues.iter().enumerate() {
        found.extend(below(&queue.gates).into_iter().map(|id| (Thing::Queue(QueueId::new(index)), id)));
    }
    for (index, store) in world.stores.iter().enumerate() {
        if let (Place::Group(group), Some(site)) = (store.primary, site_of(world, store.primary)) {
            found.insert((Thing::Store(StoreId::new(index), site), world.groups[group.at()].node));
        }
    }
    found.into_iter().collect()
}
