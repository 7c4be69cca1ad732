//! Queueing formulas: pure functions, each with its source.

mod erlang;
mod station;
mod wait;

pub use erlang::{erlang_b, erlang_c};
pub use station::{Station, Steady};
pub use wait::{Sojourn, Wait};
