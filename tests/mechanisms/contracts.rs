//! What vendors promise, against what they do.

use crate::common::{assert_near, outcome, world};
use firedrill::metrics::ContractOutcome;
use firedrill::rng::Luck;
use firedrill::run::run;

fn text(vendor: &str, drill: &str, rest: &str) -> String {
    format!(
        r#"Scenario(format: 1, title: "contract", clock: (from: "2024-03-04T00:00", zone: "UTC", horizon: "2d"),
        sites: {{"a": ()}},
        components: {{"array": (count: 4, needs: 1, repair: (takes: fixed("1h"), {vendor}))}}, drill: [{drill}], {rest})"#
    )
}

fn contract(text: &str) -> ContractOutcome {
    outcome(text).contracts["array"].clone()
}

const FOUR_HOURS: &str = r#"vendor_promises: "4h""#;

#[test]
fn what_is_promised_is_met_or_missed_by_so_much() {
    let two = r#"at("08:00", crash(of: "array", members: 1)), at("20:00", crash(of: "array", members: 2))"#;
    let met = contract(&text(&format!(r#"vendor: fixed("4h"), {FOUR_HOURS}"#), two, ""));
    assert_eq!((met.calls, met.met, met.missed, met.late_s), (3, 3, 0, 0.0));
    let missed = contract(&text(&format!(r#"vendor: fixed("5h30m"), {FOUR_HOURS}"#), two, ""));
    assert_eq!((missed.calls, missed.met, missed.missed), (3, 0, 3));
    assert_near("late", missed.late_s, 3.0 * 5_400.0, 1e-9);
    assert_near("at worst", missed.late_max_s, 5_400.0, 1e-9);
    let mixed = contract(&text(&format!(r#"vendor: empirical(["1h", "7h"]), {FOUR_HOURS}"#), two, ""));
    assert_eq!(mixed.met + mixed.missed, 3);
}

#[test]
fn at_the_end_only_those_are_late_whose_time_is_over() {
    let late = r#"at("Tue 12:00", crash(of: "array", members: 1)), at("Tue 21:00", crash(of: "array", members: 1))"#;
    let seen = contract(&text(&format!(r#"vendor: fixed("3d"), {FOUR_HOURS}"#), late, ""));
    assert_eq!((seen.calls, seen.met, seen.missed, seen.under_way), (2, 0, 1, 1));
    assert_near("so far", seen.late_s, 8.0 * 3_600.0, 1e-9);
}

#[test]
fn whoever_gets_new_parts_needs_no_vendor_any_more() {
    let plan = r#"maintenance: {"new": (starts: "10:00", announced: "1h", takes: fixed("1h"), takes_down: [], replaces: ["array"])}"#;
    let drill = r#"at("08:00", crash(of: "array", members: 1))"#;
    let seen = contract(&text(&format!(r#"vendor: fixed("20h"), {FOUR_HOURS}"#), drill, plan));
    assert_eq!((seen.calls, seen.met, seen.missed, seen.under_way), (0, 0, 0, 0));
}

#[test]
fn the_story_says_by_how_much() {
    let text =
        text(&format!(r#"vendor: fixed("5h30m"), {FOUR_HOURS}"#), r#"at("08:00", crash(of: "array", members: 1))"#, "");
    let told = run(&world(&text), Luck { seed: 1, replication: 0 }).story;
    assert!(
        told.iter().any(|line| line.text == "the vendor of array is there, 1 h 30 min later than promised"),
        "{told:#?}"
    );
    // Without a promise there is nothing to say.
    assert!(outcome(&text.replace(", vendor_promises: \"4h\"", "")).contracts.is_empty());
}
