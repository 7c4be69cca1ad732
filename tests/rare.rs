//! Rare events against exact answers: how often they come, and how often the interval holds.

mod common;

use common::campaign;
use firedrill::load::load;
use firedrill::num;
use firedrill::observe::ServiceLevel;
use firedrill::rare::{Asked, Estimate, Top, estimate};
use firedrill::scenario::{Choice, Source};
use firedrill::study::{Alone, Hands};
use firedrill::world::World;
use std::sync::Arc;

/// A case whose answer is known.
struct Exact {
    name: &'static str,
    world: Arc<World>,
    top: &'static str,
    /// How often the top event is to be expected in a run.
    expected: f64,
}

fn world(components: &str, horizon: &str) -> Arc<World> {
    let text = format!(
        "Scenario(format: 1, title: \"exact\", clock: (from: \"2024-01-01T00:00\", zone: \"UTC\", horizon: \"{horizon}\"), {components})"
    );
    load(&Source::new("exact.ron", text), &Choice::default()).unwrap_or_else(|wrong| panic!("{wrong}")).1
}

/// How often a Markov chain that begins in its first state goes along marked transitions within a time, in the mean: its forward
/// equations, in small steps of a fourth-order method. A transition is (from, to, rate per hour, marked).
fn entries(states: usize, transitions: &[(usize, usize, f64, bool)], hours: f64) -> f64 {
    let flow = |p: &[f64]| -> (Vec<f64>, f64) {
        let (mut change, mut marked) = (vec![0.0; states], 0.0);
        for &(from, to, rate, is_marked) in transitions {
            let flows = p[from] * rate;
            change[from] -= flows;
            change[to] += flows;
            marked += if is_marked { flows } else { 0.0 };
        }
        (change, marked)
    };
    let leaves = |state: usize| transitions.iter().filter(|t| t.0 == state).map(|t| t.2).sum::<f64>();
    let fastest = (0..states).map(leaves).fold(0.0, f64::max);
    let steps = (hours * fastest * 3.0).ceil() as usize;
    let h = hours / steps as f64;
    let mut p = vec![0.0; states];
    p[0] = 1.0;
    let moved = |p: &[f64], k: &[f64], by: f64| -> Vec<f64> { p.iter().zip(k).map(|(p, k)| p + by * k).collect() };
    let mut total = 0.0;
    for _ in 0..steps {
        let (a, at_first) = flow(&p);
        let (b, _) = flow(&moved(&p, &a, h / 2.0));
        let middle = moved(&p, &b, h / 2.0);
        let (c, at_middle) = flow(&middle);
        let (d, at_last) = flow(&moved(&p, &c, h));
        // Simpson's rule, with the same points.
        total += h / 6.0 * (at_first + 4.0 * at_middle + at_last);
        for i in 0..states {
            p[i] += h / 6.0 * (a[i] + 2.0 * b[i] + 2.0 * c[i] + d[i]);
        }
    }
    total
}

const YEAR_H: f64 = 8_760.0;

/// n parts of which k are needed, and so many hands: how often fewer work, in a year. A birth and death process.
fn k_of_n(name: &'static str, n: u64, k: u64, life_h: f64, repair_h: f64, hands: u64) -> Exact {
    let text = format!(
        "crews: {{\"crew\": (at_once: {hands})}}, components: {{\"parts\": (count: {n}, needs: {k}, \
         fails: exponential(mean: \"{life_h}h\"), repair: (takes: exponential(mean: \"{repair_h}h\"), crew: \"crew\"))}}"
    );
    let mut moves = Vec::new();
    for failed in 0..n {
        let (this, next) = (failed as usize, failed as usize + 1);
        moves.push((this, next, (n - failed) as f64 / life_h, failed == n - k));
        moves.push((next, this, (failed + 1).min(hands) as f64 / repair_h, false));
    }
    Exact { name, world: world(&text, "365d"), top: "parts", expected: entries(n as usize + 1, &moves, YEAR_H) }
}

