//! Lines of styled text. Whatever goes into a line is cleaned on its way in, so that no name of a scenario can reach the
//! terminal as an escape sequence or turn the direction of writing.

use crate::report::diagnostics::visible;
use anstyle::{Ansi256Color, AnsiColor, Color, Style};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// What a piece of text means; its colour follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ink {
    /// Text.
    Plain,
    /// What stands out.
    Strong,
    /// What stands back.
    Faint,
    /// Users fine, something repaired.
    Good,
    /// Users see old things.
    Stale,
    /// Users served worse.
    Degraded,
    /// Users down, something failed.
    Bad,
    /// The response at work.
    Response,
    /// Planned work.
    Planned,
    /// Words and decisions.
    Word,
}

impl Ink {
    fn style(self) -> Style {
        let ansi = |colour: AnsiColor| Style::new().fg_color(Some(Color::Ansi(colour)));
        match self {
            Ink::Plain => Style::new(),
            Ink::Strong => Style::new().bold(),
            Ink::Faint => Style::new().dimmed(),
            Ink::Good => ansi(AnsiColor::Green),
            Ink::Stale => ansi(AnsiColor::Yellow),
            // The sixteen colours have no orange, and degraded must not look like down or stale.
            Ink::Degraded => Style::new().fg_color(Some(Color::Ansi256(Ansi256Color(208)))),
            Ink::Bad => ansi(AnsiColor::Red).bold(),
            Ink::Response => ansi(AnsiColor::Cyan),
            Ink::Planned => ansi(AnsiColor::Magenta),
            Ink::Word => ansi(AnsiColor::Blue).bold(),
        }
    }
}

/// A line in pieces.
#[derive(Debug, Clone, Default)]
pub struct Line {
    pieces: Vec<(Ink, String)>,
}

impl Line {
    /// An empty line.
    pub fn new() -> Line {
        Line::default()
    }

    /// This line and a piece more.
    pub fn with(mut self, ink: Ink, text: impl AsRef<str>) -> Line {
        self.push(ink, text);
        self
    }

    /// Adds a piece.
    pub fn push(&mut self, ink: Ink, text: impl AsRef<str>) {
        let text = clean(text.as_ref());
        match self.pieces.last_mut() {
            Some((last, piece)) if *last == ink => piece.push_str(&text),
            _ => self.pieces.push((ink, text)),
        }
    }

    /// This line and another behind it.
    pub fn and(mut self, other: Line) -> Line {
        self.pieces.extend(other.pieces);
        self
    }

    /// Adds blanks up to a column.
    pub fn pad(&mut self, column: usize) {
        let missing = column.saturating_sub(self.width());
        self.push(Ink::Plain, " ".repeat(missing));
    }

    /// Columns on the terminal.
    pub fn width(&self) -> usize {
        self.pieces.iter().map(|(_, text)| width(text)).sum()
    }

    /// Writes the line, without blanks at its end.
    pub fn write(&self, out: &mut String, colour: bool) {
        let mut shown = self.pieces.as_slice();
        while let [rest @ .., (_, text)] = shown
            && text.trim_end().is_empty()
        {
            shown = rest;
        }
        for (index, (ink, text)) in shown.iter().enumerate() {
            let text = if index + 1 == shown.len() { text.trim_end() } else { text };
            let style = ink.style();
            match colour && *ink != Ink::Plain {
                true => out.push_str(&format!("{style}{text}{style:#}")),
                false => out.push_str(text),
            }
        }
        out.push('\n');
    }
}

/// A text that can be shown as it is.
pub fn clean(text: &str) -> String {
    text.chars().map(visible).collect()
}

/// Columns that a text takes.
pub fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// A text in so many columns at most, with an ellipsis where it was cut.
pub fn cut(text: &str, columns: usize) -> String {
    let text = clean(text);
    if width(&text) <= columns {
        return text;
    }
    let mut taken = 0;
    let mut out = String::new();
    for c in text.chars() {
        taken += c.width().unwrap_or(0);
        if taken >= columns {
            break;
        }
        out.push(c);
    }
    format!("{}…", out.trim_end())
}

/// Whether a word fits into so many columns. No more of it is looked at than that takes: a word may be as long as a file.
fn fits(word: &str, columns: usize) -> bool {
    // A character of no width can stand on one that has some; hundreds of them do not.
    let looked_at = 16 * columns + 256;
    word.char_indices().nth(looked_at).is_none() && width(word) <= columns
}

/// A text in lines of so many columns at most, broken between words where it can be.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in clean(text).split_whitespace() {
        let mut word = word;
        loop {
            let line = lines.last_mut().expect("there is always one");
            let gap = usize::from(!line.is_empty());
            if columns.checked_sub(width(line) + gap).is_some_and(|left| fits(word, left)) {
                line.push_str(&" ".repeat(gap));
                line.push_str(word);
                break;
            }
            if !line.is_empty() {
                lines.push(String::new());
                continue;
            }
            // A word longer than a line.
            let mut taken = 0;
            let end = word.char_indices().find(|(_, c)| {
                taken += c.width().unwrap_or(0);
                taken > columns.max(1)
            });
            let Some((at, _)) = end.filter(|(at, _)| *at > 0) else {
                line.push_str(word);
                break;
            };
            line.push_str(&word[..at]);
            word = &word[at..];
            lines.push(String::new());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_hostile_gets_through() {
        let mut line = Line::new().with(Ink::Bad, "a\u{1b}[31mb\u{202e}c\nd\u{9b}e\u{61c}");
        line.pad(40);
        let mut out = String::new();
        line.write(&mut out, false);
        assert_eq!(out, "a␛[31mb\u{fffd}c␊d\u{fffd}e\u{fffd}\n");
    }

    #[test]
    fn plain_text_has_no_escapes_and_colour_ends_where_it_should() {
        let line = Line::new().with(Ink::Bad, "down").with(Ink::Plain, " since ");
        let (mut plain, mut colour) = (String::new(), String::new());
        line.write(&mut plain, false);
        line.write(&mut colour, true);
        assert_eq!(plain, "down since\n");
        assert_eq!(colour, "\u{1b}[1m\u{1b}[31mdown\u{1b}[0m since\n");
    }

    #[test]
    fn texts_are_cut_and_wrapped_by_columns() {
        assert_eq!(cut("oslo schools", 8), "oslo sc…");
        assert_eq!(cut("学校学校", 5), "学校…");
        assert_eq!(wrap("a word and incomprehensibilities", 10), ["a word and", "incomprehe", "nsibilitie", "s"]);
        assert_eq!(wrap("", 10), [""]);
    }
}
