//! The outcome of a run: plain data, with the shape that `--json` prints. Units are last in a name; civil times are in the
//! zone of the file.

use crate::observe::ServiceLevel;
use crate::world::{Assumption, PhaseKind};
use serde::Serialize;
use std::collections::BTreeMap;

/// Everything that a run has to say.
#[derive(Debug, Clone, Serialize)]
pub struct Outcome {
    /// The version of this shape: 1. A field is never renamed or removed within a version.
    pub format: u32,
    /// The scenario's title.
    pub title: String,
    /// Where this comes from, and how to get it again.
    pub provenance: Provenance,
    /// The run's clock.
    pub clock: ClockOutcome,
    /// What each population lived through.
    pub people: BTreeMap<String, PeopleOutcome>,
    /// Every failover, in order of time.
    pub failovers: Vec<FailoverOutcome>,
    /// Every group.
    pub groups: BTreeMap<String, GroupOutcome>,
    /// Every site, component and group as something that works or does not.
    pub components: BTreeMap<String, ComponentOutcome>,
    /// Every service at every site.
    pub services: BTreeMap<String, ServiceOutcome>,
    /// Every background queue.
    pub queues: BTreeMap<String, QueueOutcome>,
    /// Every store.
    pub stores: BTreeMap<String, StoreOutcome>,
    /// Every maintenance, in order of time.
    pub maintenance: Vec<MaintenanceOutcome>,
    /// When the users heard.
    pub communication: CommunicationOutcome,
    /// Every link.
    pub links: BTreeMap<String, LinkOutcome>,
    /// Every bulk transfer.
    pub transfers: BTreeMap<String, TransferOutcome>,
    /// The run in equal bins: users, load, latency, bottleneck.
    pub hours: HoursOutcome,
    /// How many people were there at once, day by day.
    pub concurrency: ConcurrencyOutcome,
    /// Seconds in which some population was degraded or down.
    pub felt_s: f64,
    /// Every procedure of the runbook, in order of name.
    #[serde(rename = "measures")]
    pub procedures: BTreeMap<String, ProcedureOutcome>,
    /// Overload that outlived what set it off, in order of time.
    pub metastable: Vec<MetastableOutcome>,
    /// How traffic was worked out.
    pub traffic: TrafficOutcome,
    /// Where the run was ended before its horizon, how far it had come.
    pub partial: Option<PartialOutcome>,
    /// What the numbers leave out or only approach: read them with that in mind.
    pub warnings: Vec<String>,
}

impl Outcome {
    /// Of nothing that has been measured.
    pub(super) fn nothing(provenance: Provenance, clock: ClockOutcome) -> Outcome {
        Outcome {
            format: 1,
            title: String::new(),
            provenance,
            clock,
            people: BTreeMap::new(),
            failovers: Vec::new(),
            groups: BTreeMap::new(),
            components: BTreeMap::new(),
            services: BTreeMap::new(),
            queues: BTreeMap::new(),
            stores: BTreeMap::new(),
            maintenance: Vec::new(),
            communication: CommunicationOutcome::default(),
            links: BTreeMap::new(),
            transfers: BTreeMap::new(),
            hours: HoursOutcome::default(),
            concurrency: ConcurrencyOutcome::default(),
            felt_s: 0.0,
            procedures: BTreeMap::new(),
            metastable: Vec::new(),
            traffic: TrafficOutcome::default(),
            partial: None,
            warnings: Vec::new(),
        }
    }
}

/// Overload that outlives what set it off: what users send would fit, what arrives with all retries does not.
#[derive(Debug, Clone, PartialEq, Serialize)]
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
}

/// How traffic was worked out.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct TrafficOutcome {
    /// `"flow"`, or `"request"` where requests were followed one by one.
    pub engine: String,
    /// Where they were, from here.
    pub from_s: Option<f64>,
    /// To here.
    pub to_s: Option<f64>,
    /// Civil time of the start.
    pub from: Option<String>,
    /// Civil time of the end.
    pub to: Option<String>,
    /// Events of single requests: arrivals, departures, timeouts.
    pub events: u64,
}

/// A run that was ended before its horizon.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PartialOutcome {
    /// Seconds of the run that were run.
    pub reached_s: f64,
    /// Civil time of that.
    pub reached: String,
}

