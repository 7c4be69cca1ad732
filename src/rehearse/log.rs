//! The log of a rehearsal: one line of JSON for each entry, and what branches it makes.

use super::deed::{Deed, Entry};
use super::plan::{Changes, Plan};
use crate::units::Time;
use crate::world::World;
use serde::{Deserialize, Serialize};

/// Entries of a log.
pub const ENTRIES_MAX: usize = 100_000;
/// Bytes of one line.
pub const LINE_MAX: usize = 16_384;
/// The version of the format of logs.
const FORMAT: u32 = 1;

/// The first line: which run it is the log of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// The version of the format: 1.
    pub firedrill_rehearsal: u32,
    /// The title of the scenario.
    pub title: String,
    /// The hash of its content.
    pub scenario_hash: String,
    /// Which strategy, plan and variant are played.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strategy: Option<String>,
    /// As above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maintenance: Option<String>,
    /// As above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// Values that are set: path and text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub set: Vec<(String, String)>,
    /// The luck.
    pub seed: u64,
    /// As above.
    pub replication: u64,
}

impl Header {
    /// The header of a new log.
    pub fn of(plan: &Plan, set: &[(String, String)]) -> Header {
        let world: &World = &plan.written;
        Header {
            firedrill_rehearsal: FORMAT,
            title: world.title.clone(),
            scenario_hash: world.scenario_hash.clone(),
            strategy: world.pick.strategy.clone(),
            maintenance: world.pick.maintenance.clone(),
            variant: world.pick.variant.clone(),
            set: set.to_vec(),
            seed: plan.luck.seed,
            replication: plan.luck.replication,
        }
    }
}

/// A log, as read.
#[derive(Debug, Clone, PartialEq)]
pub struct Log {
    /// Its first line.
    pub header: Header,
    /// All others.
    pub entries: Vec<Entry>,
    /// How many bytes of the text are whole lines: what follows was being written when the writer was killed, and nobody had been
    /// told that it was done.
    pub whole: usize,
    /// There is more than that.
    pub is_cut_off: bool,
}

/// Why a text is no log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct LogError {
    /// Which line, from 1.
    pub line: usize,
    /// Why.
    pub why: String,
}

impl Log {
    /// Reads a log.
    ///
    /// # Errors
    ///
    /// A line that is none of a log: which, and why. A last line without its end is no mistake: it was never acknowledged.
    pub fn read(text: &str) -> Result<Log, LogError> {
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        let mut lines = text[..whole].lines().enumerate();
        let error = |line: usize, why: String| LogError { line: line + 1, why };
        let (_, first) = lines.next().ok_or_else(|| error(0, "there is no line that says of what it is".to_owned()))?;
        let header: Header = serde_json::from_str(first).map_err(|why| error(0, plain(&why)))?;
        if header.firedrill_rehearsal != FORMAT {
            return Err(error(0, format!("format {} of logs is not known", header.firedrill_rehearsal)));
        }
        let mut entries: Vec<Entry> = Vec::new();
        for (line, text) in lines {
            if text.len() > LINE_MAX || entries.len() >= ENTRIES_MAX {
                return Err(error(line, "this is longer than any log of a rehearsal".to_owned()));
            }
            let entry: Entry = serde_json::from_str(text).map_err(|why| error(line, plain(&why)))?;
            if entry.at_ns < 0 {
                return Err(error(line, "it is before the start of the run".to_owned()));
            }
            entries.push(entry);
        }
        Ok(Log { header, entries, whole, is_cut_off: whole < text.len() })
    }
}

/// What a reader of JSON says, without its own count of lines.
fn plain(why: &serde_json::Error) -> String {
    let text = why.to_string();
    text.split(" at line ").next().unwrap_or(&text).to_owned()
}

/// A branch of what was played: going back begins a new one.
#[derive(Debug, Clone, PartialEq)]
pub struct Branch {
    /// What it is called.
    pub name: String,
    /// The branch that it left, and when.
    pub left: Option<(usize, Time)>,
    /// Its entries in order, those of the branch that it left among them.
    pub entries: Vec<usize>,
}

/// All branches of a log, in the order in which they began.
pub fn branches(entries: &[Entry]) -> Vec<Branch> {
    let mut branches = vec![Branch { name: "as played".to_owned(), left: None, entries: Vec::new() }];
    for index in 0..entries.len() {
        grow(&mut branches, entries, index);
    }
    branches
}

/// The branch that counts where none is named: the last of which play was ended, else the last.
pub fn last_played(branches: &[Branch], entries: &[Entry]) -> usize {
    let is_ended = |branch: &Branch| branch.entries.last().is_some_and(|i| entries[*i].came_to.is_some());
    branches.iter().rposition(is_ended).unwrap_or(branches.len().saturating_sub(1))
}

/// Takes one more entry into the branch that is being played, which is always the last.
pub(super) fn grow(branches: &mut Vec<Branch>, entries: &[Entry], index: usize) {
    if let Deed::Back { to_s, name } = &entries[index].deed {
        let to = seconds(*to_s);
        let of = branches.len() - 1;
        let kept = branches[of].entries.iter().copied().filter(|i| entries[*i].time() <= to).collect();
        branches.push(Branch { name: name.clone(), left: Some((of, to)), entries: kept });
    }
    if let Some(branch) = branches.last_mut() {
        branch.entries.push(index);
    }
}

/// Seconds of the run as a time of it.
pub(super) fn seconds(seconds: f64) -> Time {
    Time::ZERO.after(crate::units::Duration::from_seconds(seconds))
}

impl Branch {
    /// What the facilitator has changed in it.
    pub fn changes(&self, entries: &[Entry]) -> Changes {
        let mut changes = Changes::default();
        for entry in self.entries.iter().map(|i| &entries[*i]).filter(|entry| entry.refused.is_none()) {
            match &entry.deed {
                Deed::Suppress { inject } => changes.suppressed.push(inject.clone()),
                Deed::Add { fault } => changes.added.push((fault.clone(), entry.time())),
                _ => {}
            }
        }
        changes
    }

    /// How far it has got.
    pub fn reached(&self, entries: &[Entry]) -> Time {
        let last = self.entries.iter().rev().map(|i| &entries[*i]);
        let of = |entry: &Entry| match &entry.deed {
            Deed::Reach { to_s } | Deed::Back { to_s, .. } => seconds(*to_s),
            _ => entry.time(),
        };
        match last.clone().find(|entry| matches!(entry.deed, Deed::Back { .. })) {
            // What was before going back has got further, and does not count.
            Some(back) => {
                let since = last.take_while(|entry| !std::ptr::eq(*entry, back));
                since.map(of).fold(of(back), Time::max)
            }
            None => last.map(of).fold(Time::ZERO, Time::max),
        }
    }
}
