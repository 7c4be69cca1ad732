//! One run: a world, a piece of luck, an outcome.

use crate::engine::Engine;
use crate::metrics::{Metrics, Outcome, StoryLine};
use crate::observe::Digest;
use crate::rng::Luck;
use crate::world::World;

/// A run that has been run.
#[derive(Debug, Clone)]
pub struct Run {
    /// What came of it.
    pub outcome: Outcome,
    /// How it went.
    pub story: Vec<StoryLine>,
}

/// Runs a world once with this luck. The same world and the same luck give the same outcome, to the last bit.
pub fn run(world: &World, luck: Luck) -> Run {
    let mut metrics = Metrics::new(world);
    let mut digest = Digest::default();
    Engine::new(world, luck).run(&mut (&mut metrics, &mut digest));
    let (outcome, story) = metrics.finish(world, luck, digest.hex(), digest.count());
    Run { outcome, story }
}
