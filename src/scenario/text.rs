//! From text to scenario and back.

use super::choice::Choice;
use super::overlay::{self, Others};
use super::reading::{Reading, argument, tidy};
use super::ron_text::options;
use super::rope::Rope;
use super::syntax::{self, Kind, NodeId, Tree};
use super::{Active, Scenario, read};

/// Lines of printed scenarios are broken when they get longer than this.
const LINE_CHARS_MAX: usize = 120;

/// A scenario's text and its name.
#[derive(Debug, Clone)]
pub struct Source {
    /// The name of the file.
    pub name: String,
    /// The text.
    pub text: String,
    /// Recordings that lie beside it: the name of the file, and its text.
    pub recordings: Vec<(String, String)>,
}

impl Source {
    /// A text under a name. A byte-order mark at its start is dropped.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Source {
        let mut text: String = text.into();
        if text.starts_with('\u{FEFF}') {
            text.drain(..'\u{FEFF}'.len_utf8());
        }
        Source { name: name.into(), text, recordings: Vec::new() }
    }

    /// The text of a scenario that was built in Rust, so that its mistakes can be shown.
    pub fn from_scenario(name: impl Into<String>, scenario: &Scenario) -> Source {
        Source::new(name, scenario.to_ron())
    }

    /// Reads the scenario of one run: the file with the values that its variant, its strategy and the choice set, in
    /// this order, and with `run` filled in. Mistakes have their spans in this text, also those in values that were set.
    pub fn read(&self, choice: &Choice) -> Reading {
        let plain = self.read_plain();
        self.read_over(&plain, choice, Others::Kept)
    }

    /// The same for whoever has read the text as it is written, and looks at one strategy or variant after the other: what the
    /// others set is left out, so that as many of them as there are take as much longer and not the square of that.
    pub(crate) fn read_one(&self, plain: &Reading, choice: &Choice) -> Reading {
        self.read_over(plain, choice, Others::LeftOut)
    }

    fn read_over(&self, plain: &Reading, choice: &Choice, others: Others) -> Reading {
        if plain.scenario.is_none() {
            return plain.clone();
        }
        let mut overlaid = overlay::apply(&self.text, plain, choice, others);
        let mut reading = if overlaid.rope.is_changed() { read::read(&overlaid.rope) } else { plain.clone() };
        self.add_recordings(&mut reading);
        reading.set.clone_from(&choice.set);
        let of_arguments = reading.mistakes.iter_mut().chain(&mut overlaid.mistakes);
        of_arguments.for_each(|mistake| mistake.argument = argument(&choice.set, &mistake.path));
        // The last text says what a run sees; the first one has mistakes that an overlay may hide.
        reading.mistakes.extend(plain.mistakes.iter().cloned());
        reading.mistakes.extend(overlaid.mistakes);
        if let Some(scenario) = &mut reading.scenario {
            scenario.run = overlaid.pick;
            scenario.broken.extend(plain.scenario.iter().flat_map(|s| s.broken.iter().cloned()));
            overlaid.sets.iter().for_each(|(set, path)| move_assumption(scenario, set, path));
        }
        tidy(&mut reading.mistakes);
        reading
    }

    /// Reads the scenario as it is written, without any overlay.
    pub fn read_plain(&self) -> Reading {
        let mut reading = read::read(&Rope::new(&self.text));
        self.add_recordings(&mut reading);
        reading
    }

    /// The recordings that the scenario speaks of and that are not in its text: names of files beside it.
    pub fn recordings_wanted(&self) -> Vec<String> {
        // Most scenarios have none, and need not be read for that.
        if !self.text.contains("recorded") {
            return Vec::new();
        }
        let Some(scenario) = self.read_plain().scenario else { return Vec::new() };
        let mut wanted: Vec<String> = (scenario.people.iter())
            .filter_map(|(_, people)| match &people.active {
                Active::Recorded(name) if scenario.recordings.get(name).is_none() => Some(name.clone()),
                _ => None,
            })
            .collect();
        wanted.sort();
        wanted.dedup();
        wanted
    }

    /// Recordings become a part of the scenario, and of its hash.
    fn add_recordings(&self, reading: &mut Reading) {
        let Some(scenario) = &mut reading.scenario else { return };
        for (name, text) in &self.recordings {
            if scenario.recordings.get(name).is_none() {
                scenario.recordings.0.push((name.clone(), text.clone()));
            }
        }
    }
}

/// What is assumed of a value that an overlay sets is assumed of the place where it was put.
fn move_assumption(scenario: &mut Scenario, set: &str, path: &str) {
    let list = &mut scenario.assumptions.0;
    let Some(index) = list.iter().position(|(p, _)| p == set) else { return };
    let (_, why) = list.remove(index);
    list.retain(|(p, _)| p != path);
    list.push((path.to_owned(), why));
}

impl Scenario {
    /// The scenario as text that reads back to an equal scenario.
    ///
    /// # Panics
    /// Never for a scenario that was read. One built in Rust must not be larger than a file may be.
    pub fn to_ron(&self) -> String {
        let compact = options().to_string(self).expect("plain data can always be written");
        let tree = syntax::parse(&compact);
        let Some(root) = tree.root.filter(|_| tree.problem.is_none()) else { return compact };
        let mut printer = Printer { text: &compact, tree: &tree, out: String::from("Scenario") };
        printer.node(root, 0, true);
        printer.out.push('\n');
        printer.out
    }
}

/// Lays compact RON out in lines.
struct Printer<'a> {
    text: &'a str,
    tree: &'a Tree,
    out: String,
}

impl Printer<'_> {
    fn node(&mut self, id: NodeId, depth: usize, broken: bool) {
        let node = &self.tree.nodes[id];
        if !matches!(node.kind, Kind::Parens | Kind::List | Kind::Map) {
            self.out.push_str(&self.text[node.span.clone()]);
            return;
        }
        // Values that an overlay sets are kept as they were written.
        if depth == 4 && self.is_set(id) {
            self.out.push_str(&self.text[node.span.clone()]);
            return;
        }
        if let Some(name) = &node.name {
            self.out.push_str(&self.text[name.clone()]);
        }
        let (open, close) = match node.kind {
            Kind::Parens => ('(', ')'),
            Kind::List => ('[', ']'),
            _ => ('{', '}'),
        };
        self.out.push(open);
        for (i, entry) in node.entries.iter().enumerate() {
            if broken {
                self.out.push('\n');
                self.out.push_str(&"    ".repeat(depth + 1));
            } else if i > 0 {
                self.out.push_str(", ");
            }
            if let Some(key) = &entry.key {
                self.out.push_str(&self.text[key.span.clone()]);
                self.out.push_str(": ");
            }
            let start = self.out.len();
            self.node(entry.value, depth + 1, false);
            let line_start = self.out[..start].rfind('\n').map_or(0, |at| at + 1);
            if broken && self.out[line_start..].chars().count() > LINE_CHARS_MAX {
                self.out.truncate(start);
                self.node(entry.value, depth + 1, true);
            }
            if broken {
                self.out.push(',');
            }
        }
        if broken && !node.entries.is_empty() {
            self.out.push('\n');
            self.out.push_str(&"    ".repeat(depth));
        }
        self.out.push(close);
    }

    fn is_set(&self, id: NodeId) -> bool {
        match self.tree.steps_to(id).as_slice() {
            [section, _, set, _] => set == "set" && (section == "strategies" || section == "variants"),
            _ => false,
        }
    }
}
