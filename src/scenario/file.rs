//! A whole scenario file.

use super::defaults::{is_default, is_zero};
use super::{
    Act, CommonCause, Component, Crew, Expectation, Feature, Group, Inject, Link, Maintenance, Menu, Named, Objective,
    Pick, Population, Provider, Queue, Rehearsal, Service, Site, Spread, Store, Strategy, Team, Transfer, Variant,
    Week,
};
use crate::units::Duration;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The version of the file format that this crate reads and writes.
pub const FORMAT: u32 = 1;

/// A whole scenario file.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename = "Scenario")]
pub struct Scenario {
    /// The version of the format: 1.
    // What has to be there is missed by whoever reads a text, who looks at the rest all the same.
    #[serde(default)]
    pub format: u32,
    /// One line that says what this is about.
    #[serde(default)]
    pub title: String,
    /// More lines, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub about: String,
    /// When the run starts, in which zone, and how long it lasts.
    #[serde(default)]
    pub clock: Clock,
    /// Hosting sites by name.
    #[serde(default, skip_serializing_if = "Named::is_empty")]
    pub sites: Named<Site>,
    /// Network links between sites.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Link>,
    /// What can fail, and what stands on what: power feeds, racks, storage, pools of servers, failover mechanisms.
    #[serde(default, skip_serializing_if = "Named::is_empty")]
    pub components: Named<Component>,
    /// Shocks that hit several components at once.
    #[serde(default, skip_serializing_if = "Named::is_empty")]
    pub common_cause: Named<CommonCause>,
    /// Who repairs.
    #[serde(default, skip_serializing_if = "Named::is_empty")]
    pub crews: Named<Crew>,
    /// Redundant members of which one is active: the things that fail over.
    #[serde(default, skip_serializing_if = "Named::is_empty")]
    pub groups: Named<Group>,
    /// Sites that serve people at the same time.
    #[serde(default, skip_serializing_if = "Named::is_empty")]
    pub spreads: Named<Spread>,
    /// Who runs sites, and how much more they have.
    #[serde(default, skip_serializing_if = "Named::is_empty")]
    pub providers: Named<Provider>,
    /// People who take the measures of runbooks.
    #[serde(default, skip_serializing_if = "Named::is_empty")]
    pub teams: Named<Team>,
    /// What answers requests.
    #[serde(default, skip_serializing_if = "Named::is_empty")]
    pub services: Named<Service>,
    /// Background work in durable queues: never lost, but it gets stale.
    #[serde(default, skip_serializing_if = "Named::is_empty")]
    pub queues: Named<Queue>,
    /// Data with a primary and replicas.
    #[serde(default, skip_serializing_if = "Named::is_empty")]
    pub stores: Named<Store>,
    /// What people do: each feature is a way through the services.
    #[serde(default, skip_serializing_if = "Named::is_empty")]
    pub features: Named<Feature>,
    /// Weekly profiles over civil time: which share of a population is active when.
    #[serde(default, skip_serializing_if = "Named::is_empty")]
    pub weeks: Named<Week>,
    /// Recorded profiles, as CSV with a header: seconds or a civil time, and the share active. A file of this name beside
    /// the scenario is read too.
    #[serde(default, skip_serializing_if = "Named::is_empty")]
    pub recordings: Named<String>,
    /// Groups of users.
    #[serde(default, skip_serializing_if = "Named::is_empty")]
    pub people: Named<Population>,
    /// Bulk flows between sites that share the links with everything else.
    #[serde(default, skip_serializing_if = "Named::is_empty")]
    pub transfers: Named<Transfer>,
    /// How the design responds; a run picks one, by default the first.
    #[serde(default, skip_serializing_if = "Named::is_empty")]
    pub strategies: Named<Strategy>,
    /// Planned takedowns; a run picks one, by default the first.
    #[serde(default, skip_serializing_if = "Named::is_empty")]
    pub maintenance: Named<Maintenance>,
    /// Other readings of the same story: each sets some values differently.
    #[serde(default, skip_serializing_if = "Named::is_empty")]
    pub variants: Named<Variant>,
    /// Which strategy, maintenance plan and variant a run takes when nothing else is asked.
    #[serde(default, skip_serializing_if = "is_default")]
    pub run: Pick,
    /// What happens, in any order: each step carries its time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drill: Vec<Inject>,
    /// What may go wrong, beside what follows from the rest: what `break` looks through.
    #[serde(default, skip_serializing_if = "is_default")]
    pub menu: Menu,
    /// How people play it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rehearsal: Option<Rehearsal>,
    /// What a design is to reach, judged over many runs.
    #[serde(default, skip_serializing_if = "Named::is_empty")]
    pub objectives: Named<Objective>,
    /// What all `costs` are counted in: `"EUR"`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub currency: String,
    /// What a run is expected to show, with tolerances.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expect: Vec<Expectation>,
    /// Objectives that are known to fail, by name, and expectations by their place, `"expect.0"`: `test` fails when one of them
    /// holds, so that it is taken out of this list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expect_failure: Vec<String>,
    /// Codes of warnings that `check` is not to give: `["W101"]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub silence: Vec<String>,
    /// Values that no source states: path in this file, and why it was chosen. Comments of the form `// assumed: why`
    /// are collected here when a file is read.
    #[serde(default, skip_serializing_if = "Named::is_empty")]
    pub assumptions: Named<String>,
    /// Names whose definitions could not be read: whoever refers to them has made no mistake of their own.
    #[serde(skip)]
    pub broken: BTreeSet<String>,
}

