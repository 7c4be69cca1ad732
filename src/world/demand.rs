//! Compiling services, stations, queues, stores and features, and the calls between them.

use super::compile::{Tables, cycle, listed, no_route, sorted};
use super::nodes::{component, gate, sampler};
use crate::queueing::{Residual, Strata};
use crate::scenario::{self, Code, Named, Scenario};
use crate::world::resolve::Problems;
use crate::world::*;
use crate::world::{balancer, check, client};

pub fn services(scenario: &Scenario, tables: &Tables, p: &mut Problems) -> Vec<Service> {
    let mut found = Vec::new();
    for (name, service) in sorted(&scenario.services) {
        let path = format!("services.{name}");
        let takes = sampler(&service.takes, &format!("{path}.takes"), p).unwrap_or(Sampler::Fixed(0.0));
        if service.takes.problem().is_none() && service.takes.mean_s() > 86_400.0 * 365.0 {
            p.add(
                Code::OutOfRange,
                format!("{path}.takes"),
                "one request takes more than a year",
                "give a shorter service time",
            );
        }
        if service.runs_at.is_empty() {
            p.add(
                Code::NeverActs,
                format!("{path}.runs_at"),
                "a service that runs nowhere",
                "name a site, like {\"oslo\": (servers: 4)}",
            );
        }
        let starts_after = (service.starts_after.iter().enumerate())
            .filter_map(|(i, other)| tables.services.find(other, "service", format!("{path}.starts_after.{i}"), p))
            .map(ServiceId::new)
            .collect();
        if let Some(warm) = &service.warms {
            p.range(
                format!("{path}.warms.slower"),
                (1.0..=1_000.0).contains(&warm.slower.0),
                "a cold cache makes requests slower, not faster",
                "write a factor from x1 to x1000",
            );
        }
        found.push(Service {
            name: name.to_owned(),
            stations: Vec::new(),
            takes_mean_s: if service.takes.problem().is_none() { service.takes.mean_s() } else { 0.0 },
            strata: Strata::of(&takes),
            residual: Residual::of(&takes),
            takes_scv: if service.takes.problem().is_none() { service.takes.scv() } else { 0.0 },
            takes,
            waiting_max: service.queue,
            in_flight_max: in_flight_max(service, &path, p),
            rate_limit: rate_limit(service, &path, p),
            discipline: discipline(service, &path, p),
            sheds: match service.sheds {
                scenario::Sheds::Alike => None,
                scenario::Sheds::ByPriority { optional_up_to } => Some(optional_up_to.0),
            },
            balancer: balancer::balancer(service, &path, scenario.clock.horizon, p),
            at_once: service.at_once,
            cache: cache(service, &path, p),
            holds: service.holds,
            writes: per_request(&service.writes, &format!("{path}.writes"), &tables.stores, "store", p)
                .into_iter()
                .map(|(id, n)| (StoreId::new(id), n))
                .collect(),
            feeds: per_request(&service.feeds, &format!("{path}.feeds"), &tables.queues, "queue", p)
                .into_iter()
                .map(|(id, n)| (QueueId::new(id), n))
                .collect(),
            starts_in: service.starts_in,
            starts_after,
            rides_out: service.rides_out,
            warms: service.warms.as_ref().map(|w| (w.takes, w.slower.0)),
        });
    }
    start_cycle(&found, p);
    found
}

fn in_flight_max(service: &scenario::Service, path: &str, p: &mut Problems) -> Option<u64> {
    p.range(
        format!("{path}.in_flight_max"),
        service.in_flight_max != Some(0),
        "a service with nothing in flight answers nobody",
        "write at least 1",
    );
    service.in_flight_max
}

fn rate_limit(service: &scenario::Service, path: &str, p: &mut Problems) -> Option<RateLimit> {
    let limit = service.rate_limit?;
    p.range(
        format!("{path}.rate_limit.rate"),
        limit.rate.0 > 0.0,
        "a rate limit of nothing lets nobody in",
        "give a rate above zero",
    );
    p.range(
        format!("{path}.rate_limit.burst"),
        limit.burst > 0,
        "a bucket that holds no token lets nobody in",
        "write at least 1",
    );
    Some(RateLimit { per_s: limit.rate.0, burst: limit.burst })
}

