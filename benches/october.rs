//! The outage of October 2016, step by step: text, scenario, world, run, outcome.
#![allow(missing_docs, reason = "criterion's macros make public functions")]

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use firedrill::engine::Engine;
use firedrill::load::load;
use firedrill::observe::{Digest, Nobody};
use firedrill::rehearse::{Deed, FACILITATOR, Plan, Session};
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

/// A rehearsal an hour and a half in: what is asked for while people wait.
fn rehearsal(c: &mut Criterion) {
    let source = Source::new("itslearning-2016-10.ron", TEXT);
    let luck = Luck { seed: 1, replication: 0 };
    let plan = Plan::of(&source, &Choice::default(), luck).expect("a scenario without mistakes");
    let mut session = Session::new(plan.clone());
    let (from_s, minute) = (plan.from.seconds(), 60.0);
    let act = |session: &mut Session, deed: Deed| {
        session.act(FACILITATOR, "", "", deed).expect("that can be done");
    };
    act(&mut session, Deed::Reach { to_s: from_s + 90.0 * minute });
    let mut group = c.benchmark_group("rehearsal");
    group.bench_function("a second of play", |b| {
        let second = |mut session: Session| act(&mut session, Deed::Reach { to_s: from_s + 90.0 * minute + 60.0 });
        b.iter_batched(|| session.clone(), second, BatchSize::LargeInput);
    });
    group.bench_function("all screens", |b| {
        b.iter(|| plan.seats.iter().filter_map(|seat| session.screen(&seat.name)).count());
    });
    group.bench_function("back to half of it", |b| {
        let back = |mut session: Session| {
            act(&mut session, Deed::Back { to_s: from_s + 45.0 * minute, name: "again".to_owned() });
        };
        b.iter_batched(|| session.clone(), back, BatchSize::LargeInput);
    });
    group.finish();
}

criterion_group!(benches, october, rehearsal);
criterion_main!(benches);
