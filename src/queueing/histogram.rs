//! Latencies of many requests, merged rather than averaged.
//!
//! The buckets are those of an HDR histogram with three significant digits (Tene, HdrHistogram), and a test holds the two
//! against each other. But only those between the smallest and the largest latency are kept: a run has a hundred histograms, and
//! clearing, copying and merging a hundred full arrays took two thirds of it (`docs/performance.md`).

use super::latency::Latency;

/// Counts per request: weights are kept to a thousandth of a request.
const COUNTS_PER_REQUEST: f64 = 1_000.0;
/// Counts in one histogram. Percentiles do not move any more long before; beyond, the sums would overflow.
const COUNTS_MAX: u64 = 1 << 62;
/// Seven days, in microseconds.
const LATENCY_MAX_US: u64 = 7 * 86_400 * 1_000_000;
/// Buckets for each doubling, as a power of two: three significant digits.
const BITS: u32 = 10;
/// The last points of a latency are recorded in parts, between the points: a 99th percentile that could only fall on
/// one of them would be 5% off.
const TAIL_POINTS: usize = 20;
const TAIL_PARTS: usize = 5;
/// Values are tight where so many share a bucket.
const TIGHT: usize = 4;
/// Buckets are kept in rows of so many.
const ROW: u32 = 1 << BITS;

/// A histogram of latencies between a microsecond and seven days, to three significant digits; what lies outside counts
/// at the nearest bound. Empty, it costs nothing.
///
/// Recording a [`Latency`] costs as much as some 300 single values: where the same latency holds for a while, add up
/// its weight and record once.
#[derive(Debug, Clone, Default)]
pub struct LatencyHistogram {
    /// Counts of the buckets from `low` on.
    counts: Vec<u64>,
    low: u32,
    total: u64,
    /// The part of a count that rounding has held back so far; it goes to the next value recorded.
    carry: f64,
    /// Sum of what was recorded, by weight, in seconds; and of single requests, in nanoseconds.
    sum_s: f64,
    sum_ns: u128,
}

/// The bucket of a value: up to 2,048 µs each has its own, from there on every doubling has 1,024.
fn bucket(us: u64) -> u32 {
    let octave = (63 - (us | ((2 << BITS) - 1)).leading_zeros()) - BITS;
    (octave << BITS) + (us >> octave) as u32
}

/// The smallest value of a bucket, and how many it has.
fn values_of(bucket: u32) -> (u64, u64) {
    let octave = (bucket >> BITS).saturating_sub(1);
    (u64::from(bucket - (octave << BITS)) << octave, 1 << octave)
}

/// The bucket of a latency in seconds.
fn bucket_of_s(seconds: f64) -> u32 {
    let us = (seconds * 1e6 + 0.5).max(1.0).min(LATENCY_MAX_US as f64);
    // From 1,024 on a bucket is what stands first in the number: its exponent and ten binary digits.
    const FIRST: u64 = 1 << BITS;
    let leading = (us.to_bits() >> (f64::MANTISSA_DIGITS - 1 - BITS)) as u32;
    const OF_FIRST: u32 = (f64::MAX_EXP as u32 - 1 + BITS) << BITS;
    if us < FIRST as f64 { us as u32 } else { leading - OF_FIRST + ROW }
}

/// The counts of values that weigh the same, one after the other: what is due, rounded down, with the rest going to the next.
///
/// As long as no sum of what is due and of what is left passes a power of two, floats add without any rounding after the first,
/// and so do integers, which are much faster.
struct Rounding {
    /// What is due for each value, and is left of the values before it, in units of the last digit.
    each: u64,
    left: u64,
    /// Digits behind the point.
    digits: u32,
}

impl Rounding {
    /// So much is due for each of some values; `None` where only floats add up right.
    fn new(due: f64, carry: f64, values: usize, room: u64) -> Option<Rounding> {
        const DIGITS: u32 = f64::MANTISSA_DIGITS - 1;
        let exponent = |x: f64| (x.to_bits() >> DIGITS) as u32;
        let whole = |x: f64| (x.to_bits() & ((1 << DIGITS) - 1)) | (1 << DIGITS);
        let is_even = (1.0..1e12).contains(&due)
            && exponent(due) == exponent(due + 1.0)
            && (0.0..1.0).contains(&carry)
            && values > 0
            && (due + 2.0) * (values as f64) < room as f64;
        is_even.then(|| Rounding {
            each: whole(due),
            left: whole(due + carry) - whole(due),
            digits: DIGITS + f64::MAX_EXP as u32 - 1 - exponent(due),
        })
    }

