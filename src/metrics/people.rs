//! What users lived through.

use super::moods::{Feeling, INTERVALS_MAX};
use super::outcome::*;
use super::story::Story;
use super::uptime_windows::windows;
use crate::observe::Interval;
use crate::observe::{Answer, Observation, Occurrence, ServiceLevel, Use};
use crate::queueing::{Latency, LatencyCounts, LatencyHistogram};
use crate::world::{Tail, World, civil_label};
use std::sync::Arc;

/// What is less than this share of the requests of a while is rounding.
const ROUNDING: f64 = 1e-9;
/// Points kept of the curve of users served, per population.
const SERIES_MAX: f64 = 20_000.0;

/// Before, during, after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Before = 0,
    During = 1,
    After = 2,
}

/// A histogram that gathers what each latency weighs, and records it once: the same latencies come back with the same loads.
#[derive(Debug, Clone, Default)]
struct Lazy {
    histogram: LatencyHistogram,
    gathered: Vec<(Arc<Latency>, f64, f64)>,
    /// Requests that were followed.
    followed: LatencyCounts,
}

/// Latencies that are gathered before they are recorded.
const GATHERED_MAX: usize = 48;

impl Lazy {
    /// Where the counts are gathered for many histograms together, `together` has them.
    fn add(&mut self, latency: &Arc<Latency>, shift_s: f64, weight: f64, together: Option<&mut LatencyHistogram>) {
        let same = |known: &&mut (Arc<Latency>, f64, f64)| known.0.is_same(latency) && known.1 == shift_s;
        // The last one is the likeliest.
        match self.gathered.iter_mut().rev().find(same) {
            Some((_, _, sum)) => *sum += weight,
            None => {
                if self.gathered.len() == GATHERED_MAX {
                    self.flush(together);
                }
                self.gathered.push((Arc::clone(latency), shift_s, weight));
            }
        }
    }

    fn flush(&mut self, mut together: Option<&mut LatencyHistogram>) {
        if let Some(together) = &mut together {
            self.histogram.swap_counts(together);
        }
        self.followed.fold_into(&mut self.histogram);
        for (latency, shift_s, weight) in self.gathered.drain(..) {
            self.histogram.record_later(&latency, shift_s.max(0.0), weight);
        }
        if let Some(together) = &mut together {
            self.histogram.swap_counts(together);
        }
    }
}

fn percentiles(histogram: &LatencyHistogram) -> LatencyOutcome {
    LatencyOutcome {
        requests: histogram.count(),
        mean_s: histogram.mean_s(),
        p50_s: histogram.percentile(0.50),
        p95_s: histogram.percentile(0.95),
        p99_s: histogram.percentile(0.99),
    }
}

fn latencies(parts: &[LatencyHistogram; 3]) -> Latencies {
    let mut all = LatencyHistogram::new();
    let [before, during, after] = [0, 1, 2].map(|part| percentiles(&parts[part]));
    parts.iter().for_each(|p| all.merge(p));
    Latencies { all: percentiles(&all), before, during, after }
}

#[derive(Debug, Clone)]
struct Population {
    overall: Feeling,
    features: Vec<Feeling>,
    part: Part,
    used: Vec<[Use; 3]>,
    latency: Vec<[Lazy; 3]>,
    /// The counts of all of those, where nobody asks for more than the latency of the whole population.
    together: Option<LatencyHistogram>,
    /// Requests of each use that are under way, and those that were when each part began.
    under_way: Vec<f64>,
    carried: Vec<[f64; 3]>,
    /// Those who were when measuring began.
    carried_over: Vec<f64>,
    /// (time, active user-seconds so far, lost user-seconds so far).
    series: Vec<(f64, f64, f64)>,
    active_s: f64,
    lost_s: f64,
    away: (f64, f64),
    never_sent_s: f64,
    degraded_s: f64,
    gathered: Gathered,
    steering: Vec<SteeringOutcome>,
}

