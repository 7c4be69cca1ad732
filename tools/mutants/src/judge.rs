//! For each mutant the tests that could notice it, until one does.

use crate::mutant::Mutant;
use crate::process::{End, run};
use crate::progress;
use crate::project::Project;
use crate::suite::{Quick, Suite};
use crate::workers;
use std::collections::BTreeMap;
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
    /// What a run that was ended has found already is taken as it is.
    pub go_on: bool,
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
    /// The test that caught it.
    pub fn by(&self) -> Option<&str> {
        match self {
            Fate::Caught(by) | Fate::CaughtByTime(by) => Some(by),
            Fate::Missed(_) | Fate::Unviable => None,
        }
    }

    pub fn is_caught(&self) -> bool {
        matches!(self, Fate::Caught(_) | Fate::CaughtByTime(_))
    }
}

/// Which tests have noticed something, and how often: those are asked first.
#[derive(Default)]
struct Noticed {
    of_function: BTreeMap<String, BTreeMap<usize, usize>>,
    of_file: BTreeMap<String, BTreeMap<usize, usize>>,
    /// The last time: by the name of the mutant.
    of_mutant: BTreeMap<String, usize>,
}

impl Noticed {
    fn note(&mut self, mutant: &Mutant, test: usize) {
        let function = format!("{} {}", mutant.file, mutant.function);
        *self.of_function.entry(function).or_default().entry(test).or_default() += 1;
        *self.of_file.entry(mutant.file.clone()).or_default().entry(test).or_default() += 1;
    }

    /// Who is asked first: whoever noticed this one the last time, then who noticed most of its function and of its file.
    fn first(&self, mutant: &Mutant, suite: &Suite) -> Vec<usize> {
        let mut first: Vec<usize> = self.of_mutant.get(&mutant.name()).copied().into_iter().collect();
        let function = format!("{} {}", mutant.file, mutant.function);
        for (counts, most) in [(self.of_function.get(&function), 6), (self.of_file.get(&mutant.file), 12)] {
            let mut tests: Vec<(usize, usize)> = counts.into_iter().flatten().map(|(test, n)| (*test, *n)).collect();
            let worth = |(test, n): &(usize, usize)| *n as f64 / (suite.tests[*test].takes_s + 0.02);
            tests.sort_by(|a, b| worth(b).total_cmp(&worth(a)));
            for (test, _) in tests.into_iter().take(most) {
                if !first.contains(&test) {
                    first.push(test);
                }
            }
        }
        first
    }
}

/// Judges these mutants.
pub fn judge<'a>(
    project: &Project,
    suite: &Suite,
    of: &[&'a Mutant],
    asked: Asked,
) -> Result<Vec<(&'a Mutant, Fate)>, String> {
    let before = progress::load(project);
    let (done, started) = (AtomicUsize::new(0), Instant::now());
    let place = |label: &str| suite.tests.iter().position(|quick| quick.test.label() == label);
    let of_mutant = before.iter().filter_map(|(name, fate)| Some((name.clone(), place(fate.by()?)?))).collect();
    let noticed = Mutex::new(Noticed { of_mutant, ..Noticed::default() });
    let fates = workers::each(asked.jobs, of.len(), |nth| {
        let fate = match before.get(&of[nth].name()).filter(|_| asked.go_on) {
            Some(known) => known.clone(),
            None => judge_one(project, suite, of[nth], &noticed, asked.most_s)?,
        };
        progress::note(project, of[nth], &fate)?;
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

fn judge_one(
    project: &Project,
    suite: &Suite,
    mutant: &Mutant,
    noticed: &Mutex<Noticed>,
    most_s: f64,
) -> Result<Fate, String> {
    if !project.is_viable(mutant) {
        return Ok(Fate::Unviable);
    }
    let before = noticed.lock().expect("nobody fails in here").first(mutant, suite);
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
            noticed.lock().expect("nobody fails in here").note(mutant, nth);
            return Ok(if end == End::Failed { Fate::Caught(test.label()) } else { Fate::CaughtByTime(test.label()) });
        }
    }
    Ok(Fate::Missed(tried))
}
