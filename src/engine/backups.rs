//! Data that is gone, and how it is got back: backups are taken, lost with what keeps them, and read again.

use super::core::Engine;
use super::event::Event;
use super::state::backups::{Copied, Gone, Restore};
use super::state::paths::Status;
use crate::observe::{Fate, Occurrence, Refusal, Why};
use crate::units::Duration;
use crate::world::{FeatureId, StoreId};

impl Engine<'_> {
    pub(super) fn start_backups(&mut self) {
        for (i, store) in self.world.stores.iter().enumerate() {
            for (nth, backup) in store.backups.iter().enumerate() {
                self.events.push(backup.first, Event::Backup { store: i as u32, backup: nth as u32 });
            }
        }
    }

    /// A backup is due. Whether it can be read is drawn for each that is due, also where none can be taken.
    pub(super) fn back_up(&mut self, store: usize, nth: usize) {
        let backup = &self.world.stores[store].backups[nth];
        let state = &mut self.state.flow.stores[store].backups[nth];
        state.due += 1;
        let readable = !state.luck.chance(backup.unreadable);
        if let Some(every) = backup.every {
            let next = self.world.calendar.repeated(backup.first, every, state.due);
            self.events.push(next, Event::Backup { store: store as u32, backup: nth as u32 });
        }
        let flow = &self.state.flow.stores[store];
        if flow.data_gone.is_some() || flow.gone || !self.primary_up(store) || !self.keeper_is_there(store, nth) {
            self.see(Occurrence::BackupMissed { store: StoreId::new(store), backup: nth });
            return;
        }
        self.close_span();
        let now = self.now;
        let flow = &mut self.state.flow.stores[store];
        let written = flow.has;
        let copies = &mut flow.backups[nth].copies;
        copies.push(Copied { at: now, whole_at: now.after(backup.takes), written, readable });
        // What is not whole yet takes the place of none that is.
        let whole = copies.iter().filter(|copy| copy.whole_at <= now).count();
        let too_many = whole.saturating_sub(backup.keeps);
        copies.drain(..too_many);
    }

    /// Whether what keeps a backup works and can be reached from the primary.
    fn keeper_is_there(&self, store: usize, nth: usize) -> bool {
        let Some(keeper) = self.world.stores[store].backups[nth].keeper else { return true };
        let at = self.world.nodes[self.state.active_node(self.world, keeper).at()].site;
        let primary = self.site_of(self.world.stores[store].primary);
        let cut_off = primary.zip(at).is_some_and(|(from, to)| self.cut_off(from, to));
        self.state.nodes[keeper.at()].up && !cut_off
    }

    /// Backups that cannot be finished, and those that were where nothing is left, are none.
    pub(super) fn look_at_backups(&mut self, store: usize) {
        let now = self.now;
        let source = self.primary_up(store) && self.state.flow.stores[store].data_gone.is_none();
        for nth in 0..self.world.stores[store].backups.len() {
            let keeper = self.world.stores[store].backups[nth].keeper;
            let (kept, there) = (keeper.is_none_or(|at| !self.is_destroyed(at)), self.keeper_is_there(store, nth));
            let copies = &mut self.state.flow.stores[store].backups[nth].copies;
            if !kept {
                copies.clear();
            } else if !source || !there {
                copies.retain(|copy| copy.whole_at <= now);
            }
        }
        self.go_on_with_restore(store);
    }

    /// The newest backup that is whole, and whose kind it is.
    fn newest_copy(&self, store: usize, only: Option<usize>) -> Option<(usize, Copied)> {
        let kinds = self.state.flow.stores[store].backups.iter().enumerate();
        let keepers = &self.world.stores[store].backups;
        let is_kept = |nth: usize| keepers[nth].keeper.is_none_or(|keeper| !self.is_destroyed(keeper));
        let of_kinds = kinds.filter(|(nth, _)| only.is_none_or(|only| only == *nth) && is_kept(*nth));
        let whole = of_kinds.flat_map(|(nth, kind)| kind.copies.iter().map(move |copy| (nth, *copy)));
        // Of two that are as new the first.
        let whole = whole.filter(|(_, copy)| copy.whole_at <= self.now);
        whole.reduce(|best, next| if next.1.at > best.1.at { next } else { best })
    }

    /// Whether a backup could bring back what is gone.
    pub(super) fn has_backups(&self, store: usize) -> bool {
        self.newest_copy(store, None).is_some()
    }

    /// The data of a store is deleted, by whom ever. Replicas follow that as they follow everything else.
    pub(super) fn destroy(&mut self, store: StoreId) -> Result<(), Refusal> {
        if self.state.flow.stores[store.at()].data_gone.is_some() || self.state.flow.stores[store.at()].gone {
            return Err(Refusal::NothingToDo);
        }
        self.data_is_gone(store.at());
        Ok(())
    }

    /// There is no data any more, and a backup may bring it back.
    pub(super) fn data_is_gone(&mut self, store: usize) {
        self.close_span();
        let now = self.now;
        let seen = self.see(Occurrence::DataGone(StoreId::new(store)));
        let flow = &mut self.state.flow.stores[store];
        flow.replicas.iter_mut().for_each(|replica| replica.clear());
        flow.why = Some(seen);
        flow.data_gone = Some(Gone {
            since: now,
            written: flow.has,
            features: flow.features.clone(),
            back: 0,
            for_good: false,
            restore: None,
            why: Some(seen),
        });
        if let Some(requests) = &mut self.requests {
            requests.forget_writes(store);
        }
        self.cause = Some(seen);
        self.look_at_backups(store);
        if self.newest_copy(store, None).is_none() {
            self.is_gone_for_good(store);
        }
        self.paths_dirty = true;
        self.flow_dirty = true;
    }

    /// No backup is left that could bring it back.
    fn is_gone_for_good(&mut self, store: usize) {
        let Some(gone) = &mut self.state.flow.stores[store].data_gone else { return };
        if std::mem::replace(&mut gone.for_good, true) {
            return;
        }
        gone.restore = None;
        let (window_s, writes, features) = (gone.since.seconds(), gone.written, gone.features.clone());
        self.see_lost(store, Fate::Everything, window_s, writes, features);
    }

    /// Somebody orders what is gone back.
    pub(super) fn restore(&mut self, store: StoreId, only: Option<usize>) -> Result<(), Refusal> {
        let gone = self.state.flow.stores[store.at()].data_gone.as_ref().ok_or(Refusal::NothingToDo)?;
        if gone.restore.is_some() {
            return Err(Refusal::OrderedAlready);
        }
        let copy = self.newest_copy(store.at(), only).ok_or(Refusal::NothingToDo)?;
        self.read(store.at(), Restore { only, copy, since: None, takes_s: 0.0, unreadable: 0, token: 0 });
        Ok(())
    }

    /// Begins to read a backup, or waits for what is needed for that.
    fn read(&mut self, store: usize, restore: Restore) {
        let (nth, copy) = restore.copy;
        let age_s =
            self.state.flow.stores[store].data_gone.as_ref().map_or(0.0, |gone| gone.since.since(copy.at).seconds());
        let seen = self.see(Occurrence::RestoreBegan { store: StoreId::new(store), backup: nth, age_s });
        if let Some(gone) = &mut self.state.flow.stores[store].data_gone {
            gone.restore = Some(restore);
            gone.why = Some(seen);
        }
        self.go_on_with_restore(store);
    }

    /// A restore that has waited begins, one that has lost what it needs waits, and begins anew with that.
    fn go_on_with_restore(&mut self, store: usize) {
        let gone = self.state.flow.stores[store].data_gone.as_ref();
        let Some(restore) = gone.and_then(|gone| gone.restore.as_ref()) else { return };
        let (nth, copy) = restore.copy;
        let is_left = self.state.flow.stores[store].backups[nth].copies.contains(&copy);
        let there = is_left && self.primary_up(store) && self.keeper_is_there(store, nth);
        match (restore.since, there) {
            (None, true) => self.begin_reading(store),
            (Some(_), false) => {
                if let Some(restore) = self.restore_of(store) {
                    restore.since = None;
                    restore.token += 1;
                }
                self.parts_are_back(store, 0);
            }
            _ => {}
        }
        if !is_left {
            self.next_copy(store);
        }
    }

    fn restore_of(&mut self, store: usize) -> Option<&mut Restore> {
        self.state.flow.stores[store].data_gone.as_mut()?.restore.as_mut()
    }

    fn begin_reading(&mut self, store: usize) {
        let now = self.now;
        let world = self.world;
        let flow = &mut self.state.flow.stores[store];
        let Some(restore) = flow.data_gone.as_mut().and_then(|gone| gone.restore.as_mut()) else { return };
        let (nth, copy) = restore.copy;
        let backup = &world.stores[store].backups[nth];
        restore.since = Some(now);
        restore.token += 1;
        let token = restore.token;
        let due = if copy.readable {
            restore.takes_s = backup.restores.draw(&mut flow.backups[nth].takes).seconds();
            let first = world.stores[store].parts.first().map_or(1.0, |part| part.until);
            now.after(Duration::from_seconds(restore.takes_s * first.min(1.0)))
        } else {
            now.after(backup.found_after)
        };
        self.events.push(due, Event::Restored { store: store as u32, token });
    }

    /// A part is there again, or everything; or it has been found out that the backup cannot be read.
    pub(super) fn restored(&mut self, store: usize, token: u32) {
        let Some(gone) = &self.state.flow.stores[store].data_gone else { return };
        let (back, why) = (gone.back, gone.why);
        let Some(restore) = gone.restore.as_ref().filter(|restore| restore.token == token) else { return };
        let ((nth, copy), since, takes_s) = (restore.copy, restore.since, restore.takes_s);
        self.cause = why;
        if !copy.readable {
            let seen = self.see(Occurrence::Unreadable { store: StoreId::new(store), backup: nth });
            self.cause = Some(seen);
            self.state.flow.stores[store].backups[nth].copies.retain(|kept| *kept != copy);
            if let Some(restore) = self.restore_of(store) {
                restore.unreadable += 1;
            }
            self.next_copy(store);
            return;
        }
        let parts = &self.world.stores[store].parts;
        if back < parts.len() {
            self.parts_are_back(store, back + 1);
            self.see(Occurrence::PartBack { store: StoreId::new(store), part: back });
            let until = parts.get(back + 1).map_or(1.0, |part| part.until.min(1.0));
            let due = since.unwrap_or(self.now).after(Duration::from_seconds(takes_s * until));
            self.events.push(due.max(self.now), Event::Restored { store: store as u32, token });
            return;
        }
        self.is_back(store, copy);
    }

    fn parts_are_back(&mut self, store: usize, parts: usize) {
        let before = self.state.flow.stores[store].data_gone.as_ref().map_or(parts, |gone| gone.back);
        if before != parts {
            self.close_span();
            self.paths_dirty = true;
            self.flow_dirty = true;
        }
        if let Some(gone) = &mut self.state.flow.stores[store].data_gone {
            gone.back = parts;
        }
    }

    /// The next older backup is tried; where there is none, nothing more can be done.
    fn next_copy(&mut self, store: usize) {
        let Some(mut restore) = self.restore_of(store).map(|restore| restore.clone()) else { return };
        match self.newest_copy(store, restore.only) {
            Some(copy) => {
                restore.copy = copy;
                restore.since = None;
                restore.token += 1;
                self.read(store, restore);
            }
            None if self.newest_copy(store, None).is_some() => {
                // Backups of another kind are left: somebody may order those.
                if let Some(gone) = &mut self.state.flow.stores[store].data_gone {
                    gone.restore = None;
                }
                self.see(Occurrence::RestoreFailed(StoreId::new(store)));
            }
            None => self.is_gone_for_good(store),
        }
    }

    /// All that the backup has is there again: what was written after it is lost.
    fn is_back(&mut self, store: usize, copy: Copied) {
        self.close_span();
        let flow = &mut self.state.flow.stores[store];
        let Some(gone) = flow.data_gone.take() else { return };
        flow.gone = false;
        flow.replicas.iter_mut().for_each(|replica| replica.clear());
        let seen = self.see(Occurrence::DataBack(StoreId::new(store)));
        self.state.flow.stores[store].why = Some(seen);
        self.cause = Some(seen);
        let writes = (gone.written - copy.written).max(0.0);
        self.see_lost(store, Fate::Lost, gone.since.since(copy.at).seconds(), writes, gone.features);
        self.paths_dirty = true;
        self.flow_dirty = true;
    }

    /// The run ends: what is not back by then has not been got back.
    pub(super) fn end_without_data(&mut self) {
        for store in 0..self.world.stores.len() {
            let Some(gone) = self.state.flow.stores[store].data_gone.as_ref().filter(|gone| !gone.for_good) else {
                continue;
            };
            let (window_s, writes, features) = (gone.since.seconds(), gone.written, gone.features.clone());
            self.cause = gone.why;
            self.see_lost(store, Fate::NotBack, window_s, writes, features);
        }
    }

    /// Of the requests for a feature, which fail for want of data, and which go without something.
    pub(super) fn lacks_data(&self, feature: FeatureId) -> Status {
        let mut status = Status::default();
        for (store, needs) in &self.world.features[feature.at()].needs {
            let Some(gone) = &self.state.flow.stores[store.at()].data_gone else { continue };
            let parts = &self.world.stores[store.at()].parts;
            if parts[..gone.back.min(parts.len())].iter().any(|part| part.features.contains(&feature)) {
                continue;
            }
            let why = Why::Data(*store);
            if needs.fails >= 1.0 {
                status.dead = status.dead.or(Some(why));
            } else {
                status.fails.add(needs.fails, why);
            }
            if needs.lacks >= 1.0 {
                status.missing = status.missing.or(Some(why));
            } else {
                status.lacks.add(needs.lacks, why);
            }
        }
        status
    }
}
