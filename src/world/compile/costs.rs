//! What a design costs.

use super::compiler::Compiler;
use crate::units::Rate;
use crate::world::model::Costs;

const HOUR_S: f64 = 3_600.0;

impl Compiler<'_> {
    /// What everything that stands in the file costs as the run starts, where anything there has a price.
    pub fn compile_costs(&self) -> Option<Costs> {
        let scenario = self.scenario;
        let mut priced: Vec<(String, Rate, u64)> = Vec::new();
        let mut add =
            |path: String, costs: Option<Rate>, count: u64| priced.extend(costs.map(|rate| (path, rate, count)));
        for (name, site) in scenario.sites.iter() {
            add(format!("sites.{name}.costs"), site.costs, 1);
        }
        for (i, link) in scenario.links.iter().enumerate() {
            add(format!("links.{i}.costs"), link.costs, 1);
        }
        for (name, component) in scenario.components.iter() {
            add(format!("components.{name}.costs"), component.costs, component.count.unwrap_or(1));
        }
        for (name, service) in scenario.services.iter() {
            // The servers of a pool are the pool's members.
            let pooled = |pool: &Option<String>| pool.as_ref().and_then(|pool| scenario.components.get(pool)?.count);
            let servers = service.runs_at.iter().map(|(_, at)| at.servers.or_else(|| pooled(&at.pool)).unwrap_or(1));
            add(format!("services.{name}.costs"), service.costs, servers.fold(0, u64::saturating_add));
        }
        // Without a price in use it is a mistake, which has to be found.
        let standing = scenario.services.iter().map(|(name, s)| (format!("services.{name}"), s.costs_standing_by));
        let parts = scenario.components.iter().map(|(name, c)| (format!("components.{name}"), c.costs_standing_by));
        for (path, costs) in standing.chain(parts) {
            add(format!("{path}.costs_standing_by"), costs, 0);
        }
        for (name, strategy) in scenario.strategies.iter() {
            let is_taken = scenario.run.strategy.as_deref() == Some(name);
            add(format!("strategies.{name}.costs"), strategy.costs, u64::from(is_taken));
        }
        let first = priced.first().map(|(path, _, _)| path.clone()).or_else(|| self.first_at_stake());
        self.check_currency(&first?);
        self.check_standing();
        let all: f64 = priced.iter().map(|(_, rate, count)| rate.0 * HOUR_S * *count as f64).sum();
        let per_hour = all - self.saved_standing_by();
        (!priced.is_empty()).then(|| Costs { per_hour, currency: scenario.currency.clone() })
    }
}
