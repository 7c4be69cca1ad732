//! What happened: typed observations, each with its cause; what flowed; and the digest over both.
//!
//! The engine tells an [`Observer`] everything and keeps nothing for it. Observers never feed back: measuring a run
//! does not change it.

use crate::units::Time;
use crate::world::{
    GroupId, LinkId, NodeId, PhaseKind, PopId, QueueId, ReplicaKind, SiteId, StationId, StoreId, World,
};
use xxhash_rust::xxh3::Xxh3;

/// The number of an observation in its run, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeenId(pub u64);

/// One observation.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// Its number.
    pub id: SeenId,
    /// When.
    pub at: Time,
    /// What.
    pub what: What,
    /// The observation that led to it.
    pub cause: Option<SeenId>,
}

/// How a member failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailedBy {
    /// The drill said so.
    Drill,
    /// By itself, of old age or bad luck.
    Itself,
    /// While on a temporary fix.
    OnTemporaryFix,
    /// A shock that hit several; its index in the world.
    Shock(usize),
}

/// Why a failover failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailoverFailure {
    /// The mechanism had failed unnoticed.
    Mechanism(NodeId),
    /// The mechanism did not work when called upon.
    OnDemand,
    /// A phase failed.
    Phase(PhaseKind),
    /// There is no working member to go to.
    NoTarget,
}

/// How a population or a feature feels to its users, from good to bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mood {
    /// As it should be.
    Fine,
    /// Served, but what is shown is old.
    Stale,
    /// Served worse: slow, or something is missing, or some requests fail.
    Degraded,
    /// Most requests fail.
    Down,
}

/// What a mood is due to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Why {
    /// Nothing.
    Nothing,
    /// The site that serves them is down.
    Site(SiteId),
    /// A station that they need does not serve.
    Station(StationId),
    /// A station that would be nice to have does not serve.
    Missing(StationId),
    /// A station is overloaded: a queue is full or long.
    Overload(StationId),
    /// A link is full.
    Link(LinkId),
    /// There is no route.
    NoRoute,
    /// A share of requests gets lost on the way.
    Loss,
    /// Requests are turned away on purpose.
    Shed,
    /// Something gray.
    Gray(NodeId),
    /// A queue is behind.
    Queue(QueueId),
    /// A replica is old.
    Store(StoreId),
    /// It takes long, without a queue.
    Slow,
}

