//! What a run cost.

use super::line::{Ink, Line, cut, width};
use super::page::Page;
use crate::metrics::Outcome;
use crate::report::money::entries;

/// Columns of what it is, at most.
const WHAT_MAX: usize = 48;

/// What was spent and lost, where the file says what things cost or are worth.
pub fn write(page: &mut Page, outcome: &Outcome) {
    let Some(money) = &outcome.money else { return };
    page.section("What it cost");
    let entries = entries(money);
    let what = entries.iter().map(|entry| width(&entry.what) + 2).max().unwrap_or(0).min(WHAT_MAX);
    let amounts = entries.iter().map(|entry| width(&entry.amount)).max().unwrap_or(0);
    for entry in entries {
        let (ink, indent) = if entry.is_sum { (Ink::Strong, 2) } else { (Ink::Plain, 4) };
        let mut line = Line::new().with(Ink::Plain, " ".repeat(indent)).with(ink, cut(&entry.what, what));
        line.pad(what + 4 + amounts.saturating_sub(width(&entry.amount)));
        line.push(ink, entry.amount);
        page.line(line);
    }
}
