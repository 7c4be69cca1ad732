//! Events and their order.

use super::state::nodes::Law;
use super::state::waits::{Drawn, Wait};
use crate::units::Time;
use crate::world::{CrewId, GroupId, NodeId, SpreadId, StationId};
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// What a step of a procedure's event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// It is ordered.
    Order,
    /// Somebody looks whether work can begin, unless the order is an old one.
    Begin(u32),
    /// A step is due, unless the order is an old one.
    Phase(u32),
    /// What a step broke is mended, whatever has become of its order; if that is still in force, it goes on.
    Mend(u32),
    /// It is taken back.
    TakeBack,
    /// A bad release is rolled back.
    RollBack,
    /// It can be ordered again, unless that was about another time.
    Again,
}

/// What is due. Closed: whoever adds one has to say how it is handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    /// Every request is followed from now on, or no more.
    Follow { begins: bool },
    /// A step of the drill, by index.
    Inject(u32),
    /// One of the memoryless members of a law fails, unless the token is old.
    Fail { node: NodeId, law: Law, token: u32 },
    /// The life of a member that is told apart ends, unless the token is old.
    LifeEnds { node: NodeId, member: u32, token: u32 },
    /// A shock, by index, unless the token is old.
    Shock { index: u32, token: u32 },
    /// The vendor that a repair waits for is there, unless the token is old.
    RepairReady { job: u32, token: u32 },
    /// A repair is done, unless the token is old.
    RepairDone { job: u32, token: u32 },
    /// A spare part is back on the shelf.
    Restocked(NodeId),
    /// A crew has other hands than before, or comes back to work.
    HandsChange(CrewId),
    /// A proof test.
    Test(NodeId),
    /// A passing disturbance of the drill ends.
    Ends(u32),
    /// What a node has lived on may be used up.
    UsedUp(NodeId),
    /// A station has started, unless the token is old.
    Started { station: StationId, token: u32 },
    /// Detection, decision or a phase is due, unless the token is old.
    Failover { group: GroupId, token: u32 },
    /// A false alarm.
    FalseAlarm { group: GroupId, token: u32 },
    /// The preferred member has worked for long enough.
    Failback { group: GroupId, token: u32 },
    /// Checks of a site of a spread have found out whether it works, unless the token is old.
    SiteSeen { spread: SpreadId, place: u32, token: u32 },
    /// The records by which services find a group's active member run out.
    CallersFollow(GroupId),
    /// A balancer has found out that a server is dead, unless the token is old.
    Ejected { station: StationId, token: u32 },
    /// Checks of a server that lives have found out that deep checks fail, or pass again, unless the token is old.
    Rotates { station: StationId, server: u32, token: u32 },
    /// A queue at which checks look has become stale, or fresh.
    Stale,
    /// Commits have waited for a replica for long enough, unless the token is old.
    Alone { store: u32, replica: u32, token: u32 },
    /// A backup of a store is due.
    Backup { store: u32, backup: u32 },
    /// A part of a store may be there again, or a backup turns out to be unreadable, unless the token is old.
    Restored { store: u32, token: u32 },
    /// A step of the maintenance.
    Maintenance { step: u8, token: u32 },
    /// A step of a procedure.
    Procedure { index: u32, step: Step },
    /// An autoscaler looks.
    Autoscale { index: u32 },
    /// What an autoscaler ordered is there.
    Scaled { index: u32 },
    /// The time for which automation was switched off is over, by the number of that.
    SwitchedOn { number: u32 },
    /// A condition may have lasted for long enough, unless the token is old.
    Look { index: u32, token: u32 },
    /// A condition has been seen.
    Seen { index: u32 },
    /// What flows changes by itself: a bend of a profile, a queue that fills or empties.
    Flow { token: u32 },
    /// The end.
    Horizon,
}

/// The class of what belongs to failovers.
const FAILOVERS: u64 = 6;

