//! Feedback: how failures and waits change what is sent.

use super::approximations::never_refused;
use crate::engine::core::Engine;
use crate::engine::state::flow::{AtStation, Open, Regime};
use crate::engine::state::paths::Path;
use crate::queueing::attempts_of;
use crate::units::Duration;

/// Those who come to a station and wait for its answers.
#[derive(Debug, Clone, Copy, Default)]
struct Closed {
    users: f64,
    /// Visits per second if nobody was ever here.
    asks: f64,
    /// Visits per second that they do pay.
    sent: f64,
}

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

    /// Users who wait for answers are slowed down by them: the rate of one is `1 / (think + respond)`. Each station that they come
    /// to has them as a finite source, who think or are elsewhere meanwhile.
    fn keep_pace(&self, open: &mut Open, stations: &mut [AtStation]) -> f64 {
        let world = self.world;
        if world.people.iter().all(|p| !p.waits) {
            return 0.0;
        }
        let mut moved = 0.0f64;
        // For each station: users, visits per second if nothing ever took any time, and what is sent.
        let mut closed = vec![Closed::default(); stations.len()];
        let mut first = 0;
        while first < self.state.flow.paths.len() {
            let people = self.state.flow.paths[first].people;
            let count = self.state.flow.paths[first..].iter().take_while(|p| p.people == people).count();
            let mine = first..first + count;
            first += count;
            if !world.people[people].waits {
                continue;
            }
            // Mean response times over a second's worth of clicks, and visits.
            let (mut now_s, mut visits) = (0.0, vec![0.0; stations.len()]);
            let active = open.people[people].0.max(1e-9);
            for i in mine.clone().filter(|i| self.state.flow.paths[*i].dead.is_none()) {
                let path = &self.state.flow.paths[i];
                // Who is refused, or gets no answer in time, is the one who tries again.
                let clicks = open.rates[i].0 / active * open.attempts[i];
                let wait_s: f64 = path.visits.iter().map(|(id, times, _)| times * stations[id.at()].wait_mean_s).sum();
                now_s += clicks * (path.fixed_s + path.quiet.mean() + wait_s + self.calls_add_s(path, stations));
                path.visits.iter().for_each(|(id, times, _)| visits[id.at()] += clicks * times);
            }
            let pace = 1.0 / (1.0 + now_s);
            let mut users = 0.0f64;
            for i in mine {
                moved = moved.max((open.pace[i] - pace).abs());
                // What came to the stations came at the pace of the round before.
                let before = std::mem::replace(&mut open.pace[i], pace);
                let path = &self.state.flow.paths[i];
                users = users.max(active * open.sent[i] * open.let_in[i]);
                for (id, times, _) in path.visits.iter().filter(|_| path.dead.is_none()) {
                    let sent = open.rates[i].0 * open.sent[i] * open.let_in[i] * before;
                    closed[id.at()].sent += sent * open.attempts[i] * times;
                }
            }
            for (closed, (visits, at)) in closed.iter_mut().zip(visits.iter().zip(stations.iter())) {
                if *visits > 0.0 {
                    // Between two visits: all that the others of a cycle take, and thinking.
                    let elsewhere_s = ((1.0 + now_s) / visits - at.wait_mean_s - at.held_s).max(1e-9);
                    closed.users += users;
                    closed.asks += users / elsewhere_s;
                }
            }
        }
        for (at, closed) in stations.iter_mut().zip(closed) {
            at.closed = (closed.users > 0.0).then(|| {
                let others = (at.inflow - closed.sent).max(0.0);
                (closed.users, closed.users / closed.asks, if others < 1e-9 * at.inflow { 0.0 } else { others })
            });
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
