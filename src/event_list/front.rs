//! The few entries that are due next, sorted.

use super::Due;

/// How many entries the front holds.
pub(super) const ROOM: usize = 64;

/// Places for them: more, so that they can move either way.
const PLACES: usize = 4 * ROOM;

/// Up to so many entries it costs more to find out on which side to make room than to make it.
const ONE_SIDED: usize = 16;

/// At most [`ROOM`] sorted entries: the earliest first, equal times in the order in which they came.
#[derive(Debug, Clone)]
pub(super) struct Front<T> {
    /// There is no such thing as an empty T: no places until the first entry comes.
    places: Vec<Due<T>>,
    head: usize,
    tail: usize,
}

impl<T: Copy> Front<T> {
    pub fn new() -> Front<T> {
        Front { places: Vec::new(), head: 0, tail: 0 }
    }

    #[inline]
    pub fn count(&self) -> usize {
        self.tail - self.head
    }

    #[inline]
    pub fn clear(&mut self) {
        (self.head, self.tail) = (self.places.len() / 2, self.places.len() / 2);
    }

    /// Puts an entry in its place, after those of the same time; there must be room.
    #[inline]
    pub fn insert(&mut self, due: Due<T>) {
        debug_assert!(self.count() < ROOM);
        if self.head == 0 || self.tail >= self.places.len() {
            self.centre(due);
        }
        let (head, tail) = (self.head, self.tail);
        let middle = head + (tail - head) / 2;
        if tail - head > ONE_SIDED && due.at < self.places[middle].at {
            self.head = head - 1;
            let side = &mut self.places[head - 1..=middle];
            let mut hole = 0;
            while hole + 1 < side.len() && side[hole + 1].at <= due.at {
                side[hole] = side[hole + 1];
                hole += 1;
            }
            side[hole] = due;
        } else {
            self.tail = tail + 1;
            let side = &mut self.places[head..=tail];
            let mut hole = side.len() - 1;
            while hole > 0 && side[hole - 1].at > due.at {
                side[hole] = side[hole - 1];
                hole -= 1;
            }
            side[hole] = due;
        }
    }

    /// Makes room on both sides. Any entry does for `filler`.
    #[cold]
    #[inline(never)]
    fn centre(&mut self, filler: Due<T>) {
        self.places.resize(PLACES, filler);
        let head = (PLACES - self.count()) / 2;
        self.places.copy_within(self.head..self.tail, head);
        (self.head, self.tail) = (head, head + self.count());
    }

    /// Takes the first `count` of these entries, all of which are due after what is there: each goes where as many are before
    /// it. Without a branch, because which of them is first is anybody's guess.
    #[inline]
    pub fn place<const N: usize>(&mut self, entries: &[Due<T>; N], count: usize) {
        debug_assert!(count <= N && self.count() + N <= ROOM);
        if self.tail + N > self.places.len() {
            self.centre(entries[0]);
        }
        let Some(places) = self.places.get_mut(self.tail..).and_then(|places| places.first_chunk_mut::<N>()) else {
            return;
        };
        // Those that do not count come last.
        let mut times = [0; N];
        for i in 0..N {
            times[i] = entries[i].at | u64::from(i < count).wrapping_sub(1);
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
            places[before[i] % N] = entries[i];
        }
        self.tail += count;
    }

    /// Takes the earliest entry, and says when the one after it is due, if there is one.
    #[inline]
    pub fn take(&mut self) -> Option<(Due<T>, Option<u64>)> {
        let [due, rest @ ..] = &self.places[self.head..self.tail] else { return None };
        self.head += 1;
        Some((*due, rest.first().map(|next| next.at)))
    }

    /// The entry at a place, from the earliest.
    #[inline]
    pub fn get(&self, place: usize) -> Option<Due<T>> {
        self.places[self.head..self.tail].get(place).copied()
    }

    pub fn iter(&self) -> impl Iterator<Item = Due<T>> + '_ {
        self.places[self.head..self.tail].iter().copied()
    }
}
