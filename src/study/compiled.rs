//! A study that can be run: its worlds are compiled, its metrics known.

use super::batch::{Batch, Header, Row};
use super::metric::{self, Metric};
use super::protocol::{BATCH, DESIGNS_MAX, FORMAT, Protocol, REPLICATIONS_MAX};
use crate::expect::{Criterion, penalise};
use crate::load::load;
use crate::metrics::Detail;
use crate::rng::Luck;
use crate::run::{run, run_in_detail_unless};
use crate::scenario::diagnostics::did_you_mean;
use crate::scenario::{Choice, Diagnostics, Scenario, Source, Under};
use crate::world::{RandomFailure, World};
use std::sync::Arc;

/// A protocol that can be run.
#[derive(Debug, Clone)]
pub struct Study {
    /// What was planned.
    pub protocol: Protocol,
    /// The designs, in the order of the protocol.
    pub designs: Vec<Design>,
    /// What is kept of each run.
    pub metrics: Vec<Metric>,
    /// The metric that ranks.
    pub by: usize,
    /// How much of each run is worked out: no more than the metrics need.
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
    pub world: Arc<World>,
    /// The same for a year without its drill, where an objective is of that.
    year: Option<Arc<World>>,
    /// What fails at random in it.
    pub failures: Vec<RandomFailure>,
    /// What it is held against for money.
    penalties: Vec<Criterion>,
}

