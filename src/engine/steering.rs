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
    /// Where they all end up.
    to: SiteId,
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

impl SteeringState {
    pub fn new(world: &World, population: &Population) -> SteeringState {
        let to = match population.served_by {
            Place::Site(site) => site,
            Place::Group(group) => world.groups[group.at()].sites[0].unwrap_or(SiteId(0)),
        };
        SteeringState { from: vec![(to, 1.0)], to, began: Time::ZERO, tail: Tail::AtOnce, moving: false, why: None }
    }

    /// The shares of all sites at a time, and when a slope changes next.
    pub fn shares(&self, at: Time) -> (Vec<Share>, Option<Time>) {
        let (left, slope, next) = self.tail.left(at.since(self.began));
        let mut shares = Vec::with_capacity(self.from.len() + 1);
        let (mut gone, mut gone_slope) = (1.0, 0.0);
        for &(site, share) in &self.from {
            if site != self.to && share * left > 0.0 {
                shares.push(Share { site, now: share * left, slope: share * slope });
                gone -= share * left;
                gone_slope -= share * slope;
            }
        }
        shares.push(Share { site: self.to, now: gone, slope: gone_slope });
        (shares, next.filter(|_| self.moving).map(|next| self.began.after(next)))
    }
}

impl Engine<'_> {
    /// Users of a group begin to move to its active member's site.
    pub(super) fn steer(&mut self, group: GroupId, why: SeenId) {
        let active = self.state.groups[group.at()].active;
        let Some(to) = self.world.groups[group.at()].sites[active] else { return };
        let steer = self.world.groups[group.at()].failover.as_ref().map_or(Steer::AtOnce, |f| f.steer.clone());
        for i in 0..self.world.people.len() {
            if self.world.people[i].served_by != Place::Group(group) || self.state.steering[i].to == to {
                continue;
            }
            let from = self.state.steering[i].shares(self.now).0.iter().map(|s| (s.site, s.now)).collect();
            let tail = Tail::new(&steer);
            let moving = tail != Tail::AtOnce;
            self.state.steering[i] = SteeringState { from, to, began: self.now, tail, moving, why: Some(why) };
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
