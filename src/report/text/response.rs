//! How the design and its people responded: words to users, failovers, maintenance.

use super::line::{Ink, Line, width, wrap};
use super::page::Page;
use crate::metrics::{FailoverOutcome, MaintenanceOutcome, MetOutcome, Outcome};
use crate::report::clock::Clock;
use crate::report::format;
use std::collections::BTreeMap;

/// Failovers beyond these are counted instead of shown.
const FAILOVERS_MAX: usize = 24;

/// When users felt something, and when somebody told them.
pub fn communication(page: &mut Page, outcome: &Outcome, clock: &Clock) {
    let said = &outcome.communication;
    let Some(felt) = said.first_felt_s else { return };
    page.section("Communication");
    let mut line = Line::new().with(Ink::Plain, "  ");
    match (said.first_told_s, said.time_to_first_communication_s) {
        (Some(told), Some(after)) => {
            if after < 0.0 {
                line.push(Ink::Plain, "told ");
                line.push(Ink::Strong, format::length(-after));
                line.push(Ink::Plain, " before");
            } else {
                line.push(Ink::Strong, format::length(after));
                line.push(Ink::Plain, " without a word");
            }
            let same_day = clock.at(felt).date() == clock.at(told).date();
            let told = if same_day { clock.at(told).strftime("%H:%M").to_string() } else { clock.when(told) };
            line.push(Ink::Faint, format!(" (felt {}, told {told})", clock.when(felt)));
        }
        _ => {
            line.push(Ink::Bad, "nobody told the users");
            line.push(Ink::Faint, format!(" (felt {})", clock.when(felt)));
        }
    }
    page.line(line);
}

/// Overload that outlives what set it off.
pub fn metastable(page: &mut Page, outcome: &Outcome, clock: &Clock) {
    if outcome.metastable.is_empty() {
        return;
    }
    page.section("Overload that keeps itself up");
    for state in outcome.metastable.iter().take(FAILOVERS_MAX) {
        let head = Line::new().with(Ink::Faint, format!("  {}  ", clock.when(state.from_s)));
        let lasts = format!("  metastable {}", format::metastable_for(state));
        page.line(head.with(Ink::Strong, super::clean(&state.service)).with(Ink::Bad, lasts));
        let told = format::metastable(state);
        for line in wrap(&told, page.width.saturating_sub(4)) {
            page.line(Line::new().with(Ink::Plain, format!("    {line}")));
        }
    }
}

/// Each failover with its phases and what failed.
pub fn failovers(page: &mut Page, outcome: &Outcome, clock: &Clock) {
    if outcome.failovers.is_empty() {
        return;
    }
    page.section("Failovers");
    for failover in outcome.failovers.iter().take(FAILOVERS_MAX) {
        one_failover(page, failover, clock);
    }
    if let Some(more) = outcome.failovers.len().checked_sub(FAILOVERS_MAX).filter(|&n| n > 0) {
        page.line(Line::new().with(Ink::Faint, format!("  and {more} more; --json has them all")));
    }
}

fn one_failover(page: &mut Page, failover: &FailoverOutcome, clock: &Clock) {
    let when = format!("  {}  ", clock.when(failover.failed_at_s));
    let hang = width(&when);
    let mut head = Line::new().with(Ink::Faint, when).with(Ink::Strong, &failover.group);
    head.push(Ink::Plain, format!("  {}", failover.from));
    if let Some(to) = &failover.to {
        head.push(Ink::Faint, " → ");
        head.push(Ink::Plain, to);
    }
    let bad = failover.failure.is_some() || failover.ended == "failed";
    let mut ended = Line::new().with(if bad { Ink::Bad } else { Ink::Good }, &failover.ended);
    for (is, word) in [(failover.planned, "planned"), (failover.false_alarm, "false alarm")] {
        if is {
            ended.push(Ink::Faint, format!(" · {word}"));
        }
    }
    if head.width() + 2 + ended.width() > page.width {
        page.line(std::mem::take(&mut head));
        head.pad(hang);
    } else {
        head.push(Ink::Plain, "  ");
    }
    let mut head = head.and(ended);
    if let Some(after) = failover.time_to_restore_s {
        // It says nothing of the users: whoever follows slowly, or finds nothing that works there, is down for longer.
        let after = format!("group worked again after {}", format::length(after));
        if head.width() + 3 + width(&after) > page.width {
            page.line(std::mem::take(&mut head));
            head.pad(hang);
        } else {
            head.push(Ink::Faint, " · ");
        }
        head.push(Ink::Plain, after);
    }
    page.line(head);
    let mut line = Line::new();
    line.pad(hang);
    for (index, phase) in failover.phases.iter().enumerate() {
        let name = phase.phase.name();
        let took = format!(" {}", format::length(phase.took_s));
        let sign = if phase.ok { "" } else { "✗ " };
        let needed = 3 + width(sign) + name.len() + width(&took);
        if index > 0 && line.width() + needed > page.width {
            page.line(std::mem::take(&mut line));
            line.pad(hang);
        } else if index > 0 {
            line.push(Ink::Faint, " › ");
        }
        line.push(Ink::Bad, sign);
        line.push(if phase.ok { Ink::Faint } else { Ink::Bad }, name);
        line.push(Ink::Plain, took);
    }
    if !failover.phases.is_empty() {
        page.line(line);
    }
    if let Some(failure) = &failover.failure {
        for (index, part) in wrap(&format!("✗ {failure}"), page.width.saturating_sub(hang)).into_iter().enumerate() {
            let mut line = Line::new();
            line.pad(hang + if index > 0 { 2 } else { 0 });
            page.line(line.with(Ink::Bad, part));
        }
    }
}

