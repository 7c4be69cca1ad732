//! What is known of something that was asked.

use serde::Serialize;

/// What is known of an objective or an expectation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Judgement {
    /// It holds; over many runs, with the asked confidence.
    Pass,
    /// It does not.
    Fail,
    /// More replications are needed to tell.
    Undecided,
    /// There was nothing to hold it against: nobody was answered, nobody sent anything, the maintenance did not take place.
    NoData,
}
