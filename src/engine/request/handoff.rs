//! The handoff: from what flows to single requests, and back.
//!
//! Where a queue is at rest, the flow counts a request as served when it arrives: those who are under way then, by Little's
//! law, become ghosts, which take room and count nowhere. Where a queue moves, those who wait have not been counted yet: they
//! become requests that will be. Back in the flow, whoever waits in a long queue waits on, whoever is under way has been served.

use super::reach::{enters, reached, visits};
use super::state::backend_pool::NONE;
use super::state::due::{Due, Kind};
use super::state::flow_before::FlowBefore;
use super::state::program::{OUTSIDE, Op};
use super::state::requests::Requests;
use super::state::slots::{CHECK, GHOST, NOBODY, ORPHAN, QUEUED, SEAM, SERVED, token};
use crate::engine::core::Engine;
use crate::engine::state::flow::{OfStretch, OfWaiting, Regime, Stretch, WaitsOn};
use crate::rng::Stream;
use crate::units::{Duration, Time};
use crate::world::{SiteId, StationId};
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
    /// How long it had waited elsewhere, and how many attempts were made before it.
    before_s: f64,
    made: usize,
    of: usize,
    /// Whether somebody still waits for it.
    counts: bool,
}

/// Of those of a use for whom it is not too late, so many, spread over the line as they are.
fn counted_in_line(stretches: &[Stretch], of: usize, count: u64, line: &mut Vec<InLine>) {
    let mine = |stretch: &'_ Stretch| -> Vec<OfStretch> {
        stretch.of.iter().filter(|member| member.of == of && member.live > 0.0).copied().collect()
    };
    let all: f64 = stretches.iter().flat_map(mine).map(|member| member.live).sum();
    let (mut placed, mut up_to) = (0, 0.0);
    for stretch in stretches {
        for OfStretch { count: count_here, live, before_s, made, .. } in mine(stretch) {
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
                line.push(InLine { came_s: stretch.at(share), before_s, made, of, counts: true });
                placed += 1;
            }
        }
    }
    // By rounding.
    let last_s = stretches.last().map_or(0.0, |stretch| stretch.came_s.1);
    line.extend((placed..count).map(|_| InLine { came_s: last_s, before_s: 0.0, made: 0, of, counts: true }));
}

/// So many others wait there, for whom it is too late, or who have been counted: of the uses that they are of, where that is known,
/// and else of those whose requests come there.
fn others_in_line(stretches: &[Stretch], visitors: &[(usize, f64)], count: f64, now_s: f64, line: &mut Vec<InLine>) {
    let others = |stretch: &Stretch| (stretch.amount - stretch.of.iter().map(|m| m.live).sum::<f64>()).max(0.0);
    let all: f64 = stretches.iter().map(others).sum();
    let alone = [Stretch { came_s: (now_s, now_s), amount: count, of: Vec::new() }];
    let (stretches, scale) = if all > 0.0 { (stretches, count / all) } else { (alone.as_slice(), 1.0) };
    let mut carries: BTreeMap<usize, Carry> = BTreeMap::new();
    let mut left = (count + 0.5) as u64;
    for stretch in stretches {
        let late =
            stretch.of.iter().map(|m| (m.of, m.count - m.live)).filter(|(_, late)| *late > 0.0).collect::<Vec<_>>();
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
                InLine { came_s, before_s: 0.0, made: 0, of: *of, counts: false }
            }));
        }
    }
    // Parts of several uses that are one request together.
    let last_s = stretches.last().map_or(now_s, |stretch| stretch.came_s.1);
    if let Some((of, _)) = visitors.first() {
        line.extend((0..left).map(|_| InLine { came_s: last_s, before_s: 0.0, made: 0, of: *of, counts: false }));
    }
}

