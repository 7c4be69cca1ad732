//! Compiling conditions: what has to be seen.

use super::compiler::Compiler;
use super::resolve::{Names, sorted};
use crate::scenario::{self, Code};
use crate::world::ids::{NodeId, QueueId};
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
            C::Behind { of, lasts } => {
                let queues = Names::in_order(sorted(&self.scenario.queues).map(|(name, _)| name));
                Condition::Behind(QueueId::new(queues.find(of, "queue", place("of"), p)?), *lasts)
            }
            C::Gone { of, lasts } => Condition::Gone(self.store(of, &place("of"))?, *lasts),
            C::Out { of, lasts } => {
                let node = self.names.nodes.find(of, "site, component or group", place("of"), p).map(NodeId::new)?;
                if self.nodes[node.at()].hidden {
                    p.add(
                        Code::NeverActs,
                        place("of"),
                        format!("failures of \"{of}\" are hidden: nobody sees them"),
                        "name something whose failures can be seen",
                    );
                }
                Condition::Out(node, *lasts)
            }
            C::Not(of) => Condition::Not(Box::new(self.condition(of, path, names)?)),
            C::Lasting(lasts, of) => {
                Condition::Lasting(*lasts, Box::new(self.condition(of, &format!("{path}.1"), names)?))
            }
            C::All(list) => Condition::All(several(list)?),
            C::Any(list) => Condition::Any(several(list)?),
        })
    }
}
