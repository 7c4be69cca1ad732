//! When to begin a maintenance, what to promise, and whether to wait: a plan at every hour of a week, under the same luck.
//!
//! 1. [`Windows::new`] reads a scenario with its plan for a run that is long enough, and says which starts there are.
//! 2. [`Windows::answer`] runs them. It knows nothing of threads: whoever asks gives it [`Hands`], which do many things at once
//!    and give what came of them in the order of the question, so that the answer is the same however many there are.

use super::break_even;
use super::compiled::StudyError;
use super::hands::Hands;
use super::lived::{Lived, beginning, lived, spared};
use super::stats::{Moments, Sketch, never_seen, share_interval};
use super::windows_outcome::*;
use crate::load::load;
use crate::metrics::MetOutcome;
use crate::rng::{Luck, Stream};
use crate::scenario::{Choice, Scenario, Source};
use crate::units::{Duration, NANOS_PER_SECOND, Time};
use crate::world::{Maintenance, World, civil_label};
use std::collections::BTreeMap;
use std::sync::Arc;
use xxhash_rust::xxh3::Xxh3;

/// The confidence of all intervals.
pub const CONFIDENCE: f64 = 0.95;
/// How often a promise is to hold.
pub const PROMISE: f64 = 0.95;
/// Durations that are drawn to know how long it takes: a draw costs next to nothing beside a run.
const DRAWS: u64 = 10_000;
/// Rows of promises at most.
const PROMISES_MAX: i64 = 12;
/// Replications of each side of the question of now or later, for each that a window has: there are only two sides.
const NOW_TIMES: u64 = 4;
const HOUR: Duration = Duration(3_600 * NANOS_PER_SECOND);
const DAY: Duration = Duration(24 * HOUR.0);
const WEEK: Duration = Duration(7 * DAY.0);
/// After the end of a maintenance, for queues to drain and stale things to be fresh again.
const SLACK: Duration = DAY;

/// What is asked.
#[derive(Debug, Clone)]
pub struct WindowsAsked {
    /// The time between two starts: a quarter of an hour to a day.
    pub every: Duration,
    /// The earliest start, as times are written in the file; by default when the users are told, else the start of the run.
    pub from: Option<String>,
    /// The moment at which it could begin instead of at the plan's own start, as times are written in the file.
    pub now: Option<String>,
    /// The seed of all replications.
    pub seed: u64,
    /// Replications of each start, at least 2.
    pub replications: u64,
}

/// A maintenance plan and the starts that are asked for, ready to be run.
#[derive(Debug, Clone)]
pub struct Windows {
    world: Arc<World>,
    plan: Maintenance,
    starts: Vec<Time>,
    asked: WindowsAsked,
    now: Option<(Arc<World>, Time)>,
    durations: Sketch,
    given_up: u64,
}