/// What came and was lost since that was last told.
#[derive(Debug, Clone, Copy, Default)]
struct Gathered {
    dt_s: f64,
    active_s: f64,
    intended: f64,
    lost: f64,
    never_sent: f64,
    degraded: f64,
}

/// Single requests are gathered for so long before it is told what share of them was lost.
const GATHERED_S: f64 = 60.0;

/// What users lived through, as it is being measured.
#[derive(Debug, Clone)]
pub struct PeopleMetrics {
    people: Vec<Population>,
    /// No more is kept than what is felt and lost by whole populations.
    brief: bool,
    /// Latencies are measured.
    latencies: bool,
}

impl PeopleMetrics {
    pub fn new(world: &World) -> PeopleMetrics {
        PeopleMetrics::of(world, false)
    }

    /// The same without latencies.
    pub fn felt(world: &World) -> PeopleMetrics {
        let mut metrics = PeopleMetrics::of(world, true);
        metrics.people.iter_mut().for_each(|population| population.together = None);
        PeopleMetrics { latencies: false, ..metrics }
    }

    /// For [`finish_brief`](PeopleMetrics::finish_brief).
    pub fn brief(world: &World) -> PeopleMetrics {
        PeopleMetrics::of(world, true)
    }

    fn of(world: &World, brief: bool) -> PeopleMetrics {
        let people = world
            .people
            .iter()
            .map(|p| Population {
                overall: Feeling::new(),
                features: vec![Feeling::new(); p.uses.len()],
                part: Part::Before,
                used: vec![Default::default(); p.uses.len()],
                latency: vec![Default::default(); p.uses.len()],
                together: brief.then(LatencyHistogram::new),
                under_way: vec![0.0; p.uses.len()],
                carried: vec![[0.0; 3]; p.uses.len()],
                carried_over: vec![0.0; p.uses.len()],
                series: vec![(world.measured_from.seconds(), 0.0, 0.0)],
                active_s: 0.0,
                lost_s: 0.0,
                away: (0.0, 0.0),
                never_sent_s: 0.0,
                degraded_s: 0.0,
                gathered: Gathered::default(),
                steering: Vec::new(),
            })
            .collect();
        PeopleMetrics { people, brief, latencies: true }
    }

    pub fn saw(&mut self, world: &World, seen: &Observation) {
        match &seen.what {
            Occurrence::Feels { people, feature, mood, why } => {
                let population = &mut self.people[people.at()];
                let feeling = match feature {
                    Some(feature) => &mut population.features[*feature],
                    None => &mut population.overall,
                };
                feeling.change(seen.at, *mood, *why, seen.cause, world.measured_from);
                if feature.is_none() && seen.at >= world.measured_from {
                    let part = match (population.part, mood) {
                        (Part::Before, ServiceLevel::Fine) => Part::Before,
                        (_, ServiceLevel::Fine) => Part::After,
                        _ => Part::During,
                    };
                    population.goes_on_in(part);
                }
            }
            Occurrence::SteeringBegan { people, to } if !self.brief => {
                let steer = match world.people[people.at()].served_by {
                    crate::world::Place::Group(group) => world.groups[group.at()].failover.as_ref().map(|f| &f.steer),
                    crate::world::Place::Spread(spread) => Some(&world.spreads[spread.at()].steer),
                    crate::world::Place::Site(_) => None,
                };
                let tail = steer.map_or(Tail::AtOnce, Tail::new);
                let left = [10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_800.0, 3_600.0]
                    .iter()
                    .map(|&s| (s, tail.left(crate::units::Duration::from_seconds(s)).0))
                    .collect();
                if self.people[people.at()].steering.len() < INTERVALS_MAX {
                    self.people[people.at()].steering.push(SteeringOutcome {
                        to: world.sites[to.at()].name.clone(),
                        from_s: seen.at.seconds(),
                        from: civil_label(&world.calendar, seen.at),
                        mean_s: tail.mean_s(),
                        p95_s: tail.until_left_s(0.05),
                        p99_s: tail.until_left_s(0.01),
                        left,
                    });
                }
            }
            _ => {}
        }
    }