/// The run in bins of one length. All lists have one entry per bin.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct HoursOutcome {
    /// Length of a bin in seconds.
    pub length_s: f64,
    /// Start of each bin, in seconds of the run.
    pub starts_s: Vec<f64>,
    /// Civil time of that.
    pub at: Vec<String>,
    /// The most users that were active at once.
    pub active_users_max: Vec<f64>,
    /// Requests that users meant to send, per second.
    pub requests_per_s: Vec<f64>,
    /// Share of them that failed, were turned away or were never sent.
    pub lost_share: Vec<f64>,
    /// 95th percentile of the latency of the slowest feature in use, at its worst; `None`: nothing was served.
    pub p95_s: Vec<Option<f64>>,
    /// What was the nearest to its capacity, or the furthest above; `None`: nothing reached 80%.
    pub bottleneck: Vec<Option<BottleneckOutcome>>,
    /// What was asked of every service at every site and of every link with a limit, and what it could carry.
    pub loads: BTreeMap<String, LoadOutcome>,
    /// The worst that each population felt.
    pub moods: BTreeMap<String, Vec<ServiceLevel>>,
}

/// What kind of thing is narrow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NarrowKind {
    /// A service at a site: requests per second.
    Servers,
    /// A link: bits per second.
    Network,
}

/// The narrowest thing of a bin.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BottleneckOutcome {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: NarrowKind,
    /// What was asked of it over what it could carry, at its worst: above 1 it was overloaded.
    pub utilisation: f64,
}

/// What was asked of something over time, and what it could carry.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LoadOutcome {
    /// Servers: requests per second. Network: bits per second.
    pub kind: NarrowKind,
    /// Asked.
    pub offered_per_s: Vec<f64>,
    /// What it could carry; `None`: nothing was asked.
    pub capacity_per_s: Vec<Option<f64>>,
}

/// How many users were active at once.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ConcurrencyOutcome {
    /// The day that the others are compared with: the first weekday of the run.
    pub regular_day: String,
    /// The most users at once on that day.
    pub regular_peak: f64,
    /// The most users at once in the whole run.
    pub peak: f64,
    /// Civil time of that.
    pub peak_at: String,
    /// Day by day, in the file's zone.
    pub days: Vec<DayOutcome>,
}

/// A civil day of the run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DayOutcome {
    /// The date, `2020-03-16`.
    pub date: String,
    /// `Mon 16 Mar`.
    pub label: String,
    /// The most users at once.
    pub peak: f64,
    /// The same against the regular day.
    pub peak_ratio: f64,
    /// Requests that users meant to send.
    pub requests: f64,
    /// The same against the regular day.
    pub requests_ratio: f64,
    /// For each feature: requests against the regular day.
    pub features_ratio: BTreeMap<String, f64>,
    /// Seconds of the day in which some population was degraded or down.
    pub degraded_s: f64,
    /// Highest 95th percentile of the latency of any feature.
    pub p95_s: Option<f64>,
}

/// What became of a procedure.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ProcedureOutcome {
    /// What it does, in words.
    pub does: String,
    /// When what it helps was first overloaded, in seconds of the run; `None`: it was never needed.
    pub needed_at_s: Option<f64>,
    /// When it was ordered.
    pub ordered_at_s: Option<f64>,
    /// Civil time of that.
    pub ordered_at: Option<String>,
    /// When the first of its phases was in effect.
    pub began_at_s: Option<f64>,
    /// When all of it was in effect.
    pub done_at_s: Option<f64>,
    /// Civil time of that.
    pub done_at: Option<String>,
    /// From need to effect; below zero it came before the need.
    pub need_to_effect_s: Option<f64>,
    /// Phases that went wrong.
    pub phases_failed: u32,
    /// How it ended: `done`, `rolled back`, `taken back`, `under way`, `not begun`.
    pub ended: String,
}

/// Where an outcome comes from.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Provenance {
    /// Hash of the scenario's content.
    pub scenario_hash: String,
    /// Version of firedrill.
    pub firedrill_version: String,
    /// The seed.
    pub seed: u64,
    /// The replication.
    pub replication: u64,
    /// The strategy.
    pub strategy: Option<String>,
    /// The maintenance plan.
    pub maintenance: Option<String>,
    /// The variant.
    pub variant: Option<String>,
    /// Version of the time-zone database.
    pub tz_database: String,
    /// Digest over everything observed.
    pub digest: String,
    /// How many observations that is over.
    pub observations: u64,
    /// Values that no source states.
    pub assumptions: Vec<Assumption>,
}

/// The run's clock.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ClockOutcome {
    /// The instant of the start, with offset and zone: `2016-10-10T00:00:00-04:00[America/New_York]`.
    pub starts: String,
    /// Civil time of the start.
    pub from: String,
    /// Civil time of the end.
    pub to: String,
    /// The zone of all civil times.
    pub zone: String,
    /// Seconds from start to end.
    pub horizon_s: f64,
    /// Seconds from the start that are not measured.
    pub warm_up_s: f64,
}

