//! Time to live on: what works on for a while without what it stands on, and what is left of that afterwards.

#![allow(clippy::disallowed_methods, reason = "what is right is worked out without the functions that are tested")]

use crate::common::{assert_mean, assert_near, campaign, outcome, outcome_of, world};

/// A site whose room stands on the grid, with a battery between; the grid fails as the drill says.
fn battery(holds: &str, drill: &str) -> String {
    format!(
        r#"Scenario(format: 1, title: "battery", clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "6h"),
        sites: {{"a": (stands_on: all(["battery"]))}},
        components: {{"grid": (), "battery": (stands_on: all(["grid"]), {holds})}},
        services: {{"web": (runs_at: {{"a": (servers: 4)}}, takes: fixed("10ms"))}},
        features: {{"read": (calls: [hard(to: "web")])}},
        people: {{"all": (users: 100, uses: {{"read": "1/min"}}, served_by: "a")}},
        drill: [{drill}])"#
    )
}

fn down_s(text: &str) -> f64 {
    outcome(text).people["all"].downtime_s
}

const TEN_MINUTES: &str = r#"at("09:00", crash(of: "grid", repaired_after: "10m"))"#;

#[test]
fn a_reserve_that_lasts_is_not_felt_and_one_that_does_not_is_felt_for_the_rest() {
    for (holds, expected) in [
        ("", 600.0),
        (r#"holds_for: fixed("0s")"#, 600.0),
        (r#"holds_for: fixed("4m")"#, 360.0),
        (r#"holds_for: fixed("599s")"#, 1.0),
        // Back at the moment in which it would have ended: nobody has felt it.
        (r#"holds_for: fixed("10m")"#, 0.0),
        (r#"holds_for: fixed("1h")"#, 0.0),
    ] {
        assert_near(holds, down_s(&battery(holds, TEN_MINUTES)), expected, 1e-9);
    }
}

#[test]
fn what_has_been_used_up_comes_back_as_fast_as_it_recharges() {
    let twice =
        r#"at("09:00", crash(of: "grid", repaired_after: "3m")), at("09:13", crash(of: "grid", repaired_after: "5m"))"#;
    // A quarter is left at 09:03, and ten minutes of an hour have recharged at 09:13.
    let left = (0.25 + 10.0 / 60.0) * 240.0;
    let slowly = r#"holds_for: fixed("4m"), recharges_in: "1h""#;
    assert_near("slowly", down_s(&battery(slowly, twice)), 300.0 - left, 1e-6);
    let at_once = r#"holds_for: fixed("4m")"#;
    assert_near("at once", down_s(&battery(at_once, twice)), 60.0, 1e-9);
    // Used up to the end, it begins from nothing.
    let emptied = r#"at("09:00", crash(of: "grid", repaired_after: "10m")), at("09:40", crash(of: "grid", repaired_after: "10m"))"#;
    assert_near("emptied", down_s(&battery(slowly, emptied)), 360.0 + (600.0 - 120.0), 1e-6);
}

#[test]
fn a_reserve_helps_against_what_it_stands_on_and_not_against_its_own_failure_or_its_site() {
    let own = r#"at("09:00", crash(of: "battery", repaired_after: "10m"))"#;
    assert_near("its own", down_s(&battery(r#"holds_for: fixed("1h")"#, own)), 600.0, 1e-9);
    let text = battery(r#"at: "b", holds_for: fixed("1h")"#, r#"at("09:00", crash(of: "b", repaired_after: "10m"))"#);
    let text = text.replace(r#"sites: {"#, r#"sites: {"b": (), "#);
    assert_near("its site", down_s(&text), 600.0, 1e-9);
}

#[test]
fn a_whole_site_has_a_reserve_too() {
    let text = battery("", TEN_MINUTES).replace(
        r#""a": (stands_on: all(["battery"]))"#,
        r#""a": (stands_on: all(["battery"]), holds_for: fixed("7m"))"#,
    );
    assert_near("site", down_s(&text), 180.0, 1e-9);
}

#[test]
fn how_long_a_drawn_reserve_leaves_without_is_the_mean_excess() {
    // E (d - H)+ for an exponential H of mean m: d - m (1 - exp(-d/m)).
    let (d, m) = (600.0_f64, 240.0_f64);
    let world = world(&battery(r#"holds_for: exponential(mean: "4m")"#, TEN_MINUTES));
    let seen: Vec<f64> =
        (0..campaign(400, 4_000)).map(|replication| outcome_of(&world, replication).people["all"].downtime_s).collect();
    assert_mean("without", &seen, d - m * (1.0 - (-d / m).exp()), 0.06);
}

#[test]
fn more_to_live_on_never_hurts() {
    let drill: String = (0..12)
        .map(|i| format!(r#"at("+{}m", crash(of: "grid", repaired_after: "{}m")), "#, 7 + 25 * i, 1 + (i * 7) % 11))
        .collect();
    let downtimes: Vec<f64> = [0, 30, 60, 120, 300, 600, 1_200]
        .iter()
        .map(|s| down_s(&battery(&format!(r#"holds_for: fixed("{s}s"), recharges_in: "20m""#), &drill)))
        .collect();
    assert!(downtimes.windows(2).all(|pair| pair[1] <= pair[0]), "{downtimes:?}");
    assert!(downtimes[0] > 0.0 && downtimes[6] == 0.0, "{downtimes:?}");
}

#[test]
fn the_story_tells_what_is_lived_on() {
    let world = world(&battery(r#"holds_for: fixed("15m")"#, TEN_MINUTES));
    let run = firedrill::run::run(&world, firedrill::rng::Luck { seed: 1, replication: 0 });
    let line = |what: &str| run.story.iter().find(|line| line.text.contains(what)).expect(what);
    let because = line("battery lives on its reserve, until Mon 09:15").because.expect("a reason");
    assert!(run.story[because].text.contains("grid fails"));
    assert_near("told", line("with 5m of its reserve left").at_s, 4_200.0, 1e-9);
}
