//! Where things are in the text of a scenario: a tree of spans beside the RON parser.
//!
//! RON itself is read by the `ron` crate. That one says *what* is wrong, by the path of a value; this locator says *where*
//! that path is in the text. It takes every text: where the text is not RON it keeps what it saw, and says what stopped it.

use std::ops::Range;

/// The largest text that is read.
pub const TEXT_BYTES_MAX: usize = 4 << 20;
/// The deepest nesting of parentheses, brackets and braces that is read.
pub const NESTING_MAX: usize = 64;

/// A node of a [`Tree`].
pub type NodeId = usize;

/// A text's values with their spans. All spans are in bytes.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    /// The values; children come after what holds them.
    pub nodes: Vec<Node>,
    /// The outermost value.
    pub root: Option<NodeId>,
    /// The comments, in the order of the text.
    pub comments: Vec<Range<usize>>,
    /// Where two entries follow each other without a comma: the end of the first and the start of the second.
    pub gaps: Vec<Range<usize>>,
    /// What stopped the locator, if the text is not RON.
    pub problem: Option<Problem>,
}

/// Why a text is not RON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// How.
    pub kind: ProblemKind,
    /// Where.
    pub span: Range<usize>,
    /// What is wrong.
    pub reason: String,
    /// What to write instead.
    pub fix: String,
}

/// How a text can fail to be RON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProblemKind {
    /// It breaks the grammar.
    Grammar,
    /// It is larger than [`TEXT_BYTES_MAX`].
    TooLarge,
    /// It is nested deeper than [`NESTING_MAX`].
    TooDeep,
}

/// A value in the text.
#[derive(Debug, Clone)]
pub struct Node {
    /// What it looks like.
    pub kind: Kind,
    /// The whole value.
    pub span: Range<usize>,
    /// The name before the parentheses: of a struct or an enum variant.
    pub name: Option<Range<usize>>,
    /// What it holds.
    pub entries: Vec<Entry>,
    /// What holds it, and as which entry.
    pub parent: Option<(NodeId, usize)>,
    /// Whether its closing delimiter was found.
    pub closed: bool,
}

/// What a value looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text in quotes.
    Text,
    /// A character or a byte in single quotes.
    Char,
    /// A number.
    Number,
    /// A bare word: `true`, `automatic`, `None`.
    Word,
    /// `(...)`, with or without a name before it: fields or items.
    Parens,
    /// `[...]`.
    List,
    /// `{...}`.
    Map,
}

/// A field, a map entry or an item.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The field's name or the map entry's key.
    pub key: Option<Key>,
    /// The value.
    pub value: NodeId,
    /// From the key to the end of the value.
    pub span: Range<usize>,
    /// The comma after it.
    pub comma: Option<usize>,
}

/// The name of an entry.
#[derive(Debug, Clone)]
pub struct Key {
    /// Where it is written.
    pub span: Range<usize>,
    /// What it says, without quotes and escapes.
    pub text: String,
}

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
    let mut locator = Locator { text, at: 0, tree };
    if let Err(problem) = locator.document() {
        locator.tree.problem = Some(problem);
    }
    locator.tree
}

impl Tree {
    /// The child of a node at one step of a path: a field or map key by its text, an item by its index. An enum variant
    /// with a single value is transparent.
    pub fn child(&self, node: NodeId, step: &str) -> Option<NodeId> {
        let index = self.entry_at(node, step)?;
        Some(self.nodes[index.0].entries[index.1].value)
    }

    fn entry_at(&self, node: NodeId, step: &str) -> Option<(NodeId, usize)> {
        let here = &self.nodes[node];
        let by_key = here.entries.iter().position(|e| e.key.as_ref().is_some_and(|k| k.text == step));
        if let Some(index) = by_key {
            return Some((node, index));
        }
        if self.is_transparent(node) {
            let inner = here.entries[0].value;
            if let Some(found) = self.entry_at(inner, step) {
                return Some(found);
            }
        }
        if here.kind == Kind::Map {
            return None;
        }
        match step.parse::<usize>() {
            Ok(index) => here.entries.get(index).filter(|e| e.key.is_none()).map(|_| (node, index)),
            // `drill.0.of` for `at("14:31", crash(of: "x"))`: the only item that has such a field.
            Err(_) if here.kind == Kind::Parens => here
                .entries
                .iter()
                .filter(|e| e.key.is_none() && self.nodes[e.value].kind == Kind::Parens)
                .find_map(|e| self.entry_at(e.value, step)),
            Err(_) => None,
        }
    }

