//! People: who they are, when they are there, what they do.

use super::Named;
use super::defaults::{is_default, is_zero};
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
    /// The site near which they are: the way from there to the site that serves them counts, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub near: Option<String>,
    /// Round-trip time from the users to their site.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rtt: Duration,
    /// Whether a user waits for the answer before the next click: what is slow then slows the users down. Without it
    /// requests come as fast as ever (an open load).
    #[serde(default, skip_serializing_if = "is_default")]
    pub waits_for_answers: bool,
    /// Users log in and leave again; without it whoever is active is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sessions: Option<Sessions>,
    /// Mean time that a request waits in a queue before its user gives it up; without it they wait for the timeout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patience: Option<Duration>,
    /// Share of the intended requests that are still sent while everything fails; the rest is demand never sent.
    #[serde(default = "all", skip_serializing_if = "is_all")]
    pub keeps_trying: Ratio,
    /// How requests arrive.
    #[serde(default, skip_serializing_if = "is_default")]
    pub arrivals: Arrivals,
    /// What could not be done is made up for later; without it, it is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_up: Option<MadeUp>,
}

/// What becomes of work that could not be done.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MadeUp {
    /// Which share of the requests that failed, were turned away or were never sent comes again.
    pub share: Ratio,
    /// Mean time after which it comes, once it works.
    pub after: Duration,
}

/// Users come and go. The profile then says who logs in: as many per second as keep that share active in the long run.
/// Who is there follows it with the length of a session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sessions {
    /// Mean length.
    pub lasts: Duration,
    /// The feature that every log-in uses once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_in: Option<String>,
    /// Mean time of failing requests after which a user leaves; by default never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gives_up_after: Option<Duration>,
    /// Share of those who come back later; the others stop trying.
    #[serde(default = "all", skip_serializing_if = "is_all")]
    pub comes_back: Ratio,
    /// Mean time after which they look again.
    #[serde(default = "ten_minutes", skip_serializing_if = "is_ten_minutes")]
    pub looks_again_after: Duration,
    /// Whether sessions outlive the servers that `log_in` goes to. By default they end with them, and everybody logs in again.
    #[serde(default, skip_serializing_if = "is_default")]
    pub outlive_crashes: bool,
    /// Clients whose session ended with a server log in again by themselves, spread evenly over this time; by default everybody does with
    /// the next click.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reconnects_within: Option<Duration>,
}

fn ten_minutes() -> Duration {
    Duration::from_seconds(600.0)
}

fn is_ten_minutes(duration: &Duration) -> bool {
    *duration == ten_minutes()
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
#[non_exhaustive]
pub enum Active {
    /// Everyone, always.
    #[default]
    Always,
    /// By the week of this name, in the population's zone.
    Week(String),
    /// By the recording of this name: a CSV file beside the scenario, or text under `recordings`.
    Recorded(String),
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
#[non_exhaustive]
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
    /// Civil dates that are lived like a Sunday: `"2016-12-25"`, or from the first to the last of some:
    /// `"2020-04-06..2020-04-13"`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holidays: Vec<String>,
}
