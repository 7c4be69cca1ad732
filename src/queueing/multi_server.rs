//! One station in steady state: parallel workers and one queue, first come first served.

use super::delay::Delay;
use super::erlang::{self, cosmetatos};
use super::geometric::{geometric_sum, truncated_geometric_mean};
use super::wait::{Sojourn, Wait};
use crate::num;

/// Waiting places that are told apart; a larger waiting room is lumped into this many (see [`MultiServerQueue`]).
const PLACES_MAX: usize = 512;

/// A shared queue in front of parallel workers.
///
/// What is exact and what is approximated, with `rho = rate * service_s / servers`:
///
/// - **M/M/c and M/M/c/K** (both squared coefficients of variation 1): exact. A waiting room of more than 512 places
///   keeps its exact means and probabilities; the *shape* of the wait is that of 512 larger steps, which blurs an
///   overloaded (nearly constant) wait by up to 4.4% standard deviation.
/// - **Infinite room, other variability**: the mean wait is `(ca2 + cs2) / 2` times that of M/M/c (Allen & Cunneen;
///   exact for M/G/1), with Kimura's interpolation through Cosmetatos' M/D/c and the factor of Kraemer & Langenbach-Belz
///   for `ca2 < 1`. Those who wait, wait exponentially long here; see [`Residual`](super::Residual) for how long they do.
/// - **Finite room, other variability**: the queue of the infinite room stays geometric up to the last place, and the
///   last place is weighted so that what flows in is what the workers carry. This is exact for M/M/c/K and for the pure
///   loss system M/G/c/c, agrees with the rejection formula of Tijms (Stochastic Models, 1994, section 4.7) below
///   saturation, and tends to the fluid limit as both variabilities go to 0.
/// - **No variability** (`ca2 = cs2 = 0`): the fluid limit. No wait below capacity; above it, the excess is lost and
///   all who are admitted wait for the full room ahead of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MultiServerQueue {
    /// Parallel workers. With 0 nothing is ever served.
    pub servers: u64,
    /// Mean service time in seconds.
    pub service_s: f64,
    /// Squared coefficient of variation of the service time: 0 constant, 1 exponential.
    pub service_scv: f64,
    /// Squared coefficient of variation of the time between arrivals: 0 evenly spaced, 1 Poisson.
    pub arrival_scv: f64,
    /// Waiting places besides those in service; `None` for an unbounded queue. Who finds them taken is lost.
    pub waiting_max: Option<u64>,
}

/// The steady state of a [`MultiServerQueue`].
#[derive(Debug, Clone, PartialEq)]
pub struct Steady {
    /// The fraction of workers that are busy, 0 to 1.
    pub utilisation: f64,
    /// The probability that an arrival is not served: turned away or given up.
    pub block: f64,
    /// The probability that an arrival is given up while it waits; part of `block`.
    pub given_up: f64,
    /// Requests completed per second.
    pub throughput: f64,
    /// The probability that an admitted request waits.
    pub wait_probability: f64,
    /// The mean wait of an admitted request in seconds.
    pub wait_mean_s: f64,
    /// The mean number waiting.
    pub queue_len_mean: f64,
    /// The mean number waiting or in service.
    pub in_system_mean: f64,
    /// The distribution of the wait of a request that is served.
    pub wait: Wait,
}

/// How the states of a station with a finite room weigh: below `servers` busy, all busy with `j` waiting, room full.
struct Weights {
    /// Weight of "a worker is free" against 1 for "all busy, none waiting".
    free: f64,
    /// Natural logarithm of the ratio between the weights of neighbouring queue lengths.
    log_ratio: f64,
    /// The ratio less 1, where that is small.
    ratio_less_one: f64,
    /// What the last place weighs beyond the geometric law; 1 for M/M/c/K.
    last: f64,
}

impl MultiServerQueue {
    /// Requests per second that all workers together can carry; infinite for a service time of zero.
    pub fn capacity_per_s(&self) -> f64 {
        if self.servers == 0 { 0.0 } else { self.servers as f64 / self.service_s }
    }

