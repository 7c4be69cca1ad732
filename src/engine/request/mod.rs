//! The request engine: every request followed one by one, through network, queue, worker, calls, timeout and retry.
//!
//! Everything else is the same as in the flow engine: faults, failovers, procedures and people are handled by the same events.
//! Between two of them the loop of `drive` runs by itself, on its own queue, and counts; at the next change what was
//! counted becomes an [`Interval`](crate::observe::Interval).

mod account;
mod ahead;
mod asks;
mod attempts;
mod balancer;
mod branches;
mod budget;
pub(super) mod check;
mod drive;
mod handoff;
#[cfg(debug_assertions)]
mod invariants;
mod layout;
mod reach;
mod refresh;
mod service;
mod stampede;
pub(super) mod state;
mod writes;
