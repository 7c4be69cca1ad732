//! What actions and conditions can mention: stations, uplinks and populations.

use super::compiler::Compiler;
use crate::scenario::Code;
use crate::world::ids::{LinkId, PopId, StationId};

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

    pub fn population(&self, of: &str, path: &str) -> Option<PopId> {
        let id = self.names.people.find(of, "population", path, &self.problems)?;
        // A population that could not be compiled has mistakes of its own.
        self.people.iter().position(|people| people.name == of).filter(|found| *found == id).map(PopId::new)
    }
}
