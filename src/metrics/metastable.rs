//! Metastable states: overload that outlives what set it off, because retries keep it up (Bronson et al., "Metastable failures
//! in distributed systems", HotOS 2021).
//!
//! Three things have to be true at once, and for a while: what users mean to send would fit; what arrives, with all that is
//! tried again, does not; and nothing is broken or slowed down any more.

use super::outcome::{CutShort, MetastableOutcome, Outcome};
use crate::observe::{Interval, Observation, Occurrence};
use crate::units::Time;
use crate::world::{Callee, Retries, ServiceId, World, civil_label};
use std::collections::BTreeSet;

/// Shorter than this, or than ten timeouts, it may be on its way out.
const LASTS_S: f64 = 30.0;
/// Single requests are uneven: over so many seconds they are told apart from what is too much.
const WINDOW_S: f64 = 10.0;
/// States kept.
const KEPT_MAX: usize = 1_000;
/// What arrives must be above the capacity, and above what was sent, by this.
const MARGIN: f64 = 0.02;

#[derive(Debug, Clone, Default)]
struct Sums {
    since: Option<Time>,
    seconds: f64,
    first: f64,
    arrived: f64,
    could: f64,
    hurt: f64,
    broken: bool,
}

impl Sums {
    /// Whether all three are true of this stretch.
    fn sustained(&self) -> bool {
        let uneven = 1.0 + MARGIN;
        !self.broken
            && self.hurt > 0.0
            && self.first > 0.0
            && self.first < self.could
            && self.arrived > self.could * uneven
            && self.arrived > self.first * uneven
    }

    fn add(&mut self, more: &Sums) {
        self.since = self.since.or(more.since);
        self.seconds += more.seconds;
        self.first += more.first;
        self.arrived += more.arrived;
        self.could += more.could;
    }
}

/// One service over all its sites.
#[derive(Debug, Clone)]
struct Watched {
    service: usize,
    /// The ways of requests there, by population and feature.
    ways: Vec<Vec<Way>>,
    lasts_s: f64,
    /// The window that is being looked at, and all of those before in which it sustained itself.
    window: Sums,
    sums: Sums,
}

/// What sustains itself, as it is being measured.
#[derive(Debug, Clone)]
pub struct MetastableMetrics {
    watched: Vec<Watched>,
    /// Since when nothing is broken or slowed down by the drill.
    slowed: Vec<bool>,
    found: Vec<MetastableOutcome>,
    /// Those that are not kept.
    left_out: u64,
}

impl MetastableMetrics {
    pub fn new(world: &World) -> MetastableMetrics {
        let mut watched = Vec::new();
        let of_users = world.features.iter().filter(|f| f.retries.is_some()).filter_map(|feature| feature.timeout_s);
        let calls = world.stations.iter().flat_map(|station| &station.calls);
        let calls = calls.chain(world.features.iter().flat_map(|feature| feature.calls.iter().flatten()));
        let of_calls = calls.filter_map(|call| call.client.as_ref()?.timeout_s);
        let lasts_s = LASTS_S.max(10.0 * of_users.chain(of_calls).fold(0.0, f64::max));
        // Where nobody tries anything again, nothing is tried more often than it is asked for.
        let services = if retries(world) { world.services.len() } else { 0 };
        for service in 0..services {
            let ways: Vec<Vec<Way>> = (world.people.iter())
                .map(|people| {
                    people.uses.iter().map(|(id, _)| way(world, people.served_by, id.at(), service)).collect()
                })
                .collect();
            if ways.iter().flatten().any(|way| way.tries > way.visits) {
                watched.push(Watched { service, ways, lasts_s, window: Sums::default(), sums: Sums::default() });
            }
        }
        MetastableMetrics { watched, slowed: vec![false; world.stations.len()], found: Vec::new(), left_out: 0 }
    }

    pub fn saw(&mut self, seen: &Observation) {
        if let Occurrence::Slowed(id, by) | Occurrence::ServersSlowed { station: id, by, .. } = &seen.what {
            self.slowed[id.at()] = *by > 1.0;
        }
    }

    pub fn flowed(&mut self, world: &World, span: &Interval) {
        let dt_s = span.to.since(span.from).seconds();
        for i in 0..self.watched.len() {
            let watched = &self.watched[i];
            let stations = &world.services[watched.service].stations;
            let (mut arrived, mut could, mut hurt) = (0.0, 0.0, 0.0);
            let mut broken = false;
            for id in stations {
                let work = &span.stations[id.at()];
                let held_s = if work.arrived > 0.0 { work.asked_s / work.arrived } else { 0.0 };
                arrived += work.arrived;
                could += if held_s > 0.0 { work.workers_s / held_s } else { 0.0 };
                hurt += work.lost + work.backlog;
                broken |= self.slowed[id.at()] || (work.workers_s <= 0.0 && work.arrived > 0.0);
            }
            let first: f64 = (watched.ways.iter().zip(&span.uses))
                .flat_map(|(ways, uses)| ways.iter().zip(uses))
                .map(|(way, used)| (used.intended - used.never_sent) * way.visits)
                .sum();
            let window = &mut self.watched[i].window;
            let span_is = Sums { since: Some(span.from), seconds: dt_s, first, arrived, could, hurt, broken };
            window.add(&span_is);
            (window.hurt, window.broken) = (window.hurt + hurt, window.broken | broken);
            if window.seconds < WINDOW_S && !broken {
                continue;
            }
            let window = std::mem::take(window);
            if window.sustained() {
                self.watched[i].sums.add(&window);
            } else {
                self.close(world, i, window.since);
            }
        }
    }

