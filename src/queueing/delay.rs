//! How long those wait who wait, from the whole distribution of the service time.

use super::erlang::cosmetatos;
use crate::dist::Sampler;
use crate::num;
use std::sync::Arc;

/// Points of the residual service time, so many to a doubling.
const PER_OCTAVE: usize = 16;
/// Doublings of the residual service time that are told apart, below the mean and above it.
const BELOW: usize = 24;
const ABOVE: usize = 16;
/// Cells of the lattice on which variates are added.
const CELLS: usize = 512;
/// The lattice is widened until less than this is beyond it.
const BEYOND: f64 = 1e-3;
/// Equally probable points of a delay.
pub const DELAY_POINTS: usize = 1_000;

/// What is left of a service when somebody comes, over the mean of the service: its tail on points that double.
///
/// The equilibrium residual life of renewal theory (Cox, Renewal Theory, 1962): its density is `(1 - F(t)) / mean`.
#[derive(Debug, Clone, PartialEq)]
pub struct Residual {
    tail: Vec<f64>,
    scv: f64,
    exponential: bool,
}

/// The wait of those who wait in front of workers with one queue, over its mean: equally probable points, sorted.
#[derive(Debug, Clone, PartialEq)]
pub struct Delay {
    /// The squared coefficient of variation that the nearest end of a service stands for: see
    /// [`MultiServerQueue::corrected_by`](super::MultiServerQueue::corrected_by).
    pub stands_for_scv: f64,
    /// The points.
    pub points: Arc<[f64]>,
}

fn time_of(k: usize) -> f64 {
    num::exp((k as f64 / PER_OCTAVE as f64 - BELOW as f64) * core::f64::consts::LN_2)
}

impl Residual {
    /// Of a service time.
    pub fn of(sampler: &Sampler) -> Residual {
        let mean = sampler.mean_s();
        let scv = sampler.scv();
        let over = |t: f64| 1.0 - sampler.cdf(t * mean);
        if mean <= 0.0 {
            return Residual { tail: vec![], scv: 0.0, exponential: false };
        }
        // The integral of the tail of the service time, panel by panel, from the far end: nothing cancels there.
        let count = (BELOW + ABOVE) * PER_OCTAVE + 1;
        let mut tail = vec![0.0; count];
        for k in (1..count).rev() {
            let (left, right) = (time_of(k - 1), time_of(k));
            let half = (right - left) / 2.0;
            let at = |x: f64| over(left + half * (1.0 + x));
            // Gauss-Legendre with three points.
            let inner = (at(-0.774_596_669_241_483_4) + at(0.774_596_669_241_483_4)) * 5.0 / 9.0 + at(0.0) * 8.0 / 9.0;
            tail[k - 1] = tail[k] + half * inner;
        }
        // What rounding and the ends leave out.
        let all = tail[0] + time_of(0);
        tail.iter_mut().for_each(|x| *x /= all);
        Residual { tail, scv, exponential: matches!(sampler, Sampler::Exponential(_)) }
    }

    /// Of a service time of which only the variability is known: lognormal, which sums of waits and services resemble.
    pub fn of_scv(scv: f64) -> Residual {
        if (scv - 1.0).abs() < 0.01 {
            return Residual::of(&Sampler::Exponential(1.0));
        }
        let variance = num::ln_1p(scv.max(1e-4));
        Residual::of(&Sampler::Lognormal(-variance / 2.0, num::sqrt(variance)))
    }

    /// Whether services are exponential: then so is the wait, and nothing has to be worked out.
    pub fn is_exponential(&self) -> bool {
        self.exponential
    }

    /// The probability that more than `t` means are left.
    fn over(&self, t: f64) -> f64 {
        if t <= 0.0 {
            return 1.0;
        }
        let x = ((num::ln(t) / core::f64::consts::LN_2 + BELOW as f64) * PER_OCTAVE as f64).max(0.0);
        let k = x.floor() as usize;
        let Some(next) = self.tail.get(k + 1) else { return 0.0 };
        self.tail[k] + (x - x.floor()) * (next - self.tail[k])
    }

