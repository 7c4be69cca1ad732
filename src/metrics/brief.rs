//! The few numbers that a study keeps of each run.
//!
//! Percentiles by feature, bins by the hour, loads, stories and civil times take more time than the run itself, and a study of ten
//! thousand runs would work them out to throw them away.

use super::money::MoneyMetrics;
use super::outcome::*;
use super::people::PeopleMetrics;
use super::response::ResponseMetrics;
use super::struck::StruckMetrics;
use crate::observe::{Interval, Observation, Observer, Occurrence};
use crate::rng::Luck;
use crate::world::World;

/// How much of a run is worked out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Detail {
    /// As [`Brief`](Detail::Brief), without latencies: they take longer than all else.
    Felt,
    /// Whole populations, maintenances and lost data.
    Brief,
    /// Also failovers, and everything that works or does not.
    Components,
    /// All of it.
    Full,
}

/// Measures of a run where only whole populations, maintenances and lost data are asked for.
#[derive(Debug, Clone)]
pub struct BriefMetrics {
    people: PeopleMetrics,
    response: ResponseMetrics,
    data_loss_max_s: Vec<f64>,
    struck: StruckMetrics,
    money: MoneyMetrics,
    detail: Detail,
}

impl BriefMetrics {
    /// Ready to measure a run of this world.
    pub fn new(world: &World, detail: Detail) -> BriefMetrics {
        BriefMetrics {
            people: if detail == Detail::Felt { PeopleMetrics::felt(world) } else { PeopleMetrics::brief(world) },
            response: ResponseMetrics::new(world),
            data_loss_max_s: vec![0.0; world.stores.len()],
            struck: StruckMetrics::new(world),
            money: MoneyMetrics::new(world),
            detail,
        }
    }

    /// Ready to measure what users lose, failovers, and everything that works or does not, but no latencies.
    pub fn without_latencies(world: &World) -> BriefMetrics {
        BriefMetrics { people: PeopleMetrics::felt(world), ..BriefMetrics::new(world, Detail::Components) }
    }

    /// An outcome in which only this is filled in, with the same numbers as in the full one:
    /// - where it comes from: seed, replication, digest, observations;
    /// - `people`, but for features, windows, steering, and latency by parts of the run; their intervals have no words;
    /// - `maintenance`, but for the users met;
    /// - `stores.*.data_loss_window_max_s`;
    /// - `money`;
    /// - with [`Detail::Components`] also `failovers`, `groups`, `components`, and all of `maintenance`.
    pub fn finish(mut self, world: &World, luck: Luck, digest: String, observations: u64) -> Outcome {
        let Luck { seed, replication, .. } = luck;
        let provenance = Provenance { seed, replication, digest, observations, ..Provenance::default() };
        let mut outcome = Outcome::nothing(provenance, ClockOutcome::default());
        self.people.finish_brief(world, &mut outcome);
        match self.detail {
            Detail::Felt | Detail::Brief => self.response.finish_brief(world, &mut outcome),
            _ => self.response.finish(world, &mut outcome),
        }
        outcome.struck = self.struck.finish();
        self.money.finish(world, &mut outcome);
        for (store, data_loss_window_max_s) in world.stores.iter().zip(self.data_loss_max_s) {
            outcome
                .stores
                .insert(store.name.clone(), StoreOutcome { data_loss_window_max_s, ..StoreOutcome::default() });
        }
        outcome
    }
}

impl Observer for BriefMetrics {
    fn saw(&mut self, world: &World, seen: &Observation) {
        self.people.saw(world, seen);
        self.struck.saw(world, seen);
        self.money.saw(world, seen);
        match self.detail {
            Detail::Felt | Detail::Brief => self.response.saw_maintenance(world, seen),
            _ => self.response.saw(world, seen),
        }
        if let Occurrence::DataLost { store, window_s, .. } = &seen.what {
            let most_s = &mut self.data_loss_max_s[store.at()];
            *most_s = most_s.max(*window_s);
        }
    }

    fn flowed(&mut self, world: &World, span: &Interval) {
        if span.from >= world.measured_from {
            self.people.flowed(world, span);
            self.money.flowed(world, span);
            if self.detail > Detail::Brief {
                self.response.flowed(world, span);
            }
        } else {
            self.people.warmed_up(span);
        }
    }
}
