//! Automation that has been switched off.

use crate::world::Automation;

/// One time that something was switched off.
#[derive(Debug, Clone, Copy)]
pub struct SwitchedOff {
    pub of: Automation,
    /// Until it is switched on, or its time is over.
    pub active: bool,
    /// It would have acted, and that has been told.
    pub told: bool,
}
