//! Load balancers in front of the servers of a site, and their health checks.

use crate::units::{Duration, Time};

pub use crate::scenario::Picks;

/// A load balancer in front of the servers of each site; each server has a queue of its own.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Balancer {
    /// Which of the servers in rotation gets the next request.
    pub picks: Picks,
    /// Health checks, if there are any.
    pub checks: Option<HealthChecks>,
}

impl Balancer {
    /// It does not look at how busy servers are.
    pub fn picks_blindly(&self) -> bool {
        matches!(self.picks, Picks::RoundRobin | Picks::Random)
    }
}

impl HealthChecks {
    /// The first check at or after a time, of a server whose checks come at this share of the way from one to the next.
    pub fn next(&self, now: Time, phase: f64) -> Time {
        let every = self.every.0.max(1);
        let first = (every as f64 * phase) as i64;
        let passed = (now.0 - first).max(0);
        Time(first.saturating_add(every.saturating_mul(passed / every + i64::from(passed % every > 0))))
    }
}

/// Health checks by the balancer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HealthChecks {
    /// Time from one check of a server to the next, above zero.
    pub every: Duration,
    /// A check that is not answered within this has failed; above zero and at most `every`.
    pub timeout: Duration,
    /// Failed checks in a row after which a server is ejected, at least 1.
    pub fails: u32,
    /// Passed checks in a row after which it returns, at least 1.
    pub passes: u32,
    /// With a smaller share of the servers healthy, all of them get requests.
    pub panic_below: f64,
}
