//! From a text to its tree.

use super::tree::{Entry, Key, Kind, NESTING_MAX, Node, NodeId, Problem, ProblemKind, TEXT_BYTES_MAX, Tree};
use std::ops::Range;

/// Parentheses around each other, without a field between them: more say nothing, and the reader that comes after looks ahead
/// over all that is in each, so that each would double its time.
const WRAPS_MAX: usize = 8;

/// Escapes of a quoted text, times its bytes: that reader looks for the end of the text again after each escape.
const ESCAPED_MAX: usize = 1 << 20;

/// Locates the values of a text.
pub fn parse(text: &str) -> Tree {
    let mut tree = Tree::default();
    if text.len() > TEXT_BYTES_MAX {
        tree.problem = Some(Problem {
            kind: ProblemKind::TooLarge,
            span: 0..0,
            reason: format!("the text has {} bytes, more than the {} that are read", text.len(), TEXT_BYTES_MAX),
            fix: "split it into several scenarios".into(),
        });
        return tree;
    }
    let mut locator = Locator { text, at: 0, wraps: 0, tree };
    if let Err(problem) = locator.document() {
        locator.tree.problem = Some(problem);
    }
    locator.tree
}

/// The state of locating.
struct Locator<'a> {
    text: &'a str,
    at: usize,
    /// Parentheses around the next value, without a field between them.
    wraps: usize,
    tree: Tree,
}

type Located<T> = Result<T, Problem>;

