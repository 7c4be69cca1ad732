//! Faults and repair. Scope, where a law says no other: what happens is what the drill, shocks, maintenance and repairs of
//! fixed length make happen. A life of its own that begins anew may end at a luckier time, `members: n` hits whoever works just
//! then, and `replaces` may come at a good moment: there no direction holds. Nor where hands repair a part twice: who is back
//! sooner may be hit by the next fault, and the other is still under repair then.

use super::dice::Dice;
use super::generate;
use super::lived::{Lived, live};
use super::plan::{Act, Law, Maintenance, Ns, Plan, Repair, Shock, Thing};
use super::{each, names};

const HOUR: Ns = 3_600_000_000_000;

fn first_of(law: &Law) -> Law {
    match law {
        Law::Fixed(ns) | Law::Exponential(ns) => Law::Fixed(*ns),
        Law::Empirical(values) => Law::Fixed(values[0]),
    }
}

/// A plan in which nothing is left to chance and nothing ends by itself.
pub fn calm(number: u64) -> (Plan, Dice) {
    let mut plan = generate::parts(number);
    let mut dice = Dice::new(number ^ 0xca11);
    for part in &mut plan.parts {
        (part.fails, part.hidden, part.tested, part.last_tested) = (None, false, None, 0);
        if let Some(repair) = &mut part.repair {
            repair.takes = first_of(&repair.takes);
            repair.vendor = repair.vendor.as_ref().map(first_of);
            repair.temporary = None;
            // Parts that are short may change who is first in line: a crew or spare parts, not both.
            if repair.crew.is_some() {
                (repair.spares, repair.vendor) = (None, None);
            }
            repair.spares = repair.spares.as_ref().map(|(stock, restock)| (*stock, first_of(restock)));
        }
    }
    plan.crews.iter_mut().for_each(|(_, arrives)| *arrives = arrives.as_ref().map(first_of));
    plan.shocks.iter_mut().for_each(|shock| shock.every = first_of(&shock.every));
    if let Some(maintenance) = &mut plan.maintenance {
        (maintenance.replaces, maintenance.hazard, maintenance.only_if_healthy) = (Vec::new(), None, false);
        (maintenance.abort, maintenance.repeats, maintenance.rolling) = (None, None, false);
    }
    plan.drill.retain(|(_, act)| matches!(act, Act::Crash { .. }));
    for (_, act) in &mut plan.drill {
        if let Act::Crash { members, .. } = act {
            *members = None;
        }
    }
    for shock in &mut plan.shocks {
        // It comes once.
        shock.every = Law::Fixed(dice.time(201_000, 390_000));
    }
    for _ in 0..3 {
        let step = (dice.time(1, 300_000), a_crash(&mut dice, &plan));
        plan.drill.push(step);
    }
    plan.drill.sort_by_key(|(when, _)| *when);
    for nth in 0..plan.drill.len() {
        let Act::Crash { of: Thing::Part(part), after: None, .. } = plan.drill[nth].1 else { continue };
        if by_hand(&plan, part) > 1 {
            let after = Some(dice.time(60, 60_000));
            plan.drill[nth].1 = Act::Crash { of: Thing::Part(part), members: None, after };
        }
    }
    (plan, dice)
}

/// How often hands have to repair a part.
fn by_hand(plan: &Plan, part: usize) -> usize {
    let shocks = plan.shocks.iter().filter(|shock| shock.of.contains(&part)).count();
    let hits = |act: &Act| matches!(act, Act::Crash { of: Thing::Part(of), after: None, .. } if *of == part);
    shocks + plan.drill.iter().filter(|(_, act)| hits(act)).count()
}

fn a_crash(dice: &mut Dice, plan: &Plan) -> Act {
    let index = dice.below(plan.parts.len() + plan.sites);
    let again = index < plan.parts.len() && by_hand(plan, index) > 0;
    let after = if again || dice.percent(80) { Some(dice.time(60, 60_000)) } else { None };
    Act::Crash { of: plan.thing(index), members: None, after }
}

/// Changes a plan for the worse, and nobody may be down for less long.
fn never_helps(law: &str, worse: impl Fn(&mut Plan, &mut Dice) -> bool) {
    each(law, |number| {
        let (plan, mut dice) = calm(number);
        let mut changed = plan.clone();
        if !worse(&mut changed, &mut dice) {
            return Ok(false);
        }
        let (before, after) = (live(&plan, 0), live(&changed, 0));
        no_longer(&plan, &before, &after).map_err(|why| format!("{why}\n{}\n{}", plan.text(), changed.text()))
    });
}

