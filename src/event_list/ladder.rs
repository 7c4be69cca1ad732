//! Events in order of time.

use super::bucket::Blocks;
use super::front::{Front, ROOM};
use super::rung::{AT_HAND, Rung};
use super::{Due, NEVER};

// The numbers that follow were measured with `benches/limit.rs`; twice or half of any of them costs some percent.

/// A bucket with at most so many entries is sorted; one with more is cut into narrower ones.
const SORTED: usize = 24;

/// Up to so many entries are kept in the front alone.
const ALONE: usize = 24;

/// The front is filled up to about this.
const BATCH: usize = 12;

/// How far the first rung reaches, in mean times to what is in the top: what is pushed beyond passes through the top.
const REACH: u64 = 8;

/// The most buckets of a fine rung, and of a coarse one: more would not stay in the cache.
const MOST_FINE: usize = 1 << 14;
const MOST_COARSE: usize = 1 << 11;

/// The most rungs: more mean that pushes play a trick on them.
const DEEPEST: usize = 32;

/// How many entries a bucket of a coarse rung should have.
const COARSE: usize = 256;

/// Events and when they are due: pops them in order of time, and those of one time in the order in which they were pushed.
///
/// A ladder queue (Tang, Goh & Thng, "Ladder queue: an O(1) priority queue structure for large-scale discrete event
/// simulation", ACM TOMACS 15, 2005; after Brown's calendar queue, Communications of the ACM 31, 1988). From the nearest to
/// the furthest it holds:
///
/// - the *front*, at most 64 entries, sorted: pops come from here, and a queue of a few entries is nothing else;
/// - *rungs*, each of which cuts one bucket of the rung above, or a front that was full, into narrower buckets, unsorted. The
///   width follows from how many entries there are to spread, so that it tunes itself to their density, however uneven;
/// - the *top*, unsorted: everything beyond the first rung.
///
/// Only the bucket that is due next is ever sorted or cut up. An entry is moved once for each rung on its way, each time
/// from one stretch of memory to a few thousand others, which stay in the cache; so the cost hardly grows with the queue.
/// Buckets are filled and emptied in order of pushing, which is all that keeps equal times in order: no entry carries a
/// number.
///
/// ```
/// use firedrill::event_list::EventList;
/// let mut events = EventList::new();
/// events.push(20, 'b');
/// events.push(10, 'a');
/// events.push(20, 'c');
/// assert_eq!(events.next_at(), 10);
/// let order: Vec<_> = std::iter::from_fn(|| events.pop()).collect();
/// assert_eq!(order, [(10, 'a'), (20, 'b'), (20, 'c')]);
/// ```
#[derive(Debug, Clone)]
pub struct EventList<T> {
    /// When the first entry is due.
    next: u64,
    /// What is due before this is in the front: everything in it is due before this, and nothing else is. It is 0 while the
    /// front waits for a pop to be filled.
    front_end: u64,
    /// What is due from here on is in the top.
    top_start: u64,
    len: usize,
    front: Front<T>,
    /// How many entries the front holds before it overflows.
    room: usize,
    /// The rungs in use are the first ones. Each is about times before those that are left in the rung before it: it is made
    /// of a bucket of that one, or of a front that was full.
    rungs: Vec<Rung<T>>,
    in_use: usize,
    /// The bucket at the cursor of the last rung holds one time only, too often for the front: it is popped from there.
    burst: bool,
    top: Vec<Due<T>>,
    blocks: Blocks<T>,
    /// When the last popped entry was due.
    now: u64,
}

impl<T: Copy> Default for EventList<T> {
    fn default() -> EventList<T> {
        EventList::new()
    }
}

impl<T: Copy> EventList<T> {
    /// Nothing is pending.
    pub fn new() -> EventList<T> {
        EventList {
            next: NEVER,
            front_end: NEVER,
            top_start: NEVER,
            len: 0,
            front: Front::new(),
            room: ALONE,
            rungs: Vec::new(),
            in_use: 0,
            burst: false,
            top: Vec::new(),
            blocks: Blocks::new(),
            now: 0,
        }
    }

    /// How many are pending.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing is pending.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// When the first one is due; [`NEVER`] if nothing is pending.
    #[inline]
    pub fn next_at(&self) -> u64 {
        self.next
    }

