//! Demand: what everybody means to send, and what the links let through.

use super::*;

impl Engine<'_> {
    /// Requests per second of every path, and the next bend of any profile, surge or move.
    pub(super) fn demand(&mut self, open: &mut Open, until: &mut Time) {
        let mut path = 0;
        for people in 0..self.world.people.len() {
            let population = &self.world.people[people];
            let (share, slope, next) = population.active.at(self.now, &mut self.state.flow.cursors[people]);
            *until = (*until).min(next);
            let active = (population.users * share, population.users * slope);
            open.people.push(active);
            let (shares, next) = self.state.steering[people].shares(self.now);
            if let Some(next) = next {
                *until = (*until).min(next);
                // Two straight lines make a parabola: while both move, go on in small steps.
                if active.1 != 0.0 {
                    *until = (*until).min(self.now.after(Duration::from_seconds(30.0)));
                }
            }
            for (feature, (id, per_user)) in population.uses.iter().enumerate() {
                let surge = self.surge(people, id.at(), until);
                for share in &shares {
                    let rate = active.0 * per_user * surge;
                    let slope = active.1 * per_user * surge;
                    debug_assert!(self.state.flow.paths[path].feature == feature);
                    open.rates.push((rate * share.now, slope * share.now + rate * share.slope));
                    path += 1;
                }
            }
        }
    }

    /// How many times the usual rate, in small steps while it ramps.
    pub(super) fn surge(&self, people: usize, feature: usize, until: &mut Time) -> f64 {
        const STEPS: f64 = 32.0;
        let mut factor = 1.0;
        for surge in self.state.surges.iter().filter(|s| s.people == people && s.feature.is_none_or(|f| f == feature)) {
            let since = self.now.since(surge.from);
            if since >= surge.ramp {
                factor *= surge.by;
            } else {
                let done = (since.seconds() / surge.ramp.seconds() * STEPS).floor();
                factor *= 1.0 + (surge.by - 1.0) * (done + 0.5) / STEPS;
                let next = surge.from.after(Duration::from_seconds(surge.ramp.seconds() * (done + 1.0) / STEPS));
                *until = (*until).min(next.max(Time(self.now.0 + 1)));
            }
        }
        factor
    }

    /// Shares the links between requests and transfers, max-min fairly.
    pub(super) fn share_links(&self, open: &mut Open) {
        let world = self.world;
        if world.transfers.is_empty() && world.links.iter().all(|l| l.bandwidth_bps.is_infinite()) {
            return;
        }
        // Links that never saturate are left out by giving them more than anyone asks.
        let capacities: Vec<f64> = world.links.iter().map(|l| l.bandwidth_bps.min(f64::MAX / 4.0)).collect();
        let mut flows = Vec::new();
        let mut of_path = Vec::new();
        for transfer in &world.transfers {
            let links = self.links_between(transfer.ends.0, transfer.ends.1);
            let demand = if links.is_some() { transfer.demand_bps } else { 0.0 };
            flows.push(Flow { links: links.unwrap_or_default(), demand, weight: transfer.weight });
        }
        for (i, path) in self.state.flow.paths.iter().enumerate() {
            let bits = world.features[world.people[path.people].uses[path.feature].0.at()].bits;
            for &(from, to, times) in &path.crossings {
                let demand = open.rates[i].0 * times * bits;
                if demand > 0.0 {
                    let links = self.links_between(from, to).unwrap_or_default();
                    of_path.push((i, flows.len()));
                    // Many users make many small flows: together they weigh as much as they ask for against equals.
                    flows.push(Flow { links, demand, weight: 1.0 });
                }
            }
        }
        let rates = max_min(&capacities, &flows);
        for (flow, rate) in flows.iter().zip(&rates) {
            for link in &flow.links {
                open.links_bps[*link as usize] += rate;
                open.links_offered_bps[*link as usize] += flow.demand;
            }
        }
        for (path, flow) in of_path {
            open.through_links[path] *= (rates[flow] / flows[flow].demand).min(1.0);
        }
        open.transfers_bps = rates[..world.transfers.len()].to_vec();
    }

    pub(super) fn links_between(&self, from: crate::world::SiteId, to: crate::world::SiteId) -> Option<Vec<u32>> {
        self.state.routes.between(from, to).map(|r| r.links.iter().map(|l| l.0).collect())
    }
}