    /// The wait of those who wait in front of `servers` workers at the utilisation `rho`, both below saturation.
    ///
    /// Tijms, van Hoorn & Federgruen, Advances in Applied Probability 13 (1981), and Tijms, A First Course in Stochastic Models
    /// (2003), section 9.6: while all workers are busy, M/G/c is taken for one worker that is c times as fast, and who finds all of
    /// them busy waits first for the nearest end of c residual services. So the wait is the least of c residual services and a
    /// geometric number, mean `rho / (1 - rho)`, of residual services over c. Exact for one worker (Pollaczek-Khinchine) and for
    /// exponential services. Where services vary much that makes the mean too long, and it is cut to that of
    /// [`MultiServerQueue::corrected_by`](super::MultiServerQueue::corrected_by).
    pub fn delay(&self, servers: f64, rho: f64) -> Delay {
        // E[min of c], by trapezes on the points that double.
        let mut nearest = time_of(0);
        let power = |tail: f64| if tail > 0.0 { num::exp(servers * num::ln(tail)) } else { 0.0 };
        let (mut left, mut at) = (power(self.tail[0]), time_of(0));
        for (k, tail) in self.tail.iter().enumerate().skip(1) {
            let (right, to) = (power(*tail), time_of(k));
            nearest += (left + right) / 2.0 * (to - at);
            (left, at) = (right, to);
            if right < 1e-9 {
                break;
            }
        }
        let second = 1.0 + self.scv;
        // Boxma, Cohen & Huffels (1979): 0 for fixed services, 1 for exponential ones.
        let stands_for_scv =
            if servers > 1.0 { ((second / nearest - servers - 1.0) / (servers - 1.0)).max(0.0) } else { self.scv };
        let gamma = cosmetatos(servers, rho, 1.0 - rho);
        let mean = second / 2.0 * (1.0 + gamma) / (1.0 + stands_for_scv * gamma) / (servers * (1.0 - rho));
        // A very long service holds up one worker and not all of them: residual services are as long at most as makes the mean so.
        let among = rho / (1.0 - rho) / servers;
        let longest_service = self.cut_at((mean - nearest) / among);
        let mean = nearest + among * self.mean_below(longest_service);
        let mut longest = 8.0 * mean;
        let mut cells = self.lattice(servers, rho, longest, longest_service);
        for _ in 0..6 {
            if 1.0 - cells.iter().sum::<f64>() < BEYOND {
                break;
            }
            longest *= 2.0;
            cells = self.lattice(servers, rho, longest, longest_service);
        }
        Delay { stands_for_scv, points: quantiles(&cells, longest / CELLS as f64 / mean) }
    }

    /// The mean of what is left of a service, or of `t` where that is less, over the mean of the service.
    fn mean_below(&self, t: f64) -> f64 {
        self.below(|to, _| to >= t).1
    }

    /// The `t` for which that is as much; the longest there is where nothing has to be cut.
    fn cut_at(&self, mean: f64) -> f64 {
        self.below(|_, sum| sum >= mean).0
    }

    /// Adds up the tail until it is enough: up to where, and the sum.
    fn below(&self, enough: impl Fn(f64, f64) -> bool) -> (f64, f64) {
        let (mut at, mut sum) = (time_of(0), time_of(0));
        for (k, pair) in self.tail.windows(2).enumerate() {
            let to = time_of(k + 1);
            sum += (pair[0] + pair[1]) / 2.0 * (to - at);
            at = to;
            if enough(at, sum) {
                break;
            }
        }
        (at, sum)
    }

    /// The probabilities of the wait on a lattice from 0 to `longest` means of a service.
    fn lattice(&self, servers: f64, rho: f64, longest: f64, longest_service: f64) -> Vec<f64> {
        let step = longest / CELLS as f64;
        let masses = |over: &dyn Fn(f64) -> f64| -> Vec<f64> {
            let mut left = 1.0;
            let mut all = Vec::with_capacity(CELLS);
            for k in 0..CELLS {
                let right = over((k as f64 + 0.5) * step);
                all.push(left - right);
                left = right;
            }
            all
        };
        let one = masses(&|t| if t * servers < longest_service { self.over(t * servers) } else { 0.0 });
        // A geometric number of them, by the recursion of Panjer (ASTIN Bulletin 12, 1981).
        let first = 1.0 / (1.0 - rho * one[0]);
        let mut sum = vec![0.0; CELLS];
        sum[0] = (1.0 - rho) * first;
        for n in 1..CELLS {
            let of_these: f64 = (1..=n).map(|k| one[k] * sum[n - k]).sum();
            sum[n] = rho * first * of_these;
        }
        let nearest = masses(&|t| {
            let over = self.over(t);
            if over > 0.0 { num::exp(servers * num::ln(over)) } else { 0.0 }
        });
        // The nearest end is soon there: most of its cells are empty.
        let used = nearest.iter().rposition(|p| *p > 1e-12).map_or(1, |last| last + 1);
        (0..CELLS).map(|n| (0..=n.min(used - 1)).map(|k| nearest[k] * sum[n - k]).sum()).collect()
    }
}