    #[inline]
    pub fn answered(&mut self, answer: &Answer) {
        let population = &mut self.people[answer.people as usize];
        let when = population.part as usize;
        population.latency[answer.feature as usize][when].followed.record(answer.took_ns);
    }

    /// What flowed before anything is measured: who is under way then is carried over.
    pub fn warmed_up(&mut self, span: &Interval) {
        for (population, uses) in self.people.iter_mut().zip(&span.uses) {
            population.pass(uses);
            for (carried, under_way) in population.carried.iter_mut().zip(&population.under_way) {
                carried[Part::Before as usize] = *under_way;
            }
            population.carried_over.clone_from(&population.under_way);
        }
    }

    pub fn flowed(&mut self, world: &World, span: &Interval) {
        let resolution_s = world.horizon.seconds() / SERIES_MAX;
        for (i, population) in self.people.iter_mut().enumerate() {
            let (mut intended, mut lost, mut never_sent, mut degraded) = (0.0, 0.0, 0.0, 0.0);
            for (total, used) in population.used.iter_mut().zip(&span.uses[i]) {
                add(&mut total[population.part as usize], used);
                intended += used.intended;
                lost += used.failed + used.shed + used.never_sent + used.overdue;
                never_sent += used.never_sent;
                degraded += used.degraded;
            }
            population.pass(&span.uses[i]);
            let (first, last) = span.away_users.get(i).copied().unwrap_or_default();
            population.away.0 += (first + last) / 2.0 * span.to.since(span.from).seconds();
            population.away.1 = population.away.1.max(first).max(last);
            let gathered = &mut population.gathered;
            gathered.dt_s += span.to.since(span.from).seconds();
            gathered.active_s += span.active_user_s[i];
            gathered.intended += intended;
            gathered.lost += lost;
            gathered.never_sent += never_sent;
            gathered.degraded += degraded;
            if !span.followed || gathered.dt_s >= GATHERED_S {
                population.told_until(span.to.seconds(), (!self.brief).then_some(resolution_s));
            }
        }
        if !self.latencies {
            return;
        }
        for part in &span.latencies {
            let population = &mut self.people[part.people];
            let when = population.part as usize;
            let together = population.together.as_mut();
            population.latency[part.feature][when].add(&part.latency, part.shift_s, part.weight, together);
        }
    }

    pub fn finish(&mut self, world: &World, story: &Story, outcome: &mut Outcome) {
        let (from, to) = (world.measured_from, world.horizon);
        let length_s = to.since(from).seconds();
        for (i, population) in self.people.iter_mut().enumerate() {
            population.overall.ends(to, from);
            population.told_until(to.seconds(), Some(world.horizon.seconds() / SERIES_MAX));
            let mut merged: [LatencyHistogram; 3] = Default::default();
            let mut all = (Use::default(), 0.0);
            let mut features = std::collections::BTreeMap::new();
            for (j, feeling) in population.features.iter_mut().enumerate() {
                feeling.ends(to, from);
                let mut parts: [LatencyHistogram; 3] = Default::default();
                for (k, lazy) in population.latency[j].iter_mut().enumerate() {
                    lazy.flush(None);
                    merged[k].merge(&lazy.histogram);
                    parts[k] = std::mem::take(&mut lazy.histogram);
                }
                let by_part = &population.used[j];
                let carried = population.carried[j];
                let used = whole(by_part);
                add(&mut all.0, &used);
                all.1 += population.carried_over[j];
                let name = world.features[world.people[i].uses[j].0.at()].name.clone();
                feeling.tell_cut_short(format!("people.{}.features.{name}", world.people[i].name), outcome);
                features.insert(
                    name,
                    FeatureOutcome {
                        downtime_s: feeling.seconds[ServiceLevel::Down as usize],
                        longest_outage_s: feeling.longest_down_s,
                        at_end: feeling.mood,
                        degraded_s: feeling.seconds[ServiceLevel::Degraded as usize],
                        stale_s: feeling.seconds[ServiceLevel::Stale as usize],
                        time_availability: of_demand(
                            &used,
                            1.0 - feeling.seconds[ServiceLevel::Down as usize] / length_s,
                        ),
                        request_availability: available(&used),
                        requests: requests(&used, population.carried_over[j]),
                        phases: phases(by_part, carried),
                        latency: latencies(&parts),
                        intervals: feeling.intervals(world, story),
                    },
                );
            }
            population.overall.tell_cut_short(format!("people.{}", world.people[i].name), outcome);
            let summary = PeopleOutcome {
                windowed_user_uptime: windows(&population.series, length_s),
                latency: latencies(&merged),
                intervals: population.overall.intervals(world, story),
                features,
                steering: std::mem::take(&mut population.steering),
                ..population.summary(world.people[i].users, &all, length_s)
            };
            outcome.people.insert(world.people[i].name.clone(), summary);
        }
    }

