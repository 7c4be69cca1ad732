//! The only door to transcendental functions.
//!
//! `std`'s `ln`, `exp`, `pow` and `sin` are whatever the platform's C library makes of them, and differ in the
//! last bits between platforms. Every such function goes through here, to the pinned `libm`, so that a run gives the
//! same bits everywhere. `sqrt`, `floor` and the four operations are exact by IEEE 754 and need no door.

/// Natural logarithm.
pub fn ln(x: f64) -> f64 {
    libm::log(x)
}

/// `ln(1 + x)`, accurate for small `x`.
pub fn ln_1p(x: f64) -> f64 {
    libm::log1p(x)
}

/// Exponential.
pub fn exp(x: f64) -> f64 {
    libm::exp(x)
}

/// `exp(x) - 1`, accurate for small `x`.
pub fn exp_m1(x: f64) -> f64 {
    libm::expm1(x)
}

/// `x` to the power `y`.
pub fn pow(x: f64, y: f64) -> f64 {
    libm::pow(x, y)
}

/// Square root.
pub fn sqrt(x: f64) -> f64 {
    // Exact wherever there is IEEE 754, unlike everything else here.
    x.sqrt()
}

/// Sine of radians.
pub fn sin(x: f64) -> f64 {
    libm::sin(x)
}

/// Cosine of radians.
pub fn cos(x: f64) -> f64 {
    libm::cos(x)
}

/// Arc sine, in radians.
pub fn asin(x: f64) -> f64 {
    libm::asin(x)
}

/// Arc cosine, in radians.
pub fn acos(x: f64) -> f64 {
    libm::acos(x)
}

/// Angle of the point (`x`, `y`), in radians.
pub fn atan2(y: f64, x: f64) -> f64 {
    libm::atan2(y, x)
}

/// The gamma function.
pub fn gamma(x: f64) -> f64 {
    libm::tgamma(x)
}

/// Natural logarithm of the gamma function, for positive `x`.
pub fn ln_gamma(x: f64) -> f64 {
    libm::lgamma(x)
}

/// Probability that a standard normal variate is at most `x`.
pub fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x / core::f64::consts::SQRT_2)
}

/// Natural logarithm of the probability that a standard normal variate is above `z`, also where that probability is too small
/// for a number: there by its asymptotic series (Abramowitz & Stegun 1964, 26.2.12).
pub fn ln_normal_tail(z: f64) -> f64 {
    const HALF_LN_TAU: f64 = 0.918_938_533_204_672_7;
    if z < -1.0 {
        return ln_1p(-normal_cdf(z));
    }
    if z < 30.0 {
        return ln(normal_cdf(-z));
    }
    let r = 1.0 / (z * z);
    -z * z / 2.0 - ln(z) - HALF_LN_TAU + ln_1p(-r * (1.0 - r * (3.0 - r * (15.0 - r * 105.0))))
}

/// The `z` at which [`ln_normal_tail`] is `-h`, for positive `h`.
pub fn normal_tail_quantile(h: f64) -> f64 {
    if h < core::f64::consts::LN_2 {
        return normal_quantile(-exp_m1(-h));
    }
    if h < 600.0 {
        return -normal_quantile(exp(-h));
    }
    let mut z = sqrt(2.0 * h);
    for _ in 0..6 {
        // The rate of a normal tail: z + 1/z - 2/z^3 + ...
        z -= (-ln_normal_tail(z) - h) / (z + 1.0 / z);
    }
    z
}

