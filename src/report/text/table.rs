//! Tables that fit: numbers to the right, and where the terminal is too narrow, more than one part under the same names.

use super::line::{Ink, Line, cut, width};
use super::page::Page;

/// Rows beyond these are counted instead of shown.
pub const ROWS_MAX: usize = 40;
/// Columns that the first column keeps when space is short.
const NAME_WIDTH_MIN: usize = 14;
/// Other columns of text are cut at this.
const TEXT_WIDTH_MAX: usize = 48;
const INDENT: usize = 2;

/// A table.
pub struct Table {
    /// Columns that the first column keeps, where its longest entry has as many.
    kept: usize,
    titles: Vec<Title>,
    rows: Vec<Vec<(Ink, String)>>,
}

/// The title of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Title {
    /// In lines.
    pub lines: Vec<String>,
    /// The column is set to the right.
    pub right: bool,
}

impl From<&str> for Title {
    /// A `>` in front puts the column to the right, a `|` breaks the title in lines: not for names, which may have them.
    fn from(title: &str) -> Title {
        let (text, right) = title.strip_prefix('>').map_or((title, false), |text| (text, true));
        Title { lines: text.split('|').map(str::to_owned).collect(), right }
    }
}

impl Table {
    /// A table with these columns. A `>` in front of a title puts its column to the right, a `|` breaks it in lines.
    pub fn new(titles: &[&str]) -> Table {
        Table::of(titles.iter().map(|title| Title::from(*title)).collect())
    }

    /// A table with these columns.
    pub fn of(titles: Vec<Title>) -> Table {
        Table { kept: NAME_WIDTH_MIN, titles, rows: Vec::new() }
    }

    /// The same table, whose names do not give way below so many columns: the other columns go into more parts instead.
    pub fn keeping_names(self, columns: usize) -> Table {
        Table { kept: columns, ..self }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: Vec<(Ink, String)>) {
        self.rows.push(cells);
    }

    /// Whether there is anything to show.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Writes the table.
    pub fn write(mut self, page: &mut Page) {
        let left_out = self.rows.len().saturating_sub(ROWS_MAX);
        self.rows.truncate(ROWS_MAX);
        // A column in which no row says anything says nothing.
        let told = |i: usize| i == 0 || self.rows.iter().any(|row| row[i].1 != crate::report::format::NOTHING);
        let columns: Vec<usize> = (0..self.titles.len()).filter(|&i| told(i)).collect();
        let mut widths: Vec<usize> = (0..self.titles.len()).map(|i| self.width(i)).collect();
        let room = page.width.saturating_sub(INDENT);
        let widest = columns[1..].iter().map(|&i| widths[i] + 2).max().unwrap_or(0);
        let all: usize = columns[1..].iter().map(|&i| widths[i] + 2).sum();
        // The names give way when that makes the table fit in one part, or when nothing fits beside them.
        let kept = self.kept.min(widths[0]).max(NAME_WIDTH_MIN);
        let enough = if room.saturating_sub(all) >= kept { all } else { widest };
        widths[0] = widths[0].min(room.saturating_sub(enough).max(kept));
        let fitting = |rest: &[usize]| {
            let mut used = widths[0];
            let fits = rest.iter().take_while(|&&i| {
                used += widths[i] + 2;
                used <= room
            });
            fits.count().clamp(1.min(rest.len()), rest.len())
        };
        // As few parts as fit, and those about alike.
        let (mut parts, mut left) = (0, &columns[1..]);
        while !left.is_empty() {
            left = &left[fitting(left)..];
            parts += 1;
        }
        let evenly = columns[1..].len().div_ceil(parts.max(1));
        let mut rest = &columns[1..];
        loop {
            let (now, later) = rest.split_at(fitting(rest).min(evenly));
            let natural: usize = widths[0] + now.iter().map(|&i| widths[i]).sum::<usize>();
            let gaps = now.len().max(1);
            let gap = (room.saturating_sub(natural) / gaps).clamp(2, 4);
            let shown: Vec<usize> = std::iter::once(0).chain(now.iter().copied()).collect();
            self.part(page, &shown, &widths, gap);
            rest = later;
            if rest.is_empty() {
                break;
            }
            page.blank();
        }
        if left_out > 0 {
            page.line(Line::new().with(Ink::Faint, format!("  and {left_out} more; --json has them all")));
        }
    }

    fn width(&self, column: usize) -> usize {
        let title = self.titles[column].lines.iter().map(|l| width(l)).max().unwrap_or(0);
        let cells = self.rows.iter().map(|row| width(&row[column].1)).max().unwrap_or(0);
        title.max(cells).min(TEXT_WIDTH_MAX)
    }

    fn part(&self, page: &mut Page, columns: &[usize], widths: &[usize], gap: usize) {
        let height = columns.iter().map(|&i| self.titles[i].lines.len()).max().unwrap_or(1);
        let laid_out = |cells: Vec<(Ink, String)>| {
            let mut line = Line::new();
            let mut column = INDENT;
            for (&i, (ink, text)) in columns.iter().zip(cells) {
                let text = cut(&text, widths[i]);
                let blanks = if self.titles[i].right { widths[i].saturating_sub(width(&text)) } else { 0 };
                line.pad(column + blanks);
                line.push(ink, text);
                column += widths[i] + gap;
            }
            line
        };
        for row in 0..height {
            let cells = columns.iter().map(|&i| {
                // Titles stand on the rule.
                let lines = &self.titles[i].lines;
                let text = (row + lines.len()).checked_sub(height).map_or("", |at| lines[at].as_str());
                (Ink::Faint, text.to_owned())
            });
            page.line(laid_out(cells.collect()));
        }
        let total: usize = columns.iter().map(|&i| widths[i]).sum::<usize>() + gap * (columns.len() - 1);
        page.line(Line::new().with(Ink::Plain, " ".repeat(INDENT)).with(Ink::Faint, "─".repeat(total)));
        for row in &self.rows {
            page.line(laid_out(columns.iter().map(|&i| row[i].clone()).collect()));
        }
    }
}
