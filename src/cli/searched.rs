//! Where parts of a search are kept: a folder of results, and the plan of the search beside them.

use super::files::FileError;
use super::results::Results;
use firedrill::scenario::{Choice, Source};
use firedrill::search::{Asked, Keeper, Unkept, is_whole};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::xxh3_128;

/// How the names of plans end.
pub const PLAN: &str = ".search.json";
const PART: &str = ".search.jsonl";

/// What is searched, as plain data: enough to make the same search anywhere.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SearchPlan {
    format: u32,
    firedrill_version: String,
    name: String,
    scenario: String,
    recordings: Vec<(String, String)>,
    strategy: Option<String>,
    maintenance: Option<String>,
    variant: Option<String>,
    set: Vec<(String, String)>,
    /// Only these objectives.
    pub objective: Vec<String>,
    faults: usize,
    draws: u64,
    seed: u64,
    exhaustive: bool,
}

impl SearchPlan {
    /// The plan of a search.
    pub fn new(source: &Source, choice: &Choice, objective: &[String], asked: Asked) -> SearchPlan {
        SearchPlan {
            format: 1,
            firedrill_version: env!("CARGO_PKG_VERSION").to_owned(),
            name: source.name.clone(),
            scenario: source.text.clone(),
            recordings: source.recordings.clone(),
            strategy: choice.strategy.clone(),
            maintenance: choice.maintenance.clone(),
            variant: choice.variant.clone(),
            set: choice.set.clone(),
            objective: objective.to_vec(),
            faults: asked.faults,
            draws: asked.draws,
            seed: asked.seed,
            exhaustive: asked.exhaustive,
        }
    }

    /// What is searched.
    pub fn source(&self) -> Source {
        Source { recordings: self.recordings.clone(), ..Source::new(&self.name, &self.scenario) }
    }

    /// What is chosen of it.
    pub fn choice(&self) -> Choice {
        Choice {
            strategy: self.strategy.clone(),
            maintenance: self.maintenance.clone(),
            variant: self.variant.clone(),
            set: self.set.clone(),
        }
    }

    /// What is asked.
    pub fn asked(&self) -> Asked {
        Asked { faults: self.faults, draws: self.draws, seed: self.seed, exhaustive: self.exhaustive }
    }

    /// Writes it beside the parts.
    pub fn keep(&self, results: &Results) -> Result<(), FileError> {
        // Plain data with text for keys: it can always be written.
        let text = serde_json::to_string_pretty(self).unwrap_or_default() + "\n";
        results.write(&format!("{:032x}{PLAN}", xxh3_128(text.as_bytes())), &text)
    }
}

/// A folder of results, others that may have what it lacks, and what went wrong with them.
pub struct Shelf<'a> {
    /// Where everything is kept.
    pub results: &'a Results,
    /// Where it may be already.
    pub others: &'a [PathBuf],
    /// Whether what is missing is made.
    pub makes: bool,
    /// Why it cannot be kept.
    pub error: Option<FileError>,
}

impl Shelf<'_> {
    fn failed(&mut self, error: FileError) -> Unkept {
        self.error = Some(error);
        Unkept
    }

    fn find(&self, folder: &Path, name: &str) -> Result<Option<String>, FileError> {
        let file = format!("{name}{PART}");
        let Some(text) = Results::load_text(folder, &file)? else { return Ok(None) };
        if is_whole(&text, name) {
            return Ok(Some(text));
        }
        let why = "its lines do not give the checksum at its end".to_owned();
        Err(FileError::Damaged { path: folder.join(file), why })
    }
}

impl Keeper for Shelf<'_> {
    fn load(&mut self, name: &str) -> Result<Option<String>, Unkept> {
        let results = self.results;
        if let Some(text) = self.find(results.folder(), name).map_err(|error| self.failed(error))? {
            return Ok(Some(text));
        }
        for folder in self.others {
            if let Some(text) = self.find(folder, name).map_err(|error| self.failed(error))? {
                self.save(name, &text)?;
                return Ok(Some(text));
            }
        }
        Ok(None)
    }

    fn save(&mut self, name: &str, text: &str) -> Result<(), Unkept> {
        let saved = self.results.save_text(&format!("{name}{PART}"), text);
        saved.map_err(|error| self.failed(error))
    }

    fn makes(&self) -> bool {
        self.makes
    }
}
