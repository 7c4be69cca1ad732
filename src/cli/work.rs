//! A study on all cores: batches are made wherever there is room, and taken in in their order, so that the result is the same
//! on any number of threads.

use super::files::FileError;
use super::results::Results;
use super::{costs, interrupt, terminal};
use firedrill::study::{Batch, End, Study, Tally};
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How a study is worked through.
pub struct Work<'a> {
    /// The study.
    pub study: &'a Study,
    /// Threads; `None`: as many as there are cores.
    pub threads: Option<usize>,
    /// How long it may take.
    pub time: Option<Duration>,
    /// Where batches are kept.
    pub results: Option<&'a Results>,
    /// Only the batches of this shard: which, from 0, of how many.
    pub shard: Option<(u64, u64)>,
}

/// A batch of a design.
type Piece = (u64, usize);
/// What came of it: nothing where it was given up, or where its thread broke down.
type Made = (Piece, Result<Option<Batch>, FileError>);

/// What is still to be made.
#[derive(Default)]
struct Queue {
    pieces: Mutex<(VecDeque<Piece>, bool)>,
    more: Condvar,
    /// Set when nobody waits for results any more.
    over: AtomicBool,
}

impl Queue {
    fn push(&self, piece: Piece) {
        self.pieces.lock().unwrap_or_else(PoisonError::into_inner).0.push_back(piece);
        self.more.notify_one();
    }

    fn close(&self) {
        self.over.store(true, Ordering::Relaxed);
        self.pieces.lock().unwrap_or_else(PoisonError::into_inner).1 = true;
        self.more.notify_all();
    }

    fn pop(&self) -> Option<Piece> {
        let mut pieces = self.pieces.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if pieces.1 {
                return None;
            }
            if let Some(piece) = pieces.0.pop_front() {
                return Some(piece);
            }
            pieces = self.more.wait(pieces).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Tells whoever waits for results that a thread broke down, which would leave them waiting.
struct Alarm<'a>(&'a mpsc::Sender<Made>, &'a Queue);

impl Drop for Alarm<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.1.close();
            let _ = self.0.send(((u64::MAX, 0), Ok(None)));
        }
    }
}

/// Sees every round of batches as it is taken in.
pub trait Watcher {
    /// The next batch of every design that is still needed.
    fn round(&mut self, batch: u64, round: &[Option<Batch>]) -> Result<(), FileError>;

    /// There are no more.
    fn finish(&mut self) -> Result<(), FileError> {
        Ok(())
    }
}

/// Nobody looks.
impl Watcher for () {
    fn round(&mut self, _: u64, _: &[Option<Batch>]) -> Result<(), FileError> {
        Ok(())
    }
}

