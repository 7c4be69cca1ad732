//! What is met on the way: what gets lost is not worked on, what is dead is waited for, and what becomes of a request is known where it
//! has got to. Closed forms beside each, and the same in both engines where that is quick.

use crate::common::{assert_near, outcome};
use firedrill::metrics::Outcome;

/// One site for half an hour; what stands on `r` fails, or loses a part, as the drill says.
fn half_an_hour(services: &str, calls: &str, people: &str, drill: &str) -> Outcome {
    outcome(&format!(
        r#"Scenario(format: 1, title: "t", clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "30m"),
        sites: {{"a": (), "b": ()}}, links: [(between: ("a", "b"), rtt: "10ms")], components: {{"r": (at: "a")}},
        services: {{{services}}}, features: {{"f": (calls: [{calls}])}}, people: {{"p": ({people})}}, drill: [{drill}])"#
    ))
}

const FORTY: &str = r#"users: 400, uses: {"f": "6/min"}, served_by: "a""#;
const EIGHTY: &str = r#"users: 800, uses: {"f": "6/min"}, served_by: "a""#;
const CALLS_WEB: &str = r#"hard(to: "web")"#;

fn mean_s(outcome: &Outcome) -> f64 {
    outcome.people["p"].latency.all.mean_s.expect("somebody is answered")
}

#[test]
fn what_gets_lost_takes_no_time() {
    for (call, served) in [("soft", 72_000.0), ("hard", 36_000.0)] {
        let out = half_an_hour(
            &format!(
                r#""web": (runs_at: {{"a": (servers: 20)}}, takes: exponential(mean: "50ms"), calls: [{call}(to: "db")]),
                "db": (runs_at: {{"a": (servers: 40)}}, takes: exponential(mean: "200ms"), stands_on: all(["r"]))"#
            ),
            CALLS_WEB,
            FORTY,
            r#"at("+0s", gray(of: "r", loses: "50%"))"#,
        );
        // Forty a second hold one of twenty workers for 50 ms, and every second of them for 200 ms more.
        assert_near("utilisation", out.services["web@a"].utilisation, 40.0 * (0.05 + 0.5 * 0.2) / 20.0, 1e-3);
        assert_near(call, out.people["p"].requests.served, served, 1e-9);
        assert_near("latency", mean_s(&out), if call == "soft" { 0.15 } else { 0.25 }, 0.01);
    }
}

#[test]
fn who_lives_works_though_what_he_needs_is_dead() {
    let out = half_an_hour(
        r#""web": (runs_at: {"a": (servers: 20)}, takes: exponential(mean: "50ms"), calls: [soft(to: "m")]),
        "m": (runs_at: {"a": (servers: 100)}, takes: exponential(mean: "300ms"), calls: [hard(to: "db")]),
        "db": (runs_at: {"a": (servers: 40)}, takes: exponential(mean: "50ms"), stands_on: all(["r"]))"#,
        CALLS_WEB,
        FORTY,
        r#"at("+5m", crash(of: "r", repaired_after: "20m"))"#,
    );
    assert_near("all come to the one in the middle", out.services["m@a"].arrived, 72_000.0, 1e-6);
    assert_near("and wait for it", mean_s(&out), 0.35 + 0.05 / 3.0, 0.04);
}

