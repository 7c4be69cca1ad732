//! Many things at once; what came of them in the order of the question.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Does `n` things on so many threads. The first that goes wrong ends it.
pub fn each<T: Send>(jobs: usize, n: usize, one: impl Fn(usize) -> Result<T, String> + Sync) -> Result<Vec<T>, String> {
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, Result<T, String>)>> = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                loop {
                    let nth = next.fetch_add(1, Relaxed);
                    if nth >= n {
                        return;
                    }
                    let result = one(nth);
                    if result.is_err() {
                        next.store(n, Relaxed);
                    }
                    done.lock().expect("nobody fails in here").push((nth, result));
                }
            });
        }
    });
    let mut done = done.into_inner().expect("nobody fails in here");
    done.sort_by_key(|(nth, _)| *nth);
    done.into_iter().map(|(_, result)| result).collect()
}
