//! The flow traffic engine: demand as rates, queues as fluid, latency from queueing theory.
//!
//! Between two changes every rate is a straight line, so that what flows is integrated exactly. Where a queue is at rest
//! it is in the steady state of [`Station`] at its present load (the pointwise stationary approximation, Green & Kolesar
//! 1991); where it fills or drains it is a fluid. A span ends when a rate bends, a queue fills or empties, or somebody
//! feels the difference.

use super::Engine;
use super::data::{QueueFlow, StoreFlow, stores};
use super::event::Event;
use super::paths::{Path, Status};
use super::span::{LatencyPart, Span, StationWait};
use crate::num;
use crate::observe::{Mood, SeenId, Use, What, Why, Work};
use crate::queueing::{Flow, FluidQueue, Latency, Station, Wait, max_min};
use crate::rng::Luck;
use crate::units::{Duration, Time};
use crate::world::{LinkId, NodeId, PopId, StationId, World};
use std::collections::BTreeMap;
use std::sync::Arc;

/// More than this share of failed requests is down.
pub const DOWN_ABOVE: f64 = 0.5;
/// More than this share of failed, slow or incomplete requests is degraded.
pub const DEGRADED_ABOVE: f64 = 0.01;
/// A full queue that drains faster than this is taken to be at rest.
const SMALL_ROOM_S: f64 = 1.0;
/// Rounds of finding who is overloaded by whom.
const ROUNDS_MAX: usize = 40;
/// Samples of a wait that changes during a span.
const WAIT_SAMPLES: usize = 8;
/// Waits rarer than this change no percentile that anybody reads.
const FELT_WAIT: f64 = 1e-6;

/// What flows.
#[derive(Debug, Clone)]
pub struct FlowState {
    pub token: u32,
    pub paths: Vec<Path>,
    pub statuses: Vec<Status>,
    pub stations: Vec<StationFlow>,
    pub queues: Vec<QueueFlow>,
    pub stores: Vec<StoreFlow>,
    /// The latency of nothing.
    pub nothing: Arc<Latency>,
    /// Where each population's profile has got to.
    cursors: Vec<usize>,
    /// How each population's features feel, and all of it.
    moods: Vec<Vec<(Mood, Why)>>,
    overall: Vec<(Mood, Why)>,
    /// Requests that wait in fluid queues, and how many of them will be served worse, by station and then by population
    /// and feature.
    waiting: BTreeMap<StationId, Vec<(f64, f64)>>,
    /// Requests lost from a crashed queue since the last span, by population and feature.
    crashed: Vec<f64>,
    /// The first feature of each population in the lists by population and feature.
    first_use: Vec<usize>,
    open: Option<Open>,
}

/// A station's fluid part.
#[derive(Debug, Clone)]
pub struct StationFlow {
    fluid: FluidQueue,
    /// It has stopped in this span: what waits at its end is lost.
    crashed: bool,
    /// Requests lost that way and not yet told.
    lost: f64,
    overloaded: bool,
    /// Workers, since when, and worker-seconds before that in this span.
    workers: u64,
    workers_since: Time,
    workers_s: f64,
}

/// What was worked out at the start of the span that is open.
#[derive(Debug, Clone)]
struct Open {
    from: Time,
    /// Active users: now, and slope per second.
    people: Vec<(f64, f64)>,
    /// Requests per second of each path: now, and slope.
    rates: Vec<(f64, f64)>,
    stations: Vec<AtStation>,
    /// What the links leave of each path.
    through_links: Vec<f64>,
    transfers_bps: Vec<f64>,
    links_bps: Vec<f64>,
}

/// How a station's queue moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Regime {
    /// At rest: the steady state of its load.
    #[default]
    Rest,
    /// Filling or draining.
    Moving,
    /// Full, and turning requests away.
    Full,
}

#[derive(Debug, Clone)]
struct AtStation {
    inflow: f64,
    slope: f64,
    /// Variability of the arrivals, weighted by inflow.
    scv_sum: f64,
    out: (f64, f64),
    held_s: f64,
    held_scv: f64,
    slower: f64,
    capacity: f64,
    block: f64,
    wait: Wait,
    wait_mean_s: f64,
    regime: Regime,
    /// Load is far enough below capacity that a few servers more or less change nothing.
    at_ease: bool,
}

impl FlowState {
    pub fn new(world: &World, luck: Luck) -> FlowState {
        let mut first_use = Vec::with_capacity(world.people.len());
        let mut uses = 0;
        for people in &world.people {
            first_use.push(uses);
            uses += people.uses.len();
        }
        let moods = world.people.iter().map(|p| vec![(Mood::Fine, Why::Nothing); p.uses.len()]).collect();
        FlowState {
            token: 0,
            paths: Vec::new(),
            statuses: Vec::new(),
            stations: world
                .stations
                .iter()
                .map(|s| StationFlow {
                    fluid: FluidQueue::new(world.services[s.service.at()].waiting_max.map(|n| n as f64)),
                    crashed: false,
                    lost: 0.0,
                    overloaded: false,
                    workers: 0,
                    workers_since: Time::ZERO,
                    workers_s: 0.0,
                })
                .collect(),
            queues: world.queues.iter().map(QueueFlow::new).collect(),
            stores: stores(world, luck),
            nothing: Arc::new(Latency::fixed(0.0)),
            cursors: vec![0; world.people.len()],
            moods,
            overall: vec![(Mood::Fine, Why::Nothing); world.people.len()],
            waiting: BTreeMap::new(),
            crashed: vec![0.0; uses],
            first_use,
            open: None,
        }
    }
}

