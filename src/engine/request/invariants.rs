//! What has to hold of single requests after every event, whatever happened. Looked at in debug builds: in all tests. One group a
//! noun, one sentence an assertion. Where there are many requests, only after every change of the world.

use super::state::program::{OUTSIDE, Op};
use super::state::requests::Requests;
use super::state::slots::{AWAITS, CHECK, GHOST, NOBODY, ORPHAN, QUEUED, SERVED};
use crate::world::World;
use std::collections::BTreeMap;

/// With more requests than this, all of them are not gone through after each of their events.
const FEW: usize = 12;
/// With more than this, not even after every change of the world.
const MANY: usize = 2_000;

impl Requests {
    /// After an event of a request: one of the places in the slab more is nothing to go through.
    pub(super) fn check_few(&self, world: &World) {
        if self.slots.places() <= FEW && self.station_queues.len() <= FEW {
            self.check_all(world);
        }
    }

    /// Nobody is about to go on, and there are not too many to look at.
    pub(in crate::engine) fn is_settled(&self) -> bool {
        self.slots.places() <= MANY
            && self.ready.is_empty()
            && self.released.is_empty()
            && self.opened.is_empty()
            && self.before.is_none()
    }

    /// Panics where requests contradict themselves.
    pub(in crate::engine) fn check_all(&self, world: &World) {
        self.check_requests();
        self.check_stations(world);
        self.check_users();
        self.check_caches();
        self.check_askers();
    }

    fn must(&self, is: bool, what: &str, of: &dyn std::fmt::Debug) {
        assert!(is, "{what}: not so for {of:?} at {} ns", self.now);
    }

    fn check_requests(&self) {
        let under_way = self.slots.under_way();
        let mut branches: BTreeMap<u32, u32> = BTreeMap::new();
        for &id in &under_way {
            let slot = self.slots[id];
            let must = |is, what| self.must(is, what, &slot);
            let states = [QUEUED, SERVED, AWAITS].iter().filter(|state| slot.is(**state)).count();
            must(states <= 1, "a request waits, is served, or neither");
            let op = self.programs.ops[slot.pc as usize];
            must(
                !slot.is(QUEUED | SERVED) || matches!(op, Op::Enter { .. }),
                "whoever waits or is served is at a station",
            );
            must(!slot.is(AWAITS) || matches!(op, Op::Look { .. }), "whoever waits for an answer has missed it");
            must(slot.branches == 0 || matches!(op, Op::Fork { .. }), "whoever has branches waits for them");
            must(slot.started <= self.now && slot.arrived <= self.now, "nobody comes before his time");
            must(slot.call == NOBODY || !slot.is(ORPHAN), "an attempt that nobody waits for belongs to no call");
            if slot.parent != NOBODY && self.asker_of(&slot).is_none() {
                *branches.entry(slot.parent).or_default() += 1;
            }
        }
        // A branch that was filled in at the seam has nobody who waits for it.
        for (parent, count) in branches {
            let slot = self.slots[parent];
            self.must(
                slot.pc == NOBODY || slot.branches >= count,
                "a branch is one of those that are waited for",
                &slot,
            );
        }
    }