/// Why a protocol cannot be run.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
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
    /// Compiles every design of a protocol.
    ///
    /// # Errors
    /// A scenario with mistakes; designs that cannot be compared; a metric that does not exist.
    pub fn new(protocol: Protocol) -> Result<Study, StudyError> {
        let asked = |problem: String| Err(StudyError::Asked(problem));
        if protocol.designs.is_empty() {
            return asked("there is nothing to run".to_owned());
        }
        if protocol.designs.len() > DESIGNS_MAX {
            return asked(format!(
                "{} designs are more than the {DESIGNS_MAX} that one study compares",
                protocol.designs.len()
            ));
        }
        if protocol.replications == 0 || protocol.replications > REPLICATIONS_MAX {
            return asked(format!("a study has 1 to {REPLICATIONS_MAX} replications"));
        }
        if !(protocol.confidence > 0.5 && protocol.confidence < 1.0) {
            return asked("the confidence is between 0.5 and 1, like 0.95".to_owned());
        }
        let mut designs = Vec::with_capacity(protocol.designs.len());
        let mut criteria: Vec<Criterion> = Vec::new();
        for wanted in &protocol.designs {
            let Some(text) = protocol.sources.get(wanted.source) else {
                return asked(format!("the design \"{}\" has no scenario", wanted.label));
            };
            let source = text.source();
            let (scenario, world) = match load(&source, &wanted.choice()) {
                Ok(loaded) => loaded,
                Err(mistakes) => return Err(StudyError::Mistakes { source_text: Box::new(source), mistakes }),
            };
            // What has to hold under any fault is searched, and says nothing of runs by chance.
            let by_chance = |criterion: &Criterion| criterion.under.is_by_chance();
            let own: Vec<Criterion> = Criterion::all(&scenario).into_iter().filter(by_chance).collect();
            let penalties = own.iter().filter(|criterion| criterion.penalty.is_some()).cloned().collect();
            let of_year = own.iter().any(|criterion| criterion.under == Under::Year);
            let year = if of_year { Some(year_of(&source, wanted.choice())?) } else { None };
            criteria.extend(own);
            let (about, failures) = (about(&scenario), world.random_failures());
            designs.push(Design { label: wanted.label.clone(), about, world, year, failures, penalties });
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
        let is_at_stake = |design: &Design| design.world.is_anything_at_stake() || !design.penalties.is_empty();
        // Prices alone are told of each design; a run of one costs what a run of another does, unless servers are added.
        let asks = protocol.by.as_deref() == Some(metric::COST) && designs.iter().any(|d| d.world.money.is_some());
        let is_in_money = asks || designs.iter().any(is_at_stake);
        let worlds = designs.iter().map(|design| &*design.world);
        let metrics = metric::metrics(worlds, &protocol.paths, is_in_money, criteria.into_iter());
        if metrics.is_empty() {
            let problem = "there is nobody in these scenarios, and nothing else to compare was named; name a number of the \
                           outcome, like --metric components.NAME.downtime_s";
            return asked(problem.to_owned());
        }
        let by = match &protocol.by {
            None => 0,
            Some(name) => match metrics.iter().position(|metric| metric.is_called(name)) {
                Some(by) => by,
                None => {
                    let names: Vec<&str> = metrics.iter().map(|metric| metric.name.as_str()).collect();
                    let meant = did_you_mean(name, names.iter().copied());
                    let meant = meant.map_or(String::new(), |meant| format!("; did you mean \"{meant}\"?"));
                    return asked(format!("there is no metric \"{name}\"{meant}; there are {}", names.join(", ")));
                }
            },
        };
        if protocol.indifference.is_some_and(|difference| !(difference > 0.0 && difference.is_finite())) {
            return asked("a difference that would not matter is above zero".to_owned());
        }
        // A path that leads nowhere is known after the first run.
        if metrics.iter().any(|metric| metric.path().is_some()) {
            let first = run(&designs[0].world, Luck { seed: protocol.seed, replication: 0 }).outcome;
            if let Some(problem) = metrics.iter().find_map(|metric| metric.check(&first).err()) {
                return asked(problem);
            }
        }
        let detail = metrics.iter().map(Metric::needs).max().unwrap_or(Detail::Full);
        Ok(Study { protocol, designs, metrics, by, detail })
    }

    /// Seconds that a run is measured.
    pub fn run_s(&self) -> f64 {
        let world = &self.designs[0].world;
        world.horizon.since(world.measured_from).seconds()
    }

    /// Batches of each design, at most.
    pub fn batches(&self) -> u64 {
        self.protocol.replications.div_ceil(BATCH)
    }

    /// The first replication of a batch, and how many it has.
    pub fn range(&self, batch: u64) -> (u64, u64) {
        let first = batch * BATCH;
        (first, BATCH.min(self.protocol.replications.saturating_sub(first)))
    }

    /// Runs a batch of a design.
    pub fn batch(&self, design: usize, batch: u64) -> Batch {
        let (first, count) = self.range(batch);
        let rows = (first..first + count).map(|replication| self.row(design, replication)).collect();
        Batch { rows }
    }

    /// Runs one replication of a design.
    pub fn row(&self, design: usize, replication: u64) -> Row {
        self.row_unless(|| false, design, replication).expect("nobody gives it up")
    }

    /// The same, unless it is given up on the way: then there is nothing.
    pub fn row_unless(&self, given_up: impl Fn() -> bool, design: usize, replication: u64) -> Option<Row> {
        let (world, luck) = (&self.designs[design].world, Luck { seed: self.protocol.seed, replication });
        let mut outcome = run_in_detail_unless(&given_up, world, luck, self.detail)?;
        penalise(&self.designs[design].penalties, &mut outcome);
        let year = match &self.designs[design].year {
            Some(year) => Some(run_in_detail_unless(&given_up, year, luck, self.detail)?),
            None => None,
        };
        let of = |metric: &Metric| match (&year, metric.criterion().map(|criterion| criterion.under)) {
            (Some(year), Some(Under::Year)) => metric.seen(year),
            // A design of another file may have no objective of a year.
            (None, Some(Under::Year)) => f64::NAN,
            _ => metric.seen(&outcome),
        };
        let digest = u128::from_str_radix(&outcome.provenance.digest, 16).unwrap_or_default();
        let values = self.metrics.iter().map(of).collect();
        Some(Row { replication, digest, values, struck: outcome.struck })
    }

    /// What stands before a batch that is written.
    pub fn header(&self, design: usize, batch: u64) -> Header {
        let (first, count) = self.range(batch);
        Header {
            format: FORMAT,
            firedrill_version: self.protocol.firedrill_version.clone(),
            scenario: self.designs[design].world.scenario_hash.clone(),
            seed: self.protocol.seed,
            first,
            count,
            metrics: self.metrics.iter().map(|metric| metric.name.clone()).collect(),
            failures: self.designs[design].failures.iter().map(|failure| failure.name.clone()).collect(),
        }
    }
}

/// A year of a design without its drill.
fn year_of(source: &Source, mut choice: Choice) -> Result<Arc<World>, StudyError> {
    choice.set.extend(Under::Year.set());
    match load(source, &choice) {
        Ok((_, world)) => Ok(world),
        Err(mistakes) => Err(StudyError::Mistakes { source_text: Box::new(source.clone()), mistakes }),
    }
}

/// What a design is, as its strategy says.
fn about(scenario: &Scenario) -> String {
    let strategy = scenario.run.strategy.as_ref().and_then(|name| scenario.strategies.get(name));
    strategy.map(|strategy| strategy.about.clone()).unwrap_or_default()
}