    fn next(&mut self) -> u64 {
        let due = self.each + self.left;
        self.left = due & ((1 << self.digits) - 1);
        due >> self.digits
    }

    /// What the next so many come to together.
    fn next_of(&mut self, many: u64) -> u64 {
        let due = self.each * many + self.left;
        self.left = due & ((1 << self.digits) - 1);
        due >> self.digits
    }

    /// What is left.
    fn carry(&self) -> f64 {
        self.left as f64 / (1_u64 << self.digits) as f64
    }
}

/// The first of so many sorted values that lies beyond a bucket, given one that lies in it: in steps that double, and back by halves.
fn first_beyond(bucket: u32, inside: usize, many: usize, bucket_of: impl Fn(usize) -> u32) -> usize {
    let (mut low, mut step) = (inside, 1);
    while low + step < many && bucket_of(low + step) == bucket {
        low += step;
        step *= 2;
    }
    let mut high = many.min(low + step);
    while high - low > 1 {
        let middle = (low + high) / 2;
        if bucket_of(middle) == bucket { low = middle } else { high = middle }
    }
    high
}

impl LatencyHistogram {
    /// An empty histogram.
    pub fn new() -> LatencyHistogram {
        LatencyHistogram::default()
    }

    /// Records `weight` requests of this latency.
    pub fn record(&mut self, latency: &Latency, weight: f64) {
        self.record_later(latency, 0.0, weight);
    }

    /// Records `weight` requests of this latency, later by `by_s` seconds.
    pub fn record_later(&mut self, latency: &Latency, by_s: f64, weight: f64) {
        let points = latency.points();
        let each = weight / points.len() as f64;
        let in_parts = TAIL_POINTS.min(points.len());
        let body = points.len() - in_parts;
        self.sum_s += weight.max(0.0) * (latency.mean() + by_s);
        self.add_evenly(body, |i| points[i] + by_s, each);
        let parts = (points.len() * TAIL_PARTS) as f64;
        let first = body * TAIL_PARTS;
        let tail = |i: usize| latency.quantile_later(((first + i) as f64 + 0.5) / parts, by_s);
        self.add_evenly(in_parts * TAIL_PARTS, tail, each / TAIL_PARTS as f64);
    }

    /// Trades counts with another histogram; sums and what rounding has held back stay where they are.
    pub fn swap_counts(&mut self, other: &mut LatencyHistogram) {
        std::mem::swap(&mut self.counts, &mut other.counts);
        std::mem::swap(&mut self.low, &mut other.low);
        std::mem::swap(&mut self.total, &mut other.total);
    }

    /// Adds so many latencies that have the same weight each, the shortest first.
    fn add_evenly(&mut self, many: usize, seconds: impl Fn(usize) -> f64, weight: f64) {
        let room = COUNTS_MAX - self.total;
        let Some(mut rounding) = Rounding::new(weight * COUNTS_PER_REQUEST, self.carry, many, room) else {
            (0..many).for_each(|i| self.add_s(seconds(i), weight));
            return;
        };
        let bucket_of = |i: usize| bucket_of_s(seconds(i));
        let (mut next, last) = (0, bucket_of(many - 1));
        // Where they are tight, whole buckets are looked for: whoever waits for a minute shares his with many others.
        let tight = (last.saturating_sub(bucket_of(0)) as usize) < many / TIGHT;
        while next < many {
            let bucket = bucket_of(next);
            let ends = match tight {
                true => first_beyond(bucket, next, many, bucket_of),
                false => next + 1,
            };
            let count = if tight { rounding.next_of((ends - next) as u64) } else { rounding.next() };
            if bucket.wrapping_sub(self.low) as usize >= self.counts.len() {
                self.cover(bucket, bucket + 1);
            }
            self.counts[(bucket - self.low) as usize] += count;
            self.total += count;
            next = ends;
        }
        self.carry = rounding.carry();
    }

