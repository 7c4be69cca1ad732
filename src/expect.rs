//! What a scenario expects of its runs, held against what they show.
//!
//! [`runs_needed`] says which runs a file speaks of; [`judge`] holds one of them against the expectations that speak of it.
//!
//! ```
//! use firedrill::{expect, load::load, rng::Luck, run::run, scenario::{Choice, Source}};
//! let text = r#"Scenario(
//!     format: 1,
//!     title: "one site",
//!     clock: (from: "2024-01-01T00:00", zone: "UTC", horizon: "1h"),
//!     sites: {"a": ()},
//!     expect: [value(of: "components.a.availability", at_least: 1)],
//! )"#;
//! let source = Source::new("one.ron", text);
//! let written = source.read_plain().scenario.unwrap();
//! for choice in expect::runs_needed(&written) {
//!     let (_, world) = load(&source, &choice).unwrap();
//!     let run = run(&world, Luck { seed: 1, replication: 0 });
//!     assert!(expect::judge(&written, &world, &run.outcome).iter().all(|verdict| verdict.passed));
//! }
//! ```

mod criterion;
mod judgement;
mod path;
mod penalties;

pub use criterion::{Criterion, Unit, longest_outage, number_at};
pub use judgement::Judgement;
pub use path::NO_VALUE;
pub use penalties::penalise;

use crate::metrics::{Outcome, OutcomeInterval};
use crate::observe::ServiceLevel;
use crate::scenario::diagnostics::did_you_mean;
use crate::scenario::{Choice, Expectation, HowLong, HowMuch, Pick, Scenario, When};
use crate::units::{Duration, Time};
use crate::world::{World, civil_label};
use std::cmp::Ordering;

/// What came of one expectation in one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Which expectation: its place in the scenario's list, from 0.
    pub expectation: usize,
    /// What was looked at, in words.
    pub what: String,
    /// What was expected of it.
    pub expected: String,
    /// What the run showed.
    pub seen: String,
    /// Whether they agree.
    pub passed: bool,
    /// The same, and whether there was anything to hold against it.
    pub judgement: Judgement,
    /// Where they do not agree, on which side of what was expected the run lies: `Less` is too little or too early.
    pub missed: Option<Ordering>,
}

/// Which runs have to be made to judge a file: its default run, and one more for each other run that an expectation
/// speaks of, in the order of the file.
///
/// `scenario` is the file as it is written ([`Source::read_plain`](crate::scenario::Source::read_plain)).
pub fn runs_needed(scenario: &Scenario) -> Vec<Choice> {
    let mut runs = vec![(resolved(scenario, &Pick::default()), Choice::default())];
    for expectation in &scenario.expect {
        let when = expectation.when();
        let pick = resolved(scenario, when);
        if runs.iter().all(|(known, _)| *known != pick) {
            let Pick { strategy, maintenance, variant } = when.clone();
            runs.push((pick, Choice { strategy, maintenance, variant, set: Vec::new() }));
        }
    }
    runs.into_iter().map(|(_, choice)| choice).collect()
}

/// Which runs a file's objectives speak of, each with the names of those that do: the default run first, if any does.
pub fn objective_runs(scenario: &Scenario) -> Vec<(Choice, Vec<String>)> {
    let mut runs: Vec<(Pick, Choice, Vec<String>)> = Vec::new();
    for (name, objective) in scenario.objectives.iter() {
        let pick = resolved(scenario, objective.when());
        match runs.iter_mut().find(|(known, ..)| *known == pick) {
            Some((_, _, names)) => names.push(name.to_owned()),
            None => {
                let Pick { strategy, maintenance, variant } = objective.when().clone();
                runs.push((pick, Choice { strategy, maintenance, variant, set: Vec::new() }, vec![name.to_owned()]));
            }
        }
    }
    runs.into_iter().map(|(_, choice, names)| (choice, names)).collect()
}

