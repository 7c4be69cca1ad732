//! A look-aside cache: keys of a Zipf law, the least recently used of them forgotten.

use crate::num;
use crate::rng::Stream;
use crate::world::Misses;

const NONE: u32 = u32::MAX;

/// The cache of one station.
#[derive(Debug, Clone)]
pub struct Cache {
    /// What those do who miss what somebody else is asking for.
    pub misses: Misses,
    law: Zipf,
    luck: Stream,
    holds: usize,
    held: usize,
    /// Neighbours in the order of use, by key; a key that is not held is its own.
    newer: Vec<u32>,
    older: Vec<u32>,
    newest: u32,
    oldest: u32,
}

impl Cache {
    /// A cold one.
    pub fn new(keys: u64, exponent: f64, holds: u64, luck: Stream) -> Cache {
        let mut cache = Cache {
            misses: Misses::EachCalls,
            law: Zipf::new(keys, exponent),
            luck,
            holds: holds as usize,
            held: 0,
            newer: vec![NONE; keys as usize],
            older: vec![NONE; keys as usize],
            newest: NONE,
            oldest: NONE,
        };
        cache.forget();
        cache
    }

    /// Everything is forgotten.
    pub fn forget(&mut self) {
        (self.held, self.newest, self.oldest) = (0, NONE, NONE);
        self.newer.iter_mut().enumerate().for_each(|(key, newer)| *newer = key as u32);
    }

    /// As after a long life: the most popular keys are there.
    pub fn warm(&mut self) {
        self.forget();
        (0..self.holds.min(self.newer.len())).rev().for_each(|key| self.remember(key as u32));
    }

    /// As after so many requests: each key is there with the probability that it was asked for.
    pub fn has_seen(&mut self, asked: f64) {
        self.forget();
        let all: f64 = (1..=self.newer.len()).map(|rank| self.law.density(rank as f64)).sum();
        let is_there = |cache: &mut Cache, key: usize| {
            let expected = cache.law.density(key as f64 + 1.0) / all * asked;
            cache.luck.chance(-num::exp_m1(-expected))
        };
        let there: Vec<usize> = (0..self.newer.len()).filter(|key| is_there(self, *key)).collect();
        there.into_iter().take(self.holds).rev().for_each(|key| self.remember(key as u32));
    }

    /// The key of the next request, and whether it is there.
    pub fn looks(&mut self) -> (u32, bool) {
        let key = self.law.draw(&mut self.luck) as u32 - 1;
        let held = self.newer[key as usize] != key;
        if held {
            self.unlink(key);
            self.remember(key);
        }
        (key, held)
    }

    /// The answer for a key has come. Where there is no room, the least recently used one goes.
    pub fn learns(&mut self, key: u32) {
        if self.newer[key as usize] != key {
            self.unlink(key);
        } else if self.held >= self.holds {
            let oldest = self.oldest;
            if oldest == NONE {
                return;
            }
            self.unlink(oldest);
            self.newer[oldest as usize] = oldest;
        }
        self.remember(key);
    }

    fn unlink(&mut self, key: u32) {
        let (newer, older) = (self.newer[key as usize], self.older[key as usize]);
        match newer {
            NONE => self.newest = older,
            newer => self.older[newer as usize] = older,
        }
        match older {
            NONE => self.oldest = newer,
            older => self.newer[older as usize] = newer,
        }
        self.held -= 1;
    }

    fn remember(&mut self, key: u32) {
        self.newer[key as usize] = NONE;
        self.older[key as usize] = self.newest;
        match self.newest {
            NONE => self.oldest = key,
            newest => self.newer[newest as usize] = key,
        }
        self.newest = key;
        self.held += 1;
    }
}

/// A Zipf law by rejection-inversion (Hörmann & Derflinger, ACM TOMACS 6, 1996): no table, whatever the number of keys.
#[derive(Debug, Clone)]
struct Zipf {
    keys: f64,
    exponent: f64,
    h_first: f64,
    h_last: f64,
    shortcut: f64,
}

