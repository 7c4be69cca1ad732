//! An objective as a number of a run, and the bounds of that number.

use super::path;
use crate::metrics::{Detail, LatencyOutcome, Outcome, PeopleOutcome};
use crate::observe::ServiceLevel;
use crate::scenario::{Available, Holds, Objective, Percentile, Priority, Scenario, Under};
use crate::units::Penalty;
use std::collections::BTreeMap;

/// An objective, ready to be held against outcomes.
#[derive(Debug, Clone, PartialEq)]
pub struct Criterion {
    /// Its name in the file.
    pub name: String,
    /// In how many runs it has to hold.
    pub holds: Holds,
    /// Under which drill.
    pub under: Under,
    /// What is measured.
    pub unit: Unit,
    /// At least this.
    pub at_least: Option<f64>,
    /// At most this.
    pub at_most: Option<f64>,
    /// What a run that misses it costs.
    pub penalty: Option<Penalty>,
    objective: Objective,
    /// Whom it speaks of: a population, or a feature of one.
    of: Vec<(String, Option<String>)>,
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
    /// Money, in the currency of the file.
    Money,
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
        let feature = match objective {
            Objective::Latency(o) => o.feature.as_deref(),
            _ => None,
        };
        let users = matches!(objective, Objective::Availability(o) if o.by == Available::Users);
        let of = whom_of(scenario, whom, feature, users);
        Criterion {
            name: name.to_owned(),
            holds: objective.holds(),
            under: objective.under(),
            unit,
            at_least,
            at_most,
            penalty: objective.penalty(),
            objective: objective.clone(),
            of,
        }
    }

    /// Whether more of it is better.
    pub fn more_is_better(&self) -> bool {
        self.at_most.is_none()
    }

    /// The number of this run; `None` where it has none: nothing was asked for or answered, the maintenance did not take place.
    ///
    /// Of several populations and features the worst counts; who sent nothing says nothing, and who sent something and was never
    /// answered has no latency, which no other's makes up for.
    pub fn seen(&self, outcome: &Outcome) -> Option<f64> {
        match &self.objective {
            Objective::Availability(o) => {
                let available = |felt: &Felt| match o.by {
                    Available::Time => Some(felt.time_availability),
                    Available::Requests => Some(felt.request_availability),
                    Available::Users => felt.user_uptime,
                };
                self.worst(outcome, available, |a, b| a.total_cmp(b).reverse())
            }
            Objective::Restored(_) => {
                let longest = |felt: &Felt| self.is_known(felt.longest_outage_s, felt.at_end != ServiceLevel::Down);
                self.worst(outcome, longest, f64::total_cmp)
            }
            Objective::Stale(_) => {
                let stale = |felt: &Felt| self.is_known(felt.stale_s, felt.at_end != ServiceLevel::Stale);
                self.worst(outcome, stale, f64::total_cmp)
            }
            Objective::Latency(o) => self.worst(outcome, |felt| percentile(felt.latency, o.percentile), f64::total_cmp),
            Objective::DataLoss(o) => outcome.stores.get(&o.of).map(|store| store.data_loss_window_max_s),
            Objective::Overrun(o) => {
                let of_this = outcome.maintenance.iter().filter(|m| m.plan == o.of && m.ended != "not begun");
                let each = of_this.map(|m| self.is_known(m.overrun_s, m.ended != "under way"));
                each.collect::<Option<Vec<f64>>>()?.into_iter().max_by(f64::total_cmp)
            }
            Objective::Value(o) => number_at(outcome, &o.of).ok(),
        }
    }

    /// A length of time, unless it still grows where the run ends and has not yet missed what is asked: then nobody knows.
    fn is_known(&self, length_s: f64, is_over: bool) -> Option<f64> {
        (is_over || !self.is_met(length_s)).then_some(length_s)
    }

    /// The worst number of all whom it speaks of; `None` where one of them has none, or nobody sent anything.
    fn worst(
        &self,
        outcome: &Outcome,
        number: impl Fn(&Felt) -> Option<f64>,
        order: impl Fn(&f64, &f64) -> std::cmp::Ordering,
    ) -> Option<f64> {
        let felt = self.of.iter().filter_map(|(people, feature)| Felt::of(outcome, people, feature.as_deref()));
        let numbers: Option<Vec<f64>> = felt.filter(|felt| felt.intended > 0.0).map(|felt| number(&felt)).collect();
        numbers?.into_iter().max_by(order)
    }

    /// Whether whole populations, maintenances and stores are all that it looks at, as
    /// [`run_in_detail`](crate::run::run_in_detail) measures them briefly.
    pub fn is_brief(&self) -> bool {
        match &self.objective {
            Objective::Value(_) => false,
            _ => self.of.iter().all(|(_, feature)| feature.is_none()),
        }
    }

    /// Whether it is brief, and looks at no latency: [`Detail::Felt`](crate::metrics::Detail::Felt) is enough.
    pub fn is_felt(&self) -> bool {
        self.is_brief() && self.unit != Unit::Latency
    }

    /// Whether a run can be stopped where nothing more is felt, and the number is that of the whole run.
    pub fn is_known_when_over(&self) -> bool {
        match &self.objective {
            Objective::Restored(_) | Objective::Stale(_) | Objective::DataLoss(_) => self.is_felt(),
            Objective::Availability(o) => o.by == Available::Time && self.is_felt(),
            _ => false,
        }
    }

    /// The path in the outcome, where the objective is about one.
    pub fn path(&self) -> Option<&str> {
        match &self.objective {
            Objective::Value(o) => Some(&o.of),
            _ => None,
        }
    }

    /// How much of a run it needs.
    pub fn needs(&self) -> Detail {
        match self.path() {
            Some(path) if path.starts_with("components.") || path.starts_with("groups.") => Detail::Components,
            Some(_) => Detail::Full,
            None if !self.is_brief() => Detail::Full,
            None => Detail::Brief,
        }
    }

    /// How far a number is beyond what is asked; zero where it is not.
    pub fn beyond(&self, seen: f64) -> f64 {
        let below = self.at_least.map_or(0.0, |least| least - seen);
        let above = self.at_most.map_or(0.0, |most| seen - most);
        below.max(above).max(0.0)
    }

    /// What a run with this number costs by the penalty. What was not measured costs nothing.
    pub fn costs(&self, seen: Option<f64>) -> f64 {
        match (self.penalty, seen) {
            (Some(penalty), Some(seen)) if seen.is_finite() && !self.is_met(seen) => match penalty {
                Penalty::Miss(amount) => amount,
                Penalty::Second(amount) => amount * self.beyond(seen),
            },
            _ => 0.0,
        }
    }

    /// Whether a number is as it is to be. No number is not.
    pub fn is_met(&self, seen: f64) -> bool {
        // Sums of floats: a part in a thousand million is no difference.
        let slack = |bound: f64| 1e-9 * bound.abs() + 1e-12;
        let enough = self.at_least.is_none_or(|least| seen >= least - slack(least));
        !seen.is_nan() && enough && self.at_most.is_none_or(|most| seen <= most + slack(most))
    }
}

