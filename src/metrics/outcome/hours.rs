//! The run in equal bins, and day by day.

use crate::observe::ServiceLevel;
use serde::Serialize;
use std::collections::BTreeMap;

/// The run in bins of one length. All lists have one entry per bin.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
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
    /// Of what ended, the share that failed, was turned away or was never sent.
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
#[non_exhaustive]
pub enum NarrowKind {
    /// A service at a site: requests per second.
    Servers,
    /// A link: bits per second.
    Network,
}

/// The narrowest thing of a bin.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
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
#[non_exhaustive]
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
#[non_exhaustive]
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
#[non_exhaustive]
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
