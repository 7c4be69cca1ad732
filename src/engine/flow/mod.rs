//! The flow traffic engine: demand as rates, queues as fluid, latency from queueing theory.
//!
//! Between two changes every rate is a straight line, so that what flows is integrated exactly. Where a queue is at rest
//! it is in the steady state of [`Station`](crate::queueing::Station) at its present load (the pointwise stationary
//! approximation, Green & Kolesar 1991); where it fills or drains it is a fluid. A span ends when a rate bends, a queue fills
//! or empties, or somebody feels the difference.

mod account;
mod approximations;
mod attempts;
mod bounds;
mod caches;
mod calls;
mod closed;
mod demand;
mod disposition;
mod easing;
mod feedback;
mod going_on;
mod handoff;
mod holding;
#[cfg(debug_assertions)]
mod invariants;
mod islands;
mod lines;
mod load;
mod patience;
mod priority;
mod service_levels;
mod watched;

use crate::engine::core::Engine;
use crate::engine::event::Event;
use crate::num;
use crate::units::{Duration, Time};
use crate::world::{NodeId, StationId};
use approximations::is_at_ease;

/// What warms up does so in so many steps.
const WARM_STEPS: i64 = 16;

/// The step in which something is that has been warming up for so long.
fn warm_step(since: Duration, takes: Duration) -> i64 {
    (i128::from(since.0) * i128::from(WARM_STEPS) / i128::from(takes.0)) as i64
}

/// When that step is over.
fn warm_step_ends(step: i64, takes: Duration) -> Duration {
    let ends = (i128::from(step) + 1) * i128::from(takes.0);
    Duration(((ends + i128::from(WARM_STEPS) - 1) / i128::from(WARM_STEPS)) as i64)
}

