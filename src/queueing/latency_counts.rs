//! Latencies of single requests, counted as they come.
//!
//! Recording a value in a histogram takes as long as half of everything else that is done for a request (see
//! `docs/performance.md`), so that values are counted here first, and folded into it when somebody wants to know.

use super::histogram::LatencyHistogram;

/// Buckets for each doubling, as a power of two: the middle of a bucket is within 0.1% of what is in it.
const BITS: u32 = 9;
/// Values below this many nanoseconds have a bucket each.
const LEAST: u64 = 1 << BITS;
/// Doublings up to the greatest number.
const BUCKETS: usize = ((64 - BITS as usize) + 1) << BITS;

/// Counts of nanoseconds, in buckets of equal ratio. Empty, it costs nothing.
#[derive(Debug, Clone, Default)]
pub struct LatencyCounts {
    counts: Vec<u32>,
    sum_ns: u128,
}

impl LatencyCounts {
    /// Counts a value.
    #[inline]
    pub fn record(&mut self, ns: u64) {
        if self.counts.is_empty() {
            self.counts = vec![0; BUCKETS];
        }
        let octave = (63 - (ns | LEAST).leading_zeros()) - BITS;
        let bucket = ((octave as usize) << BITS) + (ns >> octave) as usize;
        self.sum_ns += u128::from(ns);
        if let Some(count) = self.counts.get_mut(bucket) {
            *count = count.saturating_add(1);
        }
    }

    /// Hands everything over to a histogram, and is empty again.
    pub fn fold_into(&mut self, histogram: &mut LatencyHistogram) {
        for (bucket, count) in self.counts.iter_mut().enumerate().filter(|(_, count)| **count > 0) {
            // The first two rows of buckets are as wide as each other.
            let octave = (bucket >> BITS).saturating_sub(1);
            let width = (1_u64 << octave) as f64;
            let low = (bucket - (octave << BITS)) as f64 * width;
            histogram.add_count(low + (width - 1.0) / 2.0, u64::from(*count));
            *count = 0;
        }
        histogram.add_sum(self.sum_ns);
        self.sum_ns = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_comes_back_within_a_thousandth() {
        for ns in [1_000_u64, 1_023, 1_024, 1_700, 123_456_789, 987_654_321_000] {
            let (mut tally, mut histogram) = (LatencyCounts::default(), LatencyHistogram::new());
            tally.record(ns);
            tally.fold_into(&mut histogram);
            let seen = histogram.percentile(0.5).unwrap() * 1e9;
            // A histogram keeps whole microseconds.
            assert!((seen - ns as f64).abs() <= 600.0 + 1.2e-3 * ns as f64, "{ns} came back as {seen}");
            assert_eq!(histogram.count(), 1.0);
            assert!((histogram.mean_s().unwrap() * 1e9 - ns as f64).abs() < 1.0);
        }
    }

    #[test]
    fn buckets_are_in_order_and_cover_everything() {
        let bucket = |ns: u64| {
            let mut tally = LatencyCounts::default();
            tally.record(ns);
            tally.counts.iter().position(|count| *count > 0).unwrap()
        };
        let mut last = 0;
        for ns in (0..2_000).chain((11..64).flat_map(|bit| [(1_u64 << bit) - 1, 1 << bit, (1 << bit) + 1])) {
            assert!(bucket(ns) >= last, "{ns}");
            last = bucket(ns);
        }
        assert!(bucket(u64::MAX) < BUCKETS);
    }
}
