//! Entries of a text, and the text without some of them. What needs them goes too: the compiler says what that is.

use super::trial::{read, tidy};
use crate::scenario::syntax::{Kind, NodeId, Tree, parse};
use crate::scenario::{Diagnostics, Scenario};
use crate::world::World;
use std::ops::Range;
use std::sync::Arc;

/// So often what needs what is gone is looked for.
const ROUNDS_MAX: usize = 12;
/// What a scenario cannot be without, and what is to go on failing as it is.
const KEPT: [&str; 7] = ["format", "title", "clock", "objectives", "expect", "expect_failure", "run"];

/// An entry that can be left out: a section, something with a name, a field, an item of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cut {
    /// The entry with its comma.
    pub span: Range<usize>,
    /// Whether it is a step of the drill.
    pub is_step: bool,
}

/// How deep the entries of a text are: sections are at 1.
pub(super) fn depth(text: &str) -> usize {
    let tree = parse(text);
    all(&tree).map(|(depth, ..)| depth).max().unwrap_or(0)
}

/// The entries at one depth that can be left out, in the order of the text.
pub(super) fn cuts(text: &str, depth: usize) -> Vec<Cut> {
    let tree = parse(text);
    let here = all(&tree).filter(|(d, ..)| *d == depth);
    let here = here.filter(|(_, parent, index)| can_go(&tree, *parent, *index));
    here.map(|(_, parent, index)| cut(&tree, parent, index)).collect()
}

/// The steps of the drill.
pub(super) fn steps(text: &str) -> Vec<Cut> {
    cuts(text, 2).into_iter().filter(|cut| cut.is_step).collect()
}

/// Every entry, with its depth, what holds it and at which place. What stands in a tuple or in a variant without a name counts
/// as deep as what holds it.
fn all(tree: &Tree) -> impl Iterator<Item = (usize, NodeId, usize)> {
    let mut found = Vec::new();
    let mut left: Vec<(NodeId, usize)> = tree.root.into_iter().map(|root| (root, 1)).collect();
    while let Some((node, depth)) = left.pop() {
        for (index, entry) in tree.nodes[node].entries.iter().enumerate() {
            let counts = is_entry(tree, node, index);
            if counts {
                found.push((depth, node, index));
            }
            left.push((entry.value, depth + usize::from(counts)));
        }
    }
    found.sort_by_key(|(_, node, index)| tree.nodes[*node].entries[*index].span.start);
    found.into_iter()
}

fn is_entry(tree: &Tree, node: NodeId, index: usize) -> bool {
    let node = &tree.nodes[node];
    matches!(node.kind, Kind::List | Kind::Map) || node.entries[index].key.is_some()
}

/// Whether an entry is none of those that stay. Of the clock the warm-up may go.
fn can_go(tree: &Tree, parent: NodeId, index: usize) -> bool {
    let entry = &tree.nodes[parent].entries[index];
    let steps = tree.steps_to(entry.value);
    let first = steps.first().map(String::as_str).unwrap_or_default();
    !KEPT.contains(&first) || steps == ["clock", "warm_up"]
}

fn cut(tree: &Tree, parent: NodeId, index: usize) -> Cut {
    let entry = &tree.nodes[parent].entries[index];
    let is_step = tree.nodes[parent].kind == Kind::List && tree.path_to(parent) == "drill";
    let end = entry.comma.map_or(entry.span.end, |comma| comma + 1);
    Cut { span: entry.span.start..end, is_step }
}

/// A text without some of its entries. What needs them is still there.
pub(super) fn blanked(text: &str, cuts: &[Cut]) -> String {
    erased(text, cuts.iter().map(|cut| cut.span.clone()))
}

/// A text without the entry at a path.
pub(super) fn blank(text: &str, path: &str) -> String {
    let tree = parse(text);
    let place = tree.find(path).and_then(|node| tree.nodes[node].parent);
    erased(text, place.map(|(parent, index)| cut(&tree, parent, index).span).into_iter())
}

/// A valid text: without what needs something that is gone. `None` where nothing valid is left, or something that has to stay
/// would have to go.
pub(super) fn mended(mut text: String) -> Option<(String, Scenario, Arc<World>)> {
    for _ in 0..ROUNDS_MAX {
        match read(&text) {
            Ok((scenario, world)) => return Some((tidy(scenario.clone()), scenario, world)),
            Err(mistakes) => text = erased(&text, blamed(&text, &mistakes)?),
        }
    }
    None
}

/// The entries that mistakes are in: the smallest that can be left out. `None` where one is in what has to stay.
fn blamed(text: &str, Diagnostics(mistakes): &Diagnostics) -> Option<impl Iterator<Item = Range<usize>> + use<>> {
    let tree = parse(text);
    let mut spans = Vec::new();
    for mistake in mistakes {
        let (mut node, _) = tree.find_nearest(mistake.path.strip_suffix("#key").unwrap_or(&mistake.path))?;
        loop {
            let (parent, index) = tree.nodes[node].parent?;
            if is_entry(&tree, parent, index) {
                if !can_go(&tree, parent, index) {
                    return None;
                }
                spans.push(cut(&tree, parent, index).span);
                break;
            }
            node = parent;
        }
    }
    Some(spans.into_iter())
}

/// A text without some parts of it, which may lie in each other.
fn erased(text: &str, spans: impl Iterator<Item = Range<usize>>) -> String {
    let mut spans: Vec<Range<usize>> = spans.collect();
    spans.sort_by_key(|span| (span.start, usize::MAX - span.end));
    let (mut out, mut at) = (String::with_capacity(text.len()), 0);
    for span in spans {
        if span.start >= at {
            out.push_str(&text[at..span.start]);
            at = span.end;
        }
    }
    out.push_str(&text[at..]);
    out
}
