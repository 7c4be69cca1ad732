//! A terminal of 80 columns shows everything without breaking a line.

use std::path::Path;
use std::process::Command;

/// What is said at this width, both what is told and what is complained of.
fn said(args: &[&str], columns: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_firedrill"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(args)
        .env_remove("NO_COLOR")
        .env_remove("CLICOLOR_FORCE")
        .env("COLUMNS", columns)
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Lines that are wider. A command stays on its line, so that it can be copied.
fn too_wide(args: &[&str]) -> Vec<String> {
    let text = said(args, "80");
    assert!(text.lines().count() > 0, "{args:?} says nothing");
    let wide = text.lines().filter(|line| line.chars().count() > 80 && !line.contains("firedrill "));
    wide.map(|line| format!("{}: {line}", args.join(" "))).collect()
}

fn shipped() -> Vec<String> {
    let mut found = Vec::new();
    for folder in ["scenarios", "scenarios/incidents", "src/cli/templates"] {
        for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap() {
            let name = entry.unwrap().file_name().to_string_lossy().into_owned();
            if name.ends_with(".ron") {
                found.push(format!("{folder}/{name}"));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn what_is_shipped_fits_into_eighty_columns() {
    let mut wide = Vec::new();
    for file in shipped() {
        wide.extend(too_wide(&["run", &file]));
        wide.extend(too_wide(&["check", &file]));
        wide.extend(too_wide(&["compare", &file, "--replications", "2"]));
        wide.extend(too_wide(&["test", &file, "--replications", "2"]));
    }
    assert!(wide.is_empty(), "{}", wide.join("\n"));
}

#[test]
fn a_week_and_an_explanation_fit_into_eighty_columns() {
    let october = "scenarios/itslearning-2016-10.ron";
    let mut wide = too_wide(&["maintenance", october, "--every", "1d", "--replications", "2"]);
    wide.extend(too_wide(&["explain", october]));
    assert!(wide.is_empty(), "{}", wide.join("\n"));
}

#[test]
fn nothing_is_less_than_nothing() {
    for file in shipped() {
        let text = said(&["run", &file], "80");
        for nothing in ["-0 µs", "-0 ms", "-0 s", "-0.0"] {
            assert!(!text.contains(nothing), "{file}: {nothing}");
        }
    }
}
