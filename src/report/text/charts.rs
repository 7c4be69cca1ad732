//! What says more drawn than told: the days against a regular one, what was narrow when, and what the procedures did.

use super::line::{Ink, Line, wrap};
use super::page::Page;
use super::table::Table;
use crate::metrics::{DayOutcome, Outcome, ProcedureOutcome};
use crate::report::clock::Clock;
use crate::report::format::{self, NOTHING};
use crate::report::stretches::{days_differ, in_order, kind_words, stand_out, worst};

/// Columns of a bar that is full.
const BAR_WIDTH: usize = 20;
/// More days than these are not all shown, but so many of the busiest.
const DAYS_MAX: usize = 35;
const BUSIEST: usize = 14;
/// From this factor to the regular day on, a day stands out.
const MORE: f64 = 1.2;
/// Stretches that are shown.
const STRETCHES_MAX: usize = 10;
/// Features that are named as having grown more than the rest.
const FEATURES_MAX: usize = 4;

/// A bar in eighths of a column.
pub fn bar(share: f64, columns: usize) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = (share.clamp(0.0, 1.0) * columns as f64 * 8.0).round() as usize;
    // What is there is seen, however little it is.
    let eighths = if share > 0.0 { eighths.max(1) } else { 0 };
    "█".repeat(eighths / 8) + EIGHTHS[eighths % 8]
}

/// Each day against the regular one.
pub fn days(page: &mut Page, outcome: &Outcome) {
    let concurrency = &outcome.concurrency;
    if !days_differ(outcome) {
        return;
    }
    let mut shown: Vec<&DayOutcome> = concurrency.days.iter().collect();
    if shown.len() > DAYS_MAX {
        // Of many days those are worth a line that were not like the others; where there are none, no day is.
        if concurrency.peak < MORE * concurrency.regular_peak {
            return;
        }
        shown.sort_by(|a, b| b.peak.total_cmp(&a.peak).then_with(|| a.date.cmp(&b.date)));
        shown.truncate(BUSIEST);
        shown.sort_by(|a, b| a.date.cmp(&b.date));
    }
    page.section("Users at once, day by day");
    let against = format!(">against|{}", super::clean(&concurrency.regular_day));
    let mut table = Table::new(&["", "most at once", ">", &against, ">slowest|p95", ">degraded|or down"]);
    let count = shown.len();
    for day in shown {
        let share = if concurrency.peak > 0.0 { day.peak / concurrency.peak } else { 0.0 };
        let hurt = if day.degraded_s > 0.0 { format::length(day.degraded_s) } else { NOTHING.to_owned() };
        table.row(vec![
            (Ink::Strong, day.label.clone()),
            (Ink::Response, bar(share, BAR_WIDTH)),
            (Ink::Plain, format::count(day.peak.round())),
            (if day.peak_ratio > MORE { Ink::Strong } else { Ink::Plain }, format::ratio(day.peak_ratio)),
            (Ink::Plain, day.p95_s.map_or(NOTHING.to_owned(), format::latency)),
            (if day.degraded_s > 0.0 { Ink::Degraded } else { Ink::Faint }, hurt),
        ]);
    }
    table.write(page);
    if count < concurrency.days.len() {
        let text = format!("  the busiest {count} of {} days; --json has them all", concurrency.days.len());
        page.line(Line::new().with(Ink::Faint, text));
    }
    if let Some(text) = what_grew(&concurrency.days) {
        page.blank();
        for part in wrap(&text, page.width - 2) {
            page.line(Line::new().with(Ink::Plain, format!("  {part}")));
        }
    }
}

/// The day on which some feature that grew beyond the rest grew the most, in a sentence.
pub fn what_grew(days: &[DayOutcome]) -> Option<String> {
    let most =
        |day: &DayOutcome| stand_out(&day.features_ratio, day.requests_ratio).first().map_or(0.0, |(_, ratio)| *ratio);
    // A night with a few requests says nothing: only days about as busy as the regular one count.
    let busy = days.iter().filter(|day| day.requests_ratio >= 0.5 && most(day) > 0.0);
    let day = busy.reduce(|a, b| if most(b) > most(a) { b } else { a })?;
    let grew = stand_out(&day.features_ratio, day.requests_ratio);
    let named: Vec<String> =
        grew.iter().take(FEATURES_MAX).map(|(name, ratio)| format!("{name} {}", format::ratio(*ratio))).collect();
    let all = format::ratio(day.requests_ratio);
    Some(format!("Grew more than the rest: {} on {}, where all requests came to {all}.", named.join(", "), day.label))
}

