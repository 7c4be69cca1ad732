//! What is said of many runs, where something is missing: no data, designs that drop out, failures that are hardly seen,
//! features that hide behind others.

use crate::common::outcome;
use firedrill::expect::{self, Judgement};
use firedrill::load::{check, load};
use firedrill::report::text::{Layout, Lists, render_comparison};
use firedrill::report::verdict;
use firedrill::rng::Luck;
use firedrill::run::run;
use firedrill::scenario::{Choice, Source};
use firedrill::study::{Comparison, End, Protocol, Separation, Settle, Study, StudyError, Wanted};

/// One site with one service, from eight in the morning on.
fn site(horizon: &str, rest: &str) -> String {
    format!(
        r#"Scenario(format: 1, title: "one site", clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "{horizon}"),
            sites: {{"s": ()}}, components: {{"power": (at: "s"), "light": (at: "s")}},
            services: {{"web": (runs_at: {{"s": (servers: 8, stands_on: all(["power"]))}}, takes: fixed("5ms"))}},
            {rest})"#
    )
}

fn protocol(text: &str, replications: u64, designs: &[(&str, Choice)]) -> Protocol {
    let mut protocol = Protocol::new(1, replications);
    protocol.add_source(&Source::new("test.ron", text));
    for (label, choice) in designs {
        protocol.designs.push(Wanted::new(*label, 0, choice.clone()));
    }
    protocol
}

fn study(protocol: Protocol) -> Comparison {
    Study::new(protocol)
        .unwrap_or_else(|error| match error {
            StudyError::Mistakes { mistakes, .. } => panic!("{mistakes}"),
            other => panic!("{other}"),
        })
        .run()
}

fn compare(text: &str, replications: u64, designs: &[(&str, Choice)]) -> Comparison {
    study(protocol(text, replications, designs))
}

fn alone(text: &str, replications: u64) -> Comparison {
    compare(text, replications, &[("as written", Choice::default())])
}

fn setting(path: &str, value: &str) -> Choice {
    Choice { set: vec![(path.to_owned(), value.to_owned())], ..Choice::default() }
}

fn strategy(name: &str) -> Choice {
    Choice { strategy: Some(name.to_owned()), ..Choice::default() }
}

fn judgements(comparison: &Comparison) -> Vec<(&str, Judgement)> {
    comparison.designs[0].objectives.iter().map(|o| (o.name.as_str(), o.judgement)).collect()
}

/// What single runs of a file show of what it expects.
fn expected(text: &str) -> Vec<(Judgement, String)> {
    let source = Source::new("test.ron", text);
    let written = source.read_plain().scenario.unwrap();
    let (_, world) = load(&source, &Choice::default()).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let outcome = run(&world, Luck { seed: 1, replication: 0 }).outcome;
    expect::judge(&written, &world, &outcome).into_iter().map(|verdict| (verdict.judgement, verdict.seen)).collect()
}

fn mistakes(text: &str) -> String {
    check(&Source::new("test.ron", text)).map_or_else(|mistakes| mistakes.to_string(), |()| String::new())
}

const LESSONS: &str = r#"features: {"lessons": (calls: [hard(to: "web")])},
    people: {"schools": (users: 1000, uses: {"lessons": "2/min"}, served_by: "s")},"#;

// ---- No data ----------------------------------------------------------------------------------------------------------

#[test]
fn an_objective_over_answers_that_never_come_is_neither_met_nor_missed() {
    let text = site(
        "30m",
        &format!(
            r#"{LESSONS} drill: [at("+0s", crash(of: "s"))], objectives: {{
                "always": latency(of: "schools", percentile: p95, within: "100ms"),
                "mostly": latency(of: "schools", percentile: p50, within: "100ms", holds: in("90%")),
                "on average": latency(of: "schools", within: "100ms", holds: on_average),
                "one feature": latency(of: "schools", feature: "lessons", within: "100ms"),
                "by its path": value(of: "people.schools.latency.all.p99_s", at_most: 1),
                "up": availability(of: "schools", at_least: "99%"),
            }}"#
        ),
    );
    let comparison = alone(&text, 20);
    let none = Judgement::NoData;
    let fails = ("up", Judgement::Fail);
    assert_eq!(
        judgements(&comparison),
        [("always", none), ("mostly", none), ("on average", none), ("one feature", none), ("by its path", none), fails]
    );
    let objective = &comparison.designs[0].objectives[0];
    assert_eq!((objective.met, objective.no_data, objective.of, objective.mean), (0, 20, 20, None));
    assert_eq!(verdict::seen(objective), "no data in any of 20 runs");
    assert_eq!(verdict::judgement(none), "no data");
}

