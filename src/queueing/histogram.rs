//! Latencies of many requests, merged rather than averaged.

use super::latency::Latency;
use hdrhistogram::Histogram;

/// Counts per request: weights are kept to a thousandth of a request.
const COUNTS_PER_REQUEST: f64 = 1_000.0;
/// Counts in one histogram. Percentiles do not move any more long before; beyond, the sums would overflow.
const COUNTS_MAX: u64 = 1 << 62;
/// Seven days, in microseconds.
const LATENCY_MAX_US: u64 = 7 * 86_400 * 1_000_000;
const SIGNIFICANT_DIGITS: u8 = 3;
/// The last points of a latency are recorded in parts, between the points: a 99th percentile that could only fall on
/// one of them would be 5% off.
const TAIL_POINTS: usize = 20;
const TAIL_PARTS: usize = 5;

/// A histogram of latencies between a microsecond and seven days, to three significant digits; what lies outside counts
/// at the nearest bound. Empty, it costs nothing.
///
/// Recording a [`Latency`] costs as much as some 300 single values: where the same latency holds for a while, add up
/// its weight and record once.
#[derive(Debug, Clone, Default)]
pub struct LatencyHistogram {
    counts: Option<Box<Histogram<u64>>>,
    /// The part of a count that rounding has held back so far; it goes to the next value recorded.
    carry: f64,
    /// Sum of what was recorded, by weight, in seconds; and of single requests, in nanoseconds.
    sum_s: f64,
    sum_ns: u128,
}

impl LatencyHistogram {
    /// An empty histogram.
    pub fn new() -> LatencyHistogram {
        LatencyHistogram::default()
    }

    /// Records `weight` requests of this latency.
    pub fn record(&mut self, latency: &Latency, weight: f64) {
        let points = latency.points();
        let each = weight / points.len() as f64;
        let body = points.len() - TAIL_POINTS.min(points.len());
        self.sum_s += weight.max(0.0) * latency.mean();
        points[..body].iter().for_each(|&seconds| self.add_s(seconds, each));
        let parts = (points.len() * TAIL_PARTS) as f64;
        for part in body * TAIL_PARTS..points.len() * TAIL_PARTS {
            self.add_s(latency.quantile((part as f64 + 0.5) / parts), each / TAIL_PARTS as f64);
        }
    }

    /// Adds so many requests of about this many nanoseconds; their sum is added by [`add_sum`](LatencyHistogram::add_sum).
    pub(super) fn add_count(&mut self, ns: f64, count: u64) {
        let value = ((ns * 1e-3).round() as u64).clamp(1, LATENCY_MAX_US);
        let counted = count.saturating_mul(COUNTS_PER_REQUEST as u64);
        if let Some(counts) = self.counts().filter(|counts| counts.len() + counted < COUNTS_MAX) {
            counts.saturating_record_n(value, counted);
        }
    }

    pub(super) fn add_sum(&mut self, ns: u128) {
        self.sum_ns += ns;
    }

    /// The share of requests that took longer than `seconds`.
    pub fn ccdf(&self, seconds: f64) -> f64 {
        let Some(counts) = self.counts.as_ref().filter(|counts| !counts.is_empty()) else { return 0.0 };
        let value = (seconds * 1e6).clamp(0.0, LATENCY_MAX_US as f64) as u64;
        let up_to = counts.count_between(0, value) as f64 / counts.len() as f64;
        (1.0 - up_to).max(0.0)
    }

    /// Records `weight` requests that took `seconds`.
    pub fn record_s(&mut self, seconds: f64, weight: f64) {
        if weight > 0.0 && seconds.is_finite() {
            self.sum_s += weight * seconds;
        }
        self.add_s(seconds, weight);
    }

    fn add_s(&mut self, seconds: f64, weight: f64) {
        if weight.is_nan() || weight <= 0.0 {
            return;
        }
        let due = weight * COUNTS_PER_REQUEST + self.carry;
        let count = due.floor().min(1e18);
        self.carry = (due - count).min(1e18);
        if count >= 1.0 {
            let value = (seconds * 1e6).round().max(1.0) as u64;
            if let Some(counts) = self.counts().filter(|counts| counts.len() + (count as u64) < COUNTS_MAX) {
                counts.saturating_record_n(value.min(LATENCY_MAX_US), count as u64);
            }
        }
    }

