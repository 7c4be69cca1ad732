//! For the talk afterwards: questions that this run raises, what went well, what to work on, and the drill of next time.

use super::expected::{Came, Expected};
use super::ground::Damage;
use super::misled::{Misled, Promise};
use super::reply::{NoReturn, Reply};
use super::times::Times;
use super::worth::{Decision, Worth};
use crate::metrics::length_words;
use serde::Serialize;

/// Questions that a talk begins with.
const QUESTIONS: usize = 3;

/// For the talk afterwards.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Talk {
    /// Three questions that this run raises.
    pub questions: Vec<String>,
    /// What went well.
    pub strengths: Vec<String>,
    /// What to work on.
    pub to_improve: Vec<String>,
    /// Corrective actions: whose they are is filled in by hand.
    pub corrective_actions: Vec<String>,
    /// The drill of next time.
    pub next: Option<String>,
}

/// What a run says about itself.
pub(super) struct Facts<'a> {
    pub times: &'a Times,
    pub decisions: &'a [Decision],
    pub no_return: Option<&'a NoReturn>,
    pub best: &'a Reply,
    pub as_played: Damage,
    pub with_nobody: Damage,
    pub by_runbook: Damage,
    pub never_looked_at: &'a [String],
    pub misled: &'a [Misled],
    pub promises: &'a [Promise],
    pub expected: &'a [Expected],
    pub next: Option<(String, f64)>,
    /// An alert named the trouble.
    pub named: bool,
    /// The runbook as it is written does something by itself.
    pub has_runbook: bool,
}

impl Facts<'_> {
    /// Whether so many user-minutes are worth a sentence.
    fn matters(&self, minutes: f64) -> bool {
        minutes > 0.01 * self.with_nobody.lost.max(self.as_played.lost).max(100.0)
    }
}

/// What is worth talking about.
pub(super) fn talk(facts: &Facts) -> Talk {
    let mut questions = questions(facts);
    questions.truncate(QUESTIONS);
    let standing = [
        "What did you believe was going on at its worst moment, and what would have told you otherwise?",
        "What did one seat know that another needed?",
        "Which step would you take first next time?",
    ];
    questions.extend(standing.iter().map(|question| (*question).to_owned()).take(QUESTIONS - questions.len()));
    Talk {
        questions,
        strengths: strengths(facts),
        to_improve: to_improve(facts),
        corrective_actions: corrective_actions(facts),
        next: facts.next.as_ref().map(|(fault, lost)| {
            format!(
                "{fault}: with nobody there it would cost {} user-minutes, and nobody has played it yet",
                round(*lost)
            )
        }),
    }
}

/// User-minutes as people say them.
fn round(minutes: f64) -> String {
    let digits = |value: f64| if value.abs() < 10.0 { format!("{value:.1}") } else { format!("{value:.0}") };
    match minutes.abs() {
        lots if lots >= 1e9 => format!("{} bn", digits(minutes / 1e9)),
        many if many >= 1e6 => format!("{} M", digits(minutes / 1e6)),
        some if some >= 1e3 => format!("{:.0},000", minutes / 1e3),
        _ => format!("{minutes:.0}"),
    }
}

fn questions(facts: &Facts) -> Vec<String> {
    let mut found = Vec::new();
    let delays = facts.decisions.iter().filter(|decision| facts.matters(decision.earlier.here));
    if let Some(slow) = delays.max_by(|a, b| a.earlier.here.total_cmp(&b.earlier.here)) {
        let worth = round(slow.earlier.here);
        found.push(format!(
            "“{}” {} earlier would have saved {worth} user-minutes: what was it waiting for?",
            slow.what,
            length_words(slow.earlier_by_s)
        ));
    }
    let harmful = facts.decisions.iter().filter(|decision| facts.matters(-decision.saved.here));
    if let Some(harm) = harmful.min_by(|a, b| a.saved.here.total_cmp(&b.saved.here)) {
        let cost = round(-harm.saved.here);
        found.push(format!("“{}” cost {cost} user-minutes: what did it look like when it was decided?", harm.what));
    }
    match (facts.times.to_show_s, facts.times.to_understand_s) {
        (Some(show), Some(understand)) if understand - show > 300.0 => found.push(format!(
            "It could be seen after {}, and was understood after {}: what lay in between?",
            length_words(show),
            length_words(understand)
        )),
        (Some(show), None) => found.push(format!(
            "It could be seen after {}, and nobody named the right thing: which sign was missing?",
            length_words(show)
        )),
        _ => {}
    }
    if let Some(promise) = facts.promises.first() {
        found.push(format!("The users were told “{}”, but {}: how did that happen?", promise.text, promise.but));
    }
    if let Some(first) = facts.best.steps.first().filter(|_| facts.best.lost < 0.8 * facts.as_played.lost) {
        let saved = round(facts.as_played.lost - facts.best.lost);
        found.push(format!(
            "To begin with “{}” would have saved {saved} user-minutes: who could have known?",
            first.what
        ));
    }
    if let Some((from, to)) = facts.no_return.and_then(|no_return| no_return.half_gone_at.as_ref()) {
        found.push(format!(
            "Between {from} and {to} the best reply lost half of what it would have saved at first: who knew that the time was running?"
        ));
    }
    found
}

