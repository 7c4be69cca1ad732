//! Waits that were drawn: by which law, and since when.

use crate::dist::Sampler;
use crate::num;
use crate::rng::Stream;
use crate::units::{Duration, Time};

/// Tries for what has no formula.
const TRIES: usize = 1_000;

/// The law of a wait.
#[derive(Debug, Clone)]
pub enum Wait {
    /// So many times this.
    Of(Sampler, f64),
    /// One after the other, and nobody sees where one ends.
    Sum(Sampler, Sampler),
}

impl Wait {
    pub fn of(law: &Sampler) -> Wait {
        Wait::Of(law.clone(), 1.0)
    }

    /// A wait that goes on: all of it, drawn anew, given that it is longer than what has passed. `None`: it stays what it was.
    pub fn drawn_anew(&self, passed: Duration, stream: &mut Stream) -> Option<Duration> {
        let passed_s = passed.seconds();
        let all_s = match self {
            Wait::Of(law, times) => {
                let used = law.cumulative_hazard(passed_s / times);
                let uniform = stream.uniform();
                if used.is_infinite() || *times <= 0.0 {
                    return None;
                }
                law.age_at_hazard(used - num::ln_1p(-uniform)) * times
            }
            Wait::Sum(first, second) => {
                let draw = |_| first.quantile_s(stream.uniform()) + second.quantile_s(stream.uniform());
                (0..TRIES).map(draw).find(|all_s| *all_s > passed_s)?
            }
        };
        Some(Duration::from_seconds(all_s).max(Duration(passed.0.saturating_add(1))))
    }
}

/// A wait that was drawn and may not be over.
#[derive(Debug, Clone)]
pub struct Drawn<E> {
    /// Which event it is, by its place among all that were made due.
    pub sequence: u64,
    pub event: E,
    /// When the wait began.
    pub begun: Time,
    /// When it is over.
    pub due: Time,
    pub wait: Wait,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dist::Dist;
    use crate::rng::Luck;

    fn seconds(s: f64) -> Duration {
        Duration::from_seconds(s)
    }

    /// The mean of what is left after `passed`, of many draws.
    fn mean_all(wait: &Wait, passed: f64) -> f64 {
        let mut stream = Stream::new(Luck { seed: 1, replication: 0 }, "wait", "test");
        let all = (0..20_000).map(|_| wait.drawn_anew(seconds(passed), &mut stream).unwrap().seconds());
        let all: Vec<f64> = all.collect();
        assert!(all.iter().all(|all| *all > passed));
        all.iter().sum::<f64>() / all.len() as f64
    }

    #[test]
    fn what_has_passed_is_known() {
        let uniform = Dist::Uniform(seconds(60.0), seconds(180.0)).sampler();
        let exponential = Dist::Exponential { mean: seconds(60.0) }.sampler();
        // What is left of a uniform wait is uniform, and an exponential one has no memory.
        assert!((mean_all(&Wait::of(&uniform), 120.0) - 150.0).abs() < 0.5);
        assert!((mean_all(&Wait::of(&uniform), 30.0) - 120.0).abs() < 1.0);
        assert!((mean_all(&Wait::of(&exponential), 600.0) - 660.0).abs() < 2.0);
        // Twice as long: the same law, by half of the time.
        assert!((mean_all(&Wait::Of(uniform, 2.0), 240.0) - 300.0).abs() < 1.0);
        // Two exponential ones of one mean m are an Erlang: after t there is m (2m + t)/(m + t) left.
        let sum = Wait::Sum(exponential.clone(), exponential);
        assert!((mean_all(&sum, 60.0) - (60.0 + 60.0 * 180.0 / 120.0)).abs() < 2.0);
    }

    #[test]
    fn what_is_fixed_stays_as_it_is() {
        let mut stream = Stream::new(Luck { seed: 1, replication: 0 }, "wait", "fixed");
        let fixed = Wait::of(&Dist::Fixed(seconds(100.0)).sampler());
        assert_eq!(fixed.drawn_anew(seconds(40.0), &mut stream), Some(seconds(100.0)));
        assert_eq!(fixed.drawn_anew(seconds(100.0), &mut stream), None);
    }
}