fn discipline(service: &scenario::Service, path: &str, p: &mut Problems) -> Discipline {
    match service.discipline {
        scenario::Discipline::Fifo => Discipline::Fifo,
        scenario::Discipline::Lifo => Discipline::Lifo,
        scenario::Discipline::Priority => Discipline::Priority,
        scenario::Discipline::ProcessorSharing => {
            if service.queue.is_some() {
                p.add(
                    Code::Contradiction,
                    format!("{path}.queue"),
                    "with processor_sharing nobody waits, so that no queue gets full",
                    "limit it with in_flight_max:, or leave this out",
                );
            }
            Discipline::ProcessorSharing
        }
        scenario::Discipline::Codel { target, interval } => {
            p.range(
                format!("{path}.discipline.target"),
                target.0 > 0,
                "with a target of zero every wait is too long",
                "give a target above zero, like \"5ms\"",
            );
            p.range(
                format!("{path}.discipline.interval"),
                interval >= target,
                format!("the interval of {interval} is shorter than the target of {target}"),
                "give a longer interval: about twenty targets",
            );
            Discipline::Codel { target, interval }
        }
    }
}

fn cache(service: &scenario::Service, path: &str, p: &mut Problems) -> Option<Cache> {
    let scenario::Cache { keys, zipf, holds } = service.cache?;
    let path = format!("{path}.cache");
    p.range(
        format!("{path}.keys"),
        (1..=check::CACHE_KEYS_MAX).contains(&keys),
        format!("{keys} keys"),
        format!("write from 1 to {}", check::CACHE_KEYS_MAX),
    );
    p.range(
        format!("{path}.zipf"),
        (0.0..=3.0).contains(&zipf),
        format!("the exponent {zipf} is not between 0 and 3"),
        "write 0 where all keys are wanted alike, about 1 for the web",
    );
    p.range(
        format!("{path}.holds"),
        (1..=keys.max(1)).contains(&holds),
        format!("a cache that holds {holds} of {keys} keys"),
        "write from 1 to the number of keys",
    );
    if service.calls.is_empty() {
        p.add(
            Code::NeverActs,
            path,
            "a cache in front of no calls saves nothing",
            "give the service calls, or leave the cache out",
        );
    }
    Some(Cache { keys, zipf, holds })
}

fn start_cycle(services: &[Service], p: &mut Problems) {
    let edges = services.iter().enumerate().flat_map(|(i, s)| s.starts_after.iter().map(move |a| (a.at(), i)));
    for members in cycle(services.len(), edges).err().unwrap_or_default() {
        let names = listed(members.iter().map(|&i| services[i].name.as_str()));
        let reason = match members.as_slice() {
            [_] => format!("{names} waits for itself to start"),
            _ => format!("these wait for each other to start: {names}"),
        };
        p.add(
            Code::Cycle,
            format!("services.{}.starts_after", services[members[0]].name),
            reason,
            "let one of them start on its own",
        );
    }
}

/// `{"name": number}` per request.
fn per_request(
    named: &Named<f64>,
    path: &str,
    names: &crate::world::resolve::Names,
    kind: &str,
    p: &mut Problems,
) -> Vec<(usize, f64)> {
    let mut found = Vec::new();
    for (name, &number) in sorted(named) {
        let place = format!("{path}.{name}");
        p.range(
            place.clone(),
            number.is_finite() && (0.0..=1e6).contains(&number),
            format!("{number} per request makes no sense"),
            "write a number from 0 to 1000000",
        );
        if let Some(id) = names.find(name, kind, format!("{place}#key"), p) {
            found.push((id, number));
        }
    }
    found
}