    /// The offered load over the workers: above 1 the station is overloaded. Infinite without workers.
    pub fn offered_utilisation(&self, rate: f64) -> f64 {
        if rate <= 0.0 { 0.0 } else { rate / self.capacity_per_s() }
    }

    /// The steady state at `rate` arrivals per second.
    ///
    /// `None` where there is none: an unbounded queue at or above saturation only grows, and is a matter for a
    /// [`FluidQueue`](super::FluidQueue).
    pub fn steady(&self, rate: f64) -> Option<Steady> {
        let c = self.servers as f64;
        let offered = rate * self.service_s;
        if rate.is_nan() || rate <= 0.0 {
            return Some(Steady::without_wait(0.0, 0.0, 0.0));
        }
        if self.servers == 0 {
            let full = self.waiting_max? as f64;
            let stuck = Steady { block: 1.0, throughput: 0.0, utilisation: 1.0, ..Steady::without_wait(0.0, 0.0, 0.0) };
            return Some(Steady { queue_len_mean: full, in_system_mean: full, ..stuck });
        }
        let fluid = self.service_scv <= 0.0 && self.arrival_scv <= 0.0;
        if offered <= 0.0 || offered < c && fluid || erlang::nobody_waits(offered, c) {
            return Some(Steady::without_wait(rate, offered / c, offered));
        }
        match self.waiting_max {
            None if offered >= c => None,
            None => Some(self.unbounded(rate)),
            Some(places) if fluid => Some(self.full(rate, places)),
            Some(places) => Some(self.bounded(rate, places)),
        }
    }

    /// What the mean wait of an unbounded queue is multiplied by, where the whole distribution of the service time is known.
    ///
    /// Boxma, Cohen & Huffels, Operations Research 27 (1979): `delay` says how soon one of the workers is likely to be done, which
    /// stands in for the squared coefficient of variation that Kimura's formula has there. 1 for one worker, and for exponential
    /// services.
    pub fn corrected_by(&self, delay: &Delay, rate: f64) -> f64 {
        let rho = self.offered_utilisation(rate);
        let gamma = cosmetatos(self.servers as f64, rho, 1.0 - rho);
        (1.0 + self.service_scv.max(0.0) * gamma) / (1.0 + delay.stands_for_scv * gamma)
    }

    /// The time that admitted requests spend here, if service times are exponential.
    pub fn sojourn(&self, steady: &Steady) -> Sojourn {
        Sojourn { wait: steady.wait.clone(), service_s: self.service_s }
    }

    /// Overload without variability: the room is always full and the excess is lost.
    fn full(&self, rate: f64, places: u64) -> Steady {
        let capacity = self.capacity_per_s();
        let wait_s = places as f64 / capacity;
        let waits = f64::from(u8::from(places > 0));
        Steady {
            utilisation: 1.0,
            block: (1.0 - capacity / rate).max(0.0),
            given_up: 0.0,
            throughput: capacity.min(rate),
            wait_probability: waits,
            wait_mean_s: wait_s,
            queue_len_mean: places as f64,
            in_system_mean: places as f64 + self.servers as f64,
            wait: if places > 0 { Wait::Fixed(wait_s) } else { Wait::Never },
        }
    }

    /// An unbounded queue below saturation.
    fn unbounded(&self, rate: f64) -> Steady {
        let c = self.servers as f64;
        let offered = rate * self.service_s;
        let rho = offered / c;
        let idle = (c - offered) / c;
        // 1/C = 1 + (1/B - 1)(1 - rho).
        let wait_probability = 1.0 / (1.0 + self.free_odds(offered, rho, idle) * idle);
        // Gross & Harris, section 2.3: who waits in M/M/c, waits 1 / (c mu - lambda) on average.
        let waited_s = self.service_s / (c * idle) * self.spread(rho, idle);
        let wait_mean_s = wait_probability * waited_s;
        if wait_mean_s.is_nan() || wait_mean_s <= 0.0 {
            return Steady::without_wait(rate, rho, offered);
        }
        let queue_len_mean = rate * wait_mean_s;
        Steady {
            utilisation: rho,
            block: 0.0,
            given_up: 0.0,
            throughput: rate,
            wait_probability,
            wait_mean_s,
            queue_len_mean,
            in_system_mean: queue_len_mean + offered,
            wait: Wait::Exponential { probability: wait_probability, mean_s: waited_s },
        }
    }

