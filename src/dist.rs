//! Distributions of durations, and their samplers.
//!
//! One uniform variate makes one duration, by the inverse of the distribution function. That keeps the n-th draw of a
//! stream the n-th draw whatever the distribution is, so that two designs that differ in a mean stay comparable draw by
//! draw. Where every request draws, [`Quick`] has the same distributions by rejection, several times as fast. Formulas: Law, Simulation Modeling and Analysis, chapter 8; Johnson, Kotz & Balakrishnan, Continuous Univariate
//! Distributions.

mod life;
mod quick;
mod ziggurat;

pub use quick::Quick;
pub use ziggurat::{exponential, normal};

use crate::num;
use crate::rng::Stream;
use crate::units::Duration;
use serde::{Deserialize, Serialize};

/// How long something takes.
///
/// ```
/// use firedrill::dist::Dist;
/// let takes: Dist = ron::from_str(r#"exponential(mean: "80ms")"#).unwrap();
/// assert_eq!(takes.mean_s(), 0.080);
/// assert_eq!(takes.scv(), 1.0);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Dist {
    /// Always the same.
    Fixed(Duration),
    /// Anything between two bounds, equally likely.
    Uniform(Duration, Duration),
    /// Memoryless.
    Exponential {
        /// The mean.
        mean: Duration,
    },
    /// Weibull: a shape below 1 means infant mortality, above 1 wear. State the mean or the scale.
    Weibull {
        /// The shape, positive.
        shape: f64,
        /// The mean.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mean: Option<Duration>,
        /// The scale: the 63.2% quantile.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scale: Option<Duration>,
    },
    /// Lognormal: state the mean or the median, and the coefficient of variation `cv` or the `sigma` of the logarithm.
    Lognormal {
        /// The mean.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mean: Option<Duration>,
        /// The median.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        median: Option<Duration>,
        /// Standard deviation over mean.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cv: Option<f64>,
        /// Standard deviation of the logarithm.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sigma: Option<f64>,
    },
    /// Erlang: the sum of `stages` exponential stages.
    Erlang {
        /// The mean of the sum.
        mean: Duration,
        /// How many stages, at least 1.
        stages: u32,
    },
    /// One of the observed values, equally likely.
    Empirical(Vec<Duration>),
}

/// A distribution with its parameters worked out, ready to draw from.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Sampler {
    /// A constant, in seconds.
    Fixed(f64),
    /// Lower bound and width, in seconds.
    Uniform(f64, f64),
    /// The mean, in seconds.
    Exponential(f64),
    /// One over the shape, and the scale in seconds.
    Weibull(f64, f64),
    /// Mean and standard deviation of the logarithm of the seconds.
    Lognormal(f64, f64),
    /// Stages and the mean of one, in seconds.
    Erlang(u32, f64),
    /// Sorted seconds.
    Empirical(Vec<f64>),
}

