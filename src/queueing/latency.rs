//! End-to-end latency: the distribution of a sum of independent waits and services, without a single random number.

use super::attempts::attempts_of;
use super::sort::sort;
use super::wait::Wait;
use crate::dist::Sampler;
use crate::num;
use std::borrow::Borrow;
use std::sync::LazyLock;

/// Equally probable points that stand for a latency distribution.
pub const LATENCY_POINTS: usize = 200;

/// Points used while composing: an odd multiple of [`LATENCY_POINTS`], so that every fifth of them, from the third on,
/// lies in the middle of its stratum.
const FINE: usize = 5 * LATENCY_POINTS;

/// The step and the start that pair the points of two variates: a rank-1 lattice (Niederreiter, Random Number
/// Generation and Quasi-Monte Carlo Methods, 1992, chapter 5). `FINE / STEP` has partial quotients of at most 3, so
/// that the pairs fill the unit square evenly; the start is the one among 25 that gives sums of 2 to 12 exponentials
/// the best percentiles.
const STEP: usize = 367;
const START: usize = 123;

/// Calls of one stage that are added one by one; more are represented by as many, spread to the same mean and variance.
const CALLS_ADDED_MAX: f64 = 32.0;

/// The exponential distribution of mean 1 in the middles of the strata; every exponential wait is a multiple of it.
static UNIT_EXPONENTIAL: LazyLock<Vec<f64>> = LazyLock::new(|| (0..FINE).map(|i| -num::ln_1p(-middle(i))).collect());

/// For means of what is smooth, one of so many points is enough.
const EVERY: usize = 16;

/// A service-time distribution as equally probable points, sorted. Work it out once per service: it is the costly part.
#[derive(Debug, Clone, PartialEq)]
pub struct Strata {
    points: Vec<f64>,
    mean_s: f64,
}

impl Strata {
    /// The points of a sampler: its quantiles in the middle of every stratum.
    pub fn of(sampler: &Sampler) -> Strata {
        let constant = matches!(sampler, Sampler::Fixed(_));
        let points = if constant { vec![] } else { (0..FINE).map(|i| sampler.quantile_s(middle(i))).collect() };
        Strata { points, mean_s: sampler.mean_s() }
    }

    /// The mean of a smooth function of the service time, over one point in sixteen.
    pub fn mean_of(&self, of: impl Fn(f64) -> f64) -> f64 {
        if self.points.is_empty() {
            return of(self.mean_s);
        }
        let some = self.points.chunks(EVERY).map(|points| points[points.len() / 2]);
        let (sum, count) = some.fold((0.0, 0.0), |(sum, count), point| (sum + of(point), count + 1.0));
        sum / count
    }

    /// The share of service times above so many seconds, and the mean of what they take up to those.
    pub fn up_to(&self, most_s: f64) -> (f64, f64) {
        if self.points.is_empty() {
            return (f64::from(u8::from(self.mean_s > most_s)), self.mean_s.min(most_s));
        }
        let all = self.points.len() as f64;
        let within = self.points.partition_point(|point| *point <= most_s);
        if within == self.points.len() {
            return (0.0, self.mean_s.min(most_s));
        }
        let above = all - within as f64;
        (above / all, (self.points[..within].iter().sum::<f64>() + above * most_s) / all)
    }

    /// The longest of them, as far as the points tell.
    pub fn longest_s(&self) -> f64 {
        self.points.last().copied().unwrap_or(self.mean_s)
    }
}

/// One station that a request passes.
#[derive(Debug, Clone, Copy)]
pub struct Stage<'a> {
    /// Its service time.
    pub service: &'a Strata,
    /// How many calls are made, one after another; 2.5 is two always and a third every other time.
    pub times: f64,
    /// The wait of each call.
    pub wait: &'a Wait,
    /// What service times are multiplied by: 1 at full speed, 2 at half speed.
    pub slower: f64,
}

