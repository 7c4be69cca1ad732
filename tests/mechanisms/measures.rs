//! What measures do, and what they are worth. Where a test speaks of more or less harm, it holds for scenarios without
//! retries, without hysteresis and without automation: with those, help can hurt.

use crate::common::{outcome, world};
use firedrill::explain::{Counterfactuals, Impact, Role, impact, without};
use firedrill::metrics::Outcome;
use firedrill::rng::Luck;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use std::sync::Arc;

const LUCK: Luck = Luck { seed: 1, replication: 0 };

/// A school day on which three times as many come as usual, and one measure.
fn school_day(servers: u32, surge: f64, measure: &str) -> String {
    format!(
        r#"Scenario(format: 1, title: "a school day",
            clock: (from: "2020-03-16T00:00", zone: "Europe/Oslo", horizon: "30h"),
            sites: {{"a": (uplink: "200Mbps"), "b": (uplink: "1Gbps")}},
            links: [(between: ("a", "b"), rtt: "5ms")],
            services: {{
                "web": (runs_at: {{"a": (servers: {servers}, workers: 4), "b": (servers: 30, workers: 4)}},
                    takes: exponential(mean: "80ms"), calls: [soft(to: "hints")]),
                "hints": (runs_at: {{"a": (servers: 20, workers: 4), "b": (servers: 20, workers: 4)}}, takes: exponential(mean: "5ms")),
            }},
            features: {{
                "lessons": (calls: [hard(to: "web")], size: "20kB", slow_over: "3s"),
                "imports": (calls: [hard(to: "web", times: 2)], size: "1kB"),
            }},
            weeks: {{"school": (weekdays: [("06:00", "1%"), ("08:00", "20%"), ("10:00", "30%"), ("15:00", "20%"), ("17:00", "2%")],
                sunday: [("00:00", "1%")])}},
            people: {{
                "pupils": (users: 10000, active: week("school"), uses: {{"lessons": "2/min"}}, served_by: "a", patience: "10s"),
                "machines": (users: 100, uses: {{"imports": "6/min"}}, served_by: "a", arrivals: smooth, patience: "10min"),
            }},
            drill: [at("07:00", surge(of: "pupils", by: "x{surge}", ramp: "1h", lasts: "12h"))],
            strategies: {{"only": (runbook: {{{measure}}})}})"#
    )
}

