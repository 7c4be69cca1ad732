//! Mechanisms together: small inputs whose answers can be said, of the kinds that go wrong where each part is right alone.

mod bounds;
#[path = "../common/mod.rs"]
mod common;
mod data;
mod detection;
mod failover;
mod faults;
mod flow;
mod gray;
mod held;
mod maintenance;
mod met;
mod orders;
mod possible;
mod queues;
mod repair;
mod request;
mod response;
mod starts;
mod steering;
mod stores;
mod time;
mod verdicts;
