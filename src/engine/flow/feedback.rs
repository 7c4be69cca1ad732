//! Feedback: how failures and waits change what is sent.

use super::approximations::attempts_of;
use crate::engine::core::Engine;
use crate::engine::state::flow::{AtStation, Open, Regime};
use crate::engine::state::paths::Path;
use crate::num;
use crate::units::Duration;

/// A closed load comes this close to the capacity of what it waits for.
const NEARLY: f64 = 0.999;

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
        if delayed_retries && path.visits.iter().any(|v| stations[v.0.at()].regime == Regime::Moving) {
            return 1.0;
        }
        let class = world_class(self, path);
        let mut succeeds = path.passes * open.through_links[index];
        for (id, times, hard) in &path.visits {
            if *hard {
                succeeds *= num::pow(1.0 - stations[id.at()].class_block[class], *times);
            }
        }
        succeeds *= self.state.flow.in_time.get(index).copied().unwrap_or(1.0);
        attempts_of(1.0 - succeeds, retries.attempts, retries.budget)
    }

    /// Users who wait for answers are slowed down by them: the rate of one is `1 / (think + respond)`. Where that is not
    /// enough to stay below a station's capacity, its queue grows until it is: the asymptotic bound of a closed network,
    /// `min(N / (Z + R), C)` (Denning & Buzen, Computing Surveys 10, 1978).
    fn keep_pace(&self, open: &mut Open, stations: &mut [AtStation]) -> f64 {
        let world = self.world;
        if world.people.iter().all(|p| !p.waits) {
            return 0.0;
        }
        let mut moved = 0.0f64;
        // For each station: what those who wait send, and how fast that falls with the wait there.
        let mut closed = vec![(0.0, 0.0); stations.len()];
        let mut first = 0;
        while first < self.state.flow.paths.len() {
            let people = self.state.flow.paths[first].people;
            let count = self.state.flow.paths[first..].iter().take_while(|p| p.people == people).count();
            let mine = first..first + count;
            first += count;
            let population = &world.people[people];
            if !population.waits {
                continue;
            }
            // Mean response times over a second's worth of clicks, quiet and now.
            let (mut quiet_s, mut now_s, mut visits) = (0.0, 0.0, vec![0.0; stations.len()]);
            let users = open.people[people].0.max(1e-9);
            for i in mine.clone().filter(|i| self.state.flow.paths[*i].dead.is_none()) {
                let path = &self.state.flow.paths[i];
                let clicks = open.rates[i].0 / users;
                let base_s = path.fixed_s + path.quiet.mean();
                let wait_s: f64 = path.visits.iter().map(|(id, times, _)| times * stations[id.at()].wait_mean_s).sum();
                quiet_s += clicks * base_s;
                now_s += clicks * (base_s + wait_s);
                path.visits.iter().for_each(|(id, times, _)| visits[id.at()] += clicks * times);
            }
            let pace = (1.0 + quiet_s) / (1.0 + now_s);
            for i in mine {
                moved = moved.max((open.pace[i] - pace).abs());
                open.pace[i] = pace;
                let path = &self.state.flow.paths[i];
                for (id, times, _) in path.visits.iter().filter(|_| path.dead.is_none()) {
                    let sent = open.rates[i].0 * open.sent[i] * open.let_in[i] * pace * times;
                    closed[id.at()].0 += sent;
                    closed[id.at()].1 += sent * visits[id.at()] / (1.0 + now_s);
                }
            }
        }
        for (at, (sent, falls)) in stations.iter_mut().zip(closed) {
            if sent <= 0.0 || falls <= 0.0 || at.capacity <= 0.0 || at.impatience_sum > 0.0 {
                continue;
            }
            // The others come whatever happens; what they leave is what there is.
            let room = at.capacity * NEARLY - (at.inflow - sent).max(0.0);
            if room <= 0.0 {
                at.held_back_s = 0.0;
                continue;
            }
            let before = at.held_back_s;
            // Newton's step towards the wait at which the load fits.
            let step = (at.inflow.max(sent) - at.capacity * NEARLY) / falls;
            at.held_back_s = (before + step).max(0.0).min(before * 4.0 + 1.0);
            moved = moved.max((at.held_back_s - before).abs() / (1.0 + at.held_back_s));
        }
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
