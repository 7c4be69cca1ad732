//! Small plans of every kind, from a number.
#![allow(dead_code, reason = "the laws and the twin each use their own part")]

use super::dice::Dice;
use super::plan::{
    Act, Detect, Failover, Group, Kind, Law, Maintenance, Part, Phase, Plan, Repair, Shock, Store, Thing,
};

/// A plan is simulated for so long, in seconds: a little more than four days.
const HORIZON_S: i64 = 400_000;

/// The plan of a number: of parts alone.
pub fn parts(number: u64) -> Plan {
    let mut dice = Dice::new(number);
    let dice = &mut dice;
    let crews =
        (0..dice.below(3)).map(|_| (1 + dice.below(2) as u32, maybe(dice, 50, |d| law(d, 60, 20_000)))).collect();
    let mut plan = Plan {
        horizon: HORIZON_S * 1_000_000_000 + 1_000,
        sites: 1 + dice.below(3),
        links: Vec::new(),
        parts: Vec::new(),
        crews,
        shocks: Vec::new(),
        groups: Vec::new(),
        stores: Vec::new(),
        maintenance: None,
        drill: Vec::new(),
    };
    for i in 0..1 + dice.below(4) {
        let part = part(dice, &plan, i);
        plan.parts.push(part);
    }
    if plan.parts.len() > 1 && dice.percent(40) {
        let count = 2 + dice.below(2);
        plan.shocks.push(Shock { of: dice.some(count, plan.parts.len()), every: law(dice, 20_000, 200_000) });
    }
    if dice.percent(40) {
        plan.maintenance = Some(maintenance(dice, &plan));
    }
    for _ in 0..dice.below(6) {
        let step = (dice.time(1, HORIZON_S), fault(dice, &plan));
        plan.drill.push(step);
    }
    plan.drill.sort_by_key(|(when, _)| *when);
    plan
}

fn maybe<T>(dice: &mut Dice, percent: usize, of: impl FnOnce(&mut Dice) -> T) -> Option<T> {
    if dice.percent(percent) { Some(of(dice)) } else { None }
}

fn law(dice: &mut Dice, from_s: i64, to_s: i64) -> Law {
    if dice.percent(70) {
        Law::Fixed(dice.time(from_s, to_s))
    } else {
        Law::Empirical((0..2 + dice.below(3)).map(|_| dice.time(from_s, to_s)).collect())
    }
}

fn life(dice: &mut Dice, from_s: i64, to_s: i64) -> Law {
    if dice.percent(25) { Law::Exponential(dice.time(from_s, to_s)) } else { law(dice, from_s, to_s) }
}

fn part(dice: &mut Dice, plan: &Plan, index: usize) -> Part {
    let count = 1 + dice.below(4);
    let fails = maybe(dice, 60, |d| life(d, 20_000, 300_000));
    let hidden = dice.percent(25);
    let repair = maybe(dice, 75, |d| Repair {
        takes: law(d, 60, 40_000),
        crew: if plan.crews.is_empty() || d.percent(30) { None } else { Some(d.below(plan.crews.len())) },
        vendor: maybe(d, 30, |d| law(d, 60, 20_000)),
        spares: maybe(d, 40, |d| (d.below(3) as u32, law(d, 600, 100_000))),
        temporary: maybe(d, 30, |d| (law(d, 60, 10_000), life(d, 5_000, 100_000))),
    });
    Part {
        at: maybe(dice, 60, |d| d.below(plan.sites)),
        count,
        needs: 1 + dice.below(count),
        on: if index > 0 && dice.percent(40) {
            let wanted = 1 + dice.below(2);
            let of = dice.some(wanted, index);
            Some((1 + dice.below(of.len()), of))
        } else {
            None
        },
        tested: if hidden { maybe(dice, 70, |d| d.time(3_000, 100_000)) } else { None },
        last_tested: if hidden && fails.is_some() && dice.percent(40) { dice.time(1, 100_000) } else { 0 },
        fails,
        repair,
        hidden,
    }
}

/// A component or a site.
fn thing(dice: &mut Dice, plan: &Plan) -> Thing {
    let index = dice.below(plan.parts.len() + plan.sites);
    if index < plan.parts.len() { Thing::Part(index) } else { Thing::Site(index - plan.parts.len()) }
}

