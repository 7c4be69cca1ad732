//! How the design responded: failovers, groups, maintenance, communication; and what worked when.

use super::outcome::*;
use super::story::failure_words;
use super::words::refusal_words;
use crate::observe::{FailoverFailure, Observation, Occurrence, ServiceLevel};
use crate::units::{Duration, Time};
use crate::world::{GroupId, NodeId, PhaseKind, Place, World, civil_label};

/// Failovers and maintenances kept in full; the sums go on.
pub(super) const KEPT_MAX: usize = 10_000;

#[derive(Debug, Clone, Default)]
struct Watched {
    down_since: Option<Time>,
    down_s: f64,
    outages: u64,
    failures: u64,
    repairs: u64,
}

#[derive(Debug, Clone)]
struct UnderWay {
    failed_at: Time,
    last: Time,
    from: usize,
    phases: Vec<PhaseOutcome>,
    failure: Option<String>,
    by_hand: bool,
    false_alarm: bool,
    planned: bool,
    /// It has been told already, at this place of the list, as one that has switched: the verification has failed since.
    told: Option<usize>,
}

#[derive(Debug, Clone, Default)]
struct GroupSums {
    outcome: GroupOutcome,
    active: usize,
    detect_s: f64,
    restore_s: f64,
    restores: u64,
    down_since: Option<Time>,
    under_way: Option<UnderWay>,
    /// What follows after the last switch.
    after: Option<After>,
}

/// What follows after a switch: users move, and it is verified.
#[derive(Debug, Clone)]
struct After {
    /// The failover, as an index.
    failover: usize,
    since: Time,
    /// Users have begun to move.
    steering_began: bool,
    /// That phase, as an index.
    steer: Option<usize>,
    /// There is something to verify by, and it is not told yet how that ended.
    verifies: bool,
}

/// Failovers, maintenance and availability, as they are being measured.
#[derive(Debug, Clone)]
pub struct ResponseMetrics {
    nodes: Vec<Watched>,
    groups: Vec<GroupSums>,
    failovers: Vec<FailoverOutcome>,
    pub(super) maintenance: Vec<MaintenanceOutcome>,
    /// Start and promised end of the maintenance that is under way.
    pub(super) promised: Option<(Time, Time)>,
    pub(super) told_at: Option<Time>,
    first_felt: Option<Time>,
    /// Failovers and maintenances that are not kept.
    pub(super) left_out: [u64; 2],
    first_told: Option<Time>,
}

impl UnderWay {
    /// Since its last phase nobody could take over, until the active member was back, or to the end.
    fn waits_for_a_member(&mut self, until: Time, ok: bool) {
        let took_s = until.since(self.last).seconds();
        if took_s > 0.0 {
            self.phases.push(PhaseOutcome { phase: PhaseKind::WaitForMember, took_s, ok });
        }
    }
}

impl Watched {
    /// An outage is over. One of no length is none; one that began before anything was measured counts for its time alone.
    fn was_down(&mut self, since: Time, until: Time, measured_from: Time) {
        self.down_s += until.since(since.max(measured_from)).seconds();
        self.outages += u64::from(since >= measured_from && since < until);
    }
}

impl ResponseMetrics {
    pub fn new(world: &World) -> ResponseMetrics {
        ResponseMetrics {
            nodes: vec![Watched::default(); world.nodes.len()],
            groups: vec![GroupSums::default(); world.groups.len()],
            failovers: Vec::new(),
            maintenance: Vec::new(),
            promised: None,
            told_at: None,
            first_felt: None,
            left_out: [0; 2],
            first_told: None,
        }
    }

