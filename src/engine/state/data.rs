//! Background queues, stores and their replicas.

use crate::observe::ObservationId;
use crate::queueing::{Age, FluidQueue};
use crate::rng::{Luck, Stream};
use crate::world::{Queue, ReplicaKind, SiteId, World};

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
}

/// A store during a run.
#[derive(Debug, Clone)]
pub struct StoreFlow {
    pub replicas: Vec<ReplicaFlow>,
    pub inflow: f64,
    pub slope: f64,
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
    let replica = |store: &crate::world::Store, site: SiteId, kind: ReplicaKind| ReplicaFlow {
        site,
        kind,
        fluid: FluidQueue::new(None),
        age: Age::new(),
        capacity: 0.0,
        at_risk: None,
        luck: Stream::new(luck, &format!("{} at {}", store.name, world.sites[site.at()].name), "data loss"),
    };
    world
        .stores
        .iter()
        .map(|store| StoreFlow {
            replicas: store.replicas.iter().map(|(site, kind)| replica(store, *site, *kind)).collect(),
            inflow: 0.0,
            slope: 0.0,
        })
        .collect()
}
