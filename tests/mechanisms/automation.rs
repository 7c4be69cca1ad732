//! Automation that is switched off and on, conditions that are turned around, measures that are ordered again and taken back by
//! what is seen.

use crate::common::{assert_near, outcome, world};
use firedrill::rng::Luck;
use firedrill::run::{Run, run};

/// Two sites, one of them active; the first fails at nine for an hour.
fn two_sites(strategy: &str, drill: &str) -> String {
    format!(
        r#"Scenario(format: 1, title: "two", clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "8h"),
        sites: {{"a": (), "b": ()}}, links: [(between: ("a", "b"), rtt: "5ms")],
        components: {{"array": (at: "a"), "vault": (hidden: true), "gauge": ()}},
        groups: {{"home": (members: ["a", "b"])}},
        services: {{"web": (runs_at: {{"a": (servers: 4), "b": (servers: 4)}}, takes: fixed("100ms"))}},
        queues: {{"mail": (at: "b", workers: 1, takes: fixed("100ms"), fresh_within: "1m", also_fed: "5/s", stands_on: all(["array"]))}},
        features: {{"read": (calls: [hard(to: "web")])}},
        people: {{"all": (users: 600, uses: {{"read": "1/min"}}, served_by: "home")}},
        strategies: {{"s": (failover: {{"home": (detect: instant, promote: (takes: fixed("1m")), failback: after("30m"))}}, {strategy})}},
        drill: [{drill}])"#
    )
}

const CRASH: &str = r#"at("09:00", crash(of: "a", repaired_after: "1h"))"#;

fn run_of(text: &str) -> Run {
    run(&world(text), Luck { seed: 1, replication: 0 })
}

fn down_s(text: &str) -> f64 {
    outcome(text).people["all"].downtime_s
}

fn at_s(run: &Run, what: &str) -> Vec<f64> {
    run.story.iter().filter(|line| line.text.contains(what)).map(|line| line.at_s).collect()
}

// ---- Switched off ----------------------------------------------------------------------------------------------------

