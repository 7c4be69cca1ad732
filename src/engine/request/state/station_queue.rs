//! Stations as single requests meet them, with workers, a queue and its discipline.

use super::cache::Cache;
use super::slots::{QUEUED, Slots};
use crate::dist::Quick;
use crate::rng::Stream;
use crate::world::Discipline;
use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, VecDeque};

/// A request in a queue, and the turn for which it is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    pub id: u32,
    pub turn: u32,
}

/// In which order those who wait are served.
#[derive(Debug, Clone)]
pub enum Line {
    Fifo(VecDeque<Waiting>),
    Lifo(Vec<Waiting>),
    /// By class, each first in first out.
    Priority([VecDeque<Waiting>; 3]),
    /// First in first out, but who has waited too long for too long is turned away.
    Codel(VecDeque<Waiting>, Codel),
    /// Nobody waits: the workers are shared.
    Shared(Box<Sharing>),
}

/// The state of CoDel at one queue (Nichols & Jacobson 2012; RFC 8289): once every wait of an interval has been above the
/// target, requests are dropped at intervals that shrink with the square root of their number.
#[derive(Debug, Clone, Copy)]
pub struct Codel {
    target: u64,
    interval: u64,
    above_since: Option<u64>,
    dropping: bool,
    next: u64,
    count: u64,
}

impl Codel {
    pub fn new(target: u64, interval: u64) -> Codel {
        Codel { target, interval, above_since: None, dropping: false, next: 0, count: 0 }
    }

    fn after(&self, from: u64) -> u64 {
        from + (self.interval as f64 / crate::num::sqrt(self.count.max(1) as f64)) as u64
    }

    /// Whether the request that leaves the queue now, having waited for so long, is dropped.
    fn drops(&mut self, now: u64, waited: u64, is_last: bool) -> bool {
        let above = if waited < self.target || is_last {
            self.above_since = None;
            false
        } else {
            let since = *self.above_since.get_or_insert(now);
            now - since >= self.interval
        };
        if !above {
            self.dropping = false;
            return false;
        }
        if self.dropping {
            if now < self.next {
                return false;
            }
            self.count += 1;
            self.next = self.after(self.next);
            return true;
        }
        // Soon after the last time, it goes on with the rate that was needed then.
        let recently = now.saturating_sub(self.next) < self.interval * 16;
        self.count = if recently && self.count > 2 { self.count - 2 } else { 1 };
        self.dropping = true;
        self.next = self.after(now);
        true
    }
}

/// Workers shared by all who are there, in virtual time: it advances by what each of them gets (Kleinrock, Queueing Systems
/// II, 1976, on processor sharing).
#[derive(Debug, Clone, Default)]
pub struct Sharing {
    heap: BinaryHeap<Reverse<Share>>,
    /// Nanoseconds of service that everybody who has been here all the time has got.
    virtual_ns: f64,
    looked: u64,
    /// Those of the heap that are still here.
    here: u64,
    pub turn: u32,
    joined: u64,
}

#[derive(Debug, Clone, Copy)]
struct Share {
    until: f64,
    joined: u64,
    waiting: Waiting,
}

impl PartialEq for Share {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Share {}

impl PartialOrd for Share {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Share {
    fn cmp(&self, other: &Self) -> Ordering {
        self.until.total_cmp(&other.until).then(self.joined.cmp(&other.joined))
    }
}

impl Sharing {
    /// What each one gets per nanosecond.
    fn rate(&self, workers: u64) -> f64 {
        if self.here <= workers { 1.0 } else { workers as f64 / self.here as f64 }
    }

    /// Lets time pass. Call it before anybody comes or goes, and before the number of workers changes.
    pub fn pass(&mut self, now: u64, workers: u64) {
        self.virtual_ns += (now - self.looked) as f64 * self.rate(workers);
        self.looked = now;
    }

    pub fn join(&mut self, waiting: Waiting, takes_ns: u64) {
        self.joined += 1;
        self.here += 1;
        let until = self.virtual_ns + takes_ns as f64;
        self.heap.push(Reverse(Share { until, joined: self.joined, waiting }));
    }

