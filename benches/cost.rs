//! What used to take much longer than it needs: each with the number by which it grew, so that a cost that grows with the square of
//! something is seen. `docs/performance.md` has what was measured.
#![allow(missing_docs, reason = "criterion's macros make public functions")]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use firedrill::explain::Counterfactuals;
use firedrill::load::{check, load};
use firedrill::rng::Luck;
use firedrill::run::run;
use firedrill::scenario::{Choice, Source};
use firedrill::world::World;
use std::sync::Arc;
use std::time::Duration;

const LUCK: Luck = Luck { seed: 1, replication: 0 };

/// What all of these have around what they are about.
fn scenario(horizon: &str, rest: &str) -> String {
    format!(
        r#"Scenario(format: 1, title: "cost", clock: (from: "2024-01-01T00:00", zone: "UTC", horizon: "{horizon}"), {rest})"#
    )
}

const ONE_SERVICE: &str = r#"sites: {"here": ()},
    services: {"web": (runs_at: {"here": (servers: 4, workers: 10)}, takes: exponential(mean: "100ms"))},
    features: {"page": (calls: [hard(to: "web")])},
    people: {"all": (users: 3_000, uses: {"page": "2/min"}, served_by: "here")},"#;

fn world(text: &str) -> Arc<World> {
    load(&Source::new("bench.ron", text), &Choice::default()).unwrap_or_else(|e| panic!("{e}")).1
}

fn list(count: usize, one: impl Fn(usize) -> String) -> String {
    (0..count).map(one).collect()
}

