//! What becomes of the requests of a path.

use crate::observe::Why;
use crate::queueing::Latency;
use std::sync::Arc;

/// What becomes of the requests of a path.
#[derive(Debug, Clone)]
pub struct Disposition {
    pub dead: bool,
    /// Share that gets through the network.
    pub arrives: f64,
    /// Share of those that is admitted wherever that is needed.
    pub admitted: f64,
    /// Share of those that is answered before the user gives up.
    pub in_time: f64,
    pub why: Why,
    pub latency: Arc<Latency>,
    /// Waits in moving queues, on top of the latency.
    pub moving_s: f64,
    /// Part of it: what calls that are tried again take beyond the latency.
    pub calls_s: f64,
    /// Share of those for which nothing is missing.
    pub soft: f64,
    /// Answers for each request that comes, where a line grows: of many who come few are answered.
    pub answered: f64,
    /// Share of those who leave a line that does not give up there, wherever that is needed.
    pub patient: f64,
}

impl Disposition {
    pub fn success(&self) -> f64 {
        self.arrives * self.admitted * self.in_time
    }

    /// Share that comes too late, of all.
    pub fn late(&self) -> f64 {
        self.arrives * self.admitted * (1.0 - self.in_time)
    }

    /// The same, as it is felt now: also by those who have come before, and give up while they wait.
    pub fn felt_success(&self) -> f64 {
        self.success() * self.patient
    }
}

/// How something has felt, beyond what everybody can see.
#[derive(Debug, Clone, Copy, Default)]
pub struct Feeling {
    /// Share of the requests that failed.
    pub lost: f64,
    /// Share of the others that lacked something.
    pub degraded: f64,
    /// The 95th percentile of their latency, in seconds, where there were enough of them.
    pub p95_s: Option<f64>,
}
