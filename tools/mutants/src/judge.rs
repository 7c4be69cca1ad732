//! For each mutant the tests that could notice it, until one does.

use crate::mutant::Mutant;
use crate::process::{End, run};
use crate::project::Project;
use crate::suite::{Quick, Suite};
use crate::workers;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Instant;

/// A test is given up after so many times what it usually takes, and so many seconds more.
const PATIENCE: (f64, f64) = (5.0, 2.0);

/// How the tests are asked.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// So many at once.
    pub jobs: usize,
    /// Of those that come by a mutant the quickest, as long as all of them together take no more than this, in seconds.
    pub most_s: f64,
}

/// What came of a mutant.
#[derive(Debug, Clone, PartialEq)]
pub enum Fate {
    /// By which test.
    Caught(String),
    /// This test took far longer than usual.
    CaughtByTime(String),
    /// So many tests come by and see nothing.
    Missed(usize),
    Unviable,
}

impl Fate {
    pub fn is_caught(&self) -> bool {
        matches!(self, Fate::Caught(_) | Fate::CaughtByTime(_))
    }
}

/// Which tests have noticed something, by function: they are asked first.
type Noticed = Mutex<BTreeMap<String, Vec<usize>>>;

/// Judges these mutants.
pub fn judge<'a>(
    project: &Project,
    suite: &Suite,
    of: &[&'a Mutant],
    asked: Asked,
) -> Result<Vec<(&'a Mutant, Fate)>, String> {
    let _ = std::fs::remove_file(project.work.join("progress.txt"));
    let (noticed, done, started) = (Noticed::default(), AtomicUsize::new(0), Instant::now());
    let fates = workers::each(asked.jobs, of.len(), |nth| {
        let fate = judge_one(project, suite, of[nth], &noticed, asked.most_s)?;
        note(project, of[nth], &fate)?;
        let done = done.fetch_add(1, Relaxed) + 1;
        if matches!(fate, Fate::Missed(_)) {
            eprintln!("   missed {}", of[nth].line());
        }
        if done % 100 == 0 {
            eprintln!("   {done} of {} after {} s", of.len(), started.elapsed().as_secs());
        }
        Ok(fate)
    })?;
    Ok(of.iter().copied().zip(fates).collect())
}

/// As soon as it is known, so that a run that is ended says what it has found.
fn note(project: &Project, mutant: &Mutant, fate: &Fate) -> Result<(), String> {
    let path = project.work.join("progress.txt");
    let file = std::fs::OpenOptions::new().create(true).append(true).open(&path);
    let line = format!("{fate:?} {}\n", mutant.line());
    file.and_then(|mut file| file.write_all(line.as_bytes())).map_err(|e| format!("{}: {e}", path.display()))
}

fn judge_one(
    project: &Project,
    suite: &Suite,
    mutant: &Mutant,
    noticed: &Noticed,
    most_s: f64,
) -> Result<Fate, String> {
    if !project.is_viable(mutant) {
        return Ok(Fate::Unviable);
    }
    let place = format!("{} {}", mutant.file, mutant.function);
    let before = noticed.lock().expect("nobody fails in here").get(&place).cloned().unwrap_or_default();
    let reach = |nth: &usize| suite.tests[*nth].reaches.contains(&mutant.number);
    let mut order: Vec<usize> = before.iter().copied().filter(reach).collect();
    let mut asked_s = 0.0;
    let mut in_time = |nth: &usize| {
        asked_s += suite.tests[*nth].takes_s;
        asked_s <= most_s
    };
    let others = (0..suite.tests.len()).filter(reach).take_while(&mut in_time);
    order.extend(others.filter(|nth| !before.contains(nth)));
    let tried = order.len();
    while !order.is_empty() {
        // Whoever is busy with another mutant comes later.
        let free = order.iter().enumerate().find_map(|(i, nth)| Some((i, suite.tests[*nth].busy.try_lock().ok()?)));
        let Some((i, busy)) = free else {
            std::thread::sleep(std::time::Duration::from_millis(5));
            continue;
        };
        let nth = order.remove(i);
        let Quick { test, takes_s, .. } = &suite.tests[nth];
        let number = mutant.number.to_string();
        let limit = PATIENCE.0 * takes_s + PATIENCE.1;
        let (end, _) = run(test, &project.copy(), ("FIREDRILL_MUTANT", &number), limit)?;
        drop(busy);
        if end != End::Passed {
            if *takes_s < 1.0 {
                let mut noticed = noticed.lock().expect("nobody fails in here");
                let list = noticed.entry(place).or_default();
                list.retain(|known| *known != nth);
                list.insert(0, nth);
                list.truncate(5);
            }
            return Ok(if end == End::Failed { Fate::Caught(test.label()) } else { Fate::CaughtByTime(test.label()) });
        }
    }
    Ok(Fate::Missed(tried))
}