impl Windows {
    /// Reads a scenario for this question.
    ///
    /// # Errors
    /// A scenario with mistakes, or one in which the question makes no sense: nobody is there, no plan is carried out, or one
    /// that repeats; a time outside of the run.
    pub fn new(source: &Source, choice: &Choice, asked: WindowsAsked) -> Result<Windows, StudyError> {
        let wrong = |problem: String| Err(StudyError::Asked(problem));
        if asked.replications < 2 {
            return wrong("an interval takes 2 replications at least".to_owned());
        }
        if asked.every < Duration(HOUR.0 / 4) || asked.every > DAY {
            return wrong(format!("--every is between 15 min and 1 d, not {}", asked.every));
        }
        let (scenario, world) = loaded(source, choice, Time::ZERO)?;
        let Some(plan) = world.maintenance.clone() else { return wrong(without_plan(&scenario)) };
        if let Some(every) = plan.repeats_every {
            return wrong(format!(
                "the plan \"{}\" repeats every {every}; windows are for a plan that is carried out once, so take its \
                 repeats_every out",
                plan.name,
            ));
        }
        if world.people.is_empty() {
            return wrong(
                "there is nobody in this scenario: windows are compared by what users live through".to_owned(),
            );
        }
        let (first, last) = (world.measured_from, world.horizon);
        let read = |option: &str, text: &str| match world.calendar.read(text) {
            Err((reason, fix)) => Err(StudyError::Asked(format!("{option}: {reason}; {fix}"))),
            Ok(time) if time < first || time >= last => Err(StudyError::Asked(format!(
                "{option} {text} is outside of the run, which is measured from {} to {}",
                civil_label(&world.calendar, first),
                civil_label(&world.calendar, last),
            ))),
            Ok(time) => Ok(time),
        };
        let earliest = match &asked.from {
            Some(text) => read("--from", text)?,
            None => plan.told_at.unwrap_or(Time::ZERO).max(first),
        };
        let now = asked.now.as_deref().map(|text| read("--now", text)).transpose()?;
        if now.is_some_and(|now| now >= plan.starts) {
            return wrong(format!(
                "--now is the moment at which \"{}\" could begin instead of at {}, so it has to be before that",
                plan.name,
                civil_label(&world.calendar, plan.starts),
            ));
        }
        let (mut durations, mut given_up) = (Sketch::default(), 0);
        for replication in 0..DRAWS {
            let (takes, is_done) = duration(&plan, Luck { seed: asked.seed, replication });
            durations.add(takes.seconds());
            given_up += u64::from(!is_done);
        }
        let runs = asked.replications * if now.is_some() { NOW_TIMES } else { 1 };
        let longest = (0..runs).map(|replication| duration(&plan, Luck { seed: asked.seed, replication }).0).max();
        let after = longest.unwrap_or(SLACK).0.saturating_add(SLACK.0);
        let until = |start: Time| start.after(Duration(after));
        let mut starts = starts(&world, earliest, asked.every);
        starts.retain(|start| !plan.avoids(&world.calendar, *start));
        if starts.is_empty() {
            return wrong(format!(
                "no start of this week is left for \"{}\": all of them are on dates to avoid",
                plan.name
            ));
        }
        let end = starts.last().copied().unwrap_or(earliest).max(plan.starts);
        let now = match now {
            Some(now) => Some((loaded(source, choice, until(plan.starts))?.1, now)),
            None => None,
        };
        let (_, world) = loaded(source, choice, until(end))?;
        Ok(Windows { world, plan, starts, asked, now, durations, given_up })
    }

    /// Runs everything. Nothing where the work was given up.
    pub fn answer(&self, hands: &mut impl Hands) -> Option<WindowsOutcome> {
        let mut digest = Xxh3::new();
        let without = Arc::new(World { maintenance: None, ..World::clone(&self.world) });
        let spared = spared(&self.world, &self.plan);
        let live = |world: &Arc<World>, replication: usize| {
            lived(world, &spared, Luck { seed: self.asked.seed, replication: replication as u64 })
        };
        let replications = self.asked.replications as usize;
        hands.expect(replications.saturating_mul(self.starts.len() + 2 + 2 * self.promises().len()));
        let none: Vec<f64> = hands.all(replications, |replication| live(&without, replication).lost)?;
        let world = Arc::new(beginning(&self.world, self.plan.starts, self.plan.announced));
        let own = hands.all(replications, |replication| live(&world, replication))?;
        let own_lost: Vec<f64> = own.iter().map(|lived| lived.lost).collect();
        let own = self.window(self.plan.starts, own, &none, &own_lost, &mut digest);
        let mut windows = Vec::with_capacity(self.starts.len());
        for start in &self.starts {
            let world = Arc::new(beginning(&self.world, *start, self.plan.announced));
            let lived = hands.all(replications, |replication| live(&world, replication))?;
            windows.push(self.window(*start, lived, &none, &own_lost, &mut digest));
        }
        let ranking = self.ranking(&windows);
        let best = self.starts[ranking[0]];
        let mut promises = Vec::new();
        for announced in self.promises() {
            let overrun = self.draws_above(announced);
            let mut unannounced = |start: Time| {
                let world = Arc::new(beginning(&self.world, start, announced));
                let lived = hands.all(replications, |replication| live(&world, replication))?;
                Some(Estimate::of(lived.iter().map(|lived| lived.unannounced())))
            };
            promises.push(PromiseOutcome {
                announced_s: announced.seconds(),
                is_own: announced == self.plan.announced,
                overrun: Share::of(overrun, DRAWS),
                unannounced_own: unannounced(self.plan.starts)?,
                unannounced_best: unannounced(best)?,
            });
        }
        let now = match &self.now {
            None => None,
            Some((world, now)) => {
                let question = break_even::Question {
                    world,
                    plan: &self.plan,
                    now: *now,
                    seed: self.asked.seed,
                    replications: self.asked.replications.saturating_mul(NOW_TIMES),
                };
                Some(question.answer(hands)?)
            }
        };
        Some(self.outcome(own, windows, ranking, promises, now, digest))
    }

