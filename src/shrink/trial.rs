//! Whether a text is a smaller drill of the same failure: it is valid, it fails whatever the seed, and it fails because of what
//! happens in it.

use super::goal::{self, Goal};
use crate::load::load;
use crate::metrics::{Detail, Outcome};
use crate::rng::Luck;
use crate::run::run_in_detail;
use crate::scenario::{Choice, Diagnostics, Scenario, Source};
use crate::world::World;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Seeds under which every candidate has to fail.
pub(super) const SEEDS: u64 = 4;
/// Seeds under which the result has to fail.
pub(super) const SEEDS_IN_THE_END: u64 = 20;

/// What a candidate is held against.
#[derive(Debug, Clone)]
pub(super) struct Trial {
    pub goal: Goal,
    pub luck: Luck,
    /// Under how many seeds it has to fail.
    pub seeds: u64,
    /// It has to hold where nothing happens: what fails without a fault is another failure.
    pub blames: bool,
}

impl Trial {
    /// Whether a text passes for the failure.
    pub fn fails(&self, text: &str) -> bool {
        read(text).is_ok_and(|(scenario, world)| self.fails_in(&scenario, &world, self.seeds))
    }

    /// The same of a world, under so many seeds.
    pub fn fails_in(&self, scenario: &Scenario, world: &Arc<World>, seeds: u64) -> bool {
        let detail = goal::detail(&self.goal.name, scenario);
        let mut digests = BTreeSet::new();
        for luck in self.lucks(seeds) {
            let outcome = run_in_detail(world, luck, detail);
            if !self.goal.is_missed(scenario, world, &outcome) {
                return false;
            }
            // What comes out alike under two seeds has hardly any luck in it: the others are looked at in the end.
            if !digests.insert(outcome.provenance.digest) && seeds < SEEDS_IN_THE_END {
                break;
            }
        }
        !self.blames || self.holds_without_faults(scenario, world, detail)
    }

    /// Under how many of so many seeds it fails, and whether luck changes anything at all.
    pub fn count(&self, scenario: &Scenario, world: &Arc<World>, seeds: u64) -> (u64, bool) {
        let detail = goal::detail(&self.goal.name, scenario);
        let outcomes: Vec<Outcome> = self.lucks(seeds).map(|luck| run_in_detail(world, luck, detail)).collect();
        let failed = outcomes.iter().filter(|outcome| self.goal.is_missed(scenario, world, outcome)).count();
        let differ = outcomes.iter().any(|o| o.provenance.digest != outcomes[0].provenance.digest);
        (failed as u64, differ)
    }

    /// Whether it holds where the drill and the maintenance are left out.
    pub fn holds_without_faults(&self, scenario: &Scenario, world: &Arc<World>, detail: Detail) -> bool {
        let mut quiet = World::clone(world);
        quiet.muted = (0..quiet.drill.len()).collect();
        quiet.maintenance = None;
        let quiet = Arc::new(quiet);
        let outcome = run_in_detail(&quiet, self.luck, detail);
        !self.goal.is_missed(scenario, &quiet, &outcome)
    }

    /// The luck of the run that failed, and that of other seeds.
    fn lucks(&self, seeds: u64) -> impl Iterator<Item = Luck> {
        let first = self.luck;
        (0..seeds).map(move |other| match other {
            0 => first,
            other => Luck { seed: first.seed.wrapping_add(other), ..first },
        })
    }
}

/// Reads and compiles a text by its own choice.
pub(super) fn read(text: &str) -> Result<(Scenario, Arc<World>), Diagnostics> {
    load(&Source::new("", text), &Choice::default())
}

/// A text as it is always written: without comments, without what need not be said.
pub(super) fn tidy(mut scenario: Scenario) -> String {
    // What is run is all there is.
    scenario.run = Default::default();
    scenario.to_ron()
}
