//! What has become of the last requests of a use: what its users feel beyond what everybody can see.

use crate::engine::state::disposition::Feeling;
use std::collections::{BTreeMap, VecDeque};

/// So many of the last ones count at most.
const LAST_MAX: usize = 200;
/// Whether most of them fail, the last of those say.
const LATEST: usize = 20;
/// Older than this they do not count, but for a few, where few ask.
const FRESH_NS: u64 = 60_000_000_000;
const FEW: usize = 10;
const STALE_NS: u64 = 300_000_000_000;
/// Fewer than this that fail are chance.
const CHANCE: u32 = 3;
/// Whoever has waited longer than this, and longer than twice what anybody who was answered has, does not believe in an answer.
const OVERDUE_NS: u64 = 60_000_000_000;
const SECOND_NS: u64 = 1_000_000_000;
/// What gets worse again so soon after it got better is better only when it has been so for as long.
const HOLDS_NS: u64 = 30_000_000_000;
/// The least share that is down, or degraded, where it still counts as that.
const DOWN_LEAST: f64 = 0.5 + 1e-6;
const DEGRADED_LEAST: f64 = 0.01 + 1e-6;

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Served { took_ns: u64, is_slow: bool, missed: bool },
    Lost,
}

/// What its users feel.
#[derive(Debug, Clone, Default)]
pub struct Felt {
    /// What was sent before that says nothing: something works again that did not.
    since: u64,
    /// When it ended, and how.
    last: VecDeque<(u64, End)>,
    lost: u32,
    latest_lost: u32,
    slow: u32,
    missed: u32,
    /// Requests under way, by the second in which they were sent.
    open: BTreeMap<u64, u32>,
    pub under_way: u64,
    /// Those of them that are not believed in any more, and the last second of theirs.
    pub overdue: u64,
    overdue_until: u64,
    longest_ns: u64,
    /// What was felt in the flow, until when that counts for want of anything else.
    before: Option<(Feeling, u64)>,
    /// Something works again, but those who ask do not feel that before most of the latest are answered.
    goes_on: bool,
    /// As it counts now: mostly lost, partly lost, slow, incomplete.
    held: [Held; 4],
    /// As somebody last looked at it.
    seen: [bool; 4],
    /// The latency when it was last slow, in seconds.
    slow_s: f64,
    /// Of this half minute and the one before: since when, how many have come to an end, and how many of them were lost.
    slices: [(u64, u64, u64); 2],
}

/// One of the things that are felt, with a memory: a feeling that comes and goes is one.
#[derive(Debug, Clone, Copy, Default)]
struct Held {
    is: bool,
    /// It got better then.
    left_at: Option<u64>,
    /// It came back so soon that the next time it has to be better for longer.
    comes_and_goes: bool,
    /// Since when it would be better.
    better_since: Option<u64>,
}

impl Held {
    /// It feels like that now.
    fn is_felt(&mut self, now: u64, felt: bool) {
        match (self.is, felt) {
            (false, true) => {
                self.comes_and_goes = self.has_just_left(now);
                (self.is, self.better_since) = (true, None);
            }
            (true, true) => self.better_since = None,
            (true, false) => {
                let since = *self.better_since.get_or_insert(now);
                if !self.comes_and_goes || now - since >= HOLDS_NS {
                    *self = Held { is: false, left_at: Some(now), ..Held::default() };
                }
            }
            (false, false) => {}
        }
    }

    fn has_just_left(&self, now: u64) -> bool {
        self.left_at.is_some_and(|left| now - left < HOLDS_NS)
    }

    /// When it is better, if it stays as it is.
    fn better_at(&self) -> Option<u64> {
        self.better_since.filter(|_| self.is).map(|since| since + HOLDS_NS)
    }
}

impl Felt {
    /// A request is under way.
    #[inline]
    pub fn begins(&mut self, sent: u64) {
        self.under_way += 1;
        let second = sent / SECOND_NS;
        *self.open.entry(second).or_default() += 1;
        self.overdue += u64::from(second < self.overdue_until);
    }

    /// It was under way in the flow, where others have been answered after as long.
    pub fn comes_over(&mut self, sent: u64, now: u64) {
        self.longest_ns = self.longest_ns.max(now - sent);
        self.begins(sent);
    }

    /// It is not any more.
    #[inline]
    pub fn is_over(&mut self, sent: u64) {
        let second = sent / SECOND_NS;
        if let Some(count) = self.open.get_mut(&second) {
            *count -= 1;
            if *count == 0 {
                self.open.remove(&second);
            }
            self.under_way -= 1;
            self.overdue -= u64::from(second < self.overdue_until);
        }
    }

