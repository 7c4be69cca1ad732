//! Islands: what flows together, and since when nothing has changed there.

use crate::units::Time;

/// Populations, their paths and the stations on those, in parts that do not touch each other. What happens on one island changes
/// nothing on another: not even when it is looked at.
#[derive(Debug, Clone, Default)]
pub struct Islands {
    /// The island of each path, each station that somebody visits, and each population.
    pub of_path: Vec<usize>,
    pub of_station: Vec<Option<usize>>,
    pub of_people: Vec<Option<usize>>,
    /// It has a link that can be full: there it is always looked again.
    pub has_links: Vec<bool>,
    pub steps: Vec<Step>,
    /// What each station had when it was last looked at.
    pub gears: Vec<Gear>,
    /// The number that each path had when it was last looked at.
    pub was: Vec<Option<usize>>,
}

/// What was worked out for an island holds until something changes there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    pub until: Time,
    /// It holds still.
    pub goes_on: bool,
}

impl Step {
    /// Nothing has been worked out yet.
    pub const NONE: Step = Step { until: Time::ZERO, goes_on: false };
}

/// What a station works with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gear {
    pub workers: u64,
    pub serves: bool,
    pub cold_since: Option<Time>,
    /// How much slower it is: by the drill, by a release, and its slow servers together.
    pub slow: [f64; 3],
    /// The share of its requests that its cache does not have.
    pub missed: f64,
}