    pub fn saw(&mut self, world: &World, seen: &Observation) {
        match &seen.what {
            Occurrence::Failed { node, members, .. } if seen.at >= world.measured_from => {
                self.nodes[node.at()].failures += members;
            }
            Occurrence::Failed { .. } => {}
            Occurrence::Repaired { node, members, .. } if seen.at >= world.measured_from => {
                self.nodes[node.at()].repairs += members;
            }
            Occurrence::Repaired { .. } => {}
            Occurrence::NodeDown(node) => self.node_down(world, *node, seen.at),
            Occurrence::NodeUp(node) => self.node_up(world, *node, seen.at),
            Occurrence::Feels { mood, .. } if *mood > ServiceLevel::Stale && seen.at >= world.measured_from => {
                if self.first_felt.is_none() {
                    self.first_felt = Some(seen.at);
                    // Who was told of a maintenance has heard of what is felt during it.
                    self.first_told = self.told_at.filter(|_| self.promised.is_some());
                }
            }
            Occurrence::Told(_) | Occurrence::ToldBy { .. } => self.told(seen.at),
            Occurrence::MaintenanceTold
            | Occurrence::MaintenanceBegan(_)
            | Occurrence::MaintenanceSkipped
            | Occurrence::MaintenanceEnded { .. } => self.saw_maintenance(world, seen),
            _ => self.saw_failover(world, seen),
        }
    }

    pub(super) fn told(&mut self, at: Time) {
        if self.first_felt.is_some() {
            self.first_told = self.first_told.or(Some(at));
        }
    }

    fn node_down(&mut self, world: &World, id: NodeId, at: Time) {
        let node = &mut self.nodes[id.at()];
        node.down_since = Some(at);
        if let crate::world::NodeKind::Group(group) = world.nodes[id.at()].kind {
            self.groups[group.at()].down_since = Some(at);
        }
    }

    fn node_up(&mut self, world: &World, id: NodeId, at: Time) {
        let node = &mut self.nodes[id.at()];
        if let Some(since) = node.down_since.take() {
            node.was_down(since, at, world.measured_from);
        }
        if let crate::world::NodeKind::Group(group) = world.nodes[id.at()].kind {
            let sums = &mut self.groups[group.at()];
            if let Some(since) = sums.down_since.take().filter(|since| *since < at) {
                sums.restore_s += at.since(since).seconds();
                sums.restores += 1;
            }
            if let Some(mut under_way) = sums.under_way.take_if(|u| u.failure.is_some() && !u.by_hand) {
                under_way.waits_for_a_member(at, true);
                let restored = Some(at.since(under_way.failed_at).seconds());
                self.end_failover(world, group, under_way, None, "failed", restored);
            }
        }
    }

    fn begin(&mut self, group: GroupId, at: Time, planned: bool) -> &mut UnderWay {
        let sums = &mut self.groups[group.at()];
        sums.under_way.get_or_insert_with(|| UnderWay {
            failed_at: at,
            last: at,
            from: sums.active,
            phases: Vec::new(),
            failure: None,
            by_hand: false,
            false_alarm: false,
            planned,
            told: None,
        })
    }

    fn phase(&mut self, group: GroupId, phase: PhaseKind, at: Time, ok: bool) {
        let under_way = self.begin(group, at, true);
        let took_s = at.since(under_way.last).seconds();
        under_way.last = at;
        under_way.phases.push(PhaseOutcome { phase, took_s, ok });
    }

