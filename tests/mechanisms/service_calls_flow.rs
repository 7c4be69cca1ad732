//! The same calls of services by a policy, as rates: held against single requests.

use crate::common::{assert_near, outcome, world};
use firedrill::metrics::Outcome;
use firedrill::rng::Luck;
use firedrill::run::{Traffic, follow};

fn pair(policy: &str, loss: &str, back: &str, takes: &str, rest: &str) -> String {
    format!(
        r#"Scenario(format: 1, title: "pair", clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "30m"),
        sites: {{"a": (), "b": ()}}, links: [(between: ("a", "b"), rtt: "2ms", loss: "{loss}")],
        services: {{
            "front": (runs_at: {{"a": (servers: 400)}}, takes: exponential(mean: "2ms"), calls: [hard(to: "back", {policy})]),
            "back": (runs_at: {{"b": ({back})}}, {takes}),
        }},
        features: {{"read": (calls: [hard(to: "front")])}},
        people: {{"all": (users: 6000, uses: {{"read": "1/min"}}, served_by: "a")}}, {rest})"#
    )
}

fn followed(text: &str) -> Outcome {
    let luck = Luck { seed: 1, replication: 0 };
    follow(&world(text), luck, Traffic::every_request()).unwrap_or_else(|e| panic!("{e}")).outcome
}

/// Share served, visits of the back per request, mean latency, busy workers in front and behind.
fn seen(outcome: &Outcome) -> [f64; 5] {
    let requests = &outcome.people["all"].requests;
    let busy = |of: &str| {
        let service = &outcome.services[of];
        service.utilisation
    };
    [
        requests.served / requests.intended,
        outcome.services["back@b"].arrived / requests.intended,
        outcome.people["all"].latency.all.mean_s.unwrap_or(0.0) * 1e3,
        busy("front@a"),
        busy("back@b"),
    ]
}

fn assert_agree(what: &str, text: &str, within: [f64; 5]) {
    let (flow, single) = (seen(&outcome(text)), seen(&followed(text)));
    for (i, within) in within.into_iter().enumerate() {
        // Where hardly anybody is served, how long that took says nothing.
        if i == 2 && single[0] < 0.01 {
            continue;
        }
        let apart = (flow[i] - single[i]).abs();
        assert!(apart <= within * single[i].abs().max(0.01), "{what}, number {i}: flow {flow:?}, single {single:?}");
    }
}

const EXPONENTIAL: &str = r#"takes: exponential(mean: "10ms")"#;

