//! The quick tests: what each takes, and which mutants it could notice.

use crate::process::{End, Test, list, run};
use crate::project::{Project, write_changed};
use crate::{build, workers};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Mutex;

/// What takes longer is no quick test.
const QUICK_S: f64 = 2.5;
/// What takes longer than this is not waited for.
const LONG_S: f64 = 3.0;

/// A test that passes when no mutant is on.
pub struct Quick {
    pub test: Test,
    pub takes_s: f64,
    pub reaches: BTreeSet<u32>,
    /// Tests write where only they do: no two of the same at once.
    pub busy: Mutex<()>,
}

/// The quick suite, and which tests are left out of it.
pub struct Suite {
    pub tests: Vec<Quick>,
    pub slow: Vec<String>,
    pub broken: Vec<String>,
}

/// What is known of a test: how it ended, what it took, what it reached.
type Known = (End, f64, BTreeSet<u32>);

/// Runs every test once, without a mutant. What was built already the last time is not run again.
pub fn measure(project: &Project, jobs: usize) -> Result<Suite, String> {
    let copy = project.copy();
    let mut tests = Vec::new();
    for (suite, binary) in build::tests(project)? {
        let built = build_of(&binary);
        tests.extend(list(&suite, &binary, &copy)?.into_iter().map(|test| (format!("{built} {}", test.name), test)));
    }
    let before = recall(&project.work.join("measured.json"));
    let folder = project.work.join("reached");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let ran = workers::each(jobs, tests.len(), |nth| {
        let (key, test) = &tests[nth];
        if let Some(known) = before.get(key) {
            return Ok(known.clone());
        }
        let noted = folder.join(nth.to_string());
        let (end, takes_s) = run(test, &copy, ("FIREDRILL_MUTANTS_REACHED", &noted.to_string_lossy()), LONG_S)?;
        let lines = fs::read_to_string(&noted).unwrap_or_default();
        Ok((end, takes_s, lines.lines().filter_map(|l| l.parse().ok()).collect::<BTreeSet<u32>>()))
    })?;
    remember(project, tests.iter().map(|(key, _)| key).zip(&ran))?;
    let mut suite = Suite { tests: Vec::new(), slow: Vec::new(), broken: Vec::new() };
    for ((_, test), (end, takes_s, reaches)) in tests.into_iter().zip(ran) {
        match end {
            End::Passed if takes_s <= QUICK_S => {
                suite.tests.push(Quick { test, takes_s, reaches, busy: Mutex::new(()) });
            }
            End::Passed | End::TooLong => suite.slow.push(test.label()),
            End::Failed => suite.broken.push(test.label()),
        }
    }
    suite.tests.sort_by(|a, b| a.takes_s.total_cmp(&b.takes_s));
    Ok(suite)
}

/// A binary, and when it was built.
fn build_of(binary: &Path) -> String {
    let built = fs::metadata(binary).and_then(|data| data.modified()).ok();
    let since = built.and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
    format!("{} {}", binary.display(), since.map_or(0, |since| since.as_nanos()))
}

fn remember<'a>(project: &Project, all: impl Iterator<Item = (&'a String, &'a Known)>) -> Result<(), String> {
    let one = |(key, (end, takes_s, reaches)): (&String, &Known)| {
        let end = ["passed", "failed", "too long"][*end as usize];
        (key.clone(), json!([end, takes_s, reaches]))
    };
    let all: serde_json::Map<String, Value> = all.map(one).collect();
    write_changed(&project.work.join("measured.json"), Value::Object(all).to_string().as_bytes())
}

/// But what failed: that may have had to do with the day.
fn recall(path: &Path) -> BTreeMap<String, Known> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let Ok(Value::Object(all)) = serde_json::from_str(&text) else { return BTreeMap::new() };
    let one = |(key, known): (String, Value)| {
        let reaches = known[2].as_array()?.iter().filter_map(|n| u32::try_from(n.as_u64()?).ok());
        let end = match known[0].as_str()? {
            "passed" => End::Passed,
            "too long" => End::TooLong,
            _ => return None,
        };
        Some((key, (end, known[1].as_f64()?, reaches.collect())))
    };
    all.into_iter().filter_map(one).collect()
}
