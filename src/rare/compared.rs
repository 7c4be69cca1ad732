//! Designs by how often what they are for goes down.

use super::tally::Estimate;
use super::top::Top;
use super::{Asked, estimate};
use crate::study::Hands;
use crate::world::World;
use serde::Serialize;
use std::sync::Arc;

/// A design whose top events are asked for.
#[derive(Debug, Clone)]
pub struct Rarely {
    /// What it is called.
    pub label: String,
    /// Its world.
    pub world: Arc<World>,
    /// Its top events, by name.
    pub tops: Vec<(String, Top)>,
}

/// What is known of all of them.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Compared {
    /// The seed.
    pub seed: u64,
    /// The confidence of the intervals.
    pub confidence: f64,
    /// Half of an interval is to be at most so much of the estimate.
    pub relative: f64,
    /// Every top event of every design, in the order of the top events.
    pub rated: Vec<Rated>,
    /// Whether any of it was given up.
    pub ended_early: bool,
}

/// How often a top event of a design comes.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Rated {
    /// The top event.
    pub top: String,
    /// The design.
    pub design: String,
    /// How often it is to be expected in a year of 365 days, with the interval.
    pub per_year: (f64, f64, f64),
    /// Minutes down a year, with the interval.
    pub minutes_down_per_year: (f64, f64, f64),
    /// The estimate.
    pub estimate: Estimate,
}

/// Estimates every top event of every design, under the same seeds, each by hands of its own.
pub fn compare<H: Hands>(designs: &[Rarely], asked: Asked, mut hands: impl FnMut() -> H) -> Compared {
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in designs.iter().flat_map(|design| &design.tops) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    let mut rated: Vec<Rated> = Vec::new();
    for name in names {
        for design in designs {
            for (_, top) in design.tops.iter().filter(|(known, _)| known == name) {
                let estimate = estimate(&design.world, *top, asked, &mut hands());
                rated.push(Rated {
                    top: name.to_owned(),
                    design: design.label.clone(),
                    per_year: estimate.per_year(),
                    minutes_down_per_year: estimate.minutes_down_per_year(),
                    estimate,
                });
            }
        }
    }
    let ended_early = rated.iter().any(|rated| rated.estimate.ended_early);
    let Asked { seed, confidence, relative, .. } = asked;
    Compared { seed, confidence, relative, rated, ended_early }
}
