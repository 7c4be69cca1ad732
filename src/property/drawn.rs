//! Strategies: which cases are drawn, and how they get smaller.

use super::case::{Case, only_what_runs, with_values};
use super::changes::{Change, Values, below};
use super::kept::path_drawn;
use super::whole::Sketch;
use crate::rng::{Luck, Stream};
use crate::scenario::{Choice, Fault, Inject, Menu, Objective, Scenario, Source, faults, pattern_fits};
use crate::shrink::shrink;
use crate::study::Alone;
use crate::units::Duration;
use crate::world::World;
use proptest::prelude::any;
use proptest::strategy::{NewTree, Strategy, ValueTree};
use proptest::test_runner::{Reason, TestRunner};
use std::ops::RangeInclusive;

/// So often a case is drawn again that cannot be run.
const TRIES_MAX: usize = 200;
const MINUTE_S: f64 = 60.0;

/// A strategy of proptest: drills, designs, whole scenarios.
#[derive(Debug, Clone)]
pub struct Cases {
    ground: Ground,
    changes: Vec<Change>,
    objectives: Vec<(String, Objective)>,
    /// How many faults; `None`: the drill and the failures of the scenario itself.
    faults: Option<(usize, usize)>,
}

/// What a case is made of.
#[derive(Debug, Clone)]
enum Ground {
    /// A scenario that is there.
    Written(Box<Scenario>),
    /// A scenario that is drawn, too.
    Drawn,
}

impl Cases {
    pub(super) fn of(scenario: &Scenario) -> Cases {
        Cases::on(Ground::Written(Box::new(only_what_runs(scenario.clone()))))
    }

    pub(super) fn whole() -> Cases {
        Cases::on(Ground::Drawn)
    }

    fn on(ground: Ground) -> Cases {
        Cases { ground, changes: Vec::new(), objectives: Vec::new(), faults: None }
    }

    /// At most so many faults of the menu, and at least one; instead of the drill and of what fails by chance.
    #[must_use]
    pub fn at_most(mut self, faults: usize) -> Cases {
        self.faults = Some((1.min(faults), faults));
        self
    }

    /// Exactly so many faults.
    #[must_use]
    pub fn exactly(mut self, faults: usize) -> Cases {
        self.faults = Some((faults, faults));
        self
    }

    /// A whole number of the scenario is drawn from a range: `size("services.web.runs_at.oslo.servers", 2..=8)`.
    #[must_use]
    pub fn size(self, path: &str, sizes: RangeInclusive<u64>) -> Cases {
        self.changed(path, Values::Sizes(sizes))
    }

    /// A length of time is drawn from a range: `threshold("strategies.standby.failover.home.detect.grace", "5s", "2m")`.
    ///
    /// # Panics
    /// Where an end of the range is no length of time.
    #[must_use]
    pub fn threshold(self, path: &str, least: &str, most: &str) -> Cases {
        let [least, most] = [least, most].map(|text| match text.parse::<Duration>() {
            Ok(length) => length,
            Err(error) => panic!("threshold of {path}: {error}"),
        });
        self.changed(path, Values::Lengths(least..=most))
    }

