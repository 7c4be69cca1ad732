//! What is said first: who meets the objectives and what that costs, in a sentence or two.

use super::{amount, chance, mean, unit};
use crate::expect::Unit;
use crate::report::format;
use crate::study::{
    Comparison, DesignOutcome, Judgement, Miss, ObjectiveOutcome, Separation, Standing, Verdict, missed_share,
};
use crate::world::Costs;
use serde::Serialize;

/// Designs that are named one by one.
const NAMED_MAX: usize = 3;
/// A run of so many seconds is a year.
const YEAR_S: std::ops::RangeInclusive<f64> = 365.0 * 86_400.0..=366.0 * 86_400.0;

/// A comparison with what is said first of it.
#[derive(Debug, Serialize)]
pub struct Told<'a> {
    verdict: Verdict,
    /// The verdict in sentences.
    in_words: Vec<String>,
    #[serde(flatten)]
    comparison: &'a Comparison,
}

impl Told<'_> {
    /// A comparison and its verdict.
    pub fn new(comparison: &Comparison) -> Told<'_> {
        let verdict = Verdict::of(comparison);
        Told { in_words: sentences(comparison, &verdict), verdict, comparison }
    }
}

/// What is said first, in sentences.
pub fn sentences(comparison: &Comparison, verdict: &Verdict) -> Vec<String> {
    match &comparison.designs[..] {
        [] => Vec::new(),
        _ if verdict.objectives == 0 => by_rank(comparison),
        [only] => std::iter::once(alone(comparison, verdict, only)).chain(unseen(comparison, verdict)).collect(),
        _ if verdict.count(Standing::Meets) > 0 => {
            let first = std::iter::once(some_meet(comparison, verdict));
            first.chain(unseen(comparison, verdict)).chain(open(verdict)).collect()
        }
        _ => none_meets(comparison, verdict),
    }
}

/// One design and nothing beside it.
fn alone(comparison: &Comparison, verdict: &Verdict, only: &DesignOutcome) -> String {
    let (name, all) = (quoted(only), all_of(verdict.objectives));
    let cost = only.costs.as_ref().map_or(String::new(), |costs| format!("; it costs {}", monthly(costs)));
    match (verdict.standings.first(), &verdict.misses) {
        (Some(Standing::Meets), _) => format!("{name} meets {all}{cost}."),
        (Some(Standing::Misses), Some(miss)) => {
            let the = if verdict.objectives == 1 { "the objective " } else { "" };
            format!("{name} misses {the}{}{cost}.", missed(comparison, verdict, miss))
        }
        (Some(Standing::NoData), _) => {
            format!("{name} is not known to meet {all}: for {} there are no data{cost}.", some_of(verdict.objectives))
        }
        _ => format!("{name} is not known to meet {all}: more replications would tell{cost}."),
    }
}

/// How many meet everything, and who of them costs least.
fn some_meet(comparison: &Comparison, verdict: &Verdict) -> String {
    let designs = &comparison.designs;
    let meet: Vec<&DesignOutcome> = (designs.iter().zip(&verdict.standings))
        .filter_map(|(design, standing)| (*standing == Standing::Meets).then_some(design))
        .collect();
    let who = match (meet.len(), designs.len()) {
        (2, 2) => "Both designs meet".to_owned(),
        (n, all) if n == all => format!("All {} designs meet", word(n)),
        (1, all) => format!("One of {} designs meets", word(all)),
        (n, all) => format!("{} of {} designs meet", capital(&word(n)), word(all)),
    };
    let who = format!("{who} {}", all_of(verdict.objectives));
    let priced = meet.iter().all(|design| design.costs.is_some());
    let cheapest: Vec<&DesignOutcome> = verdict.cheapest.iter().map(|&place| &designs[place]).collect();
    let price = |design: &DesignOutcome| design.costs.as_ref().map(monthly).unwrap_or_default();
    match (&cheapest[..], &meet[..]) {
        ([one], [_]) => format!("{who}: {}, {}.", quoted(one), price(one)),
        ([one], _) if priced => format!("{who}; the cheapest is {}, {}.", quoted(one), price(one)),
        ([one], _) => format!("{who}; the cheapest with a price is {}, {}.", quoted(one), price(one)),
        ([one, ..], _) => format!("{who}; the cheapest are {}, {} each.", names(&cheapest), price(one)),
        ([], _) if meet.len() <= NAMED_MAX => format!("{who}: {}.", names(&meet)),
        ([], _) => format!("{who}; the first of them by {} is {}.", comparison.by, quoted(meet[0])),
    }
}

