//! Programs: what a request of a population and a feature does from a site, one operation after another.
//!
//! Calls within calls are laid out flat, with a place to go to where one fails. A request is then one program counter, and
//! needs no stack. When the world changes, paths are laid out again for the requests that come; those that are under way go on
//! in the program that they began.

use super::super::Engine;
use super::super::paths::Path;
use super::super::state::StationPhase;
use crate::units::Duration;
use crate::world::{Call, NodeId, SiteId, StationId};
use std::collections::BTreeMap;

/// No frame.
pub const OUTSIDE: u32 = u32::MAX;

/// What a request does next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Op {
    /// Takes time on the network, or waits for the dead, in nanoseconds.
    Delay(u64),
    /// Crosses links on which it may be slowed down or lost.
    Leg { leg: u32, lost: u32 },
    /// Gets lost with some probability.
    Lose { share: f64, to: u32 },
    /// Leaves something out with some probability.
    Skip { share: f64, to: u32 },
    /// Comes to a station: waits, is served, or is turned away.
    Enter { station: u32, refused: u32 },
    /// Gives the worker back.
    Leave { station: u32 },
    /// A health check is back, and gives the worker back if it has passed.
    Checked { station: u32, passed: bool },
    /// Looks into a station's cache.
    Look { station: u32, found: u32 },
    /// Makes several calls at the same time; goes on at the next operation when all are back, or at the one after that when
    /// one has failed.
    Fork { first: u32, count: u32 },
    /// A branch is back.
    Join { failed: bool },
    /// Goes on elsewhere.
    Goto(u32),
    /// Does without something.
    Degrade,
    /// The user has the answer.
    Answered,
    /// The user knows that it has failed.
    Failed,
}

/// A visit to a station, in a program: from the operation that enters it to the one that gives the worker back.
#[derive(Debug, Clone, Copy)]
pub struct Frame {
    pub station: u32,
    pub enter: u32,
    /// The visit from which it was called.
    pub parent: u32,
    /// Where the caller learns that the station has broken down.
    pub broken: u32,
    /// Whether the worker is held while calls are under way.
    pub holds: bool,
    /// How many forks deep it is.
    pub depth: u32,
    /// How many visits to services with a balancer are around it, since the last fork.
    pub level: u8,
}

/// A way over links on which chance or load matter.
#[derive(Debug, Clone, PartialEq)]
pub struct Leg {
    pub links: Vec<u32>,
    /// One way without anything in it, in nanoseconds.
    pub base_ns: u64,
    /// Probability of getting lost.
    pub loses: f64,
    /// What is sent, in bits: 0 on the way back.
    pub bits: f64,
}

/// All programs of a run.
#[derive(Debug, Clone, Default)]
pub struct Programs {
    pub ops: Vec<Op>,
    /// The innermost frame of each operation.
    pub frame_of: Vec<u32>,
    pub frames: Vec<Frame>,
    pub legs: Vec<Leg>,
    /// Where the branches of forks begin.
    pub branches: Vec<u32>,
    known: BTreeMap<Vec<u64>, u32>,
}

/// Lays out one program.
struct Layout<'e, 'w> {
    engine: &'e Engine<'w>,
    programs: &'e mut Programs,
    ops: Vec<Op>,
    frame_of: Vec<u32>,
    frames: Vec<Frame>,
    branches: Vec<u32>,
    frame: u32,
    depth: u32,
    level: u8,
    /// Bits that a request of this feature sends over a link.
    bits: f64,
}

impl Programs {
    /// The program of a path; one that has been laid out before is found again.
    pub fn of(&mut self, engine: &Engine, path: &Path) -> u32 {
        let world = engine.world;
        let population = &world.people[path.people];
        let feature = &world.features[population.uses[path.feature].0.at()];
        let mut layout = Layout {
            engine,
            programs: self,
            ops: Vec::new(),
            frame_of: Vec::new(),
            frames: Vec::new(),
            branches: Vec::new(),
            frame: OUTSIDE,
            depth: 0,
            level: 0,
            bits: feature.bits,
        };
        layout.request(path);
        let Layout { ops, frame_of, frames, branches, .. } = layout;
        self.link(ops, frame_of, frames, branches)
    }

