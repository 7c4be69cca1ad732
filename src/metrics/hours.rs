//! The run in equal bins: how many people were there, how loaded everything was, and what was the narrowest.

use super::outcome::*;
use crate::observe::{Interval, ServiceLevel};
use crate::units::{Duration, Time};
use crate::world::{World, civil_label};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Lengths of a bin in seconds: the shortest that makes no more than [`BINS_MAX`] of them.
const LENGTHS_S: [f64; 10] = [1.0, 10.0, 60.0, 300.0, 900.0, 3_600.0, 21_600.0, 86_400.0, 604_800.0, 2_592_000.0];
/// Bins of a run at most, unless even the longest makes more.
const BINS_MAX: f64 = 600.0;
/// From this share of its capacity on, something counts as narrow.
const NARROW: f64 = 0.8;
/// What is asked has to be asked for so many seconds to count as the most of a bin that is longer.
const HELD_S: f64 = 60.0;

/// One thing with a capacity, in one bin.
#[derive(Debug, Clone, Copy, Default)]
struct Load {
    /// What was asked of it, in requests or bits.
    offered: f64,
    /// Seconds of it in use if all that was asked were done: worker-seconds, or bits over bits per second.
    asked_s: f64,
    /// Seconds of it that there were.
    there_s: f64,
    /// The largest share asked for as long as counts; and what has been asked of what there was since the last time it was looked at, and
    /// for how long, in seconds.
    worst: f64,
    lately: (f64, f64, f64),
}

#[derive(Debug, Clone, Default)]
struct Bin {
    active_max: f64,
    intended: f64,
    served: f64,
    lost: f64,
    p95_s: Option<f64>,
    /// Bins that one span covers share them: of many stations and bins that is most of the memory of a run.
    loads: Arc<Vec<Load>>,
}

/// Days of a run that are told apart; of a longer run there are none.
const DAYS_MAX: usize = 400;

/// A civil day.
#[derive(Debug, Clone)]
struct Day {
    date: jiff::civil::Date,
    from: Time,
    to: Time,
    peak: f64,
    peak_at: Time,
    intended: f64,
    by_feature: Vec<f64>,
    p95_s: Option<f64>,
}

/// The bins of a run, as it is being measured.
#[derive(Debug, Clone)]
pub struct HourMetrics {
    length_s: f64,
    from_s: f64,
    bins: Vec<Bin>,
    days: Vec<Day>,
    /// The day that the last span ended in.
    today: usize,
}

impl HourMetrics {
    pub fn new(world: &World) -> HourMetrics {
        let measured_s = world.horizon.since(world.measured_from).seconds();
        let length_s = LENGTHS_S.into_iter().find(|l| measured_s / l <= BINS_MAX).unwrap_or(measured_s / BINS_MAX);
        let count = (measured_s / length_s).ceil() as usize;
        let loads = world.stations.len() + world.links.len();
        let bin = Bin { loads: Arc::new(vec![Load::default(); loads]), ..Bin::default() };
        HourMetrics {
            length_s,
            from_s: world.measured_from.seconds(),
            bins: vec![bin; count],
            days: days(world),
            today: 0,
        }
    }

