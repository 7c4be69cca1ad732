//! Holding: callers whose workers wait for a station that is slower than they are send it no more than it can do.
//!
//! The longer the wait in front of it, the longer its callers hold their workers, and the fewer requests get through: a closed loop, whose
//! wait is the one at which they send just what it can do (operational analysis: Denning & Buzen, Computing Surveys 10, 1978).
//! That wait is looked for, and not played through: explicit steps around it would overshoot for ever (Hairer & Wanner, Solving
//! Ordinary Differential Equations II, IV.2), and what does not change would be worked out again many times a second.

use super::approximations::SMALL_ROOM_S;
use super::going_on::GoOn;
use crate::engine::core::Engine;
use crate::engine::state::flow::AtStation;
use crate::world::{Call, StationId};

/// Nobody holds out so long: there is no such wait, because others who hold nothing ask for more than there is.
const ENDLESS_S: f64 = 1e7;
/// As good as what the station can do.
const BALANCED: f64 = 1e-9;
/// A queue that is so near to where it settles is there.
const NEARLY_THERE: f64 = 0.02;

/// The wait in front of a station as its callers have to bear it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hold {
    pub(super) wait_s: f64,
    /// The queue has its length, and the wait follows from that: where it is going to settle, in seconds.
    pub(super) settles_s: Option<f64>,
    /// The wait that was tried last, and what came then beyond the capacity.
    last: Option<(f64, f64)>,
    /// With less of a wait too much comes, with more of it too little.
    between: (f64, f64),
}

impl Hold {
    const LOOKED_FOR: Hold = Hold { wait_s: 0.0, settles_s: None, last: None, between: (0.0, f64::INFINITY) };

    /// The callers' workers are held by a wait that is looked for.
    pub(super) fn is_up(&self) -> bool {
        self.settles_s.is_none() && self.wait_s > 0.0
    }

    /// With the wait that was tried so much comes beyond the capacity, and `gives_way` less for each second more, where
    /// all callers are busy. Tries another, by the secant, and says by how much that differs.
    pub(super) fn try_again(&mut self, beyond: f64, capacity: f64, gives_way: f64) -> f64 {
        let nobody = self.wait_s <= 0.0 && beyond <= BALANCED * capacity;
        if self.settles_s.is_some() || nobody || gives_way <= 0.0 || beyond.abs() <= BALANCED * capacity {
            return 0.0;
        }
        if self.wait_s >= ENDLESS_S && beyond > 0.0 {
            return 0.0;
        }
        let wait_s = self.wait_s;
        match beyond > 0.0 {
            true => self.between.0 = wait_s,
            false => self.between.1 = wait_s,
        }
        let slope = match self.last {
            Some((before_s, before)) if before_s != wait_s => (before - beyond) / (wait_s - before_s),
            _ => gives_way,
        };
        let mut next_s = wait_s + beyond / slope.clamp(gives_way / 4.0, gives_way);
        let (low, high) = self.between;
        if high - low <= 1e-13 * (1.0 + wait_s) {
            // What the others do has changed meanwhile.
            self.between = (0.0, f64::INFINITY);
        } else if next_s <= low || next_s >= high {
            next_s = if high.is_finite() { (low + high) / 2.0 } else { 2.0 * low + 1e-3 };
        }
        self.last = Some((wait_s, beyond));
        self.wait_s = if next_s < 1e-12 { 0.0 } else { next_s.min(ENDLESS_S) };
        (self.wait_s - wait_s).abs() / (1.0 + wait_s)
    }
}

/// How long a station has a request: the worker computes, is held in all, and the answer is there; with variances. Where the worker is
/// free during calls, that is longer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Held {
    pub computes_s: f64,
    pub held_s: f64,
    pub variance: f64,
    pub responds_s: f64,
    pub responds_variance: f64,
}

