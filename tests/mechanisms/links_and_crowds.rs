//! Links that stand on something, and servers that get in each other's way.

use crate::common::{assert_near, outcome, world};
use firedrill::metrics::Outcome;
use firedrill::rng::Luck;
use firedrill::run::{Traffic, follow};

// ---- Links -----------------------------------------------------------------------------------------------------------

fn ring(drill: &str) -> Outcome {
    outcome(&format!(
        r#"Scenario(format: 1, title: "ring", clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "4h"),
        sites: {{"a": (), "b": (), "c": ()}},
        components: {{
            "duct": (), "fibre 1": (stands_on: all(["duct"])), "fibre 2": (), "carrier": (stands_on: any(["fibre 1", "fibre 2"])),
            "long way": (), "grid": (), "amplifier": (stands_on: all(["grid"]), holds_for: fixed("20m")),
        }},
        links: [
            (between: ("a", "b"), rtt: "2ms", stands_on: all(["carrier", "amplifier"])),
            (between: ("a", "c"), rtt: "40ms"), (between: ("b", "c"), rtt: "40ms", stands_on: all(["long way"])),
        ],
        services: {{
            "web": (runs_at: {{"a": (servers: 9)}}, takes: fixed("1ms"), calls: [hard(to: "db")]),
            "db": (runs_at: {{"b": (servers: 9)}}, takes: fixed("1ms")),
        }},
        features: {{"read": (calls: [hard(to: "web")])}},
        people: {{"all": (users: 60, uses: {{"read": "1/min"}}, served_by: "a", arrivals: smooth)}},
        drill: [{drill}])"#
    ))
}

fn down_s(drill: &str) -> f64 {
    ring(drill).people["all"].downtime_s
}

#[test]
fn a_link_is_cut_while_it_lacks_what_it_stands_on() {
    let (duct, fibre) = (
        r#"at("09:00", crash(of: "duct", repaired_after: "1h"))"#,
        r#"at("09:00", crash(of: "fibre 2", repaired_after: "1h"))"#,
    );
    let long = r#"at("09:20", crash(of: "long way", repaired_after: "30m"))"#;
    // One fibre is enough, and without both there is the long way.
    assert_near("one fibre", down_s(duct), 0.0, 1e-9);
    assert_near("the long way", down_s(&format!("{duct}, {fibre}")), 0.0, 1e-9);
    assert_near("no way", down_s(&format!("{duct}, {fibre}, {long}")), 1_800.0, 1e-9);
    let mean_ms = ring(&format!("{duct}, {fibre}")).people["all"].latency.all.mean_s.unwrap() * 1e3;
    // For one hour of four it takes 80 ms instead of two.
    assert_near("latency", mean_ms, 2.0 + 0.75 * 2.0 + 0.25 * 80.0, 1e-6);
}

/// A link that requests cross, asking for eighty of its hundred megabits and for more in the second half hour, and two transfers.
fn bulk(yields: bool) -> String {
    format!(
        r#"Scenario(format: 1, title: "bulk", clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "1h"), sites: {{"a": (), "b": ()}},
        links: [(between: ("a", "b"), rtt: "1ms", bandwidth: "100Mbps")],
        services: {{"web": (runs_at: {{"a": (servers: 100)}}, takes: fixed("1ms"), calls: [hard(to: "db")]),
            "db": (runs_at: {{"b": (servers: 100)}}, takes: fixed("1ms"))}},
        features: {{"read": (calls: [hard(to: "web")], size: "100kB")}},
        people: {{"all": (users: 100, uses: {{"read": "1/s"}}, served_by: "a", arrivals: smooth)}},
        transfers: {{"backup": (from: "a", to: "b", demand: "1Gbps", yields: {yields}), "feed": (from: "a", to: "b", demand: "5Mbps")}},
        drill: [at("+30m", surge(of: "all", by: "x1.25", lasts: "30m"))])"#
    )
}

