//! A queue as a fluid: inflow and capacity as rates, a backlog that fills and drains.
//!
//! Newell, Applications of Queueing Theory (1982), chapter 2: what queueing is above saturation, where steady-state
//! formulas have nothing to say. Exact for inflow that is linear in time.

use crate::num;

/// A first-come-first-served queue of fluid, in requests.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct FluidQueue {
    /// How much is waiting.
    pub backlog: f64,
    /// How much can wait; what comes when this is full is lost. `None` for no limit.
    pub limit: Option<f64>,
}

/// What happened to a [`FluidQueue`] over a stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Flowed {
    /// What arrived, admitted or not.
    pub arrived: f64,
    /// What was served.
    pub served: f64,
    /// What found the queue full and was lost.
    pub lost: f64,
    /// What was admitted behind a backlog and had to wait.
    pub delayed: f64,
    /// The sum over admitted arrivals of the wait ahead of each (backlog over capacity), in request-seconds. Without
    /// capacity the wait is not known, and such arrivals add nothing.
    pub delay_integral: f64,
    /// The integral of the backlog over time, in request-seconds.
    pub backlog_integral: f64,
    /// The highest backlog.
    pub backlog_max: f64,
    /// The longest wait ahead of an arrival, in seconds; infinite if there was a backlog and no capacity.
    pub wait_max_s: f64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Regime {
    /// Nothing waits and capacity suffices.
    Empty,
    /// A backlog grows or drains.
    Waiting,
    /// The backlog is at its limit and the excess is lost.
    Full,
}

impl FluidQueue {
    /// Whether no more can wait.
    pub fn is_full(&self) -> bool {
        self.limit.is_some_and(|limit| self.backlog >= limit)
    }

    /// An empty queue.
    pub fn new(limit: Option<f64>) -> FluidQueue {
        FluidQueue { backlog: 0.0, limit }
    }

    /// The wait in seconds of a request that arrives now; infinite if there is a backlog and no capacity.
    pub fn wait_s(&self, capacity: f64) -> f64 {
        if self.backlog > 0.0 { self.backlog / capacity.max(0.0) } else { 0.0 }
    }

    /// Lets `dt_s` seconds pass, with inflow `inflow_start + inflow_slope t` (never below 0) and constant `capacity`,
    /// per second. Regime changes on the way are found and honoured.
    pub fn advance(&mut self, dt_s: f64, inflow_start: f64, inflow_slope: f64, capacity: f64) -> Flowed {
        let capacity = capacity.max(0.0);
        let mut flowed = Flowed::default();
        let mut left_s = dt_s;
        let mut inflow = inflow_start;
        flowed.see(self, capacity);
        // A linear inflow changes regime a handful of times: build, full, leave the limit, empty, inflow at zero.
        for turn in 0..16 {
            let change_s = self.next_change_s(inflow, inflow_slope, capacity).filter(|_| turn < 15);
            let step_s = change_s.map_or(left_s, |change_s| change_s.min(left_s));
            if !(step_s >= 0.0 && left_s > 0.0) {
                break;
            }
            let slope = if inflow <= 0.0 && inflow_slope <= 0.0 { 0.0 } else { inflow_slope };
            if inflow < 0.0 && slope > 0.0 {
                self.step(step_s, 0.0, 0.0, capacity, &mut flowed);
            } else {
                self.step(step_s, inflow.max(0.0), slope, capacity, &mut flowed);
            }
            if change_s.is_some_and(|change_s| change_s <= left_s) {
                self.settle(inflow + inflow_slope * step_s, capacity);
            }
            inflow += inflow_slope * step_s;
            // Rounding noise around zero is zero, so that a change is not found twice.
            if inflow.abs() <= 1e-12 * (inflow_start.abs() + (inflow_slope * dt_s).abs()) {
                inflow = 0.0;
            }
            left_s -= step_s;
        }
        flowed
    }

