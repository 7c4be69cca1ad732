//! What conditions have seen and what automation does, in the words of a story.

use super::words::{Theme, length_words, percent, refusal_words};
use crate::observe::Occurrence;
use crate::units::Duration;
use crate::world::{Automation, BurnRate, Condition, World};

/// What a condition looked at, where that has no line of its own: how people feel, and what is in effect, has.
pub(super) fn condition_words(world: &World, what: &Occurrence) -> Option<(Theme, String)> {
    let Occurrence::Noticed { condition, part } = what else { return None };
    let (condition, _) = world.awaited(*condition)?;
    let part = *condition.parts().get(*part)?;
    let has_its_line = matches!(
        part,
        Condition::Degraded(..)
            | Condition::Down(..)
            | Condition::After(_)
            | Condition::OnDuty(_)
            | Condition::Out(..)
            | Condition::Gone(..)
    );
    (!has_its_line).then(|| (Theme::System, said(world, part)))
}

fn said(world: &World, condition: &Condition) -> String {
    let people = |id: &crate::world::PopId| world.people[id.at()].name.as_str();
    let lasts = match condition.lasts() {
        Duration::ZERO => String::new(),
        lasts => format!(" for {}", length_words(lasts.seconds())),
    };
    match condition {
        Condition::Busy(station, above, _) => {
            let name = &world.stations[station.at()].name;
            format!("{name} is asked for more than {} of what it can do{lasts}", percent(*above))
        }
        Condition::BusyNetwork(link, above, _) => {
            format!("link {} is asked for more than {}{lasts}", world.links[link.at()].name, percent(*above))
        }
        Condition::Slow(of, over_s, _) => format!("{}: slower than {}{lasts}", people(of), length_words(*over_s)),
        Condition::Crowd(of, above) => format!("{}: more than {above} are there", people(of)),
        Condition::Burns(index) => {
            let BurnRate { people: of, budget, above, over } = &world.burn_rates[*index];
            let (of, budget, over) = (people(of), percent(*budget), length_words(over.seconds()));
            format!("{of}: the error budget of {budget} burns more than {above} times as fast as it may, over {over}")
        }
        Condition::Degraded(of, _) => format!("{} degraded{lasts}", people(of)),
        Condition::Down(of, _) => format!("{} down{lasts}", people(of)),
        Condition::Behind(queue, _) => format!("{} is behind{lasts}", world.queues[queue.at()].name),
        Condition::Gone(store, _) => format!("the data of {} is gone{lasts}", world.stores[store.at()].name),
        Condition::Out(node, _) => format!("{} does not work{lasts}", world.nodes[node.at()].name),
        Condition::After(procedure) => format!("{} is in effect", world.procedures[*procedure].name),
        Condition::OnDuty(team) => format!("{} is there", world.teams[*team].name),
        Condition::All(list) => several(world, list, " and "),
        Condition::Any(list) => several(world, list, " or "),
        Condition::Not(of) => format!("no more: {}", said(world, of)),
        Condition::Lasting(_, of) => format!("{}{lasts}", said(world, of)),
    }
}

fn several(world: &World, list: &[Condition], between: &str) -> String {
    list.iter().map(|of| said(world, of)).collect::<Vec<_>>().join(between)
}

