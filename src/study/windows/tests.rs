//! Windows of which the answer is known by hand.

use super::*;
use crate::num;
use crate::study::Alone;
use crate::study::break_even::LIVES_S;

/// A hundred users by day and none at night, and a maintenance in which they are down.
fn school(components: &str, maintenance: &str, active: &str, drill: &str) -> Source {
    let text = format!(
        r#"Scenario(
            format: 1,
            title: "a school",
            clock: (from: "2024-03-04T00:00", zone: "Europe/Oslo", horizon: "1d"),
            sites: {{"a": ()}},
            components: {{ {components} }},
            services: {{"web": (runs_at: {{"a": (servers: 4)}}, takes: fixed("10ms"), stands_on: all(["array"]))}},
            features: {{"page": (calls: [hard(to: "web")])}},
            weeks: {{"week": ({active})}},
            people: {{"pupils": (users: 100, zone: "Europe/Oslo", active: week("week"), uses: {{"page": "1/min"}}, served_by: "a")}},
            maintenance: {{"swap": ({maintenance})}},
            drill: [{drill}],
        )"#
    );
    Source::new("school.ron", text)
}

const BY_DAY: &str = r#"weekdays: [("07:59", "0%"), ("08:00", "100%"), ("19:59", "100%"), ("20:00", "0%")],
    sunday: [("07:59", "0%"), ("08:00", "100%"), ("19:59", "100%"), ("20:00", "0%")]"#;
const AN_HOUR: &str = r#"starts: "12:00", announced: "30m", takes: fixed("1h"), takes_down: ["array"]"#;

fn asked(every: &str, replications: u64) -> WindowsAsked {
    WindowsAsked { every: every.parse().unwrap(), from: None, now: None, seed: 1, replications }
}

fn answered(source: &Source, asked: WindowsAsked) -> WindowsOutcome {
    Windows::new(source, &Choice::default(), asked).unwrap().answer(&mut Alone).unwrap()
}