/// A latency distribution: equally probable points, in seconds.
///
/// A single service without wait is exact at the middles of the strata. Sums of 2 to 20 exponentials are within 0.5% at
/// the median and the 95th percentile and within 2% at the 99th. Beyond the middle of the last stratum (99.75%) a
/// latency reads as that point. The mean is exact.
#[derive(Debug, Clone, PartialEq)]
pub struct Latency {
    points: Vec<f64>,
    mean_s: f64,
}

/// The latency of a request that takes `fixed_s` seconds (network, say) and then passes all stages, independent of each
/// other.
///
/// Two variates are added by pairing their sorted points over a lattice, sorting the sums, and so on: the error does
/// not build up with the number of stages as it does for a lattice of many dimensions.
pub fn compose(fixed_s: f64, stages: &[Stage]) -> Latency {
    compose_of(fixed_s, stages.iter().filter_map(Passed::of))
}

/// The same, where what a request lives through at each stage is known already.
pub fn compose_of<P: Borrow<Passed>>(fixed_s: f64, stages: impl Iterator<Item = P>) -> Latency {
    let mut sum = Sum { fixed_s, points: vec![] };
    let mut mean_s = fixed_s;
    for passed in stages {
        let passed = passed.borrow();
        mean_s += passed.mean_s;
        sum.add(&passed.whole);
        sum.add(&passed.sometimes);
    }
    let mut points = vec![sum.fixed_s; LATENCY_POINTS];
    if !sum.points.is_empty() {
        for (point, group) in points.iter_mut().zip(sum.points.chunks_exact(FINE / LATENCY_POINTS)) {
            *point += group[FINE / LATENCY_POINTS / 2];
        }
    }
    Latency { points, mean_s }
}

/// What a request lives through at a stage: all its calls there.
#[derive(Debug, Clone)]
pub struct Passed {
    mean_s: f64,
    whole: Sum,
    /// The call that is not always made.
    sometimes: Sum,
}

impl Passed {
    /// All calls of a stage; nothing where there are none.
    pub fn of(stage: &Stage) -> Option<Passed> {
        if stage.times.is_nan() || stage.times <= 0.0 {
            return None;
        }
        let mut call = Sum::of(stage.service, stage.slower);
        call.add(&Sum::of_wait(stage.wait));
        let whole = stage.times.floor();
        let added = whole.min(CALLS_ADDED_MAX);
        Some(Passed {
            mean_s: stage.times * (stage.service.mean_s * stage.slower + stage.wait.mean()),
            whole: call.times(added as u32).spread(whole, added),
            sometimes: call.sometimes(stage.times - whole),
        })
    }
}

impl Passed {
    /// All of these one after the other, and so many seconds more.
    pub fn all<P: Borrow<Passed>>(fixed_s: f64, parts: impl Iterator<Item = P>) -> Passed {
        let mut all = Passed { mean_s: fixed_s, whole: Sum::fixed(fixed_s), sometimes: Sum::fixed(0.0) };
        for part in parts {
            let part = part.borrow();
            all.mean_s += part.mean_s;
            all.whole.add(&part.whole);
            all.whole.add(&part.sometimes);
        }
        all
    }

    /// All of this so often, or nothing of it: a fraction is the probability of once more.
    pub fn so_often(&self, times: f64) -> Passed {
        let (whole, all) = (times.floor(), Passed::all(0.0, std::iter::once(self)).whole);
        let added = whole.min(CALLS_ADDED_MAX);
        Passed {
            mean_s: times * self.mean_s,
            whole: all.times(added as u32).spread(whole, added),
            sometimes: all.sometimes(times - whole),
        }
    }

