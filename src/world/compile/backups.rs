//! Compiling backups of stores, and which features need what data.

use super::compiler::Compiler;
use super::limits::{self, sampler};
use super::resolve::{Names, sorted};
use crate::dist::{Dist, Sampler};
use crate::scenario::{self, Code};
use crate::units::{Duration, Time};
use crate::world::backups::{Backup, Needs, StorePart};
use crate::world::data::Store;
use crate::world::ids::{FeatureId, NodeId, StationId, StoreId};

/// Backups that one store keeps of a kind.
const KEPT_MAX: u32 = 1_000;

impl Compiler<'_> {
    pub fn backups(&self, store: &scenario::Store, path: &str) -> Vec<Backup> {
        let found = sorted(&store.backups);
        found.filter_map(|(name, backup)| self.backup(name, backup, store, &format!("{path}.{name}"))).collect()
    }

    fn backup(&self, name: &str, backup: &scenario::Backup, store: &scenario::Store, path: &str) -> Option<Backup> {
        let (scenario, p) = (self.scenario, &self.problems);
        let place = |field: &str| format!("{path}.{field}");
        let first = backup.first.as_ref().map_or(Some(Time::ZERO), |at| self.time_in_run(at, &place("first")));
        if let Some(every) = backup.every {
            limits::period(p, &place("every"), every, scenario.clock.horizon);
        }
        let keeper = match &backup.at {
            Some(at) => Some(self.names.nodes.find(at, "site, component or group", place("at"), p)?),
            None => None,
        };
        p.range(
            place("keeps"),
            (1..=KEPT_MAX).contains(&backup.keeps),
            format!("{} backups kept", backup.keeps),
            "write from 1 to 1000",
        );
        if backup.found_after.0 > 0 && backup.unreadable.0 == 0.0 {
            p.add(
                Code::Contradiction,
                place("found_after"),
                "nothing is found out of backups that can all be read",
                "write unreadable: with how many cannot, or leave it out",
            );
        }
        Some(Backup {
            name: name.to_owned(),
            first: first?,
            every: backup.every,
            takes: backup.takes,
            keeper: keeper.map(NodeId::new),
            keeps: backup.keeps.clamp(1, KEPT_MAX) as usize,
            unreadable: backup.unreadable.0,
            found_after: backup.found_after,
            restores: self.restores(backup, store, path)?,
        })
    }

    /// How long reading a backup takes: as it says, or by its size.
    fn restores(&self, backup: &scenario::Backup, store: &scenario::Store, path: &str) -> Option<Sampler> {
        let p = &self.problems;
        match (&backup.restores, backup.reads, store.size) {
            (Some(takes), None, _) => sampler(takes, &format!("{path}.restores"), p),
            (None, Some(reads), Some(size)) if reads.0 > 0.0 => {
                let takes = Duration::from_seconds(size.0 * 8.0 / reads.0);
                Some(Dist::Fixed(takes).sampler())
            }
            (None, Some(reads), size) => {
                let (reason, fix) = match size {
                    None => ("nothing says how large the store is", "write size: at the store, or restores: here"),
                    Some(_) => ("what is read at no rate is never there again", "give a bandwidth above zero"),
                };
                debug_assert!(size.is_none() || reads.0 <= 0.0);
                p.add(Code::Contradiction, format!("{path}.reads"), reason, fix);
                None
            }
            _ => {
                p.add(
                    Code::Contradiction,
                    path,
                    "this does not say how long restoring takes, or says it twice",
                    "write reads: or restores:",
                );
                None
            }
        }
    }

    pub fn store_parts(&self, store: &scenario::Store, path: &str) -> Vec<StorePart> {
        let p = &self.problems;
        let mut until = 0.0;
        let mut found = Vec::new();
        if !store.parts.is_empty() && store.backups.is_empty() {
            p.add(
                Code::NeverActs,
                path,
                "without backups no part is ever restored",
                "write backups: beside it, or leave it out",
            );
        }
        for (i, part) in store.parts.iter().enumerate() {
            until += part.share.0;
            let features = part.features.iter().enumerate();
            let features: Vec<FeatureId> = features
                .filter_map(|(nth, name)| {
                    self.names.features.find(name, "feature", format!("{path}.{i}.features.{nth}"), p)
                })
                .map(FeatureId::new)
                .collect();
            found.push(StorePart { until, features });
        }
        p.range(
            path,
            until <= 1.0 + 1e-9,
            format!("the parts come to {:.0}% of the store", until * 100.0),
            "make their shares 100% together, or less",
        );
        found
    }

    /// The store with this name.
    pub fn store(&self, of: &str, path: &str) -> Option<StoreId> {
        let names = Names::in_order(sorted(&self.scenario.stores).map(|(name, _)| name));
        names.find(of, "store", path, &self.problems).map(StoreId::new)
    }

    /// The backups of a store that an action names.
    pub fn backups_named(&self, of: &str, from: Option<&str>, path: &str) -> Option<(StoreId, Option<usize>)> {
        let p = &self.problems;
        let id = self.store(of, &format!("{path}.of"))?;
        let store = self.scenario.stores.get(of)?;
        if store.backups.is_empty() {
            p.add(
                Code::NeverActs,
                format!("{path}.of"),
                format!("\"{of}\" has no backups"),
                "write backups: at the store, or leave this out",
            );
        }
        let from = match from {
            Some(from) => {
                let names = Names::in_order(sorted(&store.backups).map(|(name, _)| name));
                Some(names.find(from, "backup", format!("{path}.from"), p)?)
            }
            None => None,
        };
        Some((id, from))
    }

    /// Finds out which features need which data: what they read, and what services write that they call.
    pub fn find_needed_data(&mut self, stores: &[Store], station_order: &[StationId]) {
        for store in (0..stores.len()).map(StoreId::new) {
            let mut of_services = vec![Needs::default(); self.services.len()];
            for (service, needs) in self.services.iter().zip(&mut of_services) {
                needs.fails = f64::from(u8::from(service.writes.iter().any(|(of, n)| *of == store && *n > 0.0)));
            }
            // Callees before callers; the calls of a service are the same at each of its sites.
            for station in station_order.iter().rev().filter_map(|id| self.stations.get(id.at())) {
                let mut needs = of_services[station.service.at()];
                station.calls.iter().for_each(|call| needs.add(call, &of_services));
                of_services[station.service.at()] = needs;
            }
            for feature in &mut self.features {
                let mut needs = Needs::default();
                // From where it is used makes no difference either.
                let calls = feature.calls.iter().max_by_key(|calls| calls.len());
                calls.into_iter().flatten().for_each(|call| needs.add(call, &of_services));
                if feature.reads.iter().any(|(of, _)| *of == store) {
                    needs.fails = 1.0;
                }
                if needs.fails > 0.0 || needs.lacks > 0.0 {
                    feature.needs.push((store, needs));
                }
            }
        }
        if self.problems.count() > 0 {
            return;
        }
        for (id, store) in stores.iter().enumerate() {
            for (i, part) in store.parts.iter().enumerate() {
                for (nth, feature) in part.features.iter().enumerate() {
                    let Some(of) = self.features.get(feature.at()) else { continue };
                    if of.needs.iter().all(|(needed, _)| needed.at() != id) {
                        self.problems.add(
                            Code::NeverActs,
                            format!("stores.{}.parts.{i}.features.{nth}", store.name),
                            format!("\"{}\" goes on without \"{}\"", of.name, store.name),
                            "name a feature that reads it, or that calls a service that writes to it",
                        );
                    }
                }
            }
        }
    }
}
