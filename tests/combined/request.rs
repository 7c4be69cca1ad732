//! Single requests, whatever happens around them: faults, waits, caches, seams. Each case has a right answer of its own.

use crate::common::{assert_near, outcome_of, world};
use firedrill::metrics::{Outcome, PeopleOutcome, ServiceOutcome};
use firedrill::observe::ServiceLevel;
use firedrill::rng::Luck;
use firedrill::run::{Traffic, follow};
use firedrill::units::{Duration, Time};

fn followed_in(text: &str, seed: u64, traffic: Traffic) -> Outcome {
    let luck = Luck { seed, replication: 0 };
    follow(&world(text), luck, traffic).unwrap_or_else(|e| panic!("{e}")).outcome
}

fn followed(text: &str) -> Outcome {
    followed_in(text, 1, Traffic::every_request())
}

fn between(text: &str, from_s: f64, to_s: f64) -> Outcome {
    let at = |s: f64| Time::ZERO.after(Duration::from_seconds(s));
    followed_in(text, 1, Traffic::Request { from: at(from_s), to: at(to_s) })
}

/// Nothing is below zero, no share is above one, and what came went or is there.
#[track_caller]
fn conserved(outcome: &Outcome) {
    let close = |a: f64, b: f64| (a - b).abs() <= 1e-6 * a.abs().max(1.0);
    for (name, people) in &outcome.people {
        let features = people.features.values().flat_map(|feature| {
            let phases = &feature.phases;
            [&feature.requests, &phases.before, &phases.during, &phases.after]
        });
        for r in features.chain([&people.requests]) {
            let ended = r.served + r.failed + r.shed + r.never_sent;
            assert!(close(r.carried_over + r.intended, ended + r.waiting), "{name}: {r:?}");
            let all = [r.carried_over, r.intended, r.served, r.degraded, r.failed, r.shed, r.never_sent, r.waiting];
            assert!(all.iter().all(|n| *n >= 0.0) && r.degraded <= r.served, "{name}: {r:?}");
        }
        assert!(people.requests.overdue <= people.requests.waiting, "{name}: {:?}", people.requests);
        assert!((0.0..=1.0).contains(&people.request_availability), "{name}: {}", people.request_availability);
        assert!((0.0..=1.0).contains(&people.user_uptime), "{name}: {}", people.user_uptime);
    }
    for (name, s) in &outcome.services {
        assert!(close(s.carried_over + s.arrived, s.served + s.lost + s.still_there), "{name}: {s:?}");
        let shares = [s.wait_probability, s.utilisation, s.block_probability];
        assert!(shares.iter().all(|share| (0.0..=1.0 + 1e-9).contains(share)), "{name}: {s:?}");
        let all = [s.carried_over, s.arrived, s.served, s.lost, s.still_there, s.given_up, s.queue_len_mean];
        assert!(all.iter().all(|n| *n >= 0.0) && s.given_up <= s.lost, "{name}: {s:?}");
    }
}

/// A site with a service, a feature and users.
fn site(horizon: &str, sites: &str, services: &str, feature: &str, people: &str, rest: &str) -> String {
    format!(
        r#"Scenario(format: 1, title: "requests", clock: (from: "2024-03-04T08:00", zone: "UTC", {horizon}),
        sites: {{{sites}}}, components: {{"box": (), "part": ()}}, services: {{{services}}},
        features: {{"get": ({feature})}}, people: {{"u": ({people}, served_by: "s")}}, {rest})"#
    )
}

/// A server stands still for twenty seconds: a backlog of 800 then, gone after 13.3 more.
fn standstill() -> String {
    let services = r#""web": (runs_at: {"s": (servers: 1)}, takes: fixed("10ms"))"#;
    let people = r#"users: 40, uses: {"get": "1/s"}, arrivals: smooth"#;
    let drill = r#"drill: [at("+0s", slow(service: "web", by: "x1000000", lasts: "20s"))]"#;
    site(r#"horizon: "100s""#, r#""s": ()"#, services, r#"calls: [hard(to: "web")]"#, people, drill)
}

fn users(outcome: &Outcome) -> &PeopleOutcome {
    &outcome.people["u"]
}

fn service<'o>(outcome: &'o Outcome, name: &str) -> &'o ServiceOutcome {
    &outcome.services[name]
}

