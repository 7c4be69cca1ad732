//! Whether a text is a smaller drill of the same failure: it is valid, it fails whatever the seed, and it fails because of what the
//! run failed of.

use super::goal::{self, Goal};
use crate::load::load;
use crate::metrics::Detail;
use crate::rng::Luck;
use crate::run::run_in_detail;
use crate::scenario::{Choice, Diagnostics, Scenario, Source, Steer};
use crate::study::Hands;
use crate::world::{Decide, Detect, World};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Seeds under which every candidate has to fail.
pub(super) const SEEDS: u64 = 4;
/// Seeds under which the result has to fail.
pub(super) const SEEDS_IN_THE_END: u64 = 20;
/// In a drill of so many steps each of them has to be needed; in a longer one all of them together.
const STEPS_MAX: usize = 24;

/// Somebody has given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct GivenUp;

/// What a failure is due to: where that is not so, it holds. What fails without it is another failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct DueTo {
    /// Drill and maintenance together.
    pub faults: bool,
    /// Every single one of so many steps of the drill: none of them may go, or what they had to overcome would go with it.
    pub each_step: Option<usize>,
    /// How groups fail over: were that done at once and well, it would hold.
    pub response: bool,
}

/// What a candidate is held against.
#[derive(Debug, Clone)]
pub(super) struct Trial {
    pub goal: Goal,
    pub luck: Luck,
    /// Under how many seeds it has to fail.
    pub seeds: u64,
    pub due_to: DueTo,
    /// Whether nobody waits for the answer any more.
    pub given_up: fn() -> bool,
}

impl Trial {
    /// Whether a scenario passes for the failure.
    pub fn fails(&self, scenario: &Scenario, world: &Arc<World>) -> bool {
        if self.due_to.each_step.is_some_and(|steps| steps != world.drill.len()) {
            return false;
        }
        let detail = goal::detail(&self.goal.name, scenario);
        let mut digests = BTreeSet::new();
        for other in 0..self.seeds {
            let (missed, digest) = self.run(scenario, world, other, detail);
            if !missed || (self.given_up)() {
                return false;
            }
            // What comes out alike under two seeds has hardly any luck in it: the others are looked at in the end.
            if !digests.insert(digest) && self.seeds < SEEDS_IN_THE_END {
                break;
            }
        }
        self.is_due(scenario, world, detail)
    }

    /// Under how many seeds a scenario fails, and whether luck changes anything at all.
    pub fn count(
        &self,
        scenario: &Scenario,
        world: &Arc<World>,
        hands: &mut impl Hands,
    ) -> Result<(u64, bool), GivenUp> {
        let detail = goal::detail(&self.goal.name, scenario);
        hands.expect(SEEDS_IN_THE_END as usize);
        let runs = hands.all(SEEDS_IN_THE_END as usize, |other| self.run(scenario, world, other as u64, detail));
        let runs = runs.ok_or(GivenUp)?;
        let failed = runs.iter().filter(|(missed, _)| *missed).count();
        Ok((failed as u64, runs.iter().any(|(_, digest)| *digest != runs[0].1)))
    }

    /// Whether a run misses the goal, and its digest. The first luck is that of the run that failed, the others have other seeds.
    fn run(&self, scenario: &Scenario, world: &Arc<World>, other: u64, detail: Detail) -> (bool, String) {
        let luck = Luck { seed: self.luck.seed.wrapping_add(other), ..self.luck };
        let outcome = run_in_detail(world, luck, detail);
        (self.goal.is_missed(scenario, world, &outcome), outcome.provenance.digest)
    }

    /// What the failure of a scenario is due to.
    pub fn causes(&self, scenario: &Scenario, world: &Arc<World>) -> DueTo {
        let holds = |due_to| {
            let detail = goal::detail(&self.goal.name, scenario);
            Trial { due_to, ..self.clone() }.is_due(scenario, world, detail)
        };
        let (nothing, steps) = (DueTo::default(), world.drill.len());
        let faults = holds(DueTo { faults: true, ..nothing });
        DueTo {
            faults,
            each_step: Some(steps).filter(|_| {
                faults && steps > 0 && steps <= STEPS_MAX && holds(DueTo { each_step: Some(steps), ..nothing })
            }),
            response: holds(DueTo { response: true, ..nothing }),
        }
    }

    /// Whether a scenario holds where that is not so what its failure has to be due to.
    fn is_due(&self, scenario: &Scenario, world: &Arc<World>, detail: Detail) -> bool {
        let holds = |change: &dyn Fn(&mut World)| {
            let mut changed = World::clone(world);
            change(&mut changed);
            !(self.given_up)() && !self.run(scenario, &Arc::new(changed), 0, detail).0
        };
        let steps = world.drill.len();
        let quiet = |world: &mut World| {
            world.muted = (0..steps).collect();
            world.maintenance = None;
        };
        // A single step is all of them.
        let each = self.due_to.each_step.filter(|steps| *steps > 1).unwrap_or(0);
        (!self.due_to.faults || holds(&quiet))
            && (!self.due_to.response || holds(&answered_at_once))
            && (0..each).all(|step| {
                holds(&|world: &mut World| {
                    world.muted.insert(step);
                })
            })
    }
}

/// Every group that fails over does so at once and well.
fn answered_at_once(world: &mut World) {
    for failover in world.groups.iter_mut().filter_map(|group| group.failover.as_mut()) {
        (failover.detect, failover.decide, failover.steer) = (Detect::Instant, Decide::Automatic, Steer::AtOnce);
        (failover.verify, failover.mechanism, failover.by_hand) = (None, None, None);
        failover.before.clear();
        failover.fails_on_demand = 0.0;
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