/// The regularised incomplete gamma functions P(a, x) and Q(a, x) = 1 - P(a, x) as their natural logarithms, at `a > 0` and
/// the logarithm of `x`.
///
/// By the series below `a + 1` and by the continued fraction above (Press et al., Numerical Recipes, 2007, section 6.2).
pub fn ln_gamma_p_q(a: f64, ln_x: f64) -> (f64, f64) {
    let x = exp(ln_x);
    if x < a + 1.0 {
        let (mut term, mut sum, mut n) = (1.0, 1.0, a);
        while term > sum * 1e-17 {
            n += 1.0;
            term *= x / n;
            sum += term;
        }
        let ln_p = (a * ln_x - x - ln_gamma(a + 1.0) + ln(sum)).min(0.0);
        return (ln_p, ln_1p(-exp(ln_p)));
    }
    const TINY: f64 = 1e-300;
    let mut b = x + 1.0 - a;
    let (mut c, mut d) = (1.0 / TINY, 1.0 / b);
    let mut fraction = d;
    for i in 1..10_000 {
        let i = f64::from(i);
        let factor = -i * (i - a);
        b += 2.0;
        d = factor * d + b;
        c = b + factor / c;
        d = 1.0 / if d.abs() < TINY { TINY } else { d };
        c = if c.abs() < TINY { TINY } else { c };
        fraction *= d * c;
        if (d * c - 1.0).abs() < 1e-16 {
            break;
        }
    }
    let ln_q = (a * ln_x - x - ln_gamma(a) + ln(fraction)).min(0.0);
    (ln_1p(-exp(ln_q)), ln_q)
}

/// The root of an increasing function, given as its value and its slope: Newton's method from `start`, kept within what is
/// known to be below and above the root. A function that is nearly a straight line takes a few steps.
pub fn increasing_root(start: f64, function: impl Fn(f64) -> (f64, f64)) -> f64 {
    let (mut x, mut low, mut high, mut reach) = (start, f64::NEG_INFINITY, f64::INFINITY, 1.0);
    for _ in 0..200 {
        let (value, slope) = function(x);
        if value == 0.0 {
            return x;
        }
        if value < 0.0 {
            low = x;
        } else {
            high = x;
        }
        let mut next = x - value / slope;
        if !(low < next && next < high) {
            next = match (low.is_finite(), high.is_finite()) {
                (true, true) => (low + high) / 2.0,
                (true, false) => low + reach,
                _ => high - reach,
            };
            reach *= 2.0;
        }
        // The error of the next is about the square of this step.
        if (next - x).abs() <= 1e-11 * x.abs().max(1.0) {
            return next;
        }
        x = next;
    }
    x
}

/// Quantile of Student's t distribution with a whole number of degrees of freedom, for `0.5 < p < 1`.
///
/// The distribution function by its finite series (Abramowitz & Stegun 1964, 26.7.3 and 26.7.4), inverted by bisection.
pub fn student_quantile(p: f64, degrees: u32) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    while student_cdf(high, degrees) < p && high < 1e6 {
        high *= 2.0;
    }
    for _ in 0..80 {
        let middle = (low + high) / 2.0;
        if student_cdf(middle, degrees) < p {
            low = middle;
        } else {
            high = middle;
        }
    }
    (low + high) / 2.0
}

fn student_cdf(t: f64, degrees: u32) -> f64 {
    let n = f64::from(degrees.max(1));
    let theta = atan2(t, sqrt(n));
    let cos2 = cos(theta) * cos(theta);
    // The sum of the series, one factor after another.
    let (mut term, mut sum, mut k) = if degrees % 2 == 1 { (cos(theta), 0.0, 1.0) } else { (1.0, 1.0, 0.0) };
    if degrees % 2 == 1 {
        if degrees > 1 {
            sum = term;
        }
        while k + 2.0 < n - 1.0 {
            term *= cos2 * (k + 1.0) / (k + 2.0);
            sum += term;
            k += 2.0;
        }
        return 0.5 + (theta + sin(theta) * sum) / core::f64::consts::PI;
    }
    while k + 2.0 < n {
        term *= cos2 * (k + 1.0) / (k + 2.0);
        sum += term;
        k += 2.0;
    }
    0.5 + sin(theta) * sum / 2.0
}

