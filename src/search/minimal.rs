//! Enumeration: each fault alone, then sets of two and three, as long as no smaller set breaks an objective at that hour already.

use super::came::Came;
use super::design::Design;
use super::found::{Broken, Certificate, Column, Found, Single, Weakness};
use super::ground::{Search, SearchError};
use super::importance::{importances, per_year};
use super::kept::{Forgets, Keeper, Shard, name_of, sets_of, text_of};
use super::lived::{Lived, Wanted, disturbed};
use super::meeting::Meeting;
use super::sets::{Set, inside, of_size};
use crate::expect::{Criterion, Unit};
use crate::study::Hands;
use std::collections::BTreeMap;

/// Sets that are run one after the other from the same run without faults.
const TOGETHER: usize = 8;
/// Of so many sets for each objective, the first, it is told what would have saved it.
const SAVED_MAX: usize = 6;
/// Parts of so many sets that are kept together.
const BATCH: usize = 8;
/// Batches that are run before they are kept.
const BATCHES_AT_ONCE: usize = 8;

/// By onset; nothing where it was not run.
type Tried = Vec<Option<Came>>;

/// Where each objective was broken: by objective, then by onset.
type BrokenAt = Vec<Vec<bool>>;

impl Search {
    /// Searches, and says what was found; nothing where the work was given up. `others` are the same file under its other
    /// strategies: of what breaks this one it is told which of them would have held.
    ///
    /// # Errors
    ///
    /// A fault that cannot be put into the scenario.
    pub fn run(&self, others: &[Search], hands: &mut impl Hands) -> Result<Option<Found>, SearchError> {
        self.run_kept(others, &mut Forgets, hands)
    }

    /// The same, with what is kept already taken from there, and what is made kept.
    ///
    /// # Errors
    ///
    /// A fault that cannot be put into the scenario; a place that cannot be read or written, or lacks what is not made here.
    pub fn run_kept(
        &self,
        others: &[Search],
        keeper: &mut dyn Keeper,
        hands: &mut impl Hands,
    ) -> Result<Option<Found>, SearchError> {
        let mut levels = Levels::new(self, self.asked.draws);
        for size in 1..=self.asked.faults {
            if !levels.try_all(size, (&mut *keeper, None), hands)? {
                return Ok(None);
            }
        }
        let Some(objectives) = levels.objectives(others, hands)? else { return Ok(None) };
        let Some(side_by_side) = self.side_by_side(others, keeper, hands)? else { return Ok(None) };
        let pick = &self.scenario.run;
        let run = [&pick.strategy, &pick.maintenance, &pick.variant].into_iter().flatten().cloned().collect();
        Ok(Some(Found {
            title: self.scenario.title.clone(),
            run,
            menu: self.menu.len(),
            onsets: self.onsets.len(),
            hours: self.hours(),
            draws: self.asked.draws,
            faults: self.asked.faults,
            runs: levels.runs,
            singles: levels.singles(),
            side_by_side,
            objectives,
            granted: self.granted().to_vec(),
            design: Design::of(&self.scenario),
        }))
    }

