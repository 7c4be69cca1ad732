//! A log played again, with nobody there.

use super::deed::{Deed, Entry};
use super::live::action_of;
use super::log::Branch;
use super::plan::{Changes, Plan};
use crate::drawing::Moments;
use crate::engine::{By, Engine};
use crate::metrics::{BriefMetrics, Detail, Metrics, Outcome, StoryLine, TrafficOutcome};
use crate::observe::{Digest, Observer};
use crate::rng::Luck;
use crate::run::Run;
use crate::units::Time;
use crate::world::World;
use std::sync::Arc;

/// What somebody did, and when.
#[derive(Debug, Clone, PartialEq)]
pub struct Done {
    /// When.
    pub at: Time,
    /// The number of the seat.
    pub by: u32,
    /// What.
    pub deed: Deed,
    /// The run refused it. What was refused once is not done in a run that is only thought of.
    pub refused: bool,
}

/// A drill, and what people did in it: everything that a run follows from, beside its luck.
#[derive(Debug, Clone)]
pub struct Play {
    /// The world, with what the facilitator has changed.
    pub world: Arc<World>,
    /// What was done, in order of time.
    pub done: Vec<Done>,
}

impl Plan {
    /// What a branch of a log plays.
    pub fn play_of(&self, branch: &Branch, entries: &[Entry]) -> Play {
        let number = |seat: &str| self.seats.iter().position(|known| known.name == seat).unwrap_or(0) as u32;
        let acts = branch.entries.iter().map(|i| &entries[*i]).filter(|entry| entry.deed.acts());
        let done = acts.map(|entry| Done {
            at: entry.time(),
            by: number(&entry.seat),
            deed: entry.deed.clone(),
            refused: entry.refused.is_some(),
        });
        Play { world: self.world_with(&branch.changes(entries)), done: done.collect() }
    }

    /// What somebody did that this plan does not know any more: when, what, and why not.
    pub fn unknown_in(&self, entries: &[Entry]) -> Vec<(String, String, String)> {
        let acts = entries.iter().filter(|entry| entry.deed.acts());
        let unknown = |entry: &Entry| {
            let why = action_of(&self.world, &entry.deed).err()?;
            Some((entry.at.clone(), entry.deed.words(), why))
        };
        acts.filter_map(unknown).collect()
    }

    /// The same drill with nobody there.
    pub fn with_nobody(&self, changes: &Changes) -> Play {
        Play { world: self.world_with(changes), done: Vec::new() }
    }
}

impl Play {
    /// The same, measured only while it is played: what was before and what comes long after is not of it.
    pub fn between(self, from: Time, to: Time) -> Play {
        let mut world = (*self.world).clone();
        world.measured_from = world.measured_from.max(from);
        world.horizon = world.horizon.min(to);
        Play { world: Arc::new(world), done: self.done }
    }

    /// The same with something else done.
    pub fn doing(&self, done: Vec<Done>) -> Play {
        let mut done: Vec<Done> = done.into_iter().filter(|done| !done.refused).collect();
        done.sort_by_key(|done| done.at);
        Play { world: Arc::clone(&self.world), done }
    }

    /// Plays it to the end of the run, and tells everything.
    pub fn run(&self, luck: Luck) -> Run {
        let (mut metrics, mut digest) = (Metrics::new(&self.world), Digest::default());
        let mut moments = Moments::default();
        self.drive(luck, &mut (&mut metrics, &mut (&mut digest, &mut moments)));
        let (mut outcome, mut story) = metrics.finish(&self.world, luck, digest.hex(), digest.count());
        outcome.traffic = TrafficOutcome { engine: "flow".to_owned(), ..TrafficOutcome::default() };
        outcome.warnings = self.world.flow_limits.iter().chain(&outcome.warnings).cloned().collect();
        self.give_words(&mut story);
        Run { outcome, story, moments }
    }

    /// Plays it to the end of the run, and keeps what users felt.
    pub fn felt(&self, luck: Luck) -> Outcome {
        let (mut metrics, mut digest) = (BriefMetrics::new(&self.world, Detail::Felt), Digest::default());
        self.drive(luck, &mut (&mut metrics, &mut digest));
        metrics.finish(&self.world, luck, digest.hex(), digest.count())
    }

    fn drive(&self, luck: Luck, watching: &mut impl Observer) {
        let mut engine = Engine::new(Arc::clone(&self.world), luck);
        for Done { at, by, deed, .. } in &self.done {
            engine.run_until(*at, watching);
            if let Ok(action) = action_of(&self.world, deed) {
                // What cannot be done is told by the run itself.
                let _ = engine.act(action, By::Person(*by), watching);
            }
        }
        engine.run(watching);
    }

    /// What people said stands in the log, and not in the world.
    fn give_words(&self, story: &mut [StoryLine]) {
        let mut words = self.done.iter().filter_map(|done| match &done.deed {
            Deed::Tell { text } => Some(format!("users are told: {text}")),
            Deed::Decide { text } => Some(format!("decision: {text}")),
            _ => None,
        });
        for line in story.iter_mut().filter(|line| line.text.ends_with("from outside")) {
            if let Some(said) = words.next() {
                line.text = said;
            }
        }
    }
}
