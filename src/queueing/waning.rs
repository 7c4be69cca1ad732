//! A queue as a fluid whose users give up: a backlog that fills, drains, and wanes.
//!
//! Of those who wait each gives up at the same rate, however long he has waited: dq/dt = λ(t) − σ − θ q (Garnett, Mandelbaum & Reiman,
//! MSOM 4, 2002; Mandelbaum, Massey & Reiman, Strong approximations for Markovian service networks, Queueing Systems 30, 1998), where σ
//! is what is served. Exact for λ that is linear in time. An overload that is shorter than the patience, 1/θ, makes few give up.

use crate::num;

/// What comes to such a queue and what leaves it, per second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Waning {
    /// What comes, and how much more of it each second.
    pub inflow: f64,
    pub slope: f64,
    /// What is served.
    pub leaves: f64,
    /// Rate at which each who waits gives up: one over the mean patience.
    pub gives_up_per_s: f64,
}

/// What happened over a stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Waned {
    /// How many wait at its end.
    pub backlog: f64,
    pub served: f64,
    pub given_up: f64,
    /// The integral of the backlog over time.
    pub backlog_integral: f64,
}

impl Waning {
    /// How many wait after a time, if nothing is in the way: below zero once the queue is empty.
    fn after(&self, backlog: f64, dt_s: f64) -> f64 {
        let theta = self.gives_up_per_s;
        let x = theta * dt_s;
        let settled_s = -num::exp_m1(-x) / theta;
        // (t - (1 - e^(-θt))/θ) / θ, in the form that does not cancel.
        let sloped = if x < 1e-3 { dt_s * dt_s * (0.5 - x / 6.0 + x * x / 24.0) } else { (dt_s - settled_s) / theta };
        backlog * num::exp(-x) + (self.inflow - self.leaves) * settled_s + self.slope * sloped
    }

    /// Lets `dt_s` seconds pass.
    pub fn advance(&self, backlog: f64, dt_s: f64) -> Waned {
        let arrived = dt_s * (self.inflow + self.slope * dt_s / 2.0);
        let free = self.after(backlog, dt_s);
        let after = free.max(0.0);
        let served = (self.leaves * dt_s + free - after).max(0.0);
        let given_up = (backlog + arrived - served - after).max(0.0);
        // By rounding nobody is made or lost.
        let after = if given_up > 0.0 { after } else { (backlog + arrived - served).max(0.0) };
        Waned { backlog: after, served, given_up, backlog_integral: given_up / self.gives_up_per_s }
    }

    /// Seconds until so many wait, if that is within a time.
    pub fn crosses_s(&self, backlog: f64, level: f64, within_s: f64) -> Option<f64> {
        let is_over = |dt_s: f64| self.after(backlog, dt_s) > level;
        // It turns once at most, where as many come as leave: b' = (c + s/θ ...) e^(-θt) + s/θ.
        let theta = self.gives_up_per_s;
        let bends = self.inflow - self.leaves - theta * backlog - self.slope / theta;
        let turns_s = num::ln(-bends * theta / self.slope) / theta;
        let turns_s = if turns_s > 0.0 && turns_s < within_s { turns_s } else { within_s };
        let first = is_over(0.0);
        let (mut low, mut high) = match (is_over(turns_s) != first, is_over(within_s) != first) {
            (true, _) => (0.0, turns_s),
            (_, true) => (turns_s, within_s),
            _ => return None,
        };
        for _ in 0..60 {
            let middle = (low + high) / 2.0;
            if is_over(middle) == first { low = middle } else { high = middle }
        }
        Some(high)
    }

    /// How many wait where whoever comes waits so long: those who do not give up meanwhile are served at this rate.
    pub fn backlog_of_wait(&self, wait_s: f64) -> f64 {
        self.leaves * num::exp_m1(wait_s * self.gives_up_per_s) / self.gives_up_per_s
    }

    /// How much larger a line has to be at the start of a time than at its end, for those who leave meanwhile, against those who are
    /// served; and what is left of those who have not left.
    pub fn shares(&self, dt_s: f64) -> (f64, f64) {
        let x = self.gives_up_per_s * dt_s;
        (if x > 0.0 { num::exp_m1(x) / x } else { 1.0 }, num::exp(-x))
    }