    fn close(&mut self, world: &World, index: usize, to: Option<Time>) {
        let watched = &mut self.watched[index];
        let sums = std::mem::take(&mut watched.sums);
        let Some(since) = sums.since.filter(|_| sums.seconds >= watched.lasts_s) else {
            return;
        };
        if self.found.len() >= KEPT_MAX {
            self.left_out += 1;
            return;
        }
        let (first_per_s, capacity_per_s) = (sums.first / sums.seconds, sums.could / sums.seconds);
        // With every request tried as often as it may be, this much would still fit.
        let all = watched.ways.iter().flatten();
        let tries = all.clone().map(|way| way.tries).sum::<f64>();
        let attempts_max = tries / all.clone().map(|way| way.visits).sum::<f64>().max(1e-12);
        let layers: BTreeSet<&String> = all.flat_map(|way| &way.layers).collect();
        self.found.push(MetastableOutcome {
            service: world.services[watched.service].name.clone(),
            from_s: since.seconds(),
            from: civil_label(&world.calendar, since),
            to_s: to.map(Time::seconds),
            to: to.map(|to| civil_label(&world.calendar, to)),
            first_per_s,
            arrived_per_s: sums.arrived / sums.seconds,
            capacity_per_s,
            ends_below_per_s: capacity_per_s / attempts_max,
            ends_below: capacity_per_s / attempts_max / first_per_s,
            budget_below: capacity_per_s / first_per_s - 1.0,
            layers: layers.into_iter().cloned().collect(),
        });
    }

    pub fn finish(&mut self, world: &World, outcome: &mut Outcome) {
        (0..self.watched.len()).for_each(|i| self.close(world, i, None));
        if self.left_out > 0 {
            outcome.cut_short.push(CutShort::new("metastable", KEPT_MAX, self.left_out));
        }
        self.found.sort_by(|a, b| a.from_s.total_cmp(&b.from_s).then(a.service.cmp(&b.service)));
        outcome.metastable = std::mem::take(&mut self.found);
    }
}

/// The way of a request to a service: how often it is visited, how often if everything is tried as often as it may be, and who tries.
#[derive(Debug, Clone, Default)]
struct Way {
    visits: f64,
    tries: f64,
    layers: BTreeSet<String>,
}

impl Way {
    fn add(&mut self, times: f64, attempts: f64, layer: Option<String>, more: Way) {
        if more.visits <= 0.0 {
            return;
        }
        self.visits += times * more.visits;
        self.tries += times * attempts * more.tries;
        self.layers.extend(layer);
        self.layers.extend(more.layers);
    }
}

/// Whether anybody tries anything again.
fn retries(world: &World) -> bool {
    let retries = |call: &crate::world::Call| call.client.as_ref().is_some_and(|client| client.retries.is_some());
    world.features.iter().any(|feature| feature.retries.is_some() || feature.calls.iter().flatten().any(retries))
        || world.stations.iter().any(|station| station.calls.iter().any(retries))
}

/// Attempts at most, within a budget.
fn attempts_of(retries: Option<Retries>) -> f64 {
    retries.map_or(1.0, |retries| f64::from(retries.attempts).min(1.0 + retries.budget))
}

fn layer(who: &str, attempts: f64, whom: &str) -> Option<String> {
    (attempts > 1.0).then(|| format!("{who} tries {whom} up to {} times", (attempts * 10.0).round() / 10.0))
}

/// The way of one request to a service, while everything works.
fn way(world: &World, place: crate::world::Place, feature: usize, service: usize) -> Way {
    let site = match place {
        crate::world::Place::Site(site) => site,
        crate::world::Place::Group(group) => match world.groups[group.at()].sites.first() {
            Some(Some(site)) => *site,
            _ => return Way::default(),
        },
        crate::world::Place::Spread(spread) => match world.spreads[spread.at()].over.first() {
            Some((site, _)) => *site,
            None => return Way::default(),
        },
    };
    let feature = &world.features[feature];
    let mut inner = Way::default();
    for call in feature.calls.get(site.at()).into_iter().flatten() {
        add_call(world, &feature.name, call, ServiceId::new(service), &mut inner);
    }
    let attempts = attempts_of(feature.retries);
    let mut way = Way::default();
    way.add(1.0, attempts, layer("whoever uses it", attempts, &feature.name), inner);
    way
}

fn add_call(world: &World, caller: &str, call: &crate::world::Call, service: ServiceId, way: &mut Way) {
    let callee = match &call.callee {
        Callee::Station(station) => Some(*station),
        Callee::Active(_, by_member) => by_member.iter().flatten().next().copied(),
    };
    let Some(callee) = callee else { return };
    let station = &world.stations[callee.at()];
    let name = &world.services[station.service.at()].name;
    let here = f64::from(u8::from(station.service == service));
    let mut inner = Way { visits: here, tries: here, layers: BTreeSet::new() };
    for call in &station.calls {
        add_call(world, name, call, service, &mut inner);
    }
    let attempts = attempts_of(call.client.as_ref().and_then(|client| client.retries));
    way.add(call.times, attempts, layer(caller, attempts, name), inner);
}
