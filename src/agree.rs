//! Whether the two traffic engines agree: the same scenario by both, metric by metric.
//!
//! The flow engine gives one answer for each piece of luck; the request engine gives one that varies with its arrivals and
//! service times, so that it is repeated and its mean comes with a 95% interval (Student's t over replications).

use crate::engine::Unfollowable;
use crate::metrics::{LatencyOutcome, Outcome, RequestsOutcome};
use crate::num;
use crate::rng::Luck;
use crate::run::{Run, Traffic, follow, run};
use crate::units::Time;
use crate::world::World;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a metric may differ by and still count as the same: means and counts.
pub const MEANS_WITHIN: f64 = 0.05;
/// The same for 95th and 99th percentiles.
pub const TAILS_WITHIN: f64 = 0.10;

/// Which runs an agreement needs, for whoever has cores to run them on.
#[derive(Debug, Clone)]
pub struct PairedRuns {
    world: Arc<World>,
    luck: Luck,
    from: Time,
    replications: u64,
}

/// Both engines side by side.
#[derive(Debug, Clone, Serialize)]
pub struct Agreement {
    /// The scenario's title.
    pub title: String,
    /// From here, in seconds of the run.
    pub from_s: f64,
    /// To here.
    pub to_s: f64,
    /// Replications of the request engine.
    pub replications: u64,
    /// Events of single requests in all of them.
    pub events: u64,
    /// Every metric, by what it is of.
    pub rows: Vec<Row>,
    /// What the flow engine says of itself.
    pub warnings: Vec<String>,
}

/// One metric.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// A population, or a service at a site.
    pub of: String,
    /// One of the population's features.
    pub feature: Option<String>,
    /// Before anything was felt, during, or after; or all of it.
    pub phase: &'static str,
    /// What is measured.
    #[serde(rename = "measure")]
    pub metric: &'static str,
    /// By the flow engine: its mean over the same replications.
    pub flow: f64,
    /// By the request engine: the mean over replications.
    pub request: f64,
    /// Half the width of its 95% interval.
    pub half_width: f64,
    /// What it may differ by, as a share.
    pub within: f64,
    /// Whether it differs by no more than that, or by no more than the interval tells.
    pub agrees: bool,
}

impl PairedRuns {
    /// Both engines between two times of a run.
    pub fn new(world: &World, luck: Luck, from: Time, to: Time, replications: u64) -> PairedRuns {
        let mut world = world.clone();
        world.measured_from = world.measured_from.max(from);
        world.horizon = world.horizon.min(to);
        PairedRuns { world: Arc::new(world), luck, from, replications }
    }

    /// How many steps there are.
    pub fn steps(&self) -> usize {
        self.replications as usize
    }

    /// One of them: a replication by both engines.
    ///
    /// # Errors
    ///
    /// Requests that cannot be followed.
    pub fn step(&self, step: usize) -> Result<(Run, Run), Unfollowable> {
        let luck = Luck { replication: self.luck.replication + step as u64, ..self.luck };
        let traffic = Traffic::Request { from: self.from, to: self.world.horizon };
        Ok((run(&self.world, luck), follow(&self.world, luck, traffic)?))
    }

