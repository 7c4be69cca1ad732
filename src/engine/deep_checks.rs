//! Deep health checks: they fail too where something else does not work that the checked one needs.

use super::core::Engine;
use super::state::stations::StationPhase;
use crate::observe::ObservationId;
use crate::world::{Automation, Dependency, GroupId, QueueId, SiteId, StationId};

impl Engine<'_> {
    /// Whether everything works that checks of somebody at a site look at beside him.
    pub(super) fn deep_passes(&self, deep: &[Dependency], from: Option<SiteId>) -> bool {
        deep.iter().all(|of| self.dependency_works(of, from))
    }

    fn dependency_works(&self, of: &Dependency, from: Option<SiteId>) -> bool {
        let reaches = |to: Option<SiteId>| match (from, to) {
            (Some(from), Some(to)) => self.state.routes.between(from, to).is_some(),
            _ => true,
        };
        match of {
            Dependency::Serves(stations) => stations.iter().any(|id| {
                let serves = self.state.stations[id.at()].phase == StationPhase::Serving && self.servers(*id) > 0;
                serves && reaches(Some(self.world.stations[id.at()].site))
            }),
            Dependency::Works(node) => {
                let active = self.state.active_node(self.world, *node);
                self.state.nodes[node.at()].up && reaches(self.world.nodes[active.at()].site)
            }
            Dependency::KeepsUp(queue) => !self.state.flow.queues[queue.at()].stale,
        }
    }

    /// What has made the first of them fail, or work again.
    pub(super) fn why_deep(&self, deep: &[Dependency], from: Option<SiteId>) -> Option<ObservationId> {
        let why = |of: &Dependency| match of {
            Dependency::Serves(stations) => stations.iter().filter_map(|id| self.state.stations[id.at()].why).max(),
            Dependency::Works(node) => self.state.nodes[node.at()].why,
            Dependency::KeepsUp(queue) => self.state.flow.queues[queue.at()].why,
        };
        let failing = deep.iter().find(|of| !self.dependency_works(of, from));
        failing.and_then(why).or_else(|| deep.iter().filter_map(why).max())
    }

    pub(super) fn is_looked_at_by_checks(&self, queue: QueueId) -> bool {
        let of_groups = self.world.groups.iter().flat_map(|group| &group.deep);
        let of_spreads = self.world.spreads.iter().flat_map(|spread| &spread.deep);
        let of_stations = self.world.stations.iter().map(|station| &station.deep);
        of_stations.chain(of_groups).chain(of_spreads).flatten().any(|of| *of == Dependency::KeepsUp(queue))
    }

    /// Looks whether deep checks pass. Says whether a group has to be looked at again for that.
    pub(super) fn look_at_deep_checks(&mut self) -> bool {
        if !self.world.has_deep_checks {
            return false;
        }
        for i in 0..self.world.stations.len() {
            let station = &self.world.stations[i];
            if !station.deep.is_empty() {
                let serves = self.state.stations[i].phase == StationPhase::Serving;
                let fails = serves && !self.deep_passes(&station.deep, Some(station.site));
                let off = self.is_off(Automation::ServerChecks(station.service));
                self.deep_checks_of(StationId::new(i), fails, off);
            }
        }
        let mut changed = false;
        for i in 0..self.world.groups.len() {
            let group = &self.world.groups[i];
            for (member, deep) in group.deep.iter().enumerate() {
                let fails = !self.deep_passes(deep, group.sites[member]);
                if std::mem::replace(&mut self.state.deep_fails[i][member], fails) != fails {
                    self.groups_dirty.insert(GroupId::new(i));
                    changed = true;
                }
            }
        }
        changed
    }

    /// Whether checks of a member fail because of what they look at beside it.
    pub(super) fn deep_check_fails(&self, id: GroupId, member: usize) -> bool {
        self.state.deep_fails[id.at()].get(member).is_some_and(|fails| *fails)
    }
}
