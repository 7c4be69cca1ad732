//! What has still to fail, as clocks that run: how likely each ends soon, and fresh luck for all of them in a fork.
//!
//! A life that has not ended yet is known to be longer than it is. Given that, what is left of it is drawn as at any other time, so
//! that a fork may draw it anew: the run goes on by the same law, with other luck. One of the clocks may be made to end soon;
//! whoever does that has to weigh what comes of it.

use super::core::{Core, Engine};
use super::event::Event;
use super::state::nodes::{Law, Stage};
use crate::dist::Sampler;
use crate::num;
use crate::rng::Stream;
use crate::units::{Duration, Time};
use crate::world::{NodeId, World};

/// Something that will fail by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    /// One of the memoryless members of a node.
    Pool(NodeId, Law),
    /// A member that is told apart.
    Member(NodeId, u32),
    /// A common cause without a memory.
    Shock(usize),
}

/// A clock that runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Clock {
    of: Of,
    /// What fails, as a number: a node, or, after all of them, a common cause. Members of a node share it.
    pub what: usize,
    /// How likely it ends within the time that was asked for.
    pub odds: f64,
}

impl<W> Core<W> {
    /// Whether something has failed, is being repaired, lacks a part that is on its way, or is still felt: what comes of a failure is
    /// not over. Where groups are active does not matter.
    pub(super) fn is_disturbed(&self) -> bool {
        self.is_out_of_order() || !self.is_calm()
    }

    /// Whether something has failed, or lacks a part that is on its way.
    pub(super) fn is_out_of_order(&self) -> bool {
        self.state.nodes.iter().any(|node| node.failed + node.hidden > 0 || node.on_order > 0) || self.is_reserve_low()
    }

    /// Whether something that things live on for a time is in use, or not full again.
    fn is_reserve_low(&self) -> bool {
        self.state.nodes.iter().filter_map(|node| node.reserve.as_ref()).any(|reserve| !reserve.is_full(self.now))
    }

    /// When something that is known already changes who works: a repair, a part, a test, planned work, the end.
    pub(super) fn next_known_change(&self) -> Time {
        let holds = |job: u32, token: u32| {
            let job = &self.state.jobs[job as usize];
            job.token == token && job.stage != Stage::Free
        };
        let matters = |event: Event| match event {
            Event::RepairReady { job, token } | Event::RepairDone { job, token } => holds(job, token),
            Event::HandsChange(crew) => !self.state.crews[crew.at()].waiting.is_empty(),
            Event::Restocked(_) | Event::Inject(_) | Event::Maintenance { .. } | Event::Horizon => true,
            Event::Test(node) => self.state.nodes[node.at()].hidden > 0,
            _ => false,
        };
        self.events.due().filter(|(_, event)| matters(*event)).map(|(at, _)| at).min().unwrap_or(self.now)
    }
}

