//! Files: scenarios that are read, a new one and pages that are written.

use super::exit;
use firedrill::scenario::Source;
use std::collections::BTreeSet;
use std::fs;
use std::hash::{BuildHasher, Hasher};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

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
    /// It is what was read.
    #[error("{} was read, and is left as it is; name another file to write to", path.display())]
    Input {
        /// Which.
        path: PathBuf,
    },
    /// Two things are to be written there.
    #[error("{} is named for two outputs; each needs a file of its own", path.display())]
    Twice {
        /// Which.
        path: PathBuf,
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
            FileError::Empty { .. } | FileError::Input { .. } | FileError::Twice { .. } => exit::USAGE,
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
        remember(&READ, path);
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
    remember(&READ, &beside);
    fs::File::open(&beside).map_err(failed)?.take(BYTES_MAX + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > BYTES_MAX {
        return Err(FileError::TooLarge { path: beside });
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Some(text)),
        Err(error) => Err(FileError::NotText { path: beside, offset: error.utf8_error().valid_up_to() }),
    }
}

/// What was read: nothing is written over it.
static READ: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
/// What is going to be written.
static CLAIMED: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// A file by whatever name: where it is, or would be.
fn place(path: &Path) -> PathBuf {
    let beside = || {
        let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
        Some(fs::canonicalize(folder).ok()?.join(path.file_name()?))
    };
    fs::canonicalize(path).ok().or_else(beside).unwrap_or_else(|| path.to_owned())
}

/// Adds a file to some; false where it is there already.
fn remember(files: &Mutex<BTreeSet<PathBuf>>, path: &Path) -> bool {
    files.lock().unwrap_or_else(PoisonError::into_inner).insert(place(path))
}

/// Says what is going to be read.
pub fn will_read(paths: &[PathBuf]) {
    for path in paths {
        remember(&READ, path);
    }
}

fn was_read(path: &Path) -> bool {
    READ.lock().unwrap_or_else(PoisonError::into_inner).contains(&place(path))
}

