//! Branches: what is called now and then, missed by a cache, or asked for only so long is lived through as a whole, or not at all.

use crate::common::{assert_near, outcome, world};
use firedrill::metrics::Outcome;
use firedrill::num;
use firedrill::rng::Luck;
use firedrill::run::{Traffic, follow};

/// Two of five requests go on to `x`, and on to both of those that it calls.
fn branched(feature: &str) -> Outcome {
    outcome(&format!(
        r#"Scenario(format: 1, title: "branches", clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "1h"),
        sites: {{"a": ()}},
        services: {{
            "web": (runs_at: {{"a": (servers: 100)}}, takes: fixed("5ms"), calls: [hard(to: "x", times: 0.4)]),
            "x": (runs_at: {{"a": (servers: 100)}}, takes: fixed("10ms"), calls: [hard(to: "y"), hard(to: "z")]),
            "y": (runs_at: {{"a": (servers: 100)}}, takes: fixed("100ms")),
            "z": (runs_at: {{"a": (servers: 100)}}, takes: fixed("200ms")),
        }},
        features: {{"do": (calls: [hard(to: "web")]{feature})}},
        people: {{"all": (users: 1000, uses: {{"do": "0.1/s"}}, served_by: "a")}})"#
    ))
}

#[test]
fn whoever_goes_on_meets_all_that_is_there() {
    let outcome = branched("");
    let latency = &outcome.people["all"].latency.all;
    // Three of five take 5 ms, the others 315 ms, and nobody anything between.
    assert_near("median", latency.p50_s.unwrap(), 0.005, 1e-3);
    assert_near("95th percentile", latency.p95_s.unwrap(), 0.315, 2e-3);
    assert_near("mean", latency.mean_s.unwrap(), 0.005 + 0.4 * 0.31, 0.01);
    let requests = &branched(r#", timeout: "250ms""#).people["all"].requests;
    // All who go on are late: 40%, and not those who happen to meet `z` without `y`.
    assert_near("late", requests.failed / requests.intended, 0.4, 0.01);
}

/// A web server that asks a database, which takes 80 ms on average, for 100 ms.
fn guarded(kind: &str) -> Outcome {
    outcome(&format!(
        r#"Scenario(format: 1, title: "guarded", clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "20m"),
        sites: {{"a": ()}},
        services: {{
            "web": (runs_at: {{"a": (servers: 400)}}, takes: fixed("20ms"), holds: false, calls: [{kind}(to: "db", timeout: "100ms")]),
            "db": (runs_at: {{"a": (servers: 200)}}, takes: exponential(mean: "80ms")),
        }},
        features: {{"do": (calls: [hard(to: "web")])}},
        people: {{"all": (users: 1000, uses: {{"do": "0.1/s"}}, served_by: "a")}})"#
    ))
}

#[test]
fn nobody_waits_for_longer_than_the_caller_does() {
    let late = num::exp(-100.0 / 80.0);
    let soft = guarded("soft");
    let latency = &soft.people["all"].latency.all;
    // 20 ms and at most 100 ms; the median is that of the service, for fewer than half are late.
    assert_near("99th percentile", latency.p99_s.unwrap(), 0.12, 2e-3);
    assert_near("median", latency.p50_s.unwrap(), 0.02 + 0.08 * num::ln(2.0), 0.01);
    assert_near("mean", latency.mean_s.unwrap(), 0.02 + 0.08 * (1.0 - late), 0.01);
    let hard = guarded("hard");
    let latency = &hard.people["all"].latency.all;
    assert!(latency.p99_s.unwrap() <= 0.12, "{:?}", latency.p99_s);
    let requests = &hard.people["all"].requests;
    assert_near("late", requests.failed / requests.intended, late, 0.01);
}

#[test]
fn what_does_not_fit_through_a_link_of_a_soft_call_is_done_without() {
    let outcome = outcome(
        r#"Scenario(format: 1, title: "soft", clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "20m"),
        sites: {"a": (), "b": ()}, links: [(between: ("a", "b"), rtt: "10ms", bandwidth: "10Mbps")],
        services: {
            "web": (runs_at: {"a": (servers: 600)}, takes: exponential(mean: "50ms"), calls: [soft(to: "db")]),
            "db": (runs_at: {"b": (servers: 60)}, takes: exponential(mean: "50ms")),
        },
        features: {"do": (calls: [hard(to: "web")], size: "10kB")},
        people: {"all": (users: 1500, uses: {"do": "0.1/s"}, served_by: "a")})"#,
    );
    let requests = &outcome.people["all"].requests;
    assert_near("served", requests.served, 180_000.0, 1e-9);
    // 12 Mbps for 10 Mbps: a sixth goes without.
    assert_near("without it", requests.degraded, 30_000.0, 1e-6);
}

#[test]
fn whoever_waits_when_something_is_left_out_goes_without_it_as_well() {
    let text = r#"Scenario(format: 1, title: "dim", clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "20m"),
        sites: {"a": ()},
        services: {
            "web": (runs_at: {"a": (servers: 1)}, takes: fixed("50ms"), calls: [soft(to: "s")]),
            "s": (runs_at: {"a": (servers: 40)}, takes: fixed("100ms")),
        },
        features: {"do": (calls: [hard(to: "web")])},
        people: {"all": (users: 100, active: points([("0s", "100%"), ("10m", "100%"), ("10m1s", "10%")]), uses: {"do": "0.1/s"},
            served_by: "a", arrivals: smooth)},
        strategies: {"s": (runbook: {"d": (at: "08:10", does: [dim(service: "s")])})})"#;
    let single = follow(&world(text), Luck { seed: 1, replication: 0 }, Traffic::every_request()).unwrap().outcome;
    for (by, outcome) in [("flow", outcome(text)), ("requests", single)] {
        let drained_s = outcome.services["web@a"].overloads[0].drained_at_s.unwrap();
        // 10 a second for 600 s at 6.67 a second leave 2,000, and then 19 a second more leave than come.
        assert_near(by, drained_s, 600.0 + 2_000.0 / 19.0, 3e-3);
    }
}
