//! `firedrill maintenance` as a user meets it.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// A school whose storage runs on a patch, and the night in which it is to be replaced.
const SCHOOL: &str = r#"Scenario(
    format: 1,
    title: "A school on a patch",
    clock: (from: "2024-03-04T00:00", zone: "Europe/Oslo", horizon: "2d"),
    sites: {"a": ()},
    components: {
        "array": (at: "a", repair: (takes: fixed("4h"), temporary: (takes: fixed("2h"), fails: exponential(mean: "5d")))),
        "feed": (at: "a", fails: exponential(mean: "30d"), repair: (takes: fixed("1h"))),
    },
    services: {"web": (runs_at: {"a": (servers: 4)}, takes: fixed("10ms"), stands_on: all(["array"]))},
    features: {"page": (calls: [hard(to: "web")])},
    weeks: {
        "school": (
            weekdays: [("00:00", "1%"), ("07:00", "2%"), ("08:30", "60%"), ("15:00", "60%"), ("17:00", "20%"), ("22:00", "5%")],
            sunday: [("00:00", "1%"), ("12:00", "10%"), ("20:00", "10%")],
        ),
    },
    people: {"pupils": (users: 1000, active: week("school"), uses: {"page": "1/min"}, served_by: "a")},
    maintenance: {
        "new array": (
            told_at: "Mon 12:00", starts: "Tue 18:00", announced: "2h", takes: uniform("1h", "3h"), takes_down: ["array"],
            replaces: ["array"],
        ),
        "every week": (starts: "Tue 18:00", announced: "2h", takes: fixed("1h"), takes_down: ["array"], repeats_every: "7d"),
    },
    drill: [at("06:00", crash(of: "array"))],
)"#;

/// Exit code, standard output and standard error.
fn firedrill(args: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_firedrill"));
    command.args(args).env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE").env("COLUMNS", "100").stdin(Stdio::null());
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

/// A folder of its own for one test, with the school in it.
fn school(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("school.ron");
    fs::write(&file, SCHOOL).unwrap();
    file
}

fn keys(value: &serde_json::Value, found: &mut BTreeSet<String>) {
    match value {
        serde_json::Value::Object(map) => map.iter().for_each(|(key, value)| {
            found.insert(key.clone());
            keys(value, found);
        }),
        serde_json::Value::Array(items) => items.iter().for_each(|value| keys(value, found)),
        _ => {}
    }
}

#[test]
fn the_week_is_shown_with_what_to_promise_and_whether_to_wait() {
    let file = school("windows");
    let path = file.to_str().unwrap();
    let (code, out, err) = firedrill(&["maintenance", path, "--replications", "10", "--now", "Mon 13:00"]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(out.lines().all(|line| line.chars().count() <= 100 || line.starts_with("  replay")), "{out}");
    // How to get it again has a digest, which is not what this is about.
    insta::assert_snapshot!(out.split("\nTo get this again").next().unwrap());
}

#[test]
fn the_answer_is_the_same_on_any_number_of_threads() {
    let file = school("windows-threads");
    let (path, page) = (file.to_str().unwrap(), file.with_extension("html"));
    let page = page.to_str().unwrap();
    let with = |threads: &str| {
        let few = ["--replications", "4", "--every", "6h", "--now", "Mon 13:00", "--threads", threads, "--html", page];
        let (code, out, err) = firedrill(&[&["maintenance", path, "--json"], &few[..]].concat());
        assert_eq!((code, err.as_str()), (0, ""));
        (out, fs::read_to_string(page).unwrap())
    };
    let (json, html) = with("1");
    assert_eq!((&json, &html), (&with("2").0, &with("2").1));
    assert!(html.contains("<svg") && html.contains("the best start"), "{html}");
    let outcome: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(outcome["windows"].as_array().map(Vec::len), Some(28));
    assert!(outcome["own"]["met"]["mean"].as_f64().is_some_and(|met| met > 0.0));
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/reference/json.md")).unwrap();
    let documented: BTreeSet<&str> = page.split('`').skip(1).step_by(2).collect();
    let mut found = BTreeSet::new();
    keys(&outcome, &mut found);
    let missing: Vec<&String> = (found.iter())
        .filter(|key| !documented.contains(key.as_str()) && *key != "pupils" && key.parse::<u8>().is_err())
        .collect();
    assert!(missing.is_empty(), "not in docs/reference/json.md: {missing:?}");
}

#[test]
fn what_makes_no_sense_is_wrong_usage() {
    let file = school("windows-wrong");
    let path = file.to_str().unwrap();
    for (options, said) in [
        (["--maintenance", "none"], "choose a plan with --maintenance: there are new array, every week"),
        (["--maintenance", "every week"], "repeats every"),
        (["--now", "Thu 12:00"], "outside of the run"),
        (["--now", "Tue 18:00"], "before that"),
        (["--every", "5min"], "between 15 min and 1 d"),
    ] {
        let (code, out, err) = firedrill(&[&["maintenance", path], &options[..]].concat());
        assert_eq!((code, out.as_str()), (2, ""), "{options:?}: {err}");
        assert!(err.contains(said), "{options:?}: {err}");
    }
}
