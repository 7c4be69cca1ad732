//! Load balancers in front of the servers of a site, and their health checks.

use crate::units::Duration;

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
