//! Services that call as clients do: attempts, timeouts, budgets, breakers, hedges, connections and deadlines, request by request.

#![allow(clippy::disallowed_methods, reason = "what is right is worked out without the functions that are tested")]

use crate::common::{assert_near, campaign, mean_and_error, world};
use firedrill::metrics::Outcome;
use firedrill::rng::Luck;
use firedrill::run::{Traffic, follow};

/// Users ask the front at "a", which asks the back, by a policy, at "b".
fn pair(front: &str, policy: &str, back: &str, rest: &str) -> String {
    format!(
        r#"Scenario(format: 1, title: "pair", clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "20m"),
        sites: {{"a": (), "b": ()}}, links: [(between: ("a", "b"), rtt: "0s")],
        services: {{
            "front": (runs_at: {{"a": (servers: 400)}}, takes: fixed("1ms"), calls: [{front}(to: "back", {policy})]),
            "back": (runs_at: {{"b": ({back})}}, takes: fixed("10ms")),
        }},
        features: {{"read": (calls: [hard(to: "front")])}},
        people: {{"all": (users: 1200, uses: {{"read": "1/min"}}, served_by: "a")}}, {rest})"#
    )
}

fn followed(text: &str, replication: u64) -> Outcome {
    let luck = Luck { seed: 1, replication };
    follow(&world(text), luck, Traffic::every_request()).unwrap_or_else(|e| panic!("{e}")).outcome
}

fn each(text: &str, of: impl Fn(&Outcome) -> f64) -> Vec<f64> {
    (0..campaign(4, 20)).map(|replication| of(&followed(text, replication))).collect()
}

fn assert_about(what: &str, text: &str, expected: f64, of: impl Fn(&Outcome) -> f64) {
    let (mean, error) = mean_and_error(&each(text, of));
    let z = (mean - expected) / error.max(1e-12);
    assert!(z.abs() <= 4.5 || (mean - expected).abs() <= 1e-9, "{what}: {mean} +- {error}, expected {expected}");
    assert!(error <= 0.05 * expected.abs().max(0.05), "{what}: {mean} +- {error} is too wide to say anything");
}

fn failed(outcome: &Outcome) -> f64 {
    let requests = &outcome.people["all"].requests;
    requests.failed / requests.intended
}

/// Visits of the back for each request.
fn visits(outcome: &Outcome) -> f64 {
    outcome.services["back@b"].arrived / outcome.people["all"].requests.intended
}

