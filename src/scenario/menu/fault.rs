//! A fault of the menu.

use super::super::{Act, Inject, Scenario};
use crate::dist::Dist;
use crate::units::{Duration, Factor, Ratio};
use serde::Serialize;

/// Something that may go wrong.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// What it is called: `"crash of oslo"`.
    pub name: String,
    /// Of which kind.
    pub kind: FaultKind,
    /// What it does, all at once.
    pub does: Vec<Does>,
    /// What it hits: names of the file.
    pub hits: Vec<String>,
    /// How often it is to be expected in a year, where the file says so.
    pub per_year: Option<f64>,
    /// The share of time in which it is there, where it lies hidden, or of calls on which it shows.
    pub probability: Option<f64>,
    /// How long it lasts, in the mean, where that can be told.
    pub lasts: Option<Duration>,
}

/// Kinds of faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FaultKind {
    /// A component or a site, or members of one.
    Crash,
    /// Several at once, by one cause.
    CommonCause,
    /// A link.
    Cut,
    /// Something that works for some and passes its checks.
    Gray,
    /// A service that takes longer.
    Slow,
    /// A failover that does not work, or what it needs.
    Failover,
    /// More users.
    Surge,
    /// People who are not there.
    Crew,
    /// Planned work that takes longer.
    Overrun,
    /// What the file adds.
    Added,
}

/// A part of what a fault does.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Does {
    /// A step of a drill.
    Act(Act),
    /// The failover of a group does not work when it is called upon.
    FailsOnDemand {
        /// The group.
        group: String,
    },
    /// A crew comes that much later, the whole run long.
    CrewAway {
        /// The crew.
        crew: String,
        /// How much later.
        by: Duration,
    },
    /// A maintenance takes longer.
    Overruns {
        /// The plan.
        plan: String,
        /// How many times as long.
        by: Factor,
    },
}

impl Fault {
    /// Whether it is only a step of the drill, and nothing else about the scenario changes.
    pub fn is_acts(&self) -> bool {
        self.does.iter().all(|does| matches!(does, Does::Act(_)))
    }

    /// Steps of the drill that it is.
    pub fn acts(&self) -> impl Iterator<Item = &Act> {
        self.does.iter().filter_map(|does| match does {
            Does::Act(act) => Some(act),
            _ => None,
        })
    }

    /// Puts it into a scenario, to begin at this time: `"+14h"`.
    pub fn put_into(&self, scenario: &mut Scenario, at: &str) {
        self.change(scenario);
        scenario.drill.extend(self.acts().map(|act| Inject::At(at.to_owned(), act.clone())));
    }

    /// Changes what of it is no step of the drill.
    pub fn change(&self, scenario: &mut Scenario) {
        for does in &self.does {
            match does {
                Does::Act(_) => {}
                Does::FailsOnDemand { group } => {
                    let every = scenario.strategies.0.iter_mut();
                    for failover in every.filter_map(|(_, strategy)| strategy.failover.get_mut(group)) {
                        failover.fails_on_demand = Ratio(1.0);
                    }
                }
                Does::CrewAway { crew, by } => {
                    if let Some(crew) = scenario.crews.get_mut(crew) {
                        let usual = crew.arrives.as_ref().map_or(0.0, Dist::mean_s);
                        crew.arrives = Some(Dist::Fixed(Duration::from_seconds(usual + by.seconds())));
                    }
                }
                Does::Overruns { plan, by } => {
                    if let Some(plan) = scenario.maintenance.get_mut(plan) {
                        plan.takes = Dist::Fixed(Duration::from_seconds(plan.takes.mean_s() * by.0));
                    }
                }
            }
        }
    }
}
