//! Where the flow engine leaves the region in which it was shown to agree with requests that are followed one by one.
//!
//! The numbers are those of `docs/reference/agreement.md`.

use super::outcome::*;
use crate::observe::Interval;
use crate::queueing::Wait;
use crate::units::{Duration, NANOS_PER_SECOND, Time};
use crate::world::{Call, Callee, Feature, StationId, World, civil_label};

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
}

impl StrainMetrics {
    pub fn new(world: &World) -> StrainMetrics {
        StrainMetrics { stations: vec![Strain::default(); world.stations.len()] }
    }

    pub fn flowed(&mut self, span: &Interval) {
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
                if let Some(station) = self.may_storm(world, feature, p99_s) {
                    let name = &world.stations[station.at()].name;
                    outcome.warnings.push(format!(
                        "{}: {}: many answers come just in time, and what comes late is tried again; a queue that comes by chance \
                         can then keep {name} overloaded for good, which the flow engine does not see",
                        population.name, feature.name
                    ));
                }
            }
        }
    }

    /// The station that the retries of a feature would keep overloaded, if all that came late were tried as often as it may be.
    fn may_storm(&self, world: &World, feature: &Feature, p99_s: f64) -> Option<StationId> {
        let (retries, timeout_s) = (feature.retries?, feature.timeout_s?);
        let attempts = f64::from(retries.attempts).min(1.0 + retries.budget);
        if p99_s < timeout_s / 2.0 {
            return None;
        }
        let mut visited = vec![false; world.stations.len()];
        let mut left: Vec<&Call> = feature.calls.iter().flatten().collect();
        while let Some(call) = left.pop() {
            let callees: Vec<StationId> = match &call.callee {
                Callee::Station(station) => vec![*station],
                Callee::Active(_, by_member) => by_member.iter().flatten().copied().collect(),
            };
            for id in callees {
                if !std::mem::replace(&mut visited[id.at()], true) {
                    left.extend(&world.stations[id.at()].calls);
                }
            }
        }
        let mut stations = (0..visited.len()).filter(|i| visited[*i]);
        stations.find(|i| self.stations[*i].most * attempts > 1.0).map(StationId::new)
    }
}
