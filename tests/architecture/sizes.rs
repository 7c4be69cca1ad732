//! A file is read in one go, and a function fits two screens.

use super::{code, sources};
use std::fs;

const FILE_LINES_MAX: usize = 600;
const FUNCTION_LINES_MAX: usize = 100;

/// Files that are longer, and how long they are. This list may only shrink.
const LONG_FILES: [(&str, usize); 0] = [];

/// Functions that are longer. This list may only shrink.
const LONG_FUNCTIONS: [(&str, &str); 0] = [];

#[test]
fn no_file_is_too_long_to_read() {
    let mut allowed = LONG_FILES.to_vec();
    for (_, path) in sources() {
        let lines = fs::read_to_string(&path).unwrap().lines().count();
        let known = allowed.iter().position(|(file, _)| path.ends_with(file));
        let most = known.map_or(FILE_LINES_MAX, |at| allowed.remove(at).1);
        assert!(lines <= most, "{} has {lines} lines, more than {most}", path.display());
    }
    assert!(allowed.is_empty(), "no longer there, take them off the list: {allowed:?}");
}

#[test]
fn no_function_is_too_long_to_read() {
    let mut found = Vec::new();
    for (_, path) in sources() {
        for (name, lines) in functions(&code(&path)) {
            let known = LONG_FUNCTIONS.iter().any(|(file, function)| path.ends_with(file) && name == *function);
            if lines > FUNCTION_LINES_MAX && !known {
                found.push(format!("{}: {name} has {lines} lines", path.display()));
            }
        }
    }
    assert!(found.is_empty(), "functions of more than {FUNCTION_LINES_MAX} lines:\n{}", found.join("\n"));
}

/// Every function of a formatted file with its length: it ends at the brace that is indented as it is.
fn functions(code: &str) -> Vec<(String, usize)> {
    let lines: Vec<&str> = code.lines().collect();
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let Some((before, rest)) = line.split_once("fn ") else { continue };
        let modifiers = before
            .split_whitespace()
            .all(|word| matches!(word, "pub" | "const" | "async") || word.starts_with("pub(") || word.ends_with(')'));
        if !modifiers {
            continue;
        }
        let indent = line.len() - line.trim_start().len();
        let end = format!("{}}}", " ".repeat(indent));
        let length =
            lines[start..].iter().position(|line| *line == end || (line.ends_with('}') && *line == lines[start]));
        let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        found.push((name, length.map_or(0, |length| length + 1)));
    }
    found
}
