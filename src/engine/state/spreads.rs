//! Sites that serve people at the same time, as their balancer sees them.

use crate::rng::{Luck, Stream};
use crate::world::{Ejections, Spread};

/// A site of a spread.
#[derive(Debug, Clone, Copy)]
pub struct SeenSite {
    /// People are led there.
    pub in_rotation: bool,
    /// What checks will have found out when they are due, if they are.
    pub pending: Option<bool>,
    /// Invalidates what was due before.
    pub token: u32,
    /// How often it has been left out.
    pub ejections: Ejections,
}

/// A spread.
#[derive(Debug, Clone)]
pub struct SpreadState {
    pub sites: Vec<SeenSite>,
    /// Nobody is seen to work, and nobody is let in for that.
    pub closed: bool,
    pub luck: Stream,
}

impl SpreadState {
    /// All work.
    pub fn new(spread: &Spread, luck: Luck) -> SpreadState {
        let site = SeenSite { in_rotation: true, pending: None, token: 0, ejections: Ejections::default() };
        SpreadState {
            sites: vec![site; spread.over.len()],
            closed: false,
            luck: Stream::new(luck, &spread.name, "checks"),
        }
    }
}
