//! A maintenance together with what goes down meanwhile: in which order things are taken, when it is given up, what is better
//! afterwards, and what happens to groups that stand on what goes.

use crate::common::{outcome, world};
use firedrill::metrics::Outcome;
use firedrill::rng::Luck;
use firedrill::run::run;

const HOUR: f64 = 3_600.0;

/// Parts at one site, and a maintenance that begins after an hour.
fn work(horizon: &str, plan: &str, rest: &str) -> String {
    format!(
        r#"Scenario(format: 1, title: "work", clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "{horizon}"),
        sites: {{"a": ()}}, components: {{"p": (at: "a"), "q": (at: "a"), "r": (at: "a", repair: (takes: fixed("1h")))}},
        maintenance: {{"m": (starts: "+1h", {plan})}}, {rest})"#
    )
}

fn down_h(text: &str) -> [f64; 3] {
    let seen = outcome(text);
    ["p", "q", "r"].map(|of| seen.components[of].downtime_s / HOUR)
}

/// How each round of the maintenance ended, when it began and how long it took, in hours.
fn rounds(seen: &Outcome) -> Vec<(&str, f64, f64)> {
    seen.maintenance.iter().map(|m| (m.ended.as_str(), m.from_s / HOUR, m.actual_s / HOUR)).collect()
}

fn story(text: &str) -> Vec<String> {
    run(&world(text), Luck { seed: 1, replication: 0 }).story.into_iter().map(|line| line.text).collect()
}

const ALL_THREE: &str = r#"takes_down: ["p", "q", "r"]"#;

// ---- Orders ----------------------------------------------------------------------------------------------------------

