//! Delayed retries: attempts that failed because the answer came too late, and that are made again after the timeout.
//!
//! A refusal is known at once, so that its retries belong to the span in which it happens (see `load`). A request that waits
//! in a queue fails only when its client has lost patience: its retry comes that much later, and that is what keeps a
//! metastable overload alive.

use crate::units::{Duration, Time};
use std::collections::VecDeque;

/// So many parts are kept as they are.
const PARTS_MAX: usize = 64;
/// Parts that differ by less than this are alike.
const ALIKE: f64 = 1e-3;
/// Nanoseconds between the end of one and the beginning of another that are nothing but rounding.
const TOUCHES: i64 = 1_000;

/// What is about to be tried again, of one feature of one population.
#[derive(Debug, Clone, Default)]
pub struct DelayedRetries {
    parts: VecDeque<Part>,
}

/// Attempts that failed evenly over a time, moved on by the timeout.
#[derive(Debug, Clone)]
struct Part {
    from: Time,
    to: Time,
    /// Attempts per second, by how many were made before, less one.
    rates: Vec<f64>,
}

impl Part {
    /// Whether about as much is tried again in both.
    fn is_like(&self, other: &Part) -> bool {
        let near = |(a, b): (&f64, &f64)| (a - b).abs() <= ALIKE * a.max(*b);
        self.rates.len() == other.rates.len() && self.rates.iter().zip(&other.rates).all(near)
    }
}

impl DelayedRetries {
    /// Attempts per second that are due at a time, and when that changes.
    pub fn at(&self, now: Time) -> (Vec<f64>, Time) {
        let mut rates: Vec<f64> = Vec::new();
        let mut next = Time::NEVER;
        for part in &self.parts {
            if part.from > now {
                next = next.min(part.from);
                break;
            }
            if part.to > now {
                next = next.min(part.to);
                rates.resize(rates.len().max(part.rates.len()), 0.0);
                rates.iter_mut().zip(&part.rates).for_each(|(sum, rate)| *sum += rate);
            }
        }
        (rates, next)
    }

    /// How many attempts are still to be made.
    pub fn left(&self, now: Time) -> f64 {
        let of_part =
            |part: &Part| part.rates.iter().sum::<f64>() * part.to.since(part.from.max(now)).seconds().max(0.0);
        self.parts.iter().map(of_part).sum()
    }

    /// Forgets what has been tried.
    pub fn forget(&mut self, now: Time) {
        while self.parts.front().is_some_and(|part| part.to <= now) {
            self.parts.pop_front();
        }
    }

    /// Attempts are made again evenly between two times; `made` were made before. What comes in very many parts is brought onto a
    /// grid of steps.
    pub fn add(&mut self, now: Time, (from_s, to_s): (f64, f64), step_s: f64, made: usize, count: f64) {
        if count <= 0.0 {
            return;
        }
        let from = Duration::from_seconds(from_s).0;
        let to = Duration::from_seconds(to_s).0.max(from + 1);
        let mut rates = vec![0.0; made + 1];
        rates[made] = count / ((to - from) as f64 / 1e9);
        self.add_to(Time(from), Time(to), rates);
        if self.parts.len() > PARTS_MAX {
            self.bring_onto_grid(now, Duration::from_seconds(step_s).0.max(1));
        }
    }

    /// What goes on as it is, is one part: an overload that lasts costs no more than its beginning.
    pub fn join_alike(&mut self, now: Time) {
        let Some(last) = self.parts.len().checked_sub(1).filter(|last| *last > 0) else { return };
        let (before, after) = (&self.parts[last - 1], &self.parts[last]);
        if (before.to.0 - after.from.0).abs() > TOUCHES || before.to <= now || !before.is_like(after) {
            return;
        }
        let seconds = |from: Time, to: Time| to.since(from).seconds();
        let from = before.from.max(now);
        let (one_s, other_s, all_s) =
            (seconds(from, before.to), seconds(after.from, after.to), seconds(from, after.to));
        let both = before.rates.iter().zip(&after.rates).map(|(a, b)| (a * one_s + b * other_s) / all_s);
        let joined = Part { from, to: after.to, rates: both.collect() };
        self.parts.truncate(last - 1);
        self.parts.push_back(joined);
    }

