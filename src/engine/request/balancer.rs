//! Balancers: the servers of a station behind one. Each has a queue of its own; health checks, which are requests that wait
//! there like any other, decide which of them are in rotation.

use super::state::backend_pool::{NONE, Note, Server};
use super::state::due::{Due, Kind};
use super::state::program::Frame;
use super::state::requests::Requests;
use super::state::slots::{CHECK, FORESEEN, GHOST, NOBODY, ORPHAN, REFUSED, Slot};
use super::state::station_queue::Admission;
use crate::observe::{ObservationId, Observer};
use crate::rng::{Luck, Stream};
use crate::units::Time;
use crate::world::{Ejections, Picks, StationId, World};

/// It matters as much as a request of a normal feature.
const CHECK_CLASS: u8 = 1;

impl Requests {
    /// The queue of a visit of a request: that of its server, where a balancer has picked one.
    #[inline]
    pub(super) fn queue_of(&self, slot: &Slot, visit: &Frame) -> u32 {
        let pool = self.station_queues[visit.station as usize].pool;
        if pool == NONE {
            return visit.station;
        }
        let server = usize::from(slot.servers[usize::from(visit.level)]);
        self.backend_pools[pool as usize].servers.get(server).map_or(visit.station, |server| server.queue)
    }

    /// The queue of the innermost visit of a request, which is at an operation.
    #[inline]
    pub(super) fn queue_at(&self, station: u32, id: u32, pc: u32) -> u32 {
        if self.station_queues[station as usize].pool == NONE {
            return station;
        }
        let frame = self.programs.frame_of[pc as usize];
        self.queue_of(&self.slots[id], &self.programs.frames[frame as usize])
    }

    /// The queue of a visit, which may be one of the request that made the call.
    pub(super) fn queue_around(&self, id: u32, visit: &Frame) -> u32 {
        let mut slot = &self.slots[id];
        while u32::from(slot.depth) > visit.depth && slot.parent != NOBODY {
            slot = &self.slots[slot.parent];
        }
        self.queue_of(slot, visit)
    }

    /// The balancer of a station picks the server of a request. Without one the request has failed there.
    pub(super) fn balance(&mut self, station: u32, id: u32, pc: u32) -> Option<u32> {
        if self.slots[id].is(CHECK) {
            return Some(self.queue_at(station, id, pc));
        }
        let base = &mut self.station_queues[station as usize];
        let pool = base.pool as usize;
        let refusal = if !base.serves {
            Some(Admission::Down)
        } else if !base.lets_in(self.now) {
            Some(Admission::Refuse)
        } else {
            None
        };
        let server = if refusal.is_none() { self.backend_pools[pool].pick(&self.station_queues) } else { None };
        let Some(server) = server else {
            let counted = u64::from(self.is_counted(id, pc));
            let level = self.programs.frames[self.programs.frame_of[pc as usize] as usize].level;
            self.slots[id].servers[usize::from(level)] = u16::MAX;
            let base = &mut self.station_queues[station as usize];
            base.counts.arrived += counted;
            base.counts.refused += counted;
            let slot = &mut self.slots[id];
            slot.flags &= !FORESEEN;
            slot.flags |= if refusal == Some(Admission::Refuse) { REFUSED } else { 0 };
            return None;
        };
        let level = self.programs.frames[self.programs.frame_of[pc as usize] as usize].level;
        self.slots[id].servers[usize::from(level)] = server;
        Some(self.backend_pools[pool].servers[usize::from(server)].queue)
    }

    /// One who waited at a queue does not any more.
    #[inline]
    pub(super) fn waits_no_more(&mut self, queue: u32, id: u32) {
        let now = self.now;
        let at = &mut self.station_queues[queue as usize];
        at.pass(now);
        at.waiting -= 1;
        self.counts_no_more(queue, id);
    }

    /// Behind a balancer, those who wait at the servers of a station are counted together too, without its health checks.
    #[inline]
    pub(super) fn counts_no_more(&mut self, queue: u32, id: u32) {
        let station = self.station_queues[queue as usize].station;
        if station != queue && !self.slots[id].is(CHECK) {
            let now = self.now;
            let at = &mut self.station_queues[station as usize];
            at.pass(now);
            at.waiting -= 1;
        }
    }

