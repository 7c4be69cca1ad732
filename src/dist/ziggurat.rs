//! The unit exponential and the standard normal by rejection: one random word for nearly every variate.
//!
//! Marsaglia & Tsang, "The ziggurat method for generating random variables", Journal of Statistical Software 5 (2000), with
//! 256 layers. The layer comes from the lowest 8 bits of a word, the sign from the next one and the place in the layer from the
//! highest 52, which share no bit: otherwise they would be correlated (Doornik, "An improved ziggurat method to generate normal
//! random samples", 2005). A place is the middle of a step, so that no variate is zero.
//!
//! How many words a variate takes depends on those words alone. It is scaled afterwards: a changed mean moves no later
//! variate of the stream.

use crate::num;
use crate::rng::{Stream, unit};

/// How many layers there are.
const LAYERS: usize = 256;

/// Steps in a layer.
const STEPS: f64 = (1_u64 << 52) as f64;

/// A layer, from zero to its right edge: below `certain` steps a place is under the curve whatever its height.
#[derive(Clone, Copy)]
struct Layer {
    certain: u64,
    edge: f64,
}

/// The layers of a falling density, whose tail begins where the lowest layer ends.
struct Table {
    layers: [Layer; LAYERS],
    /// The density, not normalised, at the right edges; the last is 1, at zero.
    heights: [f64; LAYERS + 1],
}

/// Where the tail of the exponential begins, and the area of each of its layers.
const EXPONENTIAL_TAIL: f64 = 7.697_117_470_131_05;
const EXPONENTIAL_AREA: f64 = 0.003_949_659_822_581_557;

/// Where the tail of the normal begins, and the area of each of its layers; the density is `exp(-x^2 / 2)`.
const NORMAL_TAIL: f64 = 3.654_152_885_361_009;
const NORMAL_AREA: f64 = 0.004_928_673_233_974_655;

static EXPONENTIAL: Table = table(false);
static NORMAL: Table = table(true);

/// Works the layers out, each as large as the others. The compiler does it, so that they are the same wherever they run.
const fn table(normal: bool) -> Table {
    let (tail, area) = if normal { (NORMAL_TAIL, NORMAL_AREA) } else { (EXPONENTIAL_TAIL, EXPONENTIAL_AREA) };
    let mut heights = [1.0; LAYERS + 1];
    let mut layers = [Layer { certain: 0, edge: 0.0 }; LAYERS];
    // The lowest layer is a rectangle and the tail: as wide as if it were all rectangle.
    heights[1] = exponential_of(if normal { -tail * tail / 2.0 } else { -tail });
    heights[0] = 0.0;
    let mut edge = area / heights[1];
    let mut next = tail;
    let mut i = 0;
    while i < LAYERS {
        layers[i] = Layer { certain: (next / edge * STEPS) as u64, edge };
        edge = next;
        i += 1;
        next = 0.0;
        if i + 1 < LAYERS {
            heights[i + 1] = heights[i] + area / edge;
            let log = logarithm_of(heights[i + 1]);
            next = if normal { root_of(-2.0 * log) } else { -log };
        }
    }
    Table { layers, heights }
}

/// `e^x` for `x <= 0`, for the compiler: whole powers, and a Taylor series for the rest.
const fn exponential_of(x: f64) -> f64 {
    let whole = x as i64;
    let rest = x - whole as f64;
    let mut term = 1.0;
    let mut sum = 1.0;
    let mut i = 1;
    while i < 22 {
        term *= rest / i as f64;
        sum += term;
        i += 1;
    }
    let mut i = whole;
    while i < 0 {
        sum /= std::f64::consts::E;
        i += 1;
    }
    sum
}

/// The natural logarithm for `0 < y <= 1`, for the compiler: Halley's method on the exponential.
const fn logarithm_of(y: f64) -> f64 {
    let mut x = 0.0;
    let mut i = 0;
    while i < 16 {
        let e = exponential_of(x);
        x += 2.0 * (y - e) / (y + e);
        i += 1;
    }
    x
}

/// The square root, for the compiler: Newton's method.
const fn root_of(y: f64) -> f64 {
    let mut x = 1.0 + y;
    let mut i = 0;
    while i < 40 {
        x = (x + y / x) / 2.0;
        i += 1;
    }
    x
}