/// A stretch of time in which people felt the same.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OutcomeInterval {
    /// How they felt.
    pub mood: ServiceLevel,
    /// Start, in seconds of the run.
    pub from_s: f64,
    /// End, in seconds of the run.
    pub to_s: f64,
    /// Civil time of the start.
    pub from: String,
    /// Civil time of the end.
    pub to: String,
    /// What it was due to.
    pub why: String,
    /// What led to that, nearest first.
    pub because: Vec<String>,
}

/// Latency percentiles in seconds, over requests that were served.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct LatencyOutcome {
    /// How many requests.
    pub requests: f64,
    /// Mean.
    pub mean_s: Option<f64>,
    /// Median.
    pub p50_s: Option<f64>,
    /// 95th percentile.
    pub p95_s: Option<f64>,
    /// 99th percentile.
    pub p99_s: Option<f64>,
}

/// Requests before anything was felt, while it was, and afterwards.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Phases {
    /// Before anything was felt.
    pub before: RequestsOutcome,
    /// From the first bad mood of the population to the end of the last.
    pub during: RequestsOutcome,
    /// Since then.
    pub after: RequestsOutcome,
}

/// Latency before anything was felt, while it was, and afterwards.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Latencies {
    /// All of it.
    pub all: LatencyOutcome,
    /// Until the population first felt anything.
    pub before: LatencyOutcome,
    /// While it felt anything.
    pub during: LatencyOutcome,
    /// When it no longer did.
    pub after: LatencyOutcome,
}

/// Requests and what became of them: `intended = served + failed + shed + waiting + never_sent`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct RequestsOutcome {
    /// What users meant to send.
    pub intended: f64,
    /// Answered in time.
    pub served: f64,
    /// Of those, slow or with something missing.
    pub degraded: f64,
    /// Failed or too late.
    pub failed: f64,
    /// Turned away by a full queue, by priority or at the door, or given up while waiting.
    pub shed: f64,
    /// Still waiting at the end.
    pub waiting: f64,
    /// Never sent.
    pub never_sent: f64,
}

/// The worst window of a length.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WorstWindowOutcome {
    /// Its length in seconds.
    pub window_s: f64,
    /// The smallest user-uptime of any window of this length.
    pub user_uptime_min: f64,
    /// Where it begins, in seconds of the run.
    pub from_s: f64,
}

/// What a population lived through.
#[derive(Debug, Clone, Serialize)]
pub struct PeopleOutcome {
    /// How many they are.
    pub users: f64,
    /// Seconds down.
    pub downtime_s: f64,
    /// Seconds degraded, not down.
    pub degraded_s: f64,
    /// Seconds stale, otherwise fine.
    pub stale_s: f64,
    /// Share of time not down.
    pub time_availability: f64,
    /// Share of intended requests that were served.
    pub request_availability: f64,
    /// Share of active users' time in which they were served.
    pub user_uptime: f64,
    /// Worst windows (Hauer et al., Meaningful Availability, NSDI 2020).
    pub windowed_user_uptime: Vec<WorstWindowOutcome>,
    /// Minutes of active users in which their requests failed or were never sent.
    pub user_minutes_lost: f64,
    /// Of those, with requests never sent.
    pub user_minutes_never_sent: f64,
    /// Minutes of active users in which they were served worse.
    pub user_minutes_degraded: f64,
    /// Minutes of active users in all.
    pub user_minutes: f64,
    /// What became of their requests.
    pub requests: RequestsOutcome,
    /// Latency over all features.
    pub latency: Latencies,
    /// When they felt what, and why.
    pub intervals: Vec<OutcomeInterval>,
    /// The same by feature.
    pub features: BTreeMap<String, FeatureOutcome>,
    /// How they were led to other sites.
    pub steering: Vec<SteeringOutcome>,
}

/// What a population lived through with one feature.
#[derive(Debug, Clone, Serialize)]
pub struct FeatureOutcome {
    /// Seconds down.
    pub downtime_s: f64,
    /// Seconds degraded.
    pub degraded_s: f64,
    /// Seconds stale.
    pub stale_s: f64,
    /// Share of time not down.
    pub time_availability: f64,
    /// Share of intended requests that were served.
    pub request_availability: f64,
    /// What became of the requests.
    pub requests: RequestsOutcome,
    /// The same before, during and after whatever its population felt.
    pub phases: Phases,
    /// Latency.
    pub latency: Latencies,
    /// When it felt how, and why.
    pub intervals: Vec<OutcomeInterval>,
}

/// A move of users to another site.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SteeringOutcome {
    /// Where to.
    pub to: String,
    /// When it began, in seconds of the run.
    pub from_s: f64,
    /// Civil time of that.
    pub from: String,
    /// Mean time until a request is led to the new site.
    pub mean_s: f64,
    /// Until 95% are.
    pub p95_s: f64,
    /// Until 99% are.
    pub p99_s: f64,
    /// Share still led to the old site after so many seconds.
    pub left: Vec<(f64, f64)>,
}

