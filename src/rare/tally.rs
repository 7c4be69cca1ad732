//! What many runs come to, and how sure that is.

use super::lived::{FAILS, Lived};
use crate::num;
use crate::study::{never_seen, share_interval};
use crate::world::World;
use serde::Serialize;

/// As many runs as this have to count for the estimate in effect: below, its interval does not hold as often as it says.
const EFFECTIVE_MIN: f64 = 200.0;
const YEAR_S: f64 = 365.0 * 86_400.0;

/// How often the top event comes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Estimate {
    /// How often it is to be expected in a run.
    pub per_run: f64,
    /// The interval of that.
    pub low: f64,
    /// Its other end.
    pub high: f64,
    /// Its confidence.
    pub confidence: f64,
    /// Seconds down that are to be expected in a run, with the interval.
    pub down_s: (f64, f64, f64),
    /// Runs from which it was estimated.
    pub runs: u64,
    /// How many runs of one weight would say as much.
    pub effective: f64,
    /// How long the measured part of a run is, in seconds.
    pub run_s: f64,
    /// Whether it is as narrow as was asked and enough runs count for it.
    pub converged: bool,
    /// Whether it was given up before there were as many runs as asked.
    pub ended_early: bool,
    /// What can be said where it has not converged.
    pub at_most: Option<Bound>,
}

/// A bound that holds whatever was made to fail.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Bound {
    /// The share of runs in which the top event comes, at most.
    pub share: f64,
}

impl Estimate {
    /// How often it is to be expected in a year of 365 days, with the interval.
    pub fn per_year(&self) -> (f64, f64, f64) {
        let years = self.run_s / YEAR_S;
        (self.per_run / years, self.low / years, self.high / years)
    }

    /// How many minutes of a year it is down, with the interval.
    pub fn minutes_down_per_year(&self) -> (f64, f64, f64) {
        let minutes = self.run_s / YEAR_S * 60.0;
        (self.down_s.0 / minutes, self.down_s.1 / minutes, self.down_s.2 / minutes)
    }
}

/// Three moments of one number.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    n: f64,
    mean: f64,
    second: f64,
    third: f64,
    squares: f64,
}

impl Sums {
    /// One more (Pébay, Sandia report SAND2008-6212, 2008).
    fn add(&mut self, x: f64) {
        let before = self.n;
        self.n += 1.0;
        let off = x - self.mean;
        let step = off / self.n;
        let more = off * step * before;
        self.mean += step;
        self.third += more * step * (self.n - 2.0) - 3.0 * step * self.second;
        self.second += more;
        self.squares += x * x;
    }

    /// The interval of the mean. Numbers that are mostly zero and sometimes large have a mean that is skewed: its studentized error
    /// is taken back to what a normal one is by a cubic (Hall, Journal of the Royal Statistical Society B 54, 1992).
    fn interval(&self, confidence: f64) -> (f64, f64) {
        let variance = self.second / (self.n - 1.0).max(1.0);
        if variance <= 0.0 {
            return (self.mean, self.mean);
        }
        let deviation = num::sqrt(variance);
        let skewness = self.third / self.n / (variance * deviation);
        let root = num::sqrt(self.n);
        let z = num::normal_quantile(0.5 + confidence / 2.0);
        let error = deviation / root;
        let undone = |z: f64| untwist(z / root - skewness / (6.0 * self.n), skewness) * root;
        ((self.mean - error * undone(z)).max(0.0), self.mean - error * undone(-z))
    }

    fn effective(&self) -> f64 {
        let sum = self.n * self.mean;
        if self.squares > 0.0 { sum * sum / self.squares } else { 0.0 }
    }
}

/// Takes back t + γ t²/3 + γ² t³/27, where t is the studentized error over the root of the number of runs.
fn untwist(t: f64, skewness: f64) -> f64 {
    if skewness.abs() < 1e-9 {
        return t;
    }
    let cube = 1.0 + skewness * t;
    let root = if cube < 0.0 { -num::pow(-cube, 1.0 / 3.0) } else { num::pow(cube, 1.0 / 3.0) };
    3.0 * (root - 1.0) / skewness
}

/// What many runs come to.
pub(super) struct Tally {
    times: Sums,
    down_s: Sums,
    came: u64,
    runs: u64,
    run_s: f64,
    confidence: f64,
}

impl Tally {
    pub fn new(world: &World, confidence: f64) -> Tally {
        let run_s = world.horizon().since(world.measured_from()).seconds();
        Tally { times: Sums::default(), down_s: Sums::default(), came: 0, runs: 0, run_s, confidence }
    }

    pub fn runs(&self) -> u64 {
        self.runs
    }

    pub fn add(&mut self, lived: &Lived) {
        self.runs += 1;
        self.came += u64::from(lived.came);
        self.times.add(lived.seen.times);
        self.down_s.add(lived.seen.down_s);
    }

    /// Whether the interval is as narrow as asked, and enough runs count.
    pub fn is_enough(&self, relative: f64) -> bool {
        let (low, high) = self.times.interval(self.confidence);
        self.times.mean > 0.0
            && (high - low) / 2.0 <= relative * self.times.mean
            && self.times.effective() >= EFFECTIVE_MIN
    }

    pub fn estimate(&self, relative: f64, ended_early: bool) -> Estimate {
        let (low, high) = self.times.interval(self.confidence);
        let (down_low, down_high) = self.down_s.interval(self.confidence);
        let converged = self.is_enough(relative);
        Estimate {
            per_run: self.times.mean,
            low,
            high,
            confidence: self.confidence,
            down_s: (self.down_s.mean, down_low, down_high),
            runs: self.runs,
            effective: self.times.effective(),
            run_s: self.run_s,
            converged,
            ended_early,
            at_most: (!converged && self.runs > 0).then(|| self.bound()),
        }
    }

    /// Runs in which something was made to fail first count for at most 1/(1 - share) each, so that what is so in a share of the
    /// runs as they were lived is so in at most that times the share.
    fn bound(&self) -> Bound {
        let share = match self.came {
            0 => never_seen(self.runs, self.confidence),
            came => share_interval(came, self.runs, self.confidence).1,
        };
        Bound { share: (share / (1.0 - FAILS)).min(1.0) }
    }
}
