//! Compiling automation that follows the load of a station.

use super::compiler::Compiler;
use super::limits;
use super::resolve::sorted;
use crate::scenario::{self, Code};
use crate::units::Duration;
use crate::world::autoscale::Autoscale;

impl Compiler<'_> {
    /// The automation of the strategy that is taken.
    pub fn compile_autoscale(&self) -> Vec<Autoscale> {
        let (scenario, p) = (self.scenario, &self.problems);
        let mut found = Vec::new();
        for (strategy_name, strategy) in sorted(&scenario.strategies) {
            let taken = scenario.run.strategy.as_deref() == Some(strategy_name);
            for (name, written) in sorted(&strategy.autoscale) {
                let path = format!("strategies.{strategy_name}.autoscale.{name}");
                let place = |field: &str| format!("{path}.{field}");
                limits::period(p, &place("every"), written.every, Duration(self.horizon.0));
                p.range(
                    place("by"),
                    written.by.0 > 1.0 && written.by.0 <= 100.0,
                    "a step up has to make more servers",
                    "write a factor above x1 and up to x100",
                );
                if written.below.0 * written.by.0 >= written.above.0 {
                    p.add(
                        Code::Contradiction,
                        place("below"),
                        "one step up is followed by one step down, for ever: with a step's factor, `below` reaches `above`",
                        "lower `below`, raise `above`, or take smaller steps",
                    );
                }
                p.range(
                    place("least"),
                    written.least >= 1 && written.least <= written.most,
                    "the least number of servers is zero or more than the most",
                    "write at least 1, and no more than `most`",
                );
                let station = self.station(&written.service, &written.at, (&place("service"), &place("at")));
                let Some(station) = station.filter(|_| taken) else { continue };
                found.push(Autoscale {
                    name: name.to_owned(),
                    station,
                    cpu: written.signal == scenario::Signal::Cpu,
                    above: written.above.0,
                    below: written.below.0,
                    every: written.every,
                    by: written.by.0,
                    takes: written.takes,
                    cool_down: written.cool_down,
                    stable_for: written.stable_for,
                    needs: self.services_needed(&written.needs, &format!("{path}.needs")),
                    least: written.least,
                    most: written.most,
                    muted: false,
                });
            }
        }
        found
    }
}
