//! The naive engine: a list of what is due, always in order; what is called off is taken out of it.

use super::change::{Change, Map, Now};
use super::client::{Call, Clients};
use super::request::{Request, Step, Visit};
use super::source::Source;
use super::station::{Door, Station};
use firedrill::dist;
use firedrill::rng::{Luck, Stream};
use firedrill::world::{Discipline, Place, Service, SiteId, StationId, Target, World};
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
struct Crowd {
    present: u64,
    target: u64,
    thinks_ns: f64,
    /// Clicks per second of each use.
    clicks: Vec<(usize, f64)>,
    luck: Stream,
}

pub struct Wire {
    pub free_at: u64,
    pub luck: Stream,
}

pub struct Naive<'w> {
    pub world: &'w World,
    pub now: u64,
    changes: Vec<(u64, Change)>,
    holds: Now,
    map: Rc<Map>,
    due: Vec<(u64, Due)>,
    timeouts: Vec<(u64, usize)>,
    pub requests: Vec<Request>,
    calls: Vec<Call>,
    pub sources: Vec<Source>,
    clients: Vec<Clients>,
    pub stations: Vec<Station>,
    crowds: Vec<Crowd>,
    pub wires: Vec<Wire>,
    free_seats: Vec<usize>,
    seats: usize,
    /// Requests that go on as soon as what is happening has happened, and workers who are given back before.
    ready: Vec<usize>,
    given_back: Vec<(StationId, usize)>,
    opened: Vec<usize>,
    pub notes: Vec<Note>,
    pub counts: Vec<Counts>,
}

