//! Names: which exist, which is meant, which cannot be used.

use crate::scenario::diagnostics::did_you_mean;
use crate::scenario::{Code, Diagnostic, Named, Scenario};
use std::collections::BTreeMap;

/// The mistakes found so far, and the names that could not be read at all.
pub struct Problems<'a> {
    pub found: Vec<Diagnostic>,
    scenario: &'a Scenario,
}

impl<'a> Problems<'a> {
    pub fn new(scenario: &'a Scenario) -> Self {
        Problems { found: Vec::new(), scenario }
    }

    /// Records a mistake.
    pub fn add(&mut self, code: Code, path: impl Into<String>, reason: impl Into<String>, fix: impl Into<String>) {
        self.found.push(Diagnostic::new(code, path, reason, fix));
    }

    /// Records a number outside its range.
    pub fn range(&mut self, path: impl Into<String>, ok: bool, reason: impl Into<String>, fix: impl Into<String>) {
        if !ok {
            self.add(Code::OutOfRange, path, reason, fix);
        }
    }

    /// Records a name that nothing bears, unless its definition could not be read: that is reported there.
    pub fn unknown(&mut self, path: impl Into<String>, kind: &str, name: &str, known: &Names) {
        if self.scenario.broken.contains(name) {
            return;
        }
        let known: Vec<&str> = known.0.keys().map(String::as_str).collect();
        let fix = match did_you_mean(name, known.iter().copied()) {
            Some(close) => format!("did you mean \"{close}\"?"),
            None if known.is_empty() => format!("this file declares no {kind}: declare it, or leave this out"),
            None if known.len() <= 8 => format!("known here: {}", quoted(&known)),
            None => format!("declare a {kind} of this name, or use one of the {} that there are", known.len()),
        };
        self.add(Code::UnknownName, path, format!("there is no {kind} called \"{name}\""), fix);
    }
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|n| format!("\"{n}\"")).collect::<Vec<_>>().join(", ")
}

/// Names of one kind and their dense ids, in the order of the names.
#[derive(Debug, Clone, Default)]
pub struct Names(pub BTreeMap<String, usize>);

impl Names {
    /// The names of several sections of the file that share one room.
    pub fn of<'n>(sections: &[(&str, Vec<&'n str>)], problems: &mut Problems) -> Names {
        let mut first: BTreeMap<&'n str, &str> = BTreeMap::new();
        for (section, names) in sections {
            for name in names {
                check_name(section, name, problems);
                match first.get(name) {
                    None => {
                        first.insert(name, section);
                    }
                    Some(other) => problems.add(
                        Code::DuplicateName,
                        format!("{section}.{name}#key"),
                        format!("the name \"{name}\" is taken already, in `{other}`"),
                        "give one of the two another name",
                    ),
                }
            }
        }
        Names(first.keys().enumerate().map(|(i, name)| ((*name).to_owned(), i)).collect())
    }

    /// The names of one section.
    pub fn section<T>(section: &str, named: &Named<T>, problems: &mut Problems) -> Names {
        Names::of(&[(section, named.names().collect())], problems)
    }

    /// The id of a name; records the mistake where there is none.
    pub fn find(&self, name: &str, kind: &str, path: impl Into<String>, problems: &mut Problems) -> Option<usize> {
        let found = self.0.get(name).copied();
        if found.is_none() {
            problems.unknown(path, kind, name, self);
        }
        found
    }

    /// The id of a name.
    pub fn get(&self, name: &str) -> Option<usize> {
        self.0.get(name).copied()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }
}

/// Names appear in paths, tables, pages and file names: keep them to what all of those can show.
fn check_name(section: &str, name: &str, problems: &mut Problems) {
    let path = format!("{section}.{name}#key");
    if name.trim().is_empty() {
        problems.add(Code::BadName, path, "this name is empty", "write a name");
    } else if name.chars().count() > 80 {
        problems.add(Code::BadName, path, "this name is longer than 80 characters", "write a shorter name");
    } else if name.chars().any(char::is_control) {
        problems.add(
            Code::BadName,
            path,
            "this name has a control character, which no table can show",
            "write it on one line, without tabs",
        );
    } else if let Some(c) = name.chars().find(|c| ".[]{}\"'`#".contains(*c)) {
        problems.add(
            Code::BadName,
            path,
            format!("the character {c:?} cannot be part of a name, because paths into the file use it"),
            "use letters, digits, spaces and / - _ : @",
        );
    }
}
