//! One run: a world, a piece of luck, an outcome.

mod cost;
mod felt;

pub use cost::Cost;
pub use felt::FeltRun;

use crate::drawing::Moments;
use crate::engine::{Engine, Unfollowable};
use crate::metrics::{BriefMetrics, Detail, Metrics, Outcome, PartialOutcome, StoryLine, TrafficOutcome};
use crate::observe::Digest;
use crate::rng::Luck;
use crate::units::Time;
use crate::world::{World, civil_label};
use std::sync::Arc;

/// A run that has been run.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Run {
    /// What came of it.
    pub outcome: Outcome,
    /// How it went.
    pub story: Vec<StoryLine>,
    /// What was down when.
    pub moments: Moments,
}

/// How what people do is worked out. Faults, failovers, measures and people are the same in both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Traffic {
    /// As rates, with queues as fluid and latency from queueing theory: fast, and the same for everybody alike.
    #[default]
    Flow,
    /// Every request followed one by one, between two times; before and after, everything flows.
    Request {
        /// The start, at least the run's.
        from: Time,
        /// The end, at most the horizon.
        to: Time,
    },
}

impl Traffic {
    /// Every request of the whole run.
    pub fn every_request() -> Traffic {
        Traffic::Request { from: Time::ZERO, to: Time::NEVER }
    }
}

/// Runs a world once with this luck. The same world and the same luck give the same outcome, to the last bit.
pub fn run(world: &Arc<World>, luck: Luck) -> Run {
    let mut running = Running::flowing(Arc::clone(world), luck);
    running.run_until(world.horizon);
    running.finish()
}

/// The same, unless it is given up on the way: then there is nothing.
pub fn run_unless(given_up: impl Fn() -> bool, world: &Arc<World>, luck: Luck) -> Option<Run> {
    let mut running = Running::flowing(Arc::clone(world), luck);
    running.run_unless(given_up, world.horizon).then(|| running.finish())
}

/// The same run, of which only this much is measured: for the many runs of a study. What it leaves out is empty; what it has is
/// the same to the last bit ([`BriefMetrics::finish`]).
pub fn run_in_detail(world: &Arc<World>, luck: Luck, detail: Detail) -> Outcome {
    run_in_detail_unless(|| false, world, luck, detail).expect("nobody gives it up")
}

/// The same, unless it is given up on the way: then there is nothing.
pub fn run_in_detail_unless(
    given_up: impl Fn() -> bool,
    world: &Arc<World>,
    luck: Luck,
    detail: Detail,
) -> Option<Outcome> {
    if detail == Detail::Full {
        return run_unless(given_up, world, luck).map(|run| run.outcome);
    }
    let (mut engine, mut digest) = (Engine::new(Arc::clone(world), luck), Digest::default());
    let mut metrics = BriefMetrics::new(world, detail);
    engine
        .run_unless(given_up, world.horizon, &mut (&mut metrics, &mut digest))
        .then(|| metrics.finish(world, luck, digest.hex(), digest.count()))
}

/// The same, with requests followed.
///
/// ```
/// use firedrill::{load::load, rng::Luck, run::{Traffic, follow}, scenario::{Choice, Source}};
/// let text = r#"Scenario(
///     format: 1,
///     title: "ten users and a server",
///     clock: (from: "2024-01-01T00:00", zone: "UTC", horizon: "1h"),
///     sites: {"a": ()},
///     services: {"web": (runs_at: {"a": (servers: 1)}, takes: exponential(mean: "100ms"))},
///     features: {"page": (calls: [hard(to: "web")])},
///     people: {"all": (users: 10, uses: {"page": "30/min"}, served_by: "a")},
/// )"#;
/// let (_, world) = load(&Source::new("one.ron", text), &Choice::default()).unwrap();
/// let run = follow(&world, Luck { seed: 1, replication: 0 }, Traffic::every_request()).unwrap();
/// // About 18,000 requests, a whole number of them.
/// assert_eq!(run.outcome.people["all"].requests.intended.fract(), 0.0);
/// ```
///
/// # Errors
///
/// A request that would make more calls than can be followed one by one, or more requests at a time.
pub fn follow(world: &Arc<World>, luck: Luck, traffic: Traffic) -> Result<Run, Unfollowable> {
    let mut running = Running::new(Arc::clone(world), luck, traffic)?;
    running.run_until(world.horizon);
    match running.refused() {
        Some(refused) => Err(refused.clone()),
        None => Ok(running.finish()),
    }
}

