//! Sums over a truncated geometric distribution, without cancellation near a ratio of 1.

use crate::num;

/// `sum_{j < n} q^j` for `q <= 1`, from `q - 1` and `ln q`; `n` where q is 1.
pub(super) fn geometric_sum(ratio_less_one: f64, log_ratio: f64, n: f64) -> f64 {
    if ratio_less_one == 0.0 { n } else { num::exp_m1(n * log_ratio) / ratio_less_one }
}

/// The mean of j on `0 <= j < n` with weights `q^j`, for any positive q and without cancellation around 1.
///
/// With `q = e^-h` it is `b(h) - n b(nh)`, where `b(x) = 1 / (e^x - 1)`. Near `h = 0` the poles `1/h` are left out.
pub(super) fn truncated_geometric_mean(log_ratio: f64, n: f64) -> f64 {
    let h = log_ratio.abs();
    if n <= 1.0 {
        return 0.0;
    }
    let from_the_heavy_end = if n * h > 1.0 {
        let far = num::exp_m1(n * h);
        1.0 / num::exp_m1(h) - if far.is_finite() { n / far } else { 0.0 }
    } else {
        (n - 1.0) / 2.0 + bernoulli_rest(h) - n * bernoulli_rest(n * h)
    };
    if log_ratio > 0.0 { n - 1.0 - from_the_heavy_end } else { from_the_heavy_end }
}

/// `1 / (e^x - 1) - 1/x + 1/2` for `0 <= x <= 1`, by its Bernoulli series.
fn bernoulli_rest(x: f64) -> f64 {
    const SERIES: [f64; 9] = [
        1.0 / 12.0,
        -1.0 / 720.0,
        1.0 / 30_240.0,
        -1.0 / 1_209_600.0,
        1.0 / 47_900_160.0,
        -691.0 / 1_307_674_368_000.0,
        1.0 / 74_724_249_600.0,
        -3_617.0 / 10_670_622_842_880_000.0,
        43_867.0 / 5_109_094_217_170_944_000.0,
    ];
    x * SERIES.iter().rev().fold(0.0, |sum, &k| sum * x * x + k)
}
