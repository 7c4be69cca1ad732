//! Background work: queues that get stale.

use super::core::Engine;
use super::event::Event;
use super::state::stations::StationPhase;
use crate::observe::Occurrence;
use crate::world::{NodeId, Place, QueueId, ServiceId, SiteId, StationId};

impl Engine<'_> {
    /// The site that a place means now.
    pub(super) fn site_of(&self, place: Place) -> Option<SiteId> {
        match place {
            Place::Site(site) => Some(site),
            Place::Group(group) => self.world.groups[group.at()].sites[self.state.groups[group.at()].active],
            Place::Spread(_) => None,
        }
    }

    /// The node that has to work for a place to work.
    pub(super) fn node_of(&self, place: Place) -> NodeId {
        match place {
            Place::Site(site) => self.world.sites[site.at()].node,
            Place::Group(group) => self.world.groups[group.at()].node,
            // Only people are spread.
            Place::Spread(spread) => self.world.sites[self.world.spreads[spread.at()].over[0].0.at()].node,
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
                if self.is_looked_at_by_checks(id) {
                    self.events.push(self.now, Event::Stale);
                }
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
