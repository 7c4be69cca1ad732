//! How everybody feels.

use super::feedback::LedAgain;
use crate::engine::core::Engine;
use crate::engine::state::disposition::Disposition;
use crate::engine::state::flow::{AtStation, Open, Regime};
use crate::engine::state::steering::Share;
use crate::num;
use crate::observe::{ObservationId, Occurrence, ServiceLevel, Why};
use crate::queueing::attempts_of;
use crate::world::{PopId, StationId};

/// More than this share of failed requests is down.
pub const DOWN_ABOVE: f64 = 0.5;
/// More than this share of failed, slow or incomplete requests is degraded.
pub const DEGRADED_ABOVE: f64 = 0.01;

/// A queue that is gone within so many seconds, and does not grow, is no overload.
const GONE_S: f64 = 0.1;
/// A moment, in seconds.
const SOON_S: f64 = 1e-3;

/// What the users of a feature get, as shares of their requests, and what most of each is due to.
#[derive(Debug, Clone, Copy)]
struct Felt {
    failed: f64,
    degraded: f64,
    stale: f64,
    /// The largest part of each of the three, and what that is due to.
    whys: [(f64, Why); 3],
    /// The 95th percentile of the slowest path, in seconds.
    p95_s: f64,
}

impl Default for Felt {
    fn default() -> Felt {
        Felt { failed: 0.0, degraded: 0.0, stale: 0.0, whys: [(0.0, Why::Nothing); 3], p95_s: 0.0 }
    }
}

impl Felt {
    fn note(&mut self, i: usize, share: f64, why: Why) {
        if share > self.whys[i].0 {
            self.whys[i] = (share, why);
        }
    }

    fn mood(&self) -> (ServiceLevel, Why) {
        let Felt { failed, degraded, stale, whys, .. } = *self;
        if failed > DOWN_ABOVE {
            (ServiceLevel::Down, whys[0].1)
        } else if failed + degraded > DEGRADED_ABOVE {
            (ServiceLevel::Degraded, if failed >= degraded { whys[0].1 } else { whys[1].1 })
        } else if stale > DEGRADED_ABOVE {
            (ServiceLevel::Stale, whys[2].1)
        } else {
            (ServiceLevel::Fine, Why::Nothing)
        }
    }
}

