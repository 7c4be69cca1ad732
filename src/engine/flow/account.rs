//! Accounts: what flowed in a span that is over.

use super::approximations::{FELT_WAIT, attempts_of, integral};
use crate::engine::core::Engine;
use crate::engine::state::disposition::Disposition;
use crate::engine::state::flow::{AtStation, Open, Regime};
use crate::engine::state::paths::Path;
use crate::observe::{Interval, LatencyPart, StationWait, Use, Work};
use crate::queueing::Wait;
use crate::world::{Feature, LinkId, Retries, StationId};
use std::borrow::Cow;
use std::sync::Arc;

/// Samples of a wait that changes during a span.
const WAIT_SAMPLES: usize = 16;

impl Engine<'_> {
    /// Integrates what flowed since the span began, and hands it on.
    pub(in crate::engine) fn close_span(&mut self) {
        let now = self.now;
        let world = self.world;
        let Some(mut open) = self.state.flow.open.take_if(|open| open.from < now) else {
            self.crash_queues();
            return;
        };
        let dt_s = now.since(open.from).seconds();
        let mut span = self.told_span.take().unwrap_or_default();
        span.clear(open.from, now);
        span.uses.resize(world.people.len(), Vec::new());
        span.uses
            .iter_mut()
            .zip(&world.people)
            .for_each(|(uses, people)| uses.resize(people.uses.len(), Use::default()));
        span.active_user_s.extend(open.people.iter().map(|(n, slope)| integral(*n, *slope, dt_s)));
        span.active_users.extend(open.people.iter().map(|(n, slope)| (*n, (n + slope * dt_s).max(0.0))));
        span.links_bps.extend_from_slice(&open.links_bps);
        span.links_offered_bps.extend_from_slice(&open.links_offered_bps);
        span.links_most_bps.extend((0..world.links.len()).map(|l| self.link_bps(LinkId::new(l))));
        span.transfers_bps.extend_from_slice(&open.transfers_bps);
        if self.requests.is_some() {
            span.followed = true;
            self.account_requests(&open, dt_s, &mut span);
        } else {
            self.account_flow(&mut open, dt_s, &mut span);
        }
        self.pass_restrictions(&open, dt_s);
        self.pass_away(dt_s);
        let now = self.now;
        self.state.flow.delayed_retries.iter_mut().for_each(|delayed| delayed.forget(now));
        self.account_crashes(&mut span);
        self.account_queues(dt_s, &mut span);
        self.account_stores(dt_s, &mut span);
        #[cfg(debug_assertions)]
        self.data_invariants();
        self.spans.push(span);
        self.state.flow.closed = Some(open);
        // What was open is over; until the next is opened, the same rates hold.
        self.flow_dirty = true;
    }

    /// What flowed through the stations, and what became of it.
    fn account_flow(&mut self, open: &mut Open, dt_s: f64, span: &mut Interval) {
        let mut waits: Vec<[f64; WAIT_SAMPLES]> = Vec::with_capacity(open.stations.len());
        let mut grown = Vec::with_capacity(open.stations.len());
        for (i, at) in open.stations.iter().enumerate() {
            waits.push(self.wait_samples(i, at, dt_s));
            let before = self.state.flow.stations[i].fluid.backlog;
            span.stations.push(self.station_work(i, at, dt_s));
            grown.push(self.state.flow.stations[i].fluid.backlog - before);
            if at.inflow > 0.0 || at.slope != 0.0 {
                span.waits.push(StationWait {
                    station: StationId::new(i),
                    wait: if at.regime == Regime::Moving {
                        Wait::Fixed(waits[i].iter().sum::<f64>() / WAIT_SAMPLES as f64)
                    } else {
                        at.wait.clone()
                    },
                    held_s: at.held_s,
                    held_scv: at.held_scv,
                    weight: integral(at.inflow, at.slope, dt_s) * (1.0 - at.block),
                });
            }
        }
        let dispositions = std::mem::take(&mut open.dispositions);
        self.account_paths(open, &dispositions, &waits, dt_s, span);
        open.dispositions = dispositions;
        self.account_waiting(open, &grown, dt_s, span);
    }

    pub(super) fn wait_samples(&self, station: usize, at: &AtStation, dt_s: f64) -> [f64; WAIT_SAMPLES] {
        let mut samples = [at.wait_mean_s; WAIT_SAMPLES];
        if at.regime == Regime::Moving && at.capacity > 0.0 {
            let flow = &self.state.flow.stations[station];
            let backlog = flow.fluid.backlog + flow.by_chance;
            for (i, sample) in samples.iter_mut().enumerate() {
                let at_s = (i as f64 + 0.5) / WAIT_SAMPLES as f64 * dt_s;
                let net = at.inflow - at.capacity;
                *sample = ((backlog + net * at_s + at.slope * at_s * at_s / 2.0) / at.capacity).max(0.0);
            }
        }
        samples
    }

    pub(super) fn station_work(&mut self, station: usize, at: &AtStation, dt_s: f64) -> Work {
        let now = self.now;
        let flow = &mut self.state.flow.stations[station];
        let workers_s = flow.workers_s + flow.workers as f64 * now.since(flow.workers_since).seconds();
        flow.workers_s = 0.0;
        flow.workers_since = now;
        let arrived = integral(at.inflow, at.slope, dt_s);
        let mut work = Work { arrived, workers_s, asked_s: arrived * at.held_s, ..Work::default() };
        let over = |a: f64| f64::from(u8::from(a > at.capacity && at.capacity > 0.0));
        match at.regime {
            Regime::Rest => {
                work.lost = arrived * at.block;
                work.served = arrived - work.lost;
                work.given_up = arrived * at.given_up;
                let (delayed, wait_s) = at.admitted_wait.unwrap_or_else(|| (at.wait.probability(), at.wait_mean_s));
                work.wait_s = (work.served + work.given_up) * wait_s;
                work.delayed = (work.served + work.given_up) * delayed;
                flow.by_chance = at.wait_mean_s * at.capacity;
                work.waiting_s = work.wait_s;
                work.overloaded_s = dt_s * over(at.inflow + at.slope * dt_s / 2.0);
                // A queue that was full while the station was slower has got so small that it counts as being at rest.
                if at.capacity > 0.0 {
                    work.served += std::mem::take(&mut flow.fluid.backlog);
                }
                work.backlog = flow.fluid.backlog;
            }
            Regime::Full => {
                work.lost = arrived * at.block;
                work.served = arrived - work.lost;
                work.wait_s = work.served * at.wait_mean_s;
                work.delayed = work.served * at.wait.probability();
                work.wait_max_s = at.wait_mean_s;
                work.waiting_s = work.wait_s;
                work.backlog = flow.fluid.backlog;
                work.backlog_max = flow.fluid.backlog;
                work.overloaded_s = dt_s;
            }
            Regime::Moving => {
                let before = flow.fluid.backlog;
                let flowed = flow.fluid.advance(dt_s, at.inflow, at.slope, at.capacity);
                // Until the next change the queue is a parabola: its mean, from both ends and the bend between them.
                work.waiting_s = dt_s * (before + flow.fluid.backlog) / 2.0 - at.slope * dt_s * dt_s * dt_s / 12.0
                    + flow.by_chance * dt_s;
                work.waiting_s = work.waiting_s.max(0.0);
                work.lost = flowed.lost;
                work.served = flowed.served;
                let by_chance_s = if at.capacity > 0.0 { flow.by_chance / at.capacity } else { 0.0 };
                work.wait_s = flowed.delay_integral + flowed.delayed * by_chance_s;
                work.delayed = flowed.delayed;
                work.wait_max_s = flowed.wait_max_s + by_chance_s;
                work.backlog = flow.fluid.backlog;
                work.backlog_max = flowed.backlog_max + flow.by_chance;
                work.overloaded_s = dt_s * over(at.inflow + at.slope * dt_s / 2.0);
                // What is left of a queue by rounding is not a queue.
                if flow.fluid.backlog < 1e-6 {
                    work.served += flow.fluid.backlog;
                    flow.fluid.backlog = 0.0;
                    work.backlog = 0.0;
                }
            }
        }
        work.busy_s = work.served * at.held_s;
        work
    }

    /// What became of the requests of every path.
    fn account_paths(
        &mut self,
        open: &Open,
        dispositions: &[Disposition],
        waits: &[[f64; WAIT_SAMPLES]],
        dt_s: f64,
        span: &mut Interval,
    ) {
        let mean_waits: Vec<f64> = waits.iter().map(|w| w.iter().sum::<f64>() / WAIT_SAMPLES as f64).collect();
        for index in 0..self.state.flow.paths.len() {
            let (rate, slope) = open.rates[index];
            let intended = integral(rate, slope, dt_s);
            if intended <= 0.0 {
                continue;
            }
            let moving =
                self.state.flow.paths[index].visits.iter().any(|v| open.stations[v.0.at()].regime == Regime::Moving);
            // Where no queue moves, what holds at the start of a span holds until its end.
            let known = dispositions.get(index).filter(|_| !moving).cloned();
            let mut disposition = known.unwrap_or_else(|| self.disposition(index, open, &mean_waits));
            let path = &self.state.flow.paths[index];
            let population = &self.world.people[path.people];
            let feature_id = population.uses[path.feature].0;
            let feature = &self.world.features[feature_id.at()];
            let total = &mut span.uses[path.people][path.feature];
            // Who is away sends nothing, and who is slowed down sends less.
            let sent = intended * open.sent[index] * open.pace[index];
            let turned_away = sent * (1.0 - open.let_in[index]);
            let first = sent - turned_away;
            let delayed_retries: Vec<f64> = open.delayed_retries[index].iter().map(|rate| rate * dt_s).collect();
            total.intended += intended;
            total.never_sent += intended - sent;
            total.shed += turned_away;
            if disposition.dead {
                let again: f64 = delayed_retries.iter().sum();
                total.failed += first * population.keeps_trying + again;
                total.never_sent += first * (1.0 - population.keeps_trying);
                continue;
            }
            // While a queue moves, each part of the span has its own wait and its own share that is too late.
            let mut parts = [(path.fixed_s, disposition.in_time); WAIT_SAMPLES];
            if moving {
                parts = in_parts(path, feature, &disposition, open, waits);
                disposition.in_time = parts.iter().map(|part| part.1).sum::<f64>() / parts.len() as f64;
            }
            let parts = &parts[..if moving { WAIT_SAMPLES } else { 1 }];
            let succeeds = disposition.success();
            let lost = 1.0 - succeeds;
            // Of what fails at last: turned away or given up in a queue, or failed.
            let refused = if lost > 0.0 { disposition.arrives * (1.0 - disposition.admitted) / lost } else { 0.0 };
            let (served, failed) = match feature.retries {
                // Without a timeout there is nothing that is known late.
                Some(retries) if moving && feature.timeout_s.is_some() => {
                    // Each attempt that fails, but the last, is made again after the timeout.
                    let mut attempts = vec![first];
                    attempts.extend(&delayed_retries);
                    attempts.resize(retries.attempts as usize, 0.0);
                    let allowed = retries.budget * first;
                    let again: f64 = attempts[..attempts.len() - 1].iter().sum::<f64>() * lost;
                    let kept = if again > allowed { allowed / again } else { 1.0 };
                    if let Some(later) = self.retries_after(feature_id.at()) {
                        let tried = &attempts[..attempts.len() - 1];
                        let rates = tried.iter().map(|n| n * lost * kept / dt_s).collect();
                        let delayed =
                            &mut self.state.flow.delayed_retries[self.state.flow.first_use[path.people] + path.feature];
                        delayed.add(open.from, self.now, later, rates);
                    }
                    let at_last = attempts[attempts.len() - 1] * lost + again * (1.0 - kept);
                    (attempts.iter().sum::<f64>() * succeeds, at_last)
                }
                Some(retries) => retried_at_once(first, &delayed_retries, retries, succeeds),
                None => (first * succeeds, first * lost),
            };
            let by_attempt = attempts_served(feature, &disposition, succeeds);
            let admitted = if disposition.in_time > 0.0 { served / disposition.in_time } else { 0.0 };
            total.served += served;
            total.shed += failed * refused;
            total.failed += failed * (1.0 - refused);
            let path = &self.state.flow.paths[index];
            let slow = feature
                .slow_over_s
                .is_some_and(|over_s| disposition.latency.quantile(0.95) + disposition.moving_s > over_s);
            if path.missing.is_some() || slow {
                total.degraded += served;
            } else {
                total.degraded += served * (1.0 - disposition.soft);
            }
            note_latencies(path, feature, &disposition, parts, &by_attempt, admitted, span);
        }
    }

    /// Who waits in the queues that moved: they are not served yet.
    pub(super) fn account_waiting(&mut self, open: &Open, grown: &[f64], dt_s: f64, span: &mut Interval) {
        let uses = self.state.flow.crashed.len();
        // What joins each queue, by population and feature; and in all queues together.
        let mut joining: Vec<(StationId, Vec<f64>)> = Vec::new();
        let mut all_joining = vec![0.0; uses];
        for (i, grown) in grown.iter().enumerate().filter(|(_, grown)| **grown != 0.0) {
            let id = StationId::new(i);
            if *grown < 0.0 {
                self.leave_queue(id, -grown, span);
            } else if let Some(joins) = self.joining(id, *grown, open, dt_s) {
                all_joining.iter_mut().zip(&joins).for_each(|(all, joins)| *all += joins);
                joining.push((id, joins));
            }
        }
        let flow = &mut self.state.flow;
        for (people, first) in flow.first_use.iter().enumerate() {
            for (feature, total) in span.uses[people].iter_mut().enumerate() {
                let index = first + feature;
                if all_joining[index] <= 0.0 || total.served <= 0.0 {
                    continue;
                }
                // A request waits in one queue at a time: where several grow, they share those who were admitted.
                let scale = (total.served / all_joining[index]).min(1.0);
                let (served, degraded) = (total.served, total.degraded);
                for (id, joins) in &joining {
                    let waits = joins[index] * scale;
                    let worse = degraded / served * waits;
                    let waiting = flow.waiting.entry(*id).or_insert_with(|| vec![(0.0, 0.0); uses]);
                    waiting[index].0 += waits;
                    waiting[index].1 += worse;
                    total.served -= waits;
                    total.degraded -= worse;
                }
                total.served = total.served.max(0.0);
                total.degraded = total.degraded.max(0.0);
            }
        }
    }

    /// A queue has become shorter: who waited has been served, in proportion.
    fn leave_queue(&mut self, id: StationId, by: f64, span: &mut Interval) {
        let flow = &mut self.state.flow;
        let backlog = flow.stations[id.at()].fluid.backlog;
        let kept = backlog / (backlog + by);
        let Some(waiting) = flow.waiting.get_mut(&id) else { return };
        for (people, first) in flow.first_use.iter().enumerate() {
            for (feature, total) in span.uses[people].iter_mut().enumerate() {
                let (left, worse) = &mut waiting[first + feature];
                total.served += *left * (1.0 - kept);
                total.degraded += *worse * (1.0 - kept);
                *left *= kept;
                *worse *= kept;
            }
        }
        if backlog == 0.0 {
            flow.waiting.remove(&id);
        }
    }

    /// Requests that joined a queue that grew, by population and feature: in proportion to their visits.
    fn joining(&self, id: StationId, grown: f64, open: &Open, dt_s: f64) -> Option<Vec<f64>> {
        let flow = &self.state.flow;
        let mut joins = vec![0.0; flow.crashed.len()];
        let mut all = 0.0;
        for (index, path) in flow.paths.iter().enumerate().filter(|(_, path)| path.dead.is_none()) {
            let times: f64 = path.visits.iter().filter(|v| v.0 == id).map(|v| v.1).sum();
            if times > 0.0 {
                let requests = integral(open.rates[index].0, open.rates[index].1, dt_s);
                all += requests * times;
                joins[flow.first_use[path.people] + path.feature] += requests;
            }
        }
        (all > 0.0).then(|| joins.into_iter().map(|requests| grown * requests / all).collect())
    }

    /// Who waited where a station has stopped has failed.
    pub(super) fn account_crashes(&mut self, span: &mut Interval) {
        self.crash_queues();
        let flow = &mut self.state.flow;
        for (people, first) in flow.first_use.iter().enumerate() {
            for (feature, total) in span.uses[people].iter_mut().enumerate() {
                total.failed += std::mem::take(&mut flow.crashed[first + feature]);
                total.served += std::mem::take(&mut flow.landed[first + feature]);
            }
        }
        for (work, station) in span.stations.iter_mut().zip(&mut flow.stations) {
            let lost = std::mem::take(&mut station.lost);
            if lost > 0.0 {
                work.lost += lost;
                work.backlog = station.fluid.backlog;
            }
        }
    }

    pub(super) fn account_queues(&mut self, dt_s: f64, span: &mut Interval) {
        let now_s = self.now.seconds();
        for flow in &mut self.state.flow.queues {
            let flowed = flow.fluid.advance(dt_s, flow.inflow, flow.slope, flow.capacity);
            flow.age.arrive(now_s - dt_s, dt_s, flow.inflow, flow.slope);
            flow.age.serve(flowed.served);
            if flow.fluid.backlog < 1e-6 {
                flow.fluid.backlog = 0.0;
                flow.age.clear();
            }
            span.queue_arrived.push(flowed.arrived);
            span.queue_done.push(flowed.served);
            span.queue_backlogs.push(flow.fluid.backlog);
            span.queue_ages_s.push(flow.age.age_s(now_s));
        }
    }

    pub(super) fn account_stores(&mut self, dt_s: f64, span: &mut Interval) {
        let now_s = self.now.seconds();
        for store in &mut self.state.flow.stores {
            let mut replicas = Vec::with_capacity(store.replicas.len());
            for replica in &mut store.replicas {
                replica.follow(now_s, dt_s, store.inflow, store.slope);
                replicas.push((replica.fluid.backlog, replica.lag_s(now_s)));
            }
            store.written += store.inflow * dt_s + store.slope * dt_s * dt_s / 2.0;
            span.replicas.push(replicas);
            span.writes_per_s.push(store.inflow + store.slope * dt_s / 2.0);
        }
    }
}

