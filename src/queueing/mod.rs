//! Queueing formulas: pure functions, each with its source.
//!
//! Which one when:
//!
//! - A shared queue in front of workers, below saturation or with a bounded waiting room: [`MultiServerQueue::steady`]. It is
//!   exact for Poisson arrivals and exponential service, an approximation otherwise, and gives the distribution of the
//!   wait. `None` means that there is no steady state.
//! - At or above saturation without a bound, or while rates change faster than queues settle: [`FluidQueue`]. How old
//!   the oldest waiting item is, which is what staleness and replica lag mean: [`Age`]. Where users give up meanwhile: [`Waning`].
//! - The latency of a request that passes several stations: [`compose`], which adds waits and services as
//!   distributions. Over many requests and populations latencies are merged in a [`LatencyHistogram`], never averaged;
//!   single requests are counted in a [`LatencyCounts`] first.
//! - Links that flows share: [`max_min`].
//! - What an asynchronous replica lacks when its primary fails: [`ApplyQueue`] while it keeps up, [`LogShipping`] for
//!   batches, and [`FluidQueue`] with [`Age`] when it falls behind.
//!
//! A steady state takes for granted that the queue has settled. A station settles within some multiple of
//! `service_s / (servers (1 - sqrt(rho))^2)`, and of `service_s` if that is longer; a change that is much shorter than
//! this is a matter for the request engine.

mod age;
mod attempts;
mod closed;
mod delay;
mod erlang;
mod fair;
mod fluid;
mod geometric;
mod histogram;
mod impatient;
mod latency;
mod latency_counts;
mod line;
mod multi_server;
mod popularity;
mod priority;
mod replica;
mod sort;
mod wait;
mod waning;

pub use age::Age;
pub use attempts::{attempts_of, made_until_refused, never_refused, times_of_served};
pub use closed::FiniteSource;
pub use delay::{DELAY_POINTS, Delay, Residual};
pub use erlang::{erlang_b, erlang_c};
pub use fair::{Flow, max_min};
pub use fluid::{Flowed, FluidQueue};
pub use histogram::LatencyHistogram;
pub use impatient::Impatient;
pub use latency::{Asking, LATENCY_POINTS, Latency, Passed, Stage, Strata, compose, compose_of};
pub use latency_counts::LatencyCounts;
pub use line::{Line, Member, Piece};
pub use multi_server::{MultiServerQueue, Steady};
pub use popularity::Popularity;
pub use priority::{OfClass, Priorities};
pub use replica::{ApplyQueue, LogShipping};
pub use wait::{Sojourn, Wait};
pub use waning::{Waned, Waning};
