//! Feedback: how failures and waits change what is sent.

use super::approximations::{FELT_WAIT, never_refused};
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
            let feature = world.people[path.people].uses[path.feature].0.at();
            let moves = path.in_person().any(|v| stations[v.0.at()].regime == Regime::Moving);
            let puts_off = self.retries_after(feature).is_some() && moves;
            // What comes too late at rest makes a line: from there on it is tried again when that is known.
            open.puts_off[i] |= puts_off && open.in_time[i] < 1.0;
            let mut attempts = match puts_off || open.puts_off[i] {
                true => 1.0,
                false => self.attempts(i, path, retries, open, stations),
            };
            moved = moved.max((attempts - open.attempts[i]).abs() / attempts);
            if open.through_links[i] < 1.0 {
                // The more come to a full link the fewer get through: half of the way does not overshoot.
                attempts = (attempts + open.attempts[i]) / 2.0;
            }
            open.attempts[i] = attempts;
        }
        if moved > 0.0 {
            self.share_links_again(open);
        }
        moved.max(self.keep_pace(open, stations))
    }

    /// Attempts for each request within the span, where nobody waits in a line: of what comes too late those that are made by and by, as
    /// if it had always been so.
    fn attempts(
        &self,
        index: usize,
        path: &Path,
        retries: crate::world::Retries,
        open: &Open,
        stations: &[AtStation],
    ) -> f64 {
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
        succeeds *= open.in_time[index];
        attempts_of(1.0 - succeeds, retries.attempts, retries.budget)
    }

    /// Of what comes too late although nobody waits in a line, the share: says whether that is another than before.
    pub(super) fn look_who_is_late(&self, open: &mut Open, stations: &mut Vec<AtStation>) -> bool {
        if self.world.features.iter().all(|f| f.retries.is_none() || f.timeout_s.is_none()) {
            return false;
        }
        let mut moved = false;
        std::mem::swap(&mut open.stations, stations);
        let waits_s: Vec<f64> = open.stations.iter().map(|at| at.wait_mean_s).collect();
        for (i, path) in self.state.flow.paths.iter().enumerate().filter(|(_, path)| path.dead.is_none()) {
            let feature = &self.world.features[self.world.people[path.people].uses[path.feature].0.at()];
            let Some((_, timeout_s)) = feature.retries.zip(feature.timeout_s) else { continue };
            if open.puts_off[i] || path.in_person().any(|v| open.stations[v.0.at()].queues()) {
                continue;
            }
            let (latency, held_up_s) = self.latency_now(i, open, &waits_s);
            let late = latency.ccdf(timeout_s - held_up_s);
            let in_time = if late > FELT_WAIT { 1.0 - late } else { 1.0 };
            moved |= (in_time - open.in_time[i]).abs() > FELT_WAIT;
            open.in_time[i] = in_time;
        }
        std::mem::swap(&mut open.stations, stations);
        moved
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
