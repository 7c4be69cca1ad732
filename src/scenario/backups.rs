//! Backups of data: how often they are taken, where they are kept, and how fast they are read.

use super::defaults::{is_default, is_zero};
use crate::dist::Dist;
use crate::units::{Bandwidth, Duration, Ratio};
use serde::{Deserialize, Serialize};

/// Backups of a store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backup {
    /// When the first of the run is taken, a time as in the drill; at the start of the run by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<String>,
    /// Again at this interval; without it one is taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<Duration>,
    /// Time until it is whole: it has what there was when it began.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub takes: Duration,
    /// The site or component that keeps them; without it they are kept where nothing happens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// How many are kept, the newest.
    #[serde(default = "a_week", skip_serializing_if = "is_a_week")]
    pub keeps: u32,
    /// Probability that one cannot be read.
    #[serde(default, skip_serializing_if = "is_default")]
    pub unreadable: Ratio,
    /// Time until it is found out that one cannot be read.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub found_after: Duration,
    /// How fast one is read, for a store with a `size`. State `reads` or `restores`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reads: Option<Bandwidth>,
    /// How long it takes until everything is there again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restores: Option<Dist>,
}

/// A part of a store that is there again before the rest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StorePart {
    /// Its share of the whole.
    pub share: Ratio,
    /// The features that can go on when it is back.
    pub features: Vec<String>,
}

fn a_week() -> u32 {
    7
}

fn is_a_week(keeps: &u32) -> bool {
    *keeps == a_week()
}
