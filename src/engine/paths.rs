//! Paths: which stations a request of a feature visits from a site, as long as nothing changes who works.

use super::core::Engine;
use super::state::paths::{Asks, Branch, Part, Path, Status, Way};
use super::state::stations::StationPhase;
use crate::observe::Why;
use crate::queueing::{
    Asking, Latency, Passed, Stage, Wait, attempts_of, compose_of, made_until_refused, never_refused, times_of_served,
};
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
    /// or who does not serve. What it needs may fail all the same.
    pub(super) fn answers(&self, call: &Call, from: SiteId) -> Option<(StationId, f64)> {
        let callee = self.callee(call)?;
        let route = self.state.routes.between(from, self.world.stations[callee.at()].site)?;
        (!self.state.flow.statuses[callee.at()].gone).then_some((callee, route.rtt_s))
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
            status.gone = status.dead.is_some();
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
                    once = Status { gone: false, ..statuses[callee.at()] };
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
        self.lost_by(call, from, callee, &self.state.flow.statuses)
    }

    fn lost_by(&self, call: &Call, from: SiteId, callee: StationId, statuses: &[Status]) -> (f64, f64) {
        let attempt = self.attempt_status(call, from, statuses);
        let (lost, further) = (attempt.fails.share, statuses[callee.at()].fails.share);
        let before = if further < 1.0 { (1.0 - (1.0 - lost) / (1.0 - further)).max(0.0) } else { 0.0 };
        (if attempt.dead.is_some() { 1.0 } else { lost }, before)
    }

    /// Of the calls that are made without a policy, how many each request is there for that is served, and for each that comes.
    fn arriving(&self, call: &Call, from: SiteId, callee: StationId, statuses: &[Status], hard: bool) -> (f64, f64) {
        if call.client.is_some() {
            return (call.times, 1.0);
        }
        let (lost, before) = self.lost_by(call, from, callee, statuses);
        if hard {
            return (times_of_served(call.times, 1.0 - lost), 1.0 - before);
        }
        // The first that fails is the last.
        let arrive = made_until_refused(lost, call.times) * (1.0 - before);
        (arrive, arrive / call.times)
    }

    /// How often a call is made and gets there, where it is not needed; where it is, how often it is made.
    pub(super) fn arriving_softly(&self, call: &Call, from: SiteId, callee: StationId) -> f64 {
        match call.hard || !self.state.flow.loses {
            true => call.times,
            false => self.arriving(call, from, callee, &self.state.flow.statuses, false).0,
        }
    }

    /// Of those who make a call, as often as it is made, the share that fails by it, whatever the load.
    pub(super) fn lost_by_calls(&self, call: &Call, from: SiteId) -> f64 {
        if !self.state.flow.loses {
            return 0.0;
        }
        let status = self.call_status(call, from, &self.state.flow.statuses);
        if status.dead.is_some() { 1.0 } else { status.fails.share }
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
        self.state.flow.loses =
            statuses.iter().any(|status| status.dead.is_some() || status.fails.share > 0.0 || status.lacks.share > 0.0)
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
            paid: Vec::new(),
            entered_by: Vec::new(),
            way: Way::default(),
            way_key: 0,
            fixed_s: population.rtt_s,
            plain_s: 0.0,
            comes_s: 0.0,
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
            path.crossings.push((near, site, 1.0, true));
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
        path.comes_s = path.fixed_s;
        let way = self.find_way(&mut path, &mut status, statuses);
        path.fixed_s += way.fixed_s;
        path.way_key = key_of(&way);
        path.way = Way { fixed_s: 0.0, ..way };
        path.passes = 1.0 - status.fails.share;
        path.loss = status.fails.why;
        if status.lacks.share > 0.0 {
            path.dimmed = 1.0 - (1.0 - path.dimmed) * (1.0 - status.lacks.share);
            path.dimmed_for = path.dimmed_for.or(status.lacks.why);
        }
        if path.dead.is_none() {
            path.quiet = self.latency(&path, |_| (Wait::Never, 1.0));
            path.plain_s = self.plain_of(&path);
            path.quiet_p95_s = path.fixed_s + path.quiet.quantile(0.95);
        }
        path
    }

    /// What the calls of a feature lead to, until one fails for everybody.
    fn find_way(&self, path: &mut Path, status: &mut Status, statuses: &[Status]) -> Way {
        let (id, site) = (self.world.people[path.people].uses[path.feature].0, path.site);
        let (mut way, mut goes_on) = (Way::default(), path.begins);
        for (nth, call) in self.world.features[id.at()].calls[site.at()].iter().enumerate() {
            if path.dead.is_some() {
                break;
            }
            let of_call = self.call_status(call, site, statuses);
            status.add(&of_call);
            (path.dead, path.missing) = (status.dead, status.missing);
            let come = goes_on;
            goes_on *= 1.0 - of_call.fails.share;
            let Some(entry) = self.callee(call) else { continue };
            let serving = self.state.stations[entry.at()].phase == StationPhase::Serving;
            let times = call.times * self.leave_out(path, call, entry, 1.0);
            if serving
                && times > 0.0
                && let Some(rtt_s) = self.cross(path, site, entry, times, call.hard)
            {
                path.entry.push((entry, times));
                path.entered_by.push(nth as u32);
                let mut below = Way { fixed_s: rtt_s, ..Way::default() };
                let (arrive, part) = self.arriving(call, site, entry, statuses, call.hard);
                path.comes_s += come * times * rtt_s;
                if !statuses[entry.at()].gone {
                    let kind = (call.hard, is_guarded(call));
                    let soft_part = if call.hard { 1.0 } else { part };
                    self.visit(path, &mut below, entry, (times * soft_part, come * times * part), kind, statuses);
                }
                let mut made = Way::default();
                go_by(&mut made, below, arrive, asks(call, (None, nth), rtt_s));
                way.goes(made, self.kept_calls(call));
            } else if times <= 0.0 || call.hard {
                // Nobody waits for what is left out; and whoever waits for what he cannot do without fails.
                path.comes_s += come * gives_up_s(call);
            } else {
                path.comes_s += come * call.times.min(1.0) * call.gives_up_s;
                way.goes(Way { fixed_s: call.gives_up_s, ..Way::default() }, call.times.min(1.0));
            }
        }
        way
    }

    /// A request goes from a site to a station. Says how long that takes each time, if there is a route.
    fn cross(&self, path: &mut Path, from: SiteId, to: StationId, times: f64, hard: bool) -> Option<f64> {
        let to = self.world.stations[to.at()].site;
        let route = self.state.routes.between(from, to)?;
        if from != to {
            path.crossings.push((from, to, times, hard));
        }
        Some(route.rtt_s)
    }

    /// What it takes in the mean where nobody waits and nobody gives up.
    fn plain_of(&self, path: &Path) -> f64 {
        let mut gives_up = false;
        path.way.each_branch(&mut |branch| gives_up |= branch.asks.is_some());
        if !gives_up {
            return path.fixed_s + path.quiet.mean();
        }
        let services = path
            .visits
            .iter()
            .map(|(id, times, _)| times * self.world.services[self.world.stations[id.at()].service.at()].takes_mean_s);
        path.fixed_s + path.way.network_s() + services.sum::<f64>()
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
    /// `times` is how often a request of the path that is served does that, and how often one that comes; `way` is what it is each time.
    fn visit(
        &self,
        path: &mut Path,
        way: &mut Way,
        id: StationId,
        (times, paid): (f64, f64),
        (hard, guarded): (bool, bool),
        statuses: &[Status],
    ) {
        let same = |(visit, is): (&(StationId, f64, bool), &bool)| visit.0 == id && visit.2 == hard && *is == guarded;
        let known = path.visits.iter().zip(&path.guarded).position(same);
        match known {
            Some(known) => {
                path.visits[known].1 += times;
                path.paid[known] += paid;
            }
            None => {
                path.visits.push((id, times, hard));
                path.guarded.push(guarded);
                path.paid.push(paid);
            }
        }
        way.pays(known.unwrap_or(path.visits.len() - 1), 1.0);
        let commit_s = self.commit(id).takes_s;
        way.fixed_s += commit_s;
        let station = &self.world.stations[id.at()];
        path.comes_s += paid * (commit_s + self.world.services[station.service.at()].takes_mean_s);
        let missed = self.missed(id);
        let (mut calls, mut goes_on) = (Way::default(), paid * missed);
        for (nth, call) in station.calls.iter().enumerate() {
            let callee = self.callee(call);
            let site = callee.map(|callee| self.world.stations[callee.at()].site);
            let reached = site.is_some_and(|site| self.state.routes.joins(station.site, site));
            let of_call = self.call_status(call, station.site, statuses);
            let come = goes_on;
            goes_on *= 1.0 - of_call.fails.share;
            match callee.filter(|callee| reached && !statuses[callee.at()].gone) {
                Some(callee) => {
                    let made = call.times * self.leave_out(path, call, callee, missed);
                    let times = times * made * missed;
                    if times > 0.0 {
                        let needed = hard && call.hard;
                        let rtt_s = self.cross(path, station.site, callee, times, needed).unwrap_or(0.0);
                        let kind = (needed, guarded || is_guarded(call));
                        let mut below = Way { fixed_s: rtt_s, ..Way::default() };
                        let (arrive, part) = self.arriving(call, station.site, callee, statuses, needed);
                        let soft_part = if needed { 1.0 } else { part };
                        path.comes_s += come * made * rtt_s;
                        let paid = come * made * part;
                        self.visit(path, &mut below, callee, (times * soft_part, paid), kind, statuses);
                        let mut made = Way::default();
                        go_by(&mut made, below, arrive, asks(call, (Some(id), nth), rtt_s));
                        calls.goes(made, self.kept_calls(call));
                    }
                }
                // Whoever waits for what he cannot do without fails; who is served all the same has waited for that.
                None if call.hard => {
                    path.comes_s += come * gives_up_s(call);
                    if !hard {
                        calls.goes(Way { fixed_s: gives_up_s(call), ..Way::default() }, 1.0);
                    }
                }
                None => {
                    path.comes_s += come * call.times.min(1.0) * call.gives_up_s;
                    calls.goes(Way { fixed_s: call.gives_up_s, ..Way::default() }, call.times.min(1.0));
                }
            }
            if of_call.dead.is_some() {
                break;
            }
        }
        // Whoever finds his key makes none of them.
        way.goes(calls, missed);
    }

    /// The latency at the stations of a path when they have these waits and are this much slower.
    pub(super) fn latency(&self, path: &Path, at: impl Fn(StationId) -> (Wait, f64)) -> Arc<Latency> {
        self.latency_by_visit(path, |visit| at(path.visits[visit].0), |_| 0.0, &[])
    }

    /// The same, where visits to one station can differ, and a share of them is refused; of each branch, in one order, the attempts at it
    /// that are known to fail.
    pub(super) fn latency_by_visit(
        &self,
        path: &Path,
        at: impl Fn(usize) -> (Wait, f64),
        refused: impl Fn(usize) -> f64,
        known: &[f64],
    ) -> Arc<Latency> {
        let met: Vec<Met> = (0..path.visits.len()).map(|visit| (at(visit), refused(visit))).collect();
        let mut key = Xxh3::new();
        if path.way.branches.is_empty() {
            path.way.visits.iter().for_each(|(_, times)| key.update(&times.to_le_bytes()));
        } else {
            key.update(&path.way_key.to_le_bytes());
            known.iter().for_each(|share| key.update(&share.to_le_bytes()));
        }
        for ((id, times, _), ((wait, slower), refused)) in path.visits.iter().zip(&met) {
            update(&mut key, self.world.stations[id.at()].service, *times, wait, *slower);
            if *refused > 0.0 {
                key.update(&refused.to_le_bytes());
            }
        }
        self.world.latencies.get(&key.digest128(), || self.compose(path, &met, known))
    }

    /// Paths share stations: what is lived through at each of them is worked out once.
    fn compose(&self, path: &Path, met: &[Met], known: &[f64]) -> Latency {
        if path.way.branches.is_empty() {
            let visits = path.way.visits.iter();
            return compose_of(0.0, visits.filter_map(|(i, times)| self.passed(path, *i, *times, &met[*i])));
        }
        Latency::of(&self.lived(path, &path.way, met, &mut known.iter().copied()).0)
    }

    /// What a request that is served lives through on a way: each branch of it as a whole, or not at all; and the share that is served.
    fn lived(&self, path: &Path, way: &Way, met: &[Met], known: &mut impl Iterator<Item = f64>) -> (Passed, f64) {
        let visits = || way.visits.iter().filter(|(_, times)| *times > 0.0);
        let mut all: Vec<Arc<Passed>> =
            visits().filter_map(|(i, times)| self.passed(path, *i, *times, &met[*i])).collect();
        let needed = visits().filter(|(i, _)| path.visits[*i].2);
        let mut served: f64 = needed.map(|(i, times)| never_refused(met[*i].1, *times)).product();
        for branch in &way.branches {
            let known_here = known.next().unwrap_or(0.0);
            let (mut below, mut succeeds) = self.lived(path, &branch.way, met, known);
            if let Some(asks) = &branch.asks {
                (below, succeeds) = below.asked_for(&Asking { known: known_here, ..asks.asking });
            }
            all.push(Arc::new(below.so_often(times_of_served(branch.times, succeeds))));
            served *= never_refused(1.0 - succeeds, branch.times);
        }
        (Passed::all(way.fixed_s, all.iter().map(|part| &**part)), served)
    }

    /// What whoever is served lives through in so many visits to a station.
    fn passed(&self, path: &Path, visit: usize, times: f64, ((wait, slower), refused): &Met) -> Option<Arc<Passed>> {
        let times = match path.visits[visit].2 {
            true => times_of_served(times, 1.0 - refused),
            false => times * (1.0 - refused),
        };
        if times <= 0.0 {
            return None;
        }
        let service = self.world.stations[path.visits[visit].0.at()].service;
        let mut key = Xxh3::new();
        update(&mut key, service, times, wait, *slower);
        let strata = &self.world.services[service.at()].strata;
        let stage = Stage { service: strata, times, wait, slower: *slower };
        Some(self.world.passed.get(&key.digest128(), || Passed::of(&stage).expect("visits there are")))
    }
}

