//! Lays out what a request of a path does as a program.

use super::state::program::{Ask, CallPlace, Caller, Frame, Laid, Leg, OUTSIDE, Op, Programs};
use crate::engine::core::Engine;
use crate::engine::state::paths::{Path, Status};
use crate::engine::state::stations::StationPhase;
use crate::units::Duration;
use crate::world::{Call, NodeId, SiteId, StationId};

/// Lays out one program, or one call of one.
struct Layout<'e, 'w> {
    engine: &'e Engine<'w>,
    programs: &'e mut Programs,
    laid: Laid,
    frame: u32,
    depth: u32,
    level: u8,
    /// What users ask for.
    feature: u32,
}

impl Programs {
    /// The program of a path; one that has been laid out before is found again.
    pub fn of(&mut self, engine: &Engine, path: &Path) -> u32 {
        let feature = engine.world.people[path.people].uses[path.feature].0;
        let mut layout = Layout {
            engine,
            programs: self,
            laid: Laid::default(),
            frame: OUTSIDE,
            depth: 0,
            level: 0,
            feature: feature.at() as u32,
        };
        layout.request(path);
        let laid = layout.laid;
        self.link([0, path.people as u64, path.feature as u64, u64::from(path.site.0)], laid, None)
    }

    /// Lays out again, by what holds now, the calls that requests in these pieces have still to make.
    pub fn lay_out_calls(&mut self, engine: &Engine, mut pieces: Vec<usize>) {
        pieces.sort_unstable();
        pieces.dedup();
        // After its last operation a piece goes on in the one that it is a call of.
        let mut known = pieces.clone();
        while let Some(piece) = pieces.pop() {
            if let Some(call) = self.pieces[piece].of {
                let around = self.piece_at(self.calls[call as usize].body);
                if !known.contains(&around) {
                    known.push(around);
                    pieces.push(around);
                }
            }
        }
        known.sort_unstable();
        for piece in known {
            if self.pieces[piece].laid_out < self.times_laid_out {
                for call in self.pieces[piece].calls.0..self.pieces[piece].calls.1 {
                    self.calls[call as usize].goes_to = self.of_call(engine, call);
                }
            }
        }
    }

    /// The piece that a call is, by what holds now.
    fn of_call(&mut self, engine: &Engine, at: u32) -> u32 {
        let place = self.calls[at as usize];
        let world = engine.world;
        let calls = match place.caller {
            Caller::Feature(feature, site) => &world.features[feature as usize].calls[site.at()],
            Caller::Station(station) => &world.stations[station.at()].calls,
        };
        let mut layout = Layout {
            engine,
            programs: self,
            laid: Laid::default(),
            frame: OUTSIDE,
            depth: place.depth,
            level: place.level,
            feature: place.feature,
        };
        let mut fails = Vec::new();
        layout.visit(&calls[place.nth as usize], place.from, &mut fails);
        let done = layout.push(Op::Goto(0)) as u32;
        let failed = layout.here();
        layout.patch(&fails, failed);
        layout.push(Op::Goto(0));
        let laid = layout.laid;
        let start = self.link([1, u64::from(at), 0, 0], laid, Some(at));
        self.ops[(start + done) as usize] = Op::Goto(place.done);
        self.ops[(start + failed) as usize] = Op::Goto(place.failed);
        start
    }
}

fn half_ns(round_trip_s: f64) -> u64 {
    Duration::from_seconds(round_trip_s / 2.0).0 as u64
}

impl Layout<'_, '_> {
    fn here(&self) -> u32 {
        self.laid.ops.len() as u32
    }

    fn push(&mut self, op: Op) -> usize {
        self.laid.ops.push(op);
        self.laid.frame_of.push(self.frame);
        self.laid.ops.len() - 1
    }

