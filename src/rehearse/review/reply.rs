//! The best reply, and the point of no return.
//!
//! A reply is a sequence of the file's actions. It is grown one action at a time: the one that helps most is taken, as long as one
//! helps (a greedy search: it can miss actions that only help together). By what could be seen: from the first sign on, judged by the
//! mean over all that it could have been, and over draws of what was still to come, as whoever acts knows neither. With
//! hindsight: from the beginning of play, judged by the run that was played.

use super::ground::{Damage, Ground};
use super::suspects::{Suspect, suspects};
use crate::rehearse::deed::Deed;
use crate::rehearse::fork::Fork;
use crate::rehearse::offers::everything;
use crate::rehearse::plan::Changes;
use crate::rehearse::play::{Done, Play};
use crate::rng::Luck;
use crate::scenario::Inject;
use crate::study::Hands;
use crate::units::{Duration, Time};
use serde::Serialize;
use std::sync::Arc;

/// Actions of a reply.
const STEPS_MAX: usize = 6;
/// Actions that are tried at each step.
const TRIED_MAX: usize = 80;
/// Forks that a search looks at, at most: draws of luck of each thing that it could have been.
const FORKS: usize = 12;
/// Draws of luck of one thing, at most.
const DRAWS: usize = 6;
/// Actions that look best at first, and are looked at under all of these.
const CLOSER: usize = 10;
/// Moments at which it is looked how much could still be avoided.
const MOMENTS: usize = 24;
/// Less than this share of the damage is no help.
const HELPS: f64 = 1e-3;
/// Faults of the menu that are looked at for the drill of next time.
const FAULTS_MAX: usize = 60;

/// A step of a reply.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReplyStep {
    /// What.
    pub what: String,
    /// What users lose with it and all before it, in the run that was played.
    pub lost: f64,
}

/// A reply.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reply {
    /// When it begins, as a civil time.
    pub at: String,
    /// What is done then, in this order.
    pub steps: Vec<ReplyStep>,
    /// What users lose with it, and what they lose with nobody there, in the run that was played.
    pub lost: f64,
    /// As above.
    pub lost_without: f64,
    /// What it could have been as well, by what could be seen when it begins: each counts as much as what it was.
    pub suspects: Vec<String>,
    #[serde(skip)]
    deeds: Vec<Deed>,
}

/// When most of the damage could no longer be avoided.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NoReturn {
    /// Between which two moments, as civil times; none: to the end of play most of it could have been avoided.
    pub at: Option<(String, String)>,
    /// The second of them in seconds of the run.
    pub sealed_s: Option<f64>,
    /// Between which two moments a reply begins to save less than half of what it saves at the first sign; none: not before play ends.
    pub half_gone_at: Option<(String, String)>,
    /// What users would have lost with the best reply begun at some moments: seconds of the run, user-minutes.
    pub lost_from: Vec<(f64, f64)>,
}

/// Everything that the players could have done about it.
fn candidates(ground: &Ground) -> Vec<Deed> {
    let offered = everything(ground.plan, &ground.live, ground.to).into_iter().map(|offer| offer.deed);
    offered.filter(Deed::has_effect).take(TRIED_MAX).collect()
}

/// The best reply by what could be seen: from the first sign on, whatever it is and whatever is drawn.
pub fn best<H: Hands>(ground: &Ground, changes: &Changes, hands: &mut H) -> Option<Reply> {
    let at = ground.first_sign().unwrap_or(ground.plan.from);
    let all = suspects(ground, changes, hands)?;
    let draws = (FORKS / (all.len() + 1)).clamp(1, DRAWS);
    let lucks: Vec<Luck> = ground.lucks.iter().copied().take(draws).collect();
    let mut forks = Vec::new();
    let own = Suspect { name: String::new(), play: doing(ground, at, &[]) };
    // Each thing that it could have been once, and then again under other luck: the first are looked at first.
    let kept = std::iter::once(&own).chain(&all).map(|suspect| {
        let mut fork = Fork::at_start(&suspect.play, ground.own());
        fork.go_on(&[], at);
        fork
    });
    let kept: Vec<Fork> = kept.collect();
    for luck in &lucks {
        forks.extend(kept.iter().map(|fork| fork.with_luck(*luck)));
    }
    let forks = if forks.is_empty() { kept } else { forks };
    let names = all.into_iter().map(|suspect| suspect.name).collect::<Vec<String>>();
    let first = names.len() + 1;
    grow(ground, at, (&forks, first), names, hands)
}

