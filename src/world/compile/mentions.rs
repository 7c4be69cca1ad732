//! What actions and conditions can mention: stations, uplinks and populations.

use super::compiler::Compiler;
use super::resolve::{Names, sorted};
use crate::scenario::{self, Code};
use crate::world::automation::Automation;
use crate::world::ids::{GroupId, LinkId, PopId, ServiceId, StationId};

impl Compiler<'_> {
    /// A service at a site.
    pub fn station(&self, service: &str, at: &str, path: (&str, &str)) -> Option<StationId> {
        let (scenario, names, p) = (self.scenario, &self.names, &self.problems);
        let id = names.services.find(service, "service", path.0, p);
        let site = names.sites.find(at, "site", path.1, p);
        let (id, site) = (id?, site?);
        let found = self.stations.iter().position(|s| s.service.at() == id && s.site.at() == site);
        if found.is_none() && scenario.services.get(service).is_some_and(|s| s.runs_at.get(at).is_none()) {
            p.add(
                Code::Contradiction,
                path.1,
                format!("\"{service}\" does not run at \"{at}\""),
                format!(
                    "name a site where it runs, or let it run there with (servers: 0) under services.{service}.runs_at"
                ),
            );
        }
        found.map(StationId::new)
    }

    /// The caches of a service: everywhere, or at one site.
    pub fn caches(&self, service: &str, at: Option<&str>, path: &str) -> Option<Vec<StationId>> {
        let (names, p) = (&self.names, &self.problems);
        let place = format!("{path}.service");
        let id = names.services.find(service, "service", &place, p)?;
        if self.scenario.services.get(service).is_some_and(|service| service.cache.is_none()) {
            let reason = format!("\"{service}\" has no cache");
            p.add(Code::NeverActs, &place, reason, "write cache: at the service, or leave this out");
        }
        match at {
            Some(at) => Some(vec![self.station(service, at, (&place, &format!("{path}.at")))?]),
            None => Some(self.services.get(id)?.stations.clone()),
        }
    }

    /// Services that have to serve for something to be done.
    pub fn services_needed(&self, needs: &[String], path: &str) -> Vec<ServiceId> {
        let found = needs.iter().enumerate();
        found
            .filter_map(|(i, name)| self.names.services.find(name, "service", format!("{path}.{i}"), &self.problems))
            .map(ServiceId::new)
            .collect()
    }

    pub fn uplink(&self, at: &str, path: &str) -> Option<LinkId> {
        let (names, p) = (&self.names, &self.problems);
        let site = names.sites.find(at, "site", path, p)?;
        let found = self.uplinks.get(site).copied().flatten();
        if found.is_none() {
            p.add(
                Code::NeverActs,
                path,
                format!("\"{at}\" has no uplink, so that it never gets too narrow"),
                format!("write uplink: \"10Gbps\" at \"{at}\""),
            );
        }
        found
    }

    /// What acts by itself. Automation of a strategy, or a maintenance, that the run does not take is nothing in this run.
    pub fn automation(&self, of: &scenario::Automation, path: &str) -> Option<Option<Automation>> {
        use scenario::Automation as A;
        let (scenario, names, p) = (self.scenario, &self.names, &self.problems);
        let taken = scenario.run.strategy.as_deref().and_then(|name| scenario.strategies.get(name));
        let of_strategies = |what: &str, name: &str, found: bool, mut all: Vec<&str>| {
            if !found {
                all.sort_unstable();
                all.dedup();
                Names::in_order(all.into_iter()).find(name, what, path, p)?;
            }
            Some(())
        };
        let strategies = || scenario.strategies.iter().map(|(_, strategy)| strategy);
        Some(match of {
            A::Failover(group) => Some(Automation::Failover(GroupId::new(names.groups.find(group, "group", path, p)?))),
            A::Autoscale(name) => {
                let found = taken.and_then(|s| sorted(&s.autoscale).position(|(known, _)| known == name));
                let all = strategies().flat_map(|s| s.autoscale.names()).collect();
                of_strategies("autoscaler", name, found.is_some(), all)?;
                found.map(Automation::Autoscale)
            }
            A::Measure(name) => {
                let found = taken.and_then(|s| sorted(&s.runbook).position(|(known, _)| known == name));
                let all = strategies().flat_map(|s| s.runbook.names()).collect();
                of_strategies("measure", name, found.is_some(), all)?;
                found.map(Automation::Procedure)
            }
            A::Maintenance(plan) => {
                Names::in_order(sorted(&scenario.maintenance).map(|(name, _)| name)).find(plan, "plan", path, p)?;
                (scenario.run.maintenance.as_deref() == Some(plan)).then_some(Automation::Maintenance)
            }
            A::Checks(name) => Some(self.whose_checks(name, path)?),
        })
    }

    pub fn population(&self, of: &str, path: &str) -> Option<PopId> {
        let id = self.names.people.find(of, "population", path, &self.problems)?;
        // A population that could not be compiled has mistakes of its own.
        self.people.iter().position(|people| people.name == of).filter(|found| *found == id).map(PopId::new)
    }
}
