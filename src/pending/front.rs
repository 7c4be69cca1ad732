//! The few entries that are due next, sorted.

use super::{Due, NEVER};

/// How many entries the front holds.
pub(super) const ROOM: usize = 64;

/// Places for them: more, so that they can move either way.
const PLACES: usize = 4 * ROOM;

/// Where the first entry goes.
const MIDDLE: usize = PLACES / 2;

/// Up to so many entries it costs more to find out on which side to make room than to make it.
const ONE_SIDED: usize = 16;

/// At most [`ROOM`] sorted entries: the earliest first, equal times in the order in which they came.
#[derive(Debug, Clone)]
pub(super) struct Front<T> {
    /// There is no such thing as an empty T: nothing until the first entry comes.
    places: Option<Box<[Due<T>; PLACES]>>,
    head: usize,
    tail: usize,
}

impl<T: Copy> Front<T> {
    pub fn new() -> Front<T> {
        Front { places: None, head: MIDDLE, tail: MIDDLE }
    }

    #[inline]
    pub fn count(&self) -> usize {
        self.tail - self.head
    }

    #[inline]
    pub fn clear(&mut self) {
        (self.head, self.tail) = (MIDDLE, MIDDLE);
    }

    /// Puts an entry in its place, after those of the same time; there must be room.
    #[inline]
    pub fn insert(&mut self, due: Due<T>) {
        debug_assert!(self.count() < ROOM);
        if self.head == 0 || self.tail == PLACES {
            self.centre();
        }
        let places = match &mut self.places {
            Some(places) => places,
            None => self.places.insert(Box::new([due; PLACES])),
        };
        let middle = self.head + (self.tail - self.head) / 2;
        if self.tail - self.head > ONE_SIDED && due.at < places[middle % PLACES].at {
            self.head -= 1;
            let side = &mut places[self.head..=middle];
            let mut hole = 0;
            while hole + 1 < side.len() && side[hole + 1].at <= due.at {
                side[hole] = side[hole + 1];
                hole += 1;
            }
            side[hole] = due;
        } else {
            let side = &mut places[self.head..=self.tail];
            self.tail += 1;
            let mut hole = side.len() - 1;
            while hole > 0 && side[hole - 1].at > due.at {
                side[hole] = side[hole - 1];
                hole -= 1;
            }
            side[hole] = due;
        }
    }

    /// Makes room on both sides.
    #[cold]
    #[inline(never)]
    fn centre(&mut self) {
        let head = (PLACES - self.count()) / 2;
        if let Some(places) = &mut self.places {
            places.copy_within(self.head..self.tail, head);
        }
        (self.head, self.tail) = (head, head + self.count());
    }

    /// Takes the first `count` of these entries, all of which are due after what is there: each goes where as many are before
    /// it. Without a branch, because which of them is first is anybody's guess.
    #[inline]
    pub fn place<const N: usize>(&mut self, entries: &[Due<T>; N], count: usize) {
        debug_assert!(count <= N && self.tail + N <= PLACES);
        let places = match &mut self.places {
            Some(places) => places,
            None => self.places.insert(Box::new([entries[0]; PLACES])),
        };
        let mut times = [NEVER; N];
        for i in 0..N {
            times[i] = if i < count { entries[i].at } else { NEVER };
        }
        let mut before = [0_usize; N];
        for j in 1..N {
            for i in 0..j {
                let in_order = usize::from(times[i] <= times[j]);
                before[j] += in_order;
                before[i] += 1 - in_order;
            }
        }
        for i in 0..N {
            places[(self.tail + before[i]) % PLACES] = entries[i];
        }
        self.tail += count;
    }

    /// Takes the earliest entry, and says when the one after it is due, if there is one.
    #[inline]
    pub fn take(&mut self) -> Option<(Due<T>, Option<u64>)> {
        if self.head == self.tail {
            return None;
        }
        let places = self.places.as_ref()?;
        let due = places[self.head % PLACES];
        self.head += 1;
        let next = if self.head == self.tail { None } else { Some(places[self.head % PLACES].at) };
        Some((due, next))
    }

    /// The entry at a place, from the earliest.
    #[inline]
    pub fn get(&self, place: usize) -> Option<Due<T>> {
        let places = self.places.as_ref()?;
        (place < self.count()).then(|| places[(self.head + place) % PLACES])
    }

    /// Keeps the first `count` entries.
    pub fn truncate(&mut self, count: usize) {
        self.tail = self.tail.min(self.head + count);
    }

    pub fn iter(&self) -> impl Iterator<Item = Due<T>> + '_ {
        (0..self.count()).filter_map(|place| self.get(place))
    }
}
