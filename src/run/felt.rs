//! A run of which only what people feel is measured, and its forks: for the many runs that differ in what is left out of them.

use crate::engine::Engine;
use crate::metrics::{FeltMetrics, Outcome};
use crate::rng::Luck;
use crate::units::Time;
use crate::world::World;
use std::sync::Arc;

/// A run on its way. A clone goes its own way from there.
#[derive(Debug, Clone)]
pub struct FeltRun {
    engine: Engine,
    metrics: FeltMetrics,
}

impl FeltRun {
    /// A run at its start.
    pub fn new(world: Arc<World>, luck: Luck) -> FeltRun {
        FeltRun { metrics: FeltMetrics::new(&world), engine: Engine::new(world, luck) }
    }

    /// Goes on to just before a time.
    pub fn run_before(&mut self, until: Time) {
        // At the start nothing comes before.
        if until > Time::ZERO {
            self.engine.run_until(Time(until.0 - 1), &mut self.metrics);
        }
    }

    /// A fork in which a step of the drill that is still to come does not come.
    #[must_use]
    pub fn without_step(mut self, step: usize) -> FeltRun {
        self.engine.leave_out(step);
        self
    }

    /// Goes on to the end, and says what was felt: `people` as in a brief outcome, `felt_s`, and the highest percentile as that of
    /// a single hour.
    pub fn finish(mut self) -> Outcome {
        self.engine.run(&mut self.metrics);
        let luck = self.engine.luck();
        self.metrics.finish(self.engine.world(), luck)
    }
}
