//! Automation that is switched off and on: what it has begun goes on, what it would begin is held back, and told once.

use super::core::Engine;
use super::event::Event;
use super::state::automation::SwitchedOff;
use super::state::groups::Stage;
use crate::observe::Occurrence;
use crate::units::Duration;
use crate::world::{Automation, GroupId};

impl Engine<'_> {
    pub(super) fn is_off(&self, of: Automation) -> bool {
        self.state.switched_off.iter().any(|switched| switched.active && switched.of == of)
    }

    /// Whether something that would act now is held back because it is switched off.
    pub(super) fn is_held_back(&mut self, of: Automation) -> bool {
        let Some(switched) = self.state.switched_off.iter_mut().find(|switched| switched.active && switched.of == of)
        else {
            return false;
        };
        if !std::mem::replace(&mut switched.told, true) {
            self.see(Occurrence::HeldBack(of));
        }
        true
    }

    pub(super) fn switch_off(&mut self, of: Automation, lasts: Option<Duration>) {
        let seen = self.see(Occurrence::Switched(of, false));
        self.cause = Some(seen);
        self.state.switched_off.push(SwitchedOff { of, active: true, told: false });
        if let Some(lasts) = lasts {
            let index = (self.state.switched_off.len() - 1) as u32;
            self.events.push(self.now.after(lasts), Event::SwitchedOn { index });
        }
        self.looks_again(of);
    }

    /// Somebody switches it on, however often it was switched off.
    pub(super) fn switch_on(&mut self, of: Automation) {
        let was_off = self.is_off(of);
        self.state.switched_off.iter_mut().filter(|switched| switched.of == of).for_each(|s| s.active = false);
        if was_off {
            self.is_on_again(of);
        }
    }

    /// The time for which it was switched off is over.
    pub(super) fn switched_on(&mut self, index: usize) {
        let switched = &mut self.state.switched_off[index];
        let of = switched.of;
        if std::mem::take(&mut switched.active) && !self.is_off(of) {
            self.is_on_again(of);
        }
    }

    fn is_on_again(&mut self, of: Automation) {
        let seen = self.see(Occurrence::Switched(of, true));
        self.cause = Some(seen);
        if let Automation::Failover(group) = of {
            self.takes_up_what_was_held_back(group);
        }
        self.looks_again(of);
    }

    fn looks_again(&mut self, of: Automation) {
        match of {
            Automation::Failover(group) => {
                self.groups_dirty.insert(group);
            }
            Automation::Procedure(_) => self.flow_dirty = true,
            Automation::ServerChecks(service) => {
                for station in self.world.services[service.at()].stations.iter().copied() {
                    self.checks_begin_anew(station);
                }
            }
            // Looked at after every event.
            Automation::SiteChecks(_) => {}
            Automation::Autoscale(_) | Automation::Maintenance => {}
        }
    }

    fn takes_up_what_was_held_back(&mut self, group: GroupId) {
        let state = &mut self.state.groups[group.at()];
        if std::mem::take(&mut state.held_back) && state.stage == Stage::GivenUp {
            self.nobody_or_another(group);
        }
    }
}
