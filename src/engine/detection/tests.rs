use super::*;
use crate::rng::{Luck, Stream};

fn stream(name: &str) -> Stream {
    Stream::new(Luck { seed: 5, replication: 0 }, "detection", name)
}

const fn ms(n: i64) -> Duration {
    Duration(n * 1_000_000)
}

const fn at_ms(n: i64) -> Time {
    Time(n * 1_000_000)
}

#[track_caller]
fn near(what: &str, seen: f64, expected: f64, within: f64) {
    assert!((seen - expected).abs() <= within, "{what}: {seen}, expected {expected}");
}

#[test]
fn so_many_of_so_many_checks_fail_as_the_binomial_distribution_says() {
    for (p, needed, of, expected) in [
        (0.5, 2, 3, 0.5),
        (0.1, 1, 2, 0.19),
        (0.1, 2, 2, 0.01),
        (0.1, 2, 3, 0.028),
        (0.3, 3, 5, 0.163_08),
        (0.3, 0, 5, 1.0),
        (0.3, 6, 5, 0.0),
    ] {
        near(&format!("{needed} of {of} with {p}"), at_least_of(p, needed, of), expected, 1e-9);
    }
}

/// Watchers that see this share of signs lost, and take the member for down then.
fn watch(all: &[(Option<f64>, i64)]) -> Watch {
    let law = Signs { every: ms(100), later: ms(0), needed: 3, known: ms(0) };
    let mut stream = stream("watch");
    let one = |&(sees, marks): &(Option<f64>, i64)| {
        let mut checker = Checker::due(at_ms(100), &law, 0.0, &mut stream);
        (checker.sees, checker.marks) = (sees, at_ms(marks));
        checker
    };
    Watch { checkers: all.iter().map(one).collect(), alarm: Time::NEVER, well_since: None, began: Time::ZERO, turns: 0 }
}

#[test]
fn the_alarm_is_that_of_the_quorum() {
    let three = watch(&[(Some(1.0), 700), (Some(0.5), 500), (Some(1.0), 900)]);
    let times = [1, 2, 3, 4].map(|quorum| alarm(&three, quorum, 0.0, at_ms(0)));
    assert_eq!(times, [at_ms(500), at_ms(700), at_ms(900), Time::NEVER]);
    // Who sees no more lost than in health does not vote, nor do the dead; nobody notices anything in the past.
    let others = watch(&[(Some(0.1), 300), (None, 200), (Some(0.2), 500)]);
    assert_eq!([1, 2].map(|quorum| alarm(&others, quorum, 0.1, at_ms(0))), [at_ms(500), Time::NEVER]);
    assert_eq!(alarm(&others, 1, 0.1, at_ms(600)), at_ms(600));
}

fn raft(timeout: (i64, i64), heartbeat: Option<i64>, votes: i64) -> Detect {
    Detect::Raft {
        followers: 1,
        from: Vec::new(),
        timeout: (ms(timeout.0), ms(timeout.1)),
        heartbeat: heartbeat.map(ms),
        votes: ms(votes),
    }
}

#[test]
fn each_kind_of_detection_has_its_law_of_signs() {
    let beat = law_of(&Detect::Heartbeat { every: ms(1_000), grace: ms(3_500) }).unwrap();
    assert_eq!((beat.every, beat.needed, beat.known, beat.later), (ms(1_000), 3, ms(500), ms(0)));
    let once = law_of(&Detect::Heartbeat { every: ms(1_000), grace: ms(400) }).unwrap();
    // What is noticed sooner than a heartbeat is missing is noticed so much before the next is due.
    assert_eq!((once.needed, once.known), (1, ms(-600)));
    let followers = law_of(&raft((150, 300), Some(50), 0)).unwrap();
    assert_eq!((followers.every, followers.needed, followers.known), (ms(50), 6, ms(0)));
    // Where no interval is said it is half of the shortest timeout.
    let followers = law_of(&raft((150, 300), None, 0)).unwrap();
    assert_eq!((followers.every, followers.needed), (ms(75), 4));
    assert!(law_of(&Detect::Instant).is_none());
}

