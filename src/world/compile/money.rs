//! What a run is counted in money by.

use super::compiler::Compiler;
use crate::scenario::Code;
use crate::units::Rate;
use crate::world::ids::{GroupId, NodeId, SiteId, StationId};
use crate::world::model::Costs;
use crate::world::money::{Money, Standing};

const HOUR_S: f64 = 3_600.0;

impl Compiler<'_> {
    /// What a run is counted in money by, where anything has a price, a worth or a penalty.
    pub fn compile_money(&self, costs: Option<&Costs>) -> Option<Money> {
        if costs.is_none() && self.first_at_stake().is_none() {
            return None;
        }
        let scenario = self.scenario;
        let server_per_s = self.stations.iter().map(|station| {
            let of_service = scenario.services.get(&self.services[station.service.at()].name).and_then(|s| s.costs);
            // The members of a pool are its servers: one of the two has the price.
            let of_pool = || scenario.components.get(&self.nodes[station.pool?.at()].name).and_then(|c| c.costs);
            of_service.or_else(of_pool).map_or(0.0, |rate| rate.0)
        });
        let standing = self.standing();
        let mut server_standing = vec![None; self.stations.len()];
        for (index, ((_, each), of)) in standing.iter().enumerate() {
            for station in of {
                server_standing[station.at()] = Some((index, *each));
            }
        }
        Some(Money {
            currency: scenario.currency.clone(),
            per_s: costs.map_or(0.0, |costs| costs.per_hour / HOUR_S),
            server_per_s: server_per_s.collect(),
            standing: standing.into_iter().map(|((standing, _), _)| standing).collect(),
            server_standing,
        })
    }

    /// What has another price while it stands by, with that price of one server or member, and the stations that it is.
    fn standing(&self) -> Vec<((Standing, f64), Vec<StationId>)> {
        let scenario = self.scenario;
        let mut found = Vec::new();
        for (index, station) in self.stations.iter().enumerate() {
            let Some(service) = scenario.services.get(&self.services[station.service.at()].name) else { continue };
            let (Some(costs), Some(instead)) = (service.costs, service.costs_standing_by) else { continue };
            let servers = station.pool.map_or(station.servers, |pool| self.nodes[pool.at()].count) as f64;
            let standing = self.stands_by(self.groups_at(station.site), (costs, instead), servers);
            found.extend(standing.map(|standing| ((standing, instead.0), vec![StationId::new(index)])));
        }
        for (index, node) in self.nodes.iter().enumerate() {
            let Some(component) = scenario.components.get(&node.name) else { continue };
            let (Some(costs), Some(instead)) = (component.costs, component.costs_standing_by) else { continue };
            let id = NodeId::new(index);
            let mut groups = self.groups_where(|group, member| group.members[member] == id);
            if groups.is_empty() {
                groups = node.site.map(|site| self.groups_at(site)).unwrap_or_default();
            }
            let pooled = self.stations.iter().enumerate().filter(|(_, station)| station.pool == Some(id));
            let pooled = pooled.map(|(index, _)| StationId::new(index)).collect();
            let standing = self.stands_by(groups, (costs, instead), node.count as f64);
            found.extend(standing.map(|standing| ((standing, instead.0), pooled)));
        }
        found
    }

    fn stands_by(
        &self,
        groups: Vec<(GroupId, Vec<bool>)>,
        (costs, instead): (Rate, Rate),
        count: f64,
    ) -> Option<Standing> {
        (!groups.is_empty()).then_some(Standing { groups, per_s: (costs.0 * count, instead.0 * count) })
    }

    fn groups_at(&self, site: SiteId) -> Vec<(GroupId, Vec<bool>)> {
        self.groups_where(|group, member| group.sites[member] == Some(site))
    }

    /// Groups of several members some of which are like this, and which are.
    fn groups_where(&self, is: impl Fn(&crate::world::Group, usize) -> bool) -> Vec<(GroupId, Vec<bool>)> {
        let of = |(index, group): (usize, &crate::world::Group)| {
            let here: Vec<bool> = (0..group.members.len()).map(|member| is(group, member)).collect();
            (here.len() > 1 && here.contains(&true)).then_some((GroupId::new(index), here))
        };
        self.groups.iter().enumerate().filter_map(of).collect()
    }

    /// What standing by saves an hour against being in use, when the run starts.
    pub fn saved_standing_by(&self) -> f64 {
        let standing = self.standing();
        let idle = standing.iter().filter(|((standing, _), _)| !standing.is_in_use_at_start());
        idle.map(|((standing, _), _)| (standing.per_s.0 - standing.per_s.1) * HOUR_S).sum()
    }

    /// A price for standing by belongs to something that has a price, and can stand by.
    pub fn check_standing(&self) {
        let (scenario, p) = (self.scenario, &self.problems);
        let services = scenario.services.iter().map(|(name, s)| {
            (format!("services.{name}"), s.costs, s.costs_standing_by, {
                let stations = self.stations.iter().filter(|station| self.services[station.service.at()].name == *name);
                stations.into_iter().any(|station| !self.groups_at(station.site).is_empty())
            })
        });
        let components = scenario.components.iter().map(|(name, c)| {
            let id = self.nodes.iter().position(|node| node.name == *name).map(NodeId::new);
            let is_member = id.is_some_and(|id| !self.groups_where(|group, m| group.members[m] == id).is_empty());
            let site = id.and_then(|id| self.nodes[id.at()].site);
            let can = is_member || site.is_some_and(|site| !self.groups_at(site).is_empty());
            (format!("components.{name}"), c.costs, c.costs_standing_by, can)
        });
        for (path, costs, instead, can) in services.chain(components) {
            let path = format!("{path}.costs_standing_by");
            match (costs, instead) {
                (_, None) => {}
                (None, Some(_)) => p.add(
                    Code::MissingField,
                    path,
                    "this has a price while it stands by, and none in use",
                    "write costs: \"0.4/h\" too",
                ),
                (Some(_), Some(_)) if !can => p.add(
                    Code::NeverActs,
                    path,
                    "this never stands by: no group of several members has one where it is",
                    "leave it out, or make a group of the sites of which one is active",
                ),
                _ => {}
            }
        }
    }

    /// The first thing whose loss costs money.
    pub fn first_at_stake(&self) -> Option<String> {
        let worth = self.scenario.features.iter().filter(|(_, feature)| feature.worth.is_some());
        let penalties = self.scenario.objectives.iter().filter(|(_, objective)| objective.penalty().is_some());
        let worth = worth.map(|(name, _)| format!("features.{name}.worth"));
        worth.chain(penalties.map(|(name, _)| format!("objectives.{name}.penalty"))).next()
    }

    /// Money is counted in something.
    pub fn check_currency(&self, first: &str) {
        let (scenario, p) = (self.scenario, &self.problems);
        if scenario.currency.trim().is_empty() {
            p.add(
                Code::MissingField,
                first,
                "this has a price, and the file does not say in what",
                "write currency: \"EUR\" in the file",
            );
        } else if scenario.currency.chars().count() > 12 || scenario.currency.chars().any(char::is_control) {
            p.add(Code::BadName, "currency", "a currency has at most 12 letters", "write its code, like \"EUR\"");
        }
    }
}
