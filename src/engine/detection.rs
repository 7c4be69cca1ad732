//! Detection: what those that watch an active member see of it, and when they take it for down.

use super::core::Engine;
use super::event::Event;
use super::state::groups::Stage;
use super::state::watch::{Checker, Signs, Watch, election_s, signs_from, signs_until_run};
use super::watchers::majority_of;
use crate::num;
use crate::units::{Duration, Time};
use crate::world::{Detect, GroupId, NodeKind, SiteId};

/// What the detector sees of the active member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum View {
    Well,
    /// It is down, or a quorum cannot reach it.
    Down,
    /// A share of the checks fails.
    Gray,
}

impl Engine<'_> {
    /// What the checkers see of the active member.
    pub(super) fn view(&self, id: GroupId) -> View {
        self.view_of(id, self.state.groups[id.at()].active)
    }

    /// What checkers see of a member, or would see if it were active. One that cannot reach it sees it down: that is how
    /// partitions deceive.
    pub(super) fn view_of(&self, id: GroupId, member: usize) -> View {
        let group = &self.world.groups[id.at()];
        if !self.member_up(id, member) || self.is_found_unfit(id, member) {
            return View::Down;
        }
        let active = member == self.state.groups[id.at()].active;
        if active && group.failover.as_ref().is_some_and(|policy| self.is_lost_sight_of(id, &policy.detect)) {
            return View::Down;
        }
        if let Some(Detect::Probe { from, quorum, .. }) = group.failover.as_ref().map(|f| &f.detect)
            && let Some(site) = group.sites[member]
        {
            let blind = from.iter().filter(|f| self.checker_lives(**f) && !self.reaches(**f, site));
            if blind.count() >= *quorum as usize {
                return View::Down;
            }
        }
        match self.share_lost(id, member) {
            lost if lost >= 1.0 => View::Down,
            lost if lost > 0.0 => View::Gray,
            _ => View::Well,
        }
    }

    /// Whether a member is known not to do its work: no check sees that, a verification does.
    fn is_found_unfit(&self, id: GroupId, member: usize) -> bool {
        let state = &self.state.groups[id.at()];
        state.unfit[member] && !(member == state.active && state.stage == Stage::Verifying)
    }

    pub(super) fn checker_lives(&self, site: SiteId) -> bool {
        self.state.nodes[self.world.sites[site.at()].node.at()].up
    }

    fn reaches(&self, from: SiteId, to: SiteId) -> bool {
        self.state.routes.joins(from, to)
    }

    /// Whether a member is known to be no better than one that has failed: it is down, or checks of it fail, all of them or,
    /// where nobody waits for more of them to fail, some.
    pub(super) fn known_to_fail(&self, id: GroupId, member: usize) -> bool {
        let detect = self.world.groups[id.at()].failover.as_ref().map(|policy| &policy.detect);
        match self.view_of(id, member) {
            View::Well => false,
            View::Gray => matches!(detect, None | Some(Detect::Instant)),
            View::Down => true,
        }
    }

    /// The share of checks that a member fails.
    pub(super) fn share_lost(&self, id: GroupId, member: usize) -> f64 {
        let group = &self.world.groups[id.at()];
        if !self.member_up(id, member) {
            return 1.0;
        }
        if self.deep_check_fails(id, member) {
            return 1.0;
        }
        self.gray_checks(group.members[member])
    }

    /// The share of signs that each of those who watch loses now; `None`: that one is dead, and does not vote.
    fn sights(&self, id: GroupId, detect: &Detect) -> Vec<Option<f64>> {
        let active = self.state.groups[id.at()].active;
        let lost = self.share_lost(id, active);
        let Detect::Probe { from, checkers, loss, .. } = detect else {
            return match detect {
                Detect::Raft { .. } => self.sights_of_voters(id, detect, lost),
                _ => self.sights_of_backups(id, lost),
            };
        };
        let lost = if lost > 0.0 { 1.0 - (1.0 - lost) * (1.0 - loss) } else { *loss };
        let member = self.world.groups[id.at()].sites[active];
        let seen_from = |site: &SiteId| {
            let blind = member.is_some_and(|member| !self.reaches(*site, member));
            self.checker_lives(*site).then_some(if blind { 1.0 } else { lost })
        };
        if from.is_empty() { vec![Some(lost); *checkers as usize] } else { from.iter().map(seen_from).collect() }
    }

    /// Those who watch look again: what they have seen so far counts, and what they see may have changed. Gives the time at
    /// which the failure is noticed if nothing changes any more.
    pub(super) fn keep_watch(&mut self, id: GroupId) -> Time {
        let Some(policy) = &self.world.groups[id.at()].failover else { return Time::NEVER };
        let detect = &policy.detect;
        let Some(law) = law_of(detect) else {
            return if self.view(id) == View::Well { Time::NEVER } else { self.now };
        };
        let healthy = if let Detect::Probe { loss, .. } = detect { *loss } else { 0.0 };
        let sights = self.sights(id, detect);
        let well = sights.iter().all(|sees| *sees == Some(healthy));
        let (now, most) = (self.now, self.world.horizon.seconds() / law.every.seconds());
        let state = &mut self.state.groups[id.at()];
        let forgotten = |watch: &Watch| {
            watch.well_since.is_some_and(|since| now.since(since).0 > law.every.0.saturating_add(law.later.0))
        };
        if state.watch.as_ref().is_some_and(|watch| forgotten(watch)) {
            state.watch = None;
        }
        let (None, true) = (&state.watch, well) else {
            let stream = &mut state.streams.as_deref_mut().expect("a group with a policy has its streams").detect;
            let watch =
                state.watch.get_or_insert_with(|| Box::new(begin(detect, &law, now, healthy, sights.len(), stream)));
            watch.well_since = well.then(|| watch.well_since.unwrap_or(now));
            if watch.checkers.iter().zip(&sights).all(|(checker, sees)| checker.sees == *sees) {
                return watch.alarm;
            }
            let before = watch.checkers.clone();
            watch.turns += 1;
            for (i, sees) in sights.iter().enumerate() {
                // Backups that have heard the same signs and hear the same now miss the same.
                let same = |j: &usize| before[*j] == before[i] && sights[*j] == *sees;
                let alike = (0..i).find(|j| matches!(detect, Detect::Heartbeat { .. }) && same(j));
                if let Some(other) = alike {
                    watch.checkers[i] = watch.checkers[other].clone();
                } else if watch.checkers[i].turn(now, *sees, &law, stream) && !matches!(detect, Detect::Raft { .. }) {
                    watch.checkers[i].plan(healthy, &law, most, stream);
                }
            }
            watch.alarm = match detect {
                Detect::Raft { .. } => elected(detect, &law, watch, now, most, stream),
                Detect::Probe { quorum, .. } => alarm(watch, *quorum as usize, healthy, now),
                _ => alarm(watch, 1, healthy, now),
            };
            let alarm = watch.alarm;
            self.odds_of_false_alarms(id);
            return alarm;
        };
        Time::NEVER
    }

    /// With lossy checks a healthy member is declared down once in a while: by those who live.
    pub(super) fn next_false_alarm(&mut self, id: GroupId) {
        let Some(policy) = &self.world.groups[id.at()].failover else { return };
        let Detect::Probe { every, fails, quorum, loss, .. } = policy.detect else { return };
        if loss <= 0.0 {
            return;
        }
        let (blind, live) = self.blind_and_live(id, &policy.detect);
        let round_fails = at_least_of(loss, quorum.saturating_sub(blind), live - blind);
        let state = &mut self.state.groups[id.at()];
        let stream = &mut state.streams.as_deref_mut().expect("a group with a policy has its streams").alarms;
        let rounds = signs_until_run(stream, round_fails, fails, f64::INFINITY);
        state.alarm_odds = (blind, live);
        state.alarm_token += 1;
        let token = state.alarm_token;
        let wait = Duration::from_seconds(rounds * every.seconds());
        self.events.push(self.now.after(wait), Event::FalseAlarm { group: id, token });
    }

    /// How many checkers cannot reach a healthy member, and how many live.
    fn blind_and_live(&self, id: GroupId, detect: &Detect) -> (u32, u32) {
        let sights = self.sights(id, detect);
        let live = sights.iter().flatten();
        (live.clone().filter(|lost| **lost >= 1.0).count() as u32, live.count() as u32)
    }

    /// Draws the next false alarm anew where fewer can vote than before, or more.
    fn odds_of_false_alarms(&mut self, id: GroupId) {
        let Some(policy) = &self.world.groups[id.at()].failover else { return };
        let lossy = matches!(policy.detect, Detect::Probe { loss, .. } if loss > 0.0);
        let idle = self.state.groups[id.at()].stage == Stage::Idle && self.view(id) == View::Well;
        if lossy && idle && self.state.groups[id.at()].alarm_odds != self.blind_and_live(id, &policy.detect) {
            self.next_false_alarm(id);
        }
    }

    /// A site is down or back: groups that are watched from there look again.
    pub(super) fn look_at_watched_from(&mut self, kind: NodeKind) {
        let NodeKind::Site(site) = kind else { return };
        for (i, group) in self.world.groups.iter().enumerate() {
            if let Some(Detect::Probe { from, .. } | Detect::Raft { from, .. }) =
                group.failover.as_ref().map(|f| &f.detect)
                && from.contains(&site)
            {
                self.groups_dirty.insert(GroupId::new(i));
            }
        }
    }
}

