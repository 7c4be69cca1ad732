//! How what ranks is spread over the runs of each design: the share of runs that exceed each value.

use crate::expect::Unit;
use crate::report::html::markup::{Html, n};
use crate::report::html::svg::{LEFT, RIGHT, drawing, line, name, path, text};
use crate::report::html::tables::{self, Cell};
use crate::report::{format, verdict};
use crate::study::{Comparison, Spread};

const ROW: f64 = 66.0;
const PLOT: f64 = 44.0;

/// Draws the distribution of every design.
pub fn spread(html: &mut Html, comparison: &Comparison) {
    let by = comparison.metrics.iter().position(|m| m.name == comparison.by).unwrap_or(0);
    let unit = verdict::unit(comparison);
    let spreads: Vec<(&str, &Spread)> = (comparison.designs.iter())
        .filter_map(|design| Some((design.label.as_str(), design.values.get(by)?.as_ref()?)))
        .collect();
    let most = spreads.iter().map(|(_, s)| s.max).fold(0.0, f64::max);
    let least = spreads.iter().map(|(_, s)| s.min).fold(0.0, f64::min);
    if most <= 0.0 || least < 0.0 {
        return;
    }
    // Zero has a place on this scale too: below the smallest step everything is next to it.
    let smallest = smallest(unit, most);
    let scale = |value: f64| crate::num::ln(1.0 + value.max(0.0) / smallest);
    let x = |value: f64| LEFT + scale(value) / scale(most) * (RIGHT - LEFT);
    let height = ROW * spreads.len() as f64 + 30.0;
    let label = format!("how {} is spread over the runs of each design", comparison.by);
    drawing(html, height, &label, |html| {
        let bottom = ROW * spreads.len() as f64;
        for (value, words) in ticks(unit, smallest, most) {
            line(html, (x(value), 0.0), (x(value), bottom), "grid");
            text(html, x(value), bottom + 18.0, "label middle", &words);
        }
        for (row, (label, spread)) in spreads.iter().enumerate() {
            let base = ROW * row as f64 + PLOT + 16.0;
            name(html, base - PLOT / 2.0 + 4.0, "name", label);
            path(html, &exceeded(spread, x, base), "area");
            line(html, (LEFT, base), (RIGHT, base), "base");
            let apart = x(spread.p95) - x(spread.p50) > 30.0;
            for (value, words) in [(spread.p50, if apart { "p50" } else { "p50, p95" }), (spread.p95, "p95")] {
                line(html, (x(value), base - PLOT), (x(value), base), "capacity");
                if words != "p95" || apart {
                    text(html, x(value), base - PLOT - 3.0, "halo label middle", words);
                }
            }
            let told = match spread.never_seen_at_most {
                Some(most) => format!("in < {}", verdict::chance(most)),
                None if spread.some_share.0 < 1.0 => format!("any in {}", verdict::chance(spread.some_share.0)),
                None => String::new(),
            };
            text(html, RIGHT + 6.0, base - 4.0, "label", &told);
        }
    });
    let rows = spreads.iter().map(|(label, s)| {
        let amount = |value: f64| Cell::number(verdict::amount(unit, value));
        let interval =
            s.p95_interval.map_or(format::NOTHING.to_owned(), |(low, high)| verdict::interval(unit, low, high));
        vec![
            Cell::name(*label),
            amount(s.min),
            amount(s.p50),
            amount(s.mean),
            amount(s.p95),
            Cell::number(interval),
            amount(s.max),
            amount(s.sd),
        ]
    });
    let titles = ["design", "best", "p50", "mean", "p95", "interval of p95", "worst", "standard deviation"];
    tables::data(html, "The same in numbers", &titles, rows.collect());
}

/// The area below the share of runs that exceed each value.
fn exceeded(spread: &Spread, x: impl Fn(f64) -> f64, base: f64) -> String {
    let mut d = format!("M{} {}V{}", n(LEFT), n(base), n(base - PLOT));
    for (value, share) in &spread.curve {
        d.push_str(&format!("H{}V{}", n(x(*value)), n(base - (1.0 - share) * PLOT)));
    }
    d + "Z"
}

/// What is hardly more than nothing.
fn smallest(unit: Unit, most: f64) -> f64 {
    match unit {
        Unit::Seconds => 1.0,
        Unit::Latency => 0.01,
        Unit::UserMinutes => 100.0,
        Unit::Share | Unit::Money | Unit::Plain => most / 1_000.0,
    }
    .min(most / 10.0)
}

/// Round values for the scale.
fn ticks(unit: Unit, smallest: f64, most: f64) -> Vec<(f64, String)> {
    let seconds = [1.0, 10.0, 60.0, 600.0, 3_600.0, 21_600.0, 86_400.0, 604_800.0, 2_592_000.0, 31_536_000.0];
    let values: Vec<f64> = match unit {
        Unit::Seconds => seconds.to_vec(),
        _ => {
            let mut steps = Vec::new();
            let mut step = 1e-6;
            while step <= most {
                steps.push(step);
                step *= 10.0;
            }
            steps
        }
    };
    let shown = values.into_iter().filter(|value| *value >= smallest && *value <= most * 1.001);
    std::iter::once((0.0, "0".to_owned())).chain(shown.map(|value| (value, verdict::amount(unit, value)))).collect()
}
