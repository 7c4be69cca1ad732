//! The menu: what may go wrong, derived from a scenario, and what its file says about that.

mod derived;
mod fault;
mod repair_time;

pub use derived::{faults, pattern_fits};
pub use fault::{Does, Fault, FaultKind};

use super::defaults::is_default;
use super::{Act, Named};
use crate::units::{Duration, Factor, Ratio};
use serde::{Deserialize, Serialize};

/// What may go wrong, beside what follows from the rest of the file: every component, site, link, crew, failover, plan and
/// population has its faults in the menu already. Names of faults may have a `*` in them, for any text.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Menu {
    /// More of them, by name.
    #[serde(skip_serializing_if = "Named::is_empty")]
    pub adds: Named<Added>,
    /// Faults that are not looked at.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub leaves_out: Vec<String>,
    /// How often faults are to be expected in a year; else it follows from `fails` and `common_cause`.
    #[serde(skip_serializing_if = "Named::is_empty")]
    pub per_year: Named<f64>,
    /// Faults of which no two come together.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub never_together: Vec<Vec<String>>,
    /// Severe but plausible: faults that come less often than this in a year are left out. Those of which nobody knows stay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_least_per_year: Option<f64>,
    /// How long something lasts of which the file says nothing: a site that is lost, a cut, a gray or slow service; 4 h.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lasts: Option<Duration>,
    /// How many times the usual come in a surge; x3.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub surge: Option<Factor>,
    /// How much longer a slow service takes; x10.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slow: Option<Factor>,
    /// The share of requests that something gray loses while its health checks pass; 30%.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gray: Option<Ratio>,
    /// How much longer than planned a maintenance takes that overruns; x2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overruns: Option<Factor>,
}

/// A fault that the file adds to the menu.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Added {
    /// What happens, all of it at once.
    pub acts: Vec<Act>,
    /// How often it is to be expected in a year.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_year: Option<f64>,
}

/// Which drill an objective is held under.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Under {
    /// The file's own, with the failures that come by chance.
    #[default]
    Drill,
    /// Any of so many faults of the menu at most, at any hour, instead.
    Any {
        /// How many at once.
        #[serde(default = "one", skip_serializing_if = "is_default")]
        faults: u32,
    },
    /// None: a year of the file without its drill, with the failures that come by chance.
    Year,
}

impl Under {
    /// Whether runs by chance say something of it, rather than a search.
    pub fn is_by_chance(self) -> bool {
        matches!(self, Under::Drill | Under::Year)
    }

    /// What is set in a file for a run of it: paths and values.
    pub fn set(self) -> Vec<(String, String)> {
        match self {
            Under::Year => {
                vec![("clock.horizon".to_owned(), "\"365d\"".to_owned()), ("drill".to_owned(), "[]".to_owned())]
            }
            _ => Vec::new(),
        }
    }
}

fn one() -> u32 {
    1
}

impl Menu {
    /// How long something lasts of which the file says nothing.
    pub fn lasts(&self) -> Duration {
        self.lasts.unwrap_or(Duration::from_seconds(4.0 * 3_600.0))
    }
}
