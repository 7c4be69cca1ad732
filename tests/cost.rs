//! What a run is going to cost is said before it starts: from the file alone, and about right.

mod common;

use common::world;
use firedrill::engine::Engine;
use firedrill::observe::{Interval, Observation, Observer};
use firedrill::rng::Luck;
use firedrill::run::{Cost, Traffic, follow};
use firedrill::units::{Duration, Time};
use firedrill::world::World;

const LUCK: Luck = Luck { seed: 1, replication: 0 };

#[derive(Default)]
struct Spans(u64);

impl Observer for Spans {
    fn saw(&mut self, _: &World, _: &Observation) {}

    fn flowed(&mut self, _: &World, _: &Interval) {
        self.0 += 1;
    }
}

fn scenario(horizon: &str, users: u32, feature: &str, more: &str) -> String {
    format!(
        r#"Scenario(format: 1, title: "cost", clock: (from: "2024-01-01T00:00", zone: "UTC", horizon: "{horizon}"),
        sites: {{"here": ()}},
        services: {{
            "web": (runs_at: {{"here": (servers: 5, workers: 10)}}, takes: exponential(mean: "100ms"), queue: 500, calls: [hard(to: "core", times: 2)]),
            "core": (runs_at: {{"here": (servers: 8, workers: 10)}}, takes: exponential(mean: "20ms")),
        }},
        features: {{"page": (calls: [hard(to: "web")]{feature})}},
        people: {{"all": (users: {users}, uses: {{"page": "6/min"}}, served_by: "here")}}, {more})"#
    )
}

#[track_caller]
fn about(what: &str, expected: f64, got: f64, factor: f64) {
    assert!(got <= factor * expected && expected <= factor * got, "{what}: expected {expected}, and there were {got}");
}

#[test]
fn spans_are_foreseen_to_a_factor_of_five() {
    let read = |path: &str| std::fs::read_to_string(path).unwrap();
    let drill: String =
        (0..40).map(|i| format!(r#"at("+{}m", slow(service: "web", by: "x2", lasts: "5min")),"#, 15 * i)).collect();
    let drilled = scenario("12h", 1_000, "", &format!("drill: [{drill}]"));
    for (name, text) in [
        ("October", read("scenarios/itslearning-2016-10.ron")),
        ("March", read("scenarios/itslearning-2020-03.ron")),
        ("a drill", drilled),
    ] {
        let world = world(&text);
        let mut spans = Spans::default();
        Engine::new(world.clone(), LUCK).run(&mut spans);
        let cost = Cost::of(&world, Traffic::Flow);
        about(name, cost.spans, spans.0 as f64, 5.0);
    }
}

#[test]
fn events_of_requests_are_foreseen_to_a_factor_of_two() {
    let world = world(&scenario("10min", 800, "", ""));
    let cost = Cost::of(&world, Traffic::every_request());
    let run = follow(&world, LUCK, Traffic::every_request()).unwrap();
    about("events", cost.events, run.outcome.traffic.events as f64, 2.0);
    // Of half of it half.
    let half = Traffic::Request { from: Time::ZERO, to: Time::ZERO.after(Duration::from_seconds(300.0)) };
    about("half", cost.events / 2.0, Cost::of(&world, half).events, 1.001);
}

#[test]
fn what_takes_more_than_a_minute_is_said_with_the_reason() {
    let quick = Cost::of(&world(&scenario("1d", 1_000, "", "")), Traffic::Flow);
    assert_eq!(quick.words(1.0), None);
    let many = quick.words(1e9).unwrap();
    assert!(many.starts_with("1000000000 runs may take about "), "{many}");

    let crowd = world(&scenario("1d", 60_000, "", ""));
    let words = Cost::of(&crowd, Traffic::every_request()).words(1.0).unwrap();
    assert!(
        words.starts_with("this run may take about ") && words.contains(r#"requests for "page" of "all""#),
        "{words}"
    );
}