    /// One of those who are here has gone without being done.
    pub fn leave(&mut self) {
        self.here = self.here.saturating_sub(1);
    }

    /// When the next one is done, if nobody comes or goes.
    pub fn next_done(&mut self, now: u64, workers: u64, slots: &Slots) -> Option<u64> {
        while let Some(Reverse(first)) = self.heap.peek() {
            if slots[first.waiting.id].turn == first.waiting.turn {
                break;
            }
            self.heap.pop();
        }
        if self.heap.is_empty() {
            // As when the last one is done: fractions would stay, and cost the next one a nanosecond.
            self.virtual_ns = 0.0;
        }
        let rate = self.rate(workers);
        let first = self.heap.peek()?;
        (rate > 0.0).then(|| now + ((first.0.until - self.virtual_ns).max(0.0) / rate).ceil() as u64)
    }

    /// Takes the one that is done.
    pub fn done(&mut self) -> Option<Waiting> {
        let Reverse(first) = self.heap.pop()?;
        self.here = self.here.saturating_sub(1);
        // What rounding up to a nanosecond has given it too much, it has.
        self.virtual_ns = self.virtual_ns.max(first.until);
        if self.heap.is_empty() {
            self.virtual_ns = 0.0;
        }
        Some(first.waiting)
    }
}

/// Requests per second that are let in, up to a burst (a token bucket).
#[derive(Debug, Clone, Copy)]
pub struct Bucket {
    per_ns: f64,
    most: f64,
    tokens: f64,
    looked: u64,
}

impl Bucket {
    pub fn new(per_s: f64, burst: u64) -> Bucket {
        Bucket { per_ns: per_s * 1e-9, most: burst as f64, tokens: burst as f64, looked: 0 }
    }

    fn takes(&mut self, now: u64) -> bool {
        self.tokens = (self.tokens + (now - self.looked) as f64 * self.per_ns).min(self.most);
        self.looked = now;
        let takes = self.tokens >= 1.0;
        if takes {
            self.tokens -= 1.0;
        }
        takes
    }
}

/// What has been counted since the span began.
#[derive(Debug, Clone, Copy, Default)]
pub struct StationCounts {
    pub arrived: u64,
    pub served: u64,
    pub refused: u64,
    pub given_up: u64,
    pub crashed: u64,
    /// Their clients did not want them any more, or whoever called did not.
    pub called_off: u64,
    pub delayed: u64,
    /// Time that those waited who began to be served or gave up, in nanoseconds.
    pub wait_ns: u64,
    pub wait_max_ns: u64,
    pub busy_ns: u128,
    /// How many waited, over time.
    pub waiting_ns: u128,
    pub waiting_max: u64,
}

/// A station, or a server of one behind a balancer.
#[derive(Debug, Clone)]
pub struct StationQueue {
    /// The station that it is, or whose server it is.
    pub station: u32,
    /// The pool of the servers of this station; there it counts what all of them have in common.
    pub pool: u32,
    /// Which server of the pool it is.
    pub server: u32,
    /// That server is dead, and gets the same share of the requests as before.
    pub dead: bool,
    /// It refuses everybody while it is down or starts.
    pub serves: bool,
    pub workers: u64,
    pub busy: u64,
    /// Those who wait, without the stale entries of its line.
    pub waiting: u64,
    /// Requests that are being served or make calls.
    pub inside: u64,
    /// Those who were there when the span began, of all who are counted: without health checks, and without those whom the
    /// flow has counted before.
    pub here_before: u64,
    pub slower: f64,
    pub takes: Quick,
    pub luck: Stream,
    pub patience: Stream,
    pub line: Line,
    pub waiting_max: u64,
    pub inside_max: u64,
    pub bucket: Option<Bucket>,
    /// Where it sheds by priority: the share of its workers that optional requests may take.
    pub optional_up_to: Option<f64>,
    pub cache: Option<Box<Cache>>,
    /// It calls nobody: its service is over when its worker is free.
    pub is_leaf: bool,
    pub counts: StationCounts,
    pub busy_since: u64,
}

/// What becomes of a request that comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    Serve,
    Wait,
    /// There is no room, but somebody may give way.
    Full,
    Refuse,
    /// Nobody answers: that is a failure, and not a refusal.
    Down,
}

impl Line {
    pub fn new(discipline: &Discipline, sheds: bool) -> Line {
        match discipline {
            Discipline::Fifo if sheds => Line::Priority(Default::default()),
            Discipline::Fifo => Line::Fifo(VecDeque::new()),
            Discipline::Lifo => Line::Lifo(Vec::new()),
            Discipline::Priority => Line::Priority(Default::default()),
            Discipline::ProcessorSharing => Line::Shared(Box::default()),
            Discipline::Codel { target, interval } => {
                Line::Codel(VecDeque::new(), Codel::new(target.0 as u64, interval.0 as u64))
            }
        }
    }
}

/// The first of the lowest class in a line that is below a class.
fn lowest<'a>(line: impl Iterator<Item = (usize, &'a Waiting)>, class: u8, slots: &Slots) -> Option<usize> {
    let mut found = None;
    for (at, waiting) in line {
        let slot = &slots[waiting.id];
        let above = found.map_or(class, |(_, lowest)| lowest);
        if slot.turn == waiting.turn && slot.class > above {
            found = Some((at, slot.class));
        }
    }
    found.map(|(at, _)| at)
}

