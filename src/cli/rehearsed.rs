//! Logs of rehearsals, played again with nobody there: by `run` to look at, by `test` as a regression.

use super::args::RunArgs;
use super::cases::{Case, Group};
use super::review::{check_header, plan_of, read_log};
use super::said::Said;
use super::{files, run};
use firedrill::metrics::length_words;
use firedrill::rehearse::{CameTo, Log, Plan, branches};
use firedrill::replay::shell_word;
use firedrill::scenario::Source;
use firedrill::study::Judgement;
use std::path::{Path, PathBuf};

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
    let play = branches(&log_read.entries).last().map(|branch| plan.play_of(branch, &log_read.entries));
    let first = play.unwrap_or_else(|| plan.with_nobody(&Default::default())).run(plan.luck);
    let (file, log) = (args.file.display().to_string(), log.display().to_string());
    let replay = format!("firedrill run {} --log {}", shell_word(&file), shell_word(&log));
    said.warnings(&source);
    run::show(args, &first, &replay, said)
}

fn played(source: &Source, path: &Path) -> Result<(Plan, Log), Said> {
    let log = read_log(path)?;
    let plan = plan_of(source, &log.header)?;
    check_header(&log, &plan, path)?;
    Ok((plan, log))
}

/// A group of cases for each log: with these decisions, everybody is down for as long as when it was played.
pub fn groups(source: &Source, logs: &[PathBuf]) -> Result<Vec<Group>, Said> {
    logs.iter().map(|path| group(source, path)).collect()
}

fn group(source: &Source, path: &Path) -> Result<Group, Said> {
    let (plan, log) = played(source, path)?;
    let name = path.display().to_string();
    let all = branches(&log.entries);
    let branch = all.last().expect("there is always one");
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
        }
    };
    let cases = outcome.people.iter().map(case).collect();
    Ok(Group { file: source.name.clone(), run: format!("rehearsal {name}"), cases })
}