fn lost(outcome: &Outcome) -> f64 {
    outcome.people.values().map(|p| p.user_minutes_lost).sum()
}

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(20_200_316),
        ..ProptestConfig::with_cases(cases)
    }
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn more_capacity_never_loses_more(servers in 2_u32..20, more in 1_u32..30, surge in 1.0..4.0_f64) {
        let (few, many) = (outcome(&school_day(servers, surge, "")), outcome(&school_day(servers + more, surge, "")));
        prop_assert!(lost(&many) <= lost(&few) * 1.001 + 0.5, "{} with more, {} with less", lost(&many), lost(&few));
    }

    #[test]
    fn a_milder_surge_never_loses_more(servers in 2_u32..20, surge in 1.0..4.0_f64, milder in 0.0..1.0_f64) {
        let less = 1.0 + (surge - 1.0) * milder;
        let (mild, hard) = (outcome(&school_day(servers, less, "")), outcome(&school_day(servers, surge, "")));
        prop_assert!(lost(&mild) <= lost(&hard) * 1.001 + 0.5, "{} milder, {} harder", lost(&mild), lost(&hard));
    }

    #[test]
    fn an_earlier_measure_never_loses_more(servers in 2_u32..15, surge in 2.0..4.0_f64, at_h in 7_u32..15, earlier_h in 0_u32..5, which in 0..4_usize) {
        let does = [
            r#"add_servers(service: "web", at: "a", by: "x2")"#,
            r#"add_network(at: "a", by: "x3")"#,
            r#"hotfix(service: "web", takes: "x0.5")"#,
            r#"free_hardware(from: ("web", "b"), to: ("web", "a"), servers: 10)"#,
        ][which];
        let measure = |hour: u32| format!(r#""help": (at: "{hour:02}:30", does: [{does}])"#);
        let early = outcome(&school_day(servers, surge, &measure(at_h.saturating_sub(earlier_h))));
        let late = outcome(&school_day(servers, surge, &measure(at_h)));
        prop_assert!(lost(&early) <= lost(&late) * 1.001 + 0.5, "{} early, {} late", lost(&early), lost(&late));
    }

    #[test]
    fn a_measure_without_effect_is_none(servers in 3_u32..20, surge in 1.0..3.0_f64, at_h in 0_u32..20, which in 0..8_usize) {
        let does = [
            r#"add_servers(service: "web", at: "a", by: "x1")"#,
            r#"add_network(at: "a", by: "x1")"#,
            r#"hotfix(service: "web", takes: "x1")"#,
            r#"restrict(feature: "imports", only: ("18:00", "06:00"), compliance: "0%")"#,
            r#"stagger(of: "pupils", over: "1h", compliance: "0%")"#,
            r#"shed(feature: "lessons", share: "0%")"#,
            r#"dim(service: "hints", share: "0%")"#,
            r#"move_people(of: "pupils", to: "b", share: "0%")"#,
        ][which];
        let plain = outcome(&school_day(servers, surge, ""));
        let with = outcome(&school_day(servers, surge, &format!(r#""none": (at: "{at_h:02}:30", does: [{does}])"#)));
        for (name, people) in &plain.people {
            let (before, after) = (&people.requests, &with.people[name].requests);
            // It ends a span, within which a load is taken in its middle.
            let bound = 1e-3 * before.intended;
            for (a, b) in [(before.intended, after.intended), (before.served, after.served), (before.never_sent, after.never_sent)] {
                prop_assert!((a - b).abs() <= bound, "{name}: {before:?} and {after:?}");
            }
        }
    }

    #[test]
    fn imports_that_move_to_the_night_are_done_all_the_same(from_h in 15_u32..20, compliance in 10_u32..=100) {
        // The run ends at six in the morning, when the second night is over.
        let restrict = format!(
            r#""night": (at: "06:00", does: [restrict(feature: "imports", only: ("{from_h}:00", "06:00"), compliance: "{compliance}%")])"#
        );
        let plain = outcome(&school_day(60, 1.0, ""));
        let moved = outcome(&school_day(60, 1.0, &restrict));
        let (before, after) = (&plain.people["machines"].requests, &moved.people["machines"].requests);
        prop_assert!((before.intended - after.intended).abs() < 1e-6 * before.intended, "{before:?} and {after:?}");
        prop_assert!((before.served - after.served).abs() < 1e-3 * before.served, "{before:?} and {after:?}");
        let noon = |o: &Outcome| o.hours.loads["web@a"].offered_per_s[12 * 12..13 * 12].iter().sum::<f64>();
        prop_assert!(noon(&moved) < noon(&plain));
    }
}

#[test]
fn a_but_for_value_is_with_minus_without() {
    let text = school_day(5, 3.0, r#""more": (at: "09:00", does: [add_servers(service: "web", at: "a", by: "x2")])"#);
    let world = world(&text);
    let counterfactuals = Counterfactuals::new(&world, LUCK);
    let impacts: Vec<Impact> = counterfactuals.singles().iter().map(|set| counterfactuals.run(set)).collect();
    let pairs = counterfactuals.pairs(&impacts);
    let both: Vec<Impact> = pairs.iter().map(|pair| counterfactuals.run(&counterfactuals.pair(*pair))).collect();
    let explanation = counterfactuals.explain(&impacts, &pairs, &both);
    let more = explanation.but_for.iter().find(|b| b.name == "more").unwrap();
    assert_eq!(more.role, Role::Response);
    assert!(more.impact.user_minutes_lost < 0.0, "a measure that helps saves: {more:?}");
    let surge = explanation.but_for.iter().find(|b| b.role == Role::Cause).unwrap();
    assert!(surge.impact.user_minutes_lost > 0.0, "a cause that hurts costs: {surge:?}");
    // The same from the other side: a run without the measure, to which it is added.
    let (with, without) = (impacts[0], impacts[2]);
    assert_eq!(with.minus(&without), more.impact);
    let back = without.minus(&with);
    assert_eq!(back.user_minutes_lost, -more.impact.user_minutes_lost);
    assert_eq!(back.degraded_s, -more.impact.degraded_s);
}

#[test]
fn a_run_without_a_step_is_the_same_whether_it_begins_at_that_step_or_at_the_start() {
    let october = std::fs::read_to_string("scenarios/itslearning-2016-10.ron").unwrap();
    let hour = |h: u32| format!(r#"at("{h:02}:00", crash(of: "rack", repaired_after: "{}m")),"#, 7 * h + 1);
    let hours: String = (0..20).map(hour).collect();
    let crashes = format!(
        r#"Scenario(format: 1, title: "crashes", clock: (from: "2024-01-01T00:00", zone: "UTC", horizon: "1d", warm_up: "90min"),
        sites: {{"a": ()}},
        components: {{"rack": (at: "a", count: 3, needs: 1, fails: weibull(shape: 0.8, mean: "9h"), repair: (takes: exponential(mean: "20m")))}},
        services: {{"web": (runs_at: {{"a": (pool: "rack", workers: 2)}}, takes: exponential(mean: "80ms"), queue: 90)}},
        features: {{"page": (calls: [hard(to: "web")], timeout: "2s", retries: (attempts: 3))}},
        weeks: {{"work": (weekdays: [("00:00", "2%"), ("08:00", "100%"), ("16:00", "8%")], sunday: [("12:00", "2%")])}},
        people: {{"all": (users: 700, active: week("work"), uses: {{"page": "2/min"}}, served_by: "a")}},
        drill: [at("00:00", slow(service: "web", by: "x3", lasts: "40min")), {hours}
            at("09:30", surge(of: "all", by: "x2", lasts: "3h"))])"#
    );
    for text in [&october, &crashes] {
        let world = world(text);
        let counterfactuals = Counterfactuals::new(&world, LUCK);
        let singles = counterfactuals.singles();
        let impacts: Vec<Impact> = singles.iter().map(|set| counterfactuals.run(set)).collect();
        let pairs = counterfactuals.pairs(&impacts).into_iter().map(|pair| counterfactuals.pair(pair));
        for set in singles.into_iter().chain(pairs) {
            let whole = firedrill::run::run(&Arc::new(without(&world, &set)), LUCK);
            assert_eq!(counterfactuals.run(&set), impact(&whole.outcome), "{set:?}");
        }
    }
}

#[test]
fn a_condition_orders_a_measure_when_it_has_lasted_and_somebody_is_there() {
    let text = school_day(
        3,
        3.0,
        r#""more": (when: all([slow(of: "pupils", over: "2s", for: "15min"), on_duty("night shift")]), by: "night shift",
            lead: fixed("30min"), does: [add_servers(service: "web", at: "a", by: "x3")])"#,
    )
    .replace("people: {", r#"teams: {"night shift": (hours: ("14:00", "22:00"))}, people: {"#);
    let outcome = outcome(&text);
    let more = &outcome.procedures["more"];
    // Slow since the morning; the shift begins at two.
    let seconds_after = |at_s: Option<f64>, hours: f64| at_s.unwrap() - hours * 3_600.0;
    assert!((0.0..60.0).contains(&seconds_after(more.ordered_at_s, 14.0)), "{more:?}");
    assert!((0.0..60.0).contains(&seconds_after(more.began_at_s, 14.5)), "{more:?}");
    assert!(more.needed_at_s.unwrap() < 12.0 * 3_600.0);
    assert_eq!(more.ended, "done");
}

#[test]
fn a_provider_gives_what_it_has() {
    let text =
        school_day(15, 3.0, r#""more": (at: "09:00", does: [add_servers(service: "web", at: "a", servers: 100)])"#)
            .replace(r#""a": (uplink"#, r#""a": (provider: "cloud", uplink"#)
            .replace(
                "people: {",
                r#"providers: {"cloud": (spare: 40, left: [("06:00", "100%"), ("12:00", "0%")])}, people: {"#,
            );
    let world = world(&text);
    let run = firedrill::run::run(&world, LUCK);
    assert!(run.story.iter().any(|line| line.text.contains("less came than was asked for")));
    // Half of 40 at nine: 35 servers of four workers that take 80 ms, and wait 5 ms for hints.
    let load = &run.outcome.hours.loads["web@a"];
    let noon = load.capacity_per_s[12 * 12].unwrap();
    assert!((noon - 35.0 * 4.0 / 0.085).abs() < 1.0, "{noon}");
}

#[test]
fn optional_features_are_dimmed_first() {
    let text = r#"Scenario(format: 1, title: "priorities",
        clock: (from: "2020-03-16T00:00", zone: "UTC", horizon: "1h"),
        sites: {"a": ()},
        services: {"web": (runs_at: {"a": (servers: 100)}, takes: exponential(mean: "1s"), sheds: by_priority(optional_up_to: "90%"))},
        features: {
            "exams": (calls: [hard(to: "web")], priority: critical),
            "lessons": (calls: [hard(to: "web")]),
            "feed": (calls: [hard(to: "web")], priority: optional),
        },
        people: {"all": (users: 60, uses: {"exams": "1/s", "lessons": "0.5/s", "feed": "0.5/s"}, served_by: "a")})"#;
    let shares = |text: &str| {
        let all = outcome(text).people["all"].clone();
        ["exams", "lessons", "feed"].map(|name| all.features[name].request_availability)
    };
    // 60 and 30 of 100 leave nothing below 90 for the optional 30.
    assert_eq!(shares(text), [1.0, 1.0, 0.0]);
    // 90 and 45: the normal ones get the 10 that are left.
    let more = shares(&text.replace("users: 60", "users: 90"));
    assert!(more[0] == 1.0 && (more[1] - 10.0 / 45.0).abs() < 1e-9 && more[2] == 0.0, "{more:?}");
}

#[test]
fn who_gave_up_comes_back_to_a_storm_of_log_ins() {
    let text = |comes_back: &str| {
        format!(
            r#"Scenario(format: 1, title: "a storm",
            clock: (from: "2020-03-16T00:00", zone: "UTC", horizon: "4h"),
            sites: {{"a": ()}},
            services: {{"web": (runs_at: {{"a": (servers: 1000)}}, takes: exponential(mean: "50ms"))}},
            features: {{"lessons": (calls: [hard(to: "web")]), "log in": (calls: [hard(to: "web")])}},
            people: {{"all": (users: 10000, uses: {{"lessons": "1/min"}}, served_by: "a",
                sessions: (lasts: "1h", log_in: "log in", gives_up_after: "2min", comes_back: "{comes_back}", looks_again_after: "5min"))}},
            drill: [at("01:00", slow(service: "web", by: "x1000000", lasts: "1s")), at("01:00", crash(of: "a", repaired_after: "30min"))])"#
        )
    };
    let outcome_of = |comes_back| outcome(&text(comes_back));
    let storm = outcome_of("100%");
    let log_ins = |o: &Outcome| o.people["all"].features["log in"].requests.served;
    // 10,000 log in per hour as usual. After the outage nearly all of them log in once more.
    let usual = 10_000.0 / 3_600.0 * 3.5 * 3_600.0;
    assert!(log_ins(&storm) > usual + 8_500.0, "{} against {usual}", log_ins(&storm));
    assert!(storm.people["all"].requests.never_sent > 10_000.0 * 25.0, "demand that was never sent is counted");
    // Who stops trying does not come back.
    let tired = outcome_of("0%");
    assert!(log_ins(&tired) < usual + 100.0, "{}", log_ins(&tired));
}

#[test]
fn a_recording_is_a_profile() {
    let text = r#"Scenario(format: 1, title: "recorded",
        clock: (from: "2020-03-16T00:00", zone: "UTC", horizon: "4h"),
        sites: {"a": ()},
        services: {"web": (runs_at: {"a": (servers: 10)}, takes: fixed("1ms"))},
        features: {"lessons": (calls: [hard(to: "web")])},
        recordings: {"visits": "time,share\n0,0%\n1h,50%\n2020-03-16T02:00,0.5\n10800,0"},
        people: {"all": (users: 1000, active: recorded("visits"), uses: {"lessons": "1/min"}, served_by: "a")})"#;
    // Half an hour's worth up, an hour, half an hour's worth down, of half of them.
    let minutes = outcome(text).people["all"].user_minutes;
    assert!((minutes - 500.0 * 120.0).abs() < 1e-6, "{minutes}");
}

#[test]
fn an_autoscaler_that_looks_at_the_processor_is_misled_by_threads_that_wait() {
    let outcome_of = |signal: &str| {
        outcome(&format!(
            r#"Scenario(format: 1, title: "a misleading signal",
            clock: (from: "2020-03-16T00:00", zone: "UTC", horizon: "4h"),
            sites: {{"a": ()}},
            services: {{
                "web": (runs_at: {{"a": (servers: 20, workers: 4)}}, takes: exponential(mean: "40ms"), calls: [hard(to: "core")]),
                "core": (runs_at: {{"a": (servers: 4000)}}, takes: exponential(mean: "10ms")),
            }},
            features: {{"lessons": (calls: [hard(to: "web")])}},
            people: {{"all": (users: 1000, uses: {{"lessons": "1/s"}}, served_by: "a", patience: "5s")}},
            // The database takes ten times as long: it has room, but those who wait for it fill the web servers.
            drill: [at("01:00", slow(service: "core", by: "x10"))],
            strategies: {{"only": (autoscale: {{"grow": (
                service: "web", at: "a", signal: {signal}, above: "80%", below: "35%", every: "1min", by: "x1.5",
                takes: "3min", cool_down: "2min", least: 4, most: 80,
            )}})}})"#
        ))
    };
    let (workers, cpu) = (outcome_of("workers"), outcome_of("cpu"));
    let at_the_end = |o: &Outcome| o.hours.loads["web@a"].capacity_per_s.last().copied().flatten().unwrap();
    // 1,000 per second of 140 ms each need 140 workers: 35 servers.
    assert!(at_the_end(&workers) > 1_000.0, "{}", at_the_end(&workers));
    assert_eq!(workers.hours.lost_share.last(), Some(&0.0));
    // It sees the processors idle while threads wait, and does not help: at most 28% of the time is computing.
    assert!(at_the_end(&cpu) < 600.0, "{}", at_the_end(&cpu));
    assert!(cpu.hours.lost_share.last().unwrap() > &0.3);
}

/// What a generated runbook is made of.
const ACTIONS: [&str; 16] = [
    r#"add_servers(service: "web", at: "a", by: "x1.7")"#,
    r#"add_servers(service: "web", at: "b", servers: 12)"#,
    r#"add_servers(service: "web", at: "a", by: "x0.6")"#,
    r#"add_network(at: "a", by: "x2.5")"#,
    r#"add_network(between: ("a", "b"), by: "x0.5")"#,
    r#"move_people(of: "pupils", to: "b", share: "60%")"#,
    r#"free_hardware(from: ("hints", "a"), to: ("web", "a"), servers: 7)"#,
    r#"restrict(feature: "imports", only: ("18:00", "06:00"))"#,
    r#"restrict(feature: "lessons", of: "pupils", only: ("09:00", "12:00"), compliance: "35%", weekdays: true)"#,
    r#"stagger(of: "pupils", over: "2h", compliance: "50%")"#,
    r#"hotfix(service: "web", takes: "x0.7", bad: "50%", worse: "x1.6", rolled_back_after: "40min")"#,
    r#"shed(feature: "lessons", share: "40%", eases_over: "2h")"#,
    r#"shed(of: "machines", share: "90%")"#,
    r#"dim(service: "hints", share: "70%")"#,
    r#"tell("we are working on it")"#,
    r#"decide("everybody works from home")"#,
];

const STARTS: [&str; 6] = [
    r#"at: "07:45""#,
    r#"at: "13:10", until: "16:00""#,
    r#"when: slow(of: "pupils", over: "1s", for: "10min")"#,
    r#"when: any([busy(service: "web", at: "a", above: "90%"), busy_network(at: "a", above: "95%", for: "5min")])"#,
    r#"when: all([degraded(of: "pupils"), on_duty("crew")]), by: "crew", lead: exponential(mean: "30min")"#,
    r#"when: crowd(of: "pupils", above: 4000), phases: (count: 3, pause: "40min", fails: "30%", breaks: "20min")"#,
];

proptest! {
    #![proptest_config(cases(60))]

    #[test]
    fn whatever_is_done_every_request_becomes_something(
        servers in 1_u32..30,
        surge in 0.5..6.0_f64,
        book in prop::collection::vec((0..STARTS.len(), 0..ACTIONS.len(), 0..ACTIONS.len()), 0..7),
        kind in 0..32_u32,
    ) {
        let book: String = (book.iter().enumerate())
            .map(|(i, (start, one, two))| format!(r#""m{i}": ({}, does: [{}, {}]), "#, STARTS[*start], ACTIONS[*one], ACTIONS[*two]))
            .collect();
        let mut text = school_day(servers, surge, &book);
        let has = |bit: u32| kind & (1 << bit) != 0;
        text = text.replace("people: {", r#"teams: {"crew": (hours: ("07:00", "15:00"), at_once: 1, tired_after: "4h")}, people: {"#);
        if has(0) {
            text = text.replace(r#", slow_over: "3s""#, r#", slow_over: "3s", timeout: "8s", retries: (attempts: 3, after: "2s", budget: "60%")"#);
        }
        if has(1) {
            text = text.replace(r#", patience: "10s""#, "");
        }
        if has(2) {
            text = text.replace(r#"uses: {"lessons": "2/min"}"#, r#"uses: {"lessons": "2/min"},
                sessions: (lasts: "30min", log_in: "imports", gives_up_after: "3min", comes_back: "80%", looks_again_after: "10min")"#);
        }
        if has(3) {
            text = text.replace(r#"uses: {"lessons": "2/min"}"#, r#"uses: {"lessons": "2/min"}, waits_for_answers: true"#);
        }
        if has(4) {
            text = text.replace(r#"takes: exponential(mean: "80ms")"#, r#"takes: exponential(mean: "80ms"), queue: 400, sheds: by_priority(optional_up_to: "80%")"#);
        }
        let outcome = outcome(&text);
        for (name, people) in &outcome.people {
            let r = &people.requests;
            let floor = 1e-6 * r.intended.max(1.0);
            for value in [r.served, r.degraded, r.failed, r.shed, r.waiting, r.never_sent] {
                prop_assert!(value.is_finite() && value >= -floor, "{name}: {r:?}");
            }
            // Whatever has become of nothing counts as waiting: it has to wait somewhere. A retry waits for its timeout,
            // and for the two seconds after it.
            let backlog: f64 = outcome.services.values().map(|s| s.backlog).sum();
            let retries = if has(0) { 10.0 * 3.0 * outcome.hours.requests_per_s.last().unwrap() } else { 0.0 };
            prop_assert!(r.waiting <= backlog + retries + floor, "{name}: {} wait for nothing: {r:?}", r.waiting);
        }
    }
}
