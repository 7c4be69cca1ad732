//! The response where several things happen at once: verifications that fail, drains that take their time, backups and voters on
//! the two sides of a cut, people who are not there, and replicas that are behind when somebody orders a switchover.

use crate::common::{outcome_of, world};
use firedrill::load::load;
use firedrill::metrics::{FailoverOutcome, Outcome};
use firedrill::scenario::{Choice, Source};
use firedrill::world::{PhaseKind, World};
use std::sync::Arc;

const HORIZON_S: f64 = 14_400.0;

/// People who are served by the active one of some sites, of three that are linked.
fn plan(members: &str, policy: &str, more: &str, drill: &str) -> Arc<World> {
    world(&format!(
        r#"Scenario(format: 1, title: "three sites",
            clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "4h"),
            sites: {{"east": (), "west": (), "hill": ()}},
            links: [(between: ("east", "west"), rtt: "4ms"), (between: ("east", "hill"), rtt: "4ms"),
                (between: ("west", "hill"), rtt: "4ms")],
            groups: {{"home": (members: [{members}])}},
            services: {{"web": (runs_at: {{"east": (servers: 4), "west": (servers: 4), "hill": (servers: 4)}}, takes: fixed("20ms"))}},
            features: {{"read": (calls: [hard(to: "web")])}},
            people: {{"readers": (users: 60, uses: {{"read": "1/s"}}, served_by: "home")}},
            {more}
            strategies: {{"only": (failover: {{"home": ({policy})}})}},
            drill: [{drill}])"#
    ))
}

