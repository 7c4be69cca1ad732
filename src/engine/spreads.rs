//! Sites that serve people at the same time: health checks find out who works, and people are led to those, by weight.

use super::core::Engine;
use super::event::Event;
use super::state::spreads::SpreadState;
use super::state::stations::StationPhase;
use super::state::steering::SteeringState;
use super::state::waits::Wait;
use crate::dist::Sampler;
use crate::observe::{ObservationId, Occurrence};
use crate::units::Duration;
use crate::world::{Place, SiteId, SpreadId, Tail};

impl Engine<'_> {
    /// Looks at every site of every spread: what has changed, checks find out.
    pub(super) fn settle_spreads(&mut self) {
        for i in 0..self.world.spreads.len() {
            for place in 0..self.world.spreads[i].over.len() {
                self.look_at_site_of(SpreadId::new(i), place);
            }
        }
    }

    fn look_at_site_of(&mut self, id: SpreadId, place: usize) {
        let works = self.site_works(id, place);
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
        let (token, wait) = (seen.token, self.until_found_out(id, works));
        if wait == Duration::ZERO {
            self.site_is_seen(id, place, token);
        } else {
            let event = Event::SiteSeen { spread: id, place: place as u32, token };
            match self.law_of_finding_out(id, works) {
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
        self.state.nodes[node.at()].up && spread.entries[place].iter().all(serves)
    }

    /// So many checks in a row, the first of them at a random moment of their interval.
    fn until_found_out(&mut self, id: SpreadId, works: bool) -> Duration {
        let Some(checks) = &self.world.spreads[id.at()].checks else { return Duration::ZERO };
        let (in_a_row, known) = if works { (checks.passes, Duration::ZERO) } else { (checks.fails, checks.timeout) };
        let phase = self.state.spreads[id.at()].luck.uniform();
        let whole = f64::from(in_a_row.saturating_sub(1));
        Duration::from_seconds((whole + phase) * checks.every.seconds() + known.seconds()).max(Duration(1))
    }

    /// The law of that.
    fn law_of_finding_out(&self, id: SpreadId, works: bool) -> Option<Sampler> {
        let checks = self.world.spreads[id.at()].checks.as_ref()?;
        let (in_a_row, known) = if works { (checks.passes, Duration::ZERO) } else { (checks.fails, checks.timeout) };
        let (every_s, whole) = (checks.every.seconds(), f64::from(in_a_row.saturating_sub(1)));
        Some(Sampler::Uniform(whole * every_s + known.seconds(), every_s))
    }

    /// Checks have found out: people are led elsewhere, or there again.
    pub(super) fn site_is_seen(&mut self, id: SpreadId, place: usize, token: u32) {
        let seen = &mut self.state.spreads[id.at()].sites[place];
        let Some(works) = seen.pending.filter(|_| seen.token == token) else { return };
        (seen.in_rotation, seen.pending) = (works, None);
        let spread = &self.world.spreads[id.at()];
        let why = self.state.nodes[self.world.sites[spread.over[place].0.at()].node.at()].why;
        let stations = spread.entries[place].iter().filter_map(|station| self.state.stations[station.at()].why);
        let why = stations.chain(why).max().or(self.cause);
        let told = self.see_because(Occurrence::SiteInRotation { spread: id, place, works }, why);
        self.lead_by_weight(id, told);
    }

    /// The shares of the sites that are seen to work; of all, where those are too few.
    fn shares_of_working(&self, id: SpreadId) -> Vec<(SiteId, f64)> {
        let (spread, state): (_, &SpreadState) = (&self.world.spreads[id.at()], &self.state.spreads[id.at()]);
        let working = || spread.over.iter().zip(&state.sites).filter(|(_, seen)| seen.in_rotation);
        let share_working = working().count() as f64 / spread.over.len() as f64;
        let panics = spread.checks.as_ref().is_some_and(|checks| share_working < checks.panic_below);
        let sum: f64 = working().map(|((_, weight), _)| weight).sum();
        if panics || sum <= 0.0 {
            return spread.over.clone();
        }
        working().map(|((site, weight), _)| (*site, weight / sum)).collect()
    }

    fn lead_by_weight(&mut self, id: SpreadId, why: ObservationId) {
        let to = self.shares_of_working(id);
        for i in 0..self.world.people.len() {
            if self.world.people[i].served_by != Place::Spread(id) || self.state.steering[i].to == to {
                continue;
            }
            let from = self.state.steering[i].shares(self.now).0.iter().map(|s| (s.site, s.now)).collect();
            let tail = Tail::new(&self.world.spreads[id.at()].steer);
            let moving = tail != Tail::AtOnce;
            let (began, why) = (self.now, Some(why));
            self.state.steering[i] = SteeringState { from, to: to.clone(), began, tail, moving, why, mixes: true };
        }
        self.paths_dirty = true;
        self.flow_dirty = true;
    }
}
