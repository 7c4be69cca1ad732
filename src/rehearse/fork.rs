//! What was played, up to a moment from which it can go on otherwise: with other luck, and with other things done.

use super::live::action_of;
use super::play::{Done, Play};
use crate::engine::{By, Engine};
use crate::metrics::{BriefMetrics, Detail, Outcome};
use crate::observe::Digest;
use crate::rng::Luck;
use crate::units::Time;

/// A run at a moment of what is played, and what users have felt until then.
#[derive(Debug, Clone)]
pub struct Fork {
    engine: Engine,
    metrics: BriefMetrics,
    digest: Digest,
}

impl Fork {
    /// At the start.
    pub fn at_start(play: &Play, luck: Luck) -> Fork {
        let mut engine = Engine::new(play.world.clone(), luck);
        engine.remember();
        Fork { engine, metrics: BriefMetrics::new(&play.world, Detail::Felt), digest: Digest::default() }
    }

    /// Goes on to a moment, with these things done on the way.
    pub fn go_on(&mut self, done: &[Done], until: Time) {
        for done in done {
            self.act(done);
        }
        self.engine.run_until(until, &mut (&mut self.metrics, &mut self.digest));
    }

    /// The same run from here on with other luck: what has happened is the same, and what is known of it.
    pub fn with_luck(&self, luck: Luck) -> Fork {
        let mut fork = self.clone();
        fork.engine.draw_rest_anew(luck);
        fork
    }

    /// The digest of what has happened so far.
    pub fn digest(&self) -> String {
        self.digest.hex()
    }

    /// Plays on to the end, with these things done in the order of time, and gives what users felt.
    pub fn felt<'d>(mut self, done: impl IntoIterator<Item = &'d Done>) -> Outcome {
        done.into_iter().for_each(|done| self.act(done));
        self.engine.run(&mut (&mut self.metrics, &mut self.digest));
        let world = self.engine.world().clone();
        self.metrics.finish(&world, self.engine.luck(), self.digest.hex(), self.digest.count())
    }

    fn act(&mut self, done: &Done) {
        let watching = &mut (&mut self.metrics, &mut self.digest);
        self.engine.run_until(done.at, watching);
        if let Ok(action) = action_of(self.engine.world(), &done.deed) {
            // What cannot be done is told by the run itself.
            let _ = self.engine.act(action, By::Person(done.by), watching);
        }
    }
}
