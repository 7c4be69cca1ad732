//! The users' experience as a strip: the worst that each population felt in each stretch of the run.

use super::line::{Ink, Line, cut, width};
use super::page::Page;
use super::sign::{sign, sign_or_blank};
use super::table::ROWS_MAX;
use super::weeks::{self, Marks, Weeks};
use crate::metrics::{Outcome, OutcomeInterval, StoryLine};
use crate::observe::ServiceLevel;
use crate::report::clock::Clock;
use crate::report::format;
use crate::report::narrative::is_word_to_users;
use crate::report::ticks::{steps, ticks};
use jiff::Span;

/// Columns that a name may take.
const NAME_WIDTH_MAX: usize = 24;
const CELLS_MAX: usize = 144;
const INDENT: usize = 2;

/// Writes a row per population, marks for maintenance and words, and the axis.
pub fn write(page: &mut Page, outcome: &Outcome, story: &[StoryLine], clock: &Clock) {
    if outcome.people.is_empty() || clock.horizon_s <= 0.0 {
        return;
    }
    page.section("What users lived through");
    let told: Vec<f64> = story.iter().filter(|l| is_word_to_users(l)).map(|l| l.at_s).collect();
    let names = outcome.people.keys().map(|n| width(n)).chain([width("maintenance"), width("users told")]);
    let names = names.chain(weeks::are_worth_trying(clock).then_some(weeks::NAME_WIDTH));
    let name_width = names.max().unwrap_or(0).min(NAME_WIDTH_MAX);
    let left = INDENT + name_width + 2;
    let cells = Cells::new(clock.horizon_s, page.width.saturating_sub(left + 1).min(CELLS_MAX));
    let planned: Vec<(f64, f64)> =
        outcome.maintenance.iter().filter(|m| m.actual_s > 0.0).map(|m| (m.from_s, m.from_s + m.actual_s)).collect();
    let mut marks: Vec<Marks> = Vec::new();
    if planned.iter().any(|(from, to)| to > from) {
        marks.push(("maintenance", Ink::Planned, "▬", planned));
    }
    if !told.is_empty() {
        marks.push(("users told", Ink::Word, "▲", told.iter().map(|&at| (at, at)).collect()));
    }
    let blocks = Weeks::new(outcome, clock, page.width.saturating_sub(left), cells.each_s);
    let cell = match &blocks {
        Some(blocks) => {
            blocks.write(page, outcome, clock, name_width, &marks);
            blocks.legend()
        }
        None => {
            cells.write(page, outcome, clock, name_width, &marks);
            format!("(the worst of each {})", format::length(cells.each_s))
        }
    };
    let mut legend = Line::new();
    let felt = |mood: ServiceLevel| outcome.people.values().any(|p| p.intervals.iter().any(|i| i.mood == mood));
    for (mood, word) in [
        (ServiceLevel::Fine, "fine"),
        (ServiceLevel::Stale, "stale"),
        (ServiceLevel::Degraded, "degraded"),
        (ServiceLevel::Down, "down"),
    ] {
        if mood == ServiceLevel::Fine || felt(mood) {
            let (ink, sign) = sign(mood);
            legend.push(ink, sign);
            legend.push(Ink::Faint, format!(" {word}  "));
        }
    }
    legend.push(Ink::Faint, cell);
    page.blank();
    let indent = if left + legend.width() <= page.width { left } else { INDENT };
    page.line(Line::new().with(Ink::Plain, " ".repeat(indent)).and(legend));
}

/// The run in stretches of one length.
struct Cells {
    count: usize,
    each_s: f64,
    horizon_s: f64,
}

impl Cells {
    /// As many as fit, each of a length that divides a minute, an hour or six hours, or is made of days: the ticks of the
    /// axis are then evenly spaced.
    fn new(horizon_s: f64, count_max: usize) -> Cells {
        const DAY: f64 = 86_400.0;
        let seconds = [0.001, 0.01, 0.1, 0.5, 1.0, 2.0, 3.0, 5.0, 6.0, 10.0, 12.0, 15.0, 20.0, 30.0];
        let minutes = [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60, 72, 90, 120, 180, 240, 360, 720, 1440];
        let minutes = minutes.map(|m| f64::from(m) * 60.0);
        let days = (2..).map(|d| f64::from(d) * DAY);
        let fits = |each: &f64| horizon_s / each <= count_max as f64;
        // Days go on without end, so that one fits.
        let each_s = seconds.into_iter().chain(minutes).chain(days).find(fits).unwrap_or(horizon_s);
        Cells { count: (horizon_s / each_s).ceil().max(1.0) as usize, each_s, horizon_s }
    }

