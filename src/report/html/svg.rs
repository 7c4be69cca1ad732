//! What all drawings share: one axis of time, so that they can be read one below the other, and the shapes on it.

use super::markup::{Html, n};
use crate::report::clock::Clock;
use crate::report::text::cut;
use crate::report::ticks::{steps, ticks};
use jiff::civil::DateTime;

/// Width of every drawing.
pub const WIDTH: f64 = 1_120.0;
/// Where time begins: names stand left of it.
pub const LEFT: f64 = 176.0;
/// Where time ends: scales stand right of it.
pub const RIGHT: f64 = WIDTH - 80.0;
/// Height of the axis of time.
pub const AXIS_HEIGHT: f64 = 36.0;
/// Letters of a name that fit beside a drawing.
const NAME_LETTERS: usize = 25;
/// About the width of a letter.
pub const LETTER: f64 = 6.4;
const DAY_S: f64 = 86_400.0;

/// A drawing of a height, with what it shows in words.
pub fn drawing(html: &mut Html, height: f64, label: &str, inside: impl FnOnce(&mut Html)) {
    let view = format!("0 0 {} {}", n(WIDTH), n(height));
    html.within("div", &[("class", &"drawing")], |html| {
        html.within("svg", &[("viewBox", &view), ("role", &"img"), ("aria-label", &label)], |html| {
            html.say("title", &[], label);
            inside(html);
        });
    });
}

/// Text at a place; the class says how it is set.
pub fn text(html: &mut Html, x: f64, y: f64, class: &str, words: &str) {
    html.say("text", &[("x", &n(x)), ("y", &n(y)), ("class", &class)], words);
}

/// A name left of the plot, cut where it is long.
pub fn name(html: &mut Html, y: f64, class: &str, words: &str) {
    html.within("text", &[("x", &"0"), ("y", &n(y)), ("class", &class)], |html| {
        html.say("title", &[], words);
        html.text(cut(words, NAME_LETTERS));
    });
}

/// A rectangle, with words where there is something to say about it.
pub fn rectangle(html: &mut Html, (x, y): (f64, f64), (width, height): (f64, f64), class: &str, words: &str) {
    let (x, y, width, height) = (n(x), n(y), n(width), n(height));
    let place: [(&'static str, &dyn std::fmt::Display); 5] =
        [("x", &x), ("y", &y), ("width", &width), ("height", &height), ("class", &class)];
    match words {
        "" => html.empty("rect", &place),
        words => html.within("rect", &place, |html| html.say("title", &[], words)),
    }
}

/// A straight line.
pub fn line(html: &mut Html, (x1, y1): (f64, f64), (x2, y2): (f64, f64), class: &str) {
    html.empty("line", &[("x1", &n(x1)), ("y1", &n(y1)), ("x2", &n(x2)), ("y2", &n(y2)), ("class", &class)]);
}

/// A path.
pub fn path(html: &mut Html, d: &str, class: &str) {
    if !d.is_empty() {
        html.empty("path", &[("d", &d), ("class", &class)]);
    }
}

/// A symbol, with words about it.
pub fn symbol(html: &mut Html, d: &str, class: &str, words: &str) {
    html.within("path", &[("d", &d), ("class", &class)], |html| html.say("title", &[], words));
}

/// The run's time from left to right.
pub struct Frame<'a> {
    /// Civil time.
    pub clock: &'a Clock,
    from_s: f64,
    to_s: f64,
}

impl Frame<'_> {
    /// The time that was measured.
    pub fn new(clock: &Clock) -> Frame<'_> {
        Frame { clock, from_s: clock.measured_from_s, to_s: clock.horizon_s.max(clock.measured_from_s + 1e-3) }
    }

    /// Where a moment is; what is outside of the run is at its edge.
    pub fn x(&self, at_s: f64) -> f64 {
        let share = (at_s - self.from_s) / (self.to_s - self.from_s);
        LEFT + share.clamp(0.0, 1.0) * (RIGHT - LEFT)
    }

    /// Whether a moment is in the time that is shown.
    pub fn shows(&self, at_s: f64) -> bool {
        (self.from_s..=self.to_s).contains(&at_s)
    }

    /// What stands behind a plot: weekends, and a line at each tick.
    pub fn backdrop(&self, html: &mut Html, top: f64, bottom: f64) {
        const WEEKENDS_MAX_S: f64 = 100.0 * DAY_S;
        if self.to_s - self.from_s <= WEEKENDS_MAX_S {
            let (step, step_s) = steps()[12];
            let days = ticks(self.clock, step, step_s, self.from_s - 2.0 * DAY_S, self.to_s + 2.0 * DAY_S);
            for pair in days.windows(2) {
                let (from, to) = (self.x(pair[0].0), self.x(pair[1].0));
                if pair[0].1.date().weekday().to_monday_one_offset() > 5 && to > from {
                    rectangle(html, (from, top), (to - from, bottom - top), "weekend", "");
                }
            }
        }
        let marks: Vec<String> =
            self.ticks().1.iter().map(|(at_s, _)| format!("M{} {}V{}", n(self.x(*at_s)), n(top), n(bottom))).collect();
        path(html, &marks.concat(), "grid");
        line(html, (LEFT, bottom), (RIGHT, bottom), "base");
    }

    /// The axis below a plot: ticks, what they are, and days or years below them.
    pub fn axis(&self, html: &mut Html, top: f64) {
        let (step_s, ticks) = self.ticks();
        let (mut free, mut told) = (f64::MIN, String::new());
        for (at_s, civil) in ticks {
            let x = self.x(at_s);
            line(html, (x, top), (x, top + 4.0), "tick");
            let (upper, lower) = labels(civil, step_s, told.is_empty());
            // A day stands in itself, all else at its tick.
            let is_day = step_s == DAY_S;
            if is_day && x + 24.0 > RIGHT {
                continue;
            }
            let (at, class) = if is_day { (x + 3.0, "label") } else { (x, "label middle") };
            if at + upper.chars().count() as f64 * LETTER / 2.0 > WIDTH {
                continue;
            }
            text(html, at, top + 16.0, class, &upper);
            if lower != told && x >= free {
                text(html, at, top + 30.0, if is_day { "label" } else { "label middle" }, &lower);
                free = x + (lower.chars().count() as f64 + 0.5) * LETTER;
                told = lower;
            }
        }
    }

    fn ticks(&self) -> (f64, Vec<(f64, DateTime)>) {
        let per_second = (RIGHT - LEFT) / (self.to_s - self.from_s);
        let room = |step_s: f64| match step_s {
            s if s < 60.0 => 60.0,
            s if s < DAY_S => 44.0,
            s if s == DAY_S => 40.0,
            s if s < 2_592_000.0 => 52.0,
            _ => 40.0,
        };
        let all = steps();
        let fitting = all.into_iter().find(|(_, s)| s * per_second >= room(*s));
        let (step, step_s) = fitting.unwrap_or(all[all.len() - 1]);
        (step_s, ticks(self.clock, step, step_s, self.from_s, self.to_s))
    }
}

