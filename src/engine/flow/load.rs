//! Load: what every station gets, how long it holds its workers, and how its queue moves.

use super::approximations::{
    FELT_WAIT, SMALL_ROOM_S, departures_scv, digits, is_at_ease, rounded, settled_rate, three_digits,
};
use super::easing::Easing;
use super::going_on::GoOn;
use super::holding::{Held, Hold};
use crate::engine::core::Engine;
use crate::engine::state::flow::{AtStation, CLASSES, Open, Regime};
use crate::queueing::{FiniteSource, MultiServerQueue, Residual, Wait};
use crate::world::{Effect, ServiceId, StationId};
use std::sync::Arc;

/// Where others ask for nearly all that there is, those who wait for answers are like anybody else.
const NEARLY: f64 = 0.999;
/// Rounds of finding who is overloaded by whom.
const ROUNDS_MAX: usize = 40;
/// The same where failures are retried, or users wait for answers.
const ROUNDS_MAX_WITH_FEEDBACK: usize = 160;
/// What has come so near to rest is there: at once, and where it takes long.
const AGREES: [f64; 2] = [1e-12, 1e-7];
const TAKES_LONG: usize = 100;

/// Rounds at least where queues are on their way to where they settle.
const ROUNDS_AGAIN: usize = 8;

/// As good as what a station can do; and where those who wait ask for just that, which is looked for.
const BEYOND: f64 = 1e-9;
const BEYOND_BOUNDED: f64 = 0.02;

/// Rounds of finding who is too late because of those who try again.
const ROUNDS_LATE_MAX: usize = 40;

