//! Components, their repairs and the crews that do them.

use super::waits::Wait;
use crate::dist::Sampler;
use crate::observe::ObservationId;
use crate::rng::{Luck, Stream};
use crate::units::{Duration, Time};
use crate::world::{Node, NodeId, Reserve};
use std::collections::VecDeque;

/// The law that the life of a member follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Law {
    /// Its own.
    Own,
    /// That of a temporary fix.
    Temporary,
}

impl Law {
    pub const ALL: [Law; 2] = [Law::Own, Law::Temporary];

    /// The times to failure by this law; `None`: no failures.
    pub fn of(self, node: &Node) -> Option<&Sampler> {
        match self {
            Law::Own => node.fails.as_ref(),
            Law::Temporary => node.repair.as_ref()?.temporary.as_ref().map(|(_, fails)| fails),
        }
    }

    pub fn at(self) -> usize {
        self as usize
    }
}

/// What a member is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Is {
    /// It works.
    Up,
    /// It works on a temporary fix.
    OnFix,
    /// It has failed, and that is known.
    Failed,
    /// It has failed, and nobody knows.
    Unnoticed,
}

impl Is {
    /// The law of its life; `None`: it does not live.
    pub fn law(self) -> Option<Law> {
        match self {
            Is::Up => Some(Law::Own),
            Is::OnFix => Some(Law::Temporary),
            Is::Failed | Is::Unnoticed => None,
        }
    }
}

/// A member that is told apart from the others, because its age matters.
#[derive(Debug, Clone, Copy)]
pub struct Member {
    pub is: Is,
    /// When its life began, in seconds of the run; below zero where it was not new at the start.
    pub born_s: f64,
    /// The cumulative hazard of its law at which its life ends, as long as the hazard stays what it is now.
    pub ends_at: f64,
    /// Whether its end is due.
    pub pending: bool,
    /// Invalidates ends that were due before.
    pub token: u32,
}

/// Memoryless members of one law: one failure is due for all of them.
#[derive(Debug, Clone, Copy, Default)]
pub struct Pool {
    /// Whether it is due.
    pub pending: bool,
    /// Invalidates what was due before.
    pub token: u32,
}

/// A node's state.
#[derive(Debug, Clone)]
pub struct NodeState {
    /// Members that have visibly failed.
    pub failed: u64,
    /// Members that have failed unnoticed.
    pub hidden: u64,
    /// Members that run on a temporary fix.
    pub temporary: u64,
    /// Takedowns by maintenance that hold it down.
    pub taken: u32,
    /// Whether it works.
    pub up: bool,
    /// The observation of its going down or of what took it down.
    pub why: Option<ObservationId>,
    /// Last change.
    pub since: Time,
    /// Times to failure.
    pub failures: Option<Stream>,
    /// How old members are at the start, where that matters.
    pub ages: Option<Box<Stream>>,
    /// Its members one by one, where they are told apart; else nothing.
    pub members: Vec<Member>,
    /// Its memoryless members, by [`Law`].
    pub pools: [Pool; 2],
    /// Hazard factor.
    pub hazard: f64,
    /// Proof tests so far.
    pub tests: u64,
    /// Parts on the shelf.
    pub spares: u32,
    /// Parts on their way.
    pub on_order: u32,
    /// Luck in repairing; made when first needed.
    pub repairs: Option<Box<RepairStreams>>,
    /// Repairs that wait for a spare part.
    pub waiting_for_spare: VecDeque<u32>,
    /// What it lives on while what it stands on is away.
    pub reserve: Option<Box<ReserveState>>,
}

impl NodeState {
    /// All its members work.
    pub fn new(node: &Node, luck: Luck) -> NodeState {
        // Of memoryless members it is enough to know how many there are.
        let told_apart = Law::ALL.iter().any(|law| law.of(node).is_some_and(|fails| !fails.is_memoryless()));
        let new = Member { is: Is::Up, born_s: 0.0, ends_at: 0.0, pending: false, token: 0 };
        NodeState {
            failed: 0,
            hidden: 0,
            temporary: 0,
            tests: 0,
            taken: 0,
            up: true,
            why: None,
            since: Time::ZERO,
            failures: Law::ALL
                .iter()
                .any(|law| law.of(node).is_some())
                .then(|| Stream::new(luck, &node.name, "time to failure")),
            ages: None,
            members: if told_apart { vec![new; node.count as usize] } else { Vec::new() },
            pools: [Pool::default(); 2],
            hazard: 1.0,
            spares: node.repair.as_ref().and_then(|r| r.spares.as_ref()).map_or(0, |s| s.0),
            on_order: 0,
            repairs: None,
            waiting_for_spare: VecDeque::new(),
            reserve: node.reserve.as_ref().map(|_| Box::new(ReserveState::new(luck, &node.name))),
        }
    }

    /// Members that work.
    pub fn working(&self, count: u64) -> u64 {
        count.saturating_sub(self.failed).saturating_sub(self.hidden)
    }

    /// Members that work by a law.
    pub fn living(&self, law: Law, count: u64) -> u64 {
        match law {
            Law::Own => self.working(count).saturating_sub(self.temporary),
            Law::Temporary => self.temporary,
        }
    }
}

/// What a node lives on while a gate is open, and how much of that is left.
#[derive(Debug, Clone)]
pub struct ReserveState {
    /// When it is full again, as long as it is not used.
    full_at: Time,
    /// While it is used.
    used: Option<Used>,
    luck: Stream,
}

