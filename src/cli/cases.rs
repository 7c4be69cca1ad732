//! What was tested, and what came of it.

use super::shrink::Failure;
use firedrill::scenario::Source;
use firedrill::study::Judgement;

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
