//! Checking what a design is held against.

use super::compiler::Compiler;
use super::resolve::Names;
use crate::scenario::diagnostics::did_you_mean;
use crate::scenario::{Available, Code, Holds, Objective, Under};
use crate::units::Penalty;

/// Objectives of a scenario.
const OBJECTIVES_MAX: usize = 200;

impl Compiler<'_> {
    /// Checks what the objectives speak of.
    pub fn check_objectives(&self) {
        let (scenario, names, p) = (self.scenario, &self.names, &self.problems);
        Names::section("objectives", &scenario.objectives, p);
        if scenario.objectives.len() > OBJECTIVES_MAX {
            let reason = format!(
                "{} objectives are more than the {OBJECTIVES_MAX} that a scenario may have",
                scenario.objectives.len()
            );
            p.add(Code::TooMany, "objectives", reason, "keep those that decide");
        }
        for (i, code) in scenario.silence.iter().enumerate() {
            if !Code::WARNINGS.iter().any(|known| known.id() == code) {
                let known: Vec<&str> = Code::WARNINGS.iter().map(|code| code.id()).collect();
                let reason = format!("there is no warning \"{code}\"");
                p.add(Code::UnknownName, format!("silence.{i}"), reason, format!("write one of {}", known.join(", ")));
            }
        }
        self.check_known_failures();
        let plans = Names::in_order(scenario.maintenance.names());
        for (name, objective) in scenario.objectives.iter() {
            let path = format!("objectives.{name}");
            let whom = |of: &str| {
                let (of, feature) = scenario.whom(of);
                if let Some(feature) = feature {
                    self.check_feature_of(of, feature, &format!("{path}.of"));
                }
                let is_place = names.sites.get(of).is_some() || names.groups.get(of).is_some();
                if is_place && scenario.served_by(of).is_empty() {
                    let fix = "name a population, or the site or group that it is served by";
                    p.add(Code::NeverActs, format!("{path}.of"), format!("nobody is served by \"{of}\""), fix);
                } else if !is_place {
                    names.people.find(of, "population", format!("{path}.of"), p);
                }
            };
            match objective {
                Objective::Availability(o) => {
                    whom(&o.of);
                    if o.by == Available::Users && scenario.whom(&o.of).1.is_some() {
                        let reason = "user-uptime is of people, whatever they use: of one feature alone there is none";
                        let fix = "write by: time or by: requests, or name the population";
                        p.add(Code::Contradiction, format!("{path}.by"), reason, fix);
                    }
                }
                Objective::Restored(o) | Objective::Stale(o) => whom(&o.of),
                Objective::Latency(o) => {
                    whom(&o.of);
                    if let Some(feature) = &o.feature {
                        if scenario.whom(&o.of).1.is_some() {
                            let reason = "the feature is said twice";
                            let fix = "leave feature: out, or name the population alone";
                            p.add(Code::Contradiction, format!("{path}.feature"), reason, fix);
                        }
                        names.features.find(feature, "feature", format!("{path}.feature"), p);
                    }
                }
                Objective::DataLoss(o) => {
                    names.stores.find(&o.of, "store", format!("{path}.of"), p);
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
            let is_of_time = matches!(
                objective,
                Objective::Restored(_) | Objective::Stale(_) | Objective::DataLoss(_) | Objective::Overrun(_)
            );
            if matches!(objective.penalty(), Some(Penalty::Second(_))) && !is_of_time {
                let reason = "what is promised is no length of time: there are no hours beyond it";
                p.add(
                    Code::Contradiction,
                    format!("{path}.penalty"),
                    reason,
                    "write what a miss costs, like \"5000/miss\"",
                );
            }
            self.check_pick(objective.when(), &format!("{path}.when"));
            if objective.under() == Under::Year {
                self.check_year(objective, &path);
            }
        }
    }

    /// A year without the drill has something in it, and its money is another matter.
    fn check_year(&self, objective: &Objective, path: &str) {
        let (scenario, p) = (self.scenario, &self.problems);
        let fails = scenario.components.iter().any(|(_, component)| component.fails.is_some());
        if !fails && scenario.common_cause.is_empty() && scenario.maintenance.is_empty() {
            let reason = "nothing fails by chance in this file, and no maintenance is planned: a year without its drill is empty";
            let fix = "say how often components fail, with fails: exponential(mean: \"1y\"), or leave under out";
            p.add(Code::NeverActs, format!("{path}.under"), reason, fix);
        }
        if objective.penalty().is_some() {
            let reason = "what a run costs is counted under its drill, and this is held over a year without it";
            p.add(Code::Contradiction, format!("{path}.penalty"), reason, "leave one of the two out");
        }
    }

    /// Checks the names of what is known to fail.
    fn check_known_failures(&self) {
        let (scenario, p) = (self.scenario, &self.problems);
        for (i, known) in scenario.expect_failure.iter().enumerate() {
            let path = format!("expect_failure.{i}");
            let place = known.strip_prefix("expect.").and_then(|place| place.parse::<usize>().ok());
            if scenario.objectives.get(known).is_none() && place.is_none_or(|place| place >= scenario.expect.len()) {
                let reason = format!("there is no objective \"{known}\"");
                let fix = match did_you_mean(known, scenario.objectives.names()) {
                    Some(meant) => format!("did you mean \"{meant}\"?"),
                    None => {
                        "name an objective of this file, or an expectation by its place, like \"expect.0\"".to_owned()
                    }
                };
                p.add(Code::UnknownName, path, reason, fix);
            } else if scenario.expect_failure[..i].contains(known) {
                p.add(Code::DuplicateName, path, format!("\"{known}\" is there twice"), "leave one of them out");
            }
        }
    }
}