impl Engine<'_> {
    /// From now on every request is followed.
    pub(in crate::engine) fn begin_requests(&mut self) {
        let Some(window) = self.window else { return };
        let (rates, stations) = self.last_flow();
        let felt = self.felt_in_flow();
        let on_the_way = self.on_the_way();
        self.close_span();
        if !self.has_room_for_window(on_the_way) {
            return;
        }
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
            let service = &self.world.services[self.world.stations[station].service.at()];
            if let (Some(cache), Some(popularity)) = (&mut requests.station_queues[station].cache, &service.popularity)
            {
                let asked = self.state.flow.stations[station].cache.asked;
                match asked >= popularity.full_after() {
                    true => cache.warm(),
                    false => cache.has_seen(asked),
                }
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
        // Attempts whose clients lose patience, by their clock, use and number: timers are set in the order of their time.
        let mut clocks: Vec<(usize, u64, u32)> = Vec::new();
        for i in 0..self.world.stations.len() {
            let backlog = self.state.flow.stations[i].fluid_backlog();
            if backlog < 1.0 || before.stations[i].regime == Regime::Rest {
                self.state.flow.land_parts(StationId::new(i));
                continue;
            }
            let whole = backlog.floor();
            let stretches = self.state.flow.stations[i].line_of();
            let doors: Vec<Option<u32>> =
                (0..requests.sources.len()).map(|of| enters(requests, of as u32, i as u32)).collect();
            let mut line: Vec<InLine> = Vec::new();
            for (of, _) in doors.iter().enumerate().filter(|(_, door)| door.is_some()) {
                let left = whole - line.len() as f64;
                let count = self.state.flow.take_waiting(StationId::new(i), of, left);
                counted_in_line(&stretches, of, count as u64, &mut line);
            }
            let visitors: Vec<(usize, f64)> = (0..requests.sources.len())
                .map(|of| (of, visits(requests, before, of, i as u32)))
                .filter(|(_, visits)| *visits > 0.0)
                .collect();
            let left = whole - line.len() as f64;
            others_in_line(&stretches, &visitors, left, self.now.seconds(), &mut line);
            line.sort_by(|a, b| a.came_s.total_cmp(&b.came_s).then(a.of.cmp(&b.of)));
            let mut placed = 0.0;
            for one in line {
                let Some(pc) = doors[one.of] else { continue };
                placed += 1.0;
                self.place(requests, i as u32, pc, one, &mut clocks);
            }
            self.state.flow.stations[i].take_backlog(placed);
            // Parts of requests, and whoever no way leads here any more, are taken to be served.
            self.state.flow.land_parts(StationId::new(i));
        }
        clocks.sort_unstable();
        for (timer, since, id) in clocks {
            let token = token(id, requests.slots[id].life);
            requests.timers.set(timer, since, token);
        }
    }

    /// One who waits in a line that is followed from now on.
    fn place(&self, requests: &mut Requests, station: u32, pc: u32, one: InLine, clocks: &mut Vec<(usize, u64, u32)>) {
        let now = requests.now;
        let ns = |at_s: f64| Duration::from_seconds(at_s.max(0.0)).0 as u64;
        let InLine { came_s, before_s, made, of, counts } = one;
        let id = under_way(requests, of as u32, pc);
        let since = ns(came_s).min(now);
        if counts {
            let source = &requests.sources[of];
            if source.waits {
                requests.closed_users[source.people as usize].waits_already();
            }
            let set_out = ns(came_s - before_s).min(now);
            let (people, feature) = self.state.flow.use_at(of);
            let wanted = &self.world.features[self.world.people[people].uses[feature].0.at()];
            let each_s = wanted.timeout_s.unwrap_or(0.0) + wanted.retries.map_or(0.0, |retries| retries.after_s);
            let started = set_out.saturating_sub(ns(made as f64 * each_s));
            requests.slots[id].flags = SEAM;
            requests.slots[id].started = started;
            requests.sources[of].felt.comes_over(started, now);
            if requests.sources[of].client.as_ref().is_some_and(|client| client.has_calls()) {
                let call = requests.calls.begin(of as u32, started);
                requests.calls[call].attempts = made as u32 + 1;
                requests.calls[call].at = set_out;
                requests.slots[id].call = call;
                requests.calls.add(call, id);
            }
            if let Some(timer) = requests.sources[of].timer {
                // Nobody's patience has come to an end before it is looked at.
                let least = (now + 1).saturating_sub(requests.timers.length(timer));
                clocks.push((timer, set_out.max(least), id));
            }
        }
        requests.seam.insert(id, (pc, true));
        let queue = requests.emptiest(station);
        enter_at(requests, id, pc, queue);
        wait_in_line(requests, id, queue, since);
        requests.station_queues[queue as usize].here_before += 1;
        hold_outer(requests, id, outer(requests, pc));
    }

    /// What had failed and was about to be tried again.
    fn fill_retries(&mut self, requests: &mut Requests) {
        let now = self.now;
        for of in 0..requests.sources.len() {
            let mut carry = Carry(self.state.flow.take_owed(of));
            for _ in 0..carry.whole(0.0) {
                self.back_off(requests, of, 2, now);
            }
            for (from, to, rates) in self.state.flow.take_delayed_retries(of, now) {
                for (made, rate) in rates.iter().enumerate() {
                    let count = carry.whole(rate * to.since(from).seconds());
                    for k in 0..count {
                        let share = (k as f64 + 0.5) / count as f64;
                        let at = from.after(Duration::from_seconds(to.since(from).seconds() * share));
                        self.back_off(requests, of, made as u32 + 2, at.max(now));
                    }
                }
            }
            // What is left of one is taken to be served, like parts of those who wait.
            self.state.flow.landed[of] += carry.0;
        }
    }

    /// A request is tried again at a time.
    fn back_off(&self, requests: &mut Requests, of: usize, attempts: u32, at: Time) {
        let call = requests.calls.begin(of as u32, requests.now);
        requests.sources[of].felt.begins(requests.now);
        requests.calls[call].attempts = attempts;
        requests.calls[call].backing_off = true;
        requests.calls[call].at = at.0 as u64;
        let due = Due::new(Kind::Retry, call, requests.calls[call].life);
        requests.pending.push(at.0 as u64, due);
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
        for (station, out) in requests.out_of_rotation() {
            self.rotation_from_requests(station, out);
        }
        let mut lines: Vec<Vec<WaitsOn>> = vec![Vec::new(); behind.len()];
        for id in requests.slots.under_way() {
            let slot = requests.slots[id];
            let is_awaited = slot.flags & (GHOST | ORPHAN | CHECK) == 0 && slot.parent == NOBODY;
            if let Some(station) = requests.waits_behind(id, &behind) {
                let counts = is_awaited.then(|| self.waits_on(&requests, id, station as u32));
                lines[station].push(WaitsOn { came_s: slot.arrived as f64 * 1e-9, counts });
            } else if is_awaited {
                self.state.flow.landed[slot.of as usize] += 1.0;
            }
        }
        for (station, mut line) in self.state.flow.stations.iter_mut().zip(lines) {
            line.sort_by(|a, b| a.came_s.total_cmp(&b.came_s));
            if !line.is_empty() {
                station.add_waiting(&line);
            }
        }
        for call in requests.calls.backing_off() {
            let at = Time(call.at as i64).max(self.now);
            self.state.flow.try_again(call.of as usize, at, call.attempts.saturating_sub(1) as usize);
        }
        #[cfg(debug_assertions)]
        self.ledger_begins_anew();
        self.window = None;
        self.paths_dirty = true;
        self.flow_dirty = true;
    }

    /// Whose a request is that waits at a station, and how much longer somebody waits for it.
    fn waits_on(&self, requests: &Requests, id: u32, station: u32) -> OfWaiting {
        let slot = requests.slots[id];
        let of = slot.of as usize;
        let (made, set_out) = match slot.call {
            NOBODY => (0, slot.started),
            call => (requests.calls[call].attempts.saturating_sub(1) as usize, requests.calls[call].at),
        };
        let before_s = slot.arrived.saturating_sub(set_out) as f64 * 1e-9;
        let piece = requests.programs.piece_at(slot.pc);
        let (people, feature) = self.state.flow.use_at(of);
        let mut mine = self.state.flow.paths.iter().filter(|path| (path.people, path.feature) == (people, feature));
        let ways = &requests.sources[of].ways;
        let nth = ways.iter().position(|way| requests.programs.piece_at(way.start) == piece).unwrap_or(0);
        let Some(path) = mine.nth(nth) else {
            return OfWaiting { of, site: SiteId::new(0), made, before_s, expires_s: f64::INFINITY };
        };
        let wanted = &self.world.features[self.world.people[people].uses[feature].0.at()];
        let times: f64 = path.visits.iter().filter(|visit| visit.0.at() == station as usize).map(|visit| visit.1).sum();
        let expires_s = wanted
            .timeout_s
            .map_or(f64::INFINITY, |timeout_s| ((timeout_s - path.fixed_s - before_s) / times.max(1.0)).max(0.0));
        OfWaiting { of, site: path.site, made, before_s, expires_s }
    }
}

