//! What a study says, in words that the terminal and the page share.

pub mod first;

use super::format;
use crate::expect::Unit;
use crate::scenario::Under;
use crate::study::{
    Comparison, Conflict, DesignOutcome, Difference, End, Judgement, ObjectiveOutcome, Separation, Spread,
};
use crate::units::{Duration, Ratio};

/// An amount in its unit.
pub fn amount(unit: Unit, value: f64) -> String {
    match unit {
        Unit::Seconds => format::length(value),
        Unit::Latency if value < 0.0 => format::below_zero(format::latency(-value)),
        Unit::Latency => format::latency(value),
        Unit::UserMinutes | Unit::Money => format::large(value),
        Unit::Share => format::share(value),
        // Three digits that count, whatever the size.
        Unit::Plain if value < 0.0 => format::below_zero(amount(unit, -value)),
        Unit::Plain if value != 0.0 && value < 9.95 => format!("{value:.3}"),
        Unit::Plain => format::large(value),
    }
}

/// An interval in a unit.
pub fn interval(unit: Unit, low: f64, high: f64) -> String {
    let (low, high) = (amount(unit, low), amount(unit, high));
    if low == high { low } else { format!("{low} to {high}") }
}

/// The mean of a metric; where none of it was ever seen, what can be said all the same.
pub fn mean(unit: Unit, spread: Option<&Spread>) -> String {
    match spread {
        None => format::NO_DATA.to_owned(),
        Some(spread) if spread.never_seen_at_most.is_some() => "none seen".to_owned(),
        Some(spread) => amount(unit, spread.mean),
    }
}

/// The interval of the mean, or how rarely it can happen where it was never seen.
pub fn around(unit: Unit, spread: Option<&Spread>) -> String {
    match spread {
        None => format::NOTHING.to_owned(),
        Some(spread) => match spread.never_seen_at_most {
            Some(most) => format!("in < {} of runs", chance(most)),
            None => interval(unit, spread.low, spread.high),
        },
    }
}

/// A small probability.
pub fn chance(p: f64) -> String {
    match p * 100.0 {
        c if !c.is_finite() => format::NOTHING.to_owned(),
        0.0 => "0%".to_owned(),
        c if c < 0.001 => "0.001%".to_owned(),
        c if c < 0.1 => format!("{c:.3}%"),
        c if c < 1.0 => format!("{c:.2}%"),
        c if c > 99.9 && c < 100.0 => format!("{:.2}%", (c * 100.0).floor() / 100.0),
        c if c >= 100.0 => "100%".to_owned(),
        // A share that is asked for is mostly round.
        c if (c - c.round()).abs() < 1e-9 => format!("{c:.0}%"),
        c => format!("{c:.1}%"),
    }
}

/// The probability of being the best, of so many draws that less cannot be told.
pub fn best(p: Option<f64>) -> String {
    let Some(p) = p else { return format::NOTHING.to_owned() };
    match p {
        0.0 => "0%".to_owned(),
        p if p < 0.000_5 => "< 0.1%".to_owned(),
        p if p > 0.999_5 => "> 99.9%".to_owned(),
        p => format!("{:.1}%", p * 100.0),
    }
}

/// How many designs, replications and how long.
pub fn scope(comparison: &Comparison) -> String {
    let designs = comparison.designs.len();
    let counts: Vec<u64> = comparison.designs.iter().map(|design| design.replications).collect();
    let (least, most) = (counts.iter().min().copied().unwrap_or(0), counts.iter().max().copied().unwrap_or(0));
    let replications = match least == most {
        true => format::count(most as f64),
        false => format!("{} to {}", format::count(least as f64), format::count(most as f64)),
    };
    let designs =
        if designs == 1 { "1 design".to_owned() } else { format!("{designs} designs, all under the same luck") };
    format!("{designs} · {replications} replications of each · a run is {}", format::length(comparison.run_s))
}

