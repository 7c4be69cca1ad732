//! How long an admitted request waits, and how long it stays at one station.

use crate::num;
use std::sync::Arc;

/// The distribution of the waiting time of an admitted request: an atom at zero and a tail.
#[derive(Debug, Clone, PartialEq)]
pub enum Wait {
    /// Nobody waits.
    Never,
    /// Everybody waits this long, in seconds: a full fluid queue.
    Fixed(f64),
    /// With this probability the wait is exponential, else zero: M/M/c exactly.
    Exponential {
        /// The probability of waiting at all.
        probability: f64,
        /// The mean wait of those who wait, in seconds.
        mean_s: f64,
    },
    /// With this probability the wait is a multiple of these equally probable points, else zero: M/G/c.
    Shaped {
        /// The probability of waiting at all.
        probability: f64,
        /// The mean wait of those who wait, in seconds.
        mean_s: f64,
        /// The wait of those who wait over its mean, sorted.
        points: Arc<[f64]>,
    },
    /// With this probability the wait is a random number of exponential stages, else zero: M/M/c/K exactly.
    Stages {
        /// The probability of waiting at all.
        probability: f64,
        /// The mean of one stage, in seconds: the time between two departures while all workers are busy.
        stage_s: f64,
        /// The n-th entry is the probability that more than n stages are waited, given that any is.
        tails: Arc<[f64]>,
    },
}

impl Wait {
    /// The probability that the wait exceeds `t` seconds.
    pub fn ccdf(&self, t: f64) -> f64 {
        if t < 0.0 {
            return 1.0;
        }
        match self {
            Wait::Never => 0.0,
            Wait::Fixed(wait_s) => f64::from(u8::from(t < *wait_s)),
            Wait::Exponential { probability, mean_s } if *mean_s > 0.0 => probability * num::exp(-t / mean_s),
            Wait::Stages { probability, stage_s, tails } if *stage_s > 0.0 => {
                probability * stages_ccdf(tails, t / stage_s)
            }
            Wait::Shaped { probability, mean_s, points } if *mean_s > 0.0 => {
                probability * points_ccdf(points, t / mean_s)
            }
            Wait::Exponential { .. } | Wait::Stages { .. } | Wait::Shaped { .. } => 0.0,
        }
    }

    /// The shortest wait in seconds that a fraction `p` does not exceed. `p` at or above 1 is read as `1 - 2^-53`.
    pub fn quantile(&self, p: f64) -> f64 {
        let over = 1.0 - held_below_one(p);
        match self {
            Wait::Never => 0.0,
            Wait::Fixed(wait_s) => *wait_s,
            Wait::Exponential { probability, .. }
            | Wait::Stages { probability, .. }
            | Wait::Shaped { probability, .. }
                if *probability <= over =>
            {
                0.0
            }
            Wait::Exponential { probability, mean_s } => mean_s * num::ln(probability / over),
            Wait::Shaped { probability, mean_s, points } => mean_s * points_quantile(points, 1.0 - over / probability),
            Wait::Stages { .. } => falling_root(|t| self.ccdf(t), over, self.mean().max(1e-12)),
        }
    }

    /// The mean in seconds, over those who wait and those who do not.
    pub fn mean(&self) -> f64 {
        match self {
            Wait::Never => 0.0,
            Wait::Fixed(wait_s) => *wait_s,
            Wait::Exponential { probability, mean_s } | Wait::Shaped { probability, mean_s, .. } => {
                probability * mean_s
            }
            Wait::Stages { probability, stage_s, tails } => probability * stage_s * tails.iter().sum::<f64>(),
        }
    }

    /// The same, so many times as long.
    pub fn longer(&self, times: f64) -> Wait {
        let mut longer = self.clone();
        match &mut longer {
            Wait::Never => {}
            Wait::Fixed(wait_s) => *wait_s *= times,
            Wait::Exponential { mean_s, .. } | Wait::Shaped { mean_s, .. } => *mean_s *= times,
            Wait::Stages { stage_s, .. } => *stage_s *= times,
        }
        longer
    }

