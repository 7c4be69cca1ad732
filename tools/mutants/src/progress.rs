//! What is found, as soon as it is found: a run that is ended can be gone on with, and the next one asks first who noticed.

use crate::judge::Fate;
use crate::mutant::Mutant;
use crate::project::Project;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;

fn path(project: &Project) -> PathBuf {
    project.work.join("progress.txt")
}

/// One more: what came of it, by whom, its name.
pub fn note(project: &Project, mutant: &Mutant, fate: &Fate) -> Result<(), String> {
    let (what, by) = match fate {
        Fate::Caught(by) => ("caught", by.clone()),
        Fate::CaughtByTime(by) => ("caught by time", by.clone()),
        Fate::Missed(tests) => ("missed", tests.to_string()),
        Fate::Unviable => ("unviable", String::new()),
    };
    let file = std::fs::OpenOptions::new().create(true).append(true).open(path(project));
    let line = format!("{what}\t{by}\t{}\n", mutant.name());
    file.and_then(|mut file| file.write_all(line.as_bytes())).map_err(|e| format!("{}: {e}", path(project).display()))
}

/// What is known by name; of what was found twice the last.
pub fn load(project: &Project) -> BTreeMap<String, Fate> {
    let text = std::fs::read_to_string(path(project)).unwrap_or_default();
    let one = |line: &str| {
        let [what, by, name] = line.split('\t').collect::<Vec<_>>().try_into().ok()?;
        let fate = match what {
            "caught" => Fate::Caught(by.to_owned()),
            "caught by time" => Fate::CaughtByTime(by.to_owned()),
            "missed" => Fate::Missed(by.parse().ok()?),
            _ => Fate::Unviable,
        };
        Some((name.to_owned(), fate))
    };
    text.lines().filter_map(one).collect()
}
