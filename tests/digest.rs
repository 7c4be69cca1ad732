//! One digest for one scenario and one seed, wherever it is computed: the digests of the scenario library are recorded in
//! `tests/digests.txt`, and `.ci/determinism` computes the same ones with other builds and on other platforms.
//!
//! A change that is meant to change what happens is recorded with `cargo test --test digest -- --ignored`.

use firedrill::load::load;
use firedrill::rng::Luck;
use firedrill::run::{Traffic, follow, run};
use firedrill::scenario::{Choice, Source};
use firedrill::units::{Duration, Time};
use std::path::{Path, PathBuf};

/// Stretches in which every request is followed, as `.ci/determinism` has them.
const FOLLOWED: [(&str, f64, f64); 3] = [
    ("scenarios/itslearning-2016-10.ron", 52_255.0, 52_265.0),
    ("scenarios/retry-storm.ron", 0.0, 120.0),
    ("tests/small.ron", 0.0, 600.0),
];

/// Said above the digests.
const HEADER: &str = "\
# scenario seed digest: of the default run of each file, replication 0; with every request followed between two seconds of the
# run where the file has them after it.
# After a change that is meant to change what happens: cargo test --test digest -- --ignored
";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The scenario library and one small file of the tests, in the order of their names.
fn files() -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(root().join("scenarios"))
        .expect("the scenario library")
        .map(|entry| entry.expect("a file").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "ron"))
        .collect();
    files.sort();
    files.push(root().join("tests/small.ron"));
    files
}

fn digests() -> String {
    let mut lines = HEADER.to_owned();
    for path in files() {
        let name = path.strip_prefix(root()).expect("a file of ours").display().to_string();
        let text = std::fs::read_to_string(&path).expect("a text");
        let (_, world) = load(&Source::new(&name, text), &Choice::default()).unwrap_or_else(|e| panic!("{name}: {e}"));
        for seed in 1..=3 {
            let digest = run(&world, Luck { seed, replication: 0 }).outcome.provenance.digest;
            lines += &format!("{name} {seed} {digest}\n");
        }
    }
    for (name, from, to) in FOLLOWED {
        let text = std::fs::read_to_string(root().join(name)).expect("a text");
        let (_, world) = load(&Source::new(name, text), &Choice::default()).unwrap_or_else(|e| panic!("{name}: {e}"));
        let at = |s: f64| Time::ZERO.after(Duration::from_seconds(s));
        let traffic = Traffic::Request { from: at(from), to: at(to) };
        let run = follow(&world, Luck { seed: 1, replication: 0 }, traffic).unwrap_or_else(|e| panic!("{name}: {e}"));
        lines += &format!("{name}@{from}..{to} 1 {}\n", run.outcome.provenance.digest);
    }
    lines
}

#[test]
fn digests_are_the_recorded_ones() {
    let recorded = std::fs::read_to_string(root().join("tests/digests.txt")).expect("recorded digests");
    let computed = digests();
    let changed: Vec<&str> = computed.lines().filter(|line| !recorded.lines().any(|r| r == *line)).collect();
    assert!(
        changed.is_empty() && recorded.lines().count() == computed.lines().count(),
        "not as recorded in tests/digests.txt; if the change is meant, record it with\n    \
         cargo test --test digest -- --ignored\n{}",
        changed.join("\n")
    );
}

#[test]
#[ignore = "records what is computed now"]
fn record() {
    std::fs::write(root().join("tests/digests.txt"), digests()).expect("a file to write");
}
