//! Routes between sites: the shortest by round-trip time over the links that are up.

use super::{Link, LinkId, SiteId};
use petgraph::algo::astar;
use petgraph::graph::{NodeIndex, UnGraph};

/// A route between two sites.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Route {
    /// Round-trip time in seconds.
    pub rtt_s: f64,
    /// Probability that a request gets through.
    pub passes: f64,
    /// The links, in order.
    pub links: Vec<LinkId>,
}

/// Routes between all pairs of sites.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Routes {
    sites: usize,
    table: Vec<Option<Route>>,
}

impl Routes {
    /// The routes over the links of which `up` says that they are up.
    pub fn new(sites: usize, links: &[Link], up: impl Fn(LinkId) -> bool) -> Routes {
        let mut graph = UnGraph::<(), (LinkId, i64)>::new_undirected();
        for _ in 0..sites {
            graph.add_node(());
        }
        for (i, link) in links.iter().enumerate() {
            let id = LinkId::new(i);
            if up(id) {
                let ends = (NodeIndex::new(link.ends.0.at()), NodeIndex::new(link.ends.1.at()));
                graph.add_edge(ends.0, ends.1, (id, link.rtt.0));
            }
        }
        let mut table = vec![None; sites * sites];
        for from in 0..sites {
            for to in from..sites {
                let route = if from == to {
                    Some(Route { rtt_s: 0.0, passes: 1.0, links: Vec::new() })
                } else {
                    find(&graph, links, from, to)
                };
                table[to * sites + from] = route.clone();
                table[from * sites + to] = route;
            }
        }
        Routes { sites, table }
    }

    /// The route between two sites, if they can reach each other.
    pub fn between(&self, from: SiteId, to: SiteId) -> Option<&Route> {
        self.table[from.at() * self.sites + to.at()].as_ref()
    }
}

fn find(graph: &UnGraph<(), (LinkId, i64)>, links: &[Link], from: usize, to: usize) -> Option<Route> {
    let goal = NodeIndex::new(to);
    let (_, path) = astar(graph, NodeIndex::new(from), |n| n == goal, |e| e.weight().1, |_| 0)?;
    let mut route = Route { rtt_s: 0.0, passes: 1.0, links: Vec::new() };
    for hop in path.windows(2) {
        // Of parallel links the quickest carries the traffic, the first declared by name where they tie.
        let (id, _) = graph.edges_connecting(hop[0], hop[1]).map(|e| *e.weight()).min_by_key(|w| (w.1, w.0))?;
        let link = &links[id.at()];
        route.rtt_s += link.rtt.seconds();
        route.passes *= 1.0 - link.loss;
        route.links.push(id);
    }
    Some(route)
}
