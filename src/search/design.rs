//! The design as a picture needs it: what stands where.

use crate::scenario::Scenario;
use serde::Serialize;
use std::collections::BTreeSet;

/// A design, drawn by its sites.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Design {
    /// Its sites; last, without a name, what is in none of them.
    pub places: Vec<Place>,
    /// Ends of its links.
    pub links: Vec<(String, String)>,
}

/// A site, and what is in it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Place {
    /// Its name; empty: no site.
    pub name: String,
    /// Components, services and whatever else can go wrong there.
    pub parts: Vec<String>,
}

impl Design {
    /// Of a scenario.
    pub(super) fn of(scenario: &Scenario) -> Design {
        let at = |site: &str| {
            let here = scenario.components.iter().filter(|(_, component)| component.at.as_deref() == Some(site));
            let services = scenario.services.iter().filter(|(_, service)| service.runs_at.get(site).is_some());
            here.map(|(name, _)| name).chain(services.map(|(name, _)| name)).map(str::to_owned).collect()
        };
        let mut places: Vec<Place> =
            scenario.sites.names().map(|site| Place { name: site.to_owned(), parts: at(site) }).collect();
        let mut elsewhere = BTreeSet::new();
        elsewhere.extend(scenario.components.iter().filter(|(_, c)| c.at.is_none()).map(|(name, _)| name.to_owned()));
        elsewhere.extend(scenario.groups.names().map(str::to_owned));
        elsewhere.extend(scenario.crews.names().map(str::to_owned));
        elsewhere.extend(scenario.people.names().map(str::to_owned));
        places.push(Place { name: String::new(), parts: elsewhere.into_iter().collect() });
        places.retain(|place| !place.name.is_empty() || !place.parts.is_empty());
        Design { places, links: scenario.links.iter().map(|link| link.between.clone()).collect() }
    }
}
