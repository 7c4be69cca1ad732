//! The review: what was seen, said and done in a rehearsal, and what it was worth.
//!
//! Every number is a run: the same drill without a decision, with it ten minutes earlier, with nobody there, with the runbook as it
//! is written. The unit is the decision, never a person.

mod axis;
mod misled;
mod reply;
mod talk;
mod times;
mod worth;

pub use axis::{Lane, Moment};
pub use misled::{Misled, Promise};
pub use reply::{NoReturn, Reply, ReplyStep};
pub use talk::Talk;
pub use times::{Milestones, Times};
pub use worth::{Decision, Worth};

use super::deed::Entry;
use super::live::Live;
use super::log::Branch;
use super::plan::{FACILITATOR, Plan};
use super::play::{Done, Play};
use super::session::Session;
use crate::metrics::{ClockOutcome, Outcome};
use crate::rng::Luck;
use crate::study::Hands;
use crate::units::Time;
use serde::Serialize;

/// Other draws of luck under which decisions are looked at, at most.
pub const DRAWS_MAX: u64 = 1_000;

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

/// A review, as plain data.
#[derive(Debug, Clone, Serialize)]
pub struct Review {
    /// The title of the scenario.
    pub title: String,
    /// What was to be learned.
    pub learning: Vec<String>,
    /// The branch that is looked at, and all there are.
    pub branch: String,
    /// As above.
    pub branches: Vec<String>,
    /// Beginning and end of play, as civil times.
    pub played: (String, String),
    /// The run's clock, from the beginning of play to its end.
    pub clock: ClockOutcome,
    /// The digest of the run that the log makes.
    pub digest: String,
    /// Other draws of luck under which everything was looked at.
    pub draws: u64,
    /// What it came to as it was played, by the runbook as it is written, and with nobody there.
    pub as_played: Damage,
    /// As above.
    pub by_runbook: Damage,
    /// As above.
    pub with_nobody: Damage,
    /// The times that count.
    pub times: Times,
    /// Truth, what could be seen, what was said, done and thought, on one axis.
    pub story: Vec<Moment>,
    /// What each decision was worth.
    pub decisions: Vec<Decision>,
    /// When most of the damage could no longer be avoided.
    pub no_return: Option<NoReturn>,
    /// The best reply by what could be seen, and with hindsight.
    pub best_reply: Reply,
    /// As above.
    pub with_hindsight: Reply,
    /// What nobody looked at, though it would have told something.
    pub never_looked_at: Vec<String>,
    /// Alerts that were false.
    pub misled: Vec<Misled>,
    /// Words that came late, or did not hold.
    pub promises: Vec<Promise>,
    /// For the talk afterwards.
    pub talk: Talk,
}

/// Everything that the parts of a review look at.
pub(super) struct Ground<'a> {
    pub plan: &'a Plan,
    pub entries: Vec<&'a Entry>,
    pub play: Play,
    /// The run as it was played, watched to the end of play.
    pub live: Live,
    /// How the whole run came out.
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

    /// When something first went wrong after play began: a step of the drill, or a failure by chance.
    pub fn first_fault(&self) -> Option<Time> {
        let faults = self.live.lines().iter().filter(|line| line.theme == crate::metrics::Theme::Fault);
        faults.map(|line| super::log::seconds(line.at_s)).find(|at| *at >= self.plan.from)
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

/// Looks back at a branch of a log. `None` where the work was given up.
pub fn review<H: Hands>(plan: &Plan, entries: &[Entry], asked: &Asked, hands: &mut H) -> Option<Review> {
    let branches = super::log::branches(entries);
    let branch = branches.get(asked.branch).or(branches.last())?;
    let ground = ground(plan, entries, branch, asked);
    let run = ground.play.run(plan.luck);
    let nobody = plan.with_nobody(&branch.changes(entries));
    let runbook = Play { world: plan.written_with(&branch.changes(entries)), done: Vec::new() };
    let (with_nobody, by_runbook) = (nobody.run(plan.luck).outcome, runbook.run(plan.luck).outcome);
    let decisions = worth::decisions(&ground, hands)?;
    let (best_reply, with_hindsight) = (reply::best(&ground, hands)?, reply::with_hindsight(&ground, hands)?);
    let no_return = reply::no_return(&ground, &best_reply, hands)?;
    let (misled, promises) = (misled::misled(&ground), misled::promises(&ground));
    let never_looked_at = misled::never_looked_at(&ground);
    let times = times::times(&ground, &by_runbook, &with_nobody);
    let talk = talk::talk(&talk::Facts {
        times: &times,
        decisions: &decisions,
        no_return: no_return.as_ref(),
        best: &best_reply,
        as_played: Damage::of(&run.outcome),
        with_nobody: Damage::of(&with_nobody),
        by_runbook: Damage::of(&by_runbook),
        never_looked_at: &never_looked_at,
        misled: &misled,
        promises: &promises,
        next: reply::next_drill(&ground, &nobody, hands)?,
    });
    Some(Review {
        title: plan.world.title.clone(),
        learning: plan.learning.clone(),
        branch: branch.name.clone(),
        branches: branches.iter().map(|branch| branch.name.clone()).collect(),
        played: (plan.world.civil(plan.from), plan.world.civil(ground.live_to())),
        clock: ClockOutcome {
            warm_up_s: plan.from.seconds(),
            horizon_s: ground.live_to().seconds(),
            ..run.outcome.clock.clone()
        },
        digest: run.outcome.provenance.digest.clone(),
        draws: asked.draws,
        as_played: Damage::of(&run.outcome),
        by_runbook: Damage::of(&by_runbook),
        with_nobody: Damage::of(&with_nobody),
        story: axis::story(&ground),
        times,
        decisions,
        no_return,
        best_reply,
        with_hindsight,
        never_looked_at,
        misled,
        promises,
        talk,
    })
}

impl Ground<'_> {
    /// How far play got.
    fn live_to(&self) -> Time {
        self.live.engine.now().max(self.plan.from)
    }
}

fn ground<'a>(plan: &'a Plan, entries: &'a [Entry], branch: &Branch, asked: &Asked) -> Ground<'a> {
    // The branch as a log of its own: whoever takes that up stands at its end.
    let own: Vec<Entry> = branch.entries.iter().map(|i| entries[*i].clone()).collect();
    let live = Session::of_branch(plan.clone(), own).live().clone();
    let Luck { seed, replication } = plan.luck;
    let play = plan.play_of(branch, entries);
    Ground {
        plan,
        entries: branch.entries.iter().map(|i| &entries[*i]).filter(|entry| !is_clock(entry)).collect(),
        outcome: play.run(plan.luck).outcome,
        play,
        live,
        lucks: (1..=asked.draws.min(DRAWS_MAX)).map(|i| Luck { seed, replication: replication + i }).collect(),
        without_names: asked.without_names,
    }
}

/// Whether an entry only tells how the clock went.
fn is_clock(entry: &Entry) -> bool {
    use super::deed::Deed;
    entry.seat == FACILITATOR
        && matches!(
            entry.deed,
            Deed::Run { .. } | Deed::Pause {} | Deed::Reach { .. } | Deed::Back { .. } | Deed::Sit {}
        )
}
