//! A study on the terminal: the ranking first, then how far apart the designs are, then what one pays for what.

use super::line::{Ink, Line, cut, width, wrap};
use super::page::{Layout, Page};
use super::table::{Table, Title};
use crate::expect::Unit;
use crate::report::{format, verdict};
use crate::study::{Comparison, Difference, Judgement, Separation, Verdict};
use crate::world::Costs;

/// Columns of a forest plot, at most and at least.
const PLOT: (usize, usize) = (34, 12);
/// Columns of a design's name beside a plot.
const NAME_MAX: usize = 32;
/// Columns that what was seen of an objective has at least.
const SEEN: usize = 28;
/// Lines of one kind that are shown.
const LINES_MAX: usize = 12;

/// How much is shown of what is long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lists {
    /// Of conflicts how many there are, of other lists the first.
    Folded,
    /// All of it.
    Whole,
}

impl Lists {
    /// How many lines of a kind are shown.
    fn most(self) -> usize {
        if self == Lists::Whole { usize::MAX } else { LINES_MAX }
    }
}

/// Writes what a study says, the verdict first.
pub fn render_comparison(comparison: &Comparison, layout: Layout, lists: Lists) -> String {
    let mut page = Page::new(layout.width, layout.colour);
    let verdict = Verdict::of(comparison);
    super::verdict::head(&mut page, comparison, &verdict);
    for title in &comparison.titles {
        page.words(Ink::Strong, 0, title);
    }
    page.words(Ink::Faint, 0, &verdict::scope(comparison));
    super::verdict::matrix(&mut page, comparison, &verdict);
    ranking(&mut page, comparison);
    forest(&mut page, comparison, lists);
    trade(&mut page, comparison);
    conflicts(&mut page, comparison, lists);
    objectives(&mut page, comparison);
    worst(&mut page, comparison, lists);
    again(&mut page, comparison, layout.replay);
    page.out
}

fn ranking(page: &mut Page, comparison: &Comparison) {
    let by = comparison.metrics.iter().position(|m| m.name == comparison.by).unwrap_or(0);
    let unit = verdict::unit(comparison);
    page.section(&format!("Ranked by {}", comparison.by));
    let about = comparison.metrics.get(by).map_or("", |m| m.about.as_str());
    let about = format!("{about}; mean over runs, with its {} interval", verdict::chance(comparison.confidence));
    page.words(Ink::Faint, 2, &about);
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
        page.words(ink, 2, &ending);
    }
    for note in verdict::ranking_notes(comparison) {
        page.words(Ink::Faint, 2, &note);
    }
    let unseen = |d: &&crate::study::DesignOutcome| {
        d.values.get(by).and_then(Option::as_ref).is_some_and(|s| s.never_seen_at_most.is_some())
    };
    if comparison.designs.iter().any(|d| unseen(&d)) {
        let note =
            "What was never seen may still happen: the share of runs is its upper bound (Clopper & Pearson 1934).";
        page.words(Ink::Faint, 2, note);
    }
}

