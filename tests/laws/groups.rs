//! Detection, failover, data. Scope: one group of two or three sites, all of which are linked, and one fault of the first,
//! which is active: it crashes and stays down for a long time. What comes of more faults has no direction: who is sooner at
//! the second site may be there in time for its crash.

use super::dice::Dice;
use super::each;
use super::lived::{Lived, live};
use super::plan::{Act, Detect, Failover, Group, Kind, Ns, Phase, Plan, Store, Thing};

const CRASH: Ns = 100_000_000_000_000;
const HORIZON: Ns = 300_000_000_000_000;

fn one_crash(number: u64) -> (Plan, Dice) {
    let mut dice = Dice::new(number ^ 0x97f0);
    let every = dice.time(1, 120);
    let from: Vec<usize> = (0..3).filter(|_| dice.percent(40)).collect();
    let checkers = if from.is_empty() { 1 + dice.below(3) } else { from.len() };
    let detect = match dice.below(4) {
        0 => Detect::Heartbeat { every, grace: every + dice.time(0, 300) },
        1 => Detect::Vrrp { priority: 128, advert: every },
        _ => Detect::Probe {
            every,
            fails: 1 + dice.below(3) as u32,
            timeout: dice.time(0, 30),
            in_turn: dice.percent(40),
            quorum: Some(1),
            from,
            checkers,
        },
    };
    let mut phase = || if dice.percent(50) { Some(Phase { takes: dice.time(0, 900), fails: false }) } else { None };
    let phases = [phase(), phase(), phase(), phase()];
    let failover = Failover {
        detect,
        people: if dice.percent(40) { Some(dice.time(0, 2_000)) } else { None },
        phases,
        verify: None,
        fails_on_demand: false,
        mechanism: None,
        by_hand: if dice.percent(50) { Some(dice.time(60, 6_000)) } else { None },
        failback: None,
        first_back: false,
    };
    let after = if dice.percent(50) { Some(dice.time(50_000, 100_000)) } else { None };
    let plan = Plan {
        horizon: HORIZON,
        sites: 3,
        links: vec![(0, 1, 4), (1, 2, 6), (0, 2, 10)],
        parts: Vec::new(),
        crews: Vec::new(),
        shocks: Vec::new(),
        groups: vec![Group { members: vec![Thing::Site(0), Thing::Site(1)], failover: Some(failover) }],
        stores: Vec::new(),
        maintenance: None,
        drill: vec![(CRASH + dice.time(0, 900), Act::Crash { of: Thing::Site(0), members: None, after })],
    };
    (plan, dice)
}

fn policy(plan: &mut Plan) -> &mut Failover {
    plan.groups[0].failover.as_mut().expect("it fails over")
}

/// `None` is never.
fn or_never(at: Option<Ns>) -> Ns {
    at.unwrap_or(Ns::MAX)
}

/// Changes a policy for the worse: nothing is noticed sooner, nobody takes over sooner, the group is down for no less long.
fn never_sooner(law: &str, worse: impl Fn(&mut Plan, &mut Dice) -> bool) {
    each(law, |number| {
        let (plan, mut dice) = one_crash(number);
        let mut changed = plan.clone();
        if !worse(&mut changed, &mut dice) {
            return Ok(false);
        }
        let (before, after) = (live(&plan, number), live(&changed, number));
        let fine = or_never(before.noticed) <= or_never(after.noticed)
            && or_never(before.switched) <= or_never(after.switched)
            && before.down("g0") <= after.down("g0");
        let say = |lived: &Lived| format!("{:?} {:?} {}", lived.noticed, lived.switched, lived.down("g0"));
        if fine {
            Ok(true)
        } else {
            Err(format!("{}, worse {}\n{}\n{}", say(&before), say(&after), plan.text(), changed.text()))
        }
    });
}

#[test]
fn a_slower_detector_never_notices_sooner() {
    never_sooner("checks", |plan, dice| match &mut policy(plan).detect {
        Detect::Probe { every, .. } | Detect::Heartbeat { every, .. } | Detect::Vrrp { advert: every, .. }
            if dice.percent(20) =>
        {
            // Rarer signs; of heartbeats the grace is what counts, and the last of them may have come earlier.
            *every *= 2;
            matches!(plan.groups[0].failover.as_ref().unwrap().detect, Detect::Probe { .. })
        }
        Detect::Probe { fails, .. } if dice.percent(50) => {
            *fails += 1;
            true
        }
        Detect::Probe { timeout, .. } => {
            *timeout += dice.time(1, 100);
            true
        }
        Detect::Heartbeat { grace, .. } => {
            *grace += dice.time(1, 600);
            true
        }
        Detect::Vrrp { priority, .. } => {
            *priority -= 64;
            true
        }
        Detect::Instant => false,
    });
}

