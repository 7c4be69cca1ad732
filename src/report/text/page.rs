//! A page of text that is being written, line by line.

use super::line::{Ink, Line, wrap};

/// How the text is laid out.
#[derive(Debug, Clone, Copy)]
pub struct Layout<'a> {
    /// Columns of the terminal.
    pub width: usize,
    /// Whether escape sequences for colour are wanted.
    pub colour: bool,
    /// The command that makes this run again.
    pub replay: Option<&'a str>,
}

/// Narrower than this nothing is laid out; the terminal then breaks the lines.
const WIDTH_MIN: usize = 60;

/// What is being written.
pub struct Page {
    /// Columns of the terminal.
    pub width: usize,
    colour: bool,
    /// The text so far.
    pub out: String,
}

impl Page {
    /// Nothing is written yet.
    pub fn new(width: usize, colour: bool) -> Page {
        Page { width: width.max(WIDTH_MIN), colour, out: String::new() }
    }

    /// Writes a line.
    pub fn line(&mut self, line: Line) {
        line.write(&mut self.out, self.colour);
    }

    /// Writes a text in as many lines as it takes.
    pub fn words(&mut self, ink: Ink, indent: usize, text: &str) {
        for line in wrap(text, self.width - indent) {
            self.line(Line::new().with(Ink::Plain, " ".repeat(indent)).with(ink, line));
        }
    }

    /// Leaves a line empty.
    pub fn blank(&mut self) {
        self.out.push('\n');
    }

    /// A heading with a rule to the edge.
    pub fn section(&mut self, title: &str) {
        self.blank();
        let line = Line::new().with(Ink::Strong, title).with(Ink::Plain, " ");
        let rule = "─".repeat(self.width.saturating_sub(line.width()));
        self.line(line.with(Ink::Faint, rule));
    }
}
