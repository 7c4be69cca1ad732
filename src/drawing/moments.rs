//! What was down when: kept while a run goes on, as changes, and given as the states between them.

use super::nearest::nearest;
use crate::observe::{Interval, Observation, Observer, Occurrence, ServiceLevel};
use crate::units::Time;
use crate::world::{GroupId, LinkId, NodeId, PopId, QueueId, SiteId, SpreadId, StationId, World};
use std::collections::{BTreeMap, BTreeSet};

/// Changes that are kept: the first.
const CHANGES_MAX: usize = 20_000;

/// A change of what is down.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Change {
    Node(NodeId, bool),
    Station(StationId, Serving),
    Busy(StationId, bool),
    Queue(QueueId, bool),
    Cut(LinkId, bool),
    Active(GroupId, usize),
    Feels(PopId, ServiceLevel),
    LeftOut(SpreadId, usize, bool),
    Withdrawn(SpreadId, usize, bool),
    /// Nowhere else than at the start: nothing.
    Led(PopId, Option<SiteId>),
}

/// Whether a station serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Serving {
    Yes,
    Starts,
    No,
}

/// What is down at a moment, and how people feel about it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct State {
    /// Sites, components and groups that do not work.
    pub nodes: BTreeSet<NodeId>,
    /// Stations that do not serve.
    pub stations: BTreeSet<StationId>,
    /// Those of them that are about to start.
    pub starting: BTreeSet<StationId>,
    /// Stations with more load than they can do.
    pub busy: BTreeSet<StationId>,
    /// Queues whose workers stand still.
    pub queues: BTreeSet<QueueId>,
    /// Links that are cut.
    pub links: BTreeSet<LinkId>,
    /// The active members of groups where they are not the first ones.
    pub active: BTreeMap<GroupId, usize>,
    /// People who are not fine.
    pub people: BTreeMap<PopId, ServiceLevel>,
    /// Sites of spreads, by their places, that are not seen to work.
    pub left_out: BTreeSet<(SpreadId, usize)>,
    /// Sites of spreads, by their places, that are not announced.
    pub withdrawn: BTreeSet<(SpreadId, usize)>,
    /// Whoever goes to the nearest site, where that is not the one of the start.
    pub led: BTreeMap<PopId, SiteId>,
}

impl State {
    /// Whether all is well, and as it was at the start.
    pub fn is_calm(&self) -> bool {
        *self == State::default()
    }

    fn apply(&mut self, change: Change) {
        fn put<T: Ord>(set: &mut BTreeSet<T>, what: T, is_in: bool) {
            if is_in {
                set.insert(what);
            } else {
                set.remove(&what);
            }
        }
        match change {
            Change::Node(id, down) => put(&mut self.nodes, id, down),
            Change::Station(id, serving) => {
                put(&mut self.stations, id, serving != Serving::Yes);
                put(&mut self.starting, id, serving == Serving::Starts);
            }
            Change::Busy(id, busy) => put(&mut self.busy, id, busy),
            Change::Queue(id, down) => put(&mut self.queues, id, down),
            Change::Cut(id, cut) => put(&mut self.links, id, cut),
            Change::Active(id, 0) => drop(self.active.remove(&id)),
            Change::Active(id, member) => drop(self.active.insert(id, member)),
            Change::Feels(id, ServiceLevel::Fine) => drop(self.people.remove(&id)),
            Change::Feels(id, level) => drop(self.people.insert(id, level)),
            Change::LeftOut(spread, place, out) => put(&mut self.left_out, (spread, place), out),
            Change::Withdrawn(spread, place, withdrawn) => put(&mut self.withdrawn, (spread, place), withdrawn),
            Change::Led(id, None) => drop(self.led.remove(&id)),
            Change::Led(id, Some(site)) => drop(self.led.insert(id, site)),
        }
    }

    /// Users who are down, and those who are not fine: what makes one moment worse than another.
    fn suffering(&self, world: &World) -> (f64, f64) {
        let users = |level: ServiceLevel| {
            let hit = self.people.iter().filter(move |(_, felt)| **felt >= level);
            hit.map(|(id, _)| world.people[id.at()].users).sum::<f64>()
        };
        (users(ServiceLevel::Down), users(ServiceLevel::Stale))
    }
}

/// A moment of a run, as it is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Scene {
    /// When.
    pub at: Time,
    /// In civil time.
    pub when: String,
    /// What is down from then on.
    pub state: State,
}

/// Moments of a run at which something changed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scenes {
    /// Those that are shown, in order of time. The first is the start.
    pub scenes: Vec<Scene>,
    /// How many there are.
    pub of: usize,
    /// Which of those that are shown is the worst: most people are down in it.
    pub worst: usize,
    /// Where there were so many that those from a time on were not kept, that time.
    pub not_after: Option<String>,
}

/// What was down when, while a run goes on.
#[derive(Debug, Clone, Default)]
pub struct Moments {
    changes: Vec<(Time, Change)>,
    /// From then on nothing is kept: more has changed than anybody looks at.
    cut_at: Option<Time>,
}

impl Moments {
    /// The moments at which something changed: so many at most, those that change most for most people.
    pub fn scenes(&self, world: &World, most: usize) -> Scenes {
        self.scenes_between(world, (Time::ZERO, Time::NEVER), most)
    }

