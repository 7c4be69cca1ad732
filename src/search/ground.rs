//! What is searched: a scenario without its own drill and without failures by chance, and the menu of what may go wrong in it.

use super::kept::Unkept;
use super::lived::{Held, Lived, undisturbed};
use super::onsets::{Onset, onsets};
use super::sets::{Apart, Set};
use crate::expect::Criterion;
use crate::load::load;
use crate::rng::Luck;
use crate::scenario::{Choice, Diagnostics, Fault, Inject, Scenario, Source, Under, faults};
use crate::units::Duration;
use crate::world::{Action, World};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

/// Faults at once that are looked for.
pub const FAULTS_MAX: usize = 3;
/// Draws of luck that each is looked at under.
pub const DRAWS_MAX: u64 = 1_000;
/// Faults of a menu.
const MENU_MAX: usize = 1_000;
/// Sets of faults.
const SETS_MAX: usize = 2_000_000;
/// Two hours are alike if the same goes on for so much longer than any fault lasts.
const AFTERWARDS: Duration = Duration(24 * 3_600_000_000_000);

/// What is asked of a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// How many faults at once, up to [`FAULTS_MAX`].
    pub faults: usize,
    /// Under how many draws of luck each is looked at: how long repairs and failovers take, when health checks come.
    pub draws: u64,
    /// The seed of these draws.
    pub seed: u64,
    /// Whether nothing is left out: every hour of the week, every set of faults that no smaller one makes needless.
    pub exhaustive: bool,
}

impl Default for Asked {
    fn default() -> Asked {
        Asked { faults: 2, draws: 1, seed: 1, exhaustive: false }
    }
}

/// Why there is nothing to search.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SearchError {
    /// The scenario has mistakes.
    #[error("the scenario has mistakes")]
    Mistakes(Diagnostics),
    /// The scenario is right, and what is to be searched cannot be made of it.
    #[error("{0}")]
    Cannot(String),
    /// Sets that others were to run are not there; which share of them that is.
    #[error("{}", missing(.0, .1))]
    Missing(usize, usize),
    /// What was to be kept cannot be: whoever keeps it knows why.
    #[error("what was run cannot be kept")]
    Unkept,
}

fn missing(size: &usize, batch: &usize) -> String {
    let shard_of = |of: usize| format!("shard {} of {of}", (batch - 1) % of + 1);
    format!(
        "sets of {size} faults are in none of the folders: batch {batch} of them is that of {}, of {}, of {} and so on; is a shard \
         missing, or not done?",
        shard_of(2),
        shard_of(4),
        shard_of(8)
    )
}

impl From<Unkept> for SearchError {
    fn from(_: Unkept) -> SearchError {
        SearchError::Unkept
    }
}

/// A scenario, its menu, its objectives, and the hours at which things may go wrong.
pub struct Search {
    /// What is asked.
    pub asked: Asked,
    /// What may go wrong.
    pub menu: Vec<Fault>,
    /// When.
    pub onsets: Vec<Onset>,
    /// Which run of the file this is: without its drill and without failures by chance.
    pub scenario: Scenario,
    pub(super) criteria: Vec<Criterion>,
    pub(super) world: Arc<World>,
    /// The steps of each fault.
    pub(super) acts: Vec<Vec<Action>>,
    pub(super) apart: Apart,
    /// What each draw of luck comes to without any fault.
    pub(super) without: Vec<Lived>,
    /// What the search takes for granted.
    granted: Vec<String>,
}

impl Search {
    /// The world that is searched.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Prepares the search of one run of a file, for all its objectives.
    ///
    /// # Errors
    ///
    /// The file has mistakes, or its menu is too large.
    pub fn new(source: &Source, choice: &Choice, asked: Asked) -> Result<Search, SearchError> {
        let (written, _) = load(source, choice).map_err(SearchError::Mistakes)?;
        Search::of(&written, asked)
    }

    /// Prepares the search of a scenario as it is.
    ///
    /// # Errors
    ///
    /// The scenario has mistakes, or its menu is too large.
    pub fn of(written: &Scenario, asked: Asked) -> Result<Search, SearchError> {
        let asked =
            Asked { faults: asked.faults.clamp(1, FAULTS_MAX), draws: asked.draws.clamp(1, DRAWS_MAX), ..asked };
        let menu = faults(written);
        if menu.len() > MENU_MAX {
            return Err(SearchError::Cannot(format!(
                "{} faults are more than the {MENU_MAX} that are looked through: leave some out, in menu: (leaves_out: […])",
                menu.len()
            )));
        }
        let sets: usize = (1..=asked.faults).map(|size| choose(menu.len(), size)).sum();
        if sets > SETS_MAX {
            return Err(SearchError::Cannot(format!(
                "{sets} sets of up to {} of the {} faults are more than the {SETS_MAX} that are looked through: ask for fewer \
                 faults at once, or leave some out, in menu: (leaves_out: […])",
                asked.faults,
                menu.len()
            )));
        }
        let mut scenario = written.clone();
        scenario.drill.clear();
        scenario.expect.clear();
        scenario.fails_only_by_drill();
        let world = compiled(&scenario)?;
        let mut criteria = Criterion::all(&scenario);
        // A year without a drill is no question of faults that are put into one.
        criteria.retain(|criterion| criterion.under != Under::Year);
        let longest = menu.iter().filter_map(|fault| fault.lasts).max().unwrap_or(Duration::ZERO);
        let alike_for = (!asked.exhaustive).then(|| Duration(longest.0.saturating_add(AFTERWARDS.0)));
        let onsets = onsets(&world, alike_for);
        let acts = acts(&scenario, &menu)?;
        let without = (0..asked.draws).map(|draw| undisturbed(&world, luck(asked, draw), &criteria)).collect();
        let apart = Apart::new(&written.menu, &menu);
        let granted = granted(written, &menu, &onsets, asked);
        Ok(Search { asked, menu, onsets, scenario, criteria, world, acts, apart, without, granted })
    }