    /// It has come to an end. Says whether that feels different from when somebody last looked.
    #[inline]
    pub fn ended(&mut self, now: u64, sent: u64, end: End) -> bool {
        if let End::Served { took_ns, .. } = end {
            self.longest_ns = self.longest_ns.max(took_ns);
        }
        // Who was overdue has been felt already.
        if sent < self.since || sent / SECOND_NS < self.overdue_until {
            return false;
        }
        self.push(now, end);
        self.forget(now);
        if self.goes_on && !self.feels()[0] {
            self.begin_again(now);
            return true;
        }
        self.hold(now);
        self.held.map(|held| held.is) != self.seen || (self.before.is_some() && self.last.len() == LATEST)
    }

    fn hold(&mut self, now: u64) {
        let mut feels = self.feels();
        // Most of the latest may fail in a burst that is over in a moment. What comes and goes is down only where that is no
        // exception: where two fifths of all fail, over the last half minute and up to half a minute before.
        let (all, lost) = (self.slices[0].1 + self.slices[1].1, self.slices[0].2 + self.slices[1].2);
        let by_and_large = lost * 5 > all * 2;
        let down = &mut self.held[0];
        feels[0] &= by_and_large || down.is || !down.has_just_left(now);
        down.comes_and_goes &= by_and_large;
        self.held.iter_mut().zip(feels).for_each(|(held, felt)| held.is_felt(now, felt));
    }

    fn push(&mut self, now: u64, end: End) {
        if self.last.len() >= LATEST {
            self.latest_lost -= u32::from(self.last[self.last.len() - LATEST].1 == End::Lost);
        }
        if now - self.slices[1].0 >= HOLDS_NS {
            let is_next = now - self.slices[1].0 < 2 * HOLDS_NS;
            self.slices = [if is_next { self.slices[1] } else { (now, 0, 0) }, (now, 0, 0)];
        }
        self.slices[1].1 += 1;
        self.slices[1].2 += u64::from(end == End::Lost);
        self.count(end, true);
        self.latest_lost += u32::from(end == End::Lost);
        self.last.push_back((now, end));
        if self.last.len() > LAST_MAX {
            self.pop();
        }
    }

    fn count(&mut self, end: End, comes: bool) {
        let add = |count: &mut u32| *count = if comes { *count + 1 } else { *count - 1 };
        match end {
            End::Lost => add(&mut self.lost),
            End::Served { is_slow, missed, .. } => {
                if is_slow {
                    add(&mut self.slow);
                }
                if missed {
                    add(&mut self.missed);
                }
            }
        }
    }

    fn pop(&mut self) {
        if let Some((_, end)) = self.last.pop_front() {
            self.count(end, false);
            if self.last.len() < LATEST {
                self.latest_lost -= u32::from(end == End::Lost);
            }
        }
    }

    fn forget(&mut self, now: u64) {
        while let Some((at, _)) = self.last.front() {
            let keeps = if self.last.len() > FEW { FRESH_NS } else { STALE_NS };
            if now - at < keeps {
                return;
            }
            self.pop();
        }
    }

    /// So it felt in the flow.
    pub fn felt_before(&mut self, feeling: Feeling, now: u64) {
        self.before = Some((feeling, now + FRESH_NS));
    }

    /// Something works again that did not, but a line stands before whoever asks now that takes longer than he waits: where most of
    /// the last ones failed that goes on, until most of the latest are answered. Says whether it does.
    pub fn goes_on(&mut self, now: u64) -> bool {
        self.forget(now);
        self.goes_on = self.feels()[0];
        self.goes_on
    }

    /// Something works again that did not: who asked before says nothing of that.
    pub fn begin_again(&mut self, now: u64) {
        self.before = None;
        self.goes_on = false;
        self.since = now;
        self.last.clear();
        self.held.iter_mut().for_each(|held| (held.is, held.better_since) = (false, None));
        self.slices = [(now, 0, 0); 2];
        (self.lost, self.latest_lost, self.slow, self.missed) = (0, 0, 0, 0);
    }

    /// Nobody is told apart any more.
    pub fn forget_overdue(&mut self) {
        self.overdue = 0;
    }

    fn overdue_after_ns(&self) -> u64 {
        OVERDUE_NS.max(self.longest_ns.saturating_mul(2))
    }