fn no_longer(plan: &Plan, better: &Lived, worse: &Lived) -> Result<bool, String> {
    for name in names(plan) {
        let (good, bad) = (better.down(&name), worse.down(&name));
        if good > bad {
            return Err(format!(
                "{name} is down for {}, and in the worse case for {}",
                good as f64 / 1e9,
                bad as f64 / 1e9
            ));
        }
    }
    Ok(true)
}

#[test]
fn one_crash_more_brings_nobody_back_sooner() {
    never_helps("a crash more", |plan, dice| {
        let step = (dice.time(1, 390_000), a_crash(dice, plan));
        plan.drill.push(step);
        true
    });
}

#[test]
fn a_crash_that_lasts_longer_brings_nobody_back_sooner() {
    never_helps("a longer crash", |plan, dice| {
        let nth = dice.below(plan.drill.len());
        let Act::Crash { after: Some(after), .. } = &mut plan.drill[nth].1 else { return false };
        *after += dice.time(1, 90_000);
        true
    });
}

#[test]
fn a_crash_that_somebody_has_to_repair_is_over_no_sooner_than_one_that_mends_itself_before() {
    never_helps("a crash for good", |plan, dice| {
        let nth = dice.below(plan.drill.len());
        let Act::Crash { of, after, .. } = &mut plan.drill[nth].1 else { return false };
        let nobody = match of {
            Thing::Part(part) => plan.parts[*part].repair.is_none(),
            _ => true,
        };
        nobody && after.take().is_some()
    });
}

#[test]
fn a_crash_of_the_whole_site_is_no_better_than_one_of_a_component_in_it() {
    // For what stands on either, while it lasts.
    never_helps("a wider crash", |plan, dice| {
        let nth = dice.below(plan.drill.len());
        let when = plan.drill[nth].0;
        let Act::Crash { of: Thing::Part(part), after: Some(after), .. } = plan.drill[nth].1 else { return false };
        let Some(site) = plan.parts[part].at else { return false };
        plan.drill.push((when, Act::Crash { of: Thing::Site(site), members: None, after: Some(after) }));
        true
    });
}

#[test]
fn one_shock_more_brings_nobody_back_sooner() {
    never_helps("a shock more", |plan, dice| {
        if plan.parts.len() < 2 || by_hand(plan, 0) + by_hand(plan, 1) > 0 {
            return false;
        }
        plan.shocks.push(Shock { of: vec![0, 1], every: Law::Fixed(dice.time(201_000, 390_000)) });
        true
    });
}

#[test]
fn a_maintenance_that_takes_longer_or_takes_down_more_brings_nobody_back_sooner() {
    never_helps("a longer maintenance", |plan, dice| {
        let parts = plan.parts.len();
        let Some(maintenance) = &mut plan.maintenance else { return false };
        maintenance.takes += dice.time(1, 50_000);
        maintenance.takes_down.push(Thing::Part(dice.below(parts)));
        true
    });
    never_helps("a maintenance more", |plan, dice| {
        if plan.maintenance.is_some() {
            return false;
        }
        plan.maintenance = Some(Maintenance {
            told: None,
            starts: dice.time(1, 300_000),
            announced: HOUR,
            takes: dice.time(1, 30_000),
            repeats: None,
            takes_down: vec![Thing::Part(0)],
            rolling: false,
            replaces: Vec::new(),
            hazard: None,
            only_if_healthy: false,
            abort: None,
        });
        true
    });
}

#[test]
fn giving_a_maintenance_up_is_as_long_as_it_says() {
    // Given up and rolled back at the same time as it would have been over: the same for everybody.
    each("given up", |number| {
        let (plan, mut dice) = calm(number);
        let mut changed = plan.clone();
        let Some(maintenance) = &mut changed.maintenance else { return Ok(false) };
        let after = (maintenance.takes / 2).max(1_000) / 1_000 * 1_000;
        maintenance.abort = Some((after, maintenance.takes - after));
        maintenance.takes += dice.time(1, 9_000);
        same(&plan, &live(&plan, 0), &live(&changed, 0))
    });
}

fn repairs(plan: &mut Plan) -> impl Iterator<Item = &mut Repair> {
    plan.parts.iter_mut().filter_map(|part| part.repair.as_mut())
}

