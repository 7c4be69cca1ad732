//! Studies against exact answers: intervals that hold as often as they say, distributions that are those of the books, common
//! luck that changes no mean.

mod common;

use common::{assert_near, campaign, world};
use firedrill::num;
use firedrill::scenario::{Choice, Source};
use firedrill::study::{Comparison, Protocol, Study, Wanted};
use std::sync::atomic::{AtomicU64, Ordering};

const YEAR_MIN: f64 = 365.0 * 24.0 * 60.0;

/// A scenario of one site with these parts, measured over a year that begins at rest.
fn year(parts: &str) -> String {
    format!(
        r#"Scenario(format: 1, title: "oracle",
            clock: (from: "2023-01-02T00:00", zone: "UTC", horizon: "395d", warm_up: "30d"),
            sites: {{"here": ()}}, {parts})"#
    )
}

/// A service with four outages a year, repaired in a mean of 15 minutes.
fn four_outages() -> String {
    year(r#"components: {"db": (fails: exponential(mean: "2190h"), repair: (takes: exponential(mean: "15m")))}"#)
}

fn study(text: &str, paths: &[&str], replications: u64, seed: u64) -> Study {
    let mut protocol = Protocol::new(seed, replications);
    protocol.add_source(&Source::new("oracle.ron", text));
    protocol.designs.push(Wanted::new("as written", 0, Choice::default()));
    protocol.paths = paths.iter().map(|path| (*path).to_owned()).collect();
    Study::new(protocol).unwrap_or_else(|error| panic!("{error}"))
}

/// Adds a design in which values are different.
fn with(mut study: Study, label: &str, set: &[(&str, &str)]) -> Study {
    let set = set.iter().map(|(path, value)| ((*path).to_owned(), (*value).to_owned())).collect();
    study.protocol.designs.push(Wanted::new(label, 0, Choice { set, ..Choice::default() }));
    Study::new(study.protocol).unwrap_or_else(|error| panic!("{error}"))
}

type Holds<'a> = Box<dyn Fn(&Comparison) -> bool + Sync + 'a>;

/// Holds intervals against exact values: of 2,000 studies, each under a seed of its own, 93 to 97% have to contain them. That
/// is 4.1 standard errors of the share; of fewer studies it is as many, so that a right interval fails as rarely.
#[track_caller]
fn check_coverage(study: &Study, cases: &[(&str, Holds)]) {
    let studies: u64 = campaign(400, 2_000);
    let within = campaign(4.1 * num::sqrt(0.95 * 0.05 / 400.0), 0.02);
    let next = AtomicU64::new(0);
    let held: Vec<AtomicU64> = cases.iter().map(|_| AtomicU64::new(0)).collect();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut study = study.clone();
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= studies {
                        return;
                    }
                    study.protocol.seed = 1_000 + seed;
                    let comparison = study.run();
                    for ((_, holds), held) in cases.iter().zip(&held) {
                        held.fetch_add(u64::from(holds(&comparison)), Ordering::Relaxed);
                    }
                }
            });
        }
    });
    for ((what, _), held) in cases.iter().zip(&held) {
        let share = held.load(Ordering::Relaxed) as f64 / studies as f64;
        assert!((share - 0.95).abs() <= within, "{what}: a 95% interval held in {share} of {studies} studies");
    }
}

/// The interval of the mean of a metric of the only design.
fn mean_holds(metric: usize, exact: f64) -> Holds<'static> {
    Box::new(move |comparison| {
        let spread = comparison.designs[0].values[metric].as_ref().unwrap();
        spread.low <= exact && exact <= spread.high
    })
}

/// The interval of the share of runs that meet the only objective.
fn share_holds(exact: f64) -> Holds<'static> {
    Box::new(move |comparison| {
        let objective = &comparison.designs[0].objectives[0];
        objective.low <= exact && exact <= objective.high
    })
}

/// k of n units with R crews: O09.
fn k_of_n(n: u32, k: u32, crews: u32, horizon: &str) -> String {
    format!(
        r#"Scenario(format: 1, title: "O09",
            clock: (from: "2023-01-02T00:00", zone: "UTC", horizon: "{horizon}", warm_up: "30d"),
            sites: {{"here": ()}}, crews: {{"crew": (at_once: {crews})}},
            components: {{"pool": (count: {n}, needs: {k}, fails: exponential(mean: "1000h"),
                repair: (takes: exponential(mean: "24h"), crew: "crew"))}})"#
    )
}