    fn outcome(
        &self,
        own: WindowOutcome,
        windows: Vec<WindowOutcome>,
        ranking: Vec<usize>,
        promises: Vec<PromiseOutcome>,
        now: Option<NowOutcome>,
        digest: Xxh3,
    ) -> WindowsOutcome {
        WindowsOutcome {
            format: 1,
            title: self.world.title.clone(),
            plan: self.plan.name.clone(),
            strategy: self.world.pick.strategy.clone(),
            variant: self.world.pick.variant.clone(),
            zone: self.world.calendar.zone_name.clone(),
            seed: self.asked.seed,
            replications: self.asked.replications,
            confidence: CONFIDENCE,
            every_s: self.asked.every.seconds(),
            run_s: self.world.horizon.since(self.world.measured_from).seconds(),
            announced_s: self.plan.announced.seconds(),
            own,
            windows,
            ranking,
            takes: self.takes(),
            promises,
            now,
            assumptions: self.world.assumptions.len(),
            digest: format!("{:032x}", digest.digest128()),
            scenario_hash: self.world.scenario_hash.clone(),
            firedrill_version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }

    /// The starts from best to worst, by what is lost in the whole run. Those that cost as much as the best but for rounding are as
    /// good: the earliest of them comes first, on a working day where the plan wants that. A start at which it is carried out less
    /// often than elsewhere comes last: not to begin would always be the cheapest.
    fn ranking(&self, windows: &[WindowOutcome]) -> Vec<usize> {
        const AS_OFTEN: f64 = 0.05;
        /// A minute of one user, or a millionth of what is lost anyway.
        const ROUNDING: (f64, f64) = (1.0, 1e-6);
        let most = windows.iter().map(|window| window.done.share).fold(0.0, f64::max);
        let is_rare = |window: &WindowOutcome| window.done.share < most - AS_OFTEN;
        let often = windows.iter().filter(|window| !is_rare(window));
        let least = often.map(|window| window.lost.mean).fold(f64::INFINITY, f64::min);
        let as_good = least + ROUNDING.0.max(least * ROUNDING.1);
        let key = |place: usize| {
            let (window, start) = (&windows[place], self.starts[place]);
            let day = self.world.calendar.zoned(start, &self.world.calendar.zone).date().weekday();
            let is_at_rest = self.plan.on_working_days && day.to_monday_one_offset() > 5;
            let is_best = window.lost.mean <= as_good;
            (is_rare(window), if is_best { least } else { window.lost.mean }, is_best && is_at_rest)
        };
        let mut order: Vec<usize> = (0..windows.len()).collect();
        order.sort_by(|a, b| {
            let (a, b) = (key(*a), key(*b));
            a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.cmp(&b.2))
        });
        order
    }

