//! What conditions have seen so far.

use crate::units::Time;
use crate::world::{Condition, World};

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
        TriggerState { since: vec![None; parts(condition)], done: false, token: 0 }
    }

    /// One for each procedure, seen or not, and one for each step of the drill that waits.
    pub fn all(world: &World) -> Vec<TriggerState> {
        let nothing = TriggerState { since: Vec::new(), done: true, token: 0 };
        let of_measure = |m: &crate::world::Procedure| match &m.when {
            Some(when) if !m.muted => TriggerState::new(when),
            _ => nothing.clone(),
        };
        let of_step = |(when, step): &(Condition, usize)| match world.muted.contains(step) {
            true => nothing.clone(),
            false => TriggerState::new(when),
        };
        world.procedures.iter().map(of_measure).chain(world.triggers.iter().map(of_step)).collect()
    }
}

pub fn parts(condition: &Condition) -> usize {
    match condition {
        Condition::All(list) | Condition::Any(list) => list.iter().map(parts).sum(),
        _ => 1,
    }
}
