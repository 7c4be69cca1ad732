//! Where the entries of large buckets are: in chains of blocks, from one common store.
//!
//! A block that has been read goes to the top of the free list, and is the next one to be written: however many entries
//! there are, the blocks in use stay those that are in the cache. The links are kept apart from the blocks, so that the
//! way along a chain does not wait for the blocks themselves.

use super::Due;

/// Entries of a block.
pub(super) const BLOCK: usize = 32;

/// The end of the free list.
const NONE: u32 = u32::MAX;

/// A chain of blocks, all of them full but the last. How many entries it has is known to its owner.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Chain {
    first: u32,
    last: u32,
}

/// The blocks of all chains.
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

    /// Forgets the entries of all chains.
    pub fn clear(&mut self) {
        self.blocks.clear();
        self.next.clear();
        self.free = NONE;
    }

    /// Adds to the end of a chain of `count` entries.
    #[inline]
    pub fn append(&mut self, chain: &mut Chain, count: usize, due: Due<T>) {
        if count.is_multiple_of(BLOCK) {
            self.lengthen(chain, count, due);
        } else {
            self.blocks[chain.last as usize][count % BLOCK] = due;
        }
    }

    /// Adds a block to the end of a chain.
    fn lengthen(&mut self, chain: &mut Chain, count: usize, due: Due<T>) {
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
        if count == 0 {
            chain.first = block;
        } else {
            self.next[chain.last as usize] = block;
        }
        chain.last = block;
    }

    /// The entry with the number `taken` of a chain whose full blocks before it have been taken off by
    /// [`drop_first`](Blocks::drop_first).
    #[inline]
    pub fn peek(&self, chain: &Chain, taken: usize) -> Due<T> {
        self.blocks[chain.first as usize][taken % BLOCK]
    }

    /// Takes the first block off a chain: all of its entries have been seen.
    #[inline]
    pub fn drop_first(&mut self, chain: &mut Chain) {
        let block = chain.first;
        chain.first = self.next[block as usize];
        self.next[block as usize] = self.free;
        self.free = block;
    }

    /// Takes the first block off a chain and gives what is in it; of the last block only the first entries count.
    #[inline]
    pub fn take_first(&mut self, chain: &mut Chain) -> [Due<T>; BLOCK] {
        let block = self.blocks[chain.first as usize];
        self.drop_first(chain);
        block
    }

    /// The entries `taken..count` of a chain, in order.
    pub fn iter(&self, chain: &Chain, taken: usize, count: usize) -> impl Iterator<Item = Due<T>> + '_ {
        let mut block = chain.first as usize;
        (taken..count).map(move |i| {
            if i % BLOCK == 0 && i > taken {
                block = self.next[block] as usize;
            }
            self.blocks[block][i % BLOCK]
        })
    }
}
