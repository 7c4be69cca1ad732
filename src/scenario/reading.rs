//! What reading a text gives: a scenario, and every mistake with its place.

use super::rope::Rope;
use super::syntax::Tree;
use super::{Code, Diagnostic, Scenario};
use std::ops::Range;

/// What reading a text gave: a scenario, as far as it could be read, and every mistake.
#[derive(Debug, Clone)]
pub struct Reading {
    /// The scenario without what could not be read; nothing if not even that makes sense.
    pub scenario: Option<Scenario>,
    /// What is wrong, in the order of the text.
    pub mistakes: Vec<Diagnostic>,
    pub(super) tree: Tree,
    pub(super) rope: Rope,
    /// What was set from outside of the text: paths and values.
    pub(super) set: Vec<(String, String)>,
}

impl Reading {
    /// Fills the span of every diagnostic that has only a path, sorts them by position and removes duplicates. A path that
    /// ends with `#key` asks for the name of its entry instead of the value. What does not exist is shown at its nearest
    /// ancestor that does.
    pub fn place(&self, diagnostics: &mut Vec<Diagnostic>) {
        for diagnostic in diagnostics.iter_mut() {
            let (path, of_key) = match diagnostic.path.strip_suffix("#key") {
                Some(path) => (path.to_owned(), true),
                None => (diagnostic.path.clone(), false),
            };
            if diagnostic.span.is_none() {
                diagnostic.span = self.span_of(&path, of_key);
                diagnostic.argument = diagnostic.argument.take().or_else(|| argument(&self.set, &path));
            }
            diagnostic.path = path;
        }
        tidy(diagnostics);
    }

    /// Where a path of the scenario is in the original text: its value, or its key.
    pub fn span_of(&self, path: &str, of_key: bool) -> Option<Range<usize>> {
        let (node, rest) = self.tree.find_nearest(path)?;
        if path.is_empty() {
            return None;
        }
        let span = if of_key || !rest.is_empty() {
            // Something that is not there is shown at the name of what should hold it.
            self.tree.key_of(node).map_or_else(|| self.tree.head_of(node), |k| k.span.clone())
        } else {
            self.tree.nodes[node].span.clone()
        };
        Some(self.rope.original(span))
    }
}

/// What was set from outside of the text at a path or around it, the last that was.
pub(super) fn argument(set: &[(String, String)], path: &str) -> Option<String> {
    let is_inside = |around: &str| {
        path.strip_prefix(around).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')) && !around.is_empty()
    };
    set.iter().rev().find(|(around, _)| is_inside(around)).map(|(path, value)| format!("{path}={value}"))
}

/// Sorts by position and removes what was found twice.
pub(super) fn tidy(diagnostics: &mut Vec<Diagnostic>) {
    let place = |d: &Diagnostic| d.span.as_ref().map_or((0, 0), |s| (s.start, s.end));
    diagnostics.sort_by_key(|d| (place(d), d.code));
    let mut kept: Vec<Diagnostic> = Vec::with_capacity(diagnostics.len());
    for diagnostic in diagnostics.drain(..) {
        let twice = kept.iter().rev().take_while(|k| k.span == diagnostic.span).any(|k| {
            // A name, or a way to a place, is wrong once, however many things look for it.
            let is_once = matches!(k.code, Code::UnknownName | Code::NoRoute) && k.span.is_some();
            k.code == diagnostic.code
                && (is_once || k.reason == diagnostic.reason)
                && (k.span.is_some() || k.path == diagnostic.path)
        });
        if !twice {
            kept.push(diagnostic);
        }
    }
    *diagnostics = kept;
}
