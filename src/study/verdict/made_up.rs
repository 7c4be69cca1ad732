//! Comparisons that are made up, for tests of what is said of them.

use crate::expect::{Judgement, Unit};
use crate::study::{
    Comparison, DesignOutcome, Difference, End, MetricOutcome, ObjectiveOutcome, Separation, Settle, Spread,
};
use crate::world::Costs;

/// A comparison of these designs by downtime, as they stand: the first has the least.
pub(crate) fn comparison(designs: Vec<DesignOutcome>) -> Comparison {
    let pairs = (0..designs.len()).flat_map(|a| (a + 1..designs.len()).map(move |b| (a, b)));
    Comparison {
        format: 1,
        titles: vec!["made up".to_owned()],
        seed: 1,
        confidence: 0.95,
        by: "downtime".to_owned(),
        indifference: None,
        settle: Settle::Order,
        currency: Some("EUR".to_owned()),
        run_s: 86_400.0,
        replications: 100,
        ended: End::Replications,
        metrics: vec![MetricOutcome {
            name: "downtime".to_owned(),
            about: "time down".to_owned(),
            unit: Unit::Seconds,
            more_is_better: false,
        }],
        differences: pairs
            .map(|(better, worse)| Difference {
                better,
                worse,
                n: 100,
                mean: -10.0,
                low: -11.0,
                high: -9.0,
                luck_saves: 1.0,
                separation: Separation::Settled,
            })
            .collect(),
        designs,
        unsettled: Vec::new(),
        rare_failures: Vec::new(),
        conflicts: Vec::new(),
        assumptions: Vec::new(),
        digest: "0".repeat(32),
        protocol: "0".repeat(32),
        firedrill_version: "0".to_owned(),
    }
}

/// A design that costs so much an hour.
pub(crate) fn design(label: &str, per_hour: Option<f64>, objectives: Vec<ObjectiveOutcome>) -> DesignOutcome {
    let spread = Spread {
        n: 100,
        mean: 30.0,
        low: 29.0,
        high: 31.0,
        sd: 1.0,
        p50: 30.0,
        p95: 35.0,
        p95_interval: None,
        min: 20.0,
        max: 40.0,
        some_share: (1.0, 0.96, 1.0),
        never_seen_at_most: None,
        curve: Vec::new(),
    };
    DesignOutcome {
        label: label.to_owned(),
        about: String::new(),
        index: 0,
        replications: 100,
        costs: per_hour.map(|per_hour| Costs { per_hour, currency: "EUR".to_owned() }),
        best_probability: Some(0.5),
        no_data: 0,
        best_share: 0.5,
        values: vec![Some(spread)],
        objectives,
        worst: Vec::new(),
        digest: "0".repeat(32),
    }
}

/// An objective of at most 60 s, always, that was missed in so many runs of a hundred, by so much.
pub(crate) fn objective(name: &str, judgement: Judgement, missed: u64, missed_by: f64) -> ObjectiveOutcome {
    ObjectiveOutcome {
        under: crate::scenario::Under::Drill,
        name: name.to_owned(),
        unit: Unit::Seconds,
        at_least: None,
        at_most: Some(60.0),
        needed_share: Some(1.0),
        met: if judgement == Judgement::NoData { 0 } else { 100 - missed },
        no_data: if judgement == Judgement::NoData { 100 } else { 0 },
        of: 100,
        low: 0.0,
        high: 1.0,
        mean: None,
        judgement,
        never_missed_at_most: None,
        first_missed: (missed > 0).then_some(3),
        missed_by: (missed > 0).then_some(missed_by),
    }
}

/// One that is met.
pub(crate) fn met(name: &str) -> ObjectiveOutcome {
    objective(name, Judgement::Pass, 0, 0.0)
}

/// One that is missed.
pub(crate) fn missed(name: &str, runs: u64, by: f64) -> ObjectiveOutcome {
    objective(name, Judgement::Fail, runs, by)
}