/// Equally probable points of what has these probabilities on a lattice, each spread evenly around its place.
fn quantiles(cells: &[f64], step: f64) -> Arc<[f64]> {
    let mut points = Vec::with_capacity(DELAY_POINTS);
    let (mut k, mut below) = (0, 0.0);
    for i in 0..DELAY_POINTS {
        let target = (i as f64 + 0.5) / DELAY_POINTS as f64;
        while k + 1 < cells.len() && below + cells[k] < target {
            below += cells[k];
            k += 1;
        }
        let share = if cells[k] > 0.0 { ((target - below) / cells[k]).clamp(0.0, 1.0) } else { 0.0 };
        let from = if k == 0 { 0.0 } else { k as f64 - 0.5 };
        points.push((from + share * (k as f64 + 0.5 - from)) * step);
    }
    points.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponential_services_make_exponential_waits() {
        let residual = Residual::of(&Sampler::Exponential(0.3));
        for (servers, rho) in [(1.0, 0.3), (1.0, 0.95), (10.0, 0.8), (200.0, 0.9)] {
            let delay = residual.delay(servers, rho);
            assert!((delay.stands_for_scv - 1.0).abs() < 0.03, "{}", delay.stands_for_scv);
            for p in [0.25, 0.5, 0.9, 0.99] {
                let got = delay.points[(p * DELAY_POINTS as f64) as usize];
                let exact = -num::ln_1p(-p - 0.5 / DELAY_POINTS as f64);
                assert!((got / exact - 1.0).abs() < 0.02, "{servers} {rho} {p}: {got} {exact}");
            }
        }
    }

    #[test]
    fn one_worker_waits_as_pollaczek_and_khinchine_said() {
        // P-K: the mean of the points is that of the wait, but for what is beyond the last.
        for (sampler, servers) in
            [(Sampler::Fixed(2.0), 1.0), (Sampler::Fixed(2.0), 10.0), (Sampler::Erlang(4, 1.0), 1.0)]
        {
            let residual = Residual::of(&sampler);
            let delay = residual.delay(servers, 0.7);
            let mean = delay.points.iter().sum::<f64>() / DELAY_POINTS as f64;
            assert!((mean - 1.0).abs() < 0.01, "{mean}");
            assert!((delay.stands_for_scv - sampler.scv()).abs() < 0.02, "{}", delay.stands_for_scv);
        }
        let heavy = Sampler::Lognormal(0.0, num::sqrt(num::ln(17.0)));
        let points = Residual::of(&heavy).delay(1.0, 0.7).points;
        // Most wait much less than the mean, and a few much more.
        assert!((0.2..0.5).contains(&points[DELAY_POINTS / 2]), "{}", points[DELAY_POINTS / 2]);
        // M/D/1 (Erlang 1909): P(W <= t) = (1 - rho) sum_k e^(rho (t - k)) (-rho (t - k))^k / k!, k up to t, of all who come.
        let (rho, t) = (0.7_f64, 2.5_f64);
        let mut below = 0.0;
        let mut factorial = 1.0;
        for k in 0..=2 {
            let x = rho * (t - f64::from(k));
            factorial *= f64::from(k.max(1));
            below +=
                (1.0 - rho) * num::exp(x) * num::pow(x, f64::from(k)) * if k % 2 == 0 { 1.0 } else { -1.0 } / factorial;
        }
        let exact = (1.0 - below) / rho;
        let delay = Residual::of(&Sampler::Fixed(1.0)).delay(1.0, rho);
        let mean = 0.5 / (1.0 - rho);
        let over = delay.points.iter().filter(|x| **x * mean > t).count() as f64 / DELAY_POINTS as f64;
        assert!((over - exact).abs() < 0.01, "{over} is not {exact}");
    }
}
