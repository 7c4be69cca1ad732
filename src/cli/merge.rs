//! `merge`: what shards made, put together to what the whole study would have made.

use super::args::MergeArgs;
use super::compare::{Shown, protocol_file, protocol_text, replay_file, tell};
use super::files::{self, FileError};
use super::results::{self, Results};
use super::said::{Said, refused, usage};
use super::work::Watcher;
use super::{rows, terminal};
use firedrill::report::text;
use firedrill::study::{Protocol, Study, Tally};
use std::fs;
use std::path::PathBuf;

/// Merges folders with results.
pub fn merge(args: &MergeArgs) -> Said {
    let mut said = Said::default();
    if super::break_::is_of_search(&args.folders) {
        return super::break_::merge(args).unwrap_or_else(|error| {
            said.file_error(&error);
            said
        });
    }
    match merged(args, &mut said) {
        Ok(()) => said,
        Err(Problem::Said(said)) => *said,
        Err(Problem::File(error)) => {
            said.file_error(&error);
            said
        }
    }
}

enum Problem {
    Said(Box<Said>),
    File(FileError),
}

impl From<FileError> for Problem {
    fn from(error: FileError) -> Problem {
        Problem::File(error)
    }
}

impl From<Said> for Problem {
    fn from(said: Said) -> Problem {
        Problem::Said(Box::new(said))
    }
}

fn merged(args: &MergeArgs, said: &mut Said) -> Result<(), Problem> {
    files::claim(args.html.iter().chain(&args.rows))?;
    let protocol = protocol(&args.folders)?;
    let study = Study::new(protocol).map_err(refused)?;
    let into = Results::open(&args.into, None)?;
    into.write(&protocol_file(&study.protocol), &protocol_text(&study.protocol))?;
    let name = replay_file(&study.protocol);
    let replay = args.folders.iter().find_map(|folder| fs::read_to_string(folder.join(&name)).ok());
    if let Some(replay) = &replay {
        into.write(&name, replay)?;
    }
    let mut watcher: Box<dyn Watcher> = match &args.rows {
        Some(path) => Box::new(rows::Rows::create(path, &study)?),
        None => Box::new(()),
    };
    let mut tally = Tally::new(&study);
    let progress = terminal::Progress::new("batches", (study.batches() as usize).saturating_mul(study.designs.len()));
    while let Some(batch) = tally.next_batch() {
        let needed = tally.needed().to_vec();
        let mut round = Vec::with_capacity(needed.len());
        for (design, needed) in needed.into_iter().enumerate() {
            if !needed {
                round.push(None);
                continue;
            }
            let header = study.header(design, batch);
            let mut found = into.load(&header)?;
            for folder in &args.folders {
                if found.is_none() {
                    found = results::load(folder, &header)?;
                }
            }
            let Some(found) = found else {
                let (first, count) = study.range(batch);
                let last = first + count - 1;
                return Err(usage(&format!(
                    "replications {first} to {last} of \"{}\" are in none of the folders: batch {} is that of shard {} of 2, of \
                     shard {} of 4, of shard {} of 8 and so on; is a shard missing, or not done?",
                    study.designs[design].label,
                    batch + 1,
                    batch % 2 + 1,
                    batch % 4 + 1,
                    batch % 8 + 1,
                ))
                .into());
            };
            into.save(&header, &found)?;
            progress.step();
            round.push(Some(found));
        }
        watcher.round(batch, &round)?;
        tally.add(round);
    }
    progress.done();
    watcher.finish()?;
    let comparison = tally.comparison(tally.end());
    let shown = Shown { page: args.html.as_deref(), json: args.json, all: args.all };
    let replay = replay.as_deref().and_then(|replay| replay.lines().next()).map(text::clean);
    tell(said, &study, &comparison, shown, Some(&into), replay.as_deref());
    Ok(())
}

/// The protocol that all folders share.
fn protocol(folders: &[PathBuf]) -> Result<Protocol, Problem> {
    let mut protocol: Option<Protocol> = None;
    for folder in folders {
        let found = results::ending_with(folder, ".plan.json")?;
        if found.is_empty() {
            return Err(usage(&format!("{} has no results of a study in it", folder.display())).into());
        }
        for path in found {
            let text = fs::read_to_string(&path).map_err(|source| FileError::Read { path: path.clone(), source })?;
            let read: Protocol = serde_json::from_str(&text)
                .map_err(|error| FileError::Damaged { path: path.clone(), why: error.to_string() })?;
            match &protocol {
                Some(known) if *known != read => {
                    let problem = format!(
                        "{} is of another study than the folders before it; merge one study at a time",
                        path.display()
                    );
                    return Err(usage(&problem).into());
                }
                _ => protocol = Some(read),
            }
        }
    }
    // There is at least one folder.
    protocol.ok_or_else(|| usage("name the folders of the shards").into())
}
