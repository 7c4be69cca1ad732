//! The engine against a twin: failures and repair once more, written from the description of the models and not from the engine.
//!
//! The twin is the simplest that could be right: every member is told apart, a list of what is due in order, and what works is
//! found by asking everything from the ground up after each event. Where chance comes in, both draw from the streams that
//! belong to a name and a purpose. They must tell the same, event for event; what happens at once may be told in another order.
//!
//! `FIREDRILL_TWIN_CASES` is how many plans there are, `FIREDRILL_TWIN_FROM` the first of them.

#![allow(clippy::disallowed_methods, reason = "what is right is worked out without the functions that are tested")]

#[path = "../common/mod.rs"]
mod common;
mod dice;
mod generate;
mod groups;
mod model;
mod plan;
mod repair;
mod stores;
mod watch;
mod work;

use firedrill::engine::Engine;
use firedrill::load::load;
use firedrill::observe::{
    FailedBy, FailoverFailure, Fate, GoesOn, Interval, Observation, Observer, Occurrence, Refusal,
};
use firedrill::rng::Luck;
use firedrill::scenario::{Choice, Source};
use firedrill::world::World;
use model::Twin;
use plan::{Ns, Plan};
use std::sync::Arc;

/// What the engine tells, in the words of the twin.
#[derive(Default)]
struct Told(Vec<(Ns, String)>);

impl Observer for Told {
    fn saw(&mut self, world: &World, seen: &Observation) {
        if let Some(what) = in_words(world, &seen.what) {
            self.0.push((seen.at.0, what));
        }
    }

    fn flowed(&mut self, _: &World, _: &Interval) {}
}

fn in_words(world: &World, what: &Occurrence) -> Option<String> {
    let name = |node: &firedrill::world::NodeId| world.name_of_node(*node).to_owned();
    Some(match what {
        Occurrence::Failed { node, members, by, hidden } => {
            let by = match by {
                FailedBy::Drill => "drill".to_owned(),
                FailedBy::Itself => "itself".to_owned(),
                FailedBy::OnTemporaryFix => "fix".to_owned(),
                FailedBy::Shock(shock) => format!("shock {shock}"),
                _ => return None,
            };
            format!("{} fails: {members} by {by}, hidden {hidden}", name(node))
        }
        Occurrence::Found { node, on_demand } => format!("{} is found out, on demand {on_demand}", name(node)),
        Occurrence::Tested(node) => format!("{} is tested", name(node)),
        Occurrence::RepairBegan { node, temporary } => format!("{} is under repair, temporary {temporary}", name(node)),
        Occurrence::Repaired { node, members, temporary } => {
            format!("{} is repaired: {members}, temporary {temporary}", name(node))
        }
        Occurrence::NodeDown(node) => format!("{} is down", name(node)),
        Occurrence::NodeUp(node) => format!("{} is up", name(node)),
        Occurrence::Replaced(node) => format!("{} is replaced", name(node)),
        Occurrence::MaintenanceTold => "maintenance told".to_owned(),
        Occurrence::MaintenanceBegan(_) => "maintenance begins".to_owned(),
        Occurrence::MaintenanceSkipped => "maintenance skipped".to_owned(),
        Occurrence::MaintenanceOverran => "maintenance overruns".to_owned(),
        Occurrence::MaintenanceAborted => "maintenance given up".to_owned(),
        Occurrence::MaintenanceEnded { rolled_back } => format!("maintenance ends, rolled back {rolled_back}"),
        other => return failover_in_words(world, other),
    })
}

fn failover_in_words(world: &World, what: &Occurrence) -> Option<String> {
    let name = |group: &firedrill::world::GroupId| world.name_of_group(*group).to_owned();
    let reason = |reason: &Refusal| match reason {
        Refusal::UnderWay => "under way",
        Refusal::ActiveAlready => "active already",
        Refusal::Down => "down",
        Refusal::OutOfReach => "out of reach",
        _ => "something else",
    };
    Some(match what {
        Occurrence::Gray(node, share) => {
            format!("{} is gray {}", world.name_of_node(*node), (share * 100.0).round())
        }
        Occurrence::LinkCut(link, cut) => format!("link {} cut {cut}", world.name_of_link(*link)),
        Occurrence::Detected { group, failed_at, .. } => format!("{} detected, failed at {}", name(group), failed_at.0),
        Occurrence::Decided { group, by_people } => format!("{} decided, by people {by_people}", name(group)),
        Occurrence::PhaseDone(group, phase) => format!("{} {} done", name(group), phase.name()),
        Occurrence::PhaseCutShort(group, phase) => format!("{} {} cut short", name(group), phase.name()),
        Occurrence::FailoverFailed(group, failure) => {
            let why = match failure {
                FailoverFailure::Mechanism(_) | FailoverFailure::MechanismDown(_) => "mechanism",
                FailoverFailure::OnDemand => "on demand",
                FailoverFailure::Phase(phase) => phase.name(),
                FailoverFailure::NoTarget => "no target",
                _ => "something else",
            };
            format!("{} failover failed: {why}", name(group))
        }
        Occurrence::ByHand(group) => format!("{} by hand", name(group)),
        Occurrence::CalledOff(group) => format!("{} called off", name(group)),
        Occurrence::StaysActive(group) => format!("{} stays active", name(group)),
        Occurrence::SwitchoverBegan { group, member, failed_at, planned } => {
            format!("{} switchover to {member} begins, failed at {}, planned {planned}", name(group), failed_at.0)
        }
        Occurrence::SwitchoverRefused { group, member: Some(member), reason: why, .. } => {
            format!("{} switchover to {member} refused: {}", name(group), reason(why))
        }
        Occurrence::SwitchoverCalledOff { group, member, reason: why, .. } => {
            format!("{} switchover to {member} called off: {}", name(group), reason(why))
        }
        Occurrence::DiedMeanwhile(group) => format!("{} died meanwhile", name(group)),
        Occurrence::Activated { group, member, planned } => {
            format!("{} member {member} is active, planned {planned}", name(group))
        }
        Occurrence::SplitBrain(group) => format!("{} split brain", name(group)),
        Occurrence::MemberIsBack { group, member } => format!("{} member {member} is back", name(group)),
        other => return store_in_words(world, other),
    })
}