/// Each design against the first, as a drawing, and whatever else is not settled.
fn forest(page: &mut Page, comparison: &Comparison, lists: Lists) {
    let against: Vec<&Difference> = comparison.differences.iter().filter(|d| d.better == 0).collect();
    if against.is_empty() {
        return;
    }
    let label = |place: usize| comparison.designs[place].label.as_str();
    page.section(&format!("How far from \"{}\"", cut(label(0), 40)));
    page.words(Ink::Faint, 2, "differences in the same luck, run by run; ● mean, ├─┤ interval");
    page.blank();
    // From the better one's view the other has more of what is bad: drawn to the right of zero.
    let finite = |value: f64| if value.is_finite() { value } else { 0.0 };
    let spans: Vec<[f64; 3]> = against.iter().map(|d| [-d.high, -d.mean, -d.low].map(finite)).collect();
    let turned = comparison.metrics.iter().any(|m| m.name == comparison.by && m.more_is_better);
    let low = spans.iter().flatten().copied().fold(0.0, f64::min);
    let high = spans.iter().flatten().copied().fold(0.0, f64::max);
    let names = against.iter().map(|d| width(label(d.worse))).max().unwrap_or(0).min(NAME_MAX);
    let told: Vec<Line> =
        against.iter().zip(&spans).map(|(difference, span)| apart(comparison, difference, *span, turned)).collect();
    let room = page.width.saturating_sub(names + 6);
    let widest = told.iter().map(Line::width).max().unwrap_or(0);
    // Where the words do not fit beside the drawing they stand below it.
    let is_beside = room.saturating_sub(widest) >= PLOT.1;
    let plot = if is_beside { (room - widest).min(PLOT.0) } else { room.min(PLOT.0) };
    for ((difference, span), told) in against.iter().zip(&spans).zip(told) {
        let mut line = Line::new().with(Ink::Plain, format!("  {}", cut(label(difference.worse), names)));
        line.pad(names + 4);
        if difference.n > 0 {
            line = line.and(drawn(*span, (low, high), plot, difference.separation));
        }
        match is_beside {
            true => line.pad(names + 6 + plot),
            false => {
                page.line(line);
                line = Line::new();
                line.pad(names.min(page.width.saturating_sub(told.width() + 4)) + 4);
            }
        }
        page.line(line.and(told));
    }
    let saves = against.iter().map(|d| d.luck_saves).filter(|s| s.is_finite() && *s > 1.05);
    if let (Some(least), Some(most)) = (saves.clone().min_by(f64::total_cmp), saves.max_by(f64::total_cmp)) {
        let times = |times: f64| format!("{times:.1}");
        let range =
            if times(least) == times(most) { times(most) } else { format!("{} to {}", times(least), times(most)) };
        page.blank();
        let note = format!("Without the same luck for all it would take {range} times as many runs to know the same.");
        page.words(Ink::Faint, 2, &note);
    }
    let others = |separation: Separation| -> Vec<&Difference> {
        comparison.differences.iter().filter(|d| d.better != 0 && d.separation == separation).collect()
    };
    for (title, ink, separation) in [
        ("Not settled either:", Ink::Degraded, Separation::Open),
        ("Nothing to compare:", Ink::Degraded, Separation::NoData),
        ("Further down, no difference that matters:", Ink::Faint, Separation::Alike),
        ("Further down, no difference at all:", Ink::Faint, Separation::Same),
    ] {
        pairs(page, comparison, (title, ink), &others(separation), lists.most());
    }
}

/// How far a design is from the first, in numbers.
fn apart(comparison: &Comparison, difference: &Difference, span: [f64; 3], turned: bool) -> Line {
    if difference.n == 0 {
        return Line::new().with(Ink::Degraded, format::NO_DATA);
    }
    let unit = verdict::unit(comparison);
    let sign = if span[1] > 0.0 && !turned { "+" } else { "" };
    let mut line = Line::new().with(Ink::Strong, format!("{sign}{}", verdict::amount(unit, span[1])));
    line.push(Ink::Faint, format!("  {}", verdict::interval(unit, span[0], span[2])));
    if difference.separation != Separation::Settled {
        line.push(Ink::Degraded, format!("  {}", verdict::separation(difference.separation)));
    }
    line
}

/// Pairs of designs that are not the first, under a heading.
fn pairs(page: &mut Page, comparison: &Comparison, (title, ink): (&str, Ink), pairs: &[&Difference], most: usize) {
    if pairs.is_empty() {
        return;
    }
    let label = |place: usize| comparison.designs[place].label.as_str();
    page.blank();
    page.line(Line::new().with(ink, format!("  {title}")));
    for difference in pairs.iter().take(most) {
        let names = format!("\"{}\" before \"{}\"", label(difference.better), label(difference.worse));
        let apart = verdict::difference(comparison, difference);
        // Where both do not fit beside each other, how far stands below who.
        let parts = match width(&names) + width(&apart) + 6 <= page.width {
            true => vec![format!("{names}: {apart}")],
            false => wrap(&names, page.width - 6).into_iter().chain(wrap(&apart, page.width - 6)).collect(),
        };
        for (i, part) in parts.into_iter().enumerate() {
            page.line(Line::new().with(Ink::Plain, format!("{}{part}", if i == 0 { "    " } else { "      " })));
        }
    }
    if pairs.len() > most {
        let more = format!("    and {} more; --all lists them", pairs.len() - most);
        page.line(Line::new().with(Ink::Faint, more));
    }
}

