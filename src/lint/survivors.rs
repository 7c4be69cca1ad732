//! Whether what is left can carry the load.

use super::designs::{Design, across_sites, rounded, under};
use super::looked::Looked;
use crate::scenario::{Code, Diagnostic};
use crate::units::Time;
use crate::world::{Callee, Effect, Place, SiteId, StationId, World};
use std::collections::{BTreeMap, BTreeSet};

/// Moments that are looked at: the bends of the profiles.
const TIMES_MAX: usize = 20_000;
/// Steps that this may take for one design; beyond, it is not done.
const STEPS_MAX: usize = 20_000_000;
/// More than this share is too much.
const FULL: f64 = 1.0 + 1e-9;

/// What a station lacks when a site is lost.
struct Lacks<'l> {
    worst: f64,
    at: String,
    hours_s: f64,
    of_s: f64,
    strategies: Vec<&'l str>,
}

/// Stations that carry what they are asked for while every site works, and are asked for more than they can do at some hour of the
/// profiles when one is lost and its users have been led to them. Only work is counted, without waiting and without retries: what is told
/// here is too much whatever else happens. What can grow by itself or by a measure is left out.
pub fn cannot_carry(looked: &Looked) -> Vec<Diagnostic> {
    let mut found: BTreeMap<(String, String), Lacks> = BTreeMap::new();
    for design in &looked.designs {
        look(design, &mut found);
    }
    let told = found.into_iter().map(|((station, lost), lacks)| {
        let when = under(&lacks.strategies, looked.designs.len());
        let hours = if lacks.of_s > 0.0 {
            format!(", and for too much during {} of {}", rounded(lacks.hours_s), rounded(lacks.of_s))
        } else {
            String::new()
        };
        let reason = format!(
            "without \"{lost}\", \"{station}\" is asked for {:.0}% of what it can do at {}{hours}{when}",
            (lacks.worst * 100.0).max(101.0),
            lacks.at
        );
        let fix = "give it more servers, let it grow, or silence this where people are to be turned away";
        let (service, site) = station.rsplit_once('@').unwrap_or((&station, ""));
        Diagnostic::new(Code::CannotCarry, format!("services.{service}.runs_at.{site}"), reason, fix)
    });
    told.collect()
}

fn look<'l>(design: &'l Design, found: &mut BTreeMap<(String, String), Lacks<'l>>) {
    let world = &design.world;
    let mut lost: BTreeSet<SiteId> = across_sites(world).map(|(_, first)| first).collect();
    let spreads = world.spreads.iter().filter(|spread| spread.over.len() > 1);
    lost.extend(spreads.flat_map(|spread| spread.over.iter().map(|(site, _)| *site)));
    let times = bends(world);
    let open: Vec<usize> = (0..world.people.len()).filter(|id| !world.people[*id].waits).collect();
    let calls: usize = world.stations.iter().map(|station| 1 + station.calls.len()).sum();
    let once = open.len() * (calls + times.len() + world.stations.len());
    if (lost.len() + 1).saturating_mul(once + times.len() * world.stations.len()) > STEPS_MAX {
        return;
    }
    let grows = growing(world);
    let can: Vec<f64> = (0..world.stations.len()).map(|id| capacity(world, StationId::new(id))).collect();
    let active = active(world, &open, &times);
    let whole = busy(world, &open, &active, None, &can);
    for site in lost {
        let without = busy(world, &open, &active, Some(site), &can);
        for (id, station) in world.stations.iter().enumerate() {
            if station.site == site || grows.contains(&id) || can[id] <= 0.0 {
                continue;
            }
            // What is too little while every site works is another matter.
            let same = |other: &StationId| whole.iter().any(|at| at[other.at()] > FULL);
            if world.services[station.service.at()].stations.iter().any(same) {
                continue;
            }
            let peak = |over: &[Vec<f64>]| over.iter().map(|at| at[id]).fold(0.0, f64::max);
            let worst = peak(&without);
            if worst <= FULL {
                continue;
            }
            let at = without.iter().position(|at| at[id] >= worst).unwrap_or(0);
            let points: Vec<(Time, f64)> = times.iter().copied().zip(without.iter().map(|at| at[id])).collect();
            let lacks = found.entry((station.name.clone(), world.sites[site.at()].name.clone())).or_insert_with(|| {
                Lacks { worst: 0.0, at: String::new(), hours_s: 0.0, of_s: 0.0, strategies: Vec::new() }
            });
            if worst > lacks.worst {
                (lacks.worst, lacks.at) = (worst, world.civil(times[at]));
                (lacks.hours_s, lacks.of_s) = too_much(&points);
            }
            lacks.strategies.extend(design.strategy.as_deref());
        }
    }
}

/// The bends of all profiles while the run is measured, as many as are looked at, and its beginning and end.
fn bends(world: &World) -> Vec<Time> {
    let measured = world.measured_from()..=world.horizon();
    let curves = world.people.iter().flat_map(|people| &people.active.points).map(|(at, _)| *at);
    let mut times: BTreeSet<Time> = curves.filter(|at| measured.contains(at)).collect();
    times.extend([world.measured_from(), world.horizon()]);
    times.into_iter().take(TIMES_MAX).collect()
}

