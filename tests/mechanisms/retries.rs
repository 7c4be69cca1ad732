//! Retries: what they load, and when.

use crate::common::{assert_near, outcome};
use firedrill::metrics::Outcome;
use firedrill::num;

fn through_an_uplink(attempts: u32) -> Outcome {
    outcome(&format!(
        r#"Scenario(format: 1, title: "uplink", clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "20m"),
        sites: {{"a": (uplink: "10Mbps")}},
        services: {{"web": (runs_at: {{"a": (servers: 60)}}, takes: exponential(mean: "50ms"))}},
        features: {{"do": (calls: [hard(to: "web")], size: "10kB", retries: (attempts: {attempts}, after: "1s"))}},
        people: {{"all": (users: 1500, uses: {{"do": "0.1/s"}}, served_by: "a")}})"#
    ))
}

#[test]
fn a_full_uplink_carries_no_more_however_often_one_tries() {
    for attempts in [2, 3, 10, 50] {
        let requests = through_an_uplink(attempts).people["all"].requests.clone();
        // 12 Mbps are offered, and 10 Mbps are 125 requests a second, whichever attempt each is.
        assert_near("served", requests.served, 150_000.0, 1e-6);
        assert_near("failed", requests.failed, 30_000.0, 1e-5);
    }
}

fn too_late(servers: u32, takes: &str, feature: &str) -> Outcome {
    outcome(&format!(
        r#"Scenario(format: 1, title: "late", clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "3m"),
        sites: {{"a": ()}},
        services: {{"web": (runs_at: {{"a": (servers: {servers})}}, takes: {takes})}},
        features: {{"do": (calls: [hard(to: "web")], {feature})}},
        people: {{"all": (users: 1000, uses: {{"do": "0.1/s"}}, served_by: "a")}})"#
    ))
}

#[test]
fn what_comes_too_late_at_rest_is_tried_again() {
    let seen = too_late(200, r#"exponential(mean: "100ms")"#, r#"timeout: "150ms", retries: (attempts: 3)"#);
    let late = num::exp(-1.5);
    let requests = &seen.people["all"].requests;
    assert_near("attempts", seen.services["web@a"].arrived, 18_000.0 * (1.0 + late + late * late), 0.005);
    assert_near("failed", requests.failed, 18_000.0 * late * late * late, 0.05);
    // All of them are late, and half as many retries are allowed.
    let seen = too_late(60, r#"fixed("300ms")"#, r#"timeout: "200ms", retries: (attempts: 4, budget: "50%")"#);
    assert_near("attempts", seen.services["web@a"].arrived, 18_000.0 * 1.5, 1e-6);
    assert_near("utilisation", seen.services["web@a"].utilisation, 0.75, 1e-6);
}

#[test]
fn retries_of_what_is_too_late_alone_overload_a_station() {
    // 100 a second are two thirds of what it can do, and twice as many come, for each is given up before it is done.
    let seen = too_late(45, r#"fixed("300ms")"#, r#"timeout: "200ms", retries: (attempts: 2)"#);
    let web = &seen.services["web@a"];
    assert_near("comes", web.arrived / 180.0, 200.0, 0.01);
    assert_near("utilisation", web.utilisation, 1.0, 0.01);
    assert_near("left", web.backlog, 180.0 * 50.0, 0.02);
    assert!(seen.people["all"].requests.served < 1.0);
}

#[test]
fn retries_are_led_as_new_requests_are() {
    let seen = outcome(
        r#"Scenario(format: 1, title: "led", clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "30m"),
        sites: {"a": (), "b": ()}, components: {"g": (at: "b")}, spreads: {"s": (over: {"a": 3, "b": 1})},
        services: {"web": (runs_at: {"a": (servers: 60), "b": (servers: 60)}, takes: exponential(mean: "100ms"))},
        features: {"do": (calls: [hard(to: "web")], timeout: "10s", retries: (attempts: 2, after: "1s"))},
        people: {"all": (users: 2000, uses: {"do": "0.1/s"}, served_by: "s")},
        drill: [at("08:05", gray(of: "b", loses: "60%", lasts: "10m", probes_pass: true))])"#,
    );
    let requests = &seen.people["all"].requests;
    // 15% of all attempts fail, also of those that are made again: 200 a second for 600 s.
    assert_near("failed", requests.failed, 120_000.0 * 0.15 * 0.15, 1e-6);
    assert_near("all", requests.served + requests.failed, requests.intended, 1e-9);
}

#[test]
fn while_users_move_nobody_is_counted_twice() {
    let seen = outcome(
        r#"Scenario(format: 1, title: "moves", clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "30m"),
        sites: {"a": (), "b": ()}, spreads: {"s": (over: {"a": 1, "b": 1}, steer: dns(ttl: "10m"))},
        services: {"web": (runs_at: {"a": (servers: 60), "b": (servers: 60)}, takes: exponential(mean: "100ms"))},
        features: {"do": (calls: [hard(to: "web")], timeout: "10s", retries: (attempts: 3, after: "100ms"))},
        people: {"all": (users: 2000, uses: {"do": "0.1/s"}, served_by: "s")}, drill: [at("08:05", crash(of: "a"))])"#,
    );
    let requests = &seen.people["all"].requests;
    assert_near("all", requests.served + requests.failed, requests.intended, 1e-6);
    // A share that falls from a half to nothing within ten minutes fails with its third power: 200 a second, 600 s, (1/2)^3 / 4.
    assert_near("failed", requests.failed, 3_750.0, 0.01);
}