/// The best reply to what was played, known beforehand.
pub fn with_hindsight<H: Hands>(ground: &Ground, hands: &mut H) -> Option<Reply> {
    let known = |at: Time| {
        let mut fork = Fork::at_start(&doing(ground, at, &[]), ground.own());
        fork.go_on(&[], at);
        [fork]
    };
    let from = ground.plan.from;
    let early = grow(ground, from, (&known(from), 1), Vec::new(), hands)?;
    let Some(fault) = ground.first_fault() else { return Some(early) };
    // Some things can only be done once something is broken: a vendor is called when there is something to repair.
    let at = fault.after(Duration(1));
    let late = grow(ground, at, (&known(at), 1), Vec::new(), hands)?;
    Some(if late.lost < early.lost { late } else { early })
}

/// What is lost in the mean over some forks, for each of some replies.
fn losses<H: Hands>(forks: &[Fork], at: Time, replies: &[Vec<Deed>], hands: &mut H) -> Option<Vec<f64>> {
    let count = replies.len() * forks.len();
    hands.expect(count);
    let done = |deed: &Deed| Done { at, by: 0, deed: deed.clone(), refused: false };
    let one = |i: usize| {
        let reply: Vec<Done> = replies[i / forks.len()].iter().map(done).collect();
        Damage::of(&forks[i % forks.len()].clone().felt(&reply)).lost
    };
    let all = hands.all(count, one)?;
    Some(all.chunks(forks.len().max(1)).map(|lost| lost.iter().sum::<f64>() / lost.len() as f64).collect())
}

/// Grows a reply over some forks of the run at that time, of which the first are looked at first.
fn grow<H: Hands>(
    ground: &Ground,
    at: Time,
    (forks, first): (&[Fork], usize),
    suspects: Vec<String>,
    hands: &mut H,
) -> Option<Reply> {
    let all = candidates(ground);
    let mut deeds: Vec<Deed> = Vec::new();
    let mut steps = Vec::new();
    let mut lost = losses(forks, at, &[Vec::new()], hands)?[0];
    let least_help = HELPS * lost.max(1.0);
    while steps.len() < STEPS_MAX {
        let left: Vec<&Deed> = all.iter().filter(|deed| !deeds.contains(deed)).collect();
        let with = |deed: &Deed| [deeds.as_slice(), std::slice::from_ref(deed)].concat();
        let mut replies: Vec<Vec<Deed>> = left.into_iter().map(with).collect();
        if first < forks.len() && replies.len() > CLOSER {
            let roughly = losses(&forks[..first], at, &replies, hands)?;
            let mut order: Vec<usize> = (0..replies.len()).collect();
            order.sort_by(|a, b| roughly[*a].total_cmp(&roughly[*b]).then(a.cmp(b)));
            order.truncate(CLOSER);
            order.sort_unstable();
            replies = order.into_iter().map(|i| replies[i].clone()).collect();
        }
        let losses = losses(forks, at, &replies, hands)?;
        let Some((best, least)) = losses.iter().enumerate().min_by(|a, b| a.1.total_cmp(b.1)) else { break };
        if *least >= lost - least_help {
            break;
        }
        lost = *least;
        deeds.clone_from(&replies[best]);
        steps.push(ReplyStep { what: deeds.last().map(Deed::words).unwrap_or_default(), lost });
    }
    let own = [ground.own()];
    // It was grown by means over what could have been. What is told of it, step by step, is told of the run that was played.
    let plays: Vec<Play> = (0..=deeds.len()).map(|count| doing(ground, at, &deeds[..count])).collect();
    let here: Vec<f64> = ground.damages(&plays, &own, hands)?.iter().map(|damage| damage[0].lost).collect();
    steps.iter_mut().zip(&here[1..]).for_each(|(step, lost)| step.lost = *lost);
    let (lost_without, lost) = (here[0], here[deeds.len()]);
    Some(Reply { at: ground.civil(at), steps, lost, lost_without, suspects, deeds })
}

/// The drill, with nothing done but this, at that time.
fn doing(ground: &Ground, at: Time, deeds: &[Deed]) -> Play {
    ground.play.doing(deeds.iter().map(|deed| Done { at, by: 0, deed: deed.clone(), refused: false }).collect())
}

