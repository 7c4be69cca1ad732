//! Accounts: what was counted since the span began.

use super::drive::LOOKS_EVERY_NS;
use super::state::backend_pool::NONE;
use super::state::requests::Requests;
use super::state::source::UseCounts;
use super::state::station_sample::SampleWindow;
use crate::engine::core::Engine;
use crate::engine::state::disposition::Feeling;
use crate::engine::state::flow::Open;
use crate::observe::{Interval, Use, Work};
use crate::world::LinkId;

impl Engine<'_> {
    /// Hands what was counted to a span, and begins to count anew.
    pub(in crate::engine) fn account_requests(&mut self, open: &Open, dt_s: f64, span: &mut Interval) {
        let Some(mut requests) = self.requests.take() else { return };
        let now = self.now.0 as u64;
        requests.now = now;
        for source in &mut requests.sources {
            let counts = std::mem::take(&mut source.counts);
            let overdue = source.felt.overdue as f64 - source.overdue_told as f64;
            source.overdue_told = source.felt.overdue;
            span.uses[source.people as usize][source.feature as usize] = Use { overdue, ..used(&counts) };
        }
        for queue in 0..self.world.queues.len() {
            let flow = &mut self.state.flow.queues[queue];
            (flow.inflow, flow.slope) = (self.world.queues[queue].also_fed, 0.0);
        }
        for (flow, store) in self.state.flow.stores.iter_mut().zip(&self.world.stores) {
            (flow.inflow, flow.slope) = (if flow.writable { store.also_written } else { 0.0 }, 0.0);
        }
        for i in 0..self.world.stations.len() {
            let work = self.work_of(&mut requests, i, dt_s);
            let service = &self.world.services[self.world.stations[i].service.at()];
            for (queue, per_request) in &service.feeds {
                self.state.flow.queues[queue.at()].inflow += work.served * per_request / dt_s;
            }
            for (store, _) in &service.writes {
                let flow = &mut self.state.flow.stores[store.at()];
                if let Some(writer) = flow.writers.iter().find(|w| w.station.at() == i && w.reaches && flow.writable) {
                    flow.inflow += work.served * writer.per_request / dt_s;
                }
            }
            span.stations.push(work);
        }
        for (link, link_state) in requests.links.iter_mut().enumerate() {
            let transfers: f64 = (self.world.transfers.iter().zip(&open.transfers_bps))
                .filter(|(transfer, _)| {
                    let links = self.links_between(transfer.ends.0, transfer.ends.1).unwrap_or_default();
                    links.contains(&LinkId::new(link))
                })
                .map(|(_, bps)| bps)
                .sum();
            span.links_bps[link] = transfers + std::mem::take(&mut link_state.bits) / dt_s;
            link_state.lost = 0;
        }
        self.requests = Some(requests);
    }

    fn work_of(&mut self, requests: &mut Requests, station: usize, dt_s: f64) -> Work {
        let now = requests.now;
        let queue = &mut requests.station_queues[station];
        let mut counts = queue.take_counts(now);
        if queue.pool != NONE {
            for server in &requests.backend_pools[queue.pool as usize].servers {
                counts.add(&requests.station_queues[server.queue as usize].take_counts(now));
            }
        }
        let queue = &requests.station_queues[station];
        let flow = &mut self.state.flow.stations[station];
        let workers_s = flow.workers_s + flow.workers as f64 * self.now.since(flow.workers_since).seconds();
        flow.workers_s = 0.0;
        flow.workers_since = self.now;
        let lost = counts.lost();
        let look = &mut requests.looks[station];
        look.arrived += counts.arrived;
        look.served += counts.served;
        look.lost += lost;
        look.busy_ns += counts.busy_ns;
        look.wait_ns += counts.wait_ns;
        if now - look.since >= LOOKS_EVERY_NS / 2 {
            let seen = &mut requests.seen[station];
            let per = |sum: f64, n: u64| if n > 0 { sum / n as f64 } else { 0.0 };
            seen.inflow = look.arrived as f64 / ((now - look.since) as f64 * 1e-9);
            if look.served > 0 {
                seen.held_s = per(look.busy_ns as f64 * 1e-9, look.served);
            }
            seen.wait_s = per(look.wait_ns as f64 * 1e-9, look.served);
            seen.block = per(look.lost as f64, look.arrived).min(1.0);
            *look = SampleWindow { since: now, ..SampleWindow::default() };
        }
        let seen = &requests.seen[station];
        let arrived = counts.arrived as f64;
        let capacity = queue.workers as f64 / seen.held_s.max(1e-12);
        let over = queue.workers > 0 && seen.inflow > capacity;
        Work {
            arrived,
            served: counts.served as f64,
            lost: lost as f64,
            given_up: counts.given_up as f64,
            // With what was left of one when the flow gave them over.
            backlog: queue.waiting as f64 + flow.fluid_backlog(),
            backlog_max: counts.waiting_max as f64,
            waiting_s: counts.waiting_ns as f64 * 1e-9,
            wait_s: counts.wait_ns as f64 * 1e-9,
            wait_max_s: counts.wait_max_ns as f64 * 1e-9,
            delayed: counts.delayed as f64,
            asked_s: arrived * seen.held_s,
            busy_s: counts.busy_ns as f64 * 1e-9,
            workers_s,
            overloaded_s: if over { dt_s } else { 0.0 },
        }
    }
}

