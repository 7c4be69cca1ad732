//! Writes on their way to replicas: each is committed by the primary and applied one after another.

use super::Requests;
use crate::dist;
use crate::rng::{Luck, Stream};
use crate::world::{ReplicaKind, World};
use std::collections::VecDeque;

/// A replica that follows write by write.
#[derive(Debug, Clone)]
pub struct Follower {
    store: usize,
    replica: usize,
    /// Nanoseconds that it takes to apply a write, on average.
    applies_ns: f64,
    luck: Stream,
    /// Writes that are not applied yet: when they were committed, and when they will be applied.
    behind: VecDeque<(u64, u64)>,
}

/// Writes for each request that a station finishes.
#[derive(Debug, Clone, Default)]
pub struct Writer {
    stores: Vec<(usize, f64, f64)>,
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
                        behind: VecDeque::new(),
                    });
                }
            }
        }
        followers
    }

    fn commit(&mut self, now: u64) {
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
            Writer { stores: writes.iter().map(|(store, n)| (store.at(), *n, 0.0)).collect() }
        };
        world.stations.iter().map(of).collect()
    }
}

impl Requests {
    /// A station has finished a request: what that writes is committed.
    pub(super) fn write(&mut self, station: u32) {
        for (store, per_request, carry) in &mut self.writers[station as usize].stores {
            *carry += *per_request;
            while *carry >= 1.0 {
                *carry -= 1.0;
                let followers = self.followers.iter_mut().filter(|follower| follower.store == *store);
                followers.for_each(|follower| follower.commit(self.now));
            }
        }
    }

    /// The primary is another: whatever was on its way is lost, or does not matter any more.
    pub fn forget_writes(&mut self, store: usize) {
        self.followers.iter_mut().filter(|follower| follower.store == store).for_each(|f| f.behind.clear());
    }

    /// What a replica lacks now, where it follows write by write: seconds since the oldest of them, and how many.
    pub fn lacks(&self, store: usize, replica: usize, now: u64) -> Option<(f64, f64)> {
        let follower = self.followers.iter().find(|f| (f.store, f.replica) == (store, replica))?;
        let lacking = follower.behind.iter().filter(|write| write.1 > now);
        let oldest = lacking.clone().map(|write| write.0).next();
        Some((oldest.map_or(0.0, |oldest| (now - oldest) as f64 * 1e-9), lacking.count() as f64))
    }
}