impl Engine<'_> {
    /// What every station gets, how long it holds a worker, and how its queue moves. Who turns requests away changes what
    /// the next gets, and who waits for an overloaded callee holds its workers longer: rounds until that agrees.
    pub(super) fn load_stations(&self, open: &mut Open, half_s: &[f64]) {
        let world = self.world;
        let mut stations = std::mem::take(&mut open.stations);
        let ids = (0..world.stations.len()).map(StationId::new);
        stations.extend(ids.map(|id| AtStation::new(self.slower(id) * self.slower_together(id))));
        for (at, flow) in stations.iter_mut().zip(&self.state.flow.stations) {
            at.storm = flow.storm;
        }
        let rooms = self.rooms();
        let mut holds = self.callees_that_hold();
        self.who_waits_in_lines(open);
        // Callees before callers: how long all hold their workers while nobody waits.
        for id in world.station_order.iter().rev() {
            self.work(*id, &mut stations, &rooms, &mut holds, half_s[id.at()]);
        }
        self.agree(open, &mut stations, &rooms, &mut holds, half_s, 0);
        if self.hold_as_long_as_queues_are(&stations, &mut holds) {
            // What stations gave on before is not what they give on now: that has to get through all of them.
            self.agree(open, &mut stations, &rooms, &mut holds, half_s, ROUNDS_AGAIN);
        }
        for _ in 0..ROUNDS_LATE_MAX {
            if !self.look_who_is_late(open, &mut stations) {
                break;
            }
            self.agree(open, &mut stations, &rooms, &mut holds, half_s, ROUNDS_AGAIN);
        }
        open.stations = stations;
    }

    /// Rounds until everything agrees.
    fn agree(
        &self,
        open: &mut Open,
        stations: &mut [AtStation],
        rooms: &[Option<u64>],
        holds: &mut [Option<Hold>],
        half_s: &[f64],
        at_least: usize,
    ) {
        let world = self.world;
        let feedback = world.has_call_clients
            || world.people.iter().any(|p| p.waits)
            || world.features.iter().any(|f| f.retries.is_some());
        let rounds = if feedback { ROUNDS_MAX_WITH_FEEDBACK } else { ROUNDS_MAX };
        let mut easing = Easing::new();
        for round in 0..rounds {
            let mut moved = 0.0f64;
            easing.begin(open, stations);
            if feedback && round > 0 {
                moved = self.feel_back(open, stations);
                easing.send(open);
            }
            self.enter(open, stations);
            for id in &world.station_order {
                moved = moved.max(easing.come(id.at(), &mut stations[id.at()]));
                self.pass_on(*id, stations);
            }
            for id in world.station_order.iter().rev() {
                let (block, out) = (stations[id.at()].block, stations[id.at()].out.0);
                moved = moved.max(self.work(*id, stations, rooms, holds, half_s[id.at()]));
                let at = &mut stations[id.at()];
                if round > 4 {
                    at.block = (at.block + block) / 2.0;
                }
                moved = moved.max((at.block - block).abs()).max((at.out.0 - out).abs() / (1.0 + out.abs()));
            }
            let is_quiet = |at: &AtStation| at.block == 0.0 && at.regime == Regime::Rest && !at.holds_up;
            let agrees = if round == 0 {
                stations.iter().all(is_quiet) && !feedback
            } else {
                moved <= AGREES[usize::from(feedback && round >= TAKES_LONG)]
            };
            if agrees && round >= at_least {
                break;
            }
            easing.end(round, moved);
        }
        self.keep_within_capacity(open, stations, half_s);
    }

    /// Nobody does more than he can, also where load and what follows from it do not agree: what does not fit is turned away or given up
    /// where anybody does that, and waits in a line where nobody does.
    fn keep_within_capacity(&self, open: &Open, stations: &mut [AtStation], half_s: &[f64]) {
        let beyond = |at: &AtStation, half_s: f64| {
            // Those who wait send no more because there are more of them.
            let (middle, beyond) = match at.bounded {
                true => (at.inflow, BEYOND_BOUNDED),
                false => (at.inflow + at.slope * at.half_span_s(half_s), BEYOND),
            };
            let most = at.capacity * (1.0 + beyond);
            at.regime != Regime::Moving && at.capacity > 0.0 && middle * (1.0 - at.block) > most
        };
        if !stations.iter().zip(half_s).any(|(at, half_s)| beyond(at, *half_s)) {
            return;
        }
        self.enter(open, stations);
        for id in &self.world.station_order {
            let at = &mut stations[id.at()];
            if beyond(at, half_s[id.at()]) {
                self.take_no_more(*id, at, half_s[id.at()]);
            }
            self.pass_on(*id, stations);
        }
    }

    fn take_no_more(&self, id: StationId, at: &mut AtStation, half_s: f64) {
        let flow = &self.state.flow.stations[id.at()];
        if at.impatience_sum > 0.0 || flow.fluid.limit.is_some() || at.block > 0.0 {
            let more = 1.0 - at.capacity / (at.inflow + at.slope * at.half_span_s(half_s)) - at.block;
            at.block += more;
            at.class_block.iter_mut().for_each(|block| *block = (*block + more).min(1.0));
            at.given_up += if at.impatience_sum > 0.0 { more } else { 0.0 };
            return;
        }
        at.regime = Regime::Moving;
        (at.holds_up, at.bounded, at.at_ease) = (false, false, false);
        at.wait_mean_s = flow.front_s(self.now.seconds());
        at.wait = Wait::Fixed(at.wait_mean_s);
    }

    /// Requests enter; of those whose path is dead only who keep trying.
    fn enter(&self, open: &Open, stations: &mut [AtStation]) {
        for at in stations.iter_mut() {
            at.inflow = 0.0;
            at.slope = 0.0;
            at.scv_sum = 0.0;
            at.classes = [0.0; CLASSES];
            at.impatience_sum = 0.0;
            at.gives_way = 0.0;
        }
        for (i, path) in self.state.flow.paths.iter().enumerate() {
            let (rate, slope) = open.rates[i];
            let population = &self.world.people[path.people];
            let class = self.world.features[population.uses[path.feature].0.at()].class;
            let through = if path.dead.is_some() { population.keeps_trying } else { open.through_links[i] };
            let sent = open.sent[i] * open.let_in[i] * open.pace[i] * through;
            let delayed_retries = open.delayed_retries[i].iter().sum::<f64>() * open.let_in[i] * through;
            let feature = &self.world.features[population.uses[path.feature].0.at()];
            let (calls, mut made, mut behind) = (&feature.calls[path.site.at()], 0, GoOn::of(path.begins));
            for ((station, times), call) in path.entry.iter().zip(&path.entered_by) {
                let mut times = times * self.visits_by(path, *call, stations);
                if !feature.at_once {
                    let nth = *call as usize;
                    for before in &calls[made..nth] {
                        behind = behind.and(self.get_past_in_person(before, path, class, stations));
                    }
                    made = nth;
                    times *= self.made(&calls[nth], path.site, Some(class), stations);
                }
                let at = &mut stations[station.at()];
                let entering =
                    (rate * sent * open.attempts[i] + delayed_retries) * times * behind.share + behind.drains * times;
                at.inflow += entering;
                at.slope += slope * sent * open.attempts[i] * times * behind.slope;
                at.scv_sum += entering * population.arrival_scv;
                at.classes[class] += entering;
                at.impatience_sum += population.patience_s.map_or(0.0, |patience_s| entering / patience_s);
            }
        }
    }

    /// The most requests that can be at each station at once, where all who call it hold a worker of their own meanwhile, or keep one
    /// waiting further up.
    fn rooms(&self) -> Vec<Option<u64>> {
        let world = self.world;
        let mut rooms = vec![Some(0_u64); world.stations.len()];
        for path in &self.state.flow.paths {
            path.entry.iter().for_each(|(id, _)| rooms[id.at()] = None);
        }
        for id in &world.station_order {
            let station = &world.stations[id.at()];
            let holds = world.services[station.service.at()].holds;
            let under_way = if holds { Some(self.state.flow.stations[id.at()].workers) } else { rooms[id.at()] };
            for callee in station.calls.iter().filter_map(|call| self.callee(call)) {
                let room = &mut rooms[callee.at()];
                *room = room.zip(under_way).map(|(n, more)| n.saturating_add(more));
            }
        }
        rooms
    }

    /// What a station gives to the stations that it calls.
    fn pass_on(&self, id: StationId, stations: &mut [AtStation]) {
        let at = &stations[id.at()];
        let out = match at.regime {
            Regime::Rest => (at.inflow * (1.0 - at.block), at.slope * (1.0 - at.block)),
            Regime::Moving | Regime::Full => (at.capacity, 0.0),
        };
        let per = if at.inflow > 0.0 { 1.0 / at.inflow } else { 0.0 };
        let scv = departures_scv(at, self.state.flow.stations[id.at()].workers);
        let impatience = at.impatience_sum * per;
        // Each second more in front of a callee keeps a worker as much longer: here, or where the answer is waited for.
        let holds = self.world.services[self.world.stations[id.at()].service.at()].holds;
        let gives_way = match holds {
            true if at.held_s > 0.0 => out.0 / at.held_s,
            true => 0.0,
            false => at.gives_way,
        };
        // Of each class what it was not turned away; where the queue moves, all classes alike.
        let served = |class: usize| match at.regime {
            Regime::Rest => at.classes[class] * (1.0 - at.class_block[class]),
            Regime::Moving | Regime::Full => at.classes[class] * per * out.0,
        };
        let classes: [f64; CLASSES] = std::array::from_fn(served);
        stations[id.at()].out = out;
        let station = &self.world.stations[id.at()];
        let service = &self.world.services[station.service.at()];
        let mut behind = GoOn::ALL;
        for call in &station.calls {
            if let Some((callee, _)) = self.answers(call, station.site) {
                let mut times =
                    call.times * self.kept_calls(call) * self.visits_of(call, station.site, stations) * self.missed(id);
                if !service.at_once {
                    times *= self.made(call, station.site, None, stations);
                }
                let slope = times * behind.slope;
                times *= behind.share;
                let next = &mut stations[callee.at()];
                next.inflow += out.0 * times;
                next.slope += out.1 * slope;
                next.gives_way += gives_way * times * times;
                // Of a part of them that is taken at random, the gaps are a random number of gaps long.
                let part = times.min(1.0);
                next.scv_sum += out.0 * times * (part * scv + 1.0 - part);
                next.impatience_sum += out.0 * times * impatience;
                next.classes.iter_mut().zip(classes).for_each(|(sum, class)| *sum += class * times);
            }
            if !service.at_once {
                behind = behind.and(self.get_past(call, station.site, (None, service.holds), stations));
            }
        }
    }

    /// How long a station holds its workers, and how its queue moves; says how much what it does to its callers has moved.
    fn work(
        &self,
        id: StationId,
        stations: &mut [AtStation],
        rooms: &[Option<u64>],
        holds: &mut [Option<Hold>],
        half_s: f64,
    ) -> f64 {
        let mut hold = holds[id.at()].take();
        let moved = self.wait_here(id, stations, rooms, hold.as_mut(), half_s);
        let at = &mut stations[id.at()];
        at.settles_s = hold.and_then(|hold| hold.settles_s);
        at.keeps_s = match hold {
            Some(hold) if at.queues() || at.holds_up => hold.wait_s,
            _ => at.wait_mean_s,
        };
        holds[id.at()] = hold;
        self.calls_come_to(id, stations);
        moved.max(self.let_by(id, stations))
    }

    fn wait_here(
        &self,
        id: StationId,
        stations: &mut [AtStation],
        rooms: &[Option<u64>],
        hold: Option<&mut Hold>,
        half_s: f64,
    ) -> f64 {
        let service = &self.world.services[self.world.stations[id.at()].service.at()];
        let Held { computes_s, held_s, variance, responds_s, responds_variance } = self.held(id, stations);
        let workers = if self.serves(id) { self.state.flow.stations[id.at()].workers } else { 0 };
        let at = &mut stations[id.at()];
        at.held_s = held_s;
        at.computes_s = computes_s;
        at.held_scv = if held_s > 0.0 { variance / (held_s * held_s) } else { 0.0 };
        (at.responds_s, at.responds_variance) = (responds_s, responds_variance);
        let arrival_scv = if at.inflow > 0.0 { at.scv_sum / at.inflow } else { 1.0 };
        // Those who call hold their own workers: no more than those can be here at once.
        let places = rooms[id.at()].map_or(u64::MAX, |room| room.saturating_sub(workers));
        let model = MultiServerQueue {
            servers: workers,
            service_s: held_s,
            service_scv: at.held_scv,
            arrival_scv,
            waiting_max: service.waiting_max,
        };
        at.capacity = model.capacity_per_s();
        self.look_for_storm(id, at, at.regime);
        // To the end of the straight line that its load is on, for it is not looked at again before.
        at.at_ease = is_at_ease(workers, at.inflow.max(at.inflow + at.slope * 2.0 * half_s) * held_s);
        let half_s = at.half_span_s(half_s);
        (at.holds_up, at.bounded) = (false, false);
        if workers == 0 {
            at.regime = Regime::Rest;
            at.block = if at.inflow > 0.0 { 1.0 } else { 0.0 };
            at.class_block = [at.block; CLASSES];
            at.given_up = 0.0;
            at.wait = Wait::Never;
            at.wait_mean_s = 0.0;
            return 0.0;
        }
        let middle = (at.inflow + at.slope * half_s).max(0.0);
        at.given_up = 0.0;
        at.admitted_wait = None;
        // Where no more can be here than callers have workers, it is those that are held.
        let is_held_up = |users: f64| rooms[id.at()].is_some_and(|room| (room as f64) < users);
        if let Some((users, think_s, others)) = at.closed
            && !is_held_up(users)
            && others < at.capacity * NEARLY
            && at.impatience_sum <= 0.0
            && self.state.flow.stations[id.at()].fluid.backlog <= 0.0
        {
            let taken = others / at.capacity;
            let source = FiniteSource {
                users,
                think_s,
                servers: workers,
                service_s: held_s,
                taken,
                waiting_max: service.waiting_max,
            };
            let steady = self.world.steady.get(&source.key(), || source.steady());
            at.wait_closed(&steady);
            return 0.0;
        }
        (at.waning, at.class_waits) = (None, None);
        if at.impatience_sum > 0.0 && at.inflow > 0.0 {
            // Callers who hold a worker for it ask for what it lets them.
            self.wait_impatiently(id, at, &model, (middle, half_s), hold.is_some());
            return 0.0;
        }
        at.gives_up_there = 0.0;
        if let Some(optional_up_to) = service.sheds {
            self.wait_behind_the_critical(at, &model, optional_up_to, middle, half_s);
            return 0.0;
        }
        self.queue_here(id, at, &model, hold, places, (middle, half_s))
    }

    /// How the queue of a station moves whose users are patient.
    fn queue_here(
        &self,
        id: StationId,
        at: &mut AtStation,
        model: &MultiServerQueue,
        hold: Option<&mut Hold>,
        places: u64,
        (middle, half_s): (f64, f64),
    ) -> f64 {
        let fluid = &self.state.flow.stations[id.at()].fluid;
        let small_room = fluid.limit.is_some_and(|limit| self.is_small_room(id, limit, at.capacity));
        // Where there is room for all who call, nobody is turned away.
        let holds = !small_room || places < model.waiting_max.unwrap_or(u64::MAX);
        let hold = hold.filter(|_| holds && at.capacity > 0.0);
        let mut moved = 0.0;
        let (mut held_up_s, mut is_known) = (0.0, false);
        if let Some(hold) = hold {
            moved = hold.try_again(at.inflow - at.capacity, at.capacity, at.gives_way);
            is_known = hold.settles_s.is_some();
            held_up_s = if is_known { 0.0 } else { hold.wait_s };
        }
        let full = fluid.is_full();
        let rising = at.inflow > at.capacity || (at.inflow == at.capacity && at.slope > 0.0);
        at.holds_up = held_up_s > 0.0 && fluid.backlog <= SMALL_ROOM_S * at.capacity;
        at.bounded = at.holds_up;
        at.regime = if at.holds_up || (small_room && !is_known) {
            Regime::Rest
        } else if full && rising && held_up_s <= 0.0 {
            Regime::Full
        } else if fluid.backlog > 0.0 || rising {
            Regime::Moving
        } else {
            Regime::Rest
        };
        if at.regime == Regime::Moving {
            (at.block, at.class_block) = (0.0, [0.0; CLASSES]);
            at.wait_mean_s = self.state.flow.stations[id.at()].front_s(self.now.seconds());
            at.wait = Wait::Fixed(at.wait_mean_s);
            return moved;
        }
        let rate = if at.holds_up {
            settled_rate(middle, at.capacity, model.service_scv + model.arrival_scv, half_s * 2.0, at.slope)
                .min(at.capacity * (1.0 - 1e-6))
        } else if at.regime == Regime::Full || small_room {
            middle
        } else {
            settled_rate(middle, at.capacity, model.service_scv + model.arrival_scv, half_s * 2.0, at.slope)
        };
        self.wait_at_rest(id, at, model, rate, places);
        if at.holds_up && at.wait_mean_s < held_up_s {
            (at.wait, at.wait_mean_s) = (Wait::Fixed(held_up_s), held_up_s);
        }
        moved
    }

    /// Whether the room of a queue is so small that it is taken to be at rest; one that has begun to fill is a queue until it has got
    /// much smaller, for what happens in it makes the station now faster, now slower.
    pub(super) fn is_small_room(&self, id: StationId, limit: f64, capacity: f64) -> bool {
        let waits = self.state.flow.stations[id.at()].fluid.backlog > 0.0;
        limit <= if waits { SMALL_ROOM_S / 2.0 } else { SMALL_ROOM_S } * capacity
    }

    /// The steady state of a queue; `places` is the most that can be at the station beyond those that are served.
    fn wait_at_rest(&self, id: StationId, at: &mut AtStation, model: &MultiServerQueue, rate: f64, places: u64) {
        let (service_s, rate) = match model.service_scv + model.arrival_scv > 0.0 {
            true => rounded(model.service_s, rate, at.slope),
            // A fluid has no state but its load.
            false => (model.service_s, rate),
        };
        if model.service_scv + model.arrival_scv <= 0.0 && rate <= model.capacity_per_s() {
            // Where nothing is left to chance, whoever comes in time waits for nobody.
            (at.block, at.class_block, at.wait, at.wait_mean_s) = (0.0, [0.0; CLASSES], Wait::Never, 0.0);
            return;
        }
        let service_scv = if at.slope == 0.0 { model.service_scv } else { three_digits(model.service_scv) };
        let model = MultiServerQueue { service_s, service_scv, ..*model };
        if places < model.waiting_max.unwrap_or(u64::MAX) {
            // Nobody is turned away: who does not fit waits at the caller, whose workers are the places.
            (at.block, at.class_block) = (0.0, [0.0; CLASSES]);
            at.wait = Wait::Never;
            if places > 0
                && let Some(steady) = (MultiServerQueue { waiting_max: Some(places), ..model }).steady(rate)
            {
                at.wait = steady.wait;
            }
            at.wait_mean_s = at.wait.mean();
            return;
        }
        if let Some(steady) = model.steady(rate) {
            at.block = steady.block;
            at.class_block = [at.block; CLASSES];
            at.wait = self.shaped(id, &model, rate, at.computes_s < at.held_s, steady.wait);
            at.wait_mean_s = at.wait.mean();
        }
    }

    /// The wait in front of a station, by the whole distribution of its service time instead of two of its moments.
    fn shaped(&self, id: StationId, model: &MultiServerQueue, rate: f64, holds: bool, wait: Wait) -> Wait {
        let Wait::Exponential { probability, mean_s } = wait else { return wait };
        let service = &self.world.services[self.world.stations[id.at()].service.at()];
        let own = !holds;
        if probability < FELT_WAIT || model.service_scv <= 0.0 && model.arrival_scv <= 0.0 {
            return Wait::Exponential { probability, mean_s };
        }
        if if own { service.residual.is_exponential() } else { (model.service_scv - 1.0).abs() < 0.01 } {
            return Wait::Exponential { probability, mean_s };
        }
        // A percent of the load and a part in sixteen of the servers or the variability change nothing that is felt.
        let rho = ((rate / model.capacity_per_s() * 100.0).round() / 100.0).clamp(0.01, 0.99);
        let servers = digits(model.servers as f64, 4).max(1.0);
        let scv = digits(model.service_scv, 4);
        let of = if own { self.world.stations[id.at()].service.at() as u64 } else { scv.to_bits() };
        let key = [u64::from(own), of, servers.to_bits(), rho.to_bits()];
        let delay = self.world.delays.get(&key, || {
            if own { service.residual.delay(servers, rho) } else { Residual::of_scv(scv).delay(servers, rho) }
        });
        let corrected = if own { model.corrected_by(&delay, rate) } else { 1.0 };
        Wait::Shaped { probability, mean_s: mean_s * corrected, points: Arc::clone(&delay.points) }
    }

    /// The share of the soft calls that are made although their service is dimmed.
    pub(in crate::engine) fn kept_calls(&self, call: &crate::world::Call) -> f64 {
        if call.hard {
            return 1.0;
        }
        self.kept_of(call.service)
    }

    /// The share of the soft calls of a service that is made.
    pub(in crate::engine) fn kept_of(&self, service: ServiceId) -> f64 {
        self.state.dims[service.at()].iter().map(|(_, share)| 1.0 - share).product()
    }

    /// Whether anything leaves out calls of a service.
    pub(in crate::engine) fn can_be_dimmed(&self, service: ServiceId) -> bool {
        let of = |effect: &Effect| matches!(effect, Effect::Dim(dimmed, _) if *dimmed == service);
        !self.state.dims[service.at()].is_empty() || self.world.procedures.iter().any(|p| p.actions.iter().any(of))
    }

    pub(super) fn feed_queues(&mut self, open: &Open) {
        for (queue, flow) in self.state.flow.queues.iter_mut().enumerate() {
            flow.inflow = self.world.queues[queue].also_fed;
            flow.slope = 0.0;
        }
        for (i, station) in self.world.stations.iter().enumerate() {
            let service = &self.world.services[station.service.at()];
            if service.feeds.is_empty() {
                continue;
            }
            let (out, slope) = self.finished_work(open, StationId::new(i));
            for (queue, per_request) in &service.feeds {
                let flow = &mut self.state.flow.queues[queue.at()];
                flow.inflow += out * per_request;
                flow.slope += slope * per_request;
            }
        }
        for store in 0..self.world.stores.len() {
            let flow = &self.state.flow.stores[store];
            let (mut inflow, mut slope) = (self.world.stores[store].also_written, 0.0);
            for writer in flow.writers.iter().filter(|writer| writer.reaches) {
                let (out, out_slope) = self.finished_work(open, writer.station);
                inflow += out * writer.per_request;
                slope += out_slope * writer.per_request;
            }
            let flow = &mut self.state.flow.stores[store];
            (flow.inflow, flow.slope) = if flow.writable { (inflow, slope) } else { (0.0, 0.0) };
            self.pace_replicas(store);
        }
        self.share_writes(|path| open.rates[path].0 * open.sent[path] * open.let_in[path]);
    }

    /// Requests per second that a station finishes with all that they need.
    pub(super) fn finished_work(&self, open: &Open, id: StationId) -> (f64, f64) {
        let at = &open.stations[id.at()];
        if self.state.flow.statuses[id.at()].gone {
            return (0.0, 0.0);
        }
        match at.regime {
            Regime::Rest => (at.inflow * (1.0 - at.block), at.slope * (1.0 - at.block)),
            Regime::Moving | Regime::Full => (at.capacity, 0.0),
        }
    }
}
