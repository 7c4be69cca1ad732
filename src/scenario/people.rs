//! People: who they are, when they are there, what they do.

use super::{Named, is_default, is_zero};
use crate::units::{Duration, Rate, Ratio};
use serde::{Deserialize, Serialize};

/// A group of users with one zone, one profile and one way to be served.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Population {
    /// How many.
    pub users: u64,
    /// Their time zone; the clock's by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// Which share of them is active when; all of them always by default.
    #[serde(default, skip_serializing_if = "is_default")]
    pub active: Active,
    /// Requests of each feature by one active user.
    pub uses: Named<Rate>,
    /// The site or group that serves them.
    pub served_by: String,
    /// Round-trip time from the users to their site.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rtt: Duration,
    /// Share of the intended requests that are still sent while everything fails; the rest is demand never sent.
    #[serde(default = "all", skip_serializing_if = "is_all")]
    pub keeps_trying: Ratio,
    /// How requests arrive.
    #[serde(default, skip_serializing_if = "is_default")]
    pub arrivals: Arrivals,
}

fn all() -> Ratio {
    Ratio(1.0)
}

fn is_all(ratio: &Ratio) -> bool {
    ratio.0 == 1.0
}

/// Which share of a population is active over time; straight lines between the points.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Active {
    /// Everyone, always.
    #[default]
    Always,
    /// By the week of this name, in the population's zone.
    Week(String),
    /// Points on the run's clock; constant before the first and after the last.
    Points(Vec<(Duration, Ratio)>),
    /// `mean * (1 + swing * cos(2 pi (t - peak) / day))`, in the population's civil time.
    Sinusoid {
        /// The mean share.
        mean: Ratio,
        /// The amplitude as a share of the mean.
        swing: Ratio,
        /// The civil time of the peak: `"12:00"`.
        peak: String,
        /// Length of the straight lines that it is made of; their error is below `(pi step / 24 h)^2 / 2` of the swing.
        #[serde(default = "five_minutes")]
        step: Duration,
    },
}

fn five_minutes() -> Duration {
    Duration::from_seconds(300.0)
}

/// The randomness of arrivals within a constant rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arrivals {
    /// Independent users: a Poisson process.
    #[default]
    Poisson,
    /// Evenly spaced, as a fluid: waiting only where the rate is above the capacity.
    Smooth,
}

/// A week in civil time: for each day points of (time of day, share active), with straight lines between them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Week {
    /// Monday to Friday.
    pub weekdays: Vec<(String, Ratio)>,
    /// Saturday; as Sunday by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saturday: Option<Vec<(String, Ratio)>>,
    /// Sunday and holidays.
    pub sunday: Vec<(String, Ratio)>,
    /// Civil dates that are lived like a Sunday: `"2016-12-25"`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holidays: Vec<String>,
}
