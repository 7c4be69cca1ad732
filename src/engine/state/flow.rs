//! What flows: the demand, what every station gets of it, and what waits.

use super::data::{QueueFlow, StoreFlow, stores};
use super::delayed_retries::DelayedRetries;
use super::disposition::Disposition;
use super::falls::Falls;
use super::islands::Islands;
use super::paths::{Path, Status};
use crate::observe::{ObservationId, ServiceLevel, Why};
use crate::queueing::{FluidQueue, Latency, Line, Steady, Wait, Waning};
use crate::rng::Luck;
use crate::units::Time;
use crate::world::{SiteId, World};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// Classes of priority: critical, normal, optional.
pub const CLASSES: usize = 3;

/// What flows.
#[derive(Debug, Clone)]
pub struct FlowState {
    pub token: u32,
    pub paths: Vec<Path>,
    pub statuses: Vec<Status>,
    /// Whether anything gets lost, whatever the load.
    pub loses: bool,
    pub stations: Vec<StationFlow>,
    pub queues: Vec<QueueFlow>,
    pub stores: Vec<StoreFlow>,
    /// The latency of nothing.
    pub nothing: Arc<Latency>,
    /// Where each population's profile has got to.
    pub cursors: Vec<usize>,
    pub log_in_cursors: Vec<usize>,
    /// How each population's features feel, and all of it.
    pub service_levels: Vec<Vec<(ServiceLevel, Why)>>,
    pub overall: Vec<(ServiceLevel, Why)>,
    /// Requests lost from a crashed queue since the last span, by population and feature.
    pub crashed: Vec<f64>,
    /// Requests that were followed until now, and are taken to be served, by population and feature.
    pub landed: Vec<f64>,
    /// Share of each population's requests that fails.
    pub failing: Vec<f64>,
    /// The same of each of its features.
    pub failing_uses: Vec<f64>,
    /// Share of its log-ins that fails.
    pub failing_log_ins: Vec<f64>,
    /// The 95th percentile of the slowest feature of each population, in seconds.
    pub p95_s: Vec<f64>,
    /// The latest observation of how each population feels: what a condition on that is due to.
    pub latest_feelings: Vec<Option<ObservationId>>,
    /// What failed late on each population's feature and is about to be tried again.
    pub delayed_retries: Vec<DelayedRetries>,
    /// Attempts whose clients have lost patience in a line and that are still to be made again at once, by use and by how many were
    /// made before.
    pub owed: Vec<Vec<f64>>,
    /// The first feature of each population in the lists by population and feature.
    pub first_use: Vec<usize>,
    pub open: Option<Open>,
    /// What was open before: the next goes on from there where nothing has changed.
    pub closed: Option<Open>,
    /// What was open before that: the next takes over its memory.
    pub spare: Option<Open>,
    pub budget: SpanBudget,
    pub islands: Islands,
    /// What was under way when the last span was over.
    #[cfg(debug_assertions)]
    pub ledger: Ledger,
    /// When populations that wait for answers have become smaller.
    pub falls: Vec<Falls>,
}

/// How many spans there may still be. What flows back and forth between two states many times a second is looked at less often when it has
/// done so for long.
#[derive(Debug, Clone, Copy)]
pub struct SpanBudget {
    stations: f64,
    left: f64,
    since: Time,
}

impl SpanBudget {
    /// Spans for each station: at once, and a second.
    const MOST: f64 = 5_000.0;
    const PER_S: f64 = 5.0;

    fn new(stations: usize) -> SpanBudget {
        let stations = stations.max(1) as f64;
        SpanBudget { stations, left: SpanBudget::MOST * stations, since: Time::ZERO }
    }

    /// A span begins: how long it is at least, in seconds.
    pub fn spend(&mut self, now: Time) -> f64 {
        let (most, per_s) = (SpanBudget::MOST * self.stations, SpanBudget::PER_S * self.stations);
        let earned = now.since(self.since).seconds() * per_s;
        (self.left, self.since) = ((self.left + earned).min(most) - 1.0, now);
        (-self.left / per_s).max(0.0)
    }
}

/// Requests of each use that are not over, and visits that wait at each station.
#[cfg(debug_assertions)]
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    pub requests: Vec<f64>,
    pub visits: Vec<f64>,
}

