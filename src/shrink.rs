//! From luck to a file: the smallest scenario that fails as a run did, whatever the seed.
//!
//! [`shrink`] makes the run again, writes down what it drew as a drill ([pinned](Shrunk::pinned)), and leaves out and simplifies
//! until nothing more can go: the result is minimal in the sense that it no longer fails without any one entry of it. Every step
//! on the way is a scenario without mistakes, because the compiler says so. It has to be the same failure all the way: first the
//! faults are found that break the whole design, and from then on each of them is needed, so that no redundancy is lost that
//! they had to overcome. Where a failover that works at once would have helped, it goes on to.
//!
//! ```
//! use firedrill::{rng::Luck, scenario::{Choice, Source}, shrink::shrink, study::Alone};
//! let text = r#"Scenario(
//!     format: 1,
//!     title: "A service that is repaired",
//!     clock: (from: "2024-01-01T00:00", zone: "UTC", horizon: "1y"),
//!     sites: {"a": (), "b": ()},
//!     components: {"db": (fails: exponential(mean: "91d"), repair: (takes: exponential(mean: "1h")))},
//!     services: {"web": (runs_at: {"a": (servers: 2)}, takes: fixed("50ms"), stands_on: all(["db"]))},
//!     features: {"read": (calls: [hard(to: "web")])},
//!     people: {"all": (users: 100, uses: {"read": "1/min"}, served_by: "a")},
//!     objectives: {"back in half an hour": restored(of: "all", within: "30m")},
//! )"#;
//! let source = Source::new("db.ron", text);
//! let shrunk = shrink(&source, &Choice::default(), Luck { seed: 1, replication: 1 }, None, &mut Alone).unwrap();
//! assert_eq!(shrunk.goal, "back in half an hour");
//! assert_eq!(shrunk.scenario.drill.len(), 1, "one crash is enough: {}", shrunk.text);
//! assert!(shrunk.scenario.components.get("db").unwrap().fails.is_none(), "nothing is drawn");
//! ```

mod cut;
mod goal;
mod pin;
mod reduce;
mod simpler;
mod told;
mod trial;
mod witness;

use crate::load::load;
use crate::metrics::Outcome;
use crate::rng::Luck;
use crate::run::run;
use crate::scenario::{Choice, Diagnostics, Scenario, Source};
use crate::study::Hands;
use crate::world::World;
use goal::Goal;
use reduce::Reducer;
use std::sync::Arc;
use trial::{DueTo, GivenUp, SEEDS, SEEDS_IN_THE_END, Trial};

/// The smallest scenario that fails as a run did.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Shrunk {
    /// The objective that fails, or the place of the expectation.
    pub goal: String,
    /// The file: the scenario, with a comment that says what it shows.
    pub text: String,
    /// The scenario.
    pub scenario: Scenario,
    /// Whether it holds without what happens in it: without any one step of its drill, as far as these are not very many.
    pub due_to_faults: bool,
    /// Whether it holds where every group fails over at once and well.
    pub due_to_response: bool,
    /// How many failures the run drew, which became steps of its drill.
    pub pinned: usize,
    /// How many candidates were looked at.
    pub tried: usize,
}

/// Why a run cannot be made smaller.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ShrinkError {
    /// The scenario has mistakes.
    #[error("the scenario has mistakes")]
    Mistakes(Diagnostics),
    /// There is no such objective.
    #[error("there is no objective \"{asked}\"; {fix}")]
    Unknown {
        /// What was asked for.
        asked: String,
        /// What there is.
        fix: String,
    },
    /// The objective holds in this run, or nothing fails in it.
    #[error("{0}")]
    Holds(String),
    /// What the run drew cannot be written as a drill that fails without it.
    #[error("{0}")]
    NeedsLuck(String),
    /// Whoever does the work has given up.
    #[error("nothing was written: it was given up before the smallest file was found")]
    GivenUp,
}

impl From<GivenUp> for ShrinkError {
    fn from(_: GivenUp) -> ShrinkError {
        ShrinkError::GivenUp
    }
}

