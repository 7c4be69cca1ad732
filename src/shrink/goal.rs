//! What has to go on failing: one objective or one expectation, on the side on which it was missed.

use crate::expect::{self, Criterion, Unit};
use crate::metrics::{Detail, Outcome};
use crate::scenario::Scenario;
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
    /// Whether a run misses it, on the same side as ever.
    pub fn is_missed(&self, scenario: &Scenario, world: &World, outcome: &Outcome) -> bool {
        missed(&self.name, scenario, world, outcome).is_some_and(|missed| missed.side == self.side)
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
