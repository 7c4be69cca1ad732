//! Compiling the procedures of a runbook.

use super::calendar::hours;
use super::compiler::Compiler;
use super::limits::{self, sampler};
use super::resolve::{Names, sorted};
use crate::scenario::{self, Code};
use crate::units::{Duration, Time};
use crate::world::runbook::{Condition, GoesWrong, Procedure};

/// Steps of one procedure.
const PHASES_MAX: u32 = 1_000;

impl Compiler<'_> {
    /// The runbook of the strategy that is taken; those of the others are checked all the same.
    pub fn compile_procedures(&self) -> Vec<Procedure> {
        let (scenario, p) = (self.scenario, &self.problems);
        let mut found = Vec::new();
        for (strategy_name, strategy) in sorted(&scenario.strategies) {
            let names = Names::in_order(sorted(&strategy.runbook).map(|(n, _)| n));
            Names::of(&[(&format!("strategies.{strategy_name}.runbook"), strategy.runbook.names().collect())], p);
            let taken = scenario.run.strategy.as_deref() == Some(strategy_name);
            for (name, written) in sorted(&strategy.runbook) {
                let path = format!("strategies.{strategy_name}.runbook.{name}");
                if let Some(procedure) = self.procedure(name, written, &path, &names).filter(|_| taken) {
                    found.push(procedure);
                }
            }
        }
        found
    }

    pub fn procedure(&self, name: &str, written: &scenario::Procedure, path: &str, names: &Names) -> Option<Procedure> {
        let (scenario, p) = (self.scenario, &self.problems);
        let at = written.at.as_ref().and_then(|at| self.time_in_run(at, &format!("{path}.at")));
        let until = written.until.as_ref().and_then(|t| self.time_in_run(t, &format!("{path}.until")));
        let when = written.when.as_ref().and_then(|when| self.condition(when, &format!("{path}.when"), names));
        let back_when =
            written.back_when.as_ref().and_then(|when| self.condition(when, &format!("{path}.back_when"), names));
        if let Some(again) = written.again_after {
            limits::period(p, &format!("{path}.again_after"), again, self.scenario.clock.horizon);
        }
        self.check_start(written, at, until, path);
        if written.does.is_empty() {
            p.add(
                Code::NeverActs,
                format!("{path}.does"),
                "a measure that does nothing",
                "name an action, like add_servers(service: \"web\", at: \"oslo\", by: \"x2\")",
            );
        }
        let by = written.by.as_ref().and_then(|by| {
            let teams = Names::in_order(sorted(&scenario.teams).map(|(name, _)| name));
            teams.find(by, "team", format!("{path}.by"), p)
        });
        let phases = written.phases.as_ref();
        let count = phases.map_or(1, |phases| phases.count);
        p.range(
            format!("{path}.phases.count"),
            (1..=PHASES_MAX).contains(&count),
            format!("{count} steps"),
            "write from 1 to 1000",
        );
        if let Some(phases) = phases
            && phases.fails.0 > 0.0
            && phases.pause.0 == 0
            && phases.fails.0 >= 1.0
        {
            p.add(
                Code::Contradiction,
                format!("{path}.phases.fails"),
                "every step goes wrong, and the next comes at once: this never ends",
                "write a pause, or a smaller probability",
            );
        }
        self.check_steps_back(written, path);
        let mut actions = Vec::new();
        let mut words = Vec::new();
        for (i, written) in written.does.iter().enumerate() {
            match self.action(written, &format!("{path}.does.{i}")) {
                Some(action) => actions.push(action),
                // What it speaks of may have a mistake of its own, which has been told.
                None => {
                    debug_assert!(p.count() > 0 || !scenario.broken.is_empty(), "{written:?} is refused in silence")
                }
            }
            words.push(said(written));
        }
        Some(Procedure {
            name: name.to_owned(),
            does: words.join("; "),
            at,
            when,
            by,
            needs: self.services_needed(&written.needs, &format!("{path}.needs")),
            lead: written.lead.as_ref().and_then(|lead| sampler(lead, &format!("{path}.lead"), p)),
            count: count.clamp(1, PHASES_MAX),
            pause: phases.map_or(Duration::ZERO, |phases| phases.pause),
            fails: phases.map_or(0.0, |phases| phases.fails.0),
            breaks: phases.map_or(Duration::ZERO, |phases| phases.breaks),
            hours: phases
                .and_then(|phases| phases.hours.as_ref())
                .and_then(|h| hours(h, self.calendar.zone.clone(), true, &format!("{path}.phases.hours"), p)),
            actions,
            goes_wrong: written.goes_wrong.as_ref().map(|wrong| self.goes_wrong(wrong, &format!("{path}.goes_wrong"))),
            go_on_when: self.seen_at_steps(phases, |phases| phases.go_on_when.as_ref(), path, "go_on_when", names),
            step_back_when: self.seen_at_steps(
                phases,
                |phases| phases.step_back_when.as_ref(),
                path,
                "step_back_when",
                names,
            ),
            until,
            back_when,
            again_after: written.again_after,
            muted: false,
        })
    }

    /// Only admission comes back by steps, and goes back by them.
    fn check_steps_back(&self, written: &scenario::Procedure, path: &str) {
        use scenario::Action as A;
        let (phases, p) = (written.phases.as_ref(), &self.problems);
        let eases = |action: &&A| matches!(action, A::Shed { eases_by_steps: true, .. });
        let says = |action: &&A| matches!(action, A::Tell(_) | A::Decide(_));
        if written.does.iter().any(|action| eases(&action)) && phases.is_none_or(|phases| phases.count < 2) {
            p.add(
                Code::NeverActs,
                format!("{path}.does"),
                "admission comes back by the steps of a measure that has one step",
                "write phases: with a count: of two or more and a pause:, or eases_over: instead",
            );
        }
        let back = phases.is_some_and(|phases| phases.step_back_when.is_some());
        if back && !written.does.iter().all(|action| eases(&action) || says(&action)) {
            p.add(
                Code::Contradiction,
                format!("{path}.phases.step_back_when"),
                "only admission goes back by steps",
                "leave it out, or do nothing else in this measure than shed(.., eases_by_steps: true)",
            );
        }
    }

    fn goes_wrong(&self, wrong: &scenario::GoesWrong, path: &str) -> GoesWrong {
        let p = &self.problems;
        if let Some(again) = wrong.again_after {
            limits::period(p, &format!("{path}.again_after"), again, self.scenario.clock.horizon);
        }
        let does = wrong.does.iter().enumerate();
        GoesWrong {
            chance: wrong.chance.0,
            does: does.filter_map(|(i, act)| self.act(act, &format!("{path}.does.{i}"))).collect(),
            again_after: wrong.again_after,
        }
    }

    /// A condition that is looked at whenever a step is due.
    fn seen_at_steps<'p>(
        &self,
        phases: Option<&'p scenario::Phases>,
        which: impl Fn(&'p scenario::Phases) -> Option<&'p scenario::Condition>,
        path: &str,
        field: &str,
        names: &Names,
    ) -> Option<Condition> {
        let (phases, p) = (phases?, &self.problems);
        let written = which(phases)?;
        let place = format!("{path}.phases.{field}");
        if phases.pause.0 == 0 {
            p.add(
                Code::Contradiction,
                &place,
                "steps without a pause are all taken at once: nobody looks in between",
                "write a pause:",
            );
        } else {
            limits::period(p, &format!("{path}.phases.pause"), phases.pause, self.scenario.clock.horizon);
        }
        let condition = self.condition(written, &place, names)?;
        if condition.parts().iter().any(|part| part.lasts().0 > 0) {
            p.add(
                Code::Contradiction,
                &place,
                "this is looked at once in every pause, and not for how long it has lasted",
                "leave for: and lasting(..) out, or make the pause longer",
            );
        }
        Some(condition)
    }

    /// Checks what starts a procedure, and what ends it.
    fn check_start(&self, written: &scenario::Procedure, at: Option<Time>, until: Option<Time>, path: &str) {
        let p = &self.problems;
        match (&written.at, &written.when) {
            // Then somebody at a seat orders it.
            (None, None) if self.scenario.rehearsal.is_some() => {}
            (None, None) => p.add(
                Code::NeverActs,
                path,
                "nothing starts this measure",
                "write at: with a time, or when: with what has to be seen; in a file with a rehearsal people can order it",
            ),
            (Some(_), Some(_)) => p.add(
                Code::Contradiction,
                format!("{path}.when"),
                "both at: and when: say when it is ordered",
                "leave one of them out",
            ),
            _ => {}
        }
        if let (Some(at), Some(until)) = (at, until)
            && until <= at
        {
            p.add(
                Code::Contradiction,
                format!("{path}.until"),
                "it is taken back before it is ordered",
                "write a time after at:, or leave it out",
            );
        }
    }
}

