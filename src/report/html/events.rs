//! What happened and what was done, on the axis of time: lanes for faults, the response, planned work and words, and a bar
//! for each procedure from need to effect.

use super::markup::{Html, n};
use super::svg::{AXIS_HEIGHT, Frame, LEFT, LETTER, RIGHT, drawing, line, name, rectangle, symbol, text};
use super::tables::{Cell, data};
use crate::metrics::{Outcome, ProcedureOutcome, StoryLine, Theme};
use crate::report::clock::Clock;
use crate::report::format;
use crate::report::narrative::is_word_to_users;
use crate::report::stretches::in_order;
use crate::report::text::cut;
use std::collections::BTreeMap;

const LANE_HEIGHT: f64 = 26.0;
const PROCEDURE_HEIGHT: f64 = 22.0;
/// Procedures that are drawn.
const PROCEDURES_MAX: usize = 40;
/// Marks nearer than this are one mark.
const APART: f64 = 9.0;
/// Letters of a label beside a mark.
const LABEL_LETTERS: usize = 34;
/// Fewer letters than this say nothing.
const LABEL_LETTERS_MIN: usize = 12;

/// What a mark looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    Cross,
    Check,
    Arrow,
    Block,
    Triangle,
    Diamond,
}

impl Sign {
    fn of(line: &StoryLine) -> Option<Sign> {
        Some(match line.theme {
            Theme::Fault | Theme::ResponseFailed => Sign::Cross,
            Theme::Repair => Sign::Check,
            Theme::Response => Sign::Arrow,
            Theme::Maintenance => Sign::Block,
            Theme::Word if is_word_to_users(line) => Sign::Triangle,
            Theme::Word => Sign::Diamond,
            Theme::System | Theme::People => return None,
        })
    }

    fn class(self) -> &'static str {
        match self {
            Sign::Cross => "fault",
            Sign::Check => "repair",
            Sign::Arrow => "response",
            Sign::Block => "planned",
            Sign::Triangle | Sign::Diamond => "word",
        }
    }

    fn path(self, x: f64, y: f64) -> String {
        let at = |dx: f64, dy: f64| format!("{} {}", n(x + dx), n(y + dy));
        match self {
            Sign::Cross => format!("M{}L{}M{}L{}", at(-4.0, -4.0), at(4.0, 4.0), at(-4.0, 4.0), at(4.0, -4.0)),
            Sign::Check => format!("M{}L{}L{}", at(-4.5, 0.0), at(-1.0, 4.0), at(5.0, -4.0)),
            Sign::Arrow => format!("M{}L{}L{}Z", at(-4.0, -4.5), at(5.0, 0.0), at(-4.0, 4.5)),
            Sign::Block => format!("M{}L{}L{}L{}Z", at(-4.0, -4.0), at(4.0, -4.0), at(4.0, 4.0), at(-4.0, 4.0)),
            Sign::Triangle => format!("M{}L{}L{}Z", at(-5.0, 4.0), at(0.0, -5.0), at(5.0, 4.0)),
            Sign::Diamond => format!("M{}L{}L{}L{}Z", at(-5.0, 0.0), at(0.0, -5.0), at(5.0, 0.0), at(0.0, 5.0)),
        }
    }
}

/// A lane: what it is called, and which signs stand on it.
const LANES: [(&str, &[Sign]); 5] = [
    ("faults", &[Sign::Cross]),
    ("repairs", &[Sign::Check]),
    ("response", &[Sign::Arrow]),
    ("planned work", &[Sign::Block]),
    ("words and decisions", &[Sign::Triangle, Sign::Diamond]),
];

/// Something on a lane; like things close to each other are one.
struct Mark {
    x: f64,
    sign: Sign,
    words: String,
    text: String,
    more: usize,
}

