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

/// A time in which a population felt the same, over bins: from, to, how, and what it was due to.
struct Felt {
    from_s: f64,
    to_s: f64,
    mood: ServiceLevel,
    why: String,
}

fn felt(outcome: &Outcome, people: &str, moods: &[ServiceLevel]) -> Vec<Felt> {
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
    drawing(html, height + AXIS_HEIGHT, &label, |html| {
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
                rectangle(html, (from, bottom - tall), ((to - from).max(1.0), tall), mood_words(felt.mood), &words);
            }
        }
        frame.axis(html, height);
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
        html.say(
            "span",
            &[("class", &"faint")],
            format!("the worst of each {}", format::length(outcome.hours.length_s)),
        );
    });
}