impl Dist {
    /// What is wrong with the parameters, if anything, and what to write instead.
    pub fn problem(&self) -> Option<(String, String)> {
        let bad = |reason: &str, fix: &str| Some((reason.to_owned(), fix.to_owned()));
        match self {
            Dist::Fixed(_) => None,
            Dist::Uniform(low, high) if low > high => {
                bad(&format!("the lower bound {low} is above the upper bound {high}"), "swap the two bounds")
            }
            Dist::Uniform(..) => None,
            Dist::Exponential { mean } if mean.0 == 0 => bad("the mean is zero", "give a mean above zero"),
            Dist::Exponential { .. } => None,
            Dist::Weibull { shape, mean, scale } => {
                if !(0.05..=50.0).contains(shape) {
                    bad(&format!("the shape {shape} is not between 0.05 and 50"), "give a shape between 0.05 and 50")
                } else if mean.is_some() == scale.is_some() {
                    bad("a Weibull needs either its mean or its scale", "write one of mean: or scale:")
                } else if mean.or(*scale).is_some_and(|d| d.0 == 0) {
                    bad("the mean or the scale is zero", "give one above zero")
                } else {
                    None
                }
            }
            Dist::Lognormal { mean, median, cv, sigma } => {
                if mean.is_some() == median.is_some() {
                    bad("a lognormal needs either its mean or its median", "write one of mean: or median:")
                } else if cv.is_some() == sigma.is_some() {
                    bad("a lognormal needs either its cv or its sigma", "write one of cv: or sigma:")
                } else if mean.or(*median).is_some_and(|d| d.0 == 0) {
                    bad("the mean or the median is zero", "give one above zero")
                } else if cv.is_some_and(|cv| !(0.0..=100.0).contains(&cv)) {
                    bad(
                        &format!("the cv {} is not between 0 and 100", cv.unwrap_or_default()),
                        "give a cv between 0 and 100",
                    )
                } else if sigma.is_some_and(|sigma| !(0.0..=10.0).contains(&sigma)) {
                    // The mean is the median times exp(sigma^2 / 2): beyond this no number holds it.
                    bad(
                        &format!("the sigma {} is not between 0 and 10", sigma.unwrap_or_default()),
                        "give a sigma between 0 and 10",
                    )
                } else {
                    None
                }
            }
            Dist::Erlang { mean, stages } => {
                if !(1..=1_000).contains(stages) {
                    bad(&format!("{stages} stages are not between 1 and 1000"), "give between 1 and 1000 stages")
                } else if mean.0 == 0 {
                    bad("the mean is zero", "give a mean above zero")
                } else {
                    None
                }
            }
            Dist::Empirical(values) if values.is_empty() => {
                bad("there are no observed values", "list at least one duration")
            }
            Dist::Empirical(_) => None,
        }
    }

    /// The parameters worked out. Call it on a distribution without a [`problem`](Dist::problem).
    pub fn sampler(&self) -> Sampler {
        match self {
            Dist::Fixed(value) => Sampler::Fixed(value.seconds()),
            Dist::Uniform(low, high) => Sampler::Uniform(low.seconds(), high.seconds() - low.seconds()),
            Dist::Exponential { mean } => Sampler::Exponential(mean.seconds()),
            Dist::Weibull { shape, mean, scale } => {
                let scale = match (mean, scale) {
                    (Some(mean), _) => mean.seconds() / num::gamma(1.0 + 1.0 / shape),
                    (None, Some(scale)) => scale.seconds(),
                    (None, None) => 0.0,
                };
                Sampler::Weibull(1.0 / shape, scale)
            }
            Dist::Lognormal { mean, median, cv, sigma } => {
                let sigma = sigma.unwrap_or_else(|| num::sqrt(num::ln_1p(cv.unwrap_or(0.0) * cv.unwrap_or(0.0))));
                let location = match (mean, median) {
                    (Some(mean), _) => num::ln(mean.seconds()) - sigma * sigma / 2.0,
                    (None, Some(median)) => num::ln(median.seconds()),
                    (None, None) => 0.0,
                };
                Sampler::Lognormal(location, sigma)
            }
            Dist::Erlang { mean, stages } => Sampler::Erlang(*stages, mean.seconds() / f64::from(*stages)),
            Dist::Empirical(values) => {
                let mut sorted: Vec<f64> = values.iter().map(|d| d.seconds()).collect();
                sorted.sort_by(f64::total_cmp);
                Sampler::Empirical(sorted)
            }
        }
    }

    /// The mean in seconds.
    pub fn mean_s(&self) -> f64 {
        match self {
            // As written, not through a logarithm and back.
            Dist::Exponential { mean } | Dist::Erlang { mean, .. } => mean.seconds(),
            Dist::Weibull { mean: Some(mean), .. } | Dist::Lognormal { mean: Some(mean), .. } => mean.seconds(),
            other => other.sampler().mean_s(),
        }
    }