    /// The mean in seconds of the wait, or of `most` seconds where it is longer than that: the integral of its tail.
    pub fn mean_up_to(&self, most: f64) -> f64 {
        if most <= 0.0 {
            return 0.0;
        }
        match self {
            Wait::Never => 0.0,
            Wait::Fixed(wait_s) => wait_s.min(most),
            Wait::Exponential { probability, mean_s } if *mean_s > 0.0 => {
                probability * mean_s * (1.0 - num::exp(-most / mean_s))
            }
            Wait::Exponential { .. } => 0.0,
            Wait::Stages { probability, stage_s, tails } if *stage_s > 0.0 => {
                probability * stage_s * stages_up_to(tails, most / stage_s)
            }
            Wait::Shaped { probability, mean_s, points } if *mean_s > 0.0 => {
                (probability * mean_s * points_up_to(points, most / mean_s)).min(self.mean())
            }
            Wait::Stages { .. } | Wait::Shaped { .. } => 0.0,
        }
    }

    /// The probability of waiting at all.
    pub fn probability(&self) -> f64 {
        match self {
            Wait::Never => 0.0,
            Wait::Fixed(wait_s) => f64::from(u8::from(*wait_s > 0.0)),
            Wait::Exponential { probability, .. }
            | Wait::Stages { probability, .. }
            | Wait::Shaped { probability, .. } => *probability,
        }
    }
}

/// The probability of more than `x`, linear between equally probable points; beyond the last an exponential tail of their mean.
fn points_ccdf(points: &[f64], x: f64) -> f64 {
    let n = points.len() as f64;
    let below = points.partition_point(|p| *p <= x);
    let (from, to) = (below.checked_sub(1).map_or(0.0, |i| points[i]), points.get(below));
    // Half a point is below the first of them, half a point above the last.
    let left = if below == 0 { 0.0 } else { below as f64 - 0.5 };
    match to {
        Some(to) => {
            let right = below as f64 + 0.5;
            1.0 - (left + (x - from) / (to - from).max(1e-300) * (right - left)) / n
        }
        None => 0.5 / n * num::exp(from - x),
    }
}

/// The mean of the multiple, where it counts up to `most`: the integral of [`points_ccdf`], which is made of straight lines.
fn points_up_to(points: &[f64], most: f64) -> f64 {
    let n = points.len() as f64;
    let (mut integral, mut from, mut over) = (0.0, 0.0, 1.0);
    for (i, point) in points.iter().enumerate() {
        let next = 1.0 - (i as f64 + 0.5) / n;
        if *point >= most {
            let at_most = over + (next - over) * (most - from) / (point - from).max(1e-300);
            return integral + (most - from) * (over + at_most) / 2.0;
        }
        integral += (point - from) * (over + next) / 2.0;
        (from, over) = (*point, next);
    }
    integral + 0.5 / n * (1.0 - num::exp(from - most))
}

/// The multiple that a fraction `p` does not exceed: the inverse of [`points_ccdf`].
pub(super) fn points_quantile(points: &[f64], p: f64) -> f64 {
    let x = p.max(0.0) * points.len() as f64;
    let last = points.len() - 1;
    if x <= 0.5 {
        return points[0] * x / 0.5;
    }
    if x >= last as f64 + 0.5 {
        return points[last] - num::ln(((last as f64 + 1.0 - x) / 0.5).max(1e-15));
    }
    let i = (x - 0.5).floor() as usize;
    points[i] + (x - 0.5 - i as f64) * (points[(i + 1).min(last)] - points[i])
}

/// A quarter of the last digit of a number, and less: whatever it is.
const NO_DIGIT: f64 = f64::EPSILON / 8.0;

/// `P(sum of N stages > x)` with `P(N > n) = tails[n]`: the Poisson process of stage ends has not reached N by `x`,
/// `sum_n e^-x x^n / n! P(N > n)`. Every term is positive.
fn stages_ccdf(tails: &[f64], x: f64) -> f64 {
    // With at most 512 stages, the probability of lasting 700 stage means is below 1e-14.
    if x > 700.0 {
        return 0.0;
    }
    let mut poisson = num::exp(-x);
    let mut sum = 0.0;
    for (n, tail) in tails.iter().enumerate() {
        let term = poisson * tail;
        sum += term;
        let ratio = x / (n + 1) as f64;
        // From here on all are smaller than this, and change nothing any more: not even the last digit.
        if ratio < 1.0 && term < sum * NO_DIGIT {
            break;
        }
        poisson *= ratio;
    }
    sum.min(1.0)
}