impl Engine<'_> {
    /// How long a station holds a worker, and how long it takes to answer.
    pub(super) fn held(&self, id: StationId, stations: &[AtStation]) -> Held {
        let world = self.world;
        let station = &world.stations[id.at()];
        let service = &world.services[station.service.at()];
        let computes_s = service.takes_mean_s * stations[id.at()].slower;
        let alone = computes_s * computes_s * service.takes_scv;
        let alone_s = computes_s + self.commit(id).takes_s;
        let (mut responds_s, mut variance, mut behind) = (alone_s, alone, GoOn::ALL);
        for call in &station.calls {
            let mut times = call.times * self.kept_calls(call);
            if !service.at_once {
                // Whoever waits in a line gets past it, however slowly that moves.
                times *= behind.share * self.made(call, station.site, None, stations);
                behind = behind.and(self.get_past(call, station.site, (None, true), stations));
            }
            match self.answers(call, station.site) {
                Some((callee, rtt_s)) => {
                    let at = &stations[callee.at()];
                    if let Some(tried) = self.tried_now(call, station.site, stations) {
                        responds_s += times * tried.takes_s;
                        variance += times * tried.variance;
                        continue;
                    }
                    // Whoever is turned away, or gets lost, knows it at once.
                    let lost = if self.state.flow.loses { self.lost_share(call, station.site, callee).1 } else { 0.0 };
                    let admitted = (1.0 - lost) * (1.0 - at.block);
                    responds_s += times * (rtt_s + admitted * (at.keeps_s + at.responds_s));
                    variance += times * admitted * (at.responds_variance + at.keeps_s * at.keeps_s);
                }
                // The first that gets no answer is the last.
                None => responds_s += times.min(1.0) * call.gives_up_s,
            }
        }
        let missed = self.missed(id);
        if missed < 1.0 {
            // Whoever finds his key holds a worker for no longer than that takes.
            let more_s = responds_s - alone_s;
            responds_s = alone_s + missed * more_s;
            variance = alone + missed * (variance - alone) + missed * (1.0 - missed) * more_s * more_s;
        }
        let (held_s, held) = if service.holds { (responds_s, variance) } else { (computes_s, alone) };
        Held { computes_s, held_s, variance: held, responds_s, responds_variance: variance }
    }

    /// Whether whoever calls a station keeps a worker waiting: its own, or, through those that keep none, one further up.
    fn keeps_workers(&self) -> Vec<bool> {
        let world = self.world;
        let mut keeps = vec![false; world.stations.len()];
        for id in &world.station_order {
            let station = &world.stations[id.at()];
            if world.services[station.service.at()].holds {
                keeps[id.at()] = true;
            }
            if keeps[id.at()] {
                for call in station.calls.iter().filter(|call| waits_for(call)) {
                    self.callee(call).into_iter().for_each(|callee| keeps[callee.at()] = true);
                }
            }
        }
        keeps
    }

    /// Stations whose callers hold workers meanwhile: how long they are held is to be looked for.
    pub(super) fn callees_that_hold(&self) -> Vec<Option<Hold>> {
        let mut holds = vec![None; self.world.stations.len()];
        let keeps = self.keeps_workers();
        for (station, keeps) in self.world.stations.iter().zip(keeps) {
            if keeps {
                let callees = station.calls.iter().filter(|call| waits_for(call)).filter_map(|call| self.callee(call));
                callees.for_each(|callee| holds[callee.at()] = Some(Hold::LOOKED_FOR));
            }
        }
        holds
    }

    /// How long the queue of a station as it is now keeps whoever comes, in seconds.
    fn queue_s(&self, station: usize, at: &AtStation) -> f64 {
        let flow = &self.state.flow.stations[station];
        if at.capacity > 0.0 { flow.fluid.backlog / at.capacity + flow.chance_s } else { 0.0 }
    }

    /// Queues take their time to become as long as they settle: those that are not yet there hold their callers for as long as they
    /// are. Says whether there are any, so that everything has to be looked at again.
    pub(super) fn hold_as_long_as_queues_are(&self, stations: &[AtStation], holds: &mut [Option<Hold>]) -> bool {
        let mut any = false;
        for (i, (hold, at)) in holds.iter_mut().zip(stations).enumerate() {
            let Some(hold) = hold else { continue };
            let fluid = &self.state.flow.stations[i].fluid;
            if hold.settles_s.is_some() || (fluid.backlog <= 0.0 && !hold.is_up()) || at.capacity <= 0.0 {
                continue;
            }
            let (now_s, then_s) = (self.queue_s(i, at), hold.wait_s);
            let overflows = fluid.limit.is_some_and(|limit| then_s * at.capacity > limit);
            // Users who wait for answers have got where they settle.
            let closed = at.closed.is_some_and(|(_, _, others)| others <= 0.0) && then_s < ENDLESS_S;
            let at_once = (closed || then_s <= SMALL_ROOM_S) && fluid.backlog <= SMALL_ROOM_S * at.capacity;
            let is_there = then_s > 0.0 && (now_s - then_s).abs() <= NEARLY_THERE * then_s;
            if overflows || !(at_once || is_there) {
                let settles_s = if overflows || then_s >= ENDLESS_S { f64::INFINITY } else { then_s };
                *hold = Hold { wait_s: now_s, settles_s: Some(settles_s), ..*hold };
                any = true;
            }
        }
        any
    }
}

/// Who waits only so long is not held for longer.
fn waits_for(call: &Call) -> bool {
    call.client.as_ref().is_none_or(|client| client.timeout_s.is_none())
}

/// For how long a queue that moves keeps callers about as long as it does now, in seconds: until that has changed by a part of itself, and
/// no longer than until it is where it settles.
pub(super) fn holds_on_s(at: &AtStation) -> Option<f64> {
    let settles_s = at.settles_s?;
    let changes = (at.inflow - at.capacity) / at.capacity;
    if changes == 0.0 {
        return None;
    }
    let left_s = (settles_s - at.keeps_s) / changes;
    let part_s = ((0.1 + at.keeps_s) / 4.0 / changes.abs()).max(1.0);
    Some(if left_s > 0.0 { part_s.min(left_s) } else { part_s })
}