impl Event {
    /// At one time faults come first, then repairs, then what reacts to them, then what flows.
    fn class(self) -> u8 {
        match self {
            Event::Follow { .. } | Event::Inject(_) => 0,
            Event::Fail { .. } | Event::LifeEnds { .. } | Event::Shock { .. } => 1,
            Event::RepairReady { .. } | Event::RepairDone { .. } | Event::Restocked(_) | Event::Ends(_) => 2,
            Event::HandsChange(_) => 2,
            Event::Test(_) => 3,
            Event::Maintenance { .. } => 4,
            Event::Started { .. } | Event::UsedUp(_) => 5,
            Event::Failover { .. } | Event::FalseAlarm { .. } | Event::Failback { .. } => 6,
            Event::CallersFollow(_) | Event::Alone { .. } | Event::Ejected { .. } => 6,
            Event::Rotates { .. } | Event::Stale => 6,
            Event::Procedure { .. } | Event::Autoscale { .. } | Event::Scaled { .. } => 7,
            Event::SwitchedOn { .. } => 4,
            Event::Backup { .. } | Event::Restored { .. } => 5,
            Event::SiteSeen { .. } => 6,
            Event::Look { .. } | Event::Seen { .. } => 8,
            Event::Flow { .. } => 9,
            Event::Horizon => 10,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Due {
    at: Time,
    class_and_sequence: u64,
    event: Event,
}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> Ordering {
        // Reversed: the heap's greatest is the earliest.
        (other.at, other.class_and_sequence).cmp(&(self.at, self.class_and_sequence))
    }
}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Pending events in the total order (time, class, sequence).
#[derive(Debug, Clone, Default)]
pub(super) struct EventQueue {
    heap: BinaryHeap<Due>,
    sequence: u64,
    until: Time,
    /// What was drawn and may still be due, where that is remembered.
    drawn: Option<Vec<Drawn<Event>>>,
}

/// At how many waits those that are over are forgotten.
const FORGOTTEN_FROM: usize = 4_096;

impl EventQueue {
    /// An empty queue; what is due after `until` will never be handled and is not kept.
    pub fn new(until: Time) -> EventQueue {
        EventQueue { heap: BinaryHeap::new(), sequence: 0, until, drawn: None }
    }

    /// Makes an event due.
    pub fn push(&mut self, at: Time, event: Event) {
        self.sequence += 1;
        if at <= self.until {
            let class_and_sequence = (u64::from(event.class()) << 56) | self.sequence;
            self.heap.push(Due { at, class_and_sequence, event });
        }
    }

    /// Makes an event due after a wait that was drawn now.
    pub fn push_drawn(&mut self, now: Time, at: Time, event: Event, wait: impl FnOnce() -> Wait) {
        self.push(at, event);
        if let Some(drawn) = &mut self.drawn {
            if drawn.len() >= FORGOTTEN_FROM && drawn.len().is_power_of_two() {
                drawn.retain(|drawn| drawn.due > now);
            }
            drawn.push(Drawn { sequence: self.sequence, event, begun: now, due: at, wait: wait() });
        }
    }

    /// Remembers from now on how long every wait was drawn to be.
    pub fn remember(&mut self) {
        self.drawn.get_or_insert_with(Vec::new);
    }

    /// What was drawn and is not due yet.
    pub fn take_drawn(&mut self, now: Time) -> Vec<Drawn<Event>> {
        let Some(drawn) = &mut self.drawn else { return Vec::new() };
        drawn.retain(|drawn| drawn.due > now);
        std::mem::take(drawn)
    }

    /// Makes what was drawn due at other times, in the same order among what is due at once.
    pub fn put_drawn(&mut self, moved: Vec<Drawn<Event>>) {
        let is_moved = |due: &Due| {
            let sequence = due.class_and_sequence & ((1 << 56) - 1);
            moved.binary_search_by_key(&sequence, |drawn| drawn.sequence).is_ok()
        };
        let mut kept: Vec<Due> = std::mem::take(&mut self.heap).into_vec();
        kept.retain(|due| !is_moved(due));
        kept.extend(moved.iter().filter(|drawn| drawn.due <= self.until).map(|drawn| Due {
            at: drawn.due,
            class_and_sequence: (u64::from(drawn.event.class()) << 56) | drawn.sequence,
            event: drawn.event,
        }));
        self.heap = BinaryHeap::from(kept);
        if let Some(drawn) = &mut self.drawn {
            *drawn = moved;
        }
    }

    /// When the next event is due.
    pub fn next_at(&self) -> Option<Time> {
        self.heap.peek().map(|d| d.at)
    }

    /// Whether something that changes who works, or what can be reached, is due at this time.
    pub fn next_before_failovers(&self, now: Time) -> bool {
        self.heap.peek().is_some_and(|due| due.at == now && due.class_and_sequence >> 56 < FAILOVERS)
    }

    /// An event will not come.
    pub fn forget(&mut self, event: Event) {
        self.heap.retain(|due| due.event != event);
    }

    /// What is due and when, in no order.
    pub fn due(&self) -> impl Iterator<Item = (Time, Event)> {
        self.heap.iter().map(|due| (due.at, due.event))
    }

    /// How many events are pending.
    #[cfg(debug_assertions)]
    pub fn len(&self) -> usize {
        self.heap.len()
    }

    /// What is pending, in no order.
    #[cfg(debug_assertions)]
    pub fn iter(&self) -> impl Iterator<Item = Event> {
        self.heap.iter().map(|due| due.event)
    }

    /// Takes the next event.
    pub fn pop(&mut self) -> Option<(Time, Event)> {
        self.heap.pop().map(|d| (d.at, d.event))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_by_time_then_class_then_sequence() {
        let mut queue = EventQueue::new(Time(100));
        queue.push(Time(5), Event::Horizon);
        queue.push(Time(5), Event::Inject(1));
        queue.push(Time(5), Event::Inject(2));
        queue.push(Time(3), Event::Flow { token: 0 });
        queue.push(Time(101), Event::Shock { index: 0, token: 0 });
        let order: Vec<Event> = std::iter::from_fn(|| queue.pop()).map(|(_, e)| e).collect();
        assert_eq!(order, [Event::Flow { token: 0 }, Event::Inject(1), Event::Inject(2), Event::Horizon]);
    }
}
