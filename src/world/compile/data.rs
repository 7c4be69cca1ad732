//! Compiling background queues and stores.

use super::compiler::Compiler;
use super::limits::{self, sampler};
use super::resolve::sorted;
use crate::scenario::{self, Code};
use crate::world::data::{Queue, ReplicaKind, Store};
use crate::world::ids::{ServiceId, SiteId};

impl Compiler<'_> {
    pub fn compile_queues(&self) -> Vec<Queue> {
        let (scenario, names, p) = (self.scenario, &self.names, &self.problems);
        let mut found = Vec::new();
        for (name, queue) in sorted(&scenario.queues) {
            let path = format!("queues.{name}");
            p.range(
                format!("{path}.workers"),
                queue.workers > 0,
                "a queue without workers never drains",
                "write at least 1",
            );
            let takes = sampler(&queue.takes, &format!("{path}.takes"), p).map_or(1.0, |_| queue.takes.mean_s());
            p.range(
                format!("{path}.takes"),
                takes > 0.0,
                "an item of the queue takes no time",
                "give a duration above zero",
            );
            let gates = queue.stands_on.iter().map(|g| self.gate(g, &format!("{path}.stands_on"))).collect();
            let Some(place) = self.place(&queue.at, &format!("{path}.at")) else { continue };
            found.push(Queue {
                name: name.to_owned(),
                place,
                capacity: queue.workers as f64 / takes.max(1e-9),
                gates,
                needs: (queue.needs.iter().enumerate())
                    .filter_map(|(i, s)| names.services.find(s, "service", format!("{path}.needs.{i}"), p))
                    .map(ServiceId::new)
                    .collect(),
                fresh_within_s: queue.fresh_within.seconds(),
                also_fed: queue.also_fed.0,
            });
        }
        found
    }

    pub fn compile_stores(&self) -> Vec<Store> {
        let (scenario, names, p) = (self.scenario, &self.names, &self.problems);
        let mut found = Vec::new();
        for (name, store) in sorted(&scenario.stores) {
            let path = format!("stores.{name}");
            let mut replicas = Vec::new();
            for (site, replica) in sorted(&store.replicas) {
                let place = format!("{path}.replicas.{site}");
                let kind = match replica {
                    scenario::Replica::Sync => ReplicaKind::Sync,
                    scenario::Replica::SemiSync { applies, waits } => ReplicaKind::SemiSync(applies.0, waits.seconds()),
                    scenario::Replica::Async { applies } => ReplicaKind::Async(applies.0),
                    scenario::Replica::Shipped { every, takes } => {
                        limits::period(p, &format!("{place}.every"), *every, scenario.clock.horizon);
                        ReplicaKind::Shipped(every.seconds(), takes.seconds())
                    }
                };
                if let ReplicaKind::SemiSync(rate, _) | ReplicaKind::Async(rate) = kind {
                    p.range(
                        format!("{place}.applies"),
                        rate > 0.0,
                        "a replica that applies nothing never catches up",
                        "give a rate above zero",
                    );
                }
                if let Some(site) = names.sites.find(site, "site", format!("{place}#key"), p) {
                    replicas.push((SiteId::new(site), kind));
                }
                if store.primary == site {
                    p.add(
                        Code::Contradiction,
                        format!("{place}#key"),
                        format!("\"{site}\" is the primary already"),
                        "name another site, or make the primary a group",
                    );
                }
            }
            let Some(primary) = self.place(&store.primary, &format!("{path}.primary")) else { continue };
            found.push(Store {
                name: name.to_owned(),
                primary,
                replicas,
                also_written: store.also_written.0,
                backups: self.backups(store, &format!("{path}.backups")),
                parts: self.store_parts(store, &format!("{path}.parts")),
            });
        }
        found
    }
}
