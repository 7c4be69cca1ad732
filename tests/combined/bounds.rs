//! What happens just at a bound, and in which order: a share that passes one half, an age that falls below what may be, hours that the
//! clocks repeat, and two things at one moment.

use crate::common::{assert_near, outcome, world};
use firedrill::load::load;
use firedrill::metrics::Outcome;
use firedrill::rng::Luck;
use firedrill::run::{Run, run};
use firedrill::scenario::{Choice, Source};

/// Two or three sites for a day.
fn day(from: &str, rest: &str) -> String {
    format!(
        r#"Scenario(format: 1, title: "t", clock: (from: "{from}T00:00", zone: "Europe/Oslo", horizon: "1d"),
        sites: {{"a": (), "b": (), "c": ()}},
        links: [(between: ("a", "b"), rtt: "10ms"), (between: ("b", "c"), rtt: "10ms"), (between: ("a", "c"), rtt: "30ms")], {rest})"#
    )
}

fn ran(text: &str) -> Run {
    run(&world(text), Luck { seed: 1, replication: 0 })
}

fn down_s(outcome: &Outcome) -> f64 {
    outcome.people["p"].downtime_s
}

const WEB: &str = r#"services: {"web": (runs_at: {"a": (servers: 9), "b": (servers: 9), "c": (servers: 9)}, takes: fixed("1ms"), writes: {"s": 1})},
    stores: {"s": (primary: "home")}, groups: {"home": (members: ["a", "b", "c"])}, features: {"f": (calls: [hard(to: "web")])},
    people: {"p": (users: 60, uses: {"f": "60/h"}, arrivals: smooth, served_by: "home")},"#;

#[test]
fn a_share_that_moves_past_a_bound_is_felt_when_it_does() {
    // Users move within half an hour to where so much gets lost, until it ends; half of all is lost after a part of that.
    for (loses, lasts_min) in [(0.75, 40.0), (0.6, 40.0), (1.0, 40.0), (0.9, 40.0)] {
        let out = outcome(&day(
            "2024-03-04",
            &format!(
                r#"{WEB} strategies: {{"x": (failover: {{"home": (detect: probe(every: "1h", fails: 3), steer: ramp("30m"))}})}},
                drill: [at("01:00", fail_over(group: "home", to: "b")), at("01:00", gray(of: "b", loses: "{}%", lasts: "{lasts_min}m"))]"#,
                loses * 100.0
            ),
        ));
        assert_near("down", down_s(&out), (lasts_min - 30.0 * 0.5 / loses) * 60.0, 1e-6);
    }
}

#[test]
fn what_is_read_is_fresh_again_when_it_is_young_enough() {
    let stale_s = |may_be: &str| {
        outcome(&day(
            "2024-03-04",
            &format!(
                r#"services: {{"web": (runs_at: {{"a": (servers: 9), "b": (servers: 9)}}, takes: fixed("1ms"))}},
                stores: {{"s": (primary: "a", replicas: {{"b": async(applies: "2/s")}}, also_written: "1/s")}},
                features: {{"f": (calls: [hard(to: "web")], reads: {{"s": "{may_be}"}})}},
                people: {{"p": (users: 60, uses: {{"f": "60/h"}}, arrivals: smooth, served_by: "b")}},
                drill: [at("01:00", cut(between: ("a", "b"), lasts: "10m")), at("01:00", cut(between: ("b", "c"), lasts: "10m"))]"#
            ),
        ))
        .people["p"]
            .stale_s
    };
    // It grows by a second each second for ten minutes, and then falls as fast.
    assert_near("five minutes", stale_s("5m"), 600.0, 1e-3);
    assert_near("nine minutes", stale_s("9m"), 120.0, 1e-3);
}

