//! What the flow gives to single requests and gets back from them, at the ends of the stretch that is followed.

use super::lines::{attempts_of_key, key, use_of};
use crate::engine::core::Engine;
use crate::engine::state::disposition::Feeling;
use crate::engine::state::flow::{AtStation, FlowState, OfStretch, StationFlow, Stretch, WaitsOn};
use crate::queueing::{Member, attempts_of};
use crate::units::{Duration, Time};
use crate::world::StationId;

/// Those who wait at a station when everything flows again are told apart in so many stretches.
const STRETCHES_MAX: usize = 64;
/// Requests that are tried again within such a time are tried evenly.
const TRIED_WITHIN: Duration = Duration(250_000_000);

impl StationFlow {
    /// Requests that wait in a queue that moves.
    pub(in crate::engine) fn fluid_backlog(&self) -> f64 {
        self.fluid.backlog
    }

    /// Who waits there, in the order of their arrival.
    pub(in crate::engine) fn line_of(&self) -> Vec<Stretch> {
        let followed = |m: &Member| OfStretch {
            of: use_of(m.key),
            made: attempts_of_key(m.key),
            count: m.count,
            live: m.live,
            before_s: m.before_s,
        };
        self.line
            .parcels()
            .map(|(came_s, amount, members)| Stretch { came_s, amount, of: members.iter().map(followed).collect() })
            .collect()
    }

    /// So many of them are followed from now on; what is left is less than a request, or of those whom no way leads here any more.
    pub(in crate::engine) fn take_backlog(&mut self, count: f64) {
        debug_assert!(count <= self.fluid.backlog + 1e-6);
        self.fluid.backlog = (self.fluid.backlog - count).max(0.0);
    }

    /// Those who wait when everything flows again, in the order in which they came: they have waited since then.
    pub(in crate::engine) fn add_waiting(&mut self, waiting: &[WaitsOn]) {
        // Whoever leaves has waited as long as he has, and nothing on top of that.
        (self.by_chance, self.chance_s, self.waits_by_chance) = (0.0, 0.0, 0.0);
        self.fluid.backlog += waiting.len() as f64;
        for stretch in waiting.chunks(waiting.len().div_ceil(STRETCHES_MAX).max(1)) {
            let (first, last) = (stretch[0].came_s, stretch[stretch.len() - 1].came_s);
            let mut members: Vec<Member> = Vec::new();
            for one in stretch.iter().filter_map(|one| one.counts) {
                let key = key(one.of, one.site, one.made);
                match members.iter_mut().find(|member| member.key == key) {
                    Some(mine) => {
                        let mean = |sum: f64, more: f64| (sum * mine.count + more) / (mine.count + 1.0);
                        (mine.before_s, mine.expires_s) =
                            (mean(mine.before_s, one.before_s), mean(mine.expires_s, one.expires_s));
                        mine.count += 1.0;
                        mine.live += 1.0;
                    }
                    None => members.push(Member {
                        key,
                        count: 1.0,
                        live: 1.0,
                        before_s: one.before_s,
                        expires_s: one.expires_s,
                    }),
                }
            }
            self.line.push((first, last), (1.0, 1.0), stretch.len() as f64, members);
        }
    }
}

impl FlowState {
    /// Whole requests of a use that wait at a station: they are followed from now on. What is left of one stays.
    pub(in crate::engine) fn take_waiting(&mut self, station: StationId, of: usize, at_most: f64) -> f64 {
        self.stations[station.at()].line.take(|key| use_of(key) == of, |all| all.floor().min(at_most).max(0.0))
    }

    /// Parts of requests that waited at a station, and could not be followed, have been served.
    pub(in crate::engine) fn land_parts(&mut self, station: StationId) {
        for of in 0..self.landed.len() {
            self.landed[of] += self.stations[station.at()].line.take(|key| use_of(key) == of, |all| all);
        }
        self.stations[station.at()].line.clear();
    }

    /// What is about to be tried again from a time on: from, to, attempts per second by how many were made.
    pub(in crate::engine) fn take_delayed_retries(&mut self, of: usize, now: Time) -> Vec<(Time, Time, Vec<f64>)> {
        self.delayed_retries[of].take(now)
    }

    /// Attempts that were to be made again at once, less those that have been made in advance.
    pub(in crate::engine) fn take_owed(&mut self, of: usize) -> f64 {
        self.owed[of].drain(..).sum()
    }

    /// A request that was followed is tried again at a time.
    pub(in crate::engine) fn try_again(&mut self, of: usize, at: Time, made: usize) {
        let from = Time(at.0.div_euclid(TRIED_WITHIN.0) * TRIED_WITHIN.0 + TRIED_WITHIN.0);
        let mut rates = vec![0.0; made];
        if let Some(last) = rates.last_mut() {
            *last = 1.0 / TRIED_WITHIN.seconds();
            self.delayed_retries[of].add_to(from, from.after(TRIED_WITHIN), rates);
        }
    }
}

impl Engine<'_> {
    /// What is felt of every use in the flow, beyond what everybody can see: queues that are full, or too long.
    pub(in crate::engine) fn felt_in_flow(&self) -> Vec<Feeling> {
        let uses: Vec<usize> = self.world.people.iter().map(|people| people.uses.len()).collect();
        let mut felt = vec![(0.0, Feeling::default()); uses.iter().sum()];
        let Some(open) = &self.state.flow.open else { return Vec::new() };
        for (index, (path, disposition)) in self.state.flow.paths.iter().zip(&open.dispositions).enumerate() {
            let rate = open.rates[index].0;
            if disposition.dead || rate <= 0.0 {
                continue;
            }
            let feature = &self.world.features[self.world.people[path.people].uses[path.feature].0.at()];
            let attempt = disposition.admitted * disposition.in_time * disposition.patient;
            let attempts = feature.retries.map_or(1.0, |r| attempts_of(1.0 - attempt, r.attempts, r.budget));
            let (all, feeling) = &mut felt[self.state.flow.first_use[path.people] + path.feature];
            let lost = 1.0 - (attempt * attempts).min(1.0);
            feeling.lost = (feeling.lost * *all + lost * rate) / (*all + rate);
            *all += rate;
        }
        felt.into_iter().map(|(_, feeling)| feeling).collect()
    }

    /// Requests per second of every path, attempts included, and the stations, as they flow now.
    pub(in crate::engine) fn last_flow(&self) -> (Vec<f64>, Vec<AtStation>) {
        let Some(open) = &self.state.flow.open else { return (Vec::new(), Vec::new()) };
        let rates = (0..open.rates.len())
            .map(|i| {
                let dt_s = self.now.since(open.from).seconds();
                let meant = (open.rates[i].0 + open.rates[i].1 * dt_s).max(0.0);
                meant * open.sent[i] * open.let_in[i] * open.pace[i] * open.through_links[i] * open.attempts[i]
                    + open.delayed_retries[i].iter().sum::<f64>()
            })
            .collect();
        (rates, open.stations.clone())
    }
}