    /// Who has waited for too long is lost, as far as anybody can feel.
    fn give_up(&mut self, now: u64) {
        let until = (now.saturating_sub(self.overdue_after_ns()) / SECOND_NS).max(self.overdue_until);
        let late: Vec<(u64, u32)> = self.open.range(self.overdue_until..until).map(|(s, n)| (*s, *n)).collect();
        self.overdue_until = until;
        for (second, count) in late {
            self.overdue += u64::from(count);
            if second * SECOND_NS >= self.since {
                (0..count.min(LAST_MAX as u32)).for_each(|_| self.push(now, End::Lost));
            }
        }
    }

    fn served(&self) -> usize {
        self.last.len() - self.lost as usize
    }

    fn is_slow(&self) -> bool {
        self.served() >= LATEST && self.slow as usize > self.served() / 20
    }

    fn feels(&self) -> [bool; 4] {
        let latest = self.last.len().min(LATEST) as u32;
        let mostly = self.latest_lost >= CHANCE && self.latest_lost * 2 > latest;
        let partly = self.lost >= CHANCE && self.lost as usize * 100 > self.last.len();
        let missed = self.missed >= CHANCE && self.missed as usize * 100 > self.served();
        [mostly, mostly || partly, self.is_slow(), missed]
    }

    /// How it feels now.
    pub fn look(&mut self, now: u64) -> Feeling {
        self.give_up(now);
        self.forget(now);
        self.hold(now);
        self.seen = self.held.map(|held| held.is);
        self.before = self.before.filter(|(_, until)| now < *until && self.last.len() < LATEST);
        if let Some((feeling, _)) = self.before {
            return feeling;
        }
        let [mostly, partly, slow, missed] = self.seen;
        let latest = self.last.len().clamp(1, LATEST) as f64;
        let all = self.lost as f64 / self.last.len().max(1) as f64;
        let lost = match (mostly, partly) {
            (true, _) => all.max(f64::from(self.latest_lost) / latest).max(DOWN_LEAST),
            // Not most of the latest any more.
            (false, true) => all.clamp(DEGRADED_LEAST, 0.5),
            _ => 0.0,
        };
        let share = f64::from(self.missed) / self.served().max(1) as f64;
        let degraded = if missed { share.max(DEGRADED_LEAST) } else { 0.0 };
        Feeling { lost, degraded, p95_s: self.p95_or_as_slow_as_it_was_s(slow) }
    }

    /// The 95th percentile; while it still counts as slow, no less than when it was.
    fn p95_or_as_slow_as_it_was_s(&mut self, slow: bool) -> Option<f64> {
        let p95_s = self.p95_s();
        match p95_s {
            Some(p95_s) if self.is_slow() => self.slow_s = p95_s,
            _ if slow => return Some(p95_s.map_or(self.slow_s, |p95_s| p95_s.max(self.slow_s))),
            _ => {}
        }
        p95_s
    }

    /// The 95th percentile of the latency of the last ones, if there are enough of them.
    fn p95_s(&self) -> Option<f64> {
        let mut took: Vec<u64> = Vec::with_capacity(self.last.len());
        took.extend(self.last.iter().filter_map(|(_, end)| match end {
            End::Served { took_ns, .. } => Some(*took_ns),
            End::Lost => None,
        }));
        if took.len() < LATEST {
            return None;
        }
        let nth = took.len() - 1 - took.len() / 20;
        let (_, p95, _) = took.select_nth_unstable(nth);
        Some(*p95 as f64 * 1e-9)
    }

