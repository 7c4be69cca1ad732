//! What a search found, as plain data.

use super::design::Design;
use crate::scenario::FaultKind;
use serde::Serialize;

/// Everything that a search found.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Found {
    /// The scenario's title.
    pub title: String,
    /// Strategy, maintenance plan and variant, as far as there are any.
    pub run: Vec<String>,
    /// Faults in the menu.
    pub menu: usize,
    /// Hours that were looked at, and for how many they stand.
    pub onsets: usize,
    /// Hours of the week, or of the run, that they stand for.
    pub hours: usize,
    /// Draws of luck for each.
    pub draws: u64,
    /// How many faults at once.
    pub faults: usize,
    /// Runs that it took.
    pub runs: u64,
    /// Each fault alone, the worst first.
    pub singles: Vec<Single>,
    /// The same under the file's other strategies.
    pub side_by_side: Vec<Column>,
    /// What breaks each objective.
    pub objectives: Vec<Broken>,
    /// What is taken for granted.
    pub granted: Vec<String>,
    /// What stands where.
    pub design: Design,
}

/// Each fault alone under another strategy.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Column {
    /// The strategy.
    pub strategy: String,
    /// Each fault alone, the worst first.
    pub singles: Vec<Single>,
}

/// A fault alone, at its worst hour.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Single {
    /// What it is called.
    pub fault: String,
    /// Of which kind.
    pub kind: FaultKind,
    /// What it hits: names of the file.
    pub hits: Vec<String>,
    /// How often it is to be expected in a year, where the file says so.
    pub per_year: Option<f64>,
    /// Users of populations that are down or degraded longer than without it.
    pub users_hit: f64,
    /// The longest outage of any population, in seconds.
    pub longest_outage_s: f64,
    /// Minutes of users lost, more than without it.
    pub user_minutes_lost: f64,
    /// The hour at which that is so: the civil time of the worst.
    pub worst_at: String,
    /// Objectives that it breaks at some hour.
    pub breaks: Vec<String>,
    /// Whether users could tell at any hour.
    pub shows: bool,
}

/// What breaks an objective.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Broken {
    /// Its name.
    pub objective: String,
    /// What it asks.
    pub asks: String,
    /// What the run without any fault shows.
    pub seen_without: Option<f64>,
    /// Whether it is broken without any fault: then nothing is looked for.
    pub broken_without: bool,
    /// The fewest and likeliest faults that break it.
    pub minimal: Vec<Weakness>,
    /// How often a year they are to be expected in all, as far as that is known.
    pub per_year: Option<f64>,
    /// How much each fault counts, where frequencies are known.
    pub importance: Vec<Importance>,
    /// What was enumerated where nothing breaks it.
    pub certificate: Option<Certificate>,
}

/// A smallest set of faults that breaks an objective: without any of them it holds.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Weakness {
    /// The faults.
    pub faults: Vec<String>,
    /// Names of the file that they hit.
    pub hits: Vec<String>,
    /// At how many of the hours no smaller set breaks it and this one does.
    pub hours: usize,
    /// Of how many.
    pub of_hours: usize,
    /// In how many of the draws of luck, at the worst hour.
    pub draws: u64,
    /// The worst hour.
    pub worst_at: String,
    /// The same, in seconds of the run.
    pub worst_at_s: f64,
    /// What the objective shows then.
    pub seen: Option<f64>,
    /// Minutes of users lost then.
    pub user_minutes_lost: f64,
    /// How often it is to be expected in a year, where all frequencies are known.
    pub per_year: Option<f64>,
    /// The drill, as a scenario that replays without a search.
    #[serde(skip)]
    pub drill: String,
    /// Whether that scenario, read and run like any other, breaks the objective too.
    pub replays: bool,
    /// What would have kept the objective.
    pub saved: Vec<Saved>,
    /// One more fault with which the objective holds all the same: looked for where nothing is left out.
    pub holds_with: Vec<String>,
}

/// Something that would have kept an objective.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Saved {
    /// What.
    pub by: String,
    /// Whether it had to be there before the fault.
    pub before: bool,
    /// The latest moment after the fault at which it still helps, in seconds; of a repair, how long it may take.
    pub latest_s: Option<f64>,
}

/// How much a fault counts for an objective.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Importance {
    /// The fault.
    pub fault: String,
    /// Birnbaum: how much less likely the objective holds when it is there than when it is not.
    pub birnbaum: f64,
    /// Fussell-Vesely: the share of all that breaks the objective in which it takes part.
    pub fussell_vesely: f64,
}

/// What was enumerated, and did not break an objective.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Certificate {
    /// In a sentence.
    pub says: String,
}
