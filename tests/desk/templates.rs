//! What `new --template` writes: scenarios that somebody can start from.

use firedrill::lint::warnings;
use firedrill::load::{check, load};
use firedrill::rng::Luck;
use firedrill::run::run;
use firedrill::scenario::{Choice, Objective, Scenario, Source};
use std::process::{Command, Stdio};

const NAMES: [&str; 6] = ["shop", "school", "bank", "saas", "cells", "static-site"];

/// Exit code, standard output and standard error.
fn firedrill(args: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_firedrill")).args(args).stdin(Stdio::null()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

fn template(name: &str) -> Source {
    let (code, out, err) = firedrill(&["new", "--template", name]);
    assert_eq!((code, err.as_str()), (0, ""));
    Source::new(format!("{name}.ron"), out)
}

fn scenario(source: &Source) -> Scenario {
    source.read_plain().scenario.unwrap()
}

#[test]
fn a_template_has_no_mistakes_and_no_warnings() {
    for name in NAMES {
        let source = template(name);
        assert_eq!(check(&source).err(), None, "{name}");
        let told: Vec<String> = warnings(&source).iter().map(ToString::to_string).collect();
        assert!(told.is_empty(), "{name}: {told:?}");
    }
}

#[test]
fn a_template_is_short_enough_to_be_read() {
    for name in NAMES {
        let source = template(name);
        let lines = source.text.lines().count();
        assert!((80..=220).contains(&lines), "{name} has {lines} lines");
        assert!(source.text.lines().all(|line| line.chars().count() <= 240), "{name} has a line that is too long");
    }
}

/// Four designs, what each costs, and the four kinds of promise: time, data, availability, latency.
#[test]
fn a_template_has_four_designs_and_what_they_are_to_reach() {
    for name in NAMES {
        let scenario = scenario(&template(name));
        assert_eq!(scenario.strategies.len(), 4, "{name}");
        assert!(scenario.strategies.iter().all(|(_, strategy)| !strategy.about.is_empty()), "{name}");
        assert!(
            !scenario.currency.is_empty() && !scenario.assumptions.is_empty() && !scenario.drill.is_empty(),
            "{name}"
        );
        let has = |what: fn(&Objective) -> bool| scenario.objectives.iter().any(|(_, objective)| what(objective));
        assert!(has(|o| matches!(o, Objective::Restored(_))), "{name}");
        assert!(has(|o| matches!(o, Objective::DataLoss(_))), "{name}");
        assert!(has(|o| matches!(o, Objective::Availability(_))), "{name}");
        assert!(has(|o| matches!(o, Objective::Latency(_))), "{name}");
    }
}

/// The designs differ where it counts: in how long people are down.
#[test]
fn no_two_designs_of_a_template_do_the_same() {
    for name in NAMES {
        let source = template(name);
        let mut down: Vec<(u64, String)> = Vec::new();
        for strategy in scenario(&source).strategies.names() {
            let choice = Choice { strategy: Some(strategy.to_owned()), ..Choice::default() };
            let (_, world) = load(&source, &choice).unwrap();
            let outcome = run(&world, Luck { seed: 1, replication: 0 }).outcome;
            let lost: f64 = outcome.people.values().map(|people| people.user_minutes_lost).sum();
            down.push((lost as u64, strategy.to_owned()));
        }
        down.sort();
        let most = down.last().unwrap().0;
        assert!(down.windows(2).all(|two| two[0].0 < two[1].0), "{name}: {down:?}");
        assert!(down[0].0 * 20 < most, "{name}: {down:?}");
    }
}

#[test]
fn the_templates_are_listed() {
    let (code, out, err) = firedrill(&["new", "--list"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.lines().all(|line| line.chars().count() <= 90), "{out}");
    insta::assert_snapshot!(out);
    for name in NAMES {
        let scenario = scenario(&template(name));
        let designs = scenario.strategies.names().collect::<Vec<_>>().join(", ");
        assert!(out.contains(&designs), "{name}: {designs}");
    }
}

#[test]
fn a_template_that_is_not_there() {
    let (code, out, err) = firedrill(&["new", "--template", "shcool"]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert_eq!(err, "error: there is no template called \"shcool\": did you mean \"school\"?\n");
    let (code, _, err) = firedrill(&["new", "--template", "hospital and its wards"]);
    assert_eq!(code, 2);
    assert!(err.contains("there are shop, school, bank, saas, cells, static-site"), "{err}");
    assert_eq!(firedrill(&["new", "--list", "x.ron"]).0, 2);
}