/// Two sites of which one is enough, with storage each that is repaired by one crew for both, and a common cause that strikes
/// both.
fn two_sites(name: &'static str, (life_a, life_b): (f64, f64), repair_h: f64, every_h: f64) -> Exact {
    let part = |life: f64| {
        format!(
            "(fails: exponential(mean: \"{life}h\"), repair: (takes: exponential(mean: \"{repair_h}h\"), crew: \"crew\"))"
        )
    };
    let text = format!(
        "crews: {{\"crew\": (at_once: 1)}}, components: {{\"a\": {}, \"b\": {}, \"both\": (stands_on: any([\"a\", \"b\"]))}}, \
         common_cause: {{\"fire\": (of: [\"a\", \"b\"], every: exponential(mean: \"{every_h}h\"))}}",
        part(life_a),
        part(life_b)
    );
    // Nobody; a; b; a, then b; b, then a. The first to fail is repaired first.
    let (a, b, mends, fire) = (1.0 / life_a, 1.0 / life_b, 1.0 / repair_h, 1.0 / every_h);
    let moves = [
        (0, 1, a, false),
        (0, 2, b, false),
        (0, 3, fire, true),
        (1, 3, b + fire, true),
        (2, 4, a + fire, true),
        (1, 0, mends, false),
        (2, 0, mends, false),
        (3, 2, mends, false),
        (4, 1, mends, false),
    ];
    Exact { name, world: world(&text, "365d"), top: "both", expected: entries(5, &moves, YEAR_H) }
}

/// Two parts of which one is enough, and one part on the shelf that takes long to be had again: a repair waits for its part.
fn one_spare(name: &'static str, life_h: f64, repair_h: f64, restock_h: f64) -> Exact {
    let text = format!(
        "components: {{\"parts\": (count: 2, needs: 1, fails: exponential(mean: \"{life_h}h\"), repair: \
         (takes: exponential(mean: \"{repair_h}h\"), spares: (stock: 1, restock: exponential(mean: \"{restock_h}h\"))))}}"
    );
    // Under repair, and on order; who is on order beyond the one of the shelf is waited for.
    let state = |repaired: usize, ordered: usize| repaired * 4 + ordered;
    let mut moves = Vec::new();
    for repaired in 0..=2_usize {
        for ordered in 0..=3_usize {
            let waits = ordered.saturating_sub(1);
            let failed = repaired + waits;
            if failed > 2 {
                continue;
            }
            let from = state(repaired, ordered);
            if failed < 2 {
                let gets = usize::from(ordered < 1);
                moves.push((from, state(repaired + gets, ordered + 1), (2 - failed) as f64 / life_h, failed == 1));
            }
            if ordered > 0 {
                let gets = usize::from(waits > 0);
                moves.push((from, state(repaired + gets, ordered - 1), ordered as f64 / restock_h, false));
            }
            if repaired > 0 {
                moves.push((from, state(repaired - 1, ordered), repaired as f64 / repair_h, false));
            }
        }
    }
    Exact { name, world: world(&text, "365d"), top: "parts", expected: entries(12, &moves, YEAR_H) }
}

/// Two parts of which one is enough, new at the start, with Weibull lives and repairs of a fixed length: how often both are down,
/// by the renewal equation of one of them, w(t) = f(t) + ∫ w(s - R) f(t - s) ds, in steps of an hour. Both are alike and
/// independent, so that it is 2 w u, with u(t) the integral of w over the last R.
fn worn(name: &'static str, shape: f64, life_h: f64, repair_h: usize) -> Exact {
    let text = format!(
        "components: {{\"parts\": (count: 2, needs: 1, fails: weibull(shape: {shape}, mean: \"{life_h}h\"), \
         repair: (takes: fixed(\"{repair_h}h\")))}}"
    );
    let scale = life_h / num::gamma(1.0 + 1.0 / shape);
    let cdf = |t: f64| -num::exp_m1(-num::pow(t / scale, shape));
    let hours = YEAR_H as usize;
    let ends: Vec<f64> = (0..hours).map(|t| cdf(t as f64 + 1.0) - cdf(t as f64)).collect();
    let mut fails = vec![0.0_f64; hours];
    for t in 0..hours {
        let again: f64 = (repair_h..=t).map(|back| fails[back - repair_h] * ends[t - back]).sum();
        fails[t] = ends[t] + again;
    }
    let expected = (0..hours).map(|t| {
        let down: f64 = fails[t.saturating_sub(repair_h)..t].iter().sum::<f64>() + fails[t] / 2.0;
        let first = if t >= repair_h { fails[t - repair_h] / 2.0 } else { 0.0 };
        2.0 * fails[t] * (down - first)
    });
    Exact { name, world: world(&text, "365d"), top: "parts", expected: expected.sum() }
}