/// What can be observed.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// A member failed.
    Failed {
        /// Of this node.
        node: NodeId,
        /// How.
        by: FailedBy,
        /// Nobody notices.
        hidden: bool,
    },
    /// A hidden failure was found.
    Found {
        /// Of this node.
        node: NodeId,
        /// By a demand instead of a test.
        on_demand: bool,
    },
    /// A proof test found that all is well.
    Tested(NodeId),
    /// Hands-on repair began.
    RepairBegan {
        /// Of this node.
        node: NodeId,
        /// Only a temporary fix.
        temporary: bool,
    },
    /// A member works again.
    Repaired {
        /// Of this node.
        node: NodeId,
        /// Only on a temporary fix.
        temporary: bool,
    },
    /// A node stopped working.
    NodeDown(NodeId),
    /// A node works again.
    NodeUp(NodeId),
    /// A station stopped serving.
    StationDown(StationId),
    /// A station begins to start, and will serve from then.
    StationStarting(StationId, Time),
    /// A station serves.
    StationUp(StationId),
    /// The failure of a group's active member was noticed.
    Detected {
        /// The group.
        group: GroupId,
        /// It works all the same.
        false_alarm: bool,
        /// When it failed.
        failed_at: Time,
    },
    /// It was decided to fail over.
    Decided {
        /// The group.
        group: GroupId,
        /// People were needed.
        by_people: bool,
    },
    /// A phase of a failover ended well.
    PhaseDone(GroupId, PhaseKind),
    /// A failover failed.
    FailoverFailed(GroupId, FailoverFailure),
    /// A failover is being done by hand.
    ByHand(GroupId),
    /// A failover was called off: the active member is back.
    CalledOff(GroupId),
    /// Another member is active.
    Activated {
        /// The group.
        group: GroupId,
        /// The member, as an index.
        member: usize,
        /// It was ordered or a failback, not a failure.
        planned: bool,
    },
    /// Users begin to move.
    SteeringBegan {
        /// Who.
        people: PopId,
        /// Where to.
        to: SiteId,
    },
    /// All users that move have moved.
    SteeringDone(PopId),
    /// The primary of a store failed, and its replica lacked this.
    AtRisk {
        /// The store.
        store: StoreId,
        /// The replica's site.
        replica: SiteId,
        /// How it is kept.
        kind: ReplicaKind,
        /// Seconds of writes.
        window_s: f64,
        /// Writes.
        writes: f64,
    },
    /// A replica was promoted without what it lacked.
    DataLost {
        /// The store.
        store: StoreId,
        /// Seconds of writes.
        window_s: f64,
        /// Writes.
        writes: f64,
    },
    /// A member was made active while the old one still took writes, unfenced: two writers.
    SplitBrain(GroupId),
    /// The users were told of a maintenance.
    MaintenanceTold,
    /// A maintenance began; it was announced to end then.
    MaintenanceBegan(Time),
    /// A maintenance did not begin: something was down already.
    MaintenanceSkipped,
    /// A maintenance took longer than announced from here on.
    MaintenanceOverran,
    /// A maintenance was given up and is rolled back.
    MaintenanceAborted,
    /// A maintenance ended; it did what it was for, or was rolled back.
    MaintenanceEnded {
        /// It was rolled back.
        rolled_back: bool,
    },
    /// A component was replaced.
    Replaced(NodeId),
    /// A group's failover is better now.
    Improved(GroupId, f64),
    /// A node is gray: this share gets lost.
    Gray(NodeId, f64),
    /// Stations take this much longer.
    Slowed(StationId, f64),
    /// The first servers of a station take this much longer, behind a balancer.
    ServersSlowed {
        /// The station.
        station: StationId,
        /// How many servers.
        servers: u64,
        /// How much longer.
        by: f64,
    },
    /// A balancer has ejected a server: its health checks fail.
    Ejected {
        /// The station.
        station: StationId,
        /// Which server, from 1.
        server: u32,
        /// Servers that are healthy now.
        in_rotation: u32,
    },
    /// A server is back in rotation: its health checks pass again.
    Returned {
        /// The station.
        station: StationId,
        /// Which server, from 1.
        server: u32,
        /// Servers that are healthy now.
        in_rotation: u32,
    },
    /// A balancer's panic mode began or ended.
    Panic(StationId, bool),
    /// A link was cut or came back.
    LinkCut(LinkId, bool),
    /// A surge began or ended.
    Surge(PopId, bool),
    /// A station's load is above its capacity.
    Overloaded(StationId),
    /// A station's queue is empty again.
    Drained(StationId),
    /// A background queue is older than fresh.
    QueueStale(QueueId),
    /// A background queue's workers stopped.
    QueueStopped(QueueId),
    /// A background queue's workers work again.
    QueueServes(QueueId),
    /// A background queue is fresh again.
    QueueFresh(QueueId),
    /// How a population feels.
    Feels {
        /// Who.
        people: PopId,
        /// One of their features, as an index into their uses; `None` for all of it.
        feature: Option<usize>,
        /// How.
        mood: Mood,
        /// Due to what.
        why: Why,
    },
    /// A decision.
    Decision(usize),
    /// A word to the users.
    Told(usize),
    /// A measure was ordered, by index.
    Ordered(usize),
    /// A step of a measure is in effect.
    Effect {
        /// The measure.
        measure: usize,
        /// Which step, from 1.
        phase: u32,
        /// Less came than was asked for: the provider has no more.
        short: bool,
    },
    /// A step of a measure went wrong.
    PhaseFailed(usize),
    /// What it broke is mended.
    Mended(usize),
    /// A measure was taken back.
    TakenBack(usize),
    /// The release of a measure is bad.
    BadRelease(usize),
    /// It was rolled back.
    RolledBack(usize),
    /// A measure tells the users something.
    ToldBy {
        /// The measure.
        measure: usize,
        /// Which of its actions.
        action: usize,
    },
    /// A decision of a measure.
    DecisionBy {
        /// The measure.
        measure: usize,
        /// Which of its actions.
        action: usize,
    },
    /// Automation made this many servers.
    Scaled {
        /// The autoscaler.
        autoscale: usize,
        /// Servers now.
        servers: u64,
    },
    /// What a step of the drill waited for was seen, by index of the trigger.
    Triggered(usize),
}

/// What one population did with one feature during a span, in requests.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Use {
    /// Requests that users meant to make.
    pub intended: f64,
    /// Answered in time.
    pub served: f64,
    /// Answered in time, but without something.
    pub degraded: f64,
    /// Failed: refused, lost, or too late.
    pub failed: f64,
    /// Turned away by a full queue.
    pub shed: f64,
    /// Never sent, because nothing worked.
    pub never_sent: f64,
}

