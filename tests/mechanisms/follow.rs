//! Following every request: seams with the flow, what holds across them, and what does not depend on how it is run.

use crate::common::world;
use firedrill::metrics::{Outcome, RequestsOutcome};
use firedrill::rng::Luck;
use firedrill::run::{Running, Traffic, follow, run};
use firedrill::units::{Duration, Time};
use firedrill::world::World;
use std::sync::Arc;

const LUCK: Luck = Luck { seed: 1, replication: 0 };

fn at(seconds: f64) -> Time {
    Time::ZERO.after(Duration::from_seconds(seconds))
}

fn zoomed(world: &Arc<World>, from: f64, to: f64) -> Outcome {
    let traffic = Traffic::Request { from: at(from), to: at(to) };
    follow(world, LUCK, traffic).unwrap_or_else(|e| panic!("{e}")).outcome
}

/// A service that is too small from minute 10 to minute 20, at `scale` requests a second.
fn surge(scale: f64, feature: &str) -> Arc<World> {
    world(&format!(
        r#"Scenario(format: 1, title: "a surge",
            clock: (from: "2024-03-04T10:00", zone: "UTC", horizon: "1h"),
            sites: {{"a": ()}},
            services: {{
                "web": (runs_at: {{"a": (servers: {})}}, takes: exponential(mean: "100ms"), calls: [hard(to: "data")]),
                "data": (runs_at: {{"a": (servers: {})}}, takes: exponential(mean: "20ms")),
            }},
            features: {{"page": (calls: [hard(to: "web")]{feature})}},
            people: {{"all": (users: 1000, uses: {{"page": "{}/h"}}, served_by: "a", rtt: "20ms")}},
            drill: [at("+10min", surge(of: "all", by: "x1.5", lasts: "10min"))])"#,
        (scale * 0.16).round(),
        (scale * 0.1).round(),
        scale * 3.6,
    ))
}

fn ended(requests: &RequestsOutcome) -> f64 {
    requests.served + requests.failed + requests.shed + requests.never_sent + requests.waiting
}

#[test]
fn every_request_becomes_something_across_both_seams() {
    // From rest to rest, into and out of a queue that fills, and out of one that drains.
    for (from, to) in [(120.0, 180.0), (300.0, 900.0), (900.0, 1_000.0), (1_150.0, 1_300.0), (700.0, 3_500.0)] {
        for feature in ["", r#", timeout: "2s""#, r#", timeout: "2s", retries: (attempts: 2, after: "1s")"#] {
            let world = surge(200.0, feature);
            let outcome = zoomed(&world, from, to);
            let requests = &outcome.people["all"].requests;
            assert!(
                (ended(requests) - requests.intended).abs() <= 1e-6 * requests.intended,
                "{from} to {to}{feature}: {requests:?}"
            );
            let all_flows = run(&world, LUCK).outcome;
            // Long after the surge nobody waits: what was in a queue at a seam has not been forgotten there. A part of a request
            // that could not be followed may be left over. Of what is tried again the flow itself leaves a part waiting.
            let left = if feature.contains("retries") { 0.005 * requests.intended } else { 3.0 };
            assert!(requests.waiting < left, "{from} to {to}{feature}: {} still wait", requests.waiting);
            let served = all_flows.people["all"].requests.served;
            assert!(
                (requests.served / served - 1.0).abs() < 0.02,
                "{from} to {to}{feature}: {} were served, and {served} where everything flows",
                requests.served
            );
        }
    }
}

#[test]
fn a_queue_goes_through_a_seam_as_long_as_it_is() {
    let world = surge(1_000.0, "");
    let flows = run(&world, LUCK).outcome.services["web@a"].overloads[0].clone();
    for (from, to) in [(900.0, 1_000.0), (1_150.0, 1_250.0), (700.0, 2_400.0)] {
        let zoomed = zoomed(&world, from, to);
        let longest = &zoomed.services["web@a"].overloads;
        let (backlog, drained) = (
            longest.iter().map(|over| over.backlog_max).fold(0.0, f64::max),
            longest.iter().filter_map(|over| over.drained_at_s).fold(0.0, f64::max),
        );
        assert!((backlog / flows.backlog_max - 1.0).abs() < 0.05, "{from}: {backlog} and {}", flows.backlog_max);
        let drain_s = flows.drained_at_s.unwrap() - 600.0;
        assert!(((drained - 600.0) / drain_s - 1.0).abs() < 0.05, "{from}: {drained} and {:?}", flows.drained_at_s);
    }
}

#[test]
fn outside_of_the_stretch_nothing_is_different_until_it_begins() {
    let world = surge(200.0, "");
    let shorter = Arc::new(World { horizon: at(300.0), ..World::clone(&world) });
    let before = |outcome: &Outcome| outcome.people["all"].requests.clone();
    let flowed = run(&shorter, LUCK).outcome;
    let zoomed = zoomed(&shorter, 299.0, 300.0);
    assert!((before(&flowed).served - before(&zoomed).served).abs() < 60.0);
    assert_eq!(flowed.people["all"].intervals, zoomed.people["all"].intervals);
}