    /// Those of a part of the run. The first is its beginning.
    pub fn scenes_between(&self, world: &World, (from, to): (Time, Time), most: usize) -> Scenes {
        let mut start = Scene { at: from, when: world.civil(from), state: State::default() };
        self.each_instant(&mut State::default(), |at, _, state| {
            if at <= from {
                start.state.clone_from(state);
            }
        });
        let mut told: Vec<(f64, Time, usize)> = Vec::new();
        let (mut state, mut before) = (State::default(), start.state.clone());
        self.each_instant(&mut state, |at, index, state| {
            if at > from && at <= to && *state != before {
                told.push((weight(world, &before, state), at, index));
                before.clone_from(state);
            }
        });
        let all = told.len();
        if told.len() >= most {
            // What changes most first; of equal ones what comes first.
            told.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            told.truncate(most.saturating_sub(1));
            told.sort_by_key(|entry| entry.1);
        }
        let left_out = all - told.len();
        let mut wanted = told.iter().map(|entry| entry.2).peekable();
        let mut scenes = vec![start];
        let mut state = State::default();
        self.each_instant(&mut state, |at, index, state| {
            if wanted.next_if_eq(&index).is_some() {
                let scene = Scene { at, when: world.civil(at), state: state.clone() };
                scenes.push(scene);
            }
        });
        let of = scenes.len() + left_out;
        let mut worst = 0;
        for (index, scene) in scenes.iter().enumerate() {
            if scene.state.suffering(world) > scenes[worst].state.suffering(world) {
                worst = index;
            }
        }
        Scenes { scenes, of, worst, not_after: self.cut_at.filter(|at| *at <= to).map(|at| world.civil(at)) }
    }

    /// After all that happened at an instant: when, the index of its last change, and what is down.
    fn each_instant(&self, state: &mut State, mut tell: impl FnMut(Time, usize, &State)) {
        for (index, (at, change)) in self.changes.iter().enumerate() {
            state.apply(*change);
            let next = self.changes.get(index + 1).map_or(self.cut_at, |(next, _)| Some(*next));
            if next != Some(*at) {
                tell(*at, index, state);
            }
        }
    }
}

/// How much a change is worth showing: by the users who feel it, and then by how much of the system it changes.
fn weight(world: &World, before: &State, after: &State) -> f64 {
    let felt = after.people.keys().chain(before.people.keys()).collect::<BTreeSet<_>>();
    let changed = felt.into_iter().filter(|id| after.people.get(id) != before.people.get(id));
    let users: f64 = changed.map(|id| world.people[id.at()].users).sum();
    let nodes = after.nodes.symmetric_difference(&before.nodes).count();
    let stations = after.stations.symmetric_difference(&before.stations).count();
    let links = after.links.symmetric_difference(&before.links).count();
    let active = usize::from(after.active != before.active);
    let is_led_so = after.left_out == before.left_out && after.withdrawn == before.withdrawn && after.led == before.led;
    let led = usize::from(!is_led_so);
    users * 1e3 + (10 * (nodes + links + active + led) + stations) as f64
}

/// What an observation changes of what is down.
fn change_of(world: &World, seen: &Observation) -> Option<Change> {
    Some(match &seen.what {
        Occurrence::NodeDown(id) => Change::Node(*id, true),
        Occurrence::NodeUp(id) => Change::Node(*id, false),
        Occurrence::StationDown(id) => Change::Station(*id, Serving::No),
        Occurrence::StationStarting(id, _) => Change::Station(*id, Serving::Starts),
        Occurrence::StationUp(id) => Change::Station(*id, Serving::Yes),
        Occurrence::Overloaded(id) => Change::Busy(*id, true),
        Occurrence::Drained(id) => Change::Busy(*id, false),
        Occurrence::QueueStopped(id) => Change::Queue(*id, true),
        Occurrence::QueueServes(id) => Change::Queue(*id, false),
        Occurrence::LinkCut(id, cut) => Change::Cut(*id, *cut),
        Occurrence::Activated { group, member, .. } => Change::Active(*group, *member),
        Occurrence::Feels { people, feature: None, mood, .. } => Change::Feels(*people, *mood),
        Occurrence::SiteInRotation { spread, place, works, .. } => Change::LeftOut(*spread, *place, !works),
        Occurrence::Withdrawn { spread, place, withdrawn } => Change::Withdrawn(*spread, *place, *withdrawn),
        Occurrence::SteeringBegan { people, to } => {
            let home = nearest(world, *people)?;
            Change::Led(*people, (home != *to).then_some(*to))
        }
        _ => return None,
    })
}

/// What is down now: for whoever looks at one moment.
impl Observer for State {
    fn saw(&mut self, world: &World, seen: &Observation) {
        if let Some(change) = change_of(world, seen) {
            self.apply(change);
        }
    }

    fn flowed(&mut self, _: &World, _: &Interval) {}
}

impl Observer for Moments {
    fn saw(&mut self, world: &World, seen: &Observation) {
        let Some(change) = change_of(world, seen) else { return };
        if self.changes.len() < CHANGES_MAX {
            self.changes.push((seen.at, change));
        } else {
            self.cut_at = self.cut_at.or(Some(seen.at));
        }
    }

    fn flowed(&mut self, _: &World, _: &Interval) {}
}
