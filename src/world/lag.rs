//! Curves made from curves: users who follow their log-ins, and users who spread theirs.

use super::curve::Curve;
use crate::num;
use crate::units::{Duration, Time};

/// The next point after `t`, about `h` later, on a grid that curves of other people share: where many bend at once, there is
/// less to work out.
fn on_grid(from: Time, t: f64, h: f64, mean_s: f64) -> Time {
    let grid = [300.0, 60.0, 1.0].into_iter().find(|grid| *grid <= mean_s / 4.0).unwrap_or(mean_s / 8.0);
    let wanted = from.after(Duration::from_seconds(t + h.max(1e-3)));
    let step = Duration::from_seconds(grid).0.max(1);
    let snapped = Time(wanted.0.div_euclid(step).saturating_mul(step));
    let now = from.after(Duration::from_seconds(t));
    if snapped > now { snapped } else { Time(now.0.div_euclid(step).saturating_add(1).saturating_mul(step)) }
}

/// The straight lines that stand for an exponential are this close to it, as a share of the curve's peak.
const CLOSE: f64 = 4e-3;

impl Curve {
    /// The share of users who are there when this share keeps logging in and a session lasts `mean_s` on average: an
    /// M(t)/G/inf queue with exponential sessions, `dN/dt = (a(t) - N) / mean` (Eick, Massey & Whitt, Management Science
    /// 39, 1993). Between two points of `a` it is a straight line and a decaying exponential. A sinusoid of angular
    /// frequency `w` is followed with a lag of `atan(w mean) / w`.
    pub fn followed(&self, mean_s: f64) -> Curve {
        let peak = self.peak().max(1e-12);
        let Some(&(first, start)) = self.points.first() else { return self.clone() };
        let mut points = vec![(first, start)];
        let mut there = start;
        for pair in self.points.windows(2) {
            let ((from, a0), (to, a1)) = (pair[0], pair[1]);
            let length_s = to.since(from).seconds();
            if length_s <= 0.0 {
                continue;
            }
            let slope = (a1 - a0) / length_s;
            // N(t) = a0 + slope (t - mean) + (N0 - a0 + slope mean) e^(-t / mean).
            let excess = there - a0 + slope * mean_s;
            let at = |t: f64| a0 + slope * (t - mean_s) + excess * num::exp(-t / mean_s);
            let mut t = 0.0;
            while t < length_s {
                // A chord over h is off by |excess| (h / mean)^2 / 8 at most.
                let bend = excess.abs() * num::exp(-t / mean_s);
                let h = mean_s * num::sqrt(8.0 * CLOSE * peak / bend.max(1e-300));
                let when = on_grid(from, t, h, mean_s).min(to);
                t = when.since(from).seconds();
                points.push((when, at(t)));
            }
            there = at(length_s);
        }
        Curve { points }.settled(there, self, mean_s, peak)
    }

    /// After the last point the profile stays, and those who are there still have to settle.
    fn settled(mut self, there: f64, profile: &Curve, mean_s: f64, peak: f64) -> Curve {
        let Some(&(last, level)) = profile.points.last() else { return self };
        let excess = there - level;
        let mut t = 0.0;
        while excess.abs() * num::exp(-t / mean_s) > CLOSE * peak / 8.0 {
            let bend = excess.abs() * num::exp(-t / mean_s);
            t += (mean_s * num::sqrt(8.0 * CLOSE * peak / bend)).max(1e-3);
            self.points.push((last.after(Duration::from_seconds(t)), level + excess * num::exp(-t / mean_s)));
        }
        self
    }

    /// The mean over a window of this length around each moment: what becomes of a profile when everybody comes at a
    /// random moment of the window around their usual one.
    pub fn spread(&self, over_s: f64) -> Curve {
        if over_s <= 0.0 || self.points.len() < 2 {
            return self.clone();
        }
        let half = Duration::from_seconds(over_s / 2.0);
        let step = Duration::from_seconds(over_s / 4.0);
        // The mean of straight lines bends where an end of the window meets a point, and is a parabola in between.
        let mut edges: Vec<Time> =
            self.points.iter().flat_map(|(at, _)| [Time(at.0.saturating_sub(half.0)), at.after(half)]).collect();
        edges.sort_unstable();
        edges.dedup();
        let sums = self.integrals();
        let mut points = Vec::new();
        for pair in edges.windows(2) {
            let mut at = pair[0];
            while at < pair[1] {
                points.push((at, self.mean_around(at, half, &sums)));
                at = at.after(step);
            }
        }
        if let Some(&last) = edges.last() {
            points.push((last, self.mean_around(last, half, &sums)));
        }
        Curve { points }
    }

    /// The integral up to each point.
    fn integrals(&self) -> Vec<f64> {
        let mut sum = 0.0;
        let mut sums = vec![0.0];
        for pair in self.points.windows(2) {
            sum += pair[1].0.since(pair[0].0).seconds() * (pair[0].1 + pair[1].1) / 2.0;
            sums.push(sum);
        }
        sums
    }

    fn mean_around(&self, at: Time, half: Duration, sums: &[f64]) -> f64 {
        let (from, to) = (Time(at.0.saturating_sub(half.0)), at.after(half));
        (self.integral_to(to, sums) - self.integral_to(from, sums)) / to.since(from).seconds()
    }

    fn integral_to(&self, at: Time, sums: &[f64]) -> f64 {
        let after = self.points.partition_point(|p| p.0 <= at);
        match after {
            0 => -(self.points[0].0.since(at).seconds() * self.points[0].1),
            i => {
                let (left, from) = self.points[i - 1];
                let t = at.since(left).seconds();
                let slope = self.points.get(i).map_or(0.0, |(right, to)| (to - from) / right.since(left).seconds());
                sums[i - 1] + t * (from + slope * t / 2.0)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(curve: &Curve, seconds: f64) -> f64 {
        curve.at(Time::ZERO.after(Duration::from_seconds(seconds)), &mut 0).0
    }

    #[test]
    fn who_is_there_follows_who_logs_in() {
        let step = Curve { points: vec![(Time::ZERO, 0.0), (Time::ZERO, 1.0)] };
        let there = step.followed(600.0);
        for (s, expected) in [(600.0, 1.0 - num::exp(-1.0)), (1_800.0, 1.0 - num::exp(-3.0)), (60_000.0, 1.0)] {
            assert!((at(&there, s) - expected).abs() < 4.5e-3, "{s}: {} is not {expected}", at(&there, s));
        }
    }

    #[test]
    fn spreading_moves_nobody_away() {
        let second = |s: i64| Time(s * crate::units::NANOS_PER_SECOND);
        let bell =
            Curve { points: vec![(second(0), 0.0), (second(3_600), 1.0), (second(4_200), 0.2), (second(9_000), 0.0)] };
        let spread = bell.spread(1_800.0);
        assert!(spread.peak() < 0.85 && spread.peak() > 0.5);
        let sum = |curve: &Curve| *curve.integrals().last().unwrap();
        assert!((sum(&spread) / sum(&bell) - 1.0).abs() < 2e-3, "{} {}", sum(&spread), sum(&bell));
    }
}