impl Requests {
    /// The flow takes over: it counts who is being served as served, and who waits where the queue is behind when he is called.
    /// Gives which queues that are.
    fn hand_back(&mut self, stations: usize) -> Vec<bool> {
        self.sources.iter_mut().for_each(|source| source.felt.forget_overdue());
        let is_behind = |i: usize| self.station_queues[i].pool == NONE && self.is_behind(i);
        let behind: Vec<bool> = (0..stations).map(is_behind).collect();
        let mut waits = vec![0; stations];
        for id in self.slots.under_way() {
            if let Some(station) = self.waits_behind(id, &behind) {
                waits[station] += 1;
            }
        }
        for queue in &mut self.station_queues {
            queue.counts.served += queue.here().saturating_sub(waits[queue.station as usize]);
        }
        behind
    }
}

impl Requests {
    /// The station where a request waits on when everything flows again. Whom the flow has counted as served there does not.
    fn waits_behind(&self, id: u32, behind: &[bool]) -> Option<usize> {
        let slot = &self.slots[id];
        match self.programs.ops[slot.pc as usize] {
            Op::Enter { station, .. } if slot.is(QUEUED) && behind[station as usize] => {
                self.is_counted(id, slot.pc).then_some(station as usize)
            }
            _ => None,
        }
    }
}