/// A station's fluid part.
#[derive(Debug, Clone)]
pub struct StationFlow {
    pub fluid: FluidQueue,
    /// What chance alone kept waiting when the queue was last at rest. It is still there when the queue begins to move: a load
    /// that comes near the capacity slowly has a queue before it is above it (Newell, Applications of Queueing Theory, 1982,
    /// chapter 4).
    pub by_chance: f64,
    /// How long they waited then, in seconds: whoever leaves has come so much earlier than the first of the line.
    pub chance_s: f64,
    /// Where users give up: how many of them waited then.
    pub waits_by_chance: f64,
    /// Who waits in the queue, and since when.
    pub line: Line,
    /// It has stopped in this span: what waits at its end is lost.
    pub crashed: bool,
    /// Requests lost that way and not yet told.
    pub lost: f64,
    pub overloaded: bool,
    /// Retries of what comes too late feed themselves there.
    pub storm: bool,
    /// Workers, since when, and worker-seconds before that in this span.
    pub workers: u64,
    pub workers_since: Time,
    pub workers_s: f64,
    pub cache: CacheFlow,
}

/// A cache as it fills: how many requests it has seen, and which share of them goes on to the calls behind it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CacheFlow {
    /// Requests since it was empty.
    pub asked: f64,
    /// The share that misses, as it is counted; 1 where there is no cache.
    pub missed: f64,
    /// After so many requests it is another.
    pub until: f64,
}

impl CacheFlow {
    pub const EMPTY: CacheFlow = CacheFlow { asked: 0.0, missed: 1.0, until: 0.0 };
}

/// What was worked out at the start of the span that is open.
#[derive(Debug, Clone, Default)]
pub struct Open {
    pub from: Time,
    /// Active users: now, and slope per second.
    pub people: Vec<(f64, f64)>,
    /// Requests per second of each path: now, and slope.
    pub rates: Vec<(f64, f64)>,
    pub stations: Vec<AtStation>,
    /// Servers of each station beyond those of the design, where anything is counted in money.
    pub further_servers: Vec<i64>,
    /// What the links leave of each path.
    pub through_links: Vec<f64>,
    /// The same of calls that requests can go without.
    pub through_soft_links: Vec<f64>,
    /// Share of what users mean to send that they do send: who is away sends nothing.
    pub sent: Vec<f64>,
    /// Share of that which is not turned away at the door.
    pub let_in: Vec<f64>,
    /// Of those who wait for answers, how fast they go on against how fast they would on a quiet day.
    pub pace: Vec<f64>,
    /// Attempts for each request, where all are made within the span.
    pub attempts: Vec<f64>,
    /// Share of the attempts of each path that are answered in time where nobody waits in a line, as far as they are tried again.
    pub in_time: Vec<f64>,
    /// Whether what fails in this span comes again when that is known, though nobody may wait in a line yet.
    pub puts_off: Vec<bool>,
    /// Requests per second that restrictions put off, and their slope, by population and feature.
    pub put_off: Vec<(usize, usize, f64, f64)>,
    /// Attempts per second that were put off after a failure, by path and by how many were made before.
    pub delayed_retries: Vec<Vec<f64>>,
    /// Of those, what is made again at once by those who lose patience in a line, by use and by how many were made before; and the
    /// share of all that their budget allows.
    pub impatient: BTreeMap<usize, (Vec<f64>, f64)>,
    /// Of each population that waits for answers: who waits in the line of each station, and at last who is about to try again.
    pub in_lines: Vec<Vec<f64>>,
    pub transfers_bps: Vec<f64>,
    /// How far into the span the links are looked at, in seconds.
    pub links_at_s: f64,
    pub links_bps: Vec<f64>,
    /// What each of them can carry, in bits per second.
    pub links_most_bps: Vec<f64>,
    /// By how much the load changes per second, as far as it fits.
    pub links_slopes_bps: Vec<f64>,
    pub links_offered_bps: Vec<f64>,
    /// The same as the span begins, and its slope; nothing where nobody watches.
    pub links_asked: Vec<(f64, f64)>,
    /// What becomes of the requests of each path at its start.
    pub dispositions: Vec<Disposition>,
    /// The same, where it has been worked out before and holds still.
    pub kept: Vec<Option<Disposition>>,
}

