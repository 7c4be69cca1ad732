//! The loop: the next event, and what it leads to.

use super::check::UNDER_WAY_MAX;
use super::state::backend_pool::NONE;
use super::state::due::{Due, Kind};
use super::state::program::Op;
use super::state::requests::Requests;
use super::state::slots::{CANCELLED, DEGRADED, FORESEEN, MISSED, NOBODY, QUEUED, REFUSED, SERVED, is_live};
use super::state::station_queue::{Admission, Line};
use crate::dist;
use crate::observe::Observer;
use crate::world::World;

/// How often anybody looks at stations where something happens.
pub(super) const LOOKS_EVERY_NS: u64 = 1_000_000_000;

/// A second of data that waits for a link: what comes on top of that is lost.
const BUFFER_NS: u64 = 1_000_000_000;

impl Requests {
    /// Handles everything that is due before a time.
    pub fn run(&mut self, world: &World, until: u64, observer: &mut impl Observer) {
        while let Some(station) = self.opened.pop_front() {
            self.call_next(world, station, observer);
        }
        self.settle(world, observer);
        loop {
            // What balancers have done is told at once, and what feels different.
            if !self.noted.is_empty() || self.is_seen || self.is_overfull() {
                return;
            }
            // Of what is due at one time, answers come before timeouts.
            if self.timers.next_at() == 0 && !self.timers.is_empty() {
                // So many of them are dead that they have to be left out, also where no time passes.
                let slots = &self.slots;
                let _ = self.timers.pop_due(0, |token| is_live(slots, token));
            }
            let timer_at = self.timers.next_at();
            if let Some((at, due)) = self.pending.pop_before(until.min(timer_at.saturating_add(1))) {
                self.now = at;
                self.events += 1;
                self.handle(world, due, observer);
            } else if timer_at < until {
                let until = until.min(self.pending.next_at());
                self.expire(world, until, observer);
            } else {
                return;
            }
            if !self.ready.is_empty() || !self.released.is_empty() {
                self.settle(world, observer);
            }
            #[cfg(debug_assertions)]
            self.check_few(world);
            // Where something happens somebody looks, once in a while.
            if self.now >= self.looked + LOOKS_EVERY_NS {
                (self.looked, self.is_seen) = (self.now, true);
            }
        }
    }

    /// Whether more have been under way at a time than there is room for.
    #[inline]
    pub fn is_overfull(&self) -> bool {
        self.slots.places() > UNDER_WAY_MAX || self.calls.places() > UNDER_WAY_MAX
    }

    /// What has been set free, or set going, by what has just happened.
    pub(super) fn settle(&mut self, world: &World, observer: &mut impl Observer) {
        loop {
            if let Some((station, served)) = self.released.pop_front() {
                self.release(world, station, served, observer);
            } else if let Some((id, turn)) = self.ready.pop_front() {
                if self.slots[id].turn == turn {
                    self.go_on(world, id, observer);
                }
            } else {
                return;
            }
        }
    }

    #[inline]
    fn handle(&mut self, world: &World, due: Due, observer: &mut impl Observer) {
        let id = due.id();
        match due.kind() {
            Kind::Step => {
                let slot = &mut self.slots[id];
                if !due.is_for(slot.turn) {
                    return;
                }
                if slot.is(SERVED) {
                    self.served(world, id, observer);
                }
                self.go_on(world, id, observer);
            }
            Kind::Arrive => {
                let source = &mut self.sources[id as usize];
                if !due.is_for(source.turn) {
                    self.events -= 1;
                    return;
                }
                let next = source.next(self.now);
                let again = Due::new(Kind::Arrive, id, source.turn);
                self.push(next, again);
                self.send(world, id, observer);
            }
            Kind::Patience => {
                let slot = &self.slots[id];
                if due.is_for(slot.turn) && slot.is(QUEUED) {
                    self.gives_up(id);
                    self.go_on(world, id, observer);
                } else {
                    self.events -= 1;
                }
            }
            Kind::Shared => {
                if let Line::Shared(sharing) = &self.station_queues[id as usize].line
                    && due.is_for(sharing.turn)
                {
                    self.share_done(world, id, observer);
                } else {
                    self.events -= 1;
                }
            }
            Kind::Retry => {
                if due.is_for(self.calls[id].life) {
                    self.calls[id].backing_off = false;
                    self.attempt(world, id, observer);
                }
            }
            Kind::Hedge => self.hedge(world, id, due, observer),
            Kind::Think => self.think(world, id, observer),
            Kind::Check => self.check(world, id, due, observer),
            Kind::Outlier => self.outlier_returns(id, due),
            Kind::Connect => self.gives_up_connecting(id, due),
        }
    }