    /// Adds what is due `at`, which must not be before what was popped last. The last moment before [`NEVER`] is the
    /// latest there is.
    #[inline]
    pub fn push(&mut self, at: u64, what: T) {
        debug_assert!(at >= self.now, "due at {at}, but it is {} already", self.now);
        let at = at.min(NEVER - 1);
        let due = Due { at, what };
        self.len += 1;
        self.next = self.next.min(at);
        if at < self.front_end {
            if self.front.count() < self.room {
                self.front.insert(due);
            } else {
                self.overflow(due);
            }
        } else if at >= self.top_start {
            self.top.push(due);
        } else {
            self.push_rung(due);
        }
    }

    /// Takes the first one.
    #[inline]
    pub fn pop(&mut self) -> Option<(u64, T)> {
        let Some((due, next)) = self.front.take() else { return self.pop_else() };
        self.len -= 1;
        self.now = due.at;
        match next {
            Some(next) => self.next = next,
            None => self.refill(),
        }
        Some((due.at, due.what))
    }

    /// Takes the first one if it is due before `limit`.
    #[inline]
    pub fn pop_before(&mut self, limit: u64) -> Option<(u64, T)> {
        if self.next < limit { self.pop() } else { None }
    }

    /// Forgets everything, and that time has passed.
    pub fn clear(&mut self) {
        self.front.clear();
        self.top.clear();
        self.blocks.clear();
        (self.in_use, self.burst, self.len, self.now) = (0, false, 0, 0);
        (self.next, self.front_end, self.top_start, self.room) = (NEVER, NEVER, NEVER, ALONE);
    }

