//! The naive engine: a list of what is due, always in order; what is called off is taken out of it.

use super::change::{Change, Map, Now};
use super::client::{Call, Clients};
use super::request::{Request, Visit};
use super::source::Source;
use super::station::Station;
use firedrill::rng::{Luck, Stream};
use firedrill::world::{Callee, Discipline, Place, SiteId, StationId, World};
use std::rc::Rc;

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Due {
    /// A request goes on.
    GoesOn(usize),
    Arrives(usize),
    GivesUp(usize),
    /// The first of those who share a station is done.
    SharedDone(usize),
    TriesAgain(usize),
    Hedges(usize),
    HasThought(usize),
}

/// What can be seen of a run, in order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Note {
    Answered { at: u64, people: u32, feature: u32, took: u64 },
    Begun { at: u64, station: u32, waited: u64 },
    Done { at: u64, station: u32, took: u64 },
}

/// What became of the requests of a use.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Counts {
    pub intended: u64,
    pub served: u64,
    pub degraded: u64,
    pub failed: u64,
    pub shed: u64,
    pub never_sent: u64,
}

/// Users who wait for answers.
pub struct Crowd {
    pub present: u64,
    pub target: u64,
    pub thinking: u64,
    /// Clicks that are due of those who have left, and who leaves with an answer, out of how many.
    pub void: u64,
    pub leaving: u64,
    pub out_of: u64,
    pub thinks_ns: f64,
    /// Clicks per second of each use.
    pub clicks: Vec<(usize, f64)>,
    pub luck: Stream,
}

pub struct Wire {
    pub free_at: u64,
    pub luck: Stream,
}

pub struct Naive<'w> {
    pub world: &'w World,
    pub now: u64,
    pub changes: Vec<(u64, Change)>,
    pub holds: Now,
    pub map: Rc<Map>,
    pub due: Vec<(u64, Due)>,
    pub timeouts: Vec<(u64, usize)>,
    pub requests: Vec<Request>,
    pub calls: Vec<Call>,
    pub sources: Vec<Source>,
    pub clients: Vec<Clients>,
    pub stations: Vec<Station>,
    pub crowds: Vec<Crowd>,
    pub wires: Vec<Wire>,
    pub free_seats: Vec<usize>,
    pub seats: usize,
    /// Requests that go on as soon as what is happening has happened, and workers who are given back before.
    pub ready: Vec<usize>,
    pub given_back: Vec<(StationId, usize)>,
    pub opened: Vec<usize>,
    pub notes: Vec<Note>,
    pub counts: Vec<Counts>,
}

/// Where a call goes.
pub fn callee(call: &firedrill::world::Call) -> StationId {
    match &call.callee {
        Callee::Station(station) => *station,
        Callee::Active(..) => panic!("no groups here"),
    }
}

