//! How cost grows: with servers, horizon, populations and services; against a bare event loop for the same failures.
#![allow(missing_docs, reason = "criterion's macros make public functions")]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use firedrill::engine::Engine;
use firedrill::load::load;
use firedrill::num;
use firedrill::observe::{Nobody, Observation, Observer, Occurrence};
use firedrill::rng::{Luck, Stream};
use firedrill::scenario::{Choice, Source};
use firedrill::world::World;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::time::Duration;

const LUCK: Luck = Luck { seed: 1, replication: 0 };

fn world(text: &str) -> Arc<World> {
    load(&Source::new("bench.ron", text), &Choice::default()).unwrap_or_else(|e| panic!("{e}")).1
}

/// Three sites with a pool of servers each, which fail one by one and are repaired, under a school's load.
fn servers(count: u64, horizon: &str, fails: &str) -> String {
    let sites = ["east", "north", "west"];
    let pools: String = (sites.iter())
        .map(|site| {
            format!(
                r#""{site} pool": (at: "{site}", count: {}, needs: 1, fails: {fails},
                    repair: (takes: exponential(mean: "24h"))),"#,
                count / 3
            )
        })
        .collect();
    let runs_at: String = sites.iter().map(|s| format!(r#""{s}": (pool: "{s} pool", workers: 4),"#)).collect();
    let people: String = (sites.iter())
        .map(|s| {
            format!(
                r#""{s}": (users: {}, active: week("work"), uses: {{"page": "2/min"}}, served_by: "{s}"),"#,
                100 * count
            )
        })
        .collect();
    format!(
        r#"Scenario(format: 1, title: "servers", clock: (from: "2024-01-01T00:00", zone: "UTC", horizon: "{horizon}"),
        sites: {{"east": (), "north": (), "west": ()}},
        components: {{{pools}}},
        services: {{"web": (runs_at: {{{runs_at}}}, takes: lognormal(mean: "80ms", cv: 1.2))}},
        features: {{"page": (calls: [hard(to: "web")])}},
        weeks: {{"work": (weekdays: [("00:00", "2%"), ("08:00", "30%"), ("16:00", "8%")], sunday: [("12:00", "3%")])}},
        people: {{{people}}})"#
    )
}

const EXPONENTIAL: &str = r#"exponential(mean: "8760h")"#;
const WEIBULL: &str = r#"weibull(shape: 0.7, mean: "8760h")"#;

#[derive(Default)]
struct Failures(u64);

impl Observer for Failures {
    fn saw(&mut self, _: &World, seen: &Observation) {
        self.0 += u64::from(matches!(seen.what, Occurrence::Failed { .. }));
    }

    fn flowed(&mut self, _: &World, _: &firedrill::observe::Interval) {}
}

fn failures(world: &Arc<World>) -> u64 {
    let mut failures = Failures::default();
    Engine::new(Arc::clone(world), LUCK).run(&mut failures);
    failures.0
}

/// What no simulator of the same failures can leave out: two draws and two turns of a heap for each, and nothing else.
fn bare_loop(failures: u64) -> f64 {
    let mut times = Stream::new(LUCK, "bare", "time to failure");
    let mut repairs = Stream::new(LUCK, "bare", "repair takes");
    let mut heap = BinaryHeap::with_capacity(1_024);
    let mut now = 0.0_f64;
    let mut failed = 0_u64;
    heap.push(Reverse((0_u64, true)));
    while let Some(Reverse((at, fails))) = heap.pop() {
        now = at as f64 / 1e9;
        if fails {
            failed += 1;
            if failed == failures {
                break;
            }
            let after = |mean_s: f64, u: f64| ((now - mean_s * num::ln(u)) * 1e9) as u64;
            heap.push(Reverse((after(3_600.0, times.uniform()), true)));
            heap.push(Reverse((after(86_400.0, repairs.uniform()), false)));
        }
    }
    now
}

fn years(c: &mut Criterion) {
    let mut group = c.benchmark_group("a year of servers");
    group.sample_size(10).warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(5));
    for (count, law, fails) in [
        (1_000, "exponential", EXPONENTIAL),
        (10_000, "exponential", EXPONENTIAL),
        (10_000, "weibull", WEIBULL),
        (100_000, "exponential", EXPONENTIAL),
        (1_000_000, "exponential", EXPONENTIAL),
    ] {
        let world = world(&servers(count, "365d", fails));
        let failures = failures(&world);
        group.throughput(Throughput::Elements(failures));
        group.bench_function(BenchmarkId::new(law, count), |b| {
            b.iter(|| Engine::new(Arc::clone(&world), LUCK).run(&mut Nobody))
        });
        group.bench_function(BenchmarkId::new("bare loop of as many failures", format!("{law} {count}")), |b| {
            b.iter(|| bare_loop(failures));
        });
    }
    group.finish();
}

fn horizons(c: &mut Criterion) {
    let mut group = c.benchmark_group("horizon in days, 1000 servers");
    group.sample_size(10).warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(2));
    for days in [10_u64, 100, 1_000] {
        let world = world(&servers(1_000, &format!("{days}d"), EXPONENTIAL));
        group.throughput(Throughput::Elements(days));
        group.bench_function(BenchmarkId::from_parameter(days), |b| {
            b.iter(|| Engine::new(Arc::clone(&world), LUCK).run(&mut Nobody))
        });
    }
    group.finish();
}

/// A week of populations, each with its own profile, in front of a chain of services.
fn crowd(populations: usize, services: usize) -> String {
    let people: String = (0..populations)
        .map(|i| {
            format!(
                r#""p{i}": (users: 1000, active: week("work"), uses: {{"page": "2/min"}}, served_by: "here",
                    rtt: "{}ms"),"#,
                i % 97
            )
        })
        .collect();
    let chain: String = (0..services)
        .map(|i| {
            let calls = if i + 1 < services { format!(r#", calls: [hard(to: "v{}")]"#, i + 1) } else { String::new() };
            format!(
                r#""v{i}": (runs_at: {{"here": (servers: {})}}, takes: exponential(mean: "20ms"), holds: false{calls}),"#,
                20 + populations * 2
            )
        })
        .collect();
    format!(
        r#"Scenario(format: 1, title: "crowd", clock: (from: "2024-01-01T00:00", zone: "UTC", horizon: "7d"),
        sites: {{"here": ()}}, services: {{{chain}}}, features: {{"page": (calls: [hard(to: "v0")])}},
        weeks: {{"work": (weekdays: [("00:00", "2%"), ("08:00", "30%"), ("16:00", "8%")], sunday: [("12:00", "3%")])}},
        people: {{{people}}},
        drill: [at("Tue 10:00", crash(of: "here", repaired_after: "1h"))])"#
    )
}

fn crowds(c: &mut Criterion) {
    let mut group = c.benchmark_group("a week of populations, 3 services");
    group.sample_size(10).warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(2));
    for count in [1_usize, 10, 100, 1_000] {
        let world = world(&crowd(count, 3));
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(BenchmarkId::from_parameter(count), |b| {
            b.iter(|| Engine::new(Arc::clone(&world), LUCK).run(&mut Nobody))
        });
    }
    group.finish();
    let mut group = c.benchmark_group("a week of services in a chain, 10 populations");
    group.sample_size(10).warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(2));
    for count in [1_usize, 4, 16, 64] {
        let world = world(&crowd(10, count));
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(BenchmarkId::from_parameter(count), |b| {
            b.iter(|| Engine::new(Arc::clone(&world), LUCK).run(&mut Nobody))
        });
    }
    group.finish();
}

criterion_group!(benches, years, horizons, crowds);
criterion_main!(benches);
