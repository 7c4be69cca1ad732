//! Tables: numbers to the right, what stands out marked, and the data behind a drawing folded away.

use super::markup::Html;
use crate::report::format::NOTHING;

/// Rows beyond these are counted instead of shown.
const ROWS_MAX: usize = 200;

/// A cell: how it is set, and what is in it.
#[derive(Debug, Clone)]
pub struct Cell {
    class: &'static str,
    text: String,
}

impl Cell {
    /// Text.
    pub fn text(text: impl Into<String>) -> Cell {
        Cell { class: "", text: text.into() }
    }

    /// The name of a row.
    pub fn name(text: impl Into<String>) -> Cell {
        Cell { class: "name", text: text.into() }
    }

    /// The name of a row that is that of the row before: seen only where a row stands by itself.
    pub fn again(text: impl Into<String>) -> Cell {
        Cell { class: "name again", text: text.into() }
    }

    /// The name of a row that is a part of another.
    pub fn part(text: impl Into<String>) -> Cell {
        Cell { class: "name part", text: text.into() }
    }

    /// A number.
    pub fn number(text: impl Into<String>) -> Cell {
        Cell { class: "number", text: text.into() }
    }

    /// A number that is bad unless it is none.
    pub fn bad(text: impl Into<String>) -> Cell {
        Cell::number(text).marked("number bad")
    }

    /// A number that is not good unless it is none.
    pub fn poor(text: impl Into<String>) -> Cell {
        Cell::number(text).marked("number poor")
    }

    /// Words that tell of something bad, or not good.
    pub fn judged(text: impl Into<String>, class: &'static str) -> Cell {
        Cell { class, text: text.into() }
    }

    fn marked(self, class: &'static str) -> Cell {
        if self.text == NOTHING { self } else { Cell { class, ..self } }
    }
}

/// A table.
pub fn table(html: &mut Html, titles: &[&str], rows: &[Vec<Cell>]) {
    html.within("div", &[("class", &"wide cards")], |html| {
        html.within("table", &[], |html| inside(html, titles, &rows[..rows.len().min(ROWS_MAX)], true));
    });
    if rows.len() > ROWS_MAX {
        html.say("p", &[("class", &"faint")], format!("and {} more; --json has them all", rows.len() - ROWS_MAX));
    }
}

/// All that a drawing shows, as a table that is folded away.
pub fn data(html: &mut Html, title: &str, titles: &[&str], rows: Vec<Vec<Cell>>) {
    html.within("details", &[("class", &"data")], |html| {
        html.say("summary", &[], title);
        html.within("div", &[("class", &"wide")], |html| {
            html.within("table", &[], |html| inside(html, titles, &rows, false));
        });
    });
}

fn inside(html: &mut Html, titles: &[&str], rows: &[Vec<Cell>], as_cards: bool) {
    // A column is set as its first cell is; one in which no row says anything says nothing.
    let class = |i: usize| rows.first().map_or("", |row| row[i].class);
    let columns: Vec<usize> =
        (0..titles.len()).filter(|&i| i == 0 || rows.iter().any(|row| row[i].text != NOTHING)).collect();
    html.within("thead", &[], |html| {
        html.within("tr", &[], |html| {
            for &i in &columns {
                let class = if class(i).starts_with("number") { "number" } else { "" };
                html.say("th", &[("scope", &"col"), ("class", &class)], titles[i]);
            }
        });
    });
    html.within("tbody", &[], |html| {
        for row in rows {
            html.within("tr", &[], |html| {
                for (cell, title) in columns.iter().map(|&i| (&row[i], titles[i])) {
                    // On a narrow screen a row is a card, on which each value says what it is.
                    match cell.class {
                        "name again" => html.within("th", &[("scope", &"row")], |html| {
                            html.say("span", &[("class", &"again")], &cell.text);
                        }),
                        "name part" => html.say("th", &[("scope", &"row"), ("class", &"part")], &cell.text),
                        "name" => html.say("th", &[("scope", &"row")], &cell.text),
                        "" if as_cards => html.say("td", &[("data-label", &title)], &cell.text),
                        "" => html.say("td", &[], &cell.text),
                        class if as_cards => html.say("td", &[("class", &class), ("data-label", &title)], &cell.text),
                        class => html.say("td", &[("class", &class)], &cell.text),
                    }
                }
            });
        }
    });
}
