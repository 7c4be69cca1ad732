//! Objectives: what a design is to reach, judged over many runs.

use super::defaults::is_default;
use super::{Pick, Under};
use crate::units::{Duration, Penalty, Ratio};
use serde::{Deserialize, Serialize};

/// What a design is to reach in a run, and in how many of them.
///
/// `of` names a population, or the site or group that populations are served by: then it speaks of all of them, and the worst
/// counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Objective {
    /// Availability, by a definition that has a name.
    Availability(AvailableFor),
    /// The recovery time objective (RTO): the longest outage of a run.
    Restored(Within),
    /// The recovery point objective (RPO): the largest data-loss window of a store.
    DataLoss(Within),
    /// A percentile of the latency.
    Latency(AnsweredWithin),
    /// How long things were stale in all.
    Stale(Within),
    /// How much longer a maintenance took than announced, at most.
    Overrun(Within),
    /// Any number of the outcome, by its path in `--json`.
    Value(Bounds),
}

/// What counts as available.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Available {
    /// The share of time that a population was not down.
    #[default]
    Time,
    /// The share of its requests that were served.
    Requests,
    /// The share of its active users' time in which they were served.
    Users,
}

/// In how many runs an objective has to hold.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Holds {
    /// In every run: one that does not is a failure.
    #[default]
    Always,
    /// In at least this share of all runs.
    In(Ratio),
    /// On average over all runs.
    OnAverage,
}

/// An availability to be reached.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AvailableFor {
    /// For whom.
    pub of: String,
    /// What counts.
    #[serde(default, skip_serializing_if = "is_default")]
    pub by: Available,
    /// At least this.
    pub at_least: Ratio,
    /// In how many runs.
    #[serde(default, skip_serializing_if = "is_default")]
    pub holds: Holds,
    /// Under which drill it has to hold.
    #[serde(default, skip_serializing_if = "is_default")]
    pub under: Under,
    /// Of which run `firedrill test` asks it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub when: Pick,
    /// What a run that misses it costs, in the scenario's `currency`: `"5000/miss"`, or `"100/h"` for the time beyond it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub penalty: Option<Penalty>,
}

/// A length of time that is not to be exceeded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Within {
    /// For whom; with `data_loss` the store, with `overrun` the maintenance plan.
    pub of: String,
    /// At most this.
    pub within: Duration,
    /// In how many runs.
    #[serde(default, skip_serializing_if = "is_default")]
    pub holds: Holds,
    /// Under which drill it has to hold.
    #[serde(default, skip_serializing_if = "is_default")]
    pub under: Under,
    /// Of which run `firedrill test` asks it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub when: Pick,
    /// What a run that misses it costs, in the scenario's `currency`: `"5000/miss"`, or `"100/h"` for the time beyond it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub penalty: Option<Penalty>,
}

/// A percentile of latency that is not to be exceeded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnsweredWithin {
    /// For whom.
    pub of: String,
    /// Only with this feature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feature: Option<String>,
    /// Which percentile.
    #[serde(default, skip_serializing_if = "is_default")]
    pub percentile: Percentile,
    /// At most this.
    pub within: Duration,
    /// In how many runs.
    #[serde(default, skip_serializing_if = "is_default")]
    pub holds: Holds,
    /// Under which drill it has to hold.
    #[serde(default, skip_serializing_if = "is_default")]
    pub under: Under,
    /// Of which run `firedrill test` asks it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub when: Pick,
    /// What a run that misses it costs, in the scenario's `currency`: `"5000/miss"`, or `"100/h"` for the time beyond it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub penalty: Option<Penalty>,
}

/// A percentile that an outcome has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Percentile {
    /// The median.
    P50,
    /// 95%.
    P95,
    /// 99%.
    #[default]
    P99,
}

/// Bounds of a number of the outcome.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bounds {
    /// Path in the outcome: `"people.oslo.user_minutes_lost"`.
    pub of: String,
    /// At least this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<f64>,
    /// At most this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<f64>,
    /// In how many runs.
    #[serde(default, skip_serializing_if = "is_default")]
    pub holds: Holds,
    /// Under which drill it has to hold.
    #[serde(default, skip_serializing_if = "is_default")]
    pub under: Under,
    /// Of which run `firedrill test` asks it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub when: Pick,
    /// What a run that misses it costs, in the scenario's `currency`: `"5000/miss"`, or `"100/h"` for the time beyond it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub penalty: Option<Penalty>,
}

impl Objective {
    /// In how many runs it has to hold.
    pub fn holds(&self) -> Holds {
        match self {
            Objective::Availability(o) => o.holds,
            Objective::Restored(o) | Objective::DataLoss(o) | Objective::Stale(o) | Objective::Overrun(o) => o.holds,
            Objective::Latency(o) => o.holds,
            Objective::Value(o) => o.holds,
        }
    }

    /// Under which drill it has to hold.
    pub fn under(&self) -> Under {
        match self {
            Objective::Availability(o) => o.under,
            Objective::Restored(o) | Objective::DataLoss(o) | Objective::Stale(o) | Objective::Overrun(o) => o.under,
            Objective::Latency(o) => o.under,
            Objective::Value(o) => o.under,
        }
    }

    /// Of which run a test asks it.
    pub fn when(&self) -> &Pick {
        match self {
            Objective::Availability(o) => &o.when,
            Objective::Restored(o) | Objective::DataLoss(o) | Objective::Stale(o) | Objective::Overrun(o) => &o.when,
            Objective::Latency(o) => &o.when,
            Objective::Value(o) => &o.when,
        }
    }

    /// What a run that misses it costs.
    pub fn penalty(&self) -> Option<Penalty> {
        match self {
            Objective::Availability(o) => o.penalty,
            Objective::Restored(o) | Objective::DataLoss(o) | Objective::Stale(o) | Objective::Overrun(o) => o.penalty,
            Objective::Latency(o) => o.penalty,
            Objective::Value(o) => o.penalty,
        }
    }

    /// The same, to be changed.
    pub fn when_mut(&mut self) -> &mut Pick {
        match self {
            Objective::Availability(o) => &mut o.when,
            Objective::Restored(o) | Objective::DataLoss(o) | Objective::Stale(o) | Objective::Overrun(o) => {
                &mut o.when
            }
            Objective::Latency(o) => &mut o.when,
            Objective::Value(o) => &mut o.when,
        }
    }

    /// It has to hold in every run, and in whichever run is made.
    pub fn ask_always(&mut self) {
        let (holds, when) = match self {
            Objective::Availability(o) => (&mut o.holds, &mut o.when),
            Objective::Restored(o) | Objective::DataLoss(o) | Objective::Stale(o) | Objective::Overrun(o) => {
                (&mut o.holds, &mut o.when)
            }
            Objective::Latency(o) => (&mut o.holds, &mut o.when),
            Objective::Value(o) => (&mut o.holds, &mut o.when),
        };
        (*holds, *when) = (Holds::Always, Pick::default());
    }
}
