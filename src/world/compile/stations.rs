//! Compiling services at their sites.

use super::balancer;
use super::compiler::Compiler;
use super::limits;
use super::resolve::sorted;
use crate::scenario::{self, Code};
use crate::world::components::Gate;
use crate::world::ids::{NodeId, ServiceId, SiteId, StationId};
use crate::world::services::Station;

impl Compiler<'_> {
    /// Services at their sites, in the order of (service, site); their calls come later.
    pub fn compile_stations(&self) -> Vec<Station> {
        let (scenario, names, p) = (self.scenario, &self.names, &self.problems);
        let mut stations: Vec<Station> = Vec::new();
        for (name, service) in sorted(&scenario.services) {
            let id = ServiceId::new(names.services.get(name).unwrap_or(0));
            for (site, placement) in sorted(&service.runs_at) {
                let path = format!("services.{name}.runs_at.{site}");
                let Some(site_id) = names.sites.find(site, "site", format!("{path}#key"), p) else { continue };
                let pool = placement.pool.as_ref().and_then(|pool| self.component(pool, &format!("{path}.pool")));
                let servers = self.servers(service, placement, &path);
                let mut gates = vec![Gate { needed: 1, of: vec![NodeId::new(names.nodes.get(site).unwrap_or(0))] }];
                if let Some(stands_on) = &service.stands_on {
                    gates.push(self.gate(stands_on, &format!("services.{name}.stands_on")));
                }
                if let Some(stands_on) = &placement.stands_on {
                    gates.push(self.gate(stands_on, &format!("{path}.stands_on")));
                }
                stations.push(Station {
                    name: format!("{name}@{site}"),
                    service: id,
                    site: SiteId::new(site_id),
                    servers,
                    pool,
                    workers: placement.workers,
                    gates,
                    calls: Vec::new(),
                    deep: Vec::new(),
                });
            }
        }
        stations
    }

    /// Servers at a site, where no pool says it.
    fn servers(&self, service: &scenario::Service, placement: &scenario::Placement, path: &str) -> u64 {
        let p = &self.problems;
        match (placement.servers, &placement.pool) {
            (None, None) => p.add(
                Code::MissingField,
                path,
                "this does not say how many servers there are",
                "write servers: 4, or pool: with the name of a component",
            ),
            (Some(_), Some(_)) => p.add(
                Code::Contradiction,
                path,
                "both servers: and pool: say how many servers there are",
                "leave one of them out",
            ),
            _ => {}
        }
        p.range(
            format!("{path}.workers"),
            placement.workers > 0,
            "servers without workers do nothing",
            "write at least 1",
        );
        let servers = placement.servers.unwrap_or(0);
        p.range(
            path,
            servers.saturating_mul(u64::from(placement.workers)) <= limits::WORKERS_MAX,
            format!("{servers} servers with {} workers are too many", placement.workers),
            "stay below a hundred million workers",
        );
        if service.balancer.is_some() {
            balancer::servers(self.scenario, placement, path, p);
        }
        servers
    }

    /// Tells services their stations, and stations their calls.
    pub fn connect_stations(&mut self) {
        for (i, station) in self.stations.iter().enumerate() {
            if let Some(service) = self.services.get_mut(station.service.at()) {
                service.stations.push(StationId::new(i));
            }
        }
        for i in 0..self.stations.len() {
            let name = &self.services[self.stations[i].service.at()].name;
            let calls = self.scenario.services.get(name).map_or(&[][..], |s| &s.calls);
            self.stations[i].calls = self.calls(calls, &format!("services.{name}.calls"), self.stations[i].site);
        }
    }
}
