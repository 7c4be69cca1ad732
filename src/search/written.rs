//! What was found as a file: a drill that replays without a search.

use super::ground::Search;
use crate::expect::Criterion;
use crate::load::load;
use crate::run::run;
use crate::scenario::{Choice, Named, Objective, Pick, Scenario, Source, Under};
use crate::units::{Duration, Time};

impl Search {
    /// The scenario in which these faults begin at a time, with one objective, and with no strategy or plan but the one that is
    /// run.
    pub(super) fn scenario_of(&self, set: &[usize], at: Time, objective: usize) -> Scenario {
        let mut scenario = self.scenario.clone();
        for fault in set {
            self.menu[*fault].change(&mut scenario);
        }
        let at = format!("+{}", at.since(Time::ZERO));
        let acts = || set.iter().flat_map(|fault| self.menu[*fault].acts());
        let hidden = |act: &&crate::scenario::Act| matches!(act, crate::scenario::Act::FailHidden { .. });
        let in_order = acts().filter(hidden).chain(acts().filter(|act| !hidden(act)));
        scenario.drill = in_order.map(|act| crate::scenario::Inject::At(at.clone(), act.clone())).collect();
        self.only_what_runs(&mut scenario, objective);
        scenario
    }

    fn only_what_runs(&self, scenario: &mut Scenario, objective: usize) {
        let Pick { strategy, maintenance, .. } = scenario.run.clone();
        scenario.strategies.0.retain(|(name, _)| Some(name) == strategy.as_ref());
        // What it sets has been set.
        scenario.strategies.0.iter_mut().for_each(|(_, strategy)| strategy.set = Named::default());
        scenario.maintenance.0.retain(|(name, _)| Some(name) == maintenance.as_ref());
        scenario.variants = Named::default();
        scenario.assumptions = Named::default();
        scenario.menu = Default::default();
        scenario.rehearsal = None;
        let maintenance = maintenance.filter(|plan| scenario.maintenance.get(plan).is_some());
        scenario.run = Pick { strategy, maintenance, variant: None };
        let name = &self.criteria[objective].name;
        scenario.objectives.0.retain(|(known, _)| known == name);
        for (_, objective) in &mut scenario.objectives.0 {
            as_run(objective);
        }
    }

    /// The text of a file that breaks an objective without luck, with a comment that says what it shows.
    pub(super) fn drill(&self, set: &[usize], at: Time, objective: usize) -> String {
        let scenario = self.scenario_of(set, at, objective);
        let faults: Vec<&str> = set.iter().map(|fault| self.menu[*fault].name.as_str()).collect();
        let line = |text: String| text.replace(['\n', '\r'], " ");
        let name = &self.criteria[objective].name;
        format!("// {}\n{}", line(format!("Breaks \"{name}\": {}.", faults.join("; "))), scenario.to_ron())
    }

    /// Whether such a text, read and run like any other, breaks its objective.
    pub(super) fn replays(&self, text: &str, objective: usize, draw: u64) -> bool {
        let Ok((scenario, world)) = load(&Source::new("drill.ron", text), &Choice::default()) else { return false };
        let outcome = run(&world, self.luck(draw)).outcome;
        let name = &self.criteria[objective].name;
        let criterion = Criterion::all(&scenario).into_iter().find(|criterion| criterion.name == *name);
        criterion.is_some_and(|criterion| !criterion.seen(&outcome).is_some_and(|seen| criterion.is_met(seen)))
    }
}

/// The objective of the run that a file tells: under its own drill.
fn as_run(objective: &mut Objective) {
    let (under, when) = match objective {
        Objective::Availability(o) => (&mut o.under, &mut o.when),
        Objective::Restored(o) | Objective::DataLoss(o) | Objective::Stale(o) | Objective::Overrun(o) => {
            (&mut o.under, &mut o.when)
        }
        Objective::Latency(o) => (&mut o.under, &mut o.when),
        Objective::Value(o) => (&mut o.under, &mut o.when),
    };
    (*under, *when) = (Under::Drill, Pick::default());
}

/// Seconds as a length.
pub(super) fn length(seconds: f64) -> Duration {
    Duration::from_seconds(seconds)
}
