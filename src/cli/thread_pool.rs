//! Many things at once on all cores, in the order of the question, until somebody presses Ctrl-C.

use super::{interrupt, terminal};
use firedrill::study::Hands;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

/// All cores, and how far they have come.
pub struct ThreadPool {
    threads: usize,
    progress: terminal::Progress,
}

impl ThreadPool {
    /// So many threads, by default one for each core.
    pub fn new(what: &'static str, threads: Option<usize>) -> ThreadPool {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        ThreadPool { threads: threads.unwrap_or(cores).max(1), progress: terminal::Progress::new(what, 0) }
    }

    /// Nothing more is to come.
    pub fn done(self) {
        self.progress.done();
    }
}

impl Hands for ThreadPool {
    fn expect(&mut self, more: usize) {
        self.progress.more(more);
    }

    fn given_up(&self) -> fn() -> bool {
        interrupt::asked
    }

    fn all<T: Send>(&mut self, count: usize, one: impl Fn(usize) -> T + Sync) -> Option<Vec<T>> {
        let threads = self.threads.min(count);
        if threads <= 1 {
            // Not every platform has threads.
            let one = |index: usize| {
                let done = (!interrupt::asked()).then(|| one(index));
                self.progress.step();
                done
            };
            return (0..count).map(one).collect();
        }
        let next = AtomicUsize::new(0);
        let (send, receive) = mpsc::channel();
        std::thread::scope(|scope| {
            for _ in 0..threads {
                let (send, next, one) = (send.clone(), &next, &one);
                scope.spawn(move || {
                    loop {
                        let index = next.fetch_add(1, Ordering::Relaxed);
                        if index >= count || interrupt::asked() {
                            break;
                        }
                        // Nobody listens any more only when everything is over.
                        let _ = send.send((index, one(index)));
                    }
                });
            }
            drop(send);
            let mut all: Vec<Option<T>> = (0..count).map(|_| None).collect();
            for (index, made) in receive {
                all[index] = Some(made);
                self.progress.step();
            }
            all.into_iter().collect()
        })
    }
}
