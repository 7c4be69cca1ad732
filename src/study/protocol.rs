//! What a study is to compare, as plain data: enough to make the same study again anywhere.

use super::select::Settle;
use crate::replay;
use crate::rng::Luck;
use crate::scenario::{Choice, Source, Under};
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

/// The version of the shape of protocols and of the files with results.
pub const FORMAT: u32 = 1;
/// Replications in a batch: the unit of work, of files with results, and of the decision to stop.
pub const BATCH: u64 = 100;
/// Designs that one study compares.
pub const DESIGNS_MAX: usize = 200;
/// Replications of one study.
pub const REPLICATIONS_MAX: u64 = 100_000_000;

/// A study: which designs, under which luck, how many replications at most, and what is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Protocol {
    /// The version of this shape.
    pub format: u32,
    /// The version of firedrill.
    pub firedrill_version: String,
    /// The seed of all replications.
    pub seed: u64,
    /// Replications of each design, at most.
    pub replications: u64,
    /// The confidence of intervals and of what is called settled.
    pub confidence: f64,
    /// The difference in the first metric that would not matter, per run: with it the study stops by itself.
    pub indifference: Option<f64>,
    /// What is to be settled then.
    pub settle: Settle,
    /// The metric that ranks; by default the first.
    pub by: Option<String>,
    /// More metrics: numbers of the outcome by their paths.
    pub paths: Vec<String>,
    /// The scenarios.
    pub sources: Vec<Text>,
    /// The designs.
    pub designs: Vec<Wanted>,
}

/// A scenario as text, with what lies beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    /// The file as it was named.
    pub name: String,
    /// What is in it.
    pub text: String,
    /// Recordings beside it.
    pub recordings: Vec<(String, String)>,
}

/// A design: a scenario and what is chosen and changed in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// What it is called.
    pub label: String,
    /// Which of the sources.
    pub source: usize,
    /// The strategy.
    pub strategy: Option<String>,
    /// The maintenance protocol.
    pub maintenance: Option<String>,
    /// The variant.
    pub variant: Option<String>,
    /// Values that are different.
    pub set: Vec<(String, String)>,
}

impl Protocol {
    /// A protocol without designs yet: intervals of 95%, every replication run.
    pub fn new(seed: u64, replications: u64) -> Protocol {
        Protocol {
            format: FORMAT,
            firedrill_version: env!("CARGO_PKG_VERSION").to_owned(),
            seed,
            replications,
            confidence: 0.95,
            indifference: None,
            settle: Settle::default(),
            by: None,
            paths: Vec::new(),
            sources: Vec::new(),
            designs: Vec::new(),
        }
    }

    /// Adds a scenario; gives its number.
    pub fn add_source(&mut self, source: &Source) -> usize {
        self.sources.push(Text::new(source));
        self.sources.len() - 1
    }

    /// Its hash: the same for whoever asks the same.
    pub fn hash(&self) -> String {
        let text = serde_json::to_vec(self).unwrap_or_default();
        format!("{:032x}", xxh3_128(&text))
    }

    /// The command that makes one of its runs again.
    pub fn replay(&self, design: usize, replication: u64) -> String {
        self.replay_under(design, replication, Under::Drill)
    }

    /// The command that makes one of its runs again, as an objective under this is held against it.
    pub fn replay_under(&self, design: usize, replication: u64, under: Under) -> String {
        let Some((file, choice)) = self.run_of(design, under) else { return String::new() };
        replay::command("run", file, &choice, Luck { seed: self.seed, replication })
    }

    /// The command that makes the smallest file of one of its runs, in which an objective fails.
    pub fn shrink(&self, design: usize, replication: u64, objective: &str, under: Under) -> String {
        let Some((file, choice)) = self.run_of(design, under) else { return String::new() };
        replay::shrink(file, &choice, Luck { seed: self.seed, replication }, objective)
    }

    fn run_of(&self, design: usize, under: Under) -> Option<(&str, Choice)> {
        let wanted = self.designs.get(design)?;
        let mut choice = wanted.choice();
        choice.set.extend(under.set());
        Some((self.sources.get(wanted.source).map_or("", |source| source.name.as_str()), choice))
    }
}

impl Text {
    /// From a source.
    pub fn new(source: &Source) -> Text {
        Text { name: source.name.clone(), text: source.text.clone(), recordings: source.recordings.clone() }
    }

    /// The source again.
    pub fn source(&self) -> Source {
        Source { name: self.name.clone(), text: self.text.clone(), recordings: self.recordings.clone() }
    }
}

impl Wanted {
    /// A design with a choice.
    pub fn new(label: impl Into<String>, source: usize, choice: Choice) -> Wanted {
        let Choice { strategy, maintenance, variant, set } = choice;
        Wanted { label: label.into(), source, strategy, maintenance, variant, set }
    }

    /// What is chosen.
    pub fn choice(&self) -> Choice {
        Choice {
            strategy: self.strategy.clone(),
            maintenance: self.maintenance.clone(),
            variant: self.variant.clone(),
            set: self.set.clone(),
        }
    }
}
