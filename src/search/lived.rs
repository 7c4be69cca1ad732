//! One run of a search: what is kept of it.

use super::onsets::Onset;
use crate::engine::{By, Engine};
use crate::expect::Criterion;
use crate::metrics::{BriefMetrics, Detail, Metrics, Outcome};
use crate::observe::{Interval, Observation, Observer};
use crate::rng::Luck;
use crate::units::{Duration, Time};
use crate::world::{Action, World};
use std::sync::Arc;

/// How often it is looked whether a run has recovered.
const HOUR: Duration = Duration(3_600_000_000_000);

/// What a run came to, without and with faults.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Lived {
    /// The number of each objective; `None` where the run has none.
    pub seen: Vec<Option<f64>>,
    /// What each population felt.
    pub people: Vec<Felt>,
    /// Everything else that users can tell: stale things, worse answers, lost data, and latencies where they are measured.
    pub told: Vec<f64>,
}

/// What a population felt.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Felt {
    pub users: f64,
    pub down_s: f64,
    pub degraded_s: f64,
    pub longest_s: f64,
    pub lost_min: f64,
}

impl Lived {
    fn of(outcome: &Outcome, criteria: &[Criterion]) -> Lived {
        let people = outcome.people.values().map(|people| Felt {
            users: people.users,
            down_s: people.downtime_s,
            degraded_s: people.degraded_s,
            longest_s: people.longest_outage_s,
            lost_min: people.user_minutes_lost,
        });
        let told = outcome.people.values().flat_map(|people| {
            let latency = &people.latency.all;
            let percentiles = [latency.p50_s, latency.p95_s, latency.p99_s].map(Option::unwrap_or_default);
            percentiles.into_iter().chain([people.stale_s, people.user_minutes_degraded])
        });
        let lost = outcome.stores.values().map(|store| store.data_loss_window_max_s);
        let overruns = outcome.maintenance.iter().map(|plan| plan.overrun_s.max(0.0));
        Lived {
            seen: criteria.iter().map(|criterion| criterion.seen(outcome)).collect(),
            people: people.collect(),
            told: told.chain(lost).chain(overruns).collect(),
        }
    }

    /// Whether users could tell the two apart. Stretches of time end elsewhere in another run: what only rounding makes is nothing.
    pub fn differs(&self, other: &Lived) -> bool {
        let near = |a: f64, b: f64| (a - b).abs() <= 1e-3 + 1e-6 * a.abs().max(b.abs());
        let numbers = |felt: &Felt| [felt.down_s, felt.degraded_s, felt.longest_s, felt.lost_min];
        let alike = |a: &Felt, b: &Felt| numbers(a).into_iter().zip(numbers(b)).all(|(a, b)| near(a, b));
        let same = self.people.iter().zip(&other.people).all(|(a, b)| alike(a, b))
            && self.told.len() == other.told.len()
            && self.told.iter().zip(&other.told).all(|(a, b)| near(*a, *b));
        let seen = |a: &Option<f64>, b: &Option<f64>| match (a, b) {
            (Some(a), Some(b)) => near(*a, *b),
            (a, b) => a.is_none() == b.is_none(),
        };
        !same || !self.seen.iter().zip(&other.seen).all(|(a, b)| seen(a, b))
    }

    /// Whether nobody felt anything.
    pub fn is_fine(&self) -> bool {
        let felt = |felt: &Felt| felt.down_s + felt.degraded_s + felt.lost_min;
        self.people.iter().all(|people| felt(people) < 1e-6) && self.told.iter().all(|told| *told < 1e-6)
    }
}

/// Which objectives a run is held against, and how far it has to go for that.
#[derive(Clone, Copy)]
pub(super) struct Held<'a> {
    pub criteria: &'a [Criterion],
    /// Without faults nobody feels anything, and every objective adds up: what has recovered need not go on.
    pub stops: bool,
}

