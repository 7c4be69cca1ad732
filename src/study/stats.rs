//! Statistics of one stream of numbers: moments, quantiles, intervals. All of it is updated number by number and needs no
//! more memory for a million replications than for a thousand.

use crate::num;
use std::collections::BTreeMap;

/// Mean and variance, updated number by number (Welford, "Note on a method for calculating corrected sums of squares and
/// products", Technometrics 4, 1962). Numbers must come in the order of replications: sums of floats depend on it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Moments {
    n: u64,
    mean: f64,
    squares: f64,
}

impl Moments {
    /// One more number.
    pub fn add(&mut self, x: f64) {
        self.n += 1;
        let off = x - self.mean;
        self.mean += off / self.n as f64;
        self.squares += off * (x - self.mean);
    }

    /// How many.
    pub fn n(&self) -> u64 {
        self.n
    }

    /// Their mean; 0 where there are none.
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// Their variance, with n - 1; 0 for fewer than two.
    pub fn variance(&self) -> f64 {
        if self.n < 2 { 0.0 } else { self.squares / (self.n - 1) as f64 }
    }

    /// Those of the same numbers with the opposite sign.
    #[must_use]
    pub fn mirrored(&self) -> Moments {
        Moments { mean: -self.mean, ..*self }
    }

    /// Half the width of the interval that holds the mean with this confidence, by Student's t; infinite for fewer than two.
    ///
    /// ```
    /// use firedrill::study::Moments;
    /// let mut ages = Moments::default();
    /// [40.0, 42.0, 44.0].into_iter().for_each(|age| ages.add(age));
    /// // t of two degrees of freedom is 4.303, the standard error 2/√3.
    /// assert!((ages.half_width(0.95) - 4.303 * 2.0 / 3.0_f64.sqrt()).abs() < 1e-3);
    /// ```
    pub fn half_width(&self, confidence: f64) -> f64 {
        if self.n < 2 {
            return f64::INFINITY;
        }
        let degrees = u32::try_from(self.n - 1).unwrap_or(u32::MAX);
        num::student_quantile(0.5 + confidence / 2.0, degrees) * num::sqrt(self.variance() / self.n as f64)
    }
}

/// The interval of a share that was seen `seen` times of `of` (Wilson, "Probable inference, the law of succession, and
/// statistical inference", JASA 22, 1927). It holds its confidence on average where the usual one falls short, and has a
/// width where nothing or everything was seen (Brown, Cai & DasGupta, Statistical Science 16, 2001).
///
/// ```
/// let (low, high) = firedrill::study::share_interval(2, 10, 0.95);
/// assert!((low - 0.0567).abs() < 1e-4 && (high - 0.5098).abs() < 1e-4);
/// ```
pub fn share_interval(seen: u64, of: u64, confidence: f64) -> (f64, f64) {
    if of == 0 {
        return (0.0, 1.0);
    }
    let z = num::normal_quantile(0.5 + confidence / 2.0);
    let (n, p) = (of as f64, seen as f64 / of as f64);
    let centre = (p + z * z / (2.0 * n)) / (1.0 + z * z / n);
    let half = z / (1.0 + z * z / n) * num::sqrt(p * (1.0 - p) / n + z * z / (4.0 * n * n));
    let low = if seen == 0 { 0.0 } else { (centre - half).max(0.0) };
    let high = if seen == of { 1.0 } else { (centre + half).min(1.0) };
    (low, high)
}

/// What a share is at most, with this confidence, when it was not seen once in `of` (Clopper & Pearson, Biometrika 26, 1934;
/// with 95% about 3 in `of`).
///
/// ```
/// assert!((firedrill::study::never_seen(1_000, 0.95) - 0.002_991).abs() < 1e-6);
/// ```
pub fn never_seen(of: u64, confidence: f64) -> f64 {
    if of == 0 { 1.0 } else { 1.0 - num::pow(1.0 - confidence, 1.0 / of as f64) }
}

