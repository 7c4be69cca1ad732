//! The loop: the next event, and what it leads to.

use super::desk::{Admission, Line, Waiting};
use super::program::{OUTSIDE, Op};
use super::slots::*;
use super::{Due, Kind, Requests};
use crate::dist;
use crate::observe::{Answer, Observer, Visit};
use crate::world::World;

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
            // Of what is due at one time, answers come before timeouts.
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
        }
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
                if let Line::Shared(sharing) = &self.desks[id as usize].line
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
        }
    }

    #[inline]
    pub(super) fn push(&mut self, at: u64, due: Due) {
        // What is due after the end of everything is not kept.
        if at < self.end {
            self.pending.push(at, due);
        }
    }

    /// A user means to send a request.
    #[inline]
    pub(super) fn send(&mut self, world: &World, of: u32, observer: &mut impl Observer) {
        let now = self.now;
        let source = &mut self.sources[of as usize];
        source.counts.intended += 1;
        if source.sent < 1.0 && !source.choices.chance(source.sent) {
            source.counts.never_sent += 1;
            return;
        }
        let way = source.way(now);
        if way.dead && !source.choices.chance(source.keeps_trying) {
            source.counts.never_sent += 1;
            self.thinks_again(of);
            return;
        }
        if source.let_in < 1.0 && !source.choices.chance(source.let_in) {
            source.ended(0, false, true, false);
            self.thinks_again(of);
            return;
        }
        if let Some(client) = &mut source.client {
            if !client.sends(now) {
                source.ended(0, false, true, false);
                self.thinks_again(of);
                return;
            }
            if client.has_calls() {
                let call = self.calls.begin(of, now);
                self.attempt_on(world, call, way.start, observer);
                return;
            }
        }
        let (class, timer) = (source.class, source.timer);
        let id = self.slots.begin(of, way.start, now, class);
        if let Some(timer) = timer {
            self.timers.set(timer, now, token(id, self.slots[id].life));
        }
        self.go_on(world, id, observer);
    }

    /// A call is tried again.
    fn attempt(&mut self, world: &World, call: u32, observer: &mut impl Observer) {
        let of = self.calls[call].of;
        let way = self.sources[of as usize].way(self.now);
        self.attempt_on(world, call, way.start, observer);
    }

    fn attempt_on(&mut self, world: &World, call: u32, start: u32, observer: &mut impl Observer) {
        let (of, started, ghost) = (self.calls[call].of, self.calls[call].started, self.calls[call].ghost);
        let source = &self.sources[of as usize];
        let (class, timer) = (source.class, source.timer);
        let hedge = source.client.as_ref().and_then(|client| client.policy.hedge.as_ref());
        let hedge = hedge.filter(|hedge| self.calls[call].hedges < hedge.at_most).map(|hedge| hedge.after.0 as u64);
        let id = self.slots.begin(of, start, started, class);
        let slot = &mut self.slots[id];
        slot.call = call;
        slot.arrived = self.now;
        slot.flags |= if ghost { GHOST } else { 0 };
        let token = token(id, slot.life);
        self.calls.add(call, id);
        if let Some(timer) = timer {
            self.timers.set(timer, self.now, token);
        }
        if let Some(after) = hedge {
            let due = Due::new(Kind::Hedge, call, self.calls[call].hedge_turn);
            self.push(self.now + after, due);
        }
        self.go_on(world, id, observer);
    }

    /// The first attempt has taken so long that a second one sets out.
    fn hedge(&mut self, world: &World, call: u32, due: Due, observer: &mut impl Observer) {
        if due.is_for(self.calls[call].hedge_turn) && self.calls[call].open > 0 {
            self.calls[call].hedges += 1;
            self.attempt(world, call, observer);
        }
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
                Op::Enter { station, refused } => {
                    let slot = &mut self.slots[id];
                    let class = slot.class;
                    let desk = &mut self.desks[station as usize];
                    desk.counts.arrived += 1;
                    match desk.admit(self.now, class) {
                        Admission::Serve => {
                            slot.pc = pc;
                            slot.arrived = self.now;
                            self.begin(world, station, id, 0, observer);
                            return;
                        }
                        Admission::Wait => {
                            self.join(station, id, pc);
                            return;
                        }
                        refusal => {
                            let other = match refusal {
                                Admission::Full => desk.gives_way(class, &self.slots),
                                _ => None,
                            };
                            if let Some(other) = other {
                                self.turn_away(station, other);
                                self.join(station, id, pc);
                                return;
                            }
                            desk.counts.refused += 1;
                            if refusal != Admission::Down {
                                self.slots[id].flags |= REFUSED;
                            }
                            pc = refused;
                        }
                    }
                }
                Op::Leave { station } => {
                    self.leave(world, station, observer);
                    pc += 1;
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
                Op::Skip { share, to } => {
                    let of = self.slots[id].of;
                    pc = if self.sources[of as usize].choices.chance(share) { to } else { pc + 1 };
                }
                Op::Lose { share, to } => {
                    let of = self.slots[id].of;
                    pc = if self.sources[of as usize].choices.chance(share) { to } else { pc + 1 };
                }
                Op::Leg { leg, lost } => match self.cross(leg, id) {
                    Some(ns) => {
                        self.step(id, pc + 1, self.now + ns);
                        return;
                    }
                    None => pc = lost,
                },
                Op::Look { station, found } => {
                    let finds = self.desks[station as usize].cache.as_mut().is_some_and(|cache| cache.finds());
                    pc = if finds { found } else { pc + 1 };
                }
                Op::Degrade => {
                    let slot = &mut self.slots[id];
                    // It goes on without what was refused: if it fails all the same, it is for another reason.
                    slot.flags = (slot.flags | DEGRADED) & !REFUSED;
                    pc += 1;
                }
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

    /// A request waits in the queue of a station.
    fn join(&mut self, station: u32, id: u32, pc: u32) {
        let desk = &mut self.desks[station as usize];
        let slot = &mut self.slots[id];
        slot.pc = pc;
        slot.arrived = self.now;
        slot.flags |= QUEUED;
        let (turn, of) = (slot.turn, slot.of);
        desk.join(Waiting { id, turn }, slot.class);
        let patience_ns = self.sources[of as usize].patience_ns;
        if patience_ns > 0.0 {
            let patience = (patience_ns * dist::exponential(&mut desk.patience)) as u64;
            self.push(self.now.saturating_add(patience), Due::new(Kind::Patience, id, turn));
        }
    }

    /// A worker begins to serve a request.
    #[inline]
    fn begin(&mut self, world: &World, station: u32, id: u32, waited: u64, observer: &mut impl Observer) {
        let desk = &mut self.desks[station as usize];
        desk.pass(self.now);
        desk.busy += 1;
        desk.inside += 1;
        let mut takes = desk.takes.draw_ns(&mut desk.luck);
        if desk.slower != 1.0 {
            takes = (takes as f64 * desk.slower) as u64;
        }
        if waited > 0 {
            desk.counts.wait_ns += waited;
            desk.counts.delayed += 1;
            desk.counts.wait_max_ns = desk.counts.wait_max_ns.max(waited);
        }
        let slot = &mut self.slots[id];
        slot.flags |= SERVED;
        let is_ghost = slot.is(GHOST);
        if !is_ghost {
            observer.waited(world, &Visit { station, at_ns: self.now, took_ns: waited });
        }
        let turn = slot.turn;
        if desk.is_shared() {
            self.share(station, id, turn, takes);
        } else {
            slot.until = self.now + takes;
            let due = Due::new(Kind::Step, id, turn);
            self.push(self.now + takes, due);
        }
    }

    /// The service of a request at a station is over; calls may follow.
    #[inline]
    fn served(&mut self, world: &World, id: u32, observer: &mut impl Observer) {
        let slot = &mut self.slots[id];
        slot.flags &= !SERVED;
        let pc = slot.pc;
        slot.pc = pc + 1;
        if let Op::Enter { station, .. } = self.programs.ops[pc as usize]
            && self.desks[station as usize].is_leaf
            && !slot.is(GHOST)
        {
            observer.visited(world, &Visit { station, at_ns: self.now, took_ns: self.now - slot.arrived });
        }
    }

    /// A worker is free again: the next in the queue is served.
    #[inline]
    fn leave(&mut self, world: &World, station: u32, observer: &mut impl Observer) {
        let desk = &mut self.desks[station as usize];
        desk.counts.served += 1;
        desk.inside = desk.inside.saturating_sub(1);
        if self.writes {
            self.write(station);
        }
        let desk = &mut self.desks[station as usize];
        if desk.is_shared() {
            return;
        }
        desk.pass(self.now);
        desk.busy = desk.busy.saturating_sub(1);
        if desk.waiting > 0 {
            self.call_next(world, station, observer);
        }
    }

    /// Whoever waits is served while there are workers.
    pub(super) fn call_next(&mut self, world: &World, station: u32, observer: &mut impl Observer) {
        loop {
            let desk = &mut self.desks[station as usize];
            if desk.busy >= desk.workers {
                return;
            }
            let Some((id, drops)) = desk.call_next(self.now, &self.slots) else { return };
            let slot = &mut self.slots[id];
            slot.flags &= !QUEUED;
            slot.turn = slot.turn.wrapping_add(1);
            if drops {
                self.turned_away(station, id);
            } else {
                let waited = self.now - slot.arrived;
                self.begin(world, station, id, waited, observer);
            }
        }
    }

    /// One who waits is turned away.
    fn turn_away(&mut self, station: u32, id: u32) {
        let slot = &mut self.slots[id];
        slot.flags &= !QUEUED;
        slot.turn = slot.turn.wrapping_add(1);
        self.desks[station as usize].waiting -= 1;
        self.turned_away(station, id);
    }

    fn turned_away(&mut self, station: u32, id: u32) {
        self.desks[station as usize].counts.refused += 1;
        let slot = &mut self.slots[id];
        slot.flags |= REFUSED;
        if let Op::Enter { refused, .. } = self.programs.ops[slot.pc as usize] {
            slot.pc = refused;
        }
        self.goes_on(id);
    }

    /// Patience is at its end.
    fn gives_up(&mut self, id: u32) {
        let slot = &mut self.slots[id];
        let Op::Enter { station, refused } = self.programs.ops[slot.pc as usize] else { return };
        let waited = self.now - slot.arrived;
        slot.flags = (slot.flags & !QUEUED) | REFUSED;
        slot.turn = slot.turn.wrapping_add(1);
        slot.pc = refused;
        let desk = &mut self.desks[station as usize];
        desk.waiting -= 1;
        desk.counts.given_up += 1;
        desk.counts.delayed += 1;
        desk.counts.wait_ns += waited;
        desk.counts.wait_max_ns = desk.counts.wait_max_ns.max(waited);
    }

    /// How long a way takes, or nothing where the request gets lost.
    fn cross(&mut self, leg: u32, id: u32) -> Option<u64> {
        let leg = &self.programs.legs[leg as usize];
        let of = self.slots[id].of;
        if leg.loses > 0.0 && self.sources[of as usize].choices.chance(leg.loses) {
            return None;
        }
        let mut ns = leg.base_ns;
        for link in &leg.links {
            let wire = &mut self.wires[*link as usize];
            if wire.jitter_ns > 0.0 {
                ns += (wire.jitter_ns * dist::exponential(&mut wire.luck)) as u64;
            }
            if leg.bits > 0.0 && wire.bps.is_finite() {
                let free_at = wire.free_at.max(self.now);
                if free_at - self.now > BUFFER_NS {
                    wire.lost += 1;
                    return None;
                }
                wire.free_at = free_at + (leg.bits / wire.bps.max(1e-9) * 1e9).min(9e15) as u64;
                wire.bits += leg.bits;
                ns += wire.free_at - self.now;
            }
        }
        Some(ns)
    }

    /// A request makes several calls at once.
    fn fork(&mut self, id: u32, first: u32, count: u32) {
        let parent = self.slots[id];
        let cancels = self.sources[parent.of as usize].cancels;
        let mut branches = Vec::new();
        for branch in first..first + count {
            let start = self.programs.branches[branch as usize];
            let child = self.slots.begin(parent.of, start, parent.started, parent.class);
            let slot = &mut self.slots[child];
            slot.parent = id;
            slot.depth = parent.depth.saturating_add(1);
            slot.flags = parent.flags & GHOST;
            self.goes_on(child);
            if cancels {
                branches.push(child);
            }
        }
        if cancels {
            self.forks.insert(id, branches);
        }
        self.slots[id].branches = count;
    }

    /// A branch is back.
    fn join_up(&mut self, id: u32, failed: bool) {
        let branch = self.slots[id];
        self.slots.end(id);
        if branch.parent == NOBODY {
            return;
        }
        let parent = &mut self.slots[branch.parent];
        parent.flags |= branch.flags & (DEGRADED | REFUSED);
        if failed {
            parent.flags |= BRANCH_FAILED;
        }
        self.one_branch_less(branch.parent);
    }

    pub(super) fn one_branch_less(&mut self, id: u32) {
        let slot = &mut self.slots[id];
        slot.branches -= 1;
        if slot.branches == 0 {
            self.forks.remove(&id);
            let slot = &mut self.slots[id];
            slot.pc += if slot.is(BRANCH_FAILED) { 2 } else { 1 };
            slot.flags &= !BRANCH_FAILED;
            self.goes_on(id);
        }
    }

    /// Whether a branch belongs to something that has been called off.
    fn is_called_off(&self, id: u32) -> bool {
        let mut parent = self.slots[id].parent;
        while parent != NOBODY {
            if self.slots[parent].is(CANCELLED) {
                return true;
            }
            parent = self.slots[parent].parent;
        }
        false
    }

    /// Gives everything back that a request holds, and forgets it.
    pub(super) fn abort(&mut self, id: u32) {
        let slot = self.slots[id];
        let mut frame = self.programs.frame_of[slot.pc as usize];
        while frame != OUTSIDE {
            let visit = self.programs.frames[frame as usize];
            if visit.depth < u32::from(slot.depth) {
                break;
            }
            let served = visit.enter == slot.pc && slot.is(SERVED);
            // Where workers are not held, the one who has just served is still to be given back.
            let leaving =
                matches!(self.programs.ops[slot.pc as usize], Op::Leave { station } if station == visit.station);
            if served || (visit.enter != slot.pc && (visit.holds || leaving)) {
                self.released.push_back((visit.station, served));
            }
            frame = visit.parent;
        }
        self.slots.end(id);
        if slot.parent != NOBODY {
            self.one_branch_less(slot.parent);
        }
    }

    /// A request has come to its end, well or not.
    #[inline]
    fn over(&mut self, world: &World, id: u32, answered: bool, observer: &mut impl Observer) {
        let slot = self.slots[id];
        self.slots.end(id);
        if slot.is(ORPHAN) {
            return;
        }
        let source = &mut self.sources[slot.of as usize];
        if let Some(timer) = source.timer {
            self.timers.cancelled(timer);
        }
        if slot.call != NOBODY {
            self.heard(world, id, slot, Heard { answered, timed_out: false }, observer);
            return;
        }
        if let Some(client) = &mut source.client {
            client.heard(self.now, answered, false);
        }
        self.user_knows(world, slot.of, slot.started, slot.flags, answered, observer);
    }

    /// A user has an answer, or knows that there is none.
    #[inline]
    fn user_knows(
        &mut self,
        world: &World,
        of: u32,
        started: u64,
        flags: u16,
        answered: bool,
        observer: &mut impl Observer,
    ) {
        let source = &mut self.sources[of as usize];
        if flags & GHOST == 0 {
            let took_ns = self.now - started;
            source.ended(took_ns, answered, flags & REFUSED != 0, flags & DEGRADED != 0);
            if answered {
                let answer = Answer { people: source.people, feature: source.feature, at_ns: self.now, took_ns };
                observer.answered(world, &answer);
            }
        }
        if source.waits {
            self.thinks_again(of);
        }
    }

    /// A client hears of an attempt at a call.
    fn heard(&mut self, world: &World, id: u32, slot: Slot, heard: Heard, observer: &mut impl Observer) {
        let call = slot.call;
        let was_retry = self.calls[call].attempts > 1;
        if let Some(client) = &mut self.sources[slot.of as usize].client {
            client.heard(self.now, heard.answered, was_retry);
        }
        self.calls.remove(call, id);
        if heard.answered {
            self.call_over(world, call, slot, true, observer);
        } else if self.calls[call].open == 0 && !self.calls[call].backing_off {
            let attempts = self.calls[call].attempts;
            let client = self.sources[slot.of as usize].client.as_mut();
            match client.and_then(|client| client.retries(attempts, heard.timed_out)) {
                Some(wait) => {
                    self.calls[call].attempts += 1;
                    self.calls[call].backing_off = true;
                    let due = Due::new(Kind::Retry, call, self.calls[call].life);
                    self.pending.push(self.now.saturating_add(wait), due);
                }
                None => self.call_over(world, call, slot, false, observer),
            }
        }
    }

    /// A call is over; attempts that are still under way answer to nobody.
    fn call_over(&mut self, world: &World, call: u32, slot: Slot, answered: bool, observer: &mut impl Observer) {
        let started = self.calls[call].started;
        if self.calls[call].open > 0 {
            let others: Vec<u32> = self.calls.under_way(call).collect();
            self.calls.end(call);
            others.into_iter().for_each(|other| self.nobody_waits(other));
        } else {
            self.calls.end(call);
        }
        self.user_knows(world, slot.of, started, slot.flags, answered, observer);
    }

    /// Nobody waits for a request any more: it is called off, or goes on for nothing.
    fn nobody_waits(&mut self, id: u32) {
        let slot = &mut self.slots[id];
        slot.flags |= ORPHAN;
        slot.call = NOBODY;
        let source = &self.sources[slot.of as usize];
        let cancels = source.cancels;
        if let Some(timer) = source.timer {
            self.timers.cancelled(timer);
        }
        if cancels {
            self.call_off(id);
        }
    }

    /// Calls a request off, end to end: where it waits it leaves; a worker who is at it finishes what he is doing.
    fn call_off(&mut self, id: u32) {
        self.slots[id].flags |= CANCELLED | ORPHAN;
        self.stops_waiting(id);
    }

    /// Neither a request nor its branches wait in a queue any more.
    fn stops_waiting(&mut self, id: u32) {
        let slot = &mut self.slots[id];
        if slot.is(QUEUED) {
            slot.flags &= !QUEUED;
            slot.turn = slot.turn.wrapping_add(1);
            if let Op::Enter { station, .. } = self.programs.ops[slot.pc as usize] {
                self.desks[station as usize].waiting -= 1;
            }
            self.goes_on(id);
        } else if slot.branches > 0 {
            for branch in self.forks.remove(&id).unwrap_or_default() {
                // The place of one that is back may be somebody else's.
                if self.slots[branch].pc != NOBODY && self.slots[branch].parent == id {
                    self.stops_waiting(branch);
                }
            }
        }
    }

    /// The next timeout: its request has failed, whatever still becomes of it.
    fn expire(&mut self, world: &World, until: u64, observer: &mut impl Observer) {
        let slots = &self.slots;
        let due = self.timers.pop_due(until, |token| is_live(slots, token));
        let Some((at, _, token)) = due else { return };
        self.now = at;
        self.events += 1;
        let id = token as u32;
        let slot = self.slots[id];
        self.slots[id].flags |= ORPHAN;
        self.slots[id].call = NOBODY;
        let source = &mut self.sources[slot.of as usize];
        if let (Some(client), NOBODY) = (&mut source.client, slot.call) {
            client.heard(at, false, false);
        }
        if source.cancels {
            self.call_off(id);
        }
        if slot.call == NOBODY {
            self.user_knows(world, slot.of, slot.started, slot.flags, false, observer);
        } else {
            self.heard(world, id, slot, Heard { answered: false, timed_out: true }, observer);
        }
    }

    /// A worker is free because his request has been called off.
    fn release(&mut self, world: &World, station: u32, served: bool, observer: &mut impl Observer) {
        let desk = &mut self.desks[station as usize];
        desk.inside = desk.inside.saturating_sub(1);
        desk.pass(self.now);
        let workers = desk.workers;
        if let Line::Shared(sharing) = &mut desk.line {
            if served {
                sharing.pass(self.now, workers);
                sharing.leave();
                desk.busy = desk.busy.saturating_sub(1);
                self.share_again(station);
            }
            return;
        }
        desk.busy = desk.busy.saturating_sub(1);
        self.call_next(world, station, observer);
    }

    /// A request begins to share the workers of a station.
    pub(super) fn share(&mut self, station: u32, id: u32, turn: u32, takes_ns: u64) {
        let now = self.now;
        let desk = &mut self.desks[station as usize];
        if let Line::Shared(sharing) = &mut desk.line {
            sharing.pass(now, desk.workers);
            sharing.join(Waiting { id, turn }, takes_ns);
        }
        self.share_again(station);
    }

    /// Who shares has changed: when the next one is done.
    pub(super) fn share_again(&mut self, station: u32) {
        let desk = &mut self.desks[station as usize];
        let workers = desk.workers;
        if let Line::Shared(sharing) = &mut desk.line {
            sharing.turn = sharing.turn.wrapping_add(1);
            if let Some(at) = sharing.next_done(self.now, workers, &self.slots) {
                let due = Due::new(Kind::Shared, station, sharing.turn);
                self.push(at, due);
            }
        }
    }

    fn share_done(&mut self, world: &World, station: u32, observer: &mut impl Observer) {
        let desk = &mut self.desks[station as usize];
        desk.pass(self.now);
        let workers = desk.workers;
        let Line::Shared(sharing) = &mut desk.line else { return };
        sharing.pass(self.now, workers);
        let Some(done) = sharing.done() else { return };
        desk.busy = desk.busy.saturating_sub(1);
        self.share_again(station);
        self.served(world, done.id, observer);
        self.go_on(world, done.id, observer);
    }

    /// A user who waits for answers has one, or none: the next click comes after a thought.
    #[inline]
    pub(super) fn thinks_again(&mut self, of: u32) {
        let source = &self.sources[of as usize];
        if !source.waits {
            return;
        }
        let people = source.people;
        let crowd = &mut self.crowds[people as usize];
        if crowd.present > crowd.target {
            crowd.present -= 1;
        } else {
            let thought = (crowd.thinks_ns * dist::exponential(&mut crowd.luck)) as u64;
            self.push(self.now.saturating_add(thought), Due::new(Kind::Think, people, 0));
        }
    }

    /// A user has thought, and clicks.
    fn think(&mut self, world: &World, people: u32, observer: &mut impl Observer) {
        let crowd = &mut self.crowds[people as usize];
        if crowd.present > crowd.target || crowd.uses.is_empty() {
            crowd.present = crowd.present.saturating_sub(1);
            return;
        }
        let u = crowd.luck.uniform() * crowd.uses[crowd.uses.len() - 1].1;
        let of = crowd.uses.iter().find(|(_, up_to)| u < *up_to).unwrap_or(&crowd.uses[0]).0;
        self.send(world, of, observer);
    }
}

/// What a client hears of an attempt.
#[derive(Debug, Clone, Copy)]
struct Heard {
    answered: bool,
    timed_out: bool,
}

/// The name of a request in a timer.
#[inline]
pub(super) fn token(id: u32, life: u32) -> u64 {
    u64::from(life) << 32 | u64::from(id)
}

#[inline]
pub(super) fn is_live(slots: &Slots, token: u64) -> bool {
    let slot = &slots[token as u32];
    slot.life == (token >> 32) as u32 && !slot.is(ORPHAN)
}
