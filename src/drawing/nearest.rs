//! Where people are led who go to the nearest site.

use crate::world::{Place, PopId, SiteId, World};

/// Where a population is led at the start, if that is the nearest site of several.
pub(super) fn nearest(world: &World, people: PopId) -> Option<SiteId> {
    let population = &world.people[people.at()];
    let Place::Spread(id) = population.served_by else { return None };
    let over = &world.spreads[id.at()].over;
    let routes = &world.routes;
    let near = population.near.or(over.first().map(|(site, _)| *site))?;
    let way_s = |site: SiteId| routes.between(near, site).map_or(f64::INFINITY, |way| way.rtt_s);
    over.iter().map(|(site, _)| *site).min_by(|a, b| way_s(*a).total_cmp(&way_s(*b)).then(a.cmp(b)))
}