fn two(policy: &str, more: &str, drill: &str) -> Outcome {
    outcome_of(&plan(r#""east", "west""#, policy, more, drill), 0)
}

fn phases(failover: &FailoverOutcome) -> Vec<(PhaseKind, f64, bool)> {
    failover.phases.iter().map(|p| (p.phase, p.took_s, p.ok)).collect()
}

fn down_s(outcome: &Outcome) -> f64 {
    outcome.people["readers"].downtime_s
}

/// Cuts the links of a site to the two others.
fn off(site: &str, lasts: &str) -> String {
    let others = ["east", "west", "hill"].into_iter().filter(|other| *other != site);
    let cut = |other| format!(r#"at("+1h", cut(between: ("{site}", "{other}"), lasts: "{lasts}")), "#);
    others.map(cut).collect()
}

const CRASH: &str = r#"at("+1h", crash(of: "east"))"#;
const ORDER: &str = r#"at("+1h", fail_over(group: "home", to: "west"))"#;

#[test]
fn who_does_not_stand_the_test_does_not_serve() {
    use PhaseKind::*;
    let policy = r#"detect: instant, promote: (takes: fixed("60s")), verify: (takes: fixed("30s"), fails: "100%")"#;
    // Nobody else is left: down from the crash to the end, and it says so.
    let outcome = two(policy, "", CRASH);
    assert_eq!(down_s(&outcome), HORIZON_S - 3_600.0);
    let [failover] = &outcome.failovers[..] else { panic!("{:?}", outcome.failovers) };
    assert_eq!((failover.ended.as_str(), failover.time_to_restore_s), ("failed", None));
    assert!(failover.phases.iter().any(|p| (p.phase, p.took_s, p.ok) == (Verify, 30.0, false)));
    assert_eq!(outcome.groups["home"].failed_on_demand, 1);
    // People make it work: a minute, half a minute until it is found, and five more.
    let by_hand = format!(r#"{policy}, if_it_fails: by_hand(fixed("5min"))"#);
    let outcome = two(&by_hand, "", CRASH);
    assert_eq!(down_s(&outcome), 390.0);
    let failover = &outcome.failovers[0];
    assert_eq!((outcome.failovers.len(), failover.ended.as_str()), (1, "by hand"));
    assert_eq!(failover.time_to_restore_s, Some(390.0));
    let of = |phase| phases(failover).into_iter().filter(|p| p.0 == phase).collect::<Vec<_>>();
    assert_eq!((of(ByHand), of(Promote)), (vec![(ByHand, 300.0, true)], vec![(Promote, 60.0, true)]));
    // Who fails to be verified is back when he has been repaired.
    let twice = r#"at("+1h", crash(of: "east")), at("+2h", crash(of: "west", repaired_after: "1min"))"#;
    let half = r#"detect: instant, verify: (takes: fixed("30s"), fails: "50%")"#;
    let world = plan(r#""east", "west""#, half, "", twice);
    let down: Vec<f64> = (0..200).map(|r| down_s(&outcome_of(&world, r))).collect();
    // Well at once, and a minute for the second crash, or two half minutes that were good for nothing, and so on.
    assert!(down.contains(&60.0) && down.contains(&3_660.0), "{down:?}");
}

#[test]
fn the_next_one_is_tried_when_a_verification_fails() {
    let policy = r#"detect: instant, promote: (takes: fixed("60s")), verify: (takes: fixed("30s"), fails: "50%")"#;
    let three = plan(r#""east", "west", "hill""#, policy, "", CRASH);
    let outcomes: Vec<Outcome> = (0..400).map(|replication| outcome_of(&three, replication)).collect();
    let share = |seen: f64| outcomes.iter().filter(|outcome| down_s(outcome) == seen).count() as f64 / 400.0;
    // West, or after half a minute of testing and another minute hill, or nobody: four standard errors of a share.
    for (seen, expected) in [(60.0, 0.5), (150.0, 0.25), (HORIZON_S - 3_600.0, 0.25)] {
        let error = (expected * (1.0 - expected) / 400.0_f64).sqrt();
        assert!((share(seen) - expected).abs() < 4.0 * error, "{seen}: {}", share(seen));
    }
    for outcome in &outcomes {
        let [failover] = &outcome.failovers[..] else { panic!("{:?}", outcome.failovers) };
        let to = failover.to.as_deref();
        match down_s(outcome) {
            60.0 => assert_eq!((to, failover.time_to_restore_s), (Some("west"), Some(60.0))),
            150.0 => assert_eq!((to, failover.time_to_restore_s), (Some("hill"), Some(150.0))),
            _ => assert_eq!((failover.ended.as_str(), failover.time_to_restore_s), ("failed", None)),
        }
    }
    // An order whose verification fails goes back to the one that worked: half a minute of testing, a minute of promoting.
    let ordered = plan(r#""east", "west""#, policy, "", ORDER);
    let down: Vec<f64> = (0..200).map(|replication| down_s(&outcome_of(&ordered, replication))).collect();
    assert!(down.iter().all(|d| [0.0, 90.0, HORIZON_S - 3_660.0].contains(d)), "{down:?}");
    assert!(down.contains(&0.0) && down.contains(&90.0));
    let one = (0..200).map(|r| outcome_of(&ordered, r)).find(|outcome| down_s(outcome) == 90.0).unwrap();
    assert_eq!(one.groups["home"].split_brains, 0);
}

#[test]
fn nothing_is_written_where_nobody_does_the_work() {
    let store = r#"stores: {"notes": (primary: "home", replicas: {"west": sync}, also_written: "10/s")},"#;
    let policy = r#"detect: instant, verify: (takes: fixed("30s"), fails: "100%"), if_it_fails: by_hand(fixed("70s"))"#;
    let with = two(policy, store, CRASH);
    let without = two("detect: instant", store, CRASH);
    // A hundred seconds without writes.
    let written = |outcome: &Outcome| outcome.stores["notes"].writes;
    assert!((written(&without) - written(&with) - 1_000.0).abs() < 1e-6, "{} {}", written(&without), written(&with));
    assert_eq!(with.stores["notes"].writes_lost, 0.0);
}

fn drained(policy: &str, announced: &str, drill: &str) -> Outcome {
    let plan = format!(
        r#"maintenance: {{"work": (starts: "09:00", announced: "{announced}", takes: fixed("10min"), takes_down: ["east"], order: drained)}},"#
    );
    two(policy, &plan, drill)
}

#[test]
fn a_drain_takes_the_phases_of_a_switchover() {
    use PhaseKind::*;
    let policy = r#"detect: instant, fence: (takes: fixed("10s")), promote: (takes: fixed("20s")),
        steer: dns(ttl: "2min"), verify: (takes: fixed("30s"))"#;
    let outcome = drained(policy, "15min", "");
    let [drain] = &outcome.failovers[..] else { panic!("{:?}", outcome.failovers) };
    assert_eq!(phases(drain), [(Fence, 10.0, true), (Promote, 20.0, true), (Verify, 30.0, true), (Steer, 120.0, true)]);
    assert!(drain.planned && drain.ended == "switched" && drain.failed_at_s == 3_600.0);
    // The work waits until nobody is served there any more: half a minute, two minutes, then its ten.
    let work = &outcome.maintenance[0];
    assert_eq!((work.actual_s, work.overrun_s, down_s(&outcome)), (750.0, 0.0, 0.0));
    assert_eq!(outcome.components["east"].downtime_s, 600.0);
    // What was announced counts from the beginning.
    assert_eq!(drained(policy, "700s", "").maintenance[0].overrun_s, 50.0);
    // Without phases it is as it was: at once.
    let at_once = drained("detect: instant", "10min", "");
    assert_eq!((at_once.maintenance[0].actual_s, down_s(&at_once)), (600.0, 0.0));
    assert!(at_once.failovers[0].planned);
}

#[test]
fn a_drain_that_cannot_be_done_does_not_hold_the_work_up() {
    let policy = r#"detect: probe(every: "5min", fails: 3), promote: (takes: fixed("60s"))"#;
    let outcome = drained(policy, "15min", r#"at("+3630s", crash(of: "west"))"#);
    let [drain] = &outcome.failovers[..] else { panic!("{:?}", outcome.failovers) };
    assert_eq!((drain.ended.as_str(), phases(drain)), ("called off", vec![(PhaseKind::Promote, 30.0, false)]));
    // Nobody is left: the ten minutes of the work are an outage.
    assert_eq!((outcome.maintenance[0].actual_s, down_s(&outcome)), (630.0, 600.0));
    let refused = drained(policy, "15min", r#"at("+50min", crash(of: "west"))"#);
    let told: Vec<_> = refused.failovers.iter().map(|f| (f.ended.as_str(), f.failure.as_deref())).collect();
    assert_eq!(told[0], ("refused", Some("no other member works")));
    // Nobody fails back to what is being drained.
    let back = format!(r#"{policy}, failback: after("1s"), verify: (takes: fixed("5min"))"#);
    let outcome = drained(&back, "1h", "");
    let at: Vec<f64> = outcome.failovers.iter().map(|f| f.failed_at_s).collect();
    assert_eq!(at, [3_600.0, 3_600.0 + 60.0 + 300.0 + 600.0 + 1.0]);
}

#[test]
fn what_comes_to_nothing_is_told_with_its_reason() {
    let policy = r#"detect: instant, promote: (takes: fixed("60s"))"#;
    let told = |drill: &str, policy: &str| {
        let failovers = two(policy, "", drill).failovers;
        failovers.iter().map(|f| (f.ended.clone(), f.failure.clone().unwrap_or_default())).collect::<Vec<_>>()
    };
    let nobody = ("failed".to_owned(), "no member is left to go to".to_owned());
    let both = r#"at("+1h", crash(of: "west")), at("+2h", crash(of: "east"))"#;
    assert_eq!(told(both, policy), std::slice::from_ref(&nobody));
    // A gray one that nobody can stand in for, twice: it recovers each time, and is told each time.
    let gray = r#"at("+1h", crash(of: "west")), at("+2h", gray(of: "east", loses: "30%", lasts: "10min")),
        at("+3h", gray(of: "east", loses: "30%", lasts: "10min"))"#;
    assert_eq!(told(gray, policy), [nobody.clone(), nobody.clone()]);
    let outcome = two(policy, "", gray);
    assert!(outcome.failovers.iter().all(|f| f.time_to_restore_s == Some(600.0)));
    // Checks that get lost, and nobody to go to.
    let lossy = r#"detect: probe(every: "10s", fails: 2, loss: "20%")"#;
    let alarms = two(lossy, "", r#"at("+1s", crash(of: "west"))"#);
    assert!(alarms.groups["home"].false_alarms > 3);
    assert_eq!(alarms.failovers.len() as u64, alarms.groups["home"].false_alarms);
    assert!(
        alarms.failovers.iter().all(|f| f.false_alarm && f.ended == "failed" && f.failure == Some(nobody.1.clone()))
    );
    // Orders that are refused.
    let dead = r#"at("+30min", crash(of: "west")), at("+1h", fail_over(group: "home", to: "west"))"#;
    assert_eq!(told(dead, policy), [("refused".to_owned(), "that is down".to_owned())]);
}

#[test]
fn phases_add_up_to_the_time_to_restore() {
    use PhaseKind::*;
    // People begin to decide at nine; it fails at half past eight.
    let people = r#"detect: instant, decide: people(takes: fixed("20min"), hours: ("09:00", "17:00"))"#;
    let outcome = two(people, "", r#"at("08:30", crash(of: "east"))"#);
    let failover = &outcome.failovers[0];
    assert_eq!(phases(failover)[..3], [(Detect, 0.0, true), (WaitForPeople, 1_800.0, true), (Decide, 1_200.0, true)]);
    assert_eq!(failover.time_to_restore_s, Some(3_000.0));
    // Nobody could take over for ten minutes.
    let policy = r#"detect: probe(every: "10s", fails: 3), promote: (takes: fixed("60s"))"#;
    let both = r#"at("+1h", crash(of: "east")), at("+1h", crash(of: "west", repaired_after: "10min"))"#;
    let failover = two(policy, "", both).failovers[0].clone();
    assert!(failover.phases.iter().any(|p| p.phase == WaitForMember));
    assert_eq!(failover.time_to_restore_s, Some(660.0));
    // Whatever happens until another is active, or the same one works again.
    let drills = [
        r#"at("08:30", crash(of: "east"))"#,
        both,
        r#"at("+1h", crash(of: "east")), at("+3601s", fail_over(group: "home", to: "west"))"#,
        r#"at("+1h", crash(of: "east")), at("+3620s", crash(of: "west", repaired_after: "20min"))"#,
        r#"at("+1h", crash(of: "east", repaired_after: "45s"))"#,
    ];
    let fails = r#"promote: (takes: fixed("60s"), fails: "50%"), if_it_fails: by_hand(fixed("5min"))"#;
    let mut seen = 0;
    for policy in [people, policy, &format!("{people}, {fails}"), r#"detect: heartbeat(every: "1s", grace: "9s")"#] {
        for drill in drills {
            for failover in two(policy, "", drill).failovers {
                let Some(restored_s) = failover.time_to_restore_s else { continue };
                let before = failover.phases.iter().filter(|p| ![Steer, Verify].contains(&p.phase));
                let sum: f64 = before.map(|p| p.took_s).sum();
                assert!((sum - restored_s).abs() < 1e-6, "{policy}\n{drill}\n{sum} {failover:?}");
                seen += 1;
            }
        }
    }
    assert!(seen >= 15, "{seen}");
}

#[test]
fn a_backup_that_hears_nothing_takes_over_once() {
    // RFC 5798, section 6.4.2: three advertisements and the skew after the last one that came.
    let vrrp = r#"detect: vrrp(priority: 100, advert: "1s")"#;
    for replication in 0..20 {
        let world = plan(r#""east", "west""#, vrrp, "", &off("east", "10min"));
        let outcome = outcome_of(&world, replication);
        let [failover] = &outcome.failovers[..] else { panic!("{:?}", outcome.failovers) };
        assert_eq!((failover.to.as_deref(), failover.failed_at_s), (Some("west"), 3_600.0));
        let delay_s = failover.phases[0].took_s;
        assert!((2.609_375..=3.609_376).contains(&delay_s), "{delay_s}");
        // Both take themselves for the master.
        assert_eq!(outcome.groups["home"].split_brains, 1);
    }
    let brains = |policy: &str, drill: &str| {
        let outcome = two(policy, "", drill);
        (outcome.failovers.len(), outcome.groups["home"].split_brains)
    };
    // A blink is none, a site that is none of theirs is no matter, and a fence leaves one.
    assert_eq!(brains(vrrp, &off("east", "2s")), (0, 0));
    assert_eq!(brains(vrrp, &off("hill", "10min")), (0, 0));
    assert_eq!(brains(&format!(r#"{vrrp}, fence: (takes: fixed("1s"))"#), &off("east", "10min")), (1, 0));
    for other in
        [r#"detect: heartbeat(every: "1s", grace: "5s")"#, r#"detect: phi_accrual(threshold: 8, mean: "500ms")"#]
    {
        assert_eq!(brains(other, &off("east", "10min")), (1, 1), "{other}");
    }
    // Of three only the one that is alone misses the master, and goes its own way.
    let three = outcome_of(&plan(r#""east", "west", "hill""#, vrrp, "", &off("hill", "10min")), 0);
    assert_eq!(three.failovers[0].to.as_deref(), Some("hill"));
    // Two that cannot hear it, and one of them dead when the cut comes: it is noticed by the other.
    let dead = format!(r#"at("+50min", crash(of: "west")), {}"#, off("east", "10min"));
    let outcome = outcome_of(&plan(r#""east", "west", "hill""#, vrrp, "", &dead), 0);
    assert_eq!(outcome.failovers[0].to.as_deref(), Some("hill"));
}

#[test]
fn two_take_writes_where_the_store_allows_it() {
    let vrrp = r#"detect: vrrp(priority: 100, advert: "1s")"#;
    let store = |kind: &str| {
        let store =
            format!(r#"stores: {{"notes": (primary: "home", replicas: {{"west": {kind}}}, also_written: "100/s")}},"#);
        two(vrrp, &store, &off("east", "10min")).stores["notes"].clone()
    };
    // Asynchronous: from the cut until the backup takes over the old one goes on, alone: three seconds, a hundred a second.
    let kept = store(r#"async(applies: "1000/s")"#).writes_kept_aside;
    assert!((260.0..=362.0).contains(&kept), "{kept}");
    // Synchronous: it waits for its replica, and nothing is in conflict.
    let synchronous = store("sync");
    assert_eq!(synchronous.writes_kept_aside, 0.0);
    assert!((2.6..=3.62).contains(&synchronous.waited_s), "{}", synchronous.waited_s);
}

#[test]
fn the_side_with_the_majority_elects_and_the_other_stops() {
    let raft = r#"detect: raft(followers: 2, timeout: ("150ms", "300ms"), heartbeat: "75ms", votes: "15ms")"#;
    let three = |drill: &str| outcome_of(&plan(r#""east", "west", "hill""#, raft, "", drill), 0);
    let alone = three(&off("east", "10min"));
    let [failover] = &alone.failovers[..] else { panic!("{:?}", alone.failovers) };
    assert_eq!((failover.to.as_deref(), alone.groups["home"].split_brains), (Some("west"), 0));
    // From the cut until the election: a timeout at most, a split vote now and then.
    assert!((0.07..2.0).contains(&down_s(&alone)), "{}", down_s(&alone));
    // The others cut off: the leader has the majority.
    let hill = three(&off("hill", "10min"));
    assert_eq!((hill.failovers.len(), down_s(&hill)), (0, 0.0));
    // Nobody has one while all are apart; then the leader goes on.
    let all = format!(r#"{} at("+1h", cut(between: ("west", "hill"), lasts: "10min"))"#, off("east", "10min"));
    let apart = three(&all);
    assert_eq!((apart.failovers.len(), down_s(&apart)), (0, 600.0));
    // Voters that die are no majority either: the second death stops the leader, until one is back.
    let dead = r#"at("+1h", crash(of: "west")), at("+2h", crash(of: "hill", repaired_after: "20min"))"#;
    assert_eq!(down_s(&three(dead)), 1_200.0);
    // Three voters at places of their own: a pair of sites and a witness.
    let witness = r#"detect: raft(followers: 2, timeout: ("150ms", "300ms"), heartbeat: "75ms", votes: "15ms", from: ["west", "hill"])"#;
    let lost = two(witness, "", &off("east", "10min"));
    assert!(lost.failovers.len() == 1 && down_s(&lost) < 2.0);
    let mine = r#"detect: raft(followers: 2, timeout: ("150ms", "300ms"), heartbeat: "75ms", votes: "15ms", from: ["east", "west"])"#;
    assert_eq!(two(mine, "", &off("east", "10min")).failovers.len(), 0);
    // With its own voters at its own site it never loses them; without it they are no majority of five.
    let five = |from: &str| {
        format!(r#"detect: raft(followers: 4, timeout: ("150ms", "300ms"), votes: "15ms", from: [{from}])"#)
    };
    let crash = two(&five(r#""east", "east", "west", "west""#), "", CRASH);
    assert_eq!((crash.failovers.len(), down_s(&crash)), (0, HORIZON_S - 3_600.0));
    assert_eq!(two(&five(r#""east", "west", "west", "hill""#), "", CRASH).failovers.len(), 1);
}

#[test]
fn a_switchover_waits_until_its_target_has_caught_up() {
    use PhaseKind::*;
    let store = |kind: &str, written: &str| {
        format!(r#"stores: {{"notes": (primary: "home", replicas: {{"west": {kind}}}, also_written: "{written}")}},"#)
    };
    let behind = store(r#"async(applies: "100/s")"#, "150/s");
    let ordered = two("detect: instant", &behind, ORDER);
    // Fifty a second for an hour are 180,000, and a hundred a second without new ones half an hour.
    let failover = &ordered.failovers[0];
    assert_eq!(phases(failover)[0], (CatchUp, 1_800.0, true));
    assert_eq!((ordered.stores["notes"].writes_lost, ordered.stores["notes"].waited_s), (0.0, 1_800.0));
    assert_eq!(down_s(&ordered), 0.0);
    // A failover promotes what is there.
    let crashed = two("detect: instant", &behind, CRASH);
    assert!((crashed.stores["notes"].writes_lost - 180_000.0).abs() < 1.0, "{}", crashed.stores["notes"].writes_lost);
    // One that keeps up has nothing to catch up with; a log that is shipped is shipped once more.
    for kind in [r#"async(applies: "1000/s")"#, "sync", r#"semi_sync(applies: "1000/s", waits: "10s")"#] {
        let outcome = two("detect: instant", &store(kind, "150/s"), ORDER);
        assert!(outcome.failovers[0].phases.iter().all(|p| p.phase != CatchUp), "{kind}");
        assert_eq!((outcome.stores["notes"].writes_lost, outcome.stores["notes"].waited_s), (0.0, 0.0), "{kind}");
    }
    let shipped = two("detect: instant", &store(r#"shipped(every: "10min", takes: "2min")"#, "150/s"), ORDER);
    assert_eq!(phases(&shipped.failovers[0])[0], (CatchUp, 120.0, true));
    // Where everything writes, nobody is served meanwhile.
    let writers = behind.replace(r#", also_written: "150/s""#, "");
    let text = plan(r#""east", "west""#, "detect: instant", &writers, ORDER);
    assert_eq!(down_s(&outcome_of(&text, 0)), 0.0, "nobody writes, so that there is nothing to wait for");
    // If it dies meanwhile, it is a failover, at once: what had not come by then is lost.
    let dies = two("detect: instant", &behind, &format!(r#"{ORDER}, at("+70min", crash(of: "east"))"#));
    let failover = &dies.failovers[0];
    assert_eq!((phases(failover)[0], failover.time_to_restore_s), ((CatchUp, 600.0, false), Some(0.0)));
    assert!((dies.stores["notes"].writes_lost - 120_000.0).abs() < 1.0, "{}", dies.stores["notes"].writes_lost);
    // If its target dies, writes go on.
    let called_off = two("detect: instant", &behind, &format!(r#"{ORDER}, at("+70min", crash(of: "west"))"#));
    assert_eq!((called_off.failovers[0].ended.as_str(), called_off.stores["notes"].waited_s), ("called off", 600.0));
    // A drain hands over, too.
    let plan_of = format!(
        r#"{behind} maintenance: {{"work": (starts: "09:00", announced: "1h", takes: fixed("10min"), takes_down: ["east"], order: drained)}},"#
    );
    let outcome = two("detect: instant", &plan_of, "");
    assert_eq!((outcome.maintenance[0].actual_s, outcome.stores["notes"].writes_lost), (2_400.0, 0.0));
}

#[test]
fn of_two_synchronous_sites_the_promoted_one_runs_alone() {
    let store =
        r#"stores: {"notes": (primary: "home", replicas: {"east": sync, "west": sync}, also_written: "10/s")},"#;
    let policy = r#"detect: instant, promote: (takes: fixed("60s"))"#;
    let outcome = two(policy, store, CRASH);
    let notes = &outcome.stores["notes"];
    assert_eq!((notes.waited_s, notes.writes_lost, notes.writes_kept_aside), (0.0, 0.0, 0.0));
    // All but the minute without a primary.
    assert!((notes.writes - 10.0 * (HORIZON_S - 60.0)).abs() < 1e-6, "{}", notes.writes);
}

#[test]
fn a_scenario_takes_the_same_strategy_however_it_came_about() {
    let text = |own: &str| {
        format!(
            r#"Scenario(format: 1, title: "two plans", clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "4h"),
            sites: {{"east": (), "west": ()}}, groups: {{"home": (members: ["east", "west"])}},
            maintenance: {{
                "first": (starts: "09:00", announced: "1h", takes: fixed("10min"), takes_down: ["east"]),
                "second": (starts: "10:00", announced: "1h", takes: fixed("20min"), takes_down: ["west"]),
            }},
            strategies: {{"fast": (failover: {{"home": (detect: instant)}}, {own}), "none": ()}})"#
        )
    };
    for own in ["", r#"maintenance: "second","#, r#"maintenance: "none","#] {
        let source = Source::new("plans.ron", text(own));
        let read = load(&source, &Choice::default()).unwrap().1;
        // As it is written, without what reading it fills in.
        let plain = source.read_plain().scenario.unwrap();
        assert_eq!(plain.run.strategy, None);
        let compiled = World::compile(&plain).unwrap();
        let [read, compiled] = [read, compiled].map(|world| outcome_of(&world, 0));
        assert_eq!(compiled.provenance.strategy.as_deref(), Some("fast"));
        assert_eq!(compiled.provenance.maintenance, read.provenance.maintenance, "{own}");
        assert_eq!(compiled.provenance.scenario_hash, read.provenance.scenario_hash, "{own}");
        assert_eq!(compiled.provenance.digest, read.provenance.digest, "{own}");
    }
}

#[test]
fn a_failover_that_could_go_on_and_is_called_off_is_one() {
    let policy = r#"detect: instant, promote: (takes: fixed("10min"))"#;
    let drill = r#"at("+55min", crash(of: "west", repaired_after: "30min")), at("+1h", crash(of: "east", repaired_after: "30min"))"#;
    let failovers = two(policy, "", drill).failovers;
    assert_eq!(failovers.len(), 1, "{failovers:?}");
    assert_eq!(
        (failovers[0].ended.as_str(), failovers[0].planned, failovers[0].time_to_restore_s),
        ("called off", false, Some(1_800.0))
    );
    let promoted = failovers[0].phases.last().expect("phases");
    assert_eq!((promoted.phase, promoted.took_s, promoted.ok), (PhaseKind::Promote, 300.0, false));
}
