//! All mistakes of a text at once: deserialise, record what is wrong, blank it out, and deserialise again.
//!
//! What cannot be read is overwritten with spaces of the same length, so that every span stays true. A field that had to go
//! may be one that has to be there; then what holds it goes too, without a second complaint.

use super::explain;
use super::foreign;
use super::reading::Reading;
use super::ron_text::{Failure, deserialise};
use super::rope::Rope;
use super::syntax::{self, Kind, NodeId, ProblemKind, Tree};
use super::{Code, Diagnostic, FORMAT, Scenario, assumed};
use crate::units::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// After so many mistakes the rest of a text is not looked at.
const MISTAKES_MAX: usize = 100;

/// Reads a text as it stands.
pub(super) fn read(rope: &Rope) -> Reading {
    let text = rope.text();
    let tree = syntax::parse(&text);
    let mut reader = Reader {
        original: tree.clone(),
        tree,
        text,
        mistakes: Vec::new(),
        broken: BTreeSet::new(),
        removed: BTreeMap::new(),
    };
    let mut scenario = reader.scenario();
    if let Some(scenario) = &mut scenario {
        trim_sets(scenario);
        scenario.expand_patterns();
        reader.add_assumptions(scenario, &rope.text());
        scenario.broken = std::mem::take(&mut reader.broken);
    }
    if scenario.is_none() && reader.mistakes.is_empty() {
        let fix = "compare it with an example of the documentation";
        reader.mistakes.push(Diagnostic::new(Code::Syntax, "", "this is not a scenario", fix));
    }
    let mut mistakes = reader.mistakes;
    for mistake in &mut mistakes {
        mistake.span = mistake.span.take().map(|span| rope.original(span));
    }
    mistakes.sort_by_key(|m| m.span.as_ref().map_or(0, |s| s.start));
    Reading { scenario, mistakes, tree: reader.tree, rope: rope.clone(), set: Vec::new() }
}

/// Comments beside a value that an overlay sets are not a part of it.
fn trim_sets(scenario: &mut Scenario) {
    let strategies = scenario.strategies.0.iter_mut().flat_map(|(_, s)| &mut s.set.0);
    let variants = scenario.variants.0.iter_mut().flat_map(|(_, v)| &mut v.set.0);
    strategies.chain(variants).for_each(|(_, value)| value.trim());
}

/// Texts up to this size are searched for further missing fields: each costs several readings of the text.
const FILLED_IN_BYTES_MAX: usize = 200_000;
/// More fields than any part of a scenario has to have.
const FIELDS_MAX: usize = 8;
/// Values of the types that a field which has to be there can have.
const SAMPLES: [&str; 12] = [
    "\"1s\"",
    "1",
    "fixed(\"1s\")",
    "[]",
    "{}",
    "\"1%\"",
    "\"1/s\"",
    "\"1bps\"",
    "\"x1\"",
    "(\"1s\", \"1s\")",
    "instant",
    "(from: \"2000-01-01T00:00\", zone: \"UTC\", horizon: \"1h\")",
];

struct Reader {
    text: String,
    tree: Tree,
    /// The tree before anything was blanked out: only for paths that a person recognises.
    original: Tree,
    mistakes: Vec<Diagnostic>,
    broken: BTreeSet<String>,
    /// By the start of what held them: the entries that were blanked out.
    removed: BTreeMap<usize, BTreeSet<String>>,
}

impl Reader {
    fn scenario(&mut self) -> Option<Scenario> {
        let is_sound = |tree: &Tree| tree.problem.as_ref().is_none_or(|problem| problem.kind == ProblemKind::Grammar);
        if let Some(foreign) = foreign::mistake(&self.text).filter(|_| is_sound(&self.tree)) {
            self.mistakes.push(foreign);
            return None;
        }
        if let Some(problem) = self.tree.problem.clone()
            && (problem.kind != ProblemKind::Grammar || self.tree.root.is_none())
        {
            self.report_problem();
            return None;
        }
        if self.other_format() {
            return None;
        }
        self.close_gaps();
        self.remove_duplicates();
        self.remove_not_finite();
        while self.mistakes.len() < MISTAKES_MAX {
            let failure = match deserialise(&self.text) {
                Ok(mut scenario) => {
                    self.report_missing_at_the_top();
                    self.stand_in(&mut scenario);
                    return Some(scenario);
                }
                Err(failure) => failure,
            };
            let explained = explain::explain(&self.text, &self.tree, &failure);
            let (node, diagnostic) = (explained.node, explained.diagnostic);
            // Whatever is wrong behind the place where the text stops being RON is wrong because of that.
            if let Some(problem) = &self.tree.problem {
                let behind = failure.offset >= problem.span.start;
                let open = self.removable(node).is_none_or(|(parent, index)| {
                    let value = self.tree.nodes[parent].entries[index].value;
                    !self.tree.nodes[value].closed || self.tree.nodes[value].span.end > problem.span.start
                });
                if behind || open {
                    self.report_problem();
                    return None;
                }
            }
            if !self.is_consequence(&failure, node) {
                self.report(diagnostic);
            }
            if let ron::Error::MissingStructField { field, .. } = &failure.error {
                self.report_also_missing(node, field, &failure);
            }
            if !self.remove(node) {
                self.report_missing_at_the_top();
                return None;
            }
        }
        None
    }

