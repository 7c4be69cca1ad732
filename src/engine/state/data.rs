//! Background queues, stores and their replicas.

use super::backups::{BackupState, Gone, backups};
use crate::observe::ObservationId;
use crate::queueing::{Age, FluidQueue};
use crate::rng::{Luck, Stream};
use crate::units::Time;
use crate::world::{FeatureId, Place, Queue, ReplicaKind, SiteId, StationId, Store, StoreId, World};

/// A durable queue during a run.
#[derive(Debug, Clone)]
pub struct QueueFlow {
    pub fluid: FluidQueue,
    pub age: Age,
    pub inflow: f64,
    pub slope: f64,
    pub capacity: f64,
    pub serving: bool,
    pub stale: bool,
    pub why: Option<ObservationId>,
}

/// A replica during a run.
#[derive(Debug, Clone)]
pub struct ReplicaFlow {
    pub site: SiteId,
    pub kind: ReplicaKind,
    pub fluid: FluidQueue,
    pub age: Age,
    pub capacity: f64,
    /// What would be lost if it were promoted now that the primary is down.
    pub at_risk: Option<(f64, f64)>,
    pub luck: Stream,
    /// The primary works, and reaches it.
    pub contact: bool,
    /// When that was last so, where it is not.
    pub lost_at: Time,
    /// The primary works, and has not reached it since then.
    pub away_since: Option<Time>,
    /// Commits go on without it until it has caught up: it was waited for for long enough, or another was promoted in its
    /// place.
    pub alone: bool,
    /// Invalidates pending ends of waiting for it.
    pub token: u32,
    /// Half a round trip from the primary in seconds, where it has an effect: while that lasts, writes are under way.
    pub link_s: f64,
    /// Batches of the log, where it is kept by those.
    pub batches: Option<Batches>,
    pub account: ReplicaAccount,
}

/// Where every write to a store is, as a replica sees it.
#[derive(Debug, Clone, Default)]
pub struct ReplicaAccount {
    pub written: f64,
    pub applied: f64,
    /// Lost, kept aside by another, or given to it as a whole.
    pub dropped: f64,
}

/// A log that is sent every so often, at times of its own.
#[derive(Debug, Clone)]
pub struct Batches {
    /// What was written since the last batch that arrived.
    pub log: Age,
    pub every_s: f64,
    pub takes_s: f64,
    /// Half a round trip, where that has an effect.
    pub line_s: f64,
    pub phase_s: f64,
    /// Since when batches have been sent without a break.
    pub contact_from_s: f64,
    /// All that was written before then had arrived when the contact broke off.
    pub arrived_to_s: f64,
}

impl Batches {
    /// All that had been written at this time has arrived, as long as the contact lasts.
    pub fn arrived_to_s(&self, now_s: f64) -> f64 {
        let sent_s = now_s - self.takes_s - self.line_s - self.phase_s;
        let last_s = (sent_s / self.every_s).floor() * self.every_s + self.phase_s;
        if last_s >= self.contact_from_s { last_s.max(self.arrived_to_s) } else { self.arrived_to_s }
    }

    /// When the first batch arrives that was sent after a break.
    pub fn first_arrives_s(&self) -> f64 {
        let periods = ((self.contact_from_s - self.phase_s) / self.every_s).ceil();
        periods * self.every_s + self.phase_s + self.takes_s + self.line_s
    }

    /// Nothing has arrived since the break.
    pub fn nothing_yet(&self, now_s: f64) -> bool {
        self.contact_from_s.is_finite() && now_s < self.first_arrives_s()
    }
}

/// A site whose member of a group can become the primary although no replica is kept there: it has what it had when it last was
/// the primary.
#[derive(Debug, Clone)]
pub struct Bare {
    pub site: SiteId,
    /// It has been the primary, or was given everything.
    pub has_been: bool,
    /// When it last had everything, in seconds, and how much of that is still among what the store has.
    pub at_s: f64,
    pub written: f64,
}

/// A station that writes to a store.
#[derive(Debug, Clone)]
pub struct WritingStation {
    pub station: StationId,
    pub per_request: f64,
    /// It reaches the primary.
    pub reaches: bool,
}

