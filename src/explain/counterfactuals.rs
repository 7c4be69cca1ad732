//! The runs of an explanation: with everything, without each thing, without pairs.

use super::{ButFor, Explanation, Impact, Interaction, Role};
use crate::metrics::{Outcome, automation_words, length_words, servers_words};
use crate::rng::Luck;
use crate::run::FeltRun;
use crate::units::Time;
use crate::world::{Action, World, civil_label};
use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

/// Of so many of the most important things every pair is looked at.
const PAIRED_MAX: usize = 6;
/// A pair is worth a sentence when it differs from its sum by this share of the larger of the two.
const INTERACTS_ABOVE: f64 = 0.25;
/// And by this share of what the run comes to.
const MATTERS_ABOVE: f64 = 0.005;

/// Runs without a step of the drill begin at one of so many moments of the run with everything.
const KEPT_MAX: usize = 64;

/// So many pairs are told.
const TOLD_MAX: usize = 6;
/// Less than this share of what the run comes to is the width of a span, and counts as nothing.
const NOTHING_BELOW: f64 = 2e-4;

/// A cause or a response that can be left out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Thing {
    /// A step of the drill, by index.
    Step(usize),
    /// A procedure of the runbook, by index.
    Procedure(usize),
    /// Automation, by index.
    Autoscale(usize),
    /// The failover of a group, by index.
    Failover(usize),
    /// The planned maintenance.
    Maintenance,
}

/// Everything in a world that can be left out. Words change nothing, and are none of it.
pub fn things(world: &World) -> Vec<Thing> {
    let steps = world.drill.iter().enumerate();
    let steps =
        steps.filter(|(_, (_, act))| !matches!(act, Action::Tell(_) | Action::Decide(_))).map(|(i, _)| Thing::Step(i));
    let procedures =
        world.procedures.iter().enumerate().filter(|(_, m)| !m.only_words()).map(|(i, _)| Thing::Procedure(i));
    let automation = (0..world.autoscale.len()).map(Thing::Autoscale);
    let groups = world.groups.iter().enumerate().filter(|(_, group)| group.failover.is_some());
    let failovers = groups.map(|(i, _)| Thing::Failover(i));
    let maintenance = world.maintenance.iter().map(|_| Thing::Maintenance);
    steps.chain(procedures).chain(automation).chain(failovers).chain(maintenance).collect()
}

/// A world as it would be without some things. Its luck stays the same: every stream is keyed by name.
pub fn without<'t>(world: &World, things: impl IntoIterator<Item = &'t Thing>) -> World {
    let mut world = world.clone();
    for thing in things {
        match thing {
            Thing::Step(i) => {
                world.muted.insert(*i);
            }
            Thing::Procedure(i) => world.procedures[*i].muted = true,
            Thing::Autoscale(i) => world.autoscale[*i].muted = true,
            Thing::Failover(i) => world.groups[*i].failover = None,
            Thing::Maintenance => world.maintenance = None,
        }
    }
    world
}

/// What an outcome comes to.
pub fn impact(outcome: &Outcome) -> Impact {
    let sum = |of: fn(&crate::metrics::PeopleOutcome) -> f64| outcome.people.values().map(of).sum();
    Impact {
        user_minutes_lost: sum(|p| p.user_minutes_lost),
        user_minutes_degraded: sum(|p| p.user_minutes_degraded),
        p95_peak_s: outcome.hours.p95_s.iter().flatten().copied().fold(0.0, f64::max),
        degraded_s: outcome.felt_s,
        money: outcome.money.as_ref().map(|money| money.total),
    }
}

/// The runs that an explanation needs, and what has been run of them. Whoever drives it may run them on any number of
/// threads: each is a run of its own.
#[derive(Debug)]
pub struct Counterfactuals<'w> {
    world: &'w World,
    luck: Luck,
    things: Vec<Thing>,
    /// The run with everything just before some steps of the drill, in their order.
    kept: OnceLock<Vec<(Time, FeltRun)>>,
}

