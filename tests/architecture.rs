//! The module map of docs/architecture.md, held against the sources.

#[path = "architecture/circles.rs"]
mod circles;
#[path = "architecture/sizes.rs"]
mod sizes;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// What a module may import, in the order of the map: what comes later may import what comes before.
const MAY_IMPORT: [(&str, &[&str]); 27] = [
    ("num", &[]),
    ("units", &[]),
    ("event_list", &[]),
    ("rng", &[]),
    ("dist", &["num", "rng", "units"]),
    ("queueing", &["dist", "num"]),
    ("scenario", &["dist", "units"]),
    ("world", &["dist", "num", "queueing", "scenario", "units"]),
    ("observe", &["queueing", "units", "world"]),
    ("drawing", &["observe", "scenario", "units", "world"]),
    ("engine", &["dist", "num", "observe", "event_list", "queueing", "rng", "scenario", "units", "world"]),
    ("metrics", &["observe", "queueing", "rng", "units", "world"]),
    ("load", &["scenario", "world"]),
    ("lint", &["drawing", "load", "num", "scenario", "units", "world"]),
    ("run", &["drawing", "engine", "metrics", "observe", "rng", "units", "world"]),
    ("agree", &["engine", "metrics", "num", "rng", "run", "units", "world"]),
    ("expect", &["metrics", "observe", "scenario", "units", "world"]),
    ("explain", &["metrics", "rng", "run", "units", "world"]),
    ("replay", &["rng", "scenario"]),
    (
        "study",
        &[
            "dist", "engine", "expect", "load", "metrics", "num", "observe", "replay", "rng", "run", "scenario",
            "units", "world",
        ],
    ),
    (
        "search",
        &["engine", "expect", "load", "metrics", "observe", "rng", "run", "scenario", "study", "units", "world"],
    ),
    (
        "shrink",
        &[
            "dist", "engine", "expect", "load", "metrics", "observe", "replay", "rng", "run", "scenario", "study",
            "units", "world",
        ],
    ),
    ("rare", &["engine", "num", "observe", "rng", "scenario", "study", "units", "world"]),
    (
        "rehearse",
        &[
            "dist", "drawing", "engine", "load", "metrics", "num", "observe", "rng", "run", "scenario", "study",
            "units", "world",
        ],
    ),
    (
        "report",
        &[
            "agree", "drawing", "expect", "explain", "metrics", "num", "observe", "rare", "rehearse", "run",
            "scenario", "search", "study", "units", "world",
        ],
    ),
    (
        "property",
        &[
            "dist", "expect", "load", "metrics", "num", "replay", "report", "rng", "run", "scenario", "shrink",
            "study", "units", "world",
        ],
    ),
    (
        "cli",
        &[
            "agree", "drawing", "engine", "expect", "explain", "lint", "load", "metrics", "observe", "rare",
            "rehearse", "replay", "report", "rng", "run", "scenario", "search", "shrink", "study", "units", "world",
        ],
    ),
];

/// What only the command line touches, and why nothing below it may.
const ONLY_CLI: [&str; 14] = [
    "std::fs",
    "std::env",
    "std::net",
    "std::process",
    "std::thread",
    "std::io",
    "std::time",
    "Instant::now",
    "SystemTime",
    "println!",
    "eprintln!",
    "print!",
    "HashMap",
    "HashSet",
];

fn sources() -> Vec<(String, PathBuf)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut folders = vec![src.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let inside = path.strip_prefix(&src).unwrap();
                let first = inside.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs").to_owned();
                found.push((first, path));
            }
        }
    }
    found.sort();
    found
}

/// The code of a file: without comments, and without its tests.
fn code(path: &Path) -> String {
    let file = path.file_name().unwrap().to_str().unwrap();
    if file == "tests.rs" || file == "sample.rs" || path.components().any(|c| c.as_os_str() == "tests") {
        return String::new();
    }
    let text = fs::read_to_string(path).unwrap();
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// The modules of ours that a file names: `crate::world`, `firedrill::{load, world::World}`.
fn imports(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for door in ["crate::", "firedrill::"] {
        for (at, _) in code.match_indices(door) {
            if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
                continue;
            }
            let rest = &code[at + door.len()..];
            let list = match rest.strip_prefix('{') {
                Some(list) => list.split('}').next().unwrap().split(',').collect(),
                None => vec![rest],
            };
            for item in list {
                let word: String = item.trim().chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
                if !word.is_empty() {
                    found.insert(word);
                }
            }
        }
    }
    found
}

#[test]
fn modules_import_what_they_may_and_nothing_else() {
    let allowed: BTreeMap<&str, &[&str]> = MAY_IMPORT.into_iter().collect();
    for (module, path) in sources() {
        if module == "lib" || module == "main" {
            continue;
        }
        let may = allowed.get(module.as_str()).unwrap_or_else(|| panic!("{module} is not in the module map"));
        for import in imports(&code(&path)) {
            let fine = import == module || may.contains(&import.as_str());
            assert!(fine, "{} imports {import}, which {module} may not", path.display());
        }
    }
}

#[test]
fn what_is_allowed_is_used() {
    let mut used: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (module, path) in sources() {
        used.entry(module).or_default().extend(imports(&code(&path)));
    }
    for (module, may) in MAY_IMPORT {
        for import in may {
            assert!(used[module].contains(*import), "{module} no longer imports {import}: take it off the map");
        }
    }
}

#[test]
fn only_the_command_line_touches_the_machine() {
    for (module, path) in sources() {
        // A macro is expanded in the crate of whoever tests, and that crate may.
        if module == "cli" || module == "main" || path.ends_with("property/assert.rs") {
            continue;
        }
        let code = code(&path);
        for word in ONLY_CLI {
            let names_it = code
                .match_indices(word)
                .any(|(at, _)| !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'));
            assert!(!names_it, "{} names {word}", path.display());
        }
    }
}

#[test]
fn the_map_is_the_page() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/architecture.md")).unwrap();
    for (module, may) in MAY_IMPORT {
        let start = format!("| `{module}` |");
        let row = page.lines().find(|line| line.starts_with(&start));
        let row = row.unwrap_or_else(|| panic!("docs/architecture.md has no row for {module}"));
        let last = row.trim_end_matches(['|', ' ']).rsplit('|').next().unwrap();
        let told: BTreeSet<&str> = last.split('`').skip(1).step_by(2).collect();
        assert_eq!(told, may.iter().copied().collect(), "the row of {module}");
    }
}
