//! The flow traffic engine: demand as rates, queues as fluid, latency from queueing theory.
//!
//! Between two changes every rate is a straight line, so that what flows is integrated exactly. Where a queue is at rest
//! it is in the steady state of [`Station`] at its present load (the pointwise stationary approximation, Green & Kolesar
//! 1991); where it fills or drains it is a fluid. A span ends when a rate bends, a queue fills or empties, or somebody
//! feels the difference.

use super::Engine;
mod account;
mod bounds;
mod demand;
mod echo;
mod fate;
mod load;
mod moods;
mod seam;

use super::data::{QueueFlow, StoreFlow, stores};
use super::event::Event;
use super::paths::{Path, Status};
use crate::num;
use crate::observe::{LatencyPart, Mood, SeenId, Span, StationWait, Use, What, Why, Work};
use crate::queueing::{Flow, FluidQueue, Impatient, Latency, Residual, Station, Wait, max_min};
use crate::rng::Luck;
use crate::units::{Duration, Time};
use crate::world::{LinkId, NodeId, PopId, StationId, World};
use std::collections::BTreeMap;
use std::sync::Arc;

use echo::Echo;
use fate::{Fate, integral};
use load::is_at_ease;

/// More than this share of failed requests is down.
pub const DOWN_ABOVE: f64 = 0.5;
/// More than this share of failed, slow or incomplete requests is degraded.
pub const DEGRADED_ABOVE: f64 = 0.01;
/// A full queue that drains faster than this is taken to be at rest.
const SMALL_ROOM_S: f64 = 1.0;
/// Rounds of finding who is overloaded by whom.
const ROUNDS_MAX: usize = 40;
/// The same where failures are retried, or users wait for answers.
const ROUNDS_MAX_WITH_FEEDBACK: usize = 400;
/// Classes of priority: critical, normal, optional.
const CLASSES: usize = 3;
/// Samples of a wait that changes during a span.
const WAIT_SAMPLES: usize = 16;
/// Waits rarer than this change no percentile that anybody reads.
const FELT_WAIT: f64 = 1e-4;

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
    log_in_cursors: Vec<usize>,
    /// How each population's features feel, and all of it.
    moods: Vec<Vec<(Mood, Why)>>,
    overall: Vec<(Mood, Why)>,
    /// Requests that wait in fluid queues, and how many of them will be served worse, by station and then by population
    /// and feature.
    waiting: BTreeMap<StationId, Vec<(f64, f64)>>,
    /// Requests lost from a crashed queue since the last span, by population and feature.
    crashed: Vec<f64>,
    /// Requests that were followed until now, and are taken to be served, by population and feature.
    pub landed: Vec<f64>,
    /// Share of each population's requests that fails.
    pub failing: Vec<f64>,
    /// The 95th percentile of the slowest feature of each population, in seconds.
    pub p95_s: Vec<f64>,
    /// The latest observation of a feeling: what a condition is due to.
    pub latest_feeling: Option<SeenId>,
    /// What failed late on each population's feature and is about to be tried again.
    echoes: Vec<Echo>,
    /// Share of the attempts of each path that were answered in time when it was last looked at.
    in_time: Vec<f64>,
    /// The first feature of each population in the lists by population and feature.
    first_use: Vec<usize>,
    open: Option<Open>,
    /// What was open before: the next takes over its memory.
    closed: Option<Open>,
}

/// A station's fluid part.
#[derive(Debug, Clone)]
pub struct StationFlow {
    fluid: FluidQueue,
    /// What chance alone kept waiting when the queue was last at rest. It is still there when the queue begins to move: a load
    /// that comes near the capacity slowly has a queue before it is above it (Newell, Applications of Queueing Theory, 1982,
    /// chapter 4).
    by_chance: f64,
    /// It has stopped in this span: what waits at its end is lost.
    crashed: bool,
    /// Requests lost that way and not yet told.
    lost: f64,
    overloaded: bool,
    /// Workers, since when, and worker-seconds before that in this span.
    pub workers: u64,
    pub workers_since: Time,
    pub workers_s: f64,
}

