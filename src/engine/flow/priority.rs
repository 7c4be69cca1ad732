//! Priorities: the queue of a station that sheds by priority.

use super::approximations::{rounded, rounded_rate, settled_rate};
use crate::engine::core::Engine;
use crate::engine::state::flow::{AtStation, Regime};
use crate::queueing::{MultiServerQueue, Priorities, Wait};
use std::sync::Arc;

impl Engine<'_> {
    /// The queue of a station that sheds by priority.
    pub(super) fn wait_behind_the_critical(
        &self,
        at: &mut AtStation,
        model: &MultiServerQueue,
        optional_up_to: f64,
        middle: f64,
        half_s: f64,
    ) {
        if let Some(waiting_max) = model.waiting_max
            && model.service_scv + model.arrival_scv > 0.0
            && middle > 0.0
        {
            return self.wait_by_class(at, model, (optional_up_to, waiting_max), middle);
        }
        self.shed_by_class(at, optional_up_to, middle);
        let kept = middle * (1.0 - at.block);
        at.regime = Regime::Rest;
        let full = kept >= at.capacity * (1.0 - 1e-9);
        let rate = settled_rate(kept, at.capacity, model.service_scv + model.arrival_scv, half_s * 2.0, at.slope);
        if let Some(places) = model.waiting_max {
            // Where even what is left fills the station, it waits for all places.
            at.wait = match model.steady(rate) {
                Some(steady) if !full => steady.wait,
                _ => Wait::Fixed(places as f64 / at.capacity),
            };
            at.wait_mean_s = at.wait.mean();
            return;
        }
        let waits = match model.steady(rate) {
            Some(steady) if !full => steady.wait_probability,
            _ => 1.0,
        };
        self.wait_for_those_before(at, model, waits);
    }

    /// Where nobody waits behind a limit, each class waits for those that go first while all workers are busy (Cobham, Operations Research
    /// 2, 1954); a class of which a part is turned away has no line, and neither have optional requests.
    fn wait_for_those_before(&self, at: &mut AtStation, model: &MultiServerQueue, probability: f64) {
        let varies = (model.service_scv + model.arrival_scv) / 2.0;
        let (mut before, mut served, mut waiting) = (0.0, 0.0, 0.0);
        let mut waits = [Wait::Never, Wait::Never, Wait::Never];
        for (class, wait) in waits.iter_mut().enumerate().take(2) {
            let load = at.classes[class] * (1.0 - at.class_block[class]) / at.capacity;
            let free = (1.0 - before) * (1.0 - before - load);
            if at.class_block[class] <= 0.0 && free > 1e-9 && varies > 0.0 {
                let mean_s = varies / (at.capacity * free);
                *wait = Wait::Exponential { probability, mean_s };
                waiting += load * probability * mean_s;
            }
            before += load;
            served += load;
        }
        served += at.classes[2] * (1.0 - at.class_block[2]) / at.capacity;
        at.wait_mean_s = if served > 0.0 { waiting / served } else { 0.0 };
        at.wait = match probability > 0.0 && at.wait_mean_s > 0.0 {
            true => Wait::Exponential { probability, mean_s: at.wait_mean_s / probability },
            false => Wait::Never,
        };
        at.class_waits = Some(Arc::new(waits));
    }

    /// Each class waits as long as it has to.
    fn wait_by_class(
        &self,
        at: &mut AtStation,
        model: &MultiServerQueue,
        (optional_up_to, waiting_max): (f64, u64),
        middle: f64,
    ) {
        let (service_s, rate) = rounded(model.service_s, rounded_rate(middle, at.capacity, at.slope), at.slope);
        let scale = if at.inflow > 0.0 { rate / at.inflow } else { 0.0 };
        let rates = at.classes.map(|rate| rate * scale);
        let of = Priorities { servers: model.servers, service_s, waiting_max, rates, optional_up_to };
        let classes = of.steady();
        at.regime = Regime::Rest;
        at.class_block = [0, 1, 2].map(|class| classes[class].block);
        let (mut lost, mut served, mut waiting) = (0.0, 0.0, 0.0);
        for (rate, class) in rates.iter().zip(&classes) {
            lost += rate * class.block;
            served += rate * (1.0 - class.block);
            waiting += class.waiting;
        }
        at.block = if rate > 0.0 { (lost / rate).min(1.0) } else { 0.0 };
        // Services and arrivals that vary more make all wait longer (Allen & Cunneen), but for those whom a full room makes wait.
        let varies = (model.service_scv + model.arrival_scv) / 2.0;
        let is_full = rates[1].max(rates[0]) > 0.0 && rates[0] + rates[1] >= at.capacity;
        let longer = if is_full { 1.0 } else { varies };
        at.wait_mean_s = if served > 0.0 { longer * waiting / served } else { 0.0 };
        let waits = [0, 1, 2].map(|class| classes[class].wait.longer(longer));
        let mix = |i: usize| rates[i] * (1.0 - classes[i].block) * waits[i].probability();
        let probability = if served > 0.0 { (mix(0) + mix(1) + mix(2)) / served } else { 0.0 };
        at.wait = match probability > 0.0 && at.wait_mean_s > 0.0 {
            true => Wait::Exponential { probability, mean_s: at.wait_mean_s / probability },
            false => Wait::Never,
        };
        at.class_waits = Some(Arc::new(waits));
    }

    /// Critical requests take what there is first, then normal ones, then optional ones up to their own bound.
    fn shed_by_class(&self, at: &mut AtStation, optional_up_to: f64, middle: f64) {
        let scale = if at.inflow > 0.0 { middle / at.inflow } else { 0.0 };
        let bounds = [1.0, 1.0, optional_up_to];
        let (mut taken, mut lost) = (0.0, 0.0);
        for ((asked, bound), block) in at.classes.iter().zip(bounds).zip(&mut at.class_block) {
            let asked = asked * scale;
            let room = (at.capacity * bound - taken).max(0.0);
            let kept = asked.min(room);
            *block = if asked > 0.0 { 1.0 - kept / asked } else { 0.0 };
            taken += kept;
            lost += asked - kept;
        }
        at.block = if middle > 0.0 { lost / middle } else { 0.0 };
    }
}
