//! What changes in the world while requests go their ways, and what holds at a time.

use firedrill::units::{Duration, Time};
use firedrill::world::{Action, LinkId, NodeId, Route, Routes, SiteId, StationId, World};
use std::collections::BTreeMap;

/// What those who set out at a time go by: who serves, where the ways lead, what loses requests.
pub struct Map {
    pub serves: Vec<bool>,
    routes: Routes,
    gray: BTreeMap<u32, f64>,
    /// For each site whether its users cannot even come in.
    cut_off: Vec<bool>,
}

impl Map {
    /// The way from a site to a station, if that serves and there is one.
    pub fn way(&self, world: &World, from: SiteId, to: StationId) -> Option<&Route> {
        self.routes.between(from, world.stations[to.at()].site).filter(|_| self.serves[to.at()])
    }

    pub fn loses(&self, node: NodeId) -> f64 {
        self.gray.get(&node.0).copied().unwrap_or(0.0)
    }

    fn is_dead(&self, world: &World, station: StationId) -> bool {
        let of = &world.stations[station.at()];
        !self.serves[station.at()]
            || of.calls.iter().any(|call| {
                let to = super::engine::callee(call);
                let gone = self.routes.between(of.site, world.stations[to.at()].site).is_none();
                // Whoever calls now and then may do without.
                call.hard && call.times >= 1.0 && (gone || self.is_dead(world, to))
            })
    }

