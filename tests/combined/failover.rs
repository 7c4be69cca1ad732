//! Detection and failover where several things happen at once: what is seen changes while somebody watches, orders cannot be
//! carried out, and whoever hands over dies.

use crate::common::{assert_mean, outcome, outcome_of, world};
use firedrill::metrics::{FailoverOutcome, Outcome, PhaseOutcome};
use firedrill::rng::Luck;
use firedrill::run::{Traffic, follow, run};
use firedrill::world::{PhaseKind, World};

/// People who are served by the active one of two sites, under a policy.
fn two_sites(policy: &str, more: &str, drill: &str) -> std::sync::Arc<World> {
    with_a_witness(&format!(r#"failover: {{"home": ({policy})}}"#), more, drill)
}

/// Two sites and a third that only watches, all linked, under a strategy.
fn with_a_witness(strategy: &str, more: &str, drill: &str) -> std::sync::Arc<World> {
    world(&format!(
        r#"Scenario(format: 1, title: "two sites and a witness",
            clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "4h"),
            sites: {{"east": (), "west": (), "hill": ()}},
            links: [(between: ("east", "west"), rtt: "4ms"), (between: ("east", "hill"), rtt: "4ms"),
                (between: ("west", "hill"), rtt: "4ms")],
            groups: {{"home": (members: ["east", "west"])}},
            services: {{"web": (runs_at: {{"east": (servers: 4), "west": (servers: 4)}}, takes: fixed("20ms"))}},
            features: {{"read": (calls: [hard(to: "web")])}},
            people: {{"readers": (users: 60, uses: {{"read": "1/s"}}, served_by: "home")}},
            {more}
            strategies: {{"only": ({strategy})}},
            drill: [{drill}])"#
    ))
}

fn story(world: &std::sync::Arc<World>) -> String {
    let lines = run(world, Luck { seed: 1, replication: 0 }).story;
    lines.iter().map(|line| format!("{} {}\n", line.at, line.text)).collect()
}

/// Seconds from a time of the run until the first failover is noticed.
fn noticed(outcome: &Outcome, since_s: f64) -> Option<f64> {
    let failover = outcome.failovers.first()?;
    Some(failover.failed_at_s + failover.phases[0].took_s - since_s)
}

fn phases(failover: &FailoverOutcome) -> Vec<(PhaseKind, f64, bool)> {
    failover.phases.iter().map(|p| (p.phase, p.took_s, p.ok)).collect()
}

fn delays(detect: &str, drill: &str, since_s: f64, replications: u64) -> Vec<f64> {
    let world = two_sites(&format!("detect: {detect}"), "", drill);
    (0..replications).filter_map(|r| noticed(&outcome_of(&world, r), since_s)).collect()
}

