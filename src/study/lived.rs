//! One run of a maintenance, and what is kept of it.

use crate::engine::Engine;
use crate::metrics::{BriefMetrics, MetOutcome, Outcome};
use crate::observe::{Digest, FailedBy, Observation, Observer, Occurrence};
use crate::rng::Luck;
use crate::scenario::Order;
use crate::units::{Duration, Time};
use crate::world::{Maintenance, NodeId, NodeKind, World};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The same world with the maintenance at this start, under this promise.
pub(super) fn beginning(world: &World, start: Time, announced: Duration) -> World {
    let mut world = world.clone();
    if let Some(plan) = &mut world.maintenance {
        plan.starts = start;
        plan.told_at = plan.told_at.map(|told| told.min(start));
        plan.announced = announced;
    }
    world
}

/// What is down for the maintenance itself: that it fails meanwhile takes nothing from anybody. Where it goes round, every
/// part of it is up for most of the time.
pub(super) fn spared(world: &World, plan: &Maintenance) -> Vec<bool> {
    let mut spared = vec![false; world.nodes.len()];
    if plan.order == Order::Rolling {
        return spared;
    }
    let mut spare = |id: NodeId| {
        spared[id.at()] = true;
        if let NodeKind::Site(site) = world.nodes[id.at()].kind {
            let inside = world.nodes.iter().zip(&mut spared).filter(|(node, _)| node.site == Some(site));
            inside.for_each(|(_, spared)| *spared = true);
        }
    };
    for id in &plan.takes_down {
        spare(*id);
        if let NodeKind::Group(group) = world.nodes[id.at()].kind {
            world.groups[group.at()].members.iter().for_each(|member| spare(*member));
        }
    }
    spared
}

/// What is kept of a run.
#[derive(Debug, Clone, Default)]
pub(super) struct Lived {
    /// User-minutes lost in the whole run.
    pub lost: f64,
    pub has_begun: bool,
    pub is_done: bool,
    pub overran: bool,
    /// Something failed while capacity was reduced.
    pub fault: bool,
    /// Something failed on its temporary fix.
    pub fix_failed: bool,
    pub met: BTreeMap<String, MetOutcome>,
    pub digest: u128,
}

impl Lived {
    fn new(outcome: Outcome, faults: &Faults, digest: u128) -> Lived {
        let lost = outcome.people.values().map(|people| people.user_minutes_lost).sum();
        let begun = outcome.maintenance.into_iter().find(|maintenance| maintenance.ended != "not begun");
        Lived {
            lost,
            has_begun: begun.is_some(),
            is_done: begun.as_ref().is_some_and(|begun| begun.ended == "done"),
            overran: begun.as_ref().is_some_and(|begun| begun.overrun_s > 0.0),
            fault: faults.fault,
            fix_failed: faults.fix_failed,
            met: begun.map(|begun| begun.met).unwrap_or_default(),
            digest,
        }
    }

    /// Minutes of active users after the announced end.
    pub fn unannounced(&self) -> f64 {
        self.met.values().map(|met| met.user_minutes_unannounced).sum()
    }
}

/// One run.
pub(super) fn lived(world: &Arc<World>, spared: &[bool], luck: Luck) -> Lived {
    let (mut metrics, mut digest) = (BriefMetrics::without_latencies(world), Digest::default());
    let mut faults = Faults { spared, under_way: false, fault: false, fix_failed: false };
    Engine::new(Arc::clone(world), luck).run(&mut (&mut (&mut metrics, &mut digest), &mut faults));
    let outcome = metrics.finish(world, luck, digest.hex(), digest.count());
    Lived::new(outcome, &faults, u128::from_str_radix(&digest.hex(), 16).unwrap_or_default())
}

/// Looks for what fails during a maintenance.
struct Faults<'a> {
    spared: &'a [bool],
    under_way: bool,
    fault: bool,
    fix_failed: bool,
}

impl Observer for Faults<'_> {
    fn saw(&mut self, _: &World, seen: &Observation) {
        match &seen.what {
            Occurrence::MaintenanceBegan(_) => self.under_way = true,
            Occurrence::MaintenanceEnded { .. } => self.under_way = false,
            Occurrence::Failed { node, by, .. } => {
                self.fault |= self.under_way && !self.spared[node.at()];
                self.fix_failed |= *by == FailedBy::OnTemporaryFix;
            }
            _ => {}
        }
    }

    fn flowed(&mut self, _: &World, _: &crate::observe::Interval) {}
}