impl StationCounts {
    /// Those who came and did not get what they came for.
    pub fn lost(&self) -> u64 {
        self.refused + self.given_up + self.crashed + self.called_off
    }

    /// Adds what was counted at a server. How many wait is counted for all of them together.
    pub fn add(&mut self, server: &StationCounts) {
        self.arrived += server.arrived;
        self.served += server.served;
        self.refused += server.refused;
        self.given_up += server.given_up;
        self.crashed += server.crashed;
        self.called_off += server.called_off;
        self.delayed += server.delayed;
        self.wait_ns += server.wait_ns;
        self.wait_max_ns = self.wait_max_ns.max(server.wait_max_ns);
        self.busy_ns += server.busy_ns;
    }
}

impl StationQueue {
    /// Whether the rate limit lets a request in.
    #[inline]
    pub fn lets_in(&mut self, now: u64) -> bool {
        self.bucket.as_mut().is_none_or(|bucket| bucket.takes(now))
    }

    /// Whether a request of a class is served at once, waits, or is turned away.
    #[inline]
    pub fn admit(&mut self, now: u64, class: u8) -> Admission {
        if !self.serves {
            return Admission::Down;
        }
        if !self.lets_in(now) {
            return Admission::Refuse;
        }
        if self.inside + self.waiting >= self.inside_max {
            return Admission::Full;
        }
        if let Some(share) = self.optional_up_to
            && class == 2
            && self.busy as f64 >= share * self.workers as f64
        {
            return Admission::Refuse;
        }
        if let Line::Shared(_) = &self.line {
            // All who are there are served; a limit of the queue is one of those beyond the workers.
            let room = self.workers.saturating_add(self.waiting_max);
            return if self.busy < room && self.workers > 0 { Admission::Serve } else { Admission::Refuse };
        }
        if self.busy < self.workers {
            Admission::Serve
        } else if self.waiting < self.waiting_max {
            Admission::Wait
        } else {
            Admission::Full
        }
    }

    /// One who waits in the lowest class, below this one, gives way.
    pub fn gives_way(&mut self, class: u8, slots: &Slots) -> Option<u32> {
        self.optional_up_to?;
        let lines = match &mut self.line {
            Line::Priority(lines) => lines,
            // Who would be served last.
            Line::Fifo(line) | Line::Codel(line, _) => {
                let at = lowest(line.iter().enumerate().rev(), class, slots)?;
                return line.remove(at).map(|waiting| waiting.id);
            }
            Line::Lifo(line) => {
                let at = lowest(line.iter().enumerate(), class, slots)?;
                return Some(line.remove(at).id);
            }
            Line::Shared(_) => return None,
        };
        for lower in (usize::from(class) + 1..3).rev() {
            while let Some(waiting) = lines[lower].pop_back() {
                if slots[waiting.id].turn == waiting.turn {
                    return Some(waiting.id);
                }
            }
        }
        None
    }

