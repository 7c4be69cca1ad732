//! Faults and repair: members fail and are repaired, shocks hit several, hidden failures wait to be found.

use super::core::Engine;
use super::event::Event;
use super::state::drill::{Condition, Surge};
use super::state::nodes::{Job, RepairStreams};
use crate::dist::Sampler;
use crate::observe::{FailedBy, ObservationId, Occurrence};
use crate::units::Duration;
use crate::units::Time;
use crate::world::{Act, NodeId, Routes};

/// After so many of its time constants a decaying surge is over: a thousandth is left.
const DECAYS_UNTIL_OVER: f64 = 7.0;

impl Engine<'_> {
    /// Draws the first failures, tests and shocks.
    pub(super) fn start_faults(&mut self) {
        for i in 0..self.world.nodes.len() {
            let id = NodeId::new(i);
            let node = &self.world.nodes[i];
            if let Some(fails) = &node.fails {
                if node.hidden && node.last_tested > Duration::ZERO {
                    self.start_untested(id, fails);
                } else if is_pooled(node.count, fails) || node.count == 1 {
                    self.next_failure(id, node.stationary_start);
                } else {
                    self.start_members(id, fails, node.stationary_start);
                }
            }
            if let Some(every) = node.tested_every {
                self.events.push(self.now.after(every), Event::Test(id));
            }
        }
        for i in 0..self.world.shocks.len() {
            self.next_shock(i);
        }
    }

    /// A component that was last known to work some time before the start: it may have failed since.
    fn start_untested(&mut self, id: NodeId, fails: &Sampler) {
        let node = &self.world.nodes[id.at()];
        for _ in 0..node.count {
            let state = &mut self.state.nodes[id.at()];
            let Some(stream) = state.failures.as_mut() else { return };
            let life = fails.draw(stream);
            if life <= node.last_tested {
                state.hidden += 1;
            } else {
                let token = state.token;
                let left = Duration(life.0 - node.last_tested.0);
                self.events.push(self.now.after(left), Event::Fail { node: id, token });
            }
        }
    }

    /// Members whose lives are not memoryless each have their own failure; those beyond the horizon are never queued.
    fn start_members(&mut self, id: NodeId, fails: &Sampler, stationary: bool) {
        let token = self.state.nodes[id.at()].token;
        for _ in 0..self.world.nodes[id.at()].count {
            let Some(stream) = self.state.nodes[id.at()].failures.as_mut() else { return };
            let life = if stationary { fails.draw_residual(stream) } else { fails.draw(stream) };
            self.events.push(self.now.after(life), Event::Fail { node: id, token });
        }
    }

    /// Makes the next failure of a node due. For many memoryless members one event is enough: the first of them fails
    /// after an exponential time at the sum of their rates, and redrawing after each change is exact.
    fn next_failure(&mut self, id: NodeId, stationary: bool) {
        let node = &self.world.nodes[id.at()];
        let state = &mut self.state.nodes[id.at()];
        state.token += 1;
        let working = state.working(node.count);
        let on_fix = state.temporary > 0;
        let temporary = node.repair.as_ref().and_then(|r| r.temporary.as_ref()).map(|t| &t.1);
        let fails = match (on_fix, temporary, &node.fails) {
            (true, Some(fails), _) => fails,
            (_, _, Some(fails)) => fails,
            _ => return,
        };
        let Some(stream) = state.failures.as_mut() else { return };
        if working == 0 {
            return;
        }
        let life = match fails {
            Sampler::Exponential(mean) => {
                let rate = working as f64 * state.hazard / mean;
                Duration::from_seconds(Sampler::Exponential(1.0 / rate).quantile_s(stream.uniform()))
            }
            other if stationary => other.draw_residual(stream),
            other => other.draw(stream),
        };
        let token = state.token;
        self.events.push(self.now.after(life), Event::Fail { node: id, token });
    }

    /// Makes pending failures of memoryless members void and draws anew, after their number or hazard has changed.
    pub(super) fn redraw_failures(&mut self, id: NodeId) {
        let node = &self.world.nodes[id.at()];
        let memoryless = node.fails.as_ref().is_some_and(|f| is_pooled(node.count, f));
        if memoryless || node.count == 1 {
            self.next_failure(id, false);
        }
    }

    pub(super) fn fail_by_itself(&mut self, id: NodeId, token: u32) {
        if self.state.nodes[id.at()].token != token {
            return;
        }
        let by = if self.state.nodes[id.at()].temporary > 0 { FailedBy::OnTemporaryFix } else { FailedBy::Itself };
        self.fail_members(id, 1, by, None, self.world.nodes[id.at()].hidden);
    }

    pub(super) fn shock(&mut self, index: usize) {
        for id in &self.world.shocks[index].of {
            let working = self.state.nodes[id.at()].working(self.world.nodes[id.at()].count);
            if working > 0 {
                self.fail_members(*id, working, FailedBy::Shock(index), None, self.world.nodes[id.at()].hidden);
            }
        }
        self.next_shock(index);
    }

    fn next_shock(&mut self, index: usize) {
        let wait = self.world.shocks[index].every.draw(&mut self.state.shocks[index]);
        self.events.push(self.now.after(wait), Event::Shock(index as u32));
    }

    /// Members fail; unless nobody notices, their repair begins.
    pub(super) fn fail_members(
        &mut self,
        id: NodeId,
        members: u64,
        by: FailedBy,
        repaired_after: Option<Duration>,
        hidden: bool,
    ) -> ObservationId {
        let seen = self.see(Occurrence::Failed { node: id, by, hidden });
        let state = &mut self.state.nodes[id.at()];
        state.temporary = state.temporary.saturating_sub(members);
        if hidden {
            state.hidden += members;
        } else {
            state.failed += members;
        }
        self.touch_node(id, Some(seen));
        self.redraw_failures(id);
        if !hidden {
            self.begin_repair(id, members, repaired_after, Some(seen));
        }
        seen
    }

    fn begin_repair(&mut self, id: NodeId, members: u64, repaired_after: Option<Duration>, why: Option<ObservationId>) {
        let node = &self.world.nodes[id.at()];
        let (takes, temporary, mut wait) = match (&node.repair, repaired_after) {
            (_, Some(takes)) => (takes, false, Duration::ZERO),
            (Some(repair), None) => {
                let (sampler, temporary) = match &repair.temporary {
                    Some((takes, _)) => (takes, true),
                    None => (&repair.takes, false),
                };
                let takes = sampler.draw(&mut self.repair_luck(id).takes);
                let wait = match &repair.vendor {
                    Some(vendor) => vendor.draw(&mut self.repair_luck(id).vendor),
                    None => Duration::ZERO,
                };
                (takes, temporary, wait)
            }
            (None, None) => return,
        };
        if repaired_after.is_some() {
            wait = Duration::ZERO;
        }
        let job = Job { node: id, members, temporary, takes, why, moot: false, hands_on: false };
        let index = match self.state.jobs_free.pop() {
            Some(index) => {
                self.state.jobs[index as usize] = job;
                index
            }
            None => {
                self.state.jobs.push(job);
                (self.state.jobs.len() - 1) as u32
            }
        };
        if repaired_after.is_some() {
            self.events.push(self.now.after(takes), Event::RepairDone(index));
            return;
        }
        // Vendor and spare part come side by side; hands come when both are there.
        if let Some((_, restock)) = self.world.nodes[id.at()].repair.as_ref().and_then(|r| r.spares.as_ref()) {
            let restock = restock.draw(&mut self.repair_luck(id).restock);
            let state = &mut self.state.nodes[id.at()];
            self.events.push(self.now.after(restock), Event::Restocked(id));
            if state.spares == 0 {
                state.waiting_for_spare.push_back(index);
                return;
            }
            state.spares -= 1;
        }
        if wait == Duration::ZERO {
            self.repair_ready(index);
        } else {
            self.events.push(self.now.after(wait), Event::RepairReady(index));
        }
    }

    /// The node's own luck in repairing, made when it is first needed.
    fn repair_luck(&mut self, id: NodeId) -> &mut RepairStreams {
        let (luck, name) = (self.luck, &self.world.nodes[id.at()].name);
        self.state.nodes[id.at()].repairs.get_or_insert_with(|| Box::new(RepairStreams::new(luck, name)))
    }

    pub(super) fn restocked(&mut self, id: NodeId) {
        match self.state.nodes[id.at()].waiting_for_spare.pop_front() {
            Some(job) => self.repair_ready(job),
            None => self.state.nodes[id.at()].spares += 1,
        }
    }

    pub(super) fn repair_ready(&mut self, index: u32) {
        if self.state.jobs[index as usize].moot {
            self.state.jobs_free.push(index);
            return;
        }
        let node = self.state.jobs[index as usize].node;
        let crew = self.world.nodes[node.at()].repair.as_ref().and_then(|r| r.crew);
        if let Some(crew) = crew {
            let state = &mut self.state.crews[crew.at()];
            if state.busy >= self.world.crews[crew.at()].at_once {
                state.waiting.push_back(index);
                return;
            }
            state.busy += 1;
        }
        self.hands_on(index);
    }

    fn hands_on(&mut self, index: u32) {
        self.state.jobs[index as usize].hands_on = true;
        let job = self.state.jobs[index as usize].clone();
        let node = &self.world.nodes[job.node.at()];
        let crew = node.repair.as_ref().and_then(|r| r.crew);
        let mut takes = job.takes;
        if let Some(arrives) = crew.and_then(|c| self.world.crews[c.at()].arrives.as_ref()) {
            takes = Duration(takes.0.saturating_add(arrives.draw(&mut self.repair_luck(job.node).arrives).0));
        }
        self.see_because(Occurrence::RepairBegan { node: job.node, temporary: job.temporary }, job.why);
        self.events.push(self.now.after(takes), Event::RepairDone(index));
    }

    pub(super) fn repair_done(&mut self, index: u32) {
        let job = self.state.jobs[index as usize].clone();
        self.state.jobs[index as usize].moot = true;
        self.state.jobs_free.push(index);
        if job.moot {
            return;
        }
        if job.hands_on {
            self.free_hands(job.node);
        }
        let seen = self.see_because(Occurrence::Repaired { node: job.node, temporary: job.temporary }, job.why);
        let state = &mut self.state.nodes[job.node.at()];
        state.failed = state.failed.saturating_sub(job.members);
        if job.temporary {
            state.temporary += job.members;
        }
        self.touch_node(job.node, Some(seen));
        self.member_renewed(job.node, job.members);
    }

    /// The crew of a node has hands free: the next repair that waits for it begins.
    fn free_hands(&mut self, id: NodeId) {
        let Some(crew) = self.world.nodes[id.at()].repair.as_ref().and_then(|r| r.crew) else { return };
        while let Some(next) = self.state.crews[crew.at()].waiting.pop_front() {
            if !self.state.jobs[next as usize].moot {
                self.hands_on(next);
                return;
            }
            self.state.jobs_free.push(next);
        }
        let state = &mut self.state.crews[crew.at()];
        state.busy = state.busy.saturating_sub(1);
    }

    /// Members start a new life.
    fn member_renewed(&mut self, id: NodeId, members: u64) {
        let node = &self.world.nodes[id.at()];
        match &node.fails {
            Some(fails) if !is_pooled(node.count, fails) && node.count > 1 => {
                let token = self.state.nodes[id.at()].token;
                for _ in 0..members {
                    let Some(stream) = self.state.nodes[id.at()].failures.as_mut() else { return };
                    let life = fails.draw(stream);
                    self.events.push(self.now.after(life), Event::Fail { node: id, token });
                }
            }
            _ => self.redraw_failures(id),
        }
    }

    pub(super) fn proof_test(&mut self, id: NodeId) {
        if self.state.nodes[id.at()].hidden > 0 {
            self.find_hidden(id, false);
        } else {
            self.see(Occurrence::Tested(id));
        }
        if let Some(every) = self.world.nodes[id.at()].tested_every {
            self.events.push(self.now.after(every), Event::Test(id));
        }
    }

    /// A hidden failure comes to light. With a repair of its own it is now repaired; without one it is put right at once.
    pub(super) fn find_hidden(&mut self, id: NodeId, on_demand: bool) {
        let members = self.state.nodes[id.at()].hidden;
        let seen = self.see(Occurrence::Found { node: id, on_demand });
        self.state.nodes[id.at()].hidden = 0;
        if self.world.nodes[id.at()].repair.is_some() {
            self.state.nodes[id.at()].failed += members;
            self.begin_repair(id, members, None, Some(seen));
        } else {
            self.member_renewed(id, members);
        }
        self.touch_node(id, Some(seen));
    }

    /// Maintenance puts new members in: whatever was failed, hidden or on a temporary fix is as new.
    pub(super) fn replace(&mut self, id: NodeId) {
        let seen = self.see(Occurrence::Replaced(id));
        for index in 0..self.state.jobs.len() {
            let job = &mut self.state.jobs[index];
            if job.node == id && !job.moot {
                job.moot = true;
                if job.hands_on {
                    self.free_hands(id);
                }
            }
        }
        let state = &mut self.state.nodes[id.at()];
        state.failed = 0;
        state.hidden = 0;
        state.temporary = 0;
        let waited: Vec<u32> = state.waiting_for_spare.drain(..).collect();
        self.state.jobs_free.extend(waited);
        self.touch_node(id, Some(seen));
        self.redraw_failures(id);
    }

    pub(super) fn inject(&mut self, step: usize) {
        let (_, act) = &self.world.drill[step];
        match act {
            Act::Crash(id, repaired_after) => {
                let working = self.state.nodes[id.at()].working(self.world.nodes[id.at()].count);
                if working > 0 {
                    self.fail_members(*id, working, FailedBy::Drill, *repaired_after, false);
                }
            }
            Act::FailHidden(id) => {
                let working = self.state.nodes[id.at()].working(self.world.nodes[id.at()].count);
                if working > 0 {
                    self.fail_members(*id, working, FailedBy::Drill, None, true);
                }
            }
            Act::Gray { node, loses, lasts, .. } => {
                let seen = self.see(Occurrence::Gray(*node, *loses));
                self.condition(step, *lasts, seen);
                self.look_at_every_group();
            }
            Act::Slow(stations, by, lasts) => {
                for station in stations {
                    self.state.stations[station.at()].slow *= by;
                    let seen = self.see(Occurrence::Slowed(*station, *by));
                    self.cause = Some(seen);
                }
                let seen = self.cause.unwrap_or(ObservationId(0));
                self.condition(step, *lasts, seen);
            }
            Act::SlowServers { stations, servers, by, lasts, .. } => {
                let mut seen = ObservationId(0);
                for station in stations {
                    seen = self.see(Occurrence::ServersSlowed { station: *station, servers: *servers, by: *by });
                }
                self.condition(step, *lasts, seen);
            }
            Act::Cut(link, lasts) => {
                let seen = self.see(Occurrence::LinkCut(*link, true));
                self.condition(step, *lasts, seen);
                self.state.links_cut[link.at()] += 1;
                self.reroute();
            }
            Act::Surge { people, feature, by, ramp, lasts, falls, decays } => {
                let seen = self.see(Occurrence::Surge(*people, true));
                // A decay is over when nobody notices it any more.
                let fades = Duration::from_seconds(decays.seconds() * DECAYS_UNTIL_OVER + falls.seconds());
                let over = lasts.map(|lasts| Duration(lasts.0.saturating_add(ramp.0).saturating_add(fades.0)));
                let over = if fades == Duration::ZERO { *lasts } else { over };
                self.condition(step, over, seen);
                self.close_span();
                let rests = Duration(lasts.map_or(i64::MAX, |lasts| lasts.0.saturating_add(ramp.0)));
                self.state.surges.push(Surge {
                    step,
                    people: people.at(),
                    feature: feature.map(|f| f.at()),
                    by: *by,
                    from: self.now,
                    ramp: *ramp,
                    falls_from: if fades == Duration::ZERO { Time::NEVER } else { self.now.after(rests) },
                    falls: *falls,
                    decays: *decays,
                });
            }
            Act::FailOver(group, member) => {
                self.order_switchover(*group, *member, None);
            }
            // Words change nothing that flows.
            Act::Decide(_) => {
                self.see(Occurrence::Decision(step));
                return;
            }
            Act::Tell(_) => {
                self.see(Occurrence::Told(step));
                return;
            }
        }
        self.flow_dirty = true;
    }

    fn condition(&mut self, step: usize, lasts: Option<Duration>, why: ObservationId) {
        self.cause = Some(why);
        self.state.conditions.push(Condition { step, active: true, why });
        if let Some(lasts) = lasts {
            let index = (self.state.conditions.len() - 1) as u32;
            self.events.push(self.now.after(lasts), Event::Ends(index));
        }
        self.paths_dirty = true;
        self.flow_dirty = true;
    }

    pub(super) fn condition_ends(&mut self, index: usize) {
        let Condition { step, why, .. } = self.state.conditions[index];
        self.state.conditions[index].active = false;
        self.cause = Some(why);
        match &self.world.drill[step].1 {
            Act::Gray { node, .. } => {
                let seen = self.see(Occurrence::Gray(*node, 0.0));
                self.cause = Some(seen);
                self.look_at_every_group();
            }
            Act::Slow(stations, by, _) => {
                for station in stations {
                    self.state.stations[station.at()].slow /= by;
                    self.see(Occurrence::Slowed(*station, 1.0));
                }
            }
            Act::SlowServers { stations, servers, .. } => {
                for station in stations {
                    self.see(Occurrence::ServersSlowed { station: *station, servers: *servers, by: 1.0 });
                }
            }
            Act::Cut(link, _) => {
                let seen = self.see(Occurrence::LinkCut(*link, false));
                self.cause = Some(seen);
                self.state.links_cut[link.at()] -= 1;
                self.reroute();
            }
            Act::Surge { people, .. } => {
                self.close_span();
                self.state.surges.retain(|s| s.step != step);
                self.see(Occurrence::Surge(*people, false));
            }
            _ => {}
        }
        self.paths_dirty = true;
        self.flow_dirty = true;
    }

    fn reroute(&mut self) {
        let cut = &self.state.links_cut;
        self.state.routes = Routes::new(self.world.sites.len(), &self.world.links, |l| cut[l.at()] == 0);
        self.look_at_every_group();
        self.look_at_gates_across_sites();
        self.paths_dirty = true;
    }

    /// What the checkers see has changed, though nothing has failed.
    fn look_at_every_group(&mut self) {
        self.groups_dirty.extend((0..self.world.groups.len()).map(crate::world::GroupId::new));
    }

    /// The share of requests that a gray node loses, and the share of health checks.
    pub(super) fn gray(&self, id: NodeId) -> (f64, f64) {
        let (mut passes, mut checks) = (1.0, 1.0);
        for condition in self.state.conditions.iter().filter(|c| c.active) {
            if let Act::Gray { node, loses, probes_pass, .. } = &self.world.drill[condition.step].1
                && *node == id
            {
                passes *= 1.0 - loses;
                checks *= if *probes_pass { 1.0 } else { 1.0 - loses };
            }
        }
        (1.0 - passes, 1.0 - checks)
    }

    /// Whether any part of the run is gray now.
    pub(super) fn any_gray(&self) -> bool {
        self.state.conditions.iter().any(|c| c.active && matches!(self.world.drill[c.step].1, Act::Gray { .. }))
    }
}

/// Whether all members of a node share one pending failure.
fn is_pooled(count: u64, fails: &Sampler) -> bool {
    count > 1 && matches!(fails, Sampler::Exponential(_))
}