#[test]
fn a_run_in_pieces_is_a_run() {
    let world = surge(200.0, r#", timeout: "1s", retries: (attempts: 3)"#);
    let traffic = Traffic::Request { from: at(500.0), to: at(1_500.0) };
    let whole = follow(&world, LUCK, traffic).unwrap().outcome.provenance.digest;
    let mut pieces = Running::new(Arc::clone(&world), LUCK, traffic).unwrap();
    (1..=97).for_each(|piece| pieces.run_until(at(f64::from(piece) * 37.123_456_7)));
    pieces.run_until(world.horizon);
    assert_eq!(pieces.finish().outcome.provenance.digest, whole);
    let again = std::thread::scope(|scope| {
        scope.spawn(|| follow(&world, LUCK, traffic).unwrap().outcome.provenance.digest).join().unwrap()
    });
    assert_eq!(again, whole);
}

#[test]
fn a_run_that_is_ended_early_says_so() {
    let world = surge(200.0, "");
    let mut running = Running::new(Arc::clone(&world), LUCK, Traffic::every_request()).unwrap();
    running.run_until(at(90.0));
    let outcome = running.finish().outcome;
    let partial = outcome.partial.expect("a partial outcome");
    assert!((80.0..=90.0).contains(&partial.reached_s), "{partial:?}");
    let requests = &outcome.people["all"].requests;
    assert!((requests.intended / (200.0 * partial.reached_s) - 1.0).abs() < 0.05, "{requests:?}");
}

#[test]
fn requests_that_call_too_much_are_not_followed() {
    let world = world(
        r#"Scenario(format: 1, title: "calls", clock: (from: "2024-03-04T10:00", zone: "UTC", horizon: "1h"),
            sites: {"a": ()},
            services: {
                "web": (runs_at: {"a": (servers: 1)}, takes: fixed("1ms"), calls: [hard(to: "data", times: 500)]),
                "data": (runs_at: {"a": (servers: 1)}, takes: fixed("1us")),
            },
            features: {"page": (calls: [hard(to: "web", times: 50)])},
            people: {"all": (users: 1, uses: {"page": "1/h"}, served_by: "a")})"#,
    );
    let problem = follow(&world, LUCK, Traffic::every_request()).unwrap_err();
    assert_eq!(
        problem.to_string(),
        "one request of \"page\" makes 25050 calls: more than 10000 cannot be followed one by one"
    );
}

#[test]
fn who_is_served_when_shows_in_the_tail() {
    let tail = |discipline: &str| {
        let text = format!(
            r#"Scenario(format: 1, title: "disciplines",
            clock: (from: "2024-03-04T10:00", zone: "UTC", horizon: "2h", warm_up: "5min"),
            sites: {{"a": ()}},
            services: {{"web": (runs_at: {{"a": (servers: 1)}}, takes: exponential(mean: "10ms"), discipline: {discipline})}},
            features: {{"page": (calls: [hard(to: "web")])}},
            people: {{"all": (users: 1000, uses: {{"page": "288/h"}}, served_by: "a")}})"#
        );
        let latency =
            follow(&world(&text), LUCK, Traffic::every_request()).unwrap().outcome.people["all"].latency.all.clone();
        (latency.mean_s.unwrap(), latency.p99_s.unwrap())
    };
    let (fifo, lifo, shared) = (tail("fifo"), tail("lifo"), tail("processor_sharing"));
    // M/M/1 at 0.8: the same mean of 50 ms whoever comes next (Kleinrock 1976), and quite another tail.
    for (mean_s, _) in [fifo, lifo, shared] {
        assert!((mean_s / 0.05 - 1.0).abs() < 0.05, "{mean_s}");
    }
    assert!(lifo.1 > 1.5 * fifo.1 && shared.1 > 1.1 * fifo.1, "{fifo:?} {lifo:?} {shared:?}");
}

#[test]
fn idle_users_take_no_room() {
    // A million users who think for an hour: what is kept of each is when the next click comes.
    let text = r#"Scenario(format: 1, title: "idle", clock: (from: "2024-03-04T10:00", zone: "UTC", horizon: "1min"),
        sites: {"a": ()},
        services: {"web": (runs_at: {"a": (servers: 100)}, takes: fixed("10ms"))},
        features: {"page": (calls: [hard(to: "web")])},
        people: {"all": (users: 1_000_000, uses: {"page": "1/h"}, served_by: "a", waits_for_answers: true)})"#;
    let outcome = follow(&world(text), LUCK, Traffic::every_request()).unwrap().outcome;
    let clicks = outcome.people["all"].requests.intended;
    assert!((clicks / (1e6 / 60.0) - 1.0).abs() < 0.05, "{clicks}");
}
