//! What single requests learn of the world when something has changed.

use super::state::backend_pool::{NONE, SERVERS_MAX};
use super::state::due::{Due, Kind};
use super::state::program::{OUTSIDE, Op};
use super::state::requests::Requests;
use super::state::slots::{AWAITS, BRANCH_FAILED, CHECK, FORESEEN, QUEUED, SERVED};
use super::state::source::Way;
use super::state::station_queue::Line;
use crate::engine::core::Engine;
use crate::engine::state::flow::{AtStation, Open};
use crate::engine::state::paths::Path;
use crate::world::{Automation, LinkId, ServiceId, StationId};

/// Where a station becomes slower or faster by more than this, that goes for the requests that it is serving too.
const RESCALED: f64 = 0.2;

impl Engine<'_> {
    /// Sources, stations and links follow what is true now. `open` holds the demand; what stations get is what has been
    /// counted.
    pub(in crate::engine) fn follow(&mut self, open: &mut Open) {
        let Some(mut requests) = self.requests.take() else { return };
        requests.now = self.now.0 as u64;
        requests.kept_calls.clear();
        requests.kept_calls.extend((0..self.world.services.len()).map(|i| self.kept_of(ServiceId::new(i))));
        self.follow_demand(&mut requests, open);
        requests.know_askers(self.luck);
        self.follow_stations(&mut requests, open);
        self.follow_links(&mut requests, open);
        self.follow_writes(&mut requests);
        if let Some(before) = requests.before.take() {
            self.fill(&mut requests, &before);
        }
        self.requests = Some(requests);
    }

    fn follow_demand(&self, requests: &mut Requests, open: &Open) {
        let now = requests.now;
        let mut ahead_s = None;
        let paths = &self.state.flow.paths;
        let was_laid_out = requests.paths_laid_out;
        requests.programs.times_laid_out += u32::from(!was_laid_out);
        let mut first = 0;
        for of in 0..requests.sources.len() {
            let (people, feature) = (requests.sources[of].people as usize, requests.sources[of].feature as usize);
            let is_mine = |index: &usize| paths[*index].people == people && paths[*index].feature == feature;
            let mine = first..(first..paths.len()).take_while(is_mine).count() + first;
            first = mine.end;
            let laid_out = requests.paths_laid_out && requests.sources[of].ways.len() == mine.len();
            let mut ways = Vec::with_capacity(mine.len());
            let (mut rate, mut slope) = (0.0, 0.0);
            for (nth, index) in mine.clone().enumerate() {
                let path = &paths[index];
                let start = match laid_out {
                    true => requests.sources[of].ways[nth].start,
                    false => requests.programs.of(self, path),
                };
                rate += open.rates[index].0;
                slope += open.rates[index].1;
                ways.push(Way {
                    rate: open.rates[index].0,
                    slope: open.rates[index].1,
                    start,
                    dead: path.dead.is_some(),
                });
            }
            let sight = mine.clone().map(|index| {
                let path = &paths[index];
                let succeeds = if path.dead.is_some() { 0.0 } else { path.passes * self.without_queues(path).1 };
                (path.site, succeeds, if path.missing.is_some() { 0.0 } else { 1.0 - path.dimmed })
            });
            if requests.sources[of].follow_sight(sight.collect()) {
                let ahead_s = ahead_s.get_or_insert_with(|| self.lines_ahead_s(requests));
                let is_late = |path: &Path| self.in_time_behind_lines(path, ahead_s) < 0.5;
                let late =
                    mine.clone().filter(|index| paths[*index].dead.is_none()).any(|index| is_late(&paths[index]));
                let felt = &mut requests.sources[of].felt;
                if !(late && felt.goes_on(now)) {
                    felt.begin_again(now);
                }
            }
            let source = &mut requests.sources[of];
            source.ways = ways;
            source.ways_since = now;
            if let Some(index) = mine.clone().next() {
                source.let_in = open.let_in[index];
                source.sent = if source.waits { 1.0 } else { open.sent[index] };
            }
            if source.waits {
                let closed = &mut requests.closed_users[people];
                if feature == 0 {
                    closed.uses.clear();
                }
                let sum = closed.uses.last().map_or(0.0, |last| last.1);
                closed.uses.push((of as u32, sum + rate));
                if feature + 1 == self.world.people[people].uses.len() {
                    let sent = mine.clone().next().map_or(1.0, |index| open.sent[index]);
                    requests.gather(people, open.people[people].0 * sent, sum + rate);
                }
            } else if let Some(at) = source.change(now, rate, slope) {
                let due = Due::new(Kind::Arrive, of as u32, source.turn);
                requests.push(at, due);
            }
        }
        requests.paths_laid_out = true;
        if !was_laid_out {
            let places = requests.slots.under_way();
            let pieces = places.iter().map(|id| requests.programs.piece_at(requests.slots[*id].pc)).collect();
            requests.programs.lay_out_calls(self, pieces);
        }
    }

    fn follow_stations(&self, requests: &mut Requests, open: &mut Open) {
        let now = requests.now;
        open.stations.clear();
        for i in 0..self.world.stations.len() {
            let id = StationId::new(i);
            let queue = &mut requests.station_queues[i];
            queue.serves = self.serves(id);
            let workers = if queue.serves { self.state.flow.stations[i].workers } else { 0 };
            let (slower, before) = (self.slower(id), queue.slower);
            queue.slower = slower;
            if (slower / before - 1.0).abs() > RESCALED && queue.busy > 0 {
                requests.rescale(i as u32, &[slower / before]);
            }
            let queue = &mut requests.station_queues[i];
            if workers != queue.workers {
                queue.pass(now);
                let before = queue.workers;
                if let Line::Shared(sharing) = &mut queue.line {
                    sharing.pass(now, before);
                }
                queue.workers = workers;
                if workers > before {
                    requests.opened.push_back(i as u32);
                }
                if requests.station_queues[i].is_shared() {
                    requests.share_again(i as u32);
                }
            }
            if requests.station_queues[i].pool != NONE {
                self.follow_servers(requests, id);
            }
            let service_s = self.world.services[self.world.stations[i].service.at()].takes_mean_s;
            requests.seen[i].computes_s = service_s * requests.station_queues[i].slower;
            let queue = &requests.station_queues[i];
            let seen = &requests.seen[i];
            let service = &self.world.services[self.world.stations[i].service.at()];
            let held_s = if seen.held_s > 0.0 { seen.held_s } else { service.takes_mean_s * queue.slower };
            let mut at = AtStation::new(queue.slower);
            at.inflow = seen.inflow;
            at.out = (seen.inflow * (1.0 - seen.block), 0.0);
            at.block = seen.block;
            at.held_s = held_s;
            at.computes_s = service.takes_mean_s * queue.slower;
            at.capacity = if held_s > 0.0 { workers as f64 / held_s } else { 0.0 };
            at.wait_mean_s = seen.wait_s;
            at.closed = None;
            at.at_ease = false;
            open.stations.push(at);
        }
    }

    /// The servers of a station behind a balancer: how many there are, and how each of them is.
    fn follow_servers(&self, requests: &mut Requests, id: StationId) {
        let base = &requests.station_queues[id.at()];
        let (pool, slower) = (base.pool as usize, base.slower);
        let each = u64::from(self.world.stations[id.at()].workers.max(1));
        let dead = &self.state.rotations[id.at()].dead;
        let count = (base.workers / each).saturating_add(dead.len() as u64).min(SERVERS_MAX) as usize;
        let count = if base.workers > 0 { count } else { 0 };
        requests.staff(pool, count, each, self.luck, &self.world.stations[id.at()].name);
        // Whom nobody checks is tried again.
        let balancer = self.world.services[self.world.stations[id.at()].service.at()].balancer;
        let tries_again = balancer.is_some_and(|balancer| balancer.outliers.is_some() && balancer.checks.is_none());
        for number in 0..count {
            let dead =
                dead.iter().find(|dead| dead.number as usize == number + 1).map(|dead| dead.ejected && !tries_again);
            requests.bury(pool, number, dead, each);
        }
        let station = &self.world.stations[id.at()];
        let fails = self.state.rotations[id.at()].deep_fails;
        requests.backend_pools[pool].deep_fails = fails.then(|| self.why_deep(&station.deep, Some(station.site)));
        requests.switch_checks(pool, self.is_off(Automation::ServerChecks(station.service)));
        if !self.state.rotations[id.at()].out.is_empty() && requests.before.is_some() {
            requests.take_out(pool, &self.state.rotations[id.at()].out);
        }
        let slow: Vec<_> = self.slow_servers(id).collect();
        let mut factors = vec![1.0; count];
        for (number, factor) in factors.iter_mut().enumerate() {
            let mine = || slow.iter().filter(|slow| (number as u64) < slow.servers);
            let server = &mut requests.backend_pools[pool].servers[number];
            server.fooled = mine().any(|slow| slow.checks_pass);
            server.why = mine().map(|slow| slow.why).next_back();
            let queue = &mut requests.station_queues[server.queue as usize];
            let slower = slower * mine().map(|slow| slow.by).product::<f64>();
            if (slower / queue.slower - 1.0).abs() > RESCALED {
                *factor = slower / queue.slower;
            }
            queue.slower = slower;
        }
        if factors.iter().any(|factor| *factor != 1.0) {
            requests.rescale(id.0, &factors);
        }
    }

    /// Which writes get through, and to which replicas.
    fn follow_writes(&self, requests: &mut Requests) {
        for (station, writer) in requests.writers.iter_mut().enumerate() {
            for written in &mut writer.stores {
                let flow = &self.state.flow.stores[written.store];
                let reaches = flow.writers.iter().any(|w| w.station.at() == station && w.reaches);
                written.open = flow.writable && reaches;
            }
        }
        for follower in &mut requests.followers {
            let contact = self.state.flow.stores[follower.store].replicas[follower.replica].contact;
            if contact != follower.contact {
                // What had come has been applied when anybody asks again, what had not is behind now.
                follower.behind.clear();
            }
            follower.contact = contact;
        }
    }

    fn follow_links(&self, requests: &mut Requests, open: &Open) {
        for (link, link_state) in requests.links.iter_mut().enumerate() {
            let most = self.link_bps(LinkId::new(link));
            let mut left = most;
            for (transfer, bps) in self.world.transfers.iter().zip(&open.transfers_bps) {
                let links = self.links_between(transfer.ends.0, transfer.ends.1).unwrap_or_default();
                // Before one that yields every request goes first.
                if !transfer.yields && links.contains(&LinkId::new(link)) {
                    left -= bps;
                }
            }
            link_state.bps = if most.is_finite() { left.max(most * 1e-3) } else { f64::INFINITY };
        }
    }

    /// A station has stopped: who is there, or waits for somebody whom it called, fails.
    pub(in crate::engine) fn crash_requests(&mut self, id: StationId) {
        let now = self.now.0 as u64;
        if let Some(requests) = &mut self.requests {
            requests.now = now;
            requests.crash(id.0, 0..usize::MAX, true);
        }
    }
}

