//! What a command has to say, and how it ends.

use super::{exit, files, interrupt, terminal};
use firedrill::lint;
use firedrill::report::{diagnostics, text};
use firedrill::scenario::{Diagnostics, Source};
use firedrill::study::StudyError;
use std::error::Error;

/// What a command has to say, and how it ends.
#[derive(Debug, Default)]
pub struct Said {
    /// For the standard output.
    pub out: String,
    /// For the standard error.
    pub err: String,
    /// The exit code.
    pub code: u8,
    /// Something that fails at random was hardly seen.
    pub seen_rarely: bool,
}

impl Said {
    /// All is well.
    pub fn out(out: impl Into<String>) -> Said {
        Said { out: out.into(), ..Said::default() }
    }

    /// Somebody has ended it before there was anything to say.
    pub fn interrupted(words: &str) -> Said {
        Said { err: interrupt::told(words), code: exit::INTERRUPTED, ..Said::default() }
    }

    /// Of several codes the highest counts; but whatever is known to be wrong outweighs what could not be decided.
    pub fn worsen(&mut self, code: u8) {
        let known = |code: u8| if matches!(code, exit::UNDECIDED | exit::NO_DATA) { exit::OK } else { code };
        let worst = known(self.code).max(known(code));
        self.code = if worst == exit::OK { self.code.max(code) } else { worst };
    }

    /// A file could not be read or written.
    pub fn file_error(&mut self, error: &files::FileError) {
        self.err.push_str(&told(error));
        self.worsen(error.exit());
    }

    /// A line for each warning that the text of a scenario tells: `check` tells all, with their places.
    pub fn warnings(&mut self, source: &Source) {
        for warning in lint::warnings_of_text(source) {
            let (name, warning) = (text::clean(&source.name), text::clean(&warning.to_string()));
            self.err.push_str(&format!("warning: {name}: {warning}\n"));
        }
    }

    /// A scenario has mistakes.
    pub fn mistakes(&mut self, source: &Source, mistakes: &Diagnostics) {
        let colour = terminal::errors_are_coloured();
        self.err.push_str(&diagnostics::render_in(source, &mistakes.0, colour, terminal::errors_width()));
        self.worsen(exit::SCENARIO);
    }
}

/// Something is asked that makes no sense.
pub fn usage(problem: &str) -> Said {
    Said { err: format!("error: {}\n", text::clean(problem)), code: exit::USAGE, ..Said::default() }
}

/// Why a study cannot be made.
pub fn refused(error: StudyError) -> Said {
    match error {
        StudyError::Mistakes { source_text, mistakes } => {
            let mut said = Said::default();
            said.mistakes(&source_text, &mistakes);
            said
        }
        StudyError::Asked(problem) => usage(&problem),
        other => usage(&other.to_string()),
    }
}

/// An error and what it goes back to, on one line that nothing hostile can leave.
pub fn told(error: &dyn Error) -> String {
    let mut line = format!("error: {error}");
    let mut source = error.source();
    while let Some(cause) = source {
        line.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    text::clean(&line) + "\n"
}
