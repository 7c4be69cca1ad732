//! Watching: conditions over what can be seen from outside, and what they set off.

use super::act::By;
use super::core::Engine;
use super::event::Event;
use super::state::runbook::ProcedureStage;
use crate::observe::{ObservationId, Occurrence, ServiceLevel};
use crate::units::{Duration, Time};
use crate::world::{Action, Automation, Awaited, Condition};

impl Engine<'_> {
    /// Looks at every condition, and sets off what waited for it.
    pub(super) fn look_at_conditions(&mut self) {
        for index in 0..self.state.triggers.len() {
            if self.state.triggers[index].done {
                continue;
            }
            let Some((condition, sets_off)) = self.world.awaited(index) else { continue };
            let mut wake = Time::NEVER;
            let mut since = std::mem::take(&mut self.state.triggers[index].since);
            let holds = self.holds(condition, &mut since.iter_mut(), &mut wake);
            self.state.triggers[index].since = since;
            if holds {
                if let Awaited::Order(procedure) = sets_off
                    && self.is_held_back(Automation::Procedure(procedure))
                {
                    continue;
                }
                self.state.triggers[index].done = true;
                // At once, but as an event of its own: what it sets off changes what is being looked at.
                self.events.push(self.now, Event::Seen { index: index as u32 });
            } else if wake < Time::NEVER {
                let watch = &mut self.state.triggers[index];
                watch.token += 1;
                let token = watch.token;
                self.events.push(wake, Event::Look { index: index as u32, token });
            }
        }
    }

    /// Whether a condition holds now; `wake` is when to look again if nothing changes before.
    pub(super) fn holds(
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
        let Some(own) = since.next() else { return false };
        let inner = match condition {
            Condition::Not(of) => !self.holds(of, since, wake),
            Condition::Lasting(_, of) => self.holds(of, since, wake),
            _ => false,
        };
        let flow = &self.state.flow;
        let (now, lasts) = match condition {
            Condition::Slow(people, over_s, lasts) => (flow.p95_s[people.at()] > *over_s, *lasts),
            Condition::Degraded(people, lasts) => {
                (flow.overall_service_level(people.at()) >= ServiceLevel::Degraded, *lasts)
            }
            Condition::Down(people, lasts) => (flow.overall_service_level(people.at()) == ServiceLevel::Down, *lasts),
            Condition::Busy(station, above, lasts) => (flow.asked_of_station(station.at()) > *above, *lasts),
            Condition::BusyNetwork(link, above, lasts) => (self.asked_of_link(*link) > *above, *lasts),
            Condition::Crowd(people, above) => (flow.active_users(people.at()) > *above, Duration::ZERO),
            Condition::Burns(index) => (self.state.burn_rates[*index].burns, Duration::ZERO),
            Condition::After(measure) => {
                (self.state.procedures[*measure].stage == ProcedureStage::Done, Duration::ZERO)
            }
            Condition::OnDuty(team) => {
                let from = self.on_duty_from(*team);
                // Until they come; or, where that is what is waited for, until they go home.
                let changes = if from > self.now { from } else { self.off_duty_from(*team) };
                *wake = (*wake).min(changes);
                (from <= self.now, Duration::ZERO)
            }
            Condition::Behind(queue, lasts) => (flow.queues[queue.at()].stale, *lasts),
            Condition::Gone(store, lasts) => (flow.stores[store.at()].data_gone.is_some(), *lasts),
            Condition::Out(node, lasts) => (!self.state.nodes[node.at()].up, *lasts),
            Condition::Not(_) => (inner, Duration::ZERO),
            Condition::Lasting(lasts, _) => (inner, *lasts),
            Condition::All(_) | Condition::Any(_) => (false, Duration::ZERO),
        };
        if !now {
            *own = None;
            return false;
        }
        let held = self.now.since(*own.get_or_insert(self.now));
        if held < lasts {
            *wake = (*wake).min(own.unwrap_or(self.now).after(lasts));
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
        let Some((condition, sets_off)) = self.world.awaited(index) else { return };
        let mut since = self.state.triggers[index].since.iter().copied();
        let mut leaf = 0;
        let decisive = decisive(condition, &mut since, &mut leaf);
        let noticed = decisive.map(|(_, part, what)| {
            let cause = self.last_of(what);
            self.see_because(Occurrence::Noticed { condition: index, part }, cause)
        });
        match sets_off {
            // Who is there decides.
            Awaited::Order(procedure)
                if self.people_decide() && self.world.is_left_to_people(&self.world.procedures[procedure]) => {}
            Awaited::Order(procedure) => {
                self.cause = noticed;
                let _ = self.act(Action::Order(procedure), By::Runbook);
            }
            Awaited::Step(step) => {
                let trigger = index - self.world.procedures.len();
                let seen = self.see_because(Occurrence::Triggered(trigger), noticed);
                self.cause = Some(seen);
                self.inject(step);
            }
            Awaited::TakeBack(procedure) => {
                self.cause = noticed;
                self.take_back(procedure);
            }
        }
    }

    /// The last that was seen of what a part of a condition looks at. Of a load there is nothing but the load.
    fn last_of(&self, part: &Condition) -> Option<ObservationId> {
        match part {
            Condition::Degraded(people, _) | Condition::Down(people, _) => self.state.flow.latest_feelings[people.at()],
            Condition::Burns(index) => self.state.flow.latest_feelings[self.world.burn_rates[*index].people.at()],
            Condition::After(measure) => self.state.procedures[*measure].why,
            Condition::Out(node, _) => self.state.nodes[node.at()].why,
            Condition::Gone(store, _) => self.state.flow.stores[store.at()].why,
            Condition::Not(of) | Condition::Lasting(_, of) => self.last_of(of),
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
        let own = since.next().flatten();
        // Those within have their clocks too, and say nothing of their own.
        let within = condition.parts().len() - 1;
        since.take(within).for_each(drop);
        *leaf += 1 + within;
        return own.map(|since| (since.after(condition.lasts()), part, condition));
    };
    let found: Vec<_> = list.iter().map(|part| decisive(part, since, leaf)).collect();
    let of_these = found.into_iter().flatten();
    match condition {
        // Of those that come true at once, the first.
        Condition::All(_) => of_these.reduce(|last, next| if next.0 > last.0 { next } else { last }),
        _ => of_these.reduce(|first, next| if next.0 < first.0 { next } else { first }),
    }
}