    fn saw_failover(&mut self, world: &World, seen: &Observation) {
        match &seen.what {
            Occurrence::Detected { group, false_alarm, failed_at } => {
                let sums = &mut self.groups[group.at()];
                if *false_alarm {
                    sums.outcome.false_alarms += 1;
                } else {
                    sums.outcome.detections += 1;
                    sums.detect_s += seen.at.since(*failed_at).seconds();
                }
                self.leave_open(world, *group);
                self.begin(*group, *failed_at, false).false_alarm = *false_alarm;
                self.phase(*group, PhaseKind::Detect, seen.at, true);
            }
            Occurrence::Decided { group, .. } => {
                self.groups[group.at()].outcome.demands += 1;
                self.phase(*group, PhaseKind::Decide, seen.at, true);
                // Whatever it had failed of before, it goes on.
                self.begin(*group, seen.at, false).failure = None;
            }
            Occurrence::PhaseDone(group, PhaseKind::Verify) => self.verified(*group, seen.at, true),
            Occurrence::PhaseCutShort(group, PhaseKind::Verify) => self.verified(*group, seen.at, false),
            Occurrence::PhaseDone(group, phase) => self.phase(*group, *phase, seen.at, true),
            Occurrence::PhaseCutShort(group, phase) => {
                self.phase(*group, *phase, seen.at, false);
                let under_way = self.begin(*group, seen.at, false);
                under_way.by_hand &= *phase != PhaseKind::ByHand;
            }
            Occurrence::FailoverFailed(group, failure) => {
                if *failure != FailoverFailure::NoTarget {
                    self.groups[group.at()].outcome.failed_on_demand += 1;
                }
                match failure {
                    FailoverFailure::Phase(PhaseKind::Verify) => self.goes_on_after_verification(*group, seen.at),
                    FailoverFailure::Phase(phase) => self.phase(*group, *phase, seen.at, false),
                    _ => {}
                }
                self.begin(*group, seen.at, false).failure = Some(failure_words(world, *failure));
            }
            Occurrence::ByHand(group) => self.begin(*group, seen.at, false).by_hand = true,
            Occurrence::CallersFollowed { group, .. } => self.steered(*group, seen.at),
            Occurrence::Activated { group, member, planned } => {
                let under_way = {
                    self.begin(*group, seen.at, *planned);
                    self.groups[group.at()].under_way.take()
                };
                if let Some(mut under_way) = under_way {
                    under_way.planned = *planned;
                    if under_way.by_hand {
                        let took_s = seen.at.since(under_way.last).seconds();
                        under_way.phases.push(PhaseOutcome { phase: PhaseKind::ByHand, took_s, ok: true });
                    }
                    let ended = if under_way.by_hand { "by hand" } else { "switched" };
                    let restored = (!planned).then(|| seen.at.since(under_way.failed_at).seconds());
                    self.is_left(*group, seen.at);
                    self.groups[group.at()].after = Some(After {
                        failover: under_way.told.unwrap_or(self.failovers.len()),
                        since: seen.at,
                        steering_began: false,
                        steer: None,
                        verifies: world.groups[group.at()].failover.as_ref().is_some_and(|f| f.verify.is_some()),
                    });
                    self.end_failover(world, *group, under_way, Some(*member), ended, restored);
                }
                self.groups[group.at()].active = *member;
            }
            Occurrence::SplitBrain(group) => self.groups[group.at()].outcome.split_brains += 1,
            Occurrence::SteeringBegan { people, .. } => {
                if let Place::Group(group) = world.people[people.at()].served_by {
                    self.groups[group.at()].after.iter_mut().for_each(|after| after.steering_began = true);
                }
            }
            Occurrence::SteeringDone(people) => {
                if let Place::Group(group) = world.people[people.at()].served_by {
                    self.steered(group, seen.at);
                }
            }
            _ => self.saw_switchover(world, seen),
        }
    }

    /// What becomes of orders, and of failovers that come to nothing.
    fn saw_switchover(&mut self, world: &World, seen: &Observation) {
        match &seen.what {
            Occurrence::SwitchoverBegan { group, failed_at, planned, .. } => {
                let noticed = self.leave_open(world, *group);
                self.begin(*group, *failed_at, *planned);
                // People have noticed what nothing else has, or have decided what to do about a failover that failed.
                if seen.at > *failed_at {
                    self.phase(*group, if noticed { PhaseKind::Decide } else { PhaseKind::Detect }, seen.at, true);
                }
            }
            Occurrence::SwitchoverRefused { group, member, reason, .. } if seen.at >= world.measured_from => {
                self.refused(world, *group, *member, refusal_words(*reason), seen.at);
            }
            // While nobody could take over, nobody had to decide.
            Occurrence::MemberIsBack { group, .. } => self.phase(*group, PhaseKind::WaitForMember, seen.at, true),
            Occurrence::StaysActive(group) => {
                if let Some(mut under_way) = self.groups[group.at()].under_way.take() {
                    under_way.waits_for_a_member(seen.at, true);
                    let restored = (!under_way.false_alarm).then(|| seen.at.since(under_way.failed_at).seconds());
                    self.end_failover(world, *group, under_way, None, "failed", restored);
                }
            }
            Occurrence::DiedMeanwhile(group) => {
                let under_way = self.begin(*group, seen.at, false);
                (under_way.failed_at, under_way.planned, under_way.false_alarm) = (seen.at, false, false);
            }
            Occurrence::SwitchoverCalledOff { group, .. } => {
                if let Some(under_way) = self.groups[group.at()].under_way.take() {
                    self.end_failover(world, *group, under_way, None, "called off", None);
                }
            }
            Occurrence::CalledOff(group) => {
                if let Some(under_way) = self.groups[group.at()].under_way.take() {
                    let restored = Some(seen.at.since(under_way.failed_at).seconds());
                    self.end_failover(world, *group, under_way, None, "called off", restored);
                }
            }
            _ => {}
        }
    }

