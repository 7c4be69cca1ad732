//! The terminal: what may be shown on it, and how it is written to.

use std::io::{IsTerminal, Write};

/// ParquetFile where there is no terminal to ask.
const WIDTH_WITHOUT_TERMINAL: usize = 100;
/// Wider lines are harder to read, however wide the terminal.
const WIDTH_MAX: usize = 140;

/// What one stream of output shows.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// Columns.
    pub width: usize,
    /// Whether it shows colour.
    pub colour: bool,
}

/// What the standard output shows: colour only on a terminal, and as `NO_COLOR` and its like say.
pub fn look() -> Look {
    let stdout = std::io::stdout();
    let colour = is_coloured(&stdout);
    let asked = std::env::var_os("COLUMNS").and_then(|text| text.to_str()?.parse::<usize>().ok());
    let real = if stdout.is_terminal() { terminal_size::terminal_size().map(|(w, _)| usize::from(w.0)) } else { None };
    let width = real.or(asked).unwrap_or(WIDTH_WITHOUT_TERMINAL).min(WIDTH_MAX);
    Look { width, colour }
}

/// Whether the standard error shows colour.
pub fn errors_are_coloured() -> bool {
    is_coloured(&std::io::stderr())
}

/// How wide the terminal is on which errors stand; nothing where they go elsewhere.
pub fn errors_width() -> Option<usize> {
    let stderr = std::io::stderr();
    let real = stderr.is_terminal().then(terminal_size::terminal_size).flatten();
    real.map(|(width, _)| usize::from(width.0).min(WIDTH_MAX))
}

fn is_coloured(stream: &impl anstream::stream::RawStream) -> bool {
    anstream::AutoStream::choice(stream) != anstream::ColorChoice::Never
}

/// Writes everything at once. A reader that has gone away is no error: it has seen what it wanted.
pub fn print(text: &str) -> std::io::Result<()> {
    tolerate(write(std::io::stdout().lock(), text))
}

/// Writes to the standard error. There is nowhere left to tell that it failed.
pub fn complain(text: &str) {
    let _ = write(std::io::stderr().lock(), text);
}

fn write(mut stream: impl Write, text: &str) -> std::io::Result<()> {
    stream.write_all(text.as_bytes())?;
    stream.flush()
}

fn tolerate(written: std::io::Result<()>) -> std::io::Result<()> {
    match written {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// How far something has come, on a terminal only, gone when it is done. Where there is no terminal at all, nothing.
pub struct Progress {
    #[cfg(not(target_family = "wasm"))]
    bar: indicatif::ProgressBar,
}

#[cfg(not(target_family = "wasm"))]
impl Progress {
    /// Something in so many steps.
    pub fn new(what: &'static str, steps: usize) -> Progress {
        let bar = indicatif::ProgressBar::new(steps as u64);
        if let Ok(style) = indicatif::ProgressStyle::with_template("{msg} {bar:30} {pos}/{len}, {eta} left") {
            bar.set_style(style);
        }
        bar.set_message(what);
        Progress { bar }
    }

    /// A run of so many simulated seconds.
    pub fn of_time(seconds: f64) -> Progress {
        let bar = indicatif::ProgressBar::new(seconds.ceil() as u64);
        if let Ok(style) = indicatif::ProgressStyle::with_template("{msg} {bar:30} {percent}%, {eta} left") {
            bar.set_style(style);
        }
        Progress { bar }
    }

    /// It has come so far.
    pub fn reach(&self, seconds: f64, told: &str) {
        self.bar.set_message(told.to_owned());
        self.bar.set_position(seconds as u64);
    }

    /// More steps than was known.
    pub fn more(&self, steps: usize) {
        self.bar.inc_length(steps as u64);
    }

    /// What there is to say meanwhile.
    pub fn say(&self, words: String) {
        self.bar.set_message(words);
    }

    /// A step is done.
    pub fn step(&self) {
        self.bar.inc(1);
    }

    /// So many steps are done.
    pub fn steps(&self, steps: u64) {
        self.bar.inc(steps);
    }

    /// All of it is.
    pub fn done(&self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(target_family = "wasm")]
impl Progress {
    pub fn of_time(_: f64) -> Progress {
        Progress {}
    }

    pub fn reach(&self, _: f64, _: &str) {}

    pub fn new(_: &'static str, _: usize) -> Progress {
        Progress {}
    }

    pub fn more(&self, _: usize) {}

    pub fn say(&self, _: String) {}

    pub fn step(&self) {}

    pub fn steps(&self, _: u64) {}

    pub fn done(&self) {}
}
