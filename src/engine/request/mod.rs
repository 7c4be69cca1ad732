//! The request engine: every request followed one by one, through network, queue, worker, calls, timeout and retry.
//!
//! Everything else is the same as in the flow engine: faults, failovers, measures and people are handled by the same events.
//! Between two of them the loop of [`drive`](self) runs by itself, on its own queue, and counts; at the next change what was
//! counted becomes a [`Span`](crate::observe::Span).

mod account;
mod cache;
mod client;
mod desk;
mod drive;
mod farm;
mod program;
mod refresh;
mod seam;
mod slots;
mod source;
mod writes;

use crate::dist::Quick;
use crate::pending::{Pending, Timers};
use crate::rng::{Luck, Stream};
use crate::world::{Target, World};
use account::{Look, Seen};
use client::{Calls, ClientState};
use desk::{Bucket, Desk, DeskCounts, Line};
pub(super) use farm::Note;
use farm::{Farm, NONE};
use program::Programs;
use seam::Before;
use slots::{LEVELS, Slots};
pub use source::Feeling;
use source::Source;
use std::collections::{BTreeMap, VecDeque};
use writes::{Follower, Writer};

/// What is due, in eight bytes: a kind, what it is for, and the turn for which it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Due(u64);

/// Kinds of what is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A request goes on.
    Step,
    /// A source sends its next request.
    Arrive,
    /// The patience of somebody in a queue is at its end.
    Patience,
    /// The next of those who share workers is done.
    Shared,
    /// A call is tried again.
    Retry,
    /// A call has taken so long that a second attempt sets out.
    Hedge,
    /// A user has thought.
    Think,
    /// A health check sets out, or has got no answer in time.
    Check,
}

const KINDS: [Kind; 8] =
    [Kind::Step, Kind::Arrive, Kind::Patience, Kind::Shared, Kind::Retry, Kind::Hedge, Kind::Think, Kind::Check];
const TURN_BITS: u64 = (1 << 29) - 1;

impl Due {
    #[inline]
    fn new(kind: Kind, id: u32, turn: u32) -> Due {
        Due((kind as u64) << 61 | (u64::from(turn) & TURN_BITS) << 32 | u64::from(id))
    }

    #[inline]
    fn kind(self) -> Kind {
        KINDS[((self.0 >> 61) as usize).min(KINDS.len() - 1)]
    }

    #[inline]
    fn id(self) -> u32 {
        self.0 as u32
    }

    #[inline]
    fn is_for(self, turn: u32) -> bool {
        (self.0 >> 32) & TURN_BITS == u64::from(turn) & TURN_BITS
    }
}

/// Users of a population who wait for answers.
#[derive(Debug, Clone)]
struct Crowd {
    present: u64,
    target: u64,
    thinks_ns: f64,
    /// Sources, and the sum of the rates up to there.
    uses: Vec<(u32, f64)>,
    luck: Stream,
}

/// A link as single requests meet it.
#[derive(Debug, Clone)]
struct Wire {
    bps: f64,
    jitter_ns: f64,
    free_at: u64,
    /// Bits sent, and requests lost, since the span began.
    bits: f64,
    lost: u64,
    luck: Stream,
}

/// What single requests make of a stretch of time.
#[derive(Debug, Clone)]
pub(super) struct Requests {
    now: u64,
    /// What is due from here on is not kept.
    end: u64,
    pending: Pending<Due>,
    timers: Timers,
    slots: Slots,
    calls: Calls,
    programs: Programs,
    sources: Vec<Source>,
    /// Those of the stations; after them those of the servers behind balancers.
    desks: Vec<Desk>,
    farms: Vec<Farm>,
    /// What balancers have done since anybody listened, by farm.
    noted: Vec<(u32, Note)>,
    crowds: Vec<Crowd>,
    wires: Vec<Wire>,
    /// The branches of requests that are at a fork, where clients cancel.
    forks: BTreeMap<u32, Vec<u32>>,
    /// Requests that go on as soon as what is happening has happened, and for which turn.
    ready: VecDeque<(u32, u32)>,
    /// Workers that are given back then, and whether they were serving.
    released: VecDeque<(u32, bool)>,
    /// Stations that have more workers than before: whoever waits there is called.
    opened: VecDeque<u32>,
    /// The programs of the sources are those of the present paths.
    pub paths_laid_out: bool,
    /// What flowed until now, from which the requests that are under way have still to be made.
    before: Option<Box<Before>>,
    /// What stations write, and the replicas that follow.
    writers: Vec<Writer>,
    followers: Vec<Follower>,
    /// Whether there are any.
    writes: bool,
    /// What was last seen of every station, and what has been counted since.
    seen: Vec<Seen>,
    looks: Vec<Look>,
    /// How every use felt when anybody last looked.
    feelings: Vec<Feeling>,
    /// Events handled.
    pub events: u64,
    /// The flow ends and begins here.
    pub window: (u64, u64),
    /// How often anybody looks at how it feels, in nanoseconds.
    pub tick: u64,
}

