//! Caches: what is missed is asked for, and is there when the answer has come. Until then, those who miss the same make calls of
//! their own, or wait for the first of them.

use super::state::program::Op;
use super::state::requests::Requests;
use super::state::slots::AWAITS;
use crate::world::Misses;

impl Requests {
    /// The cache of a station is emptied.
    pub fn forget_cache(&mut self, station: u32) {
        if let Some(cache) = &mut self.station_queues[station as usize].cache {
            cache.forget();
        }
    }

    /// A request looks for its key: where it goes on, or nothing if it waits for somebody who asks for the same.
    pub(super) fn look(&mut self, id: u32, pc: u32, station: u32, found: u32) -> Option<u32> {
        let Some(cache) = &mut self.station_queues[station as usize].cache else { return Some(pc + 1) };
        let (key, held) = cache.looks();
        if held {
            return Some(found);
        }
        if cache.misses == Misses::OneCalls {
            if let Some(waiting) = self.asked.get_mut(&(station, key)) {
                let slot = &mut self.slots[id];
                (slot.pc, slot.flags) = (pc, slot.flags | AWAITS);
                waiting.push_back((id, slot.turn));
                return None;
            }
            self.asked.insert((station, key), Default::default());
        }
        self.asking.insert((id, station), key);
        Some(pc + 1)
    }

    /// The answer has come.
    pub(super) fn learn(&mut self, id: u32, station: u32) {
        let Some(key) = self.asking.remove(&(id, station)) else { return };
        if let Some(cache) = &mut self.station_queues[station as usize].cache {
            cache.learns(key);
        }
        for (id, turn) in self.asked.remove(&(station, key)).into_iter().flatten() {
            self.awaits_no_more(id, turn, |pc, found| if let Some(found) = found { found } else { pc });
        }
    }

    /// No answer will come: the next of those who wait for it asks.
    pub(super) fn ask_no_more(&mut self, id: u32, station: u32) {
        if self.asking.is_empty() {
            return;
        }
        let Some(key) = self.asking.remove(&(id, station)) else { return };
        let Some(mut waiting) = self.asked.remove(&(station, key)) else { return };
        while let Some((next, turn)) = waiting.pop_front() {
            if self.awaits_no_more(next, turn, |pc, _| pc + 1) {
                self.asking.insert((next, station), key);
                self.asked.insert((station, key), waiting);
                return;
            }
        }
    }

    /// One who has waited goes on, if he still waits.
    fn awaits_no_more(&mut self, id: u32, turn: u32, to: impl Fn(u32, Option<u32>) -> u32) -> bool {
        let slot = &mut self.slots[id];
        if slot.turn != turn || !slot.is(AWAITS) {
            return false;
        }
        slot.flags &= !AWAITS;
        let found = match self.programs.ops[slot.pc as usize] {
            Op::Look { found, .. } => Some(found),
            _ => None,
        };
        slot.pc = to(slot.pc, found);
        self.goes_on(id);
        true
    }
}