/// Fifteen services that call two others each, with 40 workers where 75 are needed, and users who try again: an hour.
fn tree() -> String {
    let services = list(15, |i| {
        let calls = list(2, |n| match 2 * i + n + 1 {
            callee if callee < 15 => format!(r#"hard(to: "v{callee}"),"#),
            _ => String::new(),
        });
        format!(
            r#""v{i}": (runs_at: {{"here": (servers: 10, workers: 4)}}, takes: exponential(mean: "10ms"), queue: 1_000, calls: [{calls}]),"#
        )
    });
    scenario(
        "1h",
        &format!(
            r#"sites: {{"here": ()}}, services: {{{services}}},
            features: {{"page": (calls: [hard(to: "v0")], timeout: "1s", retries: (attempts: 3))}},
            people: {{"all": (users: 15_000, uses: {{"page": "2/min"}}, served_by: "here")}}"#
        ),
    )
}

/// A week in which a service is slow for five minutes, so many times.
fn slow(times: usize) -> String {
    let steps = list(times, |i| {
        let minute = 10 * i;
        format!(r#"at("+{minute}m", slow(service: "web", by: "x{}", lasts: "5min")),"#, 1 + i % 7)
    });
    scenario("7d", &format!("{ONE_SERVICE} drill: [{steps}]"))
}

/// One line with so many assumptions.
fn assumed(marks: usize) -> String {
    scenario("1d", &format!("{ONE_SERVICE} {}", list(marks, |i| format!("/* assumed: {i} */ "))))
}

/// So many strategies that set 20 values each.
fn strategies(count: usize) -> String {
    let features = list(20, |i| format!(r#""f{i}": (calls: [hard(to: "web")], timeout: "1s"),"#));
    let all = list(count, |i| {
        let set = list(20, |f| format!(r#""features.f{f}.timeout": "{}s","#, 2 + (i + f) % 5));
        format!(r#""s{i}": (set: {{{set}}}),"#)
    });
    let with = ONE_SERVICE.replace("features: {", &format!("features: {{{features}"));
    scenario("1d", &format!("{with} strategies: {{{all}}}"))
}

/// A ring of sites, a tenth of which serve people, and so many cuts of a minute.
fn ring(sites: usize, cuts: usize) -> String {
    let names = list(sites, |i| format!(r#""s{i}": (),"#));
    let links = list(sites, |i| format!(r#"(between: ("s{i}", "s{}"), rtt: "5ms"),"#, (i + 1) % sites));
    let tenth = |of: &dyn Fn(usize) -> String| list(sites / 10, |i| of(10 * i));
    let runs_at = tenth(&|i| format!(r#""s{i}": (servers: 2, workers: 10),"#));
    let people = tenth(&|i| format!(r#""p{i}": (users: 100, uses: {{"page": "2/min"}}, served_by: "s{i}"),"#));
    let steps = list(cuts, |i| {
        let (a, b) = (i % sites, (i % sites + 1) % sites);
        format!(r#"at("+{}m", cut(between: ("s{a}", "s{b}"), lasts: "1min")),"#, 9 * (i + 1))
    });
    scenario(
        "7d",
        &format!(
            r#"sites: {{{names}}}, links: [{links}],
            services: {{"web": (runs_at: {{{runs_at}}}, takes: exponential(mean: "50ms"))}},
            features: {{"page": (calls: [hard(to: "web")])}}, people: {{{people}}}, drill: [{steps}]"#
        ),
    )
}

/// A week of so many populations in front of servers that can do half of what they want.
fn overload(populations: usize) -> String {
    let people = list(populations, |i| {
        format!(
            r#""p{i}": (users: 1000, active: week("work"), uses: {{"page": "2/min"}}, served_by: "here", rtt: "{}ms"),"#,
            i % 97
        )
    });
    scenario(
        "7d",
        &format!(
            r#"sites: {{"here": ()}},
            services: {{"web": (runs_at: {{"here": (servers: {}, workers: 4)}}, takes: exponential(mean: "50ms"))}},
            features: {{"page": (calls: [hard(to: "web")])}},
            weeks: {{"work": (weekdays: [("00:00", "2%"), ("08:00", "30%"), ("16:00", "8%")], sunday: [("12:00", "3%")])}},
            people: {{{people}}}"#,
            (populations / 15).max(1)
        ),
    )
}

/// A year of so many pools of a hundred servers that fail and are repaired.
fn pools(count: usize) -> String {
    let pools = list(count, |i| {
        format!(
            r#""c{i}": (at: "here", count: 100, needs: 1, fails: exponential(mean: "8760h"),
                repair: (takes: exponential(mean: "24h"))),"#
        )
    });
    scenario("365d", &format!("components: {{{pools}}}, {ONE_SERVICE}"))
}

/// So many services at twenty sites, for an hour.
fn many(services: usize) -> String {
    let sites = list(20, |i| format!(r#""s{i}": (),"#));
    let runs_at = list(20, |i| format!(r#""s{i}": (servers: 4),"#));
    let all = list(services, |i| format!(r#""v{i}": (runs_at: {{{runs_at}}}, takes: exponential(mean: "20ms")),"#));
    let features = list(services / 10, |i| {
        format!(r#""f{i}": (calls: [{}]),"#, list(10, |n| format!(r#"hard(to: "v{}"),"#, 10 * i + n)))
    });
    let uses = list(services / 10, |i| format!(r#""f{i}": "1/h","#));
    let people = list(20, |i| format!(r#""p{i}": (users: 100, uses: {{{uses}}}, served_by: "s{i}"),"#));
    scenario("1h", &format!("sites: {{{sites}}}, services: {{{all}}}, features: {{{features}}}, people: {{{people}}}"))
}

/// Each on its own, with as little around it as will do: these are looked at for how they grow.
fn runs(c: &mut Criterion) {
    let mut group = c.benchmark_group("cost of a run");
    group.sample_size(10).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(1));
    let mut one = |name: &str, count: usize, text: String| {
        // A fresh world each time: what others have worked out before is not there.
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(BenchmarkId::new(name, count), |b| {
            b.iter_with_setup(|| world(&text), |world| run(&world, LUCK));
        });
    };
    one("a tree of services in a storm", 15, tree());
    for count in [10, 100] {
        one("cuts in a ring of 100 sites", count, ring(100, count));
    }
    for count in [30, 300] {
        one("populations in front of half the servers", count, overload(count));
    }
    for count in [100, 1_000] {
        one("pools of a hundred", count, pools(count));
    }
    for count in [20, 200] {
        one("services at twenty sites", count, many(count));
    }
    group.finish();
}

fn explanations(c: &mut Criterion) {
    let mut group = c.benchmark_group("steps of a drill that are explained");
    group.sample_size(10).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(1));
    for count in [50, 100, 200] {
        let world = world(&slow(count));
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(BenchmarkId::from_parameter(count), |b| {
            b.iter(|| {
                let counterfactuals = Counterfactuals::new(&world, LUCK);
                let sets = counterfactuals.singles();
                sets.iter().map(|set| counterfactuals.run(set)).collect::<Vec<_>>()
            });
        });
    }
    group.finish();
}

fn checks(c: &mut Criterion) {
    let mut group = c.benchmark_group("check");
    group.sample_size(10).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(1));
    for (name, count, text) in [
        ("assumptions on one line", 1_600, assumed(1_600)),
        ("assumptions on one line", 16_000, assumed(16_000)),
        ("strategies of 20 values", 20, strategies(20)),
        ("strategies of 20 values", 200, strategies(200)),
        ("sites in a ring", 50, ring(50, 0)),
        ("sites in a ring", 500, ring(500, 0)),
    ] {
        let source = Source::new("bench.ron", text);
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(BenchmarkId::new(name, count), |b| b.iter(|| check(&source).is_ok()));
    }
    group.finish();
}

criterion_group!(benches, runs, explanations, checks);
criterion_main!(benches);
