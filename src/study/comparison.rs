//! What a study says, as plain data: the ranking, differences, what is settled and what is not, objectives, conflicts.

use super::compiled::Study;
use super::protocol::FORMAT;
use super::rare::RareFailure;
use super::select::{Settle, Settled, pair_index};
use super::stats::{Moments, never_seen, share_interval};
use super::tally::{DesignTally, End, MetricTally, Tally};
use crate::expect::{Criterion, Judgement, Unit};
use crate::scenario::{Holds, Under};
use crate::world::{Assumption, Costs};
use serde::Serialize;

/// Points of a distribution that are kept for drawings.
const CURVE_POINTS: usize = 120;

/// What a study says.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Comparison {
    /// The version of this shape: 1. A field is never renamed or removed within a version.
    pub format: u32,
    /// The title of the scenario, or of each of them.
    pub titles: Vec<String>,
    /// The seed.
    pub seed: u64,
    /// The confidence of all intervals.
    pub confidence: f64,
    /// The metric that ranks.
    pub by: String,
    /// The difference in it that would not matter, per run.
    pub indifference: Option<f64>,
    /// What was to be settled.
    pub settle: Settle,
    /// What money is counted in, where anything is.
    pub currency: Option<String>,
    /// Seconds that a run is measured.
    pub run_s: f64,
    /// Replications of the design that has most of them.
    pub replications: u64,
    /// How it ended.
    pub ended: End,
    /// What was measured.
    #[serde(rename = "measures")]
    pub metrics: Vec<MetricOutcome>,
    /// The designs, best first.
    pub designs: Vec<DesignOutcome>,
    /// Differences by the metric that ranks: each design against each that ranks after it.
    pub differences: Vec<Difference>,
    /// Pairs whose order is not settled: places in `differences`.
    pub unsettled: Vec<usize>,
    /// What fails at random and was hardly seen to: while there is any, no order is settled.
    pub rare_failures: Vec<RareFailure>,
    /// Metrics that put two designs the other way round.
    pub conflicts: Vec<Conflict>,
    /// What is assumed in any of the scenarios.
    pub assumptions: Vec<Assumption>,
    /// Digest over every replication of every design.
    pub digest: String,
    /// The protocol's hash.
    #[serde(rename = "plan")]
    pub protocol: String,
    /// The version of firedrill.
    pub firedrill_version: String,
}

/// A metric.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct MetricOutcome {
    /// What it is called.
    pub name: String,
    /// What it is.
    pub about: String,
    /// What it counts.
    pub unit: Unit,
    /// Whether more of it is better.
    pub more_is_better: bool,
}

/// A design over all its replications.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct DesignOutcome {
    /// What it is called.
    pub label: String,
    /// What it is, in a line.
    pub about: String,
    /// Its place in the protocol.
    pub index: usize,
    /// Its replications.
    pub replications: u64,
    /// What it costs, where the file says so.
    pub costs: Option<Costs>,
    /// How probable it is that its mean is the best, given what was seen of the pairs; none where there are fewer than two
    /// replications to tell from. A design without any data has no chance.
    pub best_probability: Option<f64>,
    /// Its replications without a number by the metric that ranks.
    pub no_data: u64,
    /// In which share of replications it was the best itself; shared places count in part.
    pub best_share: f64,
    /// Each metric, in the order of `metrics`; `None` where no run had it.
    pub values: Vec<Option<Spread>>,
    /// Each objective.
    pub objectives: Vec<ObjectiveOutcome>,
    /// The worst replications by the metric that ranks, worst first.
    pub worst: Vec<WorstRun>,
    /// Digest over its replications.
    pub digest: String,
}

/// How a metric is spread over replications.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Spread {
    /// Replications that have it.
    pub n: u64,
    /// The mean.
    pub mean: f64,
    /// The interval of the mean.
    pub low: f64,
    /// Its other end.
    pub high: f64,
    /// Standard deviation over replications.
    pub sd: f64,
    /// Median.
    pub p50: f64,
    /// The value that 95% of replications do not exceed.
    pub p95: f64,
    /// Its interval; `None` where there are too few replications.
    pub p95_interval: Option<(f64, f64)>,
    /// Smallest.
    pub min: f64,
    /// Largest.
    pub max: f64,
    /// Share of replications in which there was any of it, and its interval.
    pub some_share: (f64, f64, f64),
    /// Where none was ever seen: with the asked confidence it is in fewer than this share of runs.
    pub never_seen_at_most: Option<f64>,
    /// The distribution: values, and the share of replications that do not exceed them.
    pub curve: Vec<(f64, f64)>,
}

