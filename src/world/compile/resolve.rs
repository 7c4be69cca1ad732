//! Names: which exist, which is meant, which cannot be used.

use crate::scenario::diagnostics::did_you_mean;
use crate::scenario::{Code, Diagnostic, Named, Scenario};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// After so many mistakes nobody is told which name was meant.
const SUGGESTIONS_MAX: usize = 100;

/// The mistakes found so far, and the names that could not be read at all.
pub struct Problems<'a> {
    /// In a cell, so that whoever looks at a scenario can say what is wrong with it.
    found: RefCell<Vec<Diagnostic>>,
    scenario: &'a Scenario,
}

impl<'a> Problems<'a> {
    pub fn new(scenario: &'a Scenario) -> Self {
        Problems { found: RefCell::default(), scenario }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.found.borrow().len()
    }

    /// Whether one of them is of this kind.
    pub fn has(&self, code: Code) -> bool {
        self.found.borrow().iter().any(|d| d.code == code)
    }

    /// Whether one of them is at this place.
    pub fn is_told(&self, path: &str) -> bool {
        self.found.borrow().iter().any(|d| d.path == path)
    }

    /// Takes back all but the first so many.
    pub fn take_after(&self, count: usize) -> Vec<Diagnostic> {
        self.found.borrow_mut().split_off(count)
    }

    /// Records mistakes that were taken back.
    pub fn put_back(&self, found: impl Iterator<Item = Diagnostic>) {
        self.found.borrow_mut().extend(found);
    }

    /// All of them, in the order in which they were found.
    pub fn into_found(self) -> Vec<Diagnostic> {
        self.found.into_inner()
    }

    /// Records a mistake.
    pub fn add(&self, code: Code, path: impl Into<String>, reason: impl Into<String>, fix: impl Into<String>) {
        self.found.borrow_mut().push(Diagnostic::new(code, path, reason, fix));
    }

    /// Records a number outside its range.
    pub fn range(&self, path: impl Into<String>, ok: bool, reason: impl Into<String>, fix: impl Into<String>) {
        if !ok {
            self.add(Code::OutOfRange, path, reason, fix);
        }
    }

    /// Records a name that nothing bears, with the one that was probably meant, unless its definition could not be read: that is reported there.
    pub fn unknown(&self, path: impl Into<String>, kind: &str, name: &str, known: &Names) {
        if self.scenario.broken.contains(name) {
            return;
        }
        let known: Vec<&str> = known.0.keys().map(String::as_str).collect();
        // Each name that is looked for is compared with all that there are: after the first hundred nobody needs that.
        // Something of a name that could not be read is there too.
        let broken = self.scenario.broken.iter().map(String::as_str);
        let meant = match self.count() < SUGGESTIONS_MAX {
            true => did_you_mean(name, known.iter().copied()).or_else(|| did_you_mean(name, broken)),
            false => None,
        };
        let fix = match meant {
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
    pub fn of<'n>(sections: &[(&str, Vec<&'n str>)], problems: &Problems) -> Names {
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

    /// Names with the places that they have in a list.
    pub fn in_order<'n>(names: impl Iterator<Item = &'n str>) -> Names {
        Names(names.enumerate().map(|(i, name)| (name.to_owned(), i)).collect())
    }

    /// The names of one section.
    pub fn section<T>(section: &str, named: &Named<T>, problems: &Problems) -> Names {
        Names::of(&[(section, named.names().collect())], problems)
    }

    /// The id of a name; records the mistake where there is none.
    pub fn find(&self, name: &str, kind: &str, path: impl Into<String>, problems: &Problems) -> Option<usize> {
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

    /// The name of an id.
    pub fn name(&self, id: usize) -> &str {
        self.0.keys().nth(id).map_or("", String::as_str)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }
}

/// Things in the order of their names; of two with one name the first.
pub fn sorted<T>(named: &Named<T>) -> impl Iterator<Item = (&str, &T)> {
    let mut pairs: Vec<(&str, &T)> = named.iter().collect();
    pairs.sort_by_key(|(name, _)| *name);
    pairs.dedup_by_key(|(name, _)| *name);
    pairs.into_iter()
}

/// "a, b and c", cut off where it gets long.
pub fn listed<'n>(names: impl Iterator<Item = &'n str>) -> String {
    const NAMES_MAX: usize = 12;
    let names: Vec<String> = names.map(|n| format!("\"{n}\"")).collect();
    match names.len() {
        0 => "none".to_owned(),
        1 => names[0].clone(),
        n if n > NAMES_MAX => format!("{} and {} more", names[..NAMES_MAX].join(", "), n - NAMES_MAX),
        n => format!("{} and {}", names[..n - 1].join(", "), names[n - 1]),
    }
}

/// Names appear in paths, tables, pages and file names: keep them to what all of those can show.
fn check_name(section: &str, name: &str, problems: &Problems) {
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