    #[inline]
    pub(super) fn push(&mut self, at: u64, due: Due) {
        // What is due after the end of everything is not kept.
        if at < self.end {
            self.pending.push(at, due);
        }
    }

    /// Whether a request leaves out a call of a service on purpose.
    fn is_dimmed(&mut self, id: u32, service: u32) -> bool {
        let share = 1.0 - self.kept_calls[service as usize];
        share > 0.0 && self.leaves_out(id, share)
    }

    /// Whether a request leaves something out, by its luck.
    #[inline]
    fn leaves_out(&mut self, id: u32, share: f64) -> bool {
        let of = self.slots[id].of;
        self.sources[of as usize].choices.chance(share)
    }

    /// A request goes on with its program until it has to wait for something.
    pub(super) fn go_on(&mut self, world: &World, id: u32, observer: &mut impl Observer) {
        let mut pc = self.slots[id].pc;
        if self.slots[id].is(CANCELLED) || (self.slots[id].parent != NOBODY && self.is_called_off(id)) {
            self.abort(id);
            return;
        }
        loop {
            match self.programs.ops[pc as usize] {
                Op::Delay(ns) => {
                    self.step(id, pc + 1, self.now + ns);
                    return;
                }
                Op::Enter { station, refused } => match self.arrive(world, id, pc, station, observer) {
                    true => return,
                    false => pc = refused,
                },
                Op::Leave { station } => {
                    let frame = self.programs.frame_of[pc as usize];
                    let enter = self.programs.frames[frame as usize].enter;
                    let (queue, is_counted) = (self.queue_at(station, id, pc), self.is_counted(id, enter));
                    self.leave(world, queue, is_counted, observer);
                    pc += 1;
                }
                Op::Fared { station, level, failed } => {
                    self.fared(station, id, level, failed);
                    pc += 1;
                }
                Op::Checked { station, passed } => {
                    if passed {
                        let queue = self.queue_at(station, id, pc);
                        self.release(world, queue, false, observer);
                    }
                    self.check_done(station, id, passed);
                    return;
                }
                Op::Answered => {
                    self.over(world, id, true, observer);
                    return;
                }
                Op::Failed => {
                    self.over(world, id, false, observer);
                    return;
                }
                Op::Goto(to) => pc = to,
                Op::Call { at } => pc = self.programs.calls[at as usize].goes_to,
                Op::Skip { share, to } => pc = if self.leaves_out(id, share) { to } else { pc + 1 },
                Op::Dim { service, to } => pc = if self.is_dimmed(id, service) { to } else { pc + 1 },
                Op::Lose { share, to } => {
                    let of = self.slots[id].of;
                    let loses = self.sources[of as usize].choices.chance(share);
                    self.slots[id].flags |= if loses { FORESEEN } else { 0 };
                    pc = if loses { to } else { pc + 1 };
                }
                Op::Gone { to } => {
                    self.slots[id].flags |= FORESEEN;
                    pc = to;
                }
                Op::Leg { leg, lost } => match self.cross(leg, id) {
                    Some(ns) => {
                        self.step(id, pc + 1, self.now + ns);
                        return;
                    }
                    None => pc = lost,
                },
                Op::Look { station, found } => match self.look(id, pc, station, found) {
                    Some(to) => pc = to,
                    None => return,
                },
                Op::Learn { station, answered } => {
                    match answered {
                        true => self.learn(id, station),
                        false => self.ask_no_more(id, station),
                    }
                    pc += 1;
                }
                Op::Degrade => {
                    self.degrade(id);
                    pc += 1;
                }
                Op::Ask { ask } => match self.ask(id, pc, ask) {
                    true => return,
                    false => pc += 2,
                },
                Op::Fork { first, count } => {
                    self.slots[id].pc = pc;
                    if count > 0 {
                        self.fork(id, first, count);
                        return;
                    }
                    pc += 1;
                }
                Op::Join { failed } => {
                    self.join_up(id, failed);
                    return;
                }
            }
        }
    }

