//! Ctrl-C: the first one ends a long run where it is, the second one ends the program.

use std::sync::atomic::{AtomicBool, Ordering};

static ASKED: AtomicBool = AtomicBool::new(false);

/// From now on Ctrl-C is heard.
#[cfg(not(target_family = "wasm"))]
pub fn listen() {
    // Where there is no such thing as Ctrl-C, nobody can press it.
    let _ = ctrlc::set_handler(|| {
        if ASKED.swap(true, Ordering::SeqCst) {
            std::process::exit(i32::from(super::exit::INTERRUPTED));
        }
    });
}

#[cfg(target_family = "wasm")]
pub fn listen() {}

/// Whether somebody has pressed it.
pub fn asked() -> bool {
    ASKED.load(Ordering::SeqCst)
}
