//! The runbook: what is done about load, when, by whom, and how fast.

use super::automation::Automation;
use super::curve::Curve;
use super::drill::Action;
use super::hours::Hours;
use super::ids::{FeatureId, GroupId, LinkId, NodeId, PopId, QueueId, ServiceId, SiteId, StationId, StoreId};
use crate::dist::Sampler;
use crate::units::{Duration, Time};

/// A procedure of the strategy that the run takes.
#[derive(Debug, Clone)]
pub struct Procedure {
    /// Its name.
    pub name: String,
    /// What it does, in words.
    pub does: String,
    /// When it is ordered.
    pub at: Option<Time>,
    /// What has to be seen for it to be ordered.
    pub when: Option<Condition>,
    /// The team that does it, as an index.
    pub by: Option<usize>,
    /// Services that must serve for a step to be taken.
    pub needs: Vec<ServiceId>,
    /// Time until the first effect.
    pub lead: Option<Sampler>,
    /// How many steps.
    pub count: u32,
    /// Time between steps.
    pub pause: Duration,
    /// Probability that a step goes wrong.
    pub fails: f64,
    /// How long what it broke is out.
    pub breaks: Duration,
    /// When steps are taken.
    pub hours: Option<Hours>,
    /// What it does.
    pub actions: Vec<Effect>,
    /// What happens when a step goes wrong.
    pub goes_wrong: Option<GoesWrong>,
    /// What has to be seen for the next step, and what takes one back.
    pub go_on_when: Option<Condition>,
    /// The same for a step back.
    pub step_back_when: Option<Condition>,
    /// When it is taken back.
    pub until: Option<Time>,
    /// What has to be seen for it to be taken back.
    pub back_when: Option<Condition>,
    /// How long after it is in effect it can be ordered again; with `back_when`, how long after it has been taken back.
    pub again_after: Option<Duration>,
    /// Left out of this run, to see what it is worth.
    pub muted: bool,
}

impl Procedure {
    /// Whether it only says something.
    pub fn only_words(&self) -> bool {
        self.actions.iter().all(|action| matches!(action, Effect::Tell(_) | Effect::Decide(_)))
    }

    /// How many groups it switches over and stores it restores, if beside words it does nothing else.
    pub fn switches(&self) -> Option<u32> {
        let is_switch = |action: &&Effect| matches!(action, Effect::SwitchOver(..) | Effect::Restore(..));
        let others = self.actions.iter().filter(|action| !is_switch(action));
        let only = others.clone().all(|action| matches!(action, Effect::Tell(_) | Effect::Decide(_)));
        let switches = self.actions.iter().filter(is_switch).count() as u32;
        (only && switches > 0).then_some(switches)
    }
}

/// A step that goes wrong.
#[derive(Debug, Clone)]
pub struct GoesWrong {
    /// Probability.
    pub chance: f64,
    /// What happens then.
    pub does: Vec<Action>,
    /// How long until it is tried again; `None`: it is given up.
    pub again_after: Option<Duration>,
}

/// One thing that a procedure does.
#[derive(Debug, Clone)]
pub enum Effect {
    /// More servers at a station: so many, or so many times as many.
    AddServers(StationId, Amount),
    /// A link this many times as wide.
    AddNetwork(LinkId, f64),
    /// A share of a population moves to a site.
    MovePeople(PopId, SiteId, f64),
    /// So many servers from one station to another.
    FreeHardware(StationId, StationId, u64),
    /// A feature in some hours only.
    Restrict {
        /// Populations and their uses, as indices, each with the times that are open.
        uses: Vec<(usize, usize, Curve)>,
        /// Which share keeps to it.
        compliance: f64,
    },
    /// A population whose complying part comes by a smoother profile.
    Stagger {
        /// Who.
        people: PopId,
        /// Their profile if all complied.
        active: Curve,
        /// Log-ins then.
        log_ins: Curve,
        /// Which share complies.
        compliance: f64,
    },
    /// A service becomes this much faster, or a release turns out bad.
    Hotfix {
        /// The service.
        service: ServiceId,
        /// Service time against before.
        takes: f64,
        /// Probability of being bad.
        bad: f64,
        /// Service time then.
        worse: f64,
        /// How long then.
        rolled_back_after: Duration,
    },
    /// Requests are turned away.
    Shed {
        /// Only of this feature.
        feature: Option<FeatureId>,
        /// Only of this population.
        people: Option<PopId>,
        /// Which share.
        share: f64,
        /// How long until all are admitted again; zero: never.
        eases_over: Duration,
        /// All are admitted again with the last step.
        eases_by_steps: bool,
    },
    /// This share of the soft calls to a service is left out.
    Dim(ServiceId, f64),
    /// A switchover.
    SwitchOver(GroupId, usize),
    /// Automation is switched off, for so long; nothing, where the run has no such automation.
    SwitchOff(Option<Automation>, Option<Duration>),
    /// Automation is switched on.
    SwitchOn(Option<Automation>),
    /// Caches of stations are emptied.
    Flush(Vec<StationId>),
    /// A store whose data is gone is restored, from any of its backups or from those of one kind.
    Restore(StoreId, Option<usize>),
    /// A word to the users.
    Tell(String),
    /// A decision.
    Decide(String),
}

