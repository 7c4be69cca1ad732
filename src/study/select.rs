//! When the order of designs is settled: the fully sequential procedure of Kim & Nelson.

use super::stats::Moments;
use crate::num;

/// Observations of the first stage, from which variances are estimated.
pub const FIRST_STAGE: u64 = 10;

/// What is to be settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Settle {
    /// The order of all designs.
    #[default]
    Order,
    /// Which one is the best; the others only until they are known not to be.
    Best,
}

/// What is known of two designs.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Settled {
    /// Not yet.
    No,
    /// The first of the two has the smaller mean.
    First,
    /// The second has.
    Second,
    /// Neither is further away than what makes no difference.
    Alike,
}

/// Decides after every observation which pairs of designs are settled, and which designs need no more observations.
///
/// Kim & Nelson, "A fully sequential procedure for indifference-zone selection in simulation", ACM TOMACS 11 (2001), with
/// c = 1: two designs are compared until the sum of their differences leaves a triangle whose size follows from the variance
/// of the differences, the asked confidence and the difference that would not matter. Common random numbers are allowed, and
/// help. A mean that is lower by at least that difference is found with at least the asked confidence, where observations
/// are normal; observations here are means of whole batches of replications, which nearly are.
///
/// Two changes, both to the safe side. For [`Settle::Order`] the probability of error is shared among all pairs (Bonferroni)
/// instead of those with the best only. And the variance is the larger of that of the first stage and that of all
/// observations so far: rare outages may be missing from the first stage.
#[derive(Debug, Clone)]
pub struct Selection {
    settle: Settle,
    indifference: f64,
    designs: usize,
    /// h² of the procedure.
    size: f64,
    pairs: Vec<Pair>,
    needed: Vec<bool>,
}

#[derive(Debug, Clone, Copy)]
struct Pair {
    differences: Moments,
    first_stage: f64,
    settled: Settled,
    /// One of the two had no number once: what the others say does not settle it.
    lacks_data: bool,
}

impl Selection {
    /// A selection among so many designs: with what confidence, and which difference would not matter (above 0, in the unit
    /// of the observations).
    pub fn new(designs: usize, settle: Settle, confidence: f64, indifference: f64) -> Selection {
        let pairs = designs * designs.saturating_sub(1) / 2;
        let shared_by = match settle {
            Settle::Order => pairs,
            Settle::Best => designs.saturating_sub(1),
        };
        let error = (1.0 - confidence) / shared_by.max(1) as f64;
        let degrees = (FIRST_STAGE - 1) as f64;
        let eta = 0.5 * (num::pow(2.0 * error, -2.0 / degrees) - 1.0);
        let pair = Pair { differences: Moments::default(), first_stage: 0.0, settled: Settled::No, lacks_data: false };
        Selection {
            settle,
            indifference,
            designs,
            size: 2.0 * eta * degrees,
            pairs: vec![pair; pairs],
            needed: vec![true; designs],
        }
    }

    /// One observation of every design that is [needed](Selection::needed), in their order; what stands for the others is
    /// not looked at. NaN is no number: that pair is never settled. While nothing `may_settle`, observations are taken in all the
    /// same.
    pub fn observe(&mut self, values: &[f64], may_settle: bool) {
        for b in 1..self.designs {
            for a in 0..b {
                if self.needed[a] && self.needed[b] {
                    self.observe_pair(a, b, values[a] - values[b], may_settle);
                }
            }
        }
        // All at once: who is out in this round still counts against the others.
        self.needed = (0..self.designs).map(|design| self.is_needed(design)).collect();
    }

