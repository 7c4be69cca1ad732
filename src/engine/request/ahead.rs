//! What stands before whoever asks now: the lines at the stations of a way, as everybody can see them.

use super::state::backend_pool::NONE;
use super::state::requests::Requests;
use super::state::station_queue::Line;
use crate::engine::core::Engine;
use crate::engine::state::paths::Path;
use crate::queueing::Wait;

impl Engine<'_> {
    /// The share of the requests of a path that would be in time behind the lines that there are now.
    pub(super) fn in_time_behind_lines(&self, path: &Path, ahead_s: &[f64]) -> f64 {
        let feature = &self.world.features[self.world.people[path.people].uses[path.feature].0.at()];
        let Some(timeout_s) = feature.timeout_s else { return 1.0 };
        let latency = self.latency(path, |id| (Wait::Fixed(ahead_s[id.at()]), self.slower(id)));
        1.0 - latency.ccdf(timeout_s - path.fixed_s)
    }

    /// For each station how long the line there takes as everything is now, in seconds.
    pub(super) fn lines_ahead_s(&self, requests: &Requests) -> Vec<f64> {
        let world = self.world;
        let mut held_s = vec![0.0; world.stations.len()];
        let mut ahead_s = held_s.clone();
        // Whoever is called comes before those who call.
        for id in world.station_order.iter().rev() {
            let station = &world.stations[id.at()];
            let service = &world.services[station.service.at()];
            let mut held = service.takes_mean_s * self.slower(*id);
            if service.holds {
                for call in &station.calls {
                    let Some(callee) = self.callee(call) else { continue };
                    let route = self.state.routes.between(station.site, world.stations[callee.at()].site);
                    let away_s = route.map_or(0.0, |route| route.rtt_s) + ahead_s[callee.at()] + held_s[callee.at()];
                    held += call.times * away_s;
                }
            }
            held_s[id.at()] = held;
            let workers = if self.serves(*id) { self.state.flow.stations[id.at()].workers } else { 0 };
            let waiting = requests.before_a_newcomer(id.at());
            ahead_s[id.at()] = waiting as f64 * held / workers.max(1) as f64;
        }
        ahead_s
    }
}

impl Requests {
    /// How many are served at a station before one who comes now; where the workers are shared, how many he shares them with.
    fn before_a_newcomer(&self, station: usize) -> u64 {
        let queue = &self.station_queues[station];
        let servers = match queue.pool {
            NONE => &[],
            pool => self.backend_pools[pool as usize].servers.as_slice(),
        };
        let sharing: u64 = servers.iter().map(|server| self.station_queues[server.queue as usize].busy).sum();
        match &queue.line {
            Line::Lifo(_) => 0,
            Line::Shared(_) => queue.busy.max(sharing),
            _ => queue.waiting,
        }
    }
}
