//! What has to go on failing: one objective or one expectation, on the side on which it was missed.

use crate::expect::{self, Criterion, Unit};
use crate::metrics::{Detail, Outcome};
use crate::scenario::{Expectation, Objective, Scenario};
use crate::units::Duration;
use crate::world::World;
use std::cmp::Ordering;

/// How an expectation is called: by its place.
const EXPECTATION: &str = "expect.";

/// What has to go on failing.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Goal {
    /// The objective's name, or the place of the expectation: `expect.0`.
    pub name: String,
    /// The side on which it was missed: a failure of the other side is another failure.
    pub side: Ordering,
    /// Of a store: whether it has replicas. What a replica lacks is another failure than that there is none.
    pub has_replicas: Option<bool>,
}

/// What a run says of a goal.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Missed {
    /// What was seen.
    pub seen: String,
    /// What was asked for.
    pub asked: String,
    /// On which side of that it lies.
    pub side: Ordering,
}

impl Goal {
    /// A goal of this name that is missed on a side, in a scenario.
    pub fn new(name: String, side: Ordering, scenario: &Scenario, world: &World) -> Goal {
        Goal { has_replicas: has_replicas(&name, scenario, world), name, side }
    }

    /// Whether a run misses it, on the same side as ever.
    pub fn is_missed(&self, scenario: &Scenario, world: &World, outcome: &Outcome) -> bool {
        has_replicas(&self.name, scenario, world) == self.has_replicas
            && missed(&self.name, scenario, world, outcome).is_some_and(|missed| missed.side == self.side)
    }

    /// Whether what it counts is a share of the length of the run: in a shorter run the same bound allows less.
    pub fn is_share(&self, scenario: &Scenario) -> bool {
        let criterion = criterion(&self.name, scenario);
        criterion.is_some_and(|c| {
            let last = c.path().and_then(|path| path.rsplit('.').next()).unwrap_or_default();
            c.unit == Unit::Share || last.contains("availability") || last.contains("uptime")
        })
    }
}

/// How much of a run has to be worked out to see it.
pub(super) fn detail(name: &str, scenario: &Scenario) -> Detail {
    criterion(name, scenario).map_or(Detail::Full, |criterion| criterion.needs())
}

/// The place of an expectation that is called by it.
pub(super) fn place(name: &str) -> Option<usize> {
    name.strip_prefix(EXPECTATION)?.parse().ok()
}

/// What an expectation is called.
pub(super) fn name_of(place: usize) -> String {
    format!("{EXPECTATION}{place}")
}

fn criterion(name: &str, scenario: &Scenario) -> Option<Criterion> {
    Criterion::all(scenario).into_iter().find(|criterion| criterion.name == name)
}

/// Whether the store that a goal speaks of has replicas; nothing where it speaks of none.
fn has_replicas(name: &str, scenario: &Scenario, world: &World) -> Option<bool> {
    let expected = place(name).and_then(|place| scenario.expect.get(place));
    let inside = |path: &str| {
        let path = path.strip_prefix("stores.")?.to_owned();
        // Names may have dots in them: the longest that there is.
        let is_it = |name: &&String| path.strip_prefix(name.as_str()).is_some_and(|rest| rest.starts_with('.'));
        let names: Vec<String> = scenario.stores.names().map(str::to_owned).collect();
        names.iter().filter(is_it).max_by_key(|name| name.len()).cloned()
    };
    let store = match (scenario.objectives.get(name), expected) {
        (Some(Objective::DataLoss(objective)), _) => Some(objective.of.clone()),
        (Some(Objective::Value(objective)), _) => inside(&objective.of),
        (None, Some(Expectation::Value(expected))) => inside(&expected.of),
        _ => None,
    }?;
    world.stores.iter().find(|known| known.name == store).map(|store| !store.replicas.is_empty())
}

/// How a run misses an objective or an expectation; `None` where it does not, or where there is nothing to look at.
pub(super) fn missed(name: &str, scenario: &Scenario, world: &World, outcome: &Outcome) -> Option<Missed> {
    if let Some(criterion) = criterion(name, scenario) {
        let seen = criterion.seen(outcome).filter(|seen| !seen.is_nan() && !criterion.is_met(*seen))?;
        let side = match criterion.at_least {
            Some(least) if seen < least => Ordering::Less,
            _ => Ordering::Greater,
        };
        let bound = match side {
            Ordering::Less => criterion.at_least.map(|least| format!("at least {}", amount(criterion.unit, least))),
            _ => criterion.at_most.map(|most| format!("at most {}", amount(criterion.unit, most))),
        };
        return Some(Missed { seen: amount(criterion.unit, seen), asked: bound.unwrap_or_default(), side });
    }
    let place = place(name)?;
    let verdicts = expect::judge(scenario, world, outcome);
    let verdict = verdicts.into_iter().find(|verdict| verdict.expectation == place)?;
    let seen = format!("{} {}", verdict.what, verdict.seen);
    Some(Missed { seen, asked: verdict.expected, side: verdict.missed? })
}

/// A number as a file would write it.
fn amount(unit: Unit, number: f64) -> String {
    match unit {
        Unit::Seconds => Duration::from_seconds((number * 1e3).round() / 1e3).to_string(),
        Unit::Latency => Duration::from_seconds((number * 1e6).round() / 1e6).to_string(),
        Unit::Share => format!("{}%", (number * 1e8).round() / 1e6),
        Unit::UserMinutes | Unit::Money | Unit::Plain => format!("{}", (number * 1e6).round() / 1e6),
    }
}
