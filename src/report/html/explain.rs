//! What causes and procedures were worth: sentences, and a bar to each side of nothing.

use super::markup::{Html, n};
use super::svg::{line, rectangle};
use crate::explain::{ButFor, Explanation, Role};
use crate::report::attribution;
use crate::report::format;

/// Writes the explanation of a run.
pub fn explanation(html: &mut Html, explanation: &Explanation) {
    for sentence in attribution::summary(explanation) {
        html.say("p", &[], sentence);
    }
    let most = attribution::most(explanation);
    for (role, title, column) in
        [(Role::Cause, "What it was due to", "cause"), (Role::Response, "What the measures were worth", "measure")]
    {
        let (something, nothing): (Vec<&ButFor>, Vec<&ButFor>) =
            explanation.but_for.iter().filter(|b| b.role == role).partition(|b| !attribution::is_nothing(&b.impact));
        if something.is_empty() && nothing.is_empty() {
            continue;
        }
        html.say("h3", &[], title);
        if !something.is_empty() {
            table(html, column, &something, most, explanation.currency.as_deref());
        }
        if !nothing.is_empty() {
            let names: Vec<&str> = nothing.iter().map(|b| b.name.as_str()).collect();
            html.say("p", &[("class", &"faint")], format!("Worth nothing in this run: {}.", names.join(", ")));
        }
        if let (Role::Cause, Some(why)) = (role, attribution::saving_causes(explanation)) {
            html.say("p", &[("class", &"faint")], why);
        }
    }
    if !explanation.interactions.is_empty() {
        html.say("h3", &[], "What belongs together");
        html.within("ul", &[], |html| {
            for interaction in &explanation.interactions {
                html.say("li", &[], attribution::interaction(interaction));
            }
        });
    }
    html.say("p", &[("class", &"faint")], attribution::how(explanation));
}

fn table(html: &mut Html, column: &str, things: &[&ButFor], most: f64, currency: Option<&str>) {
    let mut titles =
        vec![column, "does", "saved ← user-minutes → cost", "", "p95 at its peak", "time degraded or down"];
    titles.extend(currency.map(|_| "in money"));
    html.within("div", &[("class", &"wide cards")], |html| {
        html.within("table", &[("class", &"worth")], |html| {
            html.within("thead", &[], |html| {
                html.within("tr", &[], |html| {
                    for (i, title) in titles.iter().enumerate() {
                        let class = if i > 3 {
                            "number"
                        } else if i == 2 {
                            "centre"
                        } else {
                            ""
                        };
                        html.say("th", &[("scope", &"col"), ("class", &class)], title);
                    }
                });
            });
            html.within("tbody", &[], |html| {
                for thing in things {
                    row(html, thing, most, currency);
                }
            });
        });
    });
}

fn row(html: &mut Html, thing: &ButFor, most: f64, currency: Option<&str>) {
    const HALF: f64 = 110.0;
    let minutes = thing.impact.user_minutes();
    let said = attribution::cost_or_saved(minutes);
    html.within("tr", &[], |html| {
        html.say("th", &[("scope", &"row")], &thing.name);
        html.say("td", &[("data-label", &"does")], &thing.does);
        html.within("td", &[], |html| {
            let view = format!("0 0 {} 16", n(2.0 * HALF));
            html.within("svg", &[("viewBox", &view), ("role", &"img"), ("aria-label", &said)], |html| {
                html.say("title", &[], &said);
                let wide = if most > 0.0 { minutes.abs() / most * (HALF - 2.0) } else { 0.0 };
                let (from, class) = if minutes < 0.0 { (HALF - wide, "saves") } else { (HALF, "costs") };
                rectangle(html, (from, 2.0), (wide.max(if minutes == 0.0 { 0.0 } else { 1.0 }), 12.0), class, "");
                line(html, (HALF, 0.0), (HALF, 16.0), "base");
            });
        });
        let class = if minutes > 0.5 {
            "bad"
        } else if minutes < -0.5 {
            "good"
        } else {
            ""
        };
        html.say("td", &[("class", &class), ("data-label", &"user-minutes")], &said);
        let mut number = |label: &str, words: String| {
            html.say("td", &[("class", &"number"), ("data-label", &label)], words);
        };
        number("p95 at its peak", attribution::change(thing.impact.p95_peak_s, format::latency));
        number("time degraded or down", attribution::change(thing.impact.degraded_s, format::length));
        if let Some(currency) = currency {
            number("in money", attribution::in_money(thing.impact.money, currency));
        }
    });
}
