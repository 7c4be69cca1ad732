//! What each cause and each response was worth: the same run, with the same luck, without it.
//!
//! A but-for value is *with minus without*: how much the outcome changes because the thing was there. A cause that cost
//! something has a value above zero, a response that helped one below zero.

mod counterfactuals;

pub use counterfactuals::{Counterfactuals, Thing, impact, things, without};

use serde::Serialize;

/// What a run comes to, in the numbers by which causes and responses are weighed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Impact {
    /// Minutes of active users in which their requests failed or were never sent.
    pub user_minutes_lost: f64,
    /// Minutes of active users in which they were served worse.
    pub user_minutes_degraded: f64,
    /// Highest 95th percentile of the latency of any feature, in seconds.
    pub p95_peak_s: f64,
    /// Seconds in which some population was degraded or down.
    pub degraded_s: f64,
    /// What was spent, and lost of what has a worth, without penalties; where the file gives anything a price or a worth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub money: Option<f64>,
}

impl Impact {
    /// Minutes of users who were hurt, served worse or not at all: what the ranking goes by.
    pub fn user_minutes(&self) -> f64 {
        self.user_minutes_lost + self.user_minutes_degraded
    }

    /// This less that.
    pub fn minus(&self, other: &Impact) -> Impact {
        Impact {
            user_minutes_lost: self.user_minutes_lost - other.user_minutes_lost,
            user_minutes_degraded: self.user_minutes_degraded - other.user_minutes_degraded,
            p95_peak_s: self.p95_peak_s - other.p95_peak_s,
            degraded_s: self.degraded_s - other.degraded_s,
            money: match (self.money, other.money) {
                (None, None) => None,
                (this, that) => Some(this.unwrap_or(0.0) - that.unwrap_or(0.0)),
            },
        }
    }
}

/// Whether something happened to the system or was done for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Role {
    /// A step of the drill.
    Cause,
    /// A procedure of the runbook, a failover, an automation.
    #[serde(rename = "measure")]
    Response,
}

/// What one thing was worth.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ButFor {
    /// Its name: that of the procedure, or what the step of the drill does.
    pub name: String,
    /// What it is.
    pub role: Role,
    /// What it does, in words.
    pub does: String,
    /// With minus without.
    #[serde(rename = "worth")]
    pub impact: Impact,
}

/// Two things that are worth more, or less, together than the sum of what each is worth alone.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Interaction {
    /// The two.
    pub of: (String, String),
    /// What both together are worth: with minus without both.
    pub together: Impact,
    /// The sum of what each is worth alone.
    pub apart: Impact,
    /// What that means, in a sentence.
    pub words: String,
}

/// The explanation of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Explanation {
    /// What the run came to.
    pub run: Impact,
    /// What it would have come to with no cause at all: what is left is the design's own.
    pub without_causes: Impact,
    /// What it would have come to with every cause and no response.
    #[serde(rename = "without_measures")]
    pub without_responses: Impact,
    /// Each cause and each response, the most important first.
    pub but_for: Vec<ButFor>,
    /// Pairs that cannot be told apart by single values, the most important first.
    pub interactions: Vec<Interaction>,
    /// In what money is counted, where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// Runs that it took.
    pub runs: usize,
}
