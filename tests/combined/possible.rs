//! What the flow engine makes of mechanisms that meet: nothing impossible, nothing twice, and what it does not have together is said.

use crate::common::{assert_near, outcome};
use firedrill::metrics::Outcome;

/// What it serves, at one site without faults.
fn simple(services: &str, features: &str, people: &str) -> Outcome {
    outcome(&format!(
        r#"Scenario(format: 1, title: "t", clock: (from: "2024-01-01T00:00", zone: "UTC", horizon: "8m"), sites: {{"a": ()}},
        services: {{{services}}}, features: {{{features}}}, people: {{{people}}})"#
    ))
}

#[test]
fn nobody_tries_more_often_than_he_may_in_a_line_that_is_full() {
    for attempts in [2, 3] {
        let out = simple(
            r#""s": (runs_at: {"a": (servers: 10)}, takes: exponential(mean: "300ms"), queue: 1000)"#,
            &format!(r#""f": (calls: [hard(to: "s")], timeout: "10s", retries: (attempts: {attempts}))"#),
            r#""p": (users: 50, uses: {"f": "1/s"}, served_by: "a")"#,
        );
        let (requests, service) = (&out.people["p"].requests, &out.services["s@a"]);
        assert!(requests.waiting >= 0.0, "{requests:?}");
        assert!(service.arrived <= f64::from(attempts) * requests.intended * (1.0 + 1e-9), "{service:?}");
    }
}

#[test]
fn nobody_does_more_than_he_can_where_load_and_waits_do_not_agree() {
    let out = simple(
        r#""w": (runs_at: {"a": (servers: 5)}, takes: exponential(mean: "50ms"), calls: [hard(to: "x"), hard(to: "y")]),
        "x": (runs_at: {"a": (servers: 25)}, takes: exponential(mean: "50ms"), calls: [soft(to: "y", timeout: "300ms")]),
        "y": (runs_at: {"a": (servers: 3)}, takes: exponential(mean: "100ms"))"#,
        r#""f": (calls: [hard(to: "w")]), "g": (calls: [hard(to: "x")], timeout: "5s")"#,
        r#""u": (users: 466, uses: {"f": "0.1/s", "g": "0.05/s"}, served_by: "a"),
        "v": (users: 1228, uses: {"f": "0.1/s", "g": "0.05/s"}, served_by: "a", waits_for_answers: true)"#,
    );
    for (name, service) in &out.services {
        assert!(service.utilisation <= 1.0 + 1e-6, "{name}: {}", service.utilisation);
        let over = service.served + service.lost + service.still_there;
        assert_near(name, over, service.arrived, 1e-6);
    }
}

#[test]
fn who_sheds_by_priority_and_has_no_queue_loses_what_erlang_says() {
    let out = simple(
        r#""s": (runs_at: {"a": (servers: 1)}, takes: exponential(mean: "90ms"), queue: 0, sheds: by_priority())"#,
        r#""f": (calls: [hard(to: "s")])"#,
        r#""p": (users: 10, uses: {"f": "1/s"}, served_by: "a")"#,
    );
    // Erlang's B of 0.9 and one server: 0.9 / 1.9.
    assert_near("availability", out.people["p"].request_availability, 1.0 - 0.9 / 1.9, 1e-9);
    assert_near("utilisation", out.services["s@a"].utilisation, 0.9 / 1.9, 1e-9);
}

#[test]
fn what_is_put_off_is_made_up_for_evenly_through_the_night() {
    let out = outcome(
        r#"Scenario(format: 1, title: "t", clock: (from: "2024-03-04T00:00", zone: "Europe/Oslo", horizon: "48h"), sites: {"a": ()},
        services: {"s": (runs_at: {"a": (servers: 80)}, takes: fixed("5ms"))}, features: {"f": (calls: [hard(to: "s")])},
        people: {"p": (users: 100, uses: {"f": "1/min"}, served_by: "a", arrivals: smooth)},
        strategies: {"s": (runbook: {"r": (at: "+0s", does: [restrict(feature: "f", only: ("22:00", "06:00"))])})})"#,
    );
    // A day of 100 a minute in eight hours; in the night that the run does not see the end of, too.
    let load = &out.hours.loads["s@a"].offered_per_s;
    let each_hour = 3_600.0 / out.hours.length_s;
    for hour in [22, 23, 24, 27, 29, 46, 47] {
        assert_near("load", load[(f64::from(hour) * each_hour) as usize + 1], 5.0, 0.01);
    }
    let days: Vec<f64> = out.concurrency.days.iter().map(|day| day.requests).collect();
    assert_near("days", days.iter().sum(), out.people["p"].requests.intended, 1e-6);
}

