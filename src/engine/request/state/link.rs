//! Links as single requests meet them.

use crate::rng::{Luck, Stream};
use crate::world::Link;

/// A link as single requests meet it.
#[derive(Debug, Clone)]
pub struct LinkState {
    pub bps: f64,
    pub jitter_ns: f64,
    pub free_at: u64,
    /// Bits sent, and requests lost, since the span began.
    pub bits: f64,
    pub lost: u64,
    pub luck: Stream,
}

impl LinkState {
    /// Nothing has been sent yet.
    pub fn new(link: &Link, luck: Luck) -> LinkState {
        LinkState {
            bps: f64::INFINITY,
            jitter_ns: link.jitter.0 as f64,
            free_at: 0,
            bits: 0.0,
            lost: 0,
            luck: Stream::new(luck, &link.name, "jitter"),
        }
    }
}
