//! What a run drew, as its observations tell it: who failed when and for how long, and how long each response took.

use crate::engine::Engine;
use crate::observe::{FailedBy, FailoverFailure, Interval, Observation, ObservationId, Observer, Occurrence};
use crate::rng::Luck;
use crate::units::{Duration, Time};
use crate::world::{GroupId, NodeId, PhaseKind, World};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Members of a component that failed at one moment.
#[derive(Debug, Clone)]
pub(super) struct Strike {
    pub at: Time,
    pub node: NodeId,
    pub members: u64,
    pub hidden: bool,
    /// Nothing in the file says so.
    pub drawn: bool,
    /// After which time how many of them were back; who is in none of these was not back in this run.
    pub back: Vec<(Duration, u64)>,
}

/// How a failover went, once.
#[derive(Debug, Clone, Default)]
pub(super) struct Attempt {
    /// From the failure until it was noticed.
    pub noticed_after: Option<Duration>,
    /// Who watched was wrong.
    pub false_alarm: bool,
    /// From there to the decision.
    pub decided_after: Option<Duration>,
    /// What every phase took.
    pub phases: Vec<(PhaseKind, Duration)>,
    /// Why it failed.
    pub failed: Option<FailoverFailure>,
    /// What doing it by hand took.
    pub by_hand: Option<Duration>,
}

/// What a run drew.
#[derive(Debug, Clone, Default)]
pub(super) struct Witness {
    strikes: Vec<(ObservationId, Strike)>,
    by_id: BTreeMap<ObservationId, usize>,
    /// Hidden failures that were found: which component, and after which time it was repaired.
    found: Vec<(ObservationId, NodeId, Option<Duration>, Time)>,
    /// Components that were found to have failed at a time at which nobody had seen them fail: before the start.
    pub failed_before: Vec<NodeId>,
    /// The attempts of every group, in their order.
    pub attempts: BTreeMap<GroupId, Vec<Attempt>>,
    last: BTreeMap<GroupId, Time>,
    /// From the order of a procedure to its first effect, for the first order of each.
    pub leads: BTreeMap<usize, Duration>,
    ordered: BTreeMap<usize, Time>,
    /// Procedures of which a release was bad.
    pub bad_releases: Vec<usize>,
    /// How long each maintenance took; the second is the time until it was given up, and then that of its rollback.
    pub maintenances: Vec<(Duration, Option<(Duration, Duration)>)>,
    /// How long what a node lives on would have lasted when it was first used: full, as it then is.
    pub reserves: BTreeMap<NodeId, Duration>,
    began: Option<Time>,
    aborted: Option<Time>,
}

impl Witness {
    /// Runs a world to its end and notes what it draws.
    pub fn of(world: &Arc<World>, luck: Luck) -> Witness {
        let mut witness = Witness::default();
        Engine::new(Arc::clone(world), luck).run(&mut witness);
        witness
    }

    /// Who failed when, in the order of time.
    pub fn strikes(&self) -> impl Iterator<Item = &Strike> {
        self.strikes.iter().map(|(_, strike)| strike)
    }

    /// How long the first repair of a hidden failure took, from when it was found.
    pub fn found_repair(&self, node: NodeId) -> Option<Duration> {
        self.found.iter().find_map(|(_, found, took, _)| took.filter(|_| *found == node))
    }

    fn fault(&mut self, seen: &Observation) {
        match &seen.what {
            Occurrence::Failed { node, members, by, hidden } if *members > 0 => {
                let drawn = *by != FailedBy::Drill;
                let (node, members, hidden) = (*node, *members, *hidden);
                self.by_id.insert(seen.id, self.strikes.len());
                self.strikes.push((seen.id, Strike { at: seen.at, node, members, hidden, drawn, back: Vec::new() }));
            }
            Occurrence::ReserveUsed(node, until) => {
                self.reserves.entry(*node).or_insert(until.since(seen.at));
            }
            Occurrence::Found { node, .. } => {
                let known = self.strikes().any(|strike| strike.node == *node && strike.hidden);
                if !known && !self.failed_before.contains(node) {
                    self.failed_before.push(*node);
                }
                self.found.push((seen.id, *node, None, seen.at));
            }
            Occurrence::Repaired { members, .. } => {
                let Some(cause) = seen.cause else { return };
                if let Some(index) = self.by_id.get(&cause) {
                    let strike = &mut self.strikes[*index].1;
                    let after = seen.at.since(strike.at);
                    match strike.back.iter_mut().find(|(known, _)| *known == after) {
                        Some((_, back)) => *back += members,
                        None => strike.back.push((after, *members)),
                    }
                }
                if let Some((_, _, took, at)) = self.found.iter_mut().find(|(id, ..)| *id == cause) {
                    *took = took.or(Some(seen.at.since(*at)));
                }
            }
            _ => {}
        }
    }

