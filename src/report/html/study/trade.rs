//! What designs cost, against what their users lose.

use crate::report::html::markup::{Html, n};
use crate::report::html::svg::{LEFT, RIGHT, drawing, line, path, text};
use crate::report::text::cut;
use crate::report::{format, verdict};
use crate::study::{Comparison, DesignOutcome};

const HEIGHT: f64 = 300.0;
const TOP: f64 = 20.0;
const BOTTOM: f64 = 250.0;

/// Draws cost against user-minutes lost, where the file says what things cost.
pub fn costs(html: &mut Html, comparison: &Comparison) {
    let lost = comparison.metrics.iter().position(|m| m.name == "user-minutes lost");
    let lost = lost.or_else(|| comparison.metrics.iter().position(|m| m.name == comparison.by)).unwrap_or(0);
    let Some(metric) = comparison.metrics.get(lost) else { return };
    let points: Vec<(&DesignOutcome, f64, [f64; 3])> = (comparison.designs.iter())
        .filter_map(|design| {
            let spread = design.values.get(lost)?.as_ref()?;
            Some((design, design.costs.as_ref()?.per_month(), [spread.low, spread.mean, spread.high]))
        })
        .collect();
    let Some((first, ..)) = points.first() else {
        let note =
            "The scenario does not say what anything costs; with `costs` in it, a drawing here sets cost against loss.";
        html.say("p", &[("class", &"faint")], note);
        return;
    };
    let currency = first.costs.as_ref().map_or("", |costs| costs.currency.as_str());
    let dearest = points.iter().map(|p| p.1).fold(0.0, f64::max).max(1e-9);
    let most = points.iter().map(|p| p.2[2]).filter(|x| x.is_finite()).fold(0.0, f64::max).max(1e-9);
    let x = |cost: f64| LEFT + cost / (dearest * 1.15) * (RIGHT - LEFT);
    let y = |value: f64| BOTTOM - value.clamp(0.0, most) / (most * 1.08) * (BOTTOM - TOP);
    let label = format!("cost per month against {}", metric.name);
    drawing(html, HEIGHT, &label, |html| {
        line(html, (LEFT, BOTTOM), (RIGHT, BOTTOM), "base");
        line(html, (LEFT, TOP), (LEFT, BOTTOM), "base");
        for quarter in 0..=4 {
            let value = most * f64::from(quarter) / 4.0;
            line(html, (LEFT, y(value)), (RIGHT, y(value)), "grid");
            text(html, LEFT - 90.0, y(value) + 4.0, "label", &verdict::amount(metric.unit, value));
            let cost = dearest * f64::from(quarter) / 4.0;
            text(html, x(cost), BOTTOM + 18.0, "label middle", &format!("{} {currency}", format::large(cost)));
        }
        text(html, LEFT - 170.0, TOP - 6.0, "label", &metric.name);
        text(html, RIGHT - 40.0, BOTTOM + 36.0, "label middle", "cost per month");
        // Names of points near each other are told apart by moving down.
        let mut told: Vec<(f64, f64)> = Vec::new();
        for (design, cost, [low, mean, high]) in &points {
            line(html, (x(*cost), y(*low)), (x(*cost), y(*high)), "curve");
            path(html, &format!("M{} {}l5 5l-5 5l-5 -5z", n(x(*cost)), n(y(*mean) - 5.0)), "response");
            let (at, mut down) = (x(*cost) + 10.0, y(*mean) + 4.0);
            while told.iter().any(|(x, y)| (x - at).abs() < 190.0 && (y - down).abs() < 14.0) {
                down -= 14.0;
            }
            told.push((at, down));
            text(html, at, down, "halo name", &cut(&design.label, 30));
        }
    });
    let note =
        "Below and left of another design is better in both; the line through a mark is the interval of its mean.";
    html.say("p", &[("class", &"faint")], note);
}