    /// How much larger what comes within a time would have to have been at its start, to be what it is.
    pub fn grown(&self, dt_s: f64) -> f64 {
        let x = self.gives_up_per_s * dt_s;
        let arrived = dt_s * (self.inflow + self.slope * dt_s / 2.0);
        if arrived <= 0.0 || x <= 0.0 {
            return 1.0;
        }
        let settled_s = num::exp_m1(x) / self.gives_up_per_s;
        // The integral of t e^(θt).
        let sloped = if x < 1e-3 {
            dt_s * dt_s * (0.5 + x / 3.0 + x * x / 8.0)
        } else {
            (dt_s * num::exp(x) - settled_s) / self.gives_up_per_s
        };
        (self.inflow * settled_s + self.slope * sloped) / arrived
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILLS: Waning = Waning { inflow: 150.0, slope: 0.0, leaves: 100.0, gives_up_per_s: 0.02 };

    #[test]
    fn it_fills_to_where_as_many_give_up_as_come_too_many() {
        // 2,500 (1 - e^(-t/50)).
        let waned = FILLS.advance(0.0, 50.0);
        assert!((waned.backlog - 2_500.0 * (1.0 - num::exp(-1.0))).abs() < 1e-9);
        assert_eq!(waned.served, 5_000.0);
        assert!((waned.given_up - (7_500.0 - 5_000.0 - waned.backlog)).abs() < 1e-9);
        assert!((FILLS.advance(0.0, 1e4).backlog - 2_500.0).abs() < 1e-9);
        // Shorter than patience: nearly nobody.
        assert!(FILLS.advance(0.0, 1.0).given_up < 0.01 * 50.0);
    }

    #[test]
    fn small_steps_and_large_ones_come_to_the_same() {
        let sloped = Waning { slope: -0.7, ..FILLS };
        let (mut backlog, mut given_up) = (300.0, 0.0);
        for step in 0..40_000 {
            let here = Waning { inflow: 150.0 - 0.7 * f64::from(step) * 1e-3, ..sloped };
            let waned = here.advance(backlog, 1e-3);
            backlog = waned.backlog;
            given_up += waned.given_up;
        }
        let once = sloped.advance(300.0, 40.0);
        assert!((backlog - once.backlog).abs() < 1e-6 * once.backlog, "{backlog} {}", once.backlog);
        assert!((given_up - once.given_up).abs() < 1e-6 * once.given_up);
    }

    #[test]
    fn it_is_known_when_it_is_empty_also_where_it_turns() {
        let drains = Waning { inflow: 80.0, ..FILLS };
        // 1,000 (e^(-t/50) ...): (1500 e^(-t/50) - 1000) crosses 0 at 50 ln 1.5 from 500.
        let empty_s = drains.crosses_s(500.0, 0.0, 100.0).unwrap();
        assert!((empty_s - 50.0 * num::ln(1.5)).abs() < 1e-9, "{empty_s}");
        let turns = Waning { inflow: 50.0, slope: 10.0, ..FILLS };
        let empty_s = turns.crosses_s(60.0, 0.0, 100.0).unwrap();
        assert!(turns.after(60.0, empty_s).abs() < 1e-6 && empty_s < 2.0, "{empty_s}");
        assert_eq!(turns.crosses_s(600.0, 0.0, 100.0), None);
    }

    #[test]
    fn what_comes_is_as_much_as_its_parts() {
        let sloped = Waning { slope: 3.0, ..FILLS };
        let (mut sum, steps) = (0.0, 100_000);
        for i in 0..steps {
            let t = (f64::from(i) + 0.5) * 5.0 / f64::from(steps);
            sum += (150.0 + 3.0 * t) * num::exp(0.02 * t) * 5.0 / f64::from(steps);
        }
        assert!((sloped.grown(5.0) * (750.0 + 37.5) / sum - 1.0).abs() < 1e-8);
    }
}
