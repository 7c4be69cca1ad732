//! Files import each other in one direction, also inside a module.
//!
//! An import is followed to the file that defines the name: through the `pub use` of a module's front page, and not to
//! that page. Calls of methods are not seen; what is named in `use` and in paths is.

use super::{code, sources};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A module as Rust names it, `["engine", "flow"]`, with its file.
type Modules = BTreeMap<Vec<String>, PathBuf>;

fn modules() -> Modules {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Modules::new();
    for (_, path) in sources() {
        let inside = path.strip_prefix(&src).unwrap().with_extension("");
        let mut names: Vec<String> = inside.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
        if names.last().is_some_and(|last| last == "mod") {
            names.pop();
        }
        if names != ["lib"] && names != ["main"] {
            found.insert(names, path);
        }
    }
    found
}

/// The paths that a file names, `use` trees written out: `crate::a::{b, c::D}` is two of them. A path begins at the crate,
/// beside or above the file, or at one of its own modules.
fn paths(code: &str, own: &[&str]) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for door in ["crate", "super", "self"].iter().chain(own) {
        for (at, _) in code.match_indices(&format!("{door}::")) {
            let before = &code[..at];
            if before.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':') {
                continue;
            }
            write_out(&code[at..], &mut Vec::new(), &mut found);
        }
    }
    found
}

