//! What was there over time: users at once, load against capacity, latency, requests lost.

use super::markup::Html;
use super::svg::{AXIS_HEIGHT, Frame, LEFT, RIGHT, area_path, drawing, line, name, path, rectangle, steps_path, text};
use super::tables::{Cell, data};
use crate::metrics::{HoursOutcome, LoadOutcome, NarrowKind, Outcome};
use crate::num;
use crate::report::format::{self, NOTHING};
use crate::report::stretches::{days_differ, kind_words};
use std::collections::BTreeMap;

/// Services and links that are drawn: those that came nearest to their capacity.
const LOADS_MAX: usize = 6;
/// Days that say how they compare to a regular one.
const DAY_LABELS_MAX: usize = 31;
/// From this factor on a day says how many times the regular one it is.
const MORE: f64 = 1.1;

/// A vertical scale: what is at the bottom, what at the top, and where.
struct Scale {
    low: f64,
    high: f64,
    top: f64,
    bottom: f64,
    is_log: bool,
}

impl Scale {
    /// From zero up.
    fn linear(high: f64, top: f64, bottom: f64) -> Scale {
        Scale { low: 0.0, high: high.max(f64::MIN_POSITIVE), top, bottom, is_log: false }
    }

    fn y(&self, value: f64) -> f64 {
        let share = match self.is_log {
            true => num::ln(value.max(self.low) / self.low) / num::ln(self.high / self.low),
            false => (value - self.low) / (self.high - self.low),
        };
        self.bottom - share.clamp(0.0, 1.0) * (self.bottom - self.top)
    }

    /// Lines across with what they are on the right.
    fn rules(&self, html: &mut Html, at: &[f64], words: &dyn Fn(f64) -> String) {
        for value in at {
            let y = self.y(*value);
            if *value > self.low {
                line(html, (LEFT, y), (RIGHT, y), "rule");
            }
            text(html, RIGHT + 8.0, y + 4.0, "label", &words(*value));
        }
    }
}

/// Round numbers from zero to a largest one, at most so many above zero.
fn round_steps(high: f64, count_max: usize) -> Vec<f64> {
    if !(high > 0.0 && high.is_finite()) {
        return vec![0.0];
    }
    let mut unit = 1e-9;
    while unit * 10.0 <= high {
        unit *= 10.0;
    }
    let each = [0.1, 0.2, 0.25, 0.5, 1.0, 2.0, 2.5, 5.0, 10.0].into_iter().map(|f| f * unit);
    let each = each.into_iter().find(|each| high / each <= count_max as f64).unwrap_or(high);
    (0..=count_max).map(|i| i as f64 * each).take_while(|v| *v <= high * 1.001).collect()
}

/// The bins of a series on a frame and a scale.
fn bins(
    frame: &Frame,
    scale: &Scale,
    hours: &HoursOutcome,
    value: &dyn Fn(usize) -> Option<f64>,
) -> Vec<(f64, f64, Option<f64>)> {
    let ends = |s: &f64| (frame.x(*s), frame.x(s + hours.length_s));
    let at = hours.starts_s.iter().enumerate();
    at.map(|(i, s)| (ends(s).0, ends(s).1, value(i).map(|v| scale.y(v)))).collect()
}