    /// So many servers of a station are there from now on.
    pub(super) fn staff(&mut self, pool: usize, count: usize, workers: u64, luck: Luck, name: &str) {
        let before = self.backend_pools[pool].here;
        let station = self.backend_pools[pool].station;
        while self.backend_pools[pool].servers.len() < count {
            let number = self.backend_pools[pool].servers.len() + 1;
            let name = format!("{name}, server {number}");
            let queue = self.station_queues.len() as u32;
            let mut new = self.station_queues[station as usize].clone();
            (new.luck, new.patience) =
                (Stream::new(luck, &name, "service takes"), Stream::new(luck, &name, "patience"));
            new.server = (number - 1) as u32;
            (new.pool, new.bucket, new.cache) = (NONE, None, None);
            (new.workers, new.waiting, new.counts) = (0, 0, Default::default());
            (new.busy, new.inside, new.here_before) = (0, 0, 0);
            new.busy_since = self.now;
            self.station_queues.push(new);
            self.backend_pools[pool].servers.push(Server {
                queue,
                ejected: false,
                dead: false,
                in_a_row: 0,
                check: NOBODY,
                turn: 0,
                phase: Stream::new(luck, &name, "health checks"),
                fooled: false,
                why: None,
                ejection: None,
                by_checks: Ejections::default(),
                errors: 0,
                by_errors: Ejections::default(),
                is_outlier: false,
            });
        }
        if count < before {
            self.backend_pools[pool].here = count;
            self.crash(station, count..before, true);
        }
        for number in before..count {
            let checks = self.backend_pools[pool].checks;
            let server = &mut self.backend_pools[pool].servers[number];
            server.turn = server.turn.wrapping_add(1);
            (server.ejected, server.dead, server.in_a_row, server.check) = (false, false, 0, NOBODY);
            (server.is_outlier, server.errors) = (false, 0);
            let (queue, turn) = (server.queue, server.turn);
            let first = checks.map(|checks| checks.next(Time(self.now as i64), server.phase.uniform()));
            let at = &mut self.station_queues[queue as usize];
            at.pass(self.now);
            (at.serves, at.workers, at.dead) = (true, workers, false);
            self.opened.push_back(queue);
            if let Some(first) = first {
                self.push(first.0 as u64, Due::new(Kind::Check, queue, turn << 1));
            }
        }
        if count != before {
            self.backend_pools[pool].here = count;
            self.rotate(pool);
        }
    }

    /// A server dies, or lives again. It stays in rotation until its checks have failed, unless that has been found out.
    pub(super) fn bury(&mut self, pool: usize, number: usize, dead: Option<bool>, workers: u64) {
        let server = &mut self.backend_pools[pool].servers[number];
        if server.dead == dead.is_some() {
            return;
        }
        server.dead = dead.is_some();
        let (queue, station) = (server.queue, self.backend_pools[pool].station);
        match dead {
            Some(is_known) => {
                self.crash(station, number..number + 1, false);
                let picks = self.backend_pools[pool].picks;
                self.station_queues[queue as usize].dead = matches!(picks, Picks::RoundRobin | Picks::Random);
                if is_known {
                    self.backend_pools[pool].servers[number].ejected = true;
                    self.rotate(pool);
                }
            }
            None => {
                let now = self.now;
                let at = &mut self.station_queues[queue as usize];
                at.pass(now);
                (at.serves, at.workers, at.dead) = (true, workers, false);
                self.opened.push_back(queue);
            }
        }
    }

    /// Servers of a station are gone: whatever was due for them is stale.
    pub(super) fn unstaff(&mut self, pool: usize, gone: std::ops::Range<usize>) {
        for number in gone {
            let server = &mut self.backend_pools[pool].servers[number];
            server.turn = server.turn.wrapping_add(1);
            server.check = NOBODY;
        }
    }

    pub(super) fn rotate(&mut self, pool: usize) {
        if let Some(panics) = self.backend_pools[pool].rotate() {
            self.noted.push((pool as u32, Note::Panic(panics)));
        }
    }

