//! Groups, and where their failovers are.

use super::watch::Watch;
use crate::observe::ObservationId;
use crate::rng::{Luck, Stream};
use crate::units::Time;
use crate::world::Group;

/// A group's state.
#[derive(Debug, Clone)]
pub struct GroupState {
    /// The active member.
    pub active: usize,
    pub stage: Stage,
    pub token: u32,
    /// When the active member failed.
    pub failed_at: Time,
    /// The observation that the failover goes on from.
    pub why: Option<ObservationId>,
    /// Probability of failing on demand: maintenance can improve it.
    pub fails_on_demand: f64,
    /// Where the failover goes.
    pub target: usize,
    /// The alarm was false: the active member works.
    pub false_alarm: bool,
    pub alarm_token: u32,
    pub failback_token: u32,
    pub failback_pending: bool,
    /// The switchover was ordered, and the active member has been asked to step down.
    pub ordered: bool,
    /// The measure that ordered it.
    pub ordered_by: Option<usize>,
    /// Its failover was switched off when it would have begun.
    pub held_back: bool,
    /// What those who watch have seen, while something is wrong.
    pub watch: Option<Box<Watch>>,
    /// The active member was seen as down, not only gray.
    pub seen_down: bool,
    /// Blind and living checkers, by which the next false alarm was drawn.
    pub alarm_odds: (u32, u32),
    /// The member that services find that look for the active one by name.
    pub named: usize,
    /// They look again then.
    pub names_due: bool,
    /// What they look again for.
    pub names_why: Option<ObservationId>,
    /// Members that run and do not do their work: their verification has failed, or is about to.
    pub unfit: Vec<bool>,
    /// Members that have not heard the active one since it became active: they do not miss it.
    pub deaf: Vec<bool>,
    /// The active member runs, and nobody does the group's work: when that was last looked at.
    pub still: bool,
    pub streams: Option<Box<GroupStreams>>,
}

impl GroupState {
    /// The first member is active.
    pub fn new(group: &Group, luck: Luck) -> GroupState {
        GroupState {
            active: 0,
            stage: Stage::Idle,
            token: 0,
            failed_at: Time::ZERO,
            why: None,
            fails_on_demand: group.failover.as_ref().map_or(0.0, |f| f.fails_on_demand),
            target: 0,
            false_alarm: false,
            alarm_token: 0,
            failback_token: 0,
            failback_pending: false,
            ordered: false,
            ordered_by: None,
            held_back: false,
            watch: None,
            seen_down: false,
            alarm_odds: (0, 0),
            named: 0,
            names_due: false,
            names_why: None,
            unfit: vec![false; group.members.len()],
            deaf: vec![false; group.members.len()],
            still: false,
            streams: group.failover.as_ref().map(|_| {
                let stream = |purpose| Stream::new(luck, &group.name, purpose);
                Box::new(GroupStreams {
                    detect: stream("detect"),
                    decide: stream("decide"),
                    demand: stream("fails on demand"),
                    phases: stream("phase takes"),
                    phase_fails: stream("phase fails"),
                    by_hand: stream("by hand"),
                    alarms: stream("false alarms"),
                    verify_fails: stream("verify fails"),
                })
            }),
        }
    }
}

impl GroupState {
    /// Whether it is this member that is active, and does not do the group's work.
    pub fn is_still_at(&self, member: usize) -> bool {
        self.still && member == self.active
    }
}

/// A group's luck, one stream for each purpose.
#[derive(Debug, Clone)]
pub struct GroupStreams {
    pub detect: Stream,
    pub decide: Stream,
    pub demand: Stream,
    pub phases: Stream,
    pub phase_fails: Stream,
    pub by_hand: Stream,
    pub alarms: Stream,
    pub verify_fails: Stream,
}

/// Where a failover is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// All is well.
    Idle,
    /// The failure has not been noticed yet.
    Detecting,
    /// Nobody is there yet who could decide.
    WaitsForPeople,
    /// It is being decided.
    Deciding,
    /// A phase is under way, by index.
    Phase(usize),
    /// Nothing is written until the new member has what it lacks.
    CatchingUp,
    /// It is done by hand.
    ByHand,
    /// Users have been led over; it is verified.
    Verifying,
    /// It failed; the active member has to come back.
    GivenUp,
    /// No member works.
    NobodyLeft,
}

impl Stage {
    /// Whether a failover or a switchover is on its way to another member.
    pub fn is_under_way(self) -> bool {
        matches!(self, Stage::WaitsForPeople | Stage::Deciding | Stage::Phase(_) | Stage::CatchingUp | Stage::ByHand)
    }
}