/// Each maintenance against its promise, and whom it met.
pub fn maintenance(page: &mut Page, outcome: &Outcome) {
    if outcome.maintenance.is_empty() {
        return;
    }
    page.section("Maintenance");
    for maintenance in outcome.maintenance.iter().take(FAILOVERS_MAX) {
        one_maintenance(page, maintenance);
    }
    if let Some(more) = outcome.maintenance.len().checked_sub(FAILOVERS_MAX).filter(|&n| n > 0) {
        page.line(Line::new().with(Ink::Faint, format!("  and {more} more; --json has them all")));
    }
}

fn one_maintenance(page: &mut Page, maintenance: &MaintenanceOutcome) {
    let mut head = Line::new().with(Ink::Plain, "  ").with(Ink::Strong, &maintenance.plan);
    head.push(Ink::Plain, format!("  {} to {}  ", no_seconds(&maintenance.from), no_seconds(&maintenance.to)));
    head.push(if maintenance.ended == "done" { Ink::Good } else { Ink::Degraded }, &maintenance.ended);
    page.line(head);
    let mut promise =
        Line::new().with(Ink::Plain, format!("    announced {}", format::length(maintenance.announced_s)));
    if !maintenance.actual_s.is_nan() {
        promise.push(Ink::Plain, format!(", took {}", format::length(maintenance.actual_s)));
    }
    if maintenance.overrun_s > 0.0 {
        promise.push(Ink::Plain, ", ");
        promise.push(Ink::Bad, format!("{} over", format::length(maintenance.overrun_s)));
    }
    promise.push(Ink::Faint, " · ");
    match maintenance.notice_s {
        Some(notice) => promise.push(Ink::Plain, format!("{} of notice", format::length(notice))),
        None => promise.push(Ink::Bad, "users were not told"),
    }
    page.line(promise);
    let met: Vec<(&String, &MetOutcome)> = maintenance.met.iter().filter(|(_, m)| m.user_minutes > 0.0).collect();
    if met.is_empty() {
        return;
    }
    page.blank();
    let name_width = met.iter().map(|(name, _)| width(name)).max().unwrap_or(0).clamp(10, 24);
    let mut axis = Line::new().with(Ink::Faint, "    met, by local hour");
    axis.pad(4 + name_width + 2);
    // The ruler of the hours stands over the bars where the words leave it room.
    let ruler = "0     6     12    18";
    if axis.width() <= 4 + name_width + 2 {
        axis.push(Ink::Faint, ruler);
        page.line(axis);
    } else {
        page.line(axis);
        let mut below = Line::new();
        below.pad(4 + name_width + 2);
        page.line(below.with(Ink::Faint, ruler));
    }
    for (name, met) in met {
        let most = met.by_local_hour.values().copied().fold(0.0, f64::max);
        let row = |label: &str, ink: Ink, hours: &BTreeMap<u8, f64>, minutes: f64, note: &str| {
            let mut line = Line::new().with(Ink::Plain, "    ");
            line.push(Ink::Strong, super::line::cut(label, name_width));
            line.pad(4 + name_width + 2);
            line.push(ink, bars(hours, most));
            line.push(Ink::Plain, format!("  {} user-minutes", format::count(minutes.round())));
            line.with(Ink::Faint, note)
        };
        page.line(row(name, Ink::Planned, &met.by_local_hour, met.user_minutes, ""));
        if met.user_minutes_unannounced > 0.0 {
            let late = &met.unannounced_by_local_hour;
            page.line(row("", Ink::Bad, late, met.user_minutes_unannounced, " late"));
        }
    }
}

/// A bar for each hour of the day, all on one scale.
fn bars(hours: &BTreeMap<u8, f64>, most: f64) -> String {
    const BARS: [&str; 8] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
    (0..24u8)
        .map(|hour| match hours.get(&hour).copied().unwrap_or(0.0) {
            minutes if minutes <= 0.0 || most <= 0.0 => "·",
            minutes => BARS[((minutes / most * 8.0).ceil() as usize).clamp(1, 8) - 1],
        })
        .collect()
}

/// `Tue 11 Oct 21:30:00` without its seconds where they are none.
fn no_seconds(at: &str) -> &str {
    at.strip_suffix(":00").filter(|rest| rest.contains(':')).unwrap_or(at)
}
