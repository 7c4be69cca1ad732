//! What came of all of them: a table by file, the missed ones, and the same as JSON.

use crate::judge::Fate;
use crate::mutant::Mutant;
use serde_json::json;
use std::collections::BTreeMap;

/// Mutants of a file.
#[derive(Default, Clone, Copy)]
pub struct Count {
    pub caught: usize,
    pub missed: usize,
    /// Of the missed ones those that are known, with a reason.
    pub known: usize,
    pub unviable: usize,
}

impl Count {
    fn add(&mut self, other: Count) {
        self.caught += other.caught;
        self.missed += other.missed;
        self.known += other.known;
        self.unviable += other.unviable;
    }

    fn share(caught: usize, missed: usize) -> String {
        if caught + missed == 0 {
            return "–".to_owned();
        }
        format!("{:.1}%", 100.0 * caught as f64 / (caught + missed) as f64)
    }

    /// Of those that a test could notice, the share that one does.
    pub fn caught_of_open(&self) -> f64 {
        let open = self.caught + self.missed - self.known;
        if open == 0 { 1.0 } else { self.caught as f64 / open as f64 }
    }
}

pub struct Report<'a> {
    pub fates: Vec<(&'a Mutant, Fate)>,
    pub known: &'a BTreeMap<String, String>,
}

impl Report<'_> {
    fn count(&self, of: impl Fn(&Mutant) -> bool) -> Count {
        let mut count = Count::default();
        for (mutant, fate) in self.fates.iter().filter(|(mutant, _)| of(mutant)) {
            let known = self.known.contains_key(&mutant.name());
            count.add(match fate {
                Fate::Caught(_) | Fate::CaughtByTime(_) => Count { caught: 1, ..Count::default() },
                Fate::Missed(_) => Count { missed: 1, known: usize::from(known), ..Count::default() },
                Fate::Unviable => Count { unviable: 1, ..Count::default() },
            });
        }
        count
    }

    fn files(&self) -> Vec<(String, Count)> {
        let mut files: Vec<&String> = self.fates.iter().map(|(mutant, _)| &mutant.file).collect();
        files.dedup();
        files.into_iter().map(|file| (file.clone(), self.count(|mutant| mutant.file == *file))).collect()
    }

    pub fn all(&self) -> Count {
        self.count(|_| true)
    }

    /// As `docs/testing.md` has it.
    pub fn table(&self) -> String {
        let mut text =
            "| file | mutants | caught | missed | of these known | caught of all |\n|---|---|---|---|---|---|\n"
                .to_owned();
        for (file, c) in self.files().into_iter().chain([("all".to_owned(), self.all())]) {
            let (n, share) = (c.caught + c.missed, Count::share(c.caught, c.missed));
            text.push_str(&format!("| `{file}` | {n} | {} | {} | {} | {share} |\n", c.caught, c.missed, c.known));
        }
        text
    }

    pub fn text(&self) -> String {
        let mut text = self.table();
        text.push_str(&format!("\n{} do not compile.\n", self.all().unviable));
        for (mutant, fate) in &self.fates {
            let (name, line) = (mutant.name(), mutant.line());
            if let Fate::Missed(tests) = fate {
                match self.known.get(&name) {
                    Some(reason) => text.push_str(&format!("known  {line} ({reason})\n")),
                    None if *tests == 0 => text.push_str(&format!("missed {line} (no quick test comes by)\n")),
                    None => text.push_str(&format!("missed {line} ({tests} tests see nothing)\n")),
                }
            }
        }
        for (mutant, fate) in &self.fates {
            if fate.is_caught() && self.known.contains_key(&mutant.name()) {
                text.push_str(&format!("no longer missed {}; take it out of known.txt\n", mutant.line()));
            }
        }
        text
    }

    pub fn json(&self) -> String {
        let one = |(mutant, fate): &(&Mutant, Fate)| {
            let (fate, by) = match fate {
                Fate::Caught(by) => ("caught", by.clone()),
                Fate::CaughtByTime(by) => ("caught by time", by.clone()),
                Fate::Missed(tests) => ("missed", format!("{tests} tests")),
                Fate::Unviable => ("unviable", String::new()),
            };
            json!({
                "number": mutant.number, "file": mutant.file, "line": mutant.line, "function": mutant.function,
                "what": mutant.what, "name": mutant.name(), "fate": fate, "by": by,
                "known": self.known.get(&mutant.name()),
            })
        };
        let all: Vec<_> = self.fates.iter().map(one).collect();
        format!("{:#}\n", json!({ "mutants": all }))
    }
}
