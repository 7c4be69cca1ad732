//! Both traffic engines over a grid of scenarios, as a page of the reference.
//!
//! ```sh
//! cargo run --release --example agreement > docs/reference/agreement.md
//! ```
//!
//! The page is the same on every machine: the order of the results is that of the grid, whoever worked them out. Words after `--`
//! keep the families whose names have one of them, for a look at a part.
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::disallowed_methods, reason = "a program of its own")]

#[path = "agreement/grid.rs"]
mod grid;
#[path = "agreement/page.rs"]
mod page;

use firedrill::agree::{PairedRuns, mean_and_half_width};
use firedrill::load::load;
use firedrill::metrics::Outcome;
use firedrill::rng::Luck;
use firedrill::run::{Traffic, follow, run};
use firedrill::scenario::{Choice, Source};
use firedrill::units::Time;
use firedrill::world::World;
use grid::{Cell, Family};
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// One metric of a cell by both engines.
#[derive(Debug, Clone)]
pub struct Measured {
    /// Which.
    pub metric: &'static str,
    /// By the flow engine.
    pub flow: f64,
    /// By the request engine: the mean of the replications.
    pub request: f64,
    /// Half the width of the 95% interval of the request engine's mean.
    pub half_width: f64,
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let kept = |name: &str| words.is_empty() || words.iter().any(|word| name.contains(word.as_str()));
    let mut families = grid::families();
    families.retain(|family| kept(family.name));
    let results = metric(&families);
    let scenarios = if kept("files") { files() } else { Vec::new() };
    print!("{}", page::page(&families, &results, &scenarios));
}

fn world_of(text: &str) -> Arc<World> {
    let loaded = load(&Source::new("cell.ron", text), &Choice::default());
    loaded.unwrap_or_else(|mistakes| panic!("{mistakes}\n{text}")).1
}

/// What both engines have in common, by name; nothing where it does not occur.
fn seen(outcome: &Outcome, cell: &Cell) -> Vec<(&'static str, Option<f64>)> {
    let used = &outcome.people["all"].features["do"];
    let latency = &used.latency.all;
    let mut all = vec![
        ("served", Some(used.requests.served)),
        ("mean", latency.mean_s),
        ("p50", latency.p50_s),
        ("p95", latency.p95_s),
        ("p99", latency.p99_s),
    ];
    if used.requests.failed + used.requests.shed > 0.0 {
        all.push(("failed", Some(used.requests.failed + used.requests.shed)));
    }
    if let Some(from_s) = cell.overload_from_s {
        let service = outcome.services.iter().find(|(name, _)| name.starts_with("work@")).expect("a service").1;
        let longest = service.overloads.iter().max_by(|a, b| a.backlog_max.total_cmp(&b.backlog_max));
        all.push(("backlog", longest.map(|over| over.backlog_max)));
        all.push(("drained", longest.and_then(|over| over.drained_at_s.map(|at| at - from_s))));
    }
    all
}

/// All cells, in the order of the grid. The longest are begun first, so that no core waits for one at the end.
fn metric(families: &[Family]) -> Vec<Vec<Vec<Measured>>> {
    let cells: Vec<&Cell> = families.iter().flat_map(|family| &family.cells).collect();
    let mut jobs: Vec<(usize, u64)> = Vec::new();
    for (i, cell) in cells.iter().enumerate() {
        jobs.extend((0..=cell.replications).map(|job| (i, job)));
    }
    jobs.sort_by(|a, b| cells[b.0].requests.total_cmp(&cells[a.0].requests).then(a.cmp(b)));
    let all: f64 = cells.iter().map(|cell| cell.requests * cell.replications as f64).sum();
    eprintln!("{} cells, {:.0} million requests", cells.len(), all / 1e6);
    type Observation = Vec<(&'static str, Option<f64>)>;
    let done: Mutex<Vec<Vec<Option<Observation>>>> =
        Mutex::new(cells.iter().map(|cell| vec![None; cell.replications as usize + 1]).collect());
    let (next, told) = (AtomicUsize::new(0), Mutex::new(0.0));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(&(at, job)) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let cell = cells[at];
                    let world = world_of(&cell.text);
                    // The first is the flow engine's, which has no luck in these.
                    let outcome = if job == 0 {
                        run(&world, Luck { seed: 1, replication: 0 }).outcome
                    } else {
                        let luck = Luck { seed: 1, replication: job };
                        follow(&world, luck, Traffic::every_request()).unwrap_or_else(|e| panic!("{e}")).outcome
                    };
                    done.lock().expect("no thread panics")[at][job as usize] = Some(seen(&outcome, cell));
                    if job > 0 {
                        let mut told = told.lock().expect("no thread panics");
                        *told += cell.requests;
                        eprint!("\r{:3.0}%", *told / all * 100.0);
                    }
                }
            });
        }
    });
    eprintln!();
    let mut done = done.into_inner().expect("no thread panics").into_iter();
    let results = families.iter().map(|family| {
        let of_cell = |runs: Vec<Option<Observation>>| combined(&runs.into_iter().flatten().collect::<Vec<_>>());
        done.by_ref().take(family.cells.len()).map(of_cell).collect()
    });
    results.collect()
}