#[test]
fn more_who_have_to_agree_never_notice_sooner() {
    never_sooner("quorum", |plan, _| match &mut policy(plan).detect {
        Detect::Probe { quorum: Some(quorum), checkers, .. } if *quorum < *checkers => {
            *quorum += 1;
            true
        }
        _ => false,
    });
}

#[test]
fn nothing_notices_sooner_than_at_once() {
    each("at once", |number| {
        let (plan, _) = one_crash(number);
        let mut changed = plan.clone();
        policy(&mut changed).detect = Detect::Instant;
        let (plain, instant) = (live(&plan, number), live(&changed, number));
        let crash = plan.drill[0].0;
        if instant.noticed != Some(crash) {
            return Err(format!("noticed at {:?}\n{}", instant.noticed, changed.text()));
        }
        if instant.down("g0") <= plain.down("g0") { Ok(true) } else { Err(plan.text()) }
    });
}

#[test]
fn longer_phases_and_slower_people_never_take_over_sooner() {
    never_sooner("phases", |plan, dice| {
        let nth = dice.below(4);
        let more = dice.time(1, 4_000);
        let phase = policy(plan).phases[nth].get_or_insert(Phase { takes: 0, fails: false });
        phase.takes += more;
        true
    });
    never_sooner("people", |plan, dice| {
        let more = dice.time(1, 4_000);
        let policy = policy(plan);
        policy.people = Some(policy.people.unwrap_or(0) + more);
        true
    });
}

#[test]
fn a_mechanism_that_fails_or_a_phase_that_does_never_takes_over_sooner() {
    // By hand everything that is left of the phases is done at once: so it may be done sooner than they would have been. It has
    // to take at least as long as they do.
    let hands_are_slow = |policy: &Failover| {
        let phases: Ns = policy.phases.iter().flatten().map(|phase| phase.takes).sum();
        policy.by_hand.is_none_or(|takes| takes >= phases)
    };
    never_sooner("on demand", |plan, _| {
        let policy = policy(plan);
        policy.fails_on_demand = true;
        hands_are_slow(policy)
    });
    never_sooner("a phase that fails", |plan, dice| {
        let nth = dice.below(4);
        let policy = policy(plan);
        let Some(phase) = &mut policy.phases[nth] else { return false };
        phase.fails = true;
        hands_are_slow(policy)
    });
}

#[test]
fn a_strategy_is_no_worse_than_none_and_a_third_member_no_worse_than_two() {
    each("no strategy", |number| {
        let (plan, _) = one_crash(number);
        let mut changed = plan.clone();
        changed.groups[0].failover = None;
        let (with, without) = (live(&plan, number).down("g0"), live(&changed, number).down("g0"));
        if with <= without { Ok(true) } else { Err(format!("{with} of {without}\n{}", plan.text())) }
    });
    each("a third member", |number| {
        let (plan, mut dice) = one_crash(number);
        let mut changed = plan.clone();
        let second =
            (plan.drill[0].0 + dice.time(0, 60_000), Act::Crash { of: Thing::Site(1), members: None, after: None });
        let mut both = plan.clone();
        both.drill.push(second.clone());
        changed.drill.push(second);
        changed.groups[0].members.push(Thing::Site(2));
        let (three, two) = (live(&changed, number).down("g0"), live(&both, number).down("g0"));
        // A checker at a site that is down does not vote, whichever it is.
        if three <= two { Ok(true) } else { Err(format!("{three} of {two}\n{}", changed.text())) }
    });
}

#[test]
fn a_partition_that_cuts_nobody_off_is_none() {
    each("a way around", |number| {
        let (plan, mut dice) = one_crash(number);
        let mut changed = plan.clone();
        changed
            .drill
            .push((dice.time(1, 200_000), Act::Cut { link: dice.below(3), lasts: Some(dice.time(1, 100_000)) }));
        let (before, after) = (live(&plan, number), live(&changed, number));
        if before.told == after.told { Ok(true) } else { Err(changed.text()) }
    });
}

/// The same with a store that the second site follows.
fn with_a_store(number: u64, kind: Kind) -> (Plan, Dice) {
    let (mut plan, mut dice) = one_crash(number);
    let written = 1 + dice.below(50) as u32;
    plan.stores.push(Store { primary: Thing::Group(0), replicas: vec![(1, kind)], written });
    (plan, dice)
}