    /// The program of a health check of a station.
    pub fn of_check(&mut self, station: u32) -> u32 {
        let ops = vec![
            Op::Enter { station, refused: 2 },
            Op::Checked { station, passed: true },
            Op::Checked { station, passed: false },
        ];
        let frame = Frame { station, enter: 0, parent: OUTSIDE, broken: 2, holds: true, depth: 0, level: 0 };
        self.link(ops, vec![0, 0, OUTSIDE], vec![frame], Vec::new())
    }

    /// Adds a program, or finds the same one.
    fn link(&mut self, ops: Vec<Op>, frame_of: Vec<u32>, frames: Vec<Frame>, branches: Vec<u32>) -> u32 {
        let mut key = Vec::with_capacity(ops.len() * 3 + branches.len());
        ops.iter().for_each(|op| key.extend(words(op)));
        key.extend(branches.iter().map(|b| u64::from(*b)));
        if let Some(start) = self.known.get(&key) {
            return *start;
        }
        let start = self.ops.len() as u32;
        let (frames_start, branches_start) = (self.frames.len() as u32, self.branches.len() as u32);
        let moved = |frame: u32| if frame == OUTSIDE { OUTSIDE } else { frame + frames_start };
        self.ops.extend(ops.iter().map(|op| match *op {
            Op::Leg { leg, lost } => Op::Leg { leg, lost: lost + start },
            Op::Lose { share, to } => Op::Lose { share, to: to + start },
            Op::Skip { share, to } => Op::Skip { share, to: to + start },
            Op::Enter { station, refused } => Op::Enter { station, refused: refused + start },
            Op::Look { station, found } => Op::Look { station, found: found + start },
            Op::Fork { first, count } => Op::Fork { first: first + branches_start, count },
            Op::Goto(to) => Op::Goto(to + start),
            other => other,
        }));
        self.frame_of.extend(frame_of.iter().map(|frame| moved(*frame)));
        self.frames.extend(frames.iter().map(|frame| Frame {
            enter: frame.enter + start,
            broken: frame.broken + start,
            parent: moved(frame.parent),
            ..*frame
        }));
        self.branches.extend(branches.iter().map(|branch| branch + start));
        self.known.insert(key, start);
        start
    }

    fn leg(&mut self, leg: Leg) -> u32 {
        let at = self.legs.iter().position(|known| *known == leg);
        at.unwrap_or_else(|| {
            self.legs.push(leg);
            self.legs.len() - 1
        }) as u32
    }
}

/// An operation as numbers, to compare programs by.
fn words(op: &Op) -> [u64; 3] {
    let pair = |a: u32, b: u32| u64::from(a) << 32 | u64::from(b);
    match *op {
        Op::Delay(ns) => [0, ns, 0],
        Op::Leg { leg, lost } => [1, pair(leg, lost), 0],
        Op::Lose { share, to } => [2, share.to_bits(), u64::from(to)],
        Op::Skip { share, to } => [3, share.to_bits(), u64::from(to)],
        Op::Enter { station, refused } => [4, pair(station, refused), 0],
        Op::Leave { station } => [5, u64::from(station), 0],
        Op::Look { station, found } => [6, pair(station, found), 0],
        Op::Fork { first, count } => [7, pair(first, count), 0],
        Op::Join { failed } => [8, u64::from(failed), 0],
        Op::Goto(to) => [9, u64::from(to), 0],
        Op::Degrade => [10, 0, 0],
        Op::Answered => [11, 0, 0],
        Op::Failed => [12, 0, 0],
        Op::Checked { station, passed } => [13, u64::from(station), u64::from(passed)],
    }
}

fn half_ns(round_trip_s: f64) -> u64 {
    Duration::from_seconds(round_trip_s / 2.0).0 as u64
}

impl Layout<'_, '_> {
    fn here(&self) -> u32 {
        self.ops.len() as u32
    }

    fn push(&mut self, op: Op) -> usize {
        self.ops.push(op);
        self.frame_of.push(self.frame);
        self.ops.len() - 1
    }

