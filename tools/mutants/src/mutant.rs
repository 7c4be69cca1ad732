//! A mutant: one small change of one place.

use std::ops::Range;

/// One small change.
#[derive(Debug, Clone)]
pub struct Mutant {
    /// Its place in the list of all mutants, from 1: what `FIREDRILL_MUTANT` says.
    pub number: u32,
    /// The file, from the root of the project.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The function it stands in, with its type.
    pub function: String,
    /// What is changed, in words.
    pub what: String,
    /// Which of the same changes in the same function, from 1.
    pub nth: usize,
}

impl Mutant {
    /// What it is called wherever lines have moved: in `known.txt`, and from one run to the next.
    pub fn name(&self) -> String {
        let nth = if self.nth > 1 { format!(" #{}", self.nth) } else { String::new() };
        format!("{}: {}: {}{nth}", self.file, self.function, self.what)
    }

    /// As the list shows it.
    pub fn line(&self) -> String {
        let nth = if self.nth > 1 { format!(" #{}", self.nth) } else { String::new() };
        format!("{:5} {}:{} {}: {}{nth}", self.number, self.file, self.line, self.function, self.what)
    }
}

/// Text that goes into a source file.
#[derive(Debug, Clone)]
pub struct Insertion {
    /// Before which byte of the original.
    pub at: usize,
    pub text: String,
    /// It ends something: at one place it stands before what begins there.
    pub closes: bool,
    /// Which bytes of the text belong to which mutant.
    pub marks: Vec<(u32, Range<usize>)>,
}

/// The changed text of a file, and where in it each mutant stands.
pub struct Rewritten {
    pub text: String,
    pub places: Vec<(u32, Range<usize>)>,
}

/// Puts the insertions in.
pub fn rewrite(source: &str, mut insertions: Vec<Insertion>) -> Rewritten {
    insertions.sort_by_key(|insertion| (insertion.at, !insertion.closes));
    let (mut text, mut places, mut done) = (String::new(), Vec::new(), 0);
    for insertion in insertions {
        text.push_str(&source[done..insertion.at]);
        done = insertion.at;
        let base = text.len();
        places.extend(insertion.marks.into_iter().map(|(n, r)| (n, base + r.start..base + r.end)));
        text.push_str(&insertion.text);
    }
    text.push_str(&source[done..]);
    Rewritten { text, places }
}
