//! Users who wait for answers: how fast they go on.
//!
//! Whoever waits asks nothing meanwhile. Where a station is at rest they are a finite source; who stands in a line that moves does not ask at
//! all, and who has lost patience thinks again, though his request still stands there.

use super::lines::use_of;
use crate::engine::core::Engine;
use crate::engine::state::flow::{AtStation, Open, Regime};
use crate::queueing::never_refused;
use crate::world::StationId;

/// Those who come to a station and wait for its answers.
#[derive(Debug, Clone, Copy, Default)]
struct Closed {
    users: f64,
    /// Visits per second if nobody was ever here.
    asks: f64,
    /// Visits per second that they do pay.
    sent: f64,
}

impl Engine<'_> {
    /// Populations that wait for answers have become smaller.
    pub(super) fn look_at_falls(&mut self, open: &Open) {
        let now_s = self.now.seconds();
        let flow = &mut self.state.flow;
        for (people, _) in self.world.people.iter().enumerate().filter(|(_, people)| people.waits) {
            let oldest_s =
                flow.stations.iter().map(|station| now_s - station.line.front_s(now_s)).fold(now_s, f64::min);
            flow.falls[people].forget(oldest_s);
            flow.falls[people].are_there(now_s, open.people[people].0);
        }
    }

    /// Of each population that waits for answers, who waits in the line of each station, and at last who is about to try again.
    pub(super) fn who_waits_in_lines(&self, open: &mut Open) {
        if self.world.people.iter().all(|people| !people.waits) {
            return;
        }
        let flow = &self.state.flow;
        let stations = flow.stations.len();
        open.in_lines.clear();
        for (people, population) in self.world.people.iter().enumerate() {
            if !population.waits {
                open.in_lines.push(Vec::new());
                continue;
            }
            let uses = flow.first_use[people]..flow.first_use[people] + population.uses.len();
            let mut waiting = vec![0.0; stations + 1];
            for (waiting, station) in waiting.iter_mut().zip(&flow.stations) {
                let mine = station.line.members().filter(|(_, member)| uses.contains(&use_of(member.key)));
                *waiting = mine.map(|((_, to_s), member)| member.live * flow.falls[people].stay_of(to_s)).sum();
            }
            waiting[stations] = uses
                .map(|of| {
                    flow.delayed_retries[of].left(self.now)
                        + flow.owed[of].iter().map(|owed| owed.max(0.0)).sum::<f64>()
                })
                .sum();
            open.in_lines.push(waiting);
        }
    }

    /// Users who wait for answers are slowed down by them: the rate of one is `1 / (think + respond)`, and who waits in a line that moves
    /// does not ask at all. Each station that they come to has them as a finite source, who think or are elsewhere meanwhile.
    pub(super) fn keep_pace(&self, open: &mut Open, stations: &mut [AtStation]) -> f64 {
        let world = self.world;
        if world.people.iter().all(|p| !p.waits) {
            return 0.0;
        }
        let mut moved = 0.0f64;
        // How long whoever cycles waits at each station: chance alone keeps him in a line that moves, and what stands there is told apart.
        let cycles_s = |id: StationId, at: &AtStation| match at.regime {
            Regime::Moving if at.waning.is_none() => self.state.flow.stations[id.at()].chance_s,
            _ => at.wait_mean_s,
        };
        // For each station: users, visits per second if nothing ever took any time, and what is sent.
        let mut closed = vec![Closed::default(); stations.len()];
        let mut first = 0;
        while first < self.state.flow.paths.len() {
            let people = self.state.flow.paths[first].people;
            let count = self.state.flow.paths[first..].iter().take_while(|p| p.people == people).count();
            let mine = first..first + count;
            first += count;
            if !world.people[people].waits {
                continue;
            }
            // Mean response times over a second's worth of clicks, and visits.
            let (mut now_s, mut visits) = (0.0, vec![0.0; stations.len()]);
            let active = open.people[people].0.max(1e-9);
            for i in mine.clone() {
                let path = &self.state.flow.paths[i];
                // Who is refused, or gets no answer in time, is the one who tries again.
                let clicks = open.rates[i].0 / active * open.attempts[i];
                let plain_s = if path.dead.is_some() || path.passes < 1.0 { path.comes_s } else { path.plain_s };
                let mut takes_s = plain_s + self.calls_add_s(path, stations);
                let mut comes = 1.0;
                for (((id, times, hard), paid), guarded) in path.visits.iter().zip(&path.paid).zip(&path.guarded) {
                    let at = &stations[id.at()];
                    let wait_s = cycles_s(*id, at);
                    let block = if *guarded { 0.0 } else { at.block };
                    // Whoever is turned away has his answer.
                    let stays = comes * (1.0 - block);
                    takes_s += paid * (stays * wait_s - (1.0 - stays) * at.computes_s);
                    visits[id.at()] += clicks * paid * comes;
                    if *hard {
                        comes *= never_refused(block, *times);
                    }
                }
                now_s += clicks * takes_s.max(0.0);
                let feature = &world.features[world.people[people].uses[path.feature].0.at()];
                if let Some(retries) = feature.retries.filter(|_| feature.timeout_s.is_none()) {
                    // What is known at once to have failed is tried again without anybody standing anywhere: after its pause.
                    now_s += open.rates[i].0 / active * (open.attempts[i] - 1.0).max(0.0) * retries.after_s;
                }
            }
            let moves = |at: &AtStation| at.regime == Regime::Moving && at.waning.is_none();
            let in_lines = &open.in_lines[people];
            let stand = |i: usize| if moves(&stations[i]) { in_lines[i] } else { 0.0 };
            let stands = (0..stations.len()).map(stand).sum::<f64>() + in_lines[stations.len()];
            let mut users = 0.0f64;
            for i in mine.clone() {
                users = users.max(active * open.sent[i] * open.let_in[i]);
            }
            let cycling = if users > 0.0 { (1.0 - stands / users).max(0.0) } else { 1.0 };
            let pace = cycling / (1.0 + now_s);
            for i in mine {
                moved = moved.max((open.pace[i] - pace).abs());
                // What came to the stations came at the pace of the round before.
                let before = std::mem::replace(&mut open.pace[i], pace);
                let path = &self.state.flow.paths[i];
                let kept = if path.dead.is_some() { world.people[people].keeps_trying } else { 1.0 };
                for ((id, ..), times) in path.visits.iter().zip(&path.paid) {
                    let sent = open.rates[i].0 * open.sent[i] * open.let_in[i] * before * kept;
                    closed[id.at()].sent += sent * open.attempts[i] * times;
                }
            }
            for (i, closed) in closed.iter_mut().enumerate() {
                let at = &stations[i];
                if visits[i] > 0.0 {
                    // Between two visits: all that the others of a cycle take, and thinking.
                    let here_s = (1.0 - at.block) * (cycles_s(StationId::new(i), at) + at.held_s);
                    let elsewhere_s = ((1.0 + now_s) / visits[i] - here_s).max(1e-9);
                    // Who stands in another line does not come.
                    let come = (users - stands + stand(i)).max(0.0);
                    closed.users += come;
                    closed.asks += come / elsewhere_s;
                }
            }
        }
        for (at, closed) in stations.iter_mut().zip(closed) {
            at.closed = (closed.users > 0.0).then(|| {
                let others = (at.inflow - closed.sent).max(0.0);
                (closed.users, closed.users / closed.asks, if others < 1e-9 * at.inflow { 0.0 } else { others })
            });
        }
        moved
    }
}
