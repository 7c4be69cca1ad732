//! Populations: who is active when, and what they use.

use super::curve::Curve;
use super::ids::{FeatureId, SiteId};
use super::sites::Place;
use jiff::tz::TimeZone;

/// How users come and go.
#[derive(Debug, Clone, PartialEq)]
pub struct Sessions {
    /// Mean length in seconds.
    pub mean_s: f64,
    /// The use that every log-in makes once, as an index.
    pub log_in: Option<usize>,
    /// Mean time of failing requests after which a user leaves, in seconds; infinite: never.
    pub gives_up_s: f64,
    /// Share of those who come back.
    pub comes_back: f64,
    /// Mean time after which they look again, in seconds.
    pub looks_again_s: f64,
    /// Whether they end with the servers that log users in.
    pub end_with_servers: bool,
    /// In how many seconds clients whose session has ended so log in again by themselves.
    pub reconnects_s: Option<f64>,
}

/// A population.
#[derive(Debug, Clone)]
pub struct Population {
    /// Its name.
    pub name: String,
    /// How many users.
    pub users: f64,
    /// Their zone.
    pub zone: TimeZone,
    /// Share active over time.
    pub active: Curve,
    /// Share that would be active if sessions had no length: with sessions, who logs in.
    pub log_ins: Curve,
    /// How they come and go.
    pub sessions: Option<Sessions>,
    /// They wait for an answer before the next click.
    pub waits: bool,
    /// Mean patience in a queue, in seconds.
    pub patience_s: Option<f64>,
    /// Requests per second and active user, by feature.
    pub uses: Vec<(FeatureId, f64)>,
    /// Who serves them.
    pub served_by: Place,
    /// The site near which they are.
    pub near: Option<SiteId>,
    /// Round trip to their site, in seconds.
    pub rtt_s: f64,
    /// Share of intended requests still sent when all fail.
    pub keeps_trying: f64,
    /// Squared coefficient of variation of the arrivals: 1 Poisson, 0 smooth.
    pub arrival_scv: f64,
    /// Which share of what could not be done is made up for, and after how many seconds on average once it works.
    pub made_up: Option<(f64, f64)>,
}