#[test]
fn a_dead_replica_stays_out_of_the_set_through_another_switchover() {
    let text = day(
        "2024-03-04",
        &format!(
            r#"{} strategies: {{"x": (failover: {{"home": (detect: instant, promote: (takes: fixed("5m")))}})}},
            drill: [at("01:00", crash(of: "a", repaired_after: "10h")), at("02:00", fail_over(group: "home", to: "c"))]"#,
            WEB.replace(r#"(primary: "home")"#, r#"(primary: "home", replicas: {"a": sync, "b": sync, "c": sync})"#)
        ),
    );
    assert_near("down", down_s(&outcome(&text)), 300.0, 1e-9);
}

#[test]
fn who_was_never_heard_is_not_missed() {
    for detect in [r#"vrrp(priority: 100, advert: "1s")"#, r#"heartbeat(every: "1s", grace: "2s")"#] {
        // One is cut off, another takes over and dies, and the third has all that was written.
        let run = ran(&day(
            "2024-03-04",
            &format!(
                r#"{WEB} strategies: {{"x": (failover: {{"home": (detect: {detect}, promote: (takes: fixed("1m")))}})}},
                drill: [at("01:00", cut(between: ("a", "b"), lasts: "3h")), at("01:00", cut(between: ("a", "c"), lasts: "3h")),
                    at("02:00", crash(of: "b", repaired_after: "1h"))]"#
            ),
        ));
        let taken: Vec<&str> = run.outcome.failovers.iter().filter_map(|failover| failover.to.as_deref()).collect();
        assert_eq!(taken[..2], ["b", "c"], "{detect}");
    }
}

const CREW: &str = r#"services: {"web": (runs_at: {"a": (servers: 9)}, takes: fixed("1ms"), stands_on: all(["x"]))},
    features: {"f": (calls: [hard(to: "web")])}, people: {"p": (users: 60, uses: {"f": "60/h"}, arrivals: smooth, served_by: "a")},"#;

#[test]
fn hours_go_on_while_the_clocks_repeat_them() {
    // The second five past two: half past two has been, and four is to come.
    let out = outcome(&day(
        "2024-10-27",
        &format!(
            r#"{CREW} components: {{"x": (at: "a", repair: (takes: fixed("10m"), crew: "c"))}},
            crews: {{"c": (at_once: 1, hours: ("02:30", "04:00"), weekends: true)}}, drill: [at("+3h5m", crash(of: "x"))]"#
        ),
    ));
    assert_near("down", down_s(&out), 600.0, 1e-9);
}

#[test]
fn who_needs_a_service_can_do_without_it_from_when_hands_are_free() {
    let down_h = |crew: &str, drill: &str| {
        let text = format!(
            r#"{CREW} components: {{"x": (at: "a", repair: (takes: fixed("1h"), crew: "c")), "y": (at: "a", repair: (takes: fixed("3h"), crew: "c"))}},
            crews: {{"c": (at_once: 1, needs: ["web"], without: fixed("2h"){crew})}}, drill: [{drill}]"#
        );
        down_s(&outcome(&day("2024-03-04", &text))) / 3_600.0
    };
    assert_near("at once", down_h("", r#"at("01:00", crash(of: "x"))"#), 3.0, 1e-9);
    let busy = r#"at("01:00", crash(of: "y")), at("01:00", crash(of: "x"))"#;
    assert_near("behind another", down_h("", busy), 3.0 + 3.0, 1e-9);
    let hours = r#", hours: ("05:00", "20:00"), weekends: true"#;
    assert_near("out of hours", down_h(hours, r#"at("01:00", crash(of: "x"))"#), 4.0 + 3.0, 1e-9);
}

#[test]
fn a_gate_is_open_for_whoever_failed_last() {
    let run = ran(&day(
        "2024-03-04",
        &format!(
            r#"{} components: {{"grid": (), "generator": ()}},
            drill: [at("01:00", crash(of: "generator")), at("02:00", crash(of: "grid", repaired_after: "15m"))]"#,
            CREW.replace(r#"all(["x"])"#, r#"any(["grid", "generator"])"#)
        ),
    ));
    let because: Vec<&str> = run.outcome.people["p"].intervals[0].because.iter().map(String::as_str).collect();
    assert!(because.iter().any(|cause| cause.contains("grid fails")), "{because:?}");
    assert!(!because.iter().any(|cause| cause.contains("generator")), "{because:?}");
}

#[test]
fn a_maintenance_that_ends_as_promised_has_not_overrun_and_makes_room_for_the_next() {
    let plan = |plan: &str| {
        let text = format!(
            r#"{} maintenance: {{"m": (starts: "00:30", takes_down: ["b"], {plan})}}"#,
            CREW.replace(r#", stands_on: all(["x"])"#, "")
        );
        ran(&day("2024-03-04", &text))
    };
    let rolled_back = plan(r#"announced: "2h", takes: fixed("3h"), abort: (after: "90m", rollback: fixed("30m"))"#);
    assert!(!rolled_back.story.iter().any(|line| line.text.contains("overruns")));
    assert_eq!(rolled_back.outcome.maintenance[0].overrun_s, 0.0);
    let repeated = plan(r#"announced: "1h", takes: fixed("4h"), repeats_every: "4h""#);
    assert_eq!(repeated.outcome.maintenance.len(), 6);
}

#[test]
fn a_year_has_no_part_in_what_a_drill_alone_breaks() {
    let text = day(
        "2024-03-04",
        &format!(
            r#"{CREW} components: {{"x": (at: "a", fails: exponential(mean: "20d"), repair: (takes: fixed("10m")))}},
            objectives: {{"any": restored(of: "p", within: "5h", under: any(faults: 1)),
                "year": availability(of: "p", at_least: "90%", holds: on_average, under: year)}}"#
        ),
    );
    let (mut scenario, _) = load(&Source::new("t.ron", text), &Choice::default()).expect("a scenario");
    scenario.fails_only_by_drill();
    assert!(scenario.objectives.get("any").is_some() && scenario.objectives.get("year").is_none());
}
