use super::*;
use crate::rng::Luck;

fn stream(name: &str) -> Stream {
    Stream::new(Luck { seed: 3, replication: 0 }, "watch", name)
}

/// How often each number came, as shares.
fn shares(draws: u32, mut draw: impl FnMut() -> u32) -> Vec<f64> {
    let mut counts = vec![0.0; 10];
    (0..draws).for_each(|_| counts[draw() as usize] += 1.0 / f64::from(draws));
    counts
}

#[track_caller]
fn near(what: &str, seen: f64, expected: f64, within: f64) {
    assert!((seen - expected).abs() <= within, "{what}: {seen}, expected {expected}");
}

fn mean(draws: u32, mut draw: impl FnMut() -> f64) -> f64 {
    (0..draws).map(|_| draw()).sum::<f64>() / f64::from(draws)
}

/// Checks every ten seconds, three of them, and it is known a second later.
const LAW: Signs = Signs { every: seconds(10), later: seconds(0), needed: 3, known: seconds(1) };

const fn seconds(n: i64) -> Duration {
    Duration(n * 1_000_000_000)
}

const fn at(n: i64) -> Time {
    Time(n * 1_000_000_000)
}

#[test]
fn a_standing_run_is_as_long_as_chance_makes_it() {
    // Of the last signs j in a row are lost in (1 - s) s^j of cases; all of them, and those before, in s^n.
    for (share, before, signs, needed, expected) in [
        (0.5, 0, u64::MAX, 3, vec![4.0 / 7.0, 2.0 / 7.0, 1.0 / 7.0]),
        (0.5, 1, 2, 5, vec![0.5, 0.25, 0.0, 0.25]),
        (0.5, 2, 2, 4, vec![2.0 / 3.0, 1.0 / 3.0, 0.0, 0.0]),
        (0.25, 0, 3, 2, vec![0.8, 0.2, 0.0]),
        (0.2, 2, 1, 9, vec![0.8, 0.0, 0.0, 0.2]),
    ] {
        let mut stream = stream("standing");
        let seen = shares(40_000, || standing_run(&mut stream, share, before, signs, needed));
        for (run, expected) in expected.into_iter().enumerate() {
            // Four standard errors of a half are a hundredth.
            near(&format!("{share} {before} {signs} {needed}: {run}"), seen[run], expected, 0.01);
        }
    }
}

#[test]
fn a_run_of_lost_signs_comes_as_soon_as_feller_says() {
    // (1 - p^k) / (p^k (1 - p)); where runs are rare the number is a shifted exponential.
    for (share, run, expected) in [(0.5, 2, 6.0), (0.8, 3, 4.765_625), (0.2, 2, 30.0), (0.3, 1, 1.0 / 0.3)] {
        let mut stream = stream("runs");
        let seen = mean(40_000, || signs_until_run(&mut stream, share, run, 1e9));
        near(&format!("{share} {run}"), seen, expected, 0.03 * expected);
        assert!((0..1_000).all(|_| signs_until_run(&mut stream, share, run, 1e9) >= f64::from(run)));
    }
    // 14 of them with 40% each: one in 620,000 signs, and nobody goes through all of those.
    let mut stream = stream("rare runs");
    let rare = mean(4_000, || signs_until_run(&mut stream, 0.4, 14, 1.0));
    near("rare", rare / ((1.0 - num::pow(0.4, 14.0)) / (num::pow(0.4, 14.0) * 0.6)), 1.0, 0.07);
    assert_eq!(signs_until_run(&mut stream, 1.0, 3, 1e9), 3.0);
    assert_eq!(signs_until_run(&mut stream, 0.0, 3, 1e9), f64::INFINITY);
    // What comes after the end of the run is not worth going for: of runs that take 65,534 signs few come in 10,001.
    let soon = mean(200, || f64::from(u8::from(signs_until_run(&mut stream, 0.5, 15, 1.0).is_finite())));
    near("within the bound", soon, 1.0 - num::exp(-10_001.0 / 65_534.0), 0.1);
}

#[test]
fn a_run_that_has_begun_ends_sooner() {
    let mut stream = stream("begun");
    // Two of three are lost: the next one ends it, or it begins anew, which takes 14.
    near("half", mean(40_000, || signs_from(&mut stream, 0.5, 2, 3, 1e9)), 8.0, 0.25);
    // One of three: lost and lost, lost and not, not: 1/4 · 2 + 1/4 · 16 + 1/2 · 15.
    near("a third", mean(40_000, || signs_from(&mut stream, 0.5, 1, 3, 1e9)), 12.0, 0.35);
    near("nothing", mean(40_000, || signs_from(&mut stream, 0.5, 0, 3, 1e9)), 14.0, 0.35);
    assert_eq!(signs_from(&mut stream, 1.0, 1, 3, 1e9), 2.0);
    assert_eq!(signs_from(&mut stream, 0.0, 1, 3, 1e9), f64::INFINITY);
}