/// A store during a run.
#[derive(Debug, Clone)]
pub struct StoreFlow {
    pub replicas: Vec<ReplicaFlow>,
    pub bare: Vec<Bare>,
    pub writers: Vec<WritingStation>,
    pub inflow: f64,
    pub slope: f64,
    /// Writes since the beginning.
    pub written: f64,
    /// Those of them that the primary has, or had when it stopped; of data that is gone, until it is told what is lost.
    pub has: f64,
    /// Those that were lost, and those that were kept aside. No write is two of these.
    pub lost: f64,
    pub kept_aside: f64,
    /// Which features they last came from, by shares of one; the rest was written anyway.
    pub features: Vec<(FeatureId, f64)>,
    /// The primary works, and no commit waits.
    pub writable: bool,
    /// The replica for which commits wait.
    pub waits_for: Option<SiteId>,
    /// What a commit costs: the round trip to the slowest replica that it waits for, in seconds.
    pub commit_s: f64,
    /// No copy is left.
    pub gone: bool,
    /// Backups, by kind.
    pub backups: Vec<BackupState>,
    /// Its data is gone, and may come back from one of those.
    pub data_gone: Option<Gone>,
    /// The observation of its last change.
    pub why: Option<ObservationId>,
}

impl StoreFlow {
    /// So many of the writes that it has are lost, or kept aside: nothing that it is compared with later counts them once more.
    pub fn loses(&mut self, writes: f64, kept_aside: bool) {
        self.has -= writes;
        *if kept_aside { &mut self.kept_aside } else { &mut self.lost } += writes;
        let has = self.has;
        self.bare.iter_mut().for_each(|bare| bare.written = bare.written.min(has));
        let copies = self.backups.iter_mut().flat_map(|kind| &mut kind.copies);
        copies.for_each(|copy| copy.written = copy.written.min(has));
    }
}

/// How another member of a group becomes active, as its data see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handover {
    /// It was ordered, and the old one works: it hands over all that it has.
    Asked,
    /// The old one works, and nobody asked it: a false alarm, or it cannot be reached.
    Alive,
    /// The old one is down.
    Dead,
}

impl ReplicaFlow {
    /// What was written in the last `dt_s` seconds, and what of it has come.
    pub fn follow(&mut self, now_s: f64, dt_s: f64, inflow: f64, slope: f64) {
        let flowed = self.fluid.advance(dt_s, inflow, slope, self.capacity);
        self.account.written += flowed.arrived;
        self.account.applied += flowed.served;
        self.age.arrive(now_s - dt_s, dt_s, inflow, slope);
        self.age.serve(flowed.served);
        if self.fluid.backlog < 1e-6 {
            self.account.applied += self.fluid.backlog;
            self.fluid.backlog = 0.0;
            self.age.clear();
        }
        if let Some(batches) = &mut self.batches {
            batches.log.arrive(now_s - dt_s, dt_s, inflow, slope);
            let arrived_to_s = if self.contact { batches.arrived_to_s(now_s) } else { batches.arrived_to_s };
            batches.log.serve_until(arrived_to_s);
        }
    }

    /// It has everything that it is known to have been given; what waits goes elsewhere.
    pub fn clear(&mut self) {
        self.account.dropped += self.fluid.backlog;
        self.fluid.backlog = 0.0;
        self.age.clear();
        self.at_risk = None;
        if let Some(batches) = &mut self.batches {
            batches.log.clear();
        }
    }

    /// So many of the newest writes exist no more.
    pub fn forget_newest(&mut self, writes: f64) {
        let dropped = writes.min(self.fluid.backlog);
        self.account.dropped += dropped;
        self.fluid.backlog -= dropped;
        self.age.forget_newest(writes);
        if let Some(batches) = &mut self.batches {
            batches.log.forget_newest(writes);
        }
    }

    /// It lacks these after all: they were under way when the contact broke off.
    pub fn loses_contact(&mut self, now_s: f64, inflow: f64) {
        self.contact = false;
        if let Some(batches) = &mut self.batches {
            batches.arrived_to_s = batches.arrived_to_s(now_s);
            batches.log.serve_until(batches.arrived_to_s);
            let lacks = batches.log.backlog();
            self.account.applied -= lacks - self.fluid.backlog;
            self.fluid.backlog = lacks;
            self.age = batches.log.clone();
        }
        let follows = matches!(self.kind, ReplicaKind::Async(_)) || self.alone;
        if follows && self.link_s > 0.0 && self.batches.is_none() {
            let (window_s, writes) = self.under_way(inflow);
            self.age.arrive(now_s - window_s, window_s, writes / window_s, 0.0);
            self.fluid.backlog += writes;
            self.account.applied -= writes;
        }
    }

