//! Which numbers of each run a study keeps.

use crate::expect::{Criterion, NO_VALUE, Unit, longest_outage, number_at};
use crate::metrics::{Detail, Outcome, PeopleOutcome};
use crate::world::{NodeKind, World};

/// A number of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// What it is called: in a table, and by `--by`.
    pub name: String,
    /// What it counts.
    pub unit: Unit,
    /// Whether more of it is better.
    pub more_is_better: bool,
    of: Of,
}

#[derive(Debug, Clone, PartialEq)]
enum Of {
    Downtime,
    LongestOutage,
    Lost,
    TimeDegraded,
    Degraded,
    Stale,
    P99,
    DataLoss,
    /// What is lost and spent; one of them; in which currency.
    Money(Share, String),
    /// Time down of components and groups, the mean of those on which nothing else stands.
    Works(Vec<String>),
    Path(String),
    Objective(Box<Criterion>),
}

/// Which part of what a run comes to in money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Share {
    Lost,
    Spent,
    Both,
}

/// Whose requests were answered, but late or without something. That is not the time in which users felt degraded: they do that also
/// where part of their requests fails.
pub(super) const SERVED_WORSE: &str = "user-minutes served worse";

/// What a run comes to in money, as a metric.
pub(super) const COST: &str = "cost";

/// The metrics of a study: those that its worlds have, what was asked by path, and every objective.
pub(super) fn metrics<'w>(
    worlds: impl Iterator<Item = &'w World> + Clone,
    paths: &[String],
    is_in_money: bool,
    objectives: impl Iterator<Item = Criterion>,
) -> Vec<Metric> {
    let mut found: Vec<Metric> = Vec::new();
    let mut add = |name: &str, unit: Unit, more_is_better: bool, of: Of| {
        if found.iter().all(|known| known.name != name) {
            found.push(Metric { name: name.to_owned(), unit, more_is_better, of });
        }
    };
    if worlds.clone().any(|world| !world.people.is_empty()) {
        add("downtime", Unit::Seconds, false, Of::Downtime);
        add("longest outage", Unit::Seconds, false, Of::LongestOutage);
        add("user-minutes lost", Unit::UserMinutes, false, Of::Lost);
        add("time degraded", Unit::Seconds, false, Of::TimeDegraded);
        add(SERVED_WORSE, Unit::UserMinutes, false, Of::Degraded);
        add("p99 latency", Unit::Latency, false, Of::P99);
    }
    if worlds.clone().any(|world| !world.queues.is_empty()) {
        add("stale time", Unit::Seconds, false, Of::Stale);
    }
    if worlds.clone().any(|world| !world.stores.is_empty()) {
        add("data-loss window", Unit::Seconds, false, Of::DataLoss);
    }
    // What only stands there costs the same in every run: that says each design by itself.
    if is_in_money {
        let currency =
            worlds.clone().find_map(|world| Some(world.money.as_ref()?.currency.clone())).unwrap_or_default();
        for (name, share) in [(COST, Share::Both), ("money lost", Share::Lost), ("money spent", Share::Spent)] {
            add(name, Unit::Money, false, Of::Money(share, currency.clone()));
        }
    }
    let tops = on_which_nothing_stands(worlds.clone());
    // Whoever names numbers of the outcome has said what the designs are for.
    if paths.is_empty() && worlds.clone().all(|world| world.people.is_empty()) && !tops.is_empty() {
        add("downtime", Unit::Seconds, false, Of::Works(tops));
    }
    for path in paths {
        let last = path.rsplit('.').next().unwrap_or(path);
        let better = ["availability", "uptime", "served", "throughput"].iter().any(|word| last.contains(word));
        let unit = match last {
            _ if last.contains("latency") || last.starts_with('p') && last.ends_with("_s") => Unit::Latency,
            _ if last.ends_with("_s") => Unit::Seconds,
            _ if last.contains("availability") || last.contains("uptime") => Unit::Share,
            _ if last.starts_with("user_minutes") => Unit::UserMinutes,
            _ => Unit::Plain,
        };
        add(path, unit, better, Of::Path(path.clone()));
    }
    for criterion in objectives {
        let (name, unit, better) =
            (format!("objective: {}", criterion.name), criterion.unit, criterion.more_is_better());
        add(&name, unit, better, Of::Objective(Box::new(criterion)));
    }
    found
}

impl Metric {
    /// Whether this is its name, or the one that it had before.
    pub(super) fn is_called(&self, name: &str) -> bool {
        self.name == name || self.name == SERVED_WORSE && name == "user-minutes degraded"
    }

    /// In what it is counted, where that is money.
    pub fn currency(&self) -> Option<&str> {
        match &self.of {
            Of::Money(_, currency) => Some(currency),
            _ => None,
        }
    }

    /// The objective that it is held against.
    pub fn criterion(&self) -> Option<&Criterion> {
        match &self.of {
            Of::Objective(criterion) => Some(criterion),
            _ => None,
        }
    }

