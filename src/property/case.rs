//! A case: a scenario with its drill, and a seed.

use super::judged::{self, Missed};
use crate::load::load;
use crate::metrics::Outcome;
use crate::rng::Luck;
use crate::run::{Run, run};
use crate::scenario::{Choice, Diagnostics, Named, Pick, Scenario, Source};
use crate::shrink::Shrunk;
use crate::world::World;
use std::fmt;
use std::sync::Arc;

/// A scenario with its drill, and a seed: what a property is asked of.
#[derive(Clone)]
pub struct Case {
    scenario: Scenario,
    world: Arc<World>,
    luck: Luck,
    /// The text with the comment that says what it shows, where it is as small as it gets.
    smallest: Option<String>,
}

impl Case {
    /// A scenario as it is, under a seed.
    ///
    /// # Errors
    /// The scenario has mistakes.
    pub fn new(scenario: Scenario, luck: Luck) -> Result<Case, Diagnostics> {
        let world = World::compile(&scenario)?;
        Ok(Case { scenario, world, luck, smallest: None })
    }

    /// What was left of a case when nothing more could go.
    pub(super) fn smallest(shrunk: Shrunk, luck: Luck) -> Option<Case> {
        let mut case = Case::new(shrunk.scenario, luck).ok()?;
        case.smallest = Some(shrunk.text);
        Some(case)
    }

    /// The scenario.
    pub fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// The same, compiled.
    pub fn world(&self) -> &Arc<World> {
        &self.world
    }

    /// The luck of its run.
    pub fn luck(&self) -> Luck {
        self.luck
    }

    /// Runs it.
    pub fn run(&self) -> Run {
        run(&self.world, self.luck)
    }

    /// What a run of it comes to.
    pub fn outcome(&self) -> Outcome {
        self.run().outcome
    }

    /// Its objectives that do not hold.
    pub fn missed(&self) -> Vec<Missed> {
        judged::missed(&self.scenario, &self.outcome())
    }

    /// The text of its file: of the smallest case with a comment that says what it shows.
    pub fn text(&self) -> String {
        self.smallest.clone().unwrap_or_else(|| self.scenario.to_ron())
    }

    /// Whether it is as small as it gets.
    pub fn is_smallest(&self) -> bool {
        self.smallest.is_some()
    }
}

/// Its text: that is what proptest prints.
impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "seed {}, replication {}\n{}", self.luck.seed, self.luck.replication, self.text())
    }
}

/// A scenario of which nothing is left that is another run: no other strategy or plan, no variant. What its strategy sets has been
/// set.
pub fn only_what_runs(mut scenario: Scenario) -> Scenario {
    let Pick { strategy, maintenance, .. } = std::mem::take(&mut scenario.run);
    scenario.strategies.0.retain(|(name, _)| strategy.as_ref() == Some(name));
    scenario.maintenance.0.retain(|(name, _)| maintenance.as_ref() == Some(name));
    for (_, strategy) in &mut scenario.strategies.0 {
        (strategy.set, strategy.maintenance) = (Named::default(), None);
    }
    scenario.variants = Named::default();
    scenario.expect.clear();
    scenario.expect_failure.clear();
    (scenario.assumptions, scenario.silence) = (Named::default(), Vec::new());
    scenario.broken.clear();
    scenario
}

/// A scenario with some of its values set, as `--set` sets them.
pub fn with_values(scenario: &Scenario, set: Vec<(String, String)>) -> Result<Scenario, Diagnostics> {
    if set.is_empty() {
        return Ok(scenario.clone());
    }
    let choice = Choice { set, ..Choice::default() };
    load(&Source::from_scenario("design.ron", scenario), &choice).map(|(read, _)| only_what_runs(read))
}