impl Requests {
    /// So many users of a population are there, who click so often altogether.
    fn gather(&mut self, people: usize, users: f64, clicks_per_s: f64) {
        let closed = &mut self.closed_users[people];
        closed.thinks_ns = if clicks_per_s > 0.0 { users / clicks_per_s * 1e9 } else { f64::INFINITY };
        for _ in 0..closed.gather((users + 0.5).max(0.0) as u64) {
            let closed = &mut self.closed_users[people];
            let thought = closed.thinks_ns * crate::dist::exponential(&mut closed.luck);
            let at = self.now.saturating_add(thought as u64);
            self.push(at, Due::new(Kind::Think, people as u32, 0));
        }
    }

    /// What is left of the services of a station takes so many times as long: behind a balancer, at each of its servers.
    fn rescale(&mut self, station: u32, factors: &[f64]) {
        let now = self.now;
        if self.station_queues[station as usize].is_shared() {
            return;
        }
        for id in self.slots.under_way() {
            let slot = &mut self.slots[id];
            let here = matches!(self.programs.ops[slot.pc as usize], Op::Enter { station: s, .. } if s == station);
            if here && slot.is(SERVED) {
                let queue = self.queue_at(station, id, self.slots[id].pc);
                let server = self.station_queues[queue as usize].server;
                let factor =
                    if server == NONE { factors[0] } else { factors.get(server as usize).copied().unwrap_or(1.0) };
                let slot = &mut self.slots[id];
                slot.turn = slot.turn.wrapping_add(1);
                slot.until = now.saturating_add((slot.until.saturating_sub(now) as f64 * factor) as u64);
                let (until, due) = (slot.until, Due::new(Kind::Step, id, slot.turn));
                self.push(until, due);
            }
        }
    }