impl Engine<'_> {
    /// Every clock that runs, with its odds to end within a time from now on.
    pub(super) fn clocks(&self, within: Duration) -> Vec<Clock> {
        let mut found = Vec::new();
        let nodes = self.world.nodes.iter().zip(&self.state.nodes).enumerate();
        for (at, (node, state)) in nodes {
            let id = NodeId::new(at);
            for law in Law::ALL.into_iter().filter(|law| state.pools[law.at()].pending) {
                found.push(Clock { of: Of::Pool(id, law), what: at, odds: 0.0 });
            }
            let members = state.members.iter().enumerate();
            let pending = members.filter(|(_, member)| member.pending && member.is.law().is_some());
            found.extend(pending.map(|(i, _)| Clock { of: Of::Member(id, i as u32), what: at, odds: 0.0 }));
            debug_assert!(
                node.fails.is_some() || state.pools.iter().all(|pool| !pool.pending) || node.repair.is_some()
            );
        }
        let shocks = self.world.shocks.iter().enumerate().filter(|(_, shock)| shock.every.is_memoryless());
        let first = self.world.nodes.len();
        found.extend(shocks.map(|(i, _)| Clock { of: Of::Shock(i), what: first + i, odds: 0.0 }));
        for clock in &mut found {
            clock.odds = self.odds(clock.of, within);
        }
        found
    }

    /// How likely a clock ends within a time from now on.
    fn odds(&self, of: Of, within: Duration) -> f64 {
        let hazard = match of {
            Of::Pool(id, law) => self.pool_rate(id, law) * within.seconds(),
            Of::Shock(index) => within.seconds() / self.world.shocks[index].every.mean_s(),
            Of::Member(id, member) => {
                let state = &self.state.nodes[id.at()];
                let Some((fails, age_s)) = self.life(id, member) else { return 0.0 };
                if self.is_of_unknown_age(id, member) {
                    let (gone, then) = (fails.residual_share(age_s), fails.residual_share(age_s + within.seconds()));
                    return ((then - gone) / (1.0 - gone)).clamp(0.0, 1.0);
                }
                let (used, then) = (fails.cumulative_hazard(age_s), fails.cumulative_hazard(age_s + within.seconds()));
                if used.is_infinite() { f64::INFINITY } else { (then - used) * state.hazard }
            }
        };
        -num::exp_m1(-hazard)
    }

    /// Draws the end of every clock anew, given that it has not come yet; that of `made`, if any, to end within a time. Gives the
    /// ends in the order of the clocks.
    pub(super) fn draw_anew(&mut self, clocks: &[Clock], made: Option<usize>, stream: &mut Stream) -> Vec<Time> {
        let mut ends = Vec::with_capacity(clocks.len());
        for (i, clock) in clocks.iter().enumerate() {
            let uniform = stream.uniform();
            // A hazard that is used up at a unit rate; given that it ends in time, the lower part of it.
            let hazard = if made == Some(i) { -num::ln_1p(-uniform * clock.odds) } else { -num::ln_1p(-uniform) };
            ends.push(self.end_at_hazard(clock.of, hazard));
        }
        ends
    }

    /// Lets a clock end when so much hazard more is used up.
    fn end_at_hazard(&mut self, of: Of, hazard: f64) -> Time {
        match of {
            Of::Pool(id, law) => {
                let left_s = hazard / self.pool_rate(id, law);
                let pool = &mut self.state.nodes[id.at()].pools[law.at()];
                pool.token += 1;
                let event = Event::Fail { node: id, law, token: pool.token };
                self.ends_after(left_s, event)
            }
            Of::Member(id, member) => {
                let Some((fails, age_s)) = self.life(id, member) else { return Time::NEVER };
                if self.is_of_unknown_age(id, member) {
                    // What has passed is known to be the beginning of what was left at the start.
                    let left = (1.0 - fails.residual_share(age_s)) * num::exp(-hazard);
                    let end_s = fails.residual_quantile_s((1.0 - left).clamp(f64::EPSILON, 1.0 - f64::EPSILON));
                    let mortal = &mut self.state.nodes[id.at()].members[member as usize];
                    mortal.token += 1;
                    let event = Event::LifeEnds { node: id, member, token: mortal.token };
                    return self.ends_after((end_s - age_s).max(0.0), event);
                }
                let used = fails.cumulative_hazard(age_s);
                let state = &self.state.nodes[id.at()];
                let ends_at = if used.is_infinite() { used } else { used + hazard / state.hazard };
                let left_s = if used.is_infinite() { 0.0 } else { (fails.age_at_hazard(ends_at) - age_s).max(0.0) };
                let mortal = &mut self.state.nodes[id.at()].members[member as usize];
                mortal.token += 1;
                mortal.ends_at = ends_at;
                let event = Event::LifeEnds { node: id, member, token: mortal.token };
                self.ends_after(left_s, event)
            }
            Of::Shock(index) => {
                let left_s = hazard * self.world.shocks[index].every.mean_s();
                self.state.shock_tokens[index] += 1;
                let token = self.state.shock_tokens[index];
                self.ends_after(left_s, Event::Shock { index: index as u32, token })
            }
        }
    }

    fn ends_after(&mut self, left_s: f64, event: Event) -> Time {
        let at = self.now.after(Duration::from_seconds(left_s));
        self.events.push(at, event);
        at
    }

    /// Failures per second of the memoryless members of a law.
    fn pool_rate(&self, id: NodeId, law: Law) -> f64 {
        let (node, state) = (&self.world.nodes[id.at()], &self.state.nodes[id.at()]);
        match law.of(node) {
            Some(Sampler::Exponential(mean)) => state.living(law, node.count) as f64 * state.hazard / mean,
            _ => 0.0,
        }
    }

    /// Whether a member lives its first life since before the start, and nobody knows since when.
    fn is_of_unknown_age(&self, id: NodeId, member: u32) -> bool {
        self.world.nodes[id.at()].stationary_start
            && self.state.nodes[id.at()].members[member as usize].ends_at.is_infinite()
    }

    /// The law of a member's life and its age; where its age is not known, how long it has lived since the start.
    fn life(&self, id: NodeId, member: u32) -> Option<(&Sampler, f64)> {
        let mortal = &self.state.nodes[id.at()].members[member as usize];
        let fails = mortal.is.law()?.of(&self.world.nodes[id.at()])?;
        Some((fails, self.now.seconds() - mortal.born_s))
    }
}

/// How many kinds of things fail by themselves: what a [`Clock`] may be of.
pub(super) fn kinds(world: &World) -> usize {
    world.nodes.len() + world.shocks.len()
}
