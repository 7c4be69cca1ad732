//! What a design is held against, and what it costs.

use super::Costs;
use super::compile::Tables;
use super::resolve::{Names, Problems};
use super::response::pick;
use crate::scenario::{Code, Holds, Objective, Scenario};
use crate::units::Rate;

/// Objectives of a scenario.
const OBJECTIVES_MAX: usize = 200;
const HOUR_S: f64 = 3_600.0;

/// Checks what the objectives speak of.
pub fn objectives(scenario: &Scenario, tables: &Tables, p: &mut Problems) {
    Names::section("objectives", &scenario.objectives, p);
    if scenario.objectives.len() > OBJECTIVES_MAX {
        let reason = format!(
            "{} objectives are more than the {OBJECTIVES_MAX} that a scenario may have",
            scenario.objectives.len()
        );
        p.add(Code::TooMany, "objectives", reason, "keep those that decide");
    }
    let names = |all: Vec<&str>| Names(all.into_iter().enumerate().map(|(i, n)| (n.to_owned(), i)).collect());
    let plans = names(scenario.maintenance.names().collect());
    for (name, objective) in scenario.objectives.iter() {
        let path = format!("objectives.{name}");
        let mut whom = |of: &str| {
            let is_place = tables.sites.get(of).is_some() || tables.groups.get(of).is_some();
            if is_place && scenario.served_by(of).is_empty() {
                let fix = "name a population, or the site or group that it is served by";
                p.add(Code::NeverActs, format!("{path}.of"), format!("nobody is served by \"{of}\""), fix);
            } else if !is_place {
                tables.people.find(of, "population", format!("{path}.of"), p);
            }
        };
        match objective {
            Objective::Availability(o) => whom(&o.of),
            Objective::Restored(o) | Objective::Stale(o) => whom(&o.of),
            Objective::Latency(o) => {
                whom(&o.of);
                if let Some(feature) = &o.feature {
                    tables.features.find(feature, "feature", format!("{path}.feature"), p);
                }
            }
            Objective::DataLoss(o) => {
                tables.stores.find(&o.of, "store", format!("{path}.of"), p);
            }
            Objective::Overrun(o) => {
                plans.find(&o.of, "maintenance plan", format!("{path}.of"), p);
            }
            Objective::Value(o) => {
                let bounds = [("at_least", o.at_least), ("at_most", o.at_most)];
                if bounds.iter().all(|(_, bound)| bound.is_none()) {
                    let reason = "an objective without a bound holds whatever happens";
                    p.add(Code::NeverActs, path.clone(), reason, "write at_least: or at_most:");
                }
                for (field, bound) in bounds {
                    let is_finite = bound.is_none_or(f64::is_finite);
                    p.range(format!("{path}.{field}"), is_finite, "not a finite number", "write a finite number");
                }
                if o.holds == Holds::OnAverage && o.at_least.is_some() && o.at_most.is_some() {
                    let reason = "an average is held against one bound";
                    p.add(Code::Contradiction, path.clone(), reason, "write two objectives, one for each bound");
                }
            }
        }
        pick(scenario, objective.when(), &format!("{path}.when"), p);
    }
}

/// What everything that stands in the file costs, where anything there has a price.
pub fn costs(scenario: &Scenario, p: &mut Problems) -> Option<Costs> {
    let mut priced: Vec<(String, Rate, u64)> = Vec::new();
    let mut add = |path: String, costs: Option<Rate>, count: u64| priced.extend(costs.map(|rate| (path, rate, count)));
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
    for (name, strategy) in scenario.strategies.iter() {
        let is_taken = scenario.run.strategy.as_deref() == Some(name);
        add(format!("strategies.{name}.costs"), strategy.costs, u64::from(is_taken));
    }
    let (first, _, _) = priced.first()?;
    if scenario.currency.trim().is_empty() {
        p.add(
            Code::MissingField,
            first.clone(),
            "this has a price, and the file does not say in what",
            "write currency: \"EUR\" in the file",
        );
    } else if scenario.currency.chars().count() > 12 || scenario.currency.chars().any(char::is_control) {
        p.add(Code::BadName, "currency", "a currency has at most 12 letters", "write its code, like \"EUR\"");
    }
    let per_hour = priced.iter().map(|(_, rate, count)| rate.0 * HOUR_S * *count as f64).sum();
    Some(Costs { per_hour, currency: scenario.currency.clone() })
}