impl Open {
    /// Begins again with nothing, in the memory that there is.
    pub fn clear(&mut self, from: Time, paths: usize, links: usize) {
        self.from = from;
        self.people.clear();
        self.rates.clear();
        self.stations.clear();
        self.further_servers.clear();
        refill(&mut self.through_links, paths, 1.0);
        refill(&mut self.through_soft_links, paths, 1.0);
        self.sent.clear();
        self.let_in.clear();
        refill(&mut self.pace, paths, 1.0);
        refill(&mut self.attempts, paths, 1.0);
        refill(&mut self.in_time, paths, 1.0);
        self.puts_off.clear();
        self.puts_off.resize(paths, false);
        self.put_off.clear();
        self.delayed_retries.clear();
        self.impatient.clear();
        self.in_lines.clear();
        self.transfers_bps.clear();
        refill(&mut self.links_bps, links, 0.0);
        refill(&mut self.links_slopes_bps, links, 0.0);
        self.links_most_bps.clear();
        refill(&mut self.links_offered_bps, links, 0.0);
        self.links_asked.clear();
        self.dispositions.clear();
        self.kept.clear();
        self.kept.resize(paths, None);
    }
}

fn refill(numbers: &mut Vec<f64>, count: usize, with: f64) {
    numbers.clear();
    numbers.resize(count, with);
}

/// How a station's queue moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Regime {
    /// At rest: the steady state of its load.
    #[default]
    Rest,
    /// Filling or draining.
    Moving,
    /// Full, and turning requests away.
    Full,
}

impl StationFlow {
    /// How long those have waited who leave the queue now, in seconds.
    pub fn front_s(&self, now_s: f64) -> f64 {
        self.line.front_s(now_s) + self.chance_s
    }
}

/// The last answer to a question that is asked again and again, and what it went by. It is the same whoever asks: a run can be looked at
/// from several threads.
#[derive(Debug, Default)]
pub struct Memo(Mutex<Option<Known>>);

type Known = ([f64; 5], (f64, f64));

impl Memo {
    pub fn get(&self, of: [f64; 5], answer: impl FnOnce() -> (f64, f64)) -> (f64, f64) {
        let known = self.0.lock().ok().and_then(|known| known.filter(|(asked, _)| *asked == of));
        if let Some((_, answer)) = known {
            return answer;
        }
        let found = answer();
        if let Ok(mut known) = self.0.lock() {
            *known = Some((of, found));
        }
        found
    }
}

impl Clone for Memo {
    fn clone(&self) -> Memo {
        Memo(Mutex::new(self.0.lock().map_or(None, |known| *known)))
    }
}

#[derive(Debug, Clone)]
pub struct AtStation {
    pub inflow: f64,
    pub slope: f64,
    /// The inflow when it was last worked out: what can be seen of it from outside.
    pub asked: f64,
    /// Variability of the arrivals, weighted by inflow.
    pub scv_sum: f64,
    pub out: (f64, f64),
    pub held_s: f64,
    pub held_scv: f64,
    /// The part of it in which the worker computes.
    pub computes_s: f64,
    /// How long whoever waits for its answer does so from the moment at which a worker takes the request, and the variance of that.
    pub responds_s: f64,
    pub responds_variance: f64,
    pub slower: f64,
    pub capacity: f64,
    pub block: f64,
    /// Part of `block`: given up while waiting.
    pub given_up: f64,
    /// Where requests are shed by priority: the inflow of each class, and what of it is turned away.
    pub classes: [f64; CLASSES],
    pub class_block: [f64; CLASSES],
    /// Rate at which a waiting request is given up, weighted by inflow.
    pub impatience_sum: f64,
    /// Where users give up: how many of them wait when it is at rest; how its queue moves, if it does; and of those who leave a queue that
    /// moves, the share that gives up there.
    pub waits_by_chance: f64,
    pub waning: Option<Waning>,
    pub gives_up_there: f64,
    /// Probability and mean of the wait of all who are admitted, given up or not, where that is not what `wait` says.
    pub admitted_wait: Option<(f64, f64)>,
    /// Those who wait for answers: how many there are, how long each is elsewhere between two visits, in seconds, and how much of
    /// the inflow is not theirs.
    pub closed: Option<(f64, f64, f64)>,
    pub wait: Wait,
    pub wait_mean_s: f64,
    /// Where classes of priority wait for different times.
    pub class_waits: Option<Arc<[Wait; CLASSES]>>,
    /// How long its callers' workers wait there, in seconds; a queue that moves is as long for them as it is now.
    pub keeps_s: f64,
    /// Where that settles, if the queue is on its way there.
    pub settles_s: Option<f64>,
    /// Its callers send no more than it can do, because all their workers wait for it.
    pub holds_up: bool,
    /// Nobody asks for more than it can do: its callers wait for it, or its users.
    pub bounded: bool,
    /// How many requests per second fewer come for each second that it keeps its callers longer, where they are all busy.
    pub gives_way: f64,
    pub regime: Regime,
    /// Load is far enough below capacity that a few servers more or less change nothing.
    pub at_ease: bool,
    /// Where callers have policies: of each class, the share that succeeds in all that it needs further down, and the share that lacks
    /// nothing.
    pub succeeds: [f64; CLASSES],
    pub complete: [f64; CLASSES],
    /// Of what it takes on, the share that the load of those whom it calls lets by; and where its line moves, how many leave it of each
    /// that comes.
    pub passes: f64,
    pub moves_on: f64,
    /// Whether anybody comes.
    pub joined: bool,
    /// What calls by a policy add to the time of a visit: beyond its parts; or in place of those that are left to timeouts, in time and before
    /// that; and how many attempts come too late.
    pub calls_add: [f64; 5],
    /// The time of a visit as a latency is made of it.
    pub plain_s: f64,
    /// What a timeout of its callers came to last, and for which timeout and waits: rounds ask for it again and again.
    pub up_to: Memo,
    /// Those who call it by a timeout send more the longer they wait, and more than it can do: every attempt comes too late.
    pub storm: bool,
}