    /// Runs a part of the search, for whoever keeps it: of the largest sets those of a shard, and all smaller ones, from which it
    /// follows which of those have to be run. False where the work was given up.
    ///
    /// # Errors
    ///
    /// As [`run_kept`](Search::run_kept).
    pub fn run_shard(
        &self,
        shard: Shard,
        keeper: &mut dyn Keeper,
        hands: &mut impl Hands,
    ) -> Result<bool, SearchError> {
        let mut levels = Levels::new(self, 0);
        for size in 1..=self.asked.faults {
            let shared = (size == self.asked.faults).then_some(shard);
            if !levels.try_all(size, (&mut *keeper, shared), hands)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Each fault alone: what `run` says of them, without looking for sets. Nothing where the work was given up.
    ///
    /// # Errors
    ///
    /// A fault that cannot be put into the scenario.
    pub fn singles(&self, hands: &mut impl Hands) -> Result<Option<Vec<Single>>, SearchError> {
        self.singles_kept(&mut Forgets, hands)
    }

    fn singles_kept(
        &self,
        keeper: &mut dyn Keeper,
        hands: &mut impl Hands,
    ) -> Result<Option<Vec<Single>>, SearchError> {
        let mut levels = Levels::new(self, 0);
        Ok(levels.try_all(1, (keeper, None), hands)?.then(|| levels.singles()))
    }

    /// The same under the file's other strategies, each with its own menu.
    fn side_by_side(
        &self,
        others: &[Search],
        keeper: &mut dyn Keeper,
        hands: &mut impl Hands,
    ) -> Result<Option<Vec<Column>>, SearchError> {
        let mut found = Vec::new();
        for other in others {
            let Some(strategy) = other.scenario.run.strategy.clone() else { continue };
            if self.scenario.run.strategy.as_ref() == Some(&strategy) {
                continue;
            }
            let Some(singles) = other.singles_kept(&mut *keeper, hands)? else { return Ok(None) };
            found.push(Column { strategy, singles });
        }
        Ok(Some(found))
    }

    pub(super) fn hours(&self) -> usize {
        self.onsets.iter().map(|onset| onset.stands_for).sum()
    }

    /// Whether an objective is broken in a run, compared with the same luck without faults.
    fn is_broken(&self, objective: usize, lived: &Lived, draw: u64) -> bool {
        let criterion = &self.criteria[objective];
        match lived.seen[objective] {
            Some(seen) => !criterion.is_met(seen),
            // Nobody was answered any more: that is no latency, and no good one.
            None => criterion.unit == Unit::Latency && self.without[draw as usize].seen[objective].is_some(),
        }
    }

    pub(super) fn is_broken_without(&self, objective: usize) -> bool {
        (0..self.asked.draws).any(|draw| self.is_broken(objective, &self.without[draw as usize], draw))
    }

    /// What came of a set at an onset, from its runs under every draw of luck.
    fn came(&self, lived: &[Lived]) -> Came {
        let count = self.criteria.len();
        let mut came =
            Came { broken: vec![0; count], first: vec![None; count], seen: vec![None; count], ..Came::default() };
        for (draw, (lived, without)) in lived.iter().zip(&self.without).enumerate() {
            for (objective, criterion) in self.criteria.iter().enumerate() {
                if self.is_broken(objective, lived, draw as u64) {
                    came.broken[objective] += 1;
                    came.first[objective].get_or_insert(draw as u64);
                }
                let worst = |a: f64, b: f64| if criterion.more_is_better() { a.min(b) } else { a.max(b) };
                let known = came.seen[objective];
                came.seen[objective] =
                    lived.seen[objective].map(|new| known.map_or(new, |old| worst(old, new))).or(known);
            }
            let pairs = || lived.people.iter().zip(&without.people);
            let more = 1e-6;
            let hit = |a: f64, b: f64| a > b + more;
            let users = pairs().filter(|(a, b)| hit(a.down_s, b.down_s) || hit(a.degraded_s, b.degraded_s));
            came.users_hit = came.users_hit.max(users.map(|(a, _)| a.users).sum());
            came.longest_s = lived.people.iter().map(|felt| felt.longest_s).fold(came.longest_s, f64::max);
            came.lost_min = came.lost_min.max(pairs().map(|(a, b)| a.lost_min - b.lost_min).sum());
            came.shows |= lived.differs(without);
        }
        came
    }
}

struct Levels<'s> {
    search: &'s Search,
    /// Single faults, for the table.
    tried: BTreeMap<Set, Tried>,
    /// Sets that broke something.
    broken: BTreeMap<Set, (BrokenAt, Tried)>,
    runs: u64,
}

impl<'s> Levels<'s> {
    fn new(search: &'s Search, runs: u64) -> Levels<'s> {
        Levels { search, tried: BTreeMap::new(), broken: BTreeMap::new(), runs }
    }

    /// Tries every set of a size, where it is not needless, or those of a shard; false where the work was given up.
    fn try_all(
        &mut self,
        size: usize,
        kept: (&mut dyn Keeper, Option<Shard>),
        hands: &mut impl Hands,
    ) -> Result<bool, SearchError> {
        let wanted = self.wanted(size);
        let Some(tried) = try_sets(self.search, (size, &wanted), kept, hands)? else { return Ok(false) };
        for ((set, at), tried) in wanted.into_iter().zip(tried) {
            self.runs += at.iter().filter(|wanted| **wanted).count() as u64 * self.search.asked.draws;
            let broken: BrokenAt = (0..self.search.criteria.len())
                .map(|objective| {
                    let broke = |came: &Option<Came>| came.as_ref().is_some_and(|came| came.broken[objective] > 0);
                    tried.iter().map(broke).collect()
                })
                .collect();
            if broken.iter().flatten().any(|broke| *broke) {
                self.broken.insert(set.clone(), (broken, tried.clone()));
            }
            if size == 1 {
                self.tried.insert(set, tried);
            }
        }
        Ok(true)
    }

    /// The sets of a size that have to be run, and at which onsets.
    fn wanted(&self, size: usize) -> Vec<(Set, Vec<bool>)> {
        let search = self.search;
        let named: Vec<&[String]> = search.menu.iter().map(|fault| fault.hits.as_slice()).collect();
        let meeting = Meeting::new(&search.world, &search.acts, &named);
        let shows = |fault: usize| {
            let alone = self.tried.get(&vec![fault]);
            alone.is_none_or(|tried| tried.iter().flatten().any(|came| came.shows))
        };
        let shows: Vec<bool> = (0..search.menu.len()).map(shows).collect();
        let counts = |set: &Set| {
            size == 1 || search.asked.exhaustive || set.iter().all(|fault| shows[*fault] || meeting.of(*fault, set))
        };
        let open: Vec<usize> = (0..search.criteria.len()).filter(|o| !search.is_broken_without(*o)).collect();
        let sets = of_size(size, search.menu.len()).into_iter();
        let sets = sets.filter(|set| search.apart.allows(set) && counts(set));
        sets.filter_map(|set| {
            let at: Vec<bool> = match size {
                1 => vec![true; search.onsets.len()],
                _ => (0..search.onsets.len()).map(|at| open.iter().any(|o| !self.is_needless(&set, *o, at))).collect(),
            };
            at.contains(&true).then_some((set, at))
        })
        .collect()
    }

    /// Whether a smaller set breaks an objective at this onset already.
    fn is_needless(&self, set: &[usize], objective: usize, onset: usize) -> bool {
        inside(set).any(|smaller| self.broken.get(&smaller).is_some_and(|(broken, _)| broken[objective][onset]))
    }

    fn singles(&self) -> Vec<Single> {
        let search = self.search;
        let mut found: Vec<Single> = Vec::new();
        for (set, tried) in &self.tried {
            let fault = &search.menu[set[0]];
            let came = || tried.iter().enumerate().filter_map(|(at, came)| Some((at, came.as_ref()?)));
            let key = |came: &Came| (came.lost_min, came.longest_s, came.users_hit);
            let worst = came().reduce(|a, b| if key(b.1) > key(a.1) { b } else { a });
            let Some((at, worst)) = worst else { continue };
            let breaks = |o: &usize| !search.is_broken_without(*o) && came().any(|(_, came)| came.broken[*o] > 0);
            let broken = (0..search.criteria.len()).filter(breaks).map(|o| search.criteria[o].name.clone());
            found.push(Single {
                fault: fault.name.clone(),
                kind: fault.kind,
                hits: fault.hits.clone(),
                per_year: fault.per_year,
                users_hit: worst.users_hit,
                longest_outage_s: worst.longest_s,
                user_minutes_lost: worst.lost_min,
                worst_at: search.onsets[at].label.clone(),
                breaks: broken.collect(),
                shows: came().any(|(_, came)| came.shows),
            });
        }
        let by = |a: &Single, b: &Single| {
            let most = b.user_minutes_lost.total_cmp(&a.user_minutes_lost);
            most.then(b.longest_outage_s.total_cmp(&a.longest_outage_s)).then(b.shows.cmp(&a.shows))
        };
        found.sort_by(|a, b| b.breaks.len().cmp(&a.breaks.len()).then(by(a, b)));
        found
    }

    fn objectives(&mut self, others: &[Search], hands: &mut impl Hands) -> Result<Option<Vec<Broken>>, SearchError> {
        let mut found = Vec::new();
        for objective in 0..self.search.criteria.len() {
            let Some(broken) = self.objective(objective, others, hands)? else { return Ok(None) };
            found.push(broken);
        }
        Ok(Some(found))
    }

    fn objective(
        &mut self,
        objective: usize,
        others: &[Search],
        hands: &mut impl Hands,
    ) -> Result<Option<Broken>, SearchError> {
        let search = self.search;
        let criterion = &search.criteria[objective];
        let broken_without = search.is_broken_without(objective);
        let mut minimal: Vec<(Set, Weakness, u64)> = Vec::new();
        if !broken_without {
            minimal = self.broken.keys().filter_map(|set| self.weakness(set, objective)).collect();
        }
        minimal.sort_by(|(a, one, _), (b, other, _)| {
            let often = |weakness: &Weakness| weakness.per_year.unwrap_or(-1.0);
            let fewest = a.len().cmp(&b.len());
            let worst = other.user_minutes_lost.total_cmp(&one.user_minutes_lost);
            fewest.then(often(other).total_cmp(&often(one))).then(worst).then(a.cmp(b))
        });
        let share = |weakness: &Weakness| weakness.hours as f64 / weakness.of_hours as f64;
        let sets: Vec<(Set, f64)> = minimal.iter().map(|(set, weakness, _)| (set.clone(), share(weakness))).collect();
        let chances: Option<f64> = minimal.iter().map(|(_, weakness, _)| weakness.per_year).sum();
        let told = minimal.len().min(SAVED_MAX);
        hands.expect(told);
        let saved = hands.all(told, |index| {
            let (set, weakness, draw) = &minimal[index];
            search.what_saves(set, objective, weakness.worst_at_s, *draw, others)
        });
        let Some(saved) = saved else { return Ok(None) };
        for ((_, weakness, _), saved) in minimal.iter_mut().zip(saved) {
            weakness.saved = saved?;
        }
        if search.asked.exhaustive && search.asked.faults > 1 {
            hands.expect(told);
            let helps = hands.all(told, |index| {
                let (set, weakness, draw) = &minimal[index];
                search.what_helps(set, objective, weakness.worst_at_s, *draw)
            });
            let Some(helps) = helps else { return Ok(None) };
            for ((_, weakness, _), helps) in minimal.iter_mut().zip(helps) {
                weakness.holds_with = helps?;
            }
        }
        let seen_without = search.without[0].seen[objective];
        let certificate = (!broken_without && minimal.is_empty() && seen_without.is_some()).then(|| self.certificate());
        Ok(Some(Broken {
            objective: criterion.name.clone(),
            asks: asks(criterion),
            seen_without,
            broken_without,
            importance: importances(&search.menu, &sets),
            per_year: chances.filter(|_| !sets.is_empty()),
            minimal: minimal.into_iter().map(|(_, weakness, _)| weakness).collect(),
            certificate,
        }))
    }

    /// What a set does to an objective at the hours at which no smaller one breaks it; nothing if it does not.
    fn weakness(&self, set: &Set, objective: usize) -> Option<(Set, Weakness, u64)> {
        let search = self.search;
        let (broken, tried) = &self.broken[set];
        let at = (0..search.onsets.len()).filter(|at| broken[objective][*at] && !self.is_needless(set, objective, *at));
        let at: Vec<usize> = at.collect();
        let came = |at: usize| tried[at].as_ref().expect("it broke, so it was run");
        let badness = |at: usize| {
            let seen = came(at).seen[objective].unwrap_or(f64::INFINITY);
            let worse = if search.criteria[objective].more_is_better() { -seen } else { seen };
            (came(at).broken[objective], worse, came(at).lost_min)
        };
        let worst = at.iter().copied().reduce(|a, b| if badness(b) > badness(a) { b } else { a })?;
        let (hours, of_hours) = (at.iter().map(|at| search.onsets[*at].stands_for).sum(), search.hours());
        let draw = came(worst).first[objective]?;
        let onset = &search.onsets[worst];
        let drill = search.drill(set, onset.at, objective);
        Some((
            set.clone(),
            Weakness {
                faults: set.iter().map(|fault| search.menu[*fault].name.clone()).collect(),
                hits: set.iter().flat_map(|fault| search.menu[*fault].hits.clone()).collect(),
                hours,
                of_hours,
                draws: came(worst).broken[objective],
                worst_at: onset.label.clone(),
                worst_at_s: onset.at.seconds(),
                seen: came(worst).seen[objective],
                user_minutes_lost: came(worst).lost_min,
                per_year: per_year(&search.menu, set, hours as f64 / of_hours as f64),
                replays: search.replays(&drill, objective, draw),
                drill,
                saved: Vec::new(),
                holds_with: Vec::new(),
            },
            draw,
        ))
    }

    fn certificate(&self) -> Certificate {
        let (search, asked) = (self.search, self.search.asked);
        let faults =
            if asked.faults == 1 { "one fault".to_owned() } else { format!("at most {} faults", asked.faults) };
        let draws =
            if asked.draws == 1 { "one draw of luck".to_owned() } else { format!("{} draws of luck", asked.draws) };
        let (menu, hours) = (search.menu.len(), search.hours());
        let says =
            format!("no drill of {faults} from this menu of {menu}, at any of {hours} hours, under {draws}, breaks it");
        Certificate { says }
    }
}

/// Sets of one world that are run together, by their places.
type Part<'a> = (&'a Set, &'a [usize]);

/// Runs sets of a size at the onsets that are wanted, under every draw of luck, or takes what is kept of them; of a shard only its
/// own. Nothing where the work was given up.
fn try_sets(
    search: &Search,
    (size, wanted): (usize, &[(Set, Vec<bool>)]),
    (keeper, shard): (&mut dyn Keeper, Option<Shard>),
    hands: &mut impl Hands,
) -> Result<Option<Vec<Tried>>, SearchError> {
    let sets: Vec<Set> = wanted.iter().map(|(set, _)| set.clone()).collect();
    let mut in_world: BTreeMap<Set, Vec<usize>> = BTreeMap::new();
    for (index, set) in sets.iter().enumerate() {
        in_world.entry(search.changes(set)).or_default().push(index);
    }
    let parts: Vec<Part> =
        in_world.iter().flat_map(|(changes, all)| all.chunks(TOGETHER).map(move |part| (changes, part))).collect();
    let batches: Vec<&[Part]> = parts.chunks(if keeper.keeps() { BATCH } else { usize::MAX }).collect();
    let mut found: Vec<Tried> = vec![Vec::new(); sets.len()];
    let mut missing: Vec<(&[Part], String)> = Vec::new();
    for (place, batch) in batches.into_iter().enumerate() {
        let name = if keeper.keeps() { name_of_batch(search, wanted, batch) } else { String::new() };
        let kept = if keeper.keeps() { keeper.load(&name)? } else { None };
        match kept.and_then(|text| sets_of(&text, &name)) {
            Some(kept) => in_batch(batch).zip(kept).for_each(|(set, tried)| found[set] = tried),
            None if shard.is_some_and(|shard| !shard.has(place)) => {}
            None if !keeper.makes() => return Err(SearchError::Missing(size, place + 1)),
            None => missing.push((batch, name)),
        }
    }
    let left: Vec<Set> = missing.iter().flat_map(|(batch, _)| in_batch(batch)).map(|set| sets[set].clone()).collect();
    let worlds = search.worlds(&left)?;
    hands.expect(missing.iter().map(|(batch, _)| batch.len()).sum());
    for together in missing.chunks(BATCHES_AT_ONCE) {
        let parts: Vec<Part> = together.iter().flat_map(|(batch, _)| batch.iter().copied()).collect();
        let came = hands.all(parts.len(), |index| try_part(search, &worlds[parts[index].0], parts[index].1, wanted));
        let Some(came) = came else { return Ok(None) };
        for ((_, part), came) in parts.iter().zip(came) {
            for (set, tried) in part.iter().zip(came) {
                found[*set] = tried;
            }
        }
        let keeps = keeper.keeps();
        for (batch, name) in together.iter().filter(|_| keeps) {
            let tried: Vec<Tried> = in_batch(batch).map(|set| found[set].clone()).collect();
            keeper.save(name, &text_of(name, &tried))?;
        }
    }
    Ok(Some(found))
}

/// The sets of a batch, by their places.
fn in_batch<'a>(batch: &'a [Part]) -> impl Iterator<Item = usize> + 'a {
    batch.iter().flat_map(|(_, part)| part.iter().copied())
}