    /// The verification of the new member is over: it has succeeded, or not.
    fn verified(&mut self, group: GroupId, at: Time, ok: bool) {
        let Some(after) = self.groups[group.at()].after.as_mut().filter(|after| after.verifies) else { return };
        after.verifies = false;
        let took_s = at.since(after.since).seconds();
        if let Some(failover) = self.failovers.get_mut(after.failover) {
            failover.phases.push(PhaseOutcome { phase: PhaseKind::Verify, took_s, ok });
        }
    }

    /// It has failed: the failover that was told as done is not, and goes on.
    fn goes_on_after_verification(&mut self, group: GroupId, at: Time) {
        let Some((index, since)) = self.groups[group.at()].after.as_ref().map(|after| (after.failover, after.since))
        else {
            return;
        };
        self.verified(group, at, false);
        self.is_left(group, at);
        let from = self.groups[group.at()].active;
        let Some(failover) = self.failovers.get_mut(index) else { return };
        (failover.ended, failover.time_to_restore_s) = ("failed".to_owned(), None);
        self.groups[group.at()].under_way = Some(UnderWay {
            // Until then what was ordered had hurt nobody.
            failed_at: match failover.planned {
                true => since,
                false => Time::ZERO.after(Duration::from_seconds(failover.failed_at_s)),
            },
            last: at,
            from,
            phases: failover.phases.clone(),
            failure: failover.failure.clone(),
            by_hand: false,
            false_alarm: failover.false_alarm,
            planned: failover.planned,
            told: Some(index),
        });
    }

    /// Something else begins: a failover that came to nothing stays as it is. Says whether there was one.
    fn leave_open(&mut self, world: &World, group: GroupId) -> bool {
        let Some(under_way) = self.groups[group.at()].under_way.take() else { return false };
        let ended = if under_way.failure.is_some() { "failed" } else { "called off" };
        self.end_failover(world, group, under_way, None, ended, None);
        true
    }

    /// An order that cannot be carried out.
    fn refused(&mut self, world: &World, group: GroupId, to: Option<usize>, why: &str, at: Time) {
        let refused = UnderWay {
            failed_at: at,
            last: at,
            from: self.groups[group.at()].active,
            phases: Vec::new(),
            failure: Some(why.to_owned()),
            by_hand: false,
            false_alarm: false,
            planned: true,
            told: None,
        };
        self.end_failover(world, group, refused, to, "refused", None);
    }

    /// Users who were on their way when something else began, or the run ended, have not arrived; what was being verified then
    /// has not been.
    fn is_left(&mut self, group: GroupId, at: Time) {
        self.verified(group, at, false);
        let Some(after) = self.groups[group.at()].after.take() else { return };
        if let Some(failover) = self.failovers.get_mut(after.failover)
            && after.steering_began
            && after.steer.is_none()
        {
            let took_s = at.since(after.since).seconds();
            failover.phases.push(PhaseOutcome { phase: PhaseKind::Steer, took_s, ok: false });
        }
    }

    /// The phase lasts until the last population has moved, and the last service that calls it.
    fn steered(&mut self, group: GroupId, at: Time) {
        let Some(after) = &mut self.groups[group.at()].after else { return };
        let took_s = at.since(after.since).seconds();
        let Some(failover) = self.failovers.get_mut(after.failover) else { return };
        match after.steer.and_then(|steer| failover.phases.get_mut(steer)) {
            Some(phase) => phase.took_s = phase.took_s.max(took_s),
            None => {
                after.steer = Some(failover.phases.len());
                failover.phases.push(PhaseOutcome { phase: PhaseKind::Steer, took_s, ok: true });
            }
        }
    }

