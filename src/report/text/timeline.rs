//! The timeline: what happened when, and what led to it.
//!
//! What happened in one instant stands together, each thing under what led to it. What goes back to an earlier instant
//! says so on its line, or on a line below it: for what users felt the whole chain, so that the fault, the failover that
//! failed and the users who were down can be read in one glance.

use super::line::{Ink, Line, cut, width, wrap};
use super::strip::{is_word_to_users, sign};
use super::{Clock, Page};
use crate::metrics::{StoryLine, Theme};
use crate::observe::Mood;
use std::collections::BTreeMap;

/// Longer stories are told without their lesser lines, and then without their middle.
const LINES_MAX: usize = 80;
/// So many lines of the end are kept when the middle is left out.
const LINES_AT_END: usize = 24;
/// Columns of the time and what is around it.
const TIME_WIDTH: usize = 12;
/// Deeper than this nothing is indented further.
const DEPTH_MAX: usize = 6;
/// Longer chains of one instant are told in parts.
const NESTED_MAX: usize = 40;
/// Like things that happen at once are told in one line from this number on.
const ALIKE_MIN: usize = 3;
/// Names that such a line has.
const NAMES_MAX: usize = 4;

/// Writes the timeline.
pub fn write(page: &mut Page, story: &[StoryLine], clock: &Clock) {
    if story.is_empty() {
        return;
    }
    page.section("What happened, and why");
    let kept = worth_telling(story);
    let instants = instants(story, &kept);
    let lines: usize = instants.iter().map(|i| i.iter().map(Entry::lines).sum::<usize>()).sum();
    let middle = if lines > LINES_MAX { middle(&instants) } else { 0..0 };
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

/// A line of the story, with those of the same instant that it led to.
struct Entry {
    line: usize,
    /// The lines that are told with it, alike but for a name.
    alike: Vec<usize>,
    led_to: Vec<Entry>,
}

impl Entry {
    fn lines(&self) -> usize {
        1 + self.led_to.iter().map(Entry::lines).sum::<usize>()
    }

    fn told(&self) -> usize {
        1 + self.alike.len() + self.led_to.iter().map(Entry::told).sum::<usize>()
    }
}

/// All lines, or in a long story those that are about faults, the response and people, and what led to them.
fn worth_telling(story: &[StoryLine]) -> Vec<bool> {
    if story.len() <= LINES_MAX {
        return vec![true; story.len()];
    }
    let mut kept: Vec<bool> = story.iter().map(|l| l.theme != Theme::System).collect();
    for index in (0..story.len()).rev() {
        if let (true, Some(cause)) = (kept[index], cause(story, index)) {
            kept[cause] = true;
        }
    }
    kept
}

/// What led to a line; never itself or a later one, whatever the data say.
fn cause(story: &[StoryLine], index: usize) -> Option<usize> {
    story[index].because.filter(|&cause| cause < index)
}

/// The kept lines by instant, each under what led to it in the same instant.
fn instants(story: &[StoryLine], kept: &[bool]) -> Vec<Vec<Entry>> {
    let mut instants = Vec::new();
    let mut shown = (0..story.len()).filter(|&i| kept[i]).peekable();
    while let Some(first) = shown.next() {
        let mut lines = vec![first];
        while let Some(next) = shown.next_if(|&i| story[i].at_s.round() == story[first].at_s.round()) {
            lines.push(next);
        }
        let mut led_to: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        let mut depths: BTreeMap<usize, usize> = BTreeMap::new();
        let mut roots = Vec::new();
        for line in lines {
            let above = cause(story, line).and_then(|c| Some((c, *depths.get(&c)?)));
            match above.filter(|(_, depth)| *depth < NESTED_MAX) {
                Some((cause, depth)) => {
                    depths.insert(line, depth + 1);
                    led_to.entry(cause).or_default().push(line);
                }
                None => {
                    depths.insert(line, 0);
                    roots.push(line);
                }
            }
        }
        instants.push(grouped(story, &roots, &led_to));
    }
    instants
}

/// Entries for siblings: those that differ only in what they are about are told together.
fn grouped(story: &[StoryLine], siblings: &[usize], led_to: &BTreeMap<usize, Vec<usize>>) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut taken = vec![false; siblings.len()];
    for at in 0..siblings.len() {
        if taken[at] {
            continue;
        }
        let line = siblings[at];
        let alike: Vec<usize> =
            (at + 1..siblings.len()).filter(|&i| !taken[i] && shared(story, line, siblings[i]).is_some()).collect();
        let together = alike.len() + 1 >= ALIKE_MIN;
        let alike: Vec<usize> = if together { alike } else { Vec::new() };
        alike.iter().for_each(|&i| taken[i] = true);
        let alike: Vec<usize> = alike.into_iter().map(|i| siblings[i]).collect();
        let below: Vec<usize> =
            std::iter::once(&line).chain(&alike).filter_map(|i| led_to.get(i)).flatten().copied().collect();
        entries.push(Entry { line, alike, led_to: grouped(story, &below, led_to) });
    }
    entries
}

