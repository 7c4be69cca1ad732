//! Faults that pass: two of a kind at once, surges that rise and fall, failures that nobody knows of, hazards for a while.

use crate::common::{assert_near, outcome};
use firedrill::metrics::Outcome;

const HOUR: f64 = 3_600.0;

/// A hundred users who send two requests a minute each, to a service at another site.
fn far(drill: &str) -> Outcome {
    outcome(&format!(
        r#"Scenario(format: 1, title: "far away", clock: (from: "2024-03-04T00:00", zone: "UTC", horizon: "4h"),
        sites: {{"a": (), "b": ()}}, links: [(between: ("a", "b"), rtt: "2ms")],
        components: {{"line card": (at: "b")}},
        services: {{"web": (runs_at: {{"b": (servers: 100, stands_on: all(["line card"]))}}, takes: fixed("10ms"))}},
        features: {{"read": (calls: [hard(to: "web")], timeout: "10s"), "write": (calls: [hard(to: "web")], timeout: "10s")}},
        people: {{"all": (users: 100, uses: {{"read": "1/min", "write": "1/min"}}, served_by: "a")}},
        drill: [{drill}])"#
    ))
}

/// From one hour to two by the first, from half past one to half past two by the second.
fn overlapping(first: &str, second: &str) -> Outcome {
    let step = |at: &str, fault: &str| format!(r#"at("{at}", {})"#, fault.replace(')', r#", lasts: "1h")"#));
    far(&format!("{}, {}", step("+1h", first), step("+90m", second)))
}

#[test]
fn two_slow_downs_multiply_and_each_ends_for_itself() {
    let mean_s = |seen: &Outcome| seen.people["all"].latency.all.mean_s.unwrap() - 0.002;
    assert_near("usual", mean_s(&far("")), 0.010, 1e-3);
    // Hours of 10 ms: 2.5; half hours of 30, of 60 and of 20 ms.
    let seen = overlapping(r#"slow(service: "web", by: "x3")"#, r#"slow(service: "web", by: "x2")"#);
    assert_near("slow", mean_s(&seen), (2.5 * 0.010 + 0.5 * (0.030 + 0.060 + 0.020)) / 4.0, 1e-3);
    // One that does not end.
    let for_good = far(r#"at("+1h", slow(service: "web", by: "x3"))"#);
    assert_near("for good", mean_s(&for_good), (0.010 + 3.0 * 0.030) / 4.0, 1e-3);
}

#[test]
fn two_gray_failures_let_pass_what_both_let_pass() {
    let failed = |seen: &Outcome| seen.people["all"].requests.failed / 200.0 / 60.0;
    // Half an hour each with half lost, with 70% lost (half of 60% pass), with 40% lost.
    let seen = overlapping(r#"gray(of: "line card", loses: "50%")"#, r#"gray(of: "line card", loses: "40%")"#);
    assert_near("lost", failed(&seen), 0.5 * (0.5 + 0.7 + 0.4), 1e-6);
    assert_near("for good", failed(&far(r#"at("+1h", gray(of: "line card", loses: "25%"))"#)), 0.75, 1e-6);
    // Nothing of anybody else is lost.
    assert_eq!(failed(&far(r#"at("+1h", gray(of: "a", loses: "0%"))"#)), 0.0);
}

#[test]
fn a_link_that_is_cut_twice_is_back_when_both_are_over() {
    let cut = r#"cut(between: ("a", "b"))"#;
    let step = |at: &str| format!(r#"at("{at}", cut(between: ("b", "a"), lasts: "1h"))"#);
    assert_eq!(far(&format!("{}, {}", step("+1h"), step("+90m"))).people["all"].downtime_s, 1.5 * HOUR);
    assert_eq!(far(&format!("{}, {}", step("+1h"), step("+3h"))).people["all"].downtime_s, 2.0 * HOUR);
    assert_eq!(far(&format!(r#"at("+1h", {cut})"#)).people["all"].downtime_s, 3.0 * HOUR);
}

#[test]
fn what_stands_on_something_far_away_stops_while_it_cannot_reach_it() {
    let text = |link: &str| {
        format!(
            r#"Scenario(format: 1, title: "a majority of one", clock: (from: "2024-03-04T00:00", zone: "UTC", horizon: "4h"),
            sites: {{"a": (), "b": (), "c": ()}}, links: [(between: ("a", "b"), rtt: "2ms"), (between: ("b", "c"), rtt: "2ms")],
            components: {{"voter": (at: "b"), "near": (at: "a"), "reader": (at: "a", stands_on: all(["voter"])),
                "both": (at: "a", stands_on: any(["voter", "near"]))}},
            drill: [at("+1h", cut(between: ({link}), lasts: "1h"))])"#
        )
    };
    let down_h = |link: &str| {
        let seen = outcome(&text(link));
        ["reader", "both", "voter"].map(|of| seen.components[of].downtime_s / HOUR)
    };
    assert_eq!(down_h(r#""a", "b""#), [1.0, 0.0, 0.0]);
    assert_eq!(down_h(r#""b", "c""#), [0.0, 0.0, 0.0]);
}

#[test]
fn what_stands_nowhere_stops_when_no_side_has_enough_of_what_it_stands_on() {
    let text = r#"Scenario(format: 1, title: "two sides", clock: (from: "2024-03-04T00:00", zone: "UTC", horizon: "4h"),
        sites: {"a": (), "b": ()}, links: [(between: ("a", "b"), rtt: "2ms")],
        components: {"voter": (at: "b"), "near": (at: "a"), "reader": (at: "a", stands_on: all(["voter"])),
            "pair": (stands_on: all(["voter", "near"])), "one": (stands_on: any(["voter", "near"]))},
        drill: [at("+1h", cut(between: ("a", "b"), lasts: "1h"))])"#;
    let seen = outcome(text);
    assert_eq!(["reader", "pair", "one"].map(|of| seen.components[of].downtime_s / HOUR), [1.0, 1.0, 0.0]);
}

#[test]
fn a_surge_is_as_large_as_its_area() {
    // 200 requests a minute, and twice as many more at the height of it.
    let more_min = |surge: &str| {
        let seen = far(&format!(r#"at("+30m", surge(of: "all", by: "x3"{surge}))"#));
        (seen.people["all"].requests.intended - 200.0 * 240.0) / 400.0
    };
    assert_near("for an hour", more_min(r#", lasts: "1h""#), 60.0, 1e-6);
    assert_near("for good", more_min(""), 210.0, 1e-6);
    // The ramp is part of what lasts.
    assert_near("with a ramp", more_min(r#", ramp: "10m", lasts: "1h""#), 5.0 + 50.0, 1e-6);
    // Where it falls it stays for so long after the ramp, and then falls.
    assert_near("a trapezium", more_min(r#", ramp: "10m", lasts: "1h", falls: "20m""#), 5.0 + 60.0 + 10.0, 1e-4);
    assert_near("a triangle", more_min(r#", ramp: "10m", lasts: "0s", falls: "20m""#), 15.0, 1e-4);
    // By a factor of e in ten minutes, until a thousandth is left.
    assert_near("a decay", more_min(r#", lasts: "1h", decays: "10m""#), 60.0 + 10.0, 2e-3);
    assert_near(
        "fewer",
        (far(r#"at("+30m", surge(of: "all", by: "x0.5", lasts: "1h"))"#)).people["all"].requests.intended,
        48_000.0 - 6_000.0,
        1e-6,
    );
}

#[test]
fn a_surge_of_a_feature_is_of_that_alone_and_two_multiply_or_add() {
    let seen = far(r#"at("+30m", surge(of: "all", feature: "read", by: "x3", lasts: "1h"))"#);
    let of = |feature: &str| seen.people["all"].features[feature].requests.intended / 100.0;
    assert_near("read", of("read"), 240.0 + 120.0, 1e-6);
    assert_near("write", of("write"), 240.0, 1e-6);
    // When the first is over, the second goes on.
    let seen = overlapping(
        r#"surge(of: "all", feature: "read", by: "x3")"#,
        r#"surge(of: "all", feature: "write", by: "x2")"#,
    );
    let of = |feature: &str| seen.people["all"].features[feature].requests.intended / 100.0;
    assert_near("read", of("read"), 240.0 + 120.0, 1e-6);
    assert_near("write", of("write"), 240.0 + 60.0, 1e-6);
}

// ---- What nobody knows of ----------------------------------------------------------------------------------------------

fn hidden(horizon: &str, more: &str, drill: &str) -> (u64, f64) {
    let text = format!(
        r#"Scenario(format: 1, title: "hidden", clock: (from: "2024-03-04T00:00", zone: "UTC", horizon: "{horizon}"),
        sites: {{"a": ()}}, components: {{"p": (at: "a", hidden: true, tested_every: "1d"{more})}}, drill: [{drill}])"#
    );
    let seen = &outcome(&text).components["p"];
    (seen.failures, seen.downtime_s / HOUR)
}

#[test]
fn every_test_finds_what_has_failed_since_the_last() {
    let fails = |at: &str| format!(r#"at("{at}", fail_hidden(of: "p"))"#);
    let both = format!("{}, {}", fails("+10h"), fails("+34h"));
    // Found at the end of the first day and of the second, and put right at once.
    assert_eq!(hidden("5d", "", &both), (2, 28.0));
    assert_eq!(hidden("5d", "", &fails("+80h")), (1, 16.0));
    // Where it has to be repaired, that takes its time.
    assert_eq!(hidden("5d", r#", repair: (takes: fixed("2h"))"#, &both), (2, 32.0));
    // What has failed already does not fail again.
    assert_eq!(hidden("5d", "", &format!("{}, {}", fails("+10h"), fails("+12h"))), (1, 14.0));
}

#[test]
fn who_was_last_known_to_work_some_time_ago_may_have_failed_since() {
    // Lives of exactly 30 hours, last seen to work 20 hours before the start: the end comes after ten, and is found after 24.
    assert_eq!(hidden("30h", r#", last_tested: "20h", fails: fixed("30h")"#, ""), (1, 14.0));
    // Last seen 40 hours before the start: it is dead from the beginning, and nobody knows until the first test.
    let dead = r#"Scenario(format: 1, title: "dead", clock: (from: "2024-03-04T00:00", zone: "UTC", horizon: "30h"), sites: {"a": ()},
        components: {"p": (at: "a", hidden: true, tested_every: "1d", last_tested: "40h", fails: fixed("30h"), repair: (takes: fixed("1h")))})"#;
    assert_eq!(outcome(dead).components["p"].repairs, 1);
    // Of a thousand memoryless ones with a mean of 100 hours 1 - e^-0.5 have failed in fifty.
    let text = r#"Scenario(format: 1, title: "hidden", clock: (from: "2024-03-04T00:00", zone: "UTC", horizon: "25h"), sites: {"a": ()},
        components: {"p": (at: "a", count: 4000, needs: 1, hidden: true, tested_every: "1d", last_tested: "50h",
            fails: exponential(mean: "100h"), repair: (takes: fixed("1m")))})"#;
    let repaired = outcome(text).components["p"].repairs as f64;
    // 74 hours after the last test 1 - e^-0.74 are found dead: four standard errors are 126.
    assert!((repaired - 4_000.0 * (1.0 - 0.477_11)).abs() < 126.0, "{repaired}");
}

// ---- Hazards -----------------------------------------------------------------------------------------------------------

/// Four thousand members that are told apart, under work that multiplies their hazard from the 20th to the 22nd hour.
fn worn(law: &str, by: &str, horizon: &str) -> f64 {
    let text = format!(
        r#"Scenario(format: 1, title: "worn", clock: (from: "2024-03-04T00:00", zone: "UTC", horizon: "{horizon}"), sites: {{"a": ()}},
        components: {{"other": (at: "a"), "p": (at: "a", count: 4000, needs: 1, fails: {law})}},
        maintenance: {{"m": (starts: "+20h", announced: "2h", takes: fixed("2h"), takes_down: ["other"], hazard: (of: ["p"], by: "{by}"))}})"#
    );
    outcome(&text).components["p"].failures as f64
}

#[test]
fn a_hazard_multiplies_what_is_left_of_every_life() {
    // Weibull of shape 2 and a mean of 88.6 hours: a scale of 100 hours, a cumulative hazard of (t / 100)².
    let law = r#"weibull(shape: 2, mean: "319036s")"#;
    let dead = |hazard: f64| 4_000.0 * (1.0 - firedrill::num::exp(-hazard));
    let within = |seen: f64, hazard: f64, what: &str| {
        let expected = dead(hazard);
        let error = firedrill::num::sqrt(expected * firedrill::num::exp(-hazard));
        assert!((seen - expected).abs() < 4.0 * error, "{what}: {seen}, expected {expected} ± {error}");
    };
    let (at_20, at_22, at_30) = (0.04, 0.0484, 0.09);
    within(worn(law, "x20", "20h"), at_20, "before");
    within(worn(law, "x20", "22h"), at_20 + 20.0 * (at_22 - at_20), "during");
    within(worn(law, "x20", "30h"), at_20 + 20.0 * (at_22 - at_20) + at_30 - at_22, "after");
    within(worn(law, "x0.05", "22h"), at_20 + 0.05 * (at_22 - at_20), "less during");
    within(worn(law, "x0.05", "30h"), at_20 + 0.05 * (at_22 - at_20) + at_30 - at_22, "less");
}

#[test]
fn who_fails_on_a_temporary_fix_is_on_one_fix_at_most() {
    // Once the first life is over it fails every hour, and is away for a minute: 400 hours have nearly as many failures.
    let text = r#"Scenario(format: 1, title: "fixes", clock: (from: "2024-03-04T00:00", zone: "UTC", horizon: "400h"), sites: {"a": ()},
        components: {"p": (at: "a", fails: exponential(mean: "1h"),
            repair: (takes: fixed("1m"), temporary: (takes: fixed("1m"), fails: exponential(mean: "1h"))))})"#;
    let failures = outcome(text).components["p"].failures as f64;
    // 400 / (61/60) of them; four standard errors are 80.
    assert!((failures - 393.4).abs() < 80.0, "{failures}");
}

#[test]
fn no_more_are_away_than_there_are() {
    let seen = outcome(
        r#"Scenario(format: 1, title: "away", clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "30h"),
        sites: {"a": ()}, components: {"x": (at: "a")},
        services: {"web": (runs_at: {"a": (servers: 8)}, takes: exponential(mean: "5ms"), stands_on: all(["x"]))},
        features: {"lessons": (calls: [hard(to: "web")]), "log in": (calls: [hard(to: "web")])},
        people: {"schools": (users: 1000, uses: {"lessons": "60/h"}, served_by: "a", sessions: (lasts: "20m", log_in: "log in"))},
        strategies: {"s": ()}, drill: [at("09:00", crash(of: "x"))])"#,
    );
    let schools = &seen.people["schools"];
    // Nobody can log in for 29 hours: in the end everybody is away, and that is a thousand.
    assert!((990.0..=1_000.0 + 1e-6).contains(&schools.away_max), "{}", schools.away_max);
    assert!(schools.user_minutes_away <= 1_000.0 * 29.0 * 60.0, "{}", schools.user_minutes_away);
}
