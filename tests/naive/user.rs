//! Users and their clients: what is sent, what comes of it, and what is sent again.

use super::client::Call;
use super::engine::{Due, Naive, Note};
use super::request::{Request, User, Visit};
use firedrill::dist;
use std::rc::Rc;

impl Naive<'_> {
    /// A user means to send a request.
    pub fn clicks(&mut self, source: usize) {
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
            let request = self.sets_out(source, self.now, None, None, vec![Visit::User(User::SetsOut)]);
            self.goes_on(request);
        }
    }

    /// Another attempt at a call. If there is no answer for long enough, a hedge follows.
    pub fn attempts(&mut self, call: usize) {
        let of = self.calls[call].of;
        let visits = vec![Visit::User(User::SetsOut)];
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

    pub fn sets_out(
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
    pub fn knows(&mut self, id: usize, of: usize, started: u64, answered: bool) {
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
    pub fn hears(&mut self, call: usize, id: usize, answered: bool, timed_out: bool) {
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

    pub fn call_is_over(&mut self, call: usize, id: usize, answered: bool) {
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
    pub fn nobody_waits(&mut self, id: usize) {
        self.requests[id].orphan = true;
        if self.clients[self.requests[id].of].policy.cancels {
            self.requests[id].cancelled = true;
            self.stops_waiting(id);
        }
    }

    /// A request that was called off waits in no queue, and its branches do not either.
    pub fn stops_waiting(&mut self, id: usize) {
        if self.requests[id].queued {
            self.leaves_queue(id);
            self.ready.push(id);
        }
        for branch in self.requests[id].branches.clone() {
            self.stops_waiting(branch);
        }
    }

    pub fn times_out(&mut self, id: usize) {
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

    /// So many users are there who wait for answers.
    pub fn gathers(&mut self, people: usize) {
        let (users, _) = self.holds.users(self.world, people, self.now);
        let crowd = &mut self.crowds[people];
        let clicks_per_s = crowd.clicks.iter().fold(0.0, |sum, (_, rate)| sum + rate);
        crowd.target = (users + 0.5) as u64;
        crowd.thinks_ns = if clicks_per_s > 0.0 { users / clicks_per_s * 1e9 } else { f64::INFINITY };
        if crowd.target < crowd.present - crowd.leaving {
            self.leave(people);
            return;
        }
        while self.crowds[people].present - self.crowds[people].leaving < self.crowds[people].target {
            let crowd = &mut self.crowds[people];
            if crowd.leaving > 0 {
                crowd.leaving -= 1;
                continue;
            }
            if !crowd.thinks_ns.is_finite() {
                return;
            }
            crowd.present += 1;
            crowd.thinking += 1;
            if crowd.void > 0 {
                crowd.void -= 1;
            } else {
                self.thinks_of(people);
            }
        }
    }

    /// Some of all leave: who thinks at once, who waits with the answer.
    fn leave(&mut self, people: usize) {
        let crowd = &mut self.crowds[people];
        let there = crowd.present - crowd.leaving;
        let fewer = there - crowd.target;
        let mean = fewer as f64 * crowd.thinking as f64 / there as f64;
        let mut of_thinking = mean.floor() as u64;
        if mean > mean.floor() && crowd.luck.chance(mean - mean.floor()) {
            of_thinking += 1;
        }
        while of_thinking + (there - crowd.thinking) < fewer {
            of_thinking += 1;
        }
        crowd.thinking -= of_thinking;
        crowd.present -= of_thinking;
        crowd.void += of_thinking;
        crowd.leaving += fewer - of_thinking;
        crowd.out_of = crowd.present - crowd.thinking;
    }

    pub fn thinks_of(&mut self, people: usize) {
        let crowd = &mut self.crowds[people];
        let thought = (crowd.thinks_ns * dist::exponential(&mut crowd.luck)) as u64;
        self.put(self.now.saturating_add(thought), Due::HasThought(people));
    }

    /// A user who waits for answers has one, or none.
    pub fn thinks(&mut self, source: usize) {
        let people = self.sources[source].people;
        if !self.world.people[people].waits {
            return;
        }
        let crowd = &mut self.crowds[people];
        if crowd.leaving > 0 {
            let all = crowd.leaving >= crowd.out_of;
            let leaves = all || crowd.luck.chance(crowd.leaving as f64 / crowd.out_of as f64);
            crowd.out_of = crowd.out_of.saturating_sub(1);
            if leaves {
                crowd.leaving -= 1;
                crowd.present -= 1;
                return;
            }
        }
        crowd.thinking += 1;
        self.thinks_of(people);
    }

    pub fn has_thought(&mut self, people: usize) {
        let crowd = &mut self.crowds[people];
        if crowd.void > 0 && crowd.luck.chance(crowd.void as f64 / (crowd.void + crowd.thinking) as f64) {
            crowd.void -= 1;
            return;
        }
        crowd.thinking -= 1;
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