/// What an axis says at a tick, and below that.
fn labels(civil: DateTime, step_s: f64, is_first: bool) -> (String, String) {
    // The month is said where it begins; beside every day there is no room for it.
    let begins = is_first || civil.day() == 1;
    let (upper, lower) = match step_s {
        s if s < 60.0 => ("%H:%M:%S", "%a %-d %b"),
        s if s < DAY_S => ("%H:%M", "%a %-d %b"),
        s if s == DAY_S && begins => ("%a", "%-d %b"),
        s if s == DAY_S => ("%a", "%-d"),
        s if s < 2_592_000.0 => ("%-d %b", "%Y"),
        s if s < 31_536_000.0 => ("%b", "%Y"),
        _ => ("%Y", ""),
    };
    (civil.strftime(upper).to_string(), civil.strftime(lower).to_string())
}

/// Bins as steps: from each bin's start to its end at its height, broken where there is none.
pub fn steps_path(bins: &[(f64, f64, Option<f64>)]) -> String {
    let mut d = String::new();
    let mut last: Option<(f64, f64)> = None;
    for (from, to, y) in bins {
        let Some(y) = *y else {
            last = None;
            continue;
        };
        match last {
            Some((end, level)) if (end - from).abs() < 0.05 => {
                if (level - y).abs() >= 0.05 {
                    d.push_str(&format!("V{}", n(y)));
                }
            }
            _ => d.push_str(&format!("M{} {}", n(*from), n(y))),
        }
        d.push_str(&format!("H{}", n(*to)));
        last = Some((*to, y));
    }
    d
}

/// The same bins filled down to a base.
pub fn area_path(bins: &[(f64, f64, Option<f64>)], base: f64) -> String {
    let mut d = String::new();
    for run in bins.split(|(_, _, y)| y.is_none()) {
        let (Some(first), Some(last)) = (run.first(), run.last()) else { continue };
        let top = steps_path(run).replacen('M', "L", 1);
        d.push_str(&format!("M{} {}{top}L{} {}Z", n(first.0), n(base), n(last.1), n(base)));
    }
    d
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_are_drawn_as_steps_with_gaps() {
        let bins = [(0.0, 1.0, Some(5.0)), (1.0, 2.0, Some(5.0)), (2.0, 3.0, None), (3.0, 4.0, Some(2.0))];
        assert_eq!(steps_path(&bins), "M0 5H1H2M3 2H4");
        assert_eq!(area_path(&bins, 9.0), "M0 9L0 5H1H2L2 9ZM3 9L3 2H4L4 9Z");
    }
}