    /// A finite waiting room.
    fn bounded(&self, rate: f64, places: u64) -> Steady {
        let c = self.servers as f64;
        let w = places as f64;
        let offered = rate * self.service_s;
        let weights = self.weights(offered);
        let Weights { free, log_ratio, ratio_less_one, last } = weights;
        if free.is_infinite() {
            return Steady::without_wait(rate, offered / c, offered);
        }
        // All weights are scaled so that the largest is near 1: from the bottom of the queue, or from its top.
        let scale = num::exp(-w * log_ratio.max(0.0));
        let top = last * num::exp(w * log_ratio.min(0.0));
        let below = free * scale;
        // Sum over j < w of ratio^j, and of ratio^j scaled.
        let queueing = if log_ratio > 0.0 {
            let inverse_less_one = -ratio_less_one / (1.0 + ratio_less_one);
            geometric_sum(inverse_less_one, -log_ratio, w) * num::exp(-log_ratio)
        } else {
            geometric_sum(ratio_less_one, log_ratio, w)
        };
        let total = below + queueing + top;
        let block = top / total;
        let throughput = rate * (below + queueing) / total;
        // The mean of j over j < w, plus the full room.
        let queue_len_mean = (queueing * truncated_geometric_mean(log_ratio, w) + top * w) / total;
        let wait_probability = queueing / (below + queueing);
        let wait_mean_s = if throughput > 0.0 { queue_len_mean / throughput } else { 0.0 };
        Steady {
            utilisation: (throughput * self.service_s / c).min(1.0),
            block,
            given_up: 0.0,
            throughput,
            wait_probability,
            wait_mean_s,
            queue_len_mean,
            in_system_mean: queue_len_mean + throughput * self.service_s,
            wait: stages(log_ratio, places, wait_probability, wait_mean_s),
        }
    }

    /// The weights of the states of a finite room, from those of the unbounded queue.
    fn weights(&self, offered: f64) -> Weights {
        let c = self.servers as f64;
        let rho = offered / c;
        let idle = (c - offered) / c;
        let spread = self.spread(rho, idle).max(1e-12);
        // The unbounded queue has ratio / (1 - ratio) = spread * rho / (1 - rho); above saturation the free places take
        // the part of the queue.
        let (log_ratio, last) = if idle >= 0.0 {
            (num::ln(rho) + num::ln(spread) - num::ln(idle + spread * rho), idle + spread * rho)
        } else {
            (num::ln_1p(-idle / spread), spread)
        };
        let ratio_less_one = if idle >= 0.0 { -idle / last } else { -idle / spread };
        let log_ratio = if ratio_less_one.abs() < 0.5 { num::ln_1p(ratio_less_one) } else { log_ratio };
        Weights { free: self.free_odds(offered, rho, idle) * last, log_ratio, ratio_less_one, last }
    }

    /// The odds of a free worker against "all busy, none waiting", for M/M/c corrected by the variability of arrivals:
    /// Kraemer & Langenbach-Belz (8th International Teletraffic Congress, 1976) for the probability of waiting.
    fn free_odds(&self, offered: f64, rho: f64, idle: f64) -> f64 {
        let odds = erlang::odds_of_a_free_server(offered, self.servers as f64);
        let (ca2, cs2) = (self.arrival_scv.max(0.0), self.service_scv.max(0.0));
        if ca2 == 1.0 {
            return odds;
        }
        let seen = seen_less(ca2, cs2, rho);
        let kept = 1.0 - seen * idle.max(0.0);
        let corrected = if kept > 0.0 { ((odds + seen) / kept).max(0.0) } else { f64::INFINITY };
        // The workers carry no more than their capacity: the odds are at most 1 / (rho - 1).
        if idle < 0.0 { corrected.min(-1.0 / idle) } else { corrected }
    }

