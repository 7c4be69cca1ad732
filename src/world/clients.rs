//! How the client of a feature behaves: timeouts, retries, and when it holds back.

use crate::units::Duration;

/// How the client of a feature behaves, request by request. [`Feature::retries`](super::Feature::retries) has the same as means.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Client {
    /// Attempts in all, the first included: at least 1.
    pub attempts: u32,
    /// Whether an attempt that got no answer in time is tried again too.
    pub retries_timeouts: bool,
    /// The wait before a retry: see [`Backoff::wait`].
    pub backoff: Backoff,
    /// Retries at most, as a share of first attempts; infinite without a budget.
    pub budget: f64,
    /// The tokens that retries need; one bucket for each population.
    pub tokens: Option<Tokens>,
    /// Giving up ends the work wherever it is.
    pub cancels: bool,
    /// More attempts while the first is under way.
    pub hedge: Option<Hedge>,
    /// A circuit breaker; one for each population.
    pub breaker: Option<Breaker>,
    /// Turning its own requests away; one window for each population.
    pub throttle: Option<Throttle>,
}

/// The wait from a failure to the next attempt.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Backoff {
    /// None.
    None,
    /// Always this long.
    After(Duration),
    /// Around a wait that grows from retry to retry.
    Growing {
        /// The wait before the first retry, above zero.
        base: Duration,
        /// How many times longer the next one is, at least 1.
        factor: f64,
        /// The longest of them, at least `base`.
        at_most: Duration,
        /// The least and the most of that wait that is drawn, evenly: 0 and 1 for full jitter.
        jitter: (f64, f64),
    },
}

impl Backoff {
    /// The wait before the n-th retry, counted from 1, for a uniform variate.
    pub fn wait(&self, retry: u32, uniform: f64) -> Duration {
        match *self {
            Backoff::None => Duration::ZERO,
            Backoff::After(wait) => wait,
            Backoff::Growing { base, factor, at_most, jitter: (least, most) } => {
                let mut around_s = base.seconds();
                for _ in 1..retry {
                    if around_s >= at_most.seconds() || factor <= 1.0 {
                        break;
                    }
                    around_s *= factor;
                }
                Duration::from_seconds(around_s.min(at_most.seconds()) * (least + (most - least) * uniform))
            }
        }
    }
}

/// A bucket of tokens, full at the start: a retry needs more than `stops_at` and at least `retry_costs`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tokens {
    /// What it holds, above zero.
    pub most: f64,
    /// What a retry takes out when it is sent.
    pub retry_costs: f64,
    /// What an attempt that fails takes out; never below zero.
    pub failure_costs: f64,
    /// What an attempt that succeeds puts in; never above `most`.
    pub success_earns: f64,
    /// No retries at this many or fewer.
    pub stops_at: f64,
    /// A retry that succeeds puts in `retry_costs` instead of `success_earns`.
    pub gives_back: bool,
}

/// More attempts while the first is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hedge {
    /// Time without an answer before each of them.
    pub after: Duration,
    /// How many, on top of the first: at least 1.
    pub at_most: u32,
}

/// A circuit breaker.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Breaker {
    /// It opens when this share of the requests in the window failed, above 0.
    pub fails: f64,
    /// And there were at least so many, at least 1.
    pub of_at_least: u64,
    /// The rolling window, above zero.
    pub over: Duration,
    /// Time until one request is let through.
    pub opens_for: Duration,
}

/// Adaptive throttling: of r requests of which a were accepted, it turns max(0, (r - k a)/(r + 1)) away.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Throttle {
    /// Requests for each that is accepted, at least 1.
    pub k: f64,
    /// The rolling window, above zero.
    pub over: Duration,
}

/// How failures are retried, as means.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Retries {
    /// Attempts in all, at least 2.
    pub attempts: u32,
    /// Mean time from a failure to the next attempt, in seconds.
    pub after_s: f64,
    /// Retries at most, as a share of first attempts; infinite without a budget.
    pub budget: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(milliseconds: i64) -> Duration {
        Duration(milliseconds * 1_000_000)
    }

    #[test]
    fn waits_grow_up_to_a_bound() {
        let waits = |backoff: Backoff, uniform: f64, retries: &[u32]| -> Vec<i64> {
            retries.iter().map(|n| backoff.wait(*n, uniform).0 / 1_000_000).collect()
        };
        let full = Backoff::Growing { base: ms(50), factor: 2.0, at_most: ms(20_000), jitter: (0.0, 1.0) };
        assert_eq!(waits(full, 1.0, &[1, 2, 3, 9, 10, u32::MAX]), [50, 100, 200, 12_800, 20_000, 20_000]);
        assert_eq!(waits(full, 0.5, &[1, 2, u32::MAX]), [25, 50, 10_000]);
        let even = Backoff::Growing { base: ms(50), factor: 1.0, at_most: ms(20_000), jitter: (0.8, 1.2) };
        assert_eq!(waits(even, 0.0, &[1, u32::MAX]), [40, 40]);
        assert_eq!(waits(Backoff::After(ms(7)), 0.1, &[1, 5]), [7, 7]);
    }
}
