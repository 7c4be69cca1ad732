//! What a run is going to cost, by what is known before it starts: so that whoever has to wait knows for how long, and for what.
//!
//! It is worked out from the world alone, never from a clock: the same file gives the same words on every machine. What happens by
//! chance counts with what is expected of it. It is right to a factor of three or so, which is enough to tell a second from an hour;
//! what an overload adds, with what is tried again, is not foreseen.

use super::Traffic;
use crate::units::Time;
use crate::world::{Call, Callee, FailureLaw, Node, NodeId, Place, Population, World};
use std::collections::BTreeSet;

/// Seconds of one core that it takes: a span at each path and at each station; a failure with its repair; an event of a request that is
/// followed. See `docs/performance.md`.
const SPAN_S: f64 = 3e-6;
const PATH_S: f64 = 0.7e-6;
const STATION_S: f64 = 0.4e-6;
const FAILURE_S: f64 = 0.7e-6;
const EVENT_S: f64 = 0.15e-6;
/// Spans between two bends of a profile, on average.
const SPANS_A_BEND: f64 = 2.0;
/// Spans around a step of a drill, and around a failure with its repair.
const SPANS_A_STEP: f64 = 8.0;
const SPANS_A_FAILURE: f64 = 4.0;
/// Events of a request at each station, and of its user.
const EVENTS_A_VISIT: f64 = 1.0;

/// Seconds of one core from which on a cost is worth a word.
const WORTH_A_WORD_S: f64 = 60.0;

/// What a run is going to cost.
#[derive(Debug, Clone, Default)]
pub struct Cost {
    /// Seconds of one core, about.
    pub seconds: f64,
    /// Spans of what flows.
    pub spans: f64,
    /// Events of requests that are followed.
    pub events: f64,
    /// What takes them, in words: the most first.
    pub parts: Vec<(f64, String)>,
}

impl Cost {
    /// The cost of one run.
    pub fn of(world: &World, traffic: Traffic) -> Cost {
        let paths: f64 = world.people.iter().map(|people| places(world, people) * people.uses.len() as f64).sum();
        let stations = world.stations.len() as f64;
        let span_s = SPAN_S + PATH_S * paths + STATION_S * stations;
        let mut cost = Cost::default();
        let of = format!("{paths:.0} paths and {stations:.0} stations");
        let bends = bends(world);
        cost.spans(1.0 + bends * SPANS_A_BEND, span_s, || format!("profiles that bend {bends:.0} times, for {of}"));
        let steps = world.drill.len() as f64;
        cost.spans(steps * SPANS_A_STEP, span_s, || format!("a drill of {steps:.0} steps, for {of}"));
        for failure in world.random_failures() {
            cost.add(failure.expected * FAILURE_S, || format!("{:.0} failures of {}", failure.expected, failure.name));
            // Of a large pool nobody feels one more or less, and of what nothing stands on nobody feels anything.
            let is_felt = match failure.law {
                FailureLaw::Of(node) => world.nodes[node.at()].count == 1 && takes_something_down(world, node),
                FailureLaw::Shock(_) => true,
            };
            let changes = if is_felt { failure.expected } else { 0.0 };
            cost.spans(changes * SPANS_A_FAILURE, span_s, || format!("{changes:.0} failures of {}", failure.name));
        }
        for scaler in world.autoscale.iter().filter(|scaler| !scaler.muted) {
            let looks = world.horizon.since(Time::ZERO).seconds() / scaler.every.seconds().max(1e-3);
            cost.add(looks * FAILURE_S, || format!("\"{}\", which looks {looks:.0} times", scaler.name));
        }
        if let Traffic::Request { from, to } = traffic {
            cost.requests(world, from.max(Time::ZERO), to.min(world.horizon));
        }
        cost.parts.sort_by(|a, b| b.0.total_cmp(&a.0));
        cost
    }

    /// This and another.
    pub fn join(&mut self, other: Cost) {
        self.seconds += other.seconds;
        self.spans += other.spans;
        self.events += other.events;
        self.parts.extend(other.parts);
        self.parts.sort_by(|a, b| b.0.total_cmp(&a.0));
    }

    fn spans(&mut self, count: f64, each_s: f64, what: impl FnOnce() -> String) {
        self.spans += count;
        self.add(count * each_s, what);
    }

