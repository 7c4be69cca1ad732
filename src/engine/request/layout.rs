//! Lays out what a request of a path does as a program.

use super::state::program::{Frame, Leg, OUTSIDE, Op, Programs};
use crate::engine::core::Engine;
use crate::engine::state::paths::Path;
use crate::engine::state::stations::StationPhase;
use crate::units::Duration;
use crate::world::{Call, NodeId, SiteId, StationId};

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
    /// How long its users wait for an answer.
    timeout_s: Option<f64>,
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
            timeout_s: feature.timeout_s,
        };
        layout.request(path);
        let Layout { ops, frame_of, frames, branches, .. } = layout;
        self.link(ops, frame_of, frames, branches)
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
        let commit = engine.commit(callee);
        if commit.waits.is_some_and(|(share, _)| share >= 1.0) {
            // Nothing answers: who waits for it learns that by a timeout.
            let hangs_s = self.timeout_s.filter(|_| call.hard).unwrap_or(call.gives_up_s);
            self.delay(Duration::from_seconds(hangs_s).0 as u64);
            fails.push(self.push(Op::Goto(0)));
            return;
        }
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
        if let Some((share, _)) = commit.waits {
            inner.push(self.push(Op::Lose { share, to: 0 }));
        }
        self.delay(Duration::from_seconds(commit.takes_s).0 as u64);
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
