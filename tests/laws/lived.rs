//! What a run tells that a law is about.

use super::plan::Plan;
use firedrill::engine::Engine;
use firedrill::load::load;
use firedrill::observe::{Interval, Observation, Observer, Occurrence};
use firedrill::rng::Luck;
use firedrill::scenario::{Choice, Source};
use firedrill::units::Time;
use firedrill::world::World;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A run, as far as laws ask about it.
#[derive(Default)]
pub struct Lived {
    /// How long each component, site and group was down, in nanoseconds.
    pub down: BTreeMap<String, i64>,
    since: BTreeMap<String, Time>,
    /// How many members failed by themselves.
    pub failures: u64,
    /// When a failure was first noticed.
    pub noticed: Option<i64>,
    /// When another member was first active.
    pub switched: Option<i64>,
    /// Writes that nobody has any more, and writes that somebody kept aside.
    pub lost: f64,
    pub kept_aside: f64,
    /// Everything that was told of what works, and of groups, in order.
    pub told: Vec<(i64, String)>,
}

impl Observer for Lived {
    fn saw(&mut self, world: &World, seen: &Observation) {
        let at = seen.at;
        match &seen.what {
            Occurrence::NodeDown(node) => {
                self.since.insert(world.name_of_node(*node).to_owned(), at);
            }
            Occurrence::NodeUp(node) => {
                let name = world.name_of_node(*node).to_owned();
                let since = self.since.remove(&name).unwrap_or(Time::ZERO);
                *self.down.entry(name).or_default() += at.0 - since.0;
            }
            Occurrence::Failed { members, by: firedrill::observe::FailedBy::Itself, .. } => {
                self.failures += members;
            }
            Occurrence::Detected { .. } => self.noticed = self.noticed.or(Some(at.0)),
            Occurrence::Activated { .. } => self.switched = self.switched.or(Some(at.0)),
            Occurrence::DataLost { writes, fate, .. } => match fate {
                firedrill::observe::Fate::KeptAside => self.kept_aside += writes,
                _ => self.lost += writes,
            },
            _ => {}
        }
        let of = match &seen.what {
            Occurrence::NodeDown(node) | Occurrence::NodeUp(node) | Occurrence::Repaired { node, .. } => {
                world.name_of_node(*node)
            }
            Occurrence::Failed { node, .. } | Occurrence::RepairBegan { node, .. } => world.name_of_node(*node),
            Occurrence::Activated { group, .. } | Occurrence::Detected { group, .. } => world.name_of_group(*group),
            _ => return,
        };
        let what = match &seen.what {
            Occurrence::NodeDown(_) => "down",
            Occurrence::NodeUp(_) => "up",
            Occurrence::Repaired { .. } => "repaired",
            Occurrence::Failed { .. } => "failed",
            Occurrence::RepairBegan { .. } => "under repair",
            Occurrence::Activated { .. } => "another is active",
            _ => "noticed",
        };
        self.told.push((at.0, format!("{of} {what}")));
    }

    fn flowed(&mut self, _: &World, _: &Interval) {}
}

impl Lived {
    pub fn down(&self, name: &str) -> i64 {
        self.down.get(name).copied().unwrap_or(0)
    }

    /// What was told of things whose names begin otherwise.
    pub fn told_but_of(&self, prefix: &str) -> Vec<(i64, String)> {
        self.told.iter().filter(|(_, what)| !what.starts_with(prefix)).cloned().collect()
    }
}

/// One run of a text.
pub fn live_text(text: &str, replication: u64) -> Result<Lived, String> {
    let (_, world) = load(&Source::new("law.ron", text), &Choice::default()).map_err(|e| format!("{e}\n{text}"))?;
    let mut lived = Lived::default();
    Engine::new(Arc::clone(&world), Luck { seed: 4, replication }).run(&mut lived);
    for (name, since) in std::mem::take(&mut lived.since) {
        *lived.down.entry(name).or_default() += world.horizon().0 - since.0;
    }
    Ok(lived)
}

/// One run of a plan; a plan that is no scenario is a mistake of the law.
pub fn live(plan: &Plan, replication: u64) -> Lived {
    live_text(&plan.text(), replication).unwrap_or_else(|mistake| panic!("{mistake}"))
}
