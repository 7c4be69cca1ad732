use super::*;
use crate::units::Duration;

const LUCK: Luck = Luck { seed: 1, replication: 0 };

fn replica(kind: ReplicaKind) -> ReplicaFlow {
    ReplicaFlow {
        site: SiteId::new(0),
        kind,
        fluid: FluidQueue::new(None),
        age: Age::new(),
        capacity: 0.0,
        at_risk: None,
        luck: Stream::new(LUCK, "a replica", "data loss"),
        contact: true,
        away_since: None,
        lost_at: Time::ZERO,
        alone: false,
        token: 0,
        link_s: 0.0,
        batches: None,
        account: ReplicaAccount::default(),
    }
}

/// Sent every ten minutes from 100 seconds on, on its way for a minute, and five seconds more on the line.
fn batches() -> Batches {
    Batches {
        log: Age::new(),
        every_s: 600.0,
        takes_s: 60.0,
        line_s: 5.0,
        phase_s: 100.0,
        contact_from_s: f64::NEG_INFINITY,
        arrived_to_s: 0.0,
    }
}

#[test]
fn a_batch_has_arrived_when_it_has_been_sent_and_was_on_its_way() {
    let whole = batches();
    // Sent at 100, 700 and 1,300; each arrives 65 seconds later.
    for (now_s, expected) in [(164.0, 0.0), (165.0, 100.0), (764.0, 100.0), (765.0, 700.0), (1_365.0, 1_300.0)] {
        assert_eq!(whole.arrived_to_s(now_s), expected, "{now_s}");
        assert!(!whole.nothing_yet(now_s));
    }
    // The contact broke off when all before 150 s was there, and is back from 800 s on: the batch of 1,300 is the first.
    let back = Batches { contact_from_s: 800.0, arrived_to_s: 150.0, ..batches() };
    assert_eq!(back.first_arrives_s(), 1_365.0);
    for (now_s, expected, nothing) in [(1_000.0, 150.0, true), (1_364.0, 150.0, true), (1_365.0, 1_300.0, false)] {
        assert_eq!((back.arrived_to_s(now_s), back.nothing_yet(now_s)), (expected, nothing), "{now_s}");
    }
    // One that is sent in the moment in which the contact is back is the first.
    let just = Batches { contact_from_s: 700.0, ..batches() };
    assert_eq!((just.first_arrives_s(), just.arrived_to_s(765.0)), (765.0, 700.0));
}

#[test]
fn what_is_written_and_not_applied_waits() {
    let mut slow = replica(ReplicaKind::Async(5.0));
    slow.capacity = 5.0;
    slow.follow(2.0, 2.0, 10.0, 0.0);
    assert_eq!((slow.account.written, slow.account.applied, slow.fluid.backlog), (20.0, 10.0, 10.0));
    // What was written in the first second is applied: the oldest that is missing is a second old.
    assert!((slow.age.age_s(2.0) - 1.0).abs() < 1e-9 && (slow.lag_s(2.0) - 1.0).abs() < 1e-9);
    let mut newest_gone = slow.clone();
    newest_gone.forget_newest(4.0);
    assert_eq!((newest_gone.account.dropped, newest_gone.fluid.backlog), (4.0, 6.0));
    newest_gone.forget_newest(40.0);
    assert_eq!((newest_gone.account.dropped, newest_gone.fluid.backlog), (10.0, 0.0));
    let mut given = slow.clone();
    given.catches_up();
    assert_eq!((given.account.applied, given.account.dropped, given.fluid.backlog), (20.0, 0.0, 0.0));
    assert_eq!(given.age.age_s(9.0), 0.0);
    let mut cleared = slow;
    cleared.at_risk = Some((1.0, 1.0));
    cleared.clear();
    assert_eq!((cleared.account.applied, cleared.account.dropped, cleared.fluid.backlog), (10.0, 10.0, 0.0));
    assert_eq!((cleared.age.age_s(9.0), cleared.at_risk), (0.0, None));
    // What rounding leaves is nothing: it has come.
    let mut fast = replica(ReplicaKind::Async(10.0));
    fast.capacity = 10.0 - 4e-7;
    fast.follow(1.0, 1.0, 10.0, 0.0);
    assert_eq!((fast.fluid.backlog, fast.account.written), (0.0, 10.0));
    assert!((fast.account.applied - 10.0).abs() < 1e-12);
}