    /// A request goes on without what was refused: if it fails all the same, it is for another reason.
    fn degrade(&mut self, id: u32) {
        let slot = &mut self.slots[id];
        let missed = if slot.is(FORESEEN) { 0 } else { MISSED };
        slot.flags = (slot.flags | DEGRADED | missed) & !(REFUSED | FORESEEN);
    }

    /// A request comes to a station: says whether it is there now, served or waiting, or has been refused.
    #[inline]
    fn arrive(&mut self, world: &World, id: u32, pc: u32, station: u32, observer: &mut impl Observer) -> bool {
        let mut station = station;
        if self.station_queues[station as usize].pool != NONE {
            let Some(queue) = self.balance(station, id, pc) else { return false };
            station = queue;
        }
        let counted = u64::from(self.is_counted(id, pc));
        let slot = &mut self.slots[id];
        let class = slot.class;
        let queue = &mut self.station_queues[station as usize];
        queue.counts.arrived += counted;
        match queue.admit(self.now, class) {
            Admission::Serve => {
                slot.pc = pc;
                slot.arrived = self.now;
                self.begin(world, station, id, 0, observer);
            }
            Admission::Wait => self.join(station, id, pc),
            refusal => {
                let other = match refusal {
                    Admission::Full => queue.gives_way(class, &self.slots),
                    _ => None,
                };
                if let Some(other) = other {
                    self.turn_away(station, other);
                    self.join(station, id, pc);
                    return true;
                }
                queue.counts.refused += counted;
                let slot = &mut self.slots[id];
                slot.flags &= !FORESEEN;
                slot.flags |= match refusal {
                    Admission::Down if queue.dead => FORESEEN,
                    Admission::Down => 0,
                    _ => REFUSED,
                };
                return false;
            }
        }
        true
    }

    /// A request goes on as soon as what is happening has happened.
    pub(super) fn goes_on(&mut self, id: u32) {
        self.ready.push_back((id, self.slots[id].turn));
    }

    /// Something takes a request until a time; then it goes on there.
    #[inline]
    fn step(&mut self, id: u32, pc: u32, at: u64) {
        let slot = &mut self.slots[id];
        slot.pc = pc;
        let due = Due::new(Kind::Step, id, slot.turn);
        self.push(at, due);
    }

    /// How long a way takes, or nothing where the request gets lost.
    fn cross(&mut self, leg: u32, id: u32) -> Option<u64> {
        let leg = &self.programs.legs[leg as usize];
        let of = self.slots[id].of;
        if leg.loses > 0.0 && self.sources[of as usize].choices.chance(leg.loses) {
            self.slots[id].flags |= FORESEEN;
            return None;
        }
        let mut ns = leg.base_ns;
        for link in &leg.links {
            let link_state = &mut self.links[*link as usize];
            if link_state.jitter_ns > 0.0 {
                ns += (link_state.jitter_ns * dist::exponential(&mut link_state.luck)) as u64;
            }
            if leg.bits > 0.0 && link_state.bps.is_finite() {
                let free_at = link_state.free_at.max(self.now);
                if free_at - self.now > BUFFER_NS {
                    link_state.lost += 1;
                    return None;
                }
                link_state.free_at = free_at + (leg.bits / link_state.bps.max(1e-9) * 1e9).min(9e15) as u64;
                link_state.bits += leg.bits;
                ns += link_state.free_at - self.now;
            }
        }
        Some(ns)
    }
}
