//! Long studies: whatever ends them, however they are split, the bytes are the same and nothing is lost.
#![cfg(all(feature = "cli", unix))]
#![expect(clippy::disallowed_methods, reason = "programs are killed after a while of the real clock")]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

const SCENARIO: &str = r#"Scenario(
    format: 1,
    title: "A service that is repaired",
    clock: (from: "2024-01-01T00:00", zone: "UTC", horizon: "1y"),
    sites: {"a": ()},
    components: {"db": (fails: exponential(mean: "2190h"), repair: (takes: exponential(mean: "15m")))},
    services: {"web": (runs_at: {"a": (servers: 2)}, takes: fixed("50ms"), stands_on: all(["db"]))},
    features: {"read": (calls: [hard(to: "web")])},
    people: {"all": (users: 100, uses: {"read": "1/min"}, served_by: "a")},
    strategies: {
        "quick": (),
        "slow": (set: {"components.db.repair.takes": exponential(mean: "1h")}),
    },
)"#;

/// A folder of its own for one test, with the scenario in it.
fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("db.ron"), SCENARIO).unwrap();
    folder
}

fn command(folder: &Path, args: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_firedrill"));
    command.current_dir(folder).args(args.split_whitespace()).env("COLUMNS", "100").stdin(Stdio::null());
    for name in ["SLURM_ARRAY_TASK_ID", "JOB_COMPLETION_INDEX"] {
        command.env_remove(name);
    }
    command
}

#[track_caller]
fn firedrill(folder: &Path, args: &str) -> String {
    let output = command(folder, args).output().unwrap();
    let (code, out, err) = told(&output);
    assert_eq!((code, err.as_str()), (0, ""), "{args}: {out}");
    out
}

fn told(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

/// How many files are below a folder in which somebody writes: they may come and go meanwhile.
fn how_many(folder: &Path) -> usize {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let paths = entries.flatten().map(|entry| entry.path());
    paths.map(|path| if path.is_dir() { how_many(&path) } else { usize::from(!path.ends_with("lock")) }).sum()
}

/// Every file below a folder and what is in it, but for locks.
fn bytes(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(folder).unwrap().display().to_string();
            if path.is_dir() {
                folders.push(path);
            } else if !name.starts_with("lock") {
                found.insert(name, fs::read(path).unwrap());
            }
        }
    }
    found
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    let folder = folder("threads");
    let study = |threads: u32| {
        let args = format!(
            "compare db.ron --replications 450 --threads {threads} --results r{threads} --rows {threads}.csv --html {threads}.html"
        );
        firedrill(&folder, &args);
        let page = fs::read(folder.join(format!("{threads}.html"))).unwrap();
        (bytes(&folder.join(format!("r{threads}"))), fs::read(folder.join(format!("{threads}.csv"))).unwrap(), page)
    };
    let one = study(1);
    assert_eq!(
        one.0.len(),
        2 * 5 + 3,
        "five batches of two designs, the plan, how it was asked for, and the comparison"
    );
    assert!(study(2) == one && study(8) == one);
}

#[test]
fn a_study_that_stops_by_itself_leaves_the_same_bytes_on_any_number_of_threads() {
    let folder = folder("settled");
    let study = |threads: u32| {
        let args = format!("compare db.ron --threads {threads} --results r{threads} --json --indifference");
        let output = command(&folder, &args).arg("20 min/year").output().unwrap();
        assert_eq!(told(&output).0, 0, "{}", told(&output).2);
        (bytes(&folder.join(format!("r{threads}"))), output.stdout)
    };
    let one = study(1);
    assert!(String::from_utf8_lossy(&one.1).contains("\"ended\": \"settled\""));
    assert!(study(2) == one && study(8) == one);
}

#[test]
fn shards_in_any_order_merge_to_the_bytes_of_the_whole() {
    let folder = folder("shards");
    let study = "compare db.ron --replications 730";
    let whole = firedrill(&folder, &format!("{study} --json --results whole --rows whole.jsonl"));
    for of in [1, 3, 4, 11] {
        let mut shards: Vec<String> = Vec::new();
        for shard in 1..=of {
            firedrill(&folder, &format!("{study} --shard {shard}/{of} --results {of}-{shard}"));
            shards.insert(shard / 2, format!("{of}-{shard}"));
        }
        let shards = shards.join(" ");
        let merged = firedrill(&folder, &format!("merge {shards} --into m{of} --json --rows m{of}.jsonl"));
        assert_eq!(merged, whole, "{of} shards");
        assert!(bytes(&folder.join(format!("m{of}"))) == bytes(&folder.join("whole")), "{of} shards");
        let rows = |name: &str| fs::read(folder.join(name)).unwrap();
        assert!(rows(&format!("m{of}.jsonl")) == rows("whole.jsonl"), "{of} shards");
    }
    let (code, _, err) = told(&command(&folder, "merge 4-1 4-2 4-4 --into lacking").output().unwrap());
    assert_eq!(code, 2);
    assert!(err.contains("shard 3 of 4"), "{err}");
}

