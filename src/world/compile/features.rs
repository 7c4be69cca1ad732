//! Compiling features, with the calls that they make from each site.

use super::clients;
use super::compiler::Compiler;
use super::resolve::sorted;
use crate::scenario::presets;
use crate::scenario::{self, Code};
use crate::world::features::Feature;
use crate::world::ids::{QueueId, SiteId, StoreId};
use crate::world::services::Call;

impl Compiler<'_> {
    pub fn compile_features(&self) -> Vec<Feature> {
        let (names, p) = (&self.names, &self.problems);
        let mut found = Vec::new();
        for (name, feature) in sorted(&self.scenario.features) {
            let path = format!("features.{name}");
            if feature.calls.is_empty() {
                p.add(
                    Code::NeverActs,
                    format!("{path}.calls"),
                    "a feature that calls nothing",
                    "name the service that its requests enter, like [hard(to: \"web\")]",
                );
            }
            let calls = self.feature_calls(name, feature, &format!("{path}.calls"));
            let written = presets::with_preset(feature);
            clients::check(&written, &path, p);
            let fresh = (feature.fresh.iter().enumerate())
                .filter_map(|(i, q)| names.queues.find(q, "queue", format!("{path}.fresh.{i}"), p))
                .map(QueueId::new)
                .collect();
            let reads = sorted(&feature.reads)
                .filter_map(|(store, age)| {
                    let id = names.stores.find(store, "store", format!("{path}.reads.{store}#key"), p)?;
                    Some((StoreId::new(id), age.seconds()))
                })
                .collect();
            found.push(Feature {
                name: name.to_owned(),
                calls,
                at_once: feature.at_once,
                timeout_s: written.timeout.map(|t| t.seconds()),
                slow_over_s: feature.slow_over.map(|t| t.seconds()),
                retries: clients::means(&written),
                client: clients::compile(&written),
                class: feature.priority as usize,
                bits: feature.size.0 * 8.0,
                fresh,
                reads,
                needs: Vec::new(),
                worth: feature.worth,
            });
        }
        found
    }

    /// The calls of a feature from each site.
    fn feature_calls(&self, name: &str, feature: &scenario::Feature, path: &str) -> Vec<Vec<Call>> {
        // The same mistake would be found once per site; a site without users need not reach anything.
        let mut quiet = Vec::new();
        let mut calls = Vec::new();
        let served = self.served_sites(name);
        for site in 0..self.names.sites.len() {
            let before = self.problems.count();
            calls.push(self.calls(&feature.calls, path, SiteId::new(site)));
            if !served.contains(&site) {
                quiet.extend(self.problems.take_after(before));
            }
        }
        if served.is_empty() {
            let of_names = quiet.into_iter().filter(|d| d.code == Code::UnknownName || d.code == Code::OutOfRange);
            self.problems.put_back(of_names);
        }
        calls
    }

    /// The sites from which some population uses a feature.
    fn served_sites(&self, feature: &str) -> Vec<usize> {
        let (scenario, names) = (self.scenario, &self.names);
        let mut sites = Vec::new();
        let is_used = |people: &scenario::Population| {
            let logs_in = people.sessions.as_ref().is_some_and(|s| s.log_in.as_deref() == Some(feature));
            people.uses.get(feature).is_some() || logs_in
        };
        for (name, people) in scenario.people.iter().filter(|(_, people)| is_used(people)) {
            match scenario.groups.get(&people.served_by) {
                Some(group) => {
                    for member in &group.members {
                        let site = scenario.components.get(member).and_then(|c| c.at.as_ref()).unwrap_or(member);
                        sites.extend(names.sites.get(site));
                    }
                }
                None => match scenario.spreads.get(&people.served_by) {
                    Some(spread) => sites.extend(spread.over.names().filter_map(|site| names.sites.get(site))),
                    None => sites.extend(names.sites.get(&people.served_by)),
                },
            }
            // Or where a procedure of some strategy moves them.
            let procedures = scenario.strategies.iter().flat_map(|(_, strategy)| strategy.runbook.iter());
            for action in procedures.flat_map(|(_, procedure)| &procedure.does) {
                if let scenario::Action::MovePeople { of, to, .. } = action
                    && of == name
                {
                    sites.extend(names.sites.get(to));
                }
            }
        }
        sites.sort_unstable();
        sites.dedup();
        sites
    }
}
