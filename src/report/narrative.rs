//! The story made tellable: which lines are worth telling, which stand together, and which are told as one.

use crate::metrics::{StoryLine, Theme};
use std::collections::BTreeMap;

/// Longer chains of one instant are told in parts.
const NESTED_MAX: usize = 40;
/// Like things that happen at once are told in one line from this number on.
const ALIKE_MIN: usize = 3;
/// Names that such a line has.
const NAMES_MAX: usize = 4;

/// A line of the story, with those of the same instant that it led to.
pub struct Entry {
    /// Its index in the story.
    pub line: usize,
    /// The lines that are told with it, alike but for a name.
    pub alike: Vec<usize>,
    /// What it led to in the same instant.
    pub led_to: Vec<Entry>,
}

impl Entry {
    /// Lines that it takes.
    pub fn lines(&self) -> usize {
        1 + self.led_to.iter().map(Entry::lines).sum::<usize>()
    }

    /// Lines of the story that it tells.
    pub fn told(&self) -> usize {
        1 + self.alike.len() + self.led_to.iter().map(Entry::told).sum::<usize>()
    }
}

/// All lines, or in a long story those that are about faults, the response and people, and what led to them.
pub fn worth_telling(story: &[StoryLine], lines_max: usize) -> Vec<bool> {
    if story.len() <= lines_max {
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
pub fn cause(story: &[StoryLine], index: usize) -> Option<usize> {
    story[index].because.filter(|&cause| cause < index)
}

/// The kept lines by instant, each under what led to it in the same instant.
pub fn instants(story: &[StoryLine], kept: &[bool]) -> Vec<Vec<Entry>> {
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
pub fn middle(instants: &[Vec<Entry>], lines_max: usize, lines_at_end: usize) -> std::ops::Range<usize> {
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
    let first = fitting(&mut instants.iter().map(size), lines_max - lines_at_end);
    let last = fitting(&mut instants.iter().rev().map(size), lines_at_end);
    first..instants.len().saturating_sub(last).max(first)
}

/// What an entry says, with the names of those that are told with it.
pub fn text(story: &[StoryLine], entry: &Entry) -> String {
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

/// Words that reach the users, told from decisions by how the story puts them.
pub fn is_word_to_users(line: &StoryLine) -> bool {
    line.theme == Theme::Word && line.text.starts_with("users are told")
}