/// A scenario whose requests cannot be followed one by one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfollowable {
    /// One request makes too many calls.
    #[error("one request of \"{feature}\" makes {visits} calls: more than {VISITS_MAX} cannot be followed one by one")]
    Calls {
        /// The feature.
        feature: String,
        /// Calls of one request, with those that they lead to.
        visits: u64,
    },
    /// One request is at too many services with a balancer at the same time.
    #[error(
        "calls of \"{feature}\" go through {levels} services with a balancer, each called by the one before: more than {LEVELS} \
         cannot be followed one by one"
    )]
    Balancers {
        /// The feature.
        feature: String,
        /// Services with a balancer, one called by the other.
        levels: usize,
    },
}

/// Calls of one request that can be laid out one after another.
const VISITS_MAX: u64 = 10_000;

/// Whether the requests of a world can be followed.
pub fn check(world: &World) -> Result<(), Unfollowable> {
    // Callees before callers.
    let mut visits = vec![1.0_f64; world.stations.len()];
    let of_call = |call: &crate::world::Call, visits: &[f64]| match &call.target {
        Target::Station(station) => call.times * visits[station.at()],
        Target::Active(_, by_member) => {
            call.times * by_member.iter().flatten().map(|station| visits[station.at()]).fold(0.0, f64::max)
        }
    };
    for id in world.station_order.iter().rev() {
        visits[id.at()] = 1.0 + world.stations[id.at()].calls.iter().map(|call| of_call(call, &visits)).sum::<f64>();
    }
    for feature in &world.features {
        for calls in &feature.calls {
            let all: f64 = calls.iter().map(|call| of_call(call, &visits)).sum();
            if all > VISITS_MAX as f64 {
                return Err(Unfollowable::Calls { feature: feature.name.clone(), visits: all as u64 });
            }
        }
    }
    check_balancers(world)
}

/// Whether the servers that balancers pick for one request are not too many to be remembered.
fn check_balancers(world: &World) -> Result<(), Unfollowable> {
    // For each station: levels of one request from there on, up to the next fork; and the most beyond forks.
    let mut levels = vec![(0, 0); world.stations.len()];
    let of_calls = |calls: &[crate::world::Call], at_once: bool, levels: &[(usize, usize)]| {
        let (mut chain, mut worst) = (0, 0);
        for call in calls {
            let stations = match &call.target {
                Target::Station(station) => vec![*station],
                Target::Active(_, by_member) => by_member.iter().flatten().copied().collect(),
            };
            for station in stations {
                let (below, most) = levels[station.at()];
                (chain, worst) = (chain.max(if at_once { 0 } else { below }), worst.max(most).max(below));
            }
        }
        (chain, worst)
    };
    for id in world.station_order.iter().rev() {
        let station = &world.stations[id.at()];
        let service = &world.services[station.service.at()];
        let (chain, worst) = of_calls(&station.calls, service.at_once, &levels);
        let chain = chain + usize::from(service.balancer.is_some());
        levels[id.at()] = (chain, worst.max(chain));
    }
    for feature in &world.features {
        for calls in &feature.calls {
            let worst = of_calls(calls, feature.at_once, &levels).1;
            if worst > LEVELS {
                return Err(Unfollowable::Balancers { feature: feature.name.clone(), levels: worst });
            }
        }
    }
    Ok(())
}

impl Requests {
    /// The time of the latest event.
    pub fn now(&self) -> u64 {
        self.now
    }

