//! Steps of measures: those that go wrong, and those that have to be allowed by what is seen.

use super::act::By;
use super::core::Engine;
use super::event::{Event, Step};
use super::state::runbook::ProcedureStage;
use crate::observe::Occurrence;
use crate::units::Time;
use crate::world::{Condition, Effect};

impl Engine<'_> {
    /// Whether a step goes wrong now: then damage is done instead, and it is tried again, or given up.
    pub(super) fn goes_wrong(&mut self, index: usize) -> bool {
        let Some(wrong) = &self.world.procedures[index].goes_wrong else { return false };
        if !self.state.procedures[index].wrongs.chance(wrong.chance) {
            return false;
        }
        let seen = self.see(Occurrence::PhaseFailed(index));
        self.state.procedures[index].why = Some(seen);
        for act in &wrong.does {
            self.cause = Some(seen);
            let _ = self.act(act.clone(), By::Procedure(index));
        }
        self.cause = Some(seen);
        match wrong.again_after {
            Some(wait) => {
                let (next, order) = (self.now.after(wait), self.state.procedures[index].order);
                self.events.push(next, Event::Procedure { index: index as u32, step: Step::Phase(order) });
            }
            None => self.is_given_up(index),
        }
        self.flow_dirty = true;
        true
    }

    /// Nobody goes on with it; what is in effect stays.
    fn is_given_up(&mut self, index: usize) {
        self.see(Occurrence::GivenUp(index));
        self.state.procedures[index].stage = ProcedureStage::Over;
        self.free_team(index);
        self.again_later(index);
    }

    /// Whether the next step is taken now. The first always is; another, where something has to be seen for it, only when it is
    /// seen; and where something else is seen that takes one back, it goes back by one.
    pub(super) fn goes_on(&mut self, index: usize, done: u32) -> bool {
        let procedure = &self.world.procedures[index];
        if done == 0 || procedure.go_on_when.is_none() && procedure.step_back_when.is_none() {
            return true;
        }
        if self.flow_dirty {
            // What has happened at the same moment is seen, too.
            self.refresh_flow();
        }
        let is_seen = |condition: &Condition| {
            let (mut since, mut wake) = (vec![None; condition.parts().len()], Time::NEVER);
            self.holds(condition, &mut since.iter_mut(), &mut wake)
        };
        let back = procedure.step_back_when.as_ref().is_some_and(is_seen);
        if !back && procedure.go_on_when.as_ref().is_none_or(is_seen) {
            return true;
        }
        if back && done > 1 {
            self.state.procedures[index].stage = ProcedureStage::Phase(done - 1);
            self.ease(index, done - 1);
            let seen = self.see(Occurrence::StepBack { measure: index, phase: done - 1 });
            self.state.procedures[index].why = Some(seen);
        }
        let (next, order) = (self.now.after(procedure.pause), self.state.procedures[index].order);
        self.events.push(next, Event::Procedure { index: index as u32, step: Step::Phase(order) });
        false
    }

    /// As many are let in at the door as belong to a step: none more with the first, all with the last.
    pub(super) fn ease(&mut self, index: usize, phase: u32) {
        let procedure = &self.world.procedures[index];
        let steps = f64::from(procedure.count.saturating_sub(1).max(1));
        for shedding in self.state.sheddings.iter_mut().filter(|shedding| shedding.procedure == index) {
            if let Effect::Shed { eases_by_steps: true, .. } = procedure.actions[shedding.action] {
                shedding.eased = f64::from(phase.saturating_sub(1)) / steps;
            }
        }
        // With the last step the door is open.
        self.state.sheddings.retain(|shedding| shedding.procedure != index || shedding.eased < 1.0);
        self.flow_dirty = true;
    }
}