impl<'w> Counterfactuals<'w> {
    /// Looks for what can be left out of a world.
    pub fn new(world: &'w World, luck: Luck) -> Counterfactuals<'w> {
        Counterfactuals { world, luck, things: things(world), kept: OnceLock::new() }
    }

    /// The first round: with everything, without any cause, without any response, and without each thing.
    pub fn singles(&self) -> Vec<Vec<Thing>> {
        let of = |role: Role| self.things.iter().filter(|t| role_of(t) == role).cloned().collect::<Vec<_>>();
        let mut sets = vec![Vec::new(), of(Role::Cause), of(Role::Response)];
        sets.extend(self.things.iter().map(|thing| vec![thing.clone()]));
        sets
    }

    /// Runs the world without some things.
    pub fn run(&self, left_out: &[Thing]) -> Impact {
        let Some(steps) = left_out.iter().map(|thing| self.step_at(thing)).collect::<Option<Vec<_>>>() else {
            return impact(&FeltRun::new(Arc::new(without(self.world, left_out)), self.luck).finish());
        };
        // Until the first of them comes, it is the run with everything.
        let first = steps.iter().map(|(at, _)| *at).min().unwrap_or(Time::NEVER);
        let kept = self.kept.get_or_init(|| self.moments());
        let (_, begun) = &kept[kept.partition_point(|(at, _)| *at <= first).saturating_sub(1)];
        let mut fork = begun.clone();
        fork.run_before(first.min(self.world.horizon));
        impact(&steps.into_iter().fold(fork, |fork, (_, step)| fork.without_step(step)).finish())
    }

    /// When a step of the drill comes, if that is known before.
    fn step_at(&self, thing: &Thing) -> Option<(Time, usize)> {
        let Thing::Step(step) = thing else { return None };
        let at = self.world.drill[*step].0;
        (at <= self.world.horizon).then_some((at, *step))
    }

    /// The run with everything at its start and just before some of the steps.
    fn moments(&self) -> Vec<(Time, FeltRun)> {
        let steps: BTreeSet<Time> =
            self.things.iter().filter_map(|thing| self.step_at(thing)).map(|(at, _)| at).collect();
        let mut run = FeltRun::new(Arc::new(self.world.clone()), self.luck);
        let mut kept = vec![(Time::ZERO, run.clone())];
        for at in steps.iter().skip(1).step_by(steps.len().div_ceil(KEPT_MAX).max(1)) {
            run.run_before(*at);
            kept.push((*at, run.clone()));
        }
        kept
    }

    /// The second round, given the results of the first: pairs of the most important things.
    pub fn pairs(&self, singles: &[Impact]) -> Vec<(usize, usize)> {
        let mut order: Vec<usize> = (0..self.things.len()).collect();
        let weight = |i: &usize| singles[0].minus(&singles[3 + i]).user_minutes().abs();
        order.sort_by(|a, b| weight(b).total_cmp(&weight(a)).then(a.cmp(b)));
        order.truncate(PAIRED_MAX);
        order.sort_unstable();
        let mut pairs = Vec::new();
        for (n, a) in order.iter().enumerate() {
            pairs.extend(order[n + 1..].iter().map(|b| (*a, *b)));
        }
        pairs
    }

    /// What is left out in a pair.
    pub fn pair(&self, (a, b): (usize, usize)) -> Vec<Thing> {
        vec![self.things[a].clone(), self.things[b].clone()]
    }

    /// The explanation, from the results of both rounds.
    pub fn explain(&self, singles: &[Impact], pairs: &[(usize, usize)], pair_impacts: &[Impact]) -> Explanation {
        let with = singles[0];
        let names = self.names();
        let value = |i: usize| with.minus(&singles[3 + i]);
        let mut but_for: Vec<ButFor> = (0..self.things.len())
            .map(|i| {
                let (name, does) = names[i].clone();
                let impact = value(i);
                let is_noise = impact.user_minutes().abs()
                    < NOTHING_BELOW * with.user_minutes().max(singles[3 + i].user_minutes());
                // What a thing costs is no noise, whether or not it helped anybody.
                let impact = if is_noise { Impact { money: impact.money, ..Impact::default() } } else { impact };
                ButFor { name, role: role_of(&self.things[i]), does, impact }
            })
            .collect();
        let mut interactions = Vec::new();
        for ((a, b), without_both) in pairs.iter().zip(pair_impacts) {
            let together = with.minus(without_both);
            let (first, second) = (value(*a), value(*b));
            let apart = first.minus(&Impact::default().minus(&second));
            let differs = (together.user_minutes() - apart.user_minutes()).abs();
            let larger = together.user_minutes().abs().max(apart.user_minutes().abs());
            if differs > INTERACTS_ABOVE * larger && differs > MATTERS_ABOVE * with.user_minutes().max(1.0) {
                let of = (names[*a].0.clone(), names[*b].0.clone());
                let roles = (role_of(&self.things[*a]), role_of(&self.things[*b]));
                let words = words(&of, roles, &together, &apart);
                interactions.push((differs, Interaction { of, together, apart, words }));
            }
        }
        interactions.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.of.cmp(&b.1.of)));
        interactions.truncate(TOLD_MAX);
        but_for.sort_by(|a, b| {
            let weight = |x: &ButFor| x.impact.user_minutes().abs();
            weight(b).total_cmp(&weight(a)).then_with(|| a.name.cmp(&b.name))
        });
        Explanation {
            run: with,
            without_causes: singles[1],
            without_responses: singles[2],
            but_for,
            interactions: interactions.into_iter().map(|(_, interaction)| interaction).collect(),
            currency: self.world.money.as_ref().map(|money| money.currency.clone()),
            runs: singles.len() + pairs.len(),
        }
    }

    /// A name and what it does, for each thing. Steps that would be called alike carry their time.
    fn names(&self) -> Vec<(String, String)> {
        let world = self.world;
        let mut seen = BTreeSet::new();
        let named = |thing: &Thing| match thing {
            Thing::Step(i) => {
                let (at, act) = &world.drill[*i];
                let when = match *at <= world.horizon {
                    true => civil_label(&world.calendar, *at),
                    false => "when it is seen".to_owned(),
                };
                (act_words(world, act), when)
            }
            Thing::Procedure(i) => (world.procedures[*i].name.clone(), world.procedures[*i].does.clone()),
            Thing::Autoscale(i) => {
                let scaler = &world.autoscale[*i];
                (scaler.name.clone(), format!("autoscaling of {}", world.stations[scaler.station.at()].name))
            }
            Thing::Failover(i) => (format!("failover of {}", world.groups[*i].name), "failover".to_owned()),
            Thing::Maintenance => {
                let plan = world.maintenance.as_ref().map_or("", |plan| plan.name.as_str());
                (plan.to_owned(), "planned maintenance".to_owned())
            }
        };
        self.things
            .iter()
            .map(|thing| {
                let (mut name, does) = named(thing);
                if !seen.insert(name.clone()) {
                    name = format!("{name} ({does})");
                    seen.insert(name.clone());
                }
                (name, does)
            })
            .collect()
    }
}

