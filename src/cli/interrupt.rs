//! Ctrl-C, and who else wants the program to end: a scheduler (SIGTERM), a terminal that goes away (SIGHUP). The first time ends
//! what takes long where it is, the second time ends the program.
//!
//! What can say something of a part of its work [listens](listen) and is asked often. Everything else is [ended](end_with)
//! wherever it is: nothing of what it does stands before it is whole.

use super::{exit, files, terminal};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, Once, PoisonError};
use std::time::Duration;

static ASKED: AtomicBool = AtomicBool::new(false);
/// What is said when the program is ended where it is: what is known so far, and why there is no more. Nothing while somebody
/// listens.
static WORDS: Mutex<Option<(String, &'static str)>> = Mutex::new(None);
static HEARING: Once = Once::new();

/// How long whoever is under way may take to end by itself.
const GRACE: Duration = Duration::from_millis(400);

/// From now on somebody asks often whether it is to end, and says what there is to say.
pub fn listen() {
    set(None);
}

/// From now on the program is ended wherever it is, with these words.
pub fn end_with(words: &'static str) {
    end_telling(String::new(), words);
}

/// The same, and what is known so far is told.
pub fn end_telling(so_far: String, words: &'static str) {
    set(Some((so_far, words)));
}

fn set(words: Option<(String, &'static str)>) {
    // Whoever ends the program holds this as long as there is one.
    *WORDS.lock().unwrap_or_else(PoisonError::into_inner) = words;
    // Where there is no such thing as Ctrl-C, nobody can press it.
    HEARING.call_once(|| drop(hear()));
}

/// Whether somebody wants it to end.
pub fn asked() -> bool {
    ASKED.load(Ordering::Relaxed)
}

/// Somebody does.
#[cfg_attr(target_family = "wasm", allow(dead_code, reason = "there is nothing to hear"))]
fn heard() {
    if ASKED.swap(true, Ordering::SeqCst) {
        end("", "");
    }
    std::thread::spawn(|| {
        loop {
            #[expect(clippy::disallowed_methods, reason = "whoever ended the program waits on the wall")]
            std::thread::sleep(GRACE);
            if let Some((so_far, words)) = &*WORDS.lock().unwrap_or_else(PoisonError::into_inner) {
                end(so_far, words);
            }
        }
    });
}

/// Ends the program. Nothing half written stays.
#[cfg_attr(target_family = "wasm", allow(dead_code, reason = "there is nothing to hear"))]
fn end(so_far: &str, words: &str) {
    files::remove_parts();
    // Whoever reads may have gone away too.
    let _ = terminal::print(so_far);
    terminal::complain(&told(words));
    std::process::exit(i32::from(exit::INTERRUPTED));
}

/// What is said of something that was ended.
pub fn told(words: &str) -> String {
    if words.is_empty() { "ended by Ctrl-C\n".to_owned() } else { format!("ended by Ctrl-C: {words}\n") }
}

#[cfg(unix)]
fn hear() -> std::io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM])?;
    if !is_ignored(SIGHUP) {
        signals.add_signal(SIGHUP)?;
    }
    std::thread::spawn(move || signals.forever().for_each(|_| heard()));
    Ok(())
}

/// Whether a signal is ignored by whoever started the program, as `nohup` does. Where that cannot be known it is taken for ignored.
#[cfg(unix)]
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    ignored_of(&status).is_none_or(|mask| mask >> (signal - 1) & 1 == 1)
}

/// The mask of ignored signals in a status of Linux.
#[cfg(any(unix, test))]
fn ignored_of(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
    u64::from_str_radix(line.trim(), 16).ok()
}

#[cfg(windows)]
fn hear() -> Result<(), ctrlc::Error> {
    ctrlc::set_handler(heard)
}

#[cfg(not(any(unix, windows)))]
fn hear() -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::ignored_of;

    #[test]
    fn what_nohup_ignores_is_known() {
        assert_eq!(ignored_of("Name:\tfiredrill\nSigIgn:\t0000000000001001\nSigCgt:\t0\n"), Some(0x1001));
        assert_eq!(ignored_of("Name:\tfiredrill\n"), None);
    }
}