    /// A station stops at once; behind a balancer, some of its servers, or all of them and more.
    /// Those that are gone for good get nothing more, and are not checked.
    pub(super) fn crash(&mut self, station: u32, servers: std::ops::Range<usize>, gone_for_good: bool) {
        let now = self.now;
        let queue = &mut self.station_queues[station as usize];
        let pool = queue.pool;
        let whole = pool == NONE || servers.end == usize::MAX;
        if whole {
            queue.pass(now);
            queue.serves = false;
            queue.workers = 0;
            if let Some(cache) = &mut queue.cache {
                cache.forget();
            }
        }
        let mut gone = vec![station];
        if pool != NONE {
            let of = &self.backend_pools[pool as usize].servers;
            let servers = servers.start..servers.end.min(of.len());
            gone = of[servers.clone()].iter().map(|server| server.queue).collect();
            if gone_for_good {
                self.unstaff(pool as usize, servers);
            }
            if whole {
                self.backend_pools[pool as usize].here = 0;
                self.rotate(pool as usize);
            }
        }
        for queue in &gone {
            let queue = &mut self.station_queues[*queue as usize];
            queue.pass(now);
            queue.serves = false;
            queue.workers = 0;
        }
        let mut connections = Vec::new();
        for id in self.slots.under_way() {
            let slot = self.slots[id];
            // The outermost visit to it: whoever is inside of that is lost with it, but for what stands for itself.
            let mut frame = self.programs.frame_of[slot.pc as usize];
            let (mut lost, floor) = (None, self.floor(id));
            while frame != OUTSIDE {
                let visit = self.programs.frames[frame as usize];
                if visit.depth < floor {
                    break;
                }
                // One who is still on the way to it is at the operation that enters, too.
                let is_there = if visit.enter == slot.pc { slot.is(SERVED | QUEUED) } else { visit.holds };
                if visit.station == station && is_there && (whole || gone.contains(&self.queue_around(id, &visit))) {
                    lost = Some(visit);
                }
                frame = visit.parent;
            }
            let Some(lost) = lost else { continue };
            self.slots[id].flags &= !FORESEEN;
            let queue = self.queue_around(id, &lost);
            let is_check = slot.is(CHECK);
            if slot.is(QUEUED) && lost.enter == slot.pc {
                self.counts_no_more(queue, id);
            }
            self.drop_inside(id, &lost, station, is_check);
            let slot = &mut self.slots[id];
            slot.turn = slot.turn.wrapping_add(1);
            slot.branches = 0;
            slot.flags &= !(SERVED | QUEUED | BRANCH_FAILED | AWAITS);
            self.loses_asking(id);
            if lost.depth < u32::from(self.slots[id].depth) {
                // A branch of something that is lost as a whole.
                let slot = self.slots[id];
                connections.extend(self.attempt_is_lost(&slot));
                self.slots.end(id);
            } else {
                self.slots[id].pc = lost.broken;
                self.goes_on(id);
            }
        }
        connections.into_iter().for_each(|asker| self.give_connections(asker));
        for queue in gone {
            let queue = &mut self.station_queues[queue as usize];
            queue.clear();
            queue.busy = 0;
            queue.inside = 0;
        }
    }

