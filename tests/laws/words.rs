//! The same thing said otherwise, and what has nothing to do with it. Scope: everything that plans have, chance as well.

use super::generate;
use super::lived::{live, live_text};
use super::plan::{Act, Law, Part, Plan, Repair, Thing};
use super::{each, names};

fn told_alike(one: Vec<(i64, String)>, other: Vec<(i64, String)>, text: &str) -> Result<bool, String> {
    let nth = one.iter().zip(&other).take_while(|(a, b)| a == b).count();
    if nth == one.len().max(other.len()) {
        return Ok(true);
    }
    Err(format!("after {nth} that are the same {:?}, {:?}\n{text}", one.get(nth), other.get(nth)))
}

#[test]
fn a_stranger_changes_nothing_for_anybody() {
    each("a stranger", |number| {
        let plan = generate::groups(number);
        let before = live(&plan, number).told;
        // A component that fails, is repaired, and is hit, a site, and a group of both: by names that sort before and after.
        for name in ["a stranger", "zz stranger"] {
            let part =
                r#"(count: 3, needs: 2, fails: exponential(mean: "3h"), repair: (takes: fixed("1h"), crew: "NAME"))"#;
            let text = plan
                .text()
                .replacen("components: {", &format!("components: {{\"NAME\": {part},"), 1)
                .replacen("sites: {", "sites: {\"NAME site\": (),", 1)
                .replacen("crews: {", "crews: {\"NAME\": (at_once: 1),", 1)
                .replacen("groups: {", "groups: {\"NAME group\": (members: [\"NAME site\", \"NAME\"]),", 1)
                .replacen("drill: [", "drill: [at(\"+7777s\", crash(of: \"NAME site\", repaired_after: \"9h\")),", 1)
                .replace("NAME", name);
            let after = live_text(&text, number)?.told_but_of(name);
            told_alike(before.clone(), after, &text)?;
        }
        Ok(true)
    });
}

#[test]
fn what_comes_after_the_end_changes_nothing_before_it() {
    each("a longer run", |number| {
        let plan = generate::groups(number);
        let mut changed = plan.clone();
        changed.horizon *= 2;
        changed.drill.push((plan.horizon + 1_000_000, Act::Crash { of: Thing::Site(0), members: None, after: None }));
        let after = live(&changed, number).told.into_iter().filter(|(at, _)| *at <= plan.horizon).collect();
        told_alike(live(&plan, number).told, after, &plan.text())
    });
}

#[test]
fn a_fault_changes_nothing_before_it() {
    each("before a fault", |number| {
        let plan = generate::groups(number);
        let mut changed = plan.clone();
        let when = plan.horizon / 2_000 * 1_000;
        changed.drill.push((when, Act::Crash { of: Thing::Site(0), members: None, after: None }));
        let until = |plan: &Plan| live(plan, number).told.into_iter().filter(|(at, _)| *at < when).collect::<Vec<_>>();
        told_alike(until(&plan), until(&changed), &plan.text())
    });
}

#[test]
fn words_and_expectations_change_nothing() {
    each("words", |number| {
        let plan = generate::groups(number);
        let text = plan.text().replacen(
            "drill: [",
            "drill: [at(\"+1234s\", tell(\"we are on it\")), at(\"+2345s\", decide(\"we wait\")),",
            1,
        );
        told_alike(live(&plan, number).told, live_text(&text, number)?.told, &text)
    });
}

#[test]
fn units_are_only_words() {
    each("units", |number| {
        let plan = generate::groups(number);
        let text = plan.text();
        // Every `12s34us` as microseconds.
        let mut said = String::new();
        for (i, piece) in text.split('"').enumerate() {
            let body = piece.strip_prefix('+').unwrap_or(piece);
            let us = if i % 2 == 1 { micros(body) } else { None };
            let sign = if body.len() < piece.len() { "+" } else { "" };
            said += &us.map_or(piece.to_owned(), |us| format!("{sign}{us}us"));
            said.push('"');
        }
        said.pop();
        told_alike(live(&plan, number).told, live_text(&said, number)?.told, &said)
    });
}

