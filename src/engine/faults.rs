//! Faults: members fail, shocks hit several, hidden failures wait to be found; the steps of a drill.

use super::act::By;
use super::core::Engine;
use super::event::Event;
use super::lives::Struck;
use super::state::drill::{Disturbance, Surge};
use super::state::nodes::{Is, Law};
use crate::observe::{FailedBy, ObservationId, Occurrence, Refusal};
use crate::units::Duration;
use crate::units::Time;
use crate::world::{Action, CrewId, NodeId};

/// After so many of its time constants a decaying surge is over: a thousandth is left.
const DECAYS_UNTIL_OVER: f64 = 7.0;

impl Engine<'_> {
    /// Draws the first failures, tests and shocks.
    pub(super) fn start_faults(&mut self) {
        for (i, crew) in self.world.crews.iter().enumerate() {
            for (at, _) in &crew.hands {
                self.events.push(*at, Event::HandsChange(CrewId::new(i)));
            }
        }
        for i in 0..self.world.nodes.len() {
            let id = NodeId::new(i);
            self.start_lives(id);
            if let Some(every) = self.world.nodes[i].tested_every {
                self.events.push(self.world.calendar.repeated(Time::ZERO, every, 1), Event::Test(id));
            }
        }
        for i in 0..self.world.shocks.len() {
            self.next_shock(i);
        }
    }

    /// A life is over, unless its end is void.
    pub(super) fn fail_by_itself(&mut self, id: NodeId, struck: Option<Struck>) {
        if let Some(struck) = struck {
            let by = if struck.on_fix() > 0 { FailedBy::OnTemporaryFix } else { FailedBy::Itself };
            self.fail_members(id, &struck, by, None, self.world.nodes[id.at()].hidden);
        }
    }

    /// A common cause strikes, unless another time was drawn for it since.
    pub(super) fn shock(&mut self, index: usize, token: u32) {
        if self.state.shock_tokens[index] != token {
            return;
        }
        for id in &self.world.shocks[index].of {
            if !self.world.nodes[id.at()].hidden {
                self.crash_what_is_down(*id, None);
            }
            if let Some(struck) = self.first_working(*id, u64::MAX) {
                self.fail_members(*id, &struck, FailedBy::Shock(index), None, self.world.nodes[id.at()].hidden);
            }
        }
        self.next_shock(index);
    }

    fn next_shock(&mut self, index: usize) {
        let wait = self.world.shocks[index].every.draw(&mut self.state.shocks[index]);
        let token = self.state.shock_tokens[index];
        self.events.push(self.now.after(wait), Event::Shock { index: index as u32, token });
    }

    /// Members fail; unless nobody notices, their repair begins.
    fn fail_members(
        &mut self,
        id: NodeId,
        struck: &Struck,
        by: FailedBy,
        repaired_after: Option<Duration>,
        hidden: bool,
    ) {
        let seen = self.see(Occurrence::Failed { node: id, members: struck.members(), by, hidden });
        self.lives_end(id, struck, hidden);
        self.touch_node(id, Some(seen));
        self.pools_go_on(id, struck);
        if !hidden {
            self.begin_repairs(id, struck, repaired_after, Some(seen));
        }
    }

    pub(super) fn proof_test(&mut self, id: NodeId) {
        if self.state.nodes[id.at()].hidden > 0 {
            self.find_hidden(id, false);
        } else {
            self.see(Occurrence::Tested(id));
        }
        if let Some(every) = self.world.nodes[id.at()].tested_every {
            self.state.nodes[id.at()].tests += 1;
            let next = self.world.calendar.repeated(Time::ZERO, every, self.state.nodes[id.at()].tests + 1);
            self.events.push(next, Event::Test(id));
        }
    }

    /// A hidden failure comes to light. With a repair of its own it is now repaired; without one it is put right at once.
    pub(super) fn find_hidden(&mut self, id: NodeId, on_demand: bool) {
        let seen = self.see(Occurrence::Found { node: id, on_demand });
        let state = &mut self.state.nodes[id.at()];
        let members = std::mem::take(&mut state.hidden);
        let mut who = Vec::new();
        for (i, member) in state.members.iter_mut().enumerate().filter(|(_, member)| member.is == Is::Unnoticed) {
            member.is = Is::Failed;
            who.push(i as u32);
        }
        if self.world.nodes[id.at()].repair.is_some() {
            state.failed += members;
            for i in 0..members as usize {
                self.begin_repair(id, who.get(i).copied(), self.now, Some(seen));
            }
        } else {
            self.lives_begin(id, &who, Law::Own);
        }
        self.touch_node(id, Some(seen));
    }

    /// Maintenance puts new members in: whatever was failed, hidden, on a temporary fix or old is as new.
    pub(super) fn replace(&mut self, id: NodeId) {
        let seen = self.see(Occurrence::Replaced(id));
        self.call_repairs_off(id);
        self.touch_node(id, Some(seen));
        self.all_lives_begin(id);
    }

    /// A step of the drill is due. What it may be refused for is told where it matters.
    pub(super) fn inject(&mut self, step: usize) {
        let _ = self.act(self.world.drill[step].1.clone(), By::Drill(step));
    }

    /// A fault, a surge, a word: what it sets going goes by the number of the step.
    pub(super) fn strike(&mut self, action: &Action, step: usize) -> Result<(), Refusal> {
        match action {
            Action::Crash(id, repaired_after, members) => {
                let lasts = members.is_none() && self.crash_what_is_down(*id, *repaired_after);
                match self.first_working(*id, members.unwrap_or(u64::MAX)) {
                    Some(struck) => self.fail_members(*id, &struck, FailedBy::Drill, *repaired_after, false),
                    // Nobody more has failed, but who has is away for longer.
                    None if lasts => {
                        self.see(Occurrence::Failed { node: *id, members: 0, by: FailedBy::Drill, hidden: false });
                    }
                    None => return Err(Refusal::Down),
                }
            }
            Action::FailHidden(id) => {
                let struck = self.first_working(*id, u64::MAX).ok_or(Refusal::Down)?;
                self.fail_members(*id, &struck, FailedBy::Drill, None, true);
            }
            Action::Gray { node, loses, lasts, .. } => {
                let seen = self.see(Occurrence::Gray(*node, *loses));
                self.disturb(step, *lasts, seen);
                self.look_at_every_group();
            }
            Action::Slow(stations, by, lasts) => {
                for station in stations {
                    self.state.stations[station.at()].slow *= by;
                    let seen = self.see(Occurrence::Slowed(*station, *by));
                    self.cause = Some(seen);
                }
                let seen = self.cause.unwrap_or(ObservationId(0));
                self.disturb(step, *lasts, seen);
            }
            Action::SlowServers { stations, servers, by, lasts, .. } => {
                let mut seen = ObservationId(0);
                for station in stations {
                    seen = self.see(Occurrence::ServersSlowed { station: *station, servers: *servers, by: *by });
                }
                self.disturb(step, *lasts, seen);
            }
            Action::Cut(link, lasts) => {
                let seen = self.see(Occurrence::LinkCut(*link, true));
                self.disturb(step, *lasts, seen);
                self.state.links_cut[link.at()] += 1;
                self.reroute();
            }
            Action::Withdraw(spread, place, lasts) => {
                let seen = self.see(Occurrence::Withdrawn { spread: *spread, place: *place, withdrawn: true });
                self.disturb(step, *lasts, seen);
                self.lead_anew(*spread, seen);
            }
            Action::Surge { people, feature, by, ramp, lasts, falls, decays } => {
                let seen = self.see(Occurrence::Surge(*people, true));
                // A decay is over when nobody notices it any more.
                let fades = Duration::from_seconds(decays.seconds() * DECAYS_UNTIL_OVER + falls.seconds());
                let over = lasts.map(|lasts| Duration(lasts.0.saturating_add(ramp.0).saturating_add(fades.0)));
                let over = if fades == Duration::ZERO { *lasts } else { over };
                self.disturb(step, over, seen);
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
            Action::SwitchOff(of, lasts) => of.iter().for_each(|of| self.switch_off(*of, *lasts, None)),
            Action::SwitchOn(of) => of.iter().for_each(|of| self.switch_on(*of)),
            Action::Flush(stations) => self.flush(stations),
            Action::Destroy(store) => self.destroy(*store)?,
            // Words change nothing that flows.
            Action::Decide(_) => {
                self.see(Occurrence::Decision(step));
                return Ok(());
            }
            Action::Tell(_) => {
                self.see(Occurrence::Told(step));
                return Ok(());
            }
            // These do not come here: `act` has sent them elsewhere.
            Action::FailOver(..)
            | Action::Order(_)
            | Action::TakeBack(_)
            | Action::AnnounceMaintenance
            | Action::BeginMaintenance
            | Action::CallOffMaintenance
            | Action::CallVendor(_)
            | Action::RepairForGood(_) => return Err(Refusal::Unknown),
        }
        self.flow_dirty = true;
        Ok(())
    }

    fn disturb(&mut self, step: usize, lasts: Option<Duration>, why: ObservationId) {
        self.cause = Some(why);
        self.state.disturbances.push(Disturbance { step, active: true, why });
        if let Some(lasts) = lasts {
            let index = (self.state.disturbances.len() - 1) as u32;
            self.events.push(self.now.after(lasts), Event::Ends(index));
        }
        self.paths_dirty = true;
        self.flow_dirty = true;
    }

    pub(super) fn condition_ends(&mut self, index: usize) {
        let Disturbance { step, why, .. } = self.state.disturbances[index];
        self.state.disturbances[index].active = false;
        self.cause = Some(why);
        match &self.action(step).clone() {
            Action::Gray { node, .. } => {
                let seen = self.see(Occurrence::Gray(*node, 0.0));
                self.cause = Some(seen);
                self.look_at_every_group();
            }
            Action::Slow(stations, by, _) => {
                for station in stations {
                    self.state.stations[station.at()].slow /= by;
                    self.see(Occurrence::Slowed(*station, 1.0));
                }
            }
            Action::SlowServers { stations, servers, .. } => {
                for station in stations {
                    self.see(Occurrence::ServersSlowed { station: *station, servers: *servers, by: 1.0 });
                }
            }
            Action::Cut(link, _) => {
                let seen = self.see(Occurrence::LinkCut(*link, false));
                self.cause = Some(seen);
                self.state.links_cut[link.at()] -= 1;
                self.reroute();
            }
            Action::Withdraw(spread, place, _) => {
                let seen = self.see(Occurrence::Withdrawn { spread: *spread, place: *place, withdrawn: false });
                self.lead_anew(*spread, seen);
            }
            Action::Surge { people, .. } => {
                self.close_span();
                self.state.surges.retain(|s| s.step != step);
                self.see(Occurrence::Surge(*people, false));
            }
            _ => {}
        }
        self.paths_dirty = true;
        self.flow_dirty = true;
    }

    pub(super) fn reroute(&mut self) {
        self.find_routes();
        self.look_at_every_group();
        self.look_at_gates_across_sites();
        self.paths_dirty = true;
    }

    /// What the checkers see has changed, though nothing has failed.
    pub(super) fn look_at_every_group(&mut self) {
        self.groups_dirty.extend((0..self.world.groups.len()).map(crate::world::GroupId::new));
    }
}
