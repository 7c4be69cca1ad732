//! A forest plot: each design against the first, as the mean of paired differences and its interval.

use crate::report::html::markup::{Html, n};
use crate::report::html::svg::{LEFT, RIGHT, drawing, line, name, path, rectangle, text};
use crate::report::html::tables::{self, Cell};
use crate::report::verdict;
use crate::study::{Comparison, Difference, Separation};

const ROW: f64 = 30.0;
/// Where the words beside the plot begin.
const PLOT_RIGHT: f64 = RIGHT - 200.0;

/// Draws every design against the first.
pub fn forest(html: &mut Html, comparison: &Comparison) {
    let against: Vec<&Difference> = comparison.differences.iter().filter(|d| d.better == 0).collect();
    if against.is_empty() {
        return;
    }
    let unit = verdict::unit(comparison);
    let label = |place: usize| comparison.designs[place].label.as_str();
    // From the best one's view: what the others have more of.
    let span = |d: &Difference| [-d.high, -d.mean, -d.low].map(|x| if x.is_finite() { x } else { 0.0 });
    let all = || against.iter().flat_map(|d| span(d));
    let (low, high) = (all().fold(0.0, f64::min), all().fold(0.0, f64::max));
    let scale = if high > low { (PLOT_RIGHT - LEFT - 20.0) / (high - low) } else { 0.0 };
    let x = |value: f64| LEFT + 10.0 + (value - low) * scale;
    let height = ROW * against.len() as f64 + 34.0;
    let words = format!("{} of each design against {}", comparison.by, label(0));
    drawing(html, height, &words, |html| {
        let bottom = ROW * against.len() as f64;
        line(html, (x(0.0), 0.0), (x(0.0), bottom + 6.0), "base");
        let zero = format!("as “{}”", label(0));
        text(html, x(0.0), bottom + 22.0, if x(0.0) < LEFT + 60.0 { "label" } else { "label middle" }, &zero);
        for (row, difference) in against.iter().enumerate() {
            let y = ROW * row as f64 + ROW / 2.0;
            let [from, mean, to] = span(difference).map(x);
            name(html, y + 4.0, "name", label(difference.worse));
            path(html, &format!("M{} {}H{}", n(LEFT), n(y + ROW / 2.0), n(PLOT_RIGHT)), "grid");
            let class = if difference.separation == Separation::Settled { "response" } else { "stale" };
            // An interval too narrow to be seen is still one.
            rectangle(
                html,
                (from, y - 2.0),
                ((to - from).max(1.0), 4.0),
                class,
                &verdict::difference(comparison, difference),
            );
            let diamond = format!("M{} {}l6 6l-6 6l-6 -6z", n(mean), n(y - 6.0));
            path(html, &diamond, class);
            let sign = if span(difference)[1] > 0.0 { "+" } else { "" };
            let told = format!("{sign}{}", verdict::amount(unit, span(difference)[1]));
            text(html, PLOT_RIGHT + 12.0, y + 4.0, "strong", &told);
            text(html, PLOT_RIGHT + 130.0, y + 4.0, "label", verdict::separation(difference.separation));
        }
    });
    let rows = comparison.differences.iter().map(|d| {
        vec![
            Cell::name(label(d.better)),
            Cell::text(label(d.worse)),
            Cell::number(verdict::amount(unit, d.mean)),
            Cell::number(verdict::interval(unit, d.low, d.high)),
            Cell::number(d.n.to_string()),
            Cell::number(if d.luck_saves.is_finite() { format!("x{:.1}", d.luck_saves) } else { "–".to_owned() }),
            Cell::text(verdict::separation(d.separation)),
        ]
    });
    let titles = ["design", "against", "difference", "interval", "runs", "runs saved by the same luck", "order"];
    tables::data(html, "All pairs", &titles, rows.collect());
}
