//! How probable it is that each design is the best.

use super::stats::Moments;
use crate::num;
use crate::rng::{Luck, Stream};

/// Draws from the distribution of the means.
const DRAWS: u32 = 20_000;

/// For each of `k` designs the probability that its mean is the lowest, given what was seen of their differences: means are taken
/// as jointly normal around the differences that were seen from the first of them, with the covariances that were seen over the
/// number of replications that two designs share (central limit theorem; in Bayesian words the posterior under a flat prior, as
/// in Chick & Inoue, Operations Research 49, 2001). Designs that never differed share their place.
///
/// `between` gives the differences of two designs, the first minus the second. Nothing else is looked at: what is told as a
/// probability comes from the replications that the pairs are judged by. `None` where two designs share fewer than two.
pub fn probabilities(k: usize, between: impl Fn(usize, usize) -> Moments, luck: Luck) -> Option<Vec<f64>> {
    if k < 2 {
        return Some(vec![1.0; k]);
    }
    let away: Vec<Moments> = (1..k).map(|i| between(i, 0)).collect();
    if away.iter().any(|moments| moments.n() < 2) {
        return None;
    }
    let rest = k - 1;
    let root = cholesky(&covariances(&away, &between), rest);
    let mut stream = Stream::new(luck, "study", "probability of being the best");
    let mut best = vec![0.0; k];
    // The first design is where everything is measured from.
    let (mut normal, mut drawn) = (vec![0.0; rest], vec![0.0; k]);
    for _ in 0..DRAWS {
        normal.iter_mut().for_each(|z| *z = num::normal_quantile(stream.uniform()));
        for (i, moments) in away.iter().enumerate() {
            let off: f64 = root[i * rest..=i * rest + i].iter().zip(&normal).map(|(l, z)| l * z).sum();
            drawn[i + 1] = moments.mean() + off;
        }
        let lowest = drawn.iter().copied().fold(f64::INFINITY, f64::min);
        // What differs by less than rounding does not differ.
        let is_lowest = |value: &f64| *value <= lowest + 1e-12 * lowest.abs();
        let shared_by = drawn.iter().filter(|value| is_lowest(value)).count() as f64;
        best.iter_mut().zip(&drawn).filter(|(_, value)| is_lowest(value)).for_each(|(b, _)| *b += 1.0 / shared_by);
    }
    Some(best.iter().map(|b| b / f64::from(DRAWS)).collect())
}

/// Covariances of the mean differences from the first design.
fn covariances(away: &[Moments], between: impl Fn(usize, usize) -> Moments) -> Vec<f64> {
    let k = away.len();
    let mut all = vec![0.0; k * k];
    for i in 0..k {
        let n = away[i].n().max(1) as f64;
        all[i * k + i] = away[i].variance() / n;
        for j in 0..i {
            // Var(x - y) = Var(x) + Var(y) - 2 Cov(x, y). Of means over different numbers of replications the shared ones
            // count: Cov = c / max(n, m).
            let apart = between(i + 1, j + 1).variance();
            let both = (away[i].variance() + away[j].variance() - apart) / 2.0;
            let shared = both / n.max(away[j].n() as f64);
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
mod tests;