fn marks(story: &[StoryLine], signs: &[Sign], frame: &Frame) -> Vec<Mark> {
    let mut found: Vec<Mark> = Vec::new();
    let mut last: BTreeMap<&'static str, usize> = BTreeMap::new();
    for told in story {
        let Some(sign) = Sign::of(told).filter(|s| signs.contains(s) && frame.shows(told.at_s)) else { continue };
        let x = frame.x(told.at_s);
        let words = format!("{}: {}", frame.clock.when(told.at_s), told.text);
        match last.get(sign.class()).copied().filter(|&i| x - found[i].x < APART && found[i].sign == sign) {
            Some(i) => found[i].more += 1,
            None => {
                last.insert(sign.class(), found.len());
                // The lane says already that these are words to users, or decisions.
                let prefixes = ["users are told: ", "decision: "];
                let text = prefixes.into_iter().find_map(|p| told.text.strip_prefix(p)).unwrap_or(&told.text);
                found.push(Mark { x, sign, words, text: text.to_owned(), more: 0 });
            }
        }
    }
    found
}

/// Draws the lanes and the procedures; nothing if nothing happened.
pub fn events(html: &mut Html, outcome: &Outcome, story: &[StoryLine], frame: &Frame) {
    let lanes: Vec<(&str, Vec<Mark>)> = LANES
        .into_iter()
        .map(|(called, signs)| (called, marks(story, signs, frame)))
        .filter(|(_, marks)| !marks.is_empty())
        .collect();
    let procedures = in_order(&outcome.procedures);
    let shown = &procedures[..procedures.len().min(PROCEDURES_MAX)];
    if lanes.is_empty() && shown.is_empty() {
        return;
    }
    let lanes_end = lanes.len() as f64 * LANE_HEIGHT + 4.0;
    let gap = if shown.is_empty() { 0.0 } else { 24.0 };
    let height = lanes_end + gap + shown.len() as f64 * PROCEDURE_HEIGHT;
    let label = format!(
        "What happened and what was done: {} marks, {} measures",
        lanes.iter().map(|(_, marks)| marks.len()).sum::<usize>(),
        shown.len()
    );
    drawing(html, height + AXIS_HEIGHT, &label, |html| {
        frame.backdrop(html, 0.0, height);
        for (index, (called, marks)) in lanes.iter().enumerate() {
            let y = index as f64 * LANE_HEIGHT + LANE_HEIGHT / 2.0 + 2.0;
            name(html, y + 4.0, "name", called);
            line(html, (LEFT, y), (RIGHT, y), "rule");
            if *called == "planned work" {
                spans(html, outcome, frame, y);
            }
            for (at, mark) in marks.iter().enumerate() {
                let more = if mark.more > 0 { format!(", and {} more", mark.more) } else { String::new() };
                symbol(html, &mark.sign.path(mark.x, y), mark.sign.class(), &format!("{}{more}", mark.words));
                let free = marks.get(at + 1).map_or(RIGHT + 60.0, |next| next.x - 12.0) - mark.x - 10.0;
                let letters = ((free / LETTER).max(0.0) as usize).min(LABEL_LETTERS);
                if letters >= LABEL_LETTERS_MIN || mark.text.chars().count() <= letters {
                    // A paper-coloured text behind it keeps the lines off the letters.
                    text(html, mark.x + 10.0, y + 4.0, "label halo", &cut(&mark.text, letters));
                }
            }
        }
        if !shown.is_empty() {
            text(html, 0.0, lanes_end + 16.0, "label", "measures, from need to effect");
            text(html, RIGHT + 8.0, lanes_end + 16.0, "label", "took");
        }
        for (index, (called, procedure)) in shown.iter().enumerate() {
            let y = lanes_end + gap + index as f64 * PROCEDURE_HEIGHT + PROCEDURE_HEIGHT / 2.0;
            one_procedure(html, called, procedure, frame, y);
        }
        frame.axis(html, height);
    });
    if !shown.is_empty() {
        legend(html);
    }
    let told = story.iter().filter(|l| Sign::of(l).is_some());
    let rows = told.map(|l| vec![Cell::text(frame.clock.when(l.at_s)), Cell::text(l.text.clone())]).take(1_000);
    data(html, "What is marked above, in order of time", &["when", "what"], rows.collect());
}

/// Each maintenance as a bar.
fn spans(html: &mut Html, outcome: &Outcome, frame: &Frame, y: f64) {
    let mut drawn_until = f64::MIN;
    for held in outcome.maintenance.iter().filter(|m| m.actual_s > 0.0) {
        let (from, to) = (frame.x(held.from_s), frame.x(held.from_s + held.actual_s));
        // Of a hundred in one place, one is seen.
        if to < drawn_until + 0.5 {
            continue;
        }
        drawn_until = to;
        let words = format!("{}: {}", held.plan, frame.clock.span(held.from_s, held.from_s + held.actual_s));
        rectangle(html, (from, y - 4.0), ((to - from).max(2.0), 8.0), "planned", &words);
    }
}

