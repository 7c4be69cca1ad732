//! Where a run comes from: its head, what it assumes, and how to get it again.

use super::line::{Ink, Line, wrap};
use super::page::Page;
use crate::metrics::Outcome;
use crate::report::clock::Clock;
use crate::report::format;

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
    line.push(Ink::Plain, format::length(clock.horizon_s));
    line.push(Ink::Faint, " · ");
    line.push(Ink::Plain, &outcome.clock.zone);
    if clock.measured_from_s > 0.0 {
        line.push(Ink::Faint, format!(" · measured after {}", format::length(clock.measured_from_s)));
    }
    page.line(line);
    if let Some(partial) = &outcome.partial {
        let told = format!("partial: the run was ended at {}; nothing is known of what comes after", partial.reached);
        page.line(Line::new().with(Ink::Bad, told));
    }
    let traffic = &outcome.traffic;
    if let (Some(from), Some(to)) = (&traffic.from, &traffic.to) {
        let told =
            format!("every request followed from {from} to {to}: {} events", format::large(traffic.events as f64));
        page.line(Line::new().with(Ink::Faint, told));
    }
}

/// Says of lists that begin with these paths that they are cut short.
pub fn cut_short(page: &mut Page, outcome: &Outcome, paths: &[&str]) {
    for told in paths.iter().flat_map(|path| format::cut_short(outcome, path)) {
        for line in wrap(&told, page.width - 2) {
            page.line(Line::new().with(Ink::Degraded, format!("  {line}")));
        }
    }
}

/// What the numbers leave out.
pub fn warnings(page: &mut Page, outcome: &Outcome) {
    if outcome.warnings.is_empty() {
        return;
    }
    page.section("Read with care");
    for warning in &outcome.warnings {
        for (i, line) in wrap(&super::clean(warning), page.width.saturating_sub(4)).into_iter().enumerate() {
            page.line(Line::new().with(Ink::Plain, if i == 0 { "  ! " } else { "    " }).with(Ink::Plain, line));
        }
    }
}

/// Values assumed at one place: the path above them, and their own names.
type Place<'a> = (&'a str, Vec<&'a str>);

/// Places shown for one reason; the JSON has them all.
const PLACES_MAX: usize = 4;

/// What no source states: by the reason, for one reason often stands for many values.
pub fn assumptions(page: &mut Page, outcome: &Outcome) {
    let assumptions = &outcome.provenance.assumptions;
    if assumptions.is_empty() {
        return;
    }
    page.section("Assumed, because no source states it");
    let mut reasons: Vec<(&str, Vec<Place>)> = Vec::new();
    for assumption in assumptions {
        let (parent, leaf) = assumption.path.rsplit_once('.').unwrap_or(("", &assumption.path));
        let at = match reasons.iter().position(|(why, _)| *why == assumption.why) {
            Some(at) => at,
            None => {
                reasons.push((&assumption.why, Vec::new()));
                reasons.len() - 1
            }
        };
        let places = &mut reasons[at].1;
        match places.iter_mut().find(|(known, _)| *known == parent) {
            Some((_, leaves)) => leaves.push(leaf),
            None => places.push((parent, vec![leaf])),
        }
    }
    for (why, places) in reasons {
        for part in wrap(why, page.width - 2) {
            page.line(Line::new().with(Ink::Plain, format!("  {part}")));
        }
        let mut shown: Vec<String> = (places.iter().take(PLACES_MAX))
            .map(
                |(parent, leaves)| {
                    if parent.is_empty() { leaves.join(", ") } else { format!("{parent}: {}", leaves.join(", ")) }
                },
            )
            .collect();
        let left: usize = places.iter().skip(PLACES_MAX).map(|(_, leaves)| leaves.len()).sum();
        if left > 0 {
            shown.push(format!("and {left} more"));
        }
        for part in wrap(&shown.join(" · "), page.width.saturating_sub(6)) {
            page.line(Line::new().with(Ink::Faint, format!("      {part}")));
        }
    }
}

/// What proves that a run is this run, and the command that makes it again.
pub fn provenance(page: &mut Page, outcome: &Outcome, replay: Option<&str>) {
    let provenance = &outcome.provenance;
    page.section("To get this again");
    let observations = format::count(provenance.observations as f64);
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