    /// What variability does to the mean wait of those who wait; 1 for M/M/c.
    fn spread(&self, rho: f64, idle: f64) -> f64 {
        let (ca2, cs2) = (self.arrival_scv.max(0.0), self.service_scv.max(0.0));
        if ca2 == 1.0 && cs2 == 1.0 {
            return 1.0;
        }
        let mut factor = (ca2 + cs2) / 2.0;
        if idle <= 0.0 {
            return factor;
        }
        // Kimura, Management Science 32 (1986): M/G/c by M/D/c and M/M/c and their reciprocals, with M/D/c as (1 + gamma) / 2 of
        // M/M/c. Of many workers a long service holds up only one: the more of them, the less its variability matters.
        let gamma = cosmetatos(self.servers as f64, rho, idle);
        factor *= (1.0 + gamma) / (1.0 + cs2 * gamma);
        if ca2 < 1.0 {
            let exponent = 2.0 * idle * (1.0 - ca2) * (1.0 - ca2) / (3.0 * rho * (ca2 + cs2));
            let kept = 1.0 - seen_less(ca2, cs2, rho) * idle;
            factor *= num::exp(-exponent) / kept.max(1e-12);
        } else if ca2 > 1.0 {
            factor /= 1.0 - seen_less(ca2, cs2, rho) * idle;
        }
        factor
    }
}

impl Steady {
    pub(super) fn without_wait(rate: f64, utilisation: f64, busy: f64) -> Steady {
        Steady {
            utilisation,
            block: 0.0,
            given_up: 0.0,
            throughput: rate,
            wait_probability: 0.0,
            wait_mean_s: 0.0,
            queue_len_mean: 0.0,
            in_system_mean: busy,
            wait: Wait::Never,
        }
    }
}

/// `s` in the probability of waiting `C (1 - s (1 - rho))` of Kraemer & Langenbach-Belz; above saturation it fades as
/// the square of `rho`, as it does for evenly spaced arrivals at one server without a queue.
fn seen_less(ca2: f64, cs2: f64, rho: f64) -> f64 {
    let r = rho.min(1.0);
    let fade = (rho * rho).max(1.0);
    if ca2 < 1.0 {
        (1.0 - ca2) * (1.0 + ca2 + r * cs2) / (1.0 + r * (cs2 - 1.0) + r * r * (4.0 * ca2 + cs2)) / fade
    } else {
        -(ca2 - 1.0) * 4.0 * r / (ca2 + r * r * (4.0 * ca2 + cs2)) / fade
    }
}