fn refused(source: &Source, asked: WindowsAsked) -> String {
    match Windows::new(source, &Choice::default(), asked) {
        Err(StudyError::Asked(problem)) => problem,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_good_hours_are_at_night() {
    let outcome = answered(&school(r#""array": (at: "a")"#, AN_HOUR, BY_DAY, ""), asked("1h", 2));
    assert_eq!((outcome.windows.len(), outcome.windows[0].starts.as_str()), (168, "Mon 04 Mar 00:00:00"));
    for window in &outcome.windows {
        let by_day = (8..19).contains(&window.hour);
        let expected = if by_day { 6_000.0 } else { 0.0 };
        // The minutes in which they come and go belong to the hours at the edges.
        let edge = if window.hour == 7 || window.hour == 19 { 6_000.0 } else { 60.0 };
        assert!((window.lost.mean - expected).abs() <= edge, "{}: {:?}", window.starts, window.lost);
        assert!((window.met.mean - expected).abs() <= edge, "{}: {:?}", window.starts, window.met);
        assert_eq!((window.overrun.seen, window.overrun.of, window.fault.seen), (2, 2, 0));
        assert_eq!(window.against_none, window.lost);
    }
    let noon = &outcome.own;
    assert_eq!(noon.starts, "Mon 04 Mar 12:00:00");
    assert!((noon.unannounced.mean - 3_000.0).abs() < 30.0, "{:?}", noon.unannounced);
    assert!((noon.people["pupils"].by_local_hour[&12] - 6_000.0).abs() < 60.0);
    // Of the hours that cost nothing the earliest is the first.
    assert_eq!(outcome.ranking[..3], [0, 1, 2]);
    assert!(outcome.windows[0].against_own.mean < -5_900.0);
}

#[test]
fn a_fixed_duration_is_said_to_be_one() {
    let outcome = answered(&school(r#""array": (at: "a")"#, AN_HOUR, BY_DAY, ""), asked("1d", 2));
    assert!(outcome.takes.fixed && outcome.takes.p95_s == 3_600.0, "{:?}", outcome.takes);
    let promises: Vec<(f64, u64)> = outcome.promises.iter().map(|p| (p.announced_s, p.overrun.seen)).collect();
    assert_eq!(promises, [(1_800.0, DRAWS), (3_600.0, 0)]);
}

#[test]
fn the_promise_that_holds_is_the_quantile_of_the_duration() {
    let takes = r#"starts: "12:00", announced: "1h", takes: exponential(mean: "1h"), takes_down: ["array"]"#;
    let outcome = answered(&school(r#""array": (at: "a")"#, takes, BY_DAY, ""), asked("1d", 2));
    let exact = 3_600.0 * num::ln(20.0);
    let takes = &outcome.takes;
    assert!(takes.p95_low_s < exact && exact < takes.p95_high_s, "{exact}: {takes:?}");
    assert!((takes.p95_s / exact - 1.0).abs() < 0.05, "{exact}: {takes:?}");
    for promise in &outcome.promises {
        let exact = num::exp(-promise.announced_s / 3_600.0);
        let seen = promise.overrun;
        assert!(
            (seen.share - exact).abs() < 0.02 && seen.low < exact + 0.01 && exact - 0.01 < seen.high,
            "{promise:?}"
        );
    }
}

#[test]
fn a_maintenance_that_is_given_up_ends_with_its_rollback() {
    let takes = r#"starts: "12:00", announced: "1h", takes: uniform("1h", "3h"), takes_down: ["array"],
        abort: (after: "2h", rollback: fixed("15m"))"#;
    let outcome = answered(&school(r#""array": (at: "a")"#, takes, BY_DAY, ""), asked("1d", 40));
    assert_eq!(outcome.takes.max_s, 8_100.0);
    assert!((outcome.takes.given_up.share - 0.5).abs() < 0.02, "{:?}", outcome.takes);
    let done = outcome.own.done;
    assert!(done.seen > 10 && done.seen < 30, "{done:?}");
}

#[test]
fn a_fault_meanwhile_is_one_of_what_is_still_up() {
    let components = r#""array": (at: "a", fails: exponential(mean: "1h"), repair: (takes: fixed("1s"))),
        "feed": (at: "a", fails: exponential(mean: "1h"), repair: (takes: fixed("1s")))"#;
    let night = BY_DAY.replace("100%", "0%");
    let outcome = answered(&school(components, AN_HOUR, &night, ""), asked("1d", 150));
    let exact = 1.0 - num::exp(-1.0);
    let fault = outcome.own.fault;
    assert!(fault.low < exact && exact < fault.high, "{exact}: {fault:?}");
}

/// The array fails at 01:00 and is patched by 01:30. A patch lasts for a time with mean `m`, and every other takes half an
/// hour, so that from about then on it is down for a share u = 30 min / (m + 30 min). To begin at 03:00 meets 100 users for
/// two hours, to begin at 13:00 only 50: 6,000 user-minutes fewer. To wait costs u of 100 users for two hours and of 50 for
/// eight, 36,000 u. That is 6,000 for m = 150 min.
#[test]
fn the_answer_turns_where_it_was_worked_out_to() {
    let components = r#""array": (at: "a", repair: (takes: fixed("1h"), temporary: (
        takes: fixed("30m"), fails: exponential(mean: "10d"))))"#;
    let swap = r#"starts: "13:00", announced: "2h", takes: fixed("2h"), takes_down: ["array"], replaces: ["array"]"#;
    let active = r#"weekdays: [("00:00", "100%"), ("05:00", "100%"), ("05:01", "50%"), ("23:59", "50%")], sunday: [("00:00", "50%")]"#;
    let source = school(components, swap, active, r#"at("01:00", crash(of: "array"))"#);
    let asked = WindowsAsked { now: Some("03:00".into()), ..asked("1d", 100) };
    let now = answered(&source, asked).now.unwrap();
    assert!(now.costs.low > 4_500.0 && now.costs.high < 6_100.0, "{:?}", now.costs);
    let fix = now.fix.unwrap();
    assert_eq!((fix.components.as_slice(), fix.assumed_s), (["array".to_owned()].as_slice(), Some(864_000.0)));
    let (low, at, high) = (fix.turns_low_s.unwrap(), fix.turns_at_s.unwrap(), fix.turns_high_s.unwrap());
    assert!(low < at && at < high, "{low} {at} {high}");
    assert!((at / 9_000.0 - 1.0).abs() < 0.12, "{low} {at} {high}");
    assert!(fix.tried.first().unwrap().0 >= LIVES_S.0 * 0.999 && fix.tried.len() > 12);
}

#[test]
fn what_makes_no_sense_is_told() {
    let fine = || school(r#""array": (at: "a")"#, AN_HOUR, BY_DAY, "");
    let at = |now: &str| WindowsAsked { now: Some(now.into()), ..asked("1h", 2) };
    assert!(refused(&fine(), at("12:00")).contains("before that"));
    assert!(refused(&fine(), at("Tue 12:00")).contains("outside of the run"));
    assert!(refused(&fine(), at("noon")).contains("\"noon\" is not a time"));
    assert!(refused(&fine(), asked("1h", 1)).contains("2 replications"));
    assert!(refused(&fine(), asked("1m", 2)).contains("between 15 min and 1 d"));
    let weekly = format!("{AN_HOUR}, repeats_every: \"7d\"");
    let source = school(r#""array": (at: "a")"#, &weekly, BY_DAY, "");
    assert!(refused(&source, asked("1h", 2)).contains("repeats every"));
    let text = fine().text.replace("maintenance: {", "run: (maintenance: \"none\"), maintenance: {");
    let problem = refused(&Source::new("school.ron", text), asked("1h", 2));
    assert!(problem.ends_with("choose a plan with --maintenance: there are swap"), "{problem}");
}

#[test]
fn of_equal_starts_the_earliest_on_a_working_day_is_the_best() {
    // From a Saturday on: nobody is there, so that every start costs as much.
    let plan = |more: &str| {
        format!(
            r#"starts: "Sat 12:00", told_at: "Sat 00:00", announced: "30m", takes: fixed("1h"), takes_down: ["array"], {more}"#
        )
    };
    let nobody = r#"weekdays: [("00:00", "0%")], sunday: [("00:00", "0%")]"#;
    let best = |more: &str| {
        let source = school(r#""array": (at: "a")"#, &plan(more), nobody, "");
        let source = Source::new("school.ron", source.text.replace("2024-03-04", "2024-03-09"));
        let outcome = answered(&source, asked("12h", 2));
        outcome.windows[outcome.ranking[0]].starts.clone()
    };
    assert_eq!(best(""), "Sat 09 Mar 00:00:00");
    assert_eq!(best("on_working_days: true"), "Mon 11 Mar 00:00:00");
    // A day that is avoided has no start, nor has one that would reach into it.
    assert_eq!(best(r#"on_working_days: true, avoid: ["2024-03-11"]"#), "Tue 12 Mar 00:00:00");
}

#[test]
fn nothing_is_tried_on_dates_to_avoid() {
    let plan =
        format!(r#"{AN_HOUR}, avoid: ["2024-03-05..2024-03-06"]"#).replace("announced: \"30m\"", "announced: \"13h\"");
    let outcome = answered(&school(r#""array": (at: "a")"#, &plan, BY_DAY, ""), asked("12h", 2));
    let starts: Vec<&str> = outcome.windows.iter().map(|window| window.starts.as_str()).collect();
    // Monday noon would be under way on Tuesday.
    assert_eq!(starts[..2], ["Mon 04 Mar 00:00:00", "Thu 07 Mar 00:00:00"]);
    let all = AN_HOUR.to_owned() + r#", avoid: ["2024-03-05..2024-03-30"]"#;
    let source = school(
        r#""array": (at: "a")"#,
        &all.replace("starts: \"12:00\"", "told_at: \"11:30\", starts: \"12:00\""),
        BY_DAY,
        "",
    );
    let from = WindowsAsked { from: Some("23:30".to_owned()), ..asked("1d", 2) };
    assert!(refused(&source, from).contains("all of them are on dates to avoid"));
}