/// What a condition sets off when it is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Awaited {
    /// A procedure is ordered, by index.
    Order(usize),
    /// A step of the drill, by index.
    Step(usize),
    /// A procedure is taken back, by index.
    TakeBack(usize),
}

/// How much more.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Amount {
    /// So many times as many as there are.
    Times(f64),
    /// So many more.
    More(u64),
}

/// Something that can be seen, and for how long.
#[derive(Debug, Clone)]
pub enum Condition {
    /// p95 of some feature above so many seconds.
    Slow(PopId, f64, Duration),
    /// Degraded or down.
    Degraded(PopId, Duration),
    /// Down.
    Down(PopId, Duration),
    /// A station asked for more than this share.
    Busy(StationId, f64, Duration),
    /// A link asked for more than this share.
    BusyNetwork(LinkId, f64, Duration),
    /// More active users than this.
    Crowd(PopId, f64),
    /// An error budget burns too fast, by index.
    Burns(usize),
    /// A background queue is behind.
    Behind(QueueId, Duration),
    /// The data of a store is gone.
    Gone(StoreId, Duration),
    /// A node does not work.
    Out(NodeId, Duration),
    /// Another procedure is in effect, by index.
    After(usize),
    /// A team is there, by index.
    OnDuty(usize),
    /// All at once.
    All(Vec<Condition>),
    /// Any.
    Any(Vec<Condition>),
    /// Not so.
    Not(Box<Condition>),
    /// For so long without a break.
    Lasting(Duration, Box<Condition>),
}

/// How often burn rates are worked out, as the rules of a monitoring are.
pub const BURN_RATES_EVERY: Duration = Duration(60_000_000_000);

/// A share of failed requests above which an error budget burns too fast.
#[derive(Debug, Clone, PartialEq)]
pub struct BurnRate {
    /// Whose requests.
    pub people: PopId,
    /// The share that may fail.
    pub budget: f64,
    /// How many times that is too fast.
    pub above: f64,
    /// Over the last so long.
    pub over: Duration,
}

impl Condition {
    /// How long a part has to hold.
    pub fn lasts(&self) -> Duration {
        match self {
            Condition::Slow(_, _, lasts)
            | Condition::Degraded(_, lasts)
            | Condition::Down(_, lasts)
            | Condition::Busy(_, _, lasts)
            | Condition::BusyNetwork(_, _, lasts)
            | Condition::Behind(_, lasts)
            | Condition::Gone(_, lasts)
            | Condition::Out(_, lasts)
            | Condition::Lasting(lasts, _) => *lasts,
            Condition::Crowd(..)
            | Condition::Burns(_)
            | Condition::After(_)
            | Condition::OnDuty(_)
            | Condition::Not(_) => Duration::ZERO,
            Condition::All(_) | Condition::Any(_) => Duration::ZERO,
        }
    }

    /// The parts that have a clock of their own, in the order of writing: those that look at something, and those that turn one
    /// around or want it for long.
    pub fn parts(&self) -> Vec<&Condition> {
        match self {
            Condition::All(list) | Condition::Any(list) => list.iter().flat_map(Condition::parts).collect(),
            Condition::Not(of) | Condition::Lasting(_, of) => std::iter::once(self).chain(of.parts()).collect(),
            part => vec![part],
        }
    }
}