    /// What whole populations felt and lost, and their latency over the whole run: each number is that of
    /// [`finish`](PeopleMetrics::finish), to the last bit. Nothing says why, and nothing has a civil time.
    pub fn finish_brief(&mut self, world: &World, outcome: &mut Outcome) {
        let (from, to) = (world.measured_from, world.horizon);
        let length_s = to.since(from).seconds();
        for (i, population) in self.people.iter_mut().enumerate() {
            population.overall.ends(to, from);
            population.told_until(to.seconds(), None);
            let mut all = (Use::default(), 0.0);
            for nth in 0..population.used.len() {
                add(&mut all.0, &whole(&population.used[nth]));
                all.1 += population.carried_over[nth];
            }
            let latency = Latencies { all: percentiles(&population.merged()), ..Latencies::default() };
            let intervals = population.overall.moods();
            let summary = population.summary(world.people[i].users, &all, length_s);
            outcome.people.insert(world.people[i].name.clone(), PeopleOutcome { latency, intervals, ..summary });
        }
    }
}

impl Population {
    /// What its users lost until now: of single requests, over some time, for they seldom end where they began.
    fn told_until(&mut self, to_s: f64, resolution_s: Option<f64>) {
        let Gathered { dt_s, active_s, intended, lost, never_sent, degraded } = std::mem::take(&mut self.gathered);
        if dt_s == 0.0 {
            return;
        }
        self.active_s += active_s;
        // A crash fails also what was waiting, and users who believe in no answer any more came before: no more can be lost at a time
        // than there are users, and the others are lost as long as it would take them to come.
        let counted = lost.clamp(0.0, intended);
        let later = lost - counted;
        self.gathered.lost = if later.abs() > ROUNDING * (1.0 + intended) { later } else { 0.0 };
        if intended > 0.0 {
            self.lost_s += active_s * counted / intended;
            self.never_sent_s += active_s * never_sent / intended;
            self.degraded_s += active_s * (degraded / intended).min(1.0);
        }
        let Some(resolution_s) = resolution_s else { return };
        let point = (to_s, self.active_s, self.lost_s);
        let count = self.series.len();
        let bends = lost > 0.0;
        if count >= 2
            && (point.0 - self.series[count - 2].0 < resolution_s
                || (!bends && self.series[count - 1].2 == self.series[count - 2].2))
        {
            self.series[count - 1] = point;
        } else {
            self.series.push(point);
        }
    }

    /// Requests come and end: how many are under way afterwards.
    fn pass(&mut self, uses: &[Use]) {
        for (under_way, used) in self.under_way.iter_mut().zip(uses) {
            *under_way = left(*under_way, used);
        }
    }

    /// Another part begins: whoever is under way goes on in it.
    fn goes_on_in(&mut self, part: Part) {
        if part == self.part {
            return;
        }
        for (carried, under_way) in self.carried.iter_mut().zip(&self.under_way) {
            carried[part as usize] += under_way;
        }
        self.part = part;
    }

