//! What the parts of a review look at: the plan, what was done, and the run that came of it.

use super::super::deed::{Deed, Entry};
use super::super::live::Live;
use super::super::log::{Branch, seconds};
use super::super::plan::{FACILITATOR, Plan};
use super::super::play::{Done, Play};
use super::super::session::Session;
use crate::metrics::{Outcome, StoryLine, Theme};
use crate::observe::ServiceLevel;
use crate::rng::Luck;
use crate::study::Hands;
use crate::units::Time;
use serde::Serialize;

/// Other draws of luck under which decisions are looked at, at most.
pub const DRAWS_MAX: u64 = 1_000;

/// What is looked back at.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Which branch, by its place.
    pub branch: usize,
    /// Under how many other draws of luck.
    pub draws: u64,
    /// Names of players are left out.
    pub without_names: bool,
}

/// What a run came to for its users.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Damage {
    /// User-minutes in which what users wanted failed.
    pub lost: f64,
    /// User-minutes in which it was worse than it should be.
    pub degraded: f64,
    /// Seconds for which the worst hit population was down.
    pub down_s: f64,
}

impl Damage {
    /// Of an outcome.
    pub fn of(outcome: &Outcome) -> Damage {
        let people = || outcome.people.values();
        Damage {
            lost: people().map(|people| people.user_minutes_lost).sum(),
            degraded: people().map(|people| people.user_minutes_degraded).sum(),
            down_s: people().map(|people| people.downtime_s).fold(0.0, f64::max),
        }
    }
}

/// Everything that the parts of a review look at.
pub struct Ground<'a> {
    pub plan: &'a Plan,
    pub entries: Vec<&'a Entry>,
    pub play: Play,
    /// The run as it was played, watched to the end of play.
    pub live: Live,
    /// That end: how far play got.
    pub to: Time,
    /// How it came out, at the end of what was to be played.
    pub outcome: Outcome,
    pub lucks: Vec<Luck>,
    pub without_names: bool,
}

impl Ground<'_> {
    /// What some plays come to, each under some draws; nothing where the work was given up.
    pub fn damages<H: Hands>(&self, plays: &[Play], lucks: &[Luck], hands: &mut H) -> Option<Vec<Vec<Damage>>> {
        let count = plays.len() * lucks.len();
        hands.expect(count);
        let one = |i: usize| Damage::of(&plays[i / lucks.len()].felt(lucks[i % lucks.len()]));
        let all = hands.all(count, one)?;
        Some(all.chunks(lucks.len().max(1)).map(<[Damage]>::to_vec).collect())
    }

    /// The luck that was played.
    pub fn own(&self) -> Luck {
        self.plan.luck
    }

    /// When something first went wrong after play began: a step of the drill, a failure by chance, or users who were worse off.
    pub fn first_fault(&self) -> Option<Time> {
        let is_bad = |line: &&StoryLine| {
            line.theme == Theme::Fault || line.mood.is_some_and(|mood| mood >= ServiceLevel::Degraded)
        };
        let bad = self.live.lines().iter().filter(is_bad);
        bad.map(|line| seconds(line.at_s)).find(|at| *at >= self.plan.from)
    }

    /// When that could first be seen by players.
    pub fn first_sign(&self) -> Option<Time> {
        let fault = self.first_fault()?;
        let monitoring = &self.live.watching.monitoring;
        let alerts =
            monitoring.alerts.iter().filter(|alert| !alert.is_false && alert.at >= fault).map(|alert| alert.at);
        alerts.chain(monitoring.complaints.iter().filter(|c| c.at >= fault).map(|c| c.at)).min()
    }

    pub fn civil(&self, at: Time) -> String {
        self.plan.world.civil(at)
    }

    /// Who did something, as the review may tell it.
    pub fn whose(&self, entry: &Entry) -> String {
        match entry.who.is_empty() || self.without_names {
            true => entry.seat.clone(),
            false => format!("{} ({})", entry.seat, entry.who),
        }
    }

    /// What was done that had an effect, in order of time.
    pub fn effects(&self) -> impl Iterator<Item = (&Entry, &Done)> {
        let acts = self.entries.iter().filter(|entry| entry.deed.acts());
        let paired = acts.zip(&self.play.done);
        paired
            .filter(|(entry, _)| entry.deed.has_effect() && entry.refused.is_none())
            .map(|(entry, done)| (*entry, done))
    }
}

/// What a branch of a log makes.
pub fn ground<'a>(plan: &'a Plan, entries: &'a [Entry], branch: &Branch, asked: &Asked) -> Ground<'a> {
    // The branch as a log of its own: whoever takes that up stands at its end.
    let own: Vec<Entry> = branch.entries.iter().map(|i| entries[*i].clone()).collect();
    let session = Session::of_branch(plan.clone(), own);
    let Luck { seed, replication } = plan.luck;
    let play = plan.play_of(branch, entries).between(plan.from, plan.to);
    Ground {
        plan,
        entries: branch.entries.iter().map(|i| &entries[*i]).filter(|entry| !is_clock(entry)).collect(),
        outcome: play.run(plan.luck).outcome,
        play,
        live: session.live().clone(),
        to: session.now(),
        lucks: (1..=asked.draws.min(DRAWS_MAX)).map(|i| Luck { seed, replication: replication + i }).collect(),
        without_names: asked.without_names,
    }
}

/// Whether an entry only tells how the clock went.
fn is_clock(entry: &Entry) -> bool {
    entry.seat == FACILITATOR
        && matches!(
            entry.deed,
            Deed::Run { .. } | Deed::Pause {} | Deed::Reach { .. } | Deed::Back { .. } | Deed::Sit {}
        )
}
