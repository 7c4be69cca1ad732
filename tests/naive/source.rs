//! Arrivals: the n-th request of a use comes when the integral of the rate reaches the sum of n unit exponentials.

use firedrill::dist;
use firedrill::num;
use firedrill::rng::Stream;

pub struct Source {
    pub people: usize,
    pub feature: usize,
    /// What is left of the integral until the next request.
    owed: f64,
    rate: f64,
    slope: f64,
    since: u64,
    arrivals: Stream,
    smooth: bool,
    pub choices: Stream,
}

impl Source {
    pub fn new(people: usize, feature: usize, arrivals: Stream, choices: Stream, smooth: bool) -> Source {
        let mut source =
            Source { people, feature, owed: 0.0, rate: 0.0, slope: 0.0, since: 0, arrivals, smooth, choices };
        source.owe();
        source
    }

    fn owe(&mut self) {
        self.owed = if self.smooth { 1.0 } else { dist::exponential(&mut self.arrivals) };
    }

    fn rate_at(&self, now: u64) -> f64 {
        (self.rate + self.slope * (now - self.since) as f64 * 1e-9).max(0.0)
    }

    /// Another straight line from now on. Says whether it is another one.
    pub fn turns(&mut self, now: u64, rate: f64, slope: f64) -> bool {
        let was = self.rate_at(now);
        if slope == self.slope && (rate - was).abs() <= 1e-9 * rate {
            return false;
        }
        let passed = (now - self.since) as f64 * 1e-9 * (self.rate + was) / 2.0;
        self.owed = (self.owed - passed).max(0.0);
        (self.since, self.rate, self.slope) = (now, rate, slope);
        true
    }

    /// The next request has come.
    pub fn came(&mut self, now: u64) {
        if self.slope != 0.0 {
            self.rate = self.rate_at(now);
        }
        self.since = now;
        self.owe();
    }

    /// When the next one comes: `rate t + slope t^2 / 2` is what is owed.
    pub fn next(&self) -> Option<u64> {
        let wait_s = if self.slope == 0.0 {
            self.owed / self.rate
        } else {
            2.0 * self.owed / (self.rate + num::sqrt(self.rate * self.rate + 2.0 * self.slope * self.owed))
        };
        // Never is infinite, or not a number.
        (wait_s * 1e9 < 9e18).then(|| self.since + (wait_s * 1e9) as u64)
    }
}