#[test]
fn the_page_and_the_text_of_merged_shards_are_those_of_the_whole() {
    let folder = folder("shards-told");
    let text = fs::read_to_string(folder.join("db.ron")).unwrap();
    // An objective that is missed: the text says how to make a file of that.
    let asked = "objectives: {\"never down\": value(of: \"components.db.downtime_s\", at_most: 1)}, currency: \"EUR\")";
    let end = text.trim_end().rfind(')').unwrap();
    fs::write(
        folder.join("db.ron"),
        format!("{} {asked}", text[..end].trim_end().trim_end_matches(',').to_owned() + ","),
    )
    .unwrap();
    let study = "compare db.ron --replications 200";
    let whole = firedrill(&folder, &format!("{study} --results whole --html told.html"));
    let page = fs::read(folder.join("told.html")).unwrap();
    for shard in [1, 2] {
        firedrill(&folder, &format!("{study} --shard {shard}/2 --results {shard}"));
    }
    let merged = firedrill(&folder, "merge 2 1 --into merged --html told.html");
    assert_eq!(merged, whole);
    assert!(whole.contains("To make a file of what fails") && whole.contains("replay    firedrill compare db.ron"));
    assert!(fs::read(folder.join("told.html")).unwrap() == page);
}

#[test]
fn a_scheduler_says_which_shard_it_is() {
    let folder = folder("scheduler");
    let shard = |args: &str, env: &[(&str, &str)]| {
        let mut command = command(&folder, &format!("compare db.ron --replications 300 --results r {args}"));
        command.envs(env.iter().copied());
        told(&command.output().unwrap())
    };
    let slurm = [("SLURM_ARRAY_TASK_ID", "2"), ("SLURM_ARRAY_TASK_MIN", "1"), ("SLURM_ARRAY_TASK_COUNT", "3")];
    assert_eq!(shard("--shard auto", &slurm).1, "shard 2 of 3 is done: see firedrill merge\n");
    assert_eq!(
        shard("--shard auto/3", &[("JOB_COMPLETION_INDEX", "0")]).1,
        "shard 1 of 3 is done: see firedrill merge\n"
    );
    assert_eq!(shard("--shard auto", &[]).0, 2);
    firedrill(&folder, "compare db.ron --replications 300 --results r --shard 3/3");
    let whole = firedrill(&folder, "compare db.ron --replications 300 --json");
    assert_eq!(firedrill(&folder, "merge r --into r --json"), whole, "all shards may share a folder");
}

#[test]
fn a_study_that_is_killed_at_any_point_goes_on_to_the_same_bytes() {
    let folder = folder("killed");
    let study = "compare db.ron --replications 4000 --json --results";
    let began = std::time::Instant::now();
    let whole = firedrill(&folder, &format!("{study} whole"));
    let took = began.elapsed();
    let expected = bytes(&folder.join("whole"));
    // Points drawn evenly over the time that the study takes; each time a part of it is there already.
    let points: u32 = common::campaign(20, 100);
    let mut killed = 0;
    for point in 0..points {
        let results = format!("r{}", point / 5);
        let mut child = command(&folder, &format!("{study} {results}"));
        let mut child = child.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(took.mul_f64(f64::from(point * 37 % 100) / 600.0) + Duration::from_millis(1));
        child.kill().unwrap();
        killed += u32::from(child.wait().unwrap().code().is_none());
        if point % 5 == 4 {
            assert_eq!(firedrill(&folder, &format!("{study} {results}")), whole, "killed up to point {point}");
            let mut found = bytes(&folder.join(&results));
            // What was being written when it was killed is no result, and is never taken for one.
            found.retain(|name, _| !name.ends_with(".part"));
            assert!(found == expected, "killed up to point {point}");
        }
    }
    assert!(killed >= points / 2, "only {killed} of {points} were killed before they were done");
}

