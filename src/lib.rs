//! firedrill: a deterministic multi-datacenter failover simulator.
#![forbid(unsafe_code)]

pub mod dist;
pub mod engine;
pub mod expect;
pub mod load;
pub mod metrics;
pub mod num;
pub mod observe;
pub mod queueing;
pub mod report;
pub mod rng;
pub mod run;
pub mod scenario;
pub mod units;
pub mod world;
