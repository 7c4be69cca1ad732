//! In which values two scenarios differ.

use super::ron_text::options;
use super::syntax::{self, Entry, Kind, NodeId, Tree};
use super::{Pick, Scenario};
use crate::units::Rate;
use std::collections::{BTreeMap, BTreeSet};

/// A thing with more fields than these that only one of two has is told as a whole.
const PARTS_MAX: usize = 4;

/// A value that is not the same in two scenarios.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Where it is; what the strategy says is under `strategy`, whatever it is called.
    pub path: String,
    /// What the first says, as RON; nothing where it does not say anything.
    pub first: Option<String>,
    /// What the second says.
    pub second: Option<String>,
}

/// In which values two scenarios of one run each differ, by their paths. What is said about them (`title`, `about`, assumptions) and what
/// is asked of them (`expect`, `silence`) is left out.
pub fn differences(first: &Scenario, second: &Scenario) -> Vec<Difference> {
    let (first, second) = (Side::new(first), Side::new(second));
    let mut found = Vec::new();
    compare((&first, first.tree.root), (&second, second.tree.root), &mut String::new(), &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

struct Side {
    text: String,
    tree: Tree,
}

impl Side {
    fn new(scenario: &Scenario) -> Side {
        let mut bare = scenario.clone();
        (bare.title, bare.about) = (String::new(), String::new());
        (bare.assumptions.0, bare.expect, bare.expect_failure, bare.silence) = Default::default();
        bare.run = Pick { maintenance: bare.run.maintenance.take(), ..Pick::default() };
        for (name, strategy) in &mut bare.strategies.0 {
            *name = "strategy".to_owned();
            strategy.about.clear();
        }
        let text = options().to_string(&bare).unwrap_or_default();
        let tree = syntax::parse(&text);
        Side { text, tree }
    }

    fn written(&self, node: NodeId) -> &str {
        &self.text[self.tree.nodes[node].span.clone()]
    }

    fn name(&self, node: NodeId) -> Option<&str> {
        self.tree.nodes[node].name.clone().map(|name| &self.text[name])
    }

    fn kind(&self, node: NodeId) -> Kind {
        self.tree.nodes[node].kind
    }

    /// Whether a value holds others that have names or places of their own; `fixed("2m")` and pairs are one value.
    fn has_parts(&self, node: NodeId) -> bool {
        let entries = &self.tree.nodes[node].entries;
        match self.kind(node) {
            Kind::Map => true,
            // A list of names is one value: its order says something.
            Kind::List => entries.iter().any(|entry| !self.tree.nodes[entry.value].entries.is_empty()),
            Kind::Parens => entries.iter().all(|entry| entry.key.is_some()),
            _ => false,
        }
    }

    /// Where only one of two has it: a section is told entry by entry, since as a whole it would fill a page; a thing with many
    /// fields is new as a whole.
    fn is_told_as_a_whole(&self, node: NodeId) -> bool {
        let is_section = self.kind(node) == Kind::Map;
        let is_short = self.kind(node) == Kind::Parens
            && self.name(node).is_none()
            && self.has_parts(node)
            && self.tree.nodes[node].entries.len() <= PARTS_MAX;
        !(is_section || is_short) || self.tree.nodes[node].entries.is_empty()
    }

    /// What a value holds, by name, or by place.
    fn held(&self, node: NodeId) -> BTreeMap<String, NodeId> {
        let step = |(i, entry): (usize, &Entry)| {
            (entry.key.as_ref().map_or_else(|| i.to_string(), |key| key.text.clone()), entry.value)
        };
        self.tree.nodes[node].entries.iter().enumerate().map(step).collect()
    }
}

/// A value of a scenario, or nothing where it has none.
type Value<'a> = (&'a Side, Option<NodeId>);

fn compare((a, first): Value, (b, second): Value, path: &mut String, found: &mut Vec<Difference>) {
    let whole = match (first, second) {
        (Some(x), Some(y)) if a.written(x) == b.written(y) => return,
        (Some(x), Some(y)) => a.name(x) != b.name(y) || a.kind(x) != b.kind(y) || !a.has_parts(x) || !b.has_parts(y),
        (Some(x), None) => a.is_told_as_a_whole(x),
        (None, Some(y)) => b.is_told_as_a_whole(y),
        (None, None) => return,
    };
    if !whole {
        let held = |side: &Side, node: Option<NodeId>| node.map(|node| side.held(node)).unwrap_or_default();
        let (one, other) = (held(a, first), held(b, second));
        let steps: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
        for step in steps {
            let length = path.len();
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(step);
            compare((a, one.get(step).copied()), (b, other.get(step).copied()), path, found);
            path.truncate(length);
        }
        return;
    }
    let path = path.strip_prefix("strategies.strategy").map_or(path.clone(), |rest| format!("strategy{rest}"));
    let told = |side: &Side, node| match path.ends_with(".costs") {
        true => per_hour(side.written(node)),
        false => spaced(side.written(node)),
    };
    let (first, second) = (first.map(|node| told(a, node)), second.map(|node| told(b, node)));
    found.push(Difference { path, first, second });
}

/// Costs, by the hour: written back they come in whatever unit is shortest.
fn per_hour(text: &str) -> String {
    match text.trim_matches('"').parse::<Rate>() {
        Ok(Rate(per_second)) => {
            let shown = format!("{:.4}", per_second * 3_600.0);
            format!("\"{}/h\"", shown.trim_end_matches('0').trim_end_matches('.'))
        }
        Err(_) => text.to_owned(),
    }
}

/// Compact RON with blanks after commas and colons, but for those in texts.
fn spaced(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut in_text, mut escaped) = (false, false);
    for c in text.chars() {
        out.push(c);
        match c {
            '"' if !escaped => in_text = !in_text,
            ',' | ':' if !in_text => out.push(' '),
            _ => {}
        }
        escaped = in_text && c == '\\' && !escaped;
    }
    out
}
