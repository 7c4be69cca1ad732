//! A station whose users give up waiting: Erlang-A. It has a steady state however overloaded it is.

use super::erlang::odds_of_a_free_server;
use super::multi_server::Steady;
use super::wait::Wait;
use crate::num;

/// Queue lengths that are told apart. Where more matter, the queue is so long that its law of large numbers holds, and it
/// is taken for a fluid.
const LENGTHS_MAX: usize = 20_000;

/// Stages that a wait is made of.
const STAGES_MAX: usize = 64;

/// Points of a wait that is made of others.
const POINTS: usize = 256;

/// Parallel workers and one queue, where each request that waits is given up at a rate.
///
/// M/M/c+M (Palm 1946; Garnett, Mandelbaum & Reiman, MSOM 4, 2002): exact for exponential service times, exponential
/// patience and Poisson arrivals, with or without a limit to the queue. The number in the system is a birth-and-death process
/// with deaths `min(n, c) mu + (n - c)+ theta`. For other service times only the mean is used; the error is small, for
/// what is given up bounds the queue. Evenly spaced arrivals of a fluid (`fluid`) wait only above the capacity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Impatient {
    /// Parallel workers.
    pub servers: u64,
    /// Mean service time in seconds.
    pub service_s: f64,
    /// Rate at which a waiting request is given up, per second: one over the mean patience.
    pub gives_up_per_s: f64,
    /// Waiting places; `None` for an unbounded queue.
    pub waiting_max: Option<u64>,
    /// Arrivals and services without any variability.
    pub fluid: bool,
}

impl Impatient {
    /// Everything that a steady state at this rate depends on, as bits.
    pub fn key(&self, rate: f64) -> [u64; 6] {
        let places = self.waiting_max.unwrap_or(u64::MAX);
        let numbers = [self.service_s.to_bits(), self.gives_up_per_s.to_bits(), rate.to_bits()];
        [self.servers, numbers[0], numbers[1], numbers[2], places, u64::from(self.fluid)]
    }

    /// The steady state at `rate` arrivals per second. `block` is the share that is given up or turned away. Probability and
    /// mean of the wait are those of all who are admitted, its distribution that of those who are served.
    pub fn steady(&self, rate: f64) -> Steady {
        let c = self.servers as f64;
        let offered = rate * self.service_s;
        let nothing = Steady::without_wait(rate, if c > 0.0 { offered / c } else { 0.0 }, offered);
        if rate.is_nan() || rate <= 0.0 || offered <= 0.0 {
            return Steady::without_wait(0.0, 0.0, 0.0);
        }
        if self.servers == 0 {
            return Steady { block: 1.0, throughput: 0.0, utilisation: 1.0, ..Steady::without_wait(0.0, 0.0, 0.0) };
        }
        if self.fluid || super::erlang::nobody_waits(offered, c) {
            return if offered <= c { nothing } else { self.fluid(rate) };
        }
        self.exact(rate).unwrap_or_else(|| self.fluid(rate))
    }