#[test]
fn what_goes_on_when_the_run_ends_is_not_known() {
    let judged = |crash: &str| {
        let text = site(
            "5h",
            &format!(
                r#"{LESSONS} drill: [at("+1h", crash({crash}))], maintenance: {{"m": (starts: "+2h", announced: "1h", takes: fixed("10h"),
                    takes_down: ["light"])}},
                objectives: {{"back": restored(of: "schools", within: "4h"), "soon": restored(of: "schools", within: "2h"),
                    "done": overrun(of: "m", within: "3h"), "done soon": overrun(of: "m", within: "1h")}}"#
            ),
        );
        judgements(&alone(&text, 2)).into_iter().map(|(_, judgement)| judgement).collect::<Vec<_>>()
    };
    let (pass, fail, none) = (Judgement::Pass, Judgement::Fail, Judgement::NoData);
    assert_eq!(judged(r#"of: "power""#), [none, fail, none, fail]);
    assert_eq!(judged(r#"of: "power", repaired_after: "90min""#), [pass, pass, none, fail]);
}

#[test]
fn what_did_not_take_place_was_not_in_time() {
    let text = site(
        "6h",
        &format!(
            r#"{LESSONS} drill: [at("+1h", crash(of: "power", repaired_after: "2h"))], maintenance: {{"m": (starts: "+2h", announced: "1h",
                takes: fixed("3h"), takes_down: ["power"], only_if_healthy: true)}},
            objectives: {{"by its path": value(of: "maintenance.0.overrun_s", at_most: 0), "length": value(of: "maintenance.0.actual_s", at_most: 9)}}"#
        ),
    );
    let all: Vec<Judgement> = judgements(&alone(&text, 2)).into_iter().map(|(_, judgement)| judgement).collect();
    assert_eq!(all, [Judgement::NoData, Judgement::NoData]);
}

#[test]
fn nobody_who_sends_nothing_is_available() {
    let text = site(
        "1h",
        r#"features: {"lessons": (calls: [hard(to: "web")])},
        people: {"gone": (users: 1000, active: points([("0s", "0%")]), uses: {"lessons": "2/min"}, served_by: "s")},
        objectives: {
            "time": availability(of: "gone", at_least: "99%"),
            "requests": availability(of: "gone", by: requests, at_least: "99%", holds: on_average),
            "users": availability(of: "gone", by: users, at_least: "99%", holds: in("50%")),
            "back": restored(of: "gone", within: "1m"),
            "fresh": stale(of: "gone", within: "1m"),
        },
        expect: [
            downtime(of: "gone", is: "0s"),
            restored_at(of: "gone", at: "08:30"),
            value(of: "people.gone.request_availability", at_least: 0.99),
            value(of: "people.gone.time_availability", at_least: 0.99),
            value(of: "people.gone.requests.intended", is: 0),
        ]"#,
    );
    let comparison = alone(&text, 5);
    for (name, judgement) in judgements(&comparison) {
        assert_eq!(judgement, Judgement::NoData, "{name}");
    }
    // Not one metric is the mean of zeros that nobody felt.
    for (metric, value) in comparison.metrics.iter().zip(&comparison.designs[0].values) {
        assert_eq!(value, &None, "{}", metric.name);
    }
    let (none, pass) = (Judgement::NoData, Judgement::Pass);
    assert_eq!(
        expected(&text).iter().map(|(judgement, _)| *judgement).collect::<Vec<_>>(),
        [none, none, none, none, pass]
    );
    let seen = outcome(&text);
    assert!(seen.people["gone"].windowed_user_uptime.is_empty());
    let json = serde_json::to_value(&seen).unwrap();
    assert!(json["people"]["gone"]["user_uptime"].is_null());
}

