//! The handoff: from what flows to single requests, and back.
//!
//! Where a queue is at rest, the flow counts a request as served when it arrives: those who are under way then, by Little's
//! law, become ghosts, which take room and count nowhere. Where a queue moves, those who wait have not been counted yet: they
//! become requests that will be. Back in the flow, whoever waits in a long queue waits on, whoever is under way has been served.

use super::state::backend_pool::NONE;
use super::state::due::{Due, Kind};
use super::state::flow_before::FlowBefore;
use super::state::program::{OUTSIDE, Op};
use super::state::requests::Requests;
use super::state::slots::{GHOST, NOBODY, ORPHAN, QUEUED, SEAM, SERVED};
use super::state::source::Source;
use crate::engine::core::Engine;
use crate::engine::state::flow::{Regime, Stretch};
use crate::rng::Stream;
use crate::units::{Duration, Time};
use crate::world::StationId;
use std::collections::BTreeMap;

/// Rounds so that sums are kept.
#[derive(Debug, Default)]
struct Carry(f64);

impl Carry {
    fn whole(&mut self, amount: f64) -> u64 {
        self.0 += amount;
        let whole = self.0.floor().max(0.0);
        self.0 -= whole;
        whole as u64
    }
}

/// One who waits in a line that is followed from now on.
#[derive(Debug, Clone, Copy)]
struct InLine {
    came_s: f64,
    /// How long it had waited elsewhere.
    before_s: f64,
    of: usize,
    /// Whether somebody still waits for it.
    counts: bool,
}

/// Of those of a use for whom it is not too late, so many, spread over the line as they are.
fn counted_in_line(stretches: &[Stretch], of: usize, count: u64, line: &mut Vec<InLine>) {
    let mine = |stretch: &'_ Stretch| -> Vec<(usize, f64, f64, f64)> {
        stretch.of.iter().filter(|member| member.0 == of && member.2 > 0.0).copied().collect()
    };
    let all: f64 = stretches.iter().flat_map(mine).map(|member| member.2).sum();
    let (mut placed, mut up_to) = (0, 0.0);
    for stretch in stretches {
        for (_, count_here, live, before_s) in mine(stretch) {
            let from = up_to;
            up_to += live;
            // Who is too late came first.
            let first = 1.0 - (live / count_here).min(1.0);
            while placed < count {
                let place = (placed as f64 + 0.5) / count as f64 * all;
                if place >= up_to {
                    break;
                }
                let share = first + (1.0 - first) * (place - from) / live;
                line.push(InLine { came_s: stretch.at(share), before_s, of, counts: true });
                placed += 1;
            }
        }
    }
    // By rounding.
    let last_s = stretches.last().map_or(0.0, |stretch| stretch.came_s.1);
    line.extend((placed..count).map(|_| InLine { came_s: last_s, before_s: 0.0, of, counts: true }));
}

/// So many others wait there, for whom it is too late, or who have been counted: of the uses that they are of, where that is known,
/// and else of those whose requests come there.
fn others_in_line(stretches: &[Stretch], visitors: &[(usize, f64)], count: f64, now_s: f64, line: &mut Vec<InLine>) {
    let others = |stretch: &Stretch| (stretch.amount - stretch.of.iter().map(|m| m.2).sum::<f64>()).max(0.0);
    let all: f64 = stretches.iter().map(others).sum();
    let alone = [Stretch { came_s: (now_s, now_s), amount: count, of: Vec::new() }];
    let (stretches, scale) = if all > 0.0 { (stretches, count / all) } else { (alone.as_slice(), 1.0) };
    let mut carries: BTreeMap<usize, Carry> = BTreeMap::new();
    let mut left = (count + 0.5) as u64;
    for stretch in stretches {
        let late = stretch.of.iter().map(|m| (m.0, m.1 - m.2)).filter(|(_, late)| *late > 0.0).collect::<Vec<_>>();
        let uses = if late.is_empty() { visitors } else { late.as_slice() };
        let sum: f64 = uses.iter().map(|(_, weight)| weight).sum();
        // Who is not too late came last.
        let end = others(stretch) / stretch.amount.max(1e-300);
        for (of, weight) in uses {
            let carry = carries.entry(*of).or_default();
            let here = carry.whole(others(stretch) * scale * weight / sum).min(left);
            left -= here;
            line.extend((0..here).map(|k| {
                let came_s = stretch.at(end.min(1.0) * (k as f64 + 0.5) / here as f64);
                InLine { came_s, before_s: 0.0, of: *of, counts: false }
            }));
        }
    }
    // Parts of several uses that are one request together.
    let last_s = stretches.last().map_or(now_s, |stretch| stretch.came_s.1);
    if let Some((of, _)) = visitors.first() {
        line.extend((0..left).map(|_| InLine { came_s: last_s, before_s: 0.0, of: *of, counts: false }));
    }
}