    fn check_stations(&self, world: &World) {
        let queues = self.station_queues.len();
        let (mut waiting, mut serving, mut held) = (vec![0; queues], vec![0; queues], vec![0; queues]);
        for id in self.slots.under_way() {
            let slot = self.slots[id];
            let mut frame = self.programs.frame_of[slot.pc as usize];
            while frame != OUTSIDE {
                let visit = self.programs.frames[frame as usize];
                if visit.depth < u32::from(slot.depth) {
                    break;
                }
                let queue = self.queue_of(&slot, &visit) as usize;
                let here = visit.enter == slot.pc;
                waiting[queue] += u64::from(here && slot.is(QUEUED));
                serving[queue] += u64::from(here && slot.is(SERVED));
                held[queue] += u64::from(!here && visit.holds && !slot.is(CHECK));
                frame = visit.parent;
            }
        }
        for (index, queue) in self.station_queues.iter().enumerate() {
            let name = &world.stations[queue.station as usize].name;
            let must = |is, what| self.must(is, what, &(name, queue));
            let is_pool = self.backend_pools.iter().any(|pool| pool.station as usize == index);
            if is_pool {
                must(queue.busy == 0, "behind a balancer, servers work");
                continue;
            }
            must(queue.waiting == waiting[index], "those who wait are as many as are counted");
            must(queue.busy >= serving[index], "whoever is served has a worker");
            must(
                queue.is_shared() || queue.busy <= serving[index] + held[index] + self.released.len() as u64,
                "a worker who is busy has somebody to be busy with",
            );
            must(queue.serves || queue.busy == 0 || queue.workers > 0, "nobody works where nobody is");
            let gone = queue.counts.served + queue.counts.lost();
            must(gone <= queue.here_before + queue.counts.arrived, "nobody leaves who has not come");
            must(queue.here() <= queue.waiting + queue.inside, "whoever is counted as there is there");
        }
    }

    fn check_users(&self) {
        let mut under_way = vec![0; self.sources.len()];
        for id in self.slots.under_way() {
            let slot = self.slots[id];
            let is_own = slot.flags & (ORPHAN | GHOST) == 0 && slot.parent == NOBODY && slot.call == NOBODY;
            under_way[slot.of as usize] += u64::from(is_own);
        }
        self.calls.under_way_of().filter(|call| !call.ghost).for_each(|call| under_way[call.of as usize] += 1);
        for (source, under_way) in self.sources.iter().zip(under_way) {
            self.must(
                source.felt.under_way == under_way,
                "who came and did not come to an end is under way",
                &(source.people, source.feature, source.felt.under_way, under_way),
            );
            self.must(source.felt.overdue <= under_way, "whoever is overdue is under way", &source.counts);
            let counts = &source.counts;
            self.must(counts.degraded <= counts.served, "what is incomplete has been served", counts);
        }
        for crowd in &self.closed_users {
            let stay = crowd.present - crowd.leaving;
            self.must(
                stay == crowd.target || crowd.uses.is_empty() || !crowd.thinks_ns.is_finite(),
                "whoever should be there is, and nobody else stays",
                &crowd.target,
            );
            self.must(crowd.thinking <= crowd.present, "whoever thinks is there", &crowd.thinking);
        }
    }

    fn check_askers(&self) {
        for (id, call) in &self.asked_by {
            let (slot, made) = (&self.slots[*id], &self.calls[*call]);
            let waits = slot.pc != NOBODY && matches!(self.programs.ops[slot.pc as usize], Op::Ask { .. });
            self.must(waits && made.parent == *id, "whoever has made a call waits for it", &(slot, made));
            let goes_on = made.open > 0 || made.backing_off || made.connecting;
            self.must(goes_on, "a call that is waited for is tried, or will be", made);
        }
        let mut connected = vec![0; self.askers.len()];
        for id in self.slots.under_way() {
            let slot = self.slots[id];
            if let Some(asker) = self.asker_of(&slot) {
                connected[asker as usize] += 1;
                self.must(self.asked_by.get(&slot.parent) == Some(&slot.call), "somebody waits for an attempt", &slot);
            }
        }
        for (asker, connected) in self.askers.iter().zip(connected) {
            let (has, most) = (asker.connected, asker.connections.0);
            self.must(has == connected && has <= most, "every attempt has a connection", &(has, connected, most));
        }
    }

    fn check_caches(&self) {
        for (id, station) in self.asking.keys() {
            let slot = &self.slots[*id];
            self.must(slot.pc != NOBODY && !slot.is(AWAITS), "whoever asks is under way", &(station, slot));
        }
        for (station, key) in self.asked.keys() {
            let asks = self.asking.iter().any(|((_, of), asked)| (of, asked) == (station, key));
            self.must(asks, "somebody asks for what is waited for", &(station, key));
        }
    }
}
