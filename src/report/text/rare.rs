//! How often what designs are for goes down, as text.

use super::line::{Ink, Line, wrap};
use super::page::{Layout, Page};
use super::table::Table;
use crate::rare::{Compared, Rated};
use crate::report::format;
use crate::report::rare as words;

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
            if let Some(said) = words::doubt(rated) {
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
        (Ink::Strong, words::often(mean)),
        (Ink::Plain, format!("{} to {}", words::often(low), words::often(high))),
        (Ink::Plain, words::once_in(mean)),
        (Ink::Plain, format::length(rated.minutes_down_per_year.0 * 60.0)),
        (Ink::Plain, format::large(estimate.runs as f64)),
        (Ink::Degraded, state.to_owned()),
    ]
}
