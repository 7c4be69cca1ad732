//! What would have kept an objective: another strategy, an order in time, a shorter repair, more servers.

use super::found::Saved;
use super::ground::{Search, SearchError};
use super::lived::Fork;
use super::sets::Set;
use super::written::length;
use crate::rng::Luck;
use crate::scenario::{Pick, Scenario};
use crate::units::{Duration, Time};
use crate::world::{Action, GroupId, World};
use std::sync::Arc;

/// Moments are found to about this.
const TO_S: f64 = 30.0;
/// What is ordered before the fault is ordered so long before.
const BEFORE: Duration = Duration(24 * 3_600_000_000_000);

/// A drill that breaks an objective, to be run again with something done about it.
struct Again<'s> {
    search: &'s Search,
    set: &'s Set,
    objective: usize,
    world: Arc<World>,
    at: Time,
    luck: Luck,
}

impl Search {
    /// Everything of the file that keeps an objective in spite of these faults at this time.
    pub(super) fn what_saves(
        &self,
        set: &Set,
        objective: usize,
        at_s: f64,
        draw: u64,
        others: &[Search],
    ) -> Result<Vec<Saved>, SearchError> {
        let changes = self.changes(set);
        let world = Arc::clone(&self.worlds(std::slice::from_ref(set))?[&changes]);
        let (at, luck) = (Time::ZERO.after(length(at_s)), self.luck(draw));
        let again = Again { search: self, set, objective, world, at, luck };
        let mut found = again.other_strategies(others);
        found.extend(again.without_maintenance());
        found.extend(again.more_servers());
        found.extend(again.orders());
        found.extend(again.sooner());
        Ok(found)
    }

    /// Faults that keep an objective when they come together with these: less load, a failover that comes earlier.
    pub(super) fn what_helps(
        &self,
        set: &Set,
        objective: usize,
        at_s: f64,
        draw: u64,
    ) -> Result<Vec<String>, SearchError> {
        let (at, luck) = (Time::ZERO.after(length(at_s)), self.luck(draw));
        let mut found = Vec::new();
        for fault in (0..self.menu.len()).filter(|fault| !set.contains(fault)) {
            let mut more = set.clone();
            more.push(fault);
            more.sort_unstable();
            if !self.apart.allows(&more) {
                continue;
            }
            let world = Arc::clone(&self.worlds(std::slice::from_ref(&more))?[&self.changes(&more)]);
            let again = Again { search: self, set: &more, objective, world, at, luck };
            let steps: Vec<Action> = self.steps(&more).into_iter().cloned().collect();
            if again.holds_under(&steps) {
                found.push(self.menu[fault].name.clone());
            }
        }
        Ok(found)
    }
}

