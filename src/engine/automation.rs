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
        self.state.switched_off.iter().any(|switched| switched.of == of)
    }

    /// Whether something that would act now is held back because it is switched off.
    pub(super) fn is_held_back(&mut self, of: Automation) -> bool {
        let Some(switched) = self.state.switched_off.iter_mut().find(|switched| switched.of == of) else {
            return false;
        };
        if !std::mem::replace(&mut switched.told, true) {
            self.see(Occurrence::HeldBack(of));
        }
        true
    }

    pub(super) fn switch_off(&mut self, of: Automation, lasts: Option<Duration>, by: Option<usize>) {
        let seen = self.see(Occurrence::Switched(of, false));
        self.cause = Some(seen);
        let number = self.state.switched_off_times;
        self.state.switched_off_times += 1;
        self.state.switched_off.push(SwitchedOff { of, number, by, told: false });
        if let Some(lasts) = lasts {
            self.events.push(self.now.after(lasts), Event::SwitchedOn { number });
        }
        self.looks_again(of);
    }

    /// Somebody switches it on, however often it was switched off.
    pub(super) fn switch_on(&mut self, of: Automation) {
        self.no_longer_off(of, |_| true);
    }

    /// What a procedure has switched off is on again, unless somebody else has switched it off as well.
    pub(super) fn switch_on_again(&mut self, of: Automation, by: usize) {
        self.no_longer_off(of, |switched| switched.by == Some(by));
    }

    /// The time for which it was switched off is over.
    pub(super) fn switched_on(&mut self, number: u32) {
        let switched = self.state.switched_off.iter().find(|switched| switched.number == number);
        if let Some(of) = switched.map(|switched| switched.of) {
            self.no_longer_off(of, |switched| switched.number == number);
        }
    }

    fn no_longer_off(&mut self, of: Automation, over: impl Fn(&SwitchedOff) -> bool) {
        let was_off = self.is_off(of);
        self.state.switched_off.retain(|switched| switched.of != of || !over(switched));
        if was_off && !self.is_off(of) {
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
