//! The one door: whatever is done to a run, by the drill, by the runbook or by people, comes in here, by value.

use super::core::Engine;
use super::state::runbook::ProcedureStage;
use crate::observe::{Observer, Refusal};
use crate::units::Time;
use crate::world::Action;

/// Who does something to a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum By {
    /// A step of the drill, by index.
    Drill(usize),
    /// The runbook itself: a time has come, or a condition has been seen.
    Runbook,
    /// A procedure of the runbook, by index.
    Procedure(usize),
    /// Somebody outside, by a number that is theirs.
    Person(u32),
}

/// Something that was done to a run from outside: an entry of its log.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Acted {
    /// When, in the run.
    pub at: Time,
    /// What.
    pub action: Action,
    /// By whom.
    pub by: By,
    /// Why it was not done; `None`: it was.
    pub refused: Option<Refusal>,
}

impl Engine<'_> {
    /// Does something now, or says why not.
    pub(super) fn act(&mut self, action: Action, by: By) -> Result<(), Refusal> {
        match action {
            Action::FailOver(group, member) => {
                let procedure = if let By::Procedure(index) = by { Some(index) } else { None };
                self.order_switchover(group, member, procedure)
            }
            Action::Order(index) => self.order(index),
            Action::TakeBack(index) => self.take_back_if_ordered(index),
            Action::AnnounceMaintenance => self.announce_maintenance(),
            Action::BeginMaintenance => self.begin_maintenance(),
            Action::CallOffMaintenance => self.call_off_maintenance(),
            Action::CallVendor(node) => self.call_vendor(node),
            Action::RepairForGood(node) => self.repair_for_good(node),
            action => {
                let step = match by {
                    By::Drill(step) => step,
                    _ => {
                        self.state.outside.push(action.clone());
                        self.world.drill.len() + self.state.outside.len() - 1
                    }
                };
                self.strike(&action, step)
            }
        }
    }

    /// Whether people decide by now, and not what is written.
    pub(super) fn people_decide(&self) -> bool {
        !self.is_before_people(self.now)
    }

    /// Whether something that is written for a time is done as it is written.
    pub(super) fn is_before_people(&self, at: Time) -> bool {
        self.world.people_decide.is_none_or(|from| at < from)
    }

    fn take_back_if_ordered(&mut self, index: usize) -> Result<(), Refusal> {
        match self.state.procedures.get(index).map(|procedure| (procedure.stage, procedure.in_force)) {
            None => Err(Refusal::Unknown),
            Some((ProcedureStage::Waiting | ProcedureStage::Over, false)) => Err(Refusal::NotOrdered),
            Some(_) => {
                self.cause = self.state.procedures[index].why;
                self.take_back(index);
                Ok(())
            }
        }
    }

    /// Does something from outside at the time to which the run has been taken, and lets everything follow from it.
    pub(super) fn act_from_outside(
        &mut self,
        action: Action,
        by: By,
        observer: &mut impl Observer,
    ) -> Result<(), Refusal> {
        if !self.started {
            self.run_unless(|| false, Time::ZERO, observer);
        }
        if self.finished {
            return Err(Refusal::Over);
        }
        let requests = self.requests.as_ref().map_or(Time::ZERO, |requests| Time(requests.now() as i64));
        self.now = self.now.max(self.reached).max(requests);
        self.cause = None;
        let result = self.act(action, by);
        self.what_follows(observer);
        result
    }

    /// What was done, by its number: first come the steps of the drill, then what came from outside.
    pub(super) fn action(&self, step: usize) -> &Action {
        match self.world.drill.get(step) {
            Some((_, action)) => action,
            None => &self.state.outside[step - self.world.drill.len()],
        }
    }
}
