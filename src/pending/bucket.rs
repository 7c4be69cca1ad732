//! Unsorted buckets: lists of small blocks of entries, from one common store.
//!
//! A block that has been read goes to the top of the free list, and is the next one to be written: however many entries
//! there are, the blocks in use stay those that are in the cache. The links are kept apart from the blocks, so that the
//! way through a list of blocks does not wait for the blocks themselves.

use super::Due;

/// Entries of a block: 128 bytes of entries of 16 bytes.
pub(super) const BLOCK: usize = 8;

/// The end of the free list.
const NONE: u32 = u32::MAX;

/// A list of blocks, all of them full but the last.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Bucket {
    first: u32,
    last: u32,
    count: u32,
}

impl Bucket {
    #[inline]
    pub fn count(&self) -> usize {
        self.count as usize
    }
}

/// Where the entries of all buckets are.
#[derive(Debug, Clone)]
pub(super) struct Blocks<T> {
    blocks: Vec<[Due<T>; BLOCK]>,
    next: Vec<u32>,
    free: u32,
}

impl<T: Copy> Blocks<T> {
    pub fn new() -> Blocks<T> {
        Blocks { blocks: Vec::new(), next: Vec::new(), free: NONE }
    }

    /// Forgets all entries of all buckets.
    pub fn clear(&mut self) {
        self.blocks.clear();
        self.next.clear();
        self.free = NONE;
    }

    /// Adds to the end of a bucket.
    #[inline]
    pub fn append(&mut self, bucket: &mut Bucket, due: Due<T>) {
        let place = bucket.count as usize % BLOCK;
        if place == 0 {
            self.lengthen(bucket, due);
        } else {
            self.blocks[bucket.last as usize][place] = due;
        }
        bucket.count += 1;
    }

    /// Adds a block to the end of a bucket.
    #[inline]
    fn lengthen(&mut self, bucket: &mut Bucket, due: Due<T>) {
        let block = self.free;
        let block = if block == NONE {
            let block = self.blocks.len() as u32;
            assert!(block < NONE, "2^32 blocks are not enough");
            // There is no such thing as an empty T.
            self.blocks.push([due; BLOCK]);
            self.next.push(NONE);
            block
        } else {
            self.free = self.next[block as usize];
            self.blocks[block as usize][0] = due;
            block
        };
        if bucket.count == 0 {
            bucket.first = block;
        } else {
            self.next[bucket.last as usize] = block;
        }
        bucket.last = block;
    }

    /// The entry that was added after `taken` others, of which all full blocks have been taken off by
    /// [`drop_first`](Blocks::drop_first).
    #[inline]
    pub fn peek(&self, bucket: &Bucket, taken: usize) -> Due<T> {
        self.blocks[bucket.first as usize][taken % BLOCK]
    }

    /// Takes the first block off a bucket: all of its entries have been seen.
    #[inline]
    pub fn drop_first(&mut self, bucket: &mut Bucket) {
        let block = bucket.first;
        bucket.first = self.next[block as usize];
        self.next[block as usize] = self.free;
        self.free = block;
    }

    /// Takes the first block off a bucket and gives what is in it; of the last block only the first entries count.
    #[inline]
    pub fn take_first(&mut self, bucket: &mut Bucket) -> [Due<T>; BLOCK] {
        let block = self.blocks[bucket.first as usize];
        self.drop_first(bucket);
        block
    }

    /// The entries of a bucket after the first `taken`, in order.
    pub fn iter(&self, bucket: &Bucket, taken: usize) -> impl Iterator<Item = Due<T>> + '_ {
        let mut block = bucket.first as usize;
        (taken..bucket.count()).map(move |i| {
            if i % BLOCK == 0 && i > taken {
                block = self.next[block] as usize;
            }
            self.blocks[block][i % BLOCK]
        })
    }
}