/// From when on more than half of the damage stood, whatever was done from then on.
pub fn no_return<H: Hands>(ground: &Ground, best: &Reply, hands: &mut H) -> Option<Option<NoReturn>> {
    let (Some(fault), played) = (ground.first_fault(), Damage::of(&ground.outcome).lost) else { return Some(None) };
    let to = ground.plan.to;
    if best.deeds.is_empty() || played <= 0.0 || to <= fault {
        return Some(None);
    }
    let apart = Duration(to.since(fault).0 / MOMENTS as i64);
    let at = |i: usize| fault.after(Duration(apart.0 * i as i64).max(Duration(1)));
    let from_then = |i: usize| {
        let before = ground.play.done.iter().filter(|done| done.at <= at(i)).cloned();
        let reply = best.deeds.iter().map(|deed| Done { at: at(i), by: 0, deed: deed.clone(), refused: false });
        ground.play.doing(before.chain(reply).collect())
    };
    let plays: Vec<Play> = (0..=MOMENTS).map(from_then).collect();
    let losses = ground.damages(&plays, &[ground.own()], hands)?;
    let lost_from: Vec<(f64, f64)> = losses.iter().enumerate().map(|(i, d)| (at(i).seconds(), d[0].lost)).collect();
    // Sealed is what is lost from here on whenever one would begin.
    let mut least = f64::INFINITY;
    let mut sealed = None;
    for (i, (_, lost)) in lost_from.iter().enumerate().rev() {
        least = least.min(*lost);
        if least <= played / 2.0 {
            break;
        }
        sealed = Some(i);
    }
    let between = |i: usize| (ground.civil(at(i.saturating_sub(1))), ground.civil(at(i)));
    let half_gone_at = half_gone(ground, best, &at, hands)?.map(between);
    let sealed_s = sealed.map(|i| lost_from[i].0);
    Some(Some(NoReturn { half_gone_at, at: sealed.map(between), sealed_s, lost_from }))
}

/// When half of what the reply could save is gone, if nothing else is done.
fn half_gone<H: Hands>(
    ground: &Ground,
    best: &Reply,
    at: &impl Fn(usize) -> Time,
    hands: &mut H,
) -> Option<Option<usize>> {
    let mut plays: Vec<Play> = (0..=MOMENTS).map(|i| doing(ground, at(i), &best.deeds)).collect();
    plays.push(doing(ground, at(0), &[]));
    let losses: Vec<f64> = ground.damages(&plays, &[ground.own()], hands)?.iter().map(|d| d[0].lost).collect();
    let (first, nobody) = (losses[0], losses[MOMENTS + 1]);
    let is_gone = |lost: &f64| *lost >= first + (nobody - first) / 2.0;
    Some((0..=MOMENTS).find(|i| nobody > first && losses[*i..=MOMENTS].iter().all(is_gone)))
}

/// The fault of the menu that would hurt most next time, and what it would cost with nobody there.
pub fn next_drill<H: Hands>(
    ground: &Ground,
    nobody: &Play,
    changed: &Changes,
    hands: &mut H,
) -> Option<Option<(String, f64)>> {
    let at = ground.first_fault().unwrap_or(ground.plan.from);
    let hit = |fault: &&crate::scenario::Fault| {
        // What was played is known now.
        let played = |name: &String| ground.plan.scenario.drill.iter().any(|step| names(step, name));
        let added = changed.added.iter().any(|(name, _)| *name == fault.name);
        fault.is_acts() && !added && !fault.hits.iter().any(played)
    };
    let faults: Vec<_> = ground.plan.menu.iter().filter(hit).take(FAULTS_MAX).collect();
    let changes = |name: &str| Changes { suppressed: Vec::new(), added: vec![(name.to_owned(), at)] };
    let alone = |name: &str| {
        let mut world = (*ground.plan.world_with(&changes(name))).clone();
        world.muted.extend(0..ground.plan.world.drill.len());
        let alone = Play { world: Arc::new(world), done: nobody.done.clone() };
        alone.between(ground.plan.from, ground.plan.to)
    };
    let plays: Vec<Play> = faults.iter().map(|fault| alone(&fault.name)).collect();
    let losses = ground.damages(&plays, &[ground.own()], hands)?;
    let worst = losses.iter().map(|d| d[0].lost).enumerate().max_by(|a, b| a.1.total_cmp(&b.1));
    Some(worst.filter(|(_, lost)| *lost > 0.0).map(|(i, lost)| (faults[i].name.clone(), lost)))
}

fn names(step: &Inject, name: &str) -> bool {
    let (Inject::At(_, act) | Inject::When(_, act)) = step;
    serde_json::to_string(act).is_ok_and(|text| text.contains(&format!("\"{name}\"")))
}
