//! What is made of replications whose numbers are known: they are made up here, and nothing is run.

mod common;

use common::assert_near;
use firedrill::expect::Judgement;
use firedrill::scenario::{Choice, Source};
use firedrill::study::{
    BATCH, Batch, Comparison, End, FIRST_STAGE, Protocol, Row, Separation, Settle, Study, Tally, Wanted,
};

const NONE: f64 = f64::NAN;

/// Designs of one part that may fail at random. A row has its downtime, its availability, and the downtime again for the
/// objective that it be at most 100.
fn study(designs: usize, replications: u64, by: &str, settle: Option<Settle>) -> Study {
    let text = r#"Scenario(format: 1, title: "made up", clock: (from: "2024-01-01T00:00", zone: "UTC", horizon: "10d"),
        sites: {"a": ()},
        components: {"db": (at: "a", fails: exponential(mean: "100d"), repair: (takes: fixed("1h")))},
        objectives: {"short": value(of: "components.db.downtime_s", at_most: 100, holds: in("50%"))})"#;
    let mut protocol = Protocol::new(1, replications);
    protocol.add_source(&Source::new("made-up.ron", text));
    for design in 0..designs {
        let set = vec![("components.db.repair.takes".to_owned(), format!(r#"fixed("{}h")"#, design + 1))];
        protocol.designs.push(Wanted::new(["a", "b", "c"][design], 0, Choice { set, ..Choice::default() }));
    }
    protocol.paths = ["downtime_s", "availability"].map(|of| format!("components.db.{of}")).into();
    protocol.by = Some(format!("components.db.{by}"));
    protocol.indifference = settle.map(|_| 1.0);
    protocol.settle = settle.unwrap_or_default();
    Study::new(protocol).unwrap_or_else(|error| panic!("{error}"))
}

/// A design's rows from a replication on, where the part has failed 20 times in each.
fn batch(first: u64, numbers: &[f64]) -> Batch {
    let row = |(i, value): (usize, &f64)| Row {
        replication: first + i as u64,
        digest: u128::from(first) + i as u128,
        values: vec![*value, *value, *value],
        struck: vec![20],
    };
    Batch { rows: numbers.iter().enumerate().map(row).collect() }
}

/// One batch of each design, and what comes of it.
fn told(study: &Study, numbers: &[&[f64]]) -> Comparison {
    let mut tally = Tally::new(study);
    tally.add(numbers.iter().map(|numbers| Some(batch(0, numbers))).collect());
    tally.comparison(tally.end())
}

fn labels(comparison: &Comparison) -> Vec<&str> {
    comparison.designs.iter().map(|design| design.label.as_str()).collect()
}

/// How often each design was the best, in the order of the protocol.
fn best_shares(comparison: &Comparison) -> Vec<f64> {
    let mut designs: Vec<_> = comparison.designs.iter().collect();
    designs.sort_by_key(|design| design.index);
    designs.iter().map(|design| design.best_share).collect()
}

#[test]
fn numbers_are_counted_and_what_has_none_is_counted_apart() {
    let comparison = told(&study(1, 6, "downtime_s", None), &[&[50.0, 0.0, NONE, 200.0, 100.0, 150.0]]);
    let design = &comparison.designs[0];
    assert_eq!((design.replications, design.no_data), (6, 1));
    let spread = design.values[0].as_ref().unwrap();
    assert_eq!((spread.n, spread.mean, spread.min, spread.max), (5, 100.0, 0.0, 200.0));
    assert_eq!(spread.some_share.0, 0.8, "four of five had any");
    let short = &design.objectives[0];
    assert_eq!((short.met, short.no_data, short.of, short.first_missed), (3, 1, 6, Some(3)));
    assert_eq!(short.missed_by, Some(75.0), "200 and 150, where 100 is asked");
    // Where nothing is missed the first without a number is worth looking at.
    let none_missed = told(&study(1, 4, "downtime_s", None), &[&[50.0, NONE, NONE, 100.0]]);
    let short = &none_missed.designs[0].objectives[0];
    assert_eq!((short.met, short.no_data, short.first_missed), (2, 2, Some(1)));
    assert_eq!(short.missed_by, None);
    assert_eq!(short.judgement, Judgement::NoData);
}

#[test]
fn the_worst_replications_are_remembered_worst_first() {
    let worst = |by: &str, numbers: &[f64]| {
        let comparison = told(&study(1, 9, by, None), &[numbers]);
        comparison.designs[0].worst.iter().map(|run| (run.value, run.replication)).collect::<Vec<_>>()
    };
    // Of equals the first comes first; what has no number is not the worst of all.
    let numbers = [5.0, 9.0, NONE, 9.0, 1.0, 7.0, 9.5, 7.0];
    assert_eq!(worst("downtime_s", &numbers), [(9.5, 6), (9.0, 1), (9.0, 3)]);
    assert_eq!(worst("downtime_s", &[7.0, 7.0, 7.0, 7.0]), [(7.0, 0), (7.0, 1), (7.0, 2)]);
    // Of an availability the lowest is the worst.
    assert_eq!(worst("availability", &numbers), [(1.0, 4), (5.0, 0), (7.0, 5)]);
    assert_eq!(worst("availability", &[NONE, 2.0]), [(2.0, 1)]);
}

#[test]
fn who_is_the_best_of_a_replication_may_share_it() {
    let (a, b) = ([1.0, 2.0, 3.0, NONE, NONE, 4.0], [2.0, 1.0, 3.0, 5.0, NONE, 8.0]);
    let share = |by: &str| best_shares(&told(&study(2, 6, by, None), &[&a, &b]));
    // a, b, both, b, nobody, a: of an availability the larger one is the best.
    assert_eq!(share("downtime_s"), [2.5 / 6.0, 2.5 / 6.0]);
    assert_eq!(share("availability"), [1.5 / 6.0, 3.5 / 6.0]);
    let three = told(&study(3, 1, "downtime_s", None), &[&[4.0], &[4.0], &[4.0]]);
    best_shares(&three).iter().for_each(|share| assert_near("a third each", *share, 1.0 / 3.0, 1e-12));
}

#[test]
fn more_is_better_turns_the_order_round() {
    let (low, high) = ([1.0, 2.0, 1.0, 2.0, 1.0], [8.0, 9.0, 8.0, 9.0, 8.0]);
    for (by, order, mean) in [("downtime_s", ["a", "b"], -7.0), ("availability", ["b", "a"], 7.0)] {
        let comparison = told(&study(2, 5, by, None), &[&low, &high]);
        assert_eq!(labels(&comparison), order, "{by}");
        let [difference] = &comparison.differences[..] else { panic!("two designs have one difference") };
        assert_eq!((difference.n, difference.mean, difference.separation), (5, mean, Separation::Settled), "{by}");
        let best: Vec<_> = comparison.designs.iter().map(|design| design.best_probability.unwrap()).collect();
        assert_eq!(best, [1.0, 0.0], "{by}");
    }
}

#[test]
fn designs_stand_in_the_order_of_their_means_and_those_without_data_last() {
    let numbers: [&[f64]; 3] = [&[5.0, 6.0, 5.5], &[NONE, NONE, NONE], &[1.0, 2.0, 1.5]];
    let comparison = told(&study(3, 3, "downtime_s", None), &numbers);
    assert_eq!(labels(&comparison), ["c", "a", "b"]);
    let best: Vec<_> = comparison.designs.iter().map(|design| design.best_probability).collect();
    assert_eq!(best, [Some(1.0), Some(0.0), Some(0.0)]);
    // Of equals the first stays first, and they share their chance.
    let equal = told(&study(3, 2, "downtime_s", None), &[&[3.0, 4.0], &[3.0, 4.0], &[3.0, 4.0]]);
    assert_eq!(labels(&equal), ["a", "b", "c"]);
    assert!(equal.differences.iter().all(|difference| difference.separation == Separation::Same));
    assert!(equal.designs.iter().all(|design| (design.best_probability.unwrap() - 1.0 / 3.0).abs() < 1e-9));
    // Nothing is said where nobody has data, or one replication only.
    let none = told(&study(2, 1, "downtime_s", None), &[&[NONE], &[NONE]]);
    assert!(none.designs.iter().all(|design| design.best_probability.is_none() && design.best_share == 0.0));
    let once = told(&study(2, 1, "downtime_s", None), &[&[1.0], &[2.0]]);
    assert!(once.designs.iter().all(|design| design.best_probability.is_none()));
}

#[test]
fn what_the_better_one_lacks_might_be_its_worst() {
    let (good, bad) = ([1.0, 2.0, 1.0, 2.0, 1.0, 2.0], [50.0, 51.0, 50.0, 52.0, 50.0, 51.0]);
    let lacking = |numbers: [f64; 6], at: usize| {
        let mut numbers = numbers;
        numbers[at] = NONE;
        numbers
    };
    let separation = |all: &[&[f64]], better: &str, worse: &str| {
        let comparison = told(&study(all.len(), 6, "downtime_s", None), all);
        let place = |label: &str| labels(&comparison).iter().position(|known| *known == label).unwrap();
        let pair = (place(better), place(worse));
        comparison.differences.iter().find(|d| (d.better, d.worse) == pair).unwrap().separation
    };
    // Whichever of the two stands first in the protocol.
    assert_eq!(separation(&[&lacking(good, 2), &bad], "a", "b"), Separation::Open);
    assert_eq!(separation(&[&bad, &lacking(good, 2)], "b", "a"), Separation::Open);
    assert_eq!(separation(&[&good, &lacking(bad, 2)], "a", "b"), Separation::Settled);
    assert_eq!(separation(&[&lacking(bad, 2), &good], "b", "a"), Separation::Settled);
    // What both lack says nothing about either.
    assert_eq!(separation(&[&lacking(good, 2), &lacking(bad, 2)], "a", "b"), Separation::Settled);
    // Each pair has a count of its own.
    let three: [&[f64]; 3] = [&lacking(good, 1), &bad, &[90.0, 91.0, 90.0, 91.0, 90.0, 91.0]];
    assert_eq!(separation(&three, "b", "c"), Separation::Settled);
    assert_eq!(separation(&three, "a", "c"), Separation::Open);
}

#[test]
fn a_digest_is_of_every_number_of_every_design() {
    let two = study(2, 2, "downtime_s", None);
    let digest = |a: &[f64], b: &[f64]| told(&two, &[a, b]).digest;
    let first = digest(&[1.0, 0.0], &[3.0, 4.0]);
    assert_eq!(first.len(), 32);
    assert_eq!(first, digest(&[1.0, -0.0], &[3.0, 4.0]), "zero is zero");
    for other in [
        digest(&[1.5, 0.0], &[3.0, 4.0]),
        digest(&[1.0, 0.0], &[3.0, 4.5]),
        digest(&[3.0, 4.0], &[1.0, 0.0]),
        digest(&[1.0], &[3.0]),
    ] {
        assert_ne!(first, other);
    }
    let replayed = told(&two, &[&[1.0], &[2.0]]);
    assert_ne!(replayed.designs[0].digest, replayed.designs[1].digest);
}

/// Batches whose numbers are `mean`, a little more and less in turn.
fn around(mean: f64, nth: u64) -> Vec<f64> {
    (0..BATCH).map(|i| mean + if (i + nth).is_multiple_of(2) { 0.1 } else { -0.1 }).collect()
}

/// Batch after batch of what the designs give, as long as any is asked for.
fn batches(study: &Study, numbers: impl Fn(usize, u64) -> Vec<f64>) -> (Comparison, Option<(usize, usize)>) {
    let mut tally = Tally::new(study);
    while let Some(nth) = tally.next_batch() {
        let needed = tally.needed().to_vec();
        let one = |design: usize| needed[design].then(|| batch(nth * BATCH, &numbers(design, nth)));
        tally.add((0..needed.len()).map(one).collect());
    }
    (tally.comparison(tally.end()), tally.settled())
}

#[test]
fn a_study_ends_when_its_order_is_settled() {
    let means = [5.0, 9.0];
    for (by, order) in [("downtime_s", ["a", "b"]), ("availability", ["b", "a"])] {
        let study = study(2, 100 * BATCH, by, Some(Settle::Order));
        let (comparison, settled) = batches(&study, |design, nth| around(means[design], nth));
        assert_eq!((comparison.ended, settled), (End::Settled, Some((1, 1))), "{by}");
        // Means of batches hardly differ: the first stage is enough.
        assert_eq!(comparison.replications, FIRST_STAGE * BATCH);
        assert_eq!(labels(&comparison), order);
        assert_eq!(comparison.differences[0].separation, Separation::Settled, "{by}");
        assert!(comparison.unsettled.is_empty());
    }
}

#[test]
fn who_is_out_gets_no_more_replications() {
    // c comes and goes by more than anything can be told from.
    let numbers = |design: usize, nth: u64| match design {
        0 => around(5.0, nth),
        1 => around(9.0, nth),
        _ => around(if nth.is_multiple_of(2) { 105.0 } else { -95.0 }, nth),
    };
    let of = |settle: Settle| {
        let (comparison, settled) = batches(&study(3, 20 * BATCH, "downtime_s", Some(settle)), numbers);
        let of = |label: &str| comparison.designs.iter().find(|design| design.label == label).unwrap().replications;
        (comparison.ended, ["a", "b", "c"].map(of), settled)
    };
    assert_eq!(of(Settle::Best), (End::Replications, [2_000, 1_000, 2_000], Some((1, 3))));
    assert_eq!(of(Settle::Order), (End::Replications, [2_000, 2_000, 2_000], Some((1, 3))));
}

#[test]
fn a_batch_that_is_not_whole_and_one_that_lacks_a_number_settle_nothing() {
    let mut tally = Tally::new(Box::leak(Box::new(study(2, 100 * BATCH, "downtime_s", Some(Settle::Order)))));
    for _ in 0..3 * FIRST_STAGE {
        tally.add(vec![Some(batch(0, &[1.0, 1.1, 0.9])), Some(batch(0, &[8.0, 8.1, 7.9]))]);
    }
    assert_eq!((tally.settled(), tally.end()), (Some((0, 1)), End::Interrupted));
    assert_eq!((tally.next_batch(), tally.replications()), (Some(3 * FIRST_STAGE), 2 * 9 * FIRST_STAGE));
    let without = |design: usize, nth: u64| {
        let mut numbers = around([5.0, 9.0][design], nth);
        if (design, nth) == (1, 3) {
            numbers[42] = NONE;
        }
        numbers
    };
    let (comparison, settled) = batches(&study(2, 20 * BATCH, "downtime_s", Some(Settle::Order)), without);
    assert_eq!((comparison.ended, settled), (End::Replications, Some((0, 1))));
}

#[test]
fn one_design_alone_is_settled_against_nobody() {
    let (comparison, settled) = batches(&study(1, 3 * BATCH, "downtime_s", Some(Settle::Order)), |_, n| around(1.0, n));
    assert_eq!((comparison.ended, settled, comparison.replications), (End::Replications, None, 300));
}

#[test]
fn what_hardly_ever_struck_keeps_everything_open() {
    // A mean of 100 days in runs of 10 days: a tenth of a failure a run.
    let struck = |each: [u64; 2]| {
        let study = study(2, BATCH, "downtime_s", None);
        let mut tally = Tally::new(&study);
        let rows = |times: u64, mean: f64| {
            let mut batch = batch(0, &around(mean, 0));
            batch.rows.iter_mut().enumerate().for_each(|(i, row)| row.struck = vec![u64::from((i as u64) < times)]);
            Some(batch)
        };
        tally.add(vec![rows(each[0], 5.0), rows(each[1], 9.0)]);
        tally.comparison(tally.end())
    };
    let seldom = struck([9, 4]);
    let [rare] = &seldom.rare_failures[..] else { panic!("{:?}", seldom.rare_failures) };
    // The design counts in which it struck most often; 100 runs are what ten failures need.
    assert_eq!((rare.name.as_str(), rare.seen, rare.replications_needed), ("db", 9, 100));
    assert_near("expected", rare.expected, 10.0, 1e-9);
    assert_eq!(seldom.differences[0].separation, Separation::Open);
    let [rare] = &struck([4, 9]).rare_failures[..] else { panic!("it is rare in both") };
    assert_eq!(rare.seen, 9);
    let enough = struck([10, 3]);
    assert_eq!((enough.rare_failures.len(), enough.differences[0].separation), (0, Separation::Settled));
}
