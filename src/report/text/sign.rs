//! The sign of a mood, in every strip the same.

use super::line::Ink;
use crate::observe::ServiceLevel;

/// The sign and the colour of a mood.
pub fn sign(mood: ServiceLevel) -> (Ink, &'static str) {
    match mood {
        ServiceLevel::Fine => (Ink::Good, "·"),
        ServiceLevel::Stale => (Ink::Stale, "░"),
        ServiceLevel::Degraded => (Ink::Degraded, "▒"),
        ServiceLevel::Down => (Ink::Bad, "█"),
    }
}

/// The same; a blank where nothing was measured.
pub fn sign_or_blank(mood: Option<ServiceLevel>) -> (Ink, &'static str) {
    mood.map_or((Ink::Plain, " "), sign)
}
