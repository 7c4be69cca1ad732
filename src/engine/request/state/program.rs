//! Programs: what a request of a population and a feature does from a site, one operation after another.
//!
//! Calls within calls are laid out flat, with a place to go to where one fails. A request is then one program counter, and
//! needs no stack. When the world changes, paths are laid out again for the requests that come. Those that are under way go on in
//! the program that they began, but for the calls that they have still to make: each of those goes by what holds when it is made,
//! in a piece that is laid out for that and comes back.

use crate::world::{CallClient, SiteId, StationId};
use std::collections::BTreeMap;
use std::sync::Arc;

/// No frame.
pub const OUTSIDE: u32 = u32::MAX;

/// What a request does next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Op {
    /// Takes time on the network, or waits for the dead, in nanoseconds.
    Delay(u64),
    /// Crosses links on which it may be slowed down or lost.
    Leg { leg: u32, lost: u32 },
    /// Makes a call, by what holds now.
    Call { at: u32 },
    /// Gets lost with some probability.
    Lose { share: f64, to: u32 },
    /// Nobody is there.
    Gone { to: u32 },
    /// Leaves something out with some probability.
    Skip { share: f64, to: u32 },
    /// Leaves out what is left out of the calls of a service on purpose by now.
    Dim { service: u32, to: u32 },
    /// Comes to a station: waits, is served, or is turned away.
    Enter { station: u32, refused: u32 },
    /// Gives the worker back.
    Leave { station: u32 },
    /// It has fared well or badly at the server that the balancer around this visit picked.
    Fared { station: u32, level: u8, failed: bool },
    /// A health check is back, and gives the worker back if it has passed.
    Checked { station: u32, passed: bool },
    /// Looks into a station's cache.
    Look { station: u32, found: u32 },
    /// What was missed there has been answered, or will not be.
    Learn { station: u32, answered: bool },
    /// Makes a call whose client has a policy; goes on at the next operation when it has been answered, or at the one after that.
    Ask { ask: u32 },
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

/// Who makes a call.
#[derive(Debug, Clone, Copy)]
pub enum Caller {
    Feature(u32, SiteId),
    Station(StationId),
}

/// A place in a program where a call is made.
#[derive(Debug, Clone, Copy)]
pub struct CallPlace {
    pub caller: Caller,
    /// Which of its calls.
    pub nth: u32,
    pub from: SiteId,
    /// For which feature of users.
    pub feature: u32,
    /// The visit that makes it, how many forks deep that is, and how many balancers there are around it.
    pub frame: u32,
    pub depth: u32,
    pub level: u8,
    /// The call as it was laid out with the rest.
    pub body: u32,
    /// The call as it has to be made now.
    pub goes_to: u32,
    /// Where it goes on after the call, and where after one that has failed.
    pub done: u32,
    pub failed: u32,
}

/// A call whose client has a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ask {
    /// Whose policy it is.
    pub asker: u32,
    /// Where an attempt begins.
    pub start: u32,
}

/// Who makes calls by a policy: one call of a caller.
#[derive(Debug, Clone)]
pub struct Asker {
    pub caller: String,
    /// Which of its calls.
    pub nth: u32,
    pub policy: Arc<CallClient>,
}

/// A program, or a piece of one that is laid out on its own: one call.
#[derive(Debug, Clone, Copy)]
pub struct Piece {
    pub start: u32,
    /// The call that it is.
    pub of: Option<u32>,
    /// The places of its calls.
    pub calls: (u32, u32),
    /// When it was last what the world says.
    pub laid_out: u32,
}

/// What has been laid out and has still to be added: everything counts from its own beginning.
#[derive(Debug, Default)]
pub struct Laid {
    pub ops: Vec<Op>,
    pub frame_of: Vec<u32>,
    pub frames: Vec<Frame>,
    pub branches: Vec<u32>,
    pub calls: Vec<CallPlace>,
    pub asks: Vec<Ask>,
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
    pub calls: Vec<CallPlace>,
    pub asks: Vec<Ask>,
    pub askers: Vec<Asker>,
    /// In the order of their places.
    pub pieces: Vec<Piece>,
    /// How often everything has been laid out.
    pub times_laid_out: u32,
    known: BTreeMap<Vec<u64>, u32>,
}

