//! Whoever wants a command to end is heard within a moment, whatever it is doing: it says what it had, and leaves nothing half
//! written.
#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "programs are interrupted after a while of the real clock")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A run of it takes minutes: something fails every few minutes, for decades.
const SLOW: &str = r#"Scenario(
    format: 1,
    title: "A service that fails all the time",
    clock: (from: "2024-01-01T00:00", zone: "UTC", horizon: "82y"),
    sites: {"a": ()},
    components: {"db": (fails: exponential(mean: "3m"), repair: (takes: exponential(mean: "1m")))},
    services: {"web": (runs_at: {"a": (servers: 2)}, takes: fixed("50ms"), stands_on: all(["db"]))},
    features: {"read": (calls: [hard(to: "web")])},
    people: {"all": (users: 100, uses: {"read": "1/min"}, served_by: "a")},
    strategies: {"quick": (), "slow": (set: {"components.db.repair.takes": exponential(mean: "1h")})},
    maintenance: {"upgrade": (starts: "+30d", announced: "1h", takes: fixed("1h"), takes_down: ["db"])},
    objectives: {"up": availability(of: "all", at_least: "99.9%")},
)"#;

/// A folder of its own for one test, with the scenario in it.
fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("slow.ron"), SLOW).unwrap();
    folder
}

fn started(folder: &Path, args: &str) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_firedrill"));
    command.current_dir(folder).args(args.split_whitespace()).env("COLUMNS", "100");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status().unwrap().success());
}

/// Starts a command, ends it by a signal after a while, and gives what it said by then; but for what it would have cost.
#[track_caller]
fn ended_by(name: &str, folder: &Path, args: &str) -> (String, String) {
    let (out, err) = all_until_ended_by(name, folder, args);
    (out, err.lines().filter(|line| !line.starts_with("note: ")).map(|line| format!("{line}\n")).collect())
}

#[track_caller]
fn all_until_ended_by(name: &str, folder: &Path, args: &str) -> (String, String) {
    let child = started(folder, args);
    std::thread::sleep(Duration::from_millis(800));
    let asked = Instant::now();
    signal(&child, name);
    let output = child.wait_with_output().unwrap();
    let took = asked.elapsed();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(130), "{args}: {out}{err}");
    // Where other tests run beside it, half of a second is a whole one.
    assert!(took < Duration::from_secs(2), "{args}: {took:?}");
    (out, err)
}

/// What is in a folder beside the scenario.
fn litter(folder: &Path) -> Vec<String> {
    // A folder that was not made yet has nothing in it.
    let names =
        fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name != "slow.ron").collect()
}

#[test]
fn a_run_says_how_far_it_came_by_any_signal_that_ends_programs() {
    let folder = folder("interrupted-run");
    for name in ["INT", "TERM", "HUP"] {
        let (out, err) = ended_by(name, &folder, "run slow.ron");
        assert!(out.contains("partial: the run was ended at "), "{name}: {out}");
        assert_eq!(err, "");
    }
    let (out, _) = ended_by("INT", &folder, "run slow.ron --json");
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert!(json["partial"]["reached_s"].as_f64().unwrap() > 0.0, "{out}");
    assert_eq!(litter(&folder), [""; 0]);
    // Half a run has a page too.
    ended_by("TERM", &folder, "run slow.ron --html half.html");
    assert_eq!(litter(&folder), ["half.html"]);
}

#[test]
fn what_takes_minutes_says_so_before_it_starts() {
    let folder = folder("interrupted-costs");
    for (args, runs) in
        [("run slow.ron", "this run"), ("compare slow.ron --replications 1000 --threads 1", "1000 runs")]
    {
        let (_, err) = all_until_ended_by("INT", &folder, args);
        let note = err.lines().next().unwrap_or_default();
        assert!(note.starts_with(&format!("note: {runs} may take about ")), "{args}: {err}");
        assert!(note.contains(" of one core, most of it for ") && note.ends_with(" failures of db"), "{args}: {err}");
    }
}

#[test]
fn two_runs_of_which_one_was_ended_are_not_compared() {
    let folder = folder("interrupted-twice");
    let (out, err) = ended_by("INT", &folder, "run slow.ron --twice");
    assert_eq!((out.as_str(), err.as_str()), ("", "ended by Ctrl-C: a part of a run is not compared\n"));
}

#[test]
fn a_study_tells_of_the_runs_that_were_made() {
    let folder = folder("interrupted-compare");
    let quick = SLOW.replace("82y", "1d").replace("+30d", "+1h").replace("3m", "3h");
    fs::write(folder.join("quick.ron"), quick).unwrap();
    let (out, _) = ended_by("INT", &folder, "compare quick.ron --replications 10000000 --html half.html");
    assert!(out.contains("replications of each") && !out.contains("no data"), "{out}");
    let page = fs::read_to_string(folder.join("half.html")).unwrap();
    assert!(page.ends_with("</html>\n"), "the page is whole");
    // Where a single replication takes minutes there is nothing to tell yet.
    let (out, err) = ended_by("TERM", &folder, "compare slow.ron --replications 10 --rows rows.csv --results kept");
    assert!(out.is_empty() && err.starts_with("ended by Ctrl-C"), "{out}{err}");
    let parts = litter(&folder).into_iter().chain(litter(&folder.join("kept")));
    assert!(parts.into_iter().all(|name| !name.ends_with(".part")), "{:?}", litter(&folder));
}

#[test]
fn what_needs_all_of_its_runs_ends_without_a_word_of_them() {
    let folder = folder("interrupted-others");
    for args in [
        "explain slow.ron",
        "agree slow.ron",
        "maintenance slow.ron --replications 2 --html never.html",
        "shrink slow.ron --objective up --out never.ron",
        "draw slow.ron --at 2100-01-01T00:00 --out never.svg",
    ] {
        let (out, err) = ended_by("INT", &folder, args);
        assert_eq!(out, "", "{args}");
        assert!(err.starts_with("ended by Ctrl-C"), "{args}: {err}");
        assert_eq!(litter(&folder), [""; 0], "{args}");
    }
}

#[test]
fn a_test_tells_what_was_tested_by_then() {
    let folder = folder("interrupted-test");
    let quick = SLOW.replace("82y", "1d").replace("+30d", "+1h").replace("3m", "30d");
    fs::write(folder.join("a.ron"), quick).unwrap();
    let (out, err) = ended_by("INT", &folder, "test .");
    assert!(out.contains("./a.ron\n") && out.contains("up"), "{out}");
    assert!(err.contains("ended by Ctrl-C"), "{err}");
}

/// Who started it with `nohup` wants it to go on when the terminal goes away.
#[test]
fn what_is_ignored_from_the_start_stays_ignored() {
    let folder = folder("interrupted-nohup");
    let script = format!("trap '' HUP; exec {} run slow.ron", env!("CARGO_BIN_EXE_firedrill"));
    let mut command = Command::new("sh");
    let mut child = command.current_dir(&folder).args(["-c", &script]).stdout(Stdio::null()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(500));
    signal(&child, "HUP");
    std::thread::sleep(Duration::from_millis(1_000));
    assert!(child.try_wait().unwrap().is_none(), "it goes on");
    signal(&child, "TERM");
    assert_eq!(child.wait().unwrap().code(), Some(130));
}
