//! Calls that are made at once, and requests that are called off with everything that they hold.

use super::attempts::Heard;
use super::state::program::{OUTSIDE, Op};
use super::state::requests::Requests;
use super::state::slots::{
    AWAITS, BRANCH_FAILED, CANCELLED, DEGRADED, FORESEEN, GHOST, MISSED, NOBODY, ORPHAN, QUEUED, REFUSED, SERVED,
};

impl Requests {
    /// A request makes several calls at once.
    pub(super) fn fork(&mut self, id: u32, first: u32, count: u32) {
        let parent = self.slots[id];
        let cancels =
            self.sources[parent.of as usize].cancels || self.askers.iter().any(|asker| asker.client.policy.cancels);
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
    pub(super) fn join_up(&mut self, id: u32, failed: bool) {
        let branch = self.slots[id];
        self.slots.end(id);
        if self.asker_of(&branch).is_some() {
            return self.ask_heard(id, &branch, Heard { answered: !failed, timed_out: false });
        }
        if branch.parent == NOBODY {
            return;
        }
        let parent = &mut self.slots[branch.parent];
        parent.flags |= branch.flags & (DEGRADED | REFUSED | FORESEEN | MISSED);
        if failed {
            parent.flags |= BRANCH_FAILED;
        }
        self.one_branch_less(branch.parent);
    }

    fn one_branch_less(&mut self, id: u32) {
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
    pub(super) fn is_called_off(&self, id: u32) -> bool {
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
            self.ask_no_more(id, visit.station);
            let served = visit.enter == slot.pc && slot.is(SERVED);
            // Where workers are not held, the one who has just served is still to be given back.
            let leaving =
                matches!(self.programs.ops[slot.pc as usize], Op::Leave { station } if station == visit.station);
            if served || (visit.enter != slot.pc && (visit.holds || leaving)) {
                let queue = self.queue_of(&slot, &visit);
                self.released.push_back((queue, served));
                let is_counted = self.is_counted(id, visit.enter);
                self.station_queues[queue as usize].counts.called_off += u64::from(is_counted);
            }
            frame = visit.parent;
        }
        self.slots.end(id);
        if self.asker_of(&slot).is_some() {
            self.ask_heard(id, &slot, Heard { answered: false, timed_out: false });
        } else if slot.parent != NOBODY {
            self.one_branch_less(slot.parent);
        }
    }

    /// Calls a request off, end to end: where it waits it leaves; a worker who is at it finishes what he is doing.
    pub(super) fn call_off(&mut self, id: u32) {
        self.slots[id].flags |= CANCELLED | ORPHAN;
        self.stops_waiting(id);
    }

    /// Neither a request nor its branches wait in a queue any more.
    fn stops_waiting(&mut self, id: u32) {
        if self.calls_off_asking(id) {
            return self.goes_on(id);
        }
        let slot = &mut self.slots[id];
        if slot.is(QUEUED) {
            slot.flags &= !QUEUED;
            slot.turn = slot.turn.wrapping_add(1);
            let pc = slot.pc;
            if let Op::Enter { station, .. } = self.programs.ops[pc as usize] {
                let queue = self.queue_at(station, id, pc);
                self.waits_no_more(queue, id);
                let is_counted = self.is_counted(id, pc);
                self.station_queues[queue as usize].counts.called_off += u64::from(is_counted);
            }
            self.goes_on(id);
        } else if slot.is(AWAITS) {
            slot.flags &= !AWAITS;
            slot.turn = slot.turn.wrapping_add(1);
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
}
