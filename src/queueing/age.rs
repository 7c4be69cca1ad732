//! How old the oldest item is that a first-come-first-served queue has not served yet.
//!
//! With cumulative arrivals A and cumulative services D it is `now - A^-1(D(now))` (Newell, Applications of Queueing
//! Theory, 1982, chapter 1): the staleness of what a durable queue feeds, and the lag of a replica on its source's
//! clock.

use crate::num;
use std::collections::VecDeque;

/// Stretches of arrivals remembered; beyond it neighbours are merged into stretches of their average rate.
const STRETCHES_MAX: usize = 1024;

/// What a first-come-first-served queue holds, by when it arrived.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Age {
    stretches: VecDeque<Stretch>,
}

/// Arrivals at a linear rate, of which a part has been served.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Stretch {
    from_s: f64,
    for_s: f64,
    inflow: f64,
    slope: f64,
    arrived: f64,
    served: f64,
}

impl Age {
    /// An empty queue.
    pub fn new() -> Age {
        Age::default()
    }

    /// Notes what was admitted from `from_s` on, for `dt_s` seconds, at `inflow_start + inflow_slope t` per second.
    /// Calls must be in the order of time.
    pub fn arrive(&mut self, from_s: f64, dt_s: f64, inflow_start: f64, inflow_slope: f64) {
        let arrived = dt_s * (inflow_start + inflow_slope * dt_s / 2.0);
        if !(arrived > 0.0 && dt_s > 0.0) {
            return;
        }
        if let Some(last) = self.stretches.back_mut() {
            let joins = (last.from_s + last.for_s - from_s).abs() <= 1e-9 * (1.0 + from_s.abs());
            if joins && last.slope == 0.0 && inflow_slope == 0.0 && last.inflow == inflow_start {
                last.for_s = from_s + dt_s - last.from_s;
                last.arrived += arrived;
                return;
            }
        }
        if self.stretches.len() >= STRETCHES_MAX {
            self.coarsen();
        }
        let stretch = Stretch { from_s, for_s: dt_s, inflow: inflow_start, slope: inflow_slope, arrived, served: 0.0 };
        self.stretches.push_back(stretch);
    }

    /// Takes the oldest `amount` out; more than there is empties the queue.
    pub fn serve(&mut self, amount: f64) {
        self.serve_in(amount, 0.0, 0.0);
    }

    /// The same, evenly from `from_s` on for `dt_s` seconds. Gives the most that the last of a stretch of arrivals had waited when it was
    /// done: between those, age changes in one direction.
    pub fn serve_in(&mut self, amount: f64, from_s: f64, dt_s: f64) -> f64 {
        let (mut left, mut oldest_s) = (amount, 0.0f64);
        while let Some(first) = self.stretches.front_mut() {
            let here = first.arrived - first.served;
            // What is left of a stretch below rounding noise is gone.
            if left < here - 1e-12 * first.arrived {
                first.served += left.max(0.0);
                break;
            }
            left -= here;
            let done_s = from_s + dt_s * (1.0 - (left / amount).max(0.0));
            oldest_s = oldest_s.max(done_s - (first.from_s + first.for_s));
            self.stretches.pop_front();
        }
        oldest_s
    }

    /// Takes out what had arrived at `at_s`.
    pub fn serve_until(&mut self, at_s: f64) {
        while let Some(first) = self.stretches.front_mut() {
            let for_s = at_s - first.from_s;
            if for_s <= 0.0 {
                return;
            }
            if for_s < first.for_s {
                let arrived = for_s * (first.inflow + first.slope * for_s / 2.0);
                first.served = first.served.max(arrived.min(first.arrived));
                return;
            }
            self.stretches.pop_front();
        }
    }

    /// Takes the newest `amount` out: what waits is what came before that.
    pub fn forget_newest(&mut self, amount: f64) {
        let mut left = amount;
        while let Some(last) = self.stretches.back_mut() {
            let here = last.arrived - last.served;
            if left < here {
                let kept = Stretch { served: last.arrived - left.max(0.0), ..*last };
                last.for_s = kept.next_arrived_at_s() - last.from_s;
                last.arrived -= left.max(0.0);
                return;
            }
            left -= here;
            self.stretches.pop_back();
        }
    }

    /// Forgets everything that waits.
    pub fn clear(&mut self) {
        self.stretches.clear();
    }

    /// How much waits.
    pub fn backlog(&self) -> f64 {
        self.stretches.iter().map(|stretch| stretch.arrived - stretch.served).sum()
    }

    /// The age in seconds, at `now_s`, of the oldest item that is not served; 0 if there is none.
    pub fn age_s(&self, now_s: f64) -> f64 {
        self.stretches.front().map_or(0.0, |first| (now_s - first.next_arrived_at_s()).max(0.0))
    }