/// The flow engine's values, which come first, and the means of the others.
fn combined(runs: &[Vec<(&'static str, Option<f64>)>]) -> Vec<Measured> {
    let find = |run: &[(&'static str, Option<f64>)], name| run.iter().find(|m| m.0 == name).and_then(|m| m.1);
    let mut found = Vec::new();
    for name in ["served", "failed", "mean", "p50", "p95", "p99", "backlog", "drained"] {
        let values: Vec<f64> = runs[1..].iter().filter_map(|run| find(run, name)).collect();
        if values.len() + 1 < runs.len() {
            continue;
        }
        let (request, half_width) = mean_and_half_width(&values);
        let flow = find(&runs[0], name).unwrap_or(f64::NAN);
        found.push(Measured { metric: name, flow, request, half_width });
    }
    found
}

/// A window of a scenario's file by both engines.
pub struct Window {
    /// The file.
    pub file: &'static str,
    /// What happens in it.
    pub what: &'static str,
    /// From here.
    pub from: &'static str,
    /// To here.
    pub to: &'static str,
    /// What both engines say.
    pub agreement: firedrill::agree::Agreement,
}

/// File, what the window is, from, to, replications.
const WINDOWS: [(&str, &str, &str, &str, u64); 4] = [
    ("scenarios/itslearning-2016-10.ron", "a quiet peak", "Mon 09:00", "Mon 09:05", 4),
    ("scenarios/itslearning-2016-10.ron", "the failure at 14:31", "Mon 14:26", "Mon 14:36", 4),
    ("scenarios/itslearning-2020-03.ron", "a peak of the first Monday", "2020-03-16T10:00", "2020-03-16T10:03", 4),
    ("scenarios/retry-storm.ron", "a storm of retries", "2024-03-04T10:00", "2024-03-04T10:10", 4),
];

fn files() -> Vec<Window> {
    let of = |&(file, what, from, to, replications): &(&'static str, &'static str, &'static str, &'static str, u64)| {
        eprintln!("{file}: {what}");
        let text = std::fs::read_to_string(file).unwrap_or_else(|e| panic!("{file}: {e}"));
        let world = world_of(&text);
        let time = |text: &str| -> Time {
            world.calendar.read(text).unwrap_or_else(|(reason, fix)| panic!("{text}: {reason}; {fix}"))
        };
        let pairs = PairedRuns::new(&world, Luck { seed: 1, replication: 0 }, time(from), time(to), replications);
        let next = AtomicUsize::new(0);
        let done: Mutex<Vec<Option<_>>> = Mutex::new((0..pairs.steps()).map(|_| None).collect());
        std::thread::scope(|scope| {
            for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
                scope.spawn(|| {
                    loop {
                        let step = next.fetch_add(1, Ordering::Relaxed);
                        if step >= pairs.steps() {
                            return;
                        }
                        let runs = pairs.step(step).unwrap_or_else(|e| panic!("{file}: {e}"));
                        done.lock().expect("no thread panics")[step] = Some(runs);
                    }
                });
            }
        });
        let runs: Vec<_> = done.into_inner().expect("no thread panics").into_iter().flatten().collect();
        Window { file, what, from, to, agreement: pairs.agreement(&runs) }
    };
    WINDOWS.iter().map(of).collect()
}
