//! A distribution as the law of a life: its cumulative hazard, the age at which that is reached, and what is left of a life
//! that is met at a random moment.
//!
//! The cumulative hazard at the age `t` is `L(t) = -ln S(t)`, with the survival function `S`. A life that is drawn with the
//! uniform `u` ends at the age at which `L` reaches `-ln(1 - u)`: that is how a life can go on under another hazard without
//! being drawn anew (Cox, Regression models and life-tables, Journal of the Royal Statistical Society B 34, 1972).

use super::Sampler;
use crate::num;
use crate::rng::Stream;
use crate::units::Duration;

impl Sampler {
    /// Whether the age of a part says nothing about what is left of its life.
    pub fn is_memoryless(&self) -> bool {
        matches!(self, Sampler::Exponential(_))
    }

    /// The cumulative hazard `-ln S(t)` at the age of `t` seconds; infinite where no life is as long. A probability that sits
    /// on one value is a step.
    pub fn cumulative_hazard(&self, t: f64) -> f64 {
        if t < 0.0 {
            return 0.0;
        }
        match self {
            Sampler::Fixed(value) => step(t >= *value),
            Sampler::Uniform(low, width) if *width <= 0.0 => step(t >= *low),
            Sampler::Uniform(low, width) => -num::ln_1p(-((t - low) / width).clamp(0.0, 1.0)),
            Sampler::Exponential(mean) => t / mean,
            Sampler::Weibull(inverse_shape, scale) => num::pow(t / scale, 1.0 / inverse_shape),
            Sampler::Lognormal(..) if t <= 0.0 => 0.0,
            Sampler::Lognormal(location, sigma) if *sigma <= 0.0 => step(num::ln(t) >= *location),
            Sampler::Lognormal(location, sigma) => -num::ln_normal_tail((num::ln(t) - location) / sigma),
            Sampler::Erlang(..) if t <= 0.0 => 0.0,
            Sampler::Erlang(stages, stage_mean) => -num::ln_gamma_p_q(f64::from(*stages), num::ln(t / stage_mean)).1,
            Sampler::Empirical(sorted) => {
                let gone = sorted.partition_point(|&x| x <= t);
                -num::ln_1p(-(gone as f64 / sorted.len() as f64))
            }
        }
    }

    /// The first age, in seconds, at which the [cumulative hazard](Sampler::cumulative_hazard) is at least `hazard`, which is
    /// above zero.
    pub fn age_at_hazard(&self, hazard: f64) -> f64 {
        match self {
            Sampler::Fixed(value) => *value,
            Sampler::Uniform(low, width) => low - width * num::exp_m1(-hazard),
            Sampler::Exponential(mean) => mean * hazard,
            Sampler::Weibull(inverse_shape, scale) => scale * num::pow(hazard, *inverse_shape),
            Sampler::Lognormal(location, sigma) => num::exp(location + sigma * num::normal_tail_quantile(hazard)),
            Sampler::Erlang(stages, stage_mean) => {
                let n = f64::from(*stages);
                // Nearly straight as logarithm over logarithm: slope n for the young, 1 for the old.
                let target = num::ln(hazard);
                let start = (target + num::ln_gamma(n + 1.0)) / n;
                let ln_x = num::increasing_root(start, |y| {
                    let (ln_p, ln_q) = num::ln_gamma_p_q(n, y);
                    // Where hardly any life is over, the cumulative hazard is their share.
                    let ln_hazard = if ln_p < -30.0 { ln_p } else { num::ln(-ln_q) };
                    let ln_rate = n * y - num::exp(y) - num::ln_gamma(n) - ln_q;
                    (ln_hazard - target, num::exp(ln_rate - ln_hazard))
                });
                stage_mean * num::exp(ln_x)
            }
            Sampler::Empirical(_) => self.quantile_s(-num::exp_m1(-hazard)),
        }
    }