    /// How long whoever asks for this waits for it, by a policy; and the share of those who are answered, where that is needed.
    pub fn asked_for(&self, asking: &Asking) -> (Passed, f64) {
        let all = Passed::all(0.0, std::iter::once(self)).whole;
        let of_all = |i: usize| all.fixed_s + all.points.get(i).copied().unwrap_or(0.0);
        let within = (0..FINE).take_while(|i| of_all(*i) <= asking.timeout_s).count();
        let late = 1.0 - within as f64 / FINE as f64;
        let (known, in_time) = (asking.known, (1.0 - asking.known) * (1.0 - late));
        let late = (1.0 - known) * late;
        let again = if asking.retries_timeouts { late + known } else { known };
        let kept = kept_retries(again, asking.attempts, asking.budget);
        // What comes of each attempt: its share of all requests, and how long that takes.
        let mut parts: Vec<(f64, f64)> = Vec::new();
        let (mut made, mut before_s, mut succeeds) = (1.0, 0.0, 0.0);
        for attempt in 1..=asking.attempts.min(ATTEMPTS_ADDED_MAX) {
            let tries = if attempt >= asking.attempts.min(ATTEMPTS_ADDED_MAX) {
                0.0
            } else if attempt == 1 {
                kept
            } else {
                1.0
            };
            let tries_late = if asking.retries_timeouts { tries } else { 0.0 };
            succeeds += made * in_time;
            if in_time > 0.0 {
                let each = made * in_time / within as f64;
                parts.extend((0..within).map(|i| (before_s + of_all(i), each)));
            }
            if !asking.hard || in_time <= 0.0 {
                parts.push((before_s + asking.timeout_s, made * late * (1.0 - tries_late)));
                parts.push((before_s + asking.known_after_s, made * known * (1.0 - tries)));
            }
            let (late, known) = (late * tries_late, known * tries);
            if made * (late + known) < RARE {
                break;
            }
            before_s += (late * asking.timeout_s + known * asking.known_after_s) / (late + known) + asking.after_s;
            made *= late + known;
        }
        let whole = Sum::mixed(parts);
        let passed = Passed {
            mean_s: whole.fixed_s + whole.points.iter().sum::<f64>() / FINE as f64,
            whole,
            sometimes: Sum::fixed(0.0),
        };
        (passed, if asking.hard { succeeds } else { 1.0 })
    }
}

/// How somebody asks who does not wait for ever.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Asking {
    /// How long he waits for an answer, in seconds, and how long it takes to be told that there is none.
    pub timeout_s: f64,
    pub known_after_s: f64,
    /// Of the attempts those that are told so.
    pub known: f64,
    /// Attempts in all, the share of them that may be retries, and the pause before each of those.
    pub attempts: u32,
    pub budget: f64,
    pub after_s: f64,
    /// What comes too late is tried again.
    pub retries_timeouts: bool,
    /// Whoever gets no answer at last fails: only those who do are looked at.
    pub hard: bool,
}

/// Attempts that are told apart; and what is too rare to go on with.
const ATTEMPTS_ADDED_MAX: u32 = 20;
const RARE: f64 = 1e-6;

/// The share of retries that a budget allows.
fn kept_retries(again: f64, attempts: u32, budget: f64) -> f64 {
    let free = attempts_of(again, attempts, f64::INFINITY);
    if free > 1.0 { (attempts_of(again, attempts, budget) - 1.0) / (free - 1.0) } else { 1.0 }
}

impl Latency {
    /// Of something that is lived through.
    pub fn of(passed: &Passed) -> Latency {
        compose_of(0.0, std::iter::once(passed))
    }

    /// Whether this is the same latency, wherever it lies in memory: one that was worked out twice must not count as two.
    pub fn is_same(&self, other: &Latency) -> bool {
        std::ptr::eq(self, other) || (self.mean_s.to_bits() == other.mean_s.to_bits() && self.points == other.points)
    }

    /// A latency that is always the same.
    pub fn fixed(seconds: f64) -> Latency {
        compose(seconds, &[])
    }

    /// The equally probable points in seconds, sorted.
    pub fn points(&self) -> &[f64] {
        &self.points
    }

