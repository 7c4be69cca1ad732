//! What the clients of one population and one feature have in common, by plain lists of what they have heard.

use firedrill::rng::Stream;
use firedrill::world::{Backoff, Client};

/// One request of a user, in one or more attempts.
pub struct Call {
    pub of: usize,
    pub started: u64,
    /// The first and its retries; hedges do not count.
    pub attempts: u32,
    pub hedges: u32,
    /// Requests under way that could answer.
    pub open: Vec<usize>,
    pub backing_off: bool,
    pub over: bool,
}

pub struct Clients {
    pub policy: Client,
    tokens: f64,
    luck: Stream,
    /// Of the breaker and of the throttle: in which tenth of the window, and whether it failed.
    heard: Vec<(u64, bool)>,
    asked: Vec<(u64, bool)>,
    open_until: Option<u64>,
    trying: bool,
}

/// Retries of a budget that can be saved up.
const SAVED_MAX: f64 = 100.0;

/// How many are in a window of ten tenths that ends with the present one, and how many of them failed.
fn window(list: &mut Vec<(u64, bool)>, tenth: u64) -> (f64, f64) {
    list.retain(|(at, _)| at + 10 > tenth);
    (list.len() as f64, list.iter().filter(|(_, failed)| *failed).count() as f64)
}

fn tenth(now: u64, over: firedrill::units::Duration) -> u64 {
    now / (over.0 as u64 / 10).max(1)
}

impl Clients {
    pub fn new(policy: &Client, luck: Stream) -> Clients {
        Clients {
            policy: *policy,
            tokens: policy.tokens.map_or(0.0, |tokens| tokens.most),
            luck,
            heard: Vec::new(),
            asked: Vec::new(),
            open_until: None,
            trying: false,
        }
    }

    /// Whether there is more to a request than its first attempt.
    pub fn has_calls(&self) -> bool {
        self.policy.attempts > 1 || self.policy.hedge.is_some()
    }

    /// Whether a request is sent at all.
    pub fn sends(&mut self, now: u64) -> bool {
        if self.open_until.is_some_and(|until| now < until || self.trying) {
            return false;
        }
        if let Some(throttle) = self.policy.throttle {
            let now = tenth(now, throttle.over);
            let (all, failed) = window(&mut self.asked, now);
            let turns_away = (all - throttle.k * (all - failed)) / (all + 1.0);
            if turns_away > 0.0 && self.luck.chance(turns_away) {
                self.asked.push((now, true));
                return false;
            }
        }
        self.trying = self.open_until.is_some();
        if self.policy.budget.is_finite() {
            self.tokens = (self.tokens + self.policy.budget).min(SAVED_MAX);
        }
        true
    }

    /// An attempt was answered, or has failed.
    pub fn hear(&mut self, now: u64, answered: bool, was_retry: bool) {
        if let Some(breaker) = self.policy.breaker {
            if self.open_until.is_none() {
                let tenth = tenth(now, breaker.over);
                self.heard.push((tenth, !answered));
                let (all, failed) = window(&mut self.heard, tenth);
                if all >= breaker.of_at_least as f64 && failed >= breaker.fails * all {
                    self.open_until = Some(now + breaker.opens_for.0 as u64);
                }
            } else if self.trying {
                self.trying = false;
                self.open_until = (!answered).then(|| now + breaker.opens_for.0 as u64);
                if answered {
                    self.heard.clear();
                }
            }
        }
        if let Some(throttle) = self.policy.throttle {
            self.asked.push((tenth(now, throttle.over), !answered));
        }
        if let Some(tokens) = self.policy.tokens {
            let earned = match (answered, was_retry && tokens.gives_back) {
                (false, _) => -tokens.failure_costs,
                (true, true) => tokens.retry_costs,
                (true, false) => tokens.success_earns,
            };
            self.tokens = (self.tokens + earned).clamp(0.0, tokens.most);
        }
    }

    /// How long to wait before trying again what has failed after so many attempts, if it is tried again.
    pub fn tries_again(&mut self, attempts: u32, timed_out: bool) -> Option<u64> {
        let may = attempts < self.policy.attempts && (!timed_out || self.policy.retries_timeouts);
        let (needs, costs) = match self.policy.tokens {
            Some(tokens) if self.tokens <= tokens.stops_at => (f64::INFINITY, 0.0),
            Some(tokens) => (tokens.retry_costs, tokens.retry_costs),
            None if self.policy.budget.is_finite() => (1.0, 1.0),
            None => (0.0, 0.0),
        };
        if !may || self.tokens < needs {
            return None;
        }
        self.tokens -= costs;
        let uniform = match self.policy.backoff {
            Backoff::Growing { .. } => self.luck.uniform(),
            _ => 0.0,
        };
        Some(self.policy.backoff.wait(attempts, uniform).0 as u64)
    }
}