#[test]
fn what_is_on_the_line_is_lost_when_the_contact_breaks_off() {
    let long = |kind| ReplicaFlow { link_s: 0.5, ..replica(kind) };
    let line = long(ReplicaKind::Async(100.0));
    assert_eq!([10.0, 9.99, 1.0].map(|rate| line.under_way(rate)), [(0.5, 5.0), (0.5, 4.0), (0.5, 0.0)]);
    assert_eq!(replica(ReplicaKind::Async(100.0)).under_way(10.0), (0.0, 0.0));
    assert_eq!(line.lag_s(3.0), 0.5);
    let mut cut = line;
    cut.loses_contact(3.0, 10.0);
    assert_eq!((cut.fluid.backlog, cut.account.applied, cut.contact), (5.0, -5.0, false));
    assert!((cut.lag_s(3.0) - 0.5).abs() < 1e-9, "half a second of writes, and none on the line any more");
    assert!((cut.age.backlog() - 5.0).abs() < 1e-9);
    // A commit that waits for its replica leaves nothing on the line; one that does not wait any more does.
    let sync = long(ReplicaKind::Sync);
    assert_eq!((sync.waited_for(), sync.lag_s(3.0)), (true, 0.0));
    let mut cut = sync.clone();
    cut.loses_contact(3.0, 10.0);
    assert_eq!((cut.fluid.backlog, cut.account.applied), (0.0, 0.0));
    let mut alone = ReplicaFlow { alone: true, ..sync };
    assert_eq!((alone.waited_for(), alone.lag_s(3.0)), (false, 0.5));
    alone.loses_contact(3.0, 10.0);
    assert_eq!(alone.fluid.backlog, 5.0);
    assert!(!replica(ReplicaKind::Async(1.0)).waited_for() && replica(ReplicaKind::SemiSync(1.0, 1.0)).waited_for());
}

#[test]
fn a_log_arrives_batch_by_batch() {
    let mut log = replica(ReplicaKind::Shipped(600.0, 60.0));
    (log.batches, log.capacity) = (Some(batches()), f64::MAX);
    // Ten a second for 800 seconds: the batch of 700 s has arrived, and what was written since is in the next.
    log.follow(800.0, 800.0, 10.0, 0.0);
    let behind =
        |log: &ReplicaFlow| log.batches.as_ref().map(|b| (b.log.backlog().round(), b.log.age_s(800.0).round()));
    assert_eq!((behind(&log), log.fluid.backlog), (Some((1_000.0, 100.0)), 0.0));
    let mut newest_gone = log.clone();
    newest_gone.forget_newest(400.0);
    assert_eq!(behind(&newest_gone), Some((600.0, 100.0)));
    newest_gone.clear();
    assert_eq!(behind(&newest_gone), Some((0.0, 0.0)));
    // When the contact breaks off it lacks those, and nothing more arrives.
    log.loses_contact(800.0, 10.0);
    assert_eq!((log.fluid.backlog.round(), log.account.applied.round()), (1_000.0, 7_000.0));
    assert_eq!((log.age.age_s(800.0).round(), log.batches.as_ref().unwrap().arrived_to_s), (100.0, 700.0));
    log.capacity = 0.0;
    log.follow(1_400.0, 600.0, 10.0, 0.0);
    assert_eq!(log.batches.as_ref().unwrap().log.backlog().round(), 7_000.0);
    log.is_reached(1_400.0);
    assert_eq!((log.contact, log.batches.as_ref().unwrap().contact_from_s), (true, 1_400.0));
    let at = Time::ZERO.after(Duration::from_seconds(1_400.0));
    assert!(log.batches.as_ref().unwrap().nothing_yet(at.seconds()), "the next is sent at 1,900");
}
