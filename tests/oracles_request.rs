//! Exact answers, by requests that are followed one by one: through the front door, by replications.

mod common;

use common::{assert_mean, world};
use firedrill::metrics::{Outcome, ServiceOutcome};
use firedrill::rng::Luck;
use firedrill::run::{Traffic, follow};

/// The outcomes of replications of a scenario in which every request is followed.
fn replications(text: &str, count: u64) -> Vec<Outcome> {
    let world = world(text);
    (0..count)
        .map(|replication| {
            let luck = Luck { seed: 1, replication };
            follow(&world, luck, Traffic::every_request()).unwrap_or_else(|e| panic!("{e}")).outcome
        })
        .collect()
}

/// One station of a site with `per_s` Poisson arrivals a second, measured after a tenth of the time.
fn station(horizon_s: u64, per_s: f64, service: &str, feature: &str, people: &str) -> String {
    format!(
        r#"Scenario(format: 1, title: "oracle",
            clock: (from: "2023-01-02T00:00", zone: "UTC", horizon: "{horizon_s}s", warm_up: "{}s"),
            sites: {{"a": ()}},
            services: {{"work": (runs_at: {{"a": {service},
            features: {{"do": (calls: [hard(to: "work")]{feature})}},
            people: {{"all": (users: 1000, uses: {{"do": "{}/h"}}, served_by: "a"{people})}})"#,
        horizon_s / 10,
        per_s * 3.6
    )
}

/// Asserts the mean of a measure over replications: |z| at most 4, and a half-width below one percent.
#[track_caller]
fn check(outcomes: &[Outcome], what: &str, expected: f64, of: impl Fn(&ServiceOutcome) -> f64) {
    let values: Vec<f64> = outcomes.iter().map(|outcome| of(&outcome.services["work@a"])).collect();
    assert_mean(what, &values, expected, 0.01);
}

#[test]
fn o01_one_server() {
    let service = r#"(servers: 1)}, takes: exponential(mean: "100ms"))}"#;
    let outcomes = replications(&station(30_000, 8.0, service, "", ""), 40);
    check(&outcomes, "utilisation", 0.8, |w| w.utilisation);
    check(&outcomes, "probability of waiting", 0.8, |w| w.wait_probability);
    check(&outcomes, "wait", 0.4, |w| w.wait_mean_s);
    check(&outcomes, "sojourn", 0.5, |w| w.sojourn_mean_s);
    check(&outcomes, "waiting", 3.2, |w| w.queue_len_mean);
    check(&outcomes, "in the system", 4.0, |w| w.in_system_mean);
    check(&outcomes, "median sojourn", 0.346_573_590_279_972_64, |w| w.sojourn_p50_s.unwrap());
    check(&outcomes, "p95 sojourn", 1.497_866_136_776_995_4, |w| w.sojourn_p95_s.unwrap());
    check(&outcomes, "p99 sojourn", 2.302_585_092_994_046, |w| w.sojourn_p99_s.unwrap());
    check(&outcomes, "p95 wait", 1.386_294_361_119_890_6, |w| w.wait_p95_s);
    check(&outcomes, "p99 wait", 2.191_013_317_336_940_6, |w| w.wait_p99_s);
}