#[test]
fn a_checker_begins_anywhere_in_its_turn() {
    let mut stream = stream("phase");
    let phases: Vec<f64> =
        (0..4_000).map(|_| Checker::new(at(100), &LAW, 0.0, &mut stream).next.since(at(100)).seconds()).collect();
    assert!(phases.iter().all(|phase| (0.0..=10.0).contains(phase)));
    near("mean", phases.iter().sum::<f64>() / 4_000.0, 5.0, 0.2);
    // A healthy member that loses half of its checks has some of them lost already, and never all.
    let runs = shares(40_000, || Checker::due(at(0), &LAW, 0.5, &mut stream).run);
    near("none", runs[0], 4.0 / 7.0, 0.01);
    near("two", runs[2], 1.0 / 7.0, 0.01);
    assert_eq!(Checker::due(at(0), &LAW, 0.0, &mut stream).run, 0);
}

/// One whose next sign is due after five seconds, and who sees everything lost from the start.
fn blind(law: &Signs) -> (Checker, Stream) {
    let mut stream = stream("blind");
    let mut checker = Checker::due(at(5), law, 0.0, &mut stream);
    assert!(checker.turn(at(0), Some(1.0), law, &mut stream));
    checker.plan(0.0, law, 1e9, &mut stream);
    (checker, stream)
}

#[test]
fn three_signs_in_a_row_are_waited_for() {
    let (checker, mut stream) = blind(&LAW);
    // Lost at 5, 15 and 25, known at 26.
    assert_eq!(checker.marks, at(26));
    // Each lost one makes the next one later by two: 5, 17, 29.
    let in_turn = Signs { later: seconds(2), ..LAW };
    let (late, _) = blind(&in_turn);
    assert_eq!(late.marks, at(30));
    for (now, next, run) in [(4, 5, 0), (5, 15, 1), (14, 15, 1), (15, 25, 2), (24, 25, 2)] {
        let mut seen = checker.clone();
        assert!(!seen.turn(at(now), Some(1.0), &LAW, &mut stream), "nothing has changed");
        assert!(seen.turn(at(now), Some(0.0), &LAW, &mut stream));
        assert_eq!((seen.next, seen.run, seen.sees), (at(next), run, Some(0.0)), "{now}");
        // The last that arrived was due before the run.
        assert_eq!(seen.last_good(&LAW), at(-5), "{now}");
    }
    let mut seen = late.clone();
    seen.turn(at(17), Some(0.0), &in_turn, &mut stream);
    assert_eq!((seen.next, seen.run), (at(29), 2));
    // Half of the checks lost: each makes the next one later by half of it.
    let mut half = Checker { sees: Some(0.5), ..late };
    half.turn(at(16), Some(0.0), &in_turn, &mut stream);
    assert_eq!(half.next, at(27));
}

#[test]
fn what_was_lost_counts_when_the_rest_gets_lost_too() {
    let (checker, mut stream) = blind(&LAW);
    let mut seen = checker.clone();
    // Well from 16 on, after two: a sign at 25 and one at 35 make it forget them.
    seen.turn(at(16), Some(0.0), &LAW, &mut stream);
    seen.plan(0.0, &LAW, 1e9, &mut stream);
    let mut early = seen.clone();
    early.turn(at(20), Some(1.0), &LAW, &mut stream);
    early.plan(0.0, &LAW, 1e9, &mut stream);
    assert_eq!(early.marks, at(26), "only the one at 25 is missing");
    seen.turn(at(40), Some(1.0), &LAW, &mut stream);
    seen.plan(0.0, &LAW, 1e9, &mut stream);
    assert_eq!((seen.run, seen.marks), (0, at(66)), "lost at 45, 55 and 65");
    // All three are lost, and it says so until a sign comes.
    let mut all = checker.clone();
    all.turn(at(25), Some(0.9), &LAW, &mut stream);
    all.plan(0.0, &LAW, 1e9, &mut stream);
    assert_eq!((all.run, all.marks), (3, at(26)));
    all.turn(at(27), Some(1.0), &LAW, &mut stream);
    all.plan(0.0, &LAW, 1e9, &mut stream);
    assert_eq!((all.run, all.marks), (3, at(26)));
    // The dead see nothing, and remember nothing.
    let mut dead = checker;
    dead.turn(at(16), None, &LAW, &mut stream);
    dead.plan(0.0, &LAW, 1e9, &mut stream);
    assert_eq!(dead.marks, Time::NEVER);
    dead.turn(at(36), Some(1.0), &LAW, &mut stream);
    assert_eq!(dead.run, 0);
    dead.plan(0.0, &LAW, 1e9, &mut stream);
    assert_eq!(dead.marks, at(66));
    // Who sees no more lost than in health takes nobody for down.
    let mut well = Checker::due(at(5), &LAW, 0.5, &mut stream);
    well.plan(0.5, &LAW, 1e9, &mut stream);
    assert_eq!(well.marks, Time::NEVER);
}