/// A variate of the exponential distribution with mean 1: above 0.
///
/// ```
/// use firedrill::{dist::exponential, rng::{Luck, Stream}};
/// let mut stream = Stream::new(Luck { seed: 7, replication: 0 }, "web", "work");
/// let mean = (0..10_000).map(|_| exponential(&mut stream)).sum::<f64>() / 10_000.0;
/// assert!((mean - 1.0).abs() < 0.04);
/// ```
#[inline]
pub fn exponential(stream: &mut Stream) -> f64 {
    let bits = stream.bits();
    let Layer { certain, edge } = EXPONENTIAL.layers[bits as usize % LAYERS];
    let x = unit(bits) * edge;
    if bits >> 12 < certain { x } else { exponential_edge(stream, bits, x) }
}

/// The rest of it, for a place that is not certain to be under the curve.
#[cold]
#[inline(never)]
fn exponential_edge(stream: &mut Stream, mut bits: u64, mut x: f64) -> f64 {
    // The tail is an exponential again: it begins anew, so much further on.
    let mut beyond = 0.0;
    loop {
        let layer = bits as usize % LAYERS;
        if layer == 0 {
            beyond += EXPONENTIAL_TAIL;
        } else if is_under(&EXPONENTIAL, layer, stream, num::exp(-x)) {
            return beyond + x;
        }
        bits = stream.bits();
        let Layer { certain, edge } = EXPONENTIAL.layers[bits as usize % LAYERS];
        x = unit(bits) * edge;
        if bits >> 12 < certain {
            return beyond + x;
        }
    }
}

/// A variate of the normal distribution with mean 0 and standard deviation 1.
#[inline]
pub fn normal(stream: &mut Stream) -> f64 {
    let bits = stream.bits();
    let Layer { certain, edge } = NORMAL.layers[bits as usize % LAYERS];
    let x = unit(bits) * edge;
    signed(bits, if bits >> 12 < certain { x } else { normal_edge(stream, bits, x) })
}

/// The rest of it, for a place that is not certain to be under the curve.
#[cold]
#[inline(never)]
fn normal_edge(stream: &mut Stream, mut bits: u64, mut x: f64) -> f64 {
    loop {
        let layer = bits as usize % LAYERS;
        if layer == 0 {
            return NORMAL_TAIL + normal_tail(stream);
        }
        if is_under(&NORMAL, layer, stream, num::exp(-x * x / 2.0)) {
            return x;
        }
        bits = stream.bits();
        let Layer { certain, edge } = NORMAL.layers[bits as usize % LAYERS];
        x = unit(bits) * edge;
        if bits >> 12 < certain {
            return x;
        }
    }
}

/// Gives a positive number the sign that the bit above the layer stands for.
#[inline]
fn signed(bits: u64, x: f64) -> f64 {
    f64::from_bits(x.to_bits() | (bits / LAYERS as u64) << 63)
}

/// How far into the tail, which is an exponential that falls off a little faster (Marsaglia, "Generating a variable from
/// the tail of the normal distribution", Technometrics 6, 1964).
fn normal_tail(stream: &mut Stream) -> f64 {
    loop {
        let x = -num::ln(stream.uniform()) / NORMAL_TAIL;
        let y = -num::ln(stream.uniform());
        if 2.0 * y > x * x {
            return x;
        }
    }
}

