//! Maintenance: what is taken down, when, in which order, and for what.

use super::calendar::Calendar;
use super::ids::{GroupId, NodeId};
use crate::dist::Sampler;
use crate::scenario::Order;
use crate::units::{Duration, Time};
use jiff::civil::Date;

/// A maintenance plan.
#[derive(Debug, Clone)]
pub struct Maintenance {
    /// Its name.
    pub name: String,
    /// When users are told.
    pub told_at: Option<Time>,
    /// When it starts.
    pub starts: Time,
    /// The promise.
    pub announced: Duration,
    /// How long it takes.
    pub takes: Sampler,
    /// The interval at which it repeats.
    pub repeats_every: Option<Duration>,
    /// Dates on which it is not to be under way, from and to.
    pub avoid: Vec<(Date, Date)>,
    /// Of starts that cost as much, one on a working day comes first.
    pub on_working_days: bool,
    /// What is down meanwhile.
    pub takes_down: Vec<NodeId>,
    /// How.
    pub order: Order,
    /// As new afterwards.
    pub replaces: Vec<NodeId>,
    /// New probabilities of failing on demand.
    pub improves: Vec<(GroupId, f64)>,
    /// Raised hazard.
    pub hazard: Vec<NodeId>,
    /// How much.
    pub hazard_by: f64,
    /// Go/no-go.
    pub only_if_healthy: bool,
    /// Give up after, and roll back.
    pub abort: Option<(Duration, Sampler)>,
}

impl Maintenance {
    /// Whether a plan that begins then would, by its promise, be under way on a date that is to be avoided.
    pub fn avoids(&self, calendar: &Calendar, start: Time) -> bool {
        let date = |at: Time| calendar.zoned(at, &calendar.zone).date();
        let (first, last) = (date(start), date(start.after(self.announced)));
        self.avoid.iter().any(|(from, to)| *from <= last && first <= *to)
    }
}
