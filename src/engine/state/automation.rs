//! Automation that has been switched off.

use crate::world::Automation;

/// One time that something was switched off, until it is switched on or its time is over.
#[derive(Debug, Clone, Copy)]
pub struct SwitchedOff {
    pub of: Automation,
    /// Each time has a number of its own.
    pub number: u32,
    /// The procedure that did it, if one did.
    pub by: Option<usize>,
    /// It would have acted, and that has been told.
    pub told: bool,
}