    /// Whether paths go through the node without a step: `hard(to: ..)`, `all([..])`.
    fn is_transparent(&self, node: NodeId) -> bool {
        let node = &self.nodes[node];
        node.kind == Kind::Parens && node.name.is_some() && node.entries.len() == 1 && node.entries[0].key.is_none()
    }

    /// The value at a path given by its steps, as far as it exists: the node and how many steps were taken.
    pub fn walk<'a>(&self, steps: impl IntoIterator<Item = &'a str>) -> Option<(NodeId, usize)> {
        let mut node = self.root?;
        let mut taken = 0;
        for step in steps {
            let Some(next) = self.child(node, step) else { break };
            node = next;
            taken += 1;
        }
        Some((node, taken))
    }

    /// The value at a dotted path such as `services.web.calls.0.to`. Names may contain dots themselves.
    pub fn find(&self, path: &str) -> Option<NodeId> {
        match self.find_nearest(path)? {
            (node, "") => Some(node),
            _ => None,
        }
    }

    /// The value at a dotted path or its nearest ancestor that exists, and what is left of the path.
    pub fn find_nearest<'p>(&self, path: &'p str) -> Option<(NodeId, &'p str)> {
        let mut node = self.root?;
        let mut rest = path;
        while !rest.is_empty() {
            let Some((next, left)) = self.longest_step(node, rest) else { break };
            node = next;
            rest = left;
        }
        // `sites.` is the entry of `sites` whose name is empty.
        if rest.is_empty()
            && path.ends_with('.')
            && let Some(unnamed) = self.child(node, "")
        {
            node = unnamed;
        }
        Some((node, rest))
    }

    /// Takes the longest step that leads on, because a name may contain dots.
    fn longest_step<'p>(&self, node: NodeId, path: &'p str) -> Option<(NodeId, &'p str)> {
        let ends = std::iter::once(path.len()).chain(path.rmatch_indices('.').map(|(i, _)| i));
        // A longer name than this is not worth looking for: keeps a hostile path from taking quadratic time.
        ends.filter(|&end| end <= 1_000).find_map(|end| {
            let next = self.child(node, &path[..end])?;
            Some((next, path.get(end + 1..).unwrap_or("")))
        })
    }

    /// The steps that lead to a node.
    pub fn steps_to(&self, node: NodeId) -> Vec<String> {
        let mut steps = Vec::new();
        let mut at = node;
        while let Some((parent, index)) = self.nodes[at].parent {
            match &self.nodes[parent].entries[index].key {
                Some(key) => steps.push(key.text.clone()),
                None if self.is_transparent(parent) => {}
                None => steps.push(index.to_string()),
            }
            at = parent;
        }
        steps.reverse();
        steps
    }

    /// The dotted path of a node.
    pub fn path_to(&self, node: NodeId) -> String {
        self.steps_to(node).join(".")
    }

    /// The entry that holds a node.
    pub fn entry_of(&self, node: NodeId) -> Option<&Entry> {
        let (parent, index) = self.nodes[node].parent?;
        Some(&self.nodes[parent].entries[index])
    }

    /// The key of the entry that holds a node, through variants that are transparent.
    pub fn key_of(&self, node: NodeId) -> Option<&Key> {
        let mut at = node;
        loop {
            let (parent, index) = self.nodes[at].parent?;
            let entry = &self.nodes[parent].entries[index];
            if entry.key.is_some() || !self.is_transparent(parent) {
                return entry.key.as_ref();
            }
            at = parent;
        }
    }

    /// What a message about the whole node underlines: its name or its opening delimiter; all of a scalar.
    pub fn head_of(&self, node: NodeId) -> Range<usize> {
        let node = &self.nodes[node];
        match (&node.name, node.kind) {
            (Some(name), _) => name.clone(),
            (None, Kind::Parens | Kind::List | Kind::Map) => node.span.start..(node.span.start + 1).min(node.span.end),
            _ => node.span.clone(),
        }
    }

    /// The innermost node around an offset.
    pub fn node_around(&self, offset: usize) -> Option<NodeId> {
        let mut node = self.root?;
        loop {
            let inner = self.nodes[node].entries.iter().find(|e| e.span.start <= offset && offset < e.span.end);
            match inner {
                Some(entry) => node = entry.value,
                None => return Some(node),
            }
        }
    }

    /// The node whose span this is, if there is one; of nodes with one span, the outermost.
    pub fn node_with_span(&self, span: &Range<usize>) -> Option<NodeId> {
        // A map key is a node without a parent: it has no path.
        let reachable = |id: NodeId| self.nodes[id].parent.is_some() || self.root == Some(id);
        (0..self.nodes.len()).find(|&id| self.nodes[id].span == *span && reachable(id))
    }
}

