//! Steering: how users follow when another site becomes active. It moves at its own speed.

use super::core::Engine;
use super::event::Event;
use super::state::steering::SteeringState;
use crate::observe::{ObservationId, Occurrence};
use crate::scenario::Steer;
use crate::units::Duration;
use crate::world::{Callee, GroupId, Place, PopId, Tail};

impl Engine<'_> {
    /// Users of a group begin to move to its active member's site.
    pub(super) fn steer(&mut self, group: GroupId, why: ObservationId) {
        let active = self.state.groups[group.at()].active;
        let Some(to) = self.world.groups[group.at()].sites[active] else { return };
        let steer = self.world.groups[group.at()].failover.as_ref().map_or(Steer::AtOnce, |f| f.steer.clone());
        for i in 0..self.world.people.len() {
            let there = matches!(self.state.steering[i].to.as_slice(), [(site, _)] if *site == to);
            if self.world.people[i].served_by != Place::Group(group) || there {
                continue;
            }
            let from = self.state.steering[i].shares(self.now).0.iter().map(|s| (s.site, s.now)).collect();
            let tail = Tail::new(&steer);
            let moving = tail != Tail::AtOnce;
            let all = vec![(to, 1.0)];
            let (began, why) = (self.now, Some(why));
            self.state.steering[i] = SteeringState { from, to: all, began, tail, moving, why, mixes: false };
            let why = why.unwrap_or(ObservationId(0));
            self.see_because(Occurrence::SteeringBegan { people: PopId::new(i), to }, Some(why));
            if !moving {
                self.see_because(Occurrence::SteeringDone(PopId::new(i)), Some(why));
            }
            self.paths_dirty = true;
            self.flow_dirty = true;
        }
    }

    /// Services that call whoever is active go on to the old member until their record runs out. It has just been looked up:
    /// the longest that it can take. The others' records run out in between.
    pub(super) fn callers_follow(&mut self, group: GroupId, why: ObservationId) {
        let wait = match self.world.groups[group.at()].failover.as_ref().map(|f| &f.steer) {
            Some(Steer::Ramp(over)) => *over,
            Some(Steer::Dns { ignored_by, ignored_for, .. }) if ignored_by.0 >= 1.0 => *ignored_for,
            Some(Steer::Dns { ttl, .. }) => *ttl,
            Some(Steer::AtOnce) | None => Duration::ZERO,
        };
        let calls = (self.world.stations.iter().flat_map(|station| &station.calls))
            .chain(self.world.features.iter().flat_map(|feature| feature.calls.iter().flatten()));
        let is_called = calls.into_iter().any(|call| matches!(call.callee, Callee::Active(of, _) if of == group));
        let state = &mut self.state.groups[group.at()];
        if wait == Duration::ZERO || !is_called {
            state.named = state.active;
        } else if !std::mem::replace(&mut state.names_due, true) {
            state.names_why = Some(why);
            self.events.push(self.now.after(wait), Event::CallersFollow(group));
        }
    }

    /// Their record has run out: from now on they call whoever is active.
    pub(super) fn callers_look_again(&mut self, group: GroupId) {
        let state = &mut self.state.groups[group.at()];
        state.names_due = false;
        let why = state.names_why;
        if std::mem::replace(&mut state.named, state.active) != state.active {
            let member = state.active;
            self.see_because(Occurrence::CallersFollowed { group, member }, why);
            self.paths_dirty = true;
            self.flow_dirty = true;
        }
    }

    /// Users or services are still led to the member that was active.
    pub(super) fn somebody_is_on_the_way_to(&self, group: GroupId) -> bool {
        let moves = |people: usize| {
            self.world.people[people].served_by == Place::Group(group) && self.state.steering[people].moving
        };
        self.state.groups[group.at()].names_due || (0..self.world.people.len()).any(moves)
    }

    /// Notes the populations that have arrived.
    pub(super) fn finish_steering(&mut self) {
        for i in 0..self.state.steering.len() {
            let state = &self.state.steering[i];
            if state.moving && state.tail.left(self.now.since(state.began)).0 <= 0.0 {
                let why = state.why;
                self.state.steering[i].moving = false;
                if !self.state.steering[i].mixes {
                    self.see_because(Occurrence::SteeringDone(PopId::new(i)), why);
                }
                self.paths_dirty = true;
            }
        }
    }
}