fn maintenance(dice: &mut Dice, plan: &Plan) -> Maintenance {
    let starts = dice.time(1_000, 200_000);
    let announced = dice.time(600, 10_000);
    let takes = dice.time(600, 20_000);
    let things = 1 + dice.below(3);
    let all: Vec<Thing> = (0..plan.parts.len()).map(Thing::Part).chain((0..plan.sites).map(Thing::Site)).collect();
    let replaced = dice.below(3);
    let mortal: Vec<usize> = (0..plan.parts.len()).filter(|i| plan.parts[*i].fails.is_some()).collect();
    Maintenance {
        told: if dice.percent(30) { Some(starts / 2_000 * 1_000) } else { None },
        starts,
        announced,
        takes,
        repeats: if dice.percent(50) { Some(announced + dice.time(1, 60_000)) } else { None },
        takes_down: dice.some(things, all.len()).into_iter().map(|i| all[i]).collect(),
        rolling: dice.percent(40),
        replaces: dice.some(replaced, plan.parts.len()),
        hazard: if mortal.is_empty() || dice.percent(60) {
            None
        } else {
            Some((vec![dice.of(&mortal)], 2 + dice.below(5) as u32))
        },
        only_if_healthy: dice.percent(30),
        abort: if dice.percent(30) { Some((dice.time(300, 20_000), dice.time(60, 6_000))) } else { None },
    }
}

fn fault(dice: &mut Dice, plan: &Plan) -> Act {
    let of = thing(dice, plan);
    if let Thing::Part(part) = of
        && plan.parts[part].hidden
        && dice.percent(40)
    {
        return Act::FailHidden(part);
    }
    let members = match of {
        Thing::Part(part) if dice.percent(40) => Some(1 + dice.below(plan.parts[part].count)),
        _ => None,
    };
    Act::Crash { of, members, after: maybe(dice, 60, |d| d.time(60, 60_000)) }
}

/// The plan of a number: parts and sites, and groups of them that fail over.
pub fn groups(number: u64) -> Plan {
    let mut plan = parts(number);
    let dice = &mut Dice::new(number ^ 0x6071);
    plan.sites = plan.sites.max(1 + dice.below(3));
    for (a, b) in [(0, 1), (1, 2), (0, 2)] {
        // As good as always there is a way from everywhere to everywhere.
        if b < plan.sites && (dice.percent(70) || b == a + 1) && dice.percent(95) {
            plan.links.push((a, b, 1 + dice.below(40) as u32));
        }
    }
    for _ in 0..1 + dice.below(2) {
        let all: Vec<Thing> = (0..plan.parts.len()).map(Thing::Part).chain((0..plan.sites).map(Thing::Site)).collect();
        let wanted = 2 + dice.below(2);
        let members: Vec<Thing> = dice.some(wanted, all.len()).into_iter().map(|i| all[i]).collect();
        if members.len() > 1 {
            let failover = maybe(dice, 90, |d| failover(d, &plan));
            plan.groups.push(Group { members, failover });
        }
    }
    for _ in 0..1 + dice.below(6) {
        let when = dice.time(1, HORIZON_S);
        let act = disturbance(dice, &plan);
        plan.drill.push((when, act));
        // Sometimes something more before all is over.
        if dice.percent(50) {
            let act = disturbance(dice, &plan);
            plan.drill.push(((when + dice.time(0, 300)).min(HORIZON_S * 1_000_000_000), act));
        }
    }
    plan.drill.sort_by_key(|(when, _)| *when);
    plan
}

fn failover(dice: &mut Dice, plan: &Plan) -> Failover {
    let every = dice.time(5, 300);
    let from = if dice.percent(50) { (0..plan.sites).filter(|_| dice.percent(60)).collect() } else { Vec::new() };
    let checkers = if from.is_empty() { 1 + dice.below(3) } else { from.len() };
    let detect = match dice.below(4) {
        0 => Detect::Instant,
        1 => Detect::Heartbeat { every, grace: every + dice.time(0, 600) },
        2 => Detect::Vrrp { priority: 64 * (1 + dice.below(3) as u32), advert: every },
        _ => Detect::Probe {
            every,
            fails: 1 + dice.below(4) as u32,
            timeout: if dice.percent(50) { dice.time(0, 100) } else { 0 },
            in_turn: dice.percent(30),
            quorum: maybe(dice, 50, |d| 1 + d.below(checkers)),
            checkers,
            from,
        },
    };
    let phase = |dice: &mut Dice| maybe(dice, 40, |d| Phase { takes: d.time(0, 900), fails: d.percent(12) });
    let hidden: Vec<usize> = (0..plan.parts.len()).filter(|i| plan.parts[*i].hidden).collect();
    Failover {
        detect,
        people: maybe(dice, 40, |d| d.time(0, 2_000)),
        phases: [phase(dice), phase(dice), phase(dice), phase(dice)],
        verify: maybe(dice, 30, |d| Phase { takes: d.time(0, 900), fails: d.percent(25) }),
        fails_on_demand: dice.percent(8),
        mechanism: if hidden.is_empty() || dice.percent(50) { None } else { Some(dice.of(&hidden)) },
        by_hand: maybe(dice, 50, |d| d.time(60, 6_000)),
        failback: maybe(dice, 40, |d| d.time(60, 40_000)),
        first_back: dice.percent(30),
    }
}