    /// Nobody is there yet.
    pub fn new(world: &World, luck: Luck, window: (u64, u64)) -> Requests {
        let mut timers = Timers::new();
        let stream = |name: &str, purpose: &str| Stream::new(luck, name, purpose);
        let mut sources = Vec::new();
        let mut crowds = Vec::new();
        for (people, population) in world.people.iter().enumerate() {
            for (index, (id, _)) in population.uses.iter().enumerate() {
                let feature = &world.features[id.at()];
                let name = format!("{}: {}", population.name, feature.name);
                let (arrivals, choices) = (stream(&name, "arrivals"), stream(&name, "choices"));
                let smooth = population.arrival_scv == 0.0;
                let mut source = Source::new(people as u32, index as u32, arrivals, choices, smooth);
                source.keeps_trying = population.keeps_trying;
                source.class = feature.class as u8;
                source.timer = feature.timeout_s.map(|timeout_s| timers.class((timeout_s * 1e9) as u64));
                source.cancels = feature.client.cancels;
                source.patience_ns = population.patience_s.map_or(0.0, |patience_s| patience_s * 1e9);
                source.slow_ns = feature.slow_over_s.map_or(u64::MAX, |over_s| (over_s * 1e9) as u64);
                source.waits = population.waits;
                let client = ClientState::new(&feature.client, stream(&name, "client"));
                source.client = client.matters().then(|| Box::new(client));
                sources.push(source);
            }
            crowds.push(Crowd {
                present: 0,
                target: 0,
                thinks_ns: f64::INFINITY,
                uses: Vec::new(),
                luck: stream(&population.name, "thinks"),
            });
        }
        let mut programs = Programs::default();
        let mut farms = Farm::all(world, luck);
        for farm in &mut farms {
            farm.program = programs.of_check(farm.station);
        }
        let farm_of = |station: usize| {
            farms.iter().position(|farm| farm.station as usize == station).map_or(NONE, |farm| farm as u32)
        };
        let desks = world
            .stations
            .iter()
            .enumerate()
            .map(|(index, station)| {
                let service = &world.services[station.service.at()];
                Desk {
                    station: index as u32,
                    farm: farm_of(index),
                    server: NONE,
                    serves: false,
                    workers: 0,
                    busy: 0,
                    waiting: 0,
                    inside: 0,
                    slower: 1.0,
                    takes: Quick::new(&service.takes),
                    luck: stream(&station.name, "service takes"),
                    patience: stream(&station.name, "patience"),
                    line: Line::new(&service.discipline, service.sheds.is_some()),
                    waiting_max: service.waiting_max.unwrap_or(u64::MAX),
                    inside_max: service.in_flight_max.unwrap_or(u64::MAX),
                    bucket: service.rate_limit.as_ref().map(|limit| Bucket::new(limit.per_s, limit.burst)),
                    optional_up_to: service.sheds,
                    cache: service.cache.as_ref().map(|cache| {
                        let luck = stream(&station.name, "cache");
                        Box::new(cache::Cache::new(cache.keys, cache.zipf, cache.holds, luck))
                    }),
                    is_leaf: station.calls.is_empty(),
                    counts: DeskCounts::default(),
                    busy_since: window.0,
                }
            })
            .collect();
        let wires = world
            .links
            .iter()
            .map(|link| Wire {
                bps: f64::INFINITY,
                jitter_ns: link.jitter.0 as f64,
                free_at: 0,
                bits: 0.0,
                lost: 0,
                luck: stream(&link.name, "jitter"),
            })
            .collect();
        let followers = Follower::all(world, luck);
        let length = window.1 - window.0;
        Requests {
            now: window.0,
            end: window.1,
            pending: Pending::new(),
            timers,
            slots: Slots::default(),
            calls: Calls::default(),
            programs,
            sources,
            desks,
            farms,
            noted: Vec::new(),
            crowds,
            wires,
            forks: BTreeMap::new(),
            ready: VecDeque::new(),
            released: VecDeque::new(),
            opened: VecDeque::new(),
            paths_laid_out: false,
            before: None,
            writers: Writer::all(world),
            writes: !followers.is_empty(),
            followers,
            seen: vec![Seen::default(); world.stations.len()],
            looks: vec![Look::default(); world.stations.len()],
            feelings: vec![Feeling::default(); world.people.iter().map(|p| p.uses.len()).sum()],
            events: 0,
            window,
            tick: (length / 600).clamp(1_000_000_000, 60_000_000_000),
        }
    }
}
