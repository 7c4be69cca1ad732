//! Sites that serve people at the same time: shares by weight, health checks, those who are left, and how people follow.

use crate::common::{assert_mean, assert_near, campaign, outcome, outcome_of, world};
use firedrill::rng::Luck;
use firedrill::run::{Run, Traffic, follow, run};

fn text(spread: &str, servers: u32, drill: &str) -> String {
    format!(
        r#"Scenario(format: 1, title: "spread", clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "4h"),
        sites: {{"a": (), "b": (), "c": ()}}, links: [(between: ("a", "b"), rtt: "1ms"), (between: ("b", "c"), rtt: "1ms"), (between: ("a", "c"), rtt: "1ms")],
        components: {{"rack": (at: "a")}},
        spreads: {{"everywhere": (over: {{"a": 2, "b": 1, "c": 1}}, {spread})}},
        services: {{"web": (
            runs_at: {{"a": (servers: {servers}, stands_on: all(["rack"])), "b": (servers: {servers}), "c": (servers: {servers})}},
            takes: fixed("100ms"),
        )}},
        features: {{"read": (calls: [hard(to: "web")])}},
        people: {{"all": (users: 2400, uses: {{"read": "1/min"}}, served_by: "everywhere", arrivals: smooth)}},
        drill: [{drill}])"#
    )
}

const CRASH: &str = r#"at("09:00", crash(of: "a", repaired_after: "1h"))"#;

fn failed(text: &str) -> f64 {
    outcome(text).people["all"].requests.failed
}

fn run_of(text: &str) -> Run {
    run(&world(text), Luck { seed: 1, replication: 0 })
}

fn at_s(run: &Run, what: &str) -> Vec<f64> {
    run.story.iter().filter(|line| line.text.contains(what)).map(|line| line.at_s).collect()
}

#[test]
fn every_site_gets_its_weight() {
    let outcome = outcome(&text("", 40, ""));
    let arrived = |of: &str| outcome.services[of].arrived / outcome.people["all"].requests.intended;
    assert_near("a", arrived("web@a"), 0.5, 1e-9);
    assert_near("b", arrived("web@b"), 0.25, 1e-9);
    assert_near("c", arrived("web@c"), 0.25, 1e-9);
}

#[test]
fn whoever_is_left_takes_all_by_weight_and_the_load_is_what_counts() {
    let without_checks = outcome(&text("", 40, CRASH));
    assert_near("nobody fails", without_checks.people["all"].requests.failed, 0.0, 1e-9);
    let arrived = |of: &str| without_checks.services[of].arrived;
    // Twenty a second for three of four hours; the others ten, and twenty in the hour without a.
    assert_near("a", arrived("web@a"), 20.0 * 10_800.0, 1e-9);
    assert_near("b", arrived("web@b"), 10.0 * 10_800.0 + 20.0 * 3_600.0, 1e-9);
    assert_near("c", arrived("web@c"), arrived("web@b"), 1e-9);
    // Where twenty a second are more than a server can do, what is left is not enough.
    let tight = run_of(&text("", 2, CRASH).replace(r#"takes: fixed("100ms")"#, r#"takes: fixed("150ms")"#));
    assert_eq!(at_s(&tight, "web@b is overloaded"), [3_600.0]);
}

#[test]
fn checks_take_their_time_to_find_out() {
    // Failed until the third check, of which the first comes at a random moment: 20 to 30 s, and a second for the timeout; as long
    // again they are led to it by weight. Half of forty a second fail.
    let world = world(&text(r#"checks: (every: "10s", timeout: "1s", fails: 3, passes: 2)"#, 40, CRASH));
    let seen: Vec<f64> = (0..campaign(60, 600))
        .map(|replication| outcome_of(&world, replication).people["all"].requests.failed / 20.0)
        .collect();
    assert!(seen.iter().all(|s| (21.0..=31.0).contains(s)), "{seen:?}");
    assert_mean("found out", &seen, 26.0, 0.06);
}

#[test]
fn a_site_that_is_up_and_does_not_serve_is_left_out_too() {
    let rack = r#"at("09:00", crash(of: "rack", repaired_after: "1h"))"#;
    assert_near("no service", failed(&text("", 40, rack)), 0.0, 1e-9);
}

#[test]
fn people_follow_as_their_records_run_out_and_come_back_so() {
    // Sixty seconds of a straight line: half of those of a fail for half a minute on average.
    let run = run_of(&text(r#"steer: dns(ttl: "60s")"#, 40, CRASH));
    assert_near("records", run.outcome.people["all"].requests.failed, 20.0 * 30.0, 1e-6);
    assert_eq!(at_s(&run, "a fails its checks").len(), 1);
    assert_eq!(at_s(&run, "a is seen to work"), [7_200.0]);
    // In the end it has its half again.
    let last = |of: &str| *run.outcome.hours.loads[of].offered_per_s.last().unwrap();
    assert_near("a", last("web@a"), 20.0, 1e-6);
    assert_near("b", last("web@b"), 10.0, 1e-6);
}

#[test]
fn with_too_few_healthy_all_are_asked() {
    let two = r#"at("09:00", crash(of: "a", repaired_after: "1h")), at("09:00", crash(of: "b", repaired_after: "1h"))"#;
    let checked = |panic: &str| format!(r#"checks: (every: "1s", timeout: "1s", fails: 1, panic_below: "{panic}")"#);
    // One of three is less than half: three quarters of forty a second fail for an hour.
    let all = failed(&text(&checked("50%"), 40, two));
    assert_near("all are asked", all, 30.0 * 3_600.0, 0.01);
    let one = failed(&text(&checked("0%"), 40, two));
    assert!(one <= 30.0 * 3.0, "{one}");
    // With nobody left there is no difference.
    let three = format!(r#"{two}, at("09:00", crash(of: "c", repaired_after: "1h"))"#);
    assert_near("nobody", failed(&text(&checked("0%"), 40, &three)), 40.0 * 3_600.0, 0.01);
}

#[test]
fn single_requests_are_spread_in_the_same_way() {
    let text = text(r#"steer: dns(ttl: "60s")"#, 40, r#"at("08:10", crash(of: "a", repaired_after: "10m"))"#)
        .replace(r#"horizon: "4h""#, r#"horizon: "30m""#);
    let luck = Luck { seed: 1, replication: 0 };
    let single = follow(&world(&text), luck, Traffic::every_request()).unwrap().outcome;
    let flow = outcome(&text);
    for of in ["web@a", "web@b", "web@c"] {
        assert_near(of, flow.services[of].arrived, single.services[of].arrived, 0.03);
    }
    assert_near("failed", flow.people["all"].requests.failed, single.people["all"].requests.failed, 0.15);
}

#[test]
fn a_site_more_never_hurts() {
    let drill: String = (0..20)
        .map(|i| format!(r#"at("+{}m", crash(of: "{}", repaired_after: "7m")), "#, 5 + 11 * i, ["a", "b"][i % 2]))
        .collect();
    let of = |over: &str| {
        let text = text(r#"checks: (every: "10s", timeout: "1s", panic_below: "0%")"#, 40, &drill);
        failed(&text.replace(r#"{"a": 2, "b": 1, "c": 1}"#, over))
    };
    let (one, two, three) = (of(r#"{"a": 1}"#), of(r#"{"a": 1, "b": 1}"#), of(r#"{"a": 1, "b": 1, "c": 1}"#));
    assert!(one > two && two > three && three > 0.0, "{one} {two} {three}");
}