    /// The age at `at_s` if another `served` of what waits were served by then and nothing else arrived.
    pub fn age_if_s(&self, at_s: f64, served: f64) -> f64 {
        let mut left = served;
        for stretch in &self.stretches {
            let here = stretch.arrived - stretch.served;
            if left < here - 1e-12 * stretch.arrived {
                let ahead = Stretch { served: stretch.served + left.max(0.0), ..*stretch };
                return (at_s - ahead.next_arrived_at_s()).max(0.0);
            }
            left -= here;
        }
        0.0
    }

    fn coarsen(&mut self) {
        let stretches: Vec<Stretch> = self.stretches.drain(..).collect();
        for pair in stretches.chunks(2) {
            let merged = match pair {
                // The front keeps its shape, for its age is asked for next.
                [first, second] if !self.stretches.is_empty() => {
                    let for_s = second.from_s + second.for_s - first.from_s;
                    let arrived = first.arrived + second.arrived;
                    let served = first.served + second.served;
                    self.stretches.push_back(Stretch {
                        for_s,
                        inflow: arrived / for_s,
                        slope: 0.0,
                        arrived,
                        served,
                        ..*first
                    });
                    continue;
                }
                other => other,
            };
            self.stretches.extend(merged);
        }
    }
}

impl Stretch {
    /// When the first item that is not served arrived: `inflow x + slope x^2 / 2 = served`, in the form that does not
    /// cancel.
    fn next_arrived_at_s(&self) -> f64 {
        let discriminant = (self.inflow * self.inflow + 2.0 * self.slope * self.served).max(0.0);
        let rate = self.inflow + num::sqrt(discriminant);
        let x = if self.served > 0.0 && rate > 0.0 { 2.0 * self.served / rate } else { 0.0 };
        self.from_s + x.min(self.for_s)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_burst_leaves_the_replica_behind_in_source_time() {
        // 150 per second in, 100 out, for 600 s: the backlog is 30000 and the lag 200 s, not backlog / rate out.
        let mut age = Age::new();
        for second in 0..600 {
            age.arrive(f64::from(second), 1.0, 150.0, 0.0);
            age.serve(100.0);
        }
        assert_eq!(age.stretches.len(), 1);
        assert!((age.backlog() - 30_000.0).abs() < 1e-6);
        assert!((age.age_s(600.0) - 200.0).abs() < 1e-9);
        // 60 per second in, 100 out: caught up after 750 s.
        age.arrive(600.0, 750.0, 60.0, 0.0);
        age.serve(74_999.0);
        assert!((age.age_s(1_350.0) - 1.0 / 60.0).abs() < 1e-9);
        age.serve(1.0);
        assert_eq!((age.age_s(1_350.0), age.backlog()), (0.0, 0.0));
    }

    #[test]
    fn a_ramp_is_inverted_exactly() {
        let mut age = Age::new();
        age.arrive(10.0, 10.0, 0.0, 2.0);
        age.serve(25.0);
        assert!((age.age_s(20.0) - 5.0).abs() < 1e-12);
        let mut falling = Age::new();
        falling.arrive(0.0, 10.0, 20.0, -2.0);
        falling.serve(75.0);
        assert!((falling.age_s(10.0) - 5.0).abs() < 1e-12);
    }

    #[test]
    fn what_came_before_a_time_and_what_came_last_can_be_taken_out() {
        let mut age = Age::new();
        age.arrive(0.0, 10.0, 0.0, 2.0);
        age.arrive(10.0, 10.0, 20.0, 0.0);
        age.serve_until(5.0);
        assert!((age.backlog() - 275.0).abs() < 1e-9 && (age.age_s(20.0) - 15.0).abs() < 1e-9);
        age.forget_newest(236.0);
        // 39 are left: those that came between 5 s and 8 s.
        assert!((age.backlog() - 39.0).abs() < 1e-9 && (age.age_s(20.0) - 15.0).abs() < 1e-9);
        age.serve_until(8.0);
        assert_eq!((age.backlog(), age.age_s(20.0)), (0.0, 0.0));
    }

    #[test]
    fn memory_stays_bounded() {
        let mut age = Age::new();
        for i in 0..100_000 {
            age.arrive(f64::from(i), 1.0, f64::from(i % 7), 0.5);
        }
        assert!(age.stretches.len() <= STRETCHES_MAX);
        let all = (0..100_000).map(|i| f64::from(i % 7) + 0.25).sum::<f64>();
        assert!((age.backlog() - all).abs() < 1e-3);
        age.serve(all / 2.0);
        assert!((age.age_s(100_000.0) - 50_000.0).abs() < 200.0, "{}", age.age_s(100_000.0));
    }
}
