//! Results that have been worked out before.
//!
//! Composing a latency and summing the states of a queue are pure functions of a few numbers, and by far the most costly
//! steps of a run. Replications of one world, on any thread, share what they have worked out: a hit or a miss changes
//! nothing but the time it takes.

use crate::queueing::{Delay, Latency, Passed, Steady};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Results kept; when there are more, all are forgotten.
const KEPT_MAX: usize = 16_384;
/// The same of those that take eight kilobytes or more each.
const LARGE_KEPT_MAX: usize = 512;

/// What a function has given for some arguments.
#[derive(Debug, Clone)]
pub struct ResultCache<K, V> {
    known: Arc<Mutex<BTreeMap<K, Arc<V>>>>,
    kept_max: usize,
}

/// Composed latencies, by a hash of what they are composed of.
pub type LatencyCache = ResultCache<u128, Latency>;
/// What is lived through at a station, by a hash of what that depends on.
pub type PassedCache = ResultCache<u128, Passed>;
/// Waits of those who wait, by the service or the bits of its variability, the servers and the utilisation.
pub type DelayCache = ResultCache<[u64; 4], Delay>;
/// Steady states, by the bits of their parameters.
pub type SteadyCache = ResultCache<[u64; 6], Steady>;

impl<K, V> Default for ResultCache<K, V> {
    fn default() -> Self {
        ResultCache { known: Arc::default(), kept_max: KEPT_MAX }
    }
}

impl<K, V> ResultCache<K, V> {
    /// One for results that take much memory each.
    pub fn of_large() -> ResultCache<K, V> {
        ResultCache { kept_max: LARGE_KEPT_MAX, ..ResultCache::default() }
    }
}

impl<K: Ord + Clone, V> ResultCache<K, V> {
    /// The result for this key, worked out if it is not known. The key must stand for everything that it depends on.
    pub fn get(&self, key: &K, work_out: impl FnOnce() -> V) -> Arc<V> {
        let lock = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(key) {
            return Arc::clone(known);
        }
        let result = Arc::new(work_out());
        let mut known = lock();
        if known.len() >= self.kept_max {
            known.clear();
        }
        known.insert(key.clone(), Arc::clone(&result));
        result
    }
}
