//! Paths: which stations a request of a feature visits from a site, as long as nothing changes who works.

use super::core::Engine;
use super::state::paths::{Part, Path, Status};
use super::state::stations::StationPhase;
use crate::observe::Why;
use crate::queueing::{Latency, Passed, Stage, Wait, attempts_of, compose_of};
use crate::world::{Call, Callee, Place, ServiceId, SiteId, StationId};
use std::sync::Arc;
use xxhash_rust::xxh3::Xxh3;

impl Engine<'_> {
    /// The station that a call means now: of a group, whoever its callers take for the active member.
    pub(super) fn callee(&self, call: &Call) -> Option<StationId> {
        match &call.callee {
            Callee::Station(station) => Some(*station),
            Callee::Active(group, by_member) => {
                let named = self.state.groups[group.at()].named;
                by_member[named].filter(|_| !self.state.groups[group.at()].is_still_at(named))
            }
        }
    }

    /// The station that answers a call from a site, and how long the way there and back takes, in seconds: nobody does whom no way leads to,
    /// or who cannot do its part.
    pub(super) fn answers(&self, call: &Call, from: SiteId) -> Option<(StationId, f64)> {
        let callee = self.callee(call)?;
        let route = self.state.routes.between(from, self.world.stations[callee.at()].site)?;
        self.state.flow.statuses[callee.at()].dead.is_none().then_some((callee, route.rtt_s))
    }

    /// Who can do their part: callees before callers.
    pub(super) fn statuses(&self) -> Vec<Status> {
        let mut statuses = vec![Status::default(); self.world.stations.len()];
        for id in self.world.station_order.iter().rev() {
            let station = &self.world.stations[id.at()];
            let mut status = Status::default();
            let commit = self.commit(*id).waits;
            if self.state.stations[id.at()].phase != StationPhase::Serving {
                status.dead = Some(Why::Station(*id));
            } else if self.nobody_in_rotation(*id) {
                status.dead = Some(Why::NoneHealthy(*id));
            } else if let Some((share, why)) = commit
                && share >= 1.0
            {
                status.dead = Some(why);
            } else if let Some((share, why)) = commit {
                status.fails.add(share, why);
            }
            let mut behind = Status::default();
            for call in &station.calls {
                let of_call = self.call_status(call, station.site, &statuses);
                behind.add(&of_call);
            }
            status.add(&behind.of_a_share(self.missed(*id)));
            statuses[id.at()] = status;
        }
        statuses
    }

    /// Why a call goes to nobody.
    fn why_nobody(&self, callee: &Callee) -> Why {
        match callee {
            Callee::Active(group, _) if self.state.groups[group.at()].still => Why::Nobody(*group),
            _ => Why::NoRoute,
        }
    }

    /// What one has who makes a call once, and tries once.
    fn attempt_status(&self, call: &Call, from: SiteId, statuses: &[Status]) -> Status {
        let mut once = Status::default();
        match self.callee(call).map(|callee| (callee, self.world.stations[callee.at()].site)) {
            Some((callee, site)) => match self.state.routes.between(from, site) {
                Some(route) => {
                    once = statuses[callee.at()];
                    once.fails.add(1.0 - route.passes, Why::Loss);
                    once.fails.add(self.dead_share(callee), Why::Station(callee));
                    for (share, gray) in self.gray_at(callee, from) {
                        once.fails.add(share, Why::Gray(gray));
                    }
                }
                None => once.dead = Some(Why::NoRoute),
            },
            None => once.dead = Some(self.why_nobody(&call.callee)),
        }
        once
    }

    /// The share of the attempts at a call that gets lost, on the way or further down, whatever the load; and on the way.
    pub(super) fn lost_share(&self, call: &Call, from: SiteId, callee: StationId) -> (f64, f64) {
        let statuses = &self.state.flow.statuses;
        let lost = self.attempt_status(call, from, statuses).fails.share;
        let further = statuses[callee.at()].fails.share;
        (lost, if further < 1.0 { (1.0 - (1.0 - lost) / (1.0 - further)).max(0.0) } else { 0.0 })
    }

    /// Of those who make a call, as often as it is made, the share that fails by it, whatever the load.
    pub(super) fn lost_by_calls(&self, call: &Call, from: SiteId) -> f64 {
        if self.state.flow.loses { self.call_status(call, from, &self.state.flow.statuses).fails.share } else { 0.0 }
    }

    /// What one who makes a call, as often as it is made, has of it: a call that is made every fifth time is missed every
    /// fifth time. What is dead is so only for those who are sure to call it.
    fn call_status(&self, call: &Call, from: SiteId, statuses: &[Status]) -> Status {
        let mut once = self.attempt_status(call, from, statuses);
        if let (Some(client), Some(why)) = (&call.client, once.fails.why) {
            let attempts = client.retries.map_or(1.0, |r| attempts_of(once.fails.share, r.attempts, r.budget));
            once.fails = Part { share: (1.0 - attempts * (1.0 - once.fails.share)).max(0.0), why: Some(why) };
        }
        let dead_for = once.dead.filter(|_| call.times < 1.0);
        if let Some(why) = dead_for {
            once.dead = None;
            once.fails.add(1.0, why);
        }
        let mut status = Status { dead: once.dead, missing: once.missing, ..Status::default() };
        status.fails = once.fails.so_often(call.times);
        status.lacks = once.lacks.so_often(call.times);
        if let Some(why) = once.missing.filter(|_| call.times < 1.0) {
            status.missing = None;
            status.lacks.add(call.times, why);
        }
        if !call.hard {
            if let Some(why) = status.dead.take() {
                status.missing = Some(soft(why));
            }
            if let Some(why) = status.fails.why.map(soft) {
                status.lacks.add(status.fails.share, why);
            }
            status.fails = Part::default();
        }
        status
    }

    /// Finds every path again, and gives those that there were before.
    pub(super) fn find_paths(&mut self) -> Vec<Path> {
        let statuses = self.statuses();
        let mut paths = Vec::new();
        for people in 0..self.world.people.len() {
            let (shares, _) = self.state.steering[people].shares(self.now);
            for feature in 0..self.world.people[people].uses.len() {
                for share in shares.iter() {
                    paths.push(self.path(people, feature, share.site, &statuses));
                }
            }
        }
        self.state.flow.loses = statuses.iter().any(|status| status.fails.share > 0.0 || status.lacks.share > 0.0)
            || paths.iter().any(|path| path.passes < 1.0 || path.dimmed > 0.0);
        self.state.flow.statuses = statuses;
        self.paths_dirty = false;
        std::mem::replace(&mut self.state.flow.paths, paths)
    }

    fn path(&self, people: usize, feature: usize, site: SiteId, statuses: &[Status]) -> Path {
        let population = &self.world.people[people];
        let id = population.uses[feature].0;
        let mut path = Path {
            people,
            feature,
            site,
            entry: Vec::new(),
            visits: Vec::new(),
            guarded: Vec::new(),
            entered_by: Vec::new(),
            fixed_s: population.rtt_s,
            begins: 1.0,
            passes: 1.0,
            dead: None,
            missing: None,
            loss: None,
            dimmed: 0.0,
            dimmed_for: None,
            crossings: Vec::new(),
            quiet: Arc::clone(&self.state.flow.nothing),
            quiet_p95_s: 0.0,
        };
        let site_node = self.world.sites[site.at()].node;
        if !self.state.nodes[site_node.at()].up {
            path.dead = Some(Why::Site(site));
            return path;
        }
        if let Place::Group(group) = population.served_by {
            let state = &self.state.groups[group.at()];
            if state.still && self.world.groups[group.at()].sites[state.active] == Some(site) {
                path.dead = Some(Why::Nobody(group));
                return path;
            }
        }
        if let Place::Spread(spread) = population.served_by
            && self.state.spreads[spread.at()].closed
        {
            path.dead = Some(Why::NoSite(spread));
            return path;
        }
        let mut status = Status::default();
        if let Some(near) = population.near.filter(|near| *near != site) {
            let Some(way) = self.state.routes.between(near, site) else {
                path.dead = Some(Why::NoRoute);
                return path;
            };
            path.fixed_s += way.rtt_s;
            path.crossings.push((near, site, 1.0));
            status.fails.add(1.0 - way.passes, Why::Loss);
        }
        if let Some((share, gray)) = self.gray_of(site_node) {
            status.fails.add(share, Why::Gray(gray));
        }
        if self.world.uplinks[site.at()].is_some_and(|uplink| self.state.links_cut[uplink.at()] > 0) {
            path.dead = Some(Why::NoRoute);
            return path;
        }
        path.begins = 1.0 - status.fails.share;
        status.add(&self.lacks_data(id));
        (path.dead, path.missing) = (status.dead, status.missing);
        for (nth, call) in (0..).zip(&self.world.features[id.at()].calls[site.at()]) {
            if path.dead.is_some() {
                break;
            }
            status.add(&self.call_status(call, site, statuses));
            (path.dead, path.missing) = (status.dead, status.missing);
            if let Some(entry) = self.callee(call) {
                let serving = self.state.stations[entry.at()].phase == StationPhase::Serving;
                let times = call.times * self.leave_out(&mut path, call, entry, 1.0);
                if serving && times > 0.0 && self.cross(&mut path, site, entry, times) {
                    path.entry.push((entry, times));
                    path.entered_by.push(nth);
                    if statuses[entry.at()].dead.is_none() {
                        let kind = (call.hard, is_guarded(call));
                        self.visit(&mut path, entry, times, kind, statuses);
                    }
                } else if times <= 0.0 || call.hard {
                    // Nobody waits for what is left out; and whoever waits for what he cannot do without fails.
                } else {
                    path.fixed_s += call.times * call.gives_up_s;
                }
            }
        }
        path.passes = 1.0 - status.fails.share;
        path.loss = status.fails.why;
        if status.lacks.share > 0.0 {
            path.dimmed = 1.0 - (1.0 - path.dimmed) * (1.0 - status.lacks.share);
            path.dimmed_for = path.dimmed_for.or(status.lacks.why);
        }
        if path.dead.is_none() {
            path.quiet = self.latency(&path, |_| (Wait::Never, 1.0));
            path.quiet_p95_s = path.fixed_s + path.quiet.quantile(0.95);
        }
        path
    }

    /// A request goes from a site to a station. Says whether there is a route.
    fn cross(&self, path: &mut Path, from: SiteId, to: StationId, times: f64) -> bool {
        let to = self.world.stations[to.at()].site;
        let Some(route) = self.state.routes.between(from, to) else { return false };
        path.fixed_s += times * route.rtt_s;
        if from != to {
            path.crossings.push((from, to, times));
        }
        true
    }

    /// The share of a call that is made; what is left out on purpose, requests go without.
    fn leave_out(&self, path: &mut Path, call: &Call, callee: StationId, missed: f64) -> f64 {
        let kept = self.kept_calls(call);
        if kept < 1.0 {
            path.dimmed = 1.0 - (1.0 - path.dimmed) * (1.0 - missed * (1.0 - kept));
            path.dimmed_for = path.dimmed_for.or(Some(Why::Missing(callee)));
        }
        kept
    }

    /// A station is visited: whether a refusal there fails the request, and whether somebody on the way waits only so long.
    fn visit(&self, path: &mut Path, id: StationId, times: f64, (hard, guarded): (bool, bool), statuses: &[Status]) {
        let same = |(visit, is): (&(StationId, f64, bool), &bool)| visit.0 == id && visit.2 == hard && *is == guarded;
        match path.visits.iter().zip(&path.guarded).position(same) {
            Some(known) => path.visits[known].1 += times,
            None => {
                path.visits.push((id, times, hard));
                path.guarded.push(guarded);
            }
        }
        path.fixed_s += times * self.commit(id).takes_s;
        let station = &self.world.stations[id.at()];
        let missed = self.missed(id);
        for call in &station.calls {
            let callee = self.callee(call);
            let site = callee.map(|callee| self.world.stations[callee.at()].site);
            let reached = site.is_some_and(|site| self.state.routes.joins(station.site, site));
            match callee.filter(|callee| reached && statuses[callee.at()].dead.is_none()) {
                Some(callee) => {
                    let times = times * call.times * self.leave_out(path, call, callee, missed) * missed;
                    if times > 0.0 {
                        self.cross(path, station.site, callee, times);
                        let kind = (hard && call.hard, guarded || is_guarded(call));
                        self.visit(path, callee, times, kind, statuses);
                    }
                }
                // Whoever waits for what he cannot do without fails.
                None if call.hard => {}
                None => path.fixed_s += times * call.times * missed * call.gives_up_s,
            }
        }
    }

    /// The latency at the stations of a path when they have these waits and are this much slower.
    pub(super) fn latency(&self, path: &Path, at: impl Fn(StationId) -> (Wait, f64)) -> Arc<Latency> {
        self.latency_by_visit(path, |visit| at(path.visits[visit].0))
    }

    /// The same, where visits to one station can differ.
    pub(super) fn latency_by_visit(&self, path: &Path, at: impl Fn(usize) -> (Wait, f64)) -> Arc<Latency> {
        let waits: Vec<(Wait, f64)> = (0..path.visits.len()).map(at).collect();
        let mut key = Xxh3::new();
        for ((id, times, _), (wait, slower)) in path.visits.iter().zip(&waits) {
            update(&mut key, self.world.stations[id.at()].service, *times, wait, *slower);
        }
        self.world.latencies.get(&key.digest128(), || self.compose(path, &waits))
    }

    /// Paths share stations: what is lived through at each of them is worked out once.
    fn compose(&self, path: &Path, waits: &[(Wait, f64)]) -> Latency {
        let passed = path.visits.iter().zip(waits).filter(|((_, times, _), _)| *times > 0.0);
        let passed = passed.map(|((id, times, _), (wait, slower))| {
            let service = self.world.stations[id.at()].service;
            let mut key = Xxh3::new();
            update(&mut key, service, *times, wait, *slower);
            let strata = &self.world.services[service.at()].strata;
            let stage = Stage { service: strata, times: *times, wait, slower: *slower };
            self.world.passed.get(&key.digest128(), || Passed::of(&stage).expect("visits there are"))
        });
        compose_of(0.0, passed)
    }
}

/// What a latency at a station depends on.
fn update(key: &mut Xxh3, service: ServiceId, times: f64, wait: &Wait, slower: f64) {
    key.update(&service.0.to_le_bytes());
    let shape = match wait {
        Wait::Stages { stage_s, tails, .. } => [*stage_s, tails.len() as f64],
        // Two points tell a shape from all others of the same service.
        Wait::Shaped { points, .. } => [points[points.len() / 2], points[points.len() - 1]],
        _ => [0.0, 0.0],
    };
    // All at once: handing over eight bytes takes longer than hashing them.
    let numbers = [times, slower, wait.probability(), wait.mean(), shape[0], shape[1]];
    key.update(numbers.map(f64::to_le_bytes).as_flattened());
}

/// Whether its caller waits only so long for a call.
fn is_guarded(call: &Call) -> bool {
    call.client.as_ref().is_some_and(|client| client.timeout_s.is_some())
}

/// What a soft dependency's death means to those above it.
fn soft(why: Why) -> Why {
    match why {
        Why::Station(id) => Why::Missing(id),
        other => other,
    }
}
