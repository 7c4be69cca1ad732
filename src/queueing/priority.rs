//! A station with a limited queue that turns away by priority: who comes first is served first, of each class.
//!
//! Three classes, parallel workers, one waiting room. Whoever waits of a higher class is served first, without interrupting anybody; where
//! the room is full, he takes the place of the one who came last of a lower class. The lowest class is only let in while fewer workers
//! are busy than a bound, and never waits.

use super::impatient::{shaped, wait_in_stages};
use super::wait::Wait;
use crate::num;

/// Waiting places that are told apart; in a larger room the ends of the wait are those of a fluid.
const PLACES_MAX: usize = 2_000;

/// Times that vary by so little more than exponential ones are taken for those.
const VARIES: f64 = 1.2;

/// Exact for Poisson arrivals and exponential services of one mean: losses, numbers and mean waits of each class (Cobham, Operations
/// Research 2, 1954, for the unlimited queue). How many wait in all is no matter of who is served first, and how many wait of the
/// highest class is a birth-and-death process of its own while all workers are busy; the second class is what is left.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Priorities {
    pub servers: u64,
    pub service_s: f64,
    pub waiting_max: u64,
    /// Arrivals per second of each class.
    pub rates: [f64; 3],
    /// The third is let in while fewer workers than this share of them are busy.
    pub optional_up_to: f64,
}

/// What becomes of a class.
#[derive(Debug, Clone, PartialEq)]
pub struct OfClass {
    /// The share that is turned away, at once or later.
    pub block: f64,
    /// The wait of those who are served.
    pub wait: Wait,
    pub wait_mean_s: f64,
    /// How many wait.
    pub waiting: f64,
}

/// Weights 1, r, r^2 up to r^last against the largest of them: their sum, their sum weighted by 0, 1, 2 ..., and the last.
fn geometric(ratio: f64, last: u64) -> (f64, f64, f64) {
    let last = last as f64;
    // Counted from the heavier end.
    let x = ratio.min(1.0 / ratio);
    if last <= PLACES_MAX as f64 || 1.0 - x < 1e-3 {
        let (mut sum, mut weighted, mut weight, mut at_last) = (0.0, 0.0, 1.0, 0.0);
        let mut n = 0.0;
        while n <= last && weight > 1e-17 {
            sum += weight;
            weighted += n * weight;
            at_last = if n == last { weight } else { 0.0 };
            weight *= x;
            n += 1.0;
        }
        return if ratio <= 1.0 { (sum, weighted, at_last) } else { (sum, last * sum - weighted, 1.0) };
    }
    let (sum, weighted) = (1.0 / (1.0 - x), x / (1.0 - x) / (1.0 - x));
    if ratio <= 1.0 { (sum, weighted, 0.0) } else { (sum, last * sum - weighted, 1.0) }
}

impl Priorities {
    /// The steady state of each class.
    pub fn steady(&self) -> [OfClass; 3] {
        let none = OfClass { block: 0.0, wait: Wait::Never, wait_mean_s: 0.0, waiting: 0.0 };
        let [first, second, third] = self.rates;
        if self.servers == 0 || self.service_s <= 0.0 {
            let block = if self.servers == 0 { 1.0 } else { 0.0 };
            return [0, 1, 2].map(|_| OfClass { block, ..none.clone() });
        }
        let c = self.servers as f64;
        let capacity = c / self.service_s;
        let both = first + second;
        let ratio = both / capacity;
        let (waits, waiting, full) = geometric(ratio, self.waiting_max);
        // The weights of fewer busy workers against that of all busy and nobody waiting, and what that is here.
        let base = if ratio > 1.0 { num::pow(ratio, -(self.waiting_max as f64)) } else { 1.0 };
        let bound = (self.optional_up_to * c).ceil().min(c);
        if both <= 0.0 {
            let block = super::erlang::erlang_b(third * self.service_s, bound as u64);
            return [none.clone(), none.clone(), OfClass { block, ..none }];
        }
        let (free, bounded) = self.free(both, third, bound);
        let all = free * base + waits;
        let (busy, free_busy) = (waits / all, bounded * base / all);
        let optional = OfClass { block: (busy + free_busy).min(1.0), ..none.clone() };
        // Of the highest class.
        let own = geometric(first / capacity, self.waiting_max);
        let in_line = busy * own.1 / own.0;
        let block = busy * own.2 / own.0;
        let critical = self.of_class(first, block, in_line, (busy, first / capacity), 1.0);
        // Of the second what is left.
        let lost = (both * busy * full / waits - first * block).max(0.0);
        let block = if second > 0.0 { (lost / second).min(1.0) } else { busy * full / waits };
        // Until one more of those before him is gone, and all of the highest class who have come meanwhile.
        let own_ratio = (first / capacity).min(0.999);
        let varies = (1.0 + own_ratio) / (1.0 - own_ratio);
        let in_line = (busy * waiting / waits - in_line).max(0.0);
        let normal = self.of_class(second, block, in_line, (busy, ratio), varies);
        [critical, normal, optional]
    }

