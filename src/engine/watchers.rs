//! Those who watch an active member from where they are: the backups of a heartbeat or of VRRP at their sites, the voters of Raft
//! at theirs. A cut between sites takes them apart.

use super::core::Engine;
use crate::world::{Detect, GroupId, SiteId};

/// A voter of Raft beside the leader: whether it lives, and where.
type Voter = (bool, Option<SiteId>);

/// How many votes it takes, of the followers and the leader.
pub(super) fn majority_of(followers: u32) -> usize {
    (followers as usize).div_ceil(2) + 1
}

impl Engine<'_> {
    /// Whether there was a way between two places and is none any more.
    pub(super) fn are_apart(&self, a: Option<SiteId>, b: Option<SiteId>) -> bool {
        matches!((a, b), (Some(a), Some(b)) if a != b && self.cut_off(a, b))
    }

    /// The members of a group that are not active, in their order.
    fn others(&self, id: GroupId) -> impl Iterator<Item = usize> {
        let active = self.state.groups[id.at()].active;
        (0..self.world.groups[id.at()].members.len()).filter(move |member| *member != active)
    }

    /// A backup that lives hears nothing of the active member, though that works: the way between them is cut. RFC 5798,
    /// section 6.4.2: it becomes the master. One that has never heard this one does not miss it; it may well take itself for
    /// the master.
    pub(super) fn is_cut_off_from_the_active(&self, id: GroupId, member: usize) -> bool {
        let (group, state) = (&self.world.groups[id.at()], &self.state.groups[id.at()]);
        !state.deaf[member]
            && self.member_up(id, member)
            && self.are_apart(group.sites[member], group.sites[state.active])
    }

    /// Whether somebody who watches from his own place has lost sight of an active member that works.
    pub(super) fn is_lost_sight_of(&self, id: GroupId, detect: &Detect) -> bool {
        match detect {
            Detect::Heartbeat { .. } => self.others(id).any(|member| self.is_cut_off_from_the_active(id, member)),
            Detect::Raft { .. } => !self.leads(id, detect),
            _ => false,
        }
    }

    /// What each backup hears of the active member, of whose signs a share is lost: whoever has never heard it misses nothing.
    pub(super) fn sights_of_backups(&self, id: GroupId, lost: f64) -> Vec<Option<f64>> {
        let deaf = &self.state.groups[id.at()].deaf;
        let sees = |member: usize| {
            (!deaf[member]).then(|| if self.is_cut_off_from_the_active(id, member) { 1.0 } else { lost })
        };
        self.others(id).map(sees).collect()
    }

    fn voters(&self, id: GroupId, detect: &Detect) -> Vec<Voter> {
        let Detect::Raft { followers, from, .. } = detect else { return Vec::new() };
        let group = &self.world.groups[id.at()];
        let mut others = self.others(id);
        (0..*followers as usize)
            .map(|i| match (from.get(i), others.next().filter(|_| from.is_empty())) {
                (Some(site), _) => (self.checker_lives(*site), Some(*site)),
                (None, Some(member)) => (self.member_up(id, member), group.sites[member]),
                (None, None) => (true, None),
            })
            .collect()
    }

    fn site_of_active(&self, id: GroupId) -> Option<SiteId> {
        self.world.groups[id.at()].sites[self.state.groups[id.at()].active]
    }

    /// Whether the leader lives and reaches a majority, of which it is one.
    pub(super) fn leads(&self, id: GroupId, detect: &Detect) -> bool {
        let voters = self.voters(id, detect);
        let at = self.site_of_active(id);
        let reached = voters.iter().filter(|(lives, site)| *lives && !self.are_apart(at, *site)).count();
        self.member_up(id, self.state.groups[id.at()].active) && reached + 1 >= majority_of(voters.len() as u32)
    }

    /// What each follower hears of the leader, of whose heartbeats a share is lost; none of those who are dead, or cannot
    /// elect anybody: too few of them reach each other.
    pub(super) fn sights_of_voters(&self, id: GroupId, detect: &Detect, lost: f64) -> Vec<Option<f64>> {
        let voters = self.voters(id, detect);
        let at = self.site_of_active(id);
        let leads = self.leads(id, detect);
        let up = self.member_up(id, self.state.groups[id.at()].active);
        let sees = |(lives, site): &Voter| {
            let apart = self.are_apart(at, *site);
            match leads {
                true => (*lives && !apart).then_some(lost),
                // Those on the side of a leader that lives follow it on, though it can do nothing.
                false => (*lives && (apart || !up) && self.elects(&voters, *site, up.then_some(at))).then_some(1.0),
            }
        };
        voters.iter().map(sees).collect()
    }

    /// Whether the voters that reach a place, and are not with the leader, are a majority.
    fn elects(&self, voters: &[Voter], from: Option<SiteId>, leader: Option<Option<SiteId>>) -> bool {
        let with_it = |site: Option<SiteId>| {
            !self.are_apart(from, site) && leader.is_none_or(|leader| self.are_apart(leader, site))
        };
        let votes = voters.iter().filter(|(lives, site)| *lives && with_it(*site)).count();
        votes >= majority_of(voters.len() as u32)
    }

    /// Whether a member can take over, as far as those are concerned who watch from where they are: a backup does where it
    /// misses the active one itself, the leader of a majority where it reaches one.
    pub(super) fn may_take_over(&self, id: GroupId, member: usize) -> bool {
        let Some(detect) = self.policy(id).map(|policy| &policy.detect) else { return true };
        let active = self.state.groups[id.at()].active;
        match detect {
            Detect::Heartbeat { .. } => {
                let fails = !self.member_up(id, active) || self.state.groups[id.at()].unfit[active];
                let misses = fails || self.share_lost(id, active) > 0.0 || self.is_cut_off_from_the_active(id, member);
                misses && !self.state.groups[id.at()].deaf[member]
            }
            Detect::Raft { .. } => {
                let voters = self.voters(id, detect);
                let site = self.world.groups[id.at()].sites[member];
                let reached = voters.iter().filter(|(lives, of)| *lives && !self.are_apart(site, *of)).count();
                let old = self.member_up(id, active) && !self.are_apart(site, self.site_of_active(id));
                reached + usize::from(old) >= majority_of(voters.len() as u32)
            }
            _ => true,
        }
    }
}
