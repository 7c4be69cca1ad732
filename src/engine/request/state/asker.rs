//! Services as callers: their policies, and the connections that they have.

use super::client::ClientState;
use super::program::Asker;
use crate::event_list::Timers;
use crate::rng::{Luck, Stream};
use std::collections::VecDeque;

/// A caller that has a policy for one of its calls.
#[derive(Debug, Clone)]
pub struct AskerState {
    pub client: ClientState,
    /// The class of its timeouts.
    pub timer: Option<usize>,
    /// Nothing is tried for a request that its user has given up.
    pub passes_deadline: bool,
    /// Connections at most, and for how long an attempt waits for one, in nanoseconds.
    pub connections: (u64, Option<u64>),
    /// Connections in use.
    pub connected: u64,
    /// Calls that wait for one, and for which life of them, in the order in which they came.
    pub waiting: VecDeque<(u32, u32)>,
}

impl AskerState {
    pub fn new(asker: &Asker, luck: Luck, timers: &mut Timers) -> AskerState {
        let policy = &asker.policy;
        let stream = Stream::new(luck, &format!("{} call {}", asker.caller, asker.nth), "client");
        AskerState {
            client: ClientState::new(&policy.client, stream),
            timer: policy.timeout_s.map(|timeout_s| timers.class((timeout_s * 1e9) as u64)),
            passes_deadline: policy.passes_deadline,
            connections: match policy.connections {
                Some((most, waits)) => (most, waits.map(|waits| waits.0 as u64)),
                None => (u64::MAX, None),
            },
            connected: 0,
            waiting: VecDeque::new(),
        }
    }
}