/// What one station did during a span, in requests.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Work {
    /// Arrived.
    pub arrived: f64,
    /// Left, served.
    pub served: f64,
    /// Turned away, given up, or lost in a crash.
    pub lost: f64,
    /// Of those, given up while waiting.
    pub given_up: f64,
    /// Waiting at the end of the span beyond the steady queue.
    pub backlog: f64,
    /// The largest backlog in the span.
    pub backlog_max: f64,
    /// Sum over arrivals of the time that they wait, in seconds.
    pub wait_s: f64,
    /// The longest wait of an arrival, in seconds.
    pub wait_max_s: f64,
    /// Arrivals that met a backlog.
    pub delayed: f64,
    /// Worker-seconds that all who arrived would take.
    pub asked_s: f64,
    /// Worker-seconds in use.
    pub busy_s: f64,
    /// Worker-seconds there were.
    pub workers_s: f64,
    /// Seconds with the load above the capacity.
    pub overloaded_s: f64,
}

/// Who is told what happens.
pub trait Observer {
    /// Something happened.
    fn saw(&mut self, world: &World, seen: &Seen);
    /// A span of time passed in which nothing changed but what flowed.
    fn flowed(&mut self, world: &World, span: &crate::engine::Span);
    /// A request has been answered in time. Only where requests are followed one by one.
    #[inline]
    fn answered(&mut self, world: &World, answer: &Answer) {
        let _ = (world, answer);
    }
    /// A worker of a station begins to serve a request. As above.
    #[inline]
    fn waited(&mut self, world: &World, visit: &Visit) {
        let _ = (world, visit);
    }
    /// A station has done its part for a request. As above, and only of stations that call nobody.
    #[inline]
    fn visited(&mut self, world: &World, visit: &Visit) {
        let _ = (world, visit);
    }
}

/// A request that was answered in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// Whose: the index of the population.
    pub people: u32,
    /// Which feature: an index into the population's uses.
    pub feature: u32,
    /// When, in nanoseconds.
    pub at_ns: u64,
    /// How long after its user first sent it, in nanoseconds.
    pub took_ns: u64,
}

/// A visit of a request to a station.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visit {
    /// The station's index.
    pub station: u32,
    /// Now, in nanoseconds.
    pub at_ns: u64,
    /// How long ago it came, in nanoseconds.
    pub took_ns: u64,
}

/// Observes nothing: for benchmarks of the engine alone.
#[derive(Debug, Clone, Copy, Default)]
pub struct Nobody;

impl Observer for Nobody {
    fn saw(&mut self, _: &World, _: &Seen) {}
    fn flowed(&mut self, _: &World, _: &crate::engine::Span) {}
}

/// Two observers at once.
impl<A: Observer, B: Observer> Observer for (&mut A, &mut B) {
    fn saw(&mut self, world: &World, seen: &Seen) {
        self.0.saw(world, seen);
        self.1.saw(world, seen);
    }

    fn flowed(&mut self, world: &World, span: &crate::engine::Span) {
        self.0.flowed(world, span);
        self.1.flowed(world, span);
    }

    #[inline]
    fn answered(&mut self, world: &World, answer: &Answer) {
        self.0.answered(world, answer);
        self.1.answered(world, answer);
    }

    #[inline]
    fn waited(&mut self, world: &World, visit: &Visit) {
        self.0.waited(world, visit);
        self.1.waited(world, visit);
    }

    #[inline]
    fn visited(&mut self, world: &World, visit: &Visit) {
        self.0.visited(world, visit);
        self.1.visited(world, visit);
    }
}

/// Keeps every observation, for timelines and tests.
#[derive(Debug, Clone, Default)]
pub struct Trace(pub Vec<Seen>);

impl Observer for Trace {
    fn saw(&mut self, _: &World, seen: &Seen) {
        self.0.push(seen.clone());
    }

    fn flowed(&mut self, _: &World, _: &crate::engine::Span) {}
}

/// A hash over everything observed, by name: the same run gives the same digest on every machine.
#[derive(Clone)]
pub struct Digest {
    hash: Xxh3,
    /// Answers since the last span, folded into one number.
    answers: u64,
    /// Running digests at intervals, to find the first divergence of two runs.
    count: u64,
}

impl Default for Digest {
    fn default() -> Self {
        Digest { hash: Xxh3::new(), answers: 0, count: 0 }
    }
}

impl std::fmt::Debug for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(f, "Digest({} observations, {})", self.count, self.hex())
    }
}

