//! What conditions have seen so far.

use crate::units::Time;
use crate::world::{Awaited, Condition, World};

/// What one condition has seen so far.
#[derive(Debug, Clone)]
pub struct TriggerState {
    /// Since when each of its parts has held, in the order in which they are written.
    pub since: Vec<Option<Time>>,
    /// It has been seen, and sets nothing off any more.
    pub done: bool,
    pub token: u32,
}

impl TriggerState {
    fn new(condition: &Condition) -> TriggerState {
        TriggerState { since: vec![None; condition.parts().len()], done: false, token: 0 }
    }

    /// One for each procedure, seen or not, one for each step of the drill that waits, and one for what takes a procedure back.
    pub fn all(world: &World) -> Vec<TriggerState> {
        let all = 2 * world.procedures.len() + world.triggers.len();
        let is_muted = |sets_off: Awaited| match sets_off {
            Awaited::Order(index) | Awaited::TakeBack(index) => world.procedures[index].muted,
            Awaited::Step(step) => world.muted.contains(&step),
        };
        let awaited = |index| world.awaited(index).filter(|(_, sets_off)| !is_muted(*sets_off));
        let state = |index| match awaited(index) {
            // What is not in effect is not taken back.
            Some((when, Awaited::TakeBack(_))) => TriggerState { done: true, ..TriggerState::new(when) },
            Some((when, _)) => TriggerState::new(when),
            None => TriggerState { since: Vec::new(), done: true, token: 0 },
        };
        (0..all).map(state).collect()
    }

    /// It is looked for from now on.
    pub fn begin(&mut self) {
        self.since.fill(None);
        self.token += 1;
        self.done = false;
    }

    /// It is not looked for any more.
    pub fn end(&mut self) {
        self.token += 1;
        self.done = true;
    }
}
