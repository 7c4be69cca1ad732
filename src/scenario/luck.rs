//! The same scenario without what fails by chance: only what a drill does goes wrong in it.

use super::{Failover, Scenario, Under};
use crate::dist::Dist;
use crate::units::{Duration, Ratio};

/// Longer than any run.
const NEVER: Duration = Duration(100 * 365 * 86_400 * 1_000_000_000);

impl Scenario {
    /// Nothing fails by itself any more: no component, no common cause, no temporary fix, and no failover or phase of one that
    /// works more often than not at all. What never works goes on not working. How long things take stays a matter of luck.
    pub fn fails_only_by_drill(&mut self) {
        self.common_cause.0.clear();
        for (_, component) in &mut self.components.0 {
            component.fails = None;
            component.starts = Default::default();
            component.tested_every = None;
            component.last_tested = Duration::ZERO;
            if let Some(temporary) = component.repair.as_mut().and_then(|repair| repair.temporary.as_mut()) {
                temporary.fails = Dist::Fixed(NEVER);
            }
        }
        for (_, strategy) in &mut self.strategies.0 {
            strategy.failover.0.iter_mut().for_each(|(_, failover)| works(failover));
        }
        let certain = |fails: &mut Ratio| {
            if fails.0 < 1.0 {
                *fails = Ratio(0.0);
            }
        };
        self.services.0.iter_mut().for_each(|(_, service)| certain(&mut service.start_fails));
        let repairs = self.components.0.iter_mut().filter_map(|(_, component)| component.repair.as_mut());
        repairs.for_each(|repair| certain(&mut repair.repair_fails));
        let backups = self.stores.0.iter_mut().flat_map(|(_, store)| &mut store.backups.0);
        for (_, backup) in backups {
            certain(&mut backup.unreadable);
            // Of what can be read nothing is found out.
            backup.found_after = if backup.unreadable.0 > 0.0 { backup.found_after } else { Duration::ZERO };
        }
        let measures = self.strategies.0.iter_mut().flat_map(|(_, strategy)| &mut strategy.runbook.0);
        measures.filter_map(|(_, measure)| measure.goes_wrong.as_mut()).for_each(|wrong| certain(&mut wrong.chance));
        for (_, plan) in &mut self.maintenance.0 {
            plan.hazard = None;
        }
        // A year in which nothing fails by chance says nothing.
        self.objectives.0.retain(|(_, objective)| objective.under() != Under::Year);
        let objectives = &self.objectives;
        self.expect_failure.retain(|known| known.starts_with("expect.") || objectives.get(known).is_some());
    }
}

/// Only what is certain to fail fails.
fn works(failover: &mut Failover) {
    let certain = |fails: &mut Ratio| {
        if fails.0 < 1.0 {
            *fails = Ratio(0.0);
        }
    };
    certain(&mut failover.fails_on_demand);
    let phases = [&mut failover.fence, &mut failover.promote, &mut failover.start, &mut failover.warm];
    for phase in phases.into_iter().chain([&mut failover.verify]).flatten() {
        certain(&mut phase.fails);
    }
}
