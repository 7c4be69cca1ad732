//! Routes between sites: the shortest by round-trip time over the links that are up.

use super::ids::{LinkId, SiteId};
use super::sites::Link;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::{Arc, OnceLock};

/// A route between two sites.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Route {
    /// Mean round-trip time in seconds: with the mean jitter of its links in both directions.
    pub rtt_s: f64,
    /// Probability that a request gets through.
    pub passes: f64,
    /// The links, in order.
    pub links: Vec<LinkId>,
}

/// Routes between all pairs of sites. Each is worked out when somebody first asks for it: where links come and go, most are never
/// asked for.
#[derive(Debug, Clone, Default)]
pub struct Routes {
    table: Arc<Table>,
}

#[derive(Debug, Default)]
struct Table {
    neighbours: Vec<BTreeMap<usize, (i64, LinkId)>>,
    /// The mean round-trip time of each link in seconds, and how much of it gets through.
    links: Vec<(f64, f64)>,
    /// For each site the part of the network that it is in: who is in another cannot be reached.
    parts: Vec<usize>,
    from: Vec<OnceLock<From>>,
}

/// The ways that lead from a site to it and to those after it.
#[derive(Debug)]
struct From {
    steps: Vec<Option<(usize, LinkId)>>,
    to: Vec<OnceLock<Box<Route>>>,
}

impl Routes {
    /// The routes over the links of which `up` says that they are up.
    pub fn new(sites: usize, links: &[Link], up: impl Fn(LinkId) -> bool) -> Routes {
        Routes::passing(sites, links, up, |_| 1.0)
    }

    /// The same, where of what a link would let through only a share gets through for now.
    pub fn passing(
        sites: usize,
        links: &[Link],
        up: impl Fn(LinkId) -> bool,
        passes: impl Fn(LinkId) -> f64,
    ) -> Routes {
        let neighbours = neighbours(sites, links, up);
        let parts = parts(&neighbours);
        let of = |(i, link): (usize, &Link)| {
            (link.rtt.seconds() + 2.0 * link.jitter.seconds(), (1.0 - link.loss) * passes(LinkId::new(i)))
        };
        let links = links.iter().enumerate().map(of);
        let table =
            Table { links: links.collect(), parts, from: (0..sites).map(|_| OnceLock::new()).collect(), neighbours };
        Routes { table: Arc::new(table) }
    }

    /// Whether two sites can reach each other.
    pub fn joins(&self, from: SiteId, to: SiteId) -> bool {
        self.table.parts[from.at()] == self.table.parts[to.at()]
    }

    /// The route between two sites, if they can reach each other.
    pub fn between(&self, from: SiteId, to: SiteId) -> Option<&Route> {
        if !self.joins(from, to) {
            return None;
        }
        // One way and back over the same links.
        let (first, last) = (from.at().min(to.at()), from.at().max(to.at()));
        let table = &*self.table;
        let ways = table.from[first].get_or_init(|| From {
            steps: steps_from(first, &table.neighbours),
            to: (first..table.parts.len()).map(|_| OnceLock::new()).collect(),
        });
        Some(ways.to[last - first].get_or_init(|| Box::new(route(first, last, &ways.steps, &table.links))))
    }
}

/// For each site the first of those that it can reach.
fn parts(neighbours: &[BTreeMap<usize, (i64, LinkId)>]) -> Vec<usize> {
    let mut parts = vec![usize::MAX; neighbours.len()];
    for first in 0..neighbours.len() {
        let mut open = vec![first];
        while let Some(site) = open.pop() {
            if parts[site] == usize::MAX {
                parts[site] = first;
                open.extend(neighbours[site].keys());
            }
        }
    }
    parts
}

/// For each site its neighbours, with the link between them. Of parallel links the quickest carries the traffic, the first
/// declared by name where they tie.
fn neighbours(sites: usize, links: &[Link], up: impl Fn(LinkId) -> bool) -> Vec<BTreeMap<usize, (i64, LinkId)>> {
    let mut neighbours = vec![BTreeMap::new(); sites];
    for (i, link) in links.iter().enumerate() {
        let id = LinkId::new(i);
        let ends = (link.ends.0.at(), link.ends.1.at());
        // An uplink joins a site to its users, not to another site.
        if up(id) && ends.0 != ends.1 {
            for (from, to) in [ends, (ends.1, ends.0)] {
                let best = neighbours[from].entry(to).or_insert((link.rtt.0, id));
                *best = (*best).min((link.rtt.0, id));
            }
        }
    }
    neighbours
}

