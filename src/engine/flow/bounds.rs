//! How long what flows stays as it is.

use super::holding::holds_on_s;
use super::service_levels::{DEGRADED_ABOVE, DOWN_ABOVE};
use super::watched::BEYOND;
use super::{warm_step, warm_step_ends};
use crate::engine::core::Engine;
use crate::engine::state::flow::{AtStation, Open, Regime};
use crate::engine::state::islands::Step;
use crate::engine::state::paths::Path;
use crate::units::Time;
use crate::world::StationId;

/// While users move, the share that fails moves by no more than this where that is tried again.
const RETRIES_STEP: f64 = 0.01;

impl Engine<'_> {
    /// Shortens the span to the next moment at which something changes by itself.
    pub(super) fn bound_span(&self, open: &Open, until: &mut Time, steps: &mut [Step]) {
        // Queues of single requests fill and drain without being asked.
        let flowing = if self.requests.is_some() { &[][..] } else { &open.stations[..] };
        let islands = &self.state.flow.islands;
        for (i, at) in flowing.iter().enumerate() {
            match islands.of_station[i].map(|island| &mut steps[island]) {
                Some(step) if step.goes_on => {}
                Some(step) => self.bound_by_station(i, at, &mut bounding(self.now, &mut step.until)),
                None => self.bound_by_station(i, at, &mut bounding(self.now, until)),
            }
        }
        // Where no queue moves, nobody's patience comes to an end, and nothing fails late.
        if flowing.iter().any(|at| at.queues()) || open.puts_off.iter().any(|puts_off| *puts_off) {
            for ((i, path), island) in self.state.flow.paths.iter().enumerate().zip(&islands.of_path) {
                let step = &mut steps[*island];
                if !step.goes_on && path.dead.is_none() {
                    let mut at_most = bounding(self.now, &mut step.until);
                    self.bound_by_patience(path, open, &mut at_most);
                    self.bound_by_delayed_retries(i, path, open, &mut at_most);
                }
            }
        }
        if self.requests.is_none() && open.stations.iter().any(|at| at.queues()) {
            for (station, within_s) in self.call_timeouts(open) {
                match islands.of_station[station.at()].map(|island| &mut steps[island]) {
                    Some(step) if step.goes_on => {}
                    Some(step) => bounding(self.now, &mut step.until)(within_s),
                    None => bounding(self.now, until)(within_s),
                }
            }
        }
        if self.requests.is_none() {
            steps.iter().for_each(|step| *until = (*until).min(step.until));
        }
        self.bound_by_conditions(open, until);
        self.bound_by_what_is_kept(until);
    }

    /// When the queue in front of a station fills, empties or moves otherwise.
    fn bound_by_station(&self, i: usize, at: &AtStation, at_most: &mut impl FnMut(f64)) {
        let (world, now) = (self.world, self.now);
        let fluid = &self.state.flow.stations[i].fluid;
        let small_room = fluid.limit.is_some_and(|limit| self.is_small_room(StationId::new(i), limit, at.capacity));
        let settled = at.impatience_sum > 0.0 && at.regime == Regime::Full;
        if settled || at.waning.is_some() {
            self.bound_by_patience_here(i, at, &[DEGRADED_ABOVE, DOWN_ABOVE], at_most);
        } else if at.capacity > 0.0
            && !small_room
            && !at.bounded
            && let Some(change_s) = fluid.next_change_s(at.inflow, at.slope, at.capacity)
        {
            at_most(change_s);
        }
        if at.slope != 0.0 && !at.at_ease && at.capacity > 0.0 {
            at_most(at.follows_s());
        }
        if at.regime == Regime::Moving && at.inflow > at.capacity * (1.0 + 1e-9) && at.slope < 0.0 {
            // The backlog is largest when the load falls back to the capacity, up to rounding.
            at_most((at.inflow - at.capacity) / -at.slope);
        }
        if at.regime == Regime::Moving
            && at.capacity > 0.0
            && let Some(holds_on_s) = holds_on_s(at)
        {
            at_most(holds_on_s);
        }
        if let Some(fills_s) = self.cache_fills_s(i, at) {
            at_most(fills_s);
        }
        if let (Some(_), Some((takes, _))) =
            (self.state.stations[i].cold_since, world.services[world.stations[i].service.at()].warms)
        {
            let since = now.since(self.state.stations[i].cold_since.unwrap_or(now));
            if since < takes {
                at_most((warm_step_ends(warm_step(since, takes), takes).0 - since.0) as f64 / 1e9);
            }
        }
    }

    /// When users have moved, and when what is kept gets stale or fresh: in queues, and in replicas.
    fn bound_by_what_is_kept(&self, until: &mut Time) {
        let (world, now) = (self.world, self.now);
        {
            let mut at_most = bounding(now, until);
            self.bound_by_steering(&mut at_most);
            for flow in &self.state.flow.queues {
                if let Some(change_s) = flow.fluid.next_change_s(flow.inflow, flow.slope, flow.capacity) {
                    at_most(change_s);
                }
            }
            for store in &self.state.flow.stores {
                for replica in &store.replicas {
                    if let Some(batches) = replica.batches.as_ref().filter(|_| replica.contact) {
                        let first_s = batches.first_arrives_s() - now.seconds();
                        at_most(if batches.nothing_yet(now.seconds()) { first_s } else { f64::INFINITY });
                    }
                    if let Some(change_s) = replica.fluid.next_change_s(store.inflow, store.slope, replica.capacity) {
                        at_most(change_s);
                    }
                }
            }
        }
        // With everything else known, when do queues and replicas become stale or fresh?
        let length_s = until.since(now).seconds();
        let mut nearest = f64::INFINITY;
        for (i, flow) in self.state.flow.queues.iter().enumerate() {
            let level = world.queues[i].fresh_within_s;
            let input = (flow.inflow, flow.slope, flow.capacity);
            nearest = nearest.min(age_crosses_s(&flow.age, now.seconds(), input, length_s, level));
        }
        for path in &self.state.flow.paths {
            let feature = &world.features[world.people[path.people].uses[path.feature].0.at()];
            for (store, level) in &feature.reads {
                let flow = &self.state.flow.stores[store.at()];
                if !self.primary_up(store.at()) {
                    let left_s = level - self.read_age_s(*store, path.site);
                    if left_s > 0.0 {
                        nearest = nearest.min(left_s);
                    }
                } else if let Some(replica) = flow.replicas.iter().find(|r| r.site == path.site) {
                    let input = (flow.inflow, flow.slope, replica.capacity);
                    // What is as old as it may be is stale: it is fresh again when it is a little younger.
                    let is_stale = self.read_age_s(*store, path.site) >= level * (1.0 - 1e-12);
                    let level = level * if is_stale { 1.0 - BEYOND } else { 1.0 }
                        - (replica.lag_s(now.seconds()) - replica.age.age_s(now.seconds()));
                    nearest = nearest.min(age_crosses_s(&replica.age, now.seconds(), input, length_s, level));
                }
            }
        }
        if nearest.is_finite() {
            let nanos = (nearest * 1e9).ceil() as i64;
            *until = (*until).min(Time(now.0 + nanos.max(1)));
        }
    }

    /// What fails late comes again after the timeout: no span may be longer than that.
    fn bound_by_delayed_retries(&self, index: usize, path: &Path, open: &Open, at_most: &mut impl FnMut(f64)) {
        let feature = self.world.people[path.people].uses[path.feature].0.at();
        if let Some(later) = self.retries_after(feature)
            && (open.puts_off[index] || path.in_person().any(|v| open.stations[v.0.at()].queues()))
        {
            at_most(later.seconds());
        }
    }

    /// While users move away from what is dead, the share that fails passes the bounds of down and degraded.
    pub(super) fn bound_by_steering(&self, at_most: &mut impl FnMut(f64)) {
        let mut index = 0;
        for (people, population) in self.world.people.iter().enumerate() {
            let (shares, _) = self.state.steering[people].shares(self.now);
            if shares.iter().all(|share| share.slope == 0.0) {
                index += population.uses.len() * shares.len();
                continue;
            }
            let (mut all, mut all_slope, mut all_rate) = (0.0, 0.0, 0.0);
            let mut moves_s = f64::INFINITY;
            let mut moves = |slope: f64| moves_s = moves_s.min((RETRIES_STEP / slope.abs()).max(1.0));
            let mut cross = |failed: f64, slope: f64| {
                for bound in [DOWN_ABOVE, DEGRADED_ABOVE] {
                    // What is at the bound is not above it: it is seen when it is a little beyond.
                    let over = failed > bound;
                    let crossing_s = (bound * if over { 1.0 - BEYOND } else { 1.0 + BEYOND } - failed) / slope;
                    if over == (slope < 0.0) && crossing_s > 0.0 && crossing_s.is_finite() {
                        at_most(crossing_s.max(1e-9));
                    }
                }
            };
            for (id, rate) in &population.uses {
                let (mut failed, mut slope) = (0.0, 0.0);
                for share in shares.iter() {
                    let path = &self.state.flow.paths[index];
                    let fails = if path.dead.is_some() { 1.0 } else { 1.0 - path.passes };
                    failed += fails * share.now;
                    slope += fails * share.slope;
                    index += 1;
                }
                cross(failed, slope);
                // Retries are led along: what they come to is no straight line.
                if slope != 0.0 && self.world.features[id.at()].retries.is_some() {
                    moves(slope);
                }
                all += rate * failed;
                all_slope += rate * slope;
                all_rate += rate;
            }
            cross(all / all_rate, all_slope / all_rate);
            at_most(moves_s);
        }
    }

    /// A wait that grows beyond what users bear, or shrinks back below it, is felt when the first who has waited so long leaves.
    pub(super) fn bound_by_patience(&self, path: &Path, open: &Open, at_most: &mut impl FnMut(f64)) {
        let feature = &self.world.features[self.world.people[path.people].uses[path.feature].0.at()];
        let now_s = self.now.seconds();
        for (id, times, _) in path.in_person() {
            let at = &open.stations[id.at()];
            if !at.queues() || at.capacity <= 0.0 {
                continue;
            }
            let flow = &self.state.flow.stations[id.at()];
            let (front_s, chance_s) = (flow.line.front_s(now_s), flow.chance_s);
            let waning = at.waning.map(|waning| Self::waning_now(at, waning));
            let (leaves, gives_up_per_s) = waning.map_or((at.capacity, 0.0), |w| (w.leaves, w.gives_up_per_s));
            let mut levels_s = [f64::NAN; 3];
            if let Some(slow_over_s) = feature.slow_over_s {
                levels_s[0] = (slow_over_s - path.quiet_p95_s) / times.max(1.0) - chance_s;
            }
            if let Some(timeout_s) = feature.timeout_s {
                levels_s[1] = (timeout_s - path.fixed_s - path.quiet.mean()) / times.max(1.0) - chance_s;
                levels_s[2] = (timeout_s - path.fixed_s) / times.max(1.0) - chance_s;
                // Around the timeout the share that is too late changes: take small steps there.
                let arrived = flow.line.front_rate().unwrap_or(at.inflow);
                let grows = if arrived > 0.0 { (1.0 - at.capacity / arrived).abs() } else { 1.0 };
                if grows > 0.0 && front_s < 1.5 * timeout_s {
                    at_most((0.05 * timeout_s / grows).max(0.1));
                }
            }
            for level_s in levels_s.into_iter().filter(|l| *l > 0.0 && (front_s - l).abs() > 1e-9 * (1.0 + l)) {
                let crossing_s = flow.line.crosses_s(level_s, now_s, leaves, gives_up_per_s).or_else(|| {
                    // Nobody who waits now: whoever comes later and finds so many waiting, once they leave.
                    if let Some(waning) = waning {
                        let arrives_s =
                            waning.crosses_s(flow.fluid.backlog, waning.backlog_of_wait(level_s), level_s)?;
                        return Some(arrives_s + level_s);
                    }
                    let backlog = level_s * at.capacity;
                    let arrives_s = flow.fluid.next_crossing_s(backlog, at.inflow, at.slope, at.capacity)?;
                    Some(arrives_s + level_s)
                });
                if let Some(crossing_s) = crossing_s.filter(|crossing_s| *crossing_s > 0.0) {
                    at_most(crossing_s);
                }
            }
        }
    }
}