#[test]
fn a_rolling_maintenance_takes_one_after_the_other_for_its_share_of_the_time() {
    let plan = format!(r#"announced: "3h", takes: fixed("3h"), {ALL_THREE}, order: rolling"#);
    let by = |horizon: &str| down_h(&work(horizon, &plan, ""));
    assert_eq!(by("90m"), [0.5, 0.0, 0.0]);
    assert_eq!(by("2h30m"), [1.0, 0.5, 0.0]);
    assert_eq!(by("3h30m"), [1.0, 1.0, 0.5]);
    assert_eq!(by("12h"), [1.0, 1.0, 1.0]);
    // All at once each is away for all of it.
    assert_eq!(down_h(&work("12h", &plan.replace("rolling", "all_at_once"), "")), [3.0, 3.0, 3.0]);
    assert_eq!(down_h(&work("12h", &plan.replace("rolling", "drained"), "")), [3.0, 3.0, 3.0]);
}

#[test]
fn every_round_of_a_rolling_maintenance_begins_with_the_first() {
    let plan = format!(r#"announced: "3h", takes: fixed("3h"), repeats_every: "10h", {ALL_THREE}, order: rolling"#);
    let by = |horizon: &str| down_h(&work(horizon, &plan, ""));
    assert_eq!(by("11h30m"), [1.5, 1.0, 1.0]);
    assert_eq!(by("12h30m"), [2.0, 1.5, 1.0]);
    assert_eq!(by("20h"), [2.0, 2.0, 2.0]);
}

#[test]
fn a_rolling_maintenance_that_is_given_up_takes_nothing_more() {
    // Given up after 90 minutes, and back after 40 more: q has been away since an hour, r was never taken.
    let plan = format!(
        r#"announced: "3h", takes: fixed("3h"), {ALL_THREE}, order: rolling, abort: (after: "90m", rollback: fixed("40m"))"#
    );
    let [p, q, r] = down_h(&work("12h", &plan, ""));
    assert_eq!((p, q * 60.0, r), (1.0, 70.0, 0.0));
    assert_eq!(rounds(&outcome(&work("12h", &plan, ""))), [("rolled back", 1.0, 130.0 / 60.0)]);
    // The next step would have come while it was rolled back.
    let long = plan.replace("40m", "5h");
    let [p, q, r] = down_h(&work("12h", &long, ""));
    assert_eq!((p, q, r), (1.0, 5.5, 0.0));
}

#[test]
fn a_part_that_fails_while_it_is_taken_is_down_until_both_are_over() {
    let plan = r#"announced: "2h", takes: fixed("2h"), takes_down: ["r"]"#;
    for (crash, hours) in [("+30m", 2.5), ("+90m", 2.0), ("+2h30m", 2.5)] {
        let rest = format!(r#"drill: [at("{crash}", crash(of: "r"))]"#);
        assert_eq!(down_h(&work("12h", plan, &rest))[2], hours, "{crash}");
    }
}

// ---- Given up, overrun, repeated, not begun ----------------------------------------------------------------------------

#[test]
fn a_maintenance_is_given_up_only_when_it_takes_longer_than_that() {
    for (takes, ended, hours) in [("2h", "done", 2.0), ("119m", "done", 119.0 / 60.0), ("3h", "rolled back", 2.5)] {
        let plan = format!(
            r#"announced: "2h", takes: fixed("{takes}"), takes_down: ["p"], abort: (after: "2h", rollback: fixed("30m"))"#
        );
        let text = work("12h", &plan, "");
        assert_eq!(rounds(&outcome(&text)), [(ended, 1.0, hours)], "{takes}");
        assert_eq!(down_h(&text)[0], hours, "{takes}");
    }
}

#[test]
fn an_overrun_is_told_when_the_promise_breaks_and_not_before() {
    let told = |takes: &str, horizon: &str| {
        let plan = format!(r#"announced: "1h", takes: fixed("{takes}"), takes_down: ["p"]"#);
        story(&work(horizon, &plan, "")).iter().filter(|line| line.contains("overruns")).count()
    };
    assert_eq!(told("1h", "12h"), 0);
    assert_eq!(told("30m", "12h"), 0);
    assert_eq!(told("3h", "12h"), 1);
    assert_eq!(told("3h", "1h59m"), 0);
    assert_eq!(told("3h", "2h1m"), 1);
    // What is over does not break a promise any more: rolled back within the announced hour.
    let plan =
        r#"announced: "1h", takes: fixed("3h"), takes_down: ["p"], abort: (after: "20m", rollback: fixed("10m"))"#;
    assert!(story(&work("12h", plan, "")).iter().all(|line| !line.contains("overruns")));
}

#[test]
fn a_round_that_is_due_while_another_is_under_way_does_not_take_place() {
    let plan =
        |takes: &str| format!(r#"announced: "1h", takes: fixed("{takes}"), repeats_every: "4h", takes_down: ["p"]"#);
    let short = work("14h30m", &plan("1h"), "");
    assert_eq!(
        rounds(&outcome(&short)),
        [("done", 1.0, 1.0), ("done", 5.0, 1.0), ("done", 9.0, 1.0), ("done", 13.0, 1.0)]
    );
    let long = work("14h30m", &plan("6h"), "");
    assert_eq!(rounds(&outcome(&long)).iter().map(|round| round.1).collect::<Vec<_>>(), [1.0, 9.0]);
    assert_eq!(down_h(&long)[0], 11.5);
}

#[test]
fn a_cautious_maintenance_does_not_begin_while_something_of_it_is_down() {
    let text = |cautious: bool, of: &str| {
        let plan =
            format!(r#"announced: "1h", takes: fixed("1h"), takes_down: ["p", "q"], only_if_healthy: {cautious}"#);
        work("12h", &plan, &format!(r#"drill: [at("+30m", crash(of: "{of}", repaired_after: "6h"))]"#))
    };
    assert_eq!(rounds(&outcome(&text(true, "q")))[0].0, "not begun");
    assert_eq!(down_h(&text(true, "q")), [0.0, 6.0, 0.0]);
    // What else is down does not matter, and who is not cautious begins.
    assert_eq!(down_h(&text(true, "r")), [1.0, 1.0, 6.0]);
    assert_eq!(down_h(&text(false, "q")), [1.0, 6.0, 0.0]);
}

#[test]
fn users_are_told_when_it_says_so() {
    let text = |told: &str| {
        format!(
            r#"Scenario(format: 1, title: "word", clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "6h"),
            sites: {{"a": ()}}, components: {{"p": (at: "a")}},
            services: {{"web": (runs_at: {{"a": (servers: 4, stands_on: all(["p"]))}}, takes: fixed("1ms"))}},
            features: {{"read": (calls: [hard(to: "web")])}},
            people: {{"all": (users: 100, uses: {{"read": "1/min"}}, served_by: "a")}},
            maintenance: {{"m": ({told}starts: "+2h", announced: "1h", takes: fixed("1h"), takes_down: ["p"])}})"#
        )
    };
    assert_eq!(outcome(&text(r#"told_at: "+30m", "#)).maintenance[0].notice_s, Some(1.5 * HOUR));
    assert_eq!(outcome(&text("")).maintenance[0].notice_s, None);
}

// ---- What is better afterwards -----------------------------------------------------------------------------------------

/// Two members of which the active one crashes before and after the work; what is called upon fails until it is improved.
fn improved(takes: &str, crash: &str) -> (u64, u64, f64) {
    let text = format!(
        r#"Scenario(format: 1, title: "a better failover", clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "12h"),
        sites: {{"a": (), "b": ()}}, components: {{"db a": (at: "a"), "db b": (at: "b"), "other": (at: "b")}},
        groups: {{"db": (members: ["db a", "db b"])}},
        strategies: {{"s": (failover: {{"db": (detect: instant, fails_on_demand: "100%")}})}},
        maintenance: {{"m": (starts: "+1h", announced: "1h", takes: fixed("{takes}"), takes_down: ["other"],
            improves: {{"db": (fails_on_demand: "0%")}}, abort: (after: "90m", rollback: fixed("30m")))}},
        drill: [at("{crash}", crash(of: "db a", repaired_after: "2h"))])"#
    );
    let seen = outcome(&text);
    let group = &seen.groups["db"];
    (group.demands, group.failed_on_demand, seen.components["db"].downtime_s / HOUR)
}

#[test]
fn a_failover_is_better_when_the_work_on_it_is_done_and_not_when_it_was_given_up() {
    assert_eq!(improved("1h", "+90m"), (1, 1, 2.0), "not yet");
    assert_eq!(improved("1h", "+3h"), (1, 0, 0.0));
    assert_eq!(improved("2h", "+5h"), (1, 1, 2.0), "given up");
}

#[test]
fn what_was_given_up_has_replaced_nothing() {
    // A life of exactly five hours: replaced after two it ends after seven, else after five.
    let by = |takes: &str, horizon: &str| {
        let plan = format!(
            r#"announced: "1h", takes: fixed("{takes}"), takes_down: ["q"], replaces: ["p"], abort: (after: "1h", rollback: fixed("1h"))"#
        );
        let text = work(horizon, &plan, "").replace(r#""p": (at: "a")"#, r#""p": (at: "a", fails: fixed("5h"))"#);
        outcome(&text).components["p"].failures
    };
    assert_eq!([by("1h", "6h"), by("1h", "8h")], [0, 1]);
    assert_eq!([by("2h", "4h30m"), by("2h", "6h")], [0, 1]);
}

#[test]
fn a_hazard_ends_with_the_work_also_when_that_was_given_up() {
    // A thousand members of a mean of 100 hours: 10 an hour, times x while there are hands in the machine.
    let failures = |by: &str, abort: &str, from: &str, to: &str| {
        let plan = format!(
            r#"announced: "2h", takes: fixed("2h"), takes_down: ["q"], hazard: (of: ["p"], by: "{by}"){abort}"#
        );
        let until = |horizon: &str| {
            let law = r#""p": (at: "a", count: 1000, needs: 1, fails: exponential(mean: "100h"), repair: (takes: fixed("1s")))"#;
            outcome(&work(horizon, &plan, "").replace(r#""p": (at: "a")"#, law)).components["p"].failures as f64
        };
        until(to) - until(from)
    };
    // Four standard errors of 400 are 80, of 40 they are 25.
    let during = failures("x20", "", "1h", "3h");
    assert!((during - 400.0).abs() < 80.0, "{during}");
    let less = failures("x0.05", "", "1h", "3h");
    assert!(less <= 6.0, "one is expected: {less}");
    let after = failures("x20", "", "3h", "7h");
    assert!((after - 40.0).abs() < 25.0, "{after}");
    let given_up = failures("x20", r#", abort: (after: "1h", rollback: fixed("30m"))"#, "2h30m", "6h30m");
    assert!((given_up - 40.0).abs() < 25.0, "{given_up}");
}

// ---- Groups on what goes -----------------------------------------------------------------------------------------------

/// A group of two, each on two feeds of its site; downtime of the group in hours.
fn drained(stands_on: &str, takes_down: &str, rest: &str) -> f64 {
    let text = format!(
        r#"Scenario(format: 1, title: "drained", clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "12h"),
        sites: {{"a": (), "b": ()}}, links: [(between: ("a", "b"), rtt: "1ms")],
        components: {{"feed 1": (at: "a"), "feed 2": (at: "a"), "db a": (at: "a", stands_on: {stands_on}), "db b": (at: "b")}},
        groups: {{"db": (members: ["db a", "db b"])}},
        maintenance: {{"m": (starts: "+1h", announced: "2h", takes: fixed("2h"), takes_down: [{takes_down}], order: drained)}},
        {rest})"#
    );
    outcome(&text).components["db"].downtime_s / HOUR
}

#[test]
fn a_group_is_drained_when_its_active_member_would_go_and_only_then() {
    let (both, one) = (r#"all(["feed 1", "feed 2"])"#, r#"any(["feed 1", "feed 2"])"#);
    // Whoever is active afterwards is seen when the other one crashes for an hour.
    let crash = |of: &str| format!(r#"drill: [at("+5h", crash(of: "{of}", repaired_after: "1h"))]"#);
    let moved = |stands_on: &str, takes_down: &str| {
        let hours = [crash("db a"), crash("db b")].map(|rest| drained(stands_on, takes_down, &rest));
        assert!(hours == [0.0, 1.0] || hours == [1.0, 0.0], "{hours:?}");
        hours == [0.0, 1.0]
    };
    assert!(moved(both, r#""feed 1""#));
    assert!(!moved(one, r#""feed 1""#), "the other feed is enough");
    assert!(moved(one, r#""feed 1", "feed 2""#));
    assert!(!moved(both, r#""db b""#), "the one that is not active goes");
    assert!(moved(both, r#""a""#));
    assert!(moved(both, r#""feed 1", "db a""#), "it goes itself, and what it stands on too");
}

#[test]
fn who_has_failed_already_is_not_drained() {
    // Nobody fails over here: the group is down as long as its active member is.
    let crash = r#"drill: [at("+30m", crash(of: "db a", repaired_after: "4h"))]"#;
    assert_eq!(drained(r#"any(["feed 1"])"#, r#""feed 1""#, crash), 4.0);
}

#[test]
fn a_group_with_nowhere_to_go_says_so_and_goes_down() {
    let crash = r#"drill: [at("+30m", crash(of: "db b", repaired_after: "4h"))]"#;
    assert_eq!(drained(r#"any(["feed 1"])"#, r#""feed 1""#, crash), 2.0);
    let cut = r#"drill: [at("+30m", cut(between: ("a", "b"), lasts: "4h"))]"#;
    assert_eq!(drained(r#"any(["feed 1"])"#, r#""feed 1""#, cut), 2.0);
}

#[test]
fn a_group_that_goes_as_a_whole_is_not_moved_around() {
    let text = r#"Scenario(format: 1, title: "all of it", clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "12h"),
        sites: {"a": (), "b": ()}, components: {"db a": (at: "a"), "db b": (at: "b")}, groups: {"db": (members: ["db a", "db b"])},
        maintenance: {"m": (starts: "+1h", announced: "2h", takes: fixed("2h"), takes_down: ["db"], order: drained)})"#;
    assert!(story(text).iter().any(|line| line.contains("no other member works")), "{:?}", story(text));
    let seen = outcome(text);
    assert_eq!(["db", "db a", "db b"].map(|of| seen.components[of].downtime_s), [2.0 * HOUR; 3]);
}

#[test]
fn servers_that_are_taken_serve_nobody() {
    // A service whose servers are the members of a part, and that part stands on another.
    let down = |takes_down: &str| {
        let text = format!(
            r#"Scenario(format: 1, title: "a pool", clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "12h"),
            sites: {{"a": ()}},
            components: {{"rack": (at: "a"), "other": (at: "a"), "boxes": (at: "a", count: 4, needs: 1, stands_on: all(["rack"]))}},
            services: {{"web": (runs_at: {{"a": (pool: "boxes", workers: 8)}}, takes: fixed("1ms"))}},
            features: {{"read": (calls: [hard(to: "web")])}},
            people: {{"all": (users: 100, uses: {{"read": "1/min"}}, served_by: "a")}},
            maintenance: {{"m": (starts: "+1h", announced: "2h", takes: fixed("2h"), takes_down: ["{takes_down}"])}})"#
        );
        outcome(&text).people["all"].downtime_s / HOUR
    };
    assert_eq!(["boxes", "rack", "other"].map(down), [2.0, 2.0, 0.0]);
}

#[test]
fn a_group_that_stands_on_a_group_leaves_only_when_nobody_of_that_is_left() {
    let text = |takes_down: &str, crash: &str| {
        format!(
            r#"Scenario(format: 1, title: "a group on a group", clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "12h"),
            sites: {{"a": (), "b": ()}},
            components: {{"disk 1": (at: "a"), "disk 2": (at: "a"), "db a": (at: "a", stands_on: all(["disks"])), "db b": (at: "b")}},
            groups: {{"disks": (members: ["disk 1", "disk 2"]), "db": (members: ["db a", "db b"])}},
            maintenance: {{"m": (starts: "+1h", announced: "2h", takes: fixed("2h"), takes_down: [{takes_down}], order: drained)}},
            drill: [at("+5h", crash(of: "{crash}", repaired_after: "1h"))])"#
        )
    };
    let down = |takes_down: &str, crash: &str| outcome(&text(takes_down, crash)).components["db"].downtime_s / HOUR;
    // One disk goes, the other takes over, and the database stays where it is.
    assert_eq!([down(r#""disk 1""#, "db a"), down(r#""disk 1""#, "db b")], [1.0, 0.0]);
    for both in [r#""disk 1", "disk 2""#, r#""disks""#] {
        assert_eq!([down(both, "db a"), down(both, "db b")], [0.0, 1.0], "{both}");
    }
}

#[test]
fn a_drain_that_a_failover_undoes_is_made_once_more() {
    let text = r#"Scenario(format: 1, title: "drained twice", clock: (from: "2024-03-04T00:00", zone: "UTC", horizon: "10h"),
        sites: {"a": (), "b": (), "c": ()}, groups: {"home": (members: ["a", "b", "c"])},
        services: {"web": (runs_at: {"a": (servers: 8), "b": (servers: 8), "c": (servers: 8)}, takes: exponential(mean: "50ms"))},
        features: {"lessons": (calls: [hard(to: "web")])},
        people: {"schools": (users: 1_000, uses: {"lessons": "2/min"}, served_by: "home")},
        strategies: {"s": (failover: {"home": (detect: instant, promote: (takes: fixed("10m")), steer: dns(ttl: "10m"))})},
        maintenance: {"m": (starts: "01:00", announced: "2h", takes: fixed("1h"), takes_down: ["a"], order: drained)},
        drill: [at("01:12", crash(of: "b", repaired_after: "2h"))])"#;
    let seen = outcome(text);
    // To b by 01:10; b dies at 01:12, and a is promoted once more by 01:22; from there to c by 01:42, with everybody by 01:52.
    let switched: Vec<_> = seen.failovers.iter().map(|failover| failover.to.as_deref()).collect();
    assert_eq!(switched, [Some("b"), Some("a"), Some("c")]);
    assert_eq!(seen.components["a"].downtime_s, HOUR);
    let ended = |failover: &firedrill::metrics::FailoverOutcome| failover.ended.clone();
    assert_eq!(seen.failovers.iter().map(ended).collect::<Vec<_>>(), ["switched"; 3]);
}
