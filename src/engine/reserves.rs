//! Time to live on: a node works on for a while though what it stands on is away, as long as its reserve lasts.

use super::core::Engine;
use super::event::Event;
use crate::observe::Occurrence;
use crate::world::NodeId;

impl Engine<'_> {
    /// Whether a node lives on its reserve though one of its gates is open; what is used, or not any more, is noted.
    pub(super) fn lives_on_reserve(&mut self, id: NodeId, gate: usize, blocker: Option<NodeId>) -> bool {
        let Some(of) = self.world.nodes[id.at()].reserve.as_ref().filter(|of| of.gate == gate) else { return false };
        let now = self.now;
        let ends = self.state.nodes[id.at()].reserve.as_ref().and_then(|reserve| reserve.ends());
        match (blocker, ends) {
            (None, None) => false,
            (None, Some(_)) => {
                let left = self.state.nodes[id.at()].reserve.as_mut().map(|reserve| reserve.end(of, now));
                // Whoever went down meanwhile comes back, and says so.
                if let Some(left) = left.filter(|left| left.0 > 0) {
                    self.see(Occurrence::ReserveSpared(id, left));
                }
                false
            }
            (Some(_), Some(until)) => now < until,
            (Some(blocker), None) => {
                let begun = self.state.nodes[id.at()].reserve.as_mut().map(|reserve| reserve.begin(of, now));
                let Some(until) = begun.filter(|until| *until > now) else { return false };
                let cause = self.why_blocked(blocker).or(self.cause);
                self.see_because(Occurrence::ReserveUsed(id, until), cause);
                self.events.push(until, Event::UsedUp(id));
                true
            }
        }
    }

    /// What a node has lived on may be used up: if so, it goes down with what it stands on.
    pub(super) fn used_up(&mut self, id: NodeId) {
        let ends = self.state.nodes[id.at()].reserve.as_ref().and_then(|reserve| reserve.ends());
        if ends.is_some_and(|until| until <= self.now) {
            self.touch_node(id, None);
        }
    }
}
