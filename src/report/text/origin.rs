//! Where a run comes from: its head, what it assumes, and how to get it again.

use super::line::{Ink, Line, width, wrap};
use super::{Clock, Page, words};
use crate::metrics::Outcome;

/// Longer paths have the line to themselves.
const PATH_WIDTH_MAX: usize = 36;

/// Title, which run this is, and when it plays.
pub fn head(page: &mut Page, outcome: &Outcome, clock: &Clock) {
    for line in wrap(&outcome.title, page.width) {
        page.line(Line::new().with(Ink::Strong, line));
    }
    let provenance = &outcome.provenance;
    let mut which = Line::new();
    for (label, value) in [
        ("strategy", provenance.strategy.clone()),
        ("maintenance", provenance.maintenance.clone()),
        ("variant", provenance.variant.clone()),
        ("seed", Some(provenance.seed.to_string())),
        ("replication", (provenance.replication != 0).then(|| provenance.replication.to_string())),
    ] {
        let Some(value) = value else { continue };
        let part = Line::new().with(Ink::Faint, format!("{label} ")).with(Ink::Plain, value);
        if which.width() > 0 && which.width() + 3 + part.width() > page.width {
            page.line(std::mem::take(&mut which));
        } else if which.width() > 0 {
            which.push(Ink::Faint, " · ");
        }
        which = which.and(part);
    }
    page.line(which);
    let (from, to) = (clock.at(0.0), clock.at(clock.horizon_s));
    let until = match (from.date() == to.date(), from.year() == to.year()) {
        (true, _) => "%H:%M",
        (_, true) => "%a %d %b %H:%M",
        _ => "%a %d %b %Y %H:%M",
    };
    let span = format!("{} to {}", from.strftime("%a %d %b %Y %H:%M"), to.strftime(until));
    let mut line = Line::new().with(Ink::Plain, span).with(Ink::Faint, " · ");
    line.push(Ink::Plain, words::length(clock.horizon_s));
    line.push(Ink::Faint, " · ");
    line.push(Ink::Plain, &outcome.clock.zone);
    if clock.measured_from_s > 0.0 {
        line.push(Ink::Faint, format!(" · measured after {}", words::length(clock.measured_from_s)));
    }
    page.line(line);
}

/// What no source states.
pub fn assumptions(page: &mut Page, outcome: &Outcome) {
    let assumptions = &outcome.provenance.assumptions;
    if assumptions.is_empty() {
        return;
    }
    page.section("Assumed, because no source states it");
    // Reasons stand in a column beside the paths; below a path that is longer.
    let column = assumptions.iter().map(|a| width(&a.path)).filter(|w| *w <= PATH_WIDTH_MAX).max().unwrap_or(0) + 4;
    for assumption in assumptions {
        let beside = width(&assumption.path) <= PATH_WIDTH_MAX;
        let mut line = Line::new().with(Ink::Plain, format!("  {}", assumption.path));
        let indent = if beside { column } else { 4 };
        if !beside {
            for part in wrap(&assumption.path, page.width - 2) {
                page.line(Line::new().with(Ink::Plain, format!("  {part}")));
            }
            line = Line::new();
        }
        for part in wrap(&assumption.why, page.width.saturating_sub(indent)) {
            line.pad(indent);
            page.line(std::mem::take(&mut line).with(Ink::Faint, part));
        }
    }
}

/// What proves that a run is this run, and the command that makes it again.
pub fn provenance(page: &mut Page, outcome: &Outcome, replay: Option<&str>) {
    let provenance = &outcome.provenance;
    page.section("To get this again");
    let observations = words::count(provenance.observations as f64);
    for (label, value) in [
        ("scenario", provenance.scenario_hash.clone()),
        ("digest", format!("{} over {observations} observations", provenance.digest)),
        ("made by", format!("firedrill {}, time zones {}", provenance.firedrill_version, provenance.tz_database)),
    ] {
        page.line(Line::new().with(Ink::Faint, format!("  {label:<10}")).with(Ink::Plain, value));
    }
    if let Some(command) = replay {
        // A command that is broken in lines can no longer be copied: it may be longer than the terminal is wide.
        page.line(Line::new().with(Ink::Faint, format!("  {:<10}", "replay")).with(Ink::Strong, command));
    }
}