fn strengths(facts: &Facts) -> Vec<String> {
    let mut found = Vec::new();
    if facts.matters(facts.with_nobody.lost - facts.as_played.lost) {
        let saved = round(facts.with_nobody.lost - facts.as_played.lost);
        found.push(format!("What was done saved {saved} user-minutes against nobody being there."));
    }
    if facts.has_runbook && facts.matters(facts.by_runbook.lost - facts.as_played.lost) {
        let saved = round(facts.by_runbook.lost - facts.as_played.lost);
        found.push(format!("It went better than by the runbook as it is written, by {saved} user-minutes."));
    }
    let tells = |worth: &Worth| facts.matters(worth.here) && !worth.is_luck();
    let helped = facts.decisions.iter().filter(|decision| tells(&decision.saved));
    for decision in helped.take(3) {
        found.push(format!("“{}” saved {} user-minutes.", decision.what, round(decision.saved.here)));
    }
    if let (Some(tell), Some(show)) = (facts.times.to_tell_s, facts.times.to_show_s)
        && tell - show <= 900.0
    {
        found.push(format!("The users were told {} after it could be seen.", length_words((tell - show).max(0.0))));
    }
    if facts.times.to_understand_s.is_some() {
        found.push("Somebody named the right thing.".to_owned());
    }
    found
}

fn to_improve(facts: &Facts) -> Vec<String> {
    let mut found = Vec::new();
    if facts.has_runbook && facts.matters(facts.as_played.lost - facts.by_runbook.lost) {
        let cost = round(facts.as_played.lost - facts.by_runbook.lost);
        found.push(format!("The runbook as it is written would have cost {cost} user-minutes less."));
    }
    match facts.times.to_tell_s {
        None if facts.times.fault_at.is_some() => {
            found.push("The users were told nothing after it went wrong.".to_owned())
        }
        Some(tell) if tell > 1_800.0 => found.push(format!("The users were told after {}.", length_words(tell))),
        _ => {}
    }
    if let Some(act) = facts.times.to_act_s.filter(|act| *act > 900.0) {
        found.push(format!("Nothing was done for {}.", length_words(act)));
    }
    for expected in facts.expected.iter().filter(|expected| expected.came == Came::NotDone).take(3) {
        found.push(format!("Expected at {}, and not done: {}.", expected.at, expected.expects.trim_end_matches('.')));
    }
    if !facts.never_looked_at.is_empty() {
        found.push(format!("Nobody looked at: {}.", facts.never_looked_at.join(", ")));
    }
    for misled in facts.misled.iter().filter(|misled| !misled.then.is_empty()).take(2) {
        found.push(format!("A false alarm led somewhere: “{}”.", misled.says));
    }
    found.extend(facts.promises.iter().take(3).map(|promise| format!("“{}”: {}.", promise.text, promise.but)));
    found
}

fn corrective_actions(facts: &Facts) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(first) = facts.best.steps.first() {
        found.push(format!("Write into the runbook when to begin with: {}.", first.what));
    }
    if facts.times.to_tell_s.is_none_or(|tell| tell > 900.0) && facts.times.fault_at.is_some() {
        found.push("Agree who tells the users within a quarter of an hour, and prepare the words.".to_owned());
    }
    if facts.times.to_understand_s.is_none() && facts.times.fault_at.is_some() && !facts.named {
        found.push("Make an alert that names what fails, not only who feels it.".to_owned());
    }
    if !facts.never_looked_at.is_empty() {
        found.push("Put on one dashboard what nobody looked at.".to_owned());
    }
    if facts.misled.len() > 2 {
        found.push("Make the checks quieter that cried wolf.".to_owned());
    }
    found
}