/// What was worked out at the start of the span that is open.
#[derive(Debug, Clone, Default)]
pub(in crate::engine) struct Open {
    pub(in crate::engine) from: Time,
    /// Active users: now, and slope per second.
    pub(in crate::engine) people: Vec<(f64, f64)>,
    /// Requests per second of each path: now, and slope.
    pub(in crate::engine) rates: Vec<(f64, f64)>,
    pub(in crate::engine) stations: Vec<AtStation>,
    /// What the links leave of each path.
    pub(in crate::engine) through_links: Vec<f64>,
    /// Share of what users mean to send that they do send: who is away sends nothing.
    pub(in crate::engine) sent: Vec<f64>,
    /// Share of that which is not turned away at the door.
    pub(in crate::engine) let_in: Vec<f64>,
    /// Of those who wait for answers, how fast they go on against how fast they would on a quiet day.
    pub(in crate::engine) pace: Vec<f64>,
    /// Attempts for each request, where all are made within the span.
    pub(in crate::engine) attempts: Vec<f64>,
    /// Requests per second that restrictions put off, and their slope, by population and feature.
    pub(in crate::engine) put_off: Vec<(usize, usize, f64, f64)>,
    /// Attempts per second that were put off after a failure, by path and by how many were made before.
    pub(in crate::engine) echoes: Vec<Vec<f64>>,
    pub(in crate::engine) transfers_bps: Vec<f64>,
    pub(in crate::engine) links_bps: Vec<f64>,
    pub(in crate::engine) links_offered_bps: Vec<f64>,
    /// What becomes of the requests of each path at its start.
    fates: Vec<Fate>,
}

impl Open {
    /// Begins again with nothing, in the memory that there is.
    fn clear(&mut self, from: Time, paths: usize, links: usize) {
        self.from = from;
        self.people.clear();
        self.rates.clear();
        self.stations.clear();
        refill(&mut self.through_links, paths, 1.0);
        self.sent.clear();
        self.let_in.clear();
        refill(&mut self.pace, paths, 1.0);
        refill(&mut self.attempts, paths, 1.0);
        self.put_off.clear();
        self.echoes.clear();
        self.transfers_bps.clear();
        refill(&mut self.links_bps, links, 0.0);
        refill(&mut self.links_offered_bps, links, 0.0);
        self.fates.clear();
    }
}

fn refill(numbers: &mut Vec<f64>, count: usize, with: f64) {
    numbers.clear();
    numbers.resize(count, with);
}

/// How a station's queue moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::engine) enum Regime {
    /// At rest: the steady state of its load.
    #[default]
    Rest,
    /// Filling or draining.
    Moving,
    /// Full, and turning requests away.
    Full,
}

#[derive(Debug, Clone)]
pub(in crate::engine) struct AtStation {
    pub(in crate::engine) inflow: f64,
    pub(in crate::engine) slope: f64,
    /// Variability of the arrivals, weighted by inflow.
    pub(in crate::engine) scv_sum: f64,
    pub(in crate::engine) out: (f64, f64),
    pub(in crate::engine) held_s: f64,
    pub(in crate::engine) held_scv: f64,
    /// The part of it in which the worker computes.
    pub(in crate::engine) computes_s: f64,
    pub(in crate::engine) slower: f64,
    pub(in crate::engine) capacity: f64,
    pub(in crate::engine) block: f64,
    /// Part of `block`: given up while waiting.
    pub(in crate::engine) given_up: f64,
    /// Where requests are shed by priority: the inflow of each class, and what of it is turned away.
    pub(in crate::engine) classes: [f64; CLASSES],
    pub(in crate::engine) class_block: [f64; CLASSES],
    /// Rate at which a waiting request is given up, weighted by inflow.
    pub(in crate::engine) impatience_sum: f64,
    /// Probability and mean of the wait of all who are admitted, given up or not, where that is not what `wait` says.
    pub(in crate::engine) admitted_wait: Option<(f64, f64)>,
    /// Wait at which those who wait for answers ask for no more than there is.
    pub(in crate::engine) held_back_s: f64,
    pub(in crate::engine) wait: Wait,
    pub(in crate::engine) wait_mean_s: f64,
    pub(in crate::engine) regime: Regime,
    /// Load is far enough below capacity that a few servers more or less change nothing.
    pub(in crate::engine) at_ease: bool,
}