impl<'w> Naive<'w> {
    pub fn new(world: &'w World, luck: Luck) -> Naive<'w> {
        let stream = |name: &str, purpose: &str| Stream::new(luck, name, purpose);
        let (mut sources, mut clients, mut crowds) = (Vec::new(), Vec::new(), Vec::new());
        for (people, population) in world.people.iter().enumerate() {
            for (index, (id, _)) in population.uses.iter().enumerate() {
                let feature = &world.features[id.at()];
                let name = format!("{}: {}", population.name, feature.name);
                let smooth = population.arrival_scv == 0.0;
                sources.push(Source::new(people, index, stream(&name, "arrivals"), stream(&name, "choices"), smooth));
                clients.push(Clients::new(&feature.client, stream(&name, "client")));
            }
            let luck = stream(&population.name, "thinks");
            crowds.push(Crowd {
                present: 0,
                target: 0,
                thinking: 0,
                void: 0,
                leaving: 0,
                out_of: 0,
                thinks_ns: f64::INFINITY,
                clicks: Vec::new(),
                luck,
            });
        }
        let station = |station: &firedrill::world::Station| {
            let service = &world.services[station.service.at()];
            Station::new(service, stream(&station.name, "service takes"), stream(&station.name, "patience"))
        };
        let wire = |link: &firedrill::world::Link| Wire { free_at: 0, luck: stream(&link.name, "jitter") };
        let holds = Now::new(world);
        Naive {
            world,
            now: 0,
            changes: Now::all(world),
            map: Rc::new(holds.map(world)),
            holds,
            due: Vec::new(),
            timeouts: Vec::new(),
            requests: Vec::new(),
            calls: Vec::new(),
            counts: vec![Counts::default(); sources.len()],
            sources,
            clients,
            stations: world.stations.iter().map(station).collect(),
            crowds,
            wires: world.links.iter().map(wire).collect(),
            free_seats: Vec::new(),
            seats: 0,
            ready: Vec::new(),
            given_back: Vec::new(),
            opened: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Runs to the end.
    pub fn run(&mut self) {
        let end = self.world.horizon.0 as u64;
        self.look_around();
        loop {
            while !self.opened.is_empty() {
                let station = self.opened.remove(0);
                self.calls_next(station);
            }
            self.settle();
            let change = self.changes.first().map_or(u64::MAX, |(at, _)| *at);
            let due = self.due.first().map_or(u64::MAX, |(at, _)| *at);
            let timeout = self.timeouts.first().map_or(u64::MAX, |(at, _)| *at);
            let next = change.min(due).min(timeout);
            if next >= end {
                self.now = end;
                return;
            }
            self.now = next;
            // The world changes before anything that is due then; answers come before timeouts.
            if change == next {
                let (_, change) = self.changes.remove(0);
                for station in self.holds.make(self.world, change) {
                    self.stops(station);
                }
                if self.changes.first().is_none_or(|(at, _)| *at > next) {
                    self.look_around();
                }
            } else if due == next {
                let (_, due) = self.due.remove(0);
                self.happens(due);
            } else {
                let (_, request) = self.timeouts.remove(0);
                self.times_out(request);
            }
        }
    }

    pub fn happens(&mut self, due: Due) {
        match due {
            Due::GoesOn(request) => {
                if self.requests[request].served_until.take().is_some() {
                    self.is_done(request);
                }
                self.goes_on(request);
            }
            Due::Arrives(source) => {
                self.sources[source].came(self.now);
                self.next_arrival(source);
                self.clicks(source);
            }
            Due::GivesUp(request) => {
                self.leaves_queue(request);
                self.is_refused(request);
                self.goes_on(request);
            }
            Due::SharedDone(station) => {
                let now = self.now;
                self.stations[station].pass(now);
                if let Some(request) = self.stations[station].takes_done() {
                    self.shares_anew(station);
                    self.is_done(request);
                    self.goes_on(request);
                }
            }
            Due::TriesAgain(call) => {
                self.calls[call].backing_off = false;
                self.attempts(call);
            }
            Due::Hedges(call) => {
                self.calls[call].hedges += 1;
                self.attempts(call);
            }
            Due::HasThought(people) => self.has_thought(people),
        }
    }

    pub fn put(&mut self, at: u64, due: Due) {
        let place = self.due.partition_point(|(other, _)| *other <= at);
        self.due.insert(place, (at, due));
    }

    pub fn take_out(&mut self, what: Due) {
        self.due.retain(|(_, due)| *due != what);
    }

    /// Workers are given back, and requests go on, one after the other.
    pub fn settle(&mut self) {
        loop {
            if !self.given_back.is_empty() {
                let (station, request) = self.given_back.remove(0);
                self.gets_worker_back(station, request);
            } else if !self.ready.is_empty() {
                let request = self.ready.remove(0);
                self.goes_on(request);
            } else {
                return;
            }
        }
    }

    /// Everybody goes by what holds now.
    pub fn look_around(&mut self) {
        self.map = Rc::new(self.holds.map(self.world));
        for source in 0..self.sources.len() {
            let (people, feature) = (self.sources[source].people, self.sources[source].feature);
            let (rate, slope) = self.holds.rate(self.world, people, feature, self.now);
            if self.world.people[people].waits {
                self.crowds[people].clicks.retain(|(of, _)| *of != source);
                self.crowds[people].clicks.push((source, rate));
                if feature + 1 == self.world.people[people].uses.len() {
                    self.gathers(people);
                }
            } else if self.sources[source].turns(self.now, rate, slope) {
                self.take_out(Due::Arrives(source));
                self.next_arrival(source);
            }
        }
        for station in 0..self.stations.len() {
            self.is_looked_at(station);
        }
    }

    pub fn is_looked_at(&mut self, id: usize) {
        let now = self.now;
        let slower = self.holds.slower(id);
        let of = &self.world.stations[id];
        let service = &self.world.services[of.service.at()];
        let station = &mut self.stations[id];
        let factor = slower / station.slower;
        station.slower = slower;
        if (factor - 1.0).abs() > 0.2 && service.discipline != Discipline::ProcessorSharing {
            let mut served: Vec<usize> = (0..self.requests.len())
                .filter(|r| self.requests[*r].served_until.is_some())
                .filter(|r| matches!(self.requests[*r].visits.last(), Some(Visit::Station(visit)) if visit.station.at() == id))
                .collect();
            served.sort_by_key(|request| self.requests[*request].seat);
            for request in served {
                let until = self.requests[request].served_until.unwrap_or(now);
                let until = now + ((until - now) as f64 * factor) as u64;
                self.requests[request].served_until = Some(until);
                self.take_out(Due::GoesOn(request));
                self.put(until, Due::GoesOn(request));
            }
        }
        let station = &mut self.stations[id];
        station.serves = self.map.serves[id];
        let workers = if station.serves { of.servers as usize * of.workers as usize } else { 0 };
        if workers != station.workers {
            station.pass(now);
            if workers > station.workers {
                self.opened.push(id);
            }
            station.workers = workers;
            if service.discipline == Discipline::ProcessorSharing {
                self.shares_anew(id);
            }
        }
    }

    pub fn next_arrival(&mut self, source: usize) {
        if let Some(at) = self.sources[source].next() {
            self.put(at, Due::Arrives(source));
        }
    }

    pub fn client_matters(&self, source: usize) -> bool {
        let policy = &self.clients[source].policy;
        self.clients[source].has_calls() || policy.breaker.is_some() || policy.throttle.is_some()
    }

    pub fn feature(&self, source: usize) -> &'w firedrill::world::Feature {
        let world = self.world;
        let source = &self.sources[source];
        &world.features[world.people[source.people].uses[source.feature].0.at()]
    }

    pub fn site(&self, source: usize) -> SiteId {
        match self.world.people[self.sources[source].people].served_by {
            Place::Site(site) => site,
            Place::Group(_) | Place::Spread(_) => panic!("one site here"),
        }
    }

    /// A request goes on until it has to wait for something.
    pub fn goes_on(&mut self, id: usize) {
        if self.is_called_off(id) {
            self.is_taken_back(id);
            return;
        }
        while self.advances(id) {}
    }

    pub fn is_called_off(&self, id: usize) -> bool {
        let request = &self.requests[id];
        request.cancelled || request.parent.is_some_and(|parent| self.is_called_off(parent))
    }

    /// Gives back all workers that a request has, innermost first, and forgets it.
    pub fn is_taken_back(&mut self, id: usize) {
        self.gives_back(id, 0);
        self.ends(id);
        if let Some(parent) = self.requests[id].parent {
            self.branch_is_back(parent, id);
        }
    }

    /// Gives back the workers of all visits but the first so many.
    pub fn gives_back(&mut self, id: usize, kept: usize) {
        for place in (kept..self.requests[id].visits.len()).rev() {
            if let Visit::Station(visit) = &mut self.requests[id].visits[place]
                && std::mem::take(&mut visit.has_worker)
            {
                self.given_back.push((visit.station, id));
            }
        }
        self.requests[id].visits.truncate(kept);
    }

    pub fn ends(&mut self, id: usize) {
        self.requests[id].over = true;
        self.free_seats.push(self.requests[id].seat);
        self.timeouts.retain(|(_, request)| *request != id);
    }

    pub fn branch_is_back(&mut self, parent: usize, branch: usize) {
        self.requests[parent].branches.retain(|other| *other != branch);
        if self.requests[parent].branches.is_empty() {
            let failed = std::mem::take(&mut self.requests[parent].branch_failed);
            self.requests[parent].came_to = Some(!failed);
            self.ready.push(parent);
        }
    }

    /// A branch has come to its end.
    pub fn joins(&mut self, id: usize, well: bool) {
        self.ends(id);
        let (degraded, refused) = (self.requests[id].degraded, self.requests[id].refused);
        if let Some(parent) = self.requests[id].parent {
            self.requests[parent].degraded |= degraded;
            self.requests[parent].refused |= refused;
            self.requests[parent].branch_failed |= !well;
            self.branch_is_back(parent, id);
        }
    }

    /// A request sends branches out.
    pub fn branches(&mut self, id: usize, calls: Vec<firedrill::world::Call>, from: SiteId) {
        let (of, started) = (self.requests[id].of, self.requests[id].started);
        for call in calls {
            let visits = vec![Visit::Branch, Visit::Asks { call, from, made: 0.0 }];
            let branch = self.sets_out(of, started, None, Some(id), visits);
            self.requests[branch].orphan = true;
            self.requests[id].branches.push(branch);
            self.ready.push(branch);
        }
    }
}