impl<'a> Held<'a> {
    pub fn to_the_end(criteria: &'a [Criterion]) -> Held<'a> {
        Held { criteria, stops: false }
    }

    /// `without` is the run without any fault.
    pub fn until_recovered(criteria: &'a [Criterion], without: &Lived) -> Held<'a> {
        Held { criteria, stops: without.is_fine() && criteria.iter().all(Criterion::is_known_when_over) }
    }
}

/// A run on its way, which can be forked.
#[derive(Clone)]
pub(super) struct Fork {
    world: Arc<World>,
    luck: Luck,
    engine: Engine,
    measured: Measured,
}

#[derive(Clone)]
enum Measured {
    Brief(Box<BriefMetrics>),
    Full(Box<Metrics>),
}

impl Observer for Measured {
    fn saw(&mut self, world: &World, seen: &Observation) {
        match self {
            Measured::Brief(metrics) => metrics.saw(world, seen),
            Measured::Full(metrics) => metrics.saw(world, seen),
        }
    }

    fn flowed(&mut self, world: &World, interval: &Interval) {
        match self {
            Measured::Brief(metrics) => metrics.flowed(world, interval),
            Measured::Full(metrics) => metrics.flowed(world, interval),
        }
    }
}

impl Fork {
    pub fn new(world: &Arc<World>, luck: Luck, criteria: &[Criterion]) -> Fork {
        let all = |is: fn(&Criterion) -> bool| criteria.iter().all(is);
        let brief = |detail| Measured::Brief(Box::new(BriefMetrics::new(world, detail)));
        let measured = match (all(Criterion::is_felt), all(Criterion::is_brief)) {
            (true, _) => brief(Detail::Felt),
            (_, true) => brief(Detail::Brief),
            _ => Measured::Full(Box::new(Metrics::new(world))),
        };
        Fork { world: Arc::clone(world), luck, engine: Engine::new(Arc::clone(world), luck), measured }
    }

    pub fn run_until(&mut self, until: Time) {
        self.engine.run_until(until, &mut self.measured);
    }

    /// Does something now. What cannot be done is refused, and then it has not happened.
    pub fn act(&mut self, action: &Action) {
        let _ = self.engine.act(action.clone(), By::Person(0), &mut self.measured);
    }

    /// Goes on to the end, or to where it has recovered, and says what it came to.
    pub fn finish(mut self, held: Held) -> Lived {
        let horizon = self.world.horizon;
        // Its clock is that of its last event: where nothing happens it stands.
        let mut until = self.engine.now();
        while held.stops && until < horizon {
            until = until.after(HOUR).min(horizon);
            self.run_until(until);
            if self.engine.has_recovered() {
                let lived = self.clone().told(held.criteria);
                // Who has not sent anything yet may still send something.
                if lived.seen.iter().all(Option::is_some) {
                    return lived;
                }
            }
        }
        self.run_until(horizon);
        self.told(held.criteria)
    }

    fn told(self, criteria: &[Criterion]) -> Lived {
        let nothing = (String::new(), 0);
        let outcome = match self.measured {
            Measured::Brief(metrics) => metrics.finish(&self.world, self.luck, nothing.0, nothing.1),
            Measured::Full(metrics) => metrics.finish(&self.world, self.luck, nothing.0, nothing.1).0,
        };
        Lived::of(&outcome, criteria)
    }
}

/// Runs a world with nothing done to it.
pub(super) fn undisturbed(world: &Arc<World>, luck: Luck, criteria: &[Criterion]) -> Lived {
    Fork::new(world, luck, criteria).finish(Held::to_the_end(criteria))
}

/// What is done, and at which onsets: an onset that is not wanted is left out.
pub(super) struct Wanted<'a> {
    pub acts: Vec<&'a Action>,
    pub at: Vec<bool>,
}

/// Runs a world up to each onset once, and from there on once for each of these. Nothing where it was not wanted.
pub(super) fn disturbed(
    world: &Arc<World>,
    luck: Luck,
    held: Held,
    onsets: &[Onset],
    wanted: &[Wanted],
) -> Vec<Vec<Option<Lived>>> {
    let mut base = Fork::new(world, luck, held.criteria);
    let mut found: Vec<Vec<Option<Lived>>> = wanted.iter().map(|_| vec![None; onsets.len()]).collect();
    for (place, onset) in onsets.iter().enumerate() {
        // As a step of a drill: before whatever else is due at that time.
        base.engine.run_before(onset.at, &mut base.measured);
        for (one, lived) in wanted.iter().zip(&mut found) {
            if !one.at[place] {
                continue;
            }
            let mut fork = base.clone();
            one.acts.iter().for_each(|action| fork.act(action));
            lived[place] = Some(fork.finish(held));
        }
    }
    found
}
