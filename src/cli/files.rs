//! Files: scenarios that are read, a new one and pages that are written.

use super::exit;
use firedrill::scenario::Source;
use std::fs;
use std::hash::{BuildHasher, Hasher};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// Files are not read further than this: a scenario of a hundred megabytes is a mistake, and so is `/dev/zero`.
const BYTES_MAX: u64 = 64 << 20;
/// Folders in folders are searched this deep.
const DEPTH_MAX: usize = 32;

/// What went wrong with a file.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It could not be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is not text.
    #[error("{} is not text: the byte at offset {offset} is not UTF-8; save it as UTF-8", path.display())]
    NotText {
        /// Which.
        path: PathBuf,
        /// The first byte that is not.
        offset: usize,
    },
    /// It is larger than any scenario.
    #[error("{} is larger than {} MB; a scenario is not", path.display(), BYTES_MAX >> 20)]
    TooLarge {
        /// Which.
        path: PathBuf,
    },
    /// There is something already.
    #[error("{} exists, and is left as it is; name another file, or remove it first", path.display())]
    Exists {
        /// Which.
        path: PathBuf,
    },
    /// It could not be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Somebody else writes there.
    #[error("another firedrill is writing to {}; wait for it, or name another folder", path.display())]
    InUse {
        /// Where.
        path: PathBuf,
    },
    /// A file with results is not what it should be.
    #[error("{} cannot be used: {why}; remove it, and it is made again", path.display())]
    Damaged {
        /// Which.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// A folder has no scenarios in it.
    #[error("{} has no .ron files in it", path.display())]
    Empty {
        /// Which.
        path: PathBuf,
    },
}

impl FileError {
    /// The exit code that tells of it.
    pub fn exit(&self) -> u8 {
        match self {
            FileError::NotText { .. } | FileError::TooLarge { .. } => exit::SCENARIO,
            FileError::Empty { .. } => exit::USAGE,
            FileError::Read { .. }
            | FileError::Exists { .. }
            | FileError::Write { .. }
            | FileError::InUse { .. }
            | FileError::Damaged { .. } => exit::FILES,
        }
    }
}

/// Reads a scenario's text; `-` is the standard input.
pub fn read(path: &Path) -> Result<Source, FileError> {
    let failed = |source| FileError::Read { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    let (name, read) = if path == Path::new("-") {
        ("standard input".to_owned(), io::stdin().lock().take(BYTES_MAX + 1).read_to_end(&mut bytes))
    } else {
        let file = fs::File::open(path).map_err(failed)?;
        (path.display().to_string(), file.take(BYTES_MAX + 1).read_to_end(&mut bytes))
    };
    read.map_err(failed)?;
    if bytes.len() as u64 > BYTES_MAX {
        return Err(FileError::TooLarge { path: path.to_owned() });
    }
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            return Err(FileError::NotText { path: path.to_owned(), offset: error.utf8_error().valid_up_to() });
        }
    };
    let mut source = Source::new(name, text);
    for recording in source.recordings_wanted() {
        if let Some(text) = read_recording(path, &recording)? {
            source.recordings.push((recording, text));
        }
    }
    Ok(source)
}

/// Reads a file of text.
pub fn read_text(path: &Path) -> Result<String, FileError> {
    let failed = |source| FileError::Read { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    fs::File::open(path).map_err(failed)?.take(BYTES_MAX + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > BYTES_MAX {
        return Err(FileError::TooLarge { path: path.to_owned() });
    }
    let not_text = |error: std::string::FromUtf8Error| error.utf8_error().valid_up_to();
    String::from_utf8(bytes).map_err(|error| FileError::NotText { path: path.to_owned(), offset: not_text(error) })
}

/// Reads a recording that lies beside a scenario, if there is one. A scenario names files of its own folder only: one that
/// was downloaded must not be able to read what it likes.
fn read_recording(scenario: &Path, name: &str) -> Result<Option<String>, FileError> {
    let is_plain = Path::new(name).file_name().is_some_and(|file| file == name);
    let beside = scenario.parent().unwrap_or(Path::new("")).join(name);
    if !is_plain || scenario == Path::new("-") || !beside.is_file() {
        return Ok(None);
    }
    let failed = |source| FileError::Read { path: beside.clone(), source };
    let mut bytes = Vec::new();
    fs::File::open(&beside).map_err(failed)?.take(BYTES_MAX + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > BYTES_MAX {
        return Err(FileError::TooLarge { path: beside });
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Some(text)),
        Err(error) => Err(FileError::NotText { path: beside, offset: error.utf8_error().valid_up_to() }),
    }
}

/// The scenarios at a path: the file itself, or what a folder and its folders hold, in the order of their names.
pub fn scenarios(path: &Path) -> Result<Vec<PathBuf>, FileError> {
    let failed = |source| FileError::Read { path: path.to_owned(), source };
    if path == Path::new("-") || !fs::metadata(path).map_err(failed)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    search(path, 0, &mut found)?;
    match found.is_empty() {
        true => Err(FileError::Empty { path: path.to_owned() }),
        false => Ok(found),
    }
}

fn search(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), FileError> {
    let failed = |source| FileError::Read { path: folder.to_owned(), source };
    let mut entries = fs::read_dir(folder).map_err(failed)?.collect::<Result<Vec<_>, _>>().map_err(failed)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        // Links to folders are not followed: they may lead in a circle.
        let is_folder = entry.file_type().map_err(failed)?.is_dir();
        if is_folder && depth < DEPTH_MAX && !entry.file_name().as_encoded_bytes().starts_with(b".") {
            search(&path, depth + 1, found)?;
        } else if !is_folder && path.extension().is_some_and(|e| e == "ron") && path.is_file() {
            found.push(path);
        }
    }
    Ok(())
}

/// How often a file is written anew where somebody else has cleared its part away.
const TRIES: usize = 5;

/// A file that is written before it is whole: beside its place, under a name that nobody else has or had. The number of the
/// process is not enough: in a container it is always the same, and what a killed one has left must not stand for anything.
pub fn create_part(path: &Path) -> io::Result<(PathBuf, fs::File)> {
    loop {
        let mut name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_owned();
        #[expect(clippy::disallowed_types, reason = "a name that nobody else has; nothing of a result depends on it")]
        let nobodys = std::hash::RandomState::new().build_hasher().finish();
        name.push(format!(".{}.{nobodys:016x}.part", std::process::id()));
        let part = path.with_file_name(name);
        match fs::OpenOptions::new().write(true).create_new(true).open(&part) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            opened => return opened.map(|file| (part, file)),
        }
    }
}