    /// Where something is: one of these names. `placement("components.array.at", ["oslo", "bergen"])`.
    #[must_use]
    pub fn placement<'n>(self, path: &str, places: impl IntoIterator<Item = &'n str>) -> Cases {
        let texts = places.into_iter().map(|place| format!("{place:?}")).collect();
        self.changed(path, Values::Texts(texts))
    }

    /// Any value of the scenario is one of these, as a file would write them.
    #[must_use]
    pub fn one_of<'n>(self, path: &str, values: impl IntoIterator<Item = &'n str>) -> Cases {
        let texts = values.into_iter().map(str::to_owned).collect();
        self.changed(path, Values::Texts(texts))
    }

    /// One more objective.
    #[must_use]
    pub fn objective(mut self, name: &str, objective: Objective) -> Cases {
        self.objectives.push((name.to_owned(), objective));
        self
    }

    fn changed(mut self, path: &str, values: Values) -> Cases {
        if let Values::Texts(texts) = &values {
            assert!(!texts.is_empty(), "{path} has to be one of something");
        }
        self.changes.push(Change { path: path.to_owned(), values });
        self
    }

    /// A case by chance.
    fn draw(&self, seed: u64) -> Result<Draft, String> {
        let luck = Luck { seed, replication: 0 };
        let stream = |of: &str| Stream::new(luck, of, "case");
        let sketch = match self.ground {
            Ground::Written(_) => None,
            Ground::Drawn => Some(Sketch::draw(&mut stream("scenario"))),
        };
        let mut changes = stream("changes");
        let values = self.changes.iter().map(|change| Some(change.draw(&mut changes))).collect();
        // Seeds are read and typed by people.
        let luck = Luck { seed: below(&mut stream("luck"), 1_000), replication: 0 };
        let mut draft = Draft { sketch, values, faults: Vec::new(), luck };
        let design = self.design(&draft)?;
        let world = World::compile(&design).map_err(|mistakes| mistakes.to_string())?;
        if let Some((least, most)) = self.faults {
            draft.faults = drill(&design, &world, least, most, &mut stream("drill"));
        }
        Ok(draft)
    }

    /// The scenario of a draft before anything happens in it.
    fn design(&self, draft: &Draft) -> Result<Scenario, String> {
        let mut scenario = match (&self.ground, &draft.sketch) {
            (Ground::Written(written), _) => Scenario::clone(written),
            (Ground::Drawn, sketch) => sketch.as_ref().map(Sketch::scenario).unwrap_or_default(),
        };
        for (name, objective) in &self.objectives {
            scenario.objectives.insert(name.clone(), objective.clone());
        }
        let set = self.changes.iter().zip(&draft.values);
        let set = set.filter_map(|(change, value)| Some((change.path.clone(), value.clone()?))).collect();
        with_values(&scenario, set).map_err(|mistakes| mistakes.to_string())
    }

    /// A draft as a case.
    fn case(&self, draft: &Draft) -> Result<Case, String> {
        let mut scenario = self.design(draft)?;
        if self.faults.is_some() {
            let menu = faults(&scenario);
            scenario.drill.clear();
            scenario.fails_only_by_drill();
            put_into(&mut scenario, &menu, &draft.faults);
            scenario.menu = Menu::default();
        }
        Case::new(scenario, draft.luck).map_err(|mistakes| mistakes.to_string())
    }

    /// What is a little simpler than a draft, the simplest first.
    fn simpler(&self, draft: &Draft) -> Vec<Draft> {
        let mut found = Vec::new();
        let mut with = |change: &dyn Fn(&mut Draft)| {
            let mut simpler = draft.clone();
            change(&mut simpler);
            if simpler != *draft {
                found.push(simpler);
            }
        };
        let least = self.faults.map_or(0, |(least, _)| least);
        for at in (0..draft.faults.len()).filter(|_| draft.faults.len() > least) {
            with(&|simpler| {
                simpler.faults.remove(at);
            });
        }
        for sketch in draft.sketch.iter().flat_map(Sketch::simpler) {
            with(&|simpler| simpler.sketch = Some(sketch.clone()));
        }
        // Nothing is simpler than what the scenario says itself.
        for at in 0..draft.values.len() {
            with(&|simpler| simpler.values[at] = None);
            let value = draft.values[at].as_ref();
            for rounder in value.iter().flat_map(|value| self.changes[at].rounder(value)) {
                with(&|simpler| simpler.values[at] = Some(rounder.clone()));
            }
        }
        for at in 0..draft.faults.len() {
            for whole_s in [86_400.0, 3_600.0, 600.0] {
                with(&|simpler| {
                    let struck = &mut simpler.faults[at];
                    struck.at_s = (struck.at_s / whole_s).floor() * whole_s;
                });
            }
        }
        with(&|simpler| simpler.luck = Luck { seed: 1, replication: 0 });
        found
    }
}

