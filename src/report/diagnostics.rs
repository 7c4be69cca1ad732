//! Diagnostics as text: each mistake with its place underlined and its fix.

use crate::scenario::{Code, Diagnostic, Source};
use annotate_snippets::{AnnotationKind, Level, Origin, Renderer, Snippet};
use std::ops::Range;

/// Of a long line so many characters are shown on each side of where the mistake starts.
const AROUND_CHARS_MAX: usize = 100;
/// And in a narrow terminal on each side still so many,
const AROUND_CHARS_MIN: usize = 12;
/// and so many of a message on a line.
const WORDS_MIN: usize = 20;
/// Where what was set was written.
const COMMAND_LINE: &str = "the command line";
/// The longest reason, fix or file name that is shown.
const MESSAGE_CHARS_MAX: usize = 1_000;

/// Writes every mistake in the style that Rust programmers know, and a closing line with their number.
///
/// Nothing of the file reaches the terminal as a control character, and long lines are shown in part.
pub fn render(source: &Source, diagnostics: &[Diagnostic], colour: bool) -> String {
    render_in(source, diagnostics, colour, None)
}

/// The same for a terminal of so many columns: words are not broken, and what is marked is what stands above the marks. Without a
/// width lines are as long as they get, for whoever searches in them.
pub fn render_in(source: &Source, diagnostics: &[Diagnostic], colour: bool, columns: Option<usize>) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let renderer = match columns {
        Some(columns) => renderer.term_width(columns),
        None => renderer,
    };
    let lines = source.text.bytes().filter(|byte| *byte == b'\n').count() + 1;
    // Beside a line stand its number and a bar.
    let beside = lines.to_string().len() + 4;
    let around = columns.map_or(AROUND_CHARS_MAX, |columns| {
        (columns.saturating_sub(beside) / 2).clamp(AROUND_CHARS_MIN, AROUND_CHARS_MAX)
    });
    let wrapped = |message: &str, before: usize| match columns {
        Some(columns) => wrapped(&clean(message, MESSAGE_CHARS_MAX), columns.saturating_sub(before).max(WORDS_MIN)),
        None => clean(message, MESSAGE_CHARS_MAX),
    };
    let name = clean(&source.name, MESSAGE_CHARS_MAX);
    let mut out = String::new();
    for diagnostic in diagnostics {
        let id = diagnostic.code.id();
        let level = if diagnostic.code.is_warning() { Level::WARNING } else { Level::ERROR };
        let before = if diagnostic.code.is_warning() { "warning[W100]: " } else { "error[F001]: " };
        let title = level.primary_title(wrapped(&diagnostic.reason, before.len())).id(id);
        let fix = Level::HELP.message(wrapped(&diagnostic.fix, beside + "= help: ".len()));
        // What was written on the command line is shown as it stands there.
        let written = diagnostic.argument.as_deref().map(|argument| (argument, in_argument(argument, diagnostic.code)));
        let (text, name) = match &written {
            Some((argument, _)) => (*argument, COMMAND_LINE.to_owned()),
            None => (source.text.as_str(), name.clone()),
        };
        let group = match written.as_ref().map(|(_, span)| span).or(diagnostic.span.as_ref()) {
            Some(span) => {
                let shown = Shown::new(text, span, around);
                let snippet = Snippet::source(shown.text)
                    .line_start(shown.line)
                    .annotation(AnnotationKind::Primary.span(shown.span));
                // Where the start of the line is left out, the renderer cannot count the column itself.
                if shown.is_cut {
                    let origin = Origin::path(name.clone()).line(shown.line).char_column(shown.column);
                    title.element(origin).element(snippet).element(fix)
                } else {
                    title.element(snippet.path(name.clone())).element(fix)
                }
            }
            None if diagnostic.path.is_empty() => title.element(Origin::path(name.clone())).element(fix),
            None => {
                let place = format!("{name}, {}", clean(&diagnostic.path, MESSAGE_CHARS_MAX));
                title.element(Origin::path(place)).element(fix)
            }
        };
        out.push_str(&renderer.render(&[group]));
        out.push_str("\n\n");
    }
    let name = if diagnostics.iter().all(|d| d.argument.is_some()) { COMMAND_LINE.to_owned() } else { name };
    let what = if diagnostics.iter().all(|d| d.code.is_warning()) { "warning" } else { "mistake" };
    match diagnostics.len() {
        0 => {}
        1 => out.push_str(&format!("1 {what} in {name}\n")),
        count => out.push_str(&format!("{count} {what}s in {name}\n")),
    }
    out
}

