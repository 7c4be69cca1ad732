//! Attempts: how often something is tried, and what of it succeeds.

use crate::num;

/// Attempts for each request when each fails with probability `fails`: `(1 - q^n) / (1 - q)`, within the budget.
pub fn attempts_of(fails: f64, attempts_max: u32, budget: f64) -> f64 {
    let q = fails.clamp(0.0, 1.0);
    let n = f64::from(attempts_max);
    let attempts = if q > 1.0 - 1e-9 { n } else { (1.0 - num::pow(q, n)) / (1.0 - q) };
    attempts.min(1.0 + budget)
}

/// The share of requests that pay a station so many visits and are never refused: a fraction is the probability of one more.
pub fn never_refused(block: f64, times: f64) -> f64 {
    let whole = times.floor();
    num::pow(1.0 - block, whole) * (1.0 - (times - whole) * block)
}

/// How often something is done by those who are served in the end, where that needs it to succeed each time: who does it once more
/// only sometimes, and fails, is none of them.
pub fn times_of_served(times: f64, succeeds: f64) -> f64 {
    let (whole, once_more) = (times.floor(), times - times.floor());
    let served = 1.0 - once_more * (1.0 - succeeds);
    if served > 0.0 { whole + once_more * succeeds / served } else { times }
}

/// Of so many visits one after the other those that are made, where the first that is refused is the last: a fraction is the probability of
/// one more.
pub fn made_until_refused(block: f64, times: f64) -> f64 {
    let whole = times.floor();
    let (mut made, mut still) = (0.0, 1.0);
    for _ in 0..whole.min(1e4) as u32 {
        made += still;
        still *= 1.0 - block;
    }
    made + (times - whole) * still
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_refusal_is_the_last_visit() {
        assert_eq!(made_until_refused(0.0, 3.0), 3.0);
        assert_eq!(made_until_refused(1.0, 3.0), 1.0);
        assert_eq!(made_until_refused(0.5, 2.5), 1.0 + 0.5 + 0.125);
    }
}
