//! What the systems did: components, services, queues, stores, links.

use crate::observe::Fate;
use serde::Serialize;
use std::collections::BTreeMap;

/// A site, component or group over the whole run.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ComponentOutcome {
    /// Share of time that it worked, whether or not anybody noticed.
    pub availability: f64,
    /// Seconds that it did not.
    pub downtime_s: f64,
    /// Times that it stopped working.
    pub outages: u64,
    /// Mean length of an outage.
    pub mean_outage_s: Option<f64>,
    /// Failures of members.
    pub failures: u64,
    /// Repairs of members.
    pub repairs: u64,
}

/// A vendor's contract over the whole run.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ContractOutcome {
    /// Within how many seconds of the call the vendor promises to be there.
    pub promised_s: f64,
    /// Times that the vendor was called.
    pub calls: u64,
    /// Times that it came in time.
    pub met: u64,
    /// Times that it came late, or had not come at the end though its time was over.
    pub missed: u64,
    /// Times that it was still on its way at the end, in time.
    pub under_way: u64,
    /// By how many seconds it was late, all in all.
    pub late_s: f64,
    /// And at worst.
    pub late_max_s: f64,
}

/// A time in which the load of a station was above its capacity, until its queue was gone.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct OverloadOutcome {
    /// Start, in seconds of the run.
    pub from_s: f64,
    /// When the load fell back to the capacity.
    pub load_over_until_s: f64,
    /// When the queue was gone; `None`: not within the run.
    pub drained_at_s: Option<f64>,
    /// Largest backlog in requests.
    pub backlog_max: f64,
    /// When it was that large.
    pub backlog_max_at_s: f64,
    /// Longest wait in seconds.
    pub wait_max_s: f64,
    /// Requests that had to wait.
    pub requests_delayed: f64,
    /// Sum of their waits in seconds.
    pub delay_total_s: f64,
    /// Requests turned away.
    pub shed: f64,
}

/// A service at a site over the whole run.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ServiceOutcome {
    /// Requests that were there when measuring began: `carried_over + arrived = served + lost + still_there`.
    pub carried_over: f64,
    /// Requests that arrived.
    pub arrived: f64,
    /// Requests served.
    pub served: f64,
    /// Requests turned away, given up, called off or lost.
    pub lost: f64,
    /// Of those, given up while waiting.
    pub given_up: f64,
    /// Requests that are there at the end, waiting or in service. Of a queue at rest the flow counts everybody as served.
    pub still_there: f64,
    /// Requests waiting at the end beyond a queue at rest.
    pub backlog: f64,
    /// Share of those who were there and who came that were turned away, given up or lost.
    pub block_probability: f64,
    /// Requests served per second.
    pub throughput_per_s: f64,
    /// Busy share of the workers.
    pub utilisation: f64,
    /// Share of the admitted that waited.
    pub wait_probability: f64,
    /// Mean wait of the admitted.
    pub wait_mean_s: f64,
    /// Wait percentiles of the admitted.
    pub wait_p50_s: f64,
    /// 95%.
    pub wait_p95_s: f64,
    /// 99%.
    pub wait_p99_s: f64,
    /// Mean time at the station: wait and service.
    pub sojourn_mean_s: f64,
    /// Percentiles of it; only for exponential service, where they are exact.
    pub sojourn_p50_s: Option<f64>,
    /// 95%.
    pub sojourn_p95_s: Option<f64>,
    /// 99%.
    pub sojourn_p99_s: Option<f64>,
    /// 99.9%.
    pub sojourn_p999_s: Option<f64>,
    /// Mean number waiting.
    pub queue_len_mean: f64,
    /// Mean number waiting or in service.
    pub in_system_mean: f64,
    /// Seconds in which it served.
    pub serving_s: f64,
    /// Servers that its balancer ejected, counted each time.
    pub ejections: u64,
    /// The fewest healthy servers that an ejection left in rotation; null: none was ejected.
    pub in_rotation_min: Option<u32>,
    /// Seconds of panic mode: too few servers were healthy, and all got requests.
    pub panic_s: f64,
    /// Overloads.
    pub overloads: Vec<OverloadOutcome>,
}

/// Overload that outlives what set it off: what users send would fit, what arrives with all retries does not.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct MetastableOutcome {
    /// The service, over all its sites.
    pub service: String,
    /// Since when nothing but retries has kept it up, in seconds of the run.
    pub from_s: f64,
    /// Civil time of that.
    pub from: String,
    /// Until when; missing where it never ended.
    pub to_s: Option<f64>,
    /// Civil time of that.
    pub to: Option<String>,
    /// Requests per second that users sent for the first time.
    pub first_per_s: f64,
    /// Attempts per second that arrived.
    pub arrived_per_s: f64,
    /// Requests per second that it could do.
    pub capacity_per_s: f64,
    /// Below so many first attempts per second it comes to an end by itself.
    pub ends_below_per_s: f64,
    /// The same as a share of what was sent.
    pub ends_below: f64,
    /// With a retry budget below this share it would not have lasted.
    pub budget_below: f64,
    /// Who tries again on the way there: users and services.
    pub layers: Vec<String>,
}

