//! Load balancers: which server of a service gets a request, and which servers are kept out of rotation.

use super::defaults::is_default;
use super::{Named, Steer};
use crate::units::{Duration, Ratio};
use serde::{Deserialize, Serialize};

/// A load balancer in front of the servers of each site. Each server then has a queue of its own.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Balancer {
    /// Which of the servers in rotation gets the next request.
    #[serde(skip_serializing_if = "is_default")]
    pub picks: Picks,
    /// Health checks; without them every server stays in rotation, however it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checks: Option<HealthChecks>,
    /// Ejection of servers whose requests fail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outliers: Option<Outliers>,
}

/// Which of the servers in rotation gets the next request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Picks {
    /// One after the other.
    #[default]
    RoundRobin,
    /// Any of them, equally likely.
    Random,
    /// The one with the fewest requests, waiting or being worked on; where several have as few, one after the other.
    LeastBusy,
    /// Of two that are drawn, the one with fewer requests (Mitzenmacher 2001).
    TwoChoices,
}

/// Sites that serve people at the same time: active-active. A global balancer leads them to those that it sees to work, by weight.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spread {
    /// The sites, and their weights.
    pub over: Named<f64>,
    /// Health checks of each site; without them what is down is known at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checks: Option<HealthChecks>,
    /// How people follow when a site is left out, or comes back.
    #[serde(default, skip_serializing_if = "is_default")]
    pub steer: Steer,
    /// To which of those that work people are led.
    #[serde(default, skip_serializing_if = "is_default")]
    pub by: LedBy,
}

/// To which of the sites of a spread that work people are led.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LedBy {
    /// To all, by their weights.
    #[default]
    Weight,
    /// Each population to the one that is nearest to where it is, by round-trip time: anycast, or latency-based DNS.
    Nearest,
    /// To all, by what they can do now, so that all are equally busy.
    LeastLoaded,
    /// Each user to so many of them for good, which are dealt at random: cells, and shuffle sharding.
    Cells(u32),
}

/// Health checks by the balancer: requests to each server that wait there like any other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HealthChecks {
    /// Time from one check of a server to the next.
    pub every: Duration,
    /// A check that is not answered within this has failed.
    pub timeout: Duration,
    /// Failed checks in a row after which a server is ejected.
    #[serde(default = "three", skip_serializing_if = "is_three")]
    pub fails: u32,
    /// Passed checks in a row after which it returns.
    #[serde(default = "two", skip_serializing_if = "is_two")]
    pub passes: u32,
    /// The panic threshold: with a smaller share of the servers healthy, all of them get requests.
    #[serde(default = "half", skip_serializing_if = "is_half")]
    pub panic_below: Ratio,
    /// What else has to work for a check to pass.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deep: Vec<Dependency>,
    /// How long whoever is ejected stays out at least, and longer each time.
    #[serde(default, skip_serializing_if = "is_default")]
    pub stays_out: Duration,
    /// The longest of that; whoever is in rotation for so long begins anew.
    #[serde(default = "five_minutes", skip_serializing_if = "is_five_minutes")]
    pub longest: Duration,
}

/// Ejection for what a balancer sees of the requests themselves.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Outliers {
    /// Failed requests in a row after which a server is ejected, at least 1.
    pub errors: u32,
    /// How long it is out the first time; as often as long each further time.
    pub stays_out: Duration,
    /// The longest of that; a server that is in rotation for so long begins anew.
    pub longest: Duration,
    /// No more than this share of the servers is out for that, but always one.
    pub most: Ratio,
}

impl Default for Outliers {
    fn default() -> Outliers {
        Outliers { errors: 5, stays_out: Duration::from_seconds(30.0), longest: five_minutes(), most: Ratio(0.1) }
    }
}

fn five_minutes() -> Duration {
    Duration::from_seconds(300.0)
}

fn is_five_minutes(value: &Duration) -> bool {
    *value == five_minutes()
}

/// What a deep health check looks at beside the one that is checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Dependency {
    /// This service serves where a call from there would go: at the same site, else at the nearest; and can be reached.
    Reaches(String),
    /// This component, site or active member of a group works, and can be reached.
    Works(String),
    /// This background queue is no older than it may be.
    KeepsUp(String),
}

fn three() -> u32 {
    3
}

fn is_three(value: &u32) -> bool {
    *value == 3
}

fn two() -> u32 {
    2
}

fn is_two(value: &u32) -> bool {
    *value == 2
}

fn half() -> Ratio {
    Ratio(0.5)
}

fn is_half(value: &Ratio) -> bool {
    *value == half()
}
