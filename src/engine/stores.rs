//! Stores: what is written, which replicas follow, for whom a commit waits, and what is lost when another takes over.

use super::core::Engine;
use super::event::Event;
use super::state::data::{Handover, ReplicaFlow};
use super::state::groups::Stage;
use super::state::nodes::Stage as RepairStage;
use crate::observe::{Fate, GoesOn, ObservationId, Occurrence, Why};
use crate::queueing::ApplyQueue;
use crate::units::Duration;
use crate::world::{FeatureId, GroupId, NodeId, NodeKind, Place, ReplicaKind, SiteId, StationId, StoreId};

/// What committing costs the requests at a station.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Commit {
    /// Round trips to replicas, in seconds, on average.
    pub takes_s: f64,
    /// Share of the requests that cannot commit, and why.
    pub waits: Option<(f64, Why)>,
}

impl Engine<'_> {
    pub(super) fn primary_up(&self, store: usize) -> bool {
        self.state.nodes[self.node_of(self.world.stores[store].primary).at()].up
    }

    /// Whether a replica's site works and can be reached from the primary's.
    fn replica_is_there(&self, primary: Option<SiteId>, replica: SiteId) -> bool {
        let up = self.state.nodes[self.world.sites[replica.at()].node.at()].up;
        primary == Some(replica)
            || up && primary.is_some_and(|primary| self.state.routes.between(primary, replica).is_some())
    }

    /// Sees who follows, and for whom commits wait. Whatever is changed here goes for what flows from now on.
    pub(super) fn look_at_stores(&mut self) {
        for store in 0..self.world.stores.len() {
            let place = self.world.stores[store].primary;
            let (up, primary) = (self.primary_up(store), self.site_of(place));
            for index in 0..self.state.flow.stores[store].replicas.len() {
                self.look_at_replica(store, index, up, primary);
            }
            let (mut waits_for, mut commit_s) = (None, 0.0_f64);
            for replica in &self.state.flow.stores[store].replicas {
                if replica.waited_for() && Some(replica.site) != primary && primary.is_some() && up {
                    let route = primary.and_then(|primary| self.state.routes.between(primary, replica.site));
                    match (replica.away_since, route) {
                        (None, Some(route)) => commit_s = commit_s.max(route.rtt_s),
                        _ => waits_for = waits_for.or(Some(replica.site)),
                    }
                }
            }
            waits_for = waits_for.or(self.hands_over_to(place).filter(|_| up));
            let world = self.world;
            let routes = &self.state.routes;
            let flow = &mut self.state.flow.stores[store];
            for writer in &mut flow.writers {
                let from = world.stations[writer.station.at()].site;
                writer.reaches = primary.is_none_or(|primary| routes.joins(from, primary));
            }
            // Of a part that is back something can be written again.
            let has_data = flow.data_gone.as_ref().is_none_or(|gone| gone.back > 0);
            flow.writable = up && waits_for.is_none() && has_data;
            if commit_s != flow.commit_s {
                flow.commit_s = commit_s;
                self.paths_dirty = true;
            }
            self.see_who_waits(store, waits_for, up);
            if !up {
                self.look_for_a_copy(store);
            }
            self.look_at_backups(store);
        }
    }

    /// Where a switchover goes for which writes have stopped.
    fn hands_over_to(&self, place: Place) -> Option<SiteId> {
        let Place::Group(group) = place else { return None };
        let state = &self.state.groups[group.at()];
        (state.stage == Stage::CatchingUp).then(|| self.world.groups[group.at()].sites[state.target]).flatten()
    }

    fn look_at_replica(&mut self, store: usize, index: usize, up: bool, primary: Option<SiteId>) {
        let (now, now_s) = (self.now, self.now.seconds());
        let site = self.state.flow.stores[store].replicas[index].site;
        let reaches = self.replica_is_there(primary, site);
        let flow = &mut self.state.flow.stores[store];
        let inflow = flow.inflow;
        let replica = &mut flow.replicas[index];
        if up {
            replica.at_risk = None;
        }
        if primary == Some(site) {
            (replica.alone, replica.away_since) = (false, None);
        } else if up && !reaches && replica.away_since.is_none() {
            replica.away_since = Some(now);
            replica.token += 1;
            if let (ReplicaKind::SemiSync(_, waits_s), false) = (replica.kind, replica.alone) {
                let (store, index, token) = (store as u32, index as u32, replica.token);
                let alone = Event::Alone { store, replica: index, token };
                self.events.push(now.after(Duration::from_seconds(waits_s)), alone);
            }
        } else if up && reaches && replica.away_since.take().is_some() {
            replica.token += 1;
        }
        let replica = &mut self.state.flow.stores[store].replicas[index];
        match (replica.contact, up && reaches) {
            (false, true) => replica.is_reached(now_s),
            (true, false) => {
                replica.lost_at = now;
                replica.loses_contact(now_s, if up { inflow } else { 0.0 });
            }
            _ => {}
        }
        if replica.contact && replica.alone {
            if replica.kind == ReplicaKind::Sync {
                replica.catches_up();
            }
            replica.alone = replica.fluid.backlog > 0.0;
        }
    }

    fn see_who_waits(&mut self, store: usize, waits_for: Option<SiteId>, up: bool) {
        let before = self.state.flow.stores[store].waits_for;
        if waits_for == before {
            return;
        }
        let id = StoreId::new(store);
        let seen = match (waits_for, before) {
            (Some(replica), _) => {
                let node = &self.state.nodes[self.world.sites[replica.at()].node.at()];
                let why = if node.up { self.cause } else { node.why.or(self.cause) };
                self.see_because(Occurrence::WritesWait { store: id, replica }, why)
            }
            (None, Some(replica)) => {
                let alone = self.state.flow.stores[store].replicas.iter().any(|r| r.site == replica && r.alone);
                let how = match (up, alone) {
                    (false, _) => GoesOn::Nobody,
                    (true, true) => GoesOn::Alone,
                    (true, false) => GoesOn::Answered,
                };
                let why = if how == GoesOn::Alone { self.state.flow.stores[store].why } else { None };
                self.see_because(Occurrence::WritesGoOn { store: id, replica, how }, self.cause.or(why))
            }
            (None, None) => return,
        };
        let flow = &mut self.state.flow.stores[store];
        flow.waits_for = waits_for;
        flow.why = Some(seen);
        self.paths_dirty = true;
    }

    /// A replica has been waited for for long enough.
    pub(super) fn goes_on_alone(&mut self, store: usize, replica: usize, token: u32) {
        let replica = &mut self.state.flow.stores[store].replicas[replica];
        if replica.token == token && replica.away_since.is_some() {
            replica.alone = true;
            self.flow_dirty = true;
        }
    }

    /// What committing costs at a station: a request that writes several times commits once.
    pub(super) fn commit(&self, station: StationId) -> Commit {
        let mut commit = Commit::default();
        let mut passes = 1.0;
        for (store, per_request) in &self.world.services[self.world.stations[station.at()].service.at()].writes {
            let flow = &self.state.flow.stores[store.at()];
            let share = per_request.min(1.0);
            commit.takes_s += share * flow.commit_s;
            if let Some(replica) = flow.waits_for.filter(|_| share > 0.0) {
                passes *= 1.0 - share;
                let why = commit.waits.map_or(Why::Replica(*store, replica), |waits| waits.1);
                commit.waits = Some((1.0 - passes, why));
            }
        }
        commit
    }

    /// How fast replicas can follow now, and how long writes are on their way to them.
    pub(super) fn pace_replicas(&mut self, store: usize) {
        let primary = self.site_of(self.world.stores[store].primary);
        let now_s = self.now.seconds();
        let flow = &mut self.state.flow.stores[store];
        for replica in &mut flow.replicas {
            let route = primary.and_then(|primary| self.state.routes.between(primary, replica.site));
            let half_s = route.map_or(0.0, |route| route.rtt_s / 2.0);
            // Counted in whole writes: what is nearly always nothing is nothing.
            let matters = (flow.inflow * half_s * (1.0 + 1e-9)).floor() >= 1.0;
            if replica.contact {
                replica.link_s = if matters { half_s } else { 0.0 };
                if let Some(batches) = &mut replica.batches {
                    batches.line_s = replica.link_s;
                }
            }
            replica.capacity = match replica.kind {
                _ if primary == Some(replica.site) => f64::MAX,
                _ if !replica.contact => 0.0,
                ReplicaKind::Sync => f64::MAX,
                ReplicaKind::SemiSync(..) if !replica.alone => f64::MAX,
                ReplicaKind::SemiSync(rate, _) | ReplicaKind::Async(rate) => rate,
                ReplicaKind::Shipped(..) if replica.batches.as_ref().is_some_and(|b| b.nothing_yet(now_s)) => 0.0,
                ReplicaKind::Shipped(..) => f64::MAX,
            };
        }
    }

    /// The features that a store is written by, by shares.
    pub(super) fn share_writes(&mut self, rates: impl Fn(usize) -> f64) {
        for store in 0..self.world.stores.len() {
            let flow = &self.state.flow.stores[store];
            if flow.writers.is_empty() || flow.inflow <= 0.0 {
                continue;
            }
            let mut features: Vec<(FeatureId, f64)> = Vec::new();
            let mut sum = self.world.stores[store].also_written;
            for (index, path) in self.state.flow.paths.iter().enumerate().filter(|(_, path)| path.dead.is_none()) {
                let writes = path.visits.iter().filter_map(|(station, times, _)| {
                    let writer = flow.writers.iter().find(|w| w.station == *station && w.reaches)?;
                    Some(times * writer.per_request)
                });
                let writes = writes.sum::<f64>() * rates(index);
                if writes > 0.0 {
                    let feature = self.world.people[path.people].uses[path.feature].0;
                    sum += writes;
                    match features.iter_mut().find(|(of, _)| *of == feature) {
                        Some((_, all)) => *all += writes,
                        None => features.push((feature, writes)),
                    }
                }
            }
            features.iter_mut().for_each(|(_, writes)| *writes /= sum);
            self.state.flow.stores[store].features = features;
        }
    }

    /// The age of what is read at a site, in seconds.
    pub(super) fn read_age_s(&self, store: StoreId, site: SiteId) -> f64 {
        if self.site_of(self.world.stores[store.at()].primary) == Some(site) {
            return 0.0;
        }
        // A replica that has lost its primary is as old as their last contact: nobody knows what it lacks.
        let primary = &self.state.nodes[self.node_of(self.world.stores[store.at()].primary).at()];
        let flow = &self.state.flow.stores[store.at()];
        let replica = flow.replicas.iter().find(|replica| replica.site == site);
        let lag_s = replica.map_or(0.0, |replica| replica.lag_s(self.now.seconds()));
        if primary.up {
            return lag_s;
        }
        let last = replica.filter(|replica| !replica.contact).map_or(primary.since, |replica| replica.lost_at);
        lag_s.max(self.now.since(last.min(primary.since)).seconds())
    }

    /// Notes what replicas lack at the moment in which their primary goes down.
    pub(super) fn before_node_goes_down(&mut self, id: NodeId, seen: ObservationId) {
        for store in 0..self.world.stores.len() {
            let stands_on_it = match self.world.stores[store].primary {
                Place::Site(site) => self.world.sites[site.at()].node == id,
                Place::Group(group) => {
                    let group_state = &self.state.groups[group.at()];
                    self.world.groups[group.at()].members[group_state.active] == id
                }
                Place::Spread(_) => false,
            };
            if !stands_on_it {
                continue;
            }
            self.close_span();
            let Some(primary) = self.site_of(self.world.stores[store].primary) else { continue };
            for index in 0..self.state.flow.stores[store].replicas.len() {
                let replica = &self.state.flow.stores[store].replicas[index];
                if replica.site == primary {
                    continue;
                }
                let (site, kind) = (replica.site, replica.kind);
                let (window_s, writes) = self.lacks(store, index);
                self.state.flow.stores[store].replicas[index].at_risk = Some((window_s, writes));
                self.see_because(
                    Occurrence::AtRisk { store: StoreId::new(store), replica: site, kind, window_s, writes },
                    Some(seen),
                );
            }
        }
    }

    /// Seconds and writes that a replica lacks now.
    fn lacks(&mut self, store: usize, index: usize) -> (f64, f64) {
        let (now, now_s) = (self.now, self.now.seconds());
        let flow = &mut self.state.flow.stores[store];
        let inflow = flow.inflow;
        let replica = &mut flow.replicas[index];
        let by_the_formula = lacking(replica, inflow, now_s);
        // Where writes are followed one by one, it is known what is missing.
        let follows = replica.contact && self.world.stores[store].also_written == 0.0;
        let followed = self.requests.as_ref().filter(|_| follows);
        let (window_s, writes) = followed
            .and_then(|requests| requests.lacks(store, index, now.0 as u64))
            // What it has missed while it was away comes on top of those.
            .filter(|(_, writes)| *writes >= replica.fluid.backlog.floor())
            .unwrap_or(by_the_formula);
        let asynchronous = matches!(replica.kind, ReplicaKind::Async(_) | ReplicaKind::SemiSync(..));
        let on_the_line = asynchronous && replica.contact && !replica.waited_for();
        let (line_s, under_way) = if on_the_line { replica.under_way(inflow) } else { (0.0, 0.0) };
        (window_s + line_s, writes + under_way)
    }

    /// The stores of a group follow it to its new active member.
    pub(super) fn promote_stores(&mut self, group: GroupId, old: usize, new: usize, handover: Handover) {
        let sites = &self.world.groups[group.at()].sites;
        let (Some(old), Some(new)) = (sites[old], sites[new]) else { return };
        for store in 0..self.world.stores.len() {
            if self.world.stores[store].primary != Place::Group(group) || old == new {
                continue;
            }
            // Who cannot be reached cannot hand over what it has.
            let handover = match handover {
                Handover::Asked if !self.state.routes.joins(old, new) => Handover::Alive,
                other => other,
            };
            let (fate, window_s, writes) = self.left_behind(store, new, handover);
            let now_s = self.now.seconds();
            let flow = &mut self.state.flow.stores[store];
            for replica in &mut flow.replicas {
                if replica.site == new || replica.site == old || (handover == Handover::Asked && replica.contact) {
                    replica.clear();
                } else {
                    replica.forget_newest(writes);
                    replica.at_risk = None;
                }
                // It declared the old one dead: it does not wait for it, nor for whoever was out before.
                let was_out = replica.alone && replica.site != new;
                replica.alone = if replica.site == old { handover != Handover::Asked } else { was_out };
                (replica.contact, replica.lost_at) = (false, self.now);
                replica.away_since = None;
                replica.token += 1;
            }
            for bare in flow.bare.iter_mut().filter(|bare| bare.site == old || bare.site == new) {
                (bare.has_been, bare.at_s, bare.written) = (true, now_s, flow.has);
            }
            if let Some(requests) = &mut self.requests {
                requests.forget_writes(store);
            }
            if fate == Fate::Everything && self.has_backups(store) {
                self.data_is_gone(store);
            } else {
                let features = self.state.flow.stores[store].features.clone();
                self.see_lost(store, fate, window_s, writes, features);
            }
        }
    }

    /// What the site that takes over lacks, and what becomes of that.
    fn left_behind(&mut self, store: usize, new: SiteId, handover: Handover) -> (Fate, f64, f64) {
        let fate = if handover == Handover::Alive { Fate::KeptAside } else { Fate::Lost };
        let flow = &self.state.flow.stores[store];
        let flow_has = flow.has;
        if handover == Handover::Asked || flow.gone || flow.data_gone.is_some() {
            return (Fate::Lost, 0.0, 0.0);
        }
        let (window_s, writes) = match flow.replicas.iter().position(|replica| replica.site == new) {
            Some(index) if handover == Handover::Dead => flow.replicas[index].at_risk.unwrap_or((0.0, 0.0)),
            Some(index) => self.lacks(store, index),
            None => {
                let bare = flow.bare.iter().find(|bare| bare.site == new);
                let window_s = |at_s: f64| self.now.seconds() - at_s;
                let lacks = bare.map_or((0.0, 0.0), |bare| (window_s(bare.at_s), flow.has - bare.written));
                if bare.is_some_and(|bare| !bare.has_been) && handover == Handover::Dead {
                    return (Fate::Everything, lacks.0, lacks.1);
                }
                lacks
            }
        };
        // Nobody lacks more than there was.
        let writes = writes.min(flow_has);
        if writes > 0.0 || window_s > 0.0 { (fate, window_s, writes) } else { (Fate::Lost, 0.0, 0.0) }
    }

    /// What nobody has any more, or only somebody whom nobody asks, is told once.
    pub(super) fn see_lost(
        &mut self,
        store: usize,
        fate: Fate,
        window_s: f64,
        writes: f64,
        features: Vec<(FeatureId, f64)>,
    ) {
        self.state.flow.stores[store].loses(writes, fate == Fate::KeptAside);
        self.see(Occurrence::DataLost { store: StoreId::new(store), window_s, writes, fate, features });
    }

    /// What has to hold of the data at any time.
    #[cfg(debug_assertions)]
    pub(super) fn data_invariants(&self) {
        for (flow, store) in self.state.flow.stores.iter().zip(&self.world.stores) {
            let name = &store.name;
            assert!(flow.writable || flow.inflow == 0.0, "{name}: written where nobody can write");
            assert!(flow.waits_for.is_none() || !flow.writable, "{name}: written while a commit waits");
            let known = flow.has + flow.lost + flow.kept_aside;
            let rounding = 1e-6 * (1.0 + flow.written);
            assert!((flow.written - known).abs() <= rounding, "{name}: a write is nowhere, or lost twice: {flow:?}");
            assert!(flow.has >= -rounding, "{name}: more is lost than was written: {flow:?}");
            let copies = flow.backups.iter().flat_map(|kind| &kind.copies).map(|copy| copy.written);
            let elsewhere = copies.chain(flow.bare.iter().map(|bare| bare.written));
            elsewhere
                .for_each(|has| assert!(has <= flow.has + rounding, "{name}: a copy has more than there is: {flow:?}"));
            for replica in &flow.replicas {
                let (account, backlog) = (&replica.account, replica.fluid.backlog);
                assert!(backlog >= 0.0, "{name}: less than nothing is behind");
                let there = account.applied + account.dropped + backlog;
                let off = (account.written - there).abs();
                assert!(off <= 1e-6 * (1.0 + account.written), "{name}: a write is nowhere, or twice: {replica:?}");
            }
        }
    }

    /// The primary is down. If it never comes back, what nobody else has is lost.
    fn look_for_a_copy(&mut self, store: usize) {
        let flow = &self.state.flow.stores[store];
        let place = self.world.stores[store].primary;
        if flow.gone
            || flow.data_gone.is_some()
            || !self.is_destroyed(self.state.active_node(self.world, self.node_of(place)))
        {
            return;
        }
        let Some(primary) = self.site_of(place) else { return };
        // Members at one site have one copy.
        if let Place::Group(group) = place {
            let group = &self.world.groups[group.at()];
            let mut here = group.members.iter().zip(&group.sites).filter(|(_, site)| **site == Some(primary));
            if here.any(|(member, _)| !self.is_destroyed(*member)) {
                return;
            }
        }
        let site_left = |site: SiteId| !self.is_destroyed(self.world.sites[site.at()].node);
        let copies = flow.replicas.iter().filter(|replica| replica.site != primary && site_left(replica.site));
        let best = copies.filter_map(|replica| replica.at_risk).min_by(|a, b| a.1.total_cmp(&b.1));
        let (fate, window_s, writes) = match (place, best) {
            // Another member may still take over, and loses then what it lacks.
            (Place::Group(_), Some(_)) => return,
            (Place::Group(_), None) if flow.bare.iter().any(|bare| bare.has_been && site_left(bare.site)) => return,
            (Place::Site(_) | Place::Spread(_), Some((window_s, writes))) => (Fate::Lost, window_s, writes),
            (_, None) => (Fate::Everything, self.now.seconds(), flow.has),
        };
        self.state.flow.stores[store].gone = true;
        let node = self.state.active_node(self.world, self.node_of(place));
        self.cause = self.state.nodes[node.at()].why.or(self.cause);
        if fate == Fate::Everything && self.has_backups(store) {
            self.data_is_gone(store);
            return;
        }
        let flow = &self.state.flow.stores[store];
        let (writes, features) = (writes.min(flow.has), flow.features.clone());
        self.see_lost(store, fate, window_s, writes, features);
    }

    /// Whether a node is down and nobody will ever repair it.
    pub(super) fn is_destroyed(&self, id: NodeId) -> bool {
        let (node, state) = (&self.world.nodes[id.at()], &self.state.nodes[id.at()]);
        if state.up {
            return false;
        }
        if let NodeKind::Group(group) = node.kind {
            return self.world.groups[group.at()].members.iter().all(|member| self.is_destroyed(*member));
        }
        let nobody_repairs = || {
            let coming = self.state.jobs.iter().any(|job| job.node == id && job.stage != RepairStage::Free);
            node.repair.is_none() && !coming
        };
        node.count.saturating_sub(state.failed) < node.needs && nobody_repairs()
            || node.gates.iter().any(|gate| {
                let left = gate.of.iter().filter(|of| !self.is_destroyed(**of)).count();
                left < gate.needed as usize
            })
    }
}

/// Seconds and writes that a replica lacks, but for those on the line.
fn lacking(replica: &mut ReplicaFlow, rate: f64, now_s: f64) -> (f64, f64) {
    if let Some(batches) = &mut replica.batches {
        let arrived_to_s = if replica.contact { batches.arrived_to_s(now_s) } else { batches.arrived_to_s };
        batches.log.serve_until(arrived_to_s);
        return (batches.log.age_s(now_s), batches.log.backlog());
    }
    let luck = replica.luck.uniform();
    let behind = (replica.age.age_s(now_s), replica.fluid.backlog);
    match replica.kind {
        ReplicaKind::Async(applies) if replica.contact && replica.fluid.backlog <= 0.0 => {
            match ApplyQueue::new(rate, applies) {
                // The same uniform for both: many missing writes go with a long window.
                Some(queue) => (queue.lag_quantile_s(luck), queue.lost_quantile(luck) as f64),
                None => behind,
            }
        }
        _ if replica.fluid.backlog > 0.0 => behind,
        _ => (0.0, 0.0),
    }
}
