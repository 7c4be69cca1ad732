//! The page: tables of how far the flow engine is off.

use crate::grid::{Cell, Family};
use crate::{Measured, Window};
use firedrill::agree::{MEANS_WITHIN, TAILS_WITHIN};
use std::fmt::Write;

/// What a metric may be off by.
fn within(metric: &str) -> f64 {
    if matches!(metric, "p95" | "p99") { TAILS_WITHIN } else { MEANS_WITHIN }
}

/// By how much the flow engine is off, as a share.
fn off(m: &Measured) -> f64 {
    if m.request == 0.0 && m.flow == 0.0 { 0.0 } else { (m.flow - m.request) / m.request }
}

fn is_outside(m: &Measured) -> bool {
    let off = off(m);
    !(off.abs() <= within(m.metric) || (m.flow - m.request).abs() <= m.half_width)
}

fn entry(m: &Measured) -> String {
    let percent = off(m) * 100.0;
    let text = if percent.is_nan() {
        "none".to_owned()
    } else if percent.abs() >= 9.95 {
        format!("{percent:+.0}")
    } else if percent.abs() < 0.05 {
        "0".to_owned()
    } else {
        format!("{percent:+.1}")
    };
    let text = text.replace('-', "−");
    if is_outside(m) { format!("**{text}**") } else { text }
}

pub fn page(families: &[Family], results: &[Vec<Vec<Measured>>], windows: &[Window]) -> String {
    let mut out = String::from(include_str!("head.md"));
    let mut worst: Vec<(f64, String)> = Vec::new();
    out.push_str("\n## In short\n\n");
    out.push_str("Of the measures that are held to the bounds:\n\n");
    out.push_str("| family | cells | held | outside | worst mean | worst p50 | worst p95 | worst p99 |\n");
    out.push_str("|---|---|---|---|---|---|---|---|\n");
    for (family, cells) in families.iter().zip(results.iter()) {
        let all: Vec<(&Cell, &Measured)> =
            family.cells.iter().zip(cells).flat_map(|(cell, found)| found.iter().map(move |m| (cell, m))).collect();
        let shown: Vec<_> = all.iter().filter(|(cell, m)| !cell.told.contains(&m.metric)).collect();
        let outside = shown.iter().filter(|(_, m)| is_outside(m)).count();
        let most = |metric: &str| {
            let of = shown.iter().filter(|(_, m)| m.metric == metric).map(|(_, m)| *m);
            of.max_by(|a, b| off(a).abs().total_cmp(&off(b).abs())).map_or(String::new(), entry)
        };
        let _ = writeln!(
            out,
            "| {} | {} | {} | {outside} | {} | {} | {} | {} |",
            family.title,
            family.cells.len(),
            shown.len(),
            most("mean"),
            most("p50"),
            most("p95"),
            most("p99")
        );
        for (cell, m) in shown {
            if is_outside(m) {
                let line = format!(
                    "| {}: {}, {} | {} | {} | {} ± {} | {} |\n",
                    family.title,
                    cell.row,
                    cell.column,
                    m.metric,
                    number(m.flow),
                    number(m.request),
                    number(m.half_width),
                    entry(m)
                );
                worst.push((off(m).abs() / within(m.metric), line));
            }
        }
    }
    worst.sort_by(|a, b| b.0.total_cmp(&a.0));
    if !worst.is_empty() {
        out.push_str("\nThe furthest outside, against what is borne:\n\n| cell | measure | flow | request | off, % |\n|---|---|---|---|---|\n");
    }
    worst.iter().take(20).for_each(|(_, line)| out.push_str(line));
    for (family, cells) in families.iter().zip(results.iter()) {
        let _ = write!(out, "\n## {}\n\n{}\n\n", family.title, family.about);
        let _ = write!(out, "Each entry: {}, in percent of the request engine's.\n\n", family.shows.join(", "));
        table(&mut out, family, cells);
    }
    for window in windows {
        files(&mut out, window);
    }
    out
}

fn number(x: f64) -> String {
    if x.abs() >= 100.0 {
        format!("{x:.0}")
    } else if x == 0.0 {
        "0".to_owned()
    } else {
        format!("{:.*}", (2 - x.abs().log10().floor() as i32).max(0) as usize, x)
    }
}

fn table(out: &mut String, family: &Family, cells: &[Vec<Measured>]) {
    let (mut rows, mut columns): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
    for cell in &family.cells {
        if !rows.contains(&cell.row.as_str()) {
            rows.push(&cell.row);
        }
        if !columns.contains(&cell.column.as_str()) {
            columns.push(&cell.column);
        }
    }
    let _ = writeln!(out, "| | {} |", columns.join(" | "));
    let _ = writeln!(out, "|---|{}", "---|".repeat(columns.len()));
    for row in rows {
        let _ = write!(out, "| {row} |");
        for column in &columns {
            let found = family.cells.iter().zip(cells).find(|(cell, _)| cell.row == row && cell.column == *column);
            let Some((_, found)) = found else {
                out.push_str(" |");
                continue;
            };
            let entries: Vec<String> =
                (family.shows.iter()).filter_map(|name| found.iter().find(|m| m.metric == *name)).map(entry).collect();
            let widest = found.iter().filter(|m| m.metric == "mean").map(|m| m.half_width / m.request);
            let rough = widest.fold(0.0, f64::max) > 0.015;
            let _ = write!(out, " {}{} |", entries.join(", "), if rough { " ~" } else { "" });
        }
        out.push('\n');
    }
}

fn files(out: &mut String, window: &Window) {
    let agreement = &window.agreement;
    let rows: Vec<_> = agreement.rows.iter().filter(|row| row.phase == "all").collect();
    let agree = rows.iter().filter(|row| row.agrees).count();
    let _ = write!(
        out,
        "\n## {}: {}\n\n[{}](../../{}) from {} to {}, {} replications, {:.1} million events: {agree} of {} measures agree.\n",
        agreement.title,
        window.what,
        window.file,
        window.file,
        window.from,
        window.to,
        agreement.replications,
        agreement.events as f64 / 1e6,
        rows.len()
    );
    if agree < rows.len() {
        out.push_str("\nThe others:\n\n| of | measure | flow | request | off, % |\n|---|---|---|---|---|\n");
        for row in rows.iter().filter(|row| !row.agrees) {
            let feature = row.feature.as_ref().map_or(String::new(), |feature| format!(": {feature}"));
            let percent = (row.flow - row.request) / row.request * 100.0;
            let _ = writeln!(
                out,
                "| {}{feature} | {} | {} | {} ± {} | {percent:+.1} |",
                row.of,
                row.metric,
                number(row.flow),
                number(row.request),
                number(row.half_width)
            );
        }
    }
}