impl Work<'_> {
    /// Works through the study until it is settled, done, out of time or interrupted. With a shard, batches are only kept.
    pub fn run(&self, watcher: &mut dyn Watcher) -> Result<(Tally<'_>, End), FileError> {
        interrupt::listen();
        if self.time.is_none() {
            costs::tell_study(self.study, self.replications());
        }
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = self.threads.unwrap_or(cores).max(1);
        #[expect(clippy::disallowed_methods, reason = "for --time: what is made by then is the same")]
        let started = Instant::now();
        let queue = Queue::default();
        let progress = self.progress();
        let mut tally = Tally::new(self.study);
        if cfg!(target_family = "wasm") {
            let ended = self.alone(&mut tally, watcher, started)?;
            return Ok((tally, ended));
        }
        let (send, receive) = mpsc::channel::<Made>();
        let ended = std::thread::scope(|scope| {
            for _ in 0..threads {
                let (send, queue) = (send.clone(), &queue);
                scope.spawn(move || {
                    let _alarm = Alarm(&send, queue);
                    while let Some(piece) = queue.pop() {
                        let made = self.make(piece, || queue.over.load(Ordering::Relaxed) || interrupt::asked());
                        if send.send((piece, made)).is_err() {
                            return;
                        }
                    }
                });
            }
            drop(send);
            let ended = match self.shard {
                None => self.take_in(&mut tally, watcher, &queue, &receive, threads, started, &progress),
                Some(shard) => self.keep(shard, &queue, &receive, threads, started, &progress),
            };
            queue.close();
            ended
        });
        progress.done();
        ended.map(|ended| (tally, ended))
    }

    /// Replications of each design, if none is left out.
    fn replications(&self) -> u64 {
        let batches = 0..self.study.batches();
        let mine = batches.filter(|batch| self.shard.is_none_or(|(m, n)| batch % n == m));
        mine.map(|batch| self.study.range(batch).1).sum()
    }

    fn progress(&self) -> terminal::Progress {
        terminal::Progress::new("replications", (self.replications() as usize).saturating_mul(self.study.designs.len()))
    }

    /// A batch, from the results or made; nothing where it was given up.
    fn make(&self, (batch, design): Piece, is_over: impl Fn() -> bool) -> Result<Option<Batch>, FileError> {
        let header = self.study.header(design, batch);
        if let Some(known) = self.results.map_or(Ok(None), |results| results.load(&header))? {
            return Ok(Some(known));
        }
        let (first, count) = self.study.range(batch);
        let mut rows = Vec::with_capacity(count as usize);
        for replication in first..first + count {
            match self.study.row_unless(&is_over, design, replication) {
                Some(row) => rows.push(row),
                None => return Ok(None),
            }
        }
        Ok(Some(Batch { rows }))
    }

    fn is_out_of_time(&self, started: Instant) -> bool {
        self.time.is_some_and(|time| started.elapsed() >= time)
    }

    /// Takes batches in in their order.
    #[expect(clippy::too_many_arguments, reason = "what the threads share, and who looks on")]
    fn take_in(
        &self,
        tally: &mut Tally,
        watcher: &mut dyn Watcher,
        queue: &Queue,
        made: &mpsc::Receiver<Made>,
        threads: usize,
        started: Instant,
        progress: &terminal::Progress,
    ) -> Result<End, FileError> {
        let designs = self.study.designs.len();
        let mut early: BTreeMap<u64, Vec<Option<Batch>>> = BTreeMap::new();
        let mut issued = 0;
        while let Some(batch) = tally.next_batch() {
            // Enough ahead that nobody waits, and so little that not much is lost when all of it is over.
            let ahead = (2 * threads).div_ceil(tally.needed().iter().filter(|needed| **needed).count().max(1)) as u64;
            while issued < self.study.batches() && issued <= batch + ahead {
                let needed = (0..designs).filter(|&design| tally.needed()[design]);
                needed.for_each(|design| queue.push((issued, design)));
                issued += 1;
            }
            let is_whole = |round: &Vec<Option<Batch>>| {
                round.iter().zip(tally.needed()).all(|(batch, needed)| batch.is_some() || !needed)
            };
            if early.get(&batch).is_some_and(is_whole) {
                let mut round = early.remove(&batch).unwrap_or_default();
                // What was made before it was known not to be needed must not count on some machines only.
                round
                    .iter_mut()
                    .zip(tally.needed())
                    .filter(|(_, needed)| !**needed)
                    .for_each(|(batch, _)| *batch = None);
                for (design, made) in round.iter().enumerate() {
                    let Some(made) = made else { continue };
                    if let Some(results) = self.results {
                        results.save(&self.study.header(design, batch), made)?;
                    }
                    progress.steps(made.rows.len() as u64);
                }
                watcher.round(batch, &round)?;
                tally.add(round);
                if let Some((settled, pairs)) = tally.settled() {
                    progress.say(format!("{settled} of {pairs} pairs settled"));
                }
                if self.is_out_of_time(started) && tally.next_batch().is_some() {
                    return Ok(End::Time);
                }
                continue;
            }
            match self.receive(made, started)? {
                Ok(((batch, design), made)) => {
                    early.entry(batch).or_insert_with(|| vec![None; designs])[design] = Some(made);
                }
                Err(end) => return Ok(end),
            }
        }
        Ok(tally.end())
    }

    /// Keeps the batches of a shard, in any order.
    fn keep(
        &self,
        (m, n): (u64, u64),
        queue: &Queue,
        made: &mpsc::Receiver<Made>,
        threads: usize,
        started: Instant,
        progress: &terminal::Progress,
    ) -> Result<End, FileError> {
        let designs = self.study.designs.len();
        let mut wanted = (m..self.study.batches()).step_by(n as usize).flat_map(|b| (0..designs).map(move |d| (b, d)));
        let mut under_way = 0;
        loop {
            while under_way < 2 * threads
                && let Some(piece) = wanted.next()
            {
                queue.push(piece);
                under_way += 1;
            }
            if under_way == 0 {
                return Ok(End::Replications);
            }
            match self.receive(made, started)? {
                Ok(((batch, design), made)) => {
                    if let Some(results) = self.results {
                        results.save(&self.study.header(design, batch), &made)?;
                    }
                    under_way -= 1;
                    progress.steps(made.rows.len() as u64);
                }
                Err(end) => return Ok(end),
            }
        }
    }

    /// The next batch that was made, or why there is none.
    fn receive(&self, made: &mpsc::Receiver<Made>, started: Instant) -> Result<Result<(Piece, Batch), End>, FileError> {
        loop {
            if self.is_out_of_time(started) {
                return Ok(Err(End::Time));
            }
            match made.recv_timeout(Duration::from_millis(100)) {
                Ok((piece, made)) => {
                    return Ok(made?.map(|batch| (piece, batch)).ok_or(End::Interrupted));
                }
                Err(mpsc::RecvTimeoutError::Timeout) if !interrupt::asked() => {}
                Err(_) => return Ok(Err(End::Interrupted)),
            }
        }
    }

    /// The same on one thread, where there are no others.
    fn alone(&self, tally: &mut Tally, watcher: &mut dyn Watcher, started: Instant) -> Result<End, FileError> {
        while let Some(batch) = tally.next_batch() {
            let needed = tally.needed().to_vec();
            let mut round = Vec::with_capacity(needed.len());
            for (design, needed) in needed.into_iter().enumerate() {
                round.push(if needed { self.make((batch, design), || false)? } else { None });
            }
            watcher.round(batch, &round)?;
            tally.add(round);
            if self.is_out_of_time(started) && tally.next_batch().is_some() {
                return Ok(End::Time);
            }
        }
        Ok(tally.end())
    }
}
