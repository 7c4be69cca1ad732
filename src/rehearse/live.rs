//! A run that is being played: the engine, and everybody who watches it.

use super::deed::Deed;
use super::monitoring::Monitoring;
use super::plan::Plan;
use crate::engine::{By, Engine};
use crate::metrics::{Story, StoryLine, refusal_words};
use crate::observe::{Digest, Interval, Observation, Observer, Occurrence, ServiceLevel, Why};
use crate::units::Time;
use crate::world::{Action, World};
use std::sync::Arc;

/// How far a measure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MeasureState {
    /// Nobody has ordered it.
    #[default]
    Ready,
    /// It has been ordered, and has no effect yet.
    Ordered,
    /// It is in effect.
    InEffect,
    /// It was taken back, or rolled back.
    Over,
}

/// A run that is being played.
#[derive(Debug, Clone)]
pub struct Live {
    /// The run.
    pub engine: Engine,
    /// Who watches.
    pub watching: Watching,
}

/// Those who watch a run that is being played.
#[derive(Debug, Clone)]
pub struct Watching {
    /// What players can see.
    pub monitoring: Monitoring,
    /// What happens.
    pub story: Story,
    /// How each population feels, due to what, and since when.
    pub felt: Vec<(ServiceLevel, Why, Time)>,
    /// How far each measure is.
    pub measures: Vec<MeasureState>,
    /// Whether a maintenance is under way.
    pub under_maintenance: bool,
    digest: Digest,
}

impl Observer for Watching {
    fn saw(&mut self, world: &World, seen: &Observation) {
        self.monitoring.saw(world, seen);
        self.story.saw(world, seen);
        self.digest.saw(world, seen);
        match &seen.what {
            Occurrence::Feels { people, feature: None, mood, why } => {
                self.felt[people.at()] = (*mood, *why, seen.at);
            }
            Occurrence::Ordered(measure) => self.measures[*measure] = MeasureState::Ordered,
            Occurrence::Effect { measure, .. } => self.measures[*measure] = MeasureState::InEffect,
            Occurrence::TakenBack(measure) | Occurrence::RolledBack(measure) => {
                self.measures[*measure] = MeasureState::Over;
            }
            Occurrence::MaintenanceBegan(_) => self.under_maintenance = true,
            Occurrence::MaintenanceEnded { .. } => self.under_maintenance = false,
            _ => {}
        }
    }

    fn flowed(&mut self, world: &World, span: &Interval) {
        self.monitoring.flowed(world, span);
        self.digest.flowed(world, span);
    }
}

impl Live {
    /// A run at the beginning of play.
    pub fn new(plan: &Plan, world: Arc<World>) -> Live {
        let monitoring = Monitoring::new(&world, plan.luck, &plan.monitoring, plan.from);
        let watching = Watching {
            monitoring,
            story: Story::default(),
            felt: vec![(ServiceLevel::Fine, Why::Nothing, Time::ZERO); world.people.len()],
            measures: vec![MeasureState::Ready; world.procedures.len()],
            under_maintenance: false,
            digest: Digest::default(),
        };
        let mut live = Live { engine: Engine::new(world, plan.luck), watching };
        live.engine.run_until(plan.from, &mut live.watching);
        live.watching.monitoring.begin(&live.engine);
        live
    }

    /// Goes on, and measures on the way.
    pub fn run_until(&mut self, until: Time) {
        loop {
            let next = self.watching.monitoring.next();
            if next > until || next > self.engine.world().horizon() {
                break;
            }
            self.engine.run_until(next, &mut self.watching);
            self.watching.monitoring.measure(&self.engine);
        }
        self.engine.run_until(until, &mut self.watching);
    }

    /// Does something at the time that has been reached, or says why not.
    pub fn act(&mut self, deed: &Deed, by: u32) -> Result<(), String> {
        let action = action_of(self.engine.world(), deed)?;
        let done = self.engine.act(action, By::Person(by), &mut self.watching);
        done.map_err(|refusal| refusal_words(refusal).to_owned())
    }

    /// The digest of this run if it goes on to its end with nobody there any more.
    pub fn digest_at_the_end(&self) -> String {
        let mut fork = self.clone();
        fork.engine.run(&mut fork.watching);
        fork.watching.digest.hex()
    }

    /// Lines of the story so far.
    pub fn lines(&self) -> &[StoryLine] {
        self.watching.story.lines()
    }
}

/// What a deed is to the engine.
pub fn action_of(world: &World, deed: &Deed) -> Result<Action, String> {
    let node = |name: &String| world.node(name).ok_or_else(|| format!("there is no component \"{name}\""));
    match deed {
        Deed::Order { measure } => world.order(measure).ok_or_else(|| format!("there is no measure \"{measure}\"")),
        Deed::TakeBack { measure } => {
            world.take_back(measure).ok_or_else(|| format!("there is no measure \"{measure}\""))
        }
        Deed::SwitchOver { group, to } => {
            world.switchover(group, to).ok_or_else(|| format!("there is no member \"{to}\" of \"{group}\""))
        }
        Deed::Tell { text } => Ok(Action::Tell(text.clone())),
        Deed::Decide { text } => Ok(Action::Decide(text.clone())),
        Deed::CallVendor { component } => node(component).map(Action::CallVendor),
        Deed::RepairForGood { component } => node(component).map(Action::RepairForGood),
        Deed::AnnounceMaintenance {} => Ok(Action::AnnounceMaintenance),
        Deed::BeginMaintenance {} => Ok(Action::BeginMaintenance),
        Deed::CallOffMaintenance {} => Ok(Action::CallOffMaintenance),
        _ => Err("that is not done to the run".to_owned()),
    }
}