    fn failover(&mut self, seen: &Observation) {
        let Some(group) = group_of(&seen.what) else { return };
        let attempts = self.attempts.entry(group).or_default();
        let begins = matches!(seen.what, Occurrence::Detected { .. } | Occurrence::SwitchoverBegan { .. });
        if begins || attempts.is_empty() {
            attempts.push(Attempt::default());
        }
        let Some(attempt) = attempts.last_mut() else { return };
        let since = seen.at.since(self.last.get(&group).copied().unwrap_or(Time::ZERO));
        match &seen.what {
            Occurrence::Detected { failed_at, false_alarm, .. } => {
                attempt.noticed_after = Some(seen.at.since(*failed_at));
                attempt.false_alarm = *false_alarm;
            }
            Occurrence::Decided { .. } => attempt.decided_after = Some(since),
            Occurrence::PhaseDone(_, kind) => attempt.phases.push((*kind, since)),
            Occurrence::FailoverFailed(_, failure) => {
                attempt.failed = Some(*failure);
                if let FailoverFailure::Phase(kind) = failure {
                    attempt.phases.push((*kind, since));
                }
                if let FailoverFailure::Mechanism(node) = failure {
                    let known = self.strikes.iter().any(|(_, strike)| strike.node == *node);
                    if !known && !self.failed_before.contains(node) {
                        self.failed_before.push(*node);
                    }
                }
            }
            Occurrence::Activated { .. } if attempt.failed.is_some_and(|why| why != FailoverFailure::NoTarget) => {
                attempt.by_hand = Some(since)
            }
            _ => {}
        }
        self.last.insert(group, seen.at);
    }

    fn response(&mut self, seen: &Observation) {
        match &seen.what {
            Occurrence::Ordered(index) => {
                self.ordered.entry(*index).or_insert(seen.at);
            }
            Occurrence::Effect { measure, phase: 1, .. } => {
                if let Some(at) = self.ordered.get(measure) {
                    self.leads.entry(*measure).or_insert(seen.at.since(*at));
                }
            }
            Occurrence::BadRelease(index) => self.bad_releases.push(*index),
            Occurrence::MaintenanceBegan(_) => (self.began, self.aborted) = (Some(seen.at), None),
            Occurrence::MaintenanceAborted => self.aborted = Some(seen.at),
            Occurrence::MaintenanceEnded { .. } => {
                let Some(began) = self.began.take() else { return };
                let given_up = self.aborted.map(|aborted| (aborted.since(began), seen.at.since(aborted)));
                self.maintenances.push((seen.at.since(began), given_up));
            }
            _ => {}
        }
    }
}

impl Observer for Witness {
    fn saw(&mut self, _: &World, seen: &Observation) {
        self.fault(seen);
        self.failover(seen);
        self.response(seen);
    }

    fn flowed(&mut self, _: &World, _: &Interval) {}
}

/// The group that a step of a failover is of.
fn group_of(what: &Occurrence) -> Option<GroupId> {
    match what {
        Occurrence::Detected { group, .. }
        | Occurrence::Decided { group, .. }
        | Occurrence::MemberIsBack { group, .. }
        | Occurrence::SwitchoverBegan { group, .. }
        | Occurrence::Activated { group, .. }
        | Occurrence::PhaseDone(group, _)
        | Occurrence::PhaseCutShort(group, _)
        | Occurrence::FailoverFailed(group, _)
        | Occurrence::ByHand(group) => Some(*group),
        _ => None,
    }
}