    /// The squared coefficient of variation: variance over squared mean; 0 for a mean of zero.
    pub fn scv(&self) -> f64 {
        match self {
            Dist::Lognormal { cv: Some(cv), .. } => cv * cv,
            other => other.sampler().scv(),
        }
    }
}

impl Sampler {
    /// Draws one duration, with one uniform of the stream.
    pub fn draw(&self, stream: &mut Stream) -> Duration {
        Duration::from_seconds(self.quantile_s(stream.uniform()))
    }

    /// The quantile at `0 < p < 1`, in seconds: the inverse of the distribution function.
    pub fn quantile_s(&self, p: f64) -> f64 {
        match self {
            Sampler::Fixed(value) => *value,
            Sampler::Uniform(low, width) => low + p * width,
            Sampler::Exponential(mean) => -mean * num::ln_1p(-p),
            Sampler::Weibull(inverse_shape, scale) => scale * num::pow(-num::ln_1p(-p), *inverse_shape),
            Sampler::Lognormal(location, sigma) => num::exp(location + sigma * num::normal_quantile(p)),
            Sampler::Erlang(stages, stage_mean) => stage_mean * erlang_quantile(*stages, p),
            Sampler::Empirical(sorted) => sorted[((p * sorted.len() as f64) as usize).min(sorted.len() - 1)],
        }
    }

    /// The mean in seconds.
    pub fn mean_s(&self) -> f64 {
        match self {
            Sampler::Fixed(value) => *value,
            Sampler::Uniform(low, width) => low + width / 2.0,
            Sampler::Exponential(mean) => *mean,
            Sampler::Weibull(inverse_shape, scale) => scale * num::gamma(1.0 + inverse_shape),
            Sampler::Lognormal(location, sigma) => num::exp(location + sigma * sigma / 2.0),
            Sampler::Erlang(stages, stage_mean) => f64::from(*stages) * stage_mean,
            Sampler::Empirical(sorted) => sorted.iter().sum::<f64>() / sorted.len() as f64,
        }
    }

    /// The squared coefficient of variation; 0 for a mean of zero.
    pub fn scv(&self) -> f64 {
        let mean = self.mean_s();
        match self {
            Sampler::Fixed(_) => 0.0,
            _ if mean <= 0.0 => 0.0,
            Sampler::Uniform(_, width) => width * width / 12.0 / (mean * mean),
            Sampler::Exponential(_) => 1.0,
            Sampler::Weibull(inverse_shape, _) => {
                let first = num::gamma(1.0 + inverse_shape);
                num::gamma(1.0 + 2.0 * inverse_shape) / (first * first) - 1.0
            }
            Sampler::Lognormal(_, sigma) => num::exp_m1(sigma * sigma),
            Sampler::Erlang(stages, _) => 1.0 / f64::from(*stages),
            Sampler::Empirical(sorted) => {
                let variance = sorted.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / sorted.len() as f64;
                variance / (mean * mean)
            }
        }
    }

    /// The probability that the duration is at most `t` seconds.
    pub fn cdf(&self, t: f64) -> f64 {
        if t < 0.0 {
            return 0.0;
        }
        match self {
            Sampler::Fixed(value) => f64::from(u8::from(t >= *value)),
            Sampler::Uniform(low, width) if *width <= 0.0 => f64::from(u8::from(t >= *low)),
            Sampler::Uniform(low, width) => ((t - low) / width).clamp(0.0, 1.0),
            Sampler::Exponential(mean) => -num::exp_m1(-t / mean),
            Sampler::Weibull(inverse_shape, scale) => -num::exp_m1(-num::pow(t / scale, 1.0 / inverse_shape)),
            Sampler::Lognormal(location, sigma) if *sigma <= 0.0 => f64::from(u8::from(num::ln(t) >= *location)),
            Sampler::Lognormal(location, sigma) => {
                if t <= 0.0 {
                    0.0
                } else {
                    num::normal_cdf((num::ln(t) - location) / sigma)
                }
            }
            Sampler::Erlang(stages, stage_mean) => erlang_cdf(*stages, t / stage_mean),
            Sampler::Empirical(sorted) => sorted.partition_point(|&x| x <= t) as f64 / sorted.len() as f64,
        }
    }
}

