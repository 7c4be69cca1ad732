//! A study as one page that can be taken to a meeting: the ranking, how sure it is, what one pays for what, and the worst runs
//! with their stories. Everything that is needed to make it again is in it.

mod embedded_study;
mod forest;
mod spread;
mod tables;
mod trade;
mod verdict;

pub(super) use embedded_study::plain;
pub use embedded_study::{CutShort, EmbeddedStudy, extract_study};

use super::markup::Html;
use super::{design, section, story};
use crate::drawing::Drawing;
use crate::report::clock::Clock;
use crate::report::{format, verdict as words};
use crate::run::Run;
use crate::study::{Comparison, DesignOutcome, Protocol, Separation, Verdict};

/// Writes the page of a study: what it says, its protocol, some of its runs (by the place of their design in the protocol), and the
/// command that makes it again.
pub fn render_comparison(
    comparison: &Comparison,
    protocol: &Protocol,
    runs: &[(usize, Run)],
    replay: Option<&str>,
) -> String {
    render_comparison_with_designs(comparison, protocol, runs, &[], replay)
}

/// The same with designs as pictures, by their names.
pub fn render_comparison_with_designs(
    comparison: &Comparison,
    protocol: &Protocol,
    runs: &[(usize, Run)],
    designs: &[(String, Drawing)],
    replay: Option<&str>,
) -> String {
    super::page(&comparison.titles.join(", "), |html| body(html, comparison, protocol, runs, designs, replay))
}

fn body(
    html: &mut Html,
    comparison: &Comparison,
    protocol: &Protocol,
    runs: &[(usize, Run)],
    designs: &[(String, Drawing)],
    replay: Option<&str>,
) {
    let verdict = Verdict::of(comparison);
    head(html, comparison, &verdict);
    section(html, "Designs against objectives", "", |html| verdict::matrix(html, comparison, &verdict));
    let by = format!("Ranked by {}", comparison.by);
    section(html, &by, "", |html| tables::ranking(html, comparison));
    if let Some(first) = comparison.designs.first() {
        let title = format!("How far from “{}”", first.label);
        let note =
            "Differences run by run in the same luck: the mean and its interval. What is clear of zero is no chance.";
        section(html, &title, note, |html| forest::forest(html, comparison));
    }
    section(html, "What is compared", "", |html| design::several(html, designs));
    let note = "How many of the runs exceed what; the scale is logarithmic.";
    section(html, &format!("How {} is spread", comparison.by), note, |html| spread::spread(html, comparison));
    section(html, "What one gets for what", "", |html| {
        trade::costs(html, comparison);
        tables::metrics(html, comparison);
    });
    section(html, "Not everything ranks them alike", "", |html| {
        if !comparison.conflicts.is_empty() {
            html.within("details", &[], |html| {
                html.say("summary", &[], format!("{}.", words::conflicts(comparison)));
                html.within("ul", &[], |html| {
                    let told = comparison.conflicts.iter().map(|conflict| words::conflict(comparison, conflict));
                    told.for_each(|conflict| html.say("li", &[], conflict));
                });
            });
        }
    });
    section(html, "Objectives", "", |html| tables::objectives(html, comparison));
    let note = "Each design's worst run by what ranks, its story, and the command that runs it again.";
    section(html, "The worst runs", note, |html| worst(html, comparison, runs));
    section(html, "Assumed, because no source states it", "", |html| {
        tables::assumptions(html, &comparison.assumptions)
    });
    section(html, "To get this again", "", |html| again(html, comparison, protocol, replay));
}

/// Title, the verdict, what the order is, and the numbers that one asks for first.
fn head(html: &mut Html, comparison: &Comparison, verdict: &Verdict) {
    html.say("h1", &[], comparison.titles.join(" · "));
    html.within("p", &[("class", &"which")], |html| {
        html.say("span", &[], words::scope(comparison));
        html.say("span", &[], format!("seed {}", comparison.seed));
    });
    html.say("p", &[("class", &"lede verdict")], words::first::sentences(comparison, verdict).join(" "));
    html.say("p", &[("class", &"order")], lede(comparison));
    let Some(first) = comparison.designs.first() else { return };
    html.within("ul", &[("class", &"figures")], |html| {
        for (metric, value) in comparison.metrics.iter().zip(&first.values).take(5) {
            html.within("li", &[], |html| {
                html.say("b", &[], words::mean(metric.unit, value.as_ref()));
                html.say("span", &[], format!("{}, with “{}”", metric.name, first.label));
            });
        }
    });
}