    /// Seconds until the queue empties, starts to build, reaches its limit or leaves it, or the inflow reaches zero;
    /// `None` if it never does at this inflow and capacity.
    ///
    /// On a clock of whole ticks round this up, never down: [`advance`](FluidQueue::advance) takes the change on its
    /// way.
    pub fn next_change_s(&self, inflow_start: f64, inflow_slope: f64, capacity: f64) -> Option<f64> {
        let capacity = capacity.max(0.0);
        if inflow_start <= 0.0 && inflow_slope < 0.0 || inflow_start < 0.0 && inflow_slope == 0.0 {
            return self.next_change_s(0.0, 0.0, capacity);
        }
        let mut next = f64::INFINITY;
        let mut at = |t: Option<f64>| next = t.map_or(next, |t| next.min(t));
        if inflow_slope != 0.0 {
            at(Some(-inflow_start / inflow_slope).filter(|&t| t > 0.0));
        }
        let (start, slope) = if inflow_start < 0.0 { (0.0, 0.0) } else { (inflow_start, inflow_slope) };
        let net = net_inflow(start, capacity);
        match self.regime(start, slope, capacity) {
            Regime::Empty => at(balance_s(net, slope).filter(|_| slope > 0.0)),
            Regime::Full => at(balance_s(net, slope).filter(|_| slope < 0.0)),
            Regime::Waiting => {
                at(first_root_s(self.backlog, net, slope));
                if let Some(limit) = self.limit.filter(|&limit| limit > self.backlog) {
                    at(first_root_s(self.backlog - limit, net, slope));
                } else if self.limit.is_some() {
                    // At the limit and draining: it may come back to it.
                    at(first_root_s(0.0, net, slope));
                }
            }
        }
        Some(next).filter(|t| t.is_finite())
    }

    /// Seconds until the backlog crosses `level` within the present regime, that is before
    /// [`next_change_s`](FluidQueue::next_change_s); `None` if it does not.
    pub fn next_crossing_s(&self, level: f64, inflow_start: f64, inflow_slope: f64, capacity: f64) -> Option<f64> {
        let (start, slope) = if inflow_start <= 0.0 && inflow_slope <= 0.0 || inflow_start < 0.0 {
            (0.0, 0.0)
        } else {
            (inflow_start, inflow_slope)
        };
        if self.regime(start, slope, capacity) != Regime::Waiting {
            return None;
        }
        let until = self.next_change_s(inflow_start, inflow_slope, capacity).unwrap_or(f64::INFINITY);
        let net = net_inflow(start, capacity.max(0.0));
        first_root_s(self.backlog - level, net, slope).filter(|&t| t <= until)
    }

    fn regime(&self, inflow: f64, slope: f64, capacity: f64) -> Regime {
        let net = net_inflow(inflow, capacity);
        let grows = net > 0.0 || net == 0.0 && slope > 0.0;
        if self.limit.is_some_and(|limit| self.backlog >= limit) && (grows || net == 0.0 && slope == 0.0) {
            // Without room and in balance the queue is empty rather than full.
            if self.backlog <= 0.0 && !grows { Regime::Empty } else { Regime::Full }
        } else if self.backlog <= 0.0 && !grows {
            Regime::Empty
        } else {
            Regime::Waiting
        }
    }

    /// Rounds the backlog onto the boundary that a change of regime says it has reached.
    fn settle(&mut self, inflow: f64, capacity: f64) {
        let noise = 1e-9 * (1.0 + 1e-3 * (inflow.abs() + capacity));
        if self.backlog < noise {
            self.backlog = 0.0;
        }
        if let Some(limit) = self.limit.filter(|&limit| (self.backlog - limit).abs() < noise + 1e-12 * limit) {
            self.backlog = limit;
        }
    }

    /// One step within a regime.
    fn step(&mut self, dt: f64, inflow: f64, slope: f64, capacity: f64, flowed: &mut Flowed) {
        let arrived = (inflow * dt + slope * dt * dt / 2.0).max(0.0);
        let before = self.backlog;
        let net = inflow - capacity;
        let mut lost = 0.0;
        match self.regime(inflow, slope, capacity) {
            Regime::Empty => {}
            Regime::Full => {
                lost = (net * dt + slope * dt * dt / 2.0).clamp(0.0, arrived);
                if before > 0.0 {
                    flowed.delayed += arrived - lost;
                    flowed.delay_integral += before * dt * f64::from(u8::from(capacity > 0.0));
                    flowed.backlog_integral += before * dt;
                }
            }
            Regime::Waiting => {
                let after = before + net * dt + slope * dt * dt / 2.0;
                let limit = self.limit.unwrap_or(f64::INFINITY).max(before);
                lost = (after - limit).clamp(0.0, arrived);
                self.backlog = after.clamp(0.0, limit);
                flowed.delayed += arrived - lost;
                // int Q dt and int inflow Q dt, with Q = before + net t + slope t^2 / 2.
                flowed.backlog_integral += (dt * (before + dt * (net / 2.0 + slope * dt / 6.0))).max(0.0);
                if capacity > 0.0 {
                    let c1 = inflow * before;
                    let c2 = (inflow * net + slope * before) / 2.0;
                    let c3 = (inflow * slope / 2.0 + slope * net) / 3.0;
                    let c4 = slope * slope / 8.0;
                    flowed.delay_integral += (dt * (c1 + dt * (c2 + dt * (c3 + dt * c4))) / capacity).max(0.0);
                }
                // The top of the parabola, if it lies within the step.
                let top_s = -net / slope;
                if slope < 0.0 && top_s > 0.0 && top_s < dt {
                    let top = FluidQueue { backlog: (before - net * net / (2.0 * slope)).min(limit), ..*self };
                    flowed.see(&top, capacity);
                }
            }
        }
        flowed.arrived += arrived;
        flowed.lost += lost;
        flowed.served += (arrived - lost - (self.backlog - before)).max(0.0);
        flowed.see(self, capacity);
    }
}

