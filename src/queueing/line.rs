//! A line: who waits in a fluid queue, in order of arrival.
//!
//! A backlog says how many wait, a line says since when. What leaves it leaves at its front, so that a wait is what the queue did
//! while one waited, whatever the capacity was meanwhile: the horizontal distance between the curves of what has arrived and of
//! what has left (Newell, Applications of Queueing Theory, 1982, chapter 1). Arrivals of the same stretch are mixed evenly.

use crate::num;
use std::collections::VecDeque;

/// More parcels than this are joined two by two: then nobody's wait is off by more than a parcel is long.
const PARCELS_MAX: usize = 256;
/// What leaves within a stretch is cut into at least so many pieces.
const PIECES: f64 = 8.0;

/// Those of one kind in a parcel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Member {
    /// What kind.
    pub key: u64,
    /// How many requests.
    pub count: f64,
    /// Of those, not yet too late.
    pub live: f64,
    /// How long they had waited elsewhere before, in seconds.
    pub before_s: f64,
    /// So long in this line, in seconds, and it is too late for them.
    pub expires_s: f64,
}

/// Where parcels are joined, those who hold out so much longer than others are told apart, as a share of that.
const ALIKE: f64 = 0.01;

impl Member {
    /// Whether it is too late for both at about the same time.
    fn is_late_with(&self, other: &Member) -> bool {
        let (mine, others) = (self.expires_s, other.expires_s);
        mine == others || (mine - others).abs() <= ALIKE * mine.min(others)
    }
}

/// What is done for nobody.
const NOBODY: Member = Member { key: 0, count: 0.0, live: 0.0, before_s: 0.0, expires_s: f64::INFINITY };

/// What arrived in a stretch of time and still waits.
#[derive(Debug, Clone, PartialEq)]
struct Parcel {
    /// When the first of it arrived, and the last.
    from_s: f64,
    to_s: f64,
    /// The arrival rates then; only their ratio counts.
    rates: (f64, f64),
    /// How much: what the station has to do.
    amount: f64,
    /// Where those who wait give up: how much more it is told to be, for it has waned in a part of the stretch only.
    grown: f64,
    members: Vec<Member>,
}

/// A piece of a parcel that has left, from its first to its last.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Piece {
    /// When they arrived.
    pub arrived_s: (f64, f64),
    /// How long they waited, in seconds.
    pub waited_s: (f64, f64),
    /// Which share of the members of its parcel it is.
    pub share: f64,
    /// How much: what the station has done.
    pub amount: f64,
    /// Where those who wait give up: how much more it is told to be.
    pub grown: f64,
}

/// Who waits in a queue, first come, first served.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Line {
    parcels: VecDeque<Parcel>,
    /// What has been taken in until then.
    now_s: f64,
}

impl Parcel {
    /// Where in the stretch of its arrivals, from 0 to 1, a share of the amount has arrived.
    fn place_of(&self, share: f64) -> f64 {
        let (start, end) = self.rates;
        if (end - start).abs() <= 1e-9 * (start + end) {
            return share;
        }
        ((self.rate_after(share) - start) / (end - start)).clamp(0.0, 1.0)
    }

    fn rate_after(&self, share: f64) -> f64 {
        let (start, end) = self.rates;
        num::sqrt((start * start + share * (end * end - start * start)).max(0.0))
    }

    fn arrival_of(&self, share: f64) -> f64 {
        self.from_s + (self.to_s - self.from_s) * self.place_of(share)
    }

    /// Takes a share away from the front.
    fn shorten(&mut self, share: f64) {
        let (from_s, rate) = (self.arrival_of(share), self.rate_after(share));
        (self.from_s, self.rates.0) = (from_s, rate);
        self.amount *= 1.0 - share;
        self.members.iter_mut().for_each(|member| {
            member.count *= 1.0 - share;
            member.live = member.live.min(member.count);
        });
    }

    /// How many of a kind will not have been too late by a time.
    fn still_live(&self, member: &Member, at_s: f64) -> f64 {
        if member.expires_s == f64::INFINITY {
            return member.live;
        }
        let (length_s, since_s) = (self.to_s - self.from_s, at_s - member.expires_s - self.from_s);
        let part =
            if length_s > 0.0 { (since_s / length_s).clamp(0.0, 1.0) } else { f64::from(u8::from(since_s >= 0.0)) };
        member.live.min(member.count * (1.0 - share_at(self.rates, part)))
    }

