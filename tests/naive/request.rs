//! Requests: each with the visits that it is on, the innermost last.

use super::change::Map;
use firedrill::world::{Call, SiteId, StationId};
use std::rc::Rc;

/// What a request has begun and not finished.
#[derive(Clone)]
pub enum Visit {
    /// The user's own request.
    User(User),
    /// A branch of another request.
    Branch,
    /// Calls one after another.
    InTurn { calls: Vec<Call>, from: SiteId },
    /// Calls at the same time.
    AtOnce { calls: Vec<Call>, from: SiteId, set_out: bool },
    /// One call, as often as it is made.
    Asks { call: Call, from: SiteId, made: f64 },
    /// A visit to a station.
    Station(AtStation),
}

#[derive(Clone, Copy, PartialEq)]
pub enum User {
    SetsOut,
    AtSite,
    Inside,
    GoesBack(bool),
    Home(bool),
}

#[derive(Clone)]
pub struct AtStation {
    pub station: StationId,
    pub call: Call,
    pub from: SiteId,
    pub step: Step,
    /// It has a worker there.
    pub has_worker: bool,
    /// What held when the call was made.
    pub map: Rc<Map>,
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Step {
    SetsOut,
    AtDoor,
    /// It waits or is served.
    There,
    Served,
    Calls,
    GoesBack(bool),
    Back(bool),
}

/// A request, an attempt at one, or a branch of one.
pub struct Request {
    pub of: usize,
    pub started: u64,
    /// When it came to the station where it is.
    pub came: u64,
    pub class: usize,
    pub call: Option<usize>,
    pub parent: Option<usize>,
    /// Branches under way, in the order in which they set out.
    pub branches: Vec<usize>,
    pub branch_failed: bool,
    /// Those that are under way have seats: who leaves last leaves his seat to the next who comes.
    pub seat: usize,
    pub visits: Vec<Visit>,
    /// What the last thing that it has finished came to.
    pub came_to: Option<bool>,
    pub queued: bool,
    pub served_until: Option<u64>,
    pub orphan: bool,
    pub cancelled: bool,
    pub degraded: bool,
    pub refused: bool,
    pub over: bool,
    /// What held when it was sent.
    pub map: Rc<Map>,
}

impl Request {
    /// The station of the innermost visit.
    pub fn here(&mut self) -> Option<&mut AtStation> {
        match self.visits.last_mut() {
            Some(Visit::Station(visit)) => Some(visit),
            _ => None,
        }
    }

    /// Whether it waits or holds a worker in this visit.
    pub fn is_there(&self, visit: &Visit) -> Option<StationId> {
        match visit {
            Visit::Station(visit) if visit.has_worker || (self.queued && visit.step == Step::There) => {
                Some(visit.station)
            }
            _ => None,
        }
    }
}