/// What two lines say alike: `serves`, of `web at oslo serves` and `mail at oslo serves`; `: down`, of two populations.
fn shared(story: &[StoryLine], a: usize, b: usize) -> Option<&str> {
    const ENDINGS: [&str; 5] = [" stops serving", " serves", " is overloaded", " has drained its queue", " fails"];
    let (a, b) = (&story[a], &story[b]);
    // Many systems that start again each go back to their own stop: that is no reason to tell them apart.
    if a.theme != b.theme || (a.because != b.because && a.theme != Theme::System) {
        return None;
    }
    if a.theme == Theme::People {
        // Populations that feel alike for one reason.
        let after = |line: &StoryLine| line.text.find(": ").filter(|_| line.mood.is_some());
        let (ours, theirs) = (&a.text[after(a)?..], &b.text[after(b)?..]);
        return (a.mood == b.mood && ours == theirs).then_some(ours);
    }
    ENDINGS.into_iter().find(|end| a.text.ends_with(end) && b.text.ends_with(end)).map(str::trim_start)
}

/// The instants to leave out: those between what fits at the start and what fits at the end.
fn middle(instants: &[Vec<Entry>]) -> std::ops::Range<usize> {
    let size = |i: &Vec<Entry>| i.iter().map(Entry::lines).sum::<usize>();
    let fitting = |sizes: &mut dyn Iterator<Item = usize>, most: usize| {
        let mut used = 0;
        sizes
            .take_while(|size| {
                used += size;
                used <= most
            })
            .count()
            .max(1)
    };
    let first = fitting(&mut instants.iter().map(size), LINES_MAX - LINES_AT_END);
    let last = fitting(&mut instants.iter().rev().map(size), LINES_AT_END);
    first..instants.len().saturating_sub(last).max(first)
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

/// What an entry says, with the names of those that are told with it.
fn text(story: &[StoryLine], entry: &Entry) -> String {
    let Some(what) = entry.alike.first().and_then(|&other| shared(story, entry.line, other)) else {
        return story[entry.line].text.clone();
    };
    let all: Vec<usize> = std::iter::once(entry.line).chain(entry.alike.iter().copied()).collect();
    let names: Vec<&str> =
        all.iter().take(NAMES_MAX).map(|&i| story[i].text.strip_suffix(what).unwrap_or("").trim_end()).collect();
    let more = all.len().saturating_sub(NAMES_MAX);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let names = names.join(", ") + &more;
    if what.starts_with(':') { format!("{names}{what}") } else { format!("{what}: {names}") }
}

/// What led to a line: for what people felt and for what failed the whole chain, else the nearest. Where the chain is too
/// long for so many columns, its middle is left out: what it began with is what one looks for.
fn because(story: &[StoryLine], clock: &Clock, line: usize, columns: usize) -> Option<String> {
    let mut next = cause(story, line)?;
    // That a plan goes on and ends is due to its beginning; nobody has to be told.
    if (story[line].theme, story[next].theme) == (Theme::Maintenance, Theme::Maintenance) {
        return None;
    }
    let felt = story[line].mood != Some(Mood::Fine);
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
            Mood::Fine => (Ink::Good, "✓"),
            mood => sign(mood),
        }),
        Theme::Word if is_word_to_users(line) => (Ink::Word, "▲"),
        Theme::Word => (Ink::Word, "◆"),
    }
}