    /// The mean in seconds: the sum of the means of the stages, exact.
    pub fn mean(&self) -> f64 {
        self.mean_s
    }

    /// The latency in seconds that a fraction `p` does not exceed, linear between the points.
    pub fn quantile(&self, p: f64) -> f64 {
        self.quantile_later(p, 0.0)
    }

    /// The same of this latency, later by `by_s` seconds.
    pub fn quantile_later(&self, p: f64, by_s: f64) -> f64 {
        let last = (self.points.len() - 1) as f64;
        let x = (p * self.points.len() as f64 - 0.5).max(0.0).min(last);
        // Nothing is below zero here, so that cutting off is the floor.
        let i = x as usize;
        let at = self.points[i] + by_s;
        let next = self.points[(i + 1).min(self.points.len() - 1)] + by_s;
        at + (x - i as f64) * (next - at)
    }

    /// The probability that the latency exceeds `t` seconds, linear between the points.
    pub fn ccdf(&self, t: f64) -> f64 {
        let n = self.points.len();
        let below = self.points.partition_point(|&x| x <= t);
        if below == 0 || below == n {
            return f64::from(u8::from(below == 0));
        }
        let (left, right) = (self.points[below - 1], self.points[below]);
        1.0 - (below as f64 - 0.5 + (t - left) / (right - left)) / n as f64
    }

    /// The latency of those who are answered within `t` seconds: what remains when the others have given up.
    pub fn within(&self, t: f64) -> Latency {
        let share = 1.0 - self.ccdf(t);
        let count = self.points.len() as f64;
        let points: Vec<f64> =
            (0..self.points.len()).map(|i| self.quantile((i as f64 + 0.5) / count * share).min(t)).collect();
        let mean_s = points.iter().sum::<f64>() / count;
        Latency { points, mean_s }
    }

    /// The same latency, later by `by_s` seconds.
    pub fn shifted(&self, by_s: f64) -> Latency {
        Latency { points: self.points.iter().map(|x| x + by_s).collect(), mean_s: self.mean_s + by_s }
    }
}

/// A variate as a constant and sorted points; no points means none but the constant.
#[derive(Debug, Clone)]
struct Sum {
    fixed_s: f64,
    points: Vec<f64>,
}

impl Sum {
    fn fixed(fixed_s: f64) -> Sum {
        Sum { fixed_s, points: vec![] }
    }

    /// Values, each as often as it says.
    fn mixed(mut parts: Vec<(f64, f64)>) -> Sum {
        parts.retain(|(_, share)| *share > 0.0);
        parts.sort_by(|a, b| a.0.total_cmp(&b.0));
        let all: f64 = parts.iter().map(|(_, share)| share).sum();
        let (Some(first), Some(last)) = (parts.first(), parts.last()) else { return Sum::fixed(0.0) };
        if first.0 == last.0 {
            return Sum::fixed(first.0);
        }
        let (mut at, mut below) = (0, first.1);
        let mut points = Vec::with_capacity(FINE);
        for i in 0..FINE {
            while at + 1 < parts.len() && below < middle(i) * all {
                at += 1;
                below += parts[at].1;
            }
            points.push(parts[at].0);
        }
        Sum { fixed_s: 0.0, points }
    }

    fn of(service: &Strata, slower: f64) -> Sum {
        let fixed_s = if service.points.is_empty() { service.mean_s * slower } else { 0.0 };
        Sum { fixed_s, points: service.points.iter().map(|x| x * slower).collect() }
    }

    fn of_wait(wait: &Wait) -> Sum {
        match wait {
            Wait::Never => Sum { fixed_s: 0.0, points: vec![] },
            Wait::Fixed(seconds) => Sum { fixed_s: *seconds, points: vec![] },
            // Nobody in the last stratum waits.
            _ if wait.probability() * (2 * FINE) as f64 <= 1.0 => Sum { fixed_s: 0.0, points: vec![] },
            Wait::Exponential { probability, mean_s } => {
                let log = num::ln(*probability);
                let points = UNIT_EXPONENTIAL.iter().map(|x| (mean_s * (x + log)).max(0.0)).collect();
                Sum { fixed_s: 0.0, points }
            }
            Wait::Shaped { .. } => Sum { fixed_s: 0.0, points: (0..FINE).map(|i| wait.quantile(middle(i))).collect() },
            Wait::Stages { .. } => Sum { fixed_s: 0.0, points: inverted(wait) },
        }
    }