/// How it ended, and what that means for the order.
pub fn ending(comparison: &Comparison) -> String {
    let confidence = chance(comparison.confidence);
    let open = comparison.unsettled.len();
    let of = comparison.differences.len();
    let pairs = match (open, of) {
        (_, 1) => "the only pair is".to_owned(),
        (1, _) => format!("1 of {of} pairs is"),
        _ => format!("{open} of {of} pairs are"),
    };
    let what = match comparison.settle {
        crate::study::Settle::Order => "the order",
        crate::study::Settle::Best => "which one is the best",
    };
    let indifferent = comparison.indifference.map(|difference| amount(unit(comparison), difference));
    if !comparison.rare_failures.is_empty() && of > 0 {
        let first = "No order is settled: what fails rarely was hardly seen, and may turn it round.";
        let last = "With --rare, compare says how often things go down all the same.";
        let said = std::iter::once(first.to_owned()).chain(rare_failures(comparison)).chain([last.to_owned()]);
        return said.collect::<Vec<_>>().join(" ");
    }
    match (comparison.ended, indifferent, open) {
        (End::Settled, Some(difference), _) => format!(
            "It stopped by itself: {what} is settled with {confidence} confidence, where {difference} per run makes a difference \
             (Kim & Nelson 2001)."
        ),
        (End::Interrupted, ..) if open > 0 => format!("It was ended before it was done: {pairs} not settled."),
        (End::Time, ..) if open > 0 => format!("Its time was over: {pairs} not settled."),
        (_, Some(_), 1..) => {
            format!("All replications are done, and {pairs} not settled with {confidence} confidence.")
        }
        (_, None, 0) if of > 0 => {
            format!("The order of all of them is settled with {confidence} confidence, all pairs together.")
        }
        (_, None, 1..) => {
            format!("All replications are done; {pairs} not settled with {confidence} confidence, all pairs together.")
        }
        _ => String::new(),
    }
}

/// The unit of the metric that ranks.
pub fn unit(comparison: &Comparison) -> Unit {
    comparison.metrics.iter().find(|m| m.name == comparison.by).map_or(Unit::Plain, |m| m.unit)
}

/// A difference, in a line.
pub fn difference(comparison: &Comparison, difference: &Difference) -> String {
    if difference.n == 0 {
        return format::NO_DATA.to_owned();
    }
    let unit = unit(comparison);
    format!("{} ({})", amount(unit, difference.mean), interval(unit, difference.low, difference.high))
}

/// What is known of an order.
pub fn separation(separation: Separation) -> &'static str {
    match separation {
        Separation::Settled => "settled",
        Separation::Alike => "alike",
        Separation::Same => "the same",
        Separation::Open => "not settled",
        Separation::NoData => format::NO_DATA,
    }
}

/// A conflict as a sentence.
pub fn conflict(comparison: &Comparison, conflict: &Conflict) -> String {
    let label = |place: usize| comparison.designs[place].label.as_str();
    let (first, second) = (label(conflict.first), label(conflict.second));
    let unit = comparison.metrics.iter().find(|m| m.name == conflict.metric).map(|m| m.unit);
    let (mean, low, high) = conflict.by;
    match unit {
        Some(unit) => format!(
            "by {} \"{first}\" is better, by {} \"{second}\" is: {} a run ({})",
            comparison.by,
            conflict.metric,
            amount(unit, mean),
            interval(unit, low, high),
        ),
        None => {
            let currency =
                comparison.designs[conflict.first].costs.as_ref().map_or("", |costs| costs.currency.as_str());
            format!(
                "by {} \"{first}\" is better, by cost \"{second}\" is: {} {currency} an hour less",
                comparison.by,
                format::large(-mean)
            )
        }
    }
}

/// How many pairs stand the other way round, and by what.
pub fn conflicts(comparison: &Comparison) -> String {
    let mut by: Vec<(&str, usize)> = Vec::new();
    for conflict in &comparison.conflicts {
        match by.iter_mut().find(|(metric, _)| *metric == conflict.metric) {
            Some((_, count)) => *count += 1,
            None => by.push((&conflict.metric, 1)),
        }
    }
    by.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let by: Vec<String> = by.into_iter().map(|(metric, count)| format!("{metric} ({count})")).collect();
    let n = comparison.conflicts.len();
    let pairs = if n == 1 { "One pair stands".to_owned() } else { format!("{n} pairs stand") };
    format!("{pairs} the other way round than by {}: by {}", comparison.by, by.join(", "))
}

