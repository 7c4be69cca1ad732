//! Typed observations, each with its cause.

use super::reasons::{FailedBy, FailoverFailure, Fate, GoesOn, Refusal, ServiceLevel, Why};
use crate::units::{Duration, Time};
use crate::world::{
    Automation, FeatureId, GroupId, LinkId, NodeId, PhaseKind, PopId, QueueId, ReplicaKind, ServiceId, SiteId,
    SpreadId, StationId, StoreId,
};

/// The number of an observation in its run, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObservationId(pub u64);

/// One observation.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// Its number.
    pub id: ObservationId,
    /// When.
    pub at: Time,
    /// What.
    pub what: Occurrence,
    /// The observation that led to it.
    pub cause: Option<ObservationId>,
}

/// What can be observed.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Occurrence {
    /// Members failed.
    Failed {
        /// Of this node.
        node: NodeId,
        /// How many; none where all had failed already, and are away for longer now.
        members: u64,
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
    /// Members work again.
    Repaired {
        /// Of this node.
        node: NodeId,
        /// How many.
        members: u64,
        /// Only on a temporary fix.
        temporary: bool,
    },
    /// A node stopped working.
    NodeDown(NodeId),
    /// A node works again.
    NodeUp(NodeId),
    /// A step of a procedure waits for a service that it needs.
    Stuck {
        /// The procedure.
        measure: usize,
        /// The service.
        service: ServiceId,
    },
    /// Hands were done with a repair of a node that has not succeeded: they begin again.
    RepairFailed(NodeId),
    /// A repair waits for a service that its crew works through.
    RepairStuck {
        /// Of this node.
        node: NodeId,
        /// The service.
        service: ServiceId,
    },
    /// The vendor of a node is on the way, who has promised to come within a time.
    VendorCalled(NodeId),
    /// That vendor is there.
    VendorCame {
        /// Of this node.
        node: NodeId,
        /// After so long.
        waited: Duration,
    },
    /// A site of a spread, by its place, is led to, or no more.
    SiteInRotation {
        /// The spread.
        spread: SpreadId,
        /// Which of its sites.
        place: usize,
        /// It is seen to work.
        works: bool,
        /// Nobody is led there all the same: it is not announced.
        withdrawn: bool,
    },
    /// A site of a spread, by its place, is announced no more, or again.
    Withdrawn {
        /// The spread.
        spread: SpreadId,
        /// Which of its sites.
        place: usize,
        /// It is announced no more.
        withdrawn: bool,
    },
    /// Automation has been switched off, or on again.
    Switched(Automation, bool),
    /// Automation that is switched off would act now.
    HeldBack(Automation),
    /// What a node stands on is away: it lives on its reserve, until then at the longest.
    ReserveUsed(NodeId, Time),
    /// What it stands on is back before its reserve was used up: for so long it would have lasted still.
    ReserveSpared(NodeId, Duration),
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
    /// A phase of a failover ended before it was done: its target, or its reason, is gone.
    PhaseCutShort(GroupId, PhaseKind),
    /// A failover failed.
    FailoverFailed(GroupId, FailoverFailure),
    /// A failover is being done by hand.
    ByHand(GroupId),
    /// No member could take over, and now this one can.
    MemberIsBack {
        /// The group.
        group: GroupId,
        /// The member, as an index.
        member: usize,
    },
    /// A failover was called off: the active member is back.
    CalledOff(GroupId),
    /// A failover that came to nothing is over: the active member works, and stays active.
    StaysActive(GroupId),
    /// A switchover that was ordered begins; of a dead member it is a failover by hand.
    SwitchoverBegan {
        /// The group.
        group: GroupId,
        /// To which member, as an index.
        member: usize,
        /// When the active member failed; now, where it works.
        failed_at: Time,
        /// The active member works, and hands over.
        planned: bool,
    },
    /// A switchover that was ordered cannot be done.
    SwitchoverRefused {
        /// The group.
        group: GroupId,
        /// To which member, as an index; `None`: to any other.
        member: Option<usize>,
        /// Why.
        reason: Refusal,
        /// The measure that ordered it.
        by: Option<usize>,
    },
    /// A switchover is called off: its target is lost, and the active member stays active.
    SwitchoverCalledOff {
        /// The group.
        group: GroupId,
        /// To which member it went, as an index.
        member: usize,
        /// Why.
        reason: Refusal,
        /// The measure that ordered it.
        by: Option<usize>,
    },
    /// The active member died during its switchover, or after a false alarm of it: that is a failover from then on.
    DiedMeanwhile(GroupId),
    /// Services that find a group's active member by name call this one from now on.
    CallersFollowed {
        /// The group.
        group: GroupId,
        /// The member, as an index.
        member: usize,
    },
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
    /// A replica was promoted without what it lacked, or no copy is left.
    DataLost {
        /// The store.
        store: StoreId,
        /// Seconds of writes.
        window_s: f64,
        /// Writes.
        writes: f64,
        /// What became of them.
        fate: Fate,
        /// The features that wrote them, by shares; the rest was written anyway.
        features: Vec<(FeatureId, f64)>,
    },
    /// The cache of a station is emptied.
    Flushed(StationId),
    /// A start has not succeeded, and begins again; until when.
    StartFailed(StationId, Time),
    /// A measure is given up, because a step of it went wrong.
    GivenUp(usize),
    /// A step of a measure is taken back: how many are left.
    StepBack {
        /// The measure, by index.
        measure: usize,
        /// Steps.
        phase: u32,
    },
    /// The data of a store is gone.
    DataGone(StoreId),
    /// A backup was due, and could not be taken.
    BackupMissed {
        /// The store.
        store: StoreId,
        /// The kind of backup, by index.
        backup: usize,
    },
    /// A backup is to be read.
    RestoreBegan {
        /// The store.
        store: StoreId,
        /// The kind of backup, by index.
        backup: usize,
        /// How much older it is than what is gone.
        age_s: f64,
    },
    /// It cannot be read.
    Unreadable {
        /// The store.
        store: StoreId,
        /// The kind of backup, by index.
        backup: usize,
    },
    /// A part of a store is there again, by index.
    PartBack {
        /// The store.
        store: StoreId,
        /// The part, by index.
        part: usize,
    },
    /// A store is not restored, though a measure orders it.
    RestoreRefused {
        /// The store.
        store: StoreId,
        /// The measure, by index.
        by: usize,
        /// Why.
        reason: Refusal,
    },
    /// None of the backups that were to be read can be; others are left.
    RestoreFailed(StoreId),
    /// The data of a store is there again, as old as its backup.
    DataBack(StoreId),
    /// Commits wait for a replica that is away.
    WritesWait {
        /// The store.
        store: StoreId,
        /// The replica's site.
        replica: SiteId,
    },
    /// Commits wait for that replica no longer.
    WritesGoOn {
        /// The store.
        store: StoreId,
        /// The replica's site.
        replica: SiteId,
        /// Why not.
        how: GoesOn,
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
    /// A balancer takes a server out because its requests fail, or its time is over.
    Outlier {
        /// The station.
        station: StationId,
        /// Which server, from 1.
        server: u32,
        /// Servers that get requests now.
        in_rotation: u32,
        /// It is out.
        out: bool,
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
        mood: ServiceLevel,
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
    /// A condition holds: what its last part looked at is so.
    Noticed {
        /// Whose: a measure's by index, then the drill's.
        condition: usize,
        /// Which of its parts, in the order of writing.
        part: usize,
    },
}
