//! Failover: decide, fence, promote, start, warm, steer, verify, once a failure is noticed or a switchover ordered; each with
//! its own clock and its own way to fail.

use super::core::Engine;
use super::detection::View;
use super::event::Event;
use super::state::data::Handover;
use super::state::groups::{GroupStreams, Stage};
use super::state::waits::Wait;
use crate::dist::Sampler;
use crate::observe::{FailoverFailure, Occurrence, Refusal};
use crate::units::Duration;
use crate::world::{Automation, Decide, Failover, GroupId, PhaseKind};
use std::collections::BTreeSet;

impl Engine<'_> {
    pub(super) fn start_failover(&mut self) {
        for i in 0..self.world.groups.len() {
            self.next_false_alarm(GroupId::new(i));
        }
    }

    pub(super) fn policy(&self, id: GroupId) -> Option<&Failover> {
        self.world.groups[id.at()].failover.as_ref()
    }

    pub(super) fn streams(&mut self, id: GroupId) -> &mut GroupStreams {
        self.state.groups[id.at()].streams.as_deref_mut().expect("a group with a policy has its streams")
    }

    /// Looks at the groups whose members have changed. Says whether any did something.
    pub(super) fn settle_groups(&mut self) -> bool {
        let mut moved = false;
        // Those who watch look when all that happens at once has happened: two spells that meet are one.
        let more = self.events.next_before_failovers(self.now);
        let mut later = BTreeSet::new();
        while let Some(id) = self.groups_dirty.pop_first() {
            let watched = matches!(self.state.groups[id.at()].stage, Stage::Idle | Stage::Verifying | Stage::Detecting);
            if self.world.groups[id.at()].failover.is_none() {
                continue;
            }
            if more && watched {
                later.insert(id);
            } else {
                moved |= self.look_at_group(id);
            }
        }
        self.groups_dirty = later;
        moved
    }

    fn look_at_group(&mut self, id: GroupId) -> bool {
        let moved = self.look_who_does_the_work(id);
        let view = self.view(id);
        let stage = self.state.groups[id.at()].stage;
        self.watch_for_failback(id);
        moved | self.go_on_from(id, stage, view)
    }

    fn go_on_from(&mut self, id: GroupId, stage: Stage, view: View) -> bool {
        match (stage, view) {
            (Stage::Idle | Stage::Verifying, View::Well) => {
                self.keep_watch(id);
                false
            }
            (Stage::Idle | Stage::Verifying, _) => {
                self.cut_short(id);
                self.has_failed(id, view);
                let state = &mut self.state.groups[id.at()];
                state.false_alarm = false;
                state.ordered = false;
                state.stage = Stage::Detecting;
                let alarm = self.keep_watch(id);
                self.due(id, alarm.since(self.now));
                true
            }
            (Stage::Detecting, View::Well) => {
                self.keep_watch(id);
                self.rest(id)
            }
            (Stage::Detecting, _) => {
                if view == View::Down && !self.state.groups[id.at()].seen_down {
                    self.has_failed(id, view);
                }
                let before = self.state.groups[id.at()].watch.as_ref().map(|watch| watch.alarm);
                let alarm = self.keep_watch(id);
                if before.is_some_and(|before| before != alarm) {
                    self.due(id, alarm.since(self.now));
                }
                false
            }
            (Stage::GivenUp | Stage::NobodyLeft, View::Well) => {
                self.see(Occurrence::StaysActive(id));
                self.rest(id)
            }
            (Stage::GivenUp, _) => false,
            (Stage::NobodyLeft, _) => self.somebody_is_back(id),
            _ => self.look_at_what_is_under_way(id, view),
        }
    }

    /// The active member fails now, or is seen to.
    fn has_failed(&mut self, id: GroupId, view: View) {
        let active = self.world.groups[id.at()].members[self.state.groups[id.at()].active];
        let why = self.state.nodes[active.at()].why.filter(|_| !self.state.nodes[active.at()].up).or(self.cause);
        let state = &mut self.state.groups[id.at()];
        state.failed_at = self.now;
        state.why = why;
        state.seen_down = view == View::Down;
    }

    /// A failover or a switchover is under way, and something has changed.
    fn look_at_what_is_under_way(&mut self, id: GroupId, view: View) -> bool {
        let state = &self.state.groups[id.at()];
        let (active, target, false_alarm) = (state.active, state.target, state.false_alarm);
        if view == View::Well && !false_alarm && !state.ordered {
            let why = state.why;
            self.cut_short(id);
            self.see_because(Occurrence::CalledOff(id), self.cause.or(why));
            return self.rest(id);
        }
        // Who dies while it hands over hands nothing over any more.
        if self.state.groups[id.at()].ordered && !self.member_up(id, active) {
            self.has_failed(id, View::Down);
            self.state.groups[id.at()].ordered = false;
            self.dies_meanwhile(id);
        } else if false_alarm && !self.member_up(id, active) {
            // It fails after all: from now on it is a failure like any other.
            self.has_failed(id, View::Down);
            self.state.groups[id.at()].false_alarm = false;
            self.dies_meanwhile(id);
        }
        let state = &self.state.groups[id.at()];
        if !state.ordered {
            // Where people mend the new member itself, it has to run.
            let lost = if target == active { !self.member_up(id, active) } else { self.known_to_fail(id, target) };
            if lost {
                self.cut_short(id);
                return self.nobody_or_another(id);
            }
            // Of who is dead nothing more comes: what is there is promoted.
            if state.stage == Stage::CatchingUp {
                self.cut_short(id);
                self.activate(id, target, false);
                return true;
            }
            return false;
        }
        let Some(reason) = self.unfit(id, target) else { return false };
        let by = self.state.groups[id.at()].ordered_by;
        self.cut_short(id);
        self.see(Occurrence::SwitchoverCalledOff { group: id, member: target, reason, by });
        self.rest(id)
    }

    fn dies_meanwhile(&mut self, id: GroupId) {
        let why = self.state.groups[id.at()].why;
        let seen = self.see_because(Occurrence::DiedMeanwhile(id), why);
        self.state.groups[id.at()].why = Some(seen);
    }

    /// The phase that is under way comes to nothing.
    fn cut_short(&mut self, id: GroupId) {
        let Some(policy) = &self.world.groups[id.at()].failover else { return };
        let phase = match self.state.groups[id.at()].stage {
            Stage::WaitsForPeople => PhaseKind::WaitForPeople,
            Stage::Deciding => PhaseKind::Decide,
            Stage::Phase(index) => policy.before[index].kind,
            Stage::CatchingUp => PhaseKind::CatchUp,
            Stage::ByHand => PhaseKind::ByHand,
            Stage::Verifying => PhaseKind::Verify,
            _ => return,
        };
        self.see(Occurrence::PhaseCutShort(id, phase));
    }

    fn rest(&mut self, id: GroupId) -> bool {
        let state = &mut self.state.groups[id.at()];
        // Who was to take over is not waited for any more.
        self.flow_dirty |= state.stage == Stage::CatchingUp;
        state.stage = Stage::Idle;
        state.ordered = false;
        state.false_alarm = false;
        state.held_back = false;
        state.token += 1;
        // Some of those who watch may still see less than the others.
        self.groups_dirty.insert(id);
        self.next_false_alarm(id);
        true
    }

    pub(super) fn member_up(&self, id: GroupId, member: usize) -> bool {
        self.state.nodes[self.world.groups[id.at()].members[member].at()].up
    }

    /// The most preferred member that is not active, works, and is not seen to fail.
    fn next_target(&self, id: GroupId) -> Option<usize> {
        let active = self.state.groups[id.at()].active;
        (0..self.world.groups[id.at()].members.len())
            .find(|&m| m != active && !self.known_to_fail(id, m) && self.may_take_over(id, m))
    }

    pub(super) fn nobody_or_another(&mut self, id: GroupId) -> bool {
        match self.next_target(id) {
            Some(target) => {
                self.state.groups[id.at()].target = target;
                self.begin_deciding(id);
            }
            None => {
                let why = self.state.groups[id.at()].why;
                self.see_because(Occurrence::FailoverFailed(id, FailoverFailure::NoTarget), why);
                let state = &mut self.state.groups[id.at()];
                state.stage = Stage::NobodyLeft;
                state.token += 1;
            }
        }
        true
    }

    /// All members were down and another than the active one is back.
    fn somebody_is_back(&mut self, id: GroupId) -> bool {
        let Some(target) = self.next_target(id) else { return false };
        if self.is_held_back(Automation::Failover(id)) {
            return false;
        }
        self.see(Occurrence::MemberIsBack { group: id, member: target });
        self.state.groups[id.at()].target = target;
        if self.policy(id).is_some_and(|p| p.first_back_takes_over) {
            self.activate(id, target, false);
        } else {
            self.begin_deciding(id);
        }
        true
    }

    pub(super) fn false_alarm(&mut self, id: GroupId, token: u32) {
        let state = &mut self.state.groups[id.at()];
        if state.alarm_token != token || state.stage != Stage::Idle {
            return;
        }
        state.false_alarm = true;
        state.failed_at = self.now;
        state.watch = None;
        let seen = self.see(Occurrence::Detected { group: id, false_alarm: true, failed_at: self.now });
        self.state.groups[id.at()].why = Some(seen);
        match self.next_target(id) {
            Some(target) => {
                self.state.groups[id.at()].target = target;
                self.begin_deciding(id);
            }
            None => {
                self.see_because(Occurrence::FailoverFailed(id, FailoverFailure::NoTarget), Some(seen));
                self.see_because(Occurrence::StaysActive(id), Some(seen));
                self.state.groups[id.at()].false_alarm = false;
                self.next_false_alarm(id);
            }
        }
    }

    pub(super) fn due(&mut self, id: GroupId, wait: Duration) {
        let state = &mut self.state.groups[id.at()];
        state.token += 1;
        let token = state.token;
        self.events.push(self.now.after(wait), Event::Failover { group: id, token });
    }

    /// The same, where the wait was drawn.
    fn due_drawn(&mut self, id: GroupId, wait: Duration, law: &Sampler) {
        let state = &mut self.state.groups[id.at()];
        state.token += 1;
        let event = Event::Failover { group: id, token: state.token };
        self.events.push_drawn(self.now, self.now.after(wait), event, || Wait::of(law));
    }

    pub(super) fn failover_due(&mut self, id: GroupId, token: u32) {
        if self.state.groups[id.at()].token != token {
            return;
        }
        self.cause = self.state.groups[id.at()].why;
        self.groups_dirty.insert(id);
        match self.state.groups[id.at()].stage {
            Stage::Detecting => {
                let failed_at = self.state.groups[id.at()].failed_at;
                self.state.groups[id.at()].watch = None;
                let seen = self.see(Occurrence::Detected { group: id, false_alarm: false, failed_at });
                self.state.groups[id.at()].why = Some(seen);
                self.cause = Some(seen);
                self.nobody_or_another(id);
            }
            Stage::WaitsForPeople => {
                self.see(Occurrence::PhaseDone(id, PhaseKind::WaitForPeople));
                self.decide_now(id);
            }
            Stage::Deciding => self.decided(id),
            Stage::Phase(index) => self.phase_due(id, index),
            Stage::CatchingUp => self.has_caught_up(id),
            Stage::ByHand => {
                let state = &self.state.groups[id.at()];
                self.activate(id, state.target, state.ordered);
            }
            Stage::Verifying => self.verified(id),
            Stage::Idle | Stage::GivenUp | Stage::NobodyLeft => {}
        }
    }

    pub(super) fn begin_deciding(&mut self, id: GroupId) {
        self.groups_dirty.insert(id);
        if self.is_held_back(Automation::Failover(id)) {
            let state = &mut self.state.groups[id.at()];
            state.stage = Stage::GivenUp;
            state.held_back = true;
            state.token += 1;
            return;
        }
        let by_people = self.policy(id).map(|policy| &policy.decide).filter(|_| !self.people_decide());
        if let Some(Decide::People(_, Some(hours))) = by_people {
            let opens = hours.next(&self.world.calendar, self.now);
            if opens > self.now {
                self.state.groups[id.at()].stage = Stage::WaitsForPeople;
                return self.due(id, opens.since(self.now));
            }
        }
        self.decide_now(id);
    }

    fn decide_now(&mut self, id: GroupId) {
        self.state.groups[id.at()].stage = Stage::Deciding;
        let Some(policy) = &self.world.groups[id.at()].failover else { return };
        let wait = match &policy.decide {
            Decide::Automatic => Duration::ZERO,
            // Until somebody orders it.
            Decide::People(..) if self.people_decide() => return,
            Decide::People(law, _) => {
                let takes = law.draw(&mut self.streams(id).decide);
                return self.due_drawn(id, takes, law);
            }
            Decide::Sometimes(share, law) => {
                let stream = &mut self.streams(id).decide;
                let needed = stream.chance(*share);
                let takes = law.draw(stream);
                if needed {
                    return self.due_drawn(id, takes, law);
                }
                Duration::ZERO
            }
        };
        self.due(id, wait);
    }

    /// The mechanism is called upon. Now it shows whether it works.
    fn decided(&mut self, id: GroupId) {
        let Some(policy) = &self.world.groups[id.at()].failover else { return };
        let by_people = !matches!(policy.decide, Decide::Automatic);
        let seen = self.see(Occurrence::Decided { group: id, by_people });
        self.state.groups[id.at()].why = Some(seen);
        self.cause = Some(seen);
        let probability = self.state.groups[id.at()].fails_on_demand;
        let fails = self.streams(id).demand.chance(probability);
        if let Some(mechanism) = policy.mechanism {
            let known = !self.state.nodes[mechanism.at()].up;
            if self.state.nodes[mechanism.at()].hidden > 0 {
                self.find_hidden(mechanism, true);
                self.cause = Some(seen);
                return self.failover_fails(id, FailoverFailure::Mechanism(mechanism));
            }
            if known {
                return self.failover_fails(id, FailoverFailure::MechanismDown(mechanism));
            }
        }
        if fails {
            return self.failover_fails(id, FailoverFailure::OnDemand);
        }
        self.begin_phase(id, 0);
    }

    fn begin_phase(&mut self, id: GroupId, index: usize) {
        let Some(policy) = &self.world.groups[id.at()].failover else { return };
        match policy.before.get(index) {
            Some(step) => {
                let takes = step.takes.draw(&mut self.streams(id).phases);
                self.state.groups[id.at()].stage = Stage::Phase(index);
                self.due_drawn(id, takes, &step.takes);
            }
            None => self.hand_over(id),
        }
    }

    fn phase_due(&mut self, id: GroupId, index: usize) {
        let Some(policy) = &self.world.groups[id.at()].failover else { return };
        let step = &policy.before[index];
        let fails = self.streams(id).phase_fails.chance(step.fails);
        if fails {
            return self.failover_fails(id, FailoverFailure::Phase(step.kind));
        }
        let seen = self.see(Occurrence::PhaseDone(id, step.kind));
        self.state.groups[id.at()].why = Some(seen);
        self.cause = Some(seen);
        self.begin_phase(id, index + 1);
    }

    /// What failed is done by hand, or waits for the active member; who has not stood the test is replaced by the next.
    pub(super) fn failover_fails(&mut self, id: GroupId, failure: FailoverFailure) {
        let seen = self.see(Occurrence::FailoverFailed(id, failure));
        self.state.groups[id.at()].why = Some(seen);
        let Some(policy) = &self.world.groups[id.at()].failover else { return };
        match &policy.by_hand {
            Some(law) => {
                let takes = law.draw(&mut self.streams(id).by_hand);
                self.see_because(Occurrence::ByHand(id), Some(seen));
                self.state.groups[id.at()].stage = Stage::ByHand;
                self.due_drawn(id, takes, law);
            }
            None if failure == FailoverFailure::Phase(PhaseKind::Verify) => {
                self.nobody_or_another(id);
            }
            None => {
                let state = &mut self.state.groups[id.at()];
                state.stage = Stage::GivenUp;
                state.ordered = false;
                state.token += 1;
                self.groups_dirty.insert(id);
            }
        }
    }

    /// Another member is active from now on. The old one may have been asked to hand over.
    pub(super) fn activate(&mut self, id: GroupId, member: usize, asked: bool) {
        self.close_span();
        let group = &self.world.groups[id.at()];
        let (old, still) = (self.state.groups[id.at()].active, self.stands_still(id));
        let handover = match self.member_up(id, old) {
            false => Handover::Dead,
            true if asked => Handover::Asked,
            true => Handover::Alive,
        };
        let planned = handover == Handover::Asked;
        let cause = self.cause.or(self.state.groups[id.at()].why);
        let seen = self.see_because(Occurrence::Activated { group: id, member, planned }, cause);
        self.cause = Some(seen);
        let fenced = still || group.failover.as_ref().is_some_and(|f| f.fences);
        if handover == Handover::Alive && old != member && !fenced {
            self.see(Occurrence::SplitBrain(id));
        }
        self.promote_stores(id, old, member, handover);
        self.begins_its_work(id, member);
        let state = &mut self.state.groups[id.at()];
        state.active = member;
        state.why = Some(seen);
        state.ordered = false;
        state.false_alarm = false;
        state.watch = None;
        state.stage = Stage::Idle;
        state.token += 1;
        state.failback_token += 1;
        state.failback_pending = false;
        self.steer(id, seen);
        self.callers_follow(id, seen);
        if let Some(verify) = group.failover.as_ref().and_then(|f| f.verify.as_ref()) {
            let takes = verify.takes.draw(&mut self.streams(id).phases);
            self.state.groups[id.at()].stage = Stage::Verifying;
            self.due_drawn(id, takes, &verify.takes);
        } else {
            self.next_false_alarm(id);
        }
        self.touch_node(group.node, Some(seen));
        self.groups_dirty.insert(id);
        self.stations_dirty = true;
        self.paths_dirty = true;
        self.flow_dirty = true;
    }

    /// Somebody, a failback or a measure orders a switchover: the phases run while the active member still serves. Says
    /// whether it can be done.
    pub(super) fn order_switchover(&mut self, id: GroupId, member: usize, by: Option<usize>) -> Result<(), Refusal> {
        // Whoever orders it tries a member again whose verification has failed.
        let again = member != self.state.groups[id.at()].active && self.state.groups[id.at()].unfit[member];
        self.state.groups[id.at()].unfit[member] &= !again;
        if let Some(reason) = self.refusal(id, member) {
            self.state.groups[id.at()].unfit[member] |= again;
            self.see(Occurrence::SwitchoverRefused { group: id, member: Some(member), reason, by });
            return Err(reason);
        }
        if self.world.groups[id.at()].failover.is_none() {
            self.activate(id, member, true);
            return Ok(());
        }
        // Of a dead member nothing can be asked: that is a failover, by hand, before anything else has noticed.
        let ordered = self.member_up(id, self.state.groups[id.at()].active) && !self.stands_still(id);
        if !ordered && self.state.groups[id.at()].stage == Stage::Idle {
            // It has died in this moment, and nobody has looked yet.
            self.has_failed(id, View::Down);
        }
        let failed_at = if ordered { self.now } else { self.state.groups[id.at()].failed_at };
        let seen = self.see(Occurrence::SwitchoverBegan { group: id, member, failed_at, planned: ordered });
        self.cause = Some(seen);
        let state = &mut self.state.groups[id.at()];
        state.target = member;
        state.held_back = false;
        state.ordered = ordered;
        state.ordered_by = by;
        state.watch = None;
        state.why = Some(seen);
        self.begin_phase(id, 0);
        self.groups_dirty.insert(id);
        Ok(())
    }

    /// Why a switchover cannot be ordered now.
    fn refusal(&self, id: GroupId, member: usize) -> Option<Refusal> {
        let state = &self.state.groups[id.at()];
        match state.stage {
            Stage::Deciding if self.people_decide() => self.unfit(id, member),
            stage if stage.is_under_way() || stage == Stage::Verifying => Some(Refusal::UnderWay),
            _ if state.active == member => Some(Refusal::ActiveAlready),
            _ => self.unfit(id, member),
        }
    }

    /// Why a member cannot take over: it is down or seen to fail, or the active one that lives cannot reach it any more.
    pub(super) fn unfit(&self, id: GroupId, member: usize) -> Option<Refusal> {
        if self.known_to_fail(id, member) {
            return Some(Refusal::Down);
        }
        let active = self.state.groups[id.at()].active;
        let sites = &self.world.groups[id.at()].sites;
        let (Some(from), Some(to)) = (sites[active], sites[member]) else { return None };
        let works = self.member_up(id, active) && !self.stands_still(id);
        (works && self.cut_off(from, to)).then_some(Refusal::OutOfReach)
    }

    /// The preferred member counts down to its failback while it works, is seen to, could take over, and nothing is under way.
    fn watch_for_failback(&mut self, id: GroupId) {
        let Some(wait) = self.policy(id).and_then(|p| p.failback_after) else { return };
        let ready = self.refusal(id, 0).is_none()
            && !self.is_off(Automation::Failover(id))
            && self.view_of(id, 0) == View::Well
            && !self.is_about_to_be_taken_down(id, 0);
        let now = self.now;
        let state = &mut self.state.groups[id.at()];
        if ready && !state.failback_pending {
            state.failback_pending = true;
            state.failback_token += 1;
            let token = state.failback_token;
            self.events.push(now.after(wait), Event::Failback { group: id, token });
        } else if !ready {
            state.failback_pending = false;
            state.failback_token += 1;
        }
    }

    pub(super) fn failback_due(&mut self, id: GroupId, token: u32) {
        if self.state.groups[id.at()].failback_token != token {
            return;
        }
        self.state.groups[id.at()].failback_pending = false;
        self.cause = self.state.nodes[self.world.groups[id.at()].members[0].at()].why;
        // A refusal has been told.
        let _ = self.order_switchover(id, 0, None);
    }
}
