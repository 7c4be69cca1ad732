//! What gray parts do to all that stands on them.

use crate::world::{LinkId, NodeId, StationId};
use std::collections::BTreeMap;

/// What of the requests, and of the health checks, gets lost somewhere, and what it is that is gray.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lost {
    pub requests: f64,
    pub checks: f64,
    pub why: NodeId,
}

/// Everything that loses something now, because it is gray or stands on what is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Grays {
    pub nodes: BTreeMap<NodeId, Lost>,
    /// Of what has got into its site, what a station loses.
    pub stations: BTreeMap<StationId, Lost>,
    pub links: BTreeMap<LinkId, Lost>,
}