/// Holds a run against the expectations that speak of it. What an expectation's `when` leaves out is the file's default.
///
/// `scenario` is the file as it is written ([`Source::read_plain`](crate::scenario::Source::read_plain)), so that its
/// defaults are known; `world` and `outcome` are of the run.
///
/// What is compared:
/// - `downtime`, `degraded`, `stale`: seconds in which the population felt so. With `between`, of the intervals that begin
///   in that part; intervals that follow each other without a gap are one, whatever they were due to.
/// - `restored_at`: the end of the longest time in which the population was down; if it never was, of the longest in which
///   it was degraded; if it never was that either, in which it was stale. Restored is not recovered: that things are stale
///   afterwards changes nothing.
/// - `overrun`: by how much a maintenance took longer than announced; of several, the longest overrun.
/// - `value`: a number of the outcome by its path, as `--json` shows it.
///
/// Instead of a population its feature can be named, by its path: `"shoppers.features.buy"`. Where there is nothing to look at
/// the verdict is [`Judgement::NoData`]: nothing was sent, the maintenance did not take place, the number has no value.
pub fn judge(scenario: &Scenario, world: &World, outcome: &Outcome) -> Vec<Verdict> {
    let provenance = &outcome.provenance;
    let this = Pick {
        strategy: provenance.strategy.clone(),
        maintenance: provenance.maintenance.clone(),
        variant: provenance.variant.clone(),
    };
    let of_this_run = |e: &Expectation| resolved(scenario, e.when()) == this;
    let expectations = scenario.expect.iter().enumerate().filter(|(_, e)| of_this_run(e));
    expectations.map(|(index, expectation)| verdict(scenario, index, expectation, world, outcome)).collect()
}

/// The run that is picked, with the file's defaults filled in as reading it does.
fn resolved(scenario: &Scenario, pick: &Pick) -> Pick {
    let first = |mut names: Vec<&str>| if names.is_empty() { None } else { Some(names.swap_remove(0).to_owned()) };
    let default = &scenario.run;
    let strategy = pick.strategy.clone().or_else(|| default.strategy.clone());
    let strategy = strategy.or_else(|| first(scenario.strategies.names().collect()));
    let own = strategy.as_ref().and_then(|name| scenario.strategies.get(name)?.maintenance.clone());
    let maintenance = pick.maintenance.clone().or(own).or_else(|| default.maintenance.clone());
    let maintenance = maintenance.or_else(|| first(scenario.maintenance.names().collect()));
    let variant = pick.variant.clone().or_else(|| default.variant.clone());
    Pick { strategy, maintenance, variant }
}

/// What was found, or why nothing was: the words, what that means for what is expected, and on which side of it it lies.
type Observation = (String, Judgement, Option<Ordering>);

/// What was found, and whether that is as expected.
fn told(seen: String, holds: bool, side: Option<Ordering>) -> Observation {
    let judgement = if holds { Judgement::Pass } else { Judgement::Fail };
    (seen, judgement, side.filter(|_| !holds))
}

/// What was expected cannot be looked for.
fn wrong(problem: String) -> Observation {
    (problem, Judgement::Fail, None)
}

/// There is nothing to look at.
fn no_data(why: &str) -> Observation {
    (format!("no data: {why}"), Judgement::NoData, None)
}

fn verdict(scenario: &Scenario, index: usize, expectation: &Expectation, world: &World, outcome: &Outcome) -> Verdict {
    let (what, expected, (seen, judgement, missed)) = match expectation {
        Expectation::Downtime(e) => {
            (format!("{}: down", e.of), length_wanted(e), felt(scenario, e, ServiceLevel::Down, world, outcome))
        }
        Expectation::Degraded(e) => {
            (format!("{}: degraded", e.of), length_wanted(e), felt(scenario, e, ServiceLevel::Degraded, world, outcome))
        }
        Expectation::Stale(e) => {
            (format!("{}: stale", e.of), length_wanted(e), felt(scenario, e, ServiceLevel::Stale, world, outcome))
        }
        Expectation::Overrun(e) => (format!("{}: overrun", e.of), length_wanted(e), overrun(e, world, outcome)),
        Expectation::RestoredAt(e) => {
            let mut expected = world.calendar.read(&e.at).map_or(e.at.clone(), |at| civil_label(&world.calendar, at));
            expected.push_str(&tolerance(e.within));
            (format!("{}: restored", e.of), expected, restored(scenario, e, world, outcome))
        }
        Expectation::Value(e) => (e.of.clone(), number_wanted(e), number(e, outcome)),
    };
    Verdict { expectation: index, what, expected, seen, passed: judgement == Judgement::Pass, judgement, missed }
}

