//! What watches an active member: checkers that send checks, or heartbeats that arrive. Of both, what counts is a run of
//! signs that are lost.

use crate::dist::Sampler;
use crate::num;
use crate::rng::Stream;
use crate::units::{Duration, Time};

/// The law by which lost signs are taken for a failure. A sign is a check that is answered, or a heartbeat that arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signs {
    /// Time between two.
    pub every: Duration,
    /// How much later the next one is after one that is lost.
    pub later: Duration,
    /// How many have to be lost in a row.
    pub needed: u32,
    /// How long after the last of those it is known.
    pub known: Duration,
}

/// A watch over an active member, from the first sign that something is wrong.
#[derive(Debug, Clone)]
pub struct Watch {
    pub checkers: Vec<Checker>,
    /// When the failure will be noticed, as far as can be seen now.
    pub alarm: Time,
    /// Since when all is well again.
    pub well_since: Option<Time>,
    /// When it began, and how often they have come to see something else since.
    pub began: Time,
    pub turns: u32,
}

/// One of those that watch.
#[derive(Debug, Clone, PartialEq)]
pub struct Checker {
    /// The share of signs that it loses; `None`: it is dead.
    pub sees: Option<f64>,
    /// When the next sign is due.
    pub next: Time,
    /// Signs lost in a row before that.
    pub run: u32,
    /// When the last of the signs that it takes is lost.
    lost: Time,
    /// When it takes the member for down.
    pub marks: Time,
}

impl Checker {
    /// One that has seen a healthy member, and loses this share of signs then.
    pub fn new(now: Time, law: &Signs, healthy: f64, stream: &mut Stream) -> Checker {
        let phase = Duration::from_seconds(stream.uniform() * law.every.seconds());
        Checker::due(now.after(phase), law, healthy, stream)
    }

    /// One whose next sign is due then.
    pub fn due(next: Time, law: &Signs, healthy: f64, stream: &mut Stream) -> Checker {
        let run = if healthy > 0.0 { standing_run(stream, healthy, 0, u64::MAX, law.needed) } else { 0 };
        Checker { sees: Some(healthy), next, run, lost: Time::NEVER, marks: Time::NEVER }
    }

    /// The last sign that arrived.
    pub fn last_good(&self, law: &Signs) -> Time {
        Time(self.next.0.saturating_sub(law.every.0.saturating_mul(i64::from(self.run) + 1)))
    }

    /// From now on it may see something else; says whether it does. What it has seen so far counts.
    pub fn turn(&mut self, now: Time, sees: Option<f64>, law: &Signs, stream: &mut Stream) -> bool {
        if self.sees == sees {
            return false;
        }
        self.pass(now, law, stream);
        self.sees = sees;
        true
    }

    /// The signs that were due until now have come or have got lost.
    fn pass(&mut self, now: Time, law: &Signs, stream: &mut Stream) {
        let share = self.sees.unwrap_or(0.0).min(1.0);
        let gap = law.every.0.saturating_add((law.later.0 as f64 * share) as i64).max(1);
        let signs = if now < self.next { 0 } else { (now.0 - self.next.0) / gap + 1 };
        self.next = Time(self.next.0.saturating_add(signs.saturating_mul(gap)));
        self.run = match self.sees {
            None => 0,
            Some(_) if self.lost <= now => law.needed,
            Some(_) if signs == 0 => self.run,
            Some(share) if share >= 1.0 => self.run.saturating_add(u32::try_from(signs).unwrap_or(u32::MAX)),
            Some(share) if share <= 0.0 => 0,
            Some(share) => standing_run(stream, share, self.run, signs as u64, law.needed),
        };
    }

    /// When it takes the member for down, if it goes on seeing what it sees.
    pub fn plan(&mut self, healthy: f64, law: &Signs, most: f64, stream: &mut Stream) {
        let sees = self.sees.filter(|share| *share > healthy);
        if self.run >= law.needed {
            // It has lost them all, and says so until a sign comes.
            self.lost = sees.map_or(Time::NEVER, |_| Time(self.marks.0.saturating_sub(law.known.0)));
            return;
        }
        (self.lost, self.marks) = (Time::NEVER, Time::NEVER);
        let Some(share) = sees else { return };
        let left = law.needed - self.run;
        let full = law.every.0.saturating_add(law.later.0);
        let signs = if share >= 1.0 { f64::from(left) } else { signs_from(stream, share, self.run, law.needed, most) };
        let wait = if signs <= f64::from(left) {
            Duration(full.saturating_mul(i64::from(left) - 1))
        } else {
            // Those before the run get lost in their share only.
            let before_s = (signs - f64::from(law.needed)) * (law.every.seconds() + share * law.later.seconds());
            let run = full.saturating_mul(i64::from(law.needed) - 1);
            Duration(Duration::from_seconds(before_s).0.saturating_add(run))
        };
        self.lost = self.next.after(wait);
        self.marks = self.lost.after(law.known);
    }
}

