//! What is said of the windows of a maintenance, as plain data. Units are last in a name.

use crate::metrics::MetOutcome;
use serde::Serialize;
use std::collections::BTreeMap;

/// When a maintenance can begin, and what comes of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct WindowsOutcome {
    /// The version of this shape: 1. A field is never renamed or removed within a version.
    pub format: u32,
    /// The title of the scenario.
    pub title: String,
    /// The maintenance plan.
    pub plan: String,
    /// The strategy.
    pub strategy: Option<String>,
    /// The variant.
    pub variant: Option<String>,
    /// The zone in which times are told.
    pub zone: String,
    /// The seed.
    pub seed: u64,
    /// Replications of each start.
    pub replications: u64,
    /// The confidence of all intervals.
    pub confidence: f64,
    /// Seconds between two starts.
    pub every_s: f64,
    /// Seconds that a run is measured: the same for every start.
    pub run_s: f64,
    /// The plan's own promise in seconds.
    pub announced_s: f64,
    /// The plan's own start.
    pub own: WindowOutcome,
    /// Every start, in order of time.
    pub windows: Vec<WindowOutcome>,
    /// Places in `windows`, the best start first.
    pub ranking: Vec<usize>,
    /// How long it takes.
    pub takes: TakesOutcome,
    /// What could be promised, the shortest first.
    pub promises: Vec<PromiseOutcome>,
    /// Whether to begin at once, where that was asked.
    pub now: Option<NowOutcome>,
    /// Values of the file that are assumed.
    pub assumptions: usize,
    /// Digest over all runs of all starts.
    pub digest: String,
    /// Hash of the scenario, with the horizon that this took.
    pub scenario_hash: String,
    /// The version of firedrill.
    pub firedrill_version: String,
}

/// The maintenance at one start.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct WindowOutcome {
    /// The start, in seconds of the run.
    pub starts_s: f64,
    /// Civil time of that.
    pub starts: String,
    /// The civil date of that.
    pub date: String,
    /// The civil hour of that.
    pub hour: u8,
    /// User-minutes lost in the whole run, for whatever reason.
    pub lost: Estimate,
    /// The same beyond a run without the maintenance: above zero it costs, below zero it saves.
    pub against_none: Estimate,
    /// The same beyond the plan's own start.
    pub against_own: Estimate,
    /// Minutes of active users while it lasts, whether or not they feel it.
    pub met: Estimate,
    /// Of those, after the announced end.
    pub unannounced: Estimate,
    /// How often it is carried out, rather than given up or not begun.
    pub done: Share,
    /// How often it overruns its promise, of those that began.
    pub overrun: Share,
    /// How often something that is not itself down for it fails while it lasts, of those that began.
    pub fault: Share,
    /// Users met by population: means over all replications.
    pub people: BTreeMap<String, MetOutcome>,
}

/// A mean and its interval.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// Lower end of its interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// How often something is seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Share {
    /// As a share of 1.
    pub share: f64,
    /// Lower end of its interval.
    pub low: f64,
    /// Upper end; where it was never seen, what it is at most.
    pub high: f64,
    /// Times that it was seen.
    pub seen: u64,
    /// Times that it could have been.
    pub of: u64,
}

/// How long a maintenance takes, until it is done or rolled back.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TakesOutcome {
    /// Whether it always takes the same.
    pub fixed: bool,
    /// The shortest that was drawn, in seconds.
    pub min_s: f64,
    /// Half take no longer.
    pub p50_s: f64,
    /// 95% take no longer: the promise that holds 95% of the time.
    pub p95_s: f64,
    /// Lower end of the interval of that.
    pub p95_low_s: f64,
    /// Upper end.
    pub p95_high_s: f64,
    /// The longest that was drawn.
    pub max_s: f64,
    /// Durations that were drawn.
    pub draws: u64,
    /// How often it is given up and rolled back.
    pub given_up: Share,
}

/// What comes of a promise.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PromiseOutcome {
    /// The promise in seconds.
    pub announced_s: f64,
    /// Whether it is the plan's own.
    pub is_own: bool,
    /// How often it does not hold.
    pub overrun: Share,
    /// Minutes of active users after the announced end, at the plan's own start.
    pub unannounced_own: Estimate,
    /// The same at the best start.
    pub unannounced_best: Estimate,
}

/// Whether to begin at once or at the plan's own start, by user-minutes lost in the whole run.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct NowOutcome {
    /// The moment that was asked for, in seconds of the run.
    pub now_s: f64,
    /// Civil time of that.
    pub now: String,
    /// The plan's own start, in seconds of the run.
    pub later_s: f64,
    /// Civil time of that.
    pub later: String,
    /// User-minutes lost when it begins now.
    pub lost_now: Estimate,
    /// The same when it begins at the plan's own start.
    pub lost_later: Estimate,
    /// What beginning now costs more: now minus later, run by run in the same luck.
    pub costs: Estimate,
    /// Replications of each.
    pub replications: u64,
    /// Seconds that a run is measured.
    pub run_s: f64,
    /// What it hangs on, where something that is replaced can be on a temporary fix.
    pub fix: Option<FixOutcome>,
}

/// How often a temporary fix would have to fail for the answer to turn.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct FixOutcome {
    /// The components that are on it; all of them get the same mean life.
    pub components: Vec<String>,
    /// The mean life that the file states, in seconds; `None`: not the same for all of them.
    pub assumed_s: Option<f64>,
    /// The shortest mean life that was tried, in seconds.
    pub from_s: f64,
    /// The longest.
    pub to_s: f64,
    /// The mean life at which both cost the same, in seconds: with a shorter one now is better. `None`: it does not turn.
    pub turns_at_s: Option<f64>,
    /// Lower end of the interval of that; `None`: shorter than what was tried.
    pub turns_low_s: Option<f64>,
    /// Upper end; `None`: longer than what was tried.
    pub turns_high_s: Option<f64>,
    /// What beginning now costs more, by the mean life in seconds: every life that was tried.
    pub tried: Vec<(f64, Estimate)>,
}