    fn end_failover(
        &mut self,
        world: &World,
        group: GroupId,
        under_way: UnderWay,
        to: Option<usize>,
        ended: &str,
        time_to_restore_s: Option<f64>,
    ) {
        if self.failovers.len() >= KEPT_MAX && under_way.told.is_none() {
            self.left_out[0] += 1;
            return;
        }
        let members = &world.groups[group.at()].members;
        let name = |member: usize| world.nodes[members[member].at()].name.clone();
        let outcome = FailoverOutcome {
            group: world.groups[group.at()].name.clone(),
            from: name(under_way.from),
            to: to.map(name),
            failed_at_s: under_way.failed_at.seconds(),
            failed_at: civil_label(&world.calendar, under_way.failed_at),
            phases: under_way.phases,
            ended: ended.to_owned(),
            failure: under_way.failure,
            false_alarm: under_way.false_alarm,
            planned: under_way.planned,
            time_to_restore_s,
        };
        match under_way.told.and_then(|told| self.failovers.get_mut(told)) {
            Some(told) => {
                *told = FailoverOutcome { from: told.from.clone(), to: outcome.to.or(told.to.take()), ..outcome }
            }
            None => self.failovers.push(outcome),
        }
    }

    pub fn finish(&mut self, world: &World, outcome: &mut Outcome) {
        let (from, to) = (world.measured_from, world.horizon);
        let length_s = to.since(from).seconds();
        for i in 0..self.groups.len() {
            let id = GroupId::new(i);
            self.is_left(id, to);
            if let Some(mut under_way) = self.groups[i].under_way.take() {
                let ended = if under_way.failure.is_some() && !under_way.by_hand { "failed" } else { "under way" };
                if ended == "failed" {
                    under_way.waits_for_a_member(to, false);
                } else if under_way.by_hand {
                    let took_s = to.since(under_way.last).seconds();
                    under_way.phases.push(PhaseOutcome { phase: PhaseKind::ByHand, took_s, ok: false });
                }
                self.end_failover(world, id, under_way, None, ended, None);
            }
            let sums = &mut self.groups[i];
            let mut group = std::mem::take(&mut sums.outcome);
            group.detect_mean_s = (group.detections > 0).then(|| sums.detect_s / group.detections as f64);
            group.restore_mean_s = (sums.restores > 0).then(|| sums.restore_s / sums.restores as f64);
            outcome.groups.insert(world.groups[i].name.clone(), group);
        }
        for (node, watched) in world.nodes.iter().zip(&mut self.nodes) {
            if let Some(since) = watched.down_since.take() {
                watched.was_down(since, to, from);
            }
            outcome.components.insert(
                node.name.clone(),
                ComponentOutcome {
                    availability: 1.0 - watched.down_s / length_s,
                    downtime_s: watched.down_s,
                    outages: watched.outages,
                    mean_outage_s: (watched.outages > 0).then(|| watched.down_s / watched.outages as f64),
                    failures: watched.failures,
                    repairs: watched.repairs,
                },
            );
        }
        self.finish_brief(world, outcome);
        for (list, left_out) in ["failovers", "maintenance"].into_iter().zip(self.left_out) {
            if left_out > 0 {
                outcome.cut_short.push(CutShort::new(list, KEPT_MAX, left_out));
            }
        }
        self.failovers.sort_by(|a, b| a.failed_at_s.total_cmp(&b.failed_at_s));
        outcome.failovers = std::mem::take(&mut self.failovers);
        outcome.communication = CommunicationOutcome {
            first_felt_s: self.first_felt.map(Time::seconds),
            first_told_s: self.first_told.map(Time::seconds),
            time_to_first_communication_s: self
                .first_felt
                .and_then(|felt| self.first_told.map(|told| told.seconds() - felt.seconds())),
        };
    }
}
