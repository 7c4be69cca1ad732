use super::*;

const LUCK: Luck = Luck { seed: 1, replication: 0 };

fn moments(values: impl Iterator<Item = f64>) -> Moments {
    let mut moments = Moments::default();
    values.for_each(|x| moments.add(x));
    moments
}

/// Probabilities for designs given by what each replication gave.
fn of(designs: &[Vec<f64>]) -> Vec<f64> {
    let between = |a: usize, b: usize| moments(designs[a].iter().zip(&designs[b]).map(|(x, y): (&f64, &f64)| x - y));
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