fn micros(text: &str) -> Option<u64> {
    let number = |text: &str| if text.is_empty() { Some(0) } else { text.parse::<u64>().ok() };
    let (s, us) = match (text.strip_suffix("us"), text.strip_suffix("ms")) {
        (Some(rest), _) => rest.split_once('s').map_or((Some(0), number(rest)), |(s, us)| (number(s), number(us))),
        (None, Some(_)) => return None,
        _ => (text.strip_suffix('s').filter(|s| !s.is_empty()).and_then(number), Some(0)),
    };
    Some(s? * 1_000_000 + us?)
}

#[test]
fn a_part_that_never_lives_to_its_end_never_fails() {
    each("a life too long", |number| {
        let plan = generate::groups(number);
        let mut changed = plan.clone();
        let mut any = false;
        for part in changed.parts.iter_mut().filter(|part| part.fails.is_none() && part.last_tested == 0) {
            part.fails = Some(Law::Fixed(3 * plan.horizon));
            any = true;
        }
        // Members with an age are hit by their numbers, others as they work.
        if plan.drill.iter().any(|(_, act)| matches!(act, Act::Crash { members: Some(_), .. })) {
            return Ok(false);
        }
        // On a temporary fix it matters which of them is on it.
        if plan.parts.iter().any(|part| part.repair.as_ref().is_some_and(|repair| repair.temporary.is_some())) {
            return Ok(false);
        }
        told_alike(live(&plan, number).told, live(&changed, number).told, &plan.text()).map(|_| any)
    });
}

#[test]
fn twice_as_slow_a_world_is_the_same_at_twice_the_time() {
    each("twice as slow", |number| {
        let mut plan = generate::parts(number);
        let is_exponential = |law: &Option<Law>| matches!(law, Some(Law::Exponential(_)));
        let on_fix = |part: &Part| {
            let temporary = part.repair.as_ref().and_then(|repair| repair.temporary.as_ref());
            temporary.is_some_and(|(_, fails)| fails.is_memoryless())
        };
        // Draws of a continuous law are rounded to nanoseconds, twice or once.
        if plan.parts.iter().any(|part| is_exponential(&part.fails) || on_fix(part)) {
            return Ok(false);
        }
        plan.maintenance = None;
        let mut changed = plan.clone();
        twice(&mut changed);
        let slow = live(&changed, number).told.into_iter().map(|(at, what)| (at / 2, what)).collect();
        told_alike(live(&plan, number).told, slow, &plan.text())
    });
}

fn twice(plan: &mut Plan) {
    let law = |law: &mut Law| match law {
        Law::Fixed(ns) | Law::Exponential(ns) => *ns *= 2,
        Law::Empirical(values) => values.iter_mut().for_each(|ns| *ns *= 2),
    };
    plan.horizon *= 2;
    for part in &mut plan.parts {
        part.fails.iter_mut().for_each(law);
        part.tested.iter_mut().for_each(|ns| *ns *= 2);
        part.last_tested *= 2;
        if let Some(Repair { takes, vendor, spares, temporary, .. }) = &mut part.repair {
            law(takes);
            vendor.iter_mut().for_each(law);
            spares.iter_mut().for_each(|(_, restock)| law(restock));
            temporary.iter_mut().for_each(|(takes, fails)| {
                law(takes);
                law(fails);
            });
        }
    }
    plan.crews.iter_mut().filter_map(|(_, arrives)| arrives.as_mut()).for_each(law);
    plan.shocks.iter_mut().for_each(|shock| law(&mut shock.every));
    for (when, act) in &mut plan.drill {
        *when *= 2;
        if let Act::Crash { after, .. } = act {
            after.iter_mut().for_each(|ns| *ns *= 2);
        }
    }
}

#[test]
fn a_group_that_does_not_fail_over_changes_nothing_for_what_is_in_it() {
    each("a group that rests", |number| {
        let mut plan = generate::groups(number);
        plan.drill.retain(|(_, act)| !matches!(act, Act::Order { .. }));
        plan.groups.iter_mut().for_each(|group| group.failover = None);
        let mut changed = plan.clone();
        changed.groups.clear();
        let (with, without) = (live(&plan, number), live(&changed, number));
        told_alike(with.told_but_of("g"), without.told, &plan.text())?;
        for (i, group) in plan.groups.iter().enumerate() {
            // The group is what its first member is.
            let (group, first) = (with.down(&format!("g{i}")), with.down(&group.members[0].name()));
            if group != first {
                return Err(format!("g{i} is down for {group}, its first member for {first}\n{}", plan.text()));
            }
        }
        Ok(!names(&plan).is_empty())
    });
}