/// An interval between two ends, with its mean and the place of zero.
fn drawn([from, mean, to]: [f64; 3], (low, high): (f64, f64), columns: usize, separation: Separation) -> Line {
    let last = columns.saturating_sub(1) as f64;
    let scale = if high > low { last / (high - low) } else { 0.0 };
    let column = |value: f64| ((value - low) * scale).round().clamp(0.0, last) as usize;
    let (zero, from, mean, to) = (column(0.0), column(from), column(mean), column(to));
    let ink = if separation == Separation::Settled { Ink::Response } else { Ink::Degraded };
    let mut line = Line::new();
    for at in 0..columns {
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
    let mut titles = vec![Title::from("mean of a run")];
    for &i in &shown {
        let name = &comparison.metrics[i].name;
        // Short titles on two lines; a path says most at its end.
        let end = if name.contains('.') { name.rsplit('.').next().unwrap_or(name) } else { name };
        let lines = match (comparison.metrics[i].unit, &comparison.currency) {
            (Unit::Money, Some(currency)) => vec![end.to_owned(), currency.clone()],
            _ => end.splitn(2, ' ').map(str::to_owned).collect(),
        };
        titles.push(Title { lines, right: true });
    }
    titles.extend([">cost|per month", ">cost|per year"].map(Title::from));
    let mut table = Table::of(titles).keeping_names(NAME_MAX);
    for (place, design) in comparison.designs.iter().enumerate() {
        let mut cells = vec![(Ink::Plain, format!("{}  {}", place + 1, design.label))];
        for &i in &shown {
            cells.push((Ink::Plain, verdict::mean(comparison.metrics[i].unit, design.values[i].as_ref())));
        }
        for cost in [Costs::per_month, Costs::per_year] {
            let cost = design.costs.as_ref().map(|costs| verdict::first::money(cost(costs), &costs.currency));
            cells.push((Ink::Plain, cost.unwrap_or_else(|| format::NOTHING.to_owned())));
        }
        table.row(cells);
    }
    table.write(page);
}

fn conflicts(page: &mut Page, comparison: &Comparison, lists: Lists) {
    if comparison.conflicts.is_empty() {
        return;
    }
    page.section("Not everything ranks them alike");
    if lists == Lists::Folded {
        page.words(Ink::Plain, 2, &format!("{}; --all lists them.", verdict::conflicts(comparison)));
        return;
    }
    for conflict in &comparison.conflicts {
        for (i, part) in wrap(&verdict::conflict(comparison, conflict), page.width - 6).into_iter().enumerate() {
            let lead = if i == 0 { "  ↔ " } else { "    " };
            page.line(Line::new().with(Ink::Stale, lead).with(Ink::Plain, part));
        }
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
        let asked = asked.unwrap_or_default();
        match width(name) + width(&asked) + 4 <= page.width {
            true => {
                page.line(Line::new().with(Ink::Strong, format!("  {name}")).with(Ink::Faint, format!("  {asked}")))
            }
            false => {
                for line in wrap(name, page.width - 2) {
                    page.line(Line::new().with(Ink::Strong, format!("  {line}")));
                }
                page.line(Line::new().with(Ink::Faint, format!("    {asked}")));
            }
        }
        let names = comparison.designs.iter().map(|d| width(&d.label)).max().unwrap_or(0);
        let names = names.min(NAME_MAX).min(page.width.saturating_sub(17 + SEEN));
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
            let column = 15 + names + 2;
            for seen in wrap(&verdict::seen(objective), page.width.saturating_sub(column).max(20)) {
                line.pad(column);
                line.push(Ink::Faint, seen);
                page.line(std::mem::take(&mut line));
            }
        }
    }
}

/// The worst run of each design, and how to see it.
fn worst(page: &mut Page, comparison: &Comparison, lists: Lists) {
    let unit = verdict::unit(comparison);
    page.section("The worst run of each, to be looked at");
    for design in comparison.designs.iter().take(lists.most()) {
        let Some(worst) = design.worst.first() else { continue };
        let value = verdict::amount(unit, worst.value);
        let label = cut(&design.label, page.width.saturating_sub(width(&value) + 4));
        page.line(Line::new().with(Ink::Strong, format!("  {value}")).with(Ink::Plain, format!("  {label}")));
        // A command that is broken in lines can no longer be copied.
        page.line(Line::new().with(Ink::Faint, format!("    {}", worst.replay)));
    }
}

fn again(page: &mut Page, comparison: &Comparison, replay: Option<&str>) {
    page.section("To get this again");
    if !comparison.assumptions.is_empty() {
        let count = comparison.assumptions.len();
        let note = format!("{count} values are assumed, because no source states them; run lists them");
        for (i, line) in wrap(&note, page.width - 12).into_iter().enumerate() {
            let lead = if i == 0 { "assumed" } else { "" };
            page.line(Line::new().with(Ink::Faint, format!("  {lead:<10}")).with(Ink::Plain, line));
        }
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
