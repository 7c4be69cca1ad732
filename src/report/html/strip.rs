//! Who was up when: for each population a bar over time, the worse the higher, so that it needs no colour.

use super::markup::Html;
use super::svg::{AXIS_HEIGHT, Frame, LEFT, RIGHT, drawing, name, rectangle};
use super::tables::{Cell, data};
use crate::metrics::Outcome;
use crate::observe::ServiceLevel;
use crate::report::format;

/// Populations that are drawn.
const ROWS_MAX: usize = 40;
const ROW_HEIGHT: f64 = 22.0;
const BAR_HEIGHT: f64 = 16.0;

/// What a mood is called.
pub fn mood_words(mood: ServiceLevel) -> &'static str {
    match mood {
        ServiceLevel::Fine => "fine",
        ServiceLevel::Stale => "stale",
        ServiceLevel::Degraded => "degraded",
        ServiceLevel::Down => "down",
    }
}

/// How much of a bar a mood fills.
fn fills(mood: ServiceLevel) -> f64 {
    match mood {
        ServiceLevel::Fine => 0.12,
        ServiceLevel::Stale => 0.38,
        ServiceLevel::Degraded => 0.68,
        ServiceLevel::Down => 1.0,
    }
}

/// More stretches than these are drawn by bins.
const EXACT_MAX: usize = 300;

/// A time in which a population felt the same: from, to, how, and what it was due to.
struct Felt {
    from_s: f64,
    to_s: f64,
    mood: ServiceLevel,
    why: String,
}

/// What a population felt when: as long as it was, or the worst of each bin where there is more than can be seen.
fn felt(outcome: &Outcome, people: &str, moods: &[ServiceLevel]) -> Vec<Felt> {
    if let Some(exact) = exactly(outcome, people) {
        return exact;
    }
    let hours = &outcome.hours;
    let mut found: Vec<Felt> = Vec::new();
    for (start, mood) in hours.starts_s.iter().zip(moods) {
        let to_s = (start + hours.length_s).min(outcome.clock.horizon_s);
        match found.last_mut().filter(|last| last.mood == *mood) {
            Some(last) => last.to_s = to_s,
            None => found.push(Felt { from_s: *start, to_s, mood: *mood, why: String::new() }),
        }
    }
    let intervals = outcome.people.get(people).map_or(&[][..], |p| &p.intervals);
    for felt in &mut found {
        let mut here = intervals.iter().filter(|i| i.mood == felt.mood && i.from_s < felt.to_s && i.to_s > felt.from_s);
        felt.why = here.next().map_or(String::new(), |i| i.why.clone());
    }
    found
}

fn exactly(outcome: &Outcome, people: &str) -> Option<Vec<Felt>> {
    let intervals = &outcome.people.get(people)?.intervals;
    let is_cut = outcome.cut_short.iter().any(|cut| cut.list.starts_with("people."));
    if is_cut || intervals.len() > EXACT_MAX {
        return None;
    }
    let of = intervals.iter().map(|i| Felt { from_s: i.from_s, to_s: i.to_s, mood: i.mood, why: i.why.clone() });
    Some(of.collect())
}

/// Draws the strip.
pub fn strip(html: &mut Html, outcome: &Outcome, frame: &Frame) {
    let rows: Vec<(&String, Vec<Felt>)> =
        outcome.hours.moods.iter().take(ROWS_MAX).map(|(name, moods)| (name, felt(outcome, name, moods))).collect();
    if rows.is_empty() {
        return;
    }
    let height = rows.len() as f64 * ROW_HEIGHT + 6.0;
    let hurt = rows.iter().filter(|(_, felt)| felt.iter().any(|f| f.mood >= ServiceLevel::Degraded)).count();
    let label = format!("Who was up when: {hurt} of {} populations were degraded or down at some time", rows.len());
    html.within("div", &[("class", &"strip")], |html| {
        drawn(html, &rows, frame, (height, &label));
        narrow(html, &rows, frame);
    });
    legend(html, outcome);
    let more = outcome.hours.moods.len() - rows.len();
    if more > 0 {
        html.say("p", &[("class", &"faint")], format!("and {more} more; --json has them all"));
    }
    let mut listed = Vec::new();
    for (called, felt) in &rows {
        for felt in felt.iter().filter(|f| f.mood > ServiceLevel::Fine) {
            listed.push(vec![
                Cell::name(called.as_str()),
                Cell::text(mood_words(felt.mood)),
                Cell::text(frame.clock.span(felt.from_s, felt.to_s)),
                Cell::text(felt.why.clone()),
            ]);
        }
    }
    data(html, "Who felt what, and when", &["users", "felt", "when", "due to"], listed);
}