#[test]
fn what_is_lost_is_tried_again() {
    for (attempts, after) in [(1, "0s"), (2, "5ms"), (3, "0s"), (4, "20ms")] {
        let policy = format!(r#"retries: (attempts: {attempts}, after: "{after}")"#);
        let text = pair(&policy, "30%", "servers: 40", EXPONENTIAL, "");
        assert_agree(&policy, &text, [0.01, 0.01, 0.05, 0.05, 0.05]);
    }
}

#[test]
fn what_comes_too_late_is_work_all_the_same() {
    for (timeout, attempts) in [("10ms", 1), ("10ms", 2), ("20ms", 3), ("60ms", 3)] {
        let policy = format!(r#"timeout: "{timeout}", retries: (attempts: {attempts})"#);
        let text = pair(&policy, "0%", "servers: 40", EXPONENTIAL, "");
        assert_agree(&policy, &text, [0.02, 0.02, 0.1, 0.06, 0.05]);
        let fixed = text.replace(EXPONENTIAL, r#"takes: lognormal(mean: "10ms", cv: 2)"#);
        assert_agree(&format!("{policy} lognormal"), &fixed, [0.02, 0.03, 0.15, 0.06, 0.06]);
    }
}

#[test]
fn waiting_makes_late_too() {
    // A load of four fifths: those who wait in the queue come too late.
    for (timeout, attempts, budget) in [("50ms", 1, ""), ("50ms", 2, ""), ("50ms", 2, r#", budget: "10%""#)] {
        let policy = format!(r#"timeout: "{timeout}", retries: (attempts: {attempts}{budget})"#);
        let text = pair(&policy, "0%", "servers: 4", r#"takes: exponential(mean: "30ms")"#, "");
        assert_agree(&policy, &text, [0.05, 0.05, 0.15, 0.1, 0.08]);
    }
}

#[test]
fn whoever_is_turned_away_comes_again() {
    for attempts in [1, 2, 3] {
        let policy = format!("retries: (attempts: {attempts}, after: \"1s\")");
        // Those who come again after a second meet another queue than the one that turned them away.
        let text = pair(&policy, "0%", "servers: 4", r#"takes: exponential(mean: "36ms"), queue: 3"#, "");
        assert_agree(&policy, &text, [0.03, 0.05, 0.2, 0.15, 0.05]);
    }
}

#[test]
fn a_storm_of_retries_outlives_what_began_it() {
    // Five times as slow for two minutes. With three attempts the work is tripled and stays; with a budget it drains.
    let slow = r#"drill: [at("08:05", slow(service: "back", by: "x5", lasts: "2m"))]"#;
    let text = |rest: &str| {
        let policy = format!(r#"timeout: "200ms", retries: (attempts: 3{rest})"#);
        pair(&policy, "0%", "servers: 14", r#"takes: exponential(mean: "60ms")"#, slow)
    };
    let last_ten_minutes = |outcome: &Outcome| {
        let moods = &outcome.hours.moods["all"];
        let last = &moods[moods.len() * 2 / 3..];
        last.iter().filter(|mood| !format!("{mood:?}").contains("Fine")).count() as f64 / last.len() as f64
    };
    let (flow, single) = (outcome(&text("")), followed(&text("")));
    assert_eq!((last_ten_minutes(&flow), last_ten_minutes(&single)), (1.0, 1.0));
    assert_agree("storm", &text(""), [0.2, 0.1, 0.5, 0.2, 0.05]);
    let (flow, single) = (outcome(&text(r#", budget: "10%""#)), followed(&text(r#", budget: "10%""#)));
    assert_eq!((last_ten_minutes(&flow), last_ten_minutes(&single)), (0.0, 0.0));
}

#[test]
fn retries_in_layers_multiply() {
    let text = r#"Scenario(format: 1, title: "layers", clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "30m"),
        sites: {"a": ()}, components: {"disk": (at: "a")},
        services: {
            "web": (runs_at: {"a": (servers: 900)}, takes: fixed("1ms"), calls: [hard(to: "core", retries: (attempts: 3))]),
            "core": (runs_at: {"a": (servers: 900)}, takes: fixed("1ms"), calls: [hard(to: "db", retries: (attempts: 3))]),
            "db": (runs_at: {"a": (servers: 900)}, takes: fixed("1ms"), calls: [hard(to: "io")]),
            "io": (runs_at: {"a": (servers: 900, stands_on: all(["disk"]))}, takes: fixed("1ms")),
        },
        features: {"read": (calls: [hard(to: "web")], retries: (attempts: 2))},
        people: {"all": (users: 1200, uses: {"read": "1/min"}, served_by: "a")},
        drill: [at("08:00", gray(of: "disk", loses: "90%"))])"#;
    let (flow, single) = (outcome(text), followed(text));
    for of in ["web@a", "core@a", "db@a"] {
        let per = |outcome: &Outcome| outcome.services[of].arrived / outcome.people["all"].requests.intended;
        assert_near(of, per(&flow), per(&single), 0.03);
    }
    let served = |outcome: &Outcome| outcome.people["all"].requests.served / outcome.people["all"].requests.intended;
    assert_near("served", served(&flow), served(&single), 0.03);
}

#[test]
fn a_soft_call_that_is_too_late_is_done_without() {
    let text = pair(r#"timeout: "10ms""#, "0%", "servers: 40", EXPONENTIAL, "")
        .replace("hard(to: \"back\"", "soft(to: \"back\"");
    let share = |outcome: &Outcome| outcome.people["all"].requests.degraded / outcome.people["all"].requests.intended;
    assert_near("degraded", share(&outcome(&text)), share(&followed(&text)), 0.03);
}

#[test]
fn a_policy_that_never_has_to_act_changes_nothing() {
    let seen_of = |policy: &str| seen(&outcome(&pair(policy, "0%", "servers: 40", r#"takes: fixed("10ms")"#, "")));
    let (plain, patient) = (seen_of(""), seen_of(r#"timeout: "20s", retries: (attempts: 3)"#));
    for (a, b) in plain.iter().zip(patient) {
        assert_near("the same", b, *a, 1e-6);
    }
}

#[test]
fn the_layers_that_keep_a_storm_up_are_named() {
    let slow = r#"drill: [at("08:05", slow(service: "back", by: "x5", lasts: "2m"))]"#;
    let policy = r#"timeout: "200ms", retries: (attempts: 3)"#;
    let text = pair(policy, "0%", "servers: 14", r#"takes: exponential(mean: "60ms")"#, slow);
    for outcome in [outcome(&text), followed(&text)] {
        let state = &outcome.metastable[0];
        assert_eq!(state.service, "back");
        assert_eq!(state.layers, ["front tries back up to 3 times"]);
        assert!((state.from_s - 420.0).abs() < 60.0 && state.to_s.is_none(), "{state:?}");
    }
}

#[test]
fn a_storm_that_chance_alone_sets_off_is_warned_of() {
    // Seven tenths of what the back can do, and one answer in a hundred comes too late. Single requests tip over within minutes; rates have
    // no chance in them, and say so. With room to spare, or a budget, nobody is warned.
    let at = |rate: &str, retries: &str| {
        pair(&format!(r#"timeout: "120ms", retries: ({retries})"#), "0%", "servers: 1", EXPONENTIAL, "")
            .replace(r#""read": "1/min""#, &format!(r#""read": "{rate}""#))
    };
    let warned = |text: &str| {
        outcome(text).warnings.iter().any(|w| w.contains("front@a calls back@b: many answers come just in time"))
    };
    let near = at("0.7/min", "attempts: 3");
    assert!(followed(&near).people["all"].time_availability < 0.5, "single requests are down");
    assert_eq!(outcome(&near).people["all"].downtime_s, 0.0);
    assert!(warned(&near));
    assert!(!warned(&at("0.2/min", "attempts: 3")), "a third of that never gets there");
    assert!(!warned(&at("0.7/min", "attempts: 1")), "nothing is tried again");
    assert!(!warned(&at("0.7/min", r#"attempts: 3, budget: "5%""#)), "a budget holds it");
}
