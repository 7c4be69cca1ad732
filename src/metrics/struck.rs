//! How often what fails at random did fail.

use crate::observe::{FailedBy, Observation, Occurrence};
use crate::units::Time;
use crate::world::{FailureLaw, World};

/// Counts of random failures, in the order of [`World::random_failures`].
#[derive(Debug, Clone)]
pub struct StruckMetrics {
    /// Where the failures of each node are counted, and those of each shock.
    of_nodes: Vec<Option<usize>>,
    of_shocks: Vec<Option<usize>>,
    counts: Vec<u64>,
    /// A shock is one, however many it hits.
    last_shock: Option<(usize, Time)>,
}

impl StruckMetrics {
    pub fn new(world: &World) -> StruckMetrics {
        let (mut of_nodes, mut of_shocks) = (vec![None; world.nodes.len()], vec![None; world.shocks.len()]);
        let failures = world.random_failures();
        for (at, failure) in failures.iter().enumerate() {
            match failure.law {
                FailureLaw::Of(node) => of_nodes[node.at()] = Some(at),
                FailureLaw::Shock(shock) => of_shocks[shock] = Some(at),
            }
        }
        StruckMetrics { counts: vec![0; failures.len()], of_nodes, of_shocks, last_shock: None }
    }

    pub fn saw(&mut self, world: &World, seen: &Observation) {
        let Occurrence::Failed { node, members, by, .. } = &seen.what else { return };
        if seen.at < world.measured_from {
            return;
        }
        let (at, times) = match by {
            FailedBy::Itself => (self.of_nodes[node.at()], *members),
            FailedBy::Shock(shock) if self.last_shock == Some((*shock, seen.at)) => return,
            FailedBy::Shock(shock) => {
                self.last_shock = Some((*shock, seen.at));
                (self.of_shocks[*shock], 1)
            }
            FailedBy::Drill | FailedBy::OnTemporaryFix => return,
        };
        if let Some(at) = at {
            self.counts[at] += times;
        }
    }

    pub fn finish(self) -> Vec<u64> {
        self.counts
    }
}
