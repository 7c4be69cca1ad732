//! Mechanisms that the flow engine does not have together: where they met in a run, it says so.

use super::outcome::{Outcome, ServiceOutcome};
use super::reach::{callees, reached};
use crate::world::{Call, Feature, Population, StationId, World};

/// Less than this share of the requests changes nothing that anybody feels.
const FELT: f64 = 0.01;
/// Busier than this there are lines.
const BUSY: f64 = 0.8;

/// One user's way: who, which feature, and to where it leads.
struct Way<'w> {
    population: &'w Population,
    feature: &'w Feature,
    to: Vec<StationId>,
}

/// A sentence for each combination and station where it was felt.
pub(super) fn tell(world: &World, outcome: &mut Outcome) {
    let ways: Vec<Way> = world.people.iter().flat_map(|population| ways_of(world, population)).collect();
    let mut told = Vec::new();
    for (i, station) in world.stations.iter().enumerate() {
        let Some(seen) = outcome.services.get(&station.name) else { continue };
        let service = &world.services[station.service.at()];
        let come = || ways.iter().filter(|way| way.to.contains(&StationId::new(i)));
        let name = &station.name;
        if service.sheds.is_some()
            && is_felt(seen)
            && come().any(|way| way.population.patience_s.is_some() || way.population.waits)
        {
            told.push(format!(
                "{name}: turns away by priority users who give up or wait for answers; the flow engine makes all of them wait alike, only \
                 requests that are followed one by one tell who is turned away"
            ));
        }
        if let Some(takes_s) = service.waiting_max.map(|_| service.takes_mean_s)
            && seen.block_probability > FELT
            && come().any(|way| way.feature.retries.is_some_and(|r| r.attempts > 1 && r.after_s < takes_s))
        {
            told.push(format!(
                "{name}: what it turns away is tried again before anything has changed there; the flow engine takes attempts to be \
                 independent, and lets more of them succeed"
            ));
        }
        if (seen.utilisation > BUSY || !seen.overloads.is_empty())
            && come().any(|way| way.population.waits && way.feature.timeout_s.is_some())
        {
            told.push(format!(
                "{name}: users who wait for answers go on at a timeout, and the work that they leave behind is done all the same; the flow \
                 engine has no line of it, and recovers sooner"
            ));
        }
        if service.waiting_max.is_some() && seen.block_probability > FELT && are_all_held(world, StationId::new(i)) {
            told.push(format!(
                "{name}: all who call it hold a worker meanwhile; the flow engine can turn away more than can be there at once"
            ));
        }
    }
    outcome.warnings.extend(told);
}

fn ways_of<'w>(world: &'w World, population: &'w Population) -> impl Iterator<Item = Way<'w>> {
    population.uses.iter().map(move |(id, _)| {
        let feature = &world.features[id.at()];
        Way { population, feature, to: reached(world, feature.calls.iter().flatten().collect()) }
    })
}

fn is_felt(seen: &ServiceOutcome) -> bool {
    seen.block_probability > FELT || seen.wait_probability > FELT
}

/// Whether nobody calls a station but services that hold their workers.
fn are_all_held(world: &World, station: StationId) -> bool {
    let calls = |calls: &[Call]| calls.iter().any(|call| callees(call).contains(&station));
    let by_users = world.features.iter().flat_map(|feature| &feature.calls).any(|of_site| calls(of_site));
    let mut callers = world.stations.iter().filter(|caller| calls(&caller.calls)).peekable();
    !by_users && callers.peek().is_some() && callers.all(|caller| world.services[caller.service.at()].holds)
}