fn length_wanted(e: &HowLong) -> String {
    let between = e.between.as_ref().map_or(String::new(), |(from, to)| format!(", begun {from} to {to}"));
    format!("{}{}{between}", exactly(e.is.seconds()), tolerance(e.within))
}

fn tolerance(within: Duration) -> String {
    if within == Duration::ZERO { String::new() } else { format!(" ± {}", exactly(within.seconds())) }
}

/// The clock has nanoseconds, lengths are sums of them: less than a microsecond is no difference.
fn is_near(seen_s: f64, is: Duration, within: Duration) -> bool {
    (seen_s - is.seconds()).abs() <= within.seconds() + 1e-6
}

/// A length of time, held against what is expected of it.
fn length(seconds: f64, e: &HowLong) -> Observation {
    told(exactly(seconds), is_near(seconds, e.is, e.within), seconds.partial_cmp(&e.is.seconds()))
}

/// What a population felt, or felt of one feature: seconds down, degraded and stale, and when.
struct Lived<'a> {
    seconds: [f64; 3],
    intervals: &'a [OutcomeInterval],
}

/// Who sent nothing in the whole run felt nothing, and says nothing.
fn lived<'a>(scenario: &Scenario, of: &str, outcome: &'a Outcome) -> Result<Lived<'a>, Observation> {
    let (whose, feature) = scenario.whom(of);
    let Some(people) = outcome.people.get(whose) else {
        let meant = did_you_mean(whose, outcome.people.keys().map(String::as_str));
        let hint = meant.map_or(String::new(), |name| format!("; did you mean \"{name}\"?"));
        return Err(wrong(format!("there is no population \"{whose}\"{hint}")));
    };
    let used = match feature {
        None => None,
        Some(feature) => match people.features.get(feature) {
            Some(used) => Some(used),
            None => return Err(wrong(format!("\"{whose}\" does not use \"{feature}\""))),
        },
    };
    let intended = used.map_or(people.requests.intended, |used| used.requests.intended);
    if intended <= 0.0 {
        return Err(no_data("nothing was sent"));
    }
    Ok(match used {
        None => Lived { seconds: [people.downtime_s, people.degraded_s, people.stale_s], intervals: &people.intervals },
        Some(used) => Lived { seconds: [used.downtime_s, used.degraded_s, used.stale_s], intervals: &used.intervals },
    })
}

fn felt(scenario: &Scenario, e: &HowLong, mood: ServiceLevel, world: &World, outcome: &Outcome) -> Observation {
    let seconds = lived(scenario, &e.of, outcome).and_then(|lived| match part(e, world)? {
        Some((from, to)) => {
            let begun = stretches(lived.intervals, mood).into_iter().filter(|s| from <= s.0 && s.0 < to);
            // From +0, because the sum of nothing is -0.
            Ok(begun.fold(0.0, |sum, s| sum + s.1 - s.0))
        }
        None => Ok(match mood {
            ServiceLevel::Down => lived.seconds[0],
            ServiceLevel::Degraded => lived.seconds[1],
            _ => lived.seconds[2],
        }),
    });
    match seconds {
        Ok(seconds) => length(seconds, e),
        Err(seen) => seen,
    }
}

/// The part of the run that counts, in seconds.
fn part(e: &HowLong, world: &World) -> Result<Option<(f64, f64)>, Observation> {
    let Some((from, to)) = &e.between else { return Ok(None) };
    let read = |text: &str| world.calendar.read(text).map_err(|(reason, fix)| wrong(format!("{reason}; {fix}")));
    Ok(Some((read(from)?.seconds(), read(to)?.seconds())))
}

/// The times in which a mood lasted, whatever it was due to.
fn stretches(intervals: &[OutcomeInterval], mood: ServiceLevel) -> Vec<(f64, f64)> {
    let mut found: Vec<(f64, f64)> = Vec::new();
    for interval in intervals.iter().filter(|i| i.mood == mood) {
        match found.last_mut() {
            Some(last) if interval.from_s <= last.1 + 1e-9 => last.1 = last.1.max(interval.to_s),
            _ => found.push((interval.from_s, interval.to_s)),
        }
    }
    found
}

