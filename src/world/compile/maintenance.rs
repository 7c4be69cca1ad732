//! Compiling maintenance.

use super::compiler::Compiler;
use super::limits::{self, sampler};
use super::profiles::read_days;
use super::resolve::sorted;
use crate::scenario::{self, Code};
use crate::units::Time;
use crate::world::ids::{GroupId, NodeId};
use crate::world::maintenance::Maintenance;
use jiff::civil::Date;

impl Compiler<'_> {
    /// Checks every plan and compiles the one that this run takes.
    pub fn compile_maintenance(&self) -> Option<Maintenance> {
        let scenario = self.scenario;
        let mut picked = None;
        for (name, plan) in sorted(&scenario.maintenance) {
            let compiled = self.plan(name, plan);
            if scenario.run.maintenance.as_deref() == Some(name) {
                picked = compiled;
            }
        }
        picked
    }

    fn plan(&self, name: &str, plan: &scenario::Maintenance) -> Option<Maintenance> {
        let (scenario, names, p) = (self.scenario, &self.names, &self.problems);
        let path = format!("maintenance.{name}");
        let (told_at, starts) = self.plan_times(plan, &path);
        if plan.takes_down.is_empty() && plan.replaces.is_empty() {
            p.add(
                Code::NeverActs,
                format!("{path}.takes_down"),
                "a maintenance that touches nothing",
                "name what it takes down",
            );
        }
        let takes_down = (plan.takes_down.iter().enumerate())
            .filter_map(|(i, n)| names.nodes.find(n, "site, component or group", format!("{path}.takes_down.{i}"), p))
            .map(NodeId::new)
            .collect();
        let components = |names: &[String], field: &str| -> Vec<NodeId> {
            (names.iter().enumerate()).filter_map(|(i, n)| self.component(n, &format!("{path}.{field}.{i}"))).collect()
        };
        let replaces = components(&plan.replaces, "replaces");
        let hazard = plan.hazard.as_ref().map(|h| components(&h.of, "hazard.of")).unwrap_or_default();
        self.check_hazard(plan, &path);
        let improves = sorted(&plan.improves)
            .filter_map(|(group, improved)| {
                let id = names.groups.find(group, "group", format!("{path}.improves.{group}#key"), p)?;
                Some((GroupId::new(id), improved.fails_on_demand.0))
            })
            .collect();
        if let Some(every) = plan.repeats_every {
            limits::period(p, &format!("{path}.repeats_every"), every, scenario.clock.horizon);
            if every.0 > 0 && every <= plan.announced {
                p.add(
                    Code::Contradiction,
                    format!("{path}.repeats_every"),
                    "it would start again before its announced end",
                    "lengthen the interval",
                );
            }
        }
        p.range(
            format!("{path}.announced"),
            plan.announced.0 > 0,
            "a promise of no time",
            "write how long it was announced to take",
        );
        let abort = match &plan.abort {
            Some(abort) => {
                sampler(&abort.rollback, &format!("{path}.abort.rollback"), p).map(|rollback| (abort.after, rollback))
            }
            None => None,
        };
        let avoid = self.dates_to_avoid(plan, &path);
        let hazard_by = plan.hazard.as_ref().map_or(1.0, |h| h.by.0);
        p.range(
            format!("{path}.hazard.by"),
            hazard_by > 0.0 && hazard_by <= 1e6,
            "a hazard is raised by a factor above zero and up to a million",
            "write a factor like \"x3\"",
        );
        Some(Maintenance {
            name: name.to_owned(),
            told_at,
            starts: starts?,
            announced: plan.announced,
            takes: sampler(&plan.takes, &format!("{path}.takes"), p)?,
            repeats_every: plan.repeats_every,
            avoid,
            on_working_days: plan.on_working_days,
            takes_down,
            order: plan.order.clone(),
            replaces,
            improves,
            hazard,
            hazard_by,
            only_if_healthy: plan.only_if_healthy,
            abort,
        })
    }

    /// Dates on which it is not to be under way; that it starts on one itself is a contradiction.
    fn dates_to_avoid(&self, plan: &scenario::Maintenance, path: &str) -> Vec<(Date, Date)> {
        let p = &self.problems;
        let mut avoid = Vec::new();
        for (i, text) in plan.avoid.iter().enumerate() {
            match read_days(text) {
                Ok(days) => avoid.push(days),
                Err((reason, fix)) => p.add(Code::Time, format!("{path}.avoid.{i}"), reason, fix),
            }
        }
        let starts =
            self.calendar.read(&plan.starts).ok().map(|at| self.calendar.zoned(at, &self.calendar.zone).date());
        if let Some(date) = starts.filter(|date| avoid.iter().any(|(from, to)| (*from..=*to).contains(date))) {
            p.add(
                Code::Contradiction,
                format!("{path}.starts"),
                format!("it starts on {date}, which it is to avoid"),
                "start on another day, or take the date out of avoid",
            );
        }
        avoid
    }

    /// When its users are told, and when it starts.
    fn plan_times(&self, plan: &scenario::Maintenance, path: &str) -> (Option<Time>, Option<Time>) {
        let starts = self.time_in_run(&plan.starts, &format!("{path}.starts"));
        let told_at = plan.told_at.as_ref().and_then(|t| self.time_in_run(t, &format!("{path}.told_at")));
        if let (Some(told), Some(starts)) = (told_at, starts)
            && told > starts
        {
            self.problems.add(
                Code::Contradiction,
                format!("{path}.told_at"),
                "the users would be told after it has started",
                "tell them before the start, or leave told_at out",
            );
        }
        (told_at, starts)
    }

    fn check_hazard(&self, plan: &scenario::Maintenance, path: &str) {
        for (i, name) in plan.hazard.iter().flat_map(|h| &h.of).enumerate() {
            if self.scenario.components.get(name).is_some_and(|c| c.fails.is_none()) {
                self.problems.add(
                    Code::NeverActs,
                    format!("{path}.hazard.of.{i}"),
                    format!("\"{name}\" never fails by itself, so that no hazard of it can be raised"),
                    format!("give \"{name}\" a time to failure with fails:, or leave it out here"),
                );
            }
        }
    }
}
