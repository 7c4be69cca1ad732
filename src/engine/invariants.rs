//! What has to hold after every event, whatever happened. Looked at in debug builds: in all tests. One group a noun, one
//! sentence an assertion.

use super::core::Engine;
use super::detection::View;
use super::event::Event;
use super::state::groups::Stage;
use super::state::nodes::{Is, Law, Stage as RepairStage};
use super::state::runbook::ProcedureStage;
use crate::world::{Action, CrewId, GroupId, NodeId};
use std::collections::BTreeSet;

/// More members, repairs or events than this are not gone through after every event.
const LOOKED_AT_MAX: usize = 256;

impl Engine<'_> {
    /// Panics where the state contradicts itself.
    pub(super) fn check(&self) {
        self.check_nodes();
        self.check_members();
        self.check_repairs();
        self.check_lives_due();
        self.check_groups();
        self.check_what_is_under_way();
        self.check_maintenance();
        self.check_procedures();
        self.check_teams();
        self.check_users();
        self.check_links();
        // Whoever goes on at once has still to go.
        if let Some(requests) = self.requests.as_ref().filter(|requests| requests.is_settled()) {
            requests.check_all(self.world);
        }
    }

    fn must(&self, is: bool, what: &str, of: &str) {
        assert!(is, "{what}: not so for \"{of}\" at {:?} with {:?}", self.now, self.luck);
    }

    fn check_nodes(&self) {
        for (node, state) in self.world.nodes.iter().zip(&self.state.nodes) {
            let must = |is, what| self.must(is, what, &node.name);
            let living = |law| state.living(law, node.count);
            let memoryless = |law: Law| law.of(node).is_some_and(|fails| fails.is_memoryless());
            must(state.failed + state.hidden <= node.count, "only members fail");
            must(state.temporary <= state.working(node.count), "only members that work are on a temporary fix");
            must(state.temporary == 0 || Law::Temporary.of(node).is_some(), "a temporary fix is one that the file has");
            must(state.hazard > 0.0 && state.hazard.is_finite(), "a hazard factor is a number above zero");
            must(
                Law::ALL.iter().all(|&law| state.pools[law.at()].pending == (memoryless(law) && living(law) > 0)),
                "one end is due for the memoryless members of a law, if any live",
            );
            must(
                state.spares == 0 || state.waiting_for_spare.is_empty(),
                "nobody waits for a part while one is on the shelf",
            );
            must(
                state.on_order as usize >= state.waiting_for_spare.len(),
                "for everybody who waits for a part one is on its way",
            );
            let held = self.state.maintenance.holds.iter().filter(|held| self.world.nodes[held.at()].name == node.name);
            must(state.taken as usize == held.count(), "what is taken down is held by the maintenance");
            must(
                !state.up || state.taken == 0 && state.working(node.count) >= node.needs,
                "what works has the members that it needs and is not taken down",
            );
        }
    }

    fn check_members(&self) {
        for (node, state) in self.world.nodes.iter().zip(&self.state.nodes) {
            if state.members.is_empty() || state.members.len() > LOOKED_AT_MAX {
                continue;
            }
            let must = |is, what| self.must(is, what, &node.name);
            let number = |is| state.members.iter().filter(|member| member.is == is).count() as u64;
            must(state.members.len() as u64 == node.count, "every member is told apart, or none");
            must(number(Is::Failed) == state.failed, "the failed are as many as have failed");
            must(number(Is::Unnoticed) == state.hidden, "the unnoticed are as many as are hidden");
            must(number(Is::OnFix) == state.temporary, "those on a temporary fix are as many as are on one");
            for member in &state.members {
                let law = member.is.law().and_then(|law| law.of(node));
                must(
                    member.pending == law.is_some_and(|law| !law.is_memoryless()),
                    "exactly one end is due for a living member that ages, and none for a dead one",
                );
                must(!member.pending || member.ends_at > 0.0, "a life takes some hazard");
                must(member.born_s <= self.now.seconds(), "nobody is born in the future");
            }
        }
    }

    fn check_repairs(&self) {
        let jobs = &self.state.jobs;
        if jobs.len() > LOOKED_AT_MAX {
            return;
        }
        for (i, (node, state)) in self.world.nodes.iter().zip(&self.state.nodes).enumerate() {
            let must = |is, what| self.must(is, what, &node.name);
            let own = || jobs.iter().filter(move |job| job.stage != RepairStage::Free && job.node == NodeId::new(i));
            let under_repair: u64 = own().map(|job| job.members).sum();
            must(under_repair <= state.failed, "only what has failed is under repair");
            must(
                node.repair.is_none() || under_repair == state.failed,
                "what has failed is under repair where somebody repairs",
            );
            if state.members.is_empty() {
                continue;
            }
            let mut seen = BTreeSet::new();
            must(own().all(|job| job.who.len() as u64 == job.members), "a repair knows whom it repairs");
            must(own().flat_map(|job| &job.who).all(|who| seen.insert(who)), "nobody is under repair twice");
            must(seen.iter().all(|&&who| state.members[who as usize].is == Is::Failed), "nobody is repaired who works");
        }
        for (index, (crew, state)) in self.world.crews.iter().zip(&self.state.crews).enumerate() {
            let must = |is, what| self.must(is, what, &crew.name);
            let of_crew = |job: &u32| {
                let repair = self.world.nodes[jobs[*job as usize].node.at()].repair.as_ref();
                repair.and_then(|repair| repair.crew).is_some_and(|crew| crew.at() == index)
            };
            let at_it = (0..jobs.len() as u32)
                .filter(|i| jobs[*i as usize].stage == RepairStage::HandsOn && of_crew(i))
                .count();
            let most = crew.hands.iter().map(|(_, hands)| *hands).fold(crew.at_once, u32::max);
            must(state.busy <= most, "a crew has no more hands than it ever has");
            must(state.busy as usize == at_it, "hands are busy with repairs");
            // Hands that come now begin when it is their turn among what is due at this nanosecond.
            let more_is_due = self.events.next_at() == Some(self.now);
            let missing = self.missing_for(CrewId::new(index));
            let nobody_begins = !state.waiting.iter().any(|job| self.may_begin(*job, missing));
            must(
                nobody_begins || state.busy >= self.hands_of(CrewId::new(index)) || more_is_due,
                "nobody waits for hands that are free",
            );
            must(
                state.waiting.iter().all(|job| jobs[*job as usize].stage == RepairStage::Ready && of_crew(job)),
                "whoever waits for a crew is ready for it",
            );
        }
        let free = jobs.iter().filter(|job| job.stage == RepairStage::Free).count();
        self.must(free == self.state.jobs_free.len(), "a place that is free can be taken", "repairs");
    }

    /// What is due of lives: at most once each, and only for the living.
    fn check_lives_due(&self) {
        if self.events.len() > LOOKED_AT_MAX {
            return;
        }
        let mut due = BTreeSet::new();
        for event in self.events.iter() {
            let (node, who, pending) = match event {
                Event::Fail { node, law, token } => {
                    let pool = self.state.nodes[node.at()].pools[law.at()];
                    (node, (true, law.at() as u32), (pool.token == token).then_some(pool.pending))
                }
                Event::LifeEnds { node, member, token } => {
                    let mortal = self.state.nodes[node.at()].members[member as usize];
                    (node, (false, member), (mortal.token == token).then_some(mortal.pending))
                }
                _ => continue,
            };
            let Some(pending) = pending else { continue };
            let name = &self.world.nodes[node.at()].name;
            self.must(pending, "what is due and not void is that of a living member", name);
            self.must(due.insert((node, who)), "nobody dies twice of one life", name);
        }
    }

    fn check_groups(&self) {
        // What happens at once is looked at when all of it has happened.
        let looked = !self.events.next_before_failovers(self.now);
        for (i, (group, state)) in self.world.groups.iter().zip(&self.state.groups).enumerate() {
            let (must, id) = (|is, what| self.must(is, what, &group.name), GroupId::new(i));
            must(state.active < group.members.len(), "a group's active member is one of its members");
            must(state.named < group.members.len(), "callers look for one of a group's members");
            must((0.0..=1.0).contains(&state.fails_on_demand), "a probability is from zero to one");
            let Some(policy) = &group.failover else {
                must(state.stage == Stage::Idle, "a group that does not fail over is at rest");
                continue;
            };
            must(state.failed_at <= self.now, "a failure is not before it happens");
            must(
                !matches!(state.stage, Stage::Phase(index) if index >= policy.before.len()),
                "a phase is one that the policy has",
            );
            must(state.stage != Stage::Verifying || policy.verify.is_some(), "who verifies has something to verify by");
            must(state.stage != Stage::ByHand || policy.by_hand.is_some(), "people act by hand where they may");
            must(!state.failback_pending || state.active != 0, "nobody fails back to the member that is active");
            must(
                !state.failback_pending || !looked || self.view_of(id, 0) == View::Well,
                "nobody counts down to a failback to a member that is seen to fail",
            );
            let well = self.view(id) == View::Well;
            must(
                !looked || well || !matches!(state.stage, Stage::Idle | Stage::Verifying),
                "an active member that is seen to fail is missed",
            );
            must(!looked || !well || state.stage != Stage::Detecting, "nobody misses a member that is seen to be well");
        }
    }

    fn check_what_is_under_way(&self) {
        for (i, (group, state)) in self.world.groups.iter().zip(&self.state.groups).enumerate() {
            let (must, id) = (|is, what| self.must(is, what, &group.name), GroupId::new(i));
            let under_way = state.stage.is_under_way();
            must(!under_way || state.target < group.members.len(), "a failover goes to a member");
            // People may mend the new member, whose verification has failed.
            let mends = state.stage == Stage::ByHand && state.unfit[state.active];
            let elsewhere = under_way && !(mends && state.target == state.active);
            must(!elsewhere || state.target != state.active, "a failover goes to another member than the active one");
            must(!elsewhere || !self.known_to_fail(id, state.target), "a failover goes to nobody who is known to fail");
            must(state.stage != Stage::CatchingUp || state.ordered, "only who lives hands over what it has");
            must(!state.ordered || self.member_up(id, state.active), "only who lives is asked to step down");
            must(!state.ordered || under_way, "who was asked to step down is on the way to it");
        }
    }

    fn check_maintenance(&self) {
        let (state, plan) = (&self.state.maintenance, self.world.maintenance.as_ref());
        let name = plan.map_or("", |plan| &plan.name);
        let must = |is, what| self.must(is, what, name);
        must(plan.is_some() || !state.under_way, "only a maintenance that is planned is under way");
        must(state.under_way || state.holds.is_empty(), "nothing is held down but by a maintenance that is under way");
        must(state.began <= self.now, "a maintenance has begun before now");
        let turns = plan.map_or(0, |plan| plan.takes_down.len());
        must(state.rolling < turns.max(1), "a maintenance that goes from one to the next is at one of them");
        must(
            state.under_way || self.state.nodes.iter().all(|node| node.hazard == 1.0),
            "a hazard is raised only while hands are in the machine",
        );
    }

    fn check_procedures(&self) {
        for (procedure, state) in self.world.procedures.iter().zip(&self.state.procedures) {
            let must = |is, what| self.must(is, what, &procedure.name);
            must(
                !matches!(state.stage, ProcedureStage::Phase(steps) if steps > procedure.count),
                "no more steps are in effect than there are",
            );
            must(!state.at_work || procedure.by.is_some(), "who is at work is of a team");
            must(
                !state.at_work || matches!(state.stage, ProcedureStage::Ordered | ProcedureStage::Phase(_)),
                "a team is at work on what is ordered and not done",
            );
        }
        let name = |index: usize| self.world.procedures[index].name.as_str();
        let in_force = |index: usize| self.state.procedures[index].in_force;
        for shedding in &self.state.sheddings {
            self.must(
                in_force(shedding.procedure),
                "requests are turned away by a measure that is in force",
                name(shedding.procedure),
            );
            self.must(shedding.from <= self.now, "nobody is turned away before it begins", name(shedding.procedure));
        }
        for (procedure, share) in self.state.dims.iter().flatten() {
            self.must((0.0..=1.0).contains(share), "a brownout leaves a share out", name(*procedure));
        }
        for restriction in self.state.restrictions.iter().filter(|r| !in_force(r.procedure)) {
            self.must(restriction.over, "what has been taken back restricts nobody", name(restriction.procedure));
        }
    }

    fn check_teams(&self) {
        for (index, (team, state)) in self.world.teams.iter().zip(&self.state.teams).enumerate() {
            let must = |is, what| self.must(is, what, &team.name);
            let theirs = |procedure: usize| self.world.procedures[procedure].by == Some(index);
            let at_work = |procedure: &usize| theirs(*procedure) && self.state.procedures[*procedure].at_work;
            let at_it = (0..self.world.procedures.len()).filter(at_work).count();
            must(state.busy <= team.at_once, "a team does no more at once than it can");
            must(state.busy as usize == at_it, "a team is busy with what it is at work on");
            let mut seen = BTreeSet::new();
            must(state.waiting.iter().all(|waits| seen.insert(waits)), "nothing waits twice for a team");
            must(state.waiting.iter().all(|waits| theirs(*waits)), "what waits for a team is theirs");
            must(
                state.waiting.iter().all(|waits| self.state.procedures[*waits].stage == ProcedureStage::Ordered),
                "what waits for a team has been ordered and not begun",
            );
        }
    }

    /// Every user is in one place.
    fn check_users(&self) {
        for (people, state) in self.world.people.iter().zip(&self.state.steering) {
            let must = |is, what| self.must(is, what, &people.name);
            let sum = |shares: &mut dyn Iterator<Item = f64>| shares.sum::<f64>();
            let shares = state.shares(self.now).0;
            must(shares.iter().all(|share| share.now >= -1e-9), "no share of the users is below nothing");
            must((sum(&mut shares.iter().map(|s| s.now)) - 1.0).abs() < 1e-9, "the shares of the users sum to one");
            must((sum(&mut state.to.iter().map(|to| to.1)) - 1.0).abs() < 1e-9, "all users are led somewhere");
            must(state.began <= self.now, "a move has begun before now");
        }
    }

    fn check_links(&self) {
        for (index, link) in self.world.links.iter().enumerate() {
            let cuts = self
                .state
                .disturbances
                .iter()
                .filter(|passing| passing.active)
                .filter(|passing| matches!(self.action(passing.step), Action::Cut(of, _) if of.at() == index));
            let must = |is, what| self.must(is, what, &link.name);
            let down = usize::from(self.state.links_down[index]);
            let cuts = cuts.count() + down;
            must(self.state.links_cut[index] as usize == cuts, "a link is cut by faults that are not over");
            must(self.state.links_factor[index] > 0.0, "a link that is widened has some width");
        }
    }
}
