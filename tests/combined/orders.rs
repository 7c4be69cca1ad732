//! Measures that are ordered more than once, taken back, or refused; and teams that go home.

use crate::common::{outcome, world};
use firedrill::metrics::Outcome;
use firedrill::rng::Luck;
use firedrill::run::run;

fn text(strategy: &str, drill: &str) -> String {
    format!(
        r#"Scenario(format: 1, title: "orders", clock: (from: "2024-03-04T00:00", zone: "UTC", horizon: "24h"),
        sites: {{"a": (), "b": ()}}, components: {{"lamp": (at: "b")}}, groups: {{"home": (members: ["a", "b"])}},
        teams: {{"ops": (hours: ("08:00", "17:00"))}},
        services: {{"web": (runs_at: {{"a": (servers: 10), "b": (servers: 10)}}, takes: exponential(mean: "50ms"))}},
        features: {{"lessons": (calls: [hard(to: "web")])}},
        people: {{"schools": (users: 600, uses: {{"lessons": "1/min"}}, served_by: "home")}},
        strategies: {{"s": ({strategy})}}, drill: [{drill}])"#
    )
}

fn orders(strategy: &str, drill: &str) -> Outcome {
    outcome(&text(strategy, drill))
}

/// When each step took effect, or anything else whose line has these words.
fn told(text: &str, words: &str) -> Vec<String> {
    let told = run(&world(text), Luck { seed: 1, replication: 0 }).story;
    told.into_iter()
        .filter(|line| line.text.contains(words))
        .map(|line| line.at[line.at.len() - 8..].to_owned())
        .collect()
}

#[test]
fn a_team_that_goes_home_is_seen_to() {
    let strategy = r#"failover: {"home": (detect: instant)}, runbook: {"hands off": (when: not(on_duty("ops")), back_when: on_duty("ops"),
        again_after: "1m", does: [switch_off(of: failover("home"))])}"#;
    let crash = |at: &str| format!(r#"at("{at}", crash(of: "a", repaired_after: "1h"))"#);
    // By day b takes over at once; from 17:00 on nobody does.
    assert_eq!(orders(strategy, &crash("12:00")).people["schools"].downtime_s, 0.0);
    assert_eq!(orders(strategy, &crash("20:00")).people["schools"].downtime_s, 3_600.0);
}

#[test]
fn the_steps_of_an_order_that_was_taken_back_are_not_taken() {
    let strategy = r#"runbook: {"doors": (when: out(of: "lamp"), back_when: not(out(of: "lamp")), again_after: "1m",
        phases: (count: 5, pause: "20m"), does: [shed(share: "80%", eases_by_steps: true)])}"#;
    let drill =
        r#"at("09:00", crash(of: "lamp", repaired_after: "5m")), at("09:10", crash(of: "lamp", repaired_after: "4h"))"#;
    // The first order gets as far as its first step; the second begins at 09:10 and goes on every 20 min of its own.
    let steps = told(&text(strategy, drill), "in effect");
    assert_eq!(steps, ["09:00:00", "09:10:00", "09:30:00", "09:50:00", "10:10:00", "10:30:00"]);
}

#[test]
fn what_a_step_has_broken_is_mended_whatever_becomes_of_its_order() {
    let strategy = r#"runbook: {"more": (when: out(of: "lamp"), back_when: not(out(of: "lamp")), again_after: "1m",
        phases: (count: 2, pause: "1m", fails: "50%", breaks: "1h"), does: [add_servers(service: "web", at: "a", servers: 10)])}"#;
    let drill =
        r#"at("09:00", crash(of: "lamp", repaired_after: "10m")), at("12:00", surge(of: "schools", by: "x24"))"#;
    let text = text(strategy, drill);
    let mut seen = 0;
    for seed in 1..=12 {
        let run = run(&world(&text), Luck { seed, replication: 0 });
        let when = |words: &str| {
            let line = run.story.iter().find(|line| line.text.contains(words));
            line.map(|line| line.at[line.at.len() - 8..].to_owned())
        };
        // The first step adds five servers, the second breaks five, and it is taken back before they are mended.
        if when("goes wrong").as_deref() == Some("09:01:00") && when("step 1").as_deref() == Some("09:00:00") {
            seen += 1;
            assert_eq!(when("mended").as_deref(), Some("10:01:00"));
            // Twelve busy servers from noon on: fifteen are enough, and ten would not be.
            assert_eq!(run.outcome.people["schools"].downtime_s, 0.0, "seed {seed}");
        }
    }
    assert!(seen > 0);
}

#[test]
fn a_measure_whose_order_was_refused_can_be_ordered_again() {
    let strategy = r#"runbook: {"move": (when: out(of: "a", for: "5m"), again_after: "1m", does: [switch_over(group: "home", to: "b")])}"#;
    let drill = r#"at("00:50", crash(of: "b", repaired_after: "1h")), at("01:00", crash(of: "a", repaired_after: "20m")),
        at("03:00", crash(of: "a", repaired_after: "5h"))"#;
    // At 01:05 b is down, and the order refused; at 03:05 it is carried out. Down for 20 and 5 minutes.
    assert_eq!(orders(strategy, drill).people["schools"].downtime_s, 1_500.0);
}

#[test]
fn a_load_that_moves_in_a_straight_line_is_seen_when_it_crosses() {
    let text = r#"Scenario(format: 1, title: "lines", clock: (from: "2024-03-04T00:00", zone: "UTC", horizon: "20h"),
        sites: {"oslo": (uplink: "100Mbps")},
        services: {"web": (runs_at: {"oslo": (servers: 10)}, takes: exponential(mean: "200ms"))},
        features: {"lessons": (calls: [hard(to: "web")], size: "200kB")},
        people: {"schools": (users: 1_000, active: points([("0s", "0%"), ("10h", "100%"), ("20h", "0%")]), uses: {"lessons": "2/min"}, served_by: "oslo")},
        strategies: {"s": (runbook: {
            "net": (when: busy_network(at: "oslo", above: "26.66667%"), does: [decide("net half")]),
            "net over": (when: all([after("net"), not(busy_network(at: "oslo", above: "26.66667%"))]), does: [decide("net over")]),
            "busy": (when: busy(service: "web", at: "oslo", above: "33.33333%"), does: [decide("busy half")]),
            "crowd": (when: crowd(of: "schools", above: 500), does: [decide("crowd half")]),
            "crowd over": (when: all([after("crowd"), not(crowd(of: "schools", above: 500))]), does: [decide("crowd over")]),
            "long": (when: lasting("3h", crowd(of: "schools", above: 500)), does: [decide("three hours")]),
        })})"#;
    // A thousand users on their way up for ten hours, and down for as long: half of them at 05:00 and at 15:00.
    for (words, at) in [
        ("net half", 5.0),
        ("net over", 15.0),
        ("busy half", 5.0),
        ("crowd half", 5.0),
        ("crowd over", 15.0),
        ("three hours", 8.0),
    ] {
        let told = run(&world(text), Luck { seed: 1, replication: 0 }).story;
        let line = told.iter().find(|line| line.text.contains(words));
        let seen = line.unwrap_or_else(|| panic!("{words}: not seen")).at_s / 3_600.0;
        assert!((seen - at).abs() < 1e-3, "{words}: seen after {seen} h");
    }
}