impl AtStation {
    /// Whether there is a line in front of it.
    pub fn queues(&self) -> bool {
        self.regime == Regime::Moving
    }

    /// Half of the span for which the steady state of its load is taken, in seconds: a changing load is followed in steps of a twentieth of
    /// the capacity; at most half of the time for which the load goes on in a straight line.
    pub fn half_span_s(&self, half_s: f64) -> f64 {
        if self.at_ease || self.slope == 0.0 { half_s } else { half_s.min(self.follows_s() / 2.0) }
    }

    /// How long such a step is, in seconds.
    pub fn follows_s(&self) -> f64 {
        (self.capacity / 20.0 / self.slope.abs()).max(1.0)
    }

    /// How long those of a class wait there.
    pub fn wait_of(&self, class: usize) -> &Wait {
        self.class_waits.as_ref().map_or(&self.wait, |waits| &waits[class])
    }

    /// The queue of those who wait for their answers: they ask for no more than there is.
    pub fn wait_closed(&mut self, steady: &Steady) {
        self.regime = Regime::Rest;
        self.block = steady.block;
        self.class_block = [steady.block; CLASSES];
        self.wait_mean_s = steady.wait_mean_s;
        self.holds_up = false;
        self.bounded = true;
        self.admitted_wait = Some((steady.wait_probability, steady.wait_mean_s));
        self.wait = steady.wait.clone();
    }

