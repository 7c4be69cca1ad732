//! Checking what the expectations speak of.

use super::compiler::Compiler;
use super::resolve::Names;
use crate::scenario::{Code, Expectation};
use crate::units::Time;

impl Compiler<'_> {
    /// A population, or one feature of it by its path.
    fn check_felt(&self, of: &str, path: &str) {
        let path = format!("{path}.of");
        let (whose, feature) = self.scenario.whom(of);
        self.names.people.find(whose, "population", path.clone(), &self.problems);
        if let Some(feature) = feature {
            self.check_feature_of(whose, feature, &path);
        }
    }

    /// A feature that a path names after populations: there has to be one, and one of them has to use it.
    pub(super) fn check_feature_of(&self, whose: &str, feature: &str, path: &str) {
        let known = self.names.features.find(feature, "feature", path.to_owned(), &self.problems).is_some();
        let served = self.scenario.served_by(whose);
        let uses = |people: &&str| self.scenario.people.get(people).is_some_and(|p| p.uses.get(feature).is_some());
        if known && !served.is_empty() && !served.iter().any(uses) {
            let reason = format!("nobody of \"{whose}\" uses \"{feature}\"");
            self.problems.add(Code::NeverActs, path.to_owned(), reason, "name a feature that they use");
        }
    }

    /// Checks what the expectations speak of.
    pub fn check_expectations(&self) {
        let (scenario, p) = (self.scenario, &self.problems);
        let plans = Names::in_order(scenario.maintenance.names());
        for (i, expectation) in scenario.expect.iter().enumerate() {
            let path = format!("expect.{i}");
            match expectation {
                Expectation::Downtime(e) | Expectation::Degraded(e) | Expectation::Stale(e) => {
                    self.check_felt(&e.of, &path);
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
                            let meets = to > Time::ZERO && from < self.horizon;
                            if !meets {
                                let reason = "this part is outside of the run";
                                let fix = "write two times between the start and the end of the run";
                                p.add(Code::NeverActs, format!("{path}.between"), reason, fix);
                            }
                        }
                    }
                    self.check_pick(&e.when, &format!("{path}.when"));
                }
                Expectation::Overrun(e) => {
                    plans.find(&e.of, "maintenance plan", format!("{path}.of"), p);
                    self.check_pick(&e.when, &format!("{path}.when"));
                }
                Expectation::RestoredAt(e) => {
                    self.check_felt(&e.of, &path);
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
