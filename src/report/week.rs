//! The week of a maintenance, for the terminal and the page: which hour has which shade, and what is said of it.

use super::{format, verdict};
use crate::study::{Estimate, FixOutcome, NowOutcome, PROMISE, PromiseOutcome, Share, WindowOutcome, WindowsOutcome};

/// Shades, from the fewest user-minutes to the most.
pub const LEVELS: usize = 5;
/// Starts that a table shows, from the best on.
pub const BEST_SHOWN: usize = 5;
const YEAR_S: f64 = 31_536_000.0;

/// What a picture shows of a start.
#[derive(Clone, Copy)]
pub struct Shown {
    /// What it is, as a heading.
    pub title: &'static str,
    /// What that means.
    pub note: &'static str,
    /// The number.
    pub of: fn(&WindowOutcome) -> f64,
}

/// The pictures of a week: what decides, and whom it meets.
pub const PICTURES: [Shown; 2] = [
    Shown {
        title: "User-minutes lost, by the hour at which it begins",
        note: "In the whole run, for whatever reason: also what fails because it is repaired late. This is what decides.",
        of: |window| window.lost.mean,
    },
    Shown {
        title: "Users met, by the hour at which it begins",
        note: "Minutes of active users while it lasts, whether or not they feel it.",
        of: |window| window.met.mean,
    },
];

/// A picture of a week: days from top to bottom, hours from left to right.
pub struct Week {
    /// Each day with the start that each of its hours has, as a place in the windows.
    pub days: Vec<(String, [Option<usize>; 24])>,
    /// The lowest of what is shown.
    pub low: f64,
    /// The highest.
    pub high: f64,
}

impl Week {
    /// Lays the starts out. An hour with more than one start has the best of them.
    pub fn new(outcome: &WindowsOutcome, shown: Shown) -> Week {
        let mut days: Vec<(String, [Option<usize>; 24])> = Vec::new();
        for (place, window) in outcome.windows.iter().enumerate() {
            if days.last().is_none_or(|(date, _)| *date != window.date) {
                days.push((window.date.clone(), [None; 24]));
            }
            let Some(cell) = days.last_mut().and_then(|(_, hours)| hours.get_mut(usize::from(window.hour))) else {
                continue;
            };
            if cell.is_none_or(|other| (shown.of)(window) < (shown.of)(&outcome.windows[other])) {
                *cell = Some(place);
            }
        }
        let values = outcome.windows.iter().map(shown.of);
        let (low, high) = values.fold((f64::INFINITY, 0.0), |(low, high): (f64, f64), x| (low.min(x), high.max(x)));
        Week { days, low: low.min(high), high }
    }

    /// The shade of a number, from 0 to [`LEVELS`] - 1; all the same where there is no difference but rounding.
    pub fn level(&self, value: f64) -> usize {
        let span = self.high - self.low;
        if span <= self.high.abs() * 1e-6 {
            return 0;
        }
        (((value - self.low) / span * LEVELS as f64) as usize).min(LEVELS - 1)
    }

    /// Whether most of it is the same at every hour, so that what differs is told instead.
    fn is_mostly_alike(&self) -> bool {
        self.low > 0.5 * self.high
    }

    /// What is the same at every hour, in words; nothing where that is little.
    pub fn base(&self) -> Option<String> {
        let is_told = self.is_mostly_alike() && self.level(self.high) > 0;
        is_told.then(|| format!("beyond {} at every hour", format::large(self.low)))
    }

    /// A number as a picture tells it: beyond what is the same at every hour, where that is most of it.
    pub fn told(&self, value: f64) -> f64 {
        if self.is_mostly_alike() && self.level(self.high) > 0 { value - self.low } else { value }
    }

    /// From where to where a shade goes, in user-minutes, as it is told.
    pub fn bounds(&self, level: usize) -> (f64, f64) {
        let at = |share: f64| self.told(self.low + (self.high - self.low) * share);
        (at(level as f64 / LEVELS as f64), at((level + 1) as f64 / LEVELS as f64))
    }
}

/// The best start.
pub fn best(outcome: &WindowsOutcome) -> &WindowOutcome {
    outcome.ranking.first().and_then(|place| outcome.windows.get(*place)).unwrap_or(&outcome.own)
}