impl Engine<'_> {
    /// From now on every request is followed.
    pub(in crate::engine) fn begin_requests(&mut self) {
        let Some(window) = self.window else { return };
        let (rates, stations) = self.last_flow();
        let felt = self.felt_in_flow();
        self.close_span();
        let mut requests = Requests::new(self.world, self.luck, window);
        requests.now = self.now.0 as u64;
        if self.now > Time::ZERO {
            let luck = Stream::new(self.luck, "seam", "requests under way");
            requests.before = Some(Box::new(FlowBefore { rates, stations, felt, luck }));
        }
        self.requests = Some(Box::new(requests));
        self.paths_dirty = true;
        self.flow_dirty = true;
    }

    /// Those who were under way in the flow.
    pub(super) fn fill(&mut self, requests: &mut Requests, before: &FlowBefore) {
        for (source, feeling) in requests.sources.iter_mut().zip(&before.felt) {
            source.felt.felt_before(*feeling, requests.now);
        }
        let mut luck = before.luck.clone();
        self.fill_ghosts(requests, before, &mut luck);
        self.fill_backlogs(requests, before);
        self.fill_retries(requests);
        for station in 0..self.world.stations.len() {
            if let (Some(cache), None) =
                (&mut requests.station_queues[station].cache, self.state.stations[station].cold_since)
            {
                cache.warm();
            }
        }
        for station in 0..requests.station_queues.len() {
            requests.opened.push_back(station as u32);
            let queue = &mut requests.station_queues[station];
            queue.counts = Default::default();
            queue.counts.waiting_max = queue.waiting;
        }
    }

    /// By Little's law so many are at each operation of a program: its rate times how long it takes.
    fn fill_ghosts(&self, requests: &mut Requests, before: &FlowBefore, luck: &mut Stream) {
        let mut carries: BTreeMap<u32, Carry> = BTreeMap::new();
        let mut waiting: Vec<(u32, u32, u32)> = Vec::new();
        let mut index = 0;
        for of in 0..requests.sources.len() {
            for way in requests.sources[of].ways.clone() {
                let rate = before.rates.get(index).copied().unwrap_or(0.0);
                index += 1;
                if rate <= 0.0 || way.dead {
                    continue;
                }
                for (pc, share) in reached(requests, way.start) {
                    let rate = rate * share;
                    match requests.programs.ops[pc as usize] {
                        Op::Delay(ns) => {
                            let carry = carries.entry(u32::MAX).or_default();
                            for _ in 0..carry.whole(rate * ns as f64 * 1e-9) {
                                if !has_room_around(requests, pc, requests.programs.frame_of[pc as usize]) {
                                    break;
                                }
                                let id = ghost(requests, of as u32, pc + 1);
                                let left = (ns as f64 * luck.uniform()) as u64;
                                let due = Due::new(Kind::Step, id, requests.slots[id].turn);
                                requests.push(requests.now + left, due);
                                hold_outer(requests, id, requests.programs.frame_of[pc as usize]);
                            }
                        }
                        Op::Enter { station, .. } => {
                            let at = &before.stations[station as usize];
                            let rate = rate * (1.0 - at.block);
                            let service = &self.world.services[self.world.stations[station as usize].service.at()];
                            let takes_s = service.takes_mean_s * requests.station_queues[station as usize].slower;
                            let carry = carries.entry(station).or_default();
                            for _ in 0..carry.whole(rate * takes_s) {
                                let queue = requests.emptiest(station);
                                let at = &requests.station_queues[queue as usize];
                                if at.busy >= at.workers || !has_room_around(requests, pc, outer(requests, pc)) {
                                    break;
                                }
                                let id = ghost(requests, of as u32, pc);
                                let slower = requests.station_queues[queue as usize].slower;
                                let left = service.takes.draw_residual(luck).0 as f64 * slower;
                                enter_at(requests, id, pc, queue);
                                serve_ghost(requests, id, queue, left as u64);
                                hold_outer(requests, id, outer(requests, pc));
                            }
                            if at.regime == Regime::Rest {
                                let carry = carries.entry(station | 1 << 31).or_default();
                                for _ in 0..carry.whole(rate * at.wait_mean_s) {
                                    waiting.push((of as u32, pc, station));
                                }
                            }
                        }
                        _ => {}
                    }
                }
            }
        }
        for (of, pc, station) in waiting {
            if !has_room_around(requests, pc, outer(requests, pc)) {
                continue;
            }
            let id = ghost(requests, of, pc);
            let queue = requests.emptiest(station);
            enter_at(requests, id, pc, queue);
            wait_in_line(requests, id, queue, requests.now);
            hold_outer(requests, id, outer(requests, pc));
        }
    }

    /// Queues that were filling or draining: who waits there, in the order in which they came.
    fn fill_backlogs(&mut self, requests: &mut Requests, before: &FlowBefore) {
        let now = requests.now;
        for i in 0..self.world.stations.len() {
            let backlog = self.state.flow.stations[i].fluid_backlog();
            if backlog < 1.0 || before.stations[i].regime == Regime::Rest {
                continue;
            }
            let whole = backlog.floor();
            let stretches = self.state.flow.stations[i].line_of();
            let mut line: Vec<InLine> = Vec::new();
            for of in 0..requests.sources.len() {
                let left = whole - line.len() as f64;
                let count = self.state.flow.take_waiting(StationId::new(i), of).min(left).max(0.0);
                counted_in_line(&stretches, of, count as u64, &mut line);
            }
            let visitors: Vec<(usize, f64)> = (0..requests.sources.len())
                .map(|of| (of, visits(requests, before, of, i as u32)))
                .filter(|(_, visits)| *visits > 0.0)
                .collect();
            let left = whole - line.len() as f64;
            others_in_line(&stretches, &visitors, left, self.now.seconds(), &mut line);
            line.sort_by(|a, b| a.came_s.total_cmp(&b.came_s).then(a.of.cmp(&b.of)));
            let doors: Vec<Option<u32>> =
                (0..requests.sources.len()).map(|of| enters(requests, of as u32, i as u32)).collect();
            let ns = |at_s: f64| Duration::from_seconds(at_s.max(0.0)).0 as u64;
            let mut placed = 0.0;
            for InLine { came_s, before_s, of, counts } in line {
                let Some(pc) = doors[of] else { continue };
                placed += 1.0;
                let id = ghost(requests, of as u32, pc);
                let since = ns(came_s).min(now);
                if counts {
                    let started = ns(came_s - before_s).min(now);
                    requests.slots[id].flags = SEAM;
                    requests.slots[id].started = started;
                    requests.sources[of].felt.comes_over(started, now);
                }
                requests.seam.insert(id, (pc, true));
                let queue = requests.emptiest(i as u32);
                enter_at(requests, id, pc, queue);
                wait_in_line(requests, id, queue, since);
                requests.station_queues[queue as usize].here_before += 1;
                hold_outer(requests, id, outer(requests, pc));
            }
            self.state.flow.stations[i].take_backlog(placed);
        }
    }

    /// What had failed and was about to be tried again.
    fn fill_retries(&mut self, requests: &mut Requests) {
        let now = self.now;
        for of in 0..requests.sources.len() {
            let mut carry = Carry::default();
            for (from, to, rates) in self.state.flow.take_delayed_retries(of, now) {
                for (made, rate) in rates.iter().enumerate() {
                    let count = carry.whole(rate * to.since(from).seconds());
                    for k in 0..count {
                        let call = requests.calls.begin(of as u32, now.0 as u64);
                        requests.sources[of].felt.begins(now.0 as u64);
                        requests.calls[call].attempts = made as u32 + 2;
                        requests.calls[call].backing_off = true;
                        let share = (k as f64 + 0.5) / count as f64;
                        let at = from.after(Duration::from_seconds(to.since(from).seconds() * share));
                        let due = Due::new(Kind::Retry, call, requests.calls[call].life);
                        requests.pending.push(at.0.max(now.0) as u64, due);
                    }
                }
            }
        }
    }

    /// From now on everything flows again.
    pub(in crate::engine) fn end_requests(&mut self) {
        let behind = match &mut self.requests {
            Some(requests) => requests.hand_back(self.world.stations.len()),
            None => return,
        };
        self.close_span();
        let Some(mut requests) = self.requests.take() else { return };
        requests.now = self.now.0 as u64;
        self.followed += requests.events;
        for (i, behind) in behind.iter().enumerate() {
            if *behind {
                self.state.flow.stations[i].add_backlog(requests.station_queues[i].waiting as f64);
            } else {
                self.state.flow.land_parts(StationId::new(i));
            }
        }
        for id in requests.slots.under_way() {
            let slot = requests.slots[id];
            if slot.flags & (GHOST | ORPHAN) != 0 || slot.parent != NOBODY {
                continue;
            }
            let of = slot.of as usize;
            match requests.programs.ops[slot.pc as usize] {
                Op::Enter { station, .. } if slot.is(QUEUED) && behind[station as usize] => {
                    self.state.flow.add_waiting(StationId(station), of);
                }
                _ => self.state.flow.landed[of] += 1.0,
            }
        }
        for call in requests.calls.backing_off() {
            self.state.flow.try_again(call.of as usize, self.now, call.attempts);
        }
        self.window = None;
        self.paths_dirty = true;
        self.flow_dirty = true;
    }
}