/// How many signs of a run are lost already, when each of the last `signs` got lost with probability `share` and the run
/// is not complete: j with a probability in proportion to `share^j`. Before those, `before` were lost.
pub fn standing_run(stream: &mut Stream, share: f64, before: u32, signs: u64, needed: u32) -> u32 {
    let most = needed.saturating_sub(1).min(u32::try_from(signs.saturating_sub(1)).unwrap_or(u32::MAX));
    // All of them were lost.
    let all = u32::try_from(signs).ok().and_then(|n| n.checked_add(before)).filter(|run| *run < needed);
    let whole = 1.0 - num::pow(share, f64::from(most) + 1.0);
    let and_all = all.map_or(0.0, |_| num::pow(share, signs as f64));
    let mut left = stream.uniform() * (whole + and_all);
    let mut weight = 1.0 - share;
    for run in 0..=most {
        left -= weight;
        if left < 0.0 || weight < f64::MIN_POSITIVE {
            return run;
        }
        weight *= share;
    }
    all.unwrap_or(most)
}

/// As [`signs_until_run`], where the last `run` have been lost already.
pub fn signs_from(stream: &mut Stream, share: f64, run: u32, needed: u32, most: f64) -> f64 {
    let left = needed.saturating_sub(run);
    if run == 0 || share <= 0.0 {
        return signs_until_run(stream, share, needed, most);
    }
    for sign in 1..=left {
        if !stream.chance(share) {
            return f64::from(sign) + signs_until_run(stream, share, needed, most);
        }
    }
    f64::from(left)
}

/// How many signs until `run` in a row are lost, when each gets lost with probability `share`.
///
/// The mean is `(1 - p^k) / (p^k (1 - p))` (Feller, An Introduction to Probability Theory, vol. 1, XIII.7). Where runs
/// are rare, the number is as good as geometric: drawn from a shifted exponential of that mean. Where they are not, the
/// signs are gone through one by one. `most` bounds what is worth knowing.
pub fn signs_until_run(stream: &mut Stream, share: f64, run: u32, most: f64) -> f64 {
    let run_s = f64::from(run);
    let all = num::pow(share, run_s);
    if share >= 1.0 || all <= 0.0 {
        return if share >= 1.0 { run_s } else { f64::INFINITY };
    }
    const GONE_THROUGH_MAX: f64 = 100_000.0;
    let mean = (1.0 - all) / (all * (1.0 - share));
    if share <= 0.3 || mean > GONE_THROUGH_MAX {
        return run_s + Sampler::Exponential((mean - run_s).max(1e-9)).quantile_s(stream.uniform());
    }
    let (mut signs, mut in_a_row) = (0.0, 0);
    while in_a_row < run {
        signs += 1.0;
        in_a_row = if stream.chance(share) { in_a_row + 1 } else { 0 };
        if signs > most.max(1.0) + 10_000.0 {
            return f64::INFINITY;
        }
    }
    signs
}

/// Time until a new leader is elected, in seconds from now, where each follower last heard of the old one at `heard` (zero
/// or below) and so many votes are needed. Whoever times out first asks for votes; whoever times out before the request comes votes for itself.
///
/// A request reaches the others after a sixth of the time that it takes to gather votes: so the published median of 287 ms,
/// with timeouts from 150 to 155 ms and 15 ms to gather votes, comes out (Ongaro, Consensus: Bridging Theory and Practice,
/// 2014, chapter 9).
pub fn election_s(stream: &mut Stream, heard: &[f64], majority: usize, timeout: (f64, f64), votes: f64) -> f64 {
    const ROUNDS_MAX: u32 = 10_000;
    let (shortest, longest) = timeout;
    let mut due: Vec<f64> = (heard.iter())
        .map(|heard| {
            // Whoever has waited for longer than the shortest timeout already has drawn a longer one.
            let least = shortest.max(-heard).min(longest);
            heard + least + stream.uniform() * (longest - least)
        })
        .collect();
    for _ in 0..ROUNDS_MAX {
        let first = due.iter().copied().fold(f64::INFINITY, f64::min);
        let reached = first + votes / 6.0;
        let asked = due.iter().filter(|due| **due < reached).count().max(1);
        // The others vote for the first, and so does it itself.
        if 1 + due.len() - asked >= majority {
            return first + votes;
        }
        for due in &mut due {
            *due = due.min(reached) + shortest + stream.uniform() * (longest - shortest);
        }
    }
    f64::INFINITY
}

#[cfg(test)]
mod tests;