impl AtStation {
    /// Nobody has come yet.
    pub(in crate::engine) fn new(slower: f64) -> AtStation {
        AtStation {
            inflow: 0.0,
            slope: 0.0,
            scv_sum: 0.0,
            out: (0.0, 0.0),
            held_s: 0.0,
            held_scv: 0.0,
            slower,
            capacity: 0.0,
            block: 0.0,
            given_up: 0.0,
            classes: [0.0; CLASSES],
            class_block: [0.0; CLASSES],
            impatience_sum: 0.0,
            admitted_wait: None,
            held_back_s: 0.0,
            computes_s: 0.0,
            wait: Wait::Never,
            wait_mean_s: 0.0,
            regime: Regime::Rest,
            at_ease: true,
        }
    }
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
                    by_chance: 0.0,
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
            log_in_cursors: vec![0; world.people.len()],
            moods,
            overall: vec![(Mood::Fine, Why::Nothing); world.people.len()],
            waiting: BTreeMap::new(),
            crashed: vec![0.0; uses],
            landed: vec![0.0; uses],
            failing: vec![0.0; world.people.len()],
            p95_s: vec![0.0; world.people.len()],
            latest_feeling: None,
            echoes: vec![Echo::default(); uses],
            in_time: Vec::new(),
            first_use,
            open: None,
            closed: None,
        }
    }
}

impl FlowState {
    /// How a population feels.
    pub fn overall_mood(&self, people: usize) -> Mood {
        self.overall[people].0
    }

    /// What is asked of a station over what it can do.
    pub fn asked_of_station(&self, station: usize) -> f64 {
        let Some(open) = &self.open else { return 0.0 };
        let at = &open.stations[station];
        if at.capacity > 0.0 { at.inflow / at.capacity } else { 0.0 }
    }

    /// Bits per second that are asked of a link.
    pub fn offered_bps(&self, link: usize) -> f64 {
        self.open.as_ref().map_or(0.0, |open| open.links_offered_bps[link])
    }

    /// Users who would be active now.
    pub fn active_users(&self, people: usize) -> f64 {
        self.open.as_ref().map_or(0.0, |open| open.people[people].0)
    }

    /// What an autoscaler sees of a station: workers in use, or only those that compute.
    pub fn signal(&self, station: usize, cpu: bool) -> f64 {
        let Some(open) = &self.open else { return 0.0 };
        let at = &open.stations[station];
        if at.capacity <= 0.0 {
            return 0.0;
        }
        let asked = at.inflow / at.capacity;
        // Workers that wait for a callee are in use, and compute nothing.
        if cpu { asked.min(1.0) * at.computes_s / at.held_s.max(1e-12) } else { asked }
    }
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
        if self.paths_dirty {
            self.find_paths();
            // Other paths than before: what was in time on those says nothing of these.
            self.state.flow.in_time.clear();
            if let Some(requests) = &mut self.requests {
                requests.paths_laid_out = false;
            }
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
    pub(in crate::engine) fn slower(&self, id: StationId) -> f64 {
        let state = &self.state.stations[id.at()];
        let service = &self.world.services[self.world.stations[id.at()].service.at()];
        let cold = match (state.cold_since, service.warms) {
            (Some(since), Some((takes, slower))) if takes.0 > 0 => {
                let left = 1.0 - (self.now.since(since).seconds() / takes.seconds()).min(1.0);
                1.0 + (slower - 1.0) * left
            }
            _ => 1.0,
        };
        cold * state.slow * state.takes
    }

    /// A pool has changed: only where it matters does the flow have to be worked out again.
    pub(in crate::engine) fn capacity_changed(&mut self, pool: NodeId) {
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
    pub(in crate::engine) fn lose_backlog(&mut self, id: StationId) {
        self.state.flow.stations[id.at()].crashed = true;
        self.crash_requests(id);
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
        let mut open = self.state.flow.closed.take().unwrap_or_default();
        open.clear(self.now, self.state.flow.paths.len(), self.world.links.len());
        self.demand(&mut open, &mut until);
        match &self.requests {
            Some(requests) => {
                until = until.min(self.now.after(Duration(requests.tick as i64))).min(Time(requests.window.1 as i64));
                self.share_links(&mut open, until);
                self.follow(&mut open);
            }
            None => {
                self.bound_by_links(&open, &mut until);
                self.share_links(&mut open, until);
                self.load_stations(&mut open, until);
            }
        }
        self.feed_queues(&open);
        self.bound_span(&open, &mut until);
        // One that took no time is not over, and is replaced.
        self.state.flow.closed = self.state.flow.open.replace(open);
        until
    }

    /// Workers of every station, after stations or pools have changed.
    pub(in crate::engine) fn count_workers(&mut self) {
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