impl Requests {
    /// The flow takes over: it counts who is being served as served, and who waits where the queue is behind when he is called.
    /// Gives which queues that are.
    fn hand_back(&mut self, stations: usize) -> Vec<bool> {
        self.sources.iter_mut().for_each(|source| source.felt.forget_overdue());
        let behind: Vec<bool> = (0..stations).map(|i| self.is_behind(i)).collect();
        for queue in &mut self.station_queues {
            let waits = if behind[queue.station as usize] && queue.pool == NONE { queue.waiting } else { 0 };
            queue.counts.served += queue.here().saturating_sub(waits);
        }
        behind
    }
}

/// The operations of a program that a request reaches, and with which probability, as long as nothing fails.
fn reached(requests: &Requests, start: u32) -> Vec<(u32, f64)> {
    let ops = &requests.programs.ops;
    let mut shares: BTreeMap<u32, f64> = BTreeMap::from([(start, 1.0)]);
    let mut found = Vec::new();
    // Programs only go forward.
    while let Some((pc, share)) = shares.pop_first() {
        let mut goes = |to: u32, share: f64| {
            if share > 0.0 {
                *shares.entry(to).or_default() += share;
            }
        };
        match ops[pc as usize] {
            Op::Answered | Op::Failed | Op::Join { .. } => {}
            Op::Goto(to) => goes(to, share),
            Op::Skip { share: skips, to } => {
                goes(to, share * skips);
                goes(pc + 1, share * (1.0 - skips));
            }
            Op::Lose { share: loses, .. } => goes(pc + 1, share * (1.0 - loses)),
            Op::Fork { first, count } => {
                for branch in first..first + count {
                    goes(requests.programs.branches[branch as usize], share);
                }
                goes(pc + 1, share);
            }
            _ => goes(pc + 1, share),
        }
        found.push((pc, share));
    }
    found
}