/// The starts of a table: the best ones, the plan's own, the worst; each with what it is.
pub fn chosen(outcome: &WindowsOutcome) -> Vec<(String, &WindowOutcome)> {
    let ranked = |place: &usize| outcome.windows.get(*place);
    let mut rows: Vec<(String, &WindowOutcome)> = (outcome.ranking.iter().take(BEST_SHOWN).filter_map(ranked))
        .enumerate()
        .map(|(place, window)| ((place + 1).to_string(), window))
        .collect();
    rows.push(("the plan's own".to_owned(), &outcome.own));
    rows.extend(outcome.ranking.last().and_then(ranked).map(|window| ("the worst".to_owned(), window)));
    rows
}

/// A civil time without seconds that say nothing.
pub fn moment(civil: &str) -> &str {
    civil.strip_suffix(":00").unwrap_or(civil)
}

/// What is asked, in a line.
pub fn scope(outcome: &WindowsOutcome) -> String {
    let first = outcome.windows.first().map_or("", |window| moment(&window.starts));
    format!(
        "{} · {} starts from {first} on, one every {} · {} replications of each, all under the same luck · a run is {}",
        outcome.plan,
        outcome.windows.len(),
        format::length(outcome.every_s),
        format::count(outcome.replications as f64),
        format::length(outcome.run_s),
    )
}

/// The best start, as a sentence.
pub fn lede(outcome: &WindowsOutcome) -> String {
    let best = best(outcome);
    let against = &best.against_own;
    let (own, best_at) = (moment(&outcome.own.starts), moment(&best.starts));
    let far =
        format!("({})", range(against.low.abs().min(against.high.abs()), against.low.abs().max(against.high.abs())));
    match against {
        d if d.high < 0.0 => format!(
            "The best hour to begin is {best_at}: it saves {} user-minutes {far} against the plan's own start, {own}.",
            format::large(-d.mean)
        ),
        d if d.low > 0.0 => format!(
            "The plan's own start, {own}, is better than any full hour of this week: the best of them is {best_at}, and costs {} \
             user-minutes {far} more.",
            format::large(d.mean)
        ),
        d => format!(
            "The best hour to begin is {best_at}; against the plan's own start, {own}, that is no difference that can be told from \
             chance ({} user-minutes, {}).",
            signed(d.mean),
            interval(d)
        ),
    }
}

/// A share with its interval, or what is known where it was never or always seen.
pub fn share(share: &Share) -> String {
    match share {
        Share { of: 0, .. } => format::NOTHING.to_owned(),
        Share { seen: 0, high, .. } => format!("none (< {})", verdict::chance(*high)),
        Share { seen, of, low, .. } if seen == of => format!("all (> {})", verdict::chance(*low)),
        Share { share, low, high, .. } => {
            format!("{} ({} to {})", verdict::chance(*share), verdict::chance(*low), verdict::chance(*high))
        }
    }
}

/// An interval of user-minutes.
pub fn interval(estimate: &Estimate) -> String {
    range(estimate.low, estimate.high)
}

fn range(low: f64, high: f64) -> String {
    let (low, high) = (format::large(low), format::large(high));
    if low == high { low } else { format!("{low} to {high}") }
}

/// A difference with its sign.
pub fn signed(value: f64) -> String {
    let shown = format::large(value);
    if value > 0.0 && shown != "0" { format!("+{shown}") } else { shown }
}

/// How long it takes and what holds, in sentences.
pub fn takes(outcome: &WindowsOutcome) -> String {
    let takes = &outcome.takes;
    let own = format::length(outcome.announced_s);
    let mut sentences = Vec::new();
    if takes.fixed {
        let holds = if takes.max_s <= outcome.announced_s { "always holds" } else { "never holds" };
        sentences.push(format!(
            "It always takes {}, so that this is the promise that holds; the plan's own, {own}, {holds}.",
            format::length(takes.max_s)
        ));
    } else {
        sentences.push(format!(
            "The promise that holds {} of the time is {} ({} to {}); half take no more than {}.",
            verdict::chance(PROMISE),
            format::length(takes.p95_s),
            format::length(takes.p95_low_s),
            format::length(takes.p95_high_s),
            format::length(takes.p50_s),
        ));
        if let Some(promise) = outcome.promises.iter().find(|promise| promise.is_own) {
            sentences.push(format!("The plan's own, {own}, is overrun in {}.", share(&promise.overrun)));
        }
    }
    if takes.given_up.seen > 0 {
        sentences.push(format!("It is given up and rolled back in {}.", share(&takes.given_up)));
    }
    sentences.join(" ")
}

/// What a promise is called in a table.
pub fn promise(promise: &PromiseOutcome) -> String {
    format!("{}{}", format::length(promise.announced_s), if promise.is_own { ", the plan's own" } else { "" })
}