/// How many are active, by population and time.
fn active(world: &World, people: &[usize], times: &[Time]) -> Vec<Vec<f64>> {
    let of = |id: &usize| {
        let (people, mut hint) = (&world.people[*id], 0);
        times.iter().map(|at| people.users * people.active.at(*at, &mut hint).0).collect()
    };
    people.iter().map(of).collect()
}

/// Each station's load as a share of what it can do, by time.
fn busy(world: &World, people: &[usize], active: &[Vec<f64>], lost: Option<SiteId>, can: &[f64]) -> Vec<Vec<f64>> {
    let times = active.first().map_or(0, Vec::len);
    let mut busy = vec![vec![0.0; world.stations.len()]; times];
    for (id, active) in people.iter().zip(active) {
        let one = load_of_one(world, *id, lost);
        for (station, load) in one.iter().enumerate().filter(|(station, load)| **load > 0.0 && can[*station] > 0.0) {
            for (at, users) in active.iter().enumerate() {
                busy[at][station] += users * load / can[station];
            }
        }
    }
    busy
}

/// Requests per second at every station by one active user of a population.
fn load_of_one(world: &World, people: usize, lost: Option<SiteId>) -> Vec<f64> {
    let mut load = vec![0.0; world.stations.len()];
    let population = &world.people[people];
    for (site, share) in sites_of(world, population.served_by, lost) {
        for (feature, rate) in &population.uses {
            for call in &world.features[feature.at()].calls[site.at()] {
                ask(world, &mut load, &call.callee, lost, share * rate * call.times);
            }
        }
    }
    for id in &world.station_order {
        let station = &world.stations[id.at()];
        // How often a cache has the answer is not known here.
        if load[id.at()] > 0.0 && world.services[station.service.at()].cache.is_none() {
            for call in &station.calls {
                let asked = load[id.at()] * call.times;
                ask(world, &mut load, &call.callee, lost, asked);
            }
        }
    }
    load
}

/// A call reaches whoever answers it, unless that is lost.
fn ask(world: &World, load: &mut [f64], callee: &Callee, lost: Option<SiteId>, asked: f64) {
    let to = match callee {
        Callee::Station(station) => Some(*station),
        Callee::Active(group, by_member) => active_member(world, group.at(), lost).and_then(|member| by_member[member]),
    };
    if let Some(to) = to.filter(|to| Some(world.stations[to.at()].site) != lost) {
        load[to.at()] += asked;
    }
}

/// Where people of a place are led.
fn sites_of(world: &World, place: Place, lost: Option<SiteId>) -> Vec<(SiteId, f64)> {
    match place {
        Place::Site(site) => [(site, 1.0)].into_iter().filter(|(site, _)| Some(*site) != lost).collect(),
        Place::Group(group) => {
            let member = active_member(world, group.at(), lost);
            member
                .and_then(|member| world.groups[group.at()].sites[member])
                .map(|site| (site, 1.0))
                .into_iter()
                .collect()
        }
        Place::Spread(spread) => {
            let left: Vec<(SiteId, f64)> =
                world.spreads[spread.at()].over.iter().copied().filter(|(site, _)| Some(*site) != lost).collect();
            let all: f64 = left.iter().map(|(_, weight)| weight).sum();
            left.into_iter().map(|(site, weight)| (site, weight / all)).collect()
        }
    }
}

/// Who does the work of a group once it has failed over.
fn active_member(world: &World, group: usize, lost: Option<SiteId>) -> Option<usize> {
    let group = &world.groups[group];
    let works = |member: &usize| lost.is_none() || group.sites[*member] != lost;
    if group.failover.is_none() { Some(0).filter(works) } else { (0..group.members.len()).find(works) }
}

/// Requests per second that a station can do.
fn capacity(world: &World, id: StationId) -> f64 {
    let station = &world.stations[id.at()];
    let service = &world.services[station.service.at()];
    let servers = station.pool.map_or(station.servers, |pool| world.nodes[pool.at()].count) as f64;
    let slower = service.scales.map_or(1.0, |(contention, coherency)| {
        1.0 + contention * (servers - 1.0).max(0.0) + coherency * servers * (servers - 1.0).max(0.0)
    });
    if service.takes_mean_s <= 0.0 {
        return 0.0;
    }
    servers * f64::from(station.workers) / (service.takes_mean_s * slower)
}

/// Stations that may have more servers by then.
fn growing(world: &World) -> BTreeSet<usize> {
    let by_hand = world.procedures.iter().flat_map(|procedure| &procedure.actions).filter_map(|effect| match effect {
        Effect::AddServers(station, _) | Effect::FreeHardware(_, station, _) => Some(station.at()),
        _ => None,
    });
    by_hand.chain(world.autoscale.iter().map(|scaler| scaler.station.at())).collect()
}

/// How long a line is above what can be done, and how long it is.
fn too_much(points: &[(Time, f64)]) -> (f64, f64) {
    let mut above = 0.0;
    for pair in points.windows(2) {
        let ((from, a), (to, b)) = (pair[0], pair[1]);
        let takes = to.since(from).seconds();
        above += takes
            * match (a > 1.0, b > 1.0) {
                (true, true) => 1.0,
                (false, false) => 0.0,
                (true, false) => (a - 1.0) / (a - b),
                (false, true) => (b - 1.0) / (b - a),
            };
    }
    let all = points.first().zip(points.last()).map_or(0.0, |(first, last)| last.0.since(first.0).seconds());
    (above, all)
}
