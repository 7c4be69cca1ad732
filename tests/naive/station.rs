//! Stations: who waits, in the order of coming, and who is inside.

use firedrill::dist::Quick;
use firedrill::num;
use firedrill::rng::Stream;
use firedrill::world::{Discipline, Service};

/// One of those who share the workers: how much all must have got until it is done.
pub struct Sharer {
    pub request: usize,
    until: f64,
}

/// CoDel, after RFC 8289.
#[derive(Default)]
struct Codel {
    above_since: Option<u64>,
    dropping: bool,
    count: u64,
    next: u64,
}

pub struct Station {
    pub serves: bool,
    pub workers: usize,
    pub slower: f64,
    pub takes: Quick,
    pub luck: Stream,
    pub patience: Stream,
    /// Requests that wait, with their classes.
    pub waiting: Vec<(usize, usize)>,
    /// Requests that hold a worker.
    pub inside: Vec<usize>,
    pub sharers: Vec<Sharer>,
    /// Nanoseconds that everybody who shares has got, and when that was worked out.
    given: f64,
    looked: u64,
    tokens: f64,
    tokens_at: u64,
    codel: Codel,
}

/// What becomes of one who comes.
pub enum Door {
    In,
    Waits,
    /// There is no room.
    Full,
    Refused,
    /// Nobody answers.
    Down,
}

impl Station {
    pub fn new(service: &Service, luck: Stream, patience: Stream) -> Station {
        Station {
            serves: false,
            workers: 0,
            slower: 1.0,
            takes: Quick::new(&service.takes),
            luck,
            patience,
            waiting: Vec::new(),
            inside: Vec::new(),
            sharers: Vec::new(),
            given: 0.0,
            looked: 0,
            tokens: service.rate_limit.map_or(0.0, |limit| limit.burst as f64),
            tokens_at: 0,
            codel: Codel::default(),
        }
    }

    pub fn comes(&mut self, service: &Service, now: u64, class: usize) -> Door {
        if !self.serves {
            return Door::Down;
        }
        if let Some(limit) = service.rate_limit {
            let came = (now - self.tokens_at) as f64 * (limit.per_s * 1e-9);
            self.tokens = (self.tokens + came).min(limit.burst as f64);
            self.tokens_at = now;
            if self.tokens < 1.0 {
                return Door::Refused;
            }
            self.tokens -= 1.0;
        }
        if service.in_flight_max.is_some_and(|most| (self.inside.len() + self.waiting.len()) as u64 >= most) {
            return Door::Full;
        }
        // Where workers are shared, one who waits for what it has called shares nothing.
        let shares = service.discipline == Discipline::ProcessorSharing;
        let busy = if shares { self.sharers.len() } else { self.inside.len() };
        if let Some(share) = service.sheds
            && class == 2
            && busy as f64 >= share * self.workers as f64
        {
            return Door::Refused;
        }
        if service.discipline == Discipline::ProcessorSharing {
            return if self.workers > 0 { Door::In } else { Door::Refused };
        }
        if self.inside.len() < self.workers {
            Door::In
        } else if service.waiting_max.is_none_or(|most| (self.waiting.len() as u64) < most) {
            Door::Waits
        } else {
            Door::Full
        }
    }

    /// The last of those of the lowest class below this one goes, where the service sheds by priority.
    pub fn makes_room(&mut self, service: &Service, class: usize) -> Option<usize> {
        service.sheds?;
        let lowest = self.waiting.iter().map(|(_, class)| *class).max().filter(|lowest| *lowest > class)?;
        let is_lowest = |(_, class): &(usize, usize)| *class == lowest;
        // Who would be served last.
        let last = match service.discipline {
            Discipline::Lifo => self.waiting.iter().position(is_lowest)?,
            _ => self.waiting.iter().rposition(is_lowest)?,
        };
        Some(self.waiting.remove(last).0)
    }

    /// The next to be served.
    pub fn calls(&mut self, service: &Service) -> Option<usize> {
        let fifo = service.discipline == Discipline::Fifo;
        let by_class = (fifo && service.sheds.is_some()) || service.discipline == Discipline::Priority;
        let first = match service.discipline {
            Discipline::Lifo => self.waiting.len().checked_sub(1)?,
            _ if by_class => {
                let best = self.waiting.iter().map(|(_, class)| *class).min()?;
                self.waiting.iter().position(|(_, class)| *class == best)?
            }
            _ => 0,
        };
        (first < self.waiting.len()).then(|| self.waiting.remove(first).0)
    }

    /// Whether CoDel drops the one who has just left the queue, after waiting for so long.
    pub fn drops(&mut self, service: &Service, now: u64, waited: u64) -> bool {
        let Discipline::Codel { target, interval } = service.discipline else { return false };
        let (target, interval) = (target.0 as u64, interval.0 as u64);
        let codel = &mut self.codel;
        if waited < target || self.waiting.is_empty() {
            codel.above_since = None;
        } else if codel.above_since.is_none() {
            codel.above_since = Some(now);
        }
        if codel.above_since.is_none_or(|since| now < since + interval) {
            codel.dropping = false;
            return false;
        }
        let law = |from: u64, count: u64| from + (interval as f64 / num::sqrt(count as f64)) as u64;
        if !codel.dropping {
            let recently = now < codel.next + 16 * interval;
            codel.count = if recently && codel.count > 2 { codel.count - 2 } else { 1 };
            codel.dropping = true;
            codel.next = law(now, codel.count);
            return true;
        }
        if now >= codel.next {
            codel.count += 1;
            codel.next = law(codel.next, codel.count);
            return true;
        }
        false
    }

    /// What each of those who share gets of a nanosecond.
    fn pace(&self) -> f64 {
        if self.sharers.len() <= self.workers { 1.0 } else { self.workers as f64 / self.sharers.len() as f64 }
    }

    /// Time passes for those who share.
    pub fn pass(&mut self, now: u64) {
        self.given += (now - self.looked) as f64 * self.pace();
        self.looked = now;
    }

    pub fn shares(&mut self, request: usize, takes: u64) {
        self.sharers.push(Sharer { request, until: self.given + takes as f64 });
    }

    fn first_done(&self) -> Option<usize> {
        // Of those that are done together, the one who came first.
        (0..self.sharers.len()).min_by(|a, b| self.sharers[*a].until.total_cmp(&self.sharers[*b].until))
    }

    /// When the first of those who share is done.
    pub fn done_at(&mut self, now: u64) -> Option<u64> {
        let Some(first) = self.first_done() else {
            self.given = 0.0;
            return None;
        };
        let left = (self.sharers[first].until - self.given).max(0.0);
        (self.pace() > 0.0).then(|| now + (left / self.pace()).ceil() as u64)
    }

    pub fn takes_done(&mut self) -> Option<usize> {
        let done = self.sharers.remove(self.first_done()?);
        self.given = self.given.max(done.until);
        Some(done.request)
    }

    /// Everybody here is gone.
    pub fn empties(&mut self) {
        self.waiting.clear();
        self.inside.clear();
        self.sharers.clear();
        (self.given, self.looked) = (0.0, 0);
    }
}