    fn join(&mut self, later: Parcel) {
        self.to_s = later.to_s;
        let real = self.amount / self.grown + later.amount / later.grown;
        self.amount += later.amount;
        self.grown = if real > 0.0 { self.amount / real } else { 1.0 };
        let rate = self.amount / (self.to_s - self.from_s).max(1e-9);
        self.rates = (rate, rate);
        for member in later.members {
            match self.members.iter_mut().find(|m| m.key == member.key && m.is_late_with(&member)) {
                Some(mine) => {
                    let count = mine.count + member.count;
                    if count > 0.0 {
                        let mean =
                            |a: f64, b: f64| if a == b { a } else { (a * mine.count + b * member.count) / count };
                        let (before_s, expires_s) =
                            (mean(mine.before_s, member.before_s), mean(mine.expires_s, member.expires_s));
                        (mine.before_s, mine.expires_s) = (before_s, expires_s);
                    }
                    mine.count = count;
                    mine.live += member.live;
                }
                None => self.members.push(member),
            }
        }
    }
}

impl Line {
    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.parcels.is_empty()
    }

    /// How much waits.
    pub fn amount(&self) -> f64 {
        self.parcels.iter().map(|parcel| parcel.amount).sum()
    }

    /// How long the first has waited, in seconds.
    pub fn front_s(&self, now_s: f64) -> f64 {
        self.parcels.front().map_or(0.0, |parcel| (now_s - parcel.from_s).max(0.0))
    }

    /// How fast those arrived who are at the front, per second.
    pub fn front_rate(&self) -> Option<f64> {
        self.parcels.front().map(|parcel| parcel.rates.0)
    }

    /// All who wait, with when they arrived: first and last of each parcel.
    pub fn members(&self) -> impl Iterator<Item = ((f64, f64), &Member)> {
        self.parcels.iter().flat_map(|parcel| parcel.members.iter().map(|m| ((parcel.from_s, parcel.to_s), m)))
    }

    /// From the front, when the first and the last of each parcel arrived, how much it is, and who is in it.
    pub fn parcels(&self) -> impl Iterator<Item = ((f64, f64), f64, &[Member])> {
        self.parcels.iter().map(|parcel| ((parcel.from_s, parcel.to_s), parcel.amount, parcel.members.as_slice()))
    }

    /// All who wait, to be changed.
    pub fn members_mut(&mut self) -> impl Iterator<Item = &mut Member> {
        self.parcels.iter_mut().flat_map(|parcel| parcel.members.iter_mut())
    }

    /// Until when everything has been taken in.
    pub fn now_s(&self) -> f64 {
        self.now_s
    }

    /// Time goes on.
    pub fn set_now_s(&mut self, now_s: f64) {
        self.now_s = now_s;
    }

    /// How many requests of one kind still wait that are not too late; of those, so many are taken out of the line, evenly.
    pub fn take(&mut self, is_it: impl Fn(u64) -> bool, takes: impl Fn(f64) -> f64) -> f64 {
        let all: f64 = self.members().filter(|(_, m)| is_it(m.key)).map(|(_, m)| m.live).sum();
        let taken = takes(all).min(all);
        if taken > 0.0 {
            let kept = 1.0 - taken / all;
            self.members_mut().filter(|m| is_it(m.key)).for_each(|m| {
                m.count -= m.live * (1.0 - kept);
                m.live *= kept;
            });
        }
        taken
    }

    /// All stay as they are for a time, which nobody has waited: whoever leaves is replaced by one who came as much later.
    pub fn stand_still(&mut self, seconds: f64) {
        for parcel in &mut self.parcels {
            parcel.from_s += seconds;
            parcel.to_s += seconds;
        }
    }

    /// Nobody waits any more.
    pub fn clear(&mut self) {
        self.parcels.clear();
    }

    /// An amount arrives between two times, at a rate that goes from one to another in a straight line.
    pub fn push(&mut self, (from_s, to_s): (f64, f64), rates: (f64, f64), amount: f64, members: Vec<Member>) {
        self.push_grown((from_s, to_s), rates, (amount, 1.0), members);
    }

    /// The same, told as if so many more had waited since the stretch began, of whom the others have given up since.
    pub fn push_grown(
        &mut self,
        (from_s, to_s): (f64, f64),
        rates: (f64, f64),
        (amount, grown): (f64, f64),
        members: Vec<Member>,
    ) {
        if amount <= 0.0 && members.iter().all(|member| member.count <= 0.0) {
            return;
        }
        self.parcels.push_back(Parcel { from_s, to_s, rates, amount: amount * grown, grown, members });
        if self.parcels.len() > PARCELS_MAX {
            let mut all = std::mem::take(&mut self.parcels).into_iter();
            while let Some(mut first) = all.next() {
                if let Some(second) = all.next() {
                    first.join(second);
                }
                self.parcels.push_back(first);
            }
        }
    }

    /// An amount leaves at the front, evenly between two times; of each piece, who is in it and how many of those had not been too
    /// late before.
    pub fn leave(&mut self, amount: f64, (from_s, to_s): (f64, f64), mut left: impl FnMut(Piece, &Member, f64)) {
        let mut gone = 0.0;
        let at = |gone: f64| if amount > 0.0 { from_s + (to_s - from_s) * (gone / amount).min(1.0) } else { to_s };
        while let Some(parcel) = self.parcels.front_mut() {
            let all = parcel.amount <= (amount - gone) * (1.0 + 1e-12);
            if !all && gone >= amount * (1.0 - 1e-12) {
                break;
            }
            let takes = parcel.amount.min(amount - gone).max(0.0);
            let whole = if all { 1.0 } else { takes / parcel.amount };
            let cuts = (takes / amount.max(1e-300) * PIECES).ceil().clamp(1.0, PIECES);
            let mut before = 0.0;
            for cut in 1..=cuts as usize {
                let after = if cut == cuts as usize { whole } else { whole * cut as f64 / cuts };
                let arrived_s = (parcel.arrival_of(before), parcel.arrival_of(after));
                let departs_s = (at(gone + before * parcel.amount), at(gone + after * parcel.amount));
                let waited_s = ((departs_s.0 - arrived_s.0).max(0.0), (departs_s.1 - arrived_s.1).max(0.0));
                let (share, amount) = (after - before, (after - before) * parcel.amount);
                let piece = Piece { arrived_s, waited_s, share, amount, grown: parcel.grown };
                if parcel.members.is_empty() {
                    // Nobody waits for it any more, and it is done all the same.
                    left(piece, &NOBODY, 0.0);
                }
                for member in &mut parcel.members {
                    // Who is too late came first.
                    let live = member.live.min(member.count * (1.0 - after));
                    let leaves = std::mem::replace(&mut member.live, live) - live;
                    left(piece, member, leaves);
                }
                before = after;
            }
            gone += takes;
            if all {
                self.parcels.pop_front();
            } else {
                parcel.shorten(whole);
                break;
            }
        }
    }

    /// Of all who wait a share is left at the end of a stretch; of each parcel, when it arrived in the mean, who was in it, and how many
    /// of those have given up.
    pub fn thin(&mut self, left: f64, mut given_up: impl FnMut(f64, &Member, f64)) {
        for parcel in &mut self.parcels {
            let of_members = (left * parcel.grown).min(1.0);
            let arrived_s = (parcel.from_s + parcel.to_s) / 2.0;
            for member in &mut parcel.members {
                given_up(arrived_s, member, member.live * (1.0 - of_members));
                member.count *= of_members;
                member.live *= of_members;
            }
            parcel.amount *= left;
            parcel.grown = 1.0;
        }
    }

    /// Seconds until the first in line has waited longer, or no longer, than `level_s`, at this capacity, where each who waits gives up at
    /// this rate; `None` if that does not happen to those who wait now.
    pub fn crosses_s(&self, level_s: f64, now_s: f64, capacity: f64, gives_up_per_s: f64) -> Option<f64> {
        let mut ahead = 0.0;
        let mut over = None;
        let leaves_s = |ahead: f64| match gives_up_per_s > 0.0 {
            true => num::ln_1p(ahead * gives_up_per_s / capacity) / gives_up_per_s,
            false => ahead / capacity,
        };
        for parcel in &self.parcels {
            let age_s = |share: f64| now_s + leaves_s(ahead + share * parcel.amount) - parcel.arrival_of(share);
            let is_over = |share: f64| age_s(share) > level_s;
            let begins = is_over(0.0);
            if over.is_some_and(|over| over != begins) {
                return Some(leaves_s(ahead));
            }
            let was = *over.get_or_insert(begins);
            if is_over(1.0) != was {
                let (mut low, mut high) = (0.0, 1.0);
                for _ in 0..50 {
                    let middle = (low + high) / 2.0;
                    if is_over(middle) == was { low = middle } else { high = middle }
                }
                return Some(leaves_s(ahead + high * parcel.amount));
            }
            ahead += parcel.amount;
        }
        None
    }

    /// How many of each kind will become too late within a time from now, as long as the front goes on waiting so long.
    pub fn expiring(&self, now_s: f64, within_s: f64, mut expiring: impl FnMut(&Member, f64)) {
        let front_s = self.front_s(now_s);
        for parcel in &self.parcels {
            for member in parcel.members.iter().filter(|m| m.expires_s <= front_s * (1.0 + 1e-12) + 1e-9) {
                let count = member.live - parcel.still_live(member, now_s + within_s);
                if count > 0.0 {
                    expiring(member, count);
                }
            }
        }
    }

    /// Seconds until that happens at another rate.
    pub fn expiring_changes_s(&self, now_s: f64) -> f64 {
        let front_s = self.front_s(now_s);
        let mut next_s = f64::INFINITY;
        for parcel in &self.parcels {
            for member in parcel.members.iter().filter(|member| member.expires_s <= front_s * (1.0 + 1e-12) + 1e-9) {
                for edge_s in [parcel.from_s, parcel.to_s] {
                    let ahead_s = edge_s + member.expires_s - now_s;
                    if ahead_s > 1e-9 {
                        next_s = next_s.min(ahead_s);
                    }
                }
            }
        }
        next_s
    }

    /// How many of each kind, of those who still wait, have become too late by now since that was last asked.
    pub fn expire(&mut self, now_s: f64, mut expired: impl FnMut(&Member, f64)) {
        for parcel in &mut self.parcels {
            for i in 0..parcel.members.len() {
                let live = parcel.still_live(&parcel.members[i], now_s);
                let member = &mut parcel.members[i];
                let count = std::mem::replace(&mut member.live, live) - live;
                if count > 0.0 {
                    expired(member, count);
                }
            }
        }
    }
}