/// The mean of that sum, where it counts up to `x`, in stages: stage n + 1 is gone through by then where the Poisson process of their ends
/// has more than n of them, and each takes one in the mean; `sum_n P(N > n) P(more than n ends)`.
fn stages_up_to(tails: &[f64], x: f64) -> f64 {
    if x > 700.0 {
        return tails.iter().sum();
    }
    let mut poisson = num::exp(-x);
    let (mut sum, mut more) = (0.0, 1.0);
    for (n, tail) in tails.iter().enumerate() {
        more -= poisson;
        if more <= f64::EPSILON {
            break;
        }
        sum += tail * more;
        poisson *= x / (n + 1) as f64;
    }
    sum
}

/// The time that an admitted request spends at one station whose service times are exponential: wait plus service.
///
/// For other service times compose a [`Latency`](super::Latency).
#[derive(Debug, Clone, PartialEq)]
pub struct Sojourn {
    /// The waiting time.
    pub wait: Wait,
    /// The mean service time in seconds.
    pub service_s: f64,
}

impl Sojourn {
    /// The probability that the sojourn exceeds `t` seconds. Exact for M/M/c; by quadrature to 1e-9 for M/M/c/K.
    pub fn ccdf(&self, t: f64) -> f64 {
        if t < 0.0 {
            return 1.0;
        }
        if self.service_s <= 0.0 {
            return self.wait.ccdf(t);
        }
        let served = |s: f64| num::exp(-s / self.service_s);
        match &self.wait {
            Wait::Never => served(t),
            Wait::Fixed(wait_s) => served((t - wait_s).max(0.0)),
            Wait::Exponential { probability, mean_s } => {
                // Gross & Harris, section 2.3: the sum of two exponentials, and Erlang-2 where their means meet. With
                // means w and s: (w e^(-t/w) - s e^(-t/s)) / (w - s) = e^(-t/w) + s (e^(-t/w) - e^(-t/s)) / (w - s).
                let (w, s) = (*mean_s, self.service_s);
                if w <= 0.0 {
                    return served(t);
                }
                let difference = t * (w - s) / (w * s);
                // (1 - e^-x) / x, whichever of the two means is larger.
                let waited = if w >= s {
                    num::exp(-t / w) * (1.0 + t / w * one_minus_exp_over(difference))
                } else {
                    num::exp(-t / w) + num::exp(-t / s) * t / w * one_minus_exp_over(-difference)
                };
                (1.0 - probability) * served(t) + probability * waited
            }
            // Services of such a station are not exponential; by the same integral all the same.
            Wait::Stages { .. } | Wait::Shaped { .. } => {
                // P(W + S > t) = P(S > t) + int_0^t P(S in ds) P(W > t - s), over where neither factor vanishes.
                const PANELS: u32 = 48;
                let longest_s = match &self.wait {
                    Wait::Stages { stage_s, tails, .. } => {
                        let count = tails.len() as f64;
                        stage_s * (count + 12.0 * num::sqrt(count) + 40.0)
                    }
                    _ => self.wait.quantile(1.0 - 1e-9),
                };
                let from = (t - longest_s).max(0.0);
                let half = (t.min(40.0 * self.service_s) - from).max(0.0) / f64::from(2 * PANELS);
                let mut sum = 0.0;
                for panel in 0..PANELS {
                    let middle = from + half * f64::from(2 * panel + 1);
                    for (x, weight) in GAUSS_LEGENDRE_5 {
                        let s = middle + x * half;
                        sum += weight * half * served(s) / self.service_s * self.wait.ccdf(t - s);
                    }
                }
                (served(t) + sum).min(1.0)
            }
        }
    }

