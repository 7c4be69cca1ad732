//! Services that call as clients do: attempts with timeouts, retries, hedges, breakers, and connections.

use super::attempts::Heard;
use super::state::asker::AskerState;
use super::state::client::OF_USER;
use super::state::due::{Due, Kind};
use super::state::requests::Requests;
use super::state::slots::{DEGRADED, DETACHED, FORESEEN, GHOST, MISSED, NOBODY, ORPHAN, REFUSED, SEAM, Slot, token};
use crate::rng::Luck;

impl Requests {
    /// Whoever has been laid out since has a policy too.
    pub(super) fn know_askers(&mut self, luck: Luck) {
        for asker in &self.programs.askers[self.askers.len()..] {
            self.askers.push(AskerState::new(asker, luck, &mut self.timers));
        }
    }

    /// A request makes a call by a policy. Says whether it waits for that now; if not, it has failed at once.
    pub(super) fn ask(&mut self, id: u32, pc: u32, ask: u32) -> bool {
        let ask = self.programs.asks[ask as usize];
        self.slots[id].pc = pc;
        if self.asks_in_vain(ask.asker, id) || !self.askers[ask.asker as usize].client.sends(self.now) {
            let slot = &mut self.slots[id];
            slot.flags = (slot.flags & !FORESEEN) | REFUSED;
            return false;
        }
        let call = self.calls.begin(self.slots[id].of, self.now);
        let begun = &mut self.calls[call];
        (begun.asker, begun.parent, begun.start) = (ask.asker, id, ask.start);
        self.asked_by.insert(id, call);
        self.connect(call);
        true
    }

    /// Whether nobody waits any more for what a request asks for, and its caller knows that.
    fn asks_in_vain(&self, asker: u32, id: u32) -> bool {
        if !self.askers[asker as usize].passes_deadline {
            return false;
        }
        let mut root = id;
        while self.slots[root].parent != NOBODY {
            root = self.slots[root].parent;
        }
        // Of those who were under way in the flow nobody waits for any, and nobody has given up.
        self.slots[root].is(ORPHAN) && !self.slots[root].is(SEAM)
    }

    /// An attempt sets out as soon as there is a connection.
    pub(super) fn connect(&mut self, call: u32) {
        let asker = self.calls[call].asker;
        let state = &mut self.askers[asker as usize];
        if state.connected < state.connections.0 {
            state.connected += 1;
            self.ask_now(call);
            return;
        }
        let life = self.calls[call].life;
        state.waiting.push_back((call, life));
        self.calls[call].connecting = true;
        if let Some(waits) = state.connections.1 {
            self.push(self.now.saturating_add(waits), Due::new(Kind::Connect, call, life));
        }
    }

    /// It has waited for a connection for long enough: that is a failure like another.
    pub(super) fn gives_up_connecting(&mut self, call: u32, due: Due) {
        if !due.is_for(self.calls[call].life) || !self.calls[call].connecting {
            self.events -= 1;
            return;
        }
        self.calls[call].connecting = false;
        let asker = self.calls[call].asker as usize;
        self.askers[asker].waiting.retain(|(waits, _)| *waits != call);
        let was_retry = self.calls[call].attempts > 1;
        self.askers[asker].client.heard(self.now, false, was_retry);
        self.ask_again(call, REFUSED, false);
    }

    /// A connection is free: whoever has waited longest gets it.
    fn disconnect(&mut self, asker: u32) {
        self.askers[asker as usize].connected -= 1;
        self.give_connections(asker);
    }

    /// Whoever has waited longest gets what is free.
    pub(super) fn give_connections(&mut self, asker: u32) {
        loop {
            let state = &mut self.askers[asker as usize];
            if state.connected >= state.connections.0 {
                return;
            }
            let Some((call, life)) = state.waiting.pop_front() else { return };
            if self.calls[call].life == life && self.calls[call].connecting {
                self.calls[call].connecting = false;
                state.connected += 1;
                self.ask_now(call);
            }
        }
    }

    /// An attempt sets out.
    fn ask_now(&mut self, call: u32) {
        let made = self.calls[call];
        let parent = self.slots[made.parent];
        let id = self.slots.begin(made.of, made.start, parent.started, parent.class);
        let slot = &mut self.slots[id];
        slot.call = call;
        slot.parent = made.parent;
        slot.arrived = self.now;
        slot.depth = parent.depth.saturating_add(1);
        slot.flags = parent.flags & GHOST;
        let token = token(id, slot.life);
        self.calls.add(call, id);
        self.calls[call].at = self.now;
        let state = &self.askers[made.asker as usize];
        let hedge = state.client.policy.hedge.filter(|hedge| made.hedges < hedge.at_most);
        if let Some(timer) = state.timer {
            self.timers.set(timer, self.now, token);
        }
        if let Some(hedge) = hedge {
            let due = Due::new(Kind::Hedge, call, self.calls[call].hedge_turn);
            self.push(self.now + hedge.after.0 as u64, due);
        }
        self.goes_on(id);
    }