fn outer(requests: &Requests, pc: u32) -> u32 {
    let frame = requests.programs.frame_of[pc as usize];
    if frame == OUTSIDE { OUTSIDE } else { requests.programs.frames[frame as usize].parent }
}

/// One who was under way in the flow, which has counted his answer. A user who waits for it does not think meanwhile.
fn ghost(requests: &mut Requests, of: u32, pc: u32) -> u32 {
    let id = under_way(requests, of, pc);
    let source = &requests.sources[of as usize];
    if source.waits && requests.closed_users[source.people as usize].waits_already() {
        requests.slots[id].flags |= GHOST;
    }
    id
}

/// A request that was under way in the flow, and that nobody waits for.
fn under_way(requests: &mut Requests, of: u32, pc: u32) -> u32 {
    let class = requests.sources[of as usize].class;
    let id = requests.slots.begin(of, pc, requests.now, class);
    requests.slots[id].flags = ORPHAN | SEAM;
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
    let (class, of) = (slot.class, slot.of);
    let now = requests.now;
    requests.station_queues[station as usize].join(waiting, class, now);
    let base = requests.station_queues[station as usize].station;
    if base != station {
        requests.station_queues[base as usize].one_more_waits(now);
    }
    requests.bears(station, id, of, waiting.turn);
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
