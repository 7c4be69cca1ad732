//! Samplers for where every request draws.

use super::Sampler;
use super::ziggurat::{exponential, normal};
use crate::num;
use crate::rng::Stream;

/// From so many stages on, an Erlang variate comes from one normal and not from that many exponentials.
const MANY_STAGES: u32 = 8;

/// Nanoseconds of a second.
const NS: f64 = 1e9;

/// The distribution of a [`Sampler`], in whole nanoseconds and several times as fast.
///
/// A [`Sampler`] inverts the distribution function: one uniform for one variate, whatever the distribution is. This one
/// rejects, and so takes one word of the stream or now and then several. How many depends on the words and the form of the
/// distribution alone, never on its scale: two designs that differ in a mean, or in the parameters of a lognormal, a Weibull
/// or a uniform, still meet the same luck variate by variate.
///
/// A fixed duration takes no word of the stream.
///
/// ```
/// use firedrill::dist::{Dist, Quick};
/// use firedrill::rng::{Luck, Stream};
/// let takes: Dist = ron::from_str(r#"erlang(mean: "80ms", stages: 4)"#).unwrap();
/// let quick = Quick::new(&takes.sampler());
/// let mut stream = Stream::new(Luck { seed: 7, replication: 0 }, "web", "work");
/// let mean = (0..10_000).map(|_| quick.draw_ns(&mut stream)).sum::<u64>() / 10_000;
/// assert!((76_000_000..84_000_000).contains(&mean));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Quick(Form);

/// Nanoseconds throughout.
#[derive(Debug, Clone, PartialEq)]
enum Form {
    Fixed(u64),
    Exponential {
        mean: f64,
    },
    /// `exp(location + sigma * normal)`.
    Lognormal {
        location: f64,
        sigma: f64,
    },
    Uniform {
        low: f64,
        width: f64,
    },
    /// `scale * exponential^power`.
    Weibull {
        power: f64,
        scale: f64,
    },
    Erlang {
        stages: u32,
        mean: f64,
    },
    Gamma {
        shape: f64,
        mean: f64,
    },
    /// Sorted.
    Empirical(Box<[u64]>),
}

impl Quick {
    /// The same distribution.
    pub fn new(sampler: &Sampler) -> Quick {
        Quick(match sampler {
            Sampler::Fixed(value) => Form::Fixed(whole(value * NS)),
            Sampler::Uniform(low, width) => Form::Uniform { low: low * NS, width: width * NS },
            Sampler::Exponential(mean) => Form::Exponential { mean: mean * NS },
            Sampler::Weibull(power, scale) => Form::Weibull { power: *power, scale: scale * NS },
            Sampler::Lognormal(location, sigma) => Form::Lognormal { location: location + num::ln(NS), sigma: *sigma },
            Sampler::Erlang(1, mean) => Form::Exponential { mean: mean * NS },
            Sampler::Erlang(stages, mean) if *stages < MANY_STAGES => Form::Erlang { stages: *stages, mean: mean * NS },
            Sampler::Erlang(stages, mean) => Form::Gamma { shape: f64::from(*stages), mean: mean * NS },
            Sampler::Empirical(sorted) => Form::Empirical(sorted.iter().map(|value| whole(value * NS)).collect()),
        })
    }

    /// Draws a duration in nanoseconds, at most `i64::MAX`: a time before the year 2262 plus a draw is still a `u64`.
    #[inline]
    pub fn draw_ns(&self, stream: &mut Stream) -> u64 {
        match &self.0 {
            Form::Fixed(value) => *value,
            Form::Exponential { mean } => whole(mean * exponential(stream)),
            Form::Lognormal { location, sigma } => whole(num::exp(location + sigma * normal(stream))),
            other => other.draw_ns(stream),
        }
    }
}

impl Form {
    /// What is not worth being inlined.
    #[inline(never)]
    fn draw_ns(&self, stream: &mut Stream) -> u64 {
        match self {
            Form::Fixed(value) => *value,
            Form::Exponential { mean } => whole(mean * exponential(stream)),
            Form::Lognormal { location, sigma } => whole(num::exp(location + sigma * normal(stream))),
            Form::Uniform { low, width } => whole(low + width * stream.uniform()),
            // Several times as fast as the general power, and exact enough for nanoseconds.
            Form::Weibull { power, scale } => whole(scale * num::exp(power * num::ln(exponential(stream)))),
            Form::Erlang { stages, mean } => {
                let sum = (1..*stages).fold(exponential(stream), |sum, _| sum + exponential(stream));
                whole(mean * sum)
            }
            Form::Gamma { shape, mean } => whole(mean * gamma(stream, *shape)),
            Form::Empirical(sorted) => {
                let place = (stream.uniform() * sorted.len() as f64) as usize;
                sorted[place.min(sorted.len() - 1)]
            }
        }
    }
}

/// To the nearest nanosecond, as [`Duration::from_seconds`](crate::units::Duration::from_seconds) does.
#[inline]
fn whole(ns: f64) -> u64 {
    ((ns + 0.5) as i64).cast_unsigned()
}