/// A case before it is put together.
#[derive(Debug, Clone, PartialEq)]
struct Draft {
    sketch: Option<Sketch>,
    /// The value of each change; `None`: as the scenario says.
    values: Vec<Option<String>>,
    faults: Vec<Struck>,
    luck: Luck,
}

/// A fault at its time.
#[derive(Debug, Clone, PartialEq)]
struct Struck {
    name: String,
    at_s: f64,
}

/// A drill by chance: faults that may come together, the first at any time of the run, the others mostly while it lasts.
fn drill(design: &Scenario, world: &World, least: usize, most: usize, stream: &mut Stream) -> Vec<Struck> {
    let menu = faults(design);
    let count = least + below(stream, (most - least) as u64 + 1) as usize;
    let (from_s, to_s) = (world.measured_from().seconds(), world.horizon().seconds());
    let mut struck: Vec<(&Fault, f64)> = Vec::new();
    while struck.len() < count {
        let left: Vec<&Fault> = menu.iter().filter(|fault| can_come(&design.menu, &struck, fault)).collect();
        if left.is_empty() {
            break;
        }
        let fault = left[below(stream, left.len() as u64) as usize];
        let (anywhere, soon, how_soon) = (stream.uniform(), stream.chance(0.75), stream.uniform());
        let first = struck.first().filter(|_| soon).map(|(first, at_s)| (first.lasts, *at_s));
        let at_s = match first {
            Some((lasts, at_s)) => at_s + how_soon * lasts.unwrap_or(design.menu.lasts()).seconds(),
            None => from_s + anywhere * (to_s - from_s),
        };
        struck.push((fault, whole_minute(at_s, from_s, to_s)));
    }
    struck.into_iter().map(|(fault, at_s)| Struck { name: fault.name.clone(), at_s }).collect()
}

/// A time as somebody would write it, inside of the run.
fn whole_minute(at_s: f64, from_s: f64, to_s: f64) -> f64 {
    let step = if to_s - from_s >= 60.0 * MINUTE_S { MINUTE_S } else { 1.0 };
    ((at_s / step).floor() * step).clamp(from_s, (to_s - step).max(from_s))
}

/// Whether a fault is none that is there already, nor one that the menu keeps apart from it.
fn can_come(menu: &Menu, struck: &[(&Fault, f64)], fault: &Fault) -> bool {
    let named = |patterns: &[String], name: &str| patterns.iter().any(|pattern| pattern_fits(pattern, name));
    struck.iter().all(|(there, _)| {
        let apart = menu.never_together.iter().any(|group| named(group, &there.name) && named(group, &fault.name));
        there.name != fault.name && !apart
    })
}

/// Puts faults into a scenario. What lies hidden is there from the start.
fn put_into(scenario: &mut Scenario, menu: &[Fault], struck: &[Struck]) {
    let mut in_order: Vec<&Struck> = struck.iter().collect();
    in_order.sort_by(|a, b| a.at_s.total_cmp(&b.at_s));
    for Struck { name, at_s } in in_order {
        if let Some(fault) = menu.iter().find(|fault| fault.name == *name) {
            fault.put_into(scenario, &format!("+{}", Duration::from_seconds(*at_s)));
        }
    }
    for step in &mut scenario.drill {
        if let Inject::At(at, crate::scenario::Act::FailHidden { .. }) = step {
            "+0s".clone_into(at);
        }
    }
}

impl Strategy for Cases {
    type Tree = CaseTree;
    type Value = Case;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Cases> {
        let mut last = String::new();
        for _ in 0..TRIES_MAX {
            let seed = any::<u64>().new_tree(runner)?.current();
            match self.draw(seed).and_then(|draft| Ok((self.case(&draft)?, draft))) {
                Ok((case, draft)) => {
                    let last_failed = (case.clone(), Some(draft));
                    return Ok(CaseTree { cases: self.clone(), last_failed, case, left: Left::Smallest });
                }
                Err(problem) => last = problem,
            }
        }
        Err(Reason::from(format!("none of {TRIES_MAX} cases can be run; the last: {last}")))
    }
}