    /// An attempt is back, or has timed out. `slot` is what it was.
    pub(super) fn ask_heard(&mut self, id: u32, slot: &Slot, heard: Heard) {
        let call = slot.call;
        let (asker, was_retry) = (self.calls[call].asker, self.calls[call].attempts > 1);
        let state = &mut self.askers[asker as usize];
        state.client.heard(self.now, heard.answered, was_retry);
        if let Some(timer) = state.timer.filter(|_| !heard.timed_out) {
            self.timers.cancelled(timer);
        }
        self.calls.remove(call, id);
        if heard.answered {
            self.ask_over(call, slot.flags, true);
        } else if self.calls[call].open == 0 && !self.calls[call].backing_off && !self.calls[call].connecting {
            self.ask_again(call, slot.flags, heard.timed_out);
        }
        self.disconnect(asker);
    }

    /// A call of which no attempt is under way has failed: it is tried again, or that was it.
    fn ask_again(&mut self, call: u32, flags: u16, timed_out: bool) {
        let (asker, parent, attempts) = (self.calls[call].asker, self.calls[call].parent, self.calls[call].attempts);
        let in_vain = self.asks_in_vain(asker, parent);
        let wait = (!in_vain).then(|| self.askers[asker as usize].client.retries(attempts, timed_out)).flatten();
        let Some(wait) = wait else { return self.ask_over(call, flags, false) };
        let made = &mut self.calls[call];
        made.attempts += 1;
        made.backing_off = true;
        made.at = self.now.saturating_add(wait);
        let (at, due) = (made.at, Due::new(Kind::Retry, call, made.life));
        self.pending.push(at, due);
    }

    /// A call is over, and who has waited for it goes on.
    fn ask_over(&mut self, call: u32, flags: u16, answered: bool) {
        let parent = self.calls[call].parent;
        self.end_ask(call, false);
        self.asked_by.remove(&parent);
        let slot = &mut self.slots[parent];
        let kept = if answered { DEGRADED | MISSED } else { DEGRADED | MISSED | REFUSED | FORESEEN };
        slot.flags |= flags & kept;
        slot.pc += if answered { 1 } else { 2 };
        self.goes_on(parent);
    }

    /// Attempts that are still under way answer to nobody.
    fn end_ask(&mut self, call: u32, cancels: bool) {
        let asker = self.calls[call].asker;
        let others: Vec<u32> =
            if self.calls[call].open > 0 { self.calls.under_way(call).collect() } else { Vec::new() };
        self.calls.end(call);
        for other in others {
            // One that was lost with its caller may have made place for somebody else.
            if self.slots[other].pc != NOBODY && self.slots[other].call == call {
                self.attempt_is_dropped(other, cancels);
                self.disconnect(asker);
            }
        }
    }

    /// Its caller waits for an attempt no more.
    fn attempt_is_dropped(&mut self, id: u32, cancels: bool) {
        let asker = self.calls[self.slots[id].call].asker as usize;
        if let Some(timer) = self.askers[asker].timer {
            self.timers.cancelled(timer);
        }
        self.detach(id, cancels || self.askers[asker].client.policy.cancels);
    }

    /// An attempt stands for itself from now on, or is called off.
    pub(super) fn detach(&mut self, id: u32, cancels: bool) {
        let slot = &mut self.slots[id];
        slot.flags |= ORPHAN | DETACHED;
        (slot.call, slot.parent) = (NOBODY, NOBODY);
        if cancels {
            self.call_off(id);
        }
    }

    /// Who waits for a call is called off: so is the call.
    pub(super) fn calls_off_asking(&mut self, id: u32) -> bool {
        let Some(call) = self.asked_by.remove(&id) else { return false };
        self.end_ask(call, true);
        true
    }

    /// Who waits for a call is lost, and its attempts with it.
    pub(super) fn loses_asking(&mut self, id: u32) {
        if let Some(call) = self.asked_by.remove(&id) {
            self.calls.end(call);
        }
    }

    /// An attempt is lost with its caller; gives whose connection is free.
    pub(super) fn attempt_is_lost(&mut self, slot: &Slot) -> Option<u32> {
        let asker = self.asker_of(slot)?;
        let state = &mut self.askers[asker as usize];
        state.connected -= 1;
        if let Some(timer) = state.timer {
            self.timers.cancelled(timer);
        }
        Some(asker)
    }

    /// The service whose attempt a request is.
    pub(super) fn asker_of(&self, slot: &Slot) -> Option<u32> {
        (slot.call != NOBODY).then(|| self.calls[slot.call].asker).filter(|asker| *asker != OF_USER)
    }

    /// How many forks and calls deep the request is that a branch belongs to, where that stands for itself.
    pub(super) fn floor(&self, id: u32) -> u32 {
        let mut root = &self.slots[id];
        while root.parent != NOBODY {
            root = &self.slots[root.parent];
        }
        if root.is(DETACHED) { u32::from(root.depth) } else { 0 }
    }
}