    /// Sends the operations of a list to a place.
    fn patch(&mut self, list: &[usize], to: u32) {
        for at in list {
            match &mut self.ops[*at] {
                Op::Leg { lost: target, .. }
                | Op::Lose { to: target, .. }
                | Op::Skip { to: target, .. }
                | Op::Enter { refused: target, .. }
                | Op::Look { found: target, .. }
                | Op::Goto(target) => *target = to,
                _ => {}
            }
        }
    }

    fn delay(&mut self, ns: u64) {
        if ns > 0 {
            self.push(Op::Delay(ns));
        }
    }

    fn request(&mut self, path: &Path) {
        let engine = self.engine;
        let population = &engine.world.people[path.people];
        let feature = &engine.world.features[population.uses[path.feature].0.at()];
        let out_ns = half_ns(population.rtt_s);
        let mut fails = Vec::new();
        self.delay(out_ns);
        if let Some(uplink) = engine.world.uplinks[path.site.at()] {
            self.leg(vec![uplink.0], 0, 0.0, self.bits, &mut fails);
        }
        self.gray(engine.world.sites[path.site.at()].node, &mut fails);
        self.calls(&feature.calls[path.site.at()], path.site, feature.at_once, &mut fails);
        self.delay(out_ns);
        self.push(Op::Answered);
        if !fails.is_empty() {
            let here = self.here();
            self.patch(&fails, here);
            self.delay(out_ns);
            self.push(Op::Failed);
        }
    }

    fn gray(&mut self, node: NodeId, fails: &mut Vec<usize>) {
        if self.engine.any_gray() {
            let node = self.engine.state.active_node(self.engine.world, node);
            let share = self.engine.gray(node).0;
            if share > 0.0 {
                fails.push(self.push(Op::Lose { share, to: 0 }));
            }
        }
    }

    /// One way over some links.
    fn leg(&mut self, links: Vec<u32>, base_ns: u64, loses: f64, bits: f64, fails: &mut Vec<usize>) {
        let world = self.engine.world;
        let chancy = links.iter().any(|link| {
            let link = &world.links[*link as usize];
            link.jitter.0 > 0 || (link.bandwidth_bps.is_finite() && bits > 0.0)
        });
        if !chancy && loses <= 0.0 {
            self.delay(base_ns);
            return;
        }
        // The route's time is the mean, jitter included; here each crossing has its own.
        let jitter: u64 = links.iter().map(|link| world.links[*link as usize].jitter.0 as u64).sum();
        let base_ns = base_ns.saturating_sub(jitter);
        let leg = self.programs.leg(Leg { links, base_ns, loses, bits });
        fails.push(self.push(Op::Leg { leg, lost: 0 }));
    }

    fn calls(&mut self, calls: &[Call], from: SiteId, at_once: bool, fails: &mut Vec<usize>) {
        if !at_once {
            calls.iter().for_each(|call| self.call(call, from, fails));
            return;
        }
        let fork = self.push(Op::Fork { first: 0, count: 0 });
        let all_back = self.push(Op::Goto(0));
        fails.push(self.push(Op::Goto(0)));
        self.depth += 1;
        let level = std::mem::take(&mut self.level);
        let mut starts = Vec::new();
        for call in calls {
            let whole = call.times.floor();
            for _ in 0..whole as u64 {
                starts.push(self.branch(&Call { times: 1.0, ..call.clone() }, from));
            }
            if call.times > whole {
                starts.push(self.branch(&Call { times: call.times - whole, ..call.clone() }, from));
            }
        }
        self.depth -= 1;
        self.level = level;
        let first = self.branches.len() as u32;
        self.ops[fork] = Op::Fork { first, count: starts.len() as u32 };
        self.branches.extend(starts);
        let here = self.here();
        self.patch(&[all_back], here);
    }

    fn branch(&mut self, call: &Call, from: SiteId) -> u32 {
        let start = self.here();
        let mut fails = Vec::new();
        self.call(call, from, &mut fails);
        self.push(Op::Join { failed: false });
        if !fails.is_empty() {
            let here = self.here();
            self.patch(&fails, here);
            self.push(Op::Join { failed: true });
        }
        start
    }

