//! The timeline as a list: what happened in one instant stands together, each thing under what led to it.

use super::markup::Html;
use crate::metrics::{StoryLine, Theme};
use crate::observe::ServiceLevel;
use crate::report::clock::Clock;
use crate::report::narrative::{self, Entry};

/// Longer stories are told without their lesser lines, and then without their middle.
const LINES_MAX: usize = 240;
/// So many lines of the end are kept when the middle is left out.
const LINES_AT_END: usize = 60;
/// Links of a chain of causes that are shown.
const CAUSES_MAX: usize = 3;

/// Writes the timeline.
pub fn story(html: &mut Html, story: &[StoryLine], clock: &Clock) {
    let kept = narrative::worth_telling(story, LINES_MAX);
    let instants = narrative::instants(story, &kept);
    let lines: usize = instants.iter().flatten().map(Entry::lines).sum();
    let middle = if lines > LINES_MAX { narrative::middle(&instants, LINES_MAX, LINES_AT_END) } else { 0..0 };
    html.within("div", &[("class", &"story")], |html| {
        let mut day = String::new();
        for (index, instant) in instants.iter().enumerate() {
            if index == middle.start && !middle.is_empty() {
                let count: usize = instants[middle.clone()].iter().flatten().map(Entry::told).sum();
                html.say("p", &[("class", &"faint")], format!("⋮ {count} more; --json has them all"));
            }
            let Some(first) = instant.first().filter(|_| !middle.contains(&index)) else { continue };
            let at = clock.at(story[first.line].at_s.round());
            let now = at.strftime(if clock.has_years() { "%a %d %b %Y" } else { "%a %d %b" }).to_string();
            if now != day {
                html.say("h3", &[], &now);
                day = now;
            }
            html.within("div", &[("class", &"instant")], |html| {
                html.say("time", &[], at.strftime("%H:%M:%S").to_string());
                list(html, story, clock, instant, true);
            });
        }
    });
    let lesser = story.len() - kept.iter().filter(|&&k| k).count();
    if lesser > 0 {
        html.say("p", &[("class", &"faint")], format!("{lesser} lesser lines are not shown; --json has them all"));
    }
}

fn list(html: &mut Html, story: &[StoryLine], clock: &Clock, entries: &[Entry], is_first: bool) {
    html.within("ol", &[], |html| {
        for entry in entries {
            html.within("li", &[], |html| {
                let line = &story[entry.line];
                let (class, sign, words) = sign(line);
                html.within("p", &[], |html| {
                    html.say("span", &[("class", &format!("sign {class}")), ("title", &words)], sign);
                    let text_class = match line.theme {
                        Theme::System => "system",
                        Theme::Fault | Theme::ResponseFailed => "bad",
                        _ => "",
                    };
                    html.say("span", &[("class", &text_class)], narrative::text(story, entry));
                    let has_own = is_first && entry.alike.iter().all(|&i| story[i].because == line.because);
                    if let Some(because) = because(story, clock, entry.line).filter(|_| has_own) {
                        html.say("span", &[("class", &"because")], format!(" {because}"));
                    }
                });
                if !entry.led_to.is_empty() {
                    list(html, story, clock, &entry.led_to, false);
                }
            });
        }
    });
}

/// What led to a line, nearest first; of a long chain the middle is left out.
fn because(story: &[StoryLine], clock: &Clock, line: usize) -> Option<String> {
    let mut next = narrative::cause(story, line)?;
    if (story[line].theme, story[next].theme) == (Theme::Maintenance, Theme::Maintenance) {
        return None;
    }
    let hurts = matches!(story[line].theme, Theme::People | Theme::ResponseFailed)
        && story[line].mood != Some(ServiceLevel::Fine);
    let mut chain = vec![next];
    while let (true, Some(cause)) = (hurts, narrative::cause(story, next)) {
        next = cause;
        chain.push(cause);
    }
    let (then, now) = (clock.at(story[next].at_s.round()), clock.at(story[line].at_s.round()));
    let time = then.strftime(if then.date() == now.date() { "%H:%M" } else { "%a %d %b %H:%M" });
    let first = chain.pop()?;
    let left_out = if chain.len() > CAUSES_MAX { "← … " } else { "" };
    let near: String = chain.iter().take(CAUSES_MAX).map(|&i| format!("← {} ", story[i].text)).collect();
    Some(format!("{near}{left_out}← {} ({time})", story[first].text))
}

/// Class, sign and name of what a line is about.
fn sign(line: &StoryLine) -> (&'static str, &'static str, &'static str) {
    match line.theme {
        Theme::Fault => ("bad", "✗", "fault"),
        Theme::ResponseFailed => ("bad", "✗", "the response failed"),
        Theme::Repair => ("good", "✓", "repair"),
        Theme::Response => ("", "→", "response"),
        Theme::Maintenance => ("faint", "▬", "planned work"),
        Theme::System => ("faint", "·", "system"),
        Theme::People => match line.mood {
            None => ("", "◇", "users"),
            Some(ServiceLevel::Fine) => ("good", "✓", "users: fine"),
            Some(ServiceLevel::Stale) => ("poor", "░", "users: stale"),
            Some(ServiceLevel::Degraded) => ("poor", "▒", "users: degraded"),
            Some(ServiceLevel::Down) => ("bad", "█", "users: down"),
        },
        Theme::Word if narrative::is_word_to_users(line) => ("", "▲", "users are told"),
        Theme::Word => ("", "◆", "decision"),
    }
}
