//! Latencies that have been worked out before.
//!
//! Composing a latency is a pure function of the stations visited, their waits and their slowness, and by far the most
//! costly step of a run. Replications of one world, on any thread, share what they have worked out: a hit or a miss
//! changes nothing but the time it takes.

use crate::queueing::Latency;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Latencies kept; when there are more, all are forgotten.
const KEPT_MAX: usize = 4_096;

/// A memo of composed latencies.
#[derive(Debug, Clone, Default)]
pub struct LatencyMemo {
    known: Arc<Mutex<BTreeMap<u128, Arc<Latency>>>>,
}

impl LatencyMemo {
    /// The latency of this key, worked out if it is not known. The key must stand for everything that it depends on.
    pub fn get(&self, key: u128, compose: impl FnOnce() -> Latency) -> Arc<Latency> {
        let lock = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(&key) {
            return Arc::clone(known);
        }
        let latency = Arc::new(compose());
        let mut known = lock();
        if known.len() >= KEPT_MAX {
            known.clear();
        }
        known.insert(key, Arc::clone(&latency));
        latency
    }
}