fn store_in_words(world: &World, what: &Occurrence) -> Option<String> {
    let site = |site: &firedrill::world::SiteId| world.sites[site.at()].name.clone();
    Some(match what {
        Occurrence::AtRisk { store, replica, writes, .. } => {
            format!("{} at risk: {} lacks {writes:.4}", world.name_of_store(*store), site(replica))
        }
        Occurrence::DataLost { store, writes, fate, .. } => {
            // Of nothing it is all the same what became of it.
            let fate = if *writes > 0.0 || *fate == Fate::Everything { *fate } else { Fate::Lost };
            format!("{} lost {writes:.4} {fate:?}", world.name_of_store(*store))
        }
        Occurrence::WritesWait { store, replica } => {
            format!("{} waits for {}", world.name_of_store(*store), site(replica))
        }
        Occurrence::WritesGoOn { store, replica, how } => {
            let how = match how {
                GoesOn::Answered => "answered",
                GoesOn::Alone => "alone",
                GoesOn::Nobody => "nobody",
            };
            format!("{} waits for {} no more: {how}", world.name_of_store(*store), site(replica))
        }
        _ => return None,
    })
}

/// A draw is rounded to nanoseconds once by each.
const ROUNDING_NS: Ns = 2;

/// Whether the words are the same, but for a nanosecond of a time in them, or a millionth of the writes.
fn same_words(a: &str, b: &str) -> bool {
    let is_near = |(a, b): (&str, &str)| match (a.parse::<Ns>(), b.parse::<Ns>()) {
        (Ok(a), Ok(b)) if a > 1_000_000 => (a - b).abs() <= ROUNDING_NS,
        _ => {
            a == b || matches!((a.parse::<f64>(), b.parse::<f64>()), (Ok(a), Ok(b)) if (a - b).abs() <= 1e-3 + 1e-6 * a)
        }
    };
    let (mut a, mut b) = (a.split([' ', ',']), b.split([' ', ',']));
    a.by_ref().zip(b.by_ref()).all(is_near) && a.next().is_none() && b.next().is_none()
}

/// What is told at one time in an order of its own.
fn in_order(mut told: Vec<(Ns, String)>) -> Vec<(Ns, String)> {
    told.sort();
    told
}

/// Lives a plan in both, and says where they differ, or how much happened.
fn differs(plan: &Plan, luck: Luck) -> Result<usize, String> {
    let (_, world) = load(&Source::new("twin.ron", plan.text()), &Choice::default())
        .map_err(|mistakes| format!("not a scenario: {mistakes}"))?;
    let mut told = Told::default();
    Engine::new(Arc::clone(&world), luck).run(&mut told);
    let mut twin = Twin::new(plan, luck);
    twin.run();
    let (engine, twin) = (in_order(told.0), in_order(twin.told));
    let same = |a: &(Ns, String), b: &(Ns, String)| same_words(&a.1, &b.1) && (a.0 - b.0).abs() <= ROUNDING_NS;
    let nth = engine.iter().zip(&twin).take_while(|(a, b)| same(a, b)).count();
    if nth < engine.len().max(twin.len()) {
        let tell = |told: &[(Ns, String)]| -> String {
            let some = &told[nth.saturating_sub(6).min(told.len())..(nth + 4).min(told.len())];
            some.iter().map(|(at, what)| format!("  {:>16.6} {what}\n", *at as f64 / 1e9)).collect()
        };
        return Err(format!("after {nth} that are the same, the engine\n{}the twin\n{}", tell(&engine), tell(&twin)));
    }
    Ok(engine.len())
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|e| panic!("{name}={text}: {e}")))
}

/// Lives many plans in both.
fn both_tell_the_same(plan: impl Fn(u64) -> Plan) {
    let from = number("FIREDRILL_TWIN_FROM", 0);
    let cases = number("FIREDRILL_TWIN_CASES", common::campaign(300, 5_000));
    let (mut wrong, mut happened) = (Vec::new(), 0);
    for number in from..from + cases {
        let plan = plan(number);
        match differs(&plan, Luck { seed: 9, replication: number }) {
            Ok(events) => happened += events,
            Err(why) => wrong.push((number, why, plan.text())),
        }
    }
    // The shortest tells most.
    wrong.sort_by_key(|(_, _, text)| text.len());
    let numbers: Vec<u64> = wrong.iter().take(20).map(|(number, _, _)| *number).collect();
    if let Some((number, why, text)) = wrong.first() {
        panic!("{} of {cases} differ: {numbers:?}\nplan {number}: {why}\n{text}", wrong.len());
    }
    assert!(happened as u64 >= cases * 10, "{happened} events of {cases} plans");
}

#[test]
fn parts_fail_and_are_repaired_in_both_alike() {
    both_tell_the_same(generate::parts);
}

#[test]
fn groups_fail_over_in_both_alike() {
    both_tell_the_same(generate::groups);
}

#[test]
fn stores_follow_in_both_alike() {
    both_tell_the_same(generate::stores);
}