fn role_of(thing: &Thing) -> Role {
    // A planned takedown is something that happens to the users, as a fault is.
    match thing {
        Thing::Step(_) | Thing::Maintenance => Role::Cause,
        Thing::Procedure(_) | Thing::Autoscale(_) | Thing::Failover(_) => Role::Response,
    }
}

/// What a step of the drill does.
fn act_words(world: &World, act: &Action) -> String {
    match act {
        Action::Crash(node, _, Some(members)) if *members < world.nodes[node.at()].count => {
            format!("{members} of {} fail", world.nodes[node.at()].name)
        }
        Action::Crash(node, ..) => format!("{} fails", world.nodes[node.at()].name),
        Action::FailHidden(node) => format!("{} fails unnoticed", world.nodes[node.at()].name),
        Action::Gray { node, loses, .. } => format!("{} loses {:.3}%", world.nodes[node.at()].name, loses * 100.0),
        Action::Slow(stations, by, _) => {
            let names: Vec<&str> = stations.iter().map(|s| world.stations[s.at()].name.as_str()).collect();
            format!("{} slow, x{by}", names.join(", "))
        }
        Action::SlowServers { stations, servers, by, .. } => {
            let of = |id: &crate::world::StationId| servers_words(world, *id, *servers);
            let names: Vec<String> = stations.iter().map(of).collect();
            format!("{} slow, x{by}", names.join(", "))
        }
        Action::Cut(link, lasts) => {
            let lasts = lasts.map_or(String::new(), |lasts| format!(" for {}", length_words(lasts.seconds())));
            format!("{} cut{lasts}", world.links[link.at()].name)
        }
        Action::Withdraw(spread, place, lasts) => {
            let lasts = lasts.map_or(String::new(), |lasts| format!(" for {}", length_words(lasts.seconds())));
            let spread = &world.spreads[spread.at()];
            format!("{} withdrawn from {}{lasts}", world.sites[spread.over[*place].0.at()].name, spread.name)
        }
        Action::Surge { people, feature, by, .. } => {
            let what = feature.map_or(String::new(), |f| format!(", {}", world.features[f.at()].name));
            format!("{}{what} x{by}", world.people[people.at()].name)
        }
        Action::FailOver(group, _) => format!("{} is switched over", world.groups[group.at()].name),
        Action::SwitchOff(of, _) => format!("{} switched off", automation_words(world, *of)),
        Action::SwitchOn(of) => format!("{} switched on", automation_words(world, *of)),
        Action::Flush(stations) => {
            let names: Vec<&str> = stations.iter().map(|s| world.stations[s.at()].name.as_str()).collect();
            format!("the cache of {} emptied", names.join(", "))
        }
        Action::Destroy(store) => format!("the data of {} deleted", world.stores[store.at()].name),
        Action::Decide(what) | Action::Tell(what) => what.clone(),
        Action::Order(index) => format!("{} is ordered", world.procedures[*index].name),
        Action::TakeBack(index) => format!("{} is taken back", world.procedures[*index].name),
        Action::AnnounceMaintenance => "the maintenance is announced".to_owned(),
        Action::BeginMaintenance => "the maintenance begins".to_owned(),
        Action::CallOffMaintenance => "the maintenance is called off".to_owned(),
        Action::CallVendor(node) => format!("the vendor of {} is called", world.nodes[node.at()].name),
        Action::RepairForGood(node) => format!("{} is repaired for good", world.nodes[node.at()].name),
    }
}

/// What it means that a pair is not the sum of its parts.
fn words((a, b): &(String, String), roles: (Role, Role), together: &Impact, apart: &Impact) -> String {
    let (both, sum) = (together.user_minutes(), apart.user_minutes());
    match roles {
        (Role::Cause, Role::Cause) if both > sum => format!("{a} and {b} hurt more together than each alone would"),
        (Role::Cause, Role::Cause) => format!("{a} and {b}: without only one of them, the other does much of the harm"),
        (Role::Response, Role::Response) if both < sum => {
            format!("{a} and {b} stand in for each other: without one the other does much of its work")
        }
        (Role::Response, Role::Response) => format!("{a} and {b} only work together: each needs the other"),
        _ if both < sum => format!("{a} and {b}: together they come to less than apart"),
        _ => format!("{a} and {b}: one matters mostly where the other is"),
    }
}