impl Flowed {
    fn see(&mut self, queue: &FluidQueue, capacity: f64) {
        self.backlog_max = self.backlog_max.max(queue.backlog);
        self.wait_max_s = self.wait_max_s.max(queue.wait_s(capacity));
    }

    /// Adds what happened after this.
    pub fn add(&mut self, later: &Flowed) {
        self.arrived += later.arrived;
        self.served += later.served;
        self.lost += later.lost;
        self.delayed += later.delayed;
        self.delay_integral += later.delay_integral;
        self.backlog_integral += later.backlog_integral;
        self.backlog_max = self.backlog_max.max(later.backlog_max);
        self.wait_max_s = self.wait_max_s.max(later.wait_max_s);
    }
}

/// Inflow less capacity; rounding noise around balance is balance, so that a change is not found twice.
fn net_inflow(inflow: f64, capacity: f64) -> f64 {
    let net = inflow - capacity;
    if net.abs() <= 1e-12 * capacity { 0.0 } else { net }
}

/// When the net inflow `net + slope t` crosses zero.
fn balance_s(net: f64, slope: f64) -> Option<f64> {
    Some(-net / slope).filter(|&t| t > 0.0)
}

/// The first positive root of `distance + net t + slope t^2 / 2`, in the form that does not cancel (Press et al.,
/// Numerical Recipes, section 5.6).
fn first_root_s(distance: f64, net: f64, slope: f64) -> Option<f64> {
    let positive = |t: f64| Some(t).filter(|t| t.is_finite() && *t > 0.0);
    let a = slope / 2.0;
    if distance == 0.0 {
        return positive(-net / a);
    }
    if a == 0.0 {
        return positive(-distance / net);
    }
    let discriminant = net * net - 4.0 * a * distance;
    if discriminant < 0.0 {
        return None;
    }
    let q = -(net + if net < 0.0 { -1.0 } else { 1.0 } * num::sqrt(discriminant)) / 2.0;
    match (positive(q / a), positive(distance / q)) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn close(got: f64, expected: f64, relative: f64) {
        assert!((got - expected).abs() <= relative * expected.abs(), "{got} is not {expected}");
    }

    #[test]
    fn a_triangular_surge_builds_and_drains() {
        let mut queue = FluidQueue::new(None);
        let (mut all, mut now, mut empty_at, mut building_at) = (Flowed::default(), 0.0, 0.0, 0.0);
        let (mut over_30s, mut arrivals_over_30s, mut above_since) = (0.0, 0.0, None);
        let level = 30.0 * 100.0;
        for (until, base, slope, from) in
            [(300.0, 80.0, 80.0 / 300.0, 0.0), (600.0, 160.0, -80.0 / 300.0, 300.0), (2_000.0, 80.0, 0.0, 600.0)]
        {
            while now < until {
                let inflow = base + slope * (now - from);
                let left: f64 = until - now;
                let crossing = queue.next_crossing_s(level, inflow, slope, 100.0).filter(|_| queue.backlog != level);
                let change = queue.next_change_s(inflow, slope, 100.0);
                let step = left.min(crossing.unwrap_or(left)).min(change.unwrap_or(left));
                let was = queue.backlog;
                let flowed = queue.advance(step, inflow, slope, 100.0);
                all.add(&flowed);
                now += step;
                if above_since.is_some() {
                    over_30s += step;
                    arrivals_over_30s += flowed.arrived;
                }
                if crossing == Some(step) {
                    queue.backlog = level;
                    above_since = if above_since.is_none() { Some(now) } else { None };
                }
                if was > 0.0 && queue.backlog == 0.0 {
                    empty_at = now;
                } else if was == 0.0 && queue.backlog == 0.0 && building_at == 0.0 {
                    building_at = now;
                }
                if now == 600.0 {
                    close(queue.backlog, 12_750.0, 1e-9);
                }
            }
        }
        close(building_at, 75.0, 1e-9);
        close(all.backlog_max, 13_500.0, 1e-9);
        close(all.wait_max_s, 135.0, 1e-9);
        close(empty_at, 1_237.5, 1e-9);
        close(all.delay_integral, 8_095_312.5, 1e-9);
        close(all.delayed, 116_250.0, 1e-9);
        close(over_30s, 862.499_999_999_998_6, 1e-9);
        close(arrivals_over_30s, 86_249.999_999_999_88, 1e-9);
        assert_eq!(queue.backlog, 0.0);
    }

    #[test]
    fn a_daily_wave_over_its_capacity_in_short_chords() {
        // lambda(t) = 100 (1 + 0.6 cos(2 pi t / 24)), capacity 105, hours after the peak; chords of 1/500 hour.
        let inflow = |t: f64| 100.0 * (1.0 + 0.6 * num::cos(t * core::f64::consts::TAU / 24.0));
        let mut queue = FluidQueue::new(None);
        let (mut highest, mut highest_at, mut cleared_at) = (0.0, 0.0, 0.0);
        let dt = 0.002;
        for i in -6_000..9_000_i32 {
            let t = f64::from(i) * dt;
            let (start, slope) = (inflow(t), (inflow(t + dt) - inflow(t)) / dt);
            let was = queue.backlog;
            if let Some(change) = queue.next_change_s(start, slope, 105.0).filter(|&change| change <= dt && was > 0.0) {
                cleared_at = t + change;
            }
            let flowed = queue.advance(dt, start, slope, 105.0);
            if flowed.backlog_max > highest {
                highest = flowed.backlog_max;
                highest_at = t + (105.0 - start) / slope;
            }
        }
        close(highest, 399.958_708_495_923_2, 1e-6);
        close(highest_at, 5.681_320_543_520_056, 1e-6);
        close(cleared_at, 14.275_595_752_137_404, 1e-6);
    }

    #[test]
    fn a_full_queue_loses_the_excess() {
        let mut queue = FluidQueue::new(Some(100.0));
        let flowed = queue.advance(30.0, 110.0, 0.0, 100.0);
        close(flowed.lost, 200.0, 1e-12);
        assert_eq!((queue.backlog, flowed.wait_max_s), (100.0, 1.0));
        assert_eq!(queue.next_change_s(110.0, -1.0, 100.0), Some(10.0));
        let drained = queue.advance(1_000.0, 110.0, -1.0, 100.0);
        assert_eq!(queue.backlog, 0.0);
        close(drained.served + drained.lost, drained.arrived + 100.0, 1e-12);
        close(drained.arrived, 110.0 * 110.0 / 2.0, 1e-12);
    }

    #[test]
    fn without_capacity_all_of_it_waits() {
        let mut queue = FluidQueue::new(None);
        let flowed = queue.advance(10.0, 5.0, 0.0, 0.0);
        assert_eq!((queue.backlog, flowed.served, flowed.wait_max_s), (50.0, 0.0, f64::INFINITY));
        assert_eq!(FluidQueue::new(Some(0.0)).advance(10.0, 5.0, 0.0, 0.0).lost, 50.0);
    }

    proptest! {
        #[test]
        fn nothing_appears_or_vanishes(
            backlog in prop_oneof![Just(0.0), 0.0..1e4_f64],
            room in prop::option::of(0.0..1e4_f64),
            dt in 0.0..1e4_f64,
            inflow in 0.0..300.0_f64,
            slope in prop_oneof![Just(0.0), -1.0..1.0_f64],
            capacity in prop_oneof![Just(0.0), Just(100.0), 0.0..300.0_f64],
        ) {
            let limit = room.map(|room| backlog + room);
            let mut queue = FluidQueue { backlog, limit };
            let flowed = queue.advance(dt, inflow, slope, capacity);
            let noise = 1e-9 * (1.0 + flowed.arrived + backlog);
            prop_assert!((backlog + flowed.arrived - flowed.lost - flowed.served - queue.backlog).abs() <= noise);
            prop_assert!(flowed.served <= capacity * dt + noise, "{flowed:?}");
            prop_assert!(queue.backlog >= 0.0 && limit.is_none_or(|limit| queue.backlog <= limit + noise));
            prop_assert!(flowed.delayed <= flowed.arrived + noise && flowed.delay_integral.is_finite());
            // Halves make the whole.
            let mut halves = FluidQueue { backlog, limit };
            let mut sum = halves.advance(dt / 2.0, inflow, slope, capacity);
            sum.add(&halves.advance(dt / 2.0, (inflow + slope * dt / 2.0).max(-1.0), slope, capacity));
            let near = 1e-6 * (1.0 + flowed.arrived + backlog);
            prop_assert!((sum.served - flowed.served).abs() <= near, "{sum:?} {flowed:?}");
        }
    }
}