    fn observe_pair(&mut self, a: usize, b: usize, difference: f64, may_settle: bool) {
        let (size, delta) = (self.size, self.indifference);
        let pair = &mut self.pairs[pair_index(a, b)];
        if pair.settled != Settled::No {
            return;
        }
        if !difference.is_finite() {
            pair.lacks_data = true;
            return;
        }
        pair.differences.add(difference);
        let n = pair.differences.n();
        if n < FIRST_STAGE {
            return;
        }
        let variance = pair.differences.variance();
        if n == FIRST_STAGE {
            pair.first_stage = variance;
        }
        if pair.lacks_data || !may_settle {
            return;
        }
        let variance = variance.max(pair.first_stage);
        let r = n as f64;
        let within = (delta / (2.0 * r) * (size * variance / (delta * delta) - r)).max(0.0);
        let mean = pair.differences.mean();
        if mean.abs() < within || (mean == 0.0 && within > 0.0) {
            return;
        }
        pair.settled = match mean {
            m if m.abs() < delta => Settled::Alike,
            m if m < 0.0 => Settled::First,
            _ => Settled::Second,
        };
    }

    fn is_needed(&self, design: usize) -> bool {
        if !self.needed[design] {
            return false;
        }
        let mut others = (0..self.designs).filter(|&other| other != design);
        match self.settle {
            Settle::Order => others.any(|other| self.between(design, other) == Settled::No),
            Settle::Best => {
                // Of two that are alike the one with the lower mean stays.
                let beats = |other: usize| match self.between(design, other) {
                    Settled::No | Settled::First => false,
                    Settled::Second => true,
                    Settled::Alike => {
                        let off = self.mean_between(design, other);
                        off > 0.0 || (off == 0.0 && other < design)
                    }
                };
                let is_out = others.clone().any(|other| self.needed[other] && beats(other));
                !is_out && others.any(|other| self.needed[other] && self.between(design, other) == Settled::No)
            }
        }
    }

    /// What is known of two designs, from the first one's view.
    pub fn between(&self, a: usize, b: usize) -> Settled {
        match (self.pairs[pair_index(a.min(b), a.max(b))].settled, a < b) {
            (Settled::First, false) => Settled::Second,
            (Settled::Second, false) => Settled::First,
            (settled, _) => settled,
        }
    }

    fn mean_between(&self, a: usize, b: usize) -> f64 {
        let mean = self.pairs[pair_index(a.min(b), a.max(b))].differences.mean();
        if a < b { mean } else { -mean }
    }

    /// Whether a design needs more observations.
    pub fn needed(&self) -> &[bool] {
        &self.needed
    }

    /// Whether everything that was asked is settled.
    pub fn is_settled(&self) -> bool {
        !self.needed.contains(&true)
    }
}