    /// Writes a row per population, the marks, and the axis.
    fn write(&self, page: &mut Page, outcome: &Outcome, clock: &Clock, name_width: usize, marks: &[Marks]) {
        let left = INDENT + name_width + 2;
        let row = |page: &mut Page, name: &str, inks: Vec<(Ink, &'static str)>| {
            let mut line = Line::new().with(Ink::Plain, " ".repeat(INDENT)).with(Ink::Plain, cut(name, name_width));
            line.pad(left);
            inks.into_iter().for_each(|(ink, sign)| line.push(ink, sign));
            page.line(line);
        };
        for (name, people) in outcome.people.iter().take(ROWS_MAX) {
            let moods = self.moods(&people.intervals, clock.measured_from_s);
            row(page, name, moods.into_iter().map(sign_or_blank).collect());
        }
        if let Some(more) = outcome.people.len().checked_sub(ROWS_MAX).filter(|&n| n > 0) {
            page.line(Line::new().with(Ink::Faint, format!("  and {more} more; --json has them all")));
        }
        for (name, ink, mark, times) in marks {
            row(page, name, self.marks(times, mark).into_iter().map(|s| (*ink, s)).collect());
        }
        for text in self.axis(clock, page.width.saturating_sub(left)) {
            page.line(Line::new().with(Ink::Plain, " ".repeat(left)).with(Ink::Faint, text));
        }
    }

    /// The worst mood of each stretch; nothing where it was not measured.
    fn moods(&self, intervals: &[OutcomeInterval], measured_from_s: f64) -> Vec<Option<ServiceLevel>> {
        let mut moods: Vec<Option<ServiceLevel>> = (1..=self.count)
            .map(|end| (end as f64 * self.each_s > measured_from_s).then_some(ServiceLevel::Fine))
            .collect();
        for interval in intervals {
            for cell in self.touched(interval.from_s, interval.to_s) {
                moods[cell] = moods[cell].max(Some(interval.mood));
            }
        }
        moods
    }

    fn marks(&self, spans: &[(f64, f64)], mark: &'static str) -> Vec<&'static str> {
        let mut marks = vec![" "; self.count];
        for &(from, to) in spans {
            self.touched(from, to).for_each(|cell| marks[cell] = mark);
        }
        marks
    }

    /// The stretches that a span of time touches: at least one, and not the one that begins when it ends.
    fn touched(&self, from_s: f64, to_s: f64) -> std::ops::Range<usize> {
        let first = ((from_s / self.each_s).floor().max(0.0) as usize).min(self.count - 1);
        let last = ((to_s / self.each_s).ceil().max(0.0) as usize).min(self.count);
        first..last.max(first + 1)
    }

    /// Ticks, hours, and days below them.
    fn axis(&self, clock: &Clock, room: usize) -> Vec<String> {
        let label_width = |s: f64| match s {
            s if s < 60.0 => 10.0,
            s if s < 3_600.0 => 7.0,
            s if s < 86_400.0 => 4.0,
            s if s < 2_592_000.0 => 8.0,
            _ => 5.0,
        };
        let fits = |(_, s): &(Span, f64)| s / self.each_s >= label_width(*s);
        let Some((step, step_s)) = steps().into_iter().find(fits) else { return Vec::new() };
        let format = match step_s {
            s if s < 60.0 => "%H:%M:%S",
            s if s < 3_600.0 => "%H:%M",
            s if s < 86_400.0 => "%H",
            s if s < 2_592_000.0 => "%d %b",
            s if s < 31_536_000.0 => "%b",
            _ => "%Y",
        };
        let mut marks = vec!["─"; self.count];
        let (mut hours, mut days) = (Labels::within(room), Labels::within(room));
        let mut told = String::new();
        for (at_s, civil) in ticks(clock, step, step_s, 0.0, self.horizon_s) {
            let day = match step_s {
                s if s < 86_400.0 => civil.strftime("%a %d %b").to_string(),
                s if s < 31_536_000.0 => civil.strftime("%Y").to_string(),
                _ => String::new(),
            };
            let column = (at_s / self.each_s).floor() as usize;
            marks[column] = "┬";
            hours.put(column, &civil.strftime(format).to_string());
            if day != told && days.put(column, &day) {
                told = day;
            }
        }
        [marks.concat(), hours.text, days.text].into_iter().filter(|l| !l.trim().is_empty()).collect()
    }
}

/// Labels on a line, each where its tick is, none over another.
#[derive(Default)]
struct Labels {
    text: String,
    columns: usize,
    room: usize,
}

impl Labels {
    /// None beyond so many columns.
    fn within(room: usize) -> Labels {
        Labels { room, ..Labels::default() }
    }

    fn put(&mut self, column: usize, label: &str) -> bool {
        let gap = usize::from(self.columns > 0);
        if label.is_empty() || column < self.columns + gap || column + width(label) > self.room {
            return false;
        }
        self.text.push_str(&" ".repeat(column - self.columns));
        self.text.push_str(label);
        self.columns = column + width(label);
        true
    }
}
