//! Users who wait for answers: how fast they go on, and the queues that they make.
//!
//! Whoever waits asks nothing meanwhile. Where a station is at rest they are a finite source; where its queue is longer than a second it
//! fills as a fluid, towards where as many think as its workers can answer, and that takes about as long as users think. Who has lost
//! patience thinks again, though his request still stands in the line.

use super::approximations::SMALL_ROOM_S;
use super::lines::use_of;
use crate::engine::core::Engine;
use crate::engine::state::flow::{AtStation, Open, Regime};
use crate::num;
use crate::queueing::{FiniteSource, Steady};
use crate::world::StationId;

/// A queue that is so near to where it settles is there; so is one that lacks less than one request.
const NEARLY_THERE: f64 = 0.01;
/// In such a part of the time for which users think, what they send changes little.
const PART: f64 = 24.0;
/// More than that and somebody has lost patience.
const ALL: f64 = 1.0 - 1e-9;

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
            for i in mine.clone().filter(|i| self.state.flow.paths[*i].dead.is_none()) {
                let path = &self.state.flow.paths[i];
                // Who is refused, or gets no answer in time, is the one who tries again.
                let clicks = open.rates[i].0 / active * open.attempts[i];
                let wait_s: f64 =
                    path.visits.iter().map(|(id, times, _)| times * cycles_s(*id, &stations[id.at()])).sum();
                now_s += clicks * (path.fixed_s + path.quiet.mean() + wait_s + self.calls_add_s(path, stations));
                path.visits.iter().for_each(|(id, times, _)| visits[id.at()] += clicks * times);
            }
            let moves = |at: &AtStation| at.regime == Regime::Moving && at.waning.is_none();
            let in_lines = &open.in_lines[people];
            // Of those who come to a line meanwhile, each population has its part.
            let populations = open.in_lines.iter().filter(|lines| !lines.is_empty()).count() as f64;
            let more = |at: &AtStation| at.closed_moves.map_or(0.0, |moves| moves.1) / populations;
            let stand = |i: usize| if moves(&stations[i]) { (in_lines[i] + more(&stations[i])).max(0.0) } else { 0.0 };
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
                for (id, times, _) in path.visits.iter().filter(|_| path.dead.is_none()) {
                    let sent = open.rates[i].0 * open.sent[i] * open.let_in[i] * before;
                    closed[id.at()].sent += sent * open.attempts[i] * times;
                }
            }
            for (i, closed) in closed.iter_mut().enumerate() {
                let at = &stations[i];
                if visits[i] > 0.0 {
                    // Between two visits: all that the others of a cycle take, and thinking.
                    let here_s = cycles_s(StationId::new(i), at) + at.held_s;
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

    /// How the queue of a station moves whose users wait for its answers: whether it is a fluid on its way, and if not, whether somebody
    /// stands there meanwhile.
    pub(super) fn closed_queue(&self, id: StationId, at: &AtStation, source: &FiniteSource, steady: &Steady) -> Regime {
        let flow = &self.state.flow.stations[id.at()];
        let (capacity, backlog) = (at.capacity * (1.0 - source.taken), flow.fluid.backlog);
        let small = SMALL_ROOM_S * at.capacity;
        let settles = (steady.queue_len_mean - flow.waits_by_chance).max(0.0);
        if source.think_s <= SMALL_ROOM_S || (settles <= small && backlog <= 0.0) {
            return Regime::Rest;
        }
        // As a fluid: as many as cannot think or be served while the workers are busy. Where most of the queue is chance, it is at rest.
        let fluid = source.users - capacity * (source.think_s + source.service_s / (1.0 - source.taken));
        if fluid <= steady.queue_len_mean / 2.0 {
            return if backlog <= settles { Regime::Rest } else { Regime::Moving };
        }
        // While their number changes, they are always on the way.
        let is_there = at.slope == 0.0 && (backlog - settles).abs() <= NEARLY_THERE * steady.queue_len_mean + 1.0;
        if is_there && self.nobody_is_late(id) { Regime::Full } else { Regime::Moving }
    }

    /// Whether nobody has lost patience who still stands in a line.
    fn nobody_is_late(&self, id: StationId) -> bool {
        let members = self.state.flow.stations[id.at()].line.members();
        let (all, live) = members.fold((0.0, 0.0), |sum, (_, m)| (sum.0 + m.count, sum.1 + m.live));
        live >= all * ALL
    }

    /// For how long the queue of those who wait for answers goes on in about a straight line, and how many more wait meanwhile than now, in
    /// the mean: b' = (N - b) / Z - σ, so that b goes to N - σ Z as e^(-t/Z).
    pub(super) fn closed_moves(
        &self,
        id: StationId,
        at: &AtStation,
        source: &FiniteSource,
        at_most_s: f64,
    ) -> (f64, f64) {
        let flow = &self.state.flow.stations[id.at()];
        let (capacity, backlog) = (at.capacity * (1.0 - source.taken), flow.fluid.backlog);
        let cycle_s = source.think_s + source.service_s / (1.0 - source.taken);
        let least_s = source.think_s / PART;
        let last = flow.line.members().map(|(_, member)| member.expires_s).fold(f64::INFINITY, f64::min);
        let some_leave = self.state.flow.falls.iter().any(|falls| falls.any());
        if last < f64::INFINITY || some_leave || backlog <= 0.0 && source.users <= capacity * cycle_s {
            // Who loses patience thinks again, and who is to leave does not.
            return (least_s, 0.0);
        }
        let missing = source.users - capacity * cycle_s - backlog;
        // A line that bends by no more than a percent of its length.
        let straight_s = source.think_s * num::sqrt(8.0 * NEARLY_THERE * backlog / missing.abs().max(1e-9));
        let until_empty_s =
            if missing < -backlog { source.think_s * num::ln(missing / (missing + backlog)) } else { f64::INFINITY };
        let length_s = straight_s.max(3.0 * least_s).min(until_empty_s).min(at_most_s).max(1e-3);
        let x = length_s / source.think_s;
        (length_s, missing * (1.0 + num::exp_m1(-x) / x))
    }

    /// For how long users who wait for answers send about as much as now to a queue that moves.
    pub(super) fn closed_changes_s(at: &AtStation) -> Option<f64> {
        at.closed_moves.filter(|_| at.queues() && at.waning.is_none()).map(|moves| moves.0)
    }
}