    /// A call as often as it is made; a soft one that fails is done without.
    fn call(&mut self, call: &Call, from: SiteId, fails: &mut Vec<usize>) {
        let mut missed = Vec::new();
        let kept = self.engine.kept_calls(call);
        if kept < 1.0 {
            missed.push(self.push(Op::Skip { share: 1.0 - kept, to: 0 }));
        }
        let whole = call.times.floor();
        for _ in 0..whole as u64 {
            self.visit(call, from, &mut missed);
        }
        let part = call.times - whole;
        let mut done = Vec::new();
        if part > 0.0 {
            done.push(self.push(Op::Skip { share: 1.0 - part, to: 0 }));
            self.visit(call, from, &mut missed);
        }
        if call.hard {
            fails.extend(missed);
        } else if !missed.is_empty() {
            done.push(self.push(Op::Goto(0)));
            let here = self.here();
            self.patch(&missed, here);
            self.push(Op::Degrade);
        }
        let here = self.here();
        self.patch(&done, here);
    }

    fn visit(&mut self, call: &Call, from: SiteId, fails: &mut Vec<usize>) {
        let engine = self.engine;
        let world = engine.world;
        let route = engine.callee(call).and_then(|callee| {
            let site = world.stations[callee.at()].site;
            let serves = engine.state.stations[callee.at()].phase == StationPhase::Serving;
            engine.state.routes.between(from, site).filter(|_| serves).map(|route| (callee, site, route))
        });
        let Some((callee, site, route)) = route else {
            self.delay(Duration::from_seconds(call.gives_up_s).0 as u64);
            fails.push(self.push(Op::Goto(0)));
            return;
        };
        let station = &world.stations[callee.at()];
        let service = &world.services[station.service.at()];
        let links: Vec<u32> = route.links.iter().map(|link| link.0).collect();
        let one_way = half_ns(route.rtt_s);
        let mut refused = Vec::new();
        // What gets lost on the way is as if it had been turned away.
        self.leg(links.clone(), one_way, 1.0 - route.passes, self.bits, &mut refused);
        for gate in &station.gates {
            for node in &gate.of {
                if *node != world.sites[site.at()].node {
                    self.gray(*node, &mut refused);
                }
            }
        }
        let outer = self.frame;
        self.frame = self.frames.len() as u32;
        self.frames.push(Frame {
            station: callee.0,
            enter: self.here(),
            parent: outer,
            broken: 0,
            holds: service.holds,
            depth: self.depth,
            level: self.level,
        });
        self.level += u8::from(service.balancer.is_some());
        let frame = self.frame as usize;
        refused.push(self.push(Op::Enter { station: callee.0, refused: 0 }));
        if !service.holds {
            self.push(Op::Leave { station: callee.0 });
        }
        let mut found = Vec::new();
        if service.cache.is_some() && !station.calls.is_empty() {
            found.push(self.push(Op::Look { station: callee.0, found: 0 }));
        }
        let mut inner = Vec::new();
        self.calls_of(callee, site, service.at_once, &mut inner);
        let here = self.here();
        self.patch(&found, here);
        if service.holds {
            self.push(Op::Leave { station: callee.0 });
        }
        self.frame = outer;
        self.level -= u8::from(service.balancer.is_some());
        let mut never_lost = Vec::new();
        self.leg(links.clone(), one_way, 0.0, 0.0, &mut never_lost);
        let done = self.push(Op::Goto(0));
        if !inner.is_empty() && service.holds {
            self.frame = frame as u32;
            let here = self.here();
            self.patch(&inner, here);
            self.push(Op::Leave { station: callee.0 });
            self.frame = outer;
        } else {
            refused.extend(inner);
        }
        let here = self.here();
        self.frames[frame].broken = here;
        self.patch(&refused, here);
        self.leg(links, one_way, 0.0, 0.0, &mut never_lost);
        fails.push(self.push(Op::Goto(0)));
        let here = self.here();
        self.patch(&[done], here);
        self.patch(&never_lost, here);
    }

    fn calls_of(&mut self, station: StationId, site: SiteId, at_once: bool, fails: &mut Vec<usize>) {
        let calls = &self.engine.world.stations[station.at()].calls;
        if !calls.is_empty() {
            self.calls(calls, site, at_once, fails);
        }
    }
}