/// Where two designs, the lower one first, stand in a list of all pairs.
pub fn pair_index(a: usize, b: usize) -> usize {
    b * (b - 1) / 2 + a
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Luck, Stream};

    /// Runs a selection on designs whose observations are normal with these means, unit variance and a correlation.
    fn select(
        means: &[f64],
        settle: Settle,
        indifference: f64,
        correlation: f64,
        replication: u64,
    ) -> (Selection, u64) {
        let mut stream = Stream::new(Luck { seed: 11, replication }, "selection", "observations");
        let mut selection = Selection::new(means.len(), settle, 0.95, indifference);
        let (common, own) = (num::sqrt(correlation), num::sqrt(1.0 - correlation));
        for n in 1..1_000_000 {
            let shared = num::normal_quantile(stream.uniform());
            let mut observe = |mean: &f64| mean + common * shared + own * num::normal_quantile(stream.uniform());
            let values: Vec<f64> = means.iter().map(&mut observe).collect();
            selection.observe(&values, true);
            if selection.is_settled() {
                return (selection, n);
            }
        }
        panic!("never settled");
    }

    #[test]
    fn the_best_is_found_in_at_least_the_promised_share_of_cases() {
        // The least favourable case: all others are just as far away as matters.
        let means = [0.5, 0.0, 0.5, 0.5, 0.5];
        let right = |settle, correlation| {
            let is_right = |case: &u64| {
                let (selection, _) = select(&means, settle, 0.5, correlation, *case);
                [0, 2, 3, 4].iter().all(|&other| selection.between(1, other) != Settled::Second)
            };
            (0..1_000).filter(is_right).count()
        };
        for (settle, correlation) in [(Settle::Best, 0.0), (Settle::Best, 0.8), (Settle::Order, 0.5)] {
            let right = right(settle, correlation);
            assert!(right >= 950, "{settle:?} with correlation {correlation}: {right} of 1,000");
        }
    }

    #[test]
    fn an_order_is_settled_in_at_least_the_promised_share_of_cases() {
        let means = [1.0, 0.0, 1.5, 0.5];
        let is_right = |case: &u64| {
            let (selection, _) = select(&means, Settle::Order, 0.5, 0.3, *case);
            let pairs = [(1, 3), (3, 0), (0, 2), (1, 0), (3, 2), (1, 2)];
            pairs.iter().all(|&(better, worse)| selection.between(better, worse) != Settled::Second)
        };
        let right = (0..1_000).filter(is_right).count();
        assert!(right >= 950, "{right} of 1,000");
    }

    #[test]
    fn what_makes_no_difference_is_told_as_alike() {
        let alike = (0..100).filter(|case| {
            let (selection, _) = select(&[0.0, 0.0], Settle::Order, 1.0, 0.0, *case);
            selection.between(0, 1) == Settled::Alike
        });
        assert!(alike.count() >= 95);
    }

    #[test]
    fn common_luck_settles_earlier() {
        let spent =
            |correlation| (0..50).map(|case| select(&[0.0, 0.3], Settle::Best, 0.3, correlation, case).1).sum::<u64>();
        assert!(spent(0.9) * 4 < spent(0.0), "{} and {}", spent(0.9), spent(0.0));
    }

    #[test]
    fn designs_that_never_differ_are_alike_after_the_first_stage() {
        let mut selection = Selection::new(3, Settle::Order, 0.95, 1.0);
        (0..FIRST_STAGE).for_each(|_| selection.observe(&[5.0, 5.0, 9.0], true));
        assert!(selection.is_settled());
        assert_eq!(selection.between(0, 1), Settled::Alike);
        assert_eq!(selection.between(2, 0), Settled::Second);
    }

    /// After how many observations two designs of three or of two are settled, whose differences are `mean`, more and less by
    /// `off` in turn; after the first stage they are `later`.
    fn settled_after(designs: usize, settle: Settle, delta: f64, (mean, off): (f64, f64), later: f64) -> u64 {
        let mut selection = Selection::new(designs, settle, 0.95, delta);
        for n in 1..200 {
            let difference = if n > FIRST_STAGE {
                later
            } else if n.is_multiple_of(2) {
                mean + off
            } else {
                mean - off
            };
            selection.observe(&[difference, 0.0, 1e6][..designs], true);
            if selection.between(0, 1) != Settled::No {
                return n;
            }
        }
        u64::MAX
    }

    #[test]
    fn a_pair_is_settled_when_its_sum_leaves_the_triangle() {
        // h² = 9 ((2 · error)^(-2/9) - 1): 6.0129 where one pair has all of 5%, 8.5130 for half of it, 10.1642 for a third. With
        // a variance of s² the first ten settle a mean of 1 against 1 where h² s² - 10 is at most 20.
        for (designs, settle, size) in [
            (2, Settle::Order, 6.0129),
            (2, Settle::Best, 6.0129),
            (3, Settle::Best, 8.5130),
            (3, Settle::Order, 10.1642),
        ] {
            let off = |variance: f64| num::sqrt(variance * 0.9);
            let after = |variance: f64| settled_after(designs, settle, 1.0, (1.0, off(variance)), 1.0);
            assert_eq!(after(0.999 * 30.0 / size), FIRST_STAGE, "{designs} {settle:?}");
            assert!(after(1.001 * 30.0 / size) > FIRST_STAGE, "{designs} {settle:?}");
            // The same in another unit.
            let twice = |variance: f64| settled_after(designs, settle, 2.0, (2.0, 2.0 * off(variance)), 2.0);
            assert_eq!(twice(0.999 * 30.0 / size), FIRST_STAGE);
            assert!(twice(1.001 * 30.0 / size) > FIRST_STAGE);
        }
    }

    #[test]
    fn the_variance_is_the_larger_of_that_of_the_first_stage_and_that_of_all() {
        // 10 in the first stage and nothing after: 60.129 - n has to be at most 2 n.
        assert_eq!(settled_after(2, Settle::Order, 1.0, (1.0, 3.0), 1.0), 21);
        // Nothing in the first stage, whose mean is too small to be seen: what comes then counts.
        assert!(settled_after(2, Settle::Order, 1.0, (0.0, 0.0), 0.0) == FIRST_STAGE);
        let mut selection = Selection::new(2, Settle::Order, 0.95, 1.0);
        (0..FIRST_STAGE).for_each(|_| selection.observe(&[1.0, 0.0], false));
        selection.observe(&[100.0, 0.0], true);
        assert_eq!(selection.between(0, 1), Settled::No, "a variance of 891, and a mean of 10");
    }

    #[test]
    fn what_may_not_be_settled_is_taken_in() {
        let mut selection = Selection::new(2, Settle::Order, 0.95, 1.0);
        (0..FIRST_STAGE).for_each(|_| selection.observe(&[0.0, 5.0], false));
        assert_eq!((selection.between(0, 1), selection.is_settled()), (Settled::No, false));
        selection.observe(&[0.0, 5.0], true);
        assert_eq!((selection.between(0, 1), selection.between(1, 0)), (Settled::First, Settled::Second));
        assert_eq!((selection.is_settled(), selection.needed()), (true, &[false, false][..]));
    }

    #[test]
    fn a_pair_that_once_had_no_number_is_never_settled() {
        let mut selection = Selection::new(2, Settle::Order, 0.95, 1.0);
        selection.observe(&[0.0, f64::NAN], true);
        (0..100).for_each(|_| selection.observe(&[0.0, 5.0], true));
        assert_eq!((selection.between(0, 1), selection.is_settled()), (Settled::No, false));
        // One that has been settled stays so.
        let mut selection = Selection::new(2, Settle::Order, 0.95, 1.0);
        (0..FIRST_STAGE).for_each(|_| selection.observe(&[0.0, 5.0], true));
        selection.observe(&[f64::NAN, 5.0], true);
        assert_eq!(selection.between(0, 1), Settled::First);
    }

    #[test]
    fn who_is_as_good_as_another_stays_as_the_first_of_the_two() {
        // All three are alike by what matters: of the best two equals the first stays until nothing is open.
        let mut selection = Selection::new(3, Settle::Best, 0.95, 1.0);
        for n in 1..=FIRST_STAGE {
            // The third is far away and restless: it is not settled yet.
            let third = if n.is_multiple_of(2) { 40.0 } else { -40.0 };
            selection.observe(&[5.0, 5.0, third], true);
        }
        assert_eq!(selection.between(0, 1), Settled::Alike);
        assert_eq!(selection.needed(), [true, false, true]);
        let mut selection = Selection::new(3, Settle::Best, 0.95, 1.0);
        for n in 1..=FIRST_STAGE {
            let third = if n.is_multiple_of(2) { 40.0 } else { -40.0 };
            selection.observe(&[5.1, 5.0, third], true);
        }
        assert_eq!(selection.needed(), [false, true, true], "the better of two that are alike");
    }

    #[test]
    fn the_order_needs_whoever_has_an_open_pair() {
        let mut selection = Selection::new(3, Settle::Order, 0.95, 1.0);
        for n in 1..=FIRST_STAGE {
            let third = if n.is_multiple_of(2) { 40.0 } else { -40.0 };
            selection.observe(&[0.0, 50.0, third], true);
        }
        assert_eq!(selection.between(0, 1), Settled::First);
        assert_eq!(selection.needed(), [true, true, true], "the third is not settled against either");
        // For the best the second is out of it.
        let mut selection = Selection::new(3, Settle::Best, 0.95, 1.0);
        for n in 1..=FIRST_STAGE {
            let third = if n.is_multiple_of(2) { 40.0 } else { -40.0 };
            selection.observe(&[0.0, 50.0, third], true);
        }
        assert_eq!(selection.needed(), [true, false, true]);
    }

    #[test]
    fn pairs_have_a_place_each() {
        let places: Vec<usize> = (1..5).flat_map(|b| (0..b).map(move |a| pair_index(a, b))).collect();
        assert_eq!(places, (0..10).collect::<Vec<_>>());
    }
}
