//! `test`: every expectation of every file.

use super::terminal::{self, Look};
use super::{Said, exit, files};
use anstyle::{AnsiColor, Color, Style};
use firedrill::expect::{self, Verdict};
use firedrill::load;
use firedrill::report::text::{clean, width};
use firedrill::rng::Luck;
use firedrill::run::run;
use std::path::{Path, PathBuf};

/// How many expectations there were, and what came of them.
#[derive(Debug, Default)]
struct Tally {
    files: usize,
    passed: usize,
    failed: usize,
    /// Files that could not be tested.
    broken: usize,
}

/// Runs every run that the files speak of and judges it.
pub fn test(paths: &[PathBuf], seed: u64) -> Said {
    let mut said = Said::default();
    let mut tally = Tally::default();
    let look = terminal::look();
    let mut all: Vec<PathBuf> = Vec::new();
    for path in paths {
        match files::scenarios(path) {
            Ok(found) => all.extend(found),
            Err(error) => {
                tally.broken += 1;
                said.file_error(&error);
            }
        }
    }
    for path in all {
        one(&path, seed, look, &mut said, &mut tally);
    }
    let total = tally.passed + tally.failed;
    let files = format!("{} file{}", tally.files, if tally.files == 1 { "" } else { "s" });
    let mut summary = match (total, tally.failed) {
        (0, _) => format!("nothing is expected in {files}"),
        (1, 0) => format!("1 expectation in {files} holds"),
        (n, 0) => format!("{n} expectations in {files}, all hold"),
        (n, failed) => format!("{n} expectation{} in {files}, {failed} failed", if n == 1 { "" } else { "s" }),
    };
    if tally.broken > 0 {
        summary.push_str(&format!("; {} could not be tested", tally.broken));
    }
    said.out.push_str(&summary);
    said.out.push('\n');
    said
}

fn one(path: &Path, seed: u64, look: Look, said: &mut Said, tally: &mut Tally) {
    let source = match files::read(path) {
        Ok(source) => source,
        Err(error) => {
            tally.broken += 1;
            said.file_error(&error);
            return;
        }
    };
    // Everything that the file says is looked at, also what no expectation speaks of.
    if let Err(mistakes) = load::check(&source) {
        tally.broken += 1;
        said.mistakes(&source, &mistakes);
        return;
    }
    let Some(written) = source.read_plain().scenario else { return };
    tally.files += 1;
    said.out.push_str(&format!("{}\n", clean(&source.name)));
    if written.expect.is_empty() {
        said.out.push_str("  expects nothing\n");
        return;
    }
    for choice in expect::runs_needed(&written) {
        let world = match load::load(&source, &choice) {
            Ok((_, world)) => world,
            Err(mistakes) => {
                tally.broken += 1;
                said.mistakes(&source, &mistakes);
                continue;
            }
        };
        let outcome = run(&world, Luck { seed, replication: 0 }).outcome;
        let verdicts = expect::judge(&written, &world, &outcome);
        if verdicts.is_empty() {
            continue;
        }
        let p = &outcome.provenance;
        let picks = [p.strategy.as_ref(), p.maintenance.as_ref(), p.variant.as_ref()];
        let run: Vec<String> = picks.into_iter().flatten().map(|name| clean(name)).collect();
        if !run.is_empty() {
            said.out.push_str(&format!("  {}\n", run.join(" · ")));
        }
        said.out.push_str(&lines(&verdicts, look));
        let failed = verdicts.iter().filter(|v| !v.passed).count();
        tally.failed += failed;
        tally.passed += verdicts.len() - failed;
        if failed > 0 {
            said.worsen(exit::EXPECTATION_FAILED);
        }
    }
}

/// A line for each verdict: what was looked at, what was seen, and for those that fail what was expected.
fn lines(verdicts: &[Verdict], look: Look) -> String {
    let style = |colour: AnsiColor| match look.colour {
        true => Style::new().fg_color(Some(Color::Ansi(colour))),
        false => Style::new(),
    };
    let (good, bad) = (style(AnsiColor::Green), style(AnsiColor::Red));
    let column = verdicts.iter().map(|v| width(&clean(&v.what))).max().unwrap_or(0).min(look.width / 2);
    let mut out = String::new();
    for verdict in verdicts {
        let what = clean(&verdict.what);
        let blanks = " ".repeat(column.saturating_sub(width(&what)));
        let (seen, expected) = (clean(&verdict.seen), clean(&verdict.expected));
        out.push_str(&match verdict.passed {
            true => format!("    {good}ok  {good:#}  {what}{blanks}  {seen}  (expected {expected})\n"),
            false => format!("    {bad}FAIL{bad:#}  {what}{blanks}  {bad}{seen}{bad:#}  (expected {expected})\n"),
        });
    }
    out
}
