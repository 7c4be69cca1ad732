//! The outage of October 2016, step by step: text, scenario, world, run, outcome.
#![allow(missing_docs, reason = "criterion's macros make public functions")]

use criterion::{Criterion, criterion_group, criterion_main};
use firedrill::engine::Engine;
use firedrill::load::load;
use firedrill::observe::{Digest, Nobody};
use firedrill::rng::Luck;
use firedrill::run::run;
use firedrill::scenario::{Choice, Source};
use firedrill::world::World;
use std::hint::black_box;
use std::sync::Arc;

const TEXT: &str = include_str!("../scenarios/itslearning-2016-10.ron");

fn october(c: &mut Criterion) {
    let source = Source::new("itslearning-2016-10.ron", TEXT);
    let (scenario, world) = load(&source, &Choice::default()).expect("a scenario without mistakes");
    let mut group = c.benchmark_group("october");
    group.bench_function("parse", |b| b.iter(|| black_box(&source).read(&Choice::default())));
    group.bench_function("compile", |b| b.iter(|| World::compile(black_box(&scenario)).expect("no mistakes")));
    // Replications follow each other: each has another luck, as in a study.
    let mut replication = 0;
    let mut luck = || {
        replication += 1;
        Luck { seed: 1, replication }
    };
    group.bench_function("replication alone", |b| b.iter(|| Engine::new(Arc::clone(&world), luck()).run(&mut Nobody)));
    group.bench_function("replication and digest", |b| {
        b.iter(|| {
            let mut digest = Digest::default();
            Engine::new(Arc::clone(&world), luck()).run(&mut digest);
            digest.count()
        });
    });
    group.bench_function("replication and outcome", |b| b.iter(|| run(&world, luck())));
    group.bench_function("from text to outcome", |b| {
        b.iter(|| {
            let (_, world) = load(black_box(&source), &Choice::default()).expect("no mistakes");
            run(&world, luck())
        });
    });
    group.finish();
}

criterion_group!(benches, october);
criterion_main!(benches);
