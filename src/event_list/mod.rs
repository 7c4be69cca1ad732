//! What is due when: the two queues that a simulation of single requests turns on.
//!
//! [`EventList`] holds what will certainly happen: arrivals, completions, changes of state. Whatever is pushed is popped, in
//! order of time, and in order of pushing among equal times.
//!
//! [`Timers`] holds what will most likely not happen: timeouts. Nearly all of them are cancelled, and those of one length
//! expire in the order in which they were set, so that a line for each length is enough.
//!
//! Both answer [`next_at`](EventList::next_at) from a field, [`NEVER`] when there is nothing, so that a loop can turn on
//! both of them for the price of one comparison. At equal times take from [`EventList`] first: an answer that arrives at the
//! very moment of the timeout is in time.
//!
//! ```
//! use firedrill::event_list::{NEVER, EventList, Timers};
//! let (mut events, mut timers) = (EventList::new(), Timers::new());
//! let second = timers.class(1_000);
//! events.push(700, "answer");
//! timers.set(second, 0, 1);
//! events.push(1_000, "late answer");
//! let mut told = Vec::new();
//! loop {
//!     let (event, timer) = (events.next_at(), timers.next_at());
//!     if event == NEVER && timer == NEVER {
//!         break;
//!     }
//!     if event <= timer {
//!         told.extend(events.pop().map(|(_, what)| what));
//!     } else if timers.pop_due(event, |_token| true).is_some() {
//!         told.push("timeout");
//!     }
//! }
//! assert_eq!(told, ["answer", "late answer", "timeout"]);
//! ```
//!
//! Times are integer nanoseconds of simulated time. Neither queue draws, compares floats or looks at an address: what comes
//! out is a function of what went in, on every platform.

mod bucket;
mod front;
mod ladder;
mod rung;
#[cfg(test)]
mod tests;
mod timers;

pub use ladder::EventList;
pub use timers::Timers;

/// Later than everything: what [`EventList::next_at`] and [`Timers::next_at`] say when there is nothing.
pub const NEVER: u64 = u64::MAX;

/// Something and when it is due.
#[derive(Debug, Clone, Copy)]
struct Due<T> {
    at: u64,
    what: T,
}
