//! Steering: how users follow when another site becomes active. It moves at its own speed.

use super::Engine;
use crate::observe::{SeenId, What};
use crate::scenario::Steer;
use crate::units::Time;
use crate::world::{GroupId, Place, PopId, Population, SiteId, Tail, World};

/// Where a population's requests go.
#[derive(Debug, Clone, PartialEq)]
pub struct SteeringState {
    /// The shares when the move began.
    from: Vec<(SiteId, f64)>,
    /// The shares when it is over.
    to: Vec<(SiteId, f64)>,
    began: Time,
    tail: Tail,
    moving: bool,
    pub why: Option<SeenId>,
}

/// A site's share of a population: now, its slope per second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share {
    pub site: SiteId,
    pub now: f64,
    pub slope: f64,
}

/// The shares of all sites: nearly always it is one.
#[derive(Debug, Clone, PartialEq)]
pub enum Shares {
    One([Share; 1]),
    Many(Vec<Share>),
}

impl std::ops::Deref for Shares {
    type Target = [Share];

    fn deref(&self) -> &[Share] {
        match self {
            Shares::One(share) => share,
            Shares::Many(shares) => shares,
        }
    }
}

impl SteeringState {
    pub fn new(world: &World, population: &Population) -> SteeringState {
        let to = match population.served_by {
            Place::Site(site) => site,
            Place::Group(group) => world.groups[group.at()].sites[0].unwrap_or(SiteId(0)),
        };
        let all = vec![(to, 1.0)];
        SteeringState { from: all.clone(), to: all, began: Time::ZERO, tail: Tail::AtOnce, moving: false, why: None }
    }

    /// The shares of all sites at a time, and when a slope changes next.
    pub fn shares(&self, at: Time) -> (Shares, Option<Time>) {
        if let ([(site, _)], false) = (self.to.as_slice(), self.moving) {
            return (Shares::One([Share { site: *site, now: 1.0, slope: 0.0 }]), None);
        }
        let (left, slope, next) = self.tail.left(at.since(self.began));
        // What leaves a site comes to the others in proportion.
        let mut shares = Vec::with_capacity(self.from.len() + self.to.len());
        let (mut gone, mut gone_slope) = (1.0, 0.0);
        for &(site, share) in &self.from {
            if !self.to.iter().any(|(to, _)| *to == site) && share * left > 0.0 {
                shares.push(Share { site, now: share * left, slope: share * slope });
                gone -= share * left;
                gone_slope -= share * slope;
            }
        }
        for &(site, share) in &self.to {
            shares.push(Share { site, now: gone * share, slope: gone_slope * share });
        }
        (Shares::Many(shares), next.filter(|_| self.moving).map(|next| self.began.after(next)))
    }

    /// Moves this share of the whole population to a site, at once and for good.
    pub fn move_share(&mut self, site: SiteId, share: f64) {
        let elsewhere: f64 = self.to.iter().filter(|(to, _)| *to != site).map(|(_, share)| share).sum();
        let moved = share.min(elsewhere);
        if elsewhere <= 0.0 {
            return;
        }
        let kept = 1.0 - moved / elsewhere;
        self.to.iter_mut().filter(|(to, _)| *to != site).for_each(|(_, share)| *share *= kept);
        match self.to.iter_mut().find(|(to, _)| *to == site) {
            Some((_, there)) => *there += moved,
            None => self.to.push((site, moved)),
        }
        self.to.retain(|(_, share)| *share > 1e-12);
        self.to.sort_by_key(|(site, _)| *site);
        self.from = self.to.clone();
    }
}

impl Engine<'_> {
    /// Users of a group begin to move to its active member's site.
    pub(super) fn steer(&mut self, group: GroupId, why: SeenId) {
        let active = self.state.groups[group.at()].active;
        let Some(to) = self.world.groups[group.at()].sites[active] else { return };
        let steer = self.world.groups[group.at()].failover.as_ref().map_or(Steer::AtOnce, |f| f.steer.clone());
        for i in 0..self.world.people.len() {
            let there = matches!(self.state.steering[i].to.as_slice(), [(site, _)] if *site == to);
            if self.world.people[i].served_by != Place::Group(group) || there {
                continue;
            }
            let from = self.state.steering[i].shares(self.now).0.iter().map(|s| (s.site, s.now)).collect();
            let tail = Tail::new(&steer);
            let moving = tail != Tail::AtOnce;
            let all = vec![(to, 1.0)];
            self.state.steering[i] = SteeringState { from, to: all, began: self.now, tail, moving, why: Some(why) };
            self.see_because(What::SteeringBegan { people: PopId::new(i), to }, Some(why));
            if !moving {
                self.see_because(What::SteeringDone(PopId::new(i)), Some(why));
            }
            self.paths_dirty = true;
            self.flow_dirty = true;
        }
    }

    /// Notes the populations that have arrived.
    pub(super) fn finish_steering(&mut self) {
        for i in 0..self.state.steering.len() {
            let state = &self.state.steering[i];
            if state.moving && state.tail.left(self.now.since(state.began)).0 <= 0.0 {
                let why = state.why;
                self.state.steering[i].moving = false;
                self.see_because(What::SteeringDone(PopId::new(i)), why);
                self.paths_dirty = true;
            }
        }
    }
}
