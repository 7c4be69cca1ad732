//! Features: what users ask for, and what that calls.

use super::backups::Needs;
use super::clients::{Client, Retries};
use super::ids::{QueueId, StoreId};
use super::services::Call;
use crate::units::Worth;

/// A feature.
#[derive(Debug, Clone)]
pub struct Feature {
    /// Its name.
    pub name: String,
    /// Its calls from each site: `calls[site]`; `None` where a service cannot be reached from there at all.
    pub calls: Vec<Vec<Call>>,
    /// All calls, and all their `times`, are made at the same time.
    pub at_once: bool,
    /// How long an attempt waits for its answer, in seconds; with what a preset says.
    pub timeout_s: Option<f64>,
    /// What the client does about a failure, as means.
    pub retries: Option<Retries>,
    /// How the client behaves, request by request.
    pub client: Client,
    /// Its class where a service sheds: 0 critical, 1 normal, 2 optional.
    pub class: usize,
    /// Degraded when p95 is above this, in seconds.
    pub slow_over_s: Option<f64>,
    /// Bits per request over links.
    pub bits: f64,
    /// Queues it waits for.
    pub fresh: Vec<QueueId>,
    /// Stores it reads locally, with the age that is still fresh, in seconds.
    pub reads: Vec<(StoreId, f64)>,
    /// Stores whose data it needs.
    pub needs: Vec<(StoreId, Needs)>,
    /// What it is worth while it is served.
    pub worth: Option<Worth>,
}
