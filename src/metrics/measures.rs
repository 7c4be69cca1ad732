//! What became of the measures: needed, ordered, in effect.

use super::outcome::*;
use crate::observe::{Observation, Occurrence, ServiceLevel, Why};
use crate::units::Time;
use crate::world::{Action, World, civil_label};

#[derive(Debug, Clone, Default)]
struct Measured {
    needed: Option<Time>,
    ordered: Option<Time>,
    began: Option<Time>,
    done: Option<Time>,
    failed: u32,
    over: bool,
    rolled_back: bool,
}

/// Measures as they are being measured.
#[derive(Debug, Clone)]
pub struct MeasureMetrics {
    measures: Vec<Measured>,
    /// The station, link, service or population that each measure helps.
    helps: Vec<Vec<Helped>>,
}

/// What can be in need of help.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Helped {
    Station(usize),
    Link(usize),
    People(usize),
}

fn helped(world: &World, action: &Action) -> Vec<Helped> {
    let of_service = |id: usize| world.services[id].stations.iter().map(|s| Helped::Station(s.at())).collect();
    match action {
        Action::AddServers(station, _) | Action::FreeHardware(_, station, _) => vec![Helped::Station(station.at())],
        Action::AddNetwork(link, _) => vec![Helped::Link(link.at())],
        Action::MovePeople(people, ..) | Action::Stagger { people, .. } => vec![Helped::People(people.at())],
        Action::Hotfix { service, .. } | Action::Dim(service, _) => of_service(service.at()),
        Action::Restrict { .. } | Action::Shed { .. } => (0..world.people.len()).map(Helped::People).collect(),
        Action::SwitchOver(..) | Action::Tell(_) | Action::Decide(_) => Vec::new(),
    }
}

impl MeasureMetrics {
    pub fn new(world: &World) -> MeasureMetrics {
        let helps = |m: &crate::world::Measure| m.actions.iter().flat_map(|a| helped(world, a)).collect();
        MeasureMetrics {
            measures: vec![Measured::default(); world.measures.len()],
            helps: world.measures.iter().map(helps).collect(),
        }
    }

    pub fn saw(&mut self, world: &World, seen: &Observation) {
        let mut needed = |found: &[Helped]| {
            for (measured, helps) in self.measures.iter_mut().zip(&self.helps) {
                if measured.needed.is_none() && helps.iter().any(|h| found.contains(h)) {
                    measured.needed = Some(seen.at);
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
            Occurrence::Ordered(id) => self.measures[*id].ordered = Some(seen.at),
            Occurrence::Effect { measure: id, phase, .. } => {
                let measured = &mut self.measures[*id];
                measured.began.get_or_insert(seen.at);
                if *phase == world.measures[*id].count {
                    measured.done = Some(seen.at);
                }
            }
            Occurrence::PhaseFailed(id) => self.measures[*id].failed += 1,
            Occurrence::TakenBack(id) => self.measures[*id].over = true,
            Occurrence::RolledBack(id) => self.measures[*id].rolled_back = true,
            _ => {}
        }
    }

    pub fn finish(&mut self, world: &World, outcome: &mut Outcome) {
        let label = |at: Time| civil_label(&world.calendar, at);
        for (measure, measured) in world.measures.iter().zip(&self.measures) {
            let ended = match measured {
                Measured { rolled_back: true, .. } => "rolled back",
                Measured { over: true, .. } => "taken back",
                Measured { done: Some(_), .. } => "done",
                Measured { ordered: Some(_), .. } => "under way",
                _ => "not begun",
            };
            let need_to_effect_s = match (measured.needed, measured.began) {
                (Some(needed), Some(began)) => Some(began.seconds() - needed.seconds()),
                _ => None,
            };
            outcome.measures.insert(
                measure.name.clone(),
                MeasureOutcome {
                    does: measure.does.clone(),
                    needed_at_s: measured.needed.map(Time::seconds),
                    ordered_at_s: measured.ordered.map(Time::seconds),
                    ordered_at: measured.ordered.map(label),
                    began_at_s: measured.began.map(Time::seconds),
                    done_at_s: measured.done.map(Time::seconds),
                    done_at: measured.done.map(label),
                    need_to_effect_s,
                    phases_failed: measured.failed,
                    ended: ended.to_owned(),
                },
            );
        }
    }
}
