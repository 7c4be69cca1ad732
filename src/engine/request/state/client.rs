//! Clients: what they do about a failure, and what they do not even try.

use crate::rng::Stream;
use crate::world::{Backoff, Client};
use std::collections::{BTreeMap, VecDeque};

/// Attempts at one call that are under way at the same time have so much room in the call: hardly any client hedges more.
const ATTEMPTS_AT_ONCE: usize = 4;

/// A call of a client with a policy: one request of a user, in one or more attempts.
#[derive(Debug, Clone, Copy)]
pub struct Call {
    pub started: u64,
    pub of: u32,
    /// Events for another life are stale.
    pub life: u32,
    /// Attempts made by retrying, the first included.
    pub attempts: u32,
    /// Attempts made by hedging.
    pub hedges: u32,
    /// Hedges for another turn are stale: each attempt has its own, and none once all have failed.
    pub hedge_turn: u32,
    /// Attempts under way that could still answer.
    pub open: u32,
    /// Those of them for which there is room, in order.
    under_way: [u32; ATTEMPTS_AT_ONCE],
    /// A retry is waiting for its time.
    pub backing_off: bool,
    /// When its latest attempt set out; while it backs off, when the next one will.
    pub at: u64,
    /// It was under way before every request was followed.
    pub ghost: bool,
    /// Whose policy it goes by, where it is a service that calls; the request that waits for it, and where its attempts begin.
    pub asker: u32,
    pub parent: u32,
    pub start: u32,
    /// It waits for a connection.
    pub connecting: bool,
}

/// No service: a call of a user's client.
pub const OF_USER: u32 = u32::MAX;

/// The calls that are under way.
#[derive(Debug, Clone, Default)]
pub struct Calls {
    all: Vec<Call>,
    free: Vec<u32>,
    /// Attempts for which there was no room, by call.
    more: BTreeMap<u32, Vec<u32>>,
}

impl std::ops::Index<u32> for Calls {
    type Output = Call;
    fn index(&self, id: u32) -> &Call {
        &self.all[id as usize]
    }
}

impl std::ops::IndexMut<u32> for Calls {
    fn index_mut(&mut self, id: u32) -> &mut Call {
        &mut self.all[id as usize]
    }
}

impl Calls {
    pub fn begin(&mut self, of: u32, started: u64) -> u32 {
        let new = Call {
            started,
            of,
            life: 0,
            attempts: 1,
            hedges: 0,
            hedge_turn: 0,
            open: 0,
            under_way: [0; ATTEMPTS_AT_ONCE],
            backing_off: false,
            at: started,
            ghost: false,
            asker: OF_USER,
            parent: OF_USER,
            start: 0,
            connecting: false,
        };
        match self.free.pop() {
            Some(id) => {
                let Call { life, hedge_turn, .. } = self.all[id as usize];
                self.all[id as usize] = Call { life, hedge_turn, ..new };
                id
            }
            None => {
                self.all.push(new);
                (self.all.len() - 1) as u32
            }
        }
    }

    /// How many there have been at the same time.
    #[inline]
    pub fn places(&self) -> usize {
        self.all.len()
    }

    /// An attempt goes under way.
    pub fn add(&mut self, id: u32, attempt: u32) {
        let call = &mut self.all[id as usize];
        match call.under_way.get_mut(call.open as usize) {
            Some(place) => *place = attempt,
            None => self.more.entry(id).or_default().push(attempt),
        }
        call.open += 1;
        call.hedge_turn = call.hedge_turn.wrapping_add(1);
    }

    /// An attempt can answer no more.
    pub fn remove(&mut self, id: u32, attempt: u32) {
        let call = &mut self.all[id as usize];
        if call.open as usize > ATTEMPTS_AT_ONCE {
            let mut left: Vec<u32> = self.under_way(id).collect();
            left.retain(|other| *other != attempt);
            self.more.remove(&id);
            self.all[id as usize].open = 0;
            let turn = self.all[id as usize].hedge_turn;
            left.into_iter().for_each(|other| self.add(id, other));
            self.all[id as usize].hedge_turn = turn;
            return;
        }
        let open = call.open as usize;
        if let Some(at) = call.under_way[..open].iter().position(|other| *other == attempt) {
            call.under_way.copy_within(at + 1..open, at);
            call.open -= 1;
        }
    }

