//! What players can see of a run: measurements at intervals, late and with gaps; alerts, false ones too; users who complain.
//!
//! Nothing here looks behind what can be measured from outside. What flows is told when something changes, which can be hours
//! later: so each measurement takes a fork of the run to its end at that moment, and looks at what it tells.

use crate::engine::Engine;
use crate::observe::{Interval, Observation, Observer, Occurrence};
use crate::rng::{Luck, Stream};
use crate::scenario;
use crate::units::{Duration, Time};
use crate::world::World;
use serde::Serialize;
use std::collections::VecDeque;

/// Measurements of each series that are kept.
const POINTS_MAX: usize = 240;
/// Alerts that are kept.
const ALERTS_MAX: usize = 500;
/// From this share of failed requests on, an alert is raised; it is over below the second.
const ERRORS: (f64, f64) = (0.05, 0.01);
/// The same of the share of workers that are asked for.
const LOAD: (f64, f64) = (0.95, 0.85);
/// Of users who meet failures, so many complain in an hour.
const COMPLAIN_PER_HOUR: f64 = 1e-3;

/// What a series measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measured {
    /// The share of requests that fail.
    Errors,
    /// The 95th percentile of latencies, in seconds.
    Latency,
    /// Users who are active.
    Users,
    /// The share of workers that is asked for; more than all where it is overloaded.
    Load,
    /// The age of the oldest item of a background queue, in seconds.
    Age,
    /// How far a replica is behind, in seconds.
    Lag,
}

/// What is measured of one thing.
#[derive(Debug, Clone)]
pub struct Series {
    /// Of what.
    pub of: String,
    /// What.
    pub measures: Measured,
    /// The last measurements, oldest first; `None` is a gap.
    pub points: VecDeque<Option<f64>>,
    gaps: Stream,
}

/// Something that monitoring says is wrong.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Alert {
    /// Its number.
    pub id: usize,
    /// When it is seen.
    #[serde(skip)]
    pub at: Time,
    /// When it is seen to be over.
    #[serde(skip)]
    pub over_at: Option<Time>,
    /// What it is about.
    pub about: String,
    /// What it says.
    pub says: String,
    /// Nothing is wrong.
    #[serde(skip)]
    pub is_false: bool,
}

/// Users who complain.
#[derive(Debug, Clone, PartialEq)]
pub struct Complaint {
    /// When.
    pub at: Time,
    /// Who.
    pub people: String,
    /// How many have by then.
    pub count: u64,
    /// What most of them say.
    pub says: &'static str,
}

/// Totals since the start, from which what happened between two measurements follows.
#[derive(Debug, Clone, Default)]
struct Totals {
    /// Requests that were meant and that failed, by population.
    uses: Vec<(f64, f64)>,
    /// Worker-seconds asked for and there, by station.
    stations: Vec<(f64, f64)>,
    /// As things are at the end.
    users: Vec<f64>,
    p95_s: Vec<Option<f64>>,
    ages_s: Vec<f64>,
    lags_s: Vec<f64>,
}

impl Totals {
    fn new(world: &World) -> Totals {
        Totals {
            uses: vec![(0.0, 0.0); world.people.len()],
            stations: vec![(0.0, 0.0); world.stations.len()],
            users: vec![0.0; world.people.len()],
            p95_s: vec![None; world.people.len()],
            ages_s: vec![0.0; world.queues.len()],
            lags_s: vec![0.0; world.stores.len()],
        }
    }
}

impl Observer for Totals {
    fn saw(&mut self, _: &World, _: &Observation) {}

    fn flowed(&mut self, _: &World, span: &Interval) {
        for (total, uses) in self.uses.iter_mut().zip(&span.uses) {
            for used in uses {
                total.0 += used.intended;
                total.1 += used.failed + used.shed + used.never_sent;
            }
        }
        for (total, work) in self.stations.iter_mut().zip(&span.stations) {
            total.0 += work.asked_s;
            total.1 += work.workers_s;
        }
        for (users, active) in self.users.iter_mut().zip(&span.active_users) {
            *users = active.1;
        }
        self.p95_s.fill(None);
        for part in span.latencies.iter().filter(|part| part.weight > 0.0) {
            let p95_s = part.latency.quantile(0.95) + part.shift_s;
            let worst = &mut self.p95_s[part.people];
            *worst = Some(worst.map_or(p95_s, |worst| worst.max(p95_s)));
        }
        for (age, now) in self.ages_s.iter_mut().zip(&span.queue_ages_s) {
            *age = *now;
        }
        for (lag, replicas) in self.lags_s.iter_mut().zip(&span.replicas) {
            *lag = replicas.iter().map(|replica| replica.1).fold(0.0, f64::max);
        }
    }
}

