//! How often what designs are for goes down, as a page.

use super::markup::Html;
use super::section;
use super::svg::{AXIS_HEIGHT, LEFT, RIGHT, drawing, line, name, symbol, text};
use super::tables::{Cell, table};
use crate::num;
use crate::rare::{Compared, Rated};
use crate::report::format;
use crate::report::rare as words;

const ROW: f64 = 26.0;
const TOP: f64 = 10.0;

/// Writes the page, with the command that makes it again.
pub fn render_rare(compared: &Compared, replay: Option<&str>) -> String {
    super::page("Rare events", |html| body(html, compared, replay))
}

fn body(html: &mut Html, compared: &Compared, replay: Option<&str>) {
    html.say("h1", &[], "Rare events");
    html.within("p", &[("class", &"which")], |html| {
        html.say("span", &[], format!("intervals of {}", format::percent(compared.confidence)));
        html.say("span", &[], format!("seed {}", compared.seed));
    });
    html.say("p", &[("class", &"lede")], words::ABOUT);
    if compared.ended_early {
        html.say("p", &[("class", &"poor")], words::ENDED_EARLY);
    }
    for top in words::tops(compared) {
        let of: Vec<&Rated> = compared.rated.iter().filter(|rated| rated.top == top).collect();
        section(html, top, "", |html| {
            picture(html, &of);
            let rows: Vec<Vec<Cell>> = of.iter().map(|rated| row(rated)).collect();
            table(
                html,
                &["design", "times a year", "interval", "once in", "down a year", "runs", "count in effect", ""],
                &rows,
            );
            for doubt in of.iter().filter_map(|rated| words::doubt(rated)) {
                html.say("p", &[("class", &"poor")], doubt);
            }
        });
    }
    if let Some(replay) = replay {
        section(html, "To get this again", "", |html| html.say("code", &[], replay));
    }
}

fn row(rated: &Rated) -> Vec<Cell> {
    let (mean, low, high) = rated.per_year;
    let state = if rated.estimate.converged { "" } else { "not converged" };
    vec![
        Cell::name(&rated.design),
        Cell::number(words::often(mean)),
        Cell::number(format!("{} to {}", words::often(low), words::often(high))),
        Cell::number(words::once_in(mean)),
        Cell::number(format::length(rated.minutes_down_per_year.0 * 60.0)),
        Cell::number(format::large(rated.estimate.runs as f64)),
        Cell::number(format::large(rated.estimate.effective.round())),
        Cell::judged(state, "poor"),
    ]
}

/// Intervals on a scale of powers of ten: a design that fails ten times as often stands one step to the right.
fn picture(html: &mut Html, of: &[&Rated]) {
    let known = of.iter().map(|rated| rated.per_year).filter(|(mean, ..)| *mean > 0.0);
    let ends = known.flat_map(|(mean, low, high)| [if low > 0.0 { low } else { mean / 10.0 }, high]);
    let (low, high) = ends.fold((f64::INFINITY, 0.0_f64), |(low, high), end| (low.min(end), high.max(end)));
    if !low.is_finite() {
        return;
    }
    let log = |value: f64| num::ln(value) / std::f64::consts::LN_10;
    let (from, to) = (log(low).floor(), log(high).ceil().max(log(low).floor() + 1.0));
    let x = |value: f64| LEFT + (log(value).clamp(from, to) - from) / (to - from) * (RIGHT - LEFT);
    let bottom = TOP + ROW * of.len() as f64;
    drawing(
        html,
        bottom + AXIS_HEIGHT,
        "How often it comes in a year, with intervals, on a scale of powers of ten",
        |html| {
            let mut power = from;
            while power <= to {
                let at = LEFT + (power - from) / (to - from) * (RIGHT - LEFT);
                line(html, (at, TOP), (at, bottom), "grid");
                text(html, at, bottom + 16.0, "label middle", &format!("1e{power:.0}"));
                power += 1.0;
            }
            for (i, rated) in of.iter().enumerate() {
                let y = TOP + ROW * (i as f64 + 0.5);
                name(html, y + 4.0, "name", &rated.design);
                let (mean, low, high) = rated.per_year;
                if mean <= 0.0 {
                    continue;
                }
                line(html, (x(low.max(low_end(mean))), y), (x(high), y), "base");
                let (at, r) = (x(mean), 4.0);
                let d = format!("M{:.1} {:.1}a{r} {r} 0 1 0 {} 0a{r} {r} 0 1 0 -{} 0z", at - r, y, 2.0 * r, 2.0 * r);
                symbol(html, &d, "over", &format!("{}: {} a year", rated.design, words::often(mean)));
            }
        },
    );
}

/// Where an interval that reaches zero ends on a scale that has none.
fn low_end(mean: f64) -> f64 {
    mean / 10.0
}
