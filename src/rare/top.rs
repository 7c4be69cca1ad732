//! The top event: what is not to happen.

use crate::observe::{FailedBy, Interval, Observation, Observer, Occurrence, ServiceLevel};
use crate::scenario::{Objective, Scenario, Under};
use crate::units::{Duration, Time};
use crate::world::{NodeId, NodeKind, PopId, World};

/// The top event: something is down, for longer than a while.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Top {
    of: Of,
    longer_than: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Of {
    /// A site, a component or a group.
    Node(NodeId),
    /// A population that is down.
    People(PopId),
}

impl Top {
    /// A population, a site, a component or a group of this name is down for longer than a while. `None`: there is nothing of that
    /// name.
    pub fn new(world: &World, name: &str, longer_than: Duration) -> Option<Top> {
        let people = world.people.iter().position(|people| people.name == name);
        let of = match people {
            Some(at) => Of::People(PopId::new(at)),
            None => Of::Node(world.node(name)?),
        };
        Some(Top { of, longer_than })
    }
}

/// What was seen of the top event until now.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Seen {
    /// How often it came.
    pub times: f64,
    /// How long it was down, in seconds; also where that was not for long.
    pub down_s: f64,
}

impl Seen {
    pub fn since(self, before: Seen) -> Seen {
        Seen { times: self.times - before.times, down_s: self.down_s - before.down_s }
    }

    pub fn add(&mut self, more: Seen, weight: f64) {
        self.times += weight * more.times;
        self.down_s += weight * more.down_s;
    }
}

/// Watches for the top event.
#[derive(Debug, Clone)]
pub(super) struct Watch {
    top: Top,
    measured_from: Time,
    down_since: Option<Time>,
    before: Seen,
    /// Whether something has failed since it was last asked.
    failed: bool,
    /// What has failed since the last disturbance was over, in order: numbers as those of clocks.
    pub path: Vec<usize>,
}

impl Watch {
    pub fn new(world: &World, top: Top) -> Watch {
        let measured_from = world.measured_from();
        Watch { top, measured_from, down_since: None, before: Seen::default(), failed: false, path: Vec::new() }
    }

    /// Whether it is down now.
    pub fn is_down(&self) -> bool {
        self.down_since.is_some()
    }

    /// Whether something has failed since this was asked before.
    pub fn has_failed(&mut self) -> bool {
        std::mem::take(&mut self.failed)
    }

    /// A disturbance is over.
    pub fn forget(&mut self) {
        self.failed = false;
        self.path.clear();
    }

    /// What was seen until now. What is down now counts for as long as it has been; it counts as having come when it has been
    /// down for long enough.
    pub fn seen(&self, now: Time) -> Seen {
        let mut seen = self.before;
        if let Some(since) = self.down_since {
            seen.add(self.outage(since, now), 1.0);
        }
        seen
    }

    fn outage(&self, since: Time, until: Time) -> Seen {
        let down = until.since(since.max(self.measured_from));
        let counts =
            since >= self.measured_from && (self.top.longer_than == Duration::ZERO || down > self.top.longer_than);
        Seen { times: f64::from(u8::from(counts)), down_s: down.seconds() }
    }

    fn turns(&mut self, at: Time, down: bool) {
        match (self.down_since, down) {
            (None, true) => self.down_since = Some(at),
            (Some(since), false) => {
                let outage = self.outage(since, at);
                self.before.add(outage, 1.0);
                self.down_since = None;
            }
            _ => {}
        }
    }
}

impl Observer for Watch {
    fn saw(&mut self, world: &World, seen: &Observation) {
        match (&seen.what, self.top.of) {
            (Occurrence::Failed { node, by, .. }, _) => {
                self.failed = true;
                let what = if let FailedBy::Shock(index) = by { world.nodes.len() + index } else { node.at() };
                if self.path.last() != Some(&what) || what < world.nodes.len() {
                    self.path.push(what);
                }
            }
            (Occurrence::NodeDown(node), Of::Node(of)) if *node == of => self.turns(seen.at, true),
            (Occurrence::NodeUp(node), Of::Node(of)) if *node == of => self.turns(seen.at, false),
            (Occurrence::Feels { people, feature: None, mood, .. }, Of::People(of)) if *people == of => {
                self.turns(seen.at, *mood == ServiceLevel::Down);
            }
            _ => {}
        }
    }

    fn flowed(&mut self, _: &World, _: &Interval) {}
}

/// The top events of a scenario, each with what it is called: each population is down; an objective `restored` is broken by an
/// outage of a population that it speaks of. Without people, each component or group on which nothing else stands.
pub fn tops(scenario: &Scenario, world: &World) -> Vec<(String, Top)> {
    let top = |name: String, of: &str, longer_than| Some((name, Top::new(world, of, longer_than)?));
    let mut found: Vec<(String, Top)> =
        scenario.people.names().filter_map(|people| top(format!("{people} down"), people, Duration::ZERO)).collect();
    for (name, objective) in scenario.objectives.iter() {
        let Objective::Restored(asked) = objective else { continue };
        if asked.under != Under::Drill || asked.of.contains(".features.") {
            continue;
        }
        let people = scenario.served_by(&asked.of);
        for of in &people {
            let whose = if people.len() > 1 { format!(" ({of})") } else { String::new() };
            found.extend(top(format!("objective: {name}{whose}"), of, asked.within));
        }
    }
    if scenario.people.is_empty() {
        let last = world
            .nodes
            .iter()
            .filter(|node| !matches!(node.kind, NodeKind::Site(_)) && !node.hidden && node.watched_by.is_empty());
        found.extend(last.filter_map(|node| top(format!("{} down", node.name), &node.name, Duration::ZERO)));
    }
    found
}