/// Services at their sites, in the order of (service, site), with their calls resolved.
pub fn stations(
    scenario: &Scenario,
    tables: &Tables,
    groups: &[Group],
    routes: &Routes,
    services: &mut [Service],
    p: &mut Problems,
) -> Vec<Station> {
    let mut stations: Vec<Station> = Vec::new();
    for (name, service) in sorted(&scenario.services) {
        let id = ServiceId::new(tables.services.get(name).unwrap_or(0));
        for (site, placement) in sorted(&service.runs_at) {
            let path = format!("services.{name}.runs_at.{site}");
            let Some(site_id) = tables.sites.find(site, "site", format!("{path}#key"), p) else { continue };
            let pool =
                placement.pool.as_ref().and_then(|pool| component(pool, &format!("{path}.pool"), tables, scenario, p));
            match (placement.servers, &placement.pool) {
                (None, None) => p.add(
                    Code::MissingField,
                    path.clone(),
                    "this does not say how many servers there are",
                    "write servers: 4, or pool: with the name of a component",
                ),
                (Some(_), Some(_)) => p.add(
                    Code::Contradiction,
                    path.clone(),
                    "both servers: and pool: say how many servers there are",
                    "leave one of them out",
                ),
                _ => {}
            }
            p.range(
                format!("{path}.workers"),
                placement.workers > 0,
                "servers without workers do nothing",
                "write at least 1",
            );
            let servers = placement.servers.unwrap_or(0);
            p.range(
                path.clone(),
                servers.saturating_mul(u64::from(placement.workers)) <= check::WORKERS_MAX,
                format!("{servers} servers with {} workers are too many", placement.workers),
                "stay below a hundred million workers",
            );
            if service.balancer.is_some() {
                balancer::servers(scenario, placement, &path, p);
            }
            let mut gates = vec![Gate { needed: 1, of: vec![NodeId::new(tables.nodes.get(site).unwrap_or(0))] }];
            if let Some(stands_on) = &service.stands_on {
                gates.push(gate(stands_on, &format!("services.{name}.stands_on"), tables, p));
            }
            if let Some(stands_on) = &placement.stands_on {
                gates.push(gate(stands_on, &format!("{path}.stands_on"), tables, p));
            }
            if id.at() < services.len() {
                services[id.at()].stations.push(StationId::new(stations.len()));
            }
            stations.push(Station {
                name: format!("{name}@{site}"),
                service: id,
                site: SiteId::new(site_id),
                servers,
                pool,
                workers: placement.workers,
                gates,
                calls: Vec::new(),
            });
        }
    }
    let resolver = Resolver { tables, groups, routes, scenario };
    for i in 0..stations.len() {
        let name = services[stations[i].service.at()].name.clone();
        let calls = scenario.services.get(&name).map_or(&[][..], |s| &s.calls);
        stations[i].calls =
            resolver.calls(calls, &format!("services.{name}.calls"), stations[i].site, &stations, services, p);
    }
    stations
}

/// What it takes to find the station that a call means.
struct Resolver<'a> {
    tables: &'a Tables,
    groups: &'a [Group],
    routes: &'a Routes,
    scenario: &'a Scenario,
}