    pub fn flowed(&mut self, world: &World, span: &Interval) {
        let (from_s, to_s) = (span.from.seconds() - self.from_s, span.to.seconds() - self.from_s);
        let span_s = to_s - from_s;
        if span_s <= 0.0 || self.bins.is_empty() {
            return;
        }
        let p95_s = span
            .latencies
            .iter()
            .filter(|part| part.weight > 0.0)
            .map(|part| part.latency.quantile(0.95) + part.shift_s)
            .max_by(f64::total_cmp);
        let (mut intended, mut served, mut lost) = (0.0, 0.0, 0.0);
        for used in span.uses.iter().flatten() {
            intended += used.intended;
            served += used.served;
            lost += used.failed + used.shed + used.never_sent;
        }
        self.flowed_on_day(world, span, p95_s);
        let first = (from_s / self.length_s).floor().max(0.0) as usize;
        let last = ((to_s / self.length_s).ceil() as usize).min(self.bins.len());
        let is_flat = active_at(span, 0.0) == active_at(span, 1.0);
        let mut covered: Option<Covered> = None;
        for index in first..last {
            let (begins, ends) = (index as f64 * self.length_s, (index + 1) as f64 * self.length_s);
            let overlap_s = ends.min(to_s) - begins.max(from_s);
            if overlap_s <= 0.0 {
                continue;
            }
            let done = [begins.max(from_s), ends.min(to_s)].map(|at_s| (at_s - from_s) / span_s);
            let part = part_of(span, done[0], done[1]);
            let bin = &mut self.bins[index];
            // A straight line over the span: its largest value within the bin is at one of the ends.
            done.iter().for_each(|done| bin.active_max = bin.active_max.max(active_at(span, *done)));
            bin.intended += intended * part;
            bin.served += served * part;
            bin.lost += lost * part;
            if p95_s > bin.p95_s {
                bin.p95_s = p95_s;
            }
            if let Some(covered) = covered.as_ref().filter(|covered| covered.is_alike(&bin.loads, overlap_s)) {
                bin.loads = Arc::clone(&covered.after);
                continue;
            }
            // The next may be alike.
            let before = (is_flat && overlap_s == self.length_s && index + 1 < last).then(|| Arc::clone(&bin.loads));
            let loads: &mut Vec<Load> = Arc::make_mut(&mut bin.loads);
            add_loads(loads, span, part, overlap_s);
            covered = before.map(|before| Covered { before, overlap_s, after: Arc::clone(&bin.loads) });
        }
    }

    /// A span that goes over midnight counts for each day by the users who are active in it.
    fn flowed_on_day(&mut self, world: &World, span: &Interval, p95_s: Option<f64>) {
        while self.days.get(self.today).is_some_and(|day| day.to <= span.from) {
            self.today += 1;
        }
        let span_s = span.to.since(span.from).seconds();
        let done = |time: Time| (time.since(span.from).seconds() / span_s).clamp(0.0, 1.0);
        for day in self.days.iter_mut().skip(self.today).take_while(|day| day.from < span.to) {
            let (from, to) = (span.from.max(day.from), span.to.min(day.to));
            for at in [from, to] {
                let active = active_at(span, done(at));
                if active > day.peak && at < day.to {
                    (day.peak, day.peak_at) = (active, at);
                }
            }
            let part = part_of(span, done(from), done(to));
            for (people, uses) in world.people.iter().zip(&span.uses) {
                for ((feature, _), used) in people.uses.iter().zip(uses) {
                    day.intended += used.intended * part;
                    day.by_feature[feature.at()] += used.intended * part;
                }
            }
            if p95_s > day.p95_s {
                day.p95_s = p95_s;
            }
        }
    }

    fn concurrency(&mut self, world: &World, outcome: &Outcome) -> ConcurrencyOutcome {
        let days = std::mem::take(&mut self.days);
        let is_whole = |day: &&Day| day.from >= world.measured_from && day.to <= world.horizon;
        let is_weekday = |day: &&Day| day.date.weekday().to_monday_one_offset() <= 5;
        let Some(regular) = days.iter().filter(is_whole).find(is_weekday).or(days.iter().find(is_whole)) else {
            return ConcurrencyOutcome::default();
        };
        let ratio = |a: f64, b: f64| if b > 0.0 { a / b } else { 0.0 };
        let label = |day: &Day| day.date.strftime("%a %-d %b").to_string();
        let Some(highest) = days.iter().reduce(|a, b| if b.peak > a.peak { b } else { a }) else {
            return ConcurrencyOutcome::default();
        };
        ConcurrencyOutcome {
            regular_day: label(regular),
            regular_peak: regular.peak,
            peak: highest.peak,
            peak_at: civil_label(&world.calendar, highest.peak_at),
            days: days
                .iter()
                .map(|day| DayOutcome {
                    date: day.date.to_string(),
                    label: label(day),
                    peak: day.peak,
                    peak_ratio: ratio(day.peak, regular.peak),
                    requests: day.intended,
                    requests_ratio: ratio(day.intended, regular.intended),
                    features_ratio: (world.features.iter().zip(day.by_feature.iter().zip(&regular.by_feature)))
                        .map(|(feature, (today, then))| (feature.name.clone(), ratio(*today, *then)))
                        .collect(),
                    degraded_s: felt_s(outcome, day.from.seconds(), day.to.seconds()),
                    p95_s: day.p95_s,
                })
                .collect(),
        }
    }

