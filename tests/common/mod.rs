//! What the tests share: from the text of a scenario to its outcome, by the front door.
#![allow(dead_code, reason = "each test binary uses its own part")]

use firedrill::metrics::Outcome;
use firedrill::rng::Luck;
use firedrill::run::run;
use firedrill::scenario::{Choice, Source};
use firedrill::world::World;
use std::sync::Arc;

/// How much of a campaign there is: `short` in the tests that one runs often, `full` with `FIREDRILL_CAMPAIGN=full`, as in
/// `.ci/run`. A short form asks the same of less: what it accepts is as wide as less can tell, and never anything at all.
#[expect(clippy::disallowed_methods, reason = "whoever runs the tests says how much of them")]
pub fn campaign<T>(short: T, full: T) -> T {
    match std::env::var("FIREDRILL_CAMPAIGN").as_deref() {
        Ok("full") => full,
        Ok(other) if other != "short" => panic!("FIREDRILL_CAMPAIGN={other}: write full or short"),
        _ => short,
    }
}

/// Compiles a scenario's text; a mistake in it is a mistake in the test.
pub fn world(text: &str) -> Arc<World> {
    let reading = Source::new("test.ron", text).read(&Choice::default());
    assert!(reading.mistakes.is_empty(), "{:#?}", reading.mistakes);
    World::compile(&reading.scenario.expect("a scenario")).unwrap_or_else(|e| panic!("{e}"))
}

/// The outcome of replication `replication` under seed 1.
pub fn outcome_of(world: &Arc<World>, replication: u64) -> Outcome {
    run(world, Luck { seed: 1, replication }).outcome
}

/// The outcome of a scenario's text.
pub fn outcome(text: &str) -> Outcome {
    outcome_of(&world(text), 0)
}

/// Asserts that a value is the expected one to a relative tolerance.
#[track_caller]
pub fn assert_near(what: &str, seen: f64, expected: f64, relative: f64) {
    let bound = relative * expected.abs().max(1e-300);
    assert!((seen - expected).abs() <= bound, "{what}: seen {seen}, expected {expected} within {relative} relative");
}

/// Mean and standard error of replications.
pub fn mean_and_error(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - 1.0);
    (mean, (variance / n).sqrt())
}

/// Asserts that the mean of replications is the expected one: |z| at most 4, and the interval not so wide that anything
/// would do.
#[track_caller]
pub fn assert_mean(what: &str, values: &[f64], expected: f64, half_width_relative_max: f64) {
    let (mean, error) = mean_and_error(values);
    let z = (mean - expected) / error;
    assert!(z.abs() <= 4.0, "{what}: mean {mean} of {}, expected {expected}, z = {z}", values.len());
    let half_width = 1.96 * error / expected.abs();
    assert!(half_width <= half_width_relative_max, "{what}: the interval is {half_width} of the value wide, too wide");
}
