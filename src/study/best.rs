//! How probable it is that each design is the best.

use super::select::pair_index;
use super::stats::Moments;
use crate::num;
use crate::rng::{Luck, Stream};

/// Draws from the distribution of the means.
const DRAWS: u32 = 20_000;

/// For each design the probability that its mean is the lowest, given what was seen: means are taken as jointly normal around
/// the means that were seen, with the covariances that were seen over the number of replications (central limit theorem; in
/// Bayesian words the posterior under a flat prior, as in Chick & Inoue, Operations Research 49, 2001). Designs that never
/// differed share their place.
///
/// `differences` are those of all pairs, by [`pair_index`]: variances of differences give the covariances.
pub fn probabilities(designs: &[Moments], differences: &[Moments], luck: Luck) -> Vec<f64> {
    let k = designs.len();
    if k < 2 {
        return vec![1.0; k];
    }
    let root = cholesky(&covariances(designs, differences), k);
    let mut stream = Stream::new(luck, "study", "probability of being the best");
    let mut best = vec![0.0; k];
    let (mut normal, mut drawn) = (vec![0.0; k], vec![0.0; k]);
    for _ in 0..DRAWS {
        normal.iter_mut().for_each(|z| *z = num::normal_quantile(stream.uniform()));
        for (i, value) in drawn.iter_mut().enumerate() {
            let off: f64 = root[i * k..=i * k + i].iter().zip(&normal).map(|(l, z)| l * z).sum();
            *value = designs[i].mean() + off;
        }
        let lowest = drawn.iter().copied().fold(f64::INFINITY, f64::min);
        // What differs by less than rounding does not differ.
        let is_lowest = |value: &f64| *value <= lowest + 1e-12 * lowest.abs();
        let shared_by = drawn.iter().filter(|value| is_lowest(value)).count() as f64;
        best.iter_mut().zip(&drawn).filter(|(_, value)| is_lowest(value)).for_each(|(b, _)| *b += 1.0 / shared_by);
    }
    best.iter().map(|b| b / f64::from(DRAWS)).collect()
}

/// Covariances of the means.
fn covariances(designs: &[Moments], differences: &[Moments]) -> Vec<f64> {
    let k = designs.len();
    let mut all = vec![0.0; k * k];
    for i in 0..k {
        let n = designs[i].n().max(1) as f64;
        all[i * k + i] = designs[i].variance() / n;
        for j in 0..i {
            // Var(x - y) = Var(x) + Var(y) - 2 Cov(x, y). Of means over different numbers of replications the shared ones
            // count: Cov = c / max(n, m).
            let apart = differences[pair_index(j, i)].variance();
            let both = (designs[i].variance() + designs[j].variance() - apart) / 2.0;
            let shared = both / n.max(designs[j].n() as f64);
            (all[i * k + j], all[j * k + i]) = (shared, shared);
        }
    }
    all
}

/// The lower triangle whose product with its transpose is this matrix, also where some rows follow from others.
fn cholesky(matrix: &[f64], k: usize) -> Vec<f64> {
    let mut root = vec![0.0; k * k];
    for i in 0..k {
        for j in 0..=i {
            let known: f64 = (0..j).map(|m| root[i * k + m] * root[j * k + m]).sum();
            let rest = matrix[i * k + j] - known;
            root[i * k + j] = if i == j {
                // Rounding leaves a little where nothing is left.
                if rest > 1e-12 * matrix[i * k + i] { num::sqrt(rest) } else { 0.0 }
            } else if root[j * k + j] > 0.0 {
                rest / root[j * k + j]
            } else {
                0.0
            };
        }
    }
    root
}

#[cfg(test)]
mod tests {
    use super::*;

    const LUCK: Luck = Luck { seed: 1, replication: 0 };

    fn moments(values: impl Iterator<Item = f64>) -> Moments {
        let mut moments = Moments::default();
        values.for_each(|x| moments.add(x));
        moments
    }

    /// Probabilities for designs given by what each replication gave.
    fn of(designs: &[Vec<f64>]) -> Vec<f64> {
        let alone: Vec<Moments> = designs.iter().map(|values| moments(values.iter().copied())).collect();
        let mut pairs = Vec::new();
        for b in 1..designs.len() {
            for a in 0..b {
                pairs.push(moments(designs[a].iter().zip(&designs[b]).map(|(x, y)| x - y)));
            }
        }
        probabilities(&alone, &pairs, LUCK)
    }

    fn wave(mean: f64, step: f64) -> Vec<f64> {
        (0..100).map(|i| mean + num::sin(f64::from(i) * step)).collect()
    }

    #[test]
    fn two_like_designs_have_even_chances() {
        let p = of(&[wave(5.0, 1.0), wave(5.0, 2.0)]);
        assert!((p[0] - 0.5).abs() < 0.1 && (p[0] + p[1] - 1.0).abs() < 1e-12, "{p:?}");
    }

    #[test]
    fn it_is_the_normal_probability_of_the_difference() {
        let (a, b) = (wave(5.0, 1.0), wave(5.1, 2.0));
        let differences = moments(a.iter().zip(&b).map(|(x, y)| x - y));
        let z = differences.mean() / num::sqrt(differences.variance() / 100.0);
        let p = of(&[a, b]);
        assert!((p[0] - num::normal_cdf(-z)).abs() < 0.01, "{p:?}, z = {z}");
    }

    #[test]
    fn common_luck_makes_a_small_difference_certain() {
        let (a, b) = (wave(5.0, 1.0), wave(5.01, 1.0));
        assert_eq!(of(&[a, b]), [1.0, 0.0]);
    }

    #[test]
    fn designs_that_never_differ_share_their_place() {
        let p = of(&[wave(5.0, 1.0), wave(5.0, 1.0), vec![9.0; 100]]);
        assert!((p[0] - 0.5).abs() < 1e-9 && (p[1] - 0.5).abs() < 1e-9 && p[2] == 0.0, "{p:?}");
    }
}
