//! Servers that have died behind a balancer, and those whose deep checks fail: they get their share of the requests until its
//! checks have found that out.

use super::core::Engine;
use super::event::Event;
use super::state::rotation::DeadServer;
use super::state::stations::StationPhase;
use super::state::waits::Wait;
use crate::dist::Sampler;
use crate::observe::{ObservationId, Occurrence};
use crate::rng::Stream;
use crate::units::{Duration, Time};
use crate::world::{Automation, HealthChecks, StationId};

impl Engine<'_> {
    /// Which servers behind balancers are dead now. Which of a pool they are does not matter: the last ones.
    pub(super) fn look_at_rotations(&mut self) {
        for i in 0..self.world.stations.len() {
            let station = &self.world.stations[i];
            let balancer = self.world.services[station.service.at()].balancer;
            let Some(pool) = station.pool.filter(|_| balancer.is_some()) else { continue };
            let id = StationId::new(i);
            let serves = self.state.stations[i].phase == StationPhase::Serving;
            let failed = self.state.nodes[pool.at()].failed + self.state.nodes[pool.at()].hidden;
            let dead = if serves { failed } else { 0 };
            let all = self.servers(id) + dead;
            let rotation = &mut self.state.rotations[i];
            let before = rotation.dead.len();
            // Who was dead before anything was sent has been found out.
            let is_known = !std::mem::replace(&mut rotation.serves, serves);
            rotation.dead.retain(|server| u64::from(server.number) <= all);
            rotation.dead.truncate(rotation.dead.len().min(dead as usize));
            let mut new = Vec::new();
            let mut number = all.min(u64::from(u32::MAX)) as u32;
            while (rotation.dead.len() as u64) < dead && number > 0 {
                if rotation.dead.iter().all(|server| server.number != number) {
                    rotation.token += 1;
                    let was_out = rotation.out.binary_search(&number).map(|place| rotation.out.remove(place)).is_ok();
                    let ejected = is_known || was_out;
                    rotation.dead.push(DeadServer { number, ejected, token: rotation.token });
                    new.push((number, rotation.token));
                }
                number -= 1;
            }
            self.paths_dirty |= !new.is_empty() || self.state.rotations[i].dead.len() != before;
            if !is_known {
                for (server, token) in new {
                    let Some(at) = self.dead_is_seen_at(id, server) else { continue };
                    let event = Event::Ejected { station: id, token };
                    let by_checks = balancer.and_then(|balancer| balancer.checks);
                    match by_checks.filter(|checks| self.found_out_at(id, server, *checks, checks.fails) == at) {
                        Some(checks) => {
                            let every_s = checks.every.seconds();
                            let law = Sampler::Uniform(every_s * f64::from(checks.fails.saturating_sub(1)), every_s);
                            self.events.push_drawn(self.now, at, event, || Wait::Of(law, 1.0));
                        }
                        None => self.events.push(at, event),
                    }
                }
            }
        }
    }

    /// When enough checks of a server have failed, or passed: the same checks at the same times as those of single requests.
    fn found_out_at(&self, id: StationId, server: u32, checks: HealthChecks, in_a_row: u32) -> Time {
        self.found_out_after(id, server, checks, (in_a_row, Time::ZERO))
    }

    /// The same, and not before a time.
    fn found_out_after(
        &self,
        id: StationId,
        server: u32,
        checks: HealthChecks,
        (in_a_row, not_before): (u32, Time),
    ) -> Time {
        let name = format!("{}, server {server}", self.world.stations[id.at()].name);
        let phase = Stream::new(self.luck, &name, "health checks").uniform();
        let first = checks.next(self.now, phase);
        let enough = Time(first.0.saturating_add(checks.every.0.saturating_mul(i64::from(in_a_row) - 1)));
        enough.max(checks.next(not_before, phase))
    }

    /// When enough checks of a dead server have failed, or enough of its requests, as they come now.
    fn dead_is_seen_at(&self, id: StationId, server: u32) -> Option<Time> {
        let balancer = self.world.services[self.world.stations[id.at()].service.at()].balancer?;
        let by_checks = balancer.checks.map(|checks| self.found_out_at(id, server, checks, checks.fails));
        let by_errors = balancer.outliers.and_then(|outliers| {
            let open = self.state.flow.open.as_ref().or(self.state.flow.closed.as_ref())?;
            let (alive, dead) = self.in_rotation(id);
            let each_per_s = open.stations.get(id.at())?.inflow / (alive + dead).max(1) as f64;
            (each_per_s > 0.0).then(|| self.now.after(Duration::from_seconds(f64::from(outliers.errors) / each_per_s)))
        });
        match (by_checks, by_errors) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    /// A dead server that nobody checks gets requests again, to see how they fare.
    fn tries_again(&mut self, id: StationId, number: u32) {
        let service = &self.world.services[self.world.stations[id.at()].service.at()];
        let Some(outliers) = service.balancer.and_then(|b| b.outliers).filter(|_| self.checks_of(id).is_none()) else {
            return;
        };
        let ejections = self.state.rotations[id.at()].ejections.entry(number).or_default();
        ejections.eject(self.now, outliers.damping);
        let until = ejections.until;
        let rotation = &mut self.state.rotations[id.at()];
        rotation.token += 1;
        let token = rotation.token;
        rotation.dead.iter_mut().filter(|dead| dead.number == number).for_each(|dead| dead.token = token);
        self.events.push(until, Event::Ejected { station: id, token });
    }

    /// Whether so many are out for failed requests that no more can be.
    fn too_many_out(&self, id: StationId) -> bool {
        let service = &self.world.services[self.world.stations[id.at()].service.at()];
        let Some(outliers) = service.balancer.and_then(|b| b.outliers).filter(|_| self.checks_of(id).is_none()) else {
            return false;
        };
        let dead = &self.state.rotations[id.at()].dead;
        let out = dead.iter().filter(|dead| dead.ejected).count();
        out >= outliers.most_of(self.servers(id) as usize + dead.len())
    }

    /// Enough checks of a dead server have failed, as the flow takes it. Single requests have their own checks.
    pub(super) fn eject(&mut self, id: StationId, token: u32) {
        let rotation = &mut self.state.rotations[id.at()];
        let server = rotation.dead.iter_mut().find(|server| server.token == token);
        let Some(server) = server.filter(|_| self.requests.is_none()) else { return };
        let (number, is_ejected) = (server.number, server.ejected);
        let is_back = self.state.rotations[id.at()].ejections.get(&number).is_some_and(|of| of.until == self.now);
        if is_ejected && !is_back {
            return;
        }
        if is_ejected {
            // Its time is over.
            let dead = self.state.rotations[id.at()].dead.iter_mut();
            dead.filter(|server| server.number == number).for_each(|server| server.ejected = false);
            self.state.rotations[id.at()].ejections.entry(number).or_default().comes_back(self.now);
            if let Some(at) = self.dead_is_seen_at(id, number) {
                self.events.push(at, Event::Ejected { station: id, token });
            }
            self.paths_dirty = true;
            self.flow_dirty = true;
            return;
        }
        if self.too_many_out(id) {
            return;
        }
        if self.is_held_back(Automation::ServerChecks(self.world.stations[id.at()].service)) {
            return;
        }
        let dead = self.state.rotations[id.at()].dead.iter_mut();
        dead.filter(|server| server.number == number).for_each(|server| server.ejected = true);
        self.tries_again(id, number);
        let (server, in_rotation) = (number, self.healthy(id));
        let cause = self.world.stations[id.at()].pool.and_then(|pool| self.state.nodes[pool.at()].why);
        let what = match self.checks_of(id) {
            Some(_) => Occurrence::Ejected { station: id, server, in_rotation },
            None => Occurrence::Outlier { station: id, server, in_rotation, out: true },
        };
        self.see_because(what, cause);
        self.paths_dirty = true;
        self.flow_dirty = true;
    }

    /// A balancer of single requests has ejected a server.
    pub(super) fn is_ejected(&mut self, id: StationId, number: u32) {
        let dead = self.state.rotations[id.at()].dead.iter_mut();
        dead.filter(|server| server.number == number).for_each(|server| server.ejected = true);
        self.paths_dirty = true;
        self.flow_dirty = true;
    }

    fn in_rotation_dead(&self, id: StationId) -> u64 {
        self.state.rotations[id.at()].dead.iter().filter(|server| !server.ejected).count() as u64
    }

    /// The share of the requests that a balancer sends to servers that are dead, where it is the same for all.
    pub(super) fn dead_share(&self, id: StationId) -> f64 {
        let rotation = &self.state.rotations[id.at()];
        let balancer = self.world.services[self.world.stations[id.at()].service.at()].balancer;
        let Some(balancer) = balancer.filter(|_| !rotation.dead.is_empty()) else { return 0.0 };
        // What depends on how busy everybody is can only be seen of single requests.
        if self.requests.is_some() && !balancer.picks_blindly() {
            return 0.0;
        }
        let (alive, left) = self.in_rotation(id);
        if left > 0 { left as f64 / (alive as f64 + left as f64) } else { 0.0 }
    }

    fn checks_of(&self, id: StationId) -> Option<HealthChecks> {
        self.world.services[self.world.stations[id.at()].service.at()].balancer.and_then(|balancer| balancer.checks)
    }

    /// Servers that get requests: those that live, and those that are dead.
    fn in_rotation(&self, id: StationId) -> (u64, u64) {
        let rotation = &self.state.rotations[id.at()];
        let (alive, dead) = (self.servers(id), rotation.dead.len() as u64);
        if self.panics(id) || self.is_off(Automation::ServerChecks(self.world.stations[id.at()].service)) {
            return (alive, dead);
        }
        (alive.saturating_sub(self.out(id)), self.in_rotation_dead(id))
    }

    /// Servers that live and get nothing, as the flow takes it.
    fn out(&self, id: StationId) -> u64 {
        if self.requests.is_some() { 0 } else { self.state.rotations[id.at()].out.len() as u64 }
    }

    /// Servers that are not known to fail.
    fn healthy(&self, id: StationId) -> u32 {
        let alive = self.servers(id).saturating_sub(self.out(id));
        alive.saturating_add(self.in_rotation_dead(id)).min(u64::from(u32::MAX)) as u32
    }

    /// So few are healthy that all get requests.
    fn panics(&self, id: StationId) -> bool {
        let rotation = &self.state.rotations[id.at()];
        let checks = self.checks_of(id);
        let all = self.servers(id) as f64 + rotation.dead.len() as f64;
        checks.is_some_and(|checks| f64::from(self.healthy(id)) < checks.panic_below * all)
    }

    /// Workers of a station that get requests, as the flow takes it; single requests have a rotation of their own.
    pub(super) fn workers_in_rotation(&self, id: StationId) -> u64 {
        if self.out(id) == 0 {
            return self.workers(id);
        }
        self.in_rotation(id).0.saturating_mul(u64::from(self.world.stations[id.at()].workers))
    }

    /// All servers of a station fail their checks, and none gets anything.
    pub(super) fn nobody_in_rotation(&self, id: StationId) -> bool {
        self.out(id) > 0 && self.servers(id) > 0 && self.in_rotation(id) == (0, 0)
    }

    /// Deep checks of the servers of a station fail, or pass again, or there are more servers.
    pub(super) fn deep_checks_of(&mut self, id: StationId, fails: bool, off: bool) {
        let servers = self.servers(id);
        let rotation = &mut self.state.rotations[id.at()];
        let most = servers + rotation.dead.len() as u64;
        rotation.out.retain(|number| u64::from(*number) <= most);
        rotation.foreseen = rotation.foreseen.min(servers);
        if rotation.deep_fails == fails && rotation.foreseen >= servers {
            return;
        }
        if off && fails {
            self.is_held_back(Automation::ServerChecks(self.world.stations[id.at()].service));
            return;
        }
        let from = if rotation.deep_fails == fails { rotation.foreseen } else { 0 };
        if from == 0 {
            rotation.deep_fails = fails;
            rotation.deep_token += 1;
            self.flow_dirty = true;
        }
        rotation.foreseen = servers;
        let checks = self.checks_of(id);
        let Some(checks) = checks.filter(|_| self.requests.is_none()) else { return };
        let rotation = &self.state.rotations[id.at()];
        let token = rotation.deep_token;
        let all = (servers + rotation.dead.len() as u64).min(u64::from(u32::MAX)) as u32;
        let turns = |number: &u32| {
            let is_out = rotation.out.binary_search(number).is_ok();
            is_out != fails && rotation.dead.iter().all(|dead| dead.number != *number)
        };
        let due: Vec<u32> = (from as u32 + 1..=all).filter(turns).collect();
        for server in due {
            let at = match self.state.rotations[id.at()].ejections.get(&server).filter(|_| !fails) {
                Some(ejections) => self.found_out_after(id, server, checks, (checks.passes, ejections.until)),
                None => self.found_out_at(id, server, checks, if fails { checks.fails } else { checks.passes }),
            };
            self.events.push(at, Event::Rotates { station: id, server, token });
        }
    }

    /// Enough deep checks of a server have failed, or passed, as the flow takes it.
    pub(super) fn rotates(&mut self, id: StationId, server: u32, token: u32) {
        let rotation = &mut self.state.rotations[id.at()];
        if rotation.deep_token != token || self.requests.is_some() {
            return;
        }
        let fails = rotation.deep_fails;
        match (rotation.out.binary_search(&server), fails) {
            (Err(place), true) => rotation.out.insert(place, server),
            (Ok(place), false) => drop(rotation.out.remove(place)),
            _ => return,
        }
        let damping = self.checks_of(id).map(|checks| checks.damping).unwrap_or_default();
        let ejections = self.state.rotations[id.at()].ejections.entry(server).or_default();
        match fails {
            true => ejections.eject(self.now, damping),
            false => ejections.comes_back(self.now),
        }
        let (station, in_rotation) = (&self.world.stations[id.at()], self.healthy(id));
        let why = self.why_deep(&station.deep, Some(station.site));
        let what = match fails {
            true => Occurrence::Ejected { station: id, server, in_rotation },
            false => Occurrence::Returned { station: id, server, in_rotation },
        };
        let seen = self.see_because(what, why);
        self.state.rotations[id.at()].why = Some(seen);
        self.tell_panic(id, seen);
        self.paths_dirty = true;
        self.flow_dirty = true;
    }

    fn tell_panic(&mut self, id: StationId, why: ObservationId) {
        let panics = self.panics(id);
        if std::mem::replace(&mut self.state.rotations[id.at()].in_panic, panics) != panics {
            self.see_because(Occurrence::Panic(id, panics), Some(why));
        }
    }

    /// Health checks have been switched off, so that all count as healthy, or on again.
    pub(super) fn checks_begin_anew(&mut self, id: StationId) {
        if self.checks_of(id).is_none() {
            return;
        }
        let rotation = &mut self.state.rotations[id.at()];
        rotation.out.clear();
        (rotation.deep_fails, rotation.in_panic, rotation.foreseen) = (false, false, 0);
        rotation.deep_token += 1;
        let mut due = Vec::new();
        for server in &mut rotation.dead {
            rotation.token += 1;
            (server.ejected, server.token) = (false, rotation.token);
            due.push((server.number, server.token));
        }
        for (server, token) in due {
            if let Some(at) = self.dead_is_seen_at(id, server) {
                self.events.push(at, Event::Ejected { station: id, token });
            }
        }
        self.paths_dirty = true;
        self.flow_dirty = true;
    }

    /// What balancers of single requests have found out goes on in the flow.
    pub(super) fn rotation_from_requests(&mut self, id: StationId, out: Vec<u32>) {
        let rotation = &mut self.state.rotations[id.at()];
        rotation.out =
            if rotation.deep_fails || !self.world.stations[id.at()].deep.is_empty() { out } else { Vec::new() };
        rotation.in_panic = false;
        // What is due from now on is looked at as if it had just begun.
        (rotation.foreseen, rotation.deep_token) = (0, rotation.deep_token + 1);
    }
}