/// What requests of a path wait in queues that move, and the share of them that is in time, in each part of a span.
fn in_parts(
    path: &Path,
    feature: &Feature,
    disposition: &Disposition,
    open: &Open,
    waits: &[[f64; WAIT_SAMPLES]],
) -> [(f64, f64); WAIT_SAMPLES] {
    std::array::from_fn(|i| {
        let moves = path.visits.iter().filter(|v| open.stations[v.0.at()].regime == Regime::Moving);
        let moving_s = moves.map(|v| v.1 * waits[v.0.at()][i]).sum::<f64>() + path.fixed_s;
        (moving_s, feature.timeout_s.map_or(1.0, |t| 1.0 - disposition.latency.ccdf(t - moving_s)))
    })
}

/// Requests that are served, and that fail, where all attempts fall within the span, also those that are left of earlier ones.
fn retried_at_once(first: f64, delayed_retries: &[f64], retries: Retries, succeeds: f64) -> (f64, f64) {
    let lost = 1.0 - succeeds;
    let mut attempts = first * attempts_of(lost, retries.attempts, retries.budget);
    let mut all = first;
    for (made, again) in delayed_retries.iter().enumerate() {
        let left = retries.attempts.saturating_sub(made as u32 + 1).max(1);
        attempts += again * attempts_of(lost, left, retries.budget);
        all += again;
    }
    let served = (attempts * succeeds).min(all);
    (served, all - served)
}

