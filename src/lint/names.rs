//! Names that nothing uses.

use super::looked::Looked;
use crate::scenario::{Code, Diagnostic};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Sections whose entries do nothing by themselves, and what an entry is called.
const SECTIONS: [(&str, &str); 12] = [
    ("sites", "site"),
    ("components", "component"),
    ("groups", "group"),
    ("spreads", "spread"),
    ("crews", "crew"),
    ("providers", "provider"),
    ("teams", "team"),
    ("services", "service"),
    ("queues", "queue"),
    ("features", "feature"),
    ("weeks", "week"),
    ("recordings", "recording"),
];

/// Names that nothing in the file mentions. Where there are no people, components and groups are what the file is about.
pub fn unused(looked: &Looked) -> Vec<Diagnostic> {
    let mut mentioned = Mentioned::default();
    mentioned.look(&looked.data, &mut Vec::new());
    let mut found = Vec::new();
    for (section, noun) in SECTIONS {
        if looked.scenario.people.is_empty() && matches!(section, "components" | "groups") {
            continue;
        }
        for name in looked.data.get(section).and_then(Value::as_object).into_iter().flat_map(|map| map.keys()) {
            if !mentioned.is_beside(section, name) {
                let reason = format!("nothing uses the {noun} \"{name}\"");
                let fix = "use it, or leave it out";
                found.push(Diagnostic::new(Code::Unused, format!("{section}.{name}#key"), reason, fix));
            }
        }
    }
    found
}

/// Every name that the file mentions: gone through once, however many names there are.
#[derive(Default)]
struct Mentioned<'v> {
    /// Anywhere but where something is defined.
    names: BTreeSet<&'v str>,
    /// Where something is defined: the sections.
    defined: BTreeMap<&'v str, BTreeSet<&'v str>>,
}

impl<'v> Mentioned<'v> {
    /// Whether a name stands anywhere but where it is defined.
    fn is_beside(&self, section: &str, name: &str) -> bool {
        self.names.contains(name) || self.defined.get(name).is_some_and(|by| by.iter().any(|other| *other != section))
    }

    fn look(&mut self, value: &'v Value, path: &mut Vec<&'v str>) {
        match value {
            Value::String(text) if !matches!(path.first(), Some(&("title" | "about"))) => self.says(text),
            Value::Array(items) => items.iter().for_each(|item| self.look(item, path)),
            Value::Object(map) => {
                for (key, value) in map {
                    match path[..] {
                        // What is assumed uses nothing.
                        [] if key == "assumptions" => continue,
                        [] => {}
                        [section] => {
                            self.defined.entry(key).or_default().insert(section);
                        }
                        // What is set somewhere is a path that leads on from a definition.
                        _ => self.says(key),
                    }
                    path.push(key);
                    self.look(value, path);
                    path.pop();
                }
            }
            _ => {}
        }
    }

    /// A text may be a name, a path with it, or RON in which it stands. A name has neither dots nor quotes.
    fn says(&mut self, text: &'v str) {
        self.names.insert(text);
        self.names.extend(text.split('.').skip(1));
        let quoted = text.split('"').skip(1);
        let all = quoted.clone().count();
        self.names.extend(quoted.take(all.saturating_sub(1)));
    }
}