    /// When it feels different though nothing more comes to an end.
    pub fn changes_at(&self) -> Option<u64> {
        let overdue = self.open.range(self.overdue_until..).next();
        let overdue = overdue.map(|(second, _)| (second + 1) * SECOND_NS + self.overdue_after_ns());
        let keeps = if self.last.len() > FEW { FRESH_NS } else { STALE_NS };
        let forgets = self.last.front().filter(|_| self.seen != [false; 4]).map(|(at, _)| at + keeps);
        let before = self.before.map(|(_, until)| until);
        let better = self.held.iter().filter_map(Held::better_at);
        [overdue, forgets, before].into_iter().flatten().chain(better).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVED: End = End::Served { took_ns: 1_000_000, is_slow: false, missed: false };

    fn after(ends: impl IntoIterator<Item = End>) -> Felt {
        let mut felt = Felt::default();
        for (nth, end) in (0..).zip(ends) {
            felt.ended(nth * 1_000_000, nth * 1_000_000, end);
        }
        felt
    }

    #[test]
    fn two_that_fail_are_chance_and_three_of_two_hundred_are_not() {
        for (lost, share) in [(2, 0.0), (3, 0.015), (60, 0.3)] {
            let ends = (0..200).map(|nth| if nth < lost { End::Lost } else { SERVED });
            assert_eq!(after(ends).look(200_000_000).lost, share, "{lost}");
        }
    }

    #[test]
    fn most_of_the_latest_say_that_nothing_works_and_that_it_works_again() {
        let mut felt = after((0..200).map(|nth| if nth < 189 { SERVED } else { End::Lost }));
        assert!(felt.look(200_000_000).lost > 0.5);
        (0..10).for_each(|_| {
            felt.ended(200_000_000, 200_000_000, SERVED);
        });
        let lost = felt.look(200_000_000).lost;
        assert!(lost > 0.01 && lost <= 0.5, "{lost}");
    }

    #[test]
    fn who_asked_before_it_was_mended_says_nothing() {
        let mut felt = after([End::Lost; 50]);
        assert!(felt.look(50_000_000).lost > 0.5);
        felt.begin_again(60_000_000);
        felt.ended(70_000_000, 50_000_000, End::Lost);
        assert_eq!(felt.look(70_000_000).lost, 0.0);
    }

    #[test]
    fn who_waits_in_a_line_that_is_too_long_feels_no_difference_before_he_is_answered() {
        let mut felt = after([End::Lost; 50]);
        assert!(felt.goes_on(60_000_000));
        assert_eq!(felt.look(60_000_000).lost, 1.0);
        (0..9).for_each(|_| assert!(!felt.ended(70_000_000, 65_000_000, SERVED)));
        assert!(felt.look(70_000_000).lost > 0.5);
        assert!(felt.ended(71_000_000, 65_000_000, SERVED));
        assert_eq!(felt.look(71_000_000).lost, 0.0);
        assert!(!after([SERVED; 50]).goes_on(60_000_000));
    }

    #[test]
    fn what_comes_and_goes_is_one_feeling() {
        let mut felt = Felt::default();
        let (mut now, mut changes, mut before) = (0, 0, 0.0);
        // Every other second all fail, and in between nobody does: for five minutes.
        for second in 0..300 {
            for _ in 0..200 {
                now += SECOND_NS / 200;
                felt.ended(now, now, if second % 2 == 0 { End::Lost } else { SERVED });
                let lost = felt.look(now).lost;
                changes += u32::from((lost > 0.5) != (before > 0.5));
                before = lost;
            }
        }
        // Down, up, down again within half a minute; then it stays.
        assert_eq!((changes, before > 0.5), (3, true));
        // Better for half a minute is better.
        for _ in 0..31 * 200 {
            now += SECOND_NS / 200;
            felt.ended(now, now, SERVED);
        }
        assert_eq!(felt.look(now).lost, 0.0);
        // Bursts in which most fail, and nobody else does: down once, and degraded after that.
        let (mut bursts, mut was_down, mut down) = (Felt::default(), false, 0);
        for nth in 0..60 * 200_u64 {
            let at = nth * SECOND_NS / 200;
            bursts.ended(at, at, if nth % 400 < 12 { End::Lost } else { SERVED });
            let lost = bursts.look(at).lost;
            down += u32::from(lost > 0.5 && !was_down);
            was_down = lost > 0.5;
            // The second burst shows that it comes and goes.
            assert!(nth < 410 || lost > 0.01, "{nth}");
        }
        assert!(down <= 3, "{down}");
        // Once and for all is over at once.
        let mut once = after([End::Lost; 50]);
        assert!(once.look(50_000_000).lost > 0.5);
        (0..11).for_each(|_| _ = once.ended(60_000_000, 60_000_000, SERVED));
        assert!(once.look(60_000_000).lost <= 0.5);
    }

    #[test]
    fn whoever_waits_for_ever_is_lost() {
        let mut felt = Felt::default();
        (0..10).for_each(|nth| felt.begins(nth * SECOND_NS));
        assert_eq!((felt.look(60 * SECOND_NS).lost, felt.overdue), (0.0, 0));
        assert_eq!((felt.look(65 * SECOND_NS).lost, felt.overdue), (1.0, 5));
        felt.is_over(SECOND_NS);
        assert_eq!((felt.under_way, felt.overdue), (9, 4));
    }
}
