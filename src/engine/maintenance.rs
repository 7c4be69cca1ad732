//! Maintenance: told, begun, overrun, aborted, ended.

use super::core::Engine;
use super::event::Event;
use super::state::groups::Stage;
use super::state::maintenance::Drain;
use super::state::waits::Wait;
use crate::dist::Sampler;
use crate::observe::{Occurrence, Refusal};
use crate::scenario::Order;
use crate::units::{Duration, Time};
use crate::world::{Automation, GroupId, NodeId, NodeKind};

const TOLD: u8 = 0;
const BEGINS: u8 = 1;
const PROMISE_BREAKS: u8 = 2;
const NEXT_ONE: u8 = 3;
const GIVEN_UP: u8 = 4;
const ENDS: u8 = 5;

impl Engine<'_> {
    pub(super) fn start_maintenance(&mut self) {
        let Some(plan) = &self.world.maintenance else { return };
        if let Some(told_at) = plan.told_at.filter(|at| self.is_before_people(*at)) {
            self.events.push(told_at, Event::Maintenance { step: TOLD, token: 0 });
        }
        if self.is_before_people(plan.starts) {
            self.events.push(plan.starts, Event::Maintenance { step: BEGINS, token: 0 });
        }
    }

    pub(super) fn maintenance_due(&mut self, step: u8, token: u32) {
        match step {
            TOLD => {
                let seen = self.see(Occurrence::MaintenanceTold);
                self.state.maintenance.why = Some(seen);
            }
            BEGINS => {
                if self.state.maintenance.under_way && self.state.maintenance.ends_at == self.now {
                    // One is over when the next is due.
                    self.maintenance_ends();
                }
                self.maintenance_begins();
            }
            _ if token != self.state.maintenance.token => {}
            PROMISE_BREAKS if self.state.maintenance.ends_at <= self.now => {}
            // It went on as it should have, or is rolled back already.
            GIVEN_UP if self.state.maintenance.ends_at <= self.now || self.state.maintenance.aborted => {}
            PROMISE_BREAKS => {
                self.see_because(Occurrence::MaintenanceOverran, self.state.maintenance.why);
            }
            NEXT_ONE => self.take_next_one(),
            GIVEN_UP => {
                let Some((_, rollback)) = self.world.maintenance.as_ref().and_then(|p| p.abort.as_ref()) else {
                    return;
                };
                let takes = rollback.draw(&mut self.state.maintenance.rollbacks);
                self.roll_back_maintenance(takes, Some(rollback));
            }
            _ => self.maintenance_ends(),
        }
    }

    /// Somebody says that users are told of it.
    pub(super) fn announce_maintenance(&mut self) -> Result<(), Refusal> {
        self.world.maintenance.as_ref().ok_or(Refusal::Unknown)?;
        self.maintenance_due(TOLD, 0);
        Ok(())
    }

    /// Somebody says that it begins.
    pub(super) fn begin_maintenance(&mut self) -> Result<(), Refusal> {
        self.world.maintenance.as_ref().ok_or(Refusal::Unknown)?;
        if self.state.maintenance.under_way {
            return Err(Refusal::UnderWay);
        }
        self.maintenance_begins();
        Ok(())
    }

    /// Somebody gives it up. Where the plan does not say how long rolling back takes, undoing takes as long as has been worked.
    pub(super) fn call_off_maintenance(&mut self) -> Result<(), Refusal> {
        let plan = self.world.maintenance.as_ref().ok_or(Refusal::Unknown)?;
        if !self.state.maintenance.under_way || self.state.maintenance.aborted {
            return Err(Refusal::NotOrdered);
        }
        let takes = match &plan.abort {
            Some((_, rollback)) => rollback.draw(&mut self.state.maintenance.rollbacks),
            None => self.now.since(self.state.maintenance.began),
        };
        let promised = self.state.maintenance.began.after(plan.announced);
        // Whatever was due for it is void, but for the promise.
        self.state.maintenance.token += 1;
        if promised > self.now {
            let token = self.state.maintenance.token;
            self.events.push(promised, Event::Maintenance { step: PROMISE_BREAKS, token });
        }
        self.roll_back_maintenance(takes, plan.abort.as_ref().map(|(_, rollback)| rollback));
        Ok(())
    }

    fn roll_back_maintenance(&mut self, takes: Duration, law: Option<&Sampler>) {
        let seen = self.see_because(Occurrence::MaintenanceAborted, self.state.maintenance.why);
        let state = &mut self.state.maintenance;
        state.why = Some(seen);
        state.aborted = true;
        state.drains.clear();
        let (at, event) = (self.now.after(takes), Event::Maintenance { step: ENDS, token: state.token });
        state.ends_at = at;
        match law {
            Some(law) => self.events.push_drawn(self.now, at, event, || Wait::of(law)),
            None => self.events.push(at, event),
        }
    }

    fn maintenance_begins(&mut self) {
        let Some(plan) = &self.world.maintenance else { return };
        if let Some(every) = plan.repeats_every.filter(|_| !self.people_decide()) {
            self.state.maintenance.repeated += 1;
            let next = self.world.calendar.repeated(plan.starts, every, self.state.maintenance.repeated);
            if self.is_before_people(next) {
                self.events.push(next, Event::Maintenance { step: BEGINS, token: 0 });
            }
        }
        let takes = plan.takes.draw(&mut self.state.maintenance.durations);
        if self.state.maintenance.under_way || self.is_held_back(Automation::Maintenance) {
            return;
        }
        self.cause = self.state.maintenance.why;
        let down = plan.takes_down.iter().any(|id| !self.state.nodes[self.state.active_node(self.world, *id).at()].up);
        if plan.only_if_healthy && down {
            self.see(Occurrence::MaintenanceSkipped);
            return;
        }
        let promised = self.now.after(plan.announced);
        let seen = self.see(Occurrence::MaintenanceBegan(promised));
        let state = &mut self.state.maintenance;
        state.token += 1;
        state.under_way = true;
        state.aborted = false;
        state.began = self.now;
        state.takes = takes;
        state.ends_at = Time::NEVER;
        state.why = Some(seen);
        state.rolling = 0;
        let token = state.token;
        self.cause = Some(seen);
        if plan.order == Order::Drained {
            self.look_who_is_drained(&plan.takes_down);
        }
        if self.state.maintenance.drains.is_empty() {
            return self.work_begins(false);
        }
        // How long it takes until nobody is served there any more is not known yet.
        self.events.push(promised, Event::Maintenance { step: PROMISE_BREAKS, token });
        if let Some((after, _)) = &plan.abort {
            self.events.push(self.now.after(*after), Event::Maintenance { step: GIVEN_UP, token });
        }
    }

    /// What is to be taken down is, and hands get to work; some groups had to be drained before.
    fn work_begins(&mut self, drained: bool) {
        let Some(plan) = &self.world.maintenance else { return };
        self.cause = self.state.maintenance.why;
        self.state.maintenance.hands_on = self.now;
        let (began, takes, token) =
            (self.state.maintenance.began, self.state.maintenance.takes, self.state.maintenance.token);
        match plan.order {
            Order::AllAtOnce | Order::Drained => {
                for id in plan.takes_down.clone() {
                    self.take_down(id);
                }
            }
            Order::Rolling => {
                if let Some(first) = plan.takes_down.first() {
                    self.take_down(*first);
                }
                let share = Duration(takes.0 / plan.takes_down.len().max(1) as i64);
                for i in 1..plan.takes_down.len() {
                    let at = self.now.after(Duration(share.0.saturating_mul(i as i64)));
                    self.events.push(at, Event::Maintenance { step: NEXT_ONE, token });
                }
            }
        }
        for id in plan.hazard.clone() {
            self.set_hazard(id, plan.hazard_by);
        }
        let (ends_at, promised) = (self.now.after(takes), began.after(plan.announced));
        self.state.maintenance.ends_at = ends_at;
        if ends_at > promised && !drained {
            self.events.push(promised, Event::Maintenance { step: PROMISE_BREAKS, token });
        }
        match &plan.abort {
            Some((after, _)) if ends_at > began.after(*after) => {
                self.events.push(began.after(*after), Event::Maintenance { step: GIVEN_UP, token });
            }
            _ => self.events.push(ends_at, Event::Maintenance { step: ENDS, token }),
        }
    }

    /// How long the work takes is drawn anew, given that it is not over. Where it is known it stays: once one thing after the other is
    /// worked on and the first is done.
    pub(super) fn maintenance_anew(&mut self) {
        let Some(plan) = &self.world.maintenance else { return };
        let state = &mut self.state.maintenance;
        if !state.under_way || state.aborted || (plan.order == Order::Rolling && state.rolling > 0) {
            return;
        }
        let (begun, now) = (state.ends_at != Time::NEVER, self.now);
        // Each of those that are worked on one after the other has its share of the time.
        let shares = if plan.order == Order::Rolling { plan.takes_down.len().max(1) as i64 } else { 1 };
        let worked = if begun { Duration(now.since(state.hands_on).0.saturating_mul(shares)) } else { Duration::ZERO };
        let Some(takes) = Wait::of(&plan.takes).drawn_anew(worked, &mut state.durations) else { return };
        state.takes = takes;
        if !begun {
            return;
        }
        state.token += 1;
        state.ends_at = state.hands_on.after(takes);
        let (began, hands_on, ends_at, token) = (state.began, state.hands_on, state.ends_at, state.token);
        for i in 1..shares {
            let at = hands_on.after(Duration((takes.0 / shares).saturating_mul(i)));
            self.events.push(at, Event::Maintenance { step: NEXT_ONE, token });
        }
        let promised = began.after(plan.announced);
        if promised > now && ends_at > promised {
            self.events.push(promised, Event::Maintenance { step: PROMISE_BREAKS, token });
        }
        let given_up =
            plan.abort.as_ref().map(|(after, _)| began.after(*after)).filter(|at| *at < ends_at && *at > now);
        let (at, step) = given_up.map_or((ends_at, ENDS), |at| (at, GIVEN_UP));
        self.events.push(at, Event::Maintenance { step, token });
    }

    /// Groups have to leave the members that are about to go, or that stand on what goes, while those still work. What has
    /// failed already is not drained: that is a failover.
    fn look_who_is_drained(&mut self, going: &[NodeId]) {
        let leaves = |id: &GroupId| {
            let active = self.world.groups[id.at()].members[self.state.groups[id.at()].active];
            self.state.nodes[active.at()].up && self.would_be_hit(*id, going)
        };
        let groups = (0..self.world.groups.len()).map(GroupId::new).filter(leaves);
        self.state.maintenance.drains = groups.map(|group| Drain { group, ordered: false, left: false }).collect();
        self.go_on_with_drains();
    }

    /// Whether the active member of a group would be down without these.
    fn would_be_hit(&self, id: GroupId, going: &[NodeId]) -> bool {
        self.down_without(going)[self.world.groups[id.at()].members[self.state.groups[id.at()].active].at()]
    }

    /// Drains go through the phases of a switchover, until everybody is served elsewhere. One that cannot be done is told, and does
    /// not hold the work up. Says whether any was ordered.
    fn go_on_with_drains(&mut self) -> bool {
        let Some(plan) = &self.world.maintenance else { return false };
        let mut any = false;
        for i in 0..self.state.maintenance.drains.len() {
            let Drain { group: id, left, .. } = self.state.maintenance.drains[i];
            let works = self.member_up(id, self.state.groups[id.at()].active);
            let there = works && self.would_be_hit(id, &plan.takes_down);
            let drain = &mut self.state.maintenance.drains[i];
            // It had left, and a failover leads everybody back there: it is drained once more.
            drain.ordered &= !(left && there);
            drain.left = drain.ordered && (left || works && !there);
            if !drain.ordered && !self.moves(id) {
                self.state.maintenance.drains[i].ordered = true;
                self.cause = self.state.maintenance.why;
                self.order_drain(id, &plan.takes_down);
                any = true;
            }
        }
        let mut drains = std::mem::take(&mut self.state.maintenance.drains);
        drains.retain(|drain| !drain.ordered || self.moves(drain.group));
        self.state.maintenance.drains = drains;
        any
    }

    /// A group is on its way to another member, is being verified, or somebody still goes to the one that was active.
    fn moves(&self, id: GroupId) -> bool {
        let stage = self.state.groups[id.at()].stage;
        stage.is_under_way() || stage == Stage::Verifying || self.somebody_is_on_the_way_to(id)
    }

    /// Looks at what is being drained: when all of it is, the work begins. Says whether anything was done.
    pub(super) fn look_at_drains(&mut self) -> bool {
        if self.state.maintenance.drains.is_empty() {
            return false;
        }
        let any = self.go_on_with_drains();
        let begins = self.state.maintenance.drains.is_empty();
        if begins {
            self.work_begins(true);
        }
        any || begins
    }

    fn order_drain(&mut self, id: GroupId, going: &[NodeId]) {
        let down = self.down_without(going);
        let members = &self.world.groups[id.at()].members;
        if !down[members[self.state.groups[id.at()].active].at()] {
            return;
        }
        let fit = |member: usize| !down[members[member].at()] && self.unfit(id, member).is_none();
        match (0..members.len()).find(|&member| fit(member)) {
            // A refusal has been told.
            Some(stays) => _ = self.order_switchover(id, stays, None),
            None => {
                let reason = Refusal::NobodyElse;
                self.see(Occurrence::SwitchoverRefused { group: id, member: None, reason, by: None });
            }
        }
    }

    /// Nobody fails back to what is being drained.
    pub(super) fn is_about_to_be_taken_down(&self, id: GroupId, member: usize) -> bool {
        let Some(plan) = self.world.maintenance.as_ref() else { return false };
        !self.state.maintenance.drains.is_empty()
            && self.down_without(&plan.takes_down)[self.world.groups[id.at()].members[member].at()]
    }

    /// Which nodes do not work once these are taken down. A group works as long as it has a member to go to.
    fn down_without(&self, going: &[NodeId]) -> Vec<bool> {
        let world = self.world;
        let mut down: Vec<bool> = self.state.nodes.iter().map(|state| !state.up).collect();
        for id in going {
            match world.nodes[id.at()].kind {
                NodeKind::Group(group) => world.groups[group.at()].members.iter().for_each(|m| down[m.at()] = true),
                _ => down[id.at()] = true,
            }
        }
        let mut order: Vec<NodeId> = (0..world.nodes.len()).map(NodeId::new).collect();
        order.sort_unstable_by_key(|id| world.node_rank[id.at()]);
        for id in order {
            let node = &world.nodes[id.at()];
            let works = |of: &[NodeId]| of.iter().filter(|below| !down[below.at()]).count();
            let blocked = node.gates.iter().any(|gate| works(&gate.of) < gate.needed as usize);
            let left = match node.kind {
                NodeKind::Group(group) => works(&world.groups[group.at()].members) == 0,
                _ => false,
            };
            down[id.at()] |= blocked || left;
        }
        down
    }

    /// Takes a node down; of a group, all its members.
    fn take_down(&mut self, id: NodeId) {
        let nodes = match self.world.nodes[id.at()].kind {
            NodeKind::Group(group) => self.world.groups[group.at()].members.clone(),
            _ => vec![id],
        };
        for id in nodes {
            self.state.nodes[id.at()].taken += 1;
            self.state.maintenance.holds.push(id);
            let why = self.state.maintenance.why;
            self.touch_node(id, why);
        }
    }

    fn put_back(&mut self) {
        for id in std::mem::take(&mut self.state.maintenance.holds) {
            self.state.nodes[id.at()].taken = self.state.nodes[id.at()].taken.saturating_sub(1);
            let why = self.state.maintenance.why;
            self.touch_node(id, why);
        }
    }

    fn take_next_one(&mut self) {
        if self.state.maintenance.aborted {
            return;
        }
        self.cause = self.state.maintenance.why;
        self.put_back();
        self.state.maintenance.rolling += 1;
        let Some(plan) = &self.world.maintenance else { return };
        if let Some(next) = plan.takes_down.get(self.state.maintenance.rolling) {
            self.take_down(*next);
        }
    }

    fn maintenance_ends(&mut self) {
        let Some(plan) = &self.world.maintenance else { return };
        let rolled_back = self.state.maintenance.aborted;
        let seen = self.see_because(Occurrence::MaintenanceEnded { rolled_back }, self.state.maintenance.why);
        self.state.maintenance.why = Some(seen);
        self.state.maintenance.under_way = false;
        self.state.maintenance.token += 1;
        self.cause = Some(seen);
        if !rolled_back {
            for id in plan.replaces.clone() {
                self.replace(id);
                self.cause = Some(seen);
            }
            for (group, fails_on_demand) in plan.improves.clone() {
                self.see(Occurrence::Improved(group, fails_on_demand));
                self.state.groups[group.at()].fails_on_demand = fails_on_demand;
            }
        }
        for id in plan.hazard.clone() {
            self.set_hazard(id, 1.0);
        }
        self.put_back();
    }
}