    /// The states above c, scaled by that of c; `None` if there are too many of them.
    fn exact(&self, rate: f64) -> Option<Steady> {
        let c = self.servers as f64;
        let (mu_c, theta) = (c / self.service_s, self.gives_up_per_s);
        // Weights of c + j waiting against c; the odds of a free server are those of Erlang B.
        let places = self.waiting_max.map_or(usize::MAX, |n| usize::try_from(n).unwrap_or(usize::MAX));
        let mut weights = vec![1.0];
        let (mut sum, mut waiting) = (1.0, 0.0);
        let mut weight = 1.0;
        while weights.len() <= places {
            let j = weights.len() as f64;
            weight *= rate / (mu_c + j * theta);
            if weight < sum * 1e-17 && rate < mu_c + j * theta {
                break;
            }
            if weights.len() >= LENGTHS_MAX || sum > 1e280 {
                return None;
            }
            weights.push(weight);
            sum += weight;
            waiting += weight * j;
        }
        let free = odds_of_a_free_server(rate * self.service_s, c);
        if free > 1e290 {
            return Some(Steady::without_wait(rate, rate * self.service_s / c, rate * self.service_s));
        }
        let total = free + sum;
        let full = if weights.len() > places { weights[weights.len() - 1] / total } else { 0.0 };
        let queue_len_mean = waiting / total;
        let given_up = theta * queue_len_mean / rate;
        let throughput = rate * (1.0 - full) - theta * queue_len_mean;
        // Who finds all busy and j waiting is served with probability c mu / (c mu + (j + 1) theta), and then waits for
        // departures at rates c mu + (i + 1) theta, i = 0 .. j.
        let admitted = if full > 0.0 { weights.len() - 1 } else { weights.len() };
        let mut served = Vec::with_capacity(admitted);
        let (mut wait_s, mut wait_sum, mut served_sum) = (0.0, 0.0, 0.0);
        for (j, weight) in weights[..admitted].iter().enumerate() {
            let rate_here = mu_c + (j + 1) as f64 * theta;
            wait_s += 1.0 / rate_here;
            let is_served = weight * mu_c / rate_here;
            served.push(is_served);
            served_sum += is_served;
            wait_sum += is_served * wait_s;
        }
        let probability = served_sum / (free + served_sum);
        let wait_mean_s = wait_sum / (free + served_sum);
        Some(Steady {
            utilisation: throughput * self.service_s / c,
            block: full + given_up,
            given_up,
            throughput,
            wait_probability: (sum / total - full) / (1.0 - full),
            wait_mean_s: queue_len_mean / (rate * (1.0 - full)),
            queue_len_mean,
            in_system_mean: queue_len_mean + throughput * self.service_s,
            wait: wait_in_stages(&served, probability, wait_mean_s),
        })
    }

    /// Overload as a fluid: of those who come, `1 - 1/rho` give up, and who is served has waited `ln(rho) / theta`.
    fn fluid(&self, rate: f64) -> Steady {
        let c = self.servers as f64;
        let capacity = c / self.service_s;
        let rho = rate / capacity;
        // What a full room turns away, the patience need not.
        let longest_s = self.waiting_max.map_or(f64::INFINITY, |places| {
            let places = places as f64 * self.gives_up_per_s / capacity;
            num::ln_1p(places) / self.gives_up_per_s
        });
        let wait_s = (num::ln(rho.max(1.0)) / self.gives_up_per_s).min(longest_s);
        let throughput = capacity.min(rate);
        // The queue drains at the capacity and by those who give up.
        let queue = capacity * num::exp_m1(wait_s * self.gives_up_per_s) / self.gives_up_per_s;
        Steady {
            utilisation: throughput / capacity,
            block: (1.0 - throughput / rate).max(0.0),
            given_up: (self.gives_up_per_s * queue / rate).min((1.0 - throughput / rate).max(0.0)),
            throughput,
            wait_probability: f64::from(u8::from(wait_s > 0.0)),
            wait_mean_s: queue / rate,
            queue_len_mean: queue,
            in_system_mean: queue + throughput * self.service_s,
            wait: if wait_s > 0.0 { Wait::Fixed(wait_s) } else { Wait::Never },
        }
    }
}

/// The wait of who finds `j` waiting with weight `weights[j]`: `j + 1` equal stages, as long as the mean wait says. Around a long queue
/// that has a length of its own that is a gamma distribution. Other long queues are lumped into [`STAGES_MAX`] larger stages; a wait
/// that varies less than those is taken for constant. Either blurs it by a standard deviation of 12.5% at most.
pub(super) fn wait_in_stages(weights: &[f64], probability: f64, wait_mean_s: f64) -> Wait {
    if !(probability > 0.0 && wait_mean_s > 0.0) || weights.is_empty() {
        return Wait::Never;
    }
    let (mean, scv) = stages_of(weights);
    let scv = scv + 1.0 / mean;
    let most = weights.iter().fold(0.0f64, |most, weight| most.max(*weight));
    let is_rare = |weight: f64| weight < most / 100.0;
    if weights.len() > STAGES_MAX && probability > 0.99 && is_rare(weights[0]) && is_rare(weights[weights.len() - 1]) {
        // Around a long queue.
        return shaped(weights, probability, wait_mean_s, 1.0);
    }
    if probability > 0.999 && scv < 1.0 / STAGES_MAX as f64 {
        return Wait::Fixed(wait_mean_s);
    }
    let lump = weights.len().div_ceil(STAGES_MAX);
    let mut tails: Vec<f64> = weights.chunks(lump).map(|chunk| chunk.iter().sum()).collect();
    for n in (1..tails.len()).rev() {
        tails[n - 1] += tails[n];
    }
    let total = tails[0];
    tails.iter_mut().for_each(|tail| *tail /= total);
    let stage_s = wait_mean_s / probability / tails.iter().sum::<f64>();
    Wait::Stages { probability, stage_s, tails: tails.into() }
}

