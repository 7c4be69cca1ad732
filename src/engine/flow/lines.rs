//! Lines: who waits in the queues that move, how long each has waited on leaving, and for whom that was too long.
//!
//! What becomes of a request that has to wait is known when it leaves the queue, or when its client has lost patience, and never
//! before: capacity that comes or goes meanwhile counts from then on. A request that its client has given up is done all the same.

use super::attempts::{in_time_only, retried_at_once, retried_elsewhere};
use super::feedback::LedAgain;
use crate::engine::core::Engine;
use crate::engine::state::disposition::Disposition;
use crate::engine::state::flow::{AtStation, Open, Regime};
use crate::engine::state::paths::Path;
use crate::observe::{Interval, LatencyPart, StationWait};
use crate::queueing::{Member, Piece, Wait};
use crate::units::{Duration, Time};
use crate::world::{SiteId, StationId};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What kind of request waits: its use, the site that answers it, and how many attempts were made before.
pub(super) fn key(of: usize, site: SiteId, attempts: usize) -> u64 {
    (of as u64) << 32 | (site.at() as u64) << 8 | attempts.min(255) as u64
}

/// The use in a key.
pub(super) fn use_of(key: u64) -> usize {
    (key >> 32) as usize
}

pub(super) fn attempts_of_key(key: u64) -> usize {
    (key & 255) as usize
}

/// Whether a key is of a use that is answered by a site.
pub(super) fn is_of(key: u64, of: usize, site: SiteId) -> bool {
    path_of_key(key) == path_of_key(self::key(of, site, 0))
}

/// The same request, whatever its attempts.
fn path_of_key(key: u64) -> u64 {
    key >> 8
}

/// Attempts that have failed.
struct Failures {
    of: usize,
    attempts: usize,
    count: f64,
    /// Of those, turned away.
    shed: f64,
    /// How long after the span in which that became sure the client learns of it, in seconds.
    known_after_s: f64,
    /// The client has lost patience in a line.
    impatient: bool,
}

/// What is in motion while a span is accounted for.
pub(super) struct Lines<'a> {
    open: &'a Open,
    dispositions: &'a [Disposition],
    span_s: (f64, f64),
    /// Whether there is a line in front of each station.
    queues: Vec<bool>,
    waits_s: Vec<f64>,
    /// Who joins each line in this span.
    joining: Vec<Vec<Member>>,
    /// The path of each kind of request, where there are lines at all.
    paths: BTreeMap<u64, usize>,
    failures: Vec<Failures>,
    /// First attempts, by use.
    first: Vec<f64>,
}