/// An objective over all replications.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ObjectiveOutcome {
    /// Its name.
    pub name: String,
    /// Under which drill it has to hold.
    #[serde(skip_serializing_if = "is_of_drill")]
    pub under: Under,
    /// What it counts.
    pub unit: Unit,
    /// At least this.
    pub at_least: Option<f64>,
    /// At most this.
    pub at_most: Option<f64>,
    /// In which share of runs it has to hold; `None`: on average.
    pub needed_share: Option<f64>,
    /// Replications in which it was met.
    pub met: u64,
    /// Replications in which there was nothing to hold it against: neither met nor missed.
    pub no_data: u64,
    /// Of so many.
    pub of: u64,
    /// The interval of that share.
    pub low: f64,
    /// Its other end.
    pub high: f64,
    /// The mean of what was measured, and the interval of the mean.
    pub mean: Option<(f64, f64, f64)>,
    /// What is known of it.
    pub judgement: Judgement,
    /// Where a miss was never seen: with the asked confidence there is one in fewer than this share of runs.
    pub never_missed_at_most: Option<f64>,
    /// The first replication that missed it; where none did, the first without data.
    pub first_missed: Option<u64>,
    /// How far beyond what is asked: the mean over the replications that missed it; of what is to hold on average, the mean's
    /// distance. None where it was not missed.
    pub missed_by: Option<f64>,
}

/// A replication worth looking at.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WorstRun {
    /// Which.
    pub replication: u64,
    /// By the metric that ranks.
    pub value: f64,
    /// The digest of its run.
    pub digest: String,
    /// The command that makes it again.
    pub replay: String,
}

/// Two designs, replication by replication, by the metric that ranks.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// The better one: its place in `designs`.
    pub better: usize,
    /// The other.
    pub worse: usize,
    /// Replications that both have.
    pub n: u64,
    /// Mean of the better minus the other; NaN, in the JSON null, where they share no data.
    pub mean: f64,
    /// The interval of that mean, for this pair alone.
    pub low: f64,
    /// Its other end.
    pub high: f64,
    /// How many times more replications would be needed for the same interval without common luck.
    pub luck_saves: f64,
    /// What is settled, all pairs together with the asked confidence.
    #[serde(rename = "order")]
    pub separation: Separation,
}

/// What is known of the order of two designs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Separation {
    /// Settled.
    Settled,
    /// They differ by less than what would matter.
    Alike,
    /// In no replication did they differ at all.
    Same,
    /// Not settled.
    Open,
    /// One of them has no data: it ranks behind, and nothing is settled.
    NoData,
}

/// Two designs of which one is better by one metric, the other by another.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Conflict {
    /// Better by the metric that ranks: its place in `designs`.
    pub first: usize,
    /// Better by another metric.
    pub second: usize,
    /// Which: its name, or `cost`.
    #[serde(rename = "measure")]
    pub metric: String,
    /// By how much, and the interval of that; of a cost, per hour.
    pub by: (f64, f64, f64),
}

impl Study {
    /// All of it, one replication after the other. For many cores, make batches on all of them and give them to a [`Tally`]
    /// in order.
    pub fn run(&self) -> Comparison {
        let mut tally = Tally::new(self);
        while let Some(batch) = tally.next_batch() {
            let needed = tally.needed().to_vec();
            let round = (0..needed.len()).map(|design| needed[design].then(|| self.batch(design, batch))).collect();
            tally.add(round);
        }
        tally.comparison(tally.end())
    }
}