    /// Sends the operations of a list to a place.
    fn patch(&mut self, list: &[usize], to: u32) {
        for at in list {
            match &mut self.laid.ops[*at] {
                Op::Leg { lost: target, .. }
                | Op::Lose { to: target, .. }
                | Op::Gone { to: target }
                | Op::Skip { to: target, .. }
                | Op::Dim { to: target, .. }
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
        let near = population.near.filter(|near| *near != path.site);
        let way = near.and_then(|near| engine.state.routes.between(near, path.site));
        let way: (Vec<u32>, u64, f64) = way.map_or((Vec::new(), 0, 0.0), |way| {
            (way.links.iter().map(|link| link.0).collect(), half_ns(way.rtt_s), 1.0 - way.passes)
        });
        self.leg(way.0.clone(), way.1, way.2, feature.bits, &mut fails);
        if let Some(uplink) = engine.world.uplinks[path.site.at()] {
            self.leg(vec![uplink.0], 0, 0.0, feature.bits, &mut fails);
        }
        self.grays(engine.gray_of(engine.world.sites[path.site.at()].node).into_iter(), &mut fails);
        let caller = Caller::Feature(self.feature, path.site);
        self.data(&engine.lacks_data(population.uses[path.feature].0), &mut fails);
        self.calls(&feature.calls[path.site.at()], caller, path.site, feature.at_once, &mut fails);
        let mut never_lost = Vec::new();
        self.leg(way.0.clone(), way.1, 0.0, 0.0, &mut never_lost);
        let here = self.here();
        self.patch(&never_lost, here);
        self.delay(out_ns);
        self.push(Op::Answered);
        if !fails.is_empty() {
            let here = self.here();
            self.patch(&fails, here);
            let mut never_lost = Vec::new();
            self.leg(way.0, way.1, 0.0, 0.0, &mut never_lost);
            let here = self.here();
            self.patch(&never_lost, here);
            self.delay(out_ns);
            self.push(Op::Failed);
        }
    }

    /// What there is no data for fails at once, or goes without.
    fn data(&mut self, lacks: &Status, fails: &mut Vec<usize>) {
        if lacks.dead.is_some() {
            fails.push(self.push(Op::Gone { to: 0 }));
        } else if lacks.fails.share > 0.0 {
            fails.push(self.push(Op::Lose { share: lacks.fails.share, to: 0 }));
        }
        if lacks.missing.is_some() {
            self.push(Op::Degrade);
        } else if lacks.lacks.share > 0.0 {
            let skip = self.push(Op::Skip { share: 1.0 - lacks.lacks.share, to: 0 });
            self.push(Op::Degrade);
            let here = self.here();
            self.patch(&[skip], here);
        }
    }

    /// What gets lost in gray parts.
    fn grays(&mut self, met: impl Iterator<Item = (f64, NodeId)>, fails: &mut Vec<usize>) {
        for (share, _) in met {
            fails.push(self.push(Op::Lose { share, to: 0 }));
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

    fn calls(&mut self, calls: &[Call], caller: Caller, from: SiteId, at_once: bool, fails: &mut Vec<usize>) {
        let calls = (0..).zip(calls).map(|(nth, call)| (call, (caller, nth)));
        if !at_once {
            calls.for_each(|(call, made)| self.call(call, made, from, fails));
            return;
        }
        let fork = self.push(Op::Fork { first: 0, count: 0 });
        let all_back = self.push(Op::Goto(0));
        fails.push(self.push(Op::Goto(0)));
        self.depth += 1;
        let level = std::mem::take(&mut self.level);
        let mut starts = Vec::new();
        for (call, made) in calls {
            let whole = call.times.floor();
            for _ in 0..whole as u64 {
                starts.push(self.branch(&Call { times: 1.0, ..call.clone() }, made, from));
            }
            if call.times > whole {
                starts.push(self.branch(&Call { times: call.times - whole, ..call.clone() }, made, from));
            }
        }
        self.depth -= 1;
        self.level = level;
        let first = self.laid.branches.len() as u32;
        self.laid.ops[fork] = Op::Fork { first, count: starts.len() as u32 };
        self.laid.branches.extend(starts);
        let here = self.here();
        self.patch(&[all_back], here);
    }

    fn branch(&mut self, call: &Call, made: (Caller, u32), from: SiteId) -> u32 {
        let start = self.here();
        let mut fails = Vec::new();
        self.call(call, made, from, &mut fails);
        self.push(Op::Join { failed: false });
        if !fails.is_empty() {
            let here = self.here();
            self.patch(&fails, here);
            self.push(Op::Join { failed: true });
        }
        start
    }

    /// A call as often as it is made; a soft one that fails is done without.
    fn call(&mut self, call: &Call, made: (Caller, u32), from: SiteId, fails: &mut Vec<usize>) {
        let mut missed = Vec::new();
        // Whoever waits by the time that something is left out has still to make his calls.
        if !call.hard && self.engine.can_be_dimmed(call.service) {
            missed.push(self.push(Op::Dim { service: call.service.0, to: 0 }));
        }
        let whole = call.times.floor();
        for _ in 0..whole as u64 {
            self.make(call, made, from, &mut missed);
        }
        let part = call.times - whole;
        let mut done = Vec::new();
        if part > 0.0 {
            done.push(self.push(Op::Skip { share: 1.0 - part, to: 0 }));
            self.make(call, made, from, &mut missed);
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

    /// A call is made once; by whoever has a policy, in as many attempts as that says.
    fn make(&mut self, call: &Call, made: (Caller, u32), from: SiteId, fails: &mut Vec<usize>) {
        let Some(policy) = &call.client else { return self.attempt(call, made, from, fails) };
        let world = self.engine.world;
        let caller = match made.0 {
            Caller::Feature(feature, site) => {
                format!(
                    "{} at {}",
                    world.features[feature as usize].name,
                    world.nodes[world.sites[site.at()].node.at()].name
                )
            }
            Caller::Station(station) => world.stations[station.at()].name.clone(),
        };
        let asker = self.programs.asker(&caller, made.1, policy);
        let ask = self.laid.asks.len() as u32;
        self.push(Op::Ask { ask });
        let done = self.push(Op::Goto(0));
        fails.push(self.push(Op::Goto(0)));
        self.depth += 1;
        let level = std::mem::take(&mut self.level);
        let start = self.here();
        self.laid.asks.push(Ask { asker, start });
        let mut missed = Vec::new();
        self.attempt(call, made, from, &mut missed);
        self.push(Op::Join { failed: false });
        let here = self.here();
        self.patch(&missed, here);
        self.push(Op::Join { failed: true });
        self.depth -= 1;
        self.level = level;
        let here = self.here();
        self.patch(&[done], here);
    }

    /// One attempt at a call.
    fn attempt(&mut self, call: &Call, (caller, nth): (Caller, u32), from: SiteId, fails: &mut Vec<usize>) {
        let at = self.laid.calls.len();
        self.push(Op::Call { at: at as u32 });
        let body = self.here();
        let (frame, depth, level, feature) = (self.frame, self.depth, self.level, self.feature);
        let place =
            CallPlace { caller, nth, from, feature, frame, depth, level, body, goes_to: body, done: 0, failed: 0 };
        self.laid.calls.push(place);
        self.visit(call, from, fails);
        // What fails leaves by the last operation.
        self.laid.calls[at].failed = self.here() - 1;
        self.laid.calls[at].done = self.here();
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
            fails.push(self.push(Op::Gone { to: 0 }));
            return;
        };
        let commit = engine.commit(callee);
        if commit.waits.is_some_and(|(share, _)| share >= 1.0) {
            self.hangs(call, fails);
            return;
        }
        let station = &world.stations[callee.at()];
        let service = &world.services[station.service.at()];
        let links: Vec<u32> = route.links.iter().map(|link| link.0).collect();
        let one_way = half_ns(route.rtt_s);
        let mut refused = Vec::new();
        // What gets lost on the way is as if it had been turned away.
        let bits = world.features[self.feature as usize].bits;
        self.leg(links.clone(), one_way, 1.0 - route.passes, bits, &mut refused);
        self.grays(engine.gray_at(callee, from), &mut refused);
        let outer = self.frame;
        self.frame = self.laid.frames.len() as u32;
        self.laid.frames.push(Frame {
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
        // What is lost on the way is not the server's doing.
        let lost = std::mem::take(&mut refused);
        let level = self.level.saturating_sub(1);
        let judges = service.balancer.is_some_and(|balancer| balancer.outliers.is_some());
        let fared = |failed: bool| judges.then_some(Op::Fared { station: callee.0, level, failed });
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
        if !found.is_empty() {
            self.learn(callee, &mut found, &mut inner);
        }
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
        if let Some(op) = fared(false) {
            self.push(op);
        }
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
        self.laid.frames[frame].broken = here;
        self.patch(&refused, here);
        if let Some(op) = fared(true) {
            self.push(op);
        }
        let here = self.here();
        self.patch(&lost, here);
        self.leg(links, one_way, 0.0, 0.0, &mut never_lost);
        fails.push(self.push(Op::Goto(0)));
        let here = self.here();
        self.patch(&[done], here);
        self.patch(&never_lost, here);
    }

    /// Nothing answers a call: who waits for it learns that by a timeout.
    fn hangs(&mut self, call: &Call, fails: &mut Vec<usize>) {
        let own_s = call.client.as_ref().and_then(|client| client.timeout_s);
        let timeout_s = own_s.or(self.engine.world.features[self.feature as usize].timeout_s);
        let hangs_s = timeout_s.filter(|_| call.hard).unwrap_or(call.gives_up_s);
        self.delay(Duration::from_seconds(hangs_s).0 as u64);
        fails.push(self.push(Op::Gone { to: 0 }));
    }

    /// What was missed in a cache has been answered, or not: whoever waits for it learns that.
    fn learn(&mut self, callee: StationId, found: &mut Vec<usize>, inner: &mut Vec<usize>) {
        self.push(Op::Learn { station: callee.0, answered: true });
        if !inner.is_empty() {
            found.push(self.push(Op::Goto(0)));
            let here = self.here();
            self.patch(inner, here);
            self.push(Op::Learn { station: callee.0, answered: false });
            *inner = vec![self.push(Op::Goto(0))];
        }
    }

    fn calls_of(&mut self, station: StationId, site: SiteId, at_once: bool, fails: &mut Vec<usize>) {
        let calls = &self.engine.world.stations[station.at()].calls;
        if !calls.is_empty() {
            self.calls(calls, Caller::Station(station), site, at_once, fails);
        }
    }
}