impl Resolver<'_> {
    fn calls(
        &self,
        calls: &[scenario::Call],
        path: &str,
        from: SiteId,
        stations: &[Station],
        services: &[Service],
        p: &mut Problems,
    ) -> Vec<Call> {
        let mut found = Vec::new();
        for (i, call) in calls.iter().enumerate() {
            let (hard, to) = match call {
                scenario::Call::Hard(to) => (true, to),
                scenario::Call::Soft(to) => (false, to),
            };
            let path = format!("{path}.{i}");
            p.range(
                format!("{path}.times"),
                to.times.is_finite() && to.times > 0.0 && to.times <= 10_000.0,
                format!("{} calls per request make no sense", to.times),
                "write a number above 0 and up to 10000",
            );
            let Some(id) = self.tables.services.find(&to.to, "service", format!("{path}.to"), p) else { continue };
            let service = ServiceId::new(id);
            if let Some(callee) = self.callee(to, service, &path, from, stations, services, p) {
                found.push(Call { service, callee, hard, times: to.times, gives_up_s: to.gives_up_after.seconds() });
            }
        }
        found
    }

    #[expect(clippy::too_many_arguments, reason = "all of it is needed to name the mistake at its place")]
    fn callee(
        &self,
        to: &scenario::CallTo,
        service: ServiceId,
        path: &str,
        from: SiteId,
        stations: &[Station],
        services: &[Service],
        p: &mut Problems,
    ) -> Option<Callee> {
        let placed = &services.get(service.at())?.stations;
        let at_site = |site: SiteId| placed.iter().copied().find(|s| stations[s.at()].site == site);
        let site_name = |site: SiteId| self.tables.sites.0.keys().nth(site.at()).cloned().unwrap_or_default();
        match &to.at {
            None => {
                if let Some(here) = at_site(from) {
                    return Some(Callee::Station(here));
                }
                let nearest = placed
                    .iter()
                    .filter_map(|s| Some((self.routes.between(from, stations[s.at()].site)?.rtt_s, *s)))
                    .min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
                if nearest.is_none() && !placed.is_empty() {
                    no_route(p, &format!("{path}.to"), &site_name(from), &site_name(stations[placed[0].at()].site));
                }
                nearest.map(|(_, s)| Callee::Station(s))
            }
            Some(at) => {
                if let Some(group) = self.tables.groups.get(at) {
                    let group = GroupId::new(group);
                    let by_member: Vec<Option<StationId>> =
                        self.groups.get(group.at())?.sites.iter().map(|s| s.and_then(at_site)).collect();
                    if by_member.iter().all(Option::is_none) {
                        p.add(
                            Code::Contradiction,
                            format!("{path}.at"),
                            format!("\"{}\" runs at no member of \"{at}\"", to.to),
                            "let it run at a member's site",
                        );
                        return None;
                    }
                    return Some(Callee::Active(group, by_member));
                }
                let known = crate::world::resolve::Names(
                    (self.scenario.sites.names().chain(self.scenario.groups.names()))
                        .enumerate()
                        .map(|(i, n)| (n.to_owned(), i))
                        .collect(),
                );
                known.find(at, "site or group", format!("{path}.at"), p)?;
                let site = SiteId::new(self.tables.sites.get(at)?);
                if self.routes.between(from, site).is_none() {
                    no_route(p, &format!("{path}.at"), &site_name(from), at);
                    return None;
                }
                if at_site(site).is_none() {
                    p.add(
                        Code::Contradiction,
                        format!("{path}.at"),
                        format!("\"{}\" does not run at \"{at}\"", to.to),
                        format!("add \"{at}\" to its runs_at, or call it elsewhere"),
                    );
                }
                at_site(site).map(Callee::Station)
            }
        }
    }
}

/// Callers before callees; a circle of calls is reported with its members.
pub fn order(services: &[Service], stations: &[Station], p: &mut Problems) -> Vec<StationId> {
    let mut edges = Vec::new();
    for station in stations {
        edges.extend(station.calls.iter().map(|c| (station.service.at(), c.service.at())));
    }
    match cycle(services.len(), edges.into_iter()) {
        Ok(order) => {
            // Paths are followed call by call: a ladder of services that each call the next twice doubles at every rung.
            let mut steps = vec![1.0f64; services.len()];
            for &service in order.iter().rev() {
                let calls = services[service].stations.first().map_or(&[][..], |s| &stations[s.at()].calls);
                steps[service] += calls.iter().map(|c| steps[c.service.at()]).sum::<f64>();
                if steps[service] > check::CALL_STEPS_MAX {
                    p.add(
                        Code::TooMany,
                        format!("services.{}.calls", services[service].name),
                        "one request makes more than 10000 different calls from here on",
                        "use times: for repeated calls, and call each service from few places",
                    );
                    break;
                }
            }
            order.into_iter().flat_map(|s| services[s].stations.clone()).collect()
        }
        Err(circles) => {
            for members in circles {
                let names = listed(members.iter().map(|&i| services[i].name.as_str()));
                let reason = match members.as_slice() {
                    [_] => format!("{names} calls itself"),
                    _ => format!("these call each other in a circle: {names}"),
                };
                p.add(
                    Code::Cycle,
                    format!("services.{}.calls", services[members[0]].name),
                    reason,
                    "break the circle: a request has to end somewhere",
                );
            }
            Vec::new()
        }
    }
}