#[test]
fn a_share_of_lost_signs_takes_as_long_as_its_runs() {
    let mut stream = stream("share");
    // Three in a row of halves come after 14 signs: 13 gaps of ten seconds and the second until it is known.
    let marks = mean(40_000, || {
        let mut checker = Checker::due(at(0), &LAW, 0.0, &mut stream);
        checker.turn(at(-1), Some(0.5), &LAW, &mut stream);
        checker.plan(0.0, &LAW, 1e9, &mut stream);
        checker.marks.seconds()
    });
    near("marks", marks, 131.0, 4.0);
    // Two seconds later after each that is lost: of the eleven before the run half, of its first two both.
    let in_turn = Signs { later: seconds(2), ..LAW };
    let marks = mean(40_000, || {
        let mut checker = Checker::due(at(0), &in_turn, 0.0, &mut stream);
        checker.turn(at(-1), Some(0.5), &in_turn, &mut stream);
        checker.plan(0.0, &in_turn, 1e9, &mut stream);
        checker.marks.seconds()
    });
    near("in turn", marks, 11.0 * 11.0 + 2.0 * 12.0 + 1.0, 4.5);
}

#[test]
fn the_first_to_time_out_is_elected_unless_another_asks_before_it_is_heard() {
    let mut stream = stream("election");
    let mut elected = |heard: &[f64], votes| {
        // Of the followers and the old leader more than half.
        let majority = heard.len().div_ceil(2) + 1;
        election_s(&mut stream, heard, majority, (0.15, 0.15), votes)
    };
    // Of two followers and the old leader one and the other are a majority.
    near("fifty milliseconds earlier", elected(&[0.0, -0.05], 0.015), 0.115, 1e-12);
    // A request takes a sixth of the time for votes: half a millisecond is too late to ask oneself, two are not.
    near("heard in time", elected(&[0.0, -0.001], 0.003), 0.152, 1e-12);
    assert_eq!(elected(&[0.0, -0.001], 0.060), f64::INFINITY, "always the same timeout: the vote is always split");
    // Of five three are a majority: of four followers two may ask at once, of three one.
    near("three of five", elected(&[0.0, 0.0, -0.05, -0.05], 0.015), 0.115, 1e-12);
    assert_eq!(elected(&[0.0, -0.05, -0.05, -0.05], 0.015), f64::INFINITY);
    assert_eq!(elected(&[0.0, -0.05, -0.05], 0.015), f64::INFINITY);
}

#[test]
fn a_timeout_is_drawn_between_its_bounds() {
    let mut stream = stream("timeouts");
    // One follower of two is heard late: the other decides, somewhere from 100 to 200 ms.
    let waits: Vec<f64> = (0..4_000).map(|_| election_s(&mut stream, &[0.0, 9.0], 2, (0.1, 0.2), 0.06)).collect();
    assert!(waits.iter().all(|wait| (0.16..=0.26).contains(wait)));
    near("mean", waits.iter().sum::<f64>() / 4_000.0, 0.21, 0.002);
    // Who has waited for 150 ms already has drawn a longer one.
    let waits: Vec<f64> = (0..4_000).map(|_| election_s(&mut stream, &[-0.15, 9.0], 2, (0.1, 0.2), 0.06)).collect();
    assert!(waits.iter().all(|wait| (0.06..=0.11).contains(wait)));
    near("mean", waits.iter().sum::<f64>() / 4_000.0, 0.085, 0.001);
    // A split vote costs another timeout: both ask at 100 to 200 ms, and within ten of each other one time in five.
    let waits: Vec<f64> = (0..4_000).map(|_| election_s(&mut stream, &[0.0, 0.0], 2, (0.1, 0.2), 0.06)).collect();
    let split = waits.iter().filter(|wait| **wait > 0.26).count() as f64 / 4_000.0;
    near("split", split, 0.19, 0.03);
    assert!(waits.iter().all(|wait| *wait >= 0.16));
}
