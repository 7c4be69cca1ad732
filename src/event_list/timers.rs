//! Timeouts.

use super::{Due, NEVER};

/// So many dead timers are not worth looking for.
const FEW: usize = 256;

/// Timers that are nearly always cancelled: a line for each length.
///
/// Timers of one length expire in the order in which they are set, so that setting one is adding it to the end of a line,
/// and the next one is the first of some line (Varghese & Lauck, "Hashed and hierarchical timing wheels", SOSP 1987, scheme
/// 1 for each length). Cancelling touches no line: whoever cancels stops regarding the token as live, and says so with
/// [`cancelled`](Timers::cancelled), which only counts. The dead are left out when their time comes, or when more than half
/// of a line is dead, all at once. So a line holds at most about twice its live timers, and a cancelled timer costs two looks
/// at most, whenever it is cancelled.
///
/// The order is that of time, and at one time that of setting: a longer timeout, which was set earlier, comes first.
///
/// A loop that takes from [`EventList`](super::EventList) up to [`next_at`](Timers::next_at), and otherwise calls
/// [`pop_due`](Timers::pop_due), keeps to that order and gives the compaction its chances.
///
/// ```
/// use firedrill::event_list::Timers;
/// let mut timers = Timers::new();
/// let second = timers.class(1_000);
/// timers.set(second, 0, 7);
/// timers.set(second, 5, 8);
/// timers.cancelled(second); // token 7
/// assert_eq!(timers.pop_due(2_000, |token| token != 7), Some((1_005, second, 8)));
/// assert_eq!(timers.pop_due(2_000, |_| true), None);
/// ```
#[derive(Debug, Clone)]
pub struct Timers {
    /// Nothing is due before.
    next: u64,
    lines: Vec<Line>,
}

/// The timers of one length.
#[derive(Debug, Clone, Default)]
struct Line {
    length: u64,
    /// In order of setting, from `head` on.
    timers: Vec<Due<u64>>,
    head: usize,
    /// How many of them have been cancelled.
    dead: usize,
}

impl Default for Timers {
    fn default() -> Timers {
        Timers::new()
    }
}

impl Timers {
    /// No timers.
    pub fn new() -> Timers {
        Timers { next: NEVER, lines: Vec::new() }
    }

    /// The class of timeouts of this length: registers it, or finds it.
    pub fn class(&mut self, length: u64) -> usize {
        self.lines.iter().position(|line| line.length == length).unwrap_or_else(|| {
            self.lines.push(Line { length, ..Line::default() });
            self.lines.len() - 1
        })
    }

    /// The length of the timeouts of a class.
    pub fn length(&self, class: usize) -> u64 {
        self.lines[class].length
    }

    /// How many timers there are, with the dead that have not been left out yet.
    pub fn len(&self) -> usize {
        self.lines.iter().map(|line| line.timers.len() - line.head).sum()
    }

    /// Whether there are none, not even dead ones.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Before this, [`pop_due`](Timers::pop_due) gives nothing; [`NEVER`] if there are no timers. The timer that this is
    /// about may be dead; and it is 0 when there are so many dead ones that `pop_due` should look for them.
    #[inline]
    pub fn next_at(&self) -> u64 {
        self.next
    }

    /// Sets a timer that will be due a `length` after `now`; `now` must not go back from one call to the next. Gives the time
    /// when it is due.
    #[inline]
    pub fn set(&mut self, class: usize, now: u64, token: u64) -> u64 {
        let line = &mut self.lines[class];
        let at = now.saturating_add(line.length).min(NEVER - 1);
        debug_assert!(line.timers.last().is_none_or(|last| last.at <= at), "set at {now}, after a later one");
        line.timers.push(Due { at, what: token });
        // The first of a line is no later than the ones that follow it.
        self.next = self.next.min(at);
        at
    }

    /// Counts that a timer of this class was cancelled. It must not be live any more when `pop_due` asks.
    #[inline]
    pub fn cancelled(&mut self, class: usize) {
        let line = &mut self.lines[class];
        line.dead += 1;
        if line.has_too_many_dead() {
            self.next = 0;
        }
    }

    /// Takes the first live timer if it is due before `limit`: when, which class, which token.
    #[inline]
    pub fn pop_due(&mut self, limit: u64, is_live: impl FnMut(u64) -> bool) -> Option<(u64, usize, u64)> {
        if self.next < limit { self.pop_first(limit, is_live) } else { None }
    }

    fn pop_first(&mut self, limit: u64, mut is_live: impl FnMut(u64) -> bool) -> Option<(u64, usize, u64)> {
        for line in &mut self.lines {
            if line.has_too_many_dead() {
                line.compact(&mut is_live);
            }
        }
        loop {
            let (class, at) = self.first();
            self.next = at;
            if at >= limit {
                return None;
            }
            let line = &mut self.lines[class];
            let token = line.take();
            if is_live(token) {
                self.next = self.first().1;
                return Some((at, class, token));
            }
            line.dead = line.dead.saturating_sub(1);
        }
    }

    /// The class of the first timer, and when it is due. At one time, the longest timeout was set first.
    fn first(&self) -> (usize, u64) {
        let mut first = (0, NEVER, 0);
        for (class, line) in self.lines.iter().enumerate() {
            let at = line.timers.get(line.head).map_or(NEVER, |due| due.at);
            if at < first.1 || (at == first.1 && line.length > first.2) {
                first = (class, at, line.length);
            }
        }
        (first.0, first.1)
    }

    /// Forgets all timers; classes stay.
    pub fn clear(&mut self) {
        for line in &mut self.lines {
            line.timers.clear();
            (line.head, line.dead) = (0, 0);
        }
        self.next = NEVER;
    }

    /// Every timer that has not been left out: when it is due, its class and its token; class by class.
    pub fn iter(&self) -> impl Iterator<Item = (u64, usize, u64)> + '_ {
        self.lines
            .iter()
            .enumerate()
            .flat_map(|(class, line)| line.timers[line.head..].iter().map(move |due| (due.at, class, due.what)))
    }
}

impl Line {
    #[inline]
    fn has_too_many_dead(&self) -> bool {
        self.dead >= FEW && 2 * self.dead > self.timers.len() - self.head
    }

    /// Takes the first one.
    fn take(&mut self) -> u64 {
        let token = self.timers[self.head].what;
        self.head += 1;
        // What has been taken goes when it is as much as what is left, so that each one is moved once on average.
        if self.head == self.timers.len() {
            self.timers.clear();
            self.head = 0;
        } else if self.head >= FEW && 2 * self.head >= self.timers.len() {
            self.timers.drain(..self.head);
            self.head = 0;
        }
        token
    }

    /// Leaves out the dead.
    fn compact(&mut self, mut is_live: impl FnMut(u64) -> bool) {
        let mut kept = 0;
        for i in self.head..self.timers.len() {
            let due = self.timers[i];
            self.timers[kept] = due;
            kept += usize::from(is_live(due.what));
        }
        self.timers.truncate(kept);
        (self.head, self.dead) = (0, 0);
    }
}