impl Tally<'_> {
    /// What is known so far.
    pub fn comparison(&self, ended: End) -> Comparison {
        let study = self.study;
        let protocol = &study.protocol;
        let by = study.by;
        let order = self.order();
        let probabilities = self.best_probabilities(&order);
        let designs: Vec<DesignOutcome> =
            order.iter().zip(probabilities).map(|(&i, p)| self.design_outcome(i, &self.designs[i], p)).collect();
        let rare_failures = self.rare_failures();
        let differences = self.differences(&order, rare_failures.is_empty());
        let is_open = |difference: &Difference| matches!(difference.separation, Separation::Open | Separation::NoData);
        let unsettled = (0..differences.len()).filter(|&i| is_open(&differences[i])).collect();
        let mut titles: Vec<String> = Vec::new();
        let mut assumptions: Vec<Assumption> = Vec::new();
        for design in &study.designs {
            if !titles.contains(&design.world.title) {
                titles.push(design.world.title.clone());
            }
            for assumption in &design.world.assumptions {
                if !assumptions.contains(assumption) {
                    assumptions.push(assumption.clone());
                }
            }
        }
        Comparison {
            format: FORMAT,
            titles,
            seed: protocol.seed,
            confidence: protocol.confidence,
            by: study.metrics[by].name.clone(),
            indifference: protocol.indifference,
            settle: protocol.settle,
            currency: study.designs.iter().find_map(|design| Some(design.world.money.as_ref()?.currency.clone())),
            run_s: study.run_s(),
            replications: self.designs.iter().map(|d| d.replications).max().unwrap_or(0),
            ended,
            metrics: (study.metrics.iter())
                .map(|metric| MetricOutcome {
                    name: metric.name.clone(),
                    about: metric.about(),
                    unit: metric.unit,
                    more_is_better: metric.more_is_better,
                })
                .collect(),
            conflicts: self.conflicts(&order, &designs),
            designs,
            differences,
            unsettled,
            rare_failures,
            assumptions,
            digest: self.digest(),
            protocol: protocol.hash(),
            firedrill_version: protocol.firedrill_version.clone(),
        }
    }

    fn design_outcome(&self, index: usize, tally: &DesignTally, best_probability: Option<f64>) -> DesignOutcome {
        let study = self.study;
        let confidence = study.protocol.confidence;
        let design = &study.designs[index];
        let objectives = study.metrics.iter().zip(&tally.metrics);
        let objectives = objectives.filter_map(|(metric, tally)| Some((metric.criterion()?, tally)));
        let replications = tally.replications;
        DesignOutcome {
            label: design.label.clone(),
            about: design.about.clone(),
            index,
            replications,
            costs: design.world.costs.clone(),
            best_probability,
            no_data: tally.metrics[study.by].without,
            best_share: tally.wins / replications.max(1) as f64,
            values: tally.metrics.iter().map(|metric| spread(metric, confidence)).collect(),
            objectives: objectives
                .map(|(criterion, tally)| judged(criterion, tally, replications, confidence))
                .collect(),
            worst: (tally.worst.iter())
                .map(|&(value, replication, digest)| WorstRun {
                    replication,
                    value,
                    digest: format!("{digest:032x}"),
                    replay: study.protocol.replay(index, replication),
                })
                .collect(),
            digest: format!("{:032x}", tally.digest.digest128()),
        }
    }

    /// Each design against each that ranks after it.
    fn differences(&self, order: &[usize], may_settle: bool) -> Vec<Difference> {
        let (protocol, by) = (&self.study.protocol, self.study.by);
        let pairs = order.len() * order.len().saturating_sub(1) / 2;
        // All pairs are to be right at once (Bonferroni).
        let together = 1.0 - (1.0 - protocol.confidence) / pairs.max(1) as f64;
        let mut found = Vec::with_capacity(pairs);
        for better in 0..order.len() {
            for worse in better + 1..order.len() {
                let (a, b) = (order[better], order[worse]);
                let moments = self.between(by, a, b);
                let half = moments.half_width(protocol.confidence);
                let alone = [a, b].map(|i| self.designs[i].metrics[by].moments.variance());
                let is_same = moments.n() > 0 && moments.mean() == 0.0 && moments.variance() == 0.0;
                let settled = self.selection.as_ref().map(|selection| selection.between(a, b));
                let has_none = |i: usize| self.designs[i].metrics[by].moments.n() == 0;
                let separation = match settled {
                    _ if has_none(a) || has_none(b) => Separation::NoData,
                    _ if is_same && self.lacks(a, b) == [0, 0] => Separation::Same,
                    _ if !may_settle => Separation::Open,
                    // What is missing of the better one might be its worst.
                    _ if self.lacks(a, b)[0] > 0 => Separation::Open,
                    Some(Settled::No) => Separation::Open,
                    Some(Settled::Alike) => Separation::Alike,
                    Some(_) => Separation::Settled,
                    None if moments.mean().abs() > moments.half_width(together) => Separation::Settled,
                    None => Separation::Open,
                };
                let shared = |number: f64| if moments.n() > 0 { number } else { f64::NAN };
                found.push(Difference {
                    better,
                    worse,
                    n: moments.n(),
                    mean: shared(moments.mean()),
                    low: shared(moments.mean() - half),
                    high: shared(moments.mean() + half),
                    luck_saves: if moments.variance() > 0.0 {
                        (alone[0] + alone[1]) / moments.variance()
                    } else {
                        f64::INFINITY
                    },
                    separation,
                });
            }
        }
        found
    }

    /// Differences of a metric between two designs of the protocol: the first minus the second.
    pub(super) fn between(&self, metric: usize, a: usize, b: usize) -> Moments {
        let moments = &self.pairs[metric][pair_index(a.min(b), a.max(b))];
        if a < b { *moments } else { moments.mirrored() }
    }

    /// Pairs that another metric, or the cost, puts the other way round, with what is seen clear of chance in both.
    fn conflicts(&self, order: &[usize], designs: &[DesignOutcome]) -> Vec<Conflict> {
        let study = self.study;
        let confidence = study.protocol.confidence;
        let sign = |metric: usize| if study.metrics[metric].more_is_better { -1.0 } else { 1.0 };
        let is_clear = |moments: &Moments, sign: f64| sign * moments.mean() < -moments.half_width(confidence);
        let mut found = Vec::new();
        for first in 0..order.len() {
            for second in first + 1..order.len() {
                let (a, b) = (order[first], order[second]);
                if !is_clear(&self.between(study.by, a, b), sign(study.by)) {
                    continue;
                }
                // What an objective measures is mostly what another metric has already.
                let others =
                    (0..study.metrics.len()).filter(|m| *m != study.by && study.metrics[*m].criterion().is_none());
                for metric in others {
                    let moments = self.between(metric, b, a);
                    if is_clear(&moments, sign(metric)) {
                        let half = moments.half_width(confidence);
                        let by = (moments.mean(), moments.mean() - half, moments.mean() + half);
                        found.push(Conflict { first, second, metric: study.metrics[metric].name.clone(), by });
                    }
                }
                // Where runs are counted in money, prices are in it.
                if study.metrics.iter().all(|metric| metric.name != super::metric::COST)
                    && let (Some(x), Some(y)) = (&designs[first].costs, &designs[second].costs)
                    && x.currency == y.currency
                    && y.per_hour < x.per_hour
                {
                    let saved = y.per_hour - x.per_hour;
                    found.push(Conflict { first, second, metric: "cost".to_owned(), by: (saved, saved, saved) });
                }
            }
        }
        found
    }
}

