//! The timeline: what happened when, and what led to it.
//!
//! What happened in one instant stands together, each thing under what led to it. What goes back to an earlier instant
//! says so on its line, or on a line below it: for what users felt the whole chain, so that the fault, the failover that
//! failed and the users who were down can be read in one glance.

use super::line::{Ink, Line, cut, width, wrap};
use super::page::Page;
use super::sign::sign;
use crate::metrics::{StoryLine, Theme};
use crate::observe::ServiceLevel;
use crate::report::clock::Clock;
use crate::report::narrative::{Entry, cause, instants, is_word_to_users, middle, text, worth_telling};

/// Longer stories are told without their lesser lines, and then without their middle.
const LINES_MAX: usize = 80;
/// So many lines of the end are kept when the middle is left out.
const LINES_AT_END: usize = 24;
/// Columns of the time and what is around it.
const TIME_WIDTH: usize = 12;
/// Deeper than this nothing is indented further.
const DEPTH_MAX: usize = 6;

/// Writes the timeline.
pub fn write(page: &mut Page, story: &[StoryLine], clock: &Clock) {
    if story.is_empty() {
        return;
    }
    page.section("What happened, and why");
    let kept = worth_telling(story, LINES_MAX);
    let instants = instants(story, &kept);
    let lines: usize = instants.iter().map(|i| i.iter().map(Entry::lines).sum::<usize>()).sum();
    let middle = if lines > LINES_MAX { middle(&instants, LINES_MAX, LINES_AT_END) } else { 0..0 };
    let mut day = String::new();
    for (index, instant) in instants.iter().enumerate() {
        if index == middle.start && !middle.is_empty() {
            let count: usize = instants[middle.clone()].iter().flatten().map(Entry::told).sum();
            page.line(Line::new().with(Ink::Faint, format!("{:TIME_WIDTH$}⋮ {count} more", "")));
        }
        if middle.contains(&index) {
            continue;
        }
        let Some(first) = instant.first() else { continue };
        let at = clock.at(story[first.line].at_s.round());
        let now = at.strftime(if clock.has_years() { "%a %d %b %Y" } else { "%a %d %b" }).to_string();
        if now != day {
            page.line(Line::new().with(Ink::Strong, format!("  {now}")));
            day = now;
        }
        let mut time = at.strftime("  %H:%M:%S").to_string();
        for entry in instant {
            tell(page, story, clock, entry, &mut time, &mut Vec::new());
        }
    }
    let lesser = story.len() - kept.iter().filter(|&&k| k).count();
    if lesser > 0 {
        let text = format!("{:TIME_WIDTH$}{lesser} lesser lines are not shown; --json has them all", "");
        page.line(Line::new().with(Ink::Faint, text));
    }
}

/// Writes an entry and what it led to. `more` tells for each level whether something follows there.
fn tell(page: &mut Page, story: &[StoryLine], clock: &Clock, entry: &Entry, time: &mut String, more: &mut Vec<bool>) {
    let line = &story[entry.line];
    let (ink, sign) = glyph(line);
    let mut first = Line::new().with(Ink::Faint, std::mem::take(time));
    first.pad(TIME_WIDTH);
    first.push(Ink::Faint, branch(more));
    let hang = first.width() + 2;
    let room = page.width.saturating_sub(hang).max(20);
    let text = text(story, entry);
    let mut parts = wrap(&text, room).into_iter();
    first.push(ink, sign);
    first.push(Ink::Plain, " ");
    let loud = matches!(line.theme, Theme::Fault | Theme::ResponseFailed | Theme::People);
    let text_ink = match (line.theme, loud) {
        (Theme::System, _) => Ink::Faint,
        (_, true) => ink,
        _ => Ink::Plain,
    };
    first.push(text_ink, parts.next().unwrap_or_default());
    let follows = !entry.led_to.is_empty();
    let below = stems(more);
    let margin = |page: &mut Page, ink: Ink, text: String| {
        let mut line = Line::new();
        line.pad(TIME_WIDTH);
        line.push(Ink::Faint, format!("{below}{}", if follows { "│ " } else { "  " }));
        line.push(ink, text);
        page.line(line);
    };
    let rest: Vec<String> = parts.collect();
    // A reason from the same instant is what this line already stands under.
    let has_own = more.is_empty() && entry.alike.iter().all(|&i| story[i].because == line.because);
    let because = if has_own { because(story, clock, entry.line, room) } else { None };
    match because {
        Some(because) if rest.is_empty() && first.width() + 2 + width(&because) <= page.width => {
            first.push(Ink::Faint, format!("  {because}"));
            page.line(first);
        }
        because => {
            page.line(first);
            rest.into_iter().for_each(|part| margin(page, text_ink, part));
            if let Some(because) = because {
                margin(page, Ink::Faint, because);
            }
        }
    }
    for (index, next) in entry.led_to.iter().enumerate() {
        more.push(index + 1 < entry.led_to.len());
        tell(page, story, clock, next, time, more);
        more.pop();
    }
}

