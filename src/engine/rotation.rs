//! Servers that have died behind a balancer: they get their share of the requests until its checks have found that out.

use super::core::Engine;
use super::event::Event;
use super::state::rotation::DeadServer;
use super::state::stations::StationPhase;
use super::state::waits::Wait;
use crate::dist::Sampler;
use crate::observe::Occurrence;
use crate::rng::Stream;
use crate::units::Time;
use crate::world::{HealthChecks, StationId};

impl Engine<'_> {
    /// Which servers behind balancers are dead now. Which of a pool they are does not matter: the last ones.
    pub(super) fn look_at_rotations(&mut self) {
        for i in 0..self.world.stations.len() {
            let station = &self.world.stations[i];
            let balancer = self.world.services[station.service.at()].balancer;
            let (Some(balancer), Some(pool)) = (balancer, station.pool) else { continue };
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
                    rotation.dead.push(DeadServer { number, ejected: is_known, token: rotation.token });
                    new.push((number, rotation.token));
                }
                number -= 1;
            }
            self.paths_dirty |= !new.is_empty() || self.state.rotations[i].dead.len() != before;
            if let (Some(checks), false) = (balancer.checks, is_known) {
                for (server, token) in new {
                    let at = self.found_out_at(id, server, checks);
                    let every_s = checks.every.seconds();
                    let law = Sampler::Uniform(every_s * f64::from(checks.fails.saturating_sub(1)), every_s);
                    let event = Event::Ejected { station: id, token };
                    self.events.push_drawn(self.now, at, event, || Wait::Of(law, 1.0));
                }
            }
        }
    }

    /// When enough checks of a server have failed: the same checks at the same times as those of single requests.
    fn found_out_at(&self, id: StationId, server: u32, checks: HealthChecks) -> Time {
        let name = format!("{}, server {server}", self.world.stations[id.at()].name);
        let phase = Stream::new(self.luck, &name, "health checks").uniform();
        let first = checks.next(self.now, phase);
        Time(first.0.saturating_add(checks.every.0.saturating_mul(i64::from(checks.fails) - 1)))
    }

    /// Enough checks of a dead server have failed, as the flow takes it. Single requests have their own checks.
    pub(super) fn eject(&mut self, id: StationId, token: u32) {
        let rotation = &mut self.state.rotations[id.at()];
        let server = rotation.dead.iter_mut().find(|server| server.token == token && !server.ejected);
        let Some(server) = server.filter(|_| self.requests.is_none()) else { return };
        server.ejected = true;
        let server = server.number;
        let in_rotation = self.servers(id).saturating_add(self.in_rotation_dead(id)).min(u64::from(u32::MAX)) as u32;
        let cause = self.world.stations[id.at()].pool.and_then(|pool| self.state.nodes[pool.at()].why);
        self.see_because(Occurrence::Ejected { station: id, server, in_rotation }, cause);
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
        let (alive, dead) = (self.servers(id) as f64, rotation.dead.len() as f64);
        let left = self.in_rotation_dead(id) as f64;
        let panics = balancer.checks.is_some_and(|checks| alive + left < checks.panic_below * (alive + dead));
        let left = if panics { dead } else { left };
        if left > 0.0 { left / (alive + left) } else { 0.0 }
    }
}