impl<'a> Lines<'a> {
    pub(super) fn new(engine: &Engine<'_>, open: &'a Open, dispositions: &'a [Disposition], dt_s: f64) -> Lines<'a> {
        let flow = &engine.state.flow;
        let now_s = engine.now.seconds();
        let queues: Vec<bool> = open.stations.iter().map(|at| at.queues()).collect();
        let any = queues.iter().any(|queues| *queues)
            || flow.stations.iter().any(|s| !s.line.is_empty())
            || open.puts_off.iter().any(|puts_off| *puts_off);
        let of_path = |path: &Path| path_of_key(key(flow.first_use[path.people] + path.feature, path.site, 0));
        Lines {
            open,
            dispositions,
            span_s: (now_s - dt_s, now_s),
            waits_s: open.stations.iter().map(|at| at.wait_mean_s).collect(),
            joining: vec![Vec::new(); if any { queues.len() } else { 0 }],
            queues,
            paths: if any {
                flow.paths.iter().enumerate().map(|(i, path)| (of_path(path), i)).collect()
            } else {
                BTreeMap::new()
            },
            failures: Vec::new(),
            first: vec![0.0; if any { flow.crashed.len() } else { 0 }],
        }
    }

    /// Whether anybody waits in a line, or is about to.
    pub(super) fn some_wait(&self) -> bool {
        !self.first.is_empty()
    }

    /// Of a use, attempts fail at once: the first ones, and others by how many were made before.
    pub(super) fn fail(&mut self, of: usize, (first, again): (f64, &[f64])) {
        self.first[of] += first;
        let attempts = std::iter::once(first).chain(again.iter().copied()).enumerate();
        for (attempts, count) in attempts.filter(|(_, count)| *count > 0.0) {
            self.failures.push(Failures { of, attempts, count, shed: 0.0, known_after_s: 0.0, impatient: false });
        }
    }

    pub(super) fn waits_s(&self) -> &[f64] {
        &self.waits_s
    }

    /// The next station of a path with a line in front of it, and how many visits a request pays it.
    pub(super) fn next_queue(&self, path: &Path, after: Option<StationId>) -> Option<(StationId, f64)> {
        let mut begin = after.and_then(|id| path.visits.iter().rposition(|v| v.0 == id)).map_or(0, |i| i + 1);
        begin = begin.min(path.visits.len());
        let mut left = path.visits[begin..].iter().zip(&path.guarded[begin..]);
        left.find(|(v, guarded)| !**guarded && self.queues[v.0.at()]).map(|(v, _)| (v.0, visits(path, v.0)))
    }

    fn join(&mut self, (station, times): (StationId, f64), key: u64, count: f64, before_s: f64, timeout_s: f64) {
        let expires_s = ((timeout_s - before_s) / times.max(1.0)).max(0.0);
        self.joining[station.at()].push(Member { key, count, live: count, before_s, expires_s });
    }
}

/// Some of the requests of a path that go on together.
#[derive(Clone, Copy)]
struct Going {
    path: usize,
    key: u64,
    count: f64,
    /// How long they have waited so far, in seconds.
    waited_s: f64,
    /// The line that they have left.
    from: Option<StationId>,
}

impl Going {
    /// Of those who have got so far, a share gets further; the others have failed, for what gets lost on the way is met there.
    fn get_further(&mut self, reached: f64, lines: &mut Lines) {
        let lost = self.count * (1.0 - reached);
        if lost > 0.0 {
            let (of, attempts) = (use_of(self.key), attempts_of_key(self.key));
            lines.failures.push(Failures {
                of,
                attempts,
                count: lost,
                shed: 0.0,
                known_after_s: 0.0,
                impatient: false,
            });
            self.count -= lost;
        }
    }
}

/// Some of those who waited at a station, on leaving its line.
struct Leaving<'b> {
    station: StationId,
    piece: &'b Piece,
    member: Member,
    /// How many of them had not been too late before.
    live: f64,
    /// What chance alone has made each wait on top, in seconds.
    chance_s: f64,
}

fn note_wait(station: StationId, piece: &Piece, chance_s: f64, at: &AtStation, span: &mut Interval) {
    let waited_s = piece.mean_s() + chance_s;
    let work = &mut span.stations[station.at()];
    work.wait_s += piece.amount * waited_s;
    work.delayed += if waited_s > 0.0 { piece.amount } else { 0.0 };
    if piece.amount > 0.0 {
        let (held_s, held_scv) = (at.held_s, at.held_scv);
        span.waits.push(StationWait { station, wait: Wait::Fixed(waited_s), held_s, held_scv, weight: piece.amount });
    }
}

/// Visits of a request of a path to a station, of whatever kind.
fn visits(path: &Path, station: StationId) -> f64 {
    path.in_person().filter(|v| v.0 == station).map(|v| v.1).sum()
}