/// The share of a parcel that has arrived when a part of its time has gone by.
fn share_at((start, end): (f64, f64), part: f64) -> f64 {
    let sum = start + end;
    if sum <= 0.0 { part } else { part * (2.0 * start + (end - start) * part) / sum }
}

impl Piece {
    /// The mean wait, in seconds, of those who waited less than `level_s`, and their share.
    pub fn within(&self, level_s: f64) -> (f64, f64) {
        let long = part_over(self.waited_s, level_s);
        let (from, to) = if long.0 > 0.0 { (0.0, long.0) } else { (long.1, 1.0) };
        let at = |part: f64| self.waited_s.0 + (self.waited_s.1 - self.waited_s.0) * part;
        ((at(from) + at(to)) / 2.0, (to - from).max(0.0))
    }

    /// The mean wait in seconds.
    pub fn mean_s(&self) -> f64 {
        (self.waited_s.0 + self.waited_s.1) / 2.0
    }
}

/// The part, from and to, of a straight line between two values that is at or above a level.
fn part_over((start, end): (f64, f64), level: f64) -> (f64, f64) {
    match (start >= level, end >= level) {
        (true, true) => (0.0, 1.0),
        (false, false) => (0.0, 0.0),
        (true, false) => (0.0, (start - level) / (start - end)),
        (false, true) => ((level - start) / (end - start), 1.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(key: u64, count: f64) -> Member {
        Member { key, count, live: count, before_s: 0.0, expires_s: f64::INFINITY }
    }

    #[test]
    fn a_wait_is_what_the_queue_did_meanwhile() {
        // 10/s arrive for 20 s and nothing leaves; then 100/s do.
        let mut line = Line::default();
        line.push((0.0, 20.0), (10.0, 10.0), 200.0, vec![member(1, 200.0)]);
        assert_eq!(line.front_s(20.0), 20.0);
        let (mut all, mut sum_s) = (0.0, 0.0);
        line.leave(200.0, (20.0, 22.0), |piece, _, count| {
            all += count;
            sum_s += count * piece.mean_s();
        });
        assert!((all - 200.0).abs() < 1e-9);
        // From 20 s for the first down to 2 s for the last.
        assert!((sum_s / all - 11.0).abs() < 1e-9);
        assert!(line.is_empty());
    }

    #[test]
    fn arrivals_at_a_changing_rate_are_where_they_arrived() {
        let mut line = Line::default();
        line.push((0.0, 10.0), (0.0, 10.0), 50.0, vec![member(1, 50.0)]);
        line.leave(12.5, (10.0, 10.0), |_, _, _| {});
        // A quarter of them arrived in the first half of the time.
        assert!((line.front_s(10.0) - 5.0).abs() < 1e-9);
        assert!((line.amount() - 37.5).abs() < 1e-9);
    }

    #[test]
    fn it_is_known_when_the_front_has_waited_too_long() {
        let mut line = Line::default();
        line.push((0.0, 10.0), (10.0, 10.0), 100.0, vec![member(1, 100.0)]);
        // At 5/s the age of the front grows by half a second per second, from 10 s now.
        assert!((line.crosses_s(12.0, 10.0, 5.0, 0.0).unwrap() - 4.0).abs() < 1e-9);
        // At 20/s it shrinks from 10 s by one per second.
        assert!((line.crosses_s(8.0, 10.0, 20.0, 0.0).unwrap() - 2.0).abs() < 1e-9);
        assert_eq!(line.crosses_s(8.0, 10.0, 5.0, 0.0), None);
    }

    #[test]
    fn who_gives_up_is_no_longer_in_the_line_and_nobody_gives_up_twice() {
        let mut line = Line::default();
        line.push((0.0, 10.0), (10.0, 10.0), 100.0, vec![member(1, 100.0)]);
        line.push_grown((10.0, 12.0), (10.0, 10.0), (20.0, 1.1), vec![member(2, 20.0)]);
        let (mut served, mut given_up) = (0.0, 0.0);
        line.leave(50.0, (10.0, 12.0), |piece, _, live| {
            served += live * 0.9 * piece.grown;
            given_up += live * (1.0 - 0.9 * piece.grown);
        });
        line.thin(0.8, |_, _, count| given_up += count);
        let left: f64 = line.members().map(|(_, m)| m.count).sum();
        assert!((served + given_up + left - 120.0).abs() < 1e-9);
        assert!((line.amount() - 0.8 * (50.0 + 22.0)).abs() < 1e-9);
        // Those 40 of the first parcel came from 5 to 10 s. 5 a second are served, and each gives up after 10 s on average: after t seconds
        // 50 (e^(t/10) - 1) are gone, and whoever is first then has waited for 7 + t less an eighth of a second for each of them.
        let age_s = |t: f64| 7.0 + t - 50.0 * num::exp_m1(t / 10.0) / 8.0;
        let crosses_s = line.crosses_s(7.5, 12.0, 5.0, 0.1).unwrap();
        assert!((age_s(crosses_s) - 7.5).abs() < 1e-9, "{crosses_s}");
        assert_eq!(line.crosses_s(12.9, 12.0, 5.0, 0.1), None, "nobody waits for so long");
    }

    #[test]
    fn who_has_waited_too_long_is_found_once() {
        let mut line = Line::default();
        let late = Member { expires_s: 5.0, ..member(1, 100.0) };
        line.push((0.0, 10.0), (10.0, 10.0), 100.0, vec![late]);
        let mut sum = 0.0;
        line.expire(10.0, |_, count| sum += count);
        assert!((sum - 50.0).abs() < 1e-9, "those of the first five seconds");
        line.leave(20.0, (10.0, 11.0), |_, _, live| assert_eq!(live, 0.0));
        for second in 11..20 {
            line.expire(f64::from(second), |_, count| sum += count);
        }
        assert!((sum - 100.0).abs() < 1e-9);
    }

    #[test]
    fn many_parcels_are_joined_and_nobody_is_lost() {
        let mut line = Line::default();
        for i in 0..10_000 {
            let at_s = f64::from(i);
            line.push((at_s, at_s + 1.0), (1.0, 1.0), 1.0, vec![member(u64::from(i % 3 == 0), 1.0)]);
        }
        assert!(line.parcels.len() <= PARCELS_MAX);
        assert!((line.amount() - 10_000.0).abs() < 1e-6);
        assert!((line.members().map(|(_, m)| m.count).sum::<f64>() - 10_000.0).abs() < 1e-6);
        assert_eq!(line.front_s(10_000.0), 10_000.0);
    }
}