    pub fn finish(&mut self, world: &World, outcome: &mut Outcome) {
        outcome.concurrency = self.concurrency(world, outcome);
        outcome.felt_s = felt_s(outcome, self.from_s, world.horizon.seconds());
        let bins = std::mem::take(&mut self.bins);
        let starts_s: Vec<f64> = (0..bins.len()).map(|i| self.from_s + i as f64 * self.length_s).collect();
        let mut loads = BTreeMap::new();
        let names = world.stations.iter().map(|s| (s.name.clone(), NarrowKind::Servers));
        let names: Vec<_> = names.chain(world.links.iter().map(|l| (l.name.clone(), NarrowKind::Network))).collect();
        for (i, (name, kind)) in names.iter().enumerate() {
            if bins.iter().all(|bin| bin.loads[i].offered <= 0.0) {
                continue;
            }
            let offered = bins.iter().map(|bin| bin.loads[i].offered / self.length_s).collect();
            let capacity = bins.iter().map(|bin| bin.loads[i].capacity(self.length_s)).collect();
            loads.insert(name.clone(), LoadOutcome { kind: *kind, offered_per_s: offered, capacity_per_s: capacity });
        }
        let narrowest = |bin: &Bin| {
            let (i, load) =
                bin.loads.iter().enumerate().max_by(|a, b| a.1.worst().total_cmp(&b.1.worst()).then(b.0.cmp(&a.0)))?;
            let (name, kind) = &names[i];
            (load.worst() >= NARROW).then(|| BottleneckOutcome {
                name: name.clone(),
                kind: *kind,
                utilisation: load.worst(),
            })
        };
        outcome.hours = HoursOutcome {
            length_s: self.length_s,
            at: starts_s.iter().map(|s| civil_label(&world.calendar, time(*s))).collect(),
            active_users_max: bins.iter().map(|b| b.active_max).collect(),
            requests_per_s: bins.iter().map(|b| b.intended / self.length_s).collect(),
            lost_share: bins.iter().map(|b| if b.lost > 0.0 { b.lost / (b.served + b.lost) } else { 0.0 }).collect(),
            p95_s: bins.iter().map(|b| b.p95_s).collect(),
            bottleneck: bins.iter().map(narrowest).collect(),
            loads,
            moods: moods(outcome, &starts_s, self.length_s),
            starts_s,
        };
    }
}

/// A bin that a span covers: those after it to which nothing had come either are as it is now.
struct Covered {
    before: Arc<Vec<Load>>,
    overlap_s: f64,
    after: Arc<Vec<Load>>,
}

impl Covered {
    fn is_alike(&self, loads: &Arc<Vec<Load>>, overlap_s: f64) -> bool {
        Arc::ptr_eq(&self.before, loads) && self.overlap_s == overlap_s
    }
}

/// Adds what a part of a span asks of everything.
fn add_loads(loads: &mut [Load], span: &Interval, part: f64, overlap_s: f64) {
    let span_s = span.to.since(span.from).seconds();
    for (load, work) in loads.iter_mut().zip(&span.stations) {
        load.add(work.arrived * part, work.asked_s * part, work.workers_s * overlap_s / span_s, overlap_s);
    }
    let links = loads.iter_mut().skip(span.stations.len());
    for ((load, offered_bps), most_bps) in links.zip(&span.links_offered_bps).zip(&span.links_most_bps) {
        if most_bps.is_finite() {
            load.add(offered_bps * overlap_s, offered_bps / most_bps * overlap_s, overlap_s, overlap_s);
        }
    }
}