/// Of whom finds `j` waiting with weight `weights[j]`, and so has `j + 1` stages before him: their mean, and its squared coefficient of
/// variation.
fn stages_of(weights: &[f64]) -> (f64, f64) {
    let (mut sum, mut first, mut second) = (0.0, 0.0, 0.0);
    for (j, weight) in weights.iter().enumerate() {
        let stages = (j + 1) as f64;
        sum += weight;
        first += weight * stages;
        second += weight * stages * stages;
    }
    let mean = first / sum;
    (mean, (second / sum - mean * mean) / (mean * mean))
}

/// The wait of who finds `j` waiting with weight `weights[j]`, where each of them and his own takes a time that varies so much: by mean and
/// variance, as a gamma distribution (by Wilson & Hilferty, PNAS 17, 1931).
pub(super) fn shaped(weights: &[f64], probability: f64, wait_mean_s: f64, varies: f64) -> Wait {
    let (mean, scv) = stages_of(weights);
    let scv = scv + varies / mean;
    let third = num::sqrt(scv) / 3.0;
    let point = |i: usize| {
        let z = num::normal_quantile((i as f64 + 0.5) / POINTS as f64);
        let root = (1.0 - scv / 9.0 + z * third).max(0.0);
        root * root * root
    };
    let points: Vec<f64> = (0..POINTS).map(point).collect();
    let all = points.iter().sum::<f64>() / POINTS as f64;
    let points = points.into_iter().map(|point| point / all).collect();
    Wait::Shaped { probability, mean_s: wait_mean_s / probability, points }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(servers: u64) -> Impatient {
        Impatient { servers, service_s: 1.0, gives_up_per_s: 0.5, waiting_max: None, fluid: false }
    }

    #[test]
    fn what_palm_computed() {
        // M/M/c+M with 100 arrivals per second, a second of service, two seconds of patience.
        for (servers, given_up, waiting) in [
            (100, 0.033_030_152_528_288_5, 6.606_030_505_657_701),
            (90, 0.103_364_481_358_679_22, 20.672_896_271_735_844),
            (80, 0.200_055_139_070_549_6, 40.011_027_814_109_916),
        ] {
            let steady = at(servers).steady(100.0);
            assert!((steady.block / given_up - 1.0).abs() < 1e-9, "{servers}: {}", steady.block);
            assert!((steady.queue_len_mean / waiting - 1.0).abs() < 1e-9, "{servers}: {}", steady.queue_len_mean);
        }
    }

    #[test]
    fn a_long_queue_is_nearly_a_fluid() {
        let exact = Impatient { gives_up_per_s: 0.02, ..at(200) }.steady(300.0);
        let fluid = Impatient { gives_up_per_s: 0.02, fluid: true, ..at(200) }.steady(300.0);
        assert!((exact.block - fluid.block).abs() < 1e-3, "{} {}", exact.block, fluid.block);
        assert!((exact.wait_mean_s / fluid.wait_mean_s - 1.0).abs() < 5e-3);
        assert!((exact.wait.mean() / fluid.wait.mean() - 1.0).abs() < 5e-3);
        assert!((exact.wait.quantile(0.95) / fluid.wait.quantile(0.95) - 1.0).abs() < 0.05);
    }

    #[test]
    fn who_gives_up_has_waited_less_than_who_is_served() {
        let steady = at(90).steady(100.0);
        assert!(steady.wait.mean() > steady.wait_mean_s);
        assert!((steady.wait_mean_s - steady.queue_len_mean / 100.0).abs() < 1e-12);
        assert!(steady.wait_probability > 0.9 && steady.wait.ccdf(5.0) < 1e-3);
    }
}
