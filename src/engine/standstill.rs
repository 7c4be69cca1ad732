//! Who does the work of a group: a new member whose verification fails does not, nor does a leader without a majority.

use super::core::Engine;
use super::state::groups::Stage;
use crate::observe::{FailoverFailure, Occurrence};
use crate::units::Duration;
use crate::world::{Detect, GroupId, PhaseKind, Place, ReplicaKind};

/// Less than this is no wait, but what is left by rounding.
const NO_WAIT_S: f64 = 1e-6;

impl Engine<'_> {
    /// Whether the active member of a group runs, and nobody does the group's work all the same.
    pub(super) fn stands_still(&self, id: GroupId) -> bool {
        let state = &self.state.groups[id.at()];
        self.member_up(id, state.active) && (state.unfit[state.active] || !self.has_majority(id))
    }

    /// Notes what has changed of that. Who was down and is back is as good as any other; who hears the active member again
    /// can miss it again.
    pub(super) fn look_who_does_the_work(&mut self, id: GroupId) -> bool {
        let group = &self.world.groups[id.at()];
        let active = self.state.groups[id.at()].active;
        for member in 0..group.members.len() {
            self.state.groups[id.at()].unfit[member] &= self.member_up(id, member);
            self.state.groups[id.at()].deaf[member] &= self.are_apart(group.sites[active], group.sites[member]);
        }
        let still = self.stands_still(id);
        if std::mem::replace(&mut self.state.groups[id.at()].still, still) == still {
            return false;
        }
        self.touch_node(group.node, None);
        self.stations_dirty = true;
        self.paths_dirty = true;
        self.flow_dirty = true;
        true
    }

    /// A member becomes active. If its verification is going to fail, it is because it does not do its work: that is so from
    /// the beginning, and the verification finds it out. What people do by hand they do until it works.
    pub(super) fn begins_its_work(&mut self, id: GroupId, member: usize) {
        let group = &self.world.groups[id.at()];
        let by_hand = self.state.groups[id.at()].stage == Stage::ByHand;
        let fails = match group.failover.as_ref().and_then(|policy| policy.verify.as_ref()) {
            Some(verify) if verify.fails > 0.0 && !by_hand => self.streams(id).verify_fails.chance(verify.fails),
            _ => false,
        };
        self.state.groups[id.at()].unfit[member] = fails;
        // Members that cannot hear the new one go on as if the old one led: they have never heard it, and do not miss it.
        for other in 0..group.members.len() {
            let apart = other != member && self.are_apart(group.sites[member], group.sites[other]);
            self.state.groups[id.at()].deaf[other] = apart;
        }
    }

    /// The verification is over.
    pub(super) fn verified(&mut self, id: GroupId) {
        let active = self.state.groups[id.at()].active;
        if self.state.groups[id.at()].unfit[active] {
            // Where people do it by hand, they make this one work.
            self.state.groups[id.at()].target = active;
            self.failover_fails(id, FailoverFailure::Phase(PhaseKind::Verify));
        } else {
            self.see(Occurrence::PhaseDone(id, PhaseKind::Verify));
            self.state.groups[id.at()].stage = Stage::Idle;
            self.next_false_alarm(id);
        }
    }

    /// The last of the phases before the switch is done. Who hands over stops writing until the other one has everything, as
    /// Patroni does (the old leader is shut down, and the new one waits for its last record) and MySQL (read-only, then the
    /// replica is waited for).
    pub(super) fn hand_over(&mut self, id: GroupId) {
        if self.state.groups[id.at()].ordered {
            self.close_span();
            let wait = Duration::from_seconds(self.left_to_catch_up_s(id, true));
            if wait.seconds() > NO_WAIT_S {
                self.state.groups[id.at()].stage = Stage::CatchingUp;
                self.flow_dirty = true;
                return self.due(id, wait);
            }
        }
        let state = &self.state.groups[id.at()];
        self.activate(id, state.target, state.ordered);
    }

    pub(super) fn has_caught_up(&mut self, id: GroupId) {
        self.close_span();
        let left = Duration::from_seconds(self.left_to_catch_up_s(id, false));
        if left.seconds() > NO_WAIT_S {
            return self.due(id, left);
        }
        let seen = self.see(Occurrence::PhaseDone(id, PhaseKind::CatchUp));
        self.state.groups[id.at()].why = Some(seen);
        self.cause = Some(seen);
        let state = &self.state.groups[id.at()];
        self.activate(id, state.target, state.ordered);
    }

    /// How long it takes until the target of a switchover has what it lacks, if nothing more is written: it applies what it is
    /// behind; where the log is shipped, what has not been sent goes as a last batch, once.
    fn left_to_catch_up_s(&self, id: GroupId, ships: bool) -> f64 {
        let group = &self.world.groups[id.at()];
        let Some(site) = group.sites[self.state.groups[id.at()].target] else { return 0.0 };
        let of_group = (self.world.stores.iter().zip(&self.state.flow.stores))
            .filter(|(store, _)| store.primary == Place::Group(id))
            .flat_map(|(_, flow)| &flow.replicas);
        let left_s = of_group.filter(|replica| replica.site == site && replica.contact).map(|replica| {
            let behind = replica.fluid.backlog;
            match (replica.kind, &replica.batches) {
                (ReplicaKind::Async(applies) | ReplicaKind::SemiSync(applies, _), _) if applies > 0.0 => {
                    behind / applies
                }
                (ReplicaKind::Shipped(_, takes_s), Some(batches)) if ships && batches.log.backlog() > 0.0 => {
                    takes_s + batches.line_s
                }
                _ => 0.0,
            }
        });
        left_s.fold(0.0, f64::max)
    }

    /// Whether a leader by Raft reaches enough of the voters to go on: one without a majority steps down.
    pub(super) fn has_majority(&self, id: GroupId) -> bool {
        match self.policy(id).map(|policy| &policy.detect) {
            Some(detect @ Detect::Raft { .. }) => self.leads(id, detect),
            _ => true,
        }
    }
}