/// Makes the smallest scenario that fails as a run does: in an objective of this name or an expectation of this place
/// (`expect.0`), or else in the first that fails in it.
///
/// # Errors
///
/// A scenario with mistakes, an objective that is not there or holds; a failure that needs its luck; work that was given up.
pub fn shrink(
    source: &Source,
    choice: &Choice,
    luck: Luck,
    objective: Option<&str>,
    hands: &mut impl Hands,
) -> Result<Shrunk, ShrinkError> {
    let (scenario, world) = load(source, choice).map_err(ShrinkError::Mistakes)?;
    let outcome = run(&world, luck).outcome;
    let goal = goal_of(&scenario, &world, &outcome, objective)?;
    let witness = witness::Witness::of(&world, luck);
    let (mut trial, start) = pinned(&scenario, &world, goal.clone(), luck, &witness, hands)?;
    loop {
        let mut reducer = Reducer::new(start.clone(), trial.clone(), hands);
        reducer.reduce()?;
        let (text, tried, due_to) = (reducer.text, reducer.tried, reducer.trial.due_to);
        let (scenario, world) = trial::read(&text).map_err(ShrinkError::Mistakes)?;
        let (failed, luck_is_left) = trial.count(&scenario, &world, hands)?;
        if (trial.given_up)() {
            return Err(ShrinkError::GivenUp);
        }
        if failed < SEEDS_IN_THE_END && trial.seeds < SEEDS_IN_THE_END {
            // Some luck that few seeds have: every candidate is held against more of them.
            trial.seeds = SEEDS_IN_THE_END;
            continue;
        }
        let trial = Trial { due_to, ..trial };
        let from = told::From { file: &source.name, choice, luck, objective: &goal.name };
        let comment = told::comment(&trial, (&scenario, &world), &from, luck_is_left);
        return Ok(Shrunk {
            goal: goal.name,
            text: comment + &text,
            scenario,
            due_to_faults: due_to.faults,
            due_to_response: due_to.response,
            pinned: witness.strikes().filter(|strike| strike.drawn).count(),
            tried,
        });
    }
}

/// What fails in a run: what is asked for, or the first.
fn goal_of(scenario: &Scenario, world: &World, outcome: &Outcome, asked: Option<&str>) -> Result<Goal, ShrinkError> {
    let names = || scenario.objectives.names().map(str::to_owned);
    let places = || (0..scenario.expect.len()).map(goal::name_of);
    let missed = |name: &str| goal::missed(name, scenario, world, outcome);
    let Some(asked) = asked else {
        let first = names().chain(places()).find_map(|name| Some((missed(&name)?, name)));
        let (missed, name) = first.ok_or_else(|| {
            let words = "nothing fails in this run: every objective and every expectation holds; `firedrill test` names runs \
                         that fail";
            ShrinkError::Holds(words.to_owned())
        })?;
        return Ok(Goal::new(name, missed.side, scenario, world));
    };
    if !names().chain(places()).any(|name| name == asked) {
        let known: Vec<String> = names().chain(places()).collect();
        let fix = match known.is_empty() {
            true => "the file has no objectives and expects nothing".to_owned(),
            false => format!("there are {}", known.join(", ")),
        };
        return Err(ShrinkError::Unknown { asked: asked.to_owned(), fix });
    }
    match missed(asked) {
        Some(missed) => Ok(Goal::new(asked.to_owned(), missed.side, scenario, world)),
        None => Err(ShrinkError::Holds(format!(
            "\"{asked}\" holds in this run, or says nothing of it; `firedrill test` names a run in which it fails"
        ))),
    }
}

/// The run as a drill, in the first manner in which it fails whatever the seed.
fn pinned(
    scenario: &Scenario,
    world: &Arc<World>,
    goal: Goal,
    luck: Luck,
    witness: &witness::Witness,
    hands: &mut impl Hands,
) -> Result<(Trial, String), ShrinkError> {
    let only = pin::only_this_run(scenario, &goal.name);
    let name = if scenario.objectives.get(&goal.name).is_some() { goal.name.clone() } else { goal::name_of(0) };
    let given_up = hands.given_up();
    let asked = Goal { name, ..goal };
    let mut trial = Trial { goal: asked, luck, seeds: SEEDS, due_to: DueTo::default(), given_up };
    let mut best = 0;
    for manner in pin::Manner::ALL {
        let text = trial::tidy(pin::pinned(&only, world, witness, manner));
        let (pinned, compiled) = trial::read(&text).map_err(ShrinkError::Mistakes)?;
        let (failed, _) = trial.count(&pinned, &compiled, hands)?;
        best = best.max(failed);
        if failed == SEEDS_IN_THE_END {
            trial.due_to.faults = trial.causes(&pinned, &compiled).faults;
            return Ok((trial, text));
        }
    }
    Err(ShrinkError::NeedsLuck(told::needs_luck(&goal.name, best, witness, world)))
}