    /// A draw of the time that is left when a renewal process of this distribution is met at a random moment, with one
    /// uniform of the stream: see [`Sampler::residual_quantile_s`].
    pub fn draw_residual(&self, stream: &mut Stream) -> Duration {
        Duration::from_seconds(self.residual_quantile_s(stream.uniform()))
    }

    /// Which share of those that are met at a random moment has no more left than this, in seconds: the inverse of
    /// [`Sampler::residual_quantile_s`], found by halving.
    pub fn residual_share(&self, t: f64) -> f64 {
        if t <= 0.0 {
            return 0.0;
        }
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..52 {
            let middle = f64::midpoint(low, high);
            if self.residual_quantile_s(middle) <= t {
                low = middle;
            } else {
                high = middle;
            }
        }
        low
    }

    /// The quantile at `0 < p < 1`, in seconds, of the time that is left when a renewal process is met at a random moment: the
    /// equilibrium residual life (Cox, Renewal Theory, 1962, section 5.3). Its density is `S(t) / mean`, so that its
    /// distribution function is `E[min(X, t)] / mean`, which is inverted.
    pub fn residual_quantile_s(&self, p: f64) -> f64 {
        match self {
            Sampler::Fixed(value) => value * p,
            Sampler::Exponential(_) => self.quantile_s(p),
            Sampler::Uniform(low, width) => {
                // Until the lower bound every life lasts; from there on the function is a parabola.
                let below = p * (low + width / 2.0);
                let beyond = below - low;
                if beyond <= 0.0 {
                    return below;
                }
                low + 2.0 * beyond / (1.0 + num::sqrt((1.0 - 2.0 * beyond / width).max(0.0)))
            }
            Sampler::Empirical(sorted) => {
                // A broken line: between two values its slope is the share of longer ones.
                let below = p * sorted.iter().sum::<f64>();
                let (mut reached, mut from) = (0.0, 0.0);
                for (i, value) in sorted.iter().enumerate() {
                    let longer = (sorted.len() - i) as f64;
                    let piece = longer * (value - from);
                    if reached + piece >= below {
                        return from + (below - reached) / longer;
                    }
                    reached += piece;
                    from = *value;
                }
                from
            }
            Sampler::Weibull(inverse_shape, scale) => {
                // With x = (t / scale)^shape it is the incomplete gamma function P(1 / shape, x).
                let a = *inverse_shape;
                let start = (num::ln(p) + num::ln_gamma(a + 1.0)) / a;
                let ln_x = equilibrium_root(p, start, |y| {
                    let (ln_p, ln_q) = num::ln_gamma_p_q(a, y);
                    let density = num::exp(a * y - num::exp(y) - num::ln_gamma(a));
                    (num::exp(ln_p), num::exp(ln_q), density)
                });
                scale * num::exp(a * ln_x)
            }
            Sampler::Lognormal(location, sigma) if *sigma <= 0.0 => num::exp(*location) * p,
            Sampler::Lognormal(location, sigma) => {
                // In y = ln t - location: E[min(X, t)] is the part of the mean below t, and t for those above.
                let half_variance = sigma * sigma / 2.0;
                let y = equilibrium_root(p, num::ln(p) + half_variance, |y| {
                    let z = y / sigma;
                    let longer = num::exp(y - half_variance) * num::normal_cdf(-z);
                    (num::normal_cdf(z - sigma) + longer, num::normal_cdf(sigma - z) - longer, longer)
                });
                num::exp(location + y)
            }
            Sampler::Erlang(stages, stage_mean) => {
                let n = f64::from(*stages);
                let ln_x = equilibrium_root(p, num::ln(p * n), |y| {
                    let longer = num::exp(y + num::ln_gamma_p_q(n, y).1) / n;
                    let below = num::exp(num::ln_gamma_p_q(n + 1.0, y).0) + longer;
                    // A member met in one of its stages, each as likely, has that many left: no difference of large numbers.
                    let above = if below < 0.5 { 1.0 - below } else { erlang_excess(*stages, y) };
                    (below, above, longer)
                });
                stage_mean * num::exp(ln_x)
            }
        }
    }
}

