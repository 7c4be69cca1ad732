//! The ranking, every metric, objectives and assumptions as tables.

use crate::expect::Unit;
use crate::report::html::markup::Html;
use crate::report::html::origin;
use crate::report::html::tables::{Cell, table};
use crate::report::{format, verdict};
use crate::study::{Comparison, Judgement};
use crate::world::{Assumption, Costs};

/// The ranking.
pub fn ranking(html: &mut Html, comparison: &Comparison) {
    let by = comparison.metrics.iter().position(|m| m.name == comparison.by).unwrap_or(0);
    let unit = verdict::unit(comparison);
    if let Some(metric) = comparison.metrics.get(by) {
        let note =
            format!("{}; mean over runs with its {} interval.", metric.about, verdict::chance(comparison.confidence));
        html.say("p", &[("class", &"faint")], note);
    }
    let rows: Vec<Vec<Cell>> = (comparison.designs.iter().enumerate())
        .map(|(place, design)| {
            let spread = design.values.get(by).and_then(Option::as_ref);
            let of = |value: Option<f64>| {
                Cell::number(value.map_or(format::NOTHING.to_owned(), |value| verdict::amount(unit, value)))
            };
            let chance = if comparison.designs.len() > 1 {
                verdict::best(design.best_probability)
            } else {
                format::NOTHING.to_owned()
            };
            vec![
                Cell::name(format!("{}  {}", place + 1, design.label)),
                Cell::number(verdict::mean(unit, spread)),
                Cell::number(verdict::around(unit, spread)),
                of(spread.map(|s| s.p50)),
                of(spread.map(|s| s.p95)),
                of(spread.map(|s| if comparison.metrics[by].more_is_better { s.min } else { s.max })),
                Cell::number(chance),
                Cell::number(format::percent(design.best_share)),
                Cell::text(if design.about.is_empty() { format::NOTHING } else { &design.about }),
            ]
        })
        .collect();
    let titles =
        ["design", "mean", "interval", "p50", "p95", "worst", "the best, probably", "the best in", "what it is"];
    table(html, &titles, &rows);
    for note in verdict::ranking_notes(comparison) {
        html.say("p", &[("class", &"faint")], note);
    }
    let never =
        comparison.designs.iter().filter_map(|d| d.values.get(by)?.as_ref()).any(|s| s.never_seen_at_most.is_some());
    if never {
        let note =
            "What was never seen may still happen: the share of runs is its upper bound (Clopper & Pearson 1934).";
        html.say("p", &[("class", &"faint")], note);
    }
}

/// What a metric is called, with the currency of money.
fn title(comparison: &Comparison, metric: usize) -> String {
    let metric = &comparison.metrics[metric];
    match (metric.unit, &comparison.currency) {
        (Unit::Money, Some(currency)) => format!("{}, {currency}", metric.name),
        _ => metric.name.clone(),
    }
}

/// Every metric of every design.
pub fn metrics(html: &mut Html, comparison: &Comparison) {
    let shown: Vec<usize> =
        (0..comparison.metrics.len()).filter(|i| !comparison.metrics[*i].name.starts_with("objective: ")).collect();
    let mut titles = vec!["mean of a run"];
    let named: Vec<String> = shown.iter().map(|i| title(comparison, *i)).collect();
    titles.extend(named.iter().map(String::as_str));
    titles.extend(["cost per month", "cost per year"]);
    let rows: Vec<Vec<Cell>> = (comparison.designs.iter())
        .map(|design| {
            let mut row = vec![Cell::name(&design.label)];
            row.extend(shown.iter().map(|i| {
                let (unit, spread) = (comparison.metrics[*i].unit, design.values[*i].as_ref());
                Cell::number(verdict::mean(unit, spread))
            }));
            for cost in [Costs::per_month, Costs::per_year] {
                let cost = design.costs.as_ref().map(|costs| verdict::first::money(cost(costs), &costs.currency));
                row.push(Cell::number(cost.unwrap_or_else(|| format::NOTHING.to_owned())));
            }
            row
        })
        .collect();
    table(html, &titles, &rows);
}

/// Every objective of every design.
pub fn objectives(html: &mut Html, comparison: &Comparison) {
    let mut rows = Vec::new();
    let mut names: Vec<&str> = Vec::new();
    for objective in comparison.designs.iter().flat_map(|design| &design.objectives) {
        if !names.contains(&objective.name.as_str()) {
            names.push(&objective.name);
        }
    }
    for name in names {
        for design in &comparison.designs {
            let Some(objective) = design.objectives.iter().find(|o| o.name == name) else { continue };
            let word = verdict::judgement(objective.judgement);
            rows.push(vec![
                Cell::name(name),
                Cell::text(verdict::asked(objective)),
                Cell::text(&design.label),
                match objective.judgement {
                    Judgement::Pass => Cell::judged(word, "good"),
                    Judgement::Fail => Cell::judged(word, "bad"),
                    Judgement::Undecided | Judgement::NoData => Cell::judged(word, "poor"),
                },
                Cell::text(verdict::seen(objective)),
            ]);
        }
    }
    if !rows.is_empty() {
        table(html, &["objective", "asks", "design", "judgement", "seen"], &rows);
    }
}

/// Values that no source states, by the reason.
pub fn assumptions(html: &mut Html, assumptions: &[Assumption]) {
    if assumptions.is_empty() {
        return;
    }
    html.within("details", &[], |html| {
        html.say("summary", &[], format!("{} values", assumptions.len()));
        origin::assumptions(html, assumptions);
    });
}
