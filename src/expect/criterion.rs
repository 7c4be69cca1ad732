//! An objective as a number of a run, and the bounds of that number.

use super::{path, stretches};
use crate::metrics::{LatencyOutcome, Outcome, PeopleOutcome};
use crate::observe::ServiceLevel;
use crate::scenario::{Available, Holds, Objective, Percentile, Scenario};
use std::collections::BTreeMap;

/// An objective, ready to be held against outcomes.
#[derive(Debug, Clone, PartialEq)]
pub struct Criterion {
    /// Its name in the file.
    pub name: String,
    /// In how many runs it has to hold.
    pub holds: Holds,
    /// What is measured.
    pub unit: Unit,
    /// At least this.
    pub at_least: Option<f64>,
    /// At most this.
    pub at_most: Option<f64>,
    objective: Objective,
    /// The populations it speaks of.
    of: Vec<String>,
}

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Unit {
    /// Seconds of time.
    Seconds,
    /// Seconds that somebody waits for an answer.
    Latency,
    /// Minutes of users.
    UserMinutes,
    /// A share of a whole.
    Share,
    /// Anything else.
    Plain,
}

impl Criterion {
    /// Every objective of a scenario, in its order.
    pub fn all(scenario: &Scenario) -> Vec<Criterion> {
        scenario.objectives.iter().map(|(name, objective)| Criterion::new(scenario, name, objective)).collect()
    }

    fn new(scenario: &Scenario, name: &str, objective: &Objective) -> Criterion {
        let (whom, unit, at_least, at_most) = match objective {
            Objective::Availability(o) => (o.of.as_str(), Unit::Share, Some(o.at_least.0), None),
            Objective::Restored(o) | Objective::Stale(o) => {
                (o.of.as_str(), Unit::Seconds, None, Some(o.within.seconds()))
            }
            Objective::DataLoss(o) | Objective::Overrun(o) => ("", Unit::Seconds, None, Some(o.within.seconds())),
            Objective::Latency(o) => (o.of.as_str(), Unit::Latency, None, Some(o.within.seconds())),
            Objective::Value(o) => ("", Unit::Plain, o.at_least, o.at_most),
        };
        let of = scenario.served_by(whom).into_iter().map(str::to_owned).collect();
        Criterion {
            name: name.to_owned(),
            holds: objective.holds(),
            unit,
            at_least,
            at_most,
            objective: objective.clone(),
            of,
        }
    }

    /// Whether more of it is better.
    pub fn more_is_better(&self) -> bool {
        self.at_most.is_none()
    }

    /// The number of this run; `None` where it has none: nothing was answered, the maintenance did not take place.
    pub fn seen(&self, outcome: &Outcome) -> Option<f64> {
        let people = || self.of.iter().filter_map(|name| outcome.people.get(name));
        match &self.objective {
            Objective::Availability(o) => {
                let available = |people: &PeopleOutcome| match o.by {
                    Available::Time => people.time_availability,
                    Available::Requests => people.request_availability,
                    Available::Users => people.user_uptime,
                };
                people().map(available).min_by(f64::total_cmp)
            }
            Objective::Restored(_) => people().map(longest_outage).max_by(f64::total_cmp),
            Objective::Stale(_) => people().map(|people| people.stale_s).max_by(f64::total_cmp),
            Objective::Latency(o) => {
                let latencies = people().filter_map(|people| match &o.feature {
                    None => Some(&people.latency.all),
                    Some(feature) => people.features.get(feature).map(|used| &used.latency.all),
                });
                latencies.filter_map(|latency| percentile(latency, o.percentile)).max_by(f64::total_cmp)
            }
            Objective::DataLoss(o) => outcome.stores.get(&o.of).map(|store| store.data_loss_window_max_s),
            Objective::Overrun(o) => {
                let of_this = outcome.maintenance.iter().filter(|m| m.plan == o.of && m.ended != "not begun");
                of_this.map(|m| m.overrun_s).max_by(f64::total_cmp)
            }
            Objective::Value(o) => number_at(outcome, &o.of).ok(),
        }
    }

    /// Whether whole populations, maintenances and stores are all that it looks at, as
    /// [`run_in_detail`](crate::run::run_in_detail) measures them briefly.
    pub fn is_brief(&self) -> bool {
        match &self.objective {
            Objective::Value(_) => false,
            Objective::Latency(o) => o.feature.is_none(),
            _ => true,
        }
    }

    /// The path in the outcome, where the objective is about one.
    pub fn path(&self) -> Option<&str> {
        match &self.objective {
            Objective::Value(o) => Some(&o.of),
            _ => None,
        }
    }

    /// Whether a number is as it is to be. What was not seen breaks no objective.
    pub fn is_met(&self, seen: f64) -> bool {
        // Sums of floats: a part in a thousand million is no difference.
        let slack = |bound: f64| 1e-9 * bound.abs() + 1e-12;
        let enough = self.at_least.is_none_or(|least| seen >= least - slack(least));
        seen.is_nan() || (enough && self.at_most.is_none_or(|most| seen <= most + slack(most)))
    }
}

/// The longest time without a break in which a population was down.
pub fn longest_outage(people: &PeopleOutcome) -> f64 {
    // From +0, because nothing is at least that.
    stretches(&people.intervals, ServiceLevel::Down)
        .into_iter()
        .fold(0.0, |longest, (from, to)| f64::max(longest, to - from))
}

/// A number of an outcome by its path, or why there is none.
///
/// # Errors
/// The path leads nowhere, or to something that is not a number.
pub fn number_at(outcome: &Outcome, of: &str) -> Result<f64, String> {
    if let Some(number) = inside_a_section(outcome, of) {
        return Ok(number);
    }
    let json = serde_json::to_value(outcome).map_err(|error| format!("the outcome cannot be shown: {error}"))?;
    path::number_at(&json, of)
}

/// The same without showing the whole outcome, which takes longer than many a run.
fn inside_a_section(outcome: &Outcome, of: &str) -> Option<f64> {
    fn within<T: serde::Serialize>(section: &BTreeMap<String, T>, rest: &str) -> Option<f64> {
        // A name may have dots in it: the longest that leads on is taken.
        let names = rest.match_indices('.').map(|(dot, _)| dot).rev();
        let (thing, rest) = names.filter_map(|dot| Some((section.get(&rest[..dot])?, &rest[dot + 1..]))).next()?;
        path::number_at(&serde_json::to_value(thing).ok()?, rest).ok()
    }
    let (section, rest) = of.split_once('.')?;
    match section {
        "components" => within(&outcome.components, rest),
        "groups" => within(&outcome.groups, rest),
        "people" => within(&outcome.people, rest),
        "queues" => within(&outcome.queues, rest),
        "services" => within(&outcome.services, rest),
        "stores" => within(&outcome.stores, rest),
        _ => None,
    }
}

fn percentile(latency: &LatencyOutcome, which: Percentile) -> Option<f64> {
    match which {
        Percentile::P50 => latency.p50_s,
        Percentile::P95 => latency.p95_s,
        Percentile::P99 => latency.p99_s,
    }
}
