//! Checking the strategies that a run does not take, and the names of those that it does.

use super::compiler::Compiler;
use super::resolve::{Names, sorted};
use crate::scenario::{Code, Pick};

impl Compiler<'_> {
    /// Checks the strategies that this run does not take, and the names that all of them use.
    pub fn check_strategies(&self) {
        let (scenario, names, p) = (self.scenario, &self.names, &self.problems);
        let plans = Names::in_order(scenario.maintenance.names());
        for (name, strategy) in sorted(&scenario.strategies) {
            for (group, response) in strategy.failover.iter() {
                if scenario.run.strategy.as_deref() != Some(name) || scenario.groups.get(group).is_none() {
                    self.failover(response, &format!("strategies.{name}.failover.{group}"));
                }
                let path = format!("strategies.{name}.failover.{group}#key");
                names.groups.find(group, "group", path.clone(), p);
                if scenario.groups.get(group).is_some_and(|g| g.members.len() == 1) {
                    self.nothing_to_fail_over_to(group, path);
                }
            }
            if let Some(group) = strategy.like.as_ref().and_then(|pattern| pattern.of().group.as_ref()) {
                let path = format!("strategies.{name}.like.group");
                names.groups.find(group, "group", path.clone(), p);
                if scenario.groups.get(group).is_some_and(|g| g.members.len() == 1) {
                    self.nothing_to_fail_over_to(group, path);
                }
            }
            if let Some(plan) = strategy.maintenance.as_ref().filter(|plan| *plan != "none") {
                plans.find(plan, "maintenance plan", format!("strategies.{name}.maintenance"), p);
            }
        }
        self.check_pick(&scenario.run, "run");
    }

    fn nothing_to_fail_over_to(&self, group: &str, path: String) {
        let reason = format!("\"{group}\" has one member, so that there is nothing to fail over to");
        self.problems.add(Code::NeverActs, path, reason, "add a member to the group, or leave its failover out");
    }

    /// Checks the names of a strategy, a maintenance plan and a variant.
    pub fn check_pick(&self, pick: &Pick, path: &str) {
        let (scenario, p) = (self.scenario, &self.problems);
        for (field, chosen, known) in [
            ("strategy", &pick.strategy, Names::in_order(scenario.strategies.names())),
            ("maintenance", &pick.maintenance, Names::in_order(scenario.maintenance.names())),
            ("variant", &pick.variant, Names::in_order(scenario.variants.names())),
        ] {
            if let Some(name) = chosen.as_ref().filter(|name| field == "strategy" || *name != "none") {
                let kind = if field == "maintenance" { "maintenance plan" } else { field };
                known.find(name, kind, format!("{path}.{field}"), p);
            }
        }
    }
}
