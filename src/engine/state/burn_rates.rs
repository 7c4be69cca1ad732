//! What of an error budget has burnt.

use crate::units::{Duration, Time};
use std::collections::VecDeque;

/// Accounts that are kept of a while.
const ACCOUNTS_MAX: usize = 4_096;

/// What ended and what failed of it up to a time.
#[derive(Debug, Clone, Copy, Default)]
struct Account {
    at: Time,
    ended: f64,
    failed: f64,
}

/// The requests of a population over a while that moves on.
#[derive(Debug, Clone, Default)]
pub struct BurnRateState {
    /// It burns too fast, as of the last look.
    pub burns: bool,
    now: Account,
    /// What was true before, oldest first: the first of them at the beginning of the while, or before.
    past: VecDeque<Account>,
}

impl BurnRateState {
    /// Until a time so many have ended, and so many of them have failed.
    pub fn ended(&mut self, until: Time, ended: f64, failed: f64) {
        if self.past.len() >= ACCOUNTS_MAX {
            // Every other one is forgotten: in between, what ends is spread evenly.
            let mut nth = 0;
            self.past.retain(|_| {
                nth += 1;
                nth % 2 == 1
            });
        }
        self.past.push_back(self.now);
        self.now = Account { at: until, ended: self.now.ended + ended, failed: self.now.failed + failed };
    }

    /// The share that failed over the last so long; nothing where none ended.
    pub fn share(&mut self, over: Duration) -> f64 {
        let from = Time(self.now.at.0.saturating_sub(over.0));
        while self.past.get(1).is_some_and(|next| next.at <= from) {
            self.past.pop_front();
        }
        let (Some(before), next) = (self.past.front(), self.past.get(1).unwrap_or(&self.now)) else { return 0.0 };
        // In between, what ends is spread evenly.
        let length = next.at.since(before.at).seconds();
        let part = if length > 0.0 { (from.since(before.at).seconds() / length).clamp(0.0, 1.0) } else { 0.0 };
        let up_to = |from: f64, to: f64| from + part * (to - from);
        let ended = self.now.ended - up_to(before.ended, next.ended);
        let failed = self.now.failed - up_to(before.failed, next.failed);
        if ended > 0.0 { failed / ended } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_while_of_many_accounts_has_the_share_of_all_of_them() {
        let mut rate = BurnRateState::default();
        let second = 1_000_000_000;
        // A tenth fails from the ten thousandth second on.
        for n in 1..=20_000 {
            rate.ended(Time(n * second), 1.0, if n > 10_000 { 0.1 } else { 0.0 });
        }
        assert!(rate.past.len() <= ACCOUNTS_MAX);
        let share = rate.share(Duration(15_000 * second));
        assert!((share - 0.1 * 10.0 / 15.0).abs() < 1e-4, "{share}");
    }
}