#[test]
fn runs_without_data_count_neither_for_nor_against() {
    // In half of the runs the power fails before anything is measured, and for good: nobody is ever answered.
    let objectives = |holds: &str, within: &str| {
        site(
            r#"30m", warm_up: "1m"#,
            &format!(
                r#"{LESSONS} common_cause: {{"lightning": (of: ["power", "light"], every: empirical(["1ms", "1h"]))}},
                objectives: {{"soon": latency(of: "schools", within: "{within}", holds: {holds})}}"#
            ),
        )
    };
    let judged = |holds: &str, within: &str| {
        let comparison = alone(&objectives(holds, within), 200);
        let objective = comparison.designs[0].objectives[0].clone();
        assert_eq!(objective.met + objective.no_data, if within == "1s" { 200 } else { objective.no_data });
        assert!(objective.no_data > 60 && objective.no_data < 140, "{}", objective.no_data);
        objective.judgement
    };
    assert_eq!(judged("always", "1s"), Judgement::NoData);
    assert_eq!(judged("on_average", "1s"), Judgement::NoData);
    // A quarter of the runs meet it, whatever the others would have done.
    assert_eq!(judged(r#"in("25%")"#, "1s"), Judgement::Pass);
    assert_eq!(judged(r#"in("90%")"#, "1s"), Judgement::NoData);
    // Half of them miss it, whatever the others would have done.
    assert_eq!(judged("always", "1ms"), Judgement::Fail);
    assert_eq!(judged(r#"in("90%")"#, "1ms"), Judgement::Fail);
}

/// Two sites of which one is lost at once: without a strategy nobody is ever served.
const A_SITE_IS_LOST: &str = r#"Scenario(format: 1, title: "a site is lost",
    clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "1h"),
    sites: {"oslo": (), "bergen": ()}, groups: {"home": (members: ["oslo", "bergen"])},
    services: {"web": (runs_at: {"oslo": (servers: 8), "bergen": (servers: 8)}, takes: exponential(mean: "50ms"))},
    features: {"lessons": (calls: [hard(to: "web")])},
    people: {"schools": (users: 1000, uses: {"lessons": "2/min"}, served_by: "home")},
    strategies: {"none": (), "standby": (failover: {"home": (detect: heartbeat(every: "1s", grace: "10s"))})},
    drill: [at("08:00", crash(of: "oslo"))],
    objectives: {"fast": latency(of: "schools", within: "500ms")})"#;

#[test]
fn a_design_that_serves_nobody_is_last_and_never_the_best() {
    for settle in [Settle::Order, Settle::Best] {
        for indifference in [None, Some(0.001)] {
            let designs = [("none", strategy("none")), ("standby", strategy("standby"))];
            let mut protocol = protocol(A_SITE_IS_LOST, 1_200, &designs);
            protocol.by = Some("p99 latency".to_owned());
            (protocol.settle, protocol.indifference) = (settle, indifference);
            let comparison = study(protocol);
            let [first, last] = &comparison.designs[..] else { panic!("two designs") };
            assert_eq!((first.label.as_str(), last.label.as_str()), ("standby", "none"));
            assert_eq!((first.best_probability, last.best_probability), (Some(1.0), Some(0.0)));
            assert_eq!((first.best_share, last.best_share), (1.0, 0.0));
            assert_eq!((first.no_data, last.no_data), (0, 1_200));
            assert_eq!(comparison.differences[0].separation, Separation::NoData);
            assert!(comparison.differences[0].mean.is_nan());
            assert_eq!(comparison.unsettled, [0]);
            assert_ne!(comparison.ended, End::Settled);
            assert_eq!(last.objectives[0].judgement, Judgement::NoData);
            let text =
                render_comparison(&comparison, Layout { width: 100, colour: false, replay: None }, Lists::Folded);
            assert!(text.contains("\"none\" is last: it has no data for p99 latency in any of its runs."), "{text}");
            assert!(!text.contains("is settled"), "{text}");
        }
    }
}

#[test]
fn nobody_is_the_best_where_nobody_has_data() {
    let designs = [("a", strategy("none")), ("b", strategy("none"))];
    let mut protocol = protocol(A_SITE_IS_LOST, 50, &designs);
    protocol.by = Some("p99 latency".to_owned());
    let comparison = study(protocol);
    for design in &comparison.designs {
        assert_eq!((design.best_probability, design.best_share), (None, 0.0));
    }
}

// ---- Features that hide behind others ---------------------------------------------------------------------------------

/// One request in 61 buys something, and for an hour nobody can.
fn shop(priority: &str, more: &str) -> String {
    format!(
        r#"Scenario(format: 1, title: "nobody can buy", clock: (from: "2026-11-27T00:00", zone: "UTC", horizon: "3h"),
        sites: {{"a": ()}}, components: {{"psp": ()}},
        services: {{
            "web": (runs_at: {{"a": (servers: 100)}}, takes: fixed("10ms")),
            "payments": (runs_at: {{"a": (servers: 100)}}, takes: fixed("10ms"), stands_on: all(["psp"])),
        }},
        features: {{"browse": (calls: [hard(to: "web")]), "buy": (calls: [hard(to: "payments")]{priority})}},
        people: {{"all": (users: 100000, uses: {{"browse": "60/h", "buy": "1/h"}}, served_by: "a")}},
        drill: [at("01:00", crash(of: "psp", repaired_after: "1h"))], {more})"#
    )
}

#[test]
fn each_critical_feature_counts_for_itself() {
    let objectives = r#"objectives: {
        "back": restored(of: "all", within: "15m"),
        "up": availability(of: "all", at_least: "99%"),
        "answered": availability(of: "a", by: requests, at_least: "90%"),
        "buying": restored(of: "all.features.buy", within: "15m"),
        "buying is up": availability(of: "all.features.buy", by: requests, at_least: "66%"),
        "browsing": restored(of: "all.features.browse", within: "0s"),
    }"#;
    let (pass, fail) = (Judgement::Pass, Judgement::Fail);
    let judged = |priority: &str| {
        let comparison = alone(&shop(priority, objectives), 2);
        judgements(&comparison).into_iter().map(|(_, judgement)| judgement).collect::<Vec<_>>()
    };
    assert_eq!(judged(", priority: critical"), [fail, fail, fail, fail, pass, pass]);
    assert_eq!(judged(""), [pass, pass, pass, fail, pass, pass]);
}

#[test]
fn expectations_can_name_a_feature() {
    let text = shop(
        "",
        r#"expect: [downtime(of: "all", is: "0s"), downtime(of: "all.features.buy", is: "1h"),
            restored_at(of: "all.features.buy", at: "02:00"), degraded(of: "all", is: "1h")]"#,
    );
    assert!(expected(&text).iter().all(|(judgement, _)| *judgement == Judgement::Pass), "{:?}", expected(&text));
}

#[test]
fn a_feature_that_nobody_there_uses_is_a_mistake() {
    let told = |objective: &str| mistakes(&shop("", &format!("objectives: {{\"o\": {objective}}}")));
    let feature = told(r#"restored(of: "all.features.sell", within: "1m")"#);
    assert!(feature.contains("\"sell\""), "{feature}");
    let whom = told(r#"restored(of: "some.features.buy", within: "1m")"#);
    assert!(whom.contains("\"some\""), "{whom}");
    let users = told(r#"availability(of: "all.features.buy", by: users, at_least: "99%")"#);
    assert!(users.contains("user-uptime is of people"), "{users}");
}

// ---- Ranked, probable and settled, from the same replications ----------------------------------------------------------

#[test]
fn what_is_ranked_and_what_is_probable_comes_from_the_replications_of_the_pairs() {
    let text = r#"Scenario(format: 1, title: "three repair times that differ by little",
        clock: (from: "2024-01-01T00:00", zone: "UTC", horizon: "1y"), sites: {"a": ()},
        components: {"db": (at: "a", fails: exponential(mean: "91d"), repair: (takes: exponential(mean: "60m")))})"#;
    let takes = |law: &str| setting("components.db.repair.takes", law);
    let designs = [
        ("60m", takes(r#"exponential(mean: "60m")"#)),
        ("weibull", takes(r#"weibull(shape: 0.8, mean: "60m")"#)),
        ("3612s", takes(r#"exponential(mean: "3612s")"#)),
        ("3600.01s", takes(r#"exponential(mean: "3600.01s")"#)),
    ];
    let mut dropped_out = 0;
    for settle in [Settle::Best, Settle::Order] {
        for seed in 1..=4 {
            let mut protocol = protocol(text, 6_000, &designs);
            protocol.paths = vec!["components.db.downtime_s".to_owned()];
            (protocol.seed, protocol.settle, protocol.indifference) = (seed, settle, Some(8.0));
            let comparison = study(protocol);
            let replications: Vec<u64> = comparison.designs.iter().map(|design| design.replications).collect();
            dropped_out += u64::from(replications.iter().min() != replications.iter().max());
            for difference in &comparison.differences {
                if difference.separation == Separation::Settled {
                    assert!(difference.mean < 0.0, "settled the other way round: {difference:?}");
                }
                let [better, worse] = [difference.better, difference.worse].map(|at| &comparison.designs[at]);
                assert_eq!(difference.n, better.replications.min(worse.replications));
            }
            // Who is most probably the best is first, unless they can hardly be told apart.
            let best = |at: usize| comparison.designs[at].best_probability.unwrap();
            for at in 1..comparison.designs.len() {
                let pair = comparison.differences.iter().find(|d| (d.better, d.worse) == (0, at)).unwrap();
                if comparison.designs[at].replications == comparison.designs[0].replications {
                    assert!(pair.mean <= 0.0, "the first is not better than who has met the same: {pair:?}");
                }
                if pair.separation == Separation::Settled {
                    assert!(best(at) < 0.1, "{} is settled to be worse, and the best with {}", at, best(at));
                }
            }
            let sum: f64 = (0..comparison.designs.len()).map(best).sum();
            assert!((sum - 1.0).abs() < 1e-9);
        }
    }
    assert!(dropped_out > 0, "nobody dropped out: this shows nothing");
}

// ---- Failures that are hardly seen -------------------------------------------------------------------------------------

/// The standby costs a second in every failover of the cheap power, and saves four hours of the rare one.
fn two_powers(rare: &str) -> String {
    format!(
        r#"Scenario(format: 1, title: "rare and often", clock: (from: "2024-01-01T00:00", zone: "UTC", horizon: "30d"),
        sites: {{"a": ()}},
        components: {{
            "often": (at: "a", fails: exponential(mean: "5d"), repair: (takes: fixed("10m"))),
            "rare": (at: "a", fails: exponential(mean: "{rare}"), repair: (takes: fixed("4h"))),
            "both": (at: "a", stands_on: all(["often", "rare"])),
        }})"#
    )
}

fn two_repairs(rare: &str, replications: u64, indifference: Option<f64>) -> Comparison {
    let designs = [
        ("10 min", setting("components.often.repair.takes", r#"fixed("10m")"#)),
        ("11 min", setting("components.often.repair.takes", r#"fixed("11m")"#)),
    ];
    let mut protocol = protocol(&two_powers(rare), replications, &designs);
    protocol.paths = vec!["components.both.downtime_s".to_owned()];
    protocol.indifference = indifference;
    study(protocol)
}

#[test]
fn no_order_is_settled_where_a_declared_failure_was_hardly_seen() {
    let comparison = two_repairs("200y", 30, None);
    assert!(!comparison.unsettled.is_empty());
    let [rare] = &comparison.rare_failures[..] else { panic!("{:?}", comparison.rare_failures) };
    assert_eq!((rare.name.as_str(), rare.seen), ("rare", 0));
    // 30 runs of 30 days, one failure in 200 years of 365 days; ten of them take 10 · 200 · 365/30 runs.
    crate::common::assert_near("expected", rare.expected, 900.0 / 73_000.0, 0.01);
    assert_eq!(rare.replications_needed, 24_334);
    let text = render_comparison(&comparison, Layout { width: 120, colour: false, replay: None }, Lists::Folded);
    let told = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("No order is settled"), "{text}");
    assert!(told.contains("\"rare\" was never seen to fail, where about 0.01 were to be expected"), "{text}");
    // Where it fails often enough to be seen, the same order is settled.
    let seen = two_repairs("100d", 100, None);
    assert_eq!((seen.rare_failures.len(), seen.unsettled.len()), (0, 0));
}

#[test]
fn a_study_that_stops_by_itself_waits_for_what_is_rare() {
    let settled = |rare: &str| {
        let comparison = two_repairs(rare, 3_000, Some(30.0));
        (comparison.ended, comparison.replications, comparison.rare_failures.len())
    };
    let (ended, enough, rare) = settled("100d");
    assert_eq!((ended, rare), (End::Settled, 0));
    // Some 0.0164 failures in a run: ten of them take about 610 runs.
    let (ended, replications, rare) = settled("1825d");
    assert_eq!((ended, rare), (End::Settled, 0));
    assert!(replications >= 300 && replications > enough / 2, "{replications}");
    assert_eq!(settled("200y"), (End::Replications, 3_000, 1));
}

#[test]
fn a_shock_counts_once_and_what_fails_by_a_schedule_is_not_left_to_chance() {
    let text = r#"Scenario(format: 1, title: "shocks", clock: (from: "2024-01-01T00:00", zone: "UTC", horizon: "10d"),
        sites: {"a": ()},
        components: {"p": (at: "a", count: 5, repair: (takes: fixed("1m"))), "q": (at: "a", repair: (takes: fixed("1m"))),
            "timer": (at: "a", fails: fixed("7d"), repair: (takes: fixed("1m")))},
        common_cause: {"storm": (of: ["p", "q"], every: exponential(mean: "100d"))})"#;
    let designs = [("a", Choice::default()), ("b", setting("components.p.repair.takes", r#"fixed("2m")"#))];
    let mut protocol = protocol(text, 60, &designs);
    protocol.paths = vec!["components.p.downtime_s".to_owned()];
    let comparison = study(protocol);
    let [storm] = &comparison.rare_failures[..] else { panic!("{:?}", comparison.rare_failures) };
    assert_eq!(storm.name, "storm");
    crate::common::assert_near("expected", storm.expected, 6.0, 1e-9);
    // Six members a storm would have been enough.
    assert!(storm.seen > 0 && storm.seen < 10, "{}", storm.seen);
}

// ---- Bounds ------------------------------------------------------------------------------------------------------------

#[test]
fn bounds_are_told_as_they_are_written() {
    let objectives = r#"objectives: {
        "plain": value(of: "people.schools.downtime_s", at_most: 3153.6),
        "small": value(of: "people.schools.downtime_s", at_least: 0.00001, at_most: 123456789),
        "time": restored(of: "schools", within: "1h30m5s"),
        "short": latency(of: "schools", within: "1234.5ms"),
        "share": availability(of: "schools", at_least: "99.9935%", holds: in("97.25%")),
    }"#;
    let comparison = alone(&site("1h", &format!("{LESSONS} {objectives}")), 1);
    let asked: Vec<String> = comparison.designs[0].objectives.iter().map(verdict::asked).collect();
    assert_eq!(
        asked,
        [
            "at most 3153.6, always",
            "at least 0.00001 and at most 123456789, always",
            "at most 1h30m5s, always",
            "at most 1s234ms500us, always",
            "at least 99.9935%, in 97.25% of runs",
        ]
    );
}

/// Nobody is down in either: with few servers answers come late for an hour.
fn slow_or_not() -> String {
    site(
        "4h",
        r#"features: {"p": (calls: [hard(to: "web")], slow_over: "1s", timeout: "1h")},
        people: {"all": (users: 60_000, uses: {"p": "1/min"}, served_by: "s", arrivals: smooth)},
        drill: [at("09:00", slow(service: "web", at: "s", by: "x2", lasts: "1h"))],"#,
    )
}

#[test]
fn a_tie_is_told_with_what_differs_and_the_better_one_stands_first() {
    // Twelve hundred a second come. Eight servers do 1,600 in a second, or 800 while they are slow: then a queue grows. Forty do enough all along.
    let (few, many) = (Choice::default(), setting("services.web.runs_at.s.servers", "40"));
    let comparison = compare(&slow_or_not().replace("60_000", "72_000"), 100, &[("few", few), ("many", many)]);
    let labels: Vec<&str> = comparison.designs.iter().map(|design| design.label.as_str()).collect();
    assert_eq!(
        labels,
        ["many", "few"],
        "by downtime they are the same; the next number that differs says who stands first"
    );
    let said = render_comparison(&comparison, Layout { width: 400, colour: false, replay: None }, Lists::Folded);
    let first: Vec<&str> = said.lines().take(2).collect();
    assert_eq!(first[0], "\"many\" has the least downtime, none seen a run; \"few\" is as good by that.");
    assert!(first[1].starts_with("\"many\" and \"few\" differ in time degraded (none seen against "), "{}", first[1]);
    assert!(first[1].contains("p99 latency"), "{}", first[1]);
}
