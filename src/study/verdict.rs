//! What is said first: who meets the objectives, at what cost, and where nobody does, who misses least.

use super::comparison::{Comparison, DesignOutcome, ObjectiveOutcome};
use crate::expect::{Judgement, Unit};
use crate::world::Costs;
use serde::Serialize;
use std::cmp::Ordering;

/// What is said first of a study. Designs are their places in `designs`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Verdict {
    /// How many objectives there are.
    pub objectives: usize,
    /// How each design stands to all of them together.
    pub standings: Vec<Standing>,
    /// Of those that meet all: who costs least. None where nobody's price is known, or prices are in several currencies.
    pub cheapest: Vec<usize>,
    /// Where nobody meets all: of those that miss, who misses least.
    pub nearest: Vec<usize>,
    /// What the first of these misses by.
    pub misses: Option<Miss>,
}

/// How a design stands to all objectives together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Standing {
    /// It meets each of them.
    Meets,
    /// It misses none for certain, and of one more replications would tell.
    Undecided,
    /// It misses none for certain, and for one there was nothing to hold it against.
    NoData,
    /// It misses one or more.
    Misses,
}

/// What a design misses its objectives by.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Miss {
    /// How many objectives.
    pub missed: usize,
    /// The one that it misses most often.
    pub objective: String,
    /// What that counts.
    pub unit: Unit,
    /// In which share of runs; `None` where it is to hold on average.
    pub share: Option<f64>,
    /// By how much, the mean over those runs; where it is to hold on average, the mean's distance.
    pub by: Option<f64>,
}

impl Verdict {
    /// The verdict of a comparison.
    pub fn of(comparison: &Comparison) -> Verdict {
        let designs = &comparison.designs;
        let objectives = designs.iter().map(|design| design.objectives.len()).max().unwrap_or(0);
        let standings: Vec<Standing> = designs.iter().map(|design| Standing::of(design, objectives)).collect();
        let with = |wanted: Standing| -> Vec<usize> {
            (0..designs.len()).filter(|&place| objectives > 0 && standings[place] == wanted).collect()
        };
        let meet = with(Standing::Meets);
        let misses = |place: usize| Misses::of(&designs[place]);
        let nearest = match meet.is_empty() {
            true => least(&with(Standing::Misses), |a, b| misses(a).against(&misses(b))),
            false => Vec::new(),
        };
        Verdict {
            objectives,
            cheapest: cheapest(designs, &meet),
            misses: nearest.first().and_then(|&place| misses(place).worst),
            nearest,
            standings,
        }
    }

    /// How many designs stand so.
    pub fn count(&self, standing: Standing) -> usize {
        self.standings.iter().filter(|known| **known == standing).count()
    }

    /// The places of the designs as one chooses between them: those that meet all first, those that miss least before the others,
    /// the cheaper ones before, and then as they rank.
    pub fn order(&self, designs: &[DesignOutcome]) -> Vec<usize> {
        let misses = |place: usize| Misses::of(&designs[place]);
        let costs = |place: usize| designs[place].costs.as_ref().map_or(f64::INFINITY, |costs| costs.per_hour);
        let mut places: Vec<usize> = (0..self.standings.len().min(designs.len())).collect();
        places.sort_by(|&a, &b| {
            let standing = self.standings[a].cmp(&self.standings[b]);
            standing.then(misses(a).against(&misses(b))).then(costs(a).total_cmp(&costs(b)))
        });
        places
    }
}

impl Standing {
    fn of(design: &DesignOutcome, objectives: usize) -> Standing {
        let any = |judgement: Judgement| design.objectives.iter().any(|objective| objective.judgement == judgement);
        match () {
            () if any(Judgement::Fail) => Standing::Misses,
            // What it was not held against it has not met.
            () if any(Judgement::NoData) || design.objectives.len() < objectives => Standing::NoData,
            () if any(Judgement::Undecided) => Standing::Undecided,
            () => Standing::Meets,
        }
    }
}

fn failed(design: &DesignOutcome) -> impl Iterator<Item = &ObjectiveOutcome> {
    design.objectives.iter().filter(|objective| objective.judgement == Judgement::Fail)
}

/// All objectives that a design misses.
struct Misses {
    count: usize,
    worst: Option<Miss>,
    /// How far beyond its bound the worst is, as a share of the bound: amounts in several units are compared by it.
    relative: f64,
}

impl Misses {
    fn of(design: &DesignOutcome) -> Misses {
        let count = failed(design).count();
        let told = failed(design).map(|objective| {
            let share = objective.needed_share.map(|_| missed_share(objective));
            let by = objective.missed_by;
            let bound = objective.at_most.or(objective.at_least).unwrap_or(0.0).abs();
            let relative = by.map_or(0.0, |by| if bound > 0.0 { by / bound } else { by });
            let miss = Miss { missed: count, objective: objective.name.clone(), unit: objective.unit, share, by };
            (share.unwrap_or(1.0), relative, miss)
        });
        // Of equals the first stays.
        let worst = told.reduce(|a, b| if (b.0, b.1) > (a.0, a.1) { b } else { a });
        let relative = worst.as_ref().map_or(0.0, |worst| worst.1);
        Misses { count, worst: worst.map(|(_, _, miss)| miss), relative }
    }

    /// Fewest objectives, then the smallest share of runs, then the smallest amount.
    fn against(&self, other: &Misses) -> Ordering {
        let share = |misses: &Misses| misses.worst.as_ref().and_then(|miss| miss.share).unwrap_or(1.0);
        let fewer = self.count.cmp(&other.count).then(share(self).total_cmp(&share(other)));
        fewer.then(self.relative.total_cmp(&other.relative))
    }
}

/// The share of runs that missed an objective. A run without data has not missed it.
pub fn missed_share(objective: &ObjectiveOutcome) -> f64 {
    let missed = objective.of.saturating_sub(objective.met).saturating_sub(objective.no_data);
    missed as f64 / objective.of.max(1) as f64
}

/// All that nobody comes before.
fn least(places: &[usize], order: impl Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let Some(first) = places.iter().copied().min_by(|&a, &b| order(a, b)) else { return Vec::new() };
    places.iter().copied().filter(|&place| order(place, first).is_eq()).collect()
}

fn cheapest(designs: &[DesignOutcome], meet: &[usize]) -> Vec<usize> {
    let priced: Vec<(usize, &Costs)> =
        meet.iter().filter_map(|&place| Some((place, designs[place].costs.as_ref()?))).collect();
    let [(_, first), ..] = &priced[..] else { return Vec::new() };
    if priced.iter().any(|(_, costs)| costs.currency != first.currency) {
        return Vec::new();
    }
    let lowest = priced.iter().map(|(_, costs)| costs.per_hour).fold(f64::INFINITY, f64::min);
    priced.iter().filter(|(_, costs)| costs.per_hour <= lowest).map(|(place, _)| *place).collect()
}

#[cfg(test)]
pub(crate) mod made_up;
#[cfg(test)]
mod tests;
