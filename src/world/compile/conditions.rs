//! Compiling conditions: what has to be seen.

use super::compiler::Compiler;
use super::resolve::{Names, sorted};
use crate::scenario::{self, Code};
use crate::units::Duration;
use crate::world::ids::{NodeId, QueueId};
use crate::world::runbook::{BURN_RATES_EVERY, BurnRate, Condition};

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
            C::Burns { of, budget, above, over } => self.burns(of, (budget.0, above.0, *over), path)?,
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
    /// An error budget burns too fast: which of them all.
    fn burns(&self, of: &str, (budget, above, over): (f64, f64, Duration), path: &str) -> Option<Condition> {
        let p = &self.problems;
        if budget <= 0.0 || budget * above >= 1.0 {
            let reason = match budget <= 0.0 {
                true => "an error budget of nothing cannot burn".to_owned(),
                false => "no more than all requests can fail: it never burns that fast".to_owned(),
            };
            p.add(
                Code::NeverActs,
                format!("{path}.budget"),
                reason,
                "give a budget and a burn rate whose product is below 100%",
            );
        }
        if over < BURN_RATES_EVERY {
            p.add(
                Code::OutOfRange,
                format!("{path}.over"),
                format!("{over} is less than a minute"),
                "it is looked at every minute",
            );
        }
        let rate = BurnRate { people: self.population(of, &format!("{path}.of"))?, budget, above, over };
        let mut all = self.burn_rates.borrow_mut();
        let index = all.iter().position(|known| *known == rate).unwrap_or_else(|| {
            all.push(rate);
            all.len() - 1
        });
        Some(Condition::Burns(index))
    }
}