// ---- How it feels ----------------------------------------------------------------------------------------------------

#[test]
fn an_outage_is_as_long_as_it_is_whatever_the_rate_and_the_horizon() {
    let web = |more: &str| format!(r#""web": (runs_at: {{"s": (servers: 400{more})}}, takes: fixed("5ms"))"#);
    let on_box = web(r#", stands_on: all(["box"])"#);
    for (services, fault) in [
        (web(""), r#"crash(of: "s", repaired_after: "60s")"#),
        (on_box.clone(), r#"crash(of: "box", repaired_after: "60s")"#),
        (on_box, r#"gray(of: "box", loses: "100%", lasts: "60s")"#),
        (web(""), r#"gray(of: "s", loses: "80%", lasts: "60s")"#),
    ] {
        for horizon in ["10m", "1h", "1d"] {
            for (users_n, each) in [(10, "1/s"), (10, "1/min"), (10, "2/h"), (100, "1/s")] {
                if horizon == "1d" && users_n == 100 {
                    continue;
                }
                let people = format!(r#"users: {users_n}, uses: {{"get": "{each}"}}"#);
                let drill = format!(r#"drill: [at("+5m", {fault})]"#);
                let horizon = format!(r#"horizon: "{horizon}""#);
                let calls = r#"calls: [hard(to: "web")]"#;
                let outcome = followed(&site(&horizon, r#""s": ()"#, &services, calls, &people, &drill));
                let down: Vec<(f64, f64)> = users(&outcome)
                    .intervals
                    .iter()
                    .filter(|interval| interval.mood == ServiceLevel::Down)
                    .map(|interval| (interval.from_s, interval.to_s))
                    .collect();
                assert_eq!(down, [(300.0, 360.0)], "{fault} {horizon} {people}");
                assert_eq!(users(&outcome).downtime_s, 60.0);
                assert_eq!(users(&outcome).degraded_s, 0.0, "{fault} {horizon} {people}");
                conserved(&outcome);
            }
        }
    }
}

#[test]
fn an_overload_is_felt_and_its_end_too() {
    // A hundred times as slow for five minutes: everything comes too late, and at once in time again.
    let services = r#""web": (runs_at: {"s": (servers: 4)}, takes: fixed("50ms"), queue: 8)"#;
    let drill = r#"drill: [at("+10m", slow(service: "web", by: "x100", lasts: "5m"))]"#;
    let calls = r#"calls: [hard(to: "web")], timeout: "2s""#;
    for each in ["1/s", "10/min"] {
        let people = format!(r#"users: 20, uses: {{"get": "{each}"}}"#);
        let outcome = followed(&site(r#"horizon: "1h""#, r#""s": ()"#, services, calls, &people, drill));
        assert_eq!(users(&outcome).downtime_s, 300.0, "{each}");
        conserved(&outcome);
    }
}

#[test]
fn whoever_is_never_answered_has_not_been_served() {
    let web = |takes: &str| format!(r#""web": (runs_at: {{"s": (servers: 1000)}}, takes: fixed("{takes}"))"#);
    let people = r#"users: 10, uses: {"get": "1/min"}"#;
    let retries = r#"calls: [hard(to: "web")], timeout: "1s", retries: (attempts: 1000, after: "5s")"#;
    let outcome = followed(&site(r#"horizon: "1h""#, r#""s": ()"#, &web("2s"), retries, people, ""));
    assert_eq!((users(&outcome).request_availability, users(&outcome).downtime_s), (0.0, 3_600.0));
    assert!(users(&outcome).requests.overdue > 0.9 * users(&outcome).requests.intended);
    conserved(&outcome);
    // No timeout, and no answer within the run: nobody believes in one after a minute.
    let patient = r#"calls: [hard(to: "web")]"#;
    let outcome = followed(&site(r#"horizon: "1h""#, r#""s": ()"#, &web("2h"), patient, people, ""));
    assert_eq!(users(&outcome).request_availability, 0.0);
    assert!((3_400.0..3_540.0).contains(&users(&outcome).downtime_s), "{}", users(&outcome).downtime_s);
    assert!(users(&outcome).user_uptime < 0.05, "{}", users(&outcome).user_uptime);
    conserved(&outcome);
    // What is only under way at the end has not failed.
    let outcome = followed(&site(r#"horizon: "1h""#, r#""s": ()"#, &web("30s"), patient, people, ""));
    assert_eq!((users(&outcome).request_availability, users(&outcome).downtime_s), (1.0, 0.0));
    assert!(users(&outcome).requests.waiting > 0.0);
}

#[test]
fn a_call_that_is_made_now_and_then_is_missed_now_and_then() {
    for (kind, times, share) in [("hard", 0.2, 0.2), ("soft", 0.2, 0.2), ("hard", 0.05, 0.05), ("soft", 1.5, 1.0)] {
        for fault in [r#"crash(of: "box", repaired_after: "1h")"#, r#"gray(of: "box", loses: "100%", lasts: "1h")"#] {
            let services = format!(
                r#""web": (runs_at: {{"s": (servers: 100)}}, takes: fixed("10ms"), calls: [{kind}(to: "id", times: {times})]),
                "id": (runs_at: {{"s": (servers: 10, stands_on: all(["box"]))}}, takes: fixed("10ms"))"#
            );
            let people = r#"users: 1000, uses: {"get": "1/min"}, arrivals: smooth"#;
            let drill = format!(r#"drill: [at("+1h", {fault})]"#);
            let calls = r#"calls: [hard(to: "web")]"#;
            let text = site(r#"horizon: "3h""#, r#""s": ()"#, &services, calls, people, &drill);
            for outcome in [followed(&text), outcome_of(&world(&text), 0)] {
                let felt = users(&outcome);
                assert_eq!((felt.downtime_s, felt.degraded_s), (0.0, 3_600.0), "{kind} {times} {fault}");
                let missed = if kind == "hard" { felt.requests.failed } else { felt.requests.degraded };
                assert_near("requests that miss it", missed, share * 60_000.0, 0.03);
                conserved(&outcome);
            }
        }
    }
}

// ---- What stands in line ---------------------------------------------------------------------------------------------

#[test]
fn what_was_under_way_when_measuring_began_is_told_apart() {
    let services = r#""web": (runs_at: {"s": (servers: 10000)}, takes: fixed("10s"))"#;
    let people = r#"users: 100, uses: {"get": "1/s"}, arrivals: smooth,
        active: points([("0s", "100%"), ("60s", "100%"), ("60s", "10%")])"#;
    let clock = r#"horizon: "100s", warm_up: "50s""#;
    let outcome = followed(&site(clock, r#""s": ()"#, services, r#"calls: [hard(to: "web")]"#, people, ""));
    let r = &users(&outcome).requests;
    // A hundred a second for ten seconds are there; then as many come for ten seconds, and ten a second for forty.
    assert_near("carried over", r.carried_over, 1_000.0, 0.002);
    assert_near("intended", r.intended, 1_400.0, 0.002);
    assert_near("still there", r.waiting, 100.0, 0.02);
    assert_eq!(r.failed + r.shed, 0.0);
    assert_eq!(users(&outcome).request_availability, 1.0);
    assert_near("sojourn", service(&outcome, "web@s").sojourn_mean_s, 10.0, 1e-9);
    conserved(&outcome);
}

#[test]
fn the_length_of_a_queue_is_its_mean_over_time() {
    let services = r#""web": (runs_at: {"s": (servers: 10)}, takes: fixed("100ms"))"#;
    let people = r#"users: 150, uses: {"get": "1/s"}, arrivals: smooth"#;
    let text = site(r#"horizon: "100s""#, r#""s": ()"#, services, r#"calls: [hard(to: "web")]"#, people, "");
    for outcome in [followed(&text), outcome_of(&world(&text), 0), between(&text, 40.0, 70.0)] {
        assert_near("mean backlog", service(&outcome, "web@s").queue_len_mean, 2_500.0, 0.002);
        conserved(&outcome);
    }
}

#[test]
fn whoever_waits_in_line_meets_what_is_there_when_it_is_his_turn() {
    let services = r#"
        "app": (runs_at: {"s": (servers: 1)}, takes: fixed("5ms"), calls: [hard(to: "db", at: "writer", gives_up_after: "10s")]),
        "db": (runs_at: {"a": (servers: 8), "b": (servers: 8)}, takes: fixed("2ms"))"#;
    let rest = r#"links: [(between: ("s", "a"), rtt: "1ms"), (between: ("s", "b"), rtt: "1ms")],
        groups: {"writer": (members: ["a", "b"])},
        strategies: {"f": (failover: {"writer": (detect: instant, promote: (takes: fixed("10s")))})},
        drill: [at("+60s", crash(of: "a"))]"#;
    let people = r#"users: 2, uses: {"get": "1/s"}, arrivals: smooth"#;
    let sites = r#""s": (), "a": (), "b": ()"#;
    let outcome = followed(&site(r#"horizon: "10m""#, sites, services, r#"calls: [hard(to: "app")]"#, people, rest));
    // One has called while nobody was there; the others waited behind him for up to ten seconds.
    assert_eq!(users(&outcome).requests.failed, 1.0);
    assert_eq!(users(&outcome).downtime_s, 10.0);
    let wait_max_s = users(&outcome).latency.all.mean_s.unwrap() * users(&outcome).requests.served;
    assert_near("waits of twenty people", wait_max_s, (1..20).map(|n| f64::from(n) / 2.0).sum::<f64>(), 0.15);
    conserved(&outcome);
}

#[test]
fn nobody_waits_longer_than_the_longest_wait() {
    let outcome = followed(&standstill());
    let web = service(&outcome, "web@s");
    assert_near("mean wait", web.wait_mean_s, 13_333.0 / 4_000.0, 0.005);
    assert_near("mean number waiting", web.queue_len_mean, 133.3, 0.005);
    assert!(web.overloads[0].wait_max_s <= 20.0 && web.overloads[0].wait_max_s > 19.8, "{:?}", web.overloads);
    conserved(&outcome);
}

#[test]
fn whoever_waits_where_a_stretch_begins_has_waited_since_he_came() {
    // The stretch begins while the backlog fills, or while it drains.
    let text = standstill();
    for from_s in [15.0, 25.0, 30.0] {
        let outcome = between(&text, from_s, 100.0);
        let web = service(&outcome, "web@s");
        assert_near("mean wait", web.wait_mean_s, 13_333.0 / 4_000.0, 0.01);
        assert!(web.overloads[0].wait_max_s <= 20.1 && web.overloads[0].wait_max_s > 19.8, "{:?}", web.overloads);
        conserved(&outcome);
    }
    // A storm of retries that keeps itself up: nobody can have waited for longer than since it began.
    let services = r#""web": (runs_at: {"s": (servers: 3)}, takes: exponential(mean: "100ms"))"#;
    let people = r#"users: 280, uses: {"get": "6/min"}"#;
    let drill = r#"drill: [at("+60s", slow(service: "web", by: "x1000000", lasts: "10s"))]"#;
    let calls = r#"calls: [hard(to: "web")], timeout: "1s", retries: (attempts: 2)"#;
    let text = site(r#"horizon: "20m""#, r#""s": ()"#, services, calls, people, drill);
    let expected_s = service(&outcome_of(&world(&text), 0), "web@s").wait_mean_s;
    let outcome = between(&text, 900.0, 1_200.0);
    let web = service(&outcome, "web@s");
    assert!(web.overloads[0].wait_max_s < 1_140.0, "{:?}", web.overloads);
    assert_near("mean wait", web.wait_mean_s, expected_s, 0.1);
    conserved(&outcome);
}

#[test]
fn an_outage_goes_on_as_long_as_the_line_that_it_has_left_is_too_long() {
    // Ten seconds in which nothing moves leave a line of 300. It gets shorter by ten a second: until it takes less than a second,
    // whoever asks asks for nothing.
    let services = r#""web": (runs_at: {"s": (servers: 2)}, takes: fixed("50ms"))"#;
    let people = r#"users: 30, uses: {"get": "1/s"}, arrivals: smooth"#;
    let drill = r#"drill: [at("+60s", slow(service: "web", by: "x1000000", lasts: "10s"))]"#;
    let calls = r#"calls: [hard(to: "web")], timeout: "1s""#;
    let text = site(r#"horizon: "10m""#, r#""s": ()"#, services, calls, people, drill);
    let outcome = followed(&text);
    let down: Vec<(f64, f64)> = users(&outcome)
        .intervals
        .iter()
        .filter(|interval| interval.mood == ServiceLevel::Down)
        .map(|interval| (interval.from_s, interval.to_s))
        .collect();
    // At forty a second, a line of forty takes a second: 26 s later.
    assert_eq!(down.len(), 1, "{down:?}");
    assert_eq!(down[0].0, 60.0);
    assert_near("until somebody is answered in time", down[0].1, 96.0, 0.02);
    conserved(&outcome);
}

#[test]
fn a_stretch_that_begins_in_an_overload_counts_everybody_once() {
    let services = r#""web": (runs_at: {"s": (servers: 2)}, takes: exponential(mean: "100ms"), calls: [hard(to: "db")]),
        "db": (runs_at: {"s": (servers: 1)}, takes: exponential(mean: "50ms"))"#;
    let people = r#"users: 100, uses: {"get": "12/min"},
        active: points([("0s", "100%"), ("5m", "100%"), ("5m", "30%")])"#;
    for feature in ["", r#", timeout: "2s", retries: (attempts: 3, after: "1s")"#, r#", timeout: "1s", cancels: true"#]
    {
        let feature = format!(r#"calls: [hard(to: "web")]{feature}"#);
        for clock in [r#"horizon: "15m""#, r#"horizon: "15m", warm_up: "4m""#] {
            let text = site(clock, r#""s": ()"#, services, &feature, people, "");
            for (from_s, to_s) in [(0.0, 900.0), (150.0, 900.0), (270.0, 320.0), (150.0, 200.0)] {
                conserved(&between(&text, from_s, to_s));
            }
        }
    }
}

#[test]
fn a_storm_is_told_with_shares_wherever_a_stretch_begins() {
    let text = include_str!("../../scenarios/retry-storm.ron");
    for (from_s, to_s) in [(900.0, 1_800.0), (600.0, 660.0), (63.5, 75.25)] {
        conserved(&between(text, from_s, to_s));
    }
}

#[test]
fn whoever_waits_where_a_stretch_ends_has_waited_since_he_came() {
    // The stretch ends while the backlog fills, or while it drains.
    let text = standstill();
    for to_s in [5.0, 15.0, 25.0, 30.0] {
        for from_s in [0.0, 2.0] {
            let outcome = between(&text, from_s, to_s);
            let web = service(&outcome, "web@s");
            assert_near("mean wait", web.wait_mean_s, 13_333.0 / 4_000.0, 0.01);
            assert!(web.overloads[0].wait_max_s <= 20.1 && web.overloads[0].wait_max_s > 19.8, "{:?}", web.overloads);
            conserved(&outcome);
        }
    }
    // Who arrives after x seconds of the standstill waits for 20 - 0.6 x: too long for all until x is 16.68.
    let hasty = text.replace(r#"calls: [hard(to: "web")]"#, r#"calls: [hard(to: "web")], timeout: "10s""#);
    for (from_s, to_s) in [(0.0, 100.0), (0.0, 15.0), (5.0, 100.0), (15.0, 100.0), (5.0, 15.0), (22.0, 24.0)] {
        let outcome = between(&hasty, from_s, to_s);
        assert_near(&format!("{from_s} to {to_s}"), users(&outcome).requests.failed, 40.0 * (20.0 - 9.99) / 0.6, 0.01);
        conserved(&outcome);
    }
}

#[test]
fn more_requests_than_there_is_room_for_are_refused_and_what_fits_is_said() {
    let refused = |users: u32, from_s: f64, to_s: f64| {
        let services = r#""web": (runs_at: {"s": (servers: 10)}, takes: fixed("100ms"))"#;
        let people = format!(r#"users: {users}, uses: {{"get": "1/s"}}, arrivals: smooth"#);
        let text = site(r#"horizon: "10m""#, r#""s": ()"#, services, r#"calls: [hard(to: "web")]"#, &people, "");
        let at = |s: f64| Time::ZERO.after(Duration::from_seconds(s));
        let traffic = Traffic::Request { from: at(from_s), to: at(to_s) };
        follow(&world(&text), Luck { seed: 1, replication: 0 }, traffic)
            .map(|run| run.outcome)
            .map_err(|e| e.to_string())
    };
    // 9,900 more wait each second.
    let words = refused(10_000, 300.0, 301.0).unwrap_err();
    assert!(words.contains("at Mon 04 Mar 08:05:00 2971000 requests") && words.contains("web@s"), "{words}");
    assert!(words.contains("2000000 at a time") && words.contains("begins by Mon 04 Mar 08:03:22"), "{words}");
    // Of those that wait when it begins all can be followed, but more come.
    let words = refused(400_000, 0.0, 600.0).unwrap_err();
    assert!(words.contains("Mon 04 Mar 08:00:05") && words.contains("`--to`"), "{words}");
    conserved(&refused(400_000, 0.0, 2.0).unwrap());
}

#[test]
fn after_a_surge_whoever_stays_goes_on_clicking() {
    let clicks = |until: &str| {
        let services = r#""web": (runs_at: {"s": (servers: 100)}, takes: exponential(mean: "100ms"))"#;
        let people = r#"users: 2000, uses: {"get": "1/min"}, waits_for_answers: true"#;
        let drill = r#"drill: [at("+5m", surge(of: "u", by: "x3", lasts: "5m"))]"#;
        let text = site(
            &format!(r#"horizon: "{until}""#),
            r#""s": ()"#,
            services,
            r#"calls: [hard(to: "web")]"#,
            people,
            drill,
        );
        let outcome = followed(&text);
        conserved(&outcome);
        users(&outcome).requests.intended
    };
    // The four thousand that were too many are gone at once; of the two thousand that stay each clicks once a minute.
    let (before, after) = (clicks("10m"), clicks("11m"));
    let expected = 2_000.0 / 60.1 * 60.0;
    assert!((after - before - expected).abs() < 4.0 * expected.sqrt(), "{}", after - before);
}

// ---- Servers and caches ----------------------------------------------------------------------------------------------

#[test]
fn a_server_that_dies_gets_its_share_until_it_is_found_out() {
    for (count, picks) in [(2.0, "round_robin"), (4.0, "random")] {
        for fails in [1.0, 10.0] {
            let services = format!(
                r#""web": (runs_at: {{"s": (pool: "node", workers: 8)}}, takes: fixed("5ms"), balancer: (picks: {picks},
                checks: (every: "10s", timeout: "1s", fails: {fails}, passes: 1, panic_below: "0%")))"#
            );
            let people = r#"users: 50, uses: {"get": "1/s"}"#;
            let text = site(
                r#"horizon: "15m""#,
                r#""s": ()"#,
                &services,
                r#"calls: [hard(to: "web")], timeout: "5s""#,
                people,
                r#"drill: [at("+5m", crash(of: "node", members: 1, repaired_after: "5m"))]"#,
            )
            .replace(r#""part": ()"#, &format!(r#""node": (at: "s", count: {count}, needs: 1)"#));
            for seed in 1..5 {
                let luck = Luck { seed, replication: 0 };
                let flowed = firedrill::run::run(&world(&text), luck).outcome;
                let single = followed_in(&text, seed, Traffic::every_request());
                // The same checks at the same times in both.
                let felt_s = users(&single).degraded_s;
                assert!(felt_s > (fails - 1.0) * 10.0 && felt_s <= fails * 10.0, "{picks} {fails}: {felt_s}");
                assert_eq!(felt_s, users(&flowed).degraded_s, "{picks} {fails}");
                let expected = 50.0 * felt_s / count;
                assert_near("flow", users(&flowed).requests.failed, expected, 1e-6);
                let seen = users(&single).requests.failed;
                assert!((seen - expected).abs() < 5.0 * expected.sqrt() + 1.0, "{picks} {fails}: {seen}, {expected}");
                assert_eq!(service(&single, "web@s").ejections, 1);
                conserved(&single);
            }
        }
    }
}

#[test]
fn a_cold_cache_meets_a_stampede_unless_one_calls_for_all() {
    let calls_of = |misses: &str| {
        let services = format!(
            r#""web": (runs_at: {{"s": (servers: 1000)}}, takes: fixed("0s"), calls: [hard(to: "db")],
                cache: (keys: 1, zipf: 0, holds: 1{misses})),
            "db": (runs_at: {{"s": (servers: 1000)}}, takes: fixed("5s"))"#
        );
        let people = r#"users: 100, uses: {"get": "1/s"}, arrivals: smooth"#;
        let text = site(r#"horizon: "1m""#, r#""s": ()"#, &services, r#"calls: [hard(to: "web")]"#, people, "");
        let outcome = followed(&text);
        conserved(&outcome);
        let latency = &users(&outcome).latency.all;
        (service(&outcome, "db@s").arrived, users(&outcome).requests.served, latency.mean_s.unwrap())
    };
    // A hundred a second for five seconds, until the first answer has come.
    let (calls, served, mean_s) = calls_of("");
    assert!((499.0..=501.0).contains(&calls), "{calls}");
    assert_near("each waits for its own", mean_s, 500.0 * 5.0 / served, 0.01);
    let (calls, served, mean_s) = calls_of(", misses: one_calls");
    assert_eq!(calls, 1.0);
    assert_near("all wait for the first", mean_s, 500.0 * 2.5 / served, 0.01);
}

#[test]
fn where_the_one_who_asks_for_all_gets_no_answer_the_next_one_asks() {
    let services = r#""web": (runs_at: {"s": (servers: 1000)}, takes: fixed("0s"), calls: [hard(to: "db")],
            cache: (keys: 1, zipf: 0, holds: 1, misses: one_calls)),
        "db": (runs_at: {"s": (servers: 1000, stands_on: all(["box"]))}, takes: fixed("5s"), starts_in: "0s")"#;
    let people = r#"users: 100, uses: {"get": "1/s"}, arrivals: smooth"#;
    for feature in ["", r#", timeout: "20s", cancels: true"#] {
        let feature = format!(r#"calls: [hard(to: "web")]{feature}"#);
        let drill = r#"drill: [at("+2s", crash(of: "box", repaired_after: "100ms"))]"#;
        let outcome = followed(&site(r#"horizon: "1m""#, r#""s": ()"#, services, &feature, people, drill));
        // The first fails with the database; of those who wait all who ask while it is away are refused, one after the other.
        let r = &users(&outcome).requests;
        assert!(r.failed > 190.0 && r.failed < 215.0, "{r:?}");
        assert!(service(&outcome, "db@s").arrived <= 3.0, "{}", service(&outcome, "db@s").arrived);
        assert!(r.served > 5_700.0, "{r:?}");
        conserved(&outcome);
    }
}

#[test]
fn what_comes_and_goes_is_one_feeling() {
    // A queue that turns away some three of a hundred, in bursts; all the time, and in the flow that is one state.
    let services = r#""web": (runs_at: {"s": (servers: 4)}, takes: exponential(mean: "40ms"), queue: 10)"#;
    let feature = r#"calls: [hard(to: "web")], timeout: "9s""#;
    let text = site(r#"horizon: "2h""#, r#""s": ()"#, services, feature, r#"users: 88, uses: {"get": "1/s"}"#, "");
    let flows = outcome_of(&world(&text), 0);
    assert_eq!((users(&flows).degraded_s, users(&flows).intervals.len()), (7_200.0, 1));
    let outcome = followed(&text);
    let seen = users(&outcome);
    // A burst in which most fail is down for its moment, no more often than every half minute; all the rest is degraded.
    assert!(seen.intervals.len() < 480, "{}", seen.intervals.len());
    assert!(seen.degraded_s > 0.95 * 7_200.0 && seen.downtime_s < 60.0, "{} {}", seen.degraded_s, seen.downtime_s);
    let changes = seen.intervals.windows(10).map(|ten| ten[9].to_s - ten[0].from_s);
    assert!(changes.fold(f64::INFINITY, f64::min) > 60.0);
}
