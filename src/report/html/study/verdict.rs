//! All designs against all objectives, with what they cost: those that one chooses from first.

use crate::report::format;
use crate::report::html::markup::Html;
use crate::report::verdict::first;
use crate::study::{Comparison, DesignOutcome, Judgement, ObjectiveOutcome, Verdict};

/// The matrix; nothing where there are no objectives.
pub fn matrix(html: &mut Html, comparison: &Comparison, verdict: &Verdict) {
    let objectives = first::objectives(comparison);
    if objectives.is_empty() {
        return;
    }
    let is_priced = comparison.designs.iter().any(|design| design.costs.is_some());
    html.within("div", &[("class", &"wide cards")], |html| {
        html.within("table", &[("class", &"matrix")], |html| {
            html.within("thead", &[], |html| {
                html.within("tr", &[], |html| {
                    html.say("th", &[("scope", &"col")], "design");
                    if is_priced {
                        html.say("th", &[("scope", &"col"), ("class", &"number")], "cost per month");
                    }
                    for (name, asked) in &objectives {
                        html.within("th", &[("scope", &"col")], |html| {
                            html.text(name);
                            html.say("span", &[("class", &"asked")], asked);
                        });
                    }
                });
            });
            html.within("tbody", &[], |html| {
                for place in verdict.order(&comparison.designs) {
                    row(html, &comparison.designs[place], &objectives, is_priced);
                }
            });
        });
    });
    html.say(
        "p",
        &[("class", &"faint")],
        "In grey: the share of runs in which it was met; where it holds on average, the mean.",
    );
}

fn row(html: &mut Html, design: &DesignOutcome, objectives: &[(&str, String)], is_priced: bool) {
    html.within("tr", &[], |html| {
        html.say("th", &[("scope", &"row")], &design.label);
        if is_priced {
            let cost = design.costs.as_ref().map(|costs| first::money(costs.per_month(), &costs.currency));
            html.say(
                "td",
                &[("class", &"number"), ("data-label", &"cost per month")],
                cost.unwrap_or_else(|| format::NOTHING.to_owned()),
            );
        }
        for (name, _) in objectives {
            cell(html, name, design.objectives.iter().find(|objective| objective.name == *name));
        }
    });
}

/// A sign and words: colour only repeats them.
fn cell(html: &mut Html, label: &str, objective: Option<&ObjectiveOutcome>) {
    let (class, word) = match objective.map(|objective| objective.judgement) {
        Some(Judgement::Pass) => ("judged good", "met"),
        Some(Judgement::Fail) => ("judged bad", "missed"),
        Some(Judgement::Undecided) => ("judged poor", "undecided"),
        Some(Judgement::NoData) => ("judged poor", format::NO_DATA),
        None => ("judged", "not asked"),
    };
    let (sign, figure) = first::cell(objective);
    let is_on_average = objective.is_some_and(|objective| objective.needed_share.is_none());
    html.within("td", &[("class", &class), ("data-label", &label)], |html| {
        html.say("b", &[], sign);
        html.text(word);
        let more = match word {
            _ if figure.is_empty() || figure == word => return,
            _ if is_on_average => format!(", mean {figure}"),
            "met" => format!(" in {figure}"),
            _ => format!(", met in {figure}"),
        };
        html.say("span", &[], more);
    });
}