/// What monitoring has seen so far.
#[derive(Debug, Clone)]
pub struct Monitoring {
    every: Duration,
    late: Duration,
    gaps: f64,
    false_alarm: f64,
    next: Time,
    /// What was told by the run itself, and by its fork at the last measurement.
    told: Totals,
    before: Totals,
    /// All series: those of populations, of stations, of queues, of stores.
    pub series: Vec<Series>,
    /// Alerts in the order in which they were raised.
    pub alerts: Vec<Alert>,
    /// Complaints in order of time.
    pub complaints: Vec<Complaint>,
    hit_user_s: Vec<f64>,
    luck: Stream,
}

impl Monitoring {
    /// Nothing has been seen; the first measurement is one interval after the beginning of play.
    pub fn new(world: &World, luck: Luck, how: &scenario::Monitoring, from: Time) -> Monitoring {
        let series = |of: &str, measures: Measured| Series {
            of: of.to_owned(),
            measures,
            points: VecDeque::new(),
            gaps: Stream::new(luck, of, &format!("monitoring of {measures:?} lost")),
        };
        let mut all = Vec::new();
        for people in &world.people {
            let of_people = [Measured::Errors, Measured::Latency, Measured::Users];
            all.extend(of_people.map(|measures| series(&people.name, measures)));
        }
        all.extend(world.stations.iter().map(|station| series(&station.name, Measured::Load)));
        all.extend(world.queues.iter().map(|queue| series(&queue.name, Measured::Age)));
        all.extend(world.stores.iter().map(|store| series(&store.name, Measured::Lag)));
        let every_days = how.every.seconds() / 86_400.0;
        Monitoring {
            every: how.every,
            late: how.late,
            gaps: how.gaps.0,
            false_alarm: (how.false_alarms_per_day * every_days).min(1.0),
            next: from.after(how.every),
            told: Totals::new(world),
            before: Totals::new(world),
            series: all,
            alerts: Vec::new(),
            complaints: Vec::new(),
            hit_user_s: vec![0.0; world.people.len()],
            luck: Stream::new(luck, "monitoring", "false alarms"),
        }
    }

    /// Whatever happened before play began is not measured.
    pub fn begin(&mut self, engine: &Engine) {
        self.before = self.told.clone();
        engine.clone().stop_where_taken(&mut self.before);
    }

    /// When the next measurement is taken.
    pub fn next(&self) -> Time {
        self.next
    }

    /// How long after its end a measurement is seen.
    pub fn late(&self) -> Duration {
        self.late
    }

    /// What is measured at an interval.
    pub fn every(&self) -> Duration {
        self.every
    }

    /// Measures, when the run is exactly there.
    pub fn measure(&mut self, engine: &Engine) {
        let at = self.next;
        self.next = at.after(self.every);
        let mut now = self.told.clone();
        engine.clone().stop_where_taken(&mut now);
        let world = engine.world();
        let before = std::mem::replace(&mut self.before, now.clone());
        let share = |(a, b): (f64, f64)| if b > 1e-9 { Some((a / b).clamp(0.0, 1e6)) } else { None };
        let mut values = Vec::with_capacity(self.series.len());
        for i in 0..world.people.len() {
            let failed = share((now.uses[i].1 - before.uses[i].1, now.uses[i].0 - before.uses[i].0));
            values.extend([failed.map(|share| share.min(1.0)), now.p95_s[i], Some(now.users[i])]);
            self.somebody_complains(world, i, now.users[i], failed.unwrap_or(0.0), at);
        }
        for (now, before) in now.stations.iter().zip(&before.stations) {
            values.push(share((now.0 - before.0, now.1 - before.1)));
        }
        values.extend(now.ages_s.iter().chain(&now.lags_s).map(|value| Some(*value)));
        for (series, value) in self.series.iter_mut().zip(&values) {
            // One uniform each time, whatever is measured.
            let is_lost = series.gaps.chance(self.gaps);
            series.points.push_back(value.filter(|_| !is_lost));
            if series.points.len() > POINTS_MAX {
                series.points.pop_front();
            }
        }
        self.look(world, at.after(self.late));
        self.cry_wolf(world, at.after(self.late));
    }

    /// The limits of a series: above the first something is wrong, below the second it is not any more.
    fn limits(&self, world: &World, index: usize) -> Option<(f64, f64)> {
        match self.series[index].measures {
            Measured::Errors => Some(ERRORS),
            Measured::Load => Some(LOAD),
            Measured::Age => {
                let queue = world.queues.iter().find(|queue| queue.name == self.series[index].of)?;
                Some((queue.fresh_within_s, queue.fresh_within_s / 2.0))
            }
            Measured::Latency => {
                let people = world.people.iter().find(|people| people.name == self.series[index].of)?;
                let slow = people.uses.iter().filter_map(|(feature, _)| world.features[feature.at()].slow_over_s);
                let slow_s = slow.fold(f64::INFINITY, f64::min);
                slow_s.is_finite().then_some((slow_s, slow_s / 2.0))
            }
            Measured::Users | Measured::Lag => None,
        }
    }