/// Where requests of a source enter a station.
fn enters(requests: &Requests, of: u32, station: u32) -> Option<u32> {
    let ways = &requests.sources[of as usize].ways;
    ways.iter().find_map(|way| {
        let at = |pc: &(u32, f64)| {
            matches!(requests.programs.ops[pc.0 as usize], Op::Enter { station: here, .. } if here == station)
        };
        reached(requests, way.start).iter().find(|pc| at(pc)).map(|pc| pc.0)
    })
}

/// Visits per second of a source at a station.
fn visits(requests: &Requests, before: &FlowBefore, of: usize, station: u32) -> f64 {
    let first: usize = requests.sources[..of].iter().map(|source: &Source| source.ways.len()).sum();
    let mut sum = 0.0;
    for (nth, way) in requests.sources[of].ways.iter().enumerate() {
        let rate = before.rates.get(first + nth).copied().unwrap_or(0.0);
        for (pc, share) in reached(requests, way.start) {
            if matches!(requests.programs.ops[pc as usize], Op::Enter { station: here, .. } if here == station) {
                sum += rate * share;
            }
        }
    }
    sum
}

fn outer(requests: &Requests, pc: u32) -> u32 {
    let frame = requests.programs.frame_of[pc as usize];
    if frame == OUTSIDE { OUTSIDE } else { requests.programs.frames[frame as usize].parent }
}