/// Shortens a time to so many seconds from now. A change falls on the next nanosecond, never before: the fluid takes it on its
/// way.
fn bounding(now: Time, until: &mut Time) -> impl FnMut(f64) + use<'_> {
    move |seconds: f64| {
        if seconds.is_finite() && seconds >= 0.0 {
            let nanos = (seconds * 1e9).ceil().min(9e18) as i64;
            *until = (*until).min(Time(now.0.saturating_add(nanos.max(1))));
        }
    }
}

/// Seconds until the age of a queue crosses `level`, if that is within `length_s`: by bisection, for within a span the
/// age crosses a level at most once.
pub(super) fn age_crosses_s(
    age: &crate::queueing::Age,
    now_s: f64,
    (inflow, slope, capacity): (f64, f64, f64),
    length_s: f64,
    level: f64,
) -> f64 {
    if length_s <= 0.0 || level <= 0.0 {
        return f64::INFINITY;
    }
    let stale_now = age.age_s(now_s) > level;
    if !stale_now && length_s + age.age_s(now_s) <= level {
        return f64::INFINITY;
    }
    if !stale_now && age.backlog() <= 0.0 && inflow <= capacity && inflow + slope * length_s <= capacity {
        return f64::INFINITY;
    }
    let mut ahead = age.clone();
    ahead.arrive(now_s, length_s, inflow, slope);
    let stale_at = |dt_s: f64| {
        let served = if capacity >= f64::MAX { f64::INFINITY } else { capacity * dt_s };
        ahead.age_if_s(now_s + dt_s, served) > level
    };
    if stale_at(length_s) == stale_now {
        return f64::INFINITY;
    }
    let (mut low, mut high) = (0.0, length_s);
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if stale_at(middle) == stale_now {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}
