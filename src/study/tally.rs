//! What comes of the batches, taken in their order: sums, distributions, differences pair by pair, and what is settled.

use super::batch::Batch;
use super::compiled::Study;
use super::protocol::BATCH;
use super::select::{Selection, Settled, pair_index};
use super::stats::{Moments, Sketch};
use crate::expect::Criterion;
use serde::Serialize;
use xxhash_rust::xxh3::Xxh3;

/// The worst replications that are remembered of each design.
pub const WORST: usize = 3;

/// How a study ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum End {
    /// What was asked is settled.
    Settled,
    /// All replications that were asked for are done.
    Replications,
    /// The time that it was given is over.
    Time,
    /// Somebody ended it.
    Interrupted,
}

/// What is known of all designs so far. Its size does not depend on the number of replications.
#[derive(Clone)]
pub struct Tally<'s> {
    pub(super) study: &'s Study,
    pub(super) designs: Vec<DesignTally>,
    /// Differences of all pairs of designs, by [`pair_index`], for each metric.
    pub(super) pairs: Vec<Vec<Moments>>,
    /// Replications in which one of two designs has no number by the metric that ranks, and the other has: how often that was the
    /// first, how often the second.
    pub(super) lacks: Vec<[u64; 2]>,
    pub(super) selection: Option<Selection>,
    needed: Vec<bool>,
    next: u64,
}

/// What is known of a design.
#[derive(Clone)]
pub struct DesignTally {
    pub(super) replications: u64,
    pub(super) metrics: Vec<MetricTally>,
    /// Replications with the highest value of the first metric that ranks: value, replication, digest.
    pub(super) worst: Vec<(f64, u64, u128)>,
    /// Replications in which it was the best, or shared that place with so many.
    pub(super) wins: f64,
    /// How often each of its random failures struck.
    pub(super) struck: Vec<u64>,
    pub(super) digest: Xxh3,
}

/// What is known of a metric of a design.
#[derive(Clone, Default)]
pub struct MetricTally {
    pub(super) moments: Moments,
    pub(super) sketch: Sketch,
    /// Replications in which there was any of it.
    pub(super) some: u64,
    /// Replications in which the objective was met, where it is one.
    pub(super) met: u64,
    /// How far those that missed it were beyond what it asks, all together.
    pub(super) beyond: f64,
    /// Replications without a number, and the first of them.
    pub(super) without: u64,
    pub(super) first_without: Option<u64>,
    /// The first replication with a number that did not meet the objective.
    pub(super) first_missed: Option<u64>,
}

