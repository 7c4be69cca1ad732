//! Data and background work: replicas that lag, queues that get stale.

use super::core::Engine;
use super::state::data::ReplicaFlow;
use super::state::groups::Handover;
use super::state::stations::StationPhase;
use crate::observe::{ObservationId, Occurrence};
use crate::queueing::ApplyQueue;
use crate::world::{GroupId, NodeId, Place, QueueId, ReplicaKind, ServiceId, SiteId, StationId, StoreId};

impl Engine<'_> {
    /// The site that a place means now.
    pub(super) fn site_of(&self, place: Place) -> Option<SiteId> {
        match place {
            Place::Site(site) => Some(site),
            Place::Group(group) => self.world.groups[group.at()].sites[self.state.groups[group.at()].active],
        }
    }

    /// The node that has to work for a place to work.
    pub(super) fn node_of(&self, place: Place) -> NodeId {
        match place {
            Place::Site(site) => self.world.sites[site.at()].node,
            Place::Group(group) => self.world.groups[group.at()].node,
        }
    }

    pub(super) fn primary_up(&self, store: usize) -> bool {
        self.state.nodes[self.node_of(self.world.stores[store].primary).at()].up
    }

    /// How fast a replica can follow now.
    pub(super) fn replica_capacity(&self, store: usize, replica: &ReplicaFlow) -> f64 {
        let Some(primary) = self.site_of(self.world.stores[store].primary) else { return 0.0 };
        let replica_up = self.state.nodes[self.world.sites[replica.site.at()].node.at()].up;
        let reachable = self.state.routes.between(primary, replica.site).is_some();
        if !self.primary_up(store) || !replica_up || !reachable {
            return 0.0;
        }
        match replica.kind {
            ReplicaKind::Sync => f64::MAX,
            ReplicaKind::SemiSync(rate) | ReplicaKind::Async(rate) => rate,
            ReplicaKind::Shipped(..) => f64::MAX,
        }
    }

    /// The age of what is read at a site, in seconds.
    pub(super) fn read_age_s(&self, store: StoreId, site: SiteId) -> f64 {
        if self.site_of(self.world.stores[store.at()].primary) == Some(site) {
            return 0.0;
        }
        // A replica that has lost its primary is as old as their last contact: nobody knows what it lacks.
        let primary = &self.state.nodes[self.node_of(self.world.stores[store.at()].primary).at()];
        if !primary.up {
            return self.now.since(primary.since).seconds();
        }
        let flow = &self.state.flow.stores[store.at()];
        let Some(replica) = flow.replicas.iter().find(|r| r.site == site) else { return 0.0 };
        replica.age.age_s(self.now.seconds())
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
            };
            if !stands_on_it {
                continue;
            }
            self.close_span();
            let Some(primary) = self.site_of(self.world.stores[store].primary) else { continue };
            let rate = self.state.flow.stores[store].inflow;
            for index in 0..self.state.flow.stores[store].replicas.len() {
                let now_s = self.now.seconds();
                let replica = &mut self.state.flow.stores[store].replicas[index];
                if replica.site == primary {
                    continue;
                }
                let by_the_formula = lacking(replica, rate, now_s);
                // Where writes are followed one by one, it is known what is missing.
                let follows = replica.capacity > 0.0 && self.world.stores[store].also_written == 0.0;
                let followed = self.requests.as_ref().filter(|_| follows);
                let (window_s, writes) = followed
                    .and_then(|requests| requests.lacks(store, index, self.now.0 as u64))
                    .unwrap_or(by_the_formula);
                replica.at_risk = Some((window_s, writes));
                let (site, kind) = (replica.site, replica.kind);
                self.see_because(
                    Occurrence::AtRisk { store: StoreId::new(store), replica: site, kind, window_s, writes },
                    Some(seen),
                );
            }
        }
    }

    /// The stores of a group follow it to its new active member.
    pub(super) fn promote_stores(&mut self, group: GroupId, old: usize, new: usize, handover: Handover) {
        let sites = &self.world.groups[group.at()].sites;
        let (Some(old), Some(new)) = (sites[old], sites[new]) else { return };
        for store in 0..self.world.stores.len() {
            if self.world.stores[store].primary != Place::Group(group) || old == new {
                continue;
            }
            let lost = {
                let flow = &mut self.state.flow.stores[store];
                let lost = flow
                    .replicas
                    .iter()
                    .find(|r| r.site == new)
                    .and_then(|r| if handover == Handover::Dead { r.at_risk } else { None })
                    .unwrap_or((0.0, 0.0));
                for replica in &mut flow.replicas {
                    replica.at_risk = None;
                    replica.fluid.backlog = 0.0;
                    replica.age.clear();
                }
                lost
            };
            if let Some(requests) = &mut self.requests {
                requests.forget_writes(store);
            }
            self.see(Occurrence::DataLost { store: StoreId::new(store), window_s: lost.0, writes: lost.1 });
        }
    }

    /// Looks whether the workers of the queues can work.
    pub(super) fn look_at_queues(&mut self) {
        for i in 0..self.world.queues.len() {
            let queue = &self.world.queues[i];
            let place = self.node_of(queue.place);
            let blocker = (!self.state.nodes[place.at()].up)
                .then_some(place)
                .or_else(|| queue.gates.iter().find_map(|g| self.gate_blocked_by(g, self.site_of(queue.place))));
            let missing = queue.needs.iter().find(|s| !self.serves_where_needed(**s, self.site_of(queue.place)));
            let serving = blocker.is_none() && missing.is_none();
            if serving != self.state.flow.queues[i].serving {
                let of_station = missing
                    .and_then(|s| self.world.services[s.at()].stations.first())
                    .and_then(|s| self.state.stations[s.at()].why);
                let let_work = queue
                    .needs
                    .iter()
                    .flat_map(|s| &self.world.services[s.at()].stations)
                    .filter_map(|s| self.state.stations[s.at()].why)
                    .chain(self.state.nodes[place.at()].why)
                    .max();
                let why = blocker.and_then(|b| self.state.nodes[b.at()].why).or(of_station).or(let_work).or(self.cause);
                let id = QueueId::new(i);
                let seen = self
                    .see_because(if serving { Occurrence::QueueServes(id) } else { Occurrence::QueueStopped(id) }, why);
                let flow = &mut self.state.flow.queues[i];
                flow.serving = serving;
                flow.why = Some(seen);
            }
            self.state.flow.queues[i].capacity = if serving { queue.capacity } else { 0.0 };
        }
    }

    /// Notes queues that have become stale or fresh.
    pub(super) fn look_at_ages(&mut self) {
        let now_s = self.now.seconds();
        for i in 0..self.world.queues.len() {
            let flow = &self.state.flow.queues[i];
            let stale = flow.age.age_s(now_s) > self.world.queues[i].fresh_within_s;
            if stale != flow.stale {
                let why = flow.why;
                let id = QueueId::new(i);
                let seen =
                    self.see_because(if stale { Occurrence::QueueStale(id) } else { Occurrence::QueueFresh(id) }, why);
                let flow = &mut self.state.flow.queues[i];
                flow.stale = stale;
                flow.why = Some(seen);
            }
        }
    }

    /// Whether a service serves at a site, or anywhere where it does not run there.
    pub(super) fn serves_where_needed(&self, service: ServiceId, site: Option<SiteId>) -> bool {
        let placed = &self.world.services[service.at()].stations;
        match placed.iter().find(|s| Some(self.world.stations[s.at()].site) == site) {
            Some(here) => self.serves(*here),
            None => placed.iter().any(|s| self.serves(*s)),
        }
    }

    /// Whether a station serves.
    pub(super) fn serves(&self, id: StationId) -> bool {
        self.state.stations[id.at()].phase == StationPhase::Serving
    }
}

/// Seconds and writes that a replica lacks.
fn lacking(replica: &mut ReplicaFlow, rate: f64, now_s: f64) -> (f64, f64) {
    let luck = replica.luck.uniform();
    match replica.kind {
        ReplicaKind::Sync => (0.0, 0.0),
        ReplicaKind::Shipped(every_s, takes_s) => {
            // Uniform phase of the last batch, and the batch under way is not there yet.
            let window_s = luck * every_s + takes_s;
            (window_s, window_s * rate)
        }
        ReplicaKind::SemiSync(_) | ReplicaKind::Async(_) if replica.fluid.backlog > 0.0 => {
            (replica.age.age_s(now_s), replica.fluid.backlog)
        }
        ReplicaKind::SemiSync(_) => (0.0, 0.0),
        ReplicaKind::Async(applies) => match ApplyQueue::new(rate, applies) {
            // The same uniform for both: many missing writes go with a long window.
            Some(queue) => (queue.lag_quantile_s(luck), queue.lost_quantile(luck) as f64),
            None => (replica.age.age_s(now_s), replica.fluid.backlog),
        },
    }
}