fn restored(scenario: &Scenario, e: &When, world: &World, outcome: &Outcome) -> Observation {
    let lived = match lived(scenario, &e.of, outcome) {
        Ok(lived) => lived,
        Err(seen) => return seen,
    };
    let longest =
        |mood| stretches(lived.intervals, mood).into_iter().max_by(|a, b| (a.1 - a.0).total_cmp(&(b.1 - b.0)));
    let Some((_, end)) =
        [ServiceLevel::Down, ServiceLevel::Degraded, ServiceLevel::Stale].into_iter().find_map(longest)
    else {
        return wrong("nothing was felt".to_owned());
    };
    if end >= outcome.clock.horizon_s {
        return told("not restored before the run ends".to_owned(), false, Some(Ordering::Greater));
    }
    let label = civil_label(&world.calendar, Time::ZERO.after(Duration::from_seconds(end)));
    match world.calendar.read(&e.at) {
        Ok(at) => {
            let is_near = (end - at.seconds()).abs() <= e.within.seconds() + 1e-6;
            told(label, is_near, end.partial_cmp(&at.seconds()))
        }
        Err((reason, fix)) => wrong(format!("{reason}; {fix}")),
    }
}

fn overrun(e: &HowLong, world: &World, outcome: &Outcome) -> Observation {
    let part = match part(e, world) {
        Ok(part) => part,
        Err(seen) => return seen,
    };
    let counts = |from_s: f64| part.is_none_or(|(from, to)| from <= from_s && from_s < to);
    let of_this = outcome.maintenance.iter().filter(|m| m.plan == e.of && m.ended != "not begun" && counts(m.from_s));
    match of_this.map(|m| m.overrun_s).max_by(f64::total_cmp) {
        Some(seconds) => length(seconds, e),
        None => no_data(&format!("\"{}\" did not take place", e.of)),
    }
}

fn number_wanted(e: &HowMuch) -> String {
    let mut parts = Vec::new();
    if let Some(is) = e.is {
        let within = if e.within.0 == 0.0 { String::new() } else { format!(" ± {}", e.within) };
        parts.push(format!("{is}{within}"));
    }
    parts.extend(e.at_least.map(|least| format!("at least {least}")));
    parts.extend(e.at_most.map(|most| format!("at most {most}")));
    parts.join(", ")
}

fn number(e: &HowMuch, outcome: &Outcome) -> Observation {
    let seen = match number_at(outcome, &e.of) {
        Ok(seen) => seen,
        Err(problem) if problem.ends_with(NO_VALUE) => {
            return no_data(&problem);
        }
        Err(problem) => return wrong(problem),
    };
    // Written decimals and sums of floats: a part in a thousand million is no difference.
    let near = |is: f64| (seen - is).abs() <= e.within.0 * is.abs() + 1e-9 * is.abs();
    let passed = e.is.is_none_or(near)
        && e.at_least.is_none_or(|least| seen >= least)
        && e.at_most.is_none_or(|most| seen <= most);
    let bound = e.at_least.filter(|least| seen < *least).or(e.at_most.filter(|most| seen > *most)).or(e.is);
    told(seen.to_string(), passed, bound.and_then(|bound| seen.partial_cmp(&bound)))
}

/// A length of time to the millisecond, every unit that counts: `12 h 59 min 30 s`.
fn exactly(seconds: f64) -> String {
    let ms = (seconds.abs() * 1e3).round() as u64;
    let sign = if seconds < 0.0 && ms > 0 { "-" } else { "" };
    let parts: Vec<String> = [
        (ms / 86_400_000, "d"),
        (ms / 3_600_000 % 24, "h"),
        (ms / 60_000 % 60, "min"),
        (ms / 1_000 % 60, "s"),
        (ms % 1_000, "ms"),
    ]
    .iter()
    .filter(|(n, _)| *n > 0)
    .map(|(n, unit)| format!("{n} {unit}"))
    .collect();
    if parts.is_empty() { "0 s".to_owned() } else { format!("{sign}{}", parts.join(" ")) }
}

#[cfg(test)]
mod tests;
