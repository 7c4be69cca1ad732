//! A stretch of time, cut into buckets of equal width.

use super::Due;
use super::bucket::{BLOCK, Blocks, Chain};

/// How many entries of a fine bucket are at hand: a cache line of entries of 16 bytes.
pub(super) const AT_HAND: usize = 4;

/// The entries of a bucket that are at hand.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
pub(super) struct Hand<T>(pub [Due<T>; AT_HAND]);

/// A rung of the ladder: a stretch of time in buckets. Its widths are powers of two, so that a bucket is found by a shift.
///
/// A fine rung is made for buckets of one or two entries, which lie side by side; what is too much for a bucket goes to a
/// chain. A coarse rung is made for buckets of hundreds, all of them in chains.
#[derive(Debug, Clone)]
pub(super) struct Rung<T> {
    /// When the first bucket begins.
    base: u64,
    /// What is due from here on belongs elsewhere.
    end: u64,
    /// The width of a bucket, as a power of two.
    shift: u32,
    /// How many entries of each bucket are at hand: of a coarse rung none.
    at_hand: usize,
    /// The first bucket that has not been emptied.
    cursor: usize,
    /// How many entries of the bucket at the cursor have been taken, while it is taken one by one.
    taken: usize,
    counts: Vec<u32>,
    hands: Vec<Hand<T>>,
    chains: Vec<Chain>,
}

impl<T: Copy> Rung<T> {
    pub fn new() -> Rung<T> {
        Rung {
            base: 0,
            end: 0,
            shift: 0,
            at_hand: 0,
            cursor: 0,
            taken: 0,
            counts: Vec::new(),
            hands: Vec::new(),
            chains: Vec::new(),
        }
    }

    /// Lays out the buckets from `base` to `end`, each of them `2^shift` wide. Any entry does for `filler`: there is no such
    /// thing as an empty T.
    pub fn lay_out(&mut self, base: u64, end: u64, shift: u32, fine: bool, filler: Due<T>) {
        debug_assert!(base < end);
        let count = ((end - 1 - base) >> shift) as usize + 1;
        (self.base, self.end, self.shift, self.cursor, self.taken) = (base, end, shift, 0, 0);
        self.counts.clear();
        self.counts.resize(count, 0);
        if self.chains.len() < count {
            self.chains.resize(count, Chain::default());
        }
        self.at_hand = if fine { AT_HAND } else { 0 };
        if fine && self.hands.len() < count {
            self.hands.resize(count, Hand([filler; AT_HAND]));
        }
    }

    #[inline]
    pub fn end(&self) -> u64 {
        self.end
    }

    pub fn shift(&self) -> u32 {
        self.shift
    }

    #[inline]
    pub fn append(&mut self, blocks: &mut Blocks<T>, due: Due<T>) {
        let bucket = ((due.at - self.base) >> self.shift) as usize;
        let count = self.counts[bucket] as usize;
        self.counts[bucket] += 1;
        if count < self.at_hand {
            self.hands[bucket].0[count % AT_HAND] = due;
        } else {
            blocks.append(&mut self.chains[bucket], count - self.at_hand, due);
        }
    }

    /// How many entries the bucket at the cursor has; nothing at the end of the rung.
    #[inline]
    pub fn count(&self) -> Option<usize> {
        self.counts.get(self.cursor).map(|&count| count as usize)
    }

    /// What is at hand of the bucket at the cursor; nothing if the rung is coarse.
    #[inline]
    pub fn hand(&self) -> Option<&[Due<T>; AT_HAND]> {
        if self.at_hand == 0 { None } else { self.hands.get(self.cursor).map(|hand| &hand.0) }
    }

    /// Some entry of the bucket at the cursor, which must not be empty.
    pub fn any(&self, blocks: &Blocks<T>) -> Due<T> {
        self.hand().map_or_else(|| blocks.peek(&self.chains[self.cursor], 0), |hand| hand[0])
    }

    /// When the bucket at the cursor begins, or the rung ends.
    #[inline]
    pub fn start(&self) -> u64 {
        let start = u128::from(self.base) + ((self.cursor as u128) << self.shift);
        start.min(u128::from(self.end)) as u64
    }

    /// The bucket at the cursor is empty, or has been taken.
    #[inline]
    pub fn advance(&mut self) {
        self.cursor += 1;
    }

    /// Takes the entries of the bucket at the cursor, and moves on.
    pub fn take(&mut self, blocks: &mut Blocks<T>, mut give: impl FnMut(&mut Blocks<T>, Due<T>)) {
        let count = self.counts[self.cursor] as usize;
        if let Some(hand) = self.hand() {
            for &due in hand.iter().take(count) {
                give(blocks, due);
            }
        }
        self.take_chain(blocks, give);
    }

    /// Takes those entries of the bucket at the cursor that are not at hand, and moves on.
    pub fn take_chain(&mut self, blocks: &mut Blocks<T>, mut give: impl FnMut(&mut Blocks<T>, Due<T>)) {
        let count = self.counts[self.cursor] as usize;
        let mut left = count.saturating_sub(self.at_hand);
        let mut chain = self.chains[self.cursor];
        while left > 0 {
            let block = blocks.take_first(&mut chain);
            for &due in block.iter().take(left) {
                give(blocks, due);
            }
            left = left.saturating_sub(BLOCK);
        }
        self.cursor += 1;
    }

    /// Takes one entry of the bucket at the cursor, all of which are due at the same time; and says whether it was the
    /// last.
    #[inline]
    pub fn take_one(&mut self, blocks: &mut Blocks<T>) -> (Due<T>, bool) {
        let taken = self.taken;
        let last = taken + 1 == self.counts[self.cursor] as usize;
        let due = if taken < self.at_hand {
            self.hands[self.cursor].0[taken % AT_HAND]
        } else {
            let taken = taken - self.at_hand;
            let chain = &mut self.chains[self.cursor];
            let due = blocks.peek(chain, taken);
            if last || taken % BLOCK == BLOCK - 1 {
                blocks.drop_first(chain);
            }
            due
        };
        self.taken += 1;
        if last {
            self.cursor += 1;
            self.taken = 0;
        }
        (due, last)
    }

    pub fn iter<'a>(&'a self, blocks: &'a Blocks<T>) -> impl Iterator<Item = Due<T>> + 'a {
        (self.cursor..self.counts.len()).flat_map(move |i| {
            let count = self.counts[i] as usize;
            let taken = if i == self.cursor { self.taken } else { 0 };
            let at_hand = (taken..count.min(self.at_hand)).map(move |place| self.hands[i].0[place]);
            let (from, to) = (taken.saturating_sub(self.at_hand), count.saturating_sub(self.at_hand));
            at_hand.chain(blocks.iter(&self.chains[i], from, to))
        })
    }
}