fn used(counts: &UseCounts) -> Use {
    Use {
        intended: counts.intended as f64,
        served: counts.served as f64,
        degraded: counts.degraded as f64,
        failed: counts.failed as f64,
        shed: counts.shed as f64,
        never_sent: counts.never_sent as f64,
        made_up: 0.0,
        overdue: 0.0,
    }
}

/// How often anybody looks though nothing happens.
const LOOKS_AT_LEAST_NS: u64 = 60_000_000_000;

/// A queue that would take longer than this to go away, and than ten services, is behind.
const BEHIND_S: f64 = 1.0;

impl Requests {
    /// Looks at how everything feels.
    pub fn feel(&mut self) {
        for (source, feeling) in self.sources.iter_mut().zip(&mut self.feelings) {
            *feeling = source.felt.look(self.now);
        }
        self.looked = self.now;
    }

    /// When something feels different though no request comes to an end; somebody looks now and then in any case.
    pub fn looks_next(&self) -> u64 {
        let changes = self.sources.iter().filter_map(|source| source.felt.changes_at());
        changes.min().unwrap_or(u64::MAX).clamp(self.now + 1, self.now + LOOKS_AT_LEAST_NS)
    }

    /// How a use of a population felt when anybody last looked.
    pub fn felt(&self, of: usize) -> &Feeling {
        &self.feelings[of]
    }

    /// Whether the queue of a station is behind.
    pub fn is_behind(&self, station: usize) -> bool {
        self.queue_s(station) > BEHIND_S.max(10.0 * self.seen[station].held_s)
    }

    /// Whether it is long enough to be the rest of one that was behind.
    pub fn is_left_over(&self, station: usize) -> bool {
        self.queue_s(station) > (BEHIND_S / 50.0).max(10.0 * self.seen[station].held_s)
    }

    /// How long the queue of a station would take to go away.
    fn queue_s(&self, station: usize) -> f64 {
        let queue = &self.station_queues[station];
        let held_s = self.seen[station].held_s.max(self.seen[station].computes_s);
        queue.waiting as f64 * held_s / queue.workers.max(1) as f64
    }

    /// How much a station keeps requests waiting or turns them away: only to compare it with others.
    pub fn trouble(&self, station: usize) -> f64 {
        self.seen[station].wait_s + self.queue_s(station) + 1e3 * self.seen[station].block
    }
}