#[test]
fn what_is_damaged_is_told_and_not_used() {
    let folder = folder("damaged");
    let study = "compare db.ron --replications 200 --json --results r";
    let whole = firedrill(&folder, study);
    let batch = bytes(&folder.join("r")).into_keys().find(|name| name.ends_with("+100.jsonl")).unwrap();
    let path = folder.join("r").join(&batch);
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, &text[..text.len() / 2]).unwrap();
    let (code, out, err) = told(&command(&folder, study).output().unwrap());
    assert_eq!((code, out.as_str()), (4, ""));
    assert!(err.contains("remove it, and it is made again"), "{err}");
    fs::remove_file(&path).unwrap();
    assert_eq!(firedrill(&folder, study), whole);
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
}

#[test]
fn two_writers_in_one_folder_are_told() {
    let folder = folder("writers");
    let mut first = command(&folder, "compare db.ron --replications 200000 --results r");
    let mut first = first.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while !folder.join("r/lock").exists() || how_many(&folder.join("r")) < 3 {
        std::thread::sleep(Duration::from_millis(10));
    }
    let (code, _, err) = told(&command(&folder, "compare db.ron --replications 200 --results r").output().unwrap());
    first.kill().unwrap();
    first.wait().unwrap();
    assert_eq!(code, 4);
    assert!(err.contains("another firedrill is writing to r"), "{err}");
    // A lock ends with whoever held it.
    firedrill(&folder, "compare db.ron --replications 200 --results r");
}

#[test]
fn a_disk_that_is_full_and_a_folder_that_cannot_be_made_are_told() {
    let folder = folder("full");
    let shell = |script: &str| {
        let script = script.replace("firedrill", env!("CARGO_BIN_EXE_firedrill"));
        told(&Command::new("sh").current_dir(&folder).args(["-c", &script]).output().unwrap())
    };
    // Nothing longer than eight blocks can be written here: as on a full disk, writing fails.
    let (code, out, err) = shell("trap '' XFSZ; ulimit -f 8; firedrill compare db.ron --replications 200 --results r");
    assert_eq!((code, out.as_str()), (4, ""), "{err}");
    assert!(err.starts_with("error: cannot write r/"), "{err}");
    assert!(bytes(&folder.join("r")).keys().all(|name| !name.ends_with(".part")), "nothing half written");
    firedrill(&folder, "compare db.ron --replications 200 --results r");
    let (code, _, err) = told(&command(&folder, "compare db.ron --results db.ron/r").output().unwrap());
    assert_eq!(code, 4);
    assert!(err.starts_with("error: cannot write db.ron/r"), "{err}");
    let (code, _, err) =
        told(&command(&folder, "compare db.ron --replications 100 --html /dev/full").output().unwrap());
    assert_eq!(code, 4, "{err}");
    let (code, _, err) = told(&command(&folder, "compare db.ron --replications 100 --rows rows.xml").output().unwrap());
    assert_eq!(code, 4);
    assert!(err.contains(".jsonl"), "{err}");
}

#[test]
fn rows_are_json_lines_and_csv() {
    let folder = folder("rows");
    firedrill(&folder, "compare db.ron --replications 100 --rows r.csv");
    firedrill(&folder, "compare db.ron --replications 100 --rows r.jsonl");
    let text = fs::read_to_string(folder.join("r.csv")).unwrap();
    let mut csv = csv::Reader::from_reader(text.as_bytes());
    let titles = csv.headers().unwrap().clone();
    assert_eq!(titles.iter().take(4).collect::<Vec<_>>(), ["replication", "design", "digest", "downtime_s"]);
    assert!(titles.iter().all(|title| !title.contains(char::is_whitespace)), "{titles:?}");
    let lines = fs::read_to_string(folder.join("r.jsonl")).unwrap();
    let mut rows = 0;
    for (record, line) in csv.records().zip(lines.lines()) {
        let (record, json): (_, serde_json::Value) = (record.unwrap(), serde_json::from_str(line).unwrap());
        assert_eq!(json["design"], record[1]);
        assert_eq!(json["downtime"].as_f64(), record[3].parse().ok());
        rows += 1;
    }
    assert_eq!((rows, lines.lines().count()), (200, 200));
}