#[test]
fn a_day_has_the_requests_that_fall_into_it() {
    let out = outcome(
        r#"Scenario(format: 1, title: "t", clock: (from: "2024-03-04T06:00", zone: "UTC", horizon: "3d"), sites: {"a": ()},
        services: {"s": (runs_at: {"a": (servers: 80)}, takes: fixed("5ms"))}, features: {"f": (calls: [hard(to: "s")])},
        people: {"p": (users: 100, uses: {"f": "1/min"}, served_by: "a")})"#,
    );
    let days: Vec<f64> = out.concurrency.days.iter().map(|day| day.requests).collect();
    for (seen, hours) in days.iter().zip([18.0, 24.0, 24.0, 6.0]) {
        assert_near("day", *seen, hours * 6_000.0, 1e-6);
    }
}

#[test]
fn what_the_flow_engine_does_not_have_together_is_said() {
    let told = |service: &str, feature: &str, people: &str| {
        let out = simple(
            &format!(r#""s": (runs_at: {{"a": (servers: 1)}}, takes: exponential(mean: "90ms"), {service})"#),
            &format!(r#""f": (calls: [hard(to: "s")]{feature})"#),
            &format!(r#""p": (users: 10, uses: {{"f": "1/s"}}, served_by: "a"{people})"#),
        );
        out.warnings.join("\n")
    };
    assert!(told("sheds: by_priority()", "", r#", patience: "2s""#).contains("turns away by priority"));
    let at_once = r#", retries: (attempts: 3, after: "0s")"#;
    assert!(told("queue: 0", at_once, "").contains("tried again before anything has changed"));
    assert!(!told("queue: 0", r#", retries: (attempts: 3, after: "1s")"#, "").contains("tried again before"));
}

#[test]
fn who_makes_a_call_now_and_then_and_fails_is_not_among_those_who_are_served() {
    let erlang_b = 1.2 / 2.2;
    let made = |call: &str| {
        0.01 + 0.3
            * if call == "hard" { 0.4 * (1.0 - erlang_b) / (1.0 - 0.4 * erlang_b) } else { 0.4 * (1.0 - erlang_b) }
    };
    for call in ["hard", "soft"] {
        let out = simple(
            r#""s": (runs_at: {"a": (servers: 100)}, takes: fixed("10ms")),
            "t": (runs_at: {"a": (servers: 1)}, takes: exponential(mean: "300ms"), queue: 0)"#,
            &format!(r#""f": (calls: [hard(to: "s"), {call}(to: "t", times: 0.4)])"#),
            r#""p": (users: 10, uses: {"f": "1/s"}, served_by: "a")"#,
        );
        assert_near(call, out.people["p"].latency.all.mean_s.expect("a mean"), made(call), 0.01);
    }
    // Three in ten ask for what has no time for them, and fail after two seconds: the others need ten milliseconds, as ever.
    let out = simple(
        r#""s": (runs_at: {"a": (servers: 10)}, takes: fixed("10ms"), holds: false, calls: [hard(to: "t", times: 0.3, timeout: "2s")]),
        "t": (runs_at: {"a": (servers: 1)}, takes: exponential(mean: "600ms"))"#,
        r#""f": (calls: [hard(to: "s")])"#,
        r#""p": (users: 10, uses: {"f": "1/s"}, served_by: "a")"#,
    );
    let latency = &out.people["p"].latency.all;
    assert!(latency.mean_s < Some(0.02) && latency.p95_s < Some(0.02), "{latency:?}");
}

#[test]
fn a_timeout_that_never_comes_changes_nothing() {
    let of = |timeout: &str, waits: bool| {
        simple(
            &format!(
                r#""s1": (runs_at: {{"a": (servers: 5)}}, takes: exponential(mean: "50ms"), queue: 0, calls: [hard(to: "s2"{timeout})]),
                "s2": (runs_at: {{"a": (servers: 2)}}, takes: exponential(mean: "20ms"))"#
            ),
            r#""f": (calls: [hard(to: "s1")])"#,
            &format!(r#""p": (users: 400, uses: {{"f": "0.2/s"}}, served_by: "a", waits_for_answers: {waits})"#),
        )
    };
    for waits in [false, true] {
        let (with, without) = (of(r#", timeout: "2s""#, waits), of("", waits));
        let of = |out: &Outcome| (out.people["p"].requests.served, out.services["s2@a"].wait_mean_s);
        assert_near("served", of(&with).0, of(&without).0, 1e-3);
        assert_near("waits", of(&with).1, of(&without).1, 1e-2);
    }
}
