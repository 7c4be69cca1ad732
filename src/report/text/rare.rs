//! How often what designs are for goes down, as text.

use super::line::{Ink, Line, wrap};
use super::page::{Layout, Page};
use super::table::Table;
use crate::rare::{Compared, Rated};
use crate::report::format;

/// Writes how often the top events of designs come.
pub fn render_rare(compared: &Compared, layout: Layout) -> String {
    let mut page = Page::new(layout.width, layout.colour);
    page.line(Line::new().with(Ink::Strong, "Rare events"));
    let percent = format::percent(compared.confidence);
    let about = format!(
        "How often each is to be expected to come, with intervals of {percent}; runs in which failures are made to come, by weight."
    );
    wrap(&about, page.width).into_iter().for_each(|part| page.line(Line::new().with(Ink::Plain, part)));
    let mut tops: Vec<&str> = Vec::new();
    for rated in &compared.rated {
        if tops.contains(&rated.top.as_str()) {
            continue;
        }
        tops.push(&rated.top);
        page.section(&rated.top);
        let mut table = Table::new(&["design", ">times|a year", ">interval", ">once in", ">down|a year", ">runs", ""]);
        for rated in compared.rated.iter().filter(|other| other.top == rated.top) {
            table.row(row(rated));
        }
        table.write(&mut page);
        for rated in compared.rated.iter().filter(|other| other.top == rated.top) {
            if let Some(said) = doubt(rated) {
                wrap(&said, page.width - 4).into_iter().for_each(|part| {
                    page.line(Line::new().with(Ink::Plain, "  ").with(Ink::Degraded, part));
                });
            }
        }
    }
    if compared.ended_early {
        page.blank();
        page.line(Line::new().with(Ink::Degraded, "Some of it was given up before there were enough runs."));
    }
    if let Some(replay) = layout.replay {
        page.section("To get this again");
        page.line(Line::new().with(Ink::Plain, "  ").with(Ink::Plain, replay));
    }
    page.out
}

fn row(rated: &Rated) -> Vec<(Ink, String)> {
    let (mean, low, high) = rated.per_year;
    let estimate = &rated.estimate;
    let state = if estimate.converged { "" } else { "not converged" };
    vec![
        (Ink::Plain, rated.design.clone()),
        (Ink::Strong, often(mean)),
        (Ink::Plain, format!("{} to {}", often(low), often(high))),
        (Ink::Plain, if mean > 0.0 { format!("{} years", years(1.0 / mean)) } else { format::NOTHING.to_owned() }),
        (Ink::Plain, format::length(rated.minutes_down_per_year.0 * 60.0)),
        (Ink::Plain, format::large(estimate.runs as f64)),
        (Ink::Degraded, state.to_owned()),
    ]
}

/// What can be said where the estimate has not converged.
fn doubt(rated: &Rated) -> Option<String> {
    let bound = rated.estimate.at_most?;
    let percent = format::percent(rated.estimate.confidence);
    let seen = match rated.estimate.per_run > 0.0 {
        true => format!("only {:.0} runs count in effect", rated.estimate.effective),
        false => "it came in no run, also where failures were made to come".to_owned(),
    };
    Some(format!(
        "{}: {seen}. With {percent} it comes in at most one in {} runs; --replications N allows more",
        rated.design,
        format::large((1.0 / bound.share).floor())
    ))
}

/// A small number with three digits that count.
fn often(value: f64) -> String {
    match value {
        0.0 => "0".to_owned(),
        small if small < 1e-3 => format!("{small:.2e}"),
        value => format!("{}", (value * 1e4).round() / 1e4),
    }
}

fn years(value: f64) -> String {
    if value < 10.0 { format!("{value:.1}") } else { format::large(value) }
}
