//! Automation that follows the load: it looks, it waits, it adds or takes away.

use super::core::Engine;
use super::event::Event;
use crate::observe::Occurrence;
use crate::units::Time;
use crate::world::Automation;

impl Engine<'_> {
    pub(super) fn start_autoscale(&mut self) {
        for (i, scaler) in self.world.autoscale.iter().enumerate().filter(|(_, scaler)| !scaler.muted) {
            self.events.push(Time::ZERO.after(scaler.every), Event::Autoscale { index: i as u32 });
        }
    }

    /// It looks at its signal.
    pub(super) fn autoscale(&mut self, index: usize) {
        let scaler = &self.world.autoscale[index];
        self.events.push(self.now.after(scaler.every), Event::Autoscale { index: index as u32 });
        let signal = self.state.flow.signal(scaler.station.at(), scaler.cpu);
        let now = self.now;
        let state = &mut self.state.autoscale[index];
        // A dip is not the end of the load: it has to stay low.
        state.low_since = if signal < scaler.below { state.low_since.or(Some(now)) } else { None };
        let stays_low = state.low_since.is_some_and(|since| now.since(since) >= scaler.stable_for);
        let lacks = scaler.needs.iter().any(|service| !self.serves_where_needed(*service, None));
        let state = &mut self.state.autoscale[index];
        if now < state.rests_until || state.coming != 0 || lacks || !self.serves(scaler.station) {
            return;
        }
        let acts = signal > scaler.above || stays_low;
        if acts && self.is_held_back(Automation::Autoscale(index)) {
            return;
        }
        let servers = self.servers(scaler.station);
        let wanted = if signal > scaler.above {
            ((servers as f64 * scaler.by).ceil() as u64).max(servers + 1).min(scaler.most.max(servers))
        } else if stays_low {
            ((servers as f64 / scaler.by).ceil() as u64).max(scaler.least).min(servers)
        } else {
            return;
        };
        let more = wanted as i64 - servers as i64;
        if more == 0 {
            return;
        }
        let more = if more > 0 { self.take_from_provider(scaler.station, more) } else { more };
        if more == 0 {
            return;
        }
        let state = &mut self.state.autoscale[index];
        state.rests_until = self.now.after(scaler.cool_down);
        state.coming = more;
        // To take servers away takes no time.
        let takes = if more > 0 { scaler.takes } else { crate::units::Duration::ZERO };
        self.events.push(self.now.after(takes), Event::Scaled { index: index as u32 });
    }

    /// What it ordered is there.
    pub(super) fn scaled(&mut self, index: usize) {
        let station = self.world.autoscale[index].station;
        let more = std::mem::take(&mut self.state.autoscale[index].coming);
        self.state.stations[station.at()].extra += more;
        if more < 0
            && let Some(provider) = self.world.sites[self.world.stations[station.at()].site.at()].provider_id
        {
            // What it gives back, others may have.
            self.state.providers_taken[provider] += more;
        }
        let servers = self.servers(station);
        self.see(Occurrence::Scaled { autoscale: index, servers });
        self.flow_dirty = true;
    }
}
