//! Failures that were hardly seen: what a study cannot know yet.

use super::tally::Tally;
use serde::Serialize;

/// So often something has to have failed before an order that hangs on it may be called settled.
pub const SEEN_ENOUGH: u64 = 10;

/// Something that fails at random, and was hardly seen to.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct RareFailure {
    /// What: a component, or a common cause.
    pub name: String,
    /// How often it struck in all replications of a design: of that in which it did so most often. Designs meet the same luck,
    /// and what strikes all of them strikes once.
    pub seen: u64,
    /// About how often it was to be expected in those.
    pub expected: f64,
    /// So many replications are likely to show enough of it.
    pub replications_needed: u64,
}

impl Tally<'_> {
    /// What fails at random in any of the designs and was seen fewer than [`SEEN_ENOUGH`] times, in the order of the designs.
    pub(super) fn rare_failures(&self) -> Vec<RareFailure> {
        let mut known: Vec<RareFailure> = Vec::new();
        for (tally, design) in self.designs.iter().zip(&self.study.designs) {
            for (failure, &seen) in design.failures.iter().zip(&tally.struck) {
                let found = RareFailure {
                    name: failure.name.clone(),
                    seen,
                    expected: failure.expected * tally.replications as f64,
                    replications_needed: (SEEN_ENOUGH as f64 / failure.expected).ceil() as u64,
                };
                match known.iter_mut().find(|other| other.name == failure.name) {
                    Some(other) if (other.seen, other.expected) < (found.seen, found.expected) => *other = found,
                    Some(_) => {}
                    None => known.push(found),
                }
            }
        }
        known.retain(|failure| failure.seen < SEEN_ENOUGH);
        known
    }
}