    /// The shortest sojourn in seconds that a fraction `p` does not exceed, root-found to 1e-12 relative.
    pub fn quantile(&self, p: f64) -> f64 {
        let over = 1.0 - held_below_one(p);
        if over >= 1.0 {
            return 0.0;
        }
        falling_root(|t| self.ccdf(t), over, self.mean().max(1e-12))
    }

    /// The mean in seconds.
    pub fn mean(&self) -> f64 {
        self.wait.mean() + self.service_s
    }
}

const GAUSS_LEGENDRE_5: [(f64, f64); 5] = [
    (-0.906_179_845_938_664, 0.236_926_885_056_189_08),
    (-0.538_469_310_105_683_1, 0.478_628_670_499_366_47),
    (0.0, 0.568_888_888_888_888_9),
    (0.538_469_310_105_683_1, 0.478_628_670_499_366_47),
    (0.906_179_845_938_664, 0.236_926_885_056_189_08),
];

/// `(1 - e^-x) / x` for `x >= 0`, 1 at 0.
fn one_minus_exp_over(x: f64) -> f64 {
    if x.abs() < 1e-300 { 1.0 } else { -num::exp_m1(-x) / x }
}

/// A probability held within 0 and the largest number below 1.
fn held_below_one(p: f64) -> f64 {
    if p > 0.0 { p.min(1.0 - f64::EPSILON / 2.0) } else { 0.0 }
}