/// Says before the work begins where its results go: to files of which none was read, and each its own.
pub fn claim<'a>(outputs: impl IntoIterator<Item = &'a PathBuf>) -> Result<(), FileError> {
    for path in outputs {
        // A device or a pipe takes whatever comes.
        let is_file = fs::metadata(path).map_or(true, |there| there.is_file());
        if is_file && was_read(path) {
            return Err(FileError::Input { path: path.to_owned() });
        }
        if is_file && !remember(&CLAIMED, path) {
            return Err(FileError::Twice { path: path.to_owned() });
        }
    }
    Ok(())
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

/// What is being written and not whole yet, for whoever ends the program meanwhile.
static PARTS: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// A part is whole and has its name, or is not wanted: where it is still there, it goes.
pub fn remove_part(part: &Path) {
    // After a rename there is nothing left to remove.
    let _ = fs::remove_file(part);
    PARTS.lock().unwrap_or_else(PoisonError::into_inner).remove(part);
}

/// Nothing that is not whole stays: the program ends, and whoever writes is stopped here.
pub fn remove_parts() {
    let parts = PARTS.lock().unwrap_or_else(PoisonError::into_inner);
    for part in parts.iter() {
        let _ = fs::remove_file(part);
    }
    // Held to the end: no other part comes into being.
    std::mem::forget(parts);
}

/// A file that is written before it is whole: beside its place, under a name that nobody else has or had. The number of the
/// process is not enough: in a container it is always the same, and what a killed one has left must not stand for anything.
pub fn create_part(path: &Path) -> io::Result<(PathBuf, fs::File)> {
    loop {
        let mut name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_owned();
        #[expect(clippy::disallowed_types, reason = "a name that nobody else has; nothing of a result depends on it")]
        let nobodys = std::hash::RandomState::new().build_hasher().finish();
        name.push(format!(".{}.{nobodys:016x}.part", std::process::id()));
        let part = path.with_file_name(name);
        let mut parts = PARTS.lock().unwrap_or_else(PoisonError::into_inner);
        match fs::OpenOptions::new().write(true).create_new(true).open(&part) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            opened => {
                let file = opened?;
                parts.insert(part.clone());
                return Ok((part, file));
            }
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

/// What is asked of the system on the way of a file to its place, for whoever lets one of these go wrong.
trait Disk {
    /// Before a call.
    fn before(&self, call: &str) -> io::Result<()> {
        let _ = call;
        Ok(())
    }

    /// All of a text, or a part of it where something goes wrong.
    fn write(&self, file: &mut fs::File, bytes: &[u8]) -> io::Result<()> {
        file.write_all(bytes)
    }
}

/// The disk as it is.
struct Plain;

impl Disk for Plain {}

/// Writes a part and puts it in its place.
fn put(disk: &impl Disk, path: &Path, text: &str, place: impl Fn(&Path) -> io::Result<()>) -> io::Result<()> {
    let mut tries = 0;
    loop {
        disk.before("create")?;
        let (part, mut file) = create_part(path)?;
        let written = disk
            .write(&mut file, text.as_bytes())
            .and_then(|()| disk.before("sync"))
            .and_then(|()| file.sync_all())
            .and_then(|()| disk.before("place"))
            .and_then(|()| place(&part));
        remove_part(&part);
        tries += 1;
        match written {
            Err(error) if error.kind() == io::ErrorKind::NotFound && tries < TRIES => {}
            written => return written,
        }
    }
}

/// Writes a file that is not there yet: whole or not at all, and never over another.
pub fn write_new(path: &Path, text: &str) -> Result<(), FileError> {
    write_new_on(&Plain, path, text)
}

fn write_new_on(disk: &impl Disk, path: &Path, text: &str) -> Result<(), FileError> {
    let failed = |source| FileError::Write { path: path.to_owned(), source };
    let exists = || FileError::Exists { path: path.to_owned() };
    if path.symlink_metadata().is_ok() {
        return Err(exists());
    }
    // A link does not replace a file that came into being in the meantime; a rename would.
    let written = put(disk, path, text, |part| match fs::hard_link(part, path) {
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
    write_on(&Plain, path, text)
}

fn write_on(disk: &impl Disk, path: &Path, text: &str) -> Result<(), FileError> {
    let failed = |source| FileError::Write { path: path.to_owned(), source };
    if was_read(path) {
        return Err(FileError::Input { path: path.to_owned() });
    }
    // What is there already is replaced where it is, so that a link stays a link.
    let target = match fs::metadata(path) {
        // A device or a pipe is written to: a file must never take its place.
        Ok(there) if !there.is_file() && !there.is_dir() => return fs::write(path, text).map_err(failed),
        Ok(_) => fs::canonicalize(path).map_err(failed)?,
        Err(_) => path.to_owned(),
    };
    put(disk, &target, text, |part| fs::rename(part, &target)).map_err(failed)?;
    // It is in its place: what others have left is no concern of it.
    let _ = disk.before("sweep");
    sweep_parts_of(&target);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    /// What goes wrong at a call.
    #[derive(Clone, Copy, PartialEq)]
    enum Fault {
        /// The disk is full, or broken.
        Fails(io::ErrorKind),
        /// The program is killed: nothing of it runs any more.
        Killed,
    }

    /// A disk on which the n-th call goes wrong.
    struct Faulty(Cell<usize>, Fault);

    impl Disk for Faulty {
        fn before(&self, _: &str) -> io::Result<()> {
            self.0.set(self.0.get().wrapping_sub(1));
            match (self.0.get(), self.1) {
                (0, Fault::Fails(kind)) => Err(kind.into()),
                (0, Fault::Killed) => std::panic::resume_unwind(Box::new("killed")),
                _ => Ok(()),
            }
        }

        fn write(&self, file: &mut fs::File, bytes: &[u8]) -> io::Result<()> {
            for part in bytes.chunks(bytes.len().div_ceil(3).max(1)) {
                self.before("write")?;
                file.write_all(part)?;
            }
            Ok(())
        }
    }

    const FAULTS: [Fault; 4] = [
        Fault::Fails(io::ErrorKind::StorageFull),
        Fault::Fails(io::ErrorKind::QuotaExceeded),
        Fault::Fails(io::ErrorKind::PermissionDenied),
        Fault::Killed,
    ];

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// At every call on the way of a page to its place: it is the old one or the new one, whole; nothing is left but by who was
    /// killed, and that is cleared away by the next.
    #[test]
    fn whatever_goes_wrong_at_whichever_call_a_file_is_the_old_one_or_the_new_one() {
        let folder = std::env::temp_dir().join(format!("firedrill-faults-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let page = folder.join("page.html");
        for fault in FAULTS {
            for call in 1..=7 {
                fs::write(&page, "the old one").unwrap();
                let faulty = Faulty(Cell::new(call), fault);
                let came = catch_unwind(AssertUnwindSafe(|| write_on(&faulty, &page, "the new one")));
                let now = fs::read_to_string(&page).unwrap();
                assert!(now == "the old one" || now == "the new one", "{call}: {now}");
                if !matches!(came, Ok(Ok(()))) && call < 7 {
                    assert_eq!(now, "the old one", "what is told as not written is not there: {call}");
                }
                assert_eq!(came.is_err(), fault == Fault::Killed && call <= 7, "{call}");
                if fault != Fault::Killed {
                    assert_eq!(names(&folder), ["page.html"], "nothing is left after {call}");
                }
                write(&page, "the next one").unwrap();
                assert_eq!(names(&folder), ["page.html"], "what was left after {call} is cleared away");
            }
        }
        fs::remove_dir_all(&folder).unwrap();
    }

    /// A batch is there whole or not at all, and what is left of one never stands for one.
    #[test]
    fn whatever_goes_wrong_a_batch_is_whole_or_not_there() {
        let folder = std::env::temp_dir().join(format!("firedrill-batches-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let batch = folder.join("000000000+100.jsonl");
        for fault in FAULTS {
            for call in 1..=6 {
                let faulty = Faulty(Cell::new(call), fault);
                let came = catch_unwind(AssertUnwindSafe(|| write_new_on(&faulty, &batch, "a batch")));
                assert!(!matches!(came, Ok(Ok(()))), "{call}");
                assert!(!batch.exists(), "{call}");
                // The next try has the same number of process, as in a container.
                write_new(&batch, "a batch").unwrap();
                assert_eq!(fs::read_to_string(&batch).unwrap(), "a batch");
                assert!(matches!(write_new(&batch, "another"), Err(FileError::Exists { .. })));
                fs::remove_file(&batch).unwrap();
                sweep(&folder, |whole| whole.ends_with(".jsonl"));
                assert_eq!(names(&folder), [""; 0]);
            }
        }
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn parts_know_what_they_are_of() {
        assert_eq!(whole_of("000000000+100.jsonl.1.part"), Some("000000000+100.jsonl"));
        assert_eq!(whole_of("page.html.17.0123456789abcdef.part"), Some("page.html"));
        assert_eq!(whole_of("page.html"), None);
        assert_eq!(whole_of("my.own.part"), None);
    }
}
