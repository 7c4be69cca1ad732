//! The strip of a run of weeks: a block for each week, the days side by side, so that hours can still be told apart.

use super::line::{Ink, Line, cut, width};
use super::page::Page;
use super::sign::sign;
use crate::metrics::{Outcome, OutcomeInterval};
use crate::observe::ServiceLevel;
use crate::report::clock::Clock;
use crate::report::format;
use crate::report::ticks::ticks;
use jiff::ToSpan;
use jiff::civil::Date;

/// Cells of a day, the most first; each divides a day into whole hours.
const CELLS_PER_DAY: [usize; 5] = [24, 12, 8, 6, 4];
/// Of more weeks than this one sees more in a single strip.
const WEEKS_MAX: usize = 6;
/// Lines that all blocks may take.
const LINES_MAX: usize = 72;
const DAY_S: f64 = 86_400.0;

/// Columns of the longest name of a week: `30 Mar to 5 Apr`.
pub const NAME_WIDTH: usize = 15;

/// Whether a run is so long, and not longer, that weeks may tell more of it.
pub fn are_worth_trying(clock: &Clock) -> bool {
    (5.0 * DAY_S..=WEEKS_MAX as f64 * 7.0 * DAY_S).contains(&clock.horizon_s)
}

/// A row of the strip that is about time and not about people: name, ink, sign, and from when to when.
pub type Marks<'a> = (&'a str, Ink, &'static str, Vec<(f64, f64)>);

/// The weeks of a run, laid out for a width.
pub struct Weeks {
    /// Day by day: its date, its start, and that of the next.
    weeks: Vec<Vec<(Date, f64, f64)>>,
    cells: usize,
}

impl Weeks {
    /// Weeks, if that shows more than cells of so many seconds in one strip.
    pub fn new(outcome: &Outcome, clock: &Clock, columns: usize, each_s: f64) -> Option<Weeks> {
        let cells = CELLS_PER_DAY.into_iter().find(|cells| 7 * (cells + 1) <= columns)?;
        let length_s = DAY_S / cells as f64;
        if !are_worth_trying(clock) || length_s >= each_s {
            return None;
        }
        // The day before the run and the day after it, so that every day of the run has a start and an end.
        let midnights = ticks(clock, 1.day(), DAY_S, -2.0 * DAY_S, clock.horizon_s + 2.0 * DAY_S);
        let mut weeks: Vec<Vec<(Date, f64, f64)>> = Vec::new();
        for pair in midnights.windows(2) {
            let (date, from_s, to_s) = (pair[0].1.date(), pair[0].0, pair[1].0);
            if to_s <= 0.0 || from_s >= clock.horizon_s {
                continue;
            }
            match weeks.last_mut().filter(|_| date.weekday().to_monday_zero_offset() > 0) {
                Some(week) => week.push((date, from_s, to_s)),
                None => weeks.push(vec![(date, from_s, to_s)]),
            }
        }
        let lines = weeks.len() * (outcome.people.len() + 3);
        (lines <= LINES_MAX).then_some(Weeks { weeks, cells })
    }

    /// Seconds of a cell on a day without a change of the clocks.
    pub fn each_s(&self) -> f64 {
        DAY_S / self.cells as f64
    }

    /// Writes a block for each week; one in which nobody felt anything takes a line.
    pub fn write(&self, page: &mut Page, outcome: &Outcome, clock: &Clock, name_width: usize, marks: &[Marks]) {
        let mut was_calm = true;
        for (index, week) in self.weeks.iter().enumerate() {
            let (Some(first), Some(last)) = (week.first(), week.last()) else { continue };
            let title = match (first.0.first_of_month(), last.0.first_of_month()) {
                _ if first.0 == last.0 => first.0.strftime("%-d %b").to_string(),
                (a, b) if a == b => format!("{} to {}", first.0.day(), last.0.strftime("%-d %b")),
                _ => format!("{} to {}", first.0.strftime("%-d %b"), last.0.strftime("%-d %b")),
            };
            let mut axis = Line::new().with(Ink::Plain, "  ").with(Ink::Faint, cut(&title, name_width));
            axis.pad(name_width + 4);
            let touches = |from: f64, to: f64| from < last.2 && to.max(from + 1.0) > first.1;
            let felt = |i: &OutcomeInterval| i.mood > ServiceLevel::Fine && touches(i.from_s, i.to_s);
            let is_marked = |m: &&Marks| m.3.iter().any(|(from, to)| touches(*from, *to));
            let is_calm =
                !outcome.people.values().any(|p| p.intervals.iter().any(felt)) && !marks.iter().any(|m| is_marked(&m));
            // Calm weeks stand together.
            if index > 0 && !(is_calm && was_calm) {
                page.blank();
            }
            was_calm = is_calm;
            if is_calm {
                page.line(axis.with(Ink::Good, "·").with(Ink::Faint, " fine, everybody, all along"));
                continue;
            }
            let before = usize::from(index == 0) * usize::from(first.0.weekday().to_monday_zero_offset() as u8);
            axis.push(Ink::Plain, " ".repeat(before * (self.cells + 1)));
            for (date, _, _) in week {
                let label = cut(&date.strftime("%a %-d").to_string(), self.cells);
                let blanks = (self.cells + 1).saturating_sub(width(&label));
                axis.push(Ink::Faint, format!("{label}{}", " ".repeat(blanks)));
            }
            page.line(axis);
            let row = |page: &mut Page, name: &str, cell: &dyn Fn(f64, f64) -> (Ink, &'static str)| {
                let mut line = Line::new().with(Ink::Plain, format!("  {}", cut(name, name_width)));
                line.pad(name_width + 4 + before * (self.cells + 1));
                for (number, (_, from_s, to_s)) in week.iter().enumerate() {
                    if number > 0 {
                        line.push(Ink::Faint, "│");
                    }
                    let each_s = (to_s - from_s) / self.cells as f64;
                    for at in 0..self.cells {
                        let (ink, sign) = cell(from_s + at as f64 * each_s, from_s + (at + 1) as f64 * each_s);
                        line.push(ink, sign);
                    }
                }
                page.line(line);
            };
            for (name, people) in &outcome.people {
                let here: Vec<&OutcomeInterval> = people.intervals.iter().filter(|i| felt(i)).collect();
                row(page, name, &|from, to| {
                    if to <= clock.measured_from_s || from >= clock.horizon_s {
                        return (Ink::Plain, " ");
                    }
                    let worst = here.iter().filter(|i| i.from_s < to && i.to_s > from).map(|i| i.mood).max();
                    sign(worst.unwrap_or(ServiceLevel::Fine))
                });
            }
            for (name, ink, mark, times) in marks.iter().filter(is_marked) {
                row(page, name, &|from, to| {
                    let here = times.iter().any(|&(a, b)| a < to && (a >= from || b > from));
                    (*ink, if here { mark } else { " " })
                });
            }
        }
    }

    /// What a cell of the strip is, in words.
    pub fn legend(&self) -> String {
        format!("(the worst of each {}; │ midnight)", format::length(self.each_s()))
    }
}
