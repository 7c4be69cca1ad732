//! What comes before what: an order, or the circles that forbid one.

use petgraph::algo::{tarjan_scc, toposort};
use petgraph::graph::{DiGraph, NodeIndex};

/// A topological order of a graph over `0..n`, or the members of each of its circles.
pub fn order(n: usize, edges: impl Iterator<Item = (usize, usize)>) -> Result<Vec<usize>, Vec<Vec<usize>>> {
    let mut graph = DiGraph::<(), ()>::new();
    for _ in 0..n {
        graph.add_node(());
    }
    for (from, to) in edges {
        graph.update_edge(NodeIndex::new(from), NodeIndex::new(to), ());
    }
    match toposort(&graph, None) {
        Ok(order) => Ok(order.into_iter().map(NodeIndex::index).collect()),
        Err(_) => {
            let looped = tarjan_scc(&graph).into_iter().filter(|c| c.len() > 1 || graph.contains_edge(c[0], c[0]));
            let mut circles: Vec<Vec<usize>> = looped.map(|c| c.into_iter().map(NodeIndex::index).collect()).collect();
            circles.iter_mut().for_each(|members| members.sort_unstable());
            circles.sort_unstable();
            Err(circles)
        }
    }
}
