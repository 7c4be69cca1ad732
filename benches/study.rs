//! Studies: what the same luck is worth, and what a replication costs, however many there are.
#![allow(missing_docs, reason = "criterion's macros make public functions")]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use firedrill::scenario::{Choice, Source};
use firedrill::study::{Comparison, Protocol, Study, Tally, Wanted};
use std::hint::black_box;

const OCTOBER: &str = include_str!("../scenarios/itslearning-2016-10.ron");
/// A service that fails four times a year, with two ways to repair it.
const REPAIRED: &str = r#"Scenario(
    format: 1,
    title: "a service that is repaired",
    clock: (from: "2024-01-01T00:00", zone: "UTC", horizon: "1y"),
    sites: {"a": ()},
    components: {"db": (fails: exponential(mean: "2190h"), repair: (takes: exponential(mean: "15m")))},
    strategies: {"quarter": (), "third": (set: {"components.db.repair.takes": exponential(mean: "20m")})},
)"#;

fn study(text: &str, path: Option<&str>, replications: u64, seed: u64) -> Study {
    let source = Source::new("bench.ron", text);
    let mut protocol = Protocol::new(seed, replications);
    protocol.add_source(&source);
    protocol.paths.extend(path.map(str::to_owned));
    let scenario = source.read_plain().scenario.expect("a scenario without mistakes");
    for name in scenario.strategies.names() {
        protocol.designs.push(Wanted::new(name, 0, Choice { strategy: Some(name.to_owned()), ..Choice::default() }));
    }
    Study::new(protocol).expect("designs that can be compared")
}

/// Prints by which factor the same luck reduces the variance of each difference.
#[expect(clippy::print_stdout, reason = "a bench tells what it found")]
fn luck(_: &mut Criterion) {
    let told = |title: &str, comparison: &Comparison| {
        println!("{title}: the same luck reduces the variance of a difference by");
        for difference in &comparison.differences {
            let label = |place: usize| &comparison.designs[place].label;
            println!("  {:8.2}  {} - {}", difference.luck_saves, label(difference.better), label(difference.worse));
        }
    };
    told("four outages a year", &study(REPAIRED, Some("components.db.downtime_s"), 2_000, 1).run());
    told("October 2016", &study(OCTOBER, None, 400, 1).run());
}

/// A replication of October, by strategy; and taking batches in, which must not cost more the more there are.
fn replications(c: &mut Criterion) {
    let study = study(OCTOBER, None, 1_000_000, 1);
    let mut group = c.benchmark_group("a replication of October");
    for (design, wanted) in study.protocol.designs.iter().enumerate() {
        let mut replication = 0;
        group.bench_function(BenchmarkId::from_parameter(&wanted.label), |b| {
            b.iter(|| {
                replication += 1;
                black_box(study.row(design, replication))
            });
        });
    }
    group.finish();
    let mut group = c.benchmark_group("a hundred replications taken in");
    group.throughput(Throughput::Elements(100));
    let round: Vec<_> = (0..study.designs.len()).map(|design| Some(study.batch(design, 0))).collect();
    for before in [0, 1_000] {
        let mut tally = Tally::new(&study);
        (0..before).for_each(|_| tally.add(round.clone()));
        group.bench_function(BenchmarkId::new("after batches", before), |b| {
            b.iter_batched(
                || (tally.clone(), round.clone()),
                |(mut tally, round)| tally.add(round),
                criterion::BatchSize::LargeInput,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, luck, replications);
criterion_main!(benches);
