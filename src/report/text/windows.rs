//! The windows of a maintenance on the terminal: the week first, then the best starts, promises, whom it meets, and whether to
//! wait.

use super::line::{Ink, Line, wrap};
use super::page::{Layout, Page};
use super::table::Table;
use crate::report::format;
use crate::report::week::{self, LEVELS, PICTURES, Shown, Week};
use crate::study::{WindowOutcome, WindowsOutcome};
use std::collections::BTreeMap;

/// Shades, from the fewest user-minutes to the most.
const SHADES: [(&str, Ink); LEVELS] =
    [("·", Ink::Good), ("░", Ink::Plain), ("▒", Ink::Stale), ("▓", Ink::Degraded), ("█", Ink::Bad)];
const BEST: &str = "●";
const OWN: &str = "○";
const BOTH: &str = "◉";
/// Where the hours begin: dates stand left of it.
const LEFT: usize = 14;
/// From so many columns on, an hour has two.
const WIDE: usize = LEFT + 48;

/// Writes what is said of the windows of a maintenance.
pub fn render_windows(outcome: &WindowsOutcome, layout: Layout) -> String {
    let mut page = Page::new(layout.width, layout.colour);
    for line in wrap(&outcome.title, page.width) {
        page.line(Line::new().with(Ink::Strong, line));
    }
    for line in wrap(&week::scope(outcome), page.width) {
        page.line(Line::new().with(Ink::Faint, line));
    }
    page.blank();
    sentences(&mut page, &week::lede(outcome), Ink::Strong);
    for shown in PICTURES {
        picture(&mut page, outcome, shown);
    }
    starts(&mut page, outcome);
    promises(&mut page, outcome);
    met(&mut page, outcome);
    now(&mut page, outcome);
    again(&mut page, outcome, layout.replay);
    page.out
}

fn sentences(page: &mut Page, text: &str, ink: Ink) {
    for line in wrap(text, page.width.saturating_sub(2)) {
        page.line(Line::new().with(Ink::Plain, "  ").with(ink, line));
    }
}

/// A week of hours in shades.
fn picture(page: &mut Page, outcome: &WindowsOutcome, shown: Shown) {
    page.section(shown.title);
    sentences(page, shown.note, Ink::Faint);
    page.blank();
    let week = Week::new(outcome, shown);
    let columns = if page.width >= WIDE { 2 } else { 1 };
    let mut hours = Line::new();
    for hour in (0..24).step_by(3) {
        hours.pad(LEFT + hour * columns);
        hours.push(Ink::Faint, format!("{hour:02}"));
    }
    page.line(hours);
    let best = outcome.ranking.first().copied();
    for (date, hours) in &week.days {
        let mut line = Line::new().with(Ink::Faint, format!("  {date}"));
        line.pad(LEFT);
        for (hour, place) in hours.iter().enumerate() {
            let is_own = (date, hour) == (&outcome.own.date, usize::from(outcome.own.hour));
            let Some(window) = place.and_then(|place| outcome.windows.get(place)) else {
                let mark = if is_own { OWN } else { " " };
                line.push(Ink::Strong, format!("{}{mark}", " ".repeat(columns - 1)));
                continue;
            };
            let (shade, ink) = SHADES[week.level((shown.of)(window))];
            let mark = match (*place == best, is_own) {
                (true, true) => Some(BOTH),
                (true, false) => Some(BEST),
                (false, true) => Some(OWN),
                (false, false) => None,
            };
            line.push(ink, shade.repeat(columns - usize::from(mark.is_some())));
            if let Some(mark) = mark {
                line.push(Ink::Strong, mark);
            }
        }
        page.line(line);
    }
    page.blank();
    legend(page, &week);
}

fn legend(page: &mut Page, week: &Week) {
    let mut keys: Vec<(Ink, &str, String)> = Vec::new();
    for (level, (shade, ink)) in SHADES.iter().enumerate() {
        let (low, high) = week.bounds(level);
        if level == 0 && week.level(week.high) == 0 {
            keys.push((*ink, shade, format!("{} at every hour", format::large(week.high))));
            break;
        }
        let words = match level {
            0 => format!("{} to {}", format::large(low), format::large(high)),
            _ => format!("to {}", format::large(high)),
        };
        keys.push((*ink, shade, words));
    }
    keys.extend(week.base().map(|base| (Ink::Faint, "", base)));
    keys.push((Ink::Strong, BEST, "the best start".to_owned()));
    keys.push((Ink::Strong, OWN, "the plan's own".to_owned()));
    let mut line = Line::new().with(Ink::Plain, "  ");
    for (ink, sign, words) in keys {
        let key = Line::new().with(ink, sign).with(Ink::Faint, format!(" {words}   "));
        if line.width() + key.width() > page.width + 3 {
            page.line(std::mem::take(&mut line));
            line.push(Ink::Plain, "  ");
        }
        line = line.and(key);
    }
    page.line(line);
}

