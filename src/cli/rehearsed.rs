//! Logs of rehearsals, played again with nobody there: by `run` to look at, by `test` as a regression.

use super::args::RunArgs;
use super::cases::{Case, Group};
use super::review::{changed_since, plan_of, read_log};
use super::said::Said;
use super::{files, run};
use firedrill::expect::{Criterion, penalise};
use firedrill::metrics::length_words;
use firedrill::rehearse::{CameTo, Log, Plan, branches, last_played};
use firedrill::replay::shell_word;
use firedrill::report::text::clean;
use firedrill::scenario::Source;
use firedrill::study::Judgement;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Two lengths of time that differ by less are the same, in seconds: what only rounding makes is nothing.
const NEAR_S: f64 = 1e-6;

/// Runs a scenario with what people did in a rehearsal.
pub fn run(args: &RunArgs, log: &Path) -> Said {
    let mut said = Said::default();
    let source = match files::read(&args.file) {
        Ok(source) => source,
        Err(error) => {
            said.file_error(&error);
            return said;
        }
    };
    let (plan, log_read) = match played(&source, log) {
        Ok(played) => played,
        Err(said) => return said,
    };
    let all = branches(&log_read.entries);
    let branch = &all[last_played(&all, &log_read.entries)];
    let play = plan.play_of(branch, &log_read.entries);
    let mut first = play.run(plan.luck);
    penalise(&Criterion::all(&plan.scenario), &mut first.outcome);
    if all.len() > 1 {
        said.err.push_str(&format!("branch \"{}\" of {}\n", clean(&branch.name), all.len()));
    }
    let (file, log) = (args.file.display().to_string(), log.display().to_string());
    let replay = format!("firedrill run {} --log {}", shell_word(&file), shell_word(&log));
    said.warnings(&source);
    said.err.push_str(&changed_since(&log_read, &plan, Path::new(&log)));
    run::show(args, &play.world, &first, &replay, said)
}

fn played(source: &Source, path: &Path) -> Result<(Plan, Log), Said> {
    let log = read_log(path)?;
    let plan = plan_of(source, &log.header)?;
    Ok((plan, log))
}

/// A group of cases for each log: with these decisions, everybody is down for as long as when it was played.
pub fn groups(source: &Source, logs: &[PathBuf], said: &mut Said) -> Result<Vec<Group>, Said> {
    logs.iter().map(|path| group(source, path, said)).collect()
}

fn group(source: &Source, path: &Path, said: &mut Said) -> Result<Group, Said> {
    #[expect(clippy::disallowed_methods, reason = "how long a test took, for its report")]
    let began = Instant::now();
    let (plan, log) = played(source, path)?;
    said.err.push_str(&changed_since(&log, &plan, path));
    let name = path.display().to_string();
    let all = branches(&log.entries);
    let branch = &all[last_played(&all, &log.entries)];
    let came_to = branch.entries.iter().rev().find_map(|i| log.entries[*i].came_to.as_ref());
    let outcome = plan.play_of(branch, &log.entries).felt(plan.luck);
    let replay = format!("firedrill run {} --log {}", shell_word(&source.name), shell_word(&name));
    let case = |(people, felt): (&String, &firedrill::metrics::PeopleOutcome)| {
        let was = came_to.and_then(|came_to: &CameTo| came_to.downtime_s.get(people).copied());
        let same = was.map(|was| (was - felt.downtime_s).abs() < NEAR_S);
        Case {
            what: format!("with these decisions, {people} are down"),
            seen: length_words(felt.downtime_s),
            expected: match was {
                Some(was) => format!("{}, as it was played", length_words(was)),
                None => "play was not ended: the log does not say what it came to".to_owned(),
            },
            judgement: match same {
                None => Judgement::NoData,
                Some(true) => Judgement::Pass,
                Some(false) => Judgement::Fail,
            },
            replay: (same == Some(false)).then(|| replay.clone()),
            shrink: None,
            drill: None,
            line: None,
        }
    };
    let cases = outcome.people.iter().map(case).collect();
    Ok(Group { file: source.name.clone(), run: told_of(&name, &branch.name, all.len()), cases, took: began.elapsed() })
}

/// Which rehearsal it is; the branch, where there is more than one.
fn told_of(log: &str, branch: &str, branches: usize) -> String {
    if branches > 1 { format!("rehearsal {log}, branch \"{branch}\"") } else { format!("rehearsal {log}") }
}
