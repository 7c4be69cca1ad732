//! Callers that wait: for answers through services that keep no worker meanwhile, and with users who wait for their answers, too.

use crate::common::{assert_near, outcome};
use firedrill::metrics::Outcome;

fn run_of(services: &str, feature: &str, people: &str) -> Outcome {
    outcome(&format!(
        r#"Scenario(format: 1, title: "held", clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "20m"),
        sites: {{"a": ()}}, services: {{{services}}}, features: {{"get": (calls: [{feature}])}},
        people: {{"all": ({people}, served_by: "a")}})"#
    ))
}

#[test]
fn whoever_calls_a_service_that_keeps_no_worker_is_held_until_the_whole_answer() {
    // 10 workers are held for 20 + 20 + 200 ms: 41.7 requests a second, of the 100 that come.
    let services = |timeout: &str, web: u32, db: &str| {
        format!(
            r#""web": (runs_at: {{"a": (servers: {web})}}, takes: fixed("20ms"), calls: [hard(to: "mid"{timeout})]),
            "mid": (runs_at: {{"a": (servers: 400)}}, takes: fixed("20ms"), holds: false, calls: [hard(to: "db")]),
            "db": (runs_at: {{"a": (servers: 200)}}, takes: fixed("{db}"))"#
        )
    };
    let people = r#"users: 1_000, uses: {"get": "0.1/s"}, arrivals: smooth"#;
    let slow = run_of(&services("", 10, "200ms"), r#"hard(to: "web")"#, people);
    assert_near("served", slow.people["all"].requests.served, 1_200.0 / 0.024, 1e-3);
    assert_near("busy", slow.services["web@a"].utilisation, 1.0, 1e-3);
    // 420 ms are longer than 300: no answer is in time.
    let late = run_of(&services(r#", timeout: "300ms""#, 400, "400ms"), r#"hard(to: "web")"#, people);
    assert_eq!(late.people["all"].requests.served, 0.0);
    let in_time = run_of(&services(r#", timeout: "430ms""#, 400, "400ms"), r#"hard(to: "web")"#, people);
    assert_near("in time", in_time.people["all"].requests.served, 120_000.0, 1e-3);
}

#[test]
fn a_slow_callee_of_a_service_that_keeps_no_worker_holds_up_whoever_waits_further_up() {
    // The last can do 20 a second: of 40 workers each computes for 20 ms, and waits with the others there.
    let services = r#""web": (runs_at: {"a": (servers: 40)}, takes: fixed("20ms"), calls: [hard(to: "mid")]),
        "mid": (runs_at: {"a": (servers: 40)}, takes: fixed("20ms"), holds: false, calls: [hard(to: "db")]),
        "db": (runs_at: {"a": (servers: 4)}, takes: fixed("200ms"))"#;
    let people = r#"users: 1_000, uses: {"get": "0.1/s"}, arrivals: smooth"#;
    let seen = run_of(services, r#"hard(to: "web")"#, people);
    assert_near("served", seen.people["all"].requests.served, 20.0 * 1_200.0, 3e-3);
    // 40 workers and 20 a second are 2 s each, of which 240 ms are no wait.
    assert_near("wait", seen.services["db@a"].wait_mean_s, 2.0 - 0.24, 0.02);
    assert_near("most there", seen.services["web@a"].utilisation, 1.0, 3e-3);
}

#[test]
fn users_who_wait_for_answers_never_ask_for_more_than_there_is_further_down() {
    // 3 workers do 50 a second at 60 ms, twice a request: 25 a second for 100 users, who think for 2.5 s. So all of a cycle takes 4 s.
    let of = |web: u32| {
        format!(
            r#""web": (runs_at: {{"a": (servers: {web})}}, takes: exponential(mean: "100ms"), calls: [hard(to: "db", times: 2)]),
            "db": (runs_at: {{"a": (servers: 3)}}, takes: exponential(mean: "60ms"))"#
        )
    };
    for workers in [10, 20, 70, 200] {
        let people = r#"users: 100, uses: {"get": "0.4/s"}, waits_for_answers: true"#;
        let seen = run_of(&of(workers), r#"hard(to: "web")"#, people);
        let (web, db) = (&seen.services["web@a"], &seen.services["db@a"]);
        assert_near("served", seen.people["all"].requests.served, 25.0 * 1_200.0, 0.01);
        assert_near("busy", db.utilisation, 1.0, 0.01);
        assert!(web.utilisation <= 1.0 + 1e-9 && db.utilisation <= 1.0 + 1e-9, "{workers}");
        assert!(web.in_system_mean <= 100.0 * (1.0 + 1e-9), "{workers}: {}", web.in_system_mean);
        assert!(db.in_system_mean <= f64::from(workers).min(100.0) * (1.0 + 1e-6), "{workers}: {}", db.in_system_mean);
        let response_s = seen.people["all"].latency.all.mean_s.unwrap();
        assert_near("response", response_s, 1.5, 0.03);
    }
}
