//! What became of the procedures of a runbook: needed, ordered, in effect.

use super::outcome::*;
use crate::observe::{Observation, Occurrence, ServiceLevel, Why};
use crate::units::Time;
use crate::world::{Effect, World, civil_label};

#[derive(Debug, Clone, Default)]
struct Progress {
    needed: Option<Time>,
    ordered: Option<Time>,
    began: Option<Time>,
    done: Option<Time>,
    failed: u32,
    over: bool,
    refused: bool,
    called_off: bool,
    rolled_back: bool,
    given_up: bool,
}

/// Procedures as they are being measured.
#[derive(Debug, Clone)]
pub struct RunbookMetrics {
    procedures: Vec<Progress>,
    /// The station, link, service or population that each procedure helps.
    helps: Vec<Vec<Helped>>,
}

/// What can be in need of help.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Helped {
    Station(usize),
    Link(usize),
    People(usize),
    Store(usize),
}

fn helped(world: &World, action: &Effect) -> Vec<Helped> {
    let of_service = |id: usize| world.services[id].stations.iter().map(|s| Helped::Station(s.at())).collect();
    match action {
        Effect::AddServers(station, _) | Effect::FreeHardware(_, station, _) => vec![Helped::Station(station.at())],
        Effect::AddNetwork(link, _) => vec![Helped::Link(link.at())],
        Effect::MovePeople(people, ..) | Effect::Stagger { people, .. } => vec![Helped::People(people.at())],
        Effect::Hotfix { service, .. } | Effect::Dim(service, _) => of_service(service.at()),
        Effect::Restrict { .. } | Effect::Shed { .. } => (0..world.people.len()).map(Helped::People).collect(),
        Effect::SwitchOver(..) | Effect::SwitchOff(..) | Effect::SwitchOn(_) | Effect::Flush(_) => Vec::new(),
        Effect::Restore(store, _) => vec![Helped::Store(store.at())],
        Effect::Tell(_) | Effect::Decide(_) => Vec::new(),
    }
}

impl RunbookMetrics {
    pub fn new(world: &World) -> RunbookMetrics {
        let helps = |m: &crate::world::Procedure| m.actions.iter().flat_map(|a| helped(world, a)).collect();
        RunbookMetrics {
            procedures: vec![Progress::default(); world.procedures.len()],
            helps: world.procedures.iter().map(helps).collect(),
        }
    }

    pub fn saw(&mut self, world: &World, seen: &Observation) {
        let mut needed = |found: &[Helped]| {
            for (progress, helps) in self.procedures.iter_mut().zip(&self.helps) {
                if progress.needed.is_none() && helps.iter().any(|h| found.contains(h)) {
                    progress.needed = Some(seen.at);
                }
            }
        };
        match &seen.what {
            Occurrence::Overloaded(station) => needed(&[Helped::Station(station.at())]),
            Occurrence::Feels { people, mood, why, .. } if *mood >= ServiceLevel::Degraded => {
                let mut found = vec![Helped::People(people.at())];
                match why {
                    Why::Link(link) => found.push(Helped::Link(link.at())),
                    Why::Overload(station) => found.push(Helped::Station(station.at())),
                    _ => {}
                }
                needed(&found);
            }
            Occurrence::DataGone(store) => needed(&[Helped::Store(store.at())]),
            // Of several orders the first tells how long it took from the need.
            Occurrence::Ordered(id) => _ = self.procedures[*id].ordered.get_or_insert(seen.at),
            Occurrence::Effect { measure: id, phase, .. } => {
                let progress = &mut self.procedures[*id];
                progress.began.get_or_insert(seen.at);
                if *phase == world.procedures[*id].count {
                    progress.done.get_or_insert(seen.at);
                }
            }
            Occurrence::PhaseFailed(id) => self.procedures[*id].failed += 1,
            Occurrence::GivenUp(id) => self.procedures[*id].given_up = true,
            Occurrence::RestoreRefused { by, .. } => self.procedures[*by].refused = true,
            Occurrence::SwitchoverRefused { by: Some(id), .. } => self.procedures[*id].refused = true,
            Occurrence::SwitchoverCalledOff { by: Some(id), .. } => self.procedures[*id].called_off = true,
            Occurrence::TakenBack(id) => self.procedures[*id].over = true,
            Occurrence::RolledBack(id) => self.procedures[*id].rolled_back = true,
            _ => {}
        }
    }

    pub fn finish(&mut self, world: &World, outcome: &mut Outcome) {
        let label = |at: Time| civil_label(&world.calendar, at);
        for (procedure, progress) in world.procedures.iter().zip(&self.procedures) {
            let ended = match progress {
                Progress { rolled_back: true, .. } => "rolled back",
                Progress { given_up: true, .. } => "given up",
                Progress { over: true, .. } => "taken back",
                Progress { refused: true, done: None, .. } => "refused",
                Progress { refused: true, .. } => "refused in part",
                Progress { called_off: true, .. } => "called off",
                Progress { done: Some(_), .. } => "done",
                Progress { ordered: Some(_), .. } => "under way",
                _ => "not begun",
            };
            let need_to_effect_s = match (progress.needed, progress.began) {
                (Some(needed), Some(began)) => Some(began.seconds() - needed.seconds()),
                _ => None,
            };
            outcome.procedures.insert(
                procedure.name.clone(),
                ProcedureOutcome {
                    does: procedure.does.clone(),
                    needed_at_s: progress.needed.map(Time::seconds),
                    ordered_at_s: progress.ordered.map(Time::seconds),
                    ordered_at: progress.ordered.map(label),
                    began_at_s: progress.began.map(Time::seconds),
                    done_at_s: progress.done.map(Time::seconds),
                    done_at: progress.done.map(label),
                    need_to_effect_s,
                    phases_failed: progress.failed,
                    ended: ended.to_owned(),
                },
            );
        }
    }
}
