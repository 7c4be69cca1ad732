//! What a file comes to with each of its strategies.

use crate::load::load;
use crate::scenario::{Choice, Scenario, Source};
use crate::units::Duration;
use crate::world::{GroupId, NodeId, Place, SiteId, World};
use std::sync::Arc;

/// Strategies that are looked at: each is compiled.
const DESIGNS_MAX: usize = 20;

/// A file with one of its strategies, or without any.
pub struct Design {
    pub strategy: Option<String>,
    pub world: Arc<World>,
}

/// The designs of a file, in its order; one without a strategy where it has none.
pub fn of(source: &Source, scenario: &Scenario) -> Vec<Design> {
    let names: Vec<Option<String>> = if scenario.strategies.is_empty() {
        vec![None]
    } else {
        scenario.strategies.names().take(DESIGNS_MAX).map(|name| Some(name.to_owned())).collect()
    };
    let compiled = names.into_iter().filter_map(|strategy| {
        let choice = Choice { strategy: strategy.clone(), ..Choice::default() };
        load(source, &choice).ok().map(|(_, world)| Design { strategy, world })
    });
    compiled.collect()
}

/// Under which designs something is so; nothing where it is so under all.
pub fn under(strategies: &[&str], designs: usize) -> String {
    let quoted = |name: &&str| format!("\"{name}\"");
    match strategies {
        _ if strategies.len() >= designs => String::new(),
        [] => String::new(),
        [one] => format!(" under {}", quoted(one)),
        [first, second] => format!(" under {} and {}", quoted(first), quoted(second)),
        [first, rest @ ..] => format!(" under {} and {} more", quoted(first), rest.len()),
    }
}

/// Groups that fail over from one site to another, with the site of their first member.
pub fn across_sites(world: &World) -> impl Iterator<Item = (GroupId, SiteId)> {
    let groups = (0..world.groups.len()).map(GroupId::new);
    groups.filter_map(|id| {
        let group = &world.groups[id.at()];
        let first = group.sites.first().copied().flatten()?;
        let elsewhere = group.sites.iter().flatten().any(|site| *site != first);
        (group.failover.is_some() && elsewhere).then_some((id, first))
    })
}

/// Whether somebody is meant to be served when one site fails: by a group that fails over, or by a spread.
pub fn is_redundant(world: &World, place: Place) -> bool {
    match place {
        Place::Site(_) => false,
        Place::Group(group) => across_sites(world).any(|(id, _)| id == group),
        Place::Spread(spread) => world.spreads[spread.at()].over.len() > 1,
    }
}

/// Whether a node does not work without another one: by structure, whatever its reserves.
pub fn needs(world: &World, node: NodeId, other: NodeId) -> bool {
    let mut seen = vec![false; world.nodes.len()];
    let mut open = vec![node];
    while let Some(next) = open.pop() {
        if next == other {
            return true;
        }
        if std::mem::replace(&mut seen[next.at()], true) {
            continue;
        }
        let gates = &world.nodes[next.at()].gates;
        open.extend(gates.iter().filter(|gate| gate.needed as usize == gate.of.len()).flat_map(|gate| &gate.of));
    }
    false
}

/// A duration as a person says it.
pub fn rounded(seconds: f64) -> String {
    let unit = match seconds {
        s if s >= 2.0 * 86_400.0 => 3_600.0,
        s if s >= 7_200.0 => 60.0,
        s if s >= 1.0 => 1.0,
        s if s >= 1e-3 => 1e-3,
        _ => 1e-6,
    };
    Duration::from_seconds((seconds / unit).round() * unit).to_string()
}