    /// The next health check of a server sets out, or the one that is under way has got no answer in time.
    pub(super) fn check(&mut self, world: &World, queue: u32, due: Due, observer: &mut impl Observer) {
        let at = &self.station_queues[queue as usize];
        let (pool, number) = (self.station_queues[at.station as usize].pool as usize, at.server as usize);
        let server = &self.backend_pools[pool].servers[number];
        let is_timeout = due.is_for((server.turn << 1) | 1);
        if !is_timeout && !due.is_for(server.turn << 1) {
            self.events -= 1;
            return;
        }
        let under_way = server.check;
        if under_way != NOBODY {
            self.call_off(under_way);
            self.checked(pool, number, false);
        }
        let Some(checks) = self.backend_pools[pool].checks.filter(|_| !is_timeout) else { return };
        let server = &self.backend_pools[pool].servers[number];
        let turn = server.turn;
        if self.backend_pools[pool].off {
            self.backend_pools[pool].servers[number].in_a_row = 0;
        } else if self.backend_pools[pool].deep_fails.is_some() {
            self.checked(pool, number, false);
        } else if server.fooled && !server.dead {
            self.checked(pool, number, true);
        } else {
            let id = self.slots.begin(0, self.backend_pools[pool].program, self.now, CHECK_CLASS);
            let slot = &mut self.slots[id];
            slot.flags = GHOST | ORPHAN | CHECK;
            slot.servers[0] = number as u16;
            self.backend_pools[pool].servers[number].check = id;
            self.push(self.now + checks.timeout.0 as u64, Due::new(Kind::Check, queue, (turn << 1) | 1));
            self.go_on(world, id, observer);
        }
        self.push(self.now + checks.every.0 as u64, Due::new(Kind::Check, queue, turn << 1));
    }

    /// A health check has come back, or has been refused.
    pub(super) fn check_done(&mut self, station: u32, id: u32, passed: bool) {
        let number = usize::from(self.slots[id].servers[0]);
        let pool = self.station_queues[station as usize].pool as usize;
        self.slots.end(id);
        if self.backend_pools[pool].servers[number].check == id {
            self.checked(pool, number, passed);
        }
    }

    /// What a health check says of a server.
    fn checked(&mut self, pool: usize, number: usize, passed: bool) {
        let Some(checks) = self.backend_pools[pool].checks else { return };
        let off = self.backend_pools[pool].off;
        let server = &mut self.backend_pools[pool].servers[number];
        server.check = NOBODY;
        if off {
            server.in_a_row = 0;
            return;
        }
        if passed != server.ejected {
            server.in_a_row = 0;
            return;
        }
        server.in_a_row += 1;
        if server.in_a_row < if passed { checks.passes } else { checks.fails } {
            return;
        }
        let now = Time(self.now as i64);
        if passed && now < server.by_checks.until {
            // Whoever comes and goes stays out the longer: the next check that passes brings it back.
            server.in_a_row = checks.passes - 1;
            return;
        }
        match passed {
            true => server.by_checks.comes_back(now),
            false => server.by_checks.eject(now, checks.damping),
        }
        (server.ejected, server.in_a_row) = (!passed, 0);
        let why = server.why;
        let why = why.or(self.backend_pools[pool].deep_fails.flatten());
        let in_rotation = self.backend_pools[pool].healthy() as u32;
        let server = number as u32 + 1;
        self.noted.push((
            pool as u32,
            match passed {
                true => Note::Returned { server, in_rotation },
                false => {
                    let is_alone = in_rotation as usize + 1 == self.backend_pools[pool].here;
                    Note::Ejected { server, in_rotation, why, is_alone }
                }
            },
        ));
        self.rotate(pool);
    }

    /// Nobody checks the servers of a pool any more, so that all count as healthy; or again.
    pub(super) fn switch_checks(&mut self, pool: usize, off: bool) {
        if std::mem::replace(&mut self.backend_pools[pool].off, off) != off {
            for server in &mut self.backend_pools[pool].servers {
                (server.ejected, server.in_a_row) = (false, 0);
            }
            self.rotate(pool);
        }
    }

    /// Servers that were out of rotation when everything still flowed.
    pub(super) fn take_out(&mut self, pool: usize, out: &[u32]) {
        for number in out {
            if let Some(server) = self.backend_pools[pool].servers.get_mut(*number as usize - 1) {
                server.ejected = true;
            }
        }
        self.rotate(pool);
    }

    /// Servers of each station that live and are out of rotation, by number.
    pub fn out_of_rotation(&self) -> Vec<(StationId, Vec<u32>)> {
        let out = |pool: &super::state::backend_pool::BackendPool| {
            let here = pool.servers[..pool.here].iter().zip(1..);
            let out = here.filter(|(server, _)| server.ejected && !server.dead).map(|(_, number)| number).collect();
            (StationId(pool.station), out)
        };
        self.backend_pools.iter().map(out).collect()
    }

