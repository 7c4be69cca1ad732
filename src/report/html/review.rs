//! A review as one page: it stands alone, prints, and has in it what it takes to make it again.

use super::markup::Html;
use super::section;
use super::svg::{AXIS_HEIGHT, Frame, drawing, line, name, symbol, text};
use super::tables::{Cell, table};
use crate::drawing::{Drawing, Scenes};
use crate::rehearse::review::{Came, Lane, Moment, NoReturn, Reply, Review};
use crate::report::clock::Clock;
use crate::report::review as words;
use serde::{Deserialize, Serialize};

const LANES: [Lane; 5] = [Lane::Truth, Lane::Visible, Lane::Thought, Lane::Said, Lane::Done];
const LANE: f64 = 34.0;
const TOP: f64 = 14.0;
const BEGINS: &str = "<pre id=\"firedrill-review\">";
const ENDS: &str = "</pre>";

/// What it takes to make a review again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EmbeddedReview {
    /// The name of the scenario's file.
    pub name: String,
    /// Its text.
    pub scenario: String,
    /// Recordings beside it.
    pub recordings: Vec<(String, String)>,
    /// The log.
    pub log: String,
    /// The branch.
    pub branch: String,
    /// Other draws of luck.
    pub draws: u64,
    /// Names of players are left out.
    pub without_names: bool,
    /// The command that makes it again.
    pub replay: Option<String>,
    /// It was made by a rehearsal that is served: its times are links.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub served: bool,
}

/// How a moment is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opening {
    /// By a command.
    Command(String),
    /// By a link to whoever serves the rehearsal.
    Link(String),
}

/// Writes the page of a review. `opens` says how a moment is opened: a command with the time in it, or a link.
pub fn render_review(review: &Review, embedded: &EmbeddedReview, opens: Option<&dyn Fn(f64) -> Opening>) -> String {
    super::page(&review.title, |html| body(html, review, embedded, None, opens))
}

/// The same with the design as a picture, as it was in the moments of what was played.
pub fn render_review_with_design(
    review: &Review,
    embedded: &EmbeddedReview,
    design: (&Drawing, &Scenes),
    opens: Option<&dyn Fn(f64) -> Opening>,
) -> String {
    super::page(&review.title, |html| body(html, review, embedded, Some(design), opens))
}

fn body(
    html: &mut Html,
    review: &Review,
    embedded: &EmbeddedReview,
    design: Option<(&Drawing, &Scenes)>,
    opens: Option<&dyn Fn(f64) -> Opening>,
) {
    html.say("h1", &[], &review.title);
    html.within("p", &[("class", &"which")], |html| {
        html.say("span", &[], format!("played from {} to {}", review.played.0, review.played.1));
        html.say("span", &[], format!("branch “{}”", review.branch));
    });
    html.say("p", &[("class", &"lede")], words::lede(review));
    figures(html, review);
    if !review.learning.is_empty() {
        section(html, "What was to be learned", "", |html| list(html, &review.learning));
    }
    section(html, "On one axis", "Hollow: it was not so, or it was refused.", |html| axis(html, review));
    if let Some((drawing, scenes)) = design {
        section(html, "The design, moment by moment", super::design::NOTE, |html| {
            super::design::scrubbed(html, drawing, scenes);
        });
    }
    section(html, "The times that count", "", |html| times(html, review));
    if !review.expected.is_empty() {
        section(html, "What was expected", "", |html| expected(html, review));
    }
    section(html, "What each decision was worth", &words::how(review), |html| decisions(html, review));
    section(html, "The best reply", "", |html| replies(html, review));
    section(html, "What misled", "", |html| misled(html, review));
    section(html, "For the talk afterwards", "", |html| talk(html, review));
    section(
        html,
        "The story",
        if embedded.served {
            "Each time is a link that opens the run there, on the facilitator's page: going back begins a branch."
        } else {
            "Point at a time for the command that opens the run there, as a branch of its own."
        },
        |html| {
            story(html, review, opens);
        },
    );
    section(html, "To get this again", "", |html| origin(html, review, embedded));
}

fn list(html: &mut Html, sentences: &[String]) {
    html.within("ul", &[], |html| sentences.iter().for_each(|sentence| html.say("li", &[], sentence)));
}

fn figures(html: &mut Html, review: &Review) {
    html.within("ul", &[("class", &"figures")], |html| {
        for (name, _, _, lost) in words::milestones(review) {
            html.within("li", &[], |html| {
                html.say("b", &[], words::minutes(lost));
                html.say("span", &[], format!("user-minutes lost {name}"));
            });
        }
        html.within("li", &[], |html| {
            html.say("b", &[], words::minutes(review.best_reply.lost));
            html.say("span", &[], "with the best reply by what could be seen");
        });
    });
}

