//! How much a cache of least recently used keys finds, after so many requests: for keys of a Zipf law that are asked for
//! independently of each other (the independent reference model).
//!
//! A key that is wanted with probability p has been asked for, after n requests, with probability 1 - e^(-p n): exact where requests
//! are a Poisson process. A cache with room for all keys so finds the share sum p (1 - e^(-p n)). One with room for fewer is full, in
//! the mean, after its characteristic time n_C, for which sum (1 - e^(-p n_C)) is its room, and finds from then on what it found then
//! (Che, Tung & Wang, Hierarchical Web caching systems, IEEE JSAC 20, 2002).

use crate::num;

/// Ranks that are told apart; the others go in classes of like popularity.
const TOLD_APART: u64 = 256;
/// How much larger the last rank of a class is than its first.
const CLASS: f64 = 1.02;

/// How often the keys of a cache are asked for.
#[derive(Debug, Clone)]
pub struct Popularity {
    /// Probability of each key of a class, and how many there are.
    classes: Vec<(f64, f64)>,
    full_after: f64,
}

impl Popularity {
    /// So many keys, the i-th wanted in proportion to i to minus this power, and a cache with so much room.
    pub fn new(keys: u64, exponent: f64, holds: u64) -> Popularity {
        let mut classes = Vec::new();
        let mut first = 1;
        while first <= keys {
            let last = if first <= TOLD_APART { first } else { ((first as f64 * CLASS) as u64).min(keys) };
            let count = (last - first + 1) as f64;
            let weight = match last == first {
                true => num::pow(first as f64, -exponent),
                false => weight_of(first as f64 - 0.5, last as f64 + 0.5, exponent) / count,
            };
            classes.push((weight, count));
            first = last + 1;
        }
        let all: f64 = classes.iter().map(|(weight, count)| weight * count).sum();
        classes.iter_mut().for_each(|(weight, _)| *weight /= all);
        let mut popularity = Popularity { classes, full_after: f64::INFINITY };
        if holds < keys {
            popularity.full_after = popularity.when(|popularity, asked| popularity.held(asked) >= holds as f64);
        }
        popularity
    }

    /// The share of requests that find their key when so many have come before, since it was empty.
    pub fn found(&self, asked: f64) -> f64 {
        let asked = asked.min(self.full_after);
        self.classes.iter().map(|(p, count)| -p * count * num::exp_m1(-p * asked)).sum::<f64>().clamp(0.0, 1.0)
    }

    /// How many keys have been asked for by then.
    fn held(&self, asked: f64) -> f64 {
        self.classes.iter().map(|(p, count)| -count * num::exp_m1(-p * asked)).sum()
    }

    /// After how many requests it is full: what it finds does not change any more. For ever where it has room for all keys.
    pub fn full_after(&self) -> f64 {
        self.full_after
    }

    /// After how many requests it finds this share, if it ever does; it has seen so many already.
    pub fn finds_after(&self, share: f64, asked: f64) -> f64 {
        let most = if self.full_after.is_finite() { self.found(self.full_after) } else { 1.0 };
        if share >= most {
            return self.full_after;
        }
        // What it finds grows ever more slowly: from below, Newton's steps come nearer and never too far.
        let mut after = asked;
        for _ in 0..60 {
            let (mut found, mut slope) = (0.0, 0.0);
            for (p, count) in &self.classes {
                let lacks = num::exp(-p * after);
                found += p * count * (1.0 - lacks);
                slope += p * p * count * lacks;
            }
            let more = (share - found) / slope;
            if more.is_nan() || more <= 1e-9 * (1.0 + after) {
                break;
            }
            after += more;
        }
        after.min(self.full_after)
    }

    /// The fewest requests after which something is so that stays so.
    fn when(&self, is_so: impl Fn(&Popularity, f64) -> bool) -> f64 {
        let mut high = 1.0;
        while !is_so(self, high) && high < 1e300 {
            high *= 4.0;
        }
        let mut low = 0.0;
        for _ in 0..60 {
            let middle = (low + high) / 2.0;
            match is_so(self, middle) {
                true => high = middle,
                false => low = middle,
            }
        }
        high
    }
}

/// The integral of x to minus this power.
fn weight_of(from: f64, to: f64, exponent: f64) -> f64 {
    let power = 1.0 - exponent;
    match power == 0.0 {
        true => num::ln(to / from),
        false => (num::pow(to, power) - num::pow(from, power)) / power,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_are_wanted_alike_are_found_as_often_as_there_is_room() {
        let all = Popularity::new(1_000, 0.0, 1_000);
        assert!((all.found(500.0) - (1.0 - num::exp(-0.5))).abs() < 1e-12);
        let quarter = Popularity::new(1_000, 0.0, 250);
        assert!((quarter.found(1e9) - 0.25).abs() < 1e-9);
        // 1 - e^(-n/1000) is a quarter.
        assert!((quarter.full_after() + 1_000.0 * num::ln(0.75)).abs() < 1e-6);
    }

    #[test]
    fn classes_are_as_good_as_all_keys() {
        for exponent in [0.5, 1.0, 1.4] {
            let (keys, asked) = (20_000_u32, 5_000.0);
            let popularity = Popularity::new(u64::from(keys), exponent, u64::from(keys));
            let weights: Vec<f64> = (1..=keys).map(|i| num::pow(f64::from(i), -exponent)).collect();
            let all: f64 = weights.iter().sum();
            let found: f64 = weights.iter().map(|w| -w / all * num::exp_m1(-w / all * asked)).sum();
            assert!((popularity.found(asked) - found).abs() < 1e-4, "{exponent}: {found} {}", popularity.found(asked));
            assert!((popularity.found(popularity.finds_after(0.3, 0.0)) - 0.3).abs() < 1e-9);
        }
    }
}