fn drawn(html: &mut Html, rows: &[(&String, Vec<Felt>)], frame: &Frame, (height, label): (f64, &str)) {
    drawing(html, height + AXIS_HEIGHT, label, |html| {
        frame.backdrop(html, 0.0, height);
        for (index, (called, felt)) in rows.iter().enumerate() {
            let bottom = index as f64 * ROW_HEIGHT + ROW_HEIGHT - 1.0;
            name(html, bottom - 4.0, "name", called);
            let fine = BAR_HEIGHT * fills(ServiceLevel::Fine);
            rectangle(html, (LEFT, bottom - fine), (RIGHT - LEFT, fine), "fine", "");
            for felt in felt.iter().filter(|f| f.mood > ServiceLevel::Fine) {
                let (from, to) = (frame.x(felt.from_s), frame.x(felt.to_s));
                let tall = BAR_HEIGHT * fills(felt.mood);
                let because = if felt.why.is_empty() { String::new() } else { format!(" ({})", felt.why) };
                let words = format!(
                    "{called}: {}, {}{because}",
                    mood_words(felt.mood),
                    frame.clock.span(felt.from_s, felt.to_s)
                );
                // What is short is still seen.
                rectangle(html, (from, bottom - tall), ((to - from).max(1.5), tall), mood_words(felt.mood), &words);
            }
        }
        frame.axis(html, height);
    });
}

/// The same for a narrow screen: a bar across all of it below each name, and when it was.
fn narrow(html: &mut Html, rows: &[(&String, Vec<Felt>)], frame: &Frame) {
    const TOLD_MAX: usize = 3;
    html.within("div", &[("class", &"narrow")], |html| {
        for (called, felt) in rows {
            html.say("p", &[("class", &"called")], called.as_str());
            let view = format!("{LEFT} 0 {} {BAR_HEIGHT}", RIGHT - LEFT);
            let bar: [(&'static str, &dyn std::fmt::Display); 3] =
                [("viewBox", &view), ("preserveAspectRatio", &"none"), ("aria-hidden", &"true")];
            html.within("svg", &bar, |html| {
                let fine = BAR_HEIGHT * fills(ServiceLevel::Fine);
                rectangle(html, (LEFT, BAR_HEIGHT - fine), (RIGHT - LEFT, fine), "fine", "");
                for felt in felt.iter().filter(|f| f.mood > ServiceLevel::Fine) {
                    let (from, to) = (frame.x(felt.from_s), frame.x(felt.to_s));
                    let tall = BAR_HEIGHT * fills(felt.mood);
                    // On such a screen a point is three of ours.
                    let size = ((to - from).max(4.0), tall);
                    rectangle(html, (from, BAR_HEIGHT - tall), size, mood_words(felt.mood), "");
                }
            });
            let hurt: Vec<&Felt> = felt.iter().filter(|f| f.mood >= ServiceLevel::Degraded).collect();
            for felt in hurt.iter().take(TOLD_MAX) {
                let words = format!("{}, {}", mood_words(felt.mood), frame.clock.span(felt.from_s, felt.to_s));
                html.say("p", &[("class", &"faint")], words);
            }
            if hurt.len() > TOLD_MAX {
                html.say("p", &[("class", &"faint")], format!("and {} times more", hurt.len() - TOLD_MAX));
            }
        }
    });
}

fn legend(html: &mut Html, outcome: &Outcome) {
    html.within("p", &[("class", &"legend")], |html| {
        for (mood, words) in [
            (ServiceLevel::Fine, "fine"),
            (ServiceLevel::Stale, "stale: what they see is old"),
            (ServiceLevel::Degraded, "degraded: slow, or something is missing"),
            (ServiceLevel::Down, "down"),
        ] {
            html.within("span", &[("class", &"key")], |html| {
                html.within("span", &[("class", &"cell")], |html| {
                    html.say("span", &[("class", &format!("fill {}", mood_words(mood)))], "");
                });
                html.text(words);
            });
        }
        if outcome.hours.moods.keys().any(|people| exactly(outcome, people).is_none()) {
            let words = format!("the worst of each {}", format::length(outcome.hours.length_s));
            html.say("span", &[("class", &"faint")], words);
        }
    });
}