    /// The number of this run; NaN where it has none: who sent nothing felt nothing, and where somebody who sent something was
    /// never answered, the latency of the others does not stand for theirs.
    pub fn seen(&self, outcome: &Outcome) -> f64 {
        let asking = || outcome.people.values().filter(|people| people.requests.intended > 0.0);
        let worst = |of: fn(&PeopleOutcome) -> Option<f64>| {
            let numbers: Option<Vec<f64>> = asking().map(of).collect();
            numbers?.into_iter().max_by(f64::total_cmp)
        };
        let sum = |of: fn(&PeopleOutcome) -> f64| asking().next().is_some().then(|| asking().map(of).sum());
        let seen = match &self.of {
            Of::Downtime => per_user(outcome, |people| people.downtime_s),
            Of::LongestOutage => worst(|people| Some(longest_outage(people))),
            Of::Lost => sum(|people| people.user_minutes_lost),
            Of::TimeDegraded => per_user(outcome, |people| people.degraded_s),
            Of::Degraded => sum(|people| people.user_minutes_degraded),
            Of::Stale => per_user(outcome, |people| people.stale_s),
            Of::P99 => worst(|people| people.latency.all.p99_s),
            Of::DataLoss => outcome.stores.values().map(|store| store.data_loss_window_max_s).max_by(f64::total_cmp),
            Of::Money(share, _) => outcome.money.as_ref().map(|money| match share {
                Share::Lost => money.lost,
                Share::Spent => money.spent,
                Share::Both => money.total,
            }),
            Of::Works(names) => {
                let down_s: Vec<f64> =
                    names.iter().filter_map(|name| Some(outcome.components.get(name)?.downtime_s)).collect();
                (!down_s.is_empty()).then(|| down_s.iter().sum::<f64>() / down_s.len() as f64)
            }
            Of::Path(path) => number_at(outcome, path).ok(),
            Of::Objective(criterion) => criterion.seen(outcome),
        };
        seen.unwrap_or(f64::NAN)
    }

    /// How much of a run it needs.
    pub(super) fn needs(&self) -> Detail {
        match &self.of {
            Of::Objective(criterion) => criterion.needs(),
            Of::Works(_) => Detail::Components,
            Of::Path(path) if path.starts_with("components.") || path.starts_with("groups.") => Detail::Components,
            Of::Path(_) => Detail::Full,
            _ => Detail::Brief,
        }
    }

    /// Why a path gives no number in this outcome.
    ///
    /// # Errors
    /// What is wrong with the path.
    pub fn check(&self, outcome: &Outcome) -> Result<(), String> {
        match self.path().map(|path| number_at(outcome, path)) {
            // Some numbers are there in some runs only.
            Some(Err(problem)) if !problem.ends_with(NO_VALUE) => Err(problem),
            _ => Ok(()),
        }
    }

    /// Its path in the outcome, where somebody wrote one.
    pub fn path(&self) -> Option<&str> {
        match &self.of {
            Of::Path(path) => Some(path.as_str()),
            Of::Objective(criterion) => criterion.path(),
            _ => None,
        }
    }

    /// What it is, in a sentence.
    pub fn about(&self) -> String {
        match &self.of {
            Of::Downtime => "time down, the mean over all users".to_owned(),
            Of::LongestOutage => "the longest time without a break that a population was down".to_owned(),
            Of::Lost => "minutes of active users in which their requests failed or were never sent".to_owned(),
            Of::TimeDegraded => {
                "time in which much failed, was slow or lacked something, but not down; the mean over all users"
                    .to_owned()
            }
            Of::Degraded => "minutes of active users whose requests were answered late or without something".to_owned(),
            Of::Stale => "time with stale things, the mean over all users".to_owned(),
            Of::P99 => "99th percentile of the latency, of the population that waits longest".to_owned(),
            Of::DataLoss => "the largest data-loss window of a store".to_owned(),
            Of::Money(Share::Lost, currency) => format!("what is not served and what was promised, in {currency}"),
            Of::Money(Share::Spent, currency) => format!("what stands there and servers that are added, in {currency}"),
            Of::Money(Share::Both, currency) => format!("what is spent and what is lost, in {currency}"),
            Of::Works(names) if names.len() == 1 => format!("time down of {}", names[0]),
            Of::Works(_) => "time down, the mean over what nothing else stands on".to_owned(),
            Of::Path(path) => path.clone(),
            Of::Objective(criterion) => criterion.name.clone(),
        }
    }
}

/// Components and groups on which nothing else stands: where a scenario has no people, they are what it is for.
fn on_which_nothing_stands<'w>(worlds: impl Iterator<Item = &'w World>) -> Vec<String> {
    let tops = worlds.flat_map(|world| {
        let tops = world
            .nodes
            .iter()
            .filter(|node| !matches!(node.kind, NodeKind::Site(_)) && !node.hidden && node.watched_by.is_empty());
        tops.map(|node| node.name.clone())
    });
    tops.collect::<std::collections::BTreeSet<_>>().into_iter().collect()
}

/// The mean over users of what each population has that sent anything.
fn per_user(outcome: &Outcome, of: impl Fn(&PeopleOutcome) -> f64) -> Option<f64> {
    let asking = || outcome.people.values().filter(|people| people.requests.intended > 0.0);
    let users: f64 = asking().map(|people| people.users).sum();
    (users > 0.0).then(|| asking().map(|people| people.users * of(people)).sum::<f64>() / users)
}