    /// `varies`: the squared coefficient of variation of the time until one more of those before is gone.
    fn of_class(&self, rate: f64, block: f64, waiting: f64, (busy, ratio): (f64, f64), varies: f64) -> OfClass {
        let served = rate * (1.0 - block);
        let wait_mean_s = if served > 1e-12 * rate { waiting / served } else { 0.0 };
        let probability = if block < 1.0 { ((busy - block) / (1.0 - block)).clamp(0.0, 1.0) } else { 0.0 };
        let wait = if probability <= 0.0 || wait_mean_s <= 0.0 {
            Wait::Never
        } else if self.waiting_max as usize <= PLACES_MAX {
            // Who finds so many waits for one more to leave; of the higher ones who come meanwhile, too.
            let x = ratio.min(1.0 / ratio.max(1e-300));
            let mut weights = Vec::new();
            let mut weight = 1.0;
            while weights.len() < self.waiting_max as usize && weight > 1e-14 {
                weights.push(weight);
                weight *= x;
            }
            if ratio > 1.0 {
                let less = self.waiting_max as usize - weights.len();
                weights.extend(std::iter::repeat_n(0.0, less));
                weights.reverse();
            }
            match varies > VARIES {
                true => shaped(&weights, probability, wait_mean_s, varies),
                false => wait_in_stages(&weights, probability, wait_mean_s),
            }
        } else if ratio >= 1.0 {
            Wait::Fixed(wait_mean_s)
        } else {
            Wait::Exponential { probability, mean_s: wait_mean_s / probability }
        };
        OfClass { block, wait, wait_mean_s, waiting }
    }

    /// How much it weighs that a worker is free, and that the bound is reached meanwhile, against all busy and nobody waiting.
    fn free(&self, both: f64, third: f64, bound: f64) -> (f64, f64) {
        let mut n = self.servers as f64;
        let (mut weight, mut free, mut bounded) = (1.0, 0.0, 0.0);
        while n >= 1.0 {
            let arrive = both + if n - 1.0 < bound { third } else { 0.0 };
            let leave = n / self.service_s;
            weight *= leave / arrive;
            free += weight;
            n -= 1.0;
            if n >= bound {
                bounded += weight;
            }
            if free > 1e290 {
                return (free, bounded);
            }
            if leave < arrive && weight < free * 1e-17 {
                break;
            }
        }
        (free, bounded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queueing::{MultiServerQueue, erlang_c};

    fn at(rates: [f64; 3]) -> Priorities {
        Priorities { servers: 4, service_s: 1.0, waiting_max: 5_000, rates, optional_up_to: 1.0 }
    }

    #[test]
    fn an_unlimited_queue_is_as_cobham_says() {
        let [critical, normal, _] = at([1.5, 2.0, 0.0]).steady();
        let waits = erlang_c(3.5, 4);
        assert!((critical.wait_mean_s - waits / 4.0 / (1.0 - 1.5 / 4.0)).abs() < 1e-9);
        assert!((normal.wait_mean_s - waits / 4.0 / (1.0 - 1.5 / 4.0) / (1.0 - 3.5 / 4.0)).abs() < 1e-9);
    }

    #[test]
    fn all_together_are_as_without_priorities() {
        for rate in [2.0, 3.9, 4.0, 6.0] {
            let limited = Priorities { waiting_max: 7, ..at([rate * 0.4, rate * 0.6, 0.0]) };
            let [critical, normal, _] = limited.steady();
            let alike = MultiServerQueue {
                servers: 4,
                service_s: 1.0,
                service_scv: 1.0,
                arrival_scv: 1.0,
                waiting_max: Some(7),
            };
            let alike = alike.steady(rate).unwrap();
            assert!((0.4 * critical.block + 0.6 * normal.block - alike.block).abs() < 1e-9);
            assert!((critical.waiting + normal.waiting - alike.queue_len_mean).abs() < 1e-8);
            assert!(critical.wait_mean_s < normal.wait_mean_s);
        }
    }

    #[test]
    fn two_workers_and_one_place_by_hand() {
        // One of each class a second, services of a second, optional ones while nobody is busy: 1, 3, 3, 3 over 1, 1, 2, 2.
        let by_hand = Priorities { servers: 2, waiting_max: 1, optional_up_to: 0.5, ..at([1.0, 1.0, 1.0]) };
        let [critical, normal, optional] = by_hand.steady();
        let (one, both, full) = (3.0, 3.0, 3.0);
        let all = 1.0 + one + both + full;
        assert!((optional.block - (one + both + full) / all).abs() < 1e-12);
        // Of the two a half a second is critical: 1 and 1/2 wait or not.
        let busy = (both + full) / all;
        assert!((critical.block - busy / 3.0).abs() < 1e-12);
        assert!((critical.block + normal.block - 2.0 * full / all).abs() < 1e-12);
    }
}