    /// All parts, as far as they are still to come, in steps of so many nanoseconds, none of it earlier than it is due.
    fn bring_onto_grid(&mut self, now: Time, step: i64) {
        for mut part in std::mem::take(&mut self.parts).into_iter().filter(|part| part.to > now) {
            part.from = part.from.max(now);
            let length = part.to.0 - part.from.0;
            let on_line = |time: i64| time.div_euclid(step) + i64::from(time.rem_euclid(step) > 0);
            let (first, last) = (on_line(part.from.0), on_line(part.to.0).max(on_line(part.from.0) + 1));
            let thinner = length as f64 / ((last - first) * step) as f64;
            for cell in first..last {
                let rates = part.rates.iter().map(|rate| rate * thinner).collect();
                self.add_to(Time(cell * step), Time((cell + 1) * step), rates);
            }
        }
    }

    /// Everything that is still to be tried, which is left to somebody else.
    pub fn take(&mut self, now: Time) -> Vec<(Time, Time, Vec<f64>)> {
        self.parts
            .drain(..)
            .filter(|part| part.to > now)
            .map(|part| (part.from.max(now), part.to, part.rates))
            .collect()
    }

    /// Attempts that are made evenly between two times, on top of others.
    pub fn add_to(&mut self, from: Time, to: Time, rates: Vec<f64>) {
        let at = self.parts.partition_point(|part| (part.from, part.to) < (from, to));
        match self.parts.get_mut(at) {
            Some(part) if (part.from, part.to) == (from, to) => {
                part.rates.resize(part.rates.len().max(rates.len()), 0.0);
                part.rates.iter_mut().zip(rates).for_each(|(sum, rate)| *sum += rate);
            }
            _ => self.parts.insert(at, Part { from, to, rates }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_comes_again() {
        let second = |s: i64| Time(s * crate::units::NANOS_PER_SECOND);
        let mut delayed = DelayedRetries::default();
        delayed.add(Time::ZERO, (5.0, 7.0), 1.0, 0, 20.0);
        delayed.add(Time::ZERO, (7.0, 8.0), 1.0, 0, 10.0);
        delayed.add(Time::ZERO, (8.0, 9.0), 1.0, 1, 4.0);
        assert_eq!(delayed.parts.len(), 3);
        assert_eq!(delayed.at(second(1)), (vec![], second(5)));
        assert_eq!(delayed.at(second(6)), (vec![10.0], second(7)));
        assert_eq!(delayed.at(second(8)), (vec![0.0, 4.0], second(9)));
        assert_eq!(delayed.left(second(7)), 14.0);
        delayed.forget(second(8));
        assert_eq!(delayed.left(second(0)), 4.0);
    }

    #[test]
    fn what_fails_in_many_parts_comes_again_in_few_and_all_of_it() {
        let mut delayed = DelayedRetries::default();
        for i in 0..1_000 {
            let from_s = 5.0 + f64::from(i) * 0.007;
            delayed.add(Time::ZERO, (from_s, from_s + 0.007), 0.5, 0, 1.0);
        }
        assert!(delayed.parts.len() <= PARTS_MAX);
        assert!((delayed.left(Time::ZERO) - 1_000.0).abs() < 1e-6);
    }

    #[test]
    fn what_has_been_tried_again_is_not_tried_once_more() {
        let mut delayed = DelayedRetries::default();
        delayed.add(Time::ZERO, (0.0, 10.0), 0.5, 0, 1_000.0);
        let now = Time(9 * crate::units::NANOS_PER_SECOND);
        for i in 0..PARTS_MAX {
            let from_s = 20.0 + i as f64 * 0.007;
            delayed.add(now, (from_s, from_s + 0.007), 0.5, 0, 1.0);
        }
        assert!((delayed.left(now) - 100.0 - PARTS_MAX as f64).abs() < 1e-6);
    }
}