impl Zipf {
    fn new(keys: u64, exponent: f64) -> Zipf {
        let mut zipf = Zipf { keys: keys as f64, exponent, h_first: 0.0, h_last: 0.0, shortcut: 0.0 };
        zipf.h_first = zipf.integral(1.5) - 1.0;
        zipf.h_last = zipf.integral(keys as f64 + 0.5);
        zipf.shortcut = 2.0 - zipf.inverse(zipf.integral(2.5) - zipf.density(2.0));
        zipf
    }

    fn density(&self, x: f64) -> f64 {
        num::exp(-self.exponent * num::ln(x))
    }

    /// The integral of the density, `(x^(1 - s) - 1) / (1 - s)`, also near `s = 1`.
    fn integral(&self, x: f64) -> f64 {
        let ln_x = num::ln(x);
        let power = (1.0 - self.exponent) * ln_x;
        if power.abs() < 1e-8 { ln_x * (1.0 + power / 2.0) } else { ln_x * num::exp_m1(power) / power }
    }

    fn inverse(&self, y: f64) -> f64 {
        let t = (y * (1.0 - self.exponent)).max(-1.0);
        if t.abs() < 1e-8 { num::exp(y * (1.0 - t / 2.0)) } else { num::exp(y * num::ln_1p(t) / t) }
    }

    fn draw(&self, luck: &mut Stream) -> u64 {
        loop {
            let u = self.h_last + luck.uniform() * (self.h_first - self.h_last);
            let x = self.inverse(u);
            let k = (x + 0.5).floor().clamp(1.0, self.keys);
            if k - x <= self.shortcut || u >= self.integral(k + 0.5) - self.density(k) {
                return k as u64;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Luck;

    fn luck() -> Stream {
        Stream::new(Luck { seed: 1, replication: 0 }, "web@a", "cache")
    }

    /// A request whose answer comes at once.
    fn finds(cache: &mut Cache) -> bool {
        let (key, held) = cache.looks();
        if !held {
            cache.learns(key);
        }
        held
    }

    #[test]
    fn a_key_is_held_when_its_answer_has_come() {
        let mut cache = Cache::new(1, 0.0, 1, luck());
        assert_eq!([cache.looks(), cache.looks()], [(0, false); 2]);
        cache.learns(0);
        cache.learns(0);
        assert_eq!(cache.looks(), (0, true));
    }

    #[test]
    fn keys_follow_zipfs_law() {
        for exponent in [0.0, 0.7, 1.0, 1.3] {
            let law = Zipf::new(50, exponent);
            let mut luck = luck();
            let mut counts = [0_u32; 51];
            (0..200_000).for_each(|_| counts[law.draw(&mut luck) as usize] += 1);
            let all: f64 = (1..=50).map(|k| law.density(f64::from(k))).sum();
            for k in [1, 2, 7, 50] {
                let p = law.density(k as f64) / all;
                let error = num::sqrt(p * (1.0 - p) / 200_000.0);
                let seen = f64::from(counts[k]) / 200_000.0;
                assert!((seen - p).abs() < 4.5 * error, "s = {exponent}, key {k}: {seen} of {p}");
            }
        }
    }

    #[test]
    fn a_cold_cache_warms_to_the_hit_ratio_of_its_size() {
        let mut cache = Cache::new(1_000, 0.0, 250, luck());
        assert!(!finds(&mut cache));
        (0..10_000).for_each(|_| {
            finds(&mut cache);
        });
        // All keys alike: a quarter of them is there, whichever.
        let hits = (0..40_000).filter(|_| finds(&mut cache)).count() as f64 / 40_000.0;
        assert!((hits - 0.25).abs() < 0.01, "{hits}");
        cache.forget();
        assert!(!finds(&mut cache));
    }

    #[test]
    fn the_most_popular_keys_stay() {
        let mut cache = Cache::new(100_000, 1.0, 10_000, luck());
        cache.warm();
        let warm = (0..50_000).filter(|_| finds(&mut cache)).count() as f64 / 50_000.0;
        (0..500_000).for_each(|_| {
            finds(&mut cache);
        });
        let settled = (0..50_000).filter(|_| finds(&mut cache)).count() as f64 / 50_000.0;
        // The best there can be is the law's share of the first ten thousand, 0.81; by recency a little less.
        assert!(warm > settled && settled > 0.70 && warm < 0.82, "{warm} {settled}");
    }
}
