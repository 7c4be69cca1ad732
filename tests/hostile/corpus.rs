//! Every scenario file that the project has, and what can be taken out of one and put into another.

use super::pieces::{Piece, entries, pieces, text};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

pub struct Corpus {
    /// Files that are valid, in the order of their names.
    pub good: Vec<Vec<Piece>>,
    /// Files with mistakes.
    pub bad: Vec<Vec<Piece>>,
    /// Whole entries, by what they are entries of: a component, a step of the drill.
    pub entries: BTreeMap<String, Vec<String>>,
    /// Values, by their field.
    pub values: BTreeMap<String, Vec<String>>,
}

/// Longer files are not taken apart: a campaign would spend its time on a few of them.
const CHARS_MAX: usize = 40_000;

impl Corpus {
    pub fn new() -> Corpus {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut found: Vec<(String, Vec<Piece>)> = Vec::new();
        for folder in ["scenarios", "tests", "src", "benches", "examples"] {
            read(&root.join(folder), &mut found);
        }
        found.sort_by(|a, b| a.0.cmp(&b.0));
        let (mut by_holder, mut by_field): (BTreeMap<String, Vec<String>>, BTreeMap<String, Vec<String>>) =
            Default::default();
        for (_, file) in &found {
            for entry in entries(file) {
                let of = |range: std::ops::Range<usize>| text(&file[range]).trim().to_owned();
                let (all, value) = (of(entry.all), of(entry.value));
                let add = |to: &mut BTreeMap<String, Vec<String>>, key: String, text: String| {
                    let known = to.entry(key).or_default();
                    if !known.contains(&text) && text.len() < 4_000 {
                        known.push(text);
                    }
                };
                add(&mut by_holder, entry.within, all);
                if let Some(field) = entry.field.filter(|field| !field.starts_with('"')) {
                    add(&mut by_field, field, value);
                }
            }
        }
        let (bad, good): (Vec<_>, Vec<_>) = found.into_iter().partition(|(name, _)| name.contains("/bad/"));
        let files = |files: Vec<(String, Vec<Piece>)>| files.into_iter().map(|(_, file)| file).collect();
        Corpus { good: files(good), bad: files(bad), entries: by_holder, values: by_field }
    }
}

fn read(folder: &Path, found: &mut Vec<(String, Vec<Piece>)>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            read(&path, found);
        } else if path.extension().is_some_and(|end| end == "ron") {
            // Some of the bad files are not even text.
            let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
            if text.len() < CHARS_MAX {
                found.push((path.display().to_string(), pieces(&text)));
            }
        }
    }
}
