//! Where things are: sites, the links between them, and who runs them.

use super::balancer::{Dependency, HealthChecks};
use super::components::Gate;
use super::curve::Curve;
use super::ids::{GroupId, NodeId, SiteId, SpreadId, StationId};
use crate::scenario::{LedBy, Steer};
use crate::units::Duration;

/// A hosting site.
#[derive(Debug, Clone)]
pub struct Site {
    /// Its name.
    pub name: String,
    /// Its node.
    pub node: NodeId,
    /// Who runs it.
    pub provider: Option<String>,
    /// The same where the provider is described, as an index.
    pub provider_id: Option<usize>,
}

/// Who runs sites.
#[derive(Debug, Clone)]
pub struct Provider {
    /// Its name.
    pub name: String,
    /// Servers that can still be had.
    pub spare: Option<u64>,
    /// Which share of them is left over time.
    pub left: Curve,
}

/// A site or a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Always this site.
    Site(SiteId),
    /// The active member's site.
    Group(GroupId),
    /// Several sites at the same time; only people are.
    Spread(SpreadId),
}

/// Sites that serve people at the same time.
#[derive(Debug, Clone)]
pub struct Spread {
    /// Its name.
    pub name: String,
    /// The sites, and which share each has while all work: above zero, one in sum.
    pub over: Vec<(SiteId, f64)>,
    /// For each of them the stations that have to serve for it to be seen to work.
    pub entries: Vec<Vec<StationId>>,
    /// Its health checks.
    pub checks: Option<HealthChecks>,
    /// What else those look at, for each site.
    pub deep: Vec<Vec<Dependency>>,
    /// How people follow.
    pub steer: Steer,
    /// To which of those that work they are led.
    pub by: LedBy,
}

/// A link between two sites, or the uplink of one.
#[derive(Debug, Clone)]
pub struct Link {
    /// `"a–b"`, or `"a uplink"`.
    pub name: String,
    /// Its ends; both the same for an uplink.
    pub ends: (SiteId, SiteId),
    /// Round-trip time.
    pub rtt: Duration,
    /// Capacity in bits per second; infinite where the file says nothing.
    pub bandwidth_bps: f64,
    /// Share of requests lost.
    pub loss: f64,
    /// Mean of the exponential extra delay in each direction.
    pub jitter: Duration,
    /// Without this it is cut.
    pub gate: Option<Gate>,
}

/// A bulk transfer.
#[derive(Debug, Clone)]
pub struct Transfer {
    /// Its name.
    pub name: String,
    /// From and to.
    pub ends: (SiteId, SiteId),
    /// Bits per second that it would take.
    pub demand_bps: f64,
    /// Its weight.
    pub weight: f64,
    /// It takes only what the others leave.
    pub yields: bool,
}
