//! Both traffic engines side by side.

use super::line::{Ink, Line, wrap};
use super::page::{Layout, Page};
use super::table::Table;
use crate::agree::{Agreement, Row};
use crate::report::format;

/// Writes what both engines say of one scenario.
pub fn render_agreement(agreement: &Agreement, layout: Layout) -> String {
    let mut page = Page::new(layout.width, layout.colour);
    for line in wrap(&agreement.title, page.width) {
        page.line(Line::new().with(Ink::Strong, line));
    }
    let length = format::length(agreement.to_s - agreement.from_s);
    let events = format::large(agreement.events as f64);
    page.line(Line::new().with(
        Ink::Faint,
        format!(
            "{length} by both traffic engines · {} replications, {events} events of single requests",
            agreement.replications
        ),
    ));
    for warning in &agreement.warnings {
        for (i, line) in wrap(warning, page.width.saturating_sub(4)).into_iter().enumerate() {
            page.line(Line::new().with(Ink::Bad, if i == 0 { "  ! " } else { "    " }).with(Ink::Plain, line));
        }
    }
    let mut at = 0;
    while at < agreement.rows.len() {
        let first = &agreement.rows[at];
        let same = |row: &&Row| row.of == first.of && row.feature == first.feature && row.phase == first.phase;
        let count = agreement.rows[at..].iter().take_while(same).count();
        let title = match (&first.feature, first.phase) {
            (Some(feature), "all") => format!("{}: {feature}", first.of),
            (Some(feature), phase) => format!("{}: {feature}, {phase}", first.of),
            (None, _) => first.of.clone(),
        };
        page.section(&super::clean(&title));
        let mut table = Table::new(&["", ">flow", ">request", ">95% interval", ">differs", ""]);
        for row in &agreement.rows[at..at + count] {
            table.row(cells(row));
        }
        table.write(&mut page);
        at += count;
    }
    let (agree, all) = (agreement.rows.iter().filter(|row| row.agrees).count(), agreement.rows.len());
    page.blank();
    page.words(
        if agree == all { Ink::Good } else { Ink::Strong },
        0,
        &format!("{agree} of {all} measures agree: means within 5%, tails within 10%, or within the interval"),
    );
    page.out
}

fn cells(row: &Row) -> Vec<(Ink, String)> {
    let shown = |value: f64| match row.metric {
        "mean" | "p50" | "p95" | "p99" | "wait" => format::latency(value),
        "utilisation" => format::percent(value),
        "drained after" => format::length(value),
        _ => format::large(value),
    };
    let differs = if row.request != 0.0 { (row.flow - row.request) / row.request } else { f64::NAN };
    let differs = if differs.is_finite() { format!("{:+.1}%", differs * 100.0) } else { format::NOTHING.to_owned() };
    let verdict = if row.agrees { (Ink::Good, "agrees") } else { (Ink::Bad, "differs") };
    vec![
        (Ink::Plain, row.metric.to_owned()),
        (Ink::Plain, shown(row.flow)),
        (Ink::Plain, shown(row.request)),
        (Ink::Faint, format!("± {}", shown(row.half_width))),
        (if row.agrees { Ink::Plain } else { Ink::Bad }, differs),
        (verdict.0, verdict.1.to_owned()),
    ]
}
