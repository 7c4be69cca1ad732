//! Watching: conditions over what can be seen from outside, and what they set off.

use super::act::By;
use super::core::Engine;
use super::event::Event;
use super::state::runbook::ProcedureStage;
use crate::observe::{ObservationId, Occurrence, ServiceLevel};
use crate::units::{Duration, Time};
use crate::world::{Action, Condition};

impl Engine<'_> {
    /// Looks at every condition, and sets off what waited for it.
    pub(super) fn look_at_conditions(&mut self) {
        let measures = self.world.procedures.len();
        for index in 0..self.state.triggers.len() {
            if self.state.triggers[index].done {
                continue;
            }
            let condition = match index.checked_sub(measures) {
                None => self.world.procedures[index].when.as_ref(),
                Some(trigger) => Some(&self.world.triggers[trigger].0),
            };
            let Some(condition) = condition else { continue };
            let mut wake = Time::NEVER;
            let mut since = std::mem::take(&mut self.state.triggers[index].since);
            let holds = self.holds(condition, &mut since.iter_mut(), &mut wake);
            let watch = &mut self.state.triggers[index];
            watch.since = since;
            if holds {
                watch.done = true;
                // At once, but as an event of its own: what it sets off changes what is being looked at.
                self.events.push(self.now, Event::Seen { index: index as u32 });
            } else if wake < Time::NEVER {
                watch.token += 1;
                let token = watch.token;
                self.events.push(wake, Event::Look { index: index as u32, token });
            }
        }
    }

    /// Whether a condition holds now; `wake` is when to look again if nothing changes before.
    fn holds(
        &self,
        condition: &Condition,
        since: &mut dyn Iterator<Item = &mut Option<Time>>,
        wake: &mut Time,
    ) -> bool {
        if let Condition::All(list) | Condition::Any(list) = condition {
            let mut held = 0;
            for part in list {
                // Every part is looked at: each has a clock of its own.
                held += usize::from(self.holds(part, since, wake));
            }
            return if matches!(condition, Condition::All(_)) { held == list.len() } else { held > 0 };
        }
        let Some(since) = since.next() else { return false };
        let flow = &self.state.flow;
        let (now, lasts) = match condition {
            Condition::Slow(people, over_s, lasts) => (flow.p95_s[people.at()] > *over_s, *lasts),
            Condition::Degraded(people, lasts) => {
                (flow.overall_service_level(people.at()) >= ServiceLevel::Degraded, *lasts)
            }
            Condition::Down(people, lasts) => (flow.overall_service_level(people.at()) == ServiceLevel::Down, *lasts),
            Condition::Busy(station, above, lasts) => (flow.asked_of_station(station.at()) > *above, *lasts),
            Condition::BusyNetwork(link, above, lasts) => {
                (flow.offered_bps(link.at()) / self.link_bps(*link) > *above, *lasts)
            }
            Condition::Crowd(people, above) => (flow.active_users(people.at()) > *above, Duration::ZERO),
            Condition::After(measure) => {
                (self.state.procedures[*measure].stage == ProcedureStage::Done, Duration::ZERO)
            }
            Condition::OnDuty(team) => {
                let from = self.on_duty_from(*team);
                if from > self.now {
                    *wake = (*wake).min(from);
                }
                (from <= self.now, Duration::ZERO)
            }
            Condition::All(_) | Condition::Any(_) => (false, Duration::ZERO),
        };
        if !now {
            *since = None;
            return false;
        }
        let held = self.now.since(*since.get_or_insert(self.now));
        if held < lasts {
            *wake = (*wake).min(since.unwrap_or(self.now).after(lasts));
        }
        held >= lasts
    }

    /// It is time to look again: what flows has not changed, but something has lasted for long enough.
    pub(super) fn look(&mut self, index: usize, token: u32) {
        if self.state.triggers[index].token == token && !self.state.triggers[index].done {
            self.flow_dirty = true;
        }
    }

    /// A condition has been seen. What it sets off is due to what it looked at last, and to nobody else.
    pub(super) fn seen(&mut self, index: usize) {
        let trigger = index.checked_sub(self.world.procedures.len());
        let condition = match trigger {
            None => self.world.procedures[index].when.as_ref(),
            Some(trigger) => Some(&self.world.triggers[trigger].0),
        };
        let mut since = self.state.triggers[index].since.iter().copied();
        let mut leaf = 0;
        let decisive = condition.and_then(|condition| decisive(condition, &mut since, &mut leaf));
        let noticed = decisive.map(|(_, part, what)| {
            let cause = self.last_of(what);
            self.see_because(Occurrence::Noticed { condition: index, part }, cause)
        });
        match trigger {
            // Who is there decides.
            None if self.people_decide() && self.world.is_left_to_people(&self.world.procedures[index]) => {}
            None => {
                self.cause = noticed;
                let _ = self.act(Action::Order(index), By::Runbook);
            }
            Some(trigger) => {
                let seen = self.see_because(Occurrence::Triggered(trigger), noticed);
                self.cause = Some(seen);
                self.inject(self.world.triggers[trigger].1);
            }
        }
    }

    /// The last that was seen of what a part of a condition looks at. Of a load there is nothing but the load.
    fn last_of(&self, part: &Condition) -> Option<ObservationId> {
        match part {
            Condition::Degraded(people, _) | Condition::Down(people, _) => self.state.flow.latest_feelings[people.at()],
            Condition::After(measure) => self.state.procedures[*measure].why,
            _ => None,
        }
    }
}

/// The part of a condition that came true last, so that all of it holds: since when, which in the order of writing, and what it
/// looks at. Of several of which one is enough it is the first.
fn decisive<'c>(
    condition: &'c Condition,
    since: &mut dyn Iterator<Item = Option<Time>>,
    leaf: &mut usize,
) -> Option<(Time, usize, &'c Condition)> {
    let (Condition::All(list) | Condition::Any(list)) = condition else {
        let part = *leaf;
        *leaf += 1;
        return since.next().flatten().map(|since| (since.after(condition.lasts()), part, condition));
    };
    let found: Vec<_> = list.iter().map(|part| decisive(part, since, leaf)).collect();
    let of_these = found.into_iter().flatten();
    match condition {
        // Of those that come true at once, the first.
        Condition::All(_) => of_these.reduce(|last, next| if next.0 > last.0 { next } else { last }),
        _ => of_these.reduce(|first, next| if next.0 < first.0 { next } else { first }),
    }
}
