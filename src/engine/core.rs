//! The engine itself: its clock, its events, its state, and what it has still to tell.

use super::event::EventQueue;
use super::request::state::requests::Requests;
use super::state::State;
use crate::observe::{Interval, Observation, ObservationId, Observer, Occurrence};
use crate::rng::Luck;
use crate::units::Time;
use crate::world::{GroupId, NodeId, World};
use std::collections::BTreeSet;

/// A run of a world, from the start to wherever it has got to. It can be cloned: the copy goes its own way.
#[derive(Debug, Clone)]
pub struct Engine<'w> {
    pub(super) world: &'w World,
    pub(super) luck: Luck,
    pub(super) now: Time,
    pub(super) events: EventQueue,
    pub(super) state: State,
    /// Observations of the current event, not yet told.
    pub(super) told: Vec<Observation>,
    pub(super) seen_next: u64,
    /// The observation that whatever happens now is due to.
    pub(super) cause: Option<ObservationId>,
    /// Nodes to look at again, by topological rank.
    pub(super) nodes_dirty: BTreeSet<(u32, NodeId)>,
    pub(super) stations_dirty: bool,
    pub(super) groups_dirty: BTreeSet<GroupId>,
    /// Who works, or what is reachable, has changed: paths have to be found again.
    pub(super) paths_dirty: bool,
    /// Rates or capacities have changed.
    pub(super) flow_dirty: bool,
    /// Spans that are complete and not yet told.
    pub(super) spans: Vec<Interval>,
    /// One that has been told: the next takes over its memory.
    pub(super) told_span: Option<Interval>,
    pub(super) finished: bool,
    pub(super) started: bool,
    /// Between these times, in nanoseconds, every request is followed.
    pub(super) window: Option<(u64, u64)>,
    /// Those requests, in that time.
    pub(super) requests: Option<Box<Requests>>,
    /// Events of requests that were handled before.
    pub(super) followed: u64,
}

impl Engine<'_> {
    /// Events of single requests that have been handled so far.
    pub fn followed(&self) -> u64 {
        self.followed + self.requests.as_ref().map_or(0, |requests| requests.events)
    }

    /// The run's clock.
    pub fn now(&self) -> Time {
        self.now
    }

    /// Whether the horizon has been reached.
    pub fn is_finished(&self) -> bool {
        self.finished
    }

    /// Records an observation and returns its number.
    pub(super) fn see_because(&mut self, what: Occurrence, cause: Option<ObservationId>) -> ObservationId {
        let id = ObservationId(self.seen_next);
        self.seen_next += 1;
        self.told.push(Observation { id, at: self.now, what, cause });
        id
    }

    /// Records an observation due to whatever is happening now.
    pub(super) fn see(&mut self, what: Occurrence) -> ObservationId {
        self.see_because(what, self.cause)
    }

    pub(super) fn tell(&mut self, observer: &mut impl Observer) {
        for span in self.spans.drain(..) {
            observer.flowed(self.world, &span);
            self.told_span = Some(span);
        }
        for seen in self.told.drain(..) {
            observer.saw(self.world, &seen);
        }
    }
}
