//! In which order designs stand, and how probable it is that each is the best: all of it from the pairs.
//!
//! A design that drops out of a study early has fewer replications than those that stay. Its own mean is of other luck than
//! theirs, and says nothing beside theirs; what two designs made of the luck that they share does.

use super::best;
use super::select::{Settled, pair_index};
use super::stats::Moments;
use super::tally::Tally;
use crate::rng::Luck;
use std::cmp::Reverse;

impl Tally<'_> {
    /// The designs, best first; those without data last.
    ///
    /// The next is always one that none of those left is settled to be better than; of these one that stayed longest, because who
    /// dropped out was beaten by somebody who had not, or is hardly different; and of these the one that is better than most of
    /// them. Where all designs have the same replications that is the order of their means. Those that the metric never tells apart
    /// stand as the next metric that does puts them.
    pub(super) fn order(&self) -> Vec<usize> {
        let by = self.study.by;
        let (mut left, nothing): (Vec<usize>, Vec<usize>) =
            (0..self.designs.len()).partition(|&i| self.designs[i].metrics[by].moments.n() > 0);
        let mut order = Vec::with_capacity(self.designs.len());
        while !left.is_empty() {
            let beaten = |i: usize| left.iter().any(|&other| other != i && self.is_settled_before(other, i));
            let stayed = |i: usize| self.designs[i].replications;
            let standing = left.iter().map(|&i| (beaten(i), Reverse(stayed(i)))).collect::<Vec<_>>();
            let best = standing.iter().min();
            let among: Vec<usize> = (0..left.len()).filter(|&at| Some(&standing[at]) == best).collect();
            let wins =
                |at: usize| among.iter().filter(|&&other| other != at && self.is_before(left[at], left[other])).count();
            let beside =
                |at: usize| among.iter().filter(|&&other| self.is_better_beside(left[at], left[other])).count();
            // Of those that are the same in everything the first stays first.
            let next = among.iter().copied().min_by_key(|&at| (Reverse(wins(at)), Reverse(beside(at)), at));
            order.push(left.remove(next.unwrap_or(0)));
        }
        order.extend(nothing);
        order
    }

    /// The differences of two designs by the metric that ranks, such that less is better.
    fn cost_between(&self, a: usize, b: usize) -> Moments {
        let moments = self.between(self.study.by, a, b);
        if self.study.metrics[self.study.by].more_is_better { moments.mirrored() } else { moments }
    }

    fn is_before(&self, a: usize, b: usize) -> bool {
        let moments = self.cost_between(a, b);
        moments.n() > 0 && moments.mean() < 0.0
    }

    /// Whether the metric that ranks never tells two designs apart, and the first other one that does says the first of them.
    fn is_better_beside(&self, a: usize, b: usize) -> bool {
        if a == b {
            return false;
        }
        let moments = self.between(self.study.by, a, b);
        let is_same = moments.n() > 0 && moments.mean() == 0.0 && moments.variance() == 0.0;
        let others = self.study.metrics.iter().enumerate().filter(|(_, metric)| metric.criterion().is_none());
        let mut apart = others.filter_map(|(at, metric)| {
            let moments = self.between(at, a, b);
            let worse = if metric.more_is_better { -moments.mean() } else { moments.mean() };
            (moments.n() > 0 && worse != 0.0).then_some(worse)
        });
        is_same && apart.next().is_some_and(|worse| worse < 0.0)
    }

    fn is_settled_before(&self, a: usize, b: usize) -> bool {
        self.selection.as_ref().is_some_and(|selection| selection.between(a, b) == Settled::First)
    }

    /// For each design of an order, how probable it is that it is the best.
    pub(super) fn best_probabilities(&self, order: &[usize]) -> Vec<Option<f64>> {
        let has_data = |&&i: &&usize| self.designs[i].metrics[self.study.by].moments.n() > 0;
        let with_data = order.iter().filter(has_data).count();
        let luck = Luck { seed: self.study.protocol.seed, replication: u64::MAX };
        let between = |a: usize, b: usize| self.cost_between(order[a], order[b]);
        let known = best::probabilities(with_data, between, luck);
        let of = |place: usize| match place < with_data {
            true => known.as_ref().map(|p| p[place]),
            // Nothing is never better than something; beside nothing it says nothing.
            false => (with_data > 0).then_some(0.0),
        };
        (0..order.len()).map(of).collect()
    }

    /// Replications in which one of two designs has no number by the metric that ranks, and the other has: how often that was the
    /// first, how often the second.
    pub(super) fn lacks(&self, a: usize, b: usize) -> [u64; 2] {
        let [low, high] = self.lacks[pair_index(a.min(b), a.max(b))];
        if a < b { [low, high] } else { [high, low] }
    }
}
