//! What a seat can do now, with its lead time, its team and its risk.

use super::deed::Deed;
use super::live::{Live, MeasureState};
use super::plan::{Plan, SeatPlan};
use super::rights::may;
use crate::dist::Dist;
use crate::metrics::length_words;
use crate::scenario::Procedure;
use crate::units::Time;
use crate::world::{Effect, NodeKind, World};
use serde::Serialize;

/// Something that a seat can do.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Offer {
    /// What it is called.
    pub title: String,
    /// What it does, in words.
    pub about: String,
    /// How long it takes, who does it, and what can go wrong.
    pub terms: Vec<String>,
    /// How far it is; what is not a measure is always ready.
    pub state: MeasureState,
    /// What has to be sent to do it.
    pub deed: Deed,
    /// What has to be sent to take it back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub back: Option<Deed>,
}

/// Everything that a seat can do now.
pub fn offers(plan: &Plan, live: &Live, seat: &SeatPlan, now: Time) -> Vec<Offer> {
    let mut all = everything(plan, live, now);
    all.retain(|offer| may(seat, &offer.deed));
    all
}

/// Everything that anybody can do now.
pub fn everything(plan: &Plan, live: &Live, now: Time) -> Vec<Offer> {
    let world = live.engine.world();
    let mut all = measures(plan, live, now);
    all.extend(switchovers(world));
    all.extend(repairs(plan, world));
    all.extend(maintenance(world, live));
    all
}

fn ready(title: String, about: &str, deed: Deed) -> Offer {
    Offer { title, about: about.to_owned(), terms: Vec::new(), state: MeasureState::Ready, deed, back: None }
}

fn measures(plan: &Plan, live: &Live, now: Time) -> Vec<Offer> {
    let world = live.engine.world();
    let strategy = world.pick.strategy.as_ref().and_then(|name| plan.scenario.strategies.get(name));
    let offer = |(index, procedure): (usize, &crate::world::Procedure)| {
        let written = strategy.and_then(|strategy| strategy.runbook.get(&procedure.name));
        let about = written.map(|written| written.about.clone()).filter(|about| !about.is_empty());
        Offer {
            title: procedure.name.clone(),
            about: about.unwrap_or_else(|| procedure.does.clone()),
            terms: written.map_or_else(Vec::new, |written| terms(world, procedure, written, now)),
            state: live.watching.measures[index],
            deed: Deed::Order { measure: procedure.name.clone() },
            back: Some(Deed::TakeBack { measure: procedure.name.clone() }),
        }
    };
    // Words are said from the seats that say them, and what was done before play is not offered again.
    let offered = |procedure: &crate::world::Procedure| world.is_left_to_people(procedure) && !procedure.only_words();
    world.procedures.iter().enumerate().filter(|(_, procedure)| offered(procedure)).map(offer).collect()
}

/// How long it takes, who does it, in how many steps, and what can go wrong.
fn terms(world: &World, procedure: &crate::world::Procedure, written: &Procedure, now: Time) -> Vec<String> {
    let mut terms = Vec::new();
    if let Some(lead) = &written.lead {
        terms.push(match lead {
            Dist::Fixed(takes) => format!("takes {}", length_words(takes.seconds())),
            lead => format!("takes about {}", length_words(lead.mean_s())),
        });
    }
    if let Some(team) = procedure.by.map(|team| &world.teams[team]) {
        let from = team.hours.as_ref().map_or(now, |hours| hours.next(&world.calendar, now.max(team.from)));
        terms.push(match from > now {
            true => format!("by {}, from {}", team.name, world.civil(from)),
            false => format!("by {}", team.name),
        });
    }
    if procedure.count > 1 {
        let pause = length_words(procedure.pause.seconds());
        terms.push(format!("in {} steps, {pause} apart", procedure.count));
    }
    if procedure.fails > 0.0 {
        terms.push(format!("a step goes wrong {:.0} times in a hundred", procedure.fails * 100.0));
    }
    let risk = procedure.actions.iter().find_map(|effect| match effect {
        Effect::Hotfix { bad, .. } if *bad > 0.0 => Some(*bad),
        _ => None,
    });
    terms.extend(risk.map(|bad| format!("{:.0} releases in a hundred are bad", bad * 100.0)));
    terms
}

/// Switchovers that no measure of the file stands for.
fn switchovers(world: &World) -> Vec<Offer> {
    let written = |group: usize| {
        let mut effects = world.procedures.iter().flat_map(|procedure| &procedure.actions);
        effects.any(|effect| matches!(effect, Effect::SwitchOver(of, _) if of.at() == group))
    };
    let mut all = Vec::new();
    let by_hand = world.groups.iter().enumerate().filter(|(index, group)| group.failover.is_some() && !written(*index));
    for (_, group) in by_hand {
        for member in &group.members {
            let to = world.name_of_node(*member).to_owned();
            let title = format!("{} to {to}", group.name);
            let deed = Deed::SwitchOver { group: group.name.clone(), to };
            all.push(ready(title, "switch over by hand", deed));
        }
    }
    all
}

/// Components of which a vendor can be called, or that can be repaired for good instead of for now.
fn repairs(plan: &Plan, world: &World) -> Vec<Offer> {
    let mut all = Vec::new();
    for node in world.nodes.iter().filter(|node| matches!(node.kind, NodeKind::Component)) {
        let Some(repair) = &node.repair else { continue };
        let written = plan.scenario.components.get(&node.name).map(|component| &component.repair);
        if repair.vendor.is_some() {
            let component = node.name.clone();
            let title = format!("call the vendor of {component}");
            let mut offer = ready(title, "nobody comes unless somebody calls", Deed::CallVendor { component });
            let comes = written.and_then(|repair| repair.as_ref()?.vendor.as_ref()).map(Dist::mean_s);
            offer.terms.extend(comes.map(|mean_s| format!("there after about {}", length_words(mean_s))));
            all.push(offer);
        }
        if repair.temporary.is_some() {
            let component = node.name.clone();
            let title = format!("repair {component} for good");
            let about = "instead of a temporary fix, while nobody works on it yet";
            let mut offer = ready(title, about, Deed::RepairForGood { component });
            let takes = written.and_then(|repair| repair.as_ref()).map(|repair| repair.takes.mean_s());
            offer.terms.extend(takes.map(|mean_s| format!("takes about {}", length_words(mean_s))));
            all.push(offer);
        }
    }
    all
}

fn maintenance(world: &World, live: &Live) -> Vec<Offer> {
    let Some(plan) = &world.maintenance else { return Vec::new() };
    let announced = format!("announced for {}", length_words(plan.announced.seconds()));
    let mut offers = vec![
        ready(format!("announce {}", plan.name), "tell the users when it will be", Deed::AnnounceMaintenance {}),
        ready(format!("begin {}", plan.name), "what it takes down goes down now", Deed::BeginMaintenance {}),
    ];
    if live.watching.under_maintenance {
        let title = format!("call {} off", plan.name);
        offers = vec![ready(title, "it is rolled back", Deed::CallOffMaintenance {})];
    }
    offers.iter_mut().for_each(|offer| offer.terms.push(announced.clone()));
    offers
}
