//! Users who wait for answers.
//!
//! Where fewer should be there than are, whoever is too many is any of them alike. Who thinks leaves at once, who waits leaves with
//! the answer. Thinking is exponential, so that all clicks that are due are alike, whenever they were made due: which of them is that of
//! one who has left needs to be drawn only when it comes.

use crate::rng::Stream;

/// Users of a population who wait for answers.
#[derive(Debug, Clone)]
pub struct ClosedUsers {
    /// Who is there, and who should be.
    pub present: u64,
    pub target: u64,
    /// Of those who are there, who thinks; the others wait for answers.
    pub thinking: u64,
    /// Clicks that are due of users who have left meanwhile.
    pub void: u64,
    /// Of those who wait, so many leave with their answer, out of so many.
    pub leaving: u64,
    pub out_of: u64,
    pub thinks_ns: f64,
    /// Sources, and the sum of the rates up to there.
    pub uses: Vec<(u32, f64)>,
    pub luck: Stream,
}

impl ClosedUsers {
    pub fn new(luck: Stream) -> ClosedUsers {
        ClosedUsers {
            present: 0,
            target: 0,
            thinking: 0,
            void: 0,
            leaving: 0,
            out_of: 0,
            thinks_ns: f64::INFINITY,
            uses: Vec::new(),
            luck,
        }
    }

    /// So many should be there from now on; says for how many a click has to be made due.
    pub fn gather(&mut self, target: u64) -> u64 {
        self.target = target;
        let there = self.present - self.leaving;
        if target < there {
            self.send_away(there - target, there);
            return 0;
        }
        let stay = self.leaving.min(target - there);
        self.leaving -= stay;
        if !self.thinks_ns.is_finite() {
            return 0;
        }
        let more = target - there - stay;
        // Who comes is as good as one who has left.
        let instead = self.void.min(more);
        self.void -= instead;
        self.present += more;
        self.thinking += more;
        more - instead
    }

    /// Of all who are there and stay, so many are too many.
    fn send_away(&mut self, fewer: u64, there: u64) {
        let waiting = there - self.thinking.min(there);
        let think = fewer as f64 * self.thinking as f64 / there as f64;
        let mut from_thinking = think as u64;
        let part = think - from_thinking as f64;
        from_thinking += u64::from(part > 0.0 && self.luck.chance(part));
        let from_thinking = from_thinking.min(self.thinking).max(fewer.saturating_sub(waiting));
        self.thinking -= from_thinking;
        self.void += from_thinking;
        self.present -= from_thinking;
        self.leaving += fewer - from_thinking;
        self.out_of = self.present - self.thinking;
    }

    /// A click is due: whether it is one of somebody who is still there.
    pub fn clicks(&mut self) -> bool {
        if self.void > 0 && self.luck.chance(self.void as f64 / (self.void + self.thinking) as f64) {
            self.void -= 1;
            return false;
        }
        self.thinking = self.thinking.saturating_sub(1);
        true
    }

    /// Somebody has an answer, or knows that there is none: whether he thinks and clicks again.
    pub fn is_answered(&mut self) -> bool {
        if self.leaving > 0 {
            let leaves = self.leaving >= self.out_of || self.luck.chance(self.leaving as f64 / self.out_of as f64);
            self.out_of = self.out_of.saturating_sub(1);
            if leaves {
                self.leaving -= 1;
                self.present -= 1;
                return false;
            }
        }
        self.thinking += 1;
        true
    }

    /// One of those who are there does not think, but waits for an answer; says whether there was one.
    pub fn waits_already(&mut self) -> bool {
        if self.thinking == 0 {
            return false;
        }
        self.thinking -= 1;
        self.void += 1;
        true
    }
}
