//! Background queues whose workers stop: with their place, with what they stand on, with a service that they need. And services
//! that start after others.

use crate::common::{assert_near, outcome, world};
use firedrill::metrics::QueueOutcome;
use firedrill::rng::Luck;
use firedrill::run::run;

/// One item a second comes, two a second can be done; who waits for them wants them within ten minutes.
fn mail(horizon: &str, drill: &str) -> String {
    format!(
        r#"Scenario(format: 1, title: "mail", clock: (from: "2024-03-04T00:00", zone: "UTC", horizon: "{horizon}"),
        sites: {{"a": (), "b": ()}}, links: [(between: ("a", "b"), rtt: "1ms")],
        components: {{"disk": (at: "a"), "power": (at: "a"), "other": (at: "a")}},
        services: {{"smtp": (runs_at: {{"a": (servers: 4, stands_on: all(["power"]))}}, takes: fixed("1ms")),
            "away": (runs_at: {{"b": (servers: 4)}}, takes: fixed("1ms"))}},
        queues: {{"mail": (at: "a", workers: 2, takes: fixed("1s"), stands_on: all(["disk"]), needs: ["smtp", "away"],
            fresh_within: "10m", also_fed: "1/s")}},
        features: {{"read": (calls: [hard(to: "away")], fresh: ["mail"])}},
        people: {{"all": (users: 100, uses: {{"read": "1/min"}}, served_by: "b")}},
        drill: [{drill}])"#
    )
}

fn queue(horizon: &str, drill: &str) -> QueueOutcome {
    outcome(&mail(horizon, drill)).queues["mail"].clone()
}

fn crash(of: &str) -> String {
    format!(r#"at("+1h", crash(of: "{of}", repaired_after: "1h"))"#)
}

#[test]
fn workers_stop_with_whatever_they_need_and_go_on_when_it_is_back() {
    for of in ["a", "disk", "power", "b"] {
        let seen = queue("6h", &crash(of));
        assert_near(of, seen.backlog_max, 3_600.0, 1e-6);
        assert_near(of, seen.backlog_max_at_s, 7_200.0, 1e-6);
        assert_near(of, seen.age_max_s, 3_600.0, 1e-6);
        // From the eleventh minute without workers until what waits is younger again: it gets a second younger each second.
        assert_near(of, seen.stale_s, 3_000.0 + 3_000.0, 1e-6);
        assert_near(of, seen.done, 6.0 * 3_600.0, 1e-6);
        assert!(seen.backlog.abs() < 1e-6);
    }
    let untouched = queue("6h", &crash("other"));
    assert_eq!((untouched.stale_s, untouched.backlog_max), (0.0, 0.0));
}

#[test]
fn a_queue_that_is_stale_makes_those_stale_who_wait_for_it() {
    let seen = outcome(&mail("6h", &crash("disk")));
    let all = &seen.people["all"];
    assert_near("stale", all.stale_s, 6_000.0, 1e-9);
    assert_eq!(all.downtime_s, 0.0);
    assert_near("from", all.intervals[0].from_s, 4_200.0, 1e-9);
    assert_near("to", all.intervals[0].to_s, 10_200.0, 1e-9);
    // An outage that is over before the eleventh minute is felt by nobody.
    let short = outcome(&mail("6h", r#"at("+1h", crash(of: "disk", repaired_after: "9m"))"#));
    assert_eq!((short.people["all"].stale_s, short.queues["mail"].stale_s), (0.0, 0.0));
    assert_near("backlog", short.queues["mail"].backlog_max, 540.0, 1e-6);
}

/// A line of the story that has these words, and all that led to it, the first cause last.
fn causes(text: &str, words: &str) -> Vec<String> {
    let story = run(&world(text), Luck { seed: 1, replication: 0 }).story;
    let mut at = story.iter().position(|line| line.text.contains(words));
    let mut told = Vec::new();
    while let Some(line) = at.map(|at| &story[at]) {
        told.push(line.text.clone());
        at = line.because;
    }
    told
}

#[test]
fn what_a_queue_does_has_a_cause() {
    for of in ["disk", "power", "a"] {
        for words in ["mail stands still", "mail gets stale", "mail works again", "mail is fresh again"] {
            let told = causes(&mail("6h", &crash(of)), words);
            assert!(told.len() > 1 && told.last().is_some_and(|first| first.contains(of)), "{of} {words}: {told:?}");
        }
    }
}

/// A database and what starts after it, in ten minutes, at one site.
fn ordered(rides_out: &str, drill: &str) -> [f64; 2] {
    let text = format!(
        r#"Scenario(format: 1, title: "one after the other", clock: (from: "2024-03-04T00:00", zone: "UTC", horizon: "6h"),
        sites: {{"a": ()}}, components: {{"disk": (at: "a"), "cable": (at: "a")}},
        services: {{"db": (runs_at: {{"a": (servers: 4, stands_on: all(["disk"]))}}, takes: fixed("1ms"), starts_in: "5m"{rides_out}),
            "app": (runs_at: {{"a": (servers: 4, stands_on: all(["cable"]))}}, takes: fixed("1ms"), starts_in: "10m", starts_after: ["db"])}},
        maintenance: {{"m": (starts: "+3h", announced: "30m", takes: fixed("30m"), takes_down: ["disk"])}},
        features: {{"query": (calls: [hard(to: "db")]), "use": (calls: [hard(to: "app")])}},
        people: {{"x": (users: 100, uses: {{"query": "1/min"}}, served_by: "a"), "y": (users: 100, uses: {{"use": "1/min"}}, served_by: "a")}},
        drill: [{drill}])"#
    );
    let seen = outcome(&text);
    ["x", "y"].map(|of| seen.people[of].downtime_s / 60.0 - if of == "x" { 30.0 } else { 0.0 })
}

#[test]
fn a_service_starts_when_what_it_starts_after_serves() {
    let crash = |of: &str, lasts: &str| format!(r#"at("+1h", crash(of: "{of}", repaired_after: "{lasts}"))"#);
    // Down for twenty minutes and five to start; what runs already does not stop for it.
    assert_eq!(ordered("", &crash("disk", "20m")), [25.0, 0.0]);
    assert_eq!(ordered("", &crash("cable", "20m")), [0.0, 30.0]);
    // Both: the second waits for the first, and then takes its own time.
    assert_eq!(ordered("", &crash("a", "20m")), [25.0, 35.0]);
    // A short one is ridden out; one that is a little longer is not.
    let rides = r#", rides_out: "20m""#;
    assert_eq!(ordered(rides, &crash("disk", "20m")), [20.0, 0.0]);
    assert_eq!(ordered(rides, &crash("disk", "21m")), [26.0, 0.0]);
}