    /// Adds so many requests of about this many nanoseconds; their sum is added by [`add_sum`](LatencyHistogram::add_sum).
    pub(super) fn add_count(&mut self, ns: f64, count: u64) {
        let us = ((ns * 1e-3).round() as u64).clamp(1, LATENCY_MAX_US);
        self.add(bucket(us), count.saturating_mul(COUNTS_PER_REQUEST as u64));
    }

    pub(super) fn add_sum(&mut self, ns: u128) {
        self.sum_ns += ns;
    }

    /// The share of requests that took longer than `seconds`.
    pub fn ccdf(&self, seconds: f64) -> f64 {
        if self.total == 0 {
            return 0.0;
        }
        let last = bucket((seconds * 1e6).clamp(0.0, LATENCY_MAX_US as f64) as u64);
        let beyond = (last + 1).saturating_sub(self.low) as usize;
        let longer = self.counts.get(beyond..).unwrap_or_default();
        longer.iter().sum::<u64>() as f64 / self.total as f64
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
        // Conversions cut off and saturate.
        let count = due.min(1e18) as u64;
        self.carry = (due - count as f64).min(1e18);
        if count >= 1 {
            let us = (seconds * 1e6 + 0.5) as u64;
            self.add(bucket(us.clamp(1, LATENCY_MAX_US)), count);
        }
    }

    fn add(&mut self, bucket: u32, count: u64) {
        if self.total.saturating_add(count) < COUNTS_MAX {
            self.total += count;
            if bucket.wrapping_sub(self.low) as usize >= self.counts.len() {
                self.cover(bucket, bucket + 1);
            }
            self.counts[(bucket - self.low) as usize] += count;
        }
    }

    /// Makes room for the buckets from one to before another, in whole rows.
    #[cold]
    fn cover(&mut self, from: u32, to: u32) {
        let (from, to) = (from / ROW * ROW, to.div_ceil(ROW) * ROW);
        if self.counts.is_empty() {
            self.low = from;
        }
        if from < self.low {
            let missing = (self.low - from) as usize;
            self.counts.splice(0..0, std::iter::repeat_n(0, missing));
            self.low = from;
        }
        let needed = (to - self.low) as usize;
        if needed > self.counts.len() {
            self.counts.resize(needed, 0);
        }
    }

    /// Adds everything that another histogram holds.
    pub fn merge(&mut self, other: &LatencyHistogram) {
        self.carry += other.carry;
        self.sum_s += other.sum_s;
        self.sum_ns += other.sum_ns;
        if other.total > 0 && self.total.saturating_add(other.total) < COUNTS_MAX {
            self.total += other.total;
            self.cover(other.low, other.low + other.counts.len() as u32);
            let ours = &mut self.counts[(other.low - self.low) as usize..];
            ours.iter_mut().zip(&other.counts).for_each(|(ours, theirs)| *ours += theirs);
        }
    }

    /// The latency in seconds that a fraction `p` of requests does not exceed; `None` without requests.
    pub fn percentile(&self, p: f64) -> Option<f64> {
        let rank = (p.clamp(0.0, 1.0) * self.total as f64).ceil().max(1.0) as u64;
        let mut below = 0;
        // Row by row first: sums are fast.
        for (row, counts) in self.counts.chunks(ROW as usize).enumerate() {
            let held: u64 = counts.iter().sum();
            if below + held < rank {
                below += held;
                continue;
            }
            let reached = |count: &u64| {
                below += count;
                below >= rank
            };
            let bucket = self.low + row as u32 * ROW + counts.iter().position(reached)? as u32;
            let (least, size) = values_of(bucket);
            // The middle of the bucket.
            return Some((least + size / 2).min(LATENCY_MAX_US) as f64 / 1e6);
        }
        None
    }

    /// The mean latency in seconds; `None` without requests.
    pub fn mean_s(&self) -> Option<f64> {
        let count = self.count();
        (count > 0.0).then(|| (self.sum_s + self.sum_ns as f64 * 1e-9) / count)
    }

