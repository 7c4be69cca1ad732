//! What fails at random, and how often that is to be expected.

use super::ids::NodeId;
use super::model::World;
use crate::dist::Sampler;

/// Which law something fails by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureLaw {
    /// The members of a node, by themselves.
    Of(NodeId),
    /// A common cause, by its index.
    Shock(usize),
}

/// Something that fails at random.
#[derive(Debug, Clone, PartialEq)]
pub struct RandomFailure {
    /// What: a component, or a common cause.
    pub name: String,
    /// By which law.
    pub law: FailureLaw,
    /// About how many failures the measured part of a run has.
    pub expected: f64,
}

impl World {
    /// Everything that fails at random, components first, each in the order of their names.
    ///
    /// What is expected is T/(mean life + mean hands-on repair) a member where ages are those of a long life, or where the run
    /// is longer than a life; in a shorter run of new members it is the hazard that they go through, of one failure at most. That is exact for what
    /// fails without a memory and is never away for long, and good enough to say how many runs it takes to see some.
    pub fn random_failures(&self) -> Vec<RandomFailure> {
        let mut found = Vec::new();
        for (i, node) in self.nodes.iter().enumerate() {
            let Some(fails) = &node.fails else { continue };
            let repair_s = node.repair.as_ref().map_or(0.0, |repair| repair.takes.mean_s());
            let expected = node.count as f64 * self.times(fails, repair_s, node.stationary_start);
            let law = FailureLaw::Of(NodeId::new(i));
            found.push(RandomFailure { name: node.name.clone(), law, expected });
        }
        for (i, shock) in self.shocks.iter().enumerate() {
            let expected = self.times(&shock.every, 0.0, false);
            found.push(RandomFailure { name: shock.name.clone(), law: FailureLaw::Shock(i), expected });
        }
        found.retain(|failure| failure.expected > 0.0);
        found
    }

    fn times(&self, every: &Sampler, away_s: f64, stationary: bool) -> f64 {
        // What fails by a schedule is not left to chance.
        if every.scv() <= 0.0 {
            return 0.0;
        }
        let (mean_s, run_s) = (every.mean_s(), self.horizon.since(self.measured_from).seconds());
        if stationary || run_s >= mean_s {
            return run_s / (mean_s + away_s);
        }
        let until = |s: f64| every.cumulative_hazard(s).min(1.0);
        until(self.horizon.seconds()) - until(self.measured_from.seconds())
    }
}
