//! Caches that fill: which share of the requests at a station goes on to what stands behind its cache.
//!
//! It is counted in steps of a percent, and of a tenth of what is missed where that is less. A station without a cache misses everything.

use crate::engine::core::Engine;
use crate::engine::state::flow::{AtStation, CacheFlow};
use crate::observe::{Interval, Occurrence};
use crate::world::StationId;

/// What is found is counted in steps of this size at most.
const STEP: f64 = 0.01;
/// And in steps of this share of what is missed: that is the load on what stands behind.
const OF_MISSED: f64 = 0.1;
/// What is less than that is too little to matter.
const STEP_MIN: f64 = 1e-4;

impl Engine<'_> {
    /// The share of the requests at a station that makes its calls.
    pub(in crate::engine) fn missed(&self, id: StationId) -> f64 {
        self.state.flow.stations[id.at()].cache.missed
    }

    /// Caches that find more than they did.
    pub(super) fn look_at_caches(&mut self) {
        let world = self.world;
        for (station, flow) in world.stations.iter().zip(&mut self.state.flow.stations) {
            let Some(popularity) = &world.services[station.service.at()].popularity else { continue };
            let cache = &mut flow.cache;
            if cache.asked < cache.until {
                continue;
            }
            let found = popularity.found(cache.asked);
            let step = (OF_MISSED * (1.0 - found)).clamp(STEP_MIN, STEP);
            let is_full = cache.asked >= popularity.full_after();
            cache.until = if is_full {
                f64::INFINITY
            } else {
                popularity.finds_after(found + step, cache.asked).max(cache.asked * 1.001)
            };
            // Of a step its middle counts.
            let at_its_end = popularity.found(cache.until.min(1e300));
            cache.missed = 1.0 - (found + at_its_end) / 2.0;
            self.paths_dirty = true;
        }
    }

    /// When a cache finds so much more that it counts, in seconds.
    pub(super) fn cache_fills_s(&self, i: usize, at: &AtStation) -> Option<f64> {
        let CacheFlow { asked, until, .. } = self.state.flow.stations[i].cache;
        let rate = (at.inflow * (1.0 - at.block)).min(at.capacity);
        let has_one = self.world.services[self.world.stations[i].service.at()].popularity.is_some();
        (has_one && rate > 0.0 && until.is_finite() && self.learns(StationId::new(i)))
            .then(|| ((until - asked) / rate).max(1e-3))
    }

    /// Whether what a cache misses is answered.
    fn learns(&self, id: StationId) -> bool {
        let station = &self.world.stations[id.at()];
        station.calls.iter().all(|call| !call.hard || self.answers(call, station.site).is_some())
    }

    /// What was asked for in a span that is over, caches have from now on.
    pub(super) fn account_caches(&mut self, span: &Interval) {
        for i in 0..span.stations.len() {
            let has_one = self.world.services[self.world.stations[i].service.at()].popularity.is_some();
            if has_one && self.learns(StationId::new(i)) {
                self.state.flow.stations[i].cache.asked += span.stations[i].served;
            }
        }
    }

    /// Caches are emptied.
    pub(in crate::engine) fn flush(&mut self, stations: &[StationId]) {
        self.close_span();
        for id in stations {
            self.see(Occurrence::Flushed(*id));
            self.forget_cache(*id);
            if let Some(requests) = &mut self.requests {
                requests.forget_cache(id.0);
            }
        }
        self.flow_dirty = true;
    }

    /// A station begins with an empty cache.
    pub(in crate::engine) fn forget_cache(&mut self, id: StationId) {
        self.state.flow.stations[id.at()].cache = CacheFlow::EMPTY;
        self.paths_dirty |= self.world.services[self.world.stations[id.at()].service.at()].popularity.is_some();
    }
}