    /// Attempts under way that could still answer, in order.
    pub fn under_way(&self, id: u32) -> impl Iterator<Item = u32> + '_ {
        let call = &self.all[id as usize];
        let near = &call.under_way[..(call.open as usize).min(ATTEMPTS_AT_ONCE)];
        near.iter().chain(self.more.get(&id).into_iter().flatten()).copied()
    }

    /// A call is over.
    pub fn end(&mut self, id: u32) {
        self.all[id as usize].life = self.all[id as usize].life.wrapping_add(1);
        self.all[id as usize].hedge_turn = self.all[id as usize].hedge_turn.wrapping_add(1);
        if self.all[id as usize].open as usize > ATTEMPTS_AT_ONCE {
            self.more.remove(&id);
        }
        self.all[id as usize].open = u32::MAX;
        self.free.push(id);
    }

    /// Calls of users that are under way.
    #[cfg(debug_assertions)]
    pub fn under_way_of(&self) -> impl Iterator<Item = &Call> {
        self.all.iter().filter(|call| call.open != u32::MAX && call.asker == OF_USER)
    }

    /// Calls of users that wait for the time of their retry, in the order of their places.
    pub fn backing_off(&self) -> impl Iterator<Item = &Call> {
        self.all.iter().filter(|call| call.open != u32::MAX && call.backing_off && call.asker == OF_USER)
    }
}

/// Successes and failures of a rolling window, in tenths of it.
#[derive(Debug, Clone)]
struct Rolling {
    tenth_ns: u64,
    tenths: VecDeque<(u64, u64, u64)>,
    all: u64,
    bad: u64,
}

impl Rolling {
    fn new(over_ns: u64) -> Rolling {
        Rolling { tenth_ns: (over_ns / 10).max(1), tenths: VecDeque::new(), all: 0, bad: 0 }
    }

    fn look(&mut self, now: u64) {
        let this = now / self.tenth_ns;
        while let Some(&(tenth, all, bad)) = self.tenths.front().filter(|first| first.0 + 10 <= this) {
            let _ = tenth;
            self.all -= all;
            self.bad -= bad;
            self.tenths.pop_front();
        }
    }

    fn note(&mut self, now: u64, all: u64, bad: u64) {
        self.look(now);
        let this = now / self.tenth_ns;
        match self.tenths.back_mut() {
            Some(last) if last.0 == this => {
                last.1 += all;
                last.2 += bad;
            }
            _ => self.tenths.push_back((this, all, bad)),
        }
        self.all += all;
        self.bad += bad;
    }
}

/// A circuit breaker, as Hystrix defines it.
#[derive(Debug, Clone)]
struct Breaker {
    fails: f64,
    of_at_least: u64,
    opens_for: u64,
    seen: Rolling,
    /// Open until then.
    until: Option<u64>,
    /// One request is trying whether it works again.
    trying: bool,
}

/// What the clients of one population's feature have in common.
#[derive(Debug, Clone)]
pub struct ClientState {
    pub policy: Client,
    tokens: f64,
    breaker: Option<Breaker>,
    throttle: Option<Rolling>,
    luck: Stream,
}

/// Retries of a budget that can be saved up.
const SAVED_MAX: f64 = 100.0;

impl ClientState {
    pub fn new(policy: &Client, luck: Stream) -> ClientState {
        ClientState {
            policy: *policy,
            tokens: policy.tokens.as_ref().map_or(0.0, |tokens| tokens.most),
            breaker: policy.breaker.as_ref().map(|breaker| Breaker {
                fails: breaker.fails,
                of_at_least: breaker.of_at_least,
                opens_for: breaker.opens_for.0 as u64,
                seen: Rolling::new(breaker.over.0 as u64),
                until: None,
                trying: false,
            }),
            throttle: policy.throttle.as_ref().map(|throttle| Rolling::new(throttle.over.0 as u64)),
            luck,
        }
    }

