//! In which values two designs differ: a line each, under the thing that it is a part of.

use super::line::{Ink, Line, clean, cut, width};
use super::page::Page;
use crate::scenario::Difference;

/// Columns of a value, where there is no room for more.
const VALUE_WIDTH_MIN: usize = 16;
const INDENT: usize = 2;
const GAP: usize = 2;
/// What stands where one of them says nothing.
const NOTHING: &str = "–";

/// Writes the differences of two designs that are called so.
pub fn render_differences(found: &[Difference], names: (&str, &str), columns: usize, colour: bool) -> String {
    let mut page = Page::new(columns, colour);
    if found.is_empty() {
        page.line(Line::new().with(Ink::Plain, format!("{} and {} are the same", clean(names.0), clean(names.1))));
        return page.out;
    }
    let rows: Vec<Row> = found.iter().map(Row::new).collect();
    let widths = widths(&rows, names, page.width);
    let row = |inks: [Ink; 3], cells: [&str; 3]| {
        let mut line = Line::new();
        let mut at = INDENT;
        for ((ink, cell), wide) in inks.into_iter().zip(cells).zip(widths) {
            line.pad(at);
            line.push(ink, cut(cell, wide));
            at += wide + GAP;
        }
        line
    };
    page.line(row([Ink::Faint; 3], ["", names.0, names.1]));
    let rule = "─".repeat(widths.iter().sum::<usize>() + 2 * GAP);
    page.line(Line::new().with(Ink::Plain, " ".repeat(INDENT)).with(Ink::Faint, rule));
    let mut shown = None;
    for Row { thing, cells: [path, first, second] } in &rows {
        if shown != Some(thing) {
            page.line(Line::new().with(Ink::Plain, " ".repeat(INDENT)).with(Ink::Strong, clean(thing)));
        }
        shown = Some(thing);
        let ink = |value: &str| if value == NOTHING { Ink::Faint } else { Ink::Plain };
        page.line(row([Ink::Plain, ink(first), ink(second)], [path, first, second]));
    }
    page.blank();
    let count = if rows.len() == 1 { "1 value differs".to_owned() } else { format!("{} values differ", rows.len()) };
    page.line(Line::new().with(Ink::Plain, count));
    page.out
}

/// A difference, under the thing that it is one of.
struct Row {
    thing: String,
    /// The rest of the path, and what each of the two says.
    cells: [String; 3],
}

impl Row {
    fn new(difference: &Difference) -> Row {
        let steps: Vec<&str> = difference.path.split('.').collect();
        // `services.web`, but `strategy.failover.home`: a strategy is a file in the file.
        let of_thing = if steps[0] == "strategy" { 3 } else { 2 };
        let (thing, rest) = steps.split_at(of_thing.min(steps.len() - 1));
        let said = |value: &Option<String>| value.as_deref().unwrap_or(NOTHING).to_owned();
        let rest = format!("  {}", clean(&rest.join(".")));
        Row { thing: thing.join("."), cells: [rest, said(&difference.first), said(&difference.second)] }
    }
}

/// The columns of paths and values. Where there is too little room, values give way first, down to a width at which most can be read.
fn widths(rows: &[Row], names: (&str, &str), page: usize) -> [usize; 3] {
    let widest =
        |i: usize, title: &str| rows.iter().map(|row| width(&row.cells[i])).max().unwrap_or(0).max(width(title));
    let room = page.saturating_sub(INDENT + 2 * GAP);
    let [path, first, second] = [widest(0, ""), widest(1, names.0), widest(2, names.1)];
    let least = first.min(VALUE_WIDTH_MIN) + second.min(VALUE_WIDTH_MIN);
    let path = path.min(room.saturating_sub(least));
    let left = room.saturating_sub(path);
    // A narrow value leaves its room to the other.
    let first = first.min((left / 2).max(left.saturating_sub(second)));
    [path, first, second.min(left.saturating_sub(first))]
}
