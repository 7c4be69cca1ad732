//! Retries.

use crate::num;

/// Attempts for each request when each fails with probability `fails`: `(1 - q^n) / (1 - q)`, within the budget.
pub fn attempts_of(fails: f64, attempts_max: u32, budget: f64) -> f64 {
    let q = fails.clamp(0.0, 1.0);
    let n = f64::from(attempts_max);
    let attempts = if q > 1.0 - 1e-9 { n } else { (1.0 - num::pow(q, n)) / (1.0 - q) };
    attempts.min(1.0 + budget)
}