/// What "always" is worth where it was seen in so many runs.
fn unseen(comparison: &Comparison, verdict: &Verdict) -> Option<String> {
    let meet = comparison.designs.iter().zip(&verdict.standings).filter(|(_, s)| **s == Standing::Meets);
    let always =
        meet.flat_map(|(design, _)| &design.objectives).filter(|objective| objective.needed_share == Some(1.0));
    let worst = always
        .filter_map(|objective| Some((objective.never_missed_at_most?, objective.of)))
        .max_by(|a, b| a.0.total_cmp(&b.0))?;
    let runs = format::count(worst.1 as f64);
    Some(format!("In {runs} runs no miss was seen: one may still come in up to {} of runs.", chance(worst.0)))
}

/// What is not known of those beside.
fn open(verdict: &Verdict) -> Vec<String> {
    let more = |n: usize| (capital(&word(n)), if n == 1 { ("is", "has") } else { ("are", "have") });
    let mut said = Vec::new();
    if let n @ 1.. = verdict.count(Standing::Undecided) {
        let (n, (is, _)) = more(n);
        said.push(format!("{n} more {is} undecided: more replications would tell."));
    }
    if let n @ 1.. = verdict.count(Standing::NoData) {
        let (n, (_, has)) = more(n);
        said.push(format!("{n} more {has} no data for {}: that is not met.", some_of(verdict.objectives)));
    }
    said
}

fn none_meets(comparison: &Comparison, verdict: &Verdict) -> Vec<String> {
    let n = comparison.designs.len();
    let none = if n == 2 { "Neither design".to_owned() } else { format!("None of {} designs", word(n)) };
    let all = all_of(verdict.objectives);
    let nearest: Vec<&DesignOutcome> = verdict.nearest.iter().map(|&place| &comparison.designs[place]).collect();
    let it = if verdict.objectives == 1 { "it " } else { "" };
    let by = verdict.misses.as_ref().map(|miss| missed(comparison, verdict, miss));
    let misses = if nearest.len() == 1 { "misses" } else { "miss" };
    let least = by.as_ref().map(|by| format!("{} {misses} {it}least: {by}", names(&nearest)));
    let (undecided, lacking) = (verdict.count(Standing::Undecided), verdict.count(Standing::NoData));
    if undecided + lacking == 0 {
        let least = least.map_or(String::new(), |least| format!("; {least}"));
        return vec![format!("{none} meets {all}{least}.")];
    }
    let mut why = Vec::new();
    let is = |n: usize| if n == 1 { "is" } else { "are" };
    if undecided > 0 {
        why.push(format!("{} {} undecided, and more replications would tell", word(undecided), is(undecided)));
    }
    if lacking > 0 {
        let has = if lacking == 1 { "has" } else { "have" };
        why.push(format!("{} {has} no data for {}", word(lacking), some_of(verdict.objectives)));
    }
    let mut said = vec![format!("{none} is known to meet {all}: {}.", why.join("; "))];
    said.extend(by.zip(least).map(|(by, least)| match verdict.count(Standing::Misses) {
        1 => format!("{} misses {it}{by}.", names(&nearest)),
        _ => format!("Of those that miss, {least}."),
    }));
    said
}