/// The run's clock.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clock {
    /// The civil time at which the run starts: `"2016-10-10T00:00"`.
    #[serde(default)]
    pub from: String,
    /// The zone in which the file's times are written and the report is told: `"America/New_York"`.
    #[serde(default)]
    pub zone: String,
    /// How long the run lasts.
    #[serde(default)]
    pub horizon: Duration,
    /// How much of the start is simulated but not measured.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub warm_up: Duration,
}

impl Scenario {
    /// Whether an objective of this name, or an expectation of this place, is known to fail.
    pub fn is_known_to_fail(&self, name: &str) -> bool {
        self.expect_failure.iter().any(|known| known == name)
    }

    /// The populations that an objective speaks of: the one of this name, or all that are served by it.
    pub fn served_by(&self, name: &str) -> Vec<&str> {
        if self.people.get(name).is_some() {
            return vec![self.people.names().find(|n| *n == name).unwrap_or_default()];
        }
        self.people.iter().filter(|(_, people)| people.served_by == name).map(|(name, _)| name).collect()
    }

    /// Whom a name in an objective or an expectation speaks of, and of which feature alone: `"shoppers"` is the population, or what
    /// bears that name; `"shoppers.features.buy"` is one feature of it, by its path in the outcome.
    pub fn whom<'a>(&self, of: &'a str) -> (&'a str, Option<&'a str>) {
        const BETWEEN: &str = ".features.";
        if !self.served_by(of).is_empty() {
            return (of, None);
        }
        // Names may have dots: the split at which both are there counts, else the first, so that a message can name it.
        let splits = || of.match_indices(BETWEEN).map(|(at, _)| (&of[..at], &of[at + BETWEEN.len()..]));
        let known =
            |(whose, feature): &(&str, &str)| !self.served_by(whose).is_empty() && self.features.get(feature).is_some();
        let split = splits().find(known).or_else(|| splits().next());
        split.map_or((of, None), |(whose, feature)| (whose, Some(feature)))
    }

    /// Crashes that nobody repairs, by their places in the drill: what they hit says nothing of a repair, they do not say when
    /// it is back, and no maintenance replaces it. Such a crash lasts to the end of the run.
    pub fn crashes_for_good(&self) -> Vec<usize> {
        let replaced = |of: &str| self.maintenance.iter().any(|(_, plan)| plan.replaces.iter().any(|name| name == of));
        let lasts = |step: &Inject| {
            let (Inject::At(_, act) | Inject::When(_, act)) = step;
            match act {
                Act::Crash { of, repaired_after: None, .. } => {
                    self.components.get(of).is_none_or(|component| component.repair.is_none()) && !replaced(of)
                }
                _ => false,
            }
        };
        self.drill.iter().enumerate().filter(|(_, step)| lasts(step)).map(|(i, _)| i).collect()
    }
}