#[test]
fn slower_hands_bring_nobody_back_sooner() {
    never_helps("slower hands", |plan, dice| {
        let nth = dice.below(4);
        let Some(repair) = repairs(plan).nth(nth) else { return false };
        let Law::Fixed(takes) = &mut repair.takes else { return false };
        *takes += dice.time(1, 40_000);
        true
    });
}

#[test]
fn a_vendor_who_comes_later_or_a_part_that_does_brings_nobody_back_sooner() {
    // Without a crew, whose line would have another order.
    never_helps("a later vendor", |plan, dice| {
        let nth = dice.below(4);
        let Some(repair) = repairs(plan).filter(|repair| repair.crew.is_none()).nth(nth) else { return false };
        let more = dice.time(1, 40_000);
        let Law::Fixed(before) = repair.vendor.clone().unwrap_or(Law::Fixed(0)) else { return false };
        repair.vendor = Some(Law::Fixed(before + more));
        true
    });
    never_helps("a later part", |plan, dice| {
        let more = dice.time(1, 100_000);
        let spares = repairs(plan).filter_map(|repair| repair.spares.as_mut());
        let mut any = false;
        for (_, restock) in spares {
            let Law::Fixed(ns) = restock else { return false };
            *ns += more;
            any = true;
        }
        any
    });
}

#[test]
fn fewer_parts_or_fewer_hands_bring_nobody_back_sooner() {
    never_helps("fewer parts", |plan, _| {
        let mut any = false;
        for (stock, _) in repairs(plan).filter_map(|repair| repair.spares.as_mut()).filter(|(stock, _)| *stock > 0) {
            *stock -= 1;
            any = true;
        }
        any
    });
    never_helps("fewer hands", |plan, _| {
        let mut any = false;
        for (at_once, _) in plan.crews.iter_mut().filter(|(at_once, _)| *at_once > 1) {
            *at_once -= 1;
            any = true;
        }
        any
    });
    never_helps("hands that come later", |plan, dice| {
        let more = dice.time(1, 30_000);
        for (_, arrives) in &mut plan.crews {
            let Law::Fixed(before) = arrives.clone().unwrap_or(Law::Fixed(0)) else { return false };
            *arrives = Some(Law::Fixed(before + more));
        }
        !plan.crews.is_empty()
    });
}

#[test]
fn what_needs_more_is_down_for_no_less_long() {
    never_helps("more members needed", |plan, dice| {
        let nth = dice.below(plan.parts.len());
        let part = &mut plan.parts[nth];
        part.needs += 1;
        part.needs <= part.count
    });
    never_helps("one thing more to stand on", |plan, _| {
        let last = plan.parts.len() - 1;
        if last == 0 || plan.parts[last].on.is_some() {
            return false;
        }
        plan.parts[last].on = Some((1, vec![0]));
        true
    });
    never_helps("all instead of any", |plan, _| {
        let mut any = false;
        for (needed, of) in plan.parts.iter_mut().filter_map(|part| part.on.as_mut()) {
            any |= *needed < of.len();
            *needed = of.len();
        }
        any
    });
}

#[test]
fn a_member_to_spare_hurts_nobody() {
    // It fails and is repaired like the others: without a crew that it would keep busy and parts that it would take.
    each("a member to spare", |number| {
        let (mut plan, mut dice) = calm(number);
        repairs(&mut plan).for_each(|repair| (repair.crew, repair.spares) = (None, None));
        let mut changed = plan.clone();
        let nth = dice.below(plan.parts.len());
        changed.parts[nth].count += 1;
        no_longer(&plan, &live(&changed, 0), &live(&plan, 0)).map_err(|why| format!("{why}\n{}", plan.text()))
    });
}

pub fn same(plan: &Plan, one: &Lived, other: &Lived) -> Result<bool, String> {
    for name in names(plan) {
        let (one, other) = (one.down(&name), other.down(&name));
        if one != other {
            return Err(format!("{name} is down for {one} and for {other}\n{}", plan.text()));
        }
    }
    Ok(true)
}

#[test]
fn a_crew_with_hands_for_everybody_is_no_crew() {
    each("hands for everybody", |number| {
        let (mut plan, _) = calm(number);
        plan.crews.iter_mut().for_each(|crew| *crew = (1_000, None));
        let mut changed = plan.clone();
        repairs(&mut changed).for_each(|repair| repair.crew = None);
        same(&plan, &live(&plan, 0), &live(&changed, 0))
    });
}