/// A reserve in use.
#[derive(Debug, Clone, Copy)]
struct Used {
    /// How long it would have lasted had it been full.
    full: Duration,
    /// Since when it is used, and which share of it lacked then.
    began: Time,
    lacks: f64,
    /// When it ends.
    until: Time,
}

impl Used {
    fn new(full: Duration, began: Time, lacks: f64) -> Used {
        Used { full, began, lacks, until: began.after(Duration::from_seconds(full.seconds() * (1.0 - lacks))) }
    }
}

impl ReserveState {
    fn new(luck: Luck, node: &str) -> ReserveState {
        ReserveState { full_at: Time::ZERO, used: None, luck: Stream::new(luck, node, "holds for") }
    }

    /// Whether nothing of it is used or lacking.
    pub fn is_full(&self, now: Time) -> bool {
        self.used.is_none() && self.full_at <= now
    }

    /// When it ends, if it is used.
    pub fn ends(&self) -> Option<Time> {
        self.used.map(|used| used.until)
    }

    /// It is used from now on; says until when.
    pub fn begin(&mut self, of: &Reserve, now: Time) -> Time {
        let full = of.holds_for.draw(&mut self.luck);
        let lacks =
            if self.full_at > now { self.full_at.since(now).seconds() / of.recharges_in.seconds() } else { 0.0 };
        let used = Used::new(full, now, lacks);
        self.used = Some(used);
        used.until
    }

    /// How long it lasts is drawn anew, given that it is not used up; says until when, where it is in use.
    pub fn drawn_anew(&mut self, of: &Reserve, now: Time, luck: Luck) -> Option<Time> {
        self.luck.go_on_with(luck);
        let used = self.used.filter(|used| used.until > now && used.lacks < 1.0)?;
        let passed = Duration::from_seconds(now.since(used.began).seconds() / (1.0 - used.lacks));
        let full = Wait::of(&of.holds_for).drawn_anew(passed, &mut self.luck)?;
        let mut used = Used::new(full, used.began, used.lacks);
        used.until = used.until.max(now.after(Duration(1)));
        self.used = Some(used);
        Some(used.until)
    }

    /// It is not needed any more, and recharges from now on. Says how long it would have lasted still.
    pub fn end(&mut self, of: &Reserve, now: Time) -> Duration {
        let Some(Used { full, until, .. }) = self.used.take() else { return Duration::ZERO };
        let rest = if until > now { until.since(now) } else { Duration::ZERO };
        let left = if full.0 > 0 { rest.seconds() / full.seconds() } else { 0.0 };
        self.full_at = now.after(Duration::from_seconds(of.recharges_in.seconds() * (1.0 - left)));
        rest
    }
}

/// A node's luck in repairing, one stream for each purpose.
#[derive(Debug, Clone)]
pub struct RepairStreams {
    pub takes: Stream,
    pub vendor: Stream,
    pub restock: Stream,
    pub arrives: Stream,
    pub for_good: Stream,
    pub without: Stream,
    pub fails: Stream,
    pub again: Stream,
}

impl RepairStreams {
    pub fn new(luck: Luck, node: &str) -> RepairStreams {
        RepairStreams {
            takes: Stream::new(luck, node, "repair takes"),
            vendor: Stream::new(luck, node, "vendor comes"),
            restock: Stream::new(luck, node, "restock takes"),
            arrives: Stream::new(luck, node, "crew arrives"),
            for_good: Stream::new(luck, node, "repair for good takes"),
            without: Stream::new(luck, node, "crew does without"),
            fails: Stream::new(luck, node, "repair fails"),
            again: Stream::new(luck, node, "repair takes again"),
        }
    }
}

/// A crew's state.
#[derive(Debug, Clone, Default)]
pub struct CrewState {
    pub busy: u32,
    /// In the order in which they became ready.
    pub waiting: VecDeque<u32>,
    /// When they come back to work for those who wait, if that is due.
    pub comes_at: Option<Time>,
}

/// How far a repair is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Nothing: the place is free.
    Free,
    /// Vendor and spare part are sought.
    Sought,
    /// It waits for the crew.
    Ready,
    /// Hands are at it, or on their way.
    HandsOn,
    /// It comes back after a time that the drill says, without hands.
    ByItself,
}

/// A repair.
#[derive(Debug, Clone)]
pub struct Job {
    pub node: NodeId,
    /// How many members it repairs: one, or all that a crash hit which says when they are back.
    pub members: u64,
    /// Which, where they are told apart.
    pub who: Vec<u32>,
    pub temporary: bool,
    /// Hands-on time.
    pub takes: Duration,
    /// How long the crew's hands take to come.
    pub arrives: Duration,
    /// A crash of the whole keeps it down until then, whoever repairs it.
    pub not_before: Time,
    pub why: Option<ObservationId>,
    pub stage: Stage,
    /// Whether the vendor is still sought.
    pub wants_vendor: bool,
    /// How long the vendor takes to come, where nobody has called yet.
    pub on_call: Option<Duration>,
    /// When the vendor was called.
    pub called: Time,
    /// Whether it has a spare part.
    pub has_spare: bool,
    /// When its crew can do without the services that it works through; whether it has been seen to wait for one.
    pub without_at: Option<Time>,
    pub stuck: bool,
    /// Invalidates what was due for a repair that had this place before.
    pub token: u32,
}