/// Users at once, with the regular day behind them.
pub fn users(html: &mut Html, outcome: &Outcome, frame: &Frame) {
    let (hours, concurrency) = (&outcome.hours, &outcome.concurrency);
    let most = hours.active_users_max.iter().copied().fold(0.0, f64::max);
    if hours.starts_s.is_empty() || most <= 0.0 {
        return;
    }
    let (top, bottom) = (26.0, 190.0);
    let scale = Scale::linear(most, top, bottom);
    let regular = regular_day(outcome, frame);
    let mut label = format!("Users at once over time: at most {}", format::count(most.round()));
    if concurrency.regular_peak > 0.0 {
        let then = format::count(concurrency.regular_peak.round());
        label.push_str(&format!(", against {then} on {}", concurrency.regular_day));
    }
    drawing(html, bottom + AXIS_HEIGHT, &label, |html| {
        frame.backdrop(html, top, bottom);
        scale.rules(html, &round_steps(most, 4), &format::large);
        name(html, top + 12.0, "name", "users at once");
        let here = bins(frame, &scale, hours, &|i| Some(hours.active_users_max[i]));
        path(html, &area_path(&here, bottom), "area");
        path(html, &steps_path(&here), "curve");
        if !regular.is_empty() {
            path(html, &steps_path(&bins(frame, &scale, hours, &|i| regular[i])), "regular");
            line(html, (0.0, top + 28.0), (22.0, top + 28.0), "regular");
            text(html, 28.0, top + 32.0, "label", &format!("as on {}", concurrency.regular_day));
        }
        if days_differ(outcome) && concurrency.days.len() <= DAY_LABELS_MAX {
            for (at_s, peak, ratio) in day_peaks(outcome, frame) {
                if ratio >= MORE {
                    text(html, frame.x(at_s), scale.y(peak) - 6.0, "label strong middle halo", &format::ratio(ratio));
                }
            }
        }
        frame.axis(html, bottom);
    });
    let rows = (0..hours.starts_s.len()).map(|i| {
        let then = regular.get(i).copied().flatten();
        vec![
            Cell::text(&hours.at[i]),
            Cell::number(format::count(hours.active_users_max[i].round())),
            Cell::number(then.map_or(NOTHING.to_owned(), |v| format::count(v.round()))),
            Cell::number(format!("{}/s", format::count(hours.requests_per_s[i].round()))),
        ]
    });
    let as_on = format!("as on {}", concurrency.regular_day);
    data(html, "Users at once, by the bin", &["from", "users at once", &as_on, "requests"], rows.collect());
}

/// For each bin what the regular day had at that time of day; nothing if bins are too long to tell, or all days alike.
fn regular_day(outcome: &Outcome, frame: &Frame) -> Vec<Option<f64>> {
    let hours = &outcome.hours;
    let Some(day) = outcome.concurrency.days.iter().find(|d| d.label == outcome.concurrency.regular_day) else {
        return Vec::new();
    };
    if hours.length_s > 21_600.0 || outcome.concurrency.days.len() < 2 {
        return Vec::new();
    }
    let civil = |i: usize| frame.clock.at(hours.starts_s[i]);
    let count = hours.starts_s.len();
    let then: BTreeMap<_, f64> = (0..count)
        .filter(|i| civil(*i).date().to_string() == day.date)
        .map(|i| (civil(i).time(), hours.active_users_max[i]))
        .collect();
    let regular: Vec<Option<f64>> = (0..count).map(|i| then.get(&civil(i).time()).copied()).collect();
    // Where every day is like the regular one, a line behind the others would never be seen.
    let most = then.values().copied().fold(0.0, f64::max);
    let differs = |(then, now): (&Option<f64>, &f64)| then.is_some_and(|then| (then - now).abs() > 0.02 * most);
    if regular.iter().zip(&hours.active_users_max).any(differs) { regular } else { Vec::new() }
}

/// When each day had the most users, how many, and against the regular day.
fn day_peaks(outcome: &Outcome, frame: &Frame) -> Vec<(f64, f64, f64)> {
    let hours = &outcome.hours;
    let mut peaks: BTreeMap<String, (f64, f64)> = BTreeMap::new();
    for (start, active) in hours.starts_s.iter().zip(&hours.active_users_max) {
        let date = frame.clock.at(*start).date().to_string();
        let peak = peaks.entry(date).or_insert((*start, *active));
        if *active > peak.1 {
            *peak = (*start, *active);
        }
    }
    let days = outcome.concurrency.days.iter();
    days.filter_map(|d| peaks.get(&d.date).map(|(s, v)| (s + hours.length_s / 2.0, *v, d.peak_ratio))).collect()
}

/// What was asked over what could be carried, at its worst.
fn worst(load: &LoadOutcome) -> f64 {
    let pairs = load.offered_per_s.iter().zip(&load.capacity_per_s);
    pairs.filter_map(|(asked, can)| can.filter(|c| *c > 0.0).map(|c| asked / c)).fold(0.0, f64::max)
}

fn rate(kind: NarrowKind, value: f64) -> String {
    match kind {
        NarrowKind::Servers => format!("{}/s", format::large(value)),
        NarrowKind::Network => match value {
            v if v >= 1e9 => format!("{} Gbps", format::count(v / 1e9)),
            v if v >= 1e6 => format!("{} Mbps", format::count(v / 1e6)),
            v => format!("{} kbps", format::count(v / 1e3)),
        },
    }
}

