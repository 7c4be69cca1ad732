//! firedrill: a deterministic multi-datacenter failover simulator.
#![forbid(unsafe_code)]

pub mod dist;
pub mod load;
pub mod num;
pub mod queueing;
pub mod report;
pub mod rng;
pub mod scenario;
pub mod units;
pub mod world;