/// Without objectives there is only the order.
fn by_rank(comparison: &Comparison) -> Vec<String> {
    let [first, rest @ ..] = &comparison.designs[..] else { return Vec::new() };
    let nothing_asked = "There are no objectives in the file: nothing says what is good enough.".to_owned();
    let by = comparison.metrics.iter().position(|metric| metric.name == comparison.by);
    let value = by.and_then(|by| first.values.get(by)).and_then(Option::as_ref);
    if value.is_none() {
        return vec![format!("By {} there is nothing to compare: nobody has data.", comparison.by), nothing_asked];
    }
    let currency = comparison.currency.as_deref().filter(|_| unit(comparison) == Unit::Money).unwrap_or_default();
    let seen = format!("{} {currency}", mean(unit(comparison), value)).trim_end().to_owned();
    let more = by.is_some_and(|by| comparison.metrics[by].more_is_better);
    let name = quoted(first);
    let cost = first.costs.as_ref().map_or(String::new(), |costs| format!(", for {}", monthly(costs)));
    let is_path = comparison.by.contains('.');
    let best = match more {
        _ if rest.is_empty() => format!("{name} comes to {} {seen} a run{cost}", comparison.by),
        _ if is_path => format!("{name} is the best by {}, {seen} a run{cost}", comparison.by),
        true => format!("{name} has the most {}, {seen} a run{cost}", comparison.by),
        false => format!("{name} has the least {}, {seen} a run{cost}", comparison.by),
    };
    let against = |wanted: &[Separation]| -> Vec<&DesignOutcome> {
        let of_first = comparison.differences.iter().filter(|difference| difference.better == 0);
        of_first.filter(|d| wanted.contains(&d.separation)).map(|d| &comparison.designs[d.worse]).collect()
    };
    let open = against(&[Separation::Open, Separation::NoData]);
    let alike = against(&[Separation::Alike, Separation::Same]);
    let how_sure = match (open.is_empty(), alike.is_empty()) {
        _ if rest.is_empty() => String::new(),
        (false, _) => format!("; that is not settled against {}", names(&open)),
        (true, false) => {
            let is = if alike.len() == 1 { "is" } else { "are" };
            format!("; {} {is} as good by that", names(&alike))
        }
        (true, true) => format!("; that is settled with {} confidence", chance(comparison.confidence)),
    };
    let tie = if open.is_empty() { apart_all_the_same(comparison, &alike) } else { Vec::new() };
    std::iter::once(format!("{best}{how_sure}.")).chain(tie).chain([nothing_asked]).collect()
}

/// Designs that are as good as the first by the metric that ranks: what tells them apart all the same, in a sentence each.
fn apart_all_the_same(comparison: &Comparison, alike: &[&DesignOutcome]) -> Vec<String> {
    let Some(first) = comparison.designs.first() else { return Vec::new() };
    let differs = |design: &&&DesignOutcome| {
        let metrics = comparison.metrics.iter().enumerate();
        let others =
            metrics.filter(|(_, metric)| metric.name != comparison.by && !metric.name.starts_with("objective: "));
        let mut told: Vec<String> = others
            .filter_map(|(at, metric)| {
                let of = |design: &DesignOutcome| mean(metric.unit, design.values.get(at).and_then(Option::as_ref));
                let (here, there) = (of(first), of(design));
                (here != there).then(|| format!("{} ({here} against {there})", metric.name))
            })
            .collect();
        let price = |design: &DesignOutcome| design.costs.as_ref().map(monthly);
        if let (Some(here), Some(there)) = (price(first), price(design))
            && here != there
        {
            told.push(format!("cost ({here} against {there})"));
        }
        (!told.is_empty()).then(|| format!("{} and {} differ in {}.", quoted(first), quoted(design), listed(&told)))
    };
    alike.iter().take(NAMED_MAX).filter_map(|design| differs(&design)).collect()
}

