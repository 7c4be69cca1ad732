//! What people felt, and nothing else: for explanations, which weigh many runs by a few numbers.

use super::brief::{BriefMetrics, Detail};
use super::hours::felt_s;
use super::outcome::*;
use crate::observe::{Interval, Observation, Observer};
use crate::rng::Luck;
use crate::world::World;

/// Measures of a run where only what people felt is asked for.
#[derive(Debug, Clone)]
pub struct FeltMetrics {
    felt: BriefMetrics,
    /// The highest 95th percentile of any feature.
    p95_s: Option<f64>,
}

impl FeltMetrics {
    /// Ready to measure a run of this world.
    pub fn new(world: &World) -> FeltMetrics {
        FeltMetrics { felt: BriefMetrics::new(world, Detail::Felt), p95_s: None }
    }

    /// An outcome in which only this is filled in, with the same numbers as in the full one: what [`BriefMetrics::finish`] says of
    /// [`Detail::Felt`], `felt_s`, and the highest of `hours.p95_s`.
    pub fn finish(self, world: &World, luck: Luck) -> Outcome {
        let mut outcome = self.felt.finish(world, luck, String::new(), 0);
        outcome.felt_s = felt_s(&outcome, world.measured_from.seconds(), world.horizon.seconds());
        outcome.hours.p95_s = vec![self.p95_s];
        outcome
    }
}

impl Observer for FeltMetrics {
    fn saw(&mut self, world: &World, seen: &Observation) {
        self.felt.saw(world, seen);
    }

    fn flowed(&mut self, world: &World, span: &Interval) {
        self.felt.flowed(world, span);
        if span.from >= world.measured_from && span.to > span.from {
            let felt = span.latencies.iter().filter(|part| part.weight > 0.0);
            let p95_s = felt.map(|part| part.latency.quantile(0.95) + part.shift_s).max_by(f64::total_cmp);
            if p95_s > self.p95_s {
                self.p95_s = p95_s;
            }
        }
    }
}
