//! Abandonment: users who lose their session or give up while nothing works, and come back to a storm of log-ins.

use super::core::Engine;
use super::state::abandonment::Away;
use crate::units::{Duration, Time};
use crate::world::{Population, Sessions, StationId};

/// So few are away, or fail, that nobody would notice.
const FEW: f64 = 1e-3;

/// What a span may change, as a share of those who are there.
const STEP: f64 = 0.02;

impl Engine<'_> {
    /// Lets the time of a span pass for those who are away.
    ///
    /// Slopes hold for a step of it only about: nobody is away who is not one of those who should be there.
    pub(super) fn pass_away(&mut self, active: &[(f64, f64)], dt_s: f64) {
        for (away, (users, slope)) in self.state.away.iter_mut().zip(active) {
            away.waiting = (away.waiting + away.waiting_slope * dt_s).max(0.0);
            away.gone = (away.gone + away.gone_slope * dt_s).max(0.0);
            away.dropped = (away.dropped + away.dropped_slope * dt_s).max(0.0);
            away.next_clicks = (away.next_clicks + away.next_clicks_slope * dt_s).max(0.0);
            away.no_more_than((users + slope * dt_s).max(0.0));
        }
    }

    /// How users leave and come back from now on, and until when that is about right.
    ///
    /// With `f` the share of requests that fail, and `l` that of log-ins: who is there leaves at the rate `f / gives_up`, and so does who
    /// cannot log in, by the clock or again. Of those a share looks again after a while, finds it working with probability `1 - f`,
    /// and logs in; the others' sessions are over as they would have been anyway.
    pub(super) fn look_at_abandonment(&mut self, active: &[(f64, f64)], until: &mut Time) {
        for (i, (users, _)) in active.iter().enumerate() {
            let Some(sessions) = &self.world.people[i].sessions else { continue };
            let failing = self.state.flow.failing[i];
            let users = users.max(0.0);
            let away = &mut self.state.away[i];
            // A profile that falls takes those who are away along.
            away.no_more_than(users * 0.999);
            away.returns = away.works_again(failing, sessions.looks_again_s);
            self.leave_and_return(i, sessions, users, until);
        }
    }

    /// The same once it is known how everybody feels from now on: those who come back are on their way already.
    pub(super) fn look_at_abandonment_again(&mut self, until: &mut Time) {
        for i in 0..self.world.people.len() {
            let Some(sessions) = &self.world.people[i].sessions else { continue };
            let Some(open) = &self.state.flow.open else { return };
            let users = open.people[i].0.max(0.0);
            let before = self.state.away[i];
            self.leave_and_return(i, sessions, users, until);
            let away = &self.state.away[i];
            let (failing, one_s) = (self.state.flow.failing[i], Duration::from_seconds(1.0));
            let returns = away.works_again(failing, sessions.looks_again_s);
            if away.all() > FEW * users && (returns - before.returns).abs() > 0.1 * returns.max(before.returns) {
                *until = (*until).min(self.now.after(one_s));
            }
        }
    }

    fn leave_and_return(&mut self, people: usize, sessions: &Sessions, users: f64, until: &mut Time) {
        let failing = self.state.flow.failing[people];
        let log_in_fails = self.state.flow.failing_log_ins[people];
        let log_ins = match sessions.log_in {
            Some(_) => self.log_ins(people, until).0,
            None => 0.0,
        };
        let away = &mut self.state.away[people];
        let all = away.all();
        if all < FEW * users && failing < FEW && log_in_fails < FEW {
            *away = Away::default();
            return;
        }
        let there = (users - all).max(0.0);
        let gives_up = |users: f64, fails: f64| {
            if sessions.gives_up_s.is_finite() { users * fails / sessions.gives_up_s } else { 0.0 }
        };
        // Those who were dropped try to log in at once, and give up like anybody to whom nothing works.
        let drops_out = gives_up(away.dropped, failing.max(log_in_fails));
        let clicks = away.clicks_again(failing).min(away.returns);
        let comes_back = (away.returns - clicks).max(0.0);
        let leaves = gives_up(there, failing) + drops_out + log_ins * log_in_fails;
        away.waiting_slope = leaves * sessions.comes_back - comes_back * (1.0 - log_in_fails);
        away.gone_slope = leaves * (1.0 - sessions.comes_back) - away.gone / sessions.mean_s;
        away.dropped_slope = -drops_out - clicks * (1.0 - log_in_fails);
        away.next_clicks_slope = if away.dropped > 0.0 { -drops_out / away.dropped * away.next_clicks } else { 0.0 };
        let fastest = away.waiting_slope.abs().max(away.gone_slope.abs()).max(away.dropped_slope.abs());
        if fastest > 0.0 {
            let mut step_s = (STEP * users / fastest).max(1.0).min(sessions.looks_again_s.max(10.0));
            if away.dropped_slope < 0.0 {
                step_s = step_s.min(away.dropped / -away.dropped_slope).max(1e-3);
            }
            *until = (*until).min(self.now.after(Duration::from_seconds(step_s)));
        }
    }

    /// A station has stopped: the sessions that it held are over.
    pub(super) fn drop_sessions(&mut self, station: StationId) {
        for (i, population) in self.world.people.iter().enumerate() {
            let Some(share) = self.sessions_at(i, population, station) else { continue };
            let mut until = Time::NEVER;
            let users = self.active(i, &mut until).0.max(0.0);
            let away = &mut self.state.away[i];
            away.dropped += (users - away.all()).max(0.0) * share;
            // Whoever is there clicks so often; clients that do it by themselves do not wait for that.
            let clicks: f64 = population.uses.iter().map(|(_, rate)| rate).sum();
            let reconnects_s = population.sessions.as_ref().and_then(|sessions| sessions.reconnects_s);
            away.next_clicks = reconnects_s.map_or(away.dropped * clicks, |within_s| away.dropped / within_s);
        }
    }

    /// The share of a population's sessions that a station holds, if any: it is where everything that they do goes first.
    fn sessions_at(&self, people: usize, population: &Population, station: StationId) -> Option<f64> {
        let log_in = population.sessions.as_ref().filter(|s| s.end_with_servers)?.log_in?;
        let holds = |site: usize| {
            let mut uses =
                population.uses.iter().enumerate().filter(|(i, (_, rate))| *rate > 0.0 && *i != log_in).peekable();
            uses.peek().is_some()
                && uses.all(|(_, (feature, _))| {
                    let calls = &self.world.features[feature.at()].calls[site];
                    calls.iter().any(|call| call.hard && self.callee(call) == Some(station))
                })
        };
        let (shares, _) = self.state.steering[people].shares(self.now);
        let share: f64 = shares.iter().filter(|share| holds(share.site.at())).map(|share| share.now).sum();
        (share > 0.0).then_some(share)
    }

    /// Share of a population's users who are there, of those who should be. Whoever was dropped clicks like the others, and fails like
    /// them or logs in with the click, but where just that does not work.
    pub(super) fn there(&self, people: usize, active: f64) -> f64 {
        let away = &self.state.away[people];
        let only_log_in_fails = (self.state.flow.failing_log_ins[people] - self.state.flow.failing[people]).max(0.0);
        let missing = away.waiting + away.gone + away.dropped * only_log_in_fails;
        if active > 0.0 { (1.0 - missing / active).clamp(0.0, 1.0) } else { 1.0 }
    }
}