/// A time in which a queue's workers stood still, until all was fresh again.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct BacklogOutcome {
    /// When its workers stopped or it became stale, in seconds of the run.
    pub from_s: f64,
    /// When they worked again.
    pub restored_at_s: Option<f64>,
    /// When everything was fresh again.
    pub recovered_at_s: Option<f64>,
    /// Seconds until they worked again.
    pub time_to_restored_s: Option<f64>,
    /// Seconds until everything was fresh again.
    pub time_to_recovered_s: Option<f64>,
    /// Largest backlog.
    pub backlog_max: f64,
    /// Age of the oldest item at its worst, in seconds.
    pub age_max_s: f64,
}

/// A background queue over the whole run.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct QueueOutcome {
    /// Items that arrived.
    pub arrived: f64,
    /// Items done.
    pub done: f64,
    /// Items waiting at the end.
    pub backlog: f64,
    /// Largest backlog.
    pub backlog_max: f64,
    /// When it was that large, in seconds of the run.
    pub backlog_max_at_s: f64,
    /// Age of the oldest item at its worst, in seconds.
    pub age_max_s: f64,
    /// Seconds stale.
    pub stale_s: f64,
    /// Every time that it fell behind.
    pub backlogs: Vec<BacklogOutcome>,
}

/// Data lost in a failover.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LossOutcome {
    /// When, in seconds of the run.
    pub at_s: f64,
    /// Civil time of that.
    pub at: String,
    /// The data-loss window in seconds of writes.
    pub window_s: f64,
    /// Writes lost.
    pub writes: f64,
    /// What became of them: `lost`; `kept_aside` on the old primary, in conflict with what is written since; or `everything` is
    /// lost, from the beginning; `not_back` at the end of the run. `at_risk` where a replica only lacked them.
    pub fate: Fate,
    /// How many of them each feature wrote, in proportion to what it writes; the rest was written anyway.
    pub features: BTreeMap<String, f64>,
}

/// Data that was gone, and how it was got back.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct RestoreOutcome {
    /// When it was gone, in seconds of the run.
    pub gone_at_s: f64,
    /// Civil time of that.
    pub gone_at: String,
    /// When somebody began to restore it.
    pub ordered_at_s: Option<f64>,
    /// The backups that were read last.
    pub backup: Option<String>,
    /// How much older than what was gone that was, in seconds.
    pub age_s: Option<f64>,
    /// Backups that could not be read.
    pub unreadable: u64,
    /// When each of its parts was there again, in order.
    pub parts_back_at_s: Vec<f64>,
    /// When all of it was; `None`: not until the end.
    pub back_at_s: Option<f64>,
}

/// A replica over the whole run.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ReplicaOutcome {
    /// Largest number of writes that it lacked because it could not follow.
    pub backlog_max: f64,
    /// Longest lag on the primary's clock, in seconds.
    pub lag_max_s: f64,
    /// When the longest lag was, in seconds of the run.
    pub lag_max_at_s: f64,
    /// When it had last caught up after falling behind, in seconds of the run.
    pub caught_up_at_s: Option<f64>,
    /// Whenever the primary failed: what the replica lacked.
    pub at_risk: Vec<LossOutcome>,
    /// At the mean write rate and at rest: writes lacking at a random moment.
    pub lost_mean: Option<f64>,
    /// Probability that none is.
    pub lost_none_probability: Option<f64>,
    /// 99th percentile.
    pub lost_p99: Option<f64>,
    /// Mean lag.
    pub lag_mean_s: Option<f64>,
    /// 99th percentile of the lag.
    pub lag_p99_s: Option<f64>,
}

/// A store over the whole run.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct StoreOutcome {
    /// Writes.
    pub writes: f64,
    /// Data lost by promotion.
    pub losses: Vec<LossOutcome>,
    /// The largest data-loss window in seconds.
    pub data_loss_window_max_s: f64,
    /// Writes lost in all.
    pub writes_lost: f64,
    /// Writes in all that were kept aside on an old primary, and conflict.
    pub writes_kept_aside: f64,
    /// Seconds in which commits waited for a replica.
    pub waited_s: f64,
    /// Seconds in which not all of its data was there.
    pub gone_s: f64,
    /// Every time that its data was gone, and how it was got back.
    pub restores: Vec<RestoreOutcome>,
    /// Replicas by site.
    pub replicas: BTreeMap<String, ReplicaOutcome>,
}

/// A link over the whole run.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LinkOutcome {
    /// Mean load in bits per second.
    pub mean_bps: f64,
    /// Largest load in bits per second.
    pub max_bps: f64,
    /// Largest share of its capacity; `None`: it has no limit.
    pub utilisation_max: Option<f64>,
    /// Seconds full.
    pub full_s: f64,
}

/// A bulk transfer over the whole run.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TransferOutcome {
    /// Mean rate in bits per second.
    pub mean_bps: f64,
    /// Smallest rate.
    pub min_bps: f64,
}