    fn report(&mut self, mut diagnostic: Diagnostic) {
        // Blanking out items renumbers those that follow: the path is told as the person counts.
        if let Some(node) = self.tree.find(&diagnostic.path) {
            let span = self.tree.nodes[node].span.clone();
            if let Some(first) = self.original.node_with_span(&span) {
                diagnostic.path = self.original.path_to(first);
            }
        }
        self.mistakes.push(diagnostic);
    }

    fn report_problem(&mut self) {
        let Some(problem) = self.tree.problem.clone() else { return };
        let code = match problem.kind {
            ProblemKind::Grammar => Code::Syntax,
            ProblemKind::TooLarge => Code::TooLarge,
            ProblemKind::TooDeep => Code::TooDeep,
        };
        let path = self.tree.node_around(problem.span.start).map(|n| self.tree.path_to(n)).unwrap_or_default();
        let mut diagnostic = Diagnostic::new(code, path, problem.reason, problem.fix);
        diagnostic.span = Some(problem.span);
        self.mistakes.push(diagnostic);
    }

    /// The other fields that are missing where one is: the derived reader names only the first, so that one is filled in
    /// for a try, with whatever it accepts.
    fn report_also_missing(&mut self, node: NodeId, first: &'static str, failure: &Failure) {
        let here = &self.tree.nodes[node];
        if self.text.len() > FILLED_IN_BYTES_MAX || here.kind != Kind::Parens {
            return;
        }
        let inside = here.name.as_ref().map_or(here.span.start, |name| name.end);
        let Some(open) = self.text[inside..].find('(').map(|at| inside + at + 1) else { return };
        let (mut field, mut filled) = (first, String::new());
        'fields: for _ in 0..FIELDS_MAX {
            for sample in SAMPLES {
                let with = format!("{filled}{field}: {sample}, ");
                let mut tried = self.text.clone();
                tried.insert_str(open, &with);
                let Err(next) = deserialise(&tried) else { return };
                // The sample is of another type than the field.
                if next.offset <= open + with.len() {
                    continue;
                }
                let ron::Error::MissingStructField { field: other, .. } = next.error else { return };
                if next.steps != failure.steps || other == field {
                    return;
                }
                let removed = self.removed.get(&self.tree.nodes[node].span.start);
                if !removed.is_some_and(|removed| removed.contains(other)) {
                    let diagnostic = explain::missing(&self.tree, node, other);
                    self.report(diagnostic);
                }
                (field, filled) = (other, with);
                continue 'fields;
            }
            return;
        }
    }

    /// The fields without which nothing can be read, and of which the derived reader names only the first.
    fn report_missing_at_the_top(&mut self) {
        let Some(root) = self.tree.root.filter(|_| self.tree.problem.is_none()) else { return };
        for field in ["format", "title", "clock"] {
            let known = self.removed.get(&self.tree.nodes[root].span.start).is_some_and(|r| r.contains(field));
            let told = self.mistakes.iter().any(|m| m.code == Code::MissingField && m.reason.contains(field));
            if !known && !told && self.tree.nodes[root].kind == Kind::Parens && self.tree.child(root, field).is_none() {
                let diagnostic = explain::missing(&self.tree, root, field);
                self.mistakes.push(diagnostic);
            }
        }
        let Some(clock) = self.tree.child(root, "clock") else { return };
        for field in ["from", "zone", "horizon"] {
            let known = self.removed.get(&self.tree.nodes[clock].span.start).is_some_and(|r| r.contains(field));
            if !known && self.tree.nodes[clock].kind == Kind::Parens && self.tree.child(clock, field).is_none() {
                let diagnostic = explain::missing(&self.tree, clock, field);
                self.mistakes.push(diagnostic);
            }
        }
    }

    /// Of a clock that could not be read nothing is known. Names and numbers are looked at all the same, against one that stands in
    /// for it; what this one says of times is not told.
    fn stand_in(&self, scenario: &mut Scenario) {
        let clock = self.tree.root.and_then(|root| self.tree.child(root, "clock"));
        let is_there = |field: &str| clock.is_some_and(|clock| self.tree.child(clock, field).is_some());
        if !is_there("from") {
            scenario.clock.from = "2024-01-01T00:00".to_owned();
        }
        if !is_there("zone") {
            scenario.clock.zone = "UTC".to_owned();
        }
        if !is_there("horizon") {
            scenario.clock.horizon = Duration::from_seconds(14.0 * 86_400.0);
        }
        scenario.format = FORMAT;
    }

    fn other_format(&mut self) -> bool {
        let Some(node) = self.tree.root.and_then(|root| self.tree.child(root, "format")) else { return false };
        let span = self.tree.nodes[node].span.clone();
        let Ok(format) = ron::from_str::<i64>(&self.text[span.clone()]) else { return false };
        if format == i64::from(FORMAT) {
            return false;
        }
        let reason = format!("this file is of format {format}, and this program reads format {FORMAT}");
        let fix = format!("write `format: {FORMAT}`, or use a program of the file's format");
        let mut diagnostic = Diagnostic::new(Code::Format, "format", reason, fix);
        diagnostic.span = Some(span);
        self.mistakes.push(diagnostic);
        true
    }

    /// Puts commas where they are missing between two entries.
    fn close_gaps(&mut self) {
        let gaps = std::mem::take(&mut self.tree.gaps);
        for gap in gaps.into_iter().take(MISTAKES_MAX) {
            let path = self.tree.node_around(gap.end).map(|n| self.tree.path_to(n)).unwrap_or_default();
            let mut diagnostic =
                Diagnostic::new(Code::Syntax, path, "a comma is missing before this", "write a comma between the two");
            let line_end = self.text[gap.end..].find(|c: char| ": \n,".contains(c)).unwrap_or(0);
            diagnostic.span = Some(gap.end..gap.end + line_end);
            self.mistakes.push(diagnostic);
            self.text.replace_range(gap.start..gap.start + 1, ",");
        }
        self.tree = syntax::parse(&self.text);
        self.tree.gaps.clear();
    }

    fn remove_duplicates(&mut self) {
        let mut twice = Vec::new();
        for (id, node) in self.tree.nodes.iter().enumerate() {
            let mut seen: BTreeMap<&str, &Range<usize>> = BTreeMap::new();
            for (index, entry) in node.entries.iter().enumerate() {
                let Some(key) = &entry.key else { continue };
                let Some(first) = seen.get(key.text.as_str()) else {
                    seen.insert(&key.text, &key.span);
                    continue;
                };
                let line = 1 + self.text.as_bytes()[..first.start].iter().filter(|&&b| b == b'\n').count();
                let (code, what, fix) = match node.kind {
                    Kind::Map => (Code::DuplicateName, "name", "delete one of the two, or rename it"),
                    _ => (Code::DuplicateField, "field", "write it once, with what belongs to it in one place"),
                };
                let reason = format!("the {what} `{}` is there already, in line {line}", key.text);
                let path = self.tree.path_to(entry.value);
                let mut diagnostic = Diagnostic::new(code, path, reason, fix);
                diagnostic.span = Some(key.span.clone());
                if self.mistakes.len() < MISTAKES_MAX {
                    self.mistakes.push(diagnostic);
                }
                twice.push((id, index));
            }
        }
        // Its first definition can be read: nobody has to be told that the name is broken.
        twice.into_iter().for_each(|(node, index)| self.blank(node, index));
        self.tree = syntax::parse(&self.text);
    }

    fn remove_not_finite(&mut self) {
        let wrong: Vec<NodeId> = (0..self.tree.nodes.len())
            .filter(|&id| self.tree.nodes[id].parent.is_some())
            .filter(|&id| matches!(self.tree.nodes[id].kind, Kind::Number | Kind::Word))
            .filter(|&id| is_not_finite(&self.text[self.tree.nodes[id].span.clone()]))
            .collect();
        for &node in &wrong {
            let span = self.tree.nodes[node].span.clone();
            let reason =
                format!("{} is not a finite number", &self.text[span.clone()].chars().take(40).collect::<String>());
            let path = self.tree.path_to(node);
            let mut diagnostic = Diagnostic::new(Code::NotFinite, path, reason, "write an ordinary number, like 1.5");
            diagnostic.span = Some(span);
            if self.mistakes.len() < MISTAKES_MAX {
                self.mistakes.push(diagnostic);
            }
        }
        for &node in &wrong {
            if let Some((parent, index)) = self.removable(node) {
                self.note_removed(parent, index);
                self.blank(parent, index);
            }
        }
        if !wrong.is_empty() {
            self.tree = syntax::parse(&self.text);
        }
    }

    /// The smallest entry around a node that can be left out: a field, a map entry, an item of a list.
    fn removable(&self, node: NodeId) -> Option<(NodeId, usize)> {
        let mut at = node;
        loop {
            let (parent, index) = self.tree.nodes[at].parent?;
            let by_name = self.tree.nodes[parent].entries[index].key.is_some();
            if by_name || self.tree.nodes[parent].kind == Kind::List {
                return Some((parent, index));
            }
            at = parent;
        }
    }

    fn remove(&mut self, node: NodeId) -> bool {
        let Some((parent, index)) = self.removable(node) else { return false };
        self.note_removed(parent, index);
        self.blank(parent, index);
        self.tree = syntax::parse(&self.text);
        true
    }

    fn note_removed(&mut self, parent: NodeId, index: usize) {
        let node = &self.tree.nodes[parent];
        let entry = &node.entries[index];
        let name = entry.key.as_ref().map(|k| k.text.clone()).unwrap_or_default();
        let is_root = self.tree.root == Some(parent);
        if is_root {
            let lost = self.tree.nodes[entry.value].entries.iter();
            self.broken.extend(lost.filter_map(|e| e.key.as_ref().map(|k| k.text.clone())));
        } else if node.kind == Kind::Map && node.parent.map(|(section, _)| section) == self.tree.root {
            self.broken.insert(name.clone());
        }
        let start = node.span.start;
        self.removed.entry(start).or_default().insert(name);
    }

    fn blank(&mut self, parent: NodeId, index: usize) {
        let entry = &self.tree.nodes[parent].entries[index];
        let ranges = [Some(entry.span.clone()), entry.comma.map(|at| at..at + 1)];
        for range in ranges.into_iter().flatten() {
            let blank: String = self.text[range.clone()].bytes().map(|b| if b == b'\n' { '\n' } else { ' ' }).collect();
            self.text.replace_range(range, &blank);
        }
    }

    /// Whether a failure is there only because something was blanked out before.
    fn is_consequence(&self, failure: &Failure, node: NodeId) -> bool {
        let mut at = node;
        loop {
            if let Some(removed) = self.removed.get(&self.tree.nodes[at].span.start) {
                return match &failure.error {
                    ron::Error::MissingStructField { field, .. } => removed.contains(*field),
                    _ => self.tree.nodes[at].entries.is_empty(),
                };
            }
            // `hard(to: ..)` may be the failing node where its only value is what lost a field.
            match self.tree.nodes[at].entries.as_slice() {
                [only] if only.key.is_none() => at = only.value,
                _ => return false,
            }
        }
    }

    fn add_assumptions(&self, scenario: &mut Scenario, text: &str) {
        let mut known: BTreeSet<String> = scenario.assumptions.names().map(str::to_owned).collect();
        for (node, why) in assumed::collect(text, &self.original) {
            // Where it is after items before it were blanked out; not at all if it was itself.
            let Some(node) = self.tree.node_with_span(&self.original.nodes[node].span) else { continue };
            let path = self.tree.path_to(node);
            if known.insert(path.clone()) {
                scenario.assumptions.0.push((path, why));
            }
        }
    }
}

fn is_not_finite(written: &str) -> bool {
    let digits = written.trim_start_matches(['+', '-']);
    match digits {
        "NaN" | "inf" => true,
        _ => {
            digits.starts_with(|c: char| c.is_ascii_digit())
                && digits.replace('_', "").parse::<f64>().is_ok_and(|x| !x.is_finite())
        }
    }
}
