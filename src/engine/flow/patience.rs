//! Patience: the queue of users who give up while they wait.
//!
//! At rest it is in the steady state of Erlang-A. An overload fills it towards that, and takes about one patience for it: a shorter one
//! makes few give up. What is above the queue that chance alone makes is a fluid that wanes, and a line: first come, first served.

use super::approximations::{SMALL_ROOM_S, digits, rounded, rounded_rate};
use crate::engine::core::Engine;
use crate::engine::state::flow::{AtStation, CLASSES, Regime};
use crate::queueing::{Impatient, MultiServerQueue, Steady, Wait, Waned, Waning};
use crate::world::StationId;

/// No span of a queue that moves is longer than such a part of the patience: within it, who leaves leaves evenly.
const PART: f64 = 8.0;
/// A queue that is so near to where it settles is there; so is one that lacks less than one request.
const NEARLY_THERE: f64 = 0.01;

/// How a queue moves whose users give up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moves {
    waning: Waning,
    /// Share of those who come that give up in the queue that chance alone makes.
    at_once: f64,
}

impl Engine<'_> {
    /// The queue of users who give up while they wait; `at_once`: its length is what is to be found, and it is taken to be there.
    pub(super) fn wait_impatiently(
        &self,
        id: StationId,
        at: &mut AtStation,
        model: &MultiServerQueue,
        (middle, half_s): (f64, f64),
        at_once: bool,
    ) {
        let gives_up_per_s = at.impatience_sum / at.inflow;
        let flow = &self.state.flow.stations[id.at()];
        let small_room = flow.fluid.limit.is_some_and(|limit| self.is_small_room(id, limit, at.capacity));
        let at_once =
            at_once || self.world.impatience_settles_at_once || small_room || gives_up_per_s * SMALL_ROOM_S >= 1.0;
        let rising = at.inflow > at.capacity || (at.inflow == at.capacity && at.slope > 0.0);
        let soon_s = half_s.min(0.5 / PART / gives_up_per_s);
        let rate = if at_once {
            middle
        } else if rising {
            (at.inflow + at.slope * soon_s).max(0.0)
        } else {
            middle.min(at.capacity)
        };
        let steady = self.steady_impatience(at, model, rate);
        at.waits_by_chance = steady.queue_len_mean;
        (at.regime, at.waning) = (Regime::Rest, None);
        if !at_once && (rising || flow.fluid.backlog > 0.0) {
            match self.how_it_wanes(id, at, gives_up_per_s, rising, &steady) {
                Some(moves) => return self.wait_in_a_waning_line(id, at, moves),
                // Who has come so far stands there as long as that goes on.
                None if rising => at.regime = Regime::Full,
                None => {}
            }
        }
        at.block = steady.block;
        at.class_block = [at.block; CLASSES];
        at.given_up = steady.given_up;
        at.gives_up_there = 0.0;
        at.admitted_wait = Some((steady.wait_probability, steady.wait_mean_s));
        at.wait_mean_s = steady.wait.mean();
        at.wait = steady.wait.clone();
    }

    fn steady_impatience(&self, at: &AtStation, model: &MultiServerQueue, rate: f64) -> std::sync::Arc<Steady> {
        let scv_sum = model.service_scv + model.arrival_scv;
        let (rounded_s, rate) = rounded(model.service_s, rounded_rate(rate, at.capacity, at.slope), at.slope);
        let impatient = Impatient {
            servers: model.servers,
            service_s: rounded_s,
            // The mix of those who wait changes all the time, and little depends on it.
            gives_up_per_s: if at.slope == 0.0 {
                at.impatience_sum / at.inflow
            } else {
                digits(at.impatience_sum / at.inflow, 5)
            },
            waiting_max: model.waiting_max,
            fluid: scv_sum <= 0.0,
        };
        self.world.steady.get(&impatient.key(rate), || impatient.steady(rate))
    }

    /// How the queue moves from where it is to where it settles; `None` if it is there.
    fn how_it_wanes(
        &self,
        id: StationId,
        at: &AtStation,
        gives_up_per_s: f64,
        rising: bool,
        steady: &Steady,
    ) -> Option<Moves> {
        let flow = &self.state.flow.stations[id.at()];
        let (by_chance, backlog) = (flow.waits_by_chance, flow.fluid.backlog);
        let settles = (steady.queue_len_mean - by_chance).max(0.0);
        let is_there = match rising {
            true => (backlog - settles).abs() <= NEARLY_THERE * steady.queue_len_mean + 1.0,
            false => backlog <= settles,
        };
        if is_there {
            return None;
        }
        let at_once = if at.inflow > 0.0 { (gives_up_per_s * by_chance / at.inflow).min(1.0) } else { 0.0 };
        let inflow = at.inflow * (1.0 - at_once);
        // What is served is what leaves it there where it settles.
        let leaves = match backlog < settles {
            true => (inflow - gives_up_per_s * settles).clamp(0.0, at.capacity),
            false => at.capacity,
        };
        let waning = Waning { inflow, slope: at.slope * (1.0 - at_once), leaves, gives_up_per_s };
        Some(Moves { waning, at_once })
    }

    fn wait_in_a_waning_line(&self, id: StationId, at: &mut AtStation, moves: Moves) {
        let flow = &self.state.flow.stations[id.at()];
        let Moves { waning, at_once } = moves;
        at.regime = Regime::Moving;
        (at.block, at.class_block, at.given_up) = (at_once, [at_once; CLASSES], at_once);
        let gives_up = waning.gives_up_per_s * flow.fluid.backlog;
        at.gives_up_there = if gives_up > 0.0 { gives_up / (gives_up + waning.leaves) } else { 0.0 };
        at.waning = Some(waning);
        at.admitted_wait = None;
        at.wait_mean_s = flow.front_s(self.now.seconds());
        at.wait = Wait::Fixed(at.wait_mean_s);
    }

    /// How such a queue moves from now on: what comes has changed in a straight line since it was worked out.
    pub(super) fn waning_now(at: &AtStation, waning: Waning) -> Waning {
        Waning { inflow: at.inflow * (1.0 - at.block), slope: at.slope * (1.0 - at.block), ..waning }
    }

    /// Lets a time pass at a queue whose users give up.
    pub(super) fn wane(at: &AtStation, backlog: f64, dt_s: f64) -> Option<Waned> {
        at.waning.map(|waning| Self::waning_now(at, waning).advance(backlog, dt_s))
    }

    /// When a queue whose users give up is empty, is felt by others than before, or has another load than it was taken to have.
    pub(super) fn bound_by_patience_here(&self, i: usize, at: &AtStation, felt: &[f64], at_most: &mut impl FnMut(f64)) {
        let balance_s = (at.capacity - at.inflow) / at.slope;
        if balance_s > 0.0 {
            at_most(balance_s);
        }
        let Some(waning) = at.waning.map(|waning| Self::waning_now(at, waning)) else { return };
        let part_s = 1.0 / PART / waning.gives_up_per_s;
        at_most(part_s);
        let backlog = self.state.flow.stations[i].fluid.backlog;
        // Where a share x of those who leave give up, x / (1 - x) of what is served does.
        let of_shares = felt.iter().map(|x| waning.leaves / waning.gives_up_per_s * x / (1.0 - x));
        for level in of_shares.chain([0.0]) {
            if let Some(crosses_s) = waning.crosses_s(backlog, level, part_s) {
                at_most(crosses_s);
            }
        }
    }
}
