//! `shrink`: from a failed run to the smallest file that fails as it did.

use super::args::ShrinkArgs;
use super::said::{Said, told, usage};
use super::thread_pool::ThreadPool;
use super::{exit, files, interrupt};
use firedrill::replay::shell_word;
use firedrill::rng::Luck;
use firedrill::scenario::{Choice, Source};
use firedrill::shrink::{ShrinkError, Shrunk, shrink as smallest};
use std::path::{Path, PathBuf};

/// What is said where it may not be the smallest.
const IN_PART: &str = "nothing is written before it is the smallest";

/// Makes the smallest file that fails as a run does.
pub fn shrink(args: &ShrinkArgs) -> Said {
    let mut said = Said::default();
    let source = match files::read(&args.file) {
        Ok(source) => source,
        Err(error) => {
            said.file_error(&error);
            return said;
        }
    };
    if let Err(error) = files::claim(&args.out) {
        said.file_error(&error);
        return said;
    }
    interrupt::end_with(IN_PART);
    let luck = Luck { seed: args.luck.seed, replication: args.replication };
    let failure = Failure { choice: args.choice.choice(), luck, objective: args.objective.clone() };
    match made(&source, &failure, args.threads.map(usize::from)) {
        Err(error) => refuse(&mut said, &source, error),
        Ok(shrunk) => match &args.out {
            None => said.out = shrunk.text,
            Some(path) => write(&mut said, path, &shrunk),
        },
    }
    said
}

/// A run that failed, and in what.
pub struct Failure {
    /// What was chosen of the file.
    pub choice: Choice,
    /// The luck of the run.
    pub luck: Luck,
    /// What failed; the first that did where nothing is said.
    pub objective: Option<String>,
}

/// Writes the smallest files of some failures into a folder, one for each.
pub fn write_all(said: &mut Said, folder: &Path, failures: &[(Source, Failure)], threads: Option<usize>) {
    if failures.is_empty() {
        return;
    }
    if let Err(error) = files::make_folder(folder) {
        said.file_error(&error);
        return;
    }
    let mut taken: Vec<PathBuf> = Vec::new();
    for (source, failure) in failures {
        match made(source, failure, threads) {
            Ok(shrunk) => {
                let path = free(folder, &format!("{} {}", stem(&source.name), shrunk.goal), &taken);
                write(said, &path, &shrunk);
                taken.push(path);
            }
            Err(error) => {
                let over = matches!(error, ShrinkError::GivenUp);
                refuse(said, source, error);
                if over {
                    return;
                }
            }
        }
    }
}

fn made(source: &Source, failure: &Failure, threads: Option<usize>) -> Result<Shrunk, ShrinkError> {
    let mut pool = ThreadPool::new("shrinking", threads);
    let shrunk = smallest(source, &failure.choice, failure.luck, failure.objective.as_deref(), &mut pool);
    pool.done();
    shrunk
}

fn write(said: &mut Said, path: &Path, shrunk: &Shrunk) {
    match files::write(path, &shrunk.text) {
        Err(error) => said.file_error(&error),
        Ok(()) => {
            let count = |n: usize, one: &str| if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") };
            said.out.push_str(&format!(
                "wrote {}: {}, {} of {}; {} were tried\n",
                shell_word(&path.display().to_string()),
                count(shrunk.text.lines().count(), "line"),
                count(shrunk.scenario.drill.len(), "step"),
                count(shrunk.pinned, "drawn failure"),
                count(shrunk.tried, "candidate"),
            ));
        }
    }
}

fn refuse(said: &mut Said, source: &Source, error: ShrinkError) {
    match error {
        ShrinkError::Mistakes(mistakes) => said.mistakes(source, &mistakes),
        ShrinkError::GivenUp => {
            said.err.push_str(&interrupt::told(IN_PART));
            said.worsen(exit::INTERRUPTED);
        }
        ShrinkError::NeedsLuck(_) => {
            said.err.push_str(&told(&error));
            said.worsen(exit::EXPECTATION_FAILED);
        }
        other => {
            let refused = usage(&other.to_string());
            said.err.push_str(&refused.err);
            said.worsen(refused.code);
        }
    }
}

/// The name of a file without its folder and without its end.
fn stem(name: &str) -> String {
    Path::new(name).file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned())
}

/// A name for a file that none of the others has: of letters and digits, so that every system takes it.
fn free(folder: &Path, words: &str, taken: &[PathBuf]) -> PathBuf {
    let dashed: String = words.chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
    let parts: Vec<&str> = dashed.split('-').filter(|part| !part.is_empty()).collect();
    let name: String = parts.join("-").chars().take(80).collect();
    let numbered = |n: usize| match n {
        1 => folder.join(format!("{name}.ron")),
        n => folder.join(format!("{name}-{n}.ron")),
    };
    (1..).map(numbered).find(|path| !taken.contains(path)).unwrap_or_else(|| numbered(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_are_plain_and_none_is_taken_twice() {
        let folder = Path::new("failures");
        let first = free(folder, "objective two: 2 minutes/at most", &[]);
        assert_eq!(first, Path::new("failures/objective-two-2-minutes-at-most.ron"));
        let second = free(folder, "objective two 2 minutes at most", std::slice::from_ref(&first));
        assert_eq!(second, Path::new("failures/objective-two-2-minutes-at-most-2.ron"));
        assert_eq!(stem("../a/b.c.ron"), "b.c");
    }
}
