//! What is kept of a case in which an objective does not hold, and what is said of it.

use super::case::Case;
use super::judged::{Missed, missed};
use crate::replay;
use crate::report::text::{Layout, render};
use crate::scenario::{Choice, Scenario};

/// Columns of what is printed.
const COLUMNS: usize = 100;
/// Characters of a file's name.
const NAME_MAX: usize = 60;

/// A file that is kept of a case in which an objective does not hold.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SavedText {
    /// Its path from the root of the crate.
    pub path: String,
    /// What is in it.
    pub text: String,
}

impl Case {
    /// What is kept of it, where an objective does not hold: as it was drawn, or as small as it gets. Both are known to fail, so
    /// that `firedrill test` says when they do not any more.
    pub fn to_save(&self) -> Option<SavedText> {
        let first = self.missed().into_iter().next()?;
        if self.is_smallest() {
            return Some(SavedText { path: path_of(&first.objective), text: self.text() });
        }
        Some(SavedText { path: path_drawn(&first.objective), text: self.known_to_fail(&first.objective).to_ron() })
    }

    /// The scenario, of which it is known that this objective fails.
    pub(super) fn known_to_fail(&self, objective: &str) -> Scenario {
        let mut scenario = self.scenario().clone();
        scenario.objectives.0.retain(|(name, _)| name == objective);
        scenario.objectives.0.iter_mut().for_each(|(_, objective)| objective.ask_always());
        scenario.expect_failure = vec![objective.to_owned()];
        scenario
    }

    /// What is said where an objective does not hold: which, how it came about, and how to see it again.
    pub fn story(&self) -> String {
        let run = self.run();
        let mut said = String::new();
        for Missed { objective, seen, at_least, at_most } in missed(self.scenario(), &run.outcome) {
            let least = at_least.map(|least| format!("at least {least}"));
            let most = at_most.map(|most| format!("at most {most}"));
            let asked: Vec<String> = least.into_iter().chain(most).collect();
            said.push_str(&format!("\"{objective}\" does not hold: {seen}, and {} was asked for\n", asked.join(", ")));
        }
        let saved = self.to_save();
        let again = saved.map(|saved| replay::command("run", &saved.path, &Choice::default(), self.luck()));
        let layout = Layout { width: COLUMNS, colour: false, replay: again.as_deref() };
        said.push('\n');
        said.push_str(&render(&run.outcome, &run.story, layout));
        said
    }
}

/// Where the smallest case is kept.
fn path_of(objective: &str) -> String {
    format!("failures/{}.ron", file_name(objective))
}

/// Where the case as it was drawn is kept.
pub(super) fn path_drawn(objective: &str) -> String {
    format!("failures/drawn/{}.ron", file_name(objective))
}

/// A name that every file system takes.
fn file_name(objective: &str) -> String {
    let plain = objective.chars().map(|c| if c.is_alphanumeric() { c } else { '-' });
    let name: String = plain.take(NAME_MAX).collect();
    let name = name.trim_matches('-');
    if name.is_empty() { "objective".to_owned() } else { name.to_lowercase() }
}