#[test]
fn a_watch_begins_with_heartbeats_that_all_hear() {
    let mut stream = stream("begin");
    let detect = raft((150, 300), Some(50), 0);
    let law = law_of(&detect).unwrap();
    let mut nexts = Vec::new();
    for _ in 0..2_000 {
        let all = begin(&detect, &law, at_ms(1_000), 0.0, 4, &mut stream);
        assert_eq!((all.checkers.len(), all.alarm), (4, Time::NEVER));
        assert!(all.checkers.iter().all(|checker| checker.next == all.checkers[0].next));
        nexts.push(all.checkers[0].next.since(at_ms(1_000)).seconds());
    }
    // Somewhere within the interval.
    assert!(nexts.iter().all(|next| (0.0..=0.05).contains(next)));
    near("mean", nexts.iter().sum::<f64>() / 2_000.0, 0.025, 0.002);
    // Without an interval the leader fails right after a heartbeat.
    let without = begin(&raft((150, 300), None, 0), &law, at_ms(1_000), 0.0, 1, &mut stream);
    assert_eq!(without.checkers[0].next, at_ms(1_050));
    // Backups hear the same heartbeats; checkers have a phase each.
    let beat = Detect::Heartbeat { every: ms(1_000), grace: ms(3_000) };
    let alike = begin(&beat, &law_of(&beat).unwrap(), at_ms(0), 0.0, 2, &mut stream);
    assert_eq!(alike.checkers[0].next, alike.checkers[1].next);
    let (every, timeout) = (ms(1_000), Duration::ZERO);
    let probe =
        Detect::Probe { every, fails: 3, timeout, in_turn: false, from: Vec::new(), checkers: 2, quorum: 1, loss: 0.0 };
    let apart = begin(&probe, &law_of(&probe).unwrap(), at_ms(0), 0.0, 2, &mut stream);
    assert_ne!(apart.checkers[0].next, apart.checkers[1].next);
}

#[test]
fn followers_elect_another_leader_when_they_hear_nothing_or_too_little() {
    let mut stream = stream("elected");
    const MEAN: f64 = 8.056_955;
    let (detect, most) = (raft((300, 300), Some(100), 50), 1e9);
    let law = law_of(&detect).unwrap();
    let two = |sees: f64| {
        let mut all = watch(&[(Some(sees), 0), (Some(sees), 0)]);
        // One heard the last one a hundred milliseconds before the other.
        all.checkers[1].next = at_ms(0);
        all
    };
    // The last sign came at 0 and at -100: the second waits until 200, and gathers votes for 50.
    let at = elected(&detect, &law, &two(1.0), at_ms(0), most, &mut stream);
    near("nothing", at.seconds(), 0.25, 1e-9);
    // Seen from ten milliseconds later it is the same time.
    let at = elected(&detect, &law, &two(1.0), at_ms(10), most, &mut stream);
    near("nothing", at.seconds(), 0.25, 1e-9);
    assert_eq!(elected(&detect, &law, &two(0.0), at_ms(0), most, &mut stream), Time::NEVER);
    // One follower of one elects nobody: it and the leader are two, of which two are needed.
    let one = watch(&[(Some(0.5), 0)]);
    assert_eq!(elected(&detect, &law, &one, at_ms(0), most, &mut stream), Time::NEVER);
    // Three in a row of halves take 14 heartbeats, the first of two followers MEAN: the sum of the squares of the chances that it
    // takes longer. The last good one is three intervals before, then come timeout and votes.
    let both = watch(&[(Some(0.5), 0), (Some(0.5), 0)]);
    let times: Vec<f64> =
        (0..20_000).map(|_| elected(&detect, &law, &both, at_ms(0), most, &mut stream).seconds()).collect();
    near("halves", times.iter().sum::<f64>() / 20_000.0, (MEAN - 3.0) * 0.1 + 0.3 + 0.05, 0.02);
    assert!(times.iter().all(|time| *time >= 0.35 - 1e-9));
}