#[test]
#[cfg(feature = "parquet")]
fn rows_are_parquet_that_others_read() {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::RowAccessor;
    let folder = folder("parquet");
    firedrill(&folder, "compare db.ron --replications 100 --rows r.parquet");
    firedrill(&folder, "compare db.ron --replications 100 --rows r.csv");
    let reader = SerializedFileReader::new(fs::File::open(folder.join("r.parquet")).unwrap()).unwrap();
    let text = fs::read_to_string(folder.join("r.csv")).unwrap();
    let mut csv = csv::Reader::from_reader(text.as_bytes());
    let mut rows = 0;
    for (row, record) in reader.get_row_iter(None).unwrap().zip(csv.records()) {
        let (row, record) = (row.unwrap(), record.unwrap());
        assert_eq!(row.get_long(0).unwrap().to_string(), record[0]);
        assert_eq!(
            (row.get_string(1).unwrap().as_str(), row.get_string(2).unwrap().as_str()),
            (&record[1], &record[2])
        );
        assert_eq!(row.get_double(3).unwrap(), record[3].parse::<f64>().unwrap());
        rows += 1;
    }
    assert_eq!(rows, 200);
}

#[test]
fn a_study_that_runs_out_of_time_says_what_is_not_settled_and_can_be_verified() {
    let folder = folder("time");
    let out = firedrill(&folder, "compare db.ron --replications 10000000 --time 1s --html page.html --json");
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(json["ended"], "time");
    assert!(json["replications"].as_u64().is_some_and(|n| n > 0 && n < 10_000_000), "{}", json["replications"]);
    assert!(firedrill(&folder, "verify page.html").starts_with("page.html is confirmed"));
}

#[test]
fn a_page_is_confirmed_and_one_that_was_changed_is_not() {
    let folder = folder("verify");
    firedrill(&folder, "compare db.ron --replications 200 --html page.html");
    assert!(firedrill(&folder, "verify page.html").starts_with("page.html is confirmed: digest "));
    let page = fs::read_to_string(folder.join("page.html")).unwrap();
    let verify = |page: &str| {
        fs::write(folder.join("changed.html"), page).unwrap();
        told(&command(&folder, "verify changed.html").output().unwrap())
    };
    let (code, out, err) = verify(&page.replacen("</h1>", "!</h1>", 1));
    // One verdict, where whoever reads the output looks for it.
    assert_eq!((code, err.as_str()), (5, ""));
    assert!(out.starts_with("changed.html is not confirmed: ") && out.contains("somebody changed it"), "{out}");
    assert!(!out.contains("changed.html is confirmed"), "{out}");
    // The hour that repairs take in the slow design, in the scenario that is in the page.
    let other = page.replacen("1h", "2h", 1);
    assert_ne!(other, page);
    let (code, out, err) = verify(&other);
    assert_eq!((code, err.as_str()), (5, ""));
    assert!(out.contains("is not confirmed"), "{out}");
    assert_eq!(verify("<html></html>").0, 2);
}

/// A page comes from anywhere: what it says of itself is neither obeyed by the terminal nor believed.
#[test]
fn a_page_that_lies_is_told_and_does_no_harm() {
    let folder = folder("verify-hostile");
    firedrill(&folder, "compare db.ron --replications 100 --html page.html");
    let page = fs::read_to_string(folder.join("page.html")).unwrap();
    let verify = |from: &str, to: &str| {
        let changed = page.replacen(from, to, 1);
        assert_ne!(changed, page, "{from}");
        fs::write(folder.join("changed.html"), changed).unwrap();
        let (code, out, err) = told(&command(&folder, "verify changed.html").output().unwrap());
        assert!(!out.chars().chain(err.chars()).any(|c| c.is_control() && c != '\n'), "{out:?}{err:?}");
        (code, out + &err)
    };
    let (code, err) = verify("digest&quot;:&quot;", "digest&quot;:&quot;\\u001b[31m\\u009b\\n");
    assert_eq!(code, 5, "{err}");
    assert!(err.contains("is not confirmed"), "{err}");
    let version = "firedrill_version&quot;:&quot;";
    let (code, err) = verify(version, &format!("{version}\\u001b]0;owned\\u0007"));
    assert_eq!(code, 5, "{err}");
    // More replications than were planned are not made: 2^64 - 1 of them would never end.
    let began = std::time::Instant::now();
    let (code, err) = verify("replications&quot;:[100", "replications&quot;:[18446744073709551615");
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("18446744073709551615 replications of 100"), "{err}");
    assert!(began.elapsed() < Duration::from_secs(10));
}

