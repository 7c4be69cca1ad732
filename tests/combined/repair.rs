//! A member's life, whatever happens to it at once: crashes, shocks, wear, hazards, temporary fixes, replacement, repair.

#![allow(clippy::disallowed_methods, reason = "what is right is worked out without the functions that are tested")]

use crate::common::{assert_mean, assert_near, campaign, outcome, outcome_of, world};
use firedrill::dist::Sampler;
use firedrill::load::check;
use firedrill::metrics::ComponentOutcome;
use firedrill::rng::{Luck, Stream};
use firedrill::scenario::{Choice, Source};

/// A scenario of components at one site.
fn parts(horizon: &str, components: &str, rest: &str) -> String {
    format!(
        r#"Scenario(format: 1, title: "parts", clock: (from: "2024-01-01T00:00", zone: "UTC", horizon: "{horizon}"),
        sites: {{"a": ()}}, components: {{"other": (at: "a"), {components}}}, {rest})"#
    )
}

fn part(text: &str) -> ComponentOutcome {
    outcome(text).components["p"].clone()
}

fn replications(text: &str, count: u64) -> Vec<ComponentOutcome> {
    let world = world(text);
    (0..count).map(|replication| outcome_of(&world, replication).components["p"].clone()).collect()
}

fn failures(text: &str, count: u64) -> Vec<f64> {
    replications(text, count).iter().map(|part| part.failures as f64).collect()
}

fn close(seen: f64, expected: f64) {
    assert_near("seconds", seen, expected, 1e-9);
}

const DAY: f64 = 86_400.0;
const HOUR: f64 = 3_600.0;

// ---- Crashes ---------------------------------------------------------------------------------------------------------