/// A case that gets smaller.
#[derive(Debug, Clone)]
pub struct CaseTree {
    cases: Cases,
    case: Case,
    /// The smallest that is known to fail; without a draft where nothing is smaller.
    last_failed: (Case, Option<Draft>),
    left: Left,
}

/// What has still to be tried.
#[derive(Debug, Clone)]
enum Left {
    /// What `shrink` makes of the case.
    Smallest,
    /// What it makes of it is being tried.
    TriesSmallest,
    /// Cases that are a little simpler, the next last; the draft of the one that is being tried.
    Simpler(Vec<Simpler>, Option<Draft>),
}

/// A case that is a little simpler.
#[derive(Debug, Clone)]
enum Simpler {
    /// As it was drawn, but for something.
    Drawn(Draft),
    /// A scenario without a step of its drill.
    Without(Box<Scenario>),
}

impl CaseTree {
    /// What `shrink` makes of the case, if an objective fails in it.
    fn smallest(&self) -> Option<Case> {
        let missed = self.case.missed().into_iter().next()?;
        let source = Source::from_scenario(path_drawn(&missed.objective), &self.case.known_to_fail(&missed.objective));
        let (choice, luck) = (Choice::default(), self.case.luck());
        let shrunk = shrink(&source, &choice, luck, Some(&missed.objective), &mut Alone).ok()?;
        Case::smallest(shrunk, luck)
    }

    /// The next that is a little simpler, and can be run.
    fn next_simpler(&mut self, mut left: Vec<Simpler>) -> bool {
        while let Some(simpler) = left.pop() {
            let (case, draft) = match simpler {
                Simpler::Drawn(draft) => (self.cases.case(&draft).ok(), Some(draft)),
                Simpler::Without(scenario) => (Case::new(*scenario, self.case.luck()).ok(), None),
            };
            if let Some(case) = case {
                self.case = case;
                self.left = Left::Simpler(left, draft);
                return true;
            }
        }
        self.case = self.last_failed.0.clone();
        self.left = Left::Simpler(left, None);
        false
    }

    /// What is simpler than the last that failed. The file of `shrink` is as small as its objective lets it be: a test that asks for
    /// something else may need fewer steps.
    fn simpler_than_last(&self) -> Vec<Simpler> {
        let mut simpler: Vec<Simpler> = match &self.last_failed {
            (_, Some(draft)) => self.cases.simpler(draft).into_iter().map(Simpler::Drawn).collect(),
            (case, None) => (0..case.scenario().drill.len())
                .map(|step| {
                    let mut scenario = case.scenario().clone();
                    scenario.drill.remove(step);
                    Simpler::Without(Box::new(scenario))
                })
                .collect(),
        };
        simpler.reverse();
        simpler
    }
}

impl ValueTree for CaseTree {
    type Value = Case;

    fn current(&self) -> Case {
        self.case.clone()
    }

    /// The case fails: something simpler.
    fn simplify(&mut self) -> bool {
        match std::mem::replace(&mut self.left, Left::Simpler(Vec::new(), None)) {
            Left::Smallest => {
                if let Some(case) = self.smallest() {
                    (self.case, self.left) = (case, Left::TriesSmallest);
                    return true;
                }
            }
            Left::TriesSmallest => self.last_failed = (self.case.clone(), None),
            Left::Simpler(_, tried) => self.last_failed = (self.case.clone(), tried),
        }
        let left = self.simpler_than_last();
        self.next_simpler(left)
    }

    /// The case does not fail: back, and something else.
    fn complicate(&mut self) -> bool {
        let left = match std::mem::replace(&mut self.left, Left::Simpler(Vec::new(), None)) {
            Left::Smallest => return false,
            Left::TriesSmallest => self.simpler_than_last(),
            Left::Simpler(left, _) => left,
        };
        self.next_simpler(left)
    }
}
