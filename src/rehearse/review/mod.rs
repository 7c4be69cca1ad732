//! The review: what was seen, said and done in a rehearsal, and what it was worth.
//!
//! Every number is a run: the same drill without a decision, with it ten minutes earlier, with nobody there, with the runbook as it
//! is written. The unit is the decision, never a person.

mod axis;
mod expected;
mod ground;
mod misled;
mod reply;
mod suspects;
mod talk;
mod times;
mod worth;

pub use axis::{Lane, Moment};
pub use expected::{Came, Doing, Expected};
pub use ground::{Asked, DRAWS_MAX, Damage};
pub use misled::{Misled, Promise};
pub use reply::{NoReturn, Reply, ReplyStep};
pub use talk::Talk;
pub use times::{Milestones, Times};
pub use worth::{Decision, Worth};

use super::deed::Entry;
use super::plan::Plan;
use super::play::Play;
use crate::metrics::ClockOutcome;
use crate::study::Hands;
use serde::Serialize;

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
    /// What it came to as it was played, by the runbook as it is written, and with nobody there: from the beginning of play to the end
    /// of what was to be played, however early it was ended.
    pub as_played: Damage,
    /// As above.
    pub by_runbook: Damage,
    /// As above.
    pub with_nobody: Damage,
    /// The times that count.
    pub times: Times,
    /// Truth, what could be seen, what was said, done and thought, on one axis.
    pub story: Vec<Moment>,
    /// What was expected at each inject, and what came of it.
    pub expected: Vec<Expected>,
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

/// Looks back at a branch of a log. `None` where the work was given up.
pub fn review<H: Hands>(plan: &Plan, entries: &[Entry], asked: &Asked, hands: &mut H) -> Option<Review> {
    let branches = super::log::branches(entries);
    let branch = branches.get(asked.branch).or(branches.last())?;
    let ground = ground::ground(plan, entries, branch, asked);
    let whole = plan.play_of(branch, entries).felt(plan.luck);
    let changes = branch.changes(entries);
    let nobody = plan.with_nobody(&changes).between(plan.from, plan.to);
    let runbook = Play { world: plan.written_with(&changes), done: Vec::new() }.between(plan.from, plan.to);
    let (with_nobody, by_runbook) = (nobody.run(plan.luck).outcome, runbook.run(plan.luck).outcome);
    let decisions = worth::decisions(&ground, hands)?;
    let (best_reply, with_hindsight) = (reply::best(&ground, &changes, hands)?, reply::with_hindsight(&ground, hands)?);
    let no_return = reply::no_return(&ground, &best_reply, hands)?;
    let (misled, promises) = (misled::misled(&ground), misled::promises(&ground));
    let never_looked_at = misled::never_looked_at(&ground);
    let expected = expected::expected(&ground, &changes.suppressed);
    let times = times::times(&ground, &by_runbook, &with_nobody);
    let talk = talk::talk(&talk::Facts {
        times: &times,
        decisions: &decisions,
        no_return: no_return.as_ref(),
        best: &best_reply,
        as_played: Damage::of(&ground.outcome),
        with_nobody: Damage::of(&with_nobody),
        by_runbook: Damage::of(&by_runbook),
        never_looked_at: &never_looked_at,
        misled: &misled,
        promises: &promises,
        expected: &expected,
        next: reply::next_drill(&ground, &nobody, &changes, hands)?,
        named: times::is_named(&ground),
        has_runbook: plan.written_with(&changes).procedures.iter().any(|procedure| !procedure.muted),
    });
    Some(Review {
        title: plan.world.title.clone(),
        learning: plan.learning.clone(),
        branch: branch.name.clone(),
        branches: branches.iter().map(|branch| branch.name.clone()).collect(),
        played: (plan.world.civil(plan.from), plan.world.civil(ground.to)),
        clock: ClockOutcome {
            warm_up_s: plan.from.seconds(),
            horizon_s: ground.to.seconds(),
            ..ground.outcome.clock.clone()
        },
        digest: whole.provenance.digest,
        draws: asked.draws,
        as_played: Damage::of(&ground.outcome),
        by_runbook: Damage::of(&by_runbook),
        with_nobody: Damage::of(&with_nobody),
        story: axis::story(&ground),
        times,
        expected,
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
