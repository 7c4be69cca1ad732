//! Compiling spreads: sites that serve people at the same time.

use super::balancer::health_checks;
use super::compiler::Compiler;
use super::resolve::{Names, sorted};
use crate::scenario::{Call, Code, LedBy};
use crate::world::ids::{SiteId, SpreadId, StationId};
use crate::world::sites::Spread;
use std::collections::BTreeSet;

impl Compiler<'_> {
    pub fn compile_spreads(&self) -> Vec<Spread> {
        let (scenario, names, p) = (self.scenario, &self.names, &self.problems);
        let mut found = Vec::new();
        for (name, spread) in sorted(&scenario.spreads) {
            let path = format!("spreads.{name}");
            if spread.over.is_empty() {
                p.add(
                    Code::NeverActs,
                    format!("{path}.over"),
                    "people are spread over no site",
                    "name the sites with their weights, like {\"oslo\": 2, \"bergen\": 1}",
                );
            }
            let mut over = Vec::new();
            for (site, weight) in sorted(&spread.over) {
                p.range(
                    format!("{path}.over.{site}"),
                    weight.is_finite() && *weight > 0.0 && *weight <= 1e9,
                    format!("a weight of {weight}"),
                    "write a number above 0, like 1",
                );
                if let Some(id) = names.sites.find(site, "site", format!("{path}.over.{site}#key"), p) {
                    over.push((SiteId::new(id), weight.max(1e-9)));
                }
            }
            let sum: f64 = over.iter().map(|(_, weight)| weight).sum();
            over.iter_mut().for_each(|(_, weight)| *weight /= sum);
            if let LedBy::Cells(dealt) = spread.by
                && !(1..=over.len() as u32).contains(&dealt)
            {
                p.add(
                    Code::OutOfRange,
                    format!("{path}.by"),
                    format!("{dealt} of {} sites cannot be dealt to a user", over.len()),
                    format!("write from 1 to {}", over.len().max(1)),
                );
            }
            self.check_steering(&spread.steer, &path);
            let entries = over.iter().map(|(site, _)| self.entries(name, *site)).collect();
            let checks = spread
                .checks
                .as_ref()
                .map(|checks| health_checks(checks, &format!("{path}.checks"), scenario.clock.horizon, p));
            let deep = spread.checks.as_ref().map_or(&[][..], |checks| &checks.deep);
            let from = |site: &SiteId| self.deep(deep, Some(*site), &format!("{path}.checks.deep"));
            let deep = over.iter().map(|(site, _)| from(site)).collect();
            let (steer, by) = (spread.steer.clone(), spread.by);
            found.push(Spread { name: name.to_owned(), over, entries, checks, deep, steer, by });
        }
        found
    }

    /// A spread and the place of one of its sites in it.
    pub fn site_of_spread(&self, of: &str, at: &str, path: &str) -> Option<(SpreadId, usize)> {
        let (names, p) = (&self.names, &self.problems);
        let id = names.spreads.find(of, "spread", format!("{path}.of"), p)?;
        let over = &self.scenario.spreads.get(of)?.over;
        let sites = Names::in_order(sorted(over).map(|(site, _)| site));
        Some((SpreadId::new(id), sites.find(at, "site of that spread", format!("{path}.at"), p)?))
    }

    /// The stations at a site that features of those who are spread over it cannot do without.
    fn entries(&self, spread: &str, site: SiteId) -> Vec<StationId> {
        let scenario = self.scenario;
        let theirs = scenario.people.iter().filter(|(_, people)| people.served_by == spread);
        let used = theirs.flat_map(|(_, people)| people.uses.names()).collect::<BTreeSet<_>>();
        let calls = used.into_iter().filter_map(|feature| scenario.features.get(feature)).flat_map(|f| &f.calls);
        let hard = calls.filter_map(|call| match call {
            Call::Hard(to) if to.at.is_none() => Some(to.to.as_str()),
            _ => None,
        });
        let here = |service: &str| {
            let id = self.names.services.get(service)?;
            self.stations.iter().position(|s| s.service.at() == id && s.site == site).map(StationId::new)
        };
        let found: BTreeSet<StationId> = hard.filter_map(here).collect();
        found.into_iter().collect()
    }
}