fn axis(html: &mut Html, review: &Review) {
    let clock = Clock::of(&review.clock);
    let frame = Frame::new(&clock);
    let bottom = TOP + LANE * LANES.len() as f64;
    let label = "What was true, what could be seen, what was thought, said and done";
    drawing(html, bottom + AXIS_HEIGHT, label, |html| {
        frame.backdrop(html, TOP, bottom);
        for (i, lane) in LANES.iter().enumerate() {
            let y = TOP + LANE * (i as f64 + 0.5);
            name(html, y + 4.0, "name", words::lane(*lane));
            // What was so is drawn over what was not.
            for is_false in [true, false] {
                let here = |moment: &&Moment| moment.lane == *lane && moment.is_false == is_false;
                for moment in review.story.iter().filter(here).filter(|moment| frame.shows(moment.at_s)) {
                    mark(html, &frame, y, moment);
                }
            }
        }
        if let Some(at_s) = review.no_return.as_ref().and_then(first_sealed) {
            let x = frame.x(at_s);
            line(html, (x, TOP), (x, bottom), "planned-own");
            text(html, x + 4.0, TOP + 10.0, "label halo", "point of no return");
        }
        frame.axis(html, bottom);
    });
}

/// From when on most of the damage was sealed, in seconds.
fn first_sealed(no_return: &NoReturn) -> Option<f64> {
    no_return.at.as_ref()?;
    no_return.sealed_s
}

fn mark(html: &mut Html, frame: &Frame, y: f64, moment: &Moment) {
    let (x, r) = (frame.x(moment.at_s), 4.5);
    let d = format!("M{:.1} {:.1}a{r} {r} 0 1 0 {} 0a{r} {r} 0 1 0 -{} 0z", x - r, y, 2.0 * r, 2.0 * r);
    let class = match (moment.lane, moment.is_false) {
        (_, true) => "needed",
        (Lane::Truth, _) => "over",
        (Lane::Visible, _) => "degraded",
        (Lane::Thought, _) => "planned",
        (Lane::Said, _) => "word",
        (Lane::Done, _) => "response",
    };
    let who = if moment.who.is_empty() { String::new() } else { format!(" {}:", moment.who) };
    symbol(html, &d, class, &format!("{}{who} {}", moment.at, moment.text));
}

fn times(html: &mut Html, review: &Review) {
    html.within("dl", &[], |html| {
        for (name, time) in words::times(review) {
            html.say("dt", &[], name);
            html.say("dd", &[], time);
        }
    });
    let rows: Vec<Vec<Cell>> = words::milestones(review)
        .into_iter()
        .map(|(name, restored, recovered, lost)| {
            vec![Cell::name(name), Cell::number(restored), Cell::number(recovered), Cell::bad(words::minutes(lost))]
        })
        .collect();
    table(html, &["", "down for", "worse off for", "user-minutes lost"], &rows);
}

fn expected(html: &mut Html, review: &Review) {
    let row = |expected: &crate::rehearse::review::Expected| {
        let [at, what, came] = words::expected(expected);
        let judged = if matches!(expected.came, Came::NotDone | Came::Late(_)) { "bad" } else { "" };
        vec![Cell::text(at), Cell::text(what), Cell::judged(came, judged)]
    };
    table(html, &words::EXPECTED, &review.expected.iter().map(row).collect::<Vec<_>>());
}

fn decisions(html: &mut Html, review: &Review) {
    if review.decisions.is_empty() {
        html.say("p", &[], "Nothing was done that could change what users lived through.");
        return;
    }
    let row = |decision: &crate::rehearse::review::Decision| {
        let [at, seat, what, saved, luck, earlier] = words::decision(decision);
        let judged = if decision.saved.here < 0.0 { "number bad" } else { "number" };
        vec![
            Cell::text(at),
            Cell::text(seat),
            Cell::text(what),
            Cell::judged(saved, judged),
            Cell::number(luck),
            Cell::number(earlier),
        ]
    };
    table(html, &words::DECISIONS, &review.decisions.iter().map(row).collect::<Vec<_>>());
}

fn replies(html: &mut Html, review: &Review) {
    if let Some(sentence) = words::no_return(review) {
        html.say("p", &[], sentence);
    }
    reply(html, "By what could be seen", &review.best_reply);
    reply(html, "With hindsight", &review.with_hindsight);
    let note = "Found by taking, one after the other, the action of the file that helps most; actions that only help together can be missed. \
        By what could be seen: judged in the mean over what it could have been and over what was still to be drawn, from the first sign on. \
        With hindsight: in this very run.";
    html.say("p", &[("class", &"faint")], note);
}

