//! A study that can be run: its worlds are compiled, its measures known.

use super::batch::{Batch, Header, Row};
use super::measure::{self, Measure};
use super::plan::{BATCH, DESIGNS_MAX, FORMAT, Plan, REPLICATIONS_MAX};
use crate::expect::Target;
use crate::load::load;
use crate::metrics::Detail;
use crate::rng::Luck;
use crate::run::{run, run_in_detail};
use crate::scenario::{Diagnostics, Scenario, Source};
use crate::world::World;

/// A plan that can be run.
#[derive(Debug, Clone)]
pub struct Study {
    /// What was planned.
    pub plan: Plan,
    /// The designs, in the order of the plan.
    pub designs: Vec<Design>,
    /// What is kept of each run.
    pub measures: Vec<Measure>,
    /// The measure that ranks.
    pub by: usize,
    /// How much of each run is worked out: no more than the measures need.
    detail: Detail,
}

/// A design that can be run.
#[derive(Debug, Clone)]
pub struct Design {
    /// What it is called.
    pub label: String,
    /// What it is, in a line.
    pub about: String,
    /// Its world.
    pub world: World,
}

/// Why a plan cannot be run.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StudyError {
    /// A scenario has mistakes.
    #[error("{} has mistakes", source_text.name)]
    Mistakes {
        /// Which.
        source_text: Box<Source>,
        /// What they are.
        mistakes: Diagnostics,
    },
    /// Something is asked that makes no sense.
    #[error("{0}")]
    Asked(String),
}

impl Study {
    /// Compiles every design of a plan.
    ///
    /// # Errors
    /// A scenario with mistakes; designs that cannot be compared; a measure that does not exist.
    pub fn new(plan: Plan) -> Result<Study, StudyError> {
        let asked = |problem: String| Err(StudyError::Asked(problem));
        if plan.designs.is_empty() {
            return asked("there is nothing to run".to_owned());
        }
        if plan.designs.len() > DESIGNS_MAX {
            return asked(format!(
                "{} designs are more than the {DESIGNS_MAX} that one study compares",
                plan.designs.len()
            ));
        }
        if plan.replications == 0 || plan.replications > REPLICATIONS_MAX {
            return asked(format!("a study has 1 to {REPLICATIONS_MAX} replications"));
        }
        if !(plan.confidence > 0.5 && plan.confidence < 1.0) {
            return asked("the confidence is between 0.5 and 1, like 0.95".to_owned());
        }
        let mut designs = Vec::with_capacity(plan.designs.len());
        let mut targets: Vec<Target> = Vec::new();
        for wanted in &plan.designs {
            let Some(text) = plan.sources.get(wanted.source) else {
                return asked(format!("the design \"{}\" has no scenario", wanted.label));
            };
            let source = text.source();
            let (scenario, world) = match load(&source, &wanted.choice()) {
                Ok(loaded) => loaded,
                Err(mistakes) => return Err(StudyError::Mistakes { source_text: Box::new(source), mistakes }),
            };
            targets.extend(Target::all(&scenario));
            designs.push(Design { label: wanted.label.clone(), about: about(&scenario), world });
        }
        let length = |design: &Design| design.world.horizon.since(design.world.measured_from);
        if let Some(other) = designs.iter().find(|design| length(design) != length(&designs[0])) {
            let (a, b) = (&designs[0], other);
            return asked(format!(
                "\"{}\" is measured over {} and \"{}\" over {}: designs are compared over the same length of time",
                a.label,
                length(a),
                b.label,
                length(b),
            ));
        }
        let measures = measure::measures(designs.iter().map(|d| &d.world), &plan.paths, targets.into_iter());
        if measures.is_empty() {
            let problem = "there is nobody in these scenarios, and nothing else to compare was named; name a number of the \
                           outcome, like --measure components.NAME.downtime_s";
            return asked(problem.to_owned());
        }
        let by = match &plan.by {
            None => 0,
            Some(name) => match measures.iter().position(|measure| measure.name == *name) {
                Some(by) => by,
                None => {
                    let names: Vec<&str> = measures.iter().map(|measure| measure.name.as_str()).collect();
                    return asked(format!("there is no measure \"{name}\"; there are {}", names.join(", ")));
                }
            },
        };
        if plan.indifference.is_some_and(|difference| !(difference > 0.0 && difference.is_finite())) {
            return asked("a difference that would not matter is above zero".to_owned());
        }
        // A path that leads nowhere is known after the first run.
        let first = run(&designs[0].world, Luck { seed: plan.seed, replication: 0 }).outcome;
        if let Some(problem) = measures.iter().find_map(|measure| measure.check(&first).err()) {
            return asked(problem);
        }
        let detail = measures.iter().map(Measure::needs).max().unwrap_or(Detail::Full);
        Ok(Study { plan, designs, measures, by, detail })
    }

    /// Seconds that a run is measured.
    pub fn run_s(&self) -> f64 {
        let world = &self.designs[0].world;
        world.horizon.since(world.measured_from).seconds()
    }

    /// Batches of each design, at most.
    pub fn batches(&self) -> u64 {
        self.plan.replications.div_ceil(BATCH)
    }

    /// The first replication of a batch, and how many it has.
    pub fn range(&self, batch: u64) -> (u64, u64) {
        let first = batch * BATCH;
        (first, BATCH.min(self.plan.replications.saturating_sub(first)))
    }

    /// Runs a batch of a design.
    pub fn batch(&self, design: usize, batch: u64) -> Batch {
        let (first, count) = self.range(batch);
        let rows = (first..first + count).map(|replication| self.row(design, replication)).collect();
        Batch { rows }
    }

    /// Runs one replication of a design.
    pub fn row(&self, design: usize, replication: u64) -> Row {
        let (world, luck) = (&self.designs[design].world, Luck { seed: self.plan.seed, replication });
        let outcome = run_in_detail(world, luck, self.detail);
        let digest = u128::from_str_radix(&outcome.provenance.digest, 16).unwrap_or_default();
        Row { replication, digest, values: self.measures.iter().map(|measure| measure.seen(&outcome)).collect() }
    }

    /// What stands before a batch that is written.
    pub fn header(&self, design: usize, batch: u64) -> Header {
        let (first, count) = self.range(batch);
        Header {
            format: FORMAT,
            firedrill_version: self.plan.firedrill_version.clone(),
            scenario: self.designs[design].world.scenario_hash.clone(),
            seed: self.plan.seed,
            first,
            count,
            measures: self.measures.iter().map(|measure| measure.name.clone()).collect(),
        }
    }
}

/// What a design is, as its strategy says.
fn about(scenario: &Scenario) -> String {
    let strategy = scenario.run.strategy.as_ref().and_then(|name| scenario.strategies.get(name));
    strategy.map(|strategy| strategy.about.clone()).unwrap_or_default()
}
