//! What happened: typed observations, each with its cause; what flowed; and the digest over both.
//!
//! The engine tells an [`Observer`] everything and keeps nothing for it. Observers never feed back: measuring a run
//! does not change it.

mod digest;
mod interval;
mod observation;
mod observer;
mod reasons;

pub use digest::Digest;
pub use interval::{Interval, LatencyPart, StationWait, Use, Work};
pub use observation::{Observation, ObservationId, Occurrence};
pub use observer::{Answer, Nobody, Observer, Trace, Visit};
pub use reasons::{FailedBy, FailoverFailure, Fate, GoesOn, Refusal, ServiceLevel, Why};