#[test]
fn more_parts_than_are_ever_taken_are_no_parts() {
    each("parts for everybody", |number| {
        let (mut plan, _) = calm(number);
        repairs(&mut plan).filter_map(|repair| repair.spares.as_mut()).for_each(|(stock, _)| *stock = 100_000);
        let mut changed = plan.clone();
        repairs(&mut changed).for_each(|repair| repair.spares = None);
        same(&plan, &live(&plan, 0), &live(&changed, 0))
    });
}

#[test]
fn a_long_crash_is_two_short_ones_that_overlap() {
    each("two that overlap", |number| {
        let (plan, _) = calm(number);
        let mut changed = plan.clone();
        for (when, act) in plan.drill.clone() {
            if let Act::Crash { of, after: Some(after), .. } = act {
                let half = after / 2_000 * 1_000;
                let first = changed.drill.iter_mut().find(|(at, other)| {
                    *at == when && matches!(other, Act::Crash { of: other, after: Some(long), .. } if *other == of && *long == after)
                });
                let Some((_, Act::Crash { after: short, .. })) = first else { continue };
                *short = Some(half + 1_000_000);
                changed.drill.push((when + half, Act::Crash { of, members: None, after: Some(after - half) }));
            }
        }
        if changed.drill.iter().any(|(when, _)| *when > plan.horizon) {
            return Ok(false);
        }
        changed.drill.sort_by_key(|(when, _)| *when);
        same(&plan, &live(&plan, 0), &live(&changed, 0))
    });
}

#[test]
fn a_shock_is_a_crash_of_everything_that_it_hits() {
    each("a shock by hand", |number| {
        let (mut plan, mut dice) = calm(number);
        if plan.parts.len() < 2 {
            return Ok(false);
        }
        let every = dice.time(60_000, 250_000);
        plan.shocks = vec![Shock { of: vec![1, 0], every: Law::Fixed(every) }];
        let mut changed = plan.clone();
        changed.shocks.clear();
        let mut when = every;
        while when <= plan.horizon {
            if plan.drill.iter().any(|(at, _)| *at == when) {
                return Ok(false);
            }
            for part in [1, 0] {
                changed.drill.push((when, Act::Crash { of: Thing::Part(part), members: None, after: None }));
            }
            when += every;
        }
        same(&plan, &live(&plan, 0), &live(&changed, 0))
    });
}

#[test]
fn testing_more_often_finds_nothing_later() {
    // Hidden failures by the drill alone, repaired without a crew: every second test is one of those that were there before.
    each("tests", |number| {
        let (mut plan, mut dice) = calm(number);
        for part in &mut plan.parts {
            (part.hidden, part.tested) = (true, Some(dice.time(4_000, 100_000) / 2_000 * 2_000));
        }
        repairs(&mut plan).for_each(|repair| (repair.crew, repair.spares) = (None, None));
        plan.shocks.clear();
        plan.drill = (0..plan.parts.len()).map(|i| (dice.time(1, 300_000), Act::FailHidden(i))).collect();
        plan.drill.sort_by_key(|(when, _)| *when);
        let mut changed = plan.clone();
        changed.parts.iter_mut().for_each(|part| part.tested = part.tested.map(|every| every / 2));
        no_longer(&plan, &live(&changed, 0), &live(&plan, 0)).map_err(|why| format!("{why}\n{}", plan.text()))
    });
}

#[test]
fn a_higher_failure_rate_means_no_fewer_failures_in_the_mean() {
    // Memoryless members, repaired: over all plans and some luck.
    let (mut few, mut many) = (0, 0);
    for number in 0..super::cases().min(200) {
        let (mut plan, mut dice) = calm(number);
        plan.parts
            .iter_mut()
            .for_each(|part| part.fails = Some(Law::Exponential(dice.time(20_000, 200_000) / 4_000 * 4_000)));
        few += live(&plan, number).failures;
        for part in &mut plan.parts {
            part.fails = part.fails.as_ref().map(|law| match law {
                Law::Exponential(mean) => Law::Exponential(mean / 4),
                other => other.clone(),
            });
        }
        many += live(&plan, number).failures;
    }
    assert!(many as f64 > 1.3 * few as f64, "{many} at four times the rate, {few} before");
}
