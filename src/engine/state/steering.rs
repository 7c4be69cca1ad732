//! Which share of a population goes to which site.

use crate::observe::ObservationId;
use crate::units::Time;
use crate::world::{Place, Population, SiteId, Tail, World};

/// Where a population's requests go.
#[derive(Debug, Clone, PartialEq)]
pub struct SteeringState {
    /// The shares when the move began.
    pub from: Vec<(SiteId, f64)>,
    /// The shares when it is over.
    pub to: Vec<(SiteId, f64)>,
    pub began: Time,
    pub tail: Tail,
    pub moving: bool,
    pub why: Option<ObservationId>,
    /// From one spread to another: sites keep a part of what they had.
    pub mixes: bool,
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
        let all = match population.served_by {
            Place::Site(site) => vec![(site, 1.0)],
            Place::Group(group) => vec![(world.groups[group.at()].sites[0].unwrap_or(SiteId(0)), 1.0)],
            Place::Spread(spread) => world.spreads[spread.at()].over.clone(),
        };
        SteeringState {
            from: all.clone(),
            to: all,
            began: Time::ZERO,
            tail: Tail::AtOnce,
            moving: false,
            why: None,
            mixes: false,
        }
    }

    /// The shares of all sites at a time, and when a slope changes next.
    pub fn shares(&self, at: Time) -> (Shares, Option<Time>) {
        if let ([(site, _)], false) = (self.to.as_slice(), self.moving) {
            return (Shares::One([Share { site: *site, now: 1.0, slope: 0.0 }]), None);
        }
        let (left, slope, next) = self.tail.left(at.since(self.began));
        if self.mixes {
            let next = next.filter(|_| self.moving).map(|next| self.began.after(next));
            return (Shares::Many(self.mixed(left, slope)), next);
        }
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

    /// Each site has a part of what it had, and a part of what it is to have.
    fn mixed(&self, left: f64, slope: f64) -> Vec<Share> {
        let mut sites: Vec<SiteId> = self.from.iter().chain(&self.to).map(|(site, _)| *site).collect();
        sites.sort_unstable();
        sites.dedup();
        let of =
            |list: &[(SiteId, f64)], site| list.iter().find(|(of, _)| *of == site).map_or(0.0, |(_, share)| *share);
        let shares = sites.into_iter().map(|site| {
            let (from, to) = (of(&self.from, site), of(&self.to, site));
            Share { site, now: left * from + (1.0 - left) * to, slope: slope * (from - to) }
        });
        shares.filter(|share| share.now > 0.0 || share.slope != 0.0).collect()
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
