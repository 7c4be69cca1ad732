//! From luck to a drill: whatever a run drew is written down, so that it happens in every run.

use super::witness::{Attempt, Strike, Witness};
use crate::dist::Dist;
use crate::observe::FailoverFailure;
use crate::scenario::{
    Act, Action, Age, Decide, Detect, Failover, Fallback, Inject, Maintenance, Named, Phase, Pick, Procedure, Repair,
    Scenario, Strategy,
};
use crate::units::{Duration, Ratio, Time};
use crate::world::{PhaseKind, World};

/// Of what was drawn several times one value stands for all, because a file can only say one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Manner {
    /// The last attempt of a group counts, and not its first.
    last: bool,
    /// Nobody watches: a failure is noticed at once, and deciding takes as long as noticing and deciding took.
    instant: bool,
}

impl Manner {
    /// All of them, those that change least first.
    pub const ALL: [Manner; 4] = [
        Manner { last: false, instant: false },
        Manner { last: true, instant: false },
        Manner { last: false, instant: true },
        Manner { last: true, instant: true },
    ];
}

/// The scenario of one run, in which nothing is left that could have been another run: no other strategy, plan, variant,
/// objective or expectation.
pub(super) fn only_this_run(scenario: &Scenario, goal: &str) -> Scenario {
    let mut only = scenario.clone();
    let Pick { strategy, maintenance, .. } = std::mem::take(&mut only.run);
    only.strategies.0.retain(|(name, _)| strategy.as_ref() == Some(name));
    only.maintenance.0.retain(|(name, _)| maintenance.as_ref() == Some(name));
    for (_, strategy) in &mut only.strategies.0 {
        // What it sets has been set, and what goes with it is all that is left.
        (strategy.set, strategy.maintenance) = (Named::default(), None);
    }
    only.variants = Named::default();
    only.rehearsal = None;
    only.objectives.0.retain(|(name, _)| name == goal);
    only.objectives.0.iter_mut().for_each(|(_, objective)| objective.ask_always());
    let place = super::goal::place(goal).filter(|_| only.objectives.is_empty());
    only.expect = place.and_then(|place| only.expect.get(place).cloned()).into_iter().collect();
    only.expect.iter_mut().for_each(|expectation| *expectation.when_mut() = Pick::default());
    only.expect_failure = vec![if place.is_some() { super::goal::name_of(0) } else { goal.to_owned() }];
    (only.assumptions, only.silence) = (Named::default(), Vec::new());
    only.broken.clear();
    only
}

/// The same scenario with what a run drew written into it.
pub(super) fn pinned(only: &Scenario, world: &World, witness: &Witness, manner: Manner) -> Scenario {
    let mut pinned = only.clone();
    pinned.drill = drill(only, world, witness);
    pinned.common_cause = Named::default();
    for (name, component) in &mut pinned.components.0 {
        let Some(node) = world.node(name) else { continue };
        if let Some(holds_for) = &mut component.holds_for {
            fix(holds_for, witness.reserves.get(&node).copied());
        }
        component.fails = None;
        component.starts = Age::New;
        component.last_tested = Duration::ZERO;
        // Who failed in the open is back as the drill says. Who failed unnoticed is repaired when he is found.
        component.repair = (component.repair.take().zip(witness.found_repair(node))).map(|(_, takes)| Repair {
            takes: Dist::Fixed(takes),
            crew: None,
            vendor_promises: None,
            vendor: None,
            spares: None,
            temporary: None,
            repair_fails: Ratio(0.0),
        });
    }
    for (name, site) in &mut pinned.sites.0 {
        if let (Some(node), Some(holds_for)) = (world.node(name), &mut site.holds_for) {
            fix(holds_for, witness.reserves.get(&node).copied());
        }
    }
    for (_, strategy) in &mut pinned.strategies.0 {
        response(strategy, world, witness, manner);
    }
    for (_, plan) in &mut pinned.maintenance.0 {
        maintenance(plan, witness);
    }
    pinned
}

/// The drill as it was, but for what hit components: all of that is as it was seen.
fn drill(only: &Scenario, world: &World, witness: &Witness) -> Vec<Inject> {
    let of_component = |step: &Inject| {
        let (Inject::At(_, act) | Inject::When(_, act)) = step;
        match act {
            Act::Crash { of, .. } | Act::FailHidden { of } => only.components.get(of).is_some(),
            _ => false,
        }
    };
    let mut steps: Vec<Inject> = only.drill.iter().filter(|step| !of_component(step)).cloned().collect();
    let written = |at: Time| {
        only.drill.iter().find_map(|step| match step {
            Inject::At(text, _) if world.time(text).is_ok_and(|time| time == at) => Some(text.clone()),
            _ => None,
        })
    };
    for node in &witness.failed_before {
        let of = world.name_of_node(*node).to_owned();
        steps.push(Inject::At("+0s".to_owned(), Act::FailHidden { of }));
    }
    for strike in witness.strikes() {
        let of = world.name_of_node(strike.node);
        let Some(component) = only.components.get(of) else { continue };
        let at = written(strike.at).unwrap_or_else(|| format!("+{}", strike.at.since(Time::ZERO)));
        let alone = component.count.unwrap_or(1) == 1;
        steps.extend(acts(strike, of, alone).into_iter().map(|act| Inject::At(at.clone(), act)));
    }
    steps
}