    fn add(&mut self, seconds: f64, what: impl FnOnce() -> String) {
        if seconds > 0.0 {
            self.seconds += seconds;
            self.parts.push((seconds, what()));
        }
    }

    fn requests(&mut self, world: &World, from: Time, to: Time) {
        let mut visits = vec![1.0; world.stations.len()];
        for id in world.station_order.iter().rev() {
            visits[id.at()] +=
                calls_of(&world.stations[id.at()].calls).map(|(callee, times)| times * visits[callee]).sum::<f64>();
        }
        for people in &world.people {
            let users_s = people.users * area(people, from, to);
            for (id, rate) in &people.uses {
                let feature = &world.features[id.at()];
                let calls = site(world, people).and_then(|site| feature.calls.get(site)).map_or(&[][..], |calls| calls);
                let each = 1.0 + calls_of(calls).map(|(callee, times)| times * visits[callee]).sum::<f64>();
                let requests = users_s * rate;
                let events = requests * each * EVENTS_A_VISIT;
                self.events += events;
                self.add(events * EVENT_S, || {
                    format!(
                        "{requests:.0} requests for \"{}\" of \"{}\", of {each:.0} visits each",
                        feature.name, people.name
                    )
                });
            }
        }
    }

    /// A line for whoever has to wait for so many such runs, where that takes more than a minute.
    pub fn words(&self, runs: f64) -> Option<String> {
        let seconds = self.seconds * runs;
        if seconds <= WORTH_A_WORD_S {
            return None;
        }
        let takes = match seconds {
            s if s < 7_200.0 => format!("{:.0} minutes", (s / 60.0).max(2.0)),
            s if s < 172_800.0 => format!("{:.0} hours", s / 3_600.0),
            s => format!("{:.0} days", s / 86_400.0),
        };
        let runs = if runs == 1.0 { "this run".to_owned() } else { format!("{runs:.0} runs") };
        let most: Vec<&str> =
            self.parts.iter().take(2).filter(|p| p.0 >= self.seconds / 4.0).map(|p| p.1.as_str()).collect();
        Some(format!("{runs} may take about {takes} of one core, most of it for {}", most.join(", and ")))
    }
}

/// Whether anything else goes down with a node.
fn takes_something_down(world: &World, node: NodeId) -> bool {
    let stands_on_it = |other: &Node| other.gates.iter().any(|gate| gate.of.contains(&node));
    world.felt[node.at()] || !world.stations_on[node.at()].is_empty() || world.nodes.iter().any(stands_on_it)
}

/// Moments at which some profile bends.
fn bends(world: &World) -> f64 {
    let points = world.people.iter().flat_map(|people| &people.active.points).map(|(at, _)| *at);
    points.filter(|at| *at > Time::ZERO && *at < world.horizon).collect::<BTreeSet<Time>>().len() as f64
}

/// From how many sites somebody may be served.
fn places(world: &World, people: &Population) -> f64 {
    match people.served_by {
        Place::Site(_) => 1.0,
        Place::Group(group) => world.groups[group.at()].members.len() as f64,
        Place::Spread(spread) => world.spreads[spread.at()].over.len() as f64,
    }
}

/// Where somebody is served at first.
fn site(world: &World, people: &Population) -> Option<usize> {
    match people.served_by {
        Place::Site(site) => Some(site.at()),
        Place::Group(group) => world.groups[group.at()].sites.first().copied().flatten().map(|site| site.at()),
        Place::Spread(spread) => world.spreads[spread.at()].over.first().map(|(site, _)| site.at()),
    }
}

fn calls_of(calls: &[Call]) -> impl Iterator<Item = (usize, f64)> + '_ {
    calls.iter().filter_map(|call| match &call.callee {
        Callee::Station(station) => Some((station.at(), call.times)),
        Callee::Active(_, by_member) => by_member.iter().flatten().next().map(|station| (station.at(), call.times)),
    })
}

/// The share of a population that is active, over a time: in seconds.
fn area(people: &Population, from: Time, to: Time) -> f64 {
    let (mut hint, mut at, mut sum) = (0, from, 0.0);
    while at < to {
        let (value, slope, next) = people.active.at(at, &mut hint);
        let next = next.min(to);
        let dt_s = next.since(at).seconds();
        sum += dt_s * (value + slope * dt_s / 2.0);
        if next <= at {
            break;
        }
        at = next;
    }
    sum.max(0.0)
}
