//! Both queues against the plainest thing that does the same.

use super::{EventList, NEVER, Timers};
use std::collections::BTreeMap;

/// A small generator for the choices of these tests (xorshift64*, Vigna 2016).
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.roll() % n
    }
}

/// Events by time and number of pushing.
#[derive(Default)]
struct Naive {
    events: BTreeMap<(u64, u64), u64>,
    pushed: u64,
}

/// The queue and the plain one side by side.
struct Both {
    events: EventList<u64>,
    naive: Naive,
    now: u64,
}

impl Both {
    fn new() -> Both {
        Both { events: EventList::new(), naive: Naive::default(), now: 0 }
    }

    fn push(&mut self, at: u64) {
        let number = self.naive.pushed;
        self.naive.pushed += 1;
        self.naive.events.insert((at, number), number);
        self.events.push(at, number);
    }

    fn check(&self) {
        assert_eq!(self.events.len(), self.naive.events.len());
        let next = self.naive.events.first_key_value().map_or(NEVER, |(&(at, _), _)| at);
        assert_eq!(self.events.next_at(), next);
    }

    fn pop(&mut self) {
        let due = self.naive.events.pop_first().map(|((at, _), number)| (at, number));
        assert_eq!(self.events.pop(), due);
        self.now = due.map_or(self.now, |(at, _)| at);
        self.check();
    }

    fn pop_before(&mut self, limit: u64) {
        match self.naive.events.first_key_value() {
            Some((&(at, _), _)) if at < limit => {
                let due = self.naive.events.pop_first().map(|((at, _), number)| (at, number));
                assert_eq!(self.events.pop_before(limit), due);
                self.now = at;
            }
            _ => assert_eq!(self.events.pop_before(limit), None),
        }
        self.check();
    }

    fn check_iter(&self) {
        let mut all: Vec<_> = self.events.iter().collect();
        all.sort_unstable();
        let mut expected: Vec<_> = self.naive.events.iter().map(|(&(at, _), &number)| (at, number)).collect();
        expected.sort_unstable();
        assert_eq!(all, expected);
    }

    fn drain(&mut self) {
        while !self.naive.events.is_empty() {
            self.pop();
        }
        self.pop();
    }
}

/// How far ahead something is pushed.
fn ahead(dice: &mut Dice, kind: u64) -> u64 {
    match kind {
        // Ties and near ties.
        0 => dice.below(3),
        1 => 0,
        // Dense.
        2 => dice.below(1_000),
        3 => dice.below(1_000_000),
        // Always as far.
        4 => 1_000,
        // Everything from a nanosecond to a century.
        5 => dice.roll() >> dice.below(64).max(3),
        // Most in a millisecond, some in days.
        6 if dice.below(10) == 0 => dice.below(300_000_000_000_000),
        6 => dice.below(1_000_000),
        // At whole seconds.
        _ => (dice.below(3) + 1) * 1_000_000_000,
    }
}

/// A walk of pushes and pops of every kind, whose size swings between nothing and `most`.
fn walk(seed: u64, most: u64, turns: u64) {
    let mut dice = Dice(seed);
    let mut both = Both::new();
    let (mut kind, mut growing) = (0, true);
    for turn in 0..turns {
        if dice.below(1 + most / 2) == 0 || turn == 0 {
            kind = dice.below(9);
        }
        let len = both.events.len() as u64;
        if len >= most || len == 0 || dice.below(2 * most) == 0 {
            growing = len < most / 2;
        }
        let odds = if growing { 3 } else { 1 };
        if dice.below(4) < odds {
            let chosen = if kind == 8 { dice.below(8) } else { kind };
            let on_the_second = both.now.checked_next_multiple_of(1_000_000_000).unwrap_or(NEVER - 1);
            let from = if chosen == 7 { on_the_second } else { both.now };
            let times = if dice.below(most) == 0 { dice.below(most) } else { 1 };
            let at = from.saturating_add(ahead(&mut dice, chosen)).min(NEVER - 1);
            for _ in 0..times {
                both.push(at);
            }
            both.check();
        } else if dice.below(8) == 0 {
            let limit = both.now.saturating_add(ahead(&mut dice, kind));
            both.pop_before(limit);
        } else {
            both.pop();
        }
        if dice.below(turns / 4) == 0 {
            both.check_iter();
        }
    }
    both.check_iter();
    both.drain();
}

#[test]
fn what_is_pushed_is_popped_in_order() {
    for seed in 1..=60 {
        walk(seed, 8, 2_000);
        walk(seed, 90, 5_000);
        walk(seed, 400, 5_000);
    }
    for seed in 1..=4 {
        walk(seed, 10_000, 60_000);
    }
}

#[test]
fn a_million_come_and_go() {
    let mut dice = Dice(3);
    let mut both = Both::new();
    for (kind, count) in [(3, 1_000_000), (5, 100_000), (2, 100), (6, 300_000), (7, 50_000)] {
        for _ in 0..count {
            let at = both.now.saturating_add(ahead(&mut dice, kind)).min(NEVER - 1);
            both.push(at);
            if dice.below(4) == 0 {
                both.pop();
            }
        }
        both.check_iter();
        both.drain();
        if both.now > NEVER / 2 {
            both = Both::new();
        }
    }
}

