//! Compiling deep health checks: what else has to work for a check to pass.

use super::compiler::Compiler;
use super::resolve::{Names, sorted};
use crate::scenario::{self, Code};
use crate::world::automation::Automation;
use crate::world::balancer::Dependency;
use crate::world::ids::{NodeId, QueueId, ServiceId, SiteId, SpreadId, StationId};

/// Things that one check looks at: they are looked at after every event.
const DEEP_MAX: usize = 100;

impl Compiler<'_> {
    /// What checks of the one at a site look at, wherever that is.
    pub fn deep(&self, written: &[scenario::Dependency], from: Option<SiteId>, path: &str) -> Vec<Dependency> {
        let p = &self.problems;
        if written.len() > DEEP_MAX && !p.is_told(path) {
            let reason = format!("a check that looks at {} other things", written.len());
            p.add(Code::TooMany, path, reason, format!("name at most {DEEP_MAX}; a component can stand on many"));
        }
        let mut found = Vec::new();
        for (i, of) in written.iter().take(DEEP_MAX).enumerate() {
            let path = format!("{path}.{i}");
            // What is the same of every site is told once.
            if p.is_told(&path) {
                continue;
            }
            let one = match of {
                scenario::Dependency::Reaches(name) => (self.names.services)
                    .find(name, "service", path.as_str(), p)
                    .map(|id| Dependency::Serves(self.asked_from(ServiceId::new(id), from))),
                scenario::Dependency::Works(name) => {
                    let id = self.names.nodes.find(name, "site, component or group", path.as_str(), p);
                    id.map(|id| Dependency::Works(NodeId::new(id)))
                }
                scenario::Dependency::KeepsUp(name) => self.fresh_queue(name, &path).map(Dependency::KeepsUp),
            };
            if let Some(Dependency::Works(id)) = one
                && self.nodes[id.at()].hidden
            {
                p.add(
                    Code::NeverActs,
                    path,
                    format!("failures of \"{}\" are hidden: no check sees them", self.nodes[id.at()].name),
                    "name something whose failures can be seen",
                );
            }
            found.extend(one);
        }
        found
    }

    fn fresh_queue(&self, name: &str, path: &str) -> Option<QueueId> {
        let queues = Names::in_order(sorted(&self.scenario.queues).map(|(name, _)| name));
        Some(QueueId::new(queues.find(name, "queue", path, &self.problems)?))
    }

    /// Where calls from a site go: the station there, else the nearest; from nowhere in particular, any.
    fn asked_from(&self, service: ServiceId, from: Option<SiteId>) -> Vec<StationId> {
        let Some(placed) = self.services.get(service.at()).map(|service| &service.stations) else { return Vec::new() };
        let Some(from) = from else { return placed.clone() };
        let way_s = |station: &StationId| {
            let site = self.stations[station.at()].site;
            if site == from { Some(-1.0) } else { self.routes.between(from, site).map(|route| route.rtt_s) }
        };
        let nearest = placed.iter().filter_map(|station| Some((way_s(station)?, *station)));
        let nearest = nearest.min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        nearest.map(|(_, station)| station).into_iter().collect()
    }

    /// What health checks of servers, and of members of groups, look at.
    pub fn connect_deep_checks(&mut self) {
        let scenario = self.scenario;
        for i in 0..self.stations.len() {
            let name = &self.services[self.stations[i].service.at()].name;
            let balancer = scenario.services.get(name).and_then(|service| service.balancer.as_ref());
            let Some(checks) = balancer.and_then(|balancer| balancer.checks.as_ref()) else { continue };
            let path = format!("services.{name}.balancer.checks.deep");
            self.stations[i].deep = self.deep(&checks.deep, Some(self.stations[i].site), &path);
        }
        let Some(taken) = scenario.run.strategy.as_ref() else { return };
        for i in 0..self.groups.len() {
            let failover = scenario.strategies.get(taken).and_then(|s| s.failover.get(&self.groups[i].name));
            let Some(scenario::Detect::Probe { deep, .. }) = failover.map(|failover| &failover.detect) else {
                continue;
            };
            let path = format!("strategies.{taken}.failover.{}.detect.deep", self.groups[i].name);
            self.groups[i].deep = self.groups[i].sites.iter().map(|site| self.deep(deep, *site, &path)).collect();
        }
    }

    /// The checks that are switched off and on.
    pub fn whose_checks(&self, name: &str, path: &str) -> Option<Automation> {
        let (scenario, p) = (self.scenario, &self.problems);
        let service = scenario.services.get(name);
        let spread = scenario.spreads.get(name).filter(|spread| spread.checks.is_some());
        let checked = service.filter(|s| s.balancer.as_ref().is_some_and(|balancer| balancer.checks.is_some()));
        let service_id = || self.names.services.get(name).map(|id| Automation::ServerChecks(ServiceId::new(id)));
        let spread_id = || self.names.spreads.get(name).map(|id| Automation::SiteChecks(SpreadId::new(id)));
        match (checked, spread) {
            (Some(_), Some(_)) => {
                let reason = format!("a service and a spread are called \"{name}\", and both have health checks");
                p.add(Code::Contradiction, path, reason, "give one of the two another name");
                None
            }
            (Some(_), None) => service_id(),
            (None, Some(_)) => spread_id(),
            (None, None) if service.is_some() || scenario.spreads.get(name).is_some() => {
                let reason = format!("nothing checks the health of \"{name}\"");
                p.add(Code::NeverActs, path, reason, "give it checks:, or leave this out");
                None
            }
            (None, None) => {
                let known = scenario.services.names().chain(scenario.spreads.names());
                Names::in_order(known).find(name, "service or spread", path, p)?;
                None
            }
        }
    }
}