    /// What its users felt and lost, without any list.
    fn summary(&self, users: f64, (all, carried): &(Use, f64), length_s: f64) -> PeopleOutcome {
        let seconds = self.overall.seconds;
        PeopleOutcome {
            users,
            downtime_s: seconds[ServiceLevel::Down as usize],
            longest_outage_s: self.overall.longest_down_s,
            at_end: self.overall.mood,
            degraded_s: seconds[ServiceLevel::Degraded as usize],
            stale_s: seconds[ServiceLevel::Stale as usize],
            time_availability: of_demand(all, 1.0 - seconds[ServiceLevel::Down as usize] / length_s),
            request_availability: available(all),
            user_uptime: of_demand(all, 1.0 - self.lost_s / self.active_s),
            windowed_user_uptime: Vec::new(),
            user_minutes_lost: self.lost_s / 60.0,
            user_minutes_never_sent: self.never_sent_s / 60.0,
            user_minutes_degraded: self.degraded_s / 60.0,
            user_minutes: self.active_s / 60.0,
            user_minutes_away: self.away.0 / 60.0,
            away_max: self.away.1,
            requests: requests(all, *carried),
            latency: Latencies::default(),
            intervals: Vec::new(),
            features: Default::default(),
            steering: Vec::new(),
        }
    }

    /// The latency over all features and parts, from counts that were gathered together. What each histogram has held back, and
    /// its sum, are added in the order in which histograms are merged.
    fn merged(&mut self) -> LatencyHistogram {
        let mut parts: [LatencyHistogram; 3] = Default::default();
        for by_part in &mut self.latency {
            for (part, lazy) in parts.iter_mut().zip(by_part) {
                lazy.flush(self.together.as_mut());
                part.merge(&lazy.histogram);
            }
        }
        let mut all = LatencyHistogram::new();
        parts.iter().for_each(|part| all.merge(part));
        if let Some(together) = &mut self.together {
            all.swap_counts(together);
        }
        all
    }
}

fn add(total: &mut Use, used: &Use) {
    total.intended += used.intended;
    total.served += used.served;
    total.degraded += used.degraded;
    total.failed += used.failed;
    total.shed += used.shed;
    total.never_sent += used.never_sent;
    total.made_up += used.made_up;
    total.overdue += used.overdue;
}

/// What became of a use over the whole run.
fn whole(by_part: &[Use; 3]) -> Use {
    let mut used = Use::default();
    by_part.iter().for_each(|part| add(&mut used, part));
    used
}

/// Of those who were under way and who came, those who still are. What is left by rounding is nobody.
fn left(carried: f64, used: &Use) -> f64 {
    let left = carried + used.intended - used.served - used.failed - used.shed - used.never_sent;
    if left.abs() <= 1e-9 * (carried + used.intended) { 0.0 } else { left }
}

fn requests(used: &Use, carried_over: f64) -> RequestsOutcome {
    RequestsOutcome {
        carried_over,
        intended: used.intended,
        served: used.served,
        degraded: used.degraded,
        failed: used.failed,
        shed: used.shed,
        waiting: left(carried_over, used),
        overdue: used.overdue,
        never_sent: used.never_sent,
        made_up: used.made_up,
    }
}

/// The same in each phase: overdue are those who are so when it ends, whenever they came.
fn phases(by_part: &[Use; 3], carried: [f64; 3]) -> Phases {
    let mut overdue = 0.0;
    let mut phase = |part: usize| {
        overdue += by_part[part].overdue;
        RequestsOutcome { overdue: f64::max(overdue, 0.0), ..requests(&by_part[part], carried[part]) }
    };
    Phases { before: phase(0), during: phase(1), after: phase(2) }
}

/// Served over all of which it is known what became of them; who has waited for an answer for too long has none. NaN where nothing
/// is known.
fn available(used: &Use) -> f64 {
    used.served / (used.served + used.failed + used.shed + used.never_sent + used.overdue.max(0.0))
}

/// A number that says nothing where nobody sent anything: then it is NaN.
fn of_demand(all: &Use, number: f64) -> f64 {
    if all.intended > 0.0 { number } else { f64::NAN }
}
