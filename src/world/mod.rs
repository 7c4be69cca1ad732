//! The world: a scenario with every name resolved, every structure checked, every curve laid out.
//!
//! A [`World`] that exists can be simulated: [`World::compile`] finds every mistake, all at once. Entities have dense
//! ids in the order of their *names*, so that the order of declarations in a file changes no number.
//!
//! Public is what reading a run needs: the world itself, ids and names. The compiled forms of everything else are the
//! engine's, and hidden: they change as it does.
//!
//! A file here says what something is; the file of the same name in `compile` makes it out of a scenario.

mod automation;
mod autoscale;
mod backups;
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
mod money;
mod populations;
mod random_failures;
mod routes;
mod runbook;
mod services;
mod sites;
mod steering;
mod teams;

#[doc(hidden)]
pub use automation::Automation;
#[doc(hidden)]
pub use autoscale::Autoscale;
#[doc(hidden)]
pub use backups::{Backup, Needs, StorePart};
#[doc(hidden)]
pub use balancer::{Balancer, Dependency, Ejections, HealthChecks, Outliers, Picks};
#[doc(hidden)]
pub use cache::{DelayCache, LatencyCache, PassedCache, ResultCache, SteadyCache};
#[doc(hidden)]
pub use calendar::Calendar;
pub use calendar::civil_label;
#[doc(hidden)]
pub use clients::{Backoff, Breaker, Client, Hedge, Retries, Throttle, Tokens};
#[doc(hidden)]
pub use compile::not_recorded;
#[doc(hidden)]
pub use components::{Crew, Gate, Node, NodeKind, Repair, Reserve, Shock};
#[doc(hidden)]
pub use curve::Curve;
pub use data::ReplicaKind;
#[doc(hidden)]
pub use data::{Queue, Store};
pub use drill::Action;
pub use failover::PhaseKind;
#[doc(hidden)]
pub use failover::{Decide, Detect, Failover, Group, Phase};
#[doc(hidden)]
pub use features::Feature;
#[doc(hidden)]
pub use hours::Hours;
pub use ids::*;
#[doc(hidden)]
pub use maintenance::Maintenance;
pub use model::{Assumption, Costs, World};
#[doc(hidden)]
pub use money::{Money, Standing};
#[doc(hidden)]
pub use populations::{Population, Sessions};
pub use random_failures::{FailureLaw, RandomFailure};
#[doc(hidden)]
pub use routes::{Route, Routes};
#[doc(hidden)]
pub use runbook::{Amount, Awaited, BURN_RATES_EVERY, BurnRate, Condition, Effect, GoesWrong, Procedure};
#[doc(hidden)]
pub use services::{Cache, Call, CallClient, Callee, Discipline, Misses, RateLimit, Service, Station};
#[doc(hidden)]
pub use sites::{Link, Place, Provider, Site, Spread, Transfer};
#[doc(hidden)]
pub use steering::Tail;
#[doc(hidden)]
pub use teams::Team;
