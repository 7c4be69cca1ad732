//! Names that nothing uses.

use super::looked::Looked;
use crate::scenario::{Code, Diagnostic};
use serde_json::Value;

/// Sections whose entries do nothing by themselves, and what an entry is called.
const SECTIONS: [(&str, &str); 11] = [
    ("sites", "site"),
    ("components", "component"),
    ("groups", "group"),
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
    let mut found = Vec::new();
    for (section, noun) in SECTIONS {
        if looked.scenario.people.is_empty() && matches!(section, "components" | "groups") {
            continue;
        }
        for name in looked.data.get(section).and_then(Value::as_object).into_iter().flat_map(|map| map.keys()) {
            if !is_mentioned(&looked.data, &mut Vec::new(), section, name) {
                let reason = format!("nothing uses the {noun} \"{name}\"");
                let fix = "use it, or leave it out";
                found.push(Diagnostic::new(Code::Unused, format!("{section}.{name}#key"), reason, fix));
            }
        }
    }
    found
}

/// Whether a name stands anywhere but where it is defined.
fn is_mentioned<'v>(value: &'v Value, path: &mut Vec<&'v str>, section: &str, name: &str) -> bool {
    match value {
        Value::String(text) => path.first() != Some(&"title") && path.first() != Some(&"about") && says(text, name),
        Value::Array(items) => items.iter().any(|item| is_mentioned(item, path, section, name)),
        Value::Object(map) => map.iter().any(|(key, value)| {
            let defines = path[..] == [section] && key == name;
            // What is set somewhere is a path that leads on from a definition; what is assumed uses nothing.
            let counts = !defines && !path.is_empty() && path[0] != "assumptions";
            if counts && says(key, name) {
                return true;
            }
            if path.is_empty() && key == "assumptions" {
                return false;
            }
            path.push(key);
            let inside = is_mentioned(value, path, section, name);
            path.pop();
            inside
        }),
        _ => false,
    }
}

/// Whether a text is a name, a path with it, or RON in which it stands.
fn says(text: &str, name: &str) -> bool {
    text == name
        || text.contains(&format!("\"{name}\""))
        || text.contains(&format!(".{name}."))
        || text.ends_with(&format!(".{name}"))
}