    fn add(&mut self, other: &Sum) {
        self.fixed_s += other.fixed_s;
        if other.points.is_empty() {
            return;
        }
        if self.points.is_empty() {
            self.points.clone_from(&other.points);
            return;
        }
        let mut j = START;
        for point in &mut self.points {
            *point += other.points[j];
            j = (j + STEP) % FINE;
        }
        sort(&mut self.points);
    }

    /// The sum of `n` independent copies, by doubling.
    fn times(&self, n: u32) -> Sum {
        let mut total = Sum { fixed_s: 0.0, points: vec![] };
        let (mut power, mut left) = (self.clone(), n);
        while left > 0 {
            if left % 2 == 1 {
                total.add(&power);
            }
            left /= 2;
            if left > 0 {
                power.add(&power.clone());
            }
        }
        total
    }

    /// Stretches a sum of `added` calls to the mean and variance of a sum of `calls`.
    fn spread(mut self, calls: f64, added: f64) -> Sum {
        if calls <= added || added <= 0.0 {
            return self;
        }
        let ratio = calls / added;
        if !self.points.is_empty() {
            let mean = self.points.iter().sum::<f64>() / FINE as f64;
            let wider = num::sqrt(ratio);
            self.points.iter_mut().for_each(|x| *x = (mean * ratio + (*x - mean) * wider).max(0.0));
        }
        self.fixed_s *= ratio;
        self
    }

    /// This with probability `p`, else zero.
    fn sometimes(&self, p: f64) -> Sum {
        if p.is_nan() || p <= 0.0 {
            return Sum { fixed_s: 0.0, points: vec![] };
        }
        let at = |u: f64| {
            if u < 1.0 - p {
                return 0.0;
            }
            let x = ((u - (1.0 - p)) / p * FINE as f64 - 0.5).clamp(0.0, (FINE - 1) as f64);
            let i = x.floor() as usize;
            let of = |i: usize| self.points.get(i.min(FINE - 1)).copied().unwrap_or(0.0);
            self.fixed_s + of(i) + (x - x.floor()) * (of(i + 1) - of(i))
        };
        Sum { fixed_s: 0.0, points: (0..FINE).map(|i| at(middle(i))).collect() }
    }
}

/// The middle of the i-th stratum.
fn middle(i: usize) -> f64 {
    (i as f64 + 0.5) / FINE as f64
}

