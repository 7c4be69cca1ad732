//! The lives of members: when they end, who dies, what another hazard changes, and who is as new.
//!
//! A living member has at most one end due. Whatever happens to it makes that end void, and who comes back has a new life.

use super::core::Engine;
use super::event::Event;
use super::state::nodes::{Is, Law};
use crate::dist::Sampler;
use crate::num;
use crate::rng::Stream;
use crate::units::Duration;
use crate::world::NodeId;

/// Members of a node that have been struck.
pub(super) struct Struck {
    /// How many, by law.
    by_law: [u64; 2],
    /// Which, where they are told apart.
    pub who: Vec<u32>,
}

impl Struck {
    pub fn members(&self) -> u64 {
        self.by_law.iter().sum()
    }

    /// Those of them that were on a temporary fix.
    pub fn on_fix(&self) -> u64 {
        self.by_law[Law::Temporary.at()]
    }
}

impl Engine<'_> {
    /// First lives.
    pub(super) fn start_lives(&mut self, id: NodeId) {
        let node = &self.world.nodes[id.at()];
        if node.fails.is_some() && node.hidden && node.last_tested > Duration::ZERO {
            self.start_untested(id);
        } else if node.fails.as_ref().is_some_and(|fails| !fails.is_memoryless()) {
            for member in 0..node.count as u32 {
                self.first_life(id, member, Duration::ZERO);
            }
        } else {
            self.next_of_pool(id, Law::Own);
        }
    }

    /// A component that was last known to work some time before the start: its members may have failed since.
    fn start_untested(&mut self, id: NodeId) {
        let node = &self.world.nodes[id.at()];
        let Some(fails) = &node.fails else { return };
        if !fails.is_memoryless() {
            for member in 0..node.count as u32 {
                self.first_life(id, member, node.last_tested);
            }
            return;
        }
        let state = &mut self.state.nodes[id.at()];
        let Some(stream) = state.failures.as_mut() else { return };
        let mut first: Option<Duration> = None;
        for member in 0..node.count as usize {
            let life = fails.draw(stream);
            if life <= node.last_tested {
                state.hidden += 1;
                if let Some(member) = state.members.get_mut(member) {
                    member.is = Is::Unnoticed;
                }
            } else {
                let left = Duration(life.0 - node.last_tested.0);
                first = Some(first.map_or(left, |first| first.min(left)));
            }
        }
        // When the first of them has failed, the others are drawn anew: they are memoryless.
        if let Some(first) = first {
            let pool = &mut state.pools[Law::Own.at()];
            pool.pending = true;
            let event = Event::Fail { node: id, law: Law::Own, token: pool.token };
            self.events.push(self.now.after(first), event);
        }
    }

    /// The first life of a member that is told apart, and was known to work `tested` before the start.
    fn first_life(&mut self, id: NodeId, member: u32, tested: Duration) {
        let node = &self.world.nodes[id.at()];
        let state = &mut self.state.nodes[id.at()];
        let (Some(fails), Some(stream)) = (&node.fails, state.failures.as_mut()) else { return };
        let uniform = stream.uniform();
        let mut age_s = 0.0;
        let (life_s, mut ends_at) = if node.stationary_start {
            (fails.residual_quantile_s(uniform), f64::INFINITY)
        } else {
            (fails.quantile_s(uniform), -num::ln_1p(-uniform))
        };
        // How old it was matters only where its hazard will change.
        let raised = self.world.maintenance.as_ref().is_some_and(|plan| plan.hazard.contains(&id));
        if node.stationary_start && raised {
            // Given what is left of a life, all of it is a life that is longer than that (Cox, Renewal Theory, 1962, section 5.4).
            let luck = state.ages.get_or_insert_with(|| Box::new(Stream::new(self.luck, &node.name, "age at start")));
            ends_at = fails.cumulative_hazard(life_s) - num::ln(luck.uniform());
            age_s = (fails.age_at_hazard(ends_at) - life_s).max(0.0);
        }
        let life = Duration::from_seconds(life_s);
        let mortal = &mut state.members[member as usize];
        if life <= tested && tested > Duration::ZERO {
            mortal.is = Is::Unnoticed;
            state.hidden += 1;
            return;
        }
        mortal.born_s = -age_s - tested.seconds();
        mortal.ends_at = ends_at;
        mortal.pending = true;
        let event = Event::LifeEnds { node: id, member, token: mortal.token };
        self.events.push(self.now.after(Duration(life.0 - tested.0)), event);
    }

    /// A member that is told apart begins a new life, by the law of what it is.
    fn begin_life(&mut self, id: NodeId, member: u32) {
        let node = &self.world.nodes[id.at()];
        let state = &mut self.state.nodes[id.at()];
        let mortal = &mut state.members[member as usize];
        mortal.token += 1;
        mortal.pending = false;
        let Some(fails) = mortal.is.law().and_then(|law| law.of(node)).filter(|fails| !fails.is_memoryless()) else {
            return;
        };
        let Some(stream) = state.failures.as_mut() else { return };
        let uniform = stream.uniform();
        mortal.born_s = self.now.seconds();
        mortal.ends_at = -num::ln_1p(-uniform) / state.hazard;
        mortal.pending = true;
        // Without a hazard of its own the life is the draw as it is.
        let life_s = if state.hazard == 1.0 { fails.quantile_s(uniform) } else { fails.age_at_hazard(mortal.ends_at) };
        let event = Event::LifeEnds { node: id, member, token: mortal.token };
        self.events.push(self.now.after(Duration::from_seconds(life_s)), event);
    }

    /// Makes the next failure of the memoryless members of a law due. One event is enough for all of them: the first of them
    /// fails after an exponential time at the sum of their rates, and redrawing after each change is exact.
    fn next_of_pool(&mut self, id: NodeId, law: Law) {
        let node = &self.world.nodes[id.at()];
        let state = &mut self.state.nodes[id.at()];
        let members = state.living(law, node.count);
        let pool = &mut state.pools[law.at()];
        pool.token += 1;
        pool.pending = false;
        let Some(Sampler::Exponential(mean)) = law.of(node) else { return };
        let Some(stream) = state.failures.as_mut() else { return };
        if members == 0 {
            return;
        }
        let rate = members as f64 * state.hazard / mean;
        let sampler = Sampler::Exponential(1.0 / rate);
        pool.pending = true;
        let event = Event::Fail { node: id, law, token: pool.token };
        self.events.push(self.now.after(sampler.draw(stream)), event);
    }

    /// A memoryless member fails by itself: which of them says nothing. `None`: that end is void.
    pub(super) fn one_of_pool(&mut self, id: NodeId, law: Law, token: u32) -> Option<Struck> {
        let state = &self.state.nodes[id.at()];
        let pool = state.pools[law.at()];
        if pool.token != token || !pool.pending {
            return None;
        }
        let mut struck = Struck { by_law: [0; 2], who: Vec::new() };
        struck.by_law[law.at()] = 1;
        struck.who.extend(state.members.iter().position(|m| m.is.law() == Some(law)).map(|member| member as u32));
        Some(struck)
    }

    /// A member that is told apart has lived its life. `None`: that end is void.
    pub(super) fn one_of_members(&mut self, id: NodeId, member: u32, token: u32) -> Option<Struck> {
        let mortal = &self.state.nodes[id.at()].members[member as usize];
        let law = mortal.is.law().filter(|_| mortal.pending && mortal.token == token)?;
        let mut struck = Struck { by_law: [0; 2], who: vec![member] };
        struck.by_law[law.at()] = 1;
        Some(struck)
    }

    /// The first of a node's working members, as many as asked for or as there are: where they are told apart in the order of
    /// their numbers, else those on their own law first. `None`: none works.
    pub(super) fn first_working(&self, id: NodeId, members: u64) -> Option<Struck> {
        let count = self.world.nodes[id.at()].count;
        let state = &self.state.nodes[id.at()];
        let mut struck = Struck { by_law: [0; 2], who: Vec::new() };
        if state.members.is_empty() {
            let own = state.living(Law::Own, count).min(members);
            struck.by_law = [own, state.living(Law::Temporary, count).min(members - own)];
        } else {
            let working = state.members.iter().enumerate().filter_map(|(i, m)| Some((i as u32, m.is.law()?)));
            for (member, law) in working.take(usize::try_from(members).unwrap_or(usize::MAX)) {
                struck.by_law[law.at()] += 1;
                struck.who.push(member);
            }
        }
        (struck.members() > 0).then_some(struck)
    }

    /// The lives of members are over; what was due for them is void.
    pub(super) fn lives_end(&mut self, id: NodeId, struck: &Struck, hidden: bool) {
        let state = &mut self.state.nodes[id.at()];
        state.temporary -= struck.on_fix();
        *(if hidden { &mut state.hidden } else { &mut state.failed }) += struck.members();
        for member in &struck.who {
            let mortal = &mut state.members[*member as usize];
            mortal.is = if hidden { Is::Unnoticed } else { Is::Failed };
            mortal.pending = false;
            mortal.token += 1;
        }
    }

    /// Pools that members have left go on with those who are left.
    pub(super) fn pools_go_on(&mut self, id: NodeId, struck: &Struck) {
        for law in Law::ALL {
            if struck.by_law[law.at()] > 0 {
                self.next_of_pool(id, law);
            }
        }
    }

    /// Members that had failed start a new life.
    pub(super) fn lives_begin(&mut self, id: NodeId, who: &[u32], law: Law) {
        for member in who {
            self.state.nodes[id.at()].members[*member as usize].is =
                if law == Law::Temporary { Is::OnFix } else { Is::Up };
            self.begin_life(id, *member);
        }
        self.next_of_pool(id, law);
    }

    /// Every member is as new.
    pub(super) fn all_lives_begin(&mut self, id: NodeId) {
        let state = &mut self.state.nodes[id.at()];
        (state.failed, state.hidden, state.temporary) = (0, 0, 0);
        for member in 0..state.members.len() {
            self.state.nodes[id.at()].members[member].is = Is::Up;
            self.begin_life(id, member as u32);
        }
        self.next_of_pool(id, Law::Own);
        // Nobody is on a fix any more: what was due for them is void.
        self.next_of_pool(id, Law::Temporary);
    }

    /// From now on the members of a node fail at this many times their rate at the age that they have (proportional hazards,
    /// Cox 1972). Ends that are due are moved, not drawn anew; memoryless members are.
    pub(super) fn set_hazard(&mut self, id: NodeId, factor: f64) {
        let node = &self.world.nodes[id.at()];
        let state = &mut self.state.nodes[id.at()];
        let before = std::mem::replace(&mut state.hazard, factor);
        let now_s = self.now.seconds();
        for (i, mortal) in state.members.iter_mut().enumerate().filter(|(_, mortal)| mortal.pending) {
            let Some(fails) = mortal.is.law().and_then(|law| law.of(node)) else { continue };
            let age_s = now_s - mortal.born_s;
            let used = fails.cumulative_hazard(age_s);
            if used >= mortal.ends_at || used.is_nan() {
                // Rounding: it ends in this moment.
                continue;
            }
            let ended_s = fails.age_at_hazard(mortal.ends_at);
            mortal.ends_at = used + (mortal.ends_at - used) * before / factor;
            let ends_s = fails.age_at_hazard(mortal.ends_at);
            // A fixed life ends when it would have ended.
            if ends_s != ended_s {
                mortal.token += 1;
                let event = Event::LifeEnds { node: id, member: i as u32, token: mortal.token };
                self.events.push(self.now.after(Duration::from_seconds(ends_s - age_s)), event);
            }
        }
        for law in Law::ALL {
            self.next_of_pool(id, law);
        }
    }
}