impl Again<'_> {
    fn holds(&self, fork: Fork) -> bool {
        let lived = fork.finish(self.search.held(self.luck.replication));
        lived.seen[self.objective].is_some_and(|seen| self.search.criteria[self.objective].is_met(seen))
    }

    /// Whether the objective holds with this done at that time, before or after the fault.
    fn holds_with(&self, action: &Action, when: Time) -> bool {
        let mut fork = Fork::new(&self.world, self.luck, &self.search.criteria);
        let steps = self.search.steps(self.set);
        if when < self.at {
            fork.run_until(when);
            fork.act(action);
            fork.run_until(self.at);
            steps.iter().for_each(|step| fork.act(step));
        } else {
            fork.run_until(self.at);
            steps.iter().for_each(|step| fork.act(step));
            fork.run_until(when);
            fork.act(action);
        }
        self.holds(fork)
    }

    /// Whether it holds with these steps instead of its own.
    fn holds_under(&self, steps: &[Action]) -> bool {
        let mut fork = Fork::new(&self.world, self.luck, &self.search.criteria);
        fork.run_until(self.at);
        steps.iter().for_each(|step| fork.act(step));
        self.holds(fork)
    }

    /// Whether it holds in this scenario, with the same drill.
    fn holds_in(&self, scenario: &Scenario) -> bool {
        let Ok(world) = World::compile(scenario) else { return false };
        let mut fork = Fork::new(&world, self.luck, &self.search.criteria);
        fork.run_until(self.at);
        self.holds(fork)
    }

    fn drill(&self) -> Scenario {
        self.search.scenario_of(self.set, self.at, self.objective)
    }

    /// The objective is that of this file, whatever another strategy is held against.
    fn other_strategies(&self, others: &[Search]) -> Vec<Saved> {
        let mine = self.search.scenario.run.strategy.as_ref();
        let others = others.iter().filter(|other| other.scenario.run.strategy.as_ref() != mine);
        let kept = others.filter_map(|other| {
            let mut scenario = other.scenario.clone();
            for fault in self.set {
                self.search.menu[*fault].change(&mut scenario);
            }
            scenario.drill = self.drill().drill;
            let name = scenario.run.strategy.clone()?;
            self.holds_in(&scenario).then(|| Saved {
                by: format!("the strategy \"{name}\""),
                before: true,
                latest_s: None,
            })
        });
        kept.collect()
    }

    fn without_maintenance(&self) -> Option<Saved> {
        let mut scenario = self.drill();
        let plan = scenario.run.maintenance.clone()?;
        scenario.run = Pick { maintenance: Some("none".to_owned()), ..scenario.run };
        self.holds_in(&scenario).then(|| Saved { by: format!("without \"{plan}\""), before: true, latest_s: None })
    }

    /// Twice the servers of one service at one site.
    fn more_servers(&self) -> Vec<Saved> {
        let scenario = self.drill();
        let mut found = Vec::new();
        for (service, written) in scenario.services.iter() {
            for (site, placement) in written.runs_at.iter() {
                let Some(servers) = placement.servers.filter(|servers| *servers > 0) else { continue };
                let mut more = scenario.clone();
                let place = more.services.get_mut(service).and_then(|service| service.runs_at.get_mut(site));
                let Some(place) = place else { continue };
                place.servers = Some(servers * 2);
                if self.holds_in(&more) {
                    let by = format!("{} servers of {service} at {site} instead of {servers}", servers * 2);
                    found.push(Saved { by, before: true, latest_s: None });
                }
            }
        }
        found
    }

    /// Procedures of the runbook and switchovers: as late as they still help.
    fn orders(&self) -> Vec<Saved> {
        let world = &self.world;
        let procedures = world.procedures.iter().enumerate().filter(|(_, procedure)| !procedure.only_words());
        let mut orders: Vec<(String, Action)> =
            procedures.map(|(i, procedure)| (format!("to order \"{}\"", procedure.name), Action::Order(i))).collect();
        for (i, group) in world.groups.iter().enumerate() {
            for (member, node) in group.members.iter().enumerate().skip(1) {
                let by = format!("to switch {} to {}", group.name, world.nodes[node.at()].name);
                orders.push((by, Action::FailOver(GroupId::new(i), member)));
            }
        }
        let mut found = Vec::new();
        for (by, action) in orders {
            let early = Time(self.at.0.saturating_sub(BEFORE.0).max(0));
            if self.holds_with(&action, self.at) {
                let rest_s = world.horizon.since(self.at).seconds();
                let helps = |after_s: f64| self.holds_with(&action, self.at.after(length(after_s)));
                found.push(Saved { by, before: false, latest_s: Some(last(rest_s, helps)) });
            } else if early < self.at && self.holds_with(&action, early) {
                found.push(Saved { by, before: true, latest_s: None });
            }
        }
        found
    }

    /// Each fault over sooner: how long it may last.
    fn sooner(&self) -> Vec<Saved> {
        let mut found = Vec::new();
        for fault in self.set {
            let fault_of = &self.search.menu[*fault];
            let rest_s = self.world.horizon.since(self.at).seconds();
            let usual_s = fault_of.lasts.map_or(rest_s, Duration::seconds).min(rest_s);
            let holds = |lasts_s: f64| {
                let own = self.search.acts[*fault].iter().map(|action| shorter(action, length(lasts_s)));
                let others = self.set.iter().filter(|other| *other != fault);
                let others = others.flat_map(|other| self.search.acts[*other].iter().cloned());
                self.holds_under(&own.chain(others).collect::<Vec<_>>())
            };
            if !self.search.acts[*fault].iter().any(has_length) || !holds(0.0) {
                continue;
            }
            let longest_s = last(usual_s, holds);
            if longest_s >= 1.0 {
                let by = format!("{} for no longer", fault_of.name);
                found.push(Saved { by, before: false, latest_s: Some(longest_s) });
            }
        }
        found
    }
}

/// The last of the times up to `most_s` at which something still helps, by halving, for what helps at no time helps at no later one.
fn last(most_s: f64, helps: impl Fn(f64) -> bool) -> f64 {
    let (mut does_s, mut does_not_s) = (0.0, most_s);
    while does_not_s - does_s > TO_S.max(does_s * 0.01) {
        let middle_s = (does_s + does_not_s) / 2.0;
        match helps(middle_s) {
            true => does_s = middle_s,
            false => does_not_s = middle_s,
        }
    }
    does_s
}

fn has_length(action: &Action) -> bool {
    !matches!(action, Action::FailHidden(_) | Action::FailOver(..) | Action::Decide(_) | Action::Tell(_))
}

/// The same step, over after this time.
fn shorter(action: &Action, length: Duration) -> Action {
    let mut action = action.clone();
    match &mut action {
        Action::Crash(_, lasts, _) | Action::Slow(_, _, lasts) | Action::Cut(_, lasts) => *lasts = Some(length),
        Action::Gray { lasts, .. } | Action::SlowServers { lasts, .. } | Action::Withdraw(_, _, lasts) => {
            *lasts = Some(length);
        }
        Action::Surge { ramp, lasts, .. } => {
            *lasts = Some(length);
            *ramp = (*ramp).min(length);
        }
        _ => {}
    }
    action
}
