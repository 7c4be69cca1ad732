//! Compiling conditions: what has to be seen.

use super::compiler::Compiler;
use super::resolve::{Names, sorted};
use crate::scenario::{self, Code};
use crate::world::runbook::Condition;

impl Compiler<'_> {
    /// A condition; `names` are the procedures of the same strategy.
    pub fn condition(&self, written: &scenario::Condition, path: &str, names: &Names) -> Option<Condition> {
        use scenario::Condition as C;
        let p = &self.problems;
        let place = |field: &str| format!("{path}.{field}");
        let several = |list: &[C]| -> Option<Vec<Condition>> {
            if list.is_empty() {
                p.add(Code::NeverActs, path, "a list of no conditions", "name what has to be seen");
            }
            list.iter().enumerate().map(|(i, c)| self.condition(c, &format!("{path}.{i}"), names)).collect()
        };
        Some(match written {
            C::Slow { of, over, lasts } => Condition::Slow(self.population(of, &place("of"))?, over.seconds(), *lasts),
            C::Degraded { of, lasts } => Condition::Degraded(self.population(of, &place("of"))?, *lasts),
            C::Down { of, lasts } => Condition::Down(self.population(of, &place("of"))?, *lasts),
            C::Busy { service, at, above, lasts } => {
                Condition::Busy(self.station(service, at, (&place("service"), &place("at")))?, above.0, *lasts)
            }
            C::BusyNetwork { at, above, lasts } => {
                Condition::BusyNetwork(self.uplink(at, &place("at"))?, above.0, *lasts)
            }
            C::Crowd { of, above } => Condition::Crowd(self.population(of, &place("of"))?, *above as f64),
            C::After(name) => Condition::After(names.find(name, "measure", path, p)?),
            C::OnDuty(name) => {
                let teams = Names::in_order(sorted(&self.scenario.teams).map(|(name, _)| name));
                Condition::OnDuty(teams.find(name, "team", path, p)?)
            }
            C::All(list) => Condition::All(several(list)?),
            C::Any(list) => Condition::Any(several(list)?),
        })
    }
}