/// One phase of a failover.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PhaseOutcome {
    /// Which.
    pub phase: PhaseKind,
    /// How long it took, in seconds.
    pub took_s: f64,
    /// Whether it went well.
    pub ok: bool,
}

/// One failover, from the failure on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FailoverOutcome {
    /// The group.
    pub group: String,
    /// The member that was active.
    pub from: String,
    /// The member that became active, if any did.
    pub to: Option<String>,
    /// When the active member failed, in seconds of the run.
    pub failed_at_s: f64,
    /// Civil time of that.
    pub failed_at: String,
    /// The phases that were gone through.
    pub phases: Vec<PhaseOutcome>,
    /// How it ended: `switched`, `by hand`, `failed`, `called off`, `under way`.
    pub ended: String,
    /// What failed, if something did.
    pub failure: Option<String>,
    /// Whether it was a false alarm.
    pub false_alarm: bool,
    /// Whether it was ordered rather than a reaction.
    pub planned: bool,
    /// Seconds from the failure until the group worked again.
    pub time_to_restore_s: Option<f64>,
}

/// A group over the whole run.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct GroupOutcome {
    /// Times that the mechanism was called upon.
    pub demands: u64,
    /// Times that it failed then.
    pub failed_on_demand: u64,
    /// False alarms.
    pub false_alarms: u64,
    /// Detections, and their mean delay in seconds.
    pub detections: u64,
    /// Mean time to detect.
    pub detect_mean_s: Option<f64>,
    /// Mean time to restore over all failures.
    pub restore_mean_s: Option<f64>,
    /// Two members took writes at once so many times.
    pub split_brains: u64,
}

/// A site, component or group over the whole run.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
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

/// A time in which the load of a station was above its capacity, until its queue was gone.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
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
pub struct ServiceOutcome {
    /// Requests that arrived.
    pub arrived: f64,
    /// Requests served.
    pub served: f64,
    /// Requests turned away, given up or lost.
    pub lost: f64,
    /// Of those, given up while waiting.
    pub given_up: f64,
    /// Requests waiting at the end beyond a queue at rest.
    pub backlog: f64,
    /// Share of arrivals turned away, given up or lost.
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

/// A time in which a queue's workers stood still, until all was fresh again.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
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
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LossOutcome {
    /// When, in seconds of the run.
    pub at_s: f64,
    /// Civil time of that.
    pub at: String,
    /// The data-loss window in seconds of writes.
    pub window_s: f64,
    /// Writes lost.
    pub writes: f64,
}

/// A replica over the whole run.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
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
pub struct StoreOutcome {
    /// Writes.
    pub writes: f64,
    /// Data lost by promotion.
    pub losses: Vec<LossOutcome>,
    /// The largest data-loss window in seconds.
    pub data_loss_window_max_s: f64,
    /// Writes lost in all.
    pub writes_lost: f64,
    /// Replicas by site.
    pub replicas: BTreeMap<String, ReplicaOutcome>,
}

/// Users met by a maintenance.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct MetOutcome {
    /// Minutes of active users while it lasted.
    pub user_minutes: f64,
    /// Of those, after the announced end.
    pub user_minutes_unannounced: f64,
    /// Minutes of active users by their local hour, 0 to 23.
    pub by_local_hour: BTreeMap<u8, f64>,
    /// The same after the announced end.
    pub unannounced_by_local_hour: BTreeMap<u8, f64>,
}

/// One maintenance.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MaintenanceOutcome {
    /// The plan.
    pub plan: String,
    /// Seconds of notice that the users had; `None`: they were not told.
    pub notice_s: Option<f64>,
    /// Start, in seconds of the run.
    pub from_s: f64,
    /// Civil time of the start.
    pub from: String,
    /// Civil time of the end.
    pub to: String,
    /// How long it was announced to take.
    pub announced_s: f64,
    /// How long it took.
    pub actual_s: f64,
    /// How much longer than announced.
    pub overrun_s: f64,
    /// How it ended: `done`, `rolled back`, `not begun`, `under way`.
    pub ended: String,
    /// Users that it met.
    pub met: BTreeMap<String, MetOutcome>,
}

/// When the users heard.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct CommunicationOutcome {
    /// When the first population felt something, in seconds of the run.
    pub first_felt_s: Option<f64>,
    /// When the first word reached the users after that.
    pub first_told_s: Option<f64>,
    /// The time between.
    pub time_to_first_communication_s: Option<f64>,
}

/// A link over the whole run.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
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
pub struct TransferOutcome {
    /// Mean rate in bits per second.
    pub mean_bps: f64,
    /// Smallest rate.
    pub min_bps: f64,
}
