//! How users follow to another site, and what is told of it.

use crate::common::world;
use firedrill::rng::Luck;
use firedrill::run::run;

/// The times at which a line with these words is told, in seconds after the crash.
fn told(steer: &str, words: &str) -> Vec<f64> {
    let text = format!(
        r#"Scenario(format: 1, title: "followers", clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "4h"),
        sites: {{"east": (), "west": ()}}, groups: {{"home": (members: ["east", "west"])}},
        services: {{"web": (runs_at: {{"east": (servers: 4), "west": (servers: 4)}}, takes: fixed("1ms"))}},
        features: {{"read": (calls: [hard(to: "web")])}},
        people: {{"readers": (users: 60, uses: {{"read": "1/min"}}, served_by: "home")}},
        strategies: {{"s": (failover: {{"home": (detect: instant, steer: {steer})}})}},
        drill: [at("+1h", crash(of: "east"))])"#
    );
    let story = run(&world(&text), Luck { seed: 1, replication: 0 }).story;
    story.iter().filter(|line| line.text.contains(words)).map(|line| line.at_s - 3_600.0).collect()
}

#[test]
fn users_have_moved_when_the_last_of_them_has() {
    assert_eq!((told("at_once", "are led to west"), told("at_once", "have all moved")), (vec![0.0], vec![0.0]));
    assert_eq!(
        (told(r#"ramp("10m")"#, "are led to west"), told(r#"ramp("10m")"#, "have all moved")),
        (vec![0.0], vec![600.0])
    );
}

#[test]
fn where_nobody_calls_by_name_no_record_runs_out() {
    assert!(told(r#"ramp("10m")"#, "the records of its callers").is_empty());
}