/// The first case among five things that fail more often and do not matter.
fn among_others(name: &'static str) -> Exact {
    let others: String = (0..5)
        .map(|i| {
            format!(
                "\"other {i}\": (fails: exponential(mean: \"5000h\"), repair: (takes: exponential(mean: \"4h\"))), "
            )
        })
        .collect();
    let text = format!(
        "crews: {{\"crew\": (at_once: 2)}}, components: {{{others}\"parts\": (count: 2, needs: 1, \
         fails: exponential(mean: \"20000h\"), repair: (takes: exponential(mean: \"5h\"), crew: \"crew\"))}}"
    );
    let alone = k_of_n(name, 2, 1, 20_000.0, 5.0, 2);
    Exact { world: world(&text, "365d"), ..alone }
}

fn cases() -> Vec<Exact> {
    vec![
        k_of_n("2 of which 1", 2, 1, 10_000.0, 5.0, 2),
        k_of_n("5 of which 3, one crew", 5, 3, 20_000.0, 8.0, 1),
        among_others("among others"),
        two_sites("two sites and a fire", (5_000.0, 8_000.0), 6.0, 2e6),
        one_spare("one spare", 50_000.0, 4.0, 500.0),
        k_of_n("3 of which 1, hardly ever", 3, 1, 100_000.0, 6.0, 3),
        worn("worn parts", 2.5, 40_000.0, 12),
        k_of_n("2 of which 1, one crew, rarely", 2, 1, 300_000.0, 5.0, 1),
    ]
}

/// Cases in which failures are no rarity, so that nothing or not much is made to fail.
fn often() -> Vec<Exact> {
    vec![
        k_of_n("3 of which 2, often", 3, 2, 300.0, 20.0, 1),
        k_of_n("2 of which 1, now and then", 2, 1, 3_000.0, 40.0, 2),
        one_spare("one spare, often", 1_500.0, 10.0, 300.0),
        worn("worn parts, often", 0.7, 2_000.0, 24),
    ]
}

fn estimated(case: &Exact, seed: u64, relative: f64, runs: u64, hands: &mut impl Hands) -> Estimate {
    let top = Top::new(&case.world, case.top, Default::default()).unwrap();
    estimate(&case.world, top, Asked { seed, relative, runs, ..Asked::default() }, hands)
}

#[test]
fn exact_answers_lie_within_four_standard_errors() {
    for case in cases().into_iter().chain(often()) {
        let found = estimated(&case, 1, 0.0, campaign(6_000, 30_000), &mut Alone);
        let error = (found.high - found.low) / 2.0 / 1.96;
        let off = (found.per_run - case.expected) / error;
        assert!(off.abs() < 4.0, "{}: {found:?}, expected {}", case.name, case.expected);
        assert!(error < 0.2 * case.expected, "{}: {found:?} says too little", case.name);
    }
}

/// Studies that go on until they have converged, as `compare --rare` does: what has not converged has no interval to rely on.
#[test]
fn intervals_of_what_has_converged_hold_as_often_as_they_say() {
    let studies = campaign(40, 100);
    // That in which many failures come before the top event, and repairs wait for each other, takes long.
    let waits = campaign(None, Some(k_of_n("5 of which 3, one crew", 5, 3, 20_000.0, 8.0, 1)));
    for case in cases().into_iter().rev().take(campaign(2, 3)).chain(waits) {
        let found: Vec<Estimate> =
            (0..studies).map(|study| estimated(&case, 1_000 + study, 0.1, 200_000, &mut Alone)).collect();
        assert!(found.iter().all(|found| found.converged), "{}", case.name);
        let held = found.iter().filter(|found| found.low <= case.expected && case.expected <= found.high).count();
        let below = found.iter().filter(|found| found.high < case.expected).count();
        let (share, off) = (held as f64 / studies as f64, campaign(0.105, 0.066));
        assert!((share - 0.95).abs() <= off, "{}: {share} of the intervals hold, {below} are too low", case.name);
    }
}

