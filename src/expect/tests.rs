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
            degraded(of: "all", is: "0s"),
            stale(of: "all", is: "0s")"#
        ),
        @r#"
        ok first #0 all: down | 1 h 30 min | 1 h 30 min
        ok first #1 all: down | 1 h, begun 01:00 to 05:00 | 1 h
        ok first #2 all: down | 30 min, begun 01:01 to 11:00 | 30 min
        FAILS first #3 all: down | 1 h 20 min ± 5 min | 1 h 30 min
        ok first #4 all: degraded | 0 s | 0 s
        ok first #5 all: stale | 0 s | 0 s
        "#);
}

#[test]
fn restored_is_the_end_of_the_longest_outage() {
    insta::assert_snapshot!(
        verdicts(
            r#"restored_at(of: "all", at: "02:00"),
            restored_at(of: "all", at: "02:10", within: "10m"),
            restored_at(of: "all", at: "05:30", within: "10m")"#
        ),
        @r#"
        ok first #0 all: restored | Mon 01 Jan 02:00:00 | Mon 01 Jan 02:00:00
        ok first #1 all: restored | Mon 01 Jan 02:10:00 ± 10 min | Mon 01 Jan 02:00:00
        FAILS first #2 all: restored | Mon 01 Jan 05:30:00 ± 10 min | Mon 01 Jan 02:00:00
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
            value(of: "people.all.downtime", at_least: 1)"#
        ),
        @r#"
        ok first #0 people.all.downtime_s | 5400 | 5400
        ok first #1 people.all.downtime_s | 5300 ± 5% | 5400
        FAILS first #2 people.all.downtime_s | at least 1, at most 2 | 5400
        FAILS first #3 people.all.downtime | at least 1 | people.all has no "downtime"; did you mean "downtime_s"?
        "#);
}

#[test]
fn lengths_are_told_exactly() {
    let shown = [0.0, 46_770.25, 90_000.0, -30.0, 1e-7].map(exactly);
    assert_eq!(shown, ["0 s", "12 h 59 min 30 s 250 ms", "1 d 1 h", "-30 s", "0 s"]);
}
