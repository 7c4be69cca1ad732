//! Where the flow engine leaves the region in which it was shown to agree with requests that are followed one by one.
//!
//! The numbers are those of `docs/reference/agreement.md`.

use super::outcome::*;
use super::reach::{callees, reached};
use crate::observe::Interval;
use crate::queueing::Wait;
use crate::units::{Duration, NANOS_PER_SECOND, Time};
use crate::world::{Call, Retries, StationId, World, civil_label};
use std::collections::BTreeSet;

/// A queue at rest above this share of its capacity is near saturation.
const NEAR: f64 = 0.95;
/// For as long as this nobody is told.
const NEAR_FOR_S: f64 = 60.0;
/// Squared coefficients of variation of service times that were tried.
const SCV_MAX: f64 = 16.0;
/// Fewer who wait than this change nothing.
const WAITS: f64 = 0.01;

#[derive(Debug, Clone, Default)]
struct Strain {
    near_s: f64,
    near_from: Option<Time>,
    /// The highest load over capacity while the queue was at rest.
    most: f64,
}

/// How near every station was to saturation while its queue was at rest.
#[derive(Debug, Clone)]
pub struct StrainMetrics {
    stations: Vec<Strain>,
    /// Whether anything flowed that was not followed.
    flowed: bool,
}

impl StrainMetrics {
    pub fn new(world: &World) -> StrainMetrics {
        StrainMetrics { stations: vec![Strain::default(); world.stations.len()], flowed: false }
    }

    pub fn flowed(&mut self, span: &Interval) {
        self.flowed |= !span.followed;
        // Followed requests have no such waits: what they tell is not approximated.
        for wait in span.waits.iter().filter(|wait| !matches!(wait.wait, Wait::Never | Wait::Fixed(_))) {
            let work = &span.stations[wait.station.at()];
            let strain = &mut self.stations[wait.station.at()];
            let load = if work.workers_s > 0.0 { work.asked_s / work.workers_s } else { 0.0 };
            strain.most = strain.most.max(load);
            if load > NEAR && work.lost == 0.0 {
                strain.near_s += span.to.since(span.from).seconds();
                strain.near_from.get_or_insert(span.from);
            }
        }
    }

    /// A sentence for each of what was left, by station and by feature.
    pub fn finish(&self, world: &World, outcome: &mut Outcome) {
        for (station, strain) in world.stations.iter().zip(&self.stations) {
            let Some(seen) = outcome.services.get(&station.name) else { continue };
            let service = &world.services[station.service.at()];
            let name = &station.name;
            if strain.near_s >= NEAR_FOR_S
                && let Some(from) = strain.near_from
            {
                let whole = Duration((strain.near_s.round() as i64) * NANOS_PER_SECOND);
                outcome.warnings.push(format!(
                    "{name}: between 95% and 100% of its capacity for {whole}, first at {}; where chance decides on the queue the \
                     flow engine was off by up to 14% in means and 22% in percentiles",
                    civil_label(&world.calendar, from)
                ));
            }
            if seen.wait_probability > WAITS && service.takes_scv > SCV_MAX {
                outcome.warnings.push(format!(
                    "{name}: service times with a squared coefficient of variation of {:.0}; the flow engine was shown to agree up \
                     to 16",
                    service.takes_scv
                ));
            }
            let is_odd = (service.takes_scv - 1.0).abs() > 0.5;
            if is_odd && service.waiting_max.is_some_and(|n| n > 0) && seen.block_probability > 1e-3 {
                outcome.warnings.push(format!(
                    "{name}: a queue with a limit that turns away, and service times that are not exponential; the flow engine was \
                     off by up to 16% in means and 74% in percentiles"
                ));
            }
        }
        for population in &world.people {
            for (id, _) in &population.uses {
                let feature = &world.features[id.at()];
                let used = outcome.people.get(&population.name).and_then(|people| people.features.get(&feature.name));
                let Some(p99_s) = used.and_then(|used| used.latency.all.p99_s) else { continue };
                let (Some(retries), Some(timeout_s)) = (feature.retries, feature.timeout_s) else { continue };
                let calls = feature.calls.iter().flatten().collect();
                if p99_s >= timeout_s / 2.0
                    && let Some(station) = self.may_storm(world, calls, retries)
                {
                    outcome.warnings.push(storm(&format!("{}: {}", population.name, feature.name), world, station));
                }
            }
        }
        self.look_at_calls(world, outcome);
        if self.flowed {
            super::combinations::tell(world, outcome);
        }
    }

    /// The same of services that call by a policy.
    fn look_at_calls(&self, world: &World, outcome: &mut Outcome) {
        let of_stations =
            world.stations.iter().flat_map(|station| station.calls.iter().map(|call| (&station.name, call)));
        let of_features = (world.features.iter())
            .flat_map(|feature| feature.calls.iter().flatten().map(|call| (&feature.name, call)));
        let mut told = BTreeSet::new();
        for (caller, call) in of_stations.chain(of_features) {
            let Some(client) = &call.client else { continue };
            let (Some(retries), Some(timeout_s)) = (client.retries, client.timeout_s) else { continue };
            for callee in callees(call) {
                let name = &world.stations[callee.at()].name;
                let p99_s = outcome.services.get(name).and_then(|seen| seen.sojourn_p99_s).unwrap_or(0.0);
                if p99_s >= timeout_s / 2.0
                    && let Some(station) = self.may_storm(world, vec![call], retries)
                    && told.insert((caller, station))
                {
                    outcome.warnings.push(storm(&format!("{caller} calls {name}"), world, station));
                }
            }
        }
    }

    /// The station that retries would keep overloaded, if all that came late were tried as often as it may be.
    fn may_storm(&self, world: &World, calls: Vec<&Call>, retries: Retries) -> Option<StationId> {
        let attempts = f64::from(retries.attempts).min(1.0 + retries.budget);
        reached(world, calls).into_iter().find(|id| self.stations[id.at()].most * attempts > 1.0)
    }
}

fn storm(who: &str, world: &World, station: StationId) -> String {
    let name = &world.stations[station.at()].name;
    format!(
        "{who}: many answers come just in time, and what comes late is tried again; a queue that comes by chance can then keep {name} \
         overloaded for good, which the flow engine does not see"
    )
}
