//! Sites that serve people at the same time: health checks find out who works, and people are led to those: by weight, to the
//! nearest, or so that all are equally busy.

use super::core::Engine;
use super::event::Event;
use super::state::spreads::SpreadState;
use super::state::stations::StationPhase;
use super::state::steering::SteeringState;
use super::state::waits::Wait;
use crate::dist::Sampler;
use crate::observe::{ObservationId, Occurrence};
use crate::scenario::LedBy;
use crate::units::{Duration, Time};
use crate::world::{Action, Automation, Place, PopId, SiteId, SpreadId, Tail};

impl Engine<'_> {
    /// Looks at every site of every spread: what has changed, checks find out.
    pub(super) fn settle_spreads(&mut self) {
        for i in 0..self.world.spreads.len() {
            for place in 0..self.world.spreads[i].over.len() {
                self.look_at_site_of(SpreadId::new(i), place);
            }
            if self.world.spreads[i].by != LedBy::Weight {
                self.lead(SpreadId::new(i), self.cause);
            }
        }
    }

    fn look_at_site_of(&mut self, id: SpreadId, place: usize) {
        let mut works = self.site_works(id, place);
        let checks = Automation::SiteChecks(id);
        if !works && self.is_off(checks) {
            if self.state.spreads[id.at()].sites[place].in_rotation {
                self.is_held_back(checks);
            }
            works = true;
        }
        let seen = &mut self.state.spreads[id.at()].sites[place];
        if works == seen.in_rotation {
            // It is over before it was found out.
            seen.token += u32::from(seen.pending.take().is_some());
            return;
        }
        if seen.pending == Some(works) {
            return;
        }
        seen.pending = Some(works);
        seen.token += 1;
        let (token, wait) = (seen.token, self.until_found_out(id, place, works));
        if wait == Duration::ZERO {
            self.site_is_seen(id, place, token);
        } else {
            let event = Event::SiteSeen { spread: id, place: place as u32, token };
            match self.law_of_finding_out(id, place, works) {
                Some(law) => self.events.push_drawn(self.now, self.now.after(wait), event, || Wait::Of(law, 1.0)),
                None => self.events.push(self.now.after(wait), event),
            }
        }
    }

    /// A site works where it is up and serves what those who come there cannot do without.
    fn site_works(&self, id: SpreadId, place: usize) -> bool {
        let spread = &self.world.spreads[id.at()];
        let node = self.world.sites[spread.over[place].0.at()].node;
        let serves = |station: &crate::world::StationId| {
            self.state.stations[station.at()].phase == StationPhase::Serving && self.servers(*station) > 0
        };
        let is_there = self.state.nodes[node.at()].up && spread.entries[place].iter().all(serves);
        is_there && self.deep_passes(&spread.deep[place], Some(spread.over[place].0))
    }

    /// So many checks in a row, the first of them at a random moment of their interval.
    fn until_found_out(&mut self, id: SpreadId, place: usize, works: bool) -> Duration {
        let Some(checks) = &self.world.spreads[id.at()].checks else { return Duration::ZERO };
        if self.is_off(Automation::SiteChecks(id)) {
            return Duration::ZERO;
        }
        let (in_a_row, known) = if works { (checks.passes, Duration::ZERO) } else { (checks.fails, checks.timeout) };
        let phase = self.state.spreads[id.at()].luck.uniform();
        let whole = f64::from(in_a_row.saturating_sub(1));
        let wait = Duration::from_seconds((whole + phase) * checks.every.seconds() + known.seconds()).max(Duration(1));
        // Whoever comes and goes stays out the longer.
        let until = self.state.spreads[id.at()].sites[place].ejections.until;
        if works { wait.max(Duration(until.0 - self.now.0)) } else { wait }
    }

    /// The law of that; `None` where it is damped: how long somebody stays out is not left to chance.
    fn law_of_finding_out(&self, id: SpreadId, place: usize, works: bool) -> Option<Sampler> {
        let checks = self.world.spreads[id.at()].checks.as_ref()?;
        if works && self.state.spreads[id.at()].sites[place].ejections.until > self.now {
            return None;
        }
        let (in_a_row, known) = if works { (checks.passes, Duration::ZERO) } else { (checks.fails, checks.timeout) };
        let (every_s, whole) = (checks.every.seconds(), f64::from(in_a_row.saturating_sub(1)));
        Some(Sampler::Uniform(whole * every_s + known.seconds(), every_s))
    }

    /// Checks have found out: people are led elsewhere, or there again.
    pub(super) fn site_is_seen(&mut self, id: SpreadId, place: usize, token: u32) {
        let seen = &mut self.state.spreads[id.at()].sites[place];
        let Some(works) = seen.pending.filter(|_| seen.token == token) else { return };
        (seen.in_rotation, seen.pending) = (works, None);
        match &self.world.spreads[id.at()].checks {
            Some(checks) if !works => seen.ejections.eject(self.now, checks.damping),
            _ => seen.ejections.comes_back(self.now),
        }
        let spread = &self.world.spreads[id.at()];
        let why = self.state.nodes[self.world.sites[spread.over[place].0.at()].node.at()].why;
        let stations = spread.entries[place].iter().filter_map(|station| self.state.stations[station.at()].why);
        let deep = self.why_deep(&spread.deep[place], Some(spread.over[place].0));
        let why = stations.chain(why).chain(deep).max().or(self.cause);
        let withdrawn = self.is_withdrawn(id, place);
        let told = self.see_because(Occurrence::SiteInRotation { spread: id, place, works, withdrawn }, why);
        self.lead_anew(id, told);
    }

    /// Whether nobody is told of a site of a spread any more.
    fn is_withdrawn(&self, id: SpreadId, place: usize) -> bool {
        self.state.disturbances.iter().filter(|passing| passing.active).any(|passing| {
            matches!(self.action(passing.step), Action::Withdraw(spread, at, _) if (*spread, *at) == (id, place))
        })
    }

    /// The shares of the sites that are seen to work; of all that are announced, where those are too few.
    fn shares_of_working(&self, id: SpreadId) -> Vec<(SiteId, f64)> {
        let (spread, state): (_, &SpreadState) = (&self.world.spreads[id.at()], &self.state.spreads[id.at()]);
        let announced: Vec<usize> = (0..spread.over.len()).filter(|place| !self.is_withdrawn(id, *place)).collect();
        let working: Vec<usize> = announced.iter().copied().filter(|place| state.sites[*place].in_rotation).collect();
        let share_working = working.len() as f64 / announced.len() as f64;
        let panics = spread.checks.as_ref().is_some_and(|checks| share_working < checks.panic_below);
        // People are led nowhere else where nobody is left; whether they are let in is another matter.
        let led_to = match (announced.is_empty(), panics || working.is_empty()) {
            (true, _) => return spread.over.clone(),
            (false, true) => announced,
            (false, false) => working,
        };
        if led_to.len() == spread.over.len() {
            return spread.over.clone();
        }
        let sum: f64 = led_to.iter().map(|place| spread.over[*place].1).sum();
        led_to.iter().map(|place| (spread.over[*place].0, spread.over[*place].1 / sum)).collect()
    }

    /// Where a population is led.
    fn led_to(&self, id: SpreadId, people: usize, working: &[(SiteId, f64)]) -> Vec<(SiteId, f64)> {
        match self.world.spreads[id.at()].by {
            LedBy::Weight => working.to_vec(),
            LedBy::Nearest => {
                let near = self.world.people[people].near.unwrap_or(working[0].0);
                let way_s = |site: SiteId| self.state.routes.between(near, site).map_or(f64::INFINITY, |way| way.rtt_s);
                // Of sites that are as near, the first; and where no way leads to any, that does not matter.
                let nearest = working.iter().map(|(site, _)| (way_s(*site), *site));
                let nearest = nearest.min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
                nearest.map(|(_, site)| (site, 1.0)).into_iter().collect()
            }
            LedBy::Cells(dealt) => {
                let over = &self.world.spreads[id.at()].over;
                let out = over.len() - working.len();
                // Whoever has been dealt none but those that are out stays with them.
                let lost = all_of(dealt, out, over.len());
                let share = |site: &SiteId| match working.iter().any(|(of, _)| of == site) {
                    true => (1.0 - lost) / working.len() as f64,
                    false => lost / out as f64,
                };
                over.iter().map(|(site, _)| (*site, share(site))).filter(|(_, share)| *share > 0.0).collect()
            }
            LedBy::LeastLoaded => {
                let can_do: Vec<f64> = working.iter().map(|(site, _)| self.can_do(id, *site)).collect();
                let sum: f64 = can_do.iter().sum();
                if sum <= 0.0 || !sum.is_finite() {
                    return working.to_vec();
                }
                let shares = working.iter().zip(&can_do).map(|((site, _), can_do)| (*site, can_do / sum));
                shares.filter(|(_, share)| *share > 0.0).collect()
            }
        }
    }

    /// Requests per second that a site can do: at the narrowest of what people there cannot do without.
    fn can_do(&self, id: SpreadId, site: SiteId) -> f64 {
        let spread = &self.world.spreads[id.at()];
        let Some(place) = spread.over.iter().position(|(of, _)| *of == site) else { return 0.0 };
        let each = spread.entries[place].iter().map(|station| {
            let state = &self.state.stations[station.at()];
            let takes_s = self.world.services[self.world.stations[station.at()].service.at()].takes_mean_s;
            self.workers_in_rotation(*station) as f64 / (takes_s * state.slow * state.takes).max(1e-12)
        });
        each.fold(f64::INFINITY, f64::min)
    }

    /// People are led to those that are seen to work.
    fn lead(&mut self, id: SpreadId, why: Option<ObservationId>) {
        let working = self.shares_of_working(id);
        let at_start = self.now == Time::ZERO && self.world.spreads[id.at()].by != LedBy::Weight;
        for i in 0..self.world.people.len() {
            if self.world.people[i].served_by != Place::Spread(id) {
                continue;
            }
            let to = self.led_to(id, i, &working);
            if is_same(&to, &self.state.steering[i].to) {
                continue;
            }
            let from = self.state.steering[i].shares(self.now).0.iter().map(|s| (s.site, s.now)).collect();
            let tail = if at_start { Tail::AtOnce } else { Tail::new(&self.world.spreads[id.at()].steer) };
            let moving = tail != Tail::AtOnce;
            let began = self.now;
            let to_one = self.world.spreads[id.at()].by == LedBy::Nearest;
            let site = to[0].0;
            self.state.steering[i] = SteeringState { from, to, began, tail, moving, why, mixes: !to_one };
            if to_one && !at_start {
                let began = self.see_because(Occurrence::SteeringBegan { people: PopId::new(i), to: site }, why);
                if !moving {
                    self.see_because(Occurrence::SteeringDone(PopId::new(i)), Some(began));
                }
            }
            self.paths_dirty = true;
            self.flow_dirty = true;
        }
    }

    /// Who is seen to work has changed.
    pub(super) fn lead_anew(&mut self, id: SpreadId, why: ObservationId) {
        let sites = &self.state.spreads[id.at()].sites;
        let announced: Vec<bool> = (0..sites.len())
            .filter(|place| !self.is_withdrawn(id, *place))
            .map(|place| sites[place].in_rotation)
            .collect();
        let nobody = announced.iter().all(|in_rotation| !in_rotation);
        let fails_closed = self.world.spreads[id.at()].checks.as_ref().is_some_and(|checks| checks.panic_below <= 0.0);
        self.state.spreads[id.at()].closed = nobody && (fails_closed || announced.is_empty());
        self.lead(id, Some(why));
        self.paths_dirty = true;
        self.flow_dirty = true;
    }
}

/// Whether people are led as before, up to rounding.
fn is_same(a: &[(SiteId, f64)], b: &[(SiteId, f64)]) -> bool {
    a == b || (a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.0 == b.0 && (a.1 - b.1).abs() < 1e-9))
}

/// The probability that all of so many that are dealt of `all` are among `some` of them.
fn all_of(dealt: u32, some: usize, all: usize) -> f64 {
    (0..dealt as usize).map(|i| some.saturating_sub(i) as f64 / all.saturating_sub(i).max(1) as f64).product()
}