/// The best starts, the plan's own and the worst.
fn starts(page: &mut Page, outcome: &WindowsOutcome) {
    page.section("The best starts, the plan's own, and the worst");
    sentences(
        page,
        "User-minutes: means over all replications, and what is lost beyond the plan's own start and beyond a run without the \
         maintenance, with intervals. A fault: something that is not itself down for it fails while it lasts.",
        Ink::Faint,
    );
    page.blank();
    let mut table = Table::new(&[
        "",
        "begins",
        ">lost",
        ">beyond the|plan's own",
        ">beyond|no maintenance",
        ">users|met",
        ">un-|announced",
        ">overrun",
        ">a fault",
        ">done",
    ]);
    let rows = week::chosen(outcome);
    let all_done = rows.iter().all(|(_, window)| window.done.seen == window.done.of);
    for (name, window) in rows {
        let done = if all_done { format::NOTHING.to_owned() } else { week::share(&window.done) };
        table.row(vec![
            (Ink::Strong, name),
            (Ink::Strong, week::moment(&window.starts).to_owned()),
            (Ink::Plain, format::large(window.lost.mean)),
            (Ink::Plain, week::difference(&window.against_own)),
            (Ink::Plain, week::difference(&window.against_none)),
            (Ink::Plain, format::large(window.met.mean)),
            (Ink::Plain, format::large(window.unannounced.mean)),
            (Ink::Plain, week::share(&window.overrun)),
            (Ink::Plain, week::share(&window.fault)),
            (Ink::Plain, done),
        ]);
    }
    table.write(page);
}

/// What can be promised.
fn promises(page: &mut Page, outcome: &WindowsOutcome) {
    page.section("What to promise");
    sentences(page, &week::takes(outcome), Ink::Plain);
    page.blank();
    let mut table =
        Table::new(&["promise", ">is overrun", ">unannounced,|the plan's own start", ">unannounced,|the best start"]);
    for promise in &outcome.promises {
        let ink = if promise.is_own { Ink::Strong } else { Ink::Plain };
        table.row(vec![
            (ink, week::promise(promise)),
            (Ink::Plain, week::share(&promise.overrun)),
            (Ink::Plain, format::large(promise.unannounced_own.mean)),
            (Ink::Plain, format::large(promise.unannounced_best.mean)),
        ]);
    }
    table.write(page);
}

/// Whom it meets, at which hour of theirs.
fn met(page: &mut Page, outcome: &WindowsOutcome) {
    let best = week::best(outcome);
    for (title, window) in [("at the plan's own start", &outcome.own), ("at the best start", best)] {
        if window.people.is_empty() {
            continue;
        }
        page.section(&format!("Whom it meets {title}, {}", week::moment(&window.starts)));
        people(page, window);
    }
}

fn people(page: &mut Page, window: &WindowOutcome) {
    let hours = || window.people.values().flat_map(|met| met.by_local_hour.values());
    let most = hours().copied().fold(0.0, f64::max);
    let mut table = Table::new(&[
        "population",
        ">user-|minutes",
        ">un-|announced",
        ">most at|local hour",
        "by local hour|0     6     12    18",
    ]);
    for (name, met) in &window.people {
        table.row(vec![
            (Ink::Plain, name.clone()),
            (Ink::Strong, format::large(met.user_minutes)),
            (Ink::Plain, format::large(met.user_minutes_unannounced)),
            (Ink::Plain, week::busiest(&met.by_local_hour)),
            (Ink::Plain, strip(&met.by_local_hour, most)),
        ]);
    }
    table.write(page);
    page.blank();
    let note = format!("Shades of an hour: fifths of {} user-minutes; blank, nobody.", format::large(most));
    sentences(page, &note, Ink::Faint);
}

/// A day of local hours in shades.
fn strip(hours: &BTreeMap<u8, f64>, most: f64) -> String {
    let shade = |hour: u8| match hours.get(&hour) {
        Some(minutes) if *minutes > 0.0 && most > 0.0 => {
            SHADES[((minutes / most * LEVELS as f64) as usize).min(LEVELS - 1)].0
        }
        _ => " ",
    };
    (0..24).map(shade).collect::<String>()
}

fn now(page: &mut Page, outcome: &WindowsOutcome) {
    let Some(now) = &outcome.now else { return };
    page.section("Now, or wait?");
    sentences(page, &week::now_or_later(now).join(" "), Ink::Strong);
    let fix = now.fix.as_ref().map(|fix| format!("the temporary fix of {}; ", fix.components.join(", ")));
    let note = format!(
        "{}{} replications of each, all under the same luck; a run is {}",
        fix.unwrap_or_default(),
        format::count(now.replications as f64),
        format::length(now.run_s)
    );
    sentences(page, &note, Ink::Faint);
}

fn again(page: &mut Page, outcome: &WindowsOutcome, replay: Option<&str>) {
    page.section("To get this again");
    let mut told = Vec::new();
    if outcome.assumptions > 0 {
        let note = format!("{} values are assumed, because no source states them; run lists them", outcome.assumptions);
        told.push(("assumed", note));
    }
    told.push(("digest", outcome.digest.clone()));
    told.push(("made by", format!("firedrill {}, seed {}", outcome.firedrill_version, outcome.seed)));
    for (label, value) in told {
        for (index, part) in wrap(&value, page.width.saturating_sub(12)).into_iter().enumerate() {
            let label = if index == 0 { label } else { "" };
            page.line(Line::new().with(Ink::Faint, format!("  {label:<10}")).with(Ink::Plain, part));
        }
    }
    if let Some(command) = replay {
        page.line(Line::new().with(Ink::Faint, format!("  {:<10}", "replay")).with(Ink::Strong, command));
    }
}
