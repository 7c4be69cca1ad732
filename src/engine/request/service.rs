//! Service at a station: who waits, who is served, who is turned away, and who shares the workers.

use super::state::backend_pool::{CHECK_NS, NONE};
use super::state::due::{Due, Kind};
use super::state::program::Op;
use super::state::requests::Requests;
use super::state::slots::{CHECK, FORESEEN, QUEUED, REFUSED, SEAM, SERVED};
use super::state::station_queue::{Line, Waiting};
use crate::dist;
use crate::observe::{Observer, Visit};
use crate::world::World;

impl Requests {
    /// Whether a visit that a request began at an operation is counted: those of health checks are not, and what the flow has
    /// counted is not counted again: whoever waited in a line that moved has not been.
    #[inline]
    pub(super) fn is_counted(&self, id: u32, enter: u32) -> bool {
        let slot = &self.slots[id];
        if !slot.is(CHECK | SEAM) {
            return true;
        }
        match self.seam.get(&id) {
            Some((until, waits)) if !slot.is(CHECK) => enter > *until || (enter == *until && *waits),
            _ => false,
        }
    }

    /// A request waits in the queue of a station.
    pub(super) fn join(&mut self, queue_id: u32, id: u32, pc: u32) {
        let queue = &mut self.station_queues[queue_id as usize];
        let slot = &mut self.slots[id];
        slot.pc = pc;
        slot.arrived = self.now;
        slot.flags |= QUEUED;
        let (turn, of) = (slot.turn, slot.of);
        queue.join(Waiting { id, turn }, slot.class, self.now);
        if queue.server != NONE {
            if slot.is(CHECK) {
                return;
            }
            let station = queue.station;
            self.station_queues[station as usize].one_more_waits(self.now);
        }
        self.bears(queue_id, id, of, turn);
    }

    /// How long somebody bears to wait from now on, however long he has waited.
    pub(super) fn bears(&mut self, queue_id: u32, id: u32, of: u32, turn: u32) {
        let queue = &mut self.station_queues[queue_id as usize];
        let patience_ns = self.sources[of as usize].patience_ns;
        if patience_ns > 0.0 {
            let patience = (patience_ns * dist::exponential(&mut queue.patience)) as u64;
            self.push(self.now.saturating_add(patience), Due::new(Kind::Patience, id, turn));
        }
    }

    /// A worker begins to serve a request.
    #[inline]
    pub(super) fn begin(&mut self, world: &World, station: u32, id: u32, waited: u64, observer: &mut impl Observer) {
        let is_counted = self.is_counted(id, self.slots[id].pc);
        let queue = &mut self.station_queues[station as usize];
        queue.pass(self.now);
        queue.busy += 1;
        queue.inside += 1;
        let is_check = queue.server != NONE && self.slots[id].is(CHECK);
        let mut takes = if is_check { CHECK_NS } else { queue.takes.draw_ns(&mut queue.luck) };
        if queue.slower != 1.0 {
            takes = (takes as f64 * queue.slower) as u64;
        }
        if waited > 0 && is_counted {
            queue.counts.wait_ns += waited;
            queue.counts.delayed += 1;
            queue.counts.wait_max_ns = queue.counts.wait_max_ns.max(waited);
        }
        let slot = &mut self.slots[id];
        slot.flags |= SERVED;
        if is_counted {
            observer.waited(world, &Visit { station: queue.station, at_ns: self.now, took_ns: waited });
        }
        let turn = slot.turn;
        if queue.is_shared() {
            self.share(station, id, turn, takes);
        } else {
            slot.until = self.now + takes;
            let due = Due::new(Kind::Step, id, turn);
            self.push(self.now + takes, due);
        }
    }

    /// The service of a request at a station is over; calls may follow.
    #[inline]
    pub(super) fn served(&mut self, world: &World, id: u32, observer: &mut impl Observer) {
        let slot = &mut self.slots[id];
        slot.flags &= !SERVED;
        let pc = slot.pc;
        slot.pc = pc + 1;
        if let Op::Enter { station, .. } = self.programs.ops[pc as usize]
            && self.station_queues[station as usize].is_leaf
            && self.is_counted(id, pc)
        {
            let took_ns = self.now - self.slots[id].arrived;
            observer.visited(world, &Visit { station, at_ns: self.now, took_ns });
        }
    }

