//! What firedrill says to files with mistakes: every file of `tests/bad`, as a person sees it in a terminal.
//!
//! The name of a file says its mistake. After a change, review the snapshots with `cargo insta review`.

use firedrill::load::check;
use firedrill::report::diagnostics::render;
use firedrill::scenario::{Code, Diagnostic, Source};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

/// Longer than any small file may keep its author waiting, in a debug build on a busy machine.
const CHECK_MAX: Duration = Duration::from_secs(5);

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
    sources.sort_by(|a, b| a.name.cmp(&b.name));
    sources
}

fn with_many_sites(count: usize) -> String {
    let sites: String = (0..count).map(|i| format!("\"site {i}\": (), ")).collect();
    let clock = "clock: (from: \"2024-03-04T08:00\", zone: \"Europe/Oslo\", horizon: \"1d\")";
    format!("Scenario(\n    format: 1,\n    title: \"too many sites\",\n    {clock},\n    sites: {{{sites}}},\n)\n")
}

fn mistakes(source: &Source) -> Vec<Diagnostic> {
    check(source).expect_err(&source.name).0
}

#[test]
fn every_mistake_is_told_as_in_its_snapshot() {
    insta::with_settings!({ snapshot_path => "bad", prepend_module_to_snapshot => false, omit_expression => true }, {
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
fn nobody_waits_long_for_an_answer() {
    for source in corpus() {
        let start = Instant::now();
        mistakes(&source);
        assert!(start.elapsed() < CHECK_MAX, "{} took {:?}", source.name, start.elapsed());
    }
}