fn spread(tally: &MetricTally, confidence: f64) -> Option<Spread> {
    let (moments, sketch) = (&tally.moments, &tally.sketch);
    let n = moments.n();
    let half = moments.half_width(confidence);
    let (some_low, some_high) = share_interval(tally.some, n, confidence);
    // Where all values are at least zero, so is their mean.
    let low = moments.mean() - half;
    Some(Spread {
        n,
        mean: moments.mean(),
        low: if sketch.min() >= 0.0 { low.max(0.0) } else { low },
        high: moments.mean() + half,
        sd: crate::num::sqrt(moments.variance()),
        p50: sketch.quantile(0.5)?,
        p95: sketch.quantile(0.95)?,
        p95_interval: sketch.quantile_interval(0.95, confidence),
        min: sketch.min(),
        max: sketch.max(),
        some_share: (tally.some as f64 / n.max(1) as f64, some_low, some_high),
        never_seen_at_most: (tally.some == 0).then(|| never_seen(n, confidence)),
        curve: sketch.curve(CURVE_POINTS),
    })
}

fn is_of_drill(under: &Under) -> bool {
    *under == Under::Drill
}

fn judged(criterion: &Criterion, tally: &MetricTally, of: u64, confidence: f64) -> ObjectiveOutcome {
    let (low, high) = share_interval(tally.met, of, confidence);
    let half = tally.moments.half_width(confidence);
    let mean = (tally.moments.n() > 0).then(|| {
        let mean = tally.moments.mean();
        (mean, mean - half, mean + half)
    });
    // A run without data is neither met nor missed: what is said has to be right whichever it would have been.
    let without = tally.without;
    let at_best = share_interval(tally.met + without, of, confidence).1;
    let missed = of - tally.met - without;
    let open = if without > 0 { Judgement::NoData } else { Judgement::Undecided };
    let judgement = match criterion.holds {
        _ if of == 0 => Judgement::Undecided,
        _ if without == of => Judgement::NoData,
        Holds::Always if missed > 0 => Judgement::Fail,
        Holds::Always if without > 0 => Judgement::NoData,
        Holds::Always => Judgement::Pass,
        Holds::In(share) if low >= share.0 => Judgement::Pass,
        Holds::In(share) if at_best < share.0 => Judgement::Fail,
        Holds::In(_) => open,
        Holds::OnAverage => mean.map_or(Judgement::NoData, |(_, low, high)| {
            let (least, most) =
                (criterion.at_least.unwrap_or(f64::NEG_INFINITY), criterion.at_most.unwrap_or(f64::INFINITY));
            match () {
                () if low >= least && high <= most && without == 0 => Judgement::Pass,
                () if high < least || low > most => Judgement::Fail,
                () => open,
            }
        }),
    };
    ObjectiveOutcome {
        name: criterion.name.clone(),
        under: criterion.under,
        unit: criterion.unit,
        at_least: criterion.at_least,
        at_most: criterion.at_most,
        needed_share: match criterion.holds {
            Holds::Always => Some(1.0),
            Holds::In(share) => Some(share.0),
            Holds::OnAverage => None,
        },
        met: tally.met,
        no_data: without,
        of,
        low,
        high,
        mean,
        judgement,
        never_missed_at_most: (tally.met == of && of > 0).then(|| never_seen(of, confidence)),
        first_missed: tally.first_missed.or(tally.first_without),
        missed_by: match criterion.holds {
            Holds::OnAverage => mean.map(|(mean, ..)| criterion.beyond(mean)).filter(|by| *by > 0.0),
            _ => (missed > 0).then(|| tally.beyond / missed as f64),
        },
    }
}
