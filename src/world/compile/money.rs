//! What a run is counted in money by.

use super::compiler::Compiler;
use crate::scenario::Code;
use crate::world::model::Costs;
use crate::world::money::Money;

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
        Some(Money {
            currency: scenario.currency.clone(),
            per_s: costs.map_or(0.0, |costs| costs.per_hour / HOUR_S),
            server_per_s: server_per_s.collect(),
        })
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
