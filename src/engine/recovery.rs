//! Whether a run has got over everything that was done to it: from then on it goes on as if nothing had happened.

use super::core::Core;
use super::state::groups::Stage;
use super::state::nodes::NodeState;
use super::state::runbook::ProcedureStage;
use super::state::stations::{StationPhase, StationState};
use crate::observe::ServiceLevel;

/// Less than this waits when nobody waits.
const NOBODY: f64 = 1e-3;

impl<W> Core<W> {
    /// Whether everything works, nobody waits, nothing is under way, and whoever was active at the start is active again. What
    /// is left are spare parts and temporary fixes, which matter only to what fails later. False where it cannot be told.
    pub(super) fn has_recovered(&self) -> bool {
        self.is_calm() && self.state.groups.iter().all(|group| group.active == 0 && group.named == 0)
    }

    /// The same, wherever groups are active.
    pub(super) fn is_calm(&self) -> bool {
        let state = &self.state;
        let flow = &state.flow;
        self.requests.is_none()
            && state.nodes.iter().all(is_sound)
            && state.crews.iter().all(|crew| crew.busy == 0 && crew.waiting.is_empty())
            && state.disturbances.iter().all(|passing| !passing.active)
            && state.surges.is_empty()
            && state.links_cut.iter().all(|cuts| *cuts == 0)
            && !state.maintenance.under_way
            && state.groups.iter().all(|group| {
                let waits = group.failback_pending || group.names_due || group.watch.is_some() || group.seen_down;
                group.stage == Stage::Idle && !waits
            })
            && state.stations.iter().all(is_as_built)
            && state.procedures.iter().all(|procedure| procedure.stage == ProcedureStage::Waiting)
            && state.restrictions.is_empty()
            && state.sheddings.is_empty()
            && state.steering.iter().all(|steering| !steering.moving)
            && state.away.iter().all(|away| away.all() < NOBODY)
            && state.made_up.iter().all(|made_up| made_up.owed <= 0.0)
            && state
                .spreads
                .iter()
                .flat_map(|spread| &spread.sites)
                .all(|site| site.in_rotation && site.pending.is_none())
            && state.rotations.iter().all(|rotation| !rotation.deep_fails && rotation.out.is_empty())
            && !state.deep_fails.iter().flatten().any(|fails| *fails)
            && flow
                .stations
                .iter()
                .all(|station| station.fluid.backlog < NOBODY && !station.crashed && !station.overloaded)
            && flow.queues.iter().all(|queue| queue.fluid.backlog < NOBODY && queue.serving && !queue.stale)
            && flow.stores.iter().all(|store| {
                let follows = store.replicas.iter().all(|replica| replica.contact && !replica.alone);
                follows && store.writable && !store.gone
            })
            && flow.overall.iter().all(|(felt, _)| *felt == ServiceLevel::Fine)
            && flow.service_levels.iter().flatten().all(|(felt, _)| *felt == ServiceLevel::Fine)
            && flow.failing.iter().chain(&flow.failing_log_ins).all(|failing| *failing < NOBODY)
            && flow.owed.iter().flatten().all(|owed| *owed < NOBODY)
    }
}

fn is_sound(node: &NodeState) -> bool {
    node.up && node.failed == 0 && node.hidden == 0 && node.taken == 0 && node.waiting_for_spare.is_empty()
}

fn is_as_built(station: &StationState) -> bool {
    let usual = station.slow == 1.0 && station.takes == 1.0 && station.extra == 0 && station.broken == 0;
    station.phase == StationPhase::Serving && station.cold_since.is_none() && usual
}