/// The law of a kind of detection; none where nothing has to be waited for.
fn law_of(detect: &Detect) -> Option<Signs> {
    match detect {
        Detect::Instant => None,
        Detect::Probe { every, fails, timeout, in_turn, .. } => Some(Signs {
            every: *every,
            later: if *in_turn { *timeout } else { Duration::ZERO },
            needed: *fails,
            known: *timeout,
        }),
        Detect::Heartbeat { every, grace } => {
            let needed = u32::try_from(grace.0 / every.0.max(1)).unwrap_or(u32::MAX).max(1);
            let known = Duration(grace.0.saturating_sub(every.0.saturating_mul(i64::from(needed))));
            Some(Signs { every: *every, later: Duration::ZERO, needed, known })
        }
        Detect::Raft { timeout, heartbeat, .. } => {
            // The usual interval is half of the shortest timeout.
            let every = heartbeat.unwrap_or(Duration(timeout.0.0 / 2));
            let every = Duration(every.0.max(1));
            let needed = u32::try_from(timeout.1.0 / every.0).unwrap_or(u32::MAX).max(1);
            Some(Signs { every, later: Duration::ZERO, needed, known: Duration::ZERO })
        }
    }
}

/// Until now all was well.
fn begin(
    detect: &Detect,
    law: &Signs,
    now: Time,
    healthy: f64,
    watchers: usize,
    stream: &mut crate::rng::Stream,
) -> Watch {
    let checkers = if let Detect::Raft { heartbeat, .. } = detect {
        // All hear the same heartbeats.
        let age = heartbeat.map_or(0.0, |every| stream.uniform() * every.seconds());
        let next = now.after(Duration::from_seconds(law.every.seconds() - age));
        (0..watchers).map(|_| Checker::due(next, law, healthy, stream)).collect()
    } else if let Detect::Heartbeat { .. } = detect {
        vec![Checker::new(now, law, healthy, stream); watchers]
    } else {
        (0..watchers).map(|_| Checker::new(now, law, healthy, stream)).collect()
    };
    Watch { checkers, alarm: Time::NEVER, well_since: None, began: now, turns: 0 }
}