/// The state of locating.
struct Locator<'a> {
    text: &'a str,
    at: usize,
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
        let mut escaped = false;
        let end = body.char_indices().find(|&(_, c)| {
            let closes = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            closes
        });
        match end {
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
        let index = self.tree.nodes[id].entries.len();
        // Entered before it is located, so that what follows a mistake still knows its path.
        let value = self.tree.nodes.len();
        if self.peek().is_none() || self.peek().is_some_and(|c| ")]},:".contains(c)) {
            let span = key.map_or(self.at..self.at + self.peek().map_or(0, char::len_utf8), |k| k.span);
            return self.problem(span, "a value is missing here", "write the value");
        }
        self.tree.nodes[id].entries.push(Entry { key, value, span: start..self.text.len(), comma: None });
        self.value(Some((id, index)), depth + 1)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Finds `path` in `text` and says what is written there.
    fn check(text: &str, path: &str, expected: &str) {
        let tree = parse(text);
        assert_eq!(tree.problem, None, "{text}");
        let node = tree.find(path).unwrap_or_else(|| panic!("{path} not found in {text}"));
        assert_eq!(&text[tree.nodes[node].span.clone()], expected);
    }

    #[test]
    fn paths_lead_to_values() {
        let text = r##"#![enable(implicit_some)]
            Scenario( /* one /* two */ */
                services: {"web": (calls: [hard(to: "core"), soft(to: r#"a"b"#)], x: Some((y: 'c'))), "a.b": (z: -1.5e-3)},
                gate: all(["p", "q"]), k: k_of_n(1, ["r"]), // comment
                drill: [at("14:31", crash(of: "x\"y"))],
            )"##;
        check(text, "services.web.calls.0.to", "\"core\"");
        check(text, "services.web.calls.1.to", "r#\"a\"b\"#");
        check(text, "services.web.x.y", "'c'");
        check(text, "services.a.b.z", "-1.5e-3");
        check(text, "gate.1", "\"q\"");
        check(text, "k.1.0", "\"r\"");
        check(text, "drill.0.0", "\"14:31\"");
        check(text, "drill.0.1.of", "\"x\\\"y\"");
        check(text, "drill.0.of", "\"x\\\"y\"");
        let tree = parse(text);
        let node = tree.find("services.web.calls.1.to").unwrap();
        assert_eq!(tree.path_to(node), "services.web.calls.1.to");
        assert_eq!(tree.comments.len(), 2);
    }

    fn check_problem(text: &str, underlined: &str, reason: &str) {
        let problem = parse(text).problem.unwrap_or_else(|| panic!("no problem in {text}"));
        assert_eq!((&text[problem.span], problem.reason.as_str()), (underlined, reason), "{text}");
    }

    #[test]
    fn what_is_not_ron_is_explained() {
        check_problem("(a: [1, 2)", ")", "`)` cannot close the `[` of line 1");
        check_problem("(a: {", "{", "this `{` is never closed");
        check_problem("(a: \"b", "\"b", "this text is never closed");
        check_problem("(a: )", "a", "a value is missing here");
        check_problem("(a: 1,, b: 2)", ",", "a comma where a value is missing");
        check_problem("(a: 1) x", "x", "`x` after the end of the scenario");
        check_problem("{\"a\" 1}", "\"a\"", "a `:` and a value are missing after this name");
        check_problem("  ", "", "the text is empty");
        check_problem("(a: $)", "$", "`$` where a value is missing");
        check_problem("/* /* */", "/*", "this comment is never closed");
    }

    #[test]
    fn deep_and_large_texts_stop_at_the_limits() {
        let deep = "[".repeat(100_000);
        assert_eq!(parse(&deep).problem.map(|p| p.kind), Some(ProblemKind::TooDeep));
        let large = " ".repeat(TEXT_BYTES_MAX + 1);
        assert_eq!(parse(&large).problem.map(|p| p.kind), Some(ProblemKind::TooLarge));
        let fits = format!("{}1{}", "[".repeat(NESTING_MAX), "]".repeat(NESTING_MAX));
        assert_eq!(parse(&fits).problem, None);
    }
}
