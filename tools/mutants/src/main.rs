//! Changes firedrill in hundreds of small ways and says which of them no test notices: the mutants of cargo-mutants, all in one
//! build, each behind a switch. `docs/testing.md` says how it is used.

mod build;
mod find;
mod judge;
mod known;
mod mutant;
mod process;
mod progress;
mod project;
mod report;
mod suite;
mod values;
mod workers;

use judge::Asked;
use mutant::Mutant;
use project::{Project, write_changed};
use report::Report;
use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

const HELP: &str = "\
mutants list [--file PART]           all mutants, one a line
mutants make                         the copy in target/mutants, without what does not compile
mutants run [--file PART] [--sample N] [--seed N] [--missed] [--jobs N] [--at-least PERCENT]
    --file PART     only of files whose path has this in it
    --sample N      only so many, spread evenly; --seed says which
    --missed        only those that the last run missed
    --jobs N        so many tests at once; as many as there are cores
    --asked S       asks tests of so many seconds in all about a mutant, the quickest first; 8
    --go-on         takes what the last run found already as it is
    --at-least P    fails where fewer per cent are caught, but for those in known.txt
";

struct Options {
    command: String,
    file: Option<String>,
    sample: Option<usize>,
    seed: usize,
    missed: bool,
    jobs: usize,
    asked_s: f64,
    go_on: bool,
    at_least: f64,
}

fn options() -> Result<Options, String> {
    let mut words = std::env::args().skip(1);
    let command = words.next().ok_or(HELP)?;
    let jobs = std::thread::available_parallelism().map_or(1, usize::from);
    let mut o = Options {
        command,
        file: None,
        sample: None,
        seed: 0,
        missed: false,
        jobs,
        asked_s: 8.0,
        go_on: false,
        at_least: 0.0,
    };
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| format!("{word} needs a value\n{HELP}"));
        let number = |text: String| text.parse::<usize>().map_err(|_| format!("\"{text}\" is no number\n{HELP}"));
        match word.as_str() {
            "--file" => o.file = Some(value()?),
            "--sample" => o.sample = Some(number(value()?)?.max(1)),
            "--seed" => o.seed = number(value()?)?,
            "--jobs" => o.jobs = number(value()?)?.max(1),
            "--asked" => o.asked_s = number(value()?)? as f64,
            "--at-least" => o.at_least = number(value()?)? as f64,
            "--go-on" => o.go_on = true,
            "--missed" => o.missed = true,
            _ => return Err(format!("\"{word}\" is not known\n{HELP}")),
        }
    }
    Ok(o)
}

fn main() -> ExitCode {
    match options().and_then(|o| go(&o)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::from(2)
        }
    }
}

fn go(o: &Options) -> Result<bool, String> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let root = root.canonicalize().map_err(|e| format!("{}: {e}", root.display()))?;
    let mut project = Project::open(root)?;
    match o.command.as_str() {
        "list" => {
            // Whoever reads may have read enough.
            let mut out = std::io::stdout().lock();
            let _ = chosen(&project, o)?.iter().try_for_each(|mutant| writeln!(out, "{}", mutant.line()));
            Ok(true)
        }
        "make" => {
            build::settle(&mut project)?;
            println!("{}", project.copy().display());
            Ok(true)
        }
        "run" => run(&mut project, o),
        other => Err(format!("\"{other}\" is not known\n{HELP}")),
    }
}

fn run(project: &mut Project, o: &Options) -> Result<bool, String> {
    let started = Instant::now();
    let say = |what: &str| eprintln!("== {what} (after {} s)", started.elapsed().as_secs());
    let known = known::load(&project.root)?;
    say("finding what compiles");
    build::settle(project)?;
    say("building the tests");
    let suite = suite::measure(project, o.jobs)?;
    let took: f64 = suite.tests.iter().map(|t| t.takes_s).sum();
    say(&format!("{} quick tests take {took:.0} s; {} are slower", suite.tests.len(), suite.slow.len()));
    suite.broken.iter().for_each(|test| eprintln!("   left out, fails without a mutant: {test}"));
    let mutants = chosen(project, o)?;
    say(&format!("{} mutants", mutants.len()));
    let report = Report {
        fates: judge::judge(project, &suite, &mutants, Asked { jobs: o.jobs, most_s: o.asked_s, go_on: o.go_on })?,
        known: &known,
    };
    let whole = o.file.is_none() && o.sample.is_none() && !o.missed;
    let name = if whole { "all" } else { "some" };
    write_changed(&project.work.join(format!("{name}.json")), report.json().as_bytes())?;
    write_changed(&project.work.join(format!("{name}.txt")), report.text().as_bytes())?;
    print!("{}", report.text());
    known::stale(&known, &project.mutants).iter().for_each(|name| println!("not there any more: {name}"));
    say("done");
    let share = 100.0 * report.all().caught_of_open();
    if share < o.at_least {
        println!("{share:.1}% are caught, {}% are wanted: write a test, or say in known.txt why none can", o.at_least);
    }
    Ok(share >= o.at_least)
}

/// Those that are asked for. A sample takes every k-th, so that every file has its share.
fn chosen<'a>(project: &'a Project, o: &Options) -> Result<Vec<&'a Mutant>, String> {
    let of_file = |m: &&Mutant| o.file.as_ref().is_none_or(|part| m.file.contains(part.as_str()));
    let mut all: Vec<&Mutant> = project.mutants.iter().filter(of_file).collect();
    if o.missed {
        let was = project::read(&project.work.join("all.json"))?;
        let was: serde_json::Value = serde_json::from_str(&was).map_err(|e| format!("all.json: {e}"))?;
        let missed = was["mutants"].as_array().into_iter().flatten().filter(|m| m["fate"] == "missed");
        let names: BTreeSet<&str> = missed.filter_map(|m| m["name"].as_str()).collect();
        all.retain(|mutant| names.contains(mutant.name().as_str()));
    }
    if let Some(sample) = o.sample {
        all.retain(|mutant| project.is_viable(mutant));
        let (n, sample) = (all.len(), sample.min(all.len()));
        let shift = o.seed % n.div_ceil(sample.max(1)).max(1);
        all = (0..sample).map(|i| all[(i * n / sample + shift) % n]).collect();
    }
    Ok(all)
}
