use super::*;
use crate::load::load;
use crate::rng::Luck;
use crate::run::run;
use crate::scenario::Source;

/// A site that is down from 01:00 to 02:00 and from 05:00 to 05:30, and two strategies that differ in nothing but name.
fn verdicts(expect: &str) -> String {
    let text = format!(
        r#"Scenario(
            format: 1,
            title: "two outages",
            clock: (from: "2024-01-01T00:00", zone: "UTC", horizon: "12h"),
            sites: {{"a": ()}},
            components: {{"power": (at: "a"), "spare": (at: "a")}},
            services: {{"web": (runs_at: {{"a": (servers: 4, stands_on: all(["power"]))}}, takes: fixed("1ms"))}},
            features: {{"read": (calls: [hard(to: "web")])}},
            people: {{"all": (users: 100, uses: {{"read": "1/min"}}, served_by: "a")}},
            strategies: {{"first": (), "second": (maintenance: "long")}},
            maintenance: {{
                "short": (starts: "08:00", announced: "1h", takes: fixed("1h"), takes_down: ["spare"]),
                "long": (starts: "08:00", announced: "1h", takes: fixed("90m"), takes_down: ["spare"]),
            }},
            drill: [
                at("01:00", crash(of: "power", repaired_after: "1h")),
                at("05:00", crash(of: "power", repaired_after: "30m")),
            ],
            expect: [{expect}],
        )"#
    );
    let source = Source::new("test.ron", text);
    let written = source.read_plain().scenario.unwrap();
    let mut out = Vec::new();
    for choice in runs_needed(&written) {
        let (_, world) = load(&source, &choice).unwrap();
        let outcome = run(&world, Luck { seed: 1, replication: 0 }).outcome;
        for v in judge(&written, &world, &outcome) {
            let pick = outcome.provenance.strategy.clone().unwrap_or_default();
            let sign = if v.passed { "ok" } else { "FAILS" };
            out.push(format!("{sign} {pick} #{} {} | {} | {}", v.expectation, v.what, v.expected, v.seen));
        }
    }
    out.join("\n")
}

