//! A study on the terminal: the ranking first, then how far apart the designs are, then what one pays for what.

use super::line::{Ink, Line, cut, width, wrap};
use super::page::{Layout, Page};
use super::table::Table;
use crate::report::{format, verdict};
use crate::study::{Comparison, Difference, Judgement, Separation};

/// Columns of a forest plot.
const PLOT: usize = 34;
/// Columns of a design's name beside a plot.
const NAME_MAX: usize = 32;
/// Lines of one kind that are shown.
const LINES_MAX: usize = 12;

/// Writes what a study says.
pub fn render_comparison(comparison: &Comparison, layout: Layout) -> String {
    let mut page = Page::new(layout.width, layout.colour);
    for title in &comparison.titles {
        for line in wrap(title, page.width) {
            page.line(Line::new().with(Ink::Strong, line));
        }
    }
    page.line(Line::new().with(Ink::Faint, verdict::scope(comparison)));
    ranking(&mut page, comparison);
    forest(&mut page, comparison);
    trade(&mut page, comparison);
    conflicts(&mut page, comparison);
    objectives(&mut page, comparison);
    worst(&mut page, comparison);
    again(&mut page, comparison, layout.replay);
    page.out
}

fn ranking(page: &mut Page, comparison: &Comparison) {
    let by = comparison.metrics.iter().position(|m| m.name == comparison.by).unwrap_or(0);
    let unit = verdict::unit(comparison);
    page.section(&format!("Ranked by {}", comparison.by));
    let about = comparison.metrics.get(by).map_or("", |m| m.about.as_str());
    page.line(Line::new().with(
        Ink::Faint,
        format!("  {about}; mean over runs, with its {} interval", verdict::chance(comparison.confidence)),
    ));
    page.blank();
    let mut table = Table::new(&["design", ">mean", ">interval", ">p50", ">p95", ">worst", ">best|probably"])
        .keeping_names(NAME_MAX);
    for (place, design) in comparison.designs.iter().enumerate() {
        let spread = design.values.get(by).and_then(Option::as_ref);
        let of = |value: Option<f64>| value.map_or(format::NOTHING.to_owned(), |value| verdict::amount(unit, value));
        let highest = |s: &crate::study::Spread| if comparison.metrics[by].more_is_better { s.min } else { s.max };
        let probability = if comparison.designs.len() > 1 {
            verdict::best(design.best_probability)
        } else {
            format::NOTHING.to_owned()
        };
        table.row(vec![
            (if place == 0 { Ink::Strong } else { Ink::Plain }, format!("{}  {}", place + 1, design.label)),
            (Ink::Strong, verdict::mean(unit, spread)),
            (Ink::Faint, verdict::around(unit, spread)),
            (Ink::Plain, of(spread.map(|s| s.p50))),
            (Ink::Plain, of(spread.map(|s| s.p95))),
            (Ink::Plain, of(spread.map(highest))),
            (if design.best_probability >= Some(comparison.confidence) { Ink::Good } else { Ink::Plain }, probability),
        ]);
    }
    table.write(page);
    let ending = verdict::ending(comparison);
    if !ending.is_empty() {
        page.blank();
        let ink = if comparison.unsettled.is_empty() { Ink::Good } else { Ink::Degraded };
        for line in wrap(&ending, page.width - 2) {
            page.line(Line::new().with(Ink::Plain, "  ").with(ink, line));
        }
    }
    for note in verdict::ranking_notes(comparison) {
        for line in wrap(&note, page.width - 2) {
            page.line(Line::new().with(Ink::Faint, format!("  {line}")));
        }
    }
    let unseen = |d: &&crate::study::DesignOutcome| {
        d.values.get(by).and_then(Option::as_ref).is_some_and(|s| s.never_seen_at_most.is_some())
    };
    if comparison.designs.iter().any(|d| unseen(&d)) {
        let note =
            "What was never seen may still happen: the share of runs is its upper bound (Clopper & Pearson 1934).";
        for line in wrap(note, page.width - 2) {
            page.line(Line::new().with(Ink::Faint, format!("  {line}")));
        }
    }
}