#[test]
fn what_is_lost_is_tried_again() {
    let lossy =
        |policy: &str| pair("hard", policy, "servers: 40", "").replace(r#"rtt: "0s""#, r#"rtt: "0s", loss: "30%""#);
    assert_about("once", &lossy(""), 0.3, failed);
    for attempts in [2, 3, 4] {
        let text = lossy(&format!("retries: (attempts: {attempts})"));
        assert_about("attempts", &text, 0.3_f64.powi(attempts), failed);
        // What is lost does not come.
        assert_about("visits", &text, 1.0 - 0.3_f64.powi(attempts), visits);
    }
}

#[test]
fn what_comes_too_late_is_work_all_the_same_and_holds_the_caller_as_long_as_he_waits() {
    let text = pair("hard", r#"timeout: "4ms", retries: (attempts: 3)"#, "servers: 400", "");
    let outcome = followed(&text, 0);
    assert_eq!(outcome.people["all"].requests.served, 0.0);
    assert_near("visits", visits(&outcome), 3.0, 1e-3);
    // A millisecond of its own and three timeouts; the back is at it for ten milliseconds each time.
    let load = |of: &str, servers: f64| outcome.services[of].utilisation * servers;
    assert_near("front", load("front@a", 400.0), 20.0 * 0.013, 0.02);
    assert_near("back", load("back@b", 400.0), 20.0 * 0.030, 0.02);
    // Who cancels leaves nothing to be done but what is under way.
    let cancels = followed(&text.replace(r#"timeout: "4ms""#, r#"timeout: "4ms", cancels: true"#), 0);
    assert_eq!(cancels.people["all"].requests.served, 0.0);
    // In time, nothing of this is felt.
    let in_time = followed(&text.replace(r#"timeout: "4ms""#, r#"timeout: "40ms""#), 0);
    assert_eq!((failed(&in_time), visits(&in_time)), (0.0, 1.0));
}

#[test]
fn whoever_may_not_try_timeouts_again_does_not() {
    let text = pair("hard", r#"timeout: "4ms", retries: (attempts: 3, of_timeouts: false)"#, "servers: 400", "");
    assert_near("visits", visits(&followed(&text, 0)), 1.0, 1e-3);
}

#[test]
fn retries_in_layers_multiply_and_a_budget_holds_them() {
    let layers = |budget: &str, users: &str| {
        format!(
            r#"Scenario(format: 1, title: "layers", clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "20m"),
            sites: {{"a": ()}}, components: {{"disk": (at: "a")}},
            services: {{
                "web": (runs_at: {{"a": (servers: 900)}}, takes: fixed("1ms"), calls: [hard(to: "core", retries: (attempts: 3{budget}))]),
                "core": (runs_at: {{"a": (servers: 900)}}, takes: fixed("1ms"), calls: [hard(to: "db", retries: (attempts: 3{budget}))]),
                "db": (runs_at: {{"a": (servers: 900)}}, takes: fixed("1ms"), calls: [hard(to: "disk io", retries: (attempts: 3{budget}))]),
                "disk io": (runs_at: {{"a": (servers: 900, stands_on: all(["disk"]))}}, takes: fixed("1ms")),
            }},
            features: {{"read": (calls: [hard(to: "web")]{users})}},
            people: {{"all": (users: 1200, uses: {{"read": "1/min"}}, served_by: "a")}},
            drill: [at("08:00", gray(of: "disk", loses: "100%"))])"#
        )
    };
    let arrived = |text: &str, of: &str| {
        let outcome = followed(text, 0);
        outcome.services[of].arrived / outcome.people["all"].requests.intended
    };
    let free = layers("", "");
    // Nobody comes to where everything is lost; the one before it is asked by three times three.
    assert_near("core", arrived(&free, "core@a"), 3.0, 1e-2);
    assert_near("db", arrived(&free, "db@a"), 9.0, 1e-2);
    let with_users = layers("", ", retries: (attempts: 3)");
    assert_near("with users", arrived(&with_users, "db@a"), 27.0, 1e-2);
    // Of a tenth of retries at each layer: 1.1 times 1.1.
    let held = layers(r#", budget: "10%""#, "");
    assert_near("held", arrived(&held, "db@a"), 1.21, 0.02);
}

#[test]
fn a_breaker_spares_who_fails_and_lets_one_try() {
    let drill =
        r#"components: {"disk": (at: "b")}, drill: [at("08:05", gray(of: "disk", loses: "100%", lasts: "5m"))]"#;
    let text = |policy: &str| pair("hard", policy, r#"servers: 400, stands_on: all(["disk"])"#, drill);
    let plain = followed(&text(""), 0).people["all"].requests.failed;
    let broken = followed(&text(r#"breaker: (fails: "50%", of_at_least: 20, over: "10s", opens_for: "5s")"#), 0);
    let requests = &broken.people["all"].requests;
    // While it is open everybody is refused, also for up to five seconds after it is over; hardly anybody asks in vain.
    let without = requests.failed + requests.shed;
    assert!(without >= plain && without <= plain + 6.0 * 20.0, "{without} of {plain}");
    assert!(requests.failed <= 0.05 * plain, "{} of {plain}", requests.failed);
}

#[test]
fn a_second_attempt_that_is_hedged_wins_where_the_first_is_slow() {
    // Two exponentials of ten milliseconds, the second set out after five: the first answer wins.
    let hedged = pair("hard", r#"hedge: (after: "5ms")"#, "servers: 400", "")
        .replace(r#"takes: fixed("10ms")"#, r#"takes: exponential(mean: "10ms")"#);
    let (mean, after) = (10.0, 5.0_f64);
    let expected_ms = 1.0 + mean * (1.0 - (-after / mean).exp()) + (-after / mean).exp() * mean / 2.0;
    assert_about("latency", &hedged, expected_ms, |outcome| {
        outcome.people["all"].latency.all.mean_s.unwrap_or(0.0) * 1e3
    });
    assert_about("visits", &hedged, 1.0 + (-after / mean).exp(), visits);
}

/// Mean wait of M/M/c: Erlang's C.
fn erlang_wait_s(servers: u32, rate: f64, mean_s: f64) -> f64 {
    let load = rate * mean_s;
    let mut blocks = 1.0;
    for n in 1..=servers {
        blocks = load * blocks / (f64::from(n) + load * blocks);
    }
    let waits = blocks / (1.0 - load / f64::from(servers) * (1.0 - blocks));
    waits * mean_s / (f64::from(servers) - load)
}

#[test]
fn whoever_has_no_connection_waits_for_one_as_in_any_queue() {
    let text = |most: u32| {
        pair("hard", &format!("connections: (most: {most})"), "servers: 400", "")
            .replace(r#"takes: fixed("10ms")"#, r#"takes: exponential(mean: "100ms")"#)
    };
    for most in [3, 4] {
        let expected_ms = 1.0 + 100.0 + 1e3 * erlang_wait_s(most, 20.0, 0.1);
        assert_about("latency", &text(most), expected_ms, |outcome| {
            outcome.people["all"].latency.all.mean_s.unwrap_or(0.0) * 1e3
        });
    }
    // Twenty a second of a tenth of a second each need two; of whom nobody waits, as many are lost as by Erlang's B.
    let impatient = text(3).replace("(most: 3)", r#"(most: 3, waits: "0s")"#);
    let load = 2.0_f64;
    let sum: f64 = (0..=3).map(|n| load.powi(n) / (1..=n).map(f64::from).product::<f64>()).sum();
    assert_about("lost", &impatient, load.powi(3) / 6.0 / sum, |outcome| {
        let requests = &outcome.people["all"].requests;
        (requests.shed + requests.failed) / requests.intended
    });
}

#[test]
fn a_deadline_that_is_passed_on_ends_what_is_tried_in_vain() {
    let policy = r#"timeout: "20ms", retries: (attempts: 10, after: "10ms")"#;
    let slow = |policy: &str| {
        pair("hard", policy, "servers: 400", "")
            .replace(r#"takes: fixed("10ms")"#, r#"takes: fixed("50ms")"#)
            .replace(r#"[hard(to: "front")]"#, r#"[hard(to: "front")], timeout: "100ms""#)
    };
    assert_near("for nothing", visits(&followed(&slow(policy), 0)), 10.0, 1e-2);
    // At 1, 31, 61 and 91 ms an attempt sets out; the one at 121 ms would be too late.
    let passed = slow(&format!("{policy}, passes_deadline: true"));
    assert_near("passed on", visits(&followed(&passed, 0)), 4.0, 1e-2);
}

#[test]
fn a_soft_call_that_takes_too_long_is_done_without() {
    let text = pair("soft", r#"timeout: "4ms""#, "servers: 400", "");
    let outcome = followed(&text, 0);
    let requests = &outcome.people["all"].requests;
    assert_eq!((requests.failed, requests.degraded), (0.0, requests.served));
    assert_near("latency", outcome.people["all"].latency.all.mean_s.unwrap(), 0.005, 0.02);
}

#[test]
fn whatever_crashes_meanwhile_everybody_comes_to_an_end() {
    let policies = [
        r#"timeout: "300ms", retries: (attempts: 4, after: "200ms"), connections: (most: 6, waits: "1s")"#,
        r#"timeout: "300ms", cancels: true, retries: (attempts: 4), hedge: (after: "100ms"), connections: (most: 6)"#,
        r#"retries: (attempts: 3, after: "1s"), hedge: (after: "100ms", at_most: 3), passes_deadline: true, timeout: "2s""#,
    ];
    for policy in policies {
        for (timeout, at_once) in [
            ("", false),
            (r#", timeout: "1s", cancels: true"#, true),
            (r#", timeout: "700ms", retries: (attempts: 2)"#, true),
        ] {
            let drill = r#"components: {"disk": (at: "b"), "rack": (at: "a")}, drill: [
                at("08:02", crash(of: "disk", repaired_after: "20s")), at("08:03", crash(of: "rack", repaired_after: "20s")),
                at("08:04", crash(of: "a", repaired_after: "5s")), at("08:05", cut(between: ("a", "b"), lasts: "20s")),
                at("08:06", slow(service: "back", by: "x30", lasts: "30s")), at("08:06:10", crash(of: "rack", repaired_after: "1s")),
            ]"#;
            let mut text = pair("hard", policy, r#"servers: 8, stands_on: all(["disk"])"#, drill)
                .replace(r#"(servers: 400)"#, r#"(servers: 20, stands_on: all(["rack"]))"#)
                .replace(r#"[hard(to: "front")]"#, &format!(r#"[hard(to: "front")]{timeout}"#))
                .replace(r#"horizon: "20m""#, r#"horizon: "9m""#);
            if at_once {
                text = text.replace(
                    &format!(r#"calls: [hard(to: "back", {policy})]"#),
                    &format!(
                        r#"calls: [hard(to: "back", {policy}), soft(to: "back", {policy}, times: 2)], at_once: true"#
                    ),
                );
            }
            for replication in 0..campaign(1, 6) {
                let outcome = followed(&text, replication);
                let requests = &outcome.people["all"].requests;
                let ended = requests.served + requests.failed + requests.shed + requests.never_sent;
                assert!((requests.intended - ended).abs() <= 20.0, "{policy} {timeout}: {requests:?}");
                // A minute and a half after the last trouble it is as at the start.
                let moods = &outcome.hours.moods["all"];
                assert_eq!(format!("{:?}", moods[moods.len() - 1]), format!("{:?}", moods[0]), "{policy} {timeout}");
            }
        }
    }
}

#[test]
fn more_attempts_in_layers_than_can_be_followed_are_refused() {
    let text = pair("hard", "retries: (attempts: 1000)", "servers: 40", "");
    let luck = Luck { seed: 1, replication: 0 };
    assert!(follow(&world(&text), luck, Traffic::every_request()).is_ok());
    let layers = text.replace(r#"[hard(to: "front")]"#, r#"[hard(to: "front", retries: (attempts: 1000))]"#);
    let refused = follow(&world(&layers), luck, Traffic::every_request()).map(|_| ()).expect_err("a million attempts");
    assert!(refused.to_string().contains("makes 1001000 calls"), "{refused}");
}
