//! The quick tests: what each takes, and which mutants it could notice.

use crate::process::{End, Test, list, run};
use crate::project::Project;
use crate::{build, workers};
use std::collections::BTreeSet;
use std::fs;
use std::sync::Mutex;

/// What takes longer is no quick test.
const QUICK_S: f64 = 2.5;
/// What takes longer than this is not waited for.
const LONG_S: f64 = 10.0;

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

/// Runs every test once, without a mutant.
pub fn measure(project: &Project, jobs: usize) -> Result<Suite, String> {
    let copy = project.copy();
    let mut tests = Vec::new();
    for (suite, binary) in build::tests(project)? {
        tests.extend(list(&suite, &binary, &copy)?);
    }
    let folder = project.work.join("reached");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let ran = workers::each(jobs, tests.len(), |nth| {
        let noted = folder.join(nth.to_string());
        let (end, takes_s) = run(&tests[nth], &copy, ("FIREDRILL_MUTANTS_REACHED", &noted.to_string_lossy()), LONG_S)?;
        let lines = fs::read_to_string(&noted).unwrap_or_default();
        Ok((end, takes_s, lines.lines().filter_map(|l| l.parse().ok()).collect::<BTreeSet<u32>>()))
    })?;
    let mut suite = Suite { tests: Vec::new(), slow: Vec::new(), broken: Vec::new() };
    for (test, (end, takes_s, reaches)) in tests.into_iter().zip(ran) {
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
