//! What chance has still to decide, drawn anew in a fork: what has happened stays, and so does what is known of it.
//!
//! A wait that was drawn and is not over is known to be longer than it has lasted. Given that, all of it is drawn anew: lives by
//! [`clocks`](super::clocks), repairs, vendors, parts, decisions, phases, orders, works and reserves by the law by which they were
//! drawn. What was drawn and has not begun is drawn anew as it is. Whatever is drawn later comes from streams that go on with other
//! luck. A failure that nobody has noticed has happened. Health checks that have seen one thing and then another go on counting
//! as they were: of those nothing but their phase was drawn, and by then they have told it. A restore that is being read goes on.

use super::core::Engine;
use super::event::Event;
use super::state::groups::Stage;
use super::state::nodes::Stage as RepairStage;
use crate::rng::{Luck, Stream};
use crate::units::{Duration, Time};
use crate::world::{GroupId, NodeId};

/// Tries to draw anew what health checks may still come to.
const TRIES: usize = 200;

impl Engine<'_> {
    /// Draws anew what has still to come.
    pub(super) fn draw_rest_anew(&mut self, luck: Luck) {
        // Its clock is that of its last event, and what is pending has lasted until here.
        self.now = self.now.max(self.reached);
        self.luck = luck;
        self.streams_go_on(luck);
        self.waits_anew(luck);
        self.reserves_anew(luck);
        self.repairs_anew();
        self.maintenance_anew();
        for i in 0..self.world.groups.len() {
            self.watch_anew(GroupId::new(i));
        }
        let clocks = self.clocks(Duration(1));
        let mut stream = Stream::new(luck, "", "what has still to fail");
        self.draw_anew(&clocks, None, &mut stream);
    }

    /// Every stream goes on with other luck.
    fn streams_go_on(&mut self, luck: Luck) {
        let state = &mut self.state;
        let mut all: Vec<&mut Stream> = Vec::new();
        for node in &mut state.nodes {
            all.extend(&mut node.failures);
            all.extend(node.ages.as_deref_mut());
            if let Some(of) = node.repairs.as_deref_mut() {
                all.extend([&mut of.takes, &mut of.vendor, &mut of.restock, &mut of.arrives, &mut of.for_good]);
                all.extend([&mut of.without, &mut of.fails, &mut of.again]);
            }
        }
        for of in state.groups.iter_mut().filter_map(|group| group.streams.as_deref_mut()) {
            all.extend([&mut of.detect, &mut of.decide, &mut of.demand, &mut of.phases]);
            all.extend([&mut of.phase_fails, &mut of.by_hand, &mut of.alarms, &mut of.verify_fails]);
        }
        for of in &mut state.procedures {
            all.extend([&mut of.lead, &mut of.risks, &mut of.wrongs, &mut of.releases]);
        }
        all.extend(state.shocks.iter_mut().chain(&mut state.starts));
        all.extend([&mut state.maintenance.durations, &mut state.maintenance.rollbacks]);
        all.extend(state.spreads.iter_mut().map(|spread| &mut spread.luck));
        for store in &mut state.flow.stores {
            all.extend(store.replicas.iter_mut().map(|replica| &mut replica.luck));
            all.extend(store.backups.iter_mut().flat_map(|backup| [&mut backup.luck, &mut backup.takes]));
        }
        all.into_iter().for_each(|stream| stream.go_on_with(luck));
    }

    /// Waits that were drawn and are not over.
    fn waits_anew(&mut self, luck: Luck) {
        let now = self.now;
        let mut waits = self.events.take_drawn(now);
        for wait in &mut waits {
            let mut stream = Stream::new(luck, &wait.sequence.to_string(), "wait drawn anew");
            let Some(all) = wait.wait.drawn_anew(now.since(wait.begun), &mut stream) else { continue };
            let before = std::mem::replace(&mut wait.due, wait.begun.after(all).max(now.after(Duration(1))));
            self.is_due_then(wait.event, before, wait.due);
        }
        self.events.put_drawn(waits);
    }

    /// Who has noted when something is due notes the other time.
    fn is_due_then(&mut self, event: Event, before: Time, due: Time) {
        match event {
            Event::Procedure { index, .. } if self.state.procedures[index as usize].first_at == before => {
                self.state.procedures[index as usize].first_at = due;
            }
            Event::HandsChange(_) => {
                let waits = self.state.jobs.iter_mut().filter(|job| job.without_at == Some(before));
                waits.for_each(|job| job.without_at = Some(due));
            }
            Event::Maintenance { .. } if self.state.maintenance.ends_at == before => {
                self.state.maintenance.ends_at = due;
            }
            _ => {}
        }
    }

    fn reserves_anew(&mut self, luck: Luck) {
        for (i, node) in self.world.nodes.iter().enumerate() {
            let (Some(of), Some(reserve)) = (&node.reserve, self.state.nodes[i].reserve.as_mut()) else { continue };
            if let Some(until) = reserve.drawn_anew(of, self.now, luck) {
                self.events.push(until, Event::UsedUp(NodeId::new(i)));
            }
        }
    }

    /// Repairs whose hands have not begun: nobody knows yet how long those will take.
    fn repairs_anew(&mut self) {
        for index in 0..self.state.jobs.len() {
            let job = &self.state.jobs[index];
            if !matches!(job.stage, RepairStage::Sought | RepairStage::Ready) {
                continue;
            }
            let (id, temporary, on_call) = (job.node, job.temporary, job.on_call);
            let Some((takes, arrives)) = self.laws_of_hands(id, temporary) else { continue };
            let vendor = self.world.nodes[id.at()].repair.as_ref().and_then(|repair| repair.vendor.as_ref());
            let luck = self.repair_luck(id);
            let takes = takes.draw(&mut luck.takes);
            let arrives = arrives.map_or(Duration::ZERO, |arrives| arrives.draw(&mut luck.arrives));
            let on_call = on_call.zip(vendor).map(|(_, vendor)| vendor.draw(&mut luck.vendor));
            let job = &mut self.state.jobs[index];
            (job.takes, job.arrives) = (takes, arrives);
            job.on_call = on_call.or(job.on_call);
        }
    }

    /// Health checks that have not noticed a failure yet, and have seen the same since it came; and the next false alarm.
    fn watch_anew(&mut self, id: GroupId) {
        let state = &self.state.groups[id.at()];
        match state.stage {
            Stage::Idle => self.next_false_alarm(id),
            Stage::Detecting => {
                let Some(watch) = state.watch.clone().filter(|watch| watch.turns == 1 && watch.well_since.is_none())
                else {
                    return;
                };
                let now = std::mem::replace(&mut self.now, watch.began);
                let mut alarm = None;
                for _ in 0..TRIES {
                    self.state.groups[id.at()].watch = None;
                    let at = self.keep_watch(id);
                    if at > now {
                        alarm = Some(at);
                        break;
                    }
                }
                self.now = now;
                match alarm {
                    Some(alarm) => self.due(id, alarm.since(now)),
                    None => self.state.groups[id.at()].watch = Some(watch),
                }
            }
            _ => {}
        }
    }
}