fn reply(html: &mut Html, title: &str, reply: &Reply) {
    html.say("h3", &[], title);
    let (with, without) = (words::minutes(reply.lost), words::minutes(reply.lost_without));
    html.say("p", &[], format!("From {}: {with} user-minutes lost, instead of {without} with nobody there.", reply.at));
    if reply.steps.is_empty() {
        html.say("p", &[], "Nothing of what the file offers would have helped.");
        return;
    }
    html.within("ol", &[], |html| {
        for step in &reply.steps {
            html.say("li", &[], format!("{}: {} user-minutes left", step.what, words::minutes(step.lost)));
        }
    });
    if let Some(sentence) = words::judged_by(reply) {
        html.say("p", &[("class", &"faint")], sentence);
    }
}

fn misled(html: &mut Html, review: &Review) {
    let alarm = |misled: &crate::rehearse::review::Misled| {
        vec![Cell::text(&misled.at), Cell::text(&misled.says), Cell::text(misled.then.join("; "))]
    };
    let (led, others) = words::false_alarms(review);
    if !led.is_empty() {
        let rows: Vec<Vec<Cell>> = led.into_iter().map(alarm).collect();
        table(html, &["when", "false alarm", "what followed where somebody looked"], &rows);
    }
    if let Some(others) = others {
        html.say("p", &[], others);
    }
    if !review.promises.is_empty() {
        let promise =
            |p: &crate::rehearse::review::Promise| vec![Cell::text(&p.at), Cell::text(&p.text), Cell::text(&p.but)];
        table(html, &["when", "users were told", "but"], &review.promises.iter().map(promise).collect::<Vec<_>>());
    }
    if !review.never_looked_at.is_empty() {
        html.say(
            "p",
            &[],
            format!("Something was to be seen there, and nobody looked: {}.", review.never_looked_at.join(", ")),
        );
    }
}

fn talk(html: &mut Html, review: &Review) {
    let parts: [(&str, &[String]); 3] = [
        ("Three questions", &review.talk.questions),
        ("What went well", &review.talk.strengths),
        ("To work on", &review.talk.to_improve),
    ];
    for (title, sentences) in parts.into_iter().filter(|(_, sentences)| !sentences.is_empty()) {
        html.say("h3", &[], title);
        list(html, sentences);
    }
    html.say("h3", &[], "Improvement plan");
    let blank = || vec![Cell::text(" "), Cell::text(" "), Cell::text(" ")];
    let mut rows: Vec<Vec<Cell>> = review
        .talk
        .corrective_actions
        .iter()
        .map(|action| vec![Cell::text(action), Cell::text("________________"), Cell::text("__________")])
        .collect();
    rows.push(blank());
    table(html, &["corrective action", "owner", "by when"], &rows);
    if let Some(next) = &review.talk.next {
        html.say("h3", &[], "The drill of next time");
        html.say("p", &[], next);
    }
}

fn story(html: &mut Html, review: &Review, opens: Option<&dyn Fn(f64) -> Opening>) {
    html.within("div", &[("class", &"story")], |html| {
        for moment in &review.story {
            html.within("div", &[("class", &"instant")], |html| {
                let clock = moment.at.rsplit(' ').next().unwrap_or(&moment.at);
                match opens.map(|opens| opens(moment.at_s)) {
                    Some(Opening::Link(to)) => html.within("time", &[("title", &moment.at)], |html| {
                        html.say("a", &[("href", &to), ("target", &"_blank"), ("rel", &"noopener")], clock);
                    }),
                    Some(Opening::Command(command)) => html.say("time", &[("title", &command)], clock),
                    None => html.say("time", &[("title", &moment.at)], clock),
                }
                html.within("p", &[], |html| {
                    html.say("span", &[("class", &"faint")], format!("{} ", words::lane(moment.lane)));
                    if !moment.who.is_empty() {
                        html.say("b", &[], format!("{} ", moment.who));
                    }
                    html.text(&moment.text);
                    if moment.is_false && moment.lane == Lane::Visible {
                        html.say("span", &[("class", &"poor")], " (false)");
                    }
                });
            });
        }
    });
}

fn origin(html: &mut Html, review: &Review, embedded: &EmbeddedReview) {
    html.within("dl", &[], |html| {
        if let Some(command) = &embedded.replay {
            html.say("dt", &[], "command");
            html.within("dd", &[], |html| html.say("code", &[], command));
        }
        html.say("dt", &[], "digest");
        html.within("dd", &[], |html| html.say("code", &[], &review.digest));
    });
    let json = serde_json::to_string(embedded).unwrap_or_default();
    html.within("details", &[("class", &"data")], |html| {
        html.say("summary", &[], "The rehearsal as data: scenario and log");
        html.say("pre", &[("id", &"firedrill-review")], super::study::plain(&json));
    });
}

/// Reads what a page has in it; nothing where it has none.
pub fn extract_review(page: &str) -> Option<EmbeddedReview> {
    let from = page.find(BEGINS)? + BEGINS.len();
    let to = page[from..].find(ENDS)? + from;
    serde_json::from_str(&html_escape::decode_html_entities(&page[from..to])).ok()
}
