//! Whatever a file says: it is refused with its place and its fix, or it runs. Never a panic, a hang, or memory without a bound.
//!
//! Mutants of every scenario file of the project are checked, run briefly by both engines where they are valid, and told as text, page
//! and JSON, in children under limits of time and memory. `FIREDRILL_HOSTILE_FROM` and `FIREDRILL_HOSTILE_CASES` say which;
//! `FIREDRILL_HOSTILE_SHOW=SEED` shows one. `.ci/hostile` is the campaign of a night.
#![cfg(all(feature = "cli", unix))]

#[path = "../common/mod.rs"]
mod common;
mod corpus;
mod growth;
mod judge;
mod mutate;
mod pieces;

use common::campaign;
use corpus::Corpus;
use judge::{Came, judge};
use std::fs;
use std::io::{BufRead, BufReader};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// One mutant takes no longer, on a machine that is busy with others.
const SECONDS_MAX: u64 = 20;
/// A child takes no more memory than this, in kilobytes.
const MEMORY_MAX: u64 = 2_000_000;
/// Mutants that a child judges.
const CASES_OF_A_CHILD: u64 = 2_000;

#[expect(clippy::disallowed_methods, reason = "whoever runs the campaign says how much of it")]
fn asked(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect("a number"))
}

#[test]
fn no_mutant_breaks_anything() {
    let from = asked("FIREDRILL_HOSTILE_FROM").unwrap_or(0);
    let cases = asked("FIREDRILL_HOSTILE_CASES").unwrap_or(campaign(400, 4_000));
    let starts: Vec<u64> = (from..from + cases).step_by(CASES_OF_A_CHILD as usize).collect();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let next = std::sync::atomic::AtomicUsize::new(0);
    let (mut run, mut broken) = (0, Vec::new());
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..cores)
            .map(|_| {
                scope.spawn(|| {
                    let (mut run, mut broken) = (0, Vec::new());
                    while let Some(start) = starts.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)) {
                        let found = range(*start, (start + CASES_OF_A_CHILD).min(from + cases));
                        run += found.0;
                        broken.extend(found.1);
                    }
                    (run, broken)
                })
            })
            .collect();
        for worker in workers {
            let found = worker.join().unwrap();
            run += found.0;
            broken.extend(found.1);
        }
    });
    let how = "FIREDRILL_HOSTILE_SHOW=SEED cargo test --release --test hostile -- --ignored --nocapture one_is_shown";
    assert!(broken.is_empty(), "{} of {cases} mutants broke it:\n{}\n{how}", broken.len(), broken.join("\n"));
    // A campaign of nothing but refusals would say little of the engines.
    assert!(cases < 200 || run * 20 > cases, "only {run} of {cases} mutants were valid");
}

/// Judges a range of seeds in children: how many were run, and what broke. After what ends a child the next one goes on behind it.
fn range(from: u64, to: u64) -> (u64, Vec<String>) {
    let (mut at, mut run, mut broken) = (from, 0, Vec::new());
    while at < to {
        let ended = child(at, to, &mut run, &mut broken);
        match ended {
            None => break,
            Some((seed, why)) => {
                broken.push(format!("seed {seed}: {why}"));
                at = seed + 1;
            }
        }
    }
    (run, broken)
}

/// A child that judges a range of seeds. Gives the seed at which it ended before its time, and how.
fn child(from: u64, to: u64, run: &mut u64, broken: &mut Vec<String>) -> Option<(u64, String)> {
    let me = std::env::current_exe().unwrap();
    let script = format!("ulimit -c 0; ulimit -v {MEMORY_MAX}; exec \"$0\" \"$@\"");
    let mut child = Command::new("sh")
        .args(["-c", &script])
        .arg(me)
        .args(["--ignored", "--exact", "a_child_judges_its_range", "--nocapture", "--test-threads", "1"])
        .env("FIREDRILL_HOSTILE_CHILD", format!("{from} {to}"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let (send, told) = mpsc::channel();
    let out = child.stdout.take().unwrap();
    std::thread::spawn(move || BufReader::new(out).lines().map_while(Result::ok).try_for_each(|line| send.send(line)));
    let mut at = from;
    loop {
        match told.recv_timeout(Duration::from_secs(SECONDS_MAX)) {
            Ok(line) => {
                // libtest may have begun the line.
                let Some((_, said)) = line.split_once("hostile ") else { continue };
                let mut words = said.splitn(3, ' ');
                let (seed, came) = (words.next().and_then(|seed| seed.parse::<u64>().ok()), words.next());
                at = seed.unwrap_or(at);
                match came {
                    Some("run") => *run += 1,
                    Some("broke") => broken.push(format!("seed {at}: {}", words.next().unwrap_or_default())),
                    Some("all") => {
                        let _ = child.wait();
                        return None;
                    }
                    _ => {}
                }
            }
            Err(why) => {
                let _ = child.kill();
                let how = child.wait().map_or_else(|error| error.to_string(), |status| status.to_string());
                return Some((
                    at,
                    match why {
                        mpsc::RecvTimeoutError::Timeout => format!("it took more than {SECONDS_MAX} s"),
                        mpsc::RecvTimeoutError::Disconnected => format!("the child ended: {how}"),
                    },
                ));
            }
        }
    }
}

#[test]
#[ignore = "a part of another test"]
#[expect(clippy::disallowed_methods, clippy::print_stdout, reason = "told by its parent, and tells it")]
fn a_child_judges_its_range() {
    let Ok(range) = std::env::var("FIREDRILL_HOSTILE_CHILD") else { return };
    let (from, to) = range.split_once(' ').unwrap();
    let corpus = Corpus::new();
    // It is told in one line, by the parent.
    let (send, told) = mpsc::channel();
    std::panic::set_hook(Box::new(move |info| drop(send.send(info.to_string().replace('\n', " ")))));
    for seed in from.parse().unwrap()..to.parse::<u64>().unwrap() {
        println!("hostile {seed} begins");
        let text = mutate::mutant(&corpus, seed);
        match catch_unwind(AssertUnwindSafe(|| judge(&text))) {
            Ok(Ok(Came::Run)) => println!("hostile {seed} run"),
            Ok(Ok(Came::Refused)) => {}
            Ok(Err(problem)) => println!("hostile {seed} broke {}", problem.replace('\n', " ")),
            Err(_) => println!("hostile {seed} broke {}", told.try_iter().last().unwrap_or_default()),
        }
    }
    println!("hostile {to} all");
}

#[test]
#[ignore = "asked for by hand"]
#[expect(clippy::print_stdout, reason = "for whoever looks at one")]
fn one_is_shown() {
    let seed = asked("FIREDRILL_HOSTILE_SHOW").expect("FIREDRILL_HOSTILE_SHOW says which seed");
    println!("{}", mutate::mutant(&Corpus::new(), seed));
}

/// What has broken something once, as small as it could be made.
#[test]
fn what_broke_it_once_does_not_again() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hostile/kept");
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        judge(&fs::read_to_string(&path).unwrap()).unwrap_or_else(|problem| panic!("{}: {problem}", path.display()));
    }
}
