//! Failover: detect, decide, fence, promote, start, warm, steer, verify; each with its own clock and its own way to
//! fail.

use super::core::Engine;
use super::event::Event;
use super::state::data::Handover;
use super::state::groups::{GroupStreams, Stage};
use crate::dist::Sampler;
use crate::num;
use crate::observe::{FailoverFailure, Occurrence};
use crate::rng::Stream;
use crate::units::Duration;
use crate::world::{Decide, Detect, Failover, GroupId, PhaseKind};

/// What the detector sees of the active member.
#[derive(Debug, Clone, Copy, PartialEq)]
enum View {
    Well,
    Down,
    /// This share of the checks fails.
    Gray(f64),
}

impl Engine<'_> {
    pub(super) fn start_failover(&mut self) {
        for i in 0..self.world.groups.len() {
            self.next_false_alarm(GroupId::new(i));
        }
    }

    fn policy(&self, id: GroupId) -> Option<&Failover> {
        self.world.groups[id.at()].failover.as_ref()
    }

    fn streams(&mut self, id: GroupId) -> &mut GroupStreams {
        self.state.groups[id.at()].streams.as_deref_mut().expect("a group with a policy has its streams")
    }

    /// Looks at the groups whose members have changed. Says whether any did something.
    pub(super) fn settle_groups(&mut self) -> bool {
        let mut moved = false;
        while let Some(id) = self.groups_dirty.pop_first() {
            if self.world.groups[id.at()].failover.is_some() {
                moved |= self.look_at_group(id);
            }
        }
        moved
    }

    fn look_at_group(&mut self, id: GroupId) -> bool {
        let view = self.view(id);
        let stage = self.state.groups[id.at()].stage;
        self.watch_for_failback(id);
        match (stage, view) {
            (Stage::Idle | Stage::Verifying, View::Well) => false,
            (Stage::Idle | Stage::Verifying, _) => {
                let active = self.world.groups[id.at()].members[self.state.groups[id.at()].active];
                let why = self.state.nodes[active.at()].why.or(self.cause);
                let state = &mut self.state.groups[id.at()];
                state.failed_at = self.now;
                state.why = why;
                state.false_alarm = false;
                state.ordered = false;
                state.stage = Stage::Detecting;
                let wait = self.draw_detection(id, view);
                self.due(id, wait);
                true
            }
            (Stage::Detecting, View::Well) => self.rest(id),
            (Stage::Detecting, _) => false,
            (Stage::Deciding | Stage::Phase(_) | Stage::ByHand, _) => {
                let state = &self.state.groups[id.at()];
                if view == View::Well && !state.false_alarm && !state.ordered {
                    let why = state.why;
                    self.see_because(Occurrence::CalledOff(id), self.cause.or(why));
                    return self.rest(id);
                }
                if self.member_up(id, state.target) {
                    return false;
                }
                self.nobody_or_another(id)
            }
            (Stage::GivenUp, View::Well) => self.rest(id),
            (Stage::GivenUp, _) => false,
            (Stage::NobodyLeft, View::Well) => self.rest(id),
            (Stage::NobodyLeft, _) => self.somebody_is_back(id),
        }
    }

    fn rest(&mut self, id: GroupId) -> bool {
        let state = &mut self.state.groups[id.at()];
        state.stage = Stage::Idle;
        state.token += 1;
        self.next_false_alarm(id);
        true
    }

    fn member_up(&self, id: GroupId, member: usize) -> bool {
        self.state.nodes[self.world.groups[id.at()].members[member].at()].up
    }

    /// The most preferred working member that is not active.
    fn next_target(&self, id: GroupId) -> Option<usize> {
        let active = self.state.groups[id.at()].active;
        (0..self.world.groups[id.at()].members.len()).find(|&m| m != active && self.member_up(id, m))
    }

    fn nobody_or_another(&mut self, id: GroupId) -> bool {
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
        self.state.groups[id.at()].target = target;
        if self.policy(id).is_some_and(|p| p.first_back_takes_over) {
            self.activate(id, target, false);
        } else {
            self.begin_deciding(id);
        }
        true
    }

    /// What the checkers see. A checker that cannot reach the member sees it down: that is how partitions deceive.
    fn view(&self, id: GroupId) -> View {
        let group = &self.world.groups[id.at()];
        let active = self.state.groups[id.at()].active;
        if !self.member_up(id, active) {
            return View::Down;
        }
        if let Some(Failover { detect: Detect::Probe { from, quorum, .. }, .. }) = &group.failover
            && let (false, Some(site)) = (from.is_empty(), group.sites[active])
        {
            let blind = from.iter().filter(|f| {
                let checker_up = self.state.nodes[self.world.sites[f.at()].node.at()].up;
                checker_up && self.state.routes.between(**f, site).is_none()
            });
            if blind.count() >= *quorum as usize {
                return View::Down;
            }
        }
        if self.any_gray() {
            let member = group.members[active];
            let site = group.sites[active].map(|s| self.world.sites[s.at()].node);
            let seen = self.gray(member).1.max(site.map_or(0.0, |s| self.gray(s).1));
            if seen >= 1.0 {
                return View::Down;
            }
            if seen > 0.0 {
                return View::Gray(seen);
            }
        }
        View::Well
    }

    /// Time from the failure until it is noticed.
    fn draw_detection(&mut self, id: GroupId, view: View) -> Duration {
        let horizon_s = self.world.horizon.seconds();
        let Some(policy) = &self.world.groups[id.at()].failover else { return Duration::FOREVER };
        let detect = policy.detect.clone();
        let stream = &mut self.streams(id).detect;
        match detect {
            Detect::Instant => Duration::ZERO,
            Detect::Probe { every_s, fails, timeout_s, checkers, quorum, .. } => {
                // Each checker has its own phase; the quorum-th to see enough failures raises the alarm.
                let mut seen: Vec<f64> = (0..checkers)
                    .map(|_| {
                        let phase = stream.uniform();
                        let checks = match view {
                            View::Gray(share) => checks_until_run(stream, share, fails, horizon_s / every_s),
                            _ => f64::from(fails),
                        };
                        (checks - 1.0) * every_s + phase * every_s + timeout_s
                    })
                    .collect();
                seen.sort_by(f64::total_cmp);
                Duration::from_seconds(seen[(quorum as usize).min(seen.len()) - 1])
            }
            Detect::Heartbeat(every_s, grace_s) => {
                // The last heartbeat came up to one interval before the failure.
                Duration::from_seconds(grace_s - stream.uniform() * every_s)
            }
            Detect::After(wait_s) => Duration::from_seconds(wait_s),
            Detect::Raft(followers, shortest_s, width_s) => {
                let first = (0..followers).map(|_| stream.uniform()).fold(1.0, f64::min);
                Duration::from_seconds(shortest_s + width_s * first)
            }
        }
    }

    /// With lossy checks a healthy member is declared down once in a while.
    fn next_false_alarm(&mut self, id: GroupId) {
        let Some(policy) = &self.world.groups[id.at()].failover else { return };
        let Detect::Probe { every_s, fails, checkers, quorum, loss, .. } = policy.detect else { return };
        if loss <= 0.0 {
            return;
        }
        let round_fails = at_least_of(loss, quorum, checkers);
        let stream = &mut self.streams(id).alarms;
        let checks = checks_until_run(stream, round_fails, fails, f64::INFINITY);
        let state = &mut self.state.groups[id.at()];
        state.alarm_token += 1;
        let token = state.alarm_token;
        self.events
            .push(self.now.after(Duration::from_seconds(checks * every_s)), Event::FalseAlarm { group: id, token });
    }

    pub(super) fn false_alarm(&mut self, id: GroupId, token: u32) {
        let state = &mut self.state.groups[id.at()];
        if state.alarm_token != token || state.stage != Stage::Idle {
            return;
        }
        state.false_alarm = true;
        state.failed_at = self.now;
        let seen = self.see(Occurrence::Detected { group: id, false_alarm: true, failed_at: self.now });
        self.state.groups[id.at()].why = Some(seen);
        match self.next_target(id) {
            Some(target) => {
                self.state.groups[id.at()].target = target;
                self.begin_deciding(id);
            }
            None => self.next_false_alarm(id),
        }
    }

    fn due(&mut self, id: GroupId, wait: Duration) {
        let state = &mut self.state.groups[id.at()];
        state.token += 1;
        let token = state.token;
        self.events.push(self.now.after(wait), Event::Failover { group: id, token });
    }

    pub(super) fn failover_due(&mut self, id: GroupId, token: u32) {
        if self.state.groups[id.at()].token != token {
            return;
        }
        self.cause = self.state.groups[id.at()].why;
        match self.state.groups[id.at()].stage {
            Stage::Detecting => {
                let failed_at = self.state.groups[id.at()].failed_at;
                let seen = self.see(Occurrence::Detected { group: id, false_alarm: false, failed_at });
                self.state.groups[id.at()].why = Some(seen);
                self.cause = Some(seen);
                self.nobody_or_another(id);
            }
            Stage::Deciding => self.decided(id),
            Stage::Phase(index) => self.phase_due(id, index),
            Stage::ByHand => {
                let target = self.state.groups[id.at()].target;
                self.activate(id, target, false);
            }
            Stage::Verifying => {
                self.see(Occurrence::PhaseDone(id, PhaseKind::Verify));
                self.state.groups[id.at()].stage = Stage::Idle;
                self.groups_dirty.insert(id);
            }
            Stage::Idle | Stage::GivenUp | Stage::NobodyLeft => {}
        }
    }

    fn begin_deciding(&mut self, id: GroupId) {
        self.state.groups[id.at()].stage = Stage::Deciding;
        let Some(policy) = &self.world.groups[id.at()].failover else { return };
        let wait = match &policy.decide {
            Decide::Automatic => Duration::ZERO,
            Decide::People(takes, hours) => {
                let opens = hours.as_ref().map_or(self.now, |hours| hours.next(&self.world.calendar, self.now));
                let takes = takes.draw(&mut self.streams(id).decide);
                Duration(opens.after(takes).0.saturating_sub(self.now.0))
            }
            Decide::Sometimes(share, takes) => {
                let stream = &mut self.streams(id).decide;
                let needed = stream.chance(*share);
                let takes = takes.draw(stream);
                if needed { takes } else { Duration::ZERO }
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
            let broken = self.state.nodes[mechanism.at()].hidden > 0 || !self.state.nodes[mechanism.at()].up;
            if self.state.nodes[mechanism.at()].hidden > 0 {
                self.find_hidden(mechanism, true);
                self.cause = Some(seen);
            }
            if broken {
                return self.failover_fails(id, FailoverFailure::Mechanism(mechanism));
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
                self.due(id, takes);
            }
            None => {
                let state = &self.state.groups[id.at()];
                let (target, ordered) = (state.target, state.ordered);
                self.activate(id, target, ordered);
            }
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

    fn failover_fails(&mut self, id: GroupId, failure: FailoverFailure) {
        let seen = self.see(Occurrence::FailoverFailed(id, failure));
        self.state.groups[id.at()].why = Some(seen);
        let Some(policy) = &self.world.groups[id.at()].failover else { return };
        match &policy.by_hand {
            Some(takes) => {
                let takes = takes.draw(&mut self.streams(id).by_hand);
                self.see_because(Occurrence::ByHand(id), Some(seen));
                self.state.groups[id.at()].stage = Stage::ByHand;
                self.due(id, takes);
            }
            None => {
                let state = &mut self.state.groups[id.at()];
                state.stage = Stage::GivenUp;
                state.token += 1;
                self.groups_dirty.insert(id);
            }
        }
    }

    /// Another member is active from now on.
    pub(super) fn activate(&mut self, id: GroupId, member: usize, planned: bool) {
        self.close_span();
        let group = &self.world.groups[id.at()];
        let old = self.state.groups[id.at()].active;
        let old_lives = self.member_up(id, old) && old != member;
        let cause = self.cause.or(self.state.groups[id.at()].why);
        let seen = self.see_because(Occurrence::Activated { group: id, member, planned }, cause);
        self.cause = Some(seen);
        if old_lives && !planned && !group.failover.as_ref().is_some_and(|f| f.fences) {
            self.see(Occurrence::SplitBrain(id));
        }
        self.promote_stores(id, old, member, Handover::of(planned, old_lives));
        let state = &mut self.state.groups[id.at()];
        state.active = member;
        state.why = Some(seen);
        state.ordered = false;
        state.false_alarm = false;
        state.stage = Stage::Idle;
        state.token += 1;
        state.failback_token += 1;
        state.failback_pending = false;
        self.steer(id, seen);
        if let Some(verify) = group.failover.as_ref().and_then(|f| f.verify.as_ref()) {
            let takes = verify.takes.draw(&mut self.streams(id).phases);
            self.state.groups[id.at()].stage = Stage::Verifying;
            self.due(id, takes);
        } else {
            self.next_false_alarm(id);
        }
        self.touch_node(group.node, Some(seen));
        self.groups_dirty.insert(id);
        self.stations_dirty = true;
        self.paths_dirty = true;
        self.flow_dirty = true;
    }

    /// Somebody, a failback or a drain orders a switchover: the phases run while the active member still serves.
    pub(super) fn order_switchover(&mut self, id: GroupId, member: usize) {
        let state = &self.state.groups[id.at()];
        if state.active == member || !self.member_up(id, member) || !matches!(state.stage, Stage::Idle | Stage::GivenUp)
        {
            return;
        }
        if self.world.groups[id.at()].failover.is_none() {
            return self.activate(id, member, true);
        }
        let cause = self.cause;
        let state = &mut self.state.groups[id.at()];
        state.target = member;
        state.ordered = true;
        state.why = cause;
        self.begin_phase(id, 0);
    }

    /// The preferred member counts down to its failback while it works.
    fn watch_for_failback(&mut self, id: GroupId) {
        let Some(wait) = self.policy(id).and_then(|p| p.failback_after) else { return };
        let ready = self.state.groups[id.at()].active != 0 && self.member_up(id, 0);
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
        self.order_switchover(id, 0);
    }
}

/// How many checks until `run` in a row have failed, when each fails with probability `share`.
///
/// The mean is `(1 - p^k) / (p^k (1 - p))` (Feller, An Introduction to Probability Theory, vol. 1, XIII.7). Where runs
/// are rare, the number is as good as geometric: drawn from a shifted exponential of that mean. Where they are not, the
/// checks are gone through one by one. `most` bounds what is worth knowing.
fn checks_until_run(stream: &mut Stream, share: f64, run: u32, most: f64) -> f64 {
    let run_s = f64::from(run);
    let all = num::pow(share, run_s);
    if share >= 1.0 || all <= 0.0 {
        return if share >= 1.0 { run_s } else { f64::INFINITY };
    }
    const GONE_THROUGH_MAX: f64 = 100_000.0;
    let mean = (1.0 - all) / (all * (1.0 - share));
    if share <= 0.3 || mean > GONE_THROUGH_MAX {
        return run_s + Sampler::Exponential((mean - run_s).max(1e-9)).quantile_s(stream.uniform());
    }
    let (mut checks, mut in_a_row) = (0.0, 0);
    while in_a_row < run {
        checks += 1.0;
        in_a_row = if stream.chance(share) { in_a_row + 1 } else { 0 };
        if checks > most.max(1.0) + 10_000.0 {
            return f64::INFINITY;
        }
    }
    checks
}

/// Probability that at least `needed` of `n` independent checks fail, each with probability `p`.
fn at_least_of(p: f64, needed: u32, n: u32) -> f64 {
    let mut sum = 0.0;
    for k in needed..=n {
        let ways = num::ln_gamma(f64::from(n) + 1.0)
            - num::ln_gamma(f64::from(k) + 1.0)
            - num::ln_gamma(f64::from(n - k) + 1.0);
        sum += num::exp(ways + f64::from(k) * num::ln(p) + f64::from(n - k) * num::ln_1p(-p));
    }
    sum.min(1.0)
}