impl<'s> Tally<'s> {
    /// Nothing is known yet.
    pub fn new(study: &'s Study) -> Tally<'s> {
        let (k, metrics) = (study.designs.len(), study.metrics.len());
        let design = DesignTally {
            replications: 0,
            metrics: vec![MetricTally::default(); metrics],
            worst: Vec::new(),
            wins: 0.0,
            struck: Vec::new(),
            digest: Xxh3::new(),
        };
        let select = |indifference| Selection::new(k, study.protocol.settle, study.protocol.confidence, indifference);
        let mut designs = vec![design; k];
        for (tally, design) in designs.iter_mut().zip(&study.designs) {
            tally.struck = vec![0; design.failures.len()];
        }
        Tally {
            study,
            designs,
            lacks: vec![[0; 2]; k * (k - 1) / 2],
            pairs: vec![vec![Moments::default(); k * (k - 1) / 2]; metrics],
            // One design alone has nothing to be settled against.
            selection: study.protocol.indifference.filter(|_| k > 1).map(select),
            needed: vec![true; k],
            next: 0,
        }
    }

    /// The batch that is to be made next of every design that is needed; `None` where everything is done.
    pub fn next_batch(&self) -> Option<u64> {
        (self.next < self.study.batches() && self.needed.contains(&true)).then_some(self.next)
    }

    /// Which designs need more replications.
    pub fn needed(&self) -> &[bool] {
        &self.needed
    }

    /// Replications that have been taken in, of all designs.
    pub fn replications(&self) -> u64 {
        self.designs.iter().map(|design| design.replications).sum()
    }

    /// The next batch of every design that is needed, in the order of the designs.
    pub fn add(&mut self, round: Vec<Option<Batch>>) {
        let rows = round.iter().flatten().map(|batch| batch.rows.len()).max().unwrap_or(0);
        for row in 0..rows {
            self.add_row(&round, row);
        }
        // What was hardly seen may turn the order round: until then nobody drops out, and nothing is settled.
        let may_settle = self.rare_failures().is_empty();
        if let Some(selection) = &mut self.selection
            && rows as u64 == BATCH
        {
            let by = self.study.by;
            let mean = |batch: &Option<Batch>| {
                let mut mean = Moments::default();
                for row in batch.iter().flat_map(|batch| &batch.rows) {
                    if !row.values[by].is_finite() {
                        return f64::NAN;
                    }
                    mean.add(row.values[by]);
                }
                if self.study.metrics[by].more_is_better { -mean.mean() } else { mean.mean() }
            };
            selection.observe(&round.iter().map(mean).collect::<Vec<f64>>(), may_settle);
            self.needed = selection.needed().to_vec();
        }
        self.next += 1;
    }

    fn add_row(&mut self, round: &[Option<Batch>], row: usize) {
        let by = self.study.by;
        let rows: Vec<_> = round.iter().map(|batch| batch.as_ref().and_then(|batch| batch.rows.get(row))).collect();
        let better = if self.study.metrics[by].more_is_better { -1.0 } else { 1.0 };
        let rank = |values: &[f64]| if values[by].is_nan() { f64::INFINITY } else { better * values[by] };
        let least = rows.iter().flatten().map(|row| rank(&row.values)).fold(f64::INFINITY, f64::min);
        let shared_by = rows.iter().flatten().filter(|row| rank(&row.values) == least).count() as f64;
        for (design, row) in self.designs.iter_mut().zip(&rows) {
            let Some(row) = row else { continue };
            design.replications += 1;
            design.digest.update(&row.digest.to_le_bytes());
            for ((tally, value), metric) in design.metrics.iter_mut().zip(&row.values).zip(&self.study.metrics) {
                design.digest.update(&(value + 0.0).to_bits().to_le_bytes());
                tally.add(*value, row.replication, metric.criterion());
            }
            design.struck.iter_mut().zip(&row.struck).for_each(|(sum, times)| *sum += times);
            if rank(&row.values) == least && least < f64::INFINITY {
                design.wins += 1.0 / shared_by;
            }
            // Of equal values the first replication stays.
            let place = design.worst.partition_point(|(value, ..)| better * value >= rank(&row.values));
            if place < WORST && row.values[by].is_finite() {
                design.worst.insert(place, (row.values[by], row.replication, row.digest));
                design.worst.truncate(WORST);
            }
        }
        for b in 1..rows.len() {
            for a in 0..b {
                let (Some(x), Some(y)) = (rows[a], rows[b]) else { continue };
                let lacks = &mut self.lacks[pair_index(a, b)];
                lacks[0] += u64::from(!x.values[by].is_finite() && y.values[by].is_finite());
                lacks[1] += u64::from(x.values[by].is_finite() && !y.values[by].is_finite());
                for (pairs, (x, y)) in self.pairs.iter_mut().zip(x.values.iter().zip(&y.values)) {
                    let difference = x - y;
                    if difference.is_finite() {
                        pairs[pair_index(a, b)].add(difference);
                    }
                }
            }
        }
    }

    /// How many pairs are settled, of how many; nothing where the study does not stop by itself.
    pub fn settled(&self) -> Option<(usize, usize)> {
        let selection = self.selection.as_ref()?;
        let k = self.designs.len();
        let pairs = (1..k).flat_map(|b| (0..b).map(move |a| (a, b)));
        let settled = pairs.filter(|&(a, b)| selection.between(a, b) != Settled::No).count();
        Some((settled, k * (k - 1) / 2))
    }

    /// How it ended, if it ended by itself.
    pub fn end(&self) -> End {
        match &self.selection {
            Some(selection) if selection.is_settled() => End::Settled,
            _ if self.next < self.study.batches() => End::Interrupted,
            _ => End::Replications,
        }
    }

    /// Digest over all that was taken in: the same whatever the order or the place in which it was made.
    pub fn digest(&self) -> String {
        let mut all = Xxh3::new();
        for design in &self.designs {
            all.update(&design.replications.to_le_bytes());
            all.update(&design.digest.digest128().to_le_bytes());
        }
        format!("{:032x}", all.digest128())
    }
}

impl MetricTally {
    fn add(&mut self, value: f64, replication: u64, criterion: Option<&Criterion>) {
        if value.is_finite() {
            self.moments.add(value);
            self.sketch.add(value);
            self.some += u64::from(value != 0.0);
        }
        if !value.is_finite() {
            self.without += 1;
            self.first_without = self.first_without.or(Some(replication));
        } else if criterion.is_none_or(|criterion| criterion.is_met(value)) {
            self.met += 1;
        } else {
            self.beyond += criterion.map_or(0.0, |criterion| criterion.beyond(value));
            self.first_missed = self.first_missed.or(Some(replication));
        }
    }
}