/// Whom a name in an objective speaks of: of a population, or of all that a site or group serves, the whole and each critical
/// feature for itself; of `"shoppers.features.buy"`, that feature alone.
fn whom_of(scenario: &Scenario, name: &str, feature: Option<&str>, users: bool) -> Vec<(String, Option<String>)> {
    let (whose, of_path) = scenario.whom(name);
    let feature = of_path.or(feature);
    let mut found = Vec::new();
    for people in scenario.served_by(whose) {
        let Some(population) = scenario.people.get(people) else { continue };
        let critical = |used: &str| scenario.features.get(used).is_some_and(|f| f.priority == Priority::Critical);
        match feature {
            Some(feature) if population.uses.get(feature).is_some() => {
                found.push((people.to_owned(), Some(feature.to_owned())));
            }
            Some(_) => {}
            None => {
                found.push((people.to_owned(), None));
                // What users do with a feature is not known apart from what else they do.
                let each = population.uses.names().filter(|used| !users && critical(used));
                found.extend(each.map(|used| (people.to_owned(), Some(used.to_owned()))));
            }
        }
    }
    found
}

/// What a population felt, or felt of one feature.
struct Felt<'a> {
    intended: f64,
    time_availability: f64,
    request_availability: f64,
    user_uptime: Option<f64>,
    stale_s: f64,
    longest_outage_s: f64,
    at_end: ServiceLevel,
    latency: &'a LatencyOutcome,
}

impl Felt<'_> {
    fn of<'a>(outcome: &'a Outcome, people: &str, feature: Option<&str>) -> Option<Felt<'a>> {
        let people = outcome.people.get(people)?;
        Some(match feature {
            None => Felt {
                intended: people.requests.intended,
                time_availability: people.time_availability,
                request_availability: people.request_availability,
                user_uptime: Some(people.user_uptime),
                stale_s: people.stale_s,
                latency: &people.latency.all,
                longest_outage_s: people.longest_outage_s,
                at_end: people.at_end,
            },
            Some(feature) => {
                let used = people.features.get(feature)?;
                Felt {
                    intended: used.requests.intended,
                    time_availability: used.time_availability,
                    request_availability: used.request_availability,
                    user_uptime: None,
                    stale_s: used.stale_s,
                    latency: &used.latency.all,
                    longest_outage_s: used.longest_outage_s,
                    at_end: used.at_end,
                }
            }
        })
    }
}

/// The longest time without a break in which a population was down.
pub fn longest_outage(people: &PeopleOutcome) -> f64 {
    people.longest_outage_s
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
