//! Sources: what the users of a population send of a feature, one request after another.

use super::client::ClientState;
use crate::dist;
use crate::engine::state::disposition::Feeling;
use crate::rng::Stream;

/// Nothing will come.
pub const NEVER: u64 = u64::MAX;

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

/// What has been felt since anybody looked: of the requests that came to an end.
#[derive(Debug, Clone)]
pub struct Felt {
    pub ended: u64,
    pub lost: u64,
    pub degraded: u64,
    pub slow: u64,
    /// Latencies by eighths of octaves of nanoseconds.
    eighths: Vec<u32>,
}

impl Felt {
    fn new() -> Felt {
        Felt { ended: 0, lost: 0, degraded: 0, slow: 0, eighths: vec![0; 64 * 8] }
    }

    #[inline]
    fn took(&mut self, ns: u64) {
        let octave = 63 - (ns | 8).leading_zeros();
        let eighth = ((ns >> (octave - 3)) & 7) as usize;
        self.eighths[octave as usize * 8 + eighth] += 1;
    }

    /// The latency in seconds that a share of those who were served did not exceed, to an eighth of an octave.
    pub fn quantile_s(&self, p: f64) -> f64 {
        let all: u64 = self.eighths.iter().map(|n| u64::from(*n)).sum();
        let mut left = (all as f64 * p).ceil() as u64;
        for (i, n) in self.eighths.iter().enumerate() {
            if left <= u64::from(*n) && left > 0 {
                let octave = (1_u64 << (i / 8)) as f64;
                return octave * (1.0 + (i % 8) as f64 / 8.0 + 1.0 / 16.0) * 1e-9;
            }
            left = left.saturating_sub(u64::from(*n));
        }
        0.0
    }

    fn clear(&mut self) {
        (self.ended, self.lost, self.degraded, self.slow) = (0, 0, 0, 0);
        self.eighths.fill(0);
    }
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
    felt_since: u64,
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
            felt: Felt::new(),
            felt_since: 0,
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

    /// A request has come to its end.
    #[inline]
    pub fn ended(&mut self, took_ns: u64, served: bool, refused: bool, degraded: bool) {
        self.felt.ended += 1;
        if served {
            self.counts.served += 1;
            self.felt.took(took_ns);
            if took_ns > self.slow_ns {
                self.felt.slow += 1;
            }
            if degraded {
                self.felt.degraded += 1;
            }
            if degraded || took_ns > self.slow_ns {
                self.counts.degraded += 1;
            }
        } else {
            self.felt.lost += 1;
            if refused {
                self.counts.shed += 1;
            } else {
                self.counts.failed += 1;
            }
        }
    }

    /// How it has felt since anybody looked, if that can be told from so few: enough requests, or most of some lost, or a
    /// minute.
    pub fn feeling(&mut self, now: u64) -> Option<Feeling> {
        let felt = &self.felt;
        let many = felt.ended >= 200 || (felt.ended >= 20 && felt.lost * 2 > felt.ended);
        if !many && now - self.felt_since < 60_000_000_000 {
            return None;
        }
        let share = |part: u64, whole: u64| if whole > 0 { part as f64 / whole as f64 } else { 0.0 };
        let feeling = Feeling {
            lost: share(felt.lost, felt.ended),
            degraded: share(felt.degraded, felt.ended - felt.lost),
            p95_s: felt.quantile_s(0.95),
        };
        self.felt.clear();
        self.felt_since = now;
        Some(feeling)
    }
}
