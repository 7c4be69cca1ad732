//! What each decision was worth, and what it would have been worth earlier.

use super::ground::{Damage, Ground};
use crate::num;
use crate::rehearse::fork::Fork;
use crate::rehearse::play::{Done, Play};
use crate::rng::Luck;
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
    /// In the mean over other draws of what was still to come when it was decided, under the same drill and the same decisions.
    pub mean: f64,
    /// A 95% confidence interval of that.
    pub interval: (f64, f64),
}

impl Worth {
    /// Of the difference in the run that was played, and of those under other draws of what was to come.
    fn of(here: f64, others: &[f64]) -> Worth {
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

/// Decisions that are looked at at once: of each two runs are kept on the way.
const AT_ONCE: usize = 16;

/// Looks at every decision: without it, and ten minutes earlier. What had happened before it stays as it was; what was still to
/// come is drawn anew.
pub fn decisions<H: Hands>(ground: &Ground, hands: &mut H) -> Option<Vec<Decision>> {
    let effects: Vec<_> = ground.effects().collect();
    let from = earliest(ground);
    let mut plays = vec![ground.play.clone()];
    for (_, done) in &effects {
        plays.push(without(&ground.play, done));
        plays.push(sooner(&ground.play, done, from));
    }
    let here = ground.damages(&plays, &[ground.own()], hands)?;
    let here = |i: usize| here[i][0].lost;
    let play = ground.play.doing(ground.play.done.clone());
    let mut decisions = Vec::new();
    for chunk in effects.chunks(AT_ONCE) {
        let places: Vec<usize> = chunk.iter().map(|(_, done)| place_of(&ground.play, done)).collect();
        let forks = forks(&play, &places, from, ground.own());
        let draws = ground.lucks.len();
        hands.expect(4 * chunk.len() * draws);
        let all = hands.all(chunk.len() * draws, |i| forks[i / draws].worth(&play, ground.lucks[i % draws]))?;
        for (i, (entry, done)) in chunk.iter().enumerate() {
            let at = 1 + 2 * decisions.len();
            let drawn = &all[i * draws..(i + 1) * draws];
            decisions.push(Decision {
                at_s: done.at.seconds(),
                at: ground.civil(done.at),
                seat: ground.whose(entry),
                what: done.deed.words(),
                saved: Worth::of(here(at) - here(0), &drawn.iter().map(|drawn| drawn.0).collect::<Vec<f64>>()),
                earlier: Worth::of(here(0) - here(at + 1), &drawn.iter().map(|drawn| drawn.1).collect::<Vec<f64>>()),
                earlier_by_s: done.at.since(earlier(done.at, from)).seconds(),
            });
        }
    }
    Some(decisions)
}

/// What was played, when a decision was about to be taken, and ten minutes before that.
struct Forks {
    /// The place of the decision among all that was done, and how much of that was done at the earlier moment.
    place: usize,
    before: usize,
    /// The decision as it was taken, and earlier.
    sooner: Done,
    here: Fork,
    there: Fork,
}

impl Forks {
    /// What the decision saved under other luck from there on, and what it would have saved on top, had it come earlier.
    fn worth(&self, play: &Play, luck: Luck) -> (f64, f64) {
        let (place, done) = (self.place, &play.done);
        let (here, there) = (self.here.with_luck(luck), self.there.with_luck(luck));
        let lost = |fork: Fork, done: &mut dyn Iterator<Item = &Done>| Damage::of(&fork.felt(done)).lost;
        let saved = lost(here.clone(), &mut done[place + 1..].iter()) - lost(here, &mut done[place..].iter());
        let others = done[self.before..].iter().enumerate().filter(|(i, _)| self.before + i != place);
        let mut moved = std::iter::once(&self.sooner).chain(others.map(|(_, done)| done));
        let earlier = lost(there.clone(), &mut done[self.before..].iter()) - lost(there, &mut moved);
        (saved, earlier)
    }
}

/// The place of something among all that was done and not refused.
fn place_of(play: &Play, effect: &Done) -> usize {
    let mut done = play.done.iter().filter(|done| !done.refused);
    done.position(|done| std::ptr::eq(done, effect)).expect("what had an effect was done")
}

/// The run that was played, kept before each of these decisions, and ten minutes earlier.
fn forks(play: &Play, places: &[usize], from: Time, luck: Luck) -> Vec<Forks> {
    // When, and how much has been done by then.
    let of = |place: &usize| {
        let at = play.done[*place].at;
        let sooner = earlier(at, from);
        let before = play.done[..*place].iter().filter(|done| done.at <= sooner).count();
        [(at, *place), (sooner, before)]
    };
    let wanted: Vec<(Time, usize)> = places.iter().flat_map(of).collect();
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by_key(|i| wanted[*i]);
    let mut kept: Vec<Option<Fork>> = vec![None; wanted.len()];
    let (mut run, mut done) = (Fork::at_start(play, luck), 0);
    for i in order {
        let (at, until) = wanted[i];
        run.go_on(&play.done[done..until], at);
        done = until;
        kept[i] = Some(run.clone());
    }
    let pairs = wanted.chunks_exact(2).zip(kept.chunks_exact_mut(2));
    let both = |(wanted, kept): (&[(Time, usize)], &mut [Option<Fork>])| {
        let (place, (sooner, before)) = (wanted[0].1, wanted[1]);
        let sooner = Done { at: sooner, ..play.done[place].clone() };
        Some(Forks { place, before, sooner, here: kept[0].take()?, there: kept[1].take()? })
    };
    pairs.filter_map(both).collect()
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
