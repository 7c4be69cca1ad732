//! Load: what every station gets, how long it holds its workers, and how its queue moves.

use super::*;

impl Engine<'_> {
    /// What every station gets, how long it holds a worker, and how its queue moves. Who turns requests away changes what
    /// the next gets, and who waits for an overloaded callee holds its workers longer: rounds until that agrees.
    pub(super) fn load_stations(&self, open: &mut Open, until: Time) {
        let world = self.world;
        let half_s = until.since(self.now).seconds() / 2.0;
        let mut stations: Vec<AtStation> = (0..world.stations.len())
            .map(|i| AtStation {
                inflow: 0.0,
                slope: 0.0,
                scv_sum: 0.0,
                out: (0.0, 0.0),
                held_s: 0.0,
                held_scv: 0.0,
                slower: self.slower(StationId::new(i)),
                capacity: 0.0,
                block: 0.0,
                wait: Wait::Never,
                wait_mean_s: 0.0,
                regime: Regime::Rest,
                at_ease: true,
            })
            .collect();
        for round in 0..ROUNDS_MAX {
            for at in &mut stations {
                at.inflow = 0.0;
                at.slope = 0.0;
                at.scv_sum = 0.0;
            }
            self.enter(open, &mut stations);
            for id in &world.station_order {
                self.pass_on(*id, &mut stations);
            }
            let mut moved = 0.0f64;
            for id in world.station_order.iter().rev() {
                let (block, out) = (stations[id.at()].block, stations[id.at()].out.0);
                self.work(*id, &mut stations, half_s);
                let at = &mut stations[id.at()];
                if round > 4 {
                    at.block = (at.block + block) / 2.0;
                }
                moved = moved.max((at.block - block).abs()).max((at.out.0 - out).abs() / (1.0 + out.abs()));
            }
            let nobody_turned_away = stations.iter().all(|at| at.block == 0.0 && at.regime == Regime::Rest);
            if (round == 0 && nobody_turned_away) || (round > 0 && moved <= 1e-12) {
                break;
            }
        }
        open.stations = stations;
    }

    /// Requests enter; of those whose path is dead only who keep trying.
    pub(super) fn enter(&self, open: &Open, stations: &mut [AtStation]) {
        for (path, (&(rate, slope), through)) in
            self.state.flow.paths.iter().zip(open.rates.iter().zip(&open.through_links))
        {
            let population = &self.world.people[path.people];
            let sent = if path.dead.is_some() { population.keeps_trying } else { *through };
            for (station, times) in &path.entry {
                let at = &mut stations[station.at()];
                at.inflow += rate * sent * times;
                at.slope += slope * sent * times;
                at.scv_sum += rate * sent * times * population.arrival_scv;
            }
        }
    }

    /// What a station gives to the stations that it calls.
    pub(super) fn pass_on(&self, id: StationId, stations: &mut [AtStation]) {
        let at = &stations[id.at()];
        let out = match at.regime {
            Regime::Rest => (at.inflow * (1.0 - at.block), at.slope * (1.0 - at.block)),
            Regime::Moving | Regime::Full => (at.capacity, 0.0),
        };
        let scv = if at.inflow > 0.0 { at.scv_sum / at.inflow } else { 1.0 };
        stations[id.at()].out = out;
        for call in &self.world.stations[id.at()].calls {
            let Some(callee) = self.callee(call) else { continue };
            if self.state.flow.statuses[callee.at()].dead.is_none() {
                let next = &mut stations[callee.at()];
                next.inflow += out.0 * call.times;
                next.slope += out.1 * call.times;
                next.scv_sum += out.0 * call.times * scv;
            } else if call.hard {
                break;
            }
        }
    }

    /// How long a station holds its workers, and how its queue moves.
    pub(super) fn work(&self, id: StationId, stations: &mut [AtStation], half_s: f64) {
        let world = self.world;
        let station = &world.stations[id.at()];
        let service = &world.services[station.service.at()];
        let slower = stations[id.at()].slower;
        let mut held_s = service.takes_mean_s * slower;
        let mut variance = held_s * held_s * service.takes_scv;
        if service.holds {
            for call in &station.calls {
                let alive = self.callee(call).filter(|c| self.state.flow.statuses[c.at()].dead.is_none());
                match alive {
                    Some(callee) => {
                        let at = &stations[callee.at()];
                        let route = self.state.routes.between(station.site, world.stations[callee.at()].site);
                        held_s += call.times * (route.map_or(0.0, |r| r.rtt_s) + at.wait_mean_s + at.held_s);
                        variance +=
                            call.times * (at.held_s * at.held_s * at.held_scv + at.wait_mean_s * at.wait_mean_s);
                    }
                    None => {
                        held_s += call.times * call.gives_up_s;
                        if call.hard {
                            break;
                        }
                    }
                }
            }
        }
        let workers = if self.serves(id) { self.state.flow.stations[id.at()].workers } else { 0 };
        let fluid = &self.state.flow.stations[id.at()].fluid;
        let at = &mut stations[id.at()];
        at.held_s = held_s;
        at.held_scv = if held_s > 0.0 { variance / (held_s * held_s) } else { 0.0 };
        let arrival_scv = if at.inflow > 0.0 { at.scv_sum / at.inflow } else { 1.0 };
        let model = Station {
            servers: workers,
            service_s: held_s,
            service_scv: at.held_scv,
            arrival_scv,
            waiting_max: service.waiting_max,
        };
        at.capacity = model.capacity_per_s();
        at.at_ease = false;
        if workers == 0 {
            at.regime = Regime::Rest;
            at.block = if at.inflow > 0.0 { 1.0 } else { 0.0 };
            at.wait = Wait::Never;
            at.wait_mean_s = 0.0;
            return;
        }
        let middle = (at.inflow + at.slope * half_s).max(0.0);
        let small_room = fluid.limit.is_some_and(|limit| limit <= SMALL_ROOM_S * at.capacity);
        let full = fluid.limit.is_some_and(|limit| fluid.backlog >= limit);
        let rising = at.inflow > at.capacity || (at.inflow == at.capacity && at.slope > 0.0);
        at.regime = if small_room {
            Regime::Rest
        } else if full && rising {
            Regime::Full
        } else if fluid.backlog > 0.0 || rising {
            Regime::Moving
        } else {
            Regime::Rest
        };
        if at.regime == Regime::Moving {
            at.block = 0.0;
            at.wait_mean_s = fluid.backlog / at.capacity;
            at.wait = Wait::Fixed(at.wait_mean_s);
            return;
        }
        let rate = if at.regime == Regime::Full || small_room {
            middle
        } else {
            settled_rate(middle, at.capacity, model.service_scv + model.arrival_scv, half_s * 2.0, at.slope)
        };
        at.at_ease = is_at_ease(workers, middle.max(at.inflow) * held_s);
        if let Some(steady) = model.steady(rate) {
            at.block = steady.block;
            at.wait_mean_s = steady.wait_mean_s;
            at.wait = steady.wait;
        }
    }

    pub(super) fn feed_queues(&mut self, open: &Open) {
        for (queue, flow) in self.state.flow.queues.iter_mut().enumerate() {
            flow.inflow = self.world.queues[queue].also_fed;
            flow.slope = 0.0;
        }
        for store in 0..self.world.stores.len() {
            let up = self.primary_up(store);
            let flow = &mut self.state.flow.stores[store];
            flow.inflow = if up { self.world.stores[store].also_written } else { 0.0 };
            flow.slope = 0.0;
        }
        for (i, station) in self.world.stations.iter().enumerate() {
            let service = &self.world.services[station.service.at()];
            if service.feeds.is_empty() && service.writes.is_empty() {
                continue;
            }
            let (out, slope) = self.finished_work(open, StationId::new(i));
            for (queue, per_request) in &service.feeds {
                let flow = &mut self.state.flow.queues[queue.at()];
                flow.inflow += out * per_request;
                flow.slope += slope * per_request;
            }
            for (store, per_request) in &service.writes {
                if self.primary_up(store.at()) {
                    let flow = &mut self.state.flow.stores[store.at()];
                    flow.inflow += out * per_request;
                    flow.slope += slope * per_request;
                }
            }
        }
        for store in 0..self.state.flow.stores.len() {
            for replica in 0..self.state.flow.stores[store].replicas.len() {
                let capacity = self.replica_capacity(store, &self.state.flow.stores[store].replicas[replica]);
                self.state.flow.stores[store].replicas[replica].capacity = capacity;
            }
        }
    }

    /// Requests per second that a station finishes with all that they need.
    pub(super) fn finished_work(&self, open: &Open, id: StationId) -> (f64, f64) {
        let at = &open.stations[id.at()];
        if self.state.flow.statuses[id.at()].dead.is_some() {
            return (0.0, 0.0);
        }
        match at.regime {
            Regime::Rest => (at.inflow * (1.0 - at.block), at.slope * (1.0 - at.block)),
            Regime::Moving | Regime::Full => (at.capacity, 0.0),
        }
    }
}

/// Whether nobody waits, however the load moves a little: Halfin & Whitt (1981) with room to spare.
pub(super) fn is_at_ease(workers: u64, offered: f64) -> bool {
    let workers = workers as f64;
    offered < 0.5 * workers && (workers - offered) > 12.0 * num::sqrt(workers)
}

/// The load whose steady state a queue can have reached. Near saturation a queue takes `1 / (capacity (1 - sqrt rho)^2)`
/// to settle (its relaxation time, Cohen 1982); in a span shorter than that it does not get as far as the formula says.
/// On a changing load the rate is rounded to a percent of the capacity, so that equal waits can be recognised.
pub(super) fn settled_rate(rate: f64, capacity: f64, scv_sum: f64, span_s: f64, slope: f64) -> f64 {
    if scv_sum <= 0.0 {
        return rate;
    }
    let root = (1.0 - 1.0 / num::sqrt((capacity * span_s).max(4.0))).max(0.0);
    let settled = rate.min(capacity * root * root);
    if slope == 0.0 { settled } else { (settled / capacity * 100.0).round() / 100.0 * capacity * root * root }
}
