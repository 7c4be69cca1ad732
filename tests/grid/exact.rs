//! What a queue does that is not at rest, against exact answers: users who give up, classes of priority.

use super::common::{assert_near, outcome, world};
use firedrill::metrics::Outcome;
use firedrill::num;
use firedrill::rng::Luck;
use firedrill::run::{Traffic, follow};

/// Workers of 200 ms, five times as many as can be served in a second, without any chance, and users who send four fifths of that: twice as
/// many from minute two, for a time.
fn surge(servers: u32, people: &str, feature: &str, lasts: &str) -> String {
    format!(
        r#"Scenario(format: 1, title: "a surge", clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "12m"),
        sites: {{"a": ()}}, services: {{"web": (runs_at: {{"a": (servers: {servers})}}, takes: fixed("200ms"))}},
        features: {{"do": (calls: [hard(to: "web")]{feature})}},
        people: {{"all": (users: {}, uses: {{"do": "1/min"}}, served_by: "a", arrivals: smooth{people})}},
        drill: [at("+2m", surge(of: "all", by: "x2", lasts: "{lasts}"))])"#,
        servers * 4 * 60
    )
}

fn followed(text: &str) -> Outcome {
    follow(&world(text), Luck { seed: 1, replication: 0 }, Traffic::every_request()).expect("few enough").outcome
}

/// Who gives up at one over `theta_s`, where 300 too many come for a time, and then 100 fewer than can be served.
fn given_up(theta_s: f64, lasts_s: f64) -> (f64, f64, f64) {
    let longest = 300.0 * theta_s * (1.0 - num::exp(-lasts_s / theta_s));
    let drains_s = theta_s * num::ln_1p(longest / (100.0 * theta_s));
    (300.0 * lasts_s - longest + longest - 100.0 * drains_s, longest, drains_s)
}

#[test]
fn an_overload_shorter_than_patience_makes_few_give_up() {
    for (lasts, lasts_s) in [("5s", 5.0), ("15s", 15.0), ("60s", 60.0), ("180s", 180.0)] {
        for patience_s in [10.0, 30.0, 300.0] {
            let text = surge(100, &format!(r#", patience: "{patience_s}s""#), "", lasts);
            let seen = outcome(&text);
            let (lost, longest, drains_s) = given_up(patience_s, lasts_s);
            let (people, web) = (&seen.people["all"], &seen.services["web@a"]);
            assert_near(&format!("{lasts} {patience_s}: lost"), people.requests.shed, lost, 2e-2);
            assert_near("given up", web.given_up, people.requests.shed, 1e-6);
            assert_near("longest", web.overloads[0].backlog_max, longest, 1e-2);
            assert_near("over", web.overloads[0].drained_at_s.unwrap(), 120.0 + lasts_s + drains_s, 2e-3);
            let ended =
                people.requests.served + people.requests.shed + people.requests.failed + people.requests.waiting;
            assert_near("all", ended, people.requests.intended, 1e-9);
        }
    }
}

#[test]
fn those_who_give_up_are_those_of_single_requests() {
    for lasts in ["15s", "60s"] {
        let text = surge(50, r#", patience: "30s""#, "", lasts);
        let (flow, single) = (outcome(&text), followed(&text));
        let (flow, single) = (&flow.people["all"], &single.people["all"]);
        assert_near("shed", flow.requests.shed, single.requests.shed, 0.05);
        assert_near("served", flow.requests.served, single.requests.served, 0.005);
        assert_near("mean", flow.latency.all.mean_s.unwrap(), single.latency.all.mean_s.unwrap(), 0.05);
        assert_near("p95", flow.latency.all.p95_s.unwrap(), single.latency.all.p95_s.unwrap(), 0.10);
    }
}

#[test]
fn each_class_waits_for_itself() {
    let text = |users: u32, places: u32| {
        format!(
            r#"Scenario(format: 1, title: "classes", clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "1h"),
            sites: {{"a": ()}},
            services: {{"web": (runs_at: {{"a": (servers: 10)}}, takes: exponential(mean: "1s"), queue: {places},
                sheds: by_priority(optional_up_to: "90%"))}},
            features: {{"exams": (calls: [hard(to: "web")], priority: critical), "lessons": (calls: [hard(to: "web")]),
                "feed": (calls: [hard(to: "web")], priority: optional)}},
            people: {{"all": (users: {users}, uses: {{"exams": "0.04/s", "lessons": "0.05/s", "feed": "0.02/s"}}, served_by: "a")}})"#
        )
    };
    for (users, places) in [(90, 20), (120, 20), (120, 5), (200, 50)] {
        let text = text(users, places);
        let (flow, single) = (outcome(&text), followed(&text));
        for name in ["exams", "lessons", "feed"] {
            let of = |outcome: &Outcome| outcome.people["all"].features[name].clone();
            let (flow, single) = (of(&flow), of(&single));
            let what = |measure: &str| format!("{users} {places} {name}: {measure}");
            assert!((flow.request_availability - single.request_availability).abs() < 0.02, "{}", what("served"));
            if name == "feed" {
                // Who is let in never waits.
                let mean_s = flow.latency.all.mean_s.unwrap_or(1.0);
                assert_near(&what("mean"), mean_s, 1.0, 5e-3);
                continue;
            }
            assert_near(&what("mean"), flow.latency.all.mean_s.unwrap(), single.latency.all.mean_s.unwrap(), 0.05);
            assert_near(&what("p95"), flow.latency.all.p95_s.unwrap(), single.latency.all.p95_s.unwrap(), 0.10);
        }
    }
}
