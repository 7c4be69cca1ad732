//! Checks that get lost: how often a healthy member is taken for down, by how many of those who watch it.

use crate::common::{assert_mean, outcome_of, world};

/// Two sites that are watched from three others, each linked to the first of them alone.
fn watched(detect: &str, horizon: &str, drill: &str) -> String {
    format!(
        r#"Scenario(format: 1, title: "watched", clock: (from: "2024-03-04T00:00", zone: "UTC", horizon: "{horizon}"),
        sites: {{"east": (), "west": (), "hill": (), "lake": (), "moor": ()}},
        links: [(between: ("east", "west"), rtt: "4ms"), (between: ("east", "hill"), rtt: "4ms"),
            (between: ("east", "lake"), rtt: "4ms"), (between: ("east", "moor"), rtt: "4ms")],
        groups: {{"home": (members: ["east", "west"])}},
        strategies: {{"s": (failover: {{"home": (detect: {detect})}})}},
        drill: [{drill}])"#
    )
}

/// When the first failure was taken to have happened, and when it was noticed, in seconds of the run.
fn first(text: &str, replications: u64) -> Vec<(f64, f64)> {
    let world = world(text);
    let one = |replication| {
        let seen = outcome_of(&world, replication);
        let failover = seen.failovers.first()?;
        Some((failover.failed_at_s, failover.failed_at_s + failover.phases[0].took_s))
    };
    let found: Vec<(f64, f64)> = (0..replications).filter_map(one).collect();
    assert_eq!(found.len() as u64, replications, "there is an alarm in every run");
    found
}

#[test]
fn a_false_alarm_takes_as_many_as_still_have_to_agree() {
    // One check in ten is lost, a second apart; two rounds in a row have to fail. A round fails with two of three: 2.8%; with
    // one of the two who can see, when the third cannot: 19%; with both of the two who live: 1%.
    let detect = r#"probe(every: "1s", fails: 2, from: ["hill", "lake", "moor"], quorum: 2, loss: "10%")"#;
    let rounds = |p: f64| (1.0 - p * p) / (p * p * (1.0 - p));
    for (drill, horizon, p) in [
        ("", "8h", 0.028),
        (r#"at("+1s", cut(between: ("east", "hill")))"#, "1h", 0.19),
        (r#"at("+1s", crash(of: "hill"))"#, "2d", 0.01),
    ] {
        let found: Vec<f64> = first(&watched(detect, horizon, drill), 300).iter().map(|(at, _)| at - 1.0).collect();
        assert_mean(drill, &found, rounds(p), 0.15);
    }
}

#[test]
fn what_a_line_loses_and_what_a_sick_member_loses_get_lost_both() {
    // Half of what is left of 80% arrives: 60% are lost, and of those before two in ten were. Until three in a row are lost:
    // (p^-3 - p^-j) / (1 - p) signs, where j are lost already, which is 8.66 on average.
    let detect = r#"probe(every: "10s", fails: 3, loss: "20%")"#;
    let drill = r#"at("+10s", gray(of: "east", loses: "50%"))"#;
    let found: Vec<f64> = first(&watched(detect, "2h", drill), 400).iter().map(|(_, noticed)| noticed - 10.0).collect();
    assert_mean("noticed", &found, 5.0 + 76.6, 0.1);
    // Without a sick member nobody notices anything for a long time: 155 signs.
    let found: Vec<f64> = first(&watched(detect, "8h", ""), 400).iter().map(|(_, noticed)| *noticed).collect();
    assert_mean("false", &found, 1_550.0, 0.12);
}

#[test]
fn of_those_who_watch_as_many_as_agree_notice() {
    // Each sees the crash at a phase of its own: of three the first, the second, the last, after 2.5, 5 and 7.5 seconds.
    for (quorum, after_s) in [(1, 2.5), (2, 5.0), (3, 7.5)] {
        let detect = format!(r#"probe(every: "10s", fails: 1, checkers: 3, quorum: {quorum})"#);
        let found = first(&watched(&detect, "1h", r#"at("+10m", crash(of: "east"))"#), 400);
        let delays: Vec<f64> = found.iter().map(|(failed, noticed)| noticed - failed).collect();
        assert_mean(&detect, &delays, after_s, 0.1);
        assert!(delays.iter().all(|delay| (0.0..=10.0).contains(delay)));
    }
}