    /// What a request holds inside of a visit that is lost is given back.
    fn drop_inside(&mut self, id: u32, lost: &super::state::program::Frame, station: u32, is_check: bool) {
        let slot = self.slots[id];
        let mut frame = self.programs.frame_of[slot.pc as usize];
        while frame != OUTSIDE {
            let visit = self.programs.frames[frame as usize];
            if visit.depth < u32::from(slot.depth) {
                return;
            }
            self.ask_no_more(id, visit.station);
            let here = visit.enter == slot.pc;
            // Where workers are not held, the one who has just served may still have to be given back.
            let leaving =
                matches!(self.programs.ops[slot.pc as usize], Op::Leave { station } if station == visit.station);
            let is_there = if here { slot.is(SERVED | QUEUED) } else { visit.holds || leaving };
            if is_there {
                let queue = self.queue_of(&slot, &visit);
                let counted = u64::from(!is_check && self.is_counted(id, visit.enter));
                let counts = &mut self.station_queues[queue as usize].counts;
                if visit.station == station {
                    counts.crashed += counted;
                } else {
                    counts.called_off += counted;
                    match here && slot.is(QUEUED) {
                        true => self.waits_no_more(queue, id),
                        false => self.released.push_back((queue, here)),
                    }
                }
            }
            if visit.enter == lost.enter {
                return;
            }
            frame = visit.parent;
        }
    }
}