/// The system lets no file grow further than so many blocks: whatever is written, it fails somewhere on its way.
#[test]
fn a_disk_that_is_full_at_any_point_costs_no_result() {
    let folder = folder("full-at-any-point");
    let study = "compare db.ron --replications 300 --seed 5 --results kept --html page.html --rows rows.csv";
    let whole = self::folder("full-reference");
    firedrill(&whole, study);
    let mut failed = 0;
    for (signal, blocks) in [("", 0), ("", 4), ("", 16), ("", 40), ("25", 0), ("25", 8), ("25", 40)] {
        // Where the signal is ignored a write fails; where it is not, it kills.
        let ignored = if signal.is_empty() { "trap '' 25; " } else { "" };
        let script = format!("{ignored}ulimit -c 0; ulimit -f {blocks}; exec \"$0\" {study}");
        let mut command = Command::new("sh");
        command.current_dir(&folder).args(["-c", &script, env!("CARGO_BIN_EXE_firedrill")]);
        let (code, out, err) = told(&command.stdin(Stdio::null()).output().unwrap());
        failed += i32::from(code != 0);
        assert!(code != 0 || bytes(&folder) == bytes(&whole), "{blocks}: {out}{err}");
        if signal.is_empty() && code != 0 {
            assert_eq!(code, 4, "{blocks}: {out}{err}");
            assert!(err.contains("cannot write"), "{err}");
        }
    }
    assert!(failed >= 4, "{failed} of them failed");
    firedrill(&folder, study);
    let names = |folder: &Path| bytes(folder).into_keys().collect::<Vec<_>>();
    assert_eq!(names(&folder), names(&whole));
    assert!(bytes(&folder) == bytes(&whole), "every byte is as it would have been");
}

#[test]
fn leftovers_of_killed_programs_are_no_results_and_are_cleared_away() {
    let folder = folder("leftovers");
    let file = folder.join("db.ron");
    fs::write(
        &file,
        r#"Scenario(format: 1, title: "db", clock: (from: "2024-01-01T00:00", zone: "UTC", horizon: "30d"), sites: {"a": ()},
        components: {"db": (fails: exponential(mean: "10d"), repair: (takes: exponential(mean: "1h")))})"#,
    )
    .unwrap();
    let results = folder.join("r");
    let page = folder.join("page.html");
    let made = |shard: &[&str], html: bool| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_firedrill"));
        command.arg("compare").arg(&file).args(["--metric", "components.db.downtime_s", "--replications", "200"]);
        command.arg("--results").arg(&results).args(shard);
        if html {
            command.arg("--html").arg(&page);
        }
        let output = command.output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let names = || -> Vec<String> {
        let inside = |folder: &Path| fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect::<Vec<_>>();
        let all = inside(&results).into_iter().flat_map(|path| if path.is_dir() { inside(&path) } else { vec![path] });
        all.map(|path| path.display().to_string()).collect()
    };
    assert_eq!(made(&["--shard", "1/2"], false).0, Some(0));
    let batch = names().into_iter().find(|name| name.ends_with("000000000+100.jsonl")).unwrap();
    // As if every number that a process may have had been left by one that was killed halfway.
    let leave = |batch: &str| {
        (0..100_000).step_by(1_000).chain([1]).for_each(|pid| fs::write(format!("{batch}.{pid}.part"), "half").unwrap())
    };
    fs::remove_file(&batch).unwrap();
    leave(&batch);
    fs::write(format!("{}.1.part", page.display()), "half").unwrap();
    assert_eq!(made(&["--shard", "1/2"], false).0, Some(0));
    assert!(names().contains(&batch), "the batch is made");
    assert!(names().iter().all(|name| !name.ends_with(".part")), "nothing is left");
    leave(&batch);
    assert_eq!(made(&[], true).0, Some(0));
    assert!(names().iter().all(|name| !name.ends_with(".part")), "nothing is left");
    assert!(fs::read_to_string(&page).unwrap().contains("</html>"));
    assert!(!folder.join("page.html.1.part").exists());
    // A shard and a program that makes all of it are two writers.
    let lock = fs::File::options().write(true).open(results.join("lock")).unwrap();
    lock.lock_shared().unwrap();
    assert_eq!(made(&["--shard", "1/2"], false).0, Some(0), "shards go together");
    let (code, said) = made(&[], false);
    assert!(code == Some(4) && said.contains("another firedrill is writing"), "{said}");
}