/// Checks how many calls of one request are under way at the same time: where calls are made at once, and those make
/// theirs at once, they multiply.
pub fn at_once(
    services: &[Service],
    stations: &[Station],
    order: &[StationId],
    features: &[Feature],
    p: &mut Problems,
) {
    let mut under_way = vec![1.0f64; services.len()];
    let of = |calls: &[Call], at_once: bool, under_way: &[f64]| {
        let each = calls.iter().map(|c| if at_once { c.times.ceil() } else { 1.0 } * under_way[c.service.at()]);
        if at_once { each.sum::<f64>().max(1.0) } else { each.fold(1.0, f64::max) }
    };
    let mut found = Vec::new();
    for id in order.iter().rev() {
        let station = &stations[id.at()];
        let service = &services[station.service.at()];
        let calls = of(&station.calls, service.at_once, &under_way);
        if calls > check::CALLS_AT_ONCE_MAX && service.at_once {
            found.push(format!("services.{}.at_once", service.name));
        }
        // What is told once is not told again of everybody who calls it.
        let told = if calls > check::CALLS_AT_ONCE_MAX { 1.0 } else { calls };
        under_way[station.service.at()] = under_way[station.service.at()].max(told);
    }
    for feature in features {
        let calls = feature.calls.iter().map(|calls| of(calls, feature.at_once, &under_way)).fold(1.0, f64::max);
        if calls > check::CALLS_AT_ONCE_MAX {
            found.push(format!("features.{}.at_once", feature.name));
        }
    }
    found.sort_unstable();
    found.dedup();
    for path in found {
        p.add(
            Code::TooMany,
            path,
            "one request has more than 10000 calls under way at the same time",
            "lower times:, or make some of the calls one after the other",
        );
    }
}

pub fn place(name: &str, path: &str, scenario: &Scenario, tables: &Tables, p: &mut Problems) -> Option<Place> {
    if let Some(group) = tables.groups.get(name) {
        return Some(Place::Group(GroupId::new(group)));
    }
    let known = crate::world::resolve::Names(
        scenario.sites.names().chain(scenario.groups.names()).enumerate().map(|(i, n)| (n.to_owned(), i)).collect(),
    );
    known.find(name, "site or group", path, p)?;
    tables.sites.get(name).map(|s| Place::Site(SiteId::new(s)))
}

pub fn queues(scenario: &Scenario, tables: &Tables, p: &mut Problems) -> Vec<Queue> {
    let mut found = Vec::new();
    for (name, queue) in sorted(&scenario.queues) {
        let path = format!("queues.{name}");
        p.range(
            format!("{path}.workers"),
            queue.workers > 0,
            "a queue without workers never drains",
            "write at least 1",
        );
        let takes = sampler(&queue.takes, &format!("{path}.takes"), p).map_or(1.0, |_| queue.takes.mean_s());
        p.range(
            format!("{path}.takes"),
            takes > 0.0,
            "an item of the queue takes no time",
            "give a duration above zero",
        );
        let gates = queue.stands_on.iter().map(|g| gate(g, &format!("{path}.stands_on"), tables, p)).collect();
        let Some(place) = place(&queue.at, &format!("{path}.at"), scenario, tables, p) else { continue };
        found.push(Queue {
            name: name.to_owned(),
            place,
            capacity: queue.workers as f64 / takes.max(1e-9),
            gates,
            needs: (queue.needs.iter().enumerate())
                .filter_map(|(i, s)| tables.services.find(s, "service", format!("{path}.needs.{i}"), p))
                .map(ServiceId::new)
                .collect(),
            fresh_within_s: queue.fresh_within.seconds(),
            also_fed: queue.also_fed.0,
        });
    }
    found
}

pub fn stores(scenario: &Scenario, tables: &Tables, p: &mut Problems) -> Vec<Store> {
    let mut found = Vec::new();
    for (name, store) in sorted(&scenario.stores) {
        let path = format!("stores.{name}");
        let mut replicas = Vec::new();
        for (site, replica) in sorted(&store.replicas) {
            let place = format!("{path}.replicas.{site}");
            let kind = match replica {
                scenario::Replica::Sync => ReplicaKind::Sync,
                scenario::Replica::SemiSync { applies } => ReplicaKind::SemiSync(applies.0),
                scenario::Replica::Async { applies } => ReplicaKind::Async(applies.0),
                scenario::Replica::Shipped { every, takes } => {
                    check::period(p, &format!("{place}.every"), *every, scenario.clock.horizon);
                    ReplicaKind::Shipped(every.seconds(), takes.seconds())
                }
            };
            if let ReplicaKind::SemiSync(rate) | ReplicaKind::Async(rate) = kind {
                p.range(
                    format!("{place}.applies"),
                    rate > 0.0,
                    "a replica that applies nothing never catches up",
                    "give a rate above zero",
                );
            }
            if let Some(site) = tables.sites.find(site, "site", format!("{place}#key"), p) {
                replicas.push((SiteId::new(site), kind));
            }
            if store.primary == site {
                p.add(
                    Code::Contradiction,
                    format!("{place}#key"),
                    format!("\"{site}\" is the primary already"),
                    "name another site, or make the primary a group",
                );
            }
        }
        let Some(primary) = place(&store.primary, &format!("{path}.primary"), scenario, tables, p) else { continue };
        found.push(Store { name: name.to_owned(), primary, replicas, also_written: store.also_written.0 });
    }
    found
}

