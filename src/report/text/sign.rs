//! The sign of a mood, in every strip the same.

use super::line::Ink;
use crate::observe::Mood;

/// The sign and the colour of a mood.
pub fn sign(mood: Mood) -> (Ink, &'static str) {
    match mood {
        Mood::Fine => (Ink::Good, "·"),
        Mood::Stale => (Ink::Stale, "░"),
        Mood::Degraded => (Ink::Degraded, "▒"),
        Mood::Down => (Ink::Bad, "█"),
    }
}

/// The same; a blank where nothing was measured.
pub fn sign_or_blank(mood: Option<Mood>) -> (Ink, &'static str) {
    mood.map_or((Ink::Plain, " "), sign)
}
