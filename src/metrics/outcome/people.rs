//! What people lived through.

use crate::observe::ServiceLevel;
use serde::Serialize;
use std::collections::BTreeMap;

/// A stretch of time in which people felt the same.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
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
#[non_exhaustive]
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

/// Requests and what became of them: `carried_over + intended = served + failed + shed + waiting + never_sent`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct RequestsOutcome {
    /// Under way when measuring began; of a part of the run, each time that it began.
    pub carried_over: f64,
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
    /// Still under way at the end; of a part of the run, each time that it ended.
    pub waiting: f64,
    /// Of those, under way for so long that they count as failed.
    pub overdue: f64,
    /// Never sent.
    pub never_sent: f64,
    /// Of those that were meant to be sent, the ones that make up for what could not be done before.
    pub made_up: f64,
}

/// The worst window of a length.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
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
#[non_exhaustive]
pub struct PeopleOutcome {
    /// How many they are.
    pub users: f64,
    /// Seconds down.
    pub downtime_s: f64,
    /// The longest of them without a break.
    pub longest_outage_s: f64,
    /// What is felt when the run ends: how long that would have gone on is not known.
    #[serde(skip_serializing_if = "is_fine")]
    pub at_end: ServiceLevel,
    /// Seconds degraded, not down.
    pub degraded_s: f64,
    /// Seconds stale, otherwise fine.
    pub stale_s: f64,
    /// Share of time not down; NaN, in the JSON null, where nothing was sent in the whole run.
    pub time_availability: f64,
    /// Share of intended requests that were served; NaN, in the JSON null, where there were none.
    pub request_availability: f64,
    /// Share of active users' time in which they were served; NaN, in the JSON null, where nothing was sent.
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
    /// Of those, without a session: they have given up, or lost it with a server.
    pub user_minutes_away: f64,
    /// The most of them at once.
    pub away_max: f64,
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
#[non_exhaustive]
pub struct FeatureOutcome {
    /// Seconds down.
    pub downtime_s: f64,
    /// The longest of them without a break.
    pub longest_outage_s: f64,
    /// What is felt when the run ends: how long that would have gone on is not known.
    #[serde(skip_serializing_if = "is_fine")]
    pub at_end: ServiceLevel,
    /// Seconds degraded.
    pub degraded_s: f64,
    /// Seconds stale.
    pub stale_s: f64,
    /// Share of time not down; NaN, in the JSON null, where nothing was sent in the whole run.
    pub time_availability: f64,
    /// Share of intended requests that were served; NaN, in the JSON null, where there were none.
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
#[non_exhaustive]
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

fn is_fine(level: &ServiceLevel) -> bool {
    *level == ServiceLevel::Fine
}