/// Each design against the first, as a drawing, and whatever else is not settled.
fn forest(page: &mut Page, comparison: &Comparison) {
    let against: Vec<&Difference> = comparison.differences.iter().filter(|d| d.better == 0).collect();
    if against.is_empty() {
        return;
    }
    let label = |place: usize| comparison.designs[place].label.as_str();
    page.section(&format!("How far from \"{}\"", cut(label(0), 40)));
    page.line(Line::new().with(Ink::Faint, "  differences in the same luck, run by run; ● mean, ├─┤ interval"));
    page.blank();
    // From the better one's view the other has more of what is bad: drawn to the right of zero.
    let finite = |value: f64| if value.is_finite() { value } else { 0.0 };
    let spans: Vec<[f64; 3]> = against.iter().map(|d| [-d.high, -d.mean, -d.low].map(finite)).collect();
    let turned = comparison.metrics.iter().any(|m| m.name == comparison.by && m.more_is_better);
    let low = spans.iter().flatten().copied().fold(0.0, f64::min);
    let high = spans.iter().flatten().copied().fold(0.0, f64::max);
    let names = against.iter().map(|d| width(label(d.worse))).max().unwrap_or(0).min(NAME_MAX);
    for (difference, span) in against.iter().zip(&spans) {
        let unit = verdict::unit(comparison);
        let mut line = Line::new().with(Ink::Plain, format!("  {}", cut(label(difference.worse), names)));
        line.pad(names + 4);
        line = line.and(if difference.n == 0 { Line::new() } else { drawn(*span, low, high, difference.separation) });
        line.pad(names + 4 + PLOT + 2);
        let (less, more) = if turned { ("", "") } else { ("", "+") };
        let sign = if span[1] > 0.0 { more } else { less };
        if difference.n == 0 {
            line.push(Ink::Degraded, format::NO_DATA);
            page.line(line);
            continue;
        }
        line.push(Ink::Strong, format!("{sign}{}", verdict::amount(unit, span[1])));
        line.push(Ink::Faint, format!("  {}", verdict::interval(unit, span[0], span[2])));
        if difference.separation != Separation::Settled {
            line.push(Ink::Degraded, format!("  {}", verdict::separation(difference.separation)));
        }
        page.line(line);
    }
    let saves = against.iter().map(|d| d.luck_saves).filter(|s| s.is_finite() && *s > 1.05);
    if let (Some(least), Some(most)) = (saves.clone().min_by(f64::total_cmp), saves.max_by(f64::total_cmp)) {
        let times = |times: f64| format!("{times:.1}");
        let range =
            if times(least) == times(most) { times(most) } else { format!("{} to {}", times(least), times(most)) };
        page.blank();
        let note = format!("Without the same luck for all it would take {range} times as many runs to know the same.");
        page.line(Line::new().with(Ink::Faint, format!("  {note}")));
    }
    let others = |separation: Separation| -> Vec<&Difference> {
        comparison.differences.iter().filter(|d| d.better != 0 && d.separation == separation).collect()
    };
    pairs(page, comparison, "Not settled either:", Ink::Degraded, &others(Separation::Open));
    pairs(page, comparison, "Nothing to compare:", Ink::Degraded, &others(Separation::NoData));
    pairs(page, comparison, "Further down, no difference that matters:", Ink::Faint, &others(Separation::Alike));
    pairs(page, comparison, "Further down, no difference at all:", Ink::Faint, &others(Separation::Same));
}

/// Pairs of designs that are not the first, under a heading.
fn pairs(page: &mut Page, comparison: &Comparison, title: &str, ink: Ink, pairs: &[&Difference]) {
    if pairs.is_empty() {
        return;
    }
    let label = |place: usize| comparison.designs[place].label.as_str();
    page.blank();
    page.line(Line::new().with(ink, format!("  {title}")));
    for difference in pairs.iter().take(LINES_MAX) {
        let names = format!("\"{}\" before \"{}\"", label(difference.better), label(difference.worse));
        let told = format!("{names}: {}", verdict::difference(comparison, difference));
        for (i, part) in wrap(&told, page.width - 6).into_iter().enumerate() {
            page.line(Line::new().with(Ink::Plain, format!("{}{part}", if i == 0 { "    " } else { "      " })));
        }
    }
    if pairs.len() > LINES_MAX {
        let more = format!("    and {} more; --json has them all", pairs.len() - LINES_MAX);
        page.line(Line::new().with(Ink::Faint, more));
    }
}

/// An interval between two ends, with its mean and the place of zero.
fn drawn([from, mean, to]: [f64; 3], low: f64, high: f64, separation: Separation) -> Line {
    let scale = if high > low { (PLOT - 1) as f64 / (high - low) } else { 0.0 };
    let column = |value: f64| ((value - low) * scale).round().clamp(0.0, (PLOT - 1) as f64) as usize;
    let (zero, from, mean, to) = (column(0.0), column(from), column(mean), column(to));
    let ink = if separation == Separation::Settled { Ink::Response } else { Ink::Degraded };
    let mut line = Line::new();
    for at in 0..PLOT {
        match at {
            at if at == mean => line.push(ink, "●"),
            at if at == from && from < to => line.push(ink, "├"),
            at if at == to && from < to => line.push(ink, "┤"),
            at if from < at && at < to => line.push(ink, "─"),
            at if at == zero => line.push(Ink::Faint, "│"),
            _ => line.push(Ink::Faint, "·"),
        }
    }
    line
}