/// A run that is under way, for whoever wants to see how far it is, or to stop it.
#[derive(Debug, Clone)]
pub struct Running {
    world: Arc<World>,
    luck: Luck,
    traffic: Traffic,
    engine: Engine,
    metrics: Metrics,
    digest: Digest,
    moments: Moments,
}

impl Running {
    /// A run at its start.
    ///
    /// # Errors
    ///
    /// A request that would make more calls than can be followed one by one.
    pub fn new(world: Arc<World>, luck: Luck, traffic: Traffic) -> Result<Running, Unfollowable> {
        let running = Running::flowing(Arc::clone(&world), luck);
        match traffic {
            Traffic::Flow => Ok(running),
            Traffic::Request { from, to } => {
                let engine = Engine::following(world, luck, from, to)?;
                Ok(Running { engine, traffic, ..running })
            }
        }
    }

    fn flowing(world: Arc<World>, luck: Luck) -> Running {
        Running {
            metrics: Metrics::new(&world),
            engine: Engine::new(Arc::clone(&world), luck),
            world,
            luck,
            traffic: Traffic::Flow,
            digest: Digest::default(),
            moments: Moments::default(),
        }
    }

    /// Goes on to a time.
    pub fn run_until(&mut self, until: Time) {
        let mut seen = (&mut self.digest, &mut self.moments);
        self.engine.run_until(until, &mut (&mut self.metrics, &mut seen));
    }

    /// Goes on to a time, unless it is given up on the way. Says whether it has got there.
    pub fn run_unless(&mut self, given_up: impl Fn() -> bool, until: Time) -> bool {
        let mut seen = (&mut self.digest, &mut self.moments);
        self.engine.run_unless(given_up, until, &mut (&mut self.metrics, &mut seen))
    }

    /// Why it goes no further: more requests are under way than can be followed one by one.
    pub fn refused(&self) -> Option<&Unfollowable> {
        self.engine.refused()
    }

    /// The run's clock.
    pub fn now(&self) -> Time {
        self.engine.now()
    }

    /// Events of single requests that have been handled so far.
    pub fn events(&self) -> u64 {
        self.engine.followed()
    }

    /// What has come of it. Before the horizon, that is a partial outcome, which says so.
    pub fn finish(mut self) -> Run {
        let world = Arc::clone(&self.world);
        let world = &*world;
        let traffic = self.traffic_outcome();
        if self.engine.is_finished() {
            let (mut outcome, story) = self.metrics.finish(world, self.luck, self.digest.hex(), self.digest.count());
            outcome.traffic = traffic;
            outcome.warnings = warnings(world, self.traffic, &outcome);
            return Run { outcome, story, moments: self.moments };
        }
        let mut seen = (&mut self.digest, &mut self.moments);
        self.engine.stop(&mut (&mut self.metrics, &mut seen));
        let reached = self.engine.now();
        let shorter = World { horizon: reached, ..world.clone() };
        let (mut outcome, story) = self.metrics.finish(&shorter, self.luck, self.digest.hex(), self.digest.count());
        outcome.traffic = traffic;
        outcome.warnings = warnings(world, self.traffic, &outcome);
        outcome.partial =
            Some(PartialOutcome { reached_s: reached.seconds(), reached: civil_label(&world.calendar, reached) });
        Run { outcome, story, moments: self.moments }
    }

    fn traffic_outcome(&self) -> TrafficOutcome {
        let calendar = &self.world.calendar;
        match self.traffic {
            Traffic::Flow => TrafficOutcome { engine: "flow".to_owned(), ..TrafficOutcome::default() },
            Traffic::Request { from, to } => {
                let (from, to) = (from.max(Time::ZERO), to.min(self.world.horizon));
                TrafficOutcome {
                    engine: "request".to_owned(),
                    from_s: Some(from.seconds()),
                    to_s: Some(to.seconds()),
                    from: Some(civil_label(calendar, from)),
                    to: Some(civil_label(calendar, to)),
                    events: self.events(),
                }
            }
        }
    }
}

/// What the numbers of a run leave out or only approach.
fn warnings(world: &World, traffic: Traffic, outcome: &Outcome) -> Vec<String> {
    let all_followed = matches!(traffic, Traffic::Request { from, to } if from == Time::ZERO && to >= world.horizon);
    if all_followed {
        return Vec::new();
    }
    world.flow_limits.iter().chain(&outcome.warnings).cloned().collect()
}