fn ghost(requests: &mut Requests, of: u32, pc: u32) -> u32 {
    let class = requests.sources[of as usize].class;
    let id = requests.slots.begin(of, pc, requests.now, class);
    requests.slots[id].flags = GHOST | ORPHAN | SEAM;
    // The flow has counted it at all stations of its way.
    requests.seam.insert(id, (u32::MAX, false));
    id
}

fn serve_ghost(requests: &mut Requests, id: u32, station: u32, left_ns: u64) {
    let turn = requests.slots[id].turn;
    requests.slots[id].flags |= SERVED;
    let queue = &mut requests.station_queues[station as usize];
    queue.busy += 1;
    queue.inside += 1;
    if queue.is_shared() {
        requests.share(station, id, turn, left_ns);
    } else {
        requests.slots[id].until = requests.now + left_ns;
        requests.push(requests.now + left_ns, Due::new(Kind::Step, id, turn));
    }
}

fn wait_in_line(requests: &mut Requests, id: u32, station: u32, since: u64) {
    let slot = &mut requests.slots[id];
    slot.flags |= QUEUED;
    slot.arrived = since;
    let waiting = super::state::station_queue::Waiting { id, turn: slot.turn };
    let class = slot.class;
    let now = requests.now;
    requests.station_queues[station as usize].join(waiting, class, now);
    let base = requests.station_queues[station as usize].station;
    if base != station {
        requests.station_queues[base as usize].one_more_waits(now);
    }
}

/// A request is at an operation that enters a station, and at this queue of it.
fn enter_at(requests: &mut Requests, id: u32, pc: u32, queue: u32) {
    let visit = requests.programs.frames[requests.programs.frame_of[pc as usize] as usize];
    requests.put(id, &visit, queue);
}

/// Whether the stations around an operation have workers left who can be held.
fn has_room_around(requests: &Requests, pc: u32, mut frame: u32) -> bool {
    let own = requests.programs.frame_of[pc as usize];
    let depth = if own == OUTSIDE { 0 } else { requests.programs.frames[own as usize].depth };
    while frame != OUTSIDE {
        let visit = requests.programs.frames[frame as usize];
        if visit.depth < depth {
            return true;
        }
        let queue = &requests.station_queues[requests.emptiest(visit.station) as usize];
        if visit.holds && !queue.is_shared() && queue.busy >= queue.workers {
            return false;
        }
        frame = visit.parent;
    }
    true
}

/// Workers of the visits around an operation are held. A branch stands for itself: what waits for it is not there.
fn hold_outer(requests: &mut Requests, id: u32, mut frame: u32) {
    let pc = requests.slots[id].pc;
    let own = requests.programs.frame_of[pc as usize];
    let depth = if own == OUTSIDE { 0 } else { requests.programs.frames[own as usize].depth };
    requests.slots[id].depth = depth as u8;
    while frame != OUTSIDE {
        let visit = requests.programs.frames[frame as usize];
        if visit.depth < depth {
            return;
        }
        if visit.holds {
            let queue = requests.emptiest(visit.station);
            requests.put(id, &visit, queue);
            let queue = &mut requests.station_queues[queue as usize];
            queue.inside += 1;
            if !queue.is_shared() {
                queue.busy += 1;
            }
        }
        frame = visit.parent;
    }
}