/// When the quorum-th of those who live takes the member for down.
fn alarm(watch: &Watch, quorum: usize, healthy: f64, now: Time) -> Time {
    let sees_less = |checker: &&Checker| checker.sees.is_some_and(|share| share > healthy);
    let mut marks: Vec<Time> = watch.checkers.iter().filter(sees_less).map(|checker| checker.marks).collect();
    marks.sort_unstable();
    marks.get(quorum.saturating_sub(1)).map_or(Time::NEVER, |at| (*at).max(now))
}

/// When the followers have elected another leader.
fn elected(detect: &Detect, law: &Signs, watch: &Watch, now: Time, most: f64, stream: &mut crate::rng::Stream) -> Time {
    let Detect::Raft { timeout: (shortest, longest), votes, .. } = detect else { return Time::NEVER };
    let voters: Vec<&Checker> = watch.checkers.iter().filter(|checker| checker.sees.is_some()).collect();
    let majority = majority_of(watch.checkers.len() as u32);
    let lost = voters.iter().filter_map(|checker| checker.sees).fold(0.0, f64::max);
    if lost <= 0.0 || voters.len() < majority {
        return Time::NEVER;
    }
    let heard = |checker: &Checker| Duration(checker.last_good(law).0 - now.0).0 as f64 / 1e9;
    let timeout = (shortest.seconds(), longest.seconds());
    let wait_s = if lost >= 1.0 {
        let heard: Vec<f64> = voters.iter().map(|checker| heard(checker)).collect();
        election_s(stream, &heard, majority, timeout, votes.seconds())
    } else {
        // The first whose heartbeats are late for longer than its timeout asks, and the leader steps down.
        let first = voters.iter().map(|checker| {
            let timeout_s = timeout.0 + stream.uniform() * (timeout.1 - timeout.0);
            // A timeout of whole intervals has as many: 0.3 over 0.1 is a little less than three.
            let needed = ((timeout_s / law.every.seconds() * (1.0 + 1e-12)) as u32).max(1);
            let run = checker.run.min(needed - 1);
            let signs = signs_from(stream, lost, run, needed, most);
            let last_good_s =
                heard(checker) + (f64::from(checker.run) + signs - f64::from(needed)) * law.every.seconds();
            last_good_s + timeout_s
        });
        first.fold(f64::INFINITY, f64::min) + votes.seconds()
    };
    now.after(Duration::from_seconds(wait_s))
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

#[cfg(test)]
mod tests;