/// Quantile of the standard normal: the inverse of [`normal_cdf`], for `0 < p < 1`.
///
/// Wichura, "Algorithm AS 241: The percentage points of the normal distribution", Applied Statistics 37 (1988),
/// routine PPND16: relative accuracy about 1e-16.
pub fn normal_quantile(p: f64) -> f64 {
    const A: [f64; 8] = [
        3.387_132_872_796_366_5,
        1.331_416_678_917_843_8e2,
        1.971_590_950_306_551_3e3,
        1.373_169_376_550_946e4,
        4.592_195_393_154_987e4,
        6.726_577_092_700_87e4,
        3.343_057_558_358_813e4,
        2.509_080_928_730_122_7e3,
    ];
    const B: [f64; 8] = [
        1.0,
        4.231_333_070_160_091e1,
        6.871_870_074_920_579e2,
        5.394_196_021_424_751e3,
        2.121_379_430_158_659_7e4,
        3.930_789_580_009_271e4,
        2.872_908_573_572_194_3e4,
        5.226_495_278_852_545e3,
    ];
    const C: [f64; 8] = [
        1.423_437_110_749_683_5,
        4.630_337_846_156_546,
        5.769_497_221_460_691,
        3.647_848_324_763_204_5,
        1.270_458_252_452_368_4,
        2.417_807_251_774_506e-1,
        2.272_384_498_926_918_4e-2,
        7.745_450_142_783_414e-4,
    ];
    const D: [f64; 8] = [
        1.0,
        2.053_191_626_637_759,
        1.676_384_830_183_803_8,
        6.897_673_349_851e-1,
        1.481_039_764_274_800_8e-1,
        1.519_866_656_361_645_7e-2,
        5.475_938_084_995_345e-4,
        1.050_750_071_644_416_9e-9,
    ];
    const E: [f64; 8] = [
        6.657_904_643_501_103,
        5.463_784_911_164_114,
        1.784_826_539_917_291_3,
        2.965_605_718_285_048_7e-1,
        2.653_218_952_657_612_4e-2,
        1.242_660_947_388_078_4e-3,
        2.711_555_568_743_487_6e-5,
        2.010_334_399_292_288_1e-7,
    ];
    const F: [f64; 8] = [
        1.0,
        5.998_322_065_558_88e-1,
        1.369_298_809_227_358e-1,
        1.487_536_129_085_061_5e-2,
        7.868_691_311_456_133e-4,
        1.846_318_317_510_054_7e-5,
        1.421_511_758_316_446e-7,
        2.044_263_103_389_939_8e-15,
    ];
    fn poly(c: &[f64; 8], x: f64) -> f64 {
        c.iter().rev().fold(0.0, |sum, &k| sum * x + k)
    }
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180_625 - q * q;
        return q * poly(&A, r) / poly(&B, r);
    }
    let tail = if q < 0.0 { p } else { 1.0 - p };
    let r = sqrt(-ln(tail));
    let z = if r <= 5.0 { poly(&C, r - 1.6) / poly(&D, r - 1.6) } else { poly(&E, r - 5.0) / poly(&F, r - 5.0) };
    if q < 0.0 { -z } else { z }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn students_t_is_that_of_the_tables() {
        // Fisher & Yates, Statistical Tables, 1938, table III.
        let table = [(1, 12.706), (2, 4.303), (3, 3.182), (4, 2.776), (5, 2.571), (9, 2.262), (10, 2.228), (30, 2.042)];
        for (degrees, t) in table {
            assert!(
                (student_quantile(0.975, degrees) - t).abs() < 6e-4,
                "{degrees}: {}",
                student_quantile(0.975, degrees)
            );
        }
        assert!((student_quantile(0.975, 2_000) - 1.961).abs() < 1e-3);
    }

    #[test]
    fn the_normal_quantile_inverts_the_normal_distribution() {
        for p in [1e-12, 1e-6, 0.01, 0.3, 0.5, 0.7, 0.99, 1.0 - 1e-9] {
            let back = normal_cdf(normal_quantile(p));
            assert!((back - p).abs() <= 1e-12 * p.max(1e-3), "{p} came back as {back}");
        }
        assert!((normal_quantile(0.975) - 1.959_963_984_540_054).abs() < 1e-14);
    }
}
