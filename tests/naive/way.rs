//! The way of a request: what it does next, from the innermost of its visits outwards.

use super::engine::{Due, Naive, callee};
use super::request::{AtStation, Step, User, Visit};
use firedrill::units::Duration;
use firedrill::world::{Call, LinkId, SiteId};
use std::rc::Rc;

/// A second of data that waits for a link: what comes on top of that is lost.
const BUFFER_NS: u64 = 1_000_000_000;

fn one_way(round_trip_s: f64) -> u64 {
    Duration::from_seconds(round_trip_s / 2.0).0 as u64
}

impl Naive<'_> {
    /// Makes the next step of a request. Says whether there is one more to make at once.
    pub fn advances(&mut self, id: usize) -> bool {
        let came_to = self.requests[id].came_to.take();
        let Some(visit) = self.requests[id].visits.pop() else { panic!("a request without an end") };
        match visit {
            Visit::User(step) => self.user(id, step, came_to),
            Visit::Branch => match came_to {
                Some(well) => {
                    self.joins(id, well);
                    false
                }
                None => panic!("a branch without an end"),
            },
            Visit::InTurn { mut calls, from } => {
                if came_to == Some(false) || calls.is_empty() {
                    return self.comes_to(id, came_to != Some(false));
                }
                let call = calls.remove(0);
                self.requests[id].visits.push(Visit::InTurn { calls, from });
                self.requests[id].visits.push(Visit::Asks { call, from, made: 0.0 });
                true
            }
            Visit::AtOnce { calls, from, set_out } => self.at_once(id, calls, from, set_out, came_to),
            Visit::Asks { call, from, made } => self.asks(id, call, from, made, came_to),
            Visit::Station(visit) => self.at_station(id, visit, came_to),
        }
    }

    fn comes_to(&mut self, id: usize, well: bool) -> bool {
        self.requests[id].came_to = Some(well);
        true
    }

    /// Goes on with a visit, after some time if there is any.
    fn after(&mut self, id: usize, visit: Visit, ns: u64) -> bool {
        self.requests[id].visits.push(visit);
        if ns > 0 {
            self.put(self.now + ns, Due::GoesOn(id));
        }
        ns == 0
    }

    fn user(&mut self, id: usize, step: User, came_to: Option<bool>) -> bool {
        let of = self.requests[id].of;
        let (world, site) = (self.world, self.site(of));
        let population = &world.people[self.sources[of].people];
        let feature = &world.features[population.uses[self.sources[of].feature].0.at()];
        match step {
            User::SetsOut => self.after(id, Visit::User(User::AtSite), one_way(population.rtt_s)),
            User::AtSite => {
                let uplink: Vec<LinkId> = world.uplinks[site.at()].into_iter().collect();
                let came_in = |passes| if passes { User::Inside } else { User::GoesBack(false) };
                self.crosses(id, &uplink, 0, 0.0, feature.bits, |passes| Visit::User(came_in(passes)))
            }
            User::Inside => {
                if came_to.is_none() {
                    let node = world.sites[site.at()].node;
                    if self.is_lost(id, self.requests[id].map.loses(node)) {
                        return self.after(id, Visit::User(User::GoesBack(false)), 0);
                    }
                    self.requests[id].visits.push(Visit::User(User::Inside));
                    self.makes_calls(id, &feature.calls[site.at()], site, feature.at_once);
                    return true;
                }
                self.after(id, Visit::User(User::GoesBack(came_to == Some(true))), 0)
            }
            User::GoesBack(well) => self.after(id, Visit::User(User::Home(well)), one_way(population.rtt_s)),
            User::Home(well) => {
                self.is_over(id, well);
                false
            }
        }
    }

    fn makes_calls(&mut self, id: usize, calls: &[Call], from: SiteId, at_once: bool) {
        let calls = calls.to_vec();
        self.requests[id].visits.push(match at_once {
            true => Visit::AtOnce { calls, from, set_out: false },
            false => Visit::InTurn { calls, from },
        });
    }

    fn at_once(&mut self, id: usize, calls: Vec<Call>, from: SiteId, set_out: bool, came_to: Option<bool>) -> bool {
        if set_out {
            return self.comes_to(id, came_to == Some(true));
        }
        let mut branches = Vec::new();
        for call in calls {
            let mut left = call.times;
            while left > 0.0 {
                branches.push(Call { times: left.min(1.0), ..call.clone() });
                left -= 1.0;
            }
        }
        if branches.is_empty() {
            return self.comes_to(id, true);
        }
        self.requests[id].visits.push(Visit::AtOnce { calls: Vec::new(), from, set_out: true });
        self.branches(id, branches, from);
        false
    }

    /// A call, as often as it is made. Without a soft one it is done all the same.
    fn asks(&mut self, id: usize, call: Call, from: SiteId, made: f64, came_to: Option<bool>) -> bool {
        if came_to == Some(false) {
            if call.hard {
                return self.comes_to(id, false);
            }
            self.requests[id].degraded = true;
            // What was refused is done without: if it fails all the same, it is for another reason.
            self.requests[id].refused = false;
            return self.comes_to(id, true);
        }
        let left = call.times - made;
        if left <= 0.0 || (left < 1.0 && self.chance(id, 1.0 - left)) {
            return self.comes_to(id, true);
        }
        let step = Step::SetsOut;
        let map = Rc::clone(&self.map);
        let visit = AtStation { station: callee(&call), call: call.clone(), from, step, has_worker: false, map };
        self.requests[id].visits.push(Visit::Asks { call, from, made: made + 1.0 });
        self.requests[id].visits.push(Visit::Station(visit));
        true
    }

    fn at_station(&mut self, id: usize, mut visit: AtStation, came_to: Option<bool>) -> bool {
        let world = self.world;
        let station = &world.stations[visit.station.at()];
        let service = &world.services[station.service.at()];
        let map = Rc::clone(&visit.map);
        let of = self.requests[id].of;
        let bits = world.features[world.people[self.sources[of].people].uses[self.sources[of].feature].0.at()].bits;
        let Some(way) = map.way(world, visit.from, visit.station) else {
            if visit.step == Step::Back(false) {
                return self.comes_to(id, false);
            }
            visit.step = Step::Back(false);
            let waits = Duration::from_seconds(visit.call.gives_up_s).0 as u64;
            return self.after(id, Visit::Station(visit), waits);
        };
        let takes = one_way(way.rtt_s);
        match visit.step {
            Step::SetsOut => self.crosses(id, &way.links, takes, 1.0 - way.passes, bits, |passes| {
                let step = if passes { Step::AtDoor } else { Step::GoesBack(false) };
                Visit::Station(AtStation { step, ..visit.clone() })
            }),
            Step::AtDoor => {
                let own = world.sites[station.site.at()].node;
                let nodes = station.gates.iter().flat_map(|gate| gate.of.iter().copied()).filter(|node| *node != own);
                // Who comes from another site has to get into this one first.
                let way_in = Some(own).filter(|_| visit.from != station.site);
                let nodes: Vec<_> = way_in.into_iter().chain(nodes).collect();
                if nodes.into_iter().any(|node| self.is_lost(id, map.loses(node))) {
                    visit.step = Step::GoesBack(false);
                    return self.after(id, Visit::Station(visit), 0);
                }
                visit.step = Step::There;
                let at = visit.station.at();
                self.requests[id].visits.push(Visit::Station(visit));
                self.comes(id, at)
            }
            Step::There => panic!("it waits, or is served"),
            Step::Served => {
                visit.step = Step::Calls;
                self.requests[id].visits.push(Visit::Station(visit));
                if !service.holds {
                    self.leaves(id);
                }
                if station.calls.is_empty() {
                    return self.comes_to(id, true);
                }
                self.makes_calls(id, &station.calls, station.site, service.at_once);
                true
            }
            Step::Calls => {
                let well = came_to == Some(true);
                self.requests[id].visits.push(Visit::Station(visit));
                if service.holds {
                    self.leaves(id);
                }
                if let Some(visit) = self.requests[id].here() {
                    visit.step = Step::GoesBack(well);
                }
                true
            }
            Step::GoesBack(well) => self.crosses(id, &way.links, takes, 0.0, 0.0, |passes| {
                assert!(passes, "nothing is lost on the way back");
                Visit::Station(AtStation { step: Step::Back(well), ..visit.clone() })
            }),
            Step::Back(well) => self.comes_to(id, well),
        }
    }

    fn chance(&mut self, id: usize, p: f64) -> bool {
        self.sources[self.requests[id].of].choices.chance(p)
    }

    /// Whether a request gets lost in something gray.
    fn is_lost(&mut self, id: usize, loses: f64) -> bool {
        loses > 0.0 && self.chance(id, loses)
    }

    /// Crosses some links, each of which may keep it waiting or lose it.
    fn crosses(
        &mut self,
        id: usize,
        links: &[LinkId],
        takes: u64,
        loses: f64,
        bits: f64,
        next: impl Fn(bool) -> Visit,
    ) -> bool {
        let world = self.world;
        let jitter = |link: &LinkId| world.links[link.at()].jitter.0 as u64;
        let is_narrow = |link: &LinkId| bits > 0.0 && world.links[link.at()].bandwidth_bps.is_finite();
        if loses <= 0.0 && !links.iter().any(|link| jitter(link) > 0 || is_narrow(link)) {
            return self.after(id, next(true), takes);
        }
        if loses > 0.0 && self.chance(id, loses) {
            return self.after(id, next(false), 0);
        }
        // The time of a way has the mean jitter of its links in it.
        let mut takes = takes.saturating_sub(links.iter().map(jitter).sum());
        for link in links {
            let wire = &mut self.wires[link.at()];
            if jitter(link) > 0 {
                takes += (jitter(link) as f64 * firedrill::dist::exponential(&mut wire.luck)) as u64;
            }
            if is_narrow(link) {
                let from = wire.free_at.max(self.now);
                if from - self.now > BUFFER_NS {
                    return self.after(id, next(false), 0);
                }
                wire.free_at = from + (bits / world.links[link.at()].bandwidth_bps * 1e9) as u64;
                takes += wire.free_at - self.now;
            }
        }
        self.requests[id].visits.push(next(true));
        self.put(self.now + takes, Due::GoesOn(id));
        false
    }
}