    /// Adds everything that another histogram holds.
    pub fn merge(&mut self, other: &LatencyHistogram) {
        self.carry += other.carry;
        self.sum_s += other.sum_s;
        self.sum_ns += other.sum_ns;
        match (&mut self.counts, &other.counts) {
            (_, None) => {}
            (None, Some(theirs)) => self.counts = Some(theirs.clone()),
            (Some(ours), Some(theirs)) if ours.len() + theirs.len() < COUNTS_MAX => {
                // The bounds are the same, so that adding cannot fail.
                let added = ours.add(theirs.as_ref());
                debug_assert!(added.is_ok());
            }
            (Some(_), Some(_)) => {}
        }
    }

    /// The latency in seconds that a fraction `p` of requests does not exceed; `None` without requests.
    pub fn percentile(&self, p: f64) -> Option<f64> {
        let counts = self.counts.as_ref().filter(|counts| !counts.is_empty())?;
        let value = counts.value_at_quantile(p.clamp(0.0, 1.0));
        // The middle of the bucket, rather than its upper end.
        Some(counts.median_equivalent(value).min(LATENCY_MAX_US) as f64 / 1e6)
    }

    /// The mean latency in seconds; `None` without requests.
    pub fn mean_s(&self) -> Option<f64> {
        let count = self.count();
        (count > 0.0).then(|| (self.sum_s + self.sum_ns as f64 * 1e-9) / count)
    }

    /// How many requests were recorded.
    pub fn count(&self) -> f64 {
        let whole = self.counts.as_ref().map_or(0, |counts| counts.len());
        (whole as f64 + self.carry) / COUNTS_PER_REQUEST
    }

    fn counts(&mut self) -> Option<&mut Histogram<u64>> {
        if self.counts.is_none() {
            // These bounds are valid, so that this cannot fail.
            let empty = Histogram::new_with_bounds(1, LATENCY_MAX_US, SIGNIFICANT_DIGITS);
            self.counts = empty.ok().map(Box::new);
        }
        self.counts.as_deref_mut()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dist::Sampler;
    use crate::queueing::{Stage, Strata, Wait, compose};

    #[test]
    fn nothing_is_lost_to_rounding() {
        let mut histogram = LatencyHistogram::new();
        assert_eq!((histogram.count(), histogram.percentile(0.5)), (0.0, None));
        for _ in 0..10_000 {
            histogram.record_s(0.1, 0.000_37);
        }
        assert!((histogram.count() - 3.7).abs() < 1e-9);
        let mut sum = LatencyHistogram::new();
        (0..10).for_each(|_| sum.merge(&histogram));
        assert!((sum.count() - 37.0).abs() < 1e-9);
        assert!((sum.percentile(0.5).unwrap() - 0.1).abs() < 1e-4);
    }

    #[test]
    fn a_recorded_latency_keeps_its_percentiles() {
        let strata = Strata::of(&Sampler::Exponential(0.2));
        let latency = compose(0.05, &[Stage { service: &strata, times: 1.0, wait: &Wait::Never, slower: 1.0 }]);
        let mut histogram = LatencyHistogram::new();
        histogram.record(&latency, 12_345.678);
        for p in [0.5, 0.95, 0.99] {
            assert!((histogram.percentile(p).unwrap() / latency.quantile(p) - 1.0).abs() < 0.03);
        }
        assert!((histogram.count() - 12_345.678).abs() < 1e-6);
    }

    #[test]
    fn what_lies_outside_counts_at_the_bound() {
        let mut histogram = LatencyHistogram::new();
        for seconds in [0.0, 1e12, f64::INFINITY] {
            histogram.record_s(seconds, 1.0);
        }
        histogram.record_s(1.0, f64::NAN);
        assert_eq!(histogram.count(), 3.0);
        assert!((histogram.percentile(1.0).unwrap() / 604_800.0 - 1.0).abs() < 1e-3);
        assert_eq!(histogram.percentile(0.0), Some(1e-6));
    }
}
