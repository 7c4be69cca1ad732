//! A stretch of time, cut into buckets of equal width.

use super::Due;
use super::bucket::{Blocks, Bucket};

/// A rung of the ladder: a stretch of time in buckets. Its widths are powers of two, so that a bucket is found by a shift.
#[derive(Debug, Clone, Default)]
pub(super) struct Rung {
    /// When the first bucket begins.
    base: u64,
    /// What is due from here on belongs elsewhere.
    end: u64,
    /// The width of a bucket, as a power of two.
    shift: u32,
    /// The first bucket that has not been emptied.
    cursor: usize,
    /// How many entries of the bucket at the cursor have been taken, while it is taken one by one.
    taken: usize,
    buckets: Vec<Bucket>,
}

impl Rung {
    /// Lays out the buckets from `base` to `end`, each of them `2^shift` wide.
    pub fn lay_out(&mut self, base: u64, end: u64, shift: u32) {
        debug_assert!(base < end);
        let count = ((end - 1 - base) >> shift) as usize + 1;
        (self.base, self.end, self.shift, self.cursor, self.taken) = (base, end, shift, 0, 0);
        self.buckets.clear();
        self.buckets.resize(count, Bucket::default());
    }

    #[inline]
    pub fn end(&self) -> u64 {
        self.end
    }

    pub fn shift(&self) -> u32 {
        self.shift
    }

    #[inline]
    pub fn append<T: Copy>(&mut self, blocks: &mut Blocks<T>, due: Due<T>) {
        let bucket = ((due.at - self.base) >> self.shift) as usize;
        blocks.append(&mut self.buckets[bucket], due);
    }

    /// Moves the cursor to the first bucket with something in it.
    pub fn advance(&mut self) -> Option<&Bucket> {
        let empty = self.buckets[self.cursor..].iter().take_while(|bucket| bucket.count() == 0).count();
        self.cursor += empty;
        self.buckets.get(self.cursor)
    }

    /// When the bucket at the cursor begins and ends.
    pub fn span(&self) -> (u64, u64) {
        let start = self.base + ((self.cursor as u64) << self.shift);
        (start, self.end.min(start.saturating_add(1 << self.shift)))
    }

    /// Takes the bucket at the cursor off the rung.
    pub fn take(&mut self) -> Bucket {
        let bucket = std::mem::take(&mut self.buckets[self.cursor]);
        self.cursor += 1;
        bucket
    }

    /// Takes one entry of the bucket at the cursor, all of which are due at the same time; and says whether it was the
    /// last.
    #[inline]
    pub fn take_one<T: Copy>(&mut self, blocks: &mut Blocks<T>) -> (Due<T>, bool) {
        let bucket = &mut self.buckets[self.cursor];
        let due = blocks.peek(bucket, self.taken);
        self.taken += 1;
        let last = self.taken == bucket.count();
        if last || self.taken.is_multiple_of(super::bucket::BLOCK) {
            blocks.drop_first(bucket);
        }
        if last {
            *bucket = Bucket::default();
            self.cursor += 1;
            self.taken = 0;
        }
        (due, last)
    }

    pub fn iter<'a, T: Copy>(&'a self, blocks: &'a Blocks<T>) -> impl Iterator<Item = Due<T>> + 'a {
        let taken = |i: usize| if i == self.cursor { self.taken } else { 0 };
        self.buckets.iter().enumerate().flat_map(move |(i, bucket)| blocks.iter(bucket, taken(i)))
    }
}