    /// What came of one start.
    fn window(&self, start: Time, lived: Vec<Lived>, none: &[f64], own: &[f64], digest: &mut Xxh3) -> WindowOutcome {
        let of = lived.len() as u64;
        let count = |what: fn(&Lived) -> bool| lived.iter().filter(|lived| what(lived)).count() as u64;
        let begun = count(|lived| lived.has_begun);
        let against = |other: &[f64]| Estimate::of(lived.iter().zip(other).map(|(lived, other)| lived.lost - other));
        let mut people: BTreeMap<String, MetOutcome> = BTreeMap::new();
        for (name, met) in lived.iter().flat_map(|lived| &lived.met) {
            let sum = people.entry(name.clone()).or_default();
            sum.user_minutes += met.user_minutes / of as f64;
            sum.user_minutes_unannounced += met.user_minutes_unannounced / of as f64;
            for (hour, minutes) in &met.by_local_hour {
                *sum.by_local_hour.entry(*hour).or_default() += minutes / of as f64;
            }
            for (hour, minutes) in &met.unannounced_by_local_hour {
                *sum.unannounced_by_local_hour.entry(*hour).or_default() += minutes / of as f64;
            }
        }
        lived.iter().for_each(|lived| digest.update(&lived.digest.to_le_bytes()));
        let civil = self.world.calendar.zoned(start, &self.world.calendar.zone);
        WindowOutcome {
            starts_s: start.seconds(),
            starts: civil_label(&self.world.calendar, start),
            date: civil.strftime("%a %d %b").to_string(),
            hour: civil.hour() as u8,
            lost: Estimate::of(lived.iter().map(|lived| lived.lost)),
            against_none: against(none),
            against_own: against(own),
            met: Estimate::of(lived.iter().map(|lived| lived.met.values().map(|met| met.user_minutes).sum())),
            unannounced: Estimate::of(lived.iter().map(Lived::unannounced)),
            done: Share::of(count(|lived| lived.is_done), of),
            overrun: Share::of(count(|lived| lived.overran), begun),
            fault: Share::of(count(|lived| lived.fault), begun),
            people,
        }
    }

    /// How long it takes.
    fn takes(&self) -> TakesOutcome {
        let at = |p: f64| self.durations.quantile(p).unwrap_or(0.0);
        let (low, high) = self.durations.quantile_interval(PROMISE, CONFIDENCE).unwrap_or((at(PROMISE), at(PROMISE)));
        TakesOutcome {
            fixed: self.durations.min() == self.durations.max(),
            min_s: self.durations.min(),
            p50_s: at(0.5),
            p95_s: at(PROMISE),
            p95_low_s: low,
            p95_high_s: high,
            max_s: self.durations.max(),
            draws: DRAWS,
            given_up: Share::of(self.given_up, DRAWS),
        }
    }

