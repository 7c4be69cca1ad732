//! Load balancers in front of the servers of a site, and their health checks.

use super::ids::{NodeId, QueueId, StationId};
use crate::units::{Duration, Time};

pub use crate::scenario::Picks;

/// A load balancer in front of the servers of each site; each server has a queue of its own.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Balancer {
    /// Which of the servers in rotation gets the next request.
    pub picks: Picks,
    /// Health checks, if there are any.
    pub checks: Option<HealthChecks>,
    /// Ejection of servers whose requests fail, if there is any.
    pub outliers: Option<Outliers>,
}

/// Ejection of servers whose requests fail.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outliers {
    /// Failed requests in a row, at least 1.
    pub errors: u32,
    /// For how long.
    pub damping: Damping,
    /// Which share of the servers at most, but always one.
    pub most: f64,
}

impl Outliers {
    /// How many of so many servers can be out for that.
    pub fn most_of(&self, servers: usize) -> usize {
        ((servers as f64 * self.most) as usize).max(1)
    }
}

/// Whoever is ejected stays out the longer, the more often that has happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Damping {
    /// How long the first time.
    pub stays_out: Duration,
    /// How long at most; and after how long in rotation it begins anew.
    pub longest: Duration,
}

/// How often somebody has been ejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ejections {
    times: u32,
    /// Until when it stays out at least, and since when it has been back.
    pub until: Time,
    back: Time,
}

impl Ejections {
    /// It is ejected now.
    pub fn eject(&mut self, now: Time, damping: Damping) {
        if now.since(self.back) >= damping.longest {
            self.times = 0;
        }
        self.times = self.times.saturating_add(1);
        let out = Duration(damping.stays_out.0.saturating_mul(i64::from(self.times)));
        self.until = now.after(out.min(damping.longest));
    }

    /// It is back now.
    pub fn comes_back(&mut self, now: Time) {
        self.back = now;
    }
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

/// What a deep health check looks at beside the one that is checked.
#[derive(Debug, Clone, PartialEq)]
pub enum Dependency {
    /// One of these stations serves, and can be reached.
    Serves(Vec<StationId>),
    /// This node works, and can be reached.
    Works(NodeId),
    /// This background queue is fresh.
    KeepsUp(QueueId),
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
    /// How long whoever is ejected stays out.
    pub damping: Damping,
}
