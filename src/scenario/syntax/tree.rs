//! The values of a text with their spans, and the ways to them.

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
#[non_exhaustive]
pub enum ProblemKind {
    /// It breaks the grammar.
    Grammar,
    /// It is larger than [`TEXT_BYTES_MAX`], or a part of it is too large.
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
#[non_exhaustive]
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

    /// The entries of a node that start in a part of the text. They stand in the order of the text, so that nobody need look at
    /// all of them.
    pub fn entries_from(&self, node: NodeId, part: &Range<usize>) -> &[Entry] {
        let entries = &self.nodes[node].entries;
        let before = |offset: usize| entries.partition_point(|e| e.span.start < offset);
        &entries[before(part.start)..before(part.end).max(before(part.start))]
    }

    /// The entry of a node around an offset, or that begins there.
    pub fn entry_around(&self, node: NodeId, offset: usize) -> Option<&Entry> {
        let entries = &self.nodes[node].entries;
        let last = entries.partition_point(|e| e.span.start <= offset).checked_sub(1)?;
        entries.get(last).filter(|e| offset < e.span.end)
    }

    /// The innermost node around an offset.
    pub fn node_around(&self, offset: usize) -> Option<NodeId> {
        let mut node = self.root?;
        loop {
            match self.entry_around(node, offset) {
                Some(entry) => node = entry.value,
                None => return Some(node),
            }
        }
    }

    /// The node whose span this is, if there is one; of nodes with one span, the outermost.
    pub fn node_with_span(&self, span: &Range<usize>) -> Option<NodeId> {
        let mut node = self.root?;
        // A map key is a node that no entry leads to: it has no path.
        while self.nodes[node].span != *span {
            node = self.entry_around(node, span.start)?.value;
        }
        Some(node)
    }
}
