//! Data that is gone, and how it is got back.

use super::outcome::RestoreOutcome;
use crate::observe::Occurrence;
use crate::units::Time;
use crate::world::{StoreId, World, civil_label};
use std::collections::BTreeMap;

/// Restores of one store that are kept.
const KEPT_MAX: usize = 1_000;

/// What has been seen of each store.
#[derive(Debug, Clone, Default)]
pub struct Restores {
    stores: Vec<OfStore>,
}

#[derive(Debug, Clone, Default)]
struct OfStore {
    since: Option<Time>,
    gone_s: f64,
    kept: Vec<RestoreOutcome>,
    left_out: u64,
    /// The last one is not kept.
    is_left_out: bool,
}

impl Restores {
    pub fn new(world: &World) -> Restores {
        Restores { stores: vec![OfStore::default(); world.stores.len()] }
    }

    pub fn saw(&mut self, world: &World, at: Time, what: &Occurrence) {
        match what {
            Occurrence::DataGone(store) => self.stores[store.at()].is_gone(world, at),
            Occurrence::RestoreBegan { store, backup, age_s } => self.of(*store, |one| {
                one.ordered_at_s = one.ordered_at_s.or(Some(at.seconds()));
                one.backup = Some(world.stores[store.at()].backups[*backup].name.clone());
                one.age_s = Some(*age_s);
                one.parts_back_at_s.clear();
            }),
            Occurrence::Unreadable { store, .. } => self.of(*store, |one| one.unreadable += 1),
            Occurrence::PartBack { store, part } => self.of(*store, |one| {
                one.parts_back_at_s.truncate(*part);
                one.parts_back_at_s.push(at.seconds());
            }),
            Occurrence::DataBack(store) => {
                self.of(*store, |one| one.back_at_s = Some(at.seconds()));
                self.stores[store.at()].is_back(world, at);
            }
            _ => {}
        }
    }

    fn of(&mut self, store: StoreId, change: impl FnOnce(&mut RestoreOutcome)) {
        let of = &mut self.stores[store.at()];
        if let Some(last) = of.kept.last_mut().filter(|_| !of.is_left_out) {
            change(last);
        }
    }

    /// Of each store, in order: how long it was without its data, and every time that it was.
    pub fn into_outcomes(
        self,
        world: &World,
        left_out: &mut BTreeMap<String, u64>,
    ) -> impl Iterator<Item = (f64, Vec<RestoreOutcome>)> + use<> {
        let mut found = Vec::with_capacity(self.stores.len());
        for (mut of, store) in self.stores.into_iter().zip(&world.stores) {
            of.is_back(world, world.horizon);
            if of.left_out > 0 {
                left_out.insert(format!("stores.{}.restores", store.name), of.left_out);
            }
            found.push((of.gone_s, of.kept));
        }
        found.into_iter()
    }
}

impl OfStore {
    fn is_gone(&mut self, world: &World, at: Time) {
        self.since = Some(at);
        self.is_left_out = self.kept.len() >= KEPT_MAX;
        if self.is_left_out {
            self.left_out += 1;
            return;
        }
        let gone_at = civil_label(&world.calendar, at);
        self.kept.push(RestoreOutcome { gone_at_s: at.seconds(), gone_at, ..RestoreOutcome::default() });
    }

    fn is_back(&mut self, world: &World, at: Time) {
        if let Some(since) = self.since.take() {
            self.gone_s += at.since(since.max(world.measured_from)).seconds().max(0.0);
        }
    }
}
