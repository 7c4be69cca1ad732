//! Redundancy that is none.

use super::looked::Looked;
use crate::scenario::{Act, Action, Call, Code, Diagnostic, Inject, Population, Scenario};
use std::collections::BTreeSet;

/// Groups of several members that no strategy, no measure and no step of the drill moves to another one.
pub fn never_failed_over(looked: &Looked) -> Vec<Diagnostic> {
    let scenario = looked.scenario;
    let moves = |group: &str| {
        let by_strategy = scenario.strategies.iter().any(|(_, strategy)| {
            let by_hand = strategy.runbook.iter().flat_map(|(_, procedure)| &procedure.does);
            strategy.failover.get(group).is_some()
                || by_hand
                    .into_iter()
                    .any(|action| matches!(action, Action::SwitchOver { group: of, .. } if of == group))
                || strategy.set.iter().any(|(path, _)| path.contains(&format!("failover.{group}")))
        });
        let by_variant = (scenario.variants.iter())
            .any(|(_, variant)| variant.set.iter().any(|(path, _)| path.contains(&format!("failover.{group}"))));
        let by_drill = scenario.drill.iter().any(|step| {
            let (Inject::At(_, act) | Inject::When(_, act)) = step;
            matches!(act, Act::FailOver { group: of, .. } if of == group)
        });
        by_strategy || by_variant || by_drill
    };
    let lonely = scenario.groups.iter().filter(|(name, group)| group.members.len() > 1 && !moves(name));
    let told = lonely.map(|(name, _)| {
        let reason = format!("no strategy fails \"{name}\" over: when its first member fails, the others do not help");
        let fix = format!("say how it fails over with strategies: {{\"..\": (failover: {{\"{name}\": (..)}})}}");
        Diagnostic::new(Code::NeverFailedOver, format!("groups.{name}#key"), reason, fix)
    });
    told.collect()
}

/// Sites at which a service has servers, or may have.
fn places<'s>(scenario: &'s Scenario, service: &str) -> Vec<&'s str> {
    let Some(service) = scenario.services.get(service) else { return Vec::new() };
    service.runs_at.iter().filter(|(_, there)| there.servers != Some(0)).map(|(site, _)| site).collect()
}

/// Hard calls from several places to one: the caller's redundancy ends there.
pub fn one_place(looked: &Looked) -> Vec<Diagnostic> {
    let scenario = looked.scenario;
    let mut found = Vec::new();
    let mut look = |calls: &[Call], path: &str, caller: &str, several: bool| {
        for (i, call) in calls.iter().enumerate() {
            let Call::Hard(to) = call else { continue };
            let of_site = to.at.as_deref().filter(|at| scenario.sites.get(at).is_some());
            let only = match (of_site, places(scenario, &to.to).as_slice()) {
                (Some(site), _) => Some(site),
                (None, [site]) => Some(*site),
                _ => None,
            };
            if let (Some(site), true) = (only, several) {
                let reason = format!(
                    "{caller} is at several sites, and cannot do without \"{}\" at \"{site}\": when that fails, all of it does",
                    to.to
                );
                let fix = "let it run at another site too, call it through a group, or write soft(..) where it can be missing";
                found.push(Diagnostic::new(Code::OnePlace, format!("{path}.{i}"), reason, fix));
            }
        }
    };
    for (name, service) in scenario.services.iter() {
        let path = format!("services.{name}.calls");
        look(&service.calls, &path, &format!("\"{name}\""), service.runs_at.len() > 1);
    }
    for (name, feature) in scenario.features.iter() {
        let users = scenario.people.iter().filter(|(_, people)| people.uses.get(name).is_some());
        let several = users.map(|(_, people)| sites_of(scenario, people)).any(|sites| sites.len() > 1);
        look(&feature.calls, &format!("features.{name}.calls"), &format!("who uses \"{name}\""), several);
    }
    found
}

/// Places to which people are led, at which what they use has no servers, and nothing brings any.
pub fn no_servers(looked: &Looked) -> Vec<Diagnostic> {
    let scenario = looked.scenario;
    let mut told = BTreeSet::new();
    for (_, people) in scenario.people.iter() {
        let sites = sites_of(scenario, people);
        for service in services_of(scenario, people) {
            let Some(written) = scenario.services.get(service) else { continue };
            let empty = written.runs_at.iter().filter(|(_, there)| there.servers == Some(0)).map(|(site, _)| site);
            told.extend(
                empty
                    .filter(|site| sites.contains(site) && !gets_servers(scenario, service, site))
                    .map(|site| (service, site)),
            );
        }
    }
    let told = told.into_iter().map(|(service, site)| {
        let reason = format!("people are led to \"{site}\", where \"{service}\" has no servers and nothing adds any");
        let fix = "give it servers, or let a measure add_servers there";
        Diagnostic::new(Code::NoServers, format!("services.{service}.runs_at.{site}"), reason, fix)
    });
    told.collect()
}

/// The sites that people may be served by.
fn sites_of<'s>(scenario: &'s Scenario, people: &'s Population) -> BTreeSet<&'s str> {
    let members = match scenario.groups.get(&people.served_by) {
        Some(group) => group.members.iter().map(String::as_str).collect(),
        None => match scenario.spreads.get(&people.served_by) {
            Some(spread) => spread.over.names().collect(),
            None => vec![people.served_by.as_str()],
        },
    };
    let site = |name: &'s str| match scenario.components.get(name) {
        Some(component) => component.at.as_deref(),
        None => Some(name),
    };
    members.into_iter().filter_map(site).collect()
}

/// The services that people cannot do without, wherever their calls lead.
fn services_of<'s>(scenario: &'s Scenario, people: &'s Population) -> BTreeSet<&'s str> {
    let hard = |calls: &'s [Call]| {
        let to = |call: &'s Call| match call {
            Call::Hard(to) if to.at.is_none() => Some(to.to.as_str()),
            _ => None,
        };
        calls.iter().filter_map(to).collect::<Vec<_>>()
    };
    let features = people.uses.names().filter_map(|used| scenario.features.get(used));
    let mut open: Vec<&str> = features.flat_map(|feature| hard(&feature.calls)).collect();
    let mut found = BTreeSet::new();
    while let Some(next) = open.pop() {
        if found.insert(next)
            && let Some(service) = scenario.services.get(next)
        {
            open.extend(hard(&service.calls));
        }
    }
    found
}

/// Whether a measure or an autoscaler brings servers to a place, or a value that is set does.
fn gets_servers(scenario: &Scenario, service: &str, site: &str) -> bool {
    let sets = |path: &str| path.starts_with(&format!("services.{service}.runs_at"));
    scenario.strategies.iter().any(|(_, strategy)| {
        let mut actions = strategy.runbook.iter().flat_map(|(_, procedure)| &procedure.does);
        actions.any(|action| match action {
            Action::AddServers { service: of, at, .. } => of == service && at == site,
            Action::FreeHardware { to, .. } => to.0 == service && to.1 == site,
            _ => false,
        }) || strategy.autoscale.iter().any(|(_, scaler)| scaler.service == service && scaler.at == site)
            || strategy.set.iter().any(|(path, _)| sets(path))
    }) || scenario.variants.iter().any(|(_, variant)| variant.set.iter().any(|(path, _)| sets(path)))
}
