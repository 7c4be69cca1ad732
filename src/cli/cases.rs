//! What was tested, and what came of it.

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
    /// The smallest drill that breaks it, as a scenario.
    pub drill: Option<String>,
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
#[derive(Debug, Default)]
pub struct TestReport {
    /// Files that were tested.
    pub files: usize,
    /// Files that could not be tested.
    pub broken: usize,
    /// The runs that were judged.
    pub groups: Vec<Group>,
}