/// A distribution, kept as counts in buckets of equal relative width: quantiles to one part in 8,000, minimum and maximum
/// exact, the same whatever the order. As DDSketch (Masson, Rim & Lee, VLDB 2019), with the buckets that the bits of a float
/// give for nothing. Integers, as the usual histograms have them, would need a unit for each metric.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sketch {
    counts: BTreeMap<u32, u64>,
    n: u64,
    min: f64,
    max: f64,
}

/// Bits of a float that are not looked at: 12 of its 52 digits stay.
const SHIFT: u32 = 40;

impl Sketch {
    /// One more number.
    pub fn add(&mut self, x: f64) {
        if self.n == 0 {
            (self.min, self.max) = (x, x);
        }
        (self.min, self.max) = (self.min.min(x), self.max.max(x));
        self.n += 1;
        *self.counts.entry(bucket(x)).or_default() += 1;
    }

    /// How many.
    pub fn n(&self) -> u64 {
        self.n
    }

    /// The smallest.
    pub fn min(&self) -> f64 {
        self.min
    }

    /// The largest.
    pub fn max(&self) -> f64 {
        self.max
    }

    /// The value that a share `p` of the numbers do not exceed; `None` without numbers.
    pub fn quantile(&self, p: f64) -> Option<f64> {
        let rank = (p * self.n as f64).ceil().max(1.0);
        self.at_rank(rank as u64)
    }

    /// The interval that holds the quantile `p` with this confidence, whatever the distribution: between two of the numbers,
    /// by the binomial distribution of how many lie below (Conover, Practical Nonparametric Statistics, section 3.2). `None`
    /// where there are too few numbers for an upper end.
    pub fn quantile_interval(&self, p: f64, confidence: f64) -> Option<(f64, f64)> {
        let (low, high) = ranks(self.n, p, (1.0 - confidence) / 2.0)?;
        Some((self.at_rank(low)?, self.at_rank(high)?))
    }

    /// Shares and the values that they do not exceed, for a drawing: about as many as `points`, the first and the last among them.
    pub fn curve(&self, points: usize) -> Vec<(f64, f64)> {
        let step = self.n.div_ceil(points.max(1) as u64).max(1);
        let (mut curve, mut below, mut next) = (Vec::new(), 0, 0);
        for (&key, &count) in &self.counts {
            below += count;
            if below >= next || below == self.n {
                curve.push((self.inside(key), below as f64 / self.n as f64));
                next = below + step;
            }
        }
        curve
    }

    fn at_rank(&self, rank: u64) -> Option<f64> {
        let mut below = 0;
        for (&key, &count) in &self.counts {
            below += count;
            if below >= rank {
                return Some(self.inside(key));
            }
        }
        None
    }

    fn inside(&self, key: u32) -> f64 {
        middle(key).clamp(self.min, self.max)
    }
}

/// The ranks of the two of `n` numbers between which the quantile `p` lies, but for this probability on each side.
fn ranks(n: u64, p: f64, aside: f64) -> Option<(u64, u64)> {
    let (count, above) = (n as f64, 1.0 - p);
    let none_above = num::exp(count * num::ln(p));
    if none_above < 1e-290 {
        // So many that the binomial distribution is the normal one.
        let half = num::normal_quantile(1.0 - aside) * num::sqrt(count * p * above);
        let (low, high) = ((count * p - half).floor().max(1.0), (count * p + half).ceil());
        return (high <= count).then_some((low as u64, high as u64));
    }
    // How many lie above the quantile: at most `few` in too few cases, at least `many` in too few.
    let (mut few, mut many) = (None, n);
    let (mut chance, mut up_to) = (none_above, 0.0);
    for k in 0..=n {
        if 1.0 - up_to <= aside {
            many = k;
            break;
        }
        up_to += chance;
        if up_to <= aside {
            few = Some(k);
        }
        chance *= (n - k) as f64 / (k + 1) as f64 * above / p;
    }
    Some(((n + 1).saturating_sub(many).max(1), n - few?))
}

/// The bucket of a number: in the order of the numbers, also below zero.
fn bucket(x: f64) -> u32 {
    const SIGN: u64 = 1 << 63;
    let bits = (x + 0.0).to_bits();
    let ordered = if bits & SIGN == 0 { bits | SIGN } else { !bits };
    (ordered >> SHIFT) as u32
}