    /// A worker is free again: the next in the queue is served.
    #[inline]
    pub(super) fn leave(&mut self, world: &World, station: u32, is_counted: bool, observer: &mut impl Observer) {
        let queue = &mut self.station_queues[station as usize];
        queue.counts.served += u64::from(is_counted);
        queue.inside = queue.inside.saturating_sub(1);
        if self.writes {
            let station = queue.station;
            self.write(station);
        }
        let queue = &mut self.station_queues[station as usize];
        if queue.is_shared() {
            return;
        }
        queue.pass(self.now);
        queue.busy = queue.busy.saturating_sub(1);
        if queue.waiting > 0 {
            self.call_next(world, station, observer);
        }
    }

    /// Whoever waits is served while there are workers.
    pub(super) fn call_next(&mut self, world: &World, station: u32, observer: &mut impl Observer) {
        loop {
            let queue = &mut self.station_queues[station as usize];
            if queue.busy >= queue.workers {
                return;
            }
            let Some((id, drops)) = queue.call_next(self.now, &self.slots) else { return };
            self.counts_no_more(station, id);
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
    pub(super) fn turn_away(&mut self, station: u32, id: u32) {
        let slot = &mut self.slots[id];
        slot.flags &= !QUEUED;
        slot.turn = slot.turn.wrapping_add(1);
        self.waits_no_more(station, id);
        self.turned_away(station, id);
    }

    fn turned_away(&mut self, station: u32, id: u32) {
        let is_counted = self.is_counted(id, self.slots[id].pc);
        self.station_queues[station as usize].counts.refused += u64::from(is_counted);
        let slot = &mut self.slots[id];
        slot.flags = (slot.flags | REFUSED) & !FORESEEN;
        if let Op::Enter { refused, .. } = self.programs.ops[slot.pc as usize] {
            slot.pc = refused;
        }
        self.goes_on(id);
    }

    /// Patience is at its end.
    pub(super) fn gives_up(&mut self, id: u32) {
        let slot = &mut self.slots[id];
        let Op::Enter { station, refused } = self.programs.ops[slot.pc as usize] else { return };
        let waited = self.now - slot.arrived;
        let pc = slot.pc;
        slot.flags = (slot.flags & !(QUEUED | FORESEEN)) | REFUSED;
        slot.turn = slot.turn.wrapping_add(1);
        slot.pc = refused;
        let queue = self.queue_at(station, id, pc);
        self.waits_no_more(queue, id);
        let is_counted = self.is_counted(id, pc);
        let queue = &mut self.station_queues[queue as usize];
        queue.counts.given_up += u64::from(is_counted);
        if is_counted {
            queue.counts.delayed += 1;
            queue.counts.wait_ns += waited;
            queue.counts.wait_max_ns = queue.counts.wait_max_ns.max(waited);
        }
    }

    /// A worker is free because his request has been called off.
    pub(super) fn release(&mut self, world: &World, station: u32, served: bool, observer: &mut impl Observer) {
        let queue = &mut self.station_queues[station as usize];
        queue.inside = queue.inside.saturating_sub(1);
        queue.pass(self.now);
        let workers = queue.workers;
        if let Line::Shared(sharing) = &mut queue.line {
            if served {
                sharing.pass(self.now, workers);
                sharing.leave();
                queue.busy = queue.busy.saturating_sub(1);
                self.share_again(station);
            }
            return;
        }
        queue.busy = queue.busy.saturating_sub(1);
        self.call_next(world, station, observer);
    }

    /// A request begins to share the workers of a station.
    pub(super) fn share(&mut self, station: u32, id: u32, turn: u32, takes_ns: u64) {
        let now = self.now;
        let queue = &mut self.station_queues[station as usize];
        if let Line::Shared(sharing) = &mut queue.line {
            sharing.pass(now, queue.workers);
            sharing.join(Waiting { id, turn }, takes_ns);
        }
        self.share_again(station);
    }

    /// Who shares has changed: when the next one is done.
    pub(super) fn share_again(&mut self, station: u32) {
        let queue = &mut self.station_queues[station as usize];
        let workers = queue.workers;
        if let Line::Shared(sharing) = &mut queue.line {
            sharing.turn = sharing.turn.wrapping_add(1);
            if let Some(at) = sharing.next_done(self.now, workers, &self.slots) {
                let due = Due::new(Kind::Shared, station, sharing.turn);
                self.push(at, due);
            }
        }
    }

    pub(super) fn share_done(&mut self, world: &World, station: u32, observer: &mut impl Observer) {
        let queue = &mut self.station_queues[station as usize];
        queue.pass(self.now);
        let workers = queue.workers;
        let Line::Shared(sharing) = &mut queue.line else { return };
        sharing.pass(self.now, workers);
        let Some(done) = sharing.done() else { return };
        queue.busy = queue.busy.saturating_sub(1);
        self.share_again(station);
        self.served(world, done.id, observer);
        self.go_on(world, done.id, observer);
    }
}
