//! Checking what the expectations speak of.

use super::compiler::Compiler;
use super::resolve::Names;
use crate::scenario::{Code, Expectation};

impl Compiler<'_> {
    /// Checks what the expectations speak of.
    pub fn check_expectations(&self) {
        let (scenario, names, p) = (self.scenario, &self.names, &self.problems);
        let plans = Names::in_order(scenario.maintenance.names());
        for (i, expectation) in scenario.expect.iter().enumerate() {
            let path = format!("expect.{i}");
            match expectation {
                Expectation::Downtime(e) | Expectation::Degraded(e) | Expectation::Stale(e) => {
                    names.people.find(&e.of, "population", format!("{path}.of"), p);
                    if let Some((from, to)) = &e.between {
                        let from = self.time(from, &format!("{path}.between.0"));
                        let to = self.time(to, &format!("{path}.between.1"));
                        if let (Some(from), Some(to)) = (from, to) {
                            p.range(
                                format!("{path}.between"),
                                from < to,
                                "the end of this part of the run is not after its beginning",
                                "write the earlier time first",
                            );
                        }
                    }
                    self.check_pick(&e.when, &format!("{path}.when"));
                }
                Expectation::Overrun(e) => {
                    plans.find(&e.of, "maintenance plan", format!("{path}.of"), p);
                    self.check_pick(&e.when, &format!("{path}.when"));
                }
                Expectation::RestoredAt(e) => {
                    names.people.find(&e.of, "population", format!("{path}.of"), p);
                    self.time_in_run(&e.at, &format!("{path}.at"));
                    self.check_pick(&e.when, &format!("{path}.when"));
                }
                Expectation::Value(e) => {
                    if e.is.is_none() && e.at_least.is_none() && e.at_most.is_none() {
                        p.add(
                            Code::NeverActs,
                            path.clone(),
                            "an expectation without a value holds whatever happens",
                            "write is:, at_least: or at_most:",
                        );
                    }
                    for (field, value) in [("is", e.is), ("at_least", e.at_least), ("at_most", e.at_most)] {
                        p.range(
                            format!("{path}.{field}"),
                            value.is_none_or(f64::is_finite),
                            "not a finite number",
                            "write a finite number",
                        );
                    }
                    if let (Some(least), Some(most)) = (e.at_least, e.at_most)
                        && least > most
                    {
                        p.add(
                            Code::Contradiction,
                            format!("{path}.at_least"),
                            format!("no value is at least {least} and at most {most}"),
                            "swap the two bounds",
                        );
                    }
                    self.check_pick(&e.when, &format!("{path}.when"));
                }
            }
        }
    }
}