    /// Nobody has come yet.
    pub fn new(slower: f64) -> AtStation {
        AtStation {
            inflow: 0.0,
            slope: 0.0,
            asked: f64::NAN,
            scv_sum: 0.0,
            out: (0.0, 0.0),
            held_s: 0.0,
            held_scv: 0.0,
            responds_s: 0.0,
            responds_variance: 0.0,
            slower,
            capacity: 0.0,
            block: 0.0,
            given_up: 0.0,
            classes: [0.0; CLASSES],
            class_block: [0.0; CLASSES],
            impatience_sum: 0.0,
            waits_by_chance: 0.0,
            waning: None,
            gives_up_there: 0.0,
            admitted_wait: None,
            closed: None,
            computes_s: 0.0,
            wait: Wait::Never,
            wait_mean_s: 0.0,
            class_waits: None,
            keeps_s: 0.0,
            settles_s: None,
            holds_up: false,
            bounded: false,
            gives_way: 0.0,
            regime: Regime::Rest,
            at_ease: true,
            succeeds: [1.0; CLASSES],
            complete: [1.0; CLASSES],
            passes: 1.0,
            moves_on: 1.0,
            joined: true,
            calls_add: [0.0; 5],
            plain_s: 0.0,
            up_to: Memo::default(),
            storm: false,
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
        let service_levels =
            world.people.iter().map(|p| vec![(ServiceLevel::Fine, Why::Nothing); p.uses.len()]).collect();
        FlowState {
            token: 0,
            paths: Vec::new(),
            statuses: Vec::new(),
            loses: false,
            stations: world
                .stations
                .iter()
                .map(|s| StationFlow {
                    fluid: FluidQueue::new(world.services[s.service.at()].waiting_max.map(|n| n as f64)),
                    by_chance: 0.0,
                    chance_s: 0.0,
                    waits_by_chance: 0.0,
                    storm: false,
                    line: Line::default(),
                    crashed: false,
                    lost: 0.0,
                    overloaded: false,
                    workers: 0,
                    workers_since: Time::ZERO,
                    workers_s: 0.0,
                    cache: CacheFlow::EMPTY,
                })
                .collect(),
            queues: world.queues.iter().map(QueueFlow::new).collect(),
            stores: stores(world, luck),
            nothing: Arc::new(Latency::fixed(0.0)),
            cursors: vec![0; world.people.len()],
            log_in_cursors: vec![0; world.people.len()],
            service_levels,
            overall: vec![(ServiceLevel::Fine, Why::Nothing); world.people.len()],
            crashed: vec![0.0; uses],
            landed: vec![0.0; uses],
            failing: vec![0.0; world.people.len()],
            failing_uses: vec![0.0; uses],
            failing_log_ins: vec![0.0; world.people.len()],
            p95_s: vec![0.0; world.people.len()],
            latest_feelings: vec![None; world.people.len()],
            delayed_retries: vec![DelayedRetries::default(); uses],
            owed: vec![Vec::new(); uses],
            first_use,
            open: None,
            closed: None,
            spare: None,
            budget: SpanBudget::new(world.stations.len()),
            islands: Islands::default(),
            #[cfg(debug_assertions)]
            ledger: Ledger::default(),
            falls: vec![Falls::default(); world.people.len()],
        }
    }
}

impl FlowState {
    /// The population and the feature of a use.
    pub fn use_at(&self, of: usize) -> (usize, usize) {
        let people = self.first_use.partition_point(|first| *first <= of) - 1;
        (people, of - self.first_use[people])
    }

    /// How a population feels.
    pub fn overall_service_level(&self, people: usize) -> ServiceLevel {
        self.overall[people].0
    }

    /// What is asked of a station over what it can do.
    pub fn asked_of_station(&self, station: usize) -> f64 {
        let Some(open) = &self.open else { return 0.0 };
        let at = &open.stations[station];
        if at.capacity > 0.0 { at.asked / at.capacity } else { 0.0 }
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
        let asked = at.asked / at.capacity;
        // Workers that wait for a callee are in use, and compute nothing.
        if cpu { asked.min(1.0) * at.computes_s / at.held_s.max(1e-12) } else { asked }
    }
}

/// Who came to a queue within a stretch of time and still waits there.
#[derive(Debug, Clone)]
pub struct Stretch {
    /// When the first of them came, and the last, in seconds.
    pub came_s: (f64, f64),
    /// How many visits that is.
    pub amount: f64,
    pub of: Vec<OfStretch>,
}

/// Those of one kind in a stretch.
#[derive(Debug, Clone, Copy)]
pub struct OfStretch {
    pub of: usize,
    /// Attempts that were made before.
    pub made: usize,
    /// How many there are, and those of them for whom it is not too late.
    pub count: f64,
    pub live: f64,
    /// How long they had waited elsewhere, in seconds.
    pub before_s: f64,
}

/// One of those who were followed and wait at a station when everything flows again.
#[derive(Debug, Clone, Copy)]
pub struct WaitsOn {
    /// When it came there, in seconds.
    pub came_s: f64,
    /// Whose it is, where somebody still waits for it.
    pub counts: Option<OfWaiting>,
}

/// Whose a request is that waits.
#[derive(Debug, Clone, Copy)]
pub struct OfWaiting {
    pub of: usize,
    pub site: SiteId,
    /// Attempts that were made before, and how long this one had taken elsewhere, in seconds.
    pub made: usize,
    pub before_s: f64,
    /// So long in this line, in seconds, and it is too late.
    pub expires_s: f64,
}

impl Stretch {
    /// When that share of them had come.
    pub fn at(&self, share: f64) -> f64 {
        self.came_s.0 + (self.came_s.1 - self.came_s.0) * share
    }
}
