//! Accounts: what flowed in a span that is over.

use super::approximations::integral;
use super::attempts::{attempts_served, in_time_only, retried_at_once, retried_elsewhere};
use super::feedback::LedAgain;
use super::lines::Lines;
use crate::engine::core::Engine;
use crate::engine::state::disposition::Disposition;
use crate::engine::state::flow::{AtStation, Open, Regime};
use crate::engine::state::paths::Path;
use crate::observe::{Interval, LatencyPart, StationWait, Use, Work};
use crate::world::{Feature, StationId};
use std::sync::Arc;

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
        span.further_servers.extend_from_slice(&open.further_servers);
        span.links_bps.extend_from_slice(&open.links_bps);
        // The load is that of the middle of a span, and a straight line.
        let sloped = open.links_slopes_bps.iter().zip(&open.links_most_bps).zip(&open.links_bps);
        span.links_peak_bps.extend(sloped.map(|((slope, most_bps), bps)| {
            let more_bps = (slope * dt_s / 2.0).abs();
            if bps < most_bps { (bps + more_bps).min(*most_bps) } else { *bps }
        }));
        span.links_offered_bps.extend_from_slice(&open.links_offered_bps);
        // What it could carry then: by now that may be another.
        span.links_most_bps.extend_from_slice(&open.links_most_bps);
        span.transfers_bps.extend_from_slice(&open.transfers_bps);
        if self.requests.is_some() {
            span.followed = true;
            self.account_requests(&open, dt_s, &mut span);
        } else {
            self.account_flow(&mut open, dt_s, &mut span);
        }
        let now_s = now.seconds();
        self.state.flow.stations.iter_mut().for_each(|station| station.line.set_now_s(now_s));
        self.pass_restrictions(&open, dt_s);
        span.away_users.extend(self.state.away.iter().map(|away| (away.all(), 0.0)));
        self.pass_away(&open.people, dt_s);
        span.away_users.iter_mut().zip(&self.state.away).for_each(|(users, away)| users.1 = away.all());
        let now = self.now;
        self.state.flow.delayed_retries.iter_mut().for_each(|delayed| delayed.forget(now));
        self.account_crashes(&mut span);
        self.account_made_up(dt_s, &mut span);
        self.account_queues(dt_s, &mut span);
        self.account_caches(&span);
        self.account_stores(dt_s, &mut span);
        self.account_burn_rates(&span);
        #[cfg(debug_assertions)]
        self.data_invariants();
        #[cfg(debug_assertions)]
        self.flow_invariants(&open, &span);
        self.spans.push(span);
        self.state.flow.closed = Some(open);
        // What was open is over; until the next is opened, the same rates hold.
        self.flow_dirty = true;
    }

    /// What flowed through the stations, and what became of it.
    fn account_flow(&mut self, open: &mut Open, dt_s: f64, span: &mut Interval) {
        for (i, at) in open.stations.iter().enumerate() {
            span.stations.push(self.station_work(i, at, dt_s));
            if let (Some(waits), Regime::Rest) = (&at.class_waits, at.regime) {
                let part = if at.inflow > 0.0 { integral(at.inflow, at.slope, dt_s) / at.inflow } else { 0.0 };
                for (class, wait) in waits.iter().enumerate() {
                    let weight = part * at.classes[class] * (1.0 - at.class_block[class]);
                    let station = StationId::new(i);
                    let (wait, held_s, held_scv) = (wait.clone(), at.held_s, at.held_scv);
                    span.waits.push(StationWait { station, wait, held_s, held_scv, weight });
                }
            } else if !at.queues() && (at.inflow > 0.0 || at.slope != 0.0) {
                span.waits.push(StationWait {
                    station: StationId::new(i),
                    wait: at.wait.clone(),
                    held_s: at.held_s,
                    held_scv: at.held_scv,
                    weight: integral(at.inflow, at.slope, dt_s) * (1.0 - at.block),
                });
            }
        }
        let dispositions = std::mem::take(&mut open.dispositions);
        let mut lines = Lines::new(self, open, &dispositions, dt_s);
        self.account_paths(open, &dispositions, dt_s, &mut lines, span);
        self.move_lines(&mut lines, span);
        self.try_again_later(lines, span);
        open.dispositions = dispositions;
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
                work.waiting_s = work.wait_s;
                work.delayed = (work.served + work.given_up) * delayed;
                flow.by_chance = at.wait_mean_s * at.capacity;
                flow.chance_s = at.wait_mean_s;
                flow.waits_by_chance = at.waits_by_chance;
                work.overloaded_s = if at.bounded {
                    dt_s * f64::from(u8::from(at.holds_up))
                } else {
                    dt_s * over(at.inflow + at.slope * dt_s / 2.0)
                };
                // A queue that was full while the station was slower has got so small that it counts as being at rest.
                if at.capacity > 0.0 {
                    work.served += std::mem::take(&mut flow.fluid.backlog);
                }
                work.backlog = flow.fluid.backlog;
            }
            Regime::Full => {
                work.lost = arrived * at.block;
                work.served = arrived - work.lost;
                work.given_up = arrived * at.given_up;
                let (delayed, wait_s) = at.admitted_wait.unwrap_or_else(|| (at.wait.probability(), at.wait_mean_s));
                work.wait_s = (work.served + work.given_up) * wait_s;
                work.waiting_s = work.wait_s;
                work.delayed = (work.served + work.given_up) * delayed;
                work.wait_max_s = at.wait_mean_s;
                work.backlog = flow.fluid.backlog;
                work.backlog_max = flow.fluid.backlog;
                work.overloaded_s = dt_s;
            }
            Regime::Moving if at.waning.is_some() => {
                let before = flow.fluid.backlog;
                let waned = Self::wane(at, before, dt_s).unwrap_or_default();
                let by_chance = flow.waits_by_chance * dt_s;
                flow.fluid.backlog = waned.backlog;
                work.given_up = arrived * at.block + waned.given_up;
                (work.lost, work.served) = (work.given_up, waned.served);
                work.waiting_s = waned.backlog_integral + by_chance;
                // Of those whom chance alone keeps waiting, those who give up; the others with the line.
                work.wait_s = (by_chance - waned.served * flow.chance_s).max(0.0);
                work.delayed = work.given_up;
                work.backlog = waned.backlog;
                work.backlog_max = waned.backlog.max(before) + flow.waits_by_chance;
                work.overloaded_s = dt_s * over(at.inflow + at.slope * dt_s / 2.0);
            }
            Regime::Moving => {
                let flowed = flow.fluid.advance(dt_s, at.inflow, at.slope, at.capacity);
                work.lost = flowed.lost;
                work.served = flowed.served;
                // All who wait wait together for as long as the queue is long.
                work.waiting_s = flowed.backlog_integral + flowed.served * flow.chance_s;
                work.backlog = flow.fluid.backlog;
                let limit = flow.fluid.limit.unwrap_or(f64::INFINITY);
                work.backlog_max = (flowed.backlog_max + flow.by_chance).min(limit);
                // What chance keeps waiting has no more room than the line leaves.
                let room = (limit - flow.fluid.backlog).max(0.0);
                flow.by_chance = flow.by_chance.min(room);
                flow.chance_s = if at.capacity > 0.0 { flow.chance_s.min(room / at.capacity) } else { flow.chance_s };
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

    /// What became of the requests of every path, up to the first line that they have to wait in.
    fn account_paths(
        &mut self,
        open: &Open,
        dispositions: &[Disposition],
        dt_s: f64,
        lines: &mut Lines,
        span: &mut Interval,
    ) {
        let led = self.retries_led((open, dt_s / 2.0), dispositions);
        for index in 0..self.state.flow.paths.len() {
            let (rate, slope) = open.rates[index];
            // Whoever waits for an answer means to ask again when he has it.
            let intended = integral(rate, slope, dt_s) * open.pace[index];
            let delayed_retries: Vec<f64> = open.delayed_retries[index].iter().map(|rate| rate * dt_s).collect();
            if intended <= 0.0 && delayed_retries.iter().all(|again| *again <= 0.0) {
                continue;
            }
            // What holds at the start of a span holds until its end.
            let known = dispositions.get(index).cloned();
            let disposition = known.unwrap_or_else(|| self.disposition(index, open, lines.waits_s()));
            let path = &self.state.flow.paths[index];
            let population = &self.world.people[path.people];
            let feature_id = population.uses[path.feature].0;
            let feature = &self.world.features[feature_id.at()];
            let total = &mut span.uses[path.people][path.feature];
            // Who is away sends nothing.
            let sent = intended * open.sent[index];
            let turned_away = sent * (1.0 - open.let_in[index]);
            let first = sent - turned_away;
            total.intended += intended;
            total.never_sent += intended - sent;
            total.shed += turned_away;
            if disposition.dead {
                let tried = first * population.keeps_trying;
                // What is dead further down is met when one has got there.
                let queue = lines.next_queue(path, None);
                let so_far = self.as_far_as(queue.map(|(station, _)| station), index, open, &disposition);
                if queue.is_some() {
                    total.never_sent += first - tried;
                    self.stand_in_line(index, (tried, &delayed_retries), &so_far, (queue, None), lines, span);
                    continue;
                }
                let waits_elsewhere = || lines.some_wait() && self.is_served_elsewhere(index, open);
                if feature.retries.is_some() && led[index].is_none() && waits_elsewhere() {
                    // Somebody waits where it is tried again.
                    total.never_sent += first - tried;
                    lines.fail(self.state.flow.first_use[path.people] + path.feature, (tried, &delayed_retries));
                    continue;
                }
                let again: f64 = delayed_retries.iter().sum();
                let failed = match feature.retries.zip(led[index]) {
                    Some((retries, (led, _))) => retried_elsewhere(tried, &delayed_retries, retries, 0.0, &led).1,
                    None => tried + again,
                };
                total.shed += failed * so_far.arrives * (1.0 - so_far.admitted);
                total.failed += failed * (1.0 - so_far.arrives * (1.0 - so_far.admitted));
                total.never_sent += first * (1.0 - population.keeps_trying);
                continue;
            }
            let queue = lines.next_queue(path, None);
            if queue.is_some() || open.puts_off[index] {
                let again = led[index].map(|(led, _)| led);
                self.stand_in_line(index, (first, &delayed_retries), &disposition, (queue, again), lines, span);
                continue;
            }
            let succeeds = disposition.success();
            let lost = 1.0 - succeeds;
            // Of what fails at last: turned away or given up in a queue, or failed.
            let refused = if lost > 0.0 { disposition.arrives * (1.0 - disposition.admitted) / lost } else { 0.0 };
            let (served, failed) = match feature.retries {
                Some(retries) if let Some((led, _)) = led[index] => {
                    retried_elsewhere(first, &delayed_retries, retries, succeeds, &led)
                }
                Some(retries) => retried_at_once(first, &delayed_retries, retries, succeeds),
                None => (first * succeeds, first * lost),
            };
            let by_attempt = attempts_served(feature, &disposition, succeeds, led[index]);
            total.served += served;
            total.shed += failed * refused;
            total.failed += failed * (1.0 - refused);
            let slow = feature
                .slow_over_s
                .is_some_and(|over_s| disposition.latency.quantile(0.95) + disposition.moving_s > over_s);
            if path.missing.is_some() || slow {
                total.degraded += served;
            } else {
                total.degraded += served * (1.0 - disposition.soft);
            }
            note_latencies(path, feature, &disposition, &by_attempt, served, span);
        }
    }

    /// Of each path how its retries are led among several sites, and the share of all attempts that comes too late; nothing where they
    /// stay, or where somebody waits in a line.
    fn retries_led(&self, (open, at_s): (&Open, f64), dispositions: &[Disposition]) -> Vec<Option<(LedAgain, f64)>> {
        let mut led = vec![None; self.state.flow.paths.len()];
        for (paths, retries) in self.uses_that_retry().into_iter().filter(|(paths, _)| paths.end <= dispositions.len())
        {
            let queues = |i: usize| self.state.flow.paths[i].in_person().any(|v| open.stations[v.0.at()].queues());
            let known_later = |i: usize| {
                let path = &self.state.flow.paths[i];
                self.retries_after(self.world.people[path.people].uses[path.feature].0.at()).is_some()
            };
            if paths.clone().any(|i| open.puts_off[i] || (!dispositions[i].dead && queues(i) && known_later(i))) {
                continue;
            }
            let of = |disposition: &Disposition| if disposition.dead { 0.0 } else { disposition.success() };
            let succeeds: Vec<f64> = dispositions[paths.clone()].iter().map(of).collect();
            let all: f64 = paths.clone().map(|i| open.rates[i].0).sum();
            let late: f64 = paths.clone().map(|i| open.rates[i].0 * dispositions[i].late()).sum();
            if let Some(found) = self.led_again(paths.clone(), retries, (open, at_s), &succeeds) {
                led[paths].fill(Some((found, if all > 0.0 { late / all } else { 0.0 })));
            }
        }
        led
    }

    /// Whether requests of the same use are led to another site, and can be served there.
    fn is_served_elsewhere(&self, index: usize, open: &Open) -> bool {
        let paths = &self.state.flow.paths;
        let mine = (paths[index].people, paths[index].feature);
        let mut of_use = paths.iter().enumerate().filter(|(_, path)| (path.people, path.feature) == mine);
        of_use.any(|(i, path)| path.dead.is_none() && open.rates[i].0 > 0.0)
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
            let oldest_s = flow.age.serve_in(flowed.served, now_s - dt_s, dt_s);
            if flow.fluid.backlog < 1e-6 {
                flow.fluid.backlog = 0.0;
                flow.age.clear();
            }
            span.queue_arrived.push(flowed.arrived);
            span.queue_done.push(flowed.served);
            span.queue_backlogs.push(flow.fluid.backlog);
            span.queue_ages_s.push(flow.age.age_s(now_s));
            span.queue_oldest_s.push(oldest_s);
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
            let written = store.inflow * dt_s + store.slope * dt_s * dt_s / 2.0;
            store.written += written;
            store.has += written;
            span.replicas.push(replicas);
            span.writes_per_s.push(store.inflow + store.slope * dt_s / 2.0);
        }
    }
}

/// Hands on the latencies of those who are served, for each attempt.
fn note_latencies(
    path: &Path,
    feature: &Feature,
    disposition: &Disposition,
    by_attempt: &[(f64, f64)],
    served: f64,
    span: &mut Interval,
) {
    let latency = in_time_only(feature, disposition, path.fixed_s + disposition.calls_s);
    for (share, later_s) in by_attempt {
        span.latencies.push(LatencyPart {
            people: path.people,
            feature: path.feature,
            latency: Arc::clone(&latency),
            shift_s: path.fixed_s + disposition.calls_s + later_s,
            weight: served * share,
        });
    }
}