/// What an action does, in words.
fn said(action: &scenario::Action) -> String {
    use crate::units::Quantity;
    use scenario::Action as A;
    match action {
        A::AddServers { service, at, by: Some(by), .. } => format!("servers of {service} at {at} {}", by.write()),
        A::AddServers { service, at, servers, .. } => {
            format!("{} more servers of {service} at {at}", servers.unwrap_or(0))
        }
        A::AddNetwork { at: Some(at), by, .. } => format!("uplink of {at} {}", by.write()),
        A::AddNetwork { between, by, .. } => {
            let (a, b) = between.clone().unwrap_or_default();
            format!("link {a}–{b} {}", by.write())
        }
        A::MovePeople { of, to, share } if share.0 < 1.0 => format!("{} of {of} to {to}", share.write()),
        A::MovePeople { of, to, .. } => format!("{of} to {to}"),
        A::FreeHardware { from, to, servers } => {
            format!("{servers} servers from {} at {} to {} at {}", from.0, from.1, to.0, to.1)
        }
        A::Restrict { feature, only, compliance, .. } => {
            let who = if compliance.0 < 1.0 { format!(", {} comply", compliance.write()) } else { String::new() };
            format!("{feature} only from {} to {}{who}", only.0, only.1)
        }
        A::Stagger { of, over, compliance } => format!("{of} come over {over}, {} comply", compliance.write()),
        A::Hotfix { service, takes, .. } => format!("{service} takes {} as long", takes.write()),
        A::Shed { feature, of, share, .. } => {
            let what = feature.as_ref().or(of.as_ref()).map_or("requests", String::as_str);
            format!("{} of {what} turned away", share.write())
        }
        A::Dim { service, share } if share.0 < 1.0 => format!("{} of the calls to {service} left out", share.write()),
        A::Dim { service, .. } => format!("{service} left out"),
        A::SwitchOver { group, to } => format!("{group} to {to}"),
        A::SwitchOff { of, lasts } => {
            let lasts = lasts.map_or(String::new(), |lasts| format!(" for {lasts}"));
            format!("{} off{lasts}", automation_said(of))
        }
        A::SwitchOn { of } => format!("{} on", automation_said(of)),
        A::Flush { service, at: Some(at) } => format!("the cache of {service} at {at} emptied"),
        A::Flush { service, .. } => format!("the caches of {service} emptied"),
        A::Restore { of, from: Some(from) } => format!("{of} is restored from {from}"),
        A::Restore { of, .. } => format!("{of} is restored"),
        A::Tell(what) => format!("users are told: {what}"),
        A::Decide(what) => format!("decision: {what}"),
    }
}

fn automation_said(of: &scenario::Automation) -> String {
    match of {
        scenario::Automation::Failover(group) => format!("failover of {group}"),
        scenario::Automation::Autoscale(name) => format!("autoscaler {name}"),
        scenario::Automation::Measure(name) => format!("measure {name}"),
        scenario::Automation::Maintenance(plan) => format!("maintenance {plan}"),
        scenario::Automation::Checks(name) => format!("health checks of {name}"),
    }
}
