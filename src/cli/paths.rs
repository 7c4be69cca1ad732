//! Numbers of the outcome that a file names and no run of it has.

use firedrill::expect::{NO_VALUE, number_at};
use firedrill::load::load;
use firedrill::metrics::Outcome;
use firedrill::report::text;
use firedrill::rng::Luck;
use firedrill::run::{Running, Traffic};
use firedrill::scenario::{Choice, Code, Diagnostic, Expectation, Objective, Pick, Scenario, Source};

/// What is there in every run, whatever happens in it.
const ALWAYS: [&str; 6] = ["people", "services", "components", "groups", "queues", "stores"];

/// Paths into the outcome that lead nowhere, each where it is written: they are known without a run.
pub fn lost(source: &Source) -> Vec<Diagnostic> {
    let plain = source.read_plain();
    let Some(scenario) = &plain.scenario else { return Vec::new() };
    let (mut found, mut starts): (Vec<Diagnostic>, Vec<(Pick, Option<Outcome>)>) = (Vec::new(), Vec::new());
    for (at, path, pick) in named(scenario) {
        if !ALWAYS.contains(&path.split('.').next().unwrap_or_default()) {
            continue;
        }
        if !starts.iter().any(|(known, _)| known == pick) {
            starts.push((pick.clone(), start(source, pick)));
        }
        let outcome = starts.iter().find(|(known, _)| known == pick).and_then(|(_, outcome)| outcome.as_ref());
        let Some(Err(problem)) = outcome.map(|outcome| number_at(outcome, path)) else { continue };
        // Lists grow while a run goes on, and some numbers are there in some runs only.
        let comes = [NO_VALUE, "but empty", "it is empty"].iter().any(|end| problem.ends_with(end));
        if comes || problem.contains(" entries, numbered from 0") || problem.contains("has nothing below it") {
            continue;
        }
        let (reason, fix) = problem.split_once("; ").unwrap_or((&problem, "the paths are those of --json"));
        let reason = format!("\"{path}\" leads nowhere: {}", text::clean(reason));
        found.push(Diagnostic::new(Code::Path, at, reason, text::clean(fix)));
    }
    plain.place(&mut found);
    found
}

/// The outcome of a run that has not begun yet: everything that is there has its place in it.
fn start(source: &Source, pick: &Pick) -> Option<Outcome> {
    let choice = Choice {
        strategy: pick.strategy.clone(),
        maintenance: pick.maintenance.clone(),
        variant: pick.variant.clone(),
        ..Choice::default()
    };
    let (_, world) = load(source, &choice).ok()?;
    let running = Running::new(world, Luck { seed: 1, replication: 0 }, Traffic::Flow).ok()?;
    Some(running.finish().outcome)
}

/// Every path into the outcome, where it is written, and of which run.
fn named(scenario: &Scenario) -> Vec<(String, &str, &Pick)> {
    let expected = scenario.expect.iter().enumerate().filter_map(|(i, expected)| match expected {
        Expectation::Value(value) => Some((format!("expect.{i}.of"), value.of.as_str(), &value.when)),
        _ => None,
    });
    let objectives = scenario.objectives.iter().filter_map(|(name, objective)| match objective {
        Objective::Value(value) => Some((format!("objectives.{name}.of"), value.of.as_str(), &value.when)),
        _ => None,
    });
    expected.chain(objectives).collect()
}
