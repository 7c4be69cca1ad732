//! Compiling where things are: sites, links, transfers, and who runs sites.

use super::compiler::Compiler;
use super::resolve::{Names, sorted};
use crate::scenario::Code;
use crate::units::{Duration, Time};
use crate::world::curve::Curve;
use crate::world::ids::{GroupId, LinkId, NodeId, SiteId};
use crate::world::sites::{Link, Place, Provider, Site, Transfer};

impl Compiler<'_> {
    /// Sites; `providers` are those that are described.
    pub fn compile_sites(&self, providers: &[Provider]) -> Vec<Site> {
        sorted(&self.scenario.sites)
            .map(|(name, site)| Site {
                name: name.to_owned(),
                node: NodeId::new(self.names.nodes.get(name).unwrap_or(0)),
                provider: site.provider.clone(),
                provider_id: site.provider.as_ref().and_then(|name| providers.iter().position(|p| &p.name == name)),
            })
            .collect()
    }

    pub fn compile_providers(&self) -> Vec<Provider> {
        let (scenario, p) = (self.scenario, &self.problems);
        let mut found = Vec::new();
        for (name, provider) in sorted(&scenario.providers) {
            let path = format!("providers.{name}");
            if !scenario.sites.iter().any(|(_, site)| site.provider.as_deref() == Some(name)) {
                p.add(
                    Code::NeverActs,
                    format!("{path}#key"),
                    format!("no site is run by \"{name}\""),
                    format!("write provider: \"{name}\" at a site"),
                );
            }
            let mut points: Vec<(Time, f64)> = Vec::new();
            for (i, (at, left)) in provider.left.iter().enumerate() {
                let place = format!("{path}.left.{i}.0");
                let Some(at) = self.time_in_run(at, &place) else { continue };
                if points.last().is_some_and(|last| last.0 > at) {
                    p.add(
                        Code::OutOfRange,
                        place,
                        "it comes before the point before it",
                        "put the points in order of time",
                    );
                }
                points.push((at, left.0));
            }
            if points.is_empty() {
                points.push((Time::ZERO, 1.0));
            }
            found.push(Provider { name: name.to_owned(), spare: provider.spare, left: Curve { points } });
        }
        found
    }

    pub fn compile_links(&self) -> Vec<Link> {
        let (scenario, names, p) = (self.scenario, &self.names, &self.problems);
        let mut links = Vec::new();
        for (i, link) in scenario.links.iter().enumerate() {
            let path = format!("links.{i}");
            let from = names.sites.find(&link.between.0, "site", format!("{path}.between.0"), p);
            let to = names.sites.find(&link.between.1, "site", format!("{path}.between.1"), p);
            if link.between.0 == link.between.1 {
                p.add(
                    Code::Contradiction,
                    format!("{path}.between"),
                    "a link joins two sites, not one to itself",
                    "name two sites",
                );
            }
            if let Some(bandwidth) = link.bandwidth {
                p.range(
                    format!("{path}.bandwidth"),
                    bandwidth.0 > 0.0,
                    "a link without capacity carries nothing",
                    "write a bandwidth above zero, or cut the link in the drill",
                );
            }
            if let (Some(from), Some(to)) = (from, to) {
                let (from, to, first, second) = if link.between.0 <= link.between.1 {
                    (from, to, &link.between.0, &link.between.1)
                } else {
                    (to, from, &link.between.1, &link.between.0)
                };
                links.push(Link {
                    name: format!("{first}–{second}"),
                    ends: (SiteId::new(from), SiteId::new(to)),
                    rtt: link.rtt,
                    bandwidth_bps: link.bandwidth.map_or(f64::INFINITY, |b| b.0),
                    loss: link.loss.0,
                    jitter: link.jitter,
                    gate: link.stands_on.as_ref().map(|gate| self.gate(gate, &format!("{path}.stands_on"))),
                });
            }
        }
        for (name, site) in sorted(&scenario.sites) {
            let Some(uplink) = site.uplink else { continue };
            p.range(
                format!("sites.{name}.uplink"),
                uplink.0 > 0.0,
                "an uplink without capacity lets nobody in",
                "write a bandwidth above zero",
            );
            let id = SiteId::new(names.sites.get(name).unwrap_or(0));
            links.push(Link {
                name: format!("{name} uplink"),
                ends: (id, id),
                rtt: Duration::ZERO,
                bandwidth_bps: uplink.0,
                loss: 0.0,
                jitter: Duration::ZERO,
                gate: None,
            });
        }
        links.sort_by(|a, b| (&a.name, a.rtt).cmp(&(&b.name, b.rtt)).then(a.bandwidth_bps.total_cmp(&b.bandwidth_bps)));
        links
    }

    pub fn compile_transfers(&self) -> Vec<Transfer> {
        let (scenario, names, p) = (self.scenario, &self.names, &self.problems);
        let mut found = Vec::new();
        for (name, transfer) in sorted(&scenario.transfers) {
            let path = format!("transfers.{name}");
            p.range(
                format!("{path}.weight"),
                transfer.weight.is_finite() && transfer.weight > 0.0,
                "a weight must be above zero",
                "write a weight like 1",
            );
            let from = names.sites.find(&transfer.from, "site", format!("{path}.from"), p);
            let to = names.sites.find(&transfer.to, "site", format!("{path}.to"), p);
            if let (Some(from), Some(to)) = (from, to) {
                let ends = (SiteId::new(from), SiteId::new(to));
                if ends.0 == ends.1 {
                    p.add(
                        Code::Contradiction,
                        format!("{path}.to"),
                        "a transfer from a site to itself crosses no link",
                        "name two sites",
                    );
                } else if !self.routes.joins(ends.0, ends.1) {
                    self.no_route(&format!("{path}.to"), &transfer.from, &transfer.to);
                }
                found.push(Transfer {
                    name: name.to_owned(),
                    ends,
                    demand_bps: transfer.demand.0,
                    weight: transfer.weight,
                    yields: transfer.yields,
                });
            }
        }
        found
    }

    /// Records that two sites cannot reach each other.
    pub fn no_route(&self, path: &str, from: &str, to: &str) {
        self.problems.add(
            Code::NoRoute,
            path,
            format!("there is no route from \"{from}\" to \"{to}\""),
            format!("add a link, like (between: (\"{from}\", \"{to}\"), rtt: \"20ms\")"),
        );
    }

    /// A site or a group, by its name.
    pub fn place(&self, name: &str, path: &str) -> Option<Place> {
        self.place_among(name, path, "site or group", &[])
    }

    /// The same where people can be spread over several.
    pub fn place_of_people(&self, name: &str, path: &str) -> Option<Place> {
        let spreads: Vec<&str> = self.scenario.spreads.names().collect();
        let what = if spreads.is_empty() { "site or group" } else { "site, group or spread" };
        self.place_among(name, path, what, &spreads)
    }

    fn place_among(&self, name: &str, path: &str, what: &str, more: &[&str]) -> Option<Place> {
        let (scenario, names, p) = (self.scenario, &self.names, &self.problems);
        if let Some(group) = names.groups.get(name) {
            return Some(Place::Group(GroupId::new(group)));
        }
        let known = Names::in_order(scenario.sites.names().chain(scenario.groups.names()).chain(more.iter().copied()));
        known.find(name, what, path, p)?;
        names.sites.get(name).map(|s| Place::Site(SiteId::new(s)))
    }
}

/// The uplink of each site.
pub fn uplinks(links: &[Link], sites: usize) -> Vec<Option<LinkId>> {
    let mut found = vec![None; sites];
    for (i, link) in links.iter().enumerate().filter(|(_, link)| link.ends.0 == link.ends.1) {
        found[link.ends.0.at()] = Some(LinkId::new(i));
    }
    found
}
