//! What requests do at stations.

use super::engine::{Due, Naive, Note};
use super::request::{Step, Visit};
use super::station::Door;
use firedrill::dist;
use firedrill::world::{Discipline, Service, StationId};

impl<'w> Naive<'w> {
    pub fn service(&self, station: usize) -> &'w Service {
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

    pub fn is_refused(&mut self, id: usize) {
        self.requests[id].refused = true;
        self.turns_back(id);
    }

    pub fn turns_back(&mut self, id: usize) {
        if let Some(visit) = self.requests[id].here() {
            visit.step = Step::GoesBack(false);
        }
    }

    pub fn waits(&mut self, id: usize, station: usize) {
        self.requests[id].queued = true;
        let class = self.requests[id].class;
        self.stations[station].waiting.push((id, class));
        let people = self.sources[self.requests[id].of].people;
        if let Some(patience_s) = self.world.people[people].patience_s {
            let patience = patience_s * 1e9 * dist::exponential(&mut self.stations[station].patience);
            self.put(self.now + patience as u64, Due::GivesUp(id));
        }
    }

    pub fn leaves_queue(&mut self, id: usize) {
        self.requests[id].queued = false;
        self.take_out(Due::GivesUp(id));
        for station in &mut self.stations {
            station.waiting.retain(|(other, _)| *other != id);
        }
    }

    /// A worker begins to serve a request.
    pub fn begins(&mut self, id: usize, at: usize) {
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

    pub fn shares_anew(&mut self, station: usize) {
        self.take_out(Due::SharedDone(station));
        if let Some(at) = self.stations[station].done_at(self.now) {
            self.put(at, Due::SharedDone(station));
        }
    }

    /// The service of a request is over.
    pub fn is_done(&mut self, id: usize) {
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

    pub fn gets_worker_back(&mut self, station: StationId, request: usize) {
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
    pub fn calls_next(&mut self, at: usize) {
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
    pub fn stops(&mut self, station: StationId) {
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
    pub fn lost_visit(&self, id: usize, station: StationId) -> Option<Option<usize>> {
        let request = &self.requests[id];
        if request.parent.is_some_and(|parent| self.lost_visit(parent, station).is_some()) {
            return Some(None);
        }
        request.visits.iter().position(|visit| request.is_there(visit) == Some(station)).map(Some)
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