/// Every metric of every design: what one gets for what.
fn trade(page: &mut Page, comparison: &Comparison) {
    let shown: Vec<usize> =
        (0..comparison.metrics.len()).filter(|i| !comparison.metrics[*i].name.starts_with("objective: ")).collect();
    let priced = comparison.designs.iter().any(|design| design.costs.is_some());
    if shown.len() < 2 && !priced {
        return;
    }
    page.section("What one gets for what");
    let mut titles = vec!["mean of a run".to_owned()];
    for &i in &shown {
        let name = &comparison.metrics[i].name;
        // Short titles on two lines; a path says most at its end.
        let end = if name.contains('.') { name.rsplit('.').next().unwrap_or(name) } else { name };
        titles.push(format!(">{}", end.replacen(' ', "|", 1)));
    }
    titles.push(">cost|per hour".to_owned());
    let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
    let mut table = Table::new(&titles).keeping_names(NAME_MAX);
    for (place, design) in comparison.designs.iter().enumerate() {
        let mut cells = vec![(Ink::Plain, format!("{}  {}", place + 1, design.label))];
        for &i in &shown {
            cells.push((Ink::Plain, verdict::mean(comparison.metrics[i].unit, design.values[i].as_ref())));
        }
        let cost = design.costs.as_ref().map(|costs| format!("{} {}", format::large(costs.per_hour), costs.currency));
        cells.push((Ink::Plain, cost.unwrap_or_else(|| format::NOTHING.to_owned())));
        table.row(cells);
    }
    table.write(page);
}

fn conflicts(page: &mut Page, comparison: &Comparison) {
    if comparison.conflicts.is_empty() {
        return;
    }
    page.section("Not everything ranks them alike");
    for conflict in comparison.conflicts.iter().take(LINES_MAX) {
        for (i, part) in wrap(&verdict::conflict(comparison, conflict), page.width - 6).into_iter().enumerate() {
            let lead = if i == 0 { "  ↔ " } else { "    " };
            page.line(Line::new().with(Ink::Stale, lead).with(Ink::Plain, part));
        }
    }
    let more = comparison.conflicts.len().saturating_sub(LINES_MAX);
    if more > 0 {
        page.line(Line::new().with(Ink::Faint, format!("    and {more} more; --json has them all")));
    }
}

fn objectives(page: &mut Page, comparison: &Comparison) {
    if comparison.designs.iter().all(|design| design.objectives.is_empty()) {
        return;
    }
    page.section("Objectives");
    let mut names: Vec<&str> = Vec::new();
    for objective in comparison.designs.iter().flat_map(|design| &design.objectives) {
        if !names.contains(&objective.name.as_str()) {
            names.push(&objective.name);
        }
    }
    for (i, name) in names.into_iter().enumerate() {
        if i > 0 {
            page.blank();
        }
        let of = |design: &crate::study::DesignOutcome| design.objectives.iter().position(|o| o.name == name);
        let asked = comparison.designs.iter().find_map(|d| of(d).map(|at| verdict::asked(&d.objectives[at])));
        page.line(
            Line::new()
                .with(Ink::Strong, format!("  {name}"))
                .with(Ink::Faint, format!("  {}", asked.unwrap_or_default())),
        );
        let names = comparison.designs.iter().map(|d| width(&d.label)).max().unwrap_or(0).min(NAME_MAX);
        for design in &comparison.designs {
            let Some(objective) = of(design).map(|at| &design.objectives[at]) else { continue };
            let ink = match objective.judgement {
                Judgement::Pass => Ink::Good,
                Judgement::Fail => Ink::Bad,
                Judgement::Undecided | Judgement::NoData => Ink::Degraded,
            };
            let mut line = Line::new().with(Ink::Plain, "    ").with(ink, verdict::judgement(objective.judgement));
            line.pad(15);
            line.push(Ink::Plain, cut(&design.label, names));
            line.pad(15 + names + 2);
            line.push(Ink::Faint, verdict::seen(objective));
            page.line(line);
        }
    }
}

/// The worst run of each design, and how to see it.
fn worst(page: &mut Page, comparison: &Comparison) {
    let unit = verdict::unit(comparison);
    page.section("The worst run of each, to be looked at");
    for design in comparison.designs.iter().take(LINES_MAX) {
        let Some(worst) = design.worst.first() else { continue };
        page.line(
            Line::new()
                .with(Ink::Strong, format!("  {}", verdict::amount(unit, worst.value)))
                .with(Ink::Plain, format!("  {}", design.label)),
        );
        // A command that is broken in lines can no longer be copied.
        page.line(Line::new().with(Ink::Faint, format!("    {}", worst.replay)));
    }
}

fn again(page: &mut Page, comparison: &Comparison, replay: Option<&str>) {
    page.section("To get this again");
    if !comparison.assumptions.is_empty() {
        let count = comparison.assumptions.len();
        let note = format!("{count} values are assumed, because no source states them; run lists them");
        page.line(Line::new().with(Ink::Faint, format!("  {:<10}", "assumed")).with(Ink::Plain, note));
    }
    let counted: u64 = comparison.designs.iter().map(|design| design.replications).sum();
    let digest = format!("{} over {} runs", comparison.digest, format::count(counted as f64));
    for (label, value) in [
        ("digest", digest),
        ("made by", format!("firedrill {}, seed {}", comparison.firedrill_version, comparison.seed)),
    ] {
        page.line(Line::new().with(Ink::Faint, format!("  {label:<10}")).with(Ink::Plain, value));
    }
    if let Some(command) = replay {
        page.line(Line::new().with(Ink::Faint, format!("  {:<10}", "replay")).with(Ink::Strong, command));
    }
}
