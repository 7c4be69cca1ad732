//! What waits for itself when everything has to be started, or is to help itself.

use super::looked::Looked;
use crate::scenario::{Action, Call, Code, Diagnostic, Gate, Scenario};
use std::collections::BTreeMap;

/// Services that are started after one which cannot do without them; automation and measures that need a service which cannot do without
/// what they are to help. Circles of calls alone, or of starts alone, are mistakes.
pub fn at_start(looked: &Looked) -> Vec<Diagnostic> {
    let scenario = looked.scenario;
    let mut found = Vec::new();
    for (name, service) in scenario.services.iter() {
        for (i, first) in service.starts_after.iter().enumerate() {
            if let Some(way) = way(scenario, first, name, true) {
                let reason = format!("\"{name}\" starts after \"{first}\", which cannot do without it: {way}");
                let fix = "let one of them start without the other, or call it soft(..)";
                found.push(Diagnostic::new(Code::Circle, format!("services.{name}.starts_after.{i}"), reason, fix));
            }
        }
    }
    found.extend(crews(scenario));
    for (strategy, of) in scenario.strategies.iter() {
        let scalers = of.autoscale.iter().map(|(name, scaler)| {
            (format!("strategies.{strategy}.autoscale.{name}.needs"), &scaler.needs, vec![scaler.service.as_str()])
        });
        let measures = of.runbook.iter().map(|(name, procedure)| {
            let helped = procedure.does.iter().filter_map(|action| match action {
                Action::AddServers { service, .. } => Some(service.as_str()),
                _ => None,
            });
            (format!("strategies.{strategy}.runbook.{name}.needs"), &procedure.needs, helped.collect())
        });
        for (path, needs, helped) in scalers.chain(measures) {
            for (i, need) in needs.iter().enumerate() {
                let circle =
                    helped.iter().find_map(|service| way(scenario, need, service, false).map(|way| (service, way)));
                if let Some((service, way)) = circle {
                    let reason =
                        format!("\"{service}\" is to get servers by \"{need}\", which cannot do without it: {way}");
                    let fix = "let what helps stand on nothing that it helps";
                    found.push(Diagnostic::new(Code::Circle, format!("{path}.{i}"), reason, fix));
                }
            }
        }
    }
    found
}

/// Crews that work through a service which is nowhere without what they repair, and that cannot do without it.
fn crews(scenario: &Scenario) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let waits = |crew: &&str| scenario.crews.get(crew).is_some_and(|crew| crew.without.is_none());
    for (name, component) in scenario.components.iter() {
        let Some(crew) = component.repair.as_ref().and_then(|repair| repair.crew.as_deref()).filter(waits) else {
            continue;
        };
        for (i, need) in scenario.crews.get(crew).iter().flat_map(|crew| crew.needs.iter().enumerate()) {
            let Some(service) = scenario.services.get(need) else { continue };
            let stands = |on: &Option<Gate>| matches!(on, Some(Gate::All(of)) if of.iter().any(|of| of == name));
            if !service.runs_at.is_empty() && service.runs_at.iter().all(|(_, placement)| stands(&placement.stands_on))
            {
                let reason = format!("\"{crew}\" repairs \"{name}\" through \"{need}\", which stands on it");
                let fix = "let it stand on something else, or write without: how long it takes to get there otherwise";
                found.push(Diagnostic::new(Code::Circle, format!("crews.{crew}.needs.{i}"), reason, fix));
            }
        }
    }
    found
}

/// How one service needs another, as a chain of names: by hard calls, and where it has to start by what it starts after.
fn way(scenario: &Scenario, from: &str, to: &str, starting: bool) -> Option<String> {
    let mut before: BTreeMap<&str, &str> = BTreeMap::new();
    let (from, _) = scenario.services.iter().find(|(name, _)| *name == from)?;
    let mut open = vec![from];
    let mut at = 0;
    while let Some(next) = open.get(at).copied() {
        at += 1;
        if next == to {
            let mut chain = vec![next];
            let mut last = next;
            while last != from {
                last = before[last];
                chain.push(last);
            }
            chain.reverse();
            return Some(chain.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(" needs "));
        }
        let Some(service) = scenario.services.get(next) else { continue };
        let calls = service.calls.iter().filter_map(|call| match call {
            Call::Hard(to) => Some(to.to.as_str()),
            Call::Soft(_) => None,
        });
        let starts = service.starts_after.iter().map(String::as_str).filter(|_| starting);
        for needed in calls.chain(starts) {
            if needed != from && !before.contains_key(needed) {
                before.insert(needed, next);
                open.push(needed);
            }
        }
    }
    None
}