/// What an objective asks, as exactly as it is written.
pub fn asked(objective: &ObjectiveOutcome) -> String {
    let mut bounds = Vec::new();
    bounds.extend(objective.at_least.map(|least| format!("at least {}", bound(objective.unit, least))));
    bounds.extend(objective.at_most.map(|most| format!("at most {}", bound(objective.unit, most))));
    let how_often = match objective.needed_share {
        None => "on average".to_owned(),
        Some(1.0) => "always".to_owned(),
        Some(share) => format!("in {} of runs", bound(Unit::Share, share)),
    };
    let over = if objective.under == Under::Year { ", over a year without the drill" } else { "" };
    format!("{}, {how_often}{over}", bounds.join(" and "))
}

/// A bound to its last digit: what is asked is not rounded.
pub fn bound(unit: Unit, value: f64) -> String {
    match unit {
        Unit::Seconds | Unit::Latency => Duration::from_seconds(value).to_string(),
        Unit::Share => Ratio(value).to_string(),
        _ => value.to_string(),
    }
}

/// What was seen of an objective.
pub fn seen(objective: &ObjectiveOutcome) -> String {
    let (met, of, without) = (objective.met, objective.of, objective.no_data);
    let runs = |n: u64| format::count(n as f64);
    if without > 0 && without == of {
        return match of {
            1 => "no data in the only run".to_owned(),
            _ => format!("no data in any of {} runs", runs(of)),
        };
    }
    let lacking =
        if without > 0 { format!("; no data in {} of {} runs", runs(without), runs(of)) } else { String::new() };
    if objective.needed_share.is_none() {
        return match objective.mean {
            None => format::NO_DATA.to_owned(),
            Some((mean, low, high)) => {
                let around = interval(objective.unit, low, high);
                format!("mean {} ({around}){lacking}", amount(objective.unit, mean))
            }
        };
    }
    match objective.never_missed_at_most {
        Some(most) => format!("met in all {}: missed in < {}", runs(of), chance(most)),
        None => {
            let share = met as f64 / of.max(1) as f64;
            let around = format!("{} to {}", chance(objective.low), chance(objective.high));
            format!("met in {} ({around}){lacking}", chance(share))
        }
    }
}

/// Why a design stands where it does although it lacks data; nothing where it lacks none.
fn lacking(comparison: &Comparison, design: &DesignOutcome) -> Option<String> {
    let (without, of) = (design.no_data, design.replications);
    let (label, by) = (&design.label, &comparison.by);
    match without {
        0 => None,
        n if n == of => Some(format!("\"{label}\" is last: it has no data for {by} in any of its runs.")),
        n => Some(format!(
            "\"{label}\" has no data for {by} in {} of its {} runs: it is ranked by the others, and not settled as better than \
             who has data there.",
            format::count(n as f64),
            format::count(of as f64),
        )),
    }
}

/// What has to be known to read a ranking: why a design stands where it does.
pub fn ranking_notes(comparison: &Comparison) -> Vec<String> {
    let mut notes: Vec<String> = comparison.designs.iter().filter_map(|design| lacking(comparison, design)).collect();
    let counts = || comparison.designs.iter().map(|design| design.replications);
    if counts().min() != counts().max() {
        notes.push(
            "Designs that were out early have fewer replications: all are ranked by their pairs, each over the replications that \
             both have, and not by the means beside each other."
                .to_owned(),
        );
    }
    notes
}

/// What fails at random and was hardly seen, each in a sentence.
fn rare_failures(comparison: &Comparison) -> Vec<String> {
    let told = comparison.rare_failures.iter().map(|rare| {
        let times = match rare.seen {
            0 => "was never seen to fail".to_owned(),
            1 => "failed once".to_owned(),
            n => format!("failed {n} times"),
        };
        format!(
            "\"{}\" {times}, where about {} were to be expected; it takes about {} replications to see {} of them.",
            rare.name,
            few(rare.expected),
            format::large(rare.replications_needed as f64),
            crate::study::SEEN_ENOUGH,
        )
    });
    told.collect()
}

/// A number that may be far below one.
fn few(value: f64) -> String {
    if value > 0.0 && value < 0.95 { format!("{value:.2}") } else { format::large(value) }
}

/// A judgement in a word.
pub fn judgement(judgement: Judgement) -> &'static str {
    match judgement {
        Judgement::Pass => "pass",
        Judgement::Fail => "fail",
        Judgement::Undecided => "undecided",
        Judgement::NoData => format::NO_DATA,
    }
}