/// The civil days of a run, in the file's zone.
fn days(world: &World) -> Vec<Day> {
    let calendar = &world.calendar;
    let mut days = Vec::new();
    let mut date = calendar.zoned(world.measured_from, &calendar.zone).date();
    let starts = |date: jiff::civil::Date| {
        Some(calendar.time_of(date.to_zoned_datetime(calendar.zone.clone()).ok()?.timestamp()))
    };
    while days.len() <= DAYS_MAX {
        let next = date.tomorrow().ok();
        let (Some(from), Some(to)) = (starts(date), next.and_then(starts)) else { break };
        if from >= world.horizon {
            return days;
        }
        let by_feature = vec![0.0; world.features.len()];
        days.push(Day { date, from, to, peak: 0.0, peak_at: from, intended: 0.0, by_feature, p95_s: None });
        date = next.unwrap_or(date);
    }
    Vec::new()
}

/// Active users at a part of a span, along its straight line.
fn active_at(span: &Interval, done: f64) -> f64 {
    span.active_users.iter().map(|(from, to)| from + (to - from) * done).sum()
}

/// Of what flows in a span, what falls between two parts of it: as much as users are active then.
fn part_of(span: &Interval, from: f64, to: f64) -> f64 {
    let all = active_at(span, 0.5);
    if all > 0.0 { (to - from) * active_at(span, (from + to) / 2.0) / all } else { to - from }
}

/// Seconds of a time in which some population was degraded or down.
pub(super) fn felt_s(outcome: &Outcome, from_s: f64, to_s: f64) -> f64 {
    let mut felt: Vec<(f64, f64)> = outcome
        .people
        .values()
        .flat_map(|people| &people.intervals)
        .filter(|i| i.mood >= ServiceLevel::Degraded && i.to_s > from_s && i.from_s < to_s)
        .map(|i| (i.from_s.max(from_s), i.to_s.min(to_s)))
        .collect();
    felt.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut sum_s, mut until_s) = (0.0, from_s);
    for (from, to) in felt {
        sum_s += (to - from.max(until_s)).max(0.0);
        until_s = until_s.max(to);
    }
    sum_s
}

fn time(seconds: f64) -> Time {
    Time::ZERO.after(Duration::from_seconds(seconds))
}

/// The worst that each population felt in each bin.
fn moods(outcome: &Outcome, starts_s: &[f64], length_s: f64) -> BTreeMap<String, Vec<ServiceLevel>> {
    let worst = |intervals: &[OutcomeInterval]| {
        let mut moods = vec![ServiceLevel::Fine; starts_s.len()];
        for interval in intervals {
            let first = starts_s.partition_point(|s| s + length_s <= interval.from_s);
            let last = starts_s.partition_point(|s| *s < interval.to_s);
            for mood in &mut moods[first.min(last)..last] {
                *mood = (*mood).max(interval.mood);
            }
        }
        moods
    };
    outcome.people.iter().map(|(name, people)| (name.clone(), worst(&people.intervals))).collect()
}

impl Load {
    fn add(&mut self, offered: f64, asked_s: f64, there_s: f64, for_s: f64) {
        self.offered += offered;
        self.asked_s += asked_s;
        self.there_s += there_s;
        // What is asked for a moment is no load: as much of it as makes up the time that counts, and then the rest.
        let (mut left_s, all_s) = (for_s, for_s.max(f64::MIN_POSITIVE));
        while left_s > 0.0 {
            let missing_s = HELD_S - self.lately.2;
            let takes_s = if self.lately.2 > 0.0 { missing_s.min(left_s) } else { left_s };
            self.lately.0 += asked_s * takes_s / all_s;
            self.lately.1 += there_s * takes_s / all_s;
            self.lately.2 += takes_s;
            left_s -= takes_s;
            if self.lately.2 >= HELD_S * (1.0 - 1e-9) {
                let (asked_s, there_s, _) = std::mem::take(&mut self.lately);
                self.worst = if there_s > 0.0 { self.worst.max(asked_s / there_s) } else { self.worst };
            }
        }
    }

    /// The largest share asked for as long as counts, or in all.
    fn worst(&self) -> f64 {
        let in_all = if self.there_s > 0.0 { self.asked_s / self.there_s } else { 0.0 };
        self.worst.max(in_all)
    }

    /// What it could have done in the bin, per second; `None` where nothing was asked, so that nobody knows.
    fn capacity(&self, length_s: f64) -> Option<f64> {
        (self.asked_s > 0.0).then(|| self.offered / self.asked_s * self.there_s / length_s)
    }
}