impl Programs {
    /// The program of a health check of a station.
    pub fn of_check(&mut self, station: u32) -> u32 {
        let ops = vec![
            Op::Enter { station, refused: 2 },
            Op::Checked { station, passed: true },
            Op::Checked { station, passed: false },
        ];
        let frame = Frame { station, enter: 0, parent: OUTSIDE, broken: 2, holds: true, depth: 0, level: 0 };
        let laid = Laid { ops, frame_of: vec![0, 0, OUTSIDE], frames: vec![frame], ..Laid::default() };
        self.link([2, u64::from(station), 0, 0], laid, None)
    }

    /// Adds a program of somebody, or the piece that a call is, or finds the same one.
    pub fn link(&mut self, whose: [u64; 4], laid: Laid, of: Option<u32>) -> u32 {
        let Laid { ops, frame_of, frames, branches, calls, asks } = laid;
        let mut key = Vec::with_capacity(4 + ops.len() * 3 + branches.len());
        key.extend(whose);
        ops.iter().for_each(|op| key.extend(words(op)));
        key.extend(branches.iter().map(|b| u64::from(*b)));
        key.extend(asks.iter().flat_map(|ask| [u64::from(ask.asker), u64::from(ask.start)]));
        if let Some(piece) = self.known.get(&key) {
            let piece = &mut self.pieces[*piece as usize];
            piece.laid_out = self.times_laid_out;
            let (first, end) = piece.calls;
            self.calls[first as usize..end as usize].iter_mut().for_each(|call| call.goes_to = call.body);
            return piece.start;
        }
        let start = self.ops.len() as u32;
        let (frames_start, branches_start) = (self.frames.len() as u32, self.branches.len() as u32);
        let (calls_start, asks_start) = (self.calls.len() as u32, self.asks.len() as u32);
        let outside = of.map_or(OUTSIDE, |call| self.calls[call as usize].frame);
        let moved = |frame: u32| if frame == OUTSIDE { outside } else { frame + frames_start };
        self.ops.extend(ops.iter().map(|op| match *op {
            Op::Leg { leg, lost } => Op::Leg { leg, lost: lost + start },
            Op::Lose { share, to } => Op::Lose { share, to: to + start },
            Op::Skip { share, to } => Op::Skip { share, to: to + start },
            Op::Dim { service, to } => Op::Dim { service, to: to + start },
            Op::Enter { station, refused } => Op::Enter { station, refused: refused + start },
            Op::Look { station, found } => Op::Look { station, found: found + start },
            Op::Fork { first, count } => Op::Fork { first: first + branches_start, count },
            Op::Call { at } => Op::Call { at: at + calls_start },
            Op::Ask { ask } => Op::Ask { ask: ask + asks_start },
            Op::Gone { to } => Op::Gone { to: to + start },
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
        self.asks.extend(asks.iter().map(|ask| Ask { start: ask.start + start, ..*ask }));
        self.calls.extend(calls.iter().map(|call| CallPlace {
            frame: moved(call.frame),
            body: call.body + start,
            goes_to: call.body + start,
            done: call.done + start,
            failed: call.failed + start,
            ..*call
        }));
        self.known.insert(key, self.pieces.len() as u32);
        let calls = (calls_start, self.calls.len() as u32);
        self.pieces.push(Piece { start, of, calls, laid_out: self.times_laid_out });
        start
    }

    /// The piece in which an operation is.
    pub fn piece_at(&self, pc: u32) -> usize {
        self.pieces.partition_point(|piece| piece.start <= pc) - 1
    }

    /// The policy of a call of a caller, which all its requests share.
    pub fn asker(&mut self, caller: &str, nth: u32, policy: &Arc<CallClient>) -> u32 {
        let known = self.askers.iter().position(|asker| asker.nth == nth && asker.caller == caller);
        known.unwrap_or_else(|| {
            self.askers.push(Asker { caller: caller.to_owned(), nth, policy: Arc::clone(policy) });
            self.askers.len() - 1
        }) as u32
    }

    pub fn leg(&mut self, leg: Leg) -> u32 {
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
        Op::Call { .. } => [14, 0, 0],
        Op::Fared { station, level, failed } => [18, pair(station, u32::from(level)), u64::from(failed)],
        Op::Ask { ask } => [17, u64::from(ask), 0],
        Op::Learn { station, answered } => [16, u64::from(station), u64::from(answered)],
        Op::Gone { to } => [15, u64::from(to), 0],
        Op::Dim { service, to } => [19, pair(service, to), 0],
    }
}
