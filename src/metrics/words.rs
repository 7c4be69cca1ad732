//! Words that all of a story shares.

use crate::observe::Refusal;
use crate::units::Duration;
use serde::Serialize;

/// What a line of a story is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Theme {
    /// Something broke.
    Fault,
    /// Something was put right.
    Repair,
    /// The response: detection, decision, failover, steering.
    Response,
    /// The response failed.
    ResponseFailed,
    /// Planned work.
    Maintenance,
    /// What systems did: started, overloaded, drained, stale.
    System,
    /// What users lived through.
    People,
    /// Words and decisions.
    Word,
}

pub(super) fn percent(share: f64) -> String {
    format!("{}%", (share * 1_000.0).round() / 10.0)
}

/// A length of time as people say it: two units at most.
pub fn length_words(seconds: f64) -> String {
    if seconds < 1.0 {
        return format!("{} ms", (seconds * 1e3).round());
    }
    if seconds < 60.0 {
        return format!("{} s", (seconds * 10.0).round() / 10.0);
    }
    let whole = Duration::from_seconds(seconds.round()).seconds() as i64;
    let (days, hours, minutes, rest) = (whole / 86_400, whole / 3_600 % 24, whole / 60 % 60, whole % 60);
    let parts: Vec<String> = [(days, "d"), (hours, "h"), (minutes, "min"), (rest, "s")]
        .iter()
        .skip_while(|(n, _)| *n == 0)
        .take(2)
        .filter(|(n, _)| *n > 0)
        .map(|(n, unit)| format!("{n} {unit}"))
        .collect();
    parts.join(" ")
}

/// Why a switchover is refused, in words.
pub fn refusal_words(reason: Refusal) -> &'static str {
    match reason {
        Refusal::UnderWay => "it is failing over already",
        Refusal::ActiveAlready => "that is active already",
        Refusal::Down => "that is down",
        Refusal::OutOfReach => "the active member cannot reach it",
        Refusal::NobodyElse => "no other member works",
        Refusal::OrderedAlready => "it has been ordered already",
        Refusal::TakenBack => "it was taken back, and is not done twice",
        Refusal::NotOrdered => "it has not been ordered, or is over",
        Refusal::NothingToDo => "there is nothing of that kind to do",
        Refusal::Unknown => "there is no such thing",
        Refusal::Over => "the run is over",
    }
}
