//! A curve over the run's time: straight lines between points.

use crate::units::Time;

/// Piecewise-linear: constant before the first point and after the last.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// Points in order of time; two at one time make a step.
    pub points: Vec<(Time, f64)>,
}

impl Curve {
    /// The same value always.
    pub fn constant(value: f64) -> Curve {
        Curve { points: vec![(Time::ZERO, value)] }
    }

    /// The value just after `time` and its slope per second until the next point, with that point's time. `hint` is the
    /// index found last time; time only moves on, so the search starts there.
    pub fn at(&self, time: Time, hint: &mut usize) -> (f64, f64, Time) {
        while self.points.get(*hint).is_some_and(|p| p.0 <= time) {
            *hint += 1;
        }
        match (hint.checked_sub(1).map(|i| self.points[i]), self.points.get(*hint)) {
            (None, Some(&(next, value))) => (value, 0.0, next),
            (Some((_, value)), None) => (value, 0.0, Time::NEVER),
            (None, None) => (0.0, 0.0, Time::NEVER),
            (Some((left, from)), Some(&(right, to))) => {
                let slope = (to - from) / right.since(left).seconds();
                (from + slope * time.since(left).seconds(), slope, right)
            }
        }
    }

    /// The largest value.
    pub fn peak(&self) -> f64 {
        self.points.iter().map(|p| p.1).fold(0.0, f64::max)
    }
}
