//! What breaks a design, on the terminal: each objective first, then each fault alone, then what is taken for granted.

use super::line::{Ink, Line, wrap};
use super::page::{Layout, Page};
use super::table::Table;
use crate::report::{format, weakness};
use crate::search::{Broken, Found, Single};

/// Sets of one objective that are shown.
const SETS_MAX: usize = 12;
/// Of so many of them it is told what would have saved it.
const SAVED_MAX: usize = 3;
/// Things that would have saved it.
const SAVERS_MAX: usize = 5;
/// Columns that keep the names of faults.
const NAME_MAX: usize = 36;

/// Writes what a search found.
pub fn render_found(found: &Found, layout: Layout) -> String {
    let mut page = Page::new(layout.width, layout.colour);
    for line in wrap(&found.title, page.width) {
        page.line(Line::new().with(Ink::Strong, line));
    }
    for line in wrap(&weakness::scope(found), page.width) {
        page.line(Line::new().with(Ink::Faint, line));
    }
    for broken in &found.objectives {
        objective(&mut page, broken);
    }
    singles(&mut page, found);
    side_by_side(&mut page, found);
    granted(&mut page, found);
    if let Some(command) = layout.replay {
        page.section("To get this again");
        page.line(Line::new().with(Ink::Faint, "  replay  ").with(Ink::Strong, command));
    }
    page.out
}

fn sentences(page: &mut Page, text: &str, ink: Ink) {
    for line in wrap(text, page.width.saturating_sub(2)) {
        page.line(Line::new().with(Ink::Plain, "  ").with(ink, line));
    }
}

fn objective(page: &mut Page, broken: &Broken) {
    page.section(&format!("What breaks \"{}\" ({})", broken.objective, broken.asks));
    let ink = if broken.certificate.is_some() { Ink::Good } else { Ink::Bad };
    sentences(page, &weakness::lede(broken), ink);
    if broken.minimal.is_empty() {
        return;
    }
    page.blank();
    let mut table = Table::new(&["the fewest, then the likeliest", ">to be expected", ">breaks it", "worst", ">"])
        .keeping_names(NAME_MAX);
    for set in broken.minimal.iter().take(SETS_MAX) {
        let replays = if set.replays { format::NOTHING.to_owned() } else { "does not replay".to_owned() };
        table.row(vec![
            (Ink::Bad, set.faults.join(" + ")),
            (Ink::Plain, weakness::frequency_if_known(set.per_year)),
            (Ink::Plain, weakness::hours(set)),
            (Ink::Plain, weakness::moment(&set.worst_at).to_owned()),
            (Ink::Degraded, replays),
        ]);
    }
    table.write(page);
    if broken.minimal.len() > SETS_MAX {
        let more = broken.minimal.len() - SETS_MAX;
        page.line(Line::new().with(Ink::Faint, format!("  and {more} more; --json has them all")));
    }
    importance(page, broken);
    for set in broken.minimal.iter().filter(|set| !set.saved.is_empty()).take(SAVED_MAX) {
        page.blank();
        sentences(page, &format!("{}: what would have kept it", set.faults.join(" + ")), Ink::Strong);
        for saved in set.saved.iter().take(SAVERS_MAX) {
            let ink = if saved.before { Ink::Plain } else { Ink::Good };
            page.line(Line::new().with(Ink::Faint, "    • ").with(ink, weakness::saved(saved)));
        }
        if set.saved.len() > SAVERS_MAX {
            page.line(Line::new().with(Ink::Faint, format!("      and {} more", set.saved.len() - SAVERS_MAX)));
        }
    }
    for set in broken.minimal.iter().filter(|set| !set.holds_with.is_empty()).take(SAVED_MAX) {
        page.blank();
        sentences(page, &weakness::holds_with(set), Ink::Plain);
    }
}

fn importance(page: &mut Page, broken: &Broken) {
    if broken.importance.len() < 2 {
        return;
    }
    page.blank();
    let mut table =
        Table::new(&["what counts most", ">takes part in|(Fussell-Vesely)", ">breaks it when|there (Birnbaum)"])
            .keeping_names(NAME_MAX);
    for fault in broken.importance.iter().take(SAVERS_MAX) {
        table.row(vec![
            (Ink::Plain, fault.fault.clone()),
            (Ink::Strong, format::share(fault.fussell_vesely)),
            (Ink::Plain, format::share(fault.birnbaum.min(1.0))),
        ]);
    }
    table.write(page);
}

