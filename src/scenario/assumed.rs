//! Assumptions: comments of the form `// assumed: why` beside the values that no source states.

use super::syntax::{NodeId, Tree};
use std::ops::Range;

/// The nodes that are assumed, and why. A comment at the end of a line belongs to the outermost entries that start on that
/// line, or else end on it; a comment on its own line belongs to the entry that follows, and goes on over the comments right
/// below it.
pub(super) fn collect(text: &str, tree: &Tree) -> Vec<(NodeId, String)> {
    let mut found = Vec::new();
    // What stands before the last assumption on a line is assumed already.
    let mut told_to = 0;
    let mut line = 0..0;
    let mut comments = tree.comments.iter().peekable();
    while let Some(comment) = comments.next() {
        let Some(why) = reason(body(&text[comment.clone()])) else { continue };
        let mut why = why.to_owned();
        if comment.start >= line.end {
            line = line_around(text, comment.start);
        }
        if !text[line.start..comment.start].trim().is_empty() {
            let here = match told_to > line.start {
                true => starting_in(tree, told_to..comment.start),
                false => on_line(tree, line.start..comment.start),
            };
            found.extend(here.into_iter().map(|node| (node, why.clone())));
            told_to = comment.end;
            continue;
        }
        let mut end = comment.end;
        while let Some(next) = comments.peek()
            && text[end..next.start].trim().is_empty()
            && text[end..next.start].matches('\n').count() == 1
            && reason(body(&text[(*next).clone()])).is_none()
        {
            why = format!("{why} {}", body(&text[(*next).clone()])).trim().to_owned();
            end = next.end;
            comments.next();
        }
        found.extend(after(tree, end).map(|node| (node, why)));
    }
    found
}

/// Why something is assumed, if a comment says that it is: `assumed: why`, or `assumed` for no reason.
fn reason(said: &str) -> Option<&str> {
    if said == "assumed" { Some("") } else { said.strip_prefix("assumed:").map(str::trim) }
}

/// What a comment says.
fn body(comment: &str) -> &str {
    let inner = comment.strip_prefix("/*").map(|c| c.strip_suffix("*/").unwrap_or(c));
    inner.unwrap_or_else(|| comment.trim_start_matches('/')).trim()
}

fn line_around(text: &str, offset: usize) -> Range<usize> {
    let start = text[..offset].rfind('\n').map_or(0, |at| at + 1);
    let end = text[offset..].find('\n').map_or(text.len(), |at| offset + at);
    start..end
}

/// The values of the outermost entries that start in a part of a line.
fn starting_in(tree: &Tree, part: Range<usize>) -> Vec<NodeId> {
    let Some(mut node) = tree.root else { return Vec::new() };
    loop {
        let starts = tree.entries_from(node, &part);
        match tree.entry_around(node, part.start) {
            Some(around) if starts.is_empty() => node = around.value,
            _ => return starts.iter().map(|e| e.value).collect(),
        }
    }
}

/// The same, or else the value of the outermost entry that ends there.
fn on_line(tree: &Tree, line: Range<usize>) -> Vec<NodeId> {
    let Some(mut node) = tree.root else { return Vec::new() };
    loop {
        let starts: Vec<NodeId> = tree.entries_from(node, &line).iter().map(|e| e.value).collect();
        if !starts.is_empty() {
            return starts;
        }
        let Some(entry) = tree.entry_around(node, line.start) else { return Vec::new() };
        if line.contains(&(entry.span.end - 1)) && !starts_inside(tree, entry.value, &line) {
            return vec![entry.value];
        }
        node = entry.value;
    }
}

/// Whether an entry somewhere below a node starts in a part of a line.
fn starts_inside(tree: &Tree, node: NodeId, line: &Range<usize>) -> bool {
    !tree.entries_from(node, line).is_empty()
        || tree.entry_around(node, line.start).is_some_and(|e| starts_inside(tree, e.value, line))
}

/// The value of the entry that follows an offset in what holds it; else of the entry around it.
fn after(tree: &Tree, offset: usize) -> Option<NodeId> {
    let mut node = tree.root?;
    loop {
        if let Some(around) = tree.entry_around(node, offset).filter(|e| e.span.start < offset) {
            node = around.value;
            continue;
        }
        let next = tree.entries_from(node, &(offset..usize::MAX)).first().map(|e| e.value);
        return next.or_else(|| tree.nodes[node].parent.map(|_| node));
    }
}