fn step(is_over: bool) -> f64 {
    if is_over { f64::INFINITY } else { 0.0 }
}

/// Where a distribution function of the logarithm of time is `p`, given as itself, its complement and its density. Solved for
/// the logarithm of the cumulative hazard, which is nearly straight from one end to the other.
fn equilibrium_root(p: f64, start: f64, function: impl Fn(f64) -> (f64, f64, f64)) -> f64 {
    let target = num::ln(-num::ln_1p(-p));
    num::increasing_root(start, |y| {
        let (below, above, density) = function(y);
        let hazard = if below < 0.5 { -num::ln_1p(-below) } else { -num::ln(above) };
        (num::ln(hazard) - target, density / (above * hazard))
    })
}

/// `E[max(X - x, 0)] / n` of a sum X of `n` exponentials of mean 1, at the logarithm of `x`: the mean over its stages of the
/// probability that fewer than that many events of a Poisson process come before `x`. A sum of positive terms.
fn erlang_excess(stages: u32, ln_x: f64) -> f64 {
    let (n, x) = (f64::from(stages), num::exp(ln_x));
    let (mut term, mut sum) = (1.0, 0.0);
    for j in (0..stages).rev() {
        sum += f64::from(stages - j) * term;
        term *= f64::from(j) / x;
    }
    num::exp((n - 1.0) * ln_x - x - num::ln_gamma(n)) * sum / n
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dist::Dist;

    fn dists() -> Vec<Dist> {
        let s = Duration::from_seconds;
        let weibull = |shape| Dist::Weibull { shape, mean: Some(s(1_000.0)), scale: None };
        let lognormal = |sigma| Dist::Lognormal { mean: None, median: Some(s(60.0)), cv: None, sigma: Some(sigma) };
        let mut dists = vec![
            Dist::Uniform(s(1.0), s(3.0)),
            Dist::Uniform(s(0.0), s(3.0)),
            Dist::Exponential { mean: s(2.0) },
            Dist::Empirical([1.0, 1.0, 2.5, 7.0].map(s).to_vec()),
        ];
        dists.extend([0.05, 0.3, 0.7, 1.0, 1.5, 8.0, 50.0].map(weibull));
        dists.extend([0.01, 0.5, 1.2, 3.0, 10.0].map(lognormal));
        dists.extend([1, 2, 3, 40, 1_000].map(|stages| Dist::Erlang { mean: s(4.0), stages }));
        dists
    }

    const QUANTILES: [f64; 13] =
        [1e-15, 1e-9, 1e-4, 0.01, 0.1, 0.3, 0.5, 0.632, 0.9, 0.99, 0.9999, 1.0 - 1e-9, 1.0 - 1e-15];

    #[test]
    fn a_life_ends_where_its_hazard_is_used_up() {
        for dist in dists() {
            let sampler = dist.sampler();
            for p in QUANTILES {
                // The quantiles of an Erlang are made of its survival function: the smallest shares are lost in it.
                if matches!(sampler, Sampler::Erlang(..)) && !(1e-4..=0.9999).contains(&p) {
                    continue;
                }
                let life = sampler.age_at_hazard(-num::ln_1p(-p));
                let drawn = sampler.quantile_s(p);
                assert!((life - drawn).abs() <= 1e-9 * drawn, "{dist:?}: {life} instead of {drawn} at {p}");
            }
        }
    }

    #[test]
    fn a_hazard_is_reached_at_its_age_and_not_before() {
        for dist in dists() {
            let sampler = dist.sampler();
            for hazard in [1e-20, 1e-9, 1e-3, 0.1, 0.69, 0.7, 1.0, 5.0, 30.0, 500.0, 700.0, 1e4, 3e7] {
                let age = sampler.age_at_hazard(hazard);
                if !(1e-300..1e300).contains(&age) {
                    continue;
                }
                let back = sampler.cumulative_hazard(age);
                if matches!(sampler, Sampler::Empirical(_)) {
                    assert!(back >= hazard * (1.0 - 1e-12), "{dist:?}: {back} at {age}, {hazard}");
                    assert!(sampler.cumulative_hazard(age * (1.0 - 1e-12)) <= hazard, "{dist:?}: {hazard}");
                } else if hazard < 30.0 || !matches!(sampler, Sampler::Uniform(..)) {
                    // What rounding an age does to the hazard is the rate there.
                    let (before, after) =
                        (sampler.cumulative_hazard(age * (1.0 - 1e-9)), sampler.cumulative_hazard(age * (1.0 + 1e-9)));
                    assert!(before <= hazard && hazard <= after, "{dist:?}: {before} {hazard} {after} at {age}");
                }
            }
        }
    }

    #[test]
    fn a_fixed_life_ends_at_its_age_whatever_the_hazard() {
        let sampler = Dist::Fixed(Duration::from_seconds(7.0)).sampler();
        assert_eq!([1e-9, 1.0, 1e9].map(|h| sampler.age_at_hazard(h)), [7.0; 3]);
        assert_eq!([6.9, 7.0].map(|t| sampler.cumulative_hazard(t)), [0.0, f64::INFINITY]);
    }

    /// `E[min(X, t)]` as an integral over the quantiles below, and `t` for the rest: another way than the one that is tested.
    fn mean_below(sampler: &Sampler, t: f64) -> f64 {
        let (p, steps) = (sampler.cdf(t), 200_000);
        if p <= 0.0 {
            return t;
        }
        let below: f64 = (0..steps).map(|i| sampler.quantile_s(p * (f64::from(i) + 0.5) / f64::from(steps))).sum();
        p * below / f64::from(steps) + t * (1.0 - p)
    }

    #[test]
    fn a_residual_life_inverts_the_integral_of_survival() {
        for dist in dists() {
            let sampler = dist.sampler();
            // Long tails are between the steps of the sum; many stages take long.
            if matches!(sampler, Sampler::Erlang(10.., _)) || sampler.scv() > 10.0 {
                continue;
            }
            for p in [1e-6, 0.1, 0.5, 0.9] {
                let t = sampler.residual_quantile_s(p);
                let back = mean_below(&sampler, t) / sampler.mean_s();
                assert!((back - p).abs() < 2e-5 * p, "{dist:?}: {p} came back as {back} at {t}");
            }
        }
    }

    fn long_calculation() -> [(Sampler, f64, f64); 40] {
        [
            (Sampler::Weibull(0.02, 3.0), 1e-7, 2.966_532_609_792e-7),
            (Sampler::Weibull(0.02, 3.0), 0.25, 7.416_331_524_479e-1),
            (Sampler::Weibull(0.02, 3.0), 0.875, 2.595_752_653_440),
            (Sampler::Weibull(0.02, 3.0), 0.999_999, 3.125_771_248_907),
            (Sampler::Weibull(0.125, 3.0), 1e-7, 2.825_228_099_549e-7),
            (Sampler::Weibull(0.125, 3.0), 0.25, 7.063_077_657_405e-1),
            (Sampler::Weibull(0.125, 3.0), 0.875, 2.542_196_887_079),
            (Sampler::Weibull(0.125, 3.0), 0.999_999, 3.986_705_116_492),
            (Sampler::Weibull(1.25, 3.0), 1e-7, 3.399_014_530_578e-7),
            (Sampler::Weibull(1.25, 3.0), 0.25, 1.077_506_525_612),
            (Sampler::Weibull(1.25, 3.0), 0.875, 9.352_258_787_610),
            (Sampler::Weibull(1.25, 3.0), 0.999_999, 8.561_923_729_122e1),
            (Sampler::Weibull(20.0, 3.0), 1e-7, 5.773_132_231_081e13),
            (Sampler::Weibull(20.0, 3.0), 0.25, 9.974_236_879_796e24),
            (Sampler::Weibull(20.0, 3.0), 0.875, 3.229_948_982_271e28),
            (Sampler::Weibull(20.0, 3.0), 0.999_999, 1.779_218_762_174e34),
            (Sampler::Lognormal(0.0, 0.01), 1e-7, 1.000_050_001_250e-7),
            (Sampler::Lognormal(0.0, 0.01), 0.25, 2.500_125_003_125e-1),
            (Sampler::Lognormal(0.0, 0.01), 0.875, 8.750_437_510_938e-1),
            (Sampler::Lognormal(0.0, 0.01), 0.999_999, 1.034_298_873_368),
            (Sampler::Lognormal(0.0, 1.2), 1e-7, 2.054_433_210_644e-7),
            (Sampler::Lognormal(0.0, 1.2), 0.25, 6.118_788_008_107e-1),
            (Sampler::Lognormal(0.0, 1.2), 0.875, 8.535_987_853_181),
            (Sampler::Lognormal(0.0, 1.2), 0.999_999, 8.467_249_441_218e2),
            (Sampler::Lognormal(0.0, 10.0), 1e-7, 1.755_381_709_151e20),
            (Sampler::Lognormal(0.0, 10.0), 0.25, 1.127_785_898_565e40),
            (Sampler::Lognormal(0.0, 10.0), 0.875, 1.035_940_406_260e48),
            (Sampler::Lognormal(0.0, 10.0), 0.999_999, 5.229_999_095_773e63),
            (Sampler::Erlang(3, 1.0), 1e-7, 3.000_000_000_000e-7),
            (Sampler::Erlang(3, 1.0), 0.25, 7.588_669_900_117e-1),
            (Sampler::Erlang(3, 1.0), 0.875, 3.890_358_704_431),
            (Sampler::Erlang(3, 1.0), 0.999_999, 1.802_243_419_715e1),
            (Sampler::Erlang(40, 1.0), 1e-7, 4.000_000_000_000e-6),
            (Sampler::Erlang(40, 1.0), 0.25, 1.000_000_000_000e1),
            (Sampler::Erlang(40, 1.0), 0.875, 3.591_377_776_644e1),
            (Sampler::Erlang(40, 1.0), 0.999_999, 7.149_335_004_031e1),
            (Sampler::Erlang(1_000, 1.0), 1e-7, 1.000_000_000_000e-4),
            (Sampler::Erlang(1_000, 1.0), 0.25, 2.500_000_000_000e2),
            (Sampler::Erlang(1_000, 1.0), 0.875, 8.750_001_199_863e2),
            (Sampler::Erlang(1_000, 1.0), 0.999_999, 1.120_277_884_723e3),
        ]
    }

    /// By bisection of the closed forms in 40 digits, with another library.
    #[test]
    fn residual_lives_are_those_of_a_long_calculation() {
        for (sampler, p, expected) in long_calculation() {
            let seen = sampler.residual_quantile_s(p);
            assert!((seen - expected).abs() <= 1e-10 * expected, "{sampler:?} at {p}: {seen}, expected {expected}");
        }
    }

    #[test]
    fn residual_lives_grow_with_their_quantile() {
        for dist in dists() {
            let sampler = dist.sampler();
            for pair in QUANTILES.windows(2) {
                let [low, high] = [pair[0], pair[1]].map(|p| sampler.residual_quantile_s(p));
                assert!(low < high && high.is_finite(), "{dist:?}: {low} {high} at {pair:?}");
            }
        }
    }

    #[test]
    fn a_residual_life_of_one_memoryless_stage_is_that_stage() {
        for p in QUANTILES {
            for same in [Sampler::Weibull(1.0, 3.0), Sampler::Erlang(1, 3.0)] {
                let (seen, expected) = (same.residual_quantile_s(p), Sampler::Exponential(3.0).quantile_s(p));
                assert!((seen - expected).abs() <= 1e-12 * expected, "{same:?} at {p}: {seen} {expected}");
            }
        }
    }
}