/// What came of it, in sentences.
fn lede(comparison: &Comparison) -> String {
    let [first, rest @ ..] = &comparison.designs[..] else { return String::new() };
    let by = comparison.metrics.iter().position(|m| m.name == comparison.by).unwrap_or(0);
    let unit = words::unit(comparison);
    let told = |design: &DesignOutcome| {
        let value = design.values.get(by).and_then(Option::as_ref);
        format!("{} a run ({})", words::mean(unit, value), words::around(unit, value))
    };
    let mut sentences = vec![match rest.is_empty() {
        _ if first.no_data == first.replications => {
            format!("No data: by {} there is nothing to compare.", comparison.by)
        }
        true => format!("“{}” comes to {} {}.", first.label, comparison.by, told(first)),
        false => format!(
            "“{}” is the best of {} by {}: {}; that it is so has a probability of {}.",
            first.label,
            comparison.designs.len(),
            comparison.by,
            told(first),
            words::best(first.best_probability),
        ),
    }];
    if let Some(next) = rest.first()
        && let Some(difference) = comparison.differences.iter().find(|d| (d.better, d.worse) == (0, 1))
        && difference.n > 0
    {
        let apart = words::amount(unit, difference.mean.abs());
        // The other one's distance, whichever direction is worse.
        let (low, high) = match comparison.metrics[by].more_is_better {
            true => (difference.low, difference.high),
            false => (-difference.high, -difference.low),
        };
        let far = words::interval(unit, low, high);
        let words = if comparison.metrics[by].more_is_better { "less" } else { "more" };
        sentences.push(match difference.separation {
            Separation::Same => format!("“{}” is as good by that: no run tells the two apart.", next.label),
            _ => format!("“{}” follows with {apart} {words} ({far}).", next.label),
        });
    }
    sentences.push(words::ending(comparison));
    sentences.retain(|sentence| !sentence.is_empty());
    sentences.join(" ")
}

fn worst(html: &mut Html, comparison: &Comparison, runs: &[(usize, Run)]) {
    let unit = words::unit(comparison);
    for design in &comparison.designs {
        if design.worst.is_empty() {
            continue;
        }
        html.say("h3", &[], &design.label);
        html.within("ul", &[("class", &"assumed")], |html| {
            for run in &design.worst {
                html.within("li", &[], |html| {
                    html.text(format!("{}, replication {}: ", words::amount(unit, run.value), run.replication));
                    html.say("code", &[], &run.replay);
                });
            }
        });
        let told = runs.iter().find(|(index, _)| *index == design.index);
        if let Some((_, run)) = told.filter(|(_, run)| !run.story.is_empty()) {
            html.within("details", &[("class", &"told")], |html| {
                html.say("summary", &[], "The story of the worst");
                story::story(html, &run.story, &Clock::new(&run.outcome));
            });
        }
    }
}

fn again(html: &mut Html, comparison: &Comparison, protocol: &Protocol, replay: Option<&str>) {
    let runs: u64 = comparison.designs.iter().map(|design| design.replications).sum();
    html.within("dl", &[], |html| {
        for (label, value) in [
            ("plan", Some(comparison.protocol.clone())),
            ("digest", Some(format!("{} over {} runs", comparison.digest, format::count(runs as f64)))),
            ("made by", Some(format!("firedrill {}, seed {}", comparison.firedrill_version, comparison.seed))),
            ("replay", replay.map(str::to_owned)),
            ("verify", Some("firedrill verify THIS-PAGE.html".to_owned())),
        ] {
            let Some(value) = value else { continue };
            html.say("dt", &[], label);
            html.within("dd", &[], |html| html.say("code", &[], value));
        }
    });
    embedded_study::embed(html, comparison, protocol, replay);
}

#[cfg(test)]
mod tests;