    /// How a request fared at the server that a balancer picked for it.
    pub(super) fn fared(&mut self, station: u32, id: u32, level: u8, failed: bool) {
        let number = usize::from(self.slots[id].servers[usize::from(level)]);
        let pool = self.station_queues[station as usize].pool as usize;
        let now = Time(self.now as i64);
        let Some(of) = self.backend_pools.get_mut(pool) else { return };
        let Some(outliers) = of.outliers else { return };
        let out = of.servers[..of.here].iter().filter(|server| server.is_outlier).count();
        let here = of.here;
        let Some(server) = of.servers[..here].get_mut(number) else { return };
        server.errors = if failed { server.errors.saturating_add(1) } else { 0 };
        if server.errors < outliers.errors || server.is_out() || out >= outliers.most_of(here) {
            return;
        }
        server.errors = 0;
        server.is_outlier = true;
        server.by_errors.eject(now, outliers.damping);
        let (until, queue, turn) = (server.by_errors.until, server.queue, server.turn);
        self.push(until.0 as u64, Due::new(Kind::Outlier, queue, turn));
        let in_rotation = self.backend_pools[pool].healthy() as u32;
        self.noted.push((pool as u32, Note::Outlier { server: number as u32 + 1, in_rotation, out: true }));
        self.rotate(pool);
    }

    /// The time of a server that was out for its errors is over.
    pub(super) fn outlier_returns(&mut self, queue: u32, due: Due) {
        let at = &self.station_queues[queue as usize];
        let (pool, number) = (self.station_queues[at.station as usize].pool as usize, at.server as usize);
        let server = &mut self.backend_pools[pool].servers[number];
        if !due.is_for(server.turn) || !std::mem::take(&mut server.is_outlier) {
            self.events -= 1;
            return;
        }
        server.errors = 0;
        server.by_errors.comes_back(Time(self.now as i64));
        let in_rotation = self.backend_pools[pool].healthy() as u32;
        self.noted.push((pool as u32, Note::Outlier { server: number as u32 + 1, in_rotation, out: false }));
        self.rotate(pool);
    }

    /// What balancers have done since anybody listened, and until when.
    pub fn take_notes(&mut self) -> (u64, Vec<(u32, Note)>) {
        (self.now, std::mem::take(&mut self.noted))
    }

    /// The station of a pool, and what has led to something there: what made the server slow, or the ejection before, which
    /// has put more load on the others.
    pub fn what_led_to(&self, pool: u32, note: &Note) -> (StationId, Option<ObservationId>) {
        let pool = &self.backend_pools[pool as usize];
        let cause = match note {
            Note::Ejected { why, is_alone: false, .. } => why.or(pool.ejection),
            Note::Ejected { why, .. } => *why,
            Note::Outlier { out: true, .. } => pool.deep_fails.flatten(),
            Note::Returned { server, .. } | Note::Outlier { server, .. } => pool.servers[*server as usize - 1].ejection,
            Note::Panic(_) => pool.ejection,
        };
        (StationId(pool.station), cause)
    }

    /// Something of a pool has been told.
    pub fn told(&mut self, pool: u32, note: &Note, seen: ObservationId) {
        if let Note::Ejected { server, .. } | Note::Outlier { server, out: true, .. } = note {
            let pool = &mut self.backend_pools[pool as usize];
            (pool.ejection, pool.servers[*server as usize - 1].ejection) = (Some(seen), Some(seen));
        }
    }

    /// The queue of a station where the fewest are: where those are put who were under way before every request was followed.
    pub(super) fn emptiest(&self, station: u32) -> u32 {
        let pool = self.station_queues[station as usize].pool;
        if pool == NONE {
            return station;
        }
        let pool = &self.backend_pools[pool as usize];
        let load = |queue: &u32| {
            let queue = &self.station_queues[*queue as usize];
            queue.busy + queue.waiting
        };
        let alive = pool.servers[..pool.here].iter().filter(|server| !server.dead);
        alive.map(|server| server.queue).min_by_key(load).unwrap_or(station)
    }

    /// A request is at a queue in a visit, without having been sent there.
    pub(super) fn put(&mut self, id: u32, visit: &Frame, queue: u32) {
        let server = self.station_queues[queue as usize].server;
        if server != NONE {
            self.slots[id].servers[usize::from(visit.level)] = server as u16;
        }
    }
}
