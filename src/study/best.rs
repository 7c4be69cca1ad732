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
        let between =
            |a: usize, b: usize| moments(designs[a].iter().zip(&designs[b]).map(|(x, y): (&f64, &f64)| x - y));
        probabilities(designs.len(), between, LUCK).unwrap()
    }

    #[test]
    fn one_replication_tells_nothing() {
        assert_eq!(probabilities(2, |_, _| moments([1.0].into_iter()), LUCK), None);
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

    #[test]
    fn of_one_design_or_none_there_is_nothing_to_ask() {
        let none = |_: usize, _: usize| Moments::default();
        assert_eq!(probabilities(1, none, LUCK), Some(vec![1.0]));
        assert_eq!(probabilities(0, none, LUCK), Some(vec![]));
        assert_eq!(probabilities(3, |a, b| if (a, b) == (2, 0) { none(a, b) } else { wave_moments() }, LUCK), None);
        // Two replications are enough.
        assert!(probabilities(2, |_, _| moments([1.0, 2.0].into_iter()), LUCK).is_some());
    }

    fn wave_moments() -> Moments {
        moments(wave(1.0, 1.0).into_iter())
    }

    #[test]
    fn three_designs_of_independent_luck_share_the_chance() {
        // Equal means and variances, and no two of them go together.
        let three = [[1.0, 1.0, -1.0, -1.0], [1.0, -1.0, 1.0, -1.0], [1.0, -1.0, -1.0, 1.0]].map(Vec::from);
        for p in of(&three) {
            assert!((p - 1.0 / 3.0).abs() < 0.014, "four standard errors of 20,000 draws: {p}");
        }
        // Whichever stands first, the one that is better by twice the error of a difference has the same chance.
        let better = |at: usize| {
            let mut designs = three.clone();
            designs[at].iter_mut().for_each(|x| *x -= 1.5);
            of(&designs)[at]
        };
        let chances = [0, 1, 2].map(better);
        assert!(chances.iter().all(|p| (p - chances[0]).abs() < 0.014 && *p > 0.8 && *p < 0.98), "{chances:?}");
    }

    #[test]
    fn covariances_are_of_means_over_what_is_shared() {
        let designs = [vec![0.0; 4], vec![1.0, 2.0, 3.0, 4.0], vec![2.0, 4.0, 6.0, 8.0]];
        let over = |n: [usize; 3]| {
            let between = |a: usize, b: usize| {
                let shared = n[a].min(n[b]);
                moments((0..shared).map(|i| designs[a][i] - designs[b][i]))
            };
            covariances(&[between(1, 0), between(2, 0)], between)
        };
        let near = |seen: Vec<f64>, expected: [f64; 4]| {
            assert!(seen.iter().zip(expected).all(|(s, e)| (s - e).abs() < 1e-12), "{seen:?}, expected {expected:?}");
        };
        // Variances 5/3 and 20/3, the covariance 10/3, over four.
        near(over([4, 4, 4]), [5.0 / 12.0, 10.0 / 12.0, 10.0 / 12.0, 20.0 / 12.0]);
        // The third dropped out after two: (5/3 + 2 - 1/2) / 2 is shared, over the four of the other.
        let shared = (5.0 / 3.0 + 2.0 - 0.5) / 2.0 / 4.0;
        near(over([4, 4, 2]), [5.0 / 12.0, shared, shared, 1.0]);
    }

    #[test]
    fn a_root_times_its_transpose_is_the_matrix() {
        assert_eq!(
            cholesky(&[4.0, 2.0, 2.0, 2.0, 5.0, 3.0, 2.0, 3.0, 6.0], 3),
            [2.0, 0.0, 0.0, 1.0, 2.0, 0.0, 1.0, 1.0, 2.0]
        );
        // A row that follows from another, and one of which nothing is left but rounding.
        assert_eq!(cholesky(&[1.0, 2.0, 2.0, 4.0], 2), [1.0, 0.0, 2.0, 0.0]);
        assert_eq!(cholesky(&[1.0, 2.0, 2.0, 4.0 + 2e-12], 2), [1.0, 0.0, 2.0, 0.0]);
        assert_eq!(cholesky(&[0.0, 0.0, 0.0, 9.0], 2), [0.0, 0.0, 0.0, 3.0]);
    }
}
