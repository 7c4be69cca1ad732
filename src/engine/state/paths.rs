//! The ways of requests through the stations.

use crate::observe::Why;
use crate::queueing::Latency;
use crate::world::{SiteId, StationId};
use std::sync::Arc;

/// The way of one population's requests for one feature from one site.
#[derive(Debug, Clone)]
pub struct Path {
    pub people: usize,
    /// Index into the population's uses.
    pub feature: usize,
    pub site: SiteId,
    /// Stations that requests enter, with calls per request.
    pub entry: Vec<(StationId, f64)>,
    /// Every station visited, with visits per request; whether a refusal there fails the request.
    pub visits: Vec<(StationId, f64, bool)>,
    /// Time on the network and in waiting for the dead, in seconds.
    pub fixed_s: f64,
    /// Probability of not getting lost on links or in something gray.
    pub passes: f64,
    /// Why it cannot succeed.
    pub dead: Option<Why>,
    /// What is missing though it succeeds.
    pub missing: Option<Why>,
    /// What makes it lose requests.
    pub loss: Option<Why>,
    /// Share of the requests that go without something that is left out on purpose, and what that is.
    pub dimmed: f64,
    pub dimmed_for: Option<Why>,
    /// Links between sites: from, to, requests across.
    pub crossings: Vec<(SiteId, SiteId, f64)>,
    /// Latency at the stations without waiting.
    pub quiet: Arc<Latency>,
    /// 95th percentile without waiting, network included.
    pub quiet_p95_s: f64,
}

/// Whether a station can do its part.
#[derive(Debug, Clone, Copy, Default)]
pub struct Status {
    pub dead: Option<Why>,
    pub missing: Option<Why>,
}