#[test]
fn bulk_takes_what_is_left_and_nothing_of_what_is_asked_for() {
    let (outcome, shared) = (outcome(&bulk(true)), outcome(&bulk(false)));
    // Requests of 80, then of 100 where 5 go to the feed, which has as much as it asks for.
    let (backup, requests) = (&outcome.transfers["backup"], &outcome.people["all"].requests);
    assert_near("bulk", backup.mean_bps, 7.5e6, 1e-6);
    assert_eq!(backup.min_bps, 0.0);
    assert_near("feed", outcome.transfers["feed"].mean_bps, 5e6, 1e-9);
    assert_near("requests", requests.served, 1_800.0 * (100.0 + 125.0 * 0.95), 1e-6);
    // Where nobody yields, the link is shared.
    assert!(shared.people["all"].request_availability < 0.7);
    // Each request goes before it.
    let world = world(&bulk(true));
    let (from, to) = (
        firedrill::units::Time::ZERO,
        firedrill::units::Time::ZERO.after(firedrill::units::Duration::from_seconds(60.0)),
    );
    let run = follow(&world, Luck { seed: 1, replication: 0 }, Traffic::Request { from, to }).expect("it fits");
    assert!(run.outcome.people["all"].latency.all.p99_s.expect("answers") < 0.02);
}

#[test]
fn a_link_lives_on_as_long_as_what_it_stands_on_does() {
    let drill = r#"at("08:30", crash(of: "long way")), at("09:00", crash(of: "grid", repaired_after: "1h"))"#;
    assert_near("batteries", down_s(drill), 2_400.0, 1e-9);
}

#[test]
fn a_link_that_is_cut_by_a_drill_too_is_back_when_both_are_over() {
    let drill = r#"at("08:30", crash(of: "long way")), at("09:00", cut(between: ("a", "b"), lasts: "1h")),
        at("09:30", crash(of: "duct", repaired_after: "1h")), at("09:30", crash(of: "fibre 2", repaired_after: "1h"))"#;
    assert_near("both", down_s(drill), 5_400.0, 1e-9);
}

// ---- Servers that get in each other's way ------------------------------------------------------------------------------

fn pool(servers: u32, scales: &str, per_s: u32) -> String {
    format!(
        r#"Scenario(format: 1, title: "pool", clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "20m"),
        sites: {{"a": ()}},
        services: {{"web": (runs_at: {{"a": (servers: {servers})}}, takes: fixed("100ms"), scales: ({scales}))}},
        features: {{"read": (calls: [hard(to: "web")])}},
        people: {{"all": (users: {}, uses: {{"read": "1/min"}}, served_by: "a", arrivals: smooth)}})"#,
        60 * per_s
    )
}

const SCALES: &str = r#"contention: "5%", coherency: "0.2%""#;

#[test]
fn throughput_follows_the_universal_scalability_law() {
    for servers in [1, 2, 5, 10, 22, 30, 60] {
        let n = f64::from(servers);
        let expected = 10.0 * n / (1.0 + 0.05 * (n - 1.0) + 0.002 * n * (n - 1.0));
        // Far more than it can do is asked: it does what it can.
        for outcome in [outcome(&pool(servers, SCALES, 200)), followed(&pool(servers, SCALES, 200))] {
            assert_near("throughput", outcome.services["web@a"].throughput_per_s, expected, 0.01);
        }
    }
}

fn followed(text: &str) -> Outcome {
    let luck = Luck { seed: 1, replication: 0 };
    follow(&world(text), luck, Traffic::every_request()).unwrap_or_else(|e| panic!("{e}")).outcome
}

#[test]
fn beyond_its_best_size_more_servers_do_less() {
    let does = |servers| outcome(&pool(servers, SCALES, 200)).services["web@a"].throughput_per_s;
    // The square root of (1 - 0.05) / 0.002 is 21.8.
    assert!(does(22) > does(18) && does(22) > does(26), "{} {} {}", does(18), does(22), does(26));
    assert!(does(44) < does(22) && does(22) > does(11), "{} {} {}", does(11), does(22), does(44));
    assert_near("no law", outcome(&pool(44, "", 200)).services["web@a"].throughput_per_s, 200.0, 1e-6);
}

#[test]
fn servers_that_are_added_slow_down_those_that_are_there() {
    let text = pool(20, SCALES, 80).replace(
        r#"people: {"#,
        r#"strategies: {"s": (runbook: {"more": (at: "08:10", does: [add_servers(service: "web", at: "a", servers: 40)])})}, people: {"#,
    );
    let outcome = outcome(&text);
    let capacity = &outcome.hours.loads["web@a"].capacity_per_s;
    let law = |n: f64| 10.0 * n / (1.0 + 0.05 * (n - 1.0) + 0.002 * n * (n - 1.0));
    assert_near("before", capacity[0].unwrap(), law(20.0), 1e-6);
    assert_near("after", capacity.last().unwrap().unwrap(), law(60.0), 1e-6);
}