/// Automation that is switched off and on, and where that mattered.
pub(super) fn automation_story(world: &World, what: &Occurrence) -> Option<(Theme, String)> {
    Some(match what {
        Occurrence::Switched(of, on) => {
            let how = if *on { "on again" } else { "off" };
            (Theme::Response, format!("{} is switched {how}", automation_words(world, Some(*of))))
        }
        Occurrence::HeldBack(of) => {
            let name = automation_words(world, Some(*of));
            (Theme::ResponseFailed, format!("{name} would act now, and is switched off"))
        }
        Occurrence::VendorCame { node, waited } => {
            let node = &world.nodes[node.at()];
            let promised = node.repair.as_ref()?.vendor_promises?;
            let how = match waited.0 - promised.0 {
                late if late > 0 => format!("{} later than promised", length_words(Duration(late).seconds())),
                _ => "as promised".to_owned(),
            };
            (Theme::Repair, format!("the vendor of {} is there, {how}", node.name))
        }
        Occurrence::Withdrawn { spread, place, withdrawn } => {
            let spread = &world.spreads[spread.at()];
            let site = &world.sites[spread.over[*place].0.at()].name;
            match withdrawn {
                true => (Theme::Fault, format!("{}: {site} is announced no more", spread.name)),
                false => (Theme::Repair, format!("{}: {site} is announced again", spread.name)),
            }
        }
        Occurrence::SiteInRotation { spread, place, works, withdrawn } => {
            let spread = &world.spreads[spread.at()];
            let site = &world.sites[spread.over[*place].0.at()].name;
            let text = match works {
                true if *withdrawn => format!("{}: {site} is seen to work, but is not announced", spread.name),
                true => format!("{}: {site} is seen to work, people are led there again", spread.name),
                false => format!("{}: {site} fails its checks, people are led elsewhere", spread.name),
            };
            (Theme::Response, text)
        }
        _ => return None,
    })
}

/// What automation is called.
pub fn automation_words(world: &World, of: Option<Automation>) -> String {
    match of {
        Some(Automation::Failover(group)) => format!("failover of {}", world.groups[group.at()].name),
        Some(Automation::Autoscale(index)) => format!("autoscaler {}", world.autoscale[index].name),
        Some(Automation::Procedure(index)) => format!("measure {}", world.procedures[index].name),
        Some(Automation::Maintenance) => "the maintenance".to_owned(),
        Some(Automation::ServerChecks(id)) => format!("health checks of {}", world.services[id.at()].name),
        Some(Automation::SiteChecks(id)) => format!("health checks of {}", world.spreads[id.at()].name),
        None => "automation that this run does not have".to_owned(),
    }
}

/// Data that is gone, and how it is got back.
pub(super) fn backup_words(world: &World, what: &Occurrence) -> Option<(Theme, String)> {
    let of = |store: &crate::world::StoreId| &world.stores[store.at()];
    Some(match what {
        Occurrence::Flushed(id) => (Theme::System, format!("the cache of {} is emptied", world.stations[id.at()].name)),
        Occurrence::StartFailed(id, _) => {
            let name = &world.stations[id.at()].name;
            (Theme::ResponseFailed, format!("{name} does not start, and is started again"))
        }
        Occurrence::DataGone(store) => (Theme::Fault, format!("the data of {} is gone", of(store).name)),
        Occurrence::BackupMissed { store, backup } => {
            (Theme::System, format!("no backup {} of {} can be taken", of(store).backups[*backup].name, of(store).name))
        }
        Occurrence::RestoreBegan { store, backup, age_s } => {
            let (name, age) = (&of(store).backups[*backup].name, length_words(*age_s));
            (Theme::Response, format!("{} is restored from {name}, {age} older than what is gone", of(store).name))
        }
        Occurrence::Unreadable { store, backup } => (
            Theme::ResponseFailed,
            format!("the backup {} of {} cannot be read", of(store).backups[*backup].name, of(store).name),
        ),
        Occurrence::PartBack { store, part } => {
            let store = of(store);
            let features: Vec<&str> =
                store.parts[*part].features.iter().map(|f| world.features[f.at()].name.as_str()).collect();
            (Theme::Repair, format!("a part of {} is back: {}", store.name, features.join(", ")))
        }
        Occurrence::RestoreRefused { store, reason, .. } => {
            (Theme::ResponseFailed, format!("{} is not restored: {}", of(store).name, refusal_words(*reason)))
        }
        Occurrence::RestoreFailed(store) => {
            (Theme::ResponseFailed, format!("{} cannot be restored from these backups", of(store).name))
        }
        Occurrence::DataBack(store) => (Theme::Repair, format!("the data of {} is back", of(store).name)),
        _ => return None,
    })
}