/// What was the narrowest, and when.
pub fn narrow(page: &mut Page, outcome: &Outcome, clock: &Clock) {
    let (stretches, count) = worst(&outcome.hours, STRETCHES_MAX);
    if stretches.is_empty() {
        return;
    }
    page.section("What was narrow, and when");
    let mut table = Table::new(&["narrowest", "of", "when", ">for", ">asked of its|capacity"]);
    for stretch in &stretches {
        let over = stretch.utilisation > 1.0;
        table.row(vec![
            (Ink::Strong, stretch.name.clone()),
            (Ink::Plain, kind_words(stretch.kind).to_owned()),
            (Ink::Plain, clock.span(stretch.from_s, stretch.to_s)),
            (Ink::Plain, format::length(stretch.to_s - stretch.from_s)),
            (if over { Ink::Bad } else { Ink::Plain }, format::percent(stretch.utilisation)),
        ]);
    }
    table.write(page);
    let each = format::length(outcome.hours.length_s);
    let more =
        if count > stretches.len() { format!("the worst {} of {count}; ", stretches.len()) } else { String::new() };
    page.line(Line::new().with(Ink::Faint, format!("  ({more}from 80% of a capacity on, in stretches of {each})")));
}

/// When each procedure was needed, ordered and in effect, and how it ended.
pub fn procedures(page: &mut Page, outcome: &Outcome, clock: &Clock) {
    if outcome.procedures.is_empty() {
        return;
    }
    page.section("Measures");
    let mut table = Table::new(&["measure", "does", "needed", "ordered", "in effect", ">from need|to effect", "ended"]);
    for (name, procedure) in in_order(&outcome.procedures) {
        let at = |seconds: Option<f64>| seconds.map_or(NOTHING.to_owned(), |s| clock.when(s));
        let ink = match procedure.ended.as_str() {
            "done" => Ink::Good,
            "rolled back" => Ink::Bad,
            _ => Ink::Degraded,
        };
        table.row(vec![
            (Ink::Strong, name.clone()),
            (Ink::Plain, procedure.does.clone()),
            (Ink::Plain, procedure.needed_at_s.map_or("never".to_owned(), |s| clock.when(s))),
            (Ink::Plain, at(procedure.ordered_at_s)),
            (Ink::Plain, at(procedure.done_at_s)),
            (Ink::Plain, need_to_effect(procedure)),
            (ink, ended(procedure)),
        ]);
    }
    table.write(page);
}

/// The time from need to effect: what came before it was needed says so.
pub fn need_to_effect(procedure: &ProcedureOutcome) -> String {
    match procedure.need_to_effect_s {
        None => NOTHING.to_owned(),
        Some(after) if after < 0.0 => format!("{} ahead", format::length(-after)),
        Some(after) => format::length(after),
    }
}

/// How a procedure ended, with what went wrong.
pub fn ended(procedure: &ProcedureOutcome) -> String {
    match procedure.phases_failed {
        0 => procedure.ended.clone(),
        1 => format!("{}, 1 phase failed", procedure.ended),
        n => format!("{}, {n} phases failed", procedure.ended),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_days_the_busiest_are_shown() {
        let (mut outcome, _) = crate::report::sample_weeks::three_weeks();
        let days = outcome.concurrency.days.clone();
        outcome.concurrency.days.extend(days.into_iter().map(|day| DayOutcome { peak: 1.0, ..day }));
        let mut page = Page::new(100, false);
        super::days(&mut page, &outcome);
        assert!(page.out.contains("the busiest 14 of 42 days"), "{}", page.out);
        outcome.concurrency.peak = outcome.concurrency.regular_peak;
        let mut page = Page::new(100, false);
        super::days(&mut page, &outcome);
        assert_eq!(page.out, "");
    }

    #[test]
    fn bars_are_drawn_in_eighths_and_never_vanish() {
        assert_eq!(bar(1.0, 4), "████");
        assert_eq!(bar(0.5, 4), "██");
        assert_eq!(bar(0.53, 4), "██▏");
        assert_eq!(bar(1e-6, 4), "▏");
        assert_eq!(bar(0.0, 4), "");
        assert_eq!(bar(7.0, 4), "████");
    }
}