/// Two sites with storage each, of which the users are led to the one that works: what a study sees of outages that are longer
/// than five minutes, and what the forks say of them.
#[test]
fn outages_of_people_come_as_often_as_in_runs_that_are_lived_as_they_come() {
    let text = r#"Scenario(
        format: 1, title: "two sites", clock: (from: "2024-01-01T00:00", zone: "UTC", horizon: "60d"),
        sites: {"a": (), "b": ()},
        crews: {"crew": (at_once: 1)},
        components: {
            "disk a": (at: "a", fails: weibull(shape: 1.5, mean: "30d"), repair: (takes: exponential(mean: "20h"), crew: "crew")),
            "disk b": (at: "b", fails: exponential(mean: "40d"), repair: (takes: exponential(mean: "20h"), crew: "crew")),
        },
        groups: {"disks": (members: ["disk a", "disk b"])},
        services: {"web": (runs_at: {"a": (servers: 4)}, takes: fixed("50ms"), stands_on: all(["disks"]))},
        features: {"page": (calls: [hard(to: "web")])},
        people: {"users": (users: 100, uses: {"page": "1/min"}, served_by: "a")},
        strategies: {"standby": (failover: {"disks": (detect: heartbeat(every: "10s", grace: "1m"), promote: (takes: uniform("2m", "6m")))})},
    )"#;
    let (_, world) = load(&Source::new("two.ron", text), &Choice::default()).unwrap_or_else(|wrong| panic!("{wrong}"));
    let runs = campaign(1_000, 4_000);
    let long = |replication: u64| {
        let outcome = common::outcome_of(&world, replication);
        let down = outcome.people["users"].intervals.iter().filter(|span| span.mood == ServiceLevel::Down);
        down.filter(|span| span.to_s - span.from_s > 300.0).count() as f64
    };
    let seen: Vec<f64> = (0..runs).map(long).collect();
    let (mean, error) = common::mean_and_error(&seen);
    let top = Top::new(&world, "users", "5m".parse().unwrap()).unwrap();
    let found = estimate(&world, top, Asked { seed: 2, relative: 0.0, runs, ..Asked::default() }, &mut Alone);
    let other = (found.high - found.low) / 2.0 / 1.96;
    let off = (found.per_run - mean) / (error * error + other * other).sqrt();
    assert!(off.abs() < 4.0, "{mean} ± {error} in {runs} runs, {found:?}");
    assert!(mean > 0.05, "{mean} is too few to tell");
}

#[test]
fn how_long_it_is_down_is_told_too() {
    // Two crews, each repair in five hours: both are down for half of that.
    let case = k_of_n("2 of which 1", 2, 1, 10_000.0, 5.0, 2);
    let found = estimated(&case, 3, 0.0, campaign(4_000, 40_000), &mut Alone);
    let (mean, low, high) = found.down_s;
    let error = (high - low) / 2.0 / 1.96;
    let expected = case.expected * 2.5 * 3_600.0;
    assert!((mean - expected).abs() < 4.0 * error && error < 0.1 * expected, "{found:?}, expected {expected} s");
}

#[test]
fn what_was_not_seen_is_bounded_and_does_not_pass_for_an_estimate() {
    // A failover that fails once in a million times is none of what is made to come.
    let text = "components: {\"a\": (fails: exponential(mean: \"2000h\"), repair: (takes: fixed(\"1h\"))), \"b\": ()}, \
                groups: {\"g\": (members: [\"a\", \"b\"])}, \
                strategies: {\"s\": (failover: {\"g\": (detect: instant, fails_on_demand: \"0.0001%\", if_it_fails: by_hand(fixed(\"1h\")))})}";
    let world = world(text, "365d");
    let top = Top::new(&world, "g", "10m".parse().unwrap()).unwrap();
    let found = estimate(&world, top, Asked { runs: 1_000, ..Asked::default() }, &mut Alone);
    assert!(!found.converged && found.per_run == 0.0, "{found:?}");
    let bound = found.at_most.expect("a bound").share;
    // Once in a thousand runs at most, at 95%: 3/1000, and twice that for runs that count twice.
    assert!((0.0055..0.0065).contains(&bound), "{bound}");
}

/// Backwards, and in another number of pieces.
struct Backwards;

impl Hands for Backwards {
    fn all<T: Send>(&mut self, count: usize, one: impl Fn(usize) -> T + Sync) -> Option<Vec<T>> {
        let mut made: Vec<T> = (0..count).rev().map(one).collect();
        made.reverse();
        Some(made)
    }
}

#[test]
fn whoever_does_the_work_finds_the_same() {
    let case = k_of_n("2 of which 1", 2, 1, 10_000.0, 5.0, 2);
    let [a, b] = [estimated(&case, 5, 0.1, 10_000, &mut Alone), estimated(&case, 5, 0.1, 10_000, &mut Backwards)];
    assert_eq!(a, b);
    assert!(a.converged && a.at_most.is_none() && a.runs < 10_000, "{a:?}");
    assert_ne!(a.per_run, estimated(&case, 6, 0.1, 10_000, &mut Alone).per_run);
}
