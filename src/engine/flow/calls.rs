//! Calls of services that go by a policy: how often each is tried, how long that takes, and what comes of it in the end.
//!
//! The mean field: every attempt at a call fails with the same probability, whatever became of the others (it got lost, was turned
//! away, came too late, or failed further down), and the caller goes on until one has succeeded or it may try no more. Who waits too
//! long leaves work behind that is done all the same: so attempts in layers multiply.

use super::approximations::three_digits;
use crate::engine::core::Engine;
use crate::engine::state::flow::{AtStation, CLASSES, Open, Regime};
use crate::engine::state::paths::Path;
use crate::queueing::{attempts_of, never_refused};
use crate::world::{Call, CallClient, SiteId, StationId};

/// Where more attempts than this come too late, the time that a call takes is that of its timeouts.
const LATE: f64 = 1e-3;

/// What comes more rarely than this is never felt.
const NEVER: f64 = 1e-9;

/// What a call by a policy comes to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tried {
    /// Attempts that come to the callee.
    pub visits: f64,
    /// Time until the caller goes on, in seconds, and its variance.
    pub takes_s: f64,
    pub variance: f64,
    /// Of calls that succeed: the time of the attempt that does, and that of the attempts before it.
    pub in_time_s: f64,
    pub before_s: f64,
    /// Of those that would succeed if nobody waited or was turned away, the share that does.
    pub succeeds: f64,
    /// Attempts that come too late.
    pub late: f64,
}

/// What calls add to the way of a request.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Added {
    /// Beyond the times of the visits that the latency is made of, where hardly any attempt comes too late.
    more_s: f64,
    /// Of calls with a timeout, where many do: the time of the attempts that succeed, instead of the visits to which they lead; and of those
    /// before them.
    in_time_s: f64,
    before_s: f64,
    /// The worst of the shares that come too late.
    late: f64,
    /// What calls add that wait as long as it takes.
    untimed_s: f64,
}

/// What the calls of a feature come to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    /// Share of the requests that succeeds, and of those the share that lacks nothing.
    pub succeeds: f64,
    pub complete: f64,
    /// What the times of calls add to those of the visits.
    pub more_s: f64,
    /// The same, of calls that do not look at the time: what those add that do is in the latency.
    pub untimed_s: f64,
    /// Where many attempts come too late: by how much shorter the visits to which they lead are in time.
    pub guarded: Option<f64>,
}

impl Added {
    fn add(&mut self, times: f64, other: Added) {
        self.more_s += times * other.more_s;
        self.in_time_s += times * other.in_time_s;
        self.before_s += times * other.before_s;
        self.late = self.late.max(other.late);
        self.untimed_s += times * other.untimed_s;
    }

    /// What it comes to where only this share makes the calls.
    fn of_a_share(self, share: f64) -> Added {
        let Added { more_s, in_time_s, before_s, late, untimed_s } = self;
        Added {
            more_s: share * more_s,
            in_time_s: share * in_time_s,
            before_s: share * before_s,
            late,
            untimed_s: share * untimed_s,
        }
    }
}