#[test]
fn a_repairable_service_has_the_yearly_downtime_of_the_books() {
    let text = year(
        r#"components: {"db": (fails: exponential(mean: "2190h"), repair: (takes: exponential(mean: "15m")))},
           objectives: {"most of an hour": value(of: "components.db.downtime_s", at_most: 3153.6, holds: in("50%"))}"#,
    );
    let comparison = study(&text, &["components.db.downtime_s"], 20_000, 7).run();
    let design = &comparison.designs[0];
    let spread = design.values[0].as_ref().unwrap();
    let minutes = |seconds: f64| seconds / 60.0;
    let within = |what: &str, (low, high): (f64, f64), exact: f64| {
        let (low, high) = (minutes(low), minutes(high));
        assert!(low <= exact && exact <= high, "{what}: {low} to {high} is not around {exact}");
        assert!((high - low) / exact < 0.06, "{what}: {low} to {high} says little");
    };
    within("mean", (spread.low, spread.high), 59.99);
    within("p95", spread.p95_interval.unwrap(), 140.55);
    assert_near("median", minutes(spread.p50), 52.31, 0.02);
    let objective = &design.objectives[0];
    assert!(objective.low <= 0.5024 && 0.5024 <= objective.high, "{objective:?}");
    // In e^-4 of the years there is no outage at all.
    let (_, low, high) = spread.some_share;
    let any = 1.0 - num::exp(-4.0);
    assert!(low <= any && any <= high, "{low} to {high}");
}

#[test]
fn intervals_of_yearly_downtime_hold_as_often_as_they_say() {
    let text = year(
        r#"components: {"db": (fails: exponential(mean: "2190h"), repair: (takes: exponential(mean: "15m")))},
           objectives: {"most of an hour": value(of: "components.db.downtime_s", at_most: 3153.6, holds: in("50%"))}"#,
    );
    let study = study(&text, &["components.db.downtime_s", "components.db.outages"], 150, 1);
    let rate_per_min = 1.0 / (2_190.0 * 60.0 + 15.0);
    let p95: Holds = Box::new(|comparison| {
        let (low, high) = comparison.designs[0].values[0].as_ref().unwrap().p95_interval.unwrap();
        low <= 140.55 * 60.0 && 140.55 * 60.0 <= high
    });
    check_coverage(
        &study,
        &[
            // A skewed sum of exponentials; a count; a quantile, between two of the values; a share.
            ("yearly downtime", mean_holds(0, YEAR_MIN * rate_per_min * 15.0 * 60.0)),
            ("outages", mean_holds(1, YEAR_MIN * rate_per_min)),
            ("95th percentile of yearly downtime", p95),
            ("share of years with at most 52.56 minutes", share_holds(0.5024)),
        ],
    );
}

#[test]
fn intervals_of_redundant_units_hold_as_often_as_they_say() {
    let path = &["components.pool.availability"];
    // O09, over so many years that outages are not rare.
    for (what, (n, k, crews, horizon, exact)) in
        [("2 of 3", (3, 2, 1, "5y", 0.996_709_608_685_261_9)), ("3 of 4", (4, 3, 2, "5y", 0.996_780_526_835_465_8))]
    {
        check_coverage(&study(&k_of_n(n, k, crews, horizon), path, 60, 1), &[(what, mean_holds(0, exact))]);
    }
}

#[test]
fn intervals_of_common_cause_hold_as_often_as_they_say() {
    // O11 with a beta of 0.2.
    let study = study(&beta(0.2, "100y"), &["components.pair.availability"], 60, 1);
    check_coverage(&study, &[("common cause", mean_holds(0, 1.0 - 9.191_525_413_610_748e-5))]);
}