/// Whether a random height in the layer is under the curve.
fn is_under(table: &Table, layer: usize, stream: &mut Stream, curve: f64) -> bool {
    let (low, high) = (table.heights[layer], table.heights[layer + 1]);
    low + stream.uniform() * (high - low) < curve
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Luck;

    const LUCK: Luck = Luck { seed: 1, replication: 0 };

    #[test]
    fn all_layers_have_the_same_area() {
        for (table, tail, area, density) in [
            (&EXPONENTIAL, EXPONENTIAL_TAIL, EXPONENTIAL_AREA, (|x| num::exp(-x)) as fn(f64) -> f64),
            (&NORMAL, NORMAL_TAIL, NORMAL_AREA, |x| num::exp(-x * x / 2.0)),
        ] {
            assert!((table.layers[1].edge / tail - 1.0).abs() < 1e-15);
            for i in 1..LAYERS {
                let edge = table.layers[i].edge;
                let off = table.heights[i] / density(edge) - 1.0;
                assert!(off.abs() < 4e-15, "layer {i} is at a height that is off by {off}");
                let off = edge * (table.heights[i + 1] - table.heights[i]) / area - 1.0;
                assert!(off.abs() < 2e-12, "layer {i} is too large by {off}");
                let next = if i + 1 < LAYERS { table.layers[i + 1].edge } else { 0.0 };
                let off = table.layers[i].certain as f64 / STEPS - next / edge;
                assert!(off.abs() < 1e-15, "layer {i} is certain too far by {off}");
            }
        }
    }

    /// Draws, and the largest distance between the observed and the true distribution function at some quantiles, in
    /// standard errors.
    fn worst(n: u32, mut draw: impl FnMut() -> f64, cdf: impl Fn(f64) -> f64, edges: &[f64]) -> f64 {
        let mut below = vec![0_u32; edges.len() + 1];
        for _ in 0..n {
            let x = draw();
            below[edges.partition_point(|&edge| edge < x)] += 1;
        }
        let mut sum = 0;
        let z = edges.iter().zip(&below).map(|(&edge, &count)| {
            sum += count;
            let p = cdf(edge);
            let sd = num::sqrt(f64::from(n) * p * (1.0 - p));
            (f64::from(sum) - f64::from(n) * p).abs() / sd.max(1.0)
        });
        z.fold(0.0, f64::max)
    }

    #[test]
    fn exponentials_have_their_distribution_to_the_tails() {
        let mut stream = Stream::new(LUCK, "x", "exponential");
        // Around the edges of layers as well, where a wrong table would show.
        let mut edges: Vec<f64> = (1..LAYERS).map(|i| EXPONENTIAL.layers[i].edge).collect();
        edges.extend([1e-6, 1e-5, 1e-4, 1e-3, 8.0, 9.0, 10.0, 11.5, 13.0, 14.0]);
        edges.sort_by(f64::total_cmp);
        let cdf = |x: f64| -num::exp_m1(-x);
        let worst = worst(4_000_000, || exponential(&mut stream), cdf, &edges);
        assert!(worst < 4.5, "{worst} standard errors");
    }

    #[test]
    fn normals_have_their_distribution_to_the_tails() {
        let mut stream = Stream::new(LUCK, "x", "normal");
        let mut edges: Vec<f64> = (1..LAYERS).map(|i| NORMAL.layers[i].edge).collect();
        edges.extend([1e-5, 1e-4, 1e-3, 3.8, 4.0, 4.2, 4.5, 4.8]);
        edges.extend(edges.clone().into_iter().map(|edge| -edge));
        edges.sort_by(f64::total_cmp);
        let worst = worst(4_000_000, || normal(&mut stream), num::normal_cdf, &edges);
        assert!(worst < 4.5, "{worst} standard errors");
    }

    #[test]
    fn moments_are_those_of_the_distributions() {
        let n = 2_000_000;
        let moments = |draw: &mut dyn FnMut() -> f64| {
            let mut sums = [0.0; 4];
            for _ in 0..n {
                let x = draw();
                sums[0] += x;
                sums[1] += x * x;
                sums[2] += x * x * x;
                sums[3] += x * x * x * x;
            }
            sums.map(|sum| sum / f64::from(n))
        };
        let mut stream = Stream::new(LUCK, "x", "moments");
        let is = |found: [f64; 4], expected: [f64; 4], variances: [f64; 4]| {
            for i in 0..4 {
                let error = num::sqrt(variances[i] / f64::from(n));
                assert!((found[i] - expected[i]).abs() < 4.0 * error, "moment {}: {}", i + 1, found[i]);
            }
        };
        // Variance of x^k: the moment 2k less the square of the moment k.
        let variances = [1.0, 24.0 - 4.0, 720.0 - 36.0, 40_320.0 - 576.0];
        is(moments(&mut || exponential(&mut stream)), [1.0, 2.0, 6.0, 24.0], variances);
        is(moments(&mut || normal(&mut stream)), [0.0, 1.0, 0.0, 3.0], [1.0, 2.0, 15.0, 96.0]);
    }

    #[test]
    fn successive_variates_are_not_correlated() {
        let mut stream = Stream::new(LUCK, "x", "pairs");
        let n = 1_000_000;
        let (mut last, mut sum) = (0.0, 0.0);
        for _ in 0..n {
            let x = normal(&mut stream);
            sum += x * last;
            last = x;
        }
        assert!(sum.abs() < 4.0 * num::sqrt(f64::from(n)), "{sum}");
    }
}
