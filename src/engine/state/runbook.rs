//! The runbook during a run: how far each of its procedures is, who works on it, and what is in force because of it.

use crate::observe::ObservationId;
use crate::rng::{Luck, Stream};
use crate::units::Time;
use crate::world::{StationId, World};
use std::collections::VecDeque;

/// Where a procedure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProcedureStage {
    /// Not ordered.
    Waiting,
    /// Ordered; the team is busy, away or at work.
    Ordered,
    /// This many steps are in effect.
    Phase(u32),
    /// All of it is.
    Done,
    /// Taken back.
    Over,
}

/// A procedure's state.
#[derive(Debug, Clone)]
pub struct ProcedureState {
    pub stage: ProcedureStage,
    pub why: Option<ObservationId>,
    /// Tells its orders apart: what is due for another one is stale.
    pub order: u32,
    /// It takes one of its team's places.
    pub at_work: bool,
    /// When its first step is due.
    pub first_at: Time,
    /// Its next step waits for a service that it needs.
    pub stuck: bool,
    /// Some of it is in effect, and has not been taken back.
    pub in_force: bool,
    /// When it can be ordered again: whatever else was due for that is stale.
    pub again_at: Time,
    /// Switchovers that were refused.
    pub refused: u32,
    /// What each of its actions comes to in all: servers, or the factor that there was before.
    pub totals: Vec<f64>,
    /// What of that is in effect.
    pub given: Vec<f64>,
    /// What steps have broken and is not mended yet, in the order in which it will be.
    pub broken: VecDeque<Vec<(StationId, u64)>>,
    pub lead: Stream,
    pub risks: Stream,
    pub wrongs: Stream,
    pub releases: Stream,
}

/// A team's state.
#[derive(Debug, Clone, Default)]
pub struct TeamState {
    pub busy: u32,
    pub waiting: VecDeque<usize>,
}

/// A feature that is used in some hours only.
#[derive(Debug, Clone)]
pub struct Restriction {
    pub procedure: usize,
    pub action: usize,
    /// Index into the action's uses.
    pub index: usize,
    pub cursor: usize,
    /// Requests put off so far.
    pub put_off: f64,
    /// Requests per second that are made up for now.
    pub release: f64,
    /// It was open at the last look.
    pub open: bool,
    pub over: bool,
}

/// Requests that are turned away at the door.
#[derive(Debug, Clone)]
pub struct Shedding {
    pub procedure: usize,
    pub action: usize,
    pub from: Time,
    /// The part of the share that steps have let in again.
    pub eased: f64,
}

impl ProcedureState {
    pub fn new(luck: Luck, world: &World, index: usize) -> ProcedureState {
        let procedure = &world.procedures[index];
        let stream = |purpose| Stream::new(luck, &procedure.name, purpose);
        ProcedureState {
            stage: ProcedureStage::Waiting,
            why: None,
            order: 0,
            at_work: false,
            first_at: Time::ZERO,
            stuck: false,
            in_force: false,
            again_at: Time::NEVER,
            refused: 0,
            totals: vec![0.0; procedure.actions.len()],
            given: vec![0.0; procedure.actions.len()],
            broken: VecDeque::new(),
            lead: stream("lead"),
            risks: stream("phase goes wrong"),
            wrongs: stream("step does damage"),
            releases: stream("bad release"),
        }
    }
}