#[test]
fn intervals_of_differences_hold_as_often_as_they_say() {
    let study = study(&four_outages(), &["components.db.downtime_s"], 100, 1);
    let study = with(study, "slow", &[("components.db.repair.takes", r#"exponential(mean: "30m")"#)]);
    let yearly = |repair: f64| YEAR_MIN * repair * 60.0 / (2_190.0 * 60.0 + repair);
    let exact = yearly(15.0) - yearly(30.0);
    let holds: Holds = Box::new(move |comparison| {
        let difference = &comparison.differences[0];
        let sign = if comparison.designs[0].label == "slow" { -1.0 } else { 1.0 };
        (sign * difference.mean - exact).abs() <= (difference.high - difference.low) / 2.0
    });
    check_coverage(&study, &[("paired difference", holds)]);
}

#[test]
fn intervals_of_failures_on_demand_hold_as_often_as_they_say() {
    // A small share: one failover in twenty fails.
    let text = r#"Scenario(format: 1, title: "on demand",
        clock: (from: "2023-01-02T00:00", zone: "UTC", horizon: "1h"),
        sites: {"here": (), "there": ()}, groups: {"pair": (members: ["here", "there"])},
        strategies: {"s": (failover: {"pair": (detect: probe(every: "30s", fails: 3), fails_on_demand: "5%")})},
        drill: [at("00:10", crash(of: "here"))],
        objectives: {"it works": value(of: "groups.pair.failed_on_demand", at_most: 0, holds: in("90%"))})"#;
    let study = study(text, &["groups.pair.detect_mean_s"], 300, 1);
    // The third failed check comes 60 to 90 seconds after the failure.
    check_coverage(&study, &[("failures on demand", share_holds(0.95)), ("detection", mean_holds(0, 75.0))]);
}

/// Two sites with a common cause: O11.
fn beta(beta: f64, horizon: &str) -> String {
    let own = 8_760.0 / (1.0 - beta);
    let shock = 8_760.0 / beta;
    format!(
        r#"Scenario(format: 1, title: "O11",
            clock: (from: "2023-01-02T00:00", zone: "UTC", horizon: "{horizon}", warm_up: "30d"),
            sites: {{"here": ()}},
            components: {{
                "a": (fails: exponential(mean: "{own}h"), repair: (takes: exponential(mean: "8h"))),
                "b": (fails: exponential(mean: "{own}h"), repair: (takes: exponential(mean: "8h"))),
                "pair": (stands_on: any(["a", "b"])),
            }},
            common_cause: {{"shock": (of: ["a", "b"], every: exponential(mean: "{shock}h"))}})"#
    )
}

#[test]
fn o09_o11_and_o15_as_studies() {
    let holds = |what: &str, study: &Study, exact: f64, width: f64| {
        let comparison = study.run();
        let spread = comparison.designs[0].values[0].as_ref().unwrap();
        let z = (spread.mean - exact) / (spread.sd / (spread.n as f64).sqrt());
        assert!(z.abs() <= 4.0, "{what}: {} is not {exact}, z = {z}", spread.mean);
        let relative = (spread.high - spread.low) / 2.0 / (1.0 - exact).abs().min(exact);
        assert!(relative < width, "{what}: the interval is {relative} wide");
    };
    let path = &["components.pool.availability"];
    holds("2 of 3, 1 crew", &study(&k_of_n(3, 2, 1, "40y"), path, 500, 9), 0.996_709_608_685_261_9, 0.02);
    holds("3 of 5, 1 crew", &study(&k_of_n(5, 3, 1, "40y"), path, 700, 9), 0.999_231_529_354_241_8, 0.04);
    holds("3 of 5, 5 crews", &study(&k_of_n(5, 3, 5, "40y"), path, 400, 9), 0.999_875_737_761_613, 0.06);
    holds("3 of 4, 2 crews", &study(&k_of_n(4, 3, 2, "40y"), path, 400, 9), 0.996_780_526_835_465_8, 0.02);
    let path = &["components.pair.availability"];
    for (b, unavailability) in [(0.05, 2.360_162_259_336_059e-5), (0.2, 9.191_525_413_610_748e-5)] {
        let study = study(&beta(b, "200y"), path, 600, 9);
        holds(&format!("beta {b}"), &study, 1.0 - unavailability, 0.1);
    }
}

/// Designs that differ in one value, worst last, and the mean that each has to have.
#[track_caller]
fn check_ranking(text: &str, metric: &str, path: &str, designs: &[(&str, f64)], replications: u64) {
    let mut study = study(text, &[metric], replications, 9);
    study.protocol.designs.clear();
    let wanted = |value: &str| Choice { set: vec![(path.to_owned(), value.to_owned())], ..Choice::default() };
    // Named in another order than they have to come out.
    study.protocol.designs.extend(designs.iter().rev().map(|(value, _)| Wanted::new(*value, 0, wanted(value))));
    let comparison = Study::new(study.protocol).unwrap_or_else(|error| panic!("{error}")).run();
    assert!(comparison.unsettled.is_empty(), "{:?}", comparison.differences);
    for (seen, (value, exact)) in comparison.designs.iter().zip(designs) {
        assert_eq!(seen.label, *value);
        let spread = seen.values[0].as_ref().unwrap();
        let z = (spread.mean - exact) / (spread.sd / (spread.n as f64).sqrt());
        assert!(z.abs() <= 4.0, "{value}: {} is not {exact}, z = {z}", spread.mean);
    }
}

#[test]
fn o10_as_a_study_of_imperfect_failovers() {
    let unit =
        r#"(at: "here", fails: exponential(mean: "1000h"), repair: (takes: exponential(mean: "8h"), crew: "crew"))"#;
    let text = format!(
        r#"Scenario(format: 1, title: "O10",
            clock: (from: "2023-01-02T00:00", zone: "UTC", horizon: "101y", warm_up: "1y"),
            sites: {{"here": ()}}, crews: {{"crew": (at_once: 1)}},
            components: {{"a": {unit}, "b": {unit}}}, groups: {{"pair": (members: ["a", "b"])}},
            strategies: {{"only": (failover: {{"pair": (
                detect: instant, promote: (takes: exponential(mean: "60s")), fails_on_demand: "5%",
                if_it_fails: by_hand(exponential(mean: "30m")), first_back_takes_over: true,
            )}})}})"#
    );
    let seconds = |minutes_per_year: f64| minutes_per_year * 60.0 * 100.0;
    let designs = [
        (r#""0%""#, seconds(74.811_876_604_803_64)),
        (r#""5%""#, seconds(86.546_775_791_779_05)),
        (r#""10%""#, seconds(98.281_674_978_345_89)),
    ];
    let path = "strategies.only.failover.pair.fails_on_demand";
    check_ranking(&text, "components.pair.downtime_s", path, &designs, 300);
}

#[test]
fn o15_as_a_study_of_how_often_to_test() {
    let text = r#"Scenario(format: 1, title: "O15",
        clock: (from: "2023-01-02T00:00", zone: "UTC", horizon: "200y"), sites: {"here": ()},
        components: {"one": (hidden: true, fails: exponential(mean: "8760h"), tested_every: "730h")})"#;
    let available = |pfd: f64| 1.0 - pfd;
    let designs = [
        (r#""168h""#, available(0.009_528_034_069_269_387)),
        (r#""730h""#, available(0.040_532_975_551_879_51)),
        (r#""8760h""#, available(0.367_879_441_171_442_33)),
    ];
    check_ranking(text, "components.one.availability", "components.one.tested_every", &designs, 100);
}

#[test]
fn common_luck_changes_no_mean_and_sharpens_differences() {
    let faster = |seed: u64, set: &[(&str, &str)]| {
        with(study(&four_outages(), &["components.db.downtime_s"], 400, seed), "fast", set)
    };
    let comparison = faster(3, &[("components.db.repair.takes", r#"exponential(mean: "10m")"#)]).run();
    let difference = &comparison.differences[0];
    assert_eq!(comparison.designs[0].label, "fast");
    assert!(difference.luck_saves > 5.0, "{difference:?}");
    // Apart, each under a seed of its own, the means are the same but for chance.
    let alone = |seed: u64, label: &str| {
        let comparison = faster(seed, &[("components.db.repair.takes", r#"exponential(mean: "10m")"#)]).run();
        comparison.designs.iter().find(|d| d.label == label).unwrap().values[0].clone().unwrap()
    };
    let (fast, slow) = (alone(101, "fast"), alone(202, "as written"));
    let apart = fast.mean - slow.mean;
    let error = ((fast.sd * fast.sd + slow.sd * slow.sd) / 400.0).sqrt();
    assert!((apart - difference.mean).abs() < 4.0 * error, "{apart} and {}", difference.mean);
}

#[test]
fn a_study_stops_by_itself_when_the_order_is_settled() {
    let mut three = study(&four_outages(), &["components.db.downtime_s"], 100_000, 5);
    for (label, takes) in [("30 min", "30m"), ("like it", "15m")] {
        three = with(three, label, &[("components.db.repair.takes", &format!(r#"exponential(mean: "{takes}")"#))]);
    }
    three.protocol.indifference = Some(600.0);
    let comparison = three.run();
    assert_eq!(comparison.ended, firedrill::study::End::Settled);
    assert!(comparison.replications < 3_000 && comparison.unsettled.is_empty(), "{}", comparison.replications);
    let labels: Vec<&str> = comparison.designs.iter().map(|design| design.label.as_str()).collect();
    assert_eq!(labels, ["as written", "like it", "30 min"]);
    assert_eq!(comparison.differences[0].separation, firedrill::study::Separation::Same);
    assert!((comparison.designs[0].best_probability.unwrap() - 0.5).abs() < 1e-9);
}

#[test]
fn what_does_not_settle_is_said() {
    let two = with(
        study(&four_outages(), &["components.db.downtime_s"], 200, 5),
        "hardly slower",
        &[("components.db.fails", r#"exponential(mean: "2180h")"#)],
    );
    let comparison = two.run();
    assert_eq!((comparison.ended, comparison.unsettled.len()), (firedrill::study::End::Replications, 1));
}

#[test]
fn the_world_of_a_study_compiles() {
    world(&four_outages());
}
