//! Echoes: attempts that failed because the answer came too late, and that are made again after the timeout.
//!
//! A refusal is known at once, so that its retries belong to the span in which it happens (see `load`). A request that waits
//! in a queue fails only when its client has lost patience: its retry comes that much later, and that is what keeps a
//! metastable overload alive.

use crate::units::{Duration, Time};
use std::collections::VecDeque;

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

    /// Forgets what has been tried.
    pub fn forget(&mut self, now: Time) {
        while self.parts.front().is_some_and(|part| part.to <= now) {
            self.parts.pop_front();
        }
    }

    /// Attempts that fail evenly between two times are made again `later`.
    pub fn add(&mut self, from: Time, to: Time, later: Duration, rates: Vec<f64>) {
        let (from, to) = (from.after(later), to.after(later));
        if rates.iter().all(|rate| *rate <= 0.0) || to <= from {
            return;
        }
        match self.parts.back_mut() {
            Some(last) if last.to == from && last.rates == rates => last.to = to,
            _ => self.parts.push_back(Part { from, to, rates }),
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
        match self.parts.iter_mut().find(|part| part.from == from && part.to == to) {
            Some(part) => {
                part.rates.resize(part.rates.len().max(rates.len()), 0.0);
                part.rates.iter_mut().zip(rates).for_each(|(sum, rate)| *sum += rate);
            }
            None => self.parts.push_front(Part { from, to, rates }),
        }
    }

    /// Attempts that are still to be made after a time.
    #[cfg(test)]
    fn pending(&self, now: Time) -> f64 {
        let left = |part: &Part| part.to.since(now.max(part.from)).seconds() * part.rates.iter().sum::<f64>();
        self.parts.iter().map(left).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_comes_again() {
        let second = |s: i64| Time(s * crate::units::NANOS_PER_SECOND);
        let mut delayed = DelayedRetries::default();
        let later = Duration::from_seconds(5.0);
        delayed.add(second(0), second(2), later, vec![10.0]);
        delayed.add(second(2), second(3), later, vec![10.0]);
        delayed.add(second(3), second(4), later, vec![0.0, 4.0]);
        assert_eq!(delayed.parts.len(), 2);
        assert_eq!(delayed.at(second(1)), (vec![], second(5)));
        assert_eq!(delayed.at(second(6)), (vec![10.0], second(8)));
        assert_eq!(delayed.at(second(8)), (vec![0.0, 4.0], second(9)));
        assert_eq!(delayed.pending(second(7)), 14.0);
        delayed.forget(second(8));
        assert_eq!(delayed.pending(second(0)), 4.0);
    }
}
