//! The command as a user meets it.

use crate::typed::{all_documented, command, firedrill, folder, keys, told, with_input};
use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

fn starter() -> String {
    firedrill(&["new"]).1
}

#[test]
fn what_new_writes_passes_check_and_test() {
    let folder = folder("new");
    let file = folder.join("school.ron");
    let path = file.to_str().unwrap();
    let (code, out, err) = firedrill(&["new", path]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert_eq!(fs::read_to_string(&file).unwrap(), starter());
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "nothing else is left behind");
    assert_eq!(firedrill(&["check", path]).0, 0);
    let (code, out, err) = firedrill(&["test", path]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(out.ends_with("3 expectations in 1 file, all hold\n"), "{out}");
}

#[test]
fn new_never_overwrites() {
    let file = folder("new-again").join("mine.ron");
    fs::write(&file, "mine").unwrap();
    let (code, out, err) = firedrill(&["new", file.to_str().unwrap()]);
    assert_eq!((code, out.as_str()), (4, ""));
    assert!(err.contains("exists, and is left as it is"), "{err}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
    assert_eq!(firedrill(&["new", "/nonexistent/folder/x.ron"]).0, 4);
}

#[test]
fn a_run_is_told_without_escapes_and_can_be_replayed() {
    let (code, out, err) = with_input(&["run", "-", "--seed", "3", "--strategy", "by hand"], starter().as_bytes());
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(!out.contains('\u{1b}'));
    assert!(out.contains("What users lived through") && out.contains("What happened, and why"), "{out}");
    assert!(out.ends_with("replay    firedrill run - --strategy 'by hand' --seed 3\n"), "{out}");
}

#[test]
fn colour_can_be_forced_and_says_nothing_else() {
    let input = starter();
    let run = |force: bool| {
        let mut command = command(&["run", "-"]);
        if force {
            command.env("CLICOLOR_FORCE", "1");
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
    };
    let (plain, colour) = (run(false), run(true));
    assert!(colour.contains('\u{1b}'));
    assert_eq!(anstream::adapter::strip_str(&colour).to_string(), plain);
}

#[test]
fn json_parses_and_every_field_is_documented() {
    let (code, out, _) = with_input(&["run", "-", "--json"], starter().as_bytes());
    assert_eq!(code, 0);
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert!(json["story"].as_array().is_some_and(|lines| !lines.is_empty()));
    assert!(json["people"]["schools"]["downtime_s"].as_f64().is_some_and(|s| s > 0.0));
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/reference/json.md")).unwrap();
    let documented: BTreeSet<&str> = page.split('`').skip(1).step_by(2).collect();
    // Names that the scenario chose are keys as well.
    let scenario = starter();
    let mut missing = BTreeSet::new();
    keys(&json, &mut |key| {
        let chosen = scenario.contains(&format!("\"{}", key.split(['@', '/', '–']).next().unwrap_or(key)));
        if !documented.contains(key) && !chosen && key.parse::<u8>().is_err() {
            missing.insert(key.to_owned());
        }
    });
    assert!(missing.is_empty(), "not in docs/reference/json.md: {missing:?}");
}

#[test]
fn every_field_of_a_comparison_is_documented() {
    let (code, out, err) = with_input(&["compare", "-", "--replications", "20", "--json"], starter().as_bytes());
    assert_eq!((code, err.as_str()), (0, ""));
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert!(json["designs"].as_array().is_some_and(|designs| designs.len() == 2), "{out}");
    all_documented(&json);
}

#[test]
fn what_cannot_be_compared_is_told() {
    let refused = |args: &[&str]| {
        let (code, out, err) = with_input(&[&["compare", "-"], args].concat(), starter().as_bytes());
        assert_eq!((code, out.as_str()), (2, ""), "{err}");
        err
    };
    assert!(refused(&["--vary", "strategy=by hnd"]).contains("did you mean \"by hand\"?"));
    assert!(refused(&["--by", "downtmie"]).contains("there are downtime, longest outage"));
    // The option had another name, which goes on working.
    for option in ["--metric", "--measure"] {
        assert!(refused(&[option, "people.schools.downtmie_s"]).contains("did you mean"));
    }
    assert!(refused(&["--strategy", "by hand"]).contains("nothing to compare it with"));
    assert!(refused(&["--indifference", "10"]).contains("write one like \"10 min\""));
    assert!(refused(&["--indifference", "10 min", "--replications", "100"]).contains("at least 1000 replications"));
    assert!(refused(&["--confidence", "2"]).contains("between 0.5 and 1"));
    assert!(refused(&["--replications", "0"]).contains("1 to"));
    assert!(refused(&["--shard", "1/2"]).contains("needs --results"));
    assert!(refused(&["--vary", "clock.horizon=5h,6h"]).contains("the same length of time"));
    let (code, _, err) = with_input(&["compare", "-", "--vary", "services.wbe.queue=1,2"], starter().as_bytes());
    assert_eq!(code, 3);
    assert!(err.contains("leads nowhere"), "{err}");
}

#[test]
fn twice_is_the_same() {
    let (code, out, _) = with_input(&["run", "-", "--twice"], starter().as_bytes());
    assert_eq!(code, 0);
    assert!(out.starts_with("twice the same: digest "), "{out}");
}

#[test]
fn a_failed_expectation_is_1() {
    let text = starter().replace("is: \"5m\", within: \"5m\"", "is: \"5h\"");
    let (code, out, _) = with_input(&["test", "-"], text.as_bytes());
    assert_eq!(code, 1);
    assert!(out.contains("FAIL  schools: down") && out.contains("(expected 5 h)"), "{out}");
    assert!(out.ends_with("3 expectations in 1 file, 1 failed\n"), "{out}");
}

#[test]
fn wrong_usage_is_2() {
    assert_eq!(firedrill(&[]).0, 2);
    assert_eq!(firedrill(&["run"]).0, 2);
    assert_eq!(firedrill(&["run", "x.ron", "--faster"]).0, 2);
    assert_eq!(firedrill(&["run", "x.ron", "--set", "a"]).0, 2);
    let empty = folder("empty");
    let (code, _, err) = firedrill(&["test", empty.to_str().unwrap()]);
    assert_eq!(code, 2);
    assert!(err.contains("has no .ron files in it"), "{err}");
}

#[test]
fn mistakes_are_3_and_all_shown() {
    let text = starter().replace("\"90s\"", "90").replace("served_by: \"platform\"", "served_by: \"platfrom\"");
    for command in [["run", "-"], ["check", "-"], ["test", "-"]] {
        let (code, _, err) = with_input(&command, text.as_bytes());
        assert_eq!(code, 3, "{err}");
        assert!(err.contains("did you mean \"platform\"?"), "{err}");
    }
    let (code, _, err) = with_input(&["run", "-", "--strategy", "by hnd"], starter().as_bytes());
    assert_eq!(code, 3);
    assert!(err.contains("did you mean \"by hand\"?"), "{err}");
    let (code, _, err) = with_input(&["check", "-"], b"Scenario(\xff)");
    assert_eq!(code, 3);
    assert!(err.contains("not text: the byte at offset 9 is not UTF-8"), "{err}");
}

#[test]
fn what_cannot_be_read_is_4() {
    let (code, out, err) = firedrill(&["run", "no/such\u{1b}[31m.ron"]);
    assert_eq!((code, out.as_str()), (4, ""));
    assert!(err.starts_with("error: cannot read no/such␛[31m.ron: "), "{err}");
    assert_eq!(firedrill(&["check", env!("CARGO_TARGET_TMPDIR")]).0, 4);
}

#[test]
fn a_folder_is_searched_in_order() {
    let folder = folder("search");
    fs::create_dir_all(folder.join("b/c")).unwrap();
    for name in ["z.ron", "a.ron", "b/c/m.ron", "b/readme.md"] {
        fs::write(folder.join(name), starter()).unwrap();
    }
    let (code, out, _) = firedrill(&["test", folder.to_str().unwrap()]);
    assert_eq!(code, 0, "{out}");
    let names: Vec<&str> =
        out.lines().filter(|l| l.ends_with(".ron")).map(|l| &l[folder.to_str().unwrap().len() + 1..]).collect();
    assert_eq!(names, ["a.ron", "b/c/m.ron", "z.ron"]);
    assert!(out.ends_with("9 expectations in 3 files, all hold\n"), "{out}");
}

#[test]
fn values_can_be_set() {
    let input = starter();
    let (code, out, err) = with_input(&["run", "-", "--set", "clock.horizon=4h", "--json"], input.as_bytes());
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("\"horizon_s\": 14400.0"), "{out}");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let file = folder("pipe").join("s.ron");
    fs::write(&file, starter()).unwrap();
    let mut child = command(&["run", file.to_str().unwrap(), "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let (code, _, err) = told(child.wait_with_output().unwrap());
    assert_eq!((code, err.as_str()), (0, ""));
}

#[test]
fn a_page_is_written_beside_the_report_and_stands_alone() {
    let folder = folder("html");
    let (file, page) = (folder.join("s.ron"), folder.join("the page.html"));
    fs::write(&file, starter()).unwrap();
    let (file, path) = (file.to_str().unwrap(), page.to_str().unwrap());
    let plain = firedrill(&["run", file]);
    let (code, out, err) = firedrill(&["run", file, "--html", path]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert_eq!(out, format!("{}\nwrote '{path}'; open it in a browser\n", plain.1));
    let html = fs::read_to_string(&page).unwrap();
    assert!(html.starts_with("<!DOCTYPE html>\n<html lang=\"en\">") && html.ends_with("</html>\n"));
    for word in ["http", "src=", "href=", "<script", "url("] {
        assert!(!html.contains(word), "{word}");
    }
    assert!(html.contains(&format!("firedrill run {file} --seed 1")), "the command that makes the run again");
    // Again, over what is there: the same bytes, and nothing left behind.
    fs::write(&page, "an older page").unwrap();
    assert_eq!(firedrill(&["run", file, "--html", path]).0, 0);
    assert_eq!(fs::read_to_string(&page).unwrap(), html);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 2);
}

#[test]
fn a_page_and_json_go_together() {
    let page = folder("html-json").join("page.html");
    let (code, out, _) = with_input(&["run", "-", "--json", "--html", page.to_str().unwrap()], starter().as_bytes());
    assert_eq!(code, 0);
    assert!(serde_json::from_str::<serde_json::Value>(&out).is_ok(), "nothing but JSON is printed");
    assert!(page.exists());
}

#[test]
fn a_page_that_cannot_be_written_is_4_and_leaves_nothing() {
    let folder = folder("html-not");
    let inside = folder.join("is a folder");
    fs::create_dir(&inside).unwrap();
    fs::write(inside.join("kept"), "kept").unwrap();
    for path in [folder.join("no such folder/page.html"), inside.clone()] {
        let (code, out, err) = with_input(&["run", "-", "--html", path.to_str().unwrap()], starter().as_bytes());
        assert_eq!(code, 4);
        assert!(err.starts_with("error: cannot write "), "{err}");
        assert!(out.contains("What users lived through") && !out.contains("wrote "), "the report is not lost: {out}");
    }
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    assert_eq!(fs::read_to_string(inside.join("kept")).unwrap(), "kept");
}

#[cfg(unix)]
#[test]
fn a_page_replaces_what_a_link_leads_to_and_never_a_device() {
    let folder = folder("html-link");
    let (real, link) = (folder.join("real.html"), folder.join("link.html"));
    fs::write(&real, "old").unwrap();
    std::os::unix::fs::symlink(&real, &link).unwrap();
    assert_eq!(with_input(&["run", "-", "--html", link.to_str().unwrap()], starter().as_bytes()).0, 0);
    assert!(link.symlink_metadata().unwrap().is_symlink());
    assert!(fs::read_to_string(&real).unwrap().starts_with("<!DOCTYPE html>"));
    assert_eq!(with_input(&["run", "-", "--html", "/dev/null"], starter().as_bytes()).0, 0);
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
}

/// What was read is never written over, and two outputs have two names: that is known before the work begins.
#[test]
fn an_output_never_takes_the_place_of_what_was_read_or_of_another() {
    let folder = folder("outputs");
    let scenario = folder.join("school.ron");
    fs::write(&scenario, starter()).unwrap();
    let path = scenario.to_str().unwrap();
    let other = folder.join(".").join("school.ron");
    let other = other.to_str().unwrap();
    for args in [
        &["run", path, "--html", path][..],
        &["run", path, "--html", other],
        &["explain", path, "--html", path],
        &["compare", path, "--replications", "2", "--html", path],
        &["test", path, "--junit", path],
        &["shrink", path, "--out", path],
    ] {
        let (code, _, err) = firedrill(args);
        assert_eq!(code, 2, "{args:?}: {err}");
        assert_eq!(fs::read_to_string(&scenario).unwrap(), starter(), "{args:?}");
    }
    let twice = folder.join("both.csv");
    let twice = twice.to_str().unwrap();
    let (code, _, err) = firedrill(&["compare", path, "--replications", "2", "--html", twice, "--rows", twice]);
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("is named for two outputs"), "{err}");
    assert!(!folder.join("both.csv").exists());
}

#[test]
fn what_was_typed_is_shown_without_its_escapes() {
    let folder = folder("typed");
    fs::write(folder.join("school.ron"), starter()).unwrap();
    let path = folder.join("school.ron");
    let args = ["run", path.to_str().unwrap(), "--traffic", "request", "--from", "\u{1b}[31mred\u{9b}"];
    let (code, _, err) = firedrill(&args);
    assert_eq!(code, 2);
    assert!(err.contains("is not a time") && !err.chars().any(|c| c.is_control() && c != '\n'), "{err:?}");
}

#[test]
fn help_lists_what_a_command_takes() {
    for (command, refused) in [("agree", &["--twice", "--html"][..]), ("explain", &["--twice"])] {
        let (code, out, _) = firedrill(&[command, "--help"]);
        assert_eq!(code, 0);
        refused.iter().for_each(|option| assert!(!out.contains(option), "{command} {option}: {out}"));
    }
    assert!(firedrill(&["explain", "--help"]).1.contains("--html"));
}

#[test]
fn help_is_for_people() {
    insta::assert_snapshot!(firedrill(&["--help"]).1);
    insta::assert_snapshot!("help_run", firedrill(&["run", "--help"]).1);
}

#[test]
fn a_recording_beside_a_scenario_is_read_and_no_other_file() {
    let folder = folder("recording");
    let scenario = |name: &str| {
        format!(
            r#"Scenario(format: 1, title: "recorded",
                clock: (from: "2020-03-16T00:00", zone: "UTC", horizon: "2h"),
                sites: {{"a": ()}},
                services: {{"web": (runs_at: {{"a": (servers: 10)}}, takes: fixed("1ms"))}},
                features: {{"lessons": (calls: [hard(to: "web")])}},
                people: {{"all": (users: 1000, active: recorded("{name}"), uses: {{"lessons": "1/min"}}, served_by: "a")}},
                expect: [value(of: "people.all.user_minutes", is: 12000, within: "0.1%")])"#
        )
    };
    fs::write(folder.join("visits.csv"), "time,share\n0,10%\n7200,10%\n").unwrap();
    fs::create_dir_all(folder.join("inner")).unwrap();
    let (beside, outside) = (folder.join("beside.ron"), folder.join("inner/outside.ron"));
    fs::write(&beside, scenario("visits.csv")).unwrap();
    fs::write(&outside, scenario("../visits.csv")).unwrap();
    let (code, out, err) = firedrill(&["test", beside.to_str().unwrap()]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    let (code, _, err) = firedrill(&["run", outside.to_str().unwrap()]);
    assert!(code == 3 && err.contains("there is no recording called"), "{err}");
}

#[test]
fn an_explanation_says_what_things_were_worth() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/itslearning-2016-10.ron");
    let (code, out, err) = firedrill(&["explain", file, "--strategy", "failover works"]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(out.contains("oslo/array a fails") && out.contains("failover of oslo/storage"), "{out}");
    let (code, json, _) = firedrill(&["explain", file, "--strategy", "failover works", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let but_for = json["explanation"]["but_for"].as_array().unwrap();
    let worth = |name: &str| {
        let found = but_for.iter().find(|b| b["name"] == name).unwrap();
        found["worth"]["user_minutes_lost"].as_f64().unwrap()
    };
    // What the failover saved is what the failure would have cost, but for the little while that it took.
    assert!(code == 0 && worth("failover of oslo/storage") < -1e6 && worth("oslo/array a fails") > 0.0, "{json}");
    assert_eq!(firedrill(&["explain", file]), firedrill(&["explain", file]), "whichever thread was first");
}

#[test]
fn requests_are_followed_between_two_times() {
    let storm = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/retry-storm.ron");
    let (code, out, err) = firedrill(&["run", storm, "--traffic", "request", "--from", "+50s", "--to", "Mon 10:01:20"]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(out.contains("every request followed from Mon 04 Mar 10:00:50 to Mon 04 Mar 10:01:20"), "{out}");
    assert!(
        out.contains("--traffic request --from +50s --to 'Mon 10:01:20'"),
        "the command that makes it again: {out}"
    );
    let (code, out, err) = firedrill(&["run", storm, "--traffic", "request", "--to", "+30s", "--twice"]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(out.starts_with("twice the same: digest "), "{out}");
    for (wrong, reason) in [
        (&["--from", "+1min"][..], "add --traffic request"),
        (&["--traffic", "request", "--from", "soon"][..], "--from soon"),
        (&["--traffic", "request", "--from", "+2min", "--to", "+1min"][..], "there is nothing between"),
        (&["--traffic", "request", "--from", "+90d"][..], "there is nothing between"),
    ] {
        let (code, out, err) = firedrill(&[&["run", storm], wrong].concat());
        assert_eq!((code, out.as_str()), (2, ""), "{err}");
        assert!(err.contains(reason), "{err}");
    }
}

#[test]
fn both_engines_side_by_side() {
    let storm = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/retry-storm.ron");
    let args = ["agree", storm, "--to", "+1min", "--replications", "2"];
    let (code, out, err) = firedrill(&args);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(out.contains("users: page") && out.contains("measures agree"), "{out}");
    let (code, out, _) = firedrill(&[&args[..], &["--json"]].concat());
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, json["replications"].as_u64()), (0, Some(2)));
    assert!(json["rows"].as_array().unwrap().iter().all(|row| row["agrees"].is_boolean()));
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_long_run_with_what_it_has() {
    let outage = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/itslearning-2016-10.ron");
    let run = command(&["run", outage, "--traffic", "request"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    #[expect(clippy::disallowed_methods, reason = "somebody who waits before pressing a key")]
    std::thread::sleep(std::time::Duration::from_secs(3));
    assert!(Command::new("kill").args(["-INT", &run.id().to_string()]).status().unwrap().success());
    let (code, out, err) = told(run.wait_with_output().unwrap());
    // That it takes long has been said before.
    assert_eq!(code, 130, "{out}");
    assert!(err.lines().all(|line| line.starts_with("note: this run may take about ")), "{err}");
    assert!(out.contains("partial: the run was ended at "), "{out}");
}

#[test]
fn run_and_test_tell_the_warnings_on_the_side() {
    let folder = folder("warned");
    let file = folder.join("lonely.ron");
    let text = r#"Scenario(format: 1, title: "lonely", clock: (from: "2024-03-04T00:00", zone: "UTC", horizon: "1h"),
        sites: {"a": (), "b": ()}, groups: {"home": (members: ["a", "b"])},
        services: {"web": (runs_at: {"a": (servers: 4), "b": (servers: 4)}, takes: fixed("40ms"))},
        features: {"browse": (calls: [hard(to: "web")])},
        people: {"us": (users: 10, uses: {"browse": "60/h"}, served_by: "home")},
        expect: [downtime(of: "us", is: "0s")])"#;
    fs::write(&file, text).unwrap();
    let silent = folder.join("silent.ron");
    fs::write(&silent, text.replace("expect:", "silence: [\"W101\"], expect:")).unwrap();
    let (path, silent) = (file.to_str().unwrap(), silent.to_str().unwrap());
    for command in [&["run", "--json"][..], &["run"], &["test"]] {
        let with = |path: &str| firedrill(&[command, &[path]].concat());
        let (code, out, err) = with(path);
        assert_eq!(code, 0, "{err}");
        assert_eq!(err.lines().count(), 1, "{err}");
        assert!(err.starts_with("warning: ") && err.contains("W101 at groups.home"), "{err}");
        assert!(!out.contains("W101"), "{out}");
        let (code, _, err) = with(silent);
        assert_eq!((code, err.as_str()), (0, ""));
    }
}

#[test]
fn a_number_that_no_run_has_is_a_mistake_of_the_file() {
    let folder = folder("lost-paths");
    let file = folder.join("paths.ron");
    let text = |expected: &str| {
        format!(
            r#"Scenario(format: 1, title: "paths", clock: (from: "2024-03-04T00:00", zone: "UTC", horizon: "1h"), sites: {{"a": ()}},
            services: {{"web": (runs_at: {{"a": (servers: 4)}}, takes: fixed("40ms"))}}, features: {{"browse": (calls: [hard(to: "web")])}},
            people: {{"us": (users: 10, uses: {{"browse": "60/h"}}, served_by: "a")}}, {expected})"#
        )
    };
    let check = |expected: &str| {
        fs::write(&file, text(expected)).unwrap();
        firedrill(&["check", file.to_str().unwrap()])
    };
    let (code, _, err) = check(r#"expect: [value(of: "people.us.downtme_s", at_most: 3)]"#);
    assert_eq!(code, 3, "{err}");
    assert!(err.contains("F602") && err.contains("did you mean \"downtime_s\"?"), "{err}");
    let (code, _, err) = check(r#"objectives: {"o": value(of: "services.web@b.arrived", at_most: 3)}"#);
    assert!(code == 3 && err.contains("did you mean \"web@a\"?"), "{err}");
    // What is there in some runs only, or gets longer in a run, is no mistake: this one says nothing of it.
    for path in [
        "people.us.latency.during.p95_s",
        "people.us.intervals.2.to_s",
        "failovers.0.time_to_restore_s",
        "people.us.downtime_s",
    ] {
        let (code, _, err) = check(&format!(r#"expect: [value(of: "{path}", at_most: 3)]"#));
        assert_eq!((code, err.as_str()), (0, ""), "{path}");
    }
}

#[test]
fn what_has_no_people_is_ranked_by_what_it_is_for() {
    let folder = folder("no people");
    let file = folder.join("db.ron");
    let text = r#"Scenario(format: 1, title: "a database", clock: (from: "2024-01-01T00:00", zone: "UTC", horizon: "1y"),
        sites: {"a": ()}, components: {"db": (at: "a", fails: exponential(mean: "91d"), repair: (takes: exponential(mean: "60m")))})"#;
    fs::write(&file, text).unwrap();
    let vary = r#"components.db.repair.takes=exponential(mean: "60m"),exponential(mean: "6h")"#;
    let args = ["compare", file.to_str().unwrap(), "--vary", vary, "--replications", "200", "--json"];
    let (code, out, err) = firedrill(&args);
    assert_eq!(code, 0, "{err}");
    let labels = |out: &str| {
        let found: serde_json::Value = serde_json::from_str(out).unwrap();
        let label = |design: &serde_json::Value| design["label"].as_str().unwrap().to_owned();
        found["designs"].as_array().unwrap().iter().map(label).collect::<Vec<_>>()
    };
    // The best first. Four failures a year: four hours against a day.
    let ranked = labels(&out);
    assert!(ranked.len() == 2 && ranked[0].contains("60m") && ranked[1].contains("6h"), "{out}");
    // The same by its path.
    let by = ["--metric", "components.db.downtime_s", "--by", "components.db.downtime_s"];
    let named = firedrill(&[&args[..], &by].concat());
    assert_eq!((named.0, labels(&named.1)), (0, ranked), "{}", named.2);
}

#[test]
fn shells_and_manuals_know_the_commands() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let (code, out, err) = firedrill(&["completions", shell]);
        assert_eq!((code, err.as_str()), (0, ""), "{shell}");
        assert!(out.contains("compare") && out.contains("replications"), "{shell}: {out}");
    }
    assert_eq!(firedrill(&["completions", "tcsh"]).0, 2);
    let (code, page, _) = firedrill(&["man"]);
    assert_eq!(code, 0);
    assert!(page.contains(".TH firedrill 1") && page.contains("compare"), "{page}");
    let (_, page, _) = firedrill(&["man", "compare"]);
    assert!(page.contains(".TH firedrill\\-compare 1") || page.contains(".TH firedrill-compare 1"), "{page}");
    assert!(page.contains("replications"), "{page}");
    let (code, _, err) = firedrill(&["man", "compair"]);
    assert_eq!(code, 2);
    assert!(err.contains("there is no command"), "{err}");
}

#[test]
fn a_report_for_a_ci_says_where_and_how_long() {
    let folder = folder("junit");
    let file = folder.join("school.ron");
    fs::write(&file, starter()).unwrap();
    let report = folder.join("junit.xml");
    let (path, out) = (file.to_str().unwrap(), report.to_str().unwrap());
    let (code, said, err) = firedrill(&["test", path, "--junit", out]);
    assert_eq!(code, 0, "{said}{err}");
    let xml = fs::read_to_string(&report).unwrap();
    let cases: Vec<&str> = xml.lines().filter(|line| line.contains("<testcase ")).collect();
    assert_eq!(cases.len(), 3, "{xml}");
    for case in cases {
        let of = |name: &str| case.split(&format!(" {name}=\"")).nth(1).unwrap().split('"').next().unwrap().to_owned();
        assert_eq!(of("file"), path);
        assert!(of("time").parse::<f64>().unwrap() >= 0.0, "{case}");
        let line: usize = of("line").parse().unwrap();
        let there = starter().lines().nth(line - 1).unwrap().to_owned();
        let is_one = there.contains("within:") || there.contains("at_least:") || there.contains("at_most:");
        assert!(is_one, "line {line} has an expectation or an objective: {there}");
    }
}

#[test]
fn the_grammar_for_editors_can_be_read() {
    let grammar = include_str!("../../docs/editors/firedrill.tmLanguage.json");
    let grammar: serde_json::Value = serde_json::from_str(grammar).unwrap();
    assert_eq!(grammar["scopeName"], "source.ron.firedrill");
    for included in grammar["repository"]["value"]["patterns"].as_array().unwrap() {
        let name = included["include"].as_str().unwrap().trim_start_matches('#');
        assert!(grammar["repository"].get(name).is_some(), "{name}");
    }
}