fn singles(page: &mut Page, found: &Found) {
    page.section("One fault at a time, at its worst hour");
    let mut table = Table::new(&[
        "fault",
        ">users hit",
        ">longest|outage",
        ">user-minutes|lost",
        ">to be|expected",
        "worst",
        ">objectives|broken",
    ])
    .keeping_names(NAME_MAX);
    for single in found.singles.iter().filter(|single| weakness::is_told(single)) {
        let ink = if single.breaks.is_empty() { Ink::Plain } else { Ink::Bad };
        let broken =
            if single.breaks.is_empty() { format::NOTHING.to_owned() } else { single.breaks.len().to_string() };
        table.row(vec![
            (ink, single.fault.clone()),
            (Ink::Plain, format::count(single.users_hit)),
            (Ink::Strong, outage(single)),
            (Ink::Plain, format::large(single.user_minutes_lost.max(0.0))),
            (Ink::Plain, weakness::frequency_if_known(single.per_year)),
            (Ink::Faint, weakness::moment(&single.worst_at).to_owned()),
            (ink, broken),
        ]);
    }
    match table.is_empty() {
        true => sentences(page, "None of them can be told by any user.", Ink::Good),
        false => table.write(page),
    }
    let hidden: Vec<&str> = found.singles.iter().filter(|s| !s.shows).map(|s| s.fault.as_str()).collect();
    if !hidden.is_empty() {
        page.blank();
        sentences(page, &format!("No user can tell, alone: {}.", hidden.join(", ")), Ink::Faint);
    }
}

fn outage(single: &Single) -> String {
    if single.longest_outage_s > 0.0 { format::length(single.longest_outage_s) } else { format::NOTHING.to_owned() }
}

/// The longest outage of each fault under every strategy.
fn side_by_side(page: &mut Page, found: &Found) {
    if found.side_by_side.is_empty() {
        return;
    }
    page.section("The longest outage of each, strategy by strategy");
    let own = found.run.first().cloned().unwrap_or_default();
    let columns: Vec<(&str, &[Single])> = std::iter::once((own.as_str(), found.singles.as_slice()))
        .chain(found.side_by_side.iter().map(|column| (column.strategy.as_str(), column.singles.as_slice())))
        .collect();
    let titles: Vec<String> = columns.iter().map(|(strategy, _)| format!(">{}", strategy.replace(' ', "|"))).collect();
    let titles: Vec<&str> = std::iter::once("fault").chain(titles.iter().map(String::as_str)).collect();
    let mut table = Table::new(&titles).keeping_names(NAME_MAX);
    let mut names: Vec<&str> = Vec::new();
    for (_, singles) in &columns {
        for single in singles.iter().filter(|single| single.shows && single.longest_outage_s > 0.0) {
            if !names.contains(&single.fault.as_str()) {
                names.push(&single.fault);
            }
        }
    }
    for name in names {
        let cell = |singles: &[Single]| match singles.iter().find(|single| single.fault == name) {
            None => (Ink::Faint, "not there".to_owned()),
            Some(single) if !single.shows || single.longest_outage_s <= 0.0 => (Ink::Good, "none".to_owned()),
            Some(single) if single.breaks.is_empty() => (Ink::Plain, outage(single)),
            Some(single) => (Ink::Bad, outage(single)),
        };
        let cells = columns.iter().map(|(_, singles)| cell(singles));
        table.row(std::iter::once((Ink::Plain, name.to_owned())).chain(cells).collect());
    }
    table.write(page);
}

fn granted(page: &mut Page, found: &Found) {
    page.section("Taken for granted");
    for sentence in &found.granted {
        for (i, line) in wrap(sentence, page.width.saturating_sub(4)).into_iter().enumerate() {
            let mark = if i == 0 { "  • " } else { "    " };
            page.line(Line::new().with(Ink::Faint, mark).with(Ink::Plain, line));
        }
    }
}
