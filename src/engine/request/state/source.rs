//! Sources: what the users of a population send of a feature, one request after another.

use super::client::ClientState;
use super::felt::{End, Felt};
use super::slots::{DEGRADED, FORESEEN, MISSED, REFUSED};
use crate::dist;
use crate::rng::Stream;
use crate::world::SiteId;

/// Nothing will come.
pub const NEVER: u64 = u64::MAX;

/// What is better by less than this share is not worth beginning again.
const BETTER: f64 = 1e-3;

/// One site that serves a share of the requests.
#[derive(Debug, Clone, Copy)]
pub struct Way {
    /// Requests per second that go there, and how that changes.
    pub rate: f64,
    pub slope: f64,
    /// Its program.
    pub start: u32,
    /// It cannot succeed, as everybody can see.
    pub dead: bool,
}

/// What has been counted since the span began.
#[derive(Debug, Clone, Copy, Default)]
pub struct UseCounts {
    pub intended: u64,
    pub served: u64,
    pub degraded: u64,
    pub failed: u64,
    pub shed: u64,
    pub never_sent: u64,
}

/// The requests of one population for one feature.
#[derive(Debug, Clone)]
pub struct Source {
    pub people: u32,
    pub feature: u32,
    /// How much is left of the unit exponential that the next request is due after.
    owed: f64,
    /// Requests per second at a time, and how that changes.
    rate: f64,
    slope: f64,
    since: u64,
    arrivals: Stream,
    pub choices: Stream,
    smooth: bool,
    /// Invalidates the arrival that is due.
    pub turn: u32,
    pub ways: Vec<Way>,
    pub ways_since: u64,
    pub sent: f64,
    pub let_in: f64,
    pub keeps_trying: f64,
    pub class: u8,
    pub timer: Option<usize>,
    pub cancels: bool,
    /// Mean patience in a queue; 0 where it has no end.
    pub patience_ns: f64,
    pub slow_ns: u64,
    pub client: Option<Box<ClientState>>,
    /// Its users wait for their answers: they are followed one by one.
    pub waits: bool,
    pub counts: UseCounts,
    pub felt: Felt,
    sight: Vec<(SiteId, f64, f64)>,
    /// Those who were overdue when it was last told.
    pub overdue_told: u64,
}

impl Source {
    pub fn new(people: u32, feature: u32, arrivals: Stream, choices: Stream, smooth: bool) -> Source {
        let mut source = Source {
            people,
            feature,
            owed: 0.0,
            rate: 0.0,
            slope: 0.0,
            since: 0,
            arrivals,
            choices,
            smooth,
            turn: 0,
            ways: Vec::new(),
            ways_since: 0,
            sent: 1.0,
            let_in: 1.0,
            keeps_trying: 1.0,
            class: 1,
            timer: None,
            cancels: false,
            patience_ns: 0.0,
            slow_ns: u64::MAX,
            client: None,
            waits: false,
            counts: UseCounts::default(),
            felt: Felt::default(),
            sight: Vec::new(),
            overdue_told: 0,
        };
        source.draw();
        source
    }

    #[inline]
    fn draw(&mut self) {
        self.owed = if self.smooth { 1.0 } else { dist::exponential(&mut self.arrivals) };
    }

    /// When the next request comes, at the present rates: the integral of a straight line reaches what is owed.
    #[inline]
    fn due(&self) -> u64 {
        let (a, b) = (self.rate, self.slope);
        let wait_s = if b == 0.0 {
            if a <= 0.0 {
                return NEVER;
            }
            self.owed / a
        } else {
            let square = a * a + 2.0 * b * self.owed;
            if square < 0.0 || (a <= 0.0 && b <= 0.0) {
                return NEVER;
            }
            // The root that does not cancel.
            2.0 * self.owed / (a + crate::num::sqrt(square))
        };
        let ns = wait_s * 1e9;
        if ns < 9e18 { self.since + ns as u64 } else { NEVER }
    }

    /// Where the next request goes.
    #[inline]
    pub fn way(&mut self, now: u64) -> Way {
        if let [way] = self.ways.as_slice() {
            return *way;
        }
        let dt_s = (now - self.ways_since) as f64 * 1e-9;
        let at = |way: &Way| (way.rate + way.slope * dt_s).max(0.0);
        let all: f64 = self.ways.iter().map(at).sum();
        let mut left = self.choices.uniform() * all;
        for way in &self.ways {
            left -= at(way);
            if left < 0.0 {
                return *way;
            }
        }
        self.ways[self.ways.len() - 1]
    }

    /// A request has come: when the next does.
    #[inline]
    pub fn next(&mut self, now: u64) -> u64 {
        if self.slope != 0.0 {
            self.rate = (self.rate + self.slope * (now - self.since) as f64 * 1e-9).max(0.0);
        }
        self.since = now;
        self.draw();
        self.due()
    }

    /// The rate is another from now on: when the next request comes, or `None` where that stays as it is.
    pub fn change(&mut self, now: u64, rate: f64, slope: f64) -> Option<u64> {
        let dt_s = now.saturating_sub(self.since) as f64 * 1e-9;
        let was = (self.rate + self.slope * dt_s).max(0.0);
        let (rate, slope) = (rate.max(0.0), if rate <= 0.0 && slope < 0.0 { 0.0 } else { slope });
        if slope == self.slope && (rate - was).abs() <= 1e-9 * rate {
            return None;
        }
        self.owed = (self.owed - dt_s * (self.rate + was) / 2.0).max(0.0);
        (self.since, self.rate, self.slope) = (now, rate, slope);
        self.turn = self.turn.wrapping_add(1);
        Some(self.due())
    }

    /// A request that was sent then has come to its end, with these flags. Says whether that feels different.
    #[inline]
    pub fn ended(&mut self, now: u64, sent: u64, flags: u16, served: bool) -> bool {
        let took_ns = now - sent;
        if !served {
            match flags & REFUSED {
                0 => self.counts.failed += 1,
                _ => self.counts.shed += 1,
            }
            return flags & FORESEEN == 0 && self.felt.ended(now, sent, End::Lost);
        }
        let is_slow = took_ns > self.slow_ns;
        self.counts.served += 1;
        self.counts.degraded += u64::from(is_slow || flags & DEGRADED != 0);
        self.felt.ended(now, sent, End::Served { took_ns, is_slow, missed: flags & MISSED != 0 })
    }

    /// What everybody can see of its ways: by site, the share that succeeds and the share of those that lacks nothing. Says whether any
    /// of that is better than before.
    pub fn follow_sight(&mut self, sight: Vec<(SiteId, f64, f64)>) -> bool {
        let is_better = |(site, succeeds, whole): &(SiteId, f64, f64)| {
            let before = self.sight.iter().find(|before| before.0 == *site);
            before.is_some_and(|before| *succeeds > before.1 + BETTER || *whole > before.2 + BETTER)
        };
        let is_better = sight.iter().any(is_better);
        self.sight = sight;
        is_better
    }
}
