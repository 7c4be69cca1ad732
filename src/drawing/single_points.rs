//! Single points of failure: what takes people down when it fails, and nothing else does.

use super::alive::{Alive, features_of};
use super::model::{Failing, SinglePoint};
use crate::world::{LinkId, NodeId, NodeKind, PopId, World};

/// Steps that looking for them may take; beyond, it is not done. A thousand services at a hundred sites take less than a hundredth.
const STEPS_MAX: usize = 100_000_000;

/// Each site, component and link whose failure alone leaves people without something that they use, for as long as it lasts: after
/// every failover that the design has. Features of the class `optional` may be missing. `None` where the design is too large
/// to look at.
///
/// It is asked of the structure: who stands on whom, who calls whom, who can take over. Load, luck and time are not looked at.
pub fn single_points(world: &World) -> Option<Vec<SinglePoint>> {
    let candidates = candidates(world);
    let people: Vec<(PopId, usize)> = (0..world.people.len())
        .map(PopId::new)
        .flat_map(|id| features_of(world, id).map(move |feature| (id, feature)))
        .collect();
    if people.is_empty() {
        return Some(Vec::new());
    }
    let gates: usize = world.nodes.iter().flat_map(|node| &node.gates).map(|gate| gate.of.len()).sum();
    let calls: usize = world.stations.iter().map(|station| station.calls.len() + station.gates.len()).sum();
    let each = world.nodes.len() + gates + world.stations.len() + calls + people.len() + world.links.len();
    if candidates.len().saturating_mul(each) > STEPS_MAX {
        return None;
    }
    let whole = Alive::without(world, None);
    let served: Vec<(PopId, usize)> =
        people.into_iter().filter(|(id, feature)| whole.is_served(*id, *feature)).collect();
    let found = candidates.into_iter().filter_map(|failing| {
        let alive = Alive::without(world, Some(failing));
        let mut hits: Vec<PopId> =
            served.iter().filter(|(id, feature)| !alive.is_served(*id, *feature)).map(|(id, _)| *id).collect();
        hits.dedup();
        let hit_names = hits.iter().map(|id| world.name_of_people(*id).to_owned()).collect();
        let name = match failing {
            Failing::Node(node) => world.name_of_node(node),
            Failing::Link(link) => world.name_of_link(link),
        };
        (!hits.is_empty()).then(|| SinglePoint { failing, name: name.to_owned(), hits, hit_names })
    });
    Some(found.collect())
}

/// What can fail: sites first, then components, then links.
fn candidates(world: &World) -> Vec<Failing> {
    let nodes = |sites: bool| {
        let all = world.nodes.iter().enumerate();
        all.filter(move |(_, node)| match node.kind {
            NodeKind::Site(_) => sites,
            // Of several members the rest goes on, as long as they are enough; where none is left, no pool is.
            NodeKind::Component => !sites && (node.count <= node.needs.max(1)),
            NodeKind::Group(_) => false,
        })
        .map(|(index, _)| Failing::Node(NodeId::new(index)))
    };
    let links = (0..world.links.len()).map(|index| Failing::Link(LinkId::new(index)));
    nodes(true).chain(nodes(false)).chain(links).collect()
}
