//! Exact answers of the books, through the front door, and the two engines against each other.

mod agreement;
mod balancer;
#[path = "../common/mod.rs"]
mod common;
mod failures;
mod flow;
mod load;
mod request;
