//! The engine itself: its clock, its events, its state, and what it has still to tell.

use super::event::EventQueue;
use super::request::check::Unfollowable;
use super::request::state::requests::Requests;
use super::state::State;
use crate::observe::{Interval, Observation, ObservationId, Observer, Occurrence};
use crate::rng::Luck;
use crate::units::Time;
use crate::world::{GroupId, NodeId, World};
use std::collections::BTreeSet;

/// A run and the world that it runs in. `W` is a reference while something happens, and nothing between two steps: so the
/// handlers read the world and change the run side by side, and a run at rest can be kept.
#[derive(Debug, Clone)]
pub(super) struct Core<W> {
    pub(super) world: W,
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
    /// When it was last looked, before that time, and no more were under way than can be followed; and how many those were.
    pub(super) fits_until: Option<(Time, f64)>,
    /// Why it ends here: more requests are under way than can be followed.
    pub(super) refused: Option<Unfollowable>,
    /// The time to which it has been taken.
    pub(super) reached: Time,
}

/// A run while something happens.
pub(super) type Engine<'w> = Core<&'w World>;

impl<W> Core<W> {
    /// The same run in another hold of its world.
    pub fn with<V>(self, world: V) -> Core<V> {
        Core {
            world,
            luck: self.luck,
            now: self.now,
            events: self.events,
            state: self.state,
            told: self.told,
            seen_next: self.seen_next,
            cause: self.cause,
            nodes_dirty: self.nodes_dirty,
            stations_dirty: self.stations_dirty,
            groups_dirty: self.groups_dirty,
            paths_dirty: self.paths_dirty,
            flow_dirty: self.flow_dirty,
            spans: self.spans,
            told_span: self.told_span,
            finished: self.finished,
            started: self.started,
            window: self.window,
            requests: self.requests,
            followed: self.followed,
            fits_until: self.fits_until,
            refused: self.refused,
            reached: self.reached,
        }
    }

    /// Events of single requests that have been handled so far.
    pub fn followed(&self) -> u64 {
        self.followed + self.requests.as_ref().map_or(0, |requests| requests.events)
    }
}

impl Engine<'_> {
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