#[test]
fn a_failover_that_is_switched_off_does_nothing_until_it_is_on_again() {
    let off = |rest: &str| two_sites("", &format!(r#"at("08:30", switch_off(of: failover("home"){rest})), {CRASH}"#));
    assert_near("on", down_s(&two_sites("", CRASH)), 60.0, 1e-9);
    assert_near("off", down_s(&off("")), 3_600.0, 1e-9);
    // On again after twenty minutes of the outage: then it takes its minute.
    assert_near("off for a time", down_s(&off(r#", lasts: "50m""#)), 1_260.0, 1e-9);
    let on = format!(r#"{}, at("09:20", switch_on(of: failover("home")))"#, CRASH);
    let text = two_sites("", &format!(r#"at("08:30", switch_off(of: failover("home"), lasts: "5h")), {on}"#));
    assert_near("on by somebody", down_s(&text), 1_260.0, 1e-9);
    // Switched off when all is over already: nothing has happened.
    let late = two_sites("", &format!(r#"{CRASH}, at("09:01:30", switch_off(of: failover("home")))"#));
    assert_near("too late to matter", down_s(&late), 60.0, 1e-9);
}

#[test]
fn the_story_tells_where_it_mattered_and_once() {
    let text = two_sites("", &format!(r#"at("08:30", switch_off(of: failover("home"))), {CRASH}"#));
    let seen = run_of(&text);
    assert_eq!(at_s(&seen, "failover of home would act now, and is switched off"), [3_600.0]);
    assert_eq!(at_s(&seen, "failover of home is switched off"), [1_800.0]);
    // Where nothing happens, it does not matter.
    let quiet = run_of(&two_sites("", r#"at("08:30", switch_off(of: failover("home")))"#));
    assert!(at_s(&quiet, "would act now").is_empty());
}

#[test]
fn somebody_can_switch_over_what_does_not_fail_over_by_itself() {
    let drill = format!(
        r#"at("08:30", switch_off(of: failover("home"))), {CRASH}, at("09:10", fail_over(group: "home", to: "b"))"#
    );
    assert_near("by hand", down_s(&two_sites("", &drill)), 660.0, 1e-9);
}

#[test]
fn a_failback_is_switched_off_with_its_failover() {
    // Back at 10:00, it would fail back at 10:30, and again be down for the minute of promotion.
    let active = |drill: &str| at_s(&run_of(&two_sites("", drill)), "a is active");
    assert_eq!(active(CRASH).len(), 1);
    assert!(active(&format!(r#"{CRASH}, at("10:10", switch_off(of: failover("home")))"#)).is_empty());
    let later = active(&format!(r#"{CRASH}, at("10:10", switch_off(of: failover("home"), lasts: "1h"))"#));
    assert!(later[0] >= 3.0 * 3_600.0 + 10.0 * 60.0 + 1_800.0, "{later:?}");
}

#[test]
fn an_autoscaler_a_measure_and_a_maintenance_are_held_back() {
    let grows = r#"autoscale: {"grow": (service: "web", at: "a", above: "70%", below: "10%", every: "1m", by: "x2", least: 1, most: 64)},
        runbook: {"help": (when: busy(service: "web", at: "a", above: "90%", for: "5m"), does: [add_servers(service: "web", at: "a", servers: 60)])}"#;
    let surge = r#"at("09:00", surge(of: "all", by: "x10", lasts: "2h"))"#;
    let scaled = |drill: &str| run_of(&two_sites(grows, drill));
    assert!(!at_s(&scaled(surge), "grow").is_empty());
    let off = scaled(&format!(r#"at("08:10", switch_off(of: autoscale("grow"))), {surge}"#));
    assert_eq!(at_s(&off, "autoscaler grow would act now").len(), 1);
    assert_eq!(at_s(&off, "help is in effect"), [3_900.0]);
    let both = format!(
        r#"at("08:10", switch_off(of: autoscale("grow"))), at("08:10", switch_off(of: measure("help"), lasts: "2h")), {surge}"#
    );
    // What is seen all the time is acted on as soon as it may be.
    assert_eq!(at_s(&scaled(&both), "help is in effect"), [7_800.0]);
    let plan =
        r#"maintenance: {"work": (starts: "09:00", announced: "1h", takes: fixed("1h"), takes_down: ["b"])}, sites"#;
    let text = |drill: &str| two_sites("", drill).replacen("sites", plan, 1);
    assert_eq!(at_s(&run_of(&text("")), "b fails").len() + at_s(&run_of(&text("")), "work begins").len(), 1);
    let held = run_of(&text(r#"at("08:10", switch_off(of: maintenance("work")))"#));
    assert!(at_s(&held, "work begins").is_empty());
    assert_eq!(at_s(&held, "the maintenance would act now"), [3_600.0]);
}

#[test]
fn a_runbook_switches_off_and_its_end_switches_on() {
    let runbook = r#"runbook: {"hands off": (at: "08:30", until: "09:20", does: [switch_off(of: failover("home"))])}"#;
    assert_near("until its end", down_s(&two_sites(runbook, CRASH)), 1_260.0, 1e-9);
}

// ---- Conditions ------------------------------------------------------------------------------------------------------

#[test]
fn what_two_have_switched_off_is_on_when_both_have_ended() {
    // One hold ends at 09:20, the other at 09:40: what the first takes back is its own.
    let hold = |name: &str, until: &str| {
        format!(r#""{name}": (at: "08:30", does: [switch_off(of: failover("home"))], until: "{until}")"#)
    };
    let both = |drill: &str| {
        let runbook = format!("runbook: {{{}, {}}},", hold("one", "09:20"), hold("other", "09:40"));
        two_sites(&runbook, &format!("{CRASH}{drill}"))
    };
    assert_near("both", down_s(&both("")), 2_460.0, 1e-9);
    // Whoever switches it on does so for all of them, and nothing is left to be taken back.
    assert_near("on for all", down_s(&both(r#", at("09:10", switch_on(of: failover("home")))"#)), 660.0, 1e-9);
    // A hold of the drill that lasts is nobody's to take back.
    let lasting = r#", at("08:40", switch_off(of: failover("home"), lasts: "70m"))"#;
    assert_near("a third", down_s(&both(lasting)), 3_060.0, 1e-9);
}

#[test]
fn conditions_can_be_turned_around_and_wanted_for_long() {
    let when = |condition: &str| {
        let runbook = format!(r#"runbook: {{"act": (when: {condition}, does: [decide("acted")])}}"#);
        let drill = format!(
            r#"at("08:30", switch_off(of: failover("home"))), {CRASH}, at("09:00", crash(of: "array", repaired_after: "2h"))"#
        );
        at_s(&run_of(&two_sites(&runbook, &drill)), "acted")
    };
    assert_eq!(when(r#"not(down(of: "all"))"#), [0.0]);
    assert_eq!(when(r#"not(not(down(of: "all")))"#), [3_600.0]);
    assert_eq!(when(r#"out(of: "a")"#), [3_600.0]);
    assert_eq!(when(r#"out(of: "a", for: "10m")"#), [4_200.0]);
    // Down for an hour: never for so long.
    assert!(when(r#"lasting("61m", down(of: "all"))"#).is_empty());
    assert_eq!(when(r#"lasting("20m", out(of: "home"))"#), [4_800.0]);
    // The first hour without it is the one before nine; after it is down the clock begins anew.
    assert_eq!(when(r#"lasting("59m", not(down(of: "all")))"#), [3_540.0]);
    assert_eq!(when(r#"lasting("61m", not(down(of: "all")))"#), [7_200.0 + 3_660.0]);
    // Both at once, and either: the site is back at ten, the array an hour later.
    assert_eq!(when(r#"all([not(out(of: "a")), out(of: "array")])"#), [7_200.0]);
    assert_eq!(when(r#"lasting("30m", all([not(out(of: "a")), out(of: "array")]))"#), [9_000.0]);
    // The queue stands still from nine on; what waits is older than a minute a minute later.
    let behind = when(r#"behind(of: "mail")"#);
    assert!((behind[0] - 3_660.0).abs() < 1.0, "{behind:?}");
}

// ---- Again, and taken back -------------------------------------------------------------------------------------------

#[test]
fn a_measure_comes_again_when_its_time_has_passed_and_it_is_seen_again() {
    let crashes = r#"at("09:00", crash(of: "array", repaired_after: "10m")), at("09:20", crash(of: "array", repaired_after: "10m")),
        at("11:00", crash(of: "array", repaired_after: "3h"))"#;
    let acted = |again: &str| {
        let runbook = format!(r#"runbook: {{"act": (when: out(of: "array"), does: [tell("look")], {again})}}"#);
        at_s(&run_of(&two_sites(&runbook, crashes)), "look")
    };
    assert_eq!(acted(""), [3_600.0]);
    assert_eq!(acted(r#"again_after: "5m""#)[..2], [3_600.0, 3_900.0]);
    // While it lasts it is seen all the time: as often as may be.
    assert_eq!(acted(r#"again_after: "1h""#), [3_600.0, 10_800.0, 14_400.0, 18_000.0]);
}

#[test]
fn more_servers_come_each_time() {
    let runbook = r#"runbook: {"more": (when: out(of: "array"), again_after: "1h", does: [add_servers(service: "web", at: "a", servers: 4)])}"#;
    let text = two_sites(runbook, r#"at("09:00", crash(of: "array", repaired_after: "90m"))"#);
    let run = run_of(&text);
    assert_eq!(at_s(&run, "more is in effect"), [3_600.0, 7_200.0]);
    let hours = &run.outcome.hours;
    let capacity = &hours.loads["web@a"].capacity_per_s;
    assert_eq!((capacity[0], capacity[capacity.len() - 1]), (Some(40.0), Some(120.0)));
}

#[test]
fn what_is_seen_takes_a_measure_back() {
    let runbook = r#"runbook: {"doors": (when: out(of: "array"), back_when: not(out(of: "array")), again_after: "1m",
        does: [shed(of: "all", share: "100%")])}"#;
    let drill = r#"at("09:00", crash(of: "array", repaired_after: "10m")), at("10:00", crash(of: "array", repaired_after: "5m"))"#;
    let run = run_of(&two_sites(runbook, drill));
    assert_eq!(at_s(&run, "doors is in effect"), [3_600.0, 7_200.0]);
    assert_eq!(at_s(&run, "doors is taken back"), [4_200.0, 7_500.0]);
    let all = &run.outcome.people["all"].requests;
    assert_near("turned away", all.shed + all.failed, 15.0 * 600.0, 1e-6);
}

#[test]
fn a_hold_that_is_switched_off_by_what_is_seen_ends_by_what_is_seen() {
    // While the array is out nobody trusts the failover.
    let runbook = r#"runbook: {"mistrust": (when: out(of: "gauge"), back_when: lasting("5m", not(out(of: "gauge"))), does: [switch_off(of: failover("home"))])}"#;
    let drill = format!(r#"at("08:50", crash(of: "gauge", repaired_after: "20m")), {CRASH}"#);
    // The array is back at 09:10, five minutes later the failover is trusted, and takes its minute.
    assert_near("down", down_s(&two_sites(runbook, &drill)), 960.0, 1e-9);
}

// ---- What getting servers takes --------------------------------------------------------------------------------------

/// A control plane at b that runs on a component; the first site gets more servers through it.
fn through_control_plane(measure: &str, drill: &str) -> Run {
    let text = two_sites(measure, drill).replace(r#""gauge": ()"#, r#""gauge": (at: "b")"#).replace(
        r#"services: {"#,
        r#"services: {"control": (runs_at: {"b": (servers: 1, stands_on: all(["gauge"]))}, takes: fixed("1ms")), "#,
    );
    run_of(&text)
}

#[test]
fn what_needs_a_control_plane_waits_for_it_and_the_story_says_so() {
    let measure = r#"runbook: {"more": (at: "09:00", needs: ["control"], phases: (count: 2, pause: "30m"),
        does: [add_servers(service: "web", at: "a", servers: 8)])}"#;
    let steps = |drill: &str| at_s(&through_control_plane(measure, drill), "of 2 of more is in effect");
    assert_eq!(steps(""), [3_600.0, 5_400.0]);
    // Down from before the order until half past nine: then the first step is taken, and the second half an hour later.
    let before = r#"at("08:50", crash(of: "gauge", repaired_after: "40m"))"#;
    assert_eq!(steps(before), [5_400.0, 7_200.0]);
    // Down between the two.
    let between = r#"at("09:10", crash(of: "gauge", repaired_after: "1h"))"#;
    assert_eq!(steps(between), [3_600.0, 7_800.0]);
    let told = through_control_plane(measure, before);
    assert_eq!(at_s(&told, "more waits: it needs control, which does not serve"), [3_600.0]);
    let line = told.story.iter().find(|line| line.text.contains("more waits")).unwrap();
    assert!(told.story[line.because.expect("a reason")].text.contains("control@b stops serving"));
}

#[test]
fn an_autoscaler_without_its_control_plane_does_nothing() {
    let grows = r#"autoscale: {"grow": (service: "web", at: "a", needs: ["control"], above: "70%", below: "10%", every: "1m", by: "x2", least: 1, most: 64)}"#;
    let drill = |rest: &str| format!(r#"at("09:00", surge(of: "all", by: "x10", lasts: "2h")), {rest}"#);
    let grown = |rest: &str| at_s(&through_control_plane(grows, &drill(rest)), "grow")[0];
    let free = grown("");
    assert!(free < 3_800.0, "{free}");
    assert!(grown(r#"at("08:50", crash(of: "gauge", repaired_after: "1h"))"#) >= 3_600.0 + 3_000.0);
}
