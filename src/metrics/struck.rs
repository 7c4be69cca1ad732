//! How often what fails at random did fail.

use crate::observe::{FailedBy, Observation, Occurrence};
use crate::units::Time;
use crate::world::{FailureLaw, World};

/// Counts of random failures, in the order of [`World::random_failures`].
#[derive(Debug, Clone)]
pub struct StruckMetrics {
    laws: Vec<FailureLaw>,
    counts: Vec<u64>,
    /// A shock is one, however many it hits.
    last_shock: Option<(usize, Time)>,
}

impl StruckMetrics {
    pub fn new(world: &World) -> StruckMetrics {
        let laws: Vec<FailureLaw> = world.random_failures().into_iter().map(|failure| failure.law).collect();
        StruckMetrics { counts: vec![0; laws.len()], laws, last_shock: None }
    }

    pub fn saw(&mut self, world: &World, seen: &Observation) {
        let Occurrence::Failed { node, members, by, .. } = &seen.what else { return };
        if seen.at < world.measured_from {
            return;
        }
        let (law, times) = match by {
            FailedBy::Itself => (FailureLaw::Of(*node), *members),
            FailedBy::Shock(shock) if self.last_shock == Some((*shock, seen.at)) => return,
            FailedBy::Shock(shock) => {
                self.last_shock = Some((*shock, seen.at));
                (FailureLaw::Shock(*shock), 1)
            }
            FailedBy::Drill | FailedBy::OnTemporaryFix => return,
        };
        if let Some(at) = self.laws.iter().position(|known| *known == law) {
            self.counts[at] += times;
        }
    }

    pub fn finish(self) -> Vec<u64> {
        self.counts
    }
}