    /// It has been given all that it lacked.
    pub fn catches_up(&mut self) {
        self.account.applied += self.fluid.backlog;
        self.fluid.backlog = 0.0;
        self.age.clear();
    }

    pub fn is_reached(&mut self, now_s: f64) {
        self.contact = true;
        if let Some(batches) = &mut self.batches {
            batches.contact_from_s = now_s;
        }
    }

    /// What is on the line: as many whole writes as fit into half a round trip.
    pub fn under_way(&self, inflow: f64) -> (f64, f64) {
        if self.link_s > 0.0 { (self.link_s, (inflow * self.link_s * (1.0 + 1e-9)).floor()) } else { (0.0, 0.0) }
    }

    /// How old what is read here is, in seconds.
    pub fn lag_s(&self, now_s: f64) -> f64 {
        let line_s = if self.contact && self.batches.is_none() && !self.waited_for() { self.link_s } else { 0.0 };
        self.age.age_s(now_s) + line_s
    }

    /// Whether a commit waits until it has it.
    pub fn waited_for(&self) -> bool {
        matches!(self.kind, ReplicaKind::Sync | ReplicaKind::SemiSync(..)) && !self.alone
    }
}

impl QueueFlow {
    pub fn new(queue: &Queue) -> QueueFlow {
        QueueFlow {
            fluid: FluidQueue::new(None),
            age: Age::new(),
            inflow: 0.0,
            slope: 0.0,
            capacity: queue.capacity,
            serving: true,
            stale: false,
            why: None,
        }
    }
}

pub fn stores(world: &World, luck: Luck) -> Vec<StoreFlow> {
    world.stores.iter().enumerate().map(|(index, store)| store_flow(world, luck, StoreId::new(index), store)).collect()
}

fn store_flow(world: &World, luck: Luck, id: StoreId, store: &Store) -> StoreFlow {
    let writes = |station: usize| {
        let service = &world.services[world.stations[station].service.at()];
        service.writes.iter().find(|(of, n)| *of == id && *n > 0.0).map(|(_, n)| *n)
    };
    let mut bare: Vec<Bare> = Vec::new();
    if let Place::Group(group) = store.primary {
        for site in world.groups[group.at()].sites.iter().flatten() {
            let kept = store.replicas.iter().any(|(of, _)| of == site) || bare.iter().any(|b| b.site == *site);
            if !kept {
                bare.push(Bare { site: *site, has_been: false, at_s: 0.0, written: 0.0 });
            }
        }
    }
    StoreFlow {
        replicas: store.replicas.iter().map(|(site, kind)| replica_flow(world, luck, store, *site, *kind)).collect(),
        bare,
        writers: (0..world.stations.len())
            .filter_map(|i| Some(WritingStation { station: StationId::new(i), per_request: writes(i)?, reaches: true }))
            .collect(),
        inflow: 0.0,
        slope: 0.0,
        written: 0.0,
        has: 0.0,
        lost: 0.0,
        kept_aside: 0.0,
        features: Vec::new(),
        writable: true,
        waits_for: None,
        commit_s: 0.0,
        gone: false,
        backups: backups(luck, store),
        data_gone: None,
        why: None,
    }
}

fn replica_flow(world: &World, luck: Luck, store: &Store, site: SiteId, kind: ReplicaKind) -> ReplicaFlow {
    let name = format!("{} at {}", store.name, world.sites[site.at()].name);
    let mut luck = Stream::new(luck, &name, "data loss");
    let batches = match kind {
        ReplicaKind::Shipped(every_s, takes_s) => Some(Batches {
            log: Age::new(),
            every_s,
            takes_s,
            line_s: 0.0,
            phase_s: luck.uniform() * every_s,
            contact_from_s: f64::NEG_INFINITY,
            // Before the start nothing was written.
            arrived_to_s: 0.0,
        }),
        _ => None,
    };
    ReplicaFlow {
        site,
        kind,
        fluid: FluidQueue::new(None),
        age: Age::new(),
        capacity: 0.0,
        at_risk: None,
        luck,
        contact: true,
        lost_at: Time::ZERO,
        away_since: None,
        alone: false,
        token: 0,
        link_s: 0.0,
        batches,
        account: ReplicaAccount::default(),
    }
}

#[cfg(test)]
mod tests;
