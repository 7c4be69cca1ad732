//! What firedrill says to files with mistakes: every file of `tests/bad`, as a person sees it in a terminal.
//!
//! The name of a file says its mistake. After a change, review the snapshots with `cargo insta review`.

use firedrill::load::check;
use firedrill::report::diagnostics::render;
use firedrill::scenario::{Code, Diagnostic, Source};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::path::Path;

/// The files of `tests/bad`, and what is too large to be one, in the order of their names.
fn corpus() -> Vec<Source> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad");
    let mut sources: Vec<Source> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "ron"))
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            Source::new(name, std::fs::read_to_string(&path).unwrap())
        })
        .collect();
    sources.push(Source::new("too-large.ron", "// nothing but comments\n".repeat(200_000)));
    sources.push(Source::new("too-many-sites.ron", with_many_sites(501)));
    sources.push(Source::new("too-many-values-set.ron", with_many_values_set(201)));
    sources.sort_by(|a, b| a.name.cmp(&b.name));
    sources
}

fn with_many_sites(count: usize) -> String {
    let sites: String = (0..count).map(|i| format!("\"site {i}\": (), ")).collect();
    let clock = "clock: (from: \"2024-03-04T08:00\", zone: \"Europe/Oslo\", horizon: \"1d\")";
    format!("Scenario(\n    format: 1,\n    title: \"too many sites\",\n    {clock},\n    sites: {{{sites}}},\n)\n")
}

fn with_many_values_set(count: usize) -> String {
    let values: String = (0..count).map(|i| format!("\"sites.s{i}\": (), ")).collect();
    let clock = "clock: (from: \"2024-03-04T08:00\", zone: \"Europe/Oslo\", horizon: \"1d\")";
    format!(
        "Scenario(\n    format: 1,\n    title: \"x\",\n    {clock},\n    variants: {{\"all\": (set: {{{values}}})}},\n)\n"
    )
}

fn mistakes(source: &Source) -> Vec<Diagnostic> {
    check(source).expect_err(&source.name).0
}

#[test]
fn every_mistake_is_told_as_in_its_snapshot() {
    insta::with_settings!({ snapshot_path => "../bad", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::allow_duplicates! {
            for source in corpus() {
                let name = source.name.trim_end_matches(".ron");
                insta::assert_snapshot!(name, render(&source, &mistakes(&source), false));
            }
        }
    });
}

#[test]
fn every_mistake_has_a_place_a_reason_and_a_fix() {
    for source in corpus() {
        let found = mistakes(&source);
        assert!(!found.is_empty(), "{}", source.name);
        for mistake in found {
            let span = mistake.span.clone();
            assert!(span.is_some_and(|s| source.text.get(s).is_some()), "{}: {mistake}", source.name);
            assert!(!mistake.reason.is_empty() && !mistake.fix.is_empty(), "{}: {mistake}", source.name);
        }
    }
}

#[test]
fn the_corpus_has_every_kind_of_mistake() {
    let sources = corpus();
    assert!(sources.len() >= 70, "only {} files", sources.len());
    let seen: BTreeSet<Code> = sources.iter().flat_map(mistakes).map(|mistake| mistake.code).collect();
    let missing: Vec<Code> = Code::ALL.into_iter().filter(|code| !seen.contains(code)).collect();
    assert!(missing.is_empty(), "no file has {missing:?}");
}

#[test]
fn every_code_is_explained_in_the_reference() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference/errors.md")).unwrap();
    for code in Code::ALL {
        let heading = format!("## {}: ", code.id());
        assert!(page.lines().any(|line| line.starts_with(&heading)), "{code:?} has no heading {heading:?}");
    }
    let headings = page.lines().filter(|line| line.starts_with("## ")).count();
    assert_eq!(headings, Code::ALL.len(), "a heading for a code that does not exist");
}

#[test]
fn a_dense_network_is_routed_at_once() {
    let links: String = (0..20_000_usize)
        .map(|i| {
            format!("(between: (\"s{}\", \"s{}\"), rtt: \"{}ms\"), ", i % 500, (i + 1 + i / 500) % 500, 1 + i % 97)
        })
        .collect();
    let sites: String = (0..500).map(|i| format!("\"s{i}\": (), ")).collect();
    let clock = "clock: (from: \"2024-03-04T08:00\", zone: \"Europe/Oslo\", horizon: \"1d\")";
    let text = format!("Scenario(format: 1, title: \"dense\", {clock}, sites: {{{sites}}}, links: [{links}])");
    assert_eq!(check(&Source::new("dense.ron", text)), Ok(()));
}

const EVERYTHING: &str = include_str!("../../src/scenario/tests/everything.ron");

/// What a hand that slips, or a hostile one, puts into a file.
const SNIPPETS: [&str; 30] = [
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    "\"",
    "//",
    "0",
    "-1",
    "NaN",
    "1e308",
    "99999999999",
    "18446744073709551615",
    "\"0s\"",
    "\"1ns\"",
    "\"250y\"",
    "\"100%\"",
    "\"x0\"",
    "\"1e9\"",
    "\"oslo\"",
    "\"core\"",
    "\"web\"",
    "\"db\"",
    "\"storage\"",
    "\"feed-a\"",
    "\"Tue 02:30\"",
    "\"UTC\"",
    "\"\"",
];

/// Where a text or a number of the sample starts and ends.
fn scalars() -> Vec<std::ops::Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < EVERYTHING.len() {
        let rest = &EVERYTHING[at..];
        let length = if let Some(body) = rest.strip_prefix('"') {
            body.find('"').map_or(rest.len(), |end| end + 2)
        } else {
            rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len())
        };
        if length > 0 {
            found.push(at..at + length);
        }
        at += length.max(rest.chars().next().map_or(1, char::len_utf8));
    }
    found
}

fn mutated() -> impl Strategy<Value = String> {
    let scalars = scalars();
    // Most edits keep the text readable, so that compiling has something to say too.
    let edit = (0..scalars.len(), 0..EVERYTHING.len(), 0..12_usize, 0..SNIPPETS.len(), any::<bool>());
    prop::collection::vec(edit, 1..6).prop_map(move |mut edits| {
        edits.sort_by_key(|edit| std::cmp::Reverse(edit.0));
        edits.dedup_by_key(|edit| edit.0);
        let mut text = EVERYTHING.to_owned();
        for (scalar, anywhere, length, snippet, swap) in edits {
            if length > 0 {
                let by =
                    if swap { &EVERYTHING[scalars[(anywhere * 7) % scalars.len()].clone()] } else { SNIPPETS[snippet] };
                text.replace_range(scalars[scalar].clone(), by);
            } else {
                let start = (0..=anywhere.min(text.len())).rev().find(|&i| text.is_char_boundary(i)).unwrap_or(0);
                text.insert_str(start, SNIPPETS[snippet]);
            }
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn whatever_is_written_is_answered(text in mutated()) {
        let source = Source::new("x.ron", text);
        let found = check(&source).err().map(|found| found.0);
        if let Some(found) = found {
            prop_assert!(!found.is_empty());
            for mistake in &found {
                let span = mistake.span.clone();
                prop_assert!(span.is_some_and(|s| source.text.get(s).is_some()), "{mistake} at {:?}", mistake.path);
            }
            render(&source, &found, false);
        }
    }
}
