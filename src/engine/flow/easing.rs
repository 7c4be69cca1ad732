//! Easing: rounds that go back and forth between two answers are taken in smaller and smaller steps.
//!
//! Load makes waits, waits make retries and slow users down, and those change the load. Where that overshoots, what is sent is moved only a
//! part of the way to what follows from it, and the less so the longer it does not come to rest (relaxation: Ortega & Rheinboldt, Iterative
//! Solution of Nonlinear Equations in Several Variables, 1970). Where there is no answer that agrees with itself, because it jumps with the load,
//! that ends at the jump.

use crate::engine::state::flow::{AtStation, CLASSES, Open};

/// Rounds that are taken in full.
const IN_FULL: usize = 40;
/// Rounds within which what moves should be at most half as much.
const HALVES_IN: usize = 6;
/// Each time that it is not, steps get so much smaller, down to the least.
const SMALLER: f64 = 0.7;
const LEAST: f64 = 0.01;

/// How far each round goes.
#[derive(Debug, Clone)]
pub(super) struct Easing {
    part: f64,
    /// What moved when that was looked at last.
    moved: f64,
    sent: (Vec<f64>, Vec<f64>),
    came: Vec<Came>,
}

/// What came to a station.
#[derive(Debug, Clone, Copy)]
struct Came {
    inflow: f64,
    slope: f64,
    scv_sum: f64,
    impatience_sum: f64,
    classes: [f64; CLASSES],
}

impl Came {
    fn of(at: &AtStation) -> Came {
        let AtStation { inflow, slope, scv_sum, impatience_sum, classes, .. } = *at;
        Came { inflow, slope, scv_sum, impatience_sum, classes }
    }
}

impl Easing {
    pub(super) fn new() -> Easing {
        Easing { part: 1.0, moved: f64::INFINITY, sent: Default::default(), came: Vec::new() }
    }

    /// A round begins: what was sent and what came in the one before.
    pub(super) fn begin(&mut self, open: &Open, stations: &[AtStation]) {
        if self.part < 1.0 {
            self.sent.0.clone_from(&open.attempts);
            self.sent.1.clone_from(&open.pace);
            self.came.clear();
            self.came.extend(stations.iter().map(Came::of));
        }
    }

    /// What is sent goes a part of the way.
    pub(super) fn send(&self, open: &mut Open) {
        if self.part < 1.0 {
            for (now, before) in
                open.attempts.iter_mut().zip(&self.sent.0).chain(open.pace.iter_mut().zip(&self.sent.1))
            {
                *now = self.between(*before, *now);
            }
        }
    }

    /// So does what comes to a station; says how far it had to go.
    pub(super) fn come(&self, station: usize, at: &mut AtStation) -> f64 {
        if self.part >= 1.0 {
            return 0.0;
        }
        let before = &self.came[station];
        let moved = (at.inflow - before.inflow).abs() / (1.0 + before.inflow.abs());
        at.inflow = self.between(before.inflow, at.inflow);
        at.slope = self.between(before.slope, at.slope);
        at.scv_sum = self.between(before.scv_sum, at.scv_sum);
        at.impatience_sum = self.between(before.impatience_sum, at.impatience_sum);
        at.classes.iter_mut().zip(before.classes).for_each(|(now, before)| *now = self.between(before, *now));
        moved
    }

    /// A round is over in which so much moved.
    pub(super) fn end(&mut self, round: usize, moved: f64) {
        if round >= IN_FULL && round.is_multiple_of(HALVES_IN) {
            if moved > self.moved / 2.0 {
                self.part = (self.part * SMALLER).max(LEAST);
            }
            self.moved = moved;
        }
    }

    fn between(&self, before: f64, now: f64) -> f64 {
        before + self.part * (now - before)
    }
}