    /// What the runs of all steps, in their order, say.
    pub fn agreement(&self, runs: &[(Run, Run)]) -> Agreement {
        // By what it is of, in the order in which the first run has it. A phase that one engine sees and the other does not
        // is compared with nothing.
        let mut order: Vec<Key> = Vec::new();
        let mut values: BTreeMap<Key, (Vec<f64>, Vec<f64>)> = BTreeMap::new();
        for (flow, request) in runs {
            for (side, outcome) in [(0, &flow.outcome), (1, &request.outcome)] {
                for (key, value) in metrics(outcome) {
                    if !values.contains_key(&key) {
                        order.push(key.clone());
                    }
                    let entry = values.entry(key).or_default();
                    if side == 0 { &mut entry.0 } else { &mut entry.1 }.extend(value);
                }
            }
        }
        let rows = order
            .into_iter()
            .filter_map(|key| {
                let (flow, request) = &values[&key];
                if request.len() < 2 || flow.is_empty() {
                    return None;
                }
                let (request, half_width) = mean_and_half_width(request);
                let flow = flow.iter().sum::<f64>() / flow.len() as f64;
                if request.abs() < 1e-9 && flow.abs() < 1e-9 {
                    return None;
                }
                let differs = (flow - request).abs();
                let within = key.within();
                // So few requests in all replications that none of them may have been seen: the rule of three (Hanley &
                // Lippman-Hand, JAMA 249, 1983).
                let is_count = matches!(key.metric, "served" | "failed" | "never sent" | "longest backlog");
                let rare = is_count && differs * self.replications as f64 <= 3.0;
                let agrees = differs <= within * request.abs() || differs <= half_width || rare;
                let Key { of, feature, phase, metric } = key;
                Some(Row { of, feature, phase, metric, flow, request, half_width, within, agrees })
            })
            .collect();
        Agreement {
            title: self.world.title.clone(),
            from_s: self.from.max(self.world.measured_from).seconds(),
            to_s: self.world.horizon.seconds(),
            replications: self.replications,
            events: runs.iter().map(|(_, request)| request.outcome.traffic.events).sum(),
            rows,
            warnings: runs.first().map(|(flow, _)| flow.outcome.warnings.clone()).unwrap_or_default(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    of: String,
    feature: Option<String>,
    phase: &'static str,
    metric: &'static str,
}

impl Key {
    fn within(&self) -> f64 {
        if matches!(self.metric, "p95" | "p99") { TAILS_WITHIN } else { MEANS_WITHIN }
    }
}

/// Everything that both engines measure, always in the same order.
fn metrics(outcome: &Outcome) -> Vec<(Key, Option<f64>)> {
    let mut found = Vec::new();
    for (name, people) in &outcome.people {
        for (feature, used) in &people.features {
            let phases: [(&'static str, &RequestsOutcome, &LatencyOutcome); 4] = [
                ("all", &used.requests, &used.latency.all),
                ("before", &used.phases.before, &used.latency.before),
                ("during", &used.phases.during, &used.latency.during),
                ("after", &used.phases.after, &used.latency.after),
            ];
            // Where nothing is ever felt there is one phase only.
            let one = used.phases.during.intended == 0.0 && used.phases.after.intended == 0.0;
            for (phase, requests, latency) in &phases[..if one { 1 } else { 4 }] {
                let mut add = |metric: &'static str, value: Option<f64>| {
                    let (of, feature) = (name.clone(), Some(feature.clone()));
                    found.push((Key { of, feature, phase, metric }, value));
                };
                add("served", Some(requests.served));
                add("failed", Some(requests.failed + requests.shed));
                add("never sent", Some(requests.never_sent));
                add("mean", latency.mean_s);
                add("p50", latency.p50_s);
                add("p95", latency.p95_s);
                add("p99", latency.p99_s);
            }
        }
    }
    for (name, service) in &outcome.services {
        let mut add = |metric: &'static str, value: Option<f64>| {
            let key = Key { of: name.clone(), feature: None, phase: "all", metric };
            found.push((key, value));
        };
        add("utilisation", Some(service.utilisation));
        add("wait", Some(service.wait_mean_s));
        let longest = service.overloads.iter().max_by(|a, b| a.backlog_max.total_cmp(&b.backlog_max));
        add("longest backlog", Some(longest.map_or(0.0, |over| over.backlog_max)));
        add("drained after", longest.and_then(|over| over.drained_at_s.map(|at| at - over.from_s)));
    }
    found
}

/// The mean of replications, and half the width of its 95% interval.
pub fn mean_and_half_width(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - 1.0);
    (mean, num::student_quantile(0.975, values.len() as u32 - 1) * num::sqrt(variance / n))
}
