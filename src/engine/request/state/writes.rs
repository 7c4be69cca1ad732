//! Writes on their way to replicas.

use crate::dist;
use crate::rng::{Luck, Stream};
use crate::world::{ReplicaKind, StoreId, World};
use std::collections::VecDeque;

/// A replica that follows write by write.
#[derive(Debug, Clone)]
pub struct Follower {
    pub store: usize,
    pub replica: usize,
    /// Nanoseconds that it takes to apply a write, on average.
    pub applies_ns: f64,
    pub luck: Stream,
    /// The primary reaches it.
    pub contact: bool,
    /// Writes that are not applied yet: when they were committed, and when they will be applied.
    pub behind: VecDeque<(u64, u64)>,
}

/// Writes for each request that a station finishes.
#[derive(Debug, Clone, Default)]
pub struct Writer {
    pub stores: Vec<Written>,
}

/// Writes to a store.
#[derive(Debug, Clone)]
pub struct Written {
    pub store: usize,
    pub per_request: f64,
    /// What is left of a write so far.
    pub carry: f64,
    /// The primary is there, can be reached, and waits for nobody.
    pub open: bool,
}

impl Follower {
    /// The followers of all stores, that apply writes at a rate of their own.
    pub fn all(world: &World, luck: Luck) -> Vec<Follower> {
        let mut followers = Vec::new();
        for (store, written) in world.stores.iter().enumerate() {
            for (replica, (site, kind)) in written.replicas.iter().enumerate() {
                if let ReplicaKind::Async(per_s) = kind {
                    let name = format!("{} at {}", written.name, world.sites[site.at()].name);
                    followers.push(Follower {
                        store,
                        replica,
                        applies_ns: 1e9 / per_s,
                        luck: Stream::new(luck, &name, "applies"),
                        contact: true,
                        behind: VecDeque::new(),
                    });
                }
            }
        }
        followers
    }

    pub fn commit(&mut self, now: u64) {
        let takes = self.applies_ns * dist::exponential(&mut self.luck);
        while self.behind.front().is_some_and(|write| write.1 <= now) {
            self.behind.pop_front();
        }
        let from = self.behind.back().map_or(now, |last| last.1.max(now));
        self.behind.push_back((now, from.saturating_add(takes as u64)));
    }
}

impl Writer {
    /// What the stations of a world write.
    pub fn all(world: &World) -> Vec<Writer> {
        let of = |station: &crate::world::Station| {
            let writes = &world.services[station.service.at()].writes;
            let written =
                |(store, n): &(StoreId, f64)| Written { store: store.at(), per_request: *n, carry: 0.0, open: true };
            Writer { stores: writes.iter().map(written).collect() }
        };
        world.stations.iter().map(of).collect()
    }
}