/// Distribution function of a sum of `stages` exponentials of mean 1 (Erlang): `1 - e^-x sum x^i / i!`.
fn erlang_cdf(stages: u32, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    let mut log_term = -x;
    let mut survival = num::exp(log_term);
    for i in 1..stages {
        log_term += num::ln(x / f64::from(i));
        survival += num::exp(log_term);
    }
    (1.0 - survival).clamp(0.0, 1.0)
}

/// Inverse of [`erlang_cdf`] by bisection.
fn erlang_quantile(stages: u32, p: f64) -> f64 {
    let (mut low, mut high) = (0.0, f64::from(stages));
    while erlang_cdf(stages, high) < p {
        high *= 2.0;
    }
    for _ in 0..80 {
        let middle = (low + high) / 2.0;
        if erlang_cdf(stages, middle) < p {
            low = middle;
        } else {
            high = middle;
        }
    }
    (low + high) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Luck;

    fn dists() -> Vec<Dist> {
        let s = Duration::from_seconds;
        vec![
            Dist::Uniform(s(1.0), s(3.0)),
            Dist::Exponential { mean: s(2.0) },
            Dist::Weibull { shape: 0.7, mean: Some(s(1_000.0)), scale: None },
            Dist::Lognormal { mean: Some(s(6.0)), median: None, cv: Some(1.2), sigma: None },
            Dist::Erlang { mean: s(4.0), stages: 3 },
        ]
    }

    #[test]
    fn a_quantile_inverts_its_distribution_function() {
        for dist in dists() {
            let sampler = dist.sampler();
            for p in [0.001, 0.1, 0.5, 0.9, 0.999] {
                let back = sampler.cdf(sampler.quantile_s(p));
                assert!((back - p).abs() < 1e-9, "{dist:?}: {p} came back as {back}");
            }
        }
    }

    #[test]
    fn the_mean_of_many_draws_is_the_mean() {
        for dist in dists() {
            let sampler = dist.sampler();
            let mut stream = Stream::new(Luck { seed: 1, replication: 0 }, "x", "y");
            let n = 200_000;
            let mean = (0..n).map(|_| sampler.draw(&mut stream).seconds()).sum::<f64>() / f64::from(n);
            let standard_error = dist.mean_s() * num::sqrt(dist.scv() / f64::from(n));
            assert!((mean - dist.mean_s()).abs() < 4.0 * standard_error, "{dist:?}: {mean}");
        }
    }

    #[test]
    fn a_residual_life_has_the_mean_of_renewal_theory() {
        for dist in dists() {
            let sampler = dist.sampler();
            let mut stream = Stream::new(Luck { seed: 1, replication: 0 }, "x", "residual");
            let n = 1_000;
            let draws: Vec<f64> = (0..n).map(|_| sampler.draw_residual(&mut stream).seconds()).collect();
            let mean = draws.iter().sum::<f64>() / f64::from(n);
            let variance = draws.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / f64::from(n);
            let expected = dist.mean_s() * (1.0 + dist.scv()) / 2.0;
            assert!((mean - expected).abs() < 4.0 * num::sqrt(variance / f64::from(n)), "{dist:?}: {mean} {expected}");
        }
    }

    #[test]
    fn the_weibull_scale_follows_from_its_mean() {
        let dist = Dist::Weibull { shape: 0.7, mean: Some(Duration::from_seconds(1_000.0)), scale: None };
        let Sampler::Weibull(_, scale) = dist.sampler() else { panic!("not a Weibull") };
        assert!((scale - 789.999_549_869_906).abs() < 1e-6, "{scale}");
        assert!((dist.scv() - 2.138_685_631_851_168).abs() < 1e-9);
    }
}
