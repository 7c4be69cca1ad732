//! Automation that can be switched off and on.

use super::ids::{GroupId, ServiceId, SpreadId};

/// What acts by itself, and can be switched off and on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Automation {
    /// The failover and failback of a group.
    Failover(GroupId),
    /// An autoscaler, by index.
    Autoscale(usize),
    /// A procedure, by index.
    Procedure(usize),
    /// The maintenance that the run has a plan for.
    Maintenance,
    /// The health checks of a service's balancers.
    ServerChecks(ServiceId),
    /// The health checks of a spread.
    SiteChecks(SpreadId),
}
