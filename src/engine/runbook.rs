//! Procedures: ordered by the clock or by what is seen, done by people in their hours, in effect step by step.

use super::act::By;
use super::core::Engine;
use super::event::{Event, Step};
use super::state::runbook::{ProcedureStage, Restriction, Shedding};
use super::state::waits::Wait;
use crate::observe::{Occurrence, Refusal};
use crate::units::{Duration, Time};
use crate::world::{Action, Amount, Automation, Effect, LinkId, PopId, SiteId, StationId};

impl Engine<'_> {
    pub(super) fn start_procedures(&mut self) {
        for (i, procedure) in self.world.procedures.iter().enumerate().filter(|(_, procedure)| !procedure.muted) {
            if let Some(at) = procedure.at {
                self.events.push(at, Event::Procedure { index: i as u32, step: Step::Order });
            }
            if let Some(until) = procedure.until {
                self.events.push(until, Event::Procedure { index: i as u32, step: Step::TakeBack });
            }
        }
    }

    pub(super) fn procedure_due(&mut self, index: usize, step: Step) {
        self.cause = self.state.procedures[index].why;
        match step {
            // Ordered already by a condition, it is not ordered again by the clock.
            Step::Order if self.is_held_back(Automation::Procedure(index)) => {}
            Step::Order => drop(self.act(Action::Order(index), By::Runbook)),
            Step::Begin(order) | Step::Phase(order) if order != self.state.procedures[index].order => {}
            Step::Begin(_) => self.begin(index),
            Step::Phase(_) => self.phase(index),
            Step::Mend(order) => self.mend(index, order),
            Step::TakeBack => self.take_back(index),
            Step::RollBack => self.roll_back(index),
            Step::Again => self.again(index),
        }
    }

    /// Somebody, or something that watches, orders a procedure: once.
    pub(super) fn order(&mut self, index: usize) -> Result<(), Refusal> {
        let state = self.state.procedures.get_mut(index).ok_or(Refusal::Unknown)?;
        match state.stage {
            ProcedureStage::Waiting => {}
            ProcedureStage::Over => return Err(Refusal::TakenBack),
            _ => return Err(Refusal::OrderedAlready),
        }
        state.stage = ProcedureStage::Ordered;
        state.order += 1;
        let seen = self.see(Occurrence::Ordered(index));
        self.state.procedures[index].why = Some(seen);
        self.cause = Some(seen);
        self.begin(index);
        Ok(())
    }

    /// When somebody of a team is next there.
    pub(super) fn on_duty_from(&self, team: usize) -> Time {
        let team = &self.world.teams[team];
        let at = self.now.max(team.from);
        team.hours.as_ref().map_or(at, |hours| hours.next(&self.world.calendar, at))
    }

    /// When those who are on duty may go home: the next time at which their hours could end.
    pub(super) fn off_duty_from(&self, team: usize) -> Time {
        let hours = &self.world.teams[team].hours;
        hours.as_ref().map_or(Time::NEVER, |hours| hours.next_edge(&self.world.calendar, self.now))
    }

    /// Work begins as soon as there is somebody to do it.
    fn begin(&mut self, index: usize) {
        let procedure = &self.world.procedures[index];
        if self.state.procedures[index].stage != ProcedureStage::Ordered || self.state.procedures[index].at_work {
            // It was taken back while it waited for somebody, or was ordered again and has begun.
            return;
        }
        let order = self.state.procedures[index].order;
        let mut longer = 1.0;
        if let Some(by) = procedure.by {
            let from = self.on_duty_from(by);
            if from > self.now {
                self.events.push(from, Event::Procedure { index: index as u32, step: Step::Begin(order) });
                return;
            }
            let team = &self.world.teams[by];
            let state = &mut self.state.teams[by];
            if state.busy >= team.at_once {
                state.waiting.push_back(index);
                return;
            }
            state.busy += 1;
            self.state.procedures[index].at_work = true;
            if let (Some((after, factor)), Some(hours)) = (team.tired, &team.hours)
                && hours.since_start(&self.world.calendar, self.now) >= after
            {
                longer = factor;
            }
        }
        let lead =
            procedure.lead.as_ref().map_or(0.0, |lead| lead.draw(&mut self.state.procedures[index].lead).seconds());
        let due = self.now.after(Duration::from_seconds(lead * longer));
        self.state.procedures[index].first_at = due;
        if due == self.now {
            self.phase(index);
        } else {
            let event = Event::Procedure { index: index as u32, step: Step::Phase(order) };
            match &procedure.lead {
                Some(law) => self.events.push_drawn(self.now, due, event, || Wait::Of(law.clone(), longer)),
                None => self.events.push(due, event),
            }
        }
    }

    /// Whether a step has to wait for a service that it needs.
    fn is_stuck(&mut self, index: usize) -> bool {
        let needs = &self.world.procedures[index].needs;
        let missing = needs.iter().find(|service| !self.serves_where_needed(**service, None)).copied();
        let was = std::mem::replace(&mut self.state.procedures[index].stuck, missing.is_some());
        if let Some(service) = missing.filter(|_| !was) {
            let stations = self.world.services[service.at()].stations.iter();
            let why = stations.filter_map(|station| self.state.stations[station.at()].why).max();
            self.see_because(Occurrence::Stuck { measure: index, service }, why.or(self.cause));
        }
        missing.is_some()
    }

    /// Services are there again: steps that have waited for them are taken.
    pub(super) fn go_on_with_what_was_stuck(&mut self) {
        for index in 0..self.state.procedures.len() {
            let needs = &self.world.procedures[index].needs;
            if self.state.procedures[index].stuck && needs.iter().all(|s| self.serves_where_needed(*s, None)) {
                self.state.procedures[index].stuck = false;
                let order = self.state.procedures[index].order;
                self.events.push(self.now, Event::Procedure { index: index as u32, step: Step::Phase(order) });
            }
        }
    }

    /// One step: in effect, or gone wrong.
    fn phase(&mut self, index: usize) {
        let procedure = &self.world.procedures[index];
        let order = self.state.procedures[index].order;
        if let Some(hours) = &procedure.hours {
            let from = hours.next(&self.world.calendar, self.now);
            if from > self.now {
                self.events.push(from, Event::Procedure { index: index as u32, step: Step::Phase(order) });
                return;
            }
        }
        if self.is_stuck(index) {
            return;
        }
        let done = match self.state.procedures[index].stage {
            ProcedureStage::Phase(done) => done,
            ProcedureStage::Ordered if self.now >= self.state.procedures[index].first_at => 0,
            _ => return,
        };
        self.state.procedures[index].stage = ProcedureStage::Phase(done);
        if procedure.fails > 0.0 && self.state.procedures[index].risks.chance(procedure.fails) {
            let seen = self.see(Occurrence::PhaseFailed(index));
            self.cause = Some(seen);
            self.break_what_is_touched(index);
            let mended = self.now.after(procedure.breaks);
            self.events.push(mended, Event::Procedure { index: index as u32, step: Step::Mend(order) });
            return;
        }
        if !self.goes_on(index, done) || self.goes_wrong(index) {
            return;
        }
        let now = done + 1;
        let mut short = false;
        for action in 0..procedure.actions.len() {
            short |= self.take_effect(index, action, now);
        }
        if procedure.switches().is_some_and(|switches| switches == self.state.procedures[index].refused) {
            // All that it does has been refused: nothing is in effect.
            self.state.procedures[index].stage = ProcedureStage::Over;
            self.free_team(index);
            self.again_later(index);
            return;
        }
        let seen = self.see(Occurrence::Effect { measure: index, phase: now, short });
        self.state.procedures[index].why = Some(seen);
        self.cause = Some(seen);
        self.state.procedures[index].stage = ProcedureStage::Phase(now);
        if now == 1 {
            self.is_in_force(index);
        }
        if now >= procedure.count {
            self.state.procedures[index].stage = ProcedureStage::Done;
            self.free_team(index);
            if procedure.back_when.is_none() {
                self.again_later(index);
            }
        } else {
            let next = self.now.after(procedure.pause);
            self.events.push(next, Event::Procedure { index: index as u32, step: Step::Phase(order) });
        }
        self.flow_dirty = true;
        self.paths_dirty = true;
    }

    pub(super) fn free_team(&mut self, index: usize) {
        let Some(by) = self.world.procedures[index].by else { return };
        if !std::mem::take(&mut self.state.procedures[index].at_work) {
            return;
        }
        let team = &mut self.state.teams[by];
        team.busy = team.busy.saturating_sub(1);
        if let Some(next) = team.waiting.pop_front() {
            let (cause, why) = (self.cause, self.state.procedures[next].why);
            self.cause = why;
            self.begin(next);
            self.cause = cause;
        }
    }

    /// A step that goes wrong takes out as many servers as it should have added.
    fn break_what_is_touched(&mut self, index: usize) {
        let procedure = &self.world.procedures[index];
        let mut all = Vec::new();
        for (i, action) in procedure.actions.iter().enumerate() {
            if let Effect::AddServers(station, amount) = action {
                let total = self.total_of(index, i, *station, *amount);
                let broken = (total / f64::from(procedure.count)).abs().ceil() as u64;
                self.state.stations[station.at()].broken += broken;
                all.push((*station, broken));
            }
        }
        self.state.procedures[index].broken.push_back(all);
        self.flow_dirty = true;
    }

    /// What was broken first is mended first: all of it takes as long.
    fn mend(&mut self, index: usize, order: u32) {
        for (station, broken) in self.state.procedures[index].broken.pop_front().unwrap_or_default() {
            let state = &mut self.state.stations[station.at()];
            state.broken = state.broken.saturating_sub(broken);
        }
        self.see(Occurrence::Mended(index));
        if order == self.state.procedures[index].order {
            let next = self.now.after(self.world.procedures[index].pause);
            self.events.push(next, Event::Procedure { index: index as u32, step: Step::Phase(order) });
        }
        self.flow_dirty = true;
    }

    /// What an action comes to in all, fixed when it first begins.
    fn total_of(&mut self, index: usize, action: usize, station: StationId, amount: Amount) -> f64 {
        let servers = self.servers(station) as f64;
        let total = &mut self.state.procedures[index].totals[action];
        if *total == 0.0 {
            *total = match amount {
                Amount::Times(by) => (servers * (by - 1.0)).round(),
                Amount::More(more) => more as f64,
            };
        }
        *total
    }

    /// Does the part of an action that belongs to a step. Says whether less came than was asked for.
    fn take_effect(&mut self, index: usize, action: usize, phase: u32) -> bool {
        let procedure = &self.world.procedures[index];
        let part = f64::from(phase) / f64::from(procedure.count);
        let first = phase == 1;
        let mut short = false;
        match &procedure.actions[action] {
            Effect::AddServers(station, amount) => {
                let total = self.total_of(index, action, *station, *amount);
                let wanted = (total * part).round() - self.state.procedures[index].given[action];
                self.state.procedures[index].given[action] += wanted;
                let got = self.take_from_provider(*station, wanted as i64);
                self.state.stations[station.at()].extra += got;
                short = got < wanted as i64;
            }
            Effect::AddNetwork(link, by) => {
                // By what this step widens it, whatever else has widened it in between.
                let before = 1.0 + (by - 1.0) * f64::from(phase - 1) / f64::from(procedure.count);
                self.state.links_factor[link.at()] *= (1.0 + (by - 1.0) * part) / before;
            }
            Effect::MovePeople(people, site, share) => {
                self.move_people(*people, *site, share / f64::from(procedure.count));
            }
            Effect::FreeHardware(give, get, servers) => {
                let wanted = (*servers as f64 * part).round() - self.state.procedures[index].given[action];
                let got = (wanted as i64).min(self.servers(*give) as i64);
                self.state.procedures[index].given[action] += got as f64;
                self.state.stations[give.at()].extra -= got;
                self.state.stations[get.at()].extra += got;
                short = got < wanted as i64;
            }
            Effect::Restrict { uses, .. } if first => {
                let same = |r: &Restriction| (r.procedure, r.action) == (index, action) && !r.over;
                let again = self.state.restrictions.iter().any(same);
                for i in (0..uses.len()).filter(|_| !again) {
                    self.state.restrictions.push(Restriction {
                        procedure: index,
                        action,
                        index: i,
                        cursor: 0,
                        put_off: 0.0,
                        release: 0.0,
                        open: false,
                        over: false,
                    });
                }
            }
            Effect::Stagger { people, .. } if first => {
                self.state.staggers[people.at()] = Some((index, action));
                self.state.stagger_cursors[people.at()] = (0, 0);
            }
            Effect::Hotfix { service, takes, bad, worse, rolled_back_after } if first => {
                let is_bad = *bad > 0.0 && self.state.procedures[index].releases.chance(*bad);
                let by = if is_bad { *worse } else { *takes };
                for station in &self.world.services[service.at()].stations {
                    self.state.stations[station.at()].takes *= by;
                }
                if is_bad {
                    let seen = self.see(Occurrence::BadRelease(index));
                    self.state.procedures[index].why = Some(seen);
                    let due = self.now.after(*rolled_back_after);
                    self.events.push(due, Event::Procedure { index: index as u32, step: Step::RollBack });
                }
            }
            Effect::Shed { .. } if first => {
                self.state.sheddings.retain(|s| (s.procedure, s.action) != (index, action));
                self.state.sheddings.push(Shedding { procedure: index, action, from: self.now, eased: 0.0 });
            }
            Effect::Shed { eases_by_steps: true, .. } => self.ease(index, phase),
            Effect::Dim(service, share) if first => {
                let dims = &mut self.state.dims[service.at()];
                dims.retain(|dim| dim.0 != index);
                dims.push((index, *share));
            }
            Effect::SwitchOver(group, member) if first => {
                let done = self.act(Action::FailOver(*group, *member), By::Procedure(index));
                self.state.procedures[index].refused += u32::from(done.is_err());
            }
            Effect::Flush(stations) if first => self.flush(stations),
            Effect::Restore(store, from) if first => {
                if let Err(reason) = self.restore(*store, *from) {
                    self.see(Occurrence::RestoreRefused { store: *store, by: index, reason });
                    self.state.procedures[index].refused += 1;
                }
            }
            Effect::SwitchOff(Some(of), lasts) if first => self.switch_off(*of, *lasts, Some(index)),
            Effect::SwitchOn(Some(of)) if first => self.switch_on(*of),
            Effect::Tell(_) if first => {
                self.see(Occurrence::ToldBy { measure: index, action });
            }
            Effect::Decide(_) if first => {
                self.see(Occurrence::DecisionBy { measure: index, action });
            }
            _ => {}
        }
        short
    }

    /// What a provider still has, up to what is wanted.
    pub(super) fn take_from_provider(&mut self, station: StationId, wanted: i64) -> i64 {
        let site = self.world.stations[station.at()].site;
        let Some(id) = self.world.sites[site.at()].provider_id else { return wanted };
        let provider = &self.world.providers[id];
        let taken = &mut self.state.providers_taken[id];
        let got = match provider.spare {
            Some(spare) => {
                let left = provider.left.at(self.now, &mut 0).0;
                let there = (spare as f64 * left).floor() as i64 - *taken;
                wanted.min(there.max(0))
            }
            None => wanted,
        };
        *taken += got;
        got
    }

    /// A share of a population moves to another site for good.
    fn move_people(&mut self, people: PopId, site: SiteId, share: f64) {
        let why = self.cause;
        self.state.steering[people.at()].move_share(site, share);
        self.see_because(Occurrence::SteeringBegan { people, to: site }, why);
        self.paths_dirty = true;
    }

    /// The capacity of a link now, in bits per second.
    pub(super) fn link_bps(&self, link: LinkId) -> f64 {
        self.world.links[link.at()].bandwidth_bps * self.state.links_factor[link.at()]
    }
}
