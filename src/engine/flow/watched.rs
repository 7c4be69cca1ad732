//! What conditions watch of the load: as it is at a moment, and when it crosses what they wait for.

use crate::engine::core::Engine;
use crate::engine::state::flow::Open;
use crate::units::Time;
use crate::world::{Condition, LinkId};

/// A value is seen to have crossed when it is beyond by so much of it: rounding never keeps it from that.
pub(super) const BEYOND: f64 = 1e-9;

impl Engine<'_> {
    /// Bits per second that are asked of every link as the span begins, and the slope of that, where somebody watches one.
    pub(super) fn watch_links(&self, open: &mut Open) {
        let links = self
            .watched()
            .filter_map(|(part, _)| if let Condition::BusyNetwork(link, ..) = part { Some(link) } else { None });
        if links.count() == 0 {
            return;
        }
        let world = self.world;
        let mut asked = vec![(0.0, 0.0); world.links.len()];
        for transfer in &world.transfers {
            for link in self.links_between(transfer.ends.0, transfer.ends.1).unwrap_or_default() {
                asked[link.at()].0 += transfer.demand_bps;
            }
        }
        for (i, path) in self.state.flow.paths.iter().enumerate() {
            let bits = world.features[world.people[path.people].uses[path.feature].0.at()].bits;
            let sent = if path.dead.is_some() { world.people[path.people].keeps_trying } else { 1.0 };
            let sent = sent * open.sent[i] * open.let_in[i];
            let again: f64 = open.delayed_retries[i].iter().sum();
            for (link, times) in self.links_of(path) {
                asked[link].0 += (open.rates[i].0.max(0.0) * sent + again) * times * bits;
                asked[link].1 += open.rates[i].1 * sent * times * bits;
            }
        }
        open.links_asked = asked;
    }

    /// The parts of the conditions that wait for something, and look at a load that moves, with what they compare it with.
    fn watched(&self) -> impl Iterator<Item = (&Condition, f64)> {
        let waiting = self.state.triggers.iter().enumerate().filter(|(_, trigger)| !trigger.done);
        let parts = waiting.filter_map(|(index, _)| self.world.awaited(index)).flat_map(|(when, _)| when.parts());
        parts.filter_map(|part| match part {
            Condition::Crowd(_, above) | Condition::Busy(_, above, _) | Condition::BusyNetwork(_, above, _) => {
                Some((part, *above))
            }
            _ => None,
        })
    }

    /// A span ends where a load that somebody watches crosses what he waits for.
    pub(super) fn bound_by_conditions(&self, open: &Open, until: &mut Time) {
        for (part, above) in self.watched() {
            let (value, slope) = match part {
                Condition::Crowd(people, _) => open.people[people.at()],
                Condition::BusyNetwork(link, ..) => {
                    let (bps, slope) = open.links_asked.get(link.at()).copied().unwrap_or_default();
                    let most = self.link_bps(*link);
                    (bps / most, slope / most)
                }
                Condition::Busy(station, ..) => {
                    let at = &open.stations[station.at()];
                    if at.capacity > 0.0 { (at.asked / at.capacity, at.slope / at.capacity) } else { (0.0, 0.0) }
                }
                _ => continue,
            };
            let beyond = if value > above { above * (1.0 - BEYOND) } else { above * (1.0 + BEYOND) };
            let crossing_s = (beyond - value) / slope;
            if crossing_s.is_finite() && crossing_s > 0.0 && (value > above) == (slope < 0.0) {
                let nanos = (crossing_s * 1e9).ceil().min(9e18) as i64;
                *until = (*until).min(Time(self.now.0.saturating_add(nanos.max(1))));
            }
        }
    }

    /// What is asked of a link now, over what it can carry.
    pub(in crate::engine) fn asked_of_link(&self, link: LinkId) -> f64 {
        let asked = self.state.flow.open.as_ref().and_then(|open| open.links_asked.get(link.at()));
        asked.map_or(0.0, |(bps, _)| bps / self.link_bps(link))
    }
}
