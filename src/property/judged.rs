//! Objectives of a run that do not hold.

use crate::expect::Criterion;
use crate::metrics::Outcome;
use crate::scenario::Scenario;

/// An objective that does not hold in a run.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Missed {
    /// Its name.
    pub objective: String,
    /// The number of the run, in seconds or as a share.
    pub seen: f64,
    /// At least this was asked for.
    pub at_least: Option<f64>,
    /// At most this was asked for.
    pub at_most: Option<f64>,
}

/// Objectives that a run misses; one of which it says nothing is not missed.
pub fn missed(scenario: &Scenario, outcome: &Outcome) -> Vec<Missed> {
    let all = Criterion::all(scenario).into_iter();
    all.filter_map(|criterion| {
        let seen = criterion.seen(outcome).filter(|seen| !criterion.is_met(*seen))?;
        let Criterion { name, at_least, at_most, .. } = criterion;
        Some(Missed { objective: name, seen, at_least, at_most })
    })
    .collect()
}