impl Engine<'_> {
    /// How everybody feels from now on.
    pub(super) fn look_at_service_levels(&mut self) {
        let Some(mut open) = self.state.flow.open.take() else { return };
        if let Some(requests) = &mut self.requests {
            requests.feel();
        }
        // A moment from now: a queue that just begins to move past somebody's patience has moved past it.
        let waits_s: Vec<f64> = open.stations.iter().enumerate().map(|(i, at)| self.wait_soon(i, at)).collect();
        let mut index = 0;
        for people in 0..self.world.people.len() {
            let population = &self.world.people[people];
            let (mut all_failed, mut all_rate) = (0.0, 0.0);
            let mut worst = (ServiceLevel::Fine, Why::Nothing);
            let mut most_failed = (0.0, Why::Nothing);
            let mut p95_worst_s = 0.0f64;
            let (shares, _) = self.state.steering[people].shares(self.now);
            for feature in 0..population.uses.len() {
                let felt = self.look_at_feature((people, feature), &shares, index, &mut open, &waits_s);
                index += shares.len();
                p95_worst_s = p95_worst_s.max(felt.p95_s);
                let (failed, whys, mood) = (felt.failed, felt.whys, felt.mood());
                let of = self.state.flow.first_use[people] + feature;
                self.state.flow.failing_uses[of] = failed;
                let rate = population.uses[feature].1;
                if population.sessions.as_ref().is_some_and(|s| s.log_in == Some(feature)) {
                    self.state.flow.failing_log_ins[people] = failed;
                }
                all_rate += rate;
                all_failed += rate * failed;
                if rate * failed > most_failed.0 {
                    most_failed = (rate * failed, whys[0].1);
                }
                // For the population as a whole one feature that is down is a degradation.
                let part = (mood.0.min(ServiceLevel::Degraded), mood.1);
                if part.0 > worst.0 {
                    worst = part;
                }
                if mood != self.state.flow.service_levels[people][feature] {
                    self.feel(people, Some(feature), mood);
                    self.state.flow.service_levels[people][feature] = mood;
                }
            }
            self.state.flow.p95_s[people] = p95_worst_s;
            self.state.flow.failing[people] = if all_rate > 0.0 { all_failed / all_rate } else { 0.0 };
            let overall = if all_rate > 0.0 && all_failed / all_rate > DOWN_ABOVE {
                (ServiceLevel::Down, most_failed.1)
            } else {
                worst
            };
            if overall != self.state.flow.overall[people] {
                self.feel(people, None, overall);
                self.state.flow.overall[people] = overall;
            }
        }
        self.state.flow.open = Some(open);
    }

    /// How one feature of a population feels, over the sites that serve it: their paths begin at `first`.
    fn look_at_feature(
        &mut self,
        (people, feature): (usize, usize),
        shares: &[Share],
        first: usize,
        open: &mut Open,
        waits_s: &[f64],
    ) -> Felt {
        let population = &self.world.people[people];
        let mut felt = Felt::default();
        let mut found = Vec::with_capacity(shares.len());
        for index in first..first + shares.len() {
            found.push(match &self.requests {
                Some(requests) => {
                    self.disposition_seen(index, requests.felt(self.state.flow.first_use[people] + feature))
                }
                None => open.kept[index].take().unwrap_or_else(|| self.disposition(index, open, waits_s)),
            });
        }
        let led = self.led_now(first, open, &found);
        for ((index, share), disposition) in (first..).zip(shares).zip(found) {
            // A share that is just leaving counts, one that is just arriving does not yet.
            let part = share.now;
            let path = &self.state.flow.paths[index];
            let id = population.uses[feature].0;
            let wanted = &self.world.features[id.at()];
            // Of the requests rather than of their attempts, and of those who are turned away at the door.
            let attempt = disposition.felt_success();
            let attempts = match wanted.retries {
                // What was seen, and what is foreseen, is what becomes of requests, whatever their attempts.
                Some(_) if self.requests.is_some() => 1.0,
                Some(retries) => attempts_of(1.0 - attempt, retries.attempts, retries.budget),
                None => 1.0,
            };
            let success = match &led {
                Some((led, attempts)) => {
                    // Of single requests, what is felt beyond what is foreseen.
                    let felt = if self.requests.is_some() && !disposition.dead { disposition.admitted } else { 1.0 };
                    (1.0 - (1.0 - attempts[index - first]) * led.last) * felt * open.let_in[index]
                }
                None if disposition.dead => 0.0,
                None => (attempt * attempts).min(1.0) * open.let_in[index],
            };
            felt.failed += part * (1.0 - success);
            felt.note(0, part * (1.0 - success), disposition.why);
            let p95_s = disposition.latency.quantile(0.95) + disposition.moving_s;
            if part > 0.0 && !disposition.dead && open.rates[index].0 > 0.0 {
                felt.p95_s = felt.p95_s.max(p95_s);
            }
            let slow = wanted.slow_over_s.is_some_and(|over_s| !disposition.dead && p95_s > over_s);
            // As long as nobody waits so long in a line, only those are slow who leave it.
            let waits_long = wanted
                .slow_over_s
                .is_some_and(|over_s| path.quiet_p95_s - path.fixed_s + disposition.moving_s > over_s);
            let noticed = if waits_long { 1.0 } else { disposition.answered };
            if let Some(why) = path.missing.filter(|_| !disposition.dead) {
                felt.degraded += part * success;
                felt.note(1, part * success, why);
            } else if slow {
                felt.degraded += part * success * noticed;
                let why = self.longest_wait(path, open, waits_s).map_or(Why::Slow, Why::Overload);
                felt.note(1, part * success * noticed, why);
            } else if disposition.soft < 1.0 {
                felt.degraded += part * success * (1.0 - disposition.soft);
                felt.note(1, part * success * (1.0 - disposition.soft), disposition.why);
            }
            for queue in &wanted.fresh {
                if self.state.flow.queues[queue.at()].stale {
                    felt.stale += part * success;
                    felt.note(2, part * success, Why::Queue(*queue));
                }
            }
            for (store, fresh_s) in &wanted.reads {
                if self.read_age_s(*store, share.site) >= *fresh_s * (1.0 - 1e-12) && *fresh_s > 0.0 {
                    felt.stale += part * success;
                    felt.note(2, part * success, Why::Store(*store));
                }
            }
            if self.requests.is_none() {
                open.dispositions.push(disposition);
            }
        }
        felt
    }

    /// How retries of a use whose paths begin at `first` are led among several sites, as it is felt.
    fn led_now(&self, first: usize, open: &Open, dispositions: &[Disposition]) -> Option<(LedAgain, Vec<f64>)> {
        let path = &self.state.flow.paths[first];
        let retries = self.world.features[self.world.people[path.people].uses[path.feature].0.at()].retries?;
        let paths = first..first + dispositions.len();
        let queues = |i: usize| self.state.flow.paths[i].in_person().any(|v| open.stations[v.0.at()].queues());
        let is_alive = |i: usize| self.state.flow.paths[i].dead.is_none();
        if self.requests.is_none() && paths.clone().any(|i| open.puts_off[i] || (is_alive(i) && queues(i))) {
            return None;
        }
        let of = |i: usize| match &dispositions[i - first] {
            disposition if disposition.dead => 0.0,
            disposition if self.requests.is_none() => disposition.felt_success(),
            _ => self.state.flow.paths[i].passes * self.without_queues(&self.state.flow.paths[i]).1,
        };
        let succeeds: Vec<f64> = paths.clone().map(of).collect();
        Some((self.led_again(paths, retries, (open, 0.0), &succeeds)?, succeeds))
    }

    pub(super) fn feel(&mut self, people: usize, feature: Option<usize>, (mood, why): (ServiceLevel, Why)) {
        let before = match feature {
            Some(feature) => self.state.flow.service_levels[people][feature],
            None => self.state.flow.overall[people],
        };
        // What got better is due to the end of what made it bad.
        let cause = self.cause_of(if mood > before.0 || why != Why::Nothing { why } else { before.1 });
        let cause = cause.or(self.cause);
        let seen = self.see_because(Occurrence::Feels { people: PopId::new(people), feature, mood, why }, cause);
        if feature.is_none() {
            self.state.flow.latest_feelings[people] = Some(seen);
        }
    }

    /// The observation behind a reason.
    pub(super) fn cause_of(&self, why: Why) -> Option<ObservationId> {
        match why {
            Why::Site(site) => self.state.nodes[self.world.sites[site.at()].node.at()].why,
            Why::Station(id) | Why::Missing(id) => self.state.stations[id.at()].why,
            Why::NoneHealthy(id) => self.state.rotations[id.at()].why,
            Why::NoSite(id) => {
                let (spread, place) = (&self.world.spreads[id.at()], 0);
                self.why_deep(&spread.deep[place], Some(spread.over[place].0))
            }
            Why::Replica(id, _) | Why::Data(id) => self.state.flow.stores[id.at()].why,
            Why::Queue(id) => self.state.flow.queues[id.at()].why,
            Why::Nobody(id) => self.state.nodes[self.world.groups[id.at()].node.at()].why,
            Why::Store(id) => self.state.nodes[self.node_of(self.world.stores[id.at()].primary).at()].why,
            _ => None,
        }
    }

    /// How long those will have waited who leave a station in a moment.
    pub(super) fn wait_soon(&self, station: usize, at: &AtStation) -> f64 {
        if !at.queues() {
            return at.wait_mean_s;
        }
        let flow = &self.state.flow.stations[station];
        let arrived = flow.line.front_rate().unwrap_or(at.inflow);
        // Of those who came then, some have given up since.
        let thinned = at.waning.map_or(1.0, |w| num::exp(-w.gives_up_per_s * flow.line.front_s(self.now.seconds())));
        let grows = if arrived > 0.0 { 1.0 - at.capacity / (arrived * thinned) } else { 0.0 };
        (flow.front_s(self.now.seconds()) + SOON_S * grows).max(0.0)
    }

    /// Notes stations whose load passes their capacity, and those whose queue is gone again.
    pub(super) fn look_at_loads(&mut self) {
        let Some(open) = &self.state.flow.open else { return };
        let mut seen = Vec::new();
        for (i, at) in open.stations.iter().enumerate() {
            let flow = &self.state.flow.stations[i];
            let above = at.capacity > 0.0 && at.inflow > at.capacity && !at.bounded;
            let busy = match &self.requests {
                // Single requests make every load a little uneven: what counts is a queue that does not go away.
                Some(requests) => requests.is_behind(i) || (flow.overloaded && requests.is_left_over(i)),
                // A handful who are left over from a stretch of single requests, and gone in a moment, are none.
                None => {
                    let (backlog, spare) = (flow.fluid.backlog, at.capacity - at.inflow);
                    let is_left_over = backlog > 0.0 && backlog < GONE_S * spare && !flow.overloaded;
                    (at.regime != Regime::Rest && !is_left_over) || at.holds_up || above
                }
            };
            if busy != flow.overloaded {
                seen.push((i, busy));
            }
        }
        for (i, busy) in seen {
            self.state.flow.stations[i].overloaded = busy;
            let id = StationId::new(i);
            self.see(if busy { Occurrence::Overloaded(id) } else { Occurrence::Drained(id) });
        }
    }
}