/// A difference with its interval.
pub fn difference(estimate: &Estimate) -> String {
    match interval(estimate) {
        none if none == "0" => none,
        interval => format!("{} ({interval})", signed(estimate.mean)),
    }
}

/// A mean life: what is not known to the minute is not told to the minute, and it may be years.
pub fn life(seconds: f64) -> String {
    let step = match seconds {
        s if s < 36_000.0 => 60.0,
        s if s < 2.0 * 86_400.0 => 600.0,
        _ => 3_600.0,
    };
    let seconds = (seconds / step).round() * step;
    if seconds >= 2.0 * YEAR_S { format!("{} years", format::count(seconds / YEAR_S)) } else { format::length(seconds) }
}

/// Now or later, in sentences.
pub fn now_or_later(now: &NowOutcome) -> Vec<String> {
    let (at, later) = (moment(&now.now), moment(&now.later));
    let costs = &now.costs;
    let mut sentences = vec![match costs {
        c if c.low > 0.0 => format!(
            "Wait: to begin at {at} would cost {} user-minutes more than at {later} ({}).",
            format::large(c.mean),
            interval(c)
        ),
        c if c.high < 0.0 => format!(
            "Now: to begin at {at} would save {} user-minutes against {later} ({}).",
            format::large(-c.mean),
            range(-c.high, -c.low)
        ),
        c if c.low == 0.0 && c.high == 0.0 => format!("It is all the same: {at} and {later} cost as much."),
        c => format!(
            "Not settled: to begin at {at} instead of at {later} makes a difference of {} user-minutes, and it may be anything from \
             {} to {}.",
            signed(c.mean),
            signed(c.low),
            signed(c.high)
        ),
    }];
    match &now.fix {
        None => sentences.push(
            "Nothing that it replaces can be on a temporary fix that fails at random, so there is no failure rate at which the \
             answer would turn."
                .to_owned(),
        ),
        Some(fix) => {
            sentences.push(turning(fix));
            if let Some(assumed) = fix.assumed_s {
                sentences.push(format!("The file has once in {}.", life(assumed)));
            }
        }
    }
    sentences
}

fn turning(fix: &FixOutcome) -> String {
    let tried = format!("between once in {} and once in {}", life(fix.from_s), life(fix.to_s));
    let Some(turns_at) = fix.turns_at_s else {
        let all = |better: fn(f64) -> bool| fix.tried.iter().all(|(_, costs)| better(costs.mean));
        return match (all(|costs| costs > 0.0), all(|costs| costs <= 0.0)) {
            (true, _) => {
                format!("The answer does not turn: with a fix that fails anywhere {tried}, to wait is better.")
            }
            (_, true) => format!("The answer does not turn: with a fix that fails anywhere {tried}, now is better."),
            _ => format!("With a fix that fails {tried}, the answer does not turn from waiting to now anywhere."),
        };
    };
    let end = |end: Option<f64>, beyond: String| end.map_or(beyond, life);
    format!(
        "With a fix that fails more often than once in {} ({} to {}), now would be better.",
        life(turns_at),
        end(fix.turns_low_s, format!("less than {}", life(fix.from_s))),
        end(fix.turns_high_s, format!("more than {}", life(fix.to_s))),
    )
}

/// The local hour in which most users are met, and how many.
pub fn busiest(hours: &std::collections::BTreeMap<u8, f64>) -> String {
    let most = hours.iter().filter(|(_, minutes)| **minutes > 0.0).max_by(|a, b| a.1.total_cmp(b.1).then(b.0.cmp(a.0)));
    most.map_or(format::NOTHING.to_owned(), |(hour, minutes)| format!("{hour:02}:00  {}", format::large(*minutes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_told_where_most_is_alike() {
        let week = |low: f64, high: f64| Week { days: Vec::new(), low, high };
        let mostly = week(20_000_000.0, 20_010_000.0);
        assert_eq!(mostly.base().as_deref(), Some("beyond 20 M at every hour"));
        assert_eq!(
            (mostly.bounds(0), mostly.bounds(4).1, mostly.told(20_004_000.0)),
            ((0.0, 2_000.0), 10_000.0, 4_000.0)
        );
        let apart = week(10.0, 10_000.0);
        assert_eq!((apart.base(), apart.told(500.0), apart.bounds(0).0), (None, 500.0, 10.0));
        // Nothing differs: that is told as it is.
        assert_eq!((week(7.0, 7.0).base(), week(7.0, 7.0).told(7.0)), (None, 7.0));
    }
}
