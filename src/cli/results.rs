//! A folder with results: batches as files that never change, each under what it is a batch of. Whatever is there already is
//! not run again, whoever made it and for which study.

use super::files::{self, FileError};
use firedrill::study::{BATCH, Batch, Header};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::xxh3_128;

/// Batches are not read further than this.
const BYTES_MAX: u64 = 64 << 20;

/// A folder with results.
pub struct Results {
    folder: PathBuf,
    /// Held as long as somebody writes; the system takes them back however the program ends.
    _locks: Vec<File>,
}

impl Results {
    /// Opens a folder, or makes it. One program at a time writes into it; of a sharded study one for each shard, and nobody who
    /// makes all of it meanwhile. What killed programs have left is cleared away.
    pub fn open(folder: &Path, shard: Option<(u64, u64)>) -> Result<Results, FileError> {
        let failed = |source| FileError::Write { path: folder.to_owned(), source };
        fs::create_dir_all(folder).map_err(failed)?;
        let mut locks = vec![locked(folder, "lock", shard.is_some())?];
        if let Some((m, n)) = shard {
            locks.push(locked(folder, &format!("lock-{}-of-{n}", m + 1), false)?);
        }
        let is_mine = |whole: &str| match shard {
            None => whole.ends_with(".jsonl") || whole.ends_with(".json"),
            Some((m, n)) => first_of(whole).is_some_and(|first| first / BATCH % n == m),
        };
        files::sweep(folder, is_mine);
        for entry in fs::read_dir(folder).map_err(failed)?.flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                files::sweep(&entry.path(), is_mine);
            }
        }
        Ok(Results { folder: folder.to_owned(), _locks: locks })
    }

    /// Where a batch is, or will be.
    fn path(&self, header: &Header) -> PathBuf {
        path(&self.folder, header)
    }

    /// A batch that is there.
    pub fn load(&self, header: &Header) -> Result<Option<Batch>, FileError> {
        load(&self.folder, header)
    }

    /// Keeps a batch; one that is there already stays as it is.
    pub fn save(&self, header: &Header, batch: &Batch) -> Result<(), FileError> {
        let path = self.path(header);
        if path.exists() {
            return Ok(());
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|source| FileError::Write { path: folder.to_owned(), source })?;
        }
        match files::write_new(&path, &batch.to_text(header)) {
            // Only of the batch itself: somebody else has made it meanwhile.
            Err(FileError::Exists { .. }) if path.is_file() => Ok(()),
            other => other,
        }
    }

    /// A text beside the batches that never changes; read no further than any batch.
    pub fn load_text(folder: &Path, name: &str) -> Result<Option<String>, FileError> {
        text_of(&folder.join(name))
    }

    /// Keeps such a text; one that is there already stays as it is.
    pub fn save_text(&self, name: &str, text: &str) -> Result<(), FileError> {
        let path = self.folder.join(name);
        match files::write_new(&path, text) {
            Err(FileError::Exists { .. }) if path.is_file() => Ok(()),
            other => other,
        }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes a file beside the batches, over an older one.
    pub fn write(&self, name: &str, text: &str) -> Result<(), FileError> {
        files::write(&self.folder.join(name), text)
    }
}

/// A lock in a folder, alone or shared with others of its kind.
fn locked(folder: &Path, name: &str, shared: bool) -> Result<File, FileError> {
    let failed = |source| FileError::Write { path: folder.to_owned(), source };
    let lock = File::options().create(true).truncate(false).write(true).open(folder.join(name)).map_err(failed)?;
    match if shared { lock.try_lock_shared() } else { lock.try_lock() } {
        Ok(()) => Ok(lock),
        Err(fs::TryLockError::WouldBlock) => Err(FileError::InUse { path: folder.to_owned() }),
        // Some network file systems have no locks. Files that never change are safe without.
        Err(fs::TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => Ok(lock),
        Err(fs::TryLockError::Error(source)) => Err(failed(source)),
    }
}

/// The first replication of a batch, by the name of its file.
fn first_of(name: &str) -> Option<u64> {
    name.strip_suffix(".jsonl")?.split_once('+')?.0.parse().ok()
}

/// Where a batch is in a folder.
pub fn path(folder: &Path, header: &Header) -> PathBuf {
    // Which replications these are is in the name of the file; everything else in that of its folder.
    let whose = Header { first: 0, count: 0, ..header.clone() };
    let key = xxh3_128(&serde_json::to_vec(&whose).unwrap_or_default());
    folder.join(format!("{key:032x}")).join(format!("{:09}+{}.jsonl", header.first, header.count))
}

/// A batch of a folder that nobody need be writing to.
pub fn load(folder: &Path, header: &Header) -> Result<Option<Batch>, FileError> {
    let path = path(folder, header);
    let Some(text) = text_of(&path)? else { return Ok(None) };
    match Batch::from_text(&text, header) {
        Ok(batch) => Ok(Some(batch)),
        Err(error) => Err(FileError::Damaged { path, why: error.to_string() }),
    }
}

/// What a file says, where there is one.
fn text_of(path: &Path) -> Result<Option<String>, FileError> {
    let failed = |source| FileError::Read { path: path.to_owned(), source };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let mut text = String::new();
    file.take(BYTES_MAX).read_to_string(&mut text).map_err(failed)?;
    Ok(Some(text))
}

/// The files in a folder whose names end so, in their order.
pub fn ending_with(folder: &Path, end: &str) -> Result<Vec<PathBuf>, FileError> {
    let failed = |source| FileError::Read { path: folder.to_owned(), source };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.ends_with(end)) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
