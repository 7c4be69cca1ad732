//! Where calls lead, whoever is active.

use crate::world::{Call, Callee, StationId, World};

/// All stations to which calls lead, in their order.
pub(super) fn reached<'w>(world: &'w World, mut left: Vec<&'w Call>) -> Vec<StationId> {
    let mut visited = vec![false; world.stations.len()];
    while let Some(call) = left.pop() {
        for id in callees(call) {
            if !std::mem::replace(&mut visited[id.at()], true) {
                left.extend(&world.stations[id.at()].calls);
            }
        }
    }
    (0..visited.len()).filter(|i| visited[*i]).map(StationId::new).collect()
}

/// All that a call may ask, whoever is active.
pub(super) fn callees(call: &Call) -> Vec<StationId> {
    match &call.callee {
        Callee::Station(station) => vec![*station],
        Callee::Active(_, by_member) => by_member.iter().flatten().copied().collect(),
    }
}