impl Locator<'_> {
    fn document(&mut self) -> Located<()> {
        self.skip()?;
        while self.rest().starts_with("#!") {
            let Some(end) = self.rest().find(']') else {
                return self.problem(self.at..self.text.len(), "this attribute is never closed", "close it with `]`");
            };
            self.at += end + 1;
            self.skip()?;
        }
        if self.peek().is_none() {
            let end = self.text.len();
            return self.problem(end..end, "the text is empty", "write Scenario(format: 1, title: \"...\", ...)");
        }
        self.value(None, 0)?;
        self.skip()?;
        if let Some(found) = self.peek() {
            let span = self.at..self.at + found.len_utf8();
            return self.problem(
                span,
                &format!("{} after the end of the scenario", shown(found)),
                "delete it, or look for a closing parenthesis too many before it",
            );
        }
        Ok(())
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn problem<T>(&self, span: Range<usize>, reason: &str, fix: &str) -> Located<T> {
        Err(Problem { kind: ProblemKind::Grammar, span, reason: reason.into(), fix: fix.into() })
    }

    fn line_of(&self, offset: usize) -> usize {
        1 + self.text.as_bytes()[..offset].iter().filter(|&&b| b == b'\n').count()
    }

    /// Skips white space and comments.
    fn skip(&mut self) -> Located<()> {
        loop {
            let start = self.at;
            let rest = self.rest();
            if rest.starts_with("//") {
                self.at += rest.find('\n').unwrap_or(rest.len());
                self.tree.comments.push(start..self.at);
            } else if rest.starts_with("/*") {
                let Some(length) = block_comment(rest) else {
                    return self.problem(start..start + 2, "this comment is never closed", "close it with `*/`");
                };
                self.at += length;
                self.tree.comments.push(start..self.at);
            } else {
                let blank = |c: char| c.is_whitespace() || c == '\u{200E}' || c == '\u{200F}';
                self.at += rest.find(|c| !blank(c)).unwrap_or(rest.len());
                if self.at == start {
                    return Ok(());
                }
            }
        }
    }

    /// Locates one value. The caller has skipped white space.
    fn value(&mut self, parent: Option<(NodeId, usize)>, depth: usize) -> Located<NodeId> {
        let id = self.tree.nodes.len();
        let start = self.at;
        let Some(first) = self.peek() else {
            return self.problem(start..start, "the text ends where a value is missing", "write the value");
        };
        self.tree.nodes.push(Node {
            kind: Kind::Word,
            span: start..start,
            name: None,
            entries: Vec::new(),
            parent,
            closed: false,
        });
        if parent.is_none() && self.tree.root.is_none() && depth == 0 {
            self.tree.root = Some(id);
        }
        let kind = match first {
            '(' => self.holder(id, Kind::Parens, depth)?,
            '[' => self.holder(id, Kind::List, depth)?,
            '{' => self.holder(id, Kind::Map, depth)?,
            '"' => self.text_in_quotes(0)?,
            '\'' => self.character()?,
            '0'..='9' | '+' | '-' | '.' => self.number(),
            _ => self.word(id, depth)?,
        };
        let node = &mut self.tree.nodes[id];
        node.kind = kind;
        node.span = start..self.at;
        node.closed = true;
        Ok(id)
    }

    /// A bare word, a named struct or variant, a raw or byte string.
    fn word(&mut self, id: NodeId, depth: usize) -> Located<Kind> {
        let start = self.at;
        let rest = self.rest();
        let raw = rest.strip_prefix("br").or_else(|| rest.strip_prefix('r'));
        if let Some(quoted) = raw {
            let hashes = quoted.len() - quoted.trim_start_matches('#').len();
            if quoted[hashes..].starts_with('"') {
                let skipped = rest.len() - quoted.len() + hashes + 1;
                let Some(end) = quoted[hashes + 1..].find(&format!("\"{}", "#".repeat(hashes))) else {
                    return self.problem(start..start + skipped, "this text is never closed", "close it with a quote");
                };
                self.at += skipped + end + 1 + hashes;
                return Ok(Kind::Text);
            }
        }
        if rest.starts_with("b\"") {
            return self.text_in_quotes(1);
        }
        if rest.starts_with("b'") {
            self.at += 1;
            return self.character();
        }
        let length = word_length(rest);
        if length == 0 {
            let found = self.peek().unwrap_or(' ');
            return self.problem(
                start..start + found.len_utf8(),
                &format!("{} where a value is missing", shown(found)),
                "write the value",
            );
        }
        self.at += length;
        let name = start..self.at;
        let after_name = (self.at, self.tree.comments.len());
        self.skip()?;
        if self.peek() == Some('(') {
            self.tree.nodes[id].name = Some(name);
            return self.holder(id, Kind::Parens, depth);
        }
        self.at = after_name.0;
        self.tree.comments.truncate(after_name.1);
        Ok(Kind::Word)
    }

    fn number(&mut self) -> Kind {
        let mut previous = ' ';
        let end = self.rest().char_indices().find(|&(i, c)| {
            let sign = (c == '+' || c == '-') && (i == 0 || previous == 'e' || previous == 'E');
            previous = c;
            !(sign || c.is_alphanumeric() || c == '_' || c == '.')
        });
        self.at += end.map_or(self.rest().len(), |(i, _)| i);
        Kind::Number
    }

    fn text_in_quotes(&mut self, prefix: usize) -> Located<Kind> {
        let start = self.at;
        let body = &self.rest()[prefix + 1..];
        let (mut escaped, mut escapes) = (false, 0);
        let end = body.char_indices().find(|&(_, c)| {
            let closes = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            escapes += usize::from(escaped);
            closes
        });
        match end {
            Some((i, _)) if i.saturating_mul(escapes) > ESCAPED_MAX => Err(Problem {
                kind: ProblemKind::TooLarge,
                span: start..start + 1,
                reason: format!("this text has {escapes} escapes like `\\n` in {i} bytes, more than are read"),
                fix: "break its lines as they are, or write it as r\"..\", where nothing is escaped".into(),
            }),
            Some((i, _)) => {
                self.at += prefix + 1 + i + 1;
                Ok(Kind::Text)
            }
            None => {
                // Only the rest of the line is likely to be meant.
                let line = self.rest().find('\n').unwrap_or(self.rest().len());
                self.problem(start..start + line.max(1), "this text is never closed", "close it with a quote")
            }
        }
    }

    fn character(&mut self) -> Located<Kind> {
        let start = self.at;
        let mut escaped = false;
        let end = self.rest().char_indices().skip(1).take(12).find(|&(_, c)| {
            let closes = c == '\'' && !escaped;
            escaped = c == '\\' && !escaped;
            closes
        });
        let Some((i, _)) = end else {
            return self.problem(start..start + 1, "this character is never closed", "write text in double quotes");
        };
        self.at += i + 1;
        Ok(Kind::Char)
    }

    /// What is between two delimiters, with them.
    fn holder(&mut self, id: NodeId, kind: Kind, depth: usize) -> Located<Kind> {
        let open = self.at;
        let close = match kind {
            Kind::Parens => ')',
            Kind::List => ']',
            _ => '}',
        };
        self.tree.nodes[id].kind = kind;
        self.tree.nodes[id].span.end = self.text.len();
        if kind == Kind::Parens && self.wraps > WRAPS_MAX {
            return Err(Problem {
                kind: ProblemKind::TooDeep,
                span: open..open + 1,
                reason: format!(
                    "these are more than {WRAPS_MAX} parentheses around each other, without a field between them"
                ),
                fix: "leave out the words and parentheses that say nothing, like `Some(..)`".into(),
            });
        }
        if depth >= NESTING_MAX {
            return Err(Problem {
                kind: ProblemKind::TooDeep,
                span: open..open + 1,
                reason: format!("this is nested deeper than the {NESTING_MAX} levels that are read"),
                fix: "no scenario needs so many levels: look for an opening delimiter too many".into(),
            });
        }
        self.at += 1;
        loop {
            self.skip()?;
            match self.peek() {
                Some(found) if found == close => {
                    self.at += 1;
                    return Ok(kind);
                }
                Some(')' | ']' | '}') => return self.mismatch(open, close),
                None => {
                    let opened = self.text[open..].chars().next().unwrap_or(' ');
                    let reason = format!("this `{opened}` is never closed");
                    return self.problem(open..open + 1, &reason, &format!("close it with `{close}`"));
                }
                Some(',') => {
                    let reason = "a comma where a value is missing";
                    return self.problem(self.at..self.at + 1, reason, "delete the comma, or write the value");
                }
                Some(_) => self.entry(id, kind, depth)?,
            }
        }
    }

    fn mismatch<T>(&self, open: usize, close: char) -> Located<T> {
        let opened = self.text[open..].chars().next().unwrap_or(' ');
        let found = self.peek().unwrap_or(' ');
        let line = self.line_of(open);
        self.problem(
            self.at..self.at + 1,
            &format!("`{found}` cannot close the `{opened}` of line {line}"),
            &format!("close that one first, with `{close}`"),
        )
    }

    fn entry(&mut self, id: NodeId, kind: Kind, depth: usize) -> Located<()> {
        let start = self.at;
        if let Some(previous) = self.tree.nodes[id].entries.last()
            && previous.comma.is_none()
        {
            let gap = previous.span.end..start;
            let reason = "a comma is missing before this";
            let blank = self.text.as_bytes().get(gap.start).is_some_and(u8::is_ascii_whitespace);
            let is_start = self.rest().starts_with(|c: char| c.is_alphanumeric() || "_\"'([{-+.".contains(c));
            if !blank || !is_start {
                let width = self.peek().map_or(0, char::len_utf8);
                let fix = "write a comma between the two, or delete this";
                return self.problem(start..start + width, reason, fix);
            }
            self.tree.gaps.push(gap);
        }
        let key = match kind {
            Kind::Map => {
                let key = self.value(None, depth + 1)?;
                let span = self.tree.nodes[key].span.clone();
                self.skip()?;
                if self.peek() != Some(':') {
                    let written = &self.text[span.clone()];
                    if written.starts_with('"') && written.contains(": ") {
                        // The quote that ends it opens the next text.
                        let fix = "close the name with a quote before its `:`";
                        return self.problem(span, "this name goes on over its `:`", fix);
                    }
                    return self.problem(span, "a `:` and a value are missing after this name", "write `name: value`");
                }
                Some(span)
            }
            Kind::Parens => self.field_name()?,
            _ => None,
        };
        let key = match key {
            Some(span) => {
                self.at += 1;
                self.skip()?;
                let text = plain_text(&self.text[span.clone()]);
                Some(Key { span, text })
            }
            None => None,
        };
        let is_bare = key.is_none();
        let index = self.tree.nodes[id].entries.len();
        // Entered before it is located, so that what follows a mistake still knows its path.
        let value = self.tree.nodes.len();
        if self.peek().is_none() || self.peek().is_some_and(|c| ")]},:".contains(c)) {
            let span = key.map_or(self.at..self.at + self.peek().map_or(0, char::len_utf8), |k| k.span);
            return self.problem(span, "a value is missing here", "write the value");
        }
        self.tree.nodes[id].entries.push(Entry { key, value, span: start..self.text.len(), comma: None });
        let around = self.wraps;
        self.wraps = if kind == Kind::Parens && is_bare { around + 1 } else { 0 };
        self.value(Some((id, index)), depth + 1)?;
        self.wraps = around;
        self.tree.nodes[id].entries[index].span.end = self.at;
        self.skip()?;
        if self.peek() == Some(',') {
            self.tree.nodes[id].entries[index].comma = Some(self.at);
            self.at += 1;
        }
        Ok(())
    }

    /// The name of a field with its colon ahead, or nothing where an item without a name follows.
    fn field_name(&mut self) -> Located<Option<Range<usize>>> {
        let start = self.at;
        let comments = self.tree.comments.len();
        let length = word_length(self.rest());
        if length > 0 {
            self.at += length;
            self.skip()?;
            if self.peek() == Some(':') {
                return Ok(Some(start..start + length));
            }
        }
        self.at = start;
        self.tree.comments.truncate(comments);
        Ok(None)
    }
}

/// The length of a nested block comment at the start of `text`.
fn block_comment(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut at, mut depth) = (0, 0_usize);
    while at + 1 < bytes.len() {
        match &bytes[at..at + 2] {
            b"/*" => {
                depth += 1;
                at += 2;
            }
            b"*/" => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => at += 1,
        }
    }
    None
}

/// The length of the identifier at the start of `text`, with its `r#` if it has one.
fn word_length(text: &str) -> usize {
    let prefix = if text.starts_with("r#") { 2 } else { 0 };
    let body = &text[prefix..];
    let end = body.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(body.len());
    let starts = body.starts_with(|c: char| c.is_alphabetic() || c == '_');
    if end > 0 && starts { prefix + end } else { 0 }
}

/// What a key says.
fn plain_text(written: &str) -> String {
    match ron::from_str::<String>(written) {
        Ok(text) => text,
        Err(_) => written.strip_prefix("r#").unwrap_or(written).to_owned(),
    }
}

/// A character as a message shows it.
fn shown(c: char) -> String {
    if c.is_control() { format!("the control character U+{:04X}", u32::from(c)) } else { format!("`{c}`") }
}