/// The wait of an admitted request: it sees `j` waiting with weight `ratio^j` and waits for `j + 1` departures, which
/// are as long as the mean wait says.
fn stages(log_ratio: f64, places: u64, probability: f64, wait_mean_s: f64) -> Wait {
    if !(probability > 0.0 && wait_mean_s > 0.0) {
        return Wait::Never;
    }
    if log_ratio * (places as f64) < -40.0 {
        return Wait::Exponential { probability, mean_s: wait_mean_s / probability };
    }
    let count = usize::try_from(places).map_or(PLACES_MAX, |places| places.min(PLACES_MAX));
    let log_ratio = log_ratio * places as f64 / count as f64;
    let ratio = num::exp(-log_ratio.abs());
    // Weights from the heavy end on, then the sums from the last stage down: no cancellation.
    let mut tails = vec![0.0; count];
    let mut weight = 1.0;
    for n in 0..count {
        tails[if log_ratio > 0.0 { count - 1 - n } else { n }] = weight;
        weight *= ratio;
    }
    for n in (1..count).rev() {
        tails[n - 1] += tails[n];
    }
    let total = tails[0];
    tails.iter_mut().for_each(|tail| *tail /= total);
    let stage_s = wait_mean_s / probability / tails.iter().sum::<f64>();
    Wait::Stages { probability, stage_s, tails: tails.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn markov(servers: u64, service_s: f64, waiting_max: Option<u64>) -> MultiServerQueue {
        MultiServerQueue { servers, service_s, service_scv: 1.0, arrival_scv: 1.0, waiting_max }
    }

    #[track_caller]
    fn close(got: f64, expected: f64, relative: f64) {
        assert!((got - expected).abs() <= relative * expected.abs(), "{got} is not {expected}");
    }

    #[test]
    fn ten_servers_and_one_queue() {
        let station = markov(10, 0.1, None);
        let steady = station.steady(85.0).unwrap();
        close(steady.utilisation, 0.85, 1e-12);
        close(steady.wait_probability, 0.529_861_305_115_903_3, 1e-12);
        close(steady.wait_mean_s, 0.035_324_087_007_726_89, 1e-12);
        close(steady.queue_len_mean, 3.002_547_395_656_785_4, 1e-12);
        close(steady.in_system_mean, 11.502_547_395_656_785, 1e-12);
        close(steady.wait.mean(), steady.wait_mean_s, 1e-12);
        close(steady.wait.quantile(0.95), 0.157_372_818_560_737_45, 1e-12);
        close(steady.wait.quantile(0.99), 0.264_668_679_389_677_5, 1e-12);
        let sojourn = station.sojourn(&steady);
        close(sojourn.mean(), 0.135_324_087_007_726_9, 1e-12);
        close(sojourn.quantile(0.5), 0.105_358_821_841_970_5, 1e-10);
        close(sojourn.quantile(0.95), 0.363_084_367_774_462_46, 1e-10);
        close(sojourn.quantile(0.99), 0.529_053_555_561_070_3, 1e-10);
        close(sojourn.quantile(0.999), 0.761_885_941_161_996_3, 1e-10);
        close(sojourn.ccdf(0.25), 0.144_150_040_601_192_88, 1e-12);
    }

    #[test]
    fn a_bounded_queue_sheds_load() {
        let steady = markov(4, 1.0, Some(6)).steady(5.0).unwrap();
        close(steady.block, 0.230_024_325_429_411_84, 1e-12);
        close(steady.throughput, 3.849_878_372_852_941, 1e-12);
        close(steady.utilisation, 0.962_469_593_213_235_2, 1e-12);
        close(steady.in_system_mean, 7.356_111_562_454_414, 1e-12);
        close(steady.queue_len_mean, 3.506_233_189_601_473, 1e-12);
        close(steady.wait_mean_s, 0.910_738_690_948_096, 1e-12);
        close(steady.wait.mean(), 0.910_738_690_948_096, 1e-12);
        close(steady.wait_probability, 0.881_715_276_310_249_3, 1e-12);
        close(steady.wait.quantile(0.95), 2.175_570_894_425_326_7, 1e-11);
        close(steady.wait.quantile(0.99), 2.846_855_157_241_649, 1e-11);
    }

    #[test]
    fn one_server_with_any_service_is_pollaczek_khinchine() {
        for (scv, wait_s) in [
            (0.0, 1.166_666_666_666_666_5),
            (0.5, 1.75),
            (1.0, 2.333_333_333_333_333),
            (4.0, 5.833_333_333_333_332),
            (16.0, 19.833_333_333_333_33),
        ] {
            let steady = MultiServerQueue { service_scv: scv, ..markov(1, 1.0, None) }.steady(0.7).unwrap();
            close(steady.wait_mean_s, wait_s, 1e-12);
            close(steady.wait_probability, 0.7, 1e-12);
        }
    }

    #[test]
    fn a_bounded_queue_is_the_birth_death_chain() {
        for (c, w) in [(1_u64, 0_u64), (1, 5), (3, 40), (50, 0), (50, 300)] {
            for rho in [0.5, 0.99, 0.999_999, 1.0, 1.000_001, 1.02, 3.0] {
                let rate = rho * c as f64;
                let mut p = vec![1.0_f64];
                for n in 1..=(c + w) {
                    p.push(p[p.len() - 1] * rate / n.min(c) as f64);
                }
                let total: f64 = p.iter().sum();
                let queue =
                    p.iter().enumerate().map(|(n, x)| (n as u64).saturating_sub(c) as f64 * x).sum::<f64>() / total;
                let steady = markov(c, 1.0, Some(w)).steady(rate).unwrap();
                if steady.wait == Wait::Never && w > 0 {
                    assert!(queue < 1e-9);
                    continue;
                }
                close(steady.block, p[p.len() - 1] / total, 1e-9);
                close(steady.queue_len_mean, queue, 1e-9);
                close(steady.wait.mean(), steady.wait_mean_s, 1e-12);
            }
        }
    }

    #[test]
    fn without_variability_the_station_is_fluid() {
        let fluid = MultiServerQueue { service_scv: 0.0, arrival_scv: 0.0, ..markov(10, 0.1, Some(200)) };
        assert_eq!(fluid.steady(99.0).unwrap().wait, Wait::Never);
        let over = fluid.steady(125.0).unwrap();
        close(over.block, 0.2, 1e-12);
        assert_eq!(over.wait, Wait::Fixed(2.0));
        // And little variability is nearly so.
        let nearly = MultiServerQueue { service_scv: 1e-6, arrival_scv: 1e-6, ..fluid }.steady(125.0).unwrap();
        close(nearly.block, 0.2, 1e-5);
        close(nearly.wait_mean_s, 2.0, 5e-3); // to within one place of 200
        assert!(MultiServerQueue { waiting_max: None, ..fluid }.steady(100.0).is_none());
    }

    #[test]
    fn a_loss_system_does_not_care_how_service_varies() {
        for scv in [0.0, 0.3, 4.0] {
            let steady = MultiServerQueue { service_scv: scv, ..markov(20, 1.0, Some(0)) }.steady(25.0).unwrap();
            close(steady.block, erlang::erlang_b(25.0, 20), 1e-12);
        }
    }

    #[test]
    fn evenly_spaced_arrivals_wait_less() {
        // D/M/1 at 0.7: the root of s = e^(-(1-s)/0.7) is 0.467; Wq = s / (1 - s).
        let steady = MultiServerQueue { arrival_scv: 0.0, ..markov(1, 1.0, None) }.steady(0.7).unwrap();
        close(steady.wait_mean_s, 0.876, 0.05);
        close(steady.wait_probability, 0.467, 0.05);
    }

    #[test]
    fn nothing_is_served_without_servers() {
        let stuck = markov(0, 1.0, Some(5)).steady(1.0).unwrap();
        assert_eq!((stuck.block, stuck.throughput, stuck.queue_len_mean), (1.0, 0.0, 5.0));
        assert!(markov(0, 1.0, None).steady(1.0).is_none());
        assert_eq!(markov(0, 1.0, None).steady(0.0).unwrap().block, 0.0);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]
        #[test]
        fn every_station_has_sane_numbers(
            (c, places) in (prop_oneof![0..50_u64, 0..20_000_000_u64], prop_oneof![0..30_u64, 0..2_000_000_000_u64]),
            (rho, near) in (0.0..4.0_f64, prop_oneof![Just(1.0), Just(1e-3), Just(1e-9), Just(0.0)]),
            scv in prop_oneof![Just(0.0), Just(1.0), 0.0..20.0_f64],
            arrival_scv in prop_oneof![Just(0.0), Just(1.0), 0.0..20.0_f64],
            service_s in 1e-6..1e3_f64,
            bounded in any::<bool>(),
        ) {
            let rho = 1.0 + (rho - 1.0) * near;
            let waiting_max = bounded.then_some(places);
            let station = MultiServerQueue { servers: c, service_s, service_scv: scv, arrival_scv, waiting_max };
            let rate = rho * c.max(1) as f64 / service_s;
            if let Some(s) = station.steady(rate) {
                for x in [s.wait_mean_s, s.queue_len_mean, s.in_system_mean, s.throughput, s.wait.mean()] {
                    prop_assert!(x.is_finite() && x >= 0.0, "{s:?}");
                }
                for x in [s.block, s.utilisation, s.wait_probability] {
                    prop_assert!((0.0..=1.0).contains(&x), "{s:?}");
                }
                prop_assert!((s.wait.mean() - s.wait_mean_s).abs() <= 1e-9 * s.wait_mean_s, "{s:?}");
                prop_assert!((s.throughput - rate * (1.0 - s.block)).abs() <= 1e-9 * rate);
                prop_assert!(s.throughput <= station.capacity_per_s() * (1.0 + 1e-9), "{s:?}");
                let q = [0.1, 0.9, 0.999].map(|p| s.wait.quantile(p));
                prop_assert!(q[0] <= q[1] && q[1] <= q[2] && q[2].is_finite());
            }
        }
    }
}