/// Where the falling function `f` of a time first is at most `level`, to 1e-13 relative: by doubling from `start`, then
/// by bisection and regula falsi on the logarithm in turns.
fn falling_root(f: impl Fn(f64) -> f64, level: f64, start: f64) -> f64 {
    if f(0.0) <= level {
        return 0.0;
    }
    let (mut low, mut high) = (0.0, start);
    let (mut f_low, mut f_high) = (f(0.0), f(high));
    while f_high > level && high < 1e15 {
        (low, f_low) = (high, f_high);
        high *= 2.0;
        f_high = f(high);
    }
    for turn in 0..200 {
        if high - low <= 1e-13 * high {
            break;
        }
        let middle = (low + high) / 2.0;
        let mut t = middle;
        if turn % 3 != 2 && f_high > 0.0 && f_low > f_high {
            let share = num::ln(f_low / level) / num::ln(f_low / f_high);
            let guess = low + share * (high - low);
            // A little to the far side, so that both ends close in.
            let nudge = (high - low) * 1e-3;
            t = if turn % 3 == 0 { guess + nudge } else { guess - nudge }.clamp(low, high);
            if t <= low || t >= high {
                t = middle;
            }
        }
        let f_t = f(t);
        if f_t > level {
            (low, f_low) = (t, f_t);
        } else {
            (high, f_high) = (t, f_t);
        }
    }
    (low + high) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queueing::MultiServerQueue;

    #[test]
    fn two_equal_means_make_an_erlang_2() {
        let sojourn = Sojourn { wait: Wait::Exponential { probability: 1.0, mean_s: 2.0 }, service_s: 2.0 };
        for t in [0.1, 1.0, 5.0, 30.0] {
            let exact = num::exp(-t / 2.0) * (1.0 + t / 2.0);
            assert!((sojourn.ccdf(t) / exact - 1.0).abs() < 1e-14);
            let near = Sojourn { wait: Wait::Exponential { probability: 1.0, mean_s: 2.0 - 1e-9 }, service_s: 2.0 };
            assert!((near.ccdf(t) / exact - 1.0).abs() < 1e-7);
        }
    }

    #[test]
    fn what_is_waited_up_to_a_time_is_the_integral_of_the_tail() {
        let points: std::sync::Arc<[f64]> = [0.1, 0.4, 0.9, 1.3, 2.8].into();
        let tails: std::sync::Arc<[f64]> = [1.0, 0.9, 0.7, 0.2, 0.01].into();
        let waits = [
            Wait::Shaped { probability: 0.6, mean_s: 2.0, points },
            Wait::Stages { probability: 0.3, stage_s: 0.5, tails },
            Wait::Exponential { probability: 0.5, mean_s: 1.5 },
        ];
        for wait in &waits {
            for most in [0.01, 0.3, 1.0, 2.5, 7.0] {
                let step = most / 20_000.0;
                let integral: f64 = (0..20_000).map(|i| wait.ccdf((f64::from(i) + 0.5) * step) * step).sum();
                let exact = wait.mean_up_to(most);
                assert!((exact - integral.min(wait.mean())).abs() < 1e-6, "{wait:?} {most}: {exact} {integral}");
            }
            assert!((wait.mean_up_to(1e4) - wait.mean()).abs() < 1e-2 * wait.mean());
        }
    }

    #[test]
    fn the_edges_of_a_quantile() {
        let wait = Wait::Exponential { probability: 0.5, mean_s: 1.0 };
        assert_eq!(wait.quantile(0.0), 0.0);
        assert_eq!(wait.quantile(0.5), 0.0);
        assert!((wait.quantile(0.75) - num::ln(2.0)).abs() < 1e-15);
        assert!(wait.quantile(1.0).is_finite() && wait.quantile(f64::NAN) == 0.0);
        assert_eq!((Wait::Fixed(3.0).ccdf(2.9), Wait::Fixed(3.0).ccdf(3.0)), (1.0, 0.0));
    }

    #[test]
    fn stages_of_one_are_exponential() {
        let stages = Wait::Stages { probability: 0.4, stage_s: 0.3, tails: [1.0].into() };
        let exponential = Wait::Exponential { probability: 0.4, mean_s: 0.3 };
        for p in [0.3, 0.7, 0.99, 0.999_999] {
            assert!((stages.quantile(p) - exponential.quantile(p)).abs() < 1e-12);
            let sojourns = [&stages, &exponential].map(|w| Sojourn { wait: w.clone(), service_s: 0.2 }.quantile(p));
            assert!((sojourns[0] - sojourns[1]).abs() < 1e-9, "{sojourns:?}");
        }
    }

    #[test]
    fn the_sojourn_behind_a_bounded_queue_is_a_mixture_of_erlangs() {
        // One server: who sees n in the system stays for n + 1 services.
        let (places, rho) = (300_u64, 1.05);
        let station = MultiServerQueue {
            servers: 1,
            service_s: 1.0,
            service_scv: 1.0,
            arrival_scv: 1.0,
            waiting_max: Some(places),
        };
        let sojourn = station.sojourn(&station.steady(rho).unwrap());
        let (mut weight, mut total) = (1.0, 0.0);
        let weights: Vec<f64> = (0..=places).map(|_| (weight, weight *= rho).0).collect();
        weights.iter().for_each(|weight| total += weight);
        for t in [0.1, 5.0, 150.0, 290.0, 330.0] {
            let (mut poisson, mut below, mut exact) = (num::exp(-t), 0.0, 0.0);
            for (n, weight) in weights.iter().enumerate() {
                below += poisson;
                poisson *= t / (n + 1) as f64;
                exact += weight / total * below;
            }
            assert!((sojourn.ccdf(t) - exact).abs() < 1e-9, "{t}: {} {exact}", sojourn.ccdf(t));
        }
        // A thousand servers: a short wait and a long service, by F_n = (theta F_(n-1) - mu Q_n) / (theta - mu).
        let (servers, rate) = (1_000, 1_050.0);
        let station = MultiServerQueue { servers, waiting_max: Some(20), ..station };
        let steady = station.steady(rate).unwrap();
        let Wait::Stages { probability, stage_s, tails } = &steady.wait else { panic!("no queue") };
        for t in [0.005, 0.02, 0.5, 3.0] {
            let x = t / stage_s;
            let (mut poisson, mut below, mut f) = (num::exp(-x), 0.0, num::exp(-t));
            let mut exact = (1.0 - probability) * f;
            for n in 0..tails.len() {
                below += poisson;
                poisson *= x / (n + 1) as f64;
                f = (1_000.0 * f - below) / 999.0;
                exact += probability * (tails[n] - tails.get(n + 1).unwrap_or(&0.0)) * f;
            }
            let got = station.sojourn(&steady).ccdf(t);
            assert!((got - exact).abs() < 1e-9, "{t}: {got} {exact}");
        }
    }
}