#[test]
fn lengths_are_of_what_began_in_a_part() {
    insta::assert_snapshot!(
        verdicts(
            r#"downtime(of: "all", is: "90m"),
            downtime(of: "all", is: "1h", between: ("01:00", "05:00")),
            downtime(of: "all", is: "30m", between: ("01:01", "11:00")),
            downtime(of: "all", is: "80m", within: "5m"),
            downtime(of: "all", is: "80m", within: "10m"),
            downtime(of: "all", is: "100m", within: "10m"),
            downtime(of: "all", is: "100m", within: "9m"),
            downtime(of: "all", is: "0s", between: ("01:00:01", "05:00")),
            downtime(of: "all", is: "90m", between: ("01:00", "05:00:01")),
            degraded(of: "all", is: "0s"),
            stale(of: "all", is: "0s")"#
        ),
        @r#"
        ok first #0 all: down | 1 h 30 min | 1 h 30 min
        ok first #1 all: down | 1 h, begun 01:00 to 05:00 | 1 h
        ok first #2 all: down | 30 min, begun 01:01 to 11:00 | 30 min
        FAILS first #3 all: down | 1 h 20 min ± 5 min | 1 h 30 min
        ok first #4 all: down | 1 h 20 min ± 10 min | 1 h 30 min
        ok first #5 all: down | 1 h 40 min ± 10 min | 1 h 30 min
        FAILS first #6 all: down | 1 h 40 min ± 9 min | 1 h 30 min
        ok first #7 all: down | 0 s, begun 01:00:01 to 05:00 | 0 s
        ok first #8 all: down | 1 h 30 min, begun 01:00 to 05:00:01 | 1 h 30 min
        ok first #9 all: degraded | 0 s | 0 s
        ok first #10 all: stale | 0 s | 0 s
        "#);
}

#[test]
fn restored_is_the_end_of_the_longest_outage() {
    insta::assert_snapshot!(
        verdicts(
            r#"restored_at(of: "all", at: "02:00"),
            restored_at(of: "all", at: "02:10", within: "10m"),
            restored_at(of: "all", at: "05:30", within: "10m"),
            restored_at(of: "all", at: "01:51", within: "9m"),
            restored_at(of: "all", at: "01:51", within: "8m59s"),
            restored_at(of: "all", at: "02:00:01")"#
        ),
        @r#"
        ok first #0 all: restored | Mon 01 Jan 02:00:00 | Mon 01 Jan 02:00:00
        ok first #1 all: restored | Mon 01 Jan 02:10:00 ± 10 min | Mon 01 Jan 02:00:00
        FAILS first #2 all: restored | Mon 01 Jan 05:30:00 ± 10 min | Mon 01 Jan 02:00:00
        ok first #3 all: restored | Mon 01 Jan 01:51:00 ± 9 min | Mon 01 Jan 02:00:00
        FAILS first #4 all: restored | Mon 01 Jan 01:51:00 ± 8 min 59 s | Mon 01 Jan 02:00:00
        FAILS first #5 all: restored | Mon 01 Jan 02:00:01 | Mon 01 Jan 02:00:00
        "#);
}

#[test]
fn each_run_is_judged_by_what_speaks_of_it() {
    insta::assert_snapshot!(
        verdicts(
            r#"overrun(of: "short", is: "0s"),
            overrun(of: "long", is: "30m", when: (strategy: "second")),
            overrun(of: "long", is: "30m", when: (maintenance: "long")),
            overrun(of: "short", is: "0s", when: (strategy: "second", maintenance: "short")),
            overrun(of: "short", is: "0s", when: (strategy: "second"))"#
        ),
        @r#"
        ok first #0 short: overrun | 0 s | 0 s
        ok second #1 long: overrun | 30 min | 30 min
        FAILS second #4 short: overrun | 0 s | no data: "short" did not take place
        ok first #2 long: overrun | 30 min | 30 min
        ok second #3 short: overrun | 0 s | 0 s
        "#);
}

#[test]
fn numbers_are_found_by_their_path() {
    insta::assert_snapshot!(
        verdicts(
            r#"value(of: "people.all.downtime_s", is: 5400),
            value(of: "people.all.downtime_s", is: 5300, within: "5%"),
            value(of: "people.all.downtime_s", at_least: 1, at_most: 2),
            value(of: "people.all.downtime_s", at_least: 5400, at_most: 5400),
            value(of: "people.all.downtime_s", at_least: 5401),
            value(of: "people.all.downtime_s", at_least: 5401, at_most: 6000),
            value(of: "people.all.downtime_s", is: 5700, within: "5%"),
            value(of: "people.all.downtime_s", is: 5100, within: "5%"),
            value(of: "people.all.downtime_s", is: 5400.000001),
            value(of: "people.all.downtime_s", is: 5400.00006),
            value(of: "people.all.downtime", at_least: 1)"#
        ),
        @r#"
        ok first #0 people.all.downtime_s | 5400 | 5400
        ok first #1 people.all.downtime_s | 5300 ± 5% | 5400
        FAILS first #2 people.all.downtime_s | at least 1, at most 2 | 5400
        ok first #3 people.all.downtime_s | at least 5400, at most 5400 | 5400
        FAILS first #4 people.all.downtime_s | at least 5401 | 5400
        FAILS first #5 people.all.downtime_s | at least 5401, at most 6000 | 5400
        FAILS first #6 people.all.downtime_s | 5700 ± 5% | 5400
        FAILS first #7 people.all.downtime_s | 5100 ± 5% | 5400
        ok first #8 people.all.downtime_s | 5400.000001 | 5400
        FAILS first #9 people.all.downtime_s | 5400.00006 | 5400
        FAILS first #10 people.all.downtime | at least 1 | people.all has no "downtime"; did you mean "downtime_s"?
        "#);
}

#[test]
fn lengths_are_told_exactly() {
    let shown = [0.0, 46_770.25, 90_000.0, -30.0, 1e-7].map(exactly);
    assert_eq!(shown, ["0 s", "12 h 59 min 30 s 250 ms", "1 d 1 h", "-30 s", "0 s"]);
}

/// An outcome whose only population felt these, one after the other: from, to, how.
fn felt(intervals: &[(f64, f64, ServiceLevel)], expect: &str) -> String {
    let text = format!(
        r#"Scenario(format: 1, title: "made up", clock: (from: "2024-01-01T00:00", zone: "UTC", horizon: "2h"),
            sites: {{"a": ()}}, services: {{"web": (runs_at: {{"a": (servers: 4)}}, takes: fixed("1ms"))}},
            features: {{"read": (calls: [hard(to: "web")])}},
            people: {{"all": (users: 100, uses: {{"read": "1/min"}}, served_by: "a")}},
            drill: [at("00:10", crash(of: "a", repaired_after: "1m"))],
            expect: [{expect}])"#
    );
    let source = Source::new("test.ron", text);
    let written = source.read_plain().scenario.unwrap();
    let (_, world) = load(&source, &runs_needed(&written)[0]).unwrap();
    let mut outcome = run(&world, Luck { seed: 1, replication: 0 }).outcome;
    let all = outcome.people.get_mut("all").unwrap();
    let pattern = all.intervals[0].clone();
    all.intervals = (intervals.iter())
        .map(|&(from_s, to_s, mood)| OutcomeInterval { from_s, to_s, mood, ..pattern.clone() })
        .collect();
    let verdicts = judge(&written, &world, &outcome);
    verdicts.iter().map(|v| v.seen.clone()).collect::<Vec<_>>().join(" | ")
}

#[test]
fn what_follows_without_a_gap_is_one() {
    use ServiceLevel::{Degraded, Down, Stale};
    let of = r#"downtime(of: "all", is: "0s", between: ("00:00", "00:11"))"#;
    // Begun at 600 s, in two parts, and another one later.
    assert_eq!(felt(&[(600.0, 660.0, Down), (660.0, 700.0, Down), (900.0, 1_000.0, Down)], of), "1 min 40 s");
    assert_eq!(felt(&[(600.0, 660.0, Down), (660.001, 700.0, Down)], of), "1 min");
    // Another mood in between does not belong to it.
    assert_eq!(felt(&[(600.0, 660.0, Down), (620.0, 655.0, Down), (655.0, 656.0, Degraded)], of), "1 min");
    let restored = r#"restored_at(of: "all", at: "00:20")"#;
    // The longest time down; without any the longest degraded; without that the longest stale.
    let (long, short) = ((600.0, 1_200.0), (1_800.0, 1_900.0));
    let told = |a: ServiceLevel, b: ServiceLevel| felt(&[(long.0, long.1, a), (short.0, short.1, b)], restored);
    assert_eq!(told(Down, Down), "Mon 01 Jan 00:20:00");
    assert_eq!(told(Degraded, Down), "Mon 01 Jan 00:31:40");
    assert_eq!(told(Degraded, Degraded), "Mon 01 Jan 00:20:00");
    assert_eq!(told(Stale, Degraded), "Mon 01 Jan 00:31:40");
    assert_eq!(told(Stale, Stale), "Mon 01 Jan 00:20:00");
    assert_eq!(felt(&[], restored), "nothing was felt");
    assert_eq!(felt(&[(600.0, 7_200.0, Down)], restored), "not restored before the run ends");
    assert_eq!(felt(&[(600.0, 7_199.0, Down)], restored), "Mon 01 Jan 01:59:59");
}

#[test]
fn a_defaults_run_is_made_once() {
    let needed = |expect: &str| {
        let text = format!(
            r#"Scenario(format: 1, title: "runs", clock: (from: "2024-01-01T00:00", zone: "UTC", horizon: "1h"),
                sites: {{"a": ()}}, strategies: {{"first": (), "second": ()}}, expect: [{expect}],
                objectives: {{"x": value(of: "clock.horizon_s", at_most: 1, when: (strategy: "second")),
                    "y": value(of: "clock.horizon_s", at_most: 1), "z": value(of: "clock.horizon_s", at_most: 1, when: (strategy: "second"))}})"#
        );
        let written = Source::new("test.ron", text).read_plain().scenario.unwrap();
        let runs: Vec<Option<String>> = runs_needed(&written).into_iter().map(|choice| choice.strategy).collect();
        let of = |(choice, names): (Choice, Vec<String>)| (choice.strategy, names.join(" "));
        let objectives: Vec<(Option<String>, String)> = objective_runs(&written).into_iter().map(of).collect();
        (runs, objectives)
    };
    let of = |when: &str| format!(r#"value(of: "clock.horizon_s", is: 3600{when}),"#);
    let (first, second) = (of(r#", when: (strategy: "first")"#), of(r#", when: (strategy: "second")"#));
    assert_eq!(needed("").0, [None]);
    assert_eq!(needed(&format!("{}{first}", of(""))).0, [None], "the first strategy is the default");
    assert_eq!(needed(&format!("{second}{first}{second}")).0, [None, Some("second".to_owned())]);
    assert_eq!(needed("").1, [(Some("second".to_owned()), "x z".to_owned()), (None, "y".to_owned())]);
}

#[test]
fn of_several_rounds_only_those_that_begin_in_a_part_count() {
    let text = |expect: &str| {
        format!(
            r#"Scenario(format: 1, title: "rounds", clock: (from: "2024-01-01T00:00", zone: "UTC", horizon: "12h"),
                sites: {{"a": ()}}, components: {{"p": (at: "a")}},
                maintenance: {{"m": (starts: "01:00", announced: "1h", takes: fixed("90m"), repeats_every: "4h", takes_down: ["p"])}},
                expect: [{expect}])"#
        )
    };
    let judged = |expect: &str| {
        let source = Source::new("test.ron", text(expect));
        let written = source.read_plain().scenario.unwrap();
        let (_, world) = load(&source, &Choice::default()).unwrap();
        let mut outcome = run(&world, Luck { seed: 1, replication: 0 }).outcome;
        // The second round took longer still.
        outcome.maintenance[1].overrun_s = 3_600.0;
        judge(&written, &world, &outcome).into_iter().map(|v| (v.seen, v.judgement)).collect::<Vec<_>>()
    };
    let seen = judged(
        r#"overrun(of: "m", is: "1h"), overrun(of: "m", is: "30m", between: ("00:00", "05:00")),
        overrun(of: "m", is: "1h", between: ("05:00", "09:00")), overrun(of: "m", is: "30m", between: ("05:01", "10:00")),
        overrun(of: "m", is: "30m", between: ("02:00", "03:00")), overrun(of: "m", is: "58m", within: "1m")"#,
    );
    let of: Vec<(&str, Judgement)> = seen.iter().map(|(seen, judgement)| (seen.as_str(), *judgement)).collect();
    let nothing = "no data: \"m\" did not take place";
    let (pass, fail) = (Judgement::Pass, Judgement::Fail);
    assert_eq!(
        of,
        [("1 h", pass), ("30 min", pass), ("1 h", pass), ("30 min", pass), (nothing, Judgement::NoData), ("1 h", fail)]
    );
}