    /// Raises alerts over the last measurements, and ends those that are over.
    fn look(&mut self, world: &World, seen_at: Time) {
        for index in 0..self.series.len() {
            let (Some((wrong, fine)), Some(Some(value))) =
                (self.limits(world, index), self.series[index].points.back().copied())
            else {
                continue;
            };
            let (of, measures) = (self.series[index].of.clone(), self.series[index].measures);
            let about = format!("{}: {}", of, name_of(measures));
            let open = self.alerts.iter_mut().find(|alert| alert.over_at.is_none() && alert.about == about);
            match open {
                Some(alert) if value < fine => alert.over_at = Some(seen_at),
                None if value > wrong => {
                    let says = says(&of, measures, value);
                    self.raise(about, says, seen_at, false);
                }
                _ => {}
            }
        }
    }

    fn raise(&mut self, about: String, says: String, at: Time, is_false: bool) {
        if self.alerts.len() < ALERTS_MAX {
            let id = self.alerts.len();
            self.alerts.push(Alert { id, at, over_at: None, about, says, is_false });
        }
    }

    /// Now and then monitoring is wrong: one measurement that nobody else made.
    fn cry_wolf(&mut self, world: &World, seen_at: Time) {
        let over = |alert: &&mut Alert| alert.is_false && alert.over_at.is_none();
        self.alerts.iter_mut().filter(over).for_each(|alert| alert.over_at = Some(seen_at));
        let (cries, which) = (self.luck.chance(self.false_alarm), self.luck.uniform());
        if cries && !world.stations.is_empty() {
            let station = &world.stations[(which * world.stations.len() as f64) as usize].name;
            self.raise(format!("{station}: probe"), format!("{station} does not answer its probe"), seen_at, true);
        }
    }

    fn somebody_complains(&mut self, world: &World, people: usize, users: f64, failed: f64, at: Time) {
        let complain = |user_s: f64| (user_s / 3_600.0 * COMPLAIN_PER_HOUR) as u64;
        let before = complain(self.hit_user_s[people]);
        self.hit_user_s[people] += users * failed * self.every.seconds();
        let now = complain(self.hit_user_s[people]);
        // Who reads them looks when there is one, when there are ten, a hundred, a thousand.
        let digits = |count: u64| count.checked_ilog10().map_or(0, |log| log + 1);
        if digits(now) > digits(before) && self.complaints.len() < ALERTS_MAX {
            let says = match failed {
                share if share > 0.9 => "nothing opens",
                share if share > 0.3 => "most of the time it does not work",
                _ => "sometimes it does not work",
            };
            let name = world.people[people].name.clone();
            self.complaints.push(Complaint { at, people: name, count: now, says });
        }
    }
}

impl Observer for Monitoring {
    fn saw(&mut self, world: &World, seen: &Observation) {
        match &seen.what {
            Occurrence::Detected { group, false_alarm, .. } => {
                let name = world.name_of_group(*group);
                let says = format!("the active member of {name} does not answer");
                self.raise(format!("{name}: health check"), says, seen.at, *false_alarm);
            }
            Occurrence::Activated { group, .. } | Occurrence::CalledOff(group) | Occurrence::StaysActive(group) => {
                let about = format!("{}: health check", world.name_of_group(*group));
                let open = self.alerts.iter_mut().filter(|alert| alert.about == about && alert.over_at.is_none());
                open.for_each(|alert| alert.over_at = Some(seen.at));
            }
            Occurrence::FailoverFailed(group, _) => {
                let name = world.name_of_group(*group);
                self.raise(format!("{name}: failover"), format!("the failover of {name} has failed"), seen.at, false);
            }
            _ => {}
        }
    }

    fn flowed(&mut self, world: &World, span: &Interval) {
        self.told.flowed(world, span);
    }
}

/// What a measurement is called.
pub fn name_of(measures: Measured) -> &'static str {
    match measures {
        Measured::Errors => "errors",
        Measured::Latency => "latency",
        Measured::Users => "users",
        Measured::Load => "load",
        Measured::Age => "age",
        Measured::Lag => "lag",
    }
}

fn says(of: &str, measures: Measured, value: f64) -> String {
    match measures {
        Measured::Errors => format!("{of}: {:.0}% of requests fail", value * 100.0),
        Measured::Latency => format!("{of}: one request in twenty takes more than {value:.1} s"),
        Measured::Load => format!("{of} is asked for {:.0}% of what it can do", value * 100.0),
        Measured::Age => format!("{of}: the oldest item has waited for {:.0} min", value / 60.0),
        Measured::Users | Measured::Lag => format!("{of}: {value:.1}"),
    }
}