#[test]
fn what_was_acknowledged_synchronously_is_never_lost() {
    each("sync", |number| {
        let (mut plan, mut dice) = with_a_store(number, Kind::Sync);
        // Whatever else happened before to the replica and to the way to it, as long as it is there when it is needed: one
        // that was replaced as the primary is out of the set until it is back, and what is written meanwhile is on one site.
        for _ in 0..3 {
            let when = dice.time(1, 79_000);
            let after = Some(dice.time(1, 20_000));
            let act = match dice.below(3) {
                0 => Act::Crash { of: Thing::Site(1), members: None, after },
                1 => Act::Crash { of: Thing::Site(2), members: None, after },
                _ => Act::Cut { link: dice.below(3), lasts: after },
            };
            plan.drill.push((when, act));
        }
        plan.drill.sort_by_key(|(when, _)| *when);
        // A backup that only listens takes over when it is cut off, and then writes alone: what it acknowledges is nowhere else.
        let listens = matches!(policy(&mut plan).detect, Detect::Heartbeat { .. } | Detect::Vrrp { .. });
        if listens && plan.drill.iter().any(|(_, act)| matches!(act, Act::Cut { .. })) {
            return Ok(false);
        }
        let lived = live(&plan, number);
        if lived.lost + lived.kept_aside == 0.0 {
            Ok(true)
        } else {
            Err(format!("{} lost\n{}", lived.lost, plan.text()))
        }
    });
}

#[test]
fn a_switchover_that_is_ordered_loses_nothing() {
    for kind in
        [Kind::Async(60.0), Kind::Shipped(600_000_000_000, 60_000_000_000), Kind::SemiSync(60.0, 10_000_000_000)]
    {
        each("ordered", |number| {
            let (mut plan, _) = with_a_store(number, kind);
            plan.drill = vec![(CRASH, Act::Order { group: 0, to: 1 })];
            let lived = live(&plan, number);
            if lived.lost + lived.kept_aside == 0.0 && lived.switched.is_some() { Ok(true) } else { Err(plan.text()) }
        });
    }
}

#[test]
fn a_replica_that_was_cut_off_lacks_no_less() {
    for kind in
        [Kind::Async(60.0), Kind::Shipped(600_000_000_000, 60_000_000_000), Kind::SemiSync(60.0, 10_000_000_000)]
    {
        each("cut off", |number| {
            let (mut plan, mut dice) = with_a_store(number, kind);
            // Every link of the second site, from some time before the crash; checks come from nowhere. A backup that hears
            // nothing any more would take over at the cut, and lack less.
            let detect = &mut policy(&mut plan).detect;
            match detect {
                Detect::Probe { from, checkers, .. } => (*from, *checkers) = (Vec::new(), 1),
                _ => *detect = Detect::Instant,
            }
            let mut changed = plan.clone();
            let when = plan.drill[0].0 - dice.time(30, 3_000);
            for link in [0, 1] {
                changed.drill.insert(0, (when, Act::Cut { link, lasts: None }));
            }
            let (before, after) = (live(&plan, number), live(&changed, number));
            let [few, many] = [before, after].map(|lived| lived.lost + lived.kept_aside);
            if few <= many + 1e-6 { Ok(true) } else { Err(format!("{few}, cut off {many}\n{}", changed.text())) }
        });
    }
}

#[test]
fn more_writes_are_no_fewer_that_are_lost_and_a_slower_replica_lacks_no_less() {
    each("more writes", |number| {
        let (plan, _) = with_a_store(number, Kind::Shipped(600_000_000_000, 60_000_000_000));
        let mut changed = plan.clone();
        changed.stores[0].written *= 2;
        let (few, many) = (live(&plan, number).lost, live(&changed, number).lost);
        if (2.0 * few - many).abs() <= 1e-6 * many.max(1.0) {
            Ok(true)
        } else {
            Err(format!("{few} {many}\n{}", plan.text()))
        }
    });
    each("a slower replica", |number| {
        let (plan, _) = with_a_store(number, Kind::Async(400.0));
        let mut changed = plan.clone();
        changed.stores[0].replicas[0].1 = Kind::Async(52.0);
        let (few, many) = (live(&plan, number).lost, live(&changed, number).lost);
        if few <= many { Ok(true) } else { Err(format!("{few} {many}\n{}", plan.text())) }
    });
}