impl Engine<'_> {
    /// What a call comes to, of which the callee turns a share away, and which fails further down in all but a share.
    pub(super) fn tried(
        &self,
        call: &Call,
        policy: &CallClient,
        from: SiteId,
        (block, inner): (f64, f64),
        stations: &[AtStation],
    ) -> Option<Tried> {
        let (callee, rtt_s) = self.answers(call, from)?;
        let at = &stations[callee.at()];
        let (lost, before) = self.lost_share(call, from, callee);
        let (late, each_s) = match policy.timeout_s {
            Some(timeout_s) => self.up_to(callee, at, rtt_s, timeout_s),
            None => (0.0, rtt_s + at.keeps_s + at.responds_s),
        };
        let late_s = policy.timeout_s.unwrap_or(0.0);
        let in_time_s = if late < 1.0 { (each_s - late * late_s) / (1.0 - late) } else { late_s };
        let known = 1.0 - (1.0 - lost) * (1.0 - block) * inner;
        let succeeds = (1.0 - known) * (1.0 - late);
        let again = if policy.client.retries_timeouts { 1.0 - succeeds } else { known };
        let many = |fails: f64| policy.retries.map_or(1.0, |r| attempts_of(fails, r.attempts, r.budget));
        let attempts = many(again);
        let without_load = many(lost) * (1.0 - lost);
        let admitted = (1.0 - before) * (1.0 - block);
        let after_s = policy.retries.map_or(0.0, |retries| retries.after_s);
        let attempt_s = admitted * each_s + (1.0 - admitted) * rtt_s;
        let failed_s = if succeeds < 1.0 {
            let late_in_vain = admitted * late / (1.0 - succeeds);
            late_in_vain * late_s + (1.0 - late_in_vain).max(0.0) * rtt_s
        } else {
            0.0
        };
        let most = policy.retries.map_or(1, |retries| retries.attempts);
        let spread = at.responds_variance + at.keeps_s * at.keeps_s;
        let bound = policy.timeout_s.map_or(f64::INFINITY, |timeout_s| timeout_s * timeout_s);
        Some(Tried {
            visits: attempts * (1.0 - before),
            takes_s: attempts * attempt_s + (attempts - 1.0) * after_s,
            variance: attempts * spread.min(bound) + (attempts - 1.0) * (attempt_s + after_s) * (attempt_s + after_s),
            in_time_s,
            before_s: failed_before(again, most, attempts) * (failed_s + after_s),
            succeeds: if without_load > 0.0 { (attempts * succeeds / without_load).min(1.0) } else { 0.0 },
            late,
        })
    }

    /// Of the answers of a station the share that takes longer than a timeout, and how long the caller waits in the mean.
    fn up_to(&self, callee: StationId, at: &AtStation, rtt_s: f64, timeout_s: f64) -> (f64, f64) {
        if at.storm {
            return (1.0, timeout_s);
        }
        let rest_s = rtt_s + (at.responds_s - at.computes_s).max(0.0);
        let of = [timeout_s, rest_s, at.slower, at.wait.probability(), at.wait_mean_s];
        at.up_to.get(of, || self.waits_up_to(callee, at, rest_s, timeout_s))
    }

    fn waits_up_to(&self, callee: StationId, at: &AtStation, rest_s: f64, timeout_s: f64) -> (f64, f64) {
        let service = &self.world.services[self.world.stations[callee.at()].service.at()];
        let (strata, left_s) = (&service.strata, timeout_s - rest_s);
        if left_s <= 0.0 || at.slower <= 0.0 {
            return (1.0, timeout_s);
        }
        // Mostly nobody is anywhere near it.
        if at.wait.ccdf(left_s - strata.longest_s() * at.slower) < NEVER {
            return (0.0, rest_s + at.computes_s + at.wait_mean_s);
        }
        // Those who need not wait are late by their service alone.
        let waits = at.wait.probability();
        let (late, takes_s) = strata.up_to(left_s / at.slower);
        let at_once = (late, rest_s + takes_s * at.slower);
        if waits < NEVER {
            return at_once;
        }
        let behind = |takes_s: f64| left_s - takes_s * at.slower;
        let late =
            strata.mean_of(|takes_s| if behind(takes_s) > 0.0 { at.wait.ccdf(behind(takes_s)) / waits } else { 1.0 });
        let takes_s = strata.mean_of(|takes_s| match behind(takes_s) {
            behind_s if behind_s <= 0.0 => timeout_s,
            behind_s => timeout_s - behind_s + at.wait.mean_up_to(behind_s) / waits,
        });
        (waits * late + (1.0 - waits) * at_once.0, waits * takes_s + (1.0 - waits) * at_once.1)
    }

    /// What every station comes to for those who call it: whether their requests succeed there, and what calls add to their time.
    pub(super) fn calls_come_to(&self, id: StationId, stations: &mut [AtStation]) {
        if !self.world.has_call_clients {
            return;
        }
        let station = &self.world.stations[id.at()];
        let (mut succeeds, mut complete, mut added) = ([1.0; CLASSES], [1.0; CLASSES], Added::default());
        for call in &station.calls {
            self.add_call(call, station.site, stations, (&mut succeeds, &mut complete), &mut added);
        }
        let plain_s = self.plain_s(id, stations);
        let missed = self.missed(id);
        if missed < 1.0 {
            // Who finds what he asks for makes none of them.
            succeeds.iter_mut().chain(&mut complete).for_each(|share| *share = 1.0 - missed * (1.0 - *share));
            added = added.of_a_share(missed);
        }
        let at = &mut stations[id.at()];
        (at.succeeds, at.complete, at.plain_s) = (succeeds, complete, plain_s);
        at.calls_add = [added.more_s, added.in_time_s, added.before_s, added.late, added.untimed_s];
    }

    /// Whether retries of what comes too late feed themselves at a station. From below, its load comes to rest at the least that agrees with
    /// itself; where there is none below what it can do, waits grow until nothing is in time, and that ends only when even then less
    /// comes than it can do (a metastable failure: Bronson et al., HotOS 2021).
    pub(super) fn look_for_storm(&self, id: StationId, at: &mut AtStation, was: Regime) {
        // Before the first round nobody has come yet.
        if !self.world.has_call_clients || at.inflow <= 0.0 {
            return;
        }
        let waits = self.state.flow.stations[id.at()].fluid.backlog > 0.0;
        let feeds_itself = was == Regime::Rest && !waits && at.wait.mean() > 0.0 && at.block == 0.0;
        at.storm = at.inflow > at.capacity && (at.storm || feeds_itself);
    }

    /// The time that the latency of a path has for a visit and what it leads to.
    fn plain_s(&self, id: StationId, stations: &[AtStation]) -> f64 {
        let station = &self.world.stations[id.at()];
        let answers = station.calls.iter().filter_map(|call| Some((call, self.answers(call, station.site)?)));
        let calls_s = answers.map(|(call, (callee, rtt_s))| {
            let at = &stations[callee.at()];
            let arrive = self.arriving_softly(call, station.site, callee);
            arrive * self.kept_calls(call) * (rtt_s + waits_in_latency(at) + at.plain_s)
        });
        stations[id.at()].computes_s + self.commit(id).takes_s + self.missed(id) * calls_s.sum::<f64>()
    }

    fn add_call(
        &self,
        call: &Call,
        from: SiteId,
        stations: &[AtStation],
        (succeeds, complete): (&mut [f64; CLASSES], &mut [f64; CLASSES]),
        added: &mut Added,
    ) {
        let Some((callee, rtt_s)) = self.answers(call, from) else { return };
        let (at, times) = (&stations[callee.at()], call.times * self.kept_calls(call));
        let [more_s, in_time_s, before_s, late, untimed_s] = at.calls_add;
        let below = Added { more_s, in_time_s, before_s, late, untimed_s };
        let mut here = below;
        let policy = call.client.as_ref();
        let try_it = |block: f64, inner: f64| self.tried(call, policy?, from, (block, inner), stations);
        let (first, mut last) = ((at.class_block[0], at.succeeds[0]), None);
        for class in 0..CLASSES {
            let (block, inner) = (at.class_block[class], at.succeeds[class]);
            // Mostly all classes fare alike.
            let tried = if class > 0 && (block, inner) == first { last } else { try_it(block, inner) };
            if class == 0 {
                last = tried;
            }
            let share = tried.map_or((1.0 - block) * inner, |tried| tried.succeeds);
            let never = never_refused(1.0 - share, times);
            let whole = never_refused(1.0 - at.complete[class], times);
            match call.hard {
                true => (succeeds[class], complete[class]) = (succeeds[class] * never, complete[class] * whole),
                false => complete[class] *= never * whole,
            }
        }
        let for_load = if (at.block, at.succeeds[0]) == first { last } else { try_it(at.block, at.succeeds[0]) };
        if let (Some(policy), Some(tried)) = (policy, for_load) {
            let plain_s = rtt_s + waits_in_latency(at) + at.plain_s + below.more_s;
            here = match policy.timeout_s {
                Some(_) => Added {
                    more_s: below.more_s + (tried.in_time_s + tried.before_s - plain_s).max(0.0),
                    in_time_s: tried.in_time_s - rtt_s,
                    before_s: tried.before_s,
                    late: tried.late.max(below.late),
                    untimed_s: 0.0,
                },
                None => Added {
                    more_s: below.more_s + tried.before_s,
                    before_s: below.before_s + tried.before_s,
                    untimed_s: below.untimed_s + tried.before_s,
                    ..below
                },
            };
        }
        added.add(times, here);
    }

    /// What the calls of a feature come to from a site.
    pub(super) fn entry_comes_to(&self, path: &Path, class: usize, stations: &[AtStation]) -> Entry {
        let feature = self.world.people[path.people].uses[path.feature].0;
        let (mut succeeds, mut complete, mut added) = ([1.0; CLASSES], [1.0; CLASSES], Added::default());
        for call in &self.world.features[feature.at()].calls[path.site.at()] {
            self.add_call(call, path.site, stations, (&mut succeeds, &mut complete), &mut added);
        }
        let (succeeds, complete) = (succeeds[class], complete[class]);
        if added.late <= LATE {
            return Entry { succeeds, complete, more_s: added.more_s, untimed_s: added.untimed_s, guarded: None };
        }
        // Of the visits that are left to timeouts the times keep their shape, and have the mean of those that are in time.
        let guarded = path.visits.iter().zip(&path.guarded).filter(|(_, guarded)| **guarded);
        let takes_s: f64 = guarded.map(|((id, times, _), _)| times * stations[id.at()].computes_s).sum();
        let scale = if takes_s > 0.0 { (added.in_time_s / takes_s).clamp(0.0, 1.0) } else { 0.0 };
        let more_s = added.before_s + (added.in_time_s - scale * takes_s).max(0.0);
        Entry { succeeds, complete, more_s, untimed_s: added.untimed_s, guarded: Some(scale) }
    }

    /// Of each branch of the way of a path, in one order, the attempts at it that are known to fail.
    pub(super) fn known_failures(&self, path: &Path, class: usize, stations: &[AtStation]) -> Vec<f64> {
        let mut known = Vec::new();
        let feature = self.world.people[path.people].uses[path.feature].0;
        path.way.each_branch(&mut |branch| {
            let Some(asks) = branch.asks else { return known.push(0.0) };
            let (call, from) = match asks.caller {
                Some(id) => (&self.world.stations[id.at()].calls[asks.nth], self.world.stations[id.at()].site),
                None => (&self.world.features[feature.at()].calls[path.site.at()][asks.nth], path.site),
            };
            known.push(self.callee(call).map_or(0.0, |callee| {
                let at = &stations[callee.at()];
                let lets_by = (1.0 - self.lost_share(call, from, callee).0) * (1.0 - at.class_block[class]);
                three_digits(1.0 - lets_by * at.succeeds[class])
            }));
        });
        known
    }

    /// What calls by a policy add to the mean time of a path that has all its visits and waits in it: less than nothing where they give up.
    pub(super) fn calls_add_s(&self, path: &Path, stations: &[AtStation]) -> f64 {
        if !self.world.has_call_clients {
            return 0.0;
        }
        let entry = self.entry_comes_to(path, 0, stations);
        let Some(scale) = entry.guarded else { return entry.more_s };
        let guarded = path.visits.iter().zip(&path.guarded).filter(|(_, guarded)| **guarded);
        let left_out = guarded.map(|((id, times, _), _)| {
            let at = &stations[id.at()];
            times * ((1.0 - scale) * at.computes_s + at.wait_mean_s)
        });
        entry.more_s - left_out.sum::<f64>()
    }

    /// What a call by a policy comes to for the load; nothing where the caller has no policy.
    pub(super) fn tried_now(&self, call: &Call, from: SiteId, stations: &[AtStation]) -> Option<Tried> {
        let policy = call.client.as_ref()?;
        let (callee, _) = self.answers(call, from)?;
        let at = &stations[callee.at()];
        // How many of each class come is known only at the station: those that are turned away last stand for all.
        self.tried(call, policy, from, (at.block, at.succeeds[0]), stations)
    }

    /// Visits for each time that a call is made: more where it is tried again, fewer where it gets lost on the way.
    pub(super) fn visits_of(&self, call: &Call, from: SiteId, stations: &[AtStation]) -> f64 {
        let arrives = || {
            let callee = self.state.flow.loses.then(|| self.answers(call, from)).flatten();
            callee.map_or(1.0, |(callee, _)| 1.0 - self.lost_share(call, from, callee).1)
        };
        self.tried_now(call, from, stations).map_or_else(arrives, |tried| tried.visits)
    }

    /// The same of a call of the feature of a path.
    pub(super) fn visits_by(&self, path: &Path, call: u32, stations: &[AtStation]) -> f64 {
        let feature = self.world.people[path.people].uses[path.feature].0;
        let call = &self.world.features[feature.at()].calls[path.site.at()][call as usize];
        self.visits_of(call, path.site, stations)
    }

    /// While a queue grows or drains past what its callers wait for, what they send changes: within which time, in seconds, by station.
    pub(super) fn call_timeouts(&self, open: &Open) -> Vec<(StationId, f64)> {
        let mut found = Vec::new();
        if !self.world.has_call_clients {
            return found;
        }
        let of_sites = |calls: &'_ [Vec<Call>]| (0..calls.len()).map(SiteId::new).collect::<Vec<_>>();
        let of_features = self.world.features.iter().flat_map(|feature| {
            let sites = of_sites(&feature.calls);
            sites.into_iter().zip(&feature.calls).flat_map(|(site, calls)| calls.iter().map(move |call| (site, call)))
        });
        let of_stations = self.world.stations.iter().flat_map(|s| s.calls.iter().map(|call| (s.site, call)));
        for (from, call) in of_features.chain(of_stations) {
            let Some(timeout_s) = call.client.as_ref().and_then(|client| client.timeout_s) else { continue };
            let Some((callee, rtt_s)) = self.answers(call, from) else { continue };
            let at = &open.stations[callee.at()];
            let grows = (at.inflow - at.capacity) / at.capacity;
            if !at.queues() || at.capacity <= 0.0 || grows == 0.0 {
                continue;
            }
            let wait_s = self.state.flow.stations[callee.at()].front_s(self.now.seconds());
            let left_s = (timeout_s - rtt_s - at.responds_s - wait_s) / grows;
            if left_s > 0.0 {
                found.push((callee, left_s.max(1e-3)));
            }
            if wait_s < 1.5 * timeout_s {
                found.push((callee, (0.05 * timeout_s / grows.abs()).max(0.1)));
            }
        }
        found
    }
}

/// Attempts that have failed before the one that succeeds, in the mean, where each is tried again with a probability.
fn failed_before(again: f64, most: u32, attempts: f64) -> f64 {
    // What a budget leaves of the retries.
    let free = attempts_of(again, most, f64::INFINITY);
    let kept = if free > 1.0 { (attempts - 1.0) / (free - 1.0) } else { 1.0 };
    let (mut share, mut sum, mut all) = (kept * again, 1.0, 0.0);
    for before in 1..most.min(50) {
        all += f64::from(before) * share;
        sum += share;
        share *= again;
    }
    all / sum
}

/// Waits that the latency of a path has in it: a queue that moves is left to the timeouts of those who call.
fn waits_in_latency(at: &AtStation) -> f64 {
    if at.queues() { 0.0 } else { at.wait_mean_s }
}
