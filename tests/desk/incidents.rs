//! The library of incidents: each holds what it expects, has a page that says where its numbers come from, and can be started from.

use firedrill::scenario::Source;
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// What a page says of each expectation.
const KINDS: [&str; 3] = ["computed", "fitted", "fed in"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The names of the incidents.
fn incidents() -> Vec<String> {
    let files = fs::read_dir(root().join("scenarios/incidents")).unwrap();
    let mut names: Vec<String> =
        files.map(|file| file.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    names.sort();
    assert!(names.len() >= 9, "{names:?}");
    names
}

fn text_of(name: &str) -> String {
    fs::read_to_string(root().join(format!("scenarios/incidents/{name}.ron"))).unwrap()
}

fn page_of(name: &str) -> String {
    fs::read_to_string(root().join(format!("docs/stories/{name}.md"))).unwrap_or_else(|_| panic!("{name} has no page"))
}

/// Exit code, standard output and standard error.
fn firedrill(args: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_firedrill")).args(args).current_dir(root()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

/// The rows of the table of expectations: the last cell begins with a kind.
fn rows(page: &str) -> Vec<&str> {
    let kind = |line: &str| line.trim_end_matches('|').rsplit('|').next().unwrap_or("").trim().to_owned();
    let is_row = |line: &&str| {
        let kind = kind(line);
        line.starts_with('|') && line.matches('|').count() == 5 && KINDS.iter().any(|word| kind.starts_with(word))
    };
    page.lines().filter(is_row).collect()
}

#[test]
fn every_incident_holds_what_it_expects() {
    let names = incidents();
    let (code, out, err) = firedrill(&["test", "scenarios/incidents"]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(out.ends_with(&format!("in {} files, all hold\n", names.len())), "{out}");
    let files: Vec<String> = names.iter().map(|name| format!("scenarios/incidents/{name}.ron")).collect();
    let mut check = vec!["check"];
    check.extend(files.iter().map(String::as_str));
    let (code, _, err) = firedrill(&check);
    assert_eq!((code, err.as_str()), (0, ""), "no mistakes, and no warnings");
}

#[test]
fn every_incident_has_sources_assumptions_and_strategies() {
    for name in incidents() {
        let text = text_of(&name);
        let scenario =
            Source::new(&name, &text).read_plain().scenario.unwrap_or_else(|| panic!("{name} is no scenario"));
        assert!(
            scenario.strategies.len() >= 4,
            "{name}: as it happened, and three that would have fared better or worse"
        );
        assert!(text.contains("S1 https://") && text.contains("assumed: "), "{name}");
        assert!(!scenario.about.is_empty() && text.contains(&format!("docs/stories/{name}.md")), "{name}");
    }
}

#[test]
fn a_page_says_of_each_expectation_where_it_comes_from() {
    for name in incidents() {
        let scenario = Source::new(&name, text_of(&name)).read_plain().scenario.unwrap();
        let page = page_of(&name);
        let rows = rows(&page);
        assert_eq!(rows.len(), scenario.expect.len(), "{name}: a row for each expectation: {rows:#?}");
        assert!(rows.iter().any(|row| row.contains("| computed")), "{name}: nothing is computed");
        for wanted in
            [&format!("scenarios/incidents/{name}.ron"), "https://", "## The lesson", "## A question for a rehearsal"]
        {
            assert!(page.contains(wanted), "{name}: its page lacks {wanted}");
        }
        // The table of strategies names all of them.
        for strategy in scenario.strategies.iter().map(|(strategy, _)| strategy) {
            assert!(page.contains(&format!("\n| {strategy} |")), "{name}: its page lacks {strategy}");
        }
    }
}

/// The user-minutes of a strategy, in millions: of one population, or of all.
fn millions_lost(name: &str, strategy: &str, of: Option<&str>) -> f64 {
    let file = format!("scenarios/incidents/{name}.ron");
    let (code, out, err) = firedrill(&["run", &file, "--strategy", strategy, "--json"]);
    assert_eq!((code, err.as_str()), (0, ""), "{name}: {strategy}");
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    let people = json["people"].as_object().unwrap().iter().filter(|(who, _)| of.is_none_or(|of| of == who.as_str()));
    people.map(|(_, lived)| lived["user_minutes_lost"].as_f64().unwrap()).sum::<f64>() / 1e6
}

#[test]
fn the_user_minutes_that_a_page_tells_are_those_of_the_runs() {
    let mut looked_at = 0;
    for name in incidents() {
        let page = page_of(&name);
        let cells =
            |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
        let mut lines = page.lines().skip_while(|line| !line.starts_with("| strategy |"));
        let last =
            lines.next().and_then(|line| cells(line).pop()).unwrap_or_else(|| panic!("{name} has no strategies"));
        let Some(of) = last.strip_prefix("user-minutes lost") else { continue };
        for row in lines.skip(1).take_while(|line| line.starts_with('|')).map(cells) {
            let (strategy, told) = (&row[0], row.last().unwrap());
            let seen = millions_lost(&name, strategy, of.strip_prefix(", "));
            let told = if told == "none" { "0" } else { told.split(" million").next().unwrap() };
            let told: f64 = told.replace(',', "").parse().unwrap_or_else(|_| panic!("{name}: {strategy}: {told}"));
            assert!(
                (seen - told).abs() <= 0.051_f64.max(0.002 * told),
                "{name}: {strategy}: {seen} million, not {told}"
            );
            looked_at += 1;
        }
    }
    assert!(looked_at >= 35, "{looked_at} rows");
}

#[test]
fn all_pages_are_listed() {
    let list = fs::read_to_string(root().join("docs/stories/incidents.md")).unwrap();
    for name in incidents() {
        assert!(list.contains(&format!("({name}.md)")), "{name} is not listed");
    }
}

#[test]
fn one_starts_from_an_incident() {
    for name in incidents() {
        let (code, out, err) = firedrill(&["new", "--from", &name]);
        assert_eq!((code, err.as_str()), (0, ""));
        assert_eq!(out, text_of(&name));
    }
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("from-an-incident.ron");
    let _ = fs::remove_file(&file);
    let (code, out, _) = firedrill(&["new", file.to_str().unwrap(), "--from", "gitlab-2017-01"]);
    assert!(code == 0 && out.starts_with("wrote "), "{out}");
    assert_eq!(fs::read_to_string(&file).unwrap(), text_of("gitlab-2017-01"));
}

#[test]
fn whoever_asks_for_another_incident_is_told_which_there_are() {
    let names: BTreeSet<String> = incidents().into_iter().collect();
    for (asked, says) in [
        (
            &["new", "--from", "gitlab-2017-02"][..],
            "there is no incident \"gitlab-2017-02\"; did you mean \"gitlab-2017-01\"?",
        ),
        (&["new", "--from", "the flood"], "there is no incident \"the flood\"\n"),
        (&["new", "--from"], "which incident?\n"),
    ] {
        let (code, out, err) = firedrill(asked);
        assert_eq!((code, out.as_str()), (2, ""));
        assert!(err.contains(says), "{err}");
        let listed: BTreeSet<String> =
            err.lines().filter_map(|line| Some(line.strip_prefix("  ")?.split(' ').next()?.to_owned())).collect();
        assert_eq!(listed, names);
    }
}