impl Engine<'_> {
    /// Something in the flow has changed by itself.
    pub(super) fn flow_changes(&mut self, token: u32) {
        if self.state.flow.token == token {
            self.finish_steering();
            self.flow_dirty = true;
        }
    }

    /// Ends the span and begins the next with what is true now.
    pub(super) fn refresh_flow(&mut self) {
        self.close_span();
        self.flow_dirty = false;
        if self.finished {
            return;
        }
        if self.paths_dirty {
            self.find_paths();
        }
        self.count_workers();
        self.look_at_queues();
        let until = self.open_span();
        self.look_at_ages();
        self.look_at_moods();
        self.look_at_loads();
        self.state.flow.token += 1;
        let token = self.state.flow.token;
        if until < Time::NEVER {
            self.events.push(until, Event::Flow { token });
        }
    }

    /// How much slower a station is now: cold, or slowed by the drill.
    pub(super) fn slower(&self, id: StationId) -> f64 {
        let state = &self.state.stations[id.at()];
        let service = &self.world.services[self.world.stations[id.at()].service.at()];
        let cold = match (state.cold_since, service.warms) {
            (Some(since), Some((takes, slower))) if takes.0 > 0 => {
                let left = 1.0 - (self.now.since(since).seconds() / takes.seconds()).min(1.0);
                1.0 + (slower - 1.0) * left
            }
            _ => 1.0,
        };
        cold * state.slow
    }

    /// A pool has changed: only where it matters does the flow have to be worked out again.
    pub(super) fn capacity_changed(&mut self, pool: NodeId) {
        for i in 0..self.world.stations_on[pool.at()].len() {
            let id = self.world.stations_on[pool.at()][i];
            if self.world.stations[id.at()].pool != Some(pool) {
                continue;
            }
            let workers = self.workers(id);
            let now = self.now;
            let flow = &mut self.state.flow.stations[id.at()];
            flow.workers_s += flow.workers as f64 * now.since(flow.workers_since).seconds();
            flow.workers_since = now;
            flow.workers = workers;
            if workers == 0 || self.state.nodes[pool.at()].taken > 0 {
                self.stations_dirty = true;
            }
            let eased = self.state.flow.open.as_ref().is_some_and(|open| {
                let at = &open.stations[id.at()];
                at.at_ease && is_at_ease(workers, at.inflow.max(at.inflow + at.slope * 3_600.0) * at.held_s)
            });
            self.flow_dirty |= !eased;
        }
    }

    /// Requests that wait at a station that stops are lost: those that are there when the span ends.
    pub(super) fn lose_backlog(&mut self, id: StationId) {
        self.state.flow.stations[id.at()].crashed = true;
    }

    /// Empties the queues of the stations that have stopped.
    fn crash_queues(&mut self) {
        let flow = &mut self.state.flow;
        for (i, station) in flow.stations.iter_mut().enumerate() {
            if std::mem::take(&mut station.crashed) {
                station.lost += std::mem::take(&mut station.fluid.backlog);
                if let Some(waiting) = flow.waiting.remove(&StationId::new(i)) {
                    flow.crashed.iter_mut().zip(waiting).for_each(|(lost, waited)| *lost += waited.0);
                }
            }
        }
    }

    /// Works out what flows from now on, and until when that holds.
    fn open_span(&mut self) -> Time {
        let mut until = self.world.horizon;
        if self.now < self.world.measured_from {
            until = until.min(self.world.measured_from);
        }
        let mut open = Open {
            from: self.now,
            people: Vec::with_capacity(self.world.people.len()),
            rates: Vec::with_capacity(self.state.flow.paths.len()),
            stations: Vec::new(),
            through_links: vec![1.0; self.state.flow.paths.len()],
            transfers_bps: Vec::new(),
            links_bps: vec![0.0; self.world.links.len()],
        };
        self.demand(&mut open, &mut until);
        self.share_links(&mut open);
        self.load_stations(&mut open, until);
        self.feed_queues(&open);
        self.bound_span(&open, &mut until);
        self.state.flow.open = Some(open);
        until
    }

    /// Requests per second of every path, and the next bend of any profile, surge or move.
    fn demand(&mut self, open: &mut Open, until: &mut Time) {
        let mut path = 0;
        for people in 0..self.world.people.len() {
            let population = &self.world.people[people];
            let (share, slope, next) = population.active.at(self.now, &mut self.state.flow.cursors[people]);
            *until = (*until).min(next);
            let active = (population.users * share, population.users * slope);
            open.people.push(active);
            let (shares, next) = self.state.steering[people].shares(self.now);
            if let Some(next) = next {
                *until = (*until).min(next);
                // Two straight lines make a parabola: while both move, go on in small steps.
                if active.1 != 0.0 {
                    *until = (*until).min(self.now.after(Duration::from_seconds(30.0)));
                }
            }
            for (feature, (id, per_user)) in population.uses.iter().enumerate() {
                let surge = self.surge(people, id.at(), until);
                for share in &shares {
                    let rate = active.0 * per_user * surge;
                    let slope = active.1 * per_user * surge;
                    debug_assert!(self.state.flow.paths[path].feature == feature);
                    open.rates.push((rate * share.now, slope * share.now + rate * share.slope));
                    path += 1;
                }
            }
        }
    }

    /// How many times the usual rate, in small steps while it ramps.
    fn surge(&self, people: usize, feature: usize, until: &mut Time) -> f64 {
        const STEPS: f64 = 32.0;
        let mut factor = 1.0;
        for surge in self.state.surges.iter().filter(|s| s.people == people && s.feature.is_none_or(|f| f == feature)) {
            let since = self.now.since(surge.from);
            if since >= surge.ramp {
                factor *= surge.by;
            } else {
                let done = (since.seconds() / surge.ramp.seconds() * STEPS).floor();
                factor *= 1.0 + (surge.by - 1.0) * (done + 0.5) / STEPS;
                let next = surge.from.after(Duration::from_seconds(surge.ramp.seconds() * (done + 1.0) / STEPS));
                *until = (*until).min(next.max(Time(self.now.0 + 1)));
            }
        }
        factor
    }

    /// Shares the links between requests and transfers, max-min fairly.
    fn share_links(&self, open: &mut Open) {
        let world = self.world;
        if world.transfers.is_empty() && world.links.iter().all(|l| l.bandwidth_bps.is_infinite()) {
            return;
        }
        // Links that never saturate are left out by giving them more than anyone asks.
        let capacities: Vec<f64> = world.links.iter().map(|l| l.bandwidth_bps.min(f64::MAX / 4.0)).collect();
        let mut flows = Vec::new();
        let mut of_path = Vec::new();
        for transfer in &world.transfers {
            let links = self.links_between(transfer.ends.0, transfer.ends.1);
            let demand = if links.is_some() { transfer.demand_bps } else { 0.0 };
            flows.push(Flow { links: links.unwrap_or_default(), demand, weight: transfer.weight });
        }
        for (i, path) in self.state.flow.paths.iter().enumerate() {
            let bits = world.features[world.people[path.people].uses[path.feature].0.at()].bits;
            for &(from, to, times) in &path.crossings {
                let demand = open.rates[i].0 * times * bits;
                if demand > 0.0 {
                    let links = self.links_between(from, to).unwrap_or_default();
                    of_path.push((i, flows.len()));
                    // Many users make many small flows: together they weigh as much as they ask for against equals.
                    flows.push(Flow { links, demand, weight: 1.0 });
                }
            }
        }
        let rates = max_min(&capacities, &flows);
        for (flow, rate) in flows.iter().zip(&rates) {
            for link in &flow.links {
                open.links_bps[*link as usize] += rate;
            }
        }
        for (path, flow) in of_path {
            open.through_links[path] *= (rates[flow] / flows[flow].demand).min(1.0);
        }
        open.transfers_bps = rates[..world.transfers.len()].to_vec();
    }

    fn links_between(&self, from: crate::world::SiteId, to: crate::world::SiteId) -> Option<Vec<u32>> {
        self.state.routes.between(from, to).map(|r| r.links.iter().map(|l| l.0).collect())
    }

    /// What every station gets, how long it holds a worker, and how its queue moves. Who turns requests away changes what
    /// the next gets, and who waits for an overloaded callee holds its workers longer: rounds until that agrees.
    fn load_stations(&self, open: &mut Open, until: Time) {
        let world = self.world;
        let half_s = until.since(self.now).seconds() / 2.0;
        let mut stations: Vec<AtStation> = (0..world.stations.len())
            .map(|i| AtStation {
                inflow: 0.0,
                slope: 0.0,
                scv_sum: 0.0,
                out: (0.0, 0.0),
                held_s: 0.0,
                held_scv: 0.0,
                slower: self.slower(StationId::new(i)),
                capacity: 0.0,
                block: 0.0,
                wait: Wait::Never,
                wait_mean_s: 0.0,
                regime: Regime::Rest,
                at_ease: true,
            })
            .collect();
        for round in 0..ROUNDS_MAX {
            for at in &mut stations {
                at.inflow = 0.0;
                at.slope = 0.0;
                at.scv_sum = 0.0;
            }
            self.enter(open, &mut stations);
            for id in &world.station_order {
                self.pass_on(*id, &mut stations);
            }
            let mut moved = 0.0f64;
            for id in world.station_order.iter().rev() {
                let (block, out) = (stations[id.at()].block, stations[id.at()].out.0);
                self.work(*id, &mut stations, half_s);
                let at = &mut stations[id.at()];
                if round > 4 {
                    at.block = (at.block + block) / 2.0;
                }
                moved = moved.max((at.block - block).abs()).max((at.out.0 - out).abs() / (1.0 + out.abs()));
            }
            let nobody_turned_away = stations.iter().all(|at| at.block == 0.0 && at.regime == Regime::Rest);
            if (round == 0 && nobody_turned_away) || (round > 0 && moved <= 1e-12) {
                break;
            }
        }
        open.stations = stations;
    }

    /// Requests enter; of those whose path is dead only who keep trying.
    fn enter(&self, open: &Open, stations: &mut [AtStation]) {
        for (path, (&(rate, slope), through)) in
            self.state.flow.paths.iter().zip(open.rates.iter().zip(&open.through_links))
        {
            let population = &self.world.people[path.people];
            let sent = if path.dead.is_some() { population.keeps_trying } else { *through };
            for (station, times) in &path.entry {
                let at = &mut stations[station.at()];
                at.inflow += rate * sent * times;
                at.slope += slope * sent * times;
                at.scv_sum += rate * sent * times * population.arrival_scv;
            }
        }
    }

    /// What a station gives to the stations that it calls.
    fn pass_on(&self, id: StationId, stations: &mut [AtStation]) {
        let at = &stations[id.at()];
        let out = match at.regime {
            Regime::Rest => (at.inflow * (1.0 - at.block), at.slope * (1.0 - at.block)),
            Regime::Moving | Regime::Full => (at.capacity, 0.0),
        };
        let scv = if at.inflow > 0.0 { at.scv_sum / at.inflow } else { 1.0 };
        stations[id.at()].out = out;
        for call in &self.world.stations[id.at()].calls {
            let Some(callee) = self.callee(call) else { continue };
            if self.state.flow.statuses[callee.at()].dead.is_none() {
                let next = &mut stations[callee.at()];
                next.inflow += out.0 * call.times;
                next.slope += out.1 * call.times;
                next.scv_sum += out.0 * call.times * scv;
            } else if call.hard {
                break;
            }
        }
    }

    /// How long a station holds its workers, and how its queue moves.
    fn work(&self, id: StationId, stations: &mut [AtStation], half_s: f64) {
        let world = self.world;
        let station = &world.stations[id.at()];
        let service = &world.services[station.service.at()];
        let slower = stations[id.at()].slower;
        let mut held_s = service.takes_mean_s * slower;
        let mut variance = held_s * held_s * service.takes_scv;
        if service.holds {
            for call in &station.calls {
                let alive = self.callee(call).filter(|c| self.state.flow.statuses[c.at()].dead.is_none());
                match alive {
                    Some(callee) => {
                        let at = &stations[callee.at()];
                        let route = self.state.routes.between(station.site, world.stations[callee.at()].site);
                        held_s += call.times * (route.map_or(0.0, |r| r.rtt_s) + at.wait_mean_s + at.held_s);
                        variance +=
                            call.times * (at.held_s * at.held_s * at.held_scv + at.wait_mean_s * at.wait_mean_s);
                    }
                    None => {
                        held_s += call.times * call.gives_up_s;
                        if call.hard {
                            break;
                        }
                    }
                }
            }
        }
        let workers = if self.serves(id) { self.state.flow.stations[id.at()].workers } else { 0 };
        let fluid = &self.state.flow.stations[id.at()].fluid;
        let at = &mut stations[id.at()];
        at.held_s = held_s;
        at.held_scv = if held_s > 0.0 { variance / (held_s * held_s) } else { 0.0 };
        let arrival_scv = if at.inflow > 0.0 { at.scv_sum / at.inflow } else { 1.0 };
        let model = Station {
            servers: workers,
            service_s: held_s,
            service_scv: at.held_scv,
            arrival_scv,
            waiting_max: service.waiting_max,
        };
        at.capacity = model.capacity_per_s();
        at.at_ease = false;
        if workers == 0 {
            at.regime = Regime::Rest;
            at.block = if at.inflow > 0.0 { 1.0 } else { 0.0 };
            at.wait = Wait::Never;
            at.wait_mean_s = 0.0;
            return;
        }
        let middle = (at.inflow + at.slope * half_s).max(0.0);
        let small_room = fluid.limit.is_some_and(|limit| limit <= SMALL_ROOM_S * at.capacity);
        let full = fluid.limit.is_some_and(|limit| fluid.backlog >= limit);
        let rising = at.inflow > at.capacity || (at.inflow == at.capacity && at.slope > 0.0);
        at.regime = if small_room {
            Regime::Rest
        } else if full && rising {
            Regime::Full
        } else if fluid.backlog > 0.0 || rising {
            Regime::Moving
        } else {
            Regime::Rest
        };
        if at.regime == Regime::Moving {
            at.block = 0.0;
            at.wait_mean_s = fluid.backlog / at.capacity;
            at.wait = Wait::Fixed(at.wait_mean_s);
            return;
        }
        let rate = if at.regime == Regime::Full || small_room {
            middle
        } else {
            settled_rate(middle, at.capacity, model.service_scv + model.arrival_scv, half_s * 2.0, at.slope)
        };
        at.at_ease = is_at_ease(workers, middle.max(at.inflow) * held_s);
        if let Some(steady) = model.steady(rate) {
            at.block = steady.block;
            at.wait_mean_s = steady.wait_mean_s;
            at.wait = steady.wait;
        }
    }

    fn feed_queues(&mut self, open: &Open) {
        for (queue, flow) in self.state.flow.queues.iter_mut().enumerate() {
            flow.inflow = self.world.queues[queue].also_fed;
            flow.slope = 0.0;
        }
        for store in 0..self.world.stores.len() {
            let up = self.primary_up(store);
            let flow = &mut self.state.flow.stores[store];
            flow.inflow = if up { self.world.stores[store].also_written } else { 0.0 };
            flow.slope = 0.0;
        }
        for (i, station) in self.world.stations.iter().enumerate() {
            let service = &self.world.services[station.service.at()];
            if service.feeds.is_empty() && service.writes.is_empty() {
                continue;
            }
            let (out, slope) = self.finished_work(open, StationId::new(i));
            for (queue, per_request) in &service.feeds {
                let flow = &mut self.state.flow.queues[queue.at()];
                flow.inflow += out * per_request;
                flow.slope += slope * per_request;
            }
            for (store, per_request) in &service.writes {
                if self.primary_up(store.at()) {
                    let flow = &mut self.state.flow.stores[store.at()];
                    flow.inflow += out * per_request;
                    flow.slope += slope * per_request;
                }
            }
        }
        for store in 0..self.state.flow.stores.len() {
            for replica in 0..self.state.flow.stores[store].replicas.len() {
                let capacity = self.replica_capacity(store, &self.state.flow.stores[store].replicas[replica]);
                self.state.flow.stores[store].replicas[replica].capacity = capacity;
            }
        }
    }

    /// Requests per second that a station finishes with all that they need.
    fn finished_work(&self, open: &Open, id: StationId) -> (f64, f64) {
        let at = &open.stations[id.at()];
        if self.state.flow.statuses[id.at()].dead.is_some() {
            return (0.0, 0.0);
        }
        match at.regime {
            Regime::Rest => (at.inflow * (1.0 - at.block), at.slope * (1.0 - at.block)),
            Regime::Moving | Regime::Full => (at.capacity, 0.0),
        }
    }

    /// Shortens the span to the next moment at which something changes by itself.
    fn bound_span(&self, open: &Open, until: &mut Time) {
        let world = self.world;
        let now = self.now;
        let mut at_most = |seconds: f64| {
            if seconds.is_finite() && seconds >= 0.0 {
                // A change falls on the next nanosecond, never before: the fluid takes it on its way.
                let nanos = (seconds * 1e9).ceil().min(9e18) as i64;
                *until = (*until).min(Time(now.0.saturating_add(nanos.max(1))));
            }
        };
        for (i, at) in open.stations.iter().enumerate() {
            let fluid = &self.state.flow.stations[i].fluid;
            let small_room = fluid.limit.is_some_and(|limit| limit <= SMALL_ROOM_S * at.capacity);
            if at.capacity > 0.0
                && !small_room
                && let Some(change_s) = fluid.next_change_s(at.inflow, at.slope, at.capacity)
            {
                at_most(change_s);
            }
            if at.slope != 0.0 && !at.at_ease {
                // The steady state follows a changing load in steps of a twentieth of the capacity.
                at_most((at.capacity / 20.0 / at.slope.abs()).max(1.0));
            }
            if at.regime == Regime::Moving && at.inflow > at.capacity && at.slope < 0.0 {
                // The backlog is largest when the load falls back to the capacity.
                at_most((at.inflow - at.capacity) / -at.slope);
            }
            if at.regime == Regime::Moving && self.is_called_by_holders(StationId::new(i)) {
                at_most(30.0);
            }
            if let (Some(_), Some((takes, _))) =
                (self.state.stations[i].cold_since, world.services[world.stations[i].service.at()].warms)
            {
                let left = takes.seconds() - now.since(self.state.stations[i].cold_since.unwrap_or(now)).seconds();
                if left > 0.0 {
                    at_most((takes.seconds() / 16.0).min(left));
                }
            }
        }
        for (i, path) in self.state.flow.paths.iter().enumerate() {
            if path.dead.is_none() && open.rates[i].0 > 0.0 {
                self.bound_by_patience(path, open, &mut at_most);
            }
        }
        self.bound_by_steering(&mut at_most);
        for flow in &self.state.flow.queues {
            if let Some(change_s) = flow.fluid.next_change_s(flow.inflow, flow.slope, flow.capacity) {
                at_most(change_s);
            }
        }
        for store in &self.state.flow.stores {
            for replica in &store.replicas {
                if let Some(change_s) = replica.fluid.next_change_s(store.inflow, store.slope, replica.capacity) {
                    at_most(change_s);
                }
            }
        }
        // With everything else known, when do queues and replicas become stale or fresh?
        let length_s = until.since(now).seconds();
        let mut nearest = f64::INFINITY;
        for (i, flow) in self.state.flow.queues.iter().enumerate() {
            let level = world.queues[i].fresh_within_s;
            let input = (flow.inflow, flow.slope, flow.capacity);
            nearest = nearest.min(age_crosses_s(&flow.age, now.seconds(), input, length_s, level));
        }
        for path in &self.state.flow.paths {
            let feature = &world.features[world.people[path.people].uses[path.feature].0.at()];
            for (store, level) in &feature.reads {
                let flow = &self.state.flow.stores[store.at()];
                if !self.primary_up(store.at()) {
                    let left_s = level - self.read_age_s(*store, path.site);
                    if left_s > 0.0 {
                        nearest = nearest.min(left_s);
                    }
                } else if let Some(replica) = flow.replicas.iter().find(|r| r.site == path.site) {
                    let input = (flow.inflow, flow.slope, replica.capacity);
                    nearest = nearest.min(age_crosses_s(&replica.age, now.seconds(), input, length_s, *level));
                }
            }
        }
        if nearest.is_finite() {
            let nanos = (nearest * 1e9).ceil() as i64;
            *until = (*until).min(Time(now.0 + nanos.max(1)));
        }
    }

    /// While users move away from what is dead, the share that fails passes the bounds of down and degraded.
    fn bound_by_steering(&self, at_most: &mut impl FnMut(f64)) {
        let mut index = 0;
        for (people, population) in self.world.people.iter().enumerate() {
            let (shares, _) = self.state.steering[people].shares(self.now);
            let (mut all, mut all_slope, mut all_rate) = (0.0, 0.0, 0.0);
            let mut cross = |failed: f64, slope: f64| {
                for bound in [DOWN_ABOVE, DEGRADED_ABOVE] {
                    let crossing_s = (bound - failed) / slope;
                    if slope != 0.0 && crossing_s > 1e-9 {
                        at_most(crossing_s);
                    }
                }
            };
            for (_, rate) in &population.uses {
                let (mut failed, mut slope) = (0.0, 0.0);
                for share in &shares {
                    let path = &self.state.flow.paths[index];
                    let fails = if path.dead.is_some() { 1.0 } else { 1.0 - path.passes };
                    failed += fails * share.now;
                    slope += fails * share.slope;
                    index += 1;
                }
                cross(failed, slope);
                all += rate * failed;
                all_slope += rate * slope;
                all_rate += rate;
            }
            cross(all / all_rate, all_slope / all_rate);
        }
    }

    fn is_called_by_holders(&self, id: StationId) -> bool {
        self.world
            .stations
            .iter()
            .any(|s| self.world.services[s.service.at()].holds && s.calls.iter().any(|c| self.callee(c) == Some(id)))
    }

    /// A wait that grows beyond what users bear, or shrinks back below it, is felt at that moment.
    fn bound_by_patience(&self, path: &Path, open: &Open, at_most: &mut impl FnMut(f64)) {
        let feature = &self.world.features[self.world.people[path.people].uses[path.feature].0.at()];
        for (id, times, _) in &path.visits {
            let at = &open.stations[id.at()];
            if at.regime != Regime::Moving {
                continue;
            }
            let fluid = &self.state.flow.stations[id.at()].fluid;
            let mut levels = [f64::NAN; 2];
            if let Some(slow_over_s) = feature.slow_over_s {
                levels[0] = (slow_over_s - path.quiet_p95_s) / times * at.capacity;
            }
            if let Some(timeout_s) = feature.timeout_s {
                levels[1] = (timeout_s - path.fixed_s - path.quiet.mean()) / times * at.capacity;
                // Around the timeout the share that is too late changes: take small steps there.
                let net = (at.inflow - at.capacity).abs();
                let wait_s = fluid.backlog / at.capacity;
                if net > 0.0 && wait_s < 1.5 * timeout_s {
                    at_most((0.05 * timeout_s * at.capacity / net).max(0.1));
                }
            }
            for level in levels.into_iter().filter(|l| *l > 0.0 && (fluid.backlog - l).abs() > 1e-9 * l) {
                if let Some(crossing_s) = fluid.next_crossing_s(level, at.inflow, at.slope, at.capacity) {
                    at_most(crossing_s);
                }
            }
        }
    }

    /// The latency of a path at the waits that hold now, without the network and moving queues; and the sum of those.
    fn latency_now(&self, index: usize, open: &Open, waits_s: &[f64]) -> (Arc<Latency>, f64) {
        let path = &self.state.flow.paths[index];
        let mut shift_s = path.fixed_s;
        let mut quiet = true;
        for (id, times, _) in &path.visits {
            let at = &open.stations[id.at()];
            if at.regime == Regime::Moving {
                shift_s += times * waits_s[id.at()];
            } else {
                quiet &= at.wait.probability() < FELT_WAIT;
            }
            quiet &= at.slower == 1.0;
        }
        if quiet {
            return (Arc::clone(&path.quiet), shift_s);
        }
        let latency = self.latency(path, |id| {
            let at = &open.stations[id.at()];
            let felt = at.regime != Regime::Moving && at.wait.probability() >= FELT_WAIT;
            (if felt { at.wait.clone() } else { Wait::Never }, at.slower)
        });
        (latency, shift_s)
    }

    /// Of the requests of a path: admitted everywhere where that is needed, and in time.
    fn fate(&self, index: usize, open: &Open, waits_s: &[f64]) -> Fate {
        let (latency, moving_s) = self.latency_now(index, open, waits_s);
        let path = &self.state.flow.paths[index];
        let feature = &self.world.features[self.world.people[path.people].uses[path.feature].0.at()];
        if let Some(why) = path.dead {
            return Fate { dead: true, arrives: 0.0, admitted: 0.0, in_time: 0.0, why, latency, moving_s, soft: 0.0 };
        }
        let arrives = path.passes * open.through_links[index];
        let (mut admitted, mut soft) = (1.0, 1.0);
        let mut why = path.loss.unwrap_or(Why::Nothing);
        let mut worst = 1e-9;
        for (id, times, hard) in &path.visits {
            let block = open.stations[id.at()].block;
            if block > 0.0 {
                let passes = num::pow(1.0 - block, *times);
                if *hard {
                    admitted *= passes;
                } else {
                    soft *= passes;
                }
                if block > worst {
                    worst = block;
                    why = Why::Overload(*id);
                }
            }
        }
        if open.through_links[index] < 1.0 - worst {
            why = self.fullest_link(path, open).map_or(why, Why::Link);
        }
        let in_time = feature.timeout_s.map_or(1.0, |timeout_s| 1.0 - latency.ccdf(timeout_s - moving_s));
        if in_time < 0.99 {
            why = self.longest_wait(path, open, waits_s).map_or(why, Why::Overload);
        }
        Fate { dead: false, arrives, admitted, in_time, why, latency, moving_s, soft }
    }

    fn longest_wait(&self, path: &Path, open: &Open, waits_s: &[f64]) -> Option<StationId> {
        path.visits
            .iter()
            .map(|(id, times, _)| {
                let at = &open.stations[id.at()];
                let wait_s = if at.regime == Regime::Moving { waits_s[id.at()] } else { at.wait_mean_s };
                (wait_s * times, *id)
            })
            .filter(|(wait_s, _)| *wait_s > 0.0)
            .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)))
            .map(|(_, id)| id)
    }

    fn fullest_link(&self, path: &Path, open: &Open) -> Option<LinkId> {
        path.crossings
            .iter()
            .filter_map(|(from, to, _)| self.links_between(*from, *to))
            .flatten()
            .max_by(|a, b| {
                let fill = |l: &u32| open.links_bps[*l as usize] / self.world.links[*l as usize].bandwidth_bps;
                fill(a).total_cmp(&fill(b)).then(b.cmp(a))
            })
            .map(LinkId)
    }

    /// How everybody feels from now on.
    fn look_at_moods(&mut self) {
        let Some(open) = self.state.flow.open.take() else { return };
        // A moment from now: a queue that just begins to move past somebody's patience has moved past it.
        let waits_s: Vec<f64> = open.stations.iter().enumerate().map(|(i, at)| self.wait_soon(i, at)).collect();
        let mut index = 0;
        for people in 0..self.world.people.len() {
            let population = &self.world.people[people];
            let (mut all_failed, mut all_rate) = (0.0, 0.0);
            let mut worst = (Mood::Fine, Why::Nothing);
            let mut most_failed = (0.0, Why::Nothing);
            for feature in 0..population.uses.len() {
                let (mut failed, mut degraded, mut stale) = (0.0, 0.0, 0.0);
                let mut whys = [(0.0, Why::Nothing); 3];
                let mut note = |i: usize, share: f64, why: Why| {
                    if share > whys[i].0 {
                        whys[i] = (share, why);
                    }
                };
                let (shares, _) = self.state.steering[people].shares(self.now);
                for share in &shares {
                    // A share that is just leaving counts, one that is just arriving does not yet.
                    let part = share.now;
                    let fate = self.fate(index, &open, &waits_s);
                    let path = &self.state.flow.paths[index];
                    let id = population.uses[feature].0;
                    let wanted = &self.world.features[id.at()];
                    let success = fate.success();
                    failed += part * (1.0 - success);
                    note(0, part * (1.0 - success), fate.why);
                    let p95_s = fate.latency.quantile(0.95) + fate.moving_s;
                    let slow = wanted.slow_over_s.is_some_and(|over_s| !fate.dead && p95_s > over_s);
                    if let Some(why) = path.missing.filter(|_| !fate.dead) {
                        degraded += part * success;
                        note(1, part * success, why);
                    } else if slow {
                        degraded += part * success;
                        let why = self.longest_wait(path, &open, &waits_s).map_or(Why::Slow, Why::Overload);
                        note(1, part * success, why);
                    } else if fate.soft < 1.0 {
                        degraded += part * success * (1.0 - fate.soft);
                        note(1, part * success * (1.0 - fate.soft), fate.why);
                    }
                    for queue in &wanted.fresh {
                        if self.state.flow.queues[queue.at()].stale {
                            stale += part * success;
                            note(2, part * success, Why::Queue(*queue));
                        }
                    }
                    for (store, fresh_s) in &wanted.reads {
                        if self.read_age_s(*store, share.site) >= *fresh_s * (1.0 - 1e-12) && *fresh_s > 0.0 {
                            stale += part * success;
                            note(2, part * success, Why::Store(*store));
                        }
                    }
                    index += 1;
                }
                let mood = if failed > DOWN_ABOVE {
                    (Mood::Down, whys[0].1)
                } else if failed + degraded > DEGRADED_ABOVE {
                    (Mood::Degraded, if failed >= degraded { whys[0].1 } else { whys[1].1 })
                } else if stale > DEGRADED_ABOVE {
                    (Mood::Stale, whys[2].1)
                } else {
                    (Mood::Fine, Why::Nothing)
                };
                let rate = population.uses[feature].1;
                all_rate += rate;
                all_failed += rate * failed;
                if rate * failed > most_failed.0 {
                    most_failed = (rate * failed, whys[0].1);
                }
                // For the population as a whole one feature that is down is a degradation.
                let felt = (mood.0.min(Mood::Degraded), mood.1);
                if felt.0 > worst.0 {
                    worst = felt;
                }
                if mood != self.state.flow.moods[people][feature] {
                    self.feel(people, Some(feature), mood, &open);
                    self.state.flow.moods[people][feature] = mood;
                }
            }
            let overall =
                if all_rate > 0.0 && all_failed / all_rate > DOWN_ABOVE { (Mood::Down, most_failed.1) } else { worst };
            if overall != self.state.flow.overall[people] {
                self.feel(people, None, overall, &open);
                self.state.flow.overall[people] = overall;
            }
        }
        self.state.flow.open = Some(open);
    }

    fn feel(&mut self, people: usize, feature: Option<usize>, (mood, why): (Mood, Why), _open: &Open) {
        let before = match feature {
            Some(feature) => self.state.flow.moods[people][feature],
            None => self.state.flow.overall[people],
        };
        // What got better is due to the end of what made it bad.
        let cause = self.cause_of(if mood > before.0 || why != Why::Nothing { why } else { before.1 });
        let cause = cause.or(self.cause);
        self.see_because(What::Feels { people: PopId::new(people), feature, mood, why }, cause);
    }

    /// The observation behind a reason.
    fn cause_of(&self, why: Why) -> Option<SeenId> {
        match why {
            Why::Site(site) => self.state.nodes[self.world.sites[site.at()].node.at()].why,
            Why::Station(id) | Why::Missing(id) => self.state.stations[id.at()].why,
            Why::Queue(id) => self.state.flow.queues[id.at()].why,
            Why::Store(id) => self.state.nodes[self.node_of(self.world.stores[id.at()].primary).at()].why,
            _ => None,
        }
    }

    fn wait_soon(&self, station: usize, at: &AtStation) -> f64 {
        if at.regime != Regime::Moving {
            return at.wait_mean_s;
        }
        let soon_s = 1e-3;
        let backlog = self.state.flow.stations[station].fluid.backlog + (at.inflow - at.capacity) * soon_s;
        (backlog / at.capacity).max(0.0)
    }

    /// Notes stations whose load passes their capacity, and those whose queue is gone again.
    fn look_at_loads(&mut self) {
        let Some(open) = &self.state.flow.open else { return };
        let mut seen = Vec::new();
        for (i, at) in open.stations.iter().enumerate() {
            let flow = &self.state.flow.stations[i];
            let busy = at.regime != Regime::Rest || (at.capacity > 0.0 && at.inflow > at.capacity);
            if busy != flow.overloaded {
                seen.push((i, busy));
            }
        }
        for (i, busy) in seen {
            self.state.flow.stations[i].overloaded = busy;
            let id = StationId::new(i);
            self.see(if busy { What::Overloaded(id) } else { What::Drained(id) });
        }
    }

    /// Integrates what flowed since the span began, and hands it on.
    pub(super) fn close_span(&mut self) {
        let now = self.now;
        let world = self.world;
        let Some(open) = self.state.flow.open.take_if(|open| open.from < now) else {
            self.crash_queues();
            return;
        };
        let dt_s = now.since(open.from).seconds();
        let mut span = Span {
            from: open.from,
            to: now,
            uses: world.people.iter().map(|p| vec![Use::default(); p.uses.len()]).collect(),
            active_user_s: open.people.iter().map(|(n, slope)| integral(*n, *slope, dt_s)).collect(),
            links_bps: open.links_bps.clone(),
            transfers_bps: open.transfers_bps.clone(),
            ..Span::default()
        };
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
        self.account_paths(&open, &waits, dt_s, &mut span);
        self.account_waiting(&open, &grown, dt_s, &mut span);
        self.account_crashes(&mut span);
        self.account_queues(dt_s, &mut span);
        self.account_stores(dt_s, &mut span);
        self.spans.push(span);
        // What was open is over; until the next is opened, the same rates hold.
        self.flow_dirty = true;
    }

    fn wait_samples(&self, station: usize, at: &AtStation, dt_s: f64) -> [f64; WAIT_SAMPLES] {
        let mut samples = [at.wait_mean_s; WAIT_SAMPLES];
        if at.regime == Regime::Moving && at.capacity > 0.0 {
            let fluid = self.state.flow.stations[station].fluid;
            for (i, sample) in samples.iter_mut().enumerate() {
                let at_s = (i as f64 + 0.5) / WAIT_SAMPLES as f64 * dt_s;
                let net = at.inflow - at.capacity;
                *sample = ((fluid.backlog + net * at_s + at.slope * at_s * at_s / 2.0) / at.capacity).max(0.0);
            }
        }
        samples
    }

    fn station_work(&mut self, station: usize, at: &AtStation, dt_s: f64) -> Work {
        let now = self.now;
        let flow = &mut self.state.flow.stations[station];
        let workers_s = flow.workers_s + flow.workers as f64 * now.since(flow.workers_since).seconds();
        flow.workers_s = 0.0;
        flow.workers_since = now;
        let arrived = integral(at.inflow, at.slope, dt_s);
        let mut work = Work { arrived, workers_s, ..Work::default() };
        let over = |a: f64| f64::from(u8::from(a > at.capacity && at.capacity > 0.0));
        match at.regime {
            Regime::Rest => {
                work.lost = arrived * at.block;
                work.served = arrived - work.lost;
                work.wait_s = work.served * at.wait_mean_s;
                work.delayed = work.served * at.wait.probability();
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
                work.backlog = flow.fluid.backlog;
                work.backlog_max = flow.fluid.backlog;
                work.overloaded_s = dt_s;
            }
            Regime::Moving => {
                let flowed = flow.fluid.advance(dt_s, at.inflow, at.slope, at.capacity);
                work.lost = flowed.lost;
                work.served = flowed.served;
                work.wait_s = flowed.delay_integral;
                work.delayed = flowed.delayed;
                work.wait_max_s = flowed.wait_max_s;
                work.backlog = flow.fluid.backlog;
                work.backlog_max = flowed.backlog_max;
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
    fn account_paths(&mut self, open: &Open, waits: &[[f64; WAIT_SAMPLES]], dt_s: f64, span: &mut Span) {
        let mean_waits: Vec<f64> = waits.iter().map(|w| w.iter().sum::<f64>() / WAIT_SAMPLES as f64).collect();
        for index in 0..self.state.flow.paths.len() {
            let (rate, slope) = open.rates[index];
            let intended = integral(rate, slope, dt_s);
            if intended <= 0.0 {
                continue;
            }
            let moving =
                self.state.flow.paths[index].visits.iter().any(|v| open.stations[v.0.at()].regime == Regime::Moving);
            let mut fate = self.fate(index, open, &mean_waits);
            let path = &self.state.flow.paths[index];
            let population = &self.world.people[path.people];
            let feature = &self.world.features[population.uses[path.feature].0.at()];
            let total = &mut span.uses[path.people][path.feature];
            total.intended += intended;
            if fate.dead {
                total.failed += intended * population.keeps_trying;
                total.never_sent += intended * (1.0 - population.keeps_trying);
                continue;
            }
            // While a queue moves, each eighth of the span has its own wait and its own share that is too late.
            let eighths: Vec<f64> = (0..if moving { WAIT_SAMPLES } else { 1 })
                .map(|i| {
                    path.visits
                        .iter()
                        .filter(|v| open.stations[v.0.at()].regime == Regime::Moving)
                        .map(|v| v.1 * waits[v.0.at()][i])
                        .sum::<f64>()
                        + path.fixed_s
                })
                .collect();
            let in_time: Vec<f64> = eighths
                .iter()
                .map(|moving_s| feature.timeout_s.map_or(1.0, |t| 1.0 - fate.latency.ccdf(t - moving_s)))
                .collect();
            fate.in_time = in_time.iter().sum::<f64>() / in_time.len() as f64;
            let arrived = intended * fate.arrives;
            let admitted = arrived * fate.admitted;
            let served = admitted * fate.in_time;
            total.served += served;
            total.shed += arrived - admitted;
            total.failed += intended - arrived + admitted - served;
            let p95_s = fate.latency.quantile(0.95) + fate.moving_s;
            let slow = feature.slow_over_s.is_some_and(|over_s| p95_s > over_s);
            if path.missing.is_some() || slow {
                total.degraded += served;
            } else {
                total.degraded += served * (1.0 - fate.soft);
            }
            for (moving_s, in_time) in eighths.iter().zip(&in_time) {
                span.latencies.push(LatencyPart {
                    people: path.people,
                    feature: path.feature,
                    latency: Arc::clone(&fate.latency),
                    shift_s: *moving_s,
                    weight: admitted * in_time / eighths.len() as f64,
                });
            }
        }
    }

    /// Who waits in the queues that moved: they are not served yet.
    fn account_waiting(&mut self, open: &Open, grown: &[f64], dt_s: f64, span: &mut Span) {
        for (i, grown) in grown.iter().enumerate().filter(|(_, grown)| **grown != 0.0) {
            let id = StationId::new(i);
            let backlog = self.state.flow.stations[i].fluid.backlog;
            let uses = self.state.flow.crashed.len();
            if *grown < 0.0 {
                let kept = backlog / (backlog - grown);
                if let Some(waiting) = self.state.flow.waiting.get_mut(&id) {
                    for (people, first) in self.state.flow.first_use.iter().enumerate() {
                        for (feature, total) in span.uses[people].iter_mut().enumerate() {
                            let (left, worse) = &mut waiting[first + feature];
                            total.served += *left * (1.0 - kept);
                            total.degraded += *worse * (1.0 - kept);
                            *left *= kept;
                            *worse *= kept;
                        }
                    }
                    if backlog == 0.0 {
                        self.state.flow.waiting.remove(&id);
                    }
                }
                continue;
            }
            // Visits to this station in the span, by path: the backlog grew in proportion to them.
            let visits = |index: usize, path: &Path| -> f64 {
                let times: f64 = path.visits.iter().filter(|v| v.0 == id).map(|v| v.1).sum();
                integral(open.rates[index].0, open.rates[index].1, dt_s) * times
            };
            let paths = &self.state.flow.paths;
            let all: f64 = paths.iter().enumerate().filter(|(_, p)| p.dead.is_none()).map(|(j, p)| visits(j, p)).sum();
            if all <= 0.0 {
                continue;
            }
            let waiting = self.state.flow.waiting.entry(id).or_insert_with(|| vec![(0.0, 0.0); uses]);
            for (j, path) in paths.iter().enumerate().filter(|(_, p)| p.dead.is_none()) {
                let times: f64 = path.visits.iter().filter(|v| v.0 == id).map(|v| v.1).sum();
                if times > 0.0 {
                    let total = &mut span.uses[path.people][path.feature];
                    let waits = (grown * visits(j, path) / all / times).min(total.served);
                    let worse = if total.served > 0.0 { total.degraded / total.served * waits } else { 0.0 };
                    let waiting = &mut waiting[self.state.flow.first_use[path.people] + path.feature];
                    waiting.0 += waits;
                    waiting.1 += worse;
                    total.served -= waits;
                    total.degraded -= worse;
                }
            }
        }
    }

    /// Who waited where a station has stopped has failed.
    fn account_crashes(&mut self, span: &mut Span) {
        self.crash_queues();
        let flow = &mut self.state.flow;
        for (people, first) in flow.first_use.iter().enumerate() {
            for (feature, total) in span.uses[people].iter_mut().enumerate() {
                total.failed += std::mem::take(&mut flow.crashed[first + feature]);
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

    fn account_queues(&mut self, dt_s: f64, span: &mut Span) {
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

    fn account_stores(&mut self, dt_s: f64, span: &mut Span) {
        let now_s = self.now.seconds();
        for store in &mut self.state.flow.stores {
            let mut replicas = Vec::with_capacity(store.replicas.len());
            for replica in &mut store.replicas {
                let flowed = replica.fluid.advance(dt_s, store.inflow, store.slope, replica.capacity);
                replica.age.arrive(now_s - dt_s, dt_s, store.inflow, store.slope);
                replica.age.serve(flowed.served);
                if replica.fluid.backlog < 1e-6 {
                    replica.fluid.backlog = 0.0;
                    replica.age.clear();
                }
                replicas.push((replica.fluid.backlog, replica.age.age_s(now_s)));
            }
            span.replicas.push(replicas);
            span.writes_per_s.push(store.inflow + store.slope * dt_s / 2.0);
        }
    }

    /// Workers of every station, after stations or pools have changed.
    pub(super) fn count_workers(&mut self) {
        for i in 0..self.world.stations.len() {
            let workers = self.workers(StationId::new(i));
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

/// What becomes of the requests of a path.
struct Fate {
    dead: bool,
    /// Share that gets through the network.
    arrives: f64,
    /// Share of those that is admitted wherever that is needed.
    admitted: f64,
    /// Share of those that is answered before the user gives up.
    in_time: f64,
    why: Why,
    latency: Arc<Latency>,
    /// Waits in moving queues, on top of the latency.
    moving_s: f64,
    /// Share of those for which nothing is missing.
    soft: f64,
}

impl Fate {
    fn success(&self) -> f64 {
        self.arrives * self.admitted * self.in_time
    }
}

/// The integral over `dt_s` of a rate that starts at `rate` and changes by `slope` per second.
fn integral(rate: f64, slope: f64, dt_s: f64) -> f64 {
    (dt_s * (rate + slope * dt_s / 2.0)).max(0.0)
}

/// Whether nobody waits, however the load moves a little: Halfin & Whitt (1981) with room to spare.
fn is_at_ease(workers: u64, offered: f64) -> bool {
    let workers = workers as f64;
    offered < 0.5 * workers && (workers - offered) > 12.0 * num::sqrt(workers)
}

/// The load whose steady state a queue can have reached. Near saturation a queue takes `1 / (capacity (1 - sqrt rho)^2)`
/// to settle (its relaxation time, Cohen 1982); in a span shorter than that it does not get as far as the formula says.
/// On a changing load the rate is rounded to a percent of the capacity, so that equal waits can be recognised.
fn settled_rate(rate: f64, capacity: f64, scv_sum: f64, span_s: f64, slope: f64) -> f64 {
    if scv_sum <= 0.0 {
        return rate;
    }
    let root = (1.0 - 1.0 / num::sqrt((capacity * span_s).max(4.0))).max(0.0);
    let settled = rate.min(capacity * root * root);
    if slope == 0.0 { settled } else { (settled / capacity * 100.0).round() / 100.0 * capacity * root * root }
}

/// Seconds until the age of a queue crosses `level`, if that is within `length_s`: by bisection, for within a span the
/// age crosses a level at most once.
fn age_crosses_s(
    age: &crate::queueing::Age,
    now_s: f64,
    (inflow, slope, capacity): (f64, f64, f64),
    length_s: f64,
    level: f64,
) -> f64 {
    if length_s <= 0.0 || level <= 0.0 {
        return f64::INFINITY;
    }
    let stale_now = age.age_s(now_s) > level;
    if !stale_now && length_s + age.age_s(now_s) <= level {
        return f64::INFINITY;
    }
    if !stale_now && age.backlog() <= 0.0 && inflow <= capacity && inflow + slope * length_s <= capacity {
        return f64::INFINITY;
    }
    let mut ahead = age.clone();
    ahead.arrive(now_s, length_s, inflow, slope);
    let stale_at = |dt_s: f64| {
        let served = if capacity >= f64::MAX { f64::INFINITY } else { capacity * dt_s };
        ahead.age_if_s(now_s + dt_s, served) > level
    };
    if stale_at(length_s) == stale_now {
        return f64::INFINITY;
    }
    let (mut low, mut high) = (0.0, length_s);
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if stale_at(middle) == stale_now {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}