fn one_procedure(html: &mut Html, called: &str, procedure: &ProcedureOutcome, frame: &Frame, y: f64) {
    name(html, y + 4.0, "name", called);
    line(html, (LEFT, y), (RIGHT, y), "rule");
    let x = |at_s: Option<f64>| at_s.map(|s| frame.x(s));
    let (needed, ordered) = (x(procedure.needed_at_s), x(procedure.ordered_at_s));
    let (began, done) = (x(procedure.began_at_s), x(procedure.done_at_s));
    let when = |at_s: Option<f64>| at_s.map_or("never".to_owned(), |s| frame.clock.when(s));
    let words = format!(
        "{called}, {}: needed {}, ordered {}, in effect {}; {}",
        procedure.does,
        when(procedure.needed_at_s),
        when(procedure.ordered_at_s),
        when(procedure.done_at_s),
        procedure.ended
    );
    if let (Some(needed), Some(ordered)) = (needed, ordered.or(Some(RIGHT)).filter(|_| needed.is_some()))
        && ordered > needed
    {
        line(html, (needed, y), (ordered, y), "awaited");
    }
    if let Some(ordered) = ordered {
        let until = began.or(done).unwrap_or(RIGHT);
        line(html, (ordered, y), (until, y), "underway");
        line(html, (ordered, y - 4.0), (ordered, y + 4.0), "underway");
    }
    let rolled_back = procedure.ended == "rolled back";
    let partly = done.unwrap_or(RIGHT);
    match began {
        Some(began) if rolled_back => symbol(html, &Sign::Cross.path(began, y), "fault", &words),
        Some(began) => {
            rectangle(html, (began, y - 2.0), ((partly - began).max(0.0), 4.0), "effect", &words);
        }
        None => {}
    }
    if let (Some(done), false) = (done, rolled_back) {
        rectangle(html, (done, y - 5.5), ((RIGHT - done).max(1.5), 11.0), "effect", &words);
    }
    if let Some(needed) = needed {
        symbol(html, &Sign::Diamond.path(needed, y), "needed", &words);
    }
    let (class, took) = match procedure.need_to_effect_s {
        Some(took) if took >= 0.0 => ("label strong", format::length(took)),
        Some(_) => ("label", "in time".to_owned()),
        None => ("label", cut(&procedure.ended, 12)),
    };
    text(html, RIGHT + 8.0, y + 4.0, class, &took);
}

/// What the parts of a procedure's bar are.
fn legend(html: &mut Html) {
    html.within("p", &[("class", &"legend")], |html| {
        let mut key = |words: &str, drawn: &dyn Fn(&mut Html)| {
            html.within("span", &[("class", &"key")], |html| {
                html.within("svg", &[("viewBox", &"0 0 32 16"), ("aria-hidden", &"true"), ("class", &"key")], drawn);
                html.text(words);
            });
        };
        key("needed, not yet ordered", &|html| {
            line(html, (8.0, 8.0), (30.0, 8.0), "awaited");
            symbol(html, &Sign::Diamond.path(8.0, 8.0), "needed", "needed");
        });
        key("ordered", &|html| {
            line(html, (4.0, 8.0), (30.0, 8.0), "underway");
            line(html, (4.0, 4.0), (4.0, 12.0), "underway");
        });
        key("partly in effect", &|html| rectangle(html, (2.0, 6.0), (28.0, 4.0), "effect", ""));
        key("in effect", &|html| rectangle(html, (2.0, 2.5), (28.0, 11.0), "effect", ""));
        key("rolled back", &|html| symbol(html, &Sign::Cross.path(16.0, 8.0), "fault", "rolled back"));
    });
}

/// Overload that outlives what set it off.
pub fn metastable(html: &mut Html, outcome: &Outcome, clock: &Clock) {
    for state in &outcome.metastable {
        html.within("p", &[], |html| {
            let lasts = format::metastable_for(state);
            html.say("strong", &[], format!("{}: {}, metastable {lasts}. ", clock.when(state.from_s), state.service));
            html.text(format::metastable(state));
        });
    }
}
