//! Feedback: how failures and waits change what is sent.

use super::approximations::never_refused;
use crate::engine::core::Engine;
use crate::engine::state::flow::{AtStation, Open, Regime};
use crate::engine::state::paths::Path;
use crate::queueing::attempts_of;
use crate::units::Duration;

impl Engine<'_> {
    /// How failures and waits feed back on what is sent: retries of what was refused, and users who wait for answers. Says
    /// how much that moved.
    pub(super) fn feel_back(&self, open: &mut Open, stations: &mut [AtStation]) -> f64 {
        let world = self.world;
        let mut moved = 0.0f64;
        for (i, path) in self.state.flow.paths.iter().enumerate().filter(|(_, path)| path.dead.is_none()) {
            let Some(retries) = world.features[world.people[path.people].uses[path.feature].0.at()].retries else {
                continue;
            };
            let attempts = self.attempts(i, path, retries, open, stations);
            moved = moved.max((attempts - open.attempts[i]).abs() / attempts);
            open.attempts[i] = attempts;
        }
        moved.max(self.keep_pace(open, stations))
    }

    /// Attempts for each request within the span: all where a failure is known at once; one where it is known only after
    /// the timeout, for the others are delayed.
    fn attempts(
        &self,
        index: usize,
        path: &Path,
        retries: crate::world::Retries,
        open: &Open,
        stations: &[AtStation],
    ) -> f64 {
        let feature = self.world.people[path.people].uses[path.feature].0.at();
        let delayed_retries = self.retries_after(feature).is_some();
        if delayed_retries && path.in_person().any(|v| stations[v.0.at()].regime == Regime::Moving) {
            return 1.0;
        }
        let class = world_class(self, path);
        let mut succeeds = path.passes * open.through_links[index];
        if self.world.has_call_clients {
            succeeds *= self.entry_comes_to(path, class, stations).succeeds;
        } else {
            for (id, times, hard) in &path.visits {
                if *hard {
                    succeeds *= never_refused(stations[id.at()].class_block[class], *times);
                }
            }
        }
        succeeds *= self.state.flow.in_time.get(index).copied().unwrap_or(1.0);
        attempts_of(1.0 - succeeds, retries.attempts, retries.budget)
    }

    /// How long after an attempt its retry comes, when it got no answer in time.
    pub(super) fn retries_after(&self, feature: usize) -> Option<Duration> {
        let feature = &self.world.features[feature];
        let retries = feature.retries?;
        let timeout_s = feature.timeout_s?;
        Some(Duration::from_seconds(timeout_s + retries.after_s))
    }
}

fn world_class(engine: &Engine, path: &Path) -> usize {
    engine.world.features[engine.world.people[path.people].uses[path.feature].0.at()].class
}
