//! The world: a scenario with every name resolved, every structure checked, every curve laid out.
//!
//! A [`World`] that exists can be simulated: [`World::compile`] finds every mistake, all at once. Entities have dense
//! ids in the order of their *names*, so that the order of declarations in a file changes no number.
//!
//! A file here says what something is; the file of the same name in `compile` makes it out of a scenario.

mod autoscale;
mod balancer;
mod cache;
mod calendar;
mod clients;
mod compile;
mod components;
mod curve;
mod data;
mod drill;
mod failover;
mod features;
mod hours;
mod ids;
mod lag;
mod maintenance;
mod model;
mod populations;
mod routes;
mod runbook;
mod services;
mod sites;
mod steering;
mod teams;

pub use autoscale::Autoscale;
pub use balancer::{Balancer, HealthChecks, Picks};
pub use cache::{DelayCache, LatencyCache, ResultCache, SteadyCache};
pub use calendar::{Calendar, civil_label};
pub use clients::{Backoff, Breaker, Client, Hedge, Retries, Throttle, Tokens};
pub use components::{Crew, Gate, Node, NodeKind, Repair, Shock};
pub use curve::Curve;
pub use data::{Queue, ReplicaKind, Store};
pub use drill::Act;
pub use failover::{Decide, Detect, Failover, Group, Phase, PhaseKind};
pub use features::Feature;
pub use hours::Hours;
pub use ids::*;
pub use maintenance::Maintenance;
pub use model::{Assumption, Costs, World};
pub use populations::{Population, Sessions};
pub use routes::{Route, Routes};
pub use runbook::{Action, Amount, Condition, Procedure};
pub use services::{Cache, Call, Callee, Discipline, RateLimit, Service, Station};
pub use sites::{Link, Place, Provider, Site, Transfer};
pub use steering::Tail;
pub use teams::Team;
