//! Hands whose number changes, that keep hours, and that have an order of priority.

use crate::common::{assert_near, outcome};

fn text(clock: &str, crew: &str, components: &str, drill: &str) -> String {
    format!(
        r#"Scenario(format: 1, title: "hands", clock: (from: "{clock}", zone: "Europe/Oslo", horizon: "5d"),
        sites: {{"a": ()}}, crews: {{"hands": ({crew})}}, components: {{{components}}}, drill: [{drill}])"#
    )
}

fn down_s(text: &str, of: &str) -> f64 {
    outcome(text).components[of].downtime_s
}

/// When the n-th of so many like repairs is done, by a list of who is free when: a slow second model.
fn done_s(repairs: usize, takes_s: i64, hands_at: impl Fn(i64) -> usize) -> Vec<i64> {
    let (mut under_way, mut left, mut done) = (Vec::<i64>::new(), repairs, Vec::new());
    for now in 0.. {
        done.extend(under_way.iter().filter(|ends| **ends == now));
        under_way.retain(|ends| *ends != now);
        while under_way.len() < hands_at(now) && left > 0 {
            under_way.push(now + takes_s);
            left -= 1;
        }
        if done.len() == repairs {
            return done;
        }
    }
    unreachable!("time goes on")
}

#[test]
fn a_part_of_a_pool_comes_back_as_fast_as_there_are_hands() {
    let hands = |s: i64| {
        if s >= 14_400 {
            1
        } else if s >= 7_200 {
            20
        } else if s >= 3_600 {
            0
        } else {
            3
        }
    };
    let crew = r#"at_once: 3, hands: [("+1h", 0), ("+2h", 20), ("+4h", 1)]"#;
    let drill = r#"at("+0s", crash(of: "racks", members: 96))"#;
    let done = done_s(96, 1_500, hands);
    for needs in [5, 6, 10, 40, 99, 100] {
        let racks = format!(r#""racks": (count: 100, needs: {needs}, repair: (takes: fixed("25m"), crew: "hands"))"#);
        let expected = done[needs - 5] as f64;
        assert_near("racks", down_s(&text("2024-03-04T00:00", crew, &racks, drill), "racks"), expected, 1e-9);
    }
}

#[test]
fn hands_that_keep_hours_begin_in_them_and_finish_after() {
    let part = r#""p": (repair: (takes: fixed("3h"), crew: "hands"))"#;
    let down = |clock: &str, crew: &str, at: &str| {
        down_s(&text(clock, crew, part, &format!(r#"at("{at}", crash(of: "p"))"#)), "p") / 3_600.0
    };
    let day = r#"at_once: 1, hours: ("08:00", "17:00")"#;
    // A Monday.
    assert_near("at night", down("2024-03-04T00:00", day, "02:00"), 9.0, 1e-9);
    assert_near("by day", down("2024-03-04T00:00", day, "09:00"), 3.0, 1e-9);
    assert_near("begun before the evening", down("2024-03-04T00:00", day, "16:59"), 3.0, 1e-9);
    assert_near("in the evening", down("2024-03-04T00:00", day, "17:00"), 18.0, 1e-9);
    // A Saturday: until Monday, or not.
    assert_near("weekend", down("2024-03-02T00:00", day, "09:00"), 50.0, 1e-9);
    let always = r#"at_once: 1, hours: ("08:00", "17:00"), weekends: true"#;
    assert_near("no weekend", down("2024-03-02T00:00", always, "09:00"), 3.0, 1e-9);
    // The night in which the clock is put forward is an hour shorter.
    assert_near("spring", down("2024-03-31T00:00", always, "00:00"), 10.0, 1e-9);
}

#[test]
fn what_comes_first_is_repaired_first_but_nobody_is_sent_away() {
    let part = |name: &str| format!(r#""{name}": (repair: (takes: fixed("1h"), crew: "hands"))"#);
    let components = ["c", "b", "a2", "d"].map(part).join(", ");
    let drill = ["c", "b", "a2", "d"].map(|name| format!(r#"at("+1m", crash(of: "{name}"))"#)).join(", ");
    let hours = |crew: &str| {
        ["c", "b", "a2", "d"].map(|name| down_s(&text("2024-03-04T00:00", crew, &components, &drill), name) / 3_600.0)
    };
    assert_eq!(hours("at_once: 1"), [1.0, 2.0, 3.0, 4.0]);
    // The first has begun when the others fail; of those the order counts, then who has waited longest.
    assert_eq!(hours(r#"at_once: 1, first: ["d", "a2"]"#), [1.0, 4.0, 3.0, 2.0]);
    assert_eq!(hours(r#"at_once: 2, first: ["d", "a2"]"#), [1.0, 1.0, 2.0, 2.0]);
}

#[test]
fn more_hands_never_hurt() {
    let racks = r#""racks": (count: 40, needs: 35, repair: (takes: fixed("1h"), crew: "hands"))"#;
    let drill = r#"at("+1h", crash(of: "racks", members: 30)), at("+30h", crash(of: "racks", members: 12))"#;
    let down: Vec<f64> = [1, 2, 3, 5, 40]
        .iter()
        .map(|more| {
            let crew = format!(r#"at_once: 1, hands: [("+12h", {more}), ("+36h", {})]"#, more + 1);
            down_s(&text("2024-03-04T00:00", &crew, racks, drill), "racks")
        })
        .collect();
    assert!(down.windows(2).all(|pair| pair[1] < pair[0]), "{down:?}");
}

#[test]
fn two_crews_that_come_at_the_same_moment_both_begin() {
    let two = r#"Scenario(format: 1, title: "hands", clock: (from: "2024-03-04T00:00", zone: "Europe/Oslo", horizon: "1d"),
        sites: {"a": ()},
        crews: {"day": (at_once: 0, hands: [("+2h", 1)]), "night": (at_once: 0, hands: [("+2h", 1)])},
        components: {
            "feed": (),
            "p": (repair: (takes: fixed("1h"), crew: "day")),
            "q": (repair: (takes: fixed("3h"), crew: "night")),
        },
        drill: [at("+0s", crash(of: "p")), at("+0s", crash(of: "q")), at("+1h", crash(of: "feed", repaired_after: "1h"))])"#;
    assert_eq!((down_s(two, "p"), down_s(two, "q")), (3.0 * 3_600.0, 5.0 * 3_600.0));
}

/// A backbone that a crew repairs in half an hour, through doors which stand on something.
fn behind_doors(stand_on: &str, crew: &str, drill: &str) -> String {
    format!(
        r#"Scenario(format: 1, title: "doors", clock: (from: "2021-10-04T00:00", zone: "UTC", horizon: "1d"),
        sites: {{"a": ()}}, crews: {{"network": (at_once: 1, needs: ["doors"]{crew})}},
        services: {{"doors": (runs_at: {{"a": (servers: 1, stands_on: all(["{stand_on}"]))}}, takes: fixed("1us"))}},
        components: {{
            "backbone": (repair: (takes: fixed("30m"), crew: "network")), "badges": (),
        }}, drill: [{drill}])"#
    )
}

#[test]
fn a_crew_waits_for_what_it_works_through_or_does_without_in_its_time() {
    let crash = r#"at("01:00", crash(of: "backbone"))"#;
    let both = r#"at("00:30", crash(of: "badges", repaired_after: "2h")), at("01:00", crash(of: "backbone"))"#;
    for (stand_on, crew, drill, hours) in [
        // The doors open: nobody waits.
        ("badges", "", crash, 0.5),
        // They stand on what is to be repaired: never, unless somebody gets in by other means after four and a half hours.
        ("backbone", "", crash, 23.0),
        ("backbone", r#", without: fixed("4h30m")"#, crash, 5.0),
        // They are back at 02:30, before somebody gets in otherwise.
        ("badges", "", both, 2.0),
        ("badges", r#", without: fixed("4h30m")"#, both, 2.0),
        ("badges", r#", without: fixed("1h")"#, both, 1.5),
    ] {
        let down = down_s(&behind_doors(stand_on, crew, drill), "backbone") / 3_600.0;
        assert_near(&format!("{stand_on}{crew}"), down, hours, 1e-9);
    }
}

#[test]
fn a_crew_that_works_through_what_it_repairs_is_told() {
    let warned = |text: &str| {
        let warnings = firedrill::lint::warnings(&firedrill::scenario::Source::new("doors.ron", text));
        warnings.iter().any(|warning| warning.code.id() == "W112")
    };
    assert!(warned(&behind_doors("backbone", "", "")));
    assert!(!warned(&behind_doors("backbone", r#", without: fixed("4h")"#, "")));
    assert!(!warned(&behind_doors("badges", "", "")));
}

#[test]
fn a_repair_that_does_not_succeed_begins_again() {
    // Half of them do not: a geometric number of half hours, two in the mean. One pair of hands: the second part waits for the first.
    let text = |fails: &str| {
        let part = format!(r#"(repair: (takes: fixed("30m"), crew: "hands"{fails}))"#);
        let parts = format!(r#""p": {part}, "q": {part}"#);
        text("2024-03-04T00:00", "at_once: 1", &parts, r#"at("+1h", crash(of: "p")), at("+1h", crash(of: "q"))"#)
    };
    let down = |text: &str, replication: u64| {
        let outcome = crate::common::outcome_of(&crate::common::world(text), replication);
        (outcome.components["p"].downtime_s / 1_800.0, outcome.components["q"].downtime_s / 1_800.0)
    };
    assert_eq!(down(&text(""), 0), (1.0, 2.0));
    let half = text(r#", repair_fails: "50%""#);
    let all: Vec<(f64, f64)> = (0..400).map(|replication| down(&half, replication)).collect();
    assert!(all.iter().all(|(p, q)| p.fract() == 0.0 && q > p));
    let mean = |of: fn(&(f64, f64)) -> f64| all.iter().map(of).sum::<f64>() / all.len() as f64;
    // The standard deviation of each number is the root of two: four standard errors.
    let error = 4.0 * (2.0f64 / all.len() as f64).sqrt();
    assert!((mean(|(p, _)| *p) - 2.0).abs() < error, "{}", mean(|(p, _)| *p));
    assert!((mean(|(p, q)| q - p) - 2.0).abs() < error, "{}", mean(|(p, q)| q - p));
}
