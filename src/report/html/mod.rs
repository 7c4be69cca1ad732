//! A run as one page for a browser: what users lived through first, then everything on one axis of time, then the story
//! and the numbers.
//!
//! The page stands alone: no scripts, nothing from elsewhere. Every name is escaped on its way in, colour is never the
//! only sign of anything, and behind each drawing its data stand in a table. The same run gives the same bytes.

mod charts;
mod design;
mod events;
mod explain;
mod lede;
pub(crate) mod markup;
mod numbers;
mod origin;
mod rare;
mod review;
mod story;
mod strip;
mod study;
mod svg;
mod tables;
mod weakness;
mod windows;

use crate::drawing::{Drawing, Scenes};
use crate::explain::Explanation;
use crate::metrics::{Outcome, StoryLine};
use crate::report::clock::Clock;
use markup::Html;
pub use rare::render_rare;
pub use review::{EmbeddedReview, Opening, extract_review, render_review, render_review_with_design};
pub use study::{CutShort, EmbeddedStudy, extract_study, render_comparison, render_comparison_with_designs};
use svg::Frame;
pub use weakness::render_found;
pub use windows::render_windows;

/// Colours, type and print.
const STYLE: &str = include_str!("page.css");

pub use design::{DESIGNS_MAX, MOMENTS_MAX};

/// Writes the page of one run: its outcome and its story, what its causes and procedures were worth if that is known, and
/// the command that makes the run again.
pub fn render(
    outcome: &Outcome,
    story: &[StoryLine],
    explanation: Option<&Explanation>,
    replay: Option<&str>,
) -> String {
    page(&outcome.title, |html| body(html, outcome, story, explanation, None, replay))
}

/// The same with the design as a picture, as it was in the moments of the run.
pub fn render_with_design(
    outcome: &Outcome,
    story: &[StoryLine],
    explanation: Option<&Explanation>,
    design: (&Drawing, &Scenes),
    replay: Option<&str>,
) -> String {
    page(&outcome.title, |html| body(html, outcome, story, explanation, Some(design), replay))
}

/// A whole page under a title.
fn page(title: &str, inside: impl FnOnce(&mut Html)) -> String {
    let mut page = Html::default();
    page.within("html", &[("lang", &"en")], |html| {
        html.within("head", &[], |html| {
            html.empty("meta", &[("charset", &"utf-8")]);
            html.empty("meta", &[("name", &"viewport"), ("content", &"width=device-width, initial-scale=1")]);
            html.empty("meta", &[("name", &"color-scheme"), ("content", &"light dark")]);
            html.say("title", &[], format!("{title} – firedrill"));
            html.styles(&[STYLE, super::picture::STYLE]);
        });
        html.within("body", &[], |html| html.within("main", &[], inside));
    });
    format!("<!DOCTYPE html>\n{}\n", page.finish())
}

/// A part of the page, left out where there is nothing in it.
fn section(html: &mut Html, title: &str, note: &str, inside: impl FnOnce(&mut Html)) {
    let mut part = Html::default();
    inside(&mut part);
    if part.is_empty() {
        return;
    }
    html.within("section", &[], |html| {
        html.say("h2", &[], title);
        if !note.is_empty() {
            html.say("p", &[("class", &"faint")], note);
        }
        html.append(part);
    });
}

fn body(
    html: &mut Html,
    outcome: &Outcome,
    story: &[StoryLine],
    explanation: Option<&Explanation>,
    drawn: Option<(&Drawing, &Scenes)>,
    replay: Option<&str>,
) {
    let clock = Clock::new(outcome);
    let frame = Frame::new(&clock);
    lede::head(html, outcome, &clock);
    origin::traffic(html, outcome);
    section(html, "Who was up when", "", |html| {
        strip::strip(html, outcome, &frame);
        origin::cut_short(html, outcome, &["people.", "maintenance"]);
    });
    section(html, "What happened, and what was done", "", |html| {
        events::events(html, outcome, story, &frame);
        origin::cut_short(html, outcome, &["timeline", "failovers", "maintenance"]);
    });
    if let Some((drawing, scenes)) = drawn {
        section(html, "The design, moment by moment", design::NOTE, |html| design::scrubbed(html, drawing, scenes));
    }
    section(html, "Overload that keeps itself up", "", |html| {
        events::metastable(html, outcome, &clock);
        origin::cut_short(html, outcome, &["metastable"]);
    });
    section(html, "Users at once", "", |html| charts::users(html, outcome, &frame));
    section(html, "Load against capacity", "", |html| {
        charts::loads(html, outcome, &frame);
        numbers::narrow(html, outcome, &clock);
    });
    let note = "Each step of the scale is about three times the one below.";
    section(html, "How long it took", note, |html| charts::latency(html, outcome, &frame));
    if let Some(explanation) = explanation {
        section(html, "What it was due to, and what helped", "", |html| explain::explanation(html, explanation));
    }
    if !story.is_empty() {
        let note = "What happened in one instant stands together, each thing under what led to it; ← is what led to it earlier.";
        section(html, "The story", note, |html| {
            story::story(html, story, &clock);
            origin::cut_short(html, outcome, &["timeline"]);
        });
    }
    section(html, "The numbers", "", |html| {
        numbers::people(html, outcome);
        numbers::days(html, outcome);
        numbers::procedures(html, outcome, &clock);
        numbers::response(html, outcome, &clock);
        origin::cut_short(html, outcome, &["failovers", "maintenance", "queues", "stores", "services"]);
    });
    section(html, "What it cost", "", |html| numbers::money(html, outcome));
    section(html, "Read with care", "", |html| origin::warnings(html, outcome));
    if !outcome.provenance.assumptions.is_empty() {
        section(html, "Assumed, because no source states it", "", |html| {
            origin::assumptions(html, &outcome.provenance.assumptions)
        });
    }
    section(html, "To get this again", "", |html| origin::provenance(html, outcome, replay));
}

#[cfg(test)]
mod tests;
