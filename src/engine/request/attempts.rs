//! What users and their clients do: a request is sent, tried again, hedged, and comes to its end.

use super::state::client::OF_USER;
use super::state::due::{Due, Kind};
use super::state::requests::Requests;
use super::state::slots::{FORESEEN, GHOST, NOBODY, ORPHAN, REFUSED, Slot, is_live, token};
use crate::dist;
use crate::observe::{Answer, Observer};
use crate::world::World;

/// What a client hears of an attempt.
#[derive(Debug, Clone, Copy)]
pub(super) struct Heard {
    pub(super) answered: bool,
    pub(super) timed_out: bool,
}

impl Requests {
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
            source.ended(now, now, REFUSED | FORESEEN, false);
            self.thinks_again(of);
            return;
        }
        if let Some(client) = &mut source.client {
            if !client.sends(now) {
                self.is_seen |= source.ended(now, now, REFUSED, false);
                self.thinks_again(of);
                return;
            }
            if client.has_calls() {
                source.felt.begins(now);
                let call = self.calls.begin(of, now);
                self.attempt_on(world, call, way.start, observer);
                return;
            }
        }
        source.felt.begins(now);
        let (class, timer) = (source.class, source.timer);
        let id = self.slots.begin(of, way.start, now, class);
        if let Some(timer) = timer {
            self.timers.set(timer, now, token(id, self.slots[id].life));
        }
        self.go_on(world, id, observer);
    }

    /// A call is tried again.
    pub(super) fn attempt(&mut self, world: &World, call: u32, observer: &mut impl Observer) {
        if self.calls[call].asker != OF_USER {
            return self.connect(call);
        }
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
        self.calls[call].at = self.now;
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
    pub(super) fn hedge(&mut self, world: &World, call: u32, due: Due, observer: &mut impl Observer) {
        if due.is_for(self.calls[call].hedge_turn) && self.calls[call].open > 0 {
            self.calls[call].hedges += 1;
            self.attempt(world, call, observer);
        }
    }

    /// A request has come to its end, well or not.
    #[inline]
    pub(super) fn over(&mut self, world: &World, id: u32, answered: bool, observer: &mut impl Observer) {
        let slot = self.slots[id];
        self.slots.end(id);
        if slot.is(ORPHAN) {
            if slot.is(GHOST) {
                // The flow has counted the answer of one who was under way in it; his next click is still to come.
                self.thinks_again(slot.of);
            }
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
            source.felt.is_over(started);
            self.is_seen |= source.ended(self.now, started, flags, answered);
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
                    self.calls[call].at = self.now.saturating_add(wait);
                    self.pending.push(self.calls[call].at, due);
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

    /// The next timeout: its request has failed, whatever still becomes of it.
    pub(super) fn expire(&mut self, world: &World, until: u64, observer: &mut impl Observer) {
        let slots = &self.slots;
        let due = self.timers.pop_due(until, |token| is_live(slots, token));
        let Some((at, _, token)) = due else { return };
        self.now = at;
        self.events += 1;
        let id = token as u32;
        let slot = self.slots[id];
        if let Some(asker) = self.asker_of(&slot) {
            self.detach(id, self.askers[asker as usize].client.policy.cancels);
            return self.ask_heard(id, &slot, Heard { answered: false, timed_out: true });
        }
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

    /// A user who waits for answers has one, or none: the next click comes after a thought.
    #[inline]
    fn thinks_again(&mut self, of: u32) {
        let source = &self.sources[of as usize];
        if !source.waits {
            return;
        }
        let people = source.people;
        let closed = &mut self.closed_users[people as usize];
        if closed.is_answered() {
            let thought = (closed.thinks_ns * dist::exponential(&mut closed.luck)) as u64;
            self.push(self.now.saturating_add(thought), Due::new(Kind::Think, people, 0));
        }
    }

    /// A user has thought, and clicks.
    pub(super) fn think(&mut self, world: &World, people: u32, observer: &mut impl Observer) {
        let closed = &mut self.closed_users[people as usize];
        if !closed.clicks() {
            return;
        }
        if closed.uses.is_empty() {
            closed.present = closed.present.saturating_sub(1);
            return;
        }
        let u = closed.luck.uniform() * closed.uses[closed.uses.len() - 1].1;
        let of = closed.uses.iter().find(|(_, up_to)| u < *up_to).unwrap_or(&closed.uses[0]).0;
        self.send(world, of, observer);
    }
}