/// Load against capacity of what came nearest to it, or went the furthest above.
pub fn loads(html: &mut Html, outcome: &Outcome, frame: &Frame) {
    const HEIGHT: f64 = 62.0;
    const GAP: f64 = 20.0;
    let hours = &outcome.hours;
    let mut busiest: Vec<(&String, &LoadOutcome, f64)> =
        hours.loads.iter().map(|(name, load)| (name, load, worst(load))).filter(|l| l.2 > 0.0).collect();
    busiest.sort_by(|a, b| b.2.total_cmp(&a.2));
    let left_out = busiest.len().saturating_sub(LOADS_MAX);
    busiest.truncate(LOADS_MAX);
    let Some((first, _, share)) = busiest.first() else { return };
    let height = busiest.len() as f64 * (HEIGHT + GAP);
    let label =
        format!("Load against capacity: the nearest was {first} at {} of its capacity", format::percent(*share));
    drawing(html, height + AXIS_HEIGHT, &label, |html| {
        for (index, (called, load, share)) in busiest.iter().enumerate() {
            let top = 8.0 + index as f64 * (HEIGHT + GAP);
            let bottom = top + HEIGHT;
            frame.backdrop(html, top, bottom);
            name(html, top + 14.0, "name", called);
            text(html, 0.0, top + 30.0, "label", kind_words(load.kind));
            let over = if *share > 1.0 { "label bad" } else { "label" };
            text(html, 0.0, top + 46.0, over, &format!("at most {} of capacity", format::percent(*share)));
            one_load(html, load, hours, frame, (top, bottom));
        }
        frame.axis(html, height - GAP + 8.0);
    });
    html.within("p", &[("class", &"legend")], |html| {
        for (class, words) in [("area", "asked"), ("capacity", "could be carried"), ("over", "asked above that")] {
            html.within("span", &[("class", &"key")], |html| {
                html.say("span", &[("class", &format!("swatch {class}"))], "");
                html.text(words);
            });
        }
        if left_out > 0 {
            html.say("span", &[], format!("the nearest to their capacity; {left_out} more in --json"));
        }
    });
    let mut titles = vec!["from".to_owned()];
    busiest.iter().for_each(|(name, ..)| titles.extend([format!("{name}: asked"), "capacity".to_owned()]));
    let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
    let rows = (0..hours.starts_s.len()).map(|i| {
        let mut row = vec![Cell::text(&hours.at[i])];
        for (_, load, _) in &busiest {
            row.push(Cell::number(rate(load.kind, load.offered_per_s[i])));
            row.push(Cell::number(load.capacity_per_s[i].map_or(NOTHING.to_owned(), |c| rate(load.kind, c))));
        }
        row
    });
    data(html, "Load and capacity, by the bin", &titles, rows.collect());
}

fn one_load(html: &mut Html, load: &LoadOutcome, hours: &HoursOutcome, frame: &Frame, (top, bottom): (f64, f64)) {
    let asked = load.offered_per_s.iter().copied().fold(0.0, f64::max);
    // A capacity that is far away while little is asked must not press the rest to the ground.
    let busy = load.offered_per_s.iter().zip(&load.capacity_per_s).filter(|(o, _)| **o >= 0.5 * asked);
    let could = busy.filter_map(|(_, c)| *c).fold(0.0, f64::max);
    let scale = Scale::linear(asked.max(could) * 1.08, top, bottom);
    let at = round_steps(scale.high, 2);
    scale.rules(html, at.get(1..).unwrap_or_default(), &|v| rate(load.kind, v));
    let offered = bins(frame, &scale, hours, &|i| Some(load.offered_per_s[i]));
    path(html, &area_path(&offered, bottom), "area");
    path(html, &steps_path(&offered), "curve");
    let carried = load.offered_per_s.iter().zip(&load.capacity_per_s);
    for (((from, to, _), at), (asked, can)) in offered.iter().zip(&hours.at).zip(carried) {
        let Some(can) = can.filter(|can| asked > can) else { continue };
        let (high, low) = (scale.y(*asked), scale.y(can));
        let words = format!("{at}: {} of its capacity", format::percent(asked / can));
        rectangle(html, (*from, high), (to - from, low - high), "over", &words);
    }
    path(html, &steps_path(&bins(frame, &scale, hours, &|i| load.capacity_per_s[i])), "capacity");
}