impl Engine<'_> {
    /// Something in the flow has changed by itself.
    pub(in crate::engine) fn flow_changes(&mut self, token: u32) {
        if self.state.flow.token == token {
            self.finish_steering();
            self.flow_dirty = true;
        }
    }

    /// Ends the span and begins the next with what is true now.
    pub(in crate::engine) fn refresh_flow(&mut self) {
        self.close_span();
        self.flow_dirty = false;
        if self.finished {
            return;
        }
        self.look_at_stores();
        self.look_at_rotations();
        self.look_at_caches();
        if self.paths_dirty {
            let before = self.find_paths();
            self.find_islands(&before);
            if let Some(requests) = &mut self.requests {
                requests.paths_laid_out = false;
            }
        }
        self.count_workers();
        self.look_at_queues();
        let mut until = self.open_span();
        self.look_at_ages();
        self.look_at_service_levels();
        self.look_at_abandonment_again(&mut until);
        self.look_at_what_is_made_up(&mut until);
        self.look_at_burn_rates(&mut until);
        if let Some(requests) = &self.requests {
            until = until.min(Time(requests.looks_next().min(i64::MAX as u64) as i64));
        }
        self.look_at_loads();
        self.look_at_what_fits();
        self.state.flow.token += 1;
        let token = self.state.flow.token;
        if until < Time::NEVER {
            self.events.push(until, Event::Flow { token });
        }
    }

    /// How much slower a station is now: cold, or slowed by the drill.
    pub(in crate::engine) fn slower(&self, id: StationId) -> f64 {
        let state = &self.state.stations[id.at()];
        let service = &self.world.services[self.world.stations[id.at()].service.at()];
        let cold = match (state.cold_since, service.warms) {
            (Some(since), Some((takes, slower))) if takes.0 > 0 => {
                let step = warm_step(self.now.since(since), takes);
                let at = |step: i64| 1.0 + (slower - 1.0) * (1.0 - step as f64 / WARM_STEPS as f64).max(0.0);
                // What it can do in a step comes out right: the mean of one over a straight line.
                let (before, after) = (at(step), at(step + 1));
                if (before - after).abs() > 1e-9 { (before - after) / num::ln(before / after) } else { before }
            }
            _ => 1.0,
        };
        cold * state.slow * state.takes * self.crowded(id)
    }

    /// How much slower a server is because of the others of its site: 1 + σ(n − 1) + κn(n − 1) (Gunther's universal scalability law).
    fn crowded(&self, id: StationId) -> f64 {
        let service = &self.world.services[self.world.stations[id.at()].service.at()];
        let Some((contention, coherency)) = service.scales else { return 1.0 };
        let servers = self.servers(id).max(1) as f64;
        1.0 + contention * (servers - 1.0) + coherency * servers * (servers - 1.0)
    }

    /// A pool has changed: only where it matters does the flow have to be worked out again.
    pub(in crate::engine) fn capacity_changed(&mut self, pool: NodeId) {
        for i in 0..self.world.stations_on[pool.at()].len() {
            let id = self.world.stations_on[pool.at()][i];
            if self.world.stations[id.at()].pool != Some(pool) {
                continue;
            }
            let workers = self.workers_in_rotation(id);
            let now = self.now;
            let flow = &mut self.state.flow.stations[id.at()];
            flow.workers_s += flow.workers as f64 * now.since(flow.workers_since).seconds();
            flow.workers_since = now;
            flow.workers = workers;
            if self.workers(id) == 0 || self.state.nodes[pool.at()].taken > 0 {
                self.stations_dirty = true;
            }
            let eased = self.state.flow.open.as_ref().is_some_and(|open| {
                let at = &open.stations[id.at()];
                at.at_ease && is_at_ease(workers, at.inflow.max(at.inflow + at.slope * 3_600.0) * at.held_s)
            });
            let service = &self.world.services[self.world.stations[id.at()].service.at()];
            self.flow_dirty |= !eased || service.balancer.is_some() || service.scales.is_some();
        }
    }

    /// Requests that wait at a station that stops are lost: those that are there when the span ends.
    pub(in crate::engine) fn lose_backlog(&mut self, id: StationId) {
        self.state.flow.stations[id.at()].crashed = true;
        self.drop_sessions(id);
        self.crash_requests(id);
    }

    /// Empties the queues of the stations that have stopped.
    fn crash_queues(&mut self) {
        let flow = &mut self.state.flow;
        for station in &mut flow.stations {
            if std::mem::take(&mut station.crashed) {
                station.lost += std::mem::take(&mut station.fluid.backlog);
                for (of, crashed) in flow.crashed.iter_mut().enumerate() {
                    *crashed += station.line.take(|key| lines::use_of(key) == of, |all| all);
                }
                station.line.clear();
            }
        }
    }

    /// Works out what flows from now on, and until when that holds.
    fn open_span(&mut self) -> Time {
        let mut until = self.world.horizon;
        if self.now < self.world.measured_from {
            until = until.min(self.world.measured_from);
        }
        // One that took no time is not over, and is replaced.
        let before = self.state.flow.open.take().or_else(|| self.state.flow.closed.take()).unwrap_or_default();
        let mut open = self.state.flow.spare.take().unwrap_or_default();
        open.clear(self.now, self.state.flow.paths.len(), self.world.links.len());
        if self.world.money.is_some() {
            open.further_servers.extend(self.state.stations.iter().map(|station| station.extra));
        }
        let mut bends = Vec::with_capacity(self.world.people.len());
        self.demand(&mut open, &mut until, &mut bends);
        self.watch_links(&mut open);
        self.look_at_falls(&open);
        let mut steps = self.steps(&before, &open, until, &bends);
        until = bends.into_iter().fold(until, Time::min);
        match &self.requests {
            Some(requests) => {
                until = until.min(Time(requests.window.1 as i64));
                self.share_links(&mut open, until);
                self.follow(&mut open);
            }
            None => {
                self.bound_by_links(&open, &mut until);
                self.share_links(&mut open, until);
                for (step, _) in steps.iter_mut().zip(&self.state.flow.islands.has_links).filter(|(_, links)| **links) {
                    step.until = step.until.min(until);
                }
                self.load_stations(&mut open, &self.half_steps(&steps));
                self.go_on_as_before(&before, &mut open, &steps);
                for (flow, at) in self.state.flow.stations.iter_mut().zip(&open.stations) {
                    flow.storm = at.storm;
                }
            }
        }
        open.stations.iter_mut().for_each(|at| at.asked = if at.asked.is_nan() { at.inflow } else { at.asked });
        self.feed_queues(&open);
        let latest = until;
        self.bound_span(&open, &mut until, &mut steps);
        if self.requests.is_none() {
            let least_s = self.state.flow.budget.spend(self.now);
            if least_s > 0.0 {
                until = until.max(self.now.after(Duration::from_seconds(least_s))).min(latest);
            }
        }
        self.state.flow.islands.steps = steps;
        self.state.flow.spare = Some(before);
        self.state.flow.open = Some(open);
        until
    }

    /// Workers of every station, after stations or pools have changed.
    pub(in crate::engine) fn count_workers(&mut self) {
        for i in 0..self.world.stations.len() {
            let workers = self.workers_in_rotation(StationId::new(i));
            let now = self.now;
            let flow = &mut self.state.flow.stations[i];
            if flow.workers != workers {
                flow.workers_s += flow.workers as f64 * now.since(flow.workers_since).seconds();
                flow.workers_since = now;
                flow.workers = workers;
            }
        }
    }
}