    /// How many requests were recorded.
    pub fn count(&self) -> f64 {
        (self.total as f64 + self.carry) / COUNTS_PER_REQUEST
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dist::Sampler;
    use crate::queueing::{Stage, Strata, Wait, compose};
    use hdrhistogram::Histogram;

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
    fn latencies_are_recorded_like_their_points_one_by_one() {
        // Spread over as many buckets as they have points, and over hardly any.
        for mean_s in [0.2, 0.000_9, 0.000_004] {
            are_recorded_like_their_points(mean_s);
        }
    }

    fn are_recorded_like_their_points(mean_s: f64) {
        let strata = Strata::of(&Sampler::Exponential(mean_s));
        let latency = compose(0.05, &[Stage { service: &strata, times: 1.0, wait: &Wait::Never, slower: 1.0 }]);
        let (mut evenly, mut singly) = (LatencyHistogram::new(), LatencyHistogram::new());
        let mut weight = 1e-7;
        for step in 0..4_000 {
            weight *= 1.01 + f64::from(step % 7) * 1e-3;
            // Just below and at powers of two as well.
            let weight = match step % 5 {
                0 => crate::num::pow(2.0, f64::from(step / 100)) / 1_000.0 * (1.0 - f64::from(step % 3) * 1e-16),
                _ => weight,
            };
            let by_s = f64::from(step % 4) * 0.037;
            evenly.record_later(&latency, by_s, weight);
            let later = latency.shifted(by_s);
            let each = weight / 200.0;
            later.points()[..180].iter().for_each(|seconds| singly.add_s(*seconds, each));
            (900..1_000).for_each(|part| singly.add_s(later.quantile((f64::from(part) + 0.5) / 1_000.0), each / 5.0));
            assert_eq!(evenly.carry.to_bits(), singly.carry.to_bits(), "{step}: {weight}");
            assert_eq!(evenly.total, singly.total);
        }
        assert_eq!((evenly.low, &evenly.counts), (singly.low, &singly.counts));
    }

    #[test]
    fn a_bucket_is_the_same_from_seconds() {
        let of_us = |seconds: f64| bucket(((seconds * 1e6 + 0.5) as u64).clamp(1, LATENCY_MAX_US));
        let around = (0..60).flat_map(|bit| [-1.5, -1.0, -0.5, 0.0, 0.5, 1.0].map(|by| (1_u64 << bit) as f64 + by));
        let others = [0.0, -3.0, f64::NAN, f64::INFINITY].into_iter();
        for us in around.chain(others).chain((0..5_000).map(|us| f64::from(us) * 0.73)) {
            assert_eq!(bucket_of_s(us * 1e-6), of_us(us * 1e-6), "{us}");
        }
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

    #[test]
    fn buckets_and_percentiles_are_those_of_an_hdr_histogram() {
        let mut theirs = Histogram::<u64>::new_with_bounds(1, LATENCY_MAX_US, 3).unwrap();
        let mut ours = LatencyHistogram::new();
        let mut value = 1_u64;
        for step in 0..4_000_u64 {
            value = value.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(step) >> 1;
            let us = (value >> (20 + step % 36)).clamp(1, LATENCY_MAX_US);
            theirs.record_n(us, 1_000 * (1 + step % 3)).unwrap();
            ours.record_s(us as f64 * 1e-6, (1 + step % 3) as f64);
        }
        for p in (0..=1_000).map(|p| f64::from(p) / 1_000.0) {
            let expected = theirs.median_equivalent(theirs.value_at_quantile(p)).min(LATENCY_MAX_US) as f64 / 1e6;
            assert_eq!(ours.percentile(p), Some(expected), "{p}");
        }
        for us in [1, 2_047, 2_048, 2_049, 4_096, 123_456_789, LATENCY_MAX_US] {
            let (least, size) = values_of(bucket(us));
            assert!(least <= us && us < least + size, "{us}");
            assert_eq!(
                (least, least + size - 1),
                (theirs.lowest_equivalent(us), theirs.highest_equivalent(us)),
                "{us}"
            );
            let beyond = 1.0 - theirs.count_between(0, us) as f64 / theirs.len() as f64;
            assert!((ours.ccdf(us as f64 * 1e-6) - beyond).abs() < 1e-12, "{us}");
        }
    }
}