/// The middle of a bucket.
fn middle(key: u32) -> f64 {
    const SIGN: u64 = 1 << 63;
    if key == bucket(0.0) {
        return 0.0;
    }
    let ordered = u64::from(key) << SHIFT | 1 << (SHIFT - 1);
    f64::from_bits(if ordered & SIGN == 0 { !ordered } else { ordered & !SIGN })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_those_of_the_textbook() {
        let mut moments = Moments::default();
        [2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0].into_iter().for_each(|x| moments.add(x));
        assert_eq!((moments.n(), moments.mean()), (8, 5.0));
        assert!((moments.variance() - 32.0 / 7.0).abs() < 1e-14);
        assert_eq!(Moments::default().half_width(0.95), f64::INFINITY);
    }

    #[test]
    fn the_interval_of_a_mean_is_students() {
        let of = |numbers: &[f64]| {
            let mut moments = Moments::default();
            numbers.iter().for_each(|x| moments.add(*x));
            moments
        };
        // Variance 5/3; t of three degrees of freedom is 3.182446, with 90% it is 2.353363.
        let four = of(&[1.0, 2.0, 3.0, 4.0]);
        let error = num::sqrt(5.0 / 3.0 / 4.0);
        assert!((four.half_width(0.95) - 3.182_446 * error).abs() < 1e-5, "{}", four.half_width(0.95));
        assert!((four.half_width(0.90) - 2.353_363 * error).abs() < 1e-5, "{}", four.half_width(0.90));
        // Two numbers are enough, one is not: t of one degree is 12.7062, the standard error 1.
        let two = of(&[-1.0, 1.0]);
        assert!((two.half_width(0.95) - 12.706_2).abs() < 1e-3 && two.variance() == 2.0, "{two:?}");
        assert_eq!((of(&[7.0]).half_width(0.95), of(&[7.0]).variance()), (f64::INFINITY, 0.0));
        let mirrored = four.mirrored();
        assert_eq!((mirrored.n(), mirrored.mean(), mirrored.variance()), (4, -2.5, four.variance()));
    }

    #[test]
    fn a_share_has_an_interval_also_where_nothing_or_everything_was_seen() {
        let (low, high) = share_interval(0, 20, 0.95);
        assert!(low == 0.0 && (high - 0.161).abs() < 1e-3, "{high}");
        let (low, high) = share_interval(20, 20, 0.95);
        assert!(high == 1.0 && (low - 0.839).abs() < 1e-3, "{low}");
        assert_eq!(share_interval(0, 0, 0.95), (0.0, 1.0));
        // Wilson's interval of 2 in 10, and its mirror image.
        for (seen, from, to) in [(2, 0.056_68, 0.509_84), (8, 0.490_16, 0.943_32)] {
            let (low, high) = share_interval(seen, 10, 0.95);
            assert!((low - from).abs() < 1e-5 && (high - to).abs() < 1e-5, "{seen}: {low} {high}");
        }
        assert_eq!(never_seen(0, 0.95), 1.0);
        assert!((never_seen(10, 0.95) - 0.258_866).abs() < 1e-6);
    }

    #[test]
    fn quantiles_are_right_to_a_part_in_eight_thousand() {
        let mut sketch = Sketch::default();
        (0..10_001).rev().for_each(|i| sketch.add(f64::from(i) * 0.37));
        for p in [0.0001, 0.05, 0.5, 0.95, 0.999] {
            let exact = (p * 10_001.0_f64).ceil().max(1.0) - 1.0;
            let seen = sketch.quantile(p).unwrap();
            assert!((seen - exact * 0.37).abs() <= exact * 0.37 / 8_000.0, "{p}: {seen} for {}", exact * 0.37);
        }
        assert_eq!((sketch.min(), sketch.max(), sketch.quantile(1.0)), (0.0, 3_700.0, Some(3_700.0)));
        assert_eq!(Sketch::default().quantile(0.5), None);
    }

    #[test]
    fn a_quantile_lies_between_the_ranks_of_the_binomial_distribution() {
        // Conover's table for the median: of 20 numbers the 6th and the 15th, with 95.9%.
        assert_eq!(ranks(20, 0.5, 0.025), Some((6, 15)));
        assert_eq!(ranks(150, 0.95, 0.025), Some((137, 148)));
        assert_eq!(ranks(50, 0.95, 0.025), None, "all of 50 are below the quantile in 7.7% of cases");
        let (low, high) = ranks(1_000_000, 0.95, 0.025).unwrap();
        assert!((949_570..=949_575).contains(&low) && (950_425..=950_430).contains(&high), "{low} {high}");
    }

    #[test]
    fn the_interval_of_a_quantile_has_numbers_that_were_seen_at_its_ends() {
        let mut sketch = Sketch::default();
        (1..=20).for_each(|i| sketch.add(f64::from(i)));
        let (low, high) = sketch.quantile_interval(0.5, 0.95).unwrap();
        assert_eq!((low.round(), high.round(), sketch.n()), (6.0, 15.0, 20));
        // Seven or fewer of 20 lie above the median in 13% of cases, eight or fewer in 25.2%.
        let (low, high) = sketch.quantile_interval(0.5, 0.5).unwrap();
        assert_eq!((low.round(), high.round()), (8.0, 13.0));
        assert_eq!(sketch.quantile_interval(0.99, 0.95), None);
    }

    #[test]
    fn where_counts_are_normal_is_no_seam() {
        // The last number of which the binomial distribution is summed up, and the first of which it is not.
        let n = (num::ln(1e-290) / num::ln(0.95)) as u64;
        let [summed, normal] = [n, n + 1].map(|n| ranks(n, 0.95, 0.025).unwrap());
        let off = |a: u64, b: u64| (a as f64 - b as f64).abs();
        assert!(off(summed.0, normal.0) <= 2.0 && off(summed.1, normal.1) <= 2.0, "{summed:?} {normal:?}");
    }

    #[test]
    fn a_curve_goes_from_the_first_number_to_the_last() {
        let mut sketch = Sketch::default();
        (1..=10).for_each(|i| sketch.add(f64::from(i)));
        let shown = |points: usize| -> Vec<(f64, f64)> {
            sketch.curve(points).into_iter().map(|(x, share)| (x.round(), share)).collect()
        };
        assert_eq!(shown(5), [(1.0, 0.1), (3.0, 0.3), (5.0, 0.5), (7.0, 0.7), (9.0, 0.9), (10.0, 1.0)]);
        assert_eq!(shown(2), [(1.0, 0.1), (6.0, 0.6), (10.0, 1.0)]);
        assert_eq!(shown(1_000).len(), 10);
    }

    #[test]
    fn numbers_below_zero_are_in_order() {
        let mut sketch = Sketch::default();
        [3.0, -2.0, -0.0, 1.0, -5.0].into_iter().for_each(|x| sketch.add(x));
        let quantiles: Vec<f64> = [0.2, 0.4, 0.6, 0.8, 1.0].map(|p| sketch.quantile(p).unwrap().round()).into();
        assert_eq!(quantiles, [-5.0, -2.0, 0.0, 1.0, 3.0]);
        assert_eq!((sketch.min(), sketch.max()), (-5.0, 3.0));
    }

    #[test]
    fn the_middle_of_a_bucket_is_in_it_and_near() {
        for x in [1e-300, 0.001, 1.0, 1.5, 3_600.0, 1e12, 1e300] {
            for x in [x, -x] {
                assert_eq!(bucket(middle(bucket(x))), bucket(x), "{x}");
                assert!((middle(bucket(x)) / x - 1.0).abs() <= 1.0 / 8_000.0, "{x}: {}", middle(bucket(x)));
            }
        }
        assert_eq!((middle(bucket(0.0)), bucket(-0.0)), (0.0, bucket(0.0)));
        assert!(bucket(-2.0) < bucket(-1.0) && bucket(-1.0) < bucket(0.0) && bucket(0.0) < bucket(1.0));
    }

    #[test]
    fn a_constant_is_itself() {
        let mut sketch = Sketch::default();
        (0..100).for_each(|_| sketch.add(60.1));
        assert_eq!(sketch.quantile(0.5), Some(60.1));
        assert_eq!(sketch.curve(10), [(60.1, 1.0)]);
    }
}