    /// Whether a call has to be remembered beyond its first attempt.
    pub fn has_calls(&self) -> bool {
        self.policy.attempts > 1 || self.policy.hedge.is_some()
    }

    /// Whether a request is sent at all.
    pub fn sends(&mut self, now: u64) -> bool {
        if let Some(breaker) = &mut self.breaker {
            match breaker.until {
                Some(until) if now < until || breaker.trying => return false,
                _ => {}
            }
        }
        if let (Some(throttle), Some(policy)) = (&mut self.throttle, &self.policy.throttle) {
            throttle.look(now);
            // Requests less K times what was accepted, over requests (Google SRE book, chapter 21).
            let (requests, accepts) = (throttle.all as f64, (throttle.all - throttle.bad) as f64);
            let refuses = ((requests - policy.k * accepts) / (requests + 1.0)).max(0.0);
            if refuses > 0.0 && self.luck.chance(refuses) {
                throttle.note(now, 1, 1);
                return false;
            }
        }
        // Only what is sent tries: the breaker would wait for ever for an answer to what the throttle has turned away.
        if let Some(breaker) = &mut self.breaker {
            breaker.trying = breaker.until.is_some();
        }
        if self.policy.budget.is_finite() {
            self.tokens = (self.tokens + self.policy.budget).min(SAVED_MAX);
        }
        true
    }

    /// An attempt has been answered, or has failed.
    pub fn heard(&mut self, now: u64, answered: bool, was_retry: bool) {
        if let Some(breaker) = &mut self.breaker {
            if breaker.until.is_some() {
                if breaker.trying {
                    breaker.trying = false;
                    breaker.until = (!answered).then(|| now + breaker.opens_for);
                    if answered {
                        breaker.seen = Rolling::new(breaker.seen.tenth_ns * 10);
                    }
                }
            } else {
                breaker.seen.note(now, 1, u64::from(!answered));
                let (all, bad) = (breaker.seen.all, breaker.seen.bad);
                if all >= breaker.of_at_least && bad as f64 >= breaker.fails * all as f64 {
                    breaker.until = Some(now + breaker.opens_for);
                }
            }
        }
        if let Some(throttle) = &mut self.throttle {
            throttle.note(now, 1, u64::from(!answered));
        }
        if let Some(tokens) = &self.policy.tokens {
            let earns = if was_retry && tokens.gives_back { tokens.retry_costs } else { tokens.success_earns };
            let change = if answered { earns } else { -tokens.failure_costs };
            self.tokens = (self.tokens + change).clamp(0.0, tokens.most);
        }
    }

    /// Whether a call that has been tried so often is tried again, and after how long.
    pub fn retries(&mut self, attempts: u32, timed_out: bool) -> Option<u64> {
        if attempts >= self.policy.attempts || (timed_out && !self.policy.retries_timeouts) {
            return None;
        }
        if let Some(tokens) = &self.policy.tokens {
            if self.tokens <= tokens.stops_at || self.tokens < tokens.retry_costs {
                return None;
            }
            self.tokens -= tokens.retry_costs;
        } else if self.policy.budget.is_finite() {
            if self.tokens < 1.0 {
                return None;
            }
            self.tokens -= 1.0;
        }
        let jitters = matches!(self.policy.backoff, Backoff::Growing { .. });
        let luck = if jitters { self.luck.uniform() } else { 0.0 };
        Some(self.policy.backoff.wait(attempts, luck).0 as u64)
    }

    /// Whether there is anything that the client does beyond giving up.
    pub fn matters(&self) -> bool {
        self.has_calls() || self.breaker.is_some() || self.throttle.is_some()
    }
}