/// What came of some sets of one world, by set and then by onset.
fn try_part(
    search: &Search,
    world: &std::sync::Arc<crate::world::World>,
    part: &[usize],
    wanted: &[(Set, Vec<bool>)],
) -> Vec<Tried> {
    let one = |set: &usize| Wanted { acts: search.steps(&wanted[*set].0), at: wanted[*set].1.clone() };
    let together: Vec<Wanted> = part.iter().map(one).collect();
    // By draw, then by set, then by onset.
    let mut lived: Vec<Vec<Vec<Option<Lived>>>> = (0..search.asked.draws)
        .map(|draw| disturbed(world, search.luck(draw), search.held(draw), &search.onsets, &together))
        .collect();
    let mut all = |set: usize, onset: usize| -> Option<Came> {
        let draws: Option<Vec<Lived>> = lived.iter_mut().map(|sets| sets[set][onset].take()).collect();
        draws.map(|draws| search.came(&draws))
    };
    (0..part.len()).map(|set| (0..search.onsets.len()).map(|onset| all(set, onset)).collect()).collect()
}

/// The name under which a batch is kept: which run of which scenario, under which luck, held against what, which sets at which hours.
fn name_of_batch(search: &Search, wanted: &[(Set, Vec<bool>)], batch: &[Part]) -> String {
    let criteria: Vec<&str> = search.criteria.iter().map(|criterion| criterion.name.as_str()).collect();
    let onsets: Vec<i64> = search.onsets.iter().map(|onset| onset.at.0).collect();
    let named = |set: &usize| {
        let (set, at) = &wanted[*set];
        (set.iter().map(|fault| search.menu[*fault].name.as_str()).collect::<Vec<&str>>(), at)
    };
    let parts: Vec<Vec<(Vec<&str>, &Vec<bool>)>> =
        batch.iter().map(|(_, part)| part.iter().map(named).collect()).collect();
    let (hash, pick) = (&search.world.scenario_hash, &search.scenario.run);
    name_of(&(hash, pick, search.asked.draws, search.asked.seed, criteria, onsets, parts))
}

/// What an objective asks, in a few words and plain numbers.
fn asks(criterion: &Criterion) -> String {
    let number = |bound: f64| match criterion.unit {
        Unit::Seconds | Unit::Latency => crate::units::Duration::from_seconds(bound).to_string(),
        Unit::Share => crate::units::Ratio(bound).to_string(),
        _ => bound.to_string(),
    };
    let least = criterion.at_least.map(|least| format!("at least {}", number(least)));
    let most = criterion.at_most.map(|most| format!("at most {}", number(most)));
    [least, most].into_iter().flatten().collect::<Vec<_>>().join(", ")
}
