//! Backups of stores, and data that is gone.

use crate::observe::ObservationId;
use crate::rng::{Luck, Stream};
use crate::units::Time;
use crate::world::{FeatureId, Store};

/// The backups of a store of one kind.
#[derive(Debug, Clone)]
pub struct BackupState {
    /// Those that are kept, from old to new.
    pub copies: Vec<Copied>,
    /// How many were due.
    pub due: u64,
    /// Whether each can be read.
    pub luck: Stream,
    /// How long restoring takes.
    pub takes: Stream,
}

/// One backup.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Copied {
    /// It has what there was then.
    pub at: Time,
    /// When it is whole.
    pub whole_at: Time,
    /// Of the writes that had been made by then those that are still among what the store has.
    pub written: f64,
    pub readable: bool,
}

/// A store without its data.
#[derive(Debug, Clone)]
pub struct Gone {
    pub since: Time,
    /// Writes that it had by then, and the features that they came from.
    pub written: f64,
    pub features: Vec<(FeatureId, f64)>,
    /// How many of its parts are there again.
    pub back: usize,
    /// It has been told that nobody can bring it back.
    pub for_good: bool,
    pub restore: Option<Restore>,
    pub why: Option<ObservationId>,
}

/// A restore that has been ordered.
#[derive(Debug, Clone)]
pub struct Restore {
    /// Only from these backups, by index.
    pub only: Option<usize>,
    /// The backup that is read, and the kind that it is of.
    pub copy: (usize, Copied),
    /// Since when it is being read; until then what is needed for that is missing.
    pub since: Option<Time>,
    /// How long that takes, once drawn.
    pub takes_s: f64,
    /// How many could not be read.
    pub unreadable: u32,
    /// Invalidates what was due.
    pub token: u32,
}

pub fn backups(luck: Luck, store: &Store) -> Vec<BackupState> {
    let of = |backup: &crate::world::Backup| {
        let name = format!("{} {}", store.name, backup.name);
        BackupState {
            copies: Vec::new(),
            due: 0,
            luck: Stream::new(luck, &name, "unreadable backup"),
            takes: Stream::new(luck, &name, "restore"),
        }
    };
    store.backups.iter().map(of).collect()
}
