//! Procedures that are taken back, by the clock, by people or by what is seen; and those that can be ordered again.

use super::core::Engine;
use super::event::{Event, Step};
use super::state::runbook::{ProcedureStage, Restriction};
use crate::observe::Occurrence;
use crate::world::Effect;

impl Engine<'_> {
    /// A procedure is in effect: what takes it back is looked for from now on.
    pub(super) fn is_in_force(&mut self, index: usize) {
        self.state.procedures[index].in_force = true;
        if self.world.procedures[index].back_when.is_some() {
            let back = self.world.procedures.len() + self.world.triggers.len() + index;
            self.state.triggers[back].begin();
        }
    }

    /// A procedure that can be taken back is.
    pub(super) fn take_back(&mut self, index: usize) {
        let in_force = std::mem::take(&mut self.state.procedures[index].in_force);
        let stage = self.state.procedures[index].stage;
        if !in_force && matches!(stage, ProcedureStage::Waiting | ProcedureStage::Over) {
            self.state.procedures[index].stage = ProcedureStage::Over;
            return;
        }
        self.undo(index);
        // Whatever is due for its steps is void.
        self.state.procedures[index].order += 1;
        // What has had no effect yet can be ordered again.
        let untouched = stage == ProcedureStage::Ordered && self.people_decide();
        let again = untouched || stage == ProcedureStage::Waiting;
        self.state.procedures[index].stage = if again { ProcedureStage::Waiting } else { ProcedureStage::Over };
        if let Some(by) = self.world.procedures[index].by {
            self.state.teams[by].waiting.retain(|waits| *waits != index);
        }
        self.free_team(index);
        let seen = self.see(Occurrence::TakenBack(index));
        self.state.procedures[index].why = Some(seen);
        if !again {
            self.again_later(index);
        }
        self.flow_dirty = true;
        self.paths_dirty = true;
    }

    fn undo(&mut self, index: usize) {
        self.state.procedures[index].stuck = false;
        let back = self.world.procedures.len() + self.world.triggers.len() + index;
        self.state.triggers[back].end();
        for (i, action) in self.world.procedures[index].actions.iter().enumerate() {
            match action {
                Effect::Restrict { .. } => {
                    let mine = |r: &&mut Restriction| r.procedure == index && r.action == i;
                    self.state.restrictions.iter_mut().filter(mine).for_each(|r| r.over = true);
                }
                Effect::Stagger { people, .. } if self.state.staggers[people.at()] == Some((index, i)) => {
                    self.state.staggers[people.at()] = None;
                }
                Effect::Shed { .. } => self.state.sheddings.retain(|s| (s.procedure, s.action) != (index, i)),
                Effect::Dim(service, _) => self.state.dims[service.at()].retain(|dim| dim.0 != index),
                Effect::SwitchOff(Some(of), _) => self.switch_on_again(*of, index),
                _ => {}
            }
        }
    }

    /// A release that has turned out bad is taken out again.
    pub(super) fn roll_back(&mut self, index: usize) {
        for action in &self.world.procedures[index].actions {
            if let Effect::Hotfix { service, worse, .. } = action {
                for station in &self.world.services[service.at()].stations {
                    self.state.stations[station.at()].takes /= worse;
                }
            }
        }
        self.see(Occurrence::RolledBack(index));
        self.flow_dirty = true;
        self.paths_dirty = true;
    }

    /// After a time it can be ordered again.
    pub(super) fn again_later(&mut self, index: usize) {
        if let Some(wait) = self.world.procedures[index].again_after {
            let at = self.now.after(wait);
            self.state.procedures[index].again_at = at;
            self.events.push(at, Event::Procedure { index: index as u32, step: Step::Again });
        }
    }

    /// It can be ordered again, as if it never had been, on top of what it has done; after its end it cannot.
    pub(super) fn again(&mut self, index: usize) {
        let procedure = &self.world.procedures[index];
        let state = &mut self.state.procedures[index];
        let rests = matches!(state.stage, ProcedureStage::Done | ProcedureStage::Over);
        if !rests || state.again_at != self.now || procedure.until.is_some_and(|until| until <= self.now) {
            return;
        }
        state.stage = ProcedureStage::Waiting;
        state.refused = 0;
        state.totals.fill(0.0);
        state.given.fill(0.0);
        if procedure.when.is_some() {
            self.state.triggers[index].begin();
            self.flow_dirty = true;
        }
    }
}