/// For each site the one before it on the way from `from`, and the link between them (Dijkstra 1959). Of ways that take
/// the same time the one with fewer links is taken, and then the one over the sites whose names come first.
fn steps_from(from: usize, neighbours: &[BTreeMap<usize, (i64, LinkId)>]) -> Vec<Option<(usize, LinkId)>> {
    let mut steps = vec![None; neighbours.len()];
    let mut nearest = vec![(i64::MAX, u32::MAX); neighbours.len()];
    nearest[from] = (0, 0);
    let mut open = BinaryHeap::from([Reverse((nearest[from], from))]);
    while let Some(Reverse((reached, site))) = open.pop() {
        if reached > nearest[site] {
            continue;
        }
        for (&next, &(rtt, link)) in &neighbours[site] {
            let over = (reached.0.saturating_add(rtt), reached.1 + 1);
            if over < nearest[next] {
                nearest[next] = over;
                steps[next] = Some((site, link));
                open.push(Reverse((over, next)));
            }
        }
    }
    steps
}

/// The route to a site that can be reached.
fn route(from: usize, to: usize, steps: &[Option<(usize, LinkId)>], links: &[(f64, f64)]) -> Route {
    let mut route = Route { rtt_s: 0.0, passes: 1.0, links: Vec::new() };
    let mut at = to;
    while let Some((before, link)) = steps[at].filter(|_| at != from) {
        route.links.push(link);
        at = before;
    }
    route.links.reverse();
    route.links.shrink_to_fit();
    for link in &route.links {
        let (rtt_s, passes) = links[link.at()];
        route.rtt_s += rtt_s;
        route.passes *= passes;
    }
    route
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{Duration, TIME_MAX};

    /// Links given by their ends and milliseconds.
    fn links(of: &[(u32, u32, i64)]) -> Vec<Link> {
        let link = |&(from, to, ms): &(u32, u32, i64)| Link {
            name: String::new(),
            ends: (SiteId(from), SiteId(to)),
            rtt: Duration(ms * 1_000_000),
            bandwidth_bps: f64::INFINITY,
            loss: 0.5,
            jitter: Duration::ZERO,
            gate: None,
        };
        of.iter().map(link).collect()
    }

    #[test]
    fn the_quickest_way_is_taken_and_of_equal_ways_the_shorter() {
        let links = links(&[(0, 1, 10), (1, 2, 10), (0, 2, 20), (2, 3, 9), (2, 3, 5)]);
        let routes = Routes::new(5, &links, |_| true);
        let route = routes.between(SiteId(0), SiteId(3)).unwrap();
        assert_eq!((&route.links[..], route.passes), (&[LinkId(2), LinkId(4)][..], 0.25));
        assert!((route.rtt_s - 0.025).abs() < 1e-12);
        let around = Routes::new(5, &links, |id| id != LinkId(2));
        assert_eq!(around.between(SiteId(3), SiteId(0)).unwrap().links, [LinkId(0), LinkId(1), LinkId(4)]);
        assert_eq!(routes.between(SiteId(0), SiteId(4)), None);
    }

    #[test]
    fn jitter_makes_a_way_longer_on_average_and_changes_none() {
        let mut links = links(&[(0, 1, 10), (0, 1, 11), (1, 2, 10)]);
        links[0].jitter = Duration(3_000_000);
        let routes = Routes::new(3, &links, |_| true);
        let route = routes.between(SiteId(0), SiteId(2)).unwrap();
        assert_eq!(route.links, [LinkId(0), LinkId(2)]);
        assert!((route.rtt_s - 0.026).abs() < 1e-12);
    }

    #[test]
    fn the_longest_times_do_not_overflow() {
        let mut links = links(&[(0, 1, 0), (1, 2, 0)]);
        links.iter_mut().for_each(|link| link.rtt = TIME_MAX);
        assert_eq!(Routes::new(3, &links, |_| true).between(SiteId(0), SiteId(2)).unwrap().links.len(), 2);
    }
}