impl Engine<'_> {
    /// Requests of a path go as far as the first line, or to their end where there is none.
    pub(super) fn stand_in_line(
        &mut self,
        index: usize,
        (first, again): (f64, &[f64]),
        disposition: &Disposition,
        (queue, led): (Option<(StationId, f64)>, Option<LedAgain>),
        lines: &mut Lines,
        span: &mut Interval,
    ) {
        let path = &self.state.flow.paths[index];
        let population = &self.world.people[path.people];
        let feature_id = population.uses[path.feature].0;
        let feature = &self.world.features[feature_id.at()];
        let of = self.state.flow.first_use[path.people] + path.feature;
        // What gets lost behind a line gets lost when one has left it.
        let arrives = match queue {
            Some((station, _)) if !disposition.dead && path.passes > 0.0 => {
                disposition.arrives / path.passes * path.reaches(station)
            }
            _ => disposition.arrives,
        };
        let passes = arrives * disposition.admitted;
        let refused = arrives * (1.0 - disposition.admitted);
        lines.first[of] += first;
        let mut attempts = vec![first];
        match feature.retries {
            // What got no answer is tried again after the timeout.
            Some(_) if feature.timeout_s.is_some() => attempts.extend(again),
            Some(retries) => {
                let (admitted, failed) = match led {
                    Some(led) => retried_elsewhere(first, again, retries, passes, &led),
                    None => retried_at_once(first, again, retries, passes),
                };
                attempts[0] = if passes > 0.0 { admitted / passes } else { 0.0 };
                let total = &mut span.uses[path.people][path.feature];
                let shed = if passes < 1.0 { failed * refused / (1.0 - passes) } else { 0.0 };
                total.shed += shed;
                total.failed += failed - shed;
            }
            None => {}
        }
        let fails_here = feature.retries.is_none() || feature.timeout_s.is_some();
        for (made, count) in attempts.into_iter().enumerate().filter(|(_, count)| *count > 0.0) {
            if passes < 1.0 && fails_here {
                let known_after_s = feature.timeout_s.unwrap_or(0.0);
                let (count, shed) = (count * (1.0 - passes), count * refused);
                lines.failures.push(Failures { of, attempts: made, count, shed, known_after_s, impatient: false });
            }
            let key = key(of, path.site, made);
            let going = Going { path: index, key, count: count * passes, waited_s: 0.0, from: None };
            self.go_on(going, queue, lines, span);
        }
    }

    /// Requests of a path go on to a line, as far as it concerns them, or to their end.
    fn go_on(&self, going: Going, queue: Option<(StationId, f64)>, lines: &mut Lines, span: &mut Interval) {
        let Going { path: index, key, waited_s, .. } = going;
        let mut going = going;
        let path = &self.state.flow.paths[index];
        let feature = &self.world.features[self.world.people[path.people].uses[path.feature].0.at()];
        let timeout_s = feature.timeout_s.map_or(f64::INFINITY, |timeout_s| timeout_s - path.fixed_s);
        let mut next = queue;
        while let Some((station, times)) = next {
            if let Some(from) = going.from {
                going.get_further((path.reaches(station) / path.reaches(from)).min(1.0), lines);
            }
            // Of a call that is made every fifth time, every fifth request waits.
            let joins = going.count * times.min(1.0);
            lines.join((station, times), key, joins, waited_s, timeout_s);
            going.count -= joins;
            if going.count <= 0.0 {
                return;
            }
            next = lines.next_queue(path, Some(station));
        }
        self.answer(going, lines, span);
    }

    /// Requests that have waited so long are answered, in time or too late.
    fn answer(&self, mut going: Going, lines: &mut Lines, span: &mut Interval) {
        let Going { path: index, key, waited_s, from, .. } = going;
        let path = &self.state.flow.paths[index];
        let feature = &self.world.features[self.world.people[path.people].uses[path.feature].0.at()];
        let (of, attempts) = (use_of(key), attempts_of_key(key));
        let found;
        let disposition = match lines.dispositions.get(index) {
            Some(disposition) => disposition,
            None => {
                found = self.disposition(index, lines.open, &lines.waits_s);
                &found
            }
        };
        if path.dead.is_some() {
            return going.get_further(0.0, lines);
        }
        if let Some(from) = from {
            going.get_further((path.passes / path.reaches(from)).min(1.0), lines);
        }
        let count = going.count;
        let held_up_s = path.fixed_s + disposition.calls_s + waited_s;
        let late = feature.timeout_s.map_or(0.0, |timeout_s| disposition.latency.ccdf(timeout_s - held_up_s));
        if late > 0.0 {
            let known_after_s = (feature.timeout_s.unwrap_or(0.0) - held_up_s).max(0.0);
            lines.failures.push(Failures {
                of,
                attempts,
                count: count * late,
                shed: 0.0,
                known_after_s,
                impatient: false,
            });
        }
        let served = count * (1.0 - late);
        if served <= 0.0 {
            return;
        }
        let total = &mut span.uses[path.people][path.feature];
        total.served += served;
        let slow = feature.slow_over_s.is_some_and(|over_s| disposition.latency.quantile(0.95) + held_up_s > over_s);
        let worse = if path.missing.is_some() || slow { 1.0 } else { 1.0 - disposition.soft };
        total.degraded += served * worse;
        let each_s = feature.timeout_s.unwrap_or(0.0) + feature.retries.map_or(0.0, |retries| retries.after_s);
        span.latencies.push(LatencyPart {
            people: path.people,
            feature: path.feature,
            latency: in_time_only(feature, disposition, held_up_s),
            shift_s: held_up_s + attempts as f64 * each_s,
            weight: served,
        });
    }

    /// What joins each line, and what leaves it: callers before callees, for who has waited in one may have to wait in the next.
    pub(super) fn move_lines(&mut self, lines: &mut Lines, span: &mut Interval) {
        if lines.joining.is_empty() {
            return;
        }
        for id in &self.world.station_order {
            let i = id.at();
            let at = &lines.open.stations[i];
            let joining = std::mem::take(&mut lines.joining[i]);
            let mut line = std::mem::take(&mut self.state.flow.stations[i].line);
            if line.is_empty() && joining.is_empty() && !lines.queues[i] {
                continue;
            }
            let work = span.stations[i];
            let (from_s, to_s) = lines.span_s;
            let rates = (at.inflow.max(0.0), (at.inflow + at.slope * (to_s - from_s)).max(0.0));
            if at.regime == Regime::Full {
                line.stand_still(to_s - from_s);
                self.state.flow.stations[i].line = line;
                continue;
            }
            let waning = at.waning.map(|waning| Self::waning_now(at, waning));
            let grown = waning.map_or(1.0, |waning| waning.grown(to_s - from_s));
            let (larger, stays) = waning.map_or((1.0, 1.0), |waning| waning.shares(to_s - from_s));
            if lines.queues[i] {
                let lost = if waning.is_some() { work.arrived * at.block } else { work.lost };
                line.push_grown((from_s, to_s), rates, ((work.arrived - lost).max(0.0), grown), joining);
            }
            let mut left: Vec<(Piece, Member, f64)> = Vec::new();
            let empties = self.state.flow.stations[i].fluid.backlog <= 0.0;
            if lines.queues[i] {
                line.leave(work.served * larger, (from_s, to_s), |piece, member, live| {
                    left.push((piece, *member, live))
                });
            }
            let wanes = left.len();
            let mut gives_up: Vec<(Member, f64, f64)> = Vec::new();
            if waning.is_some() {
                line.thin(stays, |came_s, member, count| gives_up.push((*member, count, to_s - came_s)));
            }
            if empties && at.capacity > 0.0 {
                // What is left by rounding, or has got so small that it is at rest.
                let end_s = if lines.queues[i] { to_s } else { from_s };
                line.leave(f64::INFINITY, (end_s, end_s), |piece, member, live| left.push((piece, *member, live)));
            }
            let chance_s = self.state.flow.stations[i].chance_s;
            let mut wait_max_s: f64 = line.front_s(to_s);
            let mut noted = None;
            for (n, (piece, member, live)) in left.into_iter().enumerate() {
                // Of those who would have left, so many have not given up before.
                let kept = if n < wanes { (piece.grown / larger).min(1.0) } else { 1.0 };
                wait_max_s = wait_max_s.max(piece.waited_s.0).max(piece.waited_s.1);
                if noted.replace(piece) != Some(piece) && lines.queues[i] {
                    let amount = piece.amount / if n < wanes { larger } else { 1.0 };
                    note_wait(*id, &Piece { amount, ..piece }, chance_s, at, span);
                }
                if kept < 1.0 {
                    gives_up.push((member, live * (1.0 - kept), piece.mean_s()));
                }
                let member = Member { count: member.count * kept, ..member };
                let leaving = Leaving { station: *id, piece: &piece, member, live: live * kept, chance_s };
                self.leave_line(leaving, lines, span);
            }
            for (member, count, waited_s) in gives_up {
                span.stations[i].wait_s += count * waited_s;
                self.give_up(*id, &member, (count, waited_s + chance_s), lines, span);
            }
            line.expire(to_s, |member, count| {
                let (of, attempts) = (use_of(member.key), attempts_of_key(member.key));
                lines.failures.push(Failures { of, attempts, count, shed: 0.0, known_after_s: 0.0, impatient: true });
            });
            span.stations[i].wait_max_s = if lines.queues[i] { wait_max_s + chance_s } else { wait_max_s };
            self.state.flow.stations[i].line = line;
        }
        // Who went on to a line that had been looked at before comes last there.
        let now_s = lines.span_s.1;
        for (station, joining) in self.state.flow.stations.iter_mut().zip(&mut lines.joining) {
            station.line.push((now_s, now_s), (1.0, 1.0), 0.0, std::mem::take(joining));
        }
    }

    /// Some of those who waited, and had not been too late before, are served: they go on, unless it has become too late.
    fn leave_line(&self, leaving: Leaving, lines: &mut Lines, span: &mut Interval) {
        let Leaving { station, piece, member, live, chance_s } = leaving;
        let (of, attempts) = (use_of(member.key), attempts_of_key(member.key));
        let (mean_s, share) = piece.within(member.expires_s);
        // The later ones have waited less.
        let mut count = live.min(member.count * piece.share * share);
        if live - count <= 1e-12 * live {
            count = live;
        } else {
            let count = live - count;
            lines.failures.push(Failures { of, attempts, count, shed: 0.0, known_after_s: 0.0, impatient: true });
        }
        if count <= 0.0 {
            return;
        }
        match lines.paths.get(&path_of_key(member.key)).copied() {
            Some(index) => {
                let path = &self.state.flow.paths[index];
                let times = visits(path, station).max(1.0);
                let next = lines.next_queue(path, Some(station));
                let waited_s = member.before_s + times * (mean_s + chance_s);
                let from = Some(station);
                self.go_on(Going { path: index, key: member.key, count, waited_s, from }, next, lines, span);
            }
            // Its users are led elsewhere by now: it is answered all the same.
            None => self.answer_from_before(of, count, member.before_s + mean_s + chance_s, span),
        }
    }

    /// Some of those who wait give up, and go on without where they can.
    fn give_up(
        &self,
        station: StationId,
        member: &Member,
        (count, waited_s): (f64, f64),
        lines: &mut Lines,
        span: &mut Interval,
    ) {
        if count <= 0.0 {
            return;
        }
        let (of, attempts) = (use_of(member.key), attempts_of_key(member.key));
        let path = lines.paths.get(&path_of_key(member.key)).copied();
        let is_soft = |path: &Path| path.visits.iter().all(|(id, _, hard)| *id != station || !hard);
        match path.filter(|index| is_soft(&self.state.flow.paths[*index])) {
            Some(index) => {
                let next = lines.next_queue(&self.state.flow.paths[index], Some(station));
                let (people, feature) = self.state.flow.use_at(of);
                span.uses[people][feature].degraded += count;
                let (waited_s, from) = (member.before_s + waited_s, Some(station));
                let going = Going { path: index, key: member.key, count, waited_s, from };
                self.go_on(going, next, lines, span);
            }
            None => {
                let failed = Failures { of, attempts, count, shed: count, known_after_s: 0.0, impatient: false };
                lines.failures.push(failed);
            }
        }
    }

    fn answer_from_before(&self, of: usize, count: f64, waited_s: f64, span: &mut Interval) {
        let (people, feature) = self.state.flow.use_at(of);
        span.uses[people][feature].served += count;
        let latency = Arc::clone(&self.state.flow.nothing);
        span.latencies.push(LatencyPart { people, feature, latency, shift_s: waited_s, weight: count });
    }

    /// Attempts that have failed are made again, as far as their clients do that; the others have failed for good.
    pub(super) fn try_again_later(&mut self, lines: Lines, span: &mut Interval) {
        let mut failures = lines.failures;
        failures.sort_by_key(|failure| failure.of);
        let (from_s, to_s) = lines.span_s;
        for failures in failures.chunk_by(|a, b| a.of == b.of) {
            let of = failures[0].of;
            let (people, feature) = self.state.flow.use_at(of);
            let id = self.world.people[people].uses[feature].0;
            let wanted = &self.world.features[id.at()];
            let attempts_max = wanted.retries.map_or(1, |retries| retries.attempts as usize);
            let again = |failure: &Failures| failure.attempts + 1 < attempts_max;
            let timeout_s = wanted.timeout_s.unwrap_or(0.0);
            let later_s = |failure: &Failures| failure.known_after_s + wanted.retries.map_or(0.0, |r| r.after_s);
            let at_once = |failure: &Failures| later_s(failure) <= timeout_s / DUE_PER_TIMEOUT;
            let allowed_at_once = lines.open.impatient.get(&of).map_or(1.0, |(_, kept)| *kept);
            let foreseen = |failure: &Failures| failure.impatient && at_once(failure);
            let kept = wanted.retries.map_or(0.0, |retries| {
                let wanted: f64 = failures.iter().filter(|f| again(f) && !foreseen(f)).map(|f| f.count).sum();
                let allowed = if retries.budget.is_finite() { retries.budget * lines.first[of] } else { f64::INFINITY };
                if wanted > allowed { allowed / wanted } else { 1.0 }
            });
            let total = &mut span.uses[people][feature];
            for failure in failures {
                let tried = match again(failure) {
                    true if foreseen(failure) => allowed_at_once,
                    true => kept,
                    false => 0.0,
                };
                total.shed += failure.shed * (1.0 - tried);
                total.failed += (failure.count - failure.shed) * (1.0 - tried);
                if tried <= 0.0 {
                    continue;
                }
                if at_once(failure) {
                    let owed = &mut self.state.flow.owed[of];
                    owed.resize(owed.len().max(failure.attempts + 1), 0.0);
                    owed[failure.attempts] += failure.count * tried;
                    continue;
                }
                // Nothing is tried again before it is known to have failed: that is known at the end of the span.
                let begins_s = (from_s + later_s(failure)).max(to_s);
                let step_s = (timeout_s + later_s(failure) - failure.known_after_s) / DUE_PER_TIMEOUT;
                self.state.flow.delayed_retries[of].add(
                    self.now,
                    (begins_s, begins_s + (to_s - from_s).max(step_s / 2.0)),
                    step_s.max(1e-3),
                    failure.attempts,
                    failure.count * tried,
                );
            }
            self.state.flow.delayed_retries[of].join_alike(self.now);
        }
        for (of, (rates, _)) in &lines.open.impatient {
            let owed = &mut self.state.flow.owed[*of];
            owed.resize(owed.len().max(rates.len()), 0.0);
            owed.iter_mut().zip(rates).for_each(|(owed, rate)| *owed -= rate * (to_s - from_s));
        }
    }

    /// Whether who loses patience tries again so soon that it is at once.
    fn retries_at_once(&self, feature: usize) -> bool {
        let feature = &self.world.features[feature];
        let Some((retries, timeout_s)) = feature.retries.zip(feature.timeout_s) else { return false };
        retries.after_s <= timeout_s / DUE_PER_TIMEOUT
    }

    /// Attempts per second that are made again at once by those who lose patience in a line from now on, by use and by how many
    /// were made before, and until when that is so. No rate holds for less than a part of the timeout.
    pub(super) fn impatient(&self, until: &mut Time) -> BTreeMap<usize, (Vec<f64>, f64)> {
        let flow = &self.state.flow;
        let mut found: BTreeMap<usize, (Vec<f64>, f64)> = BTreeMap::new();
        let now_s = self.now.seconds();
        let shortest_s = |of: usize| {
            let (people, feature) = flow.use_at(of);
            let feature = self.world.people[people].uses[feature].0.at();
            self.retries_at_once(feature)
                .then(|| (self.world.features[feature].timeout_s.unwrap_or(0.0) / (8.0 * DUE_PER_TIMEOUT)).max(1e-3))
        };
        let mut step_s = f64::INFINITY;
        for (of, owed) in flow.owed.iter().enumerate().filter(|(_, owed)| owed.iter().any(|owed| *owed > 1e-9)) {
            step_s = step_s.min(shortest_s(of).unwrap_or(1.0));
            found.insert(of, (owed.iter().map(|owed| owed.max(0.0)).collect(), 1.0));
        }
        let mut shortest = BTreeMap::new();
        // A line that is full stands as it is: who waits there is known by what becomes of those who come.
        let moving = || flow.stations.iter().filter(|station| !station.line.is_empty() && !station.fluid.is_full());
        for station in moving() {
            let changes_s = station.line.expiring_changes_s(now_s);
            if changes_s < f64::INFINITY {
                let of_line = station.line.members().map(|(_, member)| use_of(member.key));
                let least = of_line
                    .filter_map(|of| *shortest.entry(of).or_insert_with(|| shortest_s(of)))
                    .fold(f64::INFINITY, f64::min);
                if least < f64::INFINITY {
                    step_s = step_s.min(changes_s.max(least));
                }
            }
        }
        if step_s == f64::INFINITY {
            return found;
        }
        step_s = step_s.min(until.since(self.now).seconds()).max(1e-9);
        found.values_mut().for_each(|(rates, _)| rates.iter_mut().for_each(|owed| *owed /= step_s));
        for station in moving() {
            station.line.expiring(now_s, step_s, |member, count| {
                let (of, made) = (use_of(member.key), attempts_of_key(member.key));
                let (people, feature) = flow.use_at(of);
                let wanted = &self.world.features[self.world.people[people].uses[feature].0.at()];
                let again = wanted.retries.is_some_and(|retries| made + 1 < retries.attempts as usize);
                if again && shortest.get(&of).is_some_and(|shortest| shortest.is_some()) {
                    let (rates, _) = found.entry(of).or_insert_with(|| (Vec::new(), 1.0));
                    rates.resize(rates.len().max(made + 1), 0.0);
                    rates[made] += count / step_s;
                }
            });
        }
        *until = (*until).min(self.now.after(Duration::from_seconds(step_s)).max(Time(self.now.0 + 1)));
        found
    }
}

/// What is tried again changes its rate so many times within a timeout and a pause, at most.
const DUE_PER_TIMEOUT: f64 = 16.0;