/// The quantiles of a wait in the middles of the strata, by inverting its distribution on a grid of 96 times: within
/// 0.2% of the mean sojourn in the tests.
fn inverted(wait: &Wait) -> Vec<f64> {
    const GRID: usize = 96;
    let longest = wait.quantile(middle(FINE - 1));
    let at = |k: usize| longest * k as f64 / (GRID - 1) as f64;
    let over: Vec<f64> = (0..GRID).map(|k| wait.ccdf(at(k))).collect();
    let mut k = 0;
    let mut points = Vec::with_capacity(FINE);
    for i in 0..FINE {
        let target = 1.0 - middle(i);
        while k + 1 < GRID - 1 && over[k + 1] > target {
            k += 1;
        }
        // Between two times the logarithm of the tail is nearly linear, as that of an exponential is.
        let (left, right) = (over[k], over[k + 1]);
        let share = if left <= target {
            0.0
        } else if right > 0.0 && left > right {
            (num::ln(left / target) / num::ln(left / right)).min(1.0)
        } else {
            1.0
        };
        points.push(if over[0] <= target { 0.0 } else { at(k) + share * (at(k + 1) - at(k)) });
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queueing::MultiServerQueue;

    #[track_caller]
    fn close(got: f64, expected: f64, relative: f64) {
        assert!((got - expected).abs() <= relative * expected.abs(), "{got} is not {expected}");
    }

    fn services(n: usize, times: f64) -> Latency {
        let strata = Strata::of(&Sampler::Exponential(1.0));
        let stage = Stage { service: &strata, times, wait: &Wait::Never, slower: 1.0 };
        compose(0.0, &vec![stage; n])
    }

    #[test]
    fn one_stage_is_exact_in_the_middle_of_every_stratum() {
        let sampler = Sampler::Lognormal(-2.0, 0.9);
        let strata = Strata::of(&sampler);
        let latency = compose(0.25, &[Stage { service: &strata, times: 1.0, wait: &Wait::Never, slower: 2.0 }]);
        for (i, point) in latency.points().iter().enumerate() {
            let p = (i as f64 + 0.5) / LATENCY_POINTS as f64;
            close(*point, 0.25 + 2.0 * sampler.quantile_s(p), 1e-12);
            close(latency.quantile(p), *point, 1e-12);
        }
        close(latency.mean(), 0.25 + 2.0 * sampler.mean_s(), 1e-12);
        close(latency.shifted(1.0).quantile(0.3), 1.0 + latency.quantile(0.3), 1e-12);
    }

    #[test]
    fn sums_of_exponentials_have_the_percentiles_of_erlang() {
        for n in [2_u32, 3, 4, 5, 8, 12, 20] {
            let exact = Sampler::Erlang(n, 1.0);
            for latency in [services(n as usize, 1.0), services(1, f64::from(n))] {
                for (p, within) in [(0.05, 0.03), (0.5, 0.005), (0.95, 0.005), (0.99, 0.02)] {
                    let (got, expected) = (latency.quantile(p), exact.quantile_s(p));
                    assert!((got / expected - 1.0).abs() < within, "{n} at {p}: {got} is not {expected}");
                }
                close(latency.mean(), f64::from(n), 1e-12);
            }
        }
    }

    #[test]
    fn a_hundred_calls_spread_like_a_hundred() {
        let exact = Sampler::Erlang(100, 1.0);
        let latency = services(1, 100.0);
        for p in [0.05, 0.5, 0.95, 0.99] {
            close(latency.quantile(p), exact.quantile_s(p), 0.02);
        }
    }

    #[test]
    fn half_a_call_happens_every_other_time() {
        let latency = services(1, 0.5);
        close(latency.ccdf(0.0), 0.5, 0.01);
        close(latency.quantile(0.95), num::ln(10.0), 0.01);
        close(latency.mean(), 0.5, 1e-12);
    }

    #[test]
    fn wait_and_service_make_the_sojourn_of_the_station() {
        for (waiting_max, rate) in [(None, 85.0), (Some(20), 120.0), (Some(6), 90.0)] {
            let station =
                MultiServerQueue { servers: 10, service_s: 0.1, service_scv: 1.0, arrival_scv: 1.0, waiting_max };
            let steady = station.steady(rate).unwrap();
            let strata = Strata::of(&Sampler::Exponential(0.1));
            let latency = compose(0.0, &[Stage { service: &strata, times: 1.0, wait: &steady.wait, slower: 1.0 }]);
            let sojourn = station.sojourn(&steady);
            for p in [0.5, 0.95, 0.99] {
                close(latency.quantile(p), sojourn.quantile(p), 0.015);
            }
            close(latency.mean(), sojourn.mean(), 1e-9);
            for (got, p) in inverted(&steady.wait).iter().zip((0..FINE).map(middle)).filter(|_| waiting_max.is_some()) {
                assert!((got - steady.wait.quantile(p)).abs() < 2e-3 * sojourn.mean(), "{p}");
            }
        }
    }
}