    /// Looks for what breaks these objectives only.
    #[must_use]
    pub fn only(mut self, objectives: &[String]) -> Search {
        self.criteria.retain(|criterion| objectives.contains(&criterion.name));
        let draws = 0..self.asked.draws;
        self.without = draws.map(|draw| undisturbed(&self.world, luck(self.asked, draw), &self.criteria)).collect();
        self
    }

    /// What is taken for granted, in sentences: what the search cannot see.
    pub fn granted(&self) -> &[String] {
        &self.granted
    }

    /// What runs under a draw of luck are held against.
    pub(super) fn held(&self, draw: u64) -> Held<'_> {
        Held::until_recovered(&self.criteria, &self.without[draw as usize])
    }

    pub(super) fn luck(&self, draw: u64) -> Luck {
        luck(self.asked, draw)
    }

    /// The worlds in which these sets are, by what of them is no step of a drill.
    pub(super) fn worlds(&self, sets: &[Set]) -> Result<BTreeMap<Set, Arc<World>>, SearchError> {
        let mut worlds = BTreeMap::from([(Set::new(), Arc::clone(&self.world))]);
        for set in sets {
            let changes = self.changes(set);
            if let Entry::Vacant(entry) = worlds.entry(changes) {
                let mut scenario = self.scenario.clone();
                entry.key().iter().for_each(|fault| self.menu[*fault].change(&mut scenario));
                entry.insert(compiled(&scenario)?);
            }
        }
        Ok(worlds)
    }

    /// Those of a set that are more than steps of a drill.
    pub(super) fn changes(&self, set: &[usize]) -> Set {
        set.iter().copied().filter(|fault| !self.menu[*fault].is_acts()).collect()
    }

    /// The steps of a set: what lies hidden comes first, so that it is there when it is needed.
    pub(super) fn steps(&self, set: &[usize]) -> Vec<&Action> {
        let all = || set.iter().flat_map(|fault| &self.acts[*fault]);
        let hidden = |action: &&Action| matches!(action, Action::FailHidden(_));
        all().filter(hidden).chain(all().filter(|action| !hidden(action))).collect()
    }
}

fn luck(asked: Asked, draw: u64) -> Luck {
    Luck { seed: asked.seed, replication: draw }
}

fn choose(n: usize, k: usize) -> usize {
    (0..k).fold(1, |product: usize, i| product.saturating_mul(n.saturating_sub(i)) / (i + 1))
}

fn compiled(scenario: &Scenario) -> Result<Arc<World>, SearchError> {
    World::compile(scenario).map_err(SearchError::Mistakes)
}

/// The steps of every fault, as the compiler reads them.
fn acts(scenario: &Scenario, menu: &[Fault]) -> Result<Vec<Vec<Action>>, SearchError> {
    let mut all = scenario.clone();
    for fault in menu {
        all.drill.extend(fault.acts().map(|act| Inject::At("+0s".to_owned(), act.clone())));
    }
    let world = compiled(&all)?;
    let mut steps = world.drill.iter().map(|(_, action)| action.clone());
    Ok(menu.iter().map(|fault| steps.by_ref().take(fault.acts().count()).collect()).collect())
}

fn granted(written: &Scenario, menu: &[Fault], onsets: &[Onset], asked: Asked) -> Vec<String> {
    let mut found = vec!["faults of one set begin at the same moment, on the hour".to_owned()];
    if !written.drill.is_empty() {
        found.push("the file's own drill is left out".to_owned());
    }
    found.push("nothing fails by chance meanwhile".to_owned());
    let assumed = menu.iter().filter(|fault| fault.lasts == Some(written.menu.lasts())).count();
    if assumed > 0 && written.menu.lasts.is_none() {
        found.push(format!("what the file gives no repair or length lasts {}", written.menu.lasts()));
    }
    let hours: usize = onsets.iter().map(|onset| onset.stands_for).sum();
    if onsets.len() < hours {
        found.push(format!(
            "hours before which the same goes on are alike: {} of {hours} were run (--exhaustive runs all)",
            onsets.len()
        ));
    }
    if asked.faults > 1 && !asked.exhaustive {
        let what = "a fault that users cannot tell alone, and that has nothing in common with the others of a set, adds nothing to it";
        found.push(format!("{what} (--exhaustive tries it)"));
    }
    if asked.faults > 1 {
        let what = "what breaks an objective breaks it with more faults, too: a set around a smaller one is not run, and is counted as broken";
        let told = if asked.exhaustive {
            "; where one more fault helps is told"
        } else {
            " (--exhaustive tells where one more helps)"
        };
        found.push(format!("{what}{told}"));
    }
    found
}
