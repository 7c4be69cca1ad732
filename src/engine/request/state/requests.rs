//! All that single requests are made of.

use super::asker::AskerState;
use super::backend_pool::{BackendPool, NONE, Note};
use super::cache::Cache;
use super::client::{Calls, ClientState};
use super::closed_users::ClosedUsers;
use super::due::Due;
use super::flow_before::FlowBefore;
use super::link::LinkState;
use super::program::Programs;
use super::slots::Slots;
use super::source::Source;
use super::station_queue::{Bucket, Line, StationCounts, StationQueue};
use super::station_sample::{SampleWindow, StationSample};
use super::writes::{Follower, Writer};
use crate::dist::Quick;
use crate::engine::state::disposition::Feeling;
use crate::event_list::{EventList, Timers};
use crate::rng::{Luck, Stream};
use crate::world::{FeatureId, Station, World};
use std::collections::{BTreeMap, VecDeque};

/// What single requests make of a stretch of time.
#[derive(Debug, Clone)]
pub struct Requests {
    pub now: u64,
    /// What is due from here on is not kept.
    pub end: u64,
    pub pending: EventList<Due>,
    pub timers: Timers,
    pub slots: Slots,
    pub calls: Calls,
    pub programs: Programs,
    /// Of each service, the share of the soft calls that is made.
    pub kept_calls: Vec<f64>,
    pub sources: Vec<Source>,
    /// Those of the stations; after them those of the servers behind balancers.
    pub station_queues: Vec<StationQueue>,
    pub backend_pools: Vec<BackendPool>,
    /// What balancers have done since anybody listened, by pool.
    pub noted: Vec<(u32, Note)>,
    pub closed_users: Vec<ClosedUsers>,
    pub links: Vec<LinkState>,
    /// The branches of requests that are at a fork, where clients cancel.
    pub forks: BTreeMap<u32, Vec<u32>>,
    /// Services that call by a policy; and the call that a request waits for, where it makes one by a policy.
    pub askers: Vec<AskerState>,
    pub asked_by: BTreeMap<u32, u32>,
    /// Requests that go on as soon as what is happening has happened, and for which turn.
    pub ready: VecDeque<(u32, u32)>,
    /// Workers that are given back then, and whether they were serving.
    pub released: VecDeque<(u32, bool)>,
    /// Stations that have more workers than before: whoever waits there is called.
    pub opened: VecDeque<u32>,
    /// The programs of the sources are those of the present paths.
    pub paths_laid_out: bool,
    /// What flowed until now, from which the requests that are under way have still to be made.
    pub before: Option<Box<FlowBefore>>,
    /// What stations write, and the replicas that follow.
    pub writers: Vec<Writer>,
    pub followers: Vec<Follower>,
    /// Whether there are any.
    pub writes: bool,
    /// What was last seen of every station, and what has been counted since.
    pub seen: Vec<StationSample>,
    pub looks: Vec<SampleWindow>,
    /// How every use felt when anybody last looked.
    pub feelings: Vec<Feeling>,
    /// Events handled.
    pub events: u64,
    /// The flow ends and begins here.
    pub window: (u64, u64),
    /// The visits of those who were under way in the flow, which has counted them: up to which operation, and whether they
    /// wait in a queue that moves, so that they have not been counted as served. Of all others it has counted everything.
    pub seam: BTreeMap<u32, (u32, bool)>,
    /// What requests have missed and ask for, by station; and who waits for the answer of another, by station and key.
    pub asking: BTreeMap<(u32, u32), u32>,
    pub asked: BTreeMap<(u32, u32), VecDeque<(u32, u32)>>,
    /// When anybody last looked, and whether there is something new to see.
    pub looked: u64,
    pub is_seen: bool,
}

impl Requests {
    /// The time of the latest event.
    pub fn now(&self) -> u64 {
        self.now
    }

    /// Nobody is there yet.
    pub fn new(world: &World, luck: Luck, window: (u64, u64)) -> Requests {
        let mut timers = Timers::new();
        let mut sources = Vec::new();
        let mut closed_users = Vec::new();
        for (people, population) in world.people.iter().enumerate() {
            for (index, (id, _)) in population.uses.iter().enumerate() {
                sources.push(source(world, luck, &mut timers, (people, index), *id));
            }
            closed_users.push(ClosedUsers::new(Stream::new(luck, &population.name, "thinks")));
        }
        let mut programs = Programs::default();
        let mut backend_pools = BackendPool::all(world, luck);
        for pool in &mut backend_pools {
            pool.program = programs.of_check(pool.station);
        }
        let pool_of = |station: usize| {
            backend_pools.iter().position(|pool| pool.station as usize == station).map_or(NONE, |pool| pool as u32)
        };
        let stations = world.stations.iter().enumerate();
        let station_queues =
            stations.map(|(index, station)| queue(world, luck, index, station, pool_of(index), window.0)).collect();
        let links = world.links.iter().map(|link| LinkState::new(link, luck)).collect();
        let followers = Follower::all(world, luck);
        Requests {
            now: window.0,
            end: window.1,
            pending: EventList::new(),
            timers,
            slots: Slots::default(),
            calls: Calls::default(),
            programs,
            kept_calls: Vec::new(),
            sources,
            station_queues,
            backend_pools,
            noted: Vec::new(),
            closed_users,
            links,
            forks: BTreeMap::new(),
            askers: Vec::new(),
            asked_by: BTreeMap::new(),
            ready: VecDeque::new(),
            released: VecDeque::new(),
            opened: VecDeque::new(),
            paths_laid_out: false,
            before: None,
            writers: Writer::all(world),
            writes: !followers.is_empty(),
            followers,
            seen: vec![StationSample::default(); world.stations.len()],
            looks: vec![SampleWindow::default(); world.stations.len()],
            feelings: vec![Feeling::default(); world.people.iter().map(|p| p.uses.len()).sum()],
            events: 0,
            window,
            seam: BTreeMap::new(),
            asking: BTreeMap::new(),
            asked: BTreeMap::new(),
            looked: window.0,
            is_seen: false,
        }
    }
}

/// What a population sends of one of its features: of `(people, index)`, which is the feature `id`.
fn source(world: &World, luck: Luck, timers: &mut Timers, (people, index): (usize, usize), id: FeatureId) -> Source {
    let stream = |name: &str, purpose: &str| Stream::new(luck, name, purpose);
    let population = &world.people[people];
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
    source
}

/// A station without anybody, from a time on.
fn queue(world: &World, luck: Luck, index: usize, station: &Station, pool: u32, since: u64) -> StationQueue {
    let stream = |name: &str, purpose: &str| Stream::new(luck, name, purpose);
    let service = &world.services[station.service.at()];
    StationQueue {
        station: index as u32,
        pool,
        server: NONE,
        dead: false,
        serves: false,
        workers: 0,
        busy: 0,
        waiting: 0,
        inside: 0,
        here_before: 0,
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
            let mut empty = Cache::new(cache.keys, cache.zipf, cache.holds, luck);
            empty.misses = cache.misses;
            Box::new(empty)
        }),
        is_leaf: station.calls.is_empty(),
        counts: StationCounts::default(),
        busy_since: since,
    }
}