/// Reads one tree from the start of the text, and returns how long it is.
fn write_out(text: &str, before: &mut Vec<String>, found: &mut Vec<Vec<String>>) -> usize {
    let mut at = 0;
    let depth = before.len();
    loop {
        let word: String = text[at..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        at += word.len();
        if !word.is_empty() {
            before.push(word);
        }
        if !text[at..].starts_with("::") {
            break;
        }
        at += 2;
        if text[at..].starts_with('{') {
            at += 1;
            loop {
                at += text[at..].len() - text[at..].trim_start().len();
                if text[at..].starts_with('}') || text[at..].is_empty() {
                    break;
                }
                let read = write_out(&text[at..], before, found);
                at += read;
                // ` as other`, and whatever is not ours to read.
                at += text[at..].find([',', '}']).unwrap_or(text[at..].len());
                if text[at..].starts_with(',') {
                    at += 1;
                }
            }
            before.truncate(depth);
            return at + 1;
        }
    }
    found.push(before.clone());
    before.truncate(depth);
    at
}

/// The module that a path leads to, and the name that is taken from it.
fn target(from: &[String], path: &[String], modules: &Modules) -> Option<(Vec<String>, Option<String>)> {
    let mut here: Vec<String> = from.to_vec();
    let mut words = path.iter().peekable();
    match words.next().map(String::as_str) {
        Some("crate") => here.clear(),
        Some("super") => {
            here.pop();
            while words.next_if(|word| *word == "super").is_some() {
                here.pop();
            }
        }
        Some("self") => {}
        Some(own) => here.push(own.to_owned()),
        None => return None,
    }
    while let Some(word) = words.peek() {
        let mut deeper = here.clone();
        deeper.push((*word).clone());
        if !modules.contains_key(&deeper) {
            break;
        }
        here = deeper;
        words.next();
    }
    Some((here, words.next().cloned()))
}

/// Whether a file defines a name.
fn defines(code: &str, name: &str) -> bool {
    ["struct", "enum", "trait", "type", "const", "static", "fn", "union", "macro_rules!"].iter().any(|kind| {
        code.match_indices(&format!("{kind} {name}"))
            .any(|(at, found)| !code[at + found.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '_'))
    })
}

/// The module that defines a name: the one asked, or the one that it takes the name from.
fn definer(module: &[String], name: &str, modules: &Modules, codes: &BTreeMap<Vec<String>, String>) -> Vec<String> {
    let mut here = module.to_vec();
    for _ in 0..8 {
        let Some(code) = codes.get(&here) else { return here };
        if defines(code, name) {
            return here;
        }
        let next = paths_of_front_page(code)
            .into_iter()
            .filter(|path| path.last().is_some_and(|last| last == name))
            .find_map(|path| {
                let absolute = if matches!(path[0].as_str(), "crate" | "super" | "self") {
                    path
                } else {
                    std::iter::once("self".to_owned()).chain(path).collect()
                };
                target(&here, &absolute, modules).map(|(module, _)| module)
            });
        match next {
            Some(next) if next != here => here = next,
            _ => return here,
        }
    }
    here
}

/// What a front page hands on: its `pub use` trees.
fn paths_of_front_page(code: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for line in code.split(';') {
        let Some(at) = line.find("use ") else { continue };
        let public = line[..at].rfind("pub").is_some();
        if public {
            write_out(line[at + 4..].trim_start(), &mut Vec::new(), &mut found);
        }
    }
    found
}

/// Which module names which, inside one top-level module.
fn arrows() -> BTreeMap<Vec<String>, BTreeSet<Vec<String>>> {
    let modules = modules();
    let codes: BTreeMap<Vec<String>, String> = modules.iter().map(|(name, path)| (name.clone(), code(path))).collect();
    let mut found: BTreeMap<Vec<String>, BTreeSet<Vec<String>>> = BTreeMap::new();
    for (from, code) in &codes {
        // What a front page hands on is no use of it.
        let own: String = code
            .split_inclusive(';')
            .filter(|piece| {
                !(piece.contains("pub use ") || piece.contains("pub(crate) use ") || piece.contains("pub(super) use "))
            })
            .collect();
        let inside = |module: &&Vec<String>| module.len() == from.len() + 1 && module.starts_with(from);
        let children: Vec<&str> = modules.keys().filter(inside).map(|module| module[from.len()].as_str()).collect();
        for path in paths(&own, &children) {
            let Some((module, name)) = target(from, &path, &modules) else { continue };
            let to = name.map_or(module.clone(), |name| definer(&module, &name, &modules, &codes));
            if to != *from && !to.is_empty() && to[0] == from[0] {
                found.entry(from.clone()).or_default().insert(to);
            }
        }
    }
    found
}

#[test]
fn no_file_imports_one_that_imports_it() {
    let arrows = arrows();
    // What nobody below names is taken away from the bottom; what is left is in a circle or above one.
    let mut left: BTreeSet<&Vec<String>> = arrows.keys().collect();
    loop {
        let free: Vec<&Vec<String>> =
            left.iter().copied().filter(|from| !arrows[*from].iter().any(|to| left.contains(to))).collect();
        if free.is_empty() {
            break;
        }
        free.iter().for_each(|module| {
            left.remove(*module);
        });
    }
    // From above too, so that only the circles are told.
    loop {
        let top: Vec<&Vec<String>> =
            left.iter().copied().filter(|to| !left.iter().any(|from| arrows[*from].contains(*to))).collect();
        if top.is_empty() {
            break;
        }
        top.iter().for_each(|module| {
            left.remove(*module);
        });
    }
    let told: Vec<String> = left
        .iter()
        .flat_map(|from| {
            arrows[*from]
                .iter()
                .filter(|to| left.contains(to))
                .map(|to| format!("{} -> {}", from.join("::"), to.join("::")))
        })
        .collect();
    assert!(told.is_empty(), "files that import each other in a circle:\n{}", told.join("\n"));
}

#[test]
fn imports_are_read_as_rust_reads_them() {
    let read = |text: &str| paths(text, &["own"]).into_iter().map(|path| path.join("::")).collect::<Vec<_>>();
    assert_eq!(read("use crate::a::{b, c::{D, E as F}};"), ["crate::a::b", "crate::a::c::D", "crate::a::c::E"]);
    assert_eq!(read("let x = super::y::z(1);"), ["super::y::z"]);
    assert_eq!(read("use own::{X};"), ["own::X"]);
    assert!(defines("pub struct Seen;", "Seen") && !defines("pub struct SeenId;", "Seen"));
}