impl Digest {
    /// The digest so far, in 32 hexadecimal digits.
    pub fn hex(&self) -> String {
        format!("{:032x}", self.hash.digest128())
    }

    /// How many observations and spans went into it.
    pub fn count(&self) -> u64 {
        self.count
    }

    fn number(&mut self, value: u64) {
        self.hash.update(&value.to_le_bytes());
    }

    fn float(&mut self, value: f64) {
        self.floats([value]);
    }

    /// Several at once: handing over eight bytes takes longer than hashing them.
    fn floats<const N: usize>(&mut self, values: [f64; N]) {
        // Zero has two representations that compare equal.
        let bytes = values.map(|value| if value == 0.0 { [0; 8] } else { value.to_le_bytes() });
        self.hash.update(bytes.as_flattened());
    }

    fn name(&mut self, name: &str) {
        self.number(name.len() as u64);
        self.hash.update(name.as_bytes());
    }
}

impl Observer for Digest {
    fn saw(&mut self, world: &World, seen: &Seen) {
        self.count += 1;
        self.number(seen.at.0 as u64);
        self.number(seen.cause.map_or(u64::MAX, |c| c.0));
        let node = |id: NodeId| world.nodes[id.at()].name.as_str();
        let group = |id: GroupId| world.groups[id.at()].name.as_str();
        let station = |id: StationId| world.stations[id.at()].name.as_str();
        let queue = |id: QueueId| world.queues[id.at()].name.as_str();
        let people = |id: PopId| world.people[id.at()].name.as_str();
        let measure = |id: usize| world.procedures[id].name.as_str();
        // (kind, name, up to three numbers): names instead of ids, so that an unused entity changes nothing.
        let (kind, name, numbers): (u64, &str, [f64; 3]) = match &seen.what {
            What::Failed { node: id, hidden, .. } => (1, node(*id), [f64::from(u8::from(*hidden)), 0.0, 0.0]),
            What::Found { node: id, on_demand } => (2, node(*id), [f64::from(u8::from(*on_demand)), 0.0, 0.0]),
            What::Tested(id) => (3, node(*id), [0.0; 3]),
            What::RepairBegan { node: id, temporary } => (4, node(*id), [f64::from(u8::from(*temporary)), 0.0, 0.0]),
            What::Repaired { node: id, temporary } => (5, node(*id), [f64::from(u8::from(*temporary)), 0.0, 0.0]),
            What::NodeDown(id) => (6, node(*id), [0.0; 3]),
            What::NodeUp(id) => (7, node(*id), [0.0; 3]),
            What::StationDown(id) => (8, station(*id), [0.0; 3]),
            What::StationStarting(id, until) => (9, station(*id), [until.seconds(), 0.0, 0.0]),
            What::StationUp(id) => (10, station(*id), [0.0; 3]),
            What::Detected { group: id, false_alarm, failed_at } => {
                (11, group(*id), [f64::from(u8::from(*false_alarm)), failed_at.seconds(), 0.0])
            }
            What::Decided { group: id, by_people } => (12, group(*id), [f64::from(u8::from(*by_people)), 0.0, 0.0]),
            What::PhaseDone(id, phase) => (13, group(*id), [f64::from(*phase as u8), 0.0, 0.0]),
            What::FailoverFailed(id, _) => (14, group(*id), [0.0; 3]),
            What::ByHand(id) => (15, group(*id), [0.0; 3]),
            What::CalledOff(id) => (16, group(*id), [0.0; 3]),
            What::Activated { group: id, member, planned } => {
                (17, group(*id), [*member as f64, f64::from(u8::from(*planned)), 0.0])
            }
            What::SteeringBegan { people: id, to } => {
                self.name(&world.sites[to.at()].name);
                (18, people(*id), [0.0; 3])
            }
            What::SteeringDone(id) => (19, people(*id), [0.0; 3]),
            What::AtRisk { store, replica, window_s, writes, .. } => {
                self.name(&world.sites[replica.at()].name);
                (20, &world.stores[store.at()].name, [*window_s, *writes, 0.0])
            }
            What::DataLost { store, window_s, writes } => {
                (21, &world.stores[store.at()].name, [*window_s, *writes, 0.0])
            }
            What::SplitBrain(id) => (22, group(*id), [0.0; 3]),
            What::MaintenanceTold => (23, "", [0.0; 3]),
            What::MaintenanceBegan(until) => (24, "", [until.seconds(), 0.0, 0.0]),
            What::MaintenanceSkipped => (25, "", [0.0; 3]),
            What::MaintenanceOverran => (26, "", [0.0; 3]),
            What::MaintenanceAborted => (27, "", [0.0; 3]),
            What::MaintenanceEnded { rolled_back } => (28, "", [f64::from(u8::from(*rolled_back)), 0.0, 0.0]),
            What::Replaced(id) => (29, node(*id), [0.0; 3]),
            What::Improved(id, to) => (30, group(*id), [*to, 0.0, 0.0]),
            What::Gray(id, loses) => (31, node(*id), [*loses, 0.0, 0.0]),
            What::Slowed(id, by) => (32, station(*id), [*by, 0.0, 0.0]),
            What::LinkCut(id, cut) => (33, &world.links[id.at()].name, [f64::from(u8::from(*cut)), 0.0, 0.0]),
            What::Surge(id, began) => (34, people(*id), [f64::from(u8::from(*began)), 0.0, 0.0]),
            What::Overloaded(id) => (35, station(*id), [0.0; 3]),
            What::Drained(id) => (36, station(*id), [0.0; 3]),
            What::QueueStale(id) => (37, queue(*id), [0.0; 3]),
            What::QueueStopped(id) => (38, queue(*id), [0.0; 3]),
            What::QueueServes(id) => (39, queue(*id), [0.0; 3]),
            What::QueueFresh(id) => (40, queue(*id), [0.0; 3]),
            What::Feels { people: id, feature, mood, .. } => {
                (41, people(*id), [feature.map_or(-1.0, |f| f as f64), f64::from(*mood as u8), 0.0])
            }
            What::Decision(_) => (42, "", [0.0; 3]),
            What::Told(_) => (43, "", [0.0; 3]),
            What::Ordered(id) => (44, measure(*id), [0.0; 3]),
            What::Effect { measure: id, phase, short } => {
                (45, measure(*id), [f64::from(*phase), f64::from(u8::from(*short)), 0.0])
            }
            What::PhaseFailed(id) => (46, measure(*id), [0.0; 3]),
            What::Mended(id) => (47, measure(*id), [0.0; 3]),
            What::TakenBack(id) => (48, measure(*id), [0.0; 3]),
            What::BadRelease(id) => (49, measure(*id), [0.0; 3]),
            What::RolledBack(id) => (50, measure(*id), [0.0; 3]),
            What::ToldBy { measure: id, action } => (51, measure(*id), [*action as f64, 0.0, 0.0]),
            What::DecisionBy { measure: id, action } => (52, measure(*id), [*action as f64, 0.0, 0.0]),
            What::Scaled { autoscale, servers } => (53, &world.autoscale[*autoscale].name, [*servers as f64, 0.0, 0.0]),
            What::ServersSlowed { station: id, servers, by } => (55, station(*id), [*servers as f64, *by, 0.0]),
            What::Ejected { station: id, server, in_rotation } => {
                (56, station(*id), [f64::from(*server), f64::from(*in_rotation), 0.0])
            }
            What::Returned { station: id, server, in_rotation } => {
                (57, station(*id), [f64::from(*server), f64::from(*in_rotation), 0.0])
            }
            What::Panic(id, began) => (58, station(*id), [f64::from(u8::from(*began)), 0.0, 0.0]),
            What::Triggered(id) => (54, "", [*id as f64, 0.0, 0.0]),
        };
        self.number(kind);
        self.name(name);
        self.floats(numbers);
    }

    #[inline]
    fn answered(&mut self, _: &World, answer: &Answer) {
        // In the order in which they come; the multiplier is that of Knuth's MMIX generator.
        let folded = answer.took_ns ^ answer.at_ns.rotate_left(32);
        self.answers = (self.answers ^ folded).wrapping_mul(6_364_136_223_846_793_005).rotate_left(23);
    }

    fn flowed(&mut self, world: &World, span: &crate::engine::Span) {
        self.count += 1;
        if self.answers != 0 {
            let answers = std::mem::take(&mut self.answers);
            self.number(answers);
        }
        self.number(span.from.0 as u64);
        self.number(span.to.0 as u64);
        for (pop, uses) in span.uses.iter().enumerate() {
            if uses.iter().any(|u| u.intended > 0.0) {
                self.name(&world.people[pop].name);
                for used in uses {
                    self.floats([used.served, used.degraded, used.failed, used.shed, used.never_sent]);
                }
            }
        }
        for (queue, backlog) in span.queue_backlogs.iter().enumerate() {
            if *backlog > 0.0 {
                self.name(&world.queues[queue].name);
                self.float(*backlog);
            }
        }
    }
}