/// What is met at a visit: a wait, how much slower it is, and the share of visits that is refused.
type Met = ((Wait, f64), f64);

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

/// A way is gone by a call: as a whole where somebody waits only so long for it.
fn go_by(way: &mut Way, below: Way, times: f64, asks: Option<Asks>) {
    match asks {
        Some(_) => way.goes_into(Branch { times, way: below, asks }),
        None => way.goes(below, times),
    }
}

/// How a call asks that waits only so long.
fn asks(call: &Call, (caller, nth): (Option<StationId>, usize), rtt_s: f64) -> Option<Asks> {
    let client = call.client.as_ref()?;
    let timeout_s = client.timeout_s?;
    let retries = client.retries;
    let asking = Asking {
        timeout_s,
        known_after_s: rtt_s.min(timeout_s),
        known: 0.0,
        attempts: retries.map_or(1, |retries| retries.attempts),
        budget: retries.map_or(0.0, |retries| retries.budget),
        after_s: retries.map_or(0.0, |retries| retries.after_s),
        retries_timeouts: client.client.retries_timeouts,
        hard: call.hard,
    };
    Some(Asks { caller, nth, asking })
}

/// What tells a way from others.
fn key_of(way: &Way) -> u64 {
    if way.branches.is_empty() {
        return 0;
    }
    let mut key = Xxh3::new();
    let mut note = |way: &Way| {
        key.update(&way.fixed_s.to_le_bytes());
        way.visits.iter().for_each(|(i, times)| key.update([*i as f64, *times].map(f64::to_le_bytes).as_flattened()));
    };
    note(way);
    way.each_branch(&mut |branch| note(&branch.way));
    way.each_branch(&mut |branch| {
        key.update(&branch.times.to_le_bytes());
        key.update(&(branch.way.branches.len() as u64).to_le_bytes());
        if let Some(Asking { timeout_s, known_after_s, attempts, budget, after_s, retries_timeouts, hard, .. }) =
            branch.asks.as_ref().map(|asks| asks.asking)
        {
            let kind = f64::from(attempts) + if retries_timeouts { 0.25 } else { 0.0 } + if hard { 0.5 } else { 0.0 };
            let numbers = [timeout_s, known_after_s, budget, after_s, kind];
            key.update(numbers.map(f64::to_le_bytes).as_flattened());
        }
    });
    key.digest()
}

/// How long a caller waits for somebody dead whom he cannot do without: the first time is the last, but for retries.
fn gives_up_s(call: &Call) -> f64 {
    let retries = call.client.as_ref().and_then(|client| client.retries);
    let again = retries.map_or(0.0, |r| attempts_of(1.0, r.attempts, r.budget) - 1.0);
    let after_s = retries.map_or(0.0, |retries| retries.after_s);
    call.times.min(1.0) * (call.gives_up_s + again * (call.gives_up_s + after_s))
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