pub fn features<'a>(
    scenario: &'a Scenario,
    tables: &Tables,
    groups: &[Group],
    routes: &Routes,
    stations: &[Station],
    services: &[Service],
    p: &mut Problems<'a>,
) -> Vec<Feature> {
    let resolver = Resolver { tables, groups, routes, scenario };
    let mut found = Vec::new();
    for (name, feature) in sorted(&scenario.features) {
        let path = format!("features.{name}");
        if feature.calls.is_empty() {
            p.add(
                Code::NeverActs,
                format!("{path}.calls"),
                "a feature that calls nothing",
                "name the service that its requests enter, like [hard(to: \"web\")]",
            );
        }
        // The same mistake would be found once per site; a site without users need not reach anything.
        let mut quiet = Problems::new(scenario);
        let mut calls = Vec::new();
        let served: Vec<usize> = served_sites(scenario, tables, name);
        for site in 0..tables.sites.len() {
            let sink = if served.contains(&site) { &mut *p } else { &mut quiet };
            calls.push(resolver.calls(
                &feature.calls,
                &format!("{path}.calls"),
                SiteId::new(site),
                stations,
                services,
                sink,
            ));
        }
        if served.is_empty() {
            let found = quiet.found.into_iter().filter(|d| d.code == Code::UnknownName || d.code == Code::OutOfRange);
            p.found.extend(found);
        }
        let written = client::with_preset(feature);
        client::check(&written, &path, p);
        let fresh = (feature.fresh.iter().enumerate())
            .filter_map(|(i, q)| tables.queues.find(q, "queue", format!("{path}.fresh.{i}"), p))
            .map(QueueId::new)
            .collect();
        let reads = sorted(&feature.reads)
            .filter_map(|(store, age)| {
                let id = tables.stores.find(store, "store", format!("{path}.reads.{store}#key"), p)?;
                Some((StoreId::new(id), age.seconds()))
            })
            .collect();
        found.push(Feature {
            name: name.to_owned(),
            calls,
            at_once: feature.at_once,
            timeout_s: written.timeout.map(|t| t.seconds()),
            slow_over_s: feature.slow_over.map(|t| t.seconds()),
            retries: client::means(&written),
            client: client::compile(&written),
            class: feature.priority as usize,
            bits: feature.size.0 * 8.0,
            fresh,
            reads,
        });
    }
    found
}

/// The sites from which some population uses a feature.
fn served_sites(scenario: &Scenario, tables: &Tables, feature: &str) -> Vec<usize> {
    let mut sites = Vec::new();
    let is_used = |people: &scenario::Population| {
        let logs_in = people.sessions.as_ref().is_some_and(|s| s.log_in.as_deref() == Some(feature));
        people.uses.get(feature).is_some() || logs_in
    };
    for (name, people) in scenario.people.iter().filter(|(_, people)| is_used(people)) {
        match scenario.groups.get(&people.served_by) {
            Some(group) => {
                for member in &group.members {
                    let site = scenario.components.get(member).and_then(|c| c.at.as_ref()).unwrap_or(member);
                    sites.extend(tables.sites.get(site));
                }
            }
            None => sites.extend(tables.sites.get(&people.served_by)),
        }
        // Or where a measure of some strategy moves them.
        let measures = scenario.strategies.iter().flat_map(|(_, strategy)| strategy.runbook.iter());
        for action in measures.flat_map(|(_, measure)| &measure.does) {
            if let scenario::Action::MovePeople { of, to, .. } = action
                && of == name
            {
                sites.extend(tables.sites.get(to));
            }
        }
    }
    sites.sort_unstable();
    sites.dedup();
    sites
}