/// What was seen of a failure, as the drill does it: members that were back at different times fail one by one. Saying how many
/// hits nobody who is down already.
fn acts(strike: &Strike, of: &str, alone: bool) -> Vec<Act> {
    let of = of.to_owned();
    if strike.hidden {
        return vec![Act::FailHidden { of }];
    }
    let crash = |members: u64, repaired_after: Option<Duration>| Act::Crash {
        of: of.clone(),
        members: Some(if alone { 1 } else { members }),
        repaired_after,
    };
    let back: u64 = strike.back.iter().map(|(_, members)| members).sum();
    let mut acts: Vec<Act> = strike.back.iter().map(|(after, members)| crash(*members, Some(*after))).collect();
    if back < strike.members {
        acts.push(crash(strike.members - back, None));
    }
    acts
}

/// How people, automation and groups responded.
fn response(strategy: &mut Strategy, world: &World, witness: &Witness, manner: Manner) {
    for (name, failover) in &mut strategy.failover.0 {
        let group = witness.attempts.iter().find(|(id, _)| world.name_of_group(**id) == name);
        let attempts = group.map(|(_, attempts)| attempts.as_slice()).unwrap_or_default();
        let mut attempts: Vec<&Attempt> = attempts.iter().collect();
        if manner.last {
            attempts.reverse();
        }
        fail_over(failover, &attempts, manner);
    }
    for (name, procedure) in &mut strategy.runbook.0 {
        let index = world.procedures.iter().position(|p| p.name == *name);
        let lead = index.and_then(|index| witness.leads.get(&index));
        carry_out(procedure, lead.copied(), index.is_some_and(|index| witness.bad_releases.contains(&index)));
    }
}

/// One failover as the first of some attempts shows it.
fn fail_over(failover: &mut Failover, attempts: &[&Attempt], manner: Manner) {
    let first = |of: &dyn Fn(&Attempt) -> Option<Duration>| attempts.iter().find_map(|attempt| of(attempt));
    let decided = first(&|attempt| attempt.decided_after);
    let noticed = first(&|attempt| attempt.noticed_after.filter(|_| !attempt.false_alarm));
    if manner.instant
        && let (Some(noticed), Some(decided)) = (noticed, decided)
    {
        failover.detect = Detect::Instant;
        failover.decide = people(Duration(noticed.0.saturating_add(decided.0)));
    } else {
        let takes = decided.unwrap_or_default();
        match &failover.decide {
            Decide::People { takes: Dist::Fixed(_), .. } | Decide::Automatic => {}
            _ => failover.decide = people(takes),
        }
    }
    let failed = attempts.iter().find(|attempt| attempt.decided_after.is_some()).and_then(|attempt| attempt.failed);
    settle(&mut failover.fails_on_demand, failed == Some(FailoverFailure::OnDemand));
    let phases = [
        (PhaseKind::Fence, &mut failover.fence),
        (PhaseKind::Promote, &mut failover.promote),
        (PhaseKind::Start, &mut failover.start),
        (PhaseKind::Warm, &mut failover.warm),
        (PhaseKind::Verify, &mut failover.verify),
    ];
    for (kind, phase) in phases {
        let Some(Phase { takes, fails }) = phase else { continue };
        let took = |attempt: &Attempt| attempt.phases.iter().find(|(of, _)| *of == kind).map(|(_, took)| *took);
        fix(takes, first(&took));
        settle(fails, failed == Some(FailoverFailure::Phase(kind)));
    }
    if let Fallback::ByHand(takes) = &mut failover.if_it_fails {
        fix(takes, first(&|attempt| attempt.by_hand));
    }
}

fn people(takes: Duration) -> Decide {
    match takes {
        Duration::ZERO => Decide::Automatic,
        takes => Decide::People { takes: Dist::Fixed(takes), hours: None },
    }
}

/// What was drawn is fixed: as it was seen, or at its mean where it was not.
fn fix(dist: &mut Dist, seen: Option<Duration>) {
    if !matches!(dist, Dist::Fixed(_)) {
        *dist = Dist::Fixed(seen.unwrap_or_else(|| Duration::from_seconds(dist.mean_s())));
    }
}

/// What may happen happens always, or never.
fn settle(probability: &mut Ratio, happened: bool) {
    if probability.0 > 0.0 && probability.0 < 1.0 {
        *probability = Ratio(if happened { 1.0 } else { 0.0 });
    }
}

fn carry_out(procedure: &mut Procedure, lead: Option<Duration>, bad_release: bool) {
    if procedure.lead.as_ref().is_some_and(|lead| !matches!(lead, Dist::Fixed(_))) {
        // What was seen has the time in it until somebody was there.
        if lead.is_some() {
            procedure.by = None;
        }
        procedure.lead.iter_mut().for_each(|takes| fix(takes, lead));
    }
    procedure.phases.iter_mut().for_each(|phases| settle(&mut phases.fails, false));
    for action in &mut procedure.does {
        if let Action::Hotfix { bad, .. } = action {
            settle(bad, bad_release);
        }
    }
}

fn maintenance(plan: &mut Maintenance, witness: &Witness) {
    // What raises the failure rate of what no longer fails by itself does nothing.
    plan.hazard = None;
    for (_, improved) in &mut plan.improves.0 {
        settle(&mut improved.fails_on_demand, false);
    }
    let first = witness.maintenances.first();
    match (first, &mut plan.abort) {
        (Some((_, Some((given_up, rollback)))), Some(abort)) => {
            fix(&mut abort.rollback, Some(*rollback));
            // How long it would have taken nobody has seen: longer than anybody waited.
            fix(&mut plan.takes, Some(Duration(given_up.0.saturating_mul(2))));
        }
        (Some((took, None)), _) => fix(&mut plan.takes, Some(*took)),
        _ => fix(&mut plan.takes, None),
    }
    if let Some(abort) = &mut plan.abort {
        fix(&mut abort.rollback, None);
    }
}