#[test]
fn a_burst_keeps_its_order_and_may_grow_while_it_lasts() {
    for (burst, before) in [(10, 0), (64, 3), (65, 70), (5_000, 200)] {
        let mut dice = Dice(11);
        let mut both = Both::new();
        for _ in 0..burst {
            both.push(1_000_000);
        }
        both.push(2_000_000);
        // Earlier ones come after it has been looked at, again and again.
        for _ in 0..5 {
            both.check();
            for _ in 0..before {
                both.push(both.now + dice.below(1_000_001 - both.now));
            }
            for _ in 0..before / 3 {
                both.pop();
            }
        }
        // Each one of the burst brings another one at once.
        while both.now < 1_000_000 {
            both.pop();
        }
        for _ in 0..2 * burst {
            both.push(1_000_000);
            both.pop();
        }
        both.check_iter();
        both.drain();
    }
}

#[test]
fn the_latest_may_come_first() {
    // One after another from the far end; all at once, or with a pop now and then, which has to find the first.
    for pops_after in [u64::MAX, 1_000, 60, 7] {
        let mut both = Both::new();
        for i in 0..30_000 {
            both.push(both.now.max((30_000 - i) * 1_000));
            if i % pops_after == pops_after - 1 {
                both.push(both.now);
                both.pop();
            }
        }
        both.check_iter();
        both.drain();
    }
    // The few at the front reach as far as all of them, again and again, so that no cut makes them fewer.
    let mut both = Both::new();
    let far = 1 << 40;
    for round in 0..200 {
        for i in 0..16 {
            both.push(both.now + (far - both.now) / 17 * i);
        }
        for i in 0..60 {
            both.push(far + 60 - i + (200 - round) * 60);
        }
        both.pop();
    }
    both.check_iter();
    both.drain();
}

#[test]
fn the_last_moment_is_kept() {
    let mut events = EventList::new();
    for i in 0..200_u64 {
        events.push(NEVER, i);
        events.push(i, i);
    }
    let popped: Vec<_> = std::iter::from_fn(|| events.pop()).collect();
    assert!(popped[..200].iter().enumerate().all(|(i, &(at, what))| (at, what) == (i as u64, i as u64)));
    assert!(popped[200..].iter().enumerate().all(|(i, &(at, what))| (at, what) == (NEVER - 1, i as u64)));
    assert_eq!((popped.len(), events.next_at()), (400, NEVER));
}

#[test]
fn clearing_forgets_everything() {
    let mut dice = Dice(5);
    let mut events = EventList::new();
    for round in 0..4 {
        for _ in 0..1_000 << round {
            events.push(dice.below(1 << 40), ());
        }
        for _ in 0..100 {
            events.pop();
        }
        events.clear();
        assert_eq!((events.len(), events.next_at(), events.iter().count()), (0, NEVER, 0));
        assert!(events.pop().is_none());
    }
}

/// Timers by time and number of setting.
#[test]
fn timers_fire_in_order_unless_they_are_cancelled() {
    const LENGTHS: [u64; 4] = [1_000, 30, 250_000, 1_000_000_000];
    for seed in 1..=40 {
        let mut dice = Dice(seed);
        let mut timers = Timers::new();
        let classes: Vec<usize> = LENGTHS.iter().map(|&length| timers.class(length)).collect();
        assert_eq!(timers.class(250_000), classes[2]);
        let mut live: BTreeMap<(u64, u64), usize> = BTreeMap::new();
        let mut tokens: Vec<Option<u64>> = Vec::new();
        let cancels = dice.below(5);
        let mut now = 0;
        for _ in 0..20_000 {
            now += [0, dice.below(40), dice.below(2_000)][dice.below(3) as usize];
            // What is due by now has to go first.
            loop {
                let expected = live.first_key_value().map(|(&(at, token), &class)| (at, class, token));
                let due = timers.pop_due(now, |token| tokens[token as usize].is_some());
                assert_eq!(due, expected.filter(|&(at, ..)| at < now));
                let Some((at, _, token)) = due else { break };
                live.remove(&(at, token));
                tokens[token as usize] = None;
            }
            assert!(timers.next_at() <= live.first_key_value().map_or(NEVER, |(&(at, _), _)| at));
            let class = dice.below(4) as usize;
            let token = tokens.len() as u64;
            let at = timers.set(classes[class], now, token);
            assert_eq!(at, now + LENGTHS[class]);
            tokens.push(Some(at));
            live.insert((at, token), classes[class]);
            for _ in 0..dice.below(cancels + 1) {
                let token = dice.below(tokens.len() as u64);
                if let Some(at) = tokens[token as usize].take() {
                    let class = live.remove(&(at, token)).expect("a live timer");
                    timers.cancelled(class);
                }
            }
        }
        let expected: Vec<_> = live.iter().map(|(&(at, token), &class)| (at, class, token)).collect();
        let is_live = |token: u64| tokens[token as usize].is_some();
        let mut listed: Vec<_> = timers.iter().filter(|&(_, _, token)| is_live(token)).collect();
        listed.sort_by_key(|&(at, _, token)| (at, token));
        assert_eq!(listed, expected);
        let fired: Vec<_> = std::iter::from_fn(|| timers.pop_due(NEVER, is_live)).collect();
        assert_eq!(fired, expected);
        assert_eq!(timers.next_at(), NEVER);
    }
}

#[test]
fn dead_timers_take_little_room() {
    let mut timers = Timers::new();
    let minute = timers.class(60_000_000_000);
    let in_flight = 1_000;
    for token in 0..1_000_000_u64 {
        let is_live = |asked: u64| asked + in_flight > token;
        if timers.next_at() <= token {
            assert_eq!(timers.pop_due(token + 1, is_live), None);
        }
        timers.set(minute, token, token);
        if token >= in_flight {
            timers.cancelled(minute);
        }
        assert!(timers.len() <= 2 * in_flight as usize + 2, "{} timers", timers.len());
    }
}