    /// Everything that is pending, in no particular order. Slow: it is for rare questions.
    pub fn iter(&self) -> impl Iterator<Item = (u64, T)> + '_ {
        let rungs = self.rungs[..self.in_use].iter().flat_map(|rung| rung.iter(&self.blocks));
        self.front.iter().chain(rungs).chain(self.top.iter().copied()).map(|due| (due.at, due.what))
    }

    #[inline]
    fn push_rung(&mut self, due: Due<T>) {
        for rung in self.rungs[..self.in_use].iter_mut().rev() {
            if due.at < rung.end() {
                rung.append(&mut self.blocks, due);
                return;
            }
        }
        debug_assert!(false, "no rung for {}", due.at);
    }

    /// The front is full: moves everything in it to a rung of its own, or to the top. The front is not filled again before the
    /// next pop, so that many pushes in a row cost no more than their moves, whatever their order.
    #[cold]
    #[inline(never)]
    fn overflow(&mut self, due: Due<T>) {
        // A burst is taken up again when its rung is the last one again.
        self.burst = false;
        if self.front_end == NEVER || self.in_use == DEEPEST {
            self.gather();
        } else if let (Some(first), Some(last)) = (self.front.get(0), self.front.get(self.front.count() - 1)) {
            let (start, end) = (self.now, self.front_end);
            let apart = (last.at - first.at) / self.front.count() as u64;
            let rung = open(&mut self.rungs, &mut self.in_use);
            rung.lay_out(start, end, width(apart).max(shift_for(end - start, 4 * ROOM)), true, due);
            for due in self.front.iter() {
                rung.append(&mut self.blocks, due);
            }
        }
        self.front.clear();
        (self.front_end, self.room) = (0, ROOM);
        if due.at >= self.top_start {
            self.top.push(due);
        } else {
            self.push_rung(due);
        }
    }

    /// Moves everything to the top. All that is due at one time is in one bucket, in its order.
    fn gather(&mut self) {
        self.top.extend(self.front.iter());
        for rung in &self.rungs[..self.in_use] {
            self.top.extend(rung.iter(&self.blocks));
        }
        self.blocks.clear();
        (self.in_use, self.top_start) = (0, 0);
    }

    /// The front is empty: takes the first one of a burst, or fills the front.
    #[inline(never)]
    fn pop_else(&mut self) -> Option<(u64, T)> {
        if !self.burst {
            if self.len == 0 {
                return None;
            }
            self.refill();
            return self.pop();
        }
        let (due, last) = self.rungs[self.in_use - 1].take_one(&mut self.blocks);
        self.len -= 1;
        self.now = due.at;
        if last {
            self.burst = false;
            self.front_end = due.at + 1;
            self.refill();
        }
        Some((due.at, due.what))
    }

    /// The front is empty: fills it with what is due next.
    #[inline(never)]
    fn refill(&mut self) {
        if self.burst {
            self.next = self.front_end;
            return;
        }
        self.front.clear();
        if self.len == 0 {
            self.in_use = 0;
            (self.next, self.front_end, self.top_start, self.room) = (NEVER, NEVER, NEVER, ALONE);
            return;
        }
        loop {
            if self.in_use == 0 {
                if self.top.len() <= ALONE * 2 / 3 {
                    return self.only_front();
                }
                self.open_top();
            }
            if self.fill() {
                return;
            }
        }
    }

    /// Fills the front from the last rung, or turns the rungs so that it can be filled: says whether it has something now.
    fn fill(&mut self) -> bool {
        let rung = &mut self.rungs[self.in_use - 1];
        let crowded = loop {
            let Some(count) = rung.count() else { break 0 };
            match rung.hand() {
                Some(hand) if count <= SORTED => {
                    self.front.place(hand, count.min(AT_HAND));
                    if count <= AT_HAND {
                        rung.advance();
                    } else {
                        let front = &mut self.front;
                        rung.take_chain(&mut self.blocks, |_, due| front.insert(due));
                    }
                }
                _ if count == 0 => rung.advance(),
                _ if count <= SORTED => {
                    let front = &mut self.front;
                    rung.take_chain(&mut self.blocks, |_, due| front.insert(due));
                }
                _ => break count,
            }
            if self.front.count() >= BATCH {
                break 0;
            }
        };
        if let Some(first) = self.front.get(0) {
            self.front_end = rung.start();
            self.next = first.at;
            return true;
        }
        if crowded == 0 {
            self.in_use -= 1;
            return false;
        }
        let (start, shift) = (rung.start(), rung.shift());
        if shift == 0 {
            self.burst = true;
            (self.front_end, self.next) = (start, start);
            return true;
        }
        let end = rung.end().min(start.saturating_add(1 << shift));
        let fine = crowded <= MOST_FINE;
        let buckets = if fine { crowded } else { (crowded / COARSE).min(MOST_COARSE) };
        let finer = (shift - buckets.ilog2().min(shift), fine);
        self.in_use += 1;
        if self.in_use > self.rungs.len() {
            self.rungs.push(Rung::new());
        }
        let [.., rung, sub] = &mut self.rungs[..self.in_use] else { return false };
        sub.lay_out(start, end, finer.0, finer.1, rung.any(&self.blocks));
        rung.take(&mut self.blocks, |blocks, due| sub.append(blocks, due));
        false
    }

    /// What is left fits into the front.
    fn only_front(&mut self) {
        self.front.clear();
        for &due in &self.top {
            self.front.insert(due);
        }
        self.top.clear();
        (self.front_end, self.top_start, self.room) = (NEVER, NEVER, ALONE);
        self.next = self.front.get(0).map_or(NEVER, |due| due.at);
    }

    /// Lays out the first rung for the nearer part of the top.
    fn open_top(&mut self) {
        let first = self.top.iter().map(|due| due.at).min().unwrap_or(NEVER);
        let count = self.top.len();
        let mean = (self.top.iter().map(|due| u128::from(due.at - first)).sum::<u128>() / count as u128) as u64;
        // At least half of them are due before twice the mean (Markov), so that this is not done too often.
        let reach = mean.saturating_mul(REACH).saturating_add(1);
        let shift = width(mean / count as u64);
        let fine = (reach - 1) >> shift < MOST_FINE as u64;
        let shift = if fine { shift } else { shift_for(reach, (REACH as usize * count / COARSE).min(MOST_COARSE)) };
        let reach = (u128::from((reach - 1) >> shift) + 1) << shift;
        let end = first.saturating_add(reach.min(u128::from(NEVER)) as u64);
        let rung = open(&mut self.rungs, &mut self.in_use);
        rung.lay_out(first, end, shift, fine, self.top[0]);
        let blocks = &mut self.blocks;
        self.top.retain(|&due| {
            let later = due.at >= end;
            if !later {
                rung.append(blocks, due);
            }
            later
        });
        self.top_start = end;
    }
}

/// The power of two that is the width of a fine bucket, for entries that are so far apart: one or two are in it.
fn width(apart: u64) -> u32 {
    (3 * apart.clamp(1, NEVER / 4)).ilog2()
}

/// The narrowest width, as a power of two, at which at most so many buckets reach so far.
fn shift_for(reach: u64, buckets: usize) -> u32 {
    (u64::BITS - (reach - 1).leading_zeros()).saturating_sub(buckets.max(1).ilog2())
}

/// The next rung, with the buffers it had before.
fn open<'a, T: Copy>(rungs: &'a mut Vec<Rung<T>>, in_use: &mut usize) -> &'a mut Rung<T> {
    if *in_use == rungs.len() {
        rungs.push(Rung::new());
    }
    *in_use += 1;
    &mut rungs[*in_use - 1]
}