/// Who is served by a later attempt has waited for the others: for the timeouts, or for refusals, and for the pauses.
fn attempts_served(feature: &Feature, disposition: &Disposition, succeeds: f64) -> Cow<'static, [(f64, f64)]> {
    let lost = 1.0 - succeeds;
    match feature.retries {
        Some(retries) if lost > FELT_WAIT && succeeds > 0.0 => {
            let late = disposition.arrives * disposition.admitted * (1.0 - disposition.in_time) / lost;
            let each_s = retries.after_s + feature.timeout_s.map_or(0.0, |timeout_s| timeout_s * late);
            let made = attempts_of(lost, retries.attempts, retries.budget);
            let free = attempts_of(lost, retries.attempts, f64::INFINITY);
            let kept = if free > 1.0 { (made - 1.0) / (free - 1.0) } else { 1.0 };
            Cow::Owned(by_attempt(lost, retries.attempts, kept, each_s))
        }
        _ => Cow::Borrowed(&[(1.0, 0.0)][..]),
    }
}

/// Hands on the latencies of those who are served, for each part of the span and each attempt.
fn note_latencies(
    path: &Path,
    feature: &Feature,
    disposition: &Disposition,
    parts: &[(f64, f64)],
    by_attempt: &[(f64, f64)],
    admitted: f64,
    span: &mut Interval,
) {
    for (moving_s, in_time) in parts {
        // Who is served is served before the timeout.
        let latency = match feature.timeout_s {
            Some(timeout_s) if *in_time < 1.0 - FELT_WAIT && *in_time > 0.0 => {
                Arc::new(disposition.latency.within(timeout_s - moving_s))
            }
            _ => Arc::clone(&disposition.latency),
        };
        for (share, later_s) in by_attempt {
            span.latencies.push(LatencyPart {
                people: path.people,
                feature: path.feature,
                latency: Arc::clone(&latency),
                shift_s: moving_s + later_s,
                weight: admitted * in_time * share / parts.len() as f64,
            });
        }
    }
}

/// Shares of those who are served by their first attempt, their second and so on, each with the time that the earlier ones took.
fn by_attempt(fails: f64, attempts_max: u32, kept: f64, each_s: f64) -> Vec<(f64, f64)> {
    let mut shares = vec![(1.0, 0.0)];
    let (mut share, mut sum) = (kept * fails, 1.0);
    for made in 1..attempts_max {
        if share < FELT_WAIT {
            break;
        }
        shares.push((share, f64::from(made) * each_s));
        sum += share;
        share *= fails;
    }
    shares.iter_mut().for_each(|(share, _)| *share /= sum);
    shares
}