/// A fault of any kind, or an order.
fn disturbance(dice: &mut Dice, plan: &Plan) -> Act {
    let lasts = |dice: &mut Dice| maybe(dice, 85, |d| if d.percent(50) { d.time(1, 900) } else { d.time(1, 60_000) });
    let mut member = None;
    if !plan.groups.is_empty() {
        let group = dice.below(plan.groups.len());
        let of = dice.below(plan.groups[group].members.len());
        member = Some((group, of, plan.groups[group].members[of]));
    }
    match (dice.below(8), member) {
        (0 | 1, Some((_, _, of))) => {
            let instant = plan
                .groups
                .iter()
                .all(|group| group.failover.as_ref().is_none_or(|policy| matches!(policy.detect, Detect::Instant)));
            // What is lost by halves is a matter of luck.
            let percent = if instant { dice.of(&[20, 50, 100]) } else { 100 };
            Act::Gray { of, percent, lasts: lasts(dice), probes_pass: dice.percent(10) }
        }
        (2 | 3, _) if !plan.links.is_empty() => Act::Cut { link: dice.below(plan.links.len()), lasts: lasts(dice) },
        (4, Some((group, to, _))) => Act::Order { group, to },
        (5 | 6, Some((_, _, of))) => Act::Crash { of, members: None, after: lasts(dice) },
        _ => fault(dice, plan),
    }
}

/// The plan of a number: sites, groups of two of them that fail over, and stores that follow. What is destroyed, and what is
/// on the line, is not the question: sites come back, and of a write every 50 milliseconds none is under way.
pub fn stores(number: u64) -> Plan {
    let mut plan = groups(number);
    let dice = &mut Dice::new(number ^ 0xda7a);
    plan.sites = 3;
    plan.links = vec![(0, 1, 4), (1, 2, 8), (0, 2, 16)];
    plan.links.truncate(2 + dice.below(2));
    plan.groups.clear();
    let members: Vec<Thing> = dice.some(2, 3).into_iter().map(Thing::Site).collect();
    let failover = maybe(dice, 90, |d| failover(d, &plan));
    plan.groups.push(Group { members, failover });
    for _ in 0..1 + dice.below(2) {
        let primary = if dice.percent(75) { Thing::Group(0) } else { Thing::Site(dice.below(3)) };
        let mut replicas = Vec::new();
        for site in (0..3).filter(|site| primary != Thing::Site(*site)) {
            let in_group = plan.groups[0].members.contains(&Thing::Site(site));
            let kind = match dice.below(if in_group { 4 } else { 3 }) {
                0 => continue,
                1 => Kind::Sync,
                2 => Kind::SemiSync(f64::from(25 + dice.below(100) as u32), dice.time(0, 900)),
                _ => Kind::Shipped(dice.time(10, 3_000), dice.time(0, 900)),
            };
            replicas.push((site, kind));
        }
        plan.stores.push(Store { primary, replicas, written: 1 + dice.below(20) as u32 });
    }
    plan.maintenance = None;
    plan.drill.clear();
    for _ in 0..2 + dice.below(8) {
        let when = dice.time(1, HORIZON_S);
        for _ in 0..1 + dice.below(2) {
            let mut act = disturbance(dice, &plan);
            if let Act::Crash { of: Thing::Site(_), after, .. } = &mut act {
                after.get_or_insert(3_600_000_000_000);
            }
            plan.drill.push(((when + dice.time(0, 900)).min(HORIZON_S * 1_000_000_000), act));
        }
    }
    plan.drill.sort_by_key(|(when, _)| *when);
    plan
}