    /// Those who are there now, of all who are counted.
    pub fn here(&self) -> u64 {
        let gone = self.counts.served + self.counts.lost();
        debug_assert!(gone <= self.here_before + self.counts.arrived, "nobody leaves who has not come: {self:?}");
        (self.here_before + self.counts.arrived).saturating_sub(gone)
    }

    /// A span is over: what was counted in it.
    pub fn take_counts(&mut self, now: u64) -> StationCounts {
        self.pass(now);
        self.here_before = self.here();
        let counts = std::mem::take(&mut self.counts);
        self.counts.waiting_max = self.waiting;
        counts
    }

    /// Somebody waits at one of its servers.
    pub fn one_more_waits(&mut self, now: u64) {
        self.pass(now);
        self.waiting += 1;
        self.counts.waiting_max = self.counts.waiting_max.max(self.waiting);
    }

    #[inline]
    pub fn join(&mut self, waiting: Waiting, class: u8, now: u64) {
        self.pass(now);
        self.waiting += 1;
        self.counts.waiting_max = self.counts.waiting_max.max(self.waiting);
        match &mut self.line {
            Line::Fifo(line) | Line::Codel(line, _) => line.push_back(waiting),
            Line::Lifo(line) => line.push(waiting),
            Line::Priority(lines) => lines[usize::from(class)].push_back(waiting),
            Line::Shared(_) => {}
        }
    }

    /// The next to be served, and whether it is turned away instead.
    #[inline]
    pub fn call_next(&mut self, now: u64, slots: &Slots) -> Option<(u32, bool)> {
        if self.waiting == 0 {
            return None;
        }
        self.pass(now);
        loop {
            let (waiting, drops) = match &mut self.line {
                Line::Fifo(line) => (line.pop_front()?, false),
                Line::Lifo(line) => (line.pop()?, false),
                Line::Priority(lines) => (lines.iter_mut().find_map(VecDeque::pop_front)?, false),
                Line::Codel(line, codel) => {
                    let waiting = line.pop_front()?;
                    let slot = &slots[waiting.id];
                    let live = slot.turn == waiting.turn;
                    let drops = live && codel.drops(now, now - slot.arrived, self.waiting == 1);
                    (waiting, drops)
                }
                Line::Shared(_) => return None,
            };
            let slot = &slots[waiting.id];
            if slot.turn == waiting.turn && slot.is(QUEUED) {
                self.waiting -= 1;
                return Some((waiting.id, drops));
            }
        }
    }

    /// Its workers are shared by all who are there.
    #[inline]
    pub fn is_shared(&self) -> bool {
        matches!(self.line, Line::Shared(_))
    }

    /// Counts what the workers have done until now, and who has waited.
    #[inline]
    pub fn pass(&mut self, now: u64) {
        if now == self.busy_since {
            return;
        }
        let working = if self.is_shared() { self.busy.min(self.workers) } else { self.busy };
        self.counts.busy_ns += u128::from(working) * u128::from(now - self.busy_since);
        self.counts.waiting_ns += u128::from(self.waiting) * u128::from(now - self.busy_since);
        self.busy_since = now;
    }

    /// Forgets the entries of its line that are stale: all who waited have gone.
    pub fn clear(&mut self) {
        match &mut self.line {
            Line::Fifo(line) | Line::Codel(line, _) => line.clear(),
            Line::Lifo(line) => line.clear(),
            Line::Priority(lines) => lines.iter_mut().for_each(VecDeque::clear),
            Line::Shared(sharing) => **sharing = Sharing { turn: sharing.turn.wrapping_add(1), ..Sharing::default() },
        }
        self.waiting = 0;
    }
}