#[test]
fn a_gray_failure_that_becomes_a_crash_is_noticed_as_a_crash() {
    let drill = r#"at("+1h", gray(of: "east", loses: "4%")), at("+70min", crash(of: "east"))"#;
    let found = delays(r#"probe(every: "20s", fails: 4)"#, drill, 4_200.0, 400);
    assert_eq!(found.len(), 400);
    assert!(found.iter().all(|delay| (0.0..=80.0).contains(delay)));
    // Of the last checks j were lost in proportion to 0.04^j: those count.
    let (weights, sum) = ([1.0, 0.04, 0.0016, 0.000_064], 1.041_664);
    let standing: f64 = weights.iter().enumerate().map(|(j, w)| j as f64 * w / sum).sum();
    assert_mean("gray, then dead", &found, (3.0 - standing + 0.5) * 20.0, 0.02);
    // Heartbeats, likewise: from the last that arrived.
    let drill = r#"at("+1h", gray(of: "east", loses: "30%")), at("+62min", crash(of: "east"))"#;
    let found = delays(r#"heartbeat(every: "1s", grace: "30s")"#, drill, 3_720.0, 400);
    assert_mean("heartbeats", &found, 30.0 - 0.5 - 0.3 / 0.7, 0.02);
}

#[test]
fn a_member_that_is_back_before_it_is_noticed_was_never_missed() {
    let detect = r#"probe(every: "30s", fails: 3, from: ["west", "hill"], quorum: 1)"#;
    let short = r#"at("+1h", cut(between: ("east", "west"), lasts: "40s"))"#;
    // There is a way over the hill.
    assert!(delays(detect, short, 3_600.0, 50).is_empty());
    let both = |lasts: &str| {
        format!(
            r#"at("+1h", cut(between: ("east", "west"), lasts: "{lasts}")),
               at("+1h", cut(between: ("east", "hill"), lasts: "{lasts}"))"#
        )
    };
    assert!(delays(detect, &both("55s"), 3_600.0, 50).is_empty());
    assert_eq!(delays(detect, &both("10min"), 3_600.0, 50).len(), 50);
    // A blink between two failures: where no check fell into it, nobody has seen it.
    let twice = r#"at("+1h", crash(of: "east", repaired_after: "50s")), at("+3655s", crash(of: "east"))"#;
    let found = delays(detect, twice, 3_600.0, 600);
    let unseen = found.iter().filter(|delay| **delay < 90.0).count() as f64;
    // Of two checkers one decides, and a check of each falls into the five seconds one time in six.
    assert!((unseen / 600.0 - 35.0 / 36.0).abs() < 0.03, "{unseen} of 600");
}

#[test]
fn lossy_heartbeats_are_missed_by_their_own_law() {
    let gray = r#"at("+1h", gray(of: "east", loses: "5%", lasts: "1h"))"#;
    for detect in [r#"heartbeat(every: "1s", grace: "10s")"#, r#"phi_accrual(threshold: 8, mean: "1s")"#] {
        assert!(delays(detect, gray, 3_600.0, 100).is_empty(), "{detect}");
    }
    // Three in a row of which half get lost: every 14 on average, the first half an interval after the start.
    let half = r#"at("+1h", gray(of: "east", loses: "50%"))"#;
    let found = delays(r#"heartbeat(every: "1s", grace: "3s")"#, half, 3_600.0, 3_000);
    assert_mean("heartbeats", &found, 13.5, 0.04);
    // VRRP takes three advertisements, too, and then its skew.
    let found = delays(r#"vrrp(priority: 128, advert: "1s")"#, half, 3_600.0, 3_000);
    assert_mean("vrrp", &found, 14.0, 0.04);
    // Raft: each of the followers counts for itself, so that it is sooner.
    let raft = r#"raft(followers: 4, timeout: ("300ms", "300ms"), heartbeat: "100ms")"#;
    let alone = delays(r#"heartbeat(every: "100ms", grace: "300ms")"#, half, 3_600.0, 500);
    let found = delays(raft, half, 3_600.0, 500);
    assert_eq!(found.len(), 500);
    assert!(found.iter().sum::<f64>() < 0.6 * alone.iter().sum::<f64>());
}

#[test]
fn timers_run_from_the_last_sign() {
    let crash = r#"at("+1h", crash(of: "east"))"#;
    let uniform = |detect: &str, least: f64, most: f64| {
        let found = delays(detect, crash, 3_600.0, 1_000);
        assert!(found.iter().all(|d| (least..=most).contains(d)), "{detect}");
        assert_mean(detect, &found, (least + most) / 2.0, 0.02);
        assert!(found.iter().any(|d| *d < least + 0.05 * (most - least)), "{detect}");
        assert!(found.iter().any(|d| *d > most - 0.05 * (most - least)), "{detect}");
    };
    uniform(r#"vrrp(priority: 100, advert: "1s")"#, 2.609_375, 3.609_375);
    uniform(r#"vrrp(priority: 100, advert: "1s", version: 3)"#, 2.609_375, 3.609_375);
    // In version 3 the skew is a part of the interval.
    uniform(r#"vrrp(priority: 192, advert: "100ms", version: 3)"#, 0.225, 0.325);
    uniform(r#"vrrp(priority: 192, advert: "100ms")"#, 0.45, 0.55);
    uniform(r#"phi_accrual(threshold: 2, mean: "1s")"#, 3.605_170_185, 4.605_170_186);
    // The next check waits for the timeout of the last.
    uniform(r#"probe(every: "10s", fails: 3, timeout: "5s", in_turn: true)"#, 35.0, 45.0);
    uniform(r#"probe(every: "10s", fails: 3, timeout: "5s")"#, 25.0, 35.0);
}

#[test]
fn split_votes_take_another_timeout() {
    let crash = r#"at("+1h", crash(of: "east"))"#;
    let median = |timeout: &str| {
        let raft = format!(r#"raft(followers: 4, timeout: {timeout}, heartbeat: "75ms", votes: "15ms")"#);
        let mut found = delays(&raft, crash, 3_600.0, 1_001);
        found.sort_by(f64::total_cmp);
        found.get(500).copied()
    };
    // Ongaro, Consensus: Bridging Theory and Practice, 2014, figure 9.1: 287 ms; with 150 to 300 ms few votes are split.
    let narrow = median(r#"("150ms", "155ms")"#).unwrap();
    assert!((narrow / 0.287 - 1.0).abs() < 0.1, "{narrow}");
    let wide = median(r#"("150ms", "300ms")"#).unwrap();
    assert!((0.13..0.19).contains(&wide), "{wide}");
    // Whoever draws no timeout splits the vote for ever: no leader in this run.
    assert_eq!(median(r#"("150ms", "150ms")"#), None);
}

#[test]
fn watchers_that_are_dead_do_not_vote() {
    let five = r#"probe(every: "2s", fails: 5, from: ["east", "east", "east", "west", "hill"])"#;
    assert!(delays(five, r#"at("+1h", crash(of: "east"))"#, 3_600.0, 20).is_empty());
    // Of three on three sites a majority is left.
    let three = r#"probe(every: "2s", fails: 5, from: ["east", "west", "hill"])"#;
    assert_eq!(delays(three, r#"at("+1h", crash(of: "east"))"#, 3_600.0, 20).len(), 20);
    // The witness is down, and noticed is what it sees once it is back.
    let late = r#"at("+50min", crash(of: "hill", repaired_after: "20min")), at("+1h", crash(of: "east"))"#;
    let found = delays(three, late, 4_200.0, 50);
    assert_eq!(found.len(), 50);
    assert!(found.iter().all(|d| (8.0..=10.0).contains(d)), "{found:?}");
}

#[test]
fn who_dies_while_it_hands_over_has_failed() {
    let store = r#"stores: {"notes": (primary: "home", replicas: {"west": shipped(every: "10m", takes: "2m")}, also_written: "10/s")},"#;
    let policy = r#"detect: instant, fence: (takes: fixed("20s")), promote: (takes: fixed("40s"))"#;
    let order = r#"at("+1h", fail_over(group: "home", to: "west")), at("+3630s", crash(of: "east"))"#;
    let world = two_sites(policy, store, order);
    for replication in 0..20 {
        let outcome = outcome_of(&world, replication);
        let failover = &outcome.failovers[0];
        assert!(!failover.planned);
        assert_eq!((failover.failed_at_s, failover.time_to_restore_s), (3_630.0, Some(30.0)));
        assert_eq!(phases(failover)[..2], [(PhaseKind::Fence, 20.0, true), (PhaseKind::Promote, 40.0, true)]);
        // What had not been shipped at its death: from 2 to 12 minutes.
        let lost = outcome.stores["notes"].writes_lost;
        assert!((1_199.0..=7_201.0).contains(&lost), "{lost}");
        assert_eq!(outcome.groups["home"].split_brains, 0);
    }
    // Without its death nothing is.
    let alive = outcome_of(&two_sites(policy, store, r#"at("+1h", fail_over(group: "home", to: "west"))"#), 0);
    assert_eq!(alive.stores["notes"].writes_lost, 0.0);
    assert!(alive.failovers[0].planned);
    // Back before the switch: it is called off, with the phase that was under way.
    let back =
        r#"at("+1h", fail_over(group: "home", to: "west")), at("+3630s", crash(of: "east", repaired_after: "10s"))"#;
    let back = outcome_of(&two_sites(policy, store, back), 0);
    assert_eq!(back.failovers[0].ended, "called off");
    assert_eq!(phases(&back.failovers[0]), [(PhaseKind::Fence, 20.0, true), (PhaseKind::Promote, 20.0, false)]);
    assert_eq!(back.stores["notes"].writes_lost, 0.0);
}

#[test]
fn an_order_that_loses_its_target_leaves_everything_as_it_was() {
    let policy = r#"detect: instant, promote: (takes: fixed("60s"))"#;
    let drills = [
        r#"at("+3630s", crash(of: "west"))"#,
        r#"at("+3630s", cut(between: ("east", "west"))), at("+3630s", cut(between: ("west", "hill")))"#,
    ];
    for drill in drills {
        let world = two_sites(policy, "", &format!(r#"at("+1h", fail_over(group: "home", to: "west")), {drill}"#));
        let outcome = outcome_of(&world, 0);
        assert_eq!(outcome.failovers.len(), 1);
        assert_eq!((outcome.failovers[0].ended.as_str(), &outcome.failovers[0].to), ("called off", &None));
        assert_eq!(phases(&outcome.failovers[0]), [(PhaseKind::Promote, 30.0, false)]);
        assert_eq!(outcome.people["readers"].downtime_s, 0.0);
        assert!(story(&world).contains("switchover to west called off"));
    }
}

#[test]
fn an_order_that_cannot_be_carried_out_leaves_a_trace() {
    let ordered = |policy: &str, to: &str, drill: &str| {
        let strategy = format!(
            r#"failover: {{"home": ({policy})}},
               runbook: {{"move": (at: "09:00", does: [switch_over(group: "home", to: "{to}"), tell("we move")])}}"#
        );
        let world = with_a_witness(&strategy, "", drill);
        (outcome_of(&world, 0), story(&world))
    };
    let cases = [
        (
            "detect: instant",
            "west",
            r#"at("08:30", crash(of: "west"))"#,
            "move: home: switchover to west refused, that is down",
        ),
        ("detect: instant", "east", "", "move: home: switchover to east refused, that is active already"),
        (
            "detect: instant",
            "west",
            r#"at("08:59", cut(between: ("east", "west"))), at("08:59", cut(between: ("west", "hill")))"#,
            "move: home: switchover to west refused, the active member cannot reach it",
        ),
        (
            r#"detect: instant, promote: (takes: fixed("10min"))"#,
            "west",
            r#"at("08:55", fail_over(group: "home", to: "west"))"#,
            "move: home: switchover to west refused, it is failing over already",
        ),
    ];
    for (policy, to, drill, words) in cases {
        let (outcome, story) = ordered(policy, to, drill);
        assert_eq!(outcome.procedures["move"].ended, "refused", "{words}");
        assert_eq!(outcome.procedures["move"].done_at_s, None);
        assert!(story.contains(words) && !story.contains("move is in effect"), "{story}");
    }
    let (outcome, _) = ordered("detect: instant", "west", "");
    assert_eq!(outcome.procedures["move"].ended, "done");
    // People may move away from a gray member that nothing has noticed yet.
    let slow = r#"detect: probe(every: "10min", fails: 3)"#;
    let (outcome, story) = ordered(slow, "west", r#"at("08:59", gray(of: "east", loses: "20%"))"#);
    assert_eq!((outcome.procedures["move"].ended.as_str(), outcome.failovers.len()), ("done", 1), "{story}");
}

#[test]
fn a_failover_by_hand_before_anything_is_noticed_loses_what_a_crash_loses() {
    let store = r#"stores: {"notes": (primary: "home", replicas: {"west": shipped(every: "10m", takes: "2m")}, also_written: "10/s")},"#;
    let drill = r#"at("+1h", crash(of: "east")), at("+61min", fail_over(group: "home", to: "west"))"#;
    let policy = r#"detect: probe(every: "10min", fails: 3), promote: (takes: fixed("30s"))"#;
    let outcome = outcome_of(&two_sites(policy, store, drill), 0);
    assert_eq!(outcome.failovers.len(), 1);
    assert!(!outcome.failovers[0].planned);
    assert_eq!(outcome.failovers[0].time_to_restore_s, Some(90.0));
    assert!(outcome.stores["notes"].writes_lost >= 1_200.0);
}

#[test]
fn two_take_writes_only_where_nobody_asked_the_first_to_stop() {
    let brains = |policy: &str, drill: &str| outcome_of(&two_sites(policy, "", drill), 0).groups["home"].split_brains;
    let order = r#"at("+1h", fail_over(group: "home", to: "west"))"#;
    let hand = r#"detect: instant, promote: (takes: fixed("60s"), fails: "100%"), if_it_fails: by_hand(fixed("5min"))"#;
    assert_eq!(brains(hand, order), 0);
    let cut = r#"at("+1h", cut(between: ("east", "west"))), at("+1h", cut(between: ("east", "hill")))"#;
    let watched = r#"detect: probe(every: "1s", fails: 3, from: ["west", "hill"])"#;
    assert_eq!(brains(watched, cut), 1);
    assert_eq!(brains(&format!(r#"{watched}, fence: (takes: fixed("1s"))"#), cut), 0);
    let by_hand = r#", promote: (takes: fixed("1s"), fails: "100%"), if_it_fails: by_hand(fixed("5min"))"#;
    assert_eq!(brains(&format!("{watched}{by_hand}"), cut), 1);
    // What is done by hand has its time in the list.
    let outcome = outcome_of(&two_sites(hand, "", order), 0);
    assert_eq!(
        phases(&outcome.failovers[0])[..2],
        [(PhaseKind::Promote, 60.0, false), (PhaseKind::ByHand, 300.0, true)]
    );
    assert_eq!(outcome.failovers[0].ended, "by hand");
    assert!(outcome.failovers[0].planned);
}

/// Seconds in which writers are down, where a cluster of voters needs a majority.
fn without_a_majority(voters: &str, stands_on: &str, cuts: &str) -> f64 {
    let text = format!(
        r#"Scenario(format: 1, title: "voters",
            clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "30m"),
            sites: {{"a": (), "b": (), "c": ()}},
            links: [(between: ("a", "b"), rtt: "1ms"), (between: ("a", "c"), rtt: "1ms"), (between: ("b", "c"), rtt: "1ms")],
            components: {{{voters}}},
            services: {{"db": (runs_at: {{"a": (servers: 4)}}, takes: fixed("2ms"), stands_on: {stands_on})}},
            features: {{"insert": (calls: [hard(to: "db")])}},
            people: {{"writers": (users: 10, uses: {{"insert": "1/s"}}, served_by: "a")}},
            drill: [{cuts}])"#
    );
    outcome_of(&world(&text), 0).people["writers"].downtime_s
}

#[test]
fn the_side_without_a_majority_stops() {
    let three = r#""v1": (at: "a"), "v2": (at: "b"), "v3": (at: "c")"#;
    let two_of_three = r#"k_of_n(2, ["v1", "v2", "v3"])"#;
    let off = |site: &str, others: [&str; 2]| {
        let cut = |other| format!(r#"at("+10m", cut(between: ("{site}", "{other}"), lasts: "5m"))"#);
        format!("{}, {}", cut(others[0]), cut(others[1]))
    };
    assert_eq!(without_a_majority(three, two_of_three, &off("a", ["b", "c"])), 300.0);
    assert_eq!(without_a_majority(three, two_of_three, &off("b", ["a", "c"])), 0.0);
    assert_eq!(without_a_majority(three, two_of_three, r#"at("+10m", cut(between: ("a", "b")))"#), 0.0);
    // A cluster that stands nowhere in particular: up on the side of the majority, and out of reach from the other.
    let cluster = format!(r#"{three}, "cluster": (stands_on: {two_of_three})"#);
    assert_eq!(without_a_majority(&cluster, r#"all(["cluster"])"#, &off("a", ["b", "c"])), 300.0);
    assert_eq!(without_a_majority(&cluster, r#"all(["cluster"])"#, &off("c", ["a", "b"])), 0.0);
    // A node at a site counts what it reaches, too.
    let at_a = format!(r#"{three}, "cluster": (at: "a", stands_on: {two_of_three})"#);
    assert_eq!(without_a_majority(&at_a, r#"all(["cluster"])"#, &off("a", ["b", "c"])), 300.0);
    // Death and a cut together.
    let both =
        r#"at("+5m", crash(of: "v3")), at("+10m", cut(between: ("a", "b"))), at("+10m", cut(between: ("b", "c")))"#;
    assert_eq!(without_a_majority(three, two_of_three, both), 1_200.0);
}

/// A service that calls a database by the name of its group.
fn by_name(steer: &str, drill: &str) -> std::sync::Arc<World> {
    world(&format!(
        r#"Scenario(format: 1, title: "by name",
            clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "20min"),
            sites: {{"front": (), "a": (), "b": ()}},
            links: [(between: ("front", "a"), rtt: "1ms"), (between: ("front", "b"), rtt: "1ms"), (between: ("a", "b"), rtt: "1ms")],
            groups: {{"writer": (members: ["a", "b"])}},
            services: {{
                "app": (runs_at: {{"front": (servers: 20)}}, takes: fixed("5ms"), calls: [hard(to: "db", at: "writer")]),
                "db": (runs_at: {{"a": (servers: 8), "b": (servers: 8)}}, takes: fixed("2ms")),
            }},
            features: {{"get": (calls: [hard(to: "app")])}},
            people: {{"users": (users: 20, uses: {{"get": "1/s"}}, served_by: "front")}},
            strategies: {{"f": (failover: {{"writer": (detect: instant, promote: (takes: fixed("10s")), steer: {steer})}})}},
            drill: [{drill}])"#
    ))
}

#[test]
fn services_follow_a_name_when_their_record_runs_out() {
    let crash = r#"at("+60s", crash(of: "a"))"#;
    let down = |outcome: &Outcome| outcome.people["users"].downtime_s;
    for (steer, expected) in [
        ("at_once", 10.0),
        (r#"ramp("30s")"#, 40.0),
        (r#"dns(ttl: "60s")"#, 70.0),
        (r#"dns(ttl: "60s", ignored_by: "100%", ignored_for: "5min")"#, 310.0),
    ] {
        let world = by_name(steer, crash);
        let flows = outcome_of(&world, 0);
        assert_eq!(down(&flows), expected, "{steer}");
        let followed = follow(&world, Luck { seed: 1, replication: 0 }, Traffic::every_request()).unwrap().outcome;
        // Twenty requests a second were not served.
        let requests = &followed.people["users"].requests;
        let lost_s = (requests.intended - requests.served) / 20.0;
        assert!((lost_s - expected).abs() <= 1.0 + 0.1 * expected, "{steer}: {lost_s} s by single requests");
        let last = flows.failovers[0].phases.last().unwrap();
        let steered = if last.phase == PhaseKind::Steer { last.took_s } else { 0.0 };
        assert_eq!(steered, expected - 10.0, "{steer}");
    }
    let dns = r#"dns(ttl: "60s")"#;
    // The old one is back after 30 s: it serves those who still go there.
    assert_eq!(down(&outcome_of(&by_name(dns, r#"at("+60s", crash(of: "a", repaired_after: "30s"))"#), 0)), 30.0);
    // A switchover hurts nobody while the old one goes on.
    assert_eq!(down(&outcome_of(&by_name(dns, r#"at("+60s", fail_over(group: "writer", to: "b"))"#), 0)), 0.0);
    // And there again before the records have run out: those who looked up before look up once.
    let twice = r#"at("+60s", crash(of: "a", repaired_after: "20s")), at("+85s", fail_over(group: "writer", to: "a"))"#;
    assert_eq!(down(&outcome_of(&by_name(dns, twice), 0)), 20.0);
}

#[test]
fn nobody_takes_over_who_is_seen_to_fail() {
    // Two components at one site, all of which is gray: each would be as bad as the other.
    let world = world(
        r#"Scenario(format: 1, title: "one site", clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "4h"),
            sites: {"east": ()}, components: {"a": (at: "east"), "b": (at: "east")}, groups: {"pair": (members: ["a", "b"])},
            strategies: {"only": (failover: {"pair": (detect: instant)})},
            drill: [at("+1h", gray(of: "east", loses: "100%", lasts: "1h")), at("+150min", gray(of: "a", loses: "30%"))])"#,
    );
    let outcome = outcome_of(&world, 0);
    let to: Vec<_> = outcome.failovers.iter().map(|f| (f.failed_at_s, f.to.clone())).collect();
    // Neither while both are gray, and that is told; then away from the one that is.
    assert_eq!(to, [(3_600.0, None), (9_000.0, Some("b".to_owned()))]);
    assert_eq!(outcome.failovers[0].failure.as_deref(), Some("no member is left to go to"));
    assert_eq!(outcome.failovers[0].time_to_restore_s, Some(3_600.0));
    assert_eq!(outcome.groups["pair"].split_brains, 1);
}

#[test]
fn nobody_fails_back_to_a_member_that_is_gray() {
    let policy = r#"detect: instant, failback: after("10min")"#;
    let gray = |lasts: &str| format!(r#"at("+1h", gray(of: "east", loses: "40%", lasts: "{lasts}"))"#);
    for (lasts, back_s) in [("30min", Some(6_000.0)), ("4h", None)] {
        let outcome = outcome_of(&two_sites(policy, "", &gray(lasts)), 0);
        let at: Vec<f64> = outcome.failovers.iter().map(|f| f.failed_at_s).collect();
        assert_eq!(at, [Some(3_600.0), back_s].into_iter().flatten().collect::<Vec<f64>>(), "{lasts}");
    }
    // Nor where the way to it is cut; once it is there again, it has to work for as long as it says.
    let cut = r#"at("+1h", crash(of: "east", repaired_after: "1min")),
        at("+1h", cut(between: ("east", "west"), lasts: "1h")), at("+1h", cut(between: ("east", "hill"), lasts: "1h"))"#;
    let outcome = outcome_of(&two_sites(policy, "", cut), 0);
    assert_eq!(outcome.failovers.iter().map(|f| f.failed_at_s).collect::<Vec<f64>>(), [3_600.0, 7_800.0]);
}

#[test]
fn two_spells_that_meet_are_one() {
    for detect in [
        r#"probe(every: "1min", fails: 4)"#,
        r#"heartbeat(every: "10s", grace: "80s")"#,
        r#"raft(followers: 4, timeout: ("30s", "50s"), heartbeat: "10s", votes: "1s")"#,
    ] {
        for loses in ["50%", "100%"] {
            let one = format!(r#"at("+1h", gray(of: "east", loses: "{loses}", lasts: "1h"))"#);
            let two = format!(
                r#"at("+1h", gray(of: "east", loses: "{loses}", lasts: "65s")),
                    at("+3665s", gray(of: "east", loses: "{loses}", lasts: "3535s"))"#
            );
            assert_eq!(delays(detect, &one, 3_600.0, 60), delays(detect, &two, 3_600.0, 60), "{detect} {loses}");
        }
    }
}

#[test]
fn a_checker_that_has_seen_the_member_well_again_counts_anew() {
    // The checker in the west has no way to the east for hours: the one on the hill is what matters. It sees the member dead
    // for two minutes, and well for a long time.
    let detect = r#"probe(every: "20s", fails: 3, timeout: "5s", from: ["west", "hill"], quorum: 2)"#;
    let drill = r#"at("+10min", crash(of: "west")), at("+20min", crash(of: "east", repaired_after: "2min")),
        at("+1h", crash(of: "west")), at("+2h", crash(of: "east"))"#;
    assert!(delays(detect, drill, 7_200.0, 20).is_empty());
    let drill = r#"at("+10min", cut(between: ("west", "hill"))), at("+10min", cut(between: ("west", "east"))),
        at("+20min", crash(of: "hill", repaired_after: "100min")), at("+2h", crash(of: "east"))"#;
    let found = delays(detect, drill, 7_200.0, 40);
    assert_eq!(found.len(), 40);
    assert!(found.iter().all(|delay| (45.0..=65.0).contains(delay)), "{found:?}");
    let drill = r#"at("+10min", cut(between: ("west", "hill"))), at("+10min", cut(between: ("west", "east"))),
        at("+20min", gray(of: "east", loses: "100%", lasts: "46s")), at("+2h", crash(of: "east"))"#;
    let world = two_sites(&format!("detect: {detect}"), "", drill);
    for replication in 0..40 {
        let first = outcome_of(&world, replication).failovers[0].clone();
        let noticed_s = first.failed_at_s + first.phases[0].took_s;
        // Noticed in the spell, or as late as it takes after the crash.
        assert!(noticed_s < 1_250.0 || (7_245.0..=7_265.0).contains(&noticed_s), "{noticed_s}");
    }
}

/// Two sites; an hour into the run something happens.
fn dies_meanwhile(failover: &str, store: &str, drill: &str) -> Outcome {
    outcome(&format!(
        r#"Scenario(format: 1, title: "meanwhile", clock: (from: "2024-03-04T00:00", zone: "UTC", horizon: "10h"),
        sites: {{"a": (), "b": ()}}, links: [(between: ("a", "b"), rtt: "2ms")], groups: {{"home": (members: ["a", "b"])}},
        services: {{"web": (runs_at: {{"a": (servers: 8), "b": (servers: 8)}}, takes: exponential(mean: "5ms"), {store}}},
        features: {{"lessons": (calls: [hard(to: "web")])}},
        people: {{"schools": (users: 600, uses: {{"lessons": "1/min"}}, served_by: "home")}},
        strategies: {{"s": (failover: {{"home": ({failover})}})}}, drill: [{drill}])"#
    ))
}

fn phases_until_the_switch_s(failover: &FailoverOutcome) -> f64 {
    let before = |phase: &&PhaseOutcome| !matches!(phase.phase, PhaseKind::Steer | PhaseKind::Verify);
    failover.phases.iter().filter(before).map(|phase| phase.took_s).sum()
}

#[test]
fn who_dies_after_a_false_alarm_has_failed_then_and_not_before() {
    // Two false alarms within minutes are next to sure: a fifth of all checks is lost. People take two hours to decide.
    let failover = r#"detect: probe(every: "10s", fails: 2, loss: "20%"), decide: people(takes: fixed("2h"))"#;
    let seen = dies_meanwhile(failover, ")", r#"at("01:00", crash(of: "a"))"#);
    let died = &seen.failovers[0];
    assert_eq!((died.failed_at_s, died.ended.as_str(), died.false_alarm), (3_600.0, "switched", false));
    let restored = died.time_to_restore_s.unwrap();
    assert!(restored > 3_600.0 && restored < 7_200.0, "{restored}");
    // The phases had begun with the alarm.
    let alarm_s = died.failed_at_s + restored - phases_until_the_switch_s(died);
    assert!(alarm_s > 0.0 && alarm_s < 600.0, "{alarm_s}");
    assert_eq!(seen.people["schools"].downtime_s, restored);
    // One that is back before they have decided goes on.
    let seen = dies_meanwhile(failover, ")", r#"at("01:00", crash(of: "a", repaired_after: "30m"))"#);
    let back = &seen.failovers[0];
    assert_eq!((back.failed_at_s, back.ended.as_str(), back.time_to_restore_s), (3_600.0, "called off", Some(1_800.0)));
}

#[test]
fn the_phases_of_one_that_died_during_its_switchover_add_up_from_its_order_on() {
    let store = r#"writes: {"db": 1})}, stores: {"db": (primary: "home", replicas: {"a": async(applies: "50/s"), "b": async(applies: "8/s")})"#;
    for died_at in ["01:00:30", "01:05"] {
        let drill = format!(
            r#"at("01:00", fail_over(group: "home", to: "b")), at("{died_at}", crash(of: "a", repaired_after: "1h"))"#
        );
        let seen = dies_meanwhile(r#"detect: instant, fence: (takes: fixed("1m"))"#, store, &drill);
        let failover = &seen.failovers[0];
        assert_eq!((failover.ended.as_str(), failover.planned), ("switched", false));
        // Ordered at 01:00, and the time to restore counts from its death.
        let switched_s = failover.failed_at_s + failover.time_to_restore_s.unwrap();
        assert_eq!(3_600.0 + phases_until_the_switch_s(failover), switched_s, "{failover:?}");
    }
}