/// A gamma variate of mean and shape `shape`, at least 1 (Marsaglia & Tsang, "A simple method for generating gamma
/// variables", ACM Transactions on Mathematical Software 26, 2000). The Erlang distribution is the gamma distribution whose
/// shape is a whole number.
fn gamma(stream: &mut Stream, shape: f64) -> f64 {
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / num::sqrt(9.0 * d);
    loop {
        let x = normal(stream);
        let root = 1.0 + c * x;
        let u = stream.uniform();
        if root <= 0.0 {
            continue;
        }
        let v = root * root * root;
        let square = x * x;
        if u < 1.0 - 0.0331 * square * square || num::ln(u) < 0.5 * square + d * (1.0 - v + num::ln(v)) {
            return d * v;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Luck;

    fn samplers() -> Vec<Sampler> {
        vec![
            Sampler::Fixed(0.25),
            Sampler::Uniform(0.1, 0.4),
            Sampler::Exponential(0.08),
            Sampler::Weibull(1.0 / 0.7, 2.0),
            Sampler::Weibull(1.0 / 3.0, 1e-3),
            Sampler::Lognormal(-3.0, 1.1),
            Sampler::Erlang(1, 0.5),
            Sampler::Erlang(2, 0.5),
            Sampler::Erlang(7, 0.01),
            Sampler::Erlang(8, 0.01),
            Sampler::Erlang(100, 1e-3),
            Sampler::Empirical(vec![0.001, 0.002, 0.002, 0.5, 3.0]),
        ]
    }

    fn stream(purpose: &str) -> Stream {
        Stream::new(Luck { seed: 1, replication: 0 }, "quick", purpose)
    }

    #[test]
    fn a_quick_draw_has_the_distribution_of_the_sampler() {
        for sampler in samplers() {
            let quick = Quick::new(&sampler);
            let mut stream = stream("cdf");
            let n = 300_000;
            let mut draws: Vec<u64> = (0..n).map(|_| quick.draw_ns(&mut stream)).collect();
            draws.sort_unstable();
            for p in [1e-4, 1e-3, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 0.9999] {
                let at = sampler.quantile_s(p);
                // Half a nanosecond on either side: steps of a distribution function are on either side of the edge.
                let below = draws.partition_point(|&ns| (ns as f64) < at * NS - 0.5) as f64;
                let above = draws.partition_point(|&ns| (ns as f64) <= at * NS + 0.5) as f64;
                let error = 4.0 * num::sqrt(f64::from(n) * p * (1.0 - p)) + 1.0;
                assert!(below - error <= p * f64::from(n), "{sampler:?} has {below} below the quantile at {p}");
                assert!(above + error >= p * f64::from(n), "{sampler:?} has {above} up to the quantile at {p}");
            }
            let mean = draws.iter().map(|&ns| ns as f64 / NS).sum::<f64>() / f64::from(n);
            let error = sampler.mean_s() * num::sqrt(sampler.scv() / f64::from(n));
            assert!((mean - sampler.mean_s()).abs() <= 4.0 * error + 1e-9, "{sampler:?}: {mean}");
        }
    }

    #[test]
    fn a_changed_scale_moves_no_later_variate() {
        let pairs = [
            (Sampler::Exponential(1.0), Sampler::Exponential(1e3), 1e3),
            (Sampler::Weibull(0.4, 1.0), Sampler::Weibull(0.4, 10.0), 10.0),
            (Sampler::Erlang(20, 1.0), Sampler::Erlang(20, 50.0), 50.0),
            (Sampler::Lognormal(0.0, 1.0), Sampler::Lognormal(num::ln(7.0), 1.0), 7.0),
        ];
        for (one, other, times) in pairs {
            let (mut a, mut b) = (stream("scale"), stream("scale"));
            let (one, other) = (Quick::new(&one), Quick::new(&other));
            for _ in 0..10_000 {
                let (x, y) = (one.draw_ns(&mut a) as f64, other.draw_ns(&mut b) as f64);
                assert!((x * times - y).abs() <= times + y * 1e-12, "{x} {y}");
            }
        }
    }

    #[test]
    fn a_fixed_duration_takes_nothing_from_the_stream() {
        let (mut a, mut b) = (stream("fixed"), stream("fixed"));
        assert_eq!(Quick::new(&Sampler::Fixed(1.5)).draw_ns(&mut a), 1_500_000_000);
        assert_eq!(a.bits(), b.bits());
    }

    #[test]
    fn what_is_too_long_is_the_longest() {
        let mut stream = stream("long");
        assert_eq!(Quick::new(&Sampler::Fixed(1e300)).draw_ns(&mut stream), i64::MAX as u64);
        assert_eq!(Quick::new(&Sampler::Lognormal(600.0, 1.0)).draw_ns(&mut stream), i64::MAX as u64);
    }

    /// Recorded: they must be the same on every platform.
    #[test]
    fn the_first_draws_are_the_recorded_ones() {
        let sums: Vec<u64> = (samplers().iter())
            .map(|sampler| {
                let (quick, mut stream) = (Quick::new(sampler), stream("recorded"));
                (0..10_000).fold(0_u64, |sum, _| sum.wrapping_mul(31).wrapping_add(quick.draw_ns(&mut stream)))
            })
            .collect();
        let (mut a, mut b) = (stream("recorded"), stream("recorded"));
        let first = [(); 3].map(|()| (exponential(&mut a), normal(&mut b)));
        let recorded = [
            (1.745_102_618_105_595, 0.988_282_132_994_504_4),
            (0.653_814_027_196_181_2, -0.577_617_739_524_003),
            (0.845_884_728_800_757_7, 0.989_418_139_442_459_9),
        ];
        assert_eq!(first, recorded);
        let recorded: [u64; 12] = [
            8_381_914_223_602_204_672,
            9_458_760_304_281_621_600,
            4_028_276_506_462_493_718,
            1_006_389_555_863_223_030,
            7_749_368_730_659_448_584,
            13_041_160_398_574_764_522,
            11_459_019_701_794_905_263,
            13_631_886_712_627_955_948,
            9_354_139_995_678_410_181,
            9_123_990_903_910_027_526,
            2_368_712_230_025_713_881,
            3_064_170_362_377_285_824,
        ];
        assert_eq!(sums, recorded);
    }
}