    /// Whether a feature cannot succeed from a site, as everybody can see.
    pub fn is_hopeless(&self, world: &World, site: SiteId, feature: usize) -> bool {
        let calls = &world.features[feature].calls[site.at()];
        self.cut_off[site.at()]
            || calls.iter().any(|call| {
                let to = super::engine::callee(call);
                let gone = self.routes.between(site, world.stations[to.at()].site).is_none();
                // Whoever calls now and then may do without.
                call.hard && call.times >= 1.0 && (gone || self.is_dead(world, to))
            })
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Change {
    /// A step of the drill begins, or is over.
    Begins(usize),
    Ends(usize),
    /// A component is repaired.
    Repaired(NodeId),
    /// A profile bends.
    Bends,
}

/// What holds now.
pub struct Now {
    down: Vec<u32>,
    slow: Vec<f64>,
    cut: Vec<u32>,
    /// Steps of the drill that are in force.
    active: Vec<usize>,
}

impl Now {
    pub fn new(world: &World) -> Now {
        Now {
            down: vec![0; world.nodes.len()],
            slow: vec![1.0; world.stations.len()],
            cut: vec![0; world.links.len()],
            active: Vec::new(),
        }
    }

    /// All changes of a run, in order: steps of the drill come before what is over at the same time, and that before bends.
    pub fn all(world: &World) -> Vec<(u64, Change)> {
        let mut changes: Vec<(u64, u8, Change)> = Vec::new();
        let after = |at: Time, lasts: Duration| at.0 as u64 + lasts.0 as u64;
        let mut steps: Vec<usize> = (0..world.drill.len()).collect();
        steps.sort_by_key(|step| world.drill[*step].0);
        let mut down_until: BTreeMap<u32, u64> = BTreeMap::new();
        for step in steps {
            let (at, act) = &world.drill[step];
            if let Action::Crash(node, repaired, _) = act {
                // What is down already is down until both are over.
                let before = down_until.get(&node.0).copied().filter(|before| at.0 as u64 <= *before);
                let until = repaired.map_or(u64::MAX, |repaired| after(*at, repaired)).max(before.unwrap_or(0));
                down_until.insert(node.0, until);
                changes.retain(|(when, _, change)| *change != Change::Repaired(*node) || *when < at.0 as u64);
                if until < u64::MAX {
                    changes.push((until, 2, Change::Repaired(*node)));
                }
            }
            changes.push((at.0 as u64, 0, Change::Begins(step)));
            match act {
                Action::Slow(_, _, Some(lasts))
                | Action::Cut(_, Some(lasts))
                | Action::Gray { lasts: Some(lasts), .. }
                | Action::Surge { lasts: Some(lasts), .. } => {
                    changes.push((after(*at, *lasts), 2, Change::Ends(step)));
                }
                _ => {}
            }
        }
        for people in &world.people {
            changes.extend(people.active.points.iter().map(|point| (point.0.0 as u64, 9, Change::Bends)));
        }
        changes.sort_by_key(|(at, class, _)| (*at, *class));
        changes.into_iter().map(|(at, _, change)| (at, change)).collect()
    }

    /// Makes a change. Gives the stations that stop by it.
    pub fn make(&mut self, world: &World, change: Change) -> Vec<StationId> {
        let served: Vec<bool> = self.serving(world);
        match change {
            Change::Begins(step) => {
                match &world.drill[step].1 {
                    Action::Crash(node, ..) => self.down[node.at()] = 1,
                    Action::Slow(stations, by, _) => stations.iter().for_each(|station| self.slow[station.at()] *= by),
                    Action::Cut(link, _) => self.cut[link.at()] += 1,
                    _ => {}
                }
                self.active.push(step);
            }
            Change::Ends(step) => {
                match &world.drill[step].1 {
                    Action::Slow(stations, by, _) => stations.iter().for_each(|station| self.slow[station.at()] /= by),
                    Action::Cut(link, _) => self.cut[link.at()] -= 1,
                    _ => {}
                }
                self.active.retain(|active| *active != step);
            }
            Change::Repaired(node) => self.down[node.at()] = 0,
            Change::Bends => {}
        }
        let serves = self.serving(world);
        (0..served.len()).filter(|i| served[*i] && !serves[*i]).map(StationId::new).collect()
    }

    pub fn serving(&self, world: &World) -> Vec<bool> {
        let is_up = |node: &&NodeId| self.down[node.at()] == 0;
        let is_open = |gate: &firedrill::world::Gate| gate.of.iter().filter(is_up).count() >= gate.needed as usize;
        world.stations.iter().map(|station| station.gates.iter().all(is_open)).collect()
    }

    pub fn slower(&self, station: usize) -> f64 {
        self.slow[station]
    }

    /// How many times as many people, or as much of a feature.
    fn surge(&self, world: &World, of: usize, feature: Option<usize>) -> f64 {
        let mut factor = 1.0;
        for step in &self.active {
            if let Action::Surge { people, feature: what, by, .. } = &world.drill[*step].1
                && (people.at(), what.map(|what| what.at())) == (of, feature)
            {
                factor *= 1.0 + (by - 1.0);
            }
        }
        factor
    }

    /// Active users of a population, and how fast they get more.
    pub fn users(&self, world: &World, people: usize, now: u64) -> (f64, f64) {
        let population = &world.people[people];
        let (share, slope, _) = population.active.at(Time(now as i64), &mut 0);
        let users = population.users * self.surge(world, people, None);
        (users * share, users * slope)
    }

    /// Requests per second of a use, and how fast they get more.
    pub fn rate(&self, world: &World, people: usize, feature: usize, now: u64) -> (f64, f64) {
        let (id, per_user) = world.people[people].uses[feature];
        let surge = self.surge(world, people, Some(id.at()));
        let (users, slope) = self.users(world, people, now);
        (users * per_user * surge, slope * per_user * surge)
    }

    pub fn map(&self, world: &World) -> Map {
        let mut gray = BTreeMap::new();
        let mut passes: BTreeMap<u32, f64> = BTreeMap::new();
        for step in &self.active {
            if let Action::Gray { node, loses, .. } = &world.drill[*step].1 {
                *passes.entry(node.0).or_insert(1.0) *= 1.0 - loses;
            }
        }
        gray.extend(passes.into_iter().map(|(node, passes)| (node, 1.0 - passes)));
        let is_whole = |link: LinkId| self.cut[link.at()] == 0;
        let cut_off = world.uplinks.iter().map(|uplink| uplink.is_some_and(|link| !is_whole(link))).collect();
        Map {
            serves: self.serving(world),
            routes: Routes::new(world.sites.len(), &world.links, is_whole),
            gray,
            cut_off,
        }
    }
}
