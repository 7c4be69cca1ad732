//! The engine: a clock, a queue of events, a state, and one family of handlers per file.
//!
//! Between two events nothing changes but what flows, and that is integrated exactly (see `flow`). The engine never reads
//! objectives or expectations, and never asks what is measured.

mod abandonment;
mod act;
mod automation;
mod autoscale;
mod backups;
mod burn_rates;
mod clocks;
mod core;
mod data;
mod deep_checks;
mod detection;
mod event;
mod failover;
mod failure_domains;
mod faults;
mod flow;
mod grays;
#[cfg(debug_assertions)]
mod invariants;
mod lives;
mod made_up;
mod maintenance;
mod paths;
mod planned;
mod recovery;
mod repair;
mod request;
mod reserves;
mod rest;
mod rotation;
mod run;
mod runbook;
mod servers;
mod spreads;
mod standstill;
mod state;
mod steering;
mod steps;
mod stores;
mod taken_back;
mod triggers;
mod watchers;

pub use self::act::{Acted, By};
pub use self::clocks::Clock;
use self::core::Engine as Live;
use self::event::{Event, EventQueue};
pub use self::request::check::Unfollowable;
use self::request::check::check;
use self::request::state::backend_pool::Note;
pub use self::run::Engine;
use self::state::State;
use crate::observe::{ObservationId, Observer, Occurrence};
use crate::rng::Luck;
use crate::units::{Duration, Time};
use crate::world::{StationId, World};
use std::collections::BTreeSet;