#[test]
fn whoever_comes_back_from_a_crash_has_one_life_again() {
    for (fails, expected) in [
        // By the renewal equation, with an hour of repair after each failure: 10 members, 90 days.
        (r#"weibull(shape: 1.5, mean: "10d")"#, 86.95),
        // Up for 10 days on average, down for an hour.
        (r#"exponential(mean: "10d")"#, 900.0 / (10.0 + 1.0 / 24.0)),
    ] {
        for crashes in [0, 1, 5, 20] {
            // All of them in the first hour, when everybody is new anyway.
            let drill: String = (0..crashes)
                .map(|i| format!(r#"at("+{}m", crash(of: "p", repaired_after: "1m")), "#, 3 * i + 1))
                .collect();
            let component =
                format!(r#""p": (at: "a", count: 10, needs: 5, fails: {fails}, repair: (takes: fixed("1h")))"#);
            let seen = replications(&parts("90d", &component, &format!("drill: [{drill}]")), campaign(100, 1_000));
            let own: Vec<f64> = seen.iter().map(|part| part.failures as f64 - f64::from(10 * crashes)).collect();
            // A member that fails within that hour is not hit by a crash: a few in a thousand.
            assert_mean(fails, &own, expected, 0.05);
            for part in seen {
                assert!(part.downtime_s >= 60.0 * f64::from(crashes), "{part:?}");
            }
        }
    }
}

#[test]
fn what_a_crash_hits_does_not_die_of_the_life_that_it_had() {
    // Lives of exactly ten days: the crash on the fifth day begins a new one two days later.
    let failures_by = |horizon: &str, members: &str| {
        let component = r#""p": (at: "a", count: 2, needs: 1, fails: fixed("10d"), repair: (takes: fixed("1h")))"#;
        let drill = format!(r#"drill: [at("+5d", crash(of: "p", {members}repaired_after: "2d"))]"#);
        part(&parts(horizon, component, &drill)).failures
    };
    assert_eq!(["9d", "16d", "18d"].map(|horizon| failures_by(horizon, "")), [2, 2, 4]);
    // Only the first of them: the second goes on as if nothing had been.
    assert_eq!(["9d", "11d", "18d"].map(|horizon| failures_by(horizon, "members: 1, ")), [1, 2, 3]);
}

#[test]
fn a_crash_hits_as_many_as_it_says_or_as_work() {
    let seen = |members: &str, repair: &str| {
        let component = format!(r#""p": (at: "a", count: 5, needs: 3{repair})"#);
        let drill = format!(
            r#"drill: [at("+1h", crash(of: "p", {members}repaired_after: "4h")), at("+2h", crash(of: "p", members: 2, repaired_after: "1h"))]"#
        );
        let part = part(&parts("1d", &component, &drill));
        (part.failures, part.repairs, part.downtime_s / HOUR)
    };
    for repair in ["", r#", repair: (takes: fixed("9h"))"#, r#", fails: weibull(shape: 3, mean: "90y")"#] {
        // Two of five are away and it works; two more an hour later, and three are not left.
        assert_eq!(seen("members: 2, ", repair), (4, 4, 1.0));
        assert_eq!(seen("members: 4, ", repair), (5, 5, 4.0));
        assert_eq!(seen("", repair), (5, 5, 4.0));
    }
}

#[test]
fn hands_repair_the_members_of_a_pool_one_by_one() {
    for (crew, members, repaired, hours_down) in [
        ("crew: \"one\"", 40, 9, 24.0),
        ("crew: \"three\"", 40, 27, 24.0),
        ("", 40, 40, 24.0),
        ("crew: \"one\"", 5, 5, 0.0),
        ("crew: \"three\"", 40, 27, 24.0),
    ] {
        for fails in ["", r#"fails: weibull(shape: 2, mean: "200y"), "#, r#"fails: exponential(mean: "200y"), "#] {
            let component =
                format!(r#""p": (at: "a", count: 40, needs: 1, {fails}repair: (takes: fixed("1d"), {crew}))"#);
            let rest = format!(
                r#"crews: {{"one": (at_once: 1), "three": (at_once: 3)}}, drill: [at("+1d", crash(of: "p", members: {members}))]"#
            );
            // To the tenth day but not to its last hour: what is due at the horizon is not the question.
            let part = part(&parts("10d1h", &component, &rest));
            assert_eq!(
                (part.failures, part.repairs, part.downtime_s / HOUR),
                (members, repaired, hours_down),
                "{crew}"
            );
        }
    }
}

#[test]
fn a_shock_leaves_a_repair_for_each_member_that_it_hit() {
    let component = r#""p": (at: "a", count: 3, needs: 3, repair: (takes: fixed("1h"), crew: "one"))"#;
    let rest = r#"crews: {"one": (at_once: 1)}, common_cause: {"heat": (of: ["p", "other"], every: fixed("10h"))}"#;
    let part = part(&parts("19h", component, rest));
    assert_eq!((part.failures, part.repairs, part.downtime_s), (3, 3, 3.0 * HOUR));
}

#[test]
fn a_crash_of_what_is_down_already_keeps_it_down() {
    let down_h = |component: &str, first: &str, second: &str| {
        let drill = format!(r#"drill: [at("+1h", crash(of: "p"{first})), at("+2h", crash(of: "p"{second}))]"#);
        part(&parts("2d", &format!(r#""p": (at: "a"{component})"#), &drill)).downtime_s / HOUR
    };
    let after = |hours: u32| format!(r#", repaired_after: "{hours}h""#);
    for count in ["", ", count: 3", r#", count: 3, fails: weibull(shape: 2, mean: "200y")"#] {
        // The later of both ends, whichever it is.
        assert_eq!(down_h(count, &after(4), &after(9)), 10.0);
        assert_eq!(down_h(count, &after(9), &after(4)), 9.0);
        assert_eq!(down_h(count, &after(4), &after(3)), 4.0);
        // Nobody repairs what comes back by itself no more.
        assert_eq!(down_h(count, &after(4), ""), 47.0);
        let repaired = format!(r#"{count}, repair: (takes: fixed("6h"))"#);
        assert_eq!(down_h(&repaired, "", &after(9)), 10.0);
        assert_eq!(down_h(&repaired, "", &after(1)), 6.0);
        assert_eq!(down_h(&repaired, &after(4), ""), 7.0);
        assert_eq!(down_h(&repaired, &after(12), ""), 12.0);
    }
}

#[test]
fn hands_that_are_done_go_on_while_a_crash_keeps_the_part_down() {
    let components = r#""p": (at: "a", repair: (takes: fixed("2h"), crew: "one")), "q": (at: "a", repair: (takes: fixed("2h"), crew: "one"))"#;
    let rest = r#"crews: {"one": (at_once: 1)}, drill: [at("+1h", crash(of: "p")), at("+1h", crash(of: "q")),
        at("+2h", crash(of: "p", repaired_after: "20h"))]"#;
    let outcome = outcome(&parts("2d", components, rest));
    assert_eq!(["p", "q"].map(|of| outcome.components[of].downtime_s / HOUR), [21.0, 4.0]);
    assert_eq!(["p", "q"].map(|of| outcome.components[of].repairs), [1, 1]);
}

#[test]
fn hands_come_as_late_as_they_would_have_come_for_this_repair() {
    // Two members fail an hour apart; a vendor who comes late for nobody else changes the order in which hands begin.
    let ends = |vendor: &str| {
        let component = format!(
            r#""p": (at: "a", count: 2, needs: 1, fails: fixed("900d"), repair: (takes: fixed("1h"), {vendor}crew: "c"))"#
        );
        let rest = r#"crews: {"c": (at_once: 2, arrives: uniform("0s", "5h"))},
            drill: [at("+1h", crash(of: "p", members: 1)), at("+2h", crash(of: "p", members: 1))]"#;
        let world = world(&parts("9d", &component, rest));
        (0..40).map(|r| outcome_of(&world, r).components["p"].downtime_s).collect::<Vec<f64>>()
    };
    let (soon, late) = (ends(r#"vendor: empirical(["0s", "1s"]), "#), ends(r#"vendor: empirical(["0s", "7h"]), "#));
    assert!(soon.iter().zip(&late).all(|(soon, late)| soon <= &(late + 1.0)), "{soon:?} {late:?}");
}

#[test]
fn a_shock_has_its_parts_repaired_in_the_order_of_the_file() {
    let components = r#""p": (at: "a", repair: (takes: fixed("1h"), crew: "one")), "q": (at: "a", repair: (takes: fixed("3h"), crew: "one"))"#;
    for (of, expected) in [(r#"["p", "q"]"#, [1.0, 4.0]), (r#"["q", "p"]"#, [4.0, 3.0])] {
        let rest =
            format!(r#"crews: {{"one": (at_once: 1)}}, common_cause: {{"heat": (of: {of}, every: fixed("20h"))}}"#);
        let outcome = outcome(&parts("30h", components, &rest));
        assert_eq!(["p", "q"].map(|of| outcome.components[of].downtime_s / HOUR), expected, "{of}");
    }
}

#[test]
fn a_crash_of_members_that_there_are_not_is_a_mistake() {
    for (act, place) in [
        (r#"crash(of: "p", members: 0)"#, "drill.0.1.members"),
        (r#"crash(of: "p", members: 4)"#, "drill.0.1.members"),
        (r#"crash(of: "a", members: 1)"#, "drill.0.1.members"),
    ] {
        let text = parts("1d", r#""p": (at: "a", count: 3)"#, &format!(r#"drill: [at("+1h", {act})]"#));
        let found = check(&Source::new("x.ron", text.as_str()));
        assert!(format!("{found:?}").contains(place), "{act}: {found:?}");
    }
}

#[test]
fn a_crash_that_nobody_repairs_is_told_from_others() {
    let components = r#""p": (at: "a", repair: (takes: fixed("1h"))), "q": (at: "a"), "r": (at: "a")"#;
    let rest = format!(
        r#"{REPLACED_WEEKLY}, drill: [at("+1h", crash(of: "p")), at("+1h", crash(of: "q")),
        at("+2h", crash(of: "r", repaired_after: "1h")), at("+3h", tell("r is back")), at("+4h", crash(of: "a"))]"#
    )
    .replace(r#"replaces: ["p"]"#, r#"replaces: ["r"]"#);
    let reading = Source::new("x.ron", parts("9d", components, &rest)).read(&Choice::default());
    assert_eq!(reading.scenario.unwrap().crashes_for_good(), [1, 4]);
}

// ---- Hazards ---------------------------------------------------------------------------------------------------------

const LAWS: [&str; 8] = [
    r#"weibull(shape: 8, mean: "30d")"#,
    r#"weibull(shape: 0.7, mean: "30d")"#,
    r#"lognormal(mean: "30d", cv: 0.8)"#,
    r#"erlang(mean: "30d", stages: 5)"#,
    r#"uniform("10d", "50d")"#,
    r#"exponential(mean: "30d")"#,
    r#"empirical(["8d", "21d", "21.5d", "22.5d", "60d", "60d"])"#,
    r#"fixed("30d")"#,
];

fn sampler(law: &str) -> Sampler {
    let world = world(&parts("1d", &format!(r#""p": (fails: {law})"#), ""));
    world.nodes.iter().find_map(|node| node.fails.clone()).unwrap()
}

/// A part under work that multiplies its hazard from the 20th to the 22nd day.
fn under_work(law: &str, starts: &str, by: &str, horizon: &str) -> String {
    parts(
        horizon,
        &format!(r#""p": (at: "a", fails: {law}, starts: {starts})"#),
        &format!(
            r#"maintenance: {{"m": (starts: "+20d", announced: "2d", takes: fixed("2d"), takes_down: ["other"],
            hazard: (of: ["p"], by: "{by}"))}}"#
        ),
    )
}

#[test]
fn a_hazard_multiplies_the_rate_at_the_age_that_a_part_has() {
    for law in LAWS {
        let sampler = sampler(law);
        let alive = |days: f64| 1.0 - sampler.cdf(days * DAY);
        for (by, factor) in [("x20", 20), ("x3", 3), ("x0.1", 0)] {
            for (horizon, until) in [("21d", 21.0_f64), ("25d", 25.0), ("40d", 40.0)] {
                let fails = failures(&under_work(law, "new", by, horizon), campaign(300, 5_000));
                let during = alive(until.min(22.0)) / alive(20.0);
                let during = if factor > 0 { during.powi(factor) } else { during.powf(0.1) };
                let expected = 1.0 - alive(20.0) * during * alive(until.max(22.0)) / alive(22.0);
                if expected <= 1e-12 || expected >= 1.0 - 1e-12 {
                    assert!(fails.iter().all(|n| (*n - expected).abs() < 1e-9), "{law} {by} {until}");
                } else {
                    // A share of replications: its standard error is known.
                    let n = fails.len() as f64;
                    let share = fails.iter().sum::<f64>() / n;
                    let error = (expected * (1.0 - expected) / n).sqrt();
                    assert!(
                        (share - expected).abs() < 4.0 * error + 1e-9,
                        "{law} {by} {until}: {share}, expected {expected}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_hazard_finds_parts_at_the_ages_of_a_long_life() {
    for law in LAWS {
        let sampler = sampler(law);
        let alive = |s: f64| 1.0 - sampler.cdf(s);
        // Over the age at the start, whose density is survival over the mean.
        let (steps, oldest) = (20_000, 400.0 * DAY);
        let survive: f64 = (0..steps)
            .map(|i| {
                let age = (f64::from(i) + 0.5) / f64::from(steps) * oldest;
                let [at_20, at_22] = [20.0, 22.0].map(|days| alive(age + days * DAY));
                if at_20 <= 0.0 { 0.0 } else { at_20 * (at_22 / at_20).powi(6) * oldest / f64::from(steps) }
            })
            .sum::<f64>()
            / sampler.mean_s();
        let fails = failures(&under_work(law, "stationary", "x6", "22d"), campaign(400, 5_000));
        let n = fails.len() as f64;
        let (share, expected) = (fails.iter().sum::<f64>() / n, 1.0 - survive);
        let error = (expected * survive / n).sqrt();
        assert!((share - expected).abs() < 4.0 * error + 1e-3, "{law}: {share}, expected {expected}");
    }
}

#[test]
fn a_fixed_life_ends_at_its_age_whatever_the_hazard() {
    for by in ["x1000", "x0.001"] {
        let down = |law: &str| part(&under_work(law, "new", by, "40d")).downtime_s;
        close(down(r#"fixed("21d")"#), 19.0 * DAY);
        close(down(r#"fixed("30d")"#), 10.0 * DAY);
    }
}

#[test]
fn weekly_work_wears_a_part_out_sooner_and_never_later() {
    let text = |by: &str| {
        parts(
            "1y",
            r#""p": (at: "a", fails: weibull(shape: 8, mean: "30d"), repair: (takes: fixed("1h")))"#,
            &format!(
                r#"maintenance: {{"m": (starts: "Tue 21:30", announced: "1h", takes: fixed("1h"), repeats_every: "7d",
                takes_down: ["other"], hazard: (of: ["p"], by: "{by}"))}}"#
            ),
        )
    };
    let [without, mild, hard] = ["x1", "x10", "x1000"].map(|by| failures(&text(by), 100));
    for i in 0..without.len() {
        assert!(without[i] <= mild[i] && mild[i] <= hard[i], "{i}: {} {} {}", without[i], mild[i], hard[i]);
        assert!(without[i] >= 10.0, "{}", without[i]);
    }
    let total = |all: &[f64]| all.iter().sum::<f64>();
    assert!(total(&mild) > total(&without) && total(&hard) > 1.2 * total(&without));
}

#[test]
fn a_life_that_begins_under_a_hazard_feels_it_from_the_first_day() {
    // Found and put right on the 21st day, in the middle of the work; nothing else ever fails.
    let text = r#"weibull(shape: 2, mean: "5d")"#;
    let component = format!(r#""p": (at: "a", count: 20, needs: 1, fails: {text}, repair: (takes: fixed("1y")))"#);
    let rest = r#"drill: [at("+1ms", crash(of: "p", repaired_after: "20d"))],
        maintenance: {"m": (starts: "+19d", announced: "2d", takes: fixed("2d"), takes_down: ["other"], hazard: (of: ["p"], by: "x4"))}"#;
    let seen = failures(&parts("21d", &component, rest), campaign(200, 2_000));
    let alive = (1.0 - sampler(text).cdf(DAY)).powi(4);
    assert_mean("failures of the first day", &seen, 20.0 + 20.0 * (1.0 - alive), 0.02);
}

// ---- Replacement -----------------------------------------------------------------------------------------------------

/// Weekly work that replaces the part, from the first Tuesday evening on.
const REPLACED_WEEKLY: &str = r#"maintenance: {"m": (starts: "Tue 21:30", announced: "1h", takes: fixed("1h"),
    repeats_every: "7d", takes_down: ["other"], replaces: ["p"])}"#;

#[test]
fn what_is_replaced_before_it_wears_out_never_fails() {
    for count in [1, 2, 5, 30] {
        for law in [r#"weibull(shape: 20, mean: "30d")"#, r#"fixed("8d")"#, r#"uniform("7d", "9d")"#] {
            let component =
                format!(r#""p": (at: "a", count: {count}, needs: 1, fails: {law}, repair: (takes: fixed("1h")))"#);
            assert_eq!(part(&parts("1y", &component, REPLACED_WEEKLY)).failures, 0, "{count} {law}");
        }
    }
}

#[test]
fn replacement_puts_back_whatever_state_a_member_is_in() {
    // The first work ends on Tuesday at 22:30, after 46 and a half hours.
    let replaced_s = 46.5 * HOUR;
    for (component, act) in [
        // Nobody repairs; under repair; nobody knows; back by itself much later.
        (r#"count: 3, fails: weibull(shape: 9, mean: "1y")"#, r#"crash(of: "p")"#),
        (r#"count: 3, repair: (takes: fixed("9d"))"#, r#"crash(of: "p")"#),
        (r#"count: 3, hidden: true, fails: uniform("300d", "400d")"#, r#"fail_hidden(of: "p")"#),
        (r#"count: 3"#, r#"crash(of: "p", members: 1, repaired_after: "9d")"#),
    ] {
        let rest = format!(r#"{REPLACED_WEEKLY}, drill: [at("+10h", {act})]"#);
        let part = part(&parts("8d", &format!(r#""p": (at: "a", {component})"#), &rest));
        assert_near(component, part.downtime_s, replaced_s - 10.0 * HOUR, 1e-9);
        assert_eq!(part.repairs, 0, "{component}");
    }
}

#[test]
fn replacement_frees_hands_and_gives_parts_back() {
    // One crew is busy with p, whose two members wait for it one after the other, and q waits behind them.
    let components = r#""p": (at: "a", count: 2, repair: (takes: fixed("30h"), crew: "c", spares: (stock: 2, restock: fixed("200d")))),
        "q": (at: "a", repair: (takes: fixed("5h"), crew: "c"))"#;
    let rest = format!(
        r#"{REPLACED_WEEKLY}, crews: {{"c": (at_once: 1)}},
        drill: [at("+20h", crash(of: "p")), at("+21h", crash(of: "q")), at("+60h", crash(of: "p"))]"#
    );
    let seen = outcome(&parts("6d", components, &rest));
    // q is next when p is replaced after 46.5 hours, and is repaired by 51.5.
    close(seen.components["q"].downtime_s, 30.5 * HOUR);
    // Both parts are on the shelf again for the second crash: two repairs of 30 hours, one after the other.
    close(seen.components["p"].downtime_s, (26.5 + 60.0) * HOUR);
    assert_eq!((seen.components["p"].repairs, seen.components["q"].repairs), (2, 1));
}

#[test]
fn a_drained_group_leaves_what_goes_down_with_what_is_taken_down() {
    let down_h = |takes_down: &str, order: &str| {
        let text = format!(
            r#"Scenario(format: 1, title: "a drained site", clock: (from: "2024-01-01T00:00", zone: "UTC", horizon: "1d"),
            sites: {{"a": (stands_on: any(["feed"])), "b": ()}}, components: {{"feed": (), "db a": (at: "a"), "db b": (at: "b")}},
            groups: {{"db": (members: ["db a", "db b"])}},
            maintenance: {{"m": (starts: "+1h", announced: "2h", takes: fixed("2h"), takes_down: [{takes_down}], order: {order})}})"#
        );
        let seen = outcome(&text).components;
        (seen["db"].downtime_s / HOUR, seen["db a"].downtime_s / HOUR)
    };
    for going in [r#""db a""#, r#""a""#, r#""feed""#] {
        assert_eq!(down_h(going, "drained"), (0.0, 2.0), "{going}");
        assert_eq!(down_h(going, "all_at_once"), (2.0, 2.0), "{going}");
    }
    // There is nowhere to go; one after the other, half of the time each.
    assert_eq!(down_h(r#""a", "b""#, "drained"), (2.0, 2.0));
    assert_eq!(down_h(r#""db""#, "drained"), (2.0, 2.0));
    assert_eq!(down_h(r#""a", "b""#, "rolling"), (1.0, 1.0));
}

// ---- Repair ----------------------------------------------------------------------------------------------------------

#[test]
fn vendor_and_spare_part_both_have_to_be_there() {
    for (vendor, stock, restock, hours) in [
        ("48h", 0, "1h", 48.0),
        ("1h", 0, "48h", 48.0),
        ("48h", 1, "1h", 48.0),
        ("0s", 0, "7h", 7.0),
        ("48h", 1, "90h", 48.0),
    ] {
        for fails in ["", r#"fails: weibull(shape: 2, mean: "200y"), "#] {
            let component = format!(
                r#""p": (at: "a", {fails}repair: (takes: fixed("1h"), vendor: fixed("{vendor}"), spares: (stock: {stock}, restock: fixed("{restock}"))))"#
            );
            let rest = r#"drill: [at("+1h", crash(of: "p"))]"#;
            close(part(&parts("10d", &component, rest)).downtime_s, (hours + 1.0) * HOUR);
        }
    }
}

#[test]
fn parts_come_in_the_order_in_which_they_were_asked_for() {
    // Three members, one part: the others wait for the parts that were ordered at the failure, and all for the vendor.
    let component = r#""p": (at: "a", count: 3, needs: 1, repair: (takes: fixed("1h"), vendor: fixed("3h"), spares: (stock: 1, restock: fixed("10h"))))"#;
    let rest = r#"drill: [at("+1h", crash(of: "p"))]"#;
    let by = |horizon| part(&parts(horizon, component, rest)).repairs;
    assert_eq!(["4h59m", "5h1m", "11h59m", "12h1m"].map(by), [0, 1, 1, 3]);
}

#[test]
fn one_member_on_a_temporary_fix_changes_nothing_for_the_others() {
    // Own failures 100 (1 - e^-0.01); then each goes on failing once in 30 days.
    let years = 1.0_f64;
    let own = 100.0 * (1.0 - (-0.01 * years).exp());
    let on_fix_years = 100.0 * (years - (1.0 - (-0.01 * years).exp()) / 0.01);
    let fixes = |law: &str| {
        let component = format!(
            r#""p": (at: "a", count: 100, needs: 1, fails: exponential(mean: "100y"), repair: (takes: fixed("1h"), temporary: (takes: fixed("1m"), fails: {law})))"#
        );
        failures(&parts("1y", &component, ""), campaign(800, 3_000))
    };
    assert_mean("memoryless fixes", &fixes(r#"exponential(mean: "30d")"#), own + on_fix_years * 365.0 / 30.0, 0.1);
    // Every 30 days: t years after its first failure a member has failed again floor(365 t / 30) times.
    let again: f64 = (1..=12).map(|k| 100.0 * (1.0 - (-0.01 * (years - f64::from(k) * 30.0 / 365.0)).exp())).sum();
    assert_mean("fixes that hold for 30 days", &fixes(r#"fixed("30d")"#), own + again, 0.1);
}

#[test]
fn a_worn_pool_on_temporary_fixes_keeps_each_its_own_law() {
    // Two members of lives of 10 days and of fixes of 4: one crashes on the second day.
    let component = r#""p": (at: "a", count: 2, needs: 1, fails: fixed("10d"), repair: (takes: fixed("1h"), temporary: (takes: fixed("1ns"), fails: fixed("4d"))))"#;
    let rest = r#"drill: [at("+2d", crash(of: "p", members: 1))]"#;
    let by = |horizon| part(&parts(horizon, component, rest)).failures;
    // The first at 2, 6, 10, 14, the second at 10, 14.
    assert_eq!(["5d", "7d", "9d", "11d", "13d", "15d"].map(by), [1, 2, 2, 4, 4, 6]);
}

#[test]
fn an_untested_pool_has_lives_of_its_own() {
    // Since a test 4 days before the start each has lived: what fails in the run are the lives that end from 4 to 12 days.
    for law in [r#"uniform("2d", "20d")"#, r#"weibull(shape: 2, mean: "9d")"#, r#"exponential(mean: "9d")"#] {
        let component = format!(r#""p": (at: "a", count: 5, needs: 1, hidden: true, last_tested: "4d", fails: {law})"#);
        let seen = failures(&parts("8d", &component, ""), campaign(400, 4_000));
        let sampler = sampler(law);
        assert_mean(law, &seen, 5.0 * (sampler.cdf(12.0 * DAY) - sampler.cdf(4.0 * DAY)), 0.06);
        // With a test every day what is found is put right and lives anew; who dies is never more than who lives.
        let tested = component.replace("hidden: true,", r#"hidden: true, tested_every: "1d","#);
        let more = failures(&parts("8d", &tested, ""), 50);
        assert!(more.iter().sum::<f64>() / 50.0 > seen.iter().sum::<f64>() / seen.len() as f64);
    }
}

#[test]
fn what_is_found_is_repaired_member_by_member() {
    let component = r#""p": (at: "a", count: 3, needs: 3, hidden: true, tested_every: "1d", fails: fixed("12h"), repair: (takes: fixed("2h"), crew: "c"))"#;
    let seen = part(&parts("35h", component, r#"crews: {"c": (at_once: 1)}"#));
    // All at 12 h, found at 24 h, back at 26, 28 and 30 h.
    assert_eq!((seen.failures, seen.repairs, seen.downtime_s / HOUR), (3, 3, 18.0));
}

// ---- All at once -----------------------------------------------------------------------------------------------------

/// Files of this kind are made up by the hundred: in a debug build the state is looked at after every event.
#[test]
fn nothing_that_happens_at_once_contradicts_itself() {
    for i in 0..campaign(150, 3_000) {
        let luck = Luck { seed: i, replication: 0 };
        let text = made_up(&mut Stream::new(luck, "made up", "repair"));
        let world = world(&text);
        for replication in 0..2 {
            let first = outcome_of(&world, replication);
            assert!(first.components.values().all(|c| c.repairs <= c.failures + 20), "{text}");
        }
    }
}

fn made_up(luck: &mut Stream) -> String {
    let mut pick = |of: &[&str]| of[(luck.uniform() * of.len() as f64) as usize].to_owned();
    let laws = [
        "",
        r#"fails: exponential(mean: "1d")"#,
        r#"fails: weibull(shape: 3, mean: "1d")"#,
        r#"fails: fixed("20h")"#,
        r#"fails: lognormal(mean: "2d", cv: 2), starts: stationary"#,
        r#"fails: empirical(["3h", "1d", "1d", "4d"]), starts: stationary"#,
        r#"fails: weibull(shape: 0.6, mean: "12h"), starts: stationary"#,
    ];
    let (mut components, mut mortal) = (String::new(), Vec::new());
    for name in ["p", "q", "r"] {
        let law = pick(&laws);
        if !law.is_empty() {
            mortal.push(format!("\"{name}\""));
        }
        let mut hidden = pick(&["", "", r#"hidden: true, tested_every: "7h", "#]);
        if !hidden.is_empty() && !law.is_empty() {
            hidden += &pick(&["", r#"last_tested: "20h", "#]);
        }
        let temporary = pick(&[
            "",
            "",
            r#"temporary: (takes: fixed("10m"), fails: exponential(mean: "5h")), "#,
            r#"temporary: (takes: uniform("0s", "1h"), fails: weibull(shape: 2, mean: "5h")), "#,
        ]);
        let crew = pick(&["", r#"crew: "c", "#, r#"crew: "d", "#]);
        let vendor = pick(&["", r#"vendor: uniform("0s", "9h"), "#]);
        let spares = pick(&["", r#"spares: (stock: 1, restock: exponential(mean: "6h")), "#]);
        let repair = format!("repair: (takes: exponential(mean: \"3h\"), {crew}{vendor}{spares}{temporary}), ");
        let repair = if pick(&["y", "y", "y", "n"]) == "y" { repair } else { String::new() };
        let count = pick(&["1", "2", "7"]);
        components += &format!(r#""{name}": (at: "a", count: {count}, needs: 1, {hidden}{repair}{law}), "#);
    }
    let mut drill = String::new();
    for hour in 1..=(6.0 * 8.0) as u32 {
        let of = pick(&["p", "q", "r"]);
        let how = pick(&["", r#", repaired_after: "2h""#, ", members: 1", r#", members: 1, repaired_after: "3h""#]);
        if pick(&["y", "n"]) == "y" {
            drill += &format!(r#"at("+{}h", crash(of: "{of}"{how})), "#, 3 * hour);
        }
    }
    let replaces = pick(&["[]", r#"["p"]"#, r#"["p", "q", "r"]"#]);
    let by = pick(&["x10", "x0.2"]);
    let hazard = match mortal.as_slice() {
        [] => String::new(),
        mortal => format!(r#"hazard: (of: [{}], by: "{by}"),"#, mortal.join(", ")),
    };
    let order = pick(&["all_at_once", "rolling", "drained"]);
    let shocks = r#"common_cause: {"heat": (of: ["p", "q"], every: exponential(mean: "2d"))}"#;
    parts(
        "7d",
        &components,
        &format!(
            r#"crews: {{"c": (at_once: 1, arrives: uniform("0s", "1h")), "d": (at_once: 2)}}, {shocks}, drill: [{drill}],
            maintenance: {{"m": (starts: "+9h", announced: "4h", takes: exponential(mean: "5h"), repeats_every: "22h",
            takes_down: ["other", "p"], replaces: {replaces}, order: {order}, abort: (after: "8h", rollback: fixed("1h")),
            {hazard})}}"#
        ),
    )
}
