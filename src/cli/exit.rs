//! What the exit code of the command means. When several apply, the highest is given. Documented for users in
//! `docs/reference/exit-codes.md`.

/// All went well, and every expectation holds.
pub const OK: u8 = 0;
/// An expectation or an objective does not hold.
pub const EXPECTATION_FAILED: u8 = 1;
/// The command was used wrongly: an option that does not exist, a folder without scenarios.
pub const USAGE: u8 = 2;
/// A scenario has mistakes, or is not text.
pub const SCENARIO: u8 = 3;
/// Something could not be read or written.
pub const FILES: u8 = 4;
/// Two runs that have to be the same are not.
pub const NOT_DETERMINISTIC: u8 = 5;
/// An objective could not be decided: more replications would tell. What failed outweighs it.
pub const UNDECIDED: u8 = 6;
/// There was no data to hold an expectation or an objective against. What failed outweighs it.
pub const NO_DATA: u8 = 7;
/// Ended by Ctrl-C; what was reached by then is told. The shell's own code for it.
pub const INTERRUPTED: u8 = 130;
/// A panic: a bug of firedrill, never of a scenario. Rust's own code for it.
#[allow(dead_code, reason = "Rust gives it by itself")]
pub const BUG: u8 = 101;