/// The 95th percentile of the slowest feature over time, each step of the scale about three times the one below.
pub fn latency(html: &mut Html, outcome: &Outcome, frame: &Frame) {
    let hours = &outcome.hours;
    let known: Vec<f64> = hours.p95_s.iter().flatten().copied().filter(|v| *v > 0.0).collect();
    let (least, most) =
        (known.iter().copied().fold(f64::INFINITY, f64::min), known.iter().copied().fold(0.0, f64::max));
    if known.is_empty() || hours.starts_s.is_empty() {
        return;
    }
    let (mut at, mut decade) = (Vec::new(), 1e-6);
    // Up to more than a run can last.
    while decade <= 1e10 {
        at.extend([decade, decade * 3.0]);
        decade *= 10.0;
    }
    let low = at.iter().rposition(|v| *v <= least).unwrap_or(0).min(at.len() - 2);
    let high = at.iter().position(|v| *v >= most).unwrap_or(at.len() - 1).max(low + 1);
    let (top, bottom) = (10.0, 120.0);
    let scale = Scale { low: at[low], high: at[high], top, bottom, is_log: true };
    let lost = hours.lost_share.iter().copied().fold(0.0, f64::max);
    let (lost_top, lost_bottom) = (bottom + 24.0, bottom + 64.0);
    let end = if lost > 0.0 { lost_bottom } else { bottom };
    let label = format!(
        "Latency over time: the 95th percentile of the slowest feature, from {} to {}; at most {} of requests were lost",
        format::latency(least),
        format::latency(most),
        format::percent(lost)
    );
    drawing(html, end + AXIS_HEIGHT, &label, |html| {
        frame.backdrop(html, top, bottom);
        scale.rules(html, &at[low..=high], &|v| format::latency(v).replace(".0 ", " "));
        name(html, top + 12.0, "name", "95th percentile");
        text(html, 0.0, top + 28.0, "label", "of the slowest feature");
        let here = bins(frame, &scale, hours, &|i| hours.p95_s[i]);
        path(html, &area_path(&here, bottom), "area");
        path(html, &steps_path(&here), "curve");
        if lost > 0.0 {
            let scale = Scale::linear(lost, lost_top, lost_bottom);
            frame.backdrop(html, lost_top, lost_bottom);
            scale.rules(html, round_steps(lost, 2).get(1..).unwrap_or_default(), &format::percent);
            name(html, lost_top + 12.0, "name", "requests lost");
            text(html, 0.0, lost_top + 28.0, "label", "or never sent");
            let here = bins(frame, &scale, hours, &|i| Some(hours.lost_share[i]).filter(|s| *s > 0.0));
            path(html, &area_path(&here, lost_bottom), "over");
        }
        frame.axis(html, end);
    });
    let rows = (0..hours.starts_s.len()).map(|i| {
        vec![
            Cell::text(&hours.at[i]),
            Cell::number(hours.p95_s[i].map_or(NOTHING.to_owned(), format::latency)),
            Cell::number(if hours.lost_share[i] > 0.0 {
                format::share(hours.lost_share[i])
            } else {
                NOTHING.to_owned()
            }),
        ]
    });
    data(html, "Latency, by the bin", &["from", "95th percentile", "requests lost"], rows.collect());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_have_round_numbers() {
        assert_eq!(round_steps(609_000.0, 4), [0.0, 200_000.0, 400_000.0, 600_000.0]);
        assert_eq!(round_steps(1.0, 2), [0.0, 0.5, 1.0]);
        assert_eq!(round_steps(0.0, 4), [0.0]);
        assert_eq!(round_steps(f64::NAN, 4), [0.0]);
    }

    #[test]
    fn a_log_scale_has_equal_steps_for_equal_factors() {
        let scale = Scale { low: 0.1, high: 10.0, top: 0.0, bottom: 100.0, is_log: true };
        assert!((scale.y(1.0) - 50.0).abs() < 1e-9);
        assert_eq!((scale.y(0.01), scale.y(1e9)), (100.0, 0.0));
    }
}