impl<'w> Live<'w> {
    /// A run at its start.
    pub fn new(world: &'w World, luck: Luck) -> Live<'w> {
        let mut engine = Live {
            world,
            luck,
            now: Time::ZERO,
            events: EventQueue::new(world.horizon),
            state: State::new(world, luck),
            told: Vec::new(),
            seen_next: 0,
            cause: None,
            nodes_dirty: BTreeSet::new(),
            stations_dirty: true,
            groups_dirty: BTreeSet::new(),
            paths_dirty: true,
            flow_dirty: true,
            spans: Vec::new(),
            told_span: None,
            finished: false,
            started: false,
            window: None,
            requests: None,
            followed: 0,
            fits_until: None,
            refused: None,
            reached: Time::ZERO,
        };
        engine.events.push(world.horizon, Event::Horizon);
        for (i, (at, _)) in world.drill.iter().enumerate().filter(|(i, _)| !world.muted.contains(i)) {
            engine.events.push(*at, Event::Inject(i as u32));
        }
        engine.start_faults();
        engine.start_domains();
        engine.start_failover();
        engine.start_maintenance();
        engine.start_procedures();
        engine.start_autoscale();
        engine.start_backups();
        engine
    }

    /// A run at its start in which every request is followed between two times, and everything flows before and after.
    ///
    /// # Errors
    ///
    /// A request that would make more calls than can be followed one by one.
    pub fn following(world: &'w World, luck: Luck, from: Time, to: Time) -> Result<Live<'w>, Unfollowable> {
        check(world)?;
        let mut engine = Live::new(world, luck);
        let (from, to) = (from.max(Time::ZERO), to.min(world.horizon));
        if from < to {
            engine.window = Some((from.0 as u64, to.0 as u64));
            if from == Time::ZERO {
                engine.begin_requests();
            } else {
                engine.events.push(from, Event::Follow { begins: true });
            }
            if to < world.horizon {
                engine.events.push(to, Event::Follow { begins: false });
            }
        }
        Ok(engine)
    }

    /// Ends the run where it is: what has flowed until now is told.
    pub fn stop(&mut self, observer: &mut impl Observer) {
        if !self.finished {
            // Single requests are as far as they were asked to go, the rest of the run is at its last change.
            if let Some(requests) = &self.requests {
                self.now = self.now.max(Time(requests.now() as i64));
            }
            self.finish();
            self.tell(observer);
        }
    }

    /// Ends the run at the moment to which it has been taken, though nothing may have changed there.
    pub fn stop_where_taken(&mut self, observer: &mut impl Observer) {
        if !self.finished {
            self.now = self.now.max(self.reached);
            self.stop(observer);
        }
    }

    /// Handles every event up to and including `until`, unless the run is given up before one of them, and says whether it has got
    /// there. Running in pieces gives what running at once gives: what flows is integrated from change to change, not from
    /// call to call.
    pub fn run_unless(&mut self, given_up: impl Fn() -> bool, until: Time, observer: &mut impl Observer) -> bool {
        if !std::mem::replace(&mut self.started, true) {
            self.settle();
            self.refresh_flow();
            self.look_at_conditions();
            self.tell(observer);
        }
        while !self.finished && self.refused.is_none() {
            if given_up() {
                return false;
            }
            let next = self.events.next_at().filter(|at| *at <= until);
            // Whatever changes the world comes before the requests that are due at the same time.
            if self.run_requests(next.unwrap_or(until.after(Duration(1))), observer) {
                self.cause = None;
                self.flow_dirty = true;
                self.what_follows(observer);
                continue;
            }
            let Some((at, event)) = next.and_then(|_| self.events.pop()) else { break };
            debug_assert!(at >= self.now, "time went back from {:?} to {at:?} at {event:?}, {:?}", self.now, self.luck);
            self.now = at;
            self.cause = None;
            self.handle(event);
            self.what_follows(observer);
        }
        self.reached = self.reached.max(until.min(self.world.horizon));
        true
    }

    /// Takes the run to a time before which nothing is left to do.
    pub fn reach(&mut self, time: Time) {
        self.reached = self.reached.max(time.min(self.world.horizon));
    }

    /// Everything that follows at once from what has just happened.
    fn what_follows(&mut self, observer: &mut impl Observer) {
        self.settle();
        #[cfg(debug_assertions)]
        self.check();
        // Whoever measures hears of a change after what flowed before it.
        if self.told.iter().any(|seen| divides(&seen.what)) {
            self.close_span();
        }
        if self.flow_dirty && self.events.next_at() != Some(self.now) {
            self.refresh_flow();
            self.look_at_conditions();
        }
        self.tell(observer);
    }

    /// Requests go their ways until the world changes. Says whether there is something to look at before.
    fn run_requests(&mut self, until: Time, observer: &mut impl Observer) -> bool {
        let mut is_seen = false;
        if let Some(mut requests) = self.requests.take() {
            loop {
                requests.run(self.world, until.0 as u64, observer);
                let (now, noted) = requests.take_notes();
                if noted.is_empty() {
                    is_seen = requests.is_seen;
                    break;
                }
                self.now = Time(now as i64);
                for (pool, note) in noted {
                    let (station, cause) = requests.what_led_to(pool, &note);
                    let seen = self.see_note(station, &note, cause);
                    requests.told(pool, &note, seen);
                    if let Note::Ejected { server, .. } = note {
                        self.is_ejected(station, server);
                        requests.is_seen = true;
                    }
                }
                self.tell(observer);
            }
            if is_seen {
                // It is looked at now, or with whatever else changes now.
                requests.is_seen = false;
                self.now = Time(requests.now() as i64);
            }
            let overfull = requests.is_overfull();
            self.requests = Some(requests);
            if overfull {
                self.refuse_window();
            }
        }
        is_seen
    }

    /// A balancer has done something.
    fn see_note(&mut self, station: StationId, note: &Note, cause: Option<ObservationId>) -> ObservationId {
        let what = match *note {
            Note::Ejected { server, in_rotation, .. } => Occurrence::Ejected { station, server, in_rotation },
            Note::Returned { server, in_rotation } => Occurrence::Returned { station, server, in_rotation },
            Note::Outlier { server, in_rotation, out } => Occurrence::Outlier { station, server, in_rotation, out },
            Note::Panic(panics) => Occurrence::Panic(station, panics),
        };
        self.see_because(what, cause)
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Follow { begins: true } => self.begin_requests(),
            Event::Follow { begins: false } => self.end_requests(),
            Event::Inject(index) => self.inject(index as usize),
            Event::Fail { node, law, token } => {
                let struck = self.one_of_pool(node, law, token);
                self.fail_by_itself(node, struck);
            }
            Event::LifeEnds { node, member, token } => {
                let struck = self.one_of_members(node, member, token);
                self.fail_by_itself(node, struck);
            }
            Event::Shock { index, token } => self.shock(index as usize, token),
            Event::RepairReady { job, token } => self.vendor_comes(job, token),
            Event::RepairDone { job, token } => self.repair_done(job, token),
            Event::HandsChange(crew) => self.hands_go_on(crew),
            Event::SiteSeen { spread, place, token } => self.site_is_seen(spread, place as usize, token),
            Event::Restocked(node) => self.restocked(node),
            Event::Test(node) => self.proof_test(node),
            Event::Ends(index) => self.condition_ends(index as usize),
            Event::UsedUp(node) => self.used_up(node),
            Event::Started { station, token } => self.start_is_over(station, token),
            Event::Failover { group, token } => self.failover_due(group, token),
            Event::FalseAlarm { group, token } => self.false_alarm(group, token),
            Event::Failback { group, token } => self.failback_due(group, token),
            Event::CallersFollow(group) => self.callers_look_again(group),
            Event::Ejected { station, token } => self.eject(station, token),
            Event::Rotates { station, server, token } => self.rotates(station, server, token),
            // What follows from it is looked at after every event.
            Event::Stale => {}
            Event::Alone { store, replica, token } => self.goes_on_alone(store as usize, replica as usize, token),
            Event::Backup { store, backup } => self.back_up(store as usize, backup as usize),
            Event::Restored { store, token } => self.restored(store as usize, token),
            Event::Maintenance { step, token } => self.maintenance_due(step, token),
            Event::Procedure { index, step } => self.procedure_due(index as usize, step),
            Event::Autoscale { index } => self.autoscale(index as usize),
            Event::Scaled { index } => self.scaled(index as usize),
            Event::SwitchedOn { number } => self.switched_on(number),
            Event::Look { index, token } => self.look(index as usize, token),
            Event::Seen { index } => self.seen(index as usize),
            Event::Flow { token } => self.flow_changes(token),
            Event::Horizon => self.finish(),
        }
    }

    /// Lets a change go through everything that stands on it, until nothing moves any more.
    fn settle(&mut self) {
        // A group's new active member can change nodes, which can change groups: bounded by the sizes of both.
        for _ in 0..1_000 {
            self.settle_nodes();
            if self.settle_links() {
                self.settle_nodes();
            }
            self.settle_grays();
            if self.stations_dirty {
                self.settle_stations();
            }
            if !self.settle_groups() && self.nodes_dirty.is_empty() && !self.stations_dirty && !self.look_at_drains() {
                if self.look_at_deep_checks() {
                    continue;
                }
                self.settle_spreads();
                self.go_on_with_what_was_stuck();
                self.go_on_with_repairs();
                return;
            }
        }
        panic!("the world does not settle at {:?} with {:?}", self.now, self.luck);
    }

    fn finish(&mut self) {
        self.close_span();
        self.end_without_data();
        self.finished = true;
        self.flow_dirty = false;
    }
}

/// Whether an observation divides what is measured into before and after, though nothing flows differently.
fn divides(what: &Occurrence) -> bool {
    matches!(
        what,
        Occurrence::MaintenanceBegan(_)
            | Occurrence::MaintenanceOverran
            | Occurrence::MaintenanceSkipped
            | Occurrence::MaintenanceEnded { .. }
    )
}
