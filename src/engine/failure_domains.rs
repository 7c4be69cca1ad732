//! Failure domains: a change goes up through everything that stands on it, and stations stop and start.

use super::core::Engine;
use super::event::Event;
use super::planned::starts_from;
use super::state::stations::{Planned, StationPhase, StationState};
use crate::observe::{ObservationId, Occurrence};
use crate::world::{Gate, LinkId, NodeId, NodeKind, SiteId, StationId};

impl Engine<'_> {
    /// Looks at everything once: at the start what works serves, and is warm.
    pub(super) fn start_domains(&mut self) {
        for i in 0..self.world.nodes.len() {
            self.touch_node(NodeId::new(i), None);
        }
        self.settle_nodes();
        for i in 0..self.world.stations.len() {
            let id = StationId::new(i);
            if self.station_blocked_by(id).is_none() {
                self.state.stations[i].phase = StationPhase::Serving;
            }
        }
        // Whoever has to start after something that does not serve waits like anybody else.
        for i in 0..self.world.stations.len() {
            if !self.may_start(StationId::new(i)) {
                self.state.stations[i].phase = StationPhase::Down;
            }
        }
        self.told.clear();
        self.seen_next = 0;
    }

    /// Marks a node to be looked at again, due to an observation.
    pub(super) fn touch_node(&mut self, id: NodeId, why: Option<ObservationId>) {
        self.nodes_dirty.insert((self.world.node_rank[id.at()], id));
        if why.is_some() {
            self.cause = why;
        }
        if !self.world.stations_on[id.at()].is_empty() {
            self.capacity_changed(id);
        }
        // What is taken down hides whether what stands on it works: stations that wait for both look again.
        self.stations_dirty |= !self.state.maintenance.holds.is_empty();
    }

    /// Goes through the changed nodes from the bottom up.
    pub(super) fn settle_nodes(&mut self) {
        let root = self.cause;
        while let Some((_, id)) = self.nodes_dirty.pop_first() {
            let node = &self.world.nodes[id.at()];
            let state = &self.state.nodes[id.at()];
            let own = state.taken == 0 && state.working(node.count) >= node.needs;
            let mut why = if own { None } else { root };
            let mut up = own;
            for (nth, gate) in node.gates.iter().enumerate() {
                let blocker = self.gate_blocked_by(gate, node.site);
                if self.lives_on_reserve(id, nth, blocker) {
                    continue;
                }
                if let Some(blocker) = blocker {
                    up = false;
                    why = why.or(self.why_blocked(blocker));
                }
            }
            if let NodeKind::Group(group) = node.kind {
                let active = self.world.groups[group.at()].members[self.state.groups[group.at()].active];
                if !self.state.nodes[active.at()].up {
                    up = false;
                    why = why.or(self.state.nodes[active.at()].why);
                } else if self.stands_still(group) {
                    up = false;
                    why = why.or(root).or(self.state.groups[group.at()].why);
                }
                self.groups_dirty.insert(group);
            }
            if up == self.state.nodes[id.at()].up {
                continue;
            }
            let cause = if up { root } else { why.or(root) };
            let seen = self.see_because(if up { Occurrence::NodeUp(id) } else { Occurrence::NodeDown(id) }, cause);
            if !up {
                self.before_node_goes_down(id, seen);
            }
            let state = &mut self.state.nodes[id.at()];
            state.up = up;
            state.why = Some(seen);
            state.since = self.now;
            for above in &node.watched_by {
                self.nodes_dirty.insert((self.world.node_rank[above.at()], *above));
            }
            for group in &self.world.groups_of[id.at()] {
                self.groups_dirty.insert(*group);
            }
            self.look_at_watched_from(node.kind);
            if !self.world.stations_on[id.at()].is_empty() {
                self.stations_dirty = true;
            }
            if self.world.felt[id.at()] {
                self.paths_dirty = true;
                self.flow_dirty = true;
            }
        }
        self.cause = root;
    }

    /// The node that keeps a gate open, if it is open: of several the one that failed last. What stands at a site counts only what
    /// it can reach: so of a majority the side without one stops when a link is cut. What stands nowhere holds as long as some
    /// side has enough.
    pub(super) fn gate_blocked_by(&self, gate: &Gate, at: Option<SiteId>) -> Option<NodeId> {
        if let (None, true) = (at, self.is_cut()) {
            let mut sides = gate.of.iter().filter_map(|id| self.active_site(*id)).peekable();
            let side = sides.peek().copied();
            return match sides.any(|side| self.blocker(gate, Some(side)).is_none()) {
                true => None,
                false => self.blocker(gate, side),
            };
        }
        self.blocker(gate, at)
    }

    fn blocker(&self, gate: &Gate, at: Option<SiteId>) -> Option<NodeId> {
        let counts = |id: &NodeId| self.state.nodes[id.at()].up && !self.out_of_reach(at, *id);
        if gate.of.iter().filter(|id| counts(id)).count() >= gate.needed as usize {
            return None;
        }
        // Whoever failed last has tipped it; what is only cut off is out of reach for what happens now.
        let failed = |id: &NodeId| {
            let node = &self.state.nodes[id.at()];
            (node.up, node.why)
        };
        let missing = gate.of.iter().copied().filter(|id| !counts(id));
        missing.reduce(|first, next| if failed(&next) > failed(&first) { next } else { first })
    }

    /// Cuts the links that have lost what they stand on, and brings back those that have it again. Says whether any was.
    pub(super) fn settle_links(&mut self) -> bool {
        let mut any = false;
        for (i, link) in self.world.links.iter().enumerate() {
            let Some(gate) = &link.gate else { continue };
            let (up, down): (Vec<NodeId>, Vec<NodeId>) = gate.of.iter().partition(|id| self.state.nodes[id.at()].up);
            let is_down = up.len() < gate.needed as usize;
            if is_down == self.state.links_down[i] {
                continue;
            }
            self.state.links_down[i] = is_down;
            self.state.links_cut[i] = self.state.links_cut[i].saturating_add_signed(if is_down { 1 } else { -1 });
            let changed = if is_down { down } else { up };
            let why = changed.iter().filter_map(|id| self.state.nodes[id.at()].why).max();
            self.see_because(Occurrence::LinkCut(LinkId::new(i), is_down), why.or(self.cause));
            any = true;
        }
        if any {
            self.reroute();
            self.flow_dirty = true;
        }
        any
    }

    fn is_cut(&self) -> bool {
        self.state.links_cut.iter().any(|cuts| *cuts > 0)
    }

    fn active_site(&self, node: NodeId) -> Option<SiteId> {
        self.world.nodes[self.state.active_node(self.world, node).at()].site
    }

    /// What led to a gate being open: the failure of a node, or whatever has cut it off.
    pub(super) fn why_blocked(&self, blocker: NodeId) -> Option<ObservationId> {
        let node = &self.state.nodes[blocker.at()];
        if node.up { self.cause } else { node.why }
    }

    pub(super) fn out_of_reach(&self, at: Option<SiteId>, node: NodeId) -> bool {
        let Some(from) = at.filter(|_| self.is_cut()) else { return false };
        match self.active_site(node) {
            Some(to) => self.cut_off(from, to),
            // What stands nowhere is there for those who reach what it stands on.
            None => self.world.nodes[node.at()].gates.iter().any(|gate| self.blocker(gate, at).is_some()),
        }
    }

    /// Whether two sites cannot reach each other any more. Where there has never been a way, whatever joins them is no
    /// link.
    pub(super) fn cut_off(&self, from: SiteId, to: SiteId) -> bool {
        !self.state.routes.joins(from, to) && self.world.routes.joins(from, to)
    }

    /// Links have been cut, or are back: what counts on other sites looks again.
    pub(super) fn look_at_gates_across_sites(&mut self) {
        for (i, node) in self.world.nodes.iter().enumerate() {
            let elsewhere = |of: &NodeId| self.active_site(*of) != node.site;
            if node.gates.iter().flat_map(|gate| &gate.of).any(elsewhere) {
                self.touch_node(NodeId::new(i), None);
            }
        }
        self.stations_dirty = true;
    }

    /// The node for want of which a station cannot run.
    fn station_blocked_by(&self, id: StationId) -> Option<NodeId> {
        let station = &self.world.stations[id.at()];
        let pool_is_empty = station.pool.filter(|pool| self.servers_of_pool(*pool) == 0);
        station.gates.iter().find_map(|gate| self.gate_blocked_by(gate, Some(station.site))).or(pool_is_empty)
    }

    /// Working members of a pool; none while what the pool stands on is down.
    fn servers_of_pool(&self, pool: NodeId) -> u64 {
        let node = &self.world.nodes[pool.at()];
        let state = &self.state.nodes[pool.at()];
        if state.taken > 0 || node.gates.iter().any(|g| self.gate_blocked_by(g, node.site).is_some()) {
            return 0;
        }
        state.working(node.count)
    }

    /// Workers of a station now.
    pub(super) fn workers(&self, id: StationId) -> u64 {
        let station = &self.world.stations[id.at()];
        self.servers(id).saturating_mul(u64::from(station.workers))
    }

    /// Servers of a station now.
    pub(super) fn servers(&self, id: StationId) -> u64 {
        let station = &self.world.stations[id.at()];
        let state = &self.state.stations[id.at()];
        let servers = station.pool.map_or(station.servers, |pool| self.servers_of_pool(pool));
        servers.saturating_add_signed(state.extra).saturating_sub(state.broken)
    }

    /// Whether everything that has to serve first does: at the same site, or where it runs.
    fn may_start(&self, id: StationId) -> bool {
        let station = &self.world.stations[id.at()];
        let service = &self.world.services[station.service.at()];
        service.starts_after.iter().all(|first| self.serves_where_needed(*first, Some(station.site)))
    }

    /// Stops the stations that lost what they stand on, and starts those that can start.
    pub(super) fn settle_stations(&mut self) {
        self.stations_dirty = false;
        for i in 0..self.world.stations.len() {
            let id = StationId::new(i);
            let state = self.state.stations[i];
            let blocker = self.station_blocked_by(id);
            if let (Some(planned), StationPhase::Down) = (state.planned, state.phase) {
                self.state.stations[i].planned = Some(self.what_lacks(id, planned, blocker));
            }
            if let (Some(blocker), true) = (blocker, state.phase != StationPhase::Down) {
                let cause = self.why_blocked(blocker).or(self.cause);
                self.station_stops(id, cause);
            } else if blocker.is_none() && state.phase == StationPhase::Down && self.may_start(id) {
                self.station_starts(id);
            }
        }
    }

    fn station_stops(&mut self, id: StationId, cause: Option<ObservationId>) {
        self.close_span();
        let seen = self.see_because(Occurrence::StationDown(id), cause);
        let planned = self.is_taken_down(id).then_some(Planned { lacked_until: None, back_since: None });
        let planned = planned.map(|planned| self.what_lacks(id, planned, self.station_blocked_by(id)));
        let state = &mut self.state.stations[id.at()];
        // While it starts it serves nobody: there is nothing that it could ride out.
        let served = state.phase == StationPhase::Serving;
        *state = StationState {
            phase: StationPhase::Down,
            token: state.token + 1,
            down_since: if served { Some(self.now) } else { state.down_since },
            planned,
            why: Some(seen),
            cold_since: None,
            cold_before: if served { state.cold_since } else { None },
            slow: state.slow,
            takes: state.takes,
            extra: state.extra,
            broken: state.broken,
        };
        self.lose_backlog(id);
        self.forget_cache(id);
        self.paths_dirty = true;
        self.flow_dirty = true;
    }

    fn station_starts(&mut self, id: StationId) {
        let root = self.cause;
        let service = &self.world.services[self.world.stations[id.at()].service.at()];
        let state = &mut self.state.stations[id.at()];
        let down = state.down_since.map(|since| self.now.since(since));
        let short = down.is_some_and(|down| down <= service.rides_out) && service.rides_out.0 > 0;
        let until = if short { self.now } else { starts_from(state, self.now, service.starts_in) };
        state.phase = StationPhase::Starting;
        state.token += 1;
        let token = state.token;
        // What it waited for may have been there before, and out of reach.
        self.cause = self.what_let_start(id).max(root);
        if until == self.now {
            self.state.stations[id.at()].why = self.cause;
            self.station_started(id, token);
            if short {
                let state = &mut self.state.stations[id.at()];
                state.cold_since = state.cold_before;
            }
        } else {
            let seen = self.see(Occurrence::StationStarting(id, until));
            self.state.stations[id.at()].why = Some(seen);
            self.events.push(until, Event::Started { station: id, token });
        }
        self.cause = root;
    }

    /// The latest of what a station had to wait for.
    fn what_let_start(&self, id: StationId) -> Option<ObservationId> {
        let station = &self.world.stations[id.at()];
        let nodes = station.gates.iter().flat_map(|g| &g.of).chain(&station.pool);
        let firsts = self.world.services[station.service.at()].starts_after.iter();
        let before = firsts.flat_map(|s| &self.world.services[s.at()].stations);
        nodes
            .filter_map(|n| self.state.nodes[n.at()].why)
            .chain(before.filter_map(|s| self.state.stations[s.at()].why))
            .max()
    }

    /// A start is over: it has succeeded, or begins again.
    pub(super) fn start_is_over(&mut self, id: StationId, token: u32) {
        let service = &self.world.services[self.world.stations[id.at()].service.at()];
        let is_this = self.state.stations[id.at()].token == token;
        if is_this && service.start_fails > 0.0 && self.state.starts[id.at()].chance(service.start_fails) {
            let until = self.now.after(service.starts_in);
            let why = self.state.stations[id.at()].why;
            let seen = self.see_because(Occurrence::StartFailed(id, until), why.or(self.cause));
            self.state.stations[id.at()].why = Some(seen);
            self.events.push(until, Event::Started { station: id, token });
            return;
        }
        self.station_started(id, token);
    }

    pub(super) fn station_started(&mut self, id: StationId, token: u32) {
        let state = &mut self.state.stations[id.at()];
        if state.token != token {
            return;
        }
        state.phase = StationPhase::Serving;
        state.down_since = None;
        state.cold_since = Some(self.now);
        let why = state.why;
        let seen = self.see_because(Occurrence::StationUp(id), why.or(self.cause));
        self.state.stations[id.at()].why = Some(seen);
        self.cause = Some(seen);
        self.stations_dirty = true;
        self.paths_dirty = true;
        self.flow_dirty = true;
    }
}
