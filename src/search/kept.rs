//! What has been run of a search, kept by whoever has a place for it: a search goes on where it was ended, several programs
//! share one, and what they made is put together.

use super::came::Came;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

/// The version of the shape of what is kept.
const FORMAT: u32 = 1;

/// The place cannot be read or written: whoever has it knows why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unkept;

/// A place for parts of a search. What is kept under a name never changes.
pub trait Keeper {
    /// What is kept under a name.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    fn load(&mut self, name: &str) -> Result<Option<String>, Unkept>;

    /// Keeps something under a name.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    fn save(&mut self, name: &str, text: &str) -> Result<(), Unkept>;

    /// Whether anything is kept at all.
    fn keeps(&self) -> bool {
        true
    }

    /// Whether what is missing is made.
    fn makes(&self) -> bool {
        true
    }
}

/// Nothing is kept.
#[derive(Debug, Clone, Copy, Default)]
pub struct Forgets;

impl Keeper for Forgets {
    fn load(&mut self, _: &str) -> Result<Option<String>, Unkept> {
        Ok(None)
    }

    fn save(&mut self, _: &str, _: &str) -> Result<(), Unkept> {
        Ok(())
    }

    fn keeps(&self) -> bool {
        false
    }
}

/// Which part of the largest sets a program runs: which, from 0, of how many. All smaller sets are run by everybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// Which.
    pub which: u64,
    /// Of how many.
    pub of: u64,
}

impl Shard {
    pub(super) fn has(self, batch: usize) -> bool {
        batch as u64 % self.of.max(1) == self.which
    }
}

#[derive(Serialize, Deserialize)]
struct Top {
    firedrill_search: u32,
    name: String,
}

#[derive(Serialize, Deserialize)]
struct Footer {
    sets: usize,
    xxh3: String,
}

/// What came of a set at an onset. Numbers are kept by their bits: what is read back is what was kept.
#[derive(Serialize, Deserialize)]
struct Line {
    broken: Vec<u64>,
    first: Vec<Option<u64>>,
    seen: Vec<Option<u64>>,
    felt: [u64; 3],
    shows: bool,
}

fn line(came: &Came) -> Line {
    Line {
        broken: came.broken.clone(),
        first: came.first.clone(),
        seen: came.seen.iter().map(|seen| seen.map(f64::to_bits)).collect(),
        felt: [came.users_hit, came.longest_s, came.lost_min].map(f64::to_bits),
        shows: came.shows,
    }
}

fn came(line: Line) -> Came {
    let [users_hit, longest_s, lost_min] = line.felt.map(f64::from_bits);
    Came {
        broken: line.broken,
        first: line.first,
        seen: line.seen.into_iter().map(|seen| seen.map(f64::from_bits)).collect(),
        users_hit,
        longest_s,
        lost_min,
        shows: line.shows,
    }
}

fn json(value: &impl Serialize) -> String {
    // Plain data with text for keys: it can always be written.
    serde_json::to_string(value).unwrap_or_default() + "\n"
}

/// Sets as text: whose they are, a line for each, a checksum over all of it.
pub(super) fn text_of(name: &str, sets: &[Vec<Option<Came>>]) -> String {
    let mut out = json(&Top { firedrill_search: FORMAT, name: name.to_owned() });
    for set in sets {
        out.push_str(&json(&set.iter().map(|came| came.as_ref().map(line)).collect::<Vec<Option<Line>>>()));
    }
    let sum = format!("{:032x}", xxh3_128(out.as_bytes()));
    out + &json(&Footer { sets: sets.len(), xxh3: sum })
}

/// Whether a text that was kept is whole, and the one of that name.
///
/// ```
/// assert!(!firedrill::search::is_whole("", "one"));
/// ```
pub fn is_whole(text: &str, name: &str) -> bool {
    sets_of(text, name).is_some()
}

/// Sets out of a text, if it is whole and the one of that name.
pub(super) fn sets_of(text: &str, name: &str) -> Option<Vec<Vec<Option<Came>>>> {
    let (body, footer) = text.split_at(text.trim_end_matches('\n').rfind('\n')? + 1);
    let footer: Footer = serde_json::from_str(footer.trim_end()).ok()?;
    let mut lines = body.lines();
    let top: Top = serde_json::from_str(lines.next()?).ok()?;
    let fits = top.firedrill_search == FORMAT && top.name == name;
    if !fits || footer.xxh3 != format!("{:032x}", xxh3_128(body.as_bytes())) {
        return None;
    }
    let set = |line: &str| {
        let lines: Vec<Option<Line>> = serde_json::from_str(line).ok()?;
        Some(lines.into_iter().map(|line| line.map(came)).collect())
    };
    let sets: Option<Vec<Vec<Option<Came>>>> = lines.map(set).collect();
    sets.filter(|sets| sets.len() == footer.sets)
}

/// The name of what is kept of some sets: everything that it follows from.
pub(super) fn name_of(from: &impl Serialize) -> String {
    let whole = (FORMAT, env!("CARGO_PKG_VERSION"), from);
    format!("{:032x}", xxh3_128(json(&whole).as_bytes()))
}
