//! The few entries that are due next, sorted.

use super::Due;

/// How many entries the front holds.
pub(super) const ROOM: usize = 64;

/// A sorted ring of at most [`ROOM`] entries: the earliest first, equal times in the order in which they came.
#[derive(Debug, Clone)]
pub(super) struct Front<T> {
    /// There is no such thing as an empty T: nothing until the first entry comes.
    ring: Option<Box<[Due<T>; ROOM]>>,
    head: usize,
    count: usize,
}

impl<T: Copy> Front<T> {
    pub fn new() -> Front<T> {
        Front { ring: None, head: 0, count: 0 }
    }

    #[inline]
    pub fn count(&self) -> usize {
        self.count
    }

    pub fn clear(&mut self) {
        self.count = 0;
    }

    /// Puts an entry in its place; there must be room.
    #[inline]
    pub fn insert(&mut self, due: Due<T>) {
        debug_assert!(self.count < ROOM);
        let ring = match &mut self.ring {
            Some(ring) => ring,
            None => self.ring.insert(Box::new([due; ROOM])),
        };
        let mut hole = self.head + self.count;
        while hole > self.head {
            let before = ring[(hole - 1) % ROOM];
            if before.at <= due.at {
                break;
            }
            ring[hole % ROOM] = before;
            hole -= 1;
        }
        ring[hole % ROOM] = due;
        self.count += 1;
    }

    /// Takes the earliest entry, and says when the one after it is due, if there is one.
    #[inline]
    pub fn take(&mut self) -> Option<(Due<T>, Option<u64>)> {
        let ring = self.ring.as_ref()?;
        if self.count == 0 {
            return None;
        }
        let due = ring[self.head % ROOM];
        self.head = (self.head + 1) % ROOM;
        self.count -= 1;
        let next = ring[self.head].at;
        Some((due, (self.count > 0).then_some(next)))
    }

    /// The entry at a place, from the earliest.
    pub fn get(&self, place: usize) -> Option<Due<T>> {
        let ring = self.ring.as_ref()?;
        (place < self.count).then(|| ring[(self.head + place) % ROOM])
    }

    /// Keeps the first `count` entries.
    pub fn truncate(&mut self, count: usize) {
        self.count = self.count.min(count);
    }

    pub fn iter(&self) -> impl Iterator<Item = Due<T>> + '_ {
        (0..self.count).filter_map(|place| self.get(place))
    }
}