/// Things in a sentence.
fn listed(things: &[String]) -> String {
    match things {
        [] => String::new(),
        [one] => one.clone(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}

/// What is missed, by how much, in what share of runs.
fn missed(comparison: &Comparison, verdict: &Verdict, miss: &Miss) -> String {
    let runs = if YEAR_S.contains(&comparison.run_s) { "years" } else { "runs" };
    let by = miss.by.map(|by| beyond(miss.unit, by)).filter(|by| !by.starts_with("0 "));
    let by = by.map_or(String::new(), |by| format!("by {by} "));
    let how_often = match miss.share {
        None => "on average".to_owned(),
        Some(1.0) => format!("in all {runs}"),
        Some(share) => format!("in {} of {runs}", chance(share)),
    };
    let how = format!("{by}{how_often}");
    match (miss.missed, verdict.objectives) {
        (_, 1) => how,
        (1, all) => format!("one of {}, \"{}\", {how}", word(all), miss.objective),
        (n, all) if n == all => format!("all {}, \"{}\" {how}", word(n), miss.objective),
        (n, all) => format!("{} of {}, \"{}\" {how}", word(n), word(all), miss.objective),
    }
}

/// How far beyond a bound.
fn beyond(unit: Unit, by: f64) -> String {
    match unit {
        Unit::Share => format!("{} percentage points", chance(by).trim_end_matches('%')),
        Unit::UserMinutes => format!("{} user-minutes", amount(unit, by)),
        _ => amount(unit, by),
    }
}

/// What something costs in a month.
pub fn monthly(costs: &Costs) -> String {
    format!("{} a month", money(costs.per_month(), &costs.currency))
}

/// An amount of money.
pub fn money(amount: f64, currency: &str) -> String {
    format!("{} {currency}", format::large(amount)).trim_end().to_owned()
}

/// A judgement as a sign that survives print and every eye, and its figure: in which share of runs it was met; where it is to hold
/// on average, the mean.
pub fn cell(objective: Option<&ObjectiveOutcome>) -> (&'static str, String) {
    let Some(objective) = objective else { return ("–", String::new()) };
    let figure = match (objective.needed_share, objective.mean) {
        (None, Some((mean, ..))) => amount(objective.unit, mean),
        (None, None) => String::new(),
        // What was missed is never rounded away.
        (Some(_), _) if objective.no_data == 0 => chance(1.0 - missed_share(objective)),
        (Some(_), _) => chance(objective.met as f64 / objective.of.max(1) as f64),
    };
    match objective.judgement {
        Judgement::Pass => ("✓", figure),
        Judgement::Fail => ("✗", figure),
        Judgement::Undecided => ("?", if objective.of == 0 { String::new() } else { figure }),
        Judgement::NoData => ("–", format::NO_DATA.to_owned()),
    }
}

/// What the signs say that are used.
pub fn signs(comparison: &Comparison) -> String {
    let said = [
        (Judgement::Pass, "✓ met"),
        (Judgement::Fail, "✗ missed"),
        (Judgement::Undecided, "? undecided"),
        (Judgement::NoData, "– no data"),
    ];
    let judgements = || comparison.designs.iter().flat_map(|design| &design.objectives).map(|o| o.judgement);
    let used = said.into_iter().filter(|(sign, _)| judgements().any(|known| known == *sign));
    used.map(|(_, words)| words).collect::<Vec<_>>().join("   ")
}

/// What the figures say.
pub const FIGURES: &str = "share of runs in which it was met; where it holds on average, the mean";

/// The names of all objectives, in their order, each with what it asks.
pub fn objectives(comparison: &Comparison) -> Vec<(&str, String)> {
    let mut found: Vec<(&str, String)> = Vec::new();
    for objective in comparison.designs.iter().flat_map(|design| &design.objectives) {
        if found.iter().all(|(name, _)| *name != objective.name) {
            found.push((&objective.name, super::asked(objective)));
        }
    }
    found
}

fn all_of(objectives: usize) -> String {
    match objectives {
        1 => "the objective".to_owned(),
        2 => "both objectives".to_owned(),
        n => format!("all {} objectives", word(n)),
    }
}

fn some_of(objectives: usize) -> &'static str {
    if objectives == 1 { "it" } else { "some of them" }
}

fn quoted(design: &DesignOutcome) -> String {
    format!("\"{}\"", design.label)
}

/// Names in a sentence, the last of many as a number.
fn names(designs: &[&DesignOutcome]) -> String {
    let quoted: Vec<String> = designs.iter().map(|design| quoted(design)).collect();
    match &quoted[..] {
        [] => String::new(),
        [one] => one.clone(),
        [first, second] => format!("{first} and {second}"),
        [rest @ .., last] if quoted.len() <= NAMED_MAX => format!("{} and {last}", rest.join(", ")),
        [first, second, rest @ ..] => format!("{first}, {second} and {} others", word(rest.len())),
    }
}

/// A number as it is written in a sentence.
fn word(n: usize) -> String {
    const WORDS: [&str; 13] =
        ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
    WORDS.get(n).map_or_else(|| format::count(n as f64), |word| (*word).to_owned())
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests;