/// The lines of the tree beside what stands below an entry.
fn stems(more: &[bool]) -> String {
    more[more.len().saturating_sub(DEPTH_MAX)..].iter().map(|&more| if more { "│  " } else { "   " }).collect()
}

/// The lines of the tree in front of an entry.
fn branch(more: &[bool]) -> String {
    match more.split_last() {
        Some((true, outer)) => stems(outer) + "├─ ",
        Some((false, outer)) => stems(outer) + "└─ ",
        None => String::new(),
    }
}

/// What led to a line: for what people felt and for what failed the whole chain, else the nearest. Where the chain is too
/// long for so many columns, its middle is left out: what it began with is what one looks for.
fn because(story: &[StoryLine], clock: &Clock, line: usize, columns: usize) -> Option<String> {
    let mut next = cause(story, line)?;
    // That a plan goes on and ends is due to its beginning; nobody has to be told.
    if (story[line].theme, story[next].theme) == (Theme::Maintenance, Theme::Maintenance) {
        return None;
    }
    let felt = story[line].mood != Some(ServiceLevel::Fine);
    let long = felt && matches!(story[line].theme, Theme::People | Theme::ResponseFailed);
    let mut chain = vec![story[next].text.as_str()];
    while let (true, Some(cause)) = (long, cause(story, next)) {
        next = cause;
        chain.push(&story[next].text);
    }
    let (then, now) = (clock.at(story[next].at_s.round()), clock.at(story[line].at_s.round()));
    let format = match then.date() == now.date() {
        true => "%H:%M",
        false if (now.date() - then.date()).get_days() < 7 => "%a %H:%M",
        false => "%a %d %b %H:%M",
    };
    let time = then.strftime(format).to_string();
    let first = chain.pop()?;
    let ending = format!("← {first} ({time})");
    let shown =
        |chain: &[&str], gap: &str| chain.iter().map(|text| format!("← {text} ")).collect::<String>() + gap + &ending;
    let whole = shown(&chain, "");
    if width(&whole) <= columns {
        return Some(whole);
    }
    let fitting = (0..chain.len()).rev().map(|n| shown(&chain[..n], "← … ")).find(|text| width(text) <= columns);
    Some(fitting.unwrap_or_else(|| {
        // Not even the two ends fit: each gives way by itself.
        let room = columns.saturating_sub(time.len() + 5);
        match chain.first() {
            Some(nearest) => {
                let half = room.saturating_sub(6) / 2;
                format!(
                    "← {} ← … ← {} ({time})",
                    cut(nearest, half.saturating_sub(2)),
                    cut(first, half.saturating_sub(2))
                )
            }
            None => format!("← {} ({time})", cut(first, room)),
        }
    }))
}

fn glyph(line: &StoryLine) -> (Ink, &'static str) {
    match line.theme {
        Theme::Fault => (Ink::Bad, "✗"),
        Theme::ResponseFailed => (Ink::Bad, "✗"),
        Theme::Repair => (Ink::Good, "✓"),
        Theme::Response => (Ink::Response, "→"),
        Theme::Maintenance => (Ink::Planned, "▬"),
        Theme::System => (Ink::Faint, "·"),
        Theme::People => line.mood.map_or((Ink::Strong, "◇"), |mood| match mood {
            ServiceLevel::Fine => (Ink::Good, "✓"),
            mood => sign(mood),
        }),
        Theme::Word if is_word_to_users(line) => (Ink::Word, "▲"),
        Theme::Word => (Ink::Word, "◆"),
    }
}
