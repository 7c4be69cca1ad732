//! Where a run comes from: its head, what it assumes, and how to get it again.

use super::line::{Ink, Line, wrap};
use super::{Clock, Page, words};
use crate::metrics::Outcome;

/// Title, which run this is, and when it plays.
pub fn head(page: &mut Page, outcome: &Outcome, clock: &Clock) {
    for line in wrap(&outcome.title, page.width) {
        page.line(Line::new().with(Ink::Strong, line));
    }
    let provenance = &outcome.provenance;
    let mut which = Line::new();
    let mut part = |label: &str, value: Option<String>| {
        let Some(value) = value else { return };
        if which.width() > 0 {
            which.push(Ink::Faint, " · ");
        }
        which.push(Ink::Faint, format!("{label} "));
        which.push(Ink::Plain, value);
    };
    part("strategy", provenance.strategy.clone());
    part("maintenance", provenance.maintenance.clone());
    part("variant", provenance.variant.clone());
    part("seed", Some(provenance.seed.to_string()));
    part("replication", (provenance.replication != 0).then(|| provenance.replication.to_string()));
    page.line(which);
    let (from, to) = (clock.at(0.0), clock.at(clock.horizon_s));
    let until = if from.year() == to.year() { "%a %d %b %H:%M" } else { "%a %d %b %Y %H:%M" };
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
    for assumption in assumptions {
        let path = format!("  {}  ", assumption.path);
        let hang = 4;
        let first = Line::new().with(Ink::Plain, &path);
        // The reason stands beside its path where it fits, and below it where not.
        let beside = wrap(&assumption.why, page.width.saturating_sub(first.width()).max(1));
        if let ([only], true) = (beside.as_slice(), first.width() < page.width) {
            page.line(first.with(Ink::Faint, only));
            continue;
        }
        for part in wrap(&path, page.width - 2) {
            page.line(Line::new().with(Ink::Plain, format!("  {part}")));
        }
        for part in wrap(&assumption.why, page.width - hang) {
            page.line(Line::new().with(Ink::Plain, " ".repeat(hang)).with(Ink::Faint, part));
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
