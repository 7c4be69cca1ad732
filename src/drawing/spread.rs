//! Sites that serve the same people: who is led where, as a picture shows it.

use super::moments::State;
use super::nearest::nearest;
use crate::scenario::LedBy;
use crate::world::{Place, PopId, SiteId, SpreadId, World};

/// Sites that serve people at the same time.
#[derive(Debug, Clone, PartialEq)]
pub struct SpreadDrawn {
    /// Which.
    pub id: SpreadId,
    /// The sites with their weights, one in sum.
    pub over: Vec<(SiteId, f64)>,
    /// To which of those that work people are led.
    by: LedBy,
    /// All are led to where fewer than this share of the sites are seen to work.
    panic_below: f64,
    /// Nobody is let in where no site is seen to work.
    fails_closed: bool,
    /// Who is led by it, with how many users, and to which site each is led at the start where that is the nearest.
    people: Vec<(PopId, f64, SiteId)>,
}

impl SpreadDrawn {
    /// A spread, before anything has happened.
    pub(super) fn new(world: &World, id: SpreadId) -> SpreadDrawn {
        let spread = &world.spreads[id.at()];
        let people = world.people.iter().enumerate().filter(|(_, p)| p.served_by == Place::Spread(id));
        SpreadDrawn {
            id,
            over: spread.over.clone(),
            by: spread.by,
            panic_below: spread.checks.as_ref().map_or(0.0, |checks| checks.panic_below),
            fails_closed: spread.checks.as_ref().is_some_and(|checks| checks.panic_below <= 0.0),
            people: people
                .filter_map(|(index, p)| Some((PopId::new(index), p.users, nearest(world, PopId::new(index))?)))
                .collect(),
        }
    }

    /// Where people are led in a state: each site that gets any of them, with its share of all where that can be told.
    pub fn led_to(&self, state: &State) -> Vec<(SiteId, Option<f64>)> {
        let places = || 0..self.over.len();
        let announced: Vec<usize> = places().filter(|at| !state.withdrawn.contains(&(self.id, *at))).collect();
        let seen: Vec<usize> =
            announced.iter().copied().filter(|at| !state.left_out.contains(&(self.id, *at))).collect();
        if seen.is_empty() && (self.fails_closed || announced.is_empty()) {
            return Vec::new();
        }
        let panics = (seen.len() as f64) < self.panic_below * announced.len() as f64;
        let working = if seen.is_empty() || panics { announced } else { seen };
        match self.by {
            LedBy::Weight => {
                let sum: f64 = working.iter().map(|at| self.over[*at].1).sum();
                working.iter().map(|at| (self.over[*at].0, Some(self.over[*at].1 / sum))).collect()
            }
            LedBy::LeastLoaded => working.iter().map(|at| (self.over[*at].0, None)).collect(),
            LedBy::Nearest => {
                let all: f64 = self.people.iter().map(|(_, users, _)| users).sum();
                let at_home = |(id, users, home): &(PopId, f64, SiteId)| (*state.led.get(id).unwrap_or(home), *users);
                let led: Vec<(SiteId, f64)> = self.people.iter().map(at_home).collect();
                let users =
                    |site: SiteId| led.iter().filter(|(to, _)| *to == site).map(|(_, users)| users).sum::<f64>();
                let shares = self.over.iter().map(|(site, _)| (*site, users(*site) / all));
                shares.filter(|(_, share)| *share > 0.0).map(|(site, share)| (site, Some(share))).collect()
            }
            LedBy::Cells(dealt) => {
                // Whoever has been dealt none but those that are out stays with them.
                let (all, out) = (self.over.len(), self.over.len() - working.len());
                let each = |nth: usize| out.saturating_sub(nth) as f64 / all.saturating_sub(nth).max(1) as f64;
                let lost: f64 = (0..dealt as usize).map(each).product();
                let share = |at: usize| match working.contains(&at) {
                    true => (1.0 - lost) / working.len() as f64,
                    false => lost / out as f64,
                };
                let shares = places().map(|at| (self.over[at].0, share(at)));
                shares.filter(|(_, share)| *share > 0.0).map(|(site, share)| (site, Some(share))).collect()
            }
        }
    }
}