#[test]
fn whoever_waits_for_somebody_dead_asks_no_more_meanwhile() {
    let served = r#"served_by: "a", waits_for_answers: true"#;
    // Two seconds for somebody dead, and three to think, of a hundred and twenty users for ten minutes.
    let out = half_an_hour(
        r#""web": (runs_at: {"a": (servers: 10)}, takes: exponential(mean: "200ms"), stands_on: all(["r"]))"#,
        r#"hard(to: "web", gives_up_after: "2s")"#,
        &format!(r#"users: 120, uses: {{"f": "20/min"}}, {served}"#),
        r#"at("+5m", crash(of: "r", repaired_after: "10m"))"#,
    );
    assert_near("at the door", out.people["p"].requests.failed, 120.0 / 5.0 * 600.0, 1e-3);
    // Twenty workers who each wait half a second for it.
    let out = half_an_hour(
        r#""web": (runs_at: {"a": (servers: 20)}, takes: exponential(mean: "50ms"), calls: [hard(to: "mid", gives_up_after: "500ms")]),
        "mid": (runs_at: {"a": (servers: 20)}, takes: exponential(mean: "50ms"), stands_on: all(["r"]))"#,
        CALLS_WEB,
        &format!(r#"users: 200, uses: {{"f": "20/min"}}, {served}"#),
        r#"at("+5m", crash(of: "r", repaired_after: "10m"))"#,
    );
    assert_near("further down", out.people["p"].requests.failed, 20.0 / 0.55 * 600.0, 0.01);
    assert!(out.services["web@a"].in_system_mean <= 200.0, "no more than there are users");
}

#[test]
fn who_stands_in_line_meets_what_is_dead_when_he_has_left_it() {
    let dead = r#"at("+5m", crash(of: "r", repaired_after: "3m"))"#;
    let two = |call: &str| {
        format!(
            r#""web": (runs_at: {{"a": (servers: 20)}}, takes: exponential(mean: "50ms"), calls: [{call}]),
            "mid": (runs_at: {{"a": (servers: 100)}}, takes: exponential(mean: "50ms"), stands_on: all(["r"]))"#
        )
    };
    let out = half_an_hour(&two(r#"hard(to: "mid", gives_up_after: "500ms")"#), CALLS_WEB, EIGHTY, dead);
    assert_near("failed", out.people["p"].requests.failed, 20.0 / 0.55 * 180.0, 1e-3);
    // A queue with a limit turns away the others.
    let limited = two(r#"hard(to: "mid", gives_up_after: "500ms")"#).replace("calls: [", "queue: 100, calls: [");
    let requests = half_an_hour(&limited, CALLS_WEB, EIGHTY, dead).people["p"].requests.clone();
    assert_near("failed", requests.failed, 20.0 / 0.55 * 180.0, 0.03);
    assert_near("lost in all", requests.failed + requests.shed, 80.0 * 180.0, 0.03);
}

#[test]
fn of_calls_one_after_the_other_the_first_that_fails_is_the_last() {
    let out = half_an_hour(
        r#""web": (runs_at: {"a": (servers: 20)}, takes: exponential(mean: "50ms"), calls: [soft(to: "db", times: 3, gives_up_after: "100ms")]),
        "db": (runs_at: {"a": (servers: 20)}, takes: exponential(mean: "10ms"), stands_on: all(["r"]))"#,
        CALLS_WEB,
        FORTY,
        r#"at("+5m", crash(of: "r", repaired_after: "20m"))"#,
    );
    assert_near("latency", mean_s(&out), 0.05 + (20.0 * 0.1 + 10.0 * 0.03) / 30.0, 1e-3);
}

#[test]
fn what_is_finished_feeds_queues_though_an_answer_is_missing() {
    let out = outcome(
        r#"Scenario(format: 1, title: "t", clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "30m"), sites: {"a": ()}, components: {"r": (at: "a")},
        services: {"web": (runs_at: {"a": (servers: 20)}, takes: exponential(mean: "100ms"), feeds: {"q": 0.5}, calls: [hard(to: "db")]),
            "db": (runs_at: {"a": (servers: 20)}, takes: exponential(mean: "50ms"), stands_on: all(["r"]))},
        queues: {"q": (at: "a", workers: 10, takes: fixed("10ms"), fresh_within: "1m")},
        features: {"f": (calls: [hard(to: "web")], fresh: ["q"])}, people: {"p": (users: 800, uses: {"f": "6/min"}, served_by: "a")},
        drill: [at("+10m", crash(of: "r", repaired_after: "10m"))])"#,
    );
    assert_near("arrived", out.queues["q"].arrived, 72_000.0, 1e-3);
}

#[test]
fn users_who_are_turned_away_think_and_come_again() {
    let out = half_an_hour(
        r#""web": (runs_at: {"a": (servers: 10)}, takes: exponential(mean: "200ms"), queue: 40)"#,
        CALLS_WEB,
        r#"users: 300, uses: {"f": "20/min"}, served_by: "a", waits_for_answers: true"#,
        "",
    );
    // The chain of how many are there: 10 workers, 40 places, 300 who think for three seconds.
    let requests = &out.people["p"].requests;
    assert_near("served", requests.served, 90_000.0, 1e-3);
    assert_near("asked", requests.intended, 150_867.0, 1e-3);
}

#[test]
fn what_a_crash_fails_is_lost_to_its_users() {
    let out = half_an_hour(
        r#""web": (runs_at: {"a": (servers: 10)}, takes: exponential(mean: "100ms"), stands_on: all(["r"]))"#,
        CALLS_WEB,
        EIGHTY,
        r#"at("+5m", surge(of: "p", by: "x1.5", lasts: "10m")), at("+15m", crash(of: "r", repaired_after: "1s"))"#,
    );
    let people = &out.people["p"];
    // Each asks six times a minute.
    assert_near("user-minutes", people.user_minutes_lost, people.requests.failed / 6.0, 0.01);
}

#[test]
fn at_its_worst_a_backlog_is_as_large_and_as_old_as_newell_says() {
    let out = half_an_hour(
        r#""web": (runs_at: {"a": (servers: 10)}, takes: exponential(mean: "100ms"))"#,
        CALLS_WEB,
        EIGHTY,
        r#"at("+5m", surge(of: "p", by: "x1.5", lasts: "5m"))"#,
    );
    let over = &out.services["web@a"].overloads[0];
    assert_near("largest", over.backlog_max_at_s, 600.0, 1e-6);
    assert!(out.services["web@a"].wait_p95_s > 40.0, "{:?}", out.services["web@a"].wait_p95_s);
    let out = outcome(
        r#"Scenario(format: 1, title: "t", clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "30m"), sites: {"a": ()},
        services: {"web": (runs_at: {"a": (servers: 40)}, takes: exponential(mean: "100ms"), feeds: {"q": 1})},
        queues: {"q": (at: "a", workers: 8, takes: fixed("100ms"), fresh_within: "30s")},
        features: {"f": (calls: [hard(to: "web")], fresh: ["q"])}, people: {"p": (users: 700, uses: {"f": "6/min"}, served_by: "a")},
        drill: [at("+5m", surge(of: "p", by: "x1.5", lasts: "5m"))])"#,
    );
    // The last of 105 a second for five minutes, of which 80 are done.
    assert_near("oldest", out.queues["q"].age_max_s, 105.0 * 300.0 / 80.0 - 300.0, 1e-3);
}

#[test]
fn what_a_dead_site_fails_is_tried_again_where_others_wait() {
    let out = outcome(
        r#"Scenario(format: 1, title: "t", clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "30m"), sites: {"a": (), "b": ()},
        services: {"web": (runs_at: {"a": (servers: 5), "b": (servers: 5)}, takes: exponential(mean: "100ms"))},
        spreads: {"all": (over: {"a": 1, "b": 1}, checks: (every: "10s", timeout: "1s", fails: 60, panic_below: "0%"))},
        features: {"f": (calls: [hard(to: "web")], retries: (attempts: 2))}, people: {"p": (users: 800, uses: {"f": "6/min"}, served_by: "all")},
        drill: [at("+5m", crash(of: "b", repaired_after: "1m"))])"#,
    );
    // Half of the attempts that are made again meet the dead one again.
    assert_near("failed", out.people["p"].requests.failed, 40.0 * 60.0 / 2.0, 0.01);
}

#[test]
fn a_queue_with_a_limit_keeps_nobody_longer_than_it_is_long() {
    let out = outcome(
        r#"Scenario(format: 1, title: "t", clock: (from: "2024-03-04T00:00", zone: "UTC", horizon: "4h"), sites: {"a": ()},
        services: {"web": (runs_at: {"a": (servers: 2)}, takes: fixed("500ms"), queue: 1000)}, features: {"f": (calls: [hard(to: "web")])},
        people: {"p": (users: 240, uses: {"f": "1/min"}, served_by: "a", arrivals: smooth)},
        drill: [at("01:10", surge(of: "p", by: "x2", lasts: "20m"))])"#,
    );
    // Four a second come as evenly as they are served, and wait for nobody, until eight come: then a thousand wait, and stay.
    let latency = &out.people["p"].latency.all;
    assert!(latency.p99_s <= Some(1_000.0 / 4.0 + 0.5 + 0.1), "{latency:?}");
    let (filling, after) = (2_000.0 * 125.0, (57_600.0 - 70.0 * 240.0 - 2_000.0) * 250.0);
    assert_near("latency", latency.mean_s.expect("a mean"), (filling + after) / 57_600.0 + 0.5, 1e-4);
}
