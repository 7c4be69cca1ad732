//! What was tested, and what came of it.

use super::shrink::Failure;
use firedrill::scenario::{Reading, Source};
use firedrill::study::Judgement;
use std::time::Duration;

/// Something that was tested, and what came of it.
#[derive(Debug, Clone)]
pub struct Case {
    /// What was looked at.
    pub what: String,
    /// What was seen of it.
    pub seen: String,
    /// What was expected.
    pub expected: String,
    /// What is known of it.
    pub judgement: Judgement,
    /// The command that shows why it failed.
    pub replay: Option<String>,
    /// The command that makes the smallest file that fails as it did.
    pub shrink: Option<String>,
    /// The smallest drill that breaks it, as a scenario.
    pub drill: Option<String>,
    /// The line of the file in which it stands.
    pub line: Option<usize>,
}

impl Case {
    /// It is known to fail: that it does is well, and that it holds is not, because nobody would see it fail again.
    pub fn known_to_fail(self) -> Case {
        match self.judgement {
            Judgement::Fail => Case {
                judgement: Judgement::Pass,
                expected: format!("{}; known to fail", self.expected),
                replay: None,
                shrink: None,
                ..self
            },
            Judgement::Pass => Case {
                judgement: Judgement::Fail,
                expected: format!("{}; mended: take it out of expect_failure", self.expected),
                ..self
            },
            _ => self,
        }
    }
}

/// The cases of one run of a file.
#[derive(Debug, Clone)]
pub struct Group {
    /// The file.
    pub file: String,
    /// The run: strategy, maintenance, variant.
    pub run: String,
    /// What was tested.
    pub cases: Vec<Case>,
    /// How long that took.
    pub took: Duration,
}

/// Where what is tested stands in its file: lines of expectations and objectives.
pub struct Lines<'s> {
    text: &'s str,
    reading: Reading,
}

impl Lines<'_> {
    /// The lines of a file.
    pub fn of(source: &Source) -> Lines<'_> {
        Lines { text: &source.text, reading: source.read_plain() }
    }

    /// The line of an expectation, by its place.
    pub fn of_expectation(&self, index: usize) -> Option<usize> {
        self.at(&format!("expect.{index}"))
    }

    /// The line of an objective, by its name.
    pub fn of_objective(&self, name: &str) -> Option<usize> {
        self.at(&format!("objectives.{name}"))
    }

    fn at(&self, path: &str) -> Option<usize> {
        let span = self.reading.span_of(path, true)?;
        Some(1 + self.text.get(..span.start)?.matches('\n').count())
    }
}

/// How many there were, and what came of them.
#[derive(Default)]
pub struct TestReport {
    /// Files that were tested.
    pub files: usize,
    /// Files that could not be tested.
    pub broken: usize,
    /// The runs that were judged.
    pub groups: Vec<Group>,
    /// Runs that failed in an objective.
    pub failures: Vec<(Source, Failure)>,
}