    /// Promises around the durations that were drawn, in steps that can be told, and the plan's own.
    fn promises(&self) -> Vec<Duration> {
        let at = |p: f64| self.durations.quantile(p).unwrap_or(0.0);
        let (low, high) = (at(0.05), at(0.99));
        let minutes = [1, 5, 10, 15, 30, 60, 120, 240, 720, 1_440, 10_080];
        let fits = |step: i64| ((high - low) / (step * 60) as f64) as i64 + 2 <= PROMISES_MAX;
        // Half an hour is what people promise; finer where it all is over sooner, coarser where it is spread further.
        let usual = if high - low >= 3_600.0 || high >= 7_200.0 { 30 } else { 1 };
        let step = minutes.into_iter().find(|step| *step >= usual && fits(*step)).unwrap_or(43_200) * 60;
        let (first, last) = ((low / step as f64).floor() as i64, (high / step as f64).ceil() as i64);
        let steps = (first.max(1)..=last.max(1)).map(|i| Duration(i * step * NANOS_PER_SECOND));
        let mut all: Vec<Duration> = steps.chain([self.plan.announced]).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// How many of the durations that were drawn are longer than a promise.
    fn draws_above(&self, promise: Duration) -> u64 {
        let luck = |replication| Luck { seed: self.asked.seed, replication };
        (0..DRAWS).filter(|replication| duration(&self.plan, luck(*replication)).0 > promise).count() as u64
    }
}

/// Why there is nothing to be asked.
fn without_plan(scenario: &Scenario) -> String {
    let names: Vec<&str> = scenario.maintenance.names().collect();
    match (names.is_empty(), &scenario.run.strategy) {
        (true, _) => "the file has no maintenance plan to find a window for; see maintenance in the format".to_owned(),
        (false, Some(strategy)) => format!(
            "the strategy \"{strategy}\" carries out no maintenance here; choose a plan with --maintenance: there are {}",
            names.join(", ")
        ),
        (false, None) => {
            format!("no maintenance is carried out; choose a plan with --maintenance: there are {}", names.join(", "))
        }
    }
}

/// The scenario, for a run that lasts until then at least.
fn loaded(source: &Source, choice: &Choice, until: Time) -> Result<(Scenario, Arc<World>), StudyError> {
    let read = |choice: &Choice| {
        load(source, choice)
            .map_err(|mistakes| StudyError::Mistakes { source_text: Box::new(source.clone()), mistakes })
    };
    let (scenario, world) = read(choice)?;
    if world.horizon >= until {
        return Ok((scenario, world));
    }
    let hours = (until.0 as u64).div_ceil(HOUR.0 as u64);
    let mut longer = choice.clone();
    longer.set.push(("clock.horizon".to_owned(), format!("\"{hours}h\"")));
    read(&longer)
}

/// Every start of a week: the first at a full hour of the file's zone.
fn starts(world: &World, earliest: Time, every: Duration) -> Vec<Time> {
    let civil = world.calendar.zoned(earliest, &world.calendar.zone);
    let into_hour = (i64::from(civil.minute()) * 60 + i64::from(civil.second())) * NANOS_PER_SECOND
        + i64::from(civil.subsec_nanosecond());
    let first = if into_hour == 0 { earliest } else { earliest.after(Duration(HOUR.0 - into_hour)) };
    let count = (WEEK.0 as u64).div_ceil(every.0.max(1) as u64);
    (0..count as i64).map(|i| first.after(Duration(every.0.saturating_mul(i)))).collect()
}

/// How long it takes in this replication, by the same draws as in a run, and whether it is done rather than given up.
fn duration(plan: &Maintenance, luck: Luck) -> (Duration, bool) {
    let takes = plan.takes.draw(&mut Stream::new(luck, &plan.name, "maintenance takes"));
    match &plan.abort {
        Some((after, rollback)) if takes > *after => {
            let rollback = rollback.draw(&mut Stream::new(luck, &plan.name, "rollback takes"));
            (Duration(after.0.saturating_add(rollback.0)), false)
        }
        _ => (takes, true),
    }
}

impl Estimate {
    /// The mean of these numbers, which are in the order of replications, with its interval.
    pub fn of(values: impl Iterator<Item = f64>) -> Estimate {
        let mut moments = Moments::default();
        values.for_each(|value| moments.add(value));
        let half = moments.half_width(CONFIDENCE);
        Estimate { mean: moments.mean(), low: moments.mean() - half, high: moments.mean() + half }
    }
}

impl Share {
    /// A share that was seen so many times.
    pub fn of(seen: u64, of: u64) -> Share {
        let (low, high) = match seen {
            0 => (0.0, never_seen(of, CONFIDENCE)),
            seen if seen == of => (1.0 - never_seen(of, CONFIDENCE), 1.0),
            seen => share_interval(seen, of, CONFIDENCE),
        };
        Share { share: if of == 0 { 0.0 } else { seen as f64 / of as f64 }, low, high, seen, of }
    }
}

#[cfg(test)]
mod tests;
