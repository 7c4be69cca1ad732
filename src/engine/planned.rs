//! Stations that maintenance stops: it starts them again before it is over, as long as nothing else keeps them from it.

use super::core::Engine;
use super::state::stations::{Planned, StationState};
use crate::units::{Duration, Time};
use crate::world::{Gate, NodeId, NodeKind, SiteId, StationId};

impl Engine<'_> {
    /// Whether a station lacks something because that, or what it stands on, is taken down.
    pub(super) fn is_taken_down(&self, id: StationId) -> bool {
        let station = &self.world.stations[id.at()];
        !self.state.maintenance.holds.is_empty()
            && station.gates.iter().flat_map(|gate| &gate.of).chain(&station.pool).any(|id| self.is_down_by_hand(*id))
    }

    fn is_down_by_hand(&self, id: NodeId) -> bool {
        let (node, state) = (&self.world.nodes[id.at()], &self.state.nodes[id.at()]);
        let below = || node.gates.iter().flat_map(|gate| &gate.of).any(|below| self.is_down_by_hand(*below));
        let active = self.state.active_node(self.world, id);
        !state.up && (state.taken > 0 || below() || (active != id && self.is_down_by_hand(active)))
    }

    /// What a station that was stopped waits for, beside the end of the maintenance.
    pub(super) fn what_lacks(&self, id: StationId, before: Planned, blocker: Option<NodeId>) -> Planned {
        let station = &self.world.stations[id.at()];
        let lacks = station.gates.iter().any(|gate| !self.would_hold(gate, Some(station.site)))
            || station.pool.is_some_and(|pool| {
                let node = &self.world.nodes[pool.at()];
                self.state.nodes[pool.at()].working(node.count) == 0
                    || node.gates.iter().any(|gate| !self.would_hold(gate, node.site))
            });
        let lacked_until = match before.lacked_until {
            _ if lacks => Some(Time::NEVER),
            Some(Time::NEVER) => Some(self.now),
            until => until,
        };
        let back_since = if blocker.is_none() { before.back_since.or(Some(self.now)) } else { None };
        Planned { lacked_until, back_since }
    }

    /// Whether a gate would hold if nothing were taken down.
    fn would_hold(&self, gate: &Gate, at: Option<SiteId>) -> bool {
        let holds = gate.of.iter().filter(|id| self.would_work(**id) && !self.out_of_reach(at, **id));
        holds.count() >= gate.needed as usize
    }

    fn would_work(&self, id: NodeId) -> bool {
        let (node, state) = (&self.world.nodes[id.at()], &self.state.nodes[id.at()]);
        if state.up {
            return true;
        }
        if let NodeKind::Group(_) = node.kind {
            return self.would_work(self.state.active_node(self.world, id));
        }
        state.working(node.count) >= node.needs && node.gates.iter().all(|gate| self.would_hold(gate, node.site))
    }
}

/// When a station that starts now serves: what maintenance has stopped is started by it, once all else is there.
pub(super) fn starts_from(state: &StationState, now: Time, starts_in: Duration) -> Time {
    match state.planned {
        Some(Planned { back_since, lacked_until }) if back_since.is_none_or(|since| since == now) => {
            lacked_until.map_or(now, |until| until.min(now).after(starts_in).max(now))
        }
        _ => now.after(starts_in),
    }
}
