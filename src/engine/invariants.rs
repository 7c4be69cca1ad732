//! What has to hold after every event, whatever happened. Looked at in debug builds: in all tests. One group a noun, one
//! sentence an assertion.

use super::core::Engine;
use super::event::Event;
use super::state::nodes::{Is, Law, Stage};
use crate::world::NodeId;
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
            let own = || jobs.iter().filter(move |job| job.stage != Stage::Free && job.node == NodeId::new(i));
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
            let at_it =
                (0..jobs.len() as u32).filter(|i| jobs[*i as usize].stage == Stage::HandsOn && of_crew(i)).count();
            must(state.busy <= crew.at_once, "a crew has no more hands than it has");
            must(state.busy as usize == at_it, "hands are busy with repairs");
            must(state.waiting.is_empty() || state.busy == crew.at_once, "nobody waits for hands that are free");
            must(
                state.waiting.iter().all(|job| jobs[*job as usize].stage == Stage::Ready && of_crew(job)),
                "whoever waits for a crew is ready for it",
            );
        }
        let free = jobs.iter().filter(|job| job.stage == Stage::Free).count();
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
}
