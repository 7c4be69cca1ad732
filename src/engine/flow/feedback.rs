//! Feedback: how failures and waits change what is sent.

use super::approximations::FELT_WAIT;
use crate::engine::core::Engine;
use crate::engine::state::flow::{AtStation, Open, Regime};
use crate::engine::state::paths::Path;
use crate::queueing::{attempts_of, never_refused};
use crate::units::Duration;
use crate::world::Retries;
use std::ops::Range;

/// Where retries are led to other sites than those at which they failed.
#[derive(Debug, Clone, Copy)]
pub(super) struct LedAgain {
    /// The probability that an attempt fails, wherever it is led.
    pub fails: f64,
    /// Attempts at each site for each request that comes there first.
    pub attempts: f64,
    /// Of the attempts that fail, the share that is the last.
    pub last: f64,
}

impl Engine<'_> {
    /// How failures and waits feed back on what is sent: retries of what was refused, and users who wait for answers. Says
    /// how much that moved.
    pub(super) fn feel_back(&self, open: &mut Open, stations: &mut [AtStation]) -> f64 {
        let mut moved = 0.0f64;
        for (i, path) in self.state.flow.paths.iter().enumerate().filter(|(_, path)| path.dead.is_none()) {
            // What comes too late at rest makes a line: from there on it is tried again when that is known.
            open.puts_off[i] |= open.in_time[i] < 1.0 && self.waits_in_line(path, stations);
        }
        for (paths, retries) in self.uses_that_retry() {
            let later = paths.clone().any(|i| self.puts_off(i, open, stations));
            let attempt = |i: usize| match &self.state.flow.paths[i] {
                path if path.dead.is_some() => 0.0,
                path => self.attempt_succeeds(i, path, open, stations),
            };
            let succeeds: Vec<f64> = paths.clone().map(attempt).collect();
            let led = self.led_again(paths.clone(), retries, (open, 0.0), &succeeds).filter(|_| !later);
            for (i, succeeds) in paths.zip(succeeds).filter(|(i, _)| self.state.flow.paths[*i].dead.is_none()) {
                let mut attempts = match &led {
                    _ if self.puts_off(i, open, stations) => 1.0,
                    Some(led) => led.attempts,
                    None => attempts_of(1.0 - succeeds, retries.attempts, retries.budget),
                };
                moved = moved.max((attempts - open.attempts[i]).abs() / attempts);
                if open.through_links[i] < 1.0 {
                    // The more come to a full link the fewer get through: half of the way does not overshoot.
                    attempts = (attempts + open.attempts[i]) / 2.0;
                }
                open.attempts[i] = attempts;
            }
        }
        if moved > 0.0 {
            self.share_links_again(open);
        }
        moved.max(self.keep_pace(open, stations))
    }

    /// Whether a client stands in a line, and learns of what becomes of it when his time is over.
    fn waits_in_line(&self, path: &Path, stations: &[AtStation]) -> bool {
        let feature = self.world.people[path.people].uses[path.feature].0.at();
        let moves = || path.in_person().any(|v| stations[v.0.at()].regime == Regime::Moving);
        self.retries_after(feature).is_some() && moves()
    }

    /// Whether what fails on a path comes again later.
    fn puts_off(&self, index: usize, open: &Open, stations: &[AtStation]) -> bool {
        let path = &self.state.flow.paths[index];
        open.puts_off[index] || (path.dead.is_none() && self.waits_in_line(path, stations))
    }

    /// The paths of each use whose clients try again.
    pub(super) fn uses_that_retry(&self) -> Vec<(Range<usize>, Retries)> {
        let paths = &self.state.flow.paths;
        let mut found = Vec::new();
        let mut first = 0;
        for same in paths.chunk_by(|a, b| (a.people, a.feature) == (b.people, b.feature)) {
            let feature = &self.world.features[self.world.people[same[0].people].uses[same[0].feature].0.at()];
            found.extend(feature.retries.map(|retries| (first..first + same.len(), retries)));
            first += same.len();
        }
        found
    }

    /// A retry asks again, and is led as a new request is: where several sites serve, what fails at any of them is tried again at all of
    /// them; by the rates of so many seconds from the start of the span. Nothing where all serve alike, or where one alone does.
    pub(super) fn led_again(
        &self,
        paths: Range<usize>,
        retries: Retries,
        (open, at_s): (&Open, f64),
        succeeds: &[f64],
    ) -> Option<LedAgain> {
        let (mut all, mut first, mut first_fails, mut through, mut serve) = (0.0, 0.0, 0.0, 0.0, 0);
        for (i, succeeds) in paths.clone().zip(succeeds) {
            let path = &self.state.flow.paths[i];
            let rate = (open.rates[i].0 + open.rates[i].1 * at_s).max(0.0);
            let kept = if path.dead.is_some() { self.world.people[path.people].keeps_trying } else { 1.0 };
            all += rate;
            first += rate * kept;
            first_fails += rate * kept * (1.0 - succeeds);
            through += rate * succeeds;
            serve += usize::from(rate > 0.0);
        }
        if serve < 2 || through <= 0.0 || first <= 0.0 || succeeds.iter().all(|share| *share == succeeds[0]) {
            return None;
        }
        let fails = (1.0 - through / all).clamp(0.0, 1.0);
        let attempts = attempts_of(fails, retries.attempts, retries.budget);
        let last = if fails > 0.0 { (1.0 - attempts * (1.0 - fails)).max(0.0) / fails } else { 0.0 };
        let more = if fails > 0.0 { first_fails / all * (attempts - 1.0) / fails } else { 0.0 };
        Some(LedAgain { fails, attempts: 1.0 + more, last })
    }

    /// Of the attempts of a path, where nobody waits in a line, the share that succeeds: what comes too late fails by and by, as if it had
    /// always been so.
    fn attempt_succeeds(&self, index: usize, path: &Path, open: &Open, stations: &[AtStation]) -> f64 {
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
        succeeds * open.in_time[index]
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