/// Where a call goes.
pub fn callee(call: &firedrill::world::Call) -> StationId {
    match &call.target {
        Target::Station(station) => *station,
        Target::Active(..) => panic!("no groups here"),
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
            crowds.push(Crowd { present: 0, target: 0, thinks_ns: f64::INFINITY, clicks: Vec::new(), luck });
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

    fn happens(&mut self, due: Due) {
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

    fn take_out(&mut self, what: Due) {
        self.due.retain(|(_, due)| *due != what);
    }

    /// Workers are given back, and requests go on, one after the other.
    fn settle(&mut self) {
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
    fn look_around(&mut self) {
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

    fn is_looked_at(&mut self, id: usize) {
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

    fn next_arrival(&mut self, source: usize) {
        if let Some(at) = self.sources[source].next() {
            self.put(at, Due::Arrives(source));
        }
    }

    fn client_matters(&self, source: usize) -> bool {
        let policy = &self.clients[source].policy;
        self.clients[source].has_calls() || policy.breaker.is_some() || policy.throttle.is_some()
    }

    fn feature(&self, source: usize) -> &'w firedrill::world::Feature {
        let world = self.world;
        let source = &self.sources[source];
        &world.features[world.people[source.people].uses[source.feature].0.at()]
    }

    pub fn site(&self, source: usize) -> SiteId {
        match self.world.people[self.sources[source].people].served_by {
            Place::Site(site) => site,
            Place::Group(_) => panic!("no groups here"),
        }
    }

    /// A user means to send a request.
    fn clicks(&mut self, source: usize) {
        self.counts[source].intended += 1;
        let population = &self.world.people[self.sources[source].people];
        let feature = population.uses[self.sources[source].feature].0.at();
        if self.map.is_hopeless(self.world, self.site(source), feature)
            && !self.sources[source].choices.chance(population.keeps_trying)
        {
            self.counts[source].never_sent += 1;
            self.thinks(source);
            return;
        }
        if self.client_matters(source) && !self.clients[source].sends(self.now) {
            self.counts[source].shed += 1;
            self.thinks(source);
            return;
        }
        if self.clients[source].has_calls() {
            let started = self.now;
            let open = Vec::new();
            self.calls.push(Call {
                of: source,
                started,
                attempts: 1,
                hedges: 0,
                open,
                backing_off: false,
                over: false,
            });
            self.attempts(self.calls.len() - 1);
        } else {
            let request = self.sets_out(source, self.now, None, None, vec![Visit::User(super::request::User::SetsOut)]);
            self.goes_on(request);
        }
    }

    /// Another attempt at a call. If there is no answer for long enough, a hedge follows.
    fn attempts(&mut self, call: usize) {
        let of = self.calls[call].of;
        let visits = vec![Visit::User(super::request::User::SetsOut)];
        let request = self.sets_out(of, self.calls[call].started, Some(call), None, visits);
        self.calls[call].open.push(request);
        self.take_out(Due::Hedges(call));
        if let Some(hedge) = self.clients[of].policy.hedge
            && self.calls[call].hedges < hedge.at_most
        {
            self.put(self.now + hedge.after.0 as u64, Due::Hedges(call));
        }
        self.goes_on(request);
    }

    fn sets_out(
        &mut self,
        of: usize,
        started: u64,
        call: Option<usize>,
        parent: Option<usize>,
        visits: Vec<Visit>,
    ) -> usize {
        let seat = self.free_seats.pop().unwrap_or(self.seats);
        self.seats = self.seats.max(seat + 1);
        let id = self.requests.len();
        let feature = self.feature(of);
        self.requests.push(Request {
            of,
            started,
            came: self.now,
            class: feature.class,
            call,
            parent,
            branches: Vec::new(),
            branch_failed: false,
            seat,
            visits,
            came_to: None,
            queued: false,
            served_until: None,
            orphan: false,
            cancelled: false,
            degraded: false,
            refused: false,
            over: false,
            map: parent.map_or_else(|| Rc::clone(&self.map), |parent| Rc::clone(&self.requests[parent].map)),
        });
        if let (None, Some(timeout_s)) = (parent, feature.timeout_s) {
            let at = self.now + (timeout_s * 1e9) as u64;
            let place = self.timeouts.partition_point(|(other, _)| *other <= at);
            self.timeouts.insert(place, (at, id));
        }
        id
    }

    /// A request goes on until it has to wait for something.
    fn goes_on(&mut self, id: usize) {
        if self.is_called_off(id) {
            self.is_taken_back(id);
            return;
        }
        while self.advances(id) {}
    }

    fn is_called_off(&self, id: usize) -> bool {
        let request = &self.requests[id];
        request.cancelled || request.parent.is_some_and(|parent| self.is_called_off(parent))
    }

    /// Gives back all workers that a request has, innermost first, and forgets it.
    fn is_taken_back(&mut self, id: usize) {
        self.gives_back(id, 0);
        self.ends(id);
        if let Some(parent) = self.requests[id].parent {
            self.branch_is_back(parent, id);
        }
    }

    /// Gives back the workers of all visits but the first so many.
    fn gives_back(&mut self, id: usize, kept: usize) {
        for place in (kept..self.requests[id].visits.len()).rev() {
            if let Visit::Station(visit) = &mut self.requests[id].visits[place]
                && std::mem::take(&mut visit.has_worker)
            {
                self.given_back.push((visit.station, id));
            }
        }
        self.requests[id].visits.truncate(kept);
    }

    fn ends(&mut self, id: usize) {
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

    /// A request has come to its end.
    pub fn is_over(&mut self, id: usize, answered: bool) {
        self.ends(id);
        let request = &self.requests[id];
        if request.orphan {
            return;
        }
        let (of, started, call) = (request.of, request.started, request.call);
        match call {
            Some(call) => self.hears(call, id, answered, false),
            None => {
                self.clients[of].hear(self.now, answered, false);
                self.knows(id, of, started, answered);
            }
        }
    }

    /// A user has an answer, or knows that there is none.
    fn knows(&mut self, id: usize, of: usize, started: u64, answered: bool) {
        let took = self.now - started;
        let slow_over = self.feature(of).slow_over_s.map_or(u64::MAX, |over_s| (over_s * 1e9) as u64);
        let request = &self.requests[id];
        let counts = &mut self.counts[of];
        if answered {
            counts.served += 1;
            counts.degraded += u64::from(request.degraded || took > slow_over);
            let (people, feature) = (self.sources[of].people as u32, self.sources[of].feature as u32);
            self.notes.push(Note::Answered { at: self.now, people, feature, took });
        } else if request.refused {
            counts.shed += 1;
        } else {
            counts.failed += 1;
        }
        self.thinks(of);
    }

    /// A client hears of an attempt.
    fn hears(&mut self, call: usize, id: usize, answered: bool, timed_out: bool) {
        let of = self.calls[call].of;
        self.clients[of].hear(self.now, answered, self.calls[call].attempts > 1);
        self.calls[call].open.retain(|attempt| *attempt != id);
        if answered {
            self.call_is_over(call, id, true);
        } else if self.calls[call].open.is_empty() && !self.calls[call].backing_off {
            self.take_out(Due::Hedges(call));
            match self.clients[of].tries_again(self.calls[call].attempts, timed_out) {
                Some(wait) => {
                    self.calls[call].attempts += 1;
                    self.calls[call].backing_off = true;
                    self.put(self.now + wait, Due::TriesAgain(call));
                }
                None => self.call_is_over(call, id, false),
            }
        }
    }

    fn call_is_over(&mut self, call: usize, id: usize, answered: bool) {
        self.calls[call].over = true;
        self.take_out(Due::Hedges(call));
        self.take_out(Due::TriesAgain(call));
        for other in std::mem::take(&mut self.calls[call].open) {
            self.timeouts.retain(|(_, request)| *request != other);
            self.nobody_waits(other);
        }
        self.knows(id, self.calls[call].of, self.calls[call].started, answered);
    }

    /// Nobody waits for a request any more: it goes on for nothing, or is called off.
    fn nobody_waits(&mut self, id: usize) {
        self.requests[id].orphan = true;
        if self.clients[self.requests[id].of].policy.cancels {
            self.requests[id].cancelled = true;
            self.stops_waiting(id);
        }
    }

    /// A request that was called off waits in no queue, and its branches do not either.
    fn stops_waiting(&mut self, id: usize) {
        if self.requests[id].queued {
            self.leaves_queue(id);
            self.ready.push(id);
        }
        for branch in self.requests[id].branches.clone() {
            self.stops_waiting(branch);
        }
    }

    fn times_out(&mut self, id: usize) {
        let (of, started, call) = (self.requests[id].of, self.requests[id].started, self.requests[id].call);
        if call.is_none() {
            self.clients[of].hear(self.now, false, false);
        }
        self.nobody_waits(id);
        match call {
            Some(call) => self.hears(call, id, false, true),
            None => self.knows(id, of, started, false),
        }
    }

    fn service(&self, station: usize) -> &'w Service {
        let world = self.world;
        &world.services[world.stations[station].service.at()]
    }

    /// A request comes to a station. Says whether it goes on at once: only if it is turned away.
    pub fn comes(&mut self, id: usize, station: usize) -> bool {
        let (now, class) = (self.now, self.requests[id].class);
        let service = self.service(station);
        self.requests[id].came = now;
        match self.stations[station].comes(service, now, class) {
            Door::In => self.begins(id, station),
            Door::Waits => self.waits(id, station),
            Door::Full => match self.stations[station].makes_room(service, class) {
                Some(other) => {
                    self.requests[other].queued = false;
                    self.take_out(Due::GivesUp(other));
                    self.is_refused(other);
                    self.ready.push(other);
                    self.waits(id, station);
                }
                None => {
                    self.is_refused(id);
                    return true;
                }
            },
            Door::Refused => {
                self.is_refused(id);
                return true;
            }
            Door::Down => {
                self.turns_back(id);
                return true;
            }
        }
        false
    }

    fn is_refused(&mut self, id: usize) {
        self.requests[id].refused = true;
        self.turns_back(id);
    }

    fn turns_back(&mut self, id: usize) {
        if let Some(visit) = self.requests[id].here() {
            visit.step = Step::GoesBack(false);
        }
    }

    fn waits(&mut self, id: usize, station: usize) {
        self.requests[id].queued = true;
        let class = self.requests[id].class;
        self.stations[station].waiting.push((id, class));
        let people = self.sources[self.requests[id].of].people;
        if let Some(patience_s) = self.world.people[people].patience_s {
            let patience = patience_s * 1e9 * dist::exponential(&mut self.stations[station].patience);
            self.put(self.now + patience as u64, Due::GivesUp(id));
        }
    }

    fn leaves_queue(&mut self, id: usize) {
        self.requests[id].queued = false;
        self.take_out(Due::GivesUp(id));
        for station in &mut self.stations {
            station.waiting.retain(|(other, _)| *other != id);
        }
    }

    /// A worker begins to serve a request.
    fn begins(&mut self, id: usize, at: usize) {
        let (now, came) = (self.now, self.requests[id].came);
        let station = &mut self.stations[at];
        let mut takes = station.takes.draw_ns(&mut station.luck);
        if station.slower != 1.0 {
            takes = (takes as f64 * station.slower) as u64;
        }
        station.inside.push(id);
        if let Some(visit) = self.requests[id].here() {
            visit.has_worker = true;
        }
        self.notes.push(Note::Begun { at: now, station: at as u32, waited: now - came });
        if self.service(at).discipline == Discipline::ProcessorSharing {
            self.stations[at].pass(now);
            self.stations[at].shares(id, takes);
            self.shares_anew(at);
        } else {
            self.requests[id].served_until = Some(now + takes);
            self.put(now + takes, Due::GoesOn(id));
        }
    }

    fn shares_anew(&mut self, station: usize) {
        self.take_out(Due::SharedDone(station));
        if let Some(at) = self.stations[station].done_at(self.now) {
            self.put(at, Due::SharedDone(station));
        }
    }

    /// The service of a request is over.
    fn is_done(&mut self, id: usize) {
        let (now, came) = (self.now, self.requests[id].came);
        let Some(visit) = self.requests[id].here() else { return };
        visit.step = Step::Served;
        let station = visit.station;
        if self.world.stations[station.at()].calls.is_empty() {
            self.notes.push(Note::Done { at: now, station: station.0, took: now - came });
        }
    }

    /// A request leaves a station, and the next one is served.
    pub fn leaves(&mut self, id: usize) {
        let Some(visit) = self.requests[id].here() else { return };
        visit.has_worker = false;
        let station = visit.station;
        self.gets_worker_back(station, id);
    }

    fn gets_worker_back(&mut self, station: StationId, request: usize) {
        let now = self.now;
        let at = &mut self.stations[station.at()];
        // One who has called the same station again has two workers there, and gives one back.
        if let Some(place) = at.inside.iter().position(|other| *other == request) {
            at.inside.remove(place);
        }
        if at.sharers.iter().any(|sharer| sharer.request == request) {
            at.pass(now);
            at.sharers.retain(|sharer| sharer.request != request);
            self.shares_anew(station.at());
        }
        self.calls_next(station.at());
    }

    /// Those who wait are served while there are workers.
    fn calls_next(&mut self, at: usize) {
        let service = self.service(at);
        while self.stations[at].inside.len() < self.stations[at].workers {
            let Some(id) = self.stations[at].calls(service) else { return };
            self.requests[id].queued = false;
            self.take_out(Due::GivesUp(id));
            let waited = self.now - self.requests[id].came;
            if self.stations[at].drops(service, self.now, waited) {
                self.is_refused(id);
                self.ready.push(id);
            } else {
                self.begins(id, at);
            }
        }
    }

    /// A station stops: whoever is there, or waits for somebody whom it called, is lost to it.
    fn stops(&mut self, station: StationId) {
        let at = station.at();
        self.stations[at].serves = false;
        self.stations[at].workers = 0;
        let mut all: Vec<usize> = (0..self.requests.len()).filter(|id| !self.requests[*id].over).collect();
        all.sort_by_key(|id| self.requests[*id].seat);
        // Who is lost is seen before anybody moves.
        let lost: Vec<(usize, Option<usize>)> =
            all.into_iter().filter_map(|id| self.lost_visit(id, station).map(|place| (id, place))).collect();
        for (id, place) in lost {
            if self.requests[id].queued {
                self.leaves_queue(id);
            }
            self.take_out(Due::GoesOn(id));
            self.requests[id].served_until = None;
            self.requests[id].branches.clear();
            self.requests[id].branch_failed = false;
            self.gives_back(id, place.map_or(0, |place| place + 1));
            let Some(visit) = self.requests[id].here() else {
                // A branch of something that is lost as a whole.
                self.ends(id);
                continue;
            };
            visit.has_worker = false;
            visit.step = Step::GoesBack(false);
            self.requests[id].came_to = None;
            self.ready.push(id);
        }
        self.given_back.retain(|(of, _)| *of != station);
        self.stations[at].empties();
        self.take_out(Due::SharedDone(at));
    }

    /// The outermost visit of a request to a station, where it waits or has a worker: its place, or none if the request is a
    /// branch and it is a visit of what it is a branch of.
    fn lost_visit(&self, id: usize, station: StationId) -> Option<Option<usize>> {
        let request = &self.requests[id];
        if request.parent.is_some_and(|parent| self.lost_visit(parent, station).is_some()) {
            return Some(None);
        }
        request.visits.iter().position(|visit| request.is_there(visit) == Some(station)).map(Some)
    }

    /// So many users are there who wait for answers.
    fn gathers(&mut self, people: usize) {
        let (users, _) = self.holds.users(self.world, people, self.now);
        let crowd = &mut self.crowds[people];
        let clicks_per_s = crowd.clicks.iter().fold(0.0, |sum, (_, rate)| sum + rate);
        crowd.target = (users + 0.5) as u64;
        crowd.thinks_ns = if clicks_per_s > 0.0 { users / clicks_per_s * 1e9 } else { f64::INFINITY };
        while self.crowds[people].thinks_ns.is_finite() && self.crowds[people].present < self.crowds[people].target {
            self.crowds[people].present += 1;
            self.thinks_of(people);
        }
    }

    fn thinks_of(&mut self, people: usize) {
        let crowd = &mut self.crowds[people];
        let thought = (crowd.thinks_ns * dist::exponential(&mut crowd.luck)) as u64;
        self.put(self.now.saturating_add(thought), Due::HasThought(people));
    }

    /// A user who waits for answers has one, or none.
    fn thinks(&mut self, source: usize) {
        let people = self.sources[source].people;
        if !self.world.people[people].waits {
            return;
        }
        if self.crowds[people].present > self.crowds[people].target {
            self.crowds[people].present -= 1;
        } else {
            self.thinks_of(people);
        }
    }

    fn has_thought(&mut self, people: usize) {
        let crowd = &mut self.crowds[people];
        if crowd.present > crowd.target {
            crowd.present -= 1;
            return;
        }
        let all = crowd.clicks.iter().fold(0.0, |sum, (_, rate)| sum + rate);
        let drawn = crowd.luck.uniform() * all;
        let mut up_to = 0.0;
        for (source, rate) in crowd.clicks.clone() {
            up_to += rate;
            if drawn < up_to {
                self.clicks(source);
                return;
            }
        }
    }

    /// Requests of users that are still under way.
    pub fn under_way(&self, source: usize) -> u64 {
        let calls = self.calls.iter().filter(|call| call.of == source && !call.over).count();
        let alone = |request: &&Request| request.call.is_none() && !request.over && !request.orphan;
        let alone = self.requests.iter().filter(|request| request.of == source).filter(alone).count();
        (calls + alone) as u64
    }
}

impl Naive<'_> {
    /// Every worker who is busy is held by one request that is under way, and nobody else waits or is served.
    pub fn check_workers(&self) -> Result<(), String> {
        for (at, station) in self.stations.iter().enumerate() {
            let has_worker =
                |visit: &&Visit| matches!(visit, Visit::Station(visit) if visit.has_worker && visit.station.at() == at);
            let held: usize =
                self.requests.iter().filter(|r| !r.over).map(|r| r.visits.iter().filter(has_worker).count()).sum();
            let queued =
                station.waiting.iter().filter(|(id, _)| self.requests[*id].queued && !self.requests[*id].over).count();
            if held != station.inside.len() || queued != station.waiting.len() {
                return Err(format!(
                    "station {at}: {held} of {} workers, {queued} of {} places",
                    station.inside.len(),
                    station.waiting.len()
                ));
            }
        }
        Ok(())
    }
}