/// What is wrong in `path=value`: of a path that leads nowhere the path.
fn in_argument(argument: &str, code: Code) -> Range<usize> {
    let at = argument.find('=').unwrap_or(argument.len());
    if code == Code::Path { 0..at } else { (at + 1).min(argument.len())..argument.len() }
}

/// The part of a line that is shown.
struct Shown {
    /// Cleaned, and cut where it is long.
    text: String,
    /// What is underlined of it.
    span: Range<usize>,
    /// The line's number, from 1.
    line: usize,
    /// The column in characters, from 1.
    column: usize,
    /// Whether the start of the line is left out.
    is_cut: bool,
}

impl Shown {
    fn new(text: &str, span: &Range<usize>, around: usize) -> Shown {
        // A span from elsewhere must not bring the report down.
        let floor = |mut at: usize| {
            at = at.min(text.len());
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let (start, end) = (floor(span.start), floor(span.end));
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
        let line = 1 + text.as_bytes()[..line_start].iter().filter(|&&b| b == b'\n').count();
        let before: Vec<char> = text[line_start..start].chars().collect();
        let skipped = before.len().saturating_sub(around);
        let mut shown = String::new();
        if skipped > 0 {
            shown.push('…');
        }
        shown.extend(before[skipped..].iter().map(|&c| visible(c)));
        let from = shown.len();
        let end = end.clamp(start, line_end);
        let mut marked = from;
        let rest = text[start..line_end].strip_suffix('\r').unwrap_or(&text[start..line_end]);
        for (count, (at, c)) in rest.char_indices().enumerate() {
            if count >= around {
                shown.push('…');
                break;
            }
            shown.push(visible(c));
            if start + at < end {
                marked = shown.len();
            }
        }
        Shown { span: from..marked, text: shown, line, column: before.len() + 1, is_cut: skipped > 0 }
    }
}

/// A character as it can be shown: no control characters, nothing that turns the direction of writing.
pub(crate) fn visible(c: char) -> char {
    match c {
        '\t' => ' ',
        '\u{0}'..='\u{1F}' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{FFFD}'),
        '\u{7F}' => '\u{2421}',
        '\u{80}'..='\u{9F}'
        | '\u{61C}'
        | '\u{200B}'..='\u{200F}'
        | '\u{2028}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}'
        | '\u{FEFF}' => '\u{FFFD}',
        c => c,
    }
}

/// A message in lines that break between words.
fn wrapped(message: &str, columns: usize) -> String {
    let (mut out, mut line) = (String::new(), 0);
    for word in message.split(' ') {
        let long = word.chars().count();
        if line > 0 && line + 1 + long > columns {
            out.push('\n');
            line = 0;
        } else if line > 0 {
            out.push(' ');
            line += 1;
        }
        out.push_str(word);
        line += long;
    }
    out
}

fn clean(message: &str, chars_max: usize) -> String {
    message.chars().take(chars_max).map(visible).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Choice;

    fn shown(text: &str, at: &str) -> String {
        let start = text.find(at).unwrap();
        let mut diagnostic = Diagnostic::new(Code::Unit, "a.b", "30 has no unit", "write \"30s\"");
        diagnostic.span = Some(start..start + at.len());
        render(&Source::new("file.ron", text), &[diagnostic], false)
    }

    #[test]
    fn what_was_set_is_shown_as_it_was_written() {
        let text = "Scenario(format: 1, title: \"x\", clock: (from: \"2024-01-01T00:00\", zone: \"UTC\", horizon: \"1h\"), sites: {\"a\": ()})";
        let source = Source::new("file.ron", text);
        let set = |path: &str, value: &str| Choice { set: vec![(path.into(), value.into())], ..Choice::default() };
        let said = |choice: Choice| render(&source, &crate::load::load(&source, &choice).unwrap_err().0, false);
        insta::assert_snapshot!(said(set("clock.horizon", "\"30\"")), @r#"
        error[F201]: "30" has no unit (one of ns, us, ms, s, m, h, d, w, y)
         --> the command line:1:15
          |
        1 | clock.horizon="30"
          |               ^^^^
          |
          = help: write a duration like "1h30m"

        1 mistake in the command line
        "#);
        // What is found when the world is made of it, and what leads nowhere.
        assert!(said(set("clock.zone", "\"Nowhere\"")).contains("1 | clock.zone=\"Nowhere\""));
        assert!(said(set("sites.b.costs", "\"1/h\"")).contains("1 | sites.b.costs=\"1/h\"\n  | ^^^^^^^^^^^^^\n"));
    }

    #[test]
    fn a_mistake_is_underlined() {
        insta::assert_snapshot!(shown("(\n    a: (b: 30),\n)", "30"), @r#"
        error[F201]: 30 has no unit
         --> file.ron:2:12
          |
        2 |     a: (b: 30),
          |            ^^
          |
          = help: write "30s"

        1 mistake in file.ron
        "#);
    }

    #[test]
    fn a_mistake_without_a_place_is_told() {
        let source = Source::new("file.ron", "()");
        let whole = Diagnostic::new(Code::UnknownName, "", "there is no strategy called \"x\"", "it has `a`");
        insta::assert_snapshot!(render(&source, &[whole.clone(), whole], false), @r#"
        error[F301]: there is no strategy called "x"
        --> file.ron
         = help: it has `a`

        error[F301]: there is no strategy called "x"
        --> file.ron
         = help: it has `a`

        2 mistakes in file.ron
        "#);
    }

    #[test]
    fn long_lines_are_cut() {
        let text = format!("{}30{}", " ".repeat(5_000), "é".repeat(5_000));
        let out = shown(&text, "30");
        assert!(out.len() < 1_000 && out.contains("file.ron:1:5001"), "{out}");
    }

    #[test]
    fn a_narrow_terminal_breaks_between_words_and_marks_what_is_wrong() {
        let text = format!("(\n    a: (b: {}, cc: 30, d: {}),\n)", "1".repeat(90), "2".repeat(90));
        let start = text.find("30").unwrap();
        let reason =
            "30 has no unit, and nobody who reads this in a terminal of forty columns can know which one was meant";
        let mut diagnostic =
            Diagnostic::new(Code::Unit, "a.cc", reason, "write \"30s\", or whatever else it was that you meant");
        diagnostic.span = Some(start..start + 2);
        let out = render_in(&Source::new("file.ron", text.as_str()), &[diagnostic], false, Some(40));
        let lines: Vec<&str> = out.lines().collect();
        assert!(lines.iter().all(|line| line.chars().count() <= 40), "{out}");
        let marked = lines.iter().position(|line| line.contains('^')).unwrap();
        let at = lines[marked].chars().position(|c| c == '^').unwrap();
        let above: String = lines[marked - 1].chars().skip(at).take(2).collect();
        assert_eq!(above, "30", "{out}");
        assert!(out.replace('\n', " ").contains("nobody") && out.contains("terminal"), "{out}");
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        let mut text: String = (0..0x2100).filter_map(char::from_u32).filter(|&c| c != '\n').collect();
        text.push_str("30\u{1b}[31m");
        let out = shown(&text, "30\u{1b}[31m");
        assert!(!out.chars().any(|c| c.is_control() && c != '\n'), "{out}");
        let source = Source::new("\u{1b}[31m.ron", text);
        let mistakes = source.read(&Choice::default()).mistakes;
        let out = render(&source, &mistakes, false);
        assert!(!out.chars().any(|c| c.is_control() && c != '\n'), "{out}");
    }
}
