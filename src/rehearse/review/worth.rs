//! What each decision was worth, and what it would have been worth earlier.

use super::ground::{Damage, Ground};
use crate::num;
use crate::rehearse::play::{Done, Play};
use crate::study::Hands;
use crate::units::{Duration, Time};
use serde::Serialize;

/// How much earlier each decision is tried.
const EARLIER: Duration = Duration(600_000_000_000);

/// A difference in user-minutes: what the decision saved; below zero it cost.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Worth {
    /// In the run that was played.
    pub here: f64,
    /// In the mean over other draws of luck, under the same drill and the same decisions.
    pub mean: f64,
    /// A 95% confidence interval of that.
    pub interval: (f64, f64),
}

impl Worth {
    /// Of differences, the first in the run that was played.
    fn of(differences: &[f64]) -> Worth {
        let (here, others) = (differences[0], &differences[1..]);
        let count = others.len() as f64;
        if others.is_empty() {
            return Worth { here, mean: here, interval: (f64::NEG_INFINITY, f64::INFINITY) };
        }
        let mean = others.iter().sum::<f64>() / count;
        let half = match others.len() {
            1 => f64::INFINITY,
            len => {
                let squares: f64 = others.iter().map(|one| (one - mean) * (one - mean)).sum();
                num::student_quantile(0.975, len as u32 - 1) * num::sqrt(squares / (count - 1.0) / count)
            }
        };
        Worth { here, mean, interval: (mean - half, mean + half) }
    }

    /// Whether luck alone explains it.
    pub fn is_luck(&self) -> bool {
        self.interval.0 <= 0.0 && self.interval.1 >= 0.0
    }
}

/// A decision: something that was done and could change what users lived through.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Decision {
    /// When, in seconds of the run and as a civil time.
    pub at_s: f64,
    /// As above.
    pub at: String,
    /// From which seat.
    pub seat: String,
    /// What.
    pub what: String,
    /// What it saved: the run without it, less the run with it.
    pub saved: Worth,
    /// What it would have saved on top, had it come earlier.
    pub earlier: Worth,
    /// How much earlier, in seconds: ten minutes, but not before anything could be seen.
    pub earlier_by_s: f64,
}

/// Looks at every decision: without it, and ten minutes earlier.
pub fn decisions<H: Hands>(ground: &Ground, hands: &mut H) -> Option<Vec<Decision>> {
    let effects: Vec<_> = ground.effects().collect();
    let mut plays = vec![ground.play.clone()];
    for (_, done) in &effects {
        plays.push(without(&ground.play, done));
        plays.push(sooner(&ground.play, done, earliest(ground)));
    }
    let lucks: Vec<_> = std::iter::once(ground.own()).chain(ground.lucks.iter().copied()).collect();
    let damages = ground.damages(&plays, &lucks, hands)?;
    let less = |a: &[Damage], b: &[Damage]| a.iter().zip(b).map(|(a, b)| a.lost - b.lost).collect::<Vec<f64>>();
    let decision = |(i, (entry, done)): (usize, &(&crate::rehearse::Entry, &Done))| Decision {
        at_s: done.at.seconds(),
        at: ground.civil(done.at),
        seat: ground.whose(entry),
        what: done.deed.words(),
        saved: Worth::of(&less(&damages[1 + 2 * i], &damages[0])),
        earlier: Worth::of(&less(&damages[0], &damages[2 + 2 * i])),
        earlier_by_s: done.at.since(earlier(done.at, earliest(ground))).seconds(),
    };
    Some(effects.iter().enumerate().map(decision).collect())
}

/// Before anything could be seen nobody could have decided.
fn earliest(ground: &Ground) -> Time {
    ground.first_sign().unwrap_or(ground.plan.from)
}

fn earlier(at: Time, from: Time) -> Time {
    Time((at.0 - EARLIER.0).max(from.0)).min(at)
}

fn without(play: &Play, left_out: &Done) -> Play {
    play.doing(play.done.iter().filter(|done| !std::ptr::eq(*done, left_out)).cloned().collect())
}

fn sooner(play: &Play, moved: &Done, from: Time) -> Play {
    let earlier = earlier(moved.at, from);
    let moved = |done: &Done| Done { at: if std::ptr::eq(done, moved) { earlier } else { done.at }, ..done.clone() };
    play.doing(play.done.iter().map(moved).collect())
}