/// The name of the file that a part is a part of.
pub fn whole_of(part: &str) -> Option<&str> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_hexdigit());
    let (before, last) = part.strip_suffix(".part")?.rsplit_once('.')?;
    match before.rsplit_once('.') {
        Some((whole, process)) if last.len() == 16 && digits(last) && digits(process) => Some(whole),
        // As they were named once.
        _ if digits(last) => Some(before),
        _ => None,
    }
}

/// Removes what killed programs have left of files in a folder.
pub fn sweep(folder: &Path, of: impl Fn(&str) -> bool) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().to_str().and_then(whole_of).is_some_and(&of) {
            // Somebody else may have been faster.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Removes what killed programs have left of one file.
pub fn sweep_parts_of(path: &Path) {
    let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    if let Some(name) = path.file_name().and_then(|name| name.to_str()) {
        sweep(folder, |whole| whole == name);
    }
}

/// Writes a part and puts it in its place.
fn put(path: &Path, text: &str, place: impl Fn(&Path) -> io::Result<()>) -> io::Result<()> {
    let mut tries = 0;
    loop {
        let (part, mut file) = create_part(path)?;
        let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).and_then(|()| place(&part));
        // After a rename there is nothing left to remove.
        let _ = fs::remove_file(&part);
        tries += 1;
        match written {
            Err(error) if error.kind() == io::ErrorKind::NotFound && tries < TRIES => {}
            written => return written,
        }
    }
}

/// Writes a file that is not there yet: whole or not at all, and never over another.
pub fn write_new(path: &Path, text: &str) -> Result<(), FileError> {
    let failed = |source| FileError::Write { path: path.to_owned(), source };
    let exists = || FileError::Exists { path: path.to_owned() };
    if path.symlink_metadata().is_ok() {
        return Err(exists());
    }
    // A link does not replace a file that came into being in the meantime; a rename would.
    let written = put(path, text, |part| match fs::hard_link(part, path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists && path.symlink_metadata().is_err() => {
            fs::rename(part, path)
        }
        linked => linked,
    });
    written.map_err(|error| if error.kind() == io::ErrorKind::AlreadyExists { exists() } else { failed(error) })
}

/// Makes a folder, if it is not there yet, and those that it is in.
pub fn make_folder(path: &Path) -> Result<(), FileError> {
    fs::create_dir_all(path).map_err(|source| FileError::Write { path: path.to_owned(), source })
}

/// Writes a file, over another if there is one: whole or not at all.
pub fn write(path: &Path, text: &str) -> Result<(), FileError> {
    let failed = |source| FileError::Write { path: path.to_owned(), source };
    // What is there already is replaced where it is, so that a link stays a link.
    let target = match fs::metadata(path) {
        // A device or a pipe is written to: a file must never take its place.
        Ok(there) if !there.is_file() && !there.is_dir() => return fs::write(path, text).map_err(failed),
        Ok(_) => fs::canonicalize(path).map_err(failed)?,
        Err(_) => path.to_owned(),
    };
    put(&target, text, |part| fs::rename(part, &target)).map_err(failed)?;
    sweep_parts_of(&target);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::whole_of;

    #[test]
    fn parts_know_what_they_are_of() {
        assert_eq!(whole_of("000000000+100.jsonl.1.part"), Some("000000000+100.jsonl"));
        assert_eq!(whole_of("page.html.17.0123456789abcdef.part"), Some("page.html"));
        assert_eq!(whole_of("page.html"), None);
        assert_eq!(whole_of("my.own.part"), None);
    }
}
